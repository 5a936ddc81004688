//! What each Traefik release takes.

use crate::fault::Fault;
use std::fmt;
use std::str::FromStr;

/// A Traefik release. Without a patch number, the last one of its line is meant.
///
/// Supported are 2.9 (the oldest whose TLSStore takes `certificates` and `defaultGeneratedCert`) to all 3.x.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release {
    major: u16,
    minor: u16,
    patch: u16,
}

/// A patch number that stands for the last of its line.
const LAST: u16 = u16::MAX;

impl Default for Release {
    fn default() -> Self {
        Self::LINES[0]
    }
}

impl Release {
    /// The lines that are known, the newest first. Later ones of 3 are taken too.
    pub const LINES: [Self; 11] = [
        Self::line(3, 7),
        Self::line(3, 6),
        Self::line(3, 5),
        Self::line(3, 4),
        Self::line(3, 3),
        Self::line(3, 2),
        Self::line(3, 1),
        Self::line(3, 0),
        Self::line(2, 11),
        Self::line(2, 10),
        Self::line(2, 9),
    ];

    /// Returns the last release of a line, such as 3.7.
    #[must_use]
    pub const fn line(major: u16, minor: u16) -> Self {
        Self {
            major,
            minor,
            patch: LAST,
        }
    }

    /// Returns one release.
    #[must_use]
    pub const fn exactly(major: u16, minor: u16, patch: u16) -> Self {
        Self {
            major,
            minor,
            patch,
        }
    }

    /// Returns the first release of the same line.
    #[must_use]
    pub const fn first_patch(self) -> Self {
        Self::exactly(self.major, self.minor, 0)
    }

    /// Returns the API group and version of Traefik's custom resources.
    ///
    /// `traefik.io` is served from 2.10 and `traefik.containo.us` up to 2.11
    /// (`GroupName` constants at v2.9.10, v2.10.0 and v3.0.0).
    #[must_use]
    pub fn api_version(self) -> &'static str {
        if self < Self::exactly(2, 10, 0) {
            "traefik.containo.us/v1alpha1"
        } else {
            "traefik.io/v1alpha1"
        }
    }

    /// Returns whether a ServersTransport takes `rootCAs`. Elsewhere it is `rootCAsSecrets`, which 3.4
    /// and later warn about on every load.
    ///
    /// The field came with 3.4.0, whose validation rule refuses every value of it; fixed in 3.4.1 (issue 11774).
    #[must_use]
    pub fn takes_root_cas(self) -> bool {
        self >= Self::exactly(3, 4, 1)
    }

    /// Returns whether `tls: true` of a service of an IngressRouteTCP is read: the definition has it from 3.0 on, and
    /// `loadTCPServers` in `pkg/provider/kubernetes/crd/kubernetes_tcp.go` from 3.3 on (not in v3.2.3, in v3.3.1).
    #[must_use]
    pub fn speaks_tls_to_tcp(self) -> bool {
        self >= Self::exactly(3, 3, 0)
    }

    /// Returns whether this release has what came with the first of these, and with the others in their lines of the same
    /// major version; a later line has it from its first release on. `patches` are in the order of their lines.
    #[must_use]
    pub fn has_since(self, patches: &[(u16, u16, u16)]) -> bool {
        let since = |(major, minor, patch): (u16, u16, u16)| Self::exactly(major, minor, patch);
        let of_line = |patch: &&(u16, u16, u16)| (patch.0, patch.1) == (self.major, self.minor);
        match patches.iter().find(of_line) {
            Some(patch) => self >= since(*patch),
            None => patches.last().is_some_and(|last| self >= since(*last)),
        }
    }

    /// Returns whether what objects name is resolved in one place (`resolveReference` in
    /// `pkg/provider/kubernetes/crd/kubernetes.go`, since 2.11.46, 3.6.17 and 3.7.1); before, each kind has a way of its own.
    #[must_use]
    pub fn resolves_in_one_place(self) -> bool {
        self.has_since(&[(2, 11, 46), (3, 6, 17), (3, 7, 1)])
    }

    /// Returns whether a router answers 421 on a connection that was opened with other TLS options than its own (`SNICheck`
    /// in `pkg/middlewares/snicheck/snicheck.go`, since 2.11.47, 3.6.18 and 3.7.2); before, only the options of the two
    /// names, of SNI and of the Host header, were compared.
    #[must_use]
    pub fn compares_options_of_routers(self) -> bool {
        self.has_since(&[(2, 11, 47), (3, 6, 18), (3, 7, 2)])
    }

    /// Writes the matcher of a rule that takes requests for a host, and none of the TLS of those who ask for it.
    ///
    /// `Host` also says for which names of SNI the route is tried; `HostRegexp` does not (`ParseDomains` in
    /// `pkg/muxer/http`, 2.9 to 3.7). It takes a regular expression of Go from 3.0 on, and before that a name in which
    /// only what is in braces is one.
    #[must_use]
    pub fn host_by_pattern(self, host: &str) -> String {
        if self < Self::exactly(3, 0, 0) {
            return format!("HostRegexp(`{host}`)");
        }
        format!("HostRegexp(`^{}$`)", host.replace('.', r"\."))
    }

    /// From here on a ServersTransportTCP has `proxyProtocol`, and that of a Service beside it is not read
    /// (`pkg/tcp/dialer.go`, `DialerManager.Build`).
    pub const PROXY_BY_TRANSPORT: Self = Self::exactly(3, 5, 2);

    /// Returns whether there is a ServersTransportTCP (3.0), and whether it takes `proxyProtocol` (3.5.2); before that a
    /// service of an IngressRouteTCP takes it, from 2.7 on.
    #[must_use]
    pub fn transport_tcp(self) -> TransportTcp {
        if self >= Self::PROXY_BY_TRANSPORT {
            TransportTcp::SendsProxyProtocol
        } else if self >= Self::exactly(3, 0, 0) {
            TransportTcp::Dials
        } else {
            TransportTcp::Nowhere
        }
    }
}

/// What a release knows of a ServersTransportTCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportTcp {
    /// There is no such kind.
    Nowhere,
    /// It sets how long a connection may take.
    Dials,
    /// It sends the PROXY protocol, too.
    SendsProxyProtocol,
}

impl FromStr for Release {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let shown = text.escape_debug();
        let mut numbers = text
            .strip_prefix('v')
            .unwrap_or(text)
            .split('.')
            .map(|part| {
                let digits = !part.is_empty()
                    && part.len() <= 4
                    && part.bytes().all(|byte| byte.is_ascii_digit());
                digits.then(|| part.parse::<u16>().ok()).flatten()
            });
        let (major, minor, patch) = (
            numbers.next().flatten(),
            numbers.next().flatten(),
            numbers.next(),
        );
        let (Some(major), Some(minor), None | Some(Some(_)), None) =
            (major, minor, patch, numbers.next())
        else {
            return Err(Fault::new(format!("`{shown}` is not a Traefik release"))
                .help("write it as `3.7` or `3.4.0`"));
        };
        let release = Self {
            major,
            minor,
            patch: patch.flatten().unwrap_or(LAST),
        };
        if release < Self::exactly(2, 9, 0) {
            return Err(Fault::new(format!("Traefik {shown} is too old"))
                .help("the oldest supported release is 2.9"));
        }
        if (major == 2 && minor > 11) || major > 3 {
            return Err(
                Fault::new(format!("this program does not know Traefik {shown}"))
                    .help("use a release from 2.9 to 2.11, or 3.0 and later 3.x"),
            );
        }
        Ok(release)
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        if self.patch != LAST {
            write!(f, ".{}", self.patch)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(text: &str) -> Release {
        text.parse().unwrap()
    }

    #[test]
    fn the_api_group_changes_with_2_10() {
        assert_eq!(release("2.9").api_version(), "traefik.containo.us/v1alpha1");
        for text in ["2.10", "2.10.0", "2.11", "3.0", "3.7", "v3.12.1"] {
            assert_eq!(release(text).api_version(), "traefik.io/v1alpha1", "{text}");
        }
    }

    #[test]
    fn root_cas_are_taken_from_3_4_1_on() {
        for (text, takes) in [
            ("2.11", false),
            ("3.3", false),
            ("3.4.0", false),
            ("3.4.1", true),
            ("3.4", true),
            ("3.7", true),
        ] {
            assert_eq!(release(text).takes_root_cas(), takes, "{text}");
        }
    }

    #[test]
    fn releases_outside_the_supported_lines_are_refused() {
        for text in [
            "2.8", "1.7", "2.12", "4.0", "3", "", "3.x", "3.7.1.2", "3..7", "-3.7", "3.99999",
        ] {
            assert!(text.parse::<Release>().is_err(), "{text}");
        }
    }
}
