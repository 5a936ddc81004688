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
pub mod configuration;
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
mod middlewares;
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
pub use model::{ChartFrom, ChartKnowledge, Knowledge, KnownFrom};
pub use options::{Configured, Options};
pub use report::Report;
pub use rules::{Rule, Severity};
pub use source::Source;

use crate::cluster::file_paths::{is_in, normal};
use crate::cluster::roots::{Files, divide};
use crate::fault::Fault;
use crate::gitops::layout;
use crate::threads::{discard, each, with_threads};
use crate::yaml::Node;
use configuration::IgnoredRule;
use families::FAMILIES;
use model::changes::Changes;
use model::documents::{Document, Read, Typed, read};
use model::kustomize::patches;
use model::{Model, things};
use std::collections::BTreeSet;

/// Looks for everything that the rules know. Of each text only what a report may show stays.
///
/// # Errors
/// All sources that are longer than any reader takes.
pub fn lint(sources: &mut [Source], options: &Options) -> Result<Report, Vec<Fault>> {
    let length = sources.iter().map(|source| source.text.len()).sum();
    with_threads(length, || side_by_side(sources, options))
}

fn side_by_side(sources: &mut [Source], options: &Options) -> Result<Report, Vec<Fault>> {
    let keep = |text: &str| {
        let is_of_fleet = layout::is_marked(text.as_bytes());
        (suppress::read(text), is_of_fleet)
    };
    let Read {
        mut documents,
        broken,
        kept,
    } = read(sources, keep)?;
    let (mut comments, is_of_fleet): (Vec<_>, Vec<_>) = kept.into_iter().unzip();
    let sources = &*sources;
    let changes = Changes::of(&documents, sources);
    let patches = patches(&documents, sources);
    documents.retain(|document| !patches.contains(&document.file));
    let names: Vec<&str> = sources.iter().map(|source| &*source.name).collect();
    let typed = documents
        .iter_mut()
        .map(|document| std::mem::take(&mut document.typed))
        .collect();
    let roots = roots(&documents, sources, &is_of_fleet, options);
    let all: Vec<&Document> = documents.iter().collect();
    let Judged {
        mut findings,
        knowledge,
        releases,
        charts,
        values,
        looked_at,
        ..
    } = judged(&all, typed, &changes, &roots, &names, options);
    findings.extend(broken.into_iter().map(documents::broken));
    for finding in &mut findings {
        finding.settle();
        finding.show();
    }
    let suppressed = suppress::apply(&mut comments, &mut findings);
    let (ignored, ignored_in_vain) = ignore(&mut findings, sources, options);
    findings.sort_by(|a, b| {
        let key = |finding: &Finding| (finding.file, finding.at.line, finding.at.column);
        key(a)
            .cmp(&key(b))
            .then_with(|| a.rule.code.cmp(b.rule.code))
            .then_with(|| a.message.cmp(&b.message))
            .then_with(|| b.severity.cmp(&a.severity))
    });
    // Of what two roots find in one place, the one that knows more is the more severe.
    findings.dedup_by(|later, kept| is_again(later, kept));
    let report = Report {
        findings,
        traefik: knowledge,
        releases,
        charts,
        values: values.len(),
        documents: all.len(),
        objects: each(&all, |document| document.objects()).into_iter().sum(),
        passed_over: (0..sources.len())
            .filter(|file| !looked_at.contains(file))
            .collect(),
        suppressed,
        accepted: 0,
        ignored,
        ignored_in_vain,
        configuration: options.configured.file.clone(),
    };
    discard(documents);
    Ok(report)
}

/// Returns whether two roots found the same in one place, of which each may have a namespace of its own.
fn is_again(later: &Finding, kept: &Finding) -> bool {
    let place = |finding: &Finding| (finding.file, finding.at, finding.document);
    let is_alike = || {
        let (of_later, of_kept) = (namespace(later), namespace(kept));
        of_later != of_kept
            && !of_later.is_empty()
            && !of_kept.is_empty()
            && later.message.replace(of_later, "") == kept.message.replace(of_kept, "")
    };
    later.rule == kept.rule
        && place(later) == place(kept)
        && later.field == kept.field
        && (later.message == kept.message || is_alike())
}

/// Returns the namespace of the object that a finding is about; an empty text where none is known.
fn namespace(finding: &Finding) -> &str {
    let object = finding.object.as_ref();
    object.map_or("", |object| &object.namespace)
}

/// Takes out the findings of ignored rules, counts them, and returns the entries that meet none.
fn ignore(
    findings: &mut Vec<Finding>,
    sources: &[Source],
    options: &Options,
) -> (usize, Vec<usize>) {
    if options.ignored.is_empty() {
        return (0, Vec::new());
    }
    let places: Vec<String> = sources
        .iter()
        .map(|source| normal(source.place()))
        .collect();
    let folders = |entry: &IgnoredRule| -> Vec<String> {
        entry.paths.iter().map(|path| normal(&path.path)).collect()
    };
    let folders: Vec<Vec<String>> = options.ignored.iter().map(folders).collect();
    let mut used = vec![false; options.ignored.len()];
    let before = findings.len();
    findings.retain(|finding| {
        let place = places.get(finding.file).map_or("", String::as_str);
        let mut is_ignored = false;
        for ((entry, folders), used) in options.ignored.iter().zip(&folders).zip(&mut used) {
            let is_there = folders.is_empty() || folders.iter().any(|folder| is_in(place, folder));
            if entry.rule == finding.rule && is_there {
                (*used, is_ignored) = (true, true);
            }
        }
        !is_ignored
    });
    let in_vain = used.iter().enumerate().filter(|(_, used)| !**used);
    (
        before - findings.len(),
        in_vain.map(|(entry, _)| entry).collect(),
    )
}

/// Returns the files of each root.
fn roots(
    documents: &[Document],
    sources: &[Source],
    is_of_fleet: &[bool],
    options: &Options,
) -> Vec<BTreeSet<usize>> {
    let names: Vec<&str> = sources.iter().map(Source::place).collect();
    let trees: Vec<Option<&str>> = names
        .iter()
        .zip(is_of_fleet)
        .map(|(name, is_of_fleet)| layout::tree_of(name).filter(|_| *is_of_fleet))
        .collect();
    let documents: Vec<(usize, &Node)> = documents
        .iter()
        .filter(|document| document.is_of_roots)
        .map(|document| (document.file, &document.node))
        .collect();
    divide(&Files {
        names: &names,
        trees: &trees,
        documents: &documents,
        roots: &options.roots,
    })
}

/// What is found in a root, or in all.
struct Judged {
    findings: Vec<Finding>,
    knowledge: Knowledge,
    /// What is known of the Traefiks of all roots that have objects, each once.
    releases: Vec<Knowledge>,
    /// The chart of each values file, each once.
    charts: Vec<ChartKnowledge>,
    /// Each values file by its file, its document and its place within.
    values: BTreeSet<(usize, usize, String)>,
    /// The files that anything was looked at of.
    looked_at: BTreeSet<usize>,
    has_objects: bool,
    /// What Traefik's own options rule out, where they are at hand.
    ruled_out: Option<Vec<&'static Rule>>,
}

/// Judges each root by itself, and what several have with each of them.
fn judged(
    all: &[&Document],
    mut typed: Vec<Vec<Typed>>,
    changes: &Changes,
    roots: &[BTreeSet<usize>],
    names: &[&str],
    options: &Options,
) -> Judged {
    if roots.len() < 2 {
        let mut copies = changes.copies(all, names, |_| true);
        let mut all = all.to_vec();
        put(&mut copies, &mut all, &mut typed);
        return judged_alone(&all, typed, names, options);
    }
    let mut judged: Vec<Judged> = each(roots, |root| {
        // Documents are in the order of their files.
        let first = |file: usize| all.partition_point(|document| document.file < file);
        let of_root = root.iter().flat_map(|file| first(*file)..first(file + 1));
        let (mut documents, mut typed): (Vec<&Document>, Vec<_>) = of_root
            .map(|number| (all[number], typed[number].clone()))
            .unzip();
        let mut copies = changes.copies(&documents, names, |file| root.contains(&file));
        put(&mut copies, &mut documents, &mut typed);
        judged_alone(&documents, typed, names, options)
    });
    routes::keep_unanswered(
        judged
            .iter_mut()
            .filter(|root| root.has_objects)
            .map(|root| &mut root.findings)
            .collect(),
    );
    // Of a root that does not have Traefik's options, those of another may hold.
    let said = judged.iter().flat_map(|root| &root.ruled_out);
    let said: Vec<&'static Rule> = said.flatten().copied().collect();
    let unsaid = judged.iter_mut().filter(|root| root.ruled_out.is_none());
    routes::leave_open(&said, unsaid.flat_map(|root| &mut root.findings));
    let certain = judged.iter().find(|root| root.knowledge.is_certain());
    let knowledge = certain.unwrap_or(&judged[0]).knowledge;
    let mut releases = Vec::new();
    let mut charts = Vec::new();
    let has_any = judged.iter().any(|root| root.has_objects);
    for root in &judged {
        if root.has_objects || !has_any {
            add_new(&mut releases, &root.releases);
        }
        add_new(&mut charts, &root.charts);
    }
    Judged {
        knowledge,
        releases,
        charts,
        values: judged
            .iter_mut()
            .flat_map(|root| std::mem::take(&mut root.values))
            .collect(),
        looked_at: judged
            .iter()
            .flat_map(|root| root.looked_at.iter().copied())
            .collect(),
        has_objects: judged.iter().any(|root| root.has_objects),
        ruled_out: None,
        findings: judged.into_iter().flat_map(|root| root.findings).collect(),
    }
}

/// Replaces documents by the copies that were made of them.
fn put<'d>(
    copies: &'d mut [(usize, Document)],
    documents: &mut [&'d Document],
    typed: &mut [Vec<Typed>],
) {
    for (place, copy) in copies {
        typed[*place] = std::mem::take(&mut copy.typed);
        documents[*place] = copy;
    }
}

/// Adds those that are not there yet.
fn add_new<T: Copy + PartialEq>(all: &mut Vec<T>, more: &[T]) {
    for new in more {
        if !all.contains(new) {
            all.push(*new);
        }
    }
}

fn judged_alone<'a>(
    documents: &[&'a Document],
    typed: Vec<Vec<Typed>>,
    names: &'a [&'a str],
    options: &Options,
) -> Judged {
    let (things, cluster) = things(documents, typed, names);
    let charts = things.values.iter();
    let charts = charts.map(|values| values::chart_of(values, options));
    let charts = charts.collect();
    let model = Model::new(things, charts, &cluster, names, options);
    let findings = each(&FAMILIES, |family| (family.check)(&model));
    let provider = &model.provider;
    let judged = Judged {
        findings: findings.into_iter().flatten().collect(),
        knowledge: model.knowledge,
        releases: vec![model.knowledge],
        charts: model.charts.clone(),
        values: model
            .values
            .iter()
            .chain(&model.instances)
            .map(|values| (values.file, values.document, values.prefix.clone()))
            .collect(),
        looked_at: model.looked_at(),
        has_objects: !model.objects.is_empty(),
        ruled_out: provider.is_known.then(|| routes::ruled_out(provider)),
    };
    discard(model.secrets.into_values().collect());
    discard(cluster.into_objects());
    judged
}
