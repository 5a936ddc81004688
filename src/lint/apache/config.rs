//! What of Apache's configuration pods mount.

use super::directive::{self, Directive};
use crate::lint::model::{Class, Model};
use crate::yaml::At;
use std::collections::BTreeMap;

/// A part of Apache's configuration in a ConfigMap.
pub(super) struct Snippet<'m> {
    /// The index of the ConfigMap.
    pub(super) object: usize,
    pub(super) key: &'m str,
    pub(super) at: At,
    pub(super) directives: Vec<Directive>,
}

impl Snippet<'_> {
    pub(super) fn field(&self) -> String {
        format!("data.{}", self.key)
    }

    /// Returns the directives of a name, which is in lower case.
    pub(super) fn of(&self, name: &'static str) -> impl Iterator<Item = &Directive> {
        self.directives
            .iter()
            .filter(move |directive| directive.name == name)
    }

    pub(super) fn has(&self, name: &'static str) -> bool {
        self.of(name).next().is_some()
    }
}

/// Words of which one is in every text that a rule asks about.
const WORDS: [&str; 8] = [
    "sslprotocol",
    "sslciphersuite",
    "sslopensslconfcmd",
    "remoteip",
    "listenbacklog",
    "sslrequiressl",
    "sslverifyclient",
    "<virtualhost",
];

/// Reads all parts of Apache's configuration, by the index of their ConfigMap.
pub(super) fn snippets<'m>(model: &'m Model<'_>) -> BTreeMap<usize, Vec<Snippet<'m>>> {
    let mut found: BTreeMap<usize, Vec<Snippet<'m>>> = BTreeMap::new();
    for number in model.numbers(Class::ConfigMap) {
        let Some(held) = model.secrets.get(number) else {
            continue;
        };
        for entry in &held.entries {
            let Some(text) = entry.text().filter(|text| text.contains(['\n', ' '])) else {
                continue;
            };
            let lower = text.to_ascii_lowercase();
            if WORDS.iter().any(|word| lower.contains(word)) {
                found.entry(*number).or_default().push(Snippet {
                    object: *number,
                    key: &entry.key,
                    at: entry.at,
                    directives: directive::read(text),
                });
            }
        }
    }
    found
}

/// Returns the parts of Apache's configuration that a workload mounts.
pub(super) fn mounted<'s, 'm>(
    model: &Model<'_>,
    workload: usize,
    snippets: &'s BTreeMap<usize, Vec<Snippet<'m>>>,
) -> Vec<&'s Snippet<'m>> {
    let object = &model.objects[workload];
    let Some(pod) = object.at(&["spec", "template", "spec"]) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for volume in pod.items_of("volumes") {
        let own = volume.get("configMap");
        let projected = volume.get("projected").into_iter();
        let projected = projected
            .flat_map(|node| node.items_of("sources"))
            .filter_map(|source| source.get("configMap"));
        for name in own
            .into_iter()
            .chain(projected)
            .filter_map(|node| node.text_of("name"))
        {
            let number = model.find(Class::ConfigMap, object.namespace, name);
            found.extend(
                number
                    .and_then(|number| snippets.get(&number))
                    .into_iter()
                    .flatten(),
            );
        }
    }
    found
}

/// Returns whether httpd wants a PROXY header at a port, by the parts of its configuration that are in the input;
/// nothing if they do not settle it.
pub(super) fn expects_proxy(snippets: &[&Snippet<'_>], port: Option<&str>) -> Option<bool> {
    let all = || snippets.iter().flat_map(|snippet| &snippet.directives);
    let is_here = |directive: &Directive| directive.is_at(port);
    if all().any(|directive| directive.name == "remoteipproxyprotocolexceptions") {
        return None;
    }
    let is_stated = |directive: &&Directive| directive.name == "remoteipproxyprotocol";
    if all().any(|directive| is_stated(&directive)) {
        let is_on = |directive: &Directive| {
            let value = directive.arguments.first();
            value.is_some_and(|value| value.eq_ignore_ascii_case("on"))
        };
        // Of several for one address and port the last one holds (documentation of `RemoteIPProxyProtocol`); in which order
        // httpd reads files is not known.
        let last = snippets.iter().filter_map(|snippet| {
            let mut stated = snippet.directives.iter().filter(is_stated);
            stated.rfind(|directive| is_here(directive))
        });
        let last: Vec<&Directive> = last.collect();
        let says = last.iter().any(|directive| is_on(directive));
        let is_settled = last
            .iter()
            .all(|directive| is_on(directive) == says && directive.is_certain());
        return is_settled.then_some(says);
    }
    let has_host = all().any(|directive| directive.name == "<virtualhost" && is_here(directive));
    let includes = all().any(|directive| directive.name.starts_with("include"));
    (has_host && !includes).then_some(false)
}

/// Returns whether httpd refuses who shows no certificate at a port, whatever is asked for.
pub(super) fn asks_for_certificate(snippets: &[&Snippet<'_>], port: Option<&str>) -> bool {
    let mut all = snippets.iter().flat_map(|it| it.of("sslverifyclient"));
    all.any(|directive| {
        let context = directive.context();
        let requires = |value: &String| value.eq_ignore_ascii_case("require");
        directive.is_certain()
            && directive.is_at(port)
            && context.is_none_or(|section| section.name == "virtualhost")
            && directive.arguments.first().is_some_and(requires)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_words_on_the_proxy_protocol_the_last_one_of_a_port_holds() {
        let expects = |texts: &[&str]| {
            let snippet = |text: &&str| Snippet {
                object: 0,
                key: "site.conf",
                at: At::default(),
                directives: directive::read(text),
            };
            let snippets: Vec<Snippet<'_>> = texts.iter().map(snippet).collect();
            expects_proxy(&snippets.iter().collect::<Vec<_>>(), Some("443"))
        };
        let host = |port: u16, words: &[&str]| {
            let lines: Vec<String> = words
                .iter()
                .map(|word| format!("RemoteIPProxyProtocol {word}\n"))
                .collect();
            format!("<VirtualHost *:{port}>\n{}</VirtualHost>\n", lines.concat())
        };
        let (on, off) = (host(443, &["On"]), host(443, &["Off"]));
        for (texts, expected) in [
            (vec![&*host(443, &["On", "Off"])], Some(false)),
            (vec![&*host(443, &["Off", "On"])], Some(true)),
            (vec![&*(on.clone() + &host(8443, &["Off"]))], Some(true)),
            (vec![&*host(8443, &["On"])], Some(false)),
            (vec![&*on, &*on], Some(true)),
            (vec![&*on, &*off], None),
            (vec![&*host(443, &[])], Some(false)),
        ] {
            assert_eq!(expects(&texts), expected, "{texts:?}");
        }
    }
}
