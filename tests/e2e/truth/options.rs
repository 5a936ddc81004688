//! Mutators beside which Traefik has options of its own: each has a Traefik to itself, whose arguments are in the manifests.

use serde_json::json;

use super::companions::filled;
use super::instance::World;
use super::mutators::{Mutator, set};

/// A flag, and how the names of the mutators begin, or what is in them, that are tried with it.
struct Flag {
    text: &'static str,
    /// The first release that takes it.
    since: (u32, u32, u32),
    with: &'static [&'static str],
}

const FLAGS: [Flag; 8] = [
    Flag {
        text: "--providers.kubernetescrd.allowcrossnamespace=true",
        since: (2, 11, 0),
        with: &["elsewhere: ", "@kubernetescrd\"", "\"namespace\": \"NS-b\""],
    },
    Flag {
        text: "--providers.kubernetescrd.allowexternalnameservices=true",
        since: (2, 11, 0),
        with: &["ExternalName", "/healthCheck := "],
    },
    Flag {
        text: "--providers.kubernetescrd.allowemptyservices=true",
        since: (2, 11, 0),
        with: &[
            "Service /spec/selector",
            "EndpointSlice by hand",
            "/replicas",
        ],
    },
    Flag {
        text: "--providers.kubernetescrd.ingressclass=traefik-internal",
        since: (2, 11, 0),
        with: &["ingress.class", "ingressClassName"],
    },
    Flag {
        text: "--providers.kubernetescrd.safenaming=true",
        since: (3, 7, 11),
        with: &["@kubernetescrd\"", "named with a dot", "elsewhere: "],
    },
    Flag {
        text: "--core.defaultrulesyntax=v2",
        since: (3, 0, 0),
        with: &[
            "HostRegexp(`",
            "Headers(`",
            "Path(`/{",
            "PathPrefix(`/{",
            "/syntax := ",
        ],
    },
    Flag {
        text: "--entrypoints.websecure.http.tls=true",
        since: (2, 11, 0),
        with: &["IngressRoute /spec/tls ", "IngressRouteTCP /spec/tls "],
    },
    Flag {
        text: "--serverstransport.insecureskipverify=true",
        since: (2, 11, 0),
        with: &[
            "/serversTransport",
            "ServersTransport gone",
            "ServersTransport /metadata/name",
        ],
    },
];

/// What a Service is that stands for the httpd by its address, and what else a route then says.
const EXTERNAL: &[&[(&str, &str, &str)]] = &[
    &[(
        "Service",
        "/spec",
        r#"{"type": "ExternalName", "externalName": "ADDRESS", "ipFamilyPolicy": "SingleStack"}"#,
    )],
    &[(
        "Service",
        "/spec",
        r#"{"type": "ExternalName", "externalName": "ADDRESS", "ipFamilies": ["IPv4"]}"#,
    )],
    &[(
        "Service",
        "/spec",
        r#"{"type": "ExternalName", "externalName": "ADDRESS", "clusterIP": ""}"#,
    )],
    &[(
        "Service",
        "/spec",
        r#"{"type": "ExternalName", "externalName": "ADDRESS", "sessionAffinity": "ClientIP"}"#,
    )],
    &[(
        "Service",
        "/spec",
        r#"{"type": "ExternalName", "externalName": "ADDRESS", "externalTrafficPolicy": "Local"}"#,
    )],
    &[(
        "Service",
        "/spec",
        r#"{"type": "ExternalName", "externalName": "ADDRESS", "internalTrafficPolicy": "Cluster"}"#,
    )],
    &[(
        "Service",
        "/spec",
        r#"{"type": "ExternalName", "externalName": "ADDRESS"}"#,
    )],
    &[(
        "Service",
        "/spec",
        r#"{"type": "ExternalName", "externalName": "ADDRESS", "ports": [{"port": 443}]}"#,
    )],
    &[(
        "Service",
        "/spec",
        r#"{"type": "ExternalName", "externalName": "ADDRESS", "ports": [{"port": 80}]}"#,
    )],
    &[(
        "Service",
        "/spec",
        r#"{"type": "ExternalName", "externalName": "ADDRESS", "ports": [{"name": "https", "port": 443}]}"#,
    )],
    &[
        (
            "Service",
            "/spec",
            r#"{"type": "ExternalName", "externalName": "ADDRESS", "ports": [{"name": "https", "port": 443}]}"#,
        ),
        ("ROUTE", "/spec/routes/0/services/0/port", r#""https""#),
    ],
    &[
        (
            "Service",
            "/spec",
            r#"{"type": "ExternalName", "externalName": "ADDRESS", "ports": [{"name": "http", "port": 443}]}"#,
        ),
        ("ROUTE", "/spec/routes/0/services/0/port", r#""https""#),
    ],
    &[
        (
            "Service",
            "/spec",
            r#"{"type": "ExternalName", "externalName": "ADDRESS"}"#,
        ),
        ("ROUTE", "/spec/routes/0/services/0/port", r#""https""#),
    ],
    &[
        (
            "Service",
            "/spec",
            r#"{"type": "ExternalName", "externalName": "ADDRESS", "ports": [{"port": 80}]}"#,
        ),
        ("IngressRoute", "/spec/routes/0/services/0/scheme", r#""""#),
    ],
    &[
        (
            "Service",
            "/spec",
            r#"{"type": "ExternalName", "externalName": "ADDRESS"}"#,
        ),
        ("IngressRoute", "/spec/routes/0/services/0/scheme", r#""""#),
    ],
    &[
        (
            "Service",
            "/spec",
            r#"{"type": "ExternalName", "externalName": "ADDRESS"}"#,
        ),
        (
            "IngressRoute",
            "/spec/routes/0/services/0/scheme",
            r#""http""#,
        ),
    ],
    &[
        (
            "Service",
            "/spec",
            r#"{"type": "ExternalName", "externalName": "ADDRESS"}"#,
        ),
        (
            "IngressRoute",
            "/spec/routes/0/services/0/serversTransport",
            r#""nowhere""#,
        ),
    ],
    &[
        (
            "Service",
            "/spec",
            r#"{"type": "ExternalName", "externalName": "ADDRESS"}"#,
        ),
        (
            "ServersTransport",
            "/spec/serverName",
            r#""another.example.org""#,
        ),
    ],
    &[
        (
            "Service",
            "/spec",
            r#"{"type": "ExternalName", "externalName": "ADDRESS", "ports": [{"port": 443}]}"#,
        ),
        (
            "IngressRoute",
            "/spec/routes/0/services/0/healthCheck",
            r#"{"path": "/", "interval": "10s"}"#,
        ),
    ],
];

/// All of them; `known` are those that are tried with flags.
pub(super) fn options(known: Vec<Mutator>) -> Vec<Mutator> {
    let mut all: Vec<Mutator> = EXTERNAL
        .iter()
        .map(|fields| {
            let name = fields
                .iter()
                .map(|(which, pointer, value)| format!("{which} {pointer} := {value}"));
            let name: Vec<String> = name.collect();
            let outside = Mutator::new("Service", &name.join(", "), move |world| {
                change(world, fields)
            });
            beside(&FLAGS[1], outside)
        })
        .collect();
    for mutator in known {
        let mut flags = FLAGS.iter();
        let flag = flags.find(|flag| flag.with.iter().any(|part| mutator.name.contains(part)));
        all.extend(flag.map(|flag| beside(flag, mutator)));
    }
    all
}

/// Sets fields; `ROUTE` stands for the route, of whichever kind.
pub(super) fn change(world: &mut World<'_>, fields: &[(&str, &str, &str)]) -> bool {
    fields.iter().all(|(which, pointer, value)| {
        let which = match *which {
            "ROUTE" if world.has("IngressRouteTCP") => "IngressRouteTCP",
            "ROUTE" => "IngressRoute",
            which => which,
        };
        let value = filled(world, value);
        world
            .named(which)
            .is_some_and(|object| set(object, pointer, value))
    })
}

/// The same, where Traefik has a flag.
fn beside(flag: &'static Flag, mutator: Mutator) -> Mutator {
    let name = format!("{} and {}", flag.text, mutator.name);
    let with = Mutator::new("Traefik", &name, move |world| {
        world.release.is_since(flag.since) && mutator.damage(world) && {
            start_with(world, flag.text);
            true
        }
    });
    with.wide()
}

/// Starts the instance's Traefik with a flag, which a Deployment shows, too.
fn start_with(world: &mut World<'_>, flag: &str) {
    world.flags.push(flag.to_owned());
    if let Some(traefik) = world.named("Deployment/traefik") {
        let arguments = &mut traefik["spec"]["template"]["spec"]["containers"][0]["args"];
        let arguments = arguments.as_array_mut().expect("they were written below");
        arguments.push(json!(flag));
        return;
    }
    world.objects.push(json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "traefik", "namespace": world.namespace},
        "spec": {
            "selector": {"matchLabels": {"app": "traefik"}},
            "template": {
                "metadata": {"labels": {"app": "traefik"}},
                "spec": {"containers": [{
                    "name": "traefik", "image": format!("traefik:v{}", world.release),
                    "args": [
                        "--entrypoints.web.address=:80", "--entrypoints.websecure.address=:443",
                        "--entrypoints.traefik.address=:8080", "--providers.kubernetescrd=true", flag,
                    ],
                }]},
            },
        },
    }));
}
