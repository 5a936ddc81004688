//! One file a subcommand: arguments to the library, its results to the outside.

mod cli;
mod dial;
mod documents;
mod error;
mod folder;
mod gitops;
mod glob;
mod inspect;
mod lint;
mod live;
mod new_instance;
mod output;
mod paths;
mod pem;
mod probe;
mod status;
mod templates;
mod tls;
mod traefik_values;
mod tree;
mod unfinished;
mod wildcard;
mod world;
mod writing;

use civi_ingress::fault::{Fault, Faults};
use civi_ingress::manifest::{Manifest, Object, PrivateKeys, stream};
use civi_ingress::pki::issue::{Ca, CaRequest, LeafRequest, Organization};
use civi_ingress::pki::pem::mentions_private_key;
use civi_ingress::pki::refusals::{self, Use};
use civi_ingress::pki::validity::{End, Validity, format_instant, parse_instant};
use civi_ingress::pki::{Certificate, KeyType, LeafUse, PrivateKey, SubjectAltName, issue, verify};
use civi_ingress::release::Release;
use civi_ingress::template::Templates;
use civi_ingress::visible;
use clap::FromArgMatches as _;
use clap::error::ContextValue;
use cli::{Command, Destination, ExistingCa, GitopsCommand, Global, Issuing};
use error::{Failure, Kind};
use paths::{Contents, Named, Paths};
use std::cell::RefCell;
use std::ffi::OsString;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use time::OffsetDateTime;
use writing::{NewFile, Overwrite, SideFile, Writing};
use zeroize::Zeroizing;

/// Exit status of a fault of this program itself (`EX_SOFTWARE` of sysexits.h).
const INTERNAL: i32 = 70;

pub(super) fn run() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map_or_else(String::new, |location| format!(" ({location})"));
        output::say(&format!(
            "error: this program has a fault{place}\nhelp: please report it with the command that you ran, without its keys\n"
        ));
        std::process::exit(INTERNAL);
    }));
    world::forbid_core_dumps();
    let (global, command) = match parse() {
        Ok(parsed) => parsed,
        Err(error) => return usage(error),
    };
    let code = match dispatch(&global, command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::say(&failure.text());
            failure.code()
        }
    };
    unfinished::end();
    code
}

fn parse() -> Result<(Global, Command), clap::Error> {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let called = arguments.get(1).and_then(|argument| argument.to_str());
    // The table is not taken apart at the end: that costs as much as reading the command line.
    let mut table = ManuallyDrop::new(cli::table(called));
    let matches = table.try_get_matches_from_mut(arguments)?;
    let parsed = Global::from_arg_matches(&matches)
        .and_then(|global| Ok((global, Command::from_matches(&matches)?)));
    parsed.map_err(|error| error.format(&mut table))
}

/// Prints help and version on stdout, and usage errors on stderr, as clap words them: of what was typed is shown what
/// can be.
fn usage(mut error: clap::Error) -> ExitCode {
    let code = u8::try_from(error.exit_code()).unwrap_or(2);
    if !error.use_stderr() {
        return match print_or_end(error.render().to_string().as_bytes()) {
            Ok(()) => ExitCode::from(code),
            Err(failure) => {
                output::say(&failure.text());
                failure.code()
            }
        };
    }
    let context: Vec<_> = error
        .context()
        .map(|(kind, value)| (kind, visible_context(value)))
        .collect();
    for (kind, value) in context {
        error.insert(kind, value);
    }
    output::say(&error.render().to_string());
    ExitCode::from(code)
}

/// Gives what clap tells of a command line, as far as it can be shown.
fn visible_context(value: &ContextValue) -> ContextValue {
    let one = |text: &str| visible::line(text).into_owned();
    let all = |texts: &[String]| texts.iter().map(|text| one(text)).collect();
    match value {
        ContextValue::String(text) => ContextValue::String(one(text)),
        ContextValue::Strings(texts) => ContextValue::Strings(all(texts)),
        ContextValue::StyledStrs(texts) => ContextValue::StyledStrs(
            texts
                .iter()
                .map(|text| one(&text.to_string()).into())
                .collect(),
        ),
        other => other.clone(),
    }
}

fn dispatch(global: &Global, command: Command) -> Result<(), Failure> {
    let present = world::now(global.now.as_deref())?;
    match present.far {
        Some(fault) if issues(&command) => return Err(fault.into()),
        Some(fault) => warn(&fault.to_string()),
        None => {}
    }
    if draws(&command) {
        world::check_randomness()?;
    }
    let run = Run {
        now: present.now,
        quiet: global.quiet,
        notes: RefCell::default(),
    };
    let result = execute(&run, command);
    let is_done = result
        .as_ref()
        .err()
        .is_none_or(|failure| failure.kind == Kind::Found);
    if is_done && !global.quiet {
        output::say(&run.notes.take().concat());
    }
    result
}

/// Says whether a command may issue a certificate, which then begins at the present.
fn issues(command: &Command) -> bool {
    match command {
        Command::NewInstance(_)
        | Command::WildcardSecret(_)
        | Command::Ca(_)
        | Command::Cert(_) => true,
        Command::Gitops(gitops) => matches!(gitops.command, GitopsCommand::Render(_)),
        Command::TlsStore(_)
        | Command::TraefikValues(_)
        | Command::Inspect(_)
        | Command::Status(_)
        | Command::Probe(_)
        | Command::Lint(_)
        | Command::Templates(_)
        | Command::Schema(_)
        | Command::Completions(_)
        | Command::Man(_) => false,
    }
}

/// Says whether a command draws random numbers: for keys, for what is encrypted, for connections.
fn draws(command: &Command) -> bool {
    match command {
        Command::Gitops(gitops) => matches!(
            gitops.command,
            GitopsCommand::Render(_) | GitopsCommand::Import(_)
        ),
        Command::Probe(_) => true,
        command => issues(command),
    }
}

fn execute(run: &Run, command: Command) -> Result<(), Failure> {
    match command {
        Command::NewInstance(arguments) => new_instance::run(run, &arguments),
        Command::WildcardSecret(arguments) => wildcard::secret(run, &arguments),
        Command::TlsStore(arguments) => wildcard::tls_store(run, &arguments),
        Command::TraefikValues(arguments) => traefik_values::run(&arguments),
        Command::Ca(arguments) => pem::ca(run, &arguments),
        Command::Cert(arguments) => pem::cert(run, &arguments),
        Command::Inspect(arguments) => inspect::run(run, &arguments),
        Command::Gitops(arguments) => gitops::run(run, &arguments),
        Command::Status(arguments) => status::run(run, &arguments),
        Command::Probe(arguments) => probe::run(run, &arguments),
        Command::Lint(arguments) => lint::run(run, &arguments),
        Command::Templates(arguments) => templates::run(&arguments.command),
        Command::Schema(arguments) => documents::schema(&arguments),
        Command::Completions(arguments) => documents::completions(&arguments),
        Command::Man(arguments) => documents::man(&arguments),
    }
}

/// Prints what can be printed again: a reader that ends early, as `head` does, hears nothing of it.
fn print_or_end(text: &[u8]) -> Result<(), Failure> {
    output::print([String::from_utf8_lossy(text).as_ref()]).map_err(|mut failure| {
        if failure.kind == Kind::ClosedPipe {
            failure.faults.clear();
        }
        failure
    })
}

/// What all subcommands need.
struct Run {
    now: OffsetDateTime,
    /// Whether notes are left out.
    quiet: bool,
    /// What is worth knowing about a run that went well; said at its end.
    notes: RefCell<Vec<String>>,
}

impl Run {
    /// Takes note of something worth knowing once the run has gone well.
    fn note(&self, text: &str) {
        let text = visible::line(text);
        self.notes.borrow_mut().push(format!("note: {text}\n"));
    }
}

fn warn(text: &str) {
    output::say(&format!("warning: {}\n", visible::line(text)));
}

/// Gives the templates, with a user's own in the place of built-in ones.
fn own_templates(directory: Option<&Path>) -> Result<Templates, Failure> {
    let Some(directory) = directory else {
        return Ok(Templates::default());
    };
    let sources = world::read_templates(directory)?;
    Ok(Templates::with_own(
        &directory.display().to_string(),
        sources,
    )?)
}

impl Destination {
    /// Claims what the manifests and the files beside them go to, before any key is drawn.
    ///
    /// `beside` are the files that other options name for writing, `inputs` those that are read.
    fn claim<'a>(
        &'a self,
        beside: &[Named<'a>],
        inputs: Vec<Named<'a>>,
    ) -> Result<Writing<'a>, Failure> {
        if self.output_dir.is_none() && output::stdout_is_closed() {
            return Err(output::closed_stdout());
        }
        if let (true, Some((option, _))) = (self.is_preview(), beside.first()) {
            let fault =
                Fault::new("on a terminal there is only a preview, and its keys are thrown away");
            let help = "pipe the output into `kubectl apply -f -`, or give --output-dir DIR or --show-secrets";
            return Err(fault.help(help).argument(option).into());
        }
        let directory = self.output_dir.as_deref();
        let paths = Paths {
            directory: directory.map(|directory| (directory, Contents::Manifests)),
            beside: beside.to_vec(),
            inputs,
        };
        Writing::begin(&paths, Overwrite::of(self.force, self.replace_keys))
    }

    /// Says whether private keys are hidden, for a person reads the output.
    fn is_preview(&self) -> bool {
        self.output_dir.is_none() && !self.show_secrets && output::stdout_is_terminal()
    }

    /// Renders objects and writes them with the files beside, all or nothing.
    fn emit<'a>(
        &'a self,
        run: &Run,
        writing: Writing<'a>,
        objects: &[Object],
        beside: Vec<SideFile<'a>>,
    ) -> Result<(), Failure> {
        let templates = own_templates(self.templates.as_deref())?;
        let preview = self.is_preview();
        let private_keys = if preview {
            PrivateKeys::Hidden
        } else {
            PrivateKeys::Written
        };
        let manifests = templates.render(objects, private_keys)?;
        if let Some(directory) = &self.output_dir {
            let files = files(manifests);
            let strangers = output::strangers(directory, &files);
            let count = files.len();
            let keys = secret_files(directory, &files, &beside);
            writing.write(files, beside, || Ok(()))?;
            gitops::git::warn_of(&keys);
            let files = if count == 1 { "file" } else { "files" };
            run.note(&format!("wrote {count} {files} to {}", directory.display()));
            if !strangers.is_empty() {
                let names = strangers.join(", ");
                warn(&format!(
                    "{} also holds {names}, which `kubectl apply -f` would take too",
                    directory.display()
                ));
            }
        } else {
            let keys = secret_files(Path::new(""), &[], &beside);
            writing.write(Vec::new(), beside, || print_stream(&manifests))?;
            gitops::git::warn_of(&keys);
        }
        if preview
            && objects
                .iter()
                .any(|object| object.template == "secret.yaml")
        {
            run.note(
                "private keys are not shown on a terminal: pipe this into `kubectl apply -f -`, \
                 or give --output-dir DIR or --show-secrets",
            );
        }
        Ok(())
    }
}

/// Gives the paths of the files with private keys, in a directory and beside it.
fn secret_files(directory: &Path, files: &[NewFile], beside: &[SideFile<'_>]) -> Vec<PathBuf> {
    let inside = files.iter().filter(|file| file.is_secret);
    let beside = beside.iter().filter(|file| file.is_secret);
    let beside = beside.map(|file| file.path.to_owned());
    let inside = inside.map(|file| directory.join(&file.path));
    beside.chain(inside).collect()
}

fn print_stream(manifests: &[Manifest]) -> Result<(), Failure> {
    let holds_private_key = manifests.iter().any(|manifest| manifest.holds_private_key);
    if let Some(mode) = output::stdout_readable_by_others().filter(|_| holds_private_key) {
        warn(&format!(
            "stdout is a file of mode {mode:03o} and gets private keys; `--output-dir` makes files that only you can read"
        ));
    }
    output::print(stream(manifests))
}

fn files(manifests: Vec<Manifest>) -> Vec<NewFile> {
    let file = |manifest: Manifest| NewFile {
        path: manifest.file_name(),
        is_secret: manifest.holds_private_key,
        content: Zeroizing::new(["---\n", manifest.yaml.as_str()].concat().into_bytes()),
    };
    manifests.into_iter().map(file).collect()
}

/// How certificates shall be made, parsed.
struct IssuingPlan {
    key_type: KeyType,
    leaf: Validity,
    ca: Validity,
    organization: Organization,
}

impl Issuing {
    fn plan(&self, now: OffsetDateTime, faults: &mut Faults) -> Option<IssuingPlan> {
        let key_type = faults.keep(
            self.key_type
                .parse::<KeyType>()
                .map_err(|fault| fault.argument("--key-type")),
        );
        let organization = Organization::parse(&self.organization)
            .map_err(|fault| fault.argument("--organization"));
        let organization = faults.keep(organization);
        let leaf = validity(
            now,
            self.not_before.as_deref(),
            &self.days,
            "--days",
            faults,
        );
        let ca = validity(
            now,
            self.not_before.as_deref(),
            &self.ca_days,
            "--ca-days",
            faults,
        );
        if let Some(leaf) = leaf.filter(|leaf| leaf.due_at() <= now) {
            let what = format!(
                "a certificate from {} to {} would be due for renewal as soon as it is issued",
                format_instant(leaf.not_before),
                format_instant(leaf.not_after)
            );
            let help =
                "a third of its life must be left; give a later `--not-before` or a later end";
            let option = match self.not_before {
                Some(_) => "--not-before",
                None => "--days",
            };
            faults.push(Fault::new(what).help(help).argument(option));
        }
        Some(IssuingPlan {
            key_type: key_type?,
            leaf: leaf?,
            ca: ca?,
            organization: organization?,
        })
    }
}

fn validity(
    now: OffsetDateTime,
    not_before: Option<&str>,
    end: &str,
    option: &str,
    faults: &mut Faults,
) -> Option<Validity> {
    let not_before =
        not_before.map(|text| parse_instant(text).map_err(|fault| fault.argument("--not-before")));
    let not_before = match not_before {
        Some(result) => Some(faults.keep(result)?),
        None => None,
    };
    let end = faults.keep(End::parse(end).map_err(|fault| fault.argument(option)))?;
    let validity =
        faults.keep(Validity::new(now, not_before, end).map_err(|fault| fault.argument(option)))?;
    if now < validity.due_at() {
        return Some(validity);
    }
    let due = format_instant(validity.due_at());
    let what = format!("the certificate would be due for renewal since {due}, before it is issued");
    let fault = Fault::new(what).help("give a later `--not-before`, or a longer life");
    faults.push(fault.argument(option));
    None
}

impl ExistingCa {
    /// Gives the files that are read.
    fn paths(&self) -> Vec<Named<'_>> {
        side_paths([
            ("--ca-cert", self.ca_cert.as_ref()),
            ("--ca-key", self.ca_key.as_ref()),
        ])
    }

    /// Reads and checks the existing CA with the certificates above it, if one is given.
    fn read(&self, run: &Run) -> Result<Option<Ca>, Failure> {
        let (Some(cert_path), Some(key_path)) = (&self.ca_cert, &self.ca_key) else {
            return Ok(None);
        };
        let (cert, key) = (world::read(cert_path)?, world::read(key_path)?);
        let mut faults = Faults::default();
        let certificates = faults
            .keep(Certificate::all_from_pem(&cert.content).map_err(|fault| fault.file(&cert.name)));
        let private_key =
            faults.keep(PrivateKey::from_pem(&key.content).map_err(|fault| fault.file(&key.name)));
        if mentions_private_key(&cert.content) {
            warn(&format!(
                "{} also holds a private key; only its certificate is taken",
                cert.name
            ));
        }
        if let Some(warning) = world::warn_if_readable_by_others(key_path) {
            warn(&warning);
        }
        let (Some(certificates), Some(private_key)) = (certificates, private_key) else {
            return Ok(faults.finish(None)?);
        };
        let ca =
            Ca::of_bundle(certificates, private_key).map_err(|fault| fault.file(&cert.name))?;
        verify::usable_issuer(&ca.certificate, &ca.key, &ca.above, run.now)
            .map_err(|fault| fault.file(&cert.name))?;
        for certificate in std::iter::once(&ca.certificate).chain(&ca.above) {
            let details = certificate.details()?;
            for refusal in refusals::of(&details, Use::Authority) {
                warn(&format!(
                    "{}: the CA `{}` {}: {} refuse it",
                    cert.name,
                    details.name(),
                    refusal.what,
                    refusal.by
                ));
            }
        }
        Ok(Some(ca))
    }
}

/// A leaf to be signed, and by whom.
struct Signing<'a> {
    plan: &'a IssuingPlan,
    names: &'a [SubjectAltName],
    leaf_use: LeafUse,
    existing_ca: Option<Ca>,
}

impl Signing<'_> {
    /// Draws the keys and issues the leaf, under a new CA for exactly its names where none exists.
    fn issue(self, run: &Run) -> Result<(Ca, Certificate, PrivateKey), Failure> {
        let Self {
            plan,
            names,
            leaf_use,
            existing_ca,
        } = self;
        let ca = if let Some(ca) = existing_ca {
            ca
        } else {
            if plan.ca.not_after < plan.leaf.not_after {
                let what = format!(
                    "a CA that ends at {} ends before its certificate, at {}",
                    format_instant(plan.ca.not_after),
                    format_instant(plan.leaf.not_after)
                );
                let help = "give the CA at least as many days as the certificate (`--days`)";
                return Err(Fault::new(what).help(help).argument("--ca-days").into());
            }
            let request = CaRequest {
                organization: &plan.organization,
                validity: plan.ca,
                permitted: names,
            };
            issue::ca(
                &request,
                world::private_key(plan.key_type)?,
                world::serial()?,
            )?
        };
        let (validity, _) = plan.leaf.clamped_to(ca.validity());
        // Its beginning moves too, where the CA is younger than an hour.
        if validity.not_after < plan.leaf.not_after {
            let end = format_instant(validity.not_after);
            run.note(&format!("the certificate ends with its CA, at {end}"));
        }
        let request = LeafRequest {
            organization: &plan.organization,
            validity,
            names,
            leaf_use,
        };
        let (certificate, key) = issue::leaf(
            &request,
            world::private_key(plan.key_type)?,
            world::serial()?,
            &ca,
        )?;
        Ok((ca, certificate, key))
    }
}

/// Gives the file for a PEM text, where one was asked for.
fn side_file<'a>(
    path: Option<&'a PathBuf>,
    content: &str,
    is_secret: bool,
) -> Option<SideFile<'a>> {
    let content = Zeroizing::new(content.as_bytes().to_vec());
    path.map(|path| SideFile {
        path,
        content,
        is_secret,
    })
}

/// Gives the paths that options name, each with its option.
fn side_paths<'a, const N: usize>(
    paths: [(&'static str, Option<&'a PathBuf>); N],
) -> Vec<Named<'a>> {
    paths
        .into_iter()
        .filter_map(|(option, path)| Some((option, path?.as_path())))
        .collect()
}

/// Parses `--traefik`.
fn release(text: &str, faults: &mut Faults) -> Option<Release> {
    faults.keep(
        text.parse()
            .map_err(|fault: Fault| fault.argument("--traefik")),
    )
}

/// Refuses to read stdin twice.
fn check_stdin<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Result<(), Fault> {
    if paths
        .into_iter()
        .filter(|path| world::is_stdin(path))
        .count()
        <= 1
    {
        return Ok(());
    }
    Err(Fault::new("`-` is given twice")
        .help("standard input can be read once; name a file for the other"))
}

/// Says names and end of a certificate in one line.
fn describe(names: &[impl ToString], certificate: &Certificate) -> String {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let validity = certificate.validity();
    let (end, due) = (validity.not_after.date(), validity.due_at().date());
    format!("{}, valid until {end}, renewal due {due}", names.join(", "))
}
