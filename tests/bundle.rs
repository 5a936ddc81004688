//! Certificates and keys that come from files.

use crate::support::NOW;
use civi_ingress::pki::SubjectAltName;
use civi_ingress::pki::bundle::{Bundle, BundleSource, import};
use civi_ingress::pki::issue::{Ca, LeafRequest, Organization, Serial, leaf};
use civi_ingress::pki::validity::{LifeEnd, Validity};
use civi_ingress::pki::{Certificate, LeafUse, PrivateKey};
use time::Duration;

macro_rules! fixture {
    ($($name:literal),+) => { concat!($(include_str!(concat!("fixtures/", $name))),+) };
}

fn names(names: &[&str]) -> Vec<SubjectAltName> {
    names
        .iter()
        .map(|name| SubjectAltName::parse(name).unwrap())
        .collect()
}

fn try_import(texts: &[&str], after: Duration) -> Result<Bundle, Vec<String>> {
    let sources: Vec<BundleSource<'_>> = texts
        .iter()
        .map(|text| BundleSource {
            file: "b.pem",
            text,
        })
        .collect();
    import(
        &sources,
        &names(&["*.example.org", "example.org"]),
        NOW + after,
    )
    .map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

#[track_caller]
fn refusal(texts: &[&str]) -> String {
    let faults = try_import(texts, Duration::ZERO).expect_err("refused");
    assert_eq!(faults.len(), 1, "{faults:?}");
    faults[0].clone()
}

#[test]
fn a_certificate_with_its_issuers_and_its_key_is_taken_and_the_root_left_out() {
    let bundle = try_import(
        &[
            fixture!("good.crt", "intermediate.crt", "root.crt"),
            fixture!("good.key"),
        ],
        Duration::ZERO,
    );
    let bundle = bundle.unwrap();
    assert_eq!(bundle.certificates.len(), 2);
    assert!(
        bundle
            .warnings
            .iter()
            .any(|warning| warning.starts_with("the root certificate"))
    );
}

#[test]
fn one_text_may_hold_everything_with_the_key_anywhere() {
    for text in [
        fixture!("good.key", "good.crt", "intermediate.crt"),
        fixture!("good.crt", "good.key", "intermediate.crt"),
        fixture!("good.crt", "intermediate.crt", "good.key"),
    ] {
        assert_eq!(
            try_import(&[text], Duration::ZERO)
                .unwrap()
                .certificates
                .len(),
            2
        );
    }
}

#[test]
fn pkcs1_and_sec1_keys_are_written_as_pkcs8() {
    for texts in [
        [fixture!("good.crt"), fixture!("good-pkcs1.key")],
        [fixture!("sec1.crt"), fixture!("sec1.key")],
    ] {
        let bundle = try_import(&texts, Duration::ZERO).unwrap();
        assert!(
            bundle
                .key
                .pem()
                .starts_with("-----BEGIN PRIVATE KEY-----\n")
        );
        let again = PrivateKey::from_pem(bundle.key.pem()).unwrap();
        assert_eq!(again.public_key_info(), bundle.key.public_key_info());
    }
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    assert_eq!(
        refusal(&[fixture!("good.crt"), fixture!("client.key")]),
        "b.pem: the private key does not belong to the certificate"
    );
}

#[test]
fn certificates_in_any_order_are_sorted_with_a_warning() {
    let sorted = "the certificates were not in the order in which servers send them, and have been sorted: the leaf first, each \
                  followed by its issuer";
    let good = try_import(
        &[fixture!(
            "good.crt",
            "intermediate.crt",
            "root.crt",
            "good.key"
        )],
        Duration::ZERO,
    )
    .unwrap();
    assert!(!good.warnings.contains(&sorted.to_owned()));
    for text in [
        fixture!("root.crt", "intermediate.crt", "good.crt", "good.key"),
        fixture!("intermediate.crt", "good.crt", "good.key"),
        fixture!("intermediate.crt", "good.key", "root.crt", "good.crt"),
    ] {
        let bundle = try_import(&[text], Duration::ZERO).unwrap();
        assert_eq!(bundle.certificates, good.certificates);
        assert!(
            bundle.warnings.contains(&sorted.to_owned()),
            "{:?}",
            bundle.warnings
        );
    }
}

#[test]
fn what_signed_none_of_the_others_is_refused() {
    assert_eq!(
        refusal(&[fixture!("good.crt", "root.crt"), fixture!("good.key")]),
        "b.pem: certificate 2 (`O=Test, CN=Root`) signed none of the others"
    );
    assert_eq!(
        refusal(&[fixture!(
            "good.crt",
            "intermediate.crt",
            "sha1.crt",
            "good.key"
        )]),
        "b.pem: certificate 3 (`O=Test, CN=sha1`) signed none of the others"
    );
}

#[test]
fn a_root_is_left_out_as_often_as_it_is_there() {
    let bundle = try_import(
        &[
            fixture!("good.crt", "intermediate.crt", "root.crt", "root.crt"),
            fixture!("good.key"),
        ],
        Duration::ZERO,
    )
    .unwrap();
    assert_eq!(bundle.certificates.len(), 2);
    let left_out = bundle
        .warnings
        .iter()
        .filter(|warning| warning.contains("root certificate"));
    assert_eq!(left_out.count(), 1, "{:?}", bundle.warnings);
}

#[test]
fn a_leaf_without_its_intermediate_is_warned_of() {
    let warns = |texts: &[&str]| {
        let warnings = try_import(texts, Duration::ZERO).unwrap().warnings;
        warnings.iter().any(|warning| {
            warning
                .starts_with("the certificate of its issuer, `O=Test, CN=Intermediate`, is missing")
        })
    };
    assert!(warns(&[fixture!("good.crt", "good.key")]));
    assert!(!warns(&[fixture!(
        "good.crt",
        "intermediate.crt",
        "good.key"
    )]));
}

#[test]
fn no_key_two_keys_and_no_certificate_are_refused() {
    assert_eq!(
        refusal(&[fixture!("good.crt")]),
        "b.pem: there is no private key"
    );
    assert_eq!(
        refusal(&[fixture!("good.crt", "good.key", "client.key")]),
        "b.pem: there is more than one private key"
    );
    assert_eq!(
        refusal(&[fixture!("good.crt", "good.key"), fixture!("client.key")]),
        "b.pem: there is more than one private key"
    );
    assert_eq!(
        refusal(&[fixture!("good.key")]),
        "b.pem: there is no certificate"
    );
}

#[test]
fn an_encrypted_key_is_refused_with_the_command_that_decrypts_it() {
    for key in [fixture!("encrypted.key"), fixture!("encrypted-old.key")] {
        let sources = [
            BundleSource {
                file: "b.pem",
                text: fixture!("good.crt"),
            },
            BundleSource {
                file: "k.pem",
                text: key,
            },
        ];
        let faults = import(&sources, &[], NOW).unwrap_err();
        assert_eq!(faults[0].to_string(), "k.pem: the private key is encrypted");
        assert!(
            faults[0]
                .help
                .as_deref()
                .unwrap()
                .contains("openssl pkey -in")
        );
    }
}

#[test]
fn certificates_outside_their_time_are_refused() {
    for (after, word) in [
        (Duration::days(40_000), "expired at"),
        (Duration::days(-10_000), "is not valid before"),
    ] {
        let faults = try_import(&[fixture!("good.crt"), fixture!("good.key")], after).unwrap_err();
        assert!(faults[0].contains(word), "{faults:?}");
    }
}

#[test]
fn weak_certificates_and_those_for_another_use_are_refused() {
    let key = fixture!("good.key");
    let sha1 = try_import(
        &[fixture!("sha1.crt"), fixture!("sha1.key")],
        Duration::ZERO,
    )
    .unwrap_err();
    assert_eq!(
        sha1,
        ["b.pem: certificate `O=Test, CN=sha1` is signed with ecdsa-with-SHA1"]
    );
    let weak = try_import(
        &[fixture!("weak.crt"), fixture!("weak.key")],
        Duration::ZERO,
    )
    .unwrap_err();
    assert_eq!(
        weak,
        ["b.pem: the private key is of a kind that cannot be used here"]
    );
    let weak = try_import(&[fixture!("weak.crt"), key], Duration::ZERO).unwrap_err();
    assert!(
        weak.contains(
            &"b.pem: certificate `O=Test, CN=weak` has a key of kind RSA 1024".to_owned()
        ),
        "{weak:?}"
    );
    let client = try_import(
        &[fixture!("client.crt"), fixture!("client.key")],
        Duration::ZERO,
    )
    .unwrap_err();
    assert_eq!(
        client,
        ["b.pem: certificate `O=Test, CN=client` is for clientAuth, not for servers"]
    );
    let nosan = try_import(
        &[fixture!("nosan.crt"), fixture!("nosan.key")],
        Duration::ZERO,
    )
    .unwrap_err();
    assert_eq!(
        nosan,
        ["b.pem: certificate `O=Test, CN=nosan` has no subject alternative name"]
    );
    let ed25519 = try_import(
        &[fixture!("ed25519.crt"), fixture!("ed25519.key")],
        Duration::ZERO,
    )
    .unwrap_err();
    assert_eq!(
        ed25519,
        ["b.pem: the private key is of a kind that cannot be used here"]
    );
    let ca = try_import(
        &[fixture!("odd-ca.crt"), fixture!("sec1.key")],
        Duration::ZERO,
    )
    .unwrap_err();
    assert!(
        ca.contains(
            &"b.pem: certificate `DC=org, DC=example, OU=one, OU=two, CN=Odd` is a CA, not a server's"
                .to_owned()
        ),
        "{ca:?}"
    );
}

#[test]
fn a_name_that_no_alternative_name_covers_is_refused() {
    let sources = [BundleSource {
        file: "b.pem",
        text: fixture!("good.crt", "good.key"),
    }];
    let faults = import(&sources, &names(&["*.example.net", "a.b.example.org"]), NOW).unwrap_err();
    assert_eq!(faults.len(), 2);
    assert_eq!(
        faults[0].to_string(),
        "b.pem: no subject alternative name covers `*.example.net`: *.example.org, example.org"
    );
    assert!(import(&sources, &names(&["a.example.org"]), NOW).is_ok());
}

#[test]
fn a_damaged_block_is_refused() {
    let damaged = fixture!("good.crt").replacen("MII", "M!I", 1);
    assert!(
        !try_import(&[&damaged, fixture!("good.key")], Duration::ZERO)
            .unwrap_err()
            .is_empty()
    );
    let cut = &fixture!("good.crt")[..400];
    assert!(
        !try_import(&[cut, fixture!("good.key")], Duration::ZERO)
            .unwrap_err()
            .is_empty()
    );
}

#[test]
fn a_self_signed_certificate_and_a_long_life_are_warned_of() {
    let bundle = try_import(
        &[fixture!("sec1.crt"), fixture!("sec1.key")],
        Duration::ZERO,
    )
    .unwrap();
    assert_eq!(bundle.warnings.len(), 2, "{:?}", bundle.warnings);
}

#[test]
fn a_ca_whose_subject_repeats_attributes_is_named_byte_for_byte() {
    let ca = Ca::existing(
        Certificate::from_pem(fixture!("odd-ca.crt")).unwrap(),
        PrivateKey::from_pem(fixture!("sec1.key")).unwrap(),
    );
    let names = names(&["a.example.org"]);
    let organization = Organization::default();
    let validity = Validity::new(NOW + Duration::days(1), None, LifeEnd::Days(30)).unwrap();
    let request = LeafRequest {
        organization: &organization,
        validity,
        names: &names,
        leaf_use: LeafUse::Server,
    };
    let key = PrivateKey::from_pem(fixture!("good.key")).unwrap();
    // webpki verifies the chain before it is given out.
    let (leaf, _) = leaf(&request, key, Serial::from_random([1; 16]), &ca).unwrap();
    assert!(leaf.names_as_issuer(&ca.certificate));
    let details = leaf.details().unwrap();
    assert_eq!(details.issuer, "DC=org, DC=example, OU=one, OU=two, CN=Odd");
    assert_eq!(
        details.authority_key_id,
        ca.certificate.details().unwrap().subject_key_id
    );
}
