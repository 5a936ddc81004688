//! Finds what would go wrong with manifests, before they are applied and in Traefik's own words.
//!
//! [`lint`] reads all documents into one model and lets every family of rules look at it. A family is a folder: its
//! rules beside the checks that find them. What Traefik answers is taken from [`recorded`] where it was recorded.
//!
//! | I want to … | open … |
//! |---|---|
//! | add a rule | the folder of its family: `rules.rs`, and the check beside it |
//! | add a family | its folder, and a line in `families` |
//! | see what the checks look at | `model`; what several families ask for: `facts` |
//! | say what does not fit on the path of a request | `path::check` finds it; its rule, place and words: `legs` |
//! | change what a report looks like | [`report`] |
//! | accept what is known | [`baseline`], `suppress` |

mod acme_dns;
mod apache;
mod balancers;
pub mod baseline;
mod cert_manager;
mod certificates;
mod definitions;
mod documents;
mod explain;
mod facts;
mod families;
mod family;
mod finding;
mod gateway_api;
mod ingress;
mod istio;
mod legs;
mod model;
mod network_policies;
mod options;
mod predict;
pub mod recorded;
mod references;
pub mod report;
mod routes;
mod rule;
pub mod rules;
mod source;
mod suppress;
mod tls_store;
mod trust;
mod values;
mod versions;

pub use explain::explain;
pub use finding::{Finding, Identity};
pub use legs::rule_of;
pub use model::{Knowledge, KnownFrom};
pub use options::Options;
pub use report::Report;
pub use rules::{Rule, Severity};
pub use source::Source;

use crate::fault::Fault;
use crate::threads::{discard, each, with_threads};
use families::FAMILIES;
use model::documents::{Document, Read, read};
use model::kustomize::patches;
use model::{Model, things};

/// Looks for everything that the rules know. Of each text only what a report may show stays.
///
/// # Errors
/// All sources that are longer than any reader takes.
pub fn lint(sources: &mut [Source], options: &Options) -> Result<Report, Vec<Fault>> {
    let length = sources.iter().map(|source| source.text.len()).sum();
    with_threads(length, || side_by_side(sources, options))
}

fn side_by_side(sources: &mut [Source], options: &Options) -> Result<Report, Vec<Fault>> {
    let Read {
        mut documents,
        broken,
        mut comments,
    } = read(sources)?;
    let sources = &*sources;
    let patches = patches(&documents, sources);
    documents.retain(|document| !patches.contains(&document.file));
    let names: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
    let typed = documents
        .iter_mut()
        .map(|document| std::mem::take(&mut document.typed))
        .collect();
    let all: Vec<&Document> = documents.iter().collect();
    let (things, cluster) = things(&all, typed, &names);
    let model = Model::new(things, &cluster, &names, options);
    let mut findings: Vec<Finding> = each(&FAMILIES, |family| (family.check)(&model))
        .into_iter()
        .flatten()
        .chain(broken.into_iter().map(documents::broken))
        .collect();
    for finding in &mut findings {
        finding.show();
    }
    let suppressed = suppress::apply(&mut comments, &mut findings);
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
        documents: all.len(),
        objects: model.objects.len(),
        passed_over: model.passed_over(sources.len()),
        suppressed,
        accepted: 0,
    };
    discard(model.secrets.into_values().collect());
    drop(cluster);
    discard(documents);
    Ok(report)
}
