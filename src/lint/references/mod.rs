//! Whether what an object names is there.

mod gateways;
pub(super) mod rules;
mod seeker;
mod traefik;

use crate::cluster::naming::{INTERNAL, internal, is_internal, is_normal, normal};
use crate::cluster::{Kind, Resource};
use crate::kinds::traefik::{Authority, RootCa};
use crate::lint::facts::covered::{are_covered, uncovered};
use crate::lint::facts::loaded::are_all_covered;
use crate::lint::facts::spelling::Spellings;
use crate::lint::family::Family;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object};
use crate::lint::predict::Here;
use crate::lint::rule::Severity;
use crate::lint::trust::rules::CI107;
use crate::path::Routed;
use crate::path::hop::Outward;
use crate::path::traefik::Name;
use gateways::service_entries;
use rules::{CI901, CI902};
use seeker::{Reference, Seeker};
use std::collections::{BTreeMap, BTreeSet};

/// The field with the Secret of a route's own certificate.
const TLS_SECRET: &str = "spec.tls.secretName";

pub(super) const FAMILY: Family = Family {
    number: 9,
    title: "References",
    rules: rules::RULES,
    classes: &[],
    check,
};

fn check(model: &Model<'_>) -> Vec<Finding> {
    let references = all(model);
    let mut free = Free::of(model, &references);
    let mut findings: Vec<Finding> = references
        .iter()
        .filter_map(|reference| reference.check(model, &mut free))
        .collect();
    namespaces(model, &mut findings);
    findings
}

/// The objects that no reference names.
struct Free<'m> {
    /// The indexes of all others.
    met: BTreeSet<usize>,
    /// Their names, by class and namespace, as far as they were asked for.
    names: BTreeMap<(Class, &'m str), Spellings>,
    /// The keys of all objects, by class, as far as they were asked for; nothing where the namespace of one is not known.
    keys: BTreeMap<Class, Option<BTreeSet<String>>>,
}

impl<'m> Free<'m> {
    fn of(model: &Model<'_>, references: &[Reference<'m>]) -> Self {
        let met = references.iter().filter_map(|reference| {
            model.find(reference.class, reference.namespace, reference.name)
        });
        Self {
            met: met.collect(),
            names: BTreeMap::new(),
            keys: BTreeMap::new(),
        }
    }

    /// Returns whether an object of a class may have a key.
    fn may_have(&mut self, model: &Model<'_>, class: Class, key: &str) -> bool {
        let keys = self.keys.entry(class).or_insert_with(|| {
            let key = |object: &Object<'_>| {
                let is_known = !object.namespace.is_empty();
                is_known.then(|| model.naming.key(object.kind, object.namespace, object.name))
            };
            model.of(class).map(key).collect()
        });
        keys.as_ref().is_none_or(|keys| keys.contains(key))
    }

    /// Returns the names of a namespace's objects.
    fn names(&mut self, model: &'m Model<'_>, class: Class, namespace: &'m str) -> &Spellings {
        let Self { met, names, .. } = self;
        names.entry((class, namespace)).or_insert_with(|| {
            let all = model.within(class, namespace);
            let free = all.filter(|number| !met.contains(number));
            Spellings::of(free.map(|number| model.objects[number].provides))
        })
    }
}

impl<'m> Reference<'m> {
    fn check(&self, model: &'m Model<'_>, free: &mut Free<'m>) -> Option<Finding> {
        if self.name.is_empty() {
            return self.nameless(model);
        }
        let is_plain = matches!(self.class, Class::Secret | Class::ConfigMap | Class::Issuer);
        if self.name.contains('@') && !is_plain {
            let by_key = self.by_key(model, free);
            return by_key.or_else(|| self.of_other_provider(model));
        }
        let found = model.find_as_traefik(self.class, self.namespace, self.name);
        let is_kept = self.field.starts_with("spec.chain.") && !model.naming.normalizes_chains();
        if found.is_some() && (!is_kept || is_normal(self.name)) {
            return None;
        }
        let object = &model.objects[self.object];
        if model.find(self.class, self.namespace, self.name).is_some() {
            return Some(self.respelt(object, model, is_kept));
        }
        let may_lack = self.may_lack || self.is_replaced(model);
        let elsewhere = model.elsewhere(self.class, self.namespace, self.name);
        if let Some(namespace) = elsewhere
            && self.is_authority
            && object.class == Class::ServersTransportTcp
        {
            let kind = kind(self.class);
            let message = format!(
                "{kind} `{}` is in namespace `{namespace}`, the ServersTransportTCP in `{}`",
                self.name.escape_debug(),
                object.namespace
            );
            return Some(object.finding(&CI107, self.at, &self.field, message));
        }
        // Found in another namespace, or of another kind: another rule says so.
        let other = match self.class {
            Class::ServersTransport => Class::ServersTransportTcp,
            Class::ServersTransportTcp => Class::ServersTransport,
            class => class,
        };
        let is_said = matches!(self.class, Class::Secret | Class::ConfigMap | Class::Issuer)
            || object.group.ends_with("gateway.networking.k8s.io")
            || object.group == "networking.istio.io";
        if elsewhere.is_some() && is_said || model.find(other, self.namespace, self.name).is_some()
        {
            return None;
        }
        let (kind, name) = (kind(self.class), self.name.escape_debug());
        // One that nothing else names, and that is called almost the same.
        // A chart or an operator may make a Service of any name.
        let may_be_made = self.class == Class::Service && model.makers.may_make_in(self.namespace);
        let near = if elsewhere.is_none() && !may_be_made {
            let names = free.names(model, self.class, self.namespace);
            names.nearest(self.name)
        } else {
            None
        };
        if let Some(meant) = near {
            let message = format!("there is no {kind} `{name}`, and nothing refers to `{meant}`");
            let here = Here {
                namespace: self.namespace,
                secret: self.name,
                ..Here::default()
            };
            let finding = object
                .finding(&CI902, self.at, &self.field, message)
                .with_help(format!("Write `{meant}`."))
                .warning_unless(!may_lack);
            return Some(if self.is_authority {
                finding.predicted(model.knowledge.release, here)
            } else {
                finding
            });
        }
        let within = if self.namespace.is_empty() {
            String::new()
        } else {
            format!(" in namespace `{}`", self.namespace)
        };
        let only = elsewhere.map_or_else(String::new, |other| format!(", only in `{other}`"));
        let message = format!("{kind} `{name}`{within} is not in the input{only}");
        let mut finding = object.finding(&CI901, self.at, &self.field, message);
        finding.consequence = self.uncovered(model);
        Some(match (model.options.strict_references, may_lack) {
            (true, true) => finding.with_severity(Severity::Warning),
            (true, false) => finding.with_severity(Severity::Error),
            (false, _) if elsewhere.is_some() && !model.makers.may_make_in(self.namespace) => {
                finding.with_severity(Severity::Warning).then(
                    "It is looked up in its own namespace only: the route is dropped and answers 404, unless something else makes the object there.",
                )
            }
            (false, _) => finding,
        })
    }
}

impl Reference<'_> {
    /// Finds the name of what another provider has, where nothing outside the input may be relied on. Of a Service, and of
    /// what names Traefik's own provider, another rule speaks.
    fn of_other_provider(&self, model: &Model<'_>) -> Option<Finding> {
        let Name::Outside(provider) = Name::of(self.name) else {
            return None;
        };
        let object = &model.objects[self.object];
        if provider == INTERNAL {
            return self.of_traefik_itself(object);
        }
        let is_strict = model.options.strict_references;
        if !self.is_of_traefik() || !is_strict {
            return None;
        }
        let message = format!(
            "what the provider `{}` has is not in the input",
            provider.escape_debug()
        );
        let finding = object.finding(&CI901, self.at, &self.field, message);
        Some(finding.with_severity(if self.may_lack {
            Severity::Warning
        } else {
            Severity::Error
        }))
    }

    /// Finds the name of what Traefik does not make itself.
    fn of_traefik_itself(&self, object: &Object<'_>) -> Option<Finding> {
        let kind = kind(self.class);
        let own = internal(kind);
        if own.is_empty() || is_internal(kind, self.name) {
            return None;
        }
        let message = format!(
            "Traefik itself makes no {kind} `{}`",
            self.name.escape_debug()
        );
        let own: Vec<String> = own
            .iter()
            .map(|own| format!("`{own}@{INTERNAL}`"))
            .collect();
        let finding = object.finding(&CI902, self.at, &self.field, message);
        let finding = finding.with_help(format!("Traefik has {}.", own.join(", ")));
        Some(finding.warning_unless(!self.may_lack))
    }

    /// Finds a key that no object has, where Traefik takes keys.
    fn by_key(&self, model: &Model<'_>, free: &mut Free<'_>) -> Option<Finding> {
        let Name::Key(key) = Name::of(self.name) else {
            return None;
        };
        let is_taken = model.provider.options.allow_cross_namespace && self.is_of_traefik();
        let kind = kind(self.class);
        let may_be_meant = if model.naming.cuts_provider_off(kind) {
            let found = model.find_as_traefik(self.class, self.namespace, key);
            found.is_some()
        } else {
            let wanted = model.naming.wanted(kind, key);
            wanted.is_some_and(|wanted| free.may_have(model, self.class, &wanted))
        };
        if !is_taken || may_be_meant {
            return None;
        }
        let message = format!(
            "no {kind} of the input has the key `{}`",
            key.escape_debug()
        );
        let object = &model.objects[self.object];
        let finding = object.finding(&CI901, self.at, &self.field, message);
        Some(match (model.options.strict_references, self.may_lack) {
            (true, true) => finding.with_severity(Severity::Warning),
            (true, false) => finding.with_severity(Severity::Error),
            (false, _) => finding,
        })
    }

    /// Returns whether it names an object by a key that Traefik makes of its names.
    fn is_of_traefik(&self) -> bool {
        self.class == Class::TlsOption || self.class.has_joined_key()
    }

    /// Finds the name of an object that is there, and whose key Traefik writes otherwise than that of the reference.
    fn respelt(&self, object: &Object<'_>, model: &Model<'_>, is_kept: bool) -> Finding {
        let kind = kind(self.class);
        let plain = format!("{}-{}", self.namespace, self.name);
        let wanted = if is_kept { plain } else { normal(&plain) };
        let own = model.naming.key(kind, self.namespace, self.name);
        let message = format!(
            "Traefik looks for a {kind} with the key `{}`, and this one has the key `{}`",
            wanted.escape_debug(),
            own.escape_debug()
        );
        object
            .finding(&CI902, self.at, &self.field, message)
            .with_help(format!(
                "Let the {kind} and its namespace have names of letters, digits and single dashes."
            ))
            .warning_unless(!self.may_lack)
    }

    /// Finds an empty name, where Traefik looks for what it stands for.
    fn nameless(&self, model: &Model<'_>) -> Option<Finding> {
        let is_needed = match self.class {
            Class::Middleware
            | Class::MiddlewareTcp
            | Class::Service
            | Class::TraefikService
            | Class::IngressRoute => true,
            _ => self.is_authority && !self.is_replaced(model),
        };
        let object = &model.objects[self.object];
        let message = format!("the name of the {} is empty", kind(self.class));
        let finding = object.finding(&CI902, self.at, &self.field, message);
        is_needed.then(|| finding.with_help("Give the name of an object of the namespace."))
    }

    /// Returns the consequence of a missing certificate: for which hosts of a route nothing else is shown.
    fn uncovered(&self, model: &Model<'_>) -> Option<String> {
        let route = model.cluster.numbered(self.object)?;
        if self.field != TLS_SECRET {
            return None;
        }
        let hosts = uncovered(model, route);
        let hosts: Vec<String> = hosts
            .iter()
            .map(|host| format!("`{}`", host.escape_debug()))
            .collect();
        (!hosts.is_empty()).then(|| {
            format!(
                "If the Secret is missing in the cluster too, browsers refuse the certificate that they are shown for {}.",
                hosts.join(", ")
            )
        })
    }

    /// Returns whether something else of the input does what the missing object would.
    fn is_replaced(&self, model: &Model<'_>) -> bool {
        let Some(typed) = model.cluster.numbered(self.object) else {
            return false;
        };
        if self.field == TLS_SECRET {
            return are_covered(model, typed, None);
        }
        if self.class == Class::Secret && typed.kind() == Kind::TlsStore {
            return are_all_covered(model);
        }
        let namespace = self.namespace;
        if let Resource::TlsOption(option) = &typed.resource {
            // A type of authentication that verifies needs one CA, and another one none.
            let mut others = option.client_authorities.iter();
            let is_verified = option
                .client_auth
                .as_deref()
                .is_none_or(|how| how.contains("Verif"));
            return !is_verified
                || others.any(|other| {
                    let found = model.find(Class::Secret, namespace, &other.value);
                    found.is_some()
                });
        }
        // Traefik passes over a service of a TCP route that it cannot make (`loadIngressRouteTCPConfiguration`).
        if let Resource::IngressRouteTcp(route) = &typed.resource
            && self.class == Class::Service
        {
            let beside = route.routes.iter().find(|route| {
                let mut services = route.services.iter();
                services.any(|service| self.field == format!("{}.name", service.field))
            });
            return beside.is_some_and(|route| {
                route.services.iter().any(|service| {
                    let namespace = service.namespace.as_deref().unwrap_or(namespace);
                    model
                        .find(Class::Service, namespace, &service.name)
                        .is_some()
                })
            });
        }
        if self.is_authority && typed.kind() == Kind::ServersTransportTcp {
            let of_it = |routed: &&Routed<'_>| {
                let transport = routed.transport.here().flatten();
                transport.is_some_and(|object| object.number == self.object)
            };
            let mut users = model.paths.iter().filter(of_it).peekable();
            let is_used = users.peek().is_some();
            if is_used && !users.any(|routed| matches!(routed.path.outward, Outward::Tls(_))) {
                return true;
            }
        }
        let transport = typed.resource.servers_transport();
        if self.is_authority && transport.is_some_and(|transport| transport.skips_verification) {
            return true;
        }
        // Traefik trusts the CAs that it finds; whether one of them signed the certificate, another rule says.
        let is_here = |root: &RootCa| match &root.named {
            Ok(Authority::Secret(name)) => model.find(Class::Secret, namespace, name).is_some(),
            Ok(Authority::ConfigMap(name)) => {
                model.find(Class::ConfigMap, namespace, name).is_some()
            }
            Err(_) => false,
        };
        self.is_authority
            && typed
                .resource
                .servers_transport()
                .is_some_and(|transport| transport.root_cas.iter().any(is_here))
    }
}

fn kind(class: Class) -> &'static str {
    class.kinds().first().unwrap_or(&"object")
}

fn all<'m>(model: &'m Model<'_>) -> Vec<Reference<'m>> {
    let mut found = Vec::new();
    for typed in model.cluster.objects() {
        let mut seeker = Seeker {
            number: typed.number,
            object: &model.objects[typed.number],
            found: &mut found,
        };
        seeker.of_traefik(typed);
    }
    let entries = service_entries(model);
    for (number, object) in model.objects.iter().enumerate() {
        let mut seeker = Seeker {
            number,
            object,
            found: &mut found,
        };
        seeker.of_gateways(model, &entries);
        seeker.of_udp();
    }
    found
}

/// Where namespaces are part of the input, each that is used should be.
fn namespaces(model: &Model<'_>, findings: &mut Vec<Finding>) {
    if model.numbers(Class::Namespace).is_empty() {
        return;
    }
    let known: BTreeSet<&str> = model
        .of(Class::Namespace)
        .map(|object| object.name)
        .collect();
    let mut said = BTreeSet::new();
    for object in &model.objects {
        let namespace = object.namespace;
        if !namespace.is_empty()
            && namespace != "default"
            && !known.contains(namespace)
            && said.insert(namespace)
        {
            let at = object
                .at(&["metadata", "namespace"])
                .map_or(object.node.at, |node| node.at);
            let message = format!(
                "Namespace `{}` is not in the input",
                namespace.escape_debug()
            );
            let finding = object.finding(&CI901, at, "metadata.namespace", message);
            findings.push(if model.options.strict_references {
                finding.with_severity(Severity::Error)
            } else {
                finding
            });
        }
    }
}
