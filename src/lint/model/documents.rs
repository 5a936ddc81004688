//! The documents of the input.

use super::inner::{self, Inner};
use crate::cluster;
use crate::cluster::data::{self, Certificates};
use crate::cluster::roots;
use crate::cluster::unfilled::is_unfilled;
use crate::fault::Fault;
use crate::lint::source::Source;
use crate::threads::{each, each_mut};
use crate::yaml::budget::{Budget, Spent};
use crate::yaml::encoding::Undecodable;
use crate::yaml::stream::{self, Cut};
use crate::yaml::{At, MANIFESTS_LIMIT, Node};
use std::sync::Arc;

/// A document that was read.
pub(in crate::lint) struct Document {
    pub(in crate::lint) file: usize,
    /// Its number in its file, from 1.
    pub(in crate::lint) number: usize,
    /// The document; of a Secret's values only their places.
    pub(in crate::lint) node: Node,
    /// What is typed of it.
    pub(in crate::lint) typed: Vec<Typed>,
    /// The documents inside its strings.
    pub(super) inner: Box<[Inner]>,
    /// Whether it has a say in what is applied together.
    pub(in crate::lint) is_of_roots: bool,
}

impl Document {
    /// Returns how many objects it has.
    pub(in crate::lint) fn objects(&self) -> usize {
        let objects = objects(&self.node).iter();
        objects.filter(|node| is_object(node)).count()
    }
}

/// An object of a document, by its place among the items of a list; 0 for the document itself.
pub(in crate::lint) type Typed = (usize, cluster::Object);

/// A document that is not YAML.
pub(in crate::lint) struct Broken {
    pub(in crate::lint) file: usize,
    pub(in crate::lint) at: At,
    pub(in crate::lint) what: String,
    pub(in crate::lint) claim: Claim,
    /// What to do, if that is not what the rule says.
    pub(in crate::lint) help: Option<&'static str>,
}

/// What a document that cannot be read claims to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::lint) enum Claim {
    /// A manifest, or values of a chart that is known.
    Manifest,
    /// A template that has yet to be filled in.
    Template,
    /// Something else, which is for others to read.
    Nothing,
}

/// Parts of the names of templates: `FreeMarker`, Jinja, Go, Helm, Mustache, ERB.
const TEMPLATES: [&str; 8] = [
    "ftl", "j2", "jinja", "tpl", "tmpl", "gotmpl", "mustache", "erb",
];

impl Claim {
    /// Tells it by the text, which is broken at a line of it, from 1.
    fn of(file: &str, text: &str, line: usize) -> Self {
        let begins = |key: &str| {
            text.lines().any(|line| {
                let line = line.trim_start_matches([' ', '{', '"', '-']);
                let rest = line.strip_prefix(key).unwrap_or_default();
                rest.trim_start_matches('"').trim_start().starts_with(':')
            }) || text.contains(&format!("\"{key}\":"))
        };
        let is_manifest = begins("apiVersion") && begins("kind");
        let is_values = text.contains("websecure") && (begins("ports") || begins("ingressRoute"))
            || text.contains("kubernetesCRD") && begins("providers")
            || begins("externalhost");
        if !is_manifest && !is_values {
            return Self::Nothing;
        }
        let mut words = file.rsplit('/').next().unwrap_or_default().split('.');
        let is_called = words.any(|word| TEMPLATES.contains(&word));
        let near = text.lines().skip(line.saturating_sub(2)).take(3);
        let is_template = ["{{-", "-}}", "{%", "<#", "</#", "<%"]
            .iter()
            .any(|mark| text.contains(mark))
            || near
                .into_iter()
                .any(|line| is_unfilled(line) || has_word_in_brackets(line))
            || is_called;
        if is_template {
            Self::Template
        } else {
            Self::Manifest
        }
    }
}

/// Returns whether a value begins with a word to be replaced by hand, as in `name: [TEAM_NAME]-api`.
fn has_word_in_brackets(line: &str) -> bool {
    let inner = line
        .split_once(": [")
        .and_then(|(_, rest)| rest.split_once(']'));
    inner.is_some_and(|(word, after)| {
        let is_of_word = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
        !word.is_empty() && word.bytes().all(is_of_word) && !after.trim().is_empty()
    })
}

/// What was read.
pub(in crate::lint) struct Read<T> {
    pub(in crate::lint) documents: Vec<Document>,
    pub(in crate::lint) broken: Vec<Broken>,
    /// What is kept of the text of each source.
    pub(in crate::lint) kept: Vec<T>,
}

/// What was read of one source.
struct One<T> {
    parts: Vec<Part>,
    kept: T,
}

/// A document of a part.
struct OfPart {
    node: Node,
    typed: Vec<Typed>,
    inner: Box<[Inner]>,
    is_of_roots: bool,
}

/// What was read of a part of a source.
struct Part {
    lines_before: usize,
    spent: Spent,
    read: Result<Vec<OfPart>, stream::Broken>,
    /// What it claims to be, if it cannot be read.
    claim: Claim,
    /// Keys that appear twice, of which the last is taken.
    repeated: Vec<stream::Broken>,
}

impl Part {
    /// Stands for a file whose bytes are not a text, of which this is what can be decoded.
    fn undecodable(why: &Undecodable, file: &str, text: &str) -> Self {
        let line = usize::try_from(why.at.line).unwrap_or_default();
        Self {
            lines_before: 0,
            spent: Spent::default(),
            read: Err(stream::Broken {
                at: why.at,
                what: why.what.clone(),
            }),
            claim: Claim::of(file, text, line),
            repeated: Vec::new(),
        }
    }

    /// Returns whether the budget of all was spent when it was read.
    fn is_too_much(&self) -> bool {
        self.read.as_ref().is_err_and(stream::Broken::is_of_all)
    }
}

/// Reads all documents of the sources; of what is not YAML the fault is kept, so that it does not hide the others. Of a
/// text only what `keep` takes and what a report shows is kept.
///
/// # Errors
/// All sources that are too long; aliases that together stand for too much.
pub(in crate::lint) fn read<T: Send>(
    sources: &mut [Source],
    keep: impl Fn(&str) -> T + Sync,
) -> Result<Read<T>, Vec<Fault>> {
    let too_long: Vec<Fault> = sources
        .iter()
        .filter(|source| source.text.len() > MANIFESTS_LIMIT)
        .map(|source| {
            let what = format!("the text has more than {MANIFESTS_LIMIT} bytes");
            let help = "pass a directory of smaller files";
            Fault::new(what).help(help).file(&source.name)
        })
        .collect();
    if !too_long.is_empty() {
        return Err(too_long);
    }
    let length = sources.iter().map(|source| source.text.len()).sum();
    let budget = Budget::of_manifests(length);
    let known = Certificates::default();
    let all = each_mut(sources, |source| one(source, &keep, &budget, &known));
    within_budget(sources, &all, &Budget::of_manifests(length)).map_err(|fault| vec![fault])?;
    let parts = all.iter().flat_map(|one| &one.parts);
    let documents = parts
        .map(|part| part.read.as_ref().map_or(0, Vec::len))
        .sum();
    let mut found = Read {
        documents: Vec::with_capacity(documents),
        broken: Vec::new(),
        kept: Vec::with_capacity(all.len()),
    };
    for (file, one) in all.into_iter().enumerate() {
        found.kept.push(one.kept);
        let undecodable = sources[file].undecodable.as_ref();
        let help = undecodable.map(|undecodable| undecodable.help);
        let mut number = 0;
        for part in one.parts {
            let claim = part.claim;
            let repeated = part.repeated.into_iter();
            found
                .broken
                .extend(repeated.map(|stream::Broken { at, what }| Broken {
                    file,
                    at,
                    what,
                    claim,
                    help: None,
                }));
            match part.read {
                Ok(documents) => {
                    let headless = documents.iter().filter(|read| is_headless(&read.node));
                    found.broken.extend(headless.map(|read| Broken {
                        file,
                        at: read.node.at,
                        what: HEADLESS.to_owned(),
                        claim: Claim::Manifest,
                        help: None,
                    }));
                    found.documents.extend(documents.into_iter().map(|read| {
                        number += 1;
                        Document {
                            file,
                            number,
                            node: read.node,
                            typed: read.typed,
                            inner: read.inner,
                            is_of_roots: read.is_of_roots,
                        }
                    }));
                }
                Err(stream::Broken { at, what }) => found.broken.push(Broken {
                    file,
                    at,
                    what,
                    claim,
                    help,
                }),
            }
        }
    }
    Ok(found)
}

fn one<T>(
    source: &mut Source,
    keep: impl Fn(&str) -> T,
    budget: &Budget,
    known: &Certificates,
) -> One<T> {
    let name = Arc::clone(&source.name);
    let parts = match (&source.undecodable, &stream::cut(&source.text)[..]) {
        (Some(why), _) => vec![Part::undecodable(why, &name, &source.text)],
        (None, [cut]) => vec![part(*cut, &name, budget, known)],
        (None, cuts) => each(cuts, |cut| part(*cut, &name, budget, known)),
    };
    let kept = keep(&source.text);
    if !parts.iter().any(Part::is_too_much) {
        source.let_go();
    }
    One { parts, kept }
}

fn part(cut: Cut<'_>, file: &Arc<str>, budget: &Budget, known: &Certificates) -> Part {
    let (mut read, spent) = stream::read_counted(cut, budget);
    let mut repeated = Vec::new();
    let is_twice = |broken: &stream::Broken| broken.what.starts_with(stream::TWICE);
    if read.as_ref().is_err_and(is_twice) {
        (read, repeated) = stream::read_leniently(cut, budget);
    }
    let typed = |mut document: Node| {
        let (mut objects, mut inside) = (Vec::new(), Vec::new());
        let is_list = is_list(&document);
        for (index, node) in objects_mut(&mut document).iter_mut().enumerate() {
            let prefix = prefix(is_list, index);
            let object = cluster::Object::read(node, file, known);
            inside.extend(inner::read(&prefix, node, object.as_ref(), cut, budget));
            if let Some(mut object) = object {
                object.forget_certificate_texts();
                objects.reserve_exact(1);
                objects.push((index, object));
            }
            data::release(node);
        }
        OfPart {
            is_of_roots: roots::has_a_say(&document, file),
            node: document,
            typed: objects,
            inner: inside.into(),
        }
    };
    let claim = match read.as_ref().err().or(repeated.first()) {
        None => Claim::Nothing,
        // Whoever reads it next would be filled up, too, whatever it claims to be.
        Some(broken) if broken.is_of_aliases() => Claim::Manifest,
        Some(broken) => {
            let line = usize::try_from(broken.at.line).unwrap_or_default();
            Claim::of(file, cut.text, line.saturating_sub(cut.lines_before))
        }
    };
    Part {
        lines_before: cut.lines_before,
        claim,
        repeated,
        spent,
        read: read.map(|documents| documents.into_iter().map(typed).collect()),
    }
}

/// Returns the objects of a document: the items of a list, else the document itself.
pub(super) fn objects(document: &Node) -> &[Node] {
    if is_list(document) {
        document.items_of("items")
    } else {
        std::slice::from_ref(document)
    }
}

fn objects_mut(document: &mut Node) -> &mut [Node] {
    if is_list(document) {
        document
            .get_mut("items")
            .map(Node::items_mut)
            .unwrap_or_default()
    } else {
        std::slice::from_mut(document)
    }
}

/// Returns whether a node is an object by what it says itself.
pub(super) fn is_object(node: &Node) -> bool {
    ["apiVersion", "kind"]
        .iter()
        .all(|key| node.text_of(key).is_some())
}

/// What is wrong with a manifest that does not say what it is.
pub(in crate::lint) const HEADLESS: &str = "a manifest lacks `apiVersion` or `kind`";

/// Returns whether a document is a manifest by one of its two heads and by what is below, and lacks the other one.
fn is_headless(node: &Node) -> bool {
    const VERSIONS: [&str; 4] = [
        "v1",
        "apps/v1",
        "traefik.io/v1alpha1",
        "traefik.containo.us/v1alpha1",
    ];
    const KINDS: [&str; 13] = [
        "ConfigMap",
        "Deployment",
        "IngressRoute",
        "IngressRouteTCP",
        "Middleware",
        "MiddlewareTCP",
        "Secret",
        "ServersTransport",
        "ServersTransportTCP",
        "Service",
        "TLSOption",
        "TLSStore",
        "TraefikService",
    ];
    let named = |key: &str| node.text_of(key).filter(|text| !text.is_empty());
    let is_one = match (named("apiVersion"), named("kind")) {
        (None, Some(kind)) => KINDS.contains(&kind),
        (Some(version), None) => VERSIONS.contains(&version),
        _ => false,
    };
    let has_name = || node.at_path(&["metadata", "name"]).and_then(Node::text);
    let has_body = || {
        ["spec", "data", "stringData"]
            .iter()
            .any(|key| matches!(node.get(key), Some(node) if !node.entries().is_empty()))
    };
    is_one && has_name().is_some_and(|name| !name.is_empty()) && has_body()
}

/// Returns the path of an object in its document, with a dot at the end.
pub(super) fn prefix(is_list: bool, index: usize) -> String {
    if is_list {
        format!("items[{index}].")
    } else {
        String::new()
    }
}

/// Returns whether a document is a list of objects.
pub(super) fn is_list(document: &Node) -> bool {
    let kind = document.text_of("kind").unwrap_or_default();
    kind.ends_with("List") && document.get("items").is_some()
}

/// Holds what all parts took against the budget. Side by side, chance says at which part it ends; one after the other
/// the texts do.
fn within_budget<T>(sources: &[Source], all: &[One<T>], left: &Budget) -> Result<(), Fault> {
    if !all.iter().flat_map(|one| &one.parts).any(Part::is_too_much) {
        return Ok(());
    }
    for (source, one) in sources.iter().zip(all) {
        // The text is still whole where a part was too much.
        let cuts = stream::cut(&source.text);
        for (number, part) in one.parts.iter().enumerate() {
            let broken = if part.is_too_much() {
                let again = cuts.get(number).map(|cut| stream::read(*cut, left));
                again
                    .and_then(Result::err)
                    .filter(stream::Broken::is_of_all)
            } else {
                let at = At::new(part.lines_before + 1, 1);
                let taken = left.take(part.spent);
                taken.err().map(|_| stream::Broken::of_all(at))
            };
            if let Some(broken) = broken {
                return Err(broken.fault(&source.name));
            }
        }
    }
    Ok(())
}
