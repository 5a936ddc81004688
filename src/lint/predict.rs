//! What Traefik would answer and log, as it was recorded.

use super::finding::Finding;
use super::recorded::{Negative, RecordedFault};
use crate::release::Release;
use std::fmt::Write as _;

/// What the placeholders of the record stand for here.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Here<'a> {
    pub(super) namespace: &'a str,
    pub(super) host: &'a str,
    /// The name of the CA's Secret, `externca` in the record.
    pub(super) secret: &'a str,
    /// The wrong server name, `another.example.org` in the record.
    pub(super) server_name: &'a str,
    /// The name of the ServersTransport, `transport-selfsigned` in the record.
    pub(super) transport: &'a str,
}

impl Finding {
    /// Adds what was recorded of this rule's fault with the release that is nearest.
    pub(super) fn predicted(self, release: Release, here: Here<'_>) -> Self {
        let Some((negative, line)) = self
            .rule
            .recorded
            .and_then(|fault| Negative::of(fault, release))
        else {
            return self;
        };
        let mut text = negative.seen.to_string();
        if negative.said.is_empty() {
            write!(text, ", and Traefik {line} logs nothing")
                .expect("writing to a String cannot fail");
        } else {
            let who = match negative.seen {
                RecordedFault::Refused => "; the API server says".to_owned(),
                _ => format!("; Traefik {line} logs"),
            };
            let lines: Vec<String> = negative
                .said
                .iter()
                .map(|said| format!("`{}`", substituted(said, here)))
                .collect();
            write!(text, "{who} {}", lines.join(" and ")).expect("writing to a String cannot fail");
        }
        self.then(text)
    }
}

fn substituted(said: &str, here: Here<'_>) -> String {
    [
        // Names of the record first: those put in afterwards are the user's.
        ("externca", here.secret),
        ("another.example.org", here.server_name),
        ("transport-selfsigned", here.transport),
        ("<namespace>", here.namespace),
        ("<host>", here.host),
        ("<httpd>", "the pod's address"),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .fold(said.to_owned(), |text, (placeholder, value)| {
        text.replace(placeholder, value)
    })
}
