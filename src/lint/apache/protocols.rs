//! Which versions and ciphers of TLS httpd speaks, and whether the other side speaks one of them.

use super::ciphers;
use super::config::Snippet;
use super::directive::Directive;
use crate::kinds::traefik::tls_version;
use crate::lint::finding::Finding;
use crate::lint::model::Model;
use crate::lint::trust::rules::CI118;
use crate::path::Routed;
use crate::path::hop::{Inward, Outward};
use crate::release::Release;

/// Versions of TLS 1, by the number behind the dot.
type Versions = [bool; 4];

/// What OpenSSL 3 speaks at its usual security level (`SSL_CTX_set_security_level`(3)), Go by default and browsers.
const USUAL: Versions = [false, false, true, true];

/// Finds an httpd that speaks no version of TLS which Traefik speaks with it, or browsers where TLS is passed through; or TLS
/// 1.2 alone, without a cipher for its key that they offer.
pub(super) fn check(
    model: &Model<'_>,
    routed: &Routed<'_>,
    parts: &[&Snippet<'_>],
    port: Option<&str>,
) -> Option<Finding> {
    let spoken = commanded(parts, port, spoken(parts, port)?)?;
    let is_passed = routed.path.inward == Inward::PassedThrough;
    let wanted = match &routed.path.outward {
        Outward::Tls(_) => of_traefik(model, routed)?,
        _ if is_passed => USUAL,
        _ => return None,
    };
    let common = [0, 1, 2, 3].map(|number: usize| spoken[number] && wanted[number]);
    let message = if !common.contains(&true) {
        format!(
            "of TLS httpd speaks {}, and the other side {}",
            shown(spoken),
            shown(wanted)
        )
    } else if let Some(groups) = odd_groups(parts, port) {
        format!(
            "httpd takes the groups `{}`, and the other side has none of them",
            groups.escape_debug()
        )
    } else if common[3] || !has_ciphers(model, routed) {
        return None;
    } else {
        let suite = last(parts, port, "sslciphersuite")?;
        let list = suite.arguments.last().filter(|_| {
            let protocol = suite.arguments.first();
            suite.arguments.len() == 1 || protocol.is_some_and(|name| name == "SSL")
        })?;
        let ciphers = ciphers::selected(list)?;
        let place = routed.path.httpd.as_ref()?;
        let leaves = model.grounds.stated(&place.service.scope);
        let keys: Vec<&str> = leaves.map(|leaf| &*leaf.cert().details.key).collect();
        if keys.is_empty() || ciphers::fit(&ciphers, &keys, !is_passed) {
            return None;
        }
        format!(
            "httpd speaks TLS 1.2 alone, and none of the ciphers `{}` that the other side offers is for its key, which is {}",
            list.escape_debug(),
            keys.join(" or ")
        )
    };
    let (object, field) = routed.named.as_ref()?;
    let object = &model.objects[object.number];
    Some(object.finding_in(&CI118, &field.path, message))
}

fn shown(versions: Versions) -> String {
    let numbers = (0..versions.len()).filter(|number| versions[*number]);
    let names: Vec<String> = numbers.map(|number| format!("1.{number}")).collect();
    if names.is_empty() {
        return "none".to_owned();
    }
    names.join(" and ")
}

/// Returns whether the other side offers the usual ciphers.
fn has_ciphers(model: &Model<'_>, routed: &Routed<'_>) -> bool {
    let transport = routed.transport.here().flatten();
    transport.is_none_or(|object| !model.objects[object.number].has("spec.cipherSuites"))
}

/// Returns what Traefik speaks with an httpd; nothing where another finding says that it speaks none.
fn of_traefik(model: &Model<'_>, routed: &Routed<'_>) -> Option<Versions> {
    let transport = routed.transport.here()?;
    let settings = transport.and_then(|object| object.resource.servers_transport());
    let settings = settings.filter(|_| model.knowledge.release >= Release::exactly(3, 7, 0));
    let Some(settings) = settings else {
        return Some(USUAL);
    };
    let number = |name: &Option<String>| name.as_deref().and_then(tls_version);
    let (least, most) = (number(&settings.min_version), number(&settings.max_version));
    let (least, most) = (least.unwrap_or(2), most.unwrap_or(3));
    if least > most || most < 2 {
        return None;
    }
    let versions = [0, 1, 2, 3];
    Some(versions.map(|version| (least..=most).contains(&version)))
}

/// Returns the directive of a name that counts on a port, where it is read for sure: the last one of the virtual host, else
/// the last one outside.
fn last<'p>(
    parts: &[&'p Snippet<'_>],
    port: Option<&str>,
    name: &'static str,
) -> Option<&'p Directive> {
    let all = || {
        let all = parts.iter().flat_map(move |part| part.of(name));
        all.filter(|directive| directive.is_at(port))
    };
    if all().any(|directive| !directive.is_certain()) {
        return None;
    }
    let is_of_host = |directive: &&Directive| directive.context().is_some();
    all().filter(is_of_host).last().or_else(|| all().last())
}

/// Returns what httpd speaks on a port, where its configuration says it (`ssl_cmd_protocol_parse` in
/// `modules/ssl/ssl_engine_config.c`, 2.4.71); nothing where what it says is not known.
fn spoken(parts: &[&Snippet<'_>], port: Option<&str>) -> Option<Versions> {
    if !parts.iter().any(|part| part.has("sslprotocol")) {
        return Some(USUAL);
    }
    let said = last(parts, port, "sslprotocol").and_then(|it| versions(&it.arguments))?;
    let mut ciphers = parts.iter().flat_map(|part| part.of("sslciphersuite"));
    let is_lowered = ciphers.any(|suite| {
        let mut arguments = suite.arguments.iter();
        arguments.any(|argument| argument.contains("SECLEVEL=0"))
    });
    Some(if is_lowered {
        said
    } else {
        let numbers = [0, 1, 2, 3];
        numbers.map(|number| said[number] && USUAL[number])
    })
}

/// Returns the commands to OpenSSL that count on a port, each with its value; nothing where one may not be read.
fn commands<'p>(parts: &[&'p Snippet<'_>], port: Option<&str>) -> Option<Vec<(String, &'p str)>> {
    let all = parts.iter().flat_map(|part| part.of("sslopensslconfcmd"));
    let all = all.filter(|directive| directive.is_at(port));
    let read = all.map(|directive| match directive.arguments.as_slice() {
        [command, value] if directive.is_certain() => {
            Some((command.to_ascii_lowercase(), value.as_str()))
        }
        _ => None,
    });
    read.collect()
}

/// Returns what commands leave of some versions (`SSL_CONF_cmd`(3)); nothing where one is not known.
fn commanded(parts: &[&Snippet<'_>], port: Option<&str>, versions: Versions) -> Option<Versions> {
    let mut left = versions;
    for (command, value) in commands(parts, port)? {
        let is_most = match command.as_str() {
            "maxprotocol" => true,
            "minprotocol" => false,
            "protocol" => return None,
            _ => continue,
        };
        let level = match value.to_ascii_lowercase().as_str() {
            "none" => continue,
            "tlsv1" => 0,
            "tlsv1.1" => 1,
            "tlsv1.2" => 2,
            "tlsv1.3" => 3,
            _ => return None,
        };
        for (number, is_left) in left.iter_mut().enumerate() {
            *is_left &= if is_most {
                number <= level
            } else {
                number >= level
            };
        }
    }
    Some(left)
}

/// The groups that Go and browsers have, as OpenSSL names them.
const GROUPS: [&str; 9] = [
    "x25519",
    "x25519mlkem768",
    "p-256",
    "prime256v1",
    "secp256r1",
    "p-384",
    "secp384r1",
    "p-521",
    "secp521r1",
];

/// Returns the groups that httpd takes, where neither Go nor browsers have one of them.
fn odd_groups(parts: &[&Snippet<'_>], port: Option<&str>) -> Option<String> {
    let all = commands(parts, port)?.into_iter();
    let mut lists = all.filter(|(command, _)| ["curves", "groups"].contains(&command.as_str()));
    let (_, list) = lists.next_back()?;
    let is_usual = |group: &str| GROUPS.contains(&group.to_ascii_lowercase().as_str());
    let is_plain = list
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_:".contains(&byte));
    (is_plain && !list.split(':').any(is_usual)).then(|| list.to_owned())
}

/// Reads the arguments of `SSLProtocol`; nothing where one is not a version.
fn versions(arguments: &[String]) -> Option<Versions> {
    let mut versions = [false; 4];
    for argument in arguments {
        let (is_added, name) = if let Some(name) = argument.strip_prefix('-') {
            (false, name)
        } else {
            let name = argument.strip_prefix('+');
            if name.is_none() {
                versions = [false; 4];
            }
            (true, name.unwrap_or(argument))
        };
        let meant = match name.to_ascii_lowercase().as_str() {
            "all" => [true; 4],
            "sslv3" => [false; 4],
            "tlsv1" => [true, false, false, false],
            "tlsv1.1" => [false, true, false, false],
            "tlsv1.2" => [false, false, true, false],
            "tlsv1.3" => [false, false, false, true],
            _ => return None,
        };
        for (version, is_meant) in versions.iter_mut().zip(meant) {
            if is_meant {
                *version = is_added;
            }
        }
    }
    Some(versions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_of_ssl_protocol_are_taken_one_after_the_other() {
        for (text, expected) in [
            ("all -SSLv3", Some([true; 4])),
            ("-all +TLSv1.2", Some([false, false, true, false])),
            ("TLSv1.2 TLSv1.3", Some([false, false, false, true])),
            ("TLSv1.2 +TLSv1.3", Some([false, false, true, true])),
            ("all -TLSv1.3 -TLSv1.2", Some([true, true, false, false])),
            ("tlsv1.3", Some([false, false, false, true])),
            ("${PROTOCOLS}", None),
        ] {
            let arguments: Vec<String> = text.split(' ').map(str::to_owned).collect();
            assert_eq!(versions(&arguments), expected, "{text}");
        }
    }
}
