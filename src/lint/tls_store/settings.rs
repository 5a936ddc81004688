//! What Traefik refuses of a TLSOption: it then closes every connection for the hosts of the routes that name it
//! (`buildTLSConfig` in `pkg/tls/tlsmanager.go`, `buildEntryPointHandler` in `pkg/server/router/tcp/manager.go`).

use super::options::default_governs;
use super::rules::CI420;
use crate::kinds::traefik::{TlsOption, tls_version};
use crate::lint::facts::loaded::Loaded;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object};
use crate::release::Release;
use crate::yaml::Node;

/// The cipher suites of `CipherSuites` in `pkg/tls/cipher.go`, 2.11 to 3.7.
const SUITES: [&str; 28] = [
    "TLS_RSA_WITH_RC4_128_SHA",
    "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
    "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_FALLBACK_SCSV",
];
/// The curves of `CurveIDs` in `pkg/tls/certificate.go`, each with the first release that has it. Those of the last rows
/// v3.7.13 has, and v3.7.9 does not.
const CURVES: [(&str, Release); 14] = [
    ("secp256r1", Release::exactly(2, 0, 0)),
    ("CurveP256", Release::exactly(2, 0, 0)),
    ("secp384r1", Release::exactly(2, 0, 0)),
    ("CurveP384", Release::exactly(2, 0, 0)),
    ("secp521r1", Release::exactly(2, 0, 0)),
    ("CurveP521", Release::exactly(2, 0, 0)),
    ("x25519", Release::exactly(2, 0, 0)),
    ("X25519", Release::exactly(2, 0, 0)),
    ("x25519mlkem768", Release::exactly(3, 5, 0)),
    ("X25519MLKEM768", Release::exactly(3, 5, 0)),
    ("secp256r1mlkem768", Release::exactly(3, 7, 10)),
    ("SecP256r1MLKEM768", Release::exactly(3, 7, 10)),
    ("secp384r1mlkem1024", Release::exactly(3, 7, 10)),
    ("SecP384r1MLKEM1024", Release::exactly(3, 7, 10)),
];
/// Curves that all browsers offer, by the names of [`CURVES`].
const OFFERED: [&str; 8] = [
    "secp256r1",
    "CurveP256",
    "secp384r1",
    "CurveP384",
    "x25519",
    "X25519",
    "x25519mlkem768",
    "X25519MLKEM768",
];

/// The field of curves.
const CURVE_PREFERENCES: &str = "curvePreferences";

pub(super) fn check(
    model: &Model<'_>,
    object: &Object<'_>,
    option: &TlsOption,
    findings: &mut Vec<Finding>,
) {
    let governs = || !model.options.strict_references || default_governs(model);
    let is_used = object.name == "default" && governs() || is_named(model, object);
    let mut find = |field: String, message: String| {
        let finding = object.finding_in(&CI420, &field, message);
        // Perhaps a route that is not in the input names it.
        findings.push(finding.warning_unless(is_used));
    };
    let spec = object.spec();
    let release = model.knowledge.release;
    for key in ["cipherSuites", CURVE_PREFERENCES] {
        let items = spec.items_of(key).iter().enumerate();
        for (index, text) in items.filter_map(|(index, item)| Some((index, item.text()?))) {
            if !is_known(release, key, text) {
                let message = format!("Traefik {release} does not know `{}`", text.escape_debug());
                find(format!("spec.{key}[{index}]"), message);
            }
        }
    }
    let version = |name: &Option<String>| name.as_deref().and_then(tls_version);
    let curves: Vec<&str> = spec
        .items_of(CURVE_PREFERENCES)
        .iter()
        .filter_map(Node::text)
        .collect();
    let is_offered = |curve: &&str| OFFERED.contains(curve);
    if !curves.is_empty() && !curves.iter().any(is_offered) {
        let message = "not all browsers know one of these curves".to_owned();
        find(format!("spec.{CURVE_PREFERENCES}"), message);
    }
    // From TLS 1.3 on Go chooses suites itself.
    let suites: Vec<&str> = spec
        .items_of("cipherSuites")
        .iter()
        .filter_map(Node::text)
        .collect();
    let is_old = version(&option.max_version).is_some_and(|most| most < 3);
    let is_real = |suite: &&str| suite.contains("_WITH_");
    if is_old && !suites.is_empty() && !suites.iter().any(is_real) {
        let message = "none of these suites is one of TLS 1.2".to_owned();
        find("spec.cipherSuites".to_owned(), message);
    } else if is_old && suites.iter().all(|suite| !fits(model, suite)) && !suites.is_empty() {
        let message = "none of these suites is for the key of a certificate".to_owned();
        find("spec.cipherSuites".to_owned(), message);
    }
    // Go's own least version, where none is set (1.22 and later).
    let least = version(&option.min_version).unwrap_or(2);
    if let Some(most) = version(&option.max_version) {
        if most < least {
            let message = format!("TLS 1.{most} at most, and 1.{least} at least");
            find("spec.maxVersion".to_owned(), message);
        } else if most < 2 {
            let message = format!("browsers do not speak TLS 1.{most}");
            find("spec.maxVersion".to_owned(), message);
        }
    }
    let is_spoken = |protocol: &String| ["h2", "http/1.1"].contains(&protocol.as_str());
    if !option.alpn.is_empty() && !option.alpn.iter().any(is_spoken) {
        let message = "browsers offer `h2` and `http/1.1`, and neither is here".to_owned();
        find("spec.alpnProtocols".to_owned(), message);
    }
    let verifies = ["VerifyClientCertIfGiven", "RequireAndVerifyClientCert"];
    if let Some(how) = option.client_auth.as_deref()
        && verifies.contains(&how)
    {
        // Of a Secret without a CA another rule speaks.
        let readable = option.client_authorities.iter().any(|named| {
            let secret = model.find(Class::Secret, object.namespace, &named.value);
            secret.is_some() || !model.options.strict_references
        });
        if !readable {
            let message = format!("`{how}` needs a CA, and there is none");
            find("spec.clientAuth".to_owned(), message);
        }
    }
}

/// Returns whether a release knows the name of a suite or curve.
fn is_known(release: Release, key: &str, text: &str) -> bool {
    if key == CURVE_PREFERENCES {
        let mut known = CURVES.iter();
        known.any(|(name, since)| *name == text && release >= *since)
    } else {
        SUITES.contains(&text)
    }
}

/// Returns whether a suite is for the key of one of the certificates that browsers may see, or nothing is known of them.
fn fits(model: &Model<'_>, suite: &str) -> bool {
    let Some(loaded) = Loaded::of(model) else {
        return true;
    };
    let mut keys = loaded.certs().map(|cert| &*cert.details.key).peekable();
    let is_of_rsa = !suite.contains("_ECDSA_");
    keys.peek().is_none() || keys.any(|key| key.starts_with("RSA") == is_of_rsa)
}

/// Returns whether a route names an option.
fn is_named(model: &Model<'_>, object: &Object<'_>) -> bool {
    model.cluster.objects().iter().any(|typed| {
        let tls = typed
            .resource
            .ingress_route()
            .and_then(|route| route.tls.as_ref());
        tls.and_then(|tls| tls.options.as_ref())
            .is_some_and(|named| {
                let from = model.objects[typed.number].namespace;
                let namespace = named.namespace.as_deref().unwrap_or(from);
                named.name == object.name && namespace == object.namespace
            })
    })
}
