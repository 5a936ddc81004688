//! Carries a plan out: the files of a unit, made from what stays and what is drawn.

use super::decide::{Action, Need};
use super::found::{DIGEST, Lock, SEALED_WITH, Stored, decode, digest_of, said_digest};
use super::layout::{Form, GENERATOR, Home, mark};
use super::plan::{
    Context, Found as FoundUnit, Opened, Phase, Plan, RolePlan, Sealer, Secrets, UnitFiles,
    has_lost_lock,
};
use super::read_back::read_back;
use super::unit::Unit;
use crate::chart::{self, ChartMajor, ValuesRequest};
use crate::fault::Fault;
use crate::fleet::{CaCustody, Fleet};
use crate::guarded::Guarded;
use crate::ingress::{self, Credentials, Role};
use crate::instance::Credential;
use crate::instant::later;
use crate::manifest::{Field, Object, PrivateKeys, SecretData};
use crate::name::{DataKey, ObjectName};
use crate::pki::issue::{self, Ca, CaRequest, LeafRequest, Serial};
use crate::pki::reuse::{self, Found, PublicChain};
use crate::pki::trust_bundle::{Retention, trust_bundle};
use crate::pki::{Certificate, Chain, KeyType, PrivateKey, authorities};
use crate::seal::sops::{self, Block};
use crate::seal::{Random, sealed};
use crate::template::Renderer;
use crate::values::SecretKeyRef;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use time::Duration;

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
}

impl TreeFile {
    /// Returns whether private keys are in it, in clear text or locked.
    #[must_use]
    pub fn holds_keys(&self) -> bool {
        self.text.is_private()
            || self.path.ends_with(".sops.yaml")
            || self.text.contains("\nkind: SealedSecret\n")
    }
}

/// Where keys, serials and random bytes are drawn.
pub trait Drawing {
    /// Draws a key.
    ///
    /// # Errors
    /// A system that provides no random numbers.
    fn key(&mut self, key_type: KeyType) -> Result<PrivateKey, Fault>;
    /// Draws a serial number.
    ///
    /// # Errors
    /// A system that provides no random numbers.
    fn serial(&mut self) -> Result<Serial, Fault>;
    /// Fills `bytes`.
    ///
    /// # Errors
    /// A system that provides no random numbers.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Fault>;
}

/// Draws nothing: what is carried out with it only carries over.
#[derive(Debug)]
pub struct NoDrawing;

impl Drawing for NoDrawing {
    fn key(&mut self, _: KeyType) -> Result<PrivateKey, Fault> {
        Err(nothing_is_drawn())
    }
    fn serial(&mut self) -> Result<Serial, Fault> {
        Err(nothing_is_drawn())
    }
    fn fill(&mut self, _: &mut [u8]) -> Result<(), Fault> {
        Err(nothing_is_drawn())
    }
}

fn nothing_is_drawn() -> Fault {
    Fault::new("nothing new can be made here")
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
    let staying = work.staying(plan);
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
        ("traefik-values.yaml", unit.as_member().is_none()),
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

/// An object whose private values are locked.
struct Locked<'a> {
    object: Object,
    form: Form,
    /// The block `sops:` that goes behind it.
    block: Option<Cow<'a, Block<'a>>>,
    /// The file as it stands, where it stays so.
    as_found: Option<&'a Guarded>,
    /// The file as it stands, whatever becomes of it.
    before: Option<&'a Guarded>,
}

impl Locked<'_> {
    fn new(object: Object, form: Form) -> Self {
        Self {
            object,
            form,
            block: None,
            as_found: None,
            before: None,
        }
    }

    /// Writes the object behind `head`, the first line of its file or nothing.
    fn yaml(&self, head: &str, renderer: &Renderer<'_>) -> Result<Guarded, Fault> {
        if let Some(text) = self.as_found {
            return Ok(text.clone());
        }
        let manifest = renderer.render_one(&self.object)?;
        let suffix = self.block.as_ref().map_or("", |block| block.text());
        let bare = [head, "---\n", &manifest.yaml, suffix];
        let digest = match self.form {
            Form::Public | Form::Plain => String::new(),
            // A file from before there was a digest gets one when it changes, and does not change for it.
            Form::Sops | Form::Sealed if self.before.is_some_and(|text| is_bare(text, bare)) => {
                String::new()
            }
            Form::Sops | Form::Sealed => self.digest(),
        };
        let size = head.len() + digest.len() + manifest.yaml.len() + suffix.len() + 4;
        let mut text = String::with_capacity(size);
        for piece in [head, &digest, "---\n", &manifest.yaml, suffix] {
            text.push_str(piece);
        }
        Ok(Guarded::new(text, self.form == Form::Plain))
    }

    /// Returns the line that binds the values of a locked Secret together.
    fn digest(&self) -> String {
        let maps = self
            .object
            .fields
            .iter()
            .filter_map(|(name, field)| match field {
                Field::Map(entries) if matches!(*name, "data" | "encrypted") => Some(entries),
                _ => None,
            });
        let values = maps.flatten().filter_map(|(key, value)| match value {
            Field::Secret(data) => Some((key.as_str(), data.expose(PrivateKeys::Written))),
            Field::Text(text) => Some((key.as_str(), text.as_str())),
            _ => None,
        });
        format!("{DIGEST}{}\n", digest_of(values, self.block.as_deref()))
    }

    /// Reads back what was written of a Secret, and compares it with what was meant.
    ///
    /// # Errors
    /// With a user's own templates, what they render differently.
    ///
    /// # Panics
    /// When this program writes something other than what it means, before a byte of it leaves.
    fn read_back(&self, path: &str, text: &str, renderer: &Renderer<'_>) -> Result<(), Fault> {
        if self.as_found.is_some() {
            return Ok(());
        }
        let read = read_back(&self.object, self.block.as_deref(), text, path);
        assert!(
            read.is_ok() || !renderer.templates().are_built_in(),
            "{read:?}"
        );
        read
    }
}

/// Returns whether a file has no digest and consists of these pieces.
fn is_bare(text: &str, pieces: [&str; 4]) -> bool {
    let rest = |text, piece| str::strip_prefix(text, piece);
    said_digest(text).is_none() && pieces.into_iter().try_fold(text, rest) == Some("")
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
    if unit.as_member().is_none() {
        let values = traefik_values(unit.fleet(), renderer)?;
        let text = Guarded::public(format!("{head}{values}"));
        let path = home.other_path("traefik-values.yaml");
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

/// Renders the values of Traefik's chart for a fleet.
///
/// # Errors
/// A template that fails.
pub fn traefik_values(fleet: &Fleet, renderer: &Renderer<'_>) -> Result<String, Vec<Fault>> {
    let chart = ChartMajor::parse(&fleet.chart.to_string()).map_err(|fault| vec![fault])?;
    chart::render(&ValuesRequest::for_chart(chart), renderer.templates())
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

struct Work<'a> {
    context: &'a Context<'a>,
    unit: &'a Unit<'a>,
    placements: &'a [(Credential, SecretKeyRef)],
    current: &'a Secrets<'a>,
    staged: &'a Secrets<'a>,
    opened: BTreeMap<ObjectName, Opened>,
    made: Vec<(Role, Certificate)>,
}

impl Work<'_> {
    /// Puts the credentials of one chain where its action says.
    fn fill(
        &mut self,
        plan: &RolePlan,
        in_use: &mut Credentials,
        waiting: &mut Credentials,
        drawing: &mut dyn Drawing,
    ) -> Result<(), Fault> {
        match &plan.action {
            Action::Keep | Action::Defer(_) | Action::Blocked(..) => {
                self.carry(plan.role, false, in_use)?;
            }
            Action::Promote => self.carry(plan.role, true, in_use)?,
            Action::Reseal(_) => {
                self.open(plan.role)?;
                self.carry_opened(plan.role, in_use)?;
            }
            Action::Issue | Action::Renew(_) => {
                let chain = self.make(plan, drawing)?;
                in_use.add_chain(plan.role, &chain);
                self.made.push((plan.role, chain.leaf));
            }
            Action::Stage(_) => {
                self.carry(plan.role, false, in_use)?;
                let chain = self.make(plan, drawing)?;
                waiting.add_chain(plan.role, &chain);
                self.made.push((plan.role, chain.leaf));
            }
        }
        Ok(())
    }

    fn places(&self, role: Role) -> Vec<(Credential, SecretKeyRef)> {
        let parts = role.parts();
        let of_role = [parts.ca, parts.ca_key, parts.leaf, parts.leaf_key];
        self.placements
            .iter()
            .filter(|(credential, _)| of_role.contains(credential))
            .cloned()
            .collect()
    }

    fn carry(
        &self,
        role: Role,
        from_staged: bool,
        credentials: &mut Credentials,
    ) -> Result<(), Fault> {
        for (credential, place) in self.places(role) {
            let value = match self.staged.value(&place).filter(|_| from_staged) {
                Some(value) => Some(value),
                None => self.current.value(&place),
            };
            if let Some(value) = value {
                credentials.add(credential, carried(value, credential)?);
            }
        }
        Ok(())
    }

    fn carry_opened(&self, role: Role, credentials: &mut Credentials) -> Result<(), Fault> {
        for (credential, place) in self.places(role) {
            let opened = self
                .opened
                .get(&place.secret)
                .and_then(|values| values.get(place.key.as_str()));
            match opened {
                Some(text) => {
                    let opened = Stored::Base64(text.as_str().into());
                    credentials.add(credential, carried(&opened, credential)?);
                }
                None => {
                    if let Some(value) = self.current.value(&place) {
                        credentials.add(credential, carried(value, credential)?);
                    }
                }
            }
        }
        Ok(())
    }

    fn open(&mut self, role: Role) -> Result<(), Fault> {
        let mut secrets = self.unit.secrets_of(role);
        secrets.extend(
            self.unit
                .ca_key_place(role)
                .map(|place| place.secret.clone()),
        );
        for name in secrets {
            if !self.opened.contains_key(&name) {
                let values = self.current.open(&name, self.context.identities)?;
                self.opened.insert(name, values);
            }
        }
        Ok(())
    }

    fn make(&mut self, plan: &RolePlan, drawing: &mut dyn Drawing) -> Result<Chain, Fault> {
        let role = plan.role;
        let terms = self.unit.terms();
        let now = self.context.now;
        let wanted = self.unit.roles().iter().find(|(other, _)| *other == role);
        let (_, wanted) =
            wanted.ok_or_else(|| Fault::new(format!("there is no chain `{role}`")))?;
        let (ca_validity, leaf_validity) = self.unit.validities(role, now)?;
        let custody = self.unit.custody(role);
        let stored = match custody {
            CaCustody::Stored if !plan.new_ca => self.stored_ca(role)?,
            _ => None,
        };
        let fresh;
        let ca: &Ca = match (custody, self.context.given_ca, &stored) {
            (CaCustody::External, Some(given), _) => given,
            (CaCustody::External, None, _) => {
                return Err(Fault::new("the CA that signs for the fleet was not given")
                    .help("pass `--ca-cert FILE --ca-key FILE`"));
            }
            (_, _, Some(stored)) => stored,
            (_, _, None) => {
                let request = CaRequest {
                    organization: self.unit.organization(),
                    validity: ca_validity,
                    permitted: &wanted.names,
                };
                fresh = issue::ca(&request, drawing.key(terms.key)?, drawing.serial()?)?;
                &fresh
            }
        };
        let (validity, _) = leaf_validity.clamped_to(ca.validity());
        let request = LeafRequest {
            organization: self.unit.organization(),
            validity,
            names: &wanted.names,
            leaf_use: wanted.leaf_use,
        };
        let (leaf, leaf_key) =
            issue::leaf(&request, drawing.key(terms.key)?, drawing.serial()?, ca)?;
        let ca_key = match custody {
            CaCustody::Stored => Some(PrivateKey::from_pem(ca.key.pem())?),
            CaCustody::Ephemeral | CaCustody::External => None,
        };
        Ok(Chain {
            ca: ca.certificate.clone(),
            above: ca.above.clone(),
            ca_key,
            leaf,
            leaf_key,
        })
    }

    /// Opens the CA that was kept for a role; nothing if it cannot sign any more, and another may take its place.
    fn stored_ca(&mut self, role: Role) -> Result<Option<Ca>, Fault> {
        self.open(role)?;
        let text = |credential: Credential| {
            let (_, place) = self
                .placements
                .iter()
                .find(|(found, _)| *found == credential)?;
            let opened = self
                .opened
                .get(&place.secret)
                .and_then(|values| values.get(place.key.as_str()));
            match opened {
                Some(base64) => decode(base64, true),
                None => self
                    .current
                    .value(place)?
                    .clear_text(credential.is_private()),
            }
        };
        let parts = role.parts();
        let (ca, ca_key) = (text(parts.ca), text(parts.ca_key));
        let found = Found {
            ca: ca.as_deref(),
            ca_key: ca_key.as_deref(),
            ..Found::default()
        };
        reuse::issuer(found, self.context.now).map_err(|fault| fault.file(self.unit.id()))
    }

    /// Settles the trust bundles: the CA in use, the one of a successor that waits, and those before while their
    /// leaves may be served.
    fn bundles(
        &self,
        plan: &Plan,
        in_use: &mut Credentials,
        waiting: &mut Credentials,
    ) -> Result<(), Fault> {
        for role in &plan.roles {
            let Some(bundle) = role.role.trust_bundle() else {
                continue;
            };
            let parts = role.role.parts();
            let stages = matches!(role.action, Action::Stage(_));
            let next = self.successor(role, waiting);
            if let (Action::Blocked(_, Need::Person), Some(value)) =
                (&role.action, self.found(bundle).next())
            {
                in_use.add(bundle, carried(value, bundle)?);
                continue;
            }
            // Most bundles hold the one CA, and stay.
            let is_alone = |chain: &PublicChain| !chain.is_one_of_several;
            if let (Some(value), None, Action::Keep, true) = (
                self.found(bundle).next(),
                &next,
                &role.action,
                role.chain.as_ref().is_some_and(is_alone),
            ) && in_use.get(parts.ca).is_some_and(|ca| is_same(value, ca))
            {
                in_use.add(bundle, carried(value, bundle)?);
                continue;
            }
            let Some(present) = anchor(
                role.role,
                clear_text(in_use, parts.ca).as_deref(),
                clear_text(in_use, parts.leaf).as_deref(),
            ) else {
                // What cannot be judged stays as it was found.
                if let (Some(value), None) = (self.found(bundle).next(), in_use.get(bundle)) {
                    in_use.add(bundle, carried(value, bundle)?);
                }
                continue;
            };
            let signing: Vec<&Certificate> = std::iter::once(&present).chain(&next).collect();
            let texts = |credential| {
                let found = self.found(credential);
                found.filter_map(|value| value.clear_text(false))
            };
            let in_chain = texts(parts.ca).flat_map(|text| {
                if bundle == parts.ca {
                    authorities::read(&text)
                } else {
                    authorities::topmost(&text)
                }
            });
            let before = texts(bundle)
                .flat_map(|text| authorities::read(&text))
                .chain(in_chain);
            let trusted = trust_bundle(&signing, before, self.retention(role), self.context.now);
            if let (Some(next), true) = (next, stages && bundle == parts.ca) {
                let rest = trusted.iter().filter(|ca| **ca != next).cloned();
                let certificates: Vec<Certificate> =
                    std::iter::once(next.clone()).chain(rest).collect();
                waiting.add_bundle(bundle, &certificates);
            }
            in_use.add_bundle(bundle, &trusted);
        }
        Ok(())
    }

    /// Returns the CA of the successor that waits or is made to wait.
    fn successor(&self, role: &RolePlan, waiting: &Credentials) -> Option<Certificate> {
        let parts = role.role.parts();
        if matches!(role.action, Action::Stage(_)) {
            return anchor(
                role.role,
                clear_text(waiting, parts.ca).as_deref(),
                clear_text(waiting, parts.leaf).as_deref(),
            );
        }
        let waits = role.action != Action::Promote && !role.action.makes_keys();
        let text = |credential: Credential| {
            let places = self.placements.iter();
            let mut found = places.filter(|(found, _)| *found == credential);
            found.find_map(|(_, place)| self.staged.value(place)?.clear_text(false))
        };
        // Most have none, and nothing is looked up for them.
        if !waits || self.staged.is_empty() {
            return None;
        }
        anchor(
            role.role,
            text(parts.ca).as_deref(),
            text(parts.leaf).as_deref(),
        )
    }

    /// Returns what was found of a credential, in each of its places.
    fn found(&self, credential: Credential) -> impl Iterator<Item = &Stored<'_>> {
        let places = self.placements.iter();
        places
            .filter(move |(found, _)| *found == credential)
            .filter_map(|(_, place)| self.current.value(place))
    }

    /// Returns how long the previous CAs stay trusted.
    fn retention(&self, role: &RolePlan) -> Retention {
        if self.context.phase == Phase::Shrink {
            return Retention::Nothing;
        }
        let terms = self.unit.terms();
        let stays = matches!(
            role.action,
            Action::Keep | Action::Defer(_) | Action::Blocked(..)
        );
        if let (Some(overlap), Some(chain), true) = (terms.overlap_days, &role.chain, stays)
            && self.context.now
                >= later(
                    chain.leaf.validity.not_before,
                    Duration::days(overlap.into()),
                )
        {
            return Retention::Nothing;
        }
        match self.unit.custody(role.role) {
            CaCustody::External => Retention::UntilEnd,
            CaCustody::Ephemeral | CaCustody::Stored => Retention::WhileServed {
                life: Duration::days(terms.days.into()),
            },
        }
    }

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

    /// Returns the file of a Secret as it was found, if nothing can be rendered again around its values, or a person
    /// must look at it first.
    fn as_found(&self, object: &Object, plan: &Plan, home: &Home) -> Option<Locked<'_>> {
        let name = &object.identity.name;
        let secret = self.current.get(name.as_str())?;
        let has_private = self
            .placements
            .iter()
            .any(|(credential, place)| place.secret == *name && credential.is_private());
        let may_be_rendered_again = if has_private {
            let sealer = self.context.sealer;
            self.current
                .may_be_rendered_again(name, sealer, self.placements)
        } else {
            matches!(secret.lock, Lock::Open) || !home.is_own()
        };
        let waits_for_a_person = plan.roles.iter().any(|role| {
            matches!(role.action, Action::Blocked(_, Need::Person))
                && self.unit.secrets_of(role.role).contains(name)
        });
        if object.identity.kind != "Secret" || may_be_rendered_again && !waits_for_a_person {
            return None;
        }
        let mut object = object.clone();
        let form = match secret.lock {
            Lock::Open if has_lost_lock(secret) => Form::Sops,
            Lock::Open => Form::Plain,
            Lock::Sops { .. } if !has_private => Form::Public,
            Lock::Sops { .. } => Form::Sops,
            Lock::Sealed { .. } => {
                object.identity.kind = "SealedSecret";
                Form::Sealed
            }
        };
        Some(Locked {
            as_found: self.current.file(name),
            ..Locked::new(object, form)
        })
    }

    /// Locks the private values of a Secret; other objects pass as they are.
    fn lock(
        &self,
        mut object: Object,
        promotes: bool,
        drawing: &mut dyn Drawing,
    ) -> Result<Locked<'_>, Fault> {
        let name = object.identity.name.clone();
        let private_keys: Vec<&DataKey> = self
            .placements
            .iter()
            .filter(|(credential, place)| place.secret == name && credential.is_private())
            .map(|(_, place)| &place.key)
            .collect();
        let is_secret = object.identity.kind == "Secret" && !private_keys.is_empty();
        if !is_secret {
            return Ok(Locked::new(object, Form::Public));
        }
        let mut entries = entries(&object)?;
        let (private, _): (Vec<_>, Vec<_>) = entries
            .iter()
            .cloned()
            .partition(|(key, _)| private_keys.contains(&key));
        let clear: Vec<(DataKey, SecretData)> = private
            .iter()
            .filter(|(_, data)| data.is_private())
            .cloned()
            .collect();
        let mut random = |bytes: &mut [u8]| drawing.fill(bytes);
        let random: &mut Random<'_> = &mut random;
        match self.context.sealer {
            Sealer::Plain => Ok(Locked::new(object, Form::Plain)),
            Sealer::Sops(_) => {
                let block = if clear.is_empty() {
                    Cow::Borrowed(self.block(&name, promotes)?)
                } else if clear.len() == private.len() {
                    let recipients = self.current.readers(&name);
                    let sealed = sops::seal(&clear, recipients, self.context.now, random)?;
                    for (key, data) in &mut entries {
                        if let Some(value) = sealed.values.get(key) {
                            *data = SecretData::sealed(value.clone());
                        }
                    }
                    Cow::Owned(sealed.block)
                } else {
                    return Err(Fault::new(format!(
                        "Secret `{name}` would be encrypted only in part"
                    )));
                };
                set_entries(&mut object, entries);
                Ok(Locked {
                    block: Some(block),
                    before: self.current.file(&name),
                    ..Locked::new(object, Form::Sops)
                })
            }
            Sealer::Sealed { certificate, scope } => {
                let namespace = object.identity.namespace.clone();
                let namespace = namespace.ok_or_else(|| Fault::new("a Secret has no namespace"))?;
                let fresh = if clear.is_empty() {
                    BTreeMap::new()
                } else {
                    sealed::seal(&namespace, &name, *scope, &clear, certificate, random)?
                };
                // Ciphertext that is carried over stays bound to what it was bound to.
                let (with, scope) = match self.lock_found(&name, promotes) {
                    Some(Lock::Sealed { with, scope }) if clear.is_empty() => {
                        (with.as_deref().map(str::to_owned), *scope)
                    }
                    _ => (Some(certificate.fingerprint().to_owned()), *scope),
                };
                let object = sealed_object(&object, entries, &private_keys, &fresh, with, scope)?;
                Ok(Locked {
                    before: self.current.file(&name),
                    ..Locked::new(object, Form::Sealed)
                })
            }
        }
    }

    fn lock_found(&self, name: &ObjectName, promotes: bool) -> Option<&Lock<'_>> {
        let staged = self.staged.get(name.as_str()).filter(|_| promotes);
        staged
            .or_else(|| self.current.get(name.as_str()))
            .map(|secret| &secret.lock)
    }

    fn block(&self, name: &ObjectName, promotes: bool) -> Result<&Block<'_>, Fault> {
        match self.lock_found(name, promotes) {
            Some(Lock::Sops { block, .. }) => Ok(block),
            _ => Err(Fault::new(format!(
                "the encrypted values of Secret `{name}` have lost their `sops` block"
            ))
            .help("take the file from before it was changed")
            .file(self.unit.id())),
        }
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

/// Returns the text of a credential that is in clear text.
fn clear_text(credentials: &Credentials, credential: Credential) -> Option<Guarded> {
    let data = credentials.get(credential)?;
    decode(data.expose(PrivateKeys::Written), true)
}

/// Finds what must be trusted for a leaf, in the texts of its CAs and its own: the CA that signed it, or the root above
/// that where the bundle that clients read is not the text of the CAs itself.
fn anchor(role: Role, texts: Option<&str>, leaf: Option<&str>) -> Option<Certificate> {
    let leaf = Certificate::each_from_pem(leaf?).next()?.ok()?;
    let all = authorities::read(texts?);
    let issuer = authorities::signer(&all, &leaf)?;
    let above = if role.trust_bundle() == Some(role.parts().ca) {
        Vec::new()
    } else {
        authorities::above(issuer, &all)
    };
    Some(above.last().unwrap_or(issuer).clone())
}

/// Takes a value over as it stands.
fn carried(value: &Stored<'_>, credential: Credential) -> Result<SecretData, Fault> {
    use base64::Engine as _;
    let base64 = match value {
        Stored::Base64(text) => text.to_string(),
        Stored::Sops(text) | Stored::Sealed(text) => {
            return Ok(SecretData::sealed(text.to_string()));
        }
        Stored::Text(text) => base64::engine::general_purpose::STANDARD.encode(text.as_bytes()),
    };
    if credential.is_private() {
        return Ok(SecretData::carried_key(base64));
    }
    SecretData::carried_certificates(base64)
}

/// Returns whether a value that was found is, letter for letter, another one.
fn is_same(found: &Stored<'_>, data: &SecretData) -> bool {
    matches!(found, Stored::Base64(text) if text == data.expose(PrivateKeys::Written))
}

fn entries(object: &Object) -> Result<Vec<(DataKey, SecretData)>, Fault> {
    let data = object.fields.iter().find_map(|(name, field)| match field {
        Field::Map(entries) if *name == "data" => Some(entries),
        _ => None,
    });
    data.into_iter()
        .flatten()
        .map(|(key, field)| match field {
            Field::Secret(data) => Ok((DataKey::parse(key)?, data.clone())),
            _ => Err(Fault::new(format!("`{key}` is not a value of the Secret"))),
        })
        .collect()
}

fn set_entries(object: &mut Object, entries: Vec<(DataKey, SecretData)>) {
    for (name, field) in &mut object.fields {
        if *name == "data" {
            *field = crate::manifest::secret_data(entries);
            return;
        }
    }
}

/// Makes the SealedSecret from which the controller makes the Secret.
fn sealed_object(
    object: &Object,
    entries: Vec<(DataKey, SecretData)>,
    private_keys: &[&DataKey],
    fresh: &BTreeMap<DataKey, String>,
    with: Option<String>,
    scope: sealed::Scope,
) -> Result<Object, Fault> {
    let mut encrypted = Vec::new();
    let mut clear = Vec::new();
    for (key, data) in entries {
        if let Some(value) = fresh.get(&key) {
            encrypted.push((key.to_string(), value.as_str().into()));
        } else if private_keys.contains(&&key) {
            encrypted.push((key.to_string(), data.expose(PrivateKeys::Written).into()));
        } else {
            let text = decode(data.expose(PrivateKeys::Written), true)
                .ok_or_else(|| Fault::new(format!("`{key}` is not base64 text")))?;
            clear.push((key.to_string(), text.as_str().into()));
        }
    }
    let secret_type = object
        .fields
        .iter()
        .find(|(name, _)| *name == "type")
        .map(|(_, field)| field.clone());
    let scope: Vec<(String, String)> = scope
        .annotation()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into_iter()
        .collect();
    let pairs = |pairs: &[(String, String)]| {
        Field::Map(
            pairs
                .iter()
                .map(|(key, value)| (key.clone(), value.as_str().into()))
                .collect(),
        )
    };
    let mut sealed = object.clone();
    sealed.identity.api_version = "bitnami.com/v1alpha1";
    sealed.identity.kind = "SealedSecret";
    sealed.template = "gitops/sealedsecret.yaml";
    sealed.annotations.extend(scope.iter().cloned());
    sealed
        .annotations
        .extend(with.map(|with| (SEALED_WITH.to_owned(), with)));
    sealed.fields = vec![
        ("type", secret_type.unwrap_or(Field::Nothing)),
        ("encrypted", Field::Map(encrypted)),
        ("data", Field::Map(clear)),
        ("secret_labels", pairs(&object.labels)),
        ("secret_annotations", pairs(&scope)),
    ];
    Ok(sealed)
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
