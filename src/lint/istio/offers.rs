//! What the servers of a Gateway take of the VirtualServices that are bound to it.

use crate::lint::facts::hosts::meets;
use crate::lint::facts::istio::{Takes, servers};
use crate::lint::model::{Object, may_be_same};
use std::collections::BTreeMap;

/// What the servers of a Gateway take, by host; those for many hosts apart.
pub(super) struct Offers<'a> {
    exact: BTreeMap<&'a str, Vec<(Option<&'a str>, Takes)>>,
    wide: Vec<(&'a str, Option<&'a str>, Takes)>,
}

impl<'a> Offers<'a> {
    pub(super) fn of(gateway: &Object<'a>) -> Self {
        let (mut exact, mut wide) = (BTreeMap::<_, Vec<_>>::new(), Vec::new());
        for server in servers(gateway) {
            for (namespace, host) in server.hosts(gateway) {
                if host.starts_with('*') {
                    wide.push((host, namespace, server.takes()));
                } else {
                    let known = exact.entry(host).or_default();
                    known.push((namespace, server.takes()));
                }
            }
        }
        Self { exact, wide }
    }

    /// Returns what is taken for a host of a VirtualService in a namespace.
    pub(super) fn to(&self, host: &str, namespace: &str) -> Vec<Takes> {
        let mut found = self.wide.clone();
        found.retain(|(wide, ..)| meets(wide, host));
        let exact = self.exact.get_key_value(host).into_iter();
        let exact = if host.starts_with('*') {
            self.exact
                .iter()
                .filter(|(known, _)| meets(known, host))
                .collect()
        } else {
            exact.collect::<Vec<_>>()
        };
        for (known, offers) in exact {
            found.extend(
                offers
                    .iter()
                    .map(|(namespace, takes)| (*known, *namespace, *takes)),
            );
        }
        found
            .into_iter()
            .filter(|(_, only, _)| only.is_none_or(|only| may_be_same(only, namespace)))
            .map(|(.., takes)| takes)
            .collect()
    }
}
