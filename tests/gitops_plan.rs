//! What was reviewed is what is done: plans of `gitops diff` that `gitops render` carries out; and runs over some
//! instances only.

use crate::support::{Run, read, run_in, write};
use std::path::Path;
use tempfile::TempDir;

const RECIPIENT: &str = "age188kwnc9gxmahpxqauscuwhy6crjs66h0hqcn4w3vj8993595lgnqa3rfeq";
const DUE: &str = "2027-10-01T00:00:00Z";
const AGAIN: &str = "help: give the options that the plan was made with, or review it again: `civi-ingress gitops diff --plan FILE`\n";

fn fleet(instances: &str) -> String {
    format!(
        "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {{name: f}}\nspec:\n  domain: example.org\n  \
         secrets: {{mode: sops, recipients: [{RECIPIENT}]}}\n  wildcard: false\n  instances:\n{instances}"
    )
}

fn started(instances: &str) -> TempDir {
    let directory = TempDir::new().unwrap();
    write(&directory.path().join("fleet.yaml"), &fleet(instances));
    gitops(directory.path(), &["render", "-q"]).good();
    directory
}

fn gitops(directory: &Path, arguments: &[&str]) -> Run {
    let mut line = vec!["gitops"];
    line.extend(arguments);
    run_in(directory, &line)
}

fn secret(directory: &Path, id: &str) -> String {
    read(&directory.join(format!("instances/{id}/secret-selfcert.sops.yaml")))
}

#[test]
fn what_was_reviewed_is_done_and_nothing_else() {
    let directory = started("    a: {}\n    b: {}\n    c: {}\n");
    let path = directory.path();
    write(&path.join("fleet.yaml"), &fleet("    a: {}\n    b: {}\n"));
    let plan = |more: &[&str]| {
        let mut line = vec!["diff", "-q", "--plan", "plan.json", "--force", "--now", DUE];
        line.extend(more);
        assert_eq!(gitops(path, &line).status, 1, "there are differences");
    };
    let render = || gitops(path, &["render", "-q", "--plan", "plan.json", "--now", DUE]);
    plan(&[]);
    // Another option, another fleet file, another tree: each is named, and nothing is written.
    let before = secret(path, "a");
    let braked = gitops(
        path,
        &[
            "render",
            "--plan",
            "plan.json",
            "--now",
            DUE,
            "--max-renewals",
            "1",
        ],
    );
    let (status, said) = (braked.status, braked.stderr);
    assert_eq!(status, 5, "{said}");
    assert!(
        said.contains("error: b: httpd: defer (due) instead of renew (due)\n")
            && said.ends_with(AGAIN),
        "{said}"
    );
    let with_another = fleet("    a: {}\n    b: {}\n    # d: {}\n");
    write(&path.join("fleet.yaml"), &with_another);
    let refused = render();
    assert_eq!(
        (refused.status, refused.stdout.as_str(), refused.stderr),
        (
            5,
            "",
            format!("error: fleet.yaml has changed since the plan was made\n{AGAIN}")
        )
    );
    plan(&[]);
    let route = path.join("instances/b/ingressroute-ingressproxy.yaml");
    let as_it_was = read(&route);
    write(&route, &as_it_was.replace("websecure", "web"));
    let refused = render();
    assert!(
        refused.status == 5
            && refused.stderr.starts_with(
                "error: instances/b of the tree has changed since the plan was made\n"
            ),
        "{}",
        refused.stderr
    );
    write(&route, &as_it_was);
    assert_eq!(secret(path, "a"), before);
    // As reviewed: both are renewed, and what is gone from the fleet file is removed as the differences showed.
    render().good();
    assert_ne!(secret(path, "a"), before);
    assert!(!path.join("instances/c").exists());
    assert_eq!(gitops(path, &["check", "--now", DUE]).status, 0);
    let done = render();
    assert_eq!(
        done.status, 5,
        "a plan is carried out once: {}",
        done.stderr
    );
}

#[test]
fn a_plan_is_written_once_and_another_file_is_not_taken_for_one() {
    let directory = started("    a: {}\n");
    let path = directory.path();
    write(&path.join("plan.json"), "{}\n");
    let kept = gitops(path, &["diff", "--plan", "plan.json"]);
    assert_eq!(kept.status, 5, "{}", kept.stderr);
    let refused = gitops(path, &["render", "--plan", "plan.json"]);
    assert_eq!(
        (refused.status, refused.stderr.as_str()),
        (
            3,
            "error: plan.json: this is not a plan of version 1\nhelp: make the plan again: `civi-ingress gitops diff --plan FILE`\n"
        )
    );
}

#[test]
fn a_difference_describes_certificates_and_tells_no_fingerprint_of_one_that_is_not_issued_yet() {
    let directory = started("    a: {}\n");
    let path = directory.path();
    let diff = gitops(path, &["diff", "-q", "--now", DUE]);
    assert_eq!(diff.status, 1);
    let line = |begin: &str| {
        let mut lines = diff.stdout.lines();
        lines
            .find(|line| line.starts_with(begin))
            .unwrap_or_else(|| panic!("{begin}"))
    };
    let before = line("-  externcert: ");
    assert!(
        before.starts_with("-  externcert: \"<certificate of a.example.org, 2026-11-21 to 2027-11-21, issued by civi-ingress CA ")
            && before.contains(", sha256:"),
        "{before}"
    );
    assert_eq!(
        line("+  externcert: "),
        "+  externcert: \"<certificate of a.example.org, 2027-09-30 to 2028-09-30, issued by a new CA, new>\""
    );
    assert_eq!(
        line("+    - "),
        "+    - \"<certificate of a new CA, 2027-09-30 to 2028-09-30, issued by itself, new>\""
    );
}

#[test]
fn a_run_over_some_instances_touches_no_other_and_none_of_the_whole() {
    let directory = started("    a: {}\n    b: {}\n    c: {}\n");
    let path = directory.path();
    write(
        &path.join("fleet.yaml"),
        &fleet("    a: {}\n    b: {}\n    d: {}\n"),
    );
    let whole = read(&path.join("kustomization.yaml"));
    let before = secret(path, "b");
    let due = ["--now", DUE, "--instance", "a", "--instance", "d"];
    let check = gitops(path, &[&["check"], &due[..]].concat());
    assert_eq!(check.status, 1);
    assert!(!check.stderr.contains("b: "), "{}", check.stderr);
    let render = gitops(path, &[&["render"], &due[..]].concat());
    assert_eq!(render.status, 0, "{}", render.stderr);
    assert!(
        render
            .stderr
            .contains("warning: not all files of the fleet as a whole are as the fleet file says; a run without `--instance` writes them\n"),
        "{}",
        render.stderr
    );
    assert_eq!(secret(path, "b"), before);
    assert_eq!(read(&path.join("kustomization.yaml")), whole);
    assert!(path.join("instances/c/namespace.yaml").exists());
    assert!(secret(path, "d").contains("externkey"));
    let unknown = gitops(path, &["check", "--instance", "x", "--instance", "y"]);
    assert_eq!(
        (unknown.status, unknown.stderr.as_str()),
        (
            2,
            "error: --instance: there is no instance `x` in the fleet\nerror: --instance: there is no instance `y` in the fleet\n"
        )
    );
    let renamed =
        fleet("    e: {namespace: a, externalHost: a.example.org}\n    b: {}\n    d: {}\n");
    write(&path.join("fleet.yaml"), &renamed);
    let refused = gitops(path, &["render", "--instance", "e"]);
    assert_eq!(
        (refused.status, refused.stderr.as_str()),
        (
            2,
            "error: --instance: an instance was renamed or gets another namespace\nhelp: render the whole fleet once, without `--instance`\n"
        )
    );
}

#[test]
fn a_summary_is_appended_for_the_page_of_a_ci_and_each_instance_has_one_annotation() {
    let directory = started("    a: {}\n");
    let path = directory.path();
    write(&path.join("summary.md"), "# Before\n");
    let line = [
        "check",
        "--now",
        DUE,
        "--step-summary",
        "summary.md",
        "--annotations",
        "github",
    ];
    let check = gitops(path, &line);
    let why = "renew: its certificate expires at 2027-11-21T10:00:00Z and is due";
    assert_eq!(
        (check.status, check.stdout),
        (
            1,
            format!("::warning file=fleet.yaml,line=9,col=5::a: httpd: {why}%0Adatabase: {why}\n")
        )
    );
    let restart = "kubectl -n a rollout restart statefulset/paroisse-set-db statefulset/paroisse-set-httpd statefulset/paroisse-set-tools";
    let why = "its certificate expires at 2027-11-21T10:00:00Z and is due";
    assert_eq!(
        read(&path.join("summary.md")),
        format!(
            "# Before\n### Fleet f\n\n0 of 1 unchanged, would write into 1 folder, 2 certificates renewed\n\n\
             | instance | certificate | action | why | ends |\n|---|---|---|---|---|\n\
             | a | httpd | renew | {why} | 2027-11-21 |\n| a | database | renew | {why} | 2027-11-21 |\n\n\
             Then, once it is applied:\n\n```sh\n{restart}\n```\n\n"
        )
    );
}
