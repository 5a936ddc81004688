//! Which Traefik reads the manifests.

use super::object::{Class, Object};
use super::traefik::Provider;
use crate::lint::facts::servers_transport::ROOT_CAS;
use crate::lint::options::Options;
use crate::release::Release;

/// Which Traefik reads the manifests, and how that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Knowledge {
    /// The release.
    pub release: Release,
    /// How it is known.
    pub from: KnownFrom,
}

/// How a release is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownFrom {
    /// It was given.
    Option,
    /// By the tag of an image.
    Image,
    /// By what only some releases take: the API group, `rootCAsSecrets`.
    Fields,
    /// Nothing says otherwise: the newest that is known.
    Default,
}

impl Knowledge {
    pub(super) fn of(options: &Options, objects: &[Object<'_>], provider: &Provider) -> Self {
        if let Some(release) = options.traefik {
            let from = KnownFrom::Option;
            return Self { release, from };
        }
        if let Some(release) = provider.release {
            let from = KnownFrom::Image;
            return Self { release, from };
        }
        let groups = |group: &str| objects.iter().any(|object| object.group == group);
        let (old, new) = (groups("traefik.containo.us"), groups("traefik.io"));
        let has = |field: &str| {
            let mut transports = objects
                .iter()
                .filter(|object| object.class == Class::ServersTransport);
            transports.any(|object| object.spec().get(field).is_some())
        };
        let release = if old && !new {
            Release::line(2, 11)
        } else if has("rootCAsSecrets") && !has(ROOT_CAS) {
            // The newest release that takes them without a warning.
            Release::line(3, 3)
        } else {
            let from = KnownFrom::Default;
            let release = Release::default();
            return Self { release, from };
        };
        let from = KnownFrom::Fields;
        Self { release, from }
    }

    /// Returns whether it was given explicitly.
    pub(in crate::lint) fn is_certain(self) -> bool {
        matches!(self.from, KnownFrom::Option | KnownFrom::Image)
    }
}
