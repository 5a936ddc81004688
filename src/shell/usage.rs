//! How a command line that cannot be taken is answered.

use super::output::{self, print_or_end};
use civi_ingress::visible;
use clap::error::ContextValue;
use std::process::ExitCode;

/// Prints help and version on stdout, and usage errors on stderr, as clap words them: of what was typed is shown what
/// can be.
pub(super) fn usage(mut error: clap::Error) -> ExitCode {
    let code = u8::try_from(error.exit_code()).unwrap_or(2);
    if !error.use_stderr() {
        return match print_or_end(error.render().to_string().as_bytes()) {
            Ok(()) => ExitCode::from(code),
            Err(failure) => {
                output::say(&failure.text());
                failure.code()
            }
        };
    }
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
