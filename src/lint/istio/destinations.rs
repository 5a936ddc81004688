//! DestinationRules: the TLS that the gateway speaks to httpd.

use super::credentials::{AUTHORITY, authority, has_pair, value};
use super::pods::{Place, Pods, Where};
use super::policies::{Setting, originates, settings};
use super::rules::{CI855, CI862, CI864, CI865, CI866, CI867, CI870, CI871, CI872};
use super::services::Routed;
use crate::cluster::data::Cert;
use crate::lint::facts::browsers::for_browsers;
use crate::lint::facts::istio::{Destination, destination};
use crate::lint::facts::ports::port;
use crate::lint::facts::verified::Verified;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object};
use crate::lint::rule::Severity;
use crate::threads::each;
use crate::yaml::Node;
use std::collections::BTreeSet;

pub(super) fn check(
    model: &Model<'_>,
    pods: &Pods<'_>,
    routed: &Routed<'_>,
    findings: &mut Vec<Finding>,
) {
    if model.numbers(Class::DestinationRule).is_empty() {
        return;
    }
    let for_browsers = for_browsers(model);
    let mut gateways = Where::default();
    for gateway in model.of(Class::IstioGateway) {
        let one = pods.of_gateway(gateway);
        gateways.is_ingress |= one.is_ingress;
        gateways.namespaces.extend(one.namespaces);
    }
    // Signatures are verified: all processors help.
    let found = each(model.numbers(Class::DestinationRule), |number| {
        let object = &model.objects[*number];
        let mut findings = Vec::new();
        let host = object.spec().text_of("host").unwrap_or_default();
        let found = |namespace, name| model.find(Class::Service, namespace, name).is_some();
        let at = object
            .spec()
            .get("host")
            .map_or(object.node.at, |node| node.at);
        let (namespace, name) = match destination(host, object.namespace) {
            Destination::Service { namespace, name } => (namespace, name),
            Destination::Half { namespace, name } if found(namespace, name) => {
                let message = format!("nothing completes `{host}`");
                findings.push(object.finding(&CI862, at, "spec.host", message));
                return findings;
            }
            // Other hosts are outside, with certificates of public authorities.
            _ => return findings,
        };
        if !found(namespace, name)
            && let Some(other) = model.elsewhere(Class::Service, namespace, name)
        {
            let message = format!(
                "Service `{name}` is in `{other}`, and `{host}` means that of `{namespace}`"
            );
            findings.push(object.finding(&CI862, at, "spec.host", message));
            return findings;
        }
        for setting in settings(object) {
            let one = One {
                model,
                object,
                namespace,
                name,
                setting: &setting,
                gateways: &gateways,
                for_browsers: &for_browsers,
            };
            one.check(routed, &mut findings);
        }
        findings
    });
    findings.extend(found.into_iter().flatten());
}

struct One<'m, 'a> {
    model: &'m Model<'a>,
    object: &'m Object<'a>,
    /// Of the Service.
    namespace: &'a str,
    name: &'a str,
    setting: &'m Setting<'a>,
    gateways: &'m Where<'a>,
    for_browsers: &'m BTreeSet<usize>,
}

impl<'m> One<'m, '_> {
    fn check(&self, routed: &Routed<'_>, findings: &mut Vec<Finding>) {
        let (object, setting) = (self.object, self.setting);
        let field = format!("{}.tls", setting.field);
        let Some(tls) = setting.tls else {
            let service = self.model.find(Class::Service, self.namespace, self.name);
            let service = service.map(|number| &self.model.objects[number]);
            let number = setting.port.as_deref().unwrap_or_default();
            let is_tls = port(service, number).is_some_and(|port| port.is_tls());
            if setting.is_beside_tls && is_tls {
                let message = format!("port {number} has settings of its own, without `tls`");
                findings.push(object.finding(&CI870, setting.node.at, &field, message));
            }
            return;
        };
        if !originates(tls) {
            return;
        }
        let first = (self.namespace, self.name, String::new());
        let passed = routed
            .passed
            .range(first..)
            .take_while(|(namespace, name, _)| (*namespace, *name) == (self.namespace, self.name))
            .find(|(.., port)| setting.port.as_ref().is_none_or(|wanted| wanted == port));
        if let Some((_, _, port)) = passed {
            let message = format!(
                "a VirtualService passes TLS through to port {port} of `{}`",
                self.name
            );
            findings.push(object.finding(&CI872, tls.at, &field, message));
        }
        let before = findings.len();
        self.contradictions(tls, &field, findings);
        if findings.len() == before {
            self.verification(tls, &field, routed, findings);
        }
    }

    /// What the webhook refuses (`ValidateTLS`).
    fn contradictions(&self, tls: &Node, field: &str, findings: &mut Vec<Finding>) {
        let has = |key: &str| tls.get(key).is_some_and(|node| node.text() != Some(""));
        let files = ["clientCertificate", "privateKey", "caCertificates", "caCrl"];
        let is_mutual = tls.text_of("mode") == Some("MUTUAL");
        let skips = tls.get("insecureSkipVerify").is_some_and(Node::says_true);
        let message = if has("credentialName") && files.iter().any(|key| has(key)) {
            "both `credentialName` and files are named"
        } else if is_mutual
            && !has("credentialName")
            && !(has("clientCertificate") && has("privateKey"))
        {
            "mode MUTUAL and no client certificate"
        } else if skips
            && (has("caCertificates")
                || has("subjectAltNames")
                || !is_mutual && has("credentialName"))
        {
            "`insecureSkipVerify` together with settings for verification"
        } else {
            return;
        };
        findings.push(self.object.finding(&CI871, tls.at, field, message));
    }

    fn verification(
        &self,
        tls: &'m Node,
        field: &str,
        routed: &Routed<'_>,
        findings: &mut Vec<Finding>,
    ) {
        let object = self.object;
        let mut find = |rule, at, key: &str, message: String| {
            findings.push(object.finding(rule, at, &format!("{field}.{key}"), message));
        };
        if let Some(node) = tls
            .get("insecureSkipVerify")
            .filter(|node| node.says_true())
        {
            let message = "Istio does not verify httpd's certificate".to_owned();
            return find(&CI865, node.at, "insecureSkipVerify", message);
        }
        let names: Vec<(&str, crate::yaml::At, String)> = tls
            .items_of("subjectAltNames")
            .iter()
            .enumerate()
            .filter_map(|(index, node)| {
                Some((
                    node.text()?,
                    node.at,
                    format!("{field}.subjectAltNames[{index}]"),
                ))
            })
            .collect();
        let sni = tls.get("sni").filter(|node| node.text() != Some(""));
        if let Some(node) = sni.filter(|_| names.is_empty()) {
            find(
                &CI866,
                node.at,
                "sni",
                "there are no `subjectAltNames`".to_owned(),
            );
        }
        let Some(credential) = tls
            .get("credentialName")
            .and_then(|node| Some((node.text()?, node)))
        else {
            if tls.get("caCertificates").is_none() {
                let message = format!("no CA is named for `{}`", self.name);
                find(&CI864, tls.at, "credentialName", message);
            }
            return;
        };
        let Some(roots) = self.roots(credential, tls, field, findings) else {
            return;
        };
        // With no SNI set, each request's own host is verified (`setAutoSniAndAutoSanValidation`); other kinds of
        // names are not compared here.
        let wanted: Vec<Vec<_>> = if names.iter().any(|(name, ..)| name.contains(':'))
            || names.is_empty() && sni.is_some()
        {
            vec![Vec::new()]
        } else if names.is_empty() {
            let hosts = routed.hosts.get(&(self.namespace, self.name));
            let hosts = hosts
                .into_iter()
                .flatten()
                .filter(|host| !host.contains('*'));
            hosts
                .map(|host| vec![(*host, tls.at, field.to_owned())])
                .collect()
        } else {
            vec![names]
        };
        for names in wanted {
            let check = Verified {
                model: self.model,
                object,
                at: credential.1.at,
                field: format!("{field}.credentialName"),
                namespace: self.namespace,
                roots: roots.clone(),
                names,
                for_browsers: self.for_browsers,
            };
            check.check(findings);
        }
    }

    /// Returns the CA, if it is in the input.
    fn roots(
        &self,
        (named, node): (&str, &Node),
        tls: &Node,
        field: &str,
        findings: &mut Vec<Finding>,
    ) -> Option<Vec<&'m Cert>> {
        let (model, object) = (self.model, self.object);
        let field = format!("{field}.credentialName");
        let find = |rule, message: String| object.finding(rule, node.at, &field, message);
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
        if object.spec().get("workloadSelector").is_some() {
            return None;
        }
        let further = format!("{named}-cacert");
        let place = match self.gateways.find(model, &further) {
            Place::Found(object, secret) => Place::Found(object, secret),
            _ => self.gateways.find(model, named),
        };
        match place {
            Place::Found(source, secret) => {
                let is_mutual = tls.text_of("mode") == Some("MUTUAL");
                if secret.is_complete && value(secret, AUTHORITY).is_none() {
                    findings.push(find(
                        &CI855,
                        format!(
                            "Secret {} has neither `ca.crt` nor `cacert`",
                            source.shown()
                        ),
                    ));
                } else if is_mutual
                    && source.provides == named
                    && secret.is_complete
                    && !has_pair(secret)
                {
                    let message = format!(
                        "Secret {} has no `tls.crt` and `tls.key` to present to httpd",
                        source.shown()
                    );
                    findings.push(find(&CI855, message));
                }
                authority(secret)
            }
            Place::Elsewhere(namespace, is_certain) => {
                let message = format!(
                    "Secret `{named}` is in `{namespace}`; {}",
                    self.gateways.shown()
                );
                let finding = find(&CI867, message);
                findings.push(if is_certain {
                    finding
                } else {
                    finding.with_severity(Severity::Warning)
                });
                None
            }
            Place::Unknown => None,
        }
    }
}
