//! The mutators: each damages one thing, and has a name.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::added::{ADDED, FURTHER, MIDDLEWARES, OBJECTS, OF_METADATA};
use super::chains::chains;
use super::companions::companions;
use super::dice::Dice;
use super::httpds::httpds;
use super::instance::{POD, Pki, Shape, World, store};
use super::options::options;
use super::several::several;
use super::tables::{FIELDS, VALUES};
use crate::components::Release;
use crate::pki::{Authority, Pair};

/// One way to damage an instance.
pub(super) struct Mutator {
    pub(super) name: String,
    /// Whether it reaches beyond its instance, so that no other may be beside it.
    pub(super) is_wide: bool,
    damage: Box<dyn Fn(&mut World<'_>) -> bool + Send + Sync>,
}

impl Mutator {
    /// Damages an instance; false where it has nothing that could be damaged so.
    pub(super) fn damage(&self, world: &mut World<'_>) -> bool {
        (self.damage)(world)
    }

    pub(super) fn new(
        group: &'static str,
        name: &str,
        damage: impl Fn(&mut World<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.to_owned(),
            is_wide: ["TLSStore", "Secret/wildcardsecret"].contains(&group)
                || CRASHES.contains(&name)
                || WIDE_RULES.iter().any(|rule| name.ends_with(rule)),
            damage: Box::new(damage),
        }
    }

    pub(super) fn wide(mut self) -> Self {
        self.is_wide = true;
        self
    }
}

/// An entry of `rootCAs` that names nothing ends Traefik's provider (3.4 to 3.7: `*rootCA.ConfigMap` in
/// `pkg/provider/kubernetes/crd/kubernetes.go`), for all instances.
const CRASHES: [&str; 4] = [
    "ServersTransport /spec/rootCAs/0/secret gone",
    "ServersTransport /spec/rootCAs/0/secret null",
    "ServersTransport /spec/rootCAs/0 empty",
    "ServersTransport /spec/rootCAs := [{}]",
];

/// Rules that take requests for other hosts.
const WIDE_RULES: [&str; 11] = [
    ":= \"!Host(`HOST`)\"",
    ":= \"!(Host(`HOST`))\"",
    ":= \"Host(`*`)\"",
    ":= \"HostRegexp(``)\"",
    ":= \"HostRegexp(`{name:.+}`,`b`)\"",
    ":= \"HostRegexp(`*.example.org`)\"",
    ":= \"HostSNI(`*.example.org`)\"",
    ":= \"HostSNIRegexp(``)\"",
    ":= \"Host(`*.example.org`)\"",
    ":= \"HostSNI(`*`)\"",
    ":= \"HostSNIRegexp(`^{a:.+}$`)\"",
];

/// One instance of a run.
#[derive(Clone, Debug)]
pub(super) struct Draw {
    pub(super) number: usize,
    pub(super) shape: Shape,
    /// Indexes of the mutators; none for an instance that is right.
    pub(super) mutators: Vec<usize>,
    pub(super) is_wide: bool,
    /// Whether `probe` is asked, too.
    pub(super) is_probed: bool,
}

/// So many of those that are drawn are probed: the program is started twice for each.
const PROBED: usize = 300;

/// Draws the instances of a run: two of three with one mutator, the others with two; every fourth of those that reach beyond their instance, which are dear, is kept.
pub(super) fn draw(
    all: &[Mutator],
    count: usize,
    seed: u64,
    release: &Release,
    pki: &Pki,
) -> Vec<Draw> {
    let usable = |shape| -> Vec<usize> {
        let whole = Whole::new(shape, release, pki);
        let tries = all.iter().enumerate();
        tries
            .filter(|(_, mutator)| whole.takes(mutator))
            .map(|(index, _)| index)
            .collect()
    };
    let usable = Shape::ALL.map(|shape| (shape, usable(shape)));
    (0..count)
        .map(|number| {
            let row = u64::try_from(number).expect("64 bits");
            let mut dice = Dice::new(seed, row);
            let shape = Shape::draw(&mut dice);
            let (_, usable) = usable
                .iter()
                .find(|(known, _)| *known == shape)
                .expect("all shapes are there");
            let one = |dice: &mut Dice| loop {
                let index = usable[dice.below(usable.len())];
                if !all[index].is_wide || dice.below(WIDE) == 0 {
                    return index;
                }
            };
            let mut mutators = vec![one(&mut dice)];
            if dice.below(3) == 0 {
                let second = loop {
                    let second = one(&mut dice);
                    if second != mutators[0] {
                        break second;
                    }
                };
                mutators.push(second);
            }
            Draw {
                number,
                shape,
                is_probed: number < PROBED,
                is_wide: mutators.iter().any(|index| all[*index].is_wide),
                mutators,
            }
        })
        .collect()
}

/// An instance that is right, alone and with a store.
struct Whole<'a> {
    alone: World<'a>,
    with_store: World<'a>,
}

impl<'a> Whole<'a> {
    fn new(shape: Shape, release: &'a Release, pki: &'a Pki) -> Self {
        let alone = World::new("h-0", shape, release, pki);
        let mut with_store = alone.clone();
        with_store.add_store();
        Self { alone, with_store }
    }

    /// Whether it has something that a mutator damages.
    fn takes(&self, mutator: &Mutator) -> bool {
        let whole = if mutator.is_wide {
            &self.with_store
        } else {
            &self.alone
        };
        mutator.damage(&mut whole.clone())
    }
}

/// Makes an instance for each mutator, of the first shape that it damages.
pub(super) fn each(all: &[Mutator], release: &Release, pki: &Pki) -> Vec<Draw> {
    const SHAPES: [Shape; 4] = [
        Shape::Full,
        Shape::ClientAuth,
        Shape::Passthrough,
        Shape::Plain,
    ];
    let wholes = SHAPES.map(|shape| (shape, Whole::new(shape, release, pki)));
    let drawn = all.iter().enumerate().filter_map(|(number, mutator)| {
        let mut wholes = wholes.iter();
        let (shape, _) = wholes.find(|(_, whole)| whole.takes(mutator))?;
        Some(Draw {
            number,
            shape: *shape,
            mutators: vec![number],
            is_wide: mutator.is_wide,
            is_probed: number < PROBED,
        })
    });
    drawn.collect()
}

/// One of this many draws of a wide mutator is kept: each costs a Traefik of its own.
const WIDE: usize = 4;

/// All mutators.
pub(super) fn all() -> Vec<Mutator> {
    let mut all = of_objects();
    all.extend(options(of_objects()));
    let names: BTreeSet<&str> = all.iter().map(|mutator| mutator.name.as_str()).collect();
    assert_eq!(names.len(), all.len(), "each mutator has a name of its own");
    all
}

/// Those of objects and of httpd.
fn of_objects() -> Vec<Mutator> {
    let mut all = Vec::new();
    for (which, pointer) in FIELDS {
        for (how, change) in CHANGES {
            let name = format!("{which} {pointer} {how}");
            all.push(Mutator::new(which, &name, move |world| {
                let Some(object) = world.named(which) else {
                    return false;
                };
                let Some(value) = object.pointer(pointer) else {
                    return false;
                };
                match change(value) {
                    Some(value) => set(object, pointer, value),
                    None => remove(object, pointer),
                }
            }));
        }
    }
    let of_metadata = OBJECTS.iter().flat_map(|which| {
        let fields = OF_METADATA.iter();
        fields.map(|(pointer, values)| (*which, *pointer, *values))
    });
    let added = VALUES.iter().chain(ADDED).copied();
    let further = FURTHER.iter().copied();
    let middlewares = ("Middleware/retry-handshake", "/spec", MIDDLEWARES);
    let further = further.chain([middlewares]);
    for (which, pointer, values) in added.chain(of_metadata).chain(further) {
        for value in values {
            let name = format!("{which} {pointer} := {value}");
            all.push(Mutator::new(which, &name, move |world| {
                let value = value
                    .replace("HOST", &world.host)
                    .replace("NS", &world.namespace);
                let value = serde_json::from_str(&value).expect("the tables hold JSON");
                world
                    .named(which)
                    .is_some_and(|object| set(object, pointer, value))
            }));
        }
    }
    all.extend(whole_objects());
    all.extend(certificates());
    all.extend(chains());
    all.extend(httpds());
    all.extend(neighbours());
    all.extend(companions());
    all.extend(several());
    all
}

/// What is made of a value.
type Change = fn(&Value) -> Option<Value>;

/// What is done to each of [`FIELDS`]; nothing takes it away.
const CHANGES: [(&str, Change); 4] = [
    ("gone", |_| None),
    ("null", |_| Some(Value::Null)),
    ("empty", |value| {
        Some(match value {
            Value::String(_) | Value::Null => json!(""),
            Value::Array(_) => json!([]),
            Value::Object(_) => json!({}),
            Value::Number(_) => json!(0),
            Value::Bool(is) => json!(!is),
        })
    }),
    ("of another type", |value| {
        Some(match value {
            Value::String(_) | Value::Null => json!(7),
            Value::Array(all) => all.first().cloned().unwrap_or(json!("x")),
            Value::Object(_) => json!("x"),
            Value::Number(number) => json!(number.to_string()),
            Value::Bool(is) => json!(is.to_string()),
        })
    }),
];

/// Sets a field to a value; maps above it that are not there are made.
pub(super) fn set(object: &mut Value, pointer: &str, value: Value) -> bool {
    let mut place = object;
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        place = match place {
            Value::Object(map) => map.entry(part).or_insert_with(|| json!({})),
            Value::Array(all) => {
                let Some(item) = part
                    .parse()
                    .ok()
                    .and_then(|index: usize| all.get_mut(index))
                else {
                    return false;
                };
                item
            }
            _ => return false,
        };
    }
    *place = value;
    true
}

pub(super) fn remove(object: &mut Value, pointer: &str) -> bool {
    let (above, last) = pointer.rsplit_once('/').expect("a pointer begins with /");
    match object.pointer_mut(above) {
        Some(Value::Object(map)) => map.remove(last).is_some(),
        Some(Value::Array(all)) => {
            let index: usize = last.parse().expect("an index");
            if index < all.len() {
                all.remove(index);
                return true;
            }
            false
        }
        _ => false,
    }
}

/// Objects that are not there, or in another namespace only.
fn whole_objects() -> Vec<Mutator> {
    const OBJECTS: [&str; 15] = [
        "Secret/externca",
        "Secret/selfcert",
        "Secret/own-certificate",
        "Secret/externclient",
        "Secret/wildcardsecret",
        "ServersTransport",
        "ServersTransportTCP",
        "IngressRoute",
        "IngressRouteTCP",
        "Middleware/retry-handshake",
        "Middleware/allow",
        "TLSOption",
        "TLSStore",
        "Service",
        "ConfigMap/httpd-site",
    ];
    let gone = OBJECTS.map(|which| {
        Mutator::new(which, &format!("{which} gone"), move |world| {
            let Some(object) = world.named(which).cloned() else {
                return false;
            };
            world.objects.retain(|other| *other != object);
            true
        })
    });
    gone.into()
}

/// Puts a text into a Secret's data.
pub(super) fn put(world: &mut World<'_>, which: &str, key: &str, text: &str) -> bool {
    let value = json!(STANDARD.encode(text));
    world.named(which).is_some_and(|object| {
        object["data"].is_object() && {
            object["data"][key] = value;
            true
        }
    })
}

/// Makes the pair that the httpd mounts.
fn pair(name: &'static str, make: impl Fn(&World<'_>) -> Pair + Send + Sync + 'static) -> Mutator {
    let label = format!("Secret/selfcert pair {name}");
    Mutator::new("Secret/selfcert", &label, move |world| {
        let it = make(world);
        put(world, "Secret/selfcert", "externcert", &it.certificate)
            && put(world, "Secret/selfcert", "externkey", &it.key)
    })
}

/// Makes the pair that the route names.
fn own(name: &'static str, make: impl Fn(&World<'_>) -> Pair + Send + Sync + 'static) -> Mutator {
    let label = format!("Secret/own-certificate pair {name}");
    Mutator::new("Secret/own-certificate", &label, move |world| {
        let it = make(world);
        put(world, "Secret/own-certificate", "tls.crt", &it.certificate)
            && put(world, "Secret/own-certificate", "tls.key", &it.key)
    })
}

/// Makes the pair that Traefik shows to the httpd.
fn client(
    name: &'static str,
    make: impl Fn(&World<'_>) -> Pair + Send + Sync + 'static,
) -> Mutator {
    let label = format!("Secret/externclient pair {name}");
    Mutator::new("Secret/externclient", &label, move |world| {
        let it = make(world);
        put(world, "Secret/externclient", "tls.crt", &it.certificate)
            && put(world, "Secret/externclient", "tls.key", &it.key)
    })
}

/// Makes the pair of the wildcard certificate.
fn wildcard(
    name: &'static str,
    make: impl Fn(&World<'_>) -> Pair + Send + Sync + 'static,
) -> Mutator {
    let label = format!("Secret/wildcardsecret pair {name}");
    Mutator::new("Secret/wildcardsecret", &label, move |world| {
        let it = make(world);
        put(world, "Secret/wildcardsecret", "tls.crt", &it.certificate)
            && put(world, "Secret/wildcardsecret", "tls.key", &it.key)
    })
}

/// Makes the authority that Traefik trusts.
fn authority(
    name: &'static str,
    make: impl Fn(&World<'_>) -> String + Send + Sync + 'static,
) -> Mutator {
    let label = format!("Secret/externca CA {name}");
    Mutator::new("Secret/externca", &label, move |world| {
        let it = make(world);
        put(world, "Secret/externca", "ca.crt", &it)
    })
}

pub(super) fn past(parameters: &mut CertificateParams) {
    let now = OffsetDateTime::now_utc();
    parameters.not_before = now - Duration::days(60);
    parameters.not_after = now - Duration::days(1);
}

pub(super) fn future(parameters: &mut CertificateParams) {
    let now = OffsetDateTime::now_utc();
    parameters.not_before = now + Duration::days(1);
    parameters.not_after = now + Duration::days(60);
}

fn for_clients(parameters: &mut CertificateParams) {
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
}

fn for_anything(parameters: &mut CertificateParams) {
    parameters.extended_key_usages.clear();
    parameters.key_usages.clear();
}

/// Who signs what Traefik is to show to an instance's httpd.
fn clients<'w>(world: &'w World<'_>) -> &'w Authority {
    world.clients.as_ref().unwrap_or(&world.own)
}

/// Who signs what an instance's httpd is to serve.
pub(super) fn signer<'w>(world: &'w World<'_>) -> &'w Authority {
    if world
        .objects
        .iter()
        .any(|object| object["kind"] == "IngressRouteTCP")
    {
        &world.pki.browser
    } else {
        &world.own
    }
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn certificates() -> Vec<Mutator> {
    const NOTHING: fn(&mut CertificateParams) = |_| ();
    let mut all = vec![
        pair("of another CA", |world| {
            world.pki.stranger.server(&world.host, &[&world.host])
        }),
        pair("renewed", |world| {
            signer(world).server(&world.host, &[&world.host])
        }),
        pair("without SAN", |world| {
            signer(world).server(&world.host, &[])
        }),
        pair("for another name", |world| {
            signer(world).server("a", &["another.example.org"])
        }),
        pair("for a wildcard", |world| {
            signer(world).server("a", &["*.example.org"])
        }),
        pair("for a wildcard two labels up", |world| {
            signer(world).server("a", &["*.org"])
        }),
        pair("for several names", |world| {
            signer(world).server("a", &["another.example.org", &world.host])
        }),
        pair("for an address", |world| {
            signer(world).server("a", &["10.213.0.1"])
        }),
        pair("in capitals", |world| {
            signer(world).server("a", &[&world.host.to_ascii_uppercase()])
        }),
        pair("expired", |world| {
            signer(world).leaf_with(&world.host, &[&world.host], past)
        }),
        pair("not yet valid", |world| {
            signer(world).leaf_with(&world.host, &[&world.host], future)
        }),
        pair("for clients", |world| {
            signer(world).leaf_with(&world.host, &[&world.host], for_clients)
        }),
        pair("for any use", |world| {
            signer(world).leaf_with(&world.host, &[&world.host], for_anything)
        }),
        pair("self-signed", |world| {
            Pair::self_signed(&world.host, NOTHING)
        }),
        pair("with the key of another", |world| Pair {
            key: signer(world).server(&world.host, &[&world.host]).key,
            ..signer(world).server(&world.host, &[&world.host])
        }),
        pair("with its CA behind it", |world| {
            let made = signer(world).server(&world.host, &[&world.host]);
            Pair {
                certificate: format!("{}{}", made.certificate, signer(world).certificate),
                key: made.key,
            }
        }),
        pair("behind its CA", |world| {
            let made = signer(world).server(&world.host, &[&world.host]);
            Pair {
                certificate: format!("{}{}", signer(world).certificate, made.certificate),
                key: made.key,
            }
        }),
        pair("with an intermediate", |world| {
            signer(world).below(&world.host, true)
        }),
        pair("without its intermediate", |world| {
            signer(world).below(&world.host, false)
        }),
        pair("with the root of another CA behind it", |world| {
            let made = signer(world).server(&world.host, &[&world.host]);
            Pair {
                certificate: format!("{}{}", made.certificate, world.pki.stranger.certificate),
                key: made.key,
            }
        }),
        pair("twice", |world| {
            let made = signer(world).server(&world.host, &[&world.host]);
            Pair {
                certificate: made.certificate.repeat(2),
                key: made.key,
            }
        }),
        pair("with CRLF", |world| {
            let made = signer(world).server(&world.host, &[&world.host]);
            Pair {
                certificate: made.certificate.replace('\n', "\r\n"),
                key: made.key.replace('\n', "\r\n"),
            }
        }),
        pair("that is a CA", |world| {
            signer(world).leaf_with(&world.host, &[&world.host], |parameters| {
                parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            })
        }),
        pair("valid for a long time", |world| {
            signer(world).leaf_with(&world.host, &[&world.host], |parameters| {
                parameters.not_after += Duration::days(3000);
            })
        }),
        pair("that ends soon", |world| {
            signer(world).leaf_with(&world.host, &[&world.host], |parameters| {
                parameters.not_after = OffsetDateTime::now_utc() + Duration::days(2);
            })
        }),
        pair("for the host with a dot", |world| {
            let name = format!("{}.", world.host);
            signer(world).server(&world.host, &[&name])
        }),
        client("of another CA", |world| {
            world.pki.stranger.client("traefik")
        }),
        client("expired", |world| {
            clients(world).leaf_with("traefik", &[], past)
        }),
        client("with the key of another", |world| Pair {
            key: clients(world).client("traefik").key,
            ..clients(world).client("traefik")
        }),
        client("for servers", |world| {
            clients(world).server("traefik", &["traefik"])
        }),
        client("renewed", |world| clients(world).client("traefik")),
        client("not yet valid", |world| {
            clients(world).leaf_with("traefik", &[], |parameters| {
                for_clients(parameters);
                future(parameters);
            })
        }),
        client("for any use", |world| {
            clients(world).leaf_with("traefik", &[], for_anything)
        }),
        client("self-signed", |_| Pair::self_signed("traefik", for_clients)),
        own("for a wildcard", |world| {
            world.pki.browser.server("a", &["*.example.org"])
        }),
        own("for a wildcard two labels up", |world| {
            world.pki.browser.server("a", &["*.org"])
        }),
        own("in capitals", |world| {
            let name = world.host.to_ascii_uppercase();
            world.pki.browser.server("a", &[&name])
        }),
        own("with its CA behind it", |world| {
            let made = world.pki.browser.server("a", &[&world.host]);
            Pair {
                certificate: format!("{}{}", made.certificate, world.pki.browser.certificate),
                key: made.key,
            }
        }),
        own("behind its CA", |world| {
            let made = world.pki.browser.server("a", &[&world.host]);
            Pair {
                certificate: format!("{}{}", world.pki.browser.certificate, made.certificate),
                key: made.key,
            }
        }),
        own("with CRLF", |world| {
            let made = world.pki.browser.server("a", &[&world.host]);
            Pair {
                certificate: made.certificate.replace('\n', "\r\n"),
                key: made.key.replace('\n', "\r\n"),
            }
        }),
        own("with text around it", |world| {
            let made = world.pki.browser.server("a", &[&world.host]);
            Pair {
                certificate: format!("subject: us\n{}end\n", made.certificate),
                key: format!("key:\n{}", made.key),
            }
        }),
        own("without line breaks", |world| {
            let made = world.pki.browser.server("a", &[&world.host]);
            Pair {
                certificate: made.certificate.replace('\n', ""),
                key: made.key,
            }
        }),
        own("that is a CA", |world| {
            world
                .pki
                .browser
                .leaf_with(&world.host, &[&world.host], |parameters| {
                    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
                })
        }),
        own("for any use", |world| {
            world
                .pki
                .browser
                .leaf_with(&world.host, &[&world.host], for_anything)
        }),
        own("encoded twice", |world| {
            let made = world.pki.browser.server("a", &[&world.host]);
            Pair {
                certificate: STANDARD.encode(made.certificate),
                key: made.key,
            }
        }),
        own("key and certificate in each other's place", |world| {
            let made = world.pki.browser.server("a", &[&world.host]);
            Pair {
                certificate: made.key,
                key: made.certificate,
            }
        }),
        wildcard("not yet valid", |world| {
            world.pki.browser.leaf_with("a", &["*.example.org"], future)
        }),
        wildcard("for clients", |world| {
            world
                .pki
                .browser
                .leaf_with("a", &["*.example.org"], for_clients)
        }),
        wildcard("without SAN", |world| {
            world.pki.browser.server("*.example.org", &[])
        }),
        wildcard("for several domains", |world| {
            world
                .pki
                .browser
                .server("a", &["*.example.net", "*.example.org"])
        }),
        wildcard("two labels up", |world| {
            world.pki.browser.server("a", &["*.org"])
        }),
        wildcard("with its CA behind it", |world| {
            let made = world.pki.browser.server("a", &["*.example.org"]);
            Pair {
                certificate: format!("{}{}", made.certificate, world.pki.browser.certificate),
                key: made.key,
            }
        }),
        wildcard("behind its CA", |world| {
            let made = world.pki.browser.server("a", &["*.example.org"]);
            Pair {
                certificate: format!("{}{}", world.pki.browser.certificate, made.certificate),
                key: made.key,
            }
        }),
        own("of another CA", |world| {
            world.pki.stranger.server(&world.host, &[&world.host])
        }),
        own("for another name", |world| {
            world.pki.browser.server("a", &["another.example.org"])
        }),
        own("for a deeper name", |world| {
            let name = format!("www.{}", world.host);
            world.pki.browser.server("a", &[&name])
        }),
        own("for another name, with the host as its subject", |world| {
            let host = &world.host;
            world.pki.browser.server(host, &["another.example.org"])
        }),
        own("without SAN", |world| {
            world.pki.browser.server(&world.host, &[])
        }),
        own("expired", |world| {
            world
                .pki
                .browser
                .leaf_with(&world.host, &[&world.host], past)
        }),
        own("not yet valid", |world| {
            world
                .pki
                .browser
                .leaf_with(&world.host, &[&world.host], future)
        }),
        own("for clients", |world| {
            world
                .pki
                .browser
                .leaf_with(&world.host, &[&world.host], for_clients)
        }),
        own("self-signed", |world| {
            Pair::self_signed(&world.host, NOTHING)
        }),
        own("with the key of another", |world| Pair {
            key: world.pki.browser.server("a", &[&world.host]).key,
            ..world.pki.browser.server("a", &[&world.host])
        }),
        own("with an intermediate", |world| {
            world.pki.browser.below(&world.host, true)
        }),
        own("without its intermediate", |world| {
            world.pki.browser.below(&world.host, false)
        }),
        wildcard("of another CA", |world| {
            world.pki.stranger.server("a", &["*.example.org"])
        }),
        wildcard("for another domain", |world| {
            world.pki.browser.server("a", &["*.example.net"])
        }),
        wildcard("for the host", |world| {
            world.pki.browser.server("a", &[&world.host])
        }),
        wildcard("expired", |world| {
            world.pki.browser.leaf_with("a", &["*.example.org"], past)
        }),
        wildcard("with the key of another", |world| Pair {
            key: world.pki.browser.server("a", &["*.example.org"]).key,
            ..world.pki.browser.server("a", &["*.example.org"])
        }),
        authority("of a stranger", |world| {
            world.pki.stranger.certificate.clone()
        }),
        authority("old and new", |world| {
            format!(
                "{}{}",
                world.pki.stranger.certificate, world.own.certificate
            )
        }),
        authority("with text around it", |world| {
            format!("subject: us\n{}\nend\n", world.own.certificate)
        }),
        authority("with CRLF", |world| {
            world.own.certificate.replace('\n', "\r\n")
        }),
        authority("without line breaks", |world| {
            world.own.certificate.replace('\n', "")
        }),
        authority("without its last line", |world| {
            let text = world.own.certificate.trim_end();
            text.rsplit_once('\n').expect("several lines").0.to_owned()
        }),
        authority("indented", |world| {
            world.own.certificate.replace('\n', "\n  ")
        }),
        authority("encoded twice", |world| {
            STANDARD.encode(&world.own.certificate)
        }),
        authority("that is the leaf", |world| {
            world
                .serves
                .pair
                .as_ref()
                .map(|pair| pair.certificate.clone())
                .unwrap_or_default()
        }),
        authority("expired", |world| world.own.again(past)),
        authority("not yet valid", |world| world.own.again(future)),
        authority("not a CA", |world| {
            world
                .own
                .again(|parameters| parameters.is_ca = IsCa::ExplicitNoCa)
        }),
        authority("of the same key and name", |world| world.own.again(NOTHING)),
        authority("with a key", |world| {
            let key = world.pki.stranger.server("a", &[]).key;
            format!("{}{key}", world.own.certificate)
        }),
    ];
    all.push(Mutator::new(
        "Secret/externca",
        "Secret/externca as stringData",
        |world| {
            let text = world.own.certificate.clone();
            world.named("Secret/externca").is_some_and(|object| {
                object["stringData"] = json!({"ca.crt": text});
                remove(object, "/data")
            })
        },
    ));
    all.push(Mutator::new(
        "Secret/externca",
        "Secret/externca with the key of the chart",
        |world| {
            world.named("Secret/externca").is_some_and(|object| {
                let value = object["data"]["ca.crt"].take();
                object["data"] = json!({"tls.crt": value});
                true
            })
        },
    ));
    all.push(Mutator::new(
        "Secret/externca",
        "Secret/externca with two odd keys",
        |world| {
            world.named("Secret/externca").is_some_and(|object| {
                let value = object["data"]["ca.crt"].take();
                object["data"] = json!({"tls.crt": value, "other": value});
                true
            })
        },
    ));
    all.push(Mutator::new(
        "Secret/externca",
        "Secret/externca under tls.ca",
        |world| {
            world.named("Secret/externca").is_some_and(|object| {
                let value = object["data"]["ca.crt"].take();
                object["data"] = json!({"tls.ca": value});
                true
            })
        },
    ));
    all.push(Mutator::new(
        "Secret/externca",
        "Secret/externca as ConfigMap that is named",
        |world| {
            let text = world.own.certificate.clone();
            let Some(object) = world.named("Secret/externca") else {
                return false;
            };
            object["kind"] = json!("ConfigMap");
            object["data"] = json!({"ca.crt": text});
            remove(object, "/type");
            world.named("ServersTransport").is_some_and(|object| {
                set(object, "/spec/rootCAs", json!([{"configMap": "externca"}]))
            })
        },
    ));
    all
}

const COPIED: &str = "the route once more, for another host";

/// Objects that come beside those of the instance.
#[expect(clippy::too_many_lines, reason = "a table")]
fn neighbours() -> Vec<Mutator> {
    fn beside(
        name: &'static str,
        make: impl Fn(&World<'_>) -> Vec<Value> + Send + Sync + 'static,
    ) -> Mutator {
        Mutator::new("neighbour", &format!("beside it {name}"), move |world| {
            // A TCP route has other neighbours.
            if name.contains(" route ") && name != COPIED && world.has("IngressRouteTCP") {
                return false;
            }
            let it = make(world);
            world.objects.extend(it);
            true
        })
    }
    /// A copy of the instance's own route with another rule, and something further.
    fn route(world: &World<'_>, rule: &str, further: &Value) -> Value {
        let own = world
            .objects
            .iter()
            .find(|object| object["kind"] == "IngressRoute");
        let mut route = own.cloned().unwrap_or_default();
        route["metadata"]["name"] = json!("second");
        let Some(part) = route
            .pointer_mut("/spec/routes/0")
            .filter(|part| part.is_object())
        else {
            return route;
        };
        part["match"] = json!(rule.replace("HOST", &world.host));
        for (key, value) in further.as_object().into_iter().flatten() {
            part[key] = value.clone();
        }
        route
    }
    fn tcp(world: &World<'_>, rule: &str, tls: &Value) -> Value {
        json!({
            "apiVersion": "traefik.io/v1alpha1", "kind": "IngressRouteTCP",
            "metadata": {"name": "second", "namespace": world.namespace},
            "spec": {
                "entryPoints": ["websecure"],
                "routes": [{
                    "match": rule.replace("HOST", &world.host),
                    "services": [{"name": "civicrmhttpd", "port": 443}],
                }],
                "tls": tls,
            },
        })
    }
    fn option(namespace: &str, name: &str, spec: &Value) -> Value {
        json!({
            "apiVersion": "traefik.io/v1alpha1", "kind": "TLSOption",
            "metadata": {"name": name, "namespace": namespace}, "spec": spec,
        })
    }
    vec![
        beside("a route of a longer rule", |world| {
            vec![route(world, "Host(`HOST`) && PathPrefix(`/`)", &json!({}))]
        }),
        beside("a route of a path", |world| {
            vec![route(
                world,
                "Host(`HOST`) && PathPrefix(`/admin`)",
                &json!({}),
            )]
        }),
        beside("a route of a higher priority", |world| {
            vec![route(world, "Host(`HOST`)", &json!({"priority": 1000}))]
        }),
        beside("a route of a lower priority", |world| {
            vec![route(world, "Host(`HOST`)", &json!({"priority": 1}))]
        }),
        beside(COPIED, |world| {
            let mut copies = world.objects.clone();
            copies.retain(|object| {
                ["IngressRoute", "IngressRouteTCP"]
                    .iter()
                    .any(|kind| object["kind"] == *kind)
            });
            for copy in &mut copies {
                copy["metadata"]["name"] = json!("second");
                let other = format!("another-{}", world.host);
                let text = copy.to_string().replace(&world.host, &other);
                *copy = serde_json::from_str(&text).expect("it was JSON");
            }
            copies
        }),
        beside("a TCP route for the host", |world| {
            vec![tcp(world, "HostSNI(`HOST`)", &json!({"passthrough": true}))]
        }),
        beside("a TCP route for the host that ends TLS", |world| {
            vec![tcp(world, "HostSNI(`HOST`)", &json!({}))]
        }),
        beside("a TCP route for every host", |world| {
            vec![tcp(world, "HostSNI(`*`)", &json!({"passthrough": true}))]
        })
        .wide(),
        beside("a route for every path", |world| {
            vec![route(world, "PathPrefix(`/`)", &json!({}))]
        })
        .wide(),
        beside("a route for every path before all", |world| {
            vec![route(world, "PathPrefix(`/`)", &json!({"priority": 1000}))]
        })
        .wide(),
        beside("a route for every host of the domain", |world| {
            vec![route(
                world,
                "HostRegexp(`^[a-z0-9-]+[.]example[.]org$`)",
                &json!({}),
            )]
        })
        .wide(),
        beside("the TLSOption default", |world| {
            vec![option(
                &world.namespace,
                "default",
                &json!({"minVersion": "VersionTLS12"}),
            )]
        })
        .wide(),
        beside("the TLSOption default, strict", |world| {
            vec![option(
                &world.namespace,
                "default",
                &json!({"minVersion": "VersionTLS12", "sniStrict": true}),
            )]
        })
        .wide(),
        beside(
            "the TLSOption default that asks for certificates",
            |world| {
                let spec = json!({"clientAuth": {"clientAuthType": "RequireAnyClientCert"}});
                vec![option(&world.namespace, "default", &spec)]
            },
        )
        .wide(),
        beside("the TLSOption default that is wrong", |world| {
            vec![option(
                &world.namespace,
                "default",
                &json!({"cipherSuites": ["NO_SUCH"]}),
            )]
        })
        .wide(),
        beside("the TLSOption default twice", |world| {
            let second = format!("{}-b", world.namespace);
            let spec = json!({"minVersion": "VersionTLS12"});
            vec![
                option(&world.namespace, "default", &spec),
                option(&second, "default", &spec),
            ]
        })
        .wide(),
        beside("a TLSOption of another name", |world| {
            vec![option(
                &world.namespace,
                "unused",
                &json!({"minVersion": "VersionTLS12"}),
            )]
        }),
        beside("the TLSStore default a second time", |world| {
            store(&format!("{}-b", world.namespace), &world.pki.wildcard)
        })
        .wide(),
        beside(
            "the TLSStore default a second time, without certificates",
            |world| {
                let second = format!("{}-b", world.namespace);
                let mut store = store(&second, &world.pki.wildcard);
                for object in &mut store {
                    remove(object, "/spec/certificates");
                }
                store
            },
        )
        .wide(),
        beside("a Service of the same name elsewhere", |world| {
            vec![json!({
                "apiVersion": "v1", "kind": "Service",
                "metadata": {"name": "civicrmhttpd", "namespace": format!("{}-b", world.namespace)},
                "spec": {"selector": {"app": POD}, "ports": [{"port": 443}]},
            })]
        }),
        beside("a Secret with the wildcard of another CA", |world| {
            let made = world.pki.stranger.server("a", &["*.example.org"]);
            let mut objects = store(&world.namespace, &made);
            objects.retain(|object| object["kind"] == "Secret");
            objects[0]["metadata"]["name"] = json!("old-wildcard");
            objects
        }),
        beside("the same wildcard, expired, named by a route", |world| {
            let made = world.pki.browser.leaf_with("a", &["*.example.org"], past);
            let mut objects = store(&world.namespace, &made);
            objects.retain(|object| object["kind"] == "Secret");
            objects[0]["metadata"]["name"] = json!("an-old-wildcard");
            let mut second = route(world, "Host(`www.HOST`)", &json!({}));
            second["spec"]["tls"] = json!({"secretName": "an-old-wildcard"});
            objects.push(second);
            objects
        })
        .wide(),
    ]
}
