//! What carries the values of Traefik's chart, and Traefik's static configuration: releases of Flux, Argo CD and k3s,
//! kustomizations, ConfigMaps and Secrets.

use super::documents::Document;
use super::object::Object;
use super::values::{Values, is_traefik_values};
use crate::cluster::roots::{beside, normal};
use crate::cluster::{self, Resource};
use crate::yaml::budget::Budget;
use crate::yaml::stream::{self, Cut};
use crate::yaml::{At, Key, Node, Value};
use std::collections::BTreeMap;

/// A document inside a string, or one that is made of settings by path.
pub(in crate::lint) struct Inner {
    /// The path of the object in a list, with a dot at the end.
    pub(super) prefix: String,
    /// The field that has it.
    pub(super) field: String,
    /// Its values, with their places in the file as far as they can be told.
    pub(super) node: Node,
}

/// Returns whether a name is that of Traefik's chart: alone, at the end of an address, or as a packed file.
fn is_traefiks(chart: &str) -> bool {
    let name = chart.rsplit('/').next().unwrap_or(chart);
    name == "traefik"
        || name
            .strip_prefix("traefik-")
            .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

/// Reads the documents inside the strings of an object.
pub(super) fn inner(
    prefix: &str,
    object: &Node,
    typed: Option<&cluster::Object>,
    cut: Cut<'_>,
    budget: &Budget,
) -> Vec<Inner> {
    let inner = |field: String, node: Node| Inner {
        prefix: prefix.to_owned(),
        field,
        node,
    };
    let mut found = Vec::new();
    let mut add = |field: String, text: &str, at: At| {
        let node = read(text, at, cut, budget);
        found.extend(node.map(|node| inner(field, node)));
    };
    let data = match typed.map(|typed| &typed.resource) {
        Some(Resource::Secret(data) | Resource::ConfigMap(data)) => &data.entries[..],
        _ => &[],
    };
    for entry in data {
        let is_named = entry.key.ends_with(".yaml") || entry.key.ends_with(".yml");
        if let Some(text) = entry.text().filter(|_| is_named) {
            add(entry.field(), text, entry.value_at);
        }
    }
    match object.text_of("kind") {
        Some("HelmChart" | "HelmChartConfig") => {
            if let Some((text, at)) = text_at(object.get("spec"), "valuesContent") {
                add("spec.valuesContent".to_owned(), text, at);
            }
        }
        Some("Application" | "ApplicationSet") => {
            for (prefix, source) in argo_sources(object) {
                let helm = source.get("helm");
                if let Some((text, at)) = text_at(helm, "values") {
                    add(format!("{prefix}helm.values"), text, at);
                }
            }
            found.extend(argo_sources(object).filter_map(|(prefix, source)| {
                let parameters = source.get("helm")?.items_of("parameters");
                let set = parameters.iter().filter_map(|parameter| {
                    Some((parameter.text_of("name")?, parameter.get("value")?))
                });
                let node = tree(set)?;
                Some(inner(format!("{prefix}helm.parameters"), node))
            }));
        }
        _ => {}
    }
    if object.text_of("kind") == Some("HelmChart") {
        let set = object.at_path(&["spec", "set"]);
        let entries = set.map(Node::entries).unwrap_or_default();
        let set = entries
            .iter()
            .map(|(key, value)| (key.text.as_str(), value));
        found.extend(tree(set).map(|node| inner("spec.set".to_owned(), node)));
    }
    found
}

fn text_at<'a>(node: Option<&'a Node>, key: &str) -> Option<(&'a str, At)> {
    let node = node?.get(key)?;
    Some((node.text()?, node.at))
}

/// Reads the one document of a text; nothing where it is not a mapping, as what a template is yet to fill in.
fn read(text: &str, at: At, cut: Cut<'_>, budget: &Budget) -> Option<Node> {
    let whole = Cut {
        text,
        lines_before: 0,
    };
    let mut documents = stream::read(whole, budget).ok()?;
    let mut node = documents.pop().filter(|_| documents.is_empty())?;
    if node.entries().is_empty() {
        return None;
    }
    let margin = margin(at, cut);
    place(&mut node, &|inner| match margin {
        Some(margin) => At::new(at.line + inner.line - 1, inner.column + margin),
        None => at,
    });
    Some(node)
}

/// Returns the margin of a literal block whose text begins at a place; nothing of other texts, whose lines are not those of
/// the file.
fn margin(at: At, cut: Cut<'_>) -> Option<u32> {
    let line = usize::try_from(at.line)
        .ok()?
        .checked_sub(cut.lines_before + 2)?;
    let mut lines = cut.text.lines().skip(line);
    let header = lines.next()?.split_whitespace().next_back()?;
    let margin = at.column.checked_sub(1)?;
    let mut before = lines.next()?.chars().take(usize::try_from(margin).ok()?);
    let is_literal = header.starts_with('|') && before.all(|one| one == ' ');
    is_literal.then_some(margin)
}

fn place(node: &mut Node, at: &dyn Fn(At) -> At) {
    node.at = at(node.at);
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| place(item, at)),
        Value::Map(entries) => {
            for (key, value) in entries {
                key.at = at(key.at);
                place(value, at);
            }
        }
        _ => {}
    }
}

/// Makes a tree of settings by path, as `helm --set` does; a path with an index or an escape is left out.
fn tree<'n>(settings: impl Iterator<Item = (&'n str, &'n Node)>) -> Option<Node> {
    let mut root: Option<Node> = None;
    for (path, value) in settings {
        if path.contains(['[', '\\', '{']) {
            continue;
        }
        let empty = Node {
            value: Value::Map(Vec::new()),
            at: value.at,
        };
        set(root.get_or_insert(empty), path, value);
    }
    root
}

fn set(node: &mut Node, path: &str, value: &Node) {
    let at = value.at;
    let (first, rest) = match path.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path, None),
    };
    if !matches!(node.value, Value::Map(_)) {
        node.value = Value::Map(Vec::new());
    }
    let Value::Map(entries) = &mut node.value else {
        return;
    };
    let known = entries.iter().position(|(key, _)| key.text == first);
    let place = known.unwrap_or_else(|| {
        let text = first.into();
        let value = Value::Null;
        entries.push((Key { text, at }, Node { value, at }));
        entries.len() - 1
    });
    match rest {
        Some(rest) => set(&mut entries[place].1, rest, value),
        None => entries[place].1 = typed(value),
    }
}

/// Returns what a text of `helm --set` stands for.
fn typed(value: &Node) -> Node {
    let is = |text: &str| value.text() == Some(text);
    let of_text = match value.text().map(str::parse) {
        _ if is("true") => Value::Bool(true),
        _ if is("false") => Value::Bool(false),
        Some(Ok(number)) => Value::Int(number),
        _ => value.value.clone(),
    };
    Node {
        value: of_text,
        at: value.at,
    }
}

/// Returns the sources of an Application, or of an `ApplicationSet`, each with its path and a dot.
fn argo_sources(object: &Node) -> impl Iterator<Item = (String, &Node)> {
    let (path, spec) = match object.text_of("kind") {
        Some("ApplicationSet") => (
            "spec.template.spec.",
            object.at_path(&["spec", "template", "spec"]),
        ),
        _ => ("spec.", object.get("spec")),
    };
    let one = spec.and_then(|spec| spec.get("source"));
    let one = one.map(|source| (format!("{path}source."), source));
    let several = spec
        .map(|spec| spec.items_of("sources"))
        .unwrap_or_default();
    let several = several.iter().enumerate();
    let several = several.map(move |(index, source)| (format!("{path}sources[{index}]."), source));
    one.into_iter().chain(several)
}

/// Traefik's own settings in the input.
#[derive(Default)]
pub(super) struct Carried<'a> {
    /// By file and document.
    inner: BTreeMap<(usize, usize), &'a [Inner]>,
    pub(super) values: Vec<Values<'a>>,
    /// Static configurations.
    pub(super) statics: Vec<&'a Node>,
}

/// Collects the values that objects and kustomizations carry.
pub(super) fn carried<'a>(
    documents: &[&'a Document],
    objects: &[Object<'a>],
    names: &[&str],
) -> Carried<'a> {
    let mut carried = Carried::default();
    for document in documents {
        carried.of_kustomization(document, documents, names);
        if document.inner.is_empty() {
            continue;
        }
        let place = (document.file, document.number);
        carried.inner.insert(place, &document.inner);
        carried.statics.extend(
            document
                .inner
                .iter()
                .filter(|inner| is_static(inner))
                .map(|inner| &inner.node),
        );
    }
    for object in objects {
        match (object.group, object.kind) {
            ("helm.toolkit.fluxcd.io", "HelmRelease") => carried.of_flux(object, objects),
            ("argoproj.io", "Application" | "ApplicationSet") => carried.of_argo(object),
            ("helm.cattle.io", "HelmChart" | "HelmChartConfig") => carried.of_k3s(object),
            _ => {}
        }
    }
    carried
}

/// Returns whether a document is Traefik's static configuration: by the name of its key, or because an entry point has an
/// address, which the chart calls a port.
fn is_static(inner: &Inner) -> bool {
    let is_named = |name: &&str| inner.field.ends_with(name);
    let points = inner.node.get("entryPoints").map(Node::entries);
    let has_address = |(_, point): &(Key, Node)| point.get("address").is_some();
    [".traefik.yaml", ".traefik.yml"].iter().any(is_named)
        || points.unwrap_or_default().iter().any(has_address)
}

impl<'a> Carried<'a> {
    /// Returns the documents inside an object.
    fn inner<'o>(&self, object: &'o Object<'a>) -> impl Iterator<Item = &'a Inner> + use<'a, 'o> {
        let all = self.inner.get(&(object.file, object.document));
        let all = all.copied().unwrap_or_default().iter();
        all.filter(|inner| inner.prefix == object.prefix)
    }

    fn add(&mut self, object: &Object<'a>, field: &str, node: &'a Node, chart: Option<&'a str>) {
        self.values.push(Values {
            file: object.file,
            document: object.document,
            prefix: format!("{}{field}.", object.prefix),
            node,
            chart,
        });
    }

    fn of_flux(&mut self, object: &Object<'a>, objects: &[Object<'a>]) {
        let spec = object.spec();
        let values = spec.get("values");
        let chart = match spec.at_path(&["chart", "spec"]) {
            Some(chart) => Chart::named(chart.text_of("chart"), chart.text_of("version")),
            None => referenced(object, objects, spec.get("chartRef")),
        };
        let version = match chart {
            Chart::Traefiks(version) => version,
            Chart::Unknown if values.is_some_and(is_traefik_values) => None,
            Chart::Unknown | Chart::Other => return,
        };
        if let Some(values) = values {
            self.add(object, "spec.values", values, version);
        }
        for from in spec.items_of("valuesFrom") {
            if from.get("targetPath").is_some() {
                continue;
            }
            let kind = from.text_of("kind").unwrap_or_default();
            let name = from.text_of("name").unwrap_or_default();
            let key = from.text_of("valuesKey").unwrap_or("values.yaml");
            let mut holders = objects.iter().filter(|holder| {
                (holder.kind, holder.name) == (kind, name) && holder.namespace == object.namespace
            });
            if let Some(holder) = holders.next() {
                let ends = [format!("data.{key}"), format!("stringData.{key}")];
                for inner in self
                    .inner(holder)
                    .filter(|inner| ends.contains(&inner.field))
                {
                    self.add(holder, &inner.field, &inner.node, version);
                }
            }
        }
    }

    fn of_argo(&mut self, object: &Object<'a>) {
        for (prefix, source) in argo_sources(object.node) {
            if !source.text_of("chart").is_some_and(is_traefiks) {
                continue;
            }
            let version = source.text_of("targetRevision");
            if let Some(values) = source.at_path(&["helm", "valuesObject"]) {
                self.add(
                    object,
                    &format!("{prefix}helm.valuesObject"),
                    values,
                    version,
                );
            }
            for inner in self
                .inner(object)
                .filter(|inner| inner.field.starts_with(&prefix))
            {
                self.add(object, &inner.field, &inner.node, version);
            }
        }
    }

    fn of_k3s(&mut self, object: &Object<'a>) {
        let chart = object.spec().text_of("chart");
        let is_ours = match chart {
            Some(chart) => is_traefiks(chart),
            // It configures the chart of the same name.
            None => object.name == "traefik",
        };
        if is_ours {
            let version = object.spec().text_of("version");
            for inner in self.inner(object) {
                self.add(object, &inner.field, &inner.node, version);
            }
        }
    }

    fn of_kustomization(
        &mut self,
        document: &'a Document,
        documents: &[&'a Document],
        names: &[&str],
    ) {
        let charts = document.node.items_of("helmCharts").iter().enumerate();
        for (index, chart) in charts {
            if !chart.text_of("name").is_some_and(is_traefiks) {
                continue;
            }
            let more = chart.items_of("additionalValuesFiles").iter();
            let files = chart.get("valuesFile").into_iter().chain(more);
            for file in files.filter_map(Node::text) {
                let path = beside(names[document.file], file);
                let values = documents.iter().filter(|other| {
                    // What is taken for values anyway is not taken twice.
                    normal(names[other.file]) == path && !is_traefik_values(&other.node)
                });
                self.values.extend(values.map(|values| Values {
                    file: values.file,
                    document: values.number,
                    prefix: String::new(),
                    node: &values.node,
                    chart: chart.text_of("version"),
                }));
            }
            if let Some(node) = chart.get("valuesInline") {
                self.values.push(Values {
                    file: document.file,
                    document: document.number,
                    prefix: format!("helmCharts[{index}].valuesInline."),
                    node,
                    chart: chart.text_of("version"),
                });
            }
        }
    }
}

/// Which chart a release is of.
enum Chart<'a> {
    /// Traefik's, with its version.
    Traefiks(Option<&'a str>),
    Other,
    /// It is not in the input.
    Unknown,
}

impl<'a> Chart<'a> {
    fn named(name: Option<&str>, version: Option<&'a str>) -> Self {
        match name {
            Some(name) if is_traefiks(name) => Self::Traefiks(version),
            _ => Self::Other,
        }
    }
}

/// Returns the chart that a `HelmRelease` refers to.
fn referenced<'a>(
    object: &Object<'a>,
    objects: &[Object<'a>],
    reference: Option<&'a Node>,
) -> Chart<'a> {
    let Some(reference) = reference else {
        return Chart::Other;
    };
    let text = |key: &str| reference.text_of(key).unwrap_or_default();
    let (kind, name) = (text("kind"), text("name"));
    let namespace = reference.text_of("namespace").unwrap_or(object.namespace);
    let chart = objects.iter().find(|other| {
        other.group == "source.toolkit.fluxcd.io"
            && (other.kind, other.name, other.namespace) == (kind, name, namespace)
    });
    let Some(spec) = chart.map(Object::spec) else {
        return Chart::Unknown;
    };
    if kind == "OCIRepository" {
        let tag = spec.at_path(&["ref", "tag"]).and_then(Node::text);
        Chart::named(spec.text_of("url"), tag)
    } else {
        Chart::named(spec.text_of("chart"), spec.text_of("version"))
    }
}
