//! One Civiparoisse instance made by the program: its manifests, its httpd, its browser.

use std::collections::BTreeMap;
use std::fs;
use std::net::Ipv4Addr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::client::Client;
use crate::cluster::Cluster;
use crate::components::Release;
use crate::handwritten::service;
use crate::httpd::{Manner, Site};
use crate::pki::Pair;
use crate::program::civi_ingress;
use crate::stack::Case;

/// An instance whose manifests have been printed and not yet applied.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) name: String,
    pub(crate) host: String,
    /// Where its httpd listens.
    pub(crate) address: Ipv4Addr,
    /// What `new-instance` printed.
    pub(crate) manifests: String,
}

impl Instance {
    /// Prints the manifests of `name` for `release` (unless `further` says another), and makes its namespace and Service.
    ///
    /// # Panics
    ///
    /// When another instance of this name was made in the cluster: cases run side by side.
    #[track_caller]
    pub(crate) fn new(
        case: &Case,
        cluster: &Cluster,
        release: &Release,
        name: &str,
        further: &[&str],
    ) -> Self {
        cluster.claim(name);
        let instance = Self::printed(case, release, name, further);
        cluster.apply(&service(name, instance.address));
        instance
    }

    /// Prints the manifests only.
    #[track_caller]
    pub(crate) fn printed(case: &Case, release: &Release, name: &str, further: &[&str]) -> Self {
        let host = format!("{name}.example.org");
        let profile = release.profile();
        let mut arguments = vec!["new-instance", name, "--host", &host];
        if !further.contains(&"--traefik") {
            arguments.extend(["--traefik", &profile]);
        }
        arguments.extend(further);
        Self {
            name: name.to_owned(),
            manifests: civi_ingress(&arguments),
            host,
            address: case.stack.address(),
        }
    }

    /// The Secret `selfcert` in the cluster.
    pub(crate) fn keys(&self, cluster: &Cluster) -> BTreeMap<String, String> {
        secret(cluster, &self.name, "selfcert")
    }

    /// The certificates that Traefik trusts for this instance, PEM.
    pub(crate) fn authority(&self, cluster: &Cluster) -> String {
        secret(cluster, &self.name, "externca")
            .remove("ca.crt")
            .expect("the one key of externca")
    }

    /// The instance's site: the pair that httpd mounts from `selfcert`, and the instance's name as its page.
    pub(crate) fn site(&self, cluster: &Cluster) -> Site {
        let mut keys = self.keys(cluster);
        let mut take = |key: &str| keys.remove(key).expect("a key of selfcert");
        Site {
            address: self.address,
            pair: Pair {
                certificate: take("externcert"),
                key: take("externkey"),
            },
            page: self.name.clone(),
            manner: Manner::default(),
        }
    }
}

/// The data of a Secret, decoded.
#[track_caller]
pub(crate) fn secret(cluster: &Cluster, namespace: &str, name: &str) -> BTreeMap<String, String> {
    let object = cluster.get(&["secret", name, "-n", namespace]);
    let data = object["data"].as_object().expect("a Secret has data");
    data.iter()
        .map(|(key, value)| {
            let text = value.as_str().expect("base64 text");
            let bytes = STANDARD.decode(text).expect("base64 text");
            (
                key.clone(),
                String::from_utf8(bytes).expect("PEM is ASCII text"),
            )
        })
        .collect()
}

/// Makes the wildcard Secret and the `TLSStore` in `namespace`, and a browser that trusts its authority only.
#[track_caller]
pub(crate) fn browser(case: &Case, cluster: &Cluster, namespace: &str, domain: &str) -> Client {
    let authority = case.directory.join(format!("{namespace}-{domain}-ca.crt"));
    let manifests = civi_ingress(&[
        "wildcard-secret",
        "--domain",
        domain,
        "--tls-store",
        "-n",
        namespace,
        "--ca-custody",
        "stored",
        "--ca-out",
        &authority.display().to_string(),
    ]);
    cluster.apply(&manifests);
    Client::trusting(&fs::read_to_string(authority).expect("--ca-out"))
}

/// Name and resource version of each of these objects; equal before and after what changed nothing.
#[track_caller]
pub(crate) fn versions(cluster: &Cluster, namespace: &str) -> BTreeMap<String, String> {
    let kinds = "secrets,serverstransports.traefik.io,ingressroutes.traefik.io,\
                 middlewares.traefik.io,tlsstores.traefik.io,configmaps,networkpolicies";
    let list = cluster.get(&[kinds, "-n", namespace]);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    list["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|item| {
            let metadata = &item["metadata"];
            let name = format!("{}/{}", text(&item["kind"]), text(&metadata["name"]));
            (name, text(&metadata["resourceVersion"]))
        })
        .collect()
}
