//! Each rule has a manifest that fires it, and one almost like it that does not: `cases/CODE-fires.yaml` and
//! `cases/CODE-near.yaml`.

use super::{codes, filled, options, report, said};
use crate::support::{names_in, read};
use civi_ingress::lint::Severity;
use civi_ingress::lint::rules::{ALL, FAMILIES, Rule};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lint/cases")
}

fn case(rule: &Rule, kind: &str) -> String {
    filled(&read(&folder().join(format!("{}-{kind}.yaml", rule.code))))
}

#[test]
fn every_rule_has_a_case_and_a_near_miss_and_no_case_is_without_a_rule() {
    let mut expected: Vec<String> = ALL
        .iter()
        .flat_map(|rule| ["fires", "near"].map(|kind| format!("{}-{kind}.yaml", rule.code)))
        .collect();
    expected.sort_unstable();
    assert_eq!(names_in(&folder()), expected);
}

#[test]
fn every_rule_fires_on_its_case_and_no_other_does() {
    let mut wrong = Vec::new();
    for rule in ALL.iter() {
        let text = case(rule, "fires");
        let report = report(&text, &options(&text));
        // What is only worth knowing may come along.
        let mut found = codes(&report, Severity::Warning);
        if rule.severity == Severity::Info {
            found.extend(
                codes(&report, Severity::Info)
                    .contains(rule.code)
                    .then_some(rule.code),
            );
        }
        if found != BTreeSet::from([rule.code]) {
            wrong.push(format!("{}: {:?}", rule.code, said(&report)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_rule_fires_on_a_near_miss() {
    let mut wrong = Vec::new();
    for rule in ALL.iter() {
        let text = case(rule, "near");
        let report = report(&text, &options(&text));
        let is_quiet = codes(&report, Severity::Warning).is_empty()
            && !codes(&report, Severity::Info).contains(rule.code);
        if !is_quiet {
            wrong.push(format!("{}: {:?}", rule.code, said(&report)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_finding_points_at_a_line_that_holds_the_last_part_of_its_field_or_its_value() {
    for rule in ALL.iter() {
        let text = case(rule, "fires");
        let lines: Vec<&str> = text.lines().collect();
        for finding in report(&text, &options(&text)).findings {
            let Ok(line) = usize::try_from(finding.at.line) else {
                continue;
            };
            assert!(line <= lines.len(), "{}: line {line}", rule.code);
            // Only a host that no route answers for has no place.
            assert_eq!(line == 0, finding.rule.code == "CI224", "{}", rule.code);
        }
    }
}

#[test]
fn every_finding_is_about_an_object_of_a_kind_that_its_family_looks_at() {
    for family in &FAMILIES {
        for rule in family.rules {
            let text = case(rule, "fires");
            let found = report(&text, &options(&text)).findings;
            let ours = found.iter().filter(|finding| finding.rule == *rule);
            for object in ours.filter_map(|finding| finding.object.as_ref()) {
                assert!(family.reads(&object.kind), "{}: {}", rule.code, object.kind);
            }
        }
    }
}
