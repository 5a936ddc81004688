//! `inspect`.

use super::cli::{Inspect, ReportFormat};
use super::error::Failure;
use super::{Run, check_stdin, print_or_end, world};
use civi_ingress::fault::Faults;
use civi_ingress::inspect;
use std::path::PathBuf;

pub(super) fn run(run: &Run, arguments: &Inspect) -> Result<(), Failure> {
    check_stdin(arguments.files.iter().map(PathBuf::as_path))?;
    let mut faults = Faults::default();
    let mut findings = Vec::new();
    for path in &arguments.files {
        let text = world::read_stream(path)?;
        findings.extend(
            faults
                .keep_all(inspect::read(&text.content, &text.name))
                .unwrap_or_default(),
        );
    }
    let findings = faults.finish(Some(findings))?;
    let report = match arguments.format {
        ReportFormat::Text => inspect::as_text(&findings, run.now),
        ReportFormat::Json => inspect::as_json(&findings, run.now),
    };
    print_or_end(report.as_bytes())
}
