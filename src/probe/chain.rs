//! What is wrong with the certificates that a server sends: all of it at once, in words, and for Traefik's leg in
//! the words that Traefik logs.
//!
//! Whether a certificate is taken is decided by the verifier of the connection; this explains why not. Go's rules
//! (crypto/x509 of Go 1.27, `Certificate.Verify` and `HostnameError`) differ from a browser's in two things that
//! matter: a certificate in the pool is trusted even when it is not a CA, and an authority past its end is not.

use super::trust::{ExpectedName, RootOrigin, TrustedRoots};
use super::{Check, Finding, Leg, Verdict};
use crate::pki::certificate::Details;
use crate::pki::refusals::{self, Refusal, RefusalRule, Use};
use crate::pki::validity::{Validity, format_instant};
use crate::pki::{Certificate, SubjectAltName, verify};
use pki_types::{CertificateDer, ServerName, UnixTime};
use std::time::Duration as StdDuration;
use time::{Duration, OffsetDateTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};

/// Common name of the certificate that Traefik makes at its start and serves where it has no other
/// (pkg/tls/generate/generate.go, v3.7.9).
const TRAEFIK_DEFAULT: &str = "TRAEFIK DEFAULT CERT";

/// What is expected of a chain, and which object to fix where it is not met.
#[derive(Debug)]
pub struct Expected<'a> {
    /// Who looks at it.
    pub leg: Leg,
    /// The name that the leaf must have.
    pub name: &'a ExpectedName,
    /// The authorities that are trusted.
    pub trust: &'a TrustedRoots,
    /// The present.
    pub now: OffsetDateTime,
    /// From how long before its end a certificate is reported.
    pub within: Duration,
    /// Whether Traefik looks at it at all: not with `insecureSkipVerify`.
    pub is_verified: bool,
    /// What Traefik does where it refuses the certificate, such as `answers 500`.
    pub follows: &'static str,
    /// Where a missing intermediate belongs, such as `tls.crt of Secret default/wildcardsecret`; nothing where the
    /// certificate is known to be another than the one that is meant.
    pub holder: Option<String>,
    /// What to do where the certificate is of another authority.
    pub fix_trust: String,
    /// What to do where the name is missing.
    pub fix_name: String,
    /// What to do where the certificate has ended or ends soon.
    pub fix_dates: String,
}

/// The certificates that a server sent, read.
#[derive(Debug)]
pub struct Sent {
    /// Leaf first, as far as they are readable.
    pub certificates: Vec<(Certificate, Details)>,
    /// Those that are not.
    pub unreadable: Vec<Finding>,
}

impl Sent {
    /// Reads the certificates of a handshake.
    #[must_use]
    pub fn read(chain: &[Vec<u8>]) -> Self {
        let mut certificates = Vec::new();
        let mut unreadable = Vec::new();
        for (index, der) in chain.iter().enumerate() {
            let read = Certificate::from_der(CertificateDer::from(der.clone()))
                .and_then(|certificate| Ok((certificate.details()?, certificate)));
            match read {
                Ok((details, certificate)) => certificates.push((certificate, details)),
                Err(fault) => {
                    let what = format!("certificate {} of the chain: {}", index + 1, fault.what);
                    unreadable.push(Finding::new(Check::Chain, Verdict::Broken, what));
                    if index == 0 {
                        break;
                    }
                }
            }
        }
        Self {
            certificates,
            unreadable,
        }
    }
}

/// Returns whether Traefik made this certificate itself.
#[must_use]
pub fn is_traefik_default(details: &Details) -> bool {
    details.common_name.as_deref() == Some(TRAEFIK_DEFAULT)
}

/// Looks at a chain.
#[must_use]
pub fn examine(sent: &Sent, expected: &Expected<'_>) -> Vec<Finding> {
    let mut findings = sent.unreadable.clone();
    let Some((leaf, details)) = sent.certificates.first() else {
        return findings;
    };
    findings.push(order(sent));
    if is_traefik_default(details) {
        let what = "the server sends Traefik's own `TRAEFIK DEFAULT CERT`: Traefik has no certificate for this name";
        findings.push(Finding::new(Check::Trust, Verdict::Broken, what).fix(
            "there must be one TLSStore `default` in the whole cluster (two are both dropped), and the Secret that it \
             names, with tls.crt and tls.key, in its namespace: `civi-ingress wildcard-secret --tls-store`",
        ));
        return findings;
    }
    let dates = dates(sent, expected);
    let name = name(leaf, details, expected);
    let trust = trust(sent, expected);
    // Go looks at the leaf's dates, then at its name, then for a path; it logs the first fault only.
    let mut said = false;
    for (mut finding, go) in [dates, name, trust] {
        let is_first = expected.leg == Leg::Backend && expected.is_verified && !said;
        if let (true, Verdict::Broken, Some(go)) = (is_first, finding.verdict, go) {
            said = true;
            finding.what = format!(
                "{}; Traefik logs `tls: failed to verify certificate: x509: {go}` and {}",
                finding.what, expected.follows
            );
        }
        findings.push(finding);
    }
    findings
}

/// Reports whether each certificate is followed by its issuer (RFC 5246 section 7.4.2).
fn order(sent: &Sent) -> Finding {
    let certificates = &sent.certificates;
    let names = |(certificate, details): &(Certificate, Details)| {
        let subject = if details.subject.is_empty() {
            details.subject_alt_names.join(", ")
        } else {
            details.subject.clone()
        };
        let end = if certificate.names_as_issuer(certificate) {
            " (a root)"
        } else {
            ""
        };
        format!("`{subject}`{end}")
    };
    let list: Vec<String> = certificates.iter().map(names).collect();
    let what = format!("{} sent: {}", list.len(), list.join(", then "));
    let in_order = certificates
        .windows(2)
        .all(|pair| pair[0].0.names_as_issuer(&pair[1].0));
    if !in_order {
        return Finding::new(
            Check::Chain,
            Verdict::Warning,
            format!("{what}: not every certificate is followed by its issuer"),
        )
        .fix("put the leaf first and each issuer below it; some clients accept no other order");
    }
    let root = certificates.len() > 1
        && certificates
            .last()
            .is_some_and(|(last, _)| last.names_as_issuer(last));
    if root {
        let what = format!("{what}; clients have the root themselves");
        return Finding::new(Check::Chain, Verdict::Note, what);
    }
    Finding::new(Check::Chain, Verdict::Good, what)
}

type Judged = (Finding, Option<String>);

/// What Go logs where no path leads to an authority that it takes.
const UNKNOWN: &str = "certificate signed by unknown authority";

fn dates(sent: &Sent, expected: &Expected<'_>) -> Judged {
    let now = expected.now;
    // An old cross-signature beside a path that holds does no harm yet.
    let holds = path(sent, &expected.trust.anchors, now).is_ok();
    let mut worst: Option<Judged> = None;
    for (index, (_, details)) in sent.certificates.iter().enumerate() {
        let Validity {
            not_before,
            not_after,
        } = details.validity;
        let whose = if index == 0 {
            "the certificate".to_owned()
        } else {
            format!("the intermediate `{}`", details.subject)
        };
        let (begin, end) = (format_instant(not_before), format_instant(not_after));
        let judged = if now > not_after {
            let days = (now - not_after).whole_days();
            (
                Verdict::Broken,
                format!("{whose} has expired, at {end} ({days} days ago)"),
                Some(go_dates(now, "after", &end)),
            )
        } else if now < not_before {
            (
                Verdict::Broken,
                format!("{whose} is not valid yet: it begins at {begin}"),
                Some(go_dates(now, "before", &begin)),
            )
        } else if not_after - now < expected.within {
            let days = (not_after - now).whole_days();
            (
                Verdict::Warning,
                format!("{whose} expires in {days} days, at {end}"),
                None,
            )
        } else {
            let days = (not_after - now).whole_days();
            (
                Verdict::Good,
                format!("valid until {end}, {days} days left"),
                None,
            )
        };
        let (mut verdict, what, go) = judged;
        if index > 0 && holds {
            verdict = verdict.min(Verdict::Warning);
        }
        if worst
            .as_ref()
            .is_none_or(|(finding, _)| verdict > finding.verdict)
        {
            let mut finding = Finding::new(Check::Dates, verdict, what);
            if verdict > Verdict::Note {
                finding = finding.fix(&expected.fix_dates);
            }
            worst = Some((finding, go));
        }
    }
    worst.expect("a chain has a leaf")
}

fn go_dates(now: OffsetDateTime, relation: &str, then: &str) -> String {
    let now = format_instant(now);
    format!("certificate has expired or is not yet valid: current time {now} is {relation} {then}")
}

fn name(leaf: &Certificate, details: &Details, expected: &Expected<'_>) -> Judged {
    let wanted = expected.name;
    let names = &details.subject_alt_names;
    if covers(leaf, wanted) {
        let what = format!("{} covers `{wanted}`", names.join(", "));
        return (Finding::new(Check::Name, Verdict::Good, what), None);
    }
    let common_name = details.common_name.as_deref().unwrap_or_default();
    let legacy = names.is_empty() && common_name.eq_ignore_ascii_case(&wanted.to_string());
    let (what, go) = if legacy {
        (
            format!(
                "the certificate has `{wanted}` as common name only, without subject alternative names"
            ),
            "certificate relies on legacy Common Name field, use SANs instead".to_owned(),
        )
    } else {
        let list = names.join(", ");
        let what = if names.is_empty() {
            "the certificate has no subject alternative name".to_owned()
        } else {
            format!("the certificate is for {list}, not for `{wanted}`")
        };
        (
            format!("{what}{}", too_deep(names, wanted)),
            go_name(names, wanted),
        )
    };
    let finding = Finding::new(Check::Name, Verdict::Broken, what).fix(&expected.fix_name);
    (finding, Some(go))
}

/// Explains a wildcard that stands too high.
fn too_deep(names: &[String], wanted: &ExpectedName) -> String {
    let ExpectedName::Host(host) = wanted else {
        return String::new();
    };
    let wildcard = names.iter().find(|name| {
        name.strip_prefix('*').is_some_and(|domain| {
            host.as_str().ends_with(domain) || domain.strip_prefix('.') == Some(host.as_str())
        })
    });
    wildcard.map_or_else(String::new, |wildcard| {
        format!(": `{wildcard}` covers names with exactly one label in the asterisk's place")
    })
}

/// Go's `HostnameError` (crypto/x509/verify.go).
fn go_name(names: &[String], wanted: &ExpectedName) -> String {
    let is_address = |name: &&String| name.parse::<std::net::IpAddr>().is_ok();
    let fitting: Vec<&str> = match wanted {
        ExpectedName::Address(_) => names
            .iter()
            .filter(is_address)
            .map(String::as_str)
            .collect(),
        ExpectedName::Host(_) => names
            .iter()
            .filter(|name| !is_address(name) && !name.contains(':'))
            .map(String::as_str)
            .collect(),
    };
    match (wanted, fitting.is_empty()) {
        (ExpectedName::Address(address), true) => {
            format!(
                "cannot validate certificate for {address} because it doesn't contain any IP SANs"
            )
        }
        (ExpectedName::Host(host), true) => {
            format!("certificate is not valid for any names, but wanted to match {host}")
        }
        (wanted, false) => format!(
            "certificate is valid for {}, not {wanted}",
            fitting.join(", ")
        ),
    }
}

fn covers(leaf: &Certificate, wanted: &ExpectedName) -> bool {
    let name = match wanted {
        ExpectedName::Host(name) => SubjectAltName::Dns(name.clone()),
        ExpectedName::Address(address) => SubjectAltName::Ip(*address),
    };
    let Ok(end_entity) = EndEntityCert::try_from(leaf.der()) else {
        return false;
    };
    ServerName::try_from(name.to_string())
        .is_ok_and(|name| end_entity.verify_is_valid_for_subject_name(&name).is_ok())
}

fn trust(sent: &Sent, expected: &Expected<'_>) -> Judged {
    let trust = expected.trust;
    let (leaf, details) = &sent.certificates[0];
    let with_fix = |what: String, go: &str, fix: &str| {
        let finding = Finding::new(Check::Trust, Verdict::Broken, what).fix(fix);
        (finding, Some(go.to_owned()))
    };
    let broken = |what: String, go: &str| with_fix(what, go, &expected.fix_trust);
    let error = match path_in_time(sent, expected) {
        (at, Ok(())) => return anchors(sent, expected, at),
        (_, Err(error)) => error,
    };
    if let Some(judged) = trusted_itself(leaf, expected) {
        return judged;
    }
    let why = match error {
        webpki::Error::NameConstraintViolation => {
            return broken(
                "a name of the certificate is outside the name constraints of its CA".to_owned(),
                "a root or intermediate certificate is not authorized to sign for this name",
            );
        }
        webpki::Error::RequiredEkuNotFoundContext(_) => {
            return broken(
                "the certificate may not identify a server (extended key usage without serverAuth)"
                    .to_owned(),
                "certificate specifies an incompatible key usage",
            );
        }
        webpki::Error::CertExpired { .. } | webpki::Error::CertNotValidYet { .. } => {
            let what = format!(
                "the path to {} goes through a certificate that is outside its dates",
                trust.origin
            );
            return with_fix(what, UNKNOWN, &expected.fix_dates);
        }
        // Go does not ask for it (`Certificate.Verify` in `crypto/x509/verify.go`).
        webpki::Error::CaUsedAsEndEntity if expected.leg == Leg::Backend => {
            let what = "the server's certificate is that of a CA: Traefik accepts it, and other clients do not";
            let finding = Finding::new(Check::Trust, Verdict::Warning, what);
            return (finding.fix(&expected.fix_trust), None);
        }
        webpki::Error::CaUsedAsEndEntity => "the server's certificate is that of a CA".to_owned(),
        webpki::Error::UnsupportedSignatureAlgorithmContext(_) => {
            format!(
                "the certificate is signed with {}, which is too weak",
                details.signature_algorithm
            )
        }
        _ if trust.anchors.contains(leaf) => format!(
            "{} holds this very certificate, which is not an authority: that of its issuer `{}` is needed",
            trust.origin, details.issuer
        ),
        _ => {
            let (why, fix) = gap(sent, expected);
            return with_fix(why, UNKNOWN, &fix);
        }
    };
    broken(why, UNKNOWN)
}

/// Warns of a leaf that Traefik trusts by itself, as Go does without an authority (`Certificate.Verify` in
/// `crypto/x509/verify.go`).
fn trusted_itself(leaf: &Certificate, expected: &Expected<'_>) -> Option<Judged> {
    let trust = expected.trust;
    if expected.leg != Leg::Backend || !trust.anchors.contains(leaf) {
        return None;
    }
    let what = format!(
        "{} holds this very certificate: Traefik accepts it, as Go does, but it is not an authority",
        trust.origin
    );
    let finding = Finding::new(Check::Trust, Verdict::Warning, what);
    let finding = finding.fix("make a CA and a certificate of it: `civi-ingress new-instance`");
    Some((finding, None))
}

/// Validates the path at the present, or where the leaf is outside its dates at an instant at which all that is sent
/// was within its own: that the certificate has ended says nothing against its authority.
fn path_in_time(
    sent: &Sent,
    expected: &Expected<'_>,
) -> (OffsetDateTime, Result<(), webpki::Error>) {
    let leaf = sent.certificates[0].1.validity;
    let begin = leaf.not_before;
    let at = expected.now.clamp(begin, leaf.not_after.max(begin));
    let anchors = &expected.trust.anchors;
    let found = path(sent, anchors, at);
    let is_within = at == expected.now;
    if is_within || found.is_ok() {
        return (at, found);
    }
    let validities = sent
        .certificates
        .iter()
        .map(|(_, details)| details.validity);
    let all_began = validities.map(|validity| validity.not_before).max();
    let earlier = all_began.filter(|instant| (begin..=leaf.not_after).contains(instant));
    match earlier {
        Some(earlier) if path(sent, anchors, earlier).is_ok() => (earlier, Ok(())),
        _ => (at, found),
    }
}

/// Describes where the path breaks off, and what to do about it.
fn gap(sent: &Sent, expected: &Expected<'_>) -> (String, String) {
    let trust = expected.trust;
    let leaf = &sent.certificates[0];
    let mut top = leaf;
    for _ in 1..sent.certificates.len() {
        let above = sent.certificates.iter().find(|(certificate, _)| {
            !top.0.names_as_issuer(&top.0) && top.0.names_as_issuer(certificate)
        });
        top = above.unwrap_or(top);
    }
    let is_root = top.0.names_as_issuer(&top.0);
    let origin = &trust.origin;
    let otherwise = expected.fix_trust.clone();
    if trust.anchors.is_empty() {
        let what = format!("{origin}: there is no authority that could be trusted");
        return (what, otherwise);
    }
    if trust
        .anchors
        .iter()
        .any(|anchor| top.0.names_as_issuer(anchor))
        && !is_root
    {
        let what = format!(
            "{origin} holds an authority named `{}`, but another key signed: the authority was reissued",
            top.1.issuer
        );
        return (what, otherwise);
    }
    if is_root && top.0 == leaf.0 {
        let what = format!("the certificate signed itself, and {origin} does not hold it");
        return (what, otherwise);
    }
    if is_root {
        let what = format!(
            "the chain ends at the root `{}`, which is not among {origin}",
            top.1.subject
        );
        return (what, otherwise);
    }
    let issuer = &top.1.issuer;
    let what = format!(
        "no path leads to {origin}: the server does not send the issuer `{issuer}`, and {origin} does not hold it"
    );
    let Some(holder) = &expected.holder else {
        return (what, otherwise);
    };
    // A certificate of a public CA says where its issuer's is, and an intermediate signed it.
    let fix = match &top.1.issuer_url {
        Some(url) => format!(
            "append the certificate of `{issuer}` ({url}) to {holder}; if it is another CA than expected: {otherwise}"
        ),
        None => format!(
            "{otherwise}; if `{issuer}` is an intermediate instead, append its certificate to {holder}"
        ),
    };
    (what, fix)
}

/// Returns what Go refuses of a certificate of a path that the verifier of the connection takes, and Go's words for it.
fn refused(details: &Details, used: Use) -> Option<(Refusal, &'static str)> {
    let words = |refusal: Refusal| {
        let words = match refusal.rule {
            RefusalRule::NegativeSerial => "negative serial number",
            RefusalRule::UnknownCritical => "unhandled critical extension",
            RefusalRule::RepeatedExtension => "certificate contains duplicate extensions",
            RefusalRule::TwoAlgorithms => {
                "inner and outer signature algorithm identifiers don't match"
            }
            RefusalRule::NoAuthority => "certificate is not authorized to sign other certificates",
            RefusalRule::AuthorityNotForServers => {
                "certificate specifies an incompatible key usage"
            }
            RefusalRule::NotForSigning => UNKNOWN,
            // The verifier refuses them too, or they are a matter of the name.
            RefusalRule::WeakSignature
            | RefusalRule::WeakKey
            | RefusalRule::NotForServers
            | RefusalRule::NoNames => {
                return None;
            }
            // Go takes them.
            RefusalRule::ZeroSerial
            | RefusalRule::OldVersion
            | RefusalRule::UncriticalConstraints
            | RefusalRule::NoKeyUsage
            | RefusalRule::NamelessAuthority
            | RefusalRule::NoSubjectKeyId
            | RefusalRule::AuthorityAsServer
            | RefusalRule::UncriticalNames
            | RefusalRule::NoAuthorityKeyId => return None,
        };
        Some((refusal, words))
    };
    refusals::of(details, used).into_iter().find_map(words)
}

/// Judges what Go refuses: behind Traefik nothing works; before it there are other clients.
fn refusal(
    whose: &str,
    (refusal, go): (Refusal, &str),
    is_sent: bool,
    expected: &Expected<'_>,
) -> Judged {
    let mut what = format!("{whose} {}: {} refuse it", refusal.what, refusal.by);
    let verdict = match expected.leg {
        Leg::Front | Leg::Database => Verdict::Warning,
        Leg::Backend => Verdict::Broken,
    };
    // Go does not read such certificates (x509.ParseCertificate); a pool leaves them out silently.
    let is_unread = matches!(
        refusal.rule,
        RefusalRule::NegativeSerial | RefusalRule::RepeatedExtension | RefusalRule::TwoAlgorithms
    );
    let go = match (is_unread, is_sent) {
        (true, true) => {
            if expected.leg == Leg::Backend {
                let follows = expected.follows;
                what = format!(
                    "{what}; Traefik logs `tls: failed to parse certificate from server: x509: {go}` and {follows}"
                );
            }
            None
        }
        (true, false) => Some(UNKNOWN.to_owned()),
        (false, _) => Some(go.to_owned()),
    };
    let finding = Finding::new(Check::Trust, verdict, what).fix(refusal.help);
    (finding, go)
}

/// Finds what Go refuses of the certificates that are sent: the leaf, and each that signed the one before it.
fn refused_of_sent(sent: &Sent, expected: &Expected<'_>) -> Option<Judged> {
    let certificates = &sent.certificates;
    certificates
        .iter()
        .enumerate()
        .find_map(|(index, (certificate, details))| {
            let (used, whose) = match index.checked_sub(1) {
                None => (Use::Server, "the certificate".to_owned()),
                Some(before) if certificates[before].0.names_as_issuer(certificate) => {
                    let whose = format!("the intermediate `{}`", details.name());
                    (Use::Authority, whose)
                }
                Some(_) => return None,
            };
            Some(refusal(&whose, refused(details, used)?, true, expected))
        })
}

/// Looks at the path, which browsers take and Go refuses for what [`refusals`] lists, or where its authority has ended.
fn anchors(sent: &Sent, expected: &Expected<'_>, at: OffsetDateTime) -> Judged {
    if let Some(judged) = refused_of_sent(sent, expected) {
        return judged;
    }
    let mut signing: Vec<&Certificate> = expected
        .trust
        .anchors
        .iter()
        .filter(|anchor| path(sent, std::slice::from_ref(*anchor), at).is_ok())
        .collect();
    let refused_by_go = |anchor: &Certificate| {
        let details = anchor.details().ok()?;
        let found = refused(&details, Use::Authority)?;
        Some((details, found))
    };
    let mut first_refused = None;
    signing.retain(|anchor| {
        let found = refused_by_go(anchor);
        let is_taken = found.is_none();
        first_refused = first_refused.take().or(found);
        is_taken
    });
    if let (Some((details, found)), true) = (first_refused, signing.is_empty()) {
        if let Some(judged) = trusted_itself(&sent.certificates[0].0, expected) {
            return judged;
        }
        let (name, origin) = (details.name(), &expected.trust.origin);
        let whose = format!("the authority `{name}` of {origin}");
        return refusal(&whose, found, false, expected);
    }
    let latest = signing
        .iter()
        .max_by_key(|anchor| anchor.validity().not_after);
    let Some(anchor) = latest else {
        let what = format!("a path leads to {}", expected.trust.origin);
        return (Finding::new(Check::Trust, Verdict::Good, what), None);
    };
    let subject = anchor
        .details()
        .map_or_else(|_| "an authority".to_owned(), |details| details.subject);
    let end = anchor.validity().not_after;
    let origin = &expected.trust.origin;
    if let Some(finding) = unsent(sent, anchor, expected) {
        return (finding, None);
    }
    if expected.now <= end {
        let of = if *origin == RootOrigin::System {
            ""
        } else {
            "of "
        };
        let among = if of.is_empty() { "among " } else { of };
        let what = format!("a path leads to `{subject}` {among}{origin}");
        return (Finding::new(Check::Trust, Verdict::Good, what), None);
    }
    let verdict = match expected.leg {
        Leg::Front | Leg::Database => Verdict::Warning,
        Leg::Backend => Verdict::Broken,
    };
    let text = format_instant(end);
    let what = format!("the authority `{subject}` of {origin} has expired, at {text}");
    let finding = Finding::new(Check::Trust, verdict, what).fix(&expected.fix_trust);
    (finding, Some(go_dates(expected.now, "after", &text)))
}

/// Warns of an intermediate that only the authorities at hand hold: who trusts its root alone finds no path.
fn unsent(sent: &Sent, anchor: &Certificate, expected: &Expected<'_>) -> Option<Finding> {
    let (anchors, origin) = (&expected.trust.anchors, &expected.trust.origin);
    let is_root = anchor.names_as_issuer(anchor);
    let is_sent = sent.certificates.iter().any(|(one, _)| one == anchor);
    let root = anchors
        .iter()
        .find(|root| root.names_as_issuer(root) && verify::signed_by(anchor, root).is_ok())?;
    if expected.leg == Leg::Backend || is_root || is_sent {
        return None;
    }
    let names = [anchor, root].map(|one| {
        one.details()
            .map_or_else(|_| String::new(), |one| one.subject)
    });
    let [name, root] = names;
    let what = format!(
        "a path leads to {origin} only because the intermediate `{name}` is in there: the server does not send it, and who trusts the root `{root}` alone refuses the certificate"
    );
    let holder = expected.holder.as_deref();
    let holder = holder.unwrap_or("what the server sends");
    let fix = format!("append the certificate of `{name}` to {holder}");
    Some(Finding::new(Check::Trust, Verdict::Warning, what).fix(fix))
}

/// Validates the path at `at`, for any name.
fn path(sent: &Sent, anchors: &[Certificate], at: OffsetDateTime) -> Result<(), webpki::Error> {
    let anchors: Vec<_> = anchors
        .iter()
        .filter_map(|anchor| anchor_from_trusted_cert(anchor.der()).ok())
        .collect();
    let mut ders = sent
        .certificates
        .iter()
        .map(|(certificate, _)| certificate.der().clone());
    let leaf = ders.next().expect("a chain has a leaf");
    let intermediates: Vec<CertificateDer<'static>> = ders.collect();
    let seconds = u64::try_from(at.unix_timestamp()).unwrap_or_default();
    let at = UnixTime::since_unix_epoch(StdDuration::from_secs(seconds));
    EndEntityCert::try_from(&leaf)?
        .verify_for_usage(
            ALL_VERIFICATION_ALGS,
            &anchors,
            &intermediates,
            at,
            KeyUsage::server_auth(),
            None,
            None,
        )
        .map(|_| ())
}
