//! Who may reach the pods of an instance.

use super::object::own_object;
use crate::civiparoisse::{HTTPD_APP, HTTPD_PORT};
use crate::instance::Instance;
use crate::manifest::{Field, Object};
use crate::name::ObjectName;

pub(super) fn network_policies(instance: &Instance) -> Vec<Object> {
    use crate::instance::TraefikSource;
    let policy = |name: &str, fields: Vec<(&'static str, Field)>| {
        let name = ObjectName::parse(name).expect("the policies' names are valid");
        let mut object = own_object(
            instance,
            "networking.k8s.io/v1",
            "NetworkPolicy",
            &name,
            "networkpolicy.yaml",
        );
        // Strict templates want every name they test to exist.
        object.fields = ["only_app", "except_app", "from_namespace"]
            .map(|name| (name, Field::Nothing))
            .to_vec();
        object.fields.push(("from_cidrs", Field::List(Vec::new())));
        object
            .fields
            .push(("from_same_namespace", Field::Bool(false)));
        object.fields.extend(fields);
        object
    };
    let mut policies = Vec::new();
    if instance.extras.default_deny {
        policies.push(policy("default-deny", Vec::new()));
        policies.push(policy(
            "same-namespace",
            vec![
                ("except_app", HTTPD_APP.into()),
                ("from_same_namespace", Field::Bool(true)),
            ],
        ));
    }
    if let Some(source) = &instance.extras.http_from {
        let mut fields = vec![
            ("only_app", HTTPD_APP.into()),
            ("port", Field::Number(HTTPD_PORT)),
        ];
        match source {
            TraefikSource::Pods { namespace, labels } => {
                let labels = labels
                    .iter()
                    .map(|label| (label.key.clone(), label.value.as_str().into()));
                fields.push(("from_namespace", namespace.as_str().into()));
                fields.push(("from_pods", Field::Map(labels.collect())));
            }
            TraefikSource::Nodes(cidrs) => {
                fields.push((
                    "from_cidrs",
                    cidrs.iter().map(ToString::to_string).collect(),
                ));
            }
        }
        policies.push(policy("httpd-from-traefik", fields));
    }
    policies
}
