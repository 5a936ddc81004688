//! A Git repository with a fleet, played with from month to month.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use civi_ingress::pki::validity::parse_instant;
use civi_ingress::pki::{Certificate, LeafUse, PrivateKey, SubjectAltName, verify};
use tempfile::TempDir;
use time::OffsetDateTime;

use crate::programs::{Outcome, Programs, run};
use crate::secret::data_of;

/// The wildcard certificate and its key.
const WILDCARD: &str = "secret-wildcardsecret.sops.yaml";

/// What a fleet file says.
#[derive(Clone, Default)]
pub(crate) struct FleetText {
    /// Lines below `spec`, each with its two spaces.
    pub(crate) spec: String,
    pub(crate) recipients: Vec<String>,
    /// Names, and the aliases and hosts that differ from the usual.
    pub(crate) instances: BTreeMap<String, Hosts>,
}

/// The hosts of an instance: its own and aliases.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Hosts(pub(crate) Vec<String>);

impl FleetText {
    pub(crate) fn add(&mut self, id: &str) {
        let host = format!("{id}.example.org");
        self.instances.insert(id.to_owned(), Hosts(vec![host]));
    }

    fn text(&self) -> String {
        let mut text = format!(
            "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {{name: parishes}}\nspec:\n  domain: example.org\n{}",
            self.spec
        );
        let mut line = |line: String| {
            writeln!(text, "{line}").expect("writing to a String cannot fail");
        };
        if !self.recipients.is_empty() {
            let recipients = self.recipients.join(", ");
            line(format!(
                "  secrets: {{mode: sops, recipients: [{recipients}]}}"
            ));
        }
        line("  instances:".to_owned());
        for (id, Hosts(hosts)) in &self.instances {
            let (host, aliases) = hosts.split_first().expect("an instance has a host");
            line(format!(
                "    {id}: {{externalHost: {host}, aliases: [{}]}}",
                aliases.join(", ")
            ));
        }
        text
    }
}

/// The public half of an instance's credentials, as it is in its files.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) ca: Certificate,
    pub(crate) leaf: Certificate,
    pub(crate) bundle: Vec<Certificate>,
    pub(crate) database_ca: Certificate,
    pub(crate) database_bundle: Vec<Certificate>,
    pub(crate) database_leaf: Certificate,
}

/// A report of the program.
pub(crate) struct Report(pub(crate) serde_json::Value);

impl Report {
    pub(crate) fn count(&self, action: &str) -> u64 {
        self.0["actions"][action].as_u64().expect("a number")
    }

    fn paths(list: &serde_json::Value) -> impl Iterator<Item = String> {
        let list = list.as_array().expect("a list");
        list.iter()
            .map(|path| path.as_str().expect("a path").to_owned())
    }

    /// Paths of all that was written or removed.
    pub(crate) fn touched(&self) -> BTreeSet<String> {
        let mut paths: BTreeSet<String> = Self::paths(&self.0["fleetFiles"]).collect();
        for unit in self.0["changes"].as_array().expect("a list") {
            paths.extend(Self::paths(&unit["written"]));
            paths.extend(Self::paths(&unit["removed"]));
        }
        if self.0["pruned"] == true {
            paths.extend(Self::paths(&self.0["stale"]));
        }
        paths
    }

    /// Names of the units with a certificate of which this became.
    pub(crate) fn units(&self, action: &str) -> BTreeSet<String> {
        let units = self.0["changes"].as_array().expect("a list").iter();
        units
            .filter(|unit| {
                let rows = unit["certificates"].as_array().expect("a list");
                rows.iter().any(|row| row["action"] == action)
            })
            .map(|unit| unit["id"].as_str().expect("a name").to_owned())
            .collect()
    }
}

/// The repository: a fleet file, and the tree beside it.
pub(crate) struct Repository<'a> {
    pub(crate) programs: &'a Programs,
    directory: TempDir,
    pub(crate) fleet: FleetText,
    pub(crate) now: String,
    /// The leaves of each instance, of httpd and database, that were replaced and may be served.
    before: BTreeMap<String, Vec<[Certificate; 2]>>,
    /// Those after the last step.
    last: BTreeMap<String, [Certificate; 2]>,
}

impl<'a> Repository<'a> {
    pub(crate) fn new(programs: &'a Programs, fleet: FleetText) -> Self {
        let directory = TempDir::new().expect("a directory");
        let repository = Self {
            programs,
            directory,
            fleet,
            now: String::new(),
            before: BTreeMap::new(),
            last: BTreeMap::new(),
        };
        repository.git(&["init", "--quiet"]);
        repository
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn tree(&self) -> PathBuf {
        self.path().join("tree")
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        command
            .args(["-c", "user.name=test", "-c", "user.email=test@example.org"])
            .args(["-c", "core.safecrlf=false", "-c", "gc.auto=0"])
            .args(arguments)
            .current_dir(self.path())
            .env_remove("GIT_DIR")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("HOME", self.path());
        let output = command.output().expect("git starts");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {errors}");
        String::from_utf8(output.stdout).expect("git prints text")
    }

    pub(crate) fn program(&self, arguments: &[&str]) -> Outcome {
        program(self.path(), arguments)
    }

    pub(crate) fn gitops(&self, verb: &str, extra: &[&str]) -> Outcome {
        let mut arguments = vec!["gitops", verb, "-f", "fleet.yaml", "--output-dir", "tree"];
        arguments.extend(["--now", &self.now, "--quiet"]);
        arguments.extend(extra);
        self.program(&arguments)
    }

    /// Settles the day, writes the fleet file, and says what a check finds: 0 or 1.
    #[track_caller]
    pub(crate) fn begin(&mut self, day: &str) -> i32 {
        self.now = format!("{day}T06:00:00Z");
        fs::write(self.path().join("fleet.yaml"), self.fleet.text()).expect("writable");
        self.git(&["add", "fleet.yaml"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", "fleet"]);
        fs::create_dir_all(self.tree()).expect("writable");
        let check = self.gitops("check", &[]);
        let status = check.status.expect("it exits by itself");
        assert!(status <= 1, "{}", check.stderr);
        status
    }

    /// Renders; what the report names, and nothing else, is what Git sees; a second run changes nothing.
    #[track_caller]
    pub(crate) fn render(&mut self, extra: &[&str], status: i32) -> Report {
        let with_report = [extra, &["--summary", "json"]].concat();
        let outcome = self.gitops("render", &with_report);
        assert_eq!(outcome.status, Some(status), "{}", outcome.stderr);
        let report = Report(serde_json::from_slice(&outcome.stdout).expect("it is JSON"));
        self.git(&["add", "--all"]);
        let changed: BTreeSet<String> = self
            .git(&["diff", "--cached", "--name-only", "--no-renames"])
            .lines()
            .map(|line| line.strip_prefix("tree/").expect("in the tree").to_owned())
            .collect();
        assert_eq!(report.touched(), changed);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", "render"]);
        let times = self.times();
        // A brake counts from nothing in every run.
        let is_count = |at: usize| at > 0 && extra[at - 1] == "--max-renewals";
        let again = extra.iter().enumerate();
        let again: Vec<&str> = again
            .map(|(at, argument)| if is_count(at) { "0" } else { *argument })
            .collect();
        let again = self.gitops("render", &again);
        assert_eq!(again.status, Some(status), "{}", again.stderr);
        assert_eq!(self.git(&["status", "--porcelain"]), "");
        assert!(times == self.times(), "a second run wrote something");
        report
    }

    /// Returns when each file and folder was last changed.
    fn times(&self) -> BTreeMap<PathBuf, SystemTime> {
        let mut times = BTreeMap::new();
        let mut pending = vec![self.tree()];
        while let Some(path) = pending.pop() {
            let metadata = fs::symlink_metadata(&path).expect("it is there");
            if metadata.is_dir() {
                for entry in fs::read_dir(&path).expect("readable") {
                    pending.push(entry.expect("readable").path());
                }
            }
            times.insert(path, metadata.modified().expect("it has a time"));
        }
        times
    }

    pub(crate) fn instant(&self) -> OffsetDateTime {
        parse_instant(&self.now).expect("an instant")
    }

    fn file(&self, id: &str, secret: &str) -> String {
        let folder = self.tree().join("instances").join(id);
        for name in [
            format!("secret-{secret}.yaml"),
            format!("secret-{secret}.sops.yaml"),
            format!("sealedsecret-{secret}.yaml"),
        ] {
            if let Ok(text) = fs::read_to_string(folder.join(name)) {
                return text;
            }
        }
        panic!("{id} has no Secret {secret}");
    }

    /// Reads what is in clear text.
    pub(crate) fn seen(&self, id: &str) -> Seen {
        let (keys, trust) = (self.file(id, "selfcert"), self.file(id, "externca"));
        let all = |text: &str, key: &str| {
            Certificate::all_from_pem(&clear(text, key)).expect("certificates")
        };
        let one = |key: &str| all(&keys, key).remove(0);
        Seen {
            ca: one("cacert"),
            leaf: one("externcert"),
            bundle: all(&trust, "ca.crt"),
            database_ca: one("dbcacert"),
            database_bundle: all(&keys, "dbcacert"),
            database_leaf: one("dbservercert"),
        }
    }

    /// Checks every chain and every bundle. An httpd that was not restarted since its certificate was renewed is
    /// still trusted, for as long as its certificate lasts; unless `restarted` says that all were.
    pub(crate) fn verify(&mut self, restarted: bool) {
        let now = self.instant();
        for (id, Hosts(hosts)) in &self.fleet.instances {
            let seen = self.seen(id);
            let names: Vec<SubjectAltName> = hosts
                .iter()
                .map(|host| SubjectAltName::parse(host).expect("a host"))
                .collect();
            let covers = |leaf: &Certificate, names: &[SubjectAltName]| {
                let mut bundle = seen.bundle.iter();
                bundle.any(|ca| verify::path(ca, leaf, LeafUse::Server, names, now).is_ok())
            };
            verify::path(&seen.ca, &seen.leaf, LeafUse::Server, &names, now)
                .unwrap_or_else(|fault| panic!("{id} on {}: {fault}", self.now));
            assert!(
                covers(&seen.leaf, &names),
                "{id} on {}: the leaf is not trusted",
                self.now
            );
            let name = SubjectAltName::parse(&format!("civicrmdb.{id}.svc")).expect("a host");
            verify::path(
                &seen.database_ca,
                &seen.database_leaf,
                LeafUse::Server,
                &[name],
                now,
            )
            .unwrap_or_else(|fault| panic!("{id}'s database on {}: {fault}", self.now));
            let leaves = [seen.leaf.clone(), seen.database_leaf.clone()];
            let before = self.before.entry(id.clone()).or_default();
            if let Some(last) = self.last.insert(id.clone(), leaves.clone())
                && last != leaves
            {
                before.push(last);
            }
            if restarted {
                before.clear();
            }
            for [httpd, database] in before {
                assert!(
                    httpd.validity().not_after <= now || covers(httpd, &[]),
                    "{id} on {}: an httpd that was not restarted is not trusted",
                    self.now
                );
                let mut bundle = seen.database_bundle.iter();
                assert!(
                    database.validity().not_after <= now
                        || bundle.any(|ca| verify::signed_by(database, ca).is_ok()),
                    "{id} on {}: a database that was not restarted is not trusted",
                    self.now
                );
            }
        }
        if self.tree().join("cluster").join(WILDCARD).exists() {
            let text = self.wildcard();
            let one = |key: &str| Certificate::from_pem(&clear(&text, key)).expect("a certificate");
            let name = SubjectAltName::parse("any.example.org").expect("a host");
            verify::path(
                &one("ca.crt"),
                &one("tls.crt"),
                LeafUse::Server,
                &[name],
                now,
            )
            .unwrap_or_else(|fault| panic!("the wildcard on {}: {fault}", self.now));
        }
        self.before
            .retain(|id, _| self.fleet.instances.contains_key(id));
    }

    /// Opens the keys of instances with the real programs: each belongs to its certificate.
    pub(crate) fn open(&self, ids: &[&str], open: impl Fn(&str) -> String + Sync) {
        let half = ids.len().div_ceil(2);
        let work = |ids: &[&str]| {
            for id in ids {
                let seen = self.seen(id);
                let data = data_of(&open(&self.file(id, "selfcert")));
                let key = |name: &str| {
                    let bytes = STANDARD.decode(&data[name]).expect("base64");
                    let pem = String::from_utf8(bytes).expect("a text");
                    PrivateKey::from_pem(&pem).expect("a key")
                };
                for (leaf, name) in [
                    (&seen.leaf, "externkey"),
                    (&seen.database_leaf, "dbserverkey"),
                ] {
                    verify::belongs(leaf, &key(name))
                        .unwrap_or_else(|fault| panic!("{id} on {}: {name}: {fault}", self.now));
                }
            }
        };
        std::thread::scope(|scope| {
            for ids in ids.chunks(half.max(1)) {
                scope.spawn(move || work(ids));
            }
        });
    }

    /// As [`Repository::open`] with `sops` and an identity.
    pub(crate) fn open_with_sops(&self, ids: &[&str], identity: &str) {
        self.open(ids, |text| self.sops(text, identity).text());
    }

    /// Lets the real `sops` open a text.
    pub(crate) fn sops(&self, text: &str, identity: &str) -> Outcome {
        let desk = TempDir::new().expect("a directory");
        fs::write(desk.path().join("s.sops.yaml"), text).expect("writable");
        run(
            &self.programs.sops,
            desk.path(),
            &["decrypt", "s.sops.yaml"],
            identity,
            b"",
        )
    }

    fn wildcard(&self) -> String {
        fs::read_to_string(self.tree().join("cluster").join(WILDCARD)).expect("it is there")
    }

    pub(crate) fn wildcard_ca(&self) -> Certificate {
        Certificate::from_pem(&clear(&self.wildcard(), "ca.crt")).expect("a certificate")
    }

    /// Lets `sops` open the wildcard certificate's key.
    pub(crate) fn open_wildcard_with_sops(&self, identity: &str) {
        let text = self.wildcard();
        let opened = self.sops(&text, identity).text();
        let key = PrivateKey::from_pem(&clear(&opened, "tls.key")).expect("a key");
        let leaf = Certificate::from_pem(&clear(&text, "tls.crt")).expect("a certificate");
        verify::belongs(&leaf, &key).expect("a pair");
    }

    pub(crate) fn text_of(&self, id: &str) -> String {
        self.file(id, "selfcert")
    }

    /// Builds every part and the cluster with kubectl.
    pub(crate) fn kustomize(&self, instances: usize) {
        let shards = fs::read_dir(self.tree().join("shards")).expect("readable");
        let mut folders: Vec<PathBuf> = shards
            .map(|entry| entry.expect("readable").path())
            .collect();
        folders.push(self.tree().join("cluster"));
        let mut routes = 0;
        for folder in folders {
            let mut command = Command::new(&self.programs.kubectl);
            command
                .arg("kustomize")
                .arg(&folder)
                .env("HOME", self.path());
            let output = command
                .stdin(Stdio::null())
                .output()
                .expect("kubectl starts");
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{}: {errors}", folder.display());
            let text = String::from_utf8(output.stdout).expect("a text");
            routes += text.matches("\nkind: IngressRoute\n").count();
        }
        assert_eq!(routes, instances);
    }
}

/// Runs the program.
pub(crate) fn program(directory: &Path, arguments: &[&str]) -> Outcome {
    let program = Path::new(env!("CARGO_BIN_EXE_civi-ingress"));
    run(program, directory, arguments, "", b"")
}

/// Returns a value that is in clear text: base64 of a Secret, or the text of a SealedSecret's template.
fn clear(text: &str, key: &str) -> String {
    let tree: serde_yaml::Value = serde_yaml::from_str(text).expect("it is YAML");
    if let Some(base64) = tree["data"][key].as_str() {
        return String::from_utf8(STANDARD.decode(base64).expect("base64")).expect("a text");
    }
    let value = &tree["spec"]["template"]["data"][key];
    value
        .as_str()
        .unwrap_or_else(|| panic!("{key} is not in\n{text}"))
        .to_owned()
}
