//! Issues a CA and the leaf that it signs, and checks both before they leave this module.

use super::certificate::Certificate;
use super::key::{PrivateKey, hex};
use super::validity::Validity;
use super::verify;
use super::{LeafUse, SubjectAltName};
use crate::fault::Fault;
use crate::name::DnsName;
use aws_lc_rs::digest::{SHA256, digest};
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyIdMethod, KeyUsagePurpose,
    NameConstraints, SanType, SerialNumber,
};
use std::fmt;
use std::net::IpAddr;

/// Longest common name and organization (RFC 5280 appendix A.1, ub-common-name, ub-organization-name).
const ATTRIBUTE_LIMIT: usize = 64;
/// Bytes of a key identifier, as in RFC 7093 section 2 method 1: the leftmost 160 bits of SHA-256.
const KEY_ID_LEN: usize = 20;

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
            let what = format!("`{}` is no organization name", text.escape_debug());
            return Err(Fault::new(what).help("use 1 to 64 printable characters"));
        }
        Ok(Self(text.to_owned()))
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
/// Passed in, for rcgen's default is a hash of the public key and repeats when a key is renewed.
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
    /// What a CA that was just made was made from, so that its certificate need not be read again.
    made_from: Option<CertificateParams>,
}

impl Ca {
    /// Takes a CA that exists; [`verify::usable_ca`] says whether it can sign.
    #[must_use]
    pub fn existing(certificate: Certificate, key: PrivateKey) -> Self {
        Self {
            certificate,
            key,
            made_from: None,
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
    params.name_constraints = name_constraints(request.permitted);
    let signed = params
        .self_signed(key.pair())
        .map_err(|error| failed(&error))?;
    let certificate = Certificate::from_der(signed.der().clone())?;
    let ca = Ca {
        certificate,
        key,
        made_from: Some(params),
    };
    verify::ca(&ca.certificate, &ca.key)?;
    Ok(ca)
}

/// Issues a leaf under `ca`.
///
/// # Errors
/// A fault of the cryptographic library, an issuer whose subject cannot be copied byte for byte, or a
/// chain that does not pass [`verify::chain`].
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
    let issuer = match &ca.made_from {
        Some(params) => Issuer::from_params(params, ca.key.pair()),
        None => Issuer::from_ca_cert_der(ca.certificate.der(), ca.key.pair())
            .map_err(|error| failed(&error))?,
    };
    let signed = params
        .signed_by(key.pair(), &issuer)
        .map_err(|error| failed(&error))?;
    let certificate = Certificate::from_der(signed.der().clone())?;
    verify::chain(
        &ca.certificate,
        &certificate,
        &key,
        request.leaf_use,
        request.names,
        request.validity.not_before,
    )?;
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

/// rcgen's own method hashes the whole subject public key info, which is no method of RFC 7093.
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

/// Permits exactly the names given. A constraint of one kind leaves the others free (RFC 5280
/// section 4.2.1.10), so addresses are excluded where none is permitted.
fn name_constraints(permitted: &[SubjectAltName]) -> Option<NameConstraints> {
    if permitted.is_empty() {
        return None;
    }
    let mut subtrees: Vec<GeneralSubtree> = Vec::new();
    let mut domains: Vec<&DnsName> = Vec::new();
    for name in permitted {
        match name {
            SubjectAltName::Dns(domain) | SubjectAltName::Wildcard(domain) => domains.push(domain),
            SubjectAltName::Ip(IpAddr::V4(address)) => {
                subtrees.push(GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix(
                    address.octets(),
                    32,
                )));
            }
            SubjectAltName::Ip(IpAddr::V6(address)) => {
                subtrees.push(GeneralSubtree::IpAddress(CidrSubnet::from_v6_prefix(
                    address.octets(),
                    128,
                )));
            }
        }
    }
    domains.sort_unstable();
    domains.dedup();
    let has_v4 = permitted
        .iter()
        .any(|name| matches!(name, SubjectAltName::Ip(IpAddr::V4(_))));
    let has_v6 = permitted
        .iter()
        .any(|name| matches!(name, SubjectAltName::Ip(IpAddr::V6(_))));
    let mut excluded = Vec::new();
    if !has_v4 {
        excluded.push(GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix(
            [0; 4], 0,
        )));
    }
    if !has_v6 {
        excluded.push(GeneralSubtree::IpAddress(CidrSubnet::from_v6_prefix(
            [0; 16], 0,
        )));
    }
    let dns = domains
        .iter()
        .map(|domain| GeneralSubtree::DnsName(domain.to_string()));
    Some(NameConstraints {
        permitted_subtrees: dns.chain(subtrees).collect(),
        excluded_subtrees: excluded,
    })
}

fn failed(error: &rcgen::Error) -> Fault {
    Fault::new(format!("the certificate cannot be made: {error}"))
}
