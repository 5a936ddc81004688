//! What comes from outside: the clock, random keys and serials, files and stdin.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the door through which the outside comes in"
)]

use super::colour::Wishes;
use super::error::{Failure, words};
use super::lexical::{is_yaml, without_dots};
use super::output::explain;
use anyhow::{Context as _, anyhow};
use civi_ingress::fault::Fault;
use civi_ingress::fleet::Source;
use civi_ingress::gitops::compose::drawing::Drawing;
use civi_ingress::pki::forms::{self, FormPart};
use civi_ingress::pki::issue::Serial;
use civi_ingress::pki::pkcs12::Password;
use civi_ingress::pki::validity::{format_instant, parse_instant, whole_seconds};
use civi_ingress::pki::{Certificate, KeyType, PrivateKey};
use civi_ingress::status::Language;
use civi_ingress::threads::{OPENED, each, with_threads};
use civi_ingress::yaml::MANIFESTS_LIMIT;
use civi_ingress::yaml::encoding::{self, Undecodable};
use rcgen::KeyPair;
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, setrlimit};
use std::ffi::OsStr;
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
    // Nor may other processes of this user look at it (ptrace(2)).
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// The present, as a run takes it.
pub(super) struct Present {
    pub(super) now: OffsetDateTime,
    /// The fault where the environment's present is far from the clock's.
    pub(super) far: Option<Fault>,
}

/// How far `SOURCE_DATE_EPOCH` may lie from the clock where a certificate is issued: a quarter of the life that it
/// has by default. Farther away are those that a build environment sets for archives (nix-shell: the year 1980).
const FAR: time::Duration = time::Duration::days(90);

/// Settles the present: `--now`, else `SOURCE_DATE_EPOCH` (reproducible-builds.org), else the clock.
pub(super) fn now(argument: Option<&str>) -> Result<Present, Failure> {
    let known = |now| Present { now, far: None };
    if let Some(text) = argument {
        let now = parse_instant(text).map_err(|fault| fault.argument("--now"))?;
        return Ok(known(now));
    }
    let clock = whole_seconds(OffsetDateTime::now_utc());
    let Some(epoch) = std::env::var_os("SOURCE_DATE_EPOCH") else {
        return Ok(known(clock));
    };
    let seconds = epoch.to_str().and_then(|text| text.parse::<i64>().ok());
    let instant = seconds.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    // No certificate holds an earlier or later one.
    let instant = instant.filter(|instant| (1970..=9999).contains(&instant.year()));
    let now = instant.ok_or_else(|| {
        Fault::new("SOURCE_DATE_EPOCH is not a number of seconds between the years 1970 and 9999")
            .help("unset it, or set it to a whole number")
    })?;
    let far = ((now - clock).abs() > FAR).then(|| {
        let said = format_instant(now);
        let what = format!(
            "SOURCE_DATE_EPOCH is {said}, which is more than {} days from the clock's {}",
            FAR.whole_days(),
            format_instant(clock)
        );
        Fault::new(what).help(format!(
            "unset it, or pass `--now {said}` if that is intended"
        ))
    });
    Ok(Present { now, far })
}

/// Returns whether the environment sets the present.
pub(super) fn has_source_date() -> bool {
    std::env::var_os("SOURCE_DATE_EPOCH").is_some()
}

/// What random numbers are needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Randomness {
    /// Keys, serials, what is encrypted, connections.
    Secret,
    /// The seeds of hash tables, as in every run.
    Seeds,
}

/// Asks the system for a random byte, before a library does that ends the process if there is none.
///
/// # Errors
/// What the system says. Where it has no such call, or forbids it and only seeds are needed, the libraries read
/// `/dev/urandom`, and it is an error that this cannot be read.
pub(super) fn check_randomness(needed: Randomness) -> Result<(), Failure> {
    use rustix::rand::{GetRandomFlags, getrandom};
    let refused = |why: &dyn std::fmt::Display| -> Failure {
        anyhow!("the system provides no random numbers: {why}").into()
    };
    let flags = match needed {
        Randomness::Secret => GetRandomFlags::empty(),
        // As the standard library asks for them: not waiting for the entropy of a system that starts.
        Randomness::Seeds => GetRandomFlags::INSECURE,
    };
    match (getrandom(&mut [0_u8; 1][..], flags), needed) {
        // Linux before 5.6 does not know the flag.
        (Ok(_) | Err(Errno::INTR), _) | (Err(Errno::INVAL), Randomness::Seeds) => {}
        (Err(Errno::NOSYS), _) | (Err(Errno::PERM), Randomness::Seeds) => {
            std::fs::File::open("/dev/urandom")
                .and_then(|mut file| file.read_exact(&mut [0; 1]))
                .map_err(|error| refused(&error))?;
        }
        (Err(error), _) => return Err(refused(&error)),
    }
    if needed == Randomness::Secret {
        // Its generator is seeded here, before anything has begun.
        aws_lc_rs::rand::fill(&mut [0; 1]).map_err(|_| refused(&"the generator fails"))?;
    }
    Ok(())
}

/// Draws a new private key.
pub(super) fn private_key(key_type: KeyType) -> Result<PrivateKey, Failure> {
    let algorithm = key_type.signature_algorithm();
    let pair = match key_type.rsa_size() {
        Some(size) => KeyPair::generate_rsa_for(algorithm, size),
        None => KeyPair::generate_for(algorithm),
    };
    Ok(pair
        .map_err(|error| anyhow!("cannot generate a private key: {error}"))?
        .into())
}

/// Draws a new serial number.
pub(super) fn serial() -> Result<Serial, Failure> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| anyhow!("the system provides no random numbers"))?;
    Ok(Serial::from_random(bytes))
}

/// The system, as the source of keys and random bytes.
pub(super) struct System;

impl Drawing for System {
    fn key(&mut self, key_type: KeyType) -> Result<PrivateKey, Fault> {
        private_key(key_type).map_err(first_fault)
    }

    fn serial(&mut self) -> Result<Serial, Fault> {
        serial().map_err(first_fault)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Fault> {
        aws_lc_rs::rand::fill(bytes)
            .map_err(|_| Fault::new("the system provides no random numbers"))
    }
}

fn first_fault(failure: Failure) -> Fault {
    let first = failure.faults.into_iter().next();
    first.unwrap_or_else(|| Fault::new("the system provides no random numbers"))
}

/// Returns the path with the working directory before it.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    let absolute = std::path::absolute(path);
    Ok(absolute.with_context(|| format!("cannot use {}", path.display()))?)
}

/// Returns a path without links, `.` and `..`, as far as it exists.
pub(super) fn resolved(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for existing in absolute.ancestors() {
        if let (Ok(found), Ok(rest)) = (existing.canonicalize(), absolute.strip_prefix(existing)) {
            return without_dots(found, rest);
        }
    }
    absolute
}

/// Returns a path as it is typed in the working directory: `fleet.yaml`, `../fleet.yaml`; elsewhere as it is.
pub(super) fn from_here(path: &Path) -> PathBuf {
    let here = resolved(Path::new("."));
    let path = resolved(path);
    if path == here {
        return PathBuf::from(".");
    }
    if let Ok(below) = path.strip_prefix(&here) {
        return below.to_owned();
    }
    let mut up = PathBuf::new();
    for above in here.ancestors() {
        if let Ok(below) = path.strip_prefix(above)
            && above.parent().is_some()
        {
            return if below.as_os_str().is_empty() {
                up
            } else {
                up.join(below)
            };
        }
        up.push("..");
    }
    path
}

/// Reads the age identities where `sops` looks for them, each with the name of its place: `SOPS_AGE_KEY_FILE`,
/// `SOPS_AGE_KEY` and `sops/age/keys.txt` in the user's configuration (sops 3.13.2, `age/keysource.go`,
/// `loadIdentities`).
pub(super) fn age_keys() -> Vec<(String, Result<Zeroizing<String>, Failure>)> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let file = |path: &Path| {
        if let Some(warning) = warn_if_readable_by_others(path, "a private key") {
            super::warn(&warning);
        }
        // Here `-` is the name of a file.
        let path = Path::new(".").join(path);
        read(&path).map(|text| text.content)
    };
    let mut found = Vec::new();
    if let Some(path) = variable("SOPS_AGE_KEY_FILE").map(PathBuf::from) {
        found.push((
            format!("SOPS_AGE_KEY_FILE ({})", path.display()),
            file(&path),
        ));
    }
    if let Some(text) = variable("SOPS_AGE_KEY") {
        let text = text.into_string().map(Zeroizing::new);
        let text = text.map_err(|_| Fault::new("it is not UTF-8").into());
        found.push(("SOPS_AGE_KEY".to_owned(), text));
    }
    let config = variable("XDG_CONFIG_HOME").map(PathBuf::from);
    let config = config.or_else(|| Some(PathBuf::from(variable("HOME")?).join(".config")));
    if let Some(path) = config.map(|config| config.join("sops/age/keys.txt"))
        && path.exists()
    {
        found.push((path.display().to_string(), file(&path)));
    }
    found
}

/// Returns which file a path leads to; nothing if there is none.
pub(super) fn identity(path: &Path) -> Option<FileIdentity> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// Returns what a path is itself, even a link; nothing if there is nothing.
pub(super) fn look(path: &Path) -> rustix::io::Result<Option<FileType>> {
    match rustix::fs::lstat(path) {
        Ok(found) => Ok(Some(FileType::from_raw_mode(found.st_mode))),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns whether the working directory is this one or lies in it; so it is where that cannot be seen.
pub(super) fn working_directory_is_in(directory: &Path) -> bool {
    std::env::current_dir()
        .and_then(|path| path.canonicalize())
        .map_or(true, |path| path.starts_with(directory))
}

/// Returns whether this process was started with a signal ignored, as `nohup` does it (proc(5), `SigIgn`).
pub(super) fn ignores(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// Returns whether a path leads to a file. What cannot be looked at is not taken for absent.
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

/// Reads what the environment says of colours.
pub(super) fn wishes_for_colours() -> Wishes {
    let is = |name: &str, test: fn(&OsStr) -> bool| {
        std::env::var_os(name).is_some_and(|value| test(&value))
    };
    Wishes {
        none: is("NO_COLOR", |value| !value.is_empty()),
        forced: is("CLICOLOR_FORCE", |value| !value.is_empty() && value != "0"),
        dumb: is("TERM", |value| value == "dumb"),
    }
}

/// Takes the language of messages from the locale (POSIX.1-2024, section 8.2): English where it is another than ours.
pub(super) fn language() -> Language {
    let mut values = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok());
    let locale = values.find(|value| !value.is_empty());
    locale
        .and_then(|name| name.parse().ok())
        .unwrap_or_default()
}

/// Replaces a leading `~/` with the home directory: no shell has done so in a word that is being typed.
pub(super) fn in_home(path: &str) -> PathBuf {
    let home = std::env::var_os("HOME");
    match (path.strip_prefix("~/"), home) {
        (Some(below), Some(home)) => Path::new(&home).join(below),
        _ => PathBuf::from(path),
    }
}

/// Reads the files that a glob pattern matches, relative to `folder`, sorted bytewise.
pub(super) fn read_matching(folder: &Path, pattern: &str) -> Result<Vec<Source>, Failure> {
    let found = super::glob::find(folder, pattern)?;
    let mut paths = Vec::new();
    for path in found {
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

/// Returns the authorities that the system trusts; those that cannot be read are left out.
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
            .map_or_else(String::new, |error| format!(": {}", words(error)));
        return Err(
            anyhow!("the system has no trusted roots{why}; pass the CA with `--ca FILE`").into(),
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
    /// Whether its name leads to it a second time.
    pub(super) can_be_read_again: bool,
}

pub(super) fn name_of(path: &Path) -> String {
    if is_stdin(path) {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    }
}

/// Reads manifests from a file, stdin, or all YAML files of a directory.
pub(super) fn read_manifests(path: &Path) -> Result<Text, Failure> {
    if !path.is_dir() {
        return read_stream(path);
    }
    let mut content = Zeroizing::new(String::new());
    for (_, text) in read_yaml_files(path)? {
        content.push_str("---\n");
        content.push_str(&text);
    }
    Ok(Text {
        name: name_of(path),
        content,
        identity: None,
        can_be_read_again: false,
    })
}

/// Reads a file of settings or of PEM blocks, or stdin for `-`.
pub(super) fn read(path: &Path) -> Result<Text, Failure> {
    read_text(path, FILE_LIMIT)
}

/// Reads a file of settings with the byte order mark that Windows editors put in front.
pub(super) fn read_as_it_is(path: &Path) -> Result<Text, Failure> {
    let mut text = read(path)?;
    let begins_with_mark = read_bytes(path)?.starts_with("\u{feff}".as_bytes());
    if begins_with_mark {
        text.content.insert(0, '\u{feff}');
    }
    Ok(text)
}

/// Reads a stream of manifests from a file, or stdin for `-`.
pub(super) fn read_stream(path: &Path) -> Result<Text, Failure> {
    read_text(path, STREAM_LIMIT)
}

/// Reads a stream of manifests as [`read_stream`] does, and says why it is not a text where it is not; it then has U+FFFD for
/// what it is not.
pub(super) fn read_any_stream(path: &Path) -> Result<(Text, Option<Undecodable>), Failure> {
    read_decoded(path, STREAM_LIMIT)
}

/// Reads certificates or keys of a file in any of their forms, or stdin for `-`, as PEM.
pub(super) fn read_pem(
    path: &Path,
    part: FormPart,
    password: Option<&Password>,
) -> Result<Text, Failure> {
    let (bytes, identity) = read_any(path, FILE_LIMIT)?;
    let name = name_of(path);
    let content = forms::pem(&bytes, &name, part, password)?;
    Ok(Text {
        can_be_read_again: !is_stdin(path) && !is_made_by_a_shell(path),
        name,
        content,
        identity,
    })
}

/// Reads at most `limit` bytes of a file, or of stdin for `-`, and says which file it is.
fn read_any(
    path: &Path,
    limit: u64,
) -> Result<(Zeroizing<Vec<u8>>, Option<FileIdentity>), Failure> {
    if !is_stdin(path) {
        let (bytes, identity) = read_file(path, limit)?;
        return Ok((bytes, Some(identity)));
    }
    let name = name_of(path);
    explain(|| format!("reading {name}"));
    let mut bytes = Zeroizing::new(Vec::new());
    let stdin = std::io::stdin().lock();
    let result = stdin.take(limit + 1).read_to_end(&mut bytes);
    result.with_context(|| format!("cannot read {name}"))?;
    if bytes.len() as u64 > limit {
        return Err(too_long(limit).file(&name).into());
    }
    Ok((bytes, None))
}

/// Reads a text of at most `limit` bytes.
fn read_text(path: &Path, limit: u64) -> Result<Text, Failure> {
    let (text, undecodable) = read_decoded(path, limit)?;
    let Some(Undecodable { what, at, help, .. }) = undecodable else {
        return Ok(text);
    };
    let is_table = path
        .extension()
        .is_some_and(|ext| ext.eq_ignore_ascii_case("csv"));
    let fault = Fault::new(what);
    if !is_table {
        return Err(fault.help(help).file(&text.name).into());
    }
    let help = "save it as `CSV UTF-8`; Excel's plain `CSV` uses a Windows code page";
    let fault = fault.help(help).at(at.place(&text.name));
    Err(fault.with_source(&text.content).into())
}

/// Reads a text of at most `limit` bytes, and says why it is not one where it is not; it then has U+FFFD for what it is not.
fn read_decoded(path: &Path, limit: u64) -> Result<(Text, Option<Undecodable>), Failure> {
    let (mut bytes, identity) = read_any(path, limit)?;
    let (content, undecodable) = match encoding::decode(&mut bytes) {
        Ok(content) => (content, None),
        Err(mut undecodable) => (std::mem::take(&mut undecodable.text), Some(undecodable)),
    };
    let text = Text {
        can_be_read_again: !is_stdin(path) && !is_made_by_a_shell(path),
        name: name_of(path),
        content,
        identity,
    };
    Ok((text, undecodable))
}

/// Longest stream of manifests that is read, in bytes.
pub(super) const STREAM_LIMIT: u64 = MANIFESTS_LIMIT as u64;
/// Longest of all other files that are read, in bytes: a fleet file's.
const FILE_LIMIT: u64 = civi_ingress::yaml::tree::LIMIT as u64;

fn too_long(limit: u64) -> Fault {
    Fault::new(format!("there are more than {limit} bytes")).help("use smaller files")
}

/// Reads a file of any kind, or stdin for `-`.
pub(super) fn read_bytes(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    Ok(read_any(path, STREAM_LIMIT)?.0)
}

/// Reads a file of at most `limit` bytes, and says which it is.
fn read_file(path: &Path, limit: u64) -> Result<(Zeroizing<Vec<u8>>, FileIdentity), Failure> {
    use std::os::unix::fs::MetadataExt as _;
    explain(|| format!("reading {}", path.display()));
    let refused = |fault: Fault| fault.file(&path.display().to_string());
    let failed = || format!("cannot read {}", path.display());
    let file = open(path).with_context(failed)?;
    let metadata = file.metadata().with_context(failed)?;
    match is_readable(path, &metadata) {
        Readable::AtOnce => {}
        Readable::Waiting => wait_for_it(&file).with_context(failed)?,
        Readable::No(what) => return Err(refused(what).into()),
    }
    if metadata.len() > limit {
        return Err(refused(too_long(limit)).into());
    }
    let mut bytes = Zeroizing::new(Vec::new());
    // With room for all of it, no copy of a key is left behind where the text outgrew its place.
    bytes.reserve_exact(usize::try_from(metadata.len()).unwrap_or_default() + 1);
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .with_context(failed)?;
    if bytes.len() as u64 > limit {
        return Err(refused(too_long(limit)).into());
    }
    Ok((bytes, (metadata.dev(), metadata.ino())))
}

/// Opens a file to be read, without waiting for a writer, whatever it is.
fn open(path: &Path) -> std::io::Result<std::fs::File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = rustix::fs::open(path, flags, Mode::empty())?;
    Ok(file.into())
}

/// Whether a file that was opened is read.
enum Readable {
    /// It is a regular file, or empty.
    AtOnce,
    /// A shell made it for this run (`<(…)`, `/dev/stdin`), and its writer may not be ready.
    Waiting,
    /// It may never end, or never begin.
    No(Fault),
}

fn is_readable(path: &Path, metadata: &std::fs::Metadata) -> Readable {
    use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
    let kind = metadata.file_type();
    let is_null = || {
        let null = std::fs::metadata("/dev/null").map(|null| null.rdev());
        kind.is_char_device() && null.is_ok_and(|null| null == metadata.rdev())
    };
    if kind.is_file() || kind.is_dir() || is_null() {
        // Of a directory the system says itself that it cannot be read.
        return Readable::AtOnce;
    }
    if is_made_by_a_shell(path) {
        return Readable::Waiting;
    }
    let what = match kind {
        kind if kind.is_fifo() => "a named pipe",
        kind if kind.is_socket() => "a socket",
        _ => "a device",
    };
    Readable::No(
        Fault::new(format!("this is {what}, not a regular file"))
            .help("pass a file, or pipe its content in and pass `-`"),
    )
}

/// Returns whether a path is that of an open file, as of `<(…)`.
fn is_made_by_a_shell(path: &Path) -> bool {
    let ours = ["/dev/fd", "/dev/stdin", "/proc/self/fd"];
    ours.iter().any(|made| path.starts_with(made))
}

/// Lets reads wait again for who writes.
fn wait_for_it(file: &std::fs::File) -> std::io::Result<()> {
    let flags = rustix::fs::fcntl_getfl(file)?;
    rustix::fs::fcntl_setfl(file, flags - OFlags::NONBLOCK)?;
    Ok(())
}

/// How the names end of files that may hold certificates: manifests, PEM, DER and PKCS#12.
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

/// What is below a directory.
pub(super) struct ReadTree {
    /// YAML and JSON files, in the order of their names.
    pub(super) files: Vec<PathBuf>,
    /// What was left out on purpose, with the reason.
    pub(super) left_out: Vec<String>,
}

/// What is found below a directory.
enum Found {
    File(PathBuf),
    /// It gives way to what is in it.
    Folder(PathBuf),
    LeftOut(String),
}

/// Finds the YAML and JSON files below a directory. Hidden ones are left out, templates of Helm charts, which
/// are not YAML yet, and links to directories, which may lead in a circle.
pub(super) fn tree(directory: &Path) -> Result<ReadTree, Failure> {
    let mut found = vec![Found::Folder(directory.to_owned())];
    // Each folder is replaced by what is in it, so that all is in the order of the names at last.
    while found.iter().any(|one| matches!(one, Found::Folder(_))) {
        let length = found.len() * OPENED;
        let opened = with_threads(length, || {
            each(&found, |one| match one {
                Found::Folder(folder) => listed(folder),
                Found::File(_) | Found::LeftOut(_) => Ok(Vec::new()),
            })
        });
        let mut all = Vec::with_capacity(found.len());
        for (one, within) in found.into_iter().zip(opened) {
            match one {
                Found::Folder(_) => all.extend(within?),
                Found::File(_) | Found::LeftOut(_) => all.push(one),
            }
        }
        found = all;
    }
    let mut tree = ReadTree {
        files: Vec::with_capacity(found.len()),
        left_out: Vec::new(),
    };
    for one in found {
        match one {
            Found::File(path) => tree.files.push(path),
            Found::LeftOut(what) => tree.left_out.push(what),
            Found::Folder(_) => {}
        }
    }
    Ok(tree)
}

/// Returns what is in a folder, in the order of the names.
fn listed(folder: &Path) -> Result<Vec<Found>, Failure> {
    let failed = || format!("cannot read {}", folder.display());
    let mut entries = std::fs::read_dir(folder)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(failed)?;
    entries.sort_by_cached_key(std::fs::DirEntry::file_name);
    let is_chart = entries
        .iter()
        .any(|entry| entry.file_name() == "Chart.yaml");
    let found = entries.iter().map(|entry| looked_at(entry, is_chart));
    found.filter_map(Result::transpose).collect()
}

/// Returns what an entry of a folder is, if anything is read of it.
fn looked_at(entry: &std::fs::DirEntry, is_chart: bool) -> Result<Option<Found>, Failure> {
    let (name, path) = (entry.file_name(), entry.path());
    let shown = path.display();
    if name.as_encoded_bytes().starts_with(b".") {
        return Ok(None);
    }
    let failed = || format!("cannot read {shown}");
    let mut kind = entry.file_type().with_context(failed)?;
    if kind.is_symlink() {
        let target = std::fs::metadata(&path);
        // Of a checkout a part may be elsewhere.
        if matches!(&target, Err(error) if error.kind() == std::io::ErrorKind::NotFound) {
            let what = format!("{shown}: a link that leads nowhere");
            return Ok(is_read(&path).then_some(Found::LeftOut(what)));
        }
        kind = target.with_context(failed)?.file_type();
        if kind.is_dir() {
            let what = format!("{shown}: a link to a directory");
            return Ok(Some(Found::LeftOut(what)));
        }
    }
    if kind.is_dir() && is_chart && name == "templates" {
        return Ok(Some(Found::LeftOut(format!(
            "{shown}: templates of a Helm chart; pipe `helm template` into this program"
        ))));
    }
    if kind.is_dir() {
        return Ok(Some(Found::Folder(path)));
    }
    if !is_read(&path) {
        return Ok(None);
    }
    Ok(Some(if kind.is_file() {
        Found::File(path)
    } else {
        Found::LeftOut(format!("{shown}: not a regular file"))
    }))
}

/// Returns whether files of this name are read.
fn is_read(path: &Path) -> bool {
    let end = path.extension().and_then(OsStr::to_str);
    matches!(end, Some("yaml" | "yml" | "json"))
}

/// Returns whether a path is a symbolic link itself.
pub(super) fn is_link(path: &Path) -> bool {
    path.is_symlink()
}

/// Returns a path relative to a directory that has neither links nor dots, if it lies below; nothing is asked of the file
/// system but the working directory.
pub(super) fn relative(path: &Path, directory: &Path) -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    let path = without_dots(here, path);
    path.strip_prefix(directory).ok().map(Path::to_owned)
}

pub(super) fn is_directory(path: &Path) -> bool {
    path.is_dir()
}

pub(super) fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// Warns when a file that holds something secret can be read by others.
pub(super) fn warn_if_readable_by_others(path: &Path, secret: &str) -> Option<String> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path)
        .ok()
        .filter(std::fs::Metadata::is_file)?
        .permissions()
        .mode()
        & 0o777;
    (mode & 0o077 != 0).then(|| {
        format!(
            "{} holds {secret} and has mode {mode:03o}; `chmod 600` it",
            path.display()
        )
    })
}

/// Reads all files below a directory of templates, by their path with `/`.
pub(super) fn read_templates(directory: &Path) -> Result<Vec<(String, String)>, Failure> {
    let texts = read_below(directory, |_| true)?.into_iter();
    Ok(texts
        .map(|(name, text)| (name, text.content.to_string()))
        .collect())
}

/// Reads the YAML files below a directory, by their path with `/`.
pub(super) fn read_yaml_files(
    directory: &Path,
) -> Result<Vec<(String, Zeroizing<String>)>, Failure> {
    let texts = read_below(directory, is_yaml)?;
    if texts.is_empty() {
        super::warn(&format!("{} contains no YAML file", directory.display()));
    }
    let texts = texts.into_iter();
    Ok(texts.map(|(name, text)| (name, text.content)).collect())
}

/// Reads the files below a directory that are wanted, at most as much as a stream of manifests may have.
fn read_below(
    directory: &Path,
    is_wanted: impl Fn(&Path) -> bool,
) -> Result<Vec<(String, Text)>, Failure> {
    let mut found = Vec::new();
    let mut pending = vec![PathBuf::new()];
    let mut length = 0;
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
            } else if is_wanted(&path) {
                let text = read_stream(&directory.join(&path))?;
                length += text.content.len();
                if length > MANIFESTS_LIMIT {
                    let name = directory.display().to_string();
                    return Err(too_long(STREAM_LIMIT).file(&name).into());
                }
                found.push((path.display().to_string(), text));
            }
        }
    }
    found.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    Ok(found)
}

/// Names the YAML files of a directory beside those of these names: `kubectl apply -f` takes them too.
pub(super) fn other_manifests(directory: &Path, names: &[&str]) -> Vec<String> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut found: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| is_yaml(Path::new(name)) && !names.contains(&name.as_str()))
        .collect();
    found.sort_unstable();
    found
}
