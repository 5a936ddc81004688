//! Renewing certificates while the instance is in use.

use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use libtest_mimic::Trial;

use crate::client::{Client, certificates};
use crate::cluster::Cluster;
use crate::components::newest;
use crate::handwritten::service;
use crate::httpd::{Httpd, Manner, Settings, Site, endpoint};
use crate::instance::{Instance, browser};
use crate::load::Load;
use crate::pki::Pair;
use crate::program::civi_ingress;
use crate::stack::{Case, Stack, trial_alone};
use crate::wait;

/// The cases of this module.
pub(crate) fn all(stack: &Arc<Stack>) -> Vec<Trial> {
    vec![trial_alone(
        stack,
        "no_request_fails_while_the_leaf_is_renewed_and_the_authority_rolled_over",
        roll_over,
    )]
}

/// How a rotation is loaded.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    /// Requests a second through the whole of it, as far as the machine keeps up.
    pub(super) rate: u32,
    /// How many are answered in each state: before and after each change.
    pub(super) answers: u32,
}

/// That of Traefik.
pub(super) const PACE: Pace = Pace {
    rate: 300,
    answers: 300,
};
/// How many such states there are.
const STATES: u32 = 5;

fn roll_over(case: &Case) {
    let release = newest();
    let cluster = case.stack.cluster(&release);
    let instance = Instance::new(case, cluster, &release, "rotation", &[]);
    cluster.apply(&instance.manifests);
    let browser = browser(case, cluster, "rotation", "example.org");
    let rotation = Rotation::in_cluster(case, cluster, &instance);
    let _witnesses = rotation.witnesses(case, cluster, witness);

    let traefik = case.traefik(&release, cluster, &["rotation"]);
    let status = |host: &str| {
        let answer = browser.get(traefik.websecure(), host, "/");
        answer.map(|answer| answer.status)
    };
    for host in [&instance.host, "old.example.org", "new.example.org"] {
        traefik.wait_for(host);
    }
    assert_eq!(status("old.example.org"), Ok(200));
    assert_eq!(status("new.example.org"), Ok(500));
    let trust = |authorities: &str| trust(cluster, &instance, authorities);
    rotation.run(&browser, traefik.websecure(), PACE, 500, trust);
}

/// An instance whose leaf is renewed, and whose authority is then rolled over.
pub(super) struct Rotation<'a> {
    pub(super) instance: &'a Instance,
    pub(super) httpd: Httpd,
    pub(super) issued: Leaves,
}

/// The leaves that its httpd shows, one after the other.
pub(super) struct Leaves {
    /// The first one.
    pub(super) old: Issued,
    /// Another one of the same authority.
    pub(super) renewed: Issued,
    /// One of another authority.
    pub(super) new: Issued,
}

impl Leaves {
    /// Has the program issue those that follow the first one; `key` is that of its authority.
    pub(super) fn after(case: &Case, instance: &Instance, old: Issued, key: String) -> Self {
        let authority = Pair {
            certificate: old.authority.clone(),
            key,
        };
        let renewed = issue(case, instance, "renewed", Some(&authority));
        let new = issue(case, instance, "new", None);
        Self { old, renewed, new }
    }
}

impl<'a> Rotation<'a> {
    /// Starts the httpd of an instance that a cluster holds.
    pub(super) fn in_cluster(case: &Case, cluster: &Cluster, instance: &'a Instance) -> Self {
        let site = instance.site(cluster);
        let old = Issued {
            authority: instance.authority(cluster),
            pair: site.pair.clone(),
        };
        let key = instance.keys(cluster)["cakey"].clone();
        Self {
            instance,
            issued: Leaves::after(case, instance, old, key),
            httpd: case.httpd("httpd", &[site], &Settings::default()),
        }
    }

    /// Two more hosts, `old` and `new` below example.org, that trust what the instance trusts and tell which authorities that
    /// are at the moment: one httpd has the old authority's leaf forever, the other the new one's.
    pub(super) fn witnesses(
        &self,
        case: &Case,
        cluster: &Cluster,
        route: impl Fn(&Instance, &str, Ipv4Addr) -> String,
    ) -> [Httpd; 2] {
        let Leaves { old, new, .. } = &self.issued;
        [("old", old), ("new", new)].map(|(name, issued)| {
            let site = Site {
                address: case.stack.address(),
                pair: issued.pair.clone(),
                page: name.to_owned(),
                manner: Manner::default(),
            };
            cluster.apply(&route(self.instance, name, site.address));
            case.httpd(&format!("httpd-{name}"), &[site], &Settings::default())
        })
    }

    /// Renews the leaf and rolls the authority over while requests come, of which none may fail. `refused` is the status
    /// for an httpd that is not trusted, and `trust` replaces what is.
    pub(super) fn run(
        &self,
        browser: &Client,
        to: SocketAddr,
        pace: Pace,
        refused: u16,
        trust: impl Fn(&str),
    ) {
        let Leaves { old, renewed, new } = &self.issued;
        let status = |host: &str| browser.get(to, host, "/").map(|answer| answer.status);
        let swap = |issued: &Issued| swap(&self.httpd, self.instance, issued);
        let load = Load::start(browser, to, &self.instance.host, pace.rate);
        // Renewal of the leaf under the same authority.
        load.answered(pace.answers);
        swap(renewed);
        load.answered(pace.answers);

        // The authority's roll-over: first trust both, then change the leaf, then forget the old authority.
        trust(&format!("{}{}", new.authority, old.authority));
        wait::until("both authorities to be trusted", || {
            expect(status("new.example.org"), 200)
        });
        assert_eq!(status("old.example.org"), Ok(200));
        load.answered(pace.answers);
        swap(new);
        load.answered(pace.answers);
        trust(&new.authority);
        wait::until("the old authority to be forgotten", || {
            expect(status("old.example.org"), refused)
        });
        load.answered(pace.answers);

        let result = load.stop();
        assert_eq!(result.failures, Vec::<String>::new());
        assert!(result.answered >= STATES * pace.answers, "{result:?}");
        writeln!(
            std::io::stdout(),
            "\n{} requests answered, in each second: {:?}",
            result.answered,
            result.each_second
        )
        .expect("standard output");
    }
}

pub(super) fn expect(status: Result<u16, String>, wanted: u16) -> Result<(), String> {
    match status? {
        status if status == wanted => Ok(()),
        status => Err(format!("it still answers {status}")),
    }
}

/// A leaf for the instance's host and the authority that signed it.
pub(super) struct Issued {
    pub(super) authority: String,
    pub(super) pair: Pair,
}

/// Has the program issue a leaf into `name`, under a given authority or under a new one.
fn issue(case: &Case, instance: &Instance, name: &str, authority: Option<&Pair>) -> Issued {
    let directory = case.directory.join(name);
    let output = directory.display().to_string();
    let mut arguments = vec!["cert", "--dns", &instance.host, "--output-dir", &output];
    let [certificate, key] =
        ["ca.crt", "ca.key"].map(|file| case.directory.join(file).display().to_string());
    if let Some(authority) = authority {
        authority.write(certificate.as_ref(), key.as_ref());
        arguments.extend(["--ca-cert", &certificate, "--ca-key", &key]);
    }
    civi_ingress(&arguments);
    let read = |file: &str| fs::read_to_string(directory.join(file)).expect("cert --output-dir");
    Issued {
        authority: read("ca.crt"),
        pair: Pair {
            certificate: read("tls.crt"),
            key: read("tls.key"),
        },
    }
}

/// Replaces the authorities that the instance's `ServersTransport` trusts.
fn trust(cluster: &Cluster, instance: &Instance, authorities: &str) {
    let patch = serde_json::json!({"stringData": {"ca.crt": authorities}});
    let arguments = ["patch", "secret", "externca", "-n", &instance.name, "-p"];
    cluster.kubectl(&[&arguments[..], &[&patch.to_string()]].concat(), "");
}

/// Hands httpd another pair and waits until it serves it.
fn swap(httpd: &Httpd, instance: &Instance, issued: &Issued) {
    httpd.replace(instance.address, &issued.pair);
    let wanted = &certificates(&issued.pair.certificate)[0];
    let client = Client::trusting(&issued.authority);
    wait::until("httpd to serve the other leaf", || {
        let answer = client.get(endpoint(instance.address), &instance.host, "/")?;
        if answer.chain.first() == Some(wanted) {
            return Ok(());
        }
        Err("it serves another".to_owned())
    });
}

/// A route for `name`.example.org to a Service of that name over the instance's `ServersTransport`.
fn witness(instance: &Instance, name: &str, address: Ipv4Addr) -> String {
    let namespace = &instance.name;
    let service = service(namespace, address).replace("civicrmhttpd", name);
    format!(
        "{service}
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  entryPoints: [websecure]
  routes:
    - kind: Rule
      match: Host(`{name}.example.org`)
      services: [{{name: {name}, port: 443, scheme: https, serversTransport: transport-selfsigned}}]
  tls: {{}}
"
    )
}
