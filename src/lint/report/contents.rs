//! What a report holds.

use crate::lint::finding::Finding;
use crate::lint::model::ChartKnowledge;
use crate::lint::model::Knowledge;
use crate::lint::rule::Severity;

/// What was found, and in what.
#[derive(Debug)]
pub struct Report {
    /// The findings, by file and place.
    pub findings: Vec<Finding>,
    /// Which Traefik was assumed; of several clusters, the first of which it is certain.
    pub traefik: Knowledge,
    /// Which Traefiks were assumed, each once: clusters may have one each.
    pub releases: Vec<Knowledge>,
    /// Which chart each values file was read for.
    pub charts: Vec<ChartKnowledge>,
    /// Documents read.
    pub documents: usize,
    /// Kubernetes objects among them.
    pub objects: usize,
    /// Values files of known charts, and values that objects carry.
    pub values: usize,
    /// Files, by their index, in which nothing is looked at: no object and no values of a known chart.
    pub passed_over: Vec<usize>,
    /// Findings that a comment in the input suppresses.
    pub suppressed: usize,
    /// Findings that a baseline accepts.
    pub accepted: usize,
    /// Findings of rules that the configuration file ignores.
    pub ignored: usize,
    /// The entries of the configuration file, by their index, that ignore nothing.
    pub ignored_in_vain: Vec<usize>,
    /// The configuration file.
    pub configuration: Option<String>,
}

impl Report {
    /// Counts the findings of a severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count()
    }

    /// Returns whether a finding is at least so bad.
    #[must_use]
    pub fn fails(&self, threshold: Severity) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.severity >= threshold)
    }
}
