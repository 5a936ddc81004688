//! PKCS#12 files in the commands that take a certificate, or a pair.

use crate::support::{Run, read, run_in, run_line, run_with_stdin, secret_text, write};
use civi_ingress::pki::Certificate;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::TempDir;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");

/// Runs a command line in which `@` stands for the directory of the fixtures.
fn run(directory: &Path, line: &str) -> Run {
    run_line(directory, &line.replace('@', FIXTURES))
}

/// Returns a directory with password files that only their owner can read.
fn directory() -> TempDir {
    let directory = TempDir::new().unwrap();
    for (name, text) in [
        ("password", "geheim\n"),
        ("wrong", "geheim \n"),
        ("of-ca", "motpassé€\r\nnot this line\n"),
    ] {
        let path = directory.path().join(name);
        write(&path, text);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    }
    directory
}

#[test]
fn a_wildcard_from_pkcs12_is_the_same_as_from_pem() {
    let directory = directory();
    let path = directory.path();
    let pem = run(
        path,
        "wildcard-secret --cert @/good.crt --key @/good.key --chain @/intermediate.crt",
    );
    let expected = pem.good();
    for file in ["openssl", "legacy-3des", "nss", "java"] {
        let line =
            format!("wildcard-secret --cert @/pkcs12/{file}.p12 --pkcs12-password-file password");
        assert_eq!(run(path, &line).good(), expected, "{file}");
    }
    // Each half from a file of its own, one of them without a password.
    let halves = "wildcard-secret --cert @/pkcs12/empty-password.p12 --key @/good.key --chain @/intermediate.crt";
    assert_eq!(run(path, halves).good(), expected);
}

#[test]
fn a_wrong_or_missing_password_is_one_error_and_nothing_is_printed() {
    let directory = directory();
    let line = "wildcard-secret --cert @/pkcs12/openssl.p12";
    for (options, what) in [
        ("", "the PKCS#12 file is protected by a password"),
        (
            " --pkcs12-password-file wrong",
            "the password does not open the PKCS#12 file",
        ),
    ] {
        let refused = run(directory.path(), &format!("{line}{options}"));
        assert_eq!((refused.status, refused.stdout.as_str()), (3, ""));
        let first = refused
            .stderr
            .lines()
            .find(|line| line.starts_with("error"));
        assert_eq!(
            first,
            Some(format!("error: {FIXTURES}/pkcs12/openssl.p12: {what}").as_str())
        );
        assert_eq!(refused.stderr.matches("error: ").count(), 1);
    }
}

#[test]
fn a_ca_from_pkcs12_signs_and_its_root_is_what_clients_import() {
    let directory = directory();
    let path = directory.path();
    let line = "cert --dns a.example.org --output-dir out --now 2026-12-01T00:00:00Z --ca-cert @/pkcs12/ca.p12 --pkcs12-password-file of-ca";
    run(path, line).good();
    let root = std::fs::read_to_string(format!("{FIXTURES}/issuing-root.crt")).unwrap();
    assert_eq!(
        Certificate::from_pem(&read(&path.join("out/ca.crt")))
            .unwrap()
            .der(),
        Certificate::from_pem(&root).unwrap().der()
    );
    let served = Certificate::all_from_pem(&read(&path.join("out/tls.crt"))).unwrap();
    let issuing = std::fs::read_to_string(format!("{FIXTURES}/issuing.crt")).unwrap();
    assert_eq!(
        served[1].der(),
        Certificate::from_pem(&issuing).unwrap().der()
    );
}

#[test]
fn the_key_of_a_ca_may_be_in_the_file_of_its_certificate() {
    let directory = directory();
    let path = directory.path();
    let both = ["issuing.crt", "issuing-root.crt", "issuing.key"]
        .map(|name| std::fs::read_to_string(format!("{FIXTURES}/{name}")).unwrap());
    write(&path.join("both.pem"), &both.concat());
    std::fs::set_permissions(path.join("both.pem"), PermissionsExt::from_mode(0o600)).unwrap();
    let made = run(
        path,
        "new-instance p --host a.example.org --now 2026-12-01T00:00:00Z -q --ca-cert both.pem",
    );
    let stream = made.good();
    assert!(secret_text(&stream, "selfcert", "externcert").contains("BEGIN CERTIFICATE"));
    let refused = run(
        path,
        "new-instance p --host a.example.org --ca-cert @/issuing.crt",
    );
    assert_eq!((refused.status, refused.stdout.as_str()), (3, ""));
    assert!(
        refused.stderr.contains("`--ca-key FILE`"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_certificate_that_a_program_has_rewritten_is_refused() {
    let directory = directory();
    let line =
        "wildcard-secret --cert @/two-algorithms.crt --key @/good.key --chain @/intermediate.crt";
    let refused = run(directory.path(), line);
    assert_eq!((refused.status, refused.stdout.as_str()), (3, ""));
    let fault = "`O=Test, CN=good` names two algorithms for its signature (RFC 5280 section 4.1.1.2)\n\
                 help: a program has rewritten it";
    assert!(refused.stderr.contains(fault), "{}", refused.stderr);
}

#[test]
fn a_file_without_the_key_that_is_wanted_is_refused() {
    let directory = directory();
    let line = "wildcard-secret --cert @/pkcs12/no-keys.p12 --pkcs12-password-file password";
    let refused = run(directory.path(), line);
    assert_eq!(refused.status, 3);
    assert!(
        refused
            .stderr
            .contains("the PKCS#12 file has no private key"),
        "{}",
        refused.stderr
    );
}

#[test]
fn inspect_and_status_show_the_certificates_of_pkcs12_whatever_its_name_is() {
    let directory = directory();
    let path = directory.path();
    for file in ["openssl.p12", "no-keys.p12", "nss.p12"] {
        std::fs::copy(format!("{FIXTURES}/pkcs12/{file}"), path.join("store")).unwrap();
        for command in ["inspect", "status"] {
            let line = format!("{command} store --pkcs12-password-file password");
            let shown = run(path, &line).good();
            for place in ["store", "Root", "Intermediate"] {
                assert!(shown.contains(place), "{command} {file}: {shown}");
            }
        }
    }
    // Nothing that is secret is needed for what is not.
    for file in ["empty-password.p12", "bare.p12", "no-mac.p12"] {
        let shown = run(path, &format!("inspect @/pkcs12/{file}")).good();
        assert!(shown.contains("good"), "{shown}");
    }
}

#[test]
fn a_tree_with_a_file_that_needs_a_password_is_reported_on_without_it() {
    let directory = directory();
    let path = directory.path();
    std::fs::create_dir(path.join("tree")).unwrap();
    for (from, to) in [("good.crt", "a.crt"), ("pkcs12/java.p12", "b.pfx")] {
        std::fs::copy(format!("{FIXTURES}/{from}"), path.join("tree").join(to)).unwrap();
    }
    let without = run(path, "status tree");
    assert_eq!(
        without.stderr,
        "warning: tree/b.pfx: the PKCS#12 file is protected by a password\n"
    );
    assert!(without.stdout.contains("a.crt"));
    let with = run(path, "status tree --pkcs12-password-file password").good();
    assert!(with.contains("b.pfx"), "{with}");
}

#[test]
fn the_password_may_come_through_stdin_but_not_with_another_input() {
    let directory = directory();
    let arguments = ["inspect", "-", "--pkcs12-password-file", "-"];
    let refused = run_in(directory.path(), &arguments);
    assert_eq!(refused.status, 2, "{}", refused.stderr);
    for line in [
        "wildcard-secret --cert - --pkcs12-password-file -",
        "wildcard-secret --domain example.org --ca-cert - --pkcs12-password-file -",
        "new-instance p --host a.example.org --ca-cert - --pkcs12-password-file -",
        "probe a.example.org --cert - --pkcs12-password-file -",
        "status - --pkcs12-password-file -",
    ] {
        let refused = run(directory.path(), line);
        assert_eq!((refused.status, refused.stdout.as_str()), (2, ""), "{line}");
    }
    let file = format!("{FIXTURES}/pkcs12/openssl.p12");
    let arguments = ["inspect", &file, "--pkcs12-password-file", "-"];
    let shown = run_with_stdin(directory.path(), &arguments, "geheim");
    assert!(shown.good().contains("good"));
}

#[test]
fn a_password_file_that_others_can_read_is_warned_of() {
    let directory = directory();
    let path = directory.path();
    std::fs::set_permissions(path.join("password"), PermissionsExt::from_mode(0o644)).unwrap();
    let line = "inspect @/pkcs12/openssl.p12 --pkcs12-password-file password";
    let shown = run(path, line);
    assert_eq!(shown.status, 0);
    assert_eq!(
        shown.stderr,
        "warning: password holds a password and has mode 644; `chmod 600` it\n"
    );
}
