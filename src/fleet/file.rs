//! Reads the fleet file as a whole, and the files that it includes.

use super::arrival::{SharedWay, ingress};
use super::consumers;
use super::csv::Rows;
use super::dns::dns;
use super::document::{FleetDocument, InstanceDocument};
use super::front::front;
use super::levels::{Levels, Shared, SharedAsked};
use super::members::{Frame, Members};
use super::spec::{argo_cd, entry_points, flux, keys};
use super::{Division, Fleet, FrontCertificate, Layout, Source};
use crate::chart::ChartMajor;
use crate::fault::{self, Fault};
use crate::pki::client_authorities::ClientAuthorities;
use crate::record::leaf::{LeafList, TextLine};
use crate::record::{Given, Part as _, PartReader, Syntax, ValueOrigin};
use crate::yaml::{At, Node, tree};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU16;
use std::sync::Arc;

pub(super) type Include<'a> = &'a mut dyn FnMut(&str) -> Result<Vec<Source>, Fault>;

pub(super) fn read(main: &Source, include: Include<'_>) -> Result<Fleet, Vec<Fault>> {
    let mut reader = PartReader::default();
    let mut included = Vec::new();
    let fleet = fleet(main, include, &mut included, &mut reader);
    match fleet.filter(|_| reader.count() == 0) {
        Some(fleet) => Ok(fleet),
        None => Err(with_lines(reader.finish(), main, &included)),
    }
}

/// Reads the instances of a table alone.
pub(super) fn table(source: &Source) -> Result<Vec<(String, Node)>, Vec<Fault>> {
    let mut reader = PartReader::default();
    reader.begin(&source.name);
    reader.syntax = Syntax::Strings;
    let mut instances = Vec::new();
    if let Some(mut rows) = Rows::new(&source.text, &mut reader) {
        while let Some(row) = rows.next(&mut reader) {
            instances.push((row.id, row.settings));
        }
    }
    if reader.count() == 0 {
        return Ok(instances);
    }
    Err(with_lines(reader.finish(), source, &[]))
}

fn fleet(
    main: &Source,
    include: Include<'_>,
    included: &mut Vec<Source>,
    reader: &mut PartReader,
) -> Option<Fleet> {
    reader.begin(&main.name);
    let document = FleetDocument::read(single(main, reader)?, reader)?;
    let spec_at = document.spec.as_ref().map(|given| given.origin);
    let mut spec = document.spec?.value;
    let instances = spec.instances.take();
    let patterns = spec.include.take();
    let metadata = document.metadata.as_ref().map(|given| &given.value);
    consumers::check(metadata, &spec, reader);
    let profiles = spec
        .profiles
        .take()
        .map_or_else(Vec::new, |given| given.value.0);
    let profile_names = profiles
        .iter()
        .map(|(key, _)| key.text.to_string())
        .collect();
    let profiles = profiles
        .into_iter()
        .map(|(key, given)| (key.text.to_string(), given.value));
    let keys = keys(spec.secrets.as_ref(), reader);
    let way = SharedWay::of(&spec, reader);
    let ingress = ingress(&mut spec, keys.as_ref(), reader);
    let (traefik, gateway) = (&ingress.traefik, &ingress.gateway);
    let before = (&way, gateway.as_ref());
    let front = front(&spec, spec_at?, keys.as_ref(), before, reader);
    let dns = dns(spec.dns.as_ref(), spec.load_balancer.as_ref(), reader).map(Arc::new);
    let arrival = way.arrival.clone();
    let points = traefik.entry_points.as_ref();
    let frame = Frame {
        domain: spec.domain.as_ref().map(|given| given.value.clone()),
        apex: front.as_ref().and_then(FrontCertificate::apex),
        shards: spec.shards.as_ref().map(|given| given.value.0),
        takes: consumers::takes(metadata, &spec),
    };
    let entry_points = points.map_or_else(Vec::new, |given| entry_points(given, reader));
    let defaults = spec
        .defaults
        .take()
        .map(|given| given.value)
        .unwrap_or_default();
    let shared = Shared {
        keys: keys.clone(),
        entry_points,
        way,
        traefik_namespace: ingress.namespace.clone(),
        gateway: gateway.clone(),
        files: ingress.files.is_some(),
        asked: front.as_ref().and_then(SharedAsked::of),
        dns: dns.clone(),
    };
    let mut levels = Levels::new(defaults, profiles.collect(), shared);
    levels.check(reader);
    let mut members = Members::new(frame, levels);
    for (key, settings) in instances.map_or_else(Vec::new, |given| given.value.0) {
        members.add(&key.text, key.at, settings, reader);
    }
    if let Some(patterns) = patterns {
        include_all(
            &patterns.value,
            &mut *include,
            included,
            &mut members,
            reader,
        );
    }
    let clients = clients(members.client_files(), include, reader);
    let chart = traefik.chart.as_ref();
    let chart = chart.map_or_else(ChartMajor::default, |given| given.value);
    let members = members.finish();
    let fast_proxy = ingress.fast_proxy(chart, reader);
    let mut fleet = Fleet {
        name: document.metadata?.value.name.value,
        domain: spec.domain?.value,
        release: ingress.release(),
        gateway: gateway.clone(),
        files: ingress.files.clone(),
        chart: u16::from(chart.number()),
        fast_proxy,
        arrival: arrival?,
        keys: keys?,
        layout: spec.layout.map_or(Layout::Instance, |given| given.value),
        shards: spec
            .shards
            .and_then(|given| NonZeroU16::new(given.value.get()?)),
        ingresses: front
            .as_ref()
            .is_some_and(FrontCertificate::needs_ingresses),
        front: front.filter(FrontCertificate::is_in_cluster),
        dns,
        argo_cd: spec.argo_cd.and_then(|given| argo_cd(given.value)),
        flux: spec.flux.and_then(|given| flux(given.value)),
        clients,
        profiles: profile_names,
        members,
        is_held: false,
    };
    ingress.check(&fleet, chart, reader);
    fleet.divide(&Division::default());
    Some(fleet)
}

/// Reads the CAs of clients from the files that are named.
fn clients(
    files: &BTreeMap<String, ValueOrigin>,
    include: Include<'_>,
    reader: &mut PartReader,
) -> BTreeMap<String, Arc<ClientAuthorities>> {
    let mut read = BTreeMap::new();
    for (file, origin) in files {
        let sources = match include(file) {
            Ok(sources) => sources,
            Err(fault) => {
                reader.push(*origin, fault);
                continue;
            }
        };
        let [source] = &sources[..] else {
            let fault = Fault::new("this names several files");
            reader.push(*origin, fault.help("put all certificates into one"));
            continue;
        };
        match ClientAuthorities::parse(&source.text) {
            Ok(found) => {
                read.insert(file.clone(), Arc::new(found));
            }
            Err(faults) => {
                for fault in faults {
                    reader.push(*origin, fault);
                }
            }
        }
    }
    read
}

/// Returns the one document of a file.
fn single(source: &Source, reader: &mut PartReader) -> Option<Node> {
    let mut documents = documents(source, reader)?.into_iter();
    let Some(document) = documents.next() else {
        let fault = Fault::new("the file is empty");
        let help = "begin it with `apiVersion` and `kind: Fleet`";
        return reader.refuse(At::default(), fault.help(help));
    };
    if let Some(second) = documents.next() {
        let fault = Fault::new("there is more than one document");
        let help = "keep one; more instances go into files that `spec.include` names";
        reader.refuse::<()>(second.at, fault.help(help));
    }
    Some(document)
}

fn documents(source: &Source, reader: &mut PartReader) -> Option<Vec<Node>> {
    let mut faults = Vec::new();
    let documents = tree::read(text(source), &source.name, &mut faults);
    reader.extend(faults);
    documents
}

/// Returns the text without the mark that Windows editors put in front.
pub(super) fn text(source: &Source) -> &str {
    source.text.strip_prefix('\u{feff}').unwrap_or(&source.text)
}

fn include_all(
    LeafList(patterns): &LeafList<TextLine>,
    include: Include<'_>,
    included: &mut Vec<Source>,
    members: &mut Members,
    reader: &mut PartReader,
) {
    let mut seen = BTreeSet::new();
    for Given {
        value: TextLine(pattern),
        origin,
    } in patterns
    {
        let sources = match include(pattern) {
            Ok(sources) if sources.is_empty() => {
                let what = format!("no file matches `{}`", pattern.escape_debug());
                let help = "the pattern is relative to the fleet file; remove it if there are no such files";
                reader.push(*origin, Fault::new(what).help(help));
                continue;
            }
            Ok(sources) => sources,
            Err(fault) => {
                reader.push(*origin, fault);
                continue;
            }
        };
        for source in sources {
            // Two patterns may match the same file.
            if seen.insert(source.name.clone()) {
                reader.begin(&source.name);
                instances(&source, members, reader);
                included.push(source);
            }
        }
    }
}

/// Takes the instances of an included file.
fn instances(source: &Source, members: &mut Members, reader: &mut PartReader) {
    let extension = source.name.rsplit_once('.').map(|(_, extension)| extension);
    if extension.is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) {
        reader.syntax = Syntax::Strings;
        let Some(mut rows) = Rows::new(text(source), reader) else {
            return;
        };
        while let Some(row) = rows.next(reader) {
            members.add(&row.id, row.at, row.settings, reader);
        }
        return;
    }
    for document in documents(source, reader).unwrap_or_default() {
        let Some(document) = InstanceDocument::read(document, reader) else {
            continue;
        };
        if let Some(metadata) = document.metadata {
            let Given {
                value: TextLine(id),
                origin,
            } = metadata.value.name;
            let settings = document.spec.map(|given| given.value).unwrap_or_default();
            members.add_read(&id, origin, Some(settings), reader);
        }
    }
}

/// Quotes the lines at which the first faults are.
fn with_lines(faults: Vec<(usize, Fault)>, main: &Source, included: &[Source]) -> Vec<Fault> {
    fault::with_sources(faults.into_iter().map(|(file, fault)| {
        let source = match file.checked_sub(1) {
            None => Some(main),
            Some(index) => included.get(index),
        };
        (fault, source.map_or("", text))
    }))
}
