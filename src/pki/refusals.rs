//! What clients refuse of a certificate: one table for all that take certificates or look at them.
//!
//! Measured on chains that have one fault each, with Go 1.27 (`crypto/x509`), OpenSSL 3.0 with `-x509_strict`,
//! GnuTLS 3.7 and Python's cryptography 50. What Go refuses, Traefik refuses.

use super::certificate::Details;
use std::borrow::Cow;

/// What a certificate is to be used as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// A CA: trusted, or between a root and a leaf.
    Authority,
    /// What a server shows.
    Server,
}

/// A rule of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalRule {
    /// A serial number below zero.
    NegativeSerial,
    /// A serial number of zero.
    ZeroSerial,
    /// An extension that appears twice.
    RepeatedExtension,
    /// A critical extension that clients do not know.
    UnknownCritical,
    /// A signature whose algorithm is named in two ways.
    TwoAlgorithms,
    /// A signature with SHA-1 or MD5.
    WeakSignature,
    /// A key that is too short, or of a kind that clients do not accept.
    WeakKey,
    /// Version 1 or 2, which have no extensions that say what the certificate is for.
    OldVersion,
    /// A CA whose basic constraints do not say so.
    NoAuthority,
    /// A CA whose basic constraints may be passed over.
    UncriticalConstraints,
    /// A CA without key usage.
    NoKeyUsage,
    /// A CA whose key usage leaves out signing.
    NotForSigning,
    /// A CA whose extended key usage leaves out servers.
    AuthorityNotForServers,
    /// A CA without a subject.
    NamelessAuthority,
    /// A CA without subject key identifier.
    NoSubjectKeyId,
    /// A server's certificate whose extended key usage leaves out servers.
    NotForServers,
    /// A server's certificate that is a CA.
    AuthorityAsServer,
    /// A server's certificate without subject alternative names.
    NoNames,
    /// A server's certificate without subject whose names are not critical.
    UncriticalNames,
    /// A certificate that does not say which key signed it.
    NoAuthorityKeyId,
}

/// That a certificate breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which.
    pub rule: RefusalRule,
    /// What is wrong, to be put behind the certificate's name: `has a negative serial number`.
    pub what: String,
    /// Who refuses it.
    pub by: &'static str,
    /// What to do.
    pub help: &'static str,
    /// Whether Go refuses it, and so Traefik. What others refuse is a matter of who the clients are.
    pub is_fatal: bool,
}

/// A row: the rule, what it is for, when it is broken, who refuses it, and what to do.
struct RefusalRow {
    rule: RefusalRule,
    of: Option<Use>,
    what: fn(&Details) -> Option<String>,
    by: &'static str,
    help: &'static str,
    is_fatal: bool,
}

const GO_AND_ALL: &str = "Go, and so Traefik, OpenSSL and browsers";
const STRICT: &str = "OpenSSL with strict checks and Python";
const NEW: &str = "ask for a new one";
const NEW_CA: &str = "make a new CA: `civi-ingress ca`";

/// Returns a fixed text where a rule is broken.
fn when(is_broken: bool, what: &str) -> Option<String> {
    is_broken.then(|| what.to_owned())
}

fn leaves_out(usages: Option<&Vec<Cow<'static, str>>>) -> Option<String> {
    let usages = usages?;
    let serves = |usage: &Cow<'_, str>| usage == "serverAuth" || usage == "any";
    (!usages.iter().any(serves)).then(|| format!("is for {}, not for servers", usages.join(", ")))
}

const TABLE: [RefusalRow; 20] = [
    RefusalRow {
        rule: RefusalRule::NegativeSerial,
        of: None,
        what: |details| when(details.serial_sign < 0, "has a negative serial number"),
        by: "Go, and so Traefik, and Python",
        help: NEW,
        is_fatal: true,
    },
    RefusalRow {
        rule: RefusalRule::ZeroSerial,
        of: None,
        what: |details| when(details.serial_sign == 0, "has the serial number 0"),
        by: "linters (RFC 5280 section 4.1.2.2)",
        help: NEW,
        is_fatal: false,
    },
    RefusalRow {
        rule: RefusalRule::RepeatedExtension,
        of: None,
        what: |details| when(details.repeats_extension, "has an extension twice"),
        by: "Go, and so Traefik, OpenSSL and Python",
        help: NEW,
        is_fatal: true,
    },
    RefusalRow {
        rule: RefusalRule::UnknownCritical,
        of: None,
        what: |details| {
            let identifier = details.unknown_critical.as_ref()?;
            Some(format!(
                "has the critical extension {identifier}, which few know"
            ))
        },
        by: GO_AND_ALL,
        help: NEW,
        is_fatal: true,
    },
    RefusalRow {
        rule: RefusalRule::TwoAlgorithms,
        of: None,
        what: |details| {
            when(
                details.names_two_algorithms,
                "names two algorithms for its signature (RFC 5280 section 4.1.1.2)",
            )
        },
        by: "Go, and so Traefik, OpenSSL and Python",
        help: "a program has rewritten it since it was signed, as node-forge does; take it as it was issued",
        is_fatal: true,
    },
    RefusalRow {
        rule: RefusalRule::WeakSignature,
        of: None,
        // Nobody verifies the signature of a root.
        what: |details| {
            (details.weak_signature && !(details.is_ca && details.self_issued))
                .then(|| format!("is signed with {}", details.signature_algorithm))
        },
        by: GO_AND_ALL,
        help: "TLS clients refuse MD5 and SHA-1; ask for a new one",
        is_fatal: true,
    },
    RefusalRow {
        rule: RefusalRule::WeakKey,
        of: None,
        what: |details| {
            details.weak_key?;
            Some(format!("has a key of kind {}", details.key))
        },
        by: "browsers and OpenSSL as Debian configures it",
        help: "make a new key: ECDSA on P-256 or RSA with 2048 bits",
        is_fatal: true,
    },
    RefusalRow {
        rule: RefusalRule::OldVersion,
        of: None,
        what: |details| {
            (details.version < 3)
                .then(|| format!("is of version {}, without any extension", details.version))
        },
        by: STRICT,
        help: NEW,
        is_fatal: false,
    },
    RefusalRow {
        rule: RefusalRule::NoAuthority,
        of: Some(Use::Authority),
        // Go takes a certificate of version 1 for a CA (`CheckSignatureFrom`).
        what: |details| {
            when(
                !details.is_ca && details.version == 3,
                "is not a CA (basic constraints without cA)",
            )
        },
        by: GO_AND_ALL,
        help: NEW_CA,
        is_fatal: true,
    },
    RefusalRow {
        rule: RefusalRule::UncriticalConstraints,
        of: Some(Use::Authority),
        what: |details| {
            when(
                details.is_ca && !details.critical_constraints,
                "has basic constraints that are not critical",
            )
        },
        by: STRICT,
        help: NEW_CA,
        is_fatal: false,
    },
    RefusalRow {
        rule: RefusalRule::NoKeyUsage,
        of: Some(Use::Authority),
        what: |details| {
            when(
                details.is_ca && details.key_usages.is_none(),
                "has no key usage",
            )
        },
        by: STRICT,
        help: NEW_CA,
        is_fatal: false,
    },
    RefusalRow {
        rule: RefusalRule::NotForSigning,
        of: Some(Use::Authority),
        what: |details| {
            let usages = details.key_usages.as_ref()?;
            when(
                !usages.contains(&"keyCertSign"),
                "may not sign certificates (key usage without keyCertSign)",
            )
        },
        by: GO_AND_ALL,
        help: NEW_CA,
        is_fatal: true,
    },
    RefusalRow {
        rule: RefusalRule::AuthorityNotForServers,
        of: Some(Use::Authority),
        what: |details| leaves_out(details.extended_key_usages.as_ref()),
        by: "Go, and so Traefik, OpenSSL and Python",
        help: "a CA needs no extended key usage; one that has it needs serverAuth",
        is_fatal: true,
    },
    RefusalRow {
        rule: RefusalRule::NamelessAuthority,
        of: Some(Use::Authority),
        what: |details| when(details.subject.is_empty(), "has no subject"),
        by: STRICT,
        help: NEW_CA,
        is_fatal: false,
    },
    RefusalRow {
        rule: RefusalRule::NoSubjectKeyId,
        of: Some(Use::Authority),
        what: |details| {
            when(
                details.is_ca && details.subject_key_id.is_none(),
                "has no subject key identifier",
            )
        },
        by: STRICT,
        help: NEW_CA,
        is_fatal: false,
    },
    RefusalRow {
        rule: RefusalRule::NotForServers,
        of: Some(Use::Server),
        what: |details| leaves_out(details.extended_key_usages.as_ref()),
        by: GO_AND_ALL,
        help: "ask for extended key usage serverAuth",
        is_fatal: true,
    },
    RefusalRow {
        rule: RefusalRule::AuthorityAsServer,
        of: Some(Use::Server),
        what: |details| when(details.is_ca, "is a CA, not a server's"),
        by: "Firefox, Java, Python and rustls",
        help: "sign a leaf with it: `civi-ingress cert --ca-cert … --ca-key …`",
        is_fatal: false,
    },
    RefusalRow {
        rule: RefusalRule::NoNames,
        of: Some(Use::Server),
        what: |details| {
            when(
                details.subject_alt_names.is_empty(),
                "has no subject alternative name",
            )
        },
        by: GO_AND_ALL,
        help: "clients ignore the common name (RFC 9525)",
        is_fatal: true,
    },
    RefusalRow {
        rule: RefusalRule::UncriticalNames,
        of: Some(Use::Server),
        what: |details| {
            let is_broken = details.subject.is_empty()
                && !details.subject_alt_names.is_empty()
                && !details.critical_names;
            when(
                is_broken,
                "has no subject, and its subject alternative names are not critical",
            )
        },
        by: STRICT,
        help: NEW,
        is_fatal: false,
    },
    RefusalRow {
        rule: RefusalRule::NoAuthorityKeyId,
        of: None,
        what: |details| {
            let is_broken =
                details.version == 3 && !details.self_issued && details.authority_key_id.is_none();
            when(is_broken, "has no authority key identifier")
        },
        by: STRICT,
        help: NEW,
        is_fatal: false,
    },
];

/// Returns whether a certificate may sign others.
#[must_use]
pub fn may_sign(details: &Details) -> bool {
    let of_signing = [RefusalRule::NoAuthority, RefusalRule::NotForSigning];
    let mut rows = TABLE.iter().filter(|row| of_signing.contains(&row.rule));
    rows.all(|row| (row.what)(details).is_none())
}

/// Returns the rules that a certificate breaks for a use, in the order of the table.
#[must_use]
pub fn of(details: &Details, used: Use) -> Vec<Refusal> {
    let rows = TABLE
        .iter()
        .filter(|row| row.of.is_none_or(|of| of == used));
    rows.filter_map(|row| {
        Some(Refusal {
            rule: row.rule,
            what: (row.what)(details)?,
            by: row.by,
            help: match row.rule {
                RefusalRule::WeakKey => details.weak_key.unwrap_or(row.help),
                _ => row.help,
            },
            is_fatal: row.is_fatal,
        })
    })
    .collect()
}
