//! Finds what would go wrong with manifests, before they are applied and in Traefik's own words.
//!
//! [`lint`] reads all documents into one model and runs every rule over it. Rules are data ([`rules`]); each
//! family has a file. What Traefik answers is taken from [`recorded`] where it was recorded.
//!
//! | I want to … | open … |
//! |---|---|
//! | add a rule | [`rules`], and the file of its family |
//! | see what the rules look at | `model`, `secrets`, `provider` |
//! | change what a report looks like | [`report`] |
//! | accept what is known | [`baseline`], `suppress` |

mod apache;
mod backend;
mod balancer;
pub mod baseline;
mod cert_manager;
mod certificates;
mod definitions;
mod documents;
mod explain;
mod finding;
mod gateway_api;
mod httpd;
mod ingress;
mod istio;
mod kustomize;
mod model;
mod named;
mod predict;
mod provider;
mod reach;
pub mod recorded;
mod references;
pub mod report;
mod routes;
pub mod rules;
mod secrets;
mod snippets;
mod suppress;
mod surroundings;
mod tls_store;
mod trust;
mod upstream;
mod values;
mod versions;

pub use explain::explain;
pub use finding::{Finding, Identity};
pub use rules::{Rule, Severity};

use crate::chart::ChartMajor;
use crate::fault::Fault;
use crate::name::DnsName;
use crate::release::Release;
use crate::threads::with_threads;
use model::{Class, Model, Object};
use provider::Provider;
use rayon::prelude::*;
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

/// A text and the name by which a report calls it.
#[derive(Debug)]
pub struct Source {
    /// Its name, such as a path.
    pub name: String,
    /// The text; it may hold private keys.
    pub text: Zeroizing<String>,
}

/// What the input does not say.
#[derive(Debug, Clone)]
pub struct Options {
    /// The release that reads the manifests; found out if nothing is given.
    pub traefik: Option<Release>,
    /// The chart that reads the values files; found out if nothing is given.
    pub chart: Option<ChartMajor>,
    /// The present.
    pub now: OffsetDateTime,
    /// How long before its end a certificate is found to expire soon; a third of its life, and 30 days at
    /// most, if nothing is given.
    pub expires_within: Option<Duration>,
    /// Hosts for which there must be a route.
    pub hosts: Vec<DnsName>,
    /// Whether a reference out of the input is an error.
    pub strict_references: bool,
}

impl Options {
    /// Asks for everything to be found out.
    #[must_use]
    pub fn at(now: OffsetDateTime) -> Self {
        Self {
            traefik: None,
            chart: None,
            now,
            expires_within: None,
            hosts: Vec::new(),
            strict_references: false,
        }
    }
}

/// Which Traefik reads the manifests, and how that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Knowledge {
    /// The release.
    pub release: Release,
    /// How it is known.
    pub from: KnownFrom,
}

/// How a release is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownFrom {
    /// It was given.
    Option,
    /// By the tag of an image.
    Image,
    /// By what only some releases take: the API group, `rootCAsSecrets`.
    Fields,
    /// Nothing says otherwise: the newest that is known.
    Default,
}

impl Knowledge {
    fn of(options: &Options, objects: &[Object<'_>], provider: &Provider<'_>) -> Self {
        if let Some(release) = options.traefik {
            let from = KnownFrom::Option;
            return Self { release, from };
        }
        if let Some(release) = provider.release {
            let from = KnownFrom::Image;
            return Self { release, from };
        }
        let groups = |group: &str| objects.iter().any(|object| object.group == group);
        let (old, new) = (groups("traefik.containo.us"), groups("traefik.io"));
        let has = |field: &str| {
            let mut transports = objects
                .iter()
                .filter(|object| object.class == Class::ServersTransport);
            transports.any(|object| object.spec().get(field).is_some())
        };
        let release = if old && !new {
            Release::line(2, 11)
        } else if has("rootCAsSecrets") && !has("rootCAs") {
            // The newest release that takes them without a warning.
            Release::line(3, 3)
        } else {
            let from = KnownFrom::Default;
            let release = Release::default();
            return Self { release, from };
        };
        let from = KnownFrom::Fields;
        Self { release, from }
    }

    /// Returns whether it was given explicitly.
    fn is_certain(self) -> bool {
        matches!(self.from, KnownFrom::Option | KnownFrom::Image)
    }
}

/// What was found, and in what.
#[derive(Debug)]
pub struct Report {
    /// The findings, by file and place.
    pub findings: Vec<Finding>,
    /// Which Traefik was assumed.
    pub traefik: Knowledge,
    /// Documents read.
    pub documents: usize,
    /// Kubernetes objects among them.
    pub objects: usize,
    /// Files, by their index, in which nothing is looked at: no object and no values of a known chart.
    pub passed_over: Vec<usize>,
    /// Findings that a comment in the input suppresses.
    pub suppressed: usize,
    /// Findings that a baseline accepts.
    pub accepted: usize,
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

type Family = fn(&Model<'_>) -> Vec<Finding>;

/// Looks for everything that the rules know.
///
/// # Errors
/// All sources that are longer than any reader takes.
pub fn lint(sources: &[Source], options: &Options) -> Result<Report, Vec<Fault>> {
    with_threads(|| side_by_side(sources, options))
}

fn side_by_side(sources: &[Source], options: &Options) -> Result<Report, Vec<Fault>> {
    let (mut documents, broken) = model::read(sources)?;
    let patches = kustomize::patches(&documents, sources);
    documents.retain(|document| !patches.contains(&document.file));
    let model = Model::new(&documents, options);
    let families: [Family; 17] = [
        documents::check,
        trust::check,
        routes::check,
        versions::check,
        definitions::check,
        tls_store::check,
        values::check,
        certificates::check,
        surroundings::check,
        snippets::check,
        balancer::check,
        ingress::check,
        reach::check,
        gateway_api::check,
        istio::check,
        cert_manager::check,
        references::check,
    ];
    let mut findings: Vec<Finding> = families
        .par_iter()
        .flat_map_iter(|family| family(&model))
        .chain(broken)
        .collect();
    for finding in &mut findings {
        finding.show();
    }
    let suppressed = suppress::apply(sources, &mut findings);
    findings.sort_by(|a, b| {
        let key = |finding: &Finding| (finding.file, finding.at.line, finding.at.column);
        key(a)
            .cmp(&key(b))
            .then_with(|| a.rule.code.cmp(b.rule.code))
            .then_with(|| a.message.cmp(&b.message))
    });
    findings.dedup();
    let report = Report {
        findings,
        traefik: model.knowledge,
        documents: documents.len(),
        objects: model.objects.len(),
        passed_over: model.passed_over(sources.len()),
        suppressed,
        accepted: 0,
    };
    // To free a million values takes as long as to read them: here too, all processors help.
    model.secrets.into_par_iter().for_each(drop);
    documents.into_par_iter().for_each(drop);
    Ok(report)
}
