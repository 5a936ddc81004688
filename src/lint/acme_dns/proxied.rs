//! HTTP-01 behind a load balancer that sends the PROXY protocol, and behind entry points that are not the default.

use super::rules::CI727;
use crate::cluster::{Kind, Resource};
use crate::kinds::balancer::SendsProxy;
use crate::kinds::cert_manager::Solver;
use crate::lint::cert_manager::rules::CI891;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model};
use crate::lint::rule::Severity;
use crate::yaml::Node;

pub(super) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    let sends = sends(model);
    let is_hidden = is_hidden(model);
    if sends.is_none() && !is_hidden {
        return;
    }
    for kind in [Kind::Issuer, Kind::ClusterIssuer] {
        for issuer in model.said(kind, Resource::issuer) {
            for (index, solver) in issuer.says.solvers.iter().enumerate() {
                let field = format!("spec.acme.solvers[{index}].http01");
                let Some(at) = of_traefik(solver) else {
                    continue;
                };
                if let Some(sends) = sends.as_ref().filter(|_| !solver.waits) {
                    let message = format!(
                        "the load balancer of {} sends the PROXY protocol, and its Service has an address and no name",
                        sends.cloud
                    );
                    let finding = issuer.object.finding(&CI727, at, &field, message);
                    findings.push(match sends.host_name {
                        Some(key) => finding.with_help(format!(
                            "Set `{key}` on the Service, or `waitInsteadOfSelfCheck` on the solver (cert-manager 1.21), or use dns01."
                        )),
                        None => finding,
                    });
                }
                let ingress = solver.http.as_ref().and_then(|http| http.ingress.as_ref());
                if ingress.is_some_and(|ingress| is_hidden && !ingress.has_annotations) {
                    let message = "entry point `websecure` is the default one, and `web` neither is nor redirects: the solver's Ingress does not answer on port 80";
                    let finding = issuer.object.finding(&CI891, at, &field, message);
                    findings.push(finding.with_severity(Severity::Warning).with_help(
                        "Set `ports.web.asDefault: true`, or give the solver's `ingressTemplate` the annotation `traefik.ingress.kubernetes.io/router.entrypoints: web`.",
                    ));
                }
            }
        }
    }
}

/// Returns where a solver of HTTP-01 stands whose answers Traefik passes on.
fn of_traefik(solver: &Solver) -> Option<crate::yaml::At> {
    let http = solver.http.as_ref()?;
    let class = http.ingress.as_ref()?.class.as_deref().unwrap_or("traefik");
    class.contains("traefik").then_some(http.at)
}

/// Returns what asks Traefik's load balancer for the PROXY protocol, where clients within the cluster are told its address:
/// they reach Traefik without passing it.
fn sends(model: &Model<'_>) -> Option<SendsProxy> {
    let of_values = model.values.iter().filter_map(|values| {
        let service = values.node.get("service")?;
        SendsProxy::of(service.get("annotations")?)
    });
    let of_services = model.of(Class::Service).filter_map(|object| {
        let selector = object.spec().get("selector").map(Node::entries);
        let mut selected = selector.unwrap_or_default().iter();
        let is_traefiks = selected.any(|(_, value)| value.text() == Some("traefik"));
        let annotations = object.at(&["metadata", "annotations"])?;
        SendsProxy::of(annotations).filter(|_| is_traefiks)
    });
    let mut all = of_values.chain(of_services);
    all.find(|sends| !sends.is_by_name)
}

/// Returns whether an Ingress that names no entry points is not served on port 80: only `websecure` is a default one, and
/// nothing sends requests there.
fn is_hidden(model: &Model<'_>) -> bool {
    let [values] = &model.values[..] else {
        return false;
    };
    let is_default = |port: &str| {
        let node = values.node.at_path(&["ports", port, "asDefault"]);
        node.is_some_and(Node::says_true)
    };
    is_default("websecure") && !is_default("web") && !model.provider.redirects()
}
