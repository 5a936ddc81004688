//! DestinationRules: the TLS that the gateway speaks to httpd.

use super::rules::{CI855, CI862, CI864, CI865, CI866, CI867, CI870, CI871};
use crate::cluster::data::{Cert, Data, Read};
use crate::cluster::scope::Scope;
use crate::cluster::{Kind, Resource};
use crate::kinds::Placed;
use crate::kinds::istio::{DestinationMode, DestinationRule, DestinationTls, Host, TrafficPolicy};
use crate::kinds::service::port;
use crate::lint::facts::verified::Verified;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object, Said};
use crate::path::Routed;
use crate::path::hop::{Inward, Known};
use crate::path::pods::{GatewayPods, PodSecret, Pods};
use crate::path::traefik::named_scope;
use crate::threads::each;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(super) fn check(model: &Model<'_>, pods: &Pods<'_>, findings: &mut Vec<Finding>) {
    let all: Vec<Said<'_, '_, DestinationRule>> = model
        .said(Kind::DestinationRule, Resource::destination_rule)
        .collect();
    if all.is_empty() {
        return;
    }
    let mut gateways = GatewayPods::default();
    for gateway in model.said(Kind::IstioGateway, Resource::istio_gateway) {
        gateways.add(pods.of_gateway(gateway.typed, gateway.says));
    }
    let asked = asked(model);
    // Signatures are verified: all processors help.
    let found = each(
        &all,
        |Said {
             object,
             typed,
             says,
         }| {
            let mut findings = Vec::new();
            let Some(host) = &says.host else {
                return findings;
            };
            let mut find = |message: String| {
                findings.push(object.finding(&CI862, host.at, "spec.host", message));
            };
            let found = |namespace, name| model.find(Class::Service, namespace, name).is_some();
            let (namespace, name) = match Host::of(&host.value) {
                Host::Service { namespace, name } => (namespace.unwrap_or(object.namespace), name),
                Host::Half { namespace, name } if found(namespace, name) => {
                    find(format!("nothing completes `{}`", host.value));
                    return findings;
                }
                // Other hosts are outside, with certificates of public authorities.
                Host::Half { .. } | Host::Other => return findings,
            };
            if !found(namespace, name)
                && let Some(other) = model.elsewhere(Class::Service, namespace, name)
            {
                find(format!(
                    "Service `{name}` is in `{other}`, and `{}` means that of `{namespace}`",
                    host.value
                ));
                return findings;
            }
            let own = Some(namespace).filter(|namespace| *namespace != object.namespace);
            let scope = named_scope(&typed.scope, own);
            let one = DestinationCheck {
                model,
                object,
                rule: says,
                namespace,
                name,
                scope: &scope,
                asked: asked.get(&typed.number),
                gateways: &gateways,
            };
            for policy in &says.policies {
                one.policy(policy, &mut findings);
            }
            findings
        },
    );
    findings.extend(found.into_iter().flatten());
}

/// Returns the hosts that browsers ask for, by the DestinationRule of the leg to the httpd.
fn asked<'m>(model: &'m Model<'_>) -> BTreeMap<usize, BTreeSet<&'m str>> {
    let mut asked: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    for Routed {
        path, transport, ..
    } in &model.paths
    {
        if let Known::Here(Some(rule)) = transport
            && path.inward != Inward::PassedThrough
        {
            let known = asked.entry(rule.number).or_default();
            known.extend(path.hosts.iter().map(String::as_str));
        }
    }
    asked
}

struct DestinationCheck<'m, 'a> {
    model: &'m Model<'a>,
    object: &'m Object<'a>,
    rule: &'m DestinationRule,
    /// Of the Service.
    namespace: &'m str,
    name: &'m str,
    scope: &'m Scope,
    /// The hosts that browsers ask for.
    asked: Option<&'m BTreeSet<&'m str>>,
    gateways: &'m GatewayPods<'a>,
}

impl<'m> DestinationCheck<'m, '_> {
    fn policy(&self, policy: &'m TrafficPolicy, findings: &mut Vec<Finding>) {
        let is_tls = policy.tls.as_ref().is_some_and(DestinationTls::originates);
        for settings in &policy.ports {
            if let Some(tls) = &settings.tls {
                self.check(tls, findings);
            } else if let Some(wanted) = settings.port.as_ref().filter(|_| is_tls) {
                let service = self.model.find(Class::Service, self.namespace, self.name);
                let service = service.and_then(|number| self.model.service(number));
                if port(service, wanted).is_some_and(|port| port.is_tls()) {
                    let message = format!(
                        "port {} has settings of its own, without `tls`",
                        wanted.shown()
                    );
                    let field = &settings.field;
                    findings.push(self.object.finding(&CI870, settings.at, field, message));
                }
            }
        }
        if let Some(tls) = &policy.tls {
            self.check(tls, findings);
        }
    }

    fn check(&self, tls: &'m DestinationTls, findings: &mut Vec<Finding>) {
        if !tls.originates() {
            return;
        }
        match contradiction(tls) {
            Some(message) => {
                findings.push(self.object.finding(&CI871, tls.at, &tls.field, message));
            }
            None => self.verification(tls, findings),
        }
    }

    fn verification(&self, tls: &'m DestinationTls, findings: &mut Vec<Finding>) {
        let (object, field) = (self.object, &tls.field);
        let mut find = |rule, at, key: &str, message: String| {
            findings.push(object.finding(rule, at, &format!("{field}.{key}"), message));
        };
        if let Some(at) = tls.skips_verification {
            let message = "Istio does not verify httpd's certificate".to_owned();
            return find(&CI865, at, "insecureSkipVerify", message);
        }
        let sni = tls.sni.as_ref();
        if let Some(sni) = sni.filter(|_| tls.names.is_empty()) {
            let message = "there are no `subjectAltNames`".to_owned();
            find(&CI866, sni.at, "sni", message);
        }
        let Some(credential) = &tls.credential else {
            if !tls.has_file("caCertificates") {
                let message = format!("no CA is named for `{}`", self.name);
                find(&CI864, tls.at, "credentialName", message);
            }
            return;
        };
        let Some(trusted) = self.trusted(credential, tls, findings) else {
            return;
        };
        // With no SNI set, each request's own host is verified (`setAutoSniAndAutoSanValidation`); other kinds of
        // names are not compared here.
        let is_other_kind = |name: &Placed<String>| name.value.contains(':');
        let wanted: Vec<Vec<_>> =
            if tls.names.iter().any(is_other_kind) || tls.names.is_empty() && sni.is_some() {
                vec![Vec::new()]
            } else if tls.names.is_empty() {
                let hosts = self.asked.into_iter().flatten();
                let hosts = hosts.filter(|host| !host.contains('*'));
                hosts
                    .map(|host| vec![(*host, tls.at, field.clone())])
                    .collect()
            } else {
                let names = tls.names.iter().enumerate().map(|(index, name)| {
                    let field = format!("{field}.subjectAltNames[{index}]");
                    (name.value.as_str(), name.at, field)
                });
                vec![names.collect()]
            };
        for names in wanted {
            let check = Verified {
                model: self.model,
                object,
                at: credential.at,
                field: format!("{field}.credentialName"),
                scope: self.scope,
                trusted: trusted.clone(),
                names,
            };
            check.check(findings);
        }
    }

    /// Returns the CA, if it is in the input.
    fn trusted(
        &self,
        credential: &Placed<String>,
        tls: &DestinationTls,
        findings: &mut Vec<Finding>,
    ) -> Option<Vec<Arc<Cert>>> {
        let (model, object) = (self.model, self.object);
        let field = format!("{}.credentialName", tls.field);
        let find = |rule, message: String| object.finding(rule, credential.at, &field, message);
        let named = credential.value.as_str();
        if let Some(path) = named.strip_prefix("configmap://") {
            let (namespace, name) = path.split_once('/').unwrap_or_default();
            if namespace != object.namespace && !object.namespace.is_empty() {
                let message = format!("a ConfigMap must be in namespace `{}`", object.namespace);
                findings.push(find(&CI871, message));
            }
            let (_, data) = model.secret(Class::ConfigMap, namespace, name)?;
            return authority(data);
        }
        let named = named.strip_prefix("kubernetes://").unwrap_or(named);
        if named.contains(['/', ':']) || model.numbers(Class::IstioGateway).is_empty() {
            return None;
        }
        // A sidecar reads it in its own namespace.
        if self.rule.is_for_workloads {
            return None;
        }
        let further = format!("{named}-cacert");
        let secrets = &model.grounds.secrets;
        let place = match self.gateways.find(secrets, &further) {
            found @ (PodSecret::Found(_) | PodSecret::Made(_)) => found,
            PodSecret::Elsewhere(..) | PodSecret::Unknown => self.gateways.find(secrets, named),
        };
        match place {
            PodSecret::Found(source) => {
                let secret = source.data()?;
                let shown = model.objects[source.number].shown();
                let is_missing = if matches!(secret.istio_authority(), Read::Nothing) {
                    Some(format!("Secret {shown} has neither `ca.crt` nor `cacert`"))
                } else if tls.mode == DestinationMode::Mutual
                    && source.name == named
                    && secret.is_complete
                    && secret.istio_pair().is_none()
                {
                    Some(format!(
                        "Secret {shown} has no `tls.crt` and `tls.key` to present to httpd"
                    ))
                } else {
                    None
                };
                findings.extend(is_missing.map(|message| find(&CI855, message)));
                authority(secret)
            }
            PodSecret::Elsewhere(namespace, is_certain) => {
                let message = format!(
                    "Secret `{named}` is in `{namespace}`; {}",
                    self.gateways.shown()
                );
                findings.push(find(&CI867, message).warning_unless(is_certain));
                None
            }
            PodSecret::Made(_) | PodSecret::Unknown => None,
        }
    }
}

/// Returns what the webhook refuses (`ValidateTLS`).
fn contradiction(tls: &DestinationTls) -> Option<&'static str> {
    let has_credential = tls.credential.is_some();
    let is_mutual = tls.mode == DestinationMode::Mutual;
    let has = |file: &str| tls.has_file(file);
    if has_credential && !tls.files.is_empty() {
        Some("both `credentialName` and files are named")
    } else if is_mutual && !has_credential && !(has("clientCertificate") && has("privateKey")) {
        Some("mode MUTUAL and no client certificate")
    } else if tls.skips_verification.is_some()
        && (has("caCertificates") || !tls.names.is_empty() || !is_mutual && has_credential)
    {
        Some("`insecureSkipVerify` together with settings for verification")
    } else {
        None
    }
}

/// Returns the CA that is in a Secret or ConfigMap, if it can be read.
fn authority(data: &Data) -> Option<Vec<Arc<Cert>>> {
    let all = &data.istio_authority().entry()?.certificates;
    (!all.is_empty()).then(|| all.clone())
}
