//! The authority of an instance in the cluster: cert-manager issues what httpd shows and Traefik trusts, by what a fleet
//! renders.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use civi_ingress::seal::{Identity, sops};
use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::acme::revised;
use super::flux::{IDENTITY, RECIPIENT};
use super::probe::probe;
use super::topologies::page;
use crate::cert_manager::ready;
use crate::client::{Client, certificates};
use crate::cluster::Cluster;
use crate::components::{Release, newest, releases};
use crate::handwritten::service;
use crate::httpd::{Httpd, Manner, Settings, Site, endpoint};
use crate::instance::{Instance, browser, secret};
use crate::load::Load;
use crate::pki::Pair;
use crate::program::civi_ingress;
use crate::stack::{Case, Stack, trial, trial_alone};
use crate::traefik::Traefik;
use crate::wait;

/// The cases of this module.
pub(crate) fn all(stack: &Arc<Stack>) -> Vec<Trial> {
    let trusted = releases().into_iter().map(|release| {
        let name = format!(
            "traefik_{}_trusts_an_httpd_by_the_ca_in_a_secret_of_cert_manager",
            release.in_a_name()
        );
        trial(stack, &name, move |case| trusted(case, &release))
    });
    let moved = ["plain", "sops"].map(|mode| {
        let name = format!(
            "no_request_fails_while_an_instance_moves_from_{mode}_keys_in_the_tree_to_cert_manager_and_back"
        );
        trial_alone(stack, &name, move |case| moved(case, mode))
    });
    let alone = [trial_alone(
        stack,
        "no_request_fails_while_cert_manager_renews_leaf_and_ca_or_moves_to_a_ca_that_is_trusted_before",
        roll_over,
    )];
    trusted.chain(alone).chain(moved).collect()
}

/// `spec.secrets` of a fleet without keys in its tree.
const KEPT: &str = "{mode: cert-manager}";

fn trusted(case: &Case, release: &Release) {
    let own = Own::start(case, release, "own-ca", KEPT);
    let text = page(|| own.browser.get(own.traefik.websecure(), &own.host, "/"));
    assert_eq!(text, own.namespace);
    assert_eq!(own.traefik.complaints(), Vec::<String>::new());
    civi_ingress(&["lint", &own.tree.display().to_string()]);
    let Own {
        cluster, namespace, ..
    } = own;
    let instance = Instance {
        name: namespace.to_owned(),
        host: own.host.clone(),
        address: own.address,
        manifests: String::new(),
    };
    let (status, report) = probe(case, cluster, &instance, own.traefik.websecure());
    assert_eq!(status, Some(0), "{report}");
    assert!(report.ends_with("all is well on both legs\n"), "{report}");
    assert_eq!(own.legs(case)[1..], ["signed", "signed"]);
    // The pair of the database is good for a client that trusts its CA alone, by the name of its Service.
    let database = secret(cluster, namespace, "db-tls");
    let pair = Pair {
        certificate: database["tls.crt"].clone(),
        key: database["tls.key"].clone(),
    };
    own.httpd.replace(own.address, &pair);
    let client = Client::trusting(&database["ca.crt"]);
    page(|| client.get(endpoint(own.address), "civicrmdb", "/"));
}

/// Requests a second, as far as the machine keeps up.
const RATE: u32 = 50;
/// How many are answered in each state.
const ANSWERS: u32 = 50;

fn roll_over(case: &Case) {
    let own = Own::start(case, &newest(), "own-ca-renewed", KEPT);
    let Own {
        cluster, namespace, ..
    } = own;
    let status = || {
        let answer = own.browser.get(own.traefik.websecure(), &own.host, "/");
        answer.map(|answer| answer.status)
    };
    let (leaf, ca) = ("httpd-tls", "httpd-ca");
    page(|| own.browser.get(own.traefik.websecure(), &own.host, "/"));

    // The leaf, and the CA with the key that it has: whatever httpd shows, Traefik trusts it.
    let steady = own.load();
    steady.answered(ANSWERS);
    own.renew(leaf, 2);
    steady.answered(ANSWERS);
    own.show();
    steady.answered(ANSWERS);
    let first = secret(cluster, namespace, ca);
    own.renew(ca, 2);
    let second = secret(cluster, namespace, ca);
    assert_eq!(first["tls.key"], second["tls.key"]);
    assert_ne!(first["tls.crt"], second["tls.crt"]);
    own.settle();
    steady.answered(ANSWERS);
    own.renew(leaf, 3);
    own.settle();
    steady.answered(ANSWERS);
    own.show();
    steady.answered(ANSWERS);

    // Another CA, trusted before it signs, and the first one as long as it may be shown.
    own.authorities("[httpd-ca, next]");
    own.ready(&["next"]);
    steady.answered(ANSWERS);
    own.authorities("[next, httpd-ca]");
    revised(cluster, namespace, leaf, 4);
    own.settle();
    steady.answered(ANSWERS);
    own.show();
    steady.answered(ANSWERS);
    own.authorities("[next]");
    steady.answered(ANSWERS);
    assert_eq!(steady.stop().failures, Vec::<String>::new());

    // Another CA in one step: from the moment that Traefik trusts it alone until httpd shows what it signed, nothing is
    // trusted.
    own.authorities("[hasty]");
    revised(cluster, namespace, leaf, 5);
    wait::until("the end of trust", || match status()? {
        500 => Ok(()),
        status => Err(format!("it still answers {status}")),
    });
    own.show();
    wait::until("trust in the new CA", || match status()? {
        200 => Ok(()),
        status => Err(format!("it still answers {status}")),
    });
}

fn moved(case: &Case, mode: &str) {
    let namespace = match mode {
        "sops" => "own-ca-moved-sops",
        _ => "own-ca-moved-plain",
    };
    let own = Own::start(case, &newest(), namespace, &format!("{{mode: {mode}}}"));
    let Own {
        cluster, namespace, ..
    } = own;
    page(|| own.browser.get(own.traefik.websecure(), &own.host, "/"));
    let steady = own.load();
    steady.answered(ANSWERS);
    let shown = || secret_names(cluster, namespace);
    assert_eq!(shown(), ["externca", "selfcert", "wildcardsecret"]);

    own.play("cert-manager", &steady);
    let kept = ["db-ca", "db-tls", "httpd-ca", "httpd-tls", "wildcardsecret"];
    assert_eq!(shown(), kept);
    own.play(mode, &steady);
    assert_eq!(shown(), ["externca", "selfcert", "wildcardsecret"]);
    assert_eq!(steady.stop().failures, Vec::<String>::new());
}

fn secret_names(cluster: &Cluster, namespace: &str) -> Vec<String> {
    let list = cluster.get(&["secrets", "-n", namespace]);
    let items = list["items"].as_array().expect("a list").iter();
    let name = |item: &Value| item["metadata"]["name"].as_str().map(str::to_owned);
    let mut names: Vec<String> = items.map(|item| name(item).expect("a name")).collect();
    names.sort_unstable();
    names
}

/// An instance of a fleet whose httpd shows what the chart's values name.
struct Own<'a> {
    cluster: &'a Cluster,
    namespace: &'static str,
    host: String,
    browser: Client,
    traefik: Traefik,
    httpd: Httpd,
    address: Ipv4Addr,
    tree: PathBuf,
    fleet: Fleet,
    /// How many routes were made to see that Traefik has read them.
    marks: AtomicU32,
}

/// A fleet of one instance.
struct Fleet {
    file: PathBuf,
    tree: PathBuf,
    /// What opens the Secrets of its tree, where they are encrypted.
    identity: PathBuf,
    namespace: &'static str,
    profile: String,
}

impl Fleet {
    /// Renders it with these keys of `spec.secrets`, and these of the instance.
    fn render(&self, secrets: &str, instance: &str) {
        let Self {
            namespace, profile, ..
        } = self;
        let secrets = if secrets.contains("sops") {
            secrets.replace('}', &format!(", recipients: [{RECIPIENT}]}}"))
        } else {
            secrets.to_owned()
        };
        let text = format!(
            "apiVersion: civi-ingress.uepal.fr/v1alpha1
kind: Fleet
metadata: {{name: own-ca}}
spec:
  domain: example.org
  traefik: {{version: '{profile}'}}
  wildcard: false
  secrets: {secrets}
  instances: {{{namespace}: {instance}}}
"
        );
        fs::write(&self.file, text).expect("our own directory");
        let [file, tree] = self.paths();
        let mut arguments = vec!["gitops", "render", "-f", &file, "--output-dir", &tree];
        let identity = self.identity.display().to_string();
        if secrets.contains("sops") {
            arguments.extend(["--identity", &identity]);
        }
        civi_ingress(&arguments);
    }

    /// Applies the folder of the instance, its Secrets decrypted as SOPS does.
    fn apply(&self, cluster: &Cluster) {
        let folder = self.folder();
        let kustomization = folder.join("kustomization.yaml");
        let text = fs::read_to_string(kustomization).expect("a kustomization");
        if !text.contains(".sops.yaml") {
            cluster.kubectl(&["apply", "-k", &folder.display().to_string()], "");
            return;
        }
        let identities = Identity::all_from_text(IDENTITY).expect("an identity");
        let files = fs::read_dir(&folder).expect("the folder of the instance");
        let mut paths: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
        // The Namespace comes first.
        paths.sort_unstable_by_key(|path| !path.ends_with("namespace.yaml"));
        for path in paths {
            let name = path.file_name().expect("a name").to_string_lossy();
            if ["kustomization.yaml", "values.yaml"].contains(&&*name) {
                continue;
            }
            let text = fs::read_to_string(&path).expect("a manifest");
            if !name.ends_with(".sops.yaml") {
                cluster.apply(&text);
                continue;
            }
            let data = sops::open(&text, &name, &identities);
            let data = data.expect("a Secret that the identity opens");
            let data = data
                .iter()
                .map(|(key, value)| (key.clone(), json!(&**value)));
            let secret = json!({
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {
                    "name": name.trim_start_matches("secret-").split('.').next(),
                    "namespace": self.namespace,
                },
                "data": data.collect::<serde_json::Map<_, _>>(),
            });
            cluster.apply(&secret.to_string());
        }
    }

    /// Its file and its tree.
    fn paths(&self) -> [String; 2] {
        [&self.file, &self.tree].map(|path| path.display().to_string())
    }

    /// The folder of the instance.
    fn folder(&self) -> PathBuf {
        self.tree.join("instances").join(self.namespace)
    }

    /// Reads from the chart's values where httpd finds a part of its pair: Secret and key.
    fn place(&self, part: &str, usual: &str) -> [String; 2] {
        let values = fs::read_to_string(self.folder().join("values.yaml")).unwrap_or_default();
        [("Secret", "selfcert"), ("Field", usual)].map(|(end, usual)| {
            let key = format!("  {part}{end}: ");
            let mut lines = values.lines();
            let found = lines.find_map(|line| line.strip_prefix(&key));
            found.unwrap_or(usual).to_owned()
        })
    }

    /// Reads the pair that httpd mounts.
    fn pair(&self, cluster: &Cluster) -> Pair {
        let read = |part: &str, usual: &str| {
            let [name, key] = self.place(part, usual);
            secret(cluster, self.namespace, &name)
                .remove(&key)
                .expect("a key that the chart mounts")
        };
        Pair {
            certificate: read("serverCert", "externcert"),
            key: read("serverKey", "externkey"),
        }
    }
}

impl<'a> Own<'a> {
    /// Starts it with these keys of `spec.secrets`.
    fn start(case: &'a Case, release: &Release, namespace: &'static str, secrets: &str) -> Self {
        let cluster = case.stack.cluster(release);
        case.stack.cert_manager(release);
        cluster.claim(namespace);
        let host = format!("{namespace}.example.org");
        let address = case.stack.address();
        cluster.apply(&service(namespace, address));
        let tree = case.directory.join("tree");
        let fleet = Fleet {
            file: case.directory.join("fleet.yaml"),
            tree: tree.clone(),
            identity: case.directory.join("identity.txt"),
            namespace,
            profile: release.profile(),
        };
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600);
        let mut file = file.open(&fleet.identity).expect("our own directory");
        file.write_all(IDENTITY.as_bytes()).expect("our own file");
        fleet.render(secrets, "{}");
        fleet.apply(cluster);
        if secrets.contains("cert-manager") {
            for certificate in ["httpd-tls", "db-tls"] {
                ready(cluster, &["certificate", certificate, "-n", namespace]);
            }
        }
        let httpd = case.httpd(
            "httpd",
            &[Site {
                address,
                pair: fleet.pair(cluster),
                page: namespace.to_owned(),
                manner: Manner::default(),
            }],
            &Settings::default(),
        );
        let browser = browser(case, cluster, namespace, "example.org");
        let traefik = case.traefik(release, cluster, &[namespace]);
        Self {
            cluster,
            namespace,
            host,
            browser,
            traefik,
            httpd,
            address,
            tree,
            fleet,
            marks: AtomicU32::new(0),
        }
    }

    /// Has `status` look at what is in the cluster: what is made of each leg, the last one to the database.
    fn legs(&self, case: &Case) -> Vec<Value> {
        let kinds = "ingressroutes.traefik.io,serverstransports.traefik.io,certificates.cert-manager.io,secrets";
        let live = self
            .cluster
            .kubectl(&["get", kinds, "-n", self.namespace, "-o", "yaml"], "");
        let file = case.directory.join("status.yaml");
        fs::write(&file, live).expect("our own directory");
        let report = civi_ingress(&["status", &file.display().to_string(), "-o", "json"]);
        let report: Value = serde_json::from_str(&report).expect("JSON");
        let legs = report["instances"][0]["legs"].as_array().expect("legs");
        legs.iter().map(|leg| leg["verdict"].clone()).collect()
    }

    fn load(&self) -> Load {
        let to = self.traefik.websecure();
        Load::of_new_connections(&self.browser, to, &self.host, RATE)
    }

    /// Renders it with these keys of `spec.secrets`, applies it, and waits until Traefik has read it.
    fn render(&self, secrets: &str) {
        self.fleet.render(secrets, "{}");
        self.apply();
    }

    /// Takes the steps that `gitops move` prints, while a load is on.
    fn play(&self, goal: &str, steady: &Load) {
        let [file, tree] = self.fleet.paths();
        let place = ["-f", &file, "--output-dir", &tree, "-o", "json"];
        let printed = civi_ingress(&[&["gitops", "move", "--to", goal][..], &place].concat());
        let printed: Value = serde_json::from_str(&printed).expect("JSON");
        let steps = printed["steps"].as_array().expect("steps");
        assert_eq!(steps.len(), 3);
        for step in steps {
            let lines = |key: &str| {
                let lines = step[key].as_array().expect("lines").iter();
                lines.map(|line| line.as_str().expect("a line").to_owned())
            };
            let words = lines("run").find_map(|line| {
                let words = line.strip_prefix("#     secrets: ")?;
                Some(words.to_owned())
            });
            self.render(&words.expect("what becomes of the fleet file"));
            steady.answered(ANSWERS);
            for command in lines("run").filter(|line| line.starts_with("kubectl ")) {
                self.kubectl(&command);
            }
            // Nothing here runs the chart's StatefulSets.
            let waits = lines("wait").filter(|line| !line.contains(" rollout "));
            for line in waits {
                self.kubectl(line.split('`').nth(1).expect("a command"));
            }
            self.settle();
            steady.answered(ANSWERS);
            if step["change"] == "show" {
                self.show();
            }
            steady.answered(ANSWERS);
        }
    }

    /// Runs a command that is printed for kubectl.
    fn kubectl(&self, command: &str) {
        let words: Vec<&str> = command.split(' ').skip(1).collect();
        self.cluster.kubectl(&words, "");
    }

    /// Has these CAs trusted, of which the first one signs.
    fn authorities(&self, names: &str) {
        let instance = format!("{{certificate: {{authorities: {names}}}}}");
        self.fleet.render(KEPT, &instance);
        self.apply();
    }

    fn apply(&self) {
        self.fleet.apply(self.cluster);
        self.settle();
    }

    /// Waits until these Certificates are ready, and Traefik has read what is in their Secrets.
    fn ready(&self, certificates: &[&str]) {
        for certificate in certificates {
            ready(
                self.cluster,
                &["certificate", certificate, "-n", self.namespace],
            );
        }
        self.settle();
    }

    /// Waits until Traefik has read all that is in the cluster: a route that is new.
    fn settle(&self) {
        let number = self.marks.fetch_add(1, Ordering::Relaxed);
        let (namespace, mark) = (self.namespace, format!("mark-{number}.example.org"));
        self.cluster.apply(&format!(
            "apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {{name: mark, namespace: {namespace}}}
spec:
  routes: [{{kind: Rule, match: Host(`{mark}`), services: [{{name: civicrmhttpd, port: 443}}]}}]
"
        ));
        self.traefik.wait_for(&mark);
    }

    /// Has cert-manager issue a Certificate again, as `cmctl renew` does, and waits for its revision.
    fn renew(&self, certificate: &str, revision: u32) {
        let condition = json!({
            "type": "Issuing", "status": "True", "reason": "ManuallyTriggered",
            "message": "Certificate re-issuance manually triggered",
        });
        let patch = json!([{"op": "add", "path": "/status/conditions/-", "value": condition}]);
        let (patch, namespace) = (patch.to_string(), self.namespace);
        let named = ["certificate", certificate, "-n", namespace];
        let how = ["patch", "--subresource=status", "--type=json", "-p", &patch];
        self.cluster.kubectl(&[&how[..], &named].concat(), "");
        revised(self.cluster, namespace, certificate, revision);
    }

    /// Has httpd show the pair that its values name, as a kubelet and a reload do some time after it changed.
    fn show(&self) {
        let pair = self.fleet.pair(self.cluster);
        self.httpd.replace(self.address, &pair);
        let wanted = &certificates(&pair.certificate)[0];
        let trusted = self.trusted();
        wait::until("the leaf", || {
            let answer = Client::trusting(&trusted).get(endpoint(self.address), &self.host, "/")?;
            if answer.chain.first() == Some(wanted) {
                return Ok(());
            }
            Err("httpd shows another".to_owned())
        });
    }

    /// The CAs that Traefik trusts, PEM.
    fn trusted(&self) -> String {
        let named = ["serverstransports.traefik.io", "transport-selfsigned", "-n"];
        let transport = self.cluster.get(&[&named[..], &[self.namespace]].concat());
        let roots = transport["spec"]["rootCAs"].as_array().expect("rootCAs");
        let text = |root: &Value| {
            let name = root["secret"].as_str().expect("the name of a Secret");
            secret(self.cluster, self.namespace, name)["ca.crt"].clone()
        };
        roots.iter().map(text).collect::<Vec<_>>().concat()
    }
}
