//! What reading a fleet costs: time of the best of five runs, and the peak of resident memory after the first.
//!
//! `cargo bench --bench fleet -- [plain|values|table] [INSTANCES]`: instances without settings of their own, with
//! some of the chart's values each, or in a table.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a bench measures and reports"
)]

use civi_ingress::fleet::{self, Source};
use std::fmt::Write as _;
use std::time::Instant;

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|text| !text.starts_with('-'))
        .collect();
    let kind = arguments.first().map_or("plain", String::as_str);
    let count = arguments
        .get(1)
        .map_or(10_000, |text| text.parse().expect("a number"));
    let (main, table) = files(kind, count);
    let bytes = main.text.len() + table.as_ref().map_or(0, |table| table.text.len());
    let before = resident();
    let mut best = f64::MAX;
    let mut peak = 0;
    for _ in 0..5 {
        let start = Instant::now();
        let fleet = fleet::read(&main, &mut |_| Ok(table.clone().into_iter().collect()));
        best = best.min(start.elapsed().as_secs_f64());
        let fleet = fleet.expect("a good fleet");
        assert_eq!(fleet.members.len(), count);
        peak = if peak == 0 { resident() } else { peak };
    }
    println!(
        "{kind}: {count} instances, {bytes} bytes, {:.0} ms, {before} KiB resident before, {peak} KiB peak",
        best * 1e3
    );
}

fn files(kind: &str, count: usize) -> (Source, Option<Source>) {
    let mut text = String::from(
        "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {name: uepal}\nspec:\n  domain: uepal.net\n  \
         defaults:\n    aliases: [\"{id}-2.{domain}\"]\n    servername: \"{externalHost}\"\n    certificate: {days: 200}\n    \
         helmValues: {init: {mailDomain: \"{externalHost}\", trustedHostPatterns: \"['^{externalHost}$']\"}, limits: {httpd: {memory: 1Gi}}}\n",
    );
    let mut table = None;
    match kind {
        "plain" => text.push_str("  instances:\n"),
        "values" => text.push_str(
            "  profiles: {big: {helmValues: {limits: {httpd: {memory: 2Gi}}}}}\n  instances:\n",
        ),
        _ => {
            text.push_str("  include: [all.csv]\n");
            let name = "all.csv".to_owned();
            let text = "id;helmValues.init.paroisseName\r\n".to_owned();
            table = Some(Source { name, text });
        }
    }
    for number in 0..count {
        let out = table.as_mut().map_or(&mut text, |table| &mut table.text);
        let result = match kind {
            "plain" => writeln!(out, "    paroisse-{number:05}: {{}}"),
            "values" => writeln!(
                out,
                "    paroisse-{number:05}:\n      profile: big\n      helmValues: {{init: {{paroisseName: \"Paroisse {number}\"}}}}"
            ),
            _ => writeln!(out, "paroisse-{number:05};\"Paroisse {number}\"\r"),
        };
        result.expect("writing to a String cannot fail");
    }
    let name = "fleet.yaml".to_owned();
    (Source { name, text }, table)
}

/// The peak of resident memory in KiB (`VmHWM`, proc(5)).
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.expect("a peak").parse().expect("a number")
}
