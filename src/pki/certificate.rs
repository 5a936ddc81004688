//! Reading certificates.

use super::fingerprint::Fingerprint;
use super::key::hex;
use super::pem::to_pem;
use super::validity::Validity;
use super::{KeyType, SubjectAltName, pem, published};
use crate::fault::Fault;
use pki_types::CertificateDer;
use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::OnceLock;
use time::OffsetDateTime;
use x509_parser::asn1_rs::{Oid, oid};
use x509_parser::oid_registry::OID_PKIX_ACCESS_DESCRIPTOR_CA_ISSUERS;
use x509_parser::prelude::{FromDer, GeneralName, ParsedExtension, X509Certificate, X509Name};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

/// A certificate: its DER form, and what is needed of it most. Of the text that it was read from, nothing stays.
#[derive(Debug, Clone)]
pub struct Certificate {
    der: CertificateDer<'static>,
    /// Of most certificates that are read, nobody asks for the text.
    pem: OnceLock<String>,
    core: Core,
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

/// What every check of a chain asks, read once: where it is in the DER form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Core {
    subject: Span,
    issuer: Span,
    public_key_info: Span,
    /// What the issuer signed (`tbsCertificate`).
    signed: Span,
    signature: Span,
    /// Object identifier of the signature's algorithm, without tag and length.
    algorithm: Span,
    validity: Validity,
    is_ca: bool,
}

/// A part of a certificate's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// Returns where a part is that was borrowed from the whole; nothing if it was not.
    fn of(part: &[u8], whole: &[u8]) -> Option<Self> {
        if part.is_empty() {
            return Some(Self { start: 0, end: 0 });
        }
        let start = part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
        let end = start.checked_add(part.len())?;
        (end <= whole.len()).then_some(Self {
            start: u32::try_from(start).ok()?,
            end: u32::try_from(end).ok()?,
        })
    }

    fn of_der(self, der: &[u8]) -> &[u8] {
        &der[self.start as usize..self.end as usize]
    }
}

impl Core {
    fn of(parsed: &X509Certificate<'_>, der: &[u8]) -> Result<Self, Fault> {
        let span = |part: &[u8]| {
            Span::of(part, der).ok_or_else(|| Fault::new("the certificate is too long"))
        };
        Ok(Self {
            subject: span(parsed.subject().as_raw())?,
            issuer: span(parsed.issuer().as_raw())?,
            public_key_info: span(parsed.public_key().raw)?,
            signed: span(parsed.tbs_certificate.as_ref())?,
            signature: span(parsed.signature_value.as_ref())?,
            algorithm: span(parsed.signature_algorithm.algorithm.as_bytes())?,
            validity: validity(parsed),
            is_ca: parsed.is_ca(),
        })
    }
}

/// What a certificate says, as far as this program asks.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// Subject, as `O=…, CN=…`; empty if there is none.
    pub subject: String,
    /// The subject's common name.
    pub common_name: Option<String>,
    /// Issuer, as [`Details::subject`].
    pub issuer: String,
    /// The issuer's common name.
    pub issuer_common_name: Option<String>,
    /// Whether subject and issuer are the same bytes.
    pub self_issued: bool,
    /// Serial number, lower-case hexadecimal.
    pub serial: String,
    /// -1, 0 or 1, as the serial number is below, equal to or above zero.
    pub serial_sign: i8,
    /// X.509 version, 1 to 3.
    pub version: u32,
    /// `dNSName` and `iPAddress` entries as text, in the certificate's order; other kinds as `kind:value`.
    pub subject_alt_names: Vec<String>,
    /// Whether the subject alternative names are critical.
    pub critical_names: bool,
    /// When it is valid.
    pub validity: Validity,
    /// Kind and size of the key, for example `ECDSA P-256` or `RSA 2048`.
    pub key: Cow<'static, str>,
    /// What is wrong with the key, if it is too weak or of a kind that clients refuse.
    pub weak_key: Option<&'static str>,
    /// How the issuer signed, for example `ecdsa-with-SHA256`.
    pub signature_algorithm: &'static str,
    /// Whether the signature uses MD5 or SHA-1.
    pub weak_signature: bool,
    /// Whether what is signed names another algorithm than the signature, or names it with other parameters.
    pub names_two_algorithms: bool,
    /// `cA` of the basic constraints.
    pub is_ca: bool,
    /// Whether the basic constraints are critical.
    pub critical_constraints: bool,
    /// `pathLenConstraint` of the basic constraints.
    pub path_len: Option<u32>,
    /// Key usages by their RFC 5280 names; nothing if the extension is missing.
    pub key_usages: Option<Vec<&'static str>>,
    /// Extended key usages by name or object identifier; nothing if the extension is missing.
    pub extended_key_usages: Option<Vec<Cow<'static, str>>>,
    /// Subject key identifier, lower-case hexadecimal.
    pub subject_key_id: Option<String>,
    /// Key identifier of the authority, lower-case hexadecimal.
    pub authority_key_id: Option<String>,
    /// Where its issuer's certificate can be fetched (`caIssuers`, RFC 5280 section 4.2.2.1), if it says so.
    pub issuer_url: Option<String>,
    /// Permitted subtrees of the name constraints as text; nothing if the extension is missing.
    pub permitted: Option<Vec<String>>,
    /// Excluded subtrees of the name constraints as text.
    pub excluded: Vec<String>,
    /// Whether an extension appears twice.
    pub repeats_extension: bool,
    /// The identifier of a critical extension that clients do not know.
    pub unknown_critical: Option<String>,
    /// SHA-256 of the whole certificate.
    pub sha256: Fingerprint,
    /// SHA-256 of the subject public key info.
    pub key_sha256: Fingerprint,
    /// Under which name the private key was published, if it was.
    pub published_as: Option<&'static str>,
}

/// What is asked of a certificate at every run over a fleet: read once, and nothing else kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// The certificate, DER.
    pub der: CertificateDer<'static>,
    /// Subject, DER.
    pub subject: Vec<u8>,
    /// Issuer, DER.
    pub issuer: Vec<u8>,
    /// When it is valid.
    pub validity: Validity,
    /// As [`Details::subject_alt_names`].
    pub subject_alt_names: Vec<String>,
    /// As [`Details::common_name`].
    pub common_name: Option<String>,
    /// Kind of its key, where this program makes such keys.
    pub key_type: Option<KeyType>,
    /// As [`Details::published_as`].
    pub published_as: Option<&'static str>,
}

impl Sighting {
    /// Looks at the first certificate of a PEM text.
    ///
    /// # Errors
    /// No certificate, or one that does not parse.
    pub fn first(text: &str) -> Result<Self, Fault> {
        let der = pem::certificates(text)
            .next()
            .ok_or_else(|| Fault::new("there is no readable certificate"))??;
        let parsed = parse(&der)?;
        let names = parsed
            .subject_alternative_name()
            .map_err(|_| Fault::new("the certificate's subject alternative names are damaged"))?;
        let names = names.map(|names| names.value.general_names.iter().map(general_name));
        let key_sha256 = Fingerprint::of(parsed.public_key().raw);
        Ok(Self {
            subject: parsed.subject().as_raw().to_vec(),
            issuer: parsed.issuer().as_raw().to_vec(),
            validity: validity(&parsed),
            subject_alt_names: names.map(Iterator::collect).unwrap_or_default(),
            common_name: common_name(parsed.subject()),
            key_type: key_type(&parsed),
            published_as: published::name_of(&key_sha256),
            der: der.clone(),
        })
    }
}

fn key_type(parsed: &X509Certificate<'_>) -> Option<KeyType> {
    match &*key(parsed).0 {
        "ECDSA P-256" => Some(KeyType::P256),
        "ECDSA P-384" => Some(KeyType::P384),
        "RSA 2048" => Some(KeyType::Rsa2048),
        "RSA 3072" => Some(KeyType::Rsa3072),
        "RSA 4096" => Some(KeyType::Rsa4096),
        _ => None,
    }
}

impl Certificate {
    /// Takes a certificate that was just made.
    ///
    /// # Errors
    /// Bytes that are not a certificate.
    pub fn from_der(der: CertificateDer<'static>) -> Result<Self, Fault> {
        let core = Core::of(&parse(&der)?, &der)?;
        Ok(Self {
            der,
            pem: OnceLock::new(),
            core,
        })
    }

    /// Reads the one certificate of a PEM text.
    ///
    /// # Errors
    /// No certificate, several, or a block that cannot be read.
    pub fn from_pem(text: &str) -> Result<Self, Fault> {
        let mut ders = Self::ders_of_pem(text).collect::<Result<Vec<_>, _>>()?;
        let Some(der) = ders.pop() else {
            return Err(Fault::new("there is no readable certificate")
                .help("a PEM block `CERTIFICATE` is needed"));
        };
        if !ders.is_empty() {
            return Err(
                Fault::new("there is more than one certificate").help("keep the one that you want")
            );
        }
        Self::from_der(der)
    }

    /// Reads all certificates of a PEM text.
    ///
    /// # Errors
    /// A block that cannot be read.
    pub fn all_from_pem(text: &str) -> Result<Vec<Self>, Fault> {
        Self::each_from_pem(text).collect()
    }

    /// Reads the certificates of a PEM text one by one, so that a damaged one does not hide the others.
    pub fn each_from_pem(text: &str) -> impl Iterator<Item = Result<Self, Fault>> {
        Self::ders_of_pem(text).map(|der| Self::from_der(der?))
    }

    /// Decodes the certificates of a PEM text one by one.
    pub fn ders_of_pem(text: &str) -> impl Iterator<Item = Result<CertificateDer<'static>, Fault>> {
        pem::certificates(text)
    }

    /// Decodes those that Go and OpenSSL read, and says why they pass over the others.
    pub fn ders_of_plain_pem(
        text: &str,
    ) -> impl Iterator<Item = Result<CertificateDer<'static>, Fault>> {
        pem::plain_certificates(text)
    }

    /// Takes a certificate and reads what it says, both at once.
    ///
    /// # Errors
    /// Bytes that are not a certificate, or whose extensions do not parse.
    pub fn with_details(der: CertificateDer<'static>) -> Result<(Self, Details), Fault> {
        let parsed = parse(&der)?;
        let (core, details) = (Core::of(&parsed, &der)?, Details::of(&parsed, &der)?);
        drop(parsed);
        let pem = OnceLock::new();
        Ok((Self { der, pem, core }, details))
    }

    /// Returns the PEM text.
    #[must_use]
    pub fn pem(&self) -> &str {
        self.pem.get_or_init(|| to_pem("CERTIFICATE", &self.der))
    }

    /// Returns the DER form.
    #[must_use]
    pub fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    pub(super) fn parse(&self) -> Result<X509Certificate<'_>, Fault> {
        parse(&self.der)
    }

    /// Returns the subject, DER.
    pub(super) fn subject(&self) -> &[u8] {
        self.core.subject.of_der(&self.der)
    }

    /// Returns the issuer, DER.
    pub(super) fn issuer(&self) -> &[u8] {
        self.core.issuer.of_der(&self.der)
    }

    /// Returns what the issuer signed (`tbsCertificate`, DER).
    pub(super) fn signed(&self) -> &[u8] {
        self.core.signed.of_der(&self.der)
    }

    /// Returns the signature.
    pub(super) fn signature(&self) -> &[u8] {
        self.core.signature.of_der(&self.der)
    }

    /// Returns the object identifier of the signature's algorithm, DER without tag and length.
    pub(super) fn algorithm(&self) -> &[u8] {
        self.core.algorithm.of_der(&self.der)
    }

    /// Returns `cA` of the basic constraints.
    pub(super) fn is_ca(&self) -> bool {
        self.core.is_ca
    }

    /// Returns the public key (`SubjectPublicKeyInfo`, DER).
    #[must_use]
    pub fn public_key_info(&self) -> &[u8] {
        self.core.public_key_info.of_der(&self.der)
    }

    /// Returns what a private key of this certificate holds too: the modulus of an RSA key, the point of another.
    pub(super) fn public_key_bits(&self) -> Option<Vec<u8>> {
        let (_, info) = SubjectPublicKeyInfo::from_der(self.public_key_info()).ok()?;
        match info.parsed() {
            Ok(PublicKey::RSA(rsa)) => Some(rsa.modulus.to_vec()),
            _ => Some(info.subject_public_key.data.to_vec()),
        }
        .filter(|bits| !bits.is_empty())
    }

    /// Returns the validity alone.
    #[must_use]
    pub fn validity(&self) -> Validity {
        self.core.validity
    }

    /// Returns whether the issuer that this certificate names is, byte for byte, the subject of `other`.
    #[must_use]
    pub fn names_as_issuer(&self, other: &Self) -> bool {
        self.issuer() == other.subject()
    }

    /// Returns the subject key identifier.
    ///
    /// # Errors
    /// An extension that does not parse.
    pub(super) fn subject_key_id(&self) -> Result<Option<Vec<u8>>, Fault> {
        let parsed = self.parse()?;
        let id =
            parsed
                .extensions()
                .iter()
                .find_map(|extension| match extension.parsed_extension() {
                    ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0.to_vec()),
                    _ => None,
                });
        Ok(id)
    }

    /// Reads what the certificate says.
    ///
    /// # Errors
    /// A certificate whose extensions do not parse.
    pub fn details(&self) -> Result<Details, Fault> {
        Details::of(&self.parse()?, &self.der)
    }
}

impl Details {
    /// Returns the serial number in decimal; nothing of a certificate that is only announced.
    #[must_use]
    pub fn serial_decimal(&self) -> String {
        let digits = self.serial.as_bytes().chunks(2);
        let bytes = digits.filter_map(|pair| {
            let pair = std::str::from_utf8(pair).ok()?;
            u8::from_str_radix(pair, 16).ok()
        });
        let bytes: Vec<u8> = bytes.collect();
        if bytes.is_empty() {
            return String::new();
        }
        decimal(&bytes)
    }

    fn of(parsed: &X509Certificate<'_>, der: &[u8]) -> Result<Self, Fault> {
        let self_issued = parsed.subject().as_raw() == parsed.issuer().as_raw();
        let subject = parsed.subject().to_string();
        let issuer = if self_issued {
            subject.clone()
        } else {
            parsed.issuer().to_string()
        };
        let (signature_algorithm, weak_signature) = signature_algorithm(parsed);
        let mut details = Self {
            subject,
            common_name: common_name(parsed.subject()),
            issuer,
            issuer_common_name: common_name(parsed.issuer()),
            self_issued,
            serial: hex(parsed.raw_serial()),
            serial_sign: sign(parsed.raw_serial()),
            version: parsed.version().0 + 1,
            subject_alt_names: Vec::new(),
            critical_names: false,
            validity: validity(parsed),
            key: Cow::default(),
            weak_key: None,
            signature_algorithm,
            weak_signature,
            names_two_algorithms: parsed.tbs_certificate.signature != parsed.signature_algorithm,
            is_ca: parsed.is_ca(),
            critical_constraints: false,
            path_len: None,
            key_usages: None,
            extended_key_usages: None,
            subject_key_id: None,
            authority_key_id: None,
            issuer_url: None,
            permitted: None,
            excluded: Vec::new(),
            repeats_extension: false,
            unknown_critical: None,
            sha256: Fingerprint::of(der),
            key_sha256: Fingerprint::of(parsed.public_key().raw),
            published_as: None,
        };
        (details.key, details.weak_key) = key(parsed);
        details.published_as = published::name_of(&details.key_sha256);
        for (index, extension) in parsed.extensions().iter().enumerate() {
            details.read(extension.parsed_extension())?;
            match extension.parsed_extension() {
                ParsedExtension::SubjectAlternativeName(_) => {
                    details.critical_names = extension.critical;
                }
                ParsedExtension::BasicConstraints(_) => {
                    details.critical_constraints = extension.critical;
                }
                _ => {}
            }
            let is_known = matches!(
                extension.parsed_extension(),
                ParsedExtension::SubjectAlternativeName(_)
                    | ParsedExtension::BasicConstraints(_)
                    | ParsedExtension::KeyUsage(_)
                    | ParsedExtension::ExtendedKeyUsage(_)
                    | ParsedExtension::NameConstraints(_)
                    | ParsedExtension::CertificatePolicies(_)
                    | ParsedExtension::PolicyMappings(_)
                    | ParsedExtension::PolicyConstraints(_)
                    | ParsedExtension::InhibitAnyPolicy(_)
            );
            if extension.critical && !is_known {
                details.unknown_critical = Some(extension.oid.to_string());
            }
            let before = &parsed.extensions()[..index];
            details.repeats_extension |= before.iter().any(|other| other.oid == extension.oid);
        }
        Ok(details)
    }

    fn read(&mut self, extension: &ParsedExtension<'_>) -> Result<(), Fault> {
        match extension {
            ParsedExtension::SubjectAlternativeName(names) => {
                self.subject_alt_names = names.general_names.iter().map(general_name).collect();
            }
            ParsedExtension::BasicConstraints(constraints) => {
                self.path_len = constraints.path_len_constraint;
            }
            ParsedExtension::KeyUsage(usage) => self.key_usages = Some(key_usages(*usage)),
            ParsedExtension::ExtendedKeyUsage(usage) => {
                let named = [
                    (usage.any, "any"),
                    (usage.server_auth, "serverAuth"),
                    (usage.client_auth, "clientAuth"),
                    (usage.code_signing, "codeSigning"),
                    (usage.email_protection, "emailProtection"),
                    (usage.time_stamping, "timeStamping"),
                    (usage.ocsp_signing, "OCSPSigning"),
                ];
                let named = named
                    .into_iter()
                    .filter(|(set, _)| *set)
                    .map(|(_, name)| Cow::Borrowed(name));
                let other = usage.other.iter().map(|oid| Cow::Owned(oid.to_string()));
                let mut usages: Vec<Cow<'static, str>> = named.chain(other).collect();
                usages.shrink_to_fit();
                self.extended_key_usages = Some(usages);
            }
            ParsedExtension::SubjectKeyIdentifier(id) => self.subject_key_id = Some(hex(id.0)),
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                self.authority_key_id = id.key_identifier.as_ref().map(|id| hex(id.0));
            }
            ParsedExtension::AuthorityInfoAccess(access) => {
                let is_issuer = |method: &Oid<'_>| *method == OID_PKIX_ACCESS_DESCRIPTOR_CA_ISSUERS;
                self.issuer_url =
                    access
                        .iter()
                        .find_map(|description| match description.access_location {
                            GeneralName::URI(url) if is_issuer(&description.access_method) => {
                                Some(url.to_owned())
                            }
                            _ => None,
                        });
            }
            ParsedExtension::NameConstraints(constraints) => {
                let names = |trees: Option<&Vec<x509_parser::extensions::GeneralSubtree<'_>>>| {
                    trees.map(|trees| trees.iter().map(|tree| general_name(&tree.base)).collect())
                };
                self.permitted =
                    Some(names(constraints.permitted_subtrees.as_ref()).unwrap_or_default());
                self.excluded = names(constraints.excluded_subtrees.as_ref()).unwrap_or_default();
            }
            ParsedExtension::ParseError { .. } => {
                return Err(Fault::new("an extension of the certificate is damaged"));
            }
            _ => {}
        }
        Ok(())
    }

    /// Returns what a message calls the certificate: its subject, else its serial number.
    #[must_use]
    pub fn name(&self) -> &str {
        if self.subject.is_empty() {
            &self.serial
        } else {
            &self.subject
        }
    }

    /// Returns whether a subject alternative name covers `name`: equal, or one label below a wildcard
    /// (RFC 6125 section 6.4.3). The common name does not count (RFC 9525 section 2).
    #[must_use]
    pub fn covers(&self, name: &SubjectAltName) -> bool {
        self.subject_alt_names.iter().any(|san| {
            let san = san.to_ascii_lowercase();
            match name {
                SubjectAltName::Dns(host) => host.is_covered_by(&san),
                _ => san == name.to_string(),
            }
        })
    }

    /// Returns whether `now` lies inside the validity.
    #[must_use]
    pub fn is_valid_at(&self, now: OffsetDateTime) -> bool {
        self.validity.not_before <= now && now <= self.validity.not_after
    }
}

/// Most bytes of a serial number (RFC 5280 section 4.1.2.2), not counting a zero in front.
const SERIAL_LIMIT: usize = 20;

fn parse<'a>(der: &'a CertificateDer<'_>) -> Result<X509Certificate<'a>, Fault> {
    // What the parser says of it could repeat its bytes, and a key may be in place of a certificate.
    let (rest, parsed) = X509Certificate::from_der(der)
        .map_err(|_| Fault::new("the certificate is damaged: it is not X.509 in DER"))?;
    if !rest.is_empty() {
        return Err(Fault::new(
            "the certificate is damaged: bytes follow its end",
        ));
    }
    let serial = parsed.raw_serial();
    let length = serial.strip_prefix(&[0]).unwrap_or(serial).len();
    if length > SERIAL_LIMIT {
        return Err(Fault::new(format!(
            "the certificate's serial number has {length} bytes, more than the {SERIAL_LIMIT} of RFC 5280"
        )));
    }
    Ok(parsed)
}

/// Returns the sign of a number in two's complement (X.690 section 8.3).
fn sign(bytes: &[u8]) -> i8 {
    match bytes.first() {
        Some(first) if first & 0x80 != 0 => -1,
        _ if bytes.iter().all(|byte| *byte == 0) => 0,
        _ => 1,
    }
}

/// Writes a number of any length; the big integers of the parser would cost 30 kB of program for it.
fn decimal(bytes: &[u8]) -> String {
    // The digits from the last to the first, each from 0 to 9.
    let mut digits = vec![0_u8];
    for byte in bytes {
        let mut carry = u16::from(*byte);
        for digit in &mut digits {
            carry += u16::from(*digit) * 256;
            *digit = (carry % 10) as u8;
            carry /= 10;
        }
        while carry > 0 {
            digits.push((carry % 10) as u8);
            carry /= 10;
        }
    }
    let characters = digits.iter().rev().map(|digit| char::from(b'0' + digit));
    characters.collect()
}

fn validity(parsed: &X509Certificate<'_>) -> Validity {
    Validity {
        not_before: parsed.validity().not_before.to_datetime(),
        not_after: parsed.validity().not_after.to_datetime(),
    }
}

fn common_name(name: &X509Name<'_>) -> Option<String> {
    let attribute = name.iter_common_name().next()?;
    attribute.as_str().ok().map(str::to_owned)
}

fn general_name(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName(name) => (*name).to_owned(),
        GeneralName::IPAddress(bytes) => address(bytes),
        GeneralName::RFC822Name(name) => format!("email:{name}"),
        GeneralName::URI(uri) => format!("uri:{uri}"),
        GeneralName::DirectoryName(name) => format!("dirname:{name}"),
        other => format!("other:{other:?}").chars().take(80).collect(),
    }
}

/// An address of 4 or 16 bytes, or an address and mask of 8 or 32 (RFC 5280 section 4.2.1.10).
fn address(bytes: &[u8]) -> String {
    let ip = |bytes: &[u8]| -> Option<IpAddr> {
        if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
            return Some(v4.into());
        }
        <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from)
    };
    if let Some(address) = ip(bytes) {
        return address.to_string();
    }
    let (base, mask) = bytes.split_at(bytes.len() / 2);
    let prefix: u32 = mask.iter().map(|byte| byte.count_ones()).sum();
    ip(base).map_or_else(
        || format!("ip:{}", hex(bytes)),
        |base| format!("{base}/{prefix}"),
    )
}

/// The curve of nearly all keys.
const P256: Oid<'_> = oid!(1.2.840.10045.3.1.7);

fn key(parsed: &X509Certificate<'_>) -> (Cow<'static, str>, Option<&'static str>) {
    let info = parsed.public_key();
    match info.parsed() {
        Ok(PublicKey::RSA(rsa)) => {
            // key_size counts whole bytes of the modulus, a leading zero byte included.
            let bits = rsa.key_size();
            let weak = (bits < 2048).then_some("RSA keys need at least 2048 bits");
            (format!("RSA {bits}").into(), weak)
        }
        Ok(PublicKey::EC(_)) => {
            let curve = info
                .algorithm
                .parameters
                .as_ref()
                .and_then(|parameters| parameters.as_oid().ok());
            if curve.as_ref().is_some_and(|curve| *curve == P256) {
                return ("ECDSA P-256".into(), None);
            }
            let curve = curve.map(|oid| oid.to_id_string());
            match curve.as_deref() {
                Some("1.3.132.0.34") => ("ECDSA P-384".into(), None),
                Some("1.3.132.0.35") => {
                    ("ECDSA P-521".into(), Some("Chromium refuses keys on P-521"))
                }
                Some(other) => (
                    format!("ECDSA on curve {other}").into(),
                    Some("TLS clients do not know the curve"),
                ),
                None => (
                    "ECDSA on an explicit curve".into(),
                    Some("TLS clients need a named curve"),
                ),
            }
        }
        _ => {
            let name = match info.algorithm.algorithm.to_id_string().as_str() {
                "1.3.101.112" => "Ed25519".into(),
                "1.3.101.113" => "Ed448".into(),
                other => format!("algorithm {other}").into(),
            };
            (
                name,
                Some("Chromium and Firefox accept only RSA and ECDSA keys"),
            )
        }
    }
}

/// The usual names (RFC 8017 appendix C, RFC 5758 section 3), and whether the hash is broken.
fn signature_algorithm(parsed: &X509Certificate<'_>) -> (&'static str, bool) {
    static KNOWN: [(Oid<'_>, &str, bool); 11] = [
        (oid!(1.2.840.10045.4.3.2), "ecdsa-with-SHA256", false),
        (oid!(1.2.840.10045.4.3.3), "ecdsa-with-SHA384", false),
        (oid!(1.2.840.10045.4.3.4), "ecdsa-with-SHA512", false),
        (
            oid!(1.2.840.113549.1.1.11),
            "sha256WithRSAEncryption",
            false,
        ),
        (
            oid!(1.2.840.113549.1.1.12),
            "sha384WithRSAEncryption",
            false,
        ),
        (
            oid!(1.2.840.113549.1.1.13),
            "sha512WithRSAEncryption",
            false,
        ),
        (oid!(1.2.840.113549.1.1.10), "rsassaPss", false),
        (oid!(1.3.101.112), "Ed25519", false),
        (oid!(1.2.840.113549.1.1.5), "sha1WithRSAEncryption", true),
        (oid!(1.2.840.10045.4.1), "ecdsa-with-SHA1", true),
        (oid!(1.2.840.113549.1.1.4), "md5WithRSAEncryption", true),
    ];
    let algorithm = &parsed.signature_algorithm.algorithm;
    let known = KNOWN.iter().find(|(known, ..)| known == algorithm);
    known.map_or(("unknown", false), |(_, name, is_weak)| (*name, *is_weak))
}

fn key_usages(usage: x509_parser::extensions::KeyUsage) -> Vec<&'static str> {
    let named = [
        (usage.digital_signature(), "digitalSignature"),
        (usage.non_repudiation(), "nonRepudiation"),
        (usage.key_encipherment(), "keyEncipherment"),
        (usage.data_encipherment(), "dataEncipherment"),
        (usage.key_agreement(), "keyAgreement"),
        (usage.key_cert_sign(), "keyCertSign"),
        (usage.crl_sign(), "cRLSign"),
    ];
    let mut named: Vec<&'static str> = named
        .into_iter()
        .filter(|(set, _)| *set)
        .map(|(_, name)| name)
        .collect();
    named.shrink_to_fit();
    named
}
