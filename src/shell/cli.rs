//! The table of commands, and the options that all of them take.

use super::ca::MakeCa;
use super::cert::MakeCert;
use super::colour::{ColourChoice, styles};
use super::completions::Completions;
use super::examples::examples;
use super::gateway::GatewayArguments;
use super::gitops::Gitops;
use super::ingress::IngressCommands;
use super::inspect::Inspect;
use super::issuer::IssuerArguments;
use super::lint::Lint;
use super::man::Man;
use super::new_instance::NewInstance;
use super::probe::Probe;
use super::program::PROGRAM;
use super::public_certificate::PublicCertificateArguments;
use super::schema::Schema;
use super::status::Status;
use super::templates::TemplatesArguments;
use super::tls_store::TlsStoreArguments;
use super::topology::TopologyArguments;
use super::traefik_file::{SecretFilesArguments, TraefikFileArguments};
use super::traefik_values::TraefikValues;
use super::wildcard_secret::WildcardSecret;
use clap::{ArgMatches, Args, FromArgMatches as _};

const EXAMPLES: &str = examples!(
    "
  Make an instance's certificates and manifests, and apply them
    civi-ingress new-instance paroisse-a --host a.example.org |
      kubectl apply -f -

  Keep its keys when anything else changes, and renew them when they are due
    kubectl get secret -n paroisse-a selfcert externca -o yaml |
      civi-ingress new-instance paroisse-a --host a.example.org \\
      --reuse - | kubectl apply -f -

  Make the wildcard certificate that browsers see
    civi-ingress wildcard-secret --domain example.org --tls-store \\
      --ca-out ca.crt | kubectl apply -f -

Exit status: 0 done, 1 a check found something, 2 usage, 3 input refused,
4 input or output failed, 5 would overwrite something, 6 locked by another run,
70 internal error, 141 closed pipe"
);

/// Returns the table of options: of one subcommand where `called` names it, of all of them elsewhere.
///
/// clap's derive puts the options of all subcommands together at every start, which costs as much as rendering.
pub(super) fn table(called: Option<&str>) -> clap::Command {
    let program = clap::Command::new(PROGRAM)
        .bin_name(PROGRAM)
        .about(
            "Issue the certificates of Civiparoisse instances and render their Traefik manifests",
        )
        .version(env!("CIVI_INGRESS_VERSION"))
        .after_help("`civi-ingress help COMMAND` describes a command in full, with examples.")
        .after_long_help(EXAMPLES)
        .max_term_width(100)
        .styles(styles())
        .subcommand_required(true)
        .arg_required_else_help(true);
    // Each command has them again, at the end of its own.
    let program = Global::augment_args(program).mut_args(|argument| argument.global(false));
    Command::add_to(program, called)
}

/// Completes a command: what it does, then what the comment of its arguments adds, and the global options last.
fn complete(command: clap::Command, about: &str) -> clap::Command {
    let more = command.get_about().map(ToString::to_string);
    let more = more.filter(|more| more != about);
    let command = command.about(about.to_owned());
    let command = match more {
        Some(more) => command.long_about(format!("{about}\n\n{more}.")),
        None => command,
    };
    Global::augment_args(command)
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct Global {
    /// Use this RFC 3339 instant as the present [default: SOURCE_DATE_EPOCH, else the clock; certificates are issued
    /// only if the two are at most 90 days apart]
    #[arg(
        long,
        global = true,
        value_name = "INSTANT",
        allow_hyphen_values = true,
        overrides_with = "now"
    )]
    pub(super) now: Option<String>,
    /// Show colours: on a terminal, always or never
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        visible_alias = "colour",
        default_value = "auto",
        hide_possible_values = true,
        overrides_with = "color"
    )]
    pub(super) color: ColourChoice,
    /// Say on stderr what is read, assumed and decided, and why
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub(super) verbose: bool,
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
            /// All names, and that of the help.
            /// The names of the commands.
            pub(super) const NAMES: &[&str] = &[$($name,)* "help"];

            fn add_to(mut program: clap::Command, called: Option<&str>) -> clap::Command {
                let is_known = |name: &str| [$($name),*].contains(&name);
                let called = called.filter(|name| is_known(name));
                $(if called.is_none_or(|name| name == $name) {
                    let subcommand = clap::Command::new($name)
                        .about($about)
                        .visible_aliases(<[&str; _]>::from($aliases))
                        .defer(|command| complete(<$arguments>::augment_args(command), $about));
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
        "Render the Secret of the wildcard certificate, newly made or taken from files";
    TlsStore(TlsStoreArguments) "tls-store", [], "Render the TLSStore that makes a Secret the default certificate";
    Gateway(GatewayArguments) "gateway", [], "Render the Gateway of the Gateway API that the instances share";
    Issuer(IssuerArguments) "issuer", [], "Render the ClusterIssuer by which cert-manager asks Let's Encrypt, or another CA";
    PublicCertificate(PublicCertificateArguments) "public-certificate", [],
        "Render the Certificate by which cert-manager has browsers' certificate issued";
    TraefikValues(TraefikValues) "traefik-values", [], "Render the values file of the Traefik Helm chart";
    TraefikFile(TraefikFileArguments) "traefik-file", [], "Render the options of a Traefik outside of a cluster, which is told everything by files";
    SecretFiles(SecretFilesArguments) "secret-files", [], "Write the values of Secrets into files, for programs outside of a cluster";
    Ca(MakeCa) "ca", [], "Make a CA as PEM files";
    Cert(MakeCert) "cert", [], "Make a server certificate as PEM files, under an existing CA or one of its own";
    Inspect(Inspect) "inspect", [], "Show what is in certificates: PEM files, bundles, Secrets in manifests";
    Ingress(IngressCommands) "ingress", [], "Take instances over from ingress-nginx";
    Gitops(Gitops) "gitops", [], "Keep a fleet of instances as files in Git, with its keys";
    Status(Status) "status", [], "Show when a fleet's certificates expire, and the path of each instance";
    Probe(Probe) "probe", [], "Check a live host as a browser does, and its httpd as Traefik does";
    Lint(Lint) "lint", [], "Find what would go wrong with manifests, before they are applied";
    Topology(TopologyArguments) "topology", [], "Explain how a request gets to an instance: TLS, certificates, trust, keys";
    Templates(TemplatesArguments) "templates", [], "List or export the built-in templates";
    Schema(Schema) "schema", [], "Print the JSON Schema of a kind of file";
    Completions(Completions) "completions", [], "Print a completion script";
    Man(Man) "man", [], "Print the manual page";
}
