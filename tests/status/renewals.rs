//! When certificates are renewed: by the fleet file, by cert-manager, else by the usual rule.

use super::{chain, report, secret};
use crate::support::{NOW, read, run_in, run_with_stdin, write};
use civi_ingress::pki::validity::{format_instant, parse_instant};
use civi_ingress::status::{Format, Presentation, Renewer, Urgency};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};

const RECIPIENT: &str = "age188kwnc9gxmahpxqauscuwhy6crjs66h0hqcn4w3vj8993595lgnqa3rfeq";

fn fleet(secrets: &str, certificate: &str) -> String {
    format!(
        "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {{name: uepal}}\nspec:\n  domain: example.org\n  \
         wildcard: false\n  secrets: {secrets}\n  defaults: {{certificate: {certificate}}}\n  instances: {{a: {{}}, b: {{}}, c: {{}}}}\n"
    )
}

/// Runs a command over the tree at an instant.
fn gitops(directory: &TempDir, word: &str, at: OffsetDateTime) -> crate::support::Run {
    let now = format_instant(at);
    let arguments = [
        "gitops",
        word,
        "-f",
        "infra/fleet.yaml",
        "--output-dir",
        "infra",
    ];
    run_in(
        directory.path(),
        &[&arguments[..], &["--now", &now]].concat(),
    )
}

/// The due dates that `gitops status` tells, by place.
fn due(directory: &TempDir) -> Vec<(String, OffsetDateTime)> {
    let now = format_instant(NOW);
    let arguments = [
        "gitops",
        "status",
        "--output-dir",
        "infra",
        "--format",
        "json",
        "--now",
        &now,
    ];
    let text = run_in(directory.path(), &arguments).good();
    let report = crate::support::report("status", &text);
    let rows = report["certificates"].as_array().expect("rows");
    let rows = rows.iter().filter(|row| row["isCa"] == false);
    rows.map(|row| {
        assert_eq!(row["renewedBy"], "fleet");
        let at = row["renewalDue"].as_str().expect("an instant");
        let place = &row["places"][0];
        let place = format!("{} {}", place["namespace"], place["key"]);
        (
            place.replace('"', ""),
            parse_instant(at).expect("an instant"),
        )
    })
    .collect()
}

#[test]
fn gitops_status_tells_the_instant_at_which_render_renews() {
    let sops = format!("{{mode: sops, recipients: [{RECIPIENT}]}}");
    for (secrets, certificate) in [
        (&sops[..], "{renewBefore: 40d}"),
        (&sops, "{days: 90}"),
        ("{mode: plain}", "{renewBefore: 100d}"),
        ("{mode: plain}", "{ca: stored, caDays: 200, days: 150}"),
    ] {
        let directory = TempDir::new().unwrap();
        std::fs::create_dir(directory.path().join("infra")).unwrap();
        write(
            &directory.path().join("infra/fleet.yaml"),
            &fleet(secrets, certificate),
        );
        gitops(&directory, "render", NOW).good();
        let due = due(&directory);
        assert_eq!(due.len(), 6);
        let first = due.iter().map(|(_, at)| *at).min().expect("some");
        // Until then nothing is to be done, and then exactly what is due by then.
        assert_eq!(
            gitops(&directory, "check", first - Duration::SECOND).status,
            0
        );
        let mut instants: Vec<OffsetDateTime> = due.iter().map(|(_, at)| *at).collect();
        instants.sort_unstable();
        for at in instants {
            let count = due.iter().filter(|(_, due)| *due <= at).count();
            let said = gitops(&directory, "check", at).stderr;
            assert!(
                said.contains(&format!(", {count} certificate")),
                "{secrets} {certificate} {at}: {count}: {said}"
            );
        }
    }
}

#[test]
fn a_fleet_file_elsewhere_is_named_and_one_that_is_broken_is_reported() {
    let directory = TempDir::new().unwrap();
    write(
        &directory.path().join("f.yaml"),
        &fleet("{mode: plain}", "{renewBefore: 300d}"),
    );
    let run = |arguments: &[&str]| run_in(directory.path(), arguments);
    run(&[
        "gitops",
        "render",
        "-f",
        "f.yaml",
        "--output-dir",
        "tree",
        "-q",
    ])
    .good();
    let usual = run(&["status", "tree", "--format", "json"]).good();
    assert!(!usual.contains("renewedBy"));
    let named = run(&["status", "tree", "-f", "f.yaml", "--format", "json"]).good();
    assert_eq!(named.matches("\"renewedBy\": \"fleet\"").count(), 12);
    let broken =
        read(&directory.path().join("f.yaml")).replace("domain: example.org", "domain: []");
    write(&directory.path().join("tree/fleet.yaml"), &broken);
    let beside = run(&["status", "tree"]);
    assert_eq!(beside.status, 0);
    assert!(
        beside.stderr.starts_with("warning: tree/fleet.yaml:5:"),
        "{}",
        beside.stderr
    );
    assert_eq!(run(&["status", "tree", "-f", "tree/fleet.yaml"]).status, 3);
}

fn certificate(spec: &str, status: &str) -> String {
    format!(
        "---\napiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {{name: web, namespace: ns}}\nspec:\n  \
         secretName: web-tls\n  dnsNames: [a.example.org, b.example.org]\n  issuerRef: {{name: letsencrypt}}\n  {spec}\n{status}"
    )
}

#[test]
fn a_certificate_of_cert_manager_tells_its_dates_where_the_secret_is_not_at_hand() {
    let status = "status:\n  notBefore: '2026-11-01T00:00:00Z'\n  notAfter: '2027-01-30T00:00:00Z'\n  renewalTime: '2026-12-31T00:00:00Z'\n  \
                  conditions: [{type: Ready, status: 'True'}]\n";
    let report = report(&certificate("", status));
    let [row] = report.rows.as_slice() else {
        panic!("one row")
    };
    assert_eq!(row.names(), "a.example.org, b.example.org");
    assert_eq!(row.renewed_by, Renewer::CertManager);
    assert_eq!(format_instant(row.due), "2026-12-31T00:00:00Z");
    let table = report.write(Format::Table, &Presentation::default());
    assert!(
        table.contains("ns/web-tls tls.crt  a.example.org +1"),
        "{table}"
    );
    let json = crate::support::report(
        "status",
        &report.write(Format::Json, &Presentation::default()),
    );
    assert_eq!(json["certificates"][0]["sha256"], serde_json::Value::Null);
    assert_eq!(json["certificates"][0]["places"][0]["kind"], "Certificate");
    let metrics = report.write(Format::Prometheus, &Presentation::default());
    assert!(
        metrics.contains(
            "x509_cert_not_after{subject_CN=\"a.example.org\",issuer_CN=\"letsencrypt\",secret_namespace=\"ns\",\
             secret_name=\"web-tls\",secret_key=\"tls.crt\"} 1801267200\n"
        ),
        "{metrics}"
    );
}

#[test]
fn cert_manager_renews_what_is_in_its_secret_and_its_failures_are_shown() {
    let leaf = chain(&["a.example.org"], 0, ("ca", "leaf")).leaf;
    let end = leaf.validity().not_after;
    let whole = secret("Secret", "ns", "web-tls", &[("tls.crt", leaf.pem())]);
    let failed = "status:\n  conditions:\n    - {type: Ready, status: 'False', reason: Failed, message: the order is invalid}\n";
    for (spec, due) in [
        ("renewBefore: 720h", end - Duration::days(30)),
        (
            "renewBeforePercentage: 50",
            end - (end - leaf.validity().not_before) / 2,
        ),
        ("isCA: false", end - (end - leaf.validity().not_before) / 3),
    ] {
        let report = report(&(whole.clone() + &certificate(spec, failed)));
        assert_eq!(report.rows.len(), 1);
        assert_eq!(report.rows[0].due, due, "{spec}");
        assert_eq!(report.rows[0].urgency, Urgency::Fine);
        assert_eq!(
            report.rows[0].failure.as_deref(),
            Some("the order is invalid")
        );
    }
    // One that was never issued has no end.
    assert!(report(&certificate("", failed)).rows.is_empty());
}

#[test]
fn certificates_of_cert_manager_are_read_as_kubectl_prints_them() {
    let directory = TempDir::new().unwrap();
    let list = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: cert-manager.io/v1\n  kind: Certificate\n  metadata: {name: web, namespace: ns}\n  \
                spec: {secretName: web-tls, dnsNames: [a.example.org], issuerRef: {name: x}}\n  \
                status: {notAfter: '2026-11-30T00:00:00Z', notBefore: '2026-09-01T00:00:00Z', renewalTime: '2026-10-31T00:00:00Z'}\n";
    let arguments = ["status", "-", "--fail-within", "30d"];
    let run = run_with_stdin(directory.path(), &arguments, list);
    assert_eq!(
        (run.status, run.stderr.as_str()),
        (
            1,
            "error: 1 of 1 certificates expire within 30d or have expired\n"
        )
    );
    assert!(run.stdout.contains("\ndue "), "{}", run.stdout);
}
