//! How a command line that cannot be taken is answered.

use super::output::{self, print_or_end};
use civi_ingress::visible;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue};
use std::process::ExitCode;

/// What hands used to other programs type for a command, and what does it here.
const MEANT: &[(&[&str], &str)] = &[
    (
        &["create", "generate", "issue", "new"],
        "'new-instance' makes an instance, 'wildcard-secret' the certificate that browsers see, 'cert' PEM files",
    ),
    (
        &["render", "template"],
        "'new-instance' renders one instance, 'gitops render' a fleet",
    ),
    (
        &["apply", "install", "deploy"],
        "manifests go to stdout: pipe those of 'new-instance' into `kubectl apply -f -`",
    ),
    (
        &["renew"],
        "'new-instance NAME --reuse FILE' renews what is due of one instance, 'gitops render' of a fleet",
    ),
    (
        &["rotate", "rekey"],
        "'new-instance NAME' without '--reuse' makes all keys of an instance again, 'gitops render' rolls over what \
         the fleet file changes",
    ),
    (
        &["check", "validate", "verify"],
        "'lint' checks manifests, 'gitops check' the tree of a fleet, 'probe' a live host",
    ),
    (&["init"], "'gitops init' starts a fleet"),
    (
        &["diff", "plan"],
        "'gitops diff' shows what 'gitops render' would change",
    ),
    (
        &["import"],
        "'gitops import' takes over instances that run, 'wildcard-secret --cert FILE' a certificate",
    ),
    (
        &["list", "ls", "get", "show", "describe"],
        "'status' lists certificates and when they end, 'inspect' shows all of one, 'templates list' the templates",
    ),
    (
        &["delete", "remove", "prune"],
        "take the instance out of the fleet file, then 'gitops render --prune'",
    ),
    (
        &["completion"],
        "'completions SHELL' prints a completion script",
    ),
    (&["version"], "'--version' prints the version"),
];

/// Prints help and version on stdout, and usage errors on stderr, as clap words them: of what was typed is shown what
/// can be.
pub(super) fn usage(mut error: clap::Error) -> ExitCode {
    let code = u8::try_from(error.exit_code()).unwrap_or(2);
    if !error.use_stderr() {
        let text = error.render();
        let text = if output::stdout_has_colours() {
            text.ansi().to_string()
        } else {
            text.to_string()
        };
        return match print_or_end(output::as_called(&text).as_bytes()) {
            Ok(()) => ExitCode::from(code),
            Err(failure) => {
                output::say(&failure.text());
                failure.code()
            }
        };
    }
    suggest(&mut error);
    let context: Vec<_> = error
        .context()
        .map(|(kind, value)| (kind, visible_context(value)))
        .collect();
    for (kind, value) in context {
        error.insert(kind, value);
    }
    output::say(&error.render().to_string());
    ExitCode::from(code)
}

/// Names the command that is meant, and leaves out the tip to pass an unknown option as a value: no command takes such
/// a value.
fn suggest(error: &mut clap::Error) {
    let meant = match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(typed)) => meant(typed),
        _ => None,
    };
    if let Some(meant) = meant {
        error.remove(ContextKind::SuggestedSubcommand);
        let tip = ContextValue::StyledStrs(vec![meant.into()]);
        error.insert(ContextKind::Suggested, tip);
        return;
    }
    let kept: Vec<StyledStr> = match error.get(ContextKind::Suggested) {
        Some(ContextValue::StyledStrs(tips)) => {
            let is_kept = |tip: &&StyledStr| !tip.to_string().starts_with("to pass '");
            tips.iter().filter(is_kept).cloned().collect()
        }
        _ => return,
    };
    if kept.is_empty() {
        error.remove(ContextKind::Suggested);
    } else {
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(kept));
    }
}

fn meant(typed: &str) -> Option<&'static str> {
    let typed = typed.to_ascii_lowercase();
    let (_, meant) = MEANT
        .iter()
        .find(|(names, _)| names.contains(&typed.as_str()))?;
    Some(meant)
}

/// Returns what clap tells of a command line, as far as it can be shown.
fn visible_context(value: &ContextValue) -> ContextValue {
    let one = |text: &str| visible::line(text).into_owned();
    let all = |texts: &[String]| texts.iter().map(|text| one(text)).collect();
    match value {
        ContextValue::String(text) => ContextValue::String(one(text)),
        ContextValue::Strings(texts) => ContextValue::Strings(all(texts)),
        ContextValue::StyledStrs(texts) => ContextValue::StyledStrs(
            texts
                .iter()
                .map(|text| one(&text.to_string()).into())
                .collect(),
        ),
        other => other.clone(),
    }
}
