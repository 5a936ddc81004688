//! JUnit's XML, which CIs show as tests: a suite a file, a case a finding.
//!
//! The form is `junit-10.xsd` of Jenkins' xunit plugin, which is stricter than GitLab's reader
//! (`lib/gitlab/ci/parsers/test/junit.rb`). GitLab shows the text of a failure and not its attributes, and knows a case
//! again by its names: so the text says everything, and no name has a line number. Jenkins takes what is before the
//! last dot of a `classname` for a package: so it has no extension.

use super::Report;
use super::text::{Lines, one};
use crate::lint::finding::Finding;
use crate::lint::rule::Severity;
use crate::lint::source::Source;
use crate::tone;
use crate::visible::{composed, line};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Writes the findings from `level` on: those from `threshold` on as failures, milder ones as cases that pass. A file
/// without any is one case that passes, or is skipped if nothing in it is looked at.
#[must_use]
pub fn junit(report: &Report, sources: &[Source], level: Severity, threshold: Severity) -> String {
    let mut of_file: BTreeMap<usize, Vec<&Finding>> = BTreeMap::new();
    for finding in &report.findings {
        if finding.severity >= level {
            of_file.entry(finding.file).or_default().push(finding);
        }
    }
    let passed_over: BTreeSet<usize> = report.passed_over.iter().copied().collect();
    let mut lines = Lines::of(sources);
    let mut all = Tests::default();
    let mut suites = String::new();
    for (file, source) in sources.iter().enumerate() {
        let class = without_extension(&source.name);
        let mut tests = Tests::default();
        let mut cases = String::new();
        let found = of_file.get(&file).map(Vec::as_slice).unwrap_or_default();
        let mut names: BTreeMap<String, usize> = BTreeMap::new();
        for finding in found {
            let mut name = name(finding);
            let times = names.entry(name.clone()).or_default();
            *times += 1;
            if *times > 1 {
                write!(name, " ({times})").expect("writing to a String cannot fail");
            }
            let mut text = String::new();
            one(finding, sources, &mut lines, &tone::plain, &mut text);
            let fails = finding.severity >= threshold;
            let outcome = if fails {
                Outcome::Fails(finding, &text)
            } else {
                Outcome::Says(&text)
            };
            tests.add(&outcome);
            case(&mut cases, class, &name, &outcome);
        }
        if found.is_empty() {
            let outcome = if passed_over.contains(&file) {
                Outcome::Skipped
            } else {
                Outcome::Passes
            };
            tests.add(&outcome);
            case(&mut cases, class, "lint", &outcome);
        }
        writeln!(
            suites,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">\n{cases}  </testsuite>",
            attribute(&source.name),
            tests.all,
            tests.failures,
            tests.skipped
        )
        .expect("writing to a String cannot fail");
        all.all += tests.all;
        all.failures += tests.failures;
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"civi-ingress lint\" tests=\"{}\" failures=\"{}\" errors=\"0\">\n{suites}</testsuites>\n",
        all.all, all.failures
    )
}

/// How many cases there are.
#[derive(Default)]
struct Tests {
    all: usize,
    failures: usize,
    skipped: usize,
}

impl Tests {
    fn add(&mut self, outcome: &Outcome<'_>) {
        self.all += 1;
        match outcome {
            Outcome::Fails(..) => self.failures += 1,
            Outcome::Skipped => self.skipped += 1,
            Outcome::Passes | Outcome::Says(_) => {}
        }
    }
}

/// What becomes of a case.
enum Outcome<'a> {
    Passes,
    /// It passes, with something to say.
    Says(&'a str),
    Skipped,
    Fails(&'a Finding, &'a str),
}

fn case(out: &mut String, class: &str, name: &str, outcome: &Outcome<'_>) {
    let begin = format!(
        "    <testcase classname=\"{}\" name=\"{}\"",
        attribute(class),
        attribute(name)
    );
    let written = match outcome {
        Outcome::Passes => writeln!(out, "{begin}/>"),
        Outcome::Says(text) => writeln!(
            out,
            "{begin}>\n      <system-out>{}</system-out>\n    </testcase>",
            escaped(&composed(text))
        ),
        Outcome::Skipped => writeln!(
            out,
            "{begin}>\n      <skipped message=\"nothing in it is checked\"/>\n    </testcase>"
        ),
        Outcome::Fails(finding, text) => writeln!(
            out,
            "{begin}>\n      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>",
            finding.severity.name(),
            attribute(&finding.message),
            escaped(&composed(text))
        ),
    };
    written.expect("writing to a String cannot fail");
}

/// Names a finding by its rule, its object and its field.
fn name(finding: &Finding) -> String {
    let mut name = format!("{} {}", finding.rule.code, finding.rule.name);
    if let Some(object) = &finding.object {
        write!(name, ": {object}").expect("writing to a String cannot fail");
    }
    if !finding.field.is_empty() {
        write!(name, " {}", finding.field).expect("writing to a String cannot fail");
    }
    name
}

fn without_extension(name: &str) -> &str {
    let ends = [".yaml", ".yml", ".json"];
    let known = ends.iter().find_map(|end| name.strip_suffix(end));
    known.filter(|rest| !rest.is_empty()).unwrap_or(name)
}

/// Returns a text as the value of an attribute: one line, of visible characters.
fn attribute(text: &str) -> String {
    escaped(&line(text))
}

/// Replaces what means something in XML 1.0 (sections 2.4 and 3.1); visible characters and line ends are all allowed
/// in it (section 2.2).
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(character),
        }
    }
    out
}
