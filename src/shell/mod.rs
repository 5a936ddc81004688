//! One file a command: what can be typed, its help, and the code that takes it to the library and the results to the
//! outside. Arguments that several commands take are in files of their own.
#![expect(
    clippy::doc_markdown,
    reason = "the comments of arguments are help text: a terminal shows backticks as they are"
)]
#![expect(clippy::struct_excessive_bools, reason = "a flag is a boolean")]

mod arrival;
mod ca;
mod ca_custody;
mod cert;
mod cli;
mod cluster;
mod colour;
mod complete;
mod completions;
mod configuration;
mod destination;
mod dial;
mod error;
mod examples;
mod existing_ca;
mod folder;
mod gateway;
mod gitops;
mod given_certificate;
mod glob;
mod ingress;
mod inspect;
mod issuer;
mod issuing;
mod lexical;
mod lint;
mod listed;
mod live;
mod man;
mod new_instance;
mod output;
mod parsed;
mod paths;
mod pkcs12_password;
mod probe;
mod program;
mod public_certificate;
mod report_format;
mod schema;
mod status;
mod templates;
mod tls;
mod tls_store;
mod topology;
mod traefik_file;
mod traefik_release;
mod traefik_values;
mod tree;
mod unfinished;
mod usage;
mod wildcard_secret;
mod world;
mod writing;

use civi_ingress::pki::validity::format_instant;
use civi_ingress::visible;
use clap::FromArgMatches as _;
use cli::{Command, Global};
use colour::ColourChoice;
use error::{Failure, Kind};
use output::warn;
use std::cell::RefCell;
use std::ffi::OsString;
use std::mem::ManuallyDrop;
use std::process::ExitCode;
use time::OffsetDateTime;
use usage::usage;
use world::Randomness;

/// Exit status of a fault of this program itself (`EX_SOFTWARE` of sysexits.h).
const INTERNAL: i32 = 70;

pub(super) fn run() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if let [_, first, words @ ..] = arguments.as_slice()
        && first == complete::NAME
    {
        complete::run(words);
        return ExitCode::SUCCESS;
    }
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map_or_else(String::new, |location| format!(" ({location})"));
        output::say(&format!(
            "error: this program has a bug{place}\nhelp: please report it with the command that you ran, without any keys\n"
        ));
        std::process::exit(INTERNAL);
    }));
    world::forbid_core_dumps();
    let texts = arguments.iter().filter_map(|argument| argument.to_str());
    let wished = ColourChoice::of(texts);
    let name = program::name_called(arguments.first().map(OsString::as_os_str));
    output::settle_name(name, Command::NAMES);
    let (global, command) = match parse(name, arguments) {
        Ok(parsed) => parsed,
        Err(error) => {
            output::settle_colours(wished, world::wishes_for_colours());
            return usage(error);
        }
    };
    output::settle_colours(global.color, world::wishes_for_colours());
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

fn parse(name: &str, arguments: Vec<OsString>) -> Result<(Global, Command), clap::Error> {
    let called = arguments.get(1).and_then(|argument| argument.to_str());
    // The table is not taken apart at the end: that costs as much as reading the command line.
    let mut table = ManuallyDrop::new(cli::table(called).bin_name(name));
    let matches = table.try_get_matches_from_mut(arguments)?;
    let parsed = Global::from_arg_matches(&matches)
        .and_then(|global| Ok((global, Command::from_matches(&matches)?)));
    parsed.map_err(|error| error.format(&mut table))
}

fn dispatch(global: &Global, command: Command) -> Result<(), Failure> {
    if global.verbose {
        output::be_verbose();
    }
    let present = world::now(global.now.as_deref())?;
    match present.far {
        Some(fault) if issues(&command) => return Err(fault.into()),
        Some(fault) => warn(&fault.to_string()),
        None => {}
    }
    output::explain(|| {
        let now = format_instant(present.now);
        let from = match (&global.now, world::has_source_date()) {
            (Some(_), _) => "`--now`",
            (None, true) => "SOURCE_DATE_EPOCH",
            (None, false) => "the clock",
        };
        format!("the present is {now}, by {from}")
    });
    world::check_randomness(if draws(&command) {
        Randomness::Secret
    } else {
        Randomness::Seeds
    })?;
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

/// Returns whether a command may issue a certificate, which then begins at the present.
fn issues(command: &Command) -> bool {
    match command {
        Command::NewInstance(_)
        | Command::WildcardSecret(_)
        | Command::Ca(_)
        | Command::Cert(_) => true,
        Command::Gitops(gitops) => gitops.issues(),
        Command::TlsStore(_)
        | Command::Gateway(_)
        | Command::Ingress(_)
        | Command::Issuer(_)
        | Command::PublicCertificate(_)
        | Command::TraefikValues(_)
        | Command::TraefikFile(_)
        | Command::SecretFiles(_)
        | Command::Inspect(_)
        | Command::Status(_)
        | Command::Probe(_)
        | Command::Lint(_)
        | Command::Topology(_)
        | Command::Templates(_)
        | Command::Schema(_)
        | Command::Completions(_)
        | Command::Man(_) => false,
    }
}

/// Returns whether a command draws random numbers: for keys, for what is encrypted, for connections.
fn draws(command: &Command) -> bool {
    match command {
        Command::Gitops(gitops) => gitops.draws(),
        Command::Probe(_) => true,
        command => issues(command),
    }
}

fn execute(run: &Run, command: Command) -> Result<(), Failure> {
    match command {
        Command::NewInstance(arguments) => new_instance::run(run, &arguments),
        Command::WildcardSecret(arguments) => wildcard_secret::run(run, &arguments),
        Command::TlsStore(arguments) => tls_store::run(run, &arguments),
        Command::Gateway(arguments) => gateway::run(run, &arguments),
        Command::Ingress(arguments) => ingress::run(run, &arguments),
        Command::Issuer(arguments) => issuer::run(run, &arguments),
        Command::PublicCertificate(arguments) => public_certificate::run(run, &arguments),
        Command::TraefikValues(arguments) => traefik_values::run(&arguments),
        Command::TraefikFile(arguments) => traefik_file::run(&arguments),
        Command::SecretFiles(arguments) => traefik_file::secret_files(run, &arguments),
        Command::Ca(arguments) => ca::run(run, &arguments),
        Command::Cert(arguments) => cert::run(run, &arguments),
        Command::Inspect(arguments) => inspect::run(run, &arguments),
        Command::Gitops(arguments) => gitops::run(run, &arguments),
        Command::Status(arguments) => status::run(run, &arguments),
        Command::Probe(arguments) => probe::run(run, &arguments),
        Command::Lint(arguments) => lint::run(run, &arguments),
        Command::Topology(arguments) => topology::run(&arguments),
        Command::Templates(arguments) => templates::run(&arguments.command),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Man(arguments) => man::run(&arguments, cli::table(None)),
    }
}

/// What all subcommands need.
struct Run {
    now: OffsetDateTime,
    /// Whether notes are left out.
    quiet: bool,
    /// What is worth knowing about a run that went well; printed at its end.
    notes: RefCell<Vec<String>>,
}

impl Run {
    /// Takes note of something worth knowing once the run has gone well.
    fn note(&self, text: &str) {
        let text = visible::line(text);
        self.notes.borrow_mut().push(format!("note: {text}\n"));
    }
}
