//! The fields of a ServersTransport, by release.

use crate::release::Release;

/// The field of the CAs that are trusted.
pub(in crate::lint) const ROOT_CAS: &str = "rootCAs";

/// Fields of a ServersTransport's spec and the release that brought them
/// (`kubernetes-crd-definition-v1.yml` of 18 releases from 2.7.3 to 3.7.9).
pub(in crate::lint) const FIELDS: [(&str, Release); 14] = [
    ("serverName", OLD),
    ("insecureSkipVerify", OLD),
    (ROOT_CAS, Release::exactly(3, 4, 1)),
    ("rootCAsSecrets", OLD),
    ("certificatesSecrets", OLD),
    ("maxIdleConnsPerHost", OLD),
    ("disableHTTP2", OLD),
    ("peerCertURI", OLD),
    // On the main branch in July 2026, and not in 3.7.13.
    ("peerCertSANs", Release::exactly(3, 8, 0)),
    ("forwardingTimeouts", OLD),
    ("spiffe", Release::exactly(3, 0, 0)),
    ("cipherSuites", Release::exactly(3, 7, 0)),
    ("minVersion", Release::exactly(3, 7, 0)),
    ("maxVersion", Release::exactly(3, 7, 0)),
];
const OLD: Release = Release::exactly(2, 9, 0);

/// Returns whether some release of a ServersTransport has a field.
pub(in crate::lint) fn is_known(field: &str) -> bool {
    FIELDS.iter().any(|(name, _)| *name == field)
}
