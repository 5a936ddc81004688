//! From what was found of a unit to what becomes of its chains.

use super::decide::{Action, Need, Reason};
use super::found::{self, Fit, FoundSecret, Lock, Stored};
use super::layout::is_marked;
use super::renewal::share;
use super::unit::Unit;
use crate::fault::Fault;
use crate::fleet::CaCustody;
use crate::guarded::Guarded;
use crate::ingress::Role;
use crate::instance::Credential;
use crate::name::ObjectName;
use crate::pki::certificate::Sighting;
use crate::pki::issue::Ca;
use crate::pki::key::is_of;
use crate::pki::reuse::{Cause, Depth, Keys, LeafTerms, PublicChain, Serving, examine};
use crate::pki::{Certificate, authorities, verify};
use crate::seal::creation_rules::Rules;
use crate::seal::sealed::{Scope, SealingCertificate};
use crate::seal::{Identity, Recipient, sealed, sops};
use crate::values::SecretKeyRef;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use time::OffsetDateTime;

/// How private values are locked in the tree.
#[derive(Debug)]
pub enum Sealer {
    /// Not at all.
    Plain,
    /// For age recipients.
    Sops(Readers),
    /// For a SealedSecrets controller.
    Sealed {
        /// Its certificate.
        certificate: Box<SealingCertificate>,
        /// What the ciphertext is bound to.
        scope: Scope,
    },
}

/// Who can open encrypted files.
#[derive(Debug)]
pub enum Readers {
    /// The same for all files.
    Of(Vec<Recipient>),
    /// For each file those of the first rule that holds for its path.
    ByPath(Rules),
}

impl Readers {
    /// Returns those of one file, by its path below the tree, sorted.
    fn of(&self, path: &str) -> Result<Vec<Recipient>, Fault> {
        let mut recipients = match self {
            Self::Of(recipients) => recipients.clone(),
            Self::ByPath(rules) => rules.recipients(path)?.to_vec(),
        };
        recipients.sort_unstable();
        recipients.dedup();
        Ok(recipients)
    }
}

/// Which step of a roll-over a run may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// All at once: the trust bundle names the previous CA as well, so one apply is safe.
    All,
    /// Only make successors, and let their CAs be trusted.
    Trust,
    /// Let successors whose CAs are trusted take their places.
    Leaf,
    /// Trust only the current CAs.
    Shrink,
}

/// What holds for a whole run.
#[derive(Debug)]
pub struct Context<'a> {
    /// The present.
    pub now: OffsetDateTime,
    /// The step that may be taken.
    pub phase: Phase,
    /// How thoroughly chains are looked at.
    pub depth: Depth,
    /// How private values are locked.
    pub sealer: &'a Sealer,
    /// What opens them.
    pub identities: &'a [Identity],
    /// The CA that signs for the fleet.
    pub given_ca: Option<&'a Ca>,
    /// Whether new keys are issued where those that are there would have to be locked in another way.
    pub rekey: bool,
}

impl Context<'_> {
    /// Returns which identity is needed where nothing that is given opens a file.
    fn identity(&self) -> Need {
        if self.identities.is_empty() {
            Need::Identity
        } else {
            Need::OtherIdentity
        }
    }
}

/// The files of a unit, as they were read: path below the tree, text.
#[derive(Debug, Default)]
pub struct UnitFiles {
    /// Those in use.
    pub current: Vec<(String, Guarded)>,
    /// Secrets that wait for their phase.
    pub staged: Vec<(String, Guarded)>,
    /// Those of others that are taken over: a Secret in them counts if there is none of its name in use.
    pub adopted: Vec<(String, Guarded)>,
}

impl UnitFiles {
    /// Returns the texts of all of them.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let all = self.current.iter().chain(&self.staged).chain(&self.adopted);
        all.map(|(_, text)| text.as_str())
    }
}

/// How files are read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// As this program writes them; anything else counts as missing, so a plan stands only when the files turn out
    /// unchanged.
    Scan,
    /// As YAML.
    Yaml,
}

/// The values of a Secret in clear text, base64, by data key.
pub(super) type Opened = BTreeMap<String, zeroize::Zeroizing<String>>;

/// What was found of a unit.
#[derive(Debug, Default)]
pub struct Found<'a> {
    pub(super) current: Secrets<'a>,
    pub(super) staged: Secrets<'a>,
    reading: Option<Reading>,
}

impl<'a> Found<'a> {
    /// Finds the Secrets in the files of a unit, and verifies of them what is at hand: what is wrong is part of what is
    /// found.
    ///
    /// # Errors
    /// A file that nobody is to be able to open. Where files are read as YAML: one that is not YAML.
    pub fn read(
        context: &Context<'_>,
        unit: &Unit<'_>,
        files: &'a UnitFiles,
        reading: Reading,
    ) -> Result<Self, Fault> {
        let namespace = unit.namespace();
        let current = files.current.iter().chain(&files.adopted);
        let mut found = Self {
            current: Secrets::of(current, namespace, reading)?,
            staged: Secrets::of(files.staged.iter(), namespace, reading)?,
            reading: Some(reading),
        };
        let readers = Arc::new(readers(context.sealer, unit)?);
        found.current.readers = Arc::clone(&readers);
        found.staged.readers = readers;
        for secrets in [&mut found.current, &mut found.staged] {
            secrets.verify(unit, context, reading);
        }
        Ok(found)
    }

    /// Returns whether all is known of the files that can be: then what is made of them may be written.
    pub(super) fn is_whole(&self) -> bool {
        self.reading != Some(Reading::Scan)
    }

    /// Returns the data keys in the unit's Secrets that this program does not write: file and key. They go when their
    /// file is rendered.
    #[must_use]
    pub fn unknown_keys(&self, unit: &Unit<'_>) -> Vec<(String, String)> {
        let ours = self.current.held.iter().filter(|held| held.is_ours());
        let mut unknown = Vec::new();
        for held in ours {
            let name = &held.secret.name;
            let places = unit.placements().iter().map(|(_, place)| place);
            if !places.clone().any(|place| place.secret.as_str() == name) {
                continue;
            }
            for (key, _) in &held.secret.values {
                let is_it = |place: &SecretKeyRef| {
                    place.secret.as_str() == name && place.key.as_str() == &**key
                };
                if !places.clone().any(is_it) {
                    unknown.push((held.path.to_owned(), key.to_string()));
                }
            }
        }
        unknown
    }

    /// Returns the certificate of the httpd, if it is this unit's: of its namespace and for its host.
    #[must_use]
    pub fn own_leaf(&self, unit: &Unit<'_>) -> Option<Sighting> {
        let host = unit.as_member()?.hosts.first()?.as_str();
        let leaf = Role::Httpd.parts().leaf;
        let mut places = unit.placements().iter();
        let (_, place) = places.find(|(credential, _)| *credential == leaf)?;
        let secret = self.current.get(place.secret.as_str())?;
        let text = secret.value(place.key.as_str())?.clear_text(false)?;
        let seen = Sighting::first(&text).ok()?;
        let is_own = secret.namespace == unit.namespace()
            && seen.subject_alt_names.iter().any(|name| name == host);
        is_own.then_some(seen)
    }
}

/// Returns the namespaces of the Secrets among the files of a unit, whichever it is.
#[must_use]
pub fn namespaces(files: &UnitFiles) -> BTreeSet<String> {
    let secrets = files
        .current
        .iter()
        .filter(|(path, _)| path.contains("secret-"));
    let read = secrets.filter_map(|(path, text)| found::read(text, path).ok());
    read.flatten()
        .map(|secret| secret.namespace.into_owned())
        .collect()
}

/// Returns who is to be able to open each encrypted Secret of a unit.
fn readers(
    sealer: &Sealer,
    unit: &Unit<'_>,
) -> Result<BTreeMap<ObjectName, Vec<Recipient>>, Fault> {
    let Sealer::Sops(readers) = sealer else {
        return Ok(BTreeMap::new());
    };
    let home = unit.home();
    let mut found = BTreeMap::new();
    for (credential, place) in unit.placements() {
        if credential.is_private() && !found.contains_key(&place.secret) {
            let path = home.secret_path(&place.secret);
            found.insert(place.secret.clone(), readers.of(&path)?);
        }
    }
    Ok(found)
}

/// The Secrets found in some files.
#[derive(Debug, Default)]
pub(super) struct Secrets<'a> {
    held: Vec<Held<'a>>,
    /// Who is to be able to open each, if they are encrypted. One that waits has the readers that it will have in
    /// its place.
    readers: Arc<BTreeMap<ObjectName, Vec<Recipient>>>,
}

/// A Secret and the file that it was found in.
#[derive(Debug)]
struct Held<'a> {
    path: &'a str,
    text: &'a Guarded,
    secret: FoundSecret<'a>,
    /// Its values in clear text, where they had to be known and an identity opens them.
    opened: Option<Opened>,
    /// What is wrong with its values, if they were verified; never a value.
    finding: Option<String>,
}

impl Held<'_> {
    /// Returns whether the file is one of a fleet, and no file of others that is taken over.
    fn is_ours(&self) -> bool {
        is_marked(self.text.as_bytes())
    }

    /// Returns a private value in clear text, if it is known; empty if it is not text.
    fn clear_key(&self, key: &str) -> Option<Guarded> {
        let base64 = match self.secret.value(key)? {
            Stored::Base64(text) => text,
            Stored::Sops(_) => self.opened.as_ref()?.get(key)?.as_str(),
            Stored::Sealed(_) | Stored::Text(_) => return None,
        };
        let text = found::decode(base64, true);
        Some(text.unwrap_or_else(|| Guarded::public(String::new())))
    }
}

impl<'a> Secrets<'a> {
    pub(super) fn of(
        files: impl Iterator<Item = &'a (String, Guarded)>,
        namespace: &str,
        reading: Reading,
    ) -> Result<Self, Fault> {
        let mut secrets = Vec::new();
        for (path, text) in files {
            let may_be_secret = match reading {
                Reading::Scan => {
                    text.contains("kind: Secret") || text.contains("kind: SealedSecret")
                }
                Reading::Yaml => text.contains("Secret"),
            };
            if !may_be_secret {
                continue;
            }
            let found = match reading {
                Reading::Scan => found::scan(text).unwrap_or_default(),
                Reading::Yaml => found::read(text, path)?,
            };
            // A SealedSecret opens in its namespace only; other Secrets move along with their instance.
            let own = found.into_iter().filter(|secret| {
                secret.namespace == namespace || !matches!(secret.lock, Lock::Sealed { .. })
            });
            secrets.extend(own.map(|secret| Held {
                path,
                text,
                secret,
                opened: None,
                finding: None,
            }));
        }
        Ok(Self {
            held: secrets,
            readers: Arc::default(),
        })
    }

    /// Opens and verifies what is at hand, and notes what is wrong beside each Secret.
    ///
    /// Where an identity can, this opens the Secrets in which values are encrypted that need not be, such as
    /// certificates, and, where everything is verified or files are read as YAML, all Secrets with private values: a stored CA whose key
    /// is not its own would be reissued unasked. Private values stay closed, and what is known of them is kept
    /// beside. A run that only scans checks no digest: what it composes then has another one, and the files are
    /// read.
    fn verify(&mut self, unit: &Unit<'_>, context: &Context<'_>, reading: Reading) {
        let is_whole = context.depth == Depth::Whole;
        let looks = is_whole || reading == Reading::Yaml;
        if !looks && context.identities.is_empty() {
            return;
        }
        let placements = unit.placements();
        for index in 0..self.held.len() {
            let path = self.held[index].path;
            let is_alone = self.held.iter().filter(|held| held.path == path).count() == 1;
            let held = &mut self.held[index];
            let secret = &held.secret;
            let closed: BTreeSet<&str> = keys_of(placements, &secret.name, false)
                .filter(|key| matches!(secret.value(key), Some(Stored::Sops(_))))
                .collect();
            let looks = looks && held.is_ours();
            let is_changed = looks
                && is_alone
                && fits(secret, context.sealer, placements)
                && found::is_changed(held.text, secret);
            held.finding = looks.then(|| malformed(secret, placements)).flatten();
            let is_wanted = !closed.is_empty()
                || looks && keys_of(placements, &secret.name, true).next().is_some();
            let may_open = matches!(&secret.lock, Lock::Sops { fit, .. } if !matches!(fit, Fit::Damaged(_)))
                && opens(&secret.lock, context.identities);
            if !is_wanted || !may_open {
                if is_changed && held.finding.is_none() {
                    held.finding = Some(exchanged(secret, placements));
                }
                continue;
            }
            match sops::open(held.text, path, context.identities) {
                Ok(opened) => {
                    if let (Lock::Sops { fit, .. }, false) =
                        (&mut held.secret.lock, closed.is_empty())
                    {
                        *fit = Fit::Otherwise;
                    }
                    for (key, value) in &mut held.secret.values {
                        if let Some(base64) = opened.get(&**key)
                            && closed.contains(&**key)
                        {
                            *value = Stored::Base64(base64.to_string().into());
                        }
                    }
                    held.opened = Some(opened);
                }
                Err(fault) => held.finding = Some(fault.what),
            }
        }
        if looks {
            self.verify_pairs(unit, context);
        }
    }

    /// Compares each private key that is known with its certificate.
    fn verify_pairs(&mut self, unit: &Unit<'_>, context: &Context<'_>) {
        let place = |credential: Credential| {
            let mut places = unit.placements().iter();
            places.find_map(|(found, place)| (*found == credential).then_some(place))
        };
        let is_clear = matches!(context.sealer, Sealer::Plain);
        for (role, _) in unit.roles() {
            let parts = role.parts();
            for (key, certificate, count) in [
                (parts.leaf_key, parts.leaf, 1),
                (parts.ca_key, parts.ca, usize::MAX),
            ] {
                let (Some(key), Some(certificate)) = (place(key), place(certificate)) else {
                    continue;
                };
                let text = self.value(certificate);
                let Some(text) = text.and_then(|value| value.clear_text(false)) else {
                    continue;
                };
                let certificates: Vec<Certificate> = Certificate::each_from_pem(&text)
                    .take(count)
                    .filter_map(Result::ok)
                    .collect();
                let of_key = |held: &&mut Held<'_>| held.secret.name == key.secret.as_str();
                let Some(held) = self.held.iter_mut().find(of_key) else {
                    continue;
                };
                // Keys in clear text that are to be encrypted come from elsewhere, and are judged once they are in their place.
                let is_known = is_clear || !matches!(held.secret.lock, Lock::Open);
                if held.finding.is_some() || certificates.is_empty() || !is_known || !held.is_ours()
                {
                    continue;
                }
                let Some(text) = held.clear_key(key.key.as_str()) else {
                    continue;
                };
                let judged: Vec<Option<bool>> = certificates
                    .iter()
                    .map(|certificate| is_of(&text, certificate))
                    .collect();
                if judged.contains(&Some(true)) {
                    continue;
                }
                let (name, other) = (key.key.as_str(), certificate.key.as_str());
                held.finding = Some(if judged.contains(&Some(false)) {
                    format!("the private key `{name}` does not belong to the certificate `{other}`")
                } else {
                    format!("the value of `{name}` is not a readable private key")
                });
            }
        }
    }

    fn held(&self, name: &str) -> Option<&Held<'a>> {
        self.held.iter().find(|held| held.secret.name == name)
    }

    pub(super) fn get(&self, name: &str) -> Option<&FoundSecret<'a>> {
        self.held(name).map(|held| &held.secret)
    }

    /// Returns who is to be able to open a Secret where it is encrypted, sorted.
    pub(super) fn readers(&self, name: &ObjectName) -> &[Recipient] {
        self.readers.get(name).map_or(&[], Vec::as_slice)
    }

    /// Returns the file that a Secret was found in, as it stands.
    pub(super) fn file(&self, name: &ObjectName) -> Option<&'a Guarded> {
        self.held(name.as_str()).map(|held| held.text)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    pub(super) fn value(&self, place: &SecretKeyRef) -> Option<&Stored<'a>> {
        self.get(place.secret.as_str())?.value(place.key.as_str())
    }

    pub(super) fn can_open(&self, name: &ObjectName, identities: &[Identity]) -> bool {
        self.get(name.as_str())
            .is_none_or(|secret| match secret.lock {
                Lock::Open => !has_lost_lock(secret),
                _ => opens(&secret.lock, identities),
            })
    }

    /// Returns whether a Secret may be rendered again around its locked values, as the sealer has it.
    pub(super) fn may_be_rendered_again(
        &self,
        name: &ObjectName,
        sealer: &Sealer,
        placements: &[(Credential, SecretKeyRef)],
    ) -> bool {
        let Some(secret) = self.get(name.as_str()) else {
            return true;
        };
        fits(secret, sealer, placements)
    }

    /// Returns the values of a Secret in clear text, base64.
    pub(super) fn open(&self, name: &ObjectName, identities: &[Identity]) -> Result<Opened, Fault> {
        let Some(Held {
            path, text, secret, ..
        }) = self.held(name.as_str())
        else {
            return Ok(BTreeMap::new());
        };
        match &secret.lock {
            Lock::Open => Ok(secret
                .values
                .iter()
                .filter_map(|(key, value)| match value {
                    Stored::Base64(text) => {
                        Some((key.to_string(), zeroize::Zeroizing::new(text.to_string())))
                    }
                    _ => None,
                })
                .collect()),
            Lock::Sops { .. } => sops::open(text, path, identities),
            Lock::Sealed { .. } => Err(Fault::new(format!(
                "only its controller can open the SealedSecret `{name}`"
            ))
            .file(path)),
        }
    }
}

/// Returns the data keys of a Secret under which its private values stand, or its public ones.
fn keys_of<'p>(
    placements: &'p [(Credential, SecretKeyRef)],
    name: &str,
    is_private: bool,
) -> impl Iterator<Item = &'p str> {
    placements.iter().filter_map(move |(credential, place)| {
        let is_one = credential.is_private() == is_private && place.secret.as_str() == name;
        is_one.then_some(place.key.as_str())
    })
}

/// Returns whether a Secret may be rendered again around its locked values, as the sealer has it.
fn fits(
    secret: &FoundSecret<'_>,
    sealer: &Sealer,
    placements: &[(Credential, SecretKeyRef)],
) -> bool {
    match (sealer, &secret.lock) {
        (Sealer::Plain, Lock::Open) => !has_lost_lock(secret),
        (Sealer::Sealed { .. }, Lock::Sealed { .. }) => true,
        (Sealer::Sops(_), Lock::Sops { fit, .. }) => {
            *fit == Fit::Ours && encrypts_private_values_alone(secret, placements)
        }
        _ => false,
    }
}

/// Describes the value of a Secret that has a form that it cannot have; for one that SOPS encrypted, `sops::read` does.
fn malformed(
    secret: &FoundSecret<'_>,
    placements: &[(Credential, SecretKeyRef)],
) -> Option<String> {
    use base64::Engine as _;
    let engine = base64::engine::general_purpose::STANDARD;
    let mut keys = placements
        .iter()
        .filter(|(_, place)| place.secret.as_str() == secret.name)
        .map(|(_, place)| place.key.as_str());
    keys.find_map(|key| match secret.value(key)? {
        Stored::Base64(text) => engine
            .decode(&**text)
            .map(zeroize::Zeroizing::new)
            .is_err()
            .then(|| format!("the value of `{key}` is not base64")),
        Stored::Sealed(text) => (!sealed::is_sealed(text))
            .then(|| format!("the sealed value of `{key}` is truncated or not base64")),
        Stored::Sops(_) | Stored::Text(_) => None,
    })
}

/// Describes what a digest shows that does not match the values there, and how to go on.
fn exchanged(secret: &FoundSecret<'_>, placements: &[(Credential, SecretKeyRef)]) -> String {
    let keys: Vec<String> = keys_of(placements, &secret.name, true)
        .filter(|key| secret.value(key).is_some())
        .map(|key| format!("`{key}`"))
        .collect();
    let way = match secret.lock {
        Lock::Sealed { .. } => "",
        Lock::Open | Lock::Sops { .. } => "pass `--identity FILE` to verify them, ",
    };
    format!(
        "{} or a certificate in the same file does not match the line `{}`; {way}remove that line if the change was intended",
        keys.join(", "),
        found::DIGEST.trim_end_matches(" sha256=")
    )
}

/// Returns whether one of the identities opens what is locked so.
fn opens(lock: &Lock<'_>, identities: &[Identity]) -> bool {
    match lock {
        Lock::Open => true,
        Lock::Sops { block, .. } => identities.iter().any(|identity| {
            let own = identity.recipient().as_str();
            block.recipients().iter().any(|recipient| recipient == own)
        }),
        Lock::Sealed { .. } => false,
    }
}

/// Returns whether a Secret has encrypted values without the block that says how.
pub(super) fn has_lost_lock(secret: &FoundSecret<'_>) -> bool {
    let mut values = secret.values.iter();
    matches!(secret.lock, Lock::Open) && values.any(|(_, value)| matches!(value, Stored::Sops(_)))
}

/// Returns whether in an encrypted Secret those values are encrypted that are private, and no others.
fn encrypts_private_values_alone(
    secret: &FoundSecret<'_>,
    placements: &[(Credential, SecretKeyRef)],
) -> bool {
    secret.values.iter().all(|(key, value)| {
        let is_private = placements.iter().any(|(credential, place)| {
            credential.is_private()
                && place.secret.as_str() == secret.name
                && place.key.as_str() == key
        });
        matches!(value, Stored::Sops(_)) == is_private
    })
}

/// What becomes of one chain.
#[derive(Debug, Clone)]
pub struct RolePlan {
    /// Which chain.
    pub role: Role,
    /// What becomes of it.
    pub action: Action,
    /// Its public half, if that was found and stays for now.
    pub chain: Option<PublicChain>,
    /// When it is due.
    pub due: Option<OffsetDateTime>,
    /// Whether the CA of its successor is another one.
    pub new_ca: bool,
}

/// What becomes of a unit's chains.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Its chains.
    pub roles: Vec<RolePlan>,
}

impl Plan {
    /// Returns whether all chains stay where they are.
    #[must_use]
    pub fn keeps_all(&self) -> bool {
        self.roles.iter().all(|role| {
            matches!(
                role.action,
                Action::Keep | Action::Defer(_) | Action::Blocked(..)
            )
        })
    }

    /// Lets every chain that was found complete keep its keys, whatever else would become of it.
    ///
    /// # Errors
    /// A chain whose leaf or key is missing.
    pub fn keep_keys(&mut self) -> Result<(), Fault> {
        for role in &mut self.roles {
            if let Action::Renew(Reason::Chain(Cause::Incomplete(what))) = &role.action {
                return Err(Fault::new(format!("{}: its {what} is missing", role.role)));
            }
            if matches!(role.action, Action::Renew(_)) {
                role.action = Action::Reseal(Reason::ModeChanged);
            }
        }
        Ok(())
    }

    /// Returns whether nothing usable of any chain was found: its keys would be the first ones, or take the place of
    /// keys that are gone.
    #[must_use]
    pub fn finds_no_keys(&self) -> bool {
        self.roles.iter().all(|role| {
            role.action.makes_keys()
                && role.action.reason().is_none_or(|reason| {
                    matches!(
                        reason,
                        Reason::Chain(Cause::Missing | Cause::Incomplete(_) | Cause::Unreadable(_))
                    )
                })
        })
    }

    /// Returns whether keys would be issued for a chain of which none were found.
    #[must_use]
    pub fn misses_keys(&self) -> bool {
        self.roles.iter().any(|role| {
            role.action.makes_keys()
                && role.action.reason().is_none_or(|reason| {
                    matches!(reason, Reason::Chain(Cause::Missing | Cause::Incomplete(_)))
                })
        })
    }

    /// Makes everything that would happen wait.
    pub fn wait_for(&mut self, need: Need) {
        for role in &mut self.roles {
            if !matches!(
                role.action,
                Action::Keep | Action::Defer(_) | Action::Blocked(..)
            ) {
                let reason = role.action.reason().cloned().unwrap_or(Reason::MISSING);
                role.action = Action::Blocked(reason, need);
            }
        }
    }

    /// Returns the first end among the chains whose renewal could wait.
    #[must_use]
    pub fn can_wait_until(&self) -> Option<OffsetDateTime> {
        let makes: Vec<&RolePlan> = self
            .roles
            .iter()
            .filter(|role| role.action.makes_keys())
            .collect();
        let all_can_wait = makes
            .iter()
            .all(|role| role.action.reason().is_some_and(Reason::can_wait));
        if makes.is_empty() || !all_can_wait {
            return None;
        }
        let ends = makes
            .iter()
            .filter_map(|role| Some(role.chain.as_ref()?.leaf.validity.not_after));
        ends.min()
    }
}

/// Decides what becomes of the chains of a unit. `may_renew` says whether a renewal that can wait may happen now.
#[must_use]
pub fn plan(context: &Context<'_>, unit: &Unit<'_>, found: &Found<'_>, may_renew: bool) -> Plan {
    let Found {
        current, staged, ..
    } = found;
    let mut roles: Vec<RolePlan> = unit
        .roles()
        .iter()
        .map(|(role, leaf)| settle(context, unit, current, *role, leaf))
        .collect();
    share_dates(context, unit, current, &mut roles);
    close_over_files(context, unit, current, &mut roles);
    if !staged.is_empty() && successors_are_good(context, unit, staged) {
        for plan in &mut roles {
            let is_staged = leaf_place(unit.placements(), plan.role)
                .is_some_and(|place| staged.get(place.secret.as_str()).is_some());
            if is_staged {
                plan.action = match context.phase {
                    Phase::All | Phase::Leaf => Action::Promote,
                    Phase::Trust | Phase::Shrink => Action::Keep,
                };
            }
        }
    } else {
        let wished: Vec<Action> = roles.iter().map(|plan| plan.action.clone()).collect();
        for plan in &mut roles {
            plan.action = in_phase(context.phase, plan, may_renew);
        }
        if matches!(context.sealer, Sealer::Sops(_)) {
            agree_within_files(unit, &mut roles, &wished);
        }
    }
    Plan { roles }
}

/// Where an encrypted file cannot be opened, its chains are due together.
fn share_dates(
    context: &Context<'_>,
    unit: &Unit<'_>,
    current: &Secrets<'_>,
    roles: &mut [RolePlan],
) {
    let is_closed = |names: &BTreeSet<ObjectName>| {
        !names
            .iter()
            .all(|name| current.can_open(name, context.identities))
    };
    let mut closed = Vec::new();
    let mut dates = Vec::new();
    for (index, plan) in roles.iter().enumerate() {
        let names = unit.secrets_of(plan.role);
        if let (Some(due), true) = (plan.due, is_closed(&names)) {
            closed.push(index);
            dates.push((names, due));
        }
    }
    if matches!(context.sealer, Sealer::Sops(_)) {
        share(&mut dates);
    }
    for (index, (_, due)) in closed.into_iter().zip(dates) {
        roles[index].due = Some(due);
    }
}

/// Chains that share an encrypted file are reissued together or wait together; one that cannot wait takes the
/// others along.
fn agree_within_files(unit: &Unit<'_>, roles: &mut [RolePlan], wished: &[Action]) {
    let groups: Vec<BTreeSet<ObjectName>> = roles
        .iter()
        .map(|plan| unit.secrets_of(plan.role))
        .collect();
    let acts = |action: &Action| {
        !matches!(
            action,
            Action::Keep | Action::Defer(_) | Action::Blocked(..)
        )
    };
    let before: Vec<Action> = roles.iter().map(|plan| plan.action.clone()).collect();
    for (index, plan) in roles.iter_mut().enumerate() {
        let mut neighbours = before
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != index && !groups[*other].is_disjoint(&groups[index]));
        let cannot_wait =
            |action: &Action| acts(action) && !action.reason().is_some_and(Reason::can_wait);
        if neighbours.clone().any(|(_, action)| cannot_wait(action)) && acts(&wished[index]) {
            plan.action = wished[index].clone();
        } else if acts(&plan.action)
            && !cannot_wait(&plan.action)
            && neighbours.any(|(other, action)| !acts(action) && acts(&wished[other]))
            && let Some(reason) = plan.action.reason().cloned()
        {
            plan.action = Action::Defer(reason);
        }
    }
}

fn leaf_place(placements: &[(Credential, SecretKeyRef)], role: Role) -> Option<&SecretKeyRef> {
    let leaf = role.parts().leaf_key;
    placements
        .iter()
        .find(|(credential, _)| *credential == leaf)
        .map(|(_, place)| place)
}

/// Settles what should become of a chain, whatever the phase.
fn settle(
    context: &Context<'_>,
    unit: &Unit<'_>,
    current: &Secrets<'_>,
    role: Role,
    leaf: &LeafTerms,
) -> RolePlan {
    let mut plan = RolePlan {
        role,
        action: Action::Keep,
        chain: None,
        due: None,
        new_ca: true,
    };
    let custody = unit.custody(role);
    let intermediate = stored_intermediate(unit, current, role);
    let mut ends_with_ca = false;
    let reason = match found_chain(context, unit, current, role, leaf) {
        Err(reason) => {
            // A stored CA may outlive its leaf; `make` looks whether it has.
            let may_stay =
                intermediate.is_some() || matches!(reason, Reason::Chain(Cause::Expired(_)));
            plan.new_ca = custody != CaCustody::Stored || !may_stay;
            Some(reason)
        }
        Ok(serving) => {
            let ca_is_due = serving.due.ca.is_some_and(|due| context.now >= due);
            plan.due = Some(serving.due.first());
            ends_with_ca = serving.ends_with_ca;
            let reason = serving.cause.map(Reason::Chain);
            let reason = reason.or_else(|| lock_reason(context, unit, current, role));
            plan.new_ca = match custody {
                CaCustody::Ephemeral => true,
                CaCustody::External => reason == Some(Cause::CaChanged.into()),
                CaCustody::Stored => {
                    ca_is_due
                        || reason == Some(Cause::CaKeyMissing.into())
                        || context.rekey
                            && intermediate.is_none()
                            && reason.as_ref().is_some_and(Reason::concerns_lock_only)
                }
            };
            plan.chain = Some(serving.chain);
            reason
        }
    };
    if let Some(obstacle) = obstacle(context, unit, current, role) {
        plan.action = Action::Blocked(obstacle, Need::Person);
        return plan;
    }
    let Some(reason) = reason else { return plan };
    // Another leaf would end no later.
    let gains_nothing = ends_with_ca && reason.is_due();
    plan.action = way_out(context, unit, current, role, reason, gains_nothing);
    if let (Action::Issue | Action::Renew(_), Some((ca, above))) = (&plan.action, intermediate)
        && (gains_nothing || verify::issuing_path(&ca, &above, context.now).is_err())
    {
        let reason = plan.action.reason().cloned().unwrap_or(Reason::MISSING);
        plan.action = Action::Blocked(reason, Need::OtherIntermediate);
    }
    plan
}

/// Finds the intermediate that signs for a chain, with those above it, where its key is stored beside.
fn stored_intermediate(
    unit: &Unit<'_>,
    current: &Secrets<'_>,
    role: Role,
) -> Option<(Certificate, Vec<Certificate>)> {
    if unit.custody(role) != CaCustody::Stored || !holds_ca_key(unit, current, role) {
        return None;
    }
    let ca = role.parts().ca;
    let (_, place) = unit.placements().iter().find(|(found, _)| *found == ca)?;
    let text = current.value(place)?.clear_text(false)?;
    authorities::intermediate(&text)
}

/// Returns what can be done about a reason.
fn way_out(
    context: &Context<'_>,
    unit: &Unit<'_>,
    current: &Secrets<'_>,
    role: Role,
    reason: Reason,
    gains_nothing: bool,
) -> Action {
    let custody = unit.custody(role);
    let opens = unit
        .secrets_of(role)
        .iter()
        .all(|name| current.can_open(name, context.identities));
    let holds_ca_key = holds_ca_key(unit, current, role);
    let drops_ca_key = reason == Cause::CaKeyStored.into();
    if (reason.concerns_lock_only() && !context.rekey || drops_ca_key) && opens {
        return Action::Reseal(reason);
    }
    match &reason {
        Reason::Closed(need) => return Action::Blocked(reason.clone(), *need),
        Reason::LockedOtherwise => return Action::Blocked(reason, context.identity()),
        _ => {}
    }
    let locked_for_us = unit.secrets_of(role).iter().any(|name| {
        let secret = current.get(name.as_str());
        secret.is_some_and(|secret| matches!(secret.lock, Lock::Sops { .. }))
    });
    if reason.concerns_lock_only() && !context.rekey && locked_for_us {
        return Action::Blocked(reason, context.identity());
    }
    match custody {
        CaCustody::External if context.given_ca.is_none() => Action::Blocked(reason, Need::CaKey),
        CaCustody::External if gains_nothing => Action::Blocked(reason, Need::OtherCa),
        // What is stored is worth keeping: without the key to it nothing is made in its place unasked.
        CaCustody::Stored if !opens && (reason.can_wait() || holds_ca_key) => {
            Action::Blocked(reason, context.identity())
        }
        _ if reason == Reason::MISSING => Action::Issue,
        _ => Action::Renew(reason),
    }
}

/// Returns whether the key of the chain's CA is kept.
fn holds_ca_key(unit: &Unit<'_>, current: &Secrets<'_>, role: Role) -> bool {
    unit.ca_key_place(role)
        .is_some_and(|place| current.value(place).is_some())
}

/// Returns whether the private key of a chain's leaf was found.
fn has_key(unit: &Unit<'_>, current: &Secrets<'_>, role: Role) -> bool {
    leaf_place(unit.placements(), role).is_some_and(|place| current.value(place).is_some())
}

fn lock_reason(
    context: &Context<'_>,
    unit: &Unit<'_>,
    current: &Secrets<'_>,
    role: Role,
) -> Option<Reason> {
    unit.secrets_of(role).iter().find_map(|name| {
        let lock = current.get(name.as_str()).map(|secret| &secret.lock)?;
        match (context.sealer, lock) {
            (Sealer::Plain, Lock::Open) => None,
            (Sealer::Sops(_), Lock::Sops { block, .. }) => {
                let found: BTreeSet<&str> = block.recipients().iter().map(AsRef::as_ref).collect();
                let wanted = current
                    .readers(name)
                    .iter()
                    .map(Recipient::as_str)
                    .collect();
                if found != wanted {
                    return Some(Reason::RecipientsChanged);
                }
                let fits = current.may_be_rendered_again(name, context.sealer, unit.placements());
                (!fits).then_some(Reason::LockedOtherwise)
            }
            (
                Sealer::Sealed { certificate, scope },
                Lock::Sealed {
                    with,
                    scope: found_scope,
                },
            ) => {
                if with.as_deref() == Some(certificate.fingerprint()) {
                    (scope != found_scope).then_some(Reason::ScopeChanged)
                } else {
                    Some(Reason::SealingKeyChanged)
                }
            }
            _ => Some(Reason::ModeChanged),
        }
    })
}

/// Returns why a file of a chain must be left to a person: nothing that could be written would keep what is in it.
fn obstacle(
    context: &Context<'_>,
    unit: &Unit<'_>,
    current: &Secrets<'_>,
    role: Role,
) -> Option<Reason> {
    unit.secrets_of(role).iter().find_map(|name| {
        let held = current.held(name.as_str())?;
        let damaged = |why: &str| Some(Reason::Damaged(format!("`{}`: {why}", held.path)));
        match &held.secret.lock {
            Lock::Open if has_lost_lock(&held.secret) => damaged("its `sops` block is missing"),
            Lock::Sops {
                fit: Fit::Damaged(why),
                ..
            } => damaged(why),
            Lock::Sops { block, .. }
                if matches!(context.sealer, Sealer::Sops(_)) && !block.other_keys().is_empty() =>
            {
                Some(Reason::OtherReaders(block.other_keys().to_vec()))
            }
            Lock::Open | Lock::Sops { .. } | Lock::Sealed { .. } => damaged(held.finding.as_ref()?),
        }
    })
}

/// One encrypted file has one data key: where it is written again, all private values in it must be known. So a
/// chain whose file is written again is encrypted again with it, or reissued where it cannot be opened; and where
/// neither may be, the whole file stays. In a SealedSecret each value stands alone, but one annotation says which
/// key all are sealed with.
fn close_over_files(
    context: &Context<'_>,
    unit: &Unit<'_>,
    current: &Secrets<'_>,
    roles: &mut [RolePlan],
) {
    let all_stay = roles.iter().all(|plan| plan.action == Action::Keep);
    if all_stay || matches!(context.sealer, Sealer::Plain) {
        return;
    }
    let has_data_key = matches!(context.sealer, Sealer::Sops(_));
    loop {
        let touched: BTreeSet<ObjectName> = roles
            .iter()
            .filter(|_| has_data_key)
            .filter(|plan| plan.action.makes_keys() || matches!(plan.action, Action::Reseal(_)))
            .flat_map(|plan| unit.secrets_of(plan.role))
            .collect();
        let mut changed = false;
        for plan in roles.iter_mut() {
            let is_touched = unit
                .secrets_of(plan.role)
                .iter()
                .any(|name| touched.contains(name));
            // What only waits to be locked for others goes along.
            let waits_for_lock = matches!(
                &plan.action,
                Action::Blocked(reason, Need::Identity | Need::OtherIdentity)
                    if reason.concerns_lock_only() && *reason != Reason::SameFile
            ) && unit.custody(plan.role) == CaCustody::Ephemeral;
            if is_touched && (plan.action == Action::Keep || waits_for_lock) {
                let opens = unit
                    .secrets_of(plan.role)
                    .iter()
                    .all(|name| current.can_open(name, context.identities));
                plan.action = match (opens, unit.custody(plan.role), context.given_ca) {
                    (true, _, _) => Action::Reseal(Reason::SameFile),
                    (false, CaCustody::External, None) => {
                        Action::Blocked(Reason::SameFile, Need::CaKey)
                    }
                    (false, CaCustody::Stored, _) => {
                        Action::Blocked(Reason::SameFile, context.identity())
                    }
                    (false, _, _) => Action::Renew(Reason::SameFile),
                };
                changed = true;
            }
        }
        let blocked: Vec<(BTreeSet<ObjectName>, Need)> = roles
            .iter()
            .filter_map(|plan| match &plan.action {
                Action::Blocked(reason, need)
                    if has_key(unit, current, plan.role)
                        && (has_data_key || reason.concerns_lock_only()) =>
                {
                    Some((unit.secrets_of(plan.role), *need))
                }
                _ => None,
            })
            .collect();
        for plan in roles.iter_mut() {
            let own = unit.secrets_of(plan.role);
            let neighbour = blocked.iter().find(|(names, _)| !names.is_disjoint(&own));
            let acts = plan.action.makes_keys() || matches!(plan.action, Action::Reseal(_));
            if let (Some((_, need)), true) = (neighbour, acts) {
                let reason = plan.action.reason().cloned().unwrap_or(Reason::MISSING);
                plan.action = Action::Blocked(reason, *need);
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}

fn in_phase(phase: Phase, plan: &RolePlan, may_renew: bool) -> Action {
    let (Action::Renew(reason) | Action::Reseal(reason)) = &plan.action else {
        return plan.action.clone();
    };
    let reason = reason.clone();
    let moves_trust = plan.role.trust_bundle().is_some() && plan.new_ca;
    match (phase, &plan.action) {
        // An outage, or no keys drawn: nothing to wait for.
        (_, action) if !reason.can_wait() => action.clone(),
        _ if !may_renew => Action::Defer(reason),
        (Phase::Trust, Action::Renew(_)) if plan.role.trust_bundle().is_some() => {
            Action::Stage(reason)
        }
        (Phase::Leaf, Action::Renew(_)) if moves_trust => Action::Blocked(reason, Need::TrustPhase),
        (Phase::Trust | Phase::Shrink, _) => Action::Defer(reason),
        (Phase::All | Phase::Leaf, action) => action.clone(),
    }
}

/// Returns whether Secrets that wait still are what the fleet file wants.
fn successors_are_good(context: &Context<'_>, unit: &Unit<'_>, staged: &Secrets<'_>) -> bool {
    unit.roles().iter().all(
        |(role, leaf)| match found_chain(context, unit, staged, *role, leaf) {
            Err(reason) => reason == Reason::MISSING,
            Ok(_) => {
                lock_reason(context, unit, staged, *role).is_none()
                    && obstacle(context, unit, staged, *role).is_none()
            }
        },
    )
}

/// Examines the chain of a role as it is found.
fn found_chain(
    context: &Context<'_>,
    unit: &Unit<'_>,
    secrets: &Secrets<'_>,
    role: Role,
    leaf_terms: &LeafTerms,
) -> Result<Serving, Reason> {
    let text = |credential| {
        let (_, place) = unit
            .placements()
            .iter()
            .find(|(found, _)| *found == credential)?;
        match secrets.value(place)? {
            Stored::Sops(_) => Some(Err(Reason::Closed(Need::Identity))),
            Stored::Sealed(_) => Some(Err(Reason::Closed(Need::Person))),
            value => value.clear_text(false).map(Ok),
        }
    };
    let text = |credential| text(credential).transpose();
    let parts = role.parts();
    let (ca, leaf) = (text(parts.ca)?, text(parts.leaf)?);
    let keys = Keys::Seen {
        ca: holds_ca_key(unit, secrets, role),
        leaf: has_key(unit, secrets, role),
    };
    let terms = unit.terms_of(role, leaf_terms, context.given_ca);
    let texts = (ca.as_deref(), leaf.as_deref());
    Ok(examine(texts, keys, &terms, context.depth, context.now)?)
}
