//! Takes a certificate and its key from files, as a certificate authority or a person hands them over.

use super::certificate::{Certificate, Details};
use super::key::{self, PrivateKey};
use super::validity::format_instant;
use super::{SubjectAltName, verify};
use crate::fault::{Fault, Faults};
use time::{Duration, OffsetDateTime};

/// Apple refuses server certificates that are valid for longer under any root, those added by a user included
/// (support.apple.com/103769); browsers took the number over for public ones.
const BROWSER_LIMIT: Duration = Duration::days(825);

/// A certificate, the intermediates above it, and its key.
#[derive(Debug)]
pub struct Bundle {
    /// The leaf, then each one's issuer; without a root.
    pub certificates: Vec<Certificate>,
    /// The leaf's key, as PKCS#8.
    pub key: PrivateKey,
    /// What a user should know about it, one sentence each.
    pub warnings: Vec<String>,
}

/// A PEM text and the name of the file it comes from.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The name, for errors.
    pub file: &'a str,
    /// The text.
    pub text: &'a str,
}

/// Puts a bundle together from one or several PEM texts and checks it.
///
/// The certificates must come leaf first, each followed by its issuer, as RFC 8446 section 4.4.2 has a server
/// send them; the key may stand anywhere. Every name in `names` must be covered.
///
/// # Errors
/// All faults: no certificate, no or several keys, a key of another certificate, a wrong order or a gap, a
/// certificate that is expired, not yet valid, weak (SHA-1, RSA below 2048 bits, a key that browsers refuse), a
/// CA, without subject alternative names, not for servers, or whose key is published on the internet.
pub fn import(
    sources: &[Source<'_>],
    names: &[SubjectAltName],
    now: OffsetDateTime,
) -> Result<Bundle, Vec<Fault>> {
    let mut faults = Faults::default();
    let mut certificates: Vec<(Certificate, Source<'_>)> = Vec::new();
    let mut keys: Vec<(PrivateKey, Source<'_>)> = Vec::new();
    for source in sources {
        if key::is_encrypted(source.text) {
            faults.keep(PrivateKey::from_pem(source.text).map_err(|fault| fault.file(source.file)));
            continue;
        }
        let read = faults
            .keep(Certificate::all_from_pem(source.text).map_err(|fault| fault.file(source.file)));
        certificates.extend(
            read.unwrap_or_default()
                .into_iter()
                .map(|certificate| (certificate, *source)),
        );
        if source.text.contains("PRIVATE KEY-----") {
            let key = PrivateKey::from_pem(source.text).and_then(PrivateKey::into_pkcs8);
            keys.extend(
                faults
                    .keep(key.map_err(|fault| fault.file(source.file)))
                    .map(|key| (key, *source)),
            );
            if source.text.matches("PRIVATE KEY-----").count() > 2 {
                faults.push(
                    Fault::new("there is more than one private key")
                        .help("keep the leaf's only")
                        .file(source.file),
                );
            }
        }
    }
    let file = sources.first().map_or("", |source| source.file);
    if certificates.is_empty() {
        faults.push(
            Fault::new("there is no certificate")
                .help("a PEM block `CERTIFICATE` is needed")
                .file(file),
        );
    }
    if keys.len() != 1 && faults.is_empty() {
        let fault = if keys.is_empty() {
            Fault::new("there is no private key").help("give it with `--key FILE`")
        } else {
            Fault::new("there is more than one private key").help("give the leaf's only")
        };
        faults.push(fault.file(file));
    }
    let (Some((key, key_source)), false) = (keys.pop(), certificates.is_empty()) else {
        return faults.finish(None);
    };
    if !faults.is_empty() {
        return faults.finish(None);
    }
    let mut warnings = Vec::new();
    check_key(&certificates, &key, key_source, &mut faults);
    check_order(&mut certificates, &mut faults, &mut warnings);
    for (index, (certificate, source)) in certificates.iter().enumerate() {
        let Some(details) = faults.keep(
            certificate
                .details()
                .map_err(|fault| fault.file(source.file)),
        ) else {
            continue;
        };
        let mut check = |fault: Fault| faults.push(fault.file(source.file));
        check_any(&details, now, &mut check);
        if index == 0 {
            check_leaf(&details, names, &mut check);
            warnings.extend(leaf_warnings(&details, now));
        }
    }
    let certificates = certificates
        .into_iter()
        .map(|(certificate, _)| certificate)
        .collect();
    faults.finish(Some(Bundle {
        certificates,
        key,
        warnings,
    }))
}

fn check_key(
    certificates: &[(Certificate, Source<'_>)],
    key: &PrivateKey,
    source: Source<'_>,
    faults: &mut Faults,
) {
    let belongs = |certificate: &Certificate| verify::belongs(certificate, key).is_ok();
    match certificates
        .iter()
        .position(|(certificate, _)| belongs(certificate))
    {
        Some(0) => {}
        Some(position) => {
            let what = format!(
                "the private key belongs to certificate {} of the bundle, not to the first",
                position + 1
            );
            faults.push(
                Fault::new(what)
                    .help("put the server's certificate first, each followed by its issuer")
                    .file(source.file),
            );
        }
        None => faults.push(
            Fault::new("the private key does not belong to the certificate")
                .help("give the key that the certificate was requested with")
                .file(source.file),
        ),
    }
}

/// Checks that each certificate is followed by its issuer, and drops a root at the end.
fn check_order(
    certificates: &mut Vec<(Certificate, Source<'_>)>,
    faults: &mut Faults,
    warnings: &mut Vec<String>,
) {
    for (index, pair) in certificates.windows(2).enumerate() {
        let [(certificate, _), (issuer, source)] = pair else {
            continue;
        };
        let subject = |certificate: &Certificate| {
            certificate
                .details()
                .map(|details| details.subject)
                .unwrap_or_default()
        };
        if verify::signed_by(certificate, issuer).is_err() {
            let what = format!(
                "certificate {} (`{}`) is not the issuer of certificate {} (`{}`)",
                index + 2,
                subject(issuer),
                index + 1,
                subject(certificate),
            );
            let help = "put the server's certificate first, each followed by its issuer, and leave the others out";
            faults.push(Fault::new(what).help(help).file(source.file));
        }
    }
    let is_root = |certificate: &Certificate| {
        certificate
            .details()
            .is_ok_and(|details| details.self_issued)
    };
    if certificates.len() > 1
        && certificates
            .last()
            .is_some_and(|(certificate, _)| is_root(certificate))
    {
        certificates.pop();
        warnings
            .push("the root certificate at the end is left out: clients have their own".to_owned());
    }
}

fn check_any(details: &Details, now: OffsetDateTime, check: &mut impl FnMut(Fault)) {
    let subject = if details.subject.is_empty() {
        &details.serial
    } else {
        &details.subject
    };
    let validity = details.validity;
    if now > validity.not_after {
        let what = format!(
            "certificate `{subject}` expired at {}",
            format_instant(validity.not_after)
        );
        check(Fault::new(what).help("ask for a new one"));
    }
    if now < validity.not_before {
        let what = format!(
            "certificate `{subject}` is not valid before {}",
            format_instant(validity.not_before)
        );
        check(Fault::new(what).help("wait, or check the clock"));
    }
    if details.weak_signature {
        let what = format!(
            "certificate `{subject}` is signed with {}",
            details.signature_algorithm
        );
        check(Fault::new(what).help("TLS clients refuse MD5 and SHA-1; ask for a new one"));
    }
    if let Some(why) = details.weak_key {
        check(
            Fault::new(format!(
                "certificate `{subject}` has a key of kind {}",
                details.key
            ))
            .help(why),
        );
    }
    if let Some(published) = details.published_as {
        let what = format!(
            "the private key of certificate `{subject}` is published on the internet (SELFKEYS `{published}`)"
        );
        check(Fault::new(what).help("anyone can impersonate the server: make new keys"));
    }
}

fn check_leaf(details: &Details, names: &[SubjectAltName], check: &mut impl FnMut(Fault)) {
    if details.is_ca {
        check(
            Fault::new("the certificate is a CA, not a server's")
                .help("sign a leaf with it: `civi-ingress cert --ca-cert … --ca-key …`"),
        );
    }
    if details.subject_alt_names.is_empty() {
        check(
            Fault::new("the certificate has no subject alternative name")
                .help("clients ignore the common name (RFC 9525)"),
        );
    } else {
        for name in names.iter().filter(|name| !details.covers(name)) {
            let what = format!(
                "no subject alternative name covers `{name}`: {}",
                details.subject_alt_names.join(", ")
            );
            check(Fault::new(what).help("a wildcard covers exactly one label"));
        }
    }
    if let Some(usages) = &details.extended_key_usages
        && !usages
            .iter()
            .any(|usage| usage == "serverAuth" || usage == "any")
    {
        check(
            Fault::new(format!(
                "the certificate is for {}, not for servers",
                usages.join(", ")
            ))
            .help("ask for extended key usage serverAuth"),
        );
    }
}

fn leaf_warnings(details: &Details, now: OffsetDateTime) -> Vec<String> {
    let validity = details.validity;
    let mut warnings = Vec::new();
    if now >= validity.due_at() {
        warnings.push(format!(
            "the certificate ends at {}: renew it soon",
            format_instant(validity.not_after)
        ));
    }
    if validity.not_after - validity.not_before > BROWSER_LIMIT {
        warnings.push(
            "the certificate is valid for more than 825 days: Apple's clients refuse it".to_owned(),
        );
    }
    if details.self_issued {
        warnings.push("the certificate is signed with its own key: several clients refuse such a one even as trusted".to_owned());
    }
    warnings
}
