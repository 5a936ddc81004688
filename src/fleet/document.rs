//! The keys of the fleet file. The comments are the descriptions in its JSON Schema.
#![expect(
    clippy::doc_markdown,
    reason = "the comments are descriptions: editors show backticks as they are"
)]

use super::leaf::{
    Address, ApiVersion, ChallengeWord, DnsMode, FleetKind, FrontMode, IngressKind, IngressRelease,
    InstanceKind, Interval, Mode, NamesWord, Overlap, Pattern, RemoteKey, SourceKind, StoreKind,
};
use super::placeholder;
use super::{CaCustody, Layout, SealingScope};
use crate::chart::ChartMajor;
use crate::cidr::Cidr;
use crate::dns::external_dns::Policy;
use crate::duration::TraefikDuration;
use crate::fault::Fault;
use crate::load_balancer::BalancerKind;
use crate::name::{DnsName, Namespace, ObjectName};
use crate::path::expand::TopologyName;
use crate::path::hop::ProxyVersion;
use crate::pki::KeyType;
use crate::pki::issue::Organization;
use crate::record::leaf::{Count, Days, LeafList, Map, Switch, TextLine};
use crate::record::{Cell, Given, Part, PartReader, record, unknown_key};
use crate::release::Release;
use crate::values::Layers;
use crate::yaml::{Key, Node, Value};

record! {
    /// The Civiparoisse instances of a cluster, for civi-ingress.
    FleetDocument {
        /// Version of this format.
        api_version: ApiVersion = "apiVersion", required;
        /// What this document is.
        kind: FleetKind = "kind", required;
        /// Name of the fleet.
        metadata: Metadata<ObjectName> = "metadata", required;
        /// What the fleet is.
        spec: Spec = "spec", required;
    }
}

record! {
    /// One instance, in a file of its own.
    InstanceDocument {
        /// Version of this format.
        api_version: ApiVersion = "apiVersion", required;
        /// What this document is.
        kind: InstanceKind = "kind", required;
        /// Name of the instance.
        metadata: Metadata<TextLine> = "metadata", required;
        /// Its settings.
        spec: SettingsPart = "spec";
    }
}

record! {
    /// The fleet.
    Spec {
        /// The domain that the instances' hosts are under.
        domain: DnsName = "domain", required;
        /// Glob patterns of further files: documents of kind Instance, or CSV.
        include: LeafList<TextLine> = "include";
        /// The way that requests take to the instances [default: direct].
        topology: TopologyName = "topology";
        /// The load balancer before Traefik, where the topology has one.
        load_balancer: LoadBalancerPart = "loadBalancer";
        /// The ingress that serves the instances.
        ingress: IngressPart = "ingress";
        /// The Traefik that serves the instances: a short form of ingress.
        traefik: Traefik = "traefik";
        /// How secrets are kept.
        secrets: SecretsPart = "secrets";
        /// A directory for each instance, or all files in one [default: instance].
        layout: Layout = "layout";
        /// Number of parts that the instances are divided into.
        shards: Count<1, 65_535> = "shards";
        /// The certificate that browsers see, and where it comes from [default: this program issues one for *.DOMAIN].
        public_certificate: FrontPart = "publicCertificate";
        /// The certificate that browsers see, issued by this program, or false for none: a short form of publicCertificate.
        wildcard: Switch<WildcardPart> = "wildcard";
        /// How the hosts of the instances get into the DNS.
        dns: DnsPart = "dns";
        /// Settings of an Argo CD ApplicationSet.
        argo_cd: ArgoCdPart = "argocd";
        /// Settings of a Flux Kustomization.
        flux: FluxPart = "flux";
        /// Settings of all instances.
        defaults: FleetLevel = "defaults";
        /// Settings by name, between the defaults and those of an instance that names them.
        profiles: Map<FleetLevel> = "profiles";
        /// The instances by their id.
        instances: Instances = "instances";
    }
}

record! {
    /// The Traefik that serves the instances.
    Traefik {
        /// Traefik's release, 2.9 to 3.x, in quotes [default: 3.7].
        version: Release = "version";
        /// Major version of Traefik's Helm chart, 20 to 41 [default: 41].
        chart: ChartMajor = "chart";
        /// Whether Traefik's fast proxy is used, experimental, which waits as long as dialTimeout for the TLS handshake with a busy httpd, not 10 s.
        fast_proxy: bool = "fastProxy";
        /// Traefik's entry points [default: websecure].
        entry_points: LeafList<TextLine> = "entryPoints";
    }
}

record! {
    /// The ingress that serves the instances.
    IngressPart {
        /// Its kind [default: traefik].
        kind: IngressKind = "kind";
        /// Its release, in quotes: of Traefik 2.9 to 3.x [default: 3.7], for gateway-api that of the Gateway API, 1.4 to 1.7 [default: 1.6], for istio that of Istio, 1.22 to 1.32 [default: 1.31].
        release: IngressRelease = "release";
        /// Major version of its Helm chart, for Traefik 20 to 41 [default: 41].
        chart: ChartMajor = "chart";
        /// Namespace of its pods [default: traefik].
        namespace: Namespace = "namespace";
        /// Whether Traefik's fast proxy is used, experimental, which waits as long as dialTimeout for the TLS handshake with a busy httpd, not 10 s.
        fast_proxy: bool = "fastProxy";
        /// Its entry points [default: websecure].
        entry_points: LeafList<TextLine> = "entryPoints";
        /// The Gateway of the instances, for gateway-api and istio.
        gateway: SharedGatewayPart = "gateway";
        /// Directory where Traefik finds its files, for traefik-file [default: /etc/traefik].
        directory: TextLine = "directory";
    }
}

record! {
    /// The Gateway of the instances.
    SharedGatewayPart {
        /// Its namespace, with the Secret of the certificate that browsers see [default: traefik, for istio, of which it is that of the pods too, istio-ingress].
        namespace: Namespace = "namespace";
        /// Its name [default: web].
        name: ObjectName = "name";
        /// Name of its GatewayClass, for gateway-api [default: traefik].
        class_name: ObjectName = "className";
        /// Port of its listeners, for gateway-api: that of the entry point of Traefik, in its pods [default: 8443].
        port: Count<1, 65_535> = "port";
        /// Labels of the pods of the gateway, for istio [default: istio: ingressgateway].
        selector: Map<TextLine> = "selector";
    }
}

record! {
    /// The load balancer before Traefik.
    LoadBalancerPart {
        /// Its kind.
        kind: BalancerKind = "kind", required;
        /// Where its connections come from: addresses or ranges whose word on a browser's address counts.
        trusted: LeafList<Cidr> = "trusted";
        /// Version of the PROXY protocol that it sends [default: v2].
        proxy_protocol: ProxyVersion = "proxyProtocol";
        /// Address at which browsers find it, where it is to keep one.
        address: Address = "address";
        /// Addresses of the nodes that run Traefik, for a load balancer that no Service of the cluster asks for.
        nodes: LeafList<Address> = "nodes";
    }
}

record! {
    /// How secrets are kept.
    SecretsPart {
        /// Made by this program and kept in the tree: in clear text, encrypted by sops, or sealed for a controller; or made in the cluster by cert-manager, or fetched from a store [default: sops].
        mode: Mode = "mode";
        /// Where certificates are made, too, and trusted, though not shown: for the time of a move to or from cert-manager.
        beside: Mode = "beside";
        /// Recipients of mode sops [default: those of .sops.yaml].
        recipients: LeafList<TextLine> = "recipients";
        /// Path of the controller's certificate in mode sealed, from the fleet file.
        sealing_certificate: TextLine = "sealingCertificate";
        /// What a SealedSecret is bound to [default: strict].
        scope: SealingScope = "scope";
        /// Where Secrets are fetched from in mode external.
        store: StorePart = "store";
        /// How the store calls a Secret; may use {namespace} and {secret} [default: {namespace}/{secret}].
        remote_key: RemoteKey = "remoteKey";
        /// How often the store is asked [default: 1h].
        refresh_interval: Interval = "refreshInterval";
    }
}

record! {
    /// A store of the External Secrets Operator.
    StorePart {
        /// Its name.
        name: ObjectName = "name", required;
        /// Its kind [default: ClusterSecretStore].
        kind: StoreKind = "kind";
    }
}

record! {
    /// The certificate that browsers see, and where it comes from.
    FrontPart {
        /// Whether this program issues it, cert-manager asks a CA for it by ACME, it is taken from files, or something else takes care of it.
        mode: FrontMode = "mode", required;
        /// Whether there is one for all hosts below the domain, or one for each instance [default: wildcard].
        names: NamesWord = "names";
        /// Namespace of the Secret and of the TLSStore, where there is one for all [default: default].
        namespace: Namespace = "namespace";
        /// Whether a wildcard covers the domain itself too.
        apex: bool = "apex";
        /// How it is made, in mode own. The defaults of the instances do not count here.
        certificate: CertificatePart = "certificate";
        /// Who is asked, and how, in mode acme.
        acme: AcmePart = "acme";
        /// Where it is, in mode files.
        files: FilesPart = "files";
    }
}

record! {
    /// Files with the certificate that browsers see. Where none is there, what the tree has stays.
    FilesPart {
        /// Path, from the fleet file, of the certificate with the intermediates above it: PEM, DER, or a Secret.
        certificate: TextLine = "certificate", required;
        /// Path of its private key, if that is not in the same file.
        key: TextLine = "key";
    }
}

record! {
    /// Who is asked for the certificate that browsers see, and how.
    AcmePart {
        /// Name of a ClusterIssuer that is there already, in place of all keys but challenge.
        issuer: ObjectName = "issuer";
        /// ACME server: staging or production of Let's Encrypt, or the URL of another one's directory [default: staging].
        server: TextLine = "server";
        /// Address that the CA writes to.
        email: TextLine = "email";
        /// Profile that is asked for, such as tlsserver.
        profile: TextLine = "profile";
        /// How the CA finds out whose the names are: at port 80 of each, or in their zone.
        challenge: ChallengeWord = "challenge", required;
        /// What puts a record into the zone, in the words of cert-manager below dns01.
        solver: Tree = "solver";
        /// Class of the Ingresses that answer at port 80 [default: traefik].
        ingress_class: ObjectName = "ingressClass";
        /// Gateway that answers at port 80, in place of Ingresses.
        gateway: GatewayPart = "gateway";
        /// How long to wait before the CA looks, in place of looking first, where the cluster cannot see itself as the world does.
        wait_instead_of_self_check: TraefikDuration = "waitInsteadOfSelfCheck";
    }
}

record! {
    /// How the hosts of the instances get into the DNS.
    DnsPart {
        /// Who is told of them: external-dns by objects or by annotations, whoever keeps the zone by a file, or nobody.
        mode: DnsMode = "mode", required;
        /// How many seconds an answer may be kept [default: 300].
        ttl: Count<1, 2_147_483_647> = "ttl";
        /// Where they lead: addresses, or one name [default: address of loadBalancer].
        targets: LeafList<TextLine> = "targets";
        /// The external-dns that is told.
        external_dns: ExternalDnsPart = "externalDns";
    }
}

record! {
    /// An external-dns.
    ExternalDnsPart {
        /// Its release, in quotes, such as "0.22".
        release: TextLine = "release";
        /// What it does with records that nothing asks for any more [default: upsert-only].
        policy: Policy = "policy";
    }
}

record! {
    /// A Gateway.
    GatewayPart {
        /// Its namespace.
        namespace: Namespace = "namespace", required;
        /// Its name.
        name: ObjectName = "name", required;
    }
}

record! {
    /// The certificate that browsers see.
    WildcardPart {
        /// Namespace of its Secret and of the TLSStore [default: default].
        namespace: Namespace = "namespace";
        /// How it is made. The defaults of the instances do not count here.
        certificate: CertificatePart = "certificate";
        /// Whether it covers the domain itself too.
        apex: bool = "apex";
    }
}

record! {
    /// Settings of an Argo CD ApplicationSet.
    ArgoCdPart {
        /// The repository with the rendered tree.
        repo_url: TextLine = "repoURL", required;
        /// Branch, tag or commit [default: HEAD].
        revision: TextLine = "revision";
        /// Path of the tree in the repository [default: .].
        path: TextLine = "path";
        /// Argo CD's project [default: default].
        project: TextLine = "project";
        /// Namespace in which Argo CD runs [default: argocd].
        namespace: Namespace = "namespace";
    }
}

record! {
    /// Settings of a Flux Kustomization.
    FluxPart {
        /// Name of the source.
        source: ObjectName = "source", required;
        /// Kind of the source [default: GitRepository].
        source_kind: SourceKind = "sourceKind";
        /// Path of the tree in the source [default: .].
        path: TextLine = "path";
        /// Namespace of the Kustomization and its source [default: flux-system].
        namespace: Namespace = "namespace";
        /// How often it is reconciled [default: 10m].
        interval: Interval = "interval";
        /// Secret with the keys that decrypt what sops encrypted.
        decryption_secret: ObjectName = "decryptionSecret";
    }
}

record! {
    /// Settings of an instance.
    SettingsPart {
        /// The profile that the other settings are laid over.
        profile: TextLine = "profile";
        /// Namespace of an instance's objects; may use {id} and {domain} [default: {id}].
        namespace: Pattern<2> = "namespace";
        /// Host that browsers ask for; may also use {namespace} [default: {id}.{domain}].
        external_host: Pattern<3> = "externalHost";
        /// Additional hosts; may also use {externalHost}.
        aliases: LeafList<Pattern<4>> = "aliases";
        /// Server name of the httpd [default: {externalHost}].
        servername: Pattern<4> = "servername";
        /// The way that requests take to the instance [default: that of the fleet].
        topology: TopologyName = "topology";
        /// Which clients are let in.
        clients: ClientsPart = "clients";
        /// The certificate that the httpd shows to browsers, where Traefik passes their TLS on.
        public_certificate: PublicCertificatePart = "publicCertificate";
        /// Version of the PROXY protocol that tells the httpd where browsers are, where Traefik passes their TLS on, or false [default: v2].
        proxy_protocol: Switch<ProxyVersion> = "proxyProtocol";
        /// Host and port at which a Traefik outside of the cluster reaches the httpd, for traefik-file [default: {namespace}:443].
        httpd_address: Pattern<4> = "httpdAddress";
        /// The part that the instance is kept in, from 0 [default: by its id].
        shard: Count<0, 65_534> = "shard";
        /// How the certificates are made.
        certificate: CertificatePart = "certificate";
        /// How Traefik reaches the httpd.
        servers_transport: TransportPart = "serversTransport";
        /// Objects beyond the chart's four.
        objects: ObjectsPart = "objects";
        /// Values of the Civiparoisse chart, with placeholders.
        helm_values: Values = "helmValues";
    }
}

record! {
    /// Which clients are let in.
    ClientsPart {
        /// Path, from the fleet file, of the CA that must have signed the certificate of a client, as PEM.
        require: TextLine = "require", required;
    }
}

record! {
    /// The certificate that the httpd shows to browsers.
    PublicCertificatePart {
        /// Secret of type kubernetes.io/tls in the namespace of the instance, made by cert-manager or a person.
        secret: ObjectName = "secret", required;
    }
}

record! {
    /// How certificates are made.
    CertificatePart {
        /// Secrets of the CAs that cert-manager keeps in the cluster: the first one signs, all are trusted [default: httpd-ca; for the wildcard: wildcard-ca].
        authorities: LeafList<ObjectName> = "authorities";
        /// What happens to the CA's key: discarded after signing, stored, or given on every run [default: ephemeral; for the wildcard: stored].
        ca: CaCustody = "ca";
        /// Type of the keys [default: p256].
        key: KeyType = "key";
        /// Lifetime of the certificate in days [default: 365].
        days: Days = "days";
        /// Lifetime of the CA in days [default: for an ephemeral CA that of its certificate, else 3650].
        ca_days: Days = "caDays";
        /// How many days before its end the certificate is renewed [default: a third of its lifetime].
        renew_before: Days = "renewBefore";
        /// How many days the previous CA stays trusted [default: until its certificate has ended].
        overlap: Overlap = "overlap";
        /// Organization in the subjects [default: Civiparoisse].
        organization: Organization = "organization";
    }
}

record! {
    /// How Traefik reaches the httpd.
    TransportPart {
        /// Idle connections kept for each host; 0 means Go's 2, -1 none.
        max_idle_conns_per_host: Count<-1, 2_147_483_647> = "maxIdleConnsPerHost";
        /// Time to set up a TCP connection [default: 60s].
        dial_timeout: TraefikDuration = "dialTimeout";
        /// Time until the response's header; 0s for no limit [default: 0s].
        response_header_timeout: TraefikDuration = "responseHeaderTimeout";
        /// Idle time after which an HTTP/2 connection is pinged; 0s for never [default: 0s].
        read_idle_timeout: TraefikDuration = "readIdleTimeout";
        /// Time after which an idle connection is closed [default: 1s].
        idle_conn_timeout: TraefikDuration = "idleConnTimeout";
        /// Whether HTTP/2 to the httpd is off [default: true].
        disable_http2: bool = "disableHTTP2";
    }
}

record! {
    /// Objects beyond the chart's four.
    ObjectsPart {
        /// The Namespace [default: true].
        namespace: bool = "namespace";
        /// The httpd's ConfigMap.
        config_map: bool = "configMap";
        /// A Middleware that makes this many attempts, the first one included.
        retry: Switch<Count<2, 20>> = "retry";
        /// A Middleware that sends Strict-Transport-Security with this max-age in seconds.
        hsts: Switch<Count<0, 4_294_967_295>> = "hsts";
        /// A NetworkPolicy that lets only Traefik reach the httpd.
        network_policy: Switch<NetworkPolicyPart> = "networkPolicy";
        /// A NetworkPolicy that closes everything else in the namespace to other namespaces.
        default_deny: bool = "defaultDeny";
        /// A NetworkPolicy that lets the pods reach only each other, DNS and what is named here.
        egress: Switch<EgressPart> = "egress";
        /// A client certificate for Traefik, and its CA for the httpd.
        client_auth: bool = "clientAuth";
        /// Where Traefik's connections come from, for an httpd that takes browsers' addresses from its X-Forwarded-For.
        remote_ip: LeafList<Cidr> = "remoteIp";
    }
}

record! {
    /// What the pods may reach outside their namespace.
    EgressPart {
        /// Addresses of DNS servers other than those in kube-system and on the node.
        dns: LeafList<Cidr> = "dns";
        /// Addresses of mail servers: ports 25, 465, 587 and 993.
        mail: LeafList<Cidr> = "mail";
        /// Addresses of servers at port 443.
        https: LeafList<Cidr> = "https";
    }
}

record! {
    /// Where Traefik's connections come from.
    NetworkPolicyPart {
        /// Namespace of Traefik's pods [default: traefik].
        traefik_namespace: Namespace = "traefikNamespace";
        /// Labels of Traefik's pods [default: those of its chart].
        traefik_labels: Map<TextLine> = "traefikLabels";
        /// Addresses of the nodes, for a Traefik in their network.
        node_cidrs: LeafList<Cidr> = "nodeCidrs";
    }
}

/// `metadata`.
#[derive(Debug, Clone)]
pub(super) struct Metadata<T> {
    pub(super) name: Given<T>,
}

impl<T: Part> Part for Metadata<T> {
    fn read(node: Node, reader: &mut PartReader) -> Option<Self> {
        let at = node.at;
        let entries = reader.entries(node)?;
        let mut name = None;
        let mut is_missing = true;
        for (key, child) in entries {
            if key.text != "name" {
                reader.refuse::<()>(key.at, unknown_key(&key.text, &["name"]));
            } else if child.value != Value::Null {
                is_missing = false;
                let origin = reader.origin(child.at);
                name = T::read(child, reader).map(|value| Given { value, origin });
            }
        }
        if is_missing {
            reader.missing(at, &["name"]);
        }
        Some(Self { name: name? })
    }
}

/// The instances, each still a tree: ten thousand records would take more room than what comes of them.
#[derive(Debug, Clone)]
pub(super) struct Instances(pub(super) Vec<(Key, Node)>);

impl Part for Instances {
    fn read(node: Node, reader: &mut PartReader) -> Option<Self> {
        reader.entries(node).map(Self)
    }
}

/// Settings of many instances. No profile is laid over another: two levels can be followed, more cannot.
#[derive(Debug, Clone, Default)]
pub(super) struct FleetLevel(pub(super) SettingsPart);

impl Part for FleetLevel {
    fn read(node: Node, reader: &mut PartReader) -> Option<Self> {
        let mut settings = SettingsPart::read(node, reader)?;
        if let Some(given) = settings.profile.take() {
            let fault = Fault::new("`profile` is only for an instance");
            reader.push(
                given.origin,
                fault.help("repeat the settings of that profile here"),
            );
        }
        Some(Self(settings))
    }
}

/// Any mapping, which goes on as it is.
#[derive(Debug, Clone)]
pub(super) struct Tree(pub(super) Node);

impl Part for Tree {
    fn read(node: Node, reader: &mut PartReader) -> Option<Self> {
        let at = node.at;
        let value = Value::Map(reader.entries(node)?);
        Some(Self(Node { value, at }))
    }
}

/// `helmValues`: any mapping.
#[derive(Debug, Clone)]
pub(super) struct Values(pub(super) Node);

/// Values that keys of the fleet file stand for: two ways to say one thing would not agree for long.
const SAID_ELSEWHERE: [(&str, &str); 3] = [
    ("externalhost", "externalHost"),
    ("servername", "servername"),
    ("serverstransport", "serversTransport"),
];

impl Part for Values {
    fn read(node: Node, reader: &mut PartReader) -> Option<Self> {
        let at = node.at;
        let mut entries = reader.entries(node)?;
        let before = reader.count();
        entries.retain(|(key, _)| {
            let meant = SAID_ELSEWHERE.iter().find(|(name, _)| *name == key.text);
            if let Some((_, meant)) = meant {
                let fault = Fault::new(format!("`helmValues.{}` cannot be set here", key.text));
                let help = format!("write `{meant}` next to `helmValues`");
                reader.refuse::<()>(key.at, fault.help(help));
            }
            meant.is_none()
        });
        let value = Value::Map(entries);
        let node = Node { value, at };
        check_strings(&node, reader);
        if reader.count() == before {
            check_values(&node, reader);
        }
        // What is wrong here must not be reported again wherever it is merged.
        (reader.count() == before).then_some(Self(node))
    }

    fn fill(&mut self, base: &Self) {
        merge(&mut self.0, &base.0);
    }

    fn cell(path: &[&str]) -> Result<Cell, Fault> {
        match path {
            [] => Err(Fault::new("the column names a mapping")
                .help("name one of the chart's values below it, with a dot between them")),
            _ => Ok(Cell::Single),
        }
    }
}

/// Refuses strings whose placeholders are unknown, and what readers disagree on.
fn check_strings(node: &Node, reader: &mut PartReader) {
    match &node.value {
        Value::Text(text) => {
            reader.keep(node.at, placeholder::check(text, &placeholder::NAMES));
        }
        Value::Ambiguous(_) => {
            let fault = crate::values::wrong_type(&node.value, "the value", "");
            reader.refuse::<()>(node.at, fault);
        }
        Value::List(items) => items.iter().for_each(|item| check_strings(item, reader)),
        Value::Map(entries) => {
            for (_, child) in entries {
                check_strings(child, reader);
            }
        }
        _ => {}
    }
}

/// Refuses what the chart's values file may not say either.
fn check_values(node: &Node, reader: &mut PartReader) {
    let mut sample = node.clone();
    // Any names will do: only types and forms are checked here.
    let names = placeholder::PlaceholderNames(["a", "example.org", "a", "a.example.org"]);
    placeholder::expand_tree(&mut sample, names);
    let mut layers = Layers::default();
    let result = layers.add_file("", &sample).map_err(|fault| vec![fault]);
    if let Err(faults) = result.and_then(|()| layers.settings().map(drop)) {
        for mut fault in faults {
            fault.what = fault
                .what
                .replace("unknown key `", "unknown key `helmValues.");
            reader.extend(vec![fault]);
        }
    }
}

/// Takes over from `base` what `own` does not say; mappings merge, all else is replaced.
pub(super) fn merge(own: &mut Node, base: &Node) {
    let (Value::Map(entries), Value::Map(others)) = (&mut own.value, &base.value) else {
        return;
    };
    for (key, other) in others {
        match entries.iter_mut().find(|(known, _)| known.text == key.text) {
            Some((_, child)) => merge(child, other),
            None => entries.push((key.clone(), other.clone())),
        }
    }
}
