//! The certificate for browsers that a fleet takes from files.

use crate::support::{names_in, read, render_fleet, run_in, run_line, secret_text, write};
use tempfile::TempDir;

/// A fleet that takes the certificate from `made`, with secrets kept so.
fn fleet(secrets: &str, instances: &str) -> String {
    format!(
        "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {{name: f}}\nspec:\n  domain: parish.fr\n  secrets: {secrets}\n  publicCertificate: {{mode: files, files: {{certificate: made/tls.crt, key: made/tls.key}}}}\n  instances: {instances}\n"
    )
}

const PLAIN: &str = "{mode: plain}";
const SOPS: &str =
    "{mode: sops, recipients: [age188kwnc9gxmahpxqauscuwhy6crjs66h0hqcn4w3vj8993595lgnqa3rfeq]}";
const ONE: &str = "{a: {aliases: [www.parish.example]}}";

/// Issues a certificate for these names into `made`.
fn issue(directory: &TempDir, names: &str) {
    drop(std::fs::remove_dir_all(directory.path().join("made")));
    let line = format!("cert --dns {names} --output-dir made --quiet");
    run_line(directory.path(), &line).good();
}

const NAMES: &str = "*.parish.fr --dns www.parish.example";

#[test]
fn a_certificate_from_files_is_shown_and_stays_when_they_are_gone() {
    for secrets in [PLAIN, SOPS] {
        let directory = TempDir::new().unwrap();
        issue(&directory, NAMES);
        let fleet = fleet(secrets, ONE);
        render_fleet(&directory, &fleet, "").good();
        let path = |name: &str| directory.path().join(name);
        let cluster = names_in(&path("tree/cluster"));
        let secret = cluster
            .iter()
            .find(|name| name.starts_with("secret-"))
            .unwrap();
        let file = path(&format!("tree/cluster/{secret}"));
        let text = read(&file);
        if secrets == PLAIN {
            for (key, made) in [("tls.crt", "made/tls.crt"), ("tls.key", "made/tls.key")] {
                let kept = secret_text(&text, "wildcardsecret", key);
                assert!(read(&path(made)).starts_with(&kept), "{key}");
            }
            assert!(!text.contains("ca."), "{text}");
        } else {
            assert_eq!(secret, "secret-wildcardsecret.sops.yaml");
            assert!(text.contains("ENC[AES256_GCM,"), "{text}");
        }
        assert_eq!(run_in(directory.path(), &["lint", "tree"]).status, 0);

        std::fs::remove_dir_all(path("made")).unwrap();
        let run = render_fleet(&directory, &fleet, "");
        assert_eq!(
            run.stderr,
            "note: 2 of 2 unchanged, wrote 0 files\nnote: made/tls.crt is not there: the certificate in the tree stays\n"
        );
        assert_eq!(read(&file), text);

        issue(&directory, NAMES);
        render_fleet(&directory, &fleet, "").good();
        assert_ne!(read(&file), text);
        let run = render_fleet(&directory, &fleet, "");
        assert!(
            run.stderr
                .ends_with("note: 2 of 2 unchanged, wrote 0 files\n")
        );
    }
}

#[test]
fn a_certificate_from_files_has_to_cover_all_hosts() {
    let directory = TempDir::new().unwrap();
    issue(&directory, "*.parish.fr");
    let run = render_fleet(&directory, &fleet(PLAIN, ONE), "");
    assert_eq!(run.status, 3, "{}", run.stderr);
    assert_eq!(
        run.stderr,
        "error: made/tls.crt: no subject alternative name covers `www.parish.example`: *.parish.fr\nhelp: a wildcard covers exactly one label\n"
    );
    assert!(!directory.path().join("tree").exists());
}

#[test]
fn a_certificate_that_is_nowhere_is_asked_for() {
    let directory = TempDir::new().unwrap();
    let run = render_fleet(&directory, &fleet(PLAIN, ONE), "");
    assert_eq!(run.status, 3, "{}", run.stderr);
    let said = "the certificate that browsers see is neither in the files that the fleet file names nor in the tree\nhelp: put the files there for this run; later runs do without them\n";
    assert!(run.stderr.ends_with(said), "{}", run.stderr);
}

#[test]
fn what_means_nothing_beside_files_is_refused() {
    let directory = TempDir::new().unwrap();
    for (part, what) in [
        ("mode: files", "`mode: files` needs `files`"),
        (
            "mode: files, apex: true, files: {certificate: a}",
            "the certificate is taken as it is, one for all hosts",
        ),
        (
            "mode: own, files: {certificate: a}",
            "this program issues one certificate for all hosts",
        ),
    ] {
        let text = fleet(PLAIN, ONE).replace(
            "mode: files, files: {certificate: made/tls.crt, key: made/tls.key}",
            part,
        );
        write(&directory.path().join("fleet.yaml"), &text);
        let run = render_fleet(&directory, &text, "");
        assert_eq!(run.status, 3, "{part}: {}", run.stderr);
        let first = run.stderr.lines().next().unwrap_or_default();
        assert!(first.ends_with(&format!(": {what}")), "{}", run.stderr);
    }
}
