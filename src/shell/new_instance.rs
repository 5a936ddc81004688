//! `new-instance`.

use super::cli::{CaCustody, NewInstance};
use super::error::Failure;
use super::{IssuingPlan, Run, Signing, check_stdin, describe, output, warn, world, write_beside};
use civi_ingress::cidr::Cidr;
use civi_ingress::fault::{Fault, Faults};
use civi_ingress::ingress::{Credentials, Ingress, objects};
use civi_ingress::instance::{Extras, Instance, TraefikSource};
use civi_ingress::manifests::{self, FoundSecret};
use civi_ingress::name::{DnsName, InstanceName, Label, Namespace, ObjectName};
use civi_ingress::pki::issue::Ca;
use civi_ingress::pki::reuse::{self, Custody, Found};
use civi_ingress::pki::{Chain, SubjectAltName};
use civi_ingress::release::Release;
use civi_ingress::values::set::{self, Typing};
use civi_ingress::values::{Layers, SecretKeyRef, Settings};
use civi_ingress::yaml;
use std::path::PathBuf;

pub(super) fn run(run: &Run, arguments: &NewInstance) -> Result<(), Failure> {
    let stdin = arguments
        .values
        .iter()
        .chain(&arguments.reuse)
        .map(PathBuf::as_path);
    check_stdin(stdin)?;
    arguments.destination.check()?;
    if let Some(path) = &arguments.ca_key_out {
        output::refuse_odd_target(path, arguments.destination.force)?;
    }
    let mut faults = Faults::default();
    let plan = arguments.issuing.plan(run.now, &mut faults);
    let release = faults.keep(
        arguments
            .traefik
            .parse::<Release>()
            .map_err(|fault| fault.argument("--traefik")),
    );
    let settings = read_settings(arguments, &mut faults)?;
    let instance = instance(arguments, settings, &mut faults);
    let checked = plan.zip(release).zip(instance);
    let ((plan, release), instance) = faults.finish(checked)?;

    let existing_ca = arguments.existing_ca.read(run)?;
    let found = read_found(arguments, &instance)?;
    let default_custody = if existing_ca.is_some() {
        CaCustody::Dropped
    } else {
        CaCustody::Stored
    };
    let custody = match arguments.ca_custody.unwrap_or(default_custody) {
        CaCustody::Stored => Custody::Stored,
        CaCustody::Dropped => Custody::Dropped,
    };
    let issuer = Issuer {
        run,
        plan: &plan,
        custody,
        found: found.as_ref(),
    };
    let (credentials, ca_key) = issuer.credentials(&instance, existing_ca)?;
    let objects = objects(Ingress::Traefik(release), &instance, &credentials);
    let written = match (&arguments.ca_key_out, &ca_key) {
        (Some(path), Some(key)) => {
            write_beside(Some(path), key, true, arguments.destination.force)?
        }
        (Some(_), None) => {
            run.note("the CA was kept: its key is not written again");
            output::Written::nothing()
        }
        (None, _) => output::Written::nothing(),
    };
    arguments.destination.emit(run, &objects)?;
    written.keep();
    Ok(())
}

fn read_settings(
    arguments: &NewInstance,
    faults: &mut Faults,
) -> Result<Option<Settings>, Failure> {
    let mut layers = Layers::default();
    for path in &arguments.values {
        let text = world::read(path)?;
        let read = yaml::read(&text.content, &text.name)
            .and_then(|node| layers.add_file(&text.name, &node));
        faults.keep(read);
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
    Ok(faults.keep_all(layers.settings()))
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
    let instance = Instance::new(
        name?,
        namespace?,
        host.flatten(),
        aliases,
        settings?,
        extras?,
    );
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
    // One attempt is no retry; beyond 20, with doubling waits, no browser is there any more.
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

/// Says who may reach the httpd, if anyone is to be kept out.
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
fn read_found(
    arguments: &NewInstance,
    instance: &Instance,
) -> Result<Option<Vec<FoundSecret>>, Failure> {
    let Some(path) = &arguments.reuse else {
        return Ok(None);
    };
    let text = world::read(path)?;
    let mut secrets = manifests::secrets(&text.content, &text.name).map_err(|mut faults| {
        for fault in &mut faults {
            fault
                .help
                .get_or_insert_with(|| "leave out `--reuse` to make all keys anew".to_owned());
        }
        faults
    })?;
    secrets.retain(|secret| {
        secret
            .namespace
            .as_deref()
            .is_none_or(|namespace| namespace == instance.namespace.as_str())
    });
    Ok(Some(secrets))
}

/// Takes or makes the chains of an instance.
struct Issuer<'a> {
    run: &'a Run,
    plan: &'a IssuingPlan,
    custody: Custody,
    found: Option<&'a Vec<FoundSecret>>,
}

impl Issuer<'_> {
    /// Gives the credentials, and the PEM text of the instance CA's key where that CA is new.
    fn credentials(
        &self,
        instance: &Instance,
        existing_ca: Option<Ca>,
    ) -> Result<(Credentials, Option<zeroize::Zeroizing<String>>), Failure> {
        let settings = &instance.settings;
        let server_names: Vec<_> = instance
            .hosts
            .iter()
            .cloned()
            .map(SubjectAltName::Dns)
            .collect();
        let db_names: Vec<_> = instance
            .db_hosts
            .iter()
            .cloned()
            .map(SubjectAltName::Dns)
            .collect();
        let foreign = existing_ca.as_ref().map(|ca| ca.certificate.clone());
        let server_found = Found {
            ca: self.text(&settings.ca_cert),
            ca_key: self.text(&settings.ca_key),
            leaf: self.text(&settings.server_cert),
            leaf_key: self.text(&settings.server_key),
        };
        let kept = self
            .keep("httpd", server_found, &server_names)
            .filter(|chain| match &foreign {
                Some(ca) if ca.der() != chain.ca.der() => {
                    self.run
                        .note("httpd: the certificate is made anew under the given CA");
                    false
                }
                _ => true,
            });
        let is_new = kept.is_none();
        let (server, ca_key) = match kept {
            Some(chain) => (chain, None),
            None => self.make(&server_names, existing_ca)?,
        };
        let db_found = Found {
            ca: self.text(&settings.db_ca_cert),
            ca_key: self.text(&settings.db_ca_key),
            leaf: self.text(&settings.db_server_cert),
            leaf_key: self.text(&settings.db_server_key),
        };
        let database = match self.keep("database", db_found, &db_names) {
            Some(chain) => chain,
            None => self.make(&db_names, None)?.0,
        };
        self.run
            .note(&format!("httpd: {}", describe(&server_names, &server.leaf)));
        self.run.note(&format!(
            "database: {}",
            describe(&db_names, &database.leaf)
        ));
        if self.found.is_some() && is_new {
            let namespace = &instance.namespace;
            self.run.note(&format!(
                "Traefik trusts the old CA and the new one; make httpd take its new certificate: \
                 kubectl -n {namespace} rollout restart statefulset/paroisse-set-httpd"
            ));
        }
        let trust_bundle = reuse::trust_bundle(
            &server.ca,
            self.text(&settings.trust_bundle)
                .or_else(|| self.chart_bundle(settings)),
            server_found.ca,
            self.run.now,
        );
        Ok((
            Credentials {
                server,
                database,
                trust_bundle,
            },
            ca_key,
        ))
    }

    fn text(&self, place: &SecretKeyRef) -> Option<&str> {
        let secret = self
            .found?
            .iter()
            .find(|secret| secret.name == place.secret.as_str())?;
        secret
            .data
            .get(place.key.as_str())
            .map(|text| text.as_str())
    }

    /// The chart keeps Traefik's CA under another key.
    fn chart_bundle(&self, settings: &Settings) -> Option<&str> {
        let secret = self
            .found?
            .iter()
            .find(|secret| secret.name == settings.trust_bundle.secret.as_str())?;
        ["ca.crt", "tls.ca", "tls.crt"]
            .iter()
            .find_map(|key| secret.data.get(*key))
            .map(|text| text.as_str())
    }

    /// Keeps a found chain, or says why it cannot stay.
    fn keep(&self, what: &str, found: Found<'_>, names: &[SubjectAltName]) -> Option<Chain> {
        self.found?;
        match reuse::keep(found, names, self.custody, self.run.now) {
            Ok(chain) => Some(chain),
            Err(reason) => {
                warn(&format!(
                    "{what}: all keys and certificates are made anew: {}",
                    reason.what
                ));
                None
            }
        }
    }

    fn make(
        &self,
        names: &[SubjectAltName],
        existing_ca: Option<Ca>,
    ) -> Result<(Chain, Option<zeroize::Zeroizing<String>>), Failure> {
        let is_foreign = existing_ca.is_some();
        let signing = Signing {
            plan: self.plan,
            names,
            client_auth: false,
            existing_ca,
        };
        let (ca, leaf, leaf_key) = signing.issue(self.run)?;
        let text = (!is_foreign).then(|| zeroize::Zeroizing::new(ca.key.pem().to_owned()));
        let ca_key = (self.custody == Custody::Stored).then_some(ca.key);
        let chain = Chain {
            ca: ca.certificate,
            ca_key,
            leaf,
            leaf_key,
        };
        Ok((chain, text))
    }
}
