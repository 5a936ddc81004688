//! The Secrets that are found in the files of a unit: their values, how they are locked, and what is wrong with them.

use super::context::{Context, Reading, Sealer, UnitFiles};
use super::decide::Reason;
use super::found::{self, SecretFit, SecretLock, Stored, StoredSecret};
use super::layout::is_marked;
use super::unit::Unit;
use crate::fault::Fault;
use crate::guarded::Guarded;
use crate::ingress::Role;
use crate::instance::Credential;
use crate::name::ObjectName;
use crate::pki::Certificate;
use crate::pki::certificate::Sighting;
use crate::pki::key::is_of;
use crate::pki::reuse::Depth;
use crate::seal::{Identity, Recipient, sealed, sops};
use crate::values::SecretKeyRef;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The values of a Secret in clear text, base64, by data key.
pub(super) type Opened = BTreeMap<String, zeroize::Zeroizing<String>>;

/// What was found of a unit.
#[derive(Debug, Default)]
pub struct FoundUnit<'a> {
    pub(super) current: UnitSecrets<'a>,
    pub(super) staged: UnitSecrets<'a>,
    reading: Option<Reading>,
}

impl<'a> FoundUnit<'a> {
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
            current: UnitSecrets::of(current, namespace, reading)?,
            staged: UnitSecrets::of(files.staged.iter(), namespace, reading)?,
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
            let mut places = unit.placements().iter().map(|(_, place)| place);
            if !places.any(|place| place.secret.as_str() == name) {
                continue;
            }
            for (key, _) in &held.secret.values {
                if !unit.knows(name, key) {
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
pub(super) struct UnitSecrets<'a> {
    held: Vec<HeldSecret<'a>>,
    /// Who is to be able to open each, if they are encrypted. One that waits has the readers that it will have in
    /// its place.
    readers: Arc<BTreeMap<ObjectName, Vec<Recipient>>>,
}

/// A Secret and the file that it was found in.
#[derive(Debug)]
struct HeldSecret<'a> {
    path: &'a str,
    text: &'a Guarded,
    secret: StoredSecret<'a>,
    /// Its values in clear text, where they had to be known and an identity opens them.
    opened: Option<Opened>,
    /// What is wrong with its values, if they were verified; never a value.
    finding: Option<String>,
}

impl HeldSecret<'_> {
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

impl<'a> UnitSecrets<'a> {
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
                secret.namespace == namespace || !matches!(secret.lock, SecretLock::Sealed { .. })
            });
            secrets.extend(own.map(|secret| HeldSecret {
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
            let may_open = matches!(&secret.lock, SecretLock::Sops { fit, .. } if !matches!(fit, SecretFit::Damaged(_)))
                && opens(&secret.lock, context.identities);
            if !is_wanted || !may_open {
                if is_changed && held.finding.is_none() {
                    held.finding = Some(exchanged(secret, placements));
                }
                continue;
            }
            match sops::open(held.text, path, context.identities) {
                Ok(opened) => {
                    if let (SecretLock::Sops { fit, .. }, false) =
                        (&mut held.secret.lock, closed.is_empty())
                    {
                        *fit = SecretFit::Otherwise;
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
                let of_key = |held: &&mut HeldSecret<'_>| held.secret.name == key.secret.as_str();
                let Some(held) = self.held.iter_mut().find(of_key) else {
                    continue;
                };
                // Keys in clear text that are to be encrypted come from elsewhere, and are judged once they are in their place.
                let is_known = is_clear || !matches!(held.secret.lock, SecretLock::Open);
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

    fn held(&self, name: &str) -> Option<&HeldSecret<'a>> {
        self.held.iter().find(|held| held.secret.name == name)
    }

    pub(super) fn get(&self, name: &str) -> Option<&StoredSecret<'a>> {
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
                SecretLock::Open => !has_lost_lock(secret),
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
        let Some(HeldSecret {
            path, text, secret, ..
        }) = self.held(name.as_str())
        else {
            return Ok(BTreeMap::new());
        };
        match &secret.lock {
            SecretLock::Open => Ok(secret
                .values
                .iter()
                .filter_map(|(key, value)| match value {
                    Stored::Base64(text) => {
                        Some((key.to_string(), zeroize::Zeroizing::new(text.to_string())))
                    }
                    _ => None,
                })
                .collect()),
            SecretLock::Sops { .. } => sops::open(text, path, identities),
            SecretLock::Sealed { .. } => Err(Fault::new(format!(
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
    secret: &StoredSecret<'_>,
    sealer: &Sealer,
    placements: &[(Credential, SecretKeyRef)],
) -> bool {
    match (sealer, &secret.lock) {
        (Sealer::Plain, SecretLock::Open) => !has_lost_lock(secret),
        (Sealer::Sealed { .. }, SecretLock::Sealed { .. }) => true,
        (Sealer::Sops(_), SecretLock::Sops { fit, .. }) => {
            *fit == SecretFit::Ours && encrypts_private_values_alone(secret, placements)
        }
        _ => false,
    }
}

/// Describes the value of a Secret that has a form that it cannot have; for one that SOPS encrypted, `sops::read` does.
fn malformed(
    secret: &StoredSecret<'_>,
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
fn exchanged(secret: &StoredSecret<'_>, placements: &[(Credential, SecretKeyRef)]) -> String {
    let keys: Vec<String> = keys_of(placements, &secret.name, true)
        .filter(|key| secret.value(key).is_some())
        .map(|key| format!("`{key}`"))
        .collect();
    let way = match secret.lock {
        SecretLock::Sealed { .. } => "",
        SecretLock::Open | SecretLock::Sops { .. } => "pass `--identity FILE` to verify them, ",
    };
    format!(
        "{} or a certificate in the same file does not match the line `{}`; {way}remove that line if the change was intended",
        keys.join(", "),
        found::DIGEST.trim_end_matches(" sha256=")
    )
}

/// Returns whether one of the identities opens what is locked so.
fn opens(lock: &SecretLock<'_>, identities: &[Identity]) -> bool {
    match lock {
        SecretLock::Open => true,
        SecretLock::Sops { block, .. } => identities.iter().any(|identity| {
            let own = identity.recipient().as_str();
            block.recipients().iter().any(|recipient| recipient == own)
        }),
        SecretLock::Sealed { .. } => false,
    }
}

/// Returns whether a Secret has encrypted values without the block that says how.
pub(super) fn has_lost_lock(secret: &StoredSecret<'_>) -> bool {
    let mut values = secret.values.iter();
    matches!(secret.lock, SecretLock::Open)
        && values.any(|(_, value)| matches!(value, Stored::Sops(_)))
}

/// Returns whether in an encrypted Secret those values are encrypted that are private, and no others.
fn encrypts_private_values_alone(
    secret: &StoredSecret<'_>,
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

/// Returns why a file of a chain must be left to a person: nothing that could be written would keep what is in it.
pub(super) fn obstacle(
    context: &Context<'_>,
    unit: &Unit<'_>,
    current: &UnitSecrets<'_>,
    role: Role,
) -> Option<Reason> {
    unit.secrets_of(role).iter().find_map(|name| {
        let held = current.held(name.as_str())?;
        let damaged = |why: &str| Some(Reason::Damaged(format!("`{}`: {why}", held.path)));
        match &held.secret.lock {
            SecretLock::Open if has_lost_lock(&held.secret) => {
                damaged("its `sops` block is missing")
            }
            SecretLock::Sops {
                fit: SecretFit::Damaged(why),
                ..
            } => damaged(why),
            SecretLock::Sops { block, .. }
                if matches!(context.sealer, Sealer::Sops(_)) && !block.other_keys().is_empty() =>
            {
                Some(Reason::OtherReaders(block.other_keys().to_vec()))
            }
            SecretLock::Open | SecretLock::Sops { .. } | SecretLock::Sealed { .. } => {
                damaged(held.finding.as_ref()?)
            }
        }
    })
}
