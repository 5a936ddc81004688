//! What Flux makes of a rendered tree, and `kubectl apply --prune` of its parts.
//!
//! A tree is served as the artifact of a `GitRepository` whose status is written here, in place of the
//! source-controller; a Kustomization over `flux/` applies the rendered ones, as `flux bootstrap` sets it up.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::cluster::{Cluster, output_of};
use crate::components::newest;
use crate::http::{self, Answer};
use crate::process::Process;
use crate::stack::{Case, Stack, trial};
use crate::wait;

/// A throw-away identity.
pub(super) const IDENTITY: &str =
    "AGE-SECRET-KEY-1ZJZMGH6KZ0G4XLN477ENYNZ68NK3CUSKCR50829Y27ATYFX2GT9SDSZ02M";
pub(super) const RECIPIENT: &str = "age188kwnc9gxmahpxqauscuwhy6crjs66h0hqcn4w3vj8993595lgnqa3rfeq";
/// Namespace of Flux.
const FLUX: &str = "flux-system";
/// Where a controller keeps its hands off.
const MARK: &str = "kustomize.toolkit.fluxcd.io/prune";
const IDS: [&str; 10] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];

/// The cases of this module.
pub(crate) fn all(stack: &Arc<Stack>) -> Vec<Trial> {
    vec![
        trial(
            stack,
            "flux_deletes_and_makes_again_nothing_when_the_parts_of_a_fleet_come_and_go",
            parts,
        ),
        trial(
            stack,
            "flux_leaves_what_is_removed_until_the_printed_command_takes_it_away",
            removed,
        ),
        trial(
            stack,
            "kubectl_prunes_by_fleet_and_part_without_touching_another",
            pruned,
        ),
        trial(
            stack,
            "apply_sets_of_parts_delete_nothing_when_parts_come_and_go_as_the_program_says",
            apply_sets,
        ),
    ]
}

fn parts(case: &Case) {
    let mut flux = Flux::start(case, "flux-parts");
    let spec = |more: &str| flux_fleet(&IDS, more);
    let (whole, two, three) = (spec(""), spec("  shards: 2\n"), spec("  shards: 3\n"));
    flux.render(&whole, &[]);
    flux.publish();
    flux.plant(&IDS);
    let first = flux.objects();
    assert_eq!(
        first
            .keys()
            .filter(|name| name.starts_with("Namespace/"))
            .count(),
        IDS.len()
    );
    let keys = flux.keys();
    for (what, spec) in [
        ("no parts -> 2", &two),
        ("2 -> 3", &three),
        ("3 -> 2", &two),
        ("2 -> no parts", &whole),
    ] {
        for _marked_then_moved in 0..2 {
            flux.render(spec, &["--prune"]);
            flux.publish();
            assert_eq!(flux.objects(), first, "{what}");
            assert_eq!(flux.keys(), keys, "{what}");
        }
        assert!(
            flux.render(spec, &[]).contains("unchanged, wrote 0 files"),
            "{what}"
        );
    }
}

fn removed(case: &Case) {
    let mut flux = Flux::start(case, "flux-removed");
    flux.render(&flux_fleet(&IDS[..4], "  shards: 2\n"), &[]);
    flux.publish();
    flux.plant(&IDS[..4]);
    let before = flux.objects();

    let without =
        flux_fleet(&IDS[..3], "  shards: 2\n").replace("    a: {}", "    a: {namespace: new}");
    let said = flux.render(&without, &["--prune", "--prune-max", "2"]);
    flux.publish();
    let after = flux.objects();
    for namespace in ["a", "d"] {
        for kept in [
            format!("Namespace/{namespace}"),
            format!("Secret/{namespace}/selfcert"),
            format!("ConfigMap/{namespace}/by-hand"),
        ] {
            assert_eq!(after.get(&kept), before.get(&kept), "{kept}");
        }
        let route = format!("IngressRoute/{namespace}/ingressproxy");
        assert!(
            before.contains_key(&route) && !after.contains_key(&route),
            "{route}"
        );
    }
    let others = |objects: &BTreeMap<String, String>| {
        let is_other = |name: &&String| name.contains("/b") || name.contains("/c");
        objects
            .keys()
            .filter(is_other)
            .cloned()
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(others(&after), others(&before));

    let commands: Vec<&str> = said
        .lines()
        .filter_map(|line| line.split_once("any more: kubectl "))
        .map(|(_, command)| command)
        .collect();
    assert_eq!(
        commands,
        ["delete namespace a", "delete namespace d"],
        "{said}"
    );
    for command in commands {
        let arguments: Vec<&str> = command.split(' ').collect();
        flux.cluster.kubectl(&arguments, "");
    }
    let left = flux.objects();
    assert!(
        !left
            .keys()
            .any(|name| name.ends_with("/a") || name.contains("/d/")),
        "{left:?}"
    );

    // What the marks are for: without them Flux takes a Namespace away with all that is in it.
    flux.rewrite(&|text| text.replace(&format!("    {MARK}: disabled\n"), ""));
    flux.publish();
    fs::remove_dir_all(flux.tree.join("instances/b")).expect("the instance's folder");
    flux.rewrite(&|text| {
        text.replace("  - \"../../instances/b\"\n", "")
            .replace("  - ../../instances/b\n", "")
    });
    flux.publish();
    until("the end of an unmarked Namespace", || {
        match flux.objects().get("Namespace/b") {
            None => Ok(()),
            Some(uid) => Err(uid.clone()),
        }
    });
}

fn pruned(case: &Case) {
    let cluster = case.stack.new_cluster(&newest(), "cluster-pruned");
    let tree = |name: &str, ids: &[&str]| {
        let folder = case.directory.join(name);
        let spec = fleet(ids, "  shards: 2\n  secrets: {mode: plain}\n");
        render(
            &folder,
            &spec.replace("name: fleet", &format!("name: {name}")),
            &["--prune"],
        );
        folder.join("tree")
    };
    let apply = |tree: &Path, part: &str, more: &[&str]| {
        let path = tree.join("shards").join(part).display().to_string();
        cluster.kubectl(&[&["apply", "-k", &path], more].concat(), "")
    };
    for (name, ids) in [("one", &IDS[..6]), ("two", &IDS[6..])] {
        let tree = tree(name, ids);
        for part in ["000", "001"] {
            apply(&tree, part, &[]);
        }
    }
    let one = tree("one", &IDS[1..6]);
    let mut pruned = Vec::new();
    for part in ["000", "001"] {
        let labels = format!("civi-ingress.uepal.fr/fleet=one,civi-ingress.uepal.fr/shard={part}");
        let answer = apply(&one, part, &["--prune", "-l", &labels, "--dry-run=server"]);
        let lines = answer.lines().filter(|line| line.contains(" pruned"));
        pruned.extend(lines.map(str::to_owned));
    }
    // kubectl looks for objects to prune in the namespaces of what it applies, and for Namespaces everywhere.
    assert_eq!(pruned, ["namespace/a pruned (server dry run)"]);
}

/// Makes the parents of `ApplySet`s, which must not belong to a namespace where the members belong to several: objects
/// of a kind of their own, labelled with the hash of their names (KEP-3659, "`ApplySet` identification").
fn parents(cluster: &Cluster, names: &[String]) {
    cluster.apply(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n\
         metadata: {name: parts.example.org, labels: {applyset.kubernetes.io/is-parent-type: \"true\"}}\n\
         spec:\n  group: example.org\n  scope: Cluster\n  names: {kind: Part, plural: parts, singular: part}\n  \
         versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]\n",
    );
    let wait = [
        "wait",
        "--for=condition=Established",
        "--timeout=60s",
        "crd",
    ];
    cluster.kubectl(&[&wait[..], &["parts.example.org"]].concat(), "");
    for name in names {
        let hash = digest(&SHA256, format!("{name}..Part.example.org").as_bytes());
        let id = URL_SAFE_NO_PAD.encode(hash.as_ref());
        cluster.apply(&format!(
            "apiVersion: example.org/v1\nkind: Part\nmetadata:\n  name: {name}\n  \
             labels: {{applyset.kubernetes.io/id: applyset-{id}-v1}}\n  \
             annotations: {{applyset.kubernetes.io/tooling: kubectl/v1.34, applyset.kubernetes.io/contains-group-kinds: \"\"}}\n"
        ));
    }
}

/// One `ApplySet` a part (kubectl 1.27 and later, alpha: `KUBECTL_APPLYSET`).
fn apply_sets(case: &Case) {
    let cluster = case.stack.new_cluster(&newest(), "cluster-apply-sets");
    let folder = case.directory.join("apply-sets");
    let rendered = |shards: usize| {
        let more = format!("  shards: {shards}\n  secrets: {{mode: plain}}\n");
        render(&folder, &fleet(&IDS, &more), &["--prune"])
    };
    let apply = |part: usize, more: &[&str]| {
        let path = folder.join(format!("tree/shards/{part:03}"));
        let path = path.display().to_string();
        cluster.kubectl(&[&["apply", "-k", &path], more].concat(), "")
    };
    let prune = |part: usize, more: &[&str]| {
        let set = format!("--applyset=parts.example.org/part-{part:03}");
        apply(part, &[&["--prune", &set], more].concat())
    };
    let names: Vec<String> = (0..3).map(|part| format!("part-{part:03}")).collect();
    parents(&cluster, &names);
    rendered(2);
    for part in 0..2 {
        prune(part, &[]);
    }
    plant(&cluster, &IDS);
    let first = objects(&cluster);
    for shards in [3, 2] {
        let said = rendered(shards);
        assert!(
            said.contains(
                "with `kubectl apply`, apply every part without `--prune` before any with it"
            ),
            "{said}"
        );
        // What this is for: whichever part comes first takes away what another has by now.
        let naive: String = (0..shards)
            .map(|part| prune(part, &["--dry-run=server"]))
            .collect();
        // From 3 parts to 2 the others only gain.
        assert!(
            shards == 2 || naive.contains("namespace/") && naive.contains(" pruned"),
            "{naive}"
        );
        for part in 0..shards {
            apply(part, &[]);
        }
        for part in 0..shards {
            let answer = prune(part, &[]);
            assert!(!answer.contains("pruned"), "{answer}");
        }
        assert_eq!(objects(&cluster), first, "{shards} parts");
    }
}

/// Asks until the answer is `Ok`. Flux and the API server together want more than the other cases of a loaded machine.
fn until(what: &str, mut ask: impl FnMut() -> Result<(), String>) {
    let mut refusal = String::new();
    let answer = wait::at_most(Duration::from_secs(300), || {
        ask().map_err(|why| refusal = why).ok()
    });
    assert!(
        answer.is_some(),
        "waited five minutes for {what}: {refusal}"
    );
}

/// A fleet file; `more` are lines of its `spec`.
fn fleet(ids: &[&str], more: &str) -> String {
    let instances: String = ids.iter().fold(String::new(), |mut text, id| {
        writeln!(text, "    {id}: {{}}").expect("a String takes all");
        text
    });
    format!(
        "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {{name: fleet}}\nspec:\n  domain: example.org\n\
         {more}  instances:\n{instances}"
    )
}

fn flux_fleet(ids: &[&str], more: &str) -> String {
    fleet(
        ids,
        &format!(
            "  secrets: {{mode: sops, recipients: [{RECIPIENT}]}}\n  flux: {{source: repo, decryptionSecret: sops-age, interval: 1h}}\n{more}"
        ),
    )
}

/// Renders a tree below `folder` and gives what the program says.
fn render(folder: &Path, fleet: &str, more: &[&str]) -> String {
    fs::create_dir_all(folder).expect("a folder");
    let file = folder.join("fleet.yaml");
    fs::write(&file, fleet).expect("the fleet file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_civi-ingress"));
    command.args(["gitops", "render", "--allow-plain-in-git", "-f"]);
    command
        .arg(file)
        .arg("--output-dir")
        .arg(folder.join("tree"));
    let Output { status, stderr, .. } = output_of(command.args(more), "");
    let said = String::from_utf8(stderr).expect("the program prints UTF-8");
    assert!(status.success(), "{said}");
    said
}

/// Puts something into each namespace that no tree knows, as a parish has its data there.
fn plant(cluster: &Cluster, namespaces: &[&str]) {
    let manifests: String = namespaces
        .iter()
        .fold(String::new(), |mut text, namespace| {
            let metadata =
                format!("{{name: by-hand, namespace: {namespace}, labels: {{by: hand}}}}");
            writeln!(
                text,
                "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {metadata}\ndata: {{x: hello}}"
            )
            .expect("a String takes all");
            text
        });
    cluster.apply(&manifests);
}

/// Returns the objects of the fleet, and those put in by hand: name and uid, and whether they are ending.
fn objects(cluster: &Cluster) -> BTreeMap<String, String> {
    let ours = cluster.get(&[
        "namespaces,secrets,ingressroutes.traefik.io,serverstransports.traefik.io,tlsstores.traefik.io",
        "-A", "-l", "civi-ingress.uepal.fr/fleet=fleet",
    ]);
    let planted = cluster.get(&["configmaps", "-A", "-l", "by=hand"]);
    let mut objects = BTreeMap::new();
    for item in [ours, planted]
        .iter()
        .flat_map(|list| list["items"].as_array().expect("a list"))
    {
        let metadata = &item["metadata"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let namespace = metadata["namespace"]
            .as_str()
            .map_or_else(String::new, |name| format!("{name}/"));
        let name = format!(
            "{}/{namespace}{}",
            text(&item["kind"]),
            text(&metadata["name"])
        );
        objects.insert(
            name,
            text(&metadata["uid"]) + &text(&metadata["deletionTimestamp"]),
        );
    }
    objects
}

/// A cluster with Flux's kustomize-controller, and a tree that it applies.
struct Flux {
    cluster: Cluster,
    folder: PathBuf,
    tree: PathBuf,
    address: Ipv4Addr,
    revision: u32,
    _controllers: [Process; 2],
}

impl Flux {
    fn start(case: &Case, name: &str) -> Self {
        let programs = &case.stack.programs;
        let cluster = case
            .stack
            .new_cluster(&newest(), &format!("cluster-{name}"));
        cluster.define(&programs.kustomize_controller.with_file_name("crds"));
        let key = format!("    demo.agekey: {IDENTITY}\n");
        cluster.apply(&format!(
            "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {FLUX}}}\n---\napiVersion: v1\nkind: Secret\nmetadata: {{name: sops-age, namespace: {FLUX}}}\nstringData:\n{key}"
        ));
        let kubeconfig = cluster.kubeconfig().display().to_string();
        let address = case.stack.address();
        let environment = [
            ("KUBECONFIG", kubeconfig.as_str()),
            ("RUNTIME_NAMESPACE", FLUX),
        ];
        let arguments = [
            "--watch-all-namespaces".to_owned(),
            format!("--metrics-addr={address}:8080"),
            format!("--health-addr={address}:9440"),
        ];
        let (folder, tree) = (case.directory.clone(), case.directory.join("tree"));
        let kustomize = Process::start(
            "kustomize-controller",
            &folder,
            &programs.kustomize_controller,
            &arguments,
            &environment,
        );
        let namespaces = Process::start(
            "namespace-controller",
            &folder,
            &programs.namespace_controller,
            &[],
            &environment,
        );
        serve(folder.clone(), address);
        let flux = Self {
            cluster,
            folder,
            tree,
            address,
            revision: 0,
            _controllers: [kustomize, namespaces],
        };
        flux.cluster.apply(&format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {{name: repo, namespace: {FLUX}}}\nspec: {{interval: 1h, url: \"https://git.example.org/x.git\"}}\n---\n\
             apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: parent, namespace: {FLUX}}}\n\
             spec: {{interval: 1h, retryInterval: 2s, path: ./flux, prune: true, sourceRef: {{kind: GitRepository, name: repo}}}}\n"
        ));
        flux
    }

    fn render(&self, fleet: &str, more: &[&str]) -> String {
        render(&self.folder, fleet, more)
    }

    /// Changes the text of every file of the tree.
    fn rewrite(&self, change: &dyn Fn(&str) -> String) {
        let mut pending = vec![self.tree.clone()];
        while let Some(path) = pending.pop() {
            if path.is_dir() {
                let entries = fs::read_dir(&path).expect("our own folder");
                pending.extend(entries.map(|entry| entry.expect("an entry").path()));
            } else {
                let text = fs::read_to_string(&path).expect("a text");
                fs::write(&path, change(&text)).expect("our own file");
            }
        }
    }

    /// Serves the tree as the next revision, and waits until every Kustomization of it is applied and no other is left.
    fn publish(&mut self) {
        self.revision += 1;
        let name = format!("{}.tar.gz", self.revision);
        let archive = self.folder.join(&name);
        let mut tar = Command::new("tar");
        tar.arg("-C")
            .arg(&self.tree)
            .arg("-czf")
            .arg(&archive)
            .arg(".");
        let output = output_of(&mut tar, "");
        assert!(output.status.success(), "tar: {output:?}");
        let bytes = fs::read(&archive).expect("the archive");
        let hash: String =
            digest(&SHA256, &bytes)
                .as_ref()
                .iter()
                .fold(String::new(), |mut text, byte| {
                    write!(text, "{byte:02x}").expect("a String takes all");
                    text
                });
        let revision = format!("main@sha1:{}", &hash[..40]);
        let now = "2026-11-29T00:00:00Z";
        let status = json!({"status": {
            "observedGeneration": 1,
            "artifact": {
                "path": name, "url": format!("http://{}:8088/{name}", self.address), "revision": revision,
                "digest": format!("sha256:{hash}"), "lastUpdateTime": now, "size": bytes.len(),
            },
            "conditions": [{
                "type": "Ready", "status": "True", "reason": "Succeeded", "message": "stored",
                "lastTransitionTime": now, "observedGeneration": 1,
            }],
        }});
        self.cluster.kubectl(
            &[
                "-n",
                FLUX,
                "patch",
                "gitrepository",
                "repo",
                "--subresource=status",
                "--type=merge",
                "-p",
                &status.to_string(),
            ],
            "",
        );
        let mut wanted = BTreeSet::from(["parent".to_owned()]);
        for entry in fs::read_dir(self.tree.join("flux")).expect("the folder of Kustomizations") {
            let name = entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("text");
            let part = name
                .strip_prefix("kustomization-")
                .and_then(|name| name.strip_suffix(".yaml"));
            wanted.insert(format!("fleet-{}", part.expect("a Kustomization")));
        }
        until("Flux", || self.is_applied(&revision, &wanted));
    }

    fn is_applied(&self, revision: &str, wanted: &BTreeSet<String>) -> Result<(), String> {
        let list = self
            .cluster
            .get(&["-n", FLUX, "kustomizations.kustomize.toolkit.fluxcd.io"]);
        let mut found = BTreeSet::new();
        for item in list["items"].as_array().expect("a list") {
            let name = item["metadata"]["name"]
                .as_str()
                .expect("a name")
                .to_owned();
            let status = &item["status"];
            let conditions = status["conditions"].as_array().cloned().unwrap_or_default();
            let ready = conditions
                .iter()
                .find(|condition| condition["type"] == "Ready");
            let is_ready = ready.is_some_and(|ready| ready["status"] == "True")
                && status["lastAppliedRevision"] == revision
                && status["observedGeneration"] == item["metadata"]["generation"];
            if !is_ready {
                return Err(format!("{name}: {}", ready.unwrap_or(&Value::Null)));
            }
            found.insert(name);
        }
        if found == *wanted {
            Ok(())
        } else {
            Err(format!("{found:?} instead of {wanted:?}"))
        }
    }

    fn plant(&self, namespaces: &[&str]) {
        plant(&self.cluster, namespaces);
    }

    fn objects(&self) -> BTreeMap<String, String> {
        objects(&self.cluster)
    }

    /// Returns the private keys of the httpds, opened by Flux.
    fn keys(&self) -> Vec<String> {
        let secrets =
            self.cluster
                .get(&["secrets", "-A", "--field-selector=metadata.name=selfcert"]);
        let items = secrets["items"].as_array().expect("a list");
        let keys: Vec<String> = items
            .iter()
            .map(|secret| {
                secret["data"]["externkey"]
                    .as_str()
                    .expect("a key")
                    .to_owned()
            })
            .collect();
        // base64 of `-----BEGIN `
        assert!(keys.iter().all(|key| key.starts_with("LS0tLS1CRUdJTi")));
        keys
    }
}

/// Serves the archives in a folder until the program ends.
fn serve(folder: PathBuf, address: Ipv4Addr) {
    http::serve((address, 8088).into(), move |request| {
        let archive = fs::read(folder.join(request.target.trim_start_matches('/')));
        Answer {
            status: if archive.is_ok() { 200 } else { 404 },
            head: "",
            body: archive.unwrap_or_default(),
        }
    });
}
