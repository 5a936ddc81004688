//! Makes members of instances, one after the other, and checks that no two want the same.

use super::Member;
use super::consumers::TakenModes;
use super::document::SettingsPart;
use super::leaf::Pattern;
use super::levels::{Base, Levels};
use super::placeholder::{self, PlaceholderNames};
use crate::acme::Turn;
use crate::fault::Fault;
use crate::name::{DnsName, InstanceName, Namespace};
use crate::outside::traefik::HttpdAddress;
use crate::path::expand::TopologyName;
use crate::record::leaf::{Count, LeafList};
use crate::record::{Given, Part as _, PartReader, ValueOrigin};
use crate::yaml::{At, Node};
use std::collections::BTreeMap;

/// What holds for all members.
#[derive(Debug)]
pub(super) struct Frame {
    /// Nothing if it is wrong: then no host can be told.
    pub(super) domain: Option<DnsName>,
    /// Whether the wildcard certificate covers the domain itself; nothing without such a certificate.
    pub(super) apex: Option<bool>,
    pub(super) shards: Option<i64>,
    pub(super) takes: TakenModes,
}

/// The members so far.
pub(super) struct Members {
    frame: Frame,
    levels: Levels,
    ids: BTreeMap<String, ValueOrigin>,
    namespaces: BTreeMap<Namespace, ValueOrigin>,
    hosts: BTreeMap<DnsName, ValueOrigin>,
    done: Vec<Member>,
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

    /// Returns where it is wrong, if it is: its own place, or that of the instance where it has none.
    fn origin(&self, instance: ValueOrigin) -> ValueOrigin {
        self.given.map_or(instance, |given| given.origin)
    }

    /// Returns where it is written for this instance alone.
    fn own_origin(&self, instance: ValueOrigin) -> ValueOrigin {
        if self.is_own {
            self.origin(instance)
        } else {
            instance
        }
    }
}

/// A name, and where it is written for this instance alone.
struct MemberName<T> {
    name: T,
    origin: ValueOrigin,
}

impl Members {
    pub(super) fn new(frame: Frame, levels: Levels) -> Self {
        Self {
            frame,
            levels,
            ids: BTreeMap::new(),
            namespaces: BTreeMap::new(),
            hosts: BTreeMap::new(),
            done: Vec::new(),
        }
    }

    /// Returns the files that `clients` names, and where it does so first.
    pub(super) fn client_files(&self) -> &BTreeMap<String, ValueOrigin> {
        self.levels.client_files()
    }

    /// Returns the members, sorted by their ids.
    pub(super) fn finish(mut self) -> Vec<Member> {
        self.done.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        self.done.shrink_to_fit();
        self.done
    }

    /// Takes an instance from the file that is being read, `settings` being a tree still.
    pub(super) fn add(&mut self, id: &str, at: At, settings: Node, reader: &mut PartReader) {
        let settings = if settings.value == crate::yaml::Value::Null {
            Some(SettingsPart::default())
        } else {
            SettingsPart::read(settings, reader)
        };
        self.add_read(id, reader.origin(at), settings, reader);
    }

    /// Takes an instance; what is wrong with its settings has been reported if there are none.
    pub(super) fn add_read(
        &mut self,
        id: &str,
        origin: ValueOrigin,
        settings: Option<SettingsPart>,
        reader: &mut PartReader,
    ) {
        if let Some(first) = self.ids.get(id) {
            let what = format!(
                "the instance `{}` is already defined at {}",
                id.escape_debug(),
                reader.place(*first)
            );
            reader.push(origin, Fault::new(what).help("keep one of the two"));
            return;
        }
        self.ids.insert(id.to_owned(), origin);
        let id = InstanceName::parse(id).and_then(|id| self.frame.takes.id(id));
        let id = match id {
            Ok(id) => id,
            Err(fault) => return reader.push(origin, fault),
        };
        let Some(settings) = settings else { return };
        let profile = settings.profile.as_ref();
        // Where there is no such profile, what else is wrong is reported too.
        let base = self.levels.of(profile, reader);
        let Some(base) = base.or_else(|| self.levels.of(None, reader)) else {
            return;
        };
        if let Some(member) = self.member(id, origin, settings, &base, reader) {
            self.done.push(member);
        }
    }

    /// Notes what is wrong with a setting: each time where it is the instance's own, once where it is shared.
    fn say_of<T>(
        &mut self,
        setting: &Chosen<'_, T>,
        instance: ValueOrigin,
        fault: Fault,
        reader: &mut PartReader,
    ) {
        let origin = setting.origin(instance);
        if setting.is_own || setting.given.is_none() {
            reader.push(origin, fault);
        } else {
            self.levels.say(origin, fault, reader);
        }
    }

    fn member(
        &mut self,
        id: InstanceName,
        origin: ValueOrigin,
        own: SettingsPart,
        base: &Base,
        reader: &mut PartReader,
    ) -> Option<Member> {
        let level = &base.level;
        let shard = self.shard(
            &Chosen::new(own.shard.as_ref(), level.shard.as_ref()),
            origin,
            reader,
        );
        // Without a domain no name is known; that it is missing has been reported.
        let domain = self.frame.domain.clone()?;
        let mut texts = [id.as_str(), domain.as_str(), "", ""];
        let pattern = Chosen::new(own.namespace.as_ref(), level.namespace.as_ref());
        let namespace = self.name(&pattern, "{id}", texts, Namespace::parse, origin, reader);
        // An invalid name has been reported; another stands in for it, so that the others are checked too.
        texts[2] = namespace
            .as_ref()
            .map_or(id.as_str(), |namespace| namespace.name.as_str());
        let pattern = Chosen::new(own.external_host.as_ref(), level.external_host.as_ref());
        let default = "{id}.{domain}";
        let host = self.name(
            &pattern,
            default,
            texts,
            DnsName::parse_public,
            origin,
            reader,
        );
        let part = if own.topology.is_some() { &own } else { level };
        // Where the httpd shows a certificate of its own, the wildcard need not cover its hosts.
        let is_passed = self.levels.topology(part) == TopologyName::Passthrough;
        if let (Some(host), false) = (&host, is_passed) {
            self.check_coverage(&host.name, &pattern, origin, reader);
        }
        texts[3] = host
            .as_ref()
            .map_or(domain.as_str(), |host| host.name.as_str());
        let names = PlaceholderNames(texts);
        let server_name = Chosen::new(own.servername.as_ref(), level.servername.as_ref());
        let server_name = server_name.given.map(|_| {
            let name = self.name(&server_name, "", texts, DnsName::parse, origin, reader);
            name.map(|name| name.name)
        });
        let aliases = Chosen::new(own.aliases.as_ref(), level.aliases.as_ref());
        let aliases = self.aliases(&aliases, is_passed, texts, origin, reader);
        let address = Chosen::new(own.httpd_address.as_ref(), level.httpd_address.as_ref());
        let httpd = address.given.and_then(|_| {
            let parse = HttpdAddress::parse;
            let address = self.name(&address, "", texts, parse, origin, reader);
            address.map(|address| address.name)
        });
        if let (Some(_), false) = (address.given, self.levels.are_files()) {
            let fault = Fault::new("Traefik in the cluster reaches the httpd by its Service");
            let help = "leave it out, or use `ingress: {kind: traefik-file}`";
            self.say_of(&address, origin, fault.help(help), reader);
        }
        let terms = self.levels.member(own, base, names, origin, reader);

        if let Some(namespace) = &namespace {
            self.take_namespace(namespace, reader);
        }
        let mut hosts = Vec::with_capacity(1 + aliases.len());
        let is_whole = host.is_some();
        let host = host.as_ref().map(|host| MemberName {
            name: host.name.clone(),
            origin: host.origin,
        });
        for host in host.into_iter().chain(aliases) {
            self.take_host(&host, reader);
            hosts.push(host.name);
        }
        if !is_whole {
            return None;
        }
        Some(Member {
            id,
            place: reader.place(origin),
            namespace: namespace?.name,
            hosts,
            server_name: match server_name {
                Some(name) => Some(name?),
                None => None,
            },
            shard,
            is_pinned: shard.is_some(),
            is_moving: false,
            httpd,
            turn: Turn::Asked(None),
            terms,
        })
    }

    /// Settles a name. What is wrong with a pattern that instances share is reported once, at the pattern.
    fn name<T, const N: usize>(
        &mut self,
        pattern: &Chosen<'_, Pattern<N>>,
        default: &str,
        texts: [&str; 4],
        parse: fn(&str) -> Result<T, Fault>,
        instance: ValueOrigin,
        reader: &mut PartReader,
    ) -> Option<MemberName<T>> {
        let text = pattern.given.map_or(default, |given| &given.value.0);
        match parse(&placeholder::expand(text, PlaceholderNames(texts))) {
            Ok(name) => Some(MemberName {
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
        list: &Chosen<'_, LeafList<Pattern<4>>>,
        is_passed: bool,
        texts: [&str; 4],
        instance: ValueOrigin,
        reader: &mut PartReader,
    ) -> Vec<MemberName<DnsName>> {
        let given = list.given.iter().flat_map(|given| &given.value.0);
        let mut aliases = Vec::new();
        for alias in given {
            let pattern = Chosen {
                given: Some(alias),
                is_own: list.is_own,
            };
            let alias = self.name(&pattern, "", texts, DnsName::parse_public, instance, reader);
            if let Some(alias) = alias {
                if !is_passed {
                    self.check_coverage(&alias.name, &pattern, instance, reader);
                }
                aliases.push(alias);
            }
        }
        aliases
    }

    fn shard(
        &mut self,
        shard: &Chosen<'_, Count<0, 65_534>>,
        instance: ValueOrigin,
        reader: &mut PartReader,
    ) -> Option<u16> {
        let given = shard.given?;
        let number = given.value.0;
        let fault = match self.frame.shards {
            Some(shards) if number < shards => return given.value.get(),
            Some(shards) => Fault::new(format!("there is no shard {number}"))
                .help(format!("use 0 to {}, or more `spec.shards`", shards - 1)),
            None => Fault::new("the fleet is not divided into shards")
                .help("set `spec.shards`, or leave this out"),
        };
        self.say_of(shard, instance, fault, reader);
        None
    }

    /// Refuses a host for which Traefik would have no certificate.
    fn check_coverage<T>(
        &mut self,
        host: &DnsName,
        pattern: &Chosen<'_, T>,
        instance: ValueOrigin,
        reader: &mut PartReader,
    ) {
        let (Some(apex), Some(domain)) = (self.frame.apex, &self.frame.domain) else {
            return;
        };
        let below = host.as_str().strip_suffix(domain.as_str());
        let help = match below.map(|below| (below, below.strip_suffix('.'))) {
            Some(("", _)) if apex => return,
            Some((_, Some(label))) if !label.contains('.') => return,
            Some(("", _)) => "set `apex: true` under `spec.wildcard`".to_owned(),
            Some((_, Some(_))) => format!(
                "a wildcard covers exactly one label: `a.{domain}`, not `a.b.{domain}`; set `wildcard: false` if another certificate covers this host"
            ),
            _ => format!(
                "use a host below `{domain}`, or set `wildcard: false` if another certificate covers this one"
            ),
        };
        let what =
            format!("the wildcard certificate `*.{domain}` does not cover the host `{host}`");
        self.say_of(pattern, instance, Fault::new(what).help(help), reader);
    }

    fn take_namespace(&mut self, namespace: &MemberName<Namespace>, reader: &mut PartReader) {
        if let Some(first) = self.namespaces.get(&namespace.name) {
            let what = format!(
                "the namespace `{}` already belongs to another instance, at {}",
                namespace.name,
                reader.place(*first)
            );
            let fault = Fault::new(what).help("give each instance a namespace of its own");
            return reader.push(namespace.origin, fault);
        }
        self.namespaces
            .insert(namespace.name.clone(), namespace.origin);
    }

    fn take_host(&mut self, host: &MemberName<DnsName>, reader: &mut PartReader) {
        if let Some(first) = self.hosts.get(&host.name) {
            let what = format!(
                "the host `{}` is given twice, first at {}",
                host.name,
                reader.place(*first)
            );
            let fault =
                Fault::new(what).help("a host belongs to one instance; remove one of the two");
            return reader.push(host.origin, fault);
        }
        self.hosts.insert(host.name.clone(), host.origin);
    }
}
