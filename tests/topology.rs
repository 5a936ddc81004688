//! `topology`: the path of an instance, explained.

use crate::support::{Run, assert_snapshot_in, report, run, run_in, write};
use civi_ingress::load_balancer::BalancerKind;
use civi_ingress::path::expand::TopologyName;
use std::fs;
use tempfile::TempDir;

/// A CA.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/root.crt");

const EXPLAIN: &[&str] = &[
    "topology",
    "explain",
    "paroisse-a",
    "--host",
    "a.example.org",
];

fn explain(more: &[&str]) -> String {
    run(&[EXPLAIN, more].concat()).good()
}

#[test]
fn where_traefik_ends_tls_each_leg_says_what_is_shown_trusted_and_expected() {
    let text = explain(&["--client-auth", "--ca-custody", "dropped"]);
    assert_eq!(
        text,
        "paroisse-a: direct\n\
         \x20 hosts:    a.example.org\n\
         \x20 read by:  browser, Traefik, httpd\n\
         \x20 browser -> Traefik: TLS\n\
         \x20   certificate:         that of the TLSStore `default`\n\
         \x20   trusts:              a CA that browsers know, or that was imported\n\
         \x20   expects:             the host\n\
         \x20 Traefik -> httpd: TLS\n\
         \x20   certificate:         Secret paroisse-a/selfcert, key externcert\n\
         \x20   trusts:              Secret paroisse-a/externca, key ca.crt\n\
         \x20   expects:             a.example.org\n\
         \x20   client certificate:  Secret paroisse-a/externclient\n\
         \x20 private keys\n\
         \x20   front certificate:   Traefik, in the Secret of the TLSStore `default`\n\
         \x20   httpd certificate:   httpd, in Secret paroisse-a/selfcert, key externkey\n\
         \x20   CA of httpd:         nobody: it is discarded after signing\n\
         \x20   client certificate:  Traefik, in Secret paroisse-a/externclient, key tls.key\n"
    );
}

#[test]
fn at_a_gateway_the_losses_are_listed_and_what_cannot_be_expressed_is_refused() {
    let text = explain(&["--ingress", "gateway-api"]);
    for line in [
        "    certificate:         Secret traefik/wildcardsecret\n",
        "    trusts:              ConfigMap paroisse-a/externca, key ca.crt\n",
        "  not expressed by the Gateway API\n    the times of `serversTransport`: ",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let passed = ["--ingress", "gateway-api", "--topology", "passthrough"];
    let refused = run(&[EXPLAIN, &passed].concat());
    assert!(
        refused.stderr.contains("the PROXY protocol sent to httpd"),
        "{}",
        refused.stderr
    );
    let passed = [&passed[..], &["--proxy-protocol", "none"]].concat();
    assert!(!explain(&passed).contains("not expressed"));
}

#[test]
fn of_a_traefik_of_files_the_settings_are_its_own_options_and_what_is_not_written_is_refused() {
    let files = ["--ingress", "traefik-file"];
    let behind = ["--load-balancer", "haproxy", "--trusted", "10.0.0.7"];
    let way = [&files[..], &["--topology", "tcp-proxy"], &behind].concat();
    let text = explain(&way);
    for line in [
        "    certificate:         that of the store `default`\n",
        "    trusts:              Secret paroisse-a/externca, key ca.crt\n",
        "    Traefik: entryPoints.websecure.proxyProtocol.trustedIPs: 10.0.0.7/32\n",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let offload = [&files[..], &["--topology", "offload"], &behind].concat();
    let way_in = [
        "new-instance",
        "a",
        "--host",
        "a.example.org",
        "--routes-out",
        "r",
    ];
    for line in [EXPLAIN, &way_in[..]] {
        let refused = run(&[line, &offload].concat());
        let said = "`offload` is not written for a Traefik of files";
        assert!(refused.stderr.contains(said), "{}", refused.stderr);
        assert_eq!(refused.status, 2);
    }
    let listed = run(&["topology", "list", "--ingress", "traefik-file"]).good();
    assert_eq!(listed.matches(" no: ").count(), 3, "{listed}");
}

#[test]
fn behind_istio_the_gateway_reads_the_ca_in_its_namespace_and_is_told_of_the_proxy_protocol() {
    let balancer = ["--topology", "tcp-proxy", "--load-balancer", "openstack"];
    let trusted = [
        "--load-balancer-address",
        "192.0.2.7",
        "--trusted",
        "10.0.0.0/20",
    ];
    let text = explain(&[&["--ingress", "istio"], &balancer[..], &trusted].concat());
    for line in [
        "Istio gateway -> httpd: TLS\n",
        "    certificate:         Secret istio-ingress/wildcardsecret\n",
        "    trusts:              Secret istio-ingress/paroisse-a.externca\n",
        "    Istio gateway: podAnnotations.proxy.istio.io/config: {gatewayTopology: {proxyProtocol: {}}}\n",
        ": service.loadBalancerIP: 192.0.2.7\n",
        ": service.externalTrafficPolicy: Local\n",
        "  not expressed by the objects of Istio\n    `responseHeaderTimeout`",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains("trustedIPs"), "{text}");
    let offload = run(&[EXPLAIN, &["--ingress", "istio", "--topology", "offload"]].concat());
    assert_eq!(offload.status, 2, "{}", offload.stderr);
}

#[test]
fn where_tls_is_passed_on_traefik_reads_nothing_and_shows_nothing() {
    let passed = ["--topology", "passthrough", "--proxy-protocol", "2"];
    let text = explain(&[&passed[..], &["-o", "json"]].concat());
    let document = report("topology", &text);
    let path = &document["paths"][0];
    assert_eq!(path["readBy"], serde_json::json!(["browser", "httpd"]));
    let legs = path["legs"].as_array().unwrap();
    assert_eq!(legs.len(), 1);
    let leg = &legs[0];
    assert_eq!(
        [&leg["from"], &leg["through"], &leg["to"], &leg["proxy"]],
        [
            &serde_json::json!("browser"),
            &serde_json::json!(["Traefik"]),
            &serde_json::json!("httpd"),
            &serde_json::json!(2)
        ]
    );
    let unknown = "a Secret of type kubernetes.io/tls, which nothing names yet";
    assert_eq!(leg["certificate"], unknown);
    let named = [&passed[..], &["--public-certificate", "web-tls"]].concat();
    let text = explain(&named);
    assert_eq!(
        text.split_once("read by").unwrap().1,
        ":  browser, httpd\n\
         \x20 browser -> httpd through Traefik: TLS, passed on unopened\n\
         \x20   certificate:         Secret paroisse-a/web-tls, key tls.crt\n\
         \x20   trusts:              a CA that browsers know, or that was imported\n\
         \x20   expects:             the host\n\
         \x20   PROXY protocol:      v2\n\
         \x20 private keys\n\
         \x20   httpd certificate:   httpd, in Secret paroisse-a/web-tls, key tls.key\n\
         \x20 settings\n\
         \x20   httpd: ConfigMap httpd-ingress: RemoteIPProxyProtocol: On\n\
         \x20   httpd: ConfigMap httpd-ingress: reverse_proxy_addresses: []\n"
    );
    let drawn = explain(&[&passed[..], &["-o", "mermaid"]].concat());
    assert!(
        drawn.starts_with("flowchart LR\n  subgraph p0[\"paroisse-a, passthrough\"]\n"),
        "{drawn}"
    );
    assert!(
        drawn.contains("p0h0 -->|\"TLS, passed on unopened\"| p0h1") && drawn.contains("| p0h2\n"),
        "{drawn}"
    );
}

#[test]
fn what_is_explained_is_what_is_rendered() {
    let values = ["--set", "httpd.serverCertField=other"];
    let text = explain(&values);
    let leg = "certificate:         Secret paroisse-a/selfcert, key other\n";
    assert!(text.contains(leg), "{text}");
    let rendered = run(&[
        &["new-instance", "paroisse-a", "--host", "a.example.org"][..],
        &values,
    ]
    .concat())
    .good();
    assert!(rendered.contains("\n  other: "));
}

#[test]
fn a_fleet_is_explained_by_its_fleet_file() {
    let directory = TempDir::new().unwrap();
    let fleet = "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {name: f}\nspec:\n  domain: example.org\n  secrets: {mode: plain}\n  instances:\n    a: {}\n    b: {certificate: {ca: external}}\n";
    write(&directory.path().join("fleet.yaml"), fleet);
    let fleet = ["topology", "explain", "-f", "fleet.yaml"];
    let json = run_in(directory.path(), &[&fleet[..], &["-o", "json"]].concat()).good();
    let document = report("topology", &json);
    let holders: Vec<_> = document["paths"]
        .as_array()
        .unwrap()
        .iter()
        .map(|path| (&path["instance"], &path["keys"][2]["holder"]))
        .map(|(id, holder)| (id.as_str().unwrap(), holder.as_str().unwrap()))
        .collect();
    assert_eq!(
        holders,
        [
            ("a", "nobody: it is discarded after signing"),
            ("b", "the owner of the CA")
        ]
    );
    let yaml = run_in(directory.path(), &[&fleet[..], &["-o", "yaml"]].concat()).good();
    assert!(yaml.starts_with("version: 1\npaths:\n"), "{yaml}");
    let one = run_in(
        directory.path(),
        &[&fleet[..], &["--instance", "b"]].concat(),
    )
    .good();
    assert!(one.starts_with("b: direct\n") && !one.contains("a: direct"));
    let none = run_in(
        directory.path(),
        &[&fleet[..], &["--instance", "c"]].concat(),
    );
    assert_eq!((none.status, none.stdout.as_str()), (2, ""));
    assert_eq!(
        none.stderr.lines().next(),
        Some("error: --instance: the fleet has no instance `c`")
    );
}

#[test]
fn the_proxy_protocol_is_refused_where_nothing_sends_it() {
    let refused = run(&[EXPLAIN, &["--proxy-protocol", "1"]].concat());
    assert_eq!((refused.status, refused.stdout.as_str()), (2, ""));
    assert!(
        refused
            .stderr
            .ends_with("help: leave it out, or use another topology\n"),
        "{}",
        refused.stderr
    );
    for topology in ["offload", "inspect-twice"] {
        let way = ["--topology", topology, "--load-balancer", "haproxy"];
        let asked = ["--trusted", "10.0.0.7", "--proxy-protocol", "2"];
        let refused = explain_refused(&[way, asked].concat());
        assert_eq!(refused.matches("error: ").count(), 1, "{refused}");
    }
}

#[test]
fn the_topologies_that_are_listed_can_be_explained() {
    let listed = run(&["topology", "list"]).good();
    assert_eq!(listed.lines().count(), TopologyName::ALL.len());
    for line in listed.lines() {
        let name = line.split(' ').next().unwrap();
        let kind = match name {
            "offload" | "inspect" | "inspect-twice" => "haproxy",
            _ => "openstack",
        };
        let balancer = ["--load-balancer", kind, "--trusted", "10.0.0.0/20"];
        let before: &[&str] = if name == "direct" { &[] } else { &balancer };
        let clients: &[&str] = match name {
            "inspect" => &["--clients-ca", ROOT],
            _ => &[],
        };
        let text = explain(&[&["--topology", name], before, clients].concat());
        assert!(text.starts_with(&format!("paroisse-a: {name}\n")), "{text}");
    }
}

/// Which topologies each ingress can do.
const CAN: [(&str, &[&str]); 4] = [
    (
        "traefik",
        &[
            "direct",
            "tcp-proxy",
            "passthrough",
            "offload",
            "inspect",
            "inspect-twice",
        ],
    ),
    ("gateway-api", &["direct", "tcp-proxy", "passthrough"]),
    ("istio", &["direct", "tcp-proxy", "passthrough"]),
    ("traefik-file", &["direct", "tcp-proxy", "passthrough"]),
];

#[test]
fn of_each_topology_and_each_ingress_the_list_says_what_is_explained_and_rendered() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    for (ingress, can) in CAN {
        let listed = run(&["topology", "list", "--ingress", ingress]).good();
        let lines: Vec<&str> = listed.lines().collect();
        for topology in TopologyName::NAMES {
            let at = lines.iter().position(|line| {
                let name = line.strip_prefix(topology);
                name.is_some_and(|rest| rest.starts_with("  "))
            });
            let after = lines.get(at.expect("each is listed") + 1);
            let is_refused = after.is_some_and(|line| line.trim_start().starts_with("no: "));
            assert_eq!(can.contains(topology), !is_refused, "{ingress} {topology}");
            let mut way = vec!["--ingress", ingress, "--topology", topology];
            if *topology != "direct" {
                way.extend(["--load-balancer", "haproxy", "--trusted", "10.0.0.7"]);
            }
            match *topology {
                "passthrough" => way.extend(["--public-certificate", "web-tls"]),
                "inspect" => way.extend(["--clients-ca", ROOT]),
                _ => (),
            }
            // The Gateway API cannot have it sent to httpd.
            if ingress == "gateway-api" && *topology == "passthrough" {
                way.extend(["--proxy-protocol", "none"]);
            }
            let explained = run(&[EXPLAIN, &way].concat());
            let mut line = vec!["new-instance", "a", "--host", "a.example.org"];
            if ingress == "traefik-file" {
                line.extend(["--routes-out", "routes.yaml", "--force"]);
            }
            let rendered = run_in(path, &[line, way].concat());
            for made in [explained, rendered] {
                let status = if is_refused { 2 } else { 0 };
                assert_eq!(made.status, status, "{ingress} {topology}: {}", made.stderr);
            }
        }
    }
}

#[test]
fn a_load_balancer_is_a_hop_with_what_it_and_traefik_must_be_set_to_and_whom_traefik_believes() {
    let text = explain(&[
        "--topology",
        "tcp-proxy",
        "--load-balancer",
        "openstack",
        "--trusted",
        "10.0.0.0/20",
        "--load-balancer-address",
        "192.0.2.10",
    ]);
    let (legs, settings) = text.split_once("  settings\n").unwrap();
    assert!(
        legs.contains(
            "\n  browser -> Traefik through OpenStack Octavia: TLS, passed on unopened\n"
        ),
        "{legs}"
    );
    assert!(
        legs.contains("\n    PROXY protocol:      v2\n  Traefik -> httpd: TLS\n"),
        "{legs}"
    );
    assert_eq!(
        settings,
        "    OpenStack Octavia: service.annotations.loadbalancer.openstack.org/proxy-protocol: v2\n\
         \x20   OpenStack Octavia: service.annotations.loadbalancer.openstack.org/enable-health-monitor: true\n\
         \x20   OpenStack Octavia: service.annotations.loadbalancer.openstack.org/keep-floatingip: true\n\
         \x20   OpenStack Octavia: service.spec.loadBalancerIP: 192.0.2.10\n\
         \x20   OpenStack Octavia: service.spec.externalTrafficPolicy: Local\n\
         \x20   Traefik: ports.web.proxyProtocol.trustedIPs: 10.0.0.0/20\n\
         \x20   Traefik: ports.websecure.proxyProtocol.trustedIPs: 10.0.0.0/20\n\
         \x20 peers of Traefik\n\
         \x20   trusted: 10.0.0.0/20\n\
         \x20   where to read them: the subnet of the load balancer: `openstack loadbalancer show NAME -c vip_subnet_id`, then `openstack subnet show ID -c cidr`\n"
    );
}

#[test]
fn a_load_balancer_that_speaks_plain_http_to_traefik_reads_the_request_and_traefik_shows_nothing() {
    let way = ["--topology", "offload", "--load-balancer", "haproxy"];
    let text = explain(&[&way[..], &["--trusted", "10.0.0.7"]].concat());
    let (legs, keys) = text.split_once("  private keys\n").unwrap();
    assert_eq!(
        legs.split_once("read by").unwrap().1,
        ":  browser, HAProxy, Traefik, httpd\n\
         \x20 browser -> HAProxy: TLS\n\
         \x20   certificate:         its own\n\
         \x20   trusts:              a CA that browsers know, or that was imported\n\
         \x20   expects:             the host\n\
         \x20 HAProxy -> Traefik: plain text\n\
         \x20 Traefik -> httpd: TLS\n\
         \x20   certificate:         Secret paroisse-a/selfcert, key externcert\n\
         \x20   trusts:              Secret paroisse-a/externca, key ca.crt\n\
         \x20   expects:             a.example.org\n"
    );
    assert!(
        keys.starts_with("    browser certificate: HAProxy\n    httpd certificate: "),
        "{keys}"
    );
}

#[test]
fn a_load_balancer_that_speaks_tls_to_httpd_shows_it_a_certificate_and_traefik_reads_nothing() {
    let way = ["--topology", "inspect", "--load-balancer", "haproxy"];
    let way = [&way[..], &["--trusted", "10.0.0.7"]].concat();
    let text = explain(&[&way[..], &["--clients-ca", ROOT]].concat());
    assert_eq!(
        text.split_once("read by").unwrap().1,
        ":  browser, HAProxy, httpd\n\
         \x20 browser -> HAProxy: TLS\n\
         \x20   certificate:         its own\n\
         \x20   trusts:              a CA that browsers know, or that was imported\n\
         \x20   expects:             the host\n\
         \x20 HAProxy -> httpd through Traefik: TLS, passed on unopened\n\
         \x20   certificate:         Secret paroisse-a/selfcert, key externcert\n\
         \x20   trusts:              the CA that it was given\n\
         \x20   expects:             the host\n\
         \x20   client certificate:  of a CA of ConfigMap paroisse-a/httpd-ingress\n\
         \x20   PROXY protocol:      v2\n\
         \x20 private keys\n\
         \x20   browser certificate: HAProxy\n\
         \x20   httpd certificate:   httpd, in Secret paroisse-a/selfcert, key externkey\n\
         \x20   CA of httpd:         no program, in Secret paroisse-a/selfcert, key cakey\n\
         \x20   client certificate:  HAProxy\n\
         \x20 settings\n\
         \x20   HAProxy: X-Forwarded-For: the address of the browser\n\
         \x20   HAProxy: X-Forwarded-Proto: https\n\
         \x20   HAProxy: X-Forwarded-Port: 443\n\
         \x20   httpd: ConfigMap httpd-ingress: RemoteIPProxyProtocol: On\n\
         \x20   httpd: ConfigMap httpd-ingress: reverse_proxy_addresses: [10.0.0.7/32]\n\
         \x20 peers of httpd\n\
         \x20   trusted: 10.0.0.7/32\n\
         \x20   where to read them: the addresses of its machine towards the nodes: `ip route get NODE` there says which (`src`)\n"
    );
    let refused = run(&[EXPLAIN, &way].concat());
    assert_eq!(
        (refused.status, refused.stderr.as_str()),
        (
            2,
            "error: --clients-ca: nothing says which CA signs the certificate that the load balancer shows to httpd: without one, whoever reaches httpd passes for the load balancer\n\
             help: name the file with that CA\n"
        )
    );
}

#[test]
fn entry_points_cannot_be_chosen_where_requests_come_without_tls() {
    let refused = run(&[
        "new-instance",
        "paroisse-a",
        "--host=a.example.org",
        "--topology=offload",
        "--load-balancer=haproxy",
        "--trusted=10.0.0.7",
        "--set=civiIngress.entryPoints={other}",
    ]);
    assert_eq!(
        (
            refused.status,
            refused.stdout.as_str(),
            refused.stderr.as_str()
        ),
        (
            2,
            "",
            "error: --topology: entry points cannot be chosen with `offload`: the load balancer speaks plain http to `web`\n\
             help: leave out `entryPoints`\n"
        )
    );
}

#[test]
fn where_requests_come_without_tls_traefik_reads_and_believes_them_there_and_redirects_nothing() {
    let values = |more: &[&str]| {
        let way = ["traefik-values", "--topology=offload", "--trusted=10.0.0.7"];
        run(&[&way[..], &["--load-balancer=haproxy"], more].concat())
    };
    let text = values(&["--forwarded-headers-from=192.0.2.0/24"]).good();
    let web = text.split_once("  web:\n").unwrap().1;
    let web = web.split_once("  websecure:\n").unwrap().0;
    assert_eq!(
        web,
        "    port: 8000\n    hostPort: 80\n    forwardedHeaders:\n      trustedIPs:\n        - \"10.0.0.7/32\"\n        - \"192.0.2.0/24\"\n\
         \x20   transport:\n      respondingTimeouts:\n\
         \x20       # For a whole request with its body: large uploads are cut off after it.\n        readTimeout: 600s\n"
    );
    let old = values(&["--chart=26"]).good();
    assert!(
        old.contains("--entrypoints.web.transport.respondingtimeouts.readtimeout=600s"),
        "{old}"
    );
    let refused = values(&["--redirect=on"]);
    assert_eq!(
        (refused.status, refused.stderr.as_str()),
        (
            2,
            "error: --redirect: a load balancer that ends TLS sends all requests as http\n\
             help: leave it out, and have the load balancer redirect\n"
        )
    );
}

#[test]
fn the_fast_proxy_is_switched_on_where_the_chart_has_it() {
    let text = run(&["traefik-values", "--fast-proxy"]).good();
    assert!(
        text.contains("\nexperimental:\n  fastProxy:\n    # ")
            && text.contains("\n    enabled: true\n"),
        "{text}"
    );
    let refused = run(&["traefik-values", "--fast-proxy", "--chart=33"]);
    assert_eq!(
        (refused.status, refused.stderr.as_str()),
        (
            2,
            "error: --fast-proxy: chart 33 does not have the fast proxy\nhelp: use chart 34 or newer\n"
        )
    );
}

#[test]
fn what_a_load_balancer_cannot_do_is_listed_with_the_way_out_and_refused_when_asked_for() {
    for kind in BalancerKind::ALL {
        let listed = run(&["topology", "list", "--load-balancer", kind.name()]).good();
        let mut lines = listed.lines().peekable();
        while let Some(line) = lines.next() {
            let name = line.split(' ').next().unwrap();
            let reason = lines.next_if(|next| next.starts_with(' '));
            let values = run(&[
                "traefik-values",
                "--topology",
                name,
                "--load-balancer",
                kind.name(),
            ]);
            let Some(reason) = reason else {
                // Nothing is missing but, at most, whom to believe.
                let asks = values.stderr.starts_with("error: --trusted: ");
                assert!(values.status == 0 || asks, "{}", values.stderr);
                continue;
            };
            let (why, instead) = reason
                .trim_start()
                .strip_prefix("no: ")
                .and_then(|reason| reason.split_once("; "))
                .unwrap();
            assert_eq!((values.status, values.stdout.as_str()), (2, ""));
            assert_eq!(
                values.stderr,
                format!("error: --topology: {why}\nhelp: {instead}\n")
            );
        }
    }
}

#[test]
fn all_that_is_wrong_with_a_way_in_is_reported_at_once() {
    let refused = run(&[
        EXPLAIN,
        &[
            "--topology",
            "direct",
            "--proxy-protocol",
            "1",
            "--load-balancer",
            "ovhmks",
            "--trusted",
            "0.0.0.0/0",
        ],
    ]
    .concat());
    assert_eq!((refused.status, refused.stdout.as_str()), (2, ""));
    let errors = refused
        .stderr
        .lines()
        .filter(|line| line.starts_with("error: "));
    let places: Vec<&str> = errors.filter_map(|line| line.split(": ").nth(1)).collect();
    assert_eq!(places, ["--proxy-protocol", "--load-balancer", "--trusted"]);
    let alone = explain_refused(&["--trusted", "10.0.0.0/20"]);
    assert!(
        alone.starts_with("error: --trusted: there is no load balancer"),
        "{alone}"
    );
}

fn explain_refused(more: &[&str]) -> String {
    let refused = run(&[EXPLAIN, more].concat());
    assert_eq!((refused.status, refused.stdout.as_str()), (2, ""));
    refused.stderr
}

const PASSED: &[&str] = &[
    "new-instance",
    "paroisse-a",
    "--host",
    "a.example.org",
    "--topology",
    "passthrough",
];

#[test]
fn an_instance_to_which_tls_is_passed_on_is_refused_all_that_needs_it_opened() {
    let further = [
        "--retry",
        "--hsts",
        "--client-auth",
        "--remote-ip",
        "10.42.0.0/16",
        "--ca-key-out",
        "ca.key",
        "--proxy-protocol",
        "1",
    ];
    let refused = run(&[PASSED, &further].concat());
    assert_eq!((refused.status, refused.stdout.as_str()), (2, ""));
    let found: Vec<&str> = refused
        .stderr
        .lines()
        .filter(|line| line.starts_with("error: "))
        .map(|line| line.split(": ").nth(1).unwrap())
        .collect();
    assert_eq!(
        found,
        [
            "--retry",
            "--hsts",
            "--client-auth",
            "--remote-ip",
            "--ca-key-out",
            "--topology"
        ]
    );
    let named = "name its Secret, of type kubernetes.io/tls: `--public-certificate SECRET`";
    assert!(refused.stderr.contains(named), "{}", refused.stderr);
}

#[test]
fn a_public_certificate_is_refused_where_traefik_ends_tls() {
    let refused = run(&[
        "new-instance",
        "paroisse-a",
        "--host",
        "a.example.org",
        "--public-certificate",
        "web-tls",
    ]);
    assert_eq!((refused.status, refused.stdout.as_str()), (2, ""));
    assert!(
        refused.stderr.starts_with("error: --public-certificate: "),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_new_instance_names_what_traefik_and_its_load_balancer_are_set_by() {
    let named = ["--public-certificate", "web-tls"];
    let way = ["--load-balancer", "openstack", "--trusted", "10.0.0.0/20"];
    let made = run(&[PASSED, &named, &way].concat());
    let command = "civi-ingress traefik-values --topology passthrough --load-balancer openstack --trusted 10.0.0.0/20";
    assert!(made.stderr.contains(command), "{}", made.stderr);
    assert!(
        made.stderr.contains(
            "httpd: the certificate of Secret paroisse-a/web-tls, which others make and renew"
        ),
        "{}",
        made.stderr
    );
    let route =
        "`kubectl -n paroisse-a delete ingressroutes.traefik.io ingressproxy --ignore-not-found`";
    assert!(made.stderr.contains(route), "{}", made.stderr);
    let manifests = made.good();
    let documents: Vec<&str> = manifests
        .split("---\n")
        .filter(|text| !text.is_empty())
        .collect();
    let kinds: Vec<&str> = documents
        .iter()
        .filter_map(|document| {
            document
                .lines()
                .find_map(|line| line.strip_prefix("kind: "))
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "Secret",
            "ConfigMap",
            "ServersTransportTCP",
            "IngressRouteTCP"
        ]
    );
    let keys = documents[0]
        .lines()
        .filter_map(|line| line.strip_prefix("  "));
    let keys: Vec<&str> = keys
        .filter_map(|line| line.split_once(": LS0t").map(|(key, _)| key))
        .collect();
    assert_eq!(keys, ["dbcacert", "dbcakey", "dbservercert", "dbserverkey"]);
    let again = TempDir::new().unwrap();
    write(&again.path().join("a.yaml"), &manifests);
    let reuse = [PASSED, &named, &["--reuse", "a.yaml"]].concat();
    let kept = run_in(again.path(), &reuse).good();
    assert_eq!(kept, manifests);
}

const MOVE: &[&str] = &["topology", "move", "paroisse-a", "--host", "a.example.org"];
const FLEET: &str = "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {name: f}\nspec:\n  domain: example.org\n  secrets: {mode: plain}\n";

fn moved(more: &[&str]) -> serde_json::Value {
    let text = run(&[MOVE, more, &["-o", "json"]].concat()).good();
    report("topologyMove", &text)
}

fn changes(document: &serde_json::Value) -> Vec<&str> {
    let steps = document["steps"].as_array().unwrap();
    steps
        .iter()
        .map(|step| step["change"].as_str().unwrap())
        .collect()
}

/// A directory with a fleet file.
fn fleet(rest: &str) -> TempDir {
    let directory = TempDir::new().unwrap();
    write(
        &directory.path().join("fleet.yaml"),
        &format!("{FLEET}{rest}"),
    );
    directory
}

fn fleet_moved(directory: &TempDir, more: &[&str]) -> Run {
    let command = ["topology", "move", "-f", "fleet.yaml"];
    run_in(directory.path(), &[&command, more].concat())
}

#[test]
fn a_move_to_passthrough_answers_by_a_copy_while_httpd_restarts() {
    let to = ["--to", "passthrough", "--public-certificate", "web-tls"];
    let text = run(&[MOVE, &to].concat()).good();
    assert_snapshot_in!("topology", "move-to-passthrough", text);
    let back = ["--from", "passthrough", "--to", "direct"];
    let back = [&back[..], &["--public-certificate", "web-tls"]].concat();
    let text = run(&[MOVE, &back].concat()).good();
    assert_snapshot_in!("topology", "move-from-passthrough", text);
}

#[test]
fn the_old_route_gives_up_the_name_of_the_host_as_the_release_writes_it() {
    for (release, rule) in [
        (
            "3.7",
            r"HostRegexp(`^a\\.example\\.org$`) || HostRegexp(`^b\\.example\\.org$`)",
        ),
        (
            "2.11",
            "HostRegexp(`a.example.org`) || HostRegexp(`b.example.org`)",
        ),
    ] {
        let to = ["--to", "passthrough", "--public-certificate", "w"];
        let more = ["--alias", "b.example.org", "--traefik", release];
        let text = run(&[MOVE, &to, &more].concat()).good();
        assert!(text.contains(rule), "{text}");
    }
}

#[test]
fn the_old_route_keeps_the_tls_options_of_connections_that_are_open() {
    let to = ["--to", "passthrough", "--public-certificate", "w"];
    let asked = ["--clients-ca", ROOT];
    let rule = r"HostRegexp(`^a\\.example\\.org$`) || Host(`a.example.org.invalid`)";
    let text = run(&[MOVE, &to, &asked].concat()).good();
    assert!(text.contains(rule), "{text}");
    let text = run(&[MOVE, &to].concat()).good();
    assert!(!text.contains(".invalid"), "{text}");
}

#[test]
fn a_fleet_moves_as_a_whole_with_the_words_that_its_file_is_to_have() {
    let fleet = fleet("  instances: {a: {}, b: {}}\n  flux: {source: infra}\n");
    let to = [
        "--to",
        "tcp-proxy",
        "--load-balancer",
        "haproxy",
        "--trusted",
        "10.0.0.7",
    ];
    let text = fleet_moved(&fleet, &to).good();
    assert_snapshot_in!("topology", "move-fleet-to-tcp-proxy", text);
    let some = fleet_moved(&fleet, &[&to[..], &["--instance", "a"]].concat());
    assert_eq!((some.status, some.stdout.as_str()), (2, ""));
    assert!(
        some.stderr
            .contains("the fleet has one Traefik\nhelp: move the whole fleet"),
        "{}",
        some.stderr
    );
    let passed = [
        "--to",
        "passthrough",
        "--public-certificate",
        "w",
        "--instance",
        "b",
    ];
    let text = fleet_moved(&fleet, &passed).good();
    assert!(
        text.contains("#       b: {topology: passthrough, publicCertificate: {secret: w}}\n")
            && text.contains("\n     flux suspend kustomization --all -n flux-system\n")
            && text.contains("\n! A browser that has a connection open for another host")
            && !text.contains("a: direct ->"),
        "{text}"
    );
}

#[test]
fn the_file_of_a_load_balancer_that_is_left_goes_with_the_last_step() {
    let haproxy = ended_fleet("inspect-twice", "haproxy", "");
    let to = ["--to", "direct", "-o", "json"];
    let document = report("topologyMove", &fleet_moved(&haproxy, &to).good());
    let steps = document["steps"].as_array().unwrap();
    let (first, last) = (&steps[0], steps.last().unwrap());
    // Until then it is stale.
    assert!(
        !first["see"].to_string().contains("gitops check"),
        "{first}"
    );
    assert!(
        last["run"]
            .to_string()
            .contains("gitops render -f fleet.yaml --output-dir . --prune")
            && last["see"].to_string().contains("gitops check"),
        "{last}"
    );
    let to = ["--to", "offload", "-o", "json"];
    let document = report("topologyMove", &fleet_moved(&haproxy, &to).good());
    assert!(!document.to_string().contains("--prune"), "{document}");
}

#[test]
fn a_load_balancer_that_is_left_goes_before_nodes_would_wait_for_its_connections() {
    let haproxy = ended_fleet("inspect-twice", "haproxy", "");
    let to = ["--to", "direct", "-o", "json"];
    let document = report("topologyMove", &fleet_moved(&haproxy, &to).good());
    let steps = document["steps"].as_array().unwrap();
    let mut settled = steps.iter().filter(|step| step["change"] == "settle");
    let run = settled.next().unwrap()["run"].as_array().unwrap();
    assert_eq!(run[0], "ssh root@BALANCER systemctl disable --now haproxy");
    assert!(run[1].as_str().unwrap().starts_with("helm upgrade "));
}

#[test]
fn a_load_balancer_that_stays_is_not_taken_down() {
    let moved = |kind: &str, to: &[&str]| {
        let fleet = fleet(&format!(
            "  topology: tcp-proxy\n  loadBalancer: {{kind: {kind}, trusted: [10.0.0.7], nodes: [10.0.0.11]}}\n  instances: {{a: {{}}}}\n"
        ));
        fleet_moved(&fleet, &[&["--load-balancer", kind], to].concat()).good()
    };
    // Its address is named only now.
    let text = moved(
        "haproxy",
        &[
            "--to=inspect-twice",
            "--trusted=10.0.0.7",
            "--load-balancer-address=192.0.2.10",
        ],
    );
    assert!(
        text.contains("(settle)\n") && !text.contains("disable --now haproxy"),
        "{text}"
    );
    // It only comes from elsewhere.
    let text = moved(
        "terraform",
        &[
            "--to=passthrough",
            "--public-certificate=w",
            "--trusted=10.0.0.8",
        ],
    );
    assert!(
        text.contains("(settle)\n") && !text.contains("terraform destroy"),
        "{text}"
    );
}

#[test]
fn instances_of_two_topologies_move_together_with_what_is_done_once_between() {
    let fleet = fleet(
        "  instances:\n    a: {}\n    b: {topology: passthrough, publicCertificate: {secret: w}}\n",
    );
    let to = [
        "--to",
        "tcp-proxy",
        "--load-balancer",
        "haproxy",
        "--trusted",
        "10.0.0.7",
    ];
    let text = fleet_moved(&fleet, &[&to[..], &["-o", "json"]].concat()).good();
    let document = report("topologyMove", &text);
    assert_eq!(
        changes(&document),
        [
            "prepare", "believe", "set-up", "lead", "double", "divert", "rework", "open", "close",
            "dismiss", "finish"
        ]
    );
    let run = document["steps"][4]["run"].to_string();
    assert!(run.contains("-n b ") && !run.contains("-n a "), "{run}");
}

#[test]
fn a_load_balancer_that_stays_is_turned_when_httpd_and_traefik_know_of_it() {
    let balancer = ["--load-balancer", "haproxy", "--trusted", "10.0.0.7"];
    let to = ["--from", "tcp-proxy", "--to", "inspect-twice"];
    let document = moved(&[&to[..], &balancer].concat());
    let order = [
        "prepare", "double", "divert", "rework", "return", "dismiss", "believe", "turn", "settle",
        "finish",
    ];
    assert_eq!(changes(&document), order);
    let back = ["--from", "inspect-twice", "--to", "tcp-proxy"];
    let document = moved(&[&back[..], &balancer].concat());
    let order = [
        "prepare", "believe", "turn", "settle", "double", "divert", "rework", "return", "dismiss",
        "finish",
    ];
    assert_eq!(changes(&document), order);
}

#[test]
fn a_move_to_where_an_instance_is_says_that() {
    let text = run(&[MOVE, &["--to", "direct"]].concat()).good();
    assert_eq!(text, "paroisse-a: direct already\n");
    let fleet = fleet("  instances: {a: {}, b: {}}\n");
    let text = fleet_moved(&fleet, &["--to", "direct"]).good();
    assert_eq!(text, "a: direct already\nb: direct already\n");
}

#[test]
fn a_move_to_what_the_parts_cannot_do_is_refused_with_the_way_out() {
    let refused = |more: &[&str]| {
        let refused = run(&[MOVE, more].concat());
        assert_eq!((refused.status, refused.stdout.as_str()), (2, ""));
        refused.stderr
    };
    let metallb = refused(&["--to", "tcp-proxy", "--load-balancer", "metallb"]);
    assert!(
        metallb.starts_with("error: --to: MetalLB does not send the PROXY protocol")
            && metallb.ends_with("help: use `direct` with it\n"),
        "{metallb}"
    );
    let client = ["--to", "passthrough", "--client-auth"];
    let found = refused(&client);
    assert_eq!(found.matches("\nhelp: ").count(), 2, "{found}");
    assert!(found.contains("`--public-certificate SECRET`"), "{found}");
    let other = ["--to", "direct", "--public-certificate", "w"];
    let found = refused(&other);
    assert!(
        found.starts_with("error: --public-certificate: "),
        "{found}"
    );
    let nobody = ["--to", "tcp-proxy", "--load-balancer", "haproxy"];
    let found = refused(&nobody);
    assert!(found.starts_with("error: --trusted: "), "{found}");
    let proxied = fleet(
        "  topology: tcp-proxy\n  loadBalancer: {kind: openstack, trusted: [10.0.0.0/20]}\n  instances: {a: {}, b: {objects: {retry: 3, hsts: 60}}}\n",
    );
    let ended = fleet_moved(&proxied, &["--to", "inspect-twice"]);
    assert_eq!(ended.status, 2);
    assert!(
        ended.stderr.contains("help: use one that does: `haproxy`"),
        "{}",
        ended.stderr
    );
    let passed = ["--to", "passthrough", "--public-certificate", "w"];
    let passed = fleet_moved(&proxied, &passed);
    assert_eq!(
        passed.stderr.matches("error: ").count(),
        2,
        "{}",
        passed.stderr
    );
    let known =
        fleet("  defaults: {objects: {remoteIp: [10.42.0.0/16]}}\n  instances: {a: {}, b: {}}\n");
    let balancer = ["--load-balancer", "haproxy", "--trusted", "10.0.0.7"];
    let ended = [&["--to", "inspect-twice"][..], &balancer].concat();
    let ended = fleet_moved(&known, &ended);
    assert_eq!(
        (ended.status, ended.stderr.as_str()),
        (
            2,
            "error: --to: httpd takes browsers' addresses from X-Forwarded-For, and learns whose to believe only when it starts\n\
             help: leave out `remoteIp` until all is moved\n"
        )
    );
    let passed_on = [&["--to", "tcp-proxy"][..], &balancer].concat();
    fleet_moved(&known, &passed_on).good();
    // The load balancer of now is left, where it is of no use.
    let text = fleet_moved(&proxied, &["--to", "direct"]).good();
    assert!(text.contains("#     # no `loadBalancer`\n"), "{text}");
}

#[test]
fn a_route_for_plain_http_is_open_beside_that_of_tls_before_browsers_are_led_over() {
    let balancer = ["--load-balancer", "haproxy", "--trusted", "10.0.0.7"];
    let document = moved(&[&["--to", "offload"][..], &balancer].concat());
    let order = [
        "prepare", "double", "divert", "rework", "return", "dismiss", "keep", "open", "believe",
        "set-up", "lead", "close", "finish",
    ];
    assert_eq!(changes(&document), order);
    let run = |index: usize| document["steps"][index]["run"].to_string();
    assert!(run(6).contains("s/ingressproxy/&-before/g"), "{}", run(6));
    assert!(
        run(8).contains("--set ports.web.http.redirections=null"),
        "{}",
        run(8)
    );
    assert!(run(11).contains("/ingressproxy-before"), "{}", run(11));
    assert!(!run(11).contains("transport"), "{}", run(11));
}

/// A fleet behind a load balancer of its own, whose instances have CAs that stay.
fn ended_fleet(topology: &str, kind: &str, more: &str) -> TempDir {
    fleet(&format!(
        "  topology: {topology}\n  loadBalancer: {{kind: {kind}, trusted: [10.0.0.7], nodes: [10.0.0.11]}}\n  defaults: {{certificate: {{ca: stored}}{more}}}\n  instances: {{a: {{}}, b: {{}}}}\n"
    ))
}

#[test]
fn a_load_balancer_trusts_traefik_and_httpd_while_it_comes_to_meet_the_other_one() {
    let twice = ended_fleet("inspect-twice", "haproxy", "");
    let to = ["--to", "inspect", "--clients-ca", ROOT];
    let text = fleet_moved(&twice, &to).good();
    let text = text.replace(ROOT, "/balancer-ca.crt");
    assert_snapshot_in!("topology", "move-fleet-to-inspect", text);
    write(
        &twice.path().join("ca.crt"),
        &fs::read_to_string(ROOT).unwrap(),
    );
    let asks = ", clients: {require: ca.crt}";
    let inspect = ended_fleet("inspect", "haproxy", asks);
    write(
        &inspect.path().join("ca.crt"),
        &fs::read_to_string(ROOT).unwrap(),
    );
    let text = fleet_moved(&inspect, &["--to", "inspect-twice"]).good();
    assert_snapshot_in!("topology", "move-fleet-from-inspect", text);
}

#[test]
fn a_move_to_and_from_inspect_stops_at_inspect_twice() {
    let balancer = ["--load-balancer", "haproxy", "--trusted", "10.0.0.7"];
    let of_balancer = ["--clients-ca", ROOT];
    let to = [&["--to", "inspect"][..], &balancer, &of_balancer].concat();
    let document = moved(&to);
    let all = changes(&document);
    let ends = all.iter().filter(|change| **change == "finish").count();
    assert_eq!(ends, 2, "{all:?}");
    assert_eq!(
        document["instances"][0]["via"].to_string(),
        r#"["inspect-twice"]"#
    );
    let steps = document["steps"].as_array().unwrap();
    let prepared = steps.iter().filter(|step| step["change"] == "prepare");
    let prepared: Vec<String> = prepared.map(|step| step["run"].to_string()).collect();
    // The load balancer is asked for its certificate by httpd alone.
    assert!(
        prepared[0].contains("--topology inspect-twice") && !prepared[0].contains("--clients-ca"),
        "{}",
        prepared[0]
    );
    assert!(
        prepared[1].contains("--topology inspect ") && prepared[1].contains("--clients-ca"),
        "{}",
        prepared[1]
    );
    let back = [
        &["--from", "inspect", "--to", "direct"][..],
        &balancer,
        &of_balancer,
    ]
    .concat();
    let text = run(&[MOVE, &back].concat()).good();
    assert!(
        text.starts_with("paroisse-a: inspect -> inspect-twice -> direct\n")
            && !text.contains("--clients-ca"),
        "{text}"
    );
    // Nobody but the load balancer has such a certificate.
    let inspect = ended_fleet("inspect", "haproxy", ", clients: {require: ca.crt}");
    write(
        &inspect.path().join("ca.crt"),
        &fs::read_to_string(ROOT).unwrap(),
    );
    let text = fleet_moved(&inspect, &["--to", "direct"]).good();
    assert_eq!(text.matches("# and no `clients`").count(), 1, "{text}");
}

#[test]
fn a_move_to_inspect_needs_cas_that_stay_and_one_for_the_load_balancer() {
    let refused = |fleet: &TempDir, more: &[&str]| {
        let refused = fleet_moved(fleet, more);
        assert_eq!((refused.status, refused.stdout.as_str()), (2, ""));
        refused.stderr
    };
    let twice = ended_fleet("inspect-twice", "haproxy", "");
    let found = refused(&twice, &["--to", "inspect"]);
    assert!(
        found.contains("help: name the file with that CA: `--clients-ca FILE`"),
        "{found}"
    );
    let named = ["--to", "direct", "--clients-ca", ROOT];
    let found = refused(&twice, &named);
    assert!(
        found.starts_with("error: --clients-ca: the fleet file says who is let in"),
        "{found}"
    );
    let discarded = fleet(
        "  topology: offload\n  loadBalancer: {kind: haproxy, trusted: [10.0.0.7], nodes: [10.0.0.11]}\n  instances: {a: {}}\n",
    );
    let found = refused(&discarded, &["--to", "inspect", "--clients-ca", ROOT]);
    assert!(
        found.contains(
            "help: write `certificate: {ca: stored}`, render and apply it, and move then"
        ),
        "{found}"
    );
    // What Traefik does with requests that it reads it does not do with TLS that it passes on.
    let retried = ended_fleet("offload", "haproxy", ", objects: {retry: 3}");
    let found = refused(&retried, &["--to", "inspect", "--clients-ca", ROOT]);
    assert!(
        found.contains("Traefik cannot send a request again"),
        "{found}"
    );
    let offload = ended_fleet("offload", "terraform", "");
    let text = fleet_moved(&offload, &["--to", "inspect", "--clients-ca", ROOT]).good();
    assert!(
        text.contains(" (set-up)\n") && text.contains(" (lead)\n"),
        "{text}"
    );
}

#[test]
fn octavia_is_followed_by_one_that_trusts_traefik_and_httpd_and_that_by_one_that_trusts_one_of_them()
 {
    let ended = |topology: &str, more: &str| {
        let asks = "{certificate: {ca: stored}, clients: {require: root.crt}}";
        let fleet = fleet(&format!(
            "  topology: {topology}\n  loadBalancer: {{kind: terraform, trusted: [10.0.0.0/24], nodes: [10.0.0.11]{more}}}\n  \
             defaults: {asks}\n  instances: {{a: {{}}}}\n"
        ));
        std::fs::copy(ROOT, fleet.path().join("root.crt")).unwrap();
        fleet
    };
    let runs = |fleet: &TempDir, to: &str| {
        let text = fleet_moved(fleet, &["--to", to, "-o", "json"]).good();
        let document = report("topologyMove", &text);
        let steps = document["steps"].as_array().unwrap();
        let of = |change: &str| {
            let mut found = steps.iter().filter(|step| step["change"] == change);
            found.next().unwrap()["run"].clone()
        };
        [of("trust"), of("turn")]
    };
    let place = "-f fleet.yaml --output-dir .";
    let barbican = format!(
        "# Barbican: a secret BOTH with the CA of the certificate that Traefik shows, and those of the instances: \
         `civi-ingress gitops ca {place}` and `civi-ingress gitops ca a {place}` print them"
    );
    let gone = |workspace: &str| {
        [
            "# when nobody comes by the one of before:".to_owned(),
            format!(
                "TF_WORKSPACE={workspace} terraform -chdir=outside/terraform destroy  # the workspace of the one of before"
            ),
        ]
    };
    let [again, gone] = [gone("default"), gone("both")];
    for (from, to, authority) in [
        ("inspect-twice", "inspect", "httpd_ca_ref"),
        ("inspect", "inspect-twice", "traefik_ca_ref"),
    ] {
        let [trust, turn] = runs(&ended(from, ", address: 192.0.2.10"), to);
        assert_eq!(
            trust,
            serde_json::json!([
                barbican,
                "terraform -chdir=outside/terraform workspace new both",
                format!(
                    "terraform -chdir=outside/terraform apply -var {authority}=BOTH -var floating_ip=ANOTHER"
                ),
                "# DNS: *.example.org: ANOTHER, the address of that one",
                again[0],
                again[1],
            ])
        );
        assert_eq!(
            turn,
            serde_json::json!([
                "terraform -chdir=outside/terraform workspace new next",
                "terraform -chdir=outside/terraform apply",
                "# DNS: *.example.org: 192.0.2.10",
                gone[0],
                gone[1],
            ])
        );
    }
    // Without an address of its own each has that of its subnet.
    let [trust, turn] = runs(&ended("inspect-twice", ""), "inspect");
    assert!(!trust.to_string().contains("floating_ip"), "{trust}");
    assert!(
        turn.to_string()
            .contains("the address of Octavia by Terraform"),
        "{turn}"
    );
    // One that only changes what it sends keeps its address at no moment.
    let passed = ended("inspect-twice", ", address: 192.0.2.10");
    let run = fleet_moved(&passed, &["--to", "tcp-proxy"]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    assert_eq!(
        run.stderr,
        "error: --to: Octavia by Terraform changes what it sends by a second load balancer, and `192.0.2.10` can lead to one of the two alone\n\
         help: name the address of the second one: `--load-balancer-address ADDRESS`, with `--load-balancer` and `--trusted`\n"
    );
}

/// A fleet whose instances have certificates of their own, for which cert-manager asks so.
fn asking_fleet(acme: &str, more: &str) -> TempDir {
    fleet(&format!(
        "  publicCertificate: {{mode: acme, names: instance, acme: {{issuer: parish, {acme}}}}}\n  instances: {{a: {{}}, b: {{}}}}\n{more}"
    ))
}

#[test]
fn a_fleet_that_knows_the_certificate_of_each_instance_moves_to_and_from_passthrough_with_it() {
    let asking = asking_fleet("challenge: dns-01", "");
    let text = fleet_moved(&asking, &["--to", "passthrough"]).good();
    assert!(
        text.contains("httpd.serverCertSecret=public-tls,"),
        "{text}"
    );
    // It is shown by Traefik now, and the fleet file need not name it.
    assert!(
        !text.contains("publicCertificate") && !text.contains("get secret public-tls"),
        "{text}"
    );
    let passed = asking_fleet("challenge: dns-01", "  topology: passthrough\n");
    let text = fleet_moved(&passed, &["--to", "direct"]).good();
    assert!(!text.contains("TLSStore"), "{text}");

    let named =
        fleet("  defaults: {publicCertificate: {secret: web-tls}}\n  instances: {a: {}, b: {}}\n");
    let text = fleet_moved(&named, &["--to", "passthrough"]).good();
    assert!(
        text.contains("httpd.serverCertSecret=web-tls,")
            && text.contains("get secret web-tls")
            && !text.contains("publicCertificate"),
        "{text}"
    );
}

#[test]
fn another_certificate_is_asked_for_before_httpd_shows_it() {
    let asking = asking_fleet("challenge: dns-01", "");
    let to = ["--to", "passthrough", "--public-certificate", "web-tls"];
    let document = fleet_moved(&asking, &[&to[..], &["-o", "json"]].concat()).good();
    let document = report("topologyMove", &document);
    let prepare = &document["steps"][0];
    assert_eq!(
        prepare["run"],
        serde_json::json!([
            "# fleet.yaml:",
            "#   spec:",
            "#     topology: passthrough",
            "#     defaults: {publicCertificate: {secret: web-tls}}",
            "#   # and no `topology` of its own at an instance",
            "civi-ingress gitops render -f fleet.yaml --output-dir .",
            "kubectl apply -f instances/a/certificate-web-tls.yaml",
            "kubectl apply -f instances/b/certificate-web-tls.yaml",
        ])
    );
    assert!(prepare["see"].to_string().contains("get secret web-tls"));
}

#[test]
fn a_move_to_where_no_ca_can_be_answered_or_nobody_reads_the_certificate_is_refused() {
    let refused = |acme: &str, to: &[&str]| {
        let run = fleet_moved(&asking_fleet(acme, ""), to);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""));
        run.stderr
    };
    assert_eq!(
        refused("challenge: http-01", &["--to", "passthrough"]),
        "error: --to: no CA gets an answer at port 80 of this instance: Traefik sends it on to https, and that to the httpd\n\
         help: use `challenge: dns-01` under `spec.publicCertificate.acme`\n"
    );
    let to = ["--to", "inspect-twice", "--load-balancer", "haproxy"];
    assert_eq!(
        refused(
            "challenge: dns-01",
            &[&to[..], &["--trusted", "10.0.0.7"]].concat()
        ),
        "error: --to: HAProxy shows its certificate to browsers, and reads no Secret of the cluster\n\
         help: use a topology in which TLS ends in the cluster, or `mode: own`\n"
    );
}

#[test]
fn drupal_knows_both_load_balancers_while_browsers_are_led_from_one_to_the_other() {
    let haproxy = ended_fleet("inspect-twice", "haproxy", "");
    let to = [
        "--to",
        "offload",
        "--load-balancer",
        "terraform",
        "--trusted",
        "10.0.1.0/24",
    ];
    let text = fleet_moved(&haproxy, &[&to[..], &["-o", "json"]].concat()).good();
    let document = report("topologyMove", &text);
    assert_eq!(
        changes(&document),
        [
            "prepare", "acquaint", "keep", "open", "believe", "set-up", "lead", "settle", "close",
            "acquaint", "finish"
        ]
    );
    let run = |index: usize| document["steps"][index]["run"].to_string();
    assert!(
        run(1).contains("kubectl -n a patch configmap httpd-ingress --type=merge")
            && run(1).contains("10.0.0.7/32,10.0.1.0/24"),
        "{}",
        run(1)
    );
    assert!(
        run(9).contains("10.0.1.0/24") && !run(9).contains("10.0.0.7"),
        "{}",
        run(9)
    );
}

#[test]
fn an_instance_learns_of_its_load_balancer_by_the_options_that_name_it() {
    let balancer = ["--load-balancer", "haproxy", "--trusted", "10.0.0.7"];
    let to = [&["--to", "offload"][..], &balancer].concat();
    let document = moved(&to);
    let steps = document["steps"].as_array().unwrap();
    let rework = steps
        .iter()
        .find(|step| step["change"] == "rework")
        .unwrap();
    let run = rework["run"].to_string();
    assert!(run.contains("-configmap-httpd-ingress.yaml"), "{run}");
}
