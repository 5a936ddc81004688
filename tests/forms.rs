//! Certificates and keys in every form in which they are given.

use crate::support::{read, run_in, run_with_stdin, secret_text, write};
use base64::Engine as _;
use std::path::Path;
use tempfile::TempDir;

/// Writes the content of a PEM file's first block to another file.
fn to_der(directory: &Path, from: &str, to: &str) {
    let text = read(&directory.join(from));
    let body = text
        .lines()
        .skip_while(|line| !line.starts_with("-----BEGIN"))
        .skip(1)
        .take_while(|line| !line.starts_with("-----END"))
        .collect::<String>();
    let der = base64::engine::general_purpose::STANDARD
        .decode(body)
        .unwrap();
    std::fs::write(directory.join(to), der).unwrap();
}

/// Makes a CA and a wildcard certificate as PEM, as DER and in a Secret.
fn prepared() -> TempDir {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    run_in(path, &["ca", "--output-dir", "ca"]).good();
    let cert = ["cert", "--dns", "*.example.org", "--output-dir", "tls"];
    let given = ["--ca-cert", "ca/ca.crt", "--ca-key", "ca/ca.key"];
    run_in(path, &[&cert[..], &given].concat()).good();
    for (from, to) in [
        ("ca/ca.crt", "ca.der"),
        ("ca/ca.key", "ca-key.der"),
        ("tls/tls.crt", "tls.der"),
        ("tls/tls.key", "tls-key.der"),
    ] {
        to_der(path, from, to);
    }
    let stored = [
        "wildcard-secret",
        "--domain",
        "example.org",
        "--ca-custody",
        "stored",
    ];
    let secret = run_in(path, &[&stored[..], &given].concat()).good();
    write(&path.join("secret.yaml"), &secret);
    directory
}

#[test]
fn a_certificate_to_import_is_the_same_as_pem_as_der_and_in_a_secret() {
    let directory = prepared();
    let path = directory.path();
    let import = |arguments: &str| {
        let words: Vec<&str> = ["wildcard-secret"]
            .into_iter()
            .chain(arguments.split(' '))
            .collect();
        run_in(path, &words).good()
    };
    let pem = import("--cert tls/tls.crt --key tls/tls.key");
    assert_eq!(import("--cert tls.der --key tls-key.der"), pem);
    assert_eq!(import("--cert tls/tls.crt --key tls-key.der"), pem);
    let secret = read(&path.join("secret.yaml"));
    for arguments in ["--cert secret.yaml", "--cert secret.yaml --key secret.yaml"] {
        let imported = import(arguments);
        for key in ["tls.crt", "tls.key"] {
            assert_eq!(
                secret_text(&imported, "wildcardsecret", key),
                secret_text(&secret, "wildcardsecret", key)
            );
        }
    }
    let stdin = run_with_stdin(path, &["wildcard-secret", "--cert", "-"], &secret).good();
    assert_eq!(stdin, import("--cert secret.yaml"));
}

#[test]
fn a_ca_that_is_given_may_be_der_or_in_a_secret() {
    let directory = prepared();
    let path = directory.path();
    let authority = read(&path.join("ca/ca.crt"));
    for (number, files) in [["ca.der", "ca-key.der"], ["secret.yaml", "secret.yaml"]]
        .iter()
        .enumerate()
    {
        let out = format!("out{number}");
        let [cert, key] = files;
        run_in(
            path,
            &[
                "cert",
                "--dns",
                "a.example.org",
                "--output-dir",
                &out,
                "--ca-cert",
                cert,
                "--ca-key",
                key,
            ],
        )
        .good();
        assert_eq!(read(&path.join(out).join("ca.crt")), authority);
    }
}

#[test]
fn a_ca_that_the_probe_trusts_may_be_der_or_in_a_secret() {
    let directory = prepared();
    let path = directory.path();
    for file in ["ca/ca.crt", "ca.der", "secret.yaml"] {
        let run = run_in(
            path,
            &[
                "probe",
                "a.example.org",
                "--connect",
                "127.0.0.1:1",
                "--ca",
                file,
            ],
        );
        assert_eq!(run.status, 1, "{}", run.stderr);
        let trusts = format!("trusts {file} (1)");
        assert!(run.stdout.contains(&trusts), "{}", run.stdout);
    }
}

#[test]
fn a_certificate_in_der_is_inspected_in_a_file_and_on_stdin() {
    let directory = prepared();
    let path = directory.path();
    let facts = |text: &str| {
        text.lines()
            .skip(1)
            .map(|line| format!("{line}\n"))
            .collect::<String>()
    };
    let pem = run_in(path, &["inspect", "ca/ca.crt"]).good();
    let der = run_in(path, &["inspect", "ca.der"]).good();
    assert_eq!(facts(&der), facts(&pem));
    let mut command = crate::support::command(path);
    command
        .args(["inspect", "-"])
        .write_stdin(std::fs::read(path.join("ca.der")).unwrap());
    assert_eq!(
        facts(&crate::support::finish(&mut command).good()),
        facts(&pem)
    );
}

#[test]
fn a_file_without_what_is_wanted_is_refused() {
    let directory = prepared();
    let path = directory.path();
    let twice = read(&path.join("secret.yaml")).repeat(2);
    write(&path.join("twice.yaml"), &twice);
    write(
        &path.join("other.yaml"),
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {x: eA==}\n",
    );
    for (file, what) in [
        (
            "twice.yaml",
            "twice.yaml: more than one Secret has what is wanted\nhelp: give one of them\n",
        ),
        (
            "other.yaml",
            "other.yaml: no Secret has tls.crt, externcert\nhelp: name the Secret that holds it\n",
        ),
    ] {
        let run = run_in(path, &["wildcard-secret", "--cert", file]);
        assert_eq!((run.status, run.stdout.as_str()), (3, ""));
        assert!(
            run.stderr.ends_with(&format!("error: {what}")),
            "{}",
            run.stderr
        );
    }
}
