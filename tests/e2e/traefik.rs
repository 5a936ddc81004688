//! A running Traefik: started against a cluster, asked through its own API, its log read line by line.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::cluster::Cluster;
use crate::components::{Programs, Release};
use crate::process::Process;
use crate::wait;

/// One Traefik.
#[derive(Debug)]
pub(crate) struct Traefik {
    address: Ipv4Addr,
    server: Process,
}

impl Traefik {
    /// Starts `release` on `address`, watching `namespaces` (all when there are none), and waits for its API.
    pub(crate) fn start(
        programs: &Programs,
        release: &Release,
        cluster: &Cluster,
        namespaces: &[&str],
        address: Ipv4Addr,
        directory: &Path,
    ) -> Self {
        let debug = ["--log.level=DEBUG".to_owned()];
        Self::start_with(
            programs, release, cluster, namespaces, address, directory, &debug,
        )
    }

    /// The same with further flags, and without the debugging log.
    pub(crate) fn start_with(
        programs: &Programs,
        release: &Release,
        cluster: &Cluster,
        namespaces: &[&str],
        address: Ipv4Addr,
        directory: &Path,
        further: &[String],
    ) -> Self {
        let mut flags = vec![
            format!("--entrypoints.websecure.address={address}:443"),
            format!("--entrypoints.traefik.address={address}:8080"),
            "--api.insecure=true".to_owned(),
            "--log.format=json".to_owned(),
            "--global.checknewversion=false".to_owned(),
            "--global.sendanonymoususage=false".to_owned(),
        ];
        flags.extend(cluster.traefik_flags("kubernetescrd"));
        flags.extend(further.iter().cloned());
        if !namespaces.is_empty() {
            flags.push(format!(
                "--providers.kubernetescrd.namespaces={}",
                namespaces.join(",")
            ));
        }
        let program = release.directory(programs).join("traefik");
        let name = format!("traefik-{release}-{address}");
        let mut traefik = Self {
            address,
            server: Process::start(&name, directory, &program, &flags, &[]),
        };
        wait::until("Traefik's API", || {
            traefik.server.assert_running();
            traefik.state().map(|_| ())
        });
        traefik
    }

    /// Starts `release` with its options in a file, by which it listens on `address`, and waits until it does.
    pub(crate) fn of_files(
        programs: &Programs,
        release: &Release,
        options: &Path,
        address: Ipv4Addr,
        directory: &Path,
    ) -> Self {
        let program = release.directory(programs).join("traefik");
        let name = format!("traefik-{release}-{address}");
        let flags = [format!("--configfile={}", options.display())];
        let mut traefik = Self {
            address,
            server: Process::start(&name, directory, &program, &flags, &[]),
        };
        wait::until("Traefik's entry point", || {
            traefik.server.assert_running();
            let open = TcpStream::connect(traefik.websecure());
            open.map(drop).map_err(|error| error.to_string())
        });
        traefik
    }

    /// Where it listens for TLS.
    pub(crate) fn websecure(&self) -> SocketAddr {
        (self.address, 443).into()
    }

    /// Waits until a router for `host` is enabled and its service has a server.
    pub(crate) fn wait_for(&self, host: &str) {
        wait::until(&format!("a router for {host}"), || self.routes(host));
    }

    /// Waits for the same, and no longer than this: false where it never comes.
    pub(crate) fn has_within(&self, host: &str, limit: Duration) -> bool {
        wait::at_most(limit, || self.routes(host).ok()).is_some()
    }

    fn routes(&self, host: &str) -> Result<(), String> {
        let state = self.state()?;
        let rule = format!("Host(`{host}`)");
        let router = objects(&state["routers"])
            .find(|router| {
                router["rule"]
                    .as_str()
                    .is_some_and(|text| text.contains(&rule))
            })
            .ok_or("no router has its rule")?;
        let name = router["service"].as_str().ok_or("its router is broken")?;
        let service = &state["services"][format!("{name}@kubernetescrd")];
        let up = objects(&service["serverStatus"]).any(|status| status == "UP");
        if router["status"] == "enabled" && up {
            return Ok(());
        }
        Err(format!("its router is {router} and its service {service}"))
    }

    /// The whole dynamic configuration, as Traefik sees it.
    pub(crate) fn state(&self) -> Result<Value, String> {
        let body = self
            .ask("/api/rawdata")
            .map_err(|error| error.to_string())?;
        serde_json::from_str(&body).map_err(|error| error.to_string())
    }

    fn ask(&self, path: &str) -> std::io::Result<String> {
        let mut socket = TcpStream::connect((self.address, 8080))?;
        // HTTP/1.0: the end of the answer is the end of the connection.
        write!(socket, "GET {path} HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer)?;
        let (_, body) = answer
            .split_once("\r\n\r\n")
            .ok_or(std::io::ErrorKind::UnexpectedEof)?;
        Ok(body.to_owned())
    }

    /// Every warning and error in its log so far but the documented ones, without time and repetition, each as
    /// `level: message: cause`.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let complaints: BTreeSet<String> = self
            .server
            .output()
            .lines()
            .filter_map(complaint)
            .filter(|line| !DOCUMENTED.iter().any(|(start, _)| line.starts_with(start)))
            .collect();
        complaints.into_iter().collect()
    }
}

/// How the warnings begin that say nothing of our objects, and why each is there.
const DOCUMENTED: &[(&str, &str)] = &[
    (
        "warning: v1 Endpoints is deprecated in v1.33+",
        "Traefik 2.x and 3.0 watch Endpoints; newer API servers advise against them",
    ),
    (
        "warning: CRDs API Group \"traefik.containo.us\" is deprecated",
        "Traefik 2.10 and 2.11 say so at every start",
    ),
    (
        "warning: Traefik can reject some encoded characters in the request path",
        "about an entry point's flags, from 2.11.32 and 3.6.4: traefik-values is where they belong",
    ),
    (
        "warning: SafeNaming is not explicitly set",
        "about a provider's flag, from 3.7.11",
    ),
    (
        "warning: aliasHeadersStrategy is not configured",
        "about an entry point's flag, from 3.7.12",
    ),
];

/// The complaint in one line of the log, if it is one.
fn complaint(line: &str) -> Option<String> {
    let Ok(entry) = serde_json::from_str::<Value>(line) else {
        return unstructured(line);
    };
    let level = match entry["level"].as_str() {
        Some("trace" | "debug" | "info") => return None,
        Some("warn" | "warning") => "warning",
        Some(_) | None => "error",
    };
    // Traefik 2 logs by logrus ("msg"), Traefik 3 by zerolog ("message" and "error").
    let mut text = level.to_owned();
    for field in ["msg", "message", "error"] {
        if let Some(part) = entry[field].as_str() {
            text.push_str(": ");
            text.push_str(part.trim_end());
        }
    }
    Some(text)
}

/// A line that was written past Traefik's logger: by the Kubernetes client (`W1231 23:59:59.000000 … file:line]
/// text`), by Traefik 2 before it has read its flags, or by a panic.
fn unstructured(line: &str) -> Option<String> {
    if let Some((head, text)) = line.split_once("] ")
        && head.len() > 5
        && head[1..5].bytes().all(|byte| byte.is_ascii_digit())
    {
        return match &head[..1] {
            "I" => None,
            "W" => Some(format!("warning: {text}")),
            _ => Some(format!("error: {text}")),
        };
    }
    if line.trim().is_empty() || line.contains(" level=info ") {
        return None;
    }
    Some(format!("error: {line}"))
}

/// The values of a JSON object, none for anything else.
fn objects(value: &Value) -> impl Iterator<Item = &Value> {
    value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(_, value)| value)
}
