//! What objects of the Gateway API, Istio and cert-manager name.

use super::seeker::Seeker;
use crate::cluster::{Kind, Resource};
use crate::kinds::ObjectRef;
use crate::kinds::Placed;
use crate::kinds::istio::{Host, named_gateway};
use crate::lint::facts::issuers::GROUP;
use crate::lint::model::{Class, Model};
use std::collections::BTreeSet;

impl<'a> Seeker<'_, 'a> {
    /// Collects the references of an object of these kinds.
    pub(super) fn of_gateways(&mut self, model: &'a Model<'_>, entries: &BTreeSet<&str>) {
        let Some(typed) = model.cluster.numbered(self.number) else {
            return;
        };
        match &typed.resource {
            Resource::Gateway(gateway) => {
                self.text(
                    Class::GatewayKind,
                    "",
                    gateway.class.as_ref(),
                    "spec.gatewayClassName",
                );
                for (index, listener) in gateway.listeners.iter().enumerate() {
                    let field = format!("spec.listeners[{index}].tls.certificateRefs");
                    let named = listener.tls.iter().flat_map(|tls| &tls.certificates);
                    self.each(Class::Secret, named, &field);
                }
            }
            Resource::HttpRoute(route) | Resource::TlsRoute(route) => {
                self.each(Class::Gateway, &route.parents, "spec.parentRefs");
                for (index, rule) in route.rules.iter().enumerate() {
                    let field = format!("spec.rules[{index}].backendRefs");
                    self.each(Class::Service, &rule.backends, &field);
                }
            }
            Resource::BackendTlsPolicy(policy) => {
                self.each(Class::Service, &policy.targets, "spec.targetRefs");
                for (index, named) in policy.authorities.iter().enumerate() {
                    let class = match named.kind.as_deref() {
                        Some("Secret") => Class::Secret,
                        _ => Class::ConfigMap,
                    };
                    let field = format!("spec.validation.caCertificateRefs[{index}].name");
                    self.one(class, named, field);
                }
            }
            Resource::IstioGateway(gateway) => {
                for (index, server) in gateway.servers.iter().enumerate() {
                    let field = format!("spec.servers[{index}].tls.credentialName");
                    // The namespace is that of the pods: another rule asks for it.
                    let is_nowhere =
                        |name: &str| model.holders(Class::Secret, name).next().is_none();
                    let secrets = server.secrets();
                    secrets
                        .filter(|secret| secret.namespace.is_none() && is_nowhere(secret.name))
                        .for_each(|secret| {
                            self.push(Class::Secret, "", secret.name, secret.at, field.clone());
                        });
                }
            }
            Resource::VirtualService(service) => {
                let own = self.object.namespace;
                for (index, named) in service.gateways.iter().enumerate() {
                    let text = named.value.as_str();
                    if let Some((namespace, name)) = named_gateway(text)
                        && !text.contains('.')
                    {
                        let field = format!("spec.gateways[{index}]");
                        let namespace = namespace.unwrap_or(own);
                        self.push(Class::IstioGateway, namespace, name, named.at, field);
                    }
                }
                for (_, field, destination) in service.destinations() {
                    self.host(entries, &destination.host, format!("{field}.host"));
                }
            }
            Resource::DestinationRule(rule) => {
                if let Some(host) = &rule.host {
                    self.host(entries, host, "spec.host".to_owned());
                }
            }
            Resource::Issuer(issuer) => {
                let own = self.object.namespace;
                self.text(
                    Class::Secret,
                    own,
                    issuer.authority.as_ref(),
                    "spec.ca.secretName",
                );
            }
            Resource::Certificate(certificate) => {
                if let Some(named) = &certificate.issuer {
                    self.issuer(model, named);
                }
            }
            _ => {}
        }
    }

    fn issuer(&mut self, model: &Model<'_>, named: &'a ObjectRef) {
        let own = self.object.namespace;
        let name = named.name();
        // Of another kind: another rule says so.
        let (class, namespace, is_other) = match named.kind.as_deref() {
            Some("ClusterIssuer") => {
                let other = model.find(Class::Issuer, own, name);
                (Class::ClusterIssuer, "", other.is_some())
            }
            None | Some("Issuer") => {
                let other = model.find(Class::ClusterIssuer, "", name);
                (Class::Issuer, own, other.is_some())
            }
            Some(_) => return,
        };
        if !is_other && named.group.as_deref().is_none_or(|group| group == GROUP) {
            self.text(class, namespace, named.name.as_ref(), "spec.issuerRef.name");
        }
    }

    fn text(
        &mut self,
        class: Class,
        namespace: &'a str,
        name: Option<&'a Placed<String>>,
        field: &str,
    ) {
        if let Some(Placed { value, at }) = name {
            self.push(class, namespace, value, *at, field.to_owned());
        }
    }

    /// Adds those of the entries of a list that are of the kind or say none.
    fn each(&mut self, class: Class, named: impl IntoIterator<Item = &'a ObjectRef>, field: &str) {
        for (index, named) in named.into_iter().enumerate() {
            self.one(class, named, format!("{field}[{index}].name"));
        }
    }

    fn one(&mut self, class: Class, named: &'a ObjectRef, field: String) {
        let is_of_kind = class.kinds().first().is_some_and(|kind| named.may_be(kind));
        if let Some(name) = named.name.as_ref().filter(|_| is_of_kind) {
            let namespace = named.namespace.as_deref().unwrap_or(self.object.namespace);
            self.push(class, namespace, &name.value, name.at, field);
        }
    }

    fn host(&mut self, entries: &BTreeSet<&str>, host: &'a Placed<String>, field: String) {
        if let Host::Service { namespace, name } = Host::of(&host.value)
            && !entries.contains(host.value.as_str())
        {
            let namespace = namespace.unwrap_or(self.object.namespace);
            self.push(Class::Service, namespace, name, host.at, field);
        }
    }
}

/// Returns the hosts for which there are ServiceEntries.
pub(super) fn service_entries<'m>(model: &'m Model<'_>) -> BTreeSet<&'m str> {
    let entries = model.said(Kind::ServiceEntry, Resource::service_entry);
    entries
        .flat_map(|entry| &entry.says.hosts)
        .map(String::as_str)
        .collect()
}
