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

    /// Gives all manifests of objects, without those of kustomizations.
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
fn argo_cd_opens_encrypted_files_by_a_generator_and_applies_none_as_it_stands() {
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
