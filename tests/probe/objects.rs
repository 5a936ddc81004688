//! What manifests say of both legs, without a connection.

use civi_ingress::cluster::Cluster;
use civi_ingress::fault::Fault;
use civi_ingress::name::DnsName;
use civi_ingress::path::hop::ProxyVersion;
use civi_ingress::path::request::RequestPath;
use civi_ingress::probe::Verdict;
use civi_ingress::probe::route::Way;
use civi_ingress::probe::transport::{Speech, Transport, Versions};
use civi_ingress::probe::{authorities, objects, servers_transport};
use std::time::Duration;

fn host() -> DnsName {
    DnsName::parse("a.example.org").unwrap()
}

fn read(text: &str) -> Cluster {
    objects::read(&[("m.yaml", text)]).unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn route(tail: &str) -> String {
    format!(
        "kind: List\nitems:\n- kind: IngressRoute\n  metadata: {{name: r, namespace: ns}}\n  spec:\n    routes:\n    - match: Host(`a.example.org`)\n      services:\n      - {{name: s, port: 443, serversTransport: t}}\n{tail}"
    )
}

fn transport(text: &str) -> Result<Transport, Vec<Fault>> {
    let manifests = read(text);
    let way = Way::find(&manifests, &host(), None).unwrap();
    servers_transport::transport(&way, None)
}

const TRANSPORT: &str = "- kind: ServersTransport\n  metadata: {name: t, namespace: ns}\n  spec:\n    serverName: a.example.org\n    forwardingTimeouts: {dialTimeout: 5, responseHeaderTimeout: 0s}\n    rootCAs: [{secret: ca}]\n";
const CA: &str = include_str!("../fixtures/root.crt");

fn secret(key: &str) -> String {
    let pem = CA.replace('\n', "\n      ");
    format!(
        "- kind: Secret\n  metadata: {{name: ca, namespace: ns}}\n  stringData:\n    {key}: |\n      {pem}\n"
    )
}

#[test]
fn what_the_manifests_lack_is_named_with_the_command_that_prints_it() {
    let faults = transport(&route("")).unwrap_err();
    assert_eq!(
        faults[0].to_string(),
        "m.yaml:9:9: the manifests do not contain ServersTransport ns/t, which is named here"
    );
    let faults = transport(&route(TRANSPORT)).unwrap_err();
    assert_eq!(
        faults[0].to_string(),
        "m.yaml:15:15: the manifests do not contain Secret ns/ca, which is named here"
    );
    let help = faults[0].help.as_deref().unwrap_or_default();
    assert!(help.contains("kubectl get secret ca -n ns"), "{help}");
}

#[test]
fn timeouts_and_names_are_taken_as_traefik_takes_them() {
    let empty =
        "- kind: Secret\n  metadata: {name: ca, namespace: ns}\n  stringData: {ca.crt: nothing}\n";
    let transport = transport(&route(&format!("{TRANSPORT}{empty}"))).unwrap();
    assert_eq!(transport.dial_timeout, Duration::from_secs(5));
    assert_eq!(transport.response_header_timeout, None);
    assert_eq!(transport.server_name.unwrap().to_string(), "a.example.org");
    assert_eq!(transport.speech, Speech::Https);
    assert!(transport.trust.unwrap().anchors.is_empty() && !transport.skip_verify);
    let finding = &transport.findings[0];
    assert_eq!(finding.rule, Some("CI102"));
    let said = "a CA value holds no certificate: Secret ns/ca key ca.crt. Traefik trusts nothing";
    assert!(finding.what.starts_with(said), "{}", finding.what);
}

#[test]
fn a_ca_secret_of_two_other_keys_is_passed_over_and_one_of_a_lone_key_is_not() {
    let lone = route(&format!("{TRANSPORT}{}", secret("odd")));
    let found = transport(&lone).unwrap();
    assert_eq!(
        found.trust.unwrap().origin.to_string(),
        "Secret ns/ca key odd"
    );
    let two = transport(&format!("{lone}    tls.key: x\n")).unwrap();
    assert!(two.trust.is_none());
    let finding = &two.findings[0];
    assert_eq!(finding.rule, Some("CI101"));
    assert_eq!(
        finding.what,
        "a CA Secret has several keys and neither `tls.ca` nor `ca.crt`: Secret ns/ca has `odd` and `tls.key`. Traefik loads no CA, trusts the system's roots instead, and answers 500 to every request."
    );
}

#[test]
fn an_encrypted_ca_is_reported_as_unreadable_with_how_to_give_it() {
    for (locked, with) in [
        (
            "- kind: Secret\n  metadata: {name: ca, namespace: ns}\n  data: {ca.crt: 'ENC[AES256_GCM,data:x]'}\n",
            "SOPS",
        ),
        (
            "- kind: SealedSecret\n  metadata: {name: ca, namespace: ns}\n  spec: {encryptedData: {ca.crt: Ag==}}\n",
            "SealedSecret",
        ),
    ] {
        let fault = transport(&route(&format!("{TRANSPORT}{locked}")))
            .unwrap_err()
            .remove(0);
        assert_eq!(
            fault.to_string(),
            format!(
                "m.yaml:15:15: Secret ns/ca key ca.crt is encrypted ({with}), so it cannot be read here"
            )
        );
        let help = fault.help.unwrap_or_default();
        assert!(
            help.contains("kubectl get secret ca -n ns -o yaml") && help.contains("sops decrypt"),
            "{help}"
        );
    }
}

#[test]
fn objects_of_traefik_2_are_followed() {
    let old = route(TRANSPORT)
        .replace(
            "kind: IngressRoute",
            "apiVersion: traefik.containo.us/v1alpha1\n  kind: IngressRoute",
        )
        .replace(
            "kind: ServersTransport",
            "apiVersion: traefik.containo.us/v1alpha1\n  kind: ServersTransport",
        )
        .replace("rootCAs: [{secret: ca}]", "rootCAsSecrets: [ca]")
        .replace(
            "Host(`a.example.org`)",
            "Host(`b.example.org`, `a.example.org`)",
        );
    let found = transport(&format!("{old}{}", secret("ca.crt"))).unwrap();
    assert_eq!(found.trust.unwrap().anchors.len(), 1);
}

#[test]
fn a_transport_is_found_by_traefiks_key_and_one_of_another_provider_is_not() {
    let all = route(&format!("{TRANSPORT}{}", secret("ca.crt")));
    let by_key = all.replace(
        "serversTransport: t}",
        "serversTransport: ns-t@kubernetescrd}",
    );
    let name = |found: Transport| found.object.unwrap().1.to_string();
    assert_eq!(name(transport(&by_key).unwrap()), "ns/t");
    let unknown = all.replace("serversTransport: t}", "serversTransport: t@kubernetescrd}");
    assert_eq!(
        transport(&unknown).unwrap_err()[0].to_string(),
        "m.yaml:9:9: the manifests contain no ServersTransport of the key `t`"
    );
    let outside = all.replace("serversTransport: t}", "serversTransport: t@file}");
    let fault = transport(&outside).unwrap_err().remove(0);
    assert_eq!(
        fault.to_string(),
        "m.yaml:9:9: ServersTransport `t@file` is in the provider `file`, not in manifests"
    );
    assert!(fault.help.unwrap_or_default().contains("--backend-ca"));
    let internal = all.replace(
        "serversTransport: t}",
        "serversTransport: default@internal}",
    );
    assert!(transport(&internal).unwrap().object.is_none());
}

#[test]
fn a_traefik_service_is_found_by_its_name_with_a_provider_that_older_releases_cut_off() {
    let through = route(&format!("{TRANSPORT}{}", secret("ca.crt"))).replace(
        "{name: s, port: 443, serversTransport: t}",
        "{kind: TraefikService, name: v@kubernetescrd}",
    );
    let service = "- kind: TraefikService\n  metadata: {name: v, namespace: ns}\n  spec: {mirroring: {name: s, port: 443, serversTransport: t}}\n";
    let found = transport(&(through + service)).unwrap();
    assert_eq!(found.service.as_deref(), Some("ns/s port 443"));
}

#[test]
fn of_two_objects_of_one_name_the_last_one_is_meant() {
    let all = route(&format!("{TRANSPORT}{}", secret("ca.crt")));
    let empty =
        "- kind: Secret\n  metadata: {name: ca, namespace: ns}\n  stringData: {ca.crt: nothing}\n";
    let before = all.replace(
        "- kind: ServersTransport",
        &format!("{empty}- kind: ServersTransport"),
    );
    let trust = |text: &str| {
        let trust = transport(text).unwrap().trust;
        trust.map_or(0, |trust| trust.anchors.len())
    };
    assert_eq!((trust(&before), trust(&format!("{all}{empty}"))), (1, 0));
}

#[test]
fn of_several_services_one_is_followed_and_the_others_are_reported() {
    let several = route(&format!("{TRANSPORT}{}", secret("ca.crt"))).replace(
        "      - {name: s, port: 443, serversTransport: t}\n",
        "      - {name: idle, port: 443, weight: 0}\n      - {name: s, port: 443, serversTransport: t, weight: 3}\n      - {name: far, namespace: other, port: 80}\n",
    );
    let manifests = read(&several);
    let way = Way::find(&manifests, &host(), None).unwrap();
    let found = servers_transport::transport(&way, None).unwrap();
    assert_eq!(
        found.findings[0].what,
        "the route has 3 services, of which ns/s port 443 is checked: ns/idle port 443 (weight 0), ns/s port 443 (weight 3), other/far port 80 (weight 1)"
    );
    let far = servers_transport::transport(&way, Some("far")).unwrap();
    assert_eq!(
        (far.service.as_deref(), far.speech),
        (Some("other/far port 80"), Speech::Http)
    );
    let told = far
        .findings
        .iter()
        .any(|finding| finding.what.contains("allowCrossNamespace"));
    assert!(told, "{:?}", far.findings);
    assert_eq!(
        servers_transport::transport(&way, Some("s2")).unwrap_err()[0].to_string(),
        "--service: the route for `a.example.org` has no service `s2`"
    );
}

#[test]
fn a_traefik_service_that_is_not_there_or_leads_to_itself_is_refused_with_its_place() {
    let through = route("").replace(
        "{name: s, port: 443, serversTransport: t}",
        "{kind: TraefikService, name: t}",
    );
    let refused = |text: &str| transport(text).unwrap_err()[0].to_string();
    let circle = "- kind: TraefikService\n  metadata: {name: t, namespace: ns}\n  spec: {mirroring: {kind: TraefikService, name: t}}\n";
    assert_eq!(
        refused(&(through.clone() + circle)),
        "m.yaml:12:21: TraefikService ns/t leads to itself"
    );
    assert_eq!(
        refused(&through),
        "m.yaml:9:9: the manifests do not contain TraefikService ns/t, which is named here"
    );
    assert_eq!(
        refused(&through.replace("kind: TraefikService, name: t", "name: t@file")),
        "m.yaml:9:9: TraefikService `t@file` is in the provider `file`, not in manifests"
    );
}

/// A TCP route for the host with more in its service and under `tls`, and further objects.
fn tcp(service: &str, tls: &str, further: &str) -> String {
    format!(
        "kind: IngressRouteTCP\nmetadata: {{name: p, namespace: ns}}\nspec:\n  routes:\n  - match: HostSNI(`a.example.org`)\n    services: [{{name: s, port: 443{service}}}]\n  tls: {{{tls}}}\n{further}"
    )
}

#[test]
fn a_tcp_route_decides_whose_tls_reaches_the_httpd() {
    let object = "---\nkind: ServersTransportTCP\nmetadata: {name: t, namespace: ns}\nspec: {dialTimeout: 7s, tls: {serverName: a.example.org, insecureSkipVerify: true}, proxyProtocol: {version: 1}}\n";
    for (service, tls, further, speech, proxy) in [
        ("", "passthrough: true", "", Speech::Passthrough, None),
        (
            ", proxyProtocol: {}",
            "passthrough: true",
            "",
            Speech::Passthrough,
            Some(ProxyVersion::V2),
        ),
        (
            ", proxyProtocol: {version: 1}",
            "",
            "",
            Speech::Tcp,
            Some(ProxyVersion::V1),
        ),
        (
            ", tls: true, serversTransport: t",
            "",
            object,
            Speech::Tls,
            Some(ProxyVersion::V1),
        ),
        (
            ", serversTransport: t",
            "passthrough: true",
            object,
            Speech::Passthrough,
            Some(ProxyVersion::V1),
        ),
    ] {
        let found = transport(&tcp(service, tls, further)).unwrap();
        let version = found.proxy.as_ref().map(|(version, _)| *version);
        assert_eq!((found.speech, version), (speech, proxy), "{service} {tls}");
        assert_eq!(found.skip_verify, speech == Speech::Tls);
        let dial = if further.is_empty() { 30 } else { 7 };
        assert_eq!(found.dial_timeout, Duration::from_secs(dial));
    }
}

#[test]
fn what_is_wrong_with_a_tcp_route_is_reported_with_the_object() {
    for (service, tls, further, said) in [
        (
            ", tls: true",
            "passthrough: true",
            "",
            "TLS is spoken inside TLS: IngressRouteTCP ns/p, service ns/s port 443. ",
        ),
        (
            ", tls: true",
            "",
            "",
            "names no serversTransport for `a.example.org`",
        ),
        (
            ", tls: true, serversTransport: t",
            "",
            "---\nkind: ServersTransportTCP\nmetadata: {name: t, namespace: ns}\n",
            "without serverName",
        ),
        (
            ", serversTransport: t, proxyProtocol: {version: 2}",
            "",
            "---\nkind: ServersTransportTCP\nmetadata: {name: t, namespace: ns}\n",
            "its ServersTransportTCP does not: IngressRouteTCP ns/p and ServersTransportTCP ns/t. ",
        ),
        (
            ", proxyProtocol: {version: 3}",
            "",
            "",
            "asks for version 3 of the PROXY protocol",
        ),
    ] {
        let found = transport(&tcp(service, tls, further)).unwrap();
        let hit = found
            .findings
            .iter()
            .find(|finding| finding.what.contains(said));
        assert!(
            hit.is_some_and(|finding| finding.verdict >= Verdict::Warning && finding.fix.is_some()),
            "{said}: {:?}",
            found.findings
        );
    }
}

/// The object that a host's connections take, and what is told beside.
fn taken(text: &str, path: Option<&str>) -> Result<(String, Vec<String>), String> {
    let manifests = read(text);
    let path = path.map(|path| RequestPath::parse(path).unwrap());
    let way = Way::find(&manifests, &host(), path.as_ref()).map_err(|fault| fault.to_string())?;
    Ok((
        way.name(),
        way.findings
            .iter()
            .skip(1)
            .map(|finding| finding.what.clone())
            .collect(),
    ))
}

fn object(kind: &str, name: &str, rule: &str, more: &str) -> String {
    let tls = if kind == "IngressRouteTCP" {
        "tls: {passthrough: true}"
    } else {
        "tls: {}"
    };
    format!(
        "---\nkind: {kind}\nmetadata: {{name: {name}, namespace: ns}}\nspec:\n  {tls}\n  routes: [{{match: '{rule}', services: [{{name: s, port: 443}}]{more}}}]\n"
    )
}

#[test]
fn http_routes_with_the_host_go_before_tcp_routes_and_those_without_it_after() {
    let http = object("IngressRoute", "h", "Host(`a.example.org`)", "");
    let hostless = object("IngressRoute", "l", "PathPrefix(`/`)", "");
    let tcp = object("IngressRouteTCP", "p", "HostSNI(`a.example.org`)", "");
    let all = object("IngressRouteTCP", "all", "HostSNI(`*`)", "");
    let name = |texts: &[&str]| taken(&texts.concat(), None).unwrap().0;
    assert_eq!(name(&[&tcp, &hostless, &all]), "IngressRouteTCP ns/p");
    assert_eq!(name(&[&hostless, &all]), "IngressRoute ns/l");
    assert_eq!(name(&[&all]), "IngressRouteTCP ns/all");
    let (name, told) = taken(&[tcp, http].concat(), None).unwrap();
    assert_eq!(name, "IngressRoute ns/h");
    assert_eq!(
        told,
        [
            "a host is passed through and terminated on one entry point: IngressRouteTCP ns/p and IngressRoute ns/h. The route that terminates TLS wins (seen with Traefik 3.0.4 and 3.7.15; since 2.9 an http route with a host comes first): httpd's own TLS is never reached."
        ]
    );
}

#[test]
fn the_route_of_the_highest_priority_that_takes_the_request_is_followed() {
    let short = object("IngressRoute", "short", "Host(`a.example.org`)", "");
    let long = object(
        "IngressRoute",
        "long",
        "Host(`a.example.org`) && PathPrefix(`/civicrm`)",
        "",
    );
    let first = object(
        "IngressRoute",
        "first",
        "Host(`a.example.org`)",
        ", priority: 1000",
    );
    let name = |texts: &[&str], path| taken(&texts.concat(), path).unwrap().0;
    assert_eq!(
        name(&[&short, &long], Some("/civicrm/x")),
        "IngressRoute ns/long"
    );
    assert_eq!(name(&[&short, &long], None), "IngressRoute ns/short");
    assert_eq!(
        name(&[&short, &long, &first], Some("/civicrm/x")),
        "IngressRoute ns/first"
    );
    let port_80 = "---\nkind: IngressRoute\nmetadata: {name: web, namespace: ns}\nspec:\n  entryPoints: [web]\n  routes: [{match: 'Host(`a.example.org`)', priority: 9999}]\n";
    assert_eq!(name(&[port_80, &short], None), "IngressRoute ns/short");
    let (_, told) = taken(
        &[
            short.clone(),
            object("IngressRoute", "same", "Host(`a.example.org`)", ""),
        ]
        .concat(),
        None,
    )
    .unwrap();
    assert!(
        told[0].contains("ns/same") && told[0].contains("which one Traefik follows is arbitrary"),
        "{told:?}"
    );
}

#[test]
fn a_rule_that_cannot_be_decided_or_met_is_reported() {
    let rule = "Host(`a.example.org`) && ClientIP(`10.0.0.0/8`)";
    let inner = object("IngressRoute", "inner", rule, "");
    let (name, told) = taken(&inner, None).unwrap();
    assert_eq!(name, "IngressRoute ns/inner");
    assert_eq!(
        told,
        [format!(
            "whether IngressRoute ns/inner: {rule} takes the request cannot be decided here, because it depends on ClientIP(10.0.0.0/8); it is followed anyway"
        )]
    );
    let both = [
        inner,
        object("IngressRoute", "open", "Host(`a.example.org`)", ""),
    ]
    .concat();
    let (name, told) = taken(&both, None).unwrap();
    assert_eq!(name, "IngressRoute ns/open");
    assert!(
        told[0].contains("it comes before the route that is followed"),
        "{told:?}"
    );

    let bent = object(
        "IngressRoute",
        "api",
        "Host(`a.example.org`) && Path(`/api`) && Header(`X-A`, `b`)",
        "",
    );
    let (_, told) = taken(&bent, None).unwrap();
    assert_eq!(
        told,
        [
            "no rule takes `/` alone, so `/api` with `X-A: b` is requested, as IngressRoute ns/api requires"
        ]
    );
    assert_eq!(
        taken(&bent, Some("/x")).unwrap_err(),
        "--path: no rule for `a.example.org` takes a GET request for `/x`"
    );
    let broken = object("IngressRoute", "bad", "Host(`a.example.org`", "");
    let (_, told) = taken(&[broken, both].concat(), None).unwrap();
    assert_eq!(
        told[0],
        "a rule cannot be read: IngressRoute ns/bad, `Host(`a.example.org``: a parenthesis is not closed. Traefik drops the route and answers 404."
    );
}

#[test]
fn a_host_without_a_route_is_refused_with_the_nearest_one() {
    let text = route("");
    let manifests = read(&text);
    let refused = |host: &str| {
        Way::find(&manifests, &DnsName::parse(host).unwrap(), None)
            .err()
            .unwrap()
    };
    let fault = refused("b.example.org");
    assert_eq!(
        fault.to_string(),
        "--manifest: the manifests contain no IngressRoute for `b.example.org`"
    );
    assert_eq!(
        fault.help.as_deref(),
        Some("there is one for `a.example.org`")
    );
}

#[test]
fn the_tls_options_and_middlewares_of_a_route_are_found_through_chains() {
    let text = object(
        "IngressRoute",
        "r",
        "Host(`a.example.org`)",
        ", middlewares: [{name: c}, {name: gone}]",
    ) + "---\nkind: Middleware\nmetadata: {name: c, namespace: ns}\nspec: {chain: {middlewares: [{name: h}, {name: back}]}}\n\
           ---\nkind: Middleware\nmetadata: {name: h, namespace: ns}\nspec: {headers: {stsSeconds: 600}}\n\
           ---\nkind: Middleware\nmetadata: {name: back, namespace: ns}\nspec: {redirectScheme: {scheme: http}}\n\
           ---\nkind: TLSOption\nmetadata: {name: default, namespace: any}\nspec: {minVersion: VersionTLS13}\n";
    let manifests = read(&text);
    let way: Way<'_> = Way::find(&manifests, &host(), None).unwrap();
    let hsts = way.hsts.as_ref().unwrap();
    assert_eq!(
        (hsts.seconds, hsts.origin.as_str()),
        (600, "Middleware ns/h")
    );
    let options = way.options.as_ref().unwrap();
    assert!(options.asks_for_tls_1_3() && options.origin == "TLSOption any/default");
    let told: Vec<&str> = way
        .findings
        .iter()
        .skip(1)
        .map(|finding| finding.what.as_str())
        .collect();
    assert_eq!(
        told,
        [
            "Middleware ns/back of Middleware ns/c redirects browsers that came by https to http",
            "IngressRoute ns/r: the manifests do not contain Middleware ns/gone, which is named here; if there is none, Traefik drops the route and answers 404",
        ]
    );
    let two = text + "---\nkind: TLSOption\nmetadata: {name: default, namespace: other}\n";
    let manifests = read(&two);
    let way = Way::find(&manifests, &host(), None).unwrap();
    assert!(way.options.is_none());
    assert!(way.findings.iter().any(|finding| finding.what == "there are several TLSOptions named `default`: any/default, other/default. Traefik drops them all and uses its built-in options."));
}

#[test]
fn the_versions_of_a_transport_are_those_that_are_offered() {
    for (fields, versions) in [
        ("", Versions::Both),
        (
            "minVersion: VersionTLS13, maxVersion: VersionTLS13",
            Versions::Only13,
        ),
        (
            "minVersion: VersionTLS11, maxVersion: VersionTLS12",
            Versions::Only12,
        ),
    ] {
        let text = route(&format!(
            "- kind: ServersTransport\n  metadata: {{name: t, namespace: ns}}\n  spec: {{{fields}}}\n"
        ));
        assert_eq!(transport(&text).unwrap().versions, versions);
    }
}

#[test]
fn a_port_speaks_tls_by_the_number_or_name_that_its_service_has() {
    let text = route("").replace("port: 443, serversTransport: t", "port: 8443");
    assert_eq!(transport(&text).unwrap().speech, Speech::Http);
    for (port, speech) in [
        ("{name: https-web, port: 8443}", Speech::Https),
        ("{name: https, port: 8443}", Speech::Https),
        ("{name: web, port: 8443}", Speech::Http),
    ] {
        let service = format!(
            "- kind: Service\n  metadata: {{name: s, namespace: ns}}\n  spec: {{ports: [{port}]}}\n"
        );
        assert_eq!(
            transport(&format!("{text}{service}")).unwrap().speech,
            speech
        );
    }
    let named = route("- kind: Service\n  metadata: {name: s, namespace: ns}\n  spec: {ports: [{name: web, port: 443}]}\n")
        .replace("port: 443, serversTransport: t", "port: web");
    assert_eq!(transport(&named).unwrap().speech, Speech::Https);
}

#[test]
fn objects_of_other_namespaces_are_reported_to_need_a_flag() {
    let text = object(
        "IngressRoute",
        "r",
        "Host(`a.example.org`)",
        ", middlewares: [{name: m, namespace: far}]",
    )
    .replace("tls: {}", "tls: {options: {name: o, namespace: far}}")
        + "---\nkind: Middleware\nmetadata: {name: m, namespace: far}\n---\nkind: TLSOption\nmetadata: {name: o, namespace: far}\n";
    let (_, told) = taken(&text, None).unwrap();
    assert_eq!(
        told,
        [
            "TLSOption far/o is in another namespace than IngressRoute ns/r: Traefik accepts it only with allowCrossNamespace",
            "Middleware far/m is in another namespace than IngressRoute ns/r: Traefik accepts it only with allowCrossNamespace",
        ]
    );
}

#[test]
fn a_tcp_route_of_a_host_without_tls_is_reported_as_dropped() {
    let text = tcp("", "", "").replace("  tls: {}\n", "");
    let (_, told) = taken(
        &(text + &object("IngressRoute", "r", "Host(`a.example.org`)", "")),
        None,
    )
    .unwrap();
    assert_eq!(
        told,
        [
            "a TCP route names a host without TLS: IngressRouteTCP ns/p. Without TLS there is no server name to compare: Traefik drops the route, and the connection is closed."
        ]
    );
}

#[test]
fn a_header_is_added_for_a_rule_even_where_the_path_is_given() {
    let text = object(
        "IngressRoute",
        "r",
        "Host(`a.example.org`) && PathPrefix(`/p`) && Header(`X-A`, `b`)",
        "",
    );
    let (_, told) = taken(&text, Some("/p/q")).unwrap();
    assert_eq!(
        told,
        [
            "no rule takes `/p/q` alone, so `/p/q` with `X-A: b` is requested, as IngressRoute ns/r requires"
        ]
    );
    assert!(taken(&text, Some("/x")).is_err());
}

#[test]
fn routes_on_different_entry_points_do_not_meet() {
    let at = |kind: &str, name: &str, rule: &str, point: &str| {
        object(kind, name, rule, "").replace("  tls:", &format!("  entryPoints: [{point}]\n  tls:"))
    };
    let http = at("IngressRoute", "h", "Host(`a.example.org`)", "websecure");
    for other in [
        at("IngressRoute", "other", "Host(`a.example.org`)", "internal"),
        at(
            "IngressRouteTCP",
            "tcp",
            "HostSNI(`a.example.org`)",
            "internal",
        ),
    ] {
        let (name, told) = taken(&format!("{http}{other}"), None).unwrap();
        assert_eq!(
            (name.as_str(), told.len()),
            ("IngressRoute ns/h", 0),
            "{told:?}"
        );
    }
}

#[test]
fn a_tcp_route_for_every_host_goes_first_only_by_its_priority() {
    let named = object("IngressRouteTCP", "named", "HostSNI(`a.example.org`)", "");
    for (priority, first) in [("", "named"), (", priority: 1000", "all")] {
        let all = object("IngressRouteTCP", "all", "HostSNI(`*`)", priority);
        let (name, _) = taken(&format!("{all}{named}"), None).unwrap();
        assert_eq!(name, format!("IngressRouteTCP ns/{first}"));
    }
}

/// The rules that `probe` names for a route and its first service, with how bad it is.
fn rules(text: &str) -> Vec<(&'static str, Verdict)> {
    let cluster = read(text);
    let way = Way::find(&cluster, &host(), None).unwrap();
    let transport = servers_transport::transport(&way, None).unwrap();
    let findings = authorities::stores(&cluster).into_iter();
    findings
        .chain(way.findings.clone())
        .chain(transport.findings)
        .filter_map(|finding| Some((finding.rule?, finding.verdict)))
        .collect()
}

#[test]
fn what_a_rule_of_lint_finds_in_the_objects_bears_its_code() {
    use Verdict::{Broken, Warning};
    let with = |fields: &str, further: &str| {
        let fields = TRANSPORT.replace("    rootCAs: [{secret: ca}]\n", fields);
        route(&format!("{fields}{further}"))
    };
    let ca = secret("ca.crt");
    let good = with("    rootCAs: [{secret: ca}]\n", &ca);
    let config_map = "- kind: ConfigMap\n  metadata: {name: ca, namespace: ns}\n  data: {odd: x}\n";
    let pair = "- kind: Secret\n  metadata: {name: pair, namespace: ns}\n  stringData: {tls.crt: '', tls.key: x}\n";
    let two = |kind: &str| {
        let one = |namespace: &str| {
            format!("- kind: {kind}\n  metadata: {{name: default, namespace: {namespace}}}\n")
        };
        one("a") + &one("b")
    };
    for (text, expected) in [
        (good.clone(), None),
        (
            with("    rootCAs: [{configMap: ca}]\n", config_map),
            Some(("CI110", Broken)),
        ),
        (
            with("    rootCAs: [{secret: ca, configMap: ca}]\n", &ca),
            Some(("CI108", Broken)),
        ),
        (with("    rootCAs: [{}]\n", ""), Some(("CI108", Broken))),
        (
            with("    certificatesSecrets: [pair]\n", pair),
            Some(("CI114", Warning)),
        ),
        (
            good.replace(", serversTransport: t", ""),
            Some(("CI210", Warning)),
        ),
        (
            with("    minVersion: VersionTLS12\n", ""),
            Some(("CI305", Warning)),
        ),
        (
            with(
                "    minVersion: VersionTLS13\n    maxVersion: VersionTLS13\n",
                "",
            ),
            Some(("CI305", Warning)),
        ),
        (
            with(
                "    minVersion: VersionTLS12\n    maxVersion: VersionTLS13\n",
                "",
            ),
            None,
        ),
        (good.clone() + &two("TLSStore"), Some(("CI401", Warning))),
        (good.clone() + &two("TLSOption"), Some(("CI402", Warning))),
    ] {
        let expected: Vec<_> = expected.into_iter().collect();
        assert_eq!(rules(&text), expected, "{text}");
    }
}

#[test]
fn an_entry_that_names_a_secret_and_a_config_map_is_passed_over_as_traefik_does() {
    let both = TRANSPORT.replace("{secret: ca}", "{secret: ca, configMap: b}");
    let found = transport(&route(&format!("{both}{}", secret("ca.crt")))).unwrap();
    assert!(found.trust.is_none());
    assert_eq!(
        found.findings[0].what,
        "a CA reference does not name exactly one of `secret` and `configMap`: ServersTransport ns/t, rootCAs[0] names both. The API server refuses the ServersTransport, or Traefik skips the entry."
    );
    let more = both.replace("configMap: b}", "configMap: b}, {secret: ca}");
    let found = transport(&route(&format!("{more}{}", secret("ca.crt")))).unwrap();
    assert_eq!(found.trust.unwrap().anchors.len(), 1);
}

#[test]
fn the_transport_and_the_service_of_a_route_are_looked_up_beside_the_service() {
    let all = route(&format!(
        "{TRANSPORT}{}- kind: Service\n  metadata: {{name: s, namespace: ns}}\n  spec: {{ports: [{{name: https, port: 8443}}]}}\n",
        secret("ca.crt")
    ));
    let elsewhere = all
        .replace("{name: r, namespace: ns}", "{name: r, namespace: traefik}")
        .replace(
            "{name: s, port: 443, serversTransport: t}",
            "{name: s, namespace: ns, port: 8443, serversTransport: t}",
        );
    let found = transport(&elsewhere).unwrap();
    assert_eq!(found.service.as_deref(), Some("ns/s port 8443"));
    assert_eq!(found.speech, Speech::Https);
    assert_eq!(found.object.unwrap().1.to_string(), "ns/t");
    assert_eq!(found.trust.unwrap().anchors.len(), 1);
}

#[test]
fn each_rule_of_a_route_leads_to_its_own_service() {
    let both = "kind: IngressRoute\nmetadata: {name: r, namespace: ns}\nspec:\n  routes:\n  \
                - {match: 'Host(`a.example.org`)', services: [{name: first, port: 80}]}\n  \
                - {match: 'Host(`a.example.org`) && PathPrefix(`/x`)', services: [{name: second, port: 80}]}\n";
    let cluster = read(both);
    for (path, service) in [("/", "ns/first port 80"), ("/x", "ns/second port 80")] {
        let path = RequestPath::parse(path).unwrap();
        let way = Way::find(&cluster, &host(), Some(&path)).unwrap();
        let found = servers_transport::transport(&way, None).unwrap();
        assert_eq!(found.service.as_deref(), Some(service));
    }
}
