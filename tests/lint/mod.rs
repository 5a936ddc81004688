//! `lint`: every rule fires on a case and keeps quiet on its near miss, real Traefiks agree, nothing that we
//! render is complained about.

mod around;
mod carriers;
mod cases;
mod command;
mod configuration;
mod definitions;
mod docs;
mod documented;
mod formats;
mod gateways;
mod hostile;
mod kept;
mod kustomize;
mod law;
mod layout;
mod pki;
mod predictions;
mod quiet;
mod releases;
mod roots;
mod sure;
mod ways;
mod wild;

use crate::support::NOW;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use civi_ingress::chart::ChartMajor;
use civi_ingress::lint::{Options, Report, Severity, Source, lint};
use civi_ingress::name::DnsName;
use std::collections::BTreeSet;
use time::Duration;
use zeroize::Zeroizing;

/// The ServersTransport and IngressRoute of an instance, right in themselves.
const INSTANCE: &str = "\
apiVersion: traefik.io/v1alpha1
kind: ServersTransport
metadata: {name: transport-selfsigned, namespace: ns}
spec:
  serverName: a.example.org
  rootCAs: [{secret: externca}]
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: ingressproxy, namespace: ns}
spec:
  entryPoints: [websecure]
  routes:
    - match: Host(`a.example.org`)
      kind: Rule
      services: [{name: civicrmhttpd, port: 443, scheme: https, serversTransport: transport-selfsigned}]
  tls: {}
";

fn source(name: &str, text: &str) -> Source {
    Source::new(name.to_owned(), Zeroizing::new(text.to_owned()))
}

fn report(text: &str, options: &Options) -> Report {
    let mut sources = [source("case.yaml", text)];
    lint(&mut sources, options).expect("the case is YAML")
}

/// Returns the codes found from a severity on.
fn codes(report: &Report, level: Severity) -> BTreeSet<&'static str> {
    report
        .findings
        .iter()
        .filter(|finding| finding.severity >= level)
        .map(|finding| finding.rule.code)
        .collect()
}

/// Describes what was found, for a test that fails.
fn said(report: &Report) -> Vec<String> {
    report
        .findings
        .iter()
        .map(|finding| {
            format!(
                "{}[{}] {}",
                finding.severity, finding.rule.code, finding.message
            )
        })
        .collect()
}

/// Reads `# options: traefik=2.9 chart=40 host=a.example.org within=5 strict` of a case's first line.
fn options(text: &str) -> Options {
    let mut options = Options::at(NOW);
    let line = text
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("# options: "));
    for word in line.unwrap_or_default().split_whitespace() {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        match name {
            "traefik" => options.traefik = Some(value.parse().expect("a release")),
            "chart" => options.chart = Some(ChartMajor::parse(value).expect("a chart")),
            "host" => options.hosts.push(DnsName::parse(value).expect("a host")),
            "within" => options.expires_within = Some(Duration::days(value.parse().expect("days"))),
            "strict" => options.strict_references = true,
            other => panic!("no option {other}"),
        }
    }
    options
}

/// Fills in `${leaf}` (base64), `${leaf+ca}` (two of them), `${leaf:4}` (PEM, indented) and `${instance}`.
fn filled(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let (name, after) = after.split_once('}').expect("a closed placeholder");
        rest = after;
        if name == "instance" {
            out.push_str(INSTANCE);
            continue;
        }
        let (names, indent) = name.split_once(':').unwrap_or((name, ""));
        let pem: String = names
            .split('+')
            .map(|name| {
                pki::PEMS
                    .get(name)
                    .unwrap_or_else(|| panic!("no certificate {name}"))
                    .as_str()
            })
            .collect();
        if indent.is_empty() {
            out.push_str(&STANDARD.encode(pem));
        } else {
            let margin = " ".repeat(indent.parse().expect("a number"));
            let lines: Vec<String> = pem.lines().map(|line| format!("{margin}{line}")).collect();
            out.push_str(&lines.join("\n"));
        }
    }
    out.push_str(rest);
    out
}
