//! What surely fails is an error, and what Traefik serves all the same is none.

use super::{codes, filled, options, report, said};
use civi_ingress::lint::{Severity, lint};
use std::collections::BTreeSet;

/// Compares the errors of each text with those that are expected.
pub(super) fn errors_are(table: &[(&str, String, &[&str])]) {
    let mut wrong = Vec::new();
    for (name, text, expected) in table {
        let text = filled(text);
        let report = report(&text, &options(&text));
        let expected: BTreeSet<&str> = expected.iter().copied().collect();
        if codes(&report, Severity::Error) != expected {
            wrong.push(format!("{name}: {:#?}", said(&report)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A route with a Middleware.
pub(super) fn middleware(spec: &str) -> String {
    route(
        "middlewares: [{name: m}], ",
        &format!(
            "---\napiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {{name: m, namespace: ns}}\nspec: {spec}\n"
        ),
    )
}

/// A route to a plain Service, with what it has beside.
pub(super) fn route(within: &str, beside: &str) -> String {
    format!(
        "# options: traefik=3.7.15
apiVersion: v1
kind: Service
metadata: {{name: s, namespace: ns}}
spec: {{selector: {{app: s}}, ports: [{{port: 80}}]}}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {{name: r, namespace: ns}}
spec:
  entryPoints: [websecure]
  routes: [{{match: Host(`www.example.org`), kind: Rule, {within}services: [{{name: s, port: 80}}]}}]
  tls: {{}}
{beside}"
    )
}

#[test]
fn a_middleware_that_lets_no_request_through_is_an_error() {
    let redirect = |regex: &str| middleware(&format!("{{redirectRegex: {{regex: '{regex}'}}}}"));
    let ask = |address: &str| middleware(&format!("{{forwardAuth: {{address: '{address}'}}}}"));
    errors_are(&[
        ("no amount", middleware("{inFlightReq: {}}"), &["CI274"]),
        (
            "an amount of none",
            middleware("{inFlightReq: {amount: 0}}"),
            &["CI274"],
        ),
        ("an amount", middleware("{inFlightReq: {amount: 1}}"), &[]),
        ("no scheme", ask("not a url"), &["CI274"]),
        ("an address", ask("http://auth.ns/check"), &[]),
        ("a letter is cut out", redirect("a"), &["CI274"]),
        ("all is cut out", redirect(".*"), &["CI274"]),
        ("the path is cut out", redirect("/$"), &["CI274"]),
        ("nothing is cut out", redirect("^http:"), &[]),
        ("nothing is looked for", redirect(""), &[]),
        ("a label is cut out", redirect("www[.]"), &[]),
        (
            "no service",
            middleware("{errors: {status: ['500'], query: /}}"),
            &["CI272"],
        ),
        (
            "a service",
            middleware("{errors: {status: ['500'], query: /, service: {name: s, port: 80}}}"),
            &[],
        ),
    ]);
}

#[test]
fn settings_of_middlewares_are_read_as_each_release_does() {
    let old = |text: String| text.replace("traefik=3.7.15", "traefik=2.11.53");
    let users = |kind: &str, lines: &str| {
        let spec = format!("{{{kind}: {{secret: users}}}}");
        let beside = format!(
            "---\napiVersion: v1\nkind: Secret\nmetadata: {{name: users, namespace: ns}}\nstringData: {{users: \"{lines}\"}}\n"
        );
        middleware(&spec) + &beside
    };
    errors_are(&[
        (
            "no period",
            middleware("{rateLimit: {average: 1, period: soon}}"),
            &["CI272"],
        ),
        (
            "a period",
            middleware("{rateLimit: {average: 1, period: 1.5m}}"),
            &[],
        ),
        (
            "a period of seconds",
            middleware("{rateLimit: {average: 1, period: 10}}"),
            &[],
        ),
        (
            "zero is nothing",
            old(middleware("{headers: {stsSeconds: 0}}")),
            &["CI272"],
        ),
        (
            "zero is a setting",
            middleware("{headers: {stsSeconds: 0}}"),
            &[],
        ),
        ("a user", users("basicAuth", "a:b"), &[]),
        (
            "a user with a realm",
            users("basicAuth", "a:b:c"),
            &["CI273"],
        ),
        ("no user", users("basicAuth", "nobody"), &["CI273"]),
        ("a user for a digest", users("digestAuth", "a:b:c"), &[]),
        (
            "no user for a digest",
            users("digestAuth", "a:b"),
            &["CI273"],
        ),
    ]);
}

#[test]
fn a_middleware_without_a_name_is_an_error() {
    let tcp = |within: &str| {
        format!(
            "apiVersion: v1
kind: Service
metadata: {{name: s, namespace: ns}}
spec: {{selector: {{app: s}}, ports: [{{port: 443}}]}}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRouteTCP
metadata: {{name: r, namespace: ns}}
spec:
  entryPoints: [websecure]
  routes: [{{match: HostSNI(`a.example.org`), {within}services: [{{name: s, port: 443}}]}}]
  tls: {{passthrough: true}}
"
        )
    };
    let chain = middleware("{chain: {middlewares: [{name: ''}]}}");
    errors_are(&[
        (
            "of a route",
            route("middlewares: [{name: ''}], ", ""),
            &["CI902"],
        ),
        (
            "of a TCP route",
            tcp("middlewares: [{name: ''}], "),
            &["CI902"],
        ),
        ("of a chain", chain, &["CI902"]),
        ("none", tcp("middlewares: [], "), &[]),
    ]);
}

/// The Secret and the Service of an instance.
const TRUSTED: &str = "\
# options: traefik=3.7.15
apiVersion: v1
kind: Secret
metadata: {name: selfcert, namespace: ns}
data: {externcert: \"${leaf}\", externkey: \"${leaf.key}\"}
---
apiVersion: v1
kind: Service
metadata: {name: civicrmhttpd, namespace: ns}
spec: {selector: {app: s}, ports: [{port: 443}]}
---
";

/// An instance whose httpd shows a certificate, and the Secrets and CAs that Traefik trusts.
pub(super) fn trusting(roots: &str, secrets: &[(&str, &str)]) -> String {
    let secrets = secrets.iter().map(|(name, data)| {
        format!(
            "---\napiVersion: v1\nkind: Secret\nmetadata: {{name: {name}, namespace: ns}}\n{data}\n"
        )
    });
    let instance = super::INSTANCE.replace("rootCAs: [{secret: externca}]", roots);
    [TRUSTED.to_owned(), instance]
        .into_iter()
        .chain(secrets)
        .collect()
}

#[test]
fn a_ca_that_traefik_cannot_load_is_an_error_where_it_has_no_other() {
    let good = ("externca", "data: {ca.crt: \"${ca}\"}");
    let two_keys = ("two", "data: {a: \"${ca}\", b: \"${ca}\"}");
    let no_pem = ("two", "data: {ca.crt: bm8gY2VydGlmaWNhdGU=}");
    let indented = ("two", "stringData:\n  ca.crt: |1\n${ca:4}");
    let damaged = (
        "two",
        "stringData:\n  ca.crt: |\n    -----BEGIN CERTIFICATE-----\n    bm8=\n    -----END CERTIFICATE-----\n${ca:4}",
    );
    let (one, both) = (
        "rootCAs: [{secret: two}]",
        "rootCAs: [{secret: externca}, {secret: two}]",
    );
    let older = "rootCAs: [{secret: externca}]\n  rootCAsSecrets: [two]";
    errors_are(&[
        (
            "one",
            trusting("rootCAs: [{secret: externca}]", &[good]),
            &[],
        ),
        ("two keys", trusting(one, &[two_keys]), &["CI101"]),
        ("two keys beside", trusting(both, &[good, two_keys]), &[]),
        (
            "two keys in the older field",
            trusting(older, &[good, two_keys]),
            &[],
        ),
        ("no PEM", trusting(one, &[no_pem]), &["CI102"]),
        ("no PEM beside", trusting(both, &[good, no_pem]), &[]),
        ("indented", trusting(one, &[indented]), &["CI615"]),
        ("indented beside", trusting(both, &[good, indented]), &[]),
        (
            "one that has the name of a provider",
            trusting("rootCAs: [{secret: two@file}]", &[good])
                .replace("traefik=3.7.15", "traefik=3.7.15 strict"),
            &["CI260", "CI408", "CI901"],
        ),
        ("a damaged one before", trusting(one, &[damaged]), &[]),
    ]);
}

#[test]
fn what_does_not_certify_as_a_ca_signs_nothing() {
    let itself = ("externca", "data: {ca.crt: \"${leaf}\"}");
    let other = ("externca", "data: {ca.crt: \"${self-signed}\"}");
    let beside = ("externca", "data: {ca.crt: \"${self-signed+ca}\"}");
    let roots = "rootCAs: [{secret: externca}]";
    errors_are(&[
        ("itself", trusting(roots, &[itself]), &[]),
        ("another", trusting(roots, &[other]), &["CI105"]),
        ("beside a CA", trusting(roots, &[beside]), &[]),
    ]);
}

#[test]
fn the_fault_of_a_tcp_route_does_not_count_where_an_http_route_takes_its_hosts() {
    let tcp = |host: &str| {
        format!(
            "---
apiVersion: traefik.io/v1alpha1
kind: IngressRouteTCP
metadata: {{name: second, namespace: ns}}
spec:
  entryPoints: [websecure]
  routes: [{{match: HostSNI(`{host}`), services: [{{name: civicrmhttpd, port: 443}}]}}]
  tls: {{}}
"
        )
    };
    let good = ("externca", "data: {ca.crt: \"${ca}\"}");
    let instance = trusting("rootCAs: [{secret: externca}]", &[good]);
    errors_are(&[
        (
            "of the http route",
            format!("{instance}{}", tcp("a.example.org")),
            &[],
        ),
        (
            "of its own",
            format!("{instance}{}", tcp("b.example.org")),
            &["CI261"],
        ),
    ]);
}

#[test]
fn a_server_certificate_that_is_a_ca_is_an_error_where_browsers_see_it() {
    let secret = |name: &str, keys: [&str; 2]| {
        let [crt, key] = keys;
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}, namespace: ns}}\ndata: {{{crt}: \"${{wildcard-ca}}\", {key}: \"${{wildcard-ca.key}}\"}}\n---\n"
        )
    };
    let store = "apiVersion: traefik.io/v1alpha1\nkind: TLSStore\nmetadata: {name: default, namespace: ns}\nspec: {certificates: [{secretName: w}]}\n";
    let passed = "apiVersion: v1
kind: Service
metadata: {name: s, namespace: ns}
spec: {selector: {app: s}, ports: [{port: 443}]}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRouteTCP
metadata: {name: r, namespace: ns}
spec:
  entryPoints: [websecure]
  routes: [{match: HostSNI(`a.example.org`), services: [{name: s, port: 443}]}]
  tls: {passthrough: true}
";
    let httpd = secret("selfcert", ["externcert", "externkey"]);
    errors_are(&[
        (
            "of the store",
            secret("w", ["tls.crt", "tls.key"]) + store,
            &["CI611"],
        ),
        ("of httpd", httpd.clone(), &[]),
        ("behind a route that passes TLS", httpd + passed, &["CI611"]),
    ]);
}

#[test]
fn what_the_certificate_of_a_pair_without_a_key_lacks_nobody_sees_where_another_is_shown() {
    let text = |key: &str| {
        let secret = |name: &str, pair: [&str; 2]| {
            let [crt, key] = pair;
            format!(
                "apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}, namespace: ns}}\ntype: kubernetes.io/tls\ndata: {{tls.crt: {crt}, tls.key: {key}}}\n---\n"
            )
        };
        let own = secret("own", ["\"${client}\"", key]);
        let shown = secret("w", ["\"${wildcard}\"", "\"${wildcard.key}\""]);
        let store = "apiVersion: traefik.io/v1alpha1\nkind: TLSStore\nmetadata: {name: default, namespace: ns}\nspec: {certificates: [{secretName: w}]}\n---\n";
        let route = route("", "").replace("tls: {}", "tls: {secretName: own}");
        format!("{own}{shown}{store}{route}")
    };
    errors_are(&[
        ("with its key", text("\"${client.key}\""), &["CI612"]),
        ("without", text("null"), &[]),
    ]);
}

#[test]
fn a_newest_version_of_tls_below_what_httpd_speaks_is_an_error() {
    let transport = |release: &str, versions: &str, beside: &str| {
        format!(
            "# options: traefik={release}
apiVersion: traefik.io/v1alpha1
kind: ServersTransport
metadata: {{name: t, namespace: ns}}
spec: {{serverName: a.example.org, {versions}}}
{beside}"
        )
    };
    let lowered = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: ns}\ndata: {site.conf: \"SSLCipherSuite DEFAULT@SECLEVEL=0\"}\n";
    errors_are(&[
        (
            "1.1",
            transport("3.7.15", "maxVersion: VersionTLS11", ""),
            &["CI118"],
        ),
        (
            "1.1 whatever httpd speaks",
            transport("3.7.15", "maxVersion: VersionTLS11", lowered),
            &["CI118"],
        ),
        (
            "1.0 to 1.1",
            transport(
                "3.7.15",
                "minVersion: VersionTLS10, maxVersion: VersionTLS11",
                "",
            ),
            &["CI118"],
        ),
        (
            "to an old httpd",
            transport(
                "3.7.15",
                "minVersion: VersionTLS10, maxVersion: VersionTLS11",
                lowered,
            ),
            &[],
        ),
        (
            "1.2",
            transport("3.7.15", "maxVersion: VersionTLS12", ""),
            &[],
        ),
        (
            "not read",
            transport("3.4.3", "maxVersion: VersionTLS11", ""),
            &["CI304"],
        ),
    ]);
}

#[test]
fn a_time_to_dial_that_is_over_before_it_begins_is_an_error() {
    let transport = |release: &str, time: &str| {
        format!(
            "# options: traefik={release}
apiVersion: traefik.io/v1alpha1
kind: ServersTransport
metadata: {{name: t, namespace: ns}}
spec: {{serverName: a.example.org, forwardingTimeouts: {time}}}
"
        )
    };
    errors_are(&[
        (
            "text",
            transport("2.11.53", "{dialTimeout: -1s}"),
            &["CI306"],
        ),
        (
            "number",
            transport("3.0.4", "{dialTimeout: -5}"),
            &["CI306"],
        ),
        (
            "of reading",
            transport("3.0.4", "{responseHeaderTimeout: -5}"),
            &[],
        ),
        (
            "not a time",
            transport("3.0.4", "{dialTimeout: one minute}"),
            &[],
        ),
    ]);
}

#[test]
fn what_a_release_does_not_take_is_an_error_for_it() {
    let old = |text: String| text.replace("traefik=3.7.15", "traefik=2.11.53");
    let strategy = |name: &str| {
        route("", "").replace("port: 80}]}]", &format!("port: 80, strategy: {name}}}]}}]"))
    };
    let breaker = |further: &str| {
        let spec =
            format!("{{circuitBreaker: {{expression: NetworkErrorRatio() > 0.5{further}}}}}");
        old(middleware(&spec))
    };
    errors_are(&[
        ("a period", breaker(", checkPeriod: 10s"), &[]),
        ("not a period", breaker(", checkPeriod: x"), &["CI272"]),
        (
            "not an interval",
            old(middleware("{retry: {attempts: 2, initialInterval: x}}")),
            &["CI272"],
        ),
        (
            "a size",
            middleware("{buffering: {maxRequestBodyBytes: 0}}"),
            &[],
        ),
        (
            "a size below zero",
            middleware("{buffering: {maxRequestBodyBytes: -1}}"),
            &["CI272"],
        ),
        ("a strategy", strategy("p2c"), &[]),
        ("a newer strategy", old(strategy("p2c")), &["CI249"]),
        ("the old strategy", old(strategy("RoundRobin")), &[]),
    ]);
}

#[test]
fn https_without_a_transport_is_open_where_another_part_has_traefiks_options() {
    let root = |name: &str, file: &str| {
        super::source(
            &format!("{name}/kustomization.yaml"),
            &format!("resources: [{file}]\n"),
        )
    };
    let values = |skips: bool| {
        let argument = format!("--serversTransport.insecureSkipVerify={skips}");
        let text = format!(
            "providers: {{kubernetesCRD: {{enabled: true}}}}\nadditionalArguments: ['{argument}']\n"
        );
        super::source("a/values.yaml", &text)
    };
    let instance = super::INSTANCE.replace(", serversTransport: transport-selfsigned", "");
    let (_, route) = instance.split_once("---\n").expect("two objects");
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: civicrmhttpd, namespace: ns}\nspec: {selector: {app: s}, ports: [{port: 443}]}\n---\n";
    let found = |skips: bool| {
        let mut sources = [
            root("a", "x.yaml"),
            super::source(
                "a/x.yaml",
                "apiVersion: v1\nkind: Service\nmetadata: {name: x, namespace: y}\nspec: {selector: {app: s}, ports: [{port: 80}]}\n",
            ),
            values(skips),
            root("b", "route.yaml"),
            super::source("b/route.yaml", &format!("{service}{route}")),
        ];
        let mut options = options("# options: strict");
        options.traefik = Some("3.7.15".parse().expect("a release"));
        let report = lint(&mut sources, &options).expect("they are short");
        codes(&report, Severity::Warning).contains("CI210")
    };
    assert!(found(false));
    assert!(!found(true));
}

/// A host with a certificate of its own, or of a TLSStore, where nothing outside may be relied on.
pub(super) fn shown(release: &str, tls: &str, store: &str, beside: &str) -> String {
    format!(
        "# options: strict traefik={release}
apiVersion: v1
kind: Secret
metadata: {{name: w, namespace: ns}}
data: {{tls.crt: \"${{wildcard}}\", tls.key: \"${{wildcard.key}}\"}}
---
apiVersion: v1
kind: Service
metadata: {{name: s, namespace: ns}}
spec: {{selector: {{app: s}}, ports: [{{port: 80}}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: s, namespace: ns}}
spec: {{selector: {{matchLabels: {{app: s}}}}, template: {{metadata: {{labels: {{app: s}}}}, spec: {{containers: [{{name: s, image: s}}]}}}}}}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {{name: r, namespace: ns}}
spec:
  entryPoints: [websecure]
  routes: [{{match: Host(`www.example.org`), kind: Rule, services: [{{name: s, port: 80}}]}}]
  tls: {tls}
---
apiVersion: traefik.io/v1alpha1
kind: TLSStore
metadata: {{name: default, namespace: ns}}
spec: {store}
{beside}"
    )
}

#[test]
fn what_is_wrong_with_a_certificate_is_an_error_where_a_host_is_left_without_one() {
    let (own, none) = ("{secretName: w}", "{}");
    let (new, old) = ("3.7.15", "3.4.3");
    let store = "{certificates: [{secretName: nowhere}, {secretName: w}]}";
    let last = "{certificates: [{secretName: w}, {secretName: nowhere}]}";
    let no_default = "{defaultCertificate: {secretName: nowhere}, certificates: [{secretName: w}]}";
    let again = "---\napiVersion: traefik.io/v1alpha1\nkind: TLSStore\nmetadata: {name: default, namespace: other}\nspec: {}\n";
    let only_default = "{defaultCertificate: {secretName: w}}";
    let both = "{defaultCertificate: {secretName: w}, certificates: [{secretName: w}]}";
    let strict = "---\napiVersion: traefik.io/v1alpha1\nkind: TLSOption\nmetadata: {name: default, namespace: ns}\nspec: {minVersion: VersionTLS12, sniStrict: true}\n";
    let broken = "---\napiVersion: traefik.io/v1alpha1\nkind: TLSOption\nmetadata: {name: default, namespace: ns}\nspec: {minVersion: VersionTLS12, cipherSuites: [NO_SUCH]}\n";
    let other = "---\napiVersion: traefik.io/v1alpha1\nkind: TLSOption\nmetadata: {name: mine, namespace: ns}\nspec: {minVersion: VersionTLS12}\n";
    let mine = "{secretName: w, options: {name: mine}}";
    errors_are(&[
        (
            "one of the store is missing",
            shown(new, none, store, ""),
            &[],
        ),
        (
            "which drops those behind it",
            shown(old, none, store, ""),
            &["CI408", "CI901"],
        ),
        ("and not those before it", shown(old, none, last, ""), &[]),
        ("the route has its own", shown(old, own, store, ""), &[]),
        (
            "the default one is missing",
            shown(new, none, no_default, ""),
            &["CI408", "CI901"],
        ),
        (
            "and the route has its own",
            shown(new, own, no_default, ""),
            &[],
        ),
        (
            "two stores",
            shown(new, none, only_default, again),
            &["CI401", "CI408"],
        ),
        (
            "two stores with one for all",
            shown(new, none, both, again),
            &[],
        ),
        (
            "only the default one",
            shown(new, none, only_default, strict),
            &["CI406"],
        ),
        ("one for all", shown(new, none, both, strict), &[]),
        (
            "broken default options",
            shown(new, own, "{}", broken),
            &["CI420"],
        ),
        (
            "which do not govern",
            shown(new, mine, "{}", &format!("{broken}{other}")),
            &[],
        ),
    ]);
}

#[test]
fn a_headless_service_without_ports_leads_nowhere() {
    let to = |spec: &str| route("", "").replace("{selector: {app: s}, ports: [{port: 80}]}", spec);
    errors_are(&[
        (
            "headless",
            to("{clusterIP: None, selector: {app: s}}"),
            &["CI218"],
        ),
        (
            "headless with the port",
            to("{clusterIP: None, selector: {app: s}, ports: [{port: 80}]}"),
            &[],
        ),
    ]);
}

#[test]
fn a_name_of_the_dns_has_every_number_of_a_port_and_no_name_that_it_does_not_list() {
    let to = |port: &str, ports: &str| {
        let spec = format!("{{type: ExternalName, externalName: a.example.com{ports}}}");
        route("", ALLOWED)
            .replace("{selector: {app: s}, ports: [{port: 80}]}", &spec)
            .replace("name: s, port: 80", &format!("name: s, port: {port}"))
    };
    let one = ", ports: [{name: web, port: 80}]";
    errors_are(&[
        ("a number", to("8080", ""), &[]),
        ("another number", to("8080", one), &[]),
        ("a name", to("web", one), &[]),
        ("another name", to("other", one), &["CI218"]),
        ("a name of none", to("web", ""), &["CI218"]),
    ]);
}

/// A Traefik that dials names of the DNS.
const ALLOWED: &str = "---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: traefik, namespace: traefik}
spec:
  template:
    spec:
      containers:
        - name: traefik
          image: docker.io/traefik:v3.7.11
          args: [--providers.kubernetescrd, --providers.kubernetescrd.allowexternalnameservices=true]
";

#[test]
fn of_two_documents_of_one_name_in_a_file_the_last_one_counts() {
    let service = |port: u16| {
        format!(
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: s, namespace: ns}}\nspec: {{selector: {{app: s}}, ports: [{{port: {port}}}]}}\n"
        )
    };
    errors_are(&[
        (
            "the last is right",
            route("", &(service(81) + &service(80))),
            &[],
        ),
        ("the last is wrong", route("", &service(81)), &["CI218"]),
        (
            "the first is refused",
            route("", "").replace("ports: [{port: 80}]", "ports: [{port: 0}]") + &service(80),
            &["CI319"],
        ),
    ]);
}

#[test]
fn a_rule_without_host_answers_421_where_another_route_has_options_for_the_host() {
    let option = "---
apiVersion: traefik.io/v1alpha1
kind: TLSOption
metadata: {name: modern, namespace: ns}
spec: {minVersion: VersionTLS13}
";
    let beside = |rule: &str, tls: &str| {
        let own = route("", "").replace("  tls: {}", "  tls: {options: {name: modern}}");
        format!(
            "{own}{option}---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {{name: other, namespace: ns}}
spec:
  entryPoints: [websecure]
  routes: [{{{rule}, kind: Rule, services: [{{name: s, port: 80}}]}}]
  tls: {tls}
"
        )
    };
    let old = |text: String| text.replace("traefik=3.7.15", "traefik=3.4.3");
    let first = "match: PathPrefix(`/`), priority: 1000";
    let pattern = "match: 'HostRegexp(`^[a-z]+[.]example[.]org$`)'";
    errors_are(&[
        ("all paths", beside(first, "{}"), &["CI413"]),
        (
            "its own options are not those of the name",
            beside(first, "{options: {name: modern}}"),
            &["CI413"],
        ),
        ("a longer expression", beside(pattern, "{}"), &["CI413"]),
        ("before 3.7.2", old(beside(first, "{}")), &[]),
        ("behind", beside("match: PathPrefix(`/`)", "{}"), &[]),
        (
            "for other paths",
            beside("match: PathPrefix(`/a`), priority: 1000", "{}"),
            &[],
        ),
        (
            "for other hosts",
            beside("match: 'HostRegexp(`^[a-z]+[.]example[.]net$`)'", "{}"),
            &[],
        ),
    ]);
}

#[test]
fn what_nothing_in_the_input_declares_is_an_error_where_nothing_else_may_be_relied_on() {
    let strict = |text: String| text.replace("traefik=3.7.15", "traefik=3.7.15 strict");
    let alone = |spec: &str| {
        let pod = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: s, namespace: ns}\nspec: {selector: {matchLabels: {app: s}}, template: {metadata: {labels: {app: s}}, spec: {containers: [{name: s, image: s}]}}}\n";
        strict(middleware(spec) + pod).replace("  tls: {}", "  tls: {certResolver: le}")
    };
    let with = |options: &str, spec: &str| {
        alone(spec)
            + &format!(
                "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: traefik, namespace: ns}}\ndata:\n  traefik.yaml: |\n    providers: {{kubernetesCRD: {{}}}}\n    {options}\n"
            )
    };
    let points = "entryPoints: {websecure: {address: ':8443', forwardedHeaders: {trustedIPs: [10.0.0.0/8]}}}";
    let behind = "{ipAllowList: {sourceRange: [10.0.0.0/8], ipStrategy: {depth: 1}}}";
    let beside = "{ipAllowList: {sourceRange: [10.0.0.0/8], ipStrategy: {excludedIPs: []}}}";
    let plugin = "{plugin: {door: {}}}";
    let declared = "experimental: {plugins: {door: {moduleName: m, version: v1.0.0}}}\n    entryPoints: {websecure: {address: ':8443'}}";
    let chain = |name: &str| alone(&format!("{{chain: {{middlewares: [{{name: '{name}'}}]}}}}"));
    errors_are(&[
        ("a plugin", alone(plugin), &["CI272"]),
        ("a plugin that is declared", with(declared, plugin), &[]),
        ("behind a proxy", alone(behind), &["CI274"]),
        ("behind one that is believed", with(points, behind), &[]),
        ("the peer itself", alone(beside), &[]),
        ("of a file", chain("m@file"), &["CI901"]),
        (
            "of Traefik itself",
            chain("dashboard_redirect@internal"),
            &[],
        ),
        (
            "not even of Traefik itself",
            chain("m@internal"),
            &["CI902"],
        ),
        (
            "where more may be there",
            middleware("{chain: {middlewares: [{name: m@file}]}}"),
            &[],
        ),
    ]);
}

#[test]
fn a_path_that_no_browser_asks_for_never_matches() {
    let path = |matcher: &str| {
        route("", "").replace(
            "match: Host(`www.example.org`)",
            &format!("match: 'Host(`www.example.org`) && {matcher}'"),
        )
    };
    let old = |text: String| text.replace("traefik=3.7.15", "traefik=2.11.53");
    errors_are(&[
        ("all below", path("Path(`/*`)"), &["CI252"]),
        ("one of two", path("PathPrefix(`/(a|b)`)"), &["CI252"]),
        ("up again", path("PathPrefix(`/a/../`)"), &["CI252"]),
        (
            "dots in a name",
            path("PathPrefix(`/.well-known/..a`)"),
            &[],
        ),
        ("in a template", old(path("PathPrefix(`/{a:(b|c)*}`)")), &[]),
        ("an expression", path("PathRegexp(`^/(a|b)*`)"), &[]),
    ]);
}

#[test]
fn a_key_that_go_passes_over_is_an_error_where_browsers_see_its_certificate() {
    let store = |key: &str| {
        let secret = format!(
            "---\napiVersion: v1\nkind: Secret\nmetadata: {{name: w, namespace: ns}}\ntype: kubernetes.io/tls\nstringData:\n  tls.crt: |\n${{wildcard:4}}\n  tls.key: {key}\n"
        );
        let store = "---\napiVersion: traefik.io/v1alpha1\nkind: TLSStore\nmetadata: {name: default, namespace: ns}\nspec: {certificates: [{secretName: w}]}\n";
        route("", &(secret + store))
    };
    errors_are(&[
        ("at the beginning", store("|\n${wildcard.key:4}"), &[]),
        (
            "behind other text",
            store("|\n    key:\n${wildcard.key:4}"),
            &[],
        ),
        ("indented", store("|1\n${wildcard.key:4}"), &["CI610"]),
    ]);
}

#[test]
fn what_the_api_server_refuses_of_any_object_is_an_error() {
    let service = |spec: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: s, namespace: ns}}\nspec: {{{spec}, ports: [{{port: 80}}]}}\n"
        )
    };
    let secret = |metadata: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: s, namespace: ns{metadata}}}\ntype: kubernetes.io/service-account-token\n"
        )
    };
    let owned = |owners: &str| {
        format!(
            "apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {{name: m, namespace: ns, ownerReferences: {owners}}}\nspec: {{compress: {{}}}}\n"
        )
    };
    let made = |instant: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c, namespace: ns, creationTimestamp: {instant}}}\n"
        )
    };
    errors_are(&[
        (
            "headless, and at the nodes",
            service("type: NodePort, clusterIP: None"),
            &["CI319"],
        ),
        (
            "headless, and balanced",
            service("type: LoadBalancer, clusterIP: None"),
            &["CI319"],
        ),
        ("headless", service("type: ClusterIP, clusterIP: None"), &[]),
        ("of no account", secret(""), &["CI320"]),
        (
            "of an account",
            secret(", annotations: {kubernetes.io/service-account.name: a}"),
            &[],
        ),
        ("made yesterday", made("yesterday"), &["CI319"]),
        ("made then", made("\"2024-01-01T00:00:00Z\""), &[]),
        ("made at no time", made("null"), &[]),
        ("of nobody", owned("[{}]"), &["CI319"]),
        (
            "of somebody without a number",
            owned("[{apiVersion: v1, kind: ConfigMap, name: a}]"),
            &["CI319"],
        ),
        (
            "of somebody",
            owned("[{apiVersion: v1, kind: ConfigMap, name: a, uid: b, controller: true}]"),
            &[],
        ),
        (
            "of two who control it",
            owned(
                "[{apiVersion: v1, kind: A, name: a, uid: b, controller: true}, {apiVersion: v1, kind: A, name: c, uid: d, controller: true}]",
            ),
            &["CI319"],
        ),
        (
            "of somebody elsewhere",
            owned("[{apiVersion: v1, kind: A, name: a, uid: b, namespace: ns}]"),
            &["CI314"],
        ),
    ]);
}

#[test]
fn a_secret_of_users_that_is_empty_lets_nobody_in() {
    let users = |kind: &str| {
        let secret = format!(
            "---\napiVersion: v1\nkind: {kind}\nmetadata: {{name: users, namespace: ns}}\n"
        );
        let text = middleware("{basicAuth: {secret: users}}") + &secret;
        text.replace("# options: ", "# options: strict ")
    };
    errors_are(&[("a Secret", users("Secret"), &["CI260", "CI273", "CI408"])]);
}

#[test]
fn plain_http_to_the_tls_of_the_pods_is_an_error_whatever_the_service_calls_its_port() {
    let to = |ports: &str| {
        let service = format!(
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: civicrmhttpd, namespace: ns}}\nspec: {{selector: {{app: a}}, ports: [{ports}]}}\n"
        );
        super::INSTANCE.replace("port: 443, scheme: https", "port: 8080") + &service
    };
    errors_are(&[
        ("TLS", to("{port: 8080, targetPort: 443}"), &["CI206"]),
        (
            "TLS by name",
            to("{port: 8080, targetPort: https}"),
            &["CI206"],
        ),
        ("perhaps TLS", to("{port: 8080, targetPort: 8443}"), &[]),
        ("no TLS", to("{port: 8080}"), &[]),
    ]);
}

#[test]
fn a_key_that_no_object_has_is_an_error_where_keys_are_taken() {
    let crossing = ALLOWED.replace("allowexternalnameservices", "allowcrossnamespace");
    let named = |name: &str| {
        let text = middleware("{compress: {}}") + &crossing;
        text.replace("[{name: m}]", &format!("[{{name: {name}@kubernetescrd}}]"))
            .replace("# options: ", "# options: strict ")
    };
    errors_are(&[
        ("the key", named("ns-m"), &["CI260", "CI408"]),
        ("the name", named("m"), &["CI260", "CI408", "CI901"]),
        (
            "another namespace",
            named("other-m"),
            &["CI260", "CI408", "CI901"],
        ),
    ]);
}

#[test]
fn a_ca_that_nothing_is_verified_by_may_be_missing() {
    let trusting = |how: &str| {
        let text = trusting(&format!("{how}rootCAs: [{{secret: nowhere}}]"), &[]);
        format!("# options: strict\n{text}")
    };
    let has = |text: &str| {
        let text = filled(text);
        codes(&report(&text, &options(&text)), Severity::Error).contains("CI901")
    };
    let verified = trusting("");
    let service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: civicrmhttpd, namespace: ns}\nspec: {selector: {app: a}, ports: [{port: 443}]}\n";
    assert!(has(&(verified + service)));
    assert!(!has(&(trusting("insecureSkipVerify: true\n  ") + service)));
}
