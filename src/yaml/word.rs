//! The text of a mapping's key. The same few are in every manifest: those take no memory of their own.

use std::fmt;
use std::ops::Deref;

/// The text of a key.
#[derive(Clone, Default)]
pub struct Word(WordText);

#[derive(Clone)]
enum WordText {
    /// Its place among the known ones.
    Known(u8),
    Own(Box<str>),
}

impl Default for WordText {
    fn default() -> Self {
        Self::Own(Box::default())
    }
}

/// The keys of most manifests: those that `gitops render` writes, and those that people write most.
const KNOWN: [&str; 64] = [
    "kind",
    "name",
    "metadata",
    "apiVersion",
    "namespace",
    "labels",
    "app.kubernetes.io/component",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/managed-by",
    "app.kubernetes.io/name",
    "app.kubernetes.io/part-of",
    "app.kubernetes.io/version",
    "civi-ingress.uepal.fr/fleet",
    "civi-ingress.uepal.fr/instance",
    "spec",
    "type",
    "data",
    "annotations",
    "argocd.argoproj.io/sync-options",
    "kustomize.toolkit.fluxcd.io/prune",
    "port",
    "ports",
    "resources",
    "scheme",
    "entryPoints",
    "routes",
    "match",
    "services",
    "serversTransport",
    "tls",
    "serverName",
    "maxIdleConnsPerHost",
    "disableHTTP2",
    "forwardingTimeouts",
    "dialTimeout",
    "responseHeaderTimeout",
    "readIdleTimeout",
    "idleConnTimeout",
    "rootCAs",
    "secret",
    "secretName",
    "ca.crt",
    "tls.crt",
    "tls.key",
    "cacert",
    "dbcacert",
    "dbservercert",
    "dbserverkey",
    "externcert",
    "externkey",
    "stringData",
    "configMap",
    "middlewares",
    "targetPort",
    "protocol",
    "selector",
    "template",
    "containers",
    "image",
    "value",
    "key",
    "path",
    "encryptedData",
    "sops",
];

impl Word {
    /// Returns the word of a text that is known.
    pub(super) fn known(text: &str) -> Option<Self> {
        let place = KNOWN.iter().position(|known| *known == text)?;
        Some(Self(WordText::Known(u8::try_from(place).ok()?)))
    }

    /// Returns its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            WordText::Known(place) => KNOWN[usize::from(*place)],
            WordText::Own(text) => text,
        }
    }
}

impl Deref for Word {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl From<&str> for Word {
    fn from(text: &str) -> Self {
        Self::known(text).unwrap_or_else(|| Self(WordText::Own(text.into())))
    }
}

impl From<String> for Word {
    fn from(text: String) -> Self {
        Self::known(&text).unwrap_or_else(|| Self(WordText::Own(text.into())))
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl PartialEq for Word {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Word {}

impl PartialEq<str> for Word {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Word {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialEq<Word> for str {
    fn eq(&self, other: &Word) -> bool {
        other == self
    }
}

impl PartialEq<Word> for &str {
    fn eq(&self, other: &Word) -> bool {
        other == *self
    }
}

impl PartialEq<Word> for String {
    fn eq(&self, other: &Word) -> bool {
        other == self.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_and_other_words_are_their_texts() {
        for text in KNOWN.into_iter().chain(["", "other", "kind "]) {
            let word = Word::from(text);
            assert_eq!(word, *text);
            assert_eq!(word, Word::from(text.to_owned()));
            assert_eq!(matches!(word.0, WordText::Known(_)), KNOWN.contains(&text));
        }
        assert_eq!(size_of::<Word>(), size_of::<&str>());
    }
}
