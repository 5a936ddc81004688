//! Reads a Secret back before it leaves: what was meant must be what is read, by the readers of what others write.

use super::found::{self, Stored, StoredSecret};
use crate::fault::Fault;
use crate::manifest::{Field, Object, PrivateKeys};
use crate::seal::sops::{self, Block};
use crate::yaml::second_reader;

/// Reads the text of a Secret or SealedSecret back and compares it with its object: kind, name and namespace, every
/// value by its key, and the `sops` block with everything in it. Other objects pass.
///
/// # Errors
/// What is not as it was meant, without any value.
pub(super) fn read_back(
    object: &Object,
    block: Option<&Block<'_>>,
    text: &str,
    file: &str,
) -> Result<(), Fault> {
    let identity = &object.identity;
    if !matches!(identity.kind, "Secret" | "SealedSecret") {
        return Ok(());
    }
    let differs = |what: &str| {
        Fault::new(format!("{identity} was not written as intended: {what}")).file(file)
    };
    let found = found::of_documents(&second_reader::agree(text, file)?, text, file);
    let [secret] = &found[..] else {
        return Err(differs("there is not exactly one Secret"));
    };
    let namespace = identity.namespace.as_ref().map_or("", |name| name.as_str());
    if secret.name != identity.name.as_str() || secret.namespace != namespace {
        return Err(differs("its name"));
    }
    for (field, value) in &object.fields {
        let Field::Map(entries) = value else { continue };
        if !matches!(*field, "data" | "encrypted") {
            continue;
        }
        if let Some((key, _)) = entries
            .iter()
            .find(|(key, value)| !holds(secret, key, value))
        {
            return Err(differs(&format!("the value of `{}`", key.escape_debug())));
        }
    }
    let Some(block) = block else { return Ok(()) };
    match sops::read(text, file)? {
        Some(document) if block.is_that_of(&document) => Ok(()),
        _ => Err(differs("the `sops` block")),
    }
}

/// Returns whether a Secret that was read has a value as it was meant.
fn holds(secret: &StoredSecret<'_>, key: &str, value: &Field) -> bool {
    let meant = match value {
        Field::Secret(data) => data.expose(PrivateKeys::Written),
        Field::Text(text) => text,
        _ => return false,
    };
    match secret.value(key) {
        Some(
            Stored::Base64(text) | Stored::Sops(text) | Stored::Sealed(text) | Stored::Text(text),
        ) => text == meant,
        None => false,
    }
}
