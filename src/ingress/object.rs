//! What the objects of an instance have in common.

use crate::instance::Instance;
use crate::manifest::{Identity, Object};
use crate::name::ObjectName;

/// Makes an object of the instance that the chart makes too, so that Helm can adopt it.
pub(super) fn chart_object(
    instance: &Instance,
    api_version: &'static str,
    kind: &'static str,
    name: &ObjectName,
    template: &'static str,
) -> Object {
    let mut object = own_object(instance, api_version, kind, name, template);
    if let Some(release) = &instance.extras.helm_release {
        // What Helm requires of an object that it is to adopt (helm v3, pkg/action/validate.go).
        object
            .labels
            .push(("app.kubernetes.io/managed-by".to_owned(), "Helm".to_owned()));
        object.annotations = vec![
            ("meta.helm.sh/release-name".to_owned(), release.to_string()),
            (
                "meta.helm.sh/release-namespace".to_owned(),
                instance.namespace.to_string(),
            ),
        ];
    }
    object
}

/// Makes an object of the instance that the chart does not know.
pub(super) fn own_object(
    instance: &Instance,
    api_version: &'static str,
    kind: &'static str,
    name: &ObjectName,
    template: &'static str,
) -> Object {
    let identity = Identity {
        api_version,
        kind,
        namespace: Some(instance.namespace.clone()),
        name: name.clone(),
    };
    Object::new(identity, template)
}
