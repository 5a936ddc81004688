//! What the cases share: the programs, the addresses, etcd and one API server for each Traefik release.

use std::any::Any;
use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt as _;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use libtest_mimic::{Failed, Trial};

use crate::cert_manager::CertManager;
use crate::cluster::{Cluster, Etcd};
use crate::components::{Programs, Release, releases};
use crate::httpd::{Httpd, Settings, Site};
use crate::traefik::Traefik;

/// What the cases of one Traefik release share. A failure is kept: each further case would wait a minute for the same one.
#[derive(Debug)]
struct Shared {
    release: Release,
    cert_manager: OnceLock<Result<CertManager, String>>,
    cluster: OnceLock<Result<Cluster, String>>,
}

/// The whole run. Its servers start when a case first asks for them and end when it is dropped.
#[derive(Debug)]
pub(crate) struct Stack {
    pub(crate) programs: Programs,
    clusters: Vec<Shared>,
    etcd: OnceLock<Etcd>,
    directory: PathBuf,
    next_address: AtomicU16,
    /// Held by every case, and by one that measures against all others.
    quiet: RwLock<()>,
}

impl Stack {
    /// A stack with no server yet; logs go to a new temporary directory.
    pub(crate) fn new(programs: Programs) -> Self {
        let directory = tempfile::Builder::new()
            .prefix("civi-ingress-e2e-")
            .tempdir()
            .expect("a temporary directory")
            .keep();
        // httpd's workers are another user, and read their pages here.
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).expect("our own folder");
        Self {
            programs,
            clusters: releases()
                .into_iter()
                .map(|release| Shared {
                    release,
                    cert_manager: OnceLock::new(),
                    cluster: OnceLock::new(),
                })
                .collect(),
            etcd: OnceLock::new(),
            directory,
            next_address: AtomicU16::new(2),
            quiet: RwLock::new(()),
        }
    }

    /// An address that no other server of this run has.
    pub(crate) fn address(&self) -> Ipv4Addr {
        let [high, low] = self
            .next_address
            .fetch_add(1, Ordering::Relaxed)
            .to_be_bytes();
        Ipv4Addr::new(10, 213, high, low)
    }

    /// The API server with this release's CRDs, shared by the cases: keep to namespaces of your own.
    pub(crate) fn cluster(&self, release: &Release) -> &Cluster {
        let name = format!("cluster-{release}");
        started(
            &format!("the API server for Traefik {release}"),
            &self.shared(release).cluster,
            || self.new_cluster(release, &name),
        )
    }

    /// The cert-manager in this cluster, shared by the cases too.
    pub(crate) fn cert_manager(&self, release: &Release) -> &CertManager {
        started(
            &format!("cert-manager beside Traefik {release}"),
            &self.shared(release).cert_manager,
            || CertManager::start(self, release, self.cluster(release)),
        )
    }

    fn shared(&self, release: &Release) -> &Shared {
        self.clusters
            .iter()
            .find(|shared| shared.release == *release)
            .expect("a release of the file `versions`")
    }

    /// Where the logs are.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// An API server of the caller's own.
    pub(crate) fn new_cluster(&self, release: &Release, name: &str) -> Cluster {
        let etcd = self
            .etcd
            .get_or_init(|| Etcd::start(&self.programs, &self.directory, self.address()));
        Cluster::start(
            &self.programs,
            etcd,
            release,
            name,
            &self.directory,
            self.address(),
        )
    }

    /// Ends all servers; removes the logs, or keeps them and gives their directory when `failed`.
    pub(crate) fn end(self, failed: bool) -> Option<PathBuf> {
        let directory = self.directory.clone();
        drop(self);
        if failed {
            return Some(directory);
        }
        fs::remove_dir_all(&directory).expect("our own temporary directory");
        None
    }
}

/// One case: a sentence, a directory for its logs, and the shared stack.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) stack: Arc<Stack>,
    pub(crate) directory: PathBuf,
}

impl Case {
    /// Starts a Traefik that watches `namespaces` (all when there are none).
    pub(crate) fn traefik(
        &self,
        release: &Release,
        cluster: &Cluster,
        namespaces: &[&str],
    ) -> Traefik {
        Traefik::start(
            &self.stack.programs,
            release,
            cluster,
            namespaces,
            self.stack.address(),
            &self.directory,
        )
    }

    /// The same at an address, with further flags and without the debugging log.
    pub(crate) fn traefik_at(
        &self,
        address: Ipv4Addr,
        release: &Release,
        cluster: &Cluster,
        namespaces: &[&str],
        arguments: &[String],
    ) -> Traefik {
        let programs = &self.stack.programs;
        let directory = &self.directory;
        Traefik::start_with(
            programs, release, cluster, namespaces, address, directory, arguments,
        )
    }

    /// Starts an httpd.
    pub(crate) fn httpd(&self, name: &str, sites: &[Site], settings: &Settings) -> Httpd {
        Httpd::start(&self.stack.programs, &self.directory, name, sites, settings)
    }
}

/// A test of the harness: `name` is the sentence that `body` proves.
pub(crate) fn trial(
    stack: &Arc<Stack>,
    name: &str,
    body: impl FnOnce(&Case) + Send + 'static,
) -> Trial {
    new_trial(stack, name, move |case| {
        let _shared = case
            .stack
            .quiet
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        run(case, body)
    })
}

/// The same for a case that measures, and would measure the others too: it runs while no other does.
pub(crate) fn trial_alone(
    stack: &Arc<Stack>,
    name: &str,
    body: impl FnOnce(&Case) + Send + 'static,
) -> Trial {
    new_trial(stack, name, move |case| {
        let _alone = case
            .stack
            .quiet
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        run(case, body)
    })
}

fn new_trial(
    stack: &Arc<Stack>,
    name: &str,
    runner: impl FnOnce(&Case) -> Result<(), Failed> + Send + 'static,
) -> Trial {
    let case = Case {
        stack: Arc::clone(stack),
        directory: stack.directory.join(name),
    };
    Trial::test(name, move || {
        fs::create_dir(&case.directory).expect("one case a name");
        runner(&case)
    })
}

/// Runs a case; its failure names its logs.
fn run(case: &Case, body: impl FnOnce(&Case)) -> Result<(), Failed> {
    panic::catch_unwind(AssertUnwindSafe(|| body(case))).map_err(|panic| {
        Failed::from(format!(
            "{}\nlogs: {}",
            message(panic.as_ref()),
            case.directory.display()
        ))
    })
}

/// Returns what is in a slot, which the first caller fills.
fn started<'a, T>(
    what: &str,
    slot: &'a OnceLock<Result<T, String>>,
    start: impl FnOnce() -> T,
) -> &'a T {
    slot.get_or_init(|| {
        panic::catch_unwind(AssertUnwindSafe(start)).map_err(|panic| message(panic.as_ref()))
    })
    .as_ref()
    .unwrap_or_else(|why| panic!("{what}: {why}"))
}

/// The text of a panic.
fn message(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without text")
        .to_owned()
}
