//! What the input says about Traefik's own options: its static files, the values of its chart, the arguments of its
//! container.

use super::object::{Class, Object};
use super::values::Values;
use crate::kinds::static_options::{ObjectProvider, StaticOptions};
use crate::path::entrances::Entrances;
use crate::release::Release;
use crate::yaml::Node;
use std::collections::BTreeSet;

/// Traefik's own options, as far as the input shows them. `None`: it does not show them at all.
#[derive(Debug, Default)]
pub(in crate::lint) struct Provider {
    /// Whether any options of Traefik are in the input.
    pub(in crate::lint) is_known: bool,
    /// What all of them say.
    pub(in crate::lint) options: StaticOptions,
    /// What each file says.
    pub(in crate::lint) files: Vec<StaticOptions>,
    /// What all whole configurations say of routes.
    pub(in crate::lint) entrances: Entrances,
    /// The ports of the entry points by the chart's values.
    pub(in crate::lint) chart_ports: BTreeSet<String>,
    /// Whether the pods use the nodes' network.
    pub(in crate::lint) host_network: bool,
    /// The release by the tag of an image, and the index of the file that has it.
    pub(in crate::lint) release: Option<(Release, usize)>,
    /// Which providers are on, in each Traefik of the input.
    providers: Vec<[bool; 3]>,
}

impl Provider {
    pub(in crate::lint) fn of(
        objects: &[Object<'_>],
        values: &[Values<'_>],
        statics: &[&Node],
    ) -> Self {
        let mut provider = Self {
            files: statics
                .iter()
                .map(|node| StaticOptions::of_file(node))
                .collect(),
            ..Self::default()
        };
        for options in &provider.files {
            provider.options.add(options);
            provider.providers.extend(options.providers);
            provider.entrances.add(options);
        }
        provider.is_known = !statics.is_empty();
        for values in values {
            provider.add_values(values.node, values.file);
        }
        for object in objects
            .iter()
            .filter(|object| object.class == Class::Workload)
        {
            provider.add_workload(object);
        }
        provider
    }

    fn add_values(&mut self, node: &Node, file: usize) {
        self.is_known = true;
        let options = StaticOptions::of_values(node);
        self.entrances.add(&options);
        self.add(&options);
        let points = options.entry_points.into_iter();
        self.chart_ports
            .extend(points.filter_map(|point| point.port));
        self.host_network |= node.get("hostNetwork").is_some_and(Node::says_true);
        let tag = node.at_path(&["image", "tag"]).and_then(Node::text);
        let tagged = tag.and_then(release).map(|release| (release, file));
        self.release = self.release.or(tagged);
    }

    fn add_workload(&mut self, object: &Object<'_>) {
        let pod = object.at(&["spec", "template", "spec"]);
        for container in containers(object) {
            self.is_known = true;
            let tagged = release(image(container).1).map(|release| (release, object.file));
            self.release = self.release.or(tagged);
            self.host_network |= pod
                .and_then(|pod| pod.get("hostNetwork"))
                .is_some_and(Node::says_true);
            let options = StaticOptions::of_container(container);
            let is_whole = !options.is_in_file && !options.is_partial;
            if is_whole && !options.entry_points.is_empty() {
                self.entrances.add(&options);
            }
            self.add(&options);
        }
    }

    fn add(&mut self, options: &StaticOptions) {
        self.options.add(options);
        self.providers.extend(options.providers);
    }

    /// Returns whether a provider is off in every Traefik of the input.
    pub(in crate::lint) fn is_off(&self, provider: ObjectProvider) -> bool {
        let number = ObjectProvider::ALL
            .iter()
            .position(|known| *known == provider);
        let is_on = |all: &[bool; 3]| number.is_none_or(|number| all[number]);
        !self.providers.is_empty() && !self.providers.iter().any(is_on)
    }

    /// Returns whether http is redirected to https on an entry point.
    pub(in crate::lint) fn redirects(&self) -> bool {
        let mut points = self.options.entry_points.iter();
        points.any(|point| point.redirects)
    }
}

/// Returns the containers of a workload that run Traefik.
pub(in crate::lint) fn containers<'a>(object: &Object<'a>) -> impl Iterator<Item = &'a Node> {
    let all = object.at(&["spec", "template", "spec", "containers"]);
    all.map(Node::items)
        .unwrap_or_default()
        .iter()
        .filter(|container| image(container).0.rsplit('/').next() == Some("traefik"))
}

/// Returns the path and the tag of a container's image.
fn image(container: &Node) -> (&str, &str) {
    let image = container.text_of("image");
    let image = image.unwrap_or_default();
    // A digest may follow: `traefik:v3.7.9@sha256:…`.
    let image = image.split('@').next().unwrap_or_default();
    image.rsplit_once(':').unwrap_or((image, ""))
}

/// Reads an image's tag: `v3.7.9`, `3.7`, `v2.11.3-debug`.
fn release(tag: &str) -> Option<Release> {
    tag.split('-').next()?.parse().ok()
}
