//! Both legs as routes of all kinds lead them.

use super::behind::Live;
use super::pki::{Authority, Leaf};
use super::server::{Behaviour, OK, ProxyHeader, Server, closed};
use super::{assert_broken, assert_says, probe, verdicts};
use crate::support::{Run, run_in, write};

/// The Secrets of an instance, and other objects in place of its route.
fn led_by(live: &Live, objects: &str) -> String {
    let documents = live.manifests.split("---\n");
    let secrets: Vec<&str> = documents
        .filter(|document| !document.contains("kind: IngressRoute"))
        .collect();
    format!("{}---\n{objects}", secrets.join("---\n"))
}

/// A TCP route for the host, with more in its service and under `tls`.
fn tcp(service: &str, tls: &str) -> String {
    format!(
        "apiVersion: traefik.io/v1alpha1\nkind: IngressRouteTCP\nmetadata: {{name: tcp, namespace: paroisse-a}}\nspec:\n  entryPoints: [websecure]\n  \
         routes: [{{match: HostSNI(`a.example.org`), services: [{{name: civicrmhttpd, port: 443{service}}}]}}]\n  tls: {{{tls}}}\n"
    )
}

/// An IngressRoute for the host with a rule and more of its route and its `tls`, and further objects.
fn http(rule: &str, route: &str, tls: &str, further: &str) -> String {
    format!(
        "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {{name: http, namespace: paroisse-a}}\nspec:\n  \
         routes: [{{match: '{rule}', services: [{{name: civicrmhttpd, port: 443, serversTransport: transport-selfsigned}}]{route}}}]\n  tls: {{{tls}}}\n{further}"
    )
}

#[test]
fn tls_that_is_passed_through_is_the_httpds_own_on_both_legs() {
    let mut live = Live::new(OK, &[]);
    live.front = Server::start(Behaviour::tls(&live.pair(), OK));
    let httpd = Server::start(Behaviour::tls(&live.pair(), OK));
    let manifests = led_by(&live, &tcp("", "passthrough: true"));
    let run = live.probe(&manifests, httpd.address, &[]);
    assert_says(
        &run,
        0,
        &[
            "expects a certificate for a.example.org, trusts Secret paroisse-a/externca key ca.crt (1)",
            "ok      objects   IngressRouteTCP paroisse-a/tcp takes the host: HostSNI(`a.example.org`), and passes its TLS through to the httpd",
            "note    trust     browsers see the httpd's own certificate here, from a private CA (Secret paroisse-a/externca key ca.crt): they refuse it unless they have imported that CA",
            "note    hsts      no Strict-Transport-Security; the httpd must send it",
            "a.example.org: all is well on both legs",
        ],
    );
}

#[test]
fn tls_that_ends_before_the_httpd_although_it_should_be_passed_through_is_found_without_the_other_leg()
 {
    let live = Live::new(OK, &[]);
    write(
        &live.directory.path().join("m.yaml"),
        &led_by(&live, &tcp("", "passthrough: true")),
    );
    let front = live.front.address.to_string();
    let run = run_in(
        live.directory.path(),
        &[
            "probe",
            "a.example.org",
            "--connect",
            &front,
            "--ca",
            "wildcard.crt",
            "--manifest",
            "m.yaml",
        ],
    );
    assert_says(
        &run,
        1,
        &[
            "BROKEN  chain     the front shows a certificate other than Secret paroisse-a/selfcert key externcert: TLS is not passed through to it",
            "fix:      check in Traefik's log whether IngressRouteTCP paroisse-a/tcp is applied, and whether an http route names the host, which goes first",
        ],
    );
}

#[test]
fn the_proxy_protocol_of_a_tcp_service_goes_before_the_browsers_tls() {
    let mut live = Live::new(OK, &[]);
    live.front = Server::start(Behaviour::tls(&live.pair(), OK));
    let expecting = Behaviour {
        proxy_header: ProxyHeader::Block,
        ..Behaviour::tls(&live.pair(), OK)
    };
    let httpd = Server::start(expecting);
    let manifests = led_by(
        &live,
        &tcp(", proxyProtocol: {version: 2}", "passthrough: true"),
    );
    let run = live.probe(&manifests, httpd.address, &[]);
    assert_says(
        &run,
        0,
        &[
            "note    tcp       a PROXY protocol header of version 2 is sent first, as IngressRouteTCP paroisse-a/tcp says",
        ],
    );
    let received = httpd.end();
    assert!(
        received[0].starts_with("[0d, 0a, 0d, 0a, 00, 0d, 0a, 51"),
        "{received:?}"
    );

    let other = Server::start(Behaviour::tls(&live.pair(), OK));
    let run = live.probe(&manifests, other.address, &[]);
    assert_broken(&run, &["tls"]);
    assert_says(
        &run,
        1,
        &[
            "fix:      the httpd may not expect the PROXY protocol: set `RemoteIPProxyProtocol On` there, or remove proxyProtocol from IngressRouteTCP paroisse-a/tcp",
        ],
    );
}

#[test]
fn a_tcp_route_whose_tls_ends_at_traefik_speaks_as_its_service_says() {
    let live = Live::new(OK, &[]);
    let plain = Server::start(Behaviour::plain(OK));
    let run = live.probe(&led_by(&live, &tcp("", "")), plain.address, &[]);
    assert_says(
        &run,
        1,
        &[
            "warning tls       the TLS of browsers ends at Traefik, and the connection from there to the httpd is not encrypted",
        ],
    );
    let own = "---\napiVersion: traefik.io/v1alpha1\nkind: ServersTransportTCP\nmetadata: {name: own, namespace: paroisse-a}\nspec: {tls: {serverName: b.example.org, rootCAs: [{secret: externca}]}}\n";
    let manifests = led_by(
        &live,
        &(tcp(", tls: true, serversTransport: own", "") + own),
    );
    let httpd = Server::start(Behaviour::tls(&live.pair(), OK));
    let run = live.probe(&manifests, httpd.address, &[]);
    assert_says(
        &run,
        1,
        &[
            "front -> httpd: BACKEND as ServersTransportTCP paroisse-a/own says",
            "BROKEN  name      the certificate is for a.example.org, not for `b.example.org`; Traefik logs `tls: failed to verify certificate: x509: certificate is valid for a.example.org, not b.example.org` and closes the browser's connection",
            "fix:      set `serverName: a.example.org` in ServersTransportTCP paroisse-a/own",
        ],
    );
    let run = live.probe(&manifests, closed(), &[]);
    assert_says(
        &run,
        1,
        &[
            "BROKEN  tcp       BACKEND: nothing listens there (connection refused); Traefik closes the browser's connection",
        ],
    );
}

#[test]
fn a_request_is_bent_to_the_rule_on_both_legs() {
    let live = Live::new(OK, &[]);
    let httpd = Server::start(Behaviour::tls(&live.pair(), OK));
    let rule = "Host(`a.example.org`) && PathPrefix(`/api`) && Header(`X-A`, `b`)";
    let run = live.probe(&led_by(&live, &http(rule, "", "", "")), httpd.address, &[]);
    assert_says(
        &run,
        0,
        &[
            "note    objects   no rule takes `/` alone, so `/api` with `X-A: b` is requested, as IngressRoute paroisse-a/http requires",
        ],
    );
    for received in [live.front.end(), httpd.end()] {
        assert!(
            received[0].starts_with("GET /api HTTP/1.1\r\n")
                && received[0].contains("\r\nX-A: b\r\n"),
            "{received:?}"
        );
    }
}

/// Looks at the front alone, led by an IngressRoute.
fn front(behaviour: Behaviour, authority: &Authority, objects: &str) -> Run {
    let server = Server::start(behaviour);
    let directory = tempfile::TempDir::new().unwrap();
    let file = directory.path().join("m.yaml");
    write(&file, objects);
    probe(
        server.address,
        authority,
        &["--manifest", file.to_str().unwrap()],
    )
}

#[test]
fn a_tls_option_that_is_not_in_force_is_found() {
    let authority = Authority::new("our CA");
    let pair = authority.leaf(&Leaf::default());
    let option = |fields: &str| {
        let further = format!(
            "---\napiVersion: traefik.io/v1alpha1\nkind: TLSOption\nmetadata: {{name: strict, namespace: paroisse-a}}\nspec: {{{fields}}}\n"
        );
        http(
            "Host(`a.example.org`)",
            "",
            "options: {name: strict}",
            &further,
        )
    };
    let run = front(
        Behaviour::tls(&pair, OK),
        &authority,
        &option("minVersion: VersionTLS13, alpnProtocols: [http/1.1]"),
    );
    assert_says(
        &run,
        1,
        &[
            "warning tls       TLSOption paroisse-a/strict is not in force: minVersion is TLS 1.3, and the front accepts TLS 1.2 too; alpnProtocols has http/1.1, and the front chose none",
        ],
    );
    let strict = Behaviour::only_tls_13(&pair, OK);
    let run = front(strict, &authority, &option("minVersion: VersionTLS13"));
    assert_says(
        &run,
        0,
        &[
            "ok      tls       TLSOption paroisse-a/strict asks for TLS 1.3 at least, and TLS 1.3 is spoken, and TLS 1.2 is refused",
        ],
    );
    let run = front(
        Behaviour::tls(&pair, OK),
        &authority,
        &option("minVersion: VersionTLS12"),
    );
    assert_says(
        &run,
        0,
        &[
            "ok      tls       TLSOption paroisse-a/strict asks for TLS 1.2 at least, and TLS 1.3 is spoken; whether older versions are refused cannot be seen from here",
        ],
    );
    let clients =
        "clientAuth: {clientAuthType: RequireAndVerifyClientCert, secretNames: [clients]}";
    let asking = Behaviour::for_clients_of(&authority.certificate, &pair, OK);
    let run = front(asking, &authority, &option(clients));
    let said = "TLSOption paroisse-a/strict lets no browser in without a certificate of a CA in Secret clients (RequireAndVerifyClientCert), and none is given";
    assert_says(&run, 1, &[&format!("warning client    {said}")]);
    let order: Vec<String> = verdicts(&run).into_iter().map(|(_, check)| check).collect();
    assert_eq!(order[..3], ["objects", "client", "tcp"], "{}", run.stdout);
    assert_broken(&run, &["client"]);
}

#[test]
fn hsts_that_a_middleware_sets_is_missed_in_the_answer() {
    let authority = Authority::new("our CA");
    let pair = authority.leaf(&Leaf::default());
    let further = "---\napiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: hsts, namespace: paroisse-a}\nspec: {headers: {stsSeconds: 600}}\n";
    let objects = http(
        "Host(`a.example.org`)",
        ", middlewares: [{name: hsts}]",
        "",
        further,
    );
    for (answer, status, line) in [
        (
            OK,
            1,
            "warning hsts      Middleware paroisse-a/hsts sets stsSeconds 600, and the answer has no Strict-Transport-Security",
        ),
        (
            "HTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=9\r\n\r\n",
            1,
            "warning hsts      Strict-Transport-Security has max-age 9, and Middleware paroisse-a/hsts sets stsSeconds 600",
        ),
        (
            "HTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=600\r\n\r\n",
            0,
            "ok      hsts      max-age=600",
        ),
        (
            "HTTP/1.1 502 Bad Gateway\r\n\r\n",
            1,
            "note    hsts      no Strict-Transport-Security; `--hsts` renders it",
        ),
    ] {
        let run = front(Behaviour::tls(&pair, answer), &authority, &objects);
        assert_says(&run, status, &[line]);
    }
}

#[test]
fn json_names_the_service_and_the_kind_of_its_transport() {
    let live = Live::new(OK, &[]);
    let httpd = Server::start(Behaviour::tls(&live.pair(), OK));
    let run = live.probe(&live.manifests, httpd.address, &["--format", "json"]);
    let report = crate::support::report("probe", &run.stdout);
    let leg = &report["legs"][1];
    assert_eq!(
        [
            &leg["serversTransport"],
            &leg["serversTransportKind"],
            &leg["service"],
            &leg["leg"]
        ],
        [
            "paroisse-a/transport-selfsigned",
            "ServersTransport",
            "paroisse-a/civicrmhttpd port 443",
            "backend"
        ]
    );
}

#[test]
fn the_code_of_a_rule_is_in_the_report_for_people_and_for_programs() {
    let authority = Authority::new("our CA");
    let pair = authority.leaf(&Leaf::default());
    let store = |namespace: &str| {
        format!(
            "---\napiVersion: traefik.io/v1alpha1\nkind: TLSStore\nmetadata: {{name: default, namespace: {namespace}}}\n"
        )
    };
    let objects = http("Host(`a.example.org`)", "", "", &(store("a") + &store("b")));
    let said = "there are several TLSStores named `default`: a/default, b/default. Traefik drops them all, and browsers see its own certificate.";
    let run = front(Behaviour::tls(&pair, OK), &authority, &objects);
    assert_says(
        &run,
        1,
        &[
            &format!("warning objects   [CI401] {said}"),
            "fix:      Keep one in the whole cluster; any namespace that Traefik watches will do.",
        ],
    );
    let server = Server::start(Behaviour::tls(&pair, OK));
    let directory = tempfile::TempDir::new().unwrap();
    let file = directory.path().join("m.yaml");
    write(&file, &objects);
    let manifest = ["--manifest", file.to_str().unwrap(), "-o", "json"];
    let run = probe(server.address, &authority, &manifest);
    let report = crate::support::report("probe", &run.stdout);
    let findings = report["legs"][0]["findings"].as_array().unwrap();
    assert_eq!(findings[0]["rule"], "CI401");
    assert_eq!(findings[0]["what"], said);
    assert!(findings[1].get("rule").is_none(), "{}", findings[1]);
}

#[test]
fn an_encrypted_ca_is_refused_at_its_place_before_anything_is_dialed() {
    let live = Live::new(OK, &[]);
    let data = live
        .manifests
        .lines()
        .find(|line| line.trim_start().starts_with("ca.crt:"))
        .unwrap();
    let locked = live
        .manifests
        .replace(data, "  ca.crt: ENC[AES256_GCM,data:x]");
    let run = live.probe(&locked, closed(), &[]);
    let at = locked
        .lines()
        .position(|line| line.trim() == "- secret: externca")
        .unwrap()
        + 1;
    assert_eq!((run.status, run.stdout.as_str()), (3, ""));
    let first = format!(
        "error: standard input:{at}:7: Secret paroisse-a/externca key ca.crt is encrypted (SOPS), so it cannot be read here\n"
    );
    assert!(run.stderr.starts_with(&first), "{}", run.stderr);
    assert_eq!(live.front.end(), [""; 0]);
}

#[test]
fn a_front_that_closes_because_its_httpd_is_away_is_not_blamed() {
    let mut live = Live::new(OK, &[]);
    for (tls, answering) in [
        ("passthrough: true", Behaviour::plain("")),
        (
            "",
            Behaviour {
                answer: Vec::new(),
                ..Behaviour::tls(&live.wildcard(), OK)
            },
        ),
    ] {
        live.front = Server::start(answering);
        let manifests = led_by(&live, &tcp("", tls));
        let run = live.probe(&manifests, closed(), &[]);
        assert_says(
            &run,
            1,
            &[
                "fix:      Traefik closes the connection of a TCP route if it does not reach the httpd: fix the leg behind first",
                "a.example.org: the leg front -> httpd is broken, and that is why the front answers like this",
            ],
        );
    }
    live.front = Server::start(Behaviour::plain(""));
    write(
        &live.directory.path().join("m.yaml"),
        &led_by(&live, &tcp("", "passthrough: true")),
    );
    let front = live.front.address.to_string();
    let run = run_in(
        live.directory.path(),
        &[
            "probe",
            "a.example.org",
            "--connect",
            &front,
            "--manifest",
            "m.yaml",
        ],
    );
    assert_says(
        &run,
        1,
        &[
            "fix:      Traefik closes the connection of a TCP route if it does not reach the httpd: check that leg with `--backend ADDR:PORT`; or it expects the PROXY protocol: try `--proxy-protocol v1`",
        ],
    );
}

#[test]
fn sni_strict_is_not_in_force_where_a_certificate_of_another_name_comes() {
    let authority = Authority::new("our CA");
    let pair = authority.leaf(&Leaf {
        names: &["b.example.org"],
        ..Leaf::default()
    });
    let option = "---\napiVersion: traefik.io/v1alpha1\nkind: TLSOption\nmetadata: {name: default, namespace: any}\nspec: {sniStrict: true}\n";
    let run = front(
        Behaviour::tls(&pair, OK),
        &authority,
        &http("Host(`a.example.org`)", "", "", option),
    );
    assert_says(
        &run,
        1,
        &[
            "warning tls       TLSOption any/default is not in force: sniStrict, and the front shows a certificate for another name",
        ],
    );
}
