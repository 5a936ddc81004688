//! The certificate that browsers see, over years: its CA stays, so that nobody has to import another.

use crate::support::{Run, mode, names_in, read, run_in, run_line, secret_text, write};
use civi_ingress::pki::{Certificate, LeafUse, SubjectAltName, verify};
use std::path::Path;
use tempfile::TempDir;
use time::OffsetDateTime;
use time::macros::datetime;

/// When the certificate is due, and its CA is not.
const DUE: &str = "2027-08-01T00:00:00Z";

fn wildcard(directory: &Path, arguments: &str) -> Run {
    let all = format!("wildcard-secret --domain example.org -q {arguments}");
    run_line(directory, &all)
}

fn text(stream: &str, key: &str) -> String {
    secret_text(stream, "wildcardsecret", key)
}

/// Checks that the certificate of a stream is trusted by who imported this CA.
fn assert_trusted(stream: &str, authority: &str, at: OffsetDateTime) {
    let authority = Certificate::from_pem(authority).unwrap();
    let leaf = Certificate::from_pem(&text(stream, "tls.crt")).unwrap();
    let names = [SubjectAltName::parse("*.example.org").unwrap()];
    verify::path(&authority, &leaf, LeafUse::Server, &names, at).unwrap();
}

#[test]
fn a_stored_ca_signs_for_years_and_nothing_changes_before_it_is_due() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let mut stream = wildcard(path, "--ca-custody stored").good();
    let authority = text(&stream, "ca.crt");
    assert!(text(&stream, "ca.key").contains("PRIVATE KEY"));
    for (now, at) in [
        (DUE, datetime!(2027-08-01 00:00 UTC)),
        ("2028-05-01T00:00:00Z", datetime!(2028-05-01 00:00 UTC)),
        ("2029-02-01T00:00:00Z", datetime!(2029-02-01 00:00 UTC)),
        ("2034-02-01T00:00:00Z", datetime!(2034-02-01 00:00 UTC)),
    ] {
        write(&path.join("found.yaml"), &stream);
        let renewed = wildcard(path, &format!("--reuse found.yaml --now {now}")).good();
        assert_eq!(text(&renewed, "ca.crt"), authority);
        assert_ne!(text(&renewed, "tls.key"), text(&stream, "tls.key"));
        assert_trusted(&renewed, &authority, at);
        write(&path.join("found.yaml"), &renewed);
        let again = wildcard(path, &format!("--reuse found.yaml --now {now}")).good();
        assert_eq!(again, renewed);
        stream = renewed;
    }
}

#[test]
fn a_ca_key_in_a_file_renews_the_certificate_and_its_absence_is_refused() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let made = wildcard(
        path,
        "--output-dir wild --ca-out ca.crt --ca-key-out ca.key",
    );
    assert_eq!((made.status, made.stderr.as_str()), (0, ""));
    let secret = path.join("wild/10-secret-wildcardsecret.yaml");
    let first = read(&secret);
    assert!(!first.contains("ca.key"));
    wildcard(path, "--output-dir wild --force --reuse wild").good();
    assert_eq!(read(&secret), first);
    let due = format!("--output-dir wild --force --reuse wild --now {DUE}");
    let refused = wildcard(path, &due);
    assert_eq!(refused.status, 5);
    assert_eq!(
        refused.stderr,
        "error: the certificate must be renewed (its certificate expires at 2027-11-21T10:00:00Z and is due), and the key of its CA is missing\n\
         help: pass it with `--ca-cert` and `--ca-key`; without `--reuse` a new CA is made, which browsers must import\n"
    );
    assert_eq!(read(&secret), first);
    wildcard(path, &format!("{due} --ca-cert ca.crt --ca-key ca.key")).good();
    let renewed = read(&secret);
    assert_ne!(renewed, first);
    assert_eq!(text(&renewed, "ca.crt"), text(&first, "ca.crt"));
    assert_trusted(
        &renewed,
        &read(&path.join("ca.crt")),
        datetime!(2027-08-01 00:00 UTC),
    );
    assert_eq!(mode(&secret), 0o600);
}

#[test]
fn a_certificate_that_is_not_among_what_is_reused_or_is_under_another_ca_is_refused() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    write(&path.join("found.yaml"), &wildcard(path, "-n other").good());
    run_in(path, &["ca", "--output-dir", "pki"]).good();
    for (arguments, what) in [
        (
            "--reuse found.yaml",
            "error: found.yaml: the input has no Secret default/wildcardsecret",
        ),
        (
            "--reuse found.yaml -n other --ca-cert pki/ca.crt --ca-key pki/ca.key",
            "error: the CA that is given is not that of Secret other/wildcardsecret",
        ),
        (
            "--reuse found.yaml -n other --ca-key-out new.key",
            "error: --ca-key-out: the CA is kept, but its key is not in what is reused",
        ),
        (
            "--reuse found.yaml -n other --ca-custody stored",
            "error: --ca-custody: the CA is kept, but its key is not in what is reused",
        ),
    ] {
        let refused = wildcard(path, arguments);
        assert_eq!(
            (refused.status, refused.stdout.as_str()),
            (5, ""),
            "{arguments}"
        );
        assert_eq!(refused.stderr.lines().next(), Some(what));
    }
    assert_eq!(names_in(path), ["found.yaml", "pki"]);
}

#[test]
fn what_comes_of_a_choice_years_later_is_reported_when_it_is_made() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let forgotten = "warning: the key of this CA is not kept: when the certificate is due, on 2027-07-22, every browser must import a new CA; \
                     keep the key with `--ca-key-out FILE` or `--ca-custody stored`\n";
    assert_eq!(
        wildcard(path, "--output-dir a --ca-out ca.crt").stderr,
        forgotten
    );
    assert_eq!(
        wildcard(path, "--output-dir b --ca-key-out ca.key").stderr,
        ""
    );
    assert_eq!(
        wildcard(path, "--output-dir c --ca-custody stored").stderr,
        ""
    );
    assert_eq!(
        wildcard(path, "--output-dir d --ca-custody stored --days 826").stderr,
        "warning: the certificate is valid for more than 825 days: Apple's clients refuse it\n"
    );
}

#[test]
fn the_ca_certificate_is_der_in_a_file_whose_name_says_so() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let stream = wildcard(path, "--ca-out ca.der").good();
    let der = std::fs::read(path.join("ca.der")).unwrap();
    let authority = Certificate::from_pem(&text(&stream, "ca.crt")).unwrap();
    assert_eq!(der, authority.der().as_ref());
}

#[test]
fn one_file_is_counted_as_one() {
    let directory = TempDir::new().unwrap();
    let run = run_in(directory.path(), &["tls-store", "--output-dir", "d"]);
    assert_eq!(run.stderr, "note: wrote 1 file to d\n");
}
