//! Runs of the binary, and fixed keys, serials and instants for what must come out the same every time.

use assert_cmd::Command;
use base64::Engine as _;
use civi_ingress::fault::Fault;
use civi_ingress::ingress::{Credentials, Role};
use civi_ingress::instance::{Credential, Extras, Instance};
use civi_ingress::name::{DnsName, Namespace};
use civi_ingress::pki::issue::{self, CaRequest, LeafRequest, Organization, Serial};
use civi_ingress::pki::validity::{LifeEnd, Validity, format_instant};
use civi_ingress::pki::{Chain, LeafUse, PrivateKey, SubjectAltName};
use civi_ingress::values::Settings;
use civi_ingress::yaml::{self, Node};
use std::path::Path;
use tempfile::TempDir;
use time::OffsetDateTime;
use time::macros::datetime;

/// The present of all tests.
pub(crate) const NOW: OffsetDateTime = datetime!(2026-11-21 10:00:00 UTC);

/// How a run of the binary ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) status: i32,
}

impl Run {
    /// Returns stdout of a run that must have gone well.
    #[track_caller]
    pub(crate) fn good(self) -> String {
        assert_eq!(self.status, 0, "{}", self.stderr);
        self.stdout
    }
}

/// Prepares a run in `directory`, with an empty environment and the present fixed.
pub(crate) fn command(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_civi-ingress"));
    let now = format_instant(NOW);
    command
        .current_dir(directory)
        .env_clear()
        .args(["--now", &now]);
    command
}

pub(crate) fn finish(command: &mut Command) -> Run {
    let output = command.output().expect("the binary starts");
    Run {
        stdout: String::from_utf8(output.stdout).expect("stdout is text"),
        stderr: String::from_utf8(output.stderr).expect("stderr is text"),
        status: output.status.code().expect("the binary exits by itself"),
    }
}

/// Runs the binary in `directory`.
pub(crate) fn run_in(directory: &Path, arguments: &[&str]) -> Run {
    finish(command(directory).args(arguments))
}

/// Runs the binary in `directory` with a text on stdin.
pub(crate) fn run_with_stdin(directory: &Path, arguments: &[&str], stdin: &str) -> Run {
    finish(command(directory).args(arguments).write_stdin(stdin))
}

/// Runs the binary in an empty directory of its own, which must still be empty afterwards.
#[track_caller]
pub(crate) fn run(arguments: &[&str]) -> Run {
    let directory = TempDir::new().expect("a directory");
    let run = run_in(directory.path(), arguments);
    assert_eq!(
        names_in(directory.path()),
        [""; 0],
        "the run left files behind"
    );
    run
}

/// Returns the sorted names in a directory.
pub(crate) fn names_in(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).expect("a directory");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort_unstable();
    names
}

/// Returns the mode of a file or directory.
pub(crate) fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::symlink_metadata(path)
        .expect("it exists")
        .permissions()
        .mode()
        & 0o777
}

pub(crate) fn make_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(path, mode).expect("it exists");
}

pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a text file")
}

pub(crate) fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("writable");
}

/// Returns a throw-away key of `tests/keys`.
pub(crate) fn key(name: &str) -> PrivateKey {
    let pem = match name {
        "ca" => include_str!("keys/ca.pem"),
        "leaf" => include_str!("keys/leaf.pem"),
        "db-ca" => include_str!("keys/db-ca.pem"),
        "db-leaf" => include_str!("keys/db-leaf.pem"),
        "rsa" => include_str!("keys/rsa.pem"),
        other => panic!("no key {other}"),
    };
    PrivateKey::from_pem(pem).expect("a good key")
}

/// What a test's chain is to be, where it differs from the usual one.
pub(crate) struct Recipe<'a> {
    pub(crate) names: &'a [&'a str],
    pub(crate) now: OffsetDateTime,
    pub(crate) days: u32,
    pub(crate) keys: (&'a str, &'a str),
    pub(crate) leaf_use: LeafUse,
}

impl Default for Recipe<'_> {
    fn default() -> Self {
        Self {
            names: &["a.example.org"],
            now: NOW,
            days: 365,
            keys: ("ca", "leaf"),
            leaf_use: LeafUse::Server,
        }
    }
}

impl Recipe<'_> {
    pub(crate) fn names(&self) -> Vec<SubjectAltName> {
        self.names
            .iter()
            .map(|name| SubjectAltName::parse(name).expect("a good name"))
            .collect()
    }

    pub(crate) fn chain(&self) -> Chain {
        self.try_chain().expect("a chain")
    }

    pub(crate) fn try_chain(&self) -> Result<Chain, Fault> {
        let organization = Organization::default();
        let names = self.names();
        let ca = CaRequest {
            organization: &organization,
            validity: Validity::new(self.now, None, LifeEnd::Days(3650))?,
            permitted: &names,
        };
        let leaf = LeafRequest {
            organization: &organization,
            validity: Validity::new(self.now, None, LifeEnd::Days(self.days))?,
            names: &names,
            leaf_use: self.leaf_use,
        };
        let ca = issue::ca(&ca, key(self.keys.0), Serial::from_random([1; 16]))?;
        let (certificate, leaf_key) =
            issue::leaf(&leaf, key(self.keys.1), Serial::from_random([2; 16]), &ca)?;
        Ok(Chain {
            ca: ca.certificate,
            above: Vec::new(),
            ca_key: Some(ca.key),
            leaf: certificate,
            leaf_key,
        })
    }
}

/// Returns an instance for a.example.org with these settings and further objects.
pub(crate) fn instance(aliases: &[&str], settings: Settings, extras: Extras) -> Instance {
    let name = |text: &str| DnsName::parse(text).expect("a good name");
    Instance::new(
        Namespace::parse("paroisse-a").expect("a good name"),
        Some(name("a.example.org")),
        aliases.iter().map(|alias| name(alias)).collect(),
        settings,
        extras,
    )
    .expect("a good instance")
}

/// Returns credentials for an instance.
pub(crate) fn credentials() -> Credentials {
    credentials_of(|chain| chain)
}

/// Returns credentials for an instance whose chains are changed first.
pub(crate) fn credentials_of(change: impl Fn(Chain) -> Chain) -> Credentials {
    let server = change(Recipe::default().chain());
    let names = [
        "civicrmdb",
        "civicrmdb.paroisse-a.svc",
        "civicrmdb.paroisse-a.svc.cluster.local",
    ];
    let database = Recipe {
        names: &names,
        keys: ("db-ca", "db-leaf"),
        ..Recipe::default()
    };
    let database = change(database.chain());
    let mut credentials = Credentials::default();
    credentials.add_chain(Role::Httpd, &server);
    credentials.add_chain(Role::Database, &database);
    credentials.add_bundle(Credential::TrustBundle, std::slice::from_ref(&server.ca));
    credentials
}

/// Writes what base64 values hold in their place, so that a snapshot can be read and is the same every time.
pub(crate) fn readable(manifests: &str) -> String {
    let line = |line: &str| match line
        .rsplit_once(": ")
        .and_then(|(key, value)| Some((key, decode(value)?)))
    {
        Some((key, text)) => {
            let blocks = text
                .lines()
                .filter_map(|line| line.strip_prefix("-----BEGIN ")?.strip_suffix("-----"));
            format!("{key}: <{}>\n", blocks.collect::<Vec<_>>().join(", "))
        }
        None => format!("{line}\n"),
    };
    manifests.lines().map(line).collect()
}

pub(crate) fn decode(value: &str) -> Option<String> {
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(value.trim())
        .ok()?;
    String::from_utf8(bytes)
        .ok()
        .filter(|text| text.starts_with("-----BEGIN"))
}

/// Returns the documents of a stream.
pub(crate) fn documents(stream: &str) -> Vec<Node> {
    yaml::read_all(stream, "-").expect("our own output is YAML")
}

/// Finds the document of this kind and name.
pub(crate) fn document<'a>(documents: &'a [Node], kind: &str, name: &str) -> &'a Node {
    let is = |node: &&Node| {
        node.get("kind").and_then(Node::text) == Some(kind)
            && text(node, &["metadata", "name"]) == Some(name)
    };
    documents
        .iter()
        .find(is)
        .unwrap_or_else(|| panic!("there is no {kind} {name}"))
}

/// Returns the text at a path.
pub(crate) fn text<'a>(node: &'a Node, path: &[&str]) -> Option<&'a str> {
    path.iter()
        .try_fold(node, |node, key| node.get(key))
        .and_then(Node::text)
}

/// Returns the decoded PEM text of a Secret's key.
pub(crate) fn secret_text(stream: &str, secret: &str, key: &str) -> String {
    let documents = documents(stream);
    let value =
        text(document(&documents, "Secret", secret), &["data", key]).expect("the key exists");
    decode(value).expect("it is PEM text")
}

/// Parses a report, which must be what the published schema says: no field is missing, and none is unknown to it.
#[track_caller]
pub(crate) fn report(command: &str, text: &str) -> serde_json::Value {
    fn close(schema: &mut serde_json::Value) {
        if let Some(object) = schema.as_object_mut() {
            if object.contains_key("properties") {
                object.insert("unevaluatedProperties".to_owned(), false.into());
            }
            object.values_mut().for_each(close);
        } else if let Some(items) = schema.as_array_mut() {
            items.iter_mut().for_each(close);
        }
    }
    let mut schema: serde_json::Value =
        serde_json::from_str(civi_ingress::report::SCHEMA).expect("the schema is JSON");
    close(&mut schema);
    schema["anyOf"] = serde_json::json!([{"$ref": format!("#/$defs/{command}")}]);
    let validator = jsonschema::draft202012::new(&schema).expect("a schema");
    let report = serde_json::from_str(text).expect("a report is JSON");
    let faults: Vec<String> = validator
        .iter_errors(&report)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{command}: {faults:#?}\n{text}");
    report
}

/// Compares with a snapshot below `snapshots/`.
macro_rules! assert_snapshot_in {
    ($folder:literal, $name:expr, $value:expr) => {
        insta::with_settings!({
            snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots/", $folder),
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, { insta::assert_snapshot!($name, $value) });
    };
}
pub(crate) use assert_snapshot_in;

/// Runs a command line, whose words have no blanks.
pub(crate) fn run_line(directory: &Path, line: &str) -> Run {
    run_in(directory, &line.split_whitespace().collect::<Vec<_>>())
}

/// Renders a fleet below `tree`, and returns the run.
pub(crate) fn render_fleet(directory: &TempDir, fleet: &str, options: &str) -> Run {
    write(&directory.path().join("fleet.yaml"), fleet);
    let line = format!("gitops render -f fleet.yaml --output-dir tree {options}");
    run_line(directory.path(), &line)
}

/// Returns these files of `tree`, one after the other.
pub(crate) fn shown(directory: &TempDir, paths: &[&str]) -> String {
    let text = |path: &&str| {
        let text = read(&directory.path().join("tree").join(path));
        format!("--- {path}\n{text}")
    };
    paths.iter().map(text).collect()
}
