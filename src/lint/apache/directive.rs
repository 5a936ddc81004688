//! Apache's configuration language, as far as lines, sections and quotes go (httpd 2.4, "Configuration Files":
//! one directive a line, names in any case, `\` at the end continues, `#` at the beginning comments).

/// A directive and the sections around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Directive {
    /// Its line in the text, from 1.
    pub(super) line: usize,
    /// Its name in lower case.
    pub(super) name: String,
    pub(super) arguments: Vec<String>,
    /// The sections it is in, the outermost first.
    pub(super) within: Vec<Section>,
}

/// `<VirtualHost *:443>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Section {
    /// Its name in lower case.
    pub(super) name: String,
    pub(super) arguments: Vec<String>,
}

impl Section {
    /// Returns whether it only asks whether its content is read at all.
    pub(super) fn is_question(&self) -> bool {
        [
            "ifmodule",
            "ifdefine",
            "ifversion",
            "iffile",
            "ifdirective",
            "ifsection",
            "macro",
        ]
        .contains(&self.name.as_str())
    }
}

impl Directive {
    /// Returns the innermost section that is not a question.
    pub(super) fn context(&self) -> Option<&Section> {
        self.within
            .iter()
            .rev()
            .find(|section| !section.is_question())
    }

    /// Returns the ports of the virtual host around it, or of itself; nothing if it is for all of them.
    pub(super) fn ports(&self) -> Vec<&str> {
        let mut hosts = self
            .within
            .iter()
            .filter(|section| section.name == "virtualhost");
        let host = hosts.next().map(|section| &section.arguments);
        let all = host.into_iter().flatten();
        all.filter_map(|address| address.rsplit_once(':').map(|(_, port)| port))
            .filter(|port| *port != "*" && !port.ends_with(']'))
            .collect()
    }

    /// Returns whether it is for a port, or may be.
    pub(super) fn is_at(&self, port: Option<&str>) -> bool {
        let ports = self.ports();
        ports.is_empty() || port.is_none_or(|port| ports.contains(&port))
    }

    /// Returns whether it is read whatever the server is started with.
    pub(super) fn is_certain(&self) -> bool {
        self.within
            .iter()
            .all(|section| match section.name.as_str() {
                "ifmodule" => !section.arguments.iter().any(|name| name.starts_with('!')),
                _ => !section.is_question(),
            })
    }
}

/// Reads all directives, and the beginning of each section as a directive `<name`.
///
/// What does not belong to the language is passed over: whether a text is Apache's at all shows in the names.
pub(super) fn read(text: &str) -> Vec<Directive> {
    let mut directives = Vec::new();
    let mut open: Vec<Section> = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, first)) = lines.next() {
        let mut line = first.trim_end().to_owned();
        while line.ends_with('\\') {
            line.pop();
            let Some((_, next)) = lines.next() else { break };
            line.push_str(next.trim_end());
        }
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(closed) = line.strip_prefix("</") {
            let name = closed.trim_end_matches('>').trim().to_ascii_lowercase();
            if let Some(at) = open.iter().rposition(|section| section.name == name) {
                open.truncate(at);
            }
            continue;
        }
        let inside = line
            .strip_prefix('<')
            .map(|line| line.trim_end_matches('>'));
        let mut words = words(inside.unwrap_or(line)).into_iter();
        let Some(name) = words.next().map(|name| name.to_ascii_lowercase()) else {
            continue;
        };
        let arguments: Vec<String> = words.collect();
        let is_section = inside.is_some();
        let section = Section {
            name: name.clone(),
            arguments: arguments.clone(),
        };
        if is_section {
            open.push(section);
        }
        directives.push(Directive {
            line: number + 1,
            name: if is_section { format!("<{name}") } else { name },
            arguments,
            within: open.clone(),
        });
    }
    directives
}

/// Splits a line at white space outside of quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, after) = match first {
            '"' | '\'' => rest[1..].split_once(first).unwrap_or((&rest[1..], "")),
            _ => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_are_read_with_their_lines_and_sections() {
        let text = "# a comment \\\nListenBacklog 0\nlistenbacklog \\\n  1\n<IfModule ssl_module>\n  \
                    <VirtualHost *:443 [::]:8443>\n    SSLEngine On\n  </VirtualHost>\n</IfModule>\nServerName \"a b\"\n";
        let found = read(text);
        let shown: Vec<(usize, &str, String, usize)> = found
            .iter()
            .map(|directive| {
                let arguments = directive.arguments.join("|");
                (
                    directive.line,
                    directive.name.as_str(),
                    arguments,
                    directive.within.len(),
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                // The comment goes on in the next line.
                (3, "listenbacklog", "1".to_owned(), 0),
                (5, "<ifmodule", "ssl_module".to_owned(), 1),
                (6, "<virtualhost", "*:443|[::]:8443".to_owned(), 2),
                (7, "sslengine", "On".to_owned(), 2),
                (10, "servername", "a b".to_owned(), 0),
            ]
        );
        assert_eq!(found[3].ports(), ["443", "8443"]);
        assert_eq!(
            found[3].context().map(|section| section.name.as_str()),
            Some("virtualhost")
        );
        assert!(found[3].is_certain());
    }

    #[test]
    fn what_is_only_read_sometimes_is_not_certain() {
        for (text, expected) in [
            (
                "<IfDefine PROXY>\nRemoteIPProxyProtocol On\n</IfDefine>",
                false,
            ),
            (
                "<IfModule !remoteip_module>\nRemoteIPProxyProtocol On\n</IfModule>",
                false,
            ),
            (
                "<IfModule remoteip_module>\nRemoteIPProxyProtocol On\n</IfModule>",
                true,
            ),
        ] {
            assert_eq!(read(text)[1].is_certain(), expected, "{text}");
        }
    }

    #[test]
    fn broken_texts_are_read_to_their_end() {
        for text in [
            "</VirtualHost>",
            "<",
            "\\",
            "a \"b",
            "<VirtualHost\nx",
            "\u{e9} <\u{e9}>",
        ] {
            read(text);
        }
    }
}
