//! Objects that no Traefik of the input reads, because the provider for them is off.

use super::rules::CI513;
use crate::kinds::ingress::PREFIX;
use crate::kinds::static_options::ObjectProvider;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object};
use crate::yaml::{At, Node};

pub(super) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for provider in ObjectProvider::ALL {
        if !model.provider.is_off(provider) {
            continue;
        }
        let mut find = |object: &Object<'_>, at: At, field: &str, what: &str| {
            let message = format!("{what}, and `providers.{}` is off", provider.name());
            findings.push(object.finding(&CI513, at, field, message));
        };
        match provider {
            ObjectProvider::Crd => {
                for class in [Class::IngressRoute, Class::IngressRouteTcp, Class::TlsStore] {
                    for object in model.of(class) {
                        let what = format!("Traefik reads no {}", object.kind);
                        find(object, object.node.at, "kind", &what);
                    }
                }
                for object in model.of(Class::Ingress) {
                    let annotations = object.at(&["metadata", "annotations"]);
                    for (key, node) in annotations.map(Node::entries).unwrap_or_default() {
                        let text = node.text().unwrap_or_default();
                        if key.text.starts_with(PREFIX) && text.contains("@kubernetescrd") {
                            let field = format!("metadata.annotations.{}", key.text);
                            let what = format!("Traefik does not find `{}`", text.escape_debug());
                            find(object, node.at, &field, &what);
                        }
                    }
                }
            }
            ObjectProvider::Ingress => {
                for object in model.of(Class::Ingress) {
                    let class = object.spec().get("ingressClassName");
                    let class = class.or_else(|| object.annotation("kubernetes.io/ingress.class"));
                    if class.and_then(Node::text) == Some("traefik") {
                        find(object, object.node.at, "kind", "Traefik reads no Ingress");
                    }
                }
            }
            ObjectProvider::Gateway => {
                for object in model.of(Class::GatewayKind) {
                    let controller = object.spec().get("controllerName");
                    if let Some(node) = controller
                        && node.text() == Some("traefik.io/gateway-controller")
                    {
                        find(
                            object,
                            node.at,
                            "spec.controllerName",
                            "Traefik serves no Gateway",
                        );
                    }
                }
            }
        }
    }
}
