//! What can be typed: clap types and help text, nothing else.
#![expect(
    clippy::doc_markdown,
    reason = "the comments are help text: a terminal shows backticks as they are"
)]
#![expect(clippy::struct_excessive_bools, reason = "a flag is a boolean")]

use clap::{ArgMatches, Args, FromArgMatches as _, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;
use std::num::NonZeroU16;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  Make an instance's certificates and manifests, and apply them
    civi-ingress new-instance paroisse-a --host a.example.org | kubectl apply -f -

  Keep its keys when anything else changes, and renew them when they are due
    kubectl get secret -n paroisse-a selfcert externca -o yaml |
      civi-ingress new-instance paroisse-a --host a.example.org --reuse - | kubectl apply -f -

  Make the wildcard certificate that browsers see
    civi-ingress wildcard-secret --domain example.org --tls-store --ca-out ca.crt | kubectl apply -f -

Exit status: 0 done, 1 a check found something, 2 usage, 3 input refused, 4 input or output failed,
5 would overwrite something, 6 locked by another run, 70 internal error, 141 closed pipe";

/// Gives the table of options: of one subcommand where `called` names it, of all of them elsewhere.
///
/// clap's derive puts the options of all subcommands together at every start, which costs as much as rendering.
pub(super) fn table(called: Option<&str>) -> clap::Command {
    let program = clap::Command::new("civi-ingress")
        .about(
            "Issue the certificates of Civiparoisse instances and render their Traefik manifests",
        )
        .version(env!("CIVI_INGRESS_VERSION"))
        .after_help(EXAMPLES)
        .max_term_width(100)
        .disable_help_subcommand(true)
        .subcommand_required(true)
        .arg_required_else_help(true);
    Command::add_to(Global::augment_args(program), called)
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Everywhere")]
pub(super) struct Global {
    /// Take this RFC 3339 instant for the present; without it SOURCE_DATE_EPOCH counts, then the clock; certificates
    /// are issued only where the two are at most 90 days apart
    #[arg(long, global = true, value_name = "INSTANT", overrides_with = "now")]
    pub(super) now: Option<String>,
    /// Print no notes on stderr, only warnings and errors
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
}

macro_rules! subcommands {
    ($($variant:ident($arguments:ty) $name:literal, $aliases:expr, $about:literal;)*) => {
        #[derive(Debug)]
        pub(super) enum Command {
            $($variant(Box<$arguments>),)*
        }

        impl Command {
            fn add_to(mut program: clap::Command, called: Option<&str>) -> clap::Command {
                let is_known = |name: &str| [$($name),*].contains(&name);
                let called = called.filter(|name| is_known(name));
                $(if called.is_none_or(|name| name == $name) {
                    let subcommand = clap::Command::new($name)
                        .about($about)
                        .visible_aliases(<[&str; _]>::from($aliases))
                        .defer(|command| <$arguments>::augment_args(command).about($about));
                    program = program.subcommand(subcommand);
                })*
                program
            }

            pub(super) fn from_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
                match matches.subcommand() {
                    $(Some(($name, matches)) => {
                        Ok(Self::$variant(Box::new(<$arguments>::from_arg_matches(matches)?)))
                    })*
                    _ => Err(clap::Error::new(clap::error::ErrorKind::MissingSubcommand)),
                }
            }
        }
    };
}

subcommands! {
    NewInstance(NewInstance) "new-instance", [], "Make an instance's certificates and render its manifests";
    WildcardSecret(WildcardSecret) "wildcard-secret", ["wildcard"],
        "Render the Secret of the wildcard certificate, made anew or taken from files";
    TlsStore(TlsStore) "tls-store", [], "Render the TLSStore that makes a Secret the default certificate";
    TraefikValues(TraefikValues) "traefik-values", [], "Render the values file of the Traefik Helm chart";
    Ca(Ca) "ca", [], "Make a CA as PEM files";
    Cert(Cert) "cert", [], "Make a server certificate as PEM files, under an existing CA or one of its own";
    Inspect(Inspect) "inspect", [], "Show what certificates say: PEM files, bundles, Secrets in manifests";
    Gitops(Gitops) "gitops", [], "Keep a fleet of instances as files in Git, with its keys";
    Status(Status) "status", [], "Show which certificates of a fleet end when, and the path of each instance";
    Probe(Probe) "probe", [], "Look at a live host as a browser does, and at its httpd as Traefik does";
    Lint(Lint) "lint", [], "Say what would go wrong with manifests, before they are applied";
    Templates(TemplatesArguments) "templates", [], "List or export the built-in templates";
    Schema(Schema) "schema", [], "Print the JSON Schema of a kind of file";
    Completions(Completions) "completions", [], "Print a completion script";
    Man(Man) "man", [], "Print the manual page";
}

#[derive(Debug, Args)]
pub(super) struct Gitops {
    #[command(subcommand)]
    pub(super) command: GitopsCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum GitopsCommand {
    /// Write a starting fleet file into a directory
    Init(GitopsInit),
    /// Bring the tree to what the fleet file says: make, keep and renew certificates, write what has changed
    Render(GitopsRender),
    /// Say whether the tree is what the fleet file says and nothing is due; write nothing
    Check(GitopsCheck),
    /// Show what rendering would change; private keys as fingerprints
    Diff(GitopsDiff),
    /// Show which certificates of the tree end when
    Status(GitopsStatus),
    /// Make a fleet file, and a tree with the keys that run already, from Secrets, values files or a CSV table
    Import(GitopsImport),
}

/// A fleet file, its tree, and what a run may do.
#[derive(Debug, Args)]
pub(super) struct FleetArguments {
    /// Fleet file, or - for stdin
    #[arg(short = 'f', long = "fleet", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) fleet: PathBuf,
    /// Directory of the tree
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) output_dir: PathBuf,
    /// Step of a roll-over that may be taken; all at once is safe, for the old CA stays trusted beside the new one
    #[arg(long, value_enum, default_value = "all")]
    pub(super) phase: PhaseArgument,
    /// Renew at most so many instances whose renewal can wait, the soonest end first
    #[arg(long, value_name = "N")]
    pub(super) max_renewals: Option<usize>,
    /// Issue keys to at most so many instances of which none are there; without it, in a tree that was rendered before,
    /// 5 or a tenth of all
    #[arg(long, value_name = "N")]
    pub(super) max_issues: Option<usize>,
    /// Issue new keys where recipients or mode have changed; without it they stay, and --identity must open them
    #[arg(long)]
    pub(super) rekey: bool,
    /// age key file that opens what is encrypted, or - for stdin; stored CA keys and changed recipients need it
    /// [repeatable]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) identity: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) existing_ca: ExistingCa,
    /// Take templates of this directory in the place of the built-in ones of the same name
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) templates: Option<PathBuf>,
    /// Threads; without it as many as there are processors
    #[arg(long, value_name = "N", value_parser = clap::builder::ValueParser::new(threads))]
    pub(super) jobs: Option<usize>,
}

fn threads(text: &str) -> Result<usize, String> {
    text.parse::<u8>()
        .ok()
        .filter(|count| *count > 0)
        .map(usize::from)
        .ok_or_else(|| "a number from 1 to 255 is needed".to_owned())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum PhaseArgument {
    /// All at once
    All,
    /// Make successors that wait, and let their CAs be trusted
    Trust,
    /// Let successors take their places
    Leaf,
    /// Let the present CAs only be trusted
    Shrink,
}

/// How a run is reported. Notes for people go to stderr, unless --quiet.
#[derive(Debug, Args)]
#[command(next_help_heading = "Report")]
pub(super) struct ReportArguments {
    /// Print a report for programs on stdout
    #[arg(long, value_enum, conflicts_with = "annotations")]
    pub(super) summary: Option<Summary>,
    /// Print on stdout what a CI shows beside the fleet file
    #[arg(long, value_enum)]
    pub(super) annotations: Option<Annotations>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Summary {
    /// JSON, whose field `version` changes with its form
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Annotations {
    /// Workflow commands of GitHub Actions
    Github,
    /// A code quality report of GitLab
    Gitlab,
}

/// The tree is the state: a second run changes nothing until something is due or the fleet file says otherwise.
/// Where instances pass from one Flux Kustomization or Argo CD Application to another (`shards`, the source), the
/// first run marks their objects so that no controller deletes them, and the next run, once that is applied, moves them.
/// Exit status 1: a renewal is due and something is needed for it.
#[derive(Debug, Args)]
pub(super) struct GitopsRender {
    #[command(flatten)]
    pub(super) fleet: FleetArguments,
    /// Remove files of this fleet that belong to nothing any more
    #[arg(long)]
    pub(super) prune: bool,
    /// Remove at most so many instances, or give them other namespaces; without it 10, and no more than a fifth of all
    #[arg(long, value_name = "N")]
    pub(super) prune_max: Option<usize>,
    /// Take over files in the way that are not this fleet's
    #[arg(long)]
    pub(super) adopt: bool,
    /// Keep private keys in clear even in a Git work tree that does not ignore them
    #[arg(long)]
    pub(super) allow_plain_in_git: bool,
    /// Verify every signature and private value first, as `gitops check` does; make chains anew that do not hold, and
    /// leave damaged files as they are
    #[arg(long)]
    pub(super) verify: bool,
    /// Do not wait until all is on the disk
    #[arg(long)]
    pub(super) no_sync: bool,
    /// End with 1 when all is written and a certificate is blocked, or never
    #[arg(long, value_enum, default_value = "blocked")]
    pub(super) fail_on: FailOnWaiting,
    #[command(flatten)]
    pub(super) report: ReportArguments,
}

/// What of a run that has written all makes it fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOnWaiting {
    /// A certificate that lacks something
    Blocked,
    /// Nothing
    Never,
}

/// Verifies every chain as TLS clients do. Exit status 1: the tree is out of date or was not
/// rendered yet, or something is due.
#[derive(Debug, Args)]
pub(super) struct GitopsCheck {
    #[command(flatten)]
    pub(super) fleet: FleetArguments,
    #[command(flatten)]
    pub(super) report: ReportArguments,
}

/// Exit status 1: there are differences, or nothing was rendered yet.
#[derive(Debug, Args)]
pub(super) struct GitopsDiff {
    #[command(flatten)]
    pub(super) fleet: FleetArguments,
}

/// Certificates stand in clear in every mode, so no identity is needed.
#[derive(Debug, Args)]
pub(super) struct GitopsStatus {
    /// Directory of the tree
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) output_dir: PathBuf,
    #[command(flatten)]
    pub(super) report: StatusReport,
}

#[derive(Debug, Args)]
pub(super) struct GitopsInit {
    /// Directory for fleet.yaml
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) output_dir: PathBuf,
    /// Name of the fleet
    #[arg(long, default_value = "parishes")]
    pub(super) name: String,
    /// Domain that the wildcard certificate covers
    #[arg(long, default_value = "example.org")]
    pub(super) domain: String,
    /// age recipient for the private keys; without one `.sops.yaml` above the directory counts [repeatable]
    #[arg(long, value_name = "AGE1…")]
    pub(super) recipient: Vec<String>,
}

/// No key is changed: what runs goes on running. Instances are found in the Secrets by their namespaces, and named
/// by the other inputs.
#[derive(Debug, Args)]
pub(super) struct GitopsImport {
    #[command(flatten)]
    pub(super) init: GitopsInit,
    /// Secrets as `kubectl get secret -A -o yaml` prints them, or - for stdin
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) secrets: Option<PathBuf>,
    /// Values file of a chart release, with the instance's name [repeatable]
    #[arg(long, value_name = "NAME=FILE")]
    pub(super) values: Vec<String>,
    /// Table of instances, one a line, with a heading
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) csv: Option<PathBuf>,
    /// Keep private keys in clear instead of encrypting them
    #[arg(long)]
    pub(super) plain: bool,
    /// Keep private keys in clear even in a Git work tree that does not ignore them
    #[arg(long, requires = "plain")]
    pub(super) allow_plain_in_git: bool,
}

#[derive(Debug, Args)]
pub(super) struct TemplatesArguments {
    #[command(subcommand)]
    pub(super) command: Templates,
}

#[derive(Debug, Args)]
pub(super) struct Schema {
    /// Kind of file
    pub(super) kind: SchemaKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaKind {
    /// The fleet file
    Fleet,
}

#[derive(Debug, Args)]
pub(super) struct Completions {
    /// Shell to complete in
    pub(super) shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct Man {
    /// Write a page for the program and for each subcommand into this new or empty directory
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) output_dir: Option<PathBuf>,
    /// Overwrite files that exist
    #[arg(long, requires = "output_dir")]
    pub(super) force: bool,
}

/// Where manifests go.
#[derive(Debug, Args)]
pub(super) struct Destination {
    /// Write one file an object into this new or empty directory instead of stdout
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) output_dir: Option<PathBuf>,
    /// Overwrite files that exist, but no private keys
    #[arg(long)]
    pub(super) force: bool,
    /// Overwrite private keys, too: those that were there are lost
    #[arg(long)]
    pub(super) replace_keys: bool,
    /// Take templates of this directory in the place of the built-in ones of the same name
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) templates: Option<PathBuf>,
    /// Show private keys even where stdout is a terminal
    #[arg(long)]
    pub(super) show_secrets: bool,
}

/// How certificates are made.
#[derive(Debug, Args)]
#[command(next_help_heading = "Certificates")]
pub(super) struct Issuing {
    /// Kind of the keys: p256, p384, rsa2048, rsa3072, rsa4096
    #[arg(long, value_name = "TYPE", default_value = "p256")]
    pub(super) key_type: String,
    /// Life of the certificate: days, or the RFC 3339 instant at which it ends
    #[arg(long, value_name = "DAYS|INSTANT", default_value = "365")]
    pub(super) days: String,
    /// Life of the CA: days, or the RFC 3339 instant at which it ends
    #[arg(long, value_name = "DAYS|INSTANT", default_value = "3650")]
    pub(super) ca_days: String,
    /// Begin of the validity; one hour before the present unless said
    #[arg(long, value_name = "INSTANT")]
    pub(super) not_before: Option<String>,
    /// Organization in the certificates' subjects
    #[arg(long, value_name = "NAME", default_value = "Civiparoisse")]
    pub(super) organization: String,
}

/// An existing CA.
#[derive(Debug, Args)]
#[command(next_help_heading = "Certificates")]
pub(super) struct ExistingCa {
    /// Sign with this CA instead of a new one (PEM)
    #[arg(long, value_name = "FILE", requires = "ca_key", value_hint = ValueHint::FilePath)]
    pub(super) ca_cert: Option<PathBuf>,
    /// Private key of that CA (PEM)
    #[arg(long, value_name = "FILE", requires = "ca_cert", value_hint = ValueHint::FilePath)]
    pub(super) ca_key: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CaCustody {
    /// Write the CA keys beside the others, as the chart does
    Stored,
    /// Forget the CA keys; a renewal makes a new CA
    Dropped,
}

/// The manifests go to stdout, ready for `kubectl apply -f -`. Keys of values files: see the README, "Values".
#[derive(Debug, Args)]
pub(super) struct NewInstance {
    /// Name of the instance, and of its namespace unless --namespace is given
    pub(super) name: String,
    /// Host that browsers ask for; without it `externalhost` of the values
    #[arg(long)]
    pub(super) host: Option<String>,
    /// Further host of the instance, in the certificate and the route [repeatable]
    #[arg(long, value_name = "HOST")]
    pub(super) alias: Vec<String>,
    /// Namespace of the objects
    #[arg(short, long)]
    pub(super) namespace: Option<String>,
    /// Values file of the Civiparoisse chart, or - for stdin; a later one wins [repeatable]
    #[arg(short = 'f', long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) values: Vec<PathBuf>,
    /// Set a value, as Helm's --set does [repeatable]
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
    /// Set a value that stays a string [repeatable]
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set_string: Vec<String>,
    #[command(flatten)]
    pub(super) destination: Destination,
    /// Traefik release that reads the manifests, 2.9 to 3.x
    #[arg(long, value_name = "VERSION", default_value = "3.7")]
    pub(super) traefik: String,
    #[command(flatten)]
    pub(super) issuing: Issuing,
    #[command(flatten)]
    pub(super) existing_ca: ExistingCa,
    /// What becomes of the CA keys [default: stored; of an existing CA: dropped]
    #[arg(long, value_name = "HOW", help_heading = "Certificates")]
    pub(super) ca_custody: Option<CaCustody>,
    /// Write the key of the new instance CA to this file
    #[arg(long, value_name = "FILE", help_heading = "Certificates", conflicts_with = "ca_key", value_hint = ValueHint::FilePath)]
    pub(super) ca_key_out: Option<PathBuf>,
    /// Keep the keys and certificates of these manifests (file, directory, - for stdin) while they are good
    #[arg(long, value_name = "FILE", help_heading = "Certificates", value_hint = ValueHint::FilePath)]
    pub(super) reuse: Option<PathBuf>,
    /// Mark the chart's objects so that this Helm release adopts them
    #[arg(long, value_name = "RELEASE", help_heading = "Further objects")]
    pub(super) helm_release: Option<String>,
    /// Render the Namespace too
    #[arg(long, help_heading = "Further objects")]
    pub(super) create_namespace: bool,
    /// Render the httpd's ConfigMap too
    #[arg(long, help_heading = "Further objects")]
    pub(super) config_map: bool,
    /// Retry failed connections to the httpd, so many attempts in all
    #[arg(long, value_name = "ATTEMPTS", num_args = 0..=1, default_missing_value = "5", require_equals = true, help_heading = "Further objects")]
    pub(super) retry: Option<String>,
    /// Send Strict-Transport-Security with this max-age
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "31536000", require_equals = true, help_heading = "Further objects")]
    pub(super) hsts: Option<String>,
    /// Make a client CA and Traefik's own certificate, for an httpd that asks for one
    #[arg(long, help_heading = "Further objects")]
    pub(super) client_auth: bool,
    /// Let only Traefik reach the httpd (NetworkPolicy)
    #[arg(long, help_heading = "Further objects")]
    pub(super) network_policy: bool,
    /// Close the namespace to other namespaces, but for what --network-policy opens
    #[arg(long, requires = "network_policy", help_heading = "Further objects")]
    pub(super) default_deny: bool,
    /// Namespace of Traefik's pods
    #[arg(
        long,
        value_name = "NAMESPACE",
        default_value = "traefik",
        help_heading = "Further objects"
    )]
    pub(super) traefik_namespace: String,
    /// Label of Traefik's pods [repeatable] [default: app.kubernetes.io/name=traefik]
    #[arg(
        long,
        value_name = "KEY=VALUE",
        requires = "network_policy",
        conflicts_with = "traefik_host_network",
        help_heading = "Further objects"
    )]
    pub(super) traefik_label: Vec<String>,
    /// Traefik uses the nodes' network: --traefik-cidr then names the nodes
    #[arg(long, requires = "network_policy", help_heading = "Further objects")]
    pub(super) traefik_host_network: bool,
    /// Range of the nodes' addresses [repeatable]
    #[arg(
        long,
        value_name = "CIDR",
        requires = "traefik_host_network",
        help_heading = "Further objects"
    )]
    pub(super) traefik_cidr: Vec<String>,
}

/// Any namespace that Traefik watches will do, but two TLSStores named `default` cancel each other.
#[derive(Debug, Args)]
pub(super) struct WildcardSecret {
    /// Name of the Secret
    #[arg(default_value = "wildcardsecret")]
    pub(super) name: String,
    /// Domain of the wildcard: the certificate is for *.DOMAIN
    #[arg(long, value_name = "DOMAIN", required_unless_present = "cert")]
    pub(super) domain: Option<String>,
    /// Cover the domain itself too
    #[arg(long, requires = "domain")]
    pub(super) apex: bool,
    /// Take this certificate, or this bundle of certificates and key (PEM), or - for stdin
    #[arg(long, value_name = "FILE", conflicts_with = "ca_cert", value_hint = ValueHint::FilePath)]
    pub(super) cert: Option<PathBuf>,
    /// Private key of that certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "cert", value_hint = ValueHint::FilePath)]
    pub(super) key: Option<PathBuf>,
    /// Intermediate certificates above it (PEM)
    #[arg(long, value_name = "FILE", requires = "cert", value_hint = ValueHint::FilePath)]
    pub(super) chain: Option<PathBuf>,
    /// Namespace of the Secret and the TLSStore
    #[arg(short, long, default_value = "default")]
    pub(super) namespace: String,
    /// Render the TLSStore `default` too
    #[arg(long)]
    pub(super) tls_store: bool,
    /// Write the CA certificate that browsers must import to this file; DER where its name ends in .der
    #[arg(long, value_name = "FILE", conflicts_with = "cert", value_hint = ValueHint::FilePath)]
    pub(super) ca_out: Option<PathBuf>,
    /// Write the CA's private key to this file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["cert", "ca_key"], value_hint = ValueHint::FilePath)]
    pub(super) ca_key_out: Option<PathBuf>,
    /// What becomes of the CA key in the Secret [default: dropped; with --reuse: as it was]
    #[arg(
        long,
        value_name = "HOW",
        conflicts_with = "cert",
        help_heading = "Certificates"
    )]
    pub(super) ca_custody: Option<CaCustody>,
    /// Keep the certificate of this Secret (file, directory, - for stdin) while it is good, and renew it under its CA,
    /// whose key is in the Secret or given with --ca-cert and --ca-key
    #[arg(long, value_name = "FILE", conflicts_with = "cert", help_heading = "Certificates", value_hint = ValueHint::FilePath)]
    pub(super) reuse: Option<PathBuf>,
    #[command(flatten)]
    pub(super) destination: Destination,
    /// Traefik release that reads the TLSStore, 2.9 to 3.x
    #[arg(long, value_name = "VERSION", default_value = "3.7")]
    pub(super) traefik: String,
    #[command(flatten)]
    pub(super) issuing: Issuing,
    #[command(flatten)]
    pub(super) existing_ca: ExistingCa,
}

/// Any namespace that Traefik watches will do, but two TLSStores named `default` cancel each other.
#[derive(Debug, Args)]
pub(super) struct TlsStore {
    /// Secret that holds the certificate, in the same namespace
    #[arg(long, value_name = "NAME", default_value = "wildcardsecret")]
    pub(super) secret: String,
    /// Namespace of the TLSStore
    #[arg(short, long, default_value = "default")]
    pub(super) namespace: String,
    /// Traefik release that reads the TLSStore, 2.9 to 3.x
    #[arg(long, value_name = "VERSION", default_value = "3.7")]
    pub(super) traefik: String,
    #[command(flatten)]
    pub(super) destination: Destination,
}

/// Charts 20 to 22 get what the Civiparoisse Traefik notes set; later ones get safer defaults.
#[derive(Debug, Args)]
pub(super) struct TraefikValues {
    /// Major version of the Traefik Helm chart, 20 to 41
    #[arg(long, value_name = "MAJOR", default_value = "41")]
    pub(super) chart: String,
    /// Run a Deployment of so many pods instead of a DaemonSet
    #[arg(long, value_name = "N")]
    pub(super) replicas: Option<NonZeroU16>,
    /// Bind ports 80 and 443 in the nodes' network, as root, instead of using host ports
    #[arg(long)]
    pub(super) host_network: bool,
    /// Expose a Service of type LoadBalancer instead of host ports, with this traffic policy: Local, Cluster
    #[arg(long, value_name = "POLICY", num_args = 0..=1, default_missing_value = "Local", require_equals = true, conflicts_with = "host_network")]
    pub(super) load_balancer: Option<String>,
    /// Replace pods one after another, or when they are deleted: RollingUpdate, OnDelete
    #[arg(long, value_name = "STRATEGY", default_value = "RollingUpdate")]
    pub(super) update_strategy: String,
    /// Log from this level on: TRACE, DEBUG, INFO, WARN, ERROR, FATAL, PANIC
    #[arg(long, value_name = "LEVEL", default_value = "INFO")]
    pub(super) log_level: String,
    /// Form of Traefik's log: json, common [default: json; charts 20 to 22: common]
    #[arg(long, value_name = "FORM")]
    pub(super) log_format: Option<String>,
    /// Form of the access log: json, common, off [default: json; charts 20 to 22: common]
    #[arg(long, value_name = "FORM")]
    pub(super) access_log: Option<String>,
    /// Serve metrics for Prometheus on port 9100
    #[arg(long)]
    pub(super) prometheus: bool,
    /// Redirect http to https: on, off [default: on; charts 20 to 22: off]
    #[arg(long, value_name = "ON|OFF")]
    pub(super) redirect: Option<Switch>,
    /// Believe the PROXY protocol header of these peers [repeatable]
    #[arg(long, value_name = "CIDR", value_delimiter = ',')]
    pub(super) proxy_protocol_from: Vec<String>,
    /// Believe the X-Forwarded headers of these peers [repeatable]
    #[arg(long, value_name = "CIDR", value_delimiter = ',')]
    pub(super) forwarded_headers_from: Vec<String>,
    /// Serve only routes of this namespace; name that of the TLSStore too [repeatable] [default: all]
    #[arg(long, value_name = "NAMESPACE", value_delimiter = ',')]
    pub(super) watch_namespace: Vec<String>,
    /// Cut off requests that take longer to arrive; 0s for no limit [default: 600s; charts 20 to 22: none]
    #[arg(long, value_name = "TIME")]
    pub(super) read_timeout: Option<String>,
    /// Take templates of this directory in the place of the built-in ones of the same name
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) templates: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Switch {
    /// Yes
    On,
    /// No
    Off,
}

/// Writes ca.crt and ca.key.
#[derive(Debug, Args)]
pub(super) struct Ca {
    /// Directory for the files, new or empty
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) output_dir: PathBuf,
    /// Overwrite files that exist, but no private keys
    #[arg(long)]
    pub(super) force: bool,
    /// Overwrite private keys, too: those that were there are lost
    #[arg(long)]
    pub(super) replace_keys: bool,
    /// Domain that the CA may sign for, with all names below it [repeatable] [default: any]
    #[arg(long, value_name = "DOMAIN", visible_alias = "permit")]
    pub(super) permit_dns: Vec<String>,
    /// Address that the CA may sign for [repeatable] [default: any]
    #[arg(long, value_name = "ADDRESS")]
    pub(super) permit_ip: Vec<String>,
    /// Kind of the key: p256, p384, rsa2048, rsa3072, rsa4096
    #[arg(long, value_name = "TYPE", default_value = "p256")]
    pub(super) key_type: String,
    /// Life of the CA: days, or the RFC 3339 instant at which it ends
    #[arg(long, value_name = "DAYS|INSTANT", default_value = "3650")]
    pub(super) days: String,
    /// Begin of the validity; one hour before the present unless said
    #[arg(long, value_name = "INSTANT")]
    pub(super) not_before: Option<String>,
    /// Organization in the certificate's subject
    #[arg(long, value_name = "NAME", default_value = "Civiparoisse")]
    pub(super) organization: String,
}

/// Writes tls.crt, tls.key and ca.crt. The key of a new CA is forgotten unless --ca-key-out is given.
#[derive(Debug, Args)]
pub(super) struct Cert {
    /// Host name, or *.DOMAIN [repeatable]
    #[arg(long, value_name = "NAME", required_unless_present = "ip")]
    pub(super) dns: Vec<String>,
    /// IP address [repeatable]
    #[arg(long, value_name = "ADDRESS")]
    pub(super) ip: Vec<String>,
    /// Let the certificate identify a TLS client too
    #[arg(long)]
    pub(super) client_auth: bool,
    /// Directory for the files, new or empty
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) output_dir: PathBuf,
    /// Overwrite files that exist, but no private keys
    #[arg(long)]
    pub(super) force: bool,
    /// Overwrite private keys, too: those that were there are lost
    #[arg(long)]
    pub(super) replace_keys: bool,
    #[command(flatten)]
    pub(super) issuing: Issuing,
    #[command(flatten)]
    pub(super) existing_ca: ExistingCa,
    /// Write the key of the new CA to this file
    #[arg(long, value_name = "FILE", conflicts_with = "ca_key", value_hint = ValueHint::FilePath)]
    pub(super) ca_key_out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ReportFormat {
    /// For people
    Text,
    /// For programs
    Json,
}

#[derive(Debug, Args)]
pub(super) struct Inspect {
    /// PEM file or manifests, or - for stdin
    #[arg(value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
    pub(super) files: Vec<PathBuf>,
    /// Form of the report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: ReportFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum StatusFormat {
    /// A table, the most urgent certificate first
    Table,
    /// For programs
    Json,
    /// Text format of Prometheus, for the textfile collector
    Prometheus,
    /// A page for the browser, complete in one file
    Html,
    /// A Mermaid flowchart of each instance's path
    Mermaid,
    /// The same for Graphviz
    Dot,
}

#[derive(Debug, Args)]
pub(super) struct Status {
    /// Manifests, PEM or DER file, directory of them, or - for stdin
    #[arg(value_name = "PATH", required_unless_present_any = ["connect", "connect_file"], value_hint = ValueHint::AnyPath)]
    pub(super) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) hosts: LiveHosts,
    #[command(flatten)]
    pub(super) report: StatusReport,
}

/// Which live hosts are looked at, besides what is read. Nothing is asked of them, and nothing verified.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Live hosts")]
pub(super) struct LiveHosts {
    /// Look at the certificates that a live host presents, too; behind `=` the address to connect to instead of those
    /// that DNS gives [repeatable]
    #[arg(long, value_name = "HOST[:PORT][=ADDR[:PORT]]")]
    pub(super) connect: Vec<String>,
    /// Look at the hosts of this file, too, one a line in the same form, or - for stdin
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) connect_file: Option<PathBuf>,
    /// Look at every host that a route of the manifests names, too; behind `=` the address of all of them
    #[arg(long, value_name = "ADDR[:PORT]", num_args = 0..=1, default_missing_value = "", require_equals = true)]
    pub(super) connect_routes: Option<String>,
}

/// How a report on certificates is written.
#[derive(Debug, Args)]
pub(super) struct StatusReport {
    /// Take from this fleet file when certificates are renewed [default: fleet.yaml of a directory that is read]
    #[arg(short = 'f', long = "fleet", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) fleet: Option<PathBuf>,
    /// Form of the report
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(super) format: StatusFormat,
    /// Exit with 1 when a certificate ends within this time (30d, 12h, 4w), has ended, or cannot be read; without
    /// this option the exit status is 0 whatever is found
    #[arg(long, value_name = "TIME")]
    pub(super) fail_within: Option<String>,
    /// Write the report to this file instead of stdout, all of it or nothing
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) output: Option<PathBuf>,
    /// Overwrite that file
    #[arg(long, requires = "output")]
    pub(super) force: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ProxyProtocol {
    /// A line of text
    V1,
    /// A binary block
    V2,
}

/// Opens connections, asks for one page and changes nothing. Exit status: 0 all is well, 1 something is broken or
/// soon will be; an unreachable host is a finding, too.
#[derive(Debug, Args)]
pub(super) struct Probe {
    /// Host that browsers ask for
    #[arg(value_name = "HOST[:PORT]")]
    pub(super) host: String,
    /// Connect to this address instead of those that DNS gives
    #[arg(long, value_name = "ADDR[:PORT]")]
    pub(super) connect: Option<String>,
    /// Trust this CA as browsers do (PEM) [default: that of the manifests' TLSStore, else the system's roots]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) ca: Option<PathBuf>,
    /// Take what Traefik is told from these manifests (file, directory, - for stdin) [repeatable]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) manifest: Vec<PathBuf>,
    /// Ask for this path [default: / or what the manifests' route takes]
    #[arg(long, value_name = "PATH")]
    pub(super) path: Option<String>,
    /// Ask port 80 too whether it leads to https
    #[arg(long, value_name = "ADDR[:PORT]", num_args = 0..=1, default_missing_value = "", require_equals = true)]
    pub(super) http: Option<String>,
    /// Send this header first, as a load balancer does
    #[arg(long, value_name = "VERSION")]
    pub(super) proxy_protocol: Option<ProxyProtocol>,
    /// Show this certificate to a server that asks for one (PEM)
    #[arg(long, value_name = "FILE", requires = "key", value_hint = ValueHint::FilePath)]
    pub(super) cert: Option<PathBuf>,
    /// Private key of that certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "cert", value_hint = ValueHint::FilePath)]
    pub(super) key: Option<PathBuf>,
    /// Look at the leg from Traefik to the httpd too, at this address
    #[arg(long, value_name = "ADDR[:PORT]", help_heading = "Behind Traefik")]
    pub(super) backend: Option<String>,
    /// Of several services of the route, look at this one
    #[arg(long, value_name = "NAME", help_heading = "Behind Traefik", requires_all = ["backend", "manifest"])]
    pub(super) service: Option<String>,
    /// Trust this CA there, where no manifests say which (PEM)
    #[arg(long, value_name = "FILE", help_heading = "Behind Traefik", requires = "backend", conflicts_with = "manifest", value_hint = ValueHint::FilePath)]
    pub(super) backend_ca: Option<PathBuf>,
    /// Wait so long for DNS, for each connection and for each TLS handshake
    #[arg(long, value_name = "TIME", default_value = "10s")]
    pub(super) timeout: String,
    /// Wait so long for an answer
    #[arg(long, value_name = "TIME", default_value = "30s")]
    pub(super) http_timeout: String,
    /// Warn of certificates that end within this time
    #[arg(long, value_name = "DAYS", default_value = "30d")]
    pub(super) expires_within: String,
    /// Ask for the page even where the certificate is refused; the report says so
    #[arg(long)]
    pub(super) insecure_continue: bool,
    /// Form of the report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: ReportFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LintFormat {
    /// For people
    Text,
    /// For programs
    Json,
    /// SARIF 2.1.0, for code forges
    Sarif,
    /// Annotations of GitHub Actions
    Github,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Level {
    /// Worth knowing
    Info,
    /// Works by luck, or for a while
    Warning,
    /// Fails in production
    Error,
}

/// Reads Kubernetes manifests and values files of Traefik's chart. docs/lint.md lists the rules. A comment
/// `# civi-ingress: allow CI103 REASON` suppresses a finding on its line or the next.
#[derive(Debug, Args)]
pub(super) struct Lint {
    /// Files, directories with YAML or JSON files, or - for stdin
    #[arg(value_name = "PATH", required_unless_present = "explain", value_hint = ValueHint::AnyPath)]
    pub(super) paths: Vec<PathBuf>,
    /// Say what a rule looks for, what would happen, and what to do
    #[arg(long, value_name = "CODE", conflicts_with = "paths", exclusive = true)]
    pub(super) explain: Option<String>,
    /// Traefik release that reads the manifests [default: found out, else 3.7]
    #[arg(long, value_name = "VERSION")]
    pub(super) traefik: Option<String>,
    /// Version of Traefik's Helm chart that reads the values files [default: the newest that fits]
    #[arg(long, value_name = "VERSION")]
    pub(super) chart: Option<String>,
    /// Host that a route must answer for [repeatable]
    #[arg(long)]
    pub(super) host: Vec<String>,
    /// Find certificates that expire within so many days [default: 30, or a third of a shorter life]
    #[arg(long, value_name = "DAYS")]
    pub(super) expires_within: Option<String>,
    /// Take references to objects out of the input for errors
    #[arg(long)]
    pub(super) strict_references: bool,
    /// Show findings from this level on
    #[arg(long, value_name = "LEVEL", default_value = "warning")]
    pub(super) level: Level,
    /// Exit with 1 from this level on
    #[arg(long, value_name = "LEVEL", default_value = "warning")]
    pub(super) fail_on: Level,
    /// Form of the report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: LintFormat,
    /// Leave out the findings that this file accepts
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) baseline: Option<PathBuf>,
    /// Write what is found to this file, to be accepted from now on
    #[arg(long, value_name = "FILE", conflicts_with = "baseline", value_hint = ValueHint::FilePath)]
    pub(super) write_baseline: Option<PathBuf>,
    /// Overwrite the baseline that exists
    #[arg(long, requires = "write_baseline")]
    pub(super) force: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Templates {
    /// List the built-in templates by name
    List,
    /// Write the built-in templates into a new or empty directory, to change and pass to --templates
    Export {
        /// Directory for the files
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        output_dir: PathBuf,
        /// Overwrite files that exist
        #[arg(long)]
        force: bool,
    },
}
