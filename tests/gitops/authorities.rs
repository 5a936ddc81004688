//! Stored, external and intermediate CAs.

use super::story::{
    Fresh, RECIPIENT, action, certificates, context, file, first_step, fleet, identities, sops,
    step, value_of,
};
use crate::support::{NOW, key, read, run_in, write};
use base64::Engine as _;
use civi_ingress::fleet::Fleet;
use civi_ingress::gitops::compose::drawing::NoDrawing;
use civi_ingress::gitops::context::{Context, Phase, Sealer, UnitFiles};
use civi_ingress::gitops::decide::{Action, Need, Reason};
use civi_ingress::gitops::renewal::{DatedCertificate, dates};
use civi_ingress::guarded::Guarded;
use civi_ingress::ingress::Role;
use civi_ingress::pki::Certificate;
use civi_ingress::pki::issue::{self, CaRequest, Organization, Serial};
use civi_ingress::pki::reuse::Cause;
use civi_ingress::pki::validity::Validity;
use civi_ingress::values::SecretKeyRef;
use std::fmt::Write as _;
use tempfile::TempDir;
use time::Duration;

#[test]
fn a_stored_ca_signs_again_with_the_identity_and_nothing_is_made_without_it() {
    let sealer = sops(&[RECIPIENT]);
    let fleet =
        fleet("  wildcard: false\n  defaults: {certificate: {ca: stored}}\n  instances: {a: {}}\n");
    let first = first_step(&sealer, &fleet);
    let later = NOW + Duration::days(250);
    let (plan, same) = step(
        &context(&sealer, &[], later),
        &fleet,
        &first,
        &mut NoDrawing,
    );
    assert!(matches!(
        action(&plan, Role::Httpd),
        Action::Blocked(Reason::Chain(Cause::Due(..)), Need::Identity)
    ));
    assert_eq!(first.current, same.current);
    let identities = identities();
    let (plan, second) = step(
        &context(&sealer, &identities, later),
        &fleet,
        &first,
        &mut Fresh(9),
    );
    assert!(matches!(action(&plan, Role::Httpd), Action::Renew(_)));
    let name = "secret-selfcert.sops.yaml";
    assert_eq!(
        certificates(file(&first, name), "cacert"),
        certificates(file(&second, name), "cacert")
    );
    assert_ne!(
        certificates(file(&first, name), "externcert"),
        certificates(file(&second, name), "externcert")
    );
    assert_eq!(
        file(&first, "secret-externca.yaml"),
        file(&second, "secret-externca.yaml")
    );
}

#[test]
fn a_stored_ca_is_never_replaced_without_the_identity_whatever_is_wrong() {
    let sealer = sops(&[RECIPIENT]);
    let fleet_with = |more: &str| {
        fleet(&format!(
            "  wildcard: false\n  defaults: {{certificate: {{ca: stored}}}}\n  instances: {{a: {{{more}}}}}\n"
        ))
    };
    let as_it_was = fleet_with("");
    let (_, first) = step(
        &context(&sealer, &[], NOW),
        &as_it_was,
        &UnitFiles::default(),
        &mut Fresh(0),
    );
    let cut = |files: &UnitFiles, what: &str| {
        let name = "secret-selfcert.sops.yaml";
        let lines = file(files, name).lines();
        let kept: Vec<&str> = lines.filter(|line| !line.starts_with(what)).collect();
        let mut found = UnitFiles::default();
        for (path, text) in &files.current {
            let text = if path.ends_with(name) {
                kept.join("\n") + "\n"
            } else {
                text.to_string()
            };
            found.current.push((path.clone(), Guarded::public(text)));
        }
        found
    };
    let moved = fleet_with("externalHost: b.example.org");
    let elsewhere = fleet_with("namespace: b");
    let after_the_end = NOW + Duration::days(400);
    for (what, fleet, now, from) in [
        ("expired", &as_it_was, after_the_end, ""),
        ("host", &moved, NOW, ""),
        ("namespace", &elsewhere, NOW, ""),
        ("leaf", &as_it_was, NOW, "  externcert: "),
        ("leaf key", &as_it_was, NOW, "  externkey: "),
        ("CA", &as_it_was, NOW, "  cacert: "),
        ("MAC", &as_it_was, NOW, "  mac: "),
    ] {
        let files = cut(
            &first,
            if from.is_empty() {
                "no such line"
            } else {
                from
            },
        );
        let (plan, same) = step(&context(&sealer, &[], now), fleet, &files, &mut NoDrawing);
        for role in [Role::Httpd, Role::Database] {
            let is_waiting = matches!(
                action(&plan, role),
                Action::Keep | Action::Blocked(_, Need::Identity | Need::Person)
            );
            assert!(is_waiting, "{what}: {role}: {plan:?}");
        }
        let blocks = |role| matches!(action(&plan, role), Action::Blocked(..));
        assert!(blocks(Role::Httpd) || blocks(Role::Database), "{what}");
        let name = "secret-selfcert.sops.yaml";
        let kept = file(&files, name).replace(
            "namespace: a\n",
            &format!("namespace: {}\n", fleet.members[0].namespace),
        );
        assert_eq!(file(&same, name), kept, "{what}");
    }
    let identities = identities();
    let (_, renewed) = step(
        &context(&sealer, &identities, after_the_end),
        &as_it_was,
        &first,
        &mut Fresh(9),
    );
    let name = "secret-selfcert.sops.yaml";
    assert_eq!(
        certificates(file(&first, name), "cacert"),
        certificates(file(&renewed, name), "cacert"),
        "the stored CA outlives its leaf"
    );
}

#[test]
fn without_the_key_of_an_external_ca_the_file_that_holds_its_chain_waits() {
    let sealer = sops(&[RECIPIENT]);
    let fleet = fleet(
        "  wildcard: false\n  defaults: {certificate: {ca: external}}\n  instances: {a: {}}\n",
    );
    let (plan, files) = step(
        &context(&sealer, &[], NOW),
        &fleet,
        &UnitFiles::default(),
        &mut Fresh(0),
    );
    assert_eq!(
        *action(&plan, Role::Httpd),
        Action::Blocked(Reason::MISSING, Need::CaKey)
    );
    assert_eq!(*action(&plan, Role::Database), Action::Issue);
    let request = CaRequest {
        organization: &Organization::default(),
        validity: Validity {
            not_before: NOW,
            not_after: NOW + Duration::days(3650),
        },
        permitted: &[],
    };
    let given = issue::ca(&request, key("ca"), Serial::from_random([1; 16])).expect("a CA");
    let with_key = |now| Context {
        given_ca: Some(&given),
        ..context(&sealer, &[], now)
    };
    let (_, first) = step(&with_key(NOW), &fleet, &files, &mut Fresh(9));
    let later = NOW + Duration::days(300);
    let (plan, same) = step(
        &context(&sealer, &[], later),
        &fleet,
        &first,
        &mut NoDrawing,
    );
    for role in [Role::Httpd, Role::Database] {
        assert!(
            matches!(
                action(&plan, role),
                Action::Blocked(Reason::Chain(Cause::Due(..)), Need::CaKey)
            ),
            "{plan:?}"
        );
    }
    assert_eq!(same.current, first.current);
    let (plan, _) = step(&with_key(later), &fleet, &first, &mut Fresh(20));
    assert!(matches!(action(&plan, Role::Httpd), Action::Renew(_)));
}

#[test]
fn below_an_external_intermediate_a_fleet_serves_the_chain_trusts_the_root_and_stays() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let (issuing, root) = (
        include_str!("../fixtures/issuing.crt"),
        include_str!("../fixtures/issuing-root.crt"),
    );
    write(&path.join("ca.pem"), &format!("{issuing}{root}"));
    write(
        &path.join("ca.key"),
        include_str!("../fixtures/issuing.key"),
    );
    write(
        &path.join("fleet.yaml"),
        &format!(
            "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {{name: parishes}}\nspec:\n  secrets: {{mode: sops, recipients: [{RECIPIENT}]}}\n  \
             domain: example.org\n  defaults: {{certificate: {{ca: external}}}}\n  instances: {{a: {{externalHost: a.example.org}}}}\n"
        ),
    );
    let gitops = |command: &str, now: &str, more: &[&str]| {
        let arguments = [
            "gitops",
            command,
            "-f",
            "fleet.yaml",
            "--output-dir",
            "t",
            "--now",
            now,
        ];
        run_in(path, &[&arguments, more].concat())
    };
    let given = ["--ca-cert", "ca.pem", "--ca-key", "ca.key"];
    gitops("render", "2026-12-01T00:00:00Z", &given).good();
    let own = || read(&path.join("t/instances/a/secret-selfcert.sops.yaml"));
    let trust = || read(&path.join("t/instances/a/secret-externca.yaml"));
    let first = (own(), trust());
    let served = certificates(&first.0, "externcert");
    assert_eq!(served.len(), 2);
    let root = Certificate::from_pem(root).unwrap();
    assert_eq!(
        certificates(&first.1, "ca.crt"),
        std::slice::from_ref(&root)
    );
    let names = [civi_ingress::pki::SubjectAltName::parse("a.example.org").unwrap()];
    civi_ingress::pki::verify::path_through(
        &root,
        &served[1..],
        &served[0],
        civi_ingress::pki::LeafUse::Server,
        &names,
        time::macros::datetime!(2026-12-02 00:00:00 UTC),
    )
    .unwrap();
    let later = "2026-12-02T00:00:00Z";
    for more in [&given[..], &[]] {
        gitops("render", later, more).good();
        assert_eq!((own(), trust()), first);
        let check = gitops("check", later, more);
        assert_eq!(check.status, 0, "{}{}", check.stdout, check.stderr);
    }
    let due = "2027-11-01T00:00:00Z";
    // The wildcard certificate has a CA of its own, whose key is stored.
    assert_eq!(gitops("render", due, &given).status, 1);
    let renewed = certificates(&own(), "externcert");
    assert_ne!(renewed[0], served[0]);
    assert_eq!(renewed[1..], served[1..]);
    assert_eq!(certificates(&trust(), "ca.crt"), [root]);
}

#[test]
fn a_leaf_that_ends_with_the_root_above_an_external_intermediate_waits_for_another_ca() {
    let pair = |name| rcgen::KeyPair::from_pem(key(name).pem()).unwrap();
    let read = |der: &[u8]| Certificate::from_der(der.to_vec().into()).unwrap();
    let authority = |name: &str, days| {
        let mut parameters = rcgen::CertificateParams::default();
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        parameters
            .distinguished_name
            .push(rcgen::DnType::CommonName, name);
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        parameters.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign];
        (parameters.not_before, parameters.not_after) = (NOW, NOW + Duration::days(days));
        parameters
    };
    let root = authority("Root", 30);
    let root_certificate = root.self_signed(&pair("ca")).unwrap();
    let issuer = rcgen::Issuer::new(root, pair("ca"));
    let intermediate = authority("Intermediate", 3650);
    let intermediate = intermediate.signed_by(&pair("db-ca"), &issuer).unwrap();
    let above = vec![read(root_certificate.der())];
    let given = issue::Ca::below(read(intermediate.der()), key("db-ca"), above);
    let sealer = Sealer::Plain;
    let fleet = fleet(
        "  wildcard: false\n  secrets: {mode: plain}\n  defaults: {certificate: {ca: external}}\n  instances: {a: {}}\n",
    );
    let at = |days| Context {
        given_ca: Some(&given),
        ..context(&sealer, &[], NOW + Duration::days(days))
    };
    let (_, first) = step(&at(0), &fleet, &UnitFiles::default(), &mut Fresh(0));
    let (plan, _) = step(&at(25), &fleet, &first, &mut Fresh(9));
    assert!(
        matches!(
            action(&plan, Role::Httpd),
            Action::Blocked(Reason::Chain(Cause::Due(..)), Need::OtherCa)
        ),
        "{plan:?}"
    );
}

#[test]
fn where_a_stored_ca_is_due_with_its_leaf_the_next_ca_is_trusted_first() {
    let sealer = Sealer::Plain;
    let fleet = fleet(
        "  wildcard: false\n  secrets: {mode: plain}\n  defaults: {certificate: {ca: stored, caDays: 400}}\n  instances: {a: {}}\n",
    );
    let at = |days, phase| Context {
        phase,
        ..context(&sealer, &[], NOW + Duration::days(days))
    };
    let start = at(0, Phase::All);
    let (_, first) = step(&start, &fleet, &UnitFiles::default(), &mut Fresh(0));
    let (plan, _) = step(&at(300, Phase::Leaf), &fleet, &first, &mut Fresh(9));
    assert!(
        matches!(
            action(&plan, Role::Httpd),
            Action::Blocked(_, Need::TrustPhase)
        ),
        "{plan:?}"
    );
}

/// An instance under an intermediate whose key is stored, made then.
fn below_a_stored_intermediate(now: &str) -> UnitFiles {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let (issuing, root) = (
        include_str!("../fixtures/issuing.crt"),
        include_str!("../fixtures/issuing-root.crt"),
    );
    write(&path.join("ca.pem"), &format!("{issuing}{root}"));
    write(
        &path.join("ca.key"),
        include_str!("../fixtures/issuing.key"),
    );
    let arguments = [
        "new-instance",
        "a",
        "--host",
        "a.example.org",
        "--ca-cert",
        "ca.pem",
        "--ca-key",
        "ca.key",
        "--ca-custody",
        "stored",
        "--now",
        now,
    ];
    let manifests = run_in(path, &arguments).good();
    let mut secrets = civi_ingress::manifests::secrets(&manifests, "made").unwrap();
    let mut found = UnitFiles::default();
    secrets.retain(|secret| secret.name == "selfcert");
    for secret in secrets {
        let mut text = format!(
            "# civi-ingress:managed fleet=uepal instance=a\n---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: {}\n  namespace: a\ntype: Opaque\ndata:\n",
            secret.name
        );
        for (key, value) in &secret.data {
            let value = base64::engine::general_purpose::STANDARD.encode(value.as_bytes());
            writeln!(text, "  {key}: {value}").unwrap();
        }
        found.current.push((
            format!("instances/a/secret-{}.yaml", secret.name),
            Guarded::private(text),
        ));
    }
    found
}

/// The fleet of that instance, with more of it.
fn fleet_below_a_stored_intermediate(more: &str) -> Fleet {
    fleet(&format!(
        "  wildcard: false\n  secrets: {{mode: plain}}\n  defaults: {{certificate: {{ca: stored}}}}\n  instances: {{a: {{externalHost: a.example.org{more}}}}}\n"
    ))
}

#[test]
fn a_stored_intermediate_signs_again_with_its_chain_and_is_never_replaced() {
    let root = include_str!("../fixtures/issuing-root.crt");
    let sealer = Sealer::Plain;
    let (same_fleet, wider) = (
        fleet_below_a_stored_intermediate(""),
        fleet_below_a_stored_intermediate(", aliases: [b.example.org]"),
    );
    let name = "secret-selfcert.yaml";
    let start = time::macros::datetime!(2026-12-01 00:00:00 UTC);
    let files = below_a_stored_intermediate("2026-12-01T00:00:00Z");
    let before = certificates(file(&files, name), "externcert");
    for (fleet, days) in [(&same_fleet, 300), (&wider, 1)] {
        let now = start + Duration::days(days);
        let (plan, renewed) = step(&context(&sealer, &[], now), fleet, &files, &mut Fresh(0));
        assert!(
            matches!(action(&plan, Role::Httpd), Action::Renew(_)),
            "{plan:?}"
        );
        let after = certificates(file(&renewed, name), "externcert");
        assert_ne!(after[0], before[0]);
        assert_eq!(after[1..], before[1..]);
        assert_eq!(
            certificates(file(&renewed, "secret-externca.yaml"), "ca.crt"),
            [Certificate::from_pem(root).unwrap()]
        );
        assert_eq!(
            value_of(file(&renewed, name), "cakey"),
            value_of(file(&files, name), "cakey")
        );
    }
    // Its leaf ends with it; it has ended.
    let files = below_a_stored_intermediate("2125-01-01T00:00:00Z");
    for now in [
        time::macros::datetime!(2125-05-20 00:00:00 UTC),
        time::macros::datetime!(2125-07-01 00:00:00 UTC),
    ] {
        let (plan, same) = step(
            &context(&sealer, &[], now),
            &same_fleet,
            &files,
            &mut Fresh(0),
        );
        assert!(
            matches!(
                action(&plan, Role::Httpd),
                Action::Blocked(
                    Reason::Chain(Cause::Due(..) | Cause::Expired(_)),
                    Need::OtherIntermediate
                )
            ),
            "{plan:?}"
        );
        for key in ["externkey", "externcert", "cacert", "cakey"] {
            assert_eq!(
                value_of(file(&same, name), key),
                value_of(file(&files, name), key)
            );
        }
    }
}

#[test]
fn the_renewal_under_a_stored_intermediate_is_that_of_its_leaf() {
    let files = below_a_stored_intermediate("2125-01-01T00:00:00Z");
    let fleet = fleet_below_a_stored_intermediate("");
    let name = "secret-selfcert.yaml";
    let standing = |_: &str, place: &SecretKeyRef| {
        let first = certificates(file(&files, name), place.key.as_str()).into_iter();
        let details = first.take(1).find_map(|first| first.details().ok())?;
        let is_there = place.secret.as_str() == "selfcert";
        is_there.then_some(DatedCertificate {
            validity: details.validity,
            is_root: details.self_issued,
        })
    };
    let dates = dates(&fleet, standing).unwrap();
    let due = certificates(file(&files, name), "externcert")[0]
        .validity()
        .due_at();
    let keys: Vec<&str> = dates.iter().map(|date| date.key.as_str()).collect();
    assert_eq!(keys, ["externcert", "dbservercert", "dbcacert"]);
    let soon = time::macros::datetime!(2125-04-01 00:00:00 UTC);
    assert!((soon..=due).contains(&dates[0].at), "{dates:?}");
}
