//! What comes from outside: the clock, random keys and serials, files and stdin.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the door through which the outside comes in"
)]

use super::error::Failure;
use anyhow::{Context as _, anyhow};
use civi_ingress::fault::{Fault, Place};
use civi_ingress::fleet::Source;
use civi_ingress::gitops::compose::Drawing;
use civi_ingress::pki::issue::Serial;
use civi_ingress::pki::validity::{parse_instant, whole_seconds};
use civi_ingress::pki::{Certificate, KeyType, PrivateKey};
use civi_ingress::yaml::MANIFESTS_LIMIT;
use rcgen::KeyPair;
use rustix::process::{Resource, Rlimit, setrlimit};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use time::OffsetDateTime;
use zeroize::Zeroizing;

/// Keeps the memory of this process, which holds keys, out of core files. Where the system does not let
/// us, the run goes on: nothing is lost but this protection.
pub(super) fn forbid_core_dumps() {
    let nothing = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let _ = setrlimit(Resource::Core, nothing);
}

/// Settles the present: `--now`, else `SOURCE_DATE_EPOCH` (reproducible-builds.org), else the clock.
pub(super) fn now(argument: Option<&str>) -> Result<OffsetDateTime, Failure> {
    if let Some(text) = argument {
        return Ok(parse_instant(text).map_err(|fault| fault.argument("--now"))?);
    }
    let Some(epoch) = std::env::var_os("SOURCE_DATE_EPOCH") else {
        return Ok(whole_seconds(OffsetDateTime::now_utc()));
    };
    let seconds = epoch.to_str().and_then(|text| text.parse::<i64>().ok());
    let instant = seconds.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    let refused = || {
        Fault::new("SOURCE_DATE_EPOCH is no number of seconds since 1970")
            .help("unset it, or set it to a whole number")
    };
    Ok(instant.ok_or_else(refused)?)
}

/// Draws a new private key.
pub(super) fn private_key(key_type: KeyType) -> Result<PrivateKey, Failure> {
    let algorithm = key_type.signature_algorithm();
    let pair = match key_type.rsa_size() {
        Some(size) => KeyPair::generate_rsa_for(algorithm, size),
        None => KeyPair::generate_for(algorithm),
    };
    Ok(pair
        .map_err(|error| anyhow!("cannot draw a private key: {error}"))?
        .into())
}

/// Draws a new serial number.
pub(super) fn serial() -> Result<Serial, Failure> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| anyhow!("the system gives no random numbers"))?;
    Ok(Serial::from_random(bytes))
}

/// The system, where it is asked for keys and random bytes.
pub(super) struct System;

impl Drawing for System {
    fn key(&mut self, key_type: KeyType) -> Result<PrivateKey, Fault> {
        private_key(key_type).map_err(first_fault)
    }

    fn serial(&mut self) -> Result<Serial, Fault> {
        serial().map_err(first_fault)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Fault> {
        aws_lc_rs::rand::fill(bytes).map_err(|_| Fault::new("the system gives no random numbers"))
    }
}

fn first_fault(failure: Failure) -> Fault {
    let first = failure.faults.into_iter().next();
    first.unwrap_or_else(|| Fault::new("the system gives no random numbers"))
}

/// Gives the path with the working directory before it.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    let absolute = std::path::absolute(path);
    Ok(absolute.with_context(|| format!("cannot use {}", path.display()))?)
}

/// Gives a path without links, `.` and `..`, as far as it exists.
pub(super) fn resolved(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for existing in absolute.ancestors() {
        if let (Ok(found), Ok(rest)) = (existing.canonicalize(), absolute.strip_prefix(existing)) {
            return super::paths::without_dots(found, rest);
        }
    }
    absolute
}

/// Says which file a path leads to; nothing where there is none.
pub(super) fn identity(path: &Path) -> Option<FileIdentity> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// Says whether a path leads to a file. What cannot be looked at is not taken for absent.
pub(super) fn is_file(path: &Path) -> Result<bool, Failure> {
    match std::fs::metadata(path) {
        Ok(metadata) => Ok(metadata.is_file()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => {
            let what = format!("cannot read {}", path.display());
            Err(anyhow::Error::new(error).context(what).into())
        }
    }
}

/// Reads the files that a glob pattern matches, relative to `folder`, sorted bytewise.
pub(super) fn read_matching(folder: &Path, pattern: &str) -> Result<Vec<Source>, Failure> {
    let refused = |why: String| {
        Fault::new(format!(
            "`{}` is no glob pattern: {why}",
            pattern.escape_debug()
        ))
        .help("write it as `parishes/*.yaml`")
    };
    let escaped = glob::Pattern::escape(&folder.display().to_string());
    let whole = Path::new(&escaped).join(pattern).display().to_string();
    let options = glob::MatchOptions {
        case_sensitive: true,
        require_literal_separator: true,
        require_literal_leading_dot: true,
    };
    let found = glob::glob_with(&whole, options).map_err(|error| refused(error.to_string()))?;
    let mut paths = Vec::new();
    for path in found {
        let path = path.with_context(|| format!("cannot read what `{pattern}` matches"))?;
        // A file that cannot be looked at must not be passed over: its instances would count as removed.
        let metadata = std::fs::metadata(&path);
        let metadata = metadata.with_context(|| format!("cannot read {}", path.display()))?;
        if metadata.is_file() {
            paths.push(path);
        }
    }
    paths.sort_unstable();
    let source = |path: PathBuf| {
        let text = read(&path)?;
        Ok(Source {
            name: text.name,
            text: text.content.to_string(),
        })
    };
    paths.into_iter().map(source).collect()
}

/// Says whether a directory, or the one that it will be made in, lies in a Git work tree; so it does where that
/// cannot be seen.
pub(super) fn is_in_git(directory: &Path) -> Result<bool, Failure> {
    let absolute = absolute(directory)?;
    Ok(absolute
        .ancestors()
        .any(|folder| folder.join(".git").try_exists().unwrap_or(true)))
}

/// Files with private keys, as they are called in the layouts of a tree.
const KEY_FILES: [&str; 5] = [
    "cluster/secret-wildcardca.yaml",
    "cluster/secret-wildcardsecret.yaml",
    "instances/example/secret-selfcert.yaml",
    "instances/example/next/secret-selfcert.yaml",
    "instances/example.secret-selfcert.yaml",
];

/// Asks Git whether it ignores all that is in a directory.
pub(super) fn git_ignores(directory: &Path) -> Result<bool, Failure> {
    let absolute = absolute(directory)?;
    let existing = absolute.ancestors().find(|folder| folder.is_dir());
    let existing = existing.unwrap_or(Path::new("/"));
    let is_ignored = |file: &str| {
        let status = std::process::Command::new("git")
            .arg("-C")
            .arg(existing)
            .args(["check-ignore", "--quiet", "--no-index", "--"])
            .arg(absolute.join(file))
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .status();
        // Without Git nobody can say that it is ignored.
        status.is_ok_and(|status| status.success())
    };
    Ok(KEY_FILES.iter().all(|file| is_ignored(file)))
}

/// Gives the authorities that the system trusts; those that cannot be read are left out.
///
/// # Errors
/// None at all.
pub(super) fn system_roots() -> Result<Vec<Certificate>, Failure> {
    let found = rustls_native_certs::load_native_certs();
    let roots: Vec<Certificate> = found
        .certs
        .into_iter()
        .filter_map(|der| Certificate::from_der(der).ok())
        .collect();
    if roots.is_empty() {
        let why = found
            .errors
            .first()
            .map_or_else(String::new, |error| format!(": {error}"));
        return Err(
            anyhow!("the system has no trusted roots{why}; give the CA with `--ca FILE`").into(),
        );
    }
    Ok(roots)
}

/// Device and number of a file, by which two names of one file are known.
pub(super) type FileIdentity = (u64, u64);

/// A text that was read, and the name by which errors call it.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) name: String,
    pub(super) content: Zeroizing<String>,
    pub(super) identity: Option<FileIdentity>,
}

impl Text {
    /// Says whether this is the text of `path`.
    pub(super) fn is_of(&self, path: &Path) -> bool {
        self.name == name_of(path)
    }
}

fn name_of(path: &Path) -> String {
    if is_stdin(path) {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    }
}

/// Reads manifests from a file, stdin, or all YAML files of a directory.
pub(super) fn read_manifests(path: &Path) -> Result<Text, Failure> {
    if !path.is_dir() {
        return read(path);
    }
    let mut content = Zeroizing::new(String::new());
    for (name, text) in read_templates(path)? {
        if super::output::is_yaml(Path::new(&name)) {
            content.push_str("---\n");
            content.push_str(&text);
        }
    }
    Ok(Text {
        name: name_of(path),
        content,
        identity: None,
    })
}

/// Reads a file, or stdin for `-`. A text that is longer than any reader takes is cut off behind its limit.
pub(super) fn read(path: &Path) -> Result<Text, Failure> {
    let name = name_of(path);
    let (mut bytes, identity) = if is_stdin(path) {
        let mut bytes = Zeroizing::new(Vec::new());
        let result = std::io::stdin()
            .lock()
            .take(READ_LIMIT)
            .read_to_end(&mut bytes);
        result.with_context(|| format!("cannot read {name}"))?;
        (bytes, None)
    } else {
        let (bytes, identity) = read_file(path)?;
        (bytes, Some(identity))
    };
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let what = format!("the text is not UTF-8 (byte {})", error.valid_up_to() + 1);
        let is_table = path
            .extension()
            .is_some_and(|ext| ext.eq_ignore_ascii_case("csv"));
        let help = if is_table {
            "save it as `CSV UTF-8`; Excel's plain `CSV` has the letters of Windows"
        } else {
            "PEM and YAML files are needed; convert DER with `openssl x509 -inform der`"
        };
        let fault = Fault::new(what).help(help);
        if !is_table {
            return fault.file(&name);
        }
        let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        let line = before.matches('\n').count() as u64 + 1;
        let column = before
            .chars()
            .rev()
            .take_while(|char| *char != '\n')
            .count() as u64
            + 1;
        let text = String::from_utf8_lossy(&bytes);
        let place = Place::Position {
            file: name.clone(),
            line,
            column,
        };
        fault.at(place).with_source(&text)
    })?;
    // Windows editors put a byte order mark in front.
    if text.starts_with('\u{feff}') {
        bytes.drain(..'\u{feff}'.len_utf8());
    }
    let content = String::from_utf8(std::mem::take(&mut *bytes)).expect("it was just seen to be");
    let content = Zeroizing::new(content);
    Ok(Text {
        name,
        content,
        identity,
    })
}

/// A byte behind the longest text that any reader takes.
const READ_LIMIT: u64 = MANIFESTS_LIMIT as u64 + 1;

/// Reads a file of any kind. One that is longer than any reader takes is cut off behind its limit.
pub(super) fn read_bytes(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    Ok(read_file(path)?.0)
}

/// Reads a file as [`read_bytes`] does, and says which it is.
fn read_file(path: &Path) -> Result<(Zeroizing<Vec<u8>>, FileIdentity), Failure> {
    use std::os::unix::fs::MetadataExt as _;
    let mut bytes = Zeroizing::new(Vec::new());
    let mut read = || {
        let file = std::fs::File::open(path)?;
        let metadata = file.metadata()?;
        // With room for all of it, no copy of a key is left behind where the text outgrew its place.
        let size = metadata.len().min(READ_LIMIT);
        bytes.reserve_exact(usize::try_from(size).unwrap_or_default() + 1);
        file.take(READ_LIMIT).read_to_end(&mut bytes)?;
        Ok::<_, std::io::Error>((metadata.dev(), metadata.ino()))
    };
    let identity = read().with_context(|| format!("cannot read {}", path.display()))?;
    Ok((bytes, identity))
}

/// How the names end of files that may hold certificates: manifests, PEM, DER, and PKCS#12, which is said not to be
/// read.
const CERTIFICATE_FILES: [&str; 9] = [
    "yaml", "yml", "json", "pem", "crt", "cer", "der", "p12", "pfx",
];

/// Finds the files below a directory that may hold certificates, sorted by their path. Symbolic links are not
/// followed.
pub(super) fn certificate_files(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut paths = Vec::new();
    let mut pending = vec![directory.to_owned()];
    while let Some(folder) = pending.pop() {
        let failed = || format!("cannot read {}", folder.display());
        for entry in std::fs::read_dir(&folder).with_context(failed)? {
            let entry = entry.with_context(failed)?;
            let kind = entry.file_type().with_context(failed)?;
            let path = entry.path();
            let end = path.extension().and_then(|extension| extension.to_str());
            let is_wanted = end.map_or(entry.file_name() == "Kustomization", |end| {
                CERTIFICATE_FILES.contains(&end.to_ascii_lowercase().as_str())
            });
            if kind.is_dir() && entry.file_name() != ".git" {
                pending.push(path);
            } else if kind.is_file() && is_wanted {
                paths.push(path);
            }
        }
    }
    paths.sort_unstable();
    Ok(paths)
}

/// What stands below a directory.
pub(super) struct Tree {
    /// YAML and JSON files, in the order of their names.
    pub(super) files: Vec<PathBuf>,
    /// What was left out on purpose, with the reason.
    pub(super) left_out: Vec<String>,
}

/// Finds the YAML and JSON files below a directory. Hidden ones are left out, templates of Helm charts, which
/// are no YAML yet, and links to directories, which may lead in a circle.
pub(super) fn tree(directory: &Path) -> Result<Tree, Failure> {
    let mut tree = Tree {
        files: Vec::new(),
        left_out: Vec::new(),
    };
    let mut pending = vec![directory.to_owned()];
    while let Some(folder) = pending.pop() {
        let failed = || format!("cannot read {}", folder.display());
        let mut entries = std::fs::read_dir(&folder)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .with_context(failed)?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        let is_chart = entries
            .iter()
            .any(|entry| entry.file_name() == "Chart.yaml");
        for entry in entries {
            let (name, path) = (entry.file_name(), entry.path());
            let shown = path.display();
            if name.as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let mut kind = entry
                .file_type()
                .with_context(|| format!("cannot read {shown}"))?;
            if kind.is_symlink() {
                kind = std::fs::metadata(&path)
                    .with_context(|| format!("cannot read {shown}"))?
                    .file_type();
                if kind.is_dir() {
                    tree.left_out
                        .push(format!("{shown}: a link to a directory"));
                    continue;
                }
            }
            if kind.is_dir() && is_chart && name == "templates" {
                tree.left_out.push(format!(
                    "{shown}: templates of a Helm chart; pipe `helm template` into this program"
                ));
            } else if kind.is_dir() {
                pending.push(path);
            } else if path
                .extension()
                .is_some_and(|end| end == "yaml" || end == "yml" || end == "json")
            {
                if kind.is_file() {
                    tree.files.push(path);
                } else {
                    tree.left_out.push(format!("{shown}: no regular file"));
                }
            }
        }
    }
    tree.files.sort_unstable();
    Ok(tree)
}

pub(super) fn is_directory(path: &Path) -> bool {
    path.is_dir()
}

pub(super) fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// Says when a file with a private key can be read by others.
pub(super) fn warn_if_readable_by_others(path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path)
        .ok()
        .filter(std::fs::Metadata::is_file)?
        .permissions()
        .mode()
        & 0o777;
    (mode & 0o077 != 0).then(|| {
        format!(
            "{} holds a private key and has mode {mode:03o}; `chmod 600` it",
            path.display()
        )
    })
}

/// Reads all files below a directory of templates, by their path with `/`.
pub(super) fn read_templates(directory: &Path) -> Result<Vec<(String, String)>, Failure> {
    let mut found = Vec::new();
    let mut pending = vec![PathBuf::new()];
    while let Some(below) = pending.pop() {
        let folder = directory.join(&below);
        let entries = std::fs::read_dir(&folder)
            .with_context(|| format!("cannot read {}", folder.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("cannot read {}", folder.display()))?;
            let path = below.join(entry.file_name());
            let kind = entry
                .file_type()
                .with_context(|| format!("cannot read {}", entry.path().display()))?;
            if kind.is_dir() {
                pending.push(path);
            } else {
                let text = read(&directory.join(&path))?;
                found.push((path.display().to_string(), text.content.to_string()));
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}
