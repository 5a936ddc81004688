//! The leg from a browser to Traefik.

use super::pki::{Authority, Leaf};
use super::server::{Behaviour, OK, ProxyHeader, Server, closed, with_patience};
use super::{assert_broken, assert_says, is_broken, make_private, probe};
use crate::support::{run_in, write};
use rcgen::ExtendedKeyUsagePurpose;
use serde_json::Value;
use tempfile::TempDir;

#[test]
fn a_good_host_is_reported_line_by_line_and_ends_with_0() {
    let authority = Authority::new("our CA");
    let hsts = "HTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=31536000\r\n\r\n";
    let server = Server::start(Behaviour::tls(&authority.leaf(&Leaf::default()), hsts));
    let run = probe(server.address, &authority, &["--path", "/user/login"]);
    assert_eq!(
        run.stdout,
        "browser -> front: ADDRESS\n  \
         expects a certificate for a.example.org, trusts ca.crt (1)\n  \
         ok      tcp       ADDRESS connected in N ms\n  \
         ok      tls       TLS 1.3, TLS13_AES_256_GCM_SHA384, no ALPN, in N ms\n  \
         ok      chain     1 sent: `CN=leaf`\n  \
         ok      dates     valid until 2027-09-17T10:00:00Z, 300 days left\n  \
         ok      name      a.example.org covers `a.example.org`\n  \
         ok      trust     a path leads to `CN=our CA` of ca.crt\n  \
         ok      http      status 200\n  \
         ok      hsts      max-age=31536000\n  \
         ok      sni       a client that sends no name (SNI) is shown the same certificate\n\
         a.example.org: all is well as far as a browser can see\n"
    );
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    let request = server.end().concat();
    assert!(
        request.starts_with("GET /user/login HTTP/1.1\r\nHost: a.example.org\r\n"),
        "{request}"
    );
}

#[test]
fn a_wrong_authority_breaks_the_leg_and_nothing_is_asked() {
    let authority = Authority::new("our CA");
    let server = Server::start(Behaviour::tls(&authority.leaf(&Leaf::default()), OK));
    let run = probe(server.address, &Authority::new("another CA"), &[]);
    assert_broken(&run, &["trust"]);
    assert_says(
        &run,
        1,
        &[
            "BROKEN  trust     no path leads to ca.crt: the server does not send the issuer `CN=our CA`, and ca.crt does not hold it",
            "a.example.org: broken: browser -> front",
        ],
    );
    assert_eq!(
        server.end(),
        [""; 0],
        "a request went over a connection that nobody verified"
    );
}

#[test]
fn an_authority_reissued_under_its_old_name_is_recognised() {
    let server = Authority::new("our CA").leaf(&Leaf::default());
    let server = Server::start(Behaviour::tls(&server, OK));
    let run = probe(server.address, &Authority::new("our CA"), &[]);
    let line = "BROKEN  trust     ca.crt holds an authority named `CN=our CA`, but another key signed: the authority was reissued";
    assert_says(&run, 1, &[line]);
}

#[test]
fn the_page_is_asked_for_over_a_refused_certificate_only_on_request_and_the_report_says_so() {
    let authority = Authority::new("our CA");
    let server = Server::start(Behaviour::tls(&authority.leaf(&Leaf::default()), OK));
    let run = probe(
        server.address,
        &Authority::new("another CA"),
        &["--insecure-continue"],
    );
    assert_broken(&run, &["trust"]);
    let lines = [
        "warning trust     --insecure-continue: the page was requested although the certificate is refused",
        "ok      http      status 200",
    ];
    assert_says(&run, 1, &lines);
}

#[test]
fn a_certificate_for_other_names_is_refused_and_a_wildcard_too_high_explained() {
    let authority = Authority::new("our CA");
    for (names, line) in [
        (
            &["b.example.org", "c.example.org"][..],
            "BROKEN  name      the certificate is for b.example.org, c.example.org, not for `a.example.org`",
        ),
        (
            &["*.org"],
            "BROKEN  name      the certificate is for *.org, not for `a.example.org`: `*.org` covers names with exactly one label in the asterisk's place",
        ),
        (
            &[],
            "BROKEN  name      the certificate has no subject alternative name",
        ),
    ] {
        let pair = authority.leaf(&Leaf {
            names,
            ..Leaf::default()
        });
        let server = Server::start(Behaviour::tls(&pair, OK));
        let run = probe(server.address, &authority, &[]);
        assert_broken(&run, &["name"]);
        assert_says(&run, 1, &[line]);
    }
}

#[test]
fn a_common_name_alone_is_not_a_name() {
    let authority = Authority::new("our CA");
    let pair = authority.leaf(&Leaf {
        names: &[],
        common_name: "a.example.org",
        ..Leaf::default()
    });
    let server = Server::start(Behaviour::tls(&pair, OK));
    let run = probe(server.address, &authority, &[]);
    assert_broken(&run, &["name"]);
    assert_says(
        &run,
        1,
        &[
            "BROKEN  name      the certificate has `a.example.org` as common name only, without subject alternative names",
        ],
    );
}

#[test]
fn dates_are_judged_at_the_present_that_was_given() {
    let authority = Authority::new("our CA");
    for (days, verdict, line) in [
        (
            (-300, -2),
            "BROKEN",
            "BROKEN  dates     the certificate has expired, at 2026-11-19T10:00:00Z (2 days ago)",
        ),
        (
            (3, 300),
            "BROKEN",
            "BROKEN  dates     the certificate is not valid yet: it begins at 2026-11-24T10:00:00Z",
        ),
        (
            (-300, 29),
            "warning",
            "warning dates     the certificate expires in 29 days, at 2026-12-20T10:00:00Z",
        ),
    ] {
        let pair = authority.leaf(&Leaf {
            days,
            ..Leaf::default()
        });
        let server = Server::start(Behaviour::tls(&pair, OK));
        let run = probe(server.address, &authority, &[]);
        assert_says(&run, 1, &[line]);
        assert_eq!(verdict == "BROKEN", server.end().is_empty());
    }
    let pair = authority.leaf(&Leaf {
        days: (-300, 29),
        ..Leaf::default()
    });
    let server = Server::start(Behaviour::tls(&pair, OK));
    assert_eq!(
        probe(server.address, &authority, &["--expires-within", "28d"]).status,
        0
    );
}

#[test]
fn all_faults_of_a_certificate_are_reported_at_once() {
    let pair = Authority::new("another CA").leaf(&Leaf {
        names: &["b.example.org"],
        days: (-300, -2),
        ..Leaf::default()
    });
    let server = Server::start(Behaviour::tls(&pair, OK));
    let run = probe(server.address, &Authority::new("our CA"), &[]);
    assert_broken(&run, &["dates", "name", "trust"]);
}

#[test]
fn a_missing_intermediate_is_named_and_a_sent_one_is_good() {
    let root = Authority::new("root");
    let intermediate = root.intermediate("intermediate");
    let mut pair = intermediate.leaf(&Leaf::default());
    let server = Server::start(Behaviour::tls(&pair, OK));
    let run = probe(server.address, &root, &[]);
    assert_says(
        &run,
        1,
        &[
            "BROKEN  trust     no path leads to ca.crt: the server does not send the issuer `CN=intermediate`, and ca.crt does not hold it",
            "fix:      import the new CA in place of ca.crt, or put the old certificate back into the Secret that the TLSStore `default` names; if `CN=intermediate` is an intermediate instead, append its certificate to tls.crt of the Secret that the TLSStore `default` names",
        ],
    );

    let both = Authority::of_file(&[&root, &intermediate]);
    let server = Server::start(Behaviour::tls(&pair, OK));
    let run = probe(server.address, &both, &[]);
    assert_says(
        &run,
        1,
        &[
            "warning trust     a path leads to ca.crt only because the intermediate `CN=intermediate` is in there: the server does not send it, and who trusts the root `CN=root` alone refuses the certificate",
            "fix:      append the certificate of `CN=intermediate` to tls.crt of the Secret that the TLSStore `default` names",
        ],
    );

    let leaf = pair.chain.clone();
    pair.chain.push_str(&intermediate.certificate);
    let server = Server::start(Behaviour::tls(&pair, OK));
    let run = probe(server.address, &root, &[]);
    assert_says(
        &run,
        0,
        &["ok      chain     2 sent: `CN=leaf`, then `CN=intermediate`"],
    );

    pair.chain = [leaf, root.certificate.clone(), intermediate.certificate].concat();
    let server = Server::start(Behaviour::tls(&pair, OK));
    let run = probe(server.address, &root, &[]);
    assert_says(
        &run,
        1,
        &[
            "warning chain     3 sent: `CN=leaf`, then `CN=root` (a root), then `CN=intermediate`: not every certificate is followed by its issuer",
        ],
    );
}

#[test]
fn an_expired_intermediate_breaks_the_path_and_one_beside_it_is_warned_of() {
    let root = Authority::new("root");
    let old = root.intermediate_until("old", -2);
    let mut pair = old.leaf(&Leaf::default());
    pair.chain.push_str(&old.certificate);
    let server = Server::start(Behaviour::tls(&pair, OK));
    let run = probe(server.address, &root, &[]);
    assert_broken(&run, &["dates", "trust"]);
    assert_says(
        &run,
        1,
        &[
            "BROKEN  dates     the intermediate `CN=old` has expired, at 2026-11-19T10:00:00Z (2 days ago)",
            "BROKEN  trust     the path to ca.crt goes through a certificate that is outside its dates",
        ],
    );

    let mut pair = root.leaf(&Leaf::default());
    pair.chain.push_str(&old.certificate);
    let server = Server::start(Behaviour::tls(&pair, OK));
    let run = probe(server.address, &root, &[]);
    assert_broken(&run, &[]);
    assert_says(&run, 1, &["ok      http      status 200"]);
}

#[test]
fn an_expired_certificate_says_nothing_against_its_authority() {
    let root = Authority::new("root");
    // It ended after the certificate began and before that ended: at no instant of its end was the path whole.
    let old = root.intermediate_until("old", -20);
    let mut pair = old.leaf(&Leaf {
        days: (-300, -2),
        ..Leaf::default()
    });
    pair.chain.push_str(&old.certificate);
    let server = Server::start(Behaviour::tls(&pair, OK));
    let run = probe(server.address, &root, &[]);
    assert_broken(&run, &["dates"]);
    let lines = [
        "BROKEN  dates     the certificate has expired, at 2026-11-19T10:00:00Z (2 days ago)",
        "ok      trust     a path leads to `CN=root` of ca.crt",
    ];
    assert_says(&run, 1, &lines);
}

#[test]
fn a_certificate_says_where_the_missing_intermediate_is() {
    let pair = Authority::new("intermediate").leaf(&Leaf {
        issuer_url: Some("http://ca.example.net/1.crt"),
        ..Leaf::default()
    });
    let server = Server::start(Behaviour::tls(&pair, OK));
    let run = probe(server.address, &Authority::new("root"), &[]);
    assert_broken(&run, &["trust"]);
    let words = "fix:      append the certificate of `CN=intermediate` (http://ca.example.net/1.crt) to tls.crt of";
    assert!(run.stdout.contains(words), "{}", run.stdout);
}

#[test]
fn what_is_not_a_certificate_is_reported_as_such() {
    let authority = Authority::new("our CA");
    let mut pair = authority.leaf(&Leaf::default());
    pair.chain
        .push_str("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let server = Server::start(Behaviour::tls(&pair, OK));
    let run = probe(server.address, &authority, &[]);
    assert_broken(&run, &["chain"]);
}

#[test]
fn traefiks_default_certificate_is_recognised_and_its_cause_named() {
    let pair = Authority::new("TRAEFIK DEFAULT CERT").leaf(&Leaf {
        common_name: "TRAEFIK DEFAULT CERT",
        names: &["x.traefik.default"],
        ..Leaf::default()
    });
    let server = Server::start(Behaviour::tls(&pair, OK));
    let run = probe(server.address, &Authority::new("our CA"), &[]);
    assert_broken(&run, &["trust"]);
    assert!(
        run.stdout
            .contains("Traefik has no certificate for this name"),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout
            .contains("there must be one TLSStore `default` in the whole cluster"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_client_certificate_is_shown_to_a_server_that_asks_for_one() {
    let (authority, clients) = (Authority::new("our CA"), Authority::new("client CA"));
    let pair = authority.leaf(&Leaf::default());
    let behaviour = Behaviour::for_clients_of(&clients.certificate, &pair, OK);
    let server = Server::start(behaviour.clone());
    let run = probe(server.address, &authority, &[]);
    assert_broken(&run, &["client"]);
    assert_says(
        &run,
        1,
        &[
            "BROKEN  client    the server asks for a client certificate: the other side refused with the TLS alert CertificateRequired",
        ],
    );

    // The server's clock is the real one.
    let ours = clients.leaf(&Leaf {
        days: (-10_000, 10_000),
        usage: ExtendedKeyUsagePurpose::ClientAuth,
        ..Leaf::default()
    });
    let directory = TempDir::new().unwrap();
    write(&directory.path().join("ca.crt"), &authority.certificate);
    write(&directory.path().join("client.crt"), &ours.chain);
    write(&directory.path().join("client.key"), &ours.key);
    make_private(&directory.path().join("client.key"));
    let server = Server::start(behaviour);
    let to = server.address.to_string();
    let run = run_in(
        directory.path(),
        &[
            "probe",
            "a.example.org",
            "--connect",
            &to,
            "--ca",
            "ca.crt",
            "--cert",
            "client.crt",
            "--key",
            "client.key",
        ],
    );
    assert_says(
        &run,
        0,
        &[
            "note    client    the server asked for a client certificate and got ours",
            "ok      http      status 200",
        ],
    );

    let other = authority.leaf(&Leaf::default());
    write(&directory.path().join("client.key"), &other.key);
    let run = run_in(
        directory.path(),
        &[
            "probe",
            "a.example.org",
            "--cert",
            "client.crt",
            "--key",
            "client.key",
        ],
    );
    assert_eq!(
        (run.status, run.stderr.as_str()),
        (
            3,
            "error: client.key: the private key does not belong to the certificate\nhelp: use the key that the certificate was requested with\n"
        )
    );
}

#[test]
fn the_proxy_protocol_header_comes_before_tls() {
    let authority = Authority::new("our CA");
    let pair = authority.leaf(&Leaf::default());
    for (version, proxy_header) in [("v1", ProxyHeader::Line), ("v2", ProxyHeader::Block)] {
        let server = Server::start(Behaviour {
            proxy_header,
            ..Behaviour::tls(&pair, OK)
        });
        let port = server.address.port();
        let run = probe(server.address, &authority, &["--proxy-protocol", version]);
        assert_says(&run, 0, &["ok      http      status 200"]);
        let header = server.end().remove(0);
        if version == "v1" {
            assert!(
                header.starts_with("PROXY TCP4 127.0.0.1 127.0.0.1 ")
                    && header.ends_with(&format!(" {port}\r\n")),
                "{header}"
            );
        } else {
            let [high, low] = port.to_be_bytes();
            assert!(header.starts_with("[0d, 0a, 0d, 0a, 00, 0d, 0a, 51, 55, 49, 54, 0a, 21, 11, 00, 0c, 7f, 00, 00, 01, 7f, 00, 00, 01, "), "{header}");
            assert!(
                header.ends_with(&format!(", {high:02x}, {low:02x}]")),
                "{header}"
            );
        }
    }
    let server = Server::start(Behaviour::tls(&pair, OK));
    let run = probe(server.address, &authority, &["--proxy-protocol", "v1"]);
    assert_broken(&run, &["tls"]);
    assert!(
        run.stdout.contains("leave `--proxy-protocol` out"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_server_that_says_nothing_is_left_in_time() {
    let server = Server::start(Behaviour {
        is_silent: true,
        ..Behaviour::plain("")
    });
    let authority = Authority::new("our CA");
    let (run, told) = with_patience(
        |wait| probe(server.address, &authority, &["--timeout", wait]),
        |run, _| is_broken(run, &["tls"]),
    );
    assert_broken(&run, &["tls"]);
    let nothing = format!("BROKEN  tls       the handshake failed: nothing arrived within {told}");
    assert_says(&run, 1, &[&nothing]);
}

#[test]
fn an_answer_that_does_not_come_is_left_in_time() {
    let authority = Authority::new("our CA");
    // A head without an end.
    let behaviour = Behaviour::tls(&authority.leaf(&Leaf::default()), "HTTP/1.1 200 OK\r\n");
    let server = Server::start(behaviour.clone());
    let run = probe(server.address, &authority, &[]);
    assert_says(
        &run,
        1,
        &["BROKEN  http      the connection was closed within the head of the answer"],
    );
    let server = Server::start(Behaviour {
        lingers: true,
        ..behaviour
    });
    let run = probe(server.address, &authority, &["--http-timeout", "300ms"]);
    assert_says(&run, 1, &["BROKEN  http      no answer within 0.3 s"]);
}

#[test]
fn a_closed_port_and_an_unknown_name_are_findings() {
    let run = probe(closed(), &Authority::new("our CA"), &[]);
    assert_broken(&run, &["tcp"]);
    assert_says(
        &run,
        1,
        &["BROKEN  tcp       ADDRESS: nothing listens there (connection refused)"],
    );
    let directory = TempDir::new().unwrap();
    write(
        &directory.path().join("ca.crt"),
        &Authority::new("our CA").certificate,
    );
    // RFC 6761 section 6.4: no such name exists, ever.
    let run = run_in(
        directory.path(),
        &["probe", "a.example.invalid", "--ca", "ca.crt"],
    );
    assert_eq!(run.status, 1);
    assert_broken(&run, &["dns"]);
}

#[test]
fn a_port_without_tls_is_recognised() {
    let server = Server::start(Behaviour::plain("HTTP/1.1 400 Bad Request\r\n\r\n"));
    let run = probe(server.address, &Authority::new("our CA"), &[]);
    assert_broken(&run, &["tls"]);
    assert_says(
        &run,
        1,
        &[
            "BROKEN  tls       the handshake failed: what came back is not TLS: another protocol is spoken on this port",
        ],
    );
}

#[test]
fn http_2_is_reported_and_the_page_asked_for_in_http_1() {
    let authority = Authority::new("our CA");
    let server = Server::start(Behaviour::offering(
        &["h2", "http/1.1"],
        &authority.leaf(&Leaf::default()),
        OK,
    ));
    let run = probe(server.address, &authority, &[]);
    assert_says(
        &run,
        0,
        &[
            "ok      tls       TLS 1.3, TLS13_AES_256_GCM_SHA384, ALPN h2, in N ms",
            "ok      http      status 200",
        ],
    );
}

#[test]
fn a_status_says_what_it_means_behind_traefik() {
    let authority = Authority::new("our CA");
    let pair = authority.leaf(&Leaf::default());
    for (head, status, start) in [
        (
            "302 Found\r\nLocation: https://a.example.org/user",
            0,
            "ok      http      status 302 to https://a.example.org/user",
        ),
        (
            "302 Found\r\nLocation: http://a.example.org/",
            1,
            "warning http      status 302 sends the browser back to plain http: http://a.example.org/",
        ),
        (
            "403 Forbidden",
            0,
            "note    http      status 403: the page is not public",
        ),
        (
            "404 Not Found",
            1,
            "BROKEN  http      status 404: Traefik has no route for this host",
        ),
        (
            "404 Not Found\r\nServer: Apache",
            1,
            "warning http      status 404 from the httpd itself: both TLS legs work",
        ),
        (
            "500 Internal Server Error",
            1,
            "BROKEN  http      status 500: Traefik refuses the httpd's certificate: its CA, its name or its dates",
        ),
        (
            "502 Bad Gateway",
            1,
            "BROKEN  http      status 502: the httpd closed the connection, or does not listen there",
        ),
        (
            "504 Gateway Timeout",
            1,
            "BROKEN  http      status 504: the httpd kept Traefik waiting too long, for the connection, the handshake (10 s) or the answer",
        ),
    ] {
        let answer = format!("HTTP/1.1 {head}\r\n\r\n");
        let server = Server::start(Behaviour {
            pages: vec![("/user", OK.to_owned())],
            ..Behaviour::tls(&pair, &answer)
        });
        let run = probe(server.address, &authority, &[]);
        assert_says(&run, status, &[start]);
    }
}

#[test]
fn a_hostile_head_is_bounded_and_cannot_steer_the_terminal() {
    let authority = Authority::new("our CA");
    let pair = authority.leaf(&Leaf::default());
    let endless = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(40_000));
    let server = Server::start(Behaviour::tls(&pair, &endless));
    let run = probe(server.address, &authority, &[]);
    assert_says(
        &run,
        1,
        &["BROKEN  http      the head of the answer has more than 16384 bytes"],
    );
    let colours = "HTTP/1.1 302 Found\r\nLocation: https://a/\u{9b}31m\u{202e}\r\n\r\n";
    let server = Server::start(Behaviour::tls(&pair, colours));
    let run = probe(server.address, &authority, &[]);
    assert_says(
        &run,
        0,
        &["ok      http      status 302 to https://a/\\xc2\\x9b31m\\xe2\\x80\\xae"],
    );
}

#[test]
fn port_80_is_asked_whether_it_leads_to_https() {
    let authority = Authority::new("our CA");
    let server = Server::start(Behaviour::tls(&authority.leaf(&Leaf::default()), OK));
    let good = Server::start(Behaviour::plain(
        "HTTP/1.1 308 Permanent Redirect\r\nLocation: https://a.example.org/\r\n\r\n",
    ));
    let option = format!("--http={}", good.address);
    let run = probe(server.address, &authority, &[&option]);
    assert_says(
        &run,
        0,
        &["ok      redirect  status 308 to https://a.example.org/"],
    );
    let bad = Server::start(Behaviour::plain("HTTP/1.1 200 OK\r\n\r\n"));
    let option = format!("--http={}", bad.address);
    let run = probe(server.address, &authority, &[&option]);
    assert_says(
        &run,
        1,
        &[
            "warning redirect  port 80 answers 200 to nowhere, not a redirect to https://a.example.org",
        ],
    );
}

#[test]
fn a_client_without_a_name_may_be_shown_another_certificate() {
    let authority = Authority::new("our CA");
    let named = authority.leaf(&Leaf::default());
    let of_traefik = Authority::new("TRAEFIK DEFAULT CERT").leaf(&Leaf {
        common_name: "TRAEFIK DEFAULT CERT",
        names: &["x.traefik.default"],
        ..Leaf::default()
    });
    let other = authority.leaf(&Leaf {
        names: &["b.example.org"],
        ..Leaf::default()
    });
    for (nameless, shown) in [
        (of_traefik, "Traefik's own `TRAEFIK DEFAULT CERT`"),
        (other, "a certificate for b.example.org"),
    ] {
        let server = Server::start(Behaviour::by_name(&named, &nameless, OK));
        let run = probe(server.address, &authority, &[]);
        let line = format!(
            "note    sni       a client that sends no name (SNI), such as a health check or an old program, is shown {shown}"
        );
        assert_says(&run, 0, &[&line]);
    }
}

fn redirect(location: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\n\r\n")
}

#[test]
fn redirects_are_followed_to_the_page_and_each_answer_told() {
    let authority = Authority::new("our CA");
    let server = Server::start(Behaviour {
        pages: vec![
            ("/", redirect("/user")),
            ("/user", redirect("https://a.example.org/user/login?next=/")),
        ],
        ..Behaviour::tls(&authority.leaf(&Leaf::default()), OK)
    });
    let run = probe(server.address, &authority, &[]);
    let lines = [
        "ok      http      status 302 to /user",
        "ok      redirect  https://a.example.org/user answers 302 to https://a.example.org/user/login?next=/",
        "ok      redirect  https://a.example.org/user/login?next=/ answers 200",
    ];
    assert_says(&run, 0, &lines);
}

#[test]
fn redirects_that_go_round_are_broken() {
    let authority = Authority::new("our CA");
    let pair = authority.leaf(&Leaf::default());
    // The application takes every request for plain http.
    let front = Server::start(Behaviour::tls(&pair, &redirect("http://a.example.org/")));
    let plain = Server::start(Behaviour::plain(&redirect("https://a.example.org/")));
    let option = format!("--http={}", plain.address);
    let run = probe(front.address, &authority, &[&option]);
    assert_broken(&run, &["redirect"]);
    let lines = [
        "ok      redirect  http://a.example.org/ answers 302 to https://a.example.org/",
        "BROKEN  redirect  https://a.example.org/ was asked before: the redirects go round, and browsers give up",
    ];
    assert_says(&run, 1, &lines);
}

#[test]
fn a_redirect_to_a_port_inside_the_cluster_is_found() {
    let authority = Authority::new("our CA");
    let server = Server::start(Behaviour::tls(&authority.leaf(&Leaf::default()), OK));
    let inner = closed().port();
    let location = format!("https://a.example.org:{inner}/");
    let plain = Server::start(Behaviour::plain(&redirect(&location)));
    let option = format!("--http={}", plain.address);
    let run = probe(server.address, &authority, &[&option]);
    let line = format!(
        "warning redirect  {location} is another port than 443, and `--connect` says only where that one is"
    );
    assert_says(&run, 1, &[&line]);

    let directory = TempDir::new().unwrap();
    write(&directory.path().join("ca.crt"), &authority.certificate);
    let host = format!("a.example.org:{}", server.address.port());
    let to = server.address.to_string();
    let run = run_in(
        directory.path(),
        &["probe", &host, "--connect", &to, "--ca", "ca.crt", &option],
    );
    assert_broken(&run, &["redirect"]);
    let line = format!("BROKEN  redirect  {location}: nothing listens there (connection refused)");
    assert_says(&run, 1, &[&line]);
}

#[test]
fn a_redirect_to_another_host_is_named_and_nobody_else_is_asked() {
    let authority = Authority::new("our CA");
    let answer = redirect("https://login.example.net/");
    let server = Server::start(Behaviour::tls(&authority.leaf(&Leaf::default()), &answer));
    let run = probe(server.address, &authority, &[]);
    let line =
        "note    redirect  https://login.example.net/ is another host: it is not followed there";
    assert_says(&run, 0, &[line]);
    assert_eq!(server.end().len(), 1);
}

#[test]
fn a_report_for_programs_holds_the_same_findings() {
    let authority = Authority::new("our CA");
    let server = Server::start(Behaviour::tls(
        &authority.leaf(&Leaf::default()),
        "HTTP/1.1 502 Bad Gateway\r\n\r\n",
    ));
    let run = probe(server.address, &authority, &["--format", "json"]);
    assert_eq!((run.status, run.stderr.as_str()), (1, ""));
    let report = crate::support::report("probe", &run.stdout);
    assert_eq!(
        (&report["host"], &report["verdict"]),
        (&"a.example.org".into(), &"broken".into())
    );
    let leg = &report["legs"][0];
    assert_eq!(
        (&leg["leg"], &leg["status"], &leg["tlsVersion"]),
        (&"front".into(), &502.into(), &"TLS 1.3".into())
    );
    assert_eq!(leg["chain"][0]["subjectAltNames"][0], "a.example.org");
    let findings = leg["findings"].as_array().unwrap();
    let broken: Vec<&Value> = findings
        .iter()
        .filter(|finding| finding["verdict"] == "broken")
        .collect();
    assert_eq!((broken.len(), &broken[0]["check"]), (1, &"http".into()));
}

#[test]
fn an_unreadable_file_and_a_missing_option_are_not_findings() {
    let directory = TempDir::new().unwrap();
    let run = run_in(
        directory.path(),
        &["probe", "a.example.org", "--ca", "none.crt"],
    );
    assert_eq!((run.status, run.stdout.as_str()), (4, ""));
    let run = run_in(
        directory.path(),
        &["probe", "a.example.org", "--backend", "127.0.0.1"],
    );
    assert_eq!(
        (run.status, run.stderr.as_str()),
        (
            2,
            "error: --backend: nothing says which CA Traefik trusts\nhelp: pass `--cluster`, or `--manifest FILE` with the IngressRoute, its ServersTransport and their Secrets, or `--backend-ca FILE`\n"
        )
    );
}

#[test]
fn what_a_live_host_presents_is_in_the_report_on_a_fleet() {
    let authority = Authority::new("our CA");
    let server = Server::start(Behaviour::tls(&authority.leaf(&Leaf::default()), OK));
    let directory = TempDir::new().unwrap();
    let host = format!("a.example.org={}", server.address);
    let dead = format!("b.example.org={}", closed());
    let run = run_in(
        directory.path(),
        &[
            "status",
            "--connect",
            &host,
            "--connect",
            &dead,
            "--fail-within",
            "0d",
        ],
    );
    assert_eq!(run.status, 1, "{}", run.stderr);
    assert!(run.stdout.contains("a.example.org"), "{}", run.stdout);
    assert!(
        run.stderr.starts_with("warning: b.example.org: "),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr
            .ends_with("error: 1 values or files could not be read\n"),
        "{}",
        run.stderr
    );
    server.end();
}

#[test]
fn one_name_at_two_addresses_is_two_hosts_and_each_is_judged() {
    let authority = Authority::new("our CA");
    let good = Server::start(Behaviour::tls(&authority.leaf(&Leaf::default()), OK));
    let bad = Leaf {
        names: &["b.example.org"],
        days: (-300, -2),
        issuer_url: Some("http://ca.example.net/1.crt"),
        ..Leaf::default()
    };
    let bad = Server::start(Behaviour::tls(&authority.leaf(&bad), OK));
    let addresses = [good.address, bad.address];
    let [first, second] = addresses.map(|address| format!("a.example.org={address}"));
    let directory = TempDir::new().unwrap();
    let status = |further: &[&str]| {
        let hosts = ["status", "--connect", &first, "--connect", &second];
        let run = run_in(directory.path(), &[&hosts[..], further].concat());
        assert_eq!((run.status, run.stderr.as_str()), (0, ""));
        run.stdout
            .replace(&addresses[0].to_string(), "FIRST")
            .replace(&addresses[1].to_string(), "SECOND")
    };
    let table = status(&[]);
    let lines = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    assert_eq!(
        lines.collect::<Vec<_>>(),
        [
            "STATE PLACE LIVE NAMES NOT AFTER DAYS LEFT RENEWAL DUE ISSUER",
            "expired a.example.org at SECOND other name, no intermediate b.example.org 2026-11-19 -2 2026-08-12 our CA",
            "fine a.example.org at FIRST ok a.example.org 2027-09-17 300 2027-06-09 our CA",
        ]
    );
    let report = crate::support::report("status", &status(&["-o", "json"]));
    let place = &report["certificates"][0]["places"][0];
    assert_eq!(place["at"], "SECOND");
    assert_eq!(
        place["faults"],
        serde_json::json!(["otherName", "noIntermediate"])
    );
    let metrics = status(&["-o", "prometheus"]);
    let line = "endpoint=\"a.example.org\",address=\"SECOND\",fault=\"other_name\"} 1";
    assert!(metrics.contains(line), "{metrics}");
    let page = status(&["-o", "html", "--lang", "fr"]);
    let words = "a.example.org at SECOND <em>autre nom</em>";
    assert!(page.contains(words), "{page}");
    let failed = status(&["--failed"]);
    assert!(!failed.contains("FIRST"), "{failed}");
}

#[test]
fn a_host_that_sends_no_intermediate_of_a_known_authority_is_found() {
    let root = Authority::new("root");
    let intermediate = root.intermediate("intermediate");
    let server = Server::start(Behaviour::tls(&intermediate.leaf(&Leaf::default()), OK));
    let directory = TempDir::new().unwrap();
    write(&directory.path().join("cas.pem"), &intermediate.certificate);
    let host = format!("a.example.org={}", server.address);
    let run = run_in(directory.path(), &["status", "cas.pem", "--connect", &host]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert!(
        run.stdout.contains("a.example.org  no intermediate  "),
        "{}",
        run.stdout
    );
}
