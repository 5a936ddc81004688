//! What a change of recipients, scope or hosts does, and what is broken.

use super::story::{
    Fresh, OTHER_IDENTITY, OTHER_RECIPIENT, RECIPIENT, action, certificates, context, file, fleet,
    identities, sops, step,
};
use crate::support::NOW;
use civi_ingress::gitops::compose::drawing::NoDrawing;
use civi_ingress::gitops::context::{Context, Phase, Reading, Sealer, UnitFiles};
use civi_ingress::gitops::decide::{Action, Need, Reason};
use civi_ingress::gitops::secrets::FoundUnit;
use civi_ingress::gitops::unit::Unit;
use civi_ingress::guarded::Guarded;
use civi_ingress::ingress::Role;
use civi_ingress::pki::reuse::Cause;
use civi_ingress::seal::Identity;
use civi_ingress::seal::sealed::{SealingCertificate, SealingScope};
use time::Duration;

#[test]
fn ciphertext_for_another_scope_is_reissued_because_it_cannot_be_opened_there() {
    let pem = rcgen::CertificateParams::default()
        .self_signed(&rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).expect("a key"))
        .expect("a certificate")
        .pem();
    let sealer = |scope| Sealer::Sealed {
        certificate: Box::new(SealingCertificate::from_pem(&pem, NOW).expect("a certificate")),
        scope,
    };
    let fleet = fleet("  secrets: {mode: plain}\n  wildcard: false\n  instances: {a: {}}\n");
    let strict = sealer(SealingScope::Strict);
    let (_, first) = step(
        &context(&strict, &[], NOW),
        &fleet,
        &UnitFiles::default(),
        &mut Fresh(0),
    );
    for scope in [SealingScope::NamespaceWide, SealingScope::ClusterWide] {
        let wide = sealer(scope);
        let (plan, second) = step(&context(&wide, &[], NOW), &fleet, &first, &mut Fresh(9));
        assert_eq!(
            *action(&plan, Role::Httpd),
            Action::Renew(Reason::ScopeChanged)
        );
        let (plan, _) = step(&context(&wide, &[], NOW), &fleet, &second, &mut NoDrawing);
        assert_eq!(*action(&plan, Role::Httpd), Action::Keep);
        let mut later = context(&wide, &[], NOW);
        later.phase = Phase::Shrink;
        let (_, waiting) = step(&later, &fleet, &first, &mut NoDrawing);
        assert_eq!(waiting.current, first.current, "its scope stays with it");
    }
}

#[test]
fn new_recipients_get_the_same_keys_or_wait_for_the_identity_unless_new_ones_are_asked_for() {
    let fleet = fleet("  wildcard: false\n  instances: {a: {}}\n");
    let before = sops(&[RECIPIENT]);
    let (_, first) = step(
        &context(&before, &[], NOW),
        &fleet,
        &UnitFiles::default(),
        &mut Fresh(0),
    );
    let after = sops(&[RECIPIENT, OTHER_RECIPIENT]);
    let name = "secret-selfcert.sops.yaml";
    let identities = identities();
    let (plan, opened) = step(
        &context(&after, &identities, NOW),
        &fleet,
        &first,
        &mut Fresh(9),
    );
    assert_eq!(
        *action(&plan, Role::Httpd),
        Action::Reseal(Reason::RecipientsChanged)
    );
    assert_eq!(
        certificates(file(&first, name), "externcert"),
        certificates(file(&opened, name), "externcert")
    );
    assert!(file(&opened, name).contains(OTHER_RECIPIENT));
    let other = [Identity::all_from_text(OTHER_IDENTITY)
        .expect("an identity")
        .remove(0)];
    for (identities, need) in [(&[][..], Need::Identity), (&other[..], Need::OtherIdentity)] {
        let (plan, kept) = step(
            &context(&after, identities, NOW),
            &fleet,
            &first,
            &mut NoDrawing,
        );
        for role in [Role::Httpd, Role::Database] {
            let waits = Action::Blocked(Reason::RecipientsChanged, need);
            assert_eq!(*action(&plan, role), waits);
        }
        assert_eq!(first.current, kept.current);
    }
    for identities in [&[][..], &identities] {
        let again = Context {
            rekey: true,
            ..context(&after, identities, NOW)
        };
        let (plan, renewed) = step(&again, &fleet, &first, &mut Fresh(9));
        assert_eq!(
            *action(&plan, Role::Httpd),
            Action::Renew(Reason::RecipientsChanged)
        );
        assert_ne!(
            certificates(file(&first, name), "externcert"),
            certificates(file(&renewed, name), "externcert")
        );
    }
    // What is due is renewed for all recipients, and takes along what shares its file.
    let later = context(&after, &[], NOW + Duration::days(300));
    let (plan, _) = step(&later, &fleet, &first, &mut Fresh(9));
    assert!(
        plan.roles.iter().all(|role| role.action.makes_keys()),
        "{plan:?}"
    );
}

#[test]
fn a_changed_host_reissues_its_chain_and_what_shares_its_encrypted_file() {
    let before = fleet("  wildcard: false\n  instances: {a: {}}\n");
    let after = fleet("  wildcard: false\n  instances: {a: {externalHost: b.example.org}}\n");
    for (sealer, database) in [
        (sops(&[RECIPIENT]), Action::Renew(Reason::SameFile)),
        (Sealer::Plain, Action::Keep),
    ] {
        let (_, first) = step(
            &context(&sealer, &[], NOW),
            &before,
            &UnitFiles::default(),
            &mut Fresh(0),
        );
        let (plan, _) = step(&context(&sealer, &[], NOW), &after, &first, &mut Fresh(9));
        assert_eq!(
            *action(&plan, Role::Httpd),
            Action::Renew(Reason::Chain(Cause::NamesChanged))
        );
        assert_eq!(*action(&plan, Role::Database), database);
    }
}

#[test]
fn what_is_broken_is_reported_and_reissued() {
    let sealer = Sealer::Plain;
    let fleet = fleet("  wildcard: false\n  instances: {a: {}}\n");
    let context = context(&sealer, &[], NOW);
    let (_, good) = step(&context, &fleet, &UnitFiles::default(), &mut Fresh(0));
    let (_, other) = step(&context, &fleet, &UnitFiles::default(), &mut Fresh(50));
    let name = "secret-selfcert.yaml";
    let line = |files: &UnitFiles, key: &str| {
        let line = file(files, name)
            .lines()
            .find(|line| line.starts_with(&format!("  {key}: ")));
        line.expect("the key").to_owned()
    };
    let without = |key: &str| (line(&good, key) + "\n", String::new());
    let foreign = |key: &str| (line(&good, key), line(&other, key));
    let cases = [
        (without("externkey"), "its private key is missing"),
        (without("cacert"), "its CA certificate is missing"),
        (without("externcert"), "its certificate is missing"),
        (
            foreign("cacert"),
            "the leaf's issuer is not, byte for byte, the CA's subject",
        ),
        (
            (
                line(&good, "externcert"),
                "  externcert: Z2FyYmFnZQ==".to_owned(),
            ),
            "there is no readable certificate",
        ),
    ];
    for ((from, to), expected) in cases {
        let mut files = UnitFiles::default();
        for (path, text) in &good.current {
            files.current.push((
                path.clone(),
                Guarded::new(text.replacen(&from, &to, 1), true),
            ));
        }
        let (plan, _) = step(&context, &fleet, &files, &mut Fresh(9));
        let Action::Renew(reason) = action(&plan, Role::Httpd) else {
            panic!("{expected}: {plan:?}")
        };
        assert_eq!(reason.to_string(), expected);
    }
}

#[test]
fn an_httpd_that_is_to_show_a_certificate_of_others_lets_go_of_its_chain_and_gets_a_new_one_back() {
    let sealer = Sealer::Plain;
    let context = context(&sealer, &[], NOW);
    let direct = fleet("  wildcard: false\n  instances: {a: {}}\n");
    let passed = fleet(
        "  wildcard: false\n  instances: {a: {topology: passthrough, publicCertificate: {secret: web}}}\n",
    );
    let (_, first) = step(&context, &direct, &UnitFiles::default(), &mut Fresh(0));
    let (plan, second) = step(&context, &passed, &first, &mut NoDrawing);
    let roles: Vec<Role> = plan.roles.iter().map(|role| role.role).collect();
    assert_eq!(roles, [Role::Database]);
    assert!(plan.keeps_all(), "the database's chain stays");
    let names: Vec<&str> = second
        .current
        .iter()
        .map(|(path, _)| path.as_str())
        .collect();
    assert!(
        !names.iter().any(|name| name.contains("externca")),
        "{names:?}"
    );
    let secret = "secret-selfcert.yaml";
    for key in ["cacert", "cakey", "externcert", "externkey"] {
        let entry = format!("\n  {key}:");
        assert!(!file(&second, secret).contains(&entry), "{key}");
    }
    assert_eq!(
        certificates(file(&first, secret), "dbservercert"),
        certificates(file(&second, secret), "dbservercert")
    );
    let unit = Unit::member(&passed, &passed.members[0]).expect("a unit");
    let found = FoundUnit::read(&context, &unit, &first, Reading::Yaml).expect("our own form");
    assert!(found.unknown_keys(&unit).is_empty());
    let (plan, third) = step(&context, &direct, &second, &mut Fresh(9));
    assert_eq!(*action(&plan, Role::Httpd), Action::Issue);
    assert_eq!(*action(&plan, Role::Database), Action::Keep);
    assert!(file(&third, secret).contains("externkey"));
}
