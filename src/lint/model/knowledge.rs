//! Which Traefik reads the manifests, and which chart each values file.

use super::object::{Class, Object};
use super::traefik::Provider;
use crate::chart::ChartMajor;
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
    /// The index of the file that says so, unless it is given or assumed.
    pub file: Option<usize>,
}

/// How a release is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownFrom {
    /// It was given on the command line.
    Option,
    /// A configuration file says so.
    Configuration,
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
            return Self {
                release,
                from: if options.configured.traefik {
                    KnownFrom::Configuration
                } else {
                    KnownFrom::Option
                },
                file: None,
            };
        }
        if let Some((release, file)) = provider.release {
            return Self {
                release,
                from: KnownFrom::Image,
                file: Some(file),
            };
        }
        let of_group = |group: &str| {
            let mut of_group = objects.iter().filter(|object| object.group == group);
            of_group.next().map(|object| object.file)
        };
        let with = |field: &str| {
            let mut transports = objects
                .iter()
                .filter(|object| object.class == Class::ServersTransport);
            let with = transports.find(|object| object.spec().get(field).is_some());
            with.map(|object| object.file)
        };
        let by_group = of_group("traefik.containo.us").filter(|_| of_group("traefik.io").is_none());
        let by_field = || with("rootCAsSecrets").filter(|_| with(ROOT_CAS).is_none());
        let (release, file) = if let Some(file) = by_group {
            (Release::line(2, 11), file)
        } else if let Some(file) = by_field() {
            // The newest release that takes them without a warning.
            (Release::line(3, 3), file)
        } else {
            return Self {
                release: Release::default(),
                from: KnownFrom::Default,
                file: None,
            };
        };
        Self {
            release,
            from: KnownFrom::Fields,
            file: Some(file),
        }
    }

    /// Returns whether it was given explicitly.
    pub(in crate::lint) fn is_certain(self) -> bool {
        match self.from {
            KnownFrom::Option | KnownFrom::Configuration | KnownFrom::Image => true,
            KnownFrom::Fields | KnownFrom::Default => false,
        }
    }
}

/// Which of Traefik's charts reads values, and how that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChartKnowledge {
    /// The chart.
    pub chart: ChartMajor,
    /// How it is known.
    pub from: ChartFrom,
    /// The index of the file with the values.
    pub file: usize,
}

/// How a chart is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChartFrom {
    /// It was given on the command line.
    Option,
    /// A configuration file says so.
    Configuration,
    /// The object that carries the values names its version.
    Release,
    /// By the keys: it is the newest of those that read most of them.
    Keys,
    /// Nothing says otherwise: the newest that is known.
    Default,
}

impl ChartFrom {
    /// Returns whether nobody named the chart.
    pub(in crate::lint) fn is_assumed(self) -> bool {
        match self {
            Self::Option | Self::Configuration | Self::Release => false,
            Self::Keys | Self::Default => true,
        }
    }
}
