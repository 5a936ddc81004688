//! One thing that a rule found.

use super::model::object::{Object, node_in};
use super::model::values::Values;
use super::source::Source;
use crate::cluster::unfilled::is_unfilled;
use crate::lint::rule::{Rule, Severity};
use crate::visible;
use crate::yaml::{At, Node};

/// One thing that a rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// The rule's severity, or a milder one.
    pub severity: Severity,
    /// What is wrong here.
    pub message: String,
    /// The index of the source.
    pub file: usize,
    /// The place; line 0 if only the file is known.
    pub at: At,
    /// The document's number in its source, from 1.
    pub document: usize,
    /// The object, if it is one.
    pub object: Option<Identity>,
    /// The path of the field, such as `spec.rootCAs[0].secret`; empty for the whole document.
    pub field: String,
    /// What would happen, if that is known more exactly than in the rule.
    pub consequence: Option<String>,
    /// The way out, if that is known more exactly than in the rule.
    pub help: Option<String>,
    /// Whether something is yet to be filled in where it was found, so that nobody knows.
    pub(super) is_open: bool,
}

/// Which object it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// `kind`.
    pub kind: String,
    /// `metadata.namespace`; empty if none is given.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
}

impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            kind,
            namespace,
            name,
        } = self;
        if namespace.is_empty() {
            write!(f, "{kind} {name}")
        } else {
            write!(f, "{kind} {namespace}/{name}")
        }
    }
}

impl Finding {
    /// Returns what would happen.
    #[must_use]
    pub fn consequence(&self) -> &str {
        self.consequence.as_deref().unwrap_or(self.rule.consequence)
    }

    /// Returns the way out.
    #[must_use]
    pub fn help(&self) -> &str {
        self.help.as_deref().unwrap_or(self.rule.help)
    }

    /// Returns a finding of which only the file and perhaps the place is known.
    pub(super) fn of_file(rule: &'static Rule, file: usize, at: At, message: String) -> Self {
        Self {
            rule,
            severity: rule.severity,
            message,
            file,
            at,
            document: 0,
            object: None,
            field: String::new(),
            consequence: None,
            help: None,
            is_open: false,
        }
    }

    /// Makes it no more than worth knowing, where what is there is not known.
    pub(super) fn settle(&mut self) {
        if self.is_open {
            self.severity = Severity::Info;
        }
    }

    /// Returns the name of its file.
    pub(super) fn file_name<'a>(&self, sources: &'a [Source]) -> &'a str {
        sources.get(self.file).map_or("", |source| &source.name)
    }

    /// Keeps of its sentences what can be shown: they repeat what is in an input.
    pub(super) fn show(&mut self) {
        let sentences = [
            Some(&mut self.message),
            self.consequence.as_mut(),
            self.help.as_mut(),
        ];
        for sentence in sentences.into_iter().flatten() {
            *sentence = visible::owned(std::mem::take(sentence));
        }
    }

    /// Returns it another severity.
    #[must_use]
    pub(super) fn with_severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Returns it as a warning at most, unless it is certain.
    #[must_use]
    pub(super) fn warning_unless(self, is_certain: bool) -> Self {
        if is_certain {
            self
        } else {
            let most = self.severity.min(Severity::Warning);
            self.with_severity(most)
        }
    }

    /// Sets more exactly what would happen.
    #[must_use]
    pub(super) fn then(mut self, consequence: impl Into<String>) -> Self {
        self.consequence = Some(consequence.into());
        self
    }

    /// Sets more exactly what to do.
    #[must_use]
    pub(super) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl Object<'_> {
    /// Makes a finding at a field of this object, or at what would have it.
    pub(super) fn finding_in(
        &self,
        rule: &'static Rule,
        field: &str,
        message: impl Into<String>,
    ) -> Finding {
        self.finding(rule, self.node_in(field).at, field, message)
    }

    /// Makes a finding at a value of this object.
    pub(super) fn finding(
        &self,
        rule: &'static Rule,
        at: At,
        field: &str,
        message: impl Into<String>,
    ) -> Finding {
        let at = if at.line == 0 { self.node.at } else { at };
        Finding {
            document: self.document,
            object: Some(Identity {
                kind: self.kind.to_owned(),
                namespace: self.namespace.to_owned(),
                name: self.name.to_owned(),
            }),
            field: format!("{}{field}", self.prefix),
            is_open: is_open(self.node_in(field)),
            ..Finding::of_file(rule, self.file, at, message.into())
        }
    }
}

/// Returns whether a value is a text that is yet to be filled in.
fn is_open(node: &Node) -> bool {
    node.text().is_some_and(is_unfilled)
}

impl Values<'_> {
    /// Makes a finding at a value of this file.
    pub(super) fn finding(
        &self,
        rule: &'static Rule,
        at: At,
        field: &str,
        message: impl Into<String>,
    ) -> Finding {
        let at = if at.line == 0 { self.node.at } else { at };
        Finding {
            document: self.document,
            field: format!("{}{field}", self.prefix),
            is_open: is_open(node_in(self.node, field).0),
            ..Finding::of_file(rule, self.file, at, message.into())
        }
    }
}
