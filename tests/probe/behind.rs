//! The leg from Traefik to the httpd.

use super::pki::{Authority, Leaf, Pair, self_signed};
use super::server::{Behaviour, OK, Server, closed, with_patience};
use super::{assert_broken, assert_says, is_broken, make_private, readable};
use crate::support::{Run, command, finish, run_in, secret_text, write};
use std::net::SocketAddr;
use tempfile::TempDir;

/// An instance as the program renders it, its wildcard certificate, and a front that is good.
pub(super) struct Live {
    pub(super) directory: TempDir,
    pub(super) manifests: String,
    pub(super) front: Server,
    wildcard: Pair,
}

impl Live {
    pub(super) fn new(front_answer: &str, further: &[&str]) -> Self {
        let directory = TempDir::new().unwrap();
        let path = directory.path();
        let arguments = [
            "new-instance",
            "paroisse-a",
            "--host",
            "a.example.org",
            "--quiet",
        ];
        let manifests = run_in(path, &[&arguments[..], further].concat()).good();
        let wildcard = run_in(
            path,
            &[
                "wildcard-secret",
                "--domain",
                "example.org",
                "--tls-store",
                "--quiet",
            ],
        )
        .good();
        let pair = Pair {
            chain: secret_text(&wildcard, "wildcardsecret", "tls.crt"),
            key: secret_text(&wildcard, "wildcardsecret", "tls.key"),
        };
        write(&path.join("wildcard.yaml"), &wildcard);
        write(
            &path.join("wildcard.crt"),
            &secret_text(&wildcard, "wildcardsecret", "ca.crt"),
        );
        let front = Server::start(Behaviour::tls(&pair, front_answer));
        Self {
            directory,
            manifests,
            front,
            wildcard: pair,
        }
    }

    /// The pair that browsers see.
    pub(super) fn wildcard(&self) -> Pair {
        Pair {
            chain: self.wildcard.chain.clone(),
            key: self.wildcard.key.clone(),
        }
    }

    /// The pair that httpd mounts.
    pub(super) fn pair(&self) -> Pair {
        Pair {
            chain: secret_text(&self.manifests, "selfcert", "externcert"),
            key: secret_text(&self.manifests, "selfcert", "externkey"),
        }
    }

    pub(super) fn probe(&self, manifests: &str, backend: SocketAddr, further: &[&str]) -> Run {
        let (front, to) = (self.front.address.to_string(), backend.to_string());
        let arguments = [
            "probe",
            "a.example.org",
            "--connect",
            &front,
            "--manifest",
            "-",
            "--manifest",
            "wildcard.yaml",
            "--backend",
            &to,
        ];
        let mut command = command(self.directory.path());
        command.args(arguments).args(further).write_stdin(manifests);
        readable(finish(&mut command), &[self.front.address, backend])
    }
}

#[test]
fn both_legs_of_a_rendered_instance_are_followed_from_its_manifests_alone() {
    let live = Live::new(OK, &[]);
    let httpd = Server::start(Behaviour::offering(
        &["h2", "http/1.1"],
        &live.pair(),
        "HTTP/1.1 200 OK\r\nServer: Apache\r\n\r\n",
    ));
    let run = live.probe(&live.manifests, httpd.address, &[]);
    assert_says(
        &run,
        0,
        &[
            "expects a certificate for a.example.org, trusts Secret default/wildcardsecret key ca.crt (1)",
            "front -> httpd: BACKEND as ServersTransport paroisse-a/transport-selfsigned says",
            "expects a certificate for a.example.org, trusts Secret paroisse-a/externca key ca.crt (1)",
            "a.example.org: all is well on both legs",
        ],
    );
}

#[test]
fn the_leg_behind_traefik_is_blamed_for_its_500_and_the_secret_named() {
    let live = Live::new("HTTP/1.1 500 Internal Server Error\r\n\r\n", &[]);
    // httpd serves what another CA signed.
    let pair = Authority::new("another CA").leaf(&Leaf::default());
    let httpd = Server::start(Behaviour::tls(&pair, OK));
    let run = live.probe(&live.manifests, httpd.address, &[]);
    assert_broken(&run, &["http", "trust"]);
    assert_says(
        &run,
        1,
        &[
            "BROKEN  trust     no path leads to Secret paroisse-a/externca key ca.crt: the server does not send the issuer `CN=another CA`, and Secret paroisse-a/externca key ca.crt does not hold it; Traefik logs `tls: failed to verify certificate: x509: certificate signed by unknown authority` and answers 500",
            "fix:      the httpd serves a certificate other than Secret paroisse-a/selfcert key externcert: make it load that one with `kubectl -n paroisse-a rollout restart statefulset/paroisse-set-httpd`",
            "a.example.org: the leg front -> httpd is broken, and that is why the front answers like this",
        ],
    );
    assert_eq!(httpd.end(), [""; 0]);
}

#[test]
fn a_secret_without_the_issuer_is_named_with_the_command_that_fixes_it() {
    let live = Live::new("HTTP/1.1 500 Internal Server Error\r\n\r\n", &[]);
    let httpd = Server::start(Behaviour::tls(&live.pair(), OK));
    let other = Live::new(OK, &[]);
    let wrong = live.manifests.replace(
        &secret_line(&live.manifests, "externca"),
        &secret_line(&other.manifests, "externca"),
    );
    assert_ne!(wrong, live.manifests);
    let run = live.probe(&wrong, httpd.address, &[]);
    assert_broken(&run, &["http", "trust"]);
    let fix = "fix:      Secret paroisse-a/externca key ca.crt does not contain the issuer of the httpd's certificate: run `kubectl get secret -n paroisse-a selfcert externca -o yaml | civi-ingress new-instance paroisse-a --host a.example.org --reuse - | kubectl apply -f -`, then `kubectl -n paroisse-a rollout restart statefulset/paroisse-set-httpd`; if `O=Civiparoisse, CN=civi-ingress CA ";
    assert!(run.stdout.contains(fix), "{}", run.stdout);
}

/// Returns the line of a Secret's `ca.crt`.
fn secret_line(manifests: &str, secret: &str) -> String {
    let document = manifests.split("---\n").find(|document| {
        document.contains(&format!("name: \"{secret}\""))
            || document.contains(&format!("name: {secret}\n"))
    });
    let line = document.and_then(|document| {
        document
            .lines()
            .find(|line| line.trim_start().starts_with("ca.crt:"))
    });
    line.expect("the Secret has a ca.crt").to_owned()
}

#[test]
fn names_are_judged_by_gos_rules_and_in_traefiks_words() {
    let live = Live::new(OK, &[]);
    let httpd = Server::start(Behaviour::tls(&live.pair(), OK));
    let named = "  serverName: a.example.org\n";
    assert!(live.manifests.contains(named));

    let wrong = live
        .manifests
        .replace(named, "  serverName: b.example.org\n");
    let run = live.probe(&wrong, httpd.address, &[]);
    assert_says(
        &run,
        1,
        &[
            "BROKEN  name      the certificate is for a.example.org, not for `b.example.org`; Traefik logs `tls: failed to verify certificate: x509: certificate is valid for a.example.org, not b.example.org` and answers 500",
            "fix:      set `serverName: a.example.org` in ServersTransport paroisse-a/transport-selfsigned",
        ],
    );

    let none = live.manifests.replace(named, "");
    let run = live.probe(&none, httpd.address, &[]);
    assert_says(
        &run,
        1,
        &[
            "BROKEN  name      the certificate is for a.example.org, not for `127.0.0.1`; Traefik logs `tls: failed to verify certificate: x509: cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs` and answers 500",
            "fix:      set `serverName: a.example.org` in ServersTransport paroisse-a/transport-selfsigned: without it Go checks the certificate against the pod's address",
        ],
    );

    let authority = Authority::new("our CA");
    let pair = authority.leaf(&Leaf {
        names: &[],
        common_name: "a.example.org",
        ..Leaf::default()
    });
    let httpd = Server::start(Behaviour::tls(&pair, OK));
    let run = backend_ca(&live, &authority.certificate, httpd.address);
    assert_says(
        &run,
        1,
        &[
            "BROKEN  name      the certificate has `a.example.org` as common name only, without subject alternative names; Traefik logs `tls: failed to verify certificate: x509: certificate relies on legacy Common Name field, use SANs instead` and answers 500",
        ],
    );
}

/// Looks at both legs without manifests for the second.
fn backend_ca(live: &Live, trusted: &str, backend: SocketAddr) -> Run {
    let path = live.directory.path();
    write(&path.join("httpd-ca.crt"), trusted);
    let (front, to) = (live.front.address.to_string(), backend.to_string());
    let run = run_in(
        path,
        &[
            "probe",
            "a.example.org",
            "--connect",
            &front,
            "--ca",
            "wildcard.crt",
            "--backend",
            &to,
            "--backend-ca",
            "httpd-ca.crt",
        ],
    );
    readable(run, &[live.front.address, backend])
}

#[test]
fn go_refuses_an_expired_authority_that_browsers_take() {
    let live = Live::new(OK, &[]);
    let authority = Authority::until("old CA", -2);
    let pair = authority.leaf(&Leaf::default());
    let httpd = Server::start(Behaviour::tls(&pair, OK));
    let run = backend_ca(&live, &authority.certificate, httpd.address);
    assert_broken(&run, &["trust"]);
    assert_says(
        &run,
        1,
        &[
            "BROKEN  trust     the authority `CN=old CA` of httpd-ca.crt has expired, at 2026-11-19T10:00:00Z; Traefik logs `tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-21T10:00:00Z is after 2026-11-19T10:00:00Z` and answers 500",
        ],
    );
}

#[test]
fn go_refuses_authorities_that_the_verifier_of_the_connection_takes() {
    let live = Live::new(OK, &[]);
    for (authority, says) in [
        (
            Authority::with_negative_serial("our CA"),
            "BROKEN  trust     the authority `CN=our CA` of httpd-ca.crt has a negative serial number: Go, and so Traefik, and Python refuse it; Traefik logs `tls: failed to verify certificate: x509: certificate signed by unknown authority` and answers 500",
        ),
        (
            Authority::for_clients("our CA"),
            "BROKEN  trust     the authority `CN=our CA` of httpd-ca.crt is for clientAuth, not for servers: Go, and so Traefik, OpenSSL and Python refuse it; Traefik logs `tls: failed to verify certificate: x509: certificate specifies an incompatible key usage` and answers 500",
        ),
    ] {
        let httpd = Server::start(Behaviour::tls(&authority.leaf(&Leaf::default()), OK));
        let run = backend_ca(&live, &authority.certificate, httpd.address);
        assert_broken(&run, &["trust"]);
        assert_says(&run, 1, &[says]);
    }
}

#[test]
fn go_takes_a_certificate_that_is_in_the_bundle_itself_and_it_is_warned_of() {
    let of_a_ca = Authority::served(&["a.example.org"]);
    for pair in [of_a_ca, self_signed("a.example.org")] {
        let live = Live::new(OK, &[]);
        let httpd = Server::start(Behaviour::tls(&pair, OK));
        let run = backend_ca(&live, &pair.chain, httpd.address);
        assert_says(
            &run,
            1,
            &[
                "warning trust     httpd-ca.crt holds this very certificate: Traefik accepts it, as Go does, but it is not an authority",
                "a.example.org: works, with warnings: front -> httpd",
            ],
        );
    }
}

#[test]
fn without_any_ca_the_systems_roots_are_taken_and_named() {
    let live = Live::new(OK, &[]);
    let path = live.directory.path();
    let front = live.front.address.to_string();
    // rustls-native-certs reads the roots of this file in place of the system's.
    let mut command = command(path);
    command.args(["probe", "a.example.org", "--connect", &front]);
    let good = finish(command.env("SSL_CERT_FILE", path.join("wildcard.crt")));
    assert_says(
        &good,
        0,
        &["expects a certificate for a.example.org, trusts the system's roots (1)"],
    );
    let other = Authority::new("another CA").certificate;
    write(&path.join("other.crt"), &other);
    let bad = finish(command.env("SSL_CERT_FILE", path.join("other.crt")));
    assert_broken(&bad, &["trust"]);
    assert!(
        bad.stdout
            .contains("import its CA into the browsers, and pass it here with `--ca FILE`"),
        "{}",
        bad.stdout
    );
}

#[test]
fn traefiks_own_certificate_is_taken_from_certificates_secrets() {
    let live = Live::new(OK, &["--client-auth"]);
    let clients = secret_text(&live.manifests, "externclientca", "ca.crt");
    let httpd = Server::start(Behaviour::for_clients_of(&clients, &live.pair(), OK));
    let run = live.probe(&live.manifests, httpd.address, &[]);
    assert_says(
        &run,
        0,
        &["note    client    the server asked for a client certificate and got ours"],
    );
    let without = live
        .manifests
        .replace("  certificatesSecrets:\n    - externclient\n", "");
    assert_ne!(without, live.manifests);
    // What we show the front is not what Traefik shows the httpd.
    let path = live.directory.path();
    write(
        &path.join("ours.crt"),
        &secret_text(&live.manifests, "externclient", "tls.crt"),
    );
    write(
        &path.join("ours.key"),
        &secret_text(&live.manifests, "externclient", "tls.key"),
    );
    make_private(&path.join("ours.key"));
    let run = live.probe(
        &without,
        httpd.address,
        &["--cert", "ours.crt", "--key", "ours.key"],
    );
    assert_broken(&run, &["client"]);
    assert!(
        run.stdout
            .contains("name Traefik's pair in certificatesSecrets"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_slow_handshake_behind_traefik_is_reported_with_traefiks_own_limit() {
    let live = Live::new("HTTP/1.1 504 Gateway Timeout\r\n\r\n", &[]);
    let httpd = Server::start(Behaviour {
        is_silent: true,
        ..Behaviour::plain("")
    });
    // Traefik's limit itself, 10 seconds, is the longest.
    let limit = |told: &str| {
        format!(
            "BROKEN  tls       no handshake within {told}; Traefik waits 10 s for one, which no option changes, then answers 504"
        )
    };
    let (run, told) = with_patience(
        |wait| live.probe(&live.manifests, httpd.address, &["--timeout", wait]),
        |run, told| is_broken(run, &["http", "tls"]) && run.stdout.contains(&limit(told)),
    );
    assert_broken(&run, &["http", "tls"]);
    let told = if told == "60 s" { "10 s" } else { told };
    assert_says(&run, 1, &[&limit(told)]);
}

#[test]
fn an_answer_is_waited_for_as_long_as_traefik_waits() {
    let live = Live::new("HTTP/1.1 504 Gateway Timeout\r\n\r\n", &[]);
    let behaviour = Behaviour {
        lingers: true,
        ..Behaviour::tls(&live.pair(), "")
    };
    let set = |length: &str| -> String {
        let changed = |line: &str| match line.split_once("responseHeaderTimeout: ") {
            Some((indent, _)) => format!("{indent}responseHeaderTimeout: {length}\n"),
            None => format!("{line}\n"),
        };
        live.manifests.lines().map(changed).collect()
    };
    let httpd = Server::start(behaviour.clone());
    let run = live.probe(&set("300ms"), httpd.address, &[]);
    assert_broken(&run, &["http", "http"]);
    assert_says(
        &run,
        1,
        &[
            "BROKEN  http      no answer within 0.3 s; Traefik waits 0.3 s (responseHeaderTimeout), then answers 504",
        ],
    );
    // The first one still waits for its client.
    let httpd = Server::start(behaviour);
    let run = live.probe(&set("0s"), httpd.address, &["--http-timeout", "200ms"]);
    assert_says(
        &run,
        1,
        &[
            "BROKEN  http      no answer within 0.2 s; Traefik waits forever (responseHeaderTimeout 0)",
        ],
    );
}

#[test]
fn a_transport_that_verifies_nothing_is_followed_and_warned_of() {
    let live = Live::new(OK, &[]);
    let pair = Authority::new("another CA").leaf(&Leaf::default());
    let httpd = Server::start(Behaviour::tls(&pair, OK));
    let open = live.manifests.replace(
        "  serverName: a.example.org\n",
        "  serverName: a.example.org\n  insecureSkipVerify: true\n",
    );
    let run = live.probe(&open, httpd.address, &[]);
    assert_broken(&run, &[]);
    assert_says(
        &run,
        1,
        &[
            "warning trust     insecureSkipVerify in ServersTransport paroisse-a/transport-selfsigned: Traefik accepts any certificate, and anyone in between can read the traffic",
            "ok      http      status 200",
        ],
    );
}

#[test]
fn manifests_without_what_the_leg_needs_are_refused() {
    let live = Live::new(OK, &[]);
    let run = live.probe(
        &live.manifests.replace("a.example.org", "b.example.org"),
        closed(),
        &[],
    );
    assert_eq!(
        (run.status, run.stdout.as_str(), run.stderr.as_str()),
        (
            3,
            "",
            "error: --manifest: the manifests contain no IngressRoute for `a.example.org`\nhelp: there is one for `b.example.org`\n"
        )
    );
}

#[test]
fn a_front_that_answers_500_while_the_leg_behind_it_is_good_is_reported() {
    let live = Live::new("HTTP/1.1 500 Internal Server Error\r\n\r\n", &[]);
    let httpd = Server::start(Behaviour::tls(&live.pair(), OK));
    let run = live.probe(&live.manifests, httpd.address, &[]);
    assert_broken(&run, &["http"]);
    assert_says(
        &run,
        1,
        &[
            "fix:      from here the leg behind is good: check in Traefik's log whether it has loaded the objects, and whether it reaches the pod",
        ],
    );
}
