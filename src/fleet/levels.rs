//! `defaults` and profiles: what the instances that follow them share, worked out once.

use super::arrival::SharedWay;
use super::document::{FleetLevel, SettingsPart};
use super::placeholder::PlaceholderNames;
use super::{
    CaCustody, CertificateSource, FrontCertificate, FrontNames, HelmValues, Keys, Terms, terms,
};
use crate::civiparoisse::{HTTPD_CA_SECRET, PUBLIC_SECRET};
use crate::dns::Dns;
use crate::fault::{Fault, did_you_mean};
use crate::instance::{Asked, Extras, Instance};
use crate::name::{DnsName, Namespace, ObjectName};
use crate::outside::traefik;
use crate::path::expand::TopologyName;
use crate::path::shared_gateway::Unsayable;
use crate::path::shared_istio::{AnyGateway, SharedIstio};
use crate::record::leaf::TextLine;
use crate::record::{Given, PartReader, ValueOrigin};
use crate::values::Settings;
use crate::yaml::Node;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

/// `defaults`, and the profiles laid over them.
pub(super) struct Levels {
    shared: Shared,
    /// By the profile's name; `defaults` alone by none.
    parts: BTreeMap<Option<String>, SettingsPart>,
    /// What was worked out of them.
    bases: BTreeMap<Option<String>, Rc<Base>>,
    /// The files that `clients` names, and where it does so first.
    client_files: BTreeMap<String, ValueOrigin>,
    /// Places that were reported: once is enough for all instances.
    said: BTreeSet<ValueOrigin>,
}

/// What all instances share.
pub(super) struct Shared {
    /// Who makes keys; nothing if that is wrong.
    pub(super) keys: Option<Keys>,
    /// Traefik's entry points.
    pub(super) entry_points: Vec<String>,
    /// The way that requests take.
    pub(super) way: SharedWay,
    /// Namespace of Traefik's pods, if the fleet names it.
    pub(super) traefik_namespace: Option<Namespace>,
    /// The gateway that the instances share, where their objects are attached to one.
    pub(super) gateway: Option<AnyGateway>,
    /// Whether Traefik is told everything by files.
    pub(super) files: bool,
    /// Who is asked for a certificate for each instance.
    pub(super) asked: Option<SharedAsked>,
    /// Who is told of the hosts of each instance.
    pub(super) dns: Option<Arc<Dns>>,
}

/// Who is asked for a certificate for each instance.
#[derive(Debug)]
pub(super) struct SharedAsked {
    /// The `ClusterIssuer`.
    issuer: ObjectName,
    /// Whether the CA asks at port 80.
    is_by_http: bool,
}

impl SharedAsked {
    /// Takes it from what the fleet says of the certificate that browsers see.
    pub(super) fn of(front: &FrontCertificate) -> Option<Self> {
        match (&front.source, front.names) {
            (
                CertificateSource::Acme {
                    asked, is_by_http, ..
                },
                FrontNames::Instances,
            ) => Some(Self {
                issuer: asked.clone(),
                is_by_http: *is_by_http,
            }),
            _ => None,
        }
    }

    /// Returns what is asked for an instance, whose Secret may have a name of its own.
    fn for_instance(&self, secret: Option<ObjectName>) -> Asked {
        let usual = || ObjectName::parse(PUBLIC_SECRET).expect("the name is valid");
        Asked {
            issuer: self.issuer.clone(),
            secret: secret.unwrap_or_else(usual),
            answers_here: self.is_by_http,
            since: None,
        }
    }
}

/// What the members of one profile share.
#[derive(Debug)]
pub(super) struct Base {
    /// The settings but for `helmValues`.
    pub(super) level: SettingsPart,
    /// `helmValues`.
    values: Option<Arc<Node>>,
    /// Nothing if they depend on an instance's names.
    terms: Option<Arc<Terms>>,
}

impl Levels {
    pub(super) fn new(
        FleetLevel(defaults): FleetLevel,
        profiles: Vec<(String, FleetLevel)>,
        shared: Shared,
    ) -> Self {
        let profiles = profiles.into_iter();
        let profiles = profiles
            .map(|(name, FleetLevel(profile))| (Some(name), terms::over(&profile, &defaults)));
        let mut parts: BTreeMap<Option<String>, SettingsPart> = profiles.collect();
        parts.insert(None, defaults);
        Self {
            shared,
            parts,
            bases: BTreeMap::new(),
            client_files: BTreeMap::new(),
            said: BTreeSet::new(),
        }
    }

    /// Checks `defaults` and the profiles even where no instance follows them.
    pub(super) fn check(&mut self, reader: &mut PartReader) {
        let names: Vec<Option<String>> = self.parts.keys().cloned().collect();
        for name in names {
            self.base(name, reader);
        }
    }

    /// Returns what the instances of a profile share, or notes that there is no such profile.
    pub(super) fn of(
        &mut self,
        profile: Option<&Given<TextLine>>,
        reader: &mut PartReader,
    ) -> Option<Rc<Base>> {
        let base = self.base(profile.map(|given| given.value.0.clone()), reader);
        if let (None, Some(given)) = (&base, profile) {
            let fault = self.unknown_profile(&given.value);
            reader.push(given.origin, fault);
        }
        base
    }

    fn unknown_profile(&self, TextLine(name): &TextLine) -> Fault {
        let fault = Fault::new(format!("there is no profile `{}`", name.escape_debug()));
        let known = || self.parts.keys().flatten().map(String::as_str);
        match did_you_mean(name, known()) {
            Some(meant) => fault.help(format!("did you mean `{}`?", meant.escape_debug())),
            None if known().next().is_none() => fault.help("define it under `spec.profiles`"),
            None => {
                let names = known().take(10).map(|name| name.escape_debug().to_string());
                let names: Vec<String> = names.collect();
                fault.help(format!("the profiles are {}", names.join(", ")))
            }
        }
    }

    /// Works out what the members of a profile share.
    fn base(&mut self, key: Option<String>, reader: &mut PartReader) -> Option<Rc<Base>> {
        if let Some(base) = self.bases.get(&key) {
            return Some(base.clone());
        }
        let mut level = self.parts.get(&key)?.clone();
        let helm_values = level.helm_values.take();
        let origin = helm_values
            .as_ref()
            .map_or(ValueOrigin::NONE, |given| given.origin);
        let values = terms::tree(helm_values).map(Arc::new);
        let names = PlaceholderNames(["a", "example.org", "a", "a.example.org"]);
        let layers: Vec<&Node> = values.as_deref().into_iter().collect();
        let is_personal = layers
            .iter()
            .any(|node| terms::concerns_settings(node, true));
        let made = self.terms(&level, &layers, None, names, origin, reader);
        let shared = HelmValues {
            shared: values.clone(),
            own: None,
        };
        let terms = Arc::new(Terms {
            values: shared,
            ..made
        });
        let base = Rc::new(Base {
            level,
            terms: Some(terms).filter(|_| !is_personal),
            values,
        });
        self.bases.insert(key, base.clone());
        Some(base)
    }

    /// Works out the terms of one instance, or gives those that it shares.
    pub(super) fn member(
        &mut self,
        mut own: SettingsPart,
        base: &Base,
        names: PlaceholderNames<'_>,
        origin: ValueOrigin,
        reader: &mut PartReader,
    ) -> Arc<Terms> {
        let values = own.helm_values.take().map(|given| given.value.0);
        let is_shared = own.certificate.is_none()
            && own.topology.is_none()
            && own.public_certificate.is_none()
            && own.clients.is_none()
            && own.proxy_protocol.is_none()
            && own.servers_transport.is_none()
            && own.objects.is_none()
            && values.is_none();
        if let (true, Some(terms)) = (is_shared, &base.terms) {
            self.check_way(&own, &base.level, terms, reader);
            return terms.clone();
        }
        let keeps_settings = own.servers_transport.is_none()
            && !values
                .as_ref()
                .is_some_and(|node| terms::concerns_settings(node, false));
        let settings = base.terms.as_ref().filter(|_| keeps_settings);
        let settings = settings.map(|terms| terms.settings.clone());
        let part = terms::over(&own, &base.level);
        let layers: Vec<&Node> = base.values.as_deref().into_iter().chain(&values).collect();
        let terms = self.terms(&part, &layers, settings, names, origin, reader);
        self.check_way(&own, &part, &terms, reader);
        let values = HelmValues {
            shared: base.values.clone(),
            own: values,
        };
        Arc::new(Terms { values, ..terms })
    }

    /// Works out terms, but for `helmValues`; `settings` are those that are known already. Where something is
    /// wrong, the chart's defaults stand in for it, so that all else is checked too.
    fn terms(
        &mut self,
        part: &SettingsPart,
        layers: &[&Node],
        settings: Option<Arc<Settings>>,
        names: PlaceholderNames<'_>,
        origin: ValueOrigin,
        reader: &mut PartReader,
    ) -> Terms {
        let certificate = part.certificate.as_ref().map(|given| &given.value);
        if let (Some(part), Some(keys)) = (certificate, &self.shared.keys) {
            for (origin, fault) in terms::certificate_faults(part, CaCustody::Ephemeral, keys) {
                self.say(origin, fault, reader);
            }
        }
        let objects = part.objects.as_ref();
        let pods = match &self.shared.gateway {
            Some(AnyGateway::Istio(istio)) => (Some(&istio.namespace), &istio.selector[..]),
            Some(AnyGateway::Api(_)) | None => (self.shared.traefik_namespace.as_ref(), &[][..]),
        };
        let extras = terms::extras(objects.map(|given| &given.value), pods);
        let mut extras = extras.unwrap_or_else(|fault| {
            self.say(objects.map_or(origin, |given| given.origin), fault, reader);
            Extras::default()
        });
        let makers = self.shared.keys.as_ref();
        let makers = makers.map(|keys| keys.makers(|| terms::cas(certificate, HTTPD_CA_SECRET)));
        extras.makers = makers.unwrap_or_default();
        if let Some(given) = &part.topology
            && let Err(fault) = self.shared.way.check(given.value)
        {
            self.say(given.origin, fault, reader);
        }
        let topology = terms::topology(self.topology(part), part);
        let of_others = terms::public_certificate(part);
        let shared = self.shared.asked.as_ref();
        extras.asked = shared.map(|shared| shared.for_instance(of_others.clone()));
        let asked = extras.asked.as_ref();
        let shown = asked.map(|asked| asked.secret.clone()).or(of_others);
        let is_passthrough = topology.name() == TopologyName::Passthrough;
        extras.public_certificate = shown.clone().filter(|_| is_passthrough);
        extras.dns.clone_from(&self.shared.dns);
        let arrival = self.shared.way.arrival.as_ref();
        extras.forwarding = arrival.map_or_else(Vec::new, |arrival| arrival.ending().to_vec());
        let is_checked = settings.is_some()
            && !extras.client_auth
            && extras.public_certificate.is_none()
            && extras.makers.asked().is_none();
        let clients = terms::clients(part).map(|given| {
            let TextLine(file) = &given.value;
            self.client_files
                .entry(file.clone())
                .or_insert(given.origin);
            file.clone()
        });
        let settings = settings.unwrap_or_else(|| {
            let transport = part.servers_transport.as_ref().map(|given| &given.value);
            let settings = terms::settings(layers, names, transport, &self.shared.entry_points);
            Arc::new(settings.unwrap_or_else(|faults| {
                self.say_all(origin, faults, reader);
                Settings::default()
            }))
        });
        // The names fit any settings: what is wrong is wrong with these.
        if let (false, Ok(namespace)) = (is_checked, Namespace::parse("a")) {
            let host = DnsName::parse("a.example.org").ok();
            let settings = Settings::clone(&settings);
            if let Err(faults) =
                Instance::new(namespace, host, Vec::new(), settings, extras.clone())
            {
                self.say_all(origin, faults, reader);
            }
        }
        Terms {
            settings,
            extras,
            topology,
            shown,
            clients,
            certificate: terms::certificate(certificate, CaCustody::Ephemeral),
            values: HelmValues::default(),
        }
    }

    /// Returns the topology of an instance with these settings.
    pub(super) fn topology(&self, part: &SettingsPart) -> TopologyName {
        let given = part.topology.as_ref();
        given.map_or(self.shared.way.topology, |given| given.value)
    }

    /// Checks that what is asked for an instance can be had on its way.
    fn check_way(
        &mut self,
        own: &SettingsPart,
        part: &SettingsPart,
        terms: &Terms,
        reader: &mut PartReader,
    ) {
        let (topology, name) = (terms.topology, terms.topology.name());
        let mut faults = Vec::new();
        faults.extend(
            topology
                .check_entry_points(&terms.settings.entry_points)
                .err(),
        );
        let asks_clients = terms.asks_clients();
        faults.extend(topology.check_clients(asks_clients).err().map(|fault| {
            if asks_clients {
                fault
            } else {
                fault.help("write `clients: {require: FILE}`")
            }
        }));
        let is_discarded = terms.certificate.ca == CaCustody::Ephemeral;
        let custody = name.check_custody(is_discarded);
        faults.extend(custody.err().map(|fault| {
            fault.help("write `certificate: {ca: stored}`: such a CA signs for years")
        }));
        let asked = self.shared.asked.as_ref();
        let is_by_http = asked.is_some_and(|asked| asked.is_by_http);
        faults.extend(name.check_answers(is_by_http).err());
        let is_named = terms.extras.public_certificate.is_some();
        faults.extend(name.check_certificate(is_named).err().map(|fault| {
            fault.help("write `publicCertificate: {secret: NAME}`, in `defaults` where the Secret has this name in each namespace")
        }));
        let given = part.topology.as_ref().map(|given| given.origin);
        if let (Some(origin), false) = (given.or(self.shared.way.origin), faults.is_empty()) {
            self.say_all(origin, faults, reader);
        }
        self.check_sayable(part, terms, reader);
        for (origin, fault) in terms::only_passed(own, name) {
            reader.push(origin, fault);
        }
        if !name.is_passed() {
            return;
        }
        for (origin, fault) in terms::never_passed(part) {
            self.say(origin, fault, reader);
        }
    }

    /// Checks that what is asked for can be expressed in files, or in the objects that are attached to a gateway, if it is those.
    fn check_sayable(&mut self, part: &SettingsPart, terms: &Terms, reader: &mut PartReader) {
        if self.shared.files
            && let Err(fault) = traefik::check_topology(terms.topology.name())
        {
            let topology = part.topology.as_ref().map(|given| given.origin);
            let origin = topology.or(self.shared.way.origin);
            self.say(origin.unwrap_or(ValueOrigin::NONE), fault, reader);
        }
        let Some(gateway) = self.shared.gateway.clone() else {
            return;
        };
        let topology = part.topology.as_ref().map(|given| given.origin);
        let proxy = part.proxy_protocol.as_ref().map(|given| given.origin);
        if let Err(fault) = gateway.check_topology(terms.topology) {
            let origin = proxy.or(topology).or(self.shared.way.origin);
            self.say(origin.unwrap_or(ValueOrigin::NONE), fault, reader);
        }
        let is_passed = terms.topology.name().is_passed();
        if self.shared.asked.is_some() && !is_passed {
            let origin = topology.or(self.shared.way.origin);
            let origin = origin.unwrap_or(ValueOrigin::NONE);
            if let Some(fault) = gateway.refusal(Unsayable::OwnCertificates) {
                self.say(origin, fault, reader);
            }
        }
        if matches!(gateway, AnyGateway::Istio(_))
            && let Err(fault) = SharedIstio::check_names(&terms.settings)
        {
            let origin = part.helm_values.as_ref().map(|given| given.origin);
            self.say(origin.unwrap_or(ValueOrigin::NONE), fault, reader);
        }
        if is_passed {
            return;
        }
        for (origin, unsayable) in terms::unsayable(part) {
            if let Some(fault) = gateway.fleet_refusal(unsayable) {
                self.say(origin, fault, reader);
            }
        }
    }

    /// Returns whether Traefik is told everything by files.
    pub(super) fn are_files(&self) -> bool {
        self.shared.files
    }

    /// Returns the files that `clients` names, and where it does so first.
    pub(super) fn client_files(&self) -> &BTreeMap<String, ValueOrigin> {
        &self.client_files
    }

    /// Notes a fault, unless another instance has led to this place before.
    pub(super) fn say(&mut self, origin: ValueOrigin, fault: Fault, reader: &mut PartReader) {
        if self.said.insert(origin) {
            reader.push(origin, fault);
        }
    }

    fn say_all(&mut self, origin: ValueOrigin, faults: Vec<Fault>, reader: &mut PartReader) {
        if self.said.insert(origin) {
            for fault in faults {
                let fault = Fault {
                    place: None,
                    ..fault
                };
                reader.push(origin, fault);
            }
        }
    }
}
