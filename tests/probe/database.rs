//! The leg from the httpd to its database.

use super::pki::{Authority, Leaf, Pair};
use super::server::{Behaviour, OK, Server, closed, with_patience};
use super::{assert_broken, assert_says, is_broken, readable};
use crate::support::{Run, run_in, write};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

const NAMES: [&str; 2] = ["civicrmdb", "civicrmdb.paroisse-a.svc"];

/// A packet of the server's, its first.
fn packet(payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_le_bytes();
    [&length[..3], &[0], payload].concat()
}

/// The greeting of MariaDB 10.11, with TLS or without.
fn greeting(offers_tls: bool) -> Vec<u8> {
    let version = b"5.5.5-10.11.14-MariaDB-0+deb12u2\0";
    let capabilities = if offers_tls { 0xfffe_u16 } else { 0xf7fe };
    let start = [&[10][..], version, &[7, 0, 0, 0], b"12345678\0"].concat();
    let end = [45, 2, 0, 0xff, 0x81, 21, 0, 0, 0, 0, 0, 0, 0x1d, 0, 0, 0];
    packet(&[&start[..], &capabilities.to_le_bytes(), &end].concat())
}

fn refusal(code: u16, words: &str) -> Vec<u8> {
    packet(&[&[0xff][..], &code.to_le_bytes()[..], words.as_bytes()].concat())
}

fn leaf(authority: &Authority, days: (i64, i64)) -> Pair {
    authority.leaf(&Leaf {
        names: &NAMES,
        days,
        ..Leaf::default()
    })
}

/// Looks at a good front and at a database, which must have a certificate of `authority`.
fn probe(database: &Server, authority: &Authority, further: &[&str]) -> Run {
    let front = Server::start(Behaviour::tls(&authority.leaf(&Leaf::default()), OK));
    let directory = TempDir::new().unwrap();
    write(&directory.path().join("ca.crt"), &authority.certificate);
    let addresses = [front.address, database.address];
    let [front, to] = addresses.map(|address| address.to_string());
    let mut arguments = vec![
        "probe",
        "a.example.org",
        "--connect",
        &front,
        "--ca",
        "ca.crt",
    ];
    arguments.extend(["--database", &to, "--database-ca", "ca.crt"]);
    arguments.extend(further);
    let run = run_in(directory.path(), &arguments);
    let mut run = readable(run, &addresses);
    // What the report has on the front is known.
    if let Some(at) = run.stdout.find("httpd -> database") {
        run.stdout.drain(..at);
    }
    run
}

#[test]
fn a_good_database_is_reported_line_by_line_and_ends_with_0() {
    let authority = Authority::new("our CA");
    let server = Behaviour::greeting(&leaf(&authority, (-1, 300)), &greeting(true));
    let server = Server::start(server);
    let run = probe(&server, &authority, &[]);
    assert_eq!(
        run.stdout,
        "httpd -> database: BACKEND\n  \
         expects a certificate for civicrmdb, trusts ca.crt (1)\n  \
         ok      tcp       BACKEND connected in N ms\n  \
         ok      greeting  MariaDB 10.11.14 offers TLS\n  \
         ok      tls       TLS 1.3, TLS13_AES_256_GCM_SHA384, no ALPN, in N ms\n  \
         ok      chain     1 sent: `CN=leaf`\n  \
         ok      dates     valid until 2027-09-17T10:00:00Z, 300 days left\n  \
         ok      name      civicrmdb, civicrmdb.paroisse-a.svc covers `civicrmdb`\n  \
         ok      trust     a path leads to `CN=our CA` of ca.crt\n\
         a.example.org: all is well on both legs\n"
    );
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    let received = server.end();
    assert_eq!(received.len(), 1, "only TLS is asked for: {received:?}");
    assert!(received[0].starts_with("[20, 00, 00, 01, "), "{received:?}");
}

#[test]
fn a_wrong_authority_wrong_dates_and_a_wrong_name_are_told() {
    let authority = Authority::new("our CA");
    let greeting = greeting(true);
    let server = Server::start(Behaviour::greeting(&leaf(&authority, (-1, 300)), &greeting));
    let run = probe(&server, &Authority::new("another CA"), &[]);
    assert_broken(&run, &["trust"]);
    let fix = "fix:      ca.crt is not the CA of the database's certificate; if `CN=our CA` is an intermediate";
    assert!(run.stdout.contains(fix), "{}", run.stdout);

    let server = Server::start(Behaviour::greeting(
        &leaf(&authority, (-300, -2)),
        &greeting,
    ));
    let run = probe(&server, &authority, &[]);
    assert_broken(&run, &["dates"]);

    let other = authority.leaf(&Leaf {
        names: &["otherdb"],
        ..Leaf::default()
    });
    let server = Server::start(Behaviour::greeting(&other, &greeting));
    let run = probe(&server, &authority, &[]);
    assert_broken(&run, &[]);
    let line = "warning name      the certificate is for otherdb, not for `civicrmdb`; the chart's clients look at the signature alone, those that verify the name refuse it";
    assert_says(
        &run,
        1,
        &[
            line,
            "a.example.org: works, with warnings: httpd -> database",
        ],
    );
}

#[test]
fn a_server_without_tls_or_that_refuses_is_told_so() {
    let authority = Authority::new("our CA");
    for (greeting, line) in [
        (
            greeting(false),
            "BROKEN  greeting  MariaDB 10.11.14 offers no TLS: clients that require it give up, others send everything in clear text",
        ),
        (
            refusal(
                1129,
                "Host '10.0.0.7' is blocked because of many connection errors",
            ),
            "BROKEN  greeting  the server refuses the connection: error 1129, Host '10.0.0.7' is blocked because of many connection errors",
        ),
        (
            refusal(1040, "#08004Too many connections"),
            "BROKEN  greeting  the server refuses the connection: error 1040, Too many connections",
        ),
        (
            b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(),
            "BROKEN  greeting  what came back is not the greeting of MySQL or MariaDB",
        ),
        (
            greeting(true)[..20].to_vec(),
            "BROKEN  greeting  the connection was closed within the greeting",
        ),
    ] {
        let server = Server::start(Behaviour {
            greeting,
            ..Behaviour::plain("")
        });
        let run = probe(&server, &authority, &[]);
        assert_broken(&run, &["greeting"]);
        assert_says(&run, 1, &[line]);
    }
}

#[test]
fn a_server_that_says_nothing_or_is_not_there_is_left_in_time() {
    let authority = Authority::new("our CA");
    let server = Server::start(Behaviour {
        is_silent: true,
        ..Behaviour::plain("")
    });
    let (run, told) = with_patience(
        |wait| probe(&server, &authority, &["--timeout", wait]),
        |run, _| is_broken(run, &["greeting"]),
    );
    assert_broken(&run, &["greeting"]);
    let words = format!("no greeting within {told}: MySQL and MariaDB speak first");
    assert!(run.stdout.contains(&words), "{}", run.stdout);

    let gone = closed().to_string();
    let directory = TempDir::new().unwrap();
    write(&directory.path().join("ca.crt"), &authority.certificate);
    let mut arguments = vec!["probe", "a.example.org", "--ca", "ca.crt"];
    arguments.extend(["--connect", &gone, "--database", &gone]);
    arguments.extend(["--database-ca", "ca.crt"]);
    let run = run_in(directory.path(), &arguments);
    assert_broken(&run, &["tcp", "tcp"]);
    let words = "check the database's pod, its port, and NetworkPolicies between the httpd and it";
    assert!(run.stdout.contains(words), "{}", run.stdout);
}

#[test]
fn the_secrets_of_the_instance_say_what_is_trusted_and_served() {
    let authority = Authority::new("db CA");
    let [old, new] = [(-300, 60), (-1, 300)].map(|days| leaf(&authority, days));
    let data = [
        ("dbcacert", &authority.certificate),
        ("dbservercert", &new.chain),
    ];
    let data = data.map(|(key, pem)| format!("  {key}: {}\n", STANDARD.encode(pem)));
    let manifest = format!(
        "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {{name: r, namespace: paroisse-a}}\nspec:\n  routes: [{{match: Host(`a.example.org`), kind: Rule, services: [{{name: civicrmhttpd, port: 443}}]}}]\n  tls: {{}}\n---\napiVersion: v1\nkind: Secret\nmetadata: {{name: selfcert, namespace: paroisse-a}}\ndata:\n{}",
        data.concat()
    );
    let front = Server::start(Behaviour::tls(&authority.leaf(&Leaf::default()), OK));
    let directory = TempDir::new().unwrap();
    write(&directory.path().join("ca.crt"), &authority.certificate);
    write(&directory.path().join("m.yaml"), &manifest);
    let probe = |server: &Server, further: &[&str]| {
        let [front, to] = [front.address, server.address].map(|address| address.to_string());
        let arguments = [
            "probe",
            "a.example.org",
            "--connect",
            &front,
            "--ca",
            "ca.crt",
        ];
        let database = ["--manifest", "m.yaml", "--database", &to];
        run_in(
            directory.path(),
            &[&arguments[..], &database, further].concat(),
        )
    };
    let server = Server::start(Behaviour::greeting(&new, &greeting(true)));
    let run = probe(&server, &[]);
    let lines = [
        "expects a certificate for civicrmdb, trusts Secret paroisse-a/selfcert key dbcacert (1)",
        "ok      trust     a path leads to `CN=db CA` of Secret paroisse-a/selfcert key dbcacert",
    ];
    assert_says(&run, 0, &lines);
    let run = probe(&server, &["-o", "json"]);
    let report = crate::support::report("probe", &run.stdout);
    assert_eq!(report["legs"][1]["leg"], "database");
    assert_eq!(
        report["legs"][1]["chain"][0]["subjectAltNames"][0],
        "civicrmdb"
    );

    let server = Server::start(Behaviour::greeting(&old, &greeting(true)));
    let run = probe(&server, &["--expires-within", "90d"]);
    let fix = "fix:      the database serves a certificate other than Secret paroisse-a/selfcert key dbservercert: make it load that one with `kubectl -n paroisse-a rollout restart statefulset/paroisse-set-db statefulset/paroisse-set-httpd statefulset/paroisse-set-tools`";
    assert_says(&run, 1, &[fix]);

    write(
        &directory.path().join("m.yaml"),
        manifest.split("---").next().unwrap(),
    );
    let run = probe(&server, &[]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(
        run.stderr
            .contains("no Secret of namespace paroisse-a holds the CA of its database"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_database_that_nobody_says_whom_to_trust_for_is_not_asked() {
    let directory = TempDir::new().unwrap();
    let run = run_in(
        directory.path(),
        &["probe", "a.example.org", "--database", "127.0.0.1"],
    );
    assert_eq!(
        (run.status, run.stderr.as_str()),
        (
            2,
            "error: --database: nothing says which CA the httpd trusts\nhelp: pass `--cluster`, or `--manifest FILE` with the IngressRoute and the Secrets of the instance, or `--database-ca FILE`\n"
        )
    );
}
