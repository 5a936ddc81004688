//! What is there: the objects of manifests by kind, namespace and name, and what Secrets and ConfigMaps hold. Judges
//! nothing.
//!
//! | I want to … | open … |
//! |---|---|
//! | know which kinds are read | [`Resource`] |
//! | know which namespace an object without one is taken to be in | [`scope`] |
//! | know which namespace a kustomization gives | [`kustomization`] |
//! | know under which key Traefik knows an object | [`naming`] |
//! | know which files are applied to one cluster | [`roots`] |
//! | compare the paths of files | [`file_paths`] |
//! | read what a Secret holds | [`data`] |
//! | know whether a text is yet to be filled in | [`unfilled`] |

pub mod data;
pub mod file_paths;
pub mod kustomization;
pub mod naming;
pub mod roots;
pub mod scope;
pub mod unfilled;

use crate::chart::found::{balancer, is_values};
use crate::fault::Fault;
use crate::kinds::cert_manager::{Announced, Issuer};
use crate::kinds::external_secrets::Fetched;
use crate::kinds::gateway_api::{
    BackendTlsPolicy, Gateway, GatewayClass, GatewayRoute, ReferenceGrant,
};
use crate::kinds::ingress::Ingress;
use crate::kinds::istio::{DestinationRule, IstioGateway, ServiceEntry, VirtualService};
use crate::kinds::service::{RELEASE, Service, Workload};
use crate::kinds::traefik::{
    IngressRoute, Middleware, ServersTransport, TlsOption, TlsStore, TraefikService,
};
use crate::yaml::{At, Node, Value};
use data::{Certificates, Data};
use naming::{Naming, is_joined, is_normal, normal};
use scope::{Homes, Scope};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Declares the kinds that are read: `Resource` has what an object says, `Kind` is its name for look-ups. All are in
/// boxes, for most objects of a tree are Secrets.
macro_rules! resources {
    ($($(#[$doc:meta])* $variant:ident($content:ty) = $name:literal,)*) => {
        /// What an object says, by its kind.
        #[derive(Debug, Clone)]
        pub enum Resource {
            $($(#[$doc])* $variant($content),)*
        }

        /// A kind that is read.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind {
            $($(#[$doc])* $variant,)*
        }

        impl Resource {
            /// Returns its kind.
            #[must_use]
            pub fn kind(&self) -> Kind {
                match self {
                    $(Self::$variant(_) => Kind::$variant,)*
                }
            }
        }

        impl Kind {
            /// Returns `kind`, as manifests have it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

resources! {
    /// A Secret, or what makes one: a SealedSecret.
    Secret(Arc<Data>) = "Secret",
    /// A ConfigMap.
    ConfigMap(Arc<Data>) = "ConfigMap",
    /// A Service.
    Service(Box<Service>) = "Service",
    /// A Deployment, DaemonSet or StatefulSet.
    Workload(Box<Workload>) = "Deployment",
    /// Ingress of Kubernetes.
    Ingress(Box<Ingress>) = "Ingress",
    /// Traefik's IngressRoute.
    IngressRoute(Box<IngressRoute>) = "IngressRoute",
    /// Traefik's IngressRouteTCP.
    IngressRouteTcp(Box<IngressRoute>) = "IngressRouteTCP",
    /// Traefik's ServersTransport.
    ServersTransport(Box<ServersTransport>) = "ServersTransport",
    /// Traefik's ServersTransportTCP.
    ServersTransportTcp(Box<ServersTransport>) = "ServersTransportTCP",
    /// Traefik's TraefikService.
    TraefikService(Box<TraefikService>) = "TraefikService",
    /// Traefik's Middleware.
    Middleware(Box<Middleware>) = "Middleware",
    /// Traefik's TLSOption.
    TlsOption(Box<TlsOption>) = "TLSOption",
    /// Traefik's TLSStore.
    TlsStore(Box<TlsStore>) = "TLSStore",
    /// `GatewayClass` of the Gateway API.
    GatewayClass(Box<GatewayClass>) = "GatewayClass",
    /// Gateway of the Gateway API.
    Gateway(Box<Gateway>) = "Gateway",
    /// HTTPRoute of the Gateway API.
    HttpRoute(Box<GatewayRoute>) = "HTTPRoute",
    /// TLSRoute of the Gateway API.
    TlsRoute(Box<GatewayRoute>) = "TLSRoute",
    /// BackendTLSPolicy of the Gateway API.
    BackendTlsPolicy(Box<BackendTlsPolicy>) = "BackendTLSPolicy",
    /// ReferenceGrant of the Gateway API.
    ReferenceGrant(Box<ReferenceGrant>) = "ReferenceGrant",
    /// Istio's Gateway.
    IstioGateway(Box<IstioGateway>) = "Gateway",
    /// Istio's VirtualService.
    VirtualService(Box<VirtualService>) = "VirtualService",
    /// Istio's DestinationRule.
    DestinationRule(Box<DestinationRule>) = "DestinationRule",
    /// Istio's `ServiceEntry`.
    ServiceEntry(Box<ServiceEntry>) = "ServiceEntry",
    /// cert-manager's Certificate.
    Certificate(Box<Announced>) = "Certificate",
    /// cert-manager's Issuer.
    Issuer(Box<Issuer>) = "Issuer",
    /// cert-manager's ClusterIssuer.
    ClusterIssuer(Box<Issuer>) = "ClusterIssuer",
    /// `ExternalSecret` of the External Secrets Operator.
    ExternalSecret(Box<Fetched>) = "ExternalSecret",
}

/// Traefik's group, and that of Traefik 2, whose objects 2.10 and 2.11 pass over where both are there.
const TRAEFIK: [&str; 2] = ["traefik.io", "traefik.containo.us"];

/// Declares how the content of a kind, or of several with one content, is asked for.
macro_rules! contents {
    ($($name:ident: $content:ty = $($variant:ident)|+, $doc:literal;)*) => {
        impl Resource {
            $(
                #[doc = concat!("Returns what ", $doc, " says.")]
                #[must_use]
                pub fn $name(&self) -> Option<&$content> {
                    match self {
                        $(Self::$variant(content))|+ => Some(content),
                        _ => None,
                    }
                }
            )*
        }
    };
}

contents! {
    service: Service = Service, "a Service";
    workload: Workload = Workload, "a Deployment, DaemonSet or StatefulSet";
    ingress_route: IngressRoute = IngressRoute | IngressRouteTcp, "an IngressRoute or IngressRouteTCP";
    servers_transport: ServersTransport = ServersTransport | ServersTransportTcp, "a ServersTransport or ServersTransportTCP";
    tls_store: TlsStore = TlsStore, "a TLSStore";
    gateway_class: GatewayClass = GatewayClass, "a GatewayClass";
    gateway: Gateway = Gateway, "a Gateway of the Gateway API";
    gateway_route: GatewayRoute = HttpRoute | TlsRoute, "an HTTPRoute or TLSRoute";
    backend_tls_policy: BackendTlsPolicy = BackendTlsPolicy, "a BackendTLSPolicy";
    reference_grant: ReferenceGrant = ReferenceGrant, "a ReferenceGrant";
    istio_gateway: IstioGateway = IstioGateway, "a Gateway of Istio";
    virtual_service: VirtualService = VirtualService, "a VirtualService";
    destination_rule: DestinationRule = DestinationRule, "a DestinationRule";
    service_entry: ServiceEntry = ServiceEntry, "a ServiceEntry";
    certificate: Announced = Certificate, "a Certificate of cert-manager";
    issuer: Issuer = Issuer | ClusterIssuer, "an Issuer or ClusterIssuer";
}

static NOTHING: Node = Node {
    value: Value::Null,
    at: At { line: 0, column: 0 },
};

impl Resource {
    fn read(object: &Node, known: &Certificates) -> Option<Self> {
        let kind = object.text_of("kind")?;
        let group = match object.text_of("apiVersion") {
            Some(version) => version.split_once('/').map_or("", |(group, _)| group),
            // What people cut out of a manifest has none.
            None => match kind {
                "SealedSecret" => "bitnami.com",
                "Secret" | "ConfigMap" | "Service" => "",
                _ => TRAEFIK[0],
            },
        };
        let name = object.at_path(&["metadata", "name"]).and_then(Node::text);
        let spec = object.get("spec").unwrap_or(&NOTHING);
        Some(match (group, kind) {
            ("", "Secret") => Self::Secret(Arc::new(Data::of_secret(object, known))),
            ("bitnami.com", "SealedSecret") => Self::Secret(Arc::new(Data::of_sealed(spec, known))),
            ("", "ConfigMap") => Self::ConfigMap(Arc::new(Data::of_config_map(object, known))),
            ("", "Service") => Self::Service(Box::new(Service::of(
                object,
                spec,
                name.unwrap_or_default(),
            ))),
            ("apps", "Deployment" | "DaemonSet" | "StatefulSet") => {
                Self::Workload(Box::new(Workload::of(spec)))
            }
            ("networking.k8s.io", "Ingress") => Self::Ingress(Box::new(Ingress::of(object, spec))),
            (group, kind) if TRAEFIK.contains(&group) => match kind {
                "IngressRoute" => Self::IngressRoute(Box::new(IngressRoute::of(spec))),
                "IngressRouteTCP" => Self::IngressRouteTcp(Box::new(IngressRoute::of(spec))),
                "ServersTransport" => {
                    Self::ServersTransport(Box::new(ServersTransport::of(spec, false)))
                }
                "ServersTransportTCP" => {
                    Self::ServersTransportTcp(Box::new(ServersTransport::of(spec, true)))
                }
                "TraefikService" => Self::TraefikService(Box::new(TraefikService::of(spec))),
                "Middleware" => Self::Middleware(Box::new(Middleware::of(spec))),
                "TLSOption" => Self::TlsOption(Box::new(TlsOption::of(spec))),
                "TLSStore" => Self::TlsStore(Box::new(TlsStore::of(spec))),
                _ => return None,
            },
            ("gateway.networking.k8s.io", kind) => match kind {
                "GatewayClass" => Self::GatewayClass(Box::new(GatewayClass::of(spec))),
                "Gateway" => Self::Gateway(Box::new(Gateway::of(spec))),
                "HTTPRoute" => Self::HttpRoute(Box::new(GatewayRoute::of(spec))),
                "TLSRoute" => Self::TlsRoute(Box::new(GatewayRoute::of(spec))),
                "BackendTLSPolicy" => Self::BackendTlsPolicy(Box::new(BackendTlsPolicy::of(spec))),
                "ReferenceGrant" => Self::ReferenceGrant(Box::new(ReferenceGrant::of(spec))),
                _ => return None,
            },
            ("networking.istio.io", kind) => match kind {
                "Gateway" => Self::IstioGateway(Box::new(IstioGateway::of(spec))),
                "VirtualService" => Self::VirtualService(Box::new(VirtualService::of(spec))),
                "ServiceEntry" => Self::ServiceEntry(Box::new(ServiceEntry::of(spec))),
                "DestinationRule" => Self::DestinationRule(Box::new(DestinationRule::of(spec))),
                _ => return None,
            },
            ("cert-manager.io", "Certificate") => {
                Self::Certificate(Box::new(Announced::of(object, spec)))
            }
            ("cert-manager.io", "Issuer") => Self::Issuer(Box::new(Issuer::of(spec))),
            ("cert-manager.io", "ClusterIssuer") => Self::ClusterIssuer(Box::new(Issuer::of(spec))),
            ("external-secrets.io", "ExternalSecret") => {
                let fetched = Fetched::of(spec, name.unwrap_or_default());
                Self::ExternalSecret(Box::new(fetched))
            }
            _ => return None,
        })
    }
}

/// An object of a kind that is read.
#[derive(Debug, Clone)]
pub struct Object {
    /// What it says.
    pub resource: Resource,
    /// Where it is looked up.
    pub scope: Scope,
    /// `metadata.name`.
    pub name: String,
    /// The file of its manifest.
    pub file: Arc<str>,
    /// Its place in the file.
    pub at: At,
    /// Its place among all objects that were read, for whoever keeps more of them.
    pub number: usize,
    /// Whether it is of Traefik's group of before 3.0.
    is_old: bool,
}

impl Object {
    /// Reads an object; nothing if its kind is not read.
    #[must_use]
    pub fn read(node: &Node, file: &Arc<str>, known: &Certificates) -> Option<Self> {
        let metadata = |key| node.at_path(&["metadata", key]).and_then(Node::text);
        let version = node.text_of("apiVersion").unwrap_or_default();
        Some(Self {
            resource: Resource::read(node, known)?,
            scope: match metadata("namespace").filter(|name| !name.is_empty()) {
                Some(namespace) => Scope::Namespace(namespace.to_owned()),
                None => Scope::beside(file),
            },
            name: metadata("name").unwrap_or_default().to_owned(),
            file: Arc::clone(file),
            at: node.at,
            number: 0,
            is_old: version.starts_with(TRAEFIK[1]),
        })
    }

    /// Takes the Service of a load balancer that Traefik's chart makes of values; nothing if the document is something
    /// else, or asks for none.
    pub(crate) fn of_chart_values(node: &Node, file: &Arc<str>) -> Option<Self> {
        let (annotations, spec) = Some(node)
            .filter(|node| is_values(node))
            .and_then(balancer)?;
        let service = Service::of_chart_values(annotations, spec);
        Some(Self {
            resource: Resource::Service(Box::new(service)),
            scope: Scope::beside(file),
            name: RELEASE.to_owned(),
            file: Arc::clone(file),
            at: node.at,
            number: 0,
            is_old: false,
        })
    }

    /// Returns what a Secret or ConfigMap holds.
    #[must_use]
    pub fn data(&self) -> Option<&Data> {
        match &self.resource {
            Resource::Secret(data) | Resource::ConfigMap(data) => Some(data),
            _ => None,
        }
    }

    /// Lets the texts of a Secret or ConfigMap go that are certificates and nothing else.
    pub(crate) fn forget_certificate_texts(&mut self) {
        if let Resource::Secret(data) | Resource::ConfigMap(data) = &mut self.resource {
            Arc::make_mut(data).forget_certificate_texts();
        }
    }

    /// Sets its place among all objects that were read.
    #[must_use]
    pub fn numbered(mut self, number: usize) -> Self {
        self.number = number;
        self
    }

    /// Puts it in another namespace than it names; an empty one is not known.
    pub(crate) fn move_to(&mut self, namespace: &str) {
        self.scope = if namespace.is_empty() {
            Scope::beside(&self.file)
        } else {
            Scope::Namespace(namespace.to_owned())
        };
    }

    /// Returns its kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.resource.kind()
    }

    /// Sets the place of a fault to a position of its manifest.
    #[must_use]
    pub fn fault(&self, fault: Fault, at: At) -> Fault {
        fault.at(at.place(&self.file))
    }
}

impl fmt::Display for Object {
    /// Names it: `IngressRoute paroisse-a/ingressproxy`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.kind().as_str())?;
        if let Some(namespace) = self.scope.namespace() {
            write!(f, "{namespace}/")?;
        }
        f.write_str(&self.name)
    }
}

/// All objects, found by kind, scope and name.
#[derive(Debug, Default)]
pub struct Cluster {
    objects: Vec<Object>,
    /// The namespaces that kustomizations give, by their directory.
    kustomizations: BTreeMap<String, String>,
    homes: Homes,
    /// By kind and name, those of one name in the order of their scopes: in a fleet each instance has all names.
    by_name: BTreeMap<Kind, BTreeMap<String, Namesakes>>,
    /// Objects whose names Traefik writes otherwise, by kind and how it does.
    respelt: BTreeMap<(Kind, String), Vec<usize>>,
}

/// The objects of one kind and name.
#[derive(Debug, Default)]
struct Namesakes {
    /// In the order of their scopes.
    by_scope: Vec<usize>,
    /// The first in the order of all objects.
    first: Option<usize>,
    /// The first whose namespace is known.
    named: Option<usize>,
    /// The first of another namespace than that.
    elsewhere: Option<usize>,
}

impl Cluster {
    /// Puts the objects in order. Each of `kustomizations` is a directory and the namespace that its `kustomization.yaml`
    /// gives to all that it takes.
    #[must_use]
    pub fn new(mut objects: Vec<Object>, kustomizations: BTreeMap<String, String>) -> Self {
        drop_superseded(&mut objects);
        for object in &mut objects {
            object.scope.take_namespace(&kustomizations);
        }
        // Workloads are of several kinds, each with names of its own.
        let of_one_kind = objects
            .iter()
            .filter(|object| object.kind() != Kind::Workload);
        let homes = Homes::of(of_one_kind.map(|object| {
            (
                object.kind().as_str(),
                object.name.as_str(),
                &object.scope,
                &*object.file,
            )
        }));
        let mut by_name: BTreeMap<Kind, BTreeMap<String, Namesakes>> = BTreeMap::new();
        let mut respelt: BTreeMap<(Kind, String), Vec<usize>> = BTreeMap::new();
        for (number, object) in objects.iter_mut().enumerate() {
            homes.settle(&mut object.scope, &object.file);
            if let Resource::Service(service) = &mut object.resource
                && let Some(balancer) = &mut service.balancer
            {
                balancer.namespace = object.scope.namespace().map(str::to_owned);
            }
            if is_joined(object.kind().as_str()) && !is_normal(&object.name) {
                let key = (object.kind(), normal(&object.name));
                respelt.entry(key).or_default().push(number);
            }
            let names = by_name.entry(object.kind()).or_default();
            let namesakes = names.entry(object.name.clone()).or_default();
            namesakes.by_scope.push(number);
        }
        for namesakes in by_name.values_mut().flat_map(BTreeMap::values_mut) {
            namesakes.sort(&objects);
        }
        Self {
            objects,
            kustomizations,
            homes,
            by_name,
            respelt,
        }
    }

    /// Returns all objects, in their order.
    #[must_use]
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// Returns all objects, in their order, for who is done with the rest.
    #[must_use]
    pub fn into_objects(self) -> Vec<Object> {
        self.objects
    }

    /// Finds an object by its place among all that were read.
    #[must_use]
    pub fn numbered(&self, number: usize) -> Option<&Object> {
        let found = self
            .objects
            .binary_search_by_key(&number, |object| object.number);
        Some(&self.objects[found.ok()?])
    }

    /// Returns the objects of a kind, in their order.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Object> {
        self.numbers(kind).map(|number| &self.objects[number])
    }

    fn numbers(&self, kind: Kind) -> impl Iterator<Item = usize> {
        let names = self.by_name.get(&kind).into_iter().flatten();
        let mut numbers: Vec<usize> = names.flat_map(|(_, all)| &all.by_scope).copied().collect();
        numbers.sort_unstable();
        numbers.into_iter()
    }

    /// Finds an object by kind, scope and name. Where none of the scope has the name, the only one does whose namespace is
    /// not said; and to who says no namespace, the only one at all.
    #[must_use]
    pub fn find(&self, kind: Kind, scope: &Scope, name: &str) -> Option<&Object> {
        let numbers = &self.by_name.get(&kind)?.get(name)?.by_scope;
        let scope_of = |number: &usize| &self.objects[*number].scope;
        let first = numbers.partition_point(|number| scope_of(number) < scope);
        let own = numbers
            .get(first)
            .filter(|number| scope_of(number) == scope);
        let found = own.or_else(|| {
            let others = match scope {
                // Those whose namespace is not known come last.
                Scope::Namespace(_) => {
                    let is_known = |number: &usize| scope_of(number).namespace().is_some();
                    &numbers[numbers.partition_point(is_known)..]
                }
                Scope::Beside(_) => numbers,
            };
            others.first().filter(|_| others.len() == 1)
        });
        Some(&self.objects[*found?])
    }

    /// Finds an object of one of Traefik's kinds as Traefik does, by a name without `@`.
    #[must_use]
    pub fn find_as_traefik(
        &self,
        naming: Naming,
        kind: Kind,
        scope: &Scope,
        name: &str,
    ) -> Option<&Object> {
        let namespace = scope.namespace().unwrap_or_default();
        let of_name = |name: &str| self.find(kind, scope, name);
        naming.find(kind.as_str(), namespace, name, of_name, |wanted| {
            let respelt = self.respelt.get(&(kind, wanted.to_owned()))?;
            let mut respelt = respelt.iter().map(|number| &self.objects[*number]);
            respelt.find(|object| object.scope == *scope)
        })
    }

    /// Finds an object of a kind that has no namespace.
    #[must_use]
    pub fn find_anywhere(&self, kind: Kind, name: &str) -> Option<&Object> {
        let namesakes = self.by_name.get(&kind)?.get(name)?;
        Some(&self.objects[namesakes.first?])
    }

    /// Returns a namespace other than the one of a scope that has an object of the kind and name.
    #[must_use]
    pub fn elsewhere(&self, kind: Kind, scope: &Scope, name: &str) -> Option<&str> {
        let namesakes = self.by_name.get(&kind)?.get(name)?;
        let mut candidates = [namesakes.named, namesakes.elsewhere].into_iter().flatten();
        let found = candidates.find(|number| self.objects[*number].scope.differs_from(scope));
        self.objects[found?].scope.namespace()
    }

    /// Returns the namespace of the first object of the kind and name whose namespace is known.
    #[must_use]
    pub fn anywhere(&self, kind: Kind, name: &str) -> Option<&str> {
        let namesakes = self.by_name.get(&kind)?.get(name)?;
        self.objects[namesakes.named?].scope.namespace()
    }

    /// Returns the scope of what a file has, with or without a namespace.
    #[must_use]
    pub fn scope(&self, namespace: Option<&str>, file: &str) -> Scope {
        if let Some(namespace) = namespace {
            return Scope::Namespace(namespace.to_owned());
        }
        let mut scope = Scope::beside(file);
        scope.take_namespace(&self.kustomizations);
        self.homes.settle(&mut scope, file);
        scope
    }

    /// Returns what a Secret or ConfigMap holds, if it is there.
    #[must_use]
    pub fn data(&self, kind: Kind, scope: &Scope, name: &str) -> Option<&Data> {
        self.find(kind, scope, name)?.data()
    }
}

impl Namesakes {
    /// Puts them in the order of their scopes; they are in that of all objects.
    fn sort(&mut self, objects: &[Object]) {
        let scope = |number: &usize| &objects[*number].scope;
        let mut named = self.by_scope.iter();
        self.first = self.by_scope.first().copied();
        self.named = named
            .find(|number| scope(number).namespace().is_some())
            .copied();
        self.elsewhere = self.named.and_then(|known| {
            let is_other = |number: &&usize| scope(number).differs_from(scope(&known));
            named.find(is_other).copied()
        });
        self.by_scope
            .sort_by(|one, other| scope(one).cmp(scope(other)));
    }
}

/// Drops objects of Traefik's old group where the new group has them too.
fn drop_superseded(objects: &mut Vec<Object>) {
    if !objects.iter().any(|object| object.is_old) {
        return;
    }
    let key = |object: &Object| (object.kind(), object.scope.clone(), object.name.clone());
    let new: std::collections::BTreeSet<_> = objects
        .iter()
        .filter(|object| !object.is_old)
        .map(key)
        .collect();
    objects.retain(|object| !object.is_old || !new.contains(&key(object)));
}

#[cfg(test)]
impl Cluster {
    /// Reads the objects of a text that has no fault.
    pub(crate) fn of_text(text: &str) -> Self {
        let known = Certificates::default();
        let documents = crate::yaml::read_all(text, "m.yaml").unwrap();
        let objects = documents.iter();
        let objects = objects.filter_map(|node| Object::read(node, &"m.yaml".into(), &known));
        Self::new(objects.collect(), BTreeMap::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_of_traefiks_old_group_count_where_the_new_one_has_none() {
        let route = |group: &str, host: &str| {
            format!(
                "apiVersion: {group}/v1alpha1\nkind: IngressRoute\nmetadata: {{name: r}}\nspec: {{entryPoints: [{host}]}}\n---\n"
            )
        };
        let points = |text: &str| -> Vec<String> {
            let cluster = Cluster::of_text(text);
            let routes = cluster.of(Kind::IngressRoute);
            let routes = routes.filter_map(|object| object.resource.ingress_route());
            routes
                .flat_map(|route| route.entry_points.clone())
                .collect()
        };
        let (old, new) = (
            route("traefik.containo.us", "old"),
            route("traefik.io", "new"),
        );
        assert_eq!(points(&old), ["old"]);
        assert_eq!(points(&format!("{old}{new}")), ["new"]);
        assert_eq!(points(&route("contour.heptio.com", "other")), [""; 0]);
    }

    #[test]
    fn an_object_is_that_of_the_scope_else_the_only_one_that_may_be_meant() {
        let services = |homes: &[(&str, &str)]| {
            let known = Certificates::default();
            let read = |(file, namespace): &(&str, &str)| {
                let text =
                    format!("kind: Service\nmetadata: {{name: s, namespace: '{namespace}'}}\n");
                let node = crate::yaml::read(&text, file).unwrap();
                Object::read(&node, &(*file).into(), &known).unwrap()
            };
            Cluster::new(homes.iter().map(read).collect(), BTreeMap::new())
        };
        let found = |homes: &[(&str, &str)], scope: &Scope| {
            let cluster = services(homes);
            let found = cluster.find(Kind::Service, scope, "s");
            found.map(|object| object.scope.label().to_owned())
        };
        let (b, beside) = (Scope::Namespace("b".to_owned()), Scope::beside("x/r.yaml"));
        let named = [("1", "c"), ("2", "b"), ("3", "a")];
        assert_eq!(found(&named, &b).as_deref(), Some("b"));
        assert_eq!(found(&named[..1], &b), None);
        assert_eq!(found(&named, &beside), None);
        assert_eq!(found(&named[..1], &beside).as_deref(), Some("c"));
        let mut mixed = vec![("1", "c"), ("y/2", "")];
        assert_eq!(found(&mixed, &b).as_deref(), Some("y"));
        assert_eq!(found(&mixed, &beside), None);
        mixed.push(("z/3", ""));
        assert_eq!(found(&mixed, &b), None);
        mixed.push(("x/4", ""));
        assert_eq!(found(&mixed, &beside).as_deref(), Some("x"));
    }
}
