//! The key under which Traefik knows an object, and the one under which it looks for what another object names.
//!
//! `makeID` and `makeRawID` in `pkg/provider/kubernetes/crd/name_builder.go` (v3.7.13), before that `makeID` and
//! `provider.Normalize` where each kind is read (`kubernetes.go` and `kubernetes_http.go`, v2.11.53 to v3.4.3).

use crate::release::Release;
use std::borrow::Cow;

/// How a Traefik makes keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Naming {
    /// Its release.
    pub release: Release,
    /// Whether `safeNaming` is set (3.7.11 and later): names are then kept as they are.
    pub is_safe: bool,
}

/// What becomes of names in a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spelling {
    /// Objects and references keep theirs.
    Kept,
    /// A reference is normalized, and the key of an object is not.
    OfReferences,
    /// Both are normalized: several names make one key.
    OfBoth,
}

impl From<Release> for Naming {
    /// Takes what a release does unless it is told otherwise.
    fn from(release: Release) -> Self {
        let is_safe = false;
        Self { release, is_safe }
    }
}

impl Naming {
    fn spelling(self, kind: &str) -> Spelling {
        match kind {
            _ if self.is_safe => Spelling::Kept,
            _ if is_joined(kind) => Spelling::OfBoth,
            "TLSOption" if self.release.resolves_in_one_place() => Spelling::OfReferences,
            _ => Spelling::Kept,
        }
    }

    /// Returns what stands between namespace and name.
    #[must_use]
    pub fn separator(self) -> char {
        if self.is_safe { '_' } else { '-' }
    }

    /// Returns the key of an object.
    #[must_use]
    pub fn key(self, kind: &str, namespace: &str, name: &str) -> String {
        let key = format!("{namespace}{}{name}", self.separator());
        match self.spelling(kind) {
            Spelling::OfBoth => normal(&key),
            Spelling::Kept | Spelling::OfReferences => key,
        }
    }

    /// Returns the key under which Traefik looks for what `KEY@kubernetescrd` names; nothing where it finds none. That of a
    /// TraefikService it writes once more (`fullServiceName`).
    #[must_use]
    pub fn wanted(self, kind: &str, key: &str) -> Option<String> {
        match kind {
            "TraefikService" if self.is_safe => None,
            "TraefikService" => Some(normal(key)),
            _ => Some(key.to_owned()),
        }
    }

    /// Returns whether the Middlewares that a chain names are looked up as those of routes are; before, it keeps their names
    /// (`createChainMiddleware`, v3.4.3).
    #[must_use]
    pub fn normalizes_chains(self) -> bool {
        self.is_safe || self.release.resolves_in_one_place()
    }

    /// Returns whether Traefik takes off `@kubernetescrd` and looks for the rest as a name of the same namespace.
    #[must_use]
    pub fn cuts_provider_off(self, kind: &str) -> bool {
        kind == "TraefikService" && !self.release.resolves_in_one_place()
    }

    /// Finds what an object means by a name without `@`: `of_name` finds the object that has a name, `alike` the one whose
    /// name is [normal](is_normal) once it is written like this.
    pub(crate) fn find<T>(
        self,
        kind: &str,
        namespace: &str,
        name: &str,
        of_name: impl Fn(&str) -> Option<T>,
        alike: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let normal = || {
            if is_normal(name) {
                Cow::Borrowed(name)
            } else {
                Cow::Owned(normal(name))
            }
        };
        match self.spelling(kind) {
            Spelling::Kept => of_name(name),
            // The namespace is normalized with the name.
            Spelling::OfReferences if !namespace.is_empty() && !is_normal(namespace) => None,
            Spelling::OfReferences => of_name(&normal()),
            Spelling::OfBoth => of_name(name).or_else(|| {
                let normal = normal();
                let other = Some(&*normal).filter(|normal| *normal != name);
                other.and_then(of_name).or_else(|| alike(&normal))
            }),
        }
    }
}

/// Returns whether Traefik normalizes the keys of the objects of a kind, unless `safeNaming` is set.
pub(crate) fn is_joined(kind: &str) -> bool {
    matches!(
        kind,
        "Middleware"
            | "MiddlewareTCP"
            | "ServersTransport"
            | "ServersTransportTCP"
            | "TraefikService"
    )
}

/// The provider of what Traefik makes itself (`pkg/provider/traefik/internal.go`, v2.11.53 to v3.7.13).
pub(crate) const INTERNAL: &str = "internal";

/// Returns the names that an object of a kind has at the provider [`INTERNAL`], whatever Traefik's own options are; one that
/// ends with a dash begins the names of several.
pub(crate) fn internal(kind: &str) -> &'static [&'static str] {
    match kind {
        "ServersTransport" | "ServersTransportTCP" => &["default"],
        "Middleware" => &["dashboard_redirect", "dashboard_stripprefix", "redirect-"],
        "TraefikService" => &[
            "acme-http",
            "api",
            "dashboard",
            "noop",
            "ping",
            "prometheus",
            "rest",
        ],
        _ => &[],
    }
}

/// Returns whether Traefik may make the object of a kind that `NAME@internal` names.
pub(crate) fn is_internal(kind: &str, reference: &str) -> bool {
    let name = reference.strip_suffix("@internal").unwrap_or(reference);
    internal(kind).iter().any(|own| {
        if own.ends_with('-') {
            name.starts_with(own)
        } else {
            name == *own
        }
    })
}

/// Returns whether a name has letters, digits and single dashes between them, and nothing else.
pub(crate) fn is_normal(name: &str) -> bool {
    let mut parts = name.split('-');
    parts.all(|part| !part.is_empty() && part.chars().all(char::is_alphanumeric))
}

/// Writes a text as Traefik does: `-` for all that stands between letters and digits (`provider.Normalize`).
pub(crate) fn normal(text: &str) -> String {
    let parts: Vec<&str> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|part| !part.is_empty())
        .collect();
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Finds a name among those of a namespace `ns`.
    fn found<'a>(naming: Naming, kind: &str, name: &str, objects: &[&'a str]) -> Option<&'a str> {
        let of_name = |name: &str| objects.iter().find(|object| **object == name).copied();
        let alike = |wanted: &str| {
            let mut all = objects.iter().filter(|object| !is_normal(object));
            all.find(|object| normal(object) == wanted).copied()
        };
        naming.find(kind, "ns", name, of_name, alike)
    }

    #[test]
    fn a_reference_finds_every_name_that_is_written_alike_unless_naming_is_safe() {
        let (joined, safe) = (
            Naming::default(),
            Naming {
                is_safe: true,
                ..Naming::default()
            },
        );
        for kind in ["Middleware", "ServersTransport", "TraefikService"] {
            for (name, object) in [("a.b", "a-b"), ("a-b", "a.b"), ("a_b", "a--b")] {
                assert_eq!(found(joined, kind, name, &[object]), Some(object));
                assert_eq!(found(safe, kind, name, &[object]), None);
            }
            assert_eq!(found(joined, kind, "a.b", &["a-b", "a.b"]), Some("a.b"));
            assert_eq!(found(joined, kind, "ab", &["a-b"]), None);
        }
        assert_eq!(found(joined, "Secret", "a.b", &["a-b"]), None);
    }

    #[test]
    fn tls_options_of_a_name_with_a_dot_are_found_by_releases_that_write_no_reference_otherwise() {
        let of = |release: &str| Naming::from(release.parse::<Release>().unwrap());
        let (old, new) = (of("3.4.3"), of("3.7.15"));
        let options = ["a.b", "a-b"];
        assert_eq!(found(old, "TLSOption", "a.b", &options), Some("a.b"));
        assert_eq!(found(new, "TLSOption", "a.b", &options), Some("a-b"));
        assert_eq!(found(new, "TLSOption", "a.b", &options[..1]), None);
        assert_eq!(found(old, "TLSOption", "a_b", &options), None);
    }

    #[test]
    fn keys_are_those_that_traefik_logs() {
        let safe = Naming {
            is_safe: true,
            ..Naming::default()
        };
        let joined = Naming::default();
        assert_eq!(joined.key("Middleware", "ns", "a.b"), "ns-a-b");
        assert_eq!(joined.key("TLSOption", "ns", "a.b"), "ns-a.b");
        assert_eq!(safe.key("Middleware", "ns", "a.b"), "ns_a.b");
    }
}
