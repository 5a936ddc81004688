//! Finds the programs of the stack, or says which one is missing and how to get it.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};

/// What the stack is made of; `install` reads the same file.
const VERSIONS: &str = include_str!("versions");

/// One Traefik release under test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Release {
    version: String,
}

impl Release {
    /// Major and minor, the form that `civi-ingress --traefik` takes.
    pub(crate) fn profile(&self) -> String {
        self.version
            .split('.')
            .take(2)
            .collect::<Vec<_>>()
            .join(".")
    }

    /// Whether its `ServersTransport` has `rootCAs`; before there is `rootCAsSecrets` only. (In 3.4.0 it is there
    /// and refuses every value.)
    pub(crate) fn has_root_cas(&self) -> bool {
        self.numbers() >= vec![3, 4, 1]
    }

    /// The version as part of a test's name: `3_7_15`.
    pub(crate) fn in_a_name(&self) -> String {
        self.version.replace('.', "_")
    }

    /// Whether it is this release or a later one.
    pub(crate) fn is_since(&self, (major, minor, patch): (u32, u32, u32)) -> bool {
        self.numbers() >= vec![major, minor, patch]
    }

    /// The folder of this release in the cache, with its program, CRDs and RBAC.
    pub(crate) fn directory(&self, programs: &Programs) -> PathBuf {
        programs.cache.join(format!("traefik-{}", self.version))
    }

    fn numbers(&self) -> Vec<u32> {
        self.version
            .split('.')
            .map(|part| {
                part.parse()
                    .expect("versions: a Traefik version is numbers")
            })
            .collect()
    }
}

impl fmt::Display for Release {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.version)
    }
}

/// The Traefik releases under test, newest first.
pub(crate) fn releases() -> Vec<Release> {
    let mut releases: Vec<Release> = lines()
        .filter(|fields| fields[0] == "traefik")
        .map(|fields| Release {
            version: fields[1].to_owned(),
        })
        .collect();
    releases.sort_by_key(|release| std::cmp::Reverse(release.numbers()));
    releases
}

/// The Traefik that serves a release of the Gateway API: the newest, but for 1.4, with which that waits for a definition.
pub(crate) fn at_gateway(release: &str) -> Release {
    let old = || Release {
        version: version("traefik-at-gateway").to_owned(),
    };
    if release.starts_with("1.4.") {
        old()
    } else {
        newest()
    }
}

/// The newest Traefik release, for the tests that are not about releases.
pub(crate) fn newest() -> Release {
    releases()
        .into_iter()
        .next()
        .expect("versions: no Traefik release")
}

/// The fields of each line of `versions` that is not a comment.
fn lines() -> impl Iterator<Item = Vec<&'static str>> {
    VERSIONS
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|fields| fields.len() >= 2 && !fields[0].starts_with('#'))
}

/// The releases of the Gateway API under test, newest first.
pub(crate) fn gateway_apis() -> Vec<&'static str> {
    lines()
        .filter(|fields| fields[0] == "gateway-api")
        .map(|fields| fields[1])
        .collect()
}

fn version(component: &str) -> &'static str {
    lines()
        .find(|fields| fields[0] == component)
        .map(|fields| fields[1])
        .expect("versions: every component is there")
}

/// Where each program is.
#[derive(Debug)]
pub(crate) struct Programs {
    cache: PathBuf,
    /// The root that Debian's BIND is unpacked under.
    pub(crate) bind9: PathBuf,
    /// The folder of cert-manager: its controllers in a program of ours, and its CRDs.
    pub(crate) cert_manager: PathBuf,
    pub(crate) envoy: PathBuf,
    pub(crate) etcd: PathBuf,
    /// The folder of external-dns: its sources in a program of ours, its CRDs and its chart.
    pub(crate) external_dns: PathBuf,
    pub(crate) helm: PathBuf,
    /// The folder of Istio: istiod, and its CRDs.
    pub(crate) istio: PathBuf,
    pub(crate) kube_apiserver: PathBuf,
    pub(crate) kubectl: PathBuf,
    /// Flux's controller that applies what a Kustomization names.
    pub(crate) kustomize_controller: PathBuf,
    /// The controller of Kubernetes that ends Namespaces.
    pub(crate) namespace_controller: PathBuf,
    /// The root that Debian's httpd packages are unpacked under.
    pub(crate) httpd: PathBuf,
    /// The root that Debian's HAProxy is unpacked under.
    pub(crate) haproxy: PathBuf,
    /// The configurations that Octavia writes, and what they were made from.
    pub(crate) octavia: PathBuf,
    /// OpenStack's cloud controller.
    pub(crate) openstack: PathBuf,
    /// The folder of Pebble and its DNS server.
    pub(crate) pebble: PathBuf,
    /// A program of ours in which Terraform's provider for OpenStack judges files.
    pub(crate) terraform_validate: PathBuf,
}

impl Programs {
    /// Finds all of them.
    ///
    /// # Errors
    /// Names every missing program with the path it was looked for, and the command that fetches it.
    pub(crate) fn find() -> Result<Self, String> {
        let cache = cache()?;
        let kubernetes = cache.join(format!("kubernetes-{}", version("kubernetes")));
        let flux = cache.join(format!("flux-{}", version("flux")));
        let programs = Self {
            bind9: cache.join("bind9"),
            cert_manager: cache.join(format!("cert-manager-{}", version("cert-manager"))),
            envoy: cache.join(format!("envoy-{}/envoy", version("envoy"))),
            etcd: cache.join(format!("etcd-{}/etcd", version("etcd"))),
            external_dns: cache.join(format!("external-dns-{}", version("external-dns"))),
            helm: cache.join(format!("helm-{}/helm", version("helm"))),
            istio: cache.join(format!("istio-{}", version("istio"))),
            kube_apiserver: kubernetes.join("kube-apiserver"),
            kubectl: on_path("kubectl").unwrap_or_else(|| kubernetes.join("kubectl")),
            kustomize_controller: flux.join("kustomize-controller"),
            namespace_controller: kubernetes.join("namespace-controller"),
            httpd: cache.join("httpd"),
            haproxy: cache.join("haproxy"),
            octavia: cache.join(format!("octavia-{}", version("octavia"))),
            openstack: cache
                .join(format!("openstack-{}", version("openstack")))
                .join("openstack-cloud-controller-manager"),
            pebble: cache.join(format!("pebble-{}", version("pebble"))),
            terraform_validate: cache
                .join(format!(
                    "terraform-provider-{}",
                    version("terraform-provider")
                ))
                .join("terraform-validate"),
            cache,
        };
        let mut wanted = vec![
            programs.bind9.join("usr/sbin/named"),
            programs.bind9.join("usr/bin/named-checkzone"),
            programs.cert_manager.join("cert-manager"),
            programs.envoy.clone(),
            programs.etcd.clone(),
            programs.external_dns.join("external-dns"),
            programs.helm.clone(),
            programs.istio.join("pilot-discovery"),
            programs.kube_apiserver.clone(),
            programs.kubectl.clone(),
            programs.kustomize_controller.clone(),
            programs.namespace_controller.clone(),
            programs.httpd.join("usr/sbin/apache2"),
            programs.haproxy.join("usr/sbin/haproxy"),
            programs.octavia.join("octavia.json"),
            programs.openstack.clone(),
            programs.pebble.join("pebble"),
            programs.terraform_validate.clone(),
        ];
        for release in gateway_apis() {
            wanted.push(programs.gateway_api(release).join("rbac.yaml"));
        }
        let at_gateways = gateway_apis().into_iter().map(at_gateway);
        for release in releases().into_iter().chain(at_gateways) {
            for file in ["traefik", "crds.yaml", "rbac.yaml"] {
                wanted.push(release.directory(&programs).join(file));
            }
        }
        let mut missing: Vec<String> = wanted
            .iter()
            .filter(|path| !path.is_file())
            .map(|path| path.display().to_string())
            .collect();
        // util-linux and iproute2 make the network namespace and the sessions.
        for program in ["ip", "setpriv", "setsid", "unshare"] {
            if on_path(program).is_none() {
                missing.push(format!("{program} (on PATH)"));
            }
        }
        if missing.is_empty() {
            return Ok(programs);
        }
        Err(format!(
            "the end-to-end tests need programs that are not there:\n  {}\nget them with: tests/e2e/install",
            missing.join("\n  ")
        ))
    }
}

impl Programs {
    /// The folder of a release of the Gateway API, with its CRDs and Traefik's rights.
    pub(crate) fn gateway_api(&self, release: &str) -> PathBuf {
        self.cache.join(format!("gateway-api-{release}"))
    }
}

/// The directory that `install` fills.
fn cache() -> Result<PathBuf, String> {
    if let Some(named) = env::var_os("CIVI_INGRESS_E2E_CACHE") {
        return Ok(PathBuf::from(named));
    }
    env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".cache")))
        .map(|parent| parent.join("civi-ingress/e2e"))
        .ok_or_else(|| "neither CIVI_INGRESS_E2E_CACHE, XDG_CACHE_HOME nor HOME is set".to_owned())
}

fn on_path(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|directory| directory.join(program))
        .find(|path| path.is_file())
}
