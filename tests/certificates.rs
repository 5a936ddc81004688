//! Certificates, as descriptions that a person can review, and their rules.

use crate::support::{NOW, Recipe, assert_snapshot_in, key};
use civi_ingress::inspect::{as_json, as_text, read};
use civi_ingress::pki::issue::{self, Ca, CaRequest, LeafRequest, Organization, Serial};
use civi_ingress::pki::validity::{LifeEnd, Validity};
use civi_ingress::pki::verify::Signature;
use civi_ingress::pki::{Chain, KeyType, LeafUse, SubjectAltName, verify};
use civi_ingress::tone::plain;
use time::Duration;

/// Describes both certificates without what changes with every signature.
fn describe(chain: &Chain) -> String {
    let both = format!("{}{}", chain.ca.pem(), chain.leaf.pem());
    let findings = read(&both, "chain.pem", None).expect("our own certificates parse");
    let text = as_text(&findings, NOW, &plain);
    text.lines()
        .filter(|line| !line.starts_with("  SHA-256:"))
        .map(|line| format!("{line}\n"))
        .collect()
}

#[test]
fn the_profile_of_an_instance() {
    assert_snapshot_in!(
        "certificates",
        "instance",
        describe(&Recipe::default().chain())
    );
}

#[test]
fn the_profile_of_a_wildcard() {
    let recipe = Recipe {
        names: &["*.example.org", "example.org"],
        ..Recipe::default()
    };
    assert_snapshot_in!("certificates", "wildcard", describe(&recipe.chain()));
}

#[test]
fn the_profile_with_addresses_and_client_use() {
    let names = ["a.example.org", "192.0.2.7", "2001:db8::7"];
    let recipe = Recipe {
        names: &names,
        leaf_use: LeafUse::ServerAndClient,
        ..Recipe::default()
    };
    assert_snapshot_in!("certificates", "addresses", describe(&recipe.chain()));
}

#[test]
fn the_profile_with_an_rsa_leaf() {
    let recipe = Recipe {
        keys: ("ca", "rsa"),
        ..Recipe::default()
    };
    assert_snapshot_in!("certificates", "rsa", describe(&recipe.chain()));
}

#[test]
fn a_name_over_64_characters_gives_no_subject_and_a_critical_alternative_name() {
    let long = format!("{}.example.org", "a".repeat(60));
    let chain = Recipe {
        names: &[&long],
        ..Recipe::default()
    }
    .chain();
    assert_snapshot_in!("certificates", "long-name", describe(&chain));
    let (_, parsed) = x509_parser::parse_x509_certificate(chain.leaf.der()).unwrap();
    let extension = parsed
        .subject_alternative_name()
        .unwrap()
        .expect("the extension");
    assert!(extension.critical);
}

#[test]
fn a_certificate_as_json() {
    let chain = Recipe::default().chain();
    let json = as_json(&read(chain.leaf.pem(), "leaf.pem", None).unwrap(), NOW);
    let json: String = json
        .lines()
        .filter(|line| !line.contains("\"sha256\""))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_snapshot_in!("certificates", "json", json);
}

#[test]
fn dates_beyond_2049_are_written_and_read() {
    let recipe = Recipe {
        now: NOW + Duration::days(365 * 30),
        ..Recipe::default()
    };
    let validity = recipe.chain().leaf.validity();
    assert_eq!(validity.not_after.year(), 2057);
}

#[test]
fn a_serial_is_sixteen_bytes_and_positive_whatever_is_drawn() {
    for byte in [0x00, 0x7f, 0x80, 0xff] {
        let organization = Organization::default();
        let validity = Validity::new(NOW, None, LifeEnd::Days(1)).unwrap();
        let request = CaRequest {
            organization: &organization,
            validity,
            permitted: &[],
        };
        let ca = issue::ca(&request, key("ca"), Serial::from_random([byte; 16])).unwrap();
        let serial = ca.certificate.details().unwrap().serial;
        assert_eq!(serial.len(), 32, "{serial}");
        assert!(
            ('4'..='7').contains(&serial.chars().next().unwrap()),
            "{serial}"
        );
    }
}

#[test]
fn a_ca_signs_no_name_outside_its_constraints() {
    let organization = Organization::default();
    let validity = Validity::new(NOW, None, LifeEnd::Days(365)).unwrap();
    let chain = Recipe::default().chain();
    let ca = Ca::existing(chain.ca, chain.ca_key.unwrap());
    for outside in [
        "b.example.org",
        "example.org",
        "*.example.org",
        "192.0.2.7",
        "2001:db8::7",
    ] {
        let names = [SubjectAltName::parse(outside).unwrap()];
        let request = LeafRequest {
            organization: &organization,
            validity,
            names: &names,
            leaf_use: LeafUse::Server,
        };
        let fault = issue::leaf(&request, key("leaf"), Serial::from_random([3; 16]), &ca)
            .expect_err(outside);
        assert_eq!(
            fault.what, "a name is outside the CA's name constraints",
            "{outside}"
        );
    }
}

#[test]
fn a_leaf_that_outlives_its_ca_is_not_issued() {
    let organization = Organization::default();
    let chain = Recipe::default().chain();
    let ca = Ca::existing(chain.ca, chain.ca_key.unwrap());
    let validity = Validity::new(NOW, None, LifeEnd::Days(3651)).unwrap();
    let names = Recipe::default().names();
    let request = LeafRequest {
        organization: &organization,
        validity,
        names: &names,
        leaf_use: LeafUse::Server,
    };
    let fault = issue::leaf(&request, key("leaf"), Serial::from_random([3; 16]), &ca).unwrap_err();
    assert_eq!(fault.what, "the leaf outlives its CA");
}

#[test]
fn the_checks_before_printing_refuse_what_does_not_belong_together() {
    let ours = Recipe::default().chain();
    let other = Recipe {
        keys: ("db-ca", "db-leaf"),
        ..Recipe::default()
    }
    .chain();
    let names = Recipe::default().names();
    let at = NOW;
    assert!(
        verify::chain(
            &ours.ca,
            &ours.leaf,
            &ours.leaf_key,
            LeafUse::Server,
            &names,
            at
        )
        .is_ok()
    );
    let wrong_key = verify::chain(
        &ours.ca,
        &ours.leaf,
        &other.leaf_key,
        LeafUse::Server,
        &names,
        at,
    )
    .unwrap_err();
    assert_eq!(
        wrong_key.what,
        "the private key does not belong to the certificate"
    );
    let wrong_ca = verify::chain(
        &other.ca,
        &ours.leaf,
        &ours.leaf_key,
        LeafUse::Server,
        &names,
        at,
    )
    .unwrap_err();
    assert_eq!(
        wrong_ca.what,
        "the leaf's issuer is not, byte for byte, the CA's subject"
    );
    let late = verify::chain(
        &ours.ca,
        &ours.leaf,
        &ours.leaf_key,
        LeafUse::Server,
        &names,
        at + Duration::days(366),
    )
    .unwrap_err();
    assert_eq!(late.what, "the certificate has expired");
    let stranger = [SubjectAltName::parse("b.example.org").unwrap()];
    let wrong_name = verify::chain(
        &ours.ca,
        &ours.leaf,
        &ours.leaf_key,
        LeafUse::Server,
        &stranger,
        at,
    )
    .unwrap_err();
    assert_eq!(
        wrong_name.what,
        "no subject alternative name covers `b.example.org`"
    );
    assert_eq!(verify::signature(&ours.ca, &ours.ca), Signature::Good);
    assert_eq!(verify::signature(&ours.leaf, &other.ca), Signature::Wrong);
}

#[test]
fn ed25519_is_refused_with_the_reason() {
    let fault = "ed25519".parse::<KeyType>().unwrap_err();
    assert!(fault.help.unwrap().contains("Chromium, Firefox"));
    for name in KeyType::ALL.map(KeyType::name) {
        assert_eq!(name.parse::<KeyType>().unwrap().name(), name);
    }
}

#[test]
fn wildcards_directly_under_a_top_level_domain_are_refused() {
    for text in [
        "*.test",
        "*",
        "*.",
        "f*.example.org",
        "a.*.example.org",
        "*.*.example.org",
    ] {
        assert!(SubjectAltName::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_printed_private_key_shows_nothing() {
    let key = key("ca");
    assert_eq!(format!("{key:?}"), "[private key]");
}
