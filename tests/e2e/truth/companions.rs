//! Mutators that put further objects on the way of a request: TraefikServices, MiddlewareTCPs, endpoints written by hand,
//! and objects of other namespaces.

use serde_json::{Value, json};

use super::instance::World;
use super::mutators::{Mutator, remove, set};

/// All of them.
pub(super) fn companions() -> Vec<Mutator> {
    let mut all = Vec::new();
    all.extend(traefik_services());
    all.extend(references());
    all.extend(tcp_middlewares());
    all.extend(endpoints());
    all.extend(elsewhere());
    all.extend(routes());
    all
}

/// The httpd as an HTTP route names it.
const HTTPD: &str = r#"{"name": "civicrmhttpd", "port": 443, "scheme": "https", "serversTransport": "transport-selfsigned"}"#;

/// A text of a table as JSON, with what is the instance's own.
pub(super) fn filled(world: &World<'_>, text: &str) -> Value {
    let text = text
        .replace("HTTPD+", HTTPD.trim_end_matches('}'))
        .replace("HTTPD", HTTPD)
        .replace("ADDRESS", &world.address.to_string())
        .replace("HOST", &world.host)
        .replace("NS", &world.namespace);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// An object of one of Traefik's kinds.
fn custom(namespace: &str, kind: &str, name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "traefik.io/v1alpha1", "kind": kind,
        "metadata": {"name": name, "namespace": namespace}, "spec": spec,
    })
}
/// What a TraefikService may be.
const TRAEFIK_SERVICES: &[&str] = &[
    r#"{"weighted": {"services": [HTTPD]}}"#,
    r#"{"weighted": {"services": [HTTPD, HTTPD]}}"#,
    r#"{"weighted": {"services": [HTTPD+, "weight": 0}]}}"#,
    r#"{"weighted": {"services": [HTTPD+, "weight": 1}, HTTPD+, "weight": 0}]}}"#,
    r#"{"weighted": {"services": [HTTPD+, "weight": -1}]}}"#,
    r#"{"weighted": {"services": [HTTPD+, "weight": "1"}]}}"#,
    r#"{"weighted": {"services": [HTTPD+, "kind": "Service"}]}}"#,
    r#"{"weighted": {"services": [HTTPD+, "kind": "service"}]}}"#,
    r#"{"weighted": {"services": [HTTPD+, "namespace": "NS"}]}}"#,
    r#"{"weighted": {"services": [HTTPD+, "namespace": "NS-b"}]}}"#,
    r#"{"weighted": {"services": [HTTPD, {"name": "nowhere", "port": 443}]}}"#,
    r#"{"weighted": {"services": [{"name": "nowhere", "port": 443}]}}"#,
    r#"{"weighted": {"services": [{"name": "civicrmhttpd", "port": 443}]}}"#,
    r#"{"weighted": {"services": [{"name": "civicrmhttpd", "port": 443, "scheme": "https"}]}}"#,
    r#"{"weighted": {"services": [{"name": "civicrmhttpd", "port": 443, "scheme": "http"}]}}"#,
    r#"{"weighted": {"services": [{"name": "civicrmhttpd", "port": 8443, "scheme": "https", "serversTransport": "transport-selfsigned"}]}}"#,
    r#"{"weighted": {"services": [{"name": "civicrmhttpd", "scheme": "https", "serversTransport": "transport-selfsigned"}]}}"#,
    r#"{"weighted": {"services": [{"name": "civicrmhttpd", "port": "443", "serversTransport": "transport-selfsigned"}]}}"#,
    r#"{"weighted": {"services": [{"name": "civicrmhttpd", "port": 443, "scheme": "https", "serversTransport": "nowhere"}]}}"#,
    r#"{"weighted": {"services": [{"port": 443, "scheme": "https"}]}}"#,
    r#"{"weighted": {"services": []}}"#,
    r#"{"weighted": {"services": null}}"#,
    r#"{"weighted": {}}"#,
    r#"{"weighted": null}"#,
    r#"{"weighted": "civicrmhttpd"}"#,
    r#"{"weighted": [HTTPD]}"#,
    r#"{"weighted": {"services": HTTPD}}"#,
    r#"{"weighted": {"service": [HTTPD]}}"#,
    r#"{"weighted": {"services": [HTTPD], "sticky": {"cookie": {"name": "a"}}}}"#,
    r#"{"weighted": {"services": [HTTPD], "sticky": {"cookie": {}}}}"#,
    r#"{"weighted": {"services": [HTTPD], "sticky": {}}}"#,
    r#"{"weighted": {"services": [HTTPD], "sticky": {"cookie": {"sameSite": "sometimes"}}}}"#,
    r#"{"weighted": {"services": [HTTPD], "healthCheck": {}}}"#,
    r#"{"weighted": {"services": [{"name": "nowhere", "kind": "TraefikService"}]}}"#,
    r#"{"weighted": {"services": [{"name": "inner", "kind": "TraefikService"}]}}"#,
    r#"{"weighted": {"services": [{"name": "inner", "kind": "TraefikService", "port": 443}]}}"#,
    r#"{"weighted": {"services": [{"name": "inner", "kind": "TraefikService", "namespace": "NS"}]}}"#,
    r#"{"weighted": {"services": [{"name": "inner", "kind": "Service"}]}}"#,
    r#"{"weighted": {"services": [{"name": "civicrmhttpd", "kind": "TraefikService", "port": 443}]}}"#,
    r#"{"weighted": {"services": [{"name": "inner", "kind": "TraefikService"}, HTTPD]}}"#,
    r#"{"mirroring": HTTPD}"#,
    r#"{"mirroring": HTTPD+, "mirrors": []}}"#,
    r#"{"mirroring": HTTPD+, "mirrors": [HTTPD+, "percent": 10}]}}"#,
    r#"{"mirroring": HTTPD+, "mirrors": [HTTPD]}}"#,
    r#"{"mirroring": HTTPD+, "mirrors": [HTTPD+, "percent": 101}]}}"#,
    r#"{"mirroring": HTTPD+, "mirrors": [HTTPD+, "percent": -1}]}}"#,
    r#"{"mirroring": HTTPD+, "mirrors": [HTTPD+, "percent": "10"}]}}"#,
    r#"{"mirroring": HTTPD+, "mirrors": [{"name": "nowhere", "port": 443, "percent": 10}]}}"#,
    r#"{"mirroring": HTTPD+, "mirrors": [{"name": "civicrmhttpd", "percent": 10}]}}"#,
    r#"{"mirroring": HTTPD+, "mirrors": [{"name": "civicrmhttpd", "port": 80, "percent": 10}]}}"#,
    r#"{"mirroring": HTTPD+, "mirrors": [{"name": "inner", "kind": "TraefikService", "percent": 10}]}}"#,
    r#"{"mirroring": HTTPD+, "mirrors": [{"name": "nowhere", "kind": "TraefikService", "percent": 10}]}}"#,
    r#"{"mirroring": HTTPD+, "maxBodySize": 1024}}"#,
    r#"{"mirroring": HTTPD+, "maxBodySize": -1}}"#,
    r#"{"mirroring": HTTPD+, "maxBodySize": -2}}"#,
    r#"{"mirroring": HTTPD+, "maxBodySize": "1024"}}"#,
    r#"{"mirroring": HTTPD+, "mirrorBody": false}}"#,
    r#"{"mirroring": HTTPD+, "kind": "Service"}}"#,
    r#"{"mirroring": {"name": "nowhere", "port": 443}}"#,
    r#"{"mirroring": {"name": "civicrmhttpd"}}"#,
    r#"{"mirroring": {"name": "civicrmhttpd", "port": 443}}"#,
    r#"{"mirroring": {"name": "inner", "kind": "TraefikService"}}"#,
    r#"{"mirroring": {"port": 443}}"#,
    r#"{"mirroring": {}}"#,
    r#"{"mirroring": null}"#,
    r#"{"mirroring": "civicrmhttpd"}"#,
    r#"{"weighted": {"services": [HTTPD]}, "mirroring": HTTPD}"#,
    r#"{"weighted": {"services": [HTTPD]}, "mirroring": {"name": "nowhere", "port": 443}}"#,
    r#"{"highestRandomWeight": {"services": [HTTPD]}}"#,
    r#"{"highestRandomWeight": {"services": []}}"#,
    r#"{"failover": {"service": HTTPD, "fallback": HTTPD}}"#,
    r#"{"loadBalancer": {"servers": []}}"#,
    r#"{"Weighted": {"services": [HTTPD]}}"#,
    r#"{"services": [HTTPD]}"#,
    r"{}",
    "null",
];
/// What is changed of a TraefikService that is right.
const FIELDS_OF_TRAEFIK_SERVICE: &[(&str, &[&str])] = &[
    (
        "/apiVersion",
        &[r#""traefik.containo.us/v1alpha1""#, r#""traefik.io/v1""#],
    ),
    ("/kind", &[r#""TraefikServices""#, r#""Service""#]),
    ("/metadata/name", &[r#""other""#, r#""Through""#]),
    ("/metadata/namespace", &[r#""NS-b""#]),
    (
        "/metadata/annotations",
        &[
            r#"{"kubernetes.io/ingress.class": "nginx"}"#,
            r#"{"a": "b"}"#,
        ],
    ),
    ("/metadata/labels", &[r#"{"owner": "helm"}"#]),
    ("/status", &["{}"]),
];

/// The route leads to a TraefikService of this `spec`. None leads to itself: Traefik 3.0 to 3.4 then takes all memory of the
/// machine (`BuildHTTP` in `pkg/server/service/service.go`).
fn traefik_services() -> Vec<Mutator> {
    let specs = TRAEFIK_SERVICES.iter().map(|spec| {
        through(&format!("of {spec}"), move |world| {
            vec![custom(
                &world.namespace,
                "TraefikService",
                "through",
                &filled(world, spec),
            )]
        })
    });
    let mut all: Vec<Mutator> = specs.collect();
    for (pointer, values) in FIELDS_OF_TRAEFIK_SERVICE {
        for value in *values {
            all.push(through(
                &format!("with {pointer} := {value}"),
                move |world| {
                    let spec = filled(world, r#"{"weighted": {"services": [HTTPD]}}"#);
                    let mut object = custom(&world.namespace, "TraefikService", "through", &spec);
                    set(&mut object, pointer, filled(world, value));
                    vec![object]
                },
            ));
        }
    }
    all
}

/// The route leads to a TraefikService `through`; one named `inner` is there, too.
fn through(name: &str, make: impl Fn(&World<'_>) -> Vec<Value> + Send + Sync + 'static) -> Mutator {
    let name = format!("through a TraefikService {name}");
    Mutator::new("TraefikService", &name, move |world| {
        let services = json!([{"name": "through", "kind": "TraefikService"}]);
        let mut further = make(world);
        // Traefik takes two services for one where Service and port are the same.
        if further[0].to_string().contains("\"inner\"") {
            let inner = filled(world, r#"{"weighted": {"services": [HTTPD]}}"#);
            let inner = custom(&world.namespace, "TraefikService", "inner", &inner);
            further.push(inner);
        }
        let Some(route) = world.object("IngressRoute") else {
            return false;
        };
        if !set(route, "/spec/routes/0/services", services) {
            return false;
        }
        world.objects.extend(further);
        true
    })
}

/// How a route names a TraefikService that is right.
fn references() -> Vec<Mutator> {
    const SERVICES: &[&str] = &[
        r#"[{"name": "through", "kind": "TraefikService", "port": 443}]"#,
        r#"[{"name": "through", "kind": "TraefikService", "port": "no such"}]"#,
        r#"[{"name": "through", "kind": "TraefikService", "namespace": "NS"}]"#,
        r#"[{"name": "through", "kind": "TraefikService", "namespace": "NS-b"}]"#,
        r#"[{"name": "through", "kind": "TraefikService", "weight": 1}]"#,
        r#"[{"name": "through", "kind": "TraefikService", "weight": 0}]"#,
        r#"[{"name": "through", "kind": "TraefikService", "scheme": "nosuch"}]"#,
        r#"[{"name": "through", "kind": "TraefikService", "serversTransport": "nowhere"}]"#,
        r#"[{"name": "through", "kind": "TraefikService", "strategy": "RoundRobin"}]"#,
        r#"[{"name": "through", "kind": "TraefikService", "passHostHeader": true}]"#,
        r#"[{"name": "through", "kind": "TraefikService", "sticky": {"cookie": {"name": "a"}}}]"#,
        r#"[{"name": "through", "kind": "traefikService"}]"#,
        r#"[{"name": "through"}]"#,
        r#"[{"name": "through", "port": 443}]"#,
        r#"[{"name": "Through", "kind": "TraefikService"}]"#,
        r#"[{"name": "through@kubernetescrd", "kind": "TraefikService"}]"#,
        r#"[{"name": "NS-through@kubernetescrd", "kind": "TraefikService"}]"#,
        r#"[{"name": "through@file", "kind": "TraefikService"}]"#,
        r#"[{"name": "noop@internal", "kind": "TraefikService"}]"#,
        r#"[{"name": "through", "kind": "TraefikService"}, HTTPD]"#,
        r#"[HTTPD, {"name": "through", "kind": "TraefikService"}]"#,
        r#"[{"name": "through", "kind": "TraefikService"}, {"name": "nowhere", "kind": "TraefikService"}]"#,
        r#"[{"name": "through", "kind": "TraefikService", "weight": 1}, {"name": "nowhere", "port": 443, "weight": 0}]"#,
    ];
    let all = SERVICES.iter().map(|services| {
        let name = format!("TraefikService named by {services}");
        Mutator::new("TraefikService", &name, move |world| {
            let spec = filled(world, r#"{"weighted": {"services": [HTTPD]}}"#);
            let object = custom(&world.namespace, "TraefikService", "through", &spec);
            let services = filled(world, services);
            let Some(route) = world.object("IngressRoute") else {
                return false;
            };
            if !set(route, "/spec/routes/0/services", services) {
                return false;
            }
            world.objects.push(object);
            true
        })
    });
    all.collect()
}
/// What a MiddlewareTCP may be.
const TCP_MIDDLEWARES: &[&str] = &[
    r#"{"ipAllowList": {"sourceRange": ["10.213.0.0/16"]}}"#,
    r#"{"ipAllowList": {"sourceRange": ["192.0.2.0/24"]}}"#,
    r#"{"ipAllowList": {"sourceRange": ["0.0.0.0/0", "::/0"]}}"#,
    r#"{"ipAllowList": {"sourceRange": ["nonsense"]}}"#,
    r#"{"ipAllowList": {"sourceRange": ["10.213.0.0/33"]}}"#,
    r#"{"ipAllowList": {"sourceRange": ["10.213.0.0/16", "x"]}}"#,
    r#"{"ipAllowList": {"sourceRange": []}}"#,
    r#"{"ipAllowList": {"sourceRange": null}}"#,
    r#"{"ipAllowList": {"sourceRange": "10.213.0.0/16"}}"#,
    r#"{"ipAllowList": {"sourceRange": ["10.213.0.0/16"], "ipStrategy": {"depth": 1}}}"#,
    r#"{"ipAllowList": {}}"#,
    r#"{"ipAllowList": null}"#,
    r#"{"ipWhiteList": {"sourceRange": ["10.213.0.0/16"]}}"#,
    r#"{"ipWhiteList": {"sourceRange": ["x"]}}"#,
    r#"{"ipWhiteList": {}}"#,
    r#"{"inFlightConn": {"amount": 10}}"#,
    r#"{"inFlightConn": {"amount": 0}}"#,
    r#"{"inFlightConn": {"amount": -1}}"#,
    r#"{"inFlightConn": {"amount": "10"}}"#,
    r#"{"inFlightConn": {"amount": 1.5}}"#,
    r#"{"inFlightConn": {}}"#,
    r#"{"inFlightConn": null}"#,
    r#"{"inFlightConn": {"amount": 10}, "ipAllowList": {"sourceRange": ["10.213.0.0/16"]}}"#,
    r#"{"ipAllowList": {"sourceRange": ["10.213.0.0/16"]}, "ipWhiteList": {"sourceRange": ["10.213.0.0/16"]}}"#,
    r#"{"inFlightReq": {"amount": 10}}"#,
    r#"{"headers": {}}"#,
    r"{}",
    "null",
];
/// What is changed of a MiddlewareTCP that is right.
const FIELDS_OF_TCP_MIDDLEWARE: &[(&str, &[&str])] = &[
    (
        "/apiVersion",
        &[r#""traefik.containo.us/v1alpha1""#, r#""traefik.io/v1""#],
    ),
    ("/kind", &[r#""Middleware""#, r#""MiddlewareTcp""#]),
    ("/metadata/name", &[r#""other""#, r#""Door""#]),
    ("/metadata/namespace", &[r#""NS-b""#]),
    (
        "/metadata/annotations",
        &[r#"{"kubernetes.io/ingress.class": "nginx"}"#],
    ),
    ("/metadata/labels", &[r#"{"owner": "helm"}"#]),
];
/// How a route names it.
const NAMES_OF_TCP_MIDDLEWARE: &[&str] = &[
    r#"[{"name": "door", "namespace": "NS"}]"#,
    r#"[{"name": "door", "namespace": "NS-b"}]"#,
    r#"[{"name": "NS-door@kubernetescrd"}]"#,
    r#"[{"name": "door@kubernetescrd"}]"#,
    r#"[{"name": "Door"}]"#,
    r#"[{"name": "door"}, {"name": "door"}]"#,
    r#"[{"name": "door"}, {"name": "nowhere"}]"#,
];

/// The TCP route names a MiddlewareTCP.
fn tcp_middlewares() -> Vec<Mutator> {
    fn door(world: &mut World<'_>, names: &str, object: Value) -> bool {
        let names = filled(world, names);
        let Some(route) = world.object("IngressRouteTCP") else {
            return false;
        };
        if !set(route, "/spec/routes/0/middlewares", names) {
            return false;
        }
        world.objects.push(object);
        true
    }
    const DOOR: &str = r#"[{"name": "door"}]"#;
    let mut all = Vec::new();
    for spec in TCP_MIDDLEWARES {
        let name = format!("through a MiddlewareTCP of {spec}");
        all.push(Mutator::new("MiddlewareTCP", &name, move |world| {
            let spec = filled(world, spec);
            let object = custom(&world.namespace, "MiddlewareTCP", "door", &spec);
            door(world, DOOR, object)
        }));
    }
    let right = |world: &World<'_>| {
        let spec = json!({"ipAllowList": {"sourceRange": ["10.213.0.0/16"]}});
        custom(&world.namespace, "MiddlewareTCP", "door", &spec)
    };
    for (pointer, values) in FIELDS_OF_TCP_MIDDLEWARE {
        for value in *values {
            let name = format!("through a MiddlewareTCP with {pointer} := {value}");
            all.push(Mutator::new("MiddlewareTCP", &name, move |world| {
                let mut object = right(world);
                set(&mut object, pointer, filled(world, value));
                door(world, DOOR, object)
            }));
        }
    }
    for names in NAMES_OF_TCP_MIDDLEWARE {
        let name = format!("MiddlewareTCP named by {names}");
        all.push(Mutator::new("MiddlewareTCP", &name, move |world| {
            let object = right(world);
            door(world, names, object)
        }));
    }
    all.push(Mutator::new(
        "MiddlewareTCP",
        "MiddlewareTCP named by an HTTP route",
        move |world| {
            let object = right(world);
            let names = filled(world, DOOR);
            let Some(route) = world.object("IngressRoute") else {
                return false;
            };
            if !set(route, "/spec/routes/0/middlewares", names) {
                return false;
            }
            world.objects.push(object);
            true
        },
    ));
    all
}
/// Of an EndpointSlice that is right the field, and what takes its place; nothing for one that is right. What the API server
/// refuses of its addresses is not among them.
const SLICES: &[(&str, &str)] = &[
    ("", ""),
    ("/metadata/labels", "{}"),
    (
        "/metadata/labels",
        r#"{"kubernetes.io/service-name": "other"}"#,
    ),
    (
        "/metadata/labels",
        r#"{"kubernetes.io/service-name": "civicrmhttpd", "a": "b"}"#,
    ),
    ("/metadata/namespace", r#""NS-b""#),
    ("/metadata/name", r#""civicrmhttpd-1""#),
    ("/ports", "[]"),
    ("/ports", "null"),
    ("/ports/0/name", r#""https""#),
    ("/ports/0/name", "null"),
    ("/ports/0/protocol", r#""UDP""#),
    ("/ports/0/appProtocol", r#""https""#),
    ("/endpoints", "[]"),
    ("/endpoints", "null"),
    ("/endpoints/0/conditions", "{}"),
    ("/endpoints/0/conditions", "null"),
    ("/endpoints/0/conditions", r#"{"ready": false}"#),
    (
        "/endpoints/0/conditions",
        r#"{"ready": false, "serving": true, "terminating": true}"#,
    ),
    (
        "/endpoints/0/conditions",
        r#"{"ready": true, "serving": false}"#,
    ),
    ("/endpoints/0/hostname", r#""a""#),
    ("/endpoints/0/nodeName", r#""a""#),
    ("/apiVersion", r#""discovery.k8s.io/v1beta1""#),
    ("/kind", r#""EndpointSlices""#),
];
/// The subsets of Endpoints.
const SUBSETS: &[&str] = &[
    r#"[{"addresses": [{"ip": "ADDRESS"}], "ports": [{"port": 443}]}]"#,
    r#"[{"addresses": [{"ip": "ADDRESS"}], "ports": [{"name": "https", "port": 443}]}]"#,
    r#"[{"addresses": [{"ip": "ADDRESS"}], "ports": []}]"#,
    r#"[{"addresses": [{"ip": "ADDRESS"}]}]"#,
    r#"[{"notReadyAddresses": [{"ip": "ADDRESS"}], "ports": [{"port": 443}]}]"#,
    r"[]",
];

/// The Service has no selector, and endpoints that someone wrote.
fn endpoints() -> Vec<Mutator> {
    let mut all: Vec<Mutator> = Vec::new();
    for (pointer, value) in SLICES {
        let name = if pointer.is_empty() {
            "an EndpointSlice by hand".to_owned()
        } else {
            format!("an EndpointSlice by hand with {pointer} := {value}")
        };
        all.push(Mutator::new("EndpointSlice", &name, move |world| {
            let mut slice = json!({
                "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                "metadata": {
                    "name": "civicrmhttpd", "namespace": world.namespace,
                    "labels": {"kubernetes.io/service-name": "civicrmhttpd"},
                },
                "addressType": "IPv4",
                "endpoints": [{"addresses": [world.address], "conditions": {"ready": true}}],
                "ports": [{"name": "", "port": 443, "protocol": "TCP"}],
            });
            let value = (!pointer.is_empty()).then(|| filled(world, value));
            if let Some(value) = value
                && !set(&mut slice, pointer, value)
            {
                return false;
            }
            unselect(world) && {
                world.objects.push(slice);
                true
            }
        }));
    }
    for subsets in SUBSETS {
        let name = format!("Endpoints by hand of {subsets}");
        all.push(Mutator::new("Endpoints", &name, move |world| {
            let object = json!({
                "apiVersion": "v1", "kind": "Endpoints",
                "metadata": {"name": "civicrmhttpd", "namespace": world.namespace},
                "subsets": filled(world, subsets),
            });
            unselect(world) && {
                world.objects.push(object);
                true
            }
        }));
    }
    all
}

/// Takes the selector of the Service away.
fn unselect(world: &mut World<'_>) -> bool {
    world
        .object("Service")
        .is_some_and(|service| remove(service, "/spec/selector"))
}

/// Objects that are in another namespace, and named there.
#[expect(clippy::too_many_lines, reason = "a table")]
fn elsewhere() -> Vec<Mutator> {
    fn moved(
        name: &'static str,
        which: &'static [&'static str],
        change: impl Fn(&mut World<'_>) -> bool + Send + Sync + 'static,
    ) -> Mutator {
        let name = format!("elsewhere: {name}");
        Mutator::new("elsewhere", &name, move |world| {
            let other = format!("{}-b", world.namespace);
            for which in which {
                let Some(object) = world.named(which) else {
                    return false;
                };
                object["metadata"]["namespace"] = json!(other);
            }
            change(world)
        })
    }
    fn put(kind: &str, pointer: &str, value: &str, world: &mut World<'_>) -> bool {
        let value = filled(world, value);
        world
            .object(kind)
            .is_some_and(|object| set(object, pointer, value))
    }
    vec![
        moved("all", &[], |world| {
            let other = format!("{}-b", world.namespace);
            for object in &mut world.objects {
                object["metadata"]["namespace"] = json!(other);
            }
            true
        }),
        moved(
            "the httpd, its Service and what it mounts",
            &[
                "Service",
                "Deployment",
                "ConfigMap/httpd-site",
                "Secret/selfcert",
            ],
            |world| {
                let kind = if world.has("IngressRoute") {
                    "IngressRoute"
                } else {
                    "IngressRouteTCP"
                };
                put(
                    kind,
                    "/spec/routes/0/services/0/namespace",
                    "\"NS-b\"",
                    world,
                )
            },
        ),
        moved(
            "the ServersTransport and its CA",
            &["ServersTransport", "Secret/externca"],
            |world| {
                let name = "\"NS-b-transport-selfsigned@kubernetescrd\"";
                put(
                    "IngressRoute",
                    "/spec/routes/0/services/0/serversTransport",
                    name,
                    world,
                )
            },
        ),
        moved("the Middleware", &["Middleware/retry-handshake"], |world| {
            let named = r#"[{"name": "retry-handshake", "namespace": "NS-b"}]"#;
            put("IngressRoute", "/spec/routes/0/middlewares", named, world)
        }),
        moved(
            "the Middleware, by its provider",
            &["Middleware/retry-handshake"],
            |world| {
                let named = r#"[{"name": "NS-b-retry-handshake@kubernetescrd"}]"#;
                put("IngressRoute", "/spec/routes/0/middlewares", named, world)
            },
        ),
        moved(
            "the Middleware of a chain",
            &["Middleware/allow"],
            |world| {
                let named =
                    json!([{"name": "allow", "namespace": format!("{}-b", world.namespace)}]);
                world
                    .named("Middleware/all")
                    .is_some_and(|object| set(object, "/spec/chain/middlewares", named))
            },
        ),
        moved("the TLSOption", &["TLSOption"], |world| {
            let named = r#"{"name": "modern", "namespace": "NS-b"}"#;
            put("IngressRoute", "/spec/tls/options", named, world)
        }),
        moved("the TLSOption, by its provider", &["TLSOption"], |world| {
            let named = r#"{"name": "NS-b-modern@kubernetescrd"}"#;
            put("IngressRoute", "/spec/tls/options", named, world)
        }),
        moved(
            "the Secret of the route",
            &["Secret/own-certificate"],
            |world| {
                put(
                    "IngressRoute",
                    "/spec/tls/secretName",
                    "\"NS-b/own-certificate\"",
                    world,
                )
            },
        ),
        moved("the route alone", &["IngressRoute"], |world| {
            put(
                "IngressRoute",
                "/spec/routes/0/services/0/namespace",
                "\"NS\"",
                world,
            )
        }),
        moved(
            "the Deployment and what it mounts",
            &["Deployment", "ConfigMap/httpd-site", "Secret/selfcert"],
            |_| true,
        ),
    ]
}

/// Further routes of the same object.
fn routes() -> Vec<Mutator> {
    const SECOND: &[&str] = &[
        r#"{"match": "Host(`b.HOST`)", "kind": "Rule", "services": [HTTPD]}"#,
        r#"{"match": "Host(`HOST`) && PathPrefix(`/admin`)", "kind": "Rule", "services": [HTTPD]}"#,
        r#"{"match": "Host(`HOST`)", "kind": "Rule", "services": [HTTPD]}"#,
        r#"{"match": "Host(`HOST`)", "kind": "Rule", "priority": 1000, "services": [HTTPD]}"#,
        r#"{"match": "Host(`HOST`) && PathPrefix(`/`)", "kind": "Rule", "services": [HTTPD]}"#,
        r#"{"match": "Host(`HOST`) && PathPrefix(`/`)", "kind": "Rule", "services": [{"name": "civicrmhttpd", "port": 443, "scheme": "http"}]}"#,
        r#"{"match": "Host(`HOST`) && PathPrefix(`/`)", "kind": "Rule", "services": [{"name": "civicrmhttpd", "port": 443}]}"#,
        r#"{"match": "Host(`HOST`) && Path(`/`)", "kind": "Rule", "middlewares": [{"name": "nowhere"}], "services": [HTTPD]}"#,
        r#"{"match": "Host(`HOST`) && Path(`/`)", "kind": "Rule", "services": [HTTPD+, "weight": 0}]}"#,
        r#"{"match": "Host(`HOST`) && Method(`POST`)", "kind": "Rule", "services": [HTTPD]}"#,
        r#"{"match": "Host(`HOST`)", "kind": "Rule", "priority": 1000, "services": [{"name": "civicrmhttpd", "port": 443, "scheme": "http"}]}"#,
        r#"{"match": "Host(`HOST`)", "kind": "Rule", "priority": 1, "services": [{"name": "civicrmhttpd", "port": 443, "scheme": "http"}]}"#,
        r#"{"match": "Host(`HOST`)", "kind": "Rule", "priority": 1000, "services": [{"name": "nowhere", "port": 443}]}"#,
        r#"{"match": "Host(`HOST`)", "kind": "Rule", "priority": 1000, "middlewares": [{"name": "nowhere"}], "services": [HTTPD]}"#,
        r#"{"match": "Host(`HOST`)", "kind": "Rule", "priority": 1000, "middlewares": [], "services": [{"name": "civicrmhttpd", "port": 443, "scheme": "https"}]}"#,
        r#"{"match": "HostRegexp(`^HOST$`)", "kind": "Rule", "priority": 1000, "services": [HTTPD]}"#,
        r#"{"match": "Host(`HOST`)", "services": [HTTPD]}"#,
        r#"{"kind": "Rule", "services": [HTTPD]}"#,
        r"null",
        r"{}",
    ];
    let all = SECOND.iter().map(|second| {
        let name = format!("a second route {second}");
        Mutator::new("routes", &name, move |world| {
            let second = filled(world, second);
            world
                .object("IngressRoute")
                .and_then(|route| route["spec"]["routes"].as_array_mut())
                .is_some_and(|routes| {
                    routes.push(second);
                    true
                })
        })
    });
    all.collect()
}
