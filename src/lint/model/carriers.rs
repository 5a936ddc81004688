//! What carries the values of Traefik's chart, and Traefik's static configuration: releases of Flux, Argo CD and k3s,
//! kustomizations, ConfigMaps and Secrets.

use super::documents::Document;
use super::inner::{Inner, argo_sources};
use super::object::Object;
use super::values::Values;
use crate::chart::found::is_values;
use crate::cluster::file_paths::{beside, normal};
use crate::yaml::{Key, Node};
use std::cell::LazyCell;
use std::collections::BTreeMap;

/// Returns whether a name is that of Traefik's chart: alone, at the end of an address, or as a packed file.
fn is_traefiks(chart: &str) -> bool {
    let name = chart.rsplit('/').next().unwrap_or(chart);
    name == "traefik"
        || name
            .strip_prefix("traefik-")
            .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

/// Traefik's own settings in the input.
#[derive(Default)]
pub(super) struct Carried<'a> {
    /// By file and document.
    inner: BTreeMap<(usize, usize), &'a [Inner]>,
    /// What releases of Flux refer to, by kind, namespace and name.
    named: BTreeMap<Name<'a>, usize>,
    pub(super) values: Vec<Values<'a>>,
    /// Static configurations.
    pub(super) statics: Vec<&'a Node>,
}

/// The kind, namespace and name of an object.
type Name<'a> = (&'a str, &'a str, &'a str);

/// Returns the first object of each name among those that releases of Flux take charts and values from.
fn named<'a>(objects: &[Object<'a>]) -> BTreeMap<Name<'a>, usize> {
    let is_release = |object: &Object<'_>| object.kind == "HelmRelease";
    if !objects.iter().any(is_release) {
        return BTreeMap::new();
    }
    let mut named = BTreeMap::new();
    for (number, object) in objects.iter().enumerate() {
        let holds_values = matches!(object.kind, "Secret" | "ConfigMap");
        if holds_values || object.group == OF_SOURCES {
            let name = (object.kind, object.namespace, object.name);
            named.entry(name).or_insert(number);
        }
    }
    named
}

/// The group of Flux's charts and repositories.
const OF_SOURCES: &str = "source.toolkit.fluxcd.io";

/// Collects the values that objects and kustomizations carry.
pub(super) fn carried<'a>(
    documents: &[&'a Document],
    objects: &[Object<'a>],
    names: &[&str],
) -> Carried<'a> {
    let mut carried = Carried {
        named: named(objects),
        ..Carried::default()
    };
    let by_path = LazyCell::new(|| {
        let mut by_path: BTreeMap<String, Vec<&Document>> = BTreeMap::new();
        for document in documents {
            let path = normal(names[document.file]);
            by_path.entry(path).or_default().push(document);
        }
        by_path
    });
    for document in documents {
        carried.of_kustomization(document, &|path| by_path.get(path), names);
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
            None => self.referenced(object, objects, spec.get("chartRef")),
        };
        let version = match chart {
            Chart::Traefiks(version) => version,
            Chart::Unknown if values.is_some_and(is_values) => None,
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
            if let Some(number) = self.named.get(&(kind, object.namespace, name)) {
                let holder = &objects[*number];
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

    /// Returns the chart that a `HelmRelease` refers to.
    fn referenced(
        &self,
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
        let chart = self.named.get(&(kind, namespace, name));
        let chart = chart.map(|number| &objects[*number]);
        let Some(spec) = chart
            .filter(|chart| chart.group == OF_SOURCES)
            .map(Object::spec)
        else {
            return Chart::Unknown;
        };
        if kind == "OCIRepository" {
            let tag = spec.at_path(&["ref", "tag"]).and_then(Node::text);
            Chart::named(spec.text_of("url"), tag)
        } else {
            Chart::named(spec.text_of("chart"), spec.text_of("version"))
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

    fn of_kustomization<'d>(
        &mut self,
        document: &'a Document,
        documents: &dyn Fn(&str) -> Option<&'d Vec<&'a Document>>,
        names: &[&str],
    ) where
        'a: 'd,
    {
        let charts = document.node.items_of("helmCharts").iter().enumerate();
        for (index, chart) in charts {
            if !chart.text_of("name").is_some_and(is_traefiks) {
                continue;
            }
            let more = chart.items_of("additionalValuesFiles").iter();
            let files = chart.get("valuesFile").into_iter().chain(more);
            for file in files.filter_map(Node::text) {
                let path = beside(names[document.file], file);
                // What is taken for values anyway is not taken twice.
                let values = documents(&path).into_iter().flatten();
                let values = values.filter(|other| !is_values(&other.node));
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
