//! Settles what the fleet file says beside its instances.

use super::document::{ArgoCdPart, FluxPart, SecretsPart};
use super::leaf::{Interval, Mode, SourceKind, StoreKind};
use super::{ArgoCd, Flux, Keys, SealingScope, Secrets};
use crate::fault::Fault;
use crate::makers::Side;
use crate::makers::external_secrets::Store;
use crate::name::Namespace;
use crate::record::leaf::{LeafList, TextLine};
use crate::record::{Given, PartReader, ValueOrigin};
use crate::seal::Recipient;
use std::sync::Arc;

/// Returns the entry points, without invalid ones.
pub(super) fn entry_points(
    given: &Given<LeafList<TextLine>>,
    reader: &mut PartReader,
) -> Vec<String> {
    let LeafList(items) = &given.value;
    if items.is_empty() {
        // Traefik would take it for all its default entry points, plain HTTP among them.
        let fault = Fault::new("the entry points are empty");
        reader.push(
            given.origin,
            fault.help("write `[websecure]`, or leave them out"),
        );
    }
    let is_name = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let mut names = Vec::new();
    for Given {
        value: TextLine(text),
        origin,
    } in items
    {
        if is_name(text) {
            names.push(text.clone());
        } else {
            let what = format!("`{}` is not a valid entry point name", text.escape_debug());
            reader.push(
                *origin,
                Fault::new(what).help("use letters, digits, `-` and `_`"),
            );
        }
    }
    names
}

/// Returns how keys are kept in the tree; nothing if none is there.
pub(super) fn kept(part: Option<&Given<SecretsPart>>) -> Option<Mode> {
    let (mode, beside) = modes(part);
    std::iter::once(mode)
        .chain(beside)
        .find(|mode| mode.is_here())
}

/// Returns whose keys are used, and who makes some beside.
fn modes(part: Option<&Given<SecretsPart>>) -> (Mode, Option<Mode>) {
    let part = part.map(|given| &given.value);
    let mode = part.and_then(|part| part.mode.as_ref());
    let beside = part.and_then(|part| part.beside.as_ref());
    let mode = mode.map_or(Mode::Sops, |given| given.value);
    (mode, beside.map(|given| given.value))
}

/// Settles who makes keys, and how those are kept that this program makes.
pub(super) fn keys(given: Option<&Given<SecretsPart>>, reader: &mut PartReader) -> Option<Keys> {
    let Some(Given {
        value: part,
        origin,
    }) = given
    else {
        return Some(Keys::Here(Secrets::Sops {
            recipients: Vec::new(),
        }));
    };
    let modes = modes(given);
    check_keys(part, modes, reader);
    let secrets = match kept(given) {
        Some(mode) => Some(secrets(part, *origin, mode, reader)?),
        None => None,
    };
    match (modes, secrets) {
        ((Mode::CertManager, None), _) => Some(Keys::CertManager),
        ((Mode::External, None), _) => store(part, *origin, reader),
        ((_, None), Some(here)) => Some(Keys::Here(here)),
        ((Mode::CertManager, Some(_)), Some(here)) => Some(Keys::Both {
            here,
            shown: Side::CertManager,
        }),
        ((_, Some(Mode::CertManager)), Some(here)) => Some(Keys::Both {
            here,
            shown: Side::Here,
        }),
        _ => {
            let fault = Fault::new("only cert-manager can make certificates beside this program");
            let help = "of `mode` and `beside` one must be `cert-manager` and the other `sops`, `sealed` or `plain`; for `external`, put what there is into the store, and change `mode` alone";
            let beside = part.beside.as_ref();
            let origin = beside.map_or(*origin, |given| given.origin);
            reader.push(origin, fault.help(help));
            None
        }
    }
}

/// Refuses keys that mean nothing in the modes.
fn check_keys(part: &SecretsPart, (mode, beside): (Mode, Option<Mode>), reader: &mut PartReader) {
    let strangers = [
        (
            "recipients",
            Mode::Sops,
            part.recipients.as_ref().map(|given| given.origin),
        ),
        (
            "sealingCertificate",
            Mode::Sealed,
            part.sealing_certificate.as_ref().map(|given| given.origin),
        ),
        (
            "scope",
            Mode::Sealed,
            part.scope.as_ref().map(|given| given.origin),
        ),
        (
            "store",
            Mode::External,
            part.store.as_ref().map(|given| given.origin),
        ),
        (
            "remoteKey",
            Mode::External,
            part.remote_key.as_ref().map(|given| given.origin),
        ),
        (
            "refreshInterval",
            Mode::External,
            part.refresh_interval.as_ref().map(|given| given.origin),
        ),
    ];
    for (key, owner, given) in strangers {
        if let Some(origin) = given.filter(|_| owner != mode && Some(owner) != beside) {
            let name = owner.name();
            let fault = Fault::new(format!("`{key}` has a meaning in mode `{name}` only"));
            reader.push(origin, fault.help("leave it out, or change `mode`"));
        }
    }
}

/// Settles how the keys are kept in the tree that this program makes.
fn secrets(
    part: &SecretsPart,
    origin: ValueOrigin,
    mode: Mode,
    reader: &mut PartReader,
) -> Option<Secrets> {
    match mode {
        Mode::Sops => {
            let recipients = part.recipients.as_ref().map(|given| &given.value.0);
            let recipients = recipients.into_iter().flatten();
            for given in recipients.clone() {
                reader.keep_at(given.origin, Recipient::parse(&given.value.0));
            }
            Some(Secrets::Sops {
                recipients: recipients.map(|given| given.value.0.clone()).collect(),
            })
        }
        Mode::Sealed => {
            let Some(certificate) = &part.sealing_certificate else {
                let fault = Fault::new("mode `sealed` needs `sealingCertificate`");
                let help = "name the file that `kubeseal --fetch-cert` writes";
                reader.push(origin, fault.help(help));
                return None;
            };
            Some(Secrets::Sealed {
                certificate: certificate.value.0.clone(),
                scope: part
                    .scope
                    .as_ref()
                    .map_or(SealingScope::Strict, |given| given.value),
            })
        }
        Mode::Plain | Mode::CertManager | Mode::External => Some(Secrets::Plain),
    }
}

/// Settles where Secrets are fetched from.
fn store(part: &SecretsPart, origin: ValueOrigin, reader: &mut PartReader) -> Option<Keys> {
    let Some(store) = &part.store else {
        let fault = Fault::new("mode `external` needs `store`");
        let help = "name the store of the External Secrets Operator: `store: {name: vault}`";
        reader.push(origin, fault.help(help));
        return None;
    };
    let kind = store.value.kind.as_ref();
    let remote_key = part.remote_key.as_ref();
    let interval = part.refresh_interval.as_ref();
    Some(Keys::External(Arc::new(Store {
        name: store.value.name.as_ref()?.value.clone(),
        kind: kind.map_or(StoreKind::Cluster, |given| given.value).name(),
        remote_key: remote_key
            .map_or(Store::REMOTE_KEY, |given| &given.value.0)
            .to_owned(),
        refresh_interval: interval.map_or("1h", |given| &given.value.0).to_owned(),
    })))
}

fn or(line: Option<Given<TextLine>>, default: &str) -> String {
    line.map_or_else(|| default.to_owned(), |given| given.value.0)
}

pub(super) fn argo_cd(part: ArgoCdPart) -> Option<ArgoCd> {
    let namespace = part.namespace.map(|given| given.value);
    Some(ArgoCd {
        repo_url: part.repo_url?.value.0,
        revision: or(part.revision, "HEAD"),
        path: or(part.path, "."),
        project: or(part.project, "default"),
        namespace: namespace.or_else(|| Namespace::parse("argocd").ok())?,
    })
}

pub(super) fn flux(part: FluxPart) -> Option<Flux> {
    let namespace = part.namespace.map(|given| given.value);
    let kind = part
        .source_kind
        .map_or(SourceKind::GitRepository, |given| given.value);
    Some(Flux {
        source: part.source?.value,
        source_kind: kind.name().to_owned(),
        path: or(part.path, "."),
        namespace: namespace.or_else(|| Namespace::parse("flux-system").ok())?,
        interval: part.interval.map_or_else(
            || "10m".to_owned(),
            |Given {
                 value: Interval(text),
                 ..
             }| text,
        ),
        decryption_secret: part.decryption_secret.map(|given| given.value),
    })
}
