//! Certificates with and without faults, which the cases name as `${leaf}`.

use crate::support::NOW;
use civi_ingress::pki::Certificate;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, SanType,
    SubjectPublicKeyInfo,
};
use std::collections::BTreeMap;
use std::sync::LazyLock;
use time::{Duration, OffsetDateTime};

/// PEM texts by the name that cases use.
pub(super) static PEMS: LazyLock<BTreeMap<String, String>> = LazyLock::new(all);

struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

fn parameters(
    common_name: Option<&str>,
    names: &[&str],
    begin: OffsetDateTime,
    days: i64,
) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = DistinguishedName::new();
    if let Some(name) = common_name {
        parameters.distinguished_name.push(DnType::CommonName, name);
    }
    parameters.subject_alt_names = names
        .iter()
        .map(|name| SanType::DnsName((*name).try_into().expect("ASCII")))
        .collect();
    parameters.not_before = begin;
    parameters.not_after = begin + Duration::days(days);
    parameters
}

fn authority(
    name: &str,
    permitted: &[&str],
    begin: OffsetDateTime,
    days: i64,
) -> (Authority, KeyPair) {
    let key = KeyPair::generate().expect("a key");
    let mut parameters = parameters(Some(name), &[], begin, days);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    if !permitted.is_empty() {
        parameters.name_constraints = Some(NameConstraints {
            permitted_subtrees: permitted
                .iter()
                .map(|name| GeneralSubtree::DnsName((*name).to_owned()))
                .collect(),
            excluded_subtrees: Vec::new(),
        });
    }
    let pem = parameters.self_signed(&key).expect("a certificate").pem();
    let again = KeyPair::from_pem(&key.serialize_pem()).expect("the same key");
    let issuer = Issuer::new(parameters, key);
    (Authority { pem, issuer }, again)
}

fn leaf(parameters: &mut CertificateParams, usage: ExtendedKeyUsagePurpose) {
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![usage];
    parameters.use_authority_key_identifier_extension = true;
}

fn all() -> BTreeMap<String, String> {
    let mut pems = BTreeMap::new();
    let begin = NOW - Duration::days(1);
    let (ca, ca_key) = authority("instance CA", &[], begin, 3650);
    let (other, _) = authority("another CA", &[], begin, 3650);
    let (expired, _) = authority("expired CA", &[], begin - Duration::days(400), 365);
    let (constrained, _) = authority("constrained CA", &["b.example.org"], begin, 3650);
    pems.insert("ca".to_owned(), ca.pem.clone());
    pems.insert("ca.key".to_owned(), ca_key.serialize_pem());
    for (name, authority) in [
        ("other-ca", &other),
        ("expired-ca", &expired),
        ("nc-ca", &constrained),
    ] {
        pems.insert(name.to_owned(), authority.pem.clone());
    }
    let long = "x".repeat(65);
    let fitting = "x".repeat(64);
    let year = 365;
    let past = begin - Duration::days(400);
    let leaves: [(&str, &Authority, CertificateParams); 14] = [
        (
            "leaf",
            &ca,
            parameters(None, &["a.example.org"], begin, year),
        ),
        (
            "leaf-b",
            &ca,
            parameters(None, &["b.example.org"], begin, year),
        ),
        (
            "leaf-cn",
            &ca,
            parameters(Some("a.example.org"), &[], begin, year),
        ),
        (
            "wildcard",
            &ca,
            parameters(None, &["*.example.org"], begin, year),
        ),
        (
            "wildcard-2",
            &ca,
            parameters(None, &["*.example.org"], begin, year),
        ),
        (
            "long-lived",
            &ca,
            parameters(None, &["*.example.org"], begin, 900),
        ),
        (
            "expired",
            &ca,
            parameters(None, &["a.example.org"], past, year),
        ),
        (
            "future",
            &ca,
            parameters(None, &["a.example.org"], NOW + Duration::days(1), year),
        ),
        (
            "soon",
            &ca,
            parameters(None, &["a.example.org"], NOW - Duration::days(355), year),
        ),
        (
            "long-cn",
            &ca,
            parameters(Some(&long), &["a.example.org"], begin, year),
        ),
        (
            "cn-64",
            &ca,
            parameters(Some(&fitting), &["a.example.org"], begin, year),
        ),
        ("star-test", &ca, parameters(None, &["*.test"], begin, year)),
        (
            "star-inside",
            &ca,
            parameters(None, &["foo*.example.org"], begin, year),
        ),
        (
            "nc-bad",
            &constrained,
            parameters(None, &["a.example.org"], begin, year),
        ),
    ];
    for (name, authority, mut parameters) in leaves {
        leaf(&mut parameters, ExtendedKeyUsagePurpose::ServerAuth);
        let key = KeyPair::generate().expect("a key");
        let certificate = parameters
            .signed_by(&key, &authority.issuer)
            .expect("a certificate");
        pems.insert(name.to_owned(), certificate.pem());
        pems.insert(format!("{name}.key"), key.serialize_pem());
    }
    odd(&mut pems, &ca, &constrained, begin);
    odd_authorities(&mut pems, begin);
    short_lived(&mut pems, begin);
    pems
}

/// A leaf with the CA that signed it behind it, which is valid in one of the two, and has expired in the other.
fn chained(pems: &mut BTreeMap<String, String>, begin: OffsetDateTime) {
    let (_, root_key) = authority("upper CA", &[], begin, 3650);
    let root = Issuer::new(parameters(Some("upper CA"), &[], begin, 3650), root_key);
    for (name, days) in [("chain-good", 3650), ("chain-expired", 365)] {
        let begin = if days < 3650 {
            begin - Duration::days(400)
        } else {
            begin
        };
        let (_, key) = authority("lower CA", &[], begin, days);
        let mut between = parameters(Some("lower CA"), &[], begin, days);
        between.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        between.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        between.use_authority_key_identifier_extension = true;
        let above = between.signed_by(&key, &root).expect("a certificate").pem();
        let issuer = Issuer::new(between, key);
        let mut parameters = parameters(None, &["*.example.org"], NOW - Duration::days(1), 365);
        leaf(&mut parameters, ExtendedKeyUsagePurpose::ServerAuth);
        let key = KeyPair::generate().expect("a key");
        let signed = parameters.signed_by(&key, &issuer).expect("a certificate");
        pems.insert(name.to_owned(), format!("{}{above}", signed.pem()));
        pems.insert(format!("{name}.key"), key.serialize_pem());
    }
}

/// A CA, a leaf that outlives it, and one that does so by less than two renderings differ.
fn short_lived(pems: &mut BTreeMap<String, String>, begin: OffsetDateTime) {
    let (short, _) = authority("short CA", &[], begin, 200);
    for (name, days) in [("outliving", 365), ("as-long", 201)] {
        let mut parameters = parameters(None, &["a.example.org"], begin, days);
        leaf(&mut parameters, ExtendedKeyUsagePurpose::ServerAuth);
        let key = KeyPair::generate().expect("a key");
        let signed = parameters.signed_by(&key, &short.issuer);
        pems.insert(name.to_owned(), signed.expect("a certificate").pem());
        pems.insert(format!("{name}.key"), key.serialize_pem());
    }
    pems.insert("short-ca".to_owned(), short.pem);
    let mut named = parameters(Some("www.example.org"), &["b.example.org"], begin, 365);
    leaf(&mut named, ExtendedKeyUsagePurpose::ServerAuth);
    let key = KeyPair::generate().expect("a key");
    let signed = named.self_signed(&key).expect("a certificate");
    pems.insert("cn-other".to_owned(), signed.pem());
    pems.insert("cn-other.key".to_owned(), key.serialize_pem());
    chained(pems, begin);
}

/// CAs that some clients refuse, each for one thing, and one that differs from such a one in that alone.
fn odd_authorities(pems: &mut BTreeMap<String, String>, begin: OffsetDateTime) {
    let authority = |name: &str| {
        let mut ca = parameters(Some(name), &[], begin, 3650);
        ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        ca.serial_number = Some(5_u64.into());
        ca
    };
    let made = |ca: CertificateParams| {
        let key = KeyPair::generate().expect("a key");
        ca.self_signed(&key).expect("a certificate")
    };
    for (name, usage) in [
        ("client-ca", ExtendedKeyUsagePurpose::ClientAuth),
        ("server-ca", ExtendedKeyUsagePurpose::ServerAuth),
    ] {
        let mut ca = authority(name);
        ca.extended_key_usages = vec![usage];
        pems.insert(name.to_owned(), made(ca).pem());
    }
    let mut without = authority("CA without key usage");
    without.key_usages = Vec::new();
    pems.insert("no-usage".to_owned(), made(without).pem());

    // No library writes such a number: it is put behind the version, 2. Nobody verifies the signature of a root.
    let mut der = made(authority("CA of a negative serial")).der().to_vec();
    let positive = [0x02, 0x01, 0x02, 0x02, 0x01, 0x05];
    let at = der.windows(6).position(|bytes| bytes == positive);
    der[at.expect("a serial number") + 5] = 0xfb;
    let negative = Certificate::from_der(der.into()).expect("a certificate");
    pems.insert("negative-serial".to_owned(), negative.pem().to_owned());
}

/// Certificates that differ in more than their names and dates.
fn odd(
    pems: &mut BTreeMap<String, String>,
    ca: &Authority,
    constrained: &Authority,
    begin: OffsetDateTime,
) {
    let mut good = parameters(None, &["b.example.org"], begin, 365);
    leaf(&mut good, ExtendedKeyUsagePurpose::ServerAuth);
    let key = KeyPair::generate().expect("a key");
    let signed = good
        .signed_by(&key, &constrained.issuer)
        .expect("a certificate");
    pems.insert("nc-good".to_owned(), signed.pem());

    let mut client = parameters(None, &["*.example.org"], begin, 365);
    leaf(&mut client, ExtendedKeyUsagePurpose::ClientAuth);
    let key = KeyPair::generate().expect("a key");
    let signed = client.signed_by(&key, &ca.issuer).expect("a certificate");
    pems.insert("client".to_owned(), signed.pem());
    pems.insert("client.key".to_owned(), key.serialize_pem());

    let (dotted, _) = authority("dotted CA", &[".example.org"], begin, 3650);
    pems.insert("dotted-ca".to_owned(), dotted.pem);

    let mut underscore = parameters(None, &["a_b.example.org"], begin, 365);
    leaf(&mut underscore, ExtendedKeyUsagePurpose::ServerAuth);
    let key = KeyPair::generate().expect("a key");
    let signed = underscore.signed_by(&key, &ca.issuer);
    pems.insert(
        "underscore".to_owned(),
        signed.expect("a certificate").pem(),
    );
    pems.insert("underscore.key".to_owned(), key.serialize_pem());

    for name in ["serial-1", "serial-2"] {
        let mut same = parameters(None, &["*.example.org"], begin, 365);
        same.serial_number = Some(7_u64.into());
        leaf(&mut same, ExtendedKeyUsagePurpose::ServerAuth);
        let key = KeyPair::generate().expect("a key");
        let signed = same.signed_by(&key, &ca.issuer).expect("a certificate");
        pems.insert(name.to_owned(), signed.pem());
    }
    let alone = parameters(Some("a.example.org"), &["a.example.org"], begin, 365);
    let key = KeyPair::generate().expect("a key");
    pems.insert(
        "self-signed".to_owned(),
        alone.self_signed(&key).expect("a certificate").pem(),
    );
    pems.insert("self-signed.key".to_owned(), key.serialize_pem());

    let mut both = parameters(Some("wildcard CA"), &["*.example.org"], begin, 365);
    both.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    both.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let key = KeyPair::generate().expect("a key");
    pems.insert(
        "wildcard-ca".to_owned(),
        both.self_signed(&key).expect("a certificate").pem(),
    );
    pems.insert("wildcard-ca.key".to_owned(), key.serialize_pem());

    let published = SubjectPublicKeyInfo::from_pem(include_str!("../fixtures/published.pub"))
        .expect("a public key");
    let mut impersonated = parameters(None, &["civicrm.example.org"], begin, 365);
    leaf(&mut impersonated, ExtendedKeyUsagePurpose::ServerAuth);
    let signed = impersonated
        .signed_by(&published, &ca.issuer)
        .expect("a certificate");
    pems.insert("published".to_owned(), signed.pem());

    for (name, text) in [
        ("weak", include_str!("../fixtures/weak.crt")),
        ("sha1", include_str!("../fixtures/sha1.crt")),
        ("good", include_str!("../fixtures/good.crt")),
    ] {
        pems.insert(name.to_owned(), text.to_owned());
    }
}
