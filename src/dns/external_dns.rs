//! What external-dns reads and what it needs to be told, by its release.

use crate::fault::Fault;

/// A release of external-dns, the number behind `0.`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExternalDnsRelease(u32);

/// The prefix up to 0.21.
const OLD: &str = "external-dns.alpha.kubernetes.io/";
/// The prefix from 0.22 on.
const NEW: &str = "external-dns.kubernetes.io/";

impl ExternalDnsRelease {
    /// The newest release that was run.
    pub const NEWEST: Self = Self(23);
    /// The release with the new prefix, and without a policy of its own.
    const RENAMED: Self = Self(22);
    /// The first minor version of the chart that is that of external-dns, too (`charts/external-dns/Chart.yaml`).
    const FIRST_CHART: u32 = 15;
    /// The prefixes of annotations that a release reads by default, the old one first.
    pub const PREFIXES: [&'static str; 2] = [OLD, NEW];

    /// Parses a release such as `0.22` or `v0.22.0`.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let bare = text.strip_prefix('v').unwrap_or(text);
        let mut parts = bare.split('.');
        let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let minor = match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("0"), Some(minor), None, _) => minor.parse().ok(),
            (Some("0"), Some(minor), Some(patch), None) if is_number(patch) => minor.parse().ok(),
            _ => None,
        };
        minor.map(Self).ok_or_else(|| {
            let what = format!(
                "`{}` is not a valid release of external-dns",
                text.escape_debug()
            );
            Fault::new(what).help("write one such as \"0.22\", in quotes")
        })
    }

    /// Reads the tag of an image.
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<Self> {
        number_behind(tag, "0").map(Self)
    }

    /// Reads the version of a chart: from 1.15 on its minor version is that of external-dns.
    #[must_use]
    pub fn of_chart(version: &str) -> Option<Self> {
        let minor = number_behind(version, "1")?;
        (minor >= Self::FIRST_CHART).then_some(Self(minor))
    }

    /// Returns the prefix of the annotations that it reads by default, and the one that it does not read
    /// (`source/annotations/annotations.go`).
    #[must_use]
    pub fn prefixes(self) -> (&'static str, &'static str) {
        if self >= Self::RENAMED {
            (NEW, OLD)
        } else {
            (OLD, NEW)
        }
    }

    /// Returns whether it does not start unless it is told what to do with records
    /// (`pkg/apis/externaldns/types.go`: `--policy` has no default since 0.22).
    #[must_use]
    pub fn needs_policy(self) -> bool {
        self >= Self::RENAMED
    }

    /// Returns whether a prefix is the one of releases before the names were changed.
    #[must_use]
    pub fn is_old(prefix: &str) -> bool {
        prefix == OLD
    }
}

impl std::fmt::Display for ExternalDnsRelease {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "0.{}", self.0)
    }
}

/// Returns the number behind the first of a version.
fn number_behind(version: &str, first: &str) -> Option<u32> {
    let version = version.trim_start_matches(['v', '^', '~', '=']);
    let mut parts = version.split('.');
    parts.next().filter(|major| *major == first)?;
    parts.next()?.parse().ok()
}

/// What external-dns does with records that nothing asks for any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// They stay.
    UpsertOnly,
    /// They are deleted.
    Sync,
    /// They stay, and so does what was once written of those that are asked for.
    CreateOnly,
}

impl Policy {
    /// Returns the word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UpsertOnly => "upsert-only",
            Self::Sync => "sync",
            Self::CreateOnly => "create-only",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_reads_the_prefix_of_its_time() {
        let prefix = |text: &str| ExternalDnsRelease::parse(text).unwrap().prefixes().0;
        assert_eq!(prefix("0.21"), "external-dns.alpha.kubernetes.io/");
        assert_eq!(prefix("v0.21.4"), "external-dns.alpha.kubernetes.io/");
        assert_eq!(prefix("0.22.0"), "external-dns.kubernetes.io/");
        assert_eq!(prefix("0.23"), "external-dns.kubernetes.io/");
    }

    #[test]
    fn what_is_not_a_release_is_refused() {
        for text in [
            "", "0", "1.22", "0.x", "0.22.x", "0.22.0.1", "0.22-rc", "latest",
        ] {
            let fault = ExternalDnsRelease::parse(text).unwrap_err();
            let what = format!("`{text}` is not a valid release of external-dns");
            assert!(fault.to_string().contains(&what), "{fault}");
        }
    }
}
