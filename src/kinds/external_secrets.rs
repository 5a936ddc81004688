//! An `ExternalSecret` of the External Secrets Operator: it makes a Secret of what a store holds.

use crate::yaml::Node;

/// What is fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// `spec.target.name`, else the object's own: the Secret that it makes.
    pub secret: String,
}

impl Fetched {
    pub(crate) fn of(spec: &Node, name: &str) -> Self {
        let target = spec.at_path(&["target", "name"]).and_then(Node::text);
        Self {
            secret: target.unwrap_or(name).to_owned(),
        }
    }
}
