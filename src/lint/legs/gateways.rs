//! The places and words for routes of the Gateway API and of Istio.

use super::Spot;
use crate::cluster::Kind;
use crate::kinds::istio::DestinationRule;
use crate::kinds::service::Service;
use crate::kinds::traefik::Port;
use crate::lint::finding::Finding;
use crate::lint::rule::{Rule, Severity};
use crate::path::WayIn;
use crate::path::hop::{FrontKind, Httpd, Known};

impl Spot<'_, '_> {
    /// Returns the field of the port of what names a Service.
    pub(super) fn port_field(&self, named: &str) -> String {
        match (self.way_in, named.strip_suffix(".host")) {
            (WayIn::VirtualService, Some(destination)) => format!("{destination}.port.number"),
            _ => format!("{named}.port"),
        }
    }

    pub(super) fn no_port_at_gateway(
        &self,
        rule: &'static Rule,
        name: &str,
        service: &Service,
        wanted: &Port,
    ) -> Option<Finding> {
        let (object, field) = self.named?;
        if service.is_external && self.way_in != WayIn::VirtualService {
            return None;
        }
        let (name, shown) = (name.escape_debug(), wanted.shown());
        let message = format!("Service `{name}` has no port {shown}");
        Some(object.finding_in(rule, &self.port_field(field), message))
    }

    /// Finds that nothing says of TLS that it is spoken to a port of it.
    pub(super) fn tls_port(&self, rule: &'static Rule, wanted: &Port) -> Option<Finding> {
        let (object, field) = self.named?;
        let routed = self.routed?;
        let Known::Here(policy) = routed.transport else {
            return None;
        };
        let httpd = routed.path.httpd.as_ref()?;
        let (name, shown) = (httpd.service.name.escape_debug(), wanted.shown());
        let message = if self.way_in == WayIn::VirtualService {
            // Another rule finds that it leaves out this port.
            let rule = policy.and_then(|policy| policy.resource.destination_rule());
            if rule.is_some_and(DestinationRule::is_on) {
                return None;
            }
            format!(
                "Service `{name}` speaks TLS on port {shown}, and no DestinationRule applies to it"
            )
        } else {
            let is_istio = routed.path.front.kind == FrontKind::Istio;
            let has_own = !is_istio && self.model.provider.options.own_transport;
            if policy.is_some() || has_own || self.is_external(httpd) {
                return None;
            }
            format!("Service `{name}` speaks TLS on port {shown}")
        };
        let finding = object.finding_in(rule, &self.port_field(field), message);
        // To others than Traefik the name of a port says nothing.
        let service =
            self.model
                .cluster
                .find(Kind::Service, &httpd.service.scope, &httpd.service.name);
        let service = service.and_then(|object| object.resource.service());
        let mut ports = service.into_iter().flat_map(|service| &service.ports);
        let is_sure = self.way_in == WayIn::VirtualService
            || routed.path.front.kind == FrontKind::Traefik
            || ports.any(|port| {
                port.is(wanted) && (port.protocol.is_some() || port.number == Some(443))
            });
        Some(if is_sure {
            finding
        } else {
            finding.with_severity(Severity::Info)
        })
    }

    fn is_external(&self, httpd: &Httpd) -> bool {
        let service = &httpd.service;
        let found = self
            .model
            .cluster
            .find(Kind::Service, &service.scope, &service.name);
        found
            .and_then(|found| found.resource.service())
            .is_some_and(|service| service.is_external)
    }

    /// Finds TLS of a DestinationRule around TLS that is passed through.
    pub(super) fn wrapped(&self, rule: &'static Rule) -> Option<Finding> {
        let policy = self.transport?;
        let httpd = self.routed?.path.httpd.as_ref()?;
        let port = httpd.port.as_ref();
        let mut policies = policy.resource.destination_rule()?.policies.iter();
        let tls = policies.find_map(|policy| {
            let mut ports = policy
                .ports
                .iter()
                .filter(|settings| settings.port.as_ref() == port);
            let own = ports.find_map(|settings| settings.tls.as_ref());
            own.or(policy.tls.as_ref()).filter(|tls| tls.originates())
        })?;
        let message = format!(
            "a VirtualService passes TLS through to port {} of `{}`",
            port.map(Port::shown).unwrap_or_default(),
            httpd.service.name
        );
        let object = self.lint_object(policy);
        Some(object.finding(rule, tls.at, &tls.field, message))
    }
}
