//! OpenStack's cloud controller, and as much of Keystone, Neutron and Octavia as it asks for: they keep what it creates, and
//! answer from what they keep.

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::http::{self, Answer, Request};
use crate::process::Process;
use crate::stack::Case;

/// The floating IP that is there from the beginning, on no port.
pub(crate) const RESERVED: &str = "192.0.2.10";
/// The nodes of the cluster, servers of OpenStack: name and address.
pub(crate) const NODES: [(&str, &str); 2] = [("node-1", "10.0.0.11"), ("node-2", "10.0.0.12")];
/// The subnet that they are in.
pub(crate) const SUBNET: &str = "subnet-of-nodes";

/// The three services, at one address.
#[derive(Debug)]
pub(crate) struct OpenStack {
    address: SocketAddr,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    /// By the name of their collection in paths.
    objects: BTreeMap<String, Vec<Value>>,
    /// Load balancers with all that they consist of, as they were asked for.
    asked: Vec<Value>,
    /// Of all objects that were created.
    count: usize,
    /// Requests that were not understood.
    refused: Vec<String>,
}

impl OpenStack {
    /// Starts the services.
    pub(crate) fn start(address: Ipv4Addr) -> Self {
        let address = SocketAddr::from((address, 5000));
        let kept = Arc::new(Mutex::new(Kept::new()));
        let state = Arc::clone(&kept);
        http::serve(address, move |request| {
            state
                .lock()
                .expect("no request panics")
                .answer(address, request)
        });
        Self { address, kept }
    }

    /// Starts the cloud controller, with the one of its controllers that sets up load balancers.
    pub(crate) fn controller(&self, case: &Case, cluster: &Cluster) -> Process {
        let configuration = case.directory.join("cloud.conf");
        let text = format!(
            "[Global]\nauth-url=http://{}/identity/v3\nusername=tests\npassword=tests\ntenant-name=tests\n\
             domain-name=Default\n",
            self.address
        );
        fs::write(&configuration, text).expect("our own directory");
        let arguments = [
            "--cloud-provider=openstack".to_owned(),
            format!("--cloud-config={}", configuration.display()),
            format!("--kubeconfig={}", cluster.kubeconfig().display()),
            "--controllers=service-lb-controller".to_owned(),
            "--leader-elect=false".to_owned(),
            "--secure-port=0".to_owned(),
            "--v=2".to_owned(),
        ];
        Process::start(
            "openstack-cloud-controller-manager",
            &case.directory,
            &case.stack.programs.openstack,
            &arguments,
            &[],
        )
    }

    /// Returns what the controller asked for when it saw Traefik's Service: the body of its request for a load balancer.
    pub(crate) fn asked_for(&self, namespace: &str) -> Option<Value> {
        let name = format!("kube_service_kubernetes_{namespace}_traefik");
        let kept = self.kept();
        kept.asked
            .iter()
            .find(|asked| asked["name"] == name)
            .cloned()
    }

    /// Returns the floating IPs that there are.
    pub(crate) fn floating_ips(&self) -> Vec<String> {
        let kept = self.kept();
        let addresses = kept.list("floatingips");
        let texts =
            addresses.map(|object| object["floating_ip_address"].as_str().map(str::to_owned));
        texts.map(|text| text.expect("an address")).collect()
    }

    /// Returns how many load balancers, listeners, pools, members and monitors there are.
    pub(crate) fn parts(&self) -> usize {
        let kept = self.kept();
        let kinds = [
            "loadbalancers",
            "listeners",
            "pools",
            "members",
            "healthmonitors",
        ];
        kinds.iter().map(|kind| kept.list(kind).count()).sum()
    }

    /// Returns the requests that were not understood.
    pub(crate) fn refused(&self) -> Vec<String> {
        self.kept().refused.clone()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().expect("no request panics")
    }
}

impl Kept {
    /// A network that is reached from outside, the ports of the nodes, and a floating IP.
    fn new() -> Self {
        let mut kept = Self::default();
        kept.keep(
            "networks",
            json!({"router:external": true, "subnets": ["subnet-outside"]}),
        );
        for (name, address) in NODES {
            let ips = json!([{"subnet_id": SUBNET, "ip_address": address}]);
            kept.keep("ports", json!({"device_id": name, "fixed_ips": ips}));
        }
        kept.keep(
            "floatingips",
            json!({"floating_ip_address": RESERVED, "port_id": null}),
        );
        kept
    }

    /// Answers a request.
    fn answer(&mut self, address: SocketAddr, request: &Request) -> Answer {
        let target = request.target.as_str();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        match (request.method.as_str(), path.as_slice()) {
            ("POST", ["identity", "v3", "auth", "tokens"]) => Answer {
                head: "Content-Type: application/json\r\nX-Subject-Token: a-token\r\n",
                ..answer(201, &token(address))
            },
            ("GET", ["network"]) => answer(200, &versions(&["v2.0"])),
            // The oldest and the newest of Octavia 19 (octavia/api/root_controller.py).
            ("GET", ["load-balancer"]) => answer(200, &versions(&["v2.0", "v2.30"])),
            ("GET", ["network", _, kind] | ["load-balancer", _, _, kind]) => {
                let found = self.list(kind).filter(|object| fits(object, query));
                let found: Vec<&Value> = found.collect();
                answer(200, &json!({kind.replace('-', "_"): found}))
            }
            ("GET", ["load-balancer", _, _, "pools", pool, "members"]) => {
                let found = self
                    .list("members")
                    .filter(|member| member["pool_id"] == *pool);
                let found: Vec<&Value> = found.collect();
                answer(200, &json!({"members": found}))
            }
            ("GET", ["load-balancer", _, _, kind, id]) => {
                match self.list(kind).find(|object| object["id"] == *id) {
                    Some(object) => answer(200, &json!({kind.trim_end_matches('s'): object})),
                    None => answer(404, &Value::Null),
                }
            }
            ("POST", ["load-balancer", _, _, "loadbalancers"]) => {
                let made = self.balance(&body["loadbalancer"]);
                answer(201, &json!({"loadbalancer": made}))
            }
            ("DELETE", ["load-balancer", _, _, "loadbalancers", id]) if query == "cascade=true" => {
                self.remove_balancer(id);
                answer(204, &Value::Null)
            }
            ("POST", ["network", _, "floatingips"]) => {
                let address = format!("203.0.113.{}", self.count);
                let mut asked = body["floatingip"].clone();
                asked["floating_ip_address"] = address.into();
                let made = self.keep("floatingips", asked);
                answer(201, &json!({"floatingip": made}))
            }
            ("PUT", ["network", _, "floatingips", id]) => {
                let mut found = self
                    .objects
                    .entry("floatingips".to_owned())
                    .or_default()
                    .iter_mut();
                let found = found
                    .find(|object| object["id"] == *id)
                    .expect("it was listed");
                found["port_id"] = body["floatingip"]["port_id"].clone();
                answer(200, &json!({"floatingip": found}))
            }
            ("DELETE", ["network", _, "floatingips", id]) => {
                let found = self.objects.entry("floatingips".to_owned()).or_default();
                found.retain(|object| object["id"] != *id);
                answer(204, &Value::Null)
            }
            (method, _) => {
                self.refused.push(format!("{method} {target} {body}"));
                answer(501, &Value::Null)
            }
        }
    }

    fn list(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.objects.get(kind).into_iter().flatten()
    }

    /// Keeps an object under a new id.
    fn keep(&mut self, kind: &str, mut object: Value) -> Value {
        self.count += 1;
        object["id"] = format!("{kind}-{}", self.count).into();
        object["provisioning_status"] = "ACTIVE".into();
        let list = self.objects.entry(kind.to_owned()).or_default();
        list.push(object.clone());
        object
    }

    /// Makes a load balancer with all that it consists of.
    fn balance(&mut self, asked: &Value) -> Value {
        self.asked.push(asked.clone());
        let mut balancer = asked.clone();
        let listeners = balancer["listeners"].take();
        balancer["vip_address"] = format!("10.0.0.{}", 100 + self.count).into();
        balancer["vip_port_id"] = format!("port-of-{}", self.count).into();
        let balancer = self.keep("loadbalancers", balancer);
        let of = json!([{"id": balancer["id"]}]);
        for mut listener in list_of(listeners) {
            listener["loadbalancers"] = of.clone();
            let mut pool = listener["default_pool"].take();
            let listener = self.keep("listeners", listener);
            pool["loadbalancers"] = of.clone();
            pool["listeners"] = json!([{"id": listener["id"]}]);
            let (members, mut monitor) = (pool["members"].take(), pool["healthmonitor"].take());
            if monitor.is_object() {
                monitor["loadbalancers"] = of.clone();
                pool["healthmonitor_id"] = self.keep("healthmonitors", monitor)["id"].take();
            }
            let pool = self.keep("pools", pool);
            for mut member in list_of(members) {
                member["loadbalancers"] = of.clone();
                member["pool_id"] = pool["id"].clone();
                self.keep("members", member);
            }
        }
        balancer
    }

    /// Removes a load balancer with all that it consists of, and its port; a floating IP stays, as Neutron has it.
    fn remove_balancer(&mut self, id: &str) {
        let mut balancers = self.objects.get("loadbalancers").into_iter().flatten();
        let balancer = balancers.find(|object| object["id"] == id);
        let port = balancer.map(|balancer| balancer["vip_port_id"].clone());
        for object in self.objects.entry("floatingips".to_owned()).or_default() {
            if port.as_ref() == Some(&object["port_id"]) {
                object["port_id"] = Value::Null;
            }
        }
        for objects in self.objects.values_mut() {
            objects.retain(|object| object["id"] != id && object["loadbalancers"][0]["id"] != id);
        }
    }
}

fn list_of(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        _ => Vec::new(),
    }
}

/// Returns whether an object has what each part of a query asks for.
fn fits(object: &Value, query: &str) -> bool {
    let mut wanted = query.split('&').filter_map(|part| part.split_once('='));
    wanted.all(|(key, value)| match key {
        "loadbalancer_id" => object["loadbalancers"][0]["id"] == value,
        _ => object[key] == value,
    })
}

fn answer(status: u16, body: &Value) -> Answer {
    Answer {
        status,
        // A list of another type is not read (gophercloud 2.12, pagination/http.go).
        head: "Content-Type: application/json\r\n",
        body: match body {
            Value::Null => Vec::new(),
            body => body.to_string().into_bytes(),
        },
    }
}

fn token(address: SocketAddr) -> Value {
    let services = [("network", "network"), ("load-balancer", "load-balancer")];
    let catalog = services.map(|(kind, path)| {
        let url = format!("http://{address}/{path}");
        let endpoint = json!({"id": kind, "interface": "public", "region": "here", "region_id": "here", "url": url});
        json!({"id": kind, "type": kind, "name": kind, "endpoints": [endpoint]})
    });
    json!({"token": {"expires_at": "2999-01-01T00:00:00.000000Z", "catalog": catalog}})
}

/// The last one is the newest, and the controller looks there.
fn versions(ids: &[&str]) -> Value {
    let versions = ids.iter().map(|id| json!({"id": id, "status": "CURRENT"}));
    json!({"versions": versions.collect::<Vec<_>>()})
}
