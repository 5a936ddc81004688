//! What is in public places: certificates, re-encoded, and nothing that was next to them in a file.

use crate::support::{decode, names_in, read, run, run_in, secret_text, write};
use civi_ingress::pki::CertificateText;
use std::path::Path;
use tempfile::TempDir;

const PRIVATE: [&str; 6] = [
    "cakey",
    "externkey",
    "dbcakey",
    "dbserverkey",
    "tls.key",
    "ca.key",
];

/// Fails where a public value of manifests is anything but certificates as they are written here.
#[track_caller]
fn assert_clean_manifests(text: &str) -> usize {
    let mut seen = 0;
    for line in text.lines() {
        let Some((key, value)) = line.trim_start_matches("---\n").trim().split_once(": ") else {
            continue;
        };
        let Some(decoded) = decode(value).filter(|text| text.contains("-----BEGIN")) else {
            continue;
        };
        if !PRIVATE.contains(&key) {
            assert_clean(key, &decoded);
            seen += 1;
        }
    }
    seen
}

#[track_caller]
fn assert_clean(what: &str, text: &str) {
    let certificates = CertificateText::of(text).unwrap_or_else(|fault| panic!("{what}: {fault}"));
    assert_eq!(certificates.as_str(), text, "{what}");
    let again = text.replace("-----BEGIN CERTIFICATE-----\n", "");
    assert!(
        !again.contains("BEGIN") && !text.contains("canary"),
        "{what}: {text}"
    );
}

#[track_caller]
fn assert_clean_directory(directory: &Path) -> usize {
    let mut seen = 0;
    for name in names_in(directory) {
        let path = directory.join(&name);
        if path.is_dir() {
            seen += assert_clean_directory(&path);
        } else if path.extension().is_some_and(|end| end == "crt") {
            assert_clean(&name, &read(&path));
            seen += 1;
        } else if path.extension().is_some_and(|end| end == "yaml") {
            seen += assert_clean_manifests(&read(&path));
        }
    }
    seen
}

/// Makes a CA whose certificate and key are in one file, with a comment.
fn combined_ca(directory: &Path) {
    run_in(directory, &["ca", "--output-dir", "ca", "-q"]).good();
    let (certificate, key) = (
        read(&directory.join("ca/ca.crt")),
        read(&directory.join("ca/ca.key")),
    );
    write(
        &directory.join("both.pem"),
        &format!("{key}subject=canary\n{certificate}canary\n"),
    );
}

const BY_BOTH: [&str; 4] = ["--ca-cert", "both.pem", "--ca-key", "both.pem"];

#[test]
fn a_key_beside_the_certificate_of_a_given_ca_never_travels() {
    let folder = TempDir::new().unwrap();
    let directory = folder.path();
    combined_ca(directory);
    for arguments in [
        &["cert", "--dns", "a.example.org", "--output-dir", "cert"][..],
        &[
            "wildcard-secret",
            "--domain",
            "example.org",
            "--ca-out",
            "out.crt",
            "--output-dir",
            "wildcard",
        ],
        &[
            "new-instance",
            "a",
            "--host",
            "a.example.org",
            "--ca-custody",
            "stored",
            "--output-dir",
            "instance",
        ],
        &[
            "new-instance",
            "a",
            "--host",
            "a.example.org",
            "--client-auth",
            "--output-dir",
            "with-client",
        ],
    ] {
        let made = run_in(directory, &[arguments, &BY_BOTH].concat());
        assert_eq!(made.status, 0, "{}", made.stderr);
        let warning = "warning: both.pem also holds a private key; only its certificate is taken\n";
        assert!(made.stderr.starts_with(warning), "{}", made.stderr);
    }
    assert_eq!(assert_clean_directory(&directory.join("cert")), 2);
    assert_eq!(assert_clean_directory(&directory.join("wildcard")), 2);
    assert_eq!(assert_clean_directory(&directory.join("instance")), 5);
    assert_eq!(assert_clean_directory(&directory.join("with-client")), 7);
    assert_clean("--ca-out", &read(&directory.join("out.crt")));
}

#[test]
fn a_key_beside_a_certificate_of_a_fleet_s_ca_never_travels() {
    let folder = TempDir::new().unwrap();
    let directory = folder.path();
    combined_ca(directory);
    let recipient = "age188kwnc9gxmahpxqauscuwhy6crjs66h0hqcn4w3vj8993595lgnqa3rfeq";
    write(
        &directory.join("fleet.yaml"),
        &format!(
            "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {{name: f}}\nspec:\n  domain: example.org\n  \
             secrets: {{mode: sops, recipients: [{recipient}]}}\n  defaults: {{certificate: {{ca: external}}}}\n  instances: {{a: {{}}}}\n"
        ),
    );
    let made = run_in(
        directory,
        &[
            &[
                "gitops",
                "render",
                "-f",
                "fleet.yaml",
                "--output-dir",
                "tree",
            ],
            &BY_BOTH[..],
        ]
        .concat(),
    );
    assert_eq!(made.status, 0, "{}", made.stderr);
    assert!(assert_clean_directory(&directory.join("tree")) >= 5);
}

/// Puts a key and comments beside the certificate of each public value.
fn soiled(manifests: &str) -> String {
    use base64::Engine as _;
    let engine = base64::engine::general_purpose::STANDARD;
    let soil = |line: &str| {
        let (key, value) = line.split_once(": ")?;
        let text = decode(value).filter(|text| text.contains("-----BEGIN"))?;
        let secret = secret_text(manifests, "selfcert", "externkey");
        let soiled = format!("canary\n{secret}{text}canary{secret}").replace('\n', "\r\n");
        (!PRIVATE.contains(&key.trim())).then(|| format!("{key}: {}", engine.encode(soiled)))
    };
    let lines = manifests
        .lines()
        .map(|line| soil(line).unwrap_or_else(|| line.to_owned()) + "\n");
    lines.collect()
}

#[test]
fn a_key_beside_a_certificate_in_manifests_never_travels() {
    let folder = TempDir::new().unwrap();
    let directory = folder.path();
    let running = run(&["new-instance", "a", "--host", "a.example.org", "-q"]).good();
    let soiled = soiled(&running);
    assert_eq!(
        soiled.matches(": Y2FuYXJ5").count(),
        5,
        "each public value is soiled"
    );
    write(&directory.join("running.yaml"), &soiled);
    let arguments = [
        "new-instance",
        "a",
        "--host",
        "a.example.org",
        "--reuse",
        "running.yaml",
    ];
    let kept = run_in(directory, &arguments);
    assert_eq!(kept.status, 0, "{}", kept.stderr);
    assert_eq!(
        kept.stdout, running,
        "the keys stay, and what was soiled is clean"
    );
    assert_eq!(assert_clean_manifests(&kept.stdout), 5);

    let recipient = "age188kwnc9gxmahpxqauscuwhy6crjs66h0hqcn4w3vj8993595lgnqa3rfeq";
    let import = [
        "gitops",
        "import",
        "--secrets",
        "running.yaml",
        "--recipient",
        recipient,
        "--output-dir",
        "tree",
    ];
    let imported = run_in(directory, &import);
    assert_eq!(imported.status, 0, "{}", imported.stderr);
    assert!(assert_clean_directory(&directory.join("tree")) >= 5);
}
