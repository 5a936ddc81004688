//! The faults whose effect on real Traefiks is recorded: `lint` finds each one, and predicts what was recorded.

use super::{INSTANCE, codes, filled, report, said};
use crate::support::NOW;
use civi_ingress::lint::recorded::{NEGATIVES, Negative, RecordedFault};
use civi_ingress::lint::{Options, Report, Severity};
use civi_ingress::release::Release;

/// The Secrets of an instance: what httpd serves, what Traefik trusts.
fn secrets(leaf: &str, trust: &str) -> String {
    let trust = if trust.is_empty() {
        String::new()
    } else {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: externca, namespace: ns}}\n{trust}\n---\n"
        )
    };
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: selfcert, namespace: ns}}\ndata: {{externcert: \"${{{leaf}}}\"}}\n---\n{trust}"
    )
}

const TRUST: &str = "data: {ca.crt: \"${ca}\"}";
const ROOTS: &str = "rootCAs: [{secret: externca}]";
const OLD_ROOTS: &str = "rootCAsSecrets: [externca]";

fn store(namespace: &str, listed: bool) -> String {
    let listed = if listed {
        "certificates: [{secretName: wildcardsecret}], "
    } else {
        ""
    };
    format!(
        "---\napiVersion: traefik.io/v1alpha1\nkind: TLSStore\nmetadata: {{name: default, namespace: {namespace}}}\n\
         spec: {{{listed}defaultCertificate: {{secretName: wildcardsecret}}}}\n"
    )
}

/// Writes the fault of a row of the record as `tests/e2e/cases/negatives.rs` commits it on a real cluster.
fn manifests(fault: &str, release: Release) -> String {
    let instance = if release.takes_root_cas() {
        INSTANCE.to_owned()
    } else {
        INSTANCE.replace(ROOTS, OLD_ROOTS)
    };
    let good = secrets("leaf", TRUST) + &instance;
    let with = |field: &str| {
        good.replace(
            "spec:\n  serverName",
            &format!("spec:\n  {field}\n  serverName"),
        )
    };
    match fault {
        "none" => good,
        "wrong-ca" => secrets("leaf", "data: {ca.crt: \"${other-ca}\"}") + &instance,
        "missing-san" => secrets("leaf-cn", TRUST) + &instance,
        "wrong-server-name" => good.replace(
            "serverName: a.example.org",
            "serverName: another.example.org",
        ),
        "no-server-name" => good.replace("  serverName: a.example.org\n", ""),
        // Misspelt, for a Secret that is not in the input may be in the cluster.
        "no-ca-secret" => {
            let found = secrets("leaf", TRUST).replace("name: externca", "name: externcas");
            found + &instance
        }
        "ca-not-pem" => secrets("leaf", "stringData: {ca.crt: no certificate}") + &instance,
        "ca-secret-with-two-keys" => {
            secrets("leaf", "data: {tls.crt: \"${ca}\", tls.key: \"${ca.key}\"}") + &instance
        }
        "ca-secret-with-ca-crt-and-another-key" => {
            secrets("leaf", "data: {ca.crt: \"${ca}\", tls.crt: YW5vdGhlcg==}") + &instance
        }
        "root-cas" => good.replace(OLD_ROOTS, ROOTS),
        "root-cas-secrets" => good.replace(ROOTS, OLD_ROOTS),
        "min-version-alone" => with("minVersion: VersionTLS12"),
        "min-version-below-max-version" => {
            with("minVersion: VersionTLS12\n  maxVersion: VersionTLS13")
        }
        "old-api-group" => good.replace("traefik.io", "traefik.containo.us"),
        "two-default-stores" => good + &store("ns", true) + &store("ns-2", true),
        "two-default-stores-without-certificates" => {
            good + &store("ns", false) + &store("ns-2", false)
        }
        other => panic!("the record has a fault `{other}` that no manifest here commits"),
    }
}

/// The rule that finds it, and the fault of the record that the rule predicts from.
fn expected(row: &Negative) -> Option<&'static str> {
    let refused = row.seen == RecordedFault::Refused;
    match row.fault {
        "none" | "ca-secret-with-ca-crt-and-another-key" => None,
        "wrong-ca" => Some("CI105"),
        "missing-san" => Some("CI203"),
        "wrong-server-name" => Some("CI202"),
        "no-server-name" => Some("CI201"),
        "no-ca-secret" => Some("CI902"),
        "ca-not-pem" => Some("CI102"),
        "ca-secret-with-two-keys" => Some("CI101"),
        "root-cas" => refused.then_some("CI302"),
        "root-cas-secrets" => (!row.said.is_empty()).then_some("CI303"),
        "min-version-alone" if !refused => Some("CI305"),
        "min-version-alone" | "min-version-below-max-version" => refused.then_some("CI304"),
        // Traefik 2.11 serves both groups; that the old one ends is a warning of ours.
        "old-api-group" => Some(if refused { "CI301" } else { "CI309" }),
        "two-default-stores" | "two-default-stores-without-certificates" => Some("CI401"),
        other => panic!("no rule is named for the fault `{other}`"),
    }
}

fn found(row: &Negative, line: &str) -> Report {
    let mut options = Options::at(NOW);
    let release: Release = line.parse().expect("a release");
    options.traefik = Some(release);
    report(&filled(&manifests(row.fault, release)), &options)
}

fn rows() -> impl Iterator<Item = (&'static Negative, &'static str)> {
    NEGATIVES
        .iter()
        .flat_map(|row| row.releases.iter().map(move |line| (row, *line)))
}

#[test]
fn every_recorded_fault_is_found_by_its_rule_and_by_no_other() {
    for (row, line) in rows() {
        let report = found(row, line);
        let codes: Vec<&str> = codes(&report, Severity::Warning).into_iter().collect();
        let expected: Vec<&str> = expected(row).into_iter().collect();
        assert_eq!(codes, expected, "{} {line}: {:?}", row.fault, said(&report));
    }
}

#[test]
fn every_finding_predicts_the_status_and_the_log_lines_that_were_recorded() {
    for (row, line) in rows() {
        // Recorded with certificates listed, where Traefik serves them all the same: the rule says the worse.
        if row.fault == "two-default-stores" || expected(row) == Some("CI309") {
            continue;
        }
        for finding in found(row, line)
            .findings
            .iter()
            .filter(|finding| finding.severity > Severity::Info)
        {
            let predicted = finding.consequence();
            let seen = match row.seen {
                RecordedFault::Refused => "kubectl refuses the manifest".to_owned(),
                RecordedFault::Status(200) => "the browser gets 200".to_owned(),
                RecordedFault::Status(status) => format!("the browser gets {status}"),
                RecordedFault::GeneratedCertificate => {
                    "the browser gets Traefik's own certificate".to_owned()
                }
            };
            assert!(
                predicted.contains(&seen),
                "{} {line}: {predicted}",
                row.fault
            );
            let said: Vec<String> = row
                .said
                .iter()
                .map(|said| {
                    said.replace("<namespace> <namespace>-2", "ns ns-2")
                        .replace("<namespace>", "ns")
                        .replace("<host>", "a.example.org")
                        .replace("<httpd>", "the pod's address")
                })
                .collect();
            if row.seen == RecordedFault::Refused {
                // One object is one finding, and kubectl names all fields at once.
                assert!(
                    predicted.contains("strict decoding error")
                        || predicted.contains("no matches for kind"),
                    "{predicted}"
                );
                let fragment = predicted
                    .split('`')
                    .nth(1)
                    .expect("what the API server says");
                let quoted = fragment
                    .rsplit_once("unknown field ")
                    .map_or(fragment, |(_, field)| field);
                assert!(
                    said.iter().any(|said| said.contains(quoted)),
                    "{} {line}: {predicted} {said:?}",
                    row.fault
                );
            } else {
                for said in &said {
                    assert!(
                        predicted.contains(said.as_str()),
                        "{} {line}: {predicted} {said}",
                        row.fault
                    );
                }
                assert_eq!(
                    row.said.is_empty(),
                    predicted.contains("logs nothing"),
                    "{predicted}"
                );
            }
        }
    }
}
