//! Which routes Traefik looks at, and on which entry points it serves them, as far as the input shows its options.

use crate::kinds::static_options::StaticOptions;
use std::collections::{BTreeMap, BTreeSet};

/// The entry point of plain http that charts 20 to 41 have (`ports` of their values).
pub const PLAIN: &str = "web";
/// The entry points that these charts have; Traefik has the last two where they are asked for in other ways than by name.
const USUAL: [&str; 4] = [PLAIN, "websecure", "traefik", "metrics"];

/// Of all Traefiks together whose options are known.
#[derive(Debug, Clone, Default)]
pub struct Entrances {
    /// The entry points by their names, and whether each has TLS of its own; none if no options are in the input.
    points: BTreeMap<String, bool>,
    /// What `ingressClass` is; empty where it is not set.
    classes: BTreeSet<String>,
}

impl Entrances {
    /// Adds what a whole static configuration says.
    pub fn add(&mut self, options: &StaticOptions) {
        for point in &options.entry_points {
            *self.points.entry(point.name.clone()).or_default() |= point.has_tls;
        }
        let class = options.ingress_class.clone();
        self.classes.insert(class.unwrap_or_default());
    }

    /// Returns whether the entry points are known.
    #[must_use]
    pub fn are_known(&self) -> bool {
        !self.points.is_empty()
    }

    /// Returns whether there is an entry point; where none is known, whether the chart has it.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        if self.are_known() {
            self.points.contains_key(name) || USUAL[2..].contains(&name)
        } else {
            USUAL.contains(&name)
        }
    }

    /// Returns whether an entry point has TLS of its own, if that is known.
    #[must_use]
    pub fn has_tls(&self, name: &str) -> Option<bool> {
        self.points.get(name).copied()
    }

    /// Returns whether none of some entry points has TLS of its own, as far as that is known: where none is known, of that
    /// which the chart has without.
    #[must_use]
    pub fn are_plain(&self, names: &[String]) -> bool {
        let is_plain = |name: &String| match self.has_tls(name) {
            Some(has_tls) => !has_tls,
            None => !self.are_known() && name == PLAIN,
        };
        !names.is_empty() && names.iter().all(is_plain)
    }

    /// Returns whether there are others than the chart has.
    #[must_use]
    pub fn has_others(&self) -> bool {
        let mut names = self.points.keys();
        names.any(|name| !USUAL.contains(&name.as_str()))
    }

    /// Returns whether an entry point has TLS of its own.
    #[must_use]
    pub fn any_has_tls(&self) -> bool {
        self.points.values().any(|has_tls| *has_tls)
    }

    /// Returns whether a Traefik looks at a class of its own.
    #[must_use]
    pub fn names_a_class(&self) -> bool {
        self.classes.iter().any(|class| !class.is_empty())
    }

    /// Returns the classes that Traefik looks at; empty for none in particular; nothing if that is not known.
    #[must_use]
    pub fn classes(&self) -> Option<&BTreeSet<String>> {
        Some(&self.classes).filter(|classes| !classes.is_empty())
    }
}
