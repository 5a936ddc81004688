//! cert-manager's objects (`internal/apis/certmanager/validation` of 1.21), and whether ACME gets through.

mod certificates;
mod challenges;
mod issuers;
pub(super) mod rules;

use crate::cluster::Resource;
use crate::kinds::cert_manager::SOLVER;
use crate::lint::facts::browsers::for_browsers;
use crate::lint::facts::issuers::GROUP;
use crate::lint::family::Family;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object};
use crate::lint::rule::Severity;
use crate::yaml::Node;
use rules::{CI881, CI890};

pub(super) const FAMILY: Family = Family {
    number: 8,
    title: "cert-manager",
    rules: rules::RULES,
    classes: &[
        Class::Secret,
        Class::Issuer,
        Class::ClusterIssuer,
        Class::Gateway,
        Class::IstioGateway,
        Class::Ingress,
        Class::Service,
        Class::Other,
    ],
    check,
};

fn check(model: &Model<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut shown = None;
    let redirects = challenges::Redirects::of(model);
    for (number, object) in model.objects.iter().enumerate() {
        if matches!(object.kind, "Ingress" | "Service" | "Pod") && object.label(SOLVER).is_some() {
            made(object, "metadata.labels", object.node, &mut findings);
        }
        if !object.group.contains("cert") {
            continue;
        }
        if [GROUP, "acme.cert-manager.io", "certmanager.k8s.io"].contains(&object.group) {
            version(object, &mut findings);
        }
        match (object.group, object.kind) {
            (GROUP, "Certificate") => {
                let shown = shown.get_or_insert_with(|| for_browsers(model));
                let is_shown = shown.contains(&number);
                if let Some(said) = model.said_by(number, Resource::certificate) {
                    certificates::check(model, &redirects, &said, is_shown, &mut findings);
                }
            }
            (GROUP, "Issuer" | "ClusterIssuer") => {
                if let Some(said) = model.said_by(number, Resource::issuer) {
                    issuers::check(model, &said, &mut findings);
                }
            }
            (GROUP, "CertificateRequest") | ("acme.cert-manager.io", _) => {
                made(object, "kind", object.node, &mut findings);
            }
            _ => {}
        }
    }
    findings
}

/// Finds what cert-manager makes itself. In what was read from a cluster all of it is there.
fn made(object: &Object<'_>, field: &str, node: &Node, findings: &mut Vec<Finding>) {
    let message = format!("cert-manager creates this {} itself", object.kind);
    let finding = object.finding(&CI890, node.at, field, message);
    let is_read = object.at(&["metadata", "uid"]).is_some();
    findings.push(if is_read {
        finding.with_severity(Severity::Info)
    } else {
        finding
    });
}

fn version(object: &Object<'_>, findings: &mut Vec<Finding>) {
    let Some(node) = object.at(&["apiVersion"]) else {
        return;
    };
    if node
        .text()
        .is_some_and(|text| !text.ends_with("/v1") || text.starts_with("certmanager"))
    {
        let message = format!("`{}` is not served", node.text().unwrap_or_default());
        findings.push(object.finding(&CI881, node.at, "apiVersion", message));
    }
}
