//! What a real Traefik answers to each fault that a renderer exists to prevent: recorded, and compared with
//! the releases of `tests/e2e/versions` in every run of the end-to-end tests (`cases/negatives.rs`).
//!
//! The rules of [`super::rules`] predict from this table.

use crate::release::Release;
use std::fmt;

/// What the user sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordedFault {
    /// kubectl refuses the manifests.
    Refused,
    /// The browser is answered with this status.
    Status(u16),
    /// Traefik presents its generated certificate, which no browser trusts.
    GeneratedCertificate,
}

impl fmt::Display for RecordedFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("kubectl refuses the manifest"),
            Self::Status(status) => write!(f, "the browser gets {status}"),
            Self::GeneratedCertificate => f.write_str("the browser gets Traefik's own certificate"),
        }
    }
}

/// One fault and the releases of Traefik that take it in the same way.
#[derive(Clone, Copy, Debug)]
pub struct Negative {
    /// The fault, as a name in `cases/negatives.rs`.
    pub fault: &'static str,
    /// The releases that answer so, major and minor.
    pub releases: &'static [&'static str],
    /// What the user sees.
    pub seen: RecordedFault,
    /// The API server's reason for a refusal, or the warnings and errors that Traefik logs beyond those of every
    /// start, each as `level: message: cause`; `<host>`, `<namespace>` and `<httpd>` (an address) stand for the
    /// instance's own.
    pub said: &'static [&'static str],
}

impl Negative {
    /// Returns what was recorded of `fault` with the newest recorded release that is not newer than `release`,
    /// else with the oldest.
    #[must_use]
    pub fn of(fault: &str, release: Release) -> Option<(&'static Self, &'static str)> {
        let of_fault = || {
            NEGATIVES
                .iter()
                .filter(|negative| negative.fault == fault)
                .flat_map(|negative| negative.releases.iter().map(move |line| (negative, *line)))
        };
        let line = |text: &str| text.parse::<Release>().ok();
        let known = of_fault()
            .filter(|(_, text)| line(text).is_some_and(|line| line.first_patch() <= release))
            .max_by_key(|(_, text)| line(text));
        known.or_else(|| of_fault().min_by_key(|(_, text)| line(text)))
    }
}

/// The table.
pub const NEGATIVES: &[Negative] = &[
    Negative {
        fault: "none",
        releases: &["3.7", "3.4", "3.0", "2.11"],
        seen: RecordedFault::Status(200),
        said: &[],
    },
    Negative {
        fault: "wrong-ca",
        releases: &["3.7", "3.4"],
        seen: RecordedFault::Status(500),
        said: &[
            "error: 500 Internal Server Error: tls: failed to verify certificate: x509: certificate signed by unknown authority",
        ],
    },
    Negative {
        fault: "wrong-ca",
        releases: &["3.0"],
        seen: RecordedFault::Status(500),
        said: &[],
    },
    Negative {
        fault: "wrong-ca",
        releases: &["2.11"],
        seen: RecordedFault::Status(500),
        said: &[
            "error: '500 Internal Server Error' caused by: tls: failed to verify certificate: x509: certificate signed by unknown authority",
        ],
    },
    Negative {
        fault: "missing-san",
        releases: &["3.7", "3.4"],
        seen: RecordedFault::Status(500),
        said: &[
            "error: 500 Internal Server Error: tls: failed to verify certificate: x509: certificate relies on legacy Common Name field, use SANs instead",
        ],
    },
    Negative {
        fault: "missing-san",
        releases: &["3.0"],
        seen: RecordedFault::Status(500),
        said: &[],
    },
    Negative {
        fault: "missing-san",
        releases: &["2.11"],
        seen: RecordedFault::Status(500),
        said: &[
            "error: '500 Internal Server Error' caused by: tls: failed to verify certificate: x509: certificate relies on legacy Common Name field, use SANs instead",
        ],
    },
    Negative {
        fault: "wrong-server-name",
        releases: &["3.7", "3.4"],
        seen: RecordedFault::Status(500),
        said: &[
            "error: 500 Internal Server Error: tls: failed to verify certificate: x509: certificate is valid for <host>, not another.example.org",
        ],
    },
    Negative {
        fault: "wrong-server-name",
        releases: &["3.0"],
        seen: RecordedFault::Status(500),
        said: &[],
    },
    Negative {
        fault: "wrong-server-name",
        releases: &["2.11"],
        seen: RecordedFault::Status(500),
        said: &[
            "error: '500 Internal Server Error' caused by: tls: failed to verify certificate: x509: certificate is valid for <host>, not another.example.org",
        ],
    },
    Negative {
        fault: "no-server-name",
        releases: &["3.7", "3.4"],
        seen: RecordedFault::Status(500),
        said: &[
            "error: 500 Internal Server Error: tls: failed to verify certificate: x509: cannot validate certificate for <httpd> because it doesn't contain any IP SANs",
        ],
    },
    Negative {
        fault: "no-server-name",
        releases: &["3.0"],
        seen: RecordedFault::Status(500),
        said: &[],
    },
    Negative {
        fault: "no-server-name",
        releases: &["2.11"],
        seen: RecordedFault::Status(500),
        said: &[
            "error: '500 Internal Server Error' caused by: tls: failed to verify certificate: x509: cannot validate certificate for <httpd> because it doesn't contain any IP SANs",
        ],
    },
    Negative {
        fault: "no-ca-secret",
        releases: &["3.7", "3.4"],
        seen: RecordedFault::Status(500),
        said: &[
            "error: 500 Internal Server Error: tls: failed to verify certificate: x509: certificate signed by unknown authority",
            "error: Error while loading CA Secret: secret '<namespace>/externca' not found",
        ],
    },
    Negative {
        fault: "no-ca-secret",
        releases: &["3.0"],
        seen: RecordedFault::Status(500),
        said: &[
            "error: Error while loading rootCAs externca: secret '<namespace>/externca' not found",
        ],
    },
    Negative {
        fault: "no-ca-secret",
        releases: &["2.11"],
        seen: RecordedFault::Status(500),
        said: &[
            "error: '500 Internal Server Error' caused by: tls: failed to verify certificate: x509: certificate signed by unknown authority",
            "error: Error while loading rootCAs externca: secret '<namespace>/externca' not found",
        ],
    },
    Negative {
        fault: "ca-not-pem",
        releases: &["3.7", "3.4"],
        seen: RecordedFault::Status(500),
        said: &[
            "error: 500 Internal Server Error: tls: failed to verify certificate: x509: certificate signed by unknown authority",
        ],
    },
    Negative {
        fault: "ca-not-pem",
        releases: &["3.0"],
        seen: RecordedFault::Status(500),
        said: &[],
    },
    Negative {
        fault: "ca-not-pem",
        releases: &["2.11"],
        seen: RecordedFault::Status(500),
        said: &[
            "error: '500 Internal Server Error' caused by: tls: failed to verify certificate: x509: certificate signed by unknown authority",
        ],
    },
    Negative {
        fault: "ca-secret-with-two-keys",
        releases: &["3.7", "3.4"],
        seen: RecordedFault::Status(500),
        said: &[
            "error: 500 Internal Server Error: tls: failed to verify certificate: x509: certificate signed by unknown authority",
            "error: Error while loading CA Secret: secret '<namespace>/externca' has no CA block: secret <namespace>/externca contains neither tls.ca nor ca.crt",
        ],
    },
    Negative {
        fault: "ca-secret-with-two-keys",
        releases: &["3.0"],
        seen: RecordedFault::Status(500),
        said: &[
            "error: Error while loading rootCAs externca: could not find CA block: secret <namespace>/externca contains neither tls.ca nor ca.crt",
        ],
    },
    Negative {
        fault: "ca-secret-with-two-keys",
        releases: &["2.11"],
        seen: RecordedFault::Status(500),
        said: &[
            "error: '500 Internal Server Error' caused by: tls: failed to verify certificate: x509: certificate signed by unknown authority",
            "error: Error while loading rootCAs externca: could not find CA block: secret <namespace>/externca contains neither tls.ca nor ca.crt",
        ],
    },
    Negative {
        fault: "ca-secret-with-ca-crt-and-another-key",
        releases: &["3.7", "3.4", "3.0", "2.11"],
        seen: RecordedFault::Status(200),
        said: &[],
    },
    Negative {
        fault: "root-cas",
        releases: &["3.7", "3.4"],
        seen: RecordedFault::Status(200),
        said: &[],
    },
    Negative {
        fault: "root-cas",
        releases: &["3.0", "2.11"],
        seen: RecordedFault::Refused,
        said: &["strict decoding error: unknown field \"spec.rootCAs\""],
    },
    Negative {
        fault: "root-cas-secrets",
        releases: &["3.7", "3.4"],
        seen: RecordedFault::Status(200),
        said: &[
            "warning: RootCAsSecrets option is deprecated, please use the RootCA option instead.",
        ],
    },
    Negative {
        fault: "root-cas-secrets",
        releases: &["3.0", "2.11"],
        seen: RecordedFault::Status(200),
        said: &[],
    },
    Negative {
        fault: "min-version-alone",
        releases: &["3.7"],
        seen: RecordedFault::Status(500),
        said: &[
            "error: 500 Internal Server Error: tls: failed to verify certificate: x509: cannot validate certificate for <httpd> because it doesn't contain any IP SANs",
            "error: Could not configure HTTP Transport <namespace>-transport-selfsigned@kubernetescrd TLS configuration, fallback on default TLS config: TLS minimum version VersionTLS12 is above the maximum version",
        ],
    },
    Negative {
        fault: "min-version-alone",
        releases: &["3.4", "3.0", "2.11"],
        seen: RecordedFault::Refused,
        said: &["strict decoding error: unknown field \"spec.minVersion\""],
    },
    Negative {
        fault: "min-version-below-max-version",
        releases: &["3.7"],
        seen: RecordedFault::Status(200),
        said: &[],
    },
    Negative {
        fault: "min-version-below-max-version",
        releases: &["3.4", "3.0", "2.11"],
        seen: RecordedFault::Refused,
        said: &[
            "strict decoding error: unknown field \"spec.maxVersion\", unknown field \"spec.minVersion\"",
        ],
    },
    Negative {
        fault: "old-api-group",
        releases: &["3.7", "3.4", "3.0"],
        seen: RecordedFault::Refused,
        said: &[
            "no matches for kind \"ServersTransport\" in version \"traefik.containo.us/v1alpha1\"",
            "no matches for kind \"IngressRoute\" in version \"traefik.containo.us/v1alpha1\"",
        ],
    },
    Negative {
        fault: "old-api-group",
        releases: &["2.11"],
        seen: RecordedFault::Status(200),
        said: &[],
    },
    Negative {
        fault: "two-default-stores",
        releases: &["3.7", "3.4", "3.0", "2.11"],
        seen: RecordedFault::Status(200),
        said: &[
            "error: Default TLS Stores defined in multiple namespaces: [<namespace> <namespace>-2]",
        ],
    },
    Negative {
        fault: "two-default-stores-without-certificates",
        releases: &["3.7", "3.4", "3.0", "2.11"],
        seen: RecordedFault::GeneratedCertificate,
        said: &[
            "error: Default TLS Stores defined in multiple namespaces: [<namespace> <namespace>-2]",
        ],
    },
];
