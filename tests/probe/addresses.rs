//! A name with several addresses: each is looked at, and differences are named.

use super::pki::{Authority, Leaf, Pair};
use crate::support::NOW;
use civi_ingress::probe::judge::{self, Circumstances, Holder, JudgedFront};
use civi_ingress::probe::seen::{Attempt, Broken, Seen, Tls};
use civi_ingress::probe::target::{Endpoint, Target};
use civi_ingress::probe::trust::TrustedRoots;
use pki_types::CertificateDer;
use pki_types::pem::PemObject as _;
use std::time::Duration;

const FIRST: &str = "192.0.2.7:443";
const SECOND: &str = "[2001:db8::7]:443";

/// What an address showed and answered.
fn seen(address: &str, pair: &Pair, status: u16) -> Seen {
    let chain = CertificateDer::pem_slice_iter(pair.chain.as_bytes());
    let tls = Tls {
        took: Duration::ZERO,
        result: Ok(()),
        version: Some("TLS 1.3".to_owned()),
        cipher: None,
        alpn: None,
        chain: chain.map(|der| der.unwrap().to_vec()).collect(),
        verification: None,
        asked_for_certificate: false,
    };
    Seen {
        attempts: vec![Attempt {
            address: address.parse().unwrap(),
            result: Ok(Duration::ZERO),
        }],
        tls: Some(tls),
        answer: Some(Ok(format!("HTTP/1.1 {status} x\r\n\r\n").into_bytes())),
        ..Seen::default()
    }
}

/// Tells what is reported of the second address.
fn told(authority: &Authority, first: &Seen, second: &Seen) -> Vec<String> {
    let target = Target::parse("a.example.org").unwrap();
    let endpoint = Endpoint::parse("a.example.org", 443).unwrap();
    let trust = TrustedRoots::from_file(&authority.certificate, "ca.crt").unwrap();
    let front = JudgedFront {
        endpoint: &endpoint,
        trust: &trust,
        proxy: None,
        has_certificate: false,
        holder: Holder::Store,
        is_tcp: false,
        options: None,
        hsts: None,
    };
    let around = Circumstances {
        target: &target,
        now: NOW,
        within: time::Duration::days(30),
        insecure_continue: false,
    };
    let report = judge::front(&front, &around, first);
    let findings = judge::other_address(&front, &around, &report, second);
    let told = findings.iter().map(|finding| {
        assert_eq!(finding.address.as_deref(), Some(SECOND));
        format!(
            "{:?} {}: {}",
            finding.verdict,
            finding.check.name(),
            finding.what
        )
    });
    told.collect()
}

#[test]
fn an_address_that_shows_the_same_is_told_in_one_line() {
    let authority = Authority::new("our CA");
    let pair = authority.leaf(&Leaf::default());
    let (first, second) = (seen(FIRST, &pair, 200), seen(SECOND, &pair, 200));
    assert_eq!(
        told(&authority, &first, &second),
        ["Good addresses: shows the same certificate and answers alike"]
    );
}

#[test]
fn an_address_with_an_old_certificate_is_broken_beside_a_good_one() {
    let authority = Authority::new("our CA");
    let [good, old] = [(-1, 300), (-300, -2)].map(|days| {
        authority.leaf(&Leaf {
            days,
            ..Leaf::default()
        })
    });
    let (first, second) = (seen(FIRST, &good, 200), seen(SECOND, &old, 200));
    assert_eq!(
        told(&authority, &first, &second),
        [
            "Note addresses: another certificate is shown here than at the first address",
            "Good chain: 1 sent: `CN=leaf`",
            "Broken dates: the certificate has expired, at 2026-11-19T10:00:00Z (2 days ago)",
        ]
    );
    // The other way round the second one is the good one.
    let (first, second) = (seen(FIRST, &old, 200), seen(SECOND, &good, 200));
    let told = told(&authority, &first, &second);
    assert_eq!(
        told[2],
        "Good dates: valid until 2027-09-17T10:00:00Z, 300 days left"
    );
}

#[test]
fn an_address_that_answers_otherwise_is_named() {
    let authority = Authority::new("our CA");
    let pair = authority.leaf(&Leaf::default());
    let (first, second) = (seen(FIRST, &pair, 200), seen(SECOND, &pair, 404));
    assert_eq!(
        told(&authority, &first, &second),
        [
            "Note addresses: the connection goes another way here than at the first address",
            "Broken http: status 404: Traefik has no route for this host",
        ]
    );
    let mute = Seen {
        tls: Some(Tls {
            result: Err(Broken::Closed),
            chain: Vec::new(),
            ..seen(SECOND, &pair, 200).tls.unwrap()
        }),
        answer: None,
        ..seen(SECOND, &pair, 200)
    };
    let told = told(&authority, &first, &mute);
    assert!(
        told[1].starts_with("Broken tls: the handshake failed: "),
        "{told:?}"
    );
}
