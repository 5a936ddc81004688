//! Holds what the fleet file says against who reads the tree: Flux, Argo CD, `kubectl`.

use super::Layout;
use super::document::{Metadata, Spec};
use super::leaf::{FrontMode, Mode};
use super::spec::kept;
use crate::fault::Fault;
use crate::name::{InstanceName, ObjectName};
use crate::record::leaf::Switch;
use crate::record::{Given, PartReader};

/// Longest value of a label (Kubernetes, apimachinery `pkg/util/validation`, `LabelValueMaxLength`). The fleet's name
/// is one; Flux makes one of a Kustomization's name, and Argo CD of an Application's where it tracks by labels.
const LABEL_LIMIT: usize = 63;
/// The unit of a fleet that is not an instance, and its folder.
const CLUSTER: &str = "cluster";

/// Notes what Flux, Argo CD or `kubectl` could not take.
pub(super) fn check(metadata: Option<&Metadata<ObjectName>>, spec: &Spec, reader: &mut PartReader) {
    if let Some(metadata) = metadata {
        check_name(&metadata.name, spec, reader);
    }
    let is_sops = kept(spec.secrets.as_ref()) == Some(Mode::Sops);
    if let (true, Some(flux)) = (is_sops, &spec.flux) {
        if flux.value.decryption_secret.is_none() {
            let fault = Fault::new("Flux cannot open a `sops` file without `decryptionSecret`");
            let help = "name the Secret with the age identity, in the namespace of the Kustomization: `decryptionSecret: sops-age`";
            reader.push(flux.origin, fault.help(help));
        }
        if let Some(argo_cd) = &spec.argo_cd {
            let fault = Fault::new("Argo CD and Flux cannot share a tree of `sops` files");
            let help = "keep `argocd` or `flux`: Argo CD opens the files through a KSOPS generator, which Flux refuses to run";
            reader.push(argo_cd.origin, fault.help(help));
        }
    }
    let paths = [
        spec.argo_cd
            .as_ref()
            .and_then(|part| part.value.path.as_ref()),
        spec.flux.as_ref().and_then(|part| part.value.path.as_ref()),
    ];
    for path in paths.into_iter().flatten() {
        if path.value.0.split('/').any(|part| part == "..") {
            let fault = Fault::new("the path leads out of the repository");
            reader.push(
                path.origin,
                fault.help("give it relative to the repository's root, without `..`"),
            );
        }
    }
    if let Some(project) = spec
        .argo_cd
        .as_ref()
        .and_then(|part| part.value.project.as_ref())
    {
        reader.keep_at(project.origin, ObjectName::parse(&project.value.0));
    }
}

/// Refuses a fleet's name that is too long for a label, or for the names that are made of it.
fn check_name(name: &Given<ObjectName>, spec: &Spec, reader: &mut PartReader) {
    let has_cluster = has_cluster(spec);
    let mut made = vec![(name.value.to_string(), "be the value of a label")];
    let parts = match &spec.shards {
        // Further parts have longer numbers, from 1,000 on.
        Some(shards) => vec![format!("{:03}", shards.value.0.saturating_sub(1))],
        None => vec!["all".to_owned()],
    };
    let cluster = has_cluster.then(|| CLUSTER.to_owned());
    if spec.flux.is_some() {
        let cluster = cluster.clone().filter(|_| spec.shards.is_some());
        let names = parts.iter().cloned().chain(cluster);
        made.extend(names.map(|part| {
            (
                format!("{}-{part}", name.value),
                "name a Kustomization of Flux",
            )
        }));
    }
    if spec.argo_cd.is_some() {
        let folder = match (&spec.shards, layout(spec)) {
            (Some(_), _) => parts.first().cloned(),
            (None, Layout::Flat) => Some("instances".to_owned()),
            (None, Layout::Instance) => None,
        };
        let names = folder.into_iter().chain(cluster);
        made.extend(names.map(|part| {
            (
                format!("{}-{part}", name.value),
                "name an Application of Argo CD",
            )
        }));
    }
    let longest = made.into_iter().max_by_key(|(made, _)| made.len());
    let Some((longest, what)) = longest.filter(|(made, _)| made.len() > LABEL_LIMIT) else {
        return;
    };
    let over = longest.len() - LABEL_LIMIT;
    let fault = Fault::new(format!(
        "`{longest}` would {what} and has {} characters, of which {LABEL_LIMIT} are allowed",
        longest.len()
    ));
    let help = format!("shorten the fleet's name by {over} or more");
    reader.push(name.origin, fault.help(help));
}

fn layout(spec: &Spec) -> Layout {
    spec.layout
        .as_ref()
        .map_or(Layout::Instance, |given| given.value)
}

/// Returns whether the cluster has files of its own.
fn has_cluster(spec: &Spec) -> bool {
    let public = spec.public_certificate.as_ref();
    let mode = public.and_then(|given| given.value.mode.as_ref());
    match (mode, &spec.wildcard) {
        (Some(mode), _) => mode.value != FrontMode::Nobody,
        (None, Some(given)) => !matches!(given.value, Switch::Off),
        (None, None) => true,
    }
}

/// Which names of instances the tree and its readers take.
#[derive(Debug, Default)]
pub(super) struct TakenModes {
    /// Whether the cluster has files of its own.
    has_cluster: bool,
    is_flat: bool,
    /// The fleet's name, where Argo CD has an Application for each instance.
    applications: Option<String>,
}

/// Finds out which names of instances the tree and its readers take.
pub(super) fn takes(metadata: Option<&Metadata<ObjectName>>, spec: &Spec) -> TakenModes {
    let is_flat = layout(spec) == Layout::Flat;
    let has_applications = spec.argo_cd.is_some() && spec.shards.is_none() && !is_flat;
    TakenModes {
        has_cluster: has_cluster(spec),
        is_flat,
        applications: metadata
            .filter(|_| has_applications)
            .map(|metadata| metadata.name.value.to_string()),
    }
}

impl TakenModes {
    /// Passes an instance's name on.
    ///
    /// # Errors
    /// A name that the tree has for something else, or one of which Argo CD could make no name.
    pub(super) fn id(&self, id: InstanceName) -> Result<InstanceName, Fault> {
        let help = "choose another name for the instance";
        let kept_for = match id.as_str() {
            CLUSTER if self.has_cluster => {
                "what exists once in a cluster, such as the wildcard certificate"
            }
            "kustomization" if self.is_flat => "the file that lists all others",
            _ => "",
        };
        if !kept_for.is_empty() {
            return Err(Fault::new(format!("the name `{id}` is kept for {kept_for}")).help(help));
        }
        let Some(fleet) = &self.applications else {
            return Ok(id);
        };
        let length = fleet.len() + 1 + id.as_str().len();
        if length > LABEL_LIMIT {
            let what = format!(
                "`{fleet}-{id}` would name an Application of Argo CD and has {length} characters, of which {LABEL_LIMIT} are allowed"
            );
            return Err(Fault::new(what)
                .help("shorten the fleet's name or the instance's, or set `spec.shards`"));
        }
        Ok(id)
    }
}
