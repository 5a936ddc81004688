//! What the API server refuses of the kinds that every cluster has: names and labels of all objects, Secrets, ConfigMaps,
//! Services (`pkg/apis/core/validation` of Kubernetes 1.34, and its strict decoding).

use super::rules::{CI311, CI314, CI315, CI316, CI317, CI319, CI320, CI321};
use super::service;
use crate::cluster::unfilled::{has_replaced_word, is_unfilled};
use crate::fault::did_you_mean;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object};
use crate::lint::rule::Rule;
use crate::yaml::{At, Key, Node, Value};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeSet;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// What a value must be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Boolean,
    Integer,
    IntegerOrText,
    Text,
    List,
    Map,
}

type Fields = &'static [(&'static str, Shape)];

const OF_SECRET: Fields = &[
    ("apiVersion", Shape::Text),
    ("kind", Shape::Text),
    ("metadata", Shape::Map),
    ("data", Shape::Map),
    ("stringData", Shape::Map),
    ("type", Shape::Text),
    ("immutable", Shape::Boolean),
];
const OF_CONFIG_MAP: Fields = &[
    ("apiVersion", Shape::Text),
    ("kind", Shape::Text),
    ("metadata", Shape::Map),
    ("data", Shape::Map),
    ("binaryData", Shape::Map),
    ("immutable", Shape::Boolean),
];
const OF_SERVICE: Fields = &[
    ("apiVersion", Shape::Text),
    ("kind", Shape::Text),
    ("metadata", Shape::Map),
    ("spec", Shape::Map),
    ("status", Shape::Map),
];
const OF_SERVICE_STATUS: Fields = &[("conditions", Shape::List), ("loadBalancer", Shape::Map)];
const OF_METADATA: Fields = &[
    ("annotations", Shape::Map),
    ("creationTimestamp", Shape::Text),
    ("deletionGracePeriodSeconds", Shape::Integer),
    ("deletionTimestamp", Shape::Text),
    ("finalizers", Shape::List),
    ("generateName", Shape::Text),
    ("generation", Shape::Integer),
    ("labels", Shape::Map),
    ("managedFields", Shape::List),
    ("name", Shape::Text),
    ("namespace", Shape::Text),
    ("ownerReferences", Shape::List),
    ("resourceVersion", Shape::Text),
    ("selfLink", Shape::Text),
    ("uid", Shape::Text),
];
const OF_OWNER: Fields = &[
    ("apiVersion", Shape::Text),
    ("blockOwnerDeletion", Shape::Boolean),
    ("controller", Shape::Boolean),
    ("kind", Shape::Text),
    ("name", Shape::Text),
    ("uid", Shape::Text),
];
const OF_SERVICE_SPEC: Fields = &[
    ("allocateLoadBalancerNodePorts", Shape::Boolean),
    ("clusterIP", Shape::Text),
    ("clusterIPs", Shape::List),
    ("externalIPs", Shape::List),
    ("externalName", Shape::Text),
    ("externalTrafficPolicy", Shape::Text),
    ("healthCheckNodePort", Shape::Integer),
    ("internalTrafficPolicy", Shape::Text),
    ("ipFamilies", Shape::List),
    ("ipFamilyPolicy", Shape::Text),
    ("loadBalancerClass", Shape::Text),
    ("loadBalancerIP", Shape::Text),
    ("loadBalancerSourceRanges", Shape::List),
    ("ports", Shape::List),
    ("publishNotReadyAddresses", Shape::Boolean),
    ("selector", Shape::Map),
    ("sessionAffinity", Shape::Text),
    ("sessionAffinityConfig", Shape::Map),
    ("trafficDistribution", Shape::Text),
    ("type", Shape::Text),
];
const OF_PORT: Fields = &[
    ("appProtocol", Shape::Text),
    ("name", Shape::Text),
    ("nodePort", Shape::Integer),
    ("port", Shape::Integer),
    ("protocol", Shape::Text),
    ("targetPort", Shape::IntegerOrText),
];
/// Fields of a Service's spec with their values.
const LISTED: [(&str, &[&str]); 6] = [
    (
        "trafficDistribution",
        &["PreferClose", "PreferSameZone", "PreferSameNode"],
    ),
    (
        "type",
        &["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"],
    ),
    ("sessionAffinity", &["None", "ClientIP"]),
    ("externalTrafficPolicy", &["Cluster", "Local"]),
    ("internalTrafficPolicy", &["Cluster", "Local"]),
    (
        "ipFamilyPolicy",
        &["SingleStack", "PreferDualStack", "RequireDualStack"],
    ),
];
/// Types of Secrets, and the keys of which each must have all; of a basic-auth one is enough.
const OF_TYPE: [(&str, &[&str]); 4] = [
    ("kubernetes.io/tls", &["tls.crt", "tls.key"]),
    ("kubernetes.io/dockercfg", &[".dockercfg"]),
    ("kubernetes.io/dockerconfigjson", &[".dockerconfigjson"]),
    ("kubernetes.io/ssh-auth", &["ssh-privatekey"]),
];

/// Type of Secrets of which an annotation names the account (`ValidateSecret` in `pkg/apis/core/validation/validation.go` of
/// Kubernetes 1.34).
const OF_ACCOUNTS: &str = "kubernetes.io/service-account-token";

pub(super) fn check(model: &Model<'_>, object: &Object<'_>, findings: &mut Vec<Finding>) {
    // The API server never sees a transformer of Kustomize.
    if object.api_version() == "builtin" {
        return;
    }
    let before = findings.len();
    read(object, findings);
    if findings.len() > before {
        let found = findings.split_off(before);
        findings.extend(
            found
                .into_iter()
                .filter(|finding| !is_set_later(model, object, finding)),
        );
    }
}

fn read(object: &Object<'_>, findings: &mut Vec<Finding>) {
    let mut reader = Reader { object, findings };
    reader.metadata();
    match (object.group, object.kind) {
        ("", "Secret") => {
            reader.fields(object.node, OF_SECRET, "");
            reader.keys(&["data", "stringData"]);
            reader.secret_type();
        }
        ("", "ConfigMap") => {
            reader.fields(object.node, OF_CONFIG_MAP, "");
            reader.keys(&["data", "binaryData"]);
            reader.binary();
        }
        ("", "Service") => {
            reader.fields(object.node, OF_SERVICE, "");
            reader.service();
            if let Some(status) = object.node.get("status") {
                reader.fields(status, OF_SERVICE_STATUS, "status");
            }
            service::check(object, findings);
        }
        _ => {}
    }
}

struct Reader<'m, 'a> {
    object: &'m Object<'a>,
    findings: &'m mut Vec<Finding>,
}

impl Reader<'_, '_> {
    fn find(&mut self, rule: &'static Rule, at: At, field: &str, message: impl Into<String>) {
        let finding = self.object.finding(rule, at, field, message);
        self.findings.push(finding);
    }

    /// Checks the names and types of the fields of a value.
    fn fields(&mut self, node: &Node, fields: Fields, above: &str) {
        for (key, value) in node.entries() {
            let path = if above.is_empty() {
                key.text.to_string()
            } else {
                format!("{above}.{}", key.text)
            };
            let Some((_, shape)) = fields.iter().find(|(name, _)| *name == key.text) else {
                if above.is_empty() && is_of_sops(node, &key.text) {
                    continue;
                }
                let names = fields.iter().map(|(name, _)| *name);
                let free = names.filter(|name| node.get(name).is_none());
                let shown = key.text.escape_debug().to_string();
                if let Some(meant) = did_you_mean(&key.text, free) {
                    let message = format!("`{shown}` is not a field");
                    let finding = self.object.finding(&CI311, key.at, &path, message);
                    self.findings
                        .push(finding.with_help(format!("Write `{meant}`.")));
                } else {
                    let message = format!("`{shown}` is not a field here");
                    self.find(&CI314, key.at, &path, message);
                }
                continue;
            };
            let is_of_shape = match &value.value {
                Value::Bool(_) => *shape == Shape::Boolean,
                Value::Int(_) => matches!(shape, Shape::Integer | Shape::IntegerOrText),
                Value::Float(_) => false,
                Value::Text(_) => matches!(shape, Shape::Text | Shape::IntegerOrText),
                // To kubectl it is a boolean or a number, and to others a text.
                Value::Null | Value::Ambiguous(_) => true,
                Value::List(_) => *shape == Shape::List,
                Value::Map(_) => *shape == Shape::Map,
            };
            if !is_of_shape {
                let wanted = match shape {
                    Shape::Boolean => "`true` or `false`",
                    Shape::Integer => "a whole number",
                    Shape::IntegerOrText => "a whole number or a string",
                    Shape::Text => "a string",
                    Shape::List => "a list",
                    Shape::Map => "a mapping",
                };
                let message = format!("`{path}` is {}, and must be {wanted}", value.kind());
                self.find(&CI315, value.at, &path, message);
            }
        }
    }

    /// Checks what every object has.
    fn metadata(&mut self) {
        let object = self.object;
        let Some(metadata) = object.node.get("metadata") else {
            return;
        };
        // What has fields of its own beside its name is for another program than the API server.
        let is_own =
            |(key, _): &(Key, Node)| !OF_METADATA.iter().any(|(name, _)| *name == key.text);
        if object.class == Class::Other && metadata.entries().iter().any(is_own) {
            return;
        }
        let name = metadata.get("name");
        let is_service = object.group.is_empty() && object.kind == "Service";
        match name.map(|name| (&name.value, name.at)) {
            Some((Value::Text(text), at)) if !text.is_empty() && !is_open(text) => {
                // A Service's name is a label that begins with a letter (RFC 1035).
                let is_good = if is_service {
                    is_label(text) && text.starts_with(|c: char| c.is_ascii_lowercase())
                } else if is_free(object) {
                    true
                } else {
                    text.len() <= 253 && text.split('.').all(is_part)
                };
                if !is_good {
                    let message = format!("`{}` is not a valid name", text.escape_debug());
                    self.find(&CI321, at, "metadata.name", message);
                }
            }
            Some((Value::Int(_) | Value::Float(_) | Value::Bool(_), at)) => {
                self.find(&CI321, at, "metadata.name", "the name is not a string");
            }
            _ => {}
        }
        let namespace = metadata.get("namespace").and_then(Node::text);
        if let Some(text) = namespace.filter(|text| !text.is_empty() && !is_open(text))
            && !is_label(text)
        {
            let at = metadata
                .get("namespace")
                .map_or(metadata.at, |node| node.at);
            let message = format!("`{}` is not a valid namespace", text.escape_debug());
            self.find(&CI321, at, "metadata.namespace", message);
        }
        let is_core =
            object.group.is_empty() && ["Secret", "ConfigMap", "Service"].contains(&object.kind);
        if is_core || object.is_of_traefik() {
            self.fields(metadata, OF_METADATA, "metadata");
            self.owners(metadata);
        }
        for key in ["creationTimestamp", "deletionTimestamp"] {
            let node = metadata.get(key);
            let text = node.and_then(Node::text).filter(|text| !is_open(text));
            let is_instant = |text: &str| OffsetDateTime::parse(text, &Rfc3339).is_ok();
            if let (Some(node), Some(text)) = (node, text.filter(|text| !is_instant(text))) {
                let message = format!("`{}` is not an instant (RFC 3339)", text.escape_debug());
                self.find(&CI319, node.at, &format!("metadata.{key}"), message);
            }
        }
        let annotations = metadata.get("annotations").map(Node::entries);
        for (key, _) in annotations.unwrap_or_default() {
            if !is_open(&key.text) && !is_qualified(&key.text.to_ascii_lowercase()) {
                let message = format!(
                    "`{}` is not a valid key of an annotation",
                    key.text.escape_debug()
                );
                let field = format!("metadata.annotations.{}", key.text);
                self.find(&CI321, key.at, &field, message);
            }
        }
        for (index, node) in metadata.items_of("finalizers").iter().enumerate() {
            let is_good = |text: &str| text.contains('/') && is_qualified(text);
            let text = node.text().filter(|text| !is_open(text) && is_core);
            let text = text.filter(|text| !["orphan", "foregroundDeletion"].contains(text));
            if let Some(text) = text.filter(|text| !is_good(text)) {
                let message = format!("`{}` is not a valid finalizer", text.escape_debug());
                self.find(
                    &CI321,
                    node.at,
                    &format!("metadata.finalizers[{index}]"),
                    message,
                );
            }
        }
        let labels = metadata.get("labels").map(Node::entries);
        for (key, value) in labels.unwrap_or_default() {
            let field = format!("metadata.labels.{}", key.text);
            if !is_open(&key.text) && !is_qualified(&key.text) {
                let message = format!(
                    "`{}` is not a valid key of a label",
                    key.text.escape_debug()
                );
                self.find(&CI321, key.at, &field, message);
            } else if let Some(text) = value.text().filter(|text| !is_open(text))
                && !is_label_value(text)
            {
                let message = format!("`{}` is not a valid label", text.escape_debug());
                self.find(&CI321, value.at, &field, message);
            }
        }
    }

    /// Checks the owners that an object names (`ValidateOwnerReferences` in
    /// `apimachinery/pkg/api/validation/objectmeta.go` of Kubernetes 1.34).
    fn owners(&mut self, metadata: &Node) {
        let owners = metadata.items_of("ownerReferences");
        for (index, owner) in owners.iter().enumerate() {
            let field = format!("metadata.ownerReferences[{index}]");
            self.fields(owner, OF_OWNER, &field);
            if !matches!(owner.value, Value::Map(_) | Value::Null) {
                continue;
            }
            for key in ["apiVersion", "kind", "name", "uid"] {
                let is_missing = match owner.get(key) {
                    None => true,
                    Some(node) => node.value == Value::Null || node.text() == Some(""),
                };
                if is_missing {
                    let message = format!("the owner has no `{key}`");
                    self.find(&CI319, owner.at, &format!("{field}.{key}"), message);
                }
            }
        }
        let mut controllers = owners.iter().filter(|owner| owner.is_true("controller"));
        if let (Some(_), Some(second)) = (controllers.next(), controllers.next()) {
            let message = "only one owner may be its controller";
            self.find(&CI319, second.at, "metadata.ownerReferences", message);
        }
    }

    /// Checks the data of a ConfigMap that is not text.
    fn binary(&mut self) {
        let object = self.object;
        let data = object.node.get("data");
        let binary = object.node.get("binaryData").map(Node::entries);
        for (key, value) in binary.unwrap_or_default() {
            let field = format!("binaryData.{}", key.text);
            if data.is_some_and(|data| data.get(&key.text).is_some()) {
                let message = format!("`{}` is under `data`, too", key.text.escape_debug());
                self.find(&CI319, key.at, &field, message);
            }
            let text = value.text().filter(|text| !is_open(text));
            let text: Option<String> = text.map(|text| text.split(['\r', '\n']).collect());
            if text.is_some_and(|text| STANDARD.decode(text).is_err()) {
                self.find(&CI319, value.at, &field, "it is not base64");
            }
        }
    }

    /// Checks the keys of data.
    fn keys(&mut self, sections: &[&str]) {
        for section in sections {
            let entries = self.object.node.get(section).map(Node::entries);
            for (key, _) in entries.unwrap_or_default() {
                let is_mark = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
                let text = key.text.as_str();
                let is_good = text.chars().all(is_mark) && !["", ".", ".."].contains(&text);
                if !is_good && !is_open(text) {
                    let field = format!("{section}.{text}");
                    let message = format!("`{}` is not a valid key", text.escape_debug());
                    self.find(&CI319, key.at, &field, message);
                }
            }
        }
    }

    fn secret_type(&mut self) {
        let object = self.object;
        let Some(text) = object.node.text_of("type") else {
            return;
        };
        let has = |key: &str| {
            let mut sections = ["data", "stringData"].into_iter();
            sections.any(|section| {
                let section = object.node.get(section);
                section.is_some_and(|section| section.get(key).is_some())
            })
        };
        let wanted = OF_TYPE.iter().find(|(known, _)| *known == text);
        let missing = wanted.and_then(|(_, keys)| keys.iter().find(|key| !has(key)));
        let at = object
            .node
            .get("type")
            .map_or(object.node.at, |node| node.at);
        if let Some(missing) = missing {
            let message = format!("a Secret of type `{text}` has no `{missing}`");
            self.find(&CI320, at, "type", message);
        } else if text == "kubernetes.io/basic-auth" && !has("username") && !has("password") {
            let message =
                format!("a Secret of type `{text}` has neither `username` nor `password`");
            self.find(&CI320, at, "type", message);
        } else if text == OF_ACCOUNTS
            && object
                .at(&[
                    "metadata",
                    "annotations",
                    "kubernetes.io/service-account.name",
                ])
                .is_none()
        {
            let message = format!(
                "a Secret of type `{text}` has no annotation `kubernetes.io/service-account.name`"
            );
            self.find(&CI320, at, "type", message);
        }
    }

    fn service(&mut self) {
        let object = self.object;
        let spec = object.spec();
        self.fields(spec, OF_SERVICE_SPEC, "spec");
        for (key, values) in LISTED {
            if let Some(node) = spec.get(key)
                && let Some(text) = node
                    .text()
                    .filter(|text| !text.is_empty() && !is_open(text))
                && !values.contains(&text)
            {
                let listed = values.join("`, `");
                let message = format!("`{}` is not one of `{listed}`", text.escape_debug());
                self.find(&CI316, node.at, &format!("spec.{key}"), message);
            }
        }
        if let Some(affinity) = spec.get("sessionAffinityConfig") {
            let path = "spec.sessionAffinityConfig";
            self.fields(affinity, &[("clientIP", Shape::Map)], path);
            if let Some(client) = affinity.get("clientIP") {
                let fields: Fields = &[("timeoutSeconds", Shape::Integer)];
                self.fields(client, fields, &format!("{path}.clientIP"));
            }
        }
        let of_type = |wanted: &str| spec.text_of("type") == Some(wanted);
        let is_headless = spec.text_of("clusterIP") == Some("None");
        let is_plain = !of_type("NodePort") && !of_type("LoadBalancer");
        let ports = spec.items_of("ports");
        let has_ports = spec
            .get("ports")
            .is_some_and(|node| node.value != Value::Null);
        if ports.is_empty()
            && !of_type("ExternalName")
            && !is_headless
            && (!has_ports
                || matches!(
                    spec.get("ports").map(|node| &node.value),
                    Some(Value::List(_))
                ))
        {
            self.find(&CI317, spec.at, "spec.ports", "there is no port");
        }
        if of_type("ExternalName") && spec.text_of("externalName").is_none_or(str::is_empty) {
            self.find(
                &CI317,
                spec.at,
                "spec.externalName",
                "there is no `externalName`",
            );
        }
        if let Some(node) = spec.get("clusterIP")
            && let Some(text) = node.text().filter(|text| !["", "None"].contains(text))
            && !is_open(text)
            && text.parse::<std::net::IpAddr>().is_err()
        {
            let message = format!("`{}` is not an address", text.escape_debug());
            self.find(&CI319, node.at, "spec.clusterIP", message);
        }
        if let Some(node) = spec.get("externalTrafficPolicy").filter(|_| is_plain)
            && node.text().is_some_and(|text| !text.is_empty())
        {
            let message = "only Services of type NodePort and LoadBalancer have it";
            self.find(&CI319, node.at, "spec.externalTrafficPolicy", message);
        }
        let mut names: BTreeSet<&str> = BTreeSet::new();
        for (index, port) in ports.iter().enumerate() {
            let above = format!("spec.ports[{index}]");
            self.fields(port, OF_PORT, &above);
            self.port(port, &above, is_plain);
            let name = port.text_of("name").unwrap_or_default();
            let at = port.get("name").map_or(port.at, |node| node.at);
            if ports.len() > 1 && name.is_empty() {
                let message = "each of several ports must have a name";
                self.find(&CI317, at, &format!("{above}.name"), message);
            } else if !name.is_empty() && !names.insert(name) {
                let message = format!("another port is called `{}`, too", name.escape_debug());
                self.find(&CI319, at, &format!("{above}.name"), message);
            }
        }
    }

    fn port(&mut self, port: &Node, above: &str, is_plain: bool) {
        let number = |key: &str| match port.get(key).map(|node| (&node.value, node.at)) {
            Some((Value::Int(number), at)) => Some((*number, at)),
            _ => None,
        };
        match number("port") {
            Some((number, at)) if !(1..=65535).contains(&number) => {
                let message = format!("`{number}` is not a port");
                self.find(&CI319, at, &format!("{above}.port"), message);
            }
            None if port
                .get("port")
                .is_none_or(|node| node.value == Value::Null) =>
            {
                self.find(
                    &CI317,
                    port.at,
                    &format!("{above}.port"),
                    "there is no `port`",
                );
            }
            _ => {}
        }
        if let Some((number, at)) = number("targetPort")
            && !(1..=65535).contains(&number)
            // 0 is as if it were not there.
            && number != 0
        {
            let message = format!("`{number}` is not a port");
            self.find(&CI319, at, &format!("{above}.targetPort"), message);
        }
        if let Some((number, at)) = number("nodePort")
            && number != 0
        {
            let message = if is_plain {
                "only Services of type NodePort and LoadBalancer have it".to_owned()
            } else if (30000..=32767).contains(&number) {
                String::new()
            } else {
                format!("`{number}` is not between 30000 and 32767")
            };
            if !message.is_empty() {
                self.find(&CI319, at, &format!("{above}.nodePort"), message);
            }
        }
        for (key, is_good) in [
            ("name", is_label as fn(&str) -> bool),
            ("targetPort", is_port_name),
            ("protocol", is_protocol),
        ] {
            if let Some(node) = port.get(key)
                && let Some(text) = node
                    .text()
                    .filter(|text| !text.is_empty() && !is_open(text))
                && !is_good(text)
            {
                let message = format!("`{}` is not a valid `{key}`", text.escape_debug());
                self.find(&CI319, node.at, &format!("{above}.{key}"), message);
            }
        }
    }
}

/// Whether what is in a template or a variable is still to be filled in.
pub(super) fn is_open(text: &str) -> bool {
    text.contains(['[', '{', '<']) || text.contains("$(") || is_unfilled(text)
}

/// Returns whether a top-level field is what SOPS adds to an object, or what it leaves for people to read: the field
/// `sops`, and beside it those that end with `_unencrypted` (`DefaultUnencryptedSuffix` of sops 3).
pub(super) fn is_of_sops(object: &Node, key: &str) -> bool {
    key == "sops" || key.ends_with("_unencrypted") && object.get("sops").is_some()
}

/// Returns whether a finding is about something that is set before the object is applied: by a kustomization, or by whoever
/// fills in a template.
fn is_set_later(model: &Model<'_>, object: &Object<'_>, finding: &Finding) -> bool {
    let kustomize = &model.kustomize;
    let text = object.node_in(&finding.field).text().unwrap_or_default();
    let is_blank = |text: &str| {
        let is_of_blank = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
        text.contains('_') && text.bytes().all(is_of_blank)
    };
    // Flux gives a namespace in more ways than can be seen here.
    let is_nothing = |text: &str| text == "_" && kustomize.is_of_flux();
    let is_set = match finding.field.as_str() {
        "metadata.name" if finding.rule == &CI321 => {
            has_replaced_word(text)
                || is_nothing(text)
                || kustomize.may_rename(object.file, object.class == Class::Namespace)
        }
        "metadata.namespace" if finding.rule == &CI321 => {
            has_replaced_word(text) || is_nothing(text) || kustomize.gives_namespace(object.file)
        }
        // A part of a Service, with which Flux changes one that is there.
        "spec.ports" if finding.rule == &CI317 => {
            let is_own = |key: &str| object.spec().get(key).is_some();
            !["selector", "type", "ports", "clusterIP"]
                .into_iter()
                .any(is_own)
                && kustomize.is_called_patch(object.file)
        }
        _ => false,
    };
    is_set || is_blank(text) && kustomize.is_called_template(object.file)
}

/// Kinds whose names may hold more than those of others (RBAC).
fn is_free(object: &Object<'_>) -> bool {
    object.group == "rbac.authorization.k8s.io" || object.api_version().is_empty()
}

/// A label of RFC 1123: up to 63 small letters, digits and hyphens.
fn is_label(text: &str) -> bool {
    text.len() <= 63 && is_part(text)
}

pub(super) fn is_part(text: &str) -> bool {
    let is_mark = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(is_mark) && !text.starts_with('-') && !text.ends_with('-')
}

/// A name of IANA's form: up to 15 small letters, digits and hyphens, a letter among them.
fn is_port_name(text: &str) -> bool {
    text.len() <= 15
        && is_part(text)
        && !text.contains("--")
        && text.bytes().any(|byte| byte.is_ascii_lowercase())
}

fn is_protocol(text: &str) -> bool {
    ["TCP", "UDP", "SCTP"].contains(&text)
}

/// A name of up to 63 characters, perhaps behind a DNS name and a slash.
pub(super) fn is_qualified(text: &str) -> bool {
    let (prefix, name) = match text.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, text),
    };
    let is_prefix = |prefix: &str| prefix.len() <= 253 && prefix.split('.').all(is_part);
    !name.is_empty() && is_label_value(name) && prefix.is_none_or(is_prefix)
}

pub(super) fn is_label_value(text: &str) -> bool {
    let is_mark = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let is_edge = |byte: Option<u8>| byte.is_none_or(|byte| byte.is_ascii_alphanumeric());
    text.len() <= 63
        && text.bytes().all(is_mark)
        && is_edge(text.bytes().next())
        && is_edge(text.bytes().last())
}
