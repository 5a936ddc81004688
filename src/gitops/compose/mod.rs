//! Carries a plan out: the files of a unit, made from what stays and what is drawn.

mod bundles;
mod chains;
pub mod drawing;
mod given;
mod lock;
mod sealed_object;
mod work;

use super::context::{Context, Sealer, UnitFiles};
use super::decide::Action;
use super::layout::{Form, GENERATOR, Home, ISTIO_VALUES, TRAEFIK_VALUES, mark};
use super::plan::{Plan, RolePlan};
use super::secrets::FoundUnit;
use super::unit::Unit;
use crate::chart::{self, ChartMajor, ValuesRequest};
use crate::fault::Fault;
use crate::fleet::Fleet;
use crate::guarded::Guarded;
use crate::ingress::{self, Credentials, Role};
use crate::manifest::{Field, Object, SecretData};
use crate::name::ObjectName;
use crate::path::shared_istio::AnyGateway;
use crate::pki::Certificate;
use crate::template::Renderer;
use drawing::Drawing;
use lock::Locked;
use std::collections::{BTreeMap, BTreeSet};
use work::Work;

/// A file as it is to be.
pub struct TreeFile {
    /// Its path below the tree.
    pub path: String,
    /// Its text.
    pub text: Guarded,
}

impl TreeFile {
    /// Returns whether it holds a private key in clear text.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.text.is_private()
    }

    /// Returns whether private keys are in it, in clear text or locked.
    #[must_use]
    pub fn holds_keys(&self) -> bool {
        self.text.is_private()
            || self.path.ends_with(".sops.yaml")
            || self.text.contains("\nkind: SealedSecret\n")
    }
}

/// The files of a unit, and the public halves of the chains that were made.
pub struct Composed {
    /// The files, in apply order.
    pub files: Vec<TreeFile>,
    /// The leaves that were made, by their role.
    pub made: Vec<(Role, Certificate)>,
}

/// Carries a plan out.
///
/// # Errors
/// A template that fails, a chain that cannot be issued, a file that cannot be opened.
pub fn carry_out(
    context: &Context<'_>,
    unit: &Unit<'_>,
    files: &UnitFiles,
    found: &FoundUnit<'_>,
    plan: &Plan,
    renderer: &Renderer<'_>,
    drawing: &mut dyn Drawing,
) -> Result<Composed, Vec<Fault>> {
    let one = |fault: Fault| vec![fault];
    let mut work = Work {
        context,
        unit,
        placements: unit.placements(),
        current: &found.current,
        staged: &found.staged,
        opened: BTreeMap::new(),
        made: Vec::new(),
    };
    let mut in_use = Credentials::default();
    let mut waiting = Credentials::default();
    for role in &plan.roles {
        work.fill(role, &mut in_use, &mut waiting, drawing)
            .map_err(one)?;
    }
    work.bundles(plan, &mut in_use, &mut waiting).map_err(one)?;
    if unit.takes_given() {
        work.fill_given(plan, &mut in_use).map_err(one)?;
    }
    let mut composed = Vec::new();
    let stages = plan
        .roles
        .iter()
        .any(|role| matches!(role.action, Action::Stage(_)));
    let keeps_staged =
        !stages && !work.staged.is_empty() && plan.roles.iter().all(|role| stays(&role.action));
    let home = unit.home();
    let objects = unit.objects(&in_use);
    let promotes = plan.roles.iter().any(|role| role.action == Action::Promote);
    let mut staying = work.staying(plan);
    if unit.takes_given() && !plan.takes_given {
        staying.extend(unit.secrets_of(Role::Public));
    }
    let mut locked = Vec::new();
    for object in objects {
        let name = &object.identity.name;
        let as_found = staying
            .contains(name)
            .then(|| work.as_found(&object, plan, &home))
            .flatten();
        locked.push(match as_found {
            Some(locked) => locked,
            None => work.lock(object, promotes, drawing).map_err(one)?,
        });
    }
    let known: Vec<&(String, Guarded)> = files.current.iter().chain(&files.staged).collect();
    let must_read_back = |path: &str, text: &str| {
        found.is_whole()
            && !known
                .iter()
                .any(|(found, old)| found == path && **old == *text)
    };
    compose_in_use(
        unit,
        &home,
        &locked,
        renderer,
        &must_read_back,
        &mut composed,
    )?;
    if stages {
        for object in work.staged_objects(plan, &waiting).map_err(one)? {
            let locked = work.lock(object, false, drawing).map_err(one)?;
            let path = home.staged_path(&locked.object.identity, locked.form);
            let text = locked.yaml(&head(unit), renderer).map_err(one)?;
            if must_read_back(&path, &text) {
                locked.read_back(&path, &text, renderer).map_err(one)?;
            }
            composed.push(TreeFile { path, text });
        }
    } else if keeps_staged {
        for (path, text) in &files.staged {
            composed.push(TreeFile {
                path: path.clone(),
                text: Guarded::new(text.to_string(), matches!(context.sealer, Sealer::Plain)),
            });
        }
    }
    let made = work.made;
    Ok(Composed {
        files: composed,
        made,
    })
}

/// Returns the paths of all files that a unit may have, whatever becomes of its chains.
#[must_use]
pub fn paths(unit: &Unit<'_>, sealer: &Sealer) -> BTreeSet<String> {
    let home = unit.home();
    let mut credentials = Credentials::default();
    for (credential, _) in unit.placements() {
        credentials.add(*credential, SecretData::sealed(String::new()));
    }
    let private: BTreeSet<&ObjectName> = unit
        .placements()
        .iter()
        .filter(|(credential, _)| credential.is_private())
        .map(|(_, place)| &place.secret)
        .collect();
    let is_opened = unit.fleet().argo_cd.is_some() && matches!(sealer, Sealer::Sops(_));
    let has_values = |member| unit.fleet().helm_values(member).is_some();
    let others = [
        ("kustomization.yaml", home.is_own()),
        (GENERATOR, home.is_own() && is_opened),
        (
            values_name(unit.fleet()),
            unit.as_member().is_none() && unit.fleet().files.is_none(),
        ),
        ("values.yaml", unit.as_member().is_some_and(has_values)),
    ];
    let others = others.into_iter().filter(|(_, is_there)| *is_there);
    let mut paths: BTreeSet<String> = others.map(|(name, _)| home.other_path(name)).collect();
    for object in unit.objects(&credentials) {
        let mut identity = object.identity;
        let is_private = identity.kind == "Secret" && private.contains(&identity.name);
        let form = match sealer {
            _ if !is_private => Form::Public,
            Sealer::Plain => Form::Plain,
            Sealer::Sops(_) => Form::Sops,
            Sealer::Sealed { .. } => Form::Sealed,
        };
        if form == Form::Sealed {
            identity.kind = "SealedSecret";
        }
        if is_private {
            paths.insert(home.staged_path(&identity, form));
        }
        paths.insert(home.path(&identity, form));
    }
    paths
}

/// Returns whether a chain stays where it is.
fn stays(action: &Action) -> bool {
    matches!(
        action,
        Action::Keep | Action::Defer(_) | Action::Blocked(..)
    )
}

/// Returns the first line of a unit's files.
fn head(unit: &Unit<'_>) -> String {
    mark(
        unit.fleet(),
        unit.as_member().map(|member| member.id.as_str()),
    )
}

fn compose_in_use(
    unit: &Unit<'_>,
    home: &Home,
    locked: &[Locked<'_>],
    renderer: &Renderer<'_>,
    must_read_back: &dyn Fn(&str, &str) -> bool,
    files: &mut Vec<TreeFile>,
) -> Result<(), Vec<Fault>> {
    let mut faults = Vec::new();
    let head = head(unit);
    let mut shared = String::new();
    for locked in locked {
        let path = home.path(&locked.object.identity, locked.form);
        if !home.is_own() && locked.form == Form::Public {
            match locked.yaml("", renderer) {
                Ok(yaml) => shared.push_str(&yaml),
                Err(fault) => faults.push(fault),
            }
            continue;
        }
        let text = locked.yaml(&head, renderer).and_then(|text| {
            if must_read_back(&path, &text) {
                locked.read_back(&path, &text, renderer)?;
            }
            Ok(text)
        });
        match text {
            Ok(text) => files.push(TreeFile { path, text }),
            Err(fault) => faults.push(fault),
        }
    }
    if let (Some(locked), false) = (
        locked.iter().find(|locked| locked.form == Form::Public),
        shared.is_empty(),
    ) {
        let path = home.path(&locked.object.identity, Form::Public);
        let text = Guarded::public(format!("{head}{shared}"));
        files.push(TreeFile { path, text });
    }
    if home.is_own() {
        let prefix = format!("{}/", home.folder);
        let resources = files
            .iter()
            .filter(|file| super::layout::is_applied(&file.path));
        let resources: Vec<String> = resources
            .filter_map(|file| file.path.strip_prefix(&prefix).map(str::to_owned))
            .collect();
        match kustomizations(unit.fleet(), renderer, resources) {
            Ok(texts) => files.extend(texts.into_iter().map(|(name, text)| TreeFile {
                path: home.other_path(name),
                text: Guarded::public(format!("{head}{text}")),
            })),
            Err(fault) => faults.push(fault),
        }
    }
    if unit.as_member().is_none() && unit.fleet().files.is_none() {
        let values = ingress_values(unit.fleet(), renderer)?;
        let text = Guarded::public(format!("{head}{values}"));
        let path = home.other_path(values_name(unit.fleet()));
        files.push(TreeFile { path, text });
    }
    if let Some(values) = unit
        .as_member()
        .and_then(|member| unit.fleet().helm_values(member))
    {
        let mut text = head.clone();
        crate::yaml::tree_text(&values, &mut text);
        let text = Guarded::public(text);
        let path = home.other_path("values.yaml");
        files.push(TreeFile { path, text });
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults)
    }
}

/// Returns the name of the file with the values of the chart that brings what is before the instances.
#[must_use]
pub fn values_name(fleet: &Fleet) -> &'static str {
    match fleet.gateway {
        Some(AnyGateway::Istio(_)) => ISTIO_VALUES,
        Some(AnyGateway::Api(_)) | None => TRAEFIK_VALUES,
    }
}

/// Renders those values.
///
/// # Errors
/// A template that fails.
pub fn ingress_values(fleet: &Fleet, renderer: &Renderer<'_>) -> Result<String, Vec<Fault>> {
    if let Some(AnyGateway::Istio(istio)) = &fleet.gateway {
        let fields = ingress::istio::values(istio, &fleet.arrival);
        let text = renderer.render_other("istio/values.yaml", &fields);
        return text.map_err(|fault| vec![fault]);
    }
    let chart = ChartMajor::parse(&fleet.chart.to_string()).map_err(|fault| vec![fault])?;
    let mut request = ValuesRequest::for_chart(chart);
    request.receive(&fleet.arrival);
    request.fast_proxy = fleet.fast_proxy;
    request.ingresses = fleet.ingresses;
    request.gateway_api = matches!(fleet.gateway, Some(AnyGateway::Api(_)));
    chart::render(&request, renderer.templates())
}

/// Renders a kustomization that names files or folders, in order, and where Argo CD applies it the generator that
/// opens encrypted ones: Argo CD would apply `ENC[…]` as it stands, and runs KSOPS for what `generators` names. Gives
/// the files' names and texts.
///
/// # Errors
/// A template that fails.
pub fn kustomizations(
    fleet: &Fleet,
    renderer: &Renderer<'_>,
    resources: Vec<String>,
) -> Result<Vec<(&'static str, String)>, Fault> {
    let is_opened = |name: &String| fleet.argo_cd.is_some() && name.ends_with(".sops.yaml");
    let (encrypted, resources): (Vec<String>, Vec<String>) =
        resources.into_iter().partition(is_opened);
    let list = |names: &[String]| names.iter().map(String::as_str).collect::<Field>();
    let mut texts = Vec::new();
    let mut generators = Vec::new();
    if !encrypted.is_empty() {
        let files: Field = encrypted.iter().map(|name| format!("./{name}")).collect();
        let text = renderer.render_other("gitops/ksops.yaml", &[("files", files)])?;
        texts.push((GENERATOR, text));
        generators.push(GENERATOR.to_owned());
    }
    let fields = [
        ("resources", list(&resources)),
        ("generators", list(&generators)),
    ];
    let text = renderer.render_other("gitops/kustomization.yaml", &fields)?;
    texts.push(("kustomization.yaml", text));
    Ok(texts)
}

impl Work<'_> {
    /// Returns the Secrets of which every chain stays where it is.
    fn staying(&self, plan: &Plan) -> BTreeSet<ObjectName> {
        let (staying, moving): (Vec<_>, Vec<_>) =
            plan.roles.iter().partition(|role| stays(&role.action));
        let places = |roles: Vec<&RolePlan>| -> BTreeSet<ObjectName> {
            let places = roles.into_iter().flat_map(|role| self.places(role.role));
            places.map(|(_, place)| place.secret).collect()
        };
        let moving = places(moving);
        let staying = places(staying).into_iter();
        staying.filter(|name| !moving.contains(name)).collect()
    }

    /// Returns the Secrets that wait: those with private values of the chains that are staged.
    fn staged_objects(&self, plan: &Plan, waiting: &Credentials) -> Result<Vec<Object>, Fault> {
        let staged = plan
            .roles
            .iter()
            .filter(|role| matches!(role.action, Action::Stage(_)));
        let names: Vec<ObjectName> = staged
            .clone()
            .flat_map(|role| self.unit.secrets_of(role.role))
            .collect();
        let mut credentials = waiting.clone();
        for role in &plan.roles {
            if !matches!(role.action, Action::Stage(_)) {
                self.carry(role.role, false, &mut credentials)?;
            }
        }
        let mut objects = self.unit.objects(&credentials);
        objects.retain(|object| {
            object.identity.kind == "Secret" && names.contains(&object.identity.name)
        });
        Ok(objects)
    }
}

/// Returns the command that makes programs take what is new once a plan was carried out; nothing if none must.
#[must_use]
pub fn restart(unit: &Unit<'_>, plan: &Plan) -> Option<String> {
    let roles = |wanted: fn(&Action) -> bool| -> Vec<Role> {
        let all = plan.roles.iter().filter(|role| wanted(&role.action));
        all.map(|role| role.role).collect()
    };
    let served = roles(|action| matches!(action, Action::Renew(_) | Action::Promote));
    let trusted = roles(|action| matches!(action, Action::Stage(_)));
    unit.as_member()?;
    ingress::restart(unit.namespace(), &served, &trusted)
}
