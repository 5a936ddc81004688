//! A Traefik outside of a cluster, which is told everything by files: its options, its routes, certificates and keys.
//!
//! Sources: `pkg/config/static`, `pkg/config/dynamic` and `pkg/provider/file` of Traefik v2.11.53 and v3.7.13. What its file
//! provider reads has the same fields in all of them, but for a transport for TCP ([`TransportTcp`]).

use crate::chart::ReadTimeout;
use crate::cidr::Cidr;
use crate::civiparoisse::{CLIENTS_SECRET, WILDCARD_SECRET};
use crate::fault::Fault;
use crate::ingress::traefik::{RETRY_INTERVAL, rule};
use crate::instance::Instance;
use crate::load_balancer::LoadBalancer;
use crate::manifest::Field;
use crate::name::Namespace;
use crate::path::Path;
use crate::path::arrival::Arrival;
use crate::path::expand::{Topology, TopologyName, expand};
use crate::path::files::{self, FilePath};
use crate::path::hop::{Client, Inward, Outward, Place, Shown};
use crate::release::{Release, TransportTcp};
use crate::values::TransportSettings;
use crate::yaml;
use std::fmt;
use std::net::Ipv6Addr;

/// A YAML file: the template, and what it places.
pub type FileText = (&'static str, Vec<(&'static str, Field)>);

/// A Traefik that is told everything by files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraefikFiles {
    /// Its release.
    pub release: Release,
    /// Where it finds the files.
    pub home: FilesHome,
}

/// The directory with its files, on the machine or in the container where Traefik runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilesHome(String);

impl Default for FilesHome {
    fn default() -> Self {
        Self("/etc/traefik".to_owned())
    }
}

impl FilesHome {
    /// Parses an absolute path.
    ///
    /// # Errors
    /// Another one, and names of other characters than letters, digits, `.`, `_` and `-`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let is_name = |name: &str| {
            let is_of_name = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            !matches!(name, "" | "." | "..") && name.chars().all(is_of_name)
        };
        let is_path = text.strip_prefix('/');
        if is_path.is_some_and(|below| below.split('/').all(is_name)) {
            return Ok(Self(text.to_owned()));
        }
        let what = format!("`{}` is not the path of a directory", text.escape_debug());
        let help = "begin it with `/`, and use letters, digits, `.`, `_` and `-`: `/etc/traefik`";
        Err(Fault::new(what).help(help))
    }

    /// Returns the path of a value of a Secret.
    #[must_use]
    pub fn secret(&self, namespace: &str, secret: &str, key: &str) -> String {
        let name = secret_file_name(namespace, secret, key);
        format!("{}/{SECRETS_FOLDER}/{name}", self.0)
    }

    /// Returns the path of the folder that Traefik watches.
    fn dynamic(&self) -> String {
        format!("{}/{DYNAMIC_FOLDER}", self.0)
    }
}

impl fmt::Display for FilesHome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Name of the file with its options.
pub const OPTIONS_FILE: &str = "traefik.yaml";
/// Folder of the files that Traefik watches.
pub const DYNAMIC_FOLDER: &str = "dynamic";
/// Folder of the files with values of Secrets.
pub const SECRETS_FOLDER: &str = "secrets";

/// Returns the name of the file with a value of a Secret. No name of an object has an underscore, so that the first two
/// part it.
#[must_use]
pub fn secret_file_name(namespace: &str, secret: &str, key: &str) -> String {
    format!("{namespace}_{secret}_{key}")
}

/// Where Traefik reaches an httpd: a host, such as a service of Docker, and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpdAddress {
    /// The host, an IPv6 address in brackets.
    host: String,
    port: u16,
}

impl HttpdAddress {
    /// Returns the address of a host, or the usual one of an instance: a host of the name of its namespace.
    #[must_use]
    pub fn usual(namespace: &Namespace, port: u16) -> Self {
        Self {
            host: namespace.to_string(),
            port,
        }
    }

    /// Parses `HOST:PORT`, or `HOST` for port 443.
    ///
    /// # Errors
    /// A URL, a port outside 1 to 65535, a host of other characters than letters, digits, and `.`, `_` and `-` between them.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let refused = || {
            let what = format!("`{}` is not a host with a port", text.escape_debug());
            Fault::new(what).help("write it as `paroisse-a:443`, without `https://`")
        };
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port),
            _ => (text, "443"),
        };
        let in_brackets = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        let is_host = match in_brackets {
            Some(address) => address.parse::<Ipv6Addr>().is_ok(),
            None => host.len() <= 253 && host.split('.').all(is_label),
        };
        let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port.parse::<u16>().ok().filter(|port| *port > 0);
        match port.filter(|_| is_host && is_number) {
            Some(port) => Ok(Self {
                host: host.to_owned(),
                port,
            }),
            None => Err(refused()),
        }
    }
}

/// Returns whether a part of a host is one, which of a service of Docker may have underscores.
fn is_label(text: &str) -> bool {
    let is_within = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    let is_edge = |c: char| c.is_ascii_alphanumeric();
    text.starts_with(is_edge) && text.ends_with(is_edge) && text.chars().all(is_within)
}

impl fmt::Display for HttpdAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// Refuses a topology that is not written in files.
///
/// # Errors
/// Why it is not.
pub fn check_topology(topology: TopologyName) -> Result<(), Fault> {
    match topology {
        TopologyName::Direct | TopologyName::TcpProxy | TopologyName::Passthrough => Ok(()),
        TopologyName::Offload | TopologyName::Inspect | TopologyName::InspectTwice => {
            let what = format!(
                "`{}` is not written for a Traefik of files",
                topology.as_str()
            );
            let help = "use `direct`, `tcp-proxy` or `passthrough`, or the ingress `traefik`";
            Err(Fault::new(what).help(help))
        }
    }
}

/// Refuses a load balancer that a Service of a cluster asks for.
///
/// # Errors
/// That nothing would ask for it.
pub fn check_balancer(balancer: &LoadBalancer) -> Result<(), Fault> {
    if !balancer.kind.is_asked_for_by_service() {
        return Ok(());
    }
    let what = format!(
        "{} is asked for by the Service of a Traefik in the cluster, and this one is outside",
        balancer.kind.title()
    );
    Err(Fault::new(what).help("use `haproxy` or `terraform`"))
}

impl TraefikFiles {
    /// Returns its options, as a file that it reads at its start.
    #[must_use]
    pub fn options(&self, arrival: &Arrival) -> FileText {
        let announcing = arrival.announcing().iter();
        let fields = vec![
            ("announcing", announcing.map(Cidr::to_string).collect()),
            ("read_timeout", ReadTimeout::DEFAULT.to_string().into()),
            ("directory", self.home.dynamic().into()),
        ];
        ("traefik-file/static.yaml", fields)
    }

    /// Returns the file with the certificate that is shown where no other one fits: that of the Secret of the wildcard.
    #[must_use]
    pub fn store(&self, namespace: &Namespace) -> FileText {
        let value = |key| self.home.secret(namespace.as_str(), WILDCARD_SECRET, key);
        let fields = vec![
            ("certificate", value("tls.crt").into()),
            ("key", value("tls.key").into()),
        ];
        ("traefik-file/store.yaml", fields)
    }

    /// Returns the file that leads requests to an instance.
    #[must_use]
    pub fn routes(&self, topology: Topology, instance: &Instance) -> FileText {
        let path = expand(topology, instance, None);
        let address = address(instance);
        match &path.outward {
            Outward::Tls(client) => self.ending(instance, &path, client, &address),
            _ => self.passing(instance, &path, &address),
        }
    }

    /// Reads a file back that leads requests to an instance: a template of a user may say anything.
    ///
    /// # Errors
    /// That it leads them elsewhere, or in another way.
    pub fn check_back(
        &self,
        text: &str,
        topology: Topology,
        instance: &Instance,
    ) -> Result<(), Fault> {
        let path = Path {
            httpd: None,
            ..expand(topology, instance, None)
        };
        let wanted = FilePath {
            path,
            address: address(instance).to_string(),
        };
        let found = yaml::read(text, "-")?;
        if files::read(&found, self.release) == [wanted] {
            return Ok(());
        }
        let what = format!(
            "the template does not lead the requests for {} as it must",
            instance.host()
        );
        let help = "keep the lines of the built-in template that insert the rule, the address, the name, the CAs and the certificate";
        Err(Fault::new(what).help(help))
    }

    /// Traefik ends the TLS of browsers.
    fn ending(
        &self,
        instance: &Instance,
        path: &Path,
        client: &Client,
        address: &HttpdAddress,
    ) -> FileText {
        let (namespace, extras) = (instance.namespace.as_str(), &instance.extras);
        let value = |secret: &str, key: &str| self.home.secret(namespace, secret, key);
        let pair = |place: Option<&Place>| {
            let file = |key| Field::from(place.map(|place| value(&place.name, key)));
            ["tls.crt", "tls.key"].map(file)
        };
        let shown = match &path.inward {
            Inward::Tls(Shown::Secrets(places)) => places.first(),
            _ => None,
        };
        let [front_cert, front_key] = pair(shown);
        let [shows_cert, shows_key] = pair(client.shows.as_ref());
        let (retry, hsts) = (format!("{namespace}-retry"), format!("{namespace}-hsts"));
        let attempts = extras
            .retry_attempts
            .map(|number| Field::Number(number.into()));
        let seconds = extras
            .hsts_seconds
            .map(|number| Field::Number(number.into()));
        let middlewares = [
            attempts.as_ref().map(|_| retry.as_str()),
            seconds.as_ref().map(|_| hsts.as_str()),
        ];
        let authorities = instance.trusted().into_iter();
        let authorities = authorities.map(|at| value(at.secret.as_str(), at.key.as_str()));
        let clients = extras
            .clients
            .as_ref()
            .map(|_| value(CLIENTS_SECRET, "ca.crt"));
        let mut fields = vec![
            ("name", namespace.into()),
            ("rule", rule("Host", &path.hosts).into()),
            ("middlewares", middlewares.into_iter().flatten().collect()),
            ("retry", retry.as_str().into()),
            ("attempts", attempts.into()),
            ("initial_interval", RETRY_INTERVAL.into()),
            ("hsts", hsts.as_str().into()),
            ("hsts_seconds", seconds.into()),
            ("url", format!("https://{address}").into()),
            ("server_name", client.expects.as_deref().into()),
            ("authorities", authorities.collect()),
            ("shows_cert", shows_cert),
            ("shows_key", shows_key),
            ("front_cert", front_cert),
            ("front_key", front_key),
            ("clients", clients.into()),
        ];
        fields.extend(speaking(&instance.settings.transport));
        ("traefik-file/http.yaml", fields)
    }

    /// The TLS of browsers goes on as it is.
    fn passing(&self, instance: &Instance, path: &Path, address: &HttpdAddress) -> FileText {
        let version = |is_here: bool| {
            let version = path.proxy.filter(|_| is_here);
            version.map_or(Field::Nothing, |version| Field::Number(version.number()))
        };
        let known = self.release.transport_tcp();
        let sends = known == TransportTcp::SendsProxyProtocol;
        // Since 3.5.2 what a service says of the PROXY protocol does not count beside a transport: no text has both.
        let dials = known == TransportTcp::Dials && path.proxy.is_none();
        let dial_timeout = instance.settings.transport.dial_timeout.as_str();
        let fields = vec![
            ("name", instance.namespace.as_str().into()),
            ("rule", rule("HostSNI", &path.hosts).into()),
            ("address", address.to_string().into()),
            ("dial_timeout", dial_timeout.into()),
            ("is_dialled", Field::Bool(sends || dials)),
            ("by_transport", version(sends)),
            ("by_service", version(!sends)),
        ];
        ("traefik-file/tcp.yaml", fields)
    }
}

/// Returns where Traefik reaches the httpd of an instance.
fn address(instance: &Instance) -> HttpdAddress {
    let usual = || HttpdAddress::usual(&instance.namespace, instance.settings.port);
    instance.extras.httpd.clone().unwrap_or_else(usual)
}

/// Returns how http is spoken to an httpd.
fn speaking(transport: &TransportSettings) -> Vec<(&'static str, Field)> {
    let durations = [
        ("dial_timeout", &transport.dial_timeout),
        (
            "response_header_timeout",
            &transport.response_header_timeout,
        ),
        ("read_idle_timeout", &transport.read_idle_timeout),
        ("idle_conn_timeout", &transport.idle_conn_timeout),
    ];
    let mut fields = vec![
        (
            "max_idle_conns_per_host",
            Field::Number(transport.max_idle_conns_per_host),
        ),
        ("disable_http2", Field::Bool(transport.disable_http2)),
    ];
    fields.extend(durations.map(|(name, time)| (name, time.as_str().into())));
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_an_httpd_is_a_host_with_or_without_a_port() {
        for (text, shown) in [
            ("paroisse-a", "paroisse-a:443"),
            ("civi_httpd_1:8443", "civi_httpd_1:8443"),
            ("10.0.0.7:1", "10.0.0.7:1"),
            ("[2001:db8::7]:65535", "[2001:db8::7]:65535"),
            ("[2001:db8::7]", "[2001:db8::7]:443"),
        ] {
            assert_eq!(HttpdAddress::parse(text).unwrap().to_string(), shown);
        }
        for text in [
            "",
            ":443",
            "a:0",
            "a:65536",
            "a:",
            "a:+1",
            "https://a:443",
            "a/b",
            "a b",
            "2001:db8::7",
            "[a]:1",
            "a`b",
            "..",
            "-a",
            "a.",
            "_",
        ] {
            assert!(HttpdAddress::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_home_is_an_absolute_path_of_plain_names() {
        for text in ["/etc/traefik", "/a", "/srv/a_b-c.d"] {
            assert_eq!(FilesHome::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "", "/", "etc", "/a/", "/a//b", "/a/../b", "/a b", "/a\n", "/é",
        ] {
            assert!(FilesHome::parse(text).is_err(), "{text}");
        }
    }
}
