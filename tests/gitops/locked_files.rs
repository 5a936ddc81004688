//! Files that are encrypted, in whatever form: kept, opened, or left to a person.

use super::story::{
    Fresh, OTHER_RECIPIENT, RECIPIENT, action, closed, context, file, first_step, fleet,
    identities, sops, step, with_text,
};
use crate::support::NOW;
use civi_ingress::gitops::compose::drawing::NoDrawing;
use civi_ingress::gitops::context::UnitFiles;
use civi_ingress::gitops::decide::{Action, Need, Reason};
use civi_ingress::ingress::Role;
use time::Duration;

#[test]
fn a_valid_sops_file_keeps_its_keys_whatever_the_form_of_its_yaml() {
    let sealer = sops(&[RECIPIENT, OTHER_RECIPIENT]);
    let fleet = fleet("  wildcard: false\n  instances: {a: {}}\n");
    let context = context(&sealer, &[], NOW);
    let (_, first) = step(&context, &fleet, &UnitFiles::default(), &mut Fresh(0));
    let name = "secret-selfcert.sops.yaml";
    let text = file(&first, name).to_owned();
    let (mark, body) = text.split_once('\n').expect("a first line");
    let tree: serde_yaml::Value = serde_yaml::from_str(body).expect("YAML");
    let with_mark = |body: String| format!("{mark}\n{body}");
    let mac = body
        .lines()
        .find_map(|line| line.strip_prefix("  mac: "))
        .expect("a MAC");
    let (before, block) = body.split_once("sops:\n").expect("a block");
    let forms = [
        (
            "kubectl's order",
            text.replacen("type: Opaque\n", "", 1) + "type: Opaque\n",
        ),
        ("a quoted MAC", text.replace(mac, &format!("\"{mac}\""))),
        (
            "a MAC in single quotes",
            text.replace(mac, &format!("'{mac}'")),
        ),
        ("a folded MAC", text.replace(mac, &format!(">-\n    {mac}"))),
        (
            "a literal MAC",
            text.replace(mac, &format!("|-\n    {mac}")),
        ),
        ("a tab", text.replace("  mac: ", "  mac:\t")),
        (
            "another indentation",
            with_mark(serde_yaml::to_string(&tree).unwrap()),
        ),
        (
            "JSON",
            with_mark(serde_json::to_string_pretty(&tree).unwrap()),
        ),
        ("Windows' ends of lines", text.replace('\n', "\r\n")),
        (
            "comments",
            text.replace("data:\n", "data: # what is kept\n\n  # a line\n"),
        ),
        (
            "the block in front",
            with_mark(format!("sops:\n{block}{}", before.replace("---\n", ""))),
        ),
        (
            "a quoted key",
            text.replace("\nsops:", "\n\"sops\":")
                .replace("\ndata:", "\n'data':"),
        ),
        ("the block's keys in another order", {
            let (age, rest) = block.split_once("  lastmodified").expect("a date");
            with_mark(format!("{before}sops:\n  lastmodified{rest}{age}"))
        }),
        (
            "an anchor",
            text.replace("name: selfcert", "name: &name selfcert")
                .replace("  version: ", "  note: *name\n  version: ")
                .replace("  note: *name\n", ""),
        ),
        ("the end of a document", text.clone() + "...\n"),
        ("an empty document behind", text.clone() + "---\n"),
        (
            "spaces at the ends of lines",
            text.replace("metadata:\n", "metadata:  \n")
                .replace("sops:\n", "sops:   \n"),
        ),
    ];
    for (what, form) in forms {
        assert_ne!(form, text, "{what}");
        let files = with_text(&first, name, &form);
        let (plan, second) = step(&context, &fleet, &files, &mut NoDrawing);
        assert!(
            plan.roles.iter().all(|role| role.action == Action::Keep),
            "{what}: {plan:?}\n{form}"
        );
        assert_eq!(file(&second, name), text, "{what}");
    }
}

#[test]
fn what_a_person_encrypted_as_a_whole_is_opened_and_kept_or_waits_for_the_identity() {
    let sealer = sops(&[RECIPIENT]);
    let identities = identities();
    for custody in ["ephemeral", "stored"] {
        let fleet = fleet(&format!(
            "  wildcard: false\n  defaults: {{certificate: {{ca: {custody}}}}}\n  instances: {{a: {{}}}}\n"
        ));
        let name = "secret-selfcert.sops.yaml";
        let (_, first) = step(
            &context(&sealer, &[], NOW),
            &fleet,
            &UnitFiles::default(),
            &mut Fresh(0),
        );
        let whole = closed(file(&first, name), &identities, &[RECIPIENT]);
        let files = with_text(&first, name, &whole);
        let (plan, waiting) = step(&context(&sealer, &[], NOW), &fleet, &files, &mut NoDrawing);
        for role in [Role::Httpd, Role::Database] {
            assert_eq!(
                *action(&plan, role),
                Action::Blocked(Reason::Closed(Need::Identity), Need::Identity)
            );
        }
        assert!(
            waiting.current == files.current,
            "all stays as it was found"
        );
        let with_identity = context(&sealer, &identities, NOW);
        let (plan, opened) = step(&with_identity, &fleet, &files, &mut Fresh(9));
        assert_eq!(
            *action(&plan, Role::Httpd),
            Action::Reseal(Reason::LockedOtherwise)
        );
        let open = |files: &UnitFiles| {
            civi_ingress::seal::sops::open(file(files, name), name, &identities).expect("opens")
        };
        assert_eq!(open(&opened), open(&first));
        let (plan, _) = step(&context(&sealer, &[], NOW), &fleet, &opened, &mut NoDrawing);
        assert!(plan.keeps_all(), "{plan:?}");
    }
}

#[test]
fn a_file_that_other_readers_open_or_that_is_damaged_waits_for_a_person() {
    let sealer = sops(&[RECIPIENT]);
    let fleet = fleet("  wildcard: false\n  instances: {a: {}}\n");
    let first = first_step(&sealer, &fleet);
    let name = "secret-selfcert.sops.yaml";
    let text = file(&first, name);
    let identities = identities();
    let cut = |what: &str| {
        let start = text.find(what).expect("there");
        let end = start + text[start..].find('\n').expect("a line") + 1;
        format!("{}{}", &text[..start], &text[end..])
    };
    let with_pgp = text.replace(
        "  version: ",
        "  pgp:\n    - fp: ABCD\n      enc: x\n  version: ",
    );
    for (what, text, later) in [
        ("pgp", &with_pgp, false),
        ("pgp", &with_pgp, true),
        ("`mac`", &cut("  mac: "), false),
        ("`lastmodified`", &cut("  lastmodified: "), false),
        ("`externkey`", &text.replacen(",iv:", ",iv:AAAA", 1), false),
        (
            "`sops` block",
            &text[..text.find("sops:\n").unwrap()].to_owned(),
            false,
        ),
    ] {
        let files = with_text(&first, name, text);
        let now = if later {
            NOW + Duration::days(300)
        } else {
            NOW
        };
        let context = context(&sealer, &identities, now);
        let (plan, same) = step(&context, &fleet, &files, &mut NoDrawing);
        for role in [Role::Httpd, Role::Database] {
            let Action::Blocked(reason, Need::Person) = action(&plan, role) else {
                panic!("{what}: {plan:?}")
            };
            let said = reason.to_string();
            assert!(
                said.contains(what) || what == "`externkey`" && said.contains("damaged"),
                "{said}"
            );
        }
        assert!(same.current == files.current, "{what}");
    }
}

#[test]
fn a_blocked_chain_whose_ca_cannot_be_read_keeps_its_trust_bundle() {
    let fleet = fleet(
        "  wildcard: false\n  defaults: {certificate: {ca: stored}}\n  instances: {a: {objects: {clientAuth: true}}}\n",
    );
    let sealer = sops(&[RECIPIENT]);
    let first = first_step(&sealer, &fleet);
    let name = "secret-selfcert.sops.yaml";
    let text = file(&first, name);
    let start = text.find("  cacert: ").expect("a CA") + "  cacert: ".len();
    let end = start + text[start..].find('\n').expect("a line");
    for damage in ["Z2FyYmFnZQ==", "!", "\"\""] {
        let text = format!("{}{damage}{}", &text[..start], &text[end..]);
        let files = with_text(&first, name, &text);
        let (plan, same) = step(&context(&sealer, &[], NOW), &fleet, &files, &mut NoDrawing);
        assert!(
            matches!(action(&plan, Role::Httpd), Action::Blocked(..)),
            "{plan:?}"
        );
        let paths = |files: &UnitFiles| -> Vec<String> {
            files.current.iter().map(|(path, _)| path.clone()).collect()
        };
        assert_eq!(paths(&same), paths(&files));
        for name in ["secret-externca.yaml", "secret-externclientca.yaml"] {
            if first.current.iter().any(|(path, _)| path.ends_with(name)) {
                assert_eq!(file(&same, name), file(&first, name));
            }
        }
        assert_eq!(file(&same, name), file(&files, name), "{damage}");
    }
}
