//! The files that belong to no single unit: what says whose the tree is, kustomizations over many instances, and
//! what tells Argo CD or Flux about them.

use super::compose::{TreeFile, ingress_values, kustomizations, values_name};
use super::context::Sealer;
use super::layout::{
    CLUSTER, EXTERNAL_DNS_VALUES, Form, INSTANCES, OUTSIDE, SHARDS, mark, marked_json, part_name,
    shard_folder, zone_mark,
};
use super::unit::Unit;
use crate::dns::{Dns, Told, zone_file};
use crate::fault::{Fault, Faults};
use crate::fleet::{ArgoCd, Fleet, Layout, Member, SHARD_LIMIT};
use crate::guarded::Guarded;
use crate::manifest::{Field, Identity, Object};
use crate::name::{DnsName, ObjectName};
use crate::outside::traefik::{DYNAMIC_FOLDER, OPTIONS_FILE};
use crate::outside::{self, OutsideFile, Text};
use crate::template::Renderer;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Name of the file that says whose the tree is.
pub const TREE_FILE: &str = ".civi-ingress.yaml";

/// Returns the files of the fleet as a whole.
///
/// # Errors
/// A part with more instances than one kustomization may name, more than that without parts where Flux needs them,
/// or a template that fails.
pub fn fleet_files(
    fleet: &Fleet,
    sealer: &Sealer,
    renderer: &Renderer<'_>,
) -> Result<Vec<TreeFile>, Vec<Fault>> {
    let mut faults = Faults::default();
    let mut files = Vec::new();
    let mut add = |path: String, text: Result<String, Fault>, faults: &mut Faults| {
        if let Some(text) = faults.keep(text) {
            files.push(TreeFile {
                path,
                text: Guarded::public(mark(fleet, None) + &text),
            });
        }
    };
    let kustomizations = |folder: &str, resources: Vec<String>, faults: &mut Faults| {
        let texts = faults.keep(kustomizations(fleet, renderer, resources));
        texts
            .into_iter()
            .flatten()
            .map(|(name, text)| match folder {
                "" => (name.to_owned(), Ok(text)),
                folder => (format!("{folder}/{name}"), Ok(text)),
            })
            .collect::<Vec<_>>()
    };
    let name = crate::yaml::scalar::to_string(fleet.name.as_str());
    let mut tree =
        format!("# What this directory is. Its state is its files.\nfleet: {name}\nformat: 1\n");
    writeln!(tree, "shards: {}", fleet.shards.map_or(0, u16::from)).expect("a String takes all");
    add(TREE_FILE.to_owned(), Ok(tree), &mut faults);
    if fleet.front.is_none() && fleet.files.is_none() {
        let values = faults.keep_all(ingress_values(fleet, renderer));
        add(
            format!("{CLUSTER}/{}", values_name(fleet)),
            Ok(values.unwrap_or_default()),
            &mut faults,
        );
    }
    if let Some(fields) = external_dns_values(fleet) {
        let text = renderer.render_other("dns/values.yaml", &fields);
        add(
            format!("{CLUSTER}/{EXTERNAL_DNS_VALUES}"),
            text,
            &mut faults,
        );
    }
    let shards = parts(fleet);
    for (shard, members) in &shards {
        if members.len() > SHARD_LIMIT && !fleet.is_held {
            faults.push(too_many(fleet, *shard, members.len()));
        }
        let folder = shard_folder(*shard);
        let resources = resources(fleet, sealer, members, true);
        for (path, text) in kustomizations(&folder, resources, &mut faults) {
            add(path, text, &mut faults);
        }
    }
    let all: Vec<&Member> = fleet.members.iter().collect();
    let is_small = fleet.members.len() <= SHARD_LIMIT || fleet.is_held;
    if fleet.shards.is_none() && is_small {
        if fleet.layout == Layout::Flat && !all.is_empty() {
            let resources = resources(fleet, sealer, &all, false);
            for (path, text) in kustomizations(INSTANCES, resources, &mut faults) {
                add(path, text, &mut faults);
            }
        }
        let mut roots: Vec<String> = fleet.front.iter().map(|_| CLUSTER.to_owned()).collect();
        match fleet.layout {
            Layout::Instance => {
                roots.extend(
                    all.iter()
                        .map(|member| format!("{INSTANCES}/{}", member.id)),
                );
            }
            Layout::Flat if !all.is_empty() => roots.push(INSTANCES.to_owned()),
            Layout::Flat => {}
        }
        for (path, text) in kustomizations("", roots, &mut faults) {
            add(path, text, &mut faults);
        }
    } else if fleet.shards.is_none() && fleet.layout == Layout::Flat {
        let what = format!(
            "{} instances are in one flat folder, and a kustomization may list at most {SHARD_LIMIT}",
            fleet.members.len()
        );
        faults.push(Fault::new(what).help(format!(
            "set `spec.shards` to {} or more",
            least_shards(fleet)
        )));
    }
    for (path, object) in controllers(fleet, &shards, &mut faults) {
        let text = renderer.render_one(&object);
        add(
            path,
            text.map(|manifest| format!("---\n{}", manifest.yaml.as_str())),
            &mut faults,
        );
    }
    files.extend(outside_files(fleet, renderer, &mut faults));
    faults.finish(Some(files))
}

/// Returns the parts that the fleet is divided into, with the instances in each; none if it is whole.
fn parts(fleet: &Fleet) -> BTreeMap<u16, Vec<&Member>> {
    let mut parts: BTreeMap<u16, Vec<&Member>> = BTreeMap::new();
    for member in fleet.members.iter().filter(|_| fleet.shards.is_some()) {
        let part = member.shard.unwrap_or_default();
        parts.entry(part).or_default().push(member);
    }
    parts
}

/// Returns the fields of the values of the chart of external-dns, if it is told of hosts: it may write below the domain of the
/// fleet, and the hosts that are elsewhere.
fn external_dns_values(fleet: &Fleet) -> Option<Vec<(&'static str, Field)>> {
    let dns = fleet.dns.as_deref()?;
    let mut domains = vec![fleet.domain.as_str()];
    let others = hosts(fleet).filter(|host| !host.is_at_or_below(&fleet.domain));
    domains.extend(others.map(DnsName::as_str));
    dns.values(fleet.name.as_str(), &domains)
}

/// Returns the hosts of all instances.
fn hosts(fleet: &Fleet) -> impl Iterator<Item = &DnsName> {
    fleet.members.iter().flat_map(|member| &member.hosts)
}

/// Renders the records for the zone of the domain, if a person is to be told of hosts.
fn zone(fleet: &Fleet, renderer: &Renderer<'_>) -> Option<Result<TreeFile, Fault>> {
    let is_told = |dns: &&Dns| dns.told == Told::ByZoneFile;
    let dns = fleet.dns.as_deref().filter(is_told)?;
    let fields = zone_file(dns, &fleet.domain, hosts(fleet));
    let text = renderer.render_text("outside/zone", &fields);
    Some(text.map(|text| TreeFile {
        path: format!("{OUTSIDE}/{}.zone", fleet.domain),
        text: Guarded::public(zone_mark(fleet) + &text),
    }))
}

/// Renders what is not for the cluster.
fn outside_files(fleet: &Fleet, renderer: &Renderer<'_>, faults: &mut Faults) -> Vec<TreeFile> {
    let is_asked = fleet
        .members
        .iter()
        .any(|member| member.terms.asks_clients());
    let mut files = outside::files(fleet.name.as_str(), &fleet.arrival, is_asked);
    files.extend(of_traefik(fleet, renderer, faults));
    let written = files.into_iter().filter_map(|file| {
        let text = match file.text {
            Text::Yaml((template, fields)) => renderer
                .render_other(template, &fields)
                .map(|text| mark(fleet, None) + &text),
            Text::Template(template, fields) => renderer
                .render_text(template, &fields)
                .map(|text| mark(fleet, None) + &text),
            Text::Json(value) => Ok(marked_json(fleet, value)),
        };
        Some(TreeFile {
            path: format!("{OUTSIDE}/{}", file.path),
            text: Guarded::public(faults.keep(text)?),
        })
    });
    let mut files: Vec<TreeFile> = written.collect();
    files.extend(zone(fleet, renderer).and_then(|zone| faults.keep(zone)));
    files
}

/// Returns the files of a Traefik that is told everything by files.
fn of_traefik(fleet: &Fleet, renderer: &Renderer<'_>, faults: &mut Faults) -> Vec<OutsideFile> {
    let Some(files) = &fleet.files else {
        return Vec::new();
    };
    let mut all = vec![(OPTIONS_FILE.to_owned(), files.options(&fleet.arrival))];
    let front = fleet.front.as_ref().filter(|_| fleet.has_wildcard());
    let dynamic = |name: &str| format!("{DYNAMIC_FOLDER}/{name}.yaml");
    // No instance has this name: an underscore is in none.
    all.extend(front.map(|front| (dynamic("_store"), files.store(&front.namespace))));
    for member in &fleet.members {
        if let Some(instance) = faults.keep_all(fleet.instance(member)) {
            let topology = fleet.topology(member);
            let text = files.routes(topology, &instance);
            // A template of ours says of every instance what it says of one.
            if !renderer.templates().are_built_in() {
                let (template, fields) = &text;
                let made = renderer.render_other(template, fields);
                let checked = made.and_then(|made| {
                    let checked = files.check_back(&made, topology, &instance);
                    checked.map_err(|fault| fault.file(template))
                });
                faults.keep(checked);
            }
            all.push((dynamic(member.id.as_str()), text));
        }
    }
    let all = all.into_iter().map(|(path, text)| OutsideFile {
        path: format!("traefik/{path}"),
        text: Text::Yaml(text),
    });
    all.collect()
}

fn too_many(fleet: &Fleet, part: u16, count: usize) -> Fault {
    Fault::new(format!(
        "part {part} of the fleet has {count} instances, and a kustomization may list at most {SHARD_LIMIT}"
    ))
    .help(format!(
        "set `spec.shards` to {} or more, and put fewer instances into `shard: {part}`",
        least_shards(fleet)
    ))
}

/// Returns the least number of parts of which none is too large.
fn least_shards(fleet: &Fleet) -> usize {
    fleet.members.len().div_ceil(SHARD_LIMIT)
}

/// Returns what a kustomization over many members names: their folders, or in the flat layout their files.
fn resources(fleet: &Fleet, sealer: &Sealer, members: &[&Member], in_shard: bool) -> Vec<String> {
    match fleet.layout {
        Layout::Instance => {
            let up = if in_shard { "../../" } else { "" };
            members
                .iter()
                .map(|member| format!("{up}{INSTANCES}/{}", member.id))
                .collect()
        }
        Layout::Flat => members
            .iter()
            .flat_map(|member| flat_files(fleet, sealer, member))
            .collect(),
    }
}

fn flat_files(fleet: &Fleet, sealer: &Sealer, member: &Member) -> Vec<String> {
    let Ok(unit) = Unit::member(fleet, member) else {
        return Vec::new();
    };
    let home = unit.home();
    let (kind, form) = match sealer {
        Sealer::Plain => ("Secret", Form::Plain),
        Sealer::Sops(_) => ("Secret", Form::Sops),
        Sealer::Sealed { .. } => ("SealedSecret", Form::Sealed),
    };
    let secrets: BTreeSet<ObjectName> = unit
        .placements()
        .iter()
        .filter(|(credential, _)| credential.is_private())
        .map(|(_, place)| place.secret.clone())
        .collect();
    let path = |name: ObjectName| {
        let identity = Identity {
            api_version: "v1",
            kind,
            namespace: None,
            name,
        };
        let path = home.path(&identity, form);
        path.rsplit_once('/')
            .map_or(path.clone(), |(_, name)| name.to_owned())
    };
    let all = format!("{}.yaml", member.id);
    std::iter::once(all)
        .chain(secrets.into_iter().map(path))
        .collect()
}

/// Returns the path of a folder of the tree in its repository, of which the tree is at `path`.
pub(super) fn below(path: &str, folder: &str) -> String {
    let path = path.trim_matches('/').trim_start_matches("./");
    match (path.is_empty() || path == ".", folder.is_empty()) {
        (true, _) => folder.to_owned(),
        (false, true) => path.to_owned(),
        (false, false) => format!("{path}/{folder}"),
    }
}

/// Returns the folders for each of which Argo CD has an Application; the first is that of the instances.
pub(super) fn directories(fleet: &Fleet, argo_cd: &ArgoCd) -> Vec<String> {
    let folders = match (fleet.shards, fleet.layout) {
        (Some(_), _) => format!("{SHARDS}/*"),
        (None, Layout::Instance) => format!("{INSTANCES}/*"),
        (None, Layout::Flat) => INSTANCES.to_owned(),
    };
    let cluster = fleet.front.iter().map(|_| CLUSTER.to_owned());
    std::iter::once(folders)
        .chain(cluster)
        .map(|folder| below(&argo_cd.path, &folder))
        .collect()
}

fn controllers(
    fleet: &Fleet,
    shards: &BTreeMap<u16, Vec<&Member>>,
    faults: &mut Faults,
) -> Vec<(String, Object)> {
    let mut files = Vec::new();
    if let Some(argo) = &fleet.argo_cd {
        let directories = directories(fleet, argo);
        let identity = Identity {
            api_version: "argoproj.io/v1alpha1",
            kind: "ApplicationSet",
            namespace: Some(argo.namespace.clone()),
            name: fleet.name.clone(),
        };
        let mut object = Object::new(identity, "gitops/applicationset.yaml");
        object.fields = vec![
            ("repo_url", argo.repo_url.as_str().into()),
            ("revision", argo.revision.as_str().into()),
            ("project", argo.project.as_str().into()),
            (
                "directories",
                directories.iter().map(String::as_str).collect(),
            ),
            ("option", "missingkey=error".into()),
            (
                "application",
                format!("{}-{{{{ .path.basenameNormalized }}}}", fleet.name).into(),
            ),
            ("path", "{{ .path.path }}".into()),
        ];
        files.push(("argocd/applicationset.yaml".to_owned(), object));
    }
    if let Some(flux) = &fleet.flux {
        let mut parts: Vec<(String, String)> = Vec::new();
        if shards.is_empty() {
            if fleet.members.len() > SHARD_LIMIT && !fleet.is_held {
                let what = format!(
                    "Flux would build {} instances in one Kustomization",
                    fleet.members.len()
                );
                faults.push(Fault::new(what).help(format!(
                    "set `spec.shards` to {} or more",
                    least_shards(fleet)
                )));
            }
            parts.push(("all".to_owned(), String::new()));
        } else {
            parts.extend(
                fleet
                    .front
                    .iter()
                    .map(|_| (CLUSTER.to_owned(), CLUSTER.to_owned())),
            );
            parts.extend(
                shards
                    .keys()
                    .map(|shard| (part_name(*shard), shard_folder(*shard))),
            );
        }
        for (part, folder) in parts {
            let name = ObjectName::parse(&format!("{}-{part}", fleet.name));
            let Some(name) = faults.keep(name) else {
                continue;
            };
            let identity = Identity {
                api_version: "kustomize.toolkit.fluxcd.io/v1",
                kind: "Kustomization",
                namespace: Some(flux.namespace.clone()),
                name,
            };
            let mut object = Object::new(identity, "gitops/flux-kustomization.yaml");
            let path = format!("./{}", below(&flux.path, &folder));
            let secret: Field = flux
                .decryption_secret
                .as_ref()
                .map(ObjectName::as_str)
                .into();
            object.fields = vec![
                ("interval", flux.interval.as_str().into()),
                ("path", path.into()),
                ("source_kind", flux.source_kind.as_str().into()),
                ("source", flux.source.as_str().into()),
                ("decryption_secret", secret),
            ];
            files.push((format!("flux/kustomization-{part}.yaml"), object));
        }
    }
    files
}
