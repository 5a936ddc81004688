//! Issues a CA and the leaf that it signs, and checks both before they leave this module.

use super::certificate::Certificate;
use super::key::{PrivateKey, hex};
use super::validity::Validity;
use super::verify::{self, Signature};
use super::{LeafUse, SubjectAltName};
use crate::fault::Fault;
use crate::name::DnsName;
use aws_lc_rs::digest::{SHA256, digest};
use pki_types::CertificateDer;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, PublicKeyData,
    SanType, SerialNumber, SigningKey,
};
use std::fmt;
use std::net::IpAddr;
use yasna::{DERWriterSeq, Tag};

/// Longest common name and organization (RFC 5280 appendix A.1, ub-common-name, ub-organization-name).
const ATTRIBUTE_LIMIT: usize = 64;
/// Bytes of a key identifier, as in RFC 7093 section 2 method 1: the leftmost 160 bits of SHA-256.
const KEY_ID_LEN: usize = 20;

/// `id-ce-nameConstraints` (RFC 5280 section 4.2.1.10).
const NAME_CONSTRAINTS: [u64; 4] = [2, 5, 29, 30];

/// The name of the organization in subjects: 1 to 64 printable characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization(String);

impl Organization {
    /// Parses an organization's name.
    ///
    /// # Errors
    /// Nothing, more than 64 characters (RFC 5280 ub-organization-name), or control characters.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let length = text.chars().count();
        if length == 0
            || length > ATTRIBUTE_LIMIT
            || text.trim() != text
            || text.chars().any(char::is_control)
        {
            let what = format!("`{}` is not a valid organization name", text.escape_debug());
            return Err(Fault::new(what).help("use 1 to 64 printable characters"));
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Organization {
    fn default() -> Self {
        Self("Civiparoisse".to_owned())
    }
}

impl fmt::Display for Organization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A certificate's serial number: 16 bytes, positive and not zero.
///
/// Passed in, because rcgen's default is a hash of the public key and repeats when a key is renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Serial([u8; 16]);

impl Serial {
    /// Makes a serial from random bytes; 126 of the 128 bits stay random (RFC 5280 section 4.1.2.2).
    #[must_use]
    pub fn from_random(mut bytes: [u8; 16]) -> Self {
        bytes[0] = (bytes[0] & 0x3f) | 0x40;
        Self(bytes)
    }
}

/// A CA to be made.
#[derive(Debug)]
pub struct CaRequest<'a> {
    /// Its organization.
    pub organization: &'a Organization,
    /// When it is valid.
    pub validity: Validity,
    /// The names that it may sign; empty for a CA without name constraints.
    pub permitted: &'a [SubjectAltName],
}

/// A leaf to be made.
#[derive(Debug)]
pub struct LeafRequest<'a> {
    /// Its organization.
    pub organization: &'a Organization,
    /// When it is valid; it must lie inside the issuer's validity.
    pub validity: Validity,
    /// Its subject alternative names; the first is also the common name where it fits.
    pub names: &'a [SubjectAltName],
    /// What it may identify.
    pub leaf_use: LeafUse,
}

/// A CA that can sign.
#[derive(Debug)]
pub struct Ca {
    /// Its certificate.
    pub certificate: Certificate,
    /// Its key.
    pub key: PrivateKey,
    /// Its issuer, and so on to a root; none if it is one.
    pub above: Vec<Certificate>,
    /// What a CA that was just made was made from, so that its certificate need not be read again.
    made_from: Option<CertificateParams>,
}

impl Ca {
    /// Takes a root CA that exists; [`verify::usable_issuer`] says whether it can sign.
    #[must_use]
    pub fn existing(certificate: Certificate, key: PrivateKey) -> Self {
        Self::below(certificate, key, Vec::new())
    }

    /// Takes a CA with the certificates above it; [`verify::usable_issuer`] says whether it can sign.
    #[must_use]
    pub fn below(certificate: Certificate, key: PrivateKey, above: Vec<Certificate>) -> Self {
        Self {
            certificate,
            key,
            above,
            made_from: None,
        }
    }

    /// Takes the CA of a key out of a file with the certificates above it, in any order.
    ///
    /// # Errors
    /// No certificate, one that belongs to no chain with the key, or a key of none of them.
    pub fn of_bundle(mut certificates: Vec<Certificate>, key: PrivateKey) -> Result<Self, Fault> {
        let Some(first) = certificates.first() else {
            return Err(Fault::new("there is no readable certificate")
                .help("a PEM block `CERTIFICATE` is needed"));
        };
        let own = |certificate: &Certificate| verify::belongs(certificate, &key).is_ok();
        let Some(position) = certificates.iter().position(own) else {
            let fault = verify::belongs(first, &key).err();
            return Err(fault.unwrap_or_else(|| Fault::new("the key belongs to another CA")));
        };
        let certificate = certificates.remove(position);
        let above = take_above(&certificate, &mut certificates);
        if !certificates.is_empty() {
            return Err(Fault::new("there is more than one certificate")
                .help("keep the CA that you want, and those above it if it is not a root"));
        }
        Ok(Self::below(certificate, key, above))
    }

    /// Returns the root, which clients trust.
    #[must_use]
    pub fn root(&self) -> &Certificate {
        self.above.last().unwrap_or(&self.certificate)
    }

    /// Returns what is between a leaf and the root, in the order in which a server sends it.
    pub fn intermediates(&self) -> impl Iterator<Item = &Certificate> {
        below_root(&self.certificate, &self.above)
    }

    /// Returns the time in which all of its path is valid.
    #[must_use]
    pub fn validity(&self) -> Validity {
        let own = self.certificate.validity();
        self.above.iter().fold(own, |validity, above| {
            validity.clamped_to(above.validity()).0
        })
    }
}

/// Returns a CA and those above it, as far as they are below the root.
pub(super) fn below_root<'a>(
    ca: &'a Certificate,
    above: &'a [Certificate],
) -> impl Iterator<Item = &'a Certificate> {
    std::iter::once(ca).chain(above).take(above.len())
}

/// Takes out of others the issuer of a certificate, and so on up to a root or to one whose issuer is not there.
pub(super) fn take_above(
    certificate: &Certificate,
    others: &mut Vec<Certificate>,
) -> Vec<Certificate> {
    let mut above: Vec<Certificate> = Vec::new();
    loop {
        let top = above.last().unwrap_or(certificate);
        let is_issuer = |other: &Certificate| {
            top.names_as_issuer(other) && verify::signature(top, other) != Signature::Wrong
        };
        let next = if top.names_as_issuer(top) {
            None
        } else {
            others.iter().position(is_issuer)
        };
        match next {
            Some(next) => above.push(others.remove(next)),
            None => return above,
        }
    }
}

/// Issues a CA: path length 0, and name constraints for exactly the permitted names.
///
/// The subject carries the first 8 digits of the key identifier, so that two generations of a CA have
/// different names and a trust bundle with both is unambiguous.
///
/// # Errors
/// A fault of the cryptographic library, or a certificate that does not pass [`verify::ca`].
pub fn ca(request: &CaRequest<'_>, key: PrivateKey, serial: Serial) -> Result<Ca, Fault> {
    let key_id = key_id(&key);
    let mut params = base(request.organization, request.validity, serial, &key_id);
    let short: String = hex(&key_id).chars().take(8).collect();
    params
        .distinguished_name
        .push(DnType::CommonName, format!("civi-ingress CA {short}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.custom_extensions = name_constraints(request.permitted).into_iter().collect();
    let signed = params
        .self_signed(key.pair())
        .map_err(|error| failed(&error))?;
    let certificate = Certificate::from_der(signed.der().clone())?;
    let ca = Ca {
        certificate,
        key,
        above: Vec::new(),
        made_from: Some(params),
    };
    verify::ca(&ca.certificate, &ca.key)?;
    Ok(ca)
}

/// Issues a leaf under `ca`.
///
/// # Errors
/// A fault of the cryptographic library, or a chain that does not pass [`verify::chain`].
pub fn leaf(
    request: &LeafRequest<'_>,
    key: PrivateKey,
    serial: Serial,
    ca: &Ca,
) -> Result<(Certificate, PrivateKey), Fault> {
    let mut params = base(
        request.organization,
        request.validity,
        serial,
        &key_id(&key),
    );
    let common_name = request
        .names
        .first()
        .map(ToString::to_string)
        .unwrap_or_default();
    if common_name.len() <= ATTRIBUTE_LIMIT {
        params
            .distinguished_name
            .push(DnType::CommonName, common_name);
    } else {
        // No subject at all: then the subject alternative names are critical (RFC 5280 section 4.2.1.6).
        params.distinguished_name = DistinguishedName::new();
    }
    params.subject_alt_names = request.names.iter().map(san).collect::<Result<_, _>>()?;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    if key.pair().algorithm() == &rcgen::PKCS_RSA_SHA256 {
        params.key_usages.push(KeyUsagePurpose::KeyEncipherment);
    }
    params.extended_key_usages = match request.leaf_use {
        LeafUse::Server => vec![ExtendedKeyUsagePurpose::ServerAuth],
        LeafUse::Client => vec![ExtendedKeyUsagePurpose::ClientAuth],
        LeafUse::ServerAndClient => vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ],
    };
    let der = match &ca.made_from {
        Some(made_from) => {
            let issuer = Issuer::from_params(made_from, ca.key.pair());
            let signed = params.signed_by(key.pair(), &issuer);
            signed.map_err(|error| failed(&error))?.der().clone()
        }
        None => sign_under(ca, &params, &key)?,
    };
    let certificate = Certificate::from_der(der)?;
    verify::chain(
        &ca.certificate,
        &certificate,
        &key,
        request.leaf_use,
        request.names,
        request.validity.not_before,
    )?;
    if !ca.above.is_empty() {
        let intermediates: Vec<Certificate> = ca.intermediates().cloned().collect();
        verify::path_through(
            ca.root(),
            &intermediates,
            &certificate,
            request.leaf_use,
            request.names,
            request.validity.not_before,
        )?;
    }
    Ok((certificate, key))
}

fn base(
    organization: &Organization,
    validity: Validity,
    serial: Serial,
    key_id: &[u8],
) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::OrganizationName, organization.0.clone());
    params.not_before = validity.not_before;
    params.not_after = validity.not_after;
    params.serial_number = Some(SerialNumber::from_slice(&serial.0));
    params.use_authority_key_identifier_extension = true;
    params.key_identifier_method = KeyIdMethod::PreSpecified(key_id.to_vec());
    params
}

/// rcgen's own method hashes the whole subject public key info, which is not a method of RFC 7093.
fn key_id(key: &PrivateKey) -> Vec<u8> {
    digest(&SHA256, key.public_key_bits()).as_ref()[..KEY_ID_LEN].to_vec()
}

fn san(name: &SubjectAltName) -> Result<SanType, Fault> {
    let text = |text: String| {
        text.try_into()
            .map_err(|error| failed(&error))
            .map(SanType::DnsName)
    };
    match name {
        SubjectAltName::Dns(_) | SubjectAltName::Wildcard(_) => text(name.to_string()),
        SubjectAltName::Ip(address) => Ok(SanType::IpAddress(*address)),
    }
}

/// A key that leaves the place of the signature empty.
struct Unsigned<'a>(&'a KeyPair);

impl PublicKeyData for Unsigned<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.0.der_bytes()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        self.0.algorithm()
    }
}

impl SigningKey for Unsigned<'_> {
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(Vec::new())
    }
}

/// Signs a certificate under a CA that was not made here.
///
/// rcgen would write the CA's name in its own way: it knows one value of a kind and one kind in a relative name, and
/// some CAs have several (two OU, the DC of a domain). So it writes none, and the subject of the CA is put in its
/// place, byte for byte, before the signature is made.
fn sign_under(
    ca: &Ca,
    params: &CertificateParams,
    key: &PrivateKey,
) -> Result<CertificateDer<'static>, Fault> {
    let key_id = ca.certificate.subject_key_id()?;
    let mut nameless = CertificateParams::default();
    nameless.distinguished_name = DistinguishedName::new();
    nameless.key_identifier_method =
        KeyIdMethod::PreSpecified(key_id.unwrap_or_else(|| self::key_id(&ca.key)));
    let issuer = Issuer::from_params(&nameless, Unsigned(ca.key.pair()));
    let draft = params
        .signed_by(key.pair(), &issuer)
        .map_err(|error| failed(&error))?;
    let unreadable = || Fault::new("the certificate cannot be made: its draft cannot be read");
    let draft = Draft::read(draft.der()).ok_or_else(unreadable)?;
    let signed = yasna::construct_der(|writer| {
        writer.write_sequence(|writer| {
            for piece in [
                draft.before_issuer,
                ca.certificate.subject(),
                draft.after_issuer,
            ] {
                writer.next().write_der(piece);
            }
        });
    });
    let signature = ca
        .key
        .pair()
        .sign(&signed)
        .map_err(|error| failed(&error))?;
    let der = yasna::construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_der(&signed);
            writer.next().write_der(draft.algorithm);
            writer
                .next()
                .write_bitvec_bytes(&signature, signature.len() * 8);
        });
    });
    Ok(der.into())
}

/// The parts of a certificate without a name of its issuer and without a signature.
struct Draft<'a> {
    before_issuer: &'a [u8],
    after_issuer: &'a [u8],
    algorithm: &'a [u8],
}

impl<'a> Draft<'a> {
    /// An empty name: a SEQUENCE of nothing.
    const NO_NAME: [u8; 2] = [0x30, 0];

    /// Takes a certificate apart (RFC 5280 section 4.1): `tbsCertificate` begins with version, serial number and
    /// algorithm; the issuer follows.
    fn read(der: &'a [u8]) -> Option<Self> {
        let (certificate, _) = element(der)?;
        let (tbs, rest) = element(certificate)?;
        let (_, after_algorithm) = element(rest)?;
        let algorithm = &rest[..rest.len() - after_algorithm.len()];
        let mut before = tbs;
        for _ in 0..3 {
            (_, before) = element(before)?;
        }
        let after_issuer = before.strip_prefix(&Self::NO_NAME)?;
        Some(Self {
            before_issuer: &tbs[..tbs.len() - before.len()],
            after_issuer,
            algorithm,
        })
    }
}

/// Splits DER into the content of its first element and what follows that (X.690 section 8.1.3).
fn element(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = der.get(1..)?.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        let length = bytes
            .iter()
            .fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
        (length, rest)
    };
    rest.split_at_checked(length)
}

/// Permits exactly the names given. A constraint of one kind leaves the others free (RFC 5280
/// section 4.2.1.10), so addresses are excluded where none is permitted.
///
/// An extension of its own, which is written last: rcgen writes its own before the basic constraints, and wolfSSL
/// loads no CA that is not declared to be one before its names are constrained.
fn name_constraints(permitted: &[SubjectAltName]) -> Option<CustomExtension> {
    if permitted.is_empty() {
        return None;
    }
    let mut domains: Vec<&DnsName> = Vec::new();
    // Address and mask, as they are there.
    let mut addresses: Vec<Vec<u8>> = Vec::new();
    let (mut has_v4, mut has_v6) = (false, false);
    for name in permitted {
        match name {
            SubjectAltName::Dns(domain) | SubjectAltName::Wildcard(domain) => domains.push(domain),
            SubjectAltName::Ip(IpAddr::V4(address)) => {
                has_v4 = true;
                addresses.push([address.octets(), [0xff; 4]].concat());
            }
            SubjectAltName::Ip(IpAddr::V6(address)) => {
                has_v6 = true;
                addresses.push([address.octets(), [0xff; 16]].concat());
            }
        }
    }
    domains.sort_unstable();
    domains.dedup();
    let mut excluded = Vec::new();
    if !has_v4 {
        excluded.push(vec![0; 8]);
    }
    if !has_v6 {
        excluded.push(vec![0; 32]);
    }
    let der = yasna::construct_der(|writer| {
        writer.write_sequence(|writer| {
            subtrees(writer, 0, &domains, &addresses);
            if !excluded.is_empty() {
                subtrees(writer, 1, &[], &excluded);
            }
        });
    });
    let mut extension = CustomExtension::from_oid_content(&NAME_CONSTRAINTS, der);
    extension.set_criticality(true);
    Some(extension)
}

/// Writes `GeneralSubtrees`: `dNSName` is choice 2 of `GeneralName`, `iPAddress` choice 7.
fn subtrees(writer: &mut DERWriterSeq<'_>, tag: u64, domains: &[&DnsName], addresses: &[Vec<u8>]) {
    writer
        .next()
        .write_tagged_implicit(Tag::context(tag), |writer| {
            writer.write_sequence(|writer| {
                for domain in domains {
                    writer.next().write_sequence(|writer| {
                        let name = writer.next();
                        name.write_tagged_implicit(Tag::context(2), |writer| {
                            writer.write_ia5_string(domain.as_str());
                        });
                    });
                }
                for address in addresses {
                    writer.next().write_sequence(|writer| {
                        let name = writer.next();
                        name.write_tagged_implicit(Tag::context(7), |writer| {
                            writer.write_bytes(address);
                        });
                    });
                }
            });
        });
}

fn failed(error: &rcgen::Error) -> Fault {
    Fault::new(format!("the certificate cannot be made: {error}"))
}
