//! `wildcard-secret`.

use super::Run;
use super::ca_custody::CaCustodyArgument;
use super::cluster::ClusterArguments;
use super::destination::OutputDestination;
use super::error::{Failure, Kind};
use super::examples::examples;
use super::existing_ca::ExistingCa;
use super::given_certificate;
use super::issuing::{Issuing, IssuingPlan, Signing, describe};
use super::output::warn;
use super::paths::{check_stdin, side_paths};
use super::traefik_release::TraefikRelease;
use super::world::{self, Text};
use super::writing::{SideFile, Writing, side_file};
use civi_ingress::civiparoisse::WILDCARD_SECRET;
use civi_ingress::fault::{Fault, Faults};
use civi_ingress::ingress::tls_secret;
use civi_ingress::ingress::traefik;
use civi_ingress::manifests::{self, FoundSecret};
use civi_ingress::name::{DnsName, Namespace, ObjectName};
use civi_ingress::pki::bundle::{Bundle, long_life};
use civi_ingress::pki::issue::Ca;
use civi_ingress::pki::reuse::{self, ChainTerms, Custody, Found, LeafTerms, RenewalRule, Signer};
use civi_ingress::pki::validity::format_instant;
use civi_ingress::pki::{Certificate, LeafUse, PrivateKey, SubjectAltName, verify};
use clap::{Args, ValueHint};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Any namespace that Traefik watches will do, but two TLSStores named `default` cancel each other.
#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Make a wildcard certificate, and the CA that browsers import
    civi-ingress wildcard-secret --domain example.org --tls-store \\
      --ca-out ca.crt | kubectl apply -f -

  Take a certificate that a public authority has issued
    civi-ingress wildcard-secret --cert fullchain.pem \\
      --key privkey.pem --tls-store | kubectl apply -f -"))]
pub(super) struct WildcardSecret {
    /// Name of the Secret
    #[arg(default_value = WILDCARD_SECRET)]
    pub(super) name: String,
    /// Domain of the wildcard: the certificate is for *.DOMAIN
    #[arg(long, value_name = "DOMAIN", required_unless_present = "cert")]
    pub(super) domain: Option<String>,
    /// Cover the domain itself too
    #[arg(long, requires = "domain")]
    pub(super) apex: bool,
    /// Use this certificate, or this bundle of certificates and key (PEM, DER, PKCS#12, a Secret), or - for stdin
    #[arg(long, value_name = "FILE", conflicts_with = "ca_cert", value_hint = ValueHint::FilePath)]
    pub(super) cert: Option<PathBuf>,
    /// Private key of that certificate (PEM, DER, PKCS#12, a Secret)
    #[arg(long, value_name = "FILE", requires = "cert", value_hint = ValueHint::FilePath)]
    pub(super) key: Option<PathBuf>,
    /// Intermediate certificates above it (PEM, DER, PKCS#12)
    #[arg(long, value_name = "FILE", requires = "cert", value_hint = ValueHint::FilePath)]
    pub(super) chain: Option<PathBuf>,
    /// Namespace of the Secret and the TLSStore
    #[arg(short, long, default_value = "default")]
    pub(super) namespace: String,
    /// Render the TLSStore `default` too
    #[arg(long)]
    pub(super) tls_store: bool,
    /// Write the CA certificate that browsers must import to this file, as DER if its name ends in .der
    #[arg(long, value_name = "FILE", conflicts_with = "cert", value_hint = ValueHint::FilePath)]
    pub(super) ca_out: Option<PathBuf>,
    /// Keep the certificate of this Secret (file, directory, - for stdin) as long as it is good, and renew it under its CA,
    /// whose key is in the Secret or given with --ca-cert and --ca-key
    #[arg(long, value_name = "FILE", conflicts_with_all = ["cert", "cluster"], value_hint = ValueHint::FilePath)]
    pub(super) reuse: Option<PathBuf>,
    #[command(flatten)]
    pub(super) cluster: ClusterArguments,
    #[command(flatten)]
    pub(super) destination: OutputDestination,
    #[command(flatten)]
    pub(super) release: TraefikRelease,
    #[command(flatten)]
    pub(super) issuing: Issuing,
    #[command(flatten)]
    pub(super) existing_ca: ExistingCa,
    /// What becomes of the CA key in the Secret [default: dropped; with --reuse: as it was]
    #[arg(
        long,
        value_name = "HOW",
        conflicts_with = "cert",
        help_heading = "Certificates"
    )]
    pub(super) ca_custody: Option<CaCustodyArgument>,
    /// Write the CA's private key to this file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["cert", "ca_cert"], help_heading = "Certificates", value_hint = ValueHint::FilePath)]
    pub(super) ca_key_out: Option<PathBuf>,
}

pub(super) fn run(run: &Run, arguments: &WildcardSecret) -> Result<(), Failure> {
    let sources = arguments
        .cert
        .iter()
        .chain(&arguments.key)
        .chain(&arguments.chain)
        .chain(&arguments.reuse)
        .map(PathBuf::as_path);
    let of_ca = arguments.existing_ca.paths().into_iter();
    check_stdin(sources.chain(of_ca.map(|(_, path)| path)))?;
    let beside = [
        ("--ca-out", arguments.ca_out.as_ref()),
        ("--ca-key-out", arguments.ca_key_out.as_ref()),
    ];
    let mut inputs = side_paths([
        ("--cert", arguments.cert.as_ref()),
        ("--key", arguments.key.as_ref()),
        ("--chain", arguments.chain.as_ref()),
        ("--reuse", arguments.reuse.as_ref()),
    ]);
    inputs.extend(arguments.existing_ca.paths());
    let mut writing = arguments.destination.claim(&side_paths(beside), inputs)?;
    let mut faults = Faults::default();
    let plan = arguments.issuing.plan(run.now, &mut faults);
    let release = arguments.release.parse(&mut faults);
    let name =
        faults.keep(ObjectName::parse(&arguments.name).map_err(|fault| fault.argument("NAME")));
    let namespace = faults.keep(
        Namespace::parse(&arguments.namespace).map_err(|fault| fault.argument("--namespace")),
    );
    let names = names(arguments, &mut faults);
    let checked = plan.zip(release).zip(name.zip(namespace)).zip(names);
    let (((plan, release), (name, namespace)), names) = faults.finish(checked)?;

    let mut objects = Vec::new();
    let mut beside = Vec::new();
    if arguments.cert.is_some() {
        let bundle = import(run, arguments, &names)?;
        run.note(&describe(&bundle.names, &bundle.certificates[0]));
        objects.push(tls_secret(
            &namespace,
            &name,
            &bundle.certificates,
            &bundle.key,
            None,
        ));
    } else {
        let found = match &arguments.reuse {
            Some(path) => Some(world::read_manifests(path)?),
            None if arguments.cluster.cluster => {
                let text = arguments
                    .cluster
                    .secrets(&namespace, std::iter::once(&name))?;
                if text.is_none() {
                    run.note("the cluster has no such Secret: the CA and all keys are new");
                }
                text
            }
            None => None,
        };
        let found = match found {
            Some(text) => Some(found_in(&text, &namespace, &name, &mut writing)?),
            None => None,
        };
        let made = chain(run, arguments, &plan, &names, found.as_ref())?;
        let is_stored = settle_custody(arguments, &made, found.as_ref())?;
        if let Some(path) = &arguments.ca_out {
            beside.push(authority_file(path, &made.ca));
        }
        let key = made.ca_key.as_ref().map_or("", PrivateKey::pem);
        beside.extend(side_file(arguments.ca_key_out.as_ref(), key, true));
        if made.is_new_ca && arguments.ca_out.is_none() {
            run.note("browsers must import the CA certificate: it is in key ca.crt of the Secret; --ca-out writes it to a file");
        }
        let authority = (&made.ca, made.ca_key.as_ref().filter(|_| is_stored));
        objects.push(tls_secret(
            &namespace,
            &name,
            &made.served,
            &made.leaf_key,
            Some(authority),
        ));
    }
    if arguments.tls_store {
        objects.push(traefik::tls_store(release, &namespace, &name));
    }
    arguments.destination.emit(run, writing, &objects, beside)
}

/// Returns the file for a CA's certificate: DER where its name ends in `.der`, else PEM.
fn authority_file<'a>(path: &'a Path, certificate: &Certificate) -> SideFile<'a> {
    let is_der = path
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("der"));
    let content = if is_der {
        certificate.der().to_vec()
    } else {
        certificate.pem().as_bytes().to_vec()
    };
    SideFile {
        path,
        content: Zeroizing::new(content),
        is_secret: false,
    }
}

/// The certificate that browsers see, kept or made.
struct MadeCertificate {
    /// What browsers import: the CA, or the root above it.
    ca: Certificate,
    /// The CA's key, if it is at hand.
    ca_key: Option<PrivateKey>,
    /// The certificate, and what is between it and the root.
    served: Vec<Certificate>,
    leaf_key: PrivateKey,
    is_new_ca: bool,
}

/// Key of the Secret under which the CA's key is stored.
const CA_KEY: &str = "ca.key";

/// Finds the Secret of `--reuse` or `--cluster`.
fn found_in(
    text: &Text,
    namespace: &Namespace,
    name: &ObjectName,
    writing: &mut Writing<'_>,
) -> Result<FoundSecret, Failure> {
    writing.may_let_go(&text.content);
    let secrets = manifests::secrets(&text.content, &text.name)?;
    let is_it = |secret: &FoundSecret| {
        let found = secret.namespace.as_deref();
        secret.name == name.as_str() && found.is_none_or(|found| found == namespace.as_str())
    };
    let mut found: Vec<FoundSecret> = secrets.into_iter().filter(is_it).collect();
    match (found.pop(), found.len()) {
        (Some(secret), 0) => Ok(secret),
        (secret, others) => {
            let what = match secret {
                None => format!("the input has no Secret {namespace}/{name}"),
                Some(_) => format!("Secret {namespace}/{name} appears {} times", others + 1),
            };
            let help = "check the command before the pipe; without `--reuse` a new CA is made, which browsers must import";
            let fault = Fault::new(what).help(help).file(&text.name);
            Err(Failure::new(Kind::WouldLose, fault))
        }
    }
}

/// Keeps the certificate that is there, renews it under its CA when it is due, or makes both.
fn chain(
    run: &Run,
    arguments: &WildcardSecret,
    plan: &IssuingPlan,
    names: &[SubjectAltName],
    found: Option<&FoundSecret>,
) -> Result<MadeCertificate, Failure> {
    let given = arguments.existing_ca.read(run)?;
    let leaf_use = LeafUse::Server;
    let issue = |existing_ca: Option<Ca>| {
        let is_new_ca = existing_ca.is_none();
        let signing = Signing {
            plan,
            names,
            leaf_use,
            existing_ca,
        };
        let (ca, leaf, leaf_key) = signing.issue(run)?;
        run.note(&describe(names, &leaf));
        if let Some(text) = long_life(leaf.validity()) {
            warn(&text);
        }
        let served = std::iter::once(&leaf).chain(ca.intermediates());
        Ok(MadeCertificate {
            served: served.cloned().collect(),
            ca: ca.root().clone(),
            ca_key: Some(ca.key),
            leaf_key,
            is_new_ca,
        })
    };
    let Some(secret) = found else {
        return issue(given);
    };
    let lost = |what: String| {
        let help = "pass it with `--ca-cert` and `--ca-key`; without `--reuse` a new CA is made, which browsers must import";
        Failure::new(Kind::WouldLose, Fault::new(what).help(help))
    };
    let text = |key: &str| secret.data.get(key).map(|text| text.as_str());
    let Some(authority) = text("ca.crt") else {
        return Err(lost(format!(
            "Secret {secret} has no `ca.crt`, so its CA is not known"
        )));
    };
    let authority = Certificate::from_pem(authority)
        .map_err(|fault| lost(format!("`ca.crt` of Secret {secret}: {}", fault.what)))?;
    if given
        .as_ref()
        .is_some_and(|given| given.root().der() != authority.der())
    {
        return Err(lost(format!(
            "the CA that is given is not that of Secret {secret}"
        )));
    }
    let served = Certificate::all_from_pem(text("tls.crt").unwrap_or_default()).unwrap_or_default();
    let stored = text(CA_KEY).and_then(|text| PrivateKey::from_pem(text).ok());
    let at_hand = given.or_else(|| of_stored(&served, &authority, stored?));
    let due = authority.validity().due_at();
    if run.now >= due {
        let end = format_instant(authority.validity().not_after);
        warn(&format!(
            "the CA expires at {end}: have browsers import a new one before then; without `--reuse` one is made"
        ));
    }
    let issuer = served.get(1).unwrap_or(&authority);
    let leaf = LeafTerms::covering(names.to_vec(), leaf_use);
    let terms = ChainTerms {
        leaf: &leaf,
        custody: Custody::Dropped,
        // As with one that is given: a new CA would have to be imported.
        signer: Signer::Given(Some(issuer)),
        renewal: RenewalRule::default(),
    };
    let pair = Found {
        ca: Some(issuer.pem()),
        ca_key: None,
        leaf: served.first().map(Certificate::pem),
        leaf_key: text("tls.key"),
    };
    match reuse::keep(pair, &terms, run.now) {
        Ok(chain) => {
            run.note(&describe(names, &chain.leaf));
            Ok(MadeCertificate {
                ca: authority.clone(),
                ca_key: at_hand.map(|ca| ca.key),
                served,
                leaf_key: chain.leaf_key,
                is_new_ca: false,
            })
        }
        Err(cause) => {
            let Some(ca) = at_hand else {
                return Err(lost(format!(
                    "the certificate must be renewed ({cause}), and the key of its CA is missing"
                )));
            };
            verify::usable_issuer(&ca.certificate, &ca.key, &ca.above, run.now)
                .map_err(|fault| lost(format!("its CA can no longer sign: {}", fault.what)))?;
            run.note(&format!(
                "the certificate is renewed under the same CA: {cause}"
            ));
            issue(Some(ca))
        }
    }
}

/// Takes the CA that a stored key is of: the root, or the intermediate that is served behind the leaf.
fn of_stored(served: &[Certificate], root: &Certificate, key: PrivateKey) -> Option<Ca> {
    let path = served.iter().skip(1).chain([root]).cloned();
    let ca = Ca::of_bundle(path.collect(), key).ok()?;
    verify::ca(&ca.certificate, &ca.key).is_ok().then_some(ca)
}

/// Returns whether the CA's key goes into the Secret; warns of one that is forgotten while it can still be kept.
fn settle_custody(
    arguments: &WildcardSecret,
    made: &MadeCertificate,
    found: Option<&FoundSecret>,
) -> Result<bool, Failure> {
    let was_stored = found.is_some_and(|secret| secret.data.contains_key(CA_KEY));
    let is_stored = match arguments.ca_custody {
        Some(CaCustodyArgument::Stored) => true,
        Some(CaCustodyArgument::Dropped) => false,
        None => was_stored,
    };
    let has_file = arguments.ca_key_out.is_some();
    if made.ca_key.is_none() && (has_file || is_stored) {
        let option = if has_file {
            "--ca-key-out"
        } else {
            "--ca-custody"
        };
        let fault = Fault::new("the CA is kept, but its key is not in what is reused")
            .help("pass it with `--ca-cert` and `--ca-key`, or leave out the option")
            .argument(option);
        return Err(Failure::new(Kind::WouldLose, fault));
    }
    let is_forgotten = (made.is_new_ca || was_stored) && !is_stored && !has_file;
    if is_forgotten && arguments.existing_ca.ca_cert.is_none() {
        let due = made.served[0].validity().due_at().date();
        warn(&format!(
            "the key of this CA is not kept: when the certificate is due, on {due}, every browser must import a new CA; \
             keep the key with `--ca-key-out FILE` or `--ca-custody stored`"
        ));
    }
    Ok(is_stored)
}

/// Returns the names that the certificate must have.
fn names(arguments: &WildcardSecret, faults: &mut Faults) -> Option<Vec<SubjectAltName>> {
    let Some(text) = &arguments.domain else {
        return Some(Vec::new());
    };
    let text = text.strip_prefix("*.").unwrap_or(text);
    let domain = faults.keep(DnsName::parse(text).map_err(|fault| fault.argument("--domain")))?;
    let wildcard = faults
        .keep(SubjectAltName::wildcard(&domain).map_err(|fault| fault.argument("--domain")))?;
    let apex = arguments.apex.then_some(SubjectAltName::Dns(domain));
    Some([wildcard].into_iter().chain(apex).collect())
}

fn import(
    run: &Run,
    arguments: &WildcardSecret,
    names: &[SubjectAltName],
) -> Result<Bundle, Failure> {
    let password = arguments.existing_ca.password.read()?;
    let files = [&arguments.cert, &arguments.key, &arguments.chain].map(Option::as_deref);
    given_certificate::read(run, files, password.as_ref(), names)
}
