//! What strangers send, and what people write, ends in words and never in a panic.

use civi_ingress::name::DnsName;
use civi_ingress::probe::chain::{self, Expected, Sent};
use civi_ingress::probe::route::Way;
use civi_ingress::probe::trust::{ExpectedName, RootOrigin, TrustedRoots};
use civi_ingress::probe::{Check, Leg, Verdict, http};
use civi_ingress::probe::{authorities, objects, servers_transport};
use proptest::prelude::*;

use super::pki::{Authority, Leaf};
use crate::support::NOW;
use pki_types::CertificateDer;
use pki_types::pem::PemObject as _;

fn host() -> DnsName {
    DnsName::parse("a.example.org").expect("a good name")
}

#[test]
fn a_certificate_that_ends_before_it_begins_is_found() {
    let authority = Authority::new("our CA");
    let leaf = Leaf {
        days: (30, -30),
        ..Leaf::default()
    };
    let pair = authority.leaf(&leaf);
    let der = CertificateDer::from_pem_slice(pair.chain.as_bytes()).unwrap();
    let trust = TrustedRoots::from_file(&authority.certificate, "ca.crt").unwrap();
    let name = ExpectedName::Host(host());
    let sent = Sent::read(&[der.to_vec()]);
    let findings = chain::examine(&sent, &expected(&name, &trust));
    let dates = findings
        .iter()
        .find(|finding| finding.check == Check::Dates);
    assert_eq!(dates.map(|finding| finding.verdict), Some(Verdict::Broken));
}

fn expected<'a>(name: &'a ExpectedName, trust: &'a TrustedRoots) -> Expected<'a> {
    Expected {
        leg: Leg::Backend,
        name,
        trust,
        now: NOW,
        within: time::Duration::DAY,
        is_verified: true,
        follows: "answers 500",
        holder: None,
        fix_trust: String::new(),
        fix_name: String::new(),
        fix_dates: String::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_answer_is_read_or_refused(start in "(HTTP/1\\.[01] [0-9]{1,3} )?", rest in proptest::collection::vec(any::<u8>(), 0..300)) {
        let bytes = [start.as_bytes(), &rest].concat();
        if let Ok(Some(head)) = http::read(&bytes) {
            for leg in [Leg::Front, Leg::Backend] {
                let what = http::status(&head, leg).what;
                prop_assert!(what.chars().all(|c| c == ' ' || c.is_ascii_graphic()), "{what:?}");
            }
            let what = http::hsts(&head, false).what;
            prop_assert!(what.chars().all(|c| c == ' ' || c.is_ascii_graphic()), "{what:?}");
        }
    }

    #[test]
    fn any_damage_to_a_certificate_is_found(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let authority = Authority::new("our CA");
        let pair = authority.leaf(&Leaf::default());
        let der = CertificateDer::from_pem_slice(pair.chain.as_bytes()).unwrap();
        let mut changed = der.to_vec();
        let place = at.index(changed.len());
        changed[place] = byte;
        let cut = changed[..cut.index(changed.len())].to_vec();
        let trust = TrustedRoots::from_file(&authority.certificate, "ca.crt").unwrap();
        let trust = TrustedRoots { origin: RootOrigin::System, ..trust };
        let name = ExpectedName::Host(host());
        let expected = expected(&name, &trust);
        for chain in [vec![changed.clone()], vec![changed.clone(), cut.clone()], vec![cut]] {
            let is_whole = chain == [der.to_vec()];
            let findings = chain::examine(&Sent::read(&chain), &expected);
            let is_good = findings.iter().all(|finding| finding.verdict <= Verdict::Note);
            prop_assert_eq!(is_good, is_whole, "{:?}", findings);
        }
    }

    #[test]
    fn any_rule_and_any_transport_is_followed_or_refused(rule in "[ -~]{0,60}", spec in "[a-zA-Z:\\[\\]{}, 0-9]{0,40}") {
        let quoted = rule.replace('\'', "''");
        let text = format!("kind: IngressRoute\nmetadata: {{name: r}}\nspec: {{routes: [{{match: 'Host(`a.example.org`) || {quoted}', services: [{{name: s, port: 443, serversTransport: t}}]}}]}}\n---\nkind: ServersTransport\nmetadata: {{name: t}}\nspec: {{{spec}}}\n");
        let cluster = objects::read(&[("m.yaml", &text)]);
        if let Some(Ok(way)) = cluster.as_ref().ok().map(|cluster| Way::find(cluster, &host(), None)) {
            let _ = cluster.as_ref().map(|cluster| authorities::front_trust(cluster, Some(&way)));
            let transport = servers_transport::transport(&way, None);
            prop_assert!(transport.is_ok() || transport.is_err_and(|faults| !faults.is_empty()));
        }
    }
}
