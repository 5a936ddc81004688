//! Values that were exchanged or damaged.

use super::story::{
    Fresh, IDENTITY, RECIPIENT, action, context, file, fleet, fleet_file, identities, keys_in_use,
    rendered, sops, step, value_of, with_text,
};
use crate::support::{NOW, read, run_in, write};
use civi_ingress::fleet::Fleet;
use civi_ingress::gitops::compose::drawing::NoDrawing;
use civi_ingress::gitops::context::{Context, Sealer, UnitFiles};
use civi_ingress::gitops::decide::{Action, Need};
use civi_ingress::ingress::Role;
use civi_ingress::pki::reuse::Depth;
use civi_ingress::seal::sealed::{SealingCertificate, SealingScope};
use tempfile::TempDir;
use time::Duration;

/// A sealer for a controller of SealedSecrets that is made up on the spot.
fn sealing(scope: SealingScope) -> Sealer {
    let pem = rcgen::CertificateParams::default()
        .self_signed(&rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).expect("a key"))
        .expect("a certificate")
        .pem();
    Sealer::Sealed {
        certificate: Box::new(SealingCertificate::from_pem(&pem, NOW).expect("a certificate")),
        scope,
    }
}

/// Returns the first files with another value under a key of the Secret with the keys.
fn with_value(files: &UnitFiles, key: &str, value: &str) -> UnitFiles {
    let secret = files
        .current
        .iter()
        .find(|(path, _)| path.contains("secret-selfcert."));
    let (path, text) = secret.expect("the Secret");
    let old = value_of(text, key);
    assert_ne!(old, value);
    with_text(files, path, &text.replacen(old, value, 1))
}

/// Returns the files as they were before there was a digest.
fn without_digest(files: &UnitFiles) -> UnitFiles {
    let secret = files
        .current
        .iter()
        .find(|(path, _)| path.contains("secret-selfcert."));
    let (path, text) = secret.expect("the Secret");
    let lines = text.split_inclusive('\n');
    let rest: String = lines
        .filter(|line| !line.starts_with("# civi-ingress:digest "))
        .collect();
    assert_ne!(*rest, **text);
    with_text(files, path, &rest)
}

/// Holds a step against what is damaged: both chains wait for a person, no byte changes, and the report names the
/// file, the key and no value.
fn waits_for_a_person(context: &Context<'_>, fleet: &Fleet, files: &UnitFiles, what: &str) {
    let (plan, same) = step(context, fleet, files, &mut NoDrawing);
    for role in [Role::Httpd, Role::Database] {
        let Action::Blocked(reason, Need::Person) = action(&plan, role) else {
            panic!("{what}: {plan:?}")
        };
        let said = reason.to_string();
        assert!(said.contains(what), "{what}: {said}");
        assert!(
            said.contains("instances/a/se") && said.contains("externkey`"),
            "{said}"
        );
        assert!(
            !said.contains(value_of(keys_in_use(files), "externkey")),
            "{said}"
        );
    }
    assert!(same.current == files.current, "{what}");
}

#[test]
fn a_private_key_that_is_not_its_certificates_waits_for_a_person_whoever_can_open_it() {
    let identities = identities();
    let sealed = sealing(SealingScope::Strict);
    for custody in ["ephemeral", "stored"] {
        let fleet = fleet(&format!(
            "  wildcard: false\n  defaults: {{certificate: {{ca: {custody}}}}}\n  instances: {{a: {{}}}}\n"
        ));
        let not_its = "the private key `externkey` does not belong to the certificate `externcert`";
        let digest = "does not match the line `# civi-ingress:digest`";
        for (sealer, identities, expected) in [
            (&Sealer::Plain, &[][..], not_its),
            (
                &sops(&[RECIPIENT]),
                &identities[..],
                "`data.externkey` is damaged",
            ),
            (&sops(&[RECIPIENT]), &[], digest),
            (&sealed, &[], digest),
        ] {
            let context = context(sealer, identities, NOW);
            let made = |serial| step(&context, &fleet, &UnitFiles::default(), &mut Fresh(serial)).1;
            let (own, other) = (made(0), made(50));
            let foreign = value_of(keys_in_use(&other), "externkey");
            let swapped = with_value(&own, "externkey", foreign);
            waits_for_a_person(&context, &fleet, &swapped, expected);
            // Whatever else is due.
            let later = Context {
                now: NOW + Duration::days(300),
                ..context
            };
            waits_for_a_person(&later, &fleet, &swapped, expected);
        }
    }
}

#[test]
fn a_certificate_and_a_key_that_do_not_belong_together_are_found_behind_a_valid_code() {
    let (identities, sealer) = (identities(), sops(&[RECIPIENT]));
    let fleet =
        fleet("  wildcard: false\n  defaults: {certificate: {ca: stored}}\n  instances: {a: {}}\n");
    let context = context(&sealer, &identities, NOW);
    let made = |serial| step(&context, &fleet, &UnitFiles::default(), &mut Fresh(serial)).1;
    let (own, other) = (made(0), made(50));
    let mut swapped = own;
    for key in ["externcert", "cacert"] {
        swapped = with_value(&swapped, key, value_of(keys_in_use(&other), key));
    }
    let not_its = "the private key `externkey` does not belong to the certificate `externcert`";
    waits_for_a_person(&context, &fleet, &swapped, not_its);
    waits_for_a_person(&context, &fleet, &without_digest(&swapped), not_its);
    // A renewal would find no CA that may sign, and make another.
    let glance = Context {
        now: NOW + Duration::days(300),
        depth: Depth::Glance,
        ..context
    };
    waits_for_a_person(&glance, &fleet, &without_digest(&swapped), not_its);
}

#[test]
fn a_damaged_private_value_waits_for_a_person_whoever_can_open_it() {
    let identities = identities();
    let sealed = sealing(SealingScope::Strict);
    let fleet = fleet("  wildcard: false\n  instances: {a: {}}\n");
    let digest = "does not match the line `# civi-ingress:digest`";
    let flipped = |value: &str| {
        let at = value.len() / 2;
        let byte = if value.as_bytes()[at] == b'A' {
            "B"
        } else {
            "A"
        };
        format!("{}{byte}{}", &value[..at], &value[at + 1..])
    };
    let truncated = |value: &str| match value.split_once(",iv:") {
        Some((data, rest)) => format!("{},iv:{rest}", &data[..data.len() - 3]),
        None => value[..value.len() - 3].to_owned(),
    };
    for (sealer, identities, on_flip, on_cut) in [
        (
            &sops(&[RECIPIENT]),
            &identities[..],
            "`data.externkey` is damaged",
            "externkey` is damaged",
        ),
        (&sops(&[RECIPIENT]), &[], digest, "externkey` is damaged"),
        (
            &sealed,
            &[],
            digest,
            "the sealed value of `externkey` is truncated or not base64",
        ),
        (
            &Sealer::Plain,
            &[],
            "`externkey`",
            "the value of `externkey` is not base64",
        ),
    ] {
        let context = context(sealer, identities, NOW);
        let (_, own) = step(&context, &fleet, &UnitFiles::default(), &mut Fresh(0));
        let value = value_of(keys_in_use(&own), "externkey");
        waits_for_a_person(
            &context,
            &fleet,
            &with_value(&own, "externkey", &flipped(value)),
            on_flip,
        );
        waits_for_a_person(
            &context,
            &fleet,
            &with_value(&own, "externkey", &truncated(value)),
            on_cut,
        );
    }
}

#[test]
fn a_file_without_a_digest_gets_one_with_its_next_change_and_not_before() {
    let sealed = sealing(SealingScope::Strict);
    for sealer in [&sops(&[RECIPIENT]), &sealed] {
        let fleet = fleet("  wildcard: false\n  instances: {a: {}}\n");
        let now = context(sealer, &[], NOW);
        let (_, first) = step(&now, &fleet, &UnitFiles::default(), &mut Fresh(0));
        let old = without_digest(&first);
        let (plan, same) = step(&now, &fleet, &old, &mut NoDrawing);
        assert!(plan.keeps_all(), "{plan:?}");
        assert!(same.current == old.current);
        let later = context(sealer, &[], NOW + Duration::days(300));
        let (_, renewed) = step(&later, &fleet, &old, &mut Fresh(9));
        let text = keys_in_use(&renewed);
        assert!(
            text.lines()
                .nth(1)
                .is_some_and(|line| line.starts_with("# civi-ingress:digest sha256="))
        );
    }
}

#[test]
fn what_an_identity_proves_to_belong_together_gets_a_new_digest() {
    let (identities, sealer) = (identities(), sops(&[RECIPIENT]));
    let fleet = fleet("  wildcard: false\n  instances: {a: {}}\n");
    let closed = context(&sealer, &[], NOW);
    let (_, first) = step(&closed, &fleet, &UnitFiles::default(), &mut Fresh(0));
    let name = "secret-selfcert.sops.yaml";
    let line = file(&first, name).lines().nth(1).expect("the digest");
    let stale =
        file(&first, name).replacen(line, &format!("# civi-ingress:digest sha256={:064}", 0), 1);
    let files = with_text(&first, name, &stale);
    let (plan, same) = step(&closed, &fleet, &files, &mut NoDrawing);
    assert!(matches!(action(&plan, Role::Httpd), Action::Blocked(..)));
    assert!(same.current == files.current);
    let (plan, fixed) = step(
        &context(&sealer, &identities, NOW),
        &fleet,
        &files,
        &mut NoDrawing,
    );
    assert!(
        plan.roles.iter().all(|role| role.action == Action::Keep),
        "{plan:?}"
    );
    assert!(fixed.current == first.current);
}

#[test]
fn check_names_the_file_and_the_key_that_was_exchanged_and_render_leaves_them() {
    for mode in ["sops", "plain"] {
        let directory = TempDir::new().unwrap();
        let text = fleet_file("    a: {}\n    b: {}\n").replace(
            "  instances",
            "  wildcard: false\n  defaults: {certificate: {ca: stored}}\n  instances",
        );
        let text = match mode {
            "plain" => text.replace(
                &format!("mode: sops, recipients: [{RECIPIENT}]"),
                "mode: plain",
            ),
            _ => text,
        };
        rendered(&directory, &text, &[]).good();
        let name = if mode == "sops" {
            "secret-selfcert.sops.yaml"
        } else {
            "secret-selfcert.yaml"
        };
        let path = |id: &str| directory.path().join(format!("tree/instances/{id}/{name}"));
        let (a, b) = (read(&path("a")), read(&path("b")));
        let (own, other) = (value_of(&a, "externkey"), value_of(&b, "externkey"));
        write(&path("a"), &a.replacen(own, other, 1));
        write(&path("b"), &b.replacen(other, own, 1));
        write(&directory.path().join("key.txt"), IDENTITY);
        let check = [
            "gitops",
            "check",
            "-f",
            "fleet.yaml",
            "--output-dir",
            "tree",
        ];
        let with_identity = [&check[..], &["--identity", "key.txt"]].concat();
        for arguments in [&check[..], &with_identity] {
            let run = run_in(directory.path(), arguments);
            assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{}", run.stderr);
            for id in ["a", "b"] {
                let said = format!(
                    "{id}: httpd: blocked: kept as it is, to be fixed by hand: its file is damaged: `instances/{id}/{name}`: "
                );
                let line = run.stderr.lines().find(|line| line.contains(&said));
                assert!(
                    line.is_some_and(|line| line.contains("externkey`")),
                    "{}",
                    run.stderr
                );
            }
            assert!(!run.stderr.contains(own) && !run.stderr.contains(other));
        }
        for more in [&["--verify"][..], &["--verify", "--identity", "key.txt"]] {
            assert_eq!(rendered(&directory, &text, more).status, 1);
            assert_eq!(read(&path("a")), a.replacen(own, other, 1));
        }
        write(&path("a"), &a);
        write(&path("b"), &b);
        for arguments in [&check[..], &with_identity] {
            assert_eq!(run_in(directory.path(), arguments).status, 0, "{mode}");
        }
    }
}
