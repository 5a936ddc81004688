//! `new-instance`.

use super::ca_custody::CaCustody;
use super::cluster::Cluster;
use super::destination::Destination;
use super::error::{Failure, Kind};
use super::examples::examples;
use super::existing_ca::ExistingCa;
use super::issuing::{Issuing, IssuingPlan, Signing, describe};
use super::output::{self, warn};
use super::paths::{Named, check_stdin, side_paths};
use super::traefik_release::TraefikRelease;
use super::writing::{Writing, side_file};
use super::{Run, world};
use civi_ingress::cidr::Cidr;
use civi_ingress::fault::{Fault, Faults};
use civi_ingress::ingress::{self, Credentials, Ingress, Role, objects};
use civi_ingress::instance::{Credential, Extras, Instance, TraefikSource};
use civi_ingress::manifests::{self, FoundSecret};
use civi_ingress::name::{DnsName, InstanceName, Label, Namespace, ObjectName};
use civi_ingress::path::expand::Topology;
use civi_ingress::pki::issue::Ca;
use civi_ingress::pki::reuse::{
    self, Cause, Custody, Found, LeafTerms, RenewalRule, Signer, Terms,
};
use civi_ingress::pki::trust_bundle::{Retention, trust_bundle};
use civi_ingress::pki::validity::format_instant;
use civi_ingress::pki::{
    Certificate, Chain, LeafUse, PrivateKey, SubjectAltName, authorities, verify,
};
use civi_ingress::values::set::{self, Typing};
use civi_ingress::values::{self, Layers, SecretKeyRef, Settings};
use civi_ingress::yaml;
use clap::{Args, ValueHint};
use std::collections::BTreeSet;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// The manifests go to stdout, ready for `kubectl apply -f -`. Keys of values files: docs/values.md.
#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Make the certificates and manifests of an instance, and apply them
    civi-ingress new-instance paroisse-a --host a.example.org \\
      --create-namespace | kubectl apply -f -

  Run again with the keys of the cluster, which are renewed when they are due
    civi-ingress new-instance paroisse-a --host a.example.org \\
      --cluster | kubectl apply -f -

  Read the values of the Civiparoisse chart and write one file an object
    civi-ingress new-instance paroisse-a -f values.yaml \\
      --output-dir paroisse-a"))]
pub(super) struct NewInstance {
    /// Name of the instance, and of its namespace unless --namespace is given
    pub(super) name: String,
    /// Host that browsers ask for [default: `externalhost` of the values]
    #[arg(long)]
    pub(super) host: Option<String>,
    /// Additional host of the instance, in the certificate and the route [repeatable]
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
    /// Keep the keys and certificates of these manifests (file, directory, - for stdin) as long as they are good
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "cluster")]
    pub(super) reuse: Option<PathBuf>,
    #[command(flatten)]
    pub(super) cluster: Cluster,
    #[command(flatten)]
    pub(super) destination: Destination,
    #[command(flatten)]
    pub(super) release: TraefikRelease,
    #[command(flatten)]
    pub(super) issuing: Issuing,
    #[command(flatten)]
    pub(super) existing_ca: ExistingCa,
    /// What becomes of the CA keys [default: stored; for an existing CA: dropped; with --reuse: as it was]
    #[arg(long, value_name = "HOW", help_heading = "Certificates")]
    pub(super) ca_custody: Option<CaCustody>,
    /// Write the key of the new instance CA to this file
    #[arg(long, value_name = "FILE", help_heading = "Certificates", conflicts_with = "ca_cert", value_hint = ValueHint::FilePath)]
    pub(super) ca_key_out: Option<PathBuf>,
    /// Mark the chart's objects so that this Helm release adopts them
    #[arg(long, value_name = "RELEASE", help_heading = "Further objects")]
    pub(super) helm_release: Option<String>,
    /// Render the Namespace too
    #[arg(long, help_heading = "Further objects")]
    pub(super) create_namespace: bool,
    /// Render the httpd's ConfigMap too
    #[arg(long, help_heading = "Further objects")]
    pub(super) config_map: bool,
    /// Retry failed connections to the httpd, up to this many attempts in all
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
    /// Close the namespace to other namespaces, except for what --network-policy opens
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

pub(super) fn run(run: &Run, arguments: &NewInstance) -> Result<(), Failure> {
    let stdin = arguments
        .values
        .iter()
        .chain(&arguments.reuse)
        .map(PathBuf::as_path);
    check_stdin(stdin)?;
    let beside = side_paths([("--ca-key-out", arguments.ca_key_out.as_ref())]);
    let values = arguments.values.iter();
    let mut inputs: Vec<Named<'_>> = values.map(|path| ("--values", path.as_path())).collect();
    inputs.extend(side_paths([("--reuse", arguments.reuse.as_ref())]));
    inputs.extend(arguments.existing_ca.paths());
    let mut writing = arguments.destination.claim(&beside, inputs)?;
    let mut faults = Faults::default();
    let plan = arguments.issuing.plan(run.now, &mut faults);
    let release = arguments.release.parse(&mut faults);
    let settings = read_settings(arguments, &mut faults)?;
    let instance = instance(arguments, settings, &mut faults);
    let checked = plan.zip(release).zip(instance);
    let refused = |faults| match arguments.values.as_slice() {
        [] => Failure::usage(faults),
        _ => Failure::from(faults),
    };
    let ((plan, release), instance) = faults.finish(checked).map_err(refused)?;

    let existing_ca = arguments.existing_ca.read(run)?;
    let found = read_found(run, arguments, &instance, &mut writing)?;
    let issuer = Issuer {
        run,
        plan: &plan,
        custody: arguments.ca_custody.map(Custody::from),
        wants_ca_key: arguments.ca_key_out.is_some(),
        found: found.as_ref(),
    };
    let (credentials, ca_key) = issuer.credentials(&instance, existing_ca)?;
    let objects = objects(
        Ingress::Traefik(release),
        Topology::Direct,
        &instance,
        &credentials,
    );
    let ca_key = ca_key.as_ref().map_or("", |key| key.as_str());
    let beside = side_file(arguments.ca_key_out.as_ref(), ca_key, true);
    arguments
        .destination
        .emit(run, writing, &objects, beside.into_iter().collect())
}

fn read_settings(
    arguments: &NewInstance,
    faults: &mut Faults,
) -> Result<Option<Settings>, Failure> {
    let mut layers = Layers::default();
    let mut readable = true;
    let mut strangers = Vec::new();
    for path in &arguments.values {
        let text = world::read(path)?;
        let read = yaml::read(&text.content, &text.name).and_then(|node| {
            if !values::is_of_chart(&node) {
                strangers.push(text.name.clone());
            }
            layers.add_file(&text.name, &node)
        });
        readable &= faults.keep(read).is_some();
    }
    for (texts, typing) in [
        (&arguments.set, Typing::Inferred),
        (&arguments.set_string, Typing::Text),
    ] {
        for text in texts {
            for (path, value) in faults.keep(set::parse(text, typing)).unwrap_or_default() {
                layers.add(&path, value, set::place(text, typing));
            }
        }
    }
    // A file that cannot be read hides what it says: no fault may follow from that.
    if !readable {
        return Ok(None);
    }
    let settings = faults.keep_all(layers.settings());
    // Where a key is refused, its fault says more.
    for name in strangers.iter().filter(|_| settings.is_some()) {
        warn(&format!(
            "{name}: none of its keys belongs to the Civiparoisse chart: nothing in it is used"
        ));
    }
    Ok(settings)
}

fn instance(
    arguments: &NewInstance,
    settings: Option<Settings>,
    faults: &mut Faults,
) -> Option<Instance> {
    let name =
        faults.keep(InstanceName::parse(&arguments.name).map_err(|fault| fault.argument("NAME")));
    let namespace = match (&arguments.namespace, &name) {
        (Some(text), _) => {
            faults.keep(Namespace::parse(text).map_err(|fault| fault.argument("--namespace")))
        }
        (None, Some(name)) => {
            faults.keep(Namespace::parse(name.as_str()).map_err(|fault| fault.argument("NAME")))
        }
        (None, None) => None,
    };
    let host = arguments.host.as_deref();
    let host = host.map(|text| {
        faults.keep(DnsName::parse_public(text).map_err(|fault| fault.argument("--host")))
    });
    let host_failed = matches!(host, Some(None));
    let aliases = arguments.alias.iter();
    let aliases = aliases.filter_map(|text| {
        faults.keep(DnsName::parse_public(text).map_err(|fault| fault.argument("--alias")))
    });
    let aliases: Vec<DnsName> = aliases.collect();
    let extras = extras(arguments, faults);
    if host_failed {
        return None;
    }
    let instance = Instance::new(namespace?, host.flatten(), aliases, settings?, extras?);
    faults.keep_all(instance)
}

fn extras(arguments: &NewInstance, faults: &mut Faults) -> Option<Extras> {
    let mut number = |text: &Option<String>, option: &str, least: u32, most: u32| match text {
        None => Some(None),
        Some(text) => {
            let parsed = text
                .parse()
                .ok()
                .filter(|number| (least..=most).contains(number));
            let refused = || {
                let fault = Fault::new(format!(
                    "`{}` is not a number from {least} to {most}",
                    text.escape_debug()
                ));
                fault.help("write it in digits").argument(option)
            };
            faults.keep(parsed.ok_or_else(refused)).map(Some)
        }
    };
    // One attempt is not a retry; beyond 20, with doubling waits, no browser is there any more.
    let retry = number(&arguments.retry, "--retry", 2, 20);
    // RFC 6797 has no limit; 0 is its way to withdraw.
    let hsts = number(&arguments.hsts, "--hsts", 0, u32::MAX);
    let release = arguments
        .helm_release
        .as_ref()
        .map(|text| helm_release(text));
    let release = match release {
        Some(result) => faults.keep(result).map(Some),
        None => Some(None),
    };
    let source = faults.keep_all(traefik_source(arguments));
    Some(Extras {
        helm_release: release?,
        namespace: arguments.create_namespace,
        config_map: arguments.config_map,
        retry_attempts: retry?,
        hsts_seconds: hsts?,
        http_from: source?,
        client_auth: arguments.client_auth,
        default_deny: arguments.default_deny,
    })
}

fn helm_release(text: &str) -> Result<ObjectName, Fault> {
    let name = ObjectName::parse(text).map_err(|fault| fault.argument("--helm-release"))?;
    if text.len() <= 53 {
        return Ok(name);
    }
    // helm v3, pkg/chartutil/validate_name.go.
    Err(Fault::new(format!(
        "a Helm release's name has at most 53 characters, this one {}",
        text.len()
    ))
    .argument("--helm-release"))
}

/// Returns who may reach the httpd, if anyone is to be kept out.
fn traefik_source(arguments: &NewInstance) -> Result<Option<TraefikSource>, Vec<Fault>> {
    let mut faults = Faults::default();
    let namespace = Namespace::parse(&arguments.traefik_namespace);
    let namespace = faults.keep(namespace.map_err(|fault| fault.argument("--traefik-namespace")));
    let mut labels = Vec::new();
    for text in &arguments.traefik_label {
        let label = Label::parse(text).map_err(|fault| fault.argument("--traefik-label"));
        labels.extend(faults.keep(label));
    }
    let mut cidrs: Vec<Cidr> = Vec::new();
    for text in &arguments.traefik_cidr {
        let cidr = Cidr::parse(text).map_err(|fault| fault.argument("--traefik-cidr"));
        cidrs.extend(faults.keep(cidr));
    }
    let namespace = faults.finish(namespace)?;
    let source = if !arguments.network_policy {
        return Ok(None);
    } else if arguments.traefik_host_network {
        TraefikSource::nodes(cidrs)
            .map_err(|fault| vec![fault.argument("--traefik-host-network")])?
    } else {
        TraefikSource::pods(namespace, labels)
    };
    Ok(Some(source))
}

/// Reads the manifests of `--reuse`, as far as they belong to the instance's namespace.
///
/// A Secret that is not among them may still exist: new keys would lose it.
fn read_found(
    run: &Run,
    arguments: &NewInstance,
    instance: &Instance,
    writing: &mut Writing<'_>,
) -> Result<Option<Vec<FoundSecret>>, Failure> {
    let places: BTreeSet<&ObjectName> = instance
        .settings
        .placements()
        .map(|(_, place)| &place.secret)
        .into();
    let text = match &arguments.reuse {
        Some(path) => world::read_manifests(path)?,
        None if !arguments.cluster.cluster => return Ok(None),
        None => {
            let settings = &instance.settings;
            let beside = [&settings.trust_bundle.secret, &settings.db_router_ca.secret];
            let names: BTreeSet<&ObjectName> = places.iter().copied().chain(beside).collect();
            let Some(text) = arguments
                .cluster
                .secrets(&instance.namespace, names.into_iter())?
            else {
                run.note("the cluster has no Secret of this instance: all keys are new");
                return Ok(None);
            };
            text
        }
    };
    writing.may_let_go(&text.content);
    let mut secrets = manifests::secrets(&text.content, &text.name)?;
    let all: Vec<String> = secrets.iter().map(FoundSecret::to_string).collect();
    let namespace = instance.namespace.as_str();
    secrets.retain(|secret| {
        secret
            .namespace
            .as_deref()
            .is_none_or(|found| found == namespace)
    });
    let (check, option) = match &arguments.reuse {
        Some(_) => ("check the command before the pipe", "--reuse"),
        None => ("restore it", "--cluster"),
    };
    let mut faults = Vec::new();
    for name in places {
        let count = secrets
            .iter()
            .filter(|secret| secret.name == name.as_str())
            .count();
        let fault = match count {
            1 => continue,
            0 => Fault::new(format!(
                "the input has no Secret {namespace}/{name}; it has {}",
                all.join(", ")
            ))
            .help(format!("{check}; leave out `{option}` to make new keys")),
            _ => Fault::new(format!("Secret {namespace}/{name} appears {count} times"))
                .help("keep one of them"),
        };
        faults.push(fault.file(&text.name));
    }
    if faults.is_empty() {
        return Ok(Some(secrets));
    }
    Err(Failure {
        kind: Kind::WouldLose,
        faults,
    })
}

/// Takes or makes the chains of an instance.
struct Issuer<'a> {
    run: &'a Run,
    plan: &'a IssuingPlan,
    /// What was asked for.
    custody: Option<Custody>,
    wants_ca_key: bool,
    found: Option<&'a Vec<FoundSecret>>,
}

impl Issuer<'_> {
    /// Returns the credentials, and the PEM text of the instance CA's key where that is wanted.
    fn credentials(
        &self,
        instance: &Instance,
        existing_ca: Option<Ca>,
    ) -> Result<(Credentials, Option<Zeroizing<String>>), Failure> {
        let settings = &instance.settings;
        let dns = |names: &[DnsName]| names.iter().cloned().map(SubjectAltName::Dns).collect();
        let server_leaf = LeafTerms::covering(dns(&instance.hosts), LeafUse::Server);
        let db_leaf = LeafTerms {
            common_name_does: true,
            ..LeafTerms::covering(dns(&instance.db_hosts), LeafUse::Server)
        };
        let given = existing_ca.as_ref().map(|ca| ca.certificate.clone());
        let server_found = Found {
            ca: self.text(&settings.ca_cert),
            ca_key: self.text(&settings.ca_key),
            leaf: self.text(&settings.server_cert),
            leaf_key: self.text(&settings.server_key),
        };
        let terms = Terms {
            leaf: &server_leaf,
            // The key of a CA that was given belongs to its owner; it goes into the cluster only when that is asked for.
            custody: match (self.custody, &given) {
                (None, Some(_)) => Custody::Dropped,
                _ => self.custody_of(server_found),
            },
            signer: match &given {
                Some(ca) => Signer::Given(Some(ca)),
                None => Signer::Own,
            },
            renewal: RenewalRule::default(),
        };
        let kept = self.keep("httpd", server_found, &terms)?;
        let is_new = kept.is_err();
        let (server, ca_key) = match kept {
            Ok(chain) if self.wants_ca_key => {
                let key = kept_ca_key(&chain, server_found)?;
                (chain, Some(key))
            }
            Ok(chain) => (chain, None),
            Err(stored) => self.make(&terms, existing_ca.or(stored))?,
        };
        let db_found = Found {
            ca: self.text(&settings.db_ca_cert),
            ca_key: self.text(&settings.db_ca_key),
            leaf: self.text(&settings.db_server_cert),
            leaf_key: self.text(&settings.db_server_key),
        };
        let terms = self.own_terms(&db_leaf, db_found);
        let kept = self.keep("database", db_found, &terms)?;
        let is_new_database = kept.is_err();
        let database = match kept {
            Ok(chain) => chain,
            Err(stored) => self.make(&terms, stored)?.0,
        };
        self.run.note(&format!(
            "httpd: {}",
            describe(&server_leaf.names, &server.leaf)
        ));
        self.run.note(&format!(
            "database: {}",
            describe(&db_leaf.names, &database.leaf)
        ));
        let renewed: Vec<Role> = [(Role::Httpd, is_new), (Role::Database, is_new_database)]
            .into_iter()
            .filter(|(_, is_new)| *is_new && self.found.is_some())
            .map(|(role, _)| role)
            .collect();
        if let Some(command) = ingress::restart(instance.namespace.as_str(), &renewed, &[]) {
            self.run.note(&format!(
                "the previous CAs stay trusted beside the new ones; to load the new certificates: {command}"
            ));
        }
        let retention = if given.is_some() {
            Retention::UntilEnd
        } else {
            self.retention()
        };
        let found_bundle = self.found_bundle(settings).into_iter();
        let before = found_bundle.flat_map(authorities::read);
        let signed = server_found.ca.into_iter().flat_map(authorities::topmost);
        let trusted = self.bundle(server.root(), before.chain(signed), retention);
        let router_ca = self.text(&settings.db_router_ca);
        let before = db_found.ca.into_iter().chain(router_ca);
        let before = before.flat_map(authorities::read);
        let db_trusted = self.bundle(&database.ca, before, self.retention());
        let mut credentials = Credentials::default();
        credentials.add_chain(Role::Httpd, &server);
        credentials.add_chain(Role::Database, &database);
        credentials.add_bundle(Credential::TrustBundle, &trusted);
        credentials.add_bundle(Credential::DbCaCert, &db_trusted);
        if instance.extras.client_auth {
            self.add_client(instance, &mut credentials)?;
        }
        Ok((credentials, ca_key))
    }

    /// Adds Traefik's own pair. A due one is signed by the same CA while that is good, because httpd learns of a
    /// new CA only when it is restarted.
    fn add_client(
        &self,
        instance: &Instance,
        credentials: &mut Credentials,
    ) -> Result<(), Failure> {
        let (pair, ca) = (
            &instance.settings.client_secret,
            &instance.settings.client_ca_secret,
        );
        let names = vec![SubjectAltName::Dns(instance.client_name()?)];
        let leaf = LeafTerms::covering(names, LeafUse::Client);
        let found = Found {
            ca: self.entry(ca, "ca.crt"),
            ca_key: self.entry(ca, "ca.key"),
            leaf: self.entry(pair, "tls.crt"),
            leaf_key: self.entry(pair, "tls.key"),
        };
        let terms = self.own_terms(&leaf, found);
        let what = "Traefik to httpd";
        let mut is_new_ca = false;
        let chain = match reuse::keep(found, &terms, self.run.now) {
            Ok(chain) => chain,
            Err(cause) => {
                self.check_new_ca(what, found, &terms, &cause)?;
                let issuer = reuse::issuer(found, self.run.now)?;
                is_new_ca = issuer.is_none();
                self.make(&terms, issuer)?.0
            }
        };
        self.run
            .note(&format!("{what}: {}", describe(&leaf.names, &chain.leaf)));
        if found.ca.is_some() && is_new_ca {
            warn(
                "the client CA is reissued: restart httpd before Traefik presents its new certificate",
            );
        }
        let before = found.ca.into_iter().flat_map(authorities::read);
        let trusted = self.bundle(&chain.ca, before, self.retention());
        credentials.add_chain(Role::Client, &chain);
        credentials.add_bundle(Credential::ClientTrustBundle, &trusted);
        Ok(())
    }

    /// Returns what a chain under a CA of its own must be to stay.
    fn own_terms<'t>(&self, leaf: &'t LeafTerms, found: Found<'_>) -> Terms<'t> {
        Terms {
            leaf,
            custody: self.custody_of(found),
            signer: Signer::Own,
            renewal: RenewalRule::default(),
        }
    }

    /// Returns what becomes of the key of a CA: what was asked for, or what became of it before.
    fn custody_of(&self, found: Found<'_>) -> Custody {
        let was_dropped = found.ca.is_some() && found.ca_key.is_none();
        let before = if was_dropped {
            Custody::Dropped
        } else {
            Custody::Stored
        };
        self.custody.unwrap_or(before)
    }

    /// Checks that a chain may be reissued for this reason: a CA whose key is elsewhere is replaced only when that
    /// is asked for.
    fn check_new_ca(
        &self,
        what: &str,
        found: Found<'_>,
        terms: &Terms<'_>,
        cause: &Cause,
    ) -> Result<(), Failure> {
        let ca = found.ca.filter(|_| found.ca_key.is_none());
        let ca = ca.and_then(|text| authorities::read(text).into_iter().next());
        let Some(ca) = ca.filter(|_| self.custody.is_none() && is_own(terms)) else {
            return Ok(());
        };
        let fault = Fault::new(format!(
            "{what}: {cause}, and the key of its CA `{}` is not in what is reused",
            ca.details()?.name()
        ));
        let help = match terms.leaf.leaf_use {
            LeafUse::Server if !terms.leaf.common_name_does => {
                "pass the CA with `--ca-cert` and `--ca-key`, or `--ca-custody dropped` for a new one"
            }
            _ => "pass `--ca-custody dropped` for a new CA",
        };
        Err(Failure::new(Kind::WouldLose, fault.help(help)))
    }

    /// Settles what is trusted beside the CA of a chain, by the texts that were trusted until now.
    fn bundle(
        &self,
        ca: &Certificate,
        before: impl IntoIterator<Item = Certificate>,
        retention: Retention,
    ) -> Vec<Certificate> {
        trust_bundle(&[ca], before, retention, self.run.now)
    }

    fn retention(&self) -> Retention {
        let leaf = self.plan.leaf;
        Retention::WhileServed {
            life: leaf.not_after - leaf.not_before,
        }
    }

    fn text(&self, place: &SecretKeyRef) -> Option<&str> {
        self.entry(&place.secret, place.key.as_str())
    }

    fn entry(&self, secret: &ObjectName, key: &str) -> Option<&str> {
        let secret = self
            .found?
            .iter()
            .find(|found| found.name == secret.as_str())?;
        secret.data.get(key).map(|text| text.as_str())
    }

    /// What Traefik trusts so far; the chart keeps it under another key.
    fn found_bundle(&self, settings: &Settings) -> Option<&str> {
        let secret = &settings.trust_bundle.secret;
        self.text(&settings.trust_bundle).or_else(|| {
            ["ca.crt", "tls.ca", "tls.crt"]
                .iter()
                .find_map(|key| self.entry(secret, key))
        })
    }

    /// Keeps a found chain, or says why it cannot stay; then gives the intermediate that signs its successor, where the
    /// key of one is stored.
    ///
    /// # Errors
    /// A stored intermediate that cannot sign any more: it is its owner's to replace.
    fn keep(
        &self,
        what: &str,
        found: Found<'_>,
        terms: &Terms<'_>,
    ) -> Result<Result<Chain, Option<Ca>>, Failure> {
        if self.found.is_none() {
            return Ok(Err(None));
        }
        let now = self.run.now;
        let is_stored = is_own(terms) && found.ca_key.is_some();
        let text = found.ca.filter(|_| is_stored);
        let intermediate = text.and_then(authorities::intermediate);
        let cause = match (reuse::keep(found, terms, now), &intermediate) {
            (Ok(chain), None) => {
                explain_kept(what, &chain);
                return Ok(Ok(chain));
            }
            (Ok(chain), Some(_)) => {
                explain_kept(what, &chain);
                let validity = chain.leaf.validity();
                if now >= validity.due_at() {
                    warn(&format!(
                        "{what}: its certificate expires at {} with the stored CA, an intermediate: pass its successor with `--ca-cert` and `--ca-key`",
                        format_instant(validity.not_after)
                    ));
                }
                return Ok(Ok(chain));
            }
            (Err(cause), _) => cause,
        };
        self.check_new_ca(what, found, terms, &cause)?;
        let Some((ca, _)) = intermediate else {
            warn(&format!(
                "{what}: all keys and certificates are reissued: {cause}"
            ));
            return Ok(Err(None));
        };
        let name = ca.details()?.name().to_owned();
        let lost = |why: String| {
            let what = format!("{what}: {cause}, and the stored CA `{name}` cannot sign: {why}");
            let help = "pass its successor with `--ca-cert` and `--ca-key`; without `--reuse` a new CA is made";
            Failure::new(Kind::WouldLose, Fault::new(what).help(help))
        };
        let issuer = reuse::issuer(found, now).map_err(|fault| lost(fault.what))?;
        let issuer =
            issuer.ok_or_else(|| lost("the key that is stored is not its own".to_owned()))?;
        warn(&format!(
            "{what}: its key and certificate are reissued under the stored CA `{name}`: {cause}"
        ));
        Ok(Err(Some(issuer)))
    }

    fn make(
        &self,
        terms: &Terms<'_>,
        existing_ca: Option<Ca>,
    ) -> Result<(Chain, Option<Zeroizing<String>>), Failure> {
        let signing = Signing {
            plan: self.plan,
            names: &terms.leaf.names,
            leaf_use: terms.leaf.leaf_use,
            existing_ca,
        };
        let (ca, leaf, leaf_key) = signing.issue(self.run)?;
        let text = is_own(terms).then(|| Zeroizing::new(ca.key.pem().to_owned()));
        let ca_key = (terms.custody == Custody::Stored).then_some(ca.key);
        Ok((
            Chain {
                ca: ca.certificate,
                above: ca.above,
                ca_key,
                leaf,
                leaf_key,
            },
            text,
        ))
    }
}

fn is_own(terms: &Terms<'_>) -> bool {
    matches!(terms.signer, Signer::Own)
}

/// Explains why a chain stays.
fn explain_kept(what: &str, chain: &Chain) {
    let validity = chain.leaf.validity();
    output::explain(|| {
        format!(
            "{what}: keys and certificates stay: the certificate ends at {} and is due at {}",
            format_instant(validity.not_after),
            format_instant(validity.due_at())
        )
    });
}

/// Returns the key of a CA that was kept, for a file of its own.
fn kept_ca_key(chain: &Chain, found: Found<'_>) -> Result<Zeroizing<String>, Failure> {
    let key = found
        .ca_key
        .and_then(|text| PrivateKey::from_pem(text).ok());
    if let Some(key) = key.filter(|key| verify::ca(&chain.ca, key).is_ok()) {
        return Ok(Zeroizing::new(key.pem().to_owned()));
    }
    let fault = Fault::new("the CA is kept, but its key is not in what is reused");
    Err(Failure::new(
        Kind::WouldLose,
        fault.help("leave out the option").argument("--ca-key-out"),
    ))
}
