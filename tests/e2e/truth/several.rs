//! Mutators of several fields, or of what no field of a rendered object is: names that must agree, Secrets of users, CAs in a
//! ConfigMap, objects that come twice.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::companions::filled;
use super::mutators::{Mutator, remove, set};
use super::options::change;

/// All of them.
pub(super) fn several() -> Vec<Mutator> {
    let mut all = Vec::new();
    all.extend(
        FIELDS.iter().map(|(name, fields)| {
            Mutator::new("several", name, move |world| change(world, fields))
        }),
    );
    all.extend(users());
    all.extend(authorities());
    all.extend(twice());
    all
}

/// Fields that are set together, by what they do.
type Fields = &'static [(&'static str, &'static str, &'static str)];
const FIELDS: &[(&str, Fields)] = &[
    (
        "a ServersTransport named with a dot",
        &[
            (
                "ServersTransport",
                "/metadata/name",
                r#""transport.selfsigned""#,
            ),
            (
                "IngressRoute",
                "/spec/routes/0/services/0/serversTransport",
                r#""transport.selfsigned""#,
            ),
        ],
    ),
    (
        "a ServersTransport named with a dot and by a dash",
        &[(
            "ServersTransport",
            "/metadata/name",
            r#""transport.selfsigned""#,
        )],
    ),
    (
        "a ServersTransport named by a dot and with a dash",
        &[(
            "IngressRoute",
            "/spec/routes/0/services/0/serversTransport",
            r#""transport.selfsigned""#,
        )],
    ),
    (
        "a ServersTransport named with two dashes, by one",
        &[(
            "ServersTransport",
            "/metadata/name",
            r#""transport--selfsigned""#,
        )],
    ),
    (
        "a Middleware named with a dot",
        &[
            (
                "Middleware/retry-handshake",
                "/metadata/name",
                r#""retry.handshake""#,
            ),
            (
                "IngressRoute",
                "/spec/routes/0/middlewares",
                r#"[{"name": "retry.handshake"}]"#,
            ),
        ],
    ),
    (
        "a Middleware named with a dot and by a dash",
        &[(
            "Middleware/retry-handshake",
            "/metadata/name",
            r#""retry.handshake""#,
        )],
    ),
    (
        "a Middleware named by a dot and with a dash",
        &[(
            "IngressRoute",
            "/spec/routes/0/middlewares",
            r#"[{"name": "retry.handshake"}]"#,
        )],
    ),
    (
        "a TLSOption named with a dot",
        &[
            ("TLSOption", "/metadata/name", r#""mod.ern""#),
            (
                "IngressRoute",
                "/spec/tls/options",
                r#"{"name": "mod.ern"}"#,
            ),
        ],
    ),
    (
        "a TLSOption named with a dot and by a dash",
        &[
            ("TLSOption", "/metadata/name", r#""mod.ern""#),
            (
                "IngressRoute",
                "/spec/tls/options",
                r#"{"name": "mod-ern"}"#,
            ),
        ],
    ),
    (
        "a TLSOption named by a dot and with a dash",
        &[
            ("TLSOption", "/metadata/name", r#""mod-ern""#),
            (
                "IngressRoute",
                "/spec/tls/options",
                r#"{"name": "mod.ern"}"#,
            ),
        ],
    ),
    (
        "a Middleware of a chain named with a dot",
        &[
            ("Middleware/allow", "/metadata/name", r#""al.low""#),
            (
                "Middleware/all",
                "/spec/chain/middlewares",
                r#"[{"name": "al.low"}]"#,
            ),
        ],
    ),
    (
        "a Middleware of a chain named with a dot and by a dash",
        &[
            ("Middleware/allow", "/metadata/name", r#""al.low""#),
            (
                "Middleware/all",
                "/spec/chain/middlewares",
                r#"[{"name": "al-low"}]"#,
            ),
        ],
    ),
    (
        "a Middleware of a chain named by a dot and with a dash",
        &[
            ("Middleware/allow", "/metadata/name", r#""al-low""#),
            (
                "Middleware/all",
                "/spec/chain/middlewares",
                r#"[{"name": "al.low"}]"#,
            ),
        ],
    ),
    (
        "an IngressRoute named with a dot",
        &[("IngressRoute", "/metadata/name", r#""in.gress""#)],
    ),
    (
        "a Secret of a CA named with a dot",
        &[
            ("Secret/externca", "/metadata/name", r#""extern.ca""#),
            (
                "ServersTransport",
                "/spec/rootCAsSecrets",
                r#"["extern.ca"]"#,
            ),
        ],
    ),
    (
        "a Secret of a certificate named with a dot",
        &[
            (
                "Secret/own-certificate",
                "/metadata/name",
                r#""own.certificate""#,
            ),
            (
                "IngressRoute",
                "/spec/tls/secretName",
                r#""own.certificate""#,
            ),
        ],
    ),
    (
        "a port that both name",
        &[
            ("Service", "/spec/ports/0/name", r#""web""#),
            ("ROUTE", "/spec/routes/0/services/0/port", r#""web""#),
        ],
    ),
    (
        "a port that both name in their own way",
        &[
            ("Service", "/spec/ports/0/name", r#""web""#),
            ("ROUTE", "/spec/routes/0/services/0/port", r#""web-tls""#),
        ],
    ),
    (
        "a port of the pods that is named",
        &[
            ("Service", "/spec/ports/0/targetPort", r#""web-tls""#),
            ("ROUTE", "/spec/routes/0/services/0/port", r#""web-tls""#),
        ],
    ),
    (
        "a port that is named https, without a scheme",
        &[
            (
                "Service",
                "/spec/ports/0",
                r#"{"name": "https", "port": 8443, "targetPort": 443}"#,
            ),
            ("IngressRoute", "/spec/routes/0/services/0/port", "8443"),
            ("IngressRoute", "/spec/routes/0/services/0/scheme", r#""""#),
        ],
    ),
    (
        "a port that is named web, without a scheme",
        &[
            (
                "Service",
                "/spec/ports/0",
                r#"{"name": "web", "port": 8443, "targetPort": 443}"#,
            ),
            ("IngressRoute", "/spec/routes/0/services/0/port", "8443"),
            ("IngressRoute", "/spec/routes/0/services/0/scheme", r#""""#),
        ],
    ),
    (
        "port 80 of the Service, to TLS of the pods",
        &[
            (
                "Service",
                "/spec/ports/0",
                r#"{"port": 80, "targetPort": 443}"#,
            ),
            ("ROUTE", "/spec/routes/0/services/0/port", "80"),
        ],
    ),
    (
        "port 80 of the Service, to TLS of the pods, without a scheme",
        &[
            (
                "Service",
                "/spec/ports/0",
                r#"{"port": 80, "targetPort": 443}"#,
            ),
            ("IngressRoute", "/spec/routes/0/services/0/port", "80"),
            ("IngressRoute", "/spec/routes/0/services/0/scheme", r#""""#),
        ],
    ),
    (
        "the second port",
        &[
            (
                "Service",
                "/spec/ports",
                r#"[{"name": "a", "port": 80}, {"name": "b", "port": 8443, "targetPort": 443}]"#,
            ),
            ("ROUTE", "/spec/routes/0/services/0/port", "8443"),
        ],
    ),
    (
        "the second port, by its name",
        &[
            (
                "Service",
                "/spec/ports",
                r#"[{"name": "a", "port": 80}, {"name": "b", "port": 8443, "targetPort": "web-tls"}]"#,
            ),
            ("ROUTE", "/spec/routes/0/services/0/port", r#""b""#),
        ],
    ),
    (
        "the second port, by a name that pods lack",
        &[
            (
                "Service",
                "/spec/ports",
                r#"[{"name": "a", "port": 80}, {"name": "b", "port": 8443, "targetPort": "nosuch"}]"#,
            ),
            ("ROUTE", "/spec/routes/0/services/0/port", r#""b""#),
        ],
    ),
    (
        "CAs in both fields",
        &[
            (
                "ServersTransport",
                "/spec/rootCAsSecrets",
                r#"["externca"]"#,
            ),
            (
                "ServersTransport",
                "/spec/rootCAs",
                r#"[{"secret": "externca"}]"#,
            ),
        ],
    ),
    (
        "CAs in both fields, one of them nowhere",
        &[
            ("ServersTransport", "/spec/rootCAsSecrets", r#"["nowhere"]"#),
            (
                "ServersTransport",
                "/spec/rootCAs",
                r#"[{"secret": "externca"}]"#,
            ),
        ],
    ),
    (
        "no verification, and a CA that is nowhere",
        &[
            ("ServersTransport", "/spec/insecureSkipVerify", "true"),
            ("ServersTransport", "/spec/rootCAsSecrets", r#"["nowhere"]"#),
        ],
    ),
    (
        "no verification, and another name",
        &[
            ("ServersTransport", "/spec/insecureSkipVerify", "true"),
            (
                "ServersTransport",
                "/spec/serverName",
                r#""another.example.org""#,
            ),
        ],
    ),
    (
        "no verification, and spiffe",
        &[
            ("ServersTransport", "/spec/insecureSkipVerify", "true"),
            (
                "ServersTransport",
                "/spec/spiffe",
                r#"{"ids": ["spiffe://example.org/a"]}"#,
            ),
        ],
    ),
    (
        "versions that exclude each other",
        &[
            ("ServersTransport", "/spec/minVersion", r#""VersionTLS13""#),
            ("ServersTransport", "/spec/maxVersion", r#""VersionTLS12""#),
        ],
    ),
    (
        "versions that are one",
        &[
            ("ServersTransport", "/spec/minVersion", r#""VersionTLS12""#),
            ("ServersTransport", "/spec/maxVersion", r#""VersionTLS12""#),
        ],
    ),
    (
        "versions one after the other",
        &[
            ("ServersTransport", "/spec/minVersion", r#""VersionTLS12""#),
            ("ServersTransport", "/spec/maxVersion", r#""VersionTLS13""#),
        ],
    ),
    (
        "an old version",
        &[
            ("ServersTransport", "/spec/minVersion", r#""VersionTLS10""#),
            ("ServersTransport", "/spec/maxVersion", r#""VersionTLS11""#),
        ],
    ),
    (
        "a volume of a Secret that is nowhere",
        &[(
            "Deployment",
            "/spec/template/spec/volumes/0/secret/secretName",
            r#""nowhere""#,
        )],
    ),
    (
        "a volume of a ConfigMap that is nowhere",
        &[(
            "Deployment",
            "/spec/template/spec/volumes/1/configMap/name",
            r#""nowhere""#,
        )],
    ),
    (
        "a chain of a chain of the first",
        &[(
            "Middleware/allow",
            "/spec",
            r#"{"chain": {"middlewares": [{"name": "all"}]}}"#,
        )],
    ),
    (
        "a chain of a chain",
        &[(
            "Middleware/allow",
            "/spec",
            r#"{"chain": {"middlewares": [{"name": "headers"}]}}"#,
        )],
    ),
    (
        "a chain of a chain of nothing",
        &[(
            "Middleware/allow",
            "/spec",
            r#"{"chain": {"middlewares": [{"name": "nowhere"}]}}"#,
        )],
    ),
    (
        "TLS 1.2 with ciphers of TLS 1.3",
        &[
            ("TLSOption", "/spec/maxVersion", r#""VersionTLS12""#),
            (
                "TLSOption",
                "/spec/cipherSuites",
                r#"["TLS_AES_128_GCM_SHA256"]"#,
            ),
        ],
    ),
    (
        "a resolver that is nowhere, and a certificate",
        &[(
            "IngressRoute",
            "/spec/tls",
            r#"{"certResolver": "nowhere", "secretName": "own-certificate"}"#,
        )],
    ),
    (
        "entry points and no TLS",
        &[
            (
                "IngressRoute",
                "/spec/entryPoints",
                r#"["web", "websecure"]"#,
            ),
            ("IngressRoute", "/spec/tls", "null"),
        ],
    ),
    (
        "another class, and a second annotation",
        &[(
            "ROUTE",
            "/metadata/annotations",
            r#"{"kubernetes.io/ingress.class": "nginx", "a": "b"}"#,
        )],
    ),
    (
        "a label with the owner of a chart, and annotations",
        &[
            (
                "Secret/externca",
                "/metadata/labels",
                r#"{"owner": "helm", "a": "b"}"#,
            ),
            (
                "Secret/externca",
                "/metadata/annotations",
                r#"{"meta.helm.sh/release-name": "a"}"#,
            ),
        ],
    ),
];

/// What a Secret of users holds, by what it does.
const USERS: &[(&str, &str, &str)] = &[
    (
        "lets users in",
        "basicAuth",
        r#"{"stringData": {"users": "a:$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/"}}"#,
    ),
    (
        "lets a user in",
        "basicAuth",
        r#"{"type": "kubernetes.io/basic-auth", "stringData": {"username": "a", "password": "b"}}"#,
    ),
    (
        "lacks a password",
        "basicAuth",
        r#"{"type": "kubernetes.io/basic-auth", "stringData": {"username": "a"}}"#,
    ),
    (
        "has two keys",
        "basicAuth",
        r#"{"stringData": {"users": "a:b", "more": "c:d"}}"#,
    ),
    (
        "has users of no form",
        "basicAuth",
        r#"{"stringData": {"users": "a"}}"#,
    ),
    (
        "has no users",
        "basicAuth",
        r#"{"stringData": {"users": ""}}"#,
    ),
    (
        "has lines of nothing",
        "basicAuth",
        r#"{"stringData": {"users": "\n\n"}}"#,
    ),
    ("has nothing", "basicAuth", "{}"),
    (
        "has the user of another kind",
        "basicAuth",
        r#"{"stringData": {"username": "a", "password": "b"}}"#,
    ),
    (
        "lets users in, by digests",
        "digestAuth",
        r#"{"stringData": {"users": "a:traefik:a2688e031edb4be6a3797f3882655c05"}}"#,
    ),
    (
        "has users without realms",
        "digestAuth",
        r#"{"stringData": {"users": "a:a2688e031edb4be6a3797f3882655c05"}}"#,
    ),
    (
        "has two keys of digests",
        "digestAuth",
        r#"{"stringData": {"users": "a:traefik:b", "more": "c:d:e"}}"#,
    ),
    (
        "has a user and no digest",
        "digestAuth",
        r#"{"type": "kubernetes.io/basic-auth", "stringData": {"username": "a", "password": "b"}}"#,
    ),
];

fn users() -> impl Iterator<Item = Mutator> {
    USERS.iter().map(|(name, field, content)| {
        Mutator::new(
            "users",
            &format!("a Secret of users that {name}"),
            move |world| {
                let mut secret = filled(world, content);
                secret["apiVersion"] = json!("v1");
                secret["kind"] = json!("Secret");
                secret["metadata"] = json!({"name": "users", "namespace": world.namespace});
                let spec = json!({*field: {"secret": "users"}});
                let is_set = world
                    .named("Middleware/retry-handshake")
                    .is_some_and(|object| set(object, "/spec", spec));
                is_set && {
                    world.objects.push(secret);
                    true
                }
            },
        )
    })
}

/// Keys of a ConfigMap in which a ServersTransport looks for its CA: `CA` stands for it.
const KEYS: &[(&str, &str)] = &[
    ("under tls.ca", r#"{"data": {"tls.ca": "CA"}}"#),
    ("under another key", r#"{"data": {"root.pem": "CA"}}"#),
    ("under tls.crt", r#"{"data": {"tls.crt": "CA"}}"#),
    (
        "beside another key",
        r#"{"data": {"ca.crt": "CA", "other": "x"}}"#,
    ),
    (
        "under both keys, one of nothing",
        r#"{"data": {"ca.crt": "CA", "tls.ca": ""}}"#,
    ),
    (
        "under both keys, one of nonsense",
        r#"{"data": {"ca.crt": "nonsense", "tls.ca": "CA"}}"#,
    ),
    ("of nonsense", r#"{"data": {"ca.crt": "nonsense"}}"#),
    ("of nothing", r#"{"data": {"ca.crt": ""}}"#),
    ("in bytes", r#"{"binaryData": {"ca.crt": "BYTES"}}"#),
    ("without keys", "{}"),
    (
        "in a field of Secrets",
        r#"{"stringData": {"ca.crt": "CA"}}"#,
    ),
    (
        "that is fixed",
        r#"{"data": {"ca.crt": "CA"}, "immutable": true}"#,
    ),
    (
        "with an owner",
        r#"{"data": {"ca.crt": "CA"}, "labels": {"owner": "helm"}}"#,
    ),
];

fn authorities() -> impl Iterator<Item = Mutator> {
    KEYS.iter().map(|(name, content)| {
        Mutator::new(
            "ConfigMap",
            &format!("a CA in a ConfigMap {name}"),
            move |world| {
                let certificate = world.own.certificate.clone();
                let text = content
                    .replace("BYTES", &STANDARD.encode(&certificate))
                    .replace("CA\"", &format!("{}\"", certificate.replace('\n', "\\n")));
                let mut map: Value = serde_json::from_str(&text).expect("the table holds JSON");
                map["apiVersion"] = json!("v1");
                map["kind"] = json!("ConfigMap");
                map["metadata"] = json!({"name": "authority", "namespace": world.namespace});
                let labels = map["labels"].take();
                remove(&mut map, "/labels");
                if labels.is_object() {
                    map["metadata"]["labels"] = labels;
                }
                let Some(transport) = world.object("ServersTransport") else {
                    return false;
                };
                if !set(
                    transport,
                    "/spec/rootCAs",
                    json!([{"configMap": "authority"}]),
                ) {
                    return false;
                }
                world.objects.push(map);
                true
            },
        )
    })
}

/// Objects that come a second time, with what is otherwise then.
const TWICE: &[(&str, &str, &str)] = &[
    ("Service", "/spec/ports", r#"[{"port": 80}]"#),
    ("Service", "/metadata/labels", r#"{"a": "b"}"#),
    (
        "ServersTransport",
        "/spec",
        r#"{"serverName": "another.example.org"}"#,
    ),
    ("ServersTransport", "/spec/maxIdleConnsPerHost", "5"),
    (
        "IngressRoute",
        "/spec/routes/0/match",
        r#""Host(`another-HOST`)""#,
    ),
    ("IngressRoute", "/metadata/labels", r#"{"a": "b"}"#),
    (
        "IngressRouteTCP",
        "/spec/routes/0/match",
        r#""HostSNI(`another-HOST`)""#,
    ),
    ("Secret/externca", "/data", r#"{"ca.crt": "YQ=="}"#),
    ("Secret/externca", "/metadata/labels", r#"{"a": "b"}"#),
    (
        "Secret/own-certificate",
        "/data",
        r#"{"tls.crt": "YQ==", "tls.key": "YQ=="}"#,
    ),
    (
        "Middleware/retry-handshake",
        "/spec",
        r#"{"retry": {"attempts": 0}}"#,
    ),
    (
        "TLSOption",
        "/spec",
        r#"{"minVersion": "VersionTLS13", "maxVersion": "VersionTLS12"}"#,
    ),
    ("TLSOption", "/spec", r#"{"minVersion": "VersionTLS13"}"#),
];

/// Of two objects of one name the second one is applied last.
fn twice() -> impl Iterator<Item = Mutator> {
    let orders = [false, true].into_iter();
    orders.flat_map(|is_first| {
        TWICE.iter().map(move |(which, pointer, value)| {
            let order = if is_first { "before" } else { "after" };
            let name = format!("{which} once more {order} it, with {pointer} := {value}");
            Mutator::new("twice", &name, move |world| {
                let value = filled(world, value);
                let Some(object) = world.named(which) else {
                    return false;
                };
                let mut other = object.clone();
                if !set(&mut other, pointer, value) {
                    return false;
                }
                let place = world.objects.iter().position(|it| {
                    it["kind"] == other["kind"]
                        && it["metadata"]["name"] == other["metadata"]["name"]
                });
                let place = place.map_or(0, |place| place + usize::from(!is_first));
                world.objects.insert(place, other);
                true
            })
        })
    })
}
