//! Which versions of TLS httpd speaks, and whether the other side speaks one of them.

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

/// Finds an httpd that speaks no version of TLS which Traefik speaks with it, or browsers where TLS is passed through.
pub(super) fn check(
    model: &Model<'_>,
    routed: &Routed<'_>,
    parts: &[&Snippet<'_>],
    port: Option<&str>,
) -> Option<Finding> {
    let spoken = spoken(parts, port)?;
    let wanted = match (&routed.path.inward, &routed.path.outward) {
        (_, Outward::Tls(_)) => of_traefik(model, routed)?,
        (Inward::PassedThrough, _) => USUAL,
        _ => return None,
    };
    let is_common = |number: usize| spoken[number] && wanted[number];
    if (0..spoken.len()).any(is_common) {
        return None;
    }
    let shown = |versions: Versions| {
        let numbers = (0..versions.len()).filter(|number| versions[*number]);
        let names: Vec<String> = numbers.map(|number| format!("1.{number}")).collect();
        if names.is_empty() {
            return "none".to_owned();
        }
        names.join(" and ")
    };
    let message = format!(
        "of TLS httpd speaks {}, and the other side {}",
        shown(spoken),
        shown(wanted)
    );
    let (object, field) = routed.named.as_ref()?;
    let object = &model.objects[object.number];
    Some(object.finding_in(&CI118, &field.path, message))
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

/// Returns what httpd speaks on a port, where its configuration says it: the last `SSLProtocol` of the virtual host counts,
/// else the last one outside (`ssl_cmd_protocol_parse` in `modules/ssl/ssl_engine_config.c`, 2.4.71).
fn spoken(parts: &[&Snippet<'_>], port: Option<&str>) -> Option<Versions> {
    let all = || {
        let all = parts.iter().flat_map(|part| part.of("sslprotocol"));
        all.filter(|directive| directive.is_at(port))
    };
    if all().any(|directive| !directive.is_certain()) {
        return None;
    }
    let is_of_host = |directive: &&Directive| directive.context().is_some();
    let said = all()
        .filter(is_of_host)
        .last()
        .or_else(|| all().last())
        .map(|directive| versions(&directive.arguments))?;
    let mut ciphers = parts.iter().flat_map(|part| part.of("sslciphersuite"));
    let is_lowered = ciphers.any(|suite| {
        let mut arguments = suite.arguments.iter();
        arguments.any(|argument| argument.contains("SECLEVEL=0"))
    });
    let said = said?;
    Some(if is_lowered {
        said
    } else {
        let numbers = [0, 1, 2, 3];
        numbers.map(|number| said[number] && USUAL[number])
    })
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
