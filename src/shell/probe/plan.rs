//! Arguments and files, parsed.

use super::super::cluster;
use super::super::error::Failure;
use super::super::output::warn;
use super::super::{tls, world};
use super::{Probe, ProxyProtocolArgument};
use civi_ingress::cluster::Cluster as Objects;
use civi_ingress::fault::{Fault, Faults};
use civi_ingress::path::hop::ProxyVersion;
use civi_ingress::path::request::RequestPath;
use civi_ingress::pki::forms::FormPart;
use civi_ingress::probe::objects;
use civi_ingress::probe::redirect::Url;
use civi_ingress::probe::target::{self, Endpoint, HTTP, HTTPS, MYSQL, Peer, Target};
use civi_ingress::probe::trust::{RootOrigin, TrustedRoots};
use rustls::sign::CertifiedKey;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// HTTP/2 is offered to see whether it is chosen; what is asked is asked in HTTP/1.1.
pub(super) const BOTH: &[&[u8]] = &[b"h2", b"http/1.1"];
pub(super) const ONLY_HTTP_1: &[&[u8]] = &[b"http/1.1"];

/// What is to be looked at, parsed.
pub(super) struct ProbePlan {
    pub(super) target: Target,
    pub(super) front: Endpoint,
    pub(super) plain: Option<Endpoint>,
    pub(super) backend: Option<Endpoint>,
    pub(super) database: Option<Endpoint>,
    pub(super) path: Option<RequestPath>,
    pub(super) proxy: Option<ProxyVersion>,
    pub(super) timeout: Duration,
    pub(super) http_timeout: Duration,
    pub(super) within: time::Duration,
}

impl ProbePlan {
    /// Returns where a port of the host is; nothing if `--connect` replaced the one of https by another, and nobody said
    /// by which this one.
    pub(super) fn endpoint(&self, url: &Url) -> Option<Endpoint> {
        if url.is_https() && url.port() == self.target.port {
            return Some(self.front.clone());
        }
        if let Some(plain) = self
            .plain
            .as_ref()
            .filter(|_| !url.is_https() && url.port() == HTTP)
        {
            return Some(plain.clone());
        }
        let is_direct = self.front.port == self.target.port;
        is_direct.then(|| Endpoint {
            peer: self.front.peer.clone(),
            port: url.port(),
        })
    }
}

pub(super) fn plan(arguments: &Probe) -> Result<ProbePlan, Vec<Fault>> {
    let mut faults = Faults::default();
    let target =
        faults.keep(Target::parse(&arguments.host).map_err(|fault| fault.argument("HOST")));
    let mut endpoint = |text: &Option<String>, port, option| {
        let text = text.as_deref()?;
        faults.keep(Endpoint::parse(text, port).map_err(|fault| fault.argument(option)))
    };
    let port = target.as_ref().map_or(HTTPS, |target| target.port);
    let connect = endpoint(&arguments.connect, port, "--connect");
    let backend = endpoint(&arguments.backend, HTTPS, "--backend");
    let database = endpoint(&arguments.database, MYSQL, "--database");
    let http = arguments.http.clone().filter(|text| !text.is_empty());
    let plain = endpoint(&http, HTTP, "--http");
    let path = arguments
        .path
        .as_deref()
        .map(RequestPath::parse)
        .transpose();
    let path = faults.keep(path.map_err(|fault| fault.argument("--path")));
    let mut patience = |text: &str, option| {
        faults.keep(target::patience(text).map_err(|fault| fault.argument(option)))
    };
    let timeout = patience(&arguments.timeout, "--timeout");
    let http_timeout = patience(&arguments.http_timeout, "--http-timeout");
    let within = target::horizon(&arguments.expires_within);
    let within = faults.keep(within.map_err(|fault| fault.argument("--expires-within")));
    if arguments.backend.is_some()
        && arguments.manifest.is_empty()
        && !arguments.cluster.cluster
        && arguments.backend_ca.is_none()
    {
        let help = "pass `--cluster`, or `--manifest FILE` with the IngressRoute, its ServersTransport and their Secrets, or `--backend-ca FILE`";
        faults.push(
            Fault::new("nothing says which CA Traefik trusts")
                .help(help)
                .argument("--backend"),
        );
    }
    if arguments.database.is_some()
        && arguments.manifest.is_empty()
        && !arguments.cluster.cluster
        && arguments.database_ca.is_none()
    {
        let help = "pass `--cluster`, or `--manifest FILE` with the IngressRoute and the Secrets of the instance, or `--database-ca FILE`";
        faults.push(
            Fault::new("nothing says which CA the httpd trusts")
                .help(help)
                .argument("--database"),
        );
    }
    let parsed = || {
        let target = target?;
        let front = connect.unwrap_or_else(|| Endpoint {
            peer: Peer::Name(target.host.clone()),
            port,
        });
        let plain = arguments.http.as_ref().map(|_| {
            plain.unwrap_or_else(|| Endpoint {
                peer: front.peer.clone(),
                port: HTTP,
            })
        });
        Some(ProbePlan {
            front,
            plain,
            backend,
            database,
            path: path?,
            proxy: arguments.proxy_protocol.map(|version| match version {
                ProxyProtocolArgument::V1 => ProxyVersion::V1,
                ProxyProtocolArgument::V2 => ProxyVersion::V2,
            }),
            timeout: timeout?,
            http_timeout: http_timeout?,
            within: within?,
            target,
        })
    };
    let parsed = parsed();
    faults.finish(parsed)
}

pub(super) fn manifests(arguments: &Probe) -> Result<Option<Objects>, Failure> {
    let is_asked = arguments.cluster.cluster;
    if arguments.manifest.is_empty() && !is_asked {
        return match &arguments.service {
            Some(_) => Err(Fault::new("without manifests there are no services")
                .help("pass `--manifest FILE` or `--cluster`")
                .argument("--service")
                .into()),
            None => Ok(None),
        };
    }
    let mut texts = Vec::new();
    if is_asked {
        let text = arguments
            .cluster
            .all(cluster::TRAEFIK.iter().copied().flatten().copied())?;
        texts.push((text.name, text.content));
    }
    for path in &arguments.manifest {
        texts.extend(files(path)?);
    }
    let sources: Vec<(&str, &str)> = texts
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    Ok(Some(objects::read(&sources)?))
}

/// Reads a file, or each file of manifests below a directory.
fn files(path: &Path) -> Result<Vec<(String, Zeroizing<String>)>, Failure> {
    if !path.is_dir() {
        let text = world::read_stream(path)?;
        return Ok(vec![(text.name, text.content)]);
    }
    let texts = world::read_yaml_files(path)?.into_iter();
    let manifests = texts.filter(|(_, text)| !text.trim().is_empty());
    Ok(manifests
        .map(|(name, text)| (path.join(name).display().to_string(), text))
        .collect())
}

pub(super) fn trust_file(path: &Path) -> Result<TrustedRoots, Failure> {
    let text = world::read_pem(path, FormPart::AuthorityCertificate, None)?;
    Ok(TrustedRoots::from_file(&text.content, &text.name)?)
}

pub(super) fn system_trust() -> Result<TrustedRoots, Failure> {
    Ok(TrustedRoots {
        anchors: world::system_roots()?,
        origin: RootOrigin::System,
    })
}

pub(super) fn client(arguments: &Probe) -> Result<Option<Arc<CertifiedKey>>, Failure> {
    let Some(certificate_path) = &arguments.cert else {
        return Ok(None);
    };
    let password = arguments.password.read()?;
    let password = password.as_ref();
    let part = match arguments.key {
        Some(_) => FormPart::LeafCertificate,
        None => FormPart::Leaf,
    };
    let certificate = world::read_pem(certificate_path, part, password)?;
    let separate = match &arguments.key {
        Some(path) => Some(world::read_pem(path, FormPart::LeafKey, password)?),
        None => None,
    };
    let key = separate.as_ref().unwrap_or(&certificate);
    let key_path = arguments.key.as_ref().unwrap_or(certificate_path);
    if let Some(warning) = world::warn_if_readable_by_others(key_path, "a private key") {
        warn(&warning);
    }
    let pair = tls::client_pair(&certificate.content, &key.content);
    Ok(Some(pair.map_err(|fault| fault.file(&key.name))?))
}
