//! What the user's own kubectl reads from a cluster. This program opens no connection to one itself.

use super::error::{Failure, Kind, words};
use super::output;
use super::world::{STREAM_LIMIT, Text};
use civi_ingress::fault::Fault;
use civi_ingress::name::{Namespace, ObjectName};
use civi_ingress::visible;
use clap::Args;
use std::io::Read as _;
use std::process::{Command, Stdio};
use zeroize::Zeroizing;

/// Most bytes of kubectl's own messages that are shown.
const MESSAGES_LIMIT: u64 = 64 << 10;

/// The kinds that say which way a request goes through Traefik, in its group of today and in that of Traefik 2.
macro_rules! of_traefik {
    ($($name:literal),*) => {
        &[$(concat!($name, ".traefik.io"), concat!($name, ".traefik.containo.us")),*]
    };
}

/// Kinds that hold certificates.
pub(super) const CERTIFICATES: &[&str] = &["secrets", "configmaps", "certificates.cert-manager.io"];

/// Kinds that show the path of a request; see `src/path`.
pub(super) const PATHS: &[&[&str]] = &[
    &["services", "ingresses.networking.k8s.io"],
    of_traefik!(
        "ingressroutes",
        "ingressroutetcps",
        "serverstransports",
        "serverstransporttcps",
        "tlsstores",
        "traefikservices"
    ),
    &[
        "gateways.gateway.networking.k8s.io",
        "httproutes.gateway.networking.k8s.io",
        "tlsroutes.gateway.networking.k8s.io",
        "backendtlspolicies.gateway.networking.k8s.io",
        "gateways.networking.istio.io",
        "virtualservices.networking.istio.io",
        "destinationrules.networking.istio.io",
    ],
];

/// Kinds that tell Traefik what to do with a request; see `src/path/traefik.rs` and `src/probe`.
pub(super) const TRAEFIK: &[&[&str]] = &[
    &["secrets", "services"],
    of_traefik!(
        "ingressroutes",
        "ingressroutetcps",
        "middlewares",
        "serverstransports",
        "serverstransporttcps",
        "tlsoptions",
        "tlsstores",
        "traefikservices"
    ),
];

/// Whether and how a cluster is asked.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Cluster")]
pub(super) struct ClusterArguments {
    /// Ask the cluster that kubectl points to, instead of reading files
    #[arg(long)]
    pub(super) cluster: bool,
    /// Context of kubectl [default: the current one]
    #[arg(long, value_name = "NAME", requires = "cluster")]
    pub(super) context: Option<String>,
}

impl ClusterArguments {
    /// Reads all objects of these kinds in all namespaces, as far as the cluster knows the kinds.
    ///
    /// # Errors
    /// kubectl that is missing or fails, after what it says.
    pub(super) fn all<'a>(&self, kinds: impl Iterator<Item = &'a str>) -> Result<Text, Failure> {
        let known = ["api-resources", "--verbs=list", "--output=name"].map(str::to_owned);
        let known = self.ask(&known, Completeness::Partial)?;
        let kinds: Vec<&str> = kinds
            .filter(|kind| known.content.lines().any(|known| known == *kind))
            .collect();
        let get = [
            "get".to_owned(),
            kinds.join(","),
            "--all-namespaces".to_owned(),
            "--output=yaml".to_owned(),
        ];
        self.ask(&get, Completeness::Whole)
    }

    /// Reads Secrets of a namespace; nothing where none of them is there.
    ///
    /// # Errors
    /// Those of [`Self::all`].
    pub(super) fn secrets<'a>(
        &self,
        namespace: &Namespace,
        names: impl Iterator<Item = &'a ObjectName>,
    ) -> Result<Option<Text>, Failure> {
        let get = ["get", "secret"].map(str::to_owned).into_iter();
        let names = names.map(|name| name.as_str().to_owned());
        let how = [
            format!("--namespace={}", namespace.as_str()),
            "--ignore-not-found".to_owned(),
            "--output=yaml".to_owned(),
        ];
        let get: Vec<String> = get.chain(names).chain(how).collect();
        let text = self.ask(&get, Completeness::Whole)?;
        Ok(Some(text).filter(|text| !text.content.trim().is_empty()))
    }

    fn ask(&self, arguments: &[String], completeness: Completeness) -> Result<Text, Failure> {
        let context = self.context.as_ref();
        let context = context.map(|context| format!("--context={context}"));
        let mut child = Command::new("kubectl")
            .args(context)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| {
                let fault = Fault::new(format!("cannot run kubectl: {}", words(error)));
                failed(fault.help("install kubectl, or pass files"))
            })?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let (read, said) = std::thread::scope(|scope| {
            let said = scope.spawn(move || {
                let mut said = Vec::new();
                if let Some(mut stderr) = stderr {
                    let _ = stderr.by_ref().take(MESSAGES_LIMIT).read_to_end(&mut said);
                    // kubectl waits for none to read the rest.
                    let _ = std::io::copy(&mut stderr, &mut std::io::sink());
                }
                said
            });
            let mut bytes = Zeroizing::new(Vec::new());
            let read = stdout.map_or(Ok(0), |stdout| {
                stdout.take(STREAM_LIMIT + 1).read_to_end(&mut bytes)
            });
            if bytes.len() as u64 > STREAM_LIMIT {
                let _ = child.kill();
            }
            (read.map(|_| bytes), said.join().unwrap_or_default())
        });
        let ended = child.wait();
        for line in String::from_utf8_lossy(&said).lines() {
            output::say(&format!("kubectl: {}\n", visible::line(line)));
        }
        let cannot = |why: String| {
            let verb = arguments.first().map_or("", String::as_str);
            failed(Fault::new(format!("`kubectl {verb}` {why}")))
        };
        let bytes = read.map_err(|error| cannot(format!("cannot be read: {}", words(error))))?;
        if bytes.len() as u64 > STREAM_LIMIT {
            return Err(cannot(format!("prints more than {STREAM_LIMIT} bytes")));
        }
        let ended = ended.map_err(|error| cannot(format!("does not end: {}", words(error))))?;
        // Of an API that is out of order kubectl says so, and lists the others.
        let is_enough = completeness == Completeness::Partial && !bytes.is_empty();
        if !ended.success() && !is_enough {
            return Err(cannot(format!("failed: {ended}")));
        }
        let text = std::str::from_utf8(&bytes);
        let text = text.map_err(|_| cannot("prints what is not UTF-8".to_owned()))?;
        Ok(Text {
            name: "the cluster".to_owned(),
            content: Zeroizing::new(text.to_owned()),
            identity: None,
            can_be_read_again: false,
        })
    }
}

/// How much of an answer is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Completeness {
    /// All of it.
    Whole,
    /// What there is.
    Partial,
}

fn failed(fault: Fault) -> Failure {
    Failure::new(Kind::InputOutput, fault)
}
