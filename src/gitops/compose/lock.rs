//! How the private values of a Secret are locked, and what its file says of them.

use super::drawing::Drawing;
use super::sealed_object::sealed_object;
use super::work::Work;
use crate::fault::Fault;
use crate::gitops::context::Sealer;
use crate::gitops::decide::{Action, Need};
use crate::gitops::found::{DIGEST, SecretLock, digest_of, said_digest};
use crate::gitops::layout::{Form, Home};
use crate::gitops::plan::Plan;
use crate::gitops::read_back::read_back;
use crate::gitops::secrets::has_lost_lock;
use crate::guarded::Guarded;
use crate::manifest::{Field, Object, PrivateKeys, SecretData};
use crate::name::{DataKey, ObjectName};
use crate::seal::sops::{self, Block};
use crate::seal::{Random, sealed};
use crate::template::Renderer;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// An object whose private values are locked.
pub(super) struct Locked<'a> {
    pub(super) object: Object,
    pub(super) form: Form,
    /// The block `sops:` that goes behind it.
    block: Option<Cow<'a, Block<'a>>>,
    /// The file as it stands, where it stays so.
    as_found: Option<&'a Guarded>,
    /// The file as it stands, whatever becomes of it.
    before: Option<&'a Guarded>,
}

impl Locked<'_> {
    pub(super) fn new(object: Object, form: Form) -> Self {
        Self {
            object,
            form,
            block: None,
            as_found: None,
            before: None,
        }
    }

    /// Writes the object behind `head`, the first line of its file or nothing.
    pub(super) fn yaml(&self, head: &str, renderer: &Renderer<'_>) -> Result<Guarded, Fault> {
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
    pub(super) fn read_back(
        &self,
        path: &str,
        text: &str,
        renderer: &Renderer<'_>,
    ) -> Result<(), Fault> {
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

impl Work<'_> {
    /// Returns the file of a Secret as it was found, if nothing can be rendered again around its values, or a person
    /// must look at it first.
    pub(super) fn as_found(&self, object: &Object, plan: &Plan, home: &Home) -> Option<Locked<'_>> {
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
            matches!(secret.lock, SecretLock::Open) || !home.is_own()
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
            SecretLock::Open if has_lost_lock(secret) => Form::Sops,
            SecretLock::Open => Form::Plain,
            SecretLock::Sops { .. } if !has_private => Form::Public,
            SecretLock::Sops { .. } => Form::Sops,
            SecretLock::Sealed { .. } => {
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
    pub(super) fn lock(
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
                    Some(SecretLock::Sealed { with, scope }) if clear.is_empty() => {
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

    fn lock_found(&self, name: &ObjectName, promotes: bool) -> Option<&SecretLock<'_>> {
        let staged = self.staged.get(name.as_str()).filter(|_| promotes);
        staged
            .or_else(|| self.current.get(name.as_str()))
            .map(|secret| &secret.lock)
    }

    fn block(&self, name: &ObjectName, promotes: bool) -> Result<&Block<'_>, Fault> {
        match self.lock_found(name, promotes) {
            Some(SecretLock::Sops { block, .. }) => Ok(block),
            _ => Err(Fault::new(format!(
                "the encrypted values of Secret `{name}` have lost their `sops` block"
            ))
            .help("take the file from before it was changed")
            .file(self.unit.id())),
        }
    }
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
