//! Settles what the fleet file says beside its instances.

use super::document::{ArgoCdPart, FluxPart, SecretsPart};
use super::leaf::{Interval, Mode, SourceKind};
use super::{ArgoCd, Flux, SealingScope, Secrets};
use crate::fault::Fault;
use crate::name::Namespace;
use crate::record::leaf::{LeafList, TextLine};
use crate::record::{Given, PartReader};
use crate::seal::Recipient;

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

pub(super) fn mode(part: Option<&Given<SecretsPart>>) -> Mode {
    part.and_then(|given| given.value.mode.as_ref())
        .map_or(Mode::Sops, |given| given.value)
}

pub(super) fn secrets(
    part: Option<&Given<SecretsPart>>,
    reader: &mut PartReader,
) -> Option<Secrets> {
    let mode = mode(part);
    let Some(Given {
        value: part,
        origin,
    }) = part
    else {
        return Some(Secrets::Sops {
            recipients: Vec::new(),
        });
    };
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
    ];
    for (key, owner, given) in strangers {
        if let Some(origin) = given.filter(|_| owner != mode) {
            let name = if owner == Mode::Sops {
                "sops"
            } else {
                "sealed"
            };
            let fault = Fault::new(format!("`{key}` has a meaning in mode `{name}` only"));
            reader.push(origin, fault.help("leave it out, or change `mode`"));
        }
    }
    match mode {
        Mode::Plain => Some(Secrets::Plain),
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
                reader.push(*origin, fault.help(help));
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
    }
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
