//! The JSON Schema of the fleet file, from the types that read it.
//!
//! A schema says what form a document has. What follows from several keys, such as two instances with one host,
//! the reader alone knows.

use super::document::{FleetLevel, Instances, Metadata, SettingsPart, Tree, Values};
use super::leaf::{
    Address, ApiVersion, ChallengeWord, DnsMode, FleetKind, FrontMode, IngressKind, IngressRelease,
    InstanceKind, Interval, Mode, NamesWord, Overlap, Pattern, RemoteKey, SourceKind, StoreKind,
};
use super::placeholder::NAMES;
use super::{CaCustody, Layout, SealingScope};
use crate::dns::external_dns::Policy;
use crate::path::hop::ProxyVersion;
use crate::pki::KeyType;
use crate::record::schema::{DURATION, LABEL, choice, days, generic_schemas, schemas};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

schemas! {
    ApiVersion: choice::<Self>();
    FleetKind: choice::<Self>();
    InstanceKind: choice::<Self>();
    DnsMode: choice::<Self>();
    FrontMode: choice::<Self>();
    Policy: choice::<Self>();
    NamesWord: choice::<Self>();
    ChallengeWord: choice::<Self>();
    Tree: json_schema!({"type": "object"});
    IngressKind: choice::<Self>();
    IngressRelease: json_schema!({"type": "string", "pattern": r"^v?(1\.[4-7]|1\.(2[2-9]|3[0-2])|2\.(9|10|11)|3\.[0-9]{1,4})(\.[0-9]{1,4})?$"});
    ProxyVersion: choice::<Self>();
    Mode: choice::<Self>();
    StoreKind: choice::<Self>();
    RemoteKey: json_schema!({
        "type": "string",
        "pattern": r"^([^{}]|\{(namespace|secret)\})*\{namespace\}([^{}]|\{(namespace|secret)\})*$",
    });
    SourceKind: choice::<Self>();
    Layout: choice::<Self>();
    SealingScope: choice::<Self>();
    CaCustody: choice::<Self>();
    KeyType: choice::<Self>();
    Address: json_schema!({
        "type": "string",
        "pattern": r"^(([0-9]{1,3}\.){3}[0-9]{1,3}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)$",
    });
    Interval: json_schema!({"type": "string", "pattern": format!("^{DURATION}$")});
    Overlap: days();
    Values: json_schema!({
        "type": "object",
        "properties": {"externalhost": false, "servername": false, "serverstransport": false},
    });
}

generic_schemas! {
    [T: JsonSchema] Metadata<T>, "Metadata", generator => json_schema!({
        "type": "object",
        "properties": {"name": generator.subschema_for::<T>()},
        "required": ["name"],
        "additionalProperties": false,
    });
    [const N: usize] Pattern<N>, "Pattern", _generator => json_schema!({
        "type": "string",
        "pattern": format!(r"^([^{{}}]|\{{\{{|\}}\}}|\{{({})\}})*$", NAMES[..N].join("|")),
    });
}

impl JsonSchema for Instances {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Instances".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "propertyNames": {"pattern": format!("^{LABEL}$")},
            "additionalProperties": generator.subschema_for::<Option<SettingsPart>>(),
        })
    }
}

impl JsonSchema for FleetLevel {
    fn schema_name() -> Cow<'static, str> {
        "Level".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = SettingsPart::json_schema(generator);
        let properties = schema
            .get_mut("properties")
            .and_then(|it| it.as_object_mut());
        properties.expect("a record").remove("profile");
        schema.insert(
            "description".to_owned(),
            "Settings of many instances.".into(),
        );
        schema
    }
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "the published file is compared with the types"
)]
mod tests {
    use super::*;
    use crate::fleet::SCHEMA;
    use crate::fleet::document::FleetDocument;
    use crate::record::{Part as _, PartReader};
    use crate::yaml::tree;
    use serde_json::{Value, json};

    fn generated() -> Value {
        let schema = SchemaGenerator::default().into_root_schema_for::<FleetDocument>();
        serde_json::to_value(schema).expect("a schema is JSON")
    }

    #[test]
    fn the_published_schema_is_that_of_the_types() {
        let text = format!("{:#}\n", generated());
        if std::env::var_os("CIVI_INGRESS_UPDATE").is_some() {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/fleet.schema.json");
            return std::fs::write(path, &text).expect("writable");
        }
        assert!(
            text == SCHEMA,
            "docs/fleet.schema.json is out of date: CIVI_INGRESS_UPDATE=1 cargo test published_schema"
        );
    }

    /// Checks whether the reader accepts the form of a document.
    fn is_read(document: &Value) -> Result<(), String> {
        let mut reader = PartReader::default();
        reader.begin("f.yaml");
        let mut faults = Vec::new();
        let trees = tree::read(&document.to_string(), "f.yaml", &mut faults).unwrap_or_default();
        reader.extend(faults);
        if trees.is_empty() {
            return Err("nothing is there".to_owned());
        }
        for tree in trees {
            let document = FleetDocument::read(tree, &mut reader);
            let spec = document.and_then(|document| document.spec);
            let instances = spec.and_then(|spec| spec.value.instances);
            for (key, tree) in instances.map_or_else(Vec::new, |given| given.value.0) {
                if let Err(fault) = crate::name::InstanceName::parse(&key.text) {
                    reader.refuse::<()>(key.at, fault);
                }
                if tree.value != crate::yaml::Value::Null {
                    SettingsPart::read(tree, &mut reader);
                }
            }
        }
        match reader.finish().first() {
            Some((_, fault)) => Err(fault.to_string()),
            None => Ok(()),
        }
    }

    fn settings() -> Value {
        json!({
            "namespace": "civi-{id}", "externalHost": "{id}.{domain}", "aliases": ["b.{domain}"], "servername": "{externalHost}",
            "topology": "tcp-proxy", "publicCertificate": {"secret": "web"}, "clients": {"require": "ca.crt"}, "proxyProtocol": "v1", "httpdAddress": "{id}:443", "shard": 1,
            "certificate": {"ca": "stored", "key": "p384", "days": 90, "caDays": "400d", "renewBefore": "30d", "overlap": 3, "authorities": ["x"], "organization": "É"},
            "serversTransport": {
                "maxIdleConnsPerHost": -1, "dialTimeout": "5s", "responseHeaderTimeout": 3, "readIdleTimeout": "1m30s",
                "idleConnTimeout": "1.5s", "disableHTTP2": false,
            },
            "objects": {
                "namespace": true, "configMap": false, "retry": 3, "hsts": false, "defaultDeny": true, "clientAuth": true, "remoteIp": ["10.42.0.0/16"],
                "networkPolicy": {"traefikNamespace": "t", "traefikLabels": {"app": "x"}, "nodeCidrs": ["10.0.0.0/8"]},
                "egress": {"dns": ["10.0.0.10"], "mail": ["192.0.2.0/24"], "https": ["192.0.2.7"]},
            },
            "helmValues": {"init": {"x": 1}},
        })
    }

    /// Returns a fleet that uses every key.
    fn full() -> Value {
        let mut instance = settings();
        instance["profile"] = "big".into();
        json!({
            "apiVersion": "civi-ingress.uepal.fr/v1alpha1", "kind": "Fleet", "metadata": {"name": "uepal"},
            "spec": {
                "domain": "uepal.net", "include": ["p/*.yaml"],
                "topology": "tcp-proxy",
                "loadBalancer": {"kind": "openstack", "trusted": ["10.0.0.0/8"], "proxyProtocol": "v1", "address": "192.0.2.1", "nodes": ["10.0.0.1"]},
                "ingress": {"kind": "traefik", "release": "3.4", "chart": 33, "namespace": "t", "fastProxy": true, "entryPoints": ["websecure"], "gateway": {"namespace": "n", "name": "g", "className": "traefik", "port": 8443, "selector": {"istio": "ingressgateway"}}, "directory": "/etc/traefik"},
                "traefik": {"version": "3.4", "chart": 33, "fastProxy": false, "entryPoints": ["websecure"]},
                "secrets": {
                    "mode": "sops", "beside": "cert-manager", "recipients": ["age1a"], "sealingCertificate": "c.pem", "scope": "strict",
                    "store": {"name": "vault", "kind": "SecretStore"}, "remoteKey": "p/{namespace}/{secret}", "refreshInterval": "1h",
                },
                "layout": "flat", "shards": 4,
                "publicCertificate": {
                    "mode": "acme", "names": "instance", "namespace": "t", "apex": true, "certificate": {"days": 5},
                    "files": {"certificate": "c", "key": "k"},
                    "acme": {
                        "issuer": "i", "server": "staging", "email": "a@parish.fr", "profile": "p", "challenge": "dns-01",
                        "solver": {"cloudflare": {}}, "ingressClass": "t", "gateway": {"namespace": "n", "name": "g"},
                        "waitInsteadOfSelfCheck": "30s",
                    },
                },
                "wildcard": {"namespace": "t", "certificate": {"days": 5}, "apex": true},
                "dns": {"mode": "annotation", "ttl": 60, "targets": ["a.example"], "externalDns": {"release": "0.22", "policy": "sync"}},
                "argocd": {"repoURL": "u", "revision": "r", "path": "p", "project": "x", "namespace": "a"},
                "flux": {"source": "s", "sourceKind": "Bucket", "path": "p", "namespace": "f", "interval": "1h", "decryptionSecret": "d"},
                "defaults": settings(), "profiles": {"big": settings()}, "instances": {"a": instance, "b": null},
            },
        })
    }

    /// Returns the paths of all values in a document.
    fn paths(value: &Value) -> Vec<String> {
        fn visit(value: &Value, path: &str, out: &mut Vec<String>) {
            out.push(path.to_owned());
            match value {
                Value::Object(entries) => entries
                    .iter()
                    .for_each(|(key, child)| visit(child, &format!("{path}/{key}"), out)),
                Value::Array(items) => items
                    .iter()
                    .enumerate()
                    .for_each(|(index, child)| visit(child, &format!("{path}/{index}"), out)),
                _ => {}
            }
        }
        let mut out = Vec::new();
        visit(value, "", &mut out);
        out
    }

    #[test]
    fn the_example_of_the_tests_uses_every_key_of_the_schema() {
        let (schema, full) = (generated(), full().to_string());
        let records = schema["$defs"]
            .as_object()
            .unwrap()
            .values()
            .chain([&schema]);
        for record in records {
            let keys = record["properties"].as_object().into_iter().flatten();
            for (key, _) in
                keys.filter(|(key, _)| !key.starts_with("server") || *key == "servername")
            {
                assert!(full.contains(&format!("\"{key}\":")), "{key}");
            }
        }
    }

    #[test]
    fn schema_and_reader_agree_on_a_document_whose_values_are_changed_one_by_one() {
        let validator = jsonschema::draft202012::new(&generated()).expect("a schema");
        let full = full();
        assert_eq!(is_read(&full), Ok(()));
        let samples = [
            json!(null),
            json!(true),
            json!(false),
            json!(0),
            json!(1),
            json!(-1),
            json!(30),
            json!(99_999_999_999u64),
            json!(1.5),
            json!(""),
            json!(" "),
            json!("x"),
            json!("X"),
            json!("a.b"),
            json!("kube-x"),
            json!("a\nb"),
            json!("30d"),
            json!("030d"),
            json!("36526d"),
            json!("0d"),
            json!("5"),
            json!("5s"),
            json!("1.5h3ms"),
            json!("-1s"),
            json!("{id}"),
            json!("{domain}{{"),
            json!("{namespace}"),
            json!("{externalHost}"),
            json!("{id"),
            json!("}"),
            json!("{x}"),
            json!("3.7.1"),
            json!("4.0"),
            json!("10.0.0.0/8"),
            json!("stored"),
            json!("sealed"),
            json!("GitRepository"),
            json!([]),
            json!([1]),
            json!(["a.b"]),
            json!({}),
            json!({"x": 1}),
            json!({"name": "x"}),
        ];
        let mut compared = 0;
        for path in paths(&full) {
            // The chart's values have forms of their own.
            if path.contains("/helmValues/") {
                continue;
            }
            let changed = samples.iter().map(|sample| {
                let mut document = full.clone();
                *document.pointer_mut(&path).expect("a path of it") = sample.clone();
                document
            });
            let with_more = full
                .pointer(&path)
                .and_then(Value::as_object)
                .map(|entries| {
                    let mut document = full.clone();
                    let mut entries = entries.clone();
                    entries.insert("misspelt".to_owned(), json!({}));
                    *document.pointer_mut(&path).expect("a path of it") = entries.into();
                    document
                });
            for document in changed.chain(with_more) {
                let read = is_read(&document);
                assert_eq!(
                    validator.is_valid(&document),
                    read.is_ok(),
                    "{path} of {document}: {read:?}"
                );
                compared += 1;
            }
        }
        assert!(compared > 5_000, "{compared}");
    }

    #[test]
    fn schema_and_reader_agree_on_a_document_that_lacks_one_key() {
        let validator = jsonschema::draft202012::new(&generated()).expect("a schema");
        let full = full();
        for path in paths(&full) {
            let Some((parent, key)) = path.rsplit_once('/') else {
                continue;
            };
            let mut document = full.clone();
            let Some(entries) = document.pointer_mut(parent).and_then(Value::as_object_mut) else {
                continue;
            };
            entries.remove(key);
            assert_eq!(
                validator.is_valid(&document),
                is_read(&document).is_ok(),
                "without {path}"
            );
        }
    }
}
