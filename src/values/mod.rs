//! The settings of an instance: the chart's defaults, then values files, then `--set`.
//!
//! Keys and defaults are those of the chart fr.uepalparoisse.helm 0.1.1 (`values.yaml`, and for what it
//! writes into its templates, the section `civiIngress`).

pub mod set;

use crate::civiparoisse as chart;
use crate::duration::TraefikDuration;
use crate::fault::{Fault, Faults, Place, did_you_mean};
use crate::name::{DataKey, DnsName, ObjectName};
use crate::visible::may_hold_key;
use crate::yaml::{At, Node, Value};
use std::collections::BTreeMap;

/// Where one PEM text stands: the Secret and its data key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretKeyRef {
    /// Name of the Secret.
    pub secret: ObjectName,
    /// Data key in it.
    pub key: DataKey,
}

/// The settings of one instance.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `externalhost`: the host that browsers ask for.
    pub external_host: Option<DnsName>,
    /// `servername`: what the httpd calls itself; the host by default.
    pub server_name: Option<DnsName>,
    /// `serverstransport`.
    pub transport: TransportSettings,
    /// `httpd`.
    pub httpd: HttpdSettings,
    /// Where the certificate that httpd serves stands (`httpd.serverCertSecret`, `httpd.serverCertField`).
    pub server_cert: SecretKeyRef,
    /// Where its key stands (`httpd.serverKeySecret`, `httpd.serverKeyField`).
    pub server_key: SecretKeyRef,
    /// Where the database's certificate stands.
    pub db_server_cert: SecretKeyRef,
    /// Where its key stands.
    pub db_server_key: SecretKeyRef,
    /// Where the database finds its CA certificate.
    pub db_ca_cert: SecretKeyRef,
    /// Where the database's clients find it.
    pub db_router_ca: SecretKeyRef,
    /// Where the instance's CA certificate stands.
    pub ca_cert: SecretKeyRef,
    /// Where the instance's CA key stands.
    pub ca_key: SecretKeyRef,
    /// Where the database CA's key stands.
    pub db_ca_key: SecretKeyRef,
    /// Where Traefik finds the CA certificate.
    pub trust_bundle: SecretKeyRef,
    /// Secret with Traefik's own pair, for an httpd that asks for one.
    pub client_secret: ObjectName,
    /// Secret with the CA of that pair, for the httpd.
    pub client_ca_secret: ObjectName,
    /// Names of the other objects.
    pub names: Names,
    /// Port of the Service.
    pub port: u16,
    /// Traefik's entry points.
    pub entry_points: Vec<String>,
}

/// Names of objects.
#[derive(Debug, Clone)]
pub struct Names {
    /// ServersTransport.
    pub servers_transport: ObjectName,
    /// IngressRoute.
    pub ingress_route: ObjectName,
    /// Service of httpd, which the chart makes.
    pub service: ObjectName,
    /// Service of the database, which the chart makes.
    pub db_service: ObjectName,
    /// ConfigMap with the httpd's environment.
    pub config_map: ObjectName,
    /// Middleware that retries.
    pub retry: ObjectName,
    /// Middleware that sends Strict-Transport-Security.
    pub hsts: ObjectName,
}

/// Settings of the ServersTransport.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransportSettings {
    /// Idle connections kept for each host; 0 means Go's 2, -1 none (from Traefik 3.4).
    pub max_idle_conns_per_host: i64,
    /// Time to set up a TCP connection.
    pub dial_timeout: TraefikDuration,
    /// Time until the response's header; `0s` for no limit.
    pub response_header_timeout: TraefikDuration,
    /// Idle time after which an HTTP/2 connection is pinged; `0s` for never.
    pub read_idle_timeout: TraefikDuration,
    /// Time after which an idle connection is closed.
    pub idle_conn_timeout: TraefikDuration,
    /// Whether HTTP/2 to the httpd is off.
    pub disable_http2: bool,
}

/// Settings of the httpd: its environment, as the chart's ConfigMap `config-httpd` passes it.
#[derive(Debug, Clone)]
pub struct HttpdSettings {
    /// `SERVER_CERT`: path of the certificate in the container.
    pub server_cert: String,
    /// `SERVER_KEY`: path of the key in the container.
    pub server_key: String,
    /// `MAX_CONNECTIONS_PER_CHILD`.
    pub max_connections_per_child: u32,
    /// `MAX_REQUEST_WORKERS`.
    pub max_request_workers: u32,
    /// `SERVER_LIMIT`.
    pub server_limit: u32,
    /// `START_SERVERS`.
    pub start_servers: u32,
    /// `MIN_SPARE_SERVERS`.
    pub min_spare_servers: u32,
    /// `MAX_SPARE_SERVERS`.
    pub max_spare_servers: u32,
    /// `LISTEN_BACKLOG`: 1 keeps waiting connections in the kernel's queue, under Traefik's dial timeout.
    pub listen_backlog: u32,
}

impl Default for Settings {
    fn default() -> Self {
        let name = |text| ObjectName::parse(text).expect("the chart's names are valid");
        let at = |secret, key| SecretKeyRef {
            secret: name(secret),
            key: DataKey::parse(key).expect("the chart's keys are valid"),
        };
        let seconds = TraefikDuration::from_seconds;
        Self {
            external_host: None,
            server_name: None,
            transport: TransportSettings {
                max_idle_conns_per_host: 0,
                dial_timeout: seconds(60),
                response_header_timeout: seconds(0),
                read_idle_timeout: seconds(0),
                idle_conn_timeout: seconds(1),
                disable_http2: true,
            },
            httpd: HttpdSettings {
                server_cert: chart::HTTPD_CERT_FILE.to_owned(),
                server_key: chart::HTTPD_KEY_FILE.to_owned(),
                max_connections_per_child: 1,
                max_request_workers: 4,
                server_limit: 4,
                start_servers: 4,
                min_spare_servers: 1,
                max_spare_servers: 4,
                listen_backlog: 1,
            },
            server_cert: at(chart::KEYS_SECRET, chart::HTTPD_CERT),
            server_key: at(chart::KEYS_SECRET, chart::HTTPD_KEY),
            db_server_cert: at(chart::KEYS_SECRET, chart::DATABASE_CERT),
            db_server_key: at(chart::KEYS_SECRET, chart::DATABASE_KEY),
            db_ca_cert: at(chart::KEYS_SECRET, chart::DATABASE_CA_CERT),
            db_router_ca: at(chart::KEYS_SECRET, chart::DATABASE_CA_CERT),
            ca_cert: at(chart::KEYS_SECRET, chart::CA_CERT),
            ca_key: at(chart::KEYS_SECRET, chart::CA_KEY),
            db_ca_key: at(chart::KEYS_SECRET, chart::DATABASE_CA_KEY),
            // Not the chart's `tls.crt`: Traefik reads that only while it is the Secret's one key,
            // and says that version 4 will not (loadCASecret, pkg/provider/kubernetes/crd/kubernetes.go, v3.7.9).
            trust_bundle: at(chart::TRUST_SECRET, "ca.crt"),
            client_secret: name(chart::CLIENT_SECRET),
            client_ca_secret: name(chart::CLIENT_CA_SECRET),
            names: Names {
                servers_transport: name(chart::SERVERS_TRANSPORT),
                ingress_route: name(chart::INGRESS_ROUTE),
                service: name(chart::HTTPD_SERVICE),
                db_service: name(chart::DATABASE_SERVICE),
                config_map: name(chart::HTTPD_CONFIG),
                retry: name("retry-handshake"),
                hsts: name("hsts"),
            },
            port: 443,
            entry_points: vec!["websecure".to_owned()],
        }
    }
}

/// Every key that is read, by its path.
pub const KEYS: &[&str] = &[
    "externalhost",
    "servername",
    "serverstransport.maxIdleConnsPerHost",
    "serverstransport.dialTimeout",
    "serverstransport.responseHeaderTimeout",
    "serverstransport.readIdleTimeout",
    "serverstransport.idleConnTimeout",
    "httpd.serverCert",
    "httpd.serverCertField",
    "httpd.serverCertSecret",
    "httpd.serverKey",
    "httpd.serverKeyField",
    "httpd.serverKeySecret",
    "httpd.internMaxConnectionsPerChild",
    "httpd.internMaxRequestWorkers",
    "httpd.internMaxSpareServers",
    "httpd.internMinSpareServers",
    "httpd.internServerLimit",
    "httpd.internStartServers",
    "httpd.listenBacklog",
    "db.dbserverCertField",
    "db.dbserverCertSecret",
    "db.dbserverKeyField",
    "db.dbserverKeySecret",
    "db.dbcaCertField",
    "db.dbcaCertSecret",
    "db.dbrouterCaField",
    "db.dbrouterCaSecret",
    "civiIngress.disableHTTP2",
    "civiIngress.entryPoints",
    "civiIngress.servicePort",
    "civiIngress.names.service",
    "civiIngress.names.dbService",
    "civiIngress.names.serversTransport",
    "civiIngress.names.ingressRoute",
    "civiIngress.names.configMap",
    "civiIngress.names.retryMiddleware",
    "civiIngress.names.hstsMiddleware",
    "civiIngress.names.caSecret",
    "civiIngress.names.trustSecret",
    "civiIngress.names.clientSecret",
    "civiIngress.names.clientCaSecret",
    "civiIngress.keys.caCert",
    "civiIngress.keys.caKey",
    "civiIngress.keys.dbCaKey",
    "civiIngress.keys.trustBundle",
];

/// Sections that hold nothing but what is read here: any other key in them is a mistake.
const OWN_SECTIONS: &[&str] = &["serverstransport", "civiIngress"];

/// Sections and keys of the chart that do not concern the ingress.
const OTHER_KEYS: &[&str] = &[
    "imageVersion",
    "storageClassName",
    "mail",
    "init",
    "limits",
    "replicas",
    "cron",
];

/// A value and where it comes from.
#[derive(Debug, Clone)]
pub struct ValueLeaf {
    /// The value.
    pub value: Value,
    /// Its place in a file or on the command line.
    pub place: Place,
}

/// Layers of values by path (`a.b.c`); a later layer wins, mappings merge, lists are replaced.
#[derive(Debug, Default)]
pub struct Layers(BTreeMap<String, ValueLeaf>);

impl Layers {
    /// Lays a values file over what is there.
    ///
    /// # Errors
    /// A file that is not a mapping.
    pub fn add_file(&mut self, file: &str, node: &Node) -> Result<(), Fault> {
        match &node.value {
            Value::Map(_) => self.add_node("", node, &|at| at.place(file)),
            Value::Null => {}
            _ => {
                let what = format!("the values are {}, not a mapping", node.kind());
                return Err(Fault::new(what).at(node.at.place(file)));
            }
        }
        Ok(())
    }

    /// Lays one value over what is there.
    pub fn add(&mut self, path: &str, value: Value, place: Place) {
        for above in ancestors(path) {
            self.0.remove(above);
        }
        // Those below stand together, between the path with `.` and with the character after it.
        let below = format!("{path}.")..format!("{path}/");
        let below: Vec<String> = self
            .0
            .range(below)
            .map(|(known, _)| known.clone())
            .collect();
        for known in below {
            self.0.remove(&known);
        }
        self.0.insert(path.to_owned(), ValueLeaf { value, place });
    }

    fn add_node(&mut self, prefix: &str, node: &Node, place: &dyn Fn(At) -> Place) {
        let Value::Map(entries) = &node.value else {
            self.add(prefix, node.value.clone(), place(node.at));
            return;
        };
        for (key, child) in entries {
            // A dot in a key cannot be one of ours; keep it apart from a path.
            let text = key.text.replace('.', "\\.");
            let path = if prefix.is_empty() {
                text
            } else {
                format!("{prefix}.{text}")
            };
            match &child.value {
                Value::Map(_) => self.add_node(&path, child, place),
                // The key's place, which is where a misspelling is, and where the line begins.
                _ => self.add(&path, child.value.clone(), place(key.at)),
            }
        }
    }

    /// Returns the settings: the chart's defaults with these values over them.
    ///
    /// # Errors
    /// All values of a wrong type or form, and all keys that look like a misspelt one of ours.
    pub fn settings(&self) -> Result<Settings, Vec<Fault>> {
        let mut settings = Settings::default();
        let mut faults = Faults::default();
        for (path, leaf) in &self.0 {
            let result = match &leaf.value {
                // Helm takes null for "not set".
                Value::Null if KEYS.contains(&path.as_str()) => Ok(true),
                Value::Null if KEYS.iter().any(|key| is_below(key, path)) => Ok(true),
                value => settings.set(path, value),
            };
            let result = result.and_then(|known| if known { Ok(()) } else { check_unknown(path) });
            faults.keep(result.map_err(|fault| fault.at(leaf.place.clone())));
        }
        faults.finish(Some(settings))
    }
}

/// Returns the paths above a path; a dot behind a backslash belongs to a key.
fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    let dots = path.match_indices('.').map(|(at, _)| &path[..at]);
    dots.filter(|above| !above.ends_with('\\'))
}

/// Returns whether a values file has a key that the chart of Civiparoisse has; so has an empty one.
#[must_use]
pub fn is_of_chart(node: &Node) -> bool {
    let Value::Map(entries) = &node.value else {
        return true;
    };
    let is_ours = |key: &str| {
        let mut ours = KEYS.iter();
        OTHER_KEYS.contains(&key) || ours.any(|path| *path == key || is_below(path, key))
    };
    entries.is_empty() || entries.iter().any(|(key, _)| is_ours(&key.text))
}

pub(crate) fn is_below(path: &str, ancestor: &str) -> bool {
    path.strip_prefix(ancestor)
        .is_some_and(|rest| rest.starts_with('.'))
}

/// Refuses a key that was probably meant to be one of ours, and lets all others pass.
fn check_unknown(path: &str) -> Result<(), Fault> {
    let unknown = |hint: Option<&str>| {
        let fault = Fault::new(format!("unknown key `{}`", path.escape_debug()));
        Err(match hint {
            Some(key) => fault.help(format!("did you mean `{key}`?")),
            None => {
                fault.help("`civi-ingress new-instance --help` names the page that lists the keys")
            }
        })
    };
    let section = path.split('.').next().unwrap_or(path);
    if OTHER_KEYS.contains(&section) {
        return Ok(());
    }
    let mut ours: Vec<&str> = KEYS
        .iter()
        .map(|key| key.split('.').next().unwrap_or(key))
        .collect();
    ours.dedup();
    if !ours.contains(&section) {
        return match did_you_mean(
            section,
            ours.iter().copied().chain(OTHER_KEYS.iter().copied()),
        ) {
            Some(meant) if ours.contains(&meant) => unknown(Some(meant)),
            _ => Ok(()),
        };
    }
    if path == section {
        return Err(
            Fault::new(format!("`{section}` is a mapping, not a single value")).help(format!(
                "write its keys below it, such as `{}`",
                KEYS.iter()
                    .find(|key| is_below(key, section))
                    .unwrap_or(&section)
            )),
        );
    }
    if KEYS.contains(&section) {
        return Err(Fault::new(format!(
            "`{section}` is a string, not a mapping"
        )));
    }
    let near = did_you_mean(
        path,
        KEYS.iter().copied().filter(|key| is_below(key, section)),
    );
    if near.is_some() || OWN_SECTIONS.contains(&section) {
        return unknown(near);
    }
    Ok(())
}

impl Settings {
    /// Sets what `path` names; says whether it names anything.
    fn set(&mut self, path: &str, value: &Value) -> Result<bool, Fault> {
        match path {
            "externalhost" => self.external_host = Some(DnsName::parse_public(text(value)?)?),
            "servername" => self.server_name = Some(DnsName::parse(text(value)?)?),
            "serverstransport.maxIdleConnsPerHost" => {
                self.transport.max_idle_conns_per_host = number(value, -1, i64::from(i32::MAX))?;
            }
            "serverstransport.dialTimeout" => self.transport.dial_timeout = duration(value)?,
            "serverstransport.responseHeaderTimeout" => {
                self.transport.response_header_timeout = duration(value)?;
            }
            "serverstransport.readIdleTimeout" => {
                self.transport.read_idle_timeout = duration(value)?;
            }
            "serverstransport.idleConnTimeout" => {
                self.transport.idle_conn_timeout = duration(value)?;
            }
            "httpd.serverCert" => self.httpd.server_cert = container_path(value)?,
            "httpd.serverKey" => self.httpd.server_key = container_path(value)?,
            "httpd.internMaxConnectionsPerChild" => {
                self.httpd.max_connections_per_child = count(value, 0)?;
            }
            "httpd.internMaxRequestWorkers" => self.httpd.max_request_workers = count(value, 1)?,
            "httpd.internMaxSpareServers" => self.httpd.max_spare_servers = count(value, 1)?,
            "httpd.internMinSpareServers" => self.httpd.min_spare_servers = count(value, 1)?,
            "httpd.internServerLimit" => self.httpd.server_limit = count(value, 1)?,
            "httpd.internStartServers" => self.httpd.start_servers = count(value, 1)?,
            // httpd refuses to start with 0 (mpm_common, ListenBacklog).
            "httpd.listenBacklog" => self.httpd.listen_backlog = count(value, 1)?,
            "civiIngress.disableHTTP2" => self.transport.disable_http2 = boolean(value)?,
            "civiIngress.entryPoints" => self.entry_points = entry_points(value)?,
            "civiIngress.servicePort" => {
                self.port = u16::try_from(number(value, 1, 65_535)?).unwrap_or(self.port);
            }
            "civiIngress.names.service" => self.names.service = service_name(value)?,
            "civiIngress.names.dbService" => self.names.db_service = service_name(value)?,
            "civiIngress.names.caSecret" => {
                let secret = ObjectName::parse(text(value)?)?;
                for place in [&mut self.ca_cert, &mut self.ca_key, &mut self.db_ca_key] {
                    place.secret = secret.clone();
                }
            }
            _ => {
                if let Some(name) = self.object_name(path) {
                    *name = ObjectName::parse(text(value)?)?;
                } else if let Some(key) = self.data_key(path) {
                    *key = DataKey::parse(text(value)?)?;
                } else {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn object_name(&mut self, path: &str) -> Option<&mut ObjectName> {
        Some(match path {
            "httpd.serverCertSecret" => &mut self.server_cert.secret,
            "httpd.serverKeySecret" => &mut self.server_key.secret,
            "db.dbserverCertSecret" => &mut self.db_server_cert.secret,
            "db.dbserverKeySecret" => &mut self.db_server_key.secret,
            "db.dbcaCertSecret" => &mut self.db_ca_cert.secret,
            "db.dbrouterCaSecret" => &mut self.db_router_ca.secret,
            "civiIngress.names.trustSecret" => &mut self.trust_bundle.secret,
            "civiIngress.names.clientSecret" => &mut self.client_secret,
            "civiIngress.names.clientCaSecret" => &mut self.client_ca_secret,
            "civiIngress.names.serversTransport" => &mut self.names.servers_transport,
            "civiIngress.names.ingressRoute" => &mut self.names.ingress_route,
            "civiIngress.names.configMap" => &mut self.names.config_map,
            "civiIngress.names.retryMiddleware" => &mut self.names.retry,
            "civiIngress.names.hstsMiddleware" => &mut self.names.hsts,
            _ => return None,
        })
    }

    fn data_key(&mut self, path: &str) -> Option<&mut DataKey> {
        Some(match path {
            "httpd.serverCertField" => &mut self.server_cert.key,
            "httpd.serverKeyField" => &mut self.server_key.key,
            "db.dbserverCertField" => &mut self.db_server_cert.key,
            "db.dbserverKeyField" => &mut self.db_server_key.key,
            "db.dbcaCertField" => &mut self.db_ca_cert.key,
            "db.dbrouterCaField" => &mut self.db_router_ca.key,
            "civiIngress.keys.caCert" => &mut self.ca_cert.key,
            "civiIngress.keys.caKey" => &mut self.ca_key.key,
            "civiIngress.keys.dbCaKey" => &mut self.db_ca_key.key,
            "civiIngress.keys.trustBundle" => &mut self.trust_bundle.key,
            _ => return None,
        })
    }
}

/// Most characters of a value that an error quotes.
const LONGEST_QUOTED: usize = 80;

pub(crate) fn wrong_type(value: &Value, wanted: &str, help: &str) -> Fault {
    let found = match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(flag) => format!("the boolean `{flag}`"),
        Value::Int(number) => format!("the number `{number}`"),
        Value::Float(number) => format!("the number `{number}`"),
        Value::Text(text) if may_hold_key(text) => "what may be a private key".to_owned(),
        Value::Text(text) if text.chars().count() > LONGEST_QUOTED => {
            let start: String = text.chars().take(LONGEST_QUOTED).collect();
            format!("the string `{}…`", start.escape_debug())
        }
        Value::Text(text) => format!("the string `{}`", text.escape_debug()),
        Value::Ambiguous(text) => {
            let what = format!(
                "`{}` means different things to readers of YAML 1.1 and 1.2",
                text.escape_debug()
            );
            return Fault::new(what).help(format!(
                "write {wanted} unambiguously; a string goes in quotes"
            ));
        }
        Value::List(_) => "a list".to_owned(),
        Value::Map(_) => "a mapping".to_owned(),
    };
    Fault::new(format!("{wanted} is needed here, not {found}")).help(help)
}

fn text(value: &Value) -> Result<&str, Fault> {
    match value {
        Value::Text(text) => Ok(text),
        other => Err(wrong_type(
            other,
            "a string",
            "put the value in quotes if it is meant as text",
        )),
    }
}

fn number(value: &Value, least: i64, most: i64) -> Result<i64, Fault> {
    let number = match value {
        Value::Int(number) => Some(*number),
        // The chart prints a quoted number like a bare one.
        Value::Text(text) if !text.starts_with('+') => text.parse().ok(),
        _ => None,
    };
    let number = number.ok_or_else(|| {
        wrong_type(
            value,
            "a whole number",
            "write it in digits, without quotes",
        )
    })?;
    if (least..=most).contains(&number) {
        return Ok(number);
    }
    Err(Fault::new(format!("{number} is out of range")).help(format!("use {least} to {most}")))
}

fn count(value: &Value, least: i64) -> Result<u32, Fault> {
    let number = number(value, least, 1_000_000)?;
    Ok(u32::try_from(number).unwrap_or_default())
}

fn boolean(value: &Value) -> Result<bool, Fault> {
    match value {
        Value::Bool(flag) => Ok(*flag),
        other => Err(wrong_type(
            other,
            "a boolean",
            "write `true` or `false`, without quotes",
        )),
    }
}

pub(crate) fn duration(value: &Value) -> Result<TraefikDuration, Fault> {
    let help = "use whole numbers with a unit, such as `60s`";
    match value {
        Value::Text(text) => TraefikDuration::parse(text),
        Value::Int(seconds) => u32::try_from(*seconds)
            .map(TraefikDuration::from_seconds)
            .map_err(|_| Fault::new(format!("`{seconds}` is not a duration")).help(help)),
        other => Err(wrong_type(other, "a duration", help)),
    }
}

fn container_path(value: &Value) -> Result<String, Fault> {
    let path = text(value)?;
    if path.starts_with('/') && !path.chars().any(char::is_control) {
        return Ok(path.to_owned());
    }
    Err(
        Fault::new(format!("`{}` is not an absolute path", path.escape_debug()))
            .help("start it with `/`"),
    )
}

/// A Service's name is an RFC 1035 label: no dot, and a letter first (Kubernetes, concepts/services-networking).
fn service_name(value: &Value) -> Result<ObjectName, Fault> {
    let text = text(value)?;
    let name = ObjectName::parse(text)?;
    if text.starts_with(|c: char| c.is_ascii_lowercase()) && !text.contains('.') && text.len() <= 63
    {
        return Ok(name);
    }
    Err(Fault::new(format!("`{name}` is not a valid Service name"))
        .help("start with a letter; no dots, at most 63 characters"))
}

fn entry_points(value: &Value) -> Result<Vec<String>, Fault> {
    let help = "write a list of entry point names: `[websecure]`, or `{websecure}` after --set";
    let Value::List(items) = value else {
        return Err(wrong_type(value, "a list", help));
    };
    let names: Vec<String> = items
        .iter()
        .map(|item| text(&item.value).map(str::to_owned))
        .collect::<Result<_, _>>()?;
    let well_formed = |name: &String| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    if names.is_empty() || !names.iter().all(well_formed) {
        // An empty list would mean all of Traefik's default entry points, plain HTTP among them.
        return Err(Fault::new("the entry points are empty or not well formed").help(help));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    fn layers(files: &[&str]) -> Layers {
        let mut layers = Layers::default();
        for (index, text) in files.iter().enumerate() {
            let file = format!("{}.yaml", index + 1);
            layers
                .add_file(&file, &yaml::read(text, &file).unwrap())
                .unwrap();
        }
        layers
    }

    fn faults(text: &str) -> Vec<String> {
        layers(&[text])
            .settings()
            .unwrap_err()
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn every_key_in_the_table_is_read() {
        for key in KEYS {
            let tried = [
                Value::Text("/a.b".into()),
                Value::Text("a.b".into()),
                Value::Text("ab".into()),
                Value::Text("60s".into()),
                Value::Int(5),
                Value::Bool(true),
                Value::List(vec![Node {
                    value: Value::Text("web".into()),
                    at: At::default(),
                }]),
            ];
            let taken = tried
                .iter()
                .any(|value| Settings::default().set(key, value) == Ok(true));
            assert!(taken, "{key}");
        }
        assert_eq!(Settings::default().set("other", &Value::Null), Ok(false));
    }

    #[test]
    fn later_files_win_and_mappings_merge() {
        let settings = layers(&[
            "externalhost: a.example.org\nserverstransport: {dialTimeout: 5s, idleConnTimeout: 2}\n",
            "serverstransport:\n  dialTimeout: 90s\n",
        ])
        .settings()
        .unwrap();
        assert_eq!(settings.transport.dial_timeout.as_str(), "90s");
        assert_eq!(settings.transport.idle_conn_timeout.as_str(), "2s");
        assert_eq!(settings.external_host.unwrap().as_str(), "a.example.org");
    }

    #[test]
    fn null_brings_the_default_back() {
        let settings = layers(&[
            "httpd: {listenBacklog: 9}\n",
            "httpd: {listenBacklog: null}\n",
        ])
        .settings()
        .unwrap();
        assert_eq!(settings.httpd.listen_backlog, 1);
    }

    #[test]
    fn what_does_not_concern_the_ingress_is_ignored() {
        let text = "imageVersion: latest\nmail: {serverKeyField: x}\ninit: {trustedHostPatterns: \"['^a\\\\.b$']\"}\n\
                    limits: {httpd: {memory: 1Gi}}\nreplicas: {db: 1}\ncron: {suspend: false}\nextra: [1]\nhttpd: {image: x}\n";
        assert!(layers(&[text]).settings().is_ok());
    }

    #[test]
    fn a_misspelt_key_is_refused_with_its_place_and_the_key_that_was_meant() {
        let text = "externalHots: a.b\nserverstransport:\n  dialTimout: 60s\nhttpd:\n  listenBackLog: 1\nciviIngress: {nmes: {service: x}}\n";
        let found = layers(&[text]).settings().unwrap_err();
        let hints: Vec<_> = found
            .iter()
            .map(|fault| fault.help.clone().unwrap_or_default())
            .collect();
        assert_eq!(
            faults(text),
            [
                "1.yaml:6:22: unknown key `civiIngress.nmes.service`",
                "1.yaml:1:1: unknown key `externalHots`",
                "1.yaml:5:3: unknown key `httpd.listenBackLog`",
                "1.yaml:3:3: unknown key `serverstransport.dialTimout`",
            ]
        );
        assert_eq!(
            hints,
            [
                "did you mean `civiIngress.names.service`?",
                "did you mean `externalhost`?",
                "did you mean `httpd.listenBacklog`?",
                "did you mean `serverstransport.dialTimeout`?",
            ]
        );
    }

    #[test]
    fn all_values_of_a_wrong_type_are_reported_at_once() {
        let text = "externalhost: 7\nservername: on\nserverstransport: {dialTimeout: -1s, maxIdleConnsPerHost: many}\n\
                    httpd: {listenBacklog: 0, serverCert: relative, serverCertField: a/b}\nciviIngress: {entryPoints: [], disableHTTP2: \"no\"}\n";
        assert_eq!(faults(text).len(), 9);
    }

    #[test]
    fn a_value_replaces_what_is_above_and_below_it_and_nothing_beside_it() {
        let mut layers = Layers::default();
        for path in ["a.b.c", "a.b.d", "a.b-e", "a.b0", "a.bc", "x", "a.b"] {
            layers.add(path, Value::Null, Place::File("f".into()));
        }
        let paths = |layers: &Layers| layers.0.keys().cloned().collect::<Vec<_>>();
        assert_eq!(paths(&layers), ["a.b", "a.b-e", "a.b0", "a.bc", "x"]);
        layers.add("a.b.c", Value::Null, Place::File("f".into()));
        layers.add("x.y\\.z", Value::Null, Place::File("f".into()));
        assert_eq!(
            paths(&layers),
            ["a.b-e", "a.b.c", "a.b0", "a.bc", "x.y\\.z"]
        );
    }

    #[test]
    fn a_scalar_replaces_a_mapping_and_the_other_way_round() {
        assert_eq!(
            faults("externalhost: {a: b.c}\n"),
            ["1.yaml:1:16: `externalhost` is a string, not a mapping"]
        );
        assert!(
            layers(&[
                "serverstransport: x\n",
                "serverstransport: {dialTimeout: 1s}\n"
            ])
            .settings()
            .is_ok()
        );
    }
}
