//! What the controllers of a cluster read of a tree: nothing is lost in their hands, and each can apply it.

use crate::support::{Run, documents, read, run_in, text, write};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const RECIPIENT: &str = "age188kwnc9gxmahpxqauscuwhy6crjs66h0hqcn4w3vj8993595lgnqa3rfeq";
const FLUX_PRUNE: &str = "kustomize.toolkit.fluxcd.io/prune";
const ARGO_SYNC: &str = "argocd.argoproj.io/sync-options";

/// A folder with a fleet file and the tree that is rendered from it.
struct Bench(TempDir);

impl Bench {
    fn new() -> Self {
        Self(TempDir::new().expect("a folder"))
    }

    fn path(&self, below: &str) -> std::path::PathBuf {
        self.0.path().join("tree").join(below)
    }

    fn file(&self, path: &str) -> String {
        read(&self.path(path))
    }

    /// Writes the fleet file and runs `gitops COMMAND` on it.
    fn run(&self, command: &str, spec: &str, more: &[&str]) -> Run {
        let head = "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {name: f}\nspec:\n  domain: example.org\n";
        write(&self.0.path().join("fleet.yaml"), &format!("{head}{spec}"));
        let mut arguments = vec![
            "gitops",
            command,
            "-f",
            "fleet.yaml",
            "--output-dir",
            "tree",
        ];
        arguments.extend(more);
        run_in(self.0.path(), &arguments)
    }

    fn render(&self, spec: &str) -> Run {
        self.run("render", spec, &[])
    }

    /// Returns all manifests of objects, without those of kustomizations.
    fn manifests(&self) -> String {
        let mut texts = String::new();
        collect(&self.path(""), &mut texts);
        texts
    }
}

fn collect(folder: &Path, texts: &mut String) {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, texts);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            let text = read(&path);
            if text.contains("\n---\n") {
                texts.push_str(&text);
            }
        }
    }
}

fn sops(more: &str) -> String {
    format!("  secrets: {{mode: sops, recipients: [{RECIPIENT}]}}\n{more}")
}

const INSTANCES: &str = "  instances:\n    a: {}\n    b: {}\n";
const ARGO_CD: &str = "  argocd: {repoURL: \"https://git.example.org/x.git\"}\n";

#[test]
fn argo_cd_opens_encrypted_files_through_a_generator_and_applies_none_as_it_is() {
    for (layout, folder, secret) in [
        ("", "instances/a", "secret-selfcert.sops.yaml"),
        (
            "  layout: flat\n",
            "instances",
            "a.secret-selfcert.sops.yaml",
        ),
        (
            "  layout: flat\n  shards: 1\n",
            "shards/000",
            "a.secret-selfcert.sops.yaml",
        ),
        ("", "cluster", "secret-wildcardsecret.sops.yaml"),
    ] {
        let bench = Bench::new();
        bench
            .render(&sops(&format!("{layout}{ARGO_CD}{INSTANCES}")))
            .good();
        let kustomization = bench.file(&format!("{folder}/kustomization.yaml"));
        let (resources, generators) = kustomization
            .split_once("generators:\n")
            .expect("generators");
        assert!(!resources.contains(".sops.yaml"), "{kustomization}");
        assert_eq!(generators, "  - secret_generator.yaml\n");
        let generator = bench.file(&format!("{folder}/secret_generator.yaml"));
        let listed = format!("files:\n  - \"./{secret}\"\n");
        assert!(generator.contains(&listed), "{generator}");
        assert!(
            generator.contains(
                "apiVersion: viaduct.ai/v1\nkind: ksops\nmetadata:\n  name: secret-generator\n  annotations:\n    \
                 config.kubernetes.io/function: |\n      exec:\n        path: ksops\n"
            ),
            "{generator}"
        );
        bench
            .run(
                "check",
                &sops(&format!("{layout}{ARGO_CD}{INSTANCES}")),
                &[],
            )
            .good();
    }
}

#[test]
fn without_argo_cd_an_encrypted_file_is_a_resource_like_others() {
    let bench = Bench::new();
    bench.render(&sops(INSTANCES)).good();
    let kustomization = bench.file("instances/a/kustomization.yaml");
    assert!(
        kustomization.contains("  - secret-selfcert.sops.yaml\n"),
        "{kustomization}"
    );
    assert!(!bench.path("instances/a/secret_generator.yaml").exists());
}

#[test]
fn no_controller_deletes_a_namespace_or_a_secret_with_keys_from_the_first_render_on() {
    let sealing = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/good.crt");
    let sealed = format!(
        "  wildcard: false\n  secrets: {{mode: sealed, sealingCertificate: {}}}\n{INSTANCES}",
        sealing.display()
    );
    for (spec, wanted) in [
        (
            sops(INSTANCES),
            [
                "Namespace/a",
                "Namespace/b",
                "Secret/selfcert",
                "Secret/selfcert",
                "Secret/wildcardca",
                "Secret/wildcardsecret",
            ]
            .as_slice(),
        ),
        (
            sealed,
            &[
                "Namespace/a",
                "Namespace/b",
                "SealedSecret/selfcert",
                "SealedSecret/selfcert",
            ],
        ),
    ] {
        let bench = Bench::new();
        bench.render(&spec).good();
        let manifests = bench.manifests();
        let mut protected = Vec::new();
        for document in documents(&manifests) {
            let annotation = |key| text(&document, &["metadata", "annotations", key]);
            let name = format!(
                "{}/{}",
                text(&document, &["kind"]).expect("a kind"),
                text(&document, &["metadata", "name"]).expect("a name")
            );
            assert_eq!(
                text(
                    &document,
                    &["metadata", "labels", "civi-ingress.uepal.fr/fleet"]
                ),
                Some("f"),
                "{name}"
            );
            match (annotation(FLUX_PRUNE), annotation(ARGO_SYNC)) {
                (Some("disabled"), Some("Delete=false,Prune=false")) => protected.push(name),
                (None, None) => {}
                other => panic!("{name}: {other:?}"),
            }
        }
        protected.sort();
        assert_eq!(protected, wanted);
    }
}

const IDS: &str = "abcdefghij";

/// Returns a fleet of single-letter instances with Flux; `more` are further lines of its `spec`.
fn flux(ids: &str, more: &str) -> String {
    let instances: String = ids.chars().map(|id| format!("    {id}a: {{}}\n")).collect();
    sops(&format!(
        "  flux: {{source: repo, decryptionSecret: sops-age}}\n{more}  instances:\n{instances}"
    ))
}

impl Bench {
    /// Returns the part that each instance is in, as the kustomizations name it.
    fn parts(&self) -> Vec<(String, String)> {
        let mut parts = Vec::new();
        for entry in fs::read_dir(self.path("shards")).into_iter().flatten() {
            let shard = entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("text");
            for line in self
                .file(&format!("shards/{shard}/kustomization.yaml"))
                .lines()
            {
                if let Some((_, id)) = line.split_once("instances/") {
                    parts.push((id.trim_matches('"').to_owned(), shard.clone()));
                }
            }
        }
        parts.sort();
        parts
    }

    /// Returns the units all of whose objects are kept by Flux.
    fn marked(&self) -> Vec<String> {
        let mut marked: Vec<String> = Vec::new();
        for folder in fs::read_dir(self.path("instances")).expect("a folder") {
            let folder = folder.expect("an entry").path();
            let mut manifests = String::new();
            collect(&folder, &mut manifests);
            let all = documents(&manifests).iter().all(|document| {
                text(document, &["metadata", "annotations", FLUX_PRUNE]) == Some("disabled")
            });
            if all {
                let name = folder.file_name().expect("a name").to_string_lossy();
                marked.push(name.into_owned());
            }
        }
        marked.sort();
        marked
    }

    /// Makes the tree what the program before this one wrote.
    fn make_former(&self) {
        let new = [
            ARGO_SYNC,
            FLUX_PRUNE,
            "  annotations:",
            "civi-ingress.uepal.fr/fleet",
            "civi-ingress.uepal.fr/shard",
            "  deletionPolicy:",
            "  retryInterval:",
            "  timeout: 5m",
            "shards: ",
        ];
        rewrite(&self.path(""), &|text| {
            let lines = text.split_inclusive('\n');
            lines
                .filter(|line| !new.iter().any(|key| line.contains(key)))
                .collect()
        });
    }
}

fn rewrite(folder: &Path, change: &dyn Fn(&str) -> String) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            rewrite(&path, change);
        } else {
            let text = read(&path);
            write(&path, &change(&text));
        }
    }
}

fn moved(from: &[(String, String)], to: &[(String, String)]) -> Vec<String> {
    let changed = from.iter().zip(to).filter(|(from, to)| from != to);
    changed.map(|((id, _), _)| id.clone()).collect()
}

#[test]
fn a_further_part_is_filled_in_two_runs_of_which_the_first_only_marks() {
    let bench = Bench::new();
    bench.render(&flux(IDS, "  shards: 2\n")).good();
    let before = bench.parts();
    assert_eq!(bench.marked(), [""; 0]);
    let three = flux(IDS, "  shards: 3\n");

    let first = bench.render(&three);
    assert_eq!(first.status, 0, "{}", first.stderr);
    assert!(
        first.stderr.contains("warning: 3 units pass to another controller, which must not delete anything: the objects are now marked and nothing has moved yet; commit this, let the controller apply it, then render again\n"),
        "{}",
        first.stderr
    );
    assert_eq!(bench.parts(), before);
    let marked = bench.marked();
    assert_eq!(marked.len(), 3);
    assert!(!bench.path("flux/kustomization-002.yaml").exists());
    assert_eq!(bench.run("check", &three, &["-q"]).status, 1);

    let second = bench.render(&three);
    assert_eq!(second.status, 0, "{}", second.stderr);
    let after = bench.parts();
    assert_eq!(moved(&before, &after), marked);
    assert!(after.iter().filter(|(_, shard)| shard == "002").count() == 3);
    for id in &marked {
        let line = format!("note: {id}: moves from shards/00");
        assert!(second.stderr.contains(&line), "{}", second.stderr);
    }
    assert_eq!(bench.marked(), [""; 0]);
    bench.run("check", &three, &[]).good();
    assert_eq!(bench.render(&three).stderr.lines().count(), 1);
}

#[test]
fn a_tree_of_the_program_before_keeps_its_parts_and_learns_first_what_keeps_its_objects() {
    // The program before this one took the remainder of a hash.
    let remainder = |id: &str| civi_ingress::gitops::decide::spread("f", id) % 2;
    let former = |ids: &str| {
        let mut spec = flux(ids, "  shards: 2\n");
        for id in ids.chars().map(|id| format!("{id}a")) {
            let pinned = format!("    {id}: {{shard: {}}}\n", remainder(&id));
            spec = spec.replace(&format!("    {id}: {{}}\n"), &pinned);
        }
        let bench = Bench::new();
        bench.render(&spec).good();
        bench.make_former();
        bench
    };
    let bench = former(IDS);
    let before = bench.parts();
    bench.render(&flux(IDS, "  shards: 2\n")).good();
    assert_eq!(bench.parts(), before);

    let bench = former(IDS);
    let three = flux(IDS, "  shards: 3\n");
    bench.render(&three).good();
    assert_eq!(bench.parts(), before);
    assert_eq!(bench.marked().len(), 3);
    assert!(
        bench
            .file("flux/kustomization-000.yaml")
            .contains("deletionPolicy: Orphan")
    );
    bench.render(&three).good();
    assert_eq!(moved(&before, &bench.parts()).len(), 3);

    let alike: String = ('a'..='z')
        .filter(|id| remainder(&format!("{id}a")) == 0)
        .take(5)
        .collect();
    let uneven = former(&alike);
    uneven.render(&flux(&alike, "  shards: 2\n")).good();
    assert!(uneven.parts().iter().all(|(_, shard)| shard == "000"));
}

#[test]
fn parts_come_go_and_end_in_two_runs_each() {
    let bench = Bench::new();
    let whole = flux(IDS, "");
    bench.render(&whole).good();
    let two = flux(IDS, "  shards: 2\n");
    for (spec, parts, files) in [
        (
            &two,
            2,
            [
                "kustomization-000.yaml",
                "kustomization-001.yaml",
                "kustomization-cluster.yaml",
            ]
            .as_slice(),
        ),
        (
            &flux(IDS, "  shards: 3\n"),
            3,
            &[
                "kustomization-000.yaml",
                "kustomization-001.yaml",
                "kustomization-002.yaml",
                "kustomization-cluster.yaml",
            ],
        ),
        (
            &two,
            2,
            &[
                "kustomization-000.yaml",
                "kustomization-001.yaml",
                "kustomization-cluster.yaml",
            ],
        ),
        (&whole, 0, &["kustomization-all.yaml"]),
    ] {
        let before = bench.parts();
        bench.run("render", spec, &["--prune"]).good();
        assert_eq!(bench.parts(), before);
        assert!(!bench.marked().is_empty());
        bench.run("render", spec, &["--prune"]).good();
        let shards: std::collections::BTreeSet<String> =
            bench.parts().into_iter().map(|(_, shard)| shard).collect();
        assert_eq!(shards.len(), parts);
        assert_eq!(crate::support::names_in(&bench.path("flux")), files);
        bench.run("check", spec, &[]).good();
    }
}

#[test]
fn another_source_of_flux_is_read_once_all_objects_are_marked() {
    let bench = Bench::new();
    bench.render(&flux(IDS, "")).good();
    let other = flux(IDS, "").replace("source: repo", "source: other");
    bench.render(&other).good();
    assert!(
        bench
            .file("flux/kustomization-all.yaml")
            .contains("    name: repo\n")
    );
    assert_eq!(bench.marked().len(), IDS.len());
    bench.render(&other).good();
    assert!(
        bench
            .file("flux/kustomization-all.yaml")
            .contains("    name: other\n")
    );
    bench.run("check", &other, &[]).good();
}

#[test]
fn a_new_namespace_leaves_the_old_one_with_the_command_that_ends_it() {
    let bench = Bench::new();
    bench.render(&flux(IDS, "")).good();
    let moved = flux(IDS, "").replace("    aa: {}", "    aa: {namespace: new}");
    let checked = bench.run("check", &moved, &[]);
    let line = "note: aa: namespace aa stays in the cluster, with its data and keys; when they are not needed any more: kubectl delete namespace aa\n";
    assert!(checked.stderr.contains(line), "{}", checked.stderr);
    let difference = bench.run("diff", &moved, &[]);
    assert!(difference.stderr.contains(line), "{}", difference.stderr);
    let rendered = bench.render(&moved);
    assert_eq!(rendered.status, 0);
    assert!(rendered.stderr.contains(line), "{}", rendered.stderr);
}

#[test]
fn what_a_controller_would_delete_with_its_data_is_not_taken_from_the_tree() {
    let bench = Bench::new();
    bench.render(&flux(IDS, "")).good();
    bench.make_former();
    let removed = flux(&IDS[1..], "");
    let renamed = flux(IDS, "").replace("    aa: {}", "    aa: {namespace: new}");
    for spec in [&removed, &renamed] {
        for more in [[].as_slice(), &["--prune"]] {
            let refused = bench.run("render", spec, more);
            assert_eq!(refused.status, 5, "{}", refused.stderr);
            assert!(
                refused.stderr.contains("the controller would delete what `aa` has in namespace aa, with its data and keys: its files are not marked yet"),
                "{}",
                refused.stderr
            );
        }
    }
    bench.render(&flux(IDS, "")).good();
    let rendered = bench.run("render", &removed, &["--prune"]);
    assert_eq!(rendered.status, 0, "{}", rendered.stderr);
    assert!(
        rendered.stderr.contains("kubectl delete namespace aa\n"),
        "{}",
        rendered.stderr
    );
}

#[test]
fn namespaces_that_many_leave_and_instances_that_a_controller_loses_count_against_the_brake() {
    let bench = Bench::new();
    bench.render(&flux(IDS, "")).good();
    let renamed = flux(IDS, "  defaults: {namespace: \"p-{id}\"}\n");
    let refused = bench.render(&renamed);
    assert_eq!(refused.status, 5, "{}", refused.stderr);
    assert!(
        refused
            .stderr
            .contains("10 instances would leave their namespaces, and at most 2 may"),
        "{}",
        refused.stderr
    );
    let removed = flux(&IDS[3..], "");
    let refused = bench.render(&removed);
    assert_eq!(refused.status, 5, "{}", refused.stderr);
    assert!(
        refused
            .stderr
            .contains("3 instances would be removed, and at most 2 may"),
        "{}",
        refused.stderr
    );
    bench.run("render", &renamed, &["--prune-max", "10"]).good();
}

#[test]
fn an_application_set_of_the_program_before_must_first_say_that_its_applications_leave_all() {
    let bench = Bench::new();
    let spec = |more: &str| sops(&format!("{more}{ARGO_CD}{INSTANCES}"));
    bench.render(&spec("")).good();
    bench.make_former();
    let set = bench.file("argocd/applicationset.yaml");
    let former = set.replace("  syncPolicy:\n    preserveResourcesOnDeletion: true\n", "");
    assert_ne!(former, set);
    write(&bench.path("argocd/applicationset.yaml"), &former);
    bench.render(&spec("  shards: 2\n")).good();
    let first = bench.file("argocd/applicationset.yaml");
    assert!(
        first.contains("preserveResourcesOnDeletion: true"),
        "{first}"
    );
    assert!(
        first.contains("path: \"instances/*\"") || first.contains("path: instances/*"),
        "{first}"
    );
    bench.render(&spec("  shards: 2\n")).good();
    let second = bench.file("argocd/applicationset.yaml");
    assert!(second.contains("shards/*"), "{second}");
}

#[test]
fn a_renamed_instance_stays_in_the_part_that_has_its_namespace() {
    let bench = Bench::new();
    bench.render(&flux(IDS, "  shards: 4\n")).good();
    let before = bench.parts();
    let mut renamed = flux(IDS, "  shards: 4\n");
    for id in IDS.chars() {
        renamed = renamed.replace(
            &format!("    {id}a: {{}}\n"),
            &format!("    {id}b: {{namespace: {id}a, externalHost: {id}a.example.org}}\n"),
        );
    }
    bench
        .run("render", &renamed, &["--prune", "--prune-max", "10"])
        .good();
    let parts =
        |all: Vec<(String, String)>| all.into_iter().map(|(_, part)| part).collect::<Vec<_>>();
    assert_eq!(parts(bench.parts()), parts(before));
}

#[test]
fn a_tree_that_no_controller_is_told_of_moves_at_once_and_says_how_to_apply_it() {
    let bench = Bench::new();
    let spec = |more: &str| sops(&format!("{more}{INSTANCES}    c: {{}}\n"));
    bench.render(&spec("  shards: 2\n")).good();
    let before = bench.parts();
    let rendered = bench.render(&spec("  shards: 3\n"));
    assert_eq!(rendered.status, 0);
    assert!(
        rendered
            .stderr
            .contains("apply every part without `--prune` before any with it"),
        "{}",
        rendered.stderr
    );
    assert_eq!(moved(&before, &bench.parts()).len(), 1);
}
