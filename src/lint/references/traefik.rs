//! What objects of Traefik, and Ingresses, name.

use super::seeker::Seeker;
use crate::cluster::{self, Kind, Resource};
use crate::kinds::Named;
use crate::kinds::traefik::{
    Authority, IngressRoute, ServersTransport, ServiceRef, TlsOption, TraefikService,
};
use crate::lint::model::Class;

impl<'a> Seeker<'_, 'a> {
    pub(super) fn of_traefik(&mut self, typed: &'a cluster::Object) {
        match &typed.resource {
            Resource::IngressRoute(spec) | Resource::IngressRouteTcp(spec) => {
                self.route(spec, typed.kind() == Kind::IngressRouteTcp);
            }
            Resource::ServersTransport(spec) | Resource::ServersTransportTcp(spec) => {
                self.transport(spec);
            }
            Resource::TlsStore(spec) => {
                for named in spec.default_certificate.iter().chain(&spec.certificates) {
                    self.secret(named);
                }
            }
            Resource::TlsOption(spec) => self.client_authorities(spec),
            Resource::TraefikService(spec) => self.shares(spec),
            Resource::Middleware(spec) => {
                for (index, named) in spec.chain.iter().enumerate() {
                    let field = format!("spec.chain.middlewares[{index}].name");
                    let namespace = named.namespace.as_deref();
                    self.add_in(Class::Middleware, namespace, &named.name, field);
                }
                for named in &spec.secrets {
                    self.secret(named);
                }
                if let Some(service) = &spec.errors {
                    self.service(service, Class::ServersTransport);
                }
            }
            Resource::Ingress(spec) => {
                for backend in &spec.backends {
                    let field = format!("{}.name", backend.field);
                    self.add_in(Class::Service, None, &backend.service, field);
                }
                // cert-manager makes the Secrets of an Ingress that names an issuer.
                let is_made = ["cert-manager.io/issuer", "cert-manager.io/cluster-issuer"]
                    .iter()
                    .any(|key| self.object.annotation(key).is_some());
                for named in spec.secrets().filter(|_| !is_made) {
                    self.secret(named);
                }
            }
            _ => {}
        }
    }

    /// The Services of an `IngressRouteUDP`, of which nothing else is read.
    pub(super) fn of_udp(&mut self) {
        if !self.object.is_of_traefik() || self.object.kind != "IngressRouteUDP" {
            return;
        }
        for (index, route) in self.object.spec().items_of("routes").iter().enumerate() {
            for (number, service) in route.items_of("services").iter().enumerate() {
                let Some(name) = service.get("name") else {
                    continue;
                };
                let namespace = service
                    .text_of("namespace")
                    .unwrap_or(self.object.namespace);
                let field = format!("spec.routes[{index}].services[{number}].name");
                let text = name.text().unwrap_or_default();
                self.push(Class::Service, namespace, text, name.at, field);
            }
        }
    }

    /// Adds the name of a Secret beside the object.
    fn secret(&mut self, named: &'a Named) {
        let namespace = self.object.namespace;
        let field = named.field.clone();
        self.push(Class::Secret, namespace, &named.name, named.at, field);
    }

    /// Adds a name that a field gives.
    fn add_in(&mut self, class: Class, namespace: Option<&'a str>, name: &'a str, field: String) {
        let at = self.object.node_in(&field).at;
        let namespace = namespace.unwrap_or(self.object.namespace);
        self.push(class, namespace, name, at, field);
    }

    fn route(&mut self, spec: &'a IngressRoute, is_tcp: bool) {
        let (transport, middleware) = if is_tcp {
            (Class::ServersTransportTcp, Class::MiddlewareTcp)
        } else {
            (Class::ServersTransport, Class::Middleware)
        };
        for (index, route) in spec.routes.iter().enumerate() {
            for service in &route.services {
                self.service(service, transport);
            }
            for (number, named) in route.middlewares.iter().enumerate() {
                let field = format!("spec.routes[{index}].middlewares[{number}].name");
                self.add_in(middleware, named.namespace.as_deref(), &named.name, field);
            }
        }
        for (index, named) in spec.parents.iter().enumerate() {
            let field = format!("spec.parentRefs[{index}].name");
            let namespace = named.namespace.as_deref();
            self.add_in(Class::IngressRoute, namespace, &named.name, field);
        }
        let Some(tls) = &spec.tls else { return };
        if let Some(named) = &tls.secret {
            self.secret(named);
        }
        for (key, named, class) in [
            ("options", &tls.options, Class::TlsOption),
            ("store", &tls.store, Class::TlsStore),
        ] {
            // The default ones are there without being defined.
            if let Some(named) = named.as_ref().filter(|named| named.name != "default") {
                let field = format!("spec.tls.{key}.name");
                self.add_in(class, named.namespace.as_deref(), &named.name, field);
                // No release reads `store` (`pkg/provider/kubernetes/crd`, v2.11.53 to v3.7.9).
                if let Some(last) = self.found.last_mut() {
                    last.may_lack |= class == Class::TlsStore || tls.passthrough;
                }
            }
        }
    }

    fn service(&mut self, service: &'a ServiceRef, transport: Class) {
        let namespace = service.namespace.as_deref();
        let class = if service.is_traefik_service {
            Class::TraefikService
        } else {
            Class::Service
        };
        let field = |key: &str| format!("{}.{key}", service.field);
        self.add_in(class, namespace, &service.name, field("name"));
        for (index, named) in service.middlewares.iter().enumerate() {
            let field = format!("{}.middlewares[{index}].name", service.field);
            let namespace = named.namespace.as_deref();
            self.add_in(Class::Middleware, namespace, &named.name, field);
        }
        // Traefik reads no more of a TraefikService than its name (`nameAndService`).
        if let Some(named) = service
            .transport
            .as_ref()
            .filter(|_| !service.is_traefik_service)
        {
            // For TCP Traefik looks beside the route (`makeTCPServersTransportKey`).
            let beside = namespace.filter(|_| transport != Class::ServersTransportTcp);
            let beside = beside.unwrap_or(self.object.namespace);
            let field = field("serversTransport");
            self.push(transport, beside, &named.value, named.at, field);
        }
    }

    fn transport(&mut self, spec: &'a ServersTransport) {
        for root in &spec.root_cas {
            let (class, name) = match &root.named {
                Ok(Authority::Secret(name)) => (Class::Secret, name),
                Ok(Authority::ConfigMap(name)) => (Class::ConfigMap, name),
                Err(_) => continue,
            };
            let field = format!("{}.{}", spec.path, root.field);
            self.push(class, self.object.namespace, name, root.at, field);
            if let Some(last) = self.found.last_mut() {
                last.is_authority = true;
            }
        }
        for (index, named) in spec.certificates.iter().enumerate() {
            let field = format!("{}.certificatesSecrets[{index}]", spec.path);
            let namespace = self.object.namespace;
            self.push(Class::Secret, namespace, &named.value, named.at, field);
            // An httpd that asks for no certificate answers all the same.
            if let Some(last) = self.found.last_mut() {
                last.may_lack = true;
            }
        }
    }

    fn client_authorities(&mut self, spec: &'a TlsOption) {
        for (index, named) in spec.client_authorities.iter().enumerate() {
            let field = format!("spec.clientAuth.secretNames[{index}]");
            let namespace = self.object.namespace;
            self.push(Class::Secret, namespace, &named.value, named.at, field);
        }
    }

    /// The Services among which a TraefikService shares its requests.
    fn shares(&mut self, spec: &'a TraefikService) {
        let all = spec.services.iter().chain(&spec.mirrors);
        for service in all.chain(&spec.fallback) {
            self.service(service, Class::ServersTransport);
        }
    }
}
