//! What the input does not say.

use super::configuration::IgnoredRule;
use crate::chart::ChartMajor;
use crate::name::DnsName;
use crate::release::Release;
use time::{Duration, OffsetDateTime};

/// What the input does not say.
#[derive(Debug, Clone)]
pub struct Options {
    /// The release that reads the manifests; found out if nothing is given.
    pub traefik: Option<Release>,
    /// The chart that reads the values files; found out if nothing is given.
    pub chart: Option<ChartMajor>,
    /// The present.
    pub now: OffsetDateTime,
    /// How long before its end a certificate is found to expire soon; a third of its life, and 30 days at
    /// most, if nothing is given.
    pub expires_within: Option<Duration>,
    /// Hosts for which there must be a route.
    pub hosts: Vec<DnsName>,
    /// Whether a reference out of the input is an error.
    pub strict_references: bool,
    /// Directories that are applied to a cluster each; if there are none, they are found out.
    pub roots: Vec<String>,
    /// Rules whose findings are left out.
    pub ignored: Vec<IgnoredRule>,
    /// What a configuration file says, and not the command line.
    pub configured: Configured,
}

/// What a configuration file says, and not the command line.
#[derive(Debug, Clone, Default)]
pub struct Configured {
    /// The file's name.
    pub file: Option<String>,
    /// Whether it says [`Options::traefik`].
    pub traefik: bool,
    /// Whether it says [`Options::chart`].
    pub chart: bool,
}

impl Options {
    /// Asks for everything to be found out.
    #[must_use]
    pub fn at(now: OffsetDateTime) -> Self {
        Self {
            traefik: None,
            chart: None,
            now,
            expires_within: None,
            hosts: Vec::new(),
            strict_references: false,
            roots: Vec::new(),
            ignored: Vec::new(),
            configured: Configured::default(),
        }
    }
}
