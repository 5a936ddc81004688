//! CAs that a user gives: what is refused, what is warned of, and what is served below them.

use crate::support::{Recipe, read, run_in, secret_text, write};
use civi_ingress::pki::certificate::Details;
use civi_ingress::pki::refusals::{self, RefusalRule, Use};
use civi_ingress::pki::{Certificate, LeafUse, SubjectAltName, verify};
use std::path::Path;
use tempfile::TempDir;
use time::macros::datetime;

macro_rules! fixture {
    ($($name:literal),+) => { concat!($(include_str!(concat!("fixtures/", $name))),+) };
}

const NOW: &str = "2026-12-01T00:00:00Z";

/// The options that take the CA of a directory.
const GIVEN: [&str; 4] = ["--ca-cert", "ca.pem", "--ca-key", "ca.key"];

/// A directory with a CA below a root.
fn with_intermediate() -> TempDir {
    let directory = TempDir::new().unwrap();
    let certificates = fixture!("issuing.crt", "issuing-root.crt");
    write(&directory.path().join("ca.pem"), certificates);
    write(&directory.path().join("ca.key"), fixture!("issuing.key"));
    directory
}

/// Returns the certificates of a Secret's key.
fn certificates_in(stream: &str, secret: &str, key: &str) -> Vec<Certificate> {
    Certificate::all_from_pem(&secret_text(stream, secret, key)).unwrap()
}

/// Runs `cert` for `a.example.org` under a CA.
fn cert(directory: &Path, certificates: &str, key: &str) -> crate::support::Run {
    write(&directory.join("ca.pem"), certificates);
    write(&directory.join("ca.key"), key);
    let made = ["cert", "--dns", "a.example.org", "--output-dir", "made"];
    run_in(directory, &[&made[..], &GIVEN, &["--now", NOW]].concat())
}

#[test]
fn a_ca_that_go_refuses_signs_nothing_and_what_others_refuse_is_warned_of() {
    let directory = TempDir::new().unwrap();
    let refused = cert(
        directory.path(),
        fixture!("negative-serial.crt"),
        fixture!("negative-serial.key"),
    );
    assert_eq!(refused.status, 3);
    assert!(
        refused.stderr.ends_with(
            "error: ca.pem: the CA has a negative serial number: Go, and so Traefik, and Python refuse it\n\
             help: ask for a new one\n"
        ),
        "{}",
        refused.stderr
    );
    let warned = cert(
        directory.path(),
        fixture!("no-usage.crt"),
        fixture!("no-usage.key"),
    );
    assert_eq!(warned.status, 0, "{}", warned.stderr);
    assert!(
        warned.stderr.contains(
            "warning: ca.pem: the CA `O=Test, CN=Plain` has no key usage: OpenSSL with strict checks and Python refuse it\n"
        ),
        "{}",
        warned.stderr
    );
}

#[test]
fn below_an_intermediate_leaves_are_served_with_the_chain_and_the_root_is_trusted() {
    for certificates in [
        fixture!("issuing.crt", "issuing-root.crt"),
        fixture!("issuing-root.crt", "issuing.crt"),
    ] {
        let directory = TempDir::new().unwrap();
        let made = cert(directory.path(), certificates, fixture!("issuing.key"));
        assert_eq!(made.status, 0, "{}", made.stderr);
        let of = |name: &str| {
            Certificate::all_from_pem(&read(&directory.path().join("made").join(name))).unwrap()
        };
        let (served, trusted) = (of("tls.crt"), of("ca.crt"));
        assert_eq!(served.len(), 2);
        assert_eq!(
            served[1],
            Certificate::from_pem(fixture!("issuing.crt")).unwrap()
        );
        assert_eq!(
            trusted,
            [Certificate::from_pem(fixture!("issuing-root.crt")).unwrap()]
        );
        assert!(served[0].names_as_issuer(&served[1]));
        let names = [SubjectAltName::parse("a.example.org").unwrap()];
        let at = datetime!(2026-12-02 00:00:00 UTC);
        verify::path_through(
            &trusted[0],
            &served[1..],
            &served[0],
            LeafUse::Server,
            &names,
            at,
        )
        .unwrap();
        let wildcard = run_in(
            directory.path(),
            &[
                &["wildcard-secret", "--domain", "example.org"][..],
                &GIVEN,
                &["--now", NOW, "--ca-out", "out.crt"],
            ]
            .concat(),
        );
        let secret = wildcard.good();
        let chain = secret_text(&secret, "wildcardsecret", "tls.crt");
        assert_eq!(Certificate::all_from_pem(&chain).unwrap().len(), 2);
        assert_eq!(
            secret_text(&secret, "wildcardsecret", "ca.crt"),
            trusted[0].pem()
        );
        assert_eq!(read(&directory.path().join("out.crt")), trusted[0].pem());
    }
}

#[test]
fn below_an_intermediate_httpd_serves_the_chain_traefik_trusts_the_root_and_a_second_run_keeps_both()
 {
    let directory = with_intermediate();
    let path = directory.path();
    let new = |more: &[&str]| {
        let arguments = ["new-instance", "a", "--host", "a.example.org"];
        run_in(path, &[&arguments, more].concat())
    };
    let first = new(&[&GIVEN[..], &["--now", NOW]].concat()).good();
    let of = certificates_in;
    let issuing = Certificate::from_pem(fixture!("issuing.crt")).unwrap();
    let root = Certificate::from_pem(fixture!("issuing-root.crt")).unwrap();
    let (served, trusted) = (
        of(&first, "selfcert", "externcert"),
        of(&first, "externca", "ca.crt"),
    );
    let authorities = [issuing, root];
    assert_eq!(served[1..], authorities[..1]);
    assert_eq!(trusted, authorities[1..]);
    assert_eq!(of(&first, "selfcert", "cacert"), authorities);
    let names = [SubjectAltName::parse("a.example.org").unwrap()];
    let at = datetime!(2026-12-02 00:00:00 UTC);
    let (leaf, between) = (&served[0], &served[1..]);
    verify::path_through(&trusted[0], between, leaf, LeafUse::Server, &names, at).unwrap();
    write(&path.join("first.yaml"), &first);
    let lint = run_in(path, &["lint", "first.yaml", "--now", NOW]);
    assert_eq!((lint.status, lint.stdout.as_str()), (0, ""));
    // With the CA and without it, and renewed under it.
    let reuse = ["--reuse", "first.yaml"];
    for more in [&GIVEN[..], &["--ca-custody", "dropped"]] {
        let again = new(&[&reuse, more, &["--now", "2026-12-03T00:00:00Z"]].concat()).good();
        for (secret, key) in [
            ("selfcert", "externcert"),
            ("selfcert", "cacert"),
            ("externca", "ca.crt"),
        ] {
            assert_eq!(of(&again, secret, key), of(&first, secret, key), "{key}");
        }
    }
    let renewed = new(&[&reuse, &GIVEN[..], &["--now", "2027-10-01T00:00:00Z"]].concat()).good();
    let again = of(&renewed, "selfcert", "externcert");
    assert_ne!(again[0], served[0]);
    assert_eq!(again[1..], served[1..]);
    assert_eq!(of(&renewed, "externca", "ca.crt"), trusted);
}

#[test]
fn a_stored_intermediate_signs_the_renewal_with_its_chain() {
    let directory = with_intermediate();
    let path = directory.path();
    let stored = ["--ca-custody", "stored"];
    let instance = ["new-instance", "a", "--host", "a.example.org"];
    let wildcard = ["wildcard-secret", "--domain", "example.org"];
    for (command, secret, served, trusted, key) in [
        (
            &instance[..],
            "selfcert",
            "externcert",
            ("externca", "ca.crt"),
            "cakey",
        ),
        (
            &wildcard[..],
            "wildcardsecret",
            "tls.crt",
            ("wildcardsecret", "ca.crt"),
            "ca.key",
        ),
    ] {
        let at = |now: &str, more: &[&str]| {
            run_in(path, &[command, &stored, more, &["--now", now]].concat())
        };
        let first = at(NOW, &GIVEN).good();
        write(&path.join("first.yaml"), &first);
        let reuse = ["--reuse", "first.yaml"];
        let same = at("2026-12-03T00:00:00Z", &reuse);
        assert_eq!((same.status, &same.stdout), (0, &first), "{}", same.stderr);
        let renewed = at("2027-10-01T00:00:00Z", &reuse);
        let stderr = &renewed.stderr;
        assert_eq!(renewed.status, 0, "{stderr}");
        let of = |stream: &str| certificates_in(stream, secret, served);
        let (before, after) = (of(&first), of(&renewed.stdout));
        assert_ne!(after[0], before[0]);
        assert_eq!(after[1..], before[1..], "{stderr}");
        assert!(after[0].names_as_issuer(&after[1]));
        let (secret_of_trust, key_of_trust) = trusted;
        let trust = certificates_in(&renewed.stdout, secret_of_trust, key_of_trust);
        assert_eq!(
            trust,
            certificates_in(&first, secret_of_trust, key_of_trust)
        );
        assert_eq!(
            secret_text(&renewed.stdout, secret, key),
            fixture!("issuing.key")
        );
    }
}

#[test]
fn a_stored_intermediate_that_has_ended_is_not_replaced_unasked() {
    let directory = with_intermediate();
    let path = directory.path();
    let at = |now: &str, more: &[&str]| {
        let arguments = ["new-instance", "a", "--host", "a.example.org", "--now", now];
        run_in(path, &[&arguments, more].concat())
    };
    let given = [&GIVEN[..], &["--ca-custody", "stored"]].concat();
    let first = at("2125-01-01T00:00:00Z", &given).good();
    write(&path.join("first.yaml"), &first);
    let reuse = ["--reuse", "first.yaml"];
    let ending = at("2125-05-20T00:00:00Z", &reuse);
    assert_eq!(ending.status, 0, "{}", ending.stderr);
    assert!(
        ending.stderr.contains(
            "warning: httpd: its certificate expires at 2125-06-23T10:39:21Z with the stored CA, an intermediate: pass its successor with `--ca-cert` and `--ca-key`\n"
        ),
        "{}",
        ending.stderr
    );
    assert_eq!(
        secret_text(&ending.stdout, "selfcert", "externkey"),
        secret_text(&first, "selfcert", "externkey")
    );
    let ended = at("2125-07-01T00:00:00Z", &reuse);
    assert_eq!((ended.status, ended.stdout.as_str()), (5, ""));
    assert_eq!(
        ended.stderr,
        "error: httpd: its certificate expired at 2125-06-23T10:39:21Z, and the stored CA `DC=org, DC=example, OU=one + OU=two, CN=Issuing` cannot sign: the CA is valid from 2026-11-29T10:39:21Z to 2125-06-23T10:39:21Z only\n\
         help: pass its successor with `--ca-cert` and `--ca-key`; without `--reuse` a new CA is made\n"
    );
}

#[test]
fn a_ca_whose_key_is_elsewhere_is_not_replaced_unasked() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let of = |stream: &str, secret: &str, key: &str| {
        Certificate::all_from_pem(&secret_text(stream, secret, key)).unwrap()
    };
    let new = |now: &str, more: &[&str]| {
        let arguments = ["new-instance", "a", "--host", "a.example.org", "--now", now];
        run_in(path, &[&arguments, more].concat())
    };
    run_in(path, &["ca", "--output-dir", "ca", "--now", NOW]).good();
    let given = ["--ca-cert", "ca/ca.crt", "--ca-key", "ca/ca.key"];
    let first = new(NOW, &given).good();
    write(&path.join("first.yaml"), &first);
    let reuse = ["--reuse", "first.yaml"];
    let again = new("2026-12-03T00:00:00Z", &reuse);
    assert_eq!(
        (again.status, again.stdout.as_str()),
        (0, first.as_str()),
        "{}",
        again.stderr
    );
    let ca = Certificate::from_pem(&read(&path.join("ca/ca.crt"))).unwrap();
    let name = ca.details().unwrap().name().to_owned();
    let due = "2027-10-01T00:00:00Z";
    for (more, reason) in [
        (
            &[][..],
            "its certificate expires at 2027-12-01T00:00:00Z and is due",
        ),
        (
            &["--alias", "b.example.org"],
            "no subject alternative name covers `b.example.org`",
        ),
    ] {
        let refused = new(due, &[&reuse, more].concat());
        assert_eq!((refused.status, refused.stdout.as_str()), (5, ""));
        assert_eq!(
            refused.stderr,
            format!(
                "error: httpd: {reason}, and the key of its CA `{name}` is not in what is reused\n\
                 help: pass the CA with `--ca-cert` and `--ca-key`, or `--ca-custody dropped` for a new one\n"
            )
        );
    }
    let under = new(due, &[&reuse, &given[..]].concat()).good();
    assert_eq!(
        of(&under, "selfcert", "cacert"),
        of(&first, "selfcert", "cacert")
    );
    assert_ne!(
        of(&under, "selfcert", "externcert"),
        of(&first, "selfcert", "externcert")
    );
    let asked = new(due, &[&reuse[..], &["--ca-custody", "dropped"]].concat());
    assert_eq!(asked.status, 0, "{}", asked.stderr);
    let (old, new) = (
        of(&first, "selfcert", "cacert"),
        of(&asked.stdout, "selfcert", "cacert"),
    );
    assert_ne!(new, old);
    assert_eq!(of(&asked.stdout, "externca", "ca.crt"), [new, old].concat());
}

#[test]
fn the_keys_of_the_database_and_of_traefik_are_not_replaced_with_their_cas_unasked() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let new = |now: &str, more: &[&str]| {
        let arguments = ["new-instance", "a", "--host", "a.example.org", "--now", now];
        run_in(path, &[&arguments[..], &["--client-auth"], more].concat())
    };
    let first = new(NOW, &["--ca-custody", "dropped"]).good();
    write(&path.join("first.yaml"), &first);
    let reuse = ["--reuse", "first.yaml"];
    let again = new("2026-12-03T00:00:00Z", &reuse);
    assert_eq!(
        (again.status, &again.stdout),
        (0, &first),
        "{}",
        again.stderr
    );
    // What is asked of httpd's leaf is met by another CA; the others still want theirs.
    run_in(path, &["ca", "--output-dir", "ca", "--now", NOW]).good();
    let due = "2027-10-01T00:00:00Z";
    let given = ["--ca-cert", "ca/ca.crt", "--ca-key", "ca/ca.key"];
    let refused = new(due, &[&reuse, &given[..]].concat());
    assert_eq!((refused.status, refused.stdout.as_str()), (5, ""));
    assert!(
        refused.stderr.contains("error: database: its certificate expires at 2027-12-01T00:00:00Z and is due, and the key of its CA `")
            && refused.stderr.ends_with("help: pass `--ca-custody dropped` for a new CA\n"),
        "{}",
        refused.stderr
    );
    let dropped = ["--ca-custody", "dropped"];
    let renewed = new(due, &[&reuse[..], &dropped].concat());
    assert_eq!(renewed.status, 0, "{}", renewed.stderr);
}

#[test]
fn an_intermediate_without_its_root_signs_nothing() {
    let directory = TempDir::new().unwrap();
    let refused = cert(
        directory.path(),
        fixture!("issuing.crt"),
        fixture!("issuing.key"),
    );
    assert_eq!(refused.status, 3);
    assert!(
        refused.stderr.contains(
            "error: ca.pem: the CA is an intermediate: `DC=org, DC=example, CN=Issuing Root` signed it\n"
        ),
        "{}",
        refused.stderr
    );
    let two = cert(
        directory.path(),
        fixture!("issuing.crt", "issuing-root.crt", "root.crt"),
        fixture!("issuing.key"),
    );
    assert!(
        two.stderr.contains("there is more than one certificate"),
        "{}",
        two.stderr
    );
}

#[test]
fn a_leaf_below_a_young_ca_is_not_reported_to_end_with_it() {
    let directory = TempDir::new().unwrap();
    let run = |arguments: &[&str]| run_in(directory.path(), arguments);
    run(&[
        "ca",
        "--output-dir",
        "ca",
        "--not-before",
        "2026-11-21T09:59:59Z",
    ])
    .good();
    let given = ["--ca-cert", "ca/ca.crt", "--ca-key", "ca/ca.key"];
    let young = run(&[
        &["cert", "--dns", "a.example.org", "--output-dir", "young"],
        &given[..],
    ]
    .concat());
    assert_eq!(young.status, 0, "{}", young.stderr);
    assert!(
        !young.stderr.contains("expires with its CA"),
        "{}",
        young.stderr
    );
    let long = [
        "cert",
        "--dns",
        "a.example.org",
        "--output-dir",
        "long",
        "--days",
        "4000",
    ];
    let long = run(&[&long, &given[..]].concat());
    assert!(
        long.stderr
            .contains("the certificate expires with its CA, at 2036-11-18"),
        "{}",
        long.stderr
    );
    assert!(
        long.stderr
            .contains("warning: the certificate is valid for more than 825 days"),
        "{}",
        long.stderr
    );
}

#[test]
fn a_certificate_that_would_be_due_when_it_is_issued_is_refused() {
    let directory = TempDir::new().unwrap();
    for command in [
        &["cert", "--dns", "a.example.org", "--output-dir", "o"][..],
        &["ca", "--output-dir", "o"],
        &["new-instance", "a", "--host", "a.example.org"],
        &["wildcard-secret", "--domain", "example.org"],
    ] {
        let old = ["--not-before", "2006-01-01T00:00:00Z"];
        let run = run_in(directory.path(), &[command, &old].concat());
        assert_eq!(run.status, 2, "{}", run.stderr);
        assert!(
            run.stderr
                .contains("would have been due for renewal since "),
            "{}",
            run.stderr
        );
        assert!(!directory.path().join("o").exists());
    }
}

/// A change of a good certificate, the rule that it breaks, and whether Go refuses it.
type Case = (fn(&mut Details), RefusalRule, bool);

fn good() -> (Details, Details) {
    let chain = Recipe::default().chain();
    (chain.ca.details().unwrap(), chain.leaf.details().unwrap())
}

/// Returns the rules that a certificate breaks after a change.
fn broken(mut details: Details, used: Use, change: fn(&mut Details)) -> Vec<(RefusalRule, bool)> {
    change(&mut details);
    let found = refusals::of(&details, used);
    found
        .iter()
        .map(|refusal| (refusal.rule, refusal.is_fatal))
        .collect()
}

#[test]
fn each_rule_of_the_table_is_found_alone() {
    let (ca, leaf) = good();
    assert_eq!(refusals::of(&ca, Use::Authority), []);
    assert_eq!(refusals::of(&leaf, Use::Server), []);
    let both: [Case; 6] = [
        (
            |details| details.serial_sign = -1,
            RefusalRule::NegativeSerial,
            true,
        ),
        (
            |details| details.serial_sign = 0,
            RefusalRule::ZeroSerial,
            false,
        ),
        (
            |details| details.repeats_extension = true,
            RefusalRule::RepeatedExtension,
            true,
        ),
        (
            |details| details.names_two_algorithms = true,
            RefusalRule::TwoAlgorithms,
            true,
        ),
        (
            |details| details.weak_key = Some("RSA keys need at least 2048 bits"),
            RefusalRule::WeakKey,
            true,
        ),
        (
            |details| details.version = 1,
            RefusalRule::OldVersion,
            false,
        ),
    ];
    for (change, rule, is_fatal) in both {
        assert_eq!(
            broken(ca.clone(), Use::Authority, change),
            [(rule, is_fatal)]
        );
        assert_eq!(
            broken(leaf.clone(), Use::Server, change),
            [(rule, is_fatal)]
        );
    }
    let authority: [Case; 7] = [
        (
            |details| details.is_ca = false,
            RefusalRule::NoAuthority,
            true,
        ),
        (
            |details| details.critical_constraints = false,
            RefusalRule::UncriticalConstraints,
            false,
        ),
        (
            |details| details.key_usages = None,
            RefusalRule::NoKeyUsage,
            false,
        ),
        (
            |details| details.key_usages = Some(vec!["cRLSign"]),
            RefusalRule::NotForSigning,
            true,
        ),
        (
            |details| details.extended_key_usages = Some(vec!["clientAuth".into()]),
            RefusalRule::AuthorityNotForServers,
            true,
        ),
        (
            |details| details.subject = String::new(),
            RefusalRule::NamelessAuthority,
            false,
        ),
        (
            |details| details.subject_key_id = None,
            RefusalRule::NoSubjectKeyId,
            false,
        ),
    ];
    for (change, rule, is_fatal) in authority {
        assert_eq!(
            broken(ca.clone(), Use::Authority, change),
            [(rule, is_fatal)]
        );
    }
    let mut root = ca;
    root.weak_signature = true;
    assert_eq!(
        refusals::of(&root, Use::Authority),
        [],
        "nobody verifies the signature of a root"
    );
}

#[test]
fn each_rule_for_servers_is_found_alone() {
    let (_, leaf) = good();
    let server: [Case; 6] = [
        (
            |details| details.weak_signature = true,
            RefusalRule::WeakSignature,
            true,
        ),
        (
            |details| details.extended_key_usages = Some(vec!["clientAuth".into()]),
            RefusalRule::NotForServers,
            true,
        ),
        (
            |details| details.is_ca = true,
            RefusalRule::AuthorityAsServer,
            false,
        ),
        (
            |details| details.subject_alt_names = Vec::new(),
            RefusalRule::NoNames,
            true,
        ),
        (
            |details| details.subject = String::new(),
            RefusalRule::UncriticalNames,
            false,
        ),
        (
            |details| details.authority_key_id = None,
            RefusalRule::NoAuthorityKeyId,
            false,
        ),
    ];
    for (change, rule, is_fatal) in server {
        assert_eq!(
            broken(leaf.clone(), Use::Server, change),
            [(rule, is_fatal)]
        );
    }
}

#[test]
fn name_constraints_come_after_the_basic_constraints() {
    let chain = Recipe::default().chain();
    let (_, parsed) = x509_parser::parse_x509_certificate(chain.ca.der()).unwrap();
    let order: Vec<String> = parsed
        .extensions()
        .iter()
        .map(|extension| extension.oid.to_id_string())
        .collect();
    let at = |oid: &str| order.iter().position(|found| found == oid).unwrap();
    assert!(at("2.5.29.19") < at("2.5.29.30"), "{order:?}");
    let extension = parsed.name_constraints().unwrap().expect("the extension");
    assert!(extension.critical);
}
