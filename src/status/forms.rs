//! The forms in which a report is written.

use super::report::Report;
use super::words::Language;
use super::{diagram, html, json, prometheus, table};
use crate::tone::{self, Paint};

/// The forms of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A table for people.
    Table,
    /// JSON for programs.
    Json,
    /// The same as YAML.
    Yaml,
    /// The text format of Prometheus.
    Prometheus,
    /// One page for a browser.
    Html,
    /// A Mermaid flowchart of the paths.
    Mermaid,
    /// The same for Graphviz.
    Dot,
}

/// How a report is shown.
pub struct Presentation<'a> {
    /// The language of the page and the diagrams; the other forms are for administrators and programs, in English.
    pub language: Language,
    /// The columns that the table may have; as many as it takes, where nothing is given.
    pub width: Option<usize>,
    /// How pieces of the table are shown.
    pub paint: Paint<'a>,
}

impl Default for Presentation<'_> {
    /// In English, whole and plain.
    fn default() -> Self {
        Self {
            language: Language::default(),
            width: None,
            paint: &tone::plain,
        }
    }
}

impl Report {
    /// Writes it.
    #[must_use]
    pub fn write(&self, format: Format, presentation: &Presentation<'_>) -> String {
        let language = presentation.language;
        match format {
            Format::Table => table::write(self, presentation.width, presentation.paint),
            Format::Json => json::write(self),
            Format::Yaml => crate::report::yaml(&json::write(self)),
            Format::Prometheus => prometheus::write(self),
            Format::Html => html::write(self, language),
            Format::Mermaid => diagram::mermaid(self, language),
            Format::Dot => diagram::dot(self, language),
        }
    }
}
