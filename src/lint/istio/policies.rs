//! For which Services there are DestinationRules.

use crate::cluster::{Kind, Resource};
use crate::kinds::istio::{DestinationMode, DestinationTls, Host};
use crate::lint::model::Model;
use std::collections::BTreeSet;

/// The Services for which there is a DestinationRule with TLS.
pub(super) struct Rules<'m> {
    targets: BTreeSet<(&'m str, &'m str)>,
    /// Whether one is for many hosts.
    has_wildcard: bool,
}

impl Rules<'_> {
    pub(super) fn may_speak_tls(&self, namespace: &str, name: &str) -> bool {
        self.has_wildcard
            || self.targets.contains(&(namespace, name))
            || self.targets.contains(&("", name))
    }
}

pub(super) fn rules<'m>(model: &'m Model<'_>) -> Rules<'m> {
    let mut rules = Rules {
        targets: BTreeSet::new(),
        has_wildcard: false,
    };
    for rule in model.said(Kind::DestinationRule, Resource::destination_rule) {
        let is_tls = |tls: &DestinationTls| tls.mode != DestinationMode::Disabled;
        let mut policies = rule.says.policies.iter();
        let has_tls = policies.any(|policy| {
            let mut ports = policy.ports.iter();
            policy.tls.as_ref().is_some_and(is_tls)
                || ports.any(|port| port.tls.as_ref().is_some_and(is_tls))
        });
        let Some(host) = rule.says.host.as_ref().filter(|_| has_tls) else {
            continue;
        };
        match Host::of(&host.value) {
            Host::Service { namespace, name } => {
                let namespace = namespace.unwrap_or(rule.object.namespace);
                rules.targets.insert((namespace, name));
            }
            Host::Other => rules.has_wildcard |= host.value.contains('*'),
            Host::Half { .. } => {}
        }
    }
    rules
}
