//! What `probe` says of an instance that was seen, by its front alone and with its manifests and its httpd.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::verdict::Seen;
use crate::cluster::output_of;
use crate::httpd::endpoint;

/// An instance to probe.
pub(super) struct Probe<'a> {
    pub(super) host: &'a str,
    pub(super) front: SocketAddr,
    pub(super) httpd: Ipv4Addr,
    /// The file of the authority that browsers trust.
    pub(super) authority: &'a Path,
    pub(super) manifests: &'a str,
}

/// How well `probe` may call what was seen, from the worst to the best.
const VERDICTS: [&str; 4] = ["broken", "warning", "note", "good"];

impl Probe<'_> {
    /// Returns how `probe` differs from what was seen.
    pub(super) fn differs(&self, seen: &Seen) -> Option<String> {
        let front = self.run(&[], "");
        let endpoint = endpoint(self.httpd).to_string();
        let both = self.run(&["--backend", &endpoint, "--manifest", "-"], self.manifests);
        let worst = |report: &Value| {
            let verdict = report["verdict"].as_str().unwrap_or_default();
            VERDICTS.iter().position(|known| *known == verdict)
        };
        // The worst and the best verdict.
        let (least, most) = match seen {
            Seen::Good | Seen::Status(401 | 403) => (1, 3),
            Seen::Failed(_) => (0, 0),
            Seen::Status(300..=399) => (0, 3),
            Seen::Status(_) => (0, 1),
            // It cannot know which page is meant; another instance may be behind.
            Seen::Page(_) | Seen::Refused(_) => return None,
        };
        let is_right =
            |report: &Value| worst(report).is_some_and(|it| (least..=most).contains(&it));
        let front = match front {
            Ok(report) if is_right(&report) => None,
            Ok(report) => Some(format!("of the front alone: {}", told(&report))),
            Err(why) => Some(why),
        };
        front.or_else(|| match both {
            Ok(report) if is_right(&report) => None,
            Ok(report) => Some(format!("of both legs: {}", told(&report))),
            // What leads nowhere cannot be followed.
            Err(_) if *seen != Seen::Good => None,
            Err(why) => Some(format!("of both legs: {why}")),
        })
    }

    /// Returns its report, or why it makes none.
    fn run(&self, further: &[&str], input: &str) -> Result<Value, String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_civi-ingress"));
        command
            .args(["probe", self.host, "-o", "json", "--path", "/"])
            .args(["--http-timeout", "20s"])
            .args(["--connect", &self.front.to_string(), "--ca"])
            .arg(self.authority)
            .args(further);
        let output = output_of(&mut command, input);
        let errors = String::from_utf8_lossy(&output.stderr);
        if !matches!(output.status.code(), Some(0 | 1)) {
            return Err(format!("{}: {}", output.status, errors.trim()));
        }
        serde_json::from_slice(&output.stdout).map_err(|error| format!("{error}: {errors}"))
    }
}

/// What a report says that is not good, in one line.
fn told(report: &Value) -> String {
    let legs = report["legs"].as_array().into_iter().flatten();
    let findings = legs.flat_map(|leg| leg["findings"].as_array().into_iter().flatten());
    let told = findings
        .filter(|finding| finding["verdict"] != "good")
        .map(|finding| {
            let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
            format!("{} {}: {}", text("verdict"), text("check"), text("what"))
        });
    let mut told: Vec<String> = told.collect();
    told.insert(0, report["summary"].as_str().unwrap_or_default().to_owned());
    told.join("; ")
}
