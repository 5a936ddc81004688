//! Opens a SOPS file with an identity, and believes nothing in it before its code was checked.

use super::document::{Document, KEY_GROUPS, OLDER, read};
use super::scalar::{Clear, clear};
use super::tree::SopsLeaf;
use super::value::{Cipher, Mac, parse, path_aad};
use crate::fault::Fault;
use crate::seal::recipient::{FileKey, Identity, unwrap};
use crate::yaml::At;
use base64::Engine as _;
use std::collections::BTreeMap;
use zeroize::{Zeroize as _, Zeroizing};

/// Opens a document of one Secret and gives its data, decrypted and in clear text, by key: base64 text, those under
/// `stringData` brought to it.
///
/// Every encrypted value is authenticated, with its key's name, and the message authentication code over all of
/// them (or over all values, where the file does not say `mac_only_encrypted`) is checked, with `lastmodified`.
///
/// # Errors
/// As [`read`]; a file without a `sops:` block, one that none of the identities opens, and one in which anything
/// that the code protects was changed. No error repeats a value or an identity.
pub fn open(
    text: &str,
    file: &str,
    identities: &[Identity],
) -> Result<BTreeMap<String, Zeroizing<String>>, Fault> {
    let document = read(text, file)?
        .ok_or_else(|| Fault::new("this is not a SOPS file: it has no `sops` block").file(file))?;
    document
        .open(identities)
        .map_err(|(fault, at)| fault.at(at.place(file)))
}

impl Document<'_> {
    fn open(
        &self,
        identities: &[Identity],
    ) -> Result<BTreeMap<String, Zeroizing<String>>, (Fault, At)> {
        let key = self.key(identities).map_err(|fault| (fault, self.at))?;
        let cipher = Cipher::new(&key);
        let mut mac = if self.mac_only_encrypted {
            Mac::over_encrypted_only()
        } else {
            Mac::over_all()
        };
        let mut data = BTreeMap::new();
        let mut string_data = BTreeMap::new();
        for leaf in &self.leaves {
            let value = self
                .value(&cipher, &mut mac, leaf)
                .map_err(|fault| (fault, leaf.at))?;
            let Some(value) = value else { continue };
            match &leaf.path[..] {
                [top, key] if top == "data" => {
                    data.insert(key.to_string(), value);
                }
                [top, key] if top == "stringData" => {
                    let engine = base64::engine::general_purpose::STANDARD;
                    string_data.insert(
                        key.to_string(),
                        Zeroizing::new(engine.encode(value.as_bytes())),
                    );
                }
                _ => {}
            }
        }
        let written = parse(&self.mac).and_then(|mac| cipher.decrypt(mac, &self.mac_aad()));
        if written.is_none_or(|written| *written != mac.finish().as_bytes()) {
            let fault = Fault::new(
                "the message authentication code does not fit: a value, their order or `lastmodified` was changed",
            );
            return Err((fault.help(OLDER), self.at));
        }
        data.extend(string_data);
        Ok(data)
    }

    fn key(&self, identities: &[Identity]) -> Result<FileKey, Fault> {
        if self.other_keys.contains(&KEY_GROUPS) {
            return Err(
                Fault::new("the file needs keys of several groups (`key_groups`)")
                    .help("open it with `sops`"),
            );
        }
        let mut damaged = None;
        for (recipient, armoured) in &self.wrapped {
            match unwrap(armoured, identities) {
                Ok(Some((_, identity))) if identity.recipient().as_str() != recipient => {
                    let what = format!(
                        "the data key under the recipient `{}` is encrypted for `{}`",
                        recipient.escape_debug(),
                        identity.recipient()
                    );
                    return Err(Fault::new(what).help(OLDER));
                }
                Ok(Some((key, _))) => return Ok(key),
                Ok(None) => {}
                Err(fault) => damaged = Some(fault.help(OLDER)),
            }
        }
        if let Some(fault) = damaged {
            return Err(fault);
        }
        let mut all: Vec<String> = self
            .recipients
            .iter()
            .map(|text| text.escape_debug().to_string())
            .collect();
        all.extend(self.other_keys.iter().map(|field| format!("`{field}`")));
        let what = match identities.len() {
            0 => "an identity is needed to open this file".to_owned(),
            1 => "the identity does not open this file".to_owned(),
            count => format!("none of the {count} identities opens this file"),
        };
        Err(Fault::new(what).help(format!("it is encrypted for {}", all.join(", "))))
    }

    /// Decrypts one value, or takes it as it is in clear text, and adds it to the code; nothing for `null`.
    fn value(
        &self,
        cipher: &Cipher,
        mac: &mut Mac,
        leaf: &SopsLeaf<'_>,
    ) -> Result<Option<Zeroizing<String>>, Fault> {
        let shown = || {
            leaf.keys()
                .collect::<Vec<_>>()
                .join(".")
                .escape_debug()
                .to_string()
        };
        let in_clear = clear(&leaf.text, leaf.style);
        if in_clear == Clear::Null {
            return Ok(None);
        }
        let is_encrypted = self.rule.encrypts(leaf.keys()).ok_or_else(|| {
            Fault::new("the file's rule for what is encrypted depends on comments")
                .help("open it with `sops`")
        })?;
        if !is_encrypted {
            if !self.mac_only_encrypted {
                let Clear::Bytes(text, _) = in_clear else {
                    let what = format!("`{}` is a number or date that has several forms", shown());
                    return Err(Fault::new(what).help("open the file with `sops`"));
                };
                mac.update(text.as_bytes());
            }
            return Ok(Some(Zeroizing::new(leaf.text.to_string())));
        }
        if leaf.text.is_empty() {
            return Ok(Some(Zeroizing::default()));
        }
        let damaged =
            || Fault::new(format!("the encrypted value of `{}` is damaged", shown())).help(OLDER);
        let parsed = parse(&leaf.text).ok_or_else(damaged)?;
        let mut plaintext = cipher
            .decrypt(parsed, &path_aad(leaf.keys()))
            .ok_or_else(damaged)?;
        match parsed.kind {
            "comment" => return Ok(None), // what a comment in a sequence becomes; no part of the code
            "str" => {}
            // These are canonical as they were encrypted, and count in the code as they are.
            "int" | "float" | "bool" | "time" | "bytes"
                if leaf
                    .path
                    .first()
                    .is_none_or(|top| top != "data" && top != "stringData") => {}
            _ => return Err(damaged()),
        }
        mac.update(&plaintext);
        let text = String::from_utf8(std::mem::take(&mut *plaintext));
        text.map(|text| Some(Zeroizing::new(text)))
            .map_err(|error| {
                error.into_bytes().zeroize();
                damaged()
            })
    }

    /// Returns `lastmodified` as `sops` writes it again after parsing: without fractions of a second.
    fn mac_aad(&self) -> String {
        super::instant(&self.last_modified)
            .and_then(|instant| super::rfc3339(instant).ok())
            .unwrap_or_default()
    }
}
