//! What a run would do, as a person has reviewed it: a later run does exactly that, or nothing.

use super::report::{Report, UnitRow};
use crate::fault::Fault;
use crate::visible;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Version of the form; it changes when a field is removed or means something else.
const FORM: u32 = 1;
/// Most differences that are named; the others are counted.
const SHOWN: usize = 20;

/// The plan of a run: what it was made from, and all that it decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Review {
    version: u32,
    /// Name of the fleet.
    fleet: String,
    /// The present of the run that was reviewed (RFC 3339); another run has another.
    now: String,
    /// SHA-256 of each file that was read: the fleet file, what it includes, recipients, templates.
    inputs: BTreeMap<String, String>,
    /// SHA-256 of what each folder of the tree holds.
    tree: BTreeMap<String, String>,
    /// What becomes of each unit that does not stay as it is.
    units: Vec<ReviewedUnit>,
    /// Files of the fleet as a whole that would be written.
    fleet_files: Vec<String>,
    /// Files that belong to nothing any more and would be removed.
    stale: Vec<String>,
    /// Files of others that would be taken over.
    adopted: Vec<String>,
}

/// What becomes of one unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ReviewedUnit {
    id: String,
    namespace: String,
    certificates: Vec<ReviewedCertificate>,
    written: Vec<String>,
    removed: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    moved_from: Option<String>,
}

/// What becomes of one chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ReviewedCertificate {
    role: String,
    action: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl ReviewedCertificate {
    /// Names action and reason: `renew (due)`.
    fn decision(&self) -> String {
        match &self.reason {
            Some(reason) => format!("{} ({reason})", self.action),
            None => self.action.clone(),
        }
    }
}

impl From<&UnitRow> for ReviewedUnit {
    fn from(row: &UnitRow) -> Self {
        let certificates = row.certificates.iter().map(|row| ReviewedCertificate {
            role: row.role.clone(),
            action: row.action.to_owned(),
            reason: row.reason.map(str::to_owned),
        });
        Self {
            id: row.id.clone(),
            namespace: row.namespace.clone(),
            certificates: certificates.collect(),
            written: row.written.clone(),
            removed: row.removed.clone(),
            moved_from: row.moved_from.clone(),
        }
    }
}

impl Review {
    /// Takes what a run decided before it writes: its report, the rows of all units that change, the digests of what
    /// it read and of the tree.
    #[must_use]
    pub fn new(
        report: &Report,
        rows: &[UnitRow],
        adopted: Vec<String>,
        inputs: BTreeMap<String, String>,
        tree: BTreeMap<String, String>,
    ) -> Self {
        Self {
            version: FORM,
            fleet: report.fleet.clone(),
            now: report.now.clone(),
            inputs,
            tree,
            units: rows.iter().map(ReviewedUnit::from).collect(),
            fleet_files: report.fleet_files.clone(),
            stale: report.stale.clone(),
            adopted,
        }
    }

    /// Reads a plan that [`Self::as_json`] wrote.
    ///
    /// # Errors
    /// Another form, or another version of it.
    pub fn read(text: &str, file: &str) -> Result<Self, Fault> {
        let help = "make the plan again: `civi-ingress gitops diff --plan FILE`";
        let refused = |what: String| Fault::new(what).help(help).file(file);
        let version = serde_json::from_str::<serde_json::Value>(text);
        let version = version.map_err(|_| refused("the plan is not JSON".to_owned()))?;
        match version.get("version").and_then(serde_json::Value::as_u64) {
            Some(version) if version == u64::from(FORM) => {}
            _ => return Err(refused(format!("this is not a plan of version {FORM}"))),
        }
        serde_json::from_value(version)
            .map_err(|error| refused(format!("the plan cannot be read: {error}")))
    }

    /// Writes the plan.
    ///
    /// # Panics
    /// Never: nothing in it cannot be written.
    #[must_use]
    pub fn as_json(&self) -> String {
        visible::json(serde_json::to_string_pretty(self).expect("a plan can be written") + "\n")
    }

    /// Names how what a run would do now differs from this plan; nothing where it is the same.
    #[must_use]
    pub fn differences(&self, now: &Self) -> Vec<String> {
        let mut found = Vec::new();
        if self.fleet != now.fleet {
            found.push(format!(
                "the plan is of the fleet `{}`, not of `{}`",
                self.fleet, now.fleet
            ));
        }
        let changed = |before: &BTreeMap<String, String>, after: &BTreeMap<String, String>| {
            let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
            let differ = names
                .into_iter()
                .filter(|name| before.get(*name) != after.get(*name));
            differ.cloned().collect::<Vec<String>>()
        };
        for name in changed(&self.inputs, &now.inputs) {
            found.push(format!("{name} has changed since the plan was made"));
        }
        for folder in changed(&self.tree, &now.tree) {
            found.push(format!(
                "{folder} of the tree has changed since the plan was made"
            ));
        }
        found.extend(self.decisions(now));
        for (what, planned, present) in [
            ("written", &self.fleet_files, &now.fleet_files),
            ("removed", &self.stale, &now.stale),
            ("taken over", &self.adopted, &now.adopted),
        ] {
            let named = |one: &[String], other: &[String]| -> Vec<String> {
                one.iter()
                    .filter(|path| !other.contains(path))
                    .cloned()
                    .collect()
            };
            let more = named(present, planned).into_iter();
            found.extend(
                more.map(|path| format!("{path} would be {what}, which is not in the plan")),
            );
            let less = named(planned, present).into_iter();
            found
                .extend(less.map(|path| format!("{path} would not be {what}, as the plan has it")));
        }
        if found.len() > SHOWN {
            let more = found.len() - SHOWN;
            found.truncate(SHOWN);
            found.push(format!("and {more} more differences"));
        }
        found
    }

    /// Names the units of which something else would become.
    fn decisions(&self, now: &Self) -> Vec<String> {
        let by_id = |units: &'_ [ReviewedUnit]| -> BTreeMap<String, ReviewedUnit> {
            let units = units.iter().cloned();
            units.map(|unit| (unit.id.clone(), unit)).collect()
        };
        let (planned, present) = (by_id(&self.units), by_id(&now.units));
        let ids: BTreeSet<&String> = planned.keys().chain(present.keys()).collect();
        let mut found = Vec::new();
        for id in ids {
            let (before, after) = match (planned.get(id), present.get(id)) {
                (Some(before), Some(after)) if before == after => continue,
                (Some(before), Some(after)) => (before, after),
                (Some(_), None) => {
                    found.push(format!(
                        "{id}: would stay as it is, which is not in the plan"
                    ));
                    continue;
                }
                _ => {
                    found.push(format!("{id}: would change, which is not in the plan"));
                    continue;
                }
            };
            let pairs = before.certificates.iter().zip(&after.certificates);
            let differ: Vec<String> = pairs
                .filter(|(before, after)| before != after)
                .map(|(before, after)| {
                    let (before, role) = (before.decision(), &after.role);
                    format!("{id}: {role}: {} instead of {before}", after.decision())
                })
                .collect();
            if differ.is_empty() {
                found.push(format!("{id}: other files would be written or removed"));
            }
            found.extend(differ);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn review() -> Review {
        let certificate = ReviewedCertificate {
            role: "httpd".to_owned(),
            action: "renew".to_owned(),
            reason: Some("due".to_owned()),
        };
        let unit = ReviewedUnit {
            id: "a".to_owned(),
            namespace: "a".to_owned(),
            certificates: vec![certificate],
            written: vec!["instances/a/".to_owned()],
            removed: Vec::new(),
            moved_from: None,
        };
        let digest = |name: &str| BTreeMap::from([(name.to_owned(), "00".to_owned())]);
        Review {
            version: FORM,
            fleet: "f".to_owned(),
            now: "2027-01-01T00:00:00Z".to_owned(),
            inputs: digest("fleet.yaml"),
            tree: digest("instances/a"),
            units: vec![unit],
            fleet_files: vec!["kustomization.yaml".to_owned()],
            stale: Vec::new(),
            adopted: Vec::new(),
        }
    }

    #[test]
    fn a_plan_is_read_as_it_was_written_and_another_present_does_not_differ() {
        let plan = review();
        let read = Review::read(&plan.as_json(), "plan.json").unwrap();
        assert_eq!(read, plan);
        let later = Review {
            now: "2027-01-02T00:00:00Z".to_owned(),
            ..review()
        };
        assert_eq!(read.differences(&later), [""; 0]);
    }

    #[test]
    fn each_difference_is_named() {
        let plan = review();
        let changed = |change: fn(&mut Review)| {
            let mut now = review();
            change(&mut now);
            plan.differences(&now)
        };
        assert_eq!(
            changed(|now| now.fleet = "g".to_owned()),
            ["the plan is of the fleet `f`, not of `g`"]
        );
        assert_eq!(
            changed(|now| {
                now.inputs.insert("fleet.yaml".to_owned(), "01".to_owned());
                now.inputs.insert("more.csv".to_owned(), "00".to_owned());
                now.tree.clear();
            }),
            [
                "fleet.yaml has changed since the plan was made",
                "more.csv has changed since the plan was made",
                "instances/a of the tree has changed since the plan was made",
            ]
        );
        assert_eq!(
            changed(|now| now.units[0].certificates[0].action = "blocked".to_owned()),
            ["a: httpd: blocked (due) instead of renew (due)"]
        );
        assert_eq!(
            changed(|now| now.units[0].written.clear()),
            ["a: other files would be written or removed"]
        );
        assert_eq!(
            changed(|now| now.units[0].id = "b".to_owned()),
            [
                "a: would stay as it is, which is not in the plan",
                "b: would change, which is not in the plan",
            ]
        );
        assert_eq!(
            changed(|now| {
                now.fleet_files.clear();
                now.stale.push("instances/c/values.yaml".to_owned());
            }),
            [
                "kustomization.yaml would not be written, as the plan has it",
                "instances/c/values.yaml would be removed, which is not in the plan",
            ]
        );
        let many = changed(|now| {
            now.stale = (0..40).map(|n| format!("x{n}")).collect();
        });
        assert_eq!(
            (many.len(), many[20].as_str()),
            (21, "and 20 more differences")
        );
    }

    #[test]
    fn what_is_not_a_plan_is_refused() {
        for (text, expected) in [
            ("", "plan.json: the plan is not JSON"),
            ("{}", "plan.json: this is not a plan of version 1"),
            (
                "{\"version\": 2}",
                "plan.json: this is not a plan of version 1",
            ),
        ] {
            let fault = Review::read(text, "plan.json").unwrap_err();
            assert_eq!(fault.to_string(), expected);
        }
        let unknown = review().as_json().replace("\"stale\"", "\"stile\"");
        let fault = Review::read(&unknown, "plan.json").unwrap_err();
        assert!(
            fault.what.starts_with("the plan cannot be read: "),
            "{fault}"
        );
    }
}
