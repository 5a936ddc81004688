//! Where the pods of Istio's gateways run, and the Secrets that they read there.

use super::hop::Known;
use super::secrets::Secrets;
use crate::cluster::scope::Scope;
use crate::cluster::{Cluster, Kind, Object};
use crate::kinds::istio::IstioGateway;
use std::collections::{BTreeMap, BTreeSet};

/// Where Istio's gateways run, by its own charts.
const USUAL: [&str; 2] = ["istio-system", "istio-ingress"];

/// The label and value by which Istio's own ingress gateway is selected.
const INGRESS: (&str, &str) = ("istio", "ingressgateway");

/// The namespaces of pods by their labels.
#[derive(Debug)]
pub struct Pods<'a> {
    by_label: BTreeMap<(&'a str, &'a str), BTreeSet<&'a str>>,
}

impl<'a> Pods<'a> {
    /// Takes those of the workloads.
    #[must_use]
    pub fn of(cluster: &'a Cluster) -> Self {
        let mut by_label: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
        for object in cluster.of(Kind::Workload) {
            let workload = object.resource.workload();
            let Some((workload, namespace)) = workload.zip(object.scope.namespace()) else {
                continue;
            };
            for (key, value) in &workload.labels {
                let namespaces = by_label.entry((key.as_str(), value.as_str())).or_default();
                namespaces.insert(namespace);
            }
        }
        Self { by_label }
    }

    /// Returns where the pods for a Gateway's selector are; in no namespace if the input shows none.
    #[must_use]
    pub fn of_gateway(&self, object: &'a Object, gateway: &IstioGateway) -> GatewayPods<'a> {
        let mut namespaces: Option<BTreeSet<&str>> = None;
        let mut is_ingress = false;
        for (key, value) in &gateway.selector {
            let label = (key.as_str(), value.as_str());
            is_ingress |= label == INGRESS;
            let met = self.by_label.get(&label).cloned().unwrap_or_default();
            namespaces = Some(match namespaces {
                None => met,
                Some(known) => known.intersection(&met).copied().collect(),
            });
        }
        GatewayPods {
            namespaces: namespaces.unwrap_or_default(),
            is_ingress,
            own: Some(&object.scope),
        }
    }
}

/// Where the pods of gateways run.
#[derive(Debug, Clone, Default)]
pub struct GatewayPods<'a> {
    /// Their namespaces; none if the input shows none.
    pub namespaces: BTreeSet<&'a str>,
    /// Whether the pods are those of Istio's own ingress gateway, and not in the input.
    is_ingress: bool,
    /// The scope of the Gateway, which its pods need not share.
    own: Option<&'a Scope>,
}

/// What a credential stands for.
#[derive(Debug)]
pub enum PodSecret<'s, 'a> {
    /// This Secret.
    Found(&'a Object),
    /// One that a controller makes in this scope.
    Made(Scope),
    /// One in this namespace, where the pods are not; certain or not.
    Elsewhere(&'s str, bool),
    /// Nothing that is at hand.
    Unknown,
}

impl<'a> GatewayPods<'a> {
    /// Returns where pods would run that the input does not show, beside a Gateway of this scope.
    #[must_use]
    pub fn beside(own: &'a Scope) -> Self {
        Self {
            own: Some(own),
            ..Self::default()
        }
    }

    /// Adds those of another Gateway.
    pub fn add(&mut self, other: Self) {
        self.is_ingress |= other.is_ingress;
        self.namespaces.extend(other.namespaces);
    }

    /// Finds a Secret where the pods read it: in their own namespace (`ParseResourceName` in
    /// `pilot/pkg/credentials/kube/secrets.go`, 1.20 to 1.31). Where the input shows no pods, it is the one in a usual
    /// namespace of Istio, the only one of the name, or the one beside the Gateway.
    #[must_use]
    pub fn find<'s>(&self, secrets: &'s Secrets<'a>, name: &str) -> PodSecret<'s, 'a> {
        let at = |scope: Scope| match secrets.find(&scope, name) {
            Known::Here(object) => Some(PodSecret::Found(object)),
            Known::Locked(_) => Some(PodSecret::Made(scope)),
            Known::Missing | Known::Useless | Known::Outside => None,
        };
        let within = |namespace: &str| at(Scope::Namespace(namespace.to_owned()));
        if let Some(found) = self.namespaces.iter().find_map(|name| within(name)) {
            return found;
        }
        // If there is exactly one, it is the one that is meant.
        let only = || at(Scope::Beside(String::new()));
        let beside = || at(self.own?.clone());
        let any = || only().or_else(beside).unwrap_or(PodSecret::Unknown);
        let Some(first) = secrets.anywhere(name) else {
            return any();
        };
        if !self.namespaces.is_empty() {
            return PodSecret::Elsewhere(first, true);
        }
        let of_istio = USUAL.into_iter().find_map(within);
        let of_istio = of_istio.or_else(|| within(first).filter(|_| first.starts_with("istio")));
        match of_istio {
            Some(found) => found,
            None if self.is_ingress => PodSecret::Elsewhere(first, false),
            None => any(),
        }
    }

    /// Returns the scope of a Secret that is meant, were it one in which the pods do not read it.
    #[must_use]
    pub fn scope(&self, secrets: &Secrets<'a>, name: &str) -> Scope {
        match self.find(secrets, name) {
            PodSecret::Found(object) => object.scope.clone(),
            PodSecret::Made(scope) => scope,
            PodSecret::Elsewhere(namespace, _) => Scope::Namespace(namespace.to_owned()),
            PodSecret::Unknown => Scope::Beside(String::new()),
        }
    }

    /// Returns the scope of a Secret, or all in which it may be.
    #[must_use]
    pub fn scopes(&self, secrets: &Secrets<'a>, name: &str) -> Vec<Scope> {
        let named = |namespace: &str| Scope::Namespace(namespace.to_owned());
        match self.find(secrets, name) {
            PodSecret::Found(object) => vec![object.scope.clone()],
            PodSecret::Made(scope) => vec![scope],
            PodSecret::Elsewhere(..) | PodSecret::Unknown if self.namespaces.is_empty() => {
                let own = self.own.cloned().into_iter();
                own.chain(USUAL.map(named)).collect()
            }
            PodSecret::Elsewhere(..) | PodSecret::Unknown => {
                self.namespaces.iter().map(|name| named(name)).collect()
            }
        }
    }

    /// Returns where they run, in words.
    #[must_use]
    pub fn shown(&self) -> String {
        if self.namespaces.is_empty() {
            return format!(
                "those of `istio: ingressgateway` usually run in {}",
                USUAL.join(" or ")
            );
        }
        let names = self.namespaces.iter().map(|name| format!("`{name}`"));
        let names: Vec<String> = names.collect();
        format!("the pods run in {}", names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GATEWAY: &str = "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: own}\nspec: {selector: {istio: SELECTED}}\n";

    fn found(selected: &str, secrets: &[&str], pods: &[&str]) -> String {
        let mut text = GATEWAY.replace("SELECTED", selected);
        let secrets = secrets.iter().map(|namespace| {
            format!(
                "---\napiVersion: v1\nkind: Secret\nmetadata: {{name: s, namespace: {namespace}}}\ndata: {{a: YQ==}}\n"
            )
        });
        let pods = pods.iter().map(|namespace| {
            format!(
                "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d, namespace: {namespace}}}\n\
                 spec: {{template: {{metadata: {{labels: {{istio: edge}}}}}}}}\n"
            )
        });
        text.extend(secrets.chain(pods));
        let cluster = Cluster::of_text(&text);
        let gateway = cluster.of(Kind::IstioGateway).next().unwrap();
        let says = gateway.resource.istio_gateway().unwrap();
        let pods = Pods::of(&cluster).of_gateway(gateway, says);
        let secrets = Secrets::of(&cluster);
        match pods.find(&secrets, "s") {
            PodSecret::Found(object) => object.to_string(),
            PodSecret::Made(scope) => format!("made in {}", scope.label()),
            PodSecret::Elsewhere(namespace, is_certain) => format!("{namespace} {is_certain}"),
            PodSecret::Unknown => String::new(),
        }
    }

    #[test]
    fn a_gateway_reads_the_secret_beside_its_pods() {
        for (selected, secrets, pods, expected) in [
            (
                "edge",
                &["p", "istio-system", "own"][..],
                &["p"][..],
                "Secret p/s",
            ),
            (
                "edge",
                &["istio-system", "own"],
                &["p"],
                "istio-system true",
            ),
            // Nothing shows where the pods are.
            (
                "edge",
                &["istio-ingress", "own"],
                &[],
                "Secret istio-ingress/s",
            ),
            ("edge", &["istio-edge", "own"], &[], "Secret istio-edge/s"),
            ("edge", &["x"], &[], "Secret x/s"),
            ("edge", &["x", "own"], &[], "Secret own/s"),
            ("edge", &["x", "z"], &[], ""),
            ("ingressgateway", &["own"], &[], "own false"),
            ("edge", &[], &["p"], ""),
        ] {
            assert_eq!(
                found(selected, secrets, pods),
                expected,
                "{secrets:?} {pods:?}"
            );
        }
    }
}
