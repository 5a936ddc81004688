//! Mutators of what the httpd does, as its ConfigMap says and where nothing says it.

use serde_json::json;

use super::instance::{Speech, World};
use super::mutators::{Mutator, future, past, signer};
use crate::pki::Pair;

/// All of them.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn httpds() -> Vec<Mutator> {
    fn hidden(
        name: &'static str,
        change: impl Fn(&mut World<'_>) + Send + Sync + 'static,
    ) -> Mutator {
        Mutator::new("httpd", &format!("httpd {name}"), move |world| {
            change(world);
            world.serves.is_hidden = true;
            true
        })
    }
    fn shown(
        name: &'static str,
        directive: &'static str,
        change: impl Fn(&mut World<'_>) + Send + Sync + 'static,
    ) -> Mutator {
        Mutator::new(
            "ConfigMap",
            &format!("ConfigMap/httpd-site {name}"),
            move |world| {
                change(world);
                world.named("ConfigMap/httpd-site").is_some_and(|object| {
                    let site = object["data"]["site.conf"]
                        .as_str()
                        .expect("a text")
                        .to_owned();
                    let site = match directive.strip_prefix('-') {
                        Some(gone) => site.replace(gone, ""),
                        None => site
                            .replace("</VirtualHost>", &format!("  {directive}\n</VirtualHost>")),
                    };
                    object["data"]["site.conf"] = json!(site);
                    true
                })
            },
        )
    }
    /// Lines that the httpd and its ConfigMap have.
    fn lines(name: &'static str, directives: &'static str) -> Mutator {
        shown(name, directives, move |world| {
            world.serves.directives.push_str(directives);
            world.serves.directives.push('\n');
        })
    }
    let serve = |make: fn(&World<'_>) -> Pair| {
        move |world: &mut World<'_>| world.serves.pair = Some(make(world))
    };
    let mut all = vec![
        hidden(
            "with the pair of another CA",
            serve(|world| world.pki.stranger.server(&world.host, &[&world.host])),
        ),
        hidden(
            "with an expired pair",
            serve(|world| signer(world).leaf_with(&world.host, &[&world.host], past)),
        ),
        hidden(
            "with a pair that is not yet valid",
            serve(|world| signer(world).leaf_with(&world.host, &[&world.host], future)),
        ),
        hidden(
            "with a pair without SAN",
            serve(|world| signer(world).server(&world.host, &[])),
        ),
        hidden(
            "with a pair for another name",
            serve(|world| signer(world).server("a", &["another.example.org"])),
        ),
        hidden(
            "with a self-signed pair",
            serve(|world| Pair::self_signed(&world.host, |_| ())),
        ),
        hidden(
            "with a renewed pair",
            serve(|world| signer(world).server(&world.host, &[&world.host])),
        ),
        hidden(
            "without its intermediate",
            serve(|world| signer(world).below(&world.host, false)),
        ),
        hidden(
            "with its intermediate",
            serve(|world| signer(world).below(&world.host, true)),
        ),
        hidden("that speaks plain http", |world| {
            world.serves.speech = Speech::Plain;
        }),
        hidden("that is not there", |world| world.serves.pair = None),
        hidden("that waits for the PROXY protocol", |world| {
            world.serves.wants_proxy = true;
        }),
        hidden("that waits for no PROXY protocol", |world| {
            world.serves.wants_proxy = false;
        }),
        hidden("that asks for a client certificate", |world| {
            world.serves.asks_for = Some(world.own.certificate.clone());
        }),
        hidden("with another page", |world| {
            "another".clone_into(&mut world.serves.page);
        }),
        shown(
            "waits for the PROXY protocol",
            "RemoteIPProxyProtocol On",
            |world| {
                world.serves.wants_proxy = true;
            },
        ),
        shown(
            "waits for no PROXY protocol",
            "-  RemoteIPProxyProtocol On\n",
            |world| {
                world.serves.wants_proxy = false;
            },
        ),
        shown(
            "asks for a client certificate",
            "SSLVerifyClient require",
            |world| {
                let own = world.own.certificate.clone();
                world.serves.asks_for.get_or_insert(own);
            },
        ),
        shown(
            "asks for no client certificate",
            "-  SSLVerifyClient require\n",
            |world| {
                world.serves.asks_for = None;
            },
        ),
        shown("speaks plain http", "-  SSLEngine on\n", |world| {
            world.serves.speech = Speech::Plain;
        }),
        lines("speaks TLS 1.3 only", "SSLProtocol TLSv1.3"),
        lines("speaks TLS 1.2 only", "SSLProtocol -all +TLSv1.2"),
        lines("speaks TLS 1.1 only", "SSLProtocol TLSv1.1"),
        lines("speaks TLS 1.2 and 1.3", "SSLProtocol TLSv1.2 +TLSv1.3"),
        lines("speaks all of TLS", "SSLProtocol all"),
        lines(
            "takes ciphers of RSA only",
            "SSLProtocol -all +TLSv1.2\nSSLCipherSuite ECDHE-RSA-AES128-GCM-SHA256",
        ),
        lines(
            "takes one cipher",
            "SSLCipherSuite ECDHE-ECDSA-AES128-GCM-SHA256",
        ),
        lines("has the name of the host", "ServerName www.example.org"),
        lines("checks server names", "SSLStrictSNIVHostCheck on"),
        lines(
            "denies everything",
            "<Location />\nRequire all denied\n</Location>",
        ),
        lines("sends all elsewhere", "Redirect / https://www.example.org/"),
        lines("has nothing left", "Redirect gone /"),
    ];
    all.extend(LINES.iter().map(|(name, text)| lines(name, text)));
    all
}

/// Further lines of the virtual host, by what they do.
const LINES: &[(&str, &str)] = &[
    (
        "prefers ciphers of RSA",
        "SSLCipherSuite ECDHE-RSA-AES128-GCM-SHA256",
    ),
    (
        "takes one cipher with TLS 1.2",
        "SSLProtocol -all +TLSv1.2\nSSLCipherSuite ECDHE-ECDSA-AES256-GCM-SHA384",
    ),
    (
        "takes ciphers of another exchange of keys",
        "SSLProtocol -all +TLSv1.2\nSSLCipherSuite DHE-RSA-AES256-GCM-SHA384",
    ),
    (
        "takes ciphers without an exchange of keys",
        "SSLProtocol -all +TLSv1.2\nSSLCipherSuite AES256-GCM-SHA384",
    ),
    (
        "takes strong ciphers",
        "SSLProtocol -all +TLSv1.2\nSSLCipherSuite HIGH:!aNULL:!MD5",
    ),
    (
        "takes no ciphers of ECDSA",
        "SSLProtocol -all +TLSv1.2\nSSLCipherSuite HIGH:!ECDSA",
    ),
    (
        "takes ciphers by what they are made of",
        "SSLProtocol -all +TLSv1.2\nSSLCipherSuite ECDHE+AESGCM:!RSA",
    ),
    (
        "takes ciphers of both",
        "SSLProtocol -all +TLSv1.2\nSSLCipherSuite ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256",
    ),
    (
        "takes ciphers of CHACHA20",
        "SSLProtocol -all +TLSv1.2\nSSLCipherSuite ECDHE-ECDSA-CHACHA20-POLY1305",
    ),
    (
        "takes ciphers of CCM",
        "SSLProtocol -all +TLSv1.2\nSSLCipherSuite ECDHE-ECDSA-AES128-CCM",
    ),
    (
        "takes one cipher of TLS 1.3",
        "SSLProtocol TLSv1.3\nSSLCipherSuite TLSv1.3 TLS_AES_256_GCM_SHA384",
    ),
    (
        "takes ciphers of RSA with TLS 1.3 only",
        "SSLProtocol TLSv1.3\nSSLCipherSuite ECDHE-RSA-AES128-GCM-SHA256",
    ),
    ("orders its ciphers", "SSLHonorCipherOrder on"),
    ("gives no tickets", "SSLSessionTickets off"),
    ("takes one curve", "SSLOpenSSLConfCmd Curves P-256"),
    (
        "takes a curve that few have",
        "SSLOpenSSLConfCmd Curves X448",
    ),
    ("takes two curves", "SSLOpenSSLConfCmd Groups X448:P-384"),
    (
        "speaks TLS 1.2 by a command",
        "SSLOpenSSLConfCmd MaxProtocol TLSv1.2",
    ),
    (
        "speaks TLS 1.1 by a command",
        "SSLOpenSSLConfCmd MaxProtocol TLSv1.1",
    ),
    ("speaks no TLS 1.3", "SSLProtocol all -TLSv1.3"),
    ("speaks no TLS 1.2", "SSLProtocol all -TLSv1.2"),
    ("speaks TLS 1.0 and 1.1", "SSLProtocol TLSv1 +TLSv1.1"),
    (
        "asks in vain for a client certificate",
        "SSLVerifyClient none",
    ),
    (
        "would like a client certificate",
        "SSLVerifyClient optional",
    ),
    (
        "takes any client certificate",
        "SSLVerifyClient optional_no_ca",
    ),
    ("looks one level deep", "SSLVerifyDepth 1"),
    ("looks no level deep", "SSLVerifyDepth 0"),
    ("wants TLS", "<Location />\nSSLRequireSSL\n</Location>"),
    (
        "wants TLS 1.3",
        "<Location />\nRequire expr \"%{SSL_PROTOCOL} == 'TLSv1.3'\"\n</Location>",
    ),
    (
        "denies a path",
        "<Location /admin>\nRequire all denied\n</Location>",
    ),
    (
        "sends a path elsewhere",
        "Redirect /admin https://www.example.org/",
    ),
    ("has a further name", "ServerAlias www.example.org"),
    (
        "reads the address of the client",
        "RemoteIPHeader X-Forwarded-For",
    ),
    (
        "waits for no PROXY protocol, it says",
        "RemoteIPProxyProtocol Off",
    ),
    (
        "has another page for errors",
        "ErrorDocument 404 /index.html",
    ),
    ("takes its own name", "UseCanonicalName On"),
    ("keeps slashes", "MergeSlashes Off"),
    ("is patient for a second", "Timeout 1"),
    ("takes short headers", "LimitRequestFieldSize 8000"),
];
