//! Makes members of instances, one after the other, and checks that no two want the same.

use super::document::{Level, SettingsPart};
use super::leaf::{Count, Line, List, Pattern};
use super::part::{Given, Origin, Part as _, Reader};
use super::placeholder::{self, Names};
use super::{CaCustody, HelmValues, Member, Terms, terms};
use crate::fault::{Fault, did_you_mean};
use crate::instance::{Extras, Instance};
use crate::name::{DnsName, InstanceName, Namespace};
use crate::values::Settings;
use crate::yaml::{At, Node};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

/// What holds for all members.
#[derive(Debug)]
pub(super) struct Frame {
    /// Nothing where it is wrong: then no host can be told.
    pub(super) domain: Option<DnsName>,
    /// Whether the wildcard certificate covers the domain itself; nothing without such a certificate.
    pub(super) apex: Option<bool>,
    pub(super) shards: Option<i64>,
    pub(super) is_sealed: bool,
    pub(super) entry_points: Vec<String>,
}

/// The members so far.
pub(super) struct Members {
    frame: Frame,
    /// `defaults`, and by name the profiles laid over them.
    levels: BTreeMap<Option<String>, SettingsPart>,
    /// What was worked out of `levels`.
    bases: BTreeMap<Option<String>, Rc<Base>>,
    ids: BTreeMap<String, Origin>,
    namespaces: BTreeMap<Namespace, Origin>,
    hosts: BTreeMap<DnsName, Origin>,
    /// Places in `defaults` and profiles about which something was said: once is enough for all instances.
    said: BTreeSet<Origin>,
    done: Vec<Member>,
}

/// What the members of one profile share.
#[derive(Debug)]
struct Base {
    /// The settings but for `helmValues`.
    level: SettingsPart,
    /// `helmValues`.
    values: Option<Arc<Node>>,
    /// Nothing where they depend on an instance's names.
    terms: Option<Arc<Terms>>,
}

/// A setting, and whether it is the instance's own.
struct Chosen<'a, T> {
    given: Option<&'a Given<T>>,
    is_own: bool,
}

impl<'a, T> Chosen<'a, T> {
    fn new(own: Option<&'a Given<T>>, base: Option<&'a Given<T>>) -> Self {
        Self {
            given: own.or(base),
            is_own: own.is_some(),
        }
    }

    /// Gives where it is wrong, if it is: its own place, or that of the instance where it has none.
    fn origin(&self, instance: Origin) -> Origin {
        self.given.map_or(instance, |given| given.origin)
    }

    /// Gives where it is written for this instance alone.
    fn own_origin(&self, instance: Origin) -> Origin {
        if self.is_own {
            self.origin(instance)
        } else {
            instance
        }
    }
}

/// A name, and where it is written for this instance alone.
struct Name<T> {
    name: T,
    origin: Origin,
}

impl Members {
    pub(super) fn new(
        frame: Frame,
        Level(defaults): Level,
        profiles: Vec<(String, Level)>,
    ) -> Self {
        let mut levels: BTreeMap<Option<String>, SettingsPart> = profiles
            .into_iter()
            .map(|(name, Level(profile))| (Some(name), terms::over(&profile, &defaults)))
            .collect();
        levels.insert(None, defaults);
        Self {
            frame,
            levels,
            bases: BTreeMap::new(),
            ids: BTreeMap::new(),
            namespaces: BTreeMap::new(),
            hosts: BTreeMap::new(),
            said: BTreeSet::new(),
            done: Vec::new(),
        }
    }

    /// Gives the members, sorted by their ids.
    pub(super) fn finish(mut self) -> Vec<Member> {
        self.done.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        self.done.shrink_to_fit();
        self.done
    }

    /// Checks `defaults` and the profiles even where no instance follows them.
    pub(super) fn check_levels(&mut self, reader: &mut Reader) {
        let names: Vec<Option<String>> = self.levels.keys().cloned().collect();
        for name in names {
            self.base(name, reader);
        }
    }

    /// Takes an instance from the file that is being read, `settings` being a tree still.
    pub(super) fn add(&mut self, id: &str, at: At, settings: Node, reader: &mut Reader) {
        let settings = if settings.value == crate::yaml::Value::Null {
            Some(SettingsPart::default())
        } else {
            SettingsPart::read(settings, reader)
        };
        self.add_read(id, reader.origin(at), settings, reader);
    }

    /// Takes an instance; what is wrong with its settings has been said where there are none.
    pub(super) fn add_read(
        &mut self,
        id: &str,
        origin: Origin,
        settings: Option<SettingsPart>,
        reader: &mut Reader,
    ) {
        if let Some(first) = self.ids.get(id) {
            let what = format!(
                "the instance `{}` is there already, at {}",
                id.escape_debug(),
                reader.place(*first)
            );
            reader.push(origin, Fault::new(what).help("keep one of the two"));
            return;
        }
        self.ids.insert(id.to_owned(), origin);
        let id = match InstanceName::parse(id) {
            Ok(id) => id,
            Err(fault) => return reader.push(origin, fault),
        };
        let Some(settings) = settings else { return };
        let profile = settings.profile.as_ref();
        let key = profile.map(|given| given.value.0.clone());
        if let Some(given) = profile.filter(|_| !self.levels.contains_key(&key)) {
            let fault = self.unknown_profile(&given.value);
            return reader.push(given.origin, fault);
        }
        let Some(base) = self.base(key, reader) else {
            return;
        };
        if let Some(member) = self.member(id, origin, settings, &base, reader) {
            self.done.push(member);
        }
    }

    fn unknown_profile(&self, Line(name): &Line) -> Fault {
        let fault = Fault::new(format!("there is no profile `{}`", name.escape_debug()));
        let known = || self.levels.keys().flatten().map(String::as_str);
        match did_you_mean(name, known()) {
            Some(meant) => fault.help(format!("did you mean `{meant}`?")),
            None if known().next().is_none() => fault.help("write it below `spec.profiles`"),
            None => {
                let names: Vec<&str> = known().take(10).collect();
                fault.help(format!("the profiles are {}", names.join(", ")))
            }
        }
    }

    /// Works out what the members of a profile share.
    fn base(&mut self, key: Option<String>, reader: &mut Reader) -> Option<Rc<Base>> {
        if let Some(base) = self.bases.get(&key) {
            return Some(base.clone());
        }
        let mut level = self.levels.get(&key)?.clone();
        let helm_values = level.helm_values.take();
        let origin = helm_values
            .as_ref()
            .map_or(Origin::NONE, |given| given.origin);
        let values = terms::tree(helm_values).map(Arc::new);
        let names = Names(["a", "example.org", "a", "a.example.org"]);
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

    /// Works out terms, but for `helmValues`; `settings` are those that are known already. Where something is
    /// wrong, the chart's defaults stand in for it, so that all else is checked too.
    fn terms(
        &mut self,
        part: &SettingsPart,
        layers: &[&Node],
        settings: Option<Arc<Settings>>,
        names: Names<'_>,
        origin: Origin,
        reader: &mut Reader,
    ) -> Terms {
        let certificate = part.certificate.as_ref().map(|given| &given.value);
        if let Some(part) = certificate {
            for (origin, fault) in
                terms::certificate_faults(part, CaCustody::Ephemeral, self.frame.is_sealed)
            {
                self.say(origin, fault, reader);
            }
        }
        let objects = part.objects.as_ref();
        let extras = terms::extras(objects.map(|given| &given.value)).unwrap_or_else(|fault| {
            self.say(objects.map_or(origin, |given| given.origin), fault, reader);
            Extras::default()
        });
        let is_checked = settings.is_some() && !extras.client_auth;
        let settings = settings.unwrap_or_else(|| {
            let transport = part.servers_transport.as_ref().map(|given| &given.value);
            let settings = terms::settings(layers, names, transport, &self.frame.entry_points);
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
            certificate: terms::certificate(certificate, CaCustody::Ephemeral),
            values: HelmValues::default(),
        }
    }

    /// Notes a fault, unless another instance has led to this place before.
    fn say(&mut self, origin: Origin, fault: Fault, reader: &mut Reader) {
        if self.said.insert(origin) {
            reader.push(origin, fault);
        }
    }

    /// Notes what is wrong with a setting: each time where it is the instance's own, once where it is shared.
    fn say_of<T>(
        &mut self,
        setting: &Chosen<'_, T>,
        instance: Origin,
        fault: Fault,
        reader: &mut Reader,
    ) {
        let origin = setting.origin(instance);
        if setting.is_own || setting.given.is_none() {
            reader.push(origin, fault);
        } else {
            self.say(origin, fault, reader);
        }
    }

    fn say_all(&mut self, origin: Origin, faults: Vec<Fault>, reader: &mut Reader) {
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

    fn member(
        &mut self,
        id: InstanceName,
        origin: Origin,
        own: SettingsPart,
        base: &Base,
        reader: &mut Reader,
    ) -> Option<Member> {
        let level = &base.level;
        let shard = self.shard(
            &Chosen::new(own.shard.as_ref(), level.shard.as_ref()),
            origin,
            reader,
        );
        // Without a domain no name is known; that it is missing has been said.
        let domain = self.frame.domain.clone()?;
        let mut texts = [id.as_str(), domain.as_str(), "", ""];
        let pattern = Chosen::new(own.namespace.as_ref(), level.namespace.as_ref());
        let namespace = self.name(&pattern, "{id}", texts, Namespace::parse, origin, reader)?;
        texts[2] = namespace.name.as_str();
        let pattern = Chosen::new(own.external_host.as_ref(), level.external_host.as_ref());
        let default = "{id}.{domain}";
        let host = self.name(
            &pattern,
            default,
            texts,
            DnsName::parse_public,
            origin,
            reader,
        )?;
        self.check_coverage(&host.name, &pattern, origin, reader);
        texts[3] = host.name.as_str();
        let names = Names(texts);
        let server_name = Chosen::new(own.servername.as_ref(), level.servername.as_ref());
        let server_name = match server_name.given {
            None => None,
            Some(_) => Some(
                self.name(&server_name, "", texts, DnsName::parse, origin, reader)?
                    .name,
            ),
        };
        let aliases = Chosen::new(own.aliases.as_ref(), level.aliases.as_ref());
        let aliases = self.aliases(&aliases, texts, origin, reader);
        let terms = self.member_terms(own, base, names, origin, reader);

        self.take_namespace(&namespace, reader);
        let mut hosts = Vec::with_capacity(1 + aliases.len());
        let host = Name {
            name: host.name.clone(),
            origin: host.origin,
        };
        for host in std::iter::once(host).chain(aliases) {
            self.take_host(&host, reader);
            hosts.push(host.name);
        }
        Some(Member {
            id,
            place: reader.place(origin),
            namespace: namespace.name,
            hosts,
            server_name,
            shard,
            terms,
        })
    }

    fn member_terms(
        &mut self,
        mut own: SettingsPart,
        base: &Base,
        names: Names<'_>,
        origin: Origin,
        reader: &mut Reader,
    ) -> Arc<Terms> {
        let values = own.helm_values.take().map(|given| given.value.0);
        let is_shared = own.certificate.is_none()
            && own.servers_transport.is_none()
            && own.objects.is_none()
            && values.is_none();
        if let (true, Some(terms)) = (is_shared, &base.terms) {
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
        let values = HelmValues {
            shared: base.values.clone(),
            own: values,
        };
        Arc::new(Terms { values, ..terms })
    }

    /// Settles a name. What is wrong with a pattern that instances share is said once, at the pattern.
    fn name<T, const N: usize>(
        &mut self,
        pattern: &Chosen<'_, Pattern<N>>,
        default: &str,
        texts: [&str; 4],
        parse: fn(&str) -> Result<T, Fault>,
        instance: Origin,
        reader: &mut Reader,
    ) -> Option<Name<T>> {
        let text = pattern.given.map_or(default, |given| &given.value.0);
        match parse(&placeholder::expand(text, Names(texts))) {
            Ok(name) => Some(Name {
                name,
                origin: pattern.own_origin(instance),
            }),
            Err(fault) => {
                self.say_of(pattern, instance, fault, reader);
                None
            }
        }
    }

    fn aliases(
        &mut self,
        list: &Chosen<'_, List<Pattern<4>>>,
        texts: [&str; 4],
        instance: Origin,
        reader: &mut Reader,
    ) -> Vec<Name<DnsName>> {
        let given = list.given.iter().flat_map(|given| &given.value.0);
        let mut aliases = Vec::new();
        for alias in given {
            let pattern = Chosen {
                given: Some(alias),
                is_own: list.is_own,
            };
            let alias = self.name(&pattern, "", texts, DnsName::parse_public, instance, reader);
            if let Some(alias) = alias {
                self.check_coverage(&alias.name, &pattern, instance, reader);
                aliases.push(alias);
            }
        }
        aliases
    }

    fn shard(
        &mut self,
        shard: &Chosen<'_, Count<0, 65_534>>,
        instance: Origin,
        reader: &mut Reader,
    ) -> Option<u16> {
        let given = shard.given?;
        let number = given.value.0;
        let fault = match self.frame.shards {
            Some(shards) if number < shards => return given.value.get(),
            Some(shards) => Fault::new(format!("there is no shard {number}"))
                .help(format!("use 0 to {}, or more `spec.shards`", shards - 1)),
            None => Fault::new("the fleet is not divided into shards")
                .help("say `spec.shards`, or leave this out"),
        };
        self.say_of(shard, instance, fault, reader);
        None
    }

    /// Refuses a host for which Traefik would have no certificate.
    fn check_coverage<T>(
        &mut self,
        host: &DnsName,
        pattern: &Chosen<'_, T>,
        instance: Origin,
        reader: &mut Reader,
    ) {
        let (Some(apex), Some(domain)) = (self.frame.apex, &self.frame.domain) else {
            return;
        };
        let below = host.as_str().strip_suffix(domain.as_str());
        let help = match below.map(|below| (below, below.strip_suffix('.'))) {
            Some(("", _)) if apex => return,
            Some((_, Some(label))) if !label.contains('.') => return,
            Some(("", _)) => "say `apex: true` below `spec.wildcard`".to_owned(),
            Some((_, Some(_))) => format!(
                "a wildcard stands for one label: `a.{domain}`, not `a.b.{domain}`; say `wildcard: false` if another certificate covers this host"
            ),
            _ => format!(
                "use a host below `{domain}`, or say `wildcard: false` if another certificate covers this one"
            ),
        };
        let what =
            format!("the wildcard certificate `*.{domain}` does not cover the host `{host}`");
        self.say_of(pattern, instance, Fault::new(what).help(help), reader);
    }

    fn take_namespace(&mut self, namespace: &Name<Namespace>, reader: &mut Reader) {
        if let Some(first) = self.namespaces.get(&namespace.name) {
            let what = format!(
                "the namespace `{}` is that of another instance, at {}",
                namespace.name,
                reader.place(*first)
            );
            let fault = Fault::new(what).help("give each instance a namespace of its own");
            return reader.push(namespace.origin, fault);
        }
        self.namespaces
            .insert(namespace.name.clone(), namespace.origin);
    }

    fn take_host(&mut self, host: &Name<DnsName>, reader: &mut Reader) {
        if let Some(first) = self.hosts.get(&host.name) {
            let what = format!(
                "the host `{}` is given twice, first at {}",
                host.name,
                reader.place(*first)
            );
            let fault =
                Fault::new(what).help("a host leads to one instance; take one of the two out");
            return reader.push(host.origin, fault);
        }
        self.hosts.insert(host.name.clone(), host.origin);
    }
}
