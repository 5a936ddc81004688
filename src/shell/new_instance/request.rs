//! The instance that options and values describe.

use super::arguments::NewInstance;
use crate::shell::error::Failure;
use crate::shell::output::warn;
use crate::shell::world;
use civi_ingress::cidr::Cidr;
use civi_ingress::fault::{Fault, Faults};
use civi_ingress::instance::{Egress, Extras, Instance, Opened, TraefikSource};
use civi_ingress::makers::Makers;
use civi_ingress::name::{DnsName, InstanceName, Label, Namespace, ObjectName};
use civi_ingress::values::set::{self, Typing};
use civi_ingress::values::{self, Layers, Settings};
use civi_ingress::yaml;
use std::path::PathBuf;

/// Reads values files, and what is set over them: as Helm's `--set` does, and as strings.
pub(in crate::shell) fn read_settings(
    files: &[PathBuf],
    [set, set_string]: [&Vec<String>; 2],
    faults: &mut Faults,
) -> Result<Option<Settings>, Failure> {
    let mut layers = Layers::default();
    let mut readable = true;
    let mut strangers = Vec::new();
    for path in files {
        let text = world::read(path)?;
        let read = yaml::read(&text.content, &text.name).and_then(|node| {
            if !values::is_of_chart(&node) {
                strangers.push(text.name.clone());
            }
            layers.add_file(&text.name, &node)
        });
        readable &= faults.keep(read).is_some();
    }
    for (texts, typing) in [(set, Typing::Inferred), (set_string, Typing::Text)] {
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

pub(super) fn instance(
    arguments: &NewInstance,
    settings: Option<Settings>,
    faults: &mut Faults,
) -> Option<Instance> {
    let asked = Asked {
        name: &arguments.name,
        namespace: arguments.namespace.as_deref(),
        host: arguments.host.as_deref(),
        aliases: &arguments.alias,
    };
    asked.instance(settings, |faults| extras(arguments, faults), faults)
}

/// Names and hosts of an instance, as they are typed.
pub(in crate::shell) struct Asked<'a> {
    pub(in crate::shell) name: &'a str,
    pub(in crate::shell) namespace: Option<&'a str>,
    pub(in crate::shell) host: Option<&'a str>,
    pub(in crate::shell) aliases: &'a [String],
}

impl Asked<'_> {
    pub(in crate::shell) fn instance(
        &self,
        settings: Option<Settings>,
        extras: impl FnOnce(&mut Faults) -> Option<Extras>,
        faults: &mut Faults,
    ) -> Option<Instance> {
        let name =
            faults.keep(InstanceName::parse(self.name).map_err(|fault| fault.argument("NAME")));
        let namespace =
            match (self.namespace, &name) {
                (Some(text), _) => faults
                    .keep(Namespace::parse(text).map_err(|fault| fault.argument("--namespace"))),
                (None, Some(name)) => faults
                    .keep(Namespace::parse(name.as_str()).map_err(|fault| fault.argument("NAME"))),
                (None, None) => None,
            };
        let host = self.host.map(|text| {
            faults.keep(DnsName::parse_public(text).map_err(|fault| fault.argument("--host")))
        });
        let host_failed = matches!(host, Some(None));
        let aliases = self.aliases.iter();
        let aliases = aliases.filter_map(|text| {
            faults.keep(DnsName::parse_public(text).map_err(|fault| fault.argument("--alias")))
        });
        let aliases: Vec<DnsName> = aliases.collect();
        let extras = extras(faults);
        if host_failed {
            return None;
        }
        let instance = Instance::new(namespace?, host.flatten(), aliases, settings?, extras?);
        faults.keep_all(instance)
    }
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
    let egress = Egress {
        dns: ranges(&arguments.egress_dns, "--egress-dns", faults),
        mail: ranges(&arguments.egress_mail, "--egress-mail", faults),
        https: ranges(&arguments.egress_https, "--egress-https", faults),
    };
    let remote_ip = ranges(&arguments.remote_ip, "--remote-ip", faults);
    let public_certificate = faults.keep(arguments.way.public_certificate());
    if arguments.way.is_passed() {
        check_passed(arguments, faults);
    }
    Some(Extras {
        helm_release: release?,
        namespace: arguments.create_namespace,
        config_map: arguments.config_map,
        retry_attempts: retry?,
        hsts_seconds: hsts?,
        http_from: source?,
        client_auth: arguments.client_auth,
        default_deny: arguments.default_deny,
        egress: arguments.egress.then_some(egress),
        public_certificate: public_certificate?,
        asked: None,
        dns: None,
        forwarding: Vec::new(),
        remote_ip,
        clients: None,
        makers: Makers::Here,
        httpd: None,
    })
}

fn ranges(texts: &[String], option: &str, faults: &mut Faults) -> Vec<Cidr> {
    let parsed = texts.iter().filter_map(|text| {
        let cidr = Cidr::parse(text).map_err(|fault| fault.argument(option));
        faults.keep(cidr)
    });
    parsed.collect()
}

/// Refuses what cannot be had where TLS is passed on to the httpd.
fn check_passed(arguments: &NewInstance, faults: &mut Faults) {
    for (is_wanted, opened, option) in [
        (arguments.retry.is_some(), Opened::Retry, "--retry"),
        (arguments.hsts.is_some(), Opened::Hsts, "--hsts"),
        (arguments.client_auth, Opened::ClientAuth, "--client-auth"),
        (
            !arguments.remote_ip.is_empty(),
            Opened::RemoteIp,
            "--remote-ip",
        ),
    ] {
        if is_wanted {
            faults.push(opened.fault().argument(option));
        }
    }
    if !arguments.way.shows_httpd() {
        return;
    }
    let has_ca = !arguments.existing_ca.paths().is_empty();
    for (is_wanted, option) in [
        (has_ca, "--ca-cert"),
        (arguments.ca_key_out.is_some(), "--ca-key-out"),
    ] {
        if is_wanted {
            let fault = Fault::new("the httpd has no CA here: it shows a public certificate");
            faults.push(fault.help("leave it out").argument(option));
        }
    }
    let checked = arguments.way.check_certificate();
    faults.keep(checked.map_err(|fault| fault.argument("--topology")));
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
    let cidrs = ranges(&arguments.traefik_cidr, "--traefik-cidr", &mut faults);
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
