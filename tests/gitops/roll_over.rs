//! Renewals, and what is trusted meanwhile.

use super::story::{
    Fresh, OTHER_RECIPIENT, RECIPIENT, action, certificates, context, covered, database_covered,
    file, first_step, fleet, keys_in_use, sops, step, value_of,
};
use crate::support::NOW;
use base64::Engine as _;
use civi_ingress::gitops::compose::drawing::NoDrawing;
use civi_ingress::gitops::compose::restart;
use civi_ingress::gitops::context::{Context, Phase, Sealer, UnitFiles};
use civi_ingress::gitops::decide::{Action, Need, Reason};
use civi_ingress::gitops::unit::Unit;
use civi_ingress::guarded::Guarded;
use civi_ingress::ingress::Role;
use civi_ingress::pki::reuse::Cause;
use time::Duration;

#[test]
fn a_due_leaf_is_renewed_and_the_previous_ca_stays_trusted_until_its_leaf_has_ended() {
    let sealer = sops(&[RECIPIENT]);
    let fleet = fleet("  wildcard: false\n  instances: {a: {}}\n");
    let first = first_step(&sealer, &fleet);
    let old = certificates(file(&first, "secret-selfcert.sops.yaml"), "externcert").remove(0);
    let (plan, same) = step(
        &context(&sealer, &[], NOW + Duration::days(200)),
        &fleet,
        &first,
        &mut NoDrawing,
    );
    assert!(plan.keeps_all());
    assert_eq!(first.current, same.current);
    let later = NOW + Duration::days(250);
    let (plan, second) = step(&context(&sealer, &[], later), &fleet, &first, &mut Fresh(9));
    assert!(
        matches!(
            action(&plan, Role::Httpd),
            Action::Renew(Reason::Chain(Cause::Due(..)))
        ),
        "{plan:?}"
    );
    let new = certificates(file(&second, "secret-selfcert.sops.yaml"), "externcert").remove(0);
    assert!(covered(&second, &old) && covered(&second, &new));
    let end = NOW + Duration::days(366);
    let (plan, third) = step(&context(&sealer, &[], end), &fleet, &second, &mut NoDrawing);
    assert!(plan.keeps_all());
    assert!(!covered(&third, &old) && covered(&third, &new));
}

#[test]
fn an_overlap_that_is_set_ends_the_trust_in_the_previous_ca() {
    let sealer = Sealer::Plain;
    let fleet = fleet(
        "  wildcard: false\n  defaults: {certificate: {overlap: 30d}}\n  instances: {a: {}}\n",
    );
    let first = first_step(&sealer, &fleet);
    let old = certificates(file(&first, "secret-selfcert.yaml"), "externcert").remove(0);
    let renewal = NOW + Duration::days(250);
    let (_, second) = step(
        &context(&sealer, &[], renewal),
        &fleet,
        &first,
        &mut Fresh(9),
    );
    let within = step(
        &context(&sealer, &[], renewal + Duration::days(29)),
        &fleet,
        &second,
        &mut NoDrawing,
    )
    .1;
    assert!(covered(&within, &old));
    let after = step(
        &context(&sealer, &[], renewal + Duration::days(31)),
        &fleet,
        &second,
        &mut NoDrawing,
    )
    .1;
    assert!(!covered(&after, &old));
}

#[test]
fn trust_comes_first_then_the_leaf_then_the_shrinking() {
    let sealer = sops(&[RECIPIENT]);
    let fleet = fleet("  wildcard: false\n  instances: {a: {}}\n");
    let first = first_step(&sealer, &fleet);
    let old = certificates(file(&first, "secret-selfcert.sops.yaml"), "externcert").remove(0);
    let at = |days, phase| Context {
        phase,
        ..context(&sealer, &[], NOW + Duration::days(days))
    };
    let (plan, waits) = step(&at(250, Phase::Leaf), &fleet, &first, &mut NoDrawing);
    assert!(
        matches!(
            action(&plan, Role::Httpd),
            Action::Blocked(_, Need::TrustPhase)
        ),
        "{plan:?}"
    );
    assert_eq!(first.current, waits.current);

    let (plan, trusted) = step(&at(250, Phase::Trust), &fleet, &first, &mut Fresh(9));
    assert!(
        matches!(
            action(&plan, Role::Httpd),
            Action::Stage(Reason::Chain(Cause::Due(..)))
        ),
        "{plan:?}"
    );
    let key = |files: &UnitFiles, name| value_of(keys_in_use(files), name).to_owned();
    for name in [
        "externkey",
        "externcert",
        "dbserverkey",
        "dbservercert",
        "cacert",
    ] {
        assert_eq!(key(&first, name), key(&trusted, name), "{name}");
    }
    let next = certificates(
        file(&trusted, "next/secret-selfcert.sops.yaml"),
        "externcert",
    )
    .remove(0);
    assert!(covered(&trusted, &old) && covered(&trusted, &next));
    let database = certificates(keys_in_use(&first), "dbservercert").remove(0);
    let next_database = certificates(
        file(&trusted, "next/secret-selfcert.sops.yaml"),
        "dbservercert",
    )
    .remove(0);
    assert!(database_covered(&trusted, &database) && database_covered(&trusted, &next_database));
    let unit = Unit::member(&fleet, &fleet.members[0]).expect("a unit");
    assert_eq!(
        restart(&unit, &plan).as_deref(),
        Some(
            "kubectl -n a rollout restart statefulset/paroisse-set-httpd statefulset/paroisse-set-tools"
        ),
        "the database's clients learn of its next CA"
    );
    let (plan, again) = step(&at(251, Phase::Trust), &fleet, &trusted, &mut NoDrawing);
    assert!(plan.keeps_all(), "{plan:?}");
    assert_eq!(
        (&trusted.current, &trusted.staged),
        (&again.current, &again.staged)
    );

    let (plan, promoted) = step(&at(260, Phase::Leaf), &fleet, &trusted, &mut NoDrawing);
    assert_eq!(*action(&plan, Role::Httpd), Action::Promote);
    assert!(promoted.staged.is_empty());
    assert_eq!(
        file(&promoted, "secret-selfcert.sops.yaml"),
        file(&trusted, "next/secret-selfcert.sops.yaml")
    );
    assert!(covered(&promoted, &old) && covered(&promoted, &next));
    assert!(database_covered(&promoted, &database) && database_covered(&promoted, &next_database));
    assert_eq!(
        restart(&unit, &plan).as_deref(),
        Some(
            "kubectl -n a rollout restart statefulset/paroisse-set-db statefulset/paroisse-set-httpd statefulset/paroisse-set-tools"
        ),
        "each once"
    );

    let (plan, shrunk) = step(&at(270, Phase::Shrink), &fleet, &promoted, &mut NoDrawing);
    assert!(plan.keeps_all());
    assert!(!covered(&shrunk, &old) && covered(&shrunk, &next));
    assert!(!database_covered(&shrunk, &database) && database_covered(&shrunk, &next_database));
}

#[test]
fn every_leaf_that_may_be_served_stays_trusted_however_often_keys_are_made() {
    for custody in ["ephemeral", "stored"] {
        let fleet = fleet(&format!(
            "  wildcard: false\n  defaults: {{certificate: {{ca: {custody}}}}}\n  instances: {{a: {{objects: {{clientAuth: true}}}}}}\n"
        ));
        let (ours, theirs) = (sops(&[RECIPIENT]), sops(&[OTHER_RECIPIENT]));
        let mut leaves = Vec::new();
        let mut files = UnitFiles::default();
        // Keys that others could open are made again; a CA that is kept moves in between to one that is not.
        for (day, sealer) in [(0, &ours), (1, &theirs), (2, &ours), (3, &theirs)] {
            let again = Context {
                rekey: true,
                ..context(sealer, &[], NOW + Duration::days(day))
            };
            files = step(
                &again,
                &fleet,
                &files,
                &mut Fresh(20 * u8::try_from(day).expect("a small number")),
            )
            .1;
            leaves.push((
                certificates(keys_in_use(&files), "externcert").remove(0),
                certificates(keys_in_use(&files), "dbservercert").remove(0),
            ));
            for (httpd, database) in &leaves {
                assert!(
                    covered(&files, httpd) && database_covered(&files, database),
                    "{custody}, day {day}"
                );
            }
        }
        let end = NOW + Duration::days(366);
        if custody == "ephemeral" {
            let later = context(&theirs, &[], end);
            let (_, files) = step(&later, &fleet, &files, &mut Fresh(90));
            assert!(!covered(&files, &leaves[0].0) && covered(&files, &leaves[1].0));
            assert!(
                !database_covered(&files, &leaves[0].1) && database_covered(&files, &leaves[1].1)
            );
        }
    }
}

#[test]
fn a_bundle_of_cas_in_any_order_is_read_and_changes_no_key() {
    let fleet = fleet("  wildcard: false\n  instances: {a: {}}\n");
    let sealer = Sealer::Plain;
    let at = context(&sealer, &[], NOW);
    let (_, first) = step(&at, &fleet, &UnitFiles::default(), &mut Fresh(0));
    let (_, other) = step(&at, &fleet, &UnitFiles::default(), &mut Fresh(50));
    let both = |name: &str| {
        let all = [&other, &first].map(|files| {
            crate::support::decode(value_of(keys_in_use(files), name)).expect("base64 text")
        });
        base64::engine::general_purpose::STANDARD.encode(all.concat())
    };
    for name in ["dbcacert", "cacert"] {
        let mut files = UnitFiles::default();
        for (path, text) in &first.current {
            let text = if path.contains("selfcert") {
                text.replace(value_of(text, name), &both(name))
            } else {
                text.to_string()
            };
            files.current.push((path.clone(), Guarded::public(text)));
        }
        let (plan, after) = step(&at, &fleet, &files, &mut NoDrawing);
        assert!(plan.keeps_all(), "{name}: {plan:?}");
        let expected = if name == "dbcacert" { 2 } else { 1 };
        let trusted = certificates(keys_in_use(&after), "dbcacert");
        assert_eq!(trusted.len(), expected);
        let leaf = certificates(keys_in_use(&after), "dbservercert").remove(0);
        assert!(
            leaf.names_as_issuer(&trusted[0]),
            "the present one comes first"
        );
        let again = step(&at, &fleet, &after, &mut NoDrawing).1;
        assert_eq!(after.current, again.current);
    }
}
