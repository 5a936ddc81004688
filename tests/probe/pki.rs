//! Certificates with faults that the program refuses to make.

use crate::support::NOW;
use civi_ingress::pki::Certificate;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use time::{Duration, OffsetDateTime};

/// Certificates, leaf first, and the leaf's key; PEM.
pub(crate) struct Pair {
    pub(crate) chain: String,
    pub(crate) key: String,
}

/// A certificate that signed itself and may sign nothing, valid from yesterday.
pub(crate) fn self_signed(name: &str) -> Pair {
    let key = KeyPair::generate().expect("a key");
    let mut parameters = CertificateParams::new([name.to_owned()]).expect("a name");
    (parameters.not_before, parameters.not_after) = (day(-1), day(300));
    let certificate = parameters.self_signed(&key).expect("a certificate");
    Pair {
        chain: certificate.pem(),
        key: key.serialize_pem(),
    }
}

/// A certification authority.
pub(crate) struct Authority {
    pub(crate) certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

/// What a leaf is to be, where it differs from a good one for a.example.org.
pub(crate) struct Leaf<'a> {
    pub(crate) common_name: &'a str,
    pub(crate) names: &'a [&'a str],
    /// Begin and end, in days from the present.
    pub(crate) days: (i64, i64),
    pub(crate) usage: ExtendedKeyUsagePurpose,
    /// Where its issuer's certificate is, of less than 100 bytes.
    pub(crate) issuer_url: Option<&'a str>,
}

impl Default for Leaf<'_> {
    fn default() -> Self {
        Self {
            common_name: "leaf",
            names: &["a.example.org"],
            days: (-1, 300),
            usage: ExtendedKeyUsagePurpose::ServerAuth,
            issuer_url: None,
        }
    }
}

impl Authority {
    /// A root that is valid for ten years.
    pub(crate) fn new(name: &str) -> Self {
        Self::until(name, 3650)
    }

    /// A root that ends this many days from the present.
    pub(crate) fn until(name: &str, days: i64) -> Self {
        let key = KeyPair::generate().expect("a key");
        let parameters = authority(name, days);
        let certificate = parameters.self_signed(&key).expect("a certificate").pem();
        Self {
            certificate,
            issuer: Issuer::new(parameters, key),
        }
    }

    /// A root that may sign for clients alone.
    pub(crate) fn for_clients(name: &str) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut parameters = authority(name, 3650);
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = parameters.self_signed(&key).expect("a certificate").pem();
        Self {
            certificate,
            issuer: Issuer::new(parameters, key),
        }
    }

    /// A root with a negative serial number, which no library writes: nobody verifies the signature of a root.
    pub(crate) fn with_negative_serial(name: &str) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut parameters = authority(name, 3650);
        parameters.serial_number = Some(5_u64.into());
        let made = parameters.self_signed(&key).expect("a certificate");
        let mut der = made.der().to_vec();
        // It is behind the version, 2.
        let positive = [0x02, 0x01, 0x02, 0x02, 0x01, 0x05];
        let at = der.windows(6).position(|bytes| bytes == positive);
        der[at.expect("a serial number") + 5] = 0xfb;
        let certificate = Certificate::from_der(der.into()).expect("a certificate");
        Self {
            certificate: certificate.pem().to_owned(),
            issuer: Issuer::new(parameters, key),
        }
    }

    /// As a file that holds these authorities is trusted.
    pub(crate) fn of_file(authorities: &[&Self]) -> Self {
        let certificates = authorities.iter().map(|one| one.certificate.as_str());
        Self {
            certificate: certificates.collect(),
            ..Self::new("unused")
        }
    }

    /// An authority below this one.
    pub(crate) fn intermediate(&self, name: &str) -> Self {
        self.intermediate_until(name, 3650)
    }

    /// An authority below this one that ends this many days from the present.
    pub(crate) fn intermediate_until(&self, name: &str, days: i64) -> Self {
        let key = KeyPair::generate().expect("a key");
        let parameters = authority(name, days);
        let certificate = parameters.signed_by(&key, &self.issuer);
        Self {
            certificate: certificate.expect("a certificate").pem(),
            issuer: Issuer::new(parameters, key),
        }
    }

    /// A CA certificate with names and its key, as a server would wrongly use them.
    pub(crate) fn served(names: &[&str]) -> Pair {
        let key = KeyPair::generate().expect("a key");
        let mut parameters = authority("itself", 300);
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let with_names = CertificateParams::new(names).expect("good names");
        parameters.subject_alt_names = with_names.subject_alt_names;
        Pair {
            chain: parameters.self_signed(&key).expect("a certificate").pem(),
            key: key.serialize_pem(),
        }
    }

    pub(crate) fn leaf(&self, leaf: &Leaf<'_>) -> Pair {
        let key = KeyPair::generate().expect("a key");
        let names: Vec<String> = leaf.names.iter().map(ToString::to_string).collect();
        let mut parameters = CertificateParams::new(names).expect("good names");
        parameters.distinguished_name = common_name(leaf.common_name);
        (parameters.not_before, parameters.not_after) = (day(leaf.days.0), day(leaf.days.1));
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![leaf.usage.clone()];
        parameters.custom_extensions = leaf.issuer_url.map(issuer_at).into_iter().collect();
        let certificate = parameters.signed_by(&key, &self.issuer);
        Pair {
            chain: certificate.expect("a certificate").pem(),
            key: key.serialize_pem(),
        }
    }
}

/// The authority information access of one `caIssuers` (RFC 5280 section 4.2.2.1), in DER.
fn issuer_at(url: &str) -> CustomExtension {
    let tagged = |tag: u8, content: &[u8]| {
        let length = u8::try_from(content.len()).expect("a short value");
        [&[tag, length], content].concat()
    };
    let method = tagged(0x06, &[0x2b, 6, 1, 5, 5, 7, 48, 2]);
    let access = [method, tagged(0x86, url.as_bytes())].concat();
    let content = tagged(0x30, &tagged(0x30, &access));
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], content)
}

fn authority(name: &str, days: i64) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = common_name(name);
    (parameters.not_before, parameters.not_after) = (day(-400), day(days));
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    parameters
}

fn common_name(name: &str) -> DistinguishedName {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    subject
}

fn day(days: i64) -> OffsetDateTime {
    NOW + Duration::days(days)
}
