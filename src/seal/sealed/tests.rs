use super::*;
use aws_lc_rs::rsa::{OaepPrivateDecryptingKey, PrivateDecryptingKey};
use pki_types::PrivateKeyDer;
use pki_types::pem::PemObject as _;
use rcgen::{CertificateParams, KeyPair, PublicKeyData as _};
use time::macros::datetime;

const KEY: &str = include_str!("../../../tests/keys/rsa.pem");
const CURVE_KEY: &str = include_str!("../../../tests/keys/leaf.pem");
const NOW: OffsetDateTime = datetime!(2026-11-24 10:00 UTC);

fn certificate_of(key: &KeyPair, not_after: OffsetDateTime) -> String {
    let mut params = CertificateParams::default();
    params.not_before = datetime!(2026-01-01 0:00 UTC);
    params.not_after = not_after;
    params.self_signed(key).unwrap().pem()
}

fn certificate() -> SealingCertificate {
    let pem = certificate_of(
        &KeyPair::from_pem(KEY).unwrap(),
        datetime!(2027-01-01 0:00 UTC),
    );
    SealingCertificate::from_pem(&pem, NOW).unwrap()
}

fn sealed(scope: SealingScope, value: &str) -> String {
    let private = [(
        DataKey::parse("tls.key").unwrap(),
        SecretData::private(value),
    )];
    let (namespace, name) = (
        Namespace::parse("paroisse-a").unwrap(),
        ObjectName::parse("selfcert").unwrap(),
    );
    let mut random = |bytes: &mut [u8]| {
        bytes.fill(7);
        Ok(())
    };
    let mut sealed = seal(
        &namespace,
        &name,
        scope,
        &private,
        &certificate(),
        &mut random,
    )
    .unwrap();
    sealed.pop_first().unwrap().1
}

/// Opens as the controller does; nothing if the label or a byte is not what it was.
fn unsealed(sealed: &[u8], label: &str) -> Option<Vec<u8>> {
    let PrivateKeyDer::Pkcs8(der) = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).unwrap() else {
        panic!("PKCS#8")
    };
    let key = PrivateDecryptingKey::from_pkcs8(der.secret_pkcs8_der()).unwrap();
    let key = OaepPrivateDecryptingKey::new(key).unwrap();
    let (length, rest) = sealed.split_first_chunk::<2>()?;
    let (wrapped, data) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
    let mut session_key = vec![0; key.min_output_size()];
    let session_key = key
        .decrypt(
            &OAEP_SHA256_MGF1SHA256,
            wrapped,
            &mut session_key,
            Some(label.as_bytes()),
        )
        .ok()?;
    let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, session_key).ok()?);
    let mut data = data.to_vec();
    let opened = cipher
        .open_in_place(
            Nonce::assume_unique_for_key([0; 12]),
            Aad::empty(),
            &mut data,
        )
        .ok()?;
    Some(opened.to_vec())
}

#[test]
fn each_scope_binds_a_value_to_its_own_label_and_no_other() {
    let labels = ["paroisse-a/selfcert", "paroisse-a", ""];
    for (scope, own) in SealingScope::ALL.into_iter().zip(labels) {
        let sealed = STANDARD.decode(sealed(scope, "canary")).unwrap();
        for label in labels {
            let expected = (label == own).then(|| b"canary".to_vec());
            assert_eq!(
                unsealed(&sealed, label),
                expected,
                "{scope} under `{label}`"
            );
        }
    }
}

#[test]
fn any_changed_byte_is_refused() {
    let sealed = STANDARD
        .decode(sealed(SealingScope::Strict, "canary"))
        .unwrap();
    for index in 0..sealed.len() {
        let mut tampered = sealed.clone();
        tampered[index] ^= 1;
        assert_eq!(
            unsealed(&tampered, "paroisse-a/selfcert"),
            None,
            "byte {index}"
        );
    }
}

#[test]
fn scopes_have_the_names_and_annotations_of_kubeseal() {
    for scope in SealingScope::ALL {
        assert_eq!(scope.to_string().parse::<SealingScope>().unwrap(), scope);
        let annotation = scope
            .annotation()
            .map(|(key, value)| format!("{key}={value}"));
        let expected = format!("sealedsecrets.bitnami.com/{scope}=true");
        assert_eq!(
            annotation,
            (scope != SealingScope::Strict).then_some(expected)
        );
    }
    let fault = "namespace".parse::<SealingScope>().unwrap_err();
    assert_eq!(
        fault.help.unwrap(),
        "use one of strict, namespace-wide, cluster-wide"
    );
}

#[test]
fn the_fingerprint_is_of_the_key_and_stays_in_a_new_certificate() {
    let key = KeyPair::from_pem(KEY).unwrap();
    let later = certificate_of(&key, datetime!(2028-01-01 0:00 UTC));
    let other = certificate_of(&KeyPair::from_pem(CURVE_KEY).unwrap(), NOW);
    let both = SealingCertificate::from_pem(&format!("{later}{other}"), NOW).unwrap();
    assert_eq!(both.fingerprint(), certificate().fingerprint());
    assert_eq!(
        both.fingerprint(),
        hex(digest(&SHA256, &key.subject_public_key_info()).as_ref())
    );
    assert_eq!(both.not_after(), datetime!(2028-01-01 0:00 UTC));
}

#[test]
fn certificates_that_cannot_seal_are_refused_with_what_to_do() {
    let expired = certificate_of(
        &KeyPair::from_pem(KEY).unwrap(),
        datetime!(2026-11-23 0:00 UTC),
    );
    let key = KeyPair::from_pem(CURVE_KEY).unwrap();
    let curve = certificate_of(&key, datetime!(2027-01-01 0:00 UTC));
    let weak = include_str!("../../../tests/fixtures/weak.crt");
    for (pem, what) in [
        (
            expired.as_str(),
            "the sealing certificate expired on 2026-11-23",
        ),
        (
            &curve,
            "the sealing certificate has no RSA key of 2048 to 8192 bits",
        ),
        (
            weak,
            "the sealing certificate has no RSA key of 2048 to 8192 bits",
        ),
        (KEY, "there is no certificate"),
        ("", "there is no certificate"),
    ] {
        let fault = SealingCertificate::from_pem(pem, NOW).unwrap_err();
        assert_eq!(fault.what, what);
        assert!(fault.help.is_some());
    }
}

#[test]
fn an_encrypted_value_is_not_sealed_again() {
    let private = [(
        DataKey::parse("k").unwrap(),
        SecretData::sealed("ENC[x]".into()),
    )];
    let (namespace, name) = (
        Namespace::parse("a").unwrap(),
        ObjectName::parse("b").unwrap(),
    );
    let mut random = |_: &mut [u8]| Ok(());
    let seal = |private: &[_], random: &mut Random<'_>| {
        seal(
            &namespace,
            &name,
            SealingScope::Strict,
            private,
            &certificate(),
            random,
        )
        .unwrap_err()
        .what
    };
    assert_eq!(
        seal(&private, &mut random),
        "the value of `k` is not base64 text"
    );
    assert_eq!(
        seal(&[], &mut random),
        "the Secret has no private value to encrypt"
    );
}
