//! `--failed` and `--instance`.

use super::{chain, fleet, instance, report, secret, wildcard};
use crate::support::{report as json_of, run_in, write};
use civi_ingress::pki::Certificate;
use civi_ingress::status::{Format, Presentation, Report, Selection};
use tempfile::TempDir;

fn select(report: Report, instances: &[&str], failed: bool) -> Report {
    let instances: Vec<String> = instances.iter().map(|name| (*name).to_owned()).collect();
    let selection = Selection {
        instances: &instances,
        failed,
    };
    report.select(selection, None).expect("known instances")
}

fn homes(report: &Report) -> Vec<&str> {
    let instances = report.instances.iter();
    instances.map(|instance| instance.home.as_str()).collect()
}

/// Returns what each leg of each instance is and trusts, by the certificates' hashes.
fn legs(report: &Report) -> Vec<(String, Option<String>, Vec<String>)> {
    let hash = |row: usize| report.rows[row].details.sha256.to_string();
    let legs = report.instances.iter().flat_map(|instance| {
        let legs = instance.legs().into_iter();
        legs.map(|(_, _, leg)| (format!("{} {}", instance.home, leg.name), leg))
    });
    legs.map(|(name, leg)| {
        let trust = leg.trust.iter().map(|row| hash(*row)).collect();
        (name, leg.certificate.map(hash), trust)
    })
    .collect()
}

#[test]
fn failed_are_the_instances_with_an_urgent_certificate() {
    let whole = report(&fleet());
    let failed = select(report(&fleet()), &[], true);
    // `b` has expired, `c` is due; `d` is soon, `a` is fine.
    assert_eq!(homes(&failed), ["paroisse-b", "paroisse-c"]);
    assert!(failed.rows.len() < whole.rows.len());
    assert!(failed.rows[0].urgency.is_urgent());
}

#[test]
fn the_legs_of_an_instance_that_stays_lead_to_the_same_certificates() {
    let text = fleet();
    let whole = report(&text);
    // A signature is different every time: both are of one text.
    let part = select(report(&text), &["paroisse-c"], false);
    assert_eq!(homes(&part), ["paroisse-c"]);
    let all = legs(&whole);
    let expected: Vec<_> = all
        .iter()
        .filter(|(name, ..)| name.starts_with("paroisse-c"))
        .collect();
    assert_eq!(legs(&part).iter().collect::<Vec<_>>(), expected);
    assert!(
        expected
            .iter()
            .all(|(_, certificate, _)| certificate.is_some())
    );
}

#[test]
fn an_instance_whose_httpd_is_not_trusted_has_failed() {
    let trusted = chain(&["a.example.org"], 0, ("ca", "leaf")).ca;
    let other = chain(&["a.example.org"], 0, ("db-ca", "leaf")).ca;
    let bundle = |authority: &Certificate| {
        secret(
            "Secret",
            "paroisse-a",
            "externca",
            &[("ca.crt", authority.pem())],
        )
    };
    let good = instance("a", 0);
    let at = good.find(&bundle(&trusted)[..100]).unwrap();
    let (before, own) = good.split_at(at);
    let after = &own[own[3..].find("---").unwrap() + 3..];
    let broken = format!("{before}{}{after}", bundle(&other));
    let text = broken + &instance("b", 0) + &wildcard();
    assert_eq!(homes(&select(report(&text), &[], true)), ["paroisse-a"]);
}

#[test]
fn every_form_of_a_report_takes_an_empty_selection() {
    let text = instance("a", 0) + &wildcard();
    for format in [
        Format::Table,
        Format::Json,
        Format::Yaml,
        Format::Prometheus,
        Format::Html,
        Format::Mermaid,
        Format::Dot,
    ] {
        let report = select(report(&text), &[], true);
        assert!(report.rows.is_empty());
        assert!(
            !report
                .write(format, &Presentation::default())
                .contains("paroisse-a")
        );
    }
}

#[test]
fn the_command_shows_failed_instances_and_says_when_nothing_has_failed() {
    let directory = TempDir::new().unwrap();
    write(&directory.path().join("fleet.yaml"), &fleet());
    write(&directory.path().join("good.yaml"), &instance("a", 0));
    let shown = run_in(directory.path(), &["status", "fleet.yaml", "--failed"]);
    assert_eq!((shown.status, shown.stderr.as_str()), (0, ""));
    assert!(shown.stdout.contains("paroisse-b") && !shown.stdout.contains("paroisse-d"));
    let good = run_in(directory.path(), &["status", "good.yaml", "--failed"]);
    assert_eq!(
        (good.status, good.stderr.as_str()),
        (0, "note: nothing has failed\n")
    );
    let lines = [
        "status",
        "fleet.yaml",
        "--instance",
        "paroisse-a",
        "--instance",
        "paroisse-b",
        "--failed",
        "-o",
        "json",
    ];
    let text = run_in(directory.path(), &lines).good();
    let json = json_of("status", &text);
    assert_eq!(json["instances"].as_array().unwrap().len(), 1);
    assert_eq!(json["instances"][0]["home"], "paroisse-b");
}

#[test]
fn an_instance_is_named_as_in_the_fleet_file_and_an_unknown_one_is_refused() {
    let directory = TempDir::new().unwrap();
    let fleet_file = "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {name: f}\nspec:\n  domain: example.org\n  \
                      secrets: {mode: plain}\n  instances:\n    thomas: {namespace: paroisse-a, externalHost: a.example.org}\n";
    write(&directory.path().join("f.yaml"), fleet_file);
    write(&directory.path().join("all.yaml"), &fleet());
    let by_name = ["status", "all.yaml", "-f", "f.yaml", "--instance", "thomas"];
    let shown = run_in(directory.path(), &by_name);
    assert_eq!(shown.status, 0, "{}", shown.stderr);
    assert!(shown.stdout.contains("paroisse-a") && !shown.stdout.contains("paroisse-b"));
    let mistyped = ["status", "all.yaml", "-f", "f.yaml", "--instance", "tomas"];
    let refused = run_in(directory.path(), &mistyped);
    assert_eq!((refused.status, refused.stdout.as_str()), (2, ""));
    assert!(
        refused.stderr.ends_with(
            "error: --instance: nothing was read of an instance `tomas`\nhelp: did you mean `thomas`?\n"
        ),
        "{}",
        refused.stderr
    );
}
