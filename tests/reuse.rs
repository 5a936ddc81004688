//! When keys and certificates stay, and when they are reissued together.

use crate::support::{NOW, Recipe, key, names_in, read, run_in, run_with_stdin, secret_text};
use civi_ingress::pki::issue::{self, CaRequest, Organization, Serial};
use civi_ingress::pki::reuse;
use civi_ingress::pki::reuse::{
    Cause, ChainKeys, ChainPart, ChainTerms, Custody, Depth, Extent, Found, LeafTerms, RenewalRule,
    Signer, examine,
};
use civi_ingress::pki::trust_bundle::{Retention, trust_bundle};
use civi_ingress::pki::validity::Validity;
use civi_ingress::pki::{Certificate, Chain, LeafUse, PrivateKey, SubjectAltName};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};

fn found(chain: &Chain) -> Found<'_> {
    Found {
        ca: Some(chain.ca.pem()),
        ca_key: chain.ca_key.as_ref().map(PrivateKey::pem),
        leaf: Some(chain.leaf.pem()),
        leaf_key: Some(chain.leaf_key.pem()),
    }
}

fn keep(
    found: Found<'_>,
    names: &[SubjectAltName],
    custody: Custody,
    now: OffsetDateTime,
) -> Result<Chain, Cause> {
    let leaf = leaf_terms(names);
    reuse::keep(found, &terms(&leaf, custody, Signer::Own), now)
}

fn leaf_terms(names: &[SubjectAltName]) -> LeafTerms {
    LeafTerms::covering(names.to_vec(), LeafUse::Server)
}

fn terms<'a>(leaf: &'a LeafTerms, custody: Custody, signer: Signer<'a>) -> ChainTerms<'a> {
    ChainTerms {
        leaf,
        custody,
        signer,
        renewal: RenewalRule::default(),
    }
}

fn reason(found: Found<'_>, recipe: &Recipe<'_>, after: Duration) -> String {
    keep(found, &recipe.names(), Custody::Stored, NOW + after)
        .expect_err("not kept")
        .to_string()
}

#[test]
fn a_good_chain_stays_byte_for_byte_until_it_is_due() {
    let recipe = Recipe::default();
    let chain = recipe.chain();
    let kept = keep(
        found(&chain),
        &recipe.names(),
        Custody::Stored,
        NOW + Duration::days(243),
    )
    .unwrap();
    assert_eq!(kept.leaf.pem(), chain.leaf.pem());
    assert_eq!(kept.leaf_key.pem(), chain.leaf_key.pem());
    assert_eq!(kept.ca.pem(), chain.ca.pem());
    assert_eq!(
        kept.ca_key.unwrap().pem(),
        chain.ca_key.as_ref().unwrap().pem()
    );
    assert_eq!(
        reason(found(&chain), &recipe, Duration::days(244)),
        "its certificate expires at 2027-11-21T10:00:00Z and is due"
    );
}

#[test]
fn a_chain_with_any_part_missing_is_not_kept() {
    let recipe = Recipe::default();
    let chain = recipe.chain();
    let whole = found(&chain);
    let parts = [
        (Found { ca: None, ..whole }, "its CA certificate is missing"),
        (
            Found {
                ca_key: None,
                ..whole
            },
            "its CA key is missing",
        ),
        (
            Found {
                leaf: None,
                ..whole
            },
            "its certificate is missing",
        ),
        (
            Found {
                leaf_key: None,
                ..whole
            },
            "its private key is missing",
        ),
    ];
    for (part, why) in parts {
        assert_eq!(reason(part, &recipe, Duration::ZERO), why);
    }
}

#[test]
fn a_dropped_ca_key_is_not_missed() {
    let recipe = Recipe::default();
    let chain = recipe.chain();
    let part = Found {
        ca_key: None,
        ..found(&chain)
    };
    assert!(
        keep(part, &recipe.names(), Custody::Dropped, NOW)
            .unwrap()
            .ca_key
            .is_none()
    );
}

#[test]
fn parts_of_two_chains_are_not_mixed() {
    let recipe = Recipe::default();
    let ours = recipe.chain();
    let other = Recipe {
        keys: ("db-ca", "db-leaf"),
        ..Recipe::default()
    }
    .chain();
    let (ours, theirs) = (found(&ours), found(&other));
    for mixed in [
        Found {
            ca: theirs.ca,
            ..ours
        },
        Found {
            ca_key: theirs.ca_key,
            ..ours
        },
        Found {
            leaf: theirs.leaf,
            ..ours
        },
        Found {
            leaf_key: theirs.leaf_key,
            ..ours
        },
    ] {
        assert!(keep(mixed, &recipe.names(), Custody::Stored, NOW).is_err());
    }
}

#[test]
fn a_chain_that_does_not_cover_every_host_is_not_kept() {
    let chain = Recipe::default().chain();
    let wider = Recipe {
        names: &["a.example.org", "b.example.org"],
        ..Recipe::default()
    };
    assert_eq!(
        reason(found(&chain), &wider, Duration::ZERO),
        "no subject alternative name covers `b.example.org`"
    );
}

#[test]
fn text_that_is_not_a_key_or_certificate_is_not_kept() {
    let recipe = Recipe::default();
    let chain = recipe.chain();
    let garbage = Found {
        leaf: Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        ..found(&chain)
    };
    assert!(keep(garbage, &recipe.names(), Custody::Stored, NOW).is_err());
}

/// A chain whose certificates are valid between these instants.
fn dated(
    ca: (OffsetDateTime, OffsetDateTime),
    leaf: (OffsetDateTime, OffsetDateTime),
) -> (Chain, rcgen::Issuer<'static, rcgen::KeyPair>) {
    let pair = |name| rcgen::KeyPair::from_pem(key(name).pem()).unwrap();
    let read = |der: &[u8]| Certificate::from_der(der.to_vec().into()).unwrap();
    let root = root_parameters(ca);
    let certificate = root.self_signed(&pair("ca")).unwrap();
    let issuer = rcgen::Issuer::new(root, pair("ca"));
    let mut parameters = rcgen::CertificateParams::new(["a.example.org".to_owned()]).unwrap();
    (parameters.not_before, parameters.not_after) = leaf;
    let leaf = parameters.signed_by(&pair("leaf"), &issuer).unwrap();
    let chain = Chain {
        ca: read(certificate.der()),
        above: Vec::new(),
        ca_key: Some(key("ca")),
        leaf: read(leaf.der()),
        leaf_key: key("leaf"),
    };
    (chain, issuer)
}

fn root_parameters(validity: (OffsetDateTime, OffsetDateTime)) -> rcgen::CertificateParams {
    let mut root = rcgen::CertificateParams::default();
    root.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    (root.not_before, root.not_after) = validity;
    root
}

#[test]
fn a_ca_that_is_due_is_replaced_only_where_it_is_the_chains_own_and_its_key_is_stored() {
    let at = |days| NOW + Duration::days(days);
    let (chain, _) = dated((NOW, at(3650)), (at(2430), at(2795)));
    let leaf = leaf_terms(&Recipe::default().names());
    for (custody, signer, why) in [
        (
            Custody::Stored,
            Signer::Own,
            Err(Cause::Due(ChainPart::Ca, at(3650))),
        ),
        (Custody::Dropped, Signer::Own, Ok(())),
        (Custody::Dropped, Signer::Given(None), Ok(())),
        (Custody::Dropped, Signer::Given(Some(&chain.ca)), Ok(())),
        (Custody::Stored, Signer::Given(Some(&chain.ca)), Ok(())),
    ] {
        let terms = terms(&leaf, custody, signer);
        let kept = reuse::keep(found(&chain), &terms, at(2440));
        assert_eq!(kept.map(|_| ()), why, "{custody:?} {signer:?}");
    }
}

#[test]
fn a_leaf_that_ends_with_a_ca_that_only_its_owner_can_replace_stays_when_it_is_due() {
    let at = |days| NOW + Duration::days(days);
    let (chain, _) = dated((NOW, at(300)), (NOW, at(300)));
    let leaf = leaf_terms(&Recipe::default().names());
    for (custody, signer, why) in [
        (
            Custody::Dropped,
            Signer::Own,
            Err(Cause::Due(ChainPart::Leaf, at(300))),
        ),
        (
            Custody::Stored,
            Signer::Own,
            Err(Cause::Due(ChainPart::Leaf, at(300))),
        ),
        (Custody::Dropped, Signer::Given(Some(&chain.ca)), Ok(())),
        (Custody::Stored, Signer::Given(Some(&chain.ca)), Ok(())),
    ] {
        let terms = terms(&leaf, custody, signer);
        let kept = reuse::keep(found(&chain), &terms, at(250));
        assert_eq!(kept.map(|_| ()), why, "{custody:?} {signer:?}");
    }
}

#[test]
fn a_leaf_that_was_made_a_moment_after_its_ca_stays_and_ends_with_that() {
    let end = NOW + Duration::days(365);
    let moment = Duration::seconds(2);
    let (chain, _) = dated((NOW, end), (NOW + moment, end + moment));
    let kept = keep(
        found(&chain),
        &Recipe::default().names(),
        Custody::Dropped,
        NOW + moment,
    );
    assert_eq!(kept.map(|kept| kept.leaf), Ok(chain.leaf.clone()));
    for extent in [Extent::Exact, Extent::Covering] {
        let leaf = LeafTerms {
            extent,
            ..leaf_terms(&Recipe::default().names())
        };
        let terms = terms(&leaf, Custody::Dropped, Signer::Own);
        let at = |now| {
            let texts = (Some(chain.ca.pem()), Some(chain.leaf.pem()));
            let keys = ChainKeys::Seen {
                ca: false,
                leaf: true,
            };
            let examined = examine(texts, keys, &terms, Depth::Whole, now);
            examined.map(|serving| serving.cause)
        };
        assert_eq!(at(NOW + moment), Ok(None));
        let late = NOW + Duration::days(300);
        assert_eq!(at(late), Ok(Some(Cause::Due(ChainPart::Leaf, end))));
        assert_eq!(at(end + Duration::SECOND), Err(Cause::Expired(end)));
    }
}

#[test]
fn a_chain_whose_leaf_or_ca_has_a_published_key_does_not_stay() {
    let validity = (NOW, NOW + Duration::days(365));
    let (chain, issuer) = dated(validity, validity);
    let published = include_str!("fixtures/published.pub");
    let published = rcgen::SubjectPublicKeyInfo::from_pem(published).unwrap();
    let ca = root_parameters(validity)
        .signed_by(&published, &issuer)
        .unwrap();
    let mut parameters = rcgen::CertificateParams::new(["a.example.org".to_owned()]).unwrap();
    (parameters.not_before, parameters.not_after) = validity;
    let leaf = parameters.signed_by(&published, &issuer).unwrap();
    let (ca, leaf) = (ca.pem(), leaf.pem());
    for (ca, leaf, part) in [
        (ca.as_str(), chain.leaf.pem(), ChainPart::Ca),
        (chain.ca.pem(), leaf.as_str(), ChainPart::Leaf),
    ] {
        let is_published = |cause| matches!(cause, Cause::Published(found, _) if found == part);
        let with = Found {
            ca: Some(ca),
            leaf: Some(leaf),
            ..found(&chain)
        };
        let kept = keep(with, &Recipe::default().names(), Custody::Stored, NOW);
        assert!(kept.is_err_and(is_published), "{part:?}");
        let terms_of_leaf = LeafTerms {
            extent: Extent::Exact,
            key: None,
            ..leaf_terms(&Recipe::default().names())
        };
        let terms = terms(&terms_of_leaf, Custody::Dropped, Signer::Own);
        let keys = ChainKeys::Seen {
            ca: false,
            leaf: true,
        };
        let texts = (Some(ca), Some(leaf));
        let examined = examine(texts, keys, &terms, Depth::Glance, NOW);
        assert!(examined.is_err_and(is_published), "{part:?}");
    }
}

/// A CA of its own keys, made this many days after `NOW`, for this many days.
fn authority(name: &str, after: i64, days: i64) -> Certificate {
    let now = NOW + Duration::days(after);
    let request = CaRequest {
        organization: &Organization::default(),
        validity: Validity {
            not_before: now,
            not_after: now + Duration::days(days),
        },
        permitted: &Recipe::default().names(),
    };
    let serial = Serial::from_random([7; 16]);
    issue::ca(&request, key(name), serial).unwrap().certificate
}

#[test]
fn the_trust_bundle_keeps_every_earlier_ca_while_a_leaf_of_it_may_be_served() {
    let new = authority("ca", 30, 3650);
    let middle = authority("db-ca", 20, 3650);
    let old = authority("leaf", 10, 60);
    let year = Retention::WhileServed {
        life: Duration::days(365),
    };
    let at = |days, retention| {
        let before = [middle.clone(), old.clone(), new.clone()];
        let now = NOW + Duration::days(days);
        trust_bundle(&[&new], before, retention, now)
    };
    let all = [new.clone(), middle.clone(), old.clone()];
    assert_eq!(at(31, year), all);
    assert_eq!(at(71, year), all[..2], "one has ended");
    assert_eq!(at(30 + 825, year), all[..2]);
    assert_eq!(at(30 + 826, year), all[..1], "no leaf of it can be left");
    let decade = Retention::WhileServed {
        life: Duration::days(3650),
    };
    assert_eq!(at(30 + 826, decade), all[..2]);
    assert_eq!(at(30 + 826, Retention::UntilEnd), all[..2]);
    assert_eq!(at(3671, Retention::UntilEnd), all[..1]);
    assert_eq!(at(31, Retention::Nothing), all[..1]);
    let leaf = Recipe::default().chain().leaf;
    assert_eq!(trust_bundle(&[&new], [leaf], year, NOW), all[..1]);
    let next = trust_bundle(&[&middle, &new], [old.clone()], Retention::Nothing, NOW);
    assert_eq!(next, [middle.clone(), new.clone()]);
}

#[test]
fn an_earlier_ca_that_go_refuses_leaves_the_trust_bundle_and_one_that_it_takes_stays() {
    let new = authority("ca", 30, 3650);
    let read = |text: &str| Certificate::from_pem(text).unwrap();
    let negative = read(include_str!("fixtures/negative-serial.crt"));
    // Nobody verifies the signature of a root.
    let sha1 = read(include_str!("fixtures/sha1-root.crt"));
    let bundle = trust_bundle(
        &[&new],
        [negative, sha1.clone()],
        Retention::UntilEnd,
        NOW + Duration::days(31),
    );
    assert_eq!(bundle, [new, sha1]);
}

#[test]
fn the_ca_of_a_leaf_is_found_by_its_signature_wherever_it_stands() {
    let recipe = Recipe::default();
    let chain = recipe.chain();
    let other = authority("db-ca", 0, 3650);
    let earlier = Recipe {
        keys: ("rsa", "db-leaf"),
        ..Recipe::default()
    }
    .chain()
    .ca;
    let several = format!("{}{}{}", other.pem(), chain.ca.pem(), earlier.pem());
    let part = Found {
        ca: Some(&several),
        ..found(&chain)
    };
    let kept = keep(part, &recipe.names(), Custody::Stored, NOW).unwrap();
    assert_eq!(kept.ca, chain.ca);
    let issuer = reuse::issuer(part, NOW).unwrap().expect("its key is there");
    assert_eq!(issuer.certificate, chain.ca);
}

const NEW: &[&str] = &["new-instance", "paroisse-a", "--host", "a.example.org"];

fn again(earlier: &str, more: &[&str]) -> (String, String) {
    let directory = TempDir::new().unwrap();
    let arguments: Vec<&str> = NEW
        .iter()
        .chain(&["--reuse", "-"])
        .chain(more)
        .copied()
        .collect();
    let run = run_with_stdin(directory.path(), &arguments, earlier);
    assert_eq!(run.status, 0, "{}", run.stderr);
    (run.stdout, run.stderr)
}

fn first() -> String {
    let directory = TempDir::new().unwrap();
    run_with_stdin(directory.path(), NEW, "").good()
}

#[test]
fn the_same_inputs_give_the_same_stream() {
    let stream = first();
    assert_eq!(again(&stream, &[]).0, stream);
}

#[test]
fn a_renewal_says_why_keeps_the_old_ca_trusted_and_is_stable_afterwards() {
    let stream = first();
    let later = ["--now", "2027-09-01T00:00:00Z"];
    let (renewed, stderr) = again(&stream, &later);
    assert_eq!(
        stderr,
        "warning: httpd: all keys and certificates are reissued: its certificate expires at 2027-11-21T10:00:00Z and is due\n\
         warning: database: all keys and certificates are reissued: its certificate expires at 2027-11-21T10:00:00Z and is due\n\
         note: httpd: a.example.org, valid until 2028-08-31, renewal due 2028-05-01\n\
         note: database: civicrmdb, civicrmdb.paroisse-a.svc, civicrmdb.paroisse-a.svc.cluster.local, valid until 2028-08-31, renewal due 2028-05-01\n\
         note: the previous CAs stay trusted beside the new ones; to load the new certificates: kubectl -n paroisse-a rollout restart statefulset/paroisse-set-db statefulset/paroisse-set-httpd statefulset/paroisse-set-tools\n"
    );
    let bundle = secret_text(&renewed, "externca", "ca.crt");
    let expected =
        secret_text(&renewed, "selfcert", "cacert") + &secret_text(&stream, "selfcert", "cacert");
    assert_eq!(bundle, expected);
    let databases = |stream: &str| secret_text(stream, "selfcert", "dbcacert");
    let both = databases(&renewed);
    assert!(both.ends_with(&databases(&stream)) && both.len() > databases(&stream).len());
    for key in ["cakey", "externkey", "dbcakey", "dbserverkey"] {
        assert_ne!(
            secret_text(&renewed, "selfcert", key),
            secret_text(&stream, "selfcert", key),
            "{key}"
        );
    }
    assert_eq!(again(&renewed, &later).0, renewed);
}

#[test]
fn every_ca_stays_trusted_whose_leaf_may_be_served_and_none_that_has_ended() {
    let mut stream = first();
    let mut authorities = vec![secret_text(&stream, "selfcert", "cacert")];
    for (host, now) in [
        ("b.example.org", "2026-12-01T00:00:00Z"),
        ("c.example.org", "2026-12-02T00:00:00Z"),
    ] {
        stream = again(&stream, &["--alias", host, "--now", now]).0;
        authorities.insert(0, secret_text(&stream, "selfcert", "cacert"));
        assert_eq!(
            secret_text(&stream, "externca", "ca.crt"),
            authorities.concat()
        );
    }
    let c = ["--alias", "c.example.org", "--now", "2026-12-03T00:00:00Z"];
    assert_eq!(again(&stream, &c).0, stream);
    let c = ["--alias", "c.example.org", "--now", "2037-12-03T00:00:00Z"];
    let later = again(&stream, &c).0;
    assert_eq!(
        secret_text(&later, "externca", "ca.crt"),
        secret_text(&later, "selfcert", "cacert")
    );
}

#[test]
fn a_bundle_that_a_person_put_together_is_read_in_any_order_and_no_key_is_lost() {
    let stream = first();
    let other = first();
    for (secret, field) in [
        ("selfcert", "dbcacert"),
        ("selfcert", "cacert"),
        ("externca", "ca.crt"),
    ] {
        let own = secret_text(&stream, secret, field);
        let added = secret_text(&other, secret, field);
        let both = put_secret_text(&stream, field, &format!("# ours\n{added}\n\n{own}"));
        let (kept, stderr) = again(&both, &[]);
        assert!(!stderr.contains("warning"), "{field}: {stderr}");
        for key in ["cakey", "externkey", "dbcakey", "dbserverkey"] {
            assert_eq!(
                secret_text(&kept, "selfcert", key),
                secret_text(&stream, "selfcert", key),
                "{field}: {key}"
            );
        }
        if field != "cacert" {
            assert_eq!(secret_text(&kept, secret, field), own + &added);
        }
    }
}

fn put_secret_text(stream: &str, field: &str, text: &str) -> String {
    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::STANDARD.encode(text);
    let lines = stream.lines().map(|line| {
        let is_field = line.trim_start().starts_with(&format!("{field}: "));
        if is_field {
            format!("  {field}: {encoded}\n")
        } else {
            format!("{line}\n")
        }
    });
    lines.collect()
}

#[test]
fn another_host_reissues_the_httpds_chain_and_leaves_the_databases() {
    let stream = first();
    let (changed, stderr) = again(&stream, &["--alias", "b.example.org"]);
    assert!(stderr.starts_with("warning: httpd: "), "{stderr}");
    assert!(!stderr.contains("warning: database"), "{stderr}");
    assert_eq!(
        secret_text(&changed, "selfcert", "dbserverkey"),
        secret_text(&stream, "selfcert", "dbserverkey")
    );
    assert_ne!(
        secret_text(&changed, "selfcert", "externkey"),
        secret_text(&stream, "selfcert", "externkey")
    );
}

#[test]
fn a_secret_that_is_not_among_what_is_reused_is_not_reissued() {
    let stream = first();
    let elsewhere = stream.replace("namespace: paroisse-a", "namespace: paroisse-b");
    let twice = format!("{stream}{stream}");
    for (text, error) in [
        (
            elsewhere.as_str(),
            "the input has no Secret paroisse-a/selfcert; it has paroisse-b/selfcert, paroisse-b/externca",
        ),
        (
            "kind: List\nitems: []\n",
            "the input has no Secret paroisse-a/selfcert; it has ",
        ),
        (twice.as_str(), "Secret paroisse-a/selfcert appears 2 times"),
    ] {
        let directory = TempDir::new().unwrap();
        let arguments: Vec<&str> = NEW.iter().chain(&["--reuse", "-"]).copied().collect();
        let run = run_with_stdin(directory.path(), &arguments, text);
        assert_eq!((run.status, run.stdout.as_str()), (5, ""), "{}", run.stderr);
        assert_eq!(
            run.stderr.lines().next(),
            Some(format!("error: standard input: {error}").as_str())
        );
    }
}

#[test]
fn the_key_of_a_kept_ca_can_leave_the_manifests_for_a_file() {
    let directory = TempDir::new().unwrap();
    let stream = first();
    let move_out = [
        "--reuse",
        "-",
        "--ca-custody",
        "dropped",
        "--ca-key-out",
        "ca.key",
    ];
    let arguments: Vec<&str> = NEW.iter().chain(&move_out).copied().collect();
    let moved = run_with_stdin(directory.path(), &arguments, &stream).good();
    assert!(!moved.contains("cakey"));
    assert_eq!(
        read(&directory.path().join("ca.key")),
        secret_text(&stream, "selfcert", "cakey")
    );
    let again: Vec<&str> = NEW
        .iter()
        .chain(&[
            "--reuse",
            "-",
            "--ca-custody",
            "dropped",
            "--ca-key-out",
            "b.key",
        ])
        .copied()
        .collect();
    let run = run_with_stdin(directory.path(), &again, &moved);
    assert_eq!((run.status, run.stdout.as_str()), (5, ""));
    assert_eq!(names_in(directory.path()), ["ca.key"]);
}

#[test]
fn a_given_ca_signs_the_httpds_chain_and_leaves_the_databases_key_where_it_is() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let stream = first();
    run_in(path, &["ca", "--output-dir", "ca", "--days", "30"]).good();
    let given = [
        "--reuse",
        "-",
        "--ca-cert",
        "ca/ca.crt",
        "--ca-key",
        "ca/ca.key",
    ];
    let arguments: Vec<&str> = NEW.iter().chain(&given).copied().collect();
    let signed = run_with_stdin(path, &arguments, &stream).good();
    assert_eq!(
        secret_text(&signed, "selfcert", "dbcakey"),
        secret_text(&stream, "selfcert", "dbcakey")
    );
    assert_eq!(
        secret_text(&signed, "selfcert", "cacert"),
        read(&path.join("ca/ca.crt"))
    );
    // In the last third of that CA's life nothing can be gained by another leaf.
    let later: Vec<&str> = arguments
        .iter()
        .chain(&["--now", "2026-12-16T00:00:00Z"])
        .copied()
        .collect();
    let kept = run_with_stdin(path, &later, &signed).good();
    assert_eq!(
        secret_text(&kept, "selfcert", "externkey"),
        secret_text(&signed, "selfcert", "externkey")
    );
}

#[test]
fn traefiks_own_pair_is_renewed_under_the_same_client_ca() {
    let (made, _) = again(&first(), &["--client-auth"]);
    let pair = |stream: &str| secret_text(stream, "externclient", "tls.crt");
    let ca = |stream: &str| secret_text(stream, "externclientca", "ca.crt");
    let (kept, _) = again(&made, &["--client-auth"]);
    assert_eq!(kept, made);
    let (renewed, _) = again(&made, &["--client-auth", "--now", "2027-09-01T00:00:00Z"]);
    assert_ne!(pair(&renewed), pair(&made));
    assert_eq!(ca(&renewed), ca(&made));
    let (reissued, stderr) = again(&made, &["--client-auth", "--now", "2034-01-01T00:00:00Z"]);
    assert!(
        stderr.contains("warning: the client CA is reissued"),
        "{stderr}"
    );
    assert!(
        ca(&reissued).ends_with(&ca(&made)) && ca(&reissued) != ca(&made),
        "both CAs are trusted"
    );
}

#[test]
fn an_empty_stdin_is_refused_because_the_command_before_the_pipe_may_have_failed() {
    let directory = TempDir::new().unwrap();
    let arguments: Vec<&str> = NEW.iter().chain(&["--reuse", "-"]).copied().collect();
    let run = run_with_stdin(directory.path(), &arguments, "");
    assert_eq!((run.status, run.stdout.as_str()), (3, ""));
    assert_eq!(
        run.stderr,
        "error: standard input: there are no manifests\nhelp: the command before the pipe may have failed\n"
    );
}

#[test]
fn the_charts_own_secret_is_taken_over_with_its_keys() {
    // What the chart wrote: PKCS#1 keys, and Traefik's CA under `tls.crt`.
    let chain = Recipe {
        keys: ("rsa", "rsa"),
        ..Recipe::default()
    }
    .chain();
    let pkcs1 = {
        use aws_lc_rs_pem::to_pkcs1;
        to_pkcs1(key("rsa").pem())
    };
    let encode = |text: &str| {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(text)
    };
    let chart = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: selfcert, namespace: paroisse-a}}\ntype: Opaque\ndata:\n  \
         cacert: {ca}\n  cakey: {key}\n  externcert: {leaf}\n  externkey: {key}\n---\napiVersion: v1\nkind: Secret\n\
         metadata: {{name: externca, namespace: paroisse-a}}\ntype: tls\ndata:\n  tls.crt: {ca}\n",
        ca = encode(chain.ca.pem()),
        leaf = encode(chain.leaf.pem()),
        key = encode(&pkcs1),
    );
    let (taken, stderr) = again(&chart, &[]);
    assert!(!stderr.contains("warning: httpd"), "{stderr}");
    assert!(stderr.contains("warning: database"), "{stderr}");
    assert_eq!(secret_text(&taken, "selfcert", "externkey"), pkcs1);
    assert_eq!(secret_text(&taken, "externca", "ca.crt"), chain.ca.pem());
}

#[test]
fn the_charts_database_certificate_stays_until_it_is_due_though_it_has_a_common_name_only() {
    let stream = first();
    let chart = chart_pair();
    let pairs = [
        ("dbcacert", chart.0.pem().to_owned()),
        ("dbcakey", key("db-ca").pem().to_owned()),
        ("dbservercert", chart.1.pem().to_owned()),
        ("dbserverkey", key("db-leaf").pem().to_owned()),
    ];
    let adopted = pairs.iter().fold(stream, |stream, (field, text)| {
        put_secret_text(&stream, field, text)
    });
    let (kept, stderr) = again(&adopted, &[]);
    assert!(!stderr.contains("warning"), "{stderr}");
    for (field, text) in &pairs {
        assert_eq!(secret_text(&kept, "selfcert", field), *text);
    }
    let (renewed, stderr) = again(&adopted, &["--now", "2027-09-01T00:00:00Z"]);
    assert!(stderr.contains("warning: database: "), "{stderr}");
    assert!(secret_text(&renewed, "selfcert", "dbcacert").ends_with(chart.0.pem()));
}

/// The chart's database CA and certificate: named by common names alone (sprig, `genCA` and `genSignedCert`).
fn chart_pair() -> (Certificate, Certificate) {
    let parameters = |name: &str| {
        let mut parameters = rcgen::CertificateParams::default();
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        parameters
            .distinguished_name
            .push(rcgen::DnType::CommonName, name);
        parameters.not_before = NOW;
        parameters.not_after = NOW + Duration::days(365);
        parameters
    };
    let pair = |name| rcgen::KeyPair::from_pem(key(name).pem()).unwrap();
    let mut ca = parameters("dbca");
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let issuer = rcgen::Issuer::from_params(&ca, pair("db-ca"));
    let leaf = parameters("civicrmdb");
    let leaf = leaf.signed_by(&pair("db-leaf"), &issuer).unwrap();
    let ca = ca.self_signed(&pair("db-ca")).unwrap();
    let read = |der: &[u8]| Certificate::from_der(der.to_vec().into()).unwrap();
    (read(ca.der()), read(leaf.der()))
}

mod aws_lc_rs_pem {
    //! The other PEM form of an RSA key.
    use pki_types::PrivatePkcs8KeyDer;
    use pki_types::pem::PemObject as _;

    /// Takes the PKCS#1 structure out of its PKCS#8 wrapping: it is the last OCTET STRING.
    pub(super) fn to_pkcs1(pkcs8: &str) -> String {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pkcs8.as_bytes()).expect("a PKCS#8 key");
        let bytes = der.secret_pkcs8_der();
        // SEQUENCE { INTEGER 0, AlgorithmIdentifier (15 bytes), OCTET STRING } with two-byte lengths.
        let inner = &bytes[4 + 3 + 15 + 4..];
        pem::encode_config(
            &pem::Pem::new("RSA PRIVATE KEY", inner),
            pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF),
        )
    }
}
