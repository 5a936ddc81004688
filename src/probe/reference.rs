//! Names by which one object of Traefik names another.

use super::objects::{Manifests, Name, Object, is_true, missing, text};
use super::{Check, Finding, Verdict};
use crate::fault::Fault;
use crate::yaml::Node;

/// What a name leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reference<'a> {
    /// An object of a namespace.
    Object(Name),
    /// `namespace-name@kubernetescrd`: Traefik's own key of an object. It takes it with `allowCrossNamespace` only.
    Key(&'a str),
    /// What another provider holds, and which.
    Outside(&'a str),
}

impl<'a> Reference<'a> {
    pub(super) fn new(namespace: &str, name: &'a str) -> Self {
        match name.rsplit_once('@') {
            None => Self::Object(Name::new(namespace, name)),
            Some((key, "kubernetescrd")) => Self::Key(key),
            Some((_, provider)) => Self::Outside(provider),
        }
    }
}

impl Manifests {
    /// Finds the object of a kind that `name` stands for, seen from a namespace.
    ///
    /// # Errors
    /// The manifests do not hold it, or another provider does.
    pub(super) fn named(
        &self,
        kind: &'static str,
        namespace: &str,
        name: &str,
    ) -> Result<&Object, Fault> {
        match Reference::new(namespace, name) {
            Reference::Object(name) => self.object(kind, &name).ok_or_else(|| missing(kind, &name)),
            Reference::Key(key) => self.of_kind(kind).find(|object| normal(&format!("{}-{}", object.name.namespace, object.name.name)) == normal(key)).ok_or_else(|| {
                Fault::new(format!("the manifests contain no {kind} of the key `{}`", key.escape_debug()))
                    .help("the key is the namespace, `-` and the name; a name without `@` is looked up in its own namespace")
            }),
            Reference::Outside(provider) => Err(Fault::new(format!("{kind} `{}` is in the provider `{}`, not in manifests", name.escape_debug(), provider.escape_debug()))
                .help("leave `--manifest` out, and pass its CA with `--backend-ca FILE`")),
        }
    }
}

/// Reports that an object names one of another namespace, if it does.
pub(super) fn crossing(
    from: &Object,
    to: &impl std::fmt::Display,
    namespace: &str,
) -> Option<Finding> {
    (namespace != from.name.namespace).then(|| {
        let what = format!("{to} is in another namespace than {from}: Traefik accepts it only with allowCrossNamespace");
        Finding::new(Check::Objects, Verdict::Note, what)
    })
}

/// Writes a key as Traefik does: `-` for all that is not a letter or digit (`provider.Normalize`).
fn normal(key: &str) -> String {
    let parts: Vec<&str> = key
        .split(|c: char| !c.is_alphanumeric())
        .filter(|part| !part.is_empty())
        .collect();
    parts.join("-")
}

/// A service of a route, at the end of each `TraefikService` between.
#[derive(Debug, Clone)]
pub(super) struct Service<'a> {
    pub(super) node: &'a Node,
    /// The object that names it.
    pub(super) object: &'a Object,
    pub(super) namespace: String,
    weight: i64,
}

impl Service<'_> {
    pub(super) fn name(&self) -> &str {
        text(self.node, &["name"]).unwrap_or_default()
    }

    /// Describes which it is: `paroisse-a/civicrmhttpd port 443, weight 3`.
    pub(super) fn in_words(&self, with_weight: bool) -> String {
        let port = self.node.get("port").map(|port| match &port.value {
            crate::yaml::Value::Int(port) => format!(" port {port}"),
            crate::yaml::Value::Text(port) => format!(" port {port}"),
            _ => String::new(),
        });
        let weight = if with_weight {
            format!(" (weight {})", self.weight)
        } else {
            String::new()
        };
        format!(
            "{}/{}{}{weight}",
            self.namespace,
            self.name(),
            port.unwrap_or_default()
        )
    }

    /// Whether requests reach it at all.
    pub(super) fn is_used(&self) -> bool {
        self.weight > 0
    }
}

impl Manifests {
    /// Follows the services that an object lists to those of Kubernetes.
    ///
    /// # Errors
    /// A TraefikService that the manifests do not hold, or that leads to itself.
    pub(super) fn services<'a>(
        &'a self,
        object: &'a Object,
        nodes: &'a [Node],
    ) -> Result<Vec<Service<'a>>, Vec<Fault>> {
        let (mut found, mut faults) = (Vec::new(), Vec::new());
        let mut walk = Walk {
            manifests: self,
            found: &mut found,
            faults: &mut faults,
            above: Vec::new(),
        };
        walk.all(object, nodes, 1);
        if faults.is_empty() {
            Ok(found)
        } else {
            Err(faults)
        }
    }
}

struct Walk<'a, 'b> {
    manifests: &'a Manifests,
    found: &'b mut Vec<Service<'a>>,
    faults: &'b mut Vec<Fault>,
    /// Each `TraefikService` on the way here.
    above: Vec<Name>,
}

impl<'a> Walk<'a, '_> {
    fn all(&mut self, object: &'a Object, nodes: &'a [Node], share: i64) {
        for node in nodes {
            self.one(object, node, share);
        }
    }

    fn one(&mut self, object: &'a Object, node: &'a Node, share: i64) {
        let weight = match node.get("weight").map(|weight| &weight.value) {
            Some(crate::yaml::Value::Int(weight)) => *weight,
            _ => 1,
        };
        let namespace = text(node, &["namespace"]).unwrap_or(&object.name.namespace);
        let name = text(node, &["name"]).unwrap_or_default();
        let is_outside = matches!(Reference::new(namespace, name), Reference::Outside(_));
        if text(node, &["kind"]) != Some("TraefikService") && !is_outside {
            let weight = weight.saturating_mul(share);
            return self.found.push(Service {
                node,
                object,
                namespace: namespace.to_owned(),
                weight,
            });
        }
        let next = match self.manifests.named("TraefikService", namespace, name) {
            Ok(next) if self.above.contains(&next.name) => {
                let fault = Fault::new(format!("{next} leads to itself"));
                return self.faults.push(object.fault(fault, node));
            }
            Ok(next) => next,
            Err(fault) => return self.faults.push(object.fault(fault, node)),
        };
        self.above.push(next.name.clone());
        let (spec, share) = (next.spec(), weight.saturating_mul(share));
        for list in ["weighted", "highestRandomWeight"] {
            let nodes = spec
                .get(list)
                .and_then(|spec| spec.get("services"))
                .map(Node::items);
            self.all(next, nodes.unwrap_or_default(), share);
        }
        if let Some(main) = spec.get("mirroring") {
            self.one(next, main, share);
        }
        if let Some(failover) = spec.get("failover") {
            for key in ["service", "fallback"] {
                if let Some(node) = failover.get(key) {
                    self.one(next, node, if key == "service" { share } else { 0 });
                }
            }
        }
        self.above.pop();
    }
}

/// Whether a route that is for the port of TLS passes it on without ending it.
pub(super) fn passes_through(object: &Object) -> bool {
    object
        .spec()
        .get("tls")
        .is_some_and(|tls| is_true(tls, "passthrough"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::objects::items;

    fn names(text: &str) -> Result<Vec<String>, Vec<String>> {
        let manifests = Manifests::read(&[("m.yaml", text)]).map_err(|_| Vec::new())?;
        let route = manifests.of_kind("IngressRoute").next().unwrap();
        let found = manifests.services(route, items(route.spec(), "services"));
        let found =
            found.map_err(|faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        Ok(found.iter().map(|service| service.in_words(true)).collect())
    }

    const ROUTE: &str = "kind: IngressRoute\nmetadata: {name: r, namespace: ns}\nspec:\n  services:\n  - {kind: TraefikService, name: t}\n";

    #[test]
    fn services_behind_traefik_services_are_found_with_their_weights() {
        let text = format!(
            "{ROUTE}  - {{name: last, port: 443}}\n---\nkind: TraefikService\nmetadata: {{name: t, namespace: ns}}\nspec: {{weighted: {{services: [{{name: a, port: 443, weight: 3}}, {{name: ns-u@kubernetescrd, kind: TraefikService, weight: 2}}]}}}}\n---\n\
             kind: TraefikService\nmetadata: {{name: u, namespace: ns}}\nspec: {{failover: {{service: {{name: b, namespace: m, port: https}}, fallback: {{name: c}}}}}}\n"
        );
        assert_eq!(
            names(&text).unwrap(),
            [
                "ns/a port 443 (weight 3)",
                "m/b port https (weight 2)",
                "ns/c (weight 0)",
                "ns/last port 443 (weight 1)"
            ]
        );
    }

    #[test]
    fn a_service_that_is_not_there_or_leads_to_itself_is_refused_with_its_place() {
        let circle = format!(
            "{ROUTE}---\nkind: TraefikService\nmetadata: {{name: t, namespace: ns}}\nspec: {{mirroring: {{kind: TraefikService, name: t}}}}\n"
        );
        assert_eq!(
            names(&circle).unwrap_err(),
            ["m.yaml:9:19: TraefikService ns/t leads to itself"]
        );
        assert_eq!(
            names(ROUTE).unwrap_err(),
            ["m.yaml:5:5: the manifests do not contain TraefikService ns/t, which is named here"]
        );
        let outside = ROUTE.replace("kind: TraefikService, name: t", "name: t@file");
        assert_eq!(
            names(&outside).unwrap_err(),
            ["m.yaml:5:5: TraefikService `t@file` is in the provider `file`, not in manifests"]
        );
    }
}
