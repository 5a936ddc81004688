//! Takes a certificate and its key from files, as a certificate authority or a person hands them over.

use super::certificate::{Certificate, Details};
use super::key::{self, PrivateKey};
use super::refusals::{self, RefusalRule, Use};
use super::validity::format_instant;
use super::verify::Signature;
use super::{SubjectAltName, pem, verify};
use crate::fault::{Fault, Faults};
use time::{Duration, OffsetDateTime};

/// Apple refuses server certificates that are valid for longer under any root, those added by a user included
/// (support.apple.com/103769); browsers adopted the number for public ones.
const BROWSER_LIMIT: Duration = Duration::days(825);

/// A certificate, the intermediates above it, and its key.
#[derive(Debug)]
pub struct Bundle {
    /// The leaf, then each one's issuer; without a root.
    pub certificates: Vec<Certificate>,
    /// The leaf's key, as PKCS#8.
    pub key: PrivateKey,
    /// The leaf's subject alternative names.
    pub names: Vec<String>,
    /// What a user should know about it, one sentence each.
    pub warnings: Vec<String>,
}

/// A PEM text and the name of the file it comes from.
#[derive(Debug, Clone, Copy)]
pub struct BundleSource<'a> {
    /// The name, for errors.
    pub file: &'a str,
    /// The text.
    pub text: &'a str,
}

/// A certificate that was given.
struct GivenCertificate<'a> {
    certificate: Certificate,
    details: Details,
    file: &'a str,
    /// Its place among all that were given, from 1.
    number: usize,
}

impl GivenCertificate<'_> {
    /// Returns what a message calls it.
    fn name(&self) -> &str {
        self.details.name()
    }

    fn is_valid_at(&self, now: OffsetDateTime) -> bool {
        self.details.is_valid_at(now)
    }

    /// Returns whether another certificate is for the same authority and key, as a cross-certificate is.
    fn is_twin_of(&self, other: &Self) -> bool {
        self.certificate.subject() == other.certificate.subject()
            && self.certificate.public_key_info() == other.certificate.public_key_info()
    }
}

/// Puts a bundle together from one or several PEM texts and checks it.
///
/// The certificates may come in any order; they are brought into that of RFC 8446 section 4.4.2, the leaf first and
/// each followed by its issuer. The leaf is the one that the key belongs to; roots are left out. Every name in `names`
/// must be covered.
///
/// # Errors
/// All faults: a block that is not understood, no certificate, no or several keys, a key of another certificate, a
/// certificate that signed none of the others, one that is expired and needed, not yet valid, refused by Go
/// ([`refusals`]) or whose key is published on the internet; a leaf that is a CA.
pub fn import(
    sources: &[BundleSource<'_>],
    names: &[SubjectAltName],
    now: OffsetDateTime,
) -> Result<Bundle, Vec<Fault>> {
    let mut faults = Faults::default();
    let mut given: Vec<GivenCertificate<'_>> = Vec::new();
    let mut keys: Vec<PrivateKey> = Vec::new();
    let mut key_file = "";
    for source in sources {
        read(source, &mut given, &mut keys, &mut faults);
        if key_file.is_empty() && !keys.is_empty() {
            key_file = source.file;
        }
    }
    let file = sources.first().map_or("", |source| source.file);
    if given.is_empty() && faults.is_empty() {
        faults.push(
            Fault::new("there is no certificate")
                .help("a PEM block `CERTIFICATE` is needed")
                .file(file),
        );
    }
    if keys.len() != 1 && faults.is_empty() {
        let fault = if keys.is_empty() {
            Fault::new("there is no private key").help("pass it with `--key FILE`")
        } else {
            Fault::new("there is more than one private key").help("pass only the leaf's")
        };
        faults.push(fault.file(file));
    }
    let (Some(key), true) = (keys.pop(), faults.is_empty()) else {
        return faults.finish(None);
    };
    let mut warnings = Vec::new();
    let leaf = leaf(&given, &key, now);
    if leaf.is_none() {
        let fault = verify::belongs(&given[0].certificate, &key).err();
        faults.push(
            fault
                .unwrap_or_else(|| Fault::new("there is no certificate for the key"))
                .file(key_file),
        );
    }
    let chain = arrange(given, leaf.unwrap_or(0), now, &mut faults, &mut warnings);
    for (index, member) in chain.iter().enumerate() {
        let mut check = |fault: Fault| faults.push(fault.file(member.file));
        dates(&chain, index, now, &mut check, &mut warnings);
        rules(member, index, &mut check, &mut warnings);
        if index == 0 {
            for name in names.iter().filter(|name| {
                !member.details.subject_alt_names.is_empty() && !member.details.covers(name)
            }) {
                let what = format!(
                    "no subject alternative name covers `{name}`: {}",
                    member.details.subject_alt_names.join(", ")
                );
                check(Fault::new(what).help("a wildcard covers exactly one label"));
            }
            warnings.extend(leaf_warnings(&member.details, now));
        }
    }
    let names = chain[0].details.subject_alt_names.clone();
    let certificates = chain.into_iter().map(|member| member.certificate).collect();
    faults.finish(Some(Bundle {
        certificates,
        key,
        names,
        warnings,
    }))
}

/// Takes what a file holds.
fn read<'a>(
    source: &BundleSource<'a>,
    given: &mut Vec<GivenCertificate<'a>>,
    keys: &mut Vec<PrivateKey>,
    faults: &mut Faults,
) {
    let file = source.file;
    if key::is_encrypted(source.text) {
        faults.keep(PrivateKey::from_pem(source.text).map_err(|fault| fault.file(file)));
        return;
    }
    let mut is_whole = true;
    for der in Certificate::ders_of_pem(source.text) {
        let read = der.and_then(Certificate::with_details);
        is_whole &= read.is_ok();
        let read = faults.keep(read.map_err(|fault| fault.file(file)));
        given.extend(read.map(|(certificate, details)| GivenCertificate {
            certificate,
            details,
            file,
            number: 0,
        }));
    }
    for (index, member) in given.iter_mut().enumerate() {
        member.number = index + 1;
    }
    // A block that is not whole is a fault already.
    let count = match pem::private_keys(source.text) {
        Ok(blocks) => blocks.len(),
        Err(_) if !is_whole => 0,
        Err(fault) => {
            faults.push(fault.file(file));
            0
        }
    };
    if count > 0 {
        let key = PrivateKey::from_pem(source.text).and_then(PrivateKey::into_pkcs8);
        keys.extend(faults.keep(key.map_err(|fault| fault.file(file))));
    }
    if count > 1 {
        faults.push(
            Fault::new("there is more than one private key")
                .help("keep only the leaf's")
                .file(file),
        );
    }
}

/// Finds the certificate of the key; of several, the first that is valid.
fn leaf(given: &[GivenCertificate<'_>], key: &PrivateKey, now: OffsetDateTime) -> Option<usize> {
    let of_key = |member: &&GivenCertificate<'_>| verify::belongs(&member.certificate, key).is_ok();
    let valid = given
        .iter()
        .filter(of_key)
        .find(|member| member.is_valid_at(now));
    let found = valid.or_else(|| given.iter().find(of_key));
    found.map(|member| member.number - 1)
}

/// Brings certificates into the order in which a server sends them, and leaves out roots and duplicates.
fn arrange<'a>(
    mut given: Vec<GivenCertificate<'a>>,
    leaf: usize,
    now: OffsetDateTime,
    faults: &mut Faults,
    warnings: &mut Vec<String>,
) -> Vec<GivenCertificate<'a>> {
    let mut chain = vec![given.remove(leaf)];
    let is_new = |index: usize| {
        let der = given[index].certificate.der();
        chain[0].certificate.der() != der
            && !given[..index]
                .iter()
                .any(|other| other.certificate.der() == der)
    };
    let new: Vec<bool> = (0..given.len()).map(is_new).collect();
    // A root that appears twice is left out twice.
    let mut rest: Vec<GivenCertificate<'_>> = Vec::new();
    for (member, is_new) in given.into_iter().zip(new) {
        if is_new {
            rest.push(member);
        } else if !member.details.self_issued {
            warnings.push(format!(
                "certificate {} (`{}`) appears twice",
                member.number,
                member.name()
            ));
        }
    }
    while let Some(next) = issuer(&chain[chain.len() - 1], &rest, now) {
        let next = rest.remove(next);
        if verify::signature(&chain[chain.len() - 1].certificate, &next.certificate)
            == Signature::Unverified
        {
            let below = &chain[chain.len() - 1];
            warnings.push(format!(
                "whether `{}` signed `{}` is not verified: {} is not an algorithm that is verified here",
                next.name(), below.name(), below.details.signature_algorithm
            ));
        }
        chain.push(next);
    }
    let is_sorted =
        chain.windows(2).all(|pair| pair[0].number < pair[1].number) && chain[0].number == 1;
    if !is_sorted {
        warnings.push(
            "the certificates were not in the order in which servers send them, and have been sorted: the leaf first, each \
             followed by its issuer"
                .to_owned(),
        );
    }
    let mut roots = Vec::new();
    while chain.len() > 1 && chain[chain.len() - 1].details.self_issued {
        roots.extend(chain.pop());
    }
    for member in rest {
        let is_twin = chain
            .iter()
            .chain(&roots)
            .any(|other| member.is_twin_of(other));
        let is_above =
            |below: &GivenCertificate<'_>| below.certificate.names_as_issuer(&member.certificate);
        if member.details.self_issued && (is_twin || chain.iter().any(is_above)) {
            roots.push(member);
        } else if is_twin {
            let end = format_instant(member.details.validity.not_after);
            let (number, name) = (member.number, member.name());
            warnings.push(format!(
                "certificate {number} (`{name}`, until {end}) is left out: there is another one with the same authority and key"
            ));
        } else {
            let what = format!(
                "certificate {} (`{}`) signed none of the others",
                member.number,
                member.name()
            );
            let help = "add the missing certificates in between, or leave it out if it belongs to another chain";
            faults.push(Fault::new(what).help(help).file(member.file));
        }
    }
    let top = &chain[chain.len() - 1];
    if !roots.is_empty() {
        warnings
            .push("the root certificate at the end is left out: clients have their own".to_owned());
    } else if chain.len() == 1 && !top.details.self_issued {
        warnings.push(format!(
            "the certificate of its issuer, `{}`, is missing: unless that is a root that all clients trust, they refuse \
             the certificate; pass the authority's chain too, often `fullchain.pem` or `chain.pem`",
            top.details.issuer
        ));
    }
    chain
}

/// Finds the issuer of a certificate among others: the valid before the expired, and a cross-certificate before a root,
/// because it is the one that clients do not have.
fn issuer(
    below: &GivenCertificate<'_>,
    others: &[GivenCertificate<'_>],
    now: OffsetDateTime,
) -> Option<usize> {
    if below.details.self_issued {
        return None;
    }
    let signs = |member: &GivenCertificate<'_>| {
        below.certificate.names_as_issuer(&member.certificate)
            && verify::signature(&below.certificate, &member.certificate) != Signature::Wrong
    };
    let found = others
        .iter()
        .enumerate()
        .filter(|(_, member)| signs(member));
    let best = found.min_by_key(|(index, member)| {
        (!member.is_valid_at(now), member.details.self_issued, *index)
    });
    best.map(|(index, _)| index)
}

fn dates(
    chain: &[GivenCertificate<'_>],
    index: usize,
    now: OffsetDateTime,
    check: &mut impl FnMut(Fault),
    warnings: &mut Vec<String>,
) {
    let member = &chain[index];
    let (name, validity) = (member.name(), member.details.validity);
    if now < validity.not_before {
        let begin = format_instant(validity.not_before);
        let what = format!("certificate `{name}` is not valid before {begin}");
        check(Fault::new(what).help("wait, or check the clock"));
    }
    if now <= validity.not_after {
        return;
    }
    let what = format!(
        "certificate `{name}` expired at {}",
        format_instant(validity.not_after)
    );
    match index {
        0 => check(Fault::new(what).help("ask for a new one")),
        // Clients that trust the authority itself end the path before it, and the others would refuse the chain
        // without it too.
        _ if index > 1 && index + 1 == chain.len() => warnings.push(format!(
            "{what}: only clients that trust `{name}` itself take the chain; others need the authority's current one"
        )),
        _ => check(Fault::new(what).help(format!(
            "clients need a valid certificate of `{name}`: get the current chain from the authority"
        ))),
    }
}

fn rules(
    member: &GivenCertificate<'_>,
    index: usize,
    check: &mut impl FnMut(Fault),
    warnings: &mut Vec<String>,
) {
    let (name, details) = (member.name(), &member.details);
    let used = if index == 0 {
        Use::Server
    } else {
        Use::Authority
    };
    for refusal in refusals::of(details, used) {
        let what = format!("certificate `{name}` {}", refusal.what);
        // Who takes the key of a CA from a server can sign for any name.
        if refusal.is_fatal || refusal.rule == RefusalRule::AuthorityAsServer {
            check(Fault::new(what).help(refusal.help));
        } else {
            warnings.push(format!("{what}: {} refuse it", refusal.by));
        }
    }
    if let Some(published) = details.published_as {
        let what = format!(
            "the private key of certificate `{name}` is published on the internet (SELFKEYS `{published}`)"
        );
        check(Fault::new(what).help("anyone can impersonate the server: make new keys"));
    }
}

fn leaf_warnings(details: &Details, now: OffsetDateTime) -> Vec<String> {
    let validity = details.validity;
    let mut warnings = Vec::new();
    if now >= validity.due_at() {
        warnings.push(format!(
            "the certificate expires at {}: renew it soon",
            format_instant(validity.not_after)
        ));
    }
    warnings.extend(long_life(validity));
    if details.self_issued {
        warnings.push("the certificate is signed with its own key: several clients refuse such a certificate even if they trust it".to_owned());
    }
    warnings
}

/// Warns that browsers mind how long a certificate is valid, if they do.
#[must_use]
pub fn long_life(validity: super::validity::Validity) -> Option<String> {
    (validity.not_after - validity.not_before > BROWSER_LIMIT + Duration::HOUR).then(|| {
        "the certificate is valid for more than 825 days: Apple's clients refuse it".to_owned()
    })
}
