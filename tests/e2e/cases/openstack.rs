//! What OpenStack's cloud controller makes of Traefik's Service.

use std::fs;
use std::process::Command;
use std::sync::Arc;

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::balancer::asked_of_octavia;
use crate::cluster::{Cluster, output_of};
use crate::components::newest;
use crate::openstack::{NODES, OpenStack, RESERVED, SUBNET};
use crate::pki::Authority;
use crate::process::Process;
use crate::program::civi_ingress;
use crate::stack::{Case, Stack, trial};
use crate::wait;

/// The cases of this module.
pub(crate) fn all(stack: &Arc<Stack>) -> Vec<Trial> {
    vec![
        trial(
            stack,
            "openstacks_cloud_controller_makes_of_traefiks_service_what_octavia_is_rendered_from_and_keeps_its_address",
            balancers,
        ),
        trial(
            stack,
            "terraforms_own_provider_for_openstack_takes_what_is_rendered_for_each_topology_and_nothing_misspelt",
            taken_by_terraform,
        ),
    ]
}

/// Where Traefik's Service is, and the options by which its values were made.
struct Way<'a> {
    namespace: &'a str,
    options: &'a [&'a str],
}

const OPENSTACK: Way = Way {
    namespace: "openstack",
    options: &["openstack", "--load-balancer-address", RESERVED],
};
const WAYS: [Way; 4] = [
    OPENSTACK,
    Way {
        namespace: "openstack-v1",
        options: &["openstack", "--proxy-protocol", "1"],
    },
    Way {
        namespace: "ovh-mks",
        options: &["ovh-mks"],
    },
    Way {
        namespace: "ovh-mks-v1",
        options: &["ovh-mks", "--proxy-protocol", "1"],
    },
];

/// The ways for which a file is rendered: their topologies, and more keys of `loadBalancer`.
const BY_TERRAFORM: [(&str, &str); 7] = [
    ("tcp-proxy", ""),
    ("tcp-proxy", ", proxyProtocol: v1"),
    ("tcp-proxy", ", address: 192.0.2.10"),
    ("passthrough", ""),
    ("offload", ""),
    ("inspect", ""),
    ("inspect-twice", ""),
];

fn taken_by_terraform(case: &Case) {
    let validate = |name: &str, text: &str| {
        let file = case.directory.join(name);
        fs::write(&file, text).expect("our own directory");
        let output = output_of(
            Command::new(&case.stack.programs.terraform_validate).arg(file),
            "",
        );
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).expect("text");
        (output.status.success(), said)
    };
    for (number, (topology, more)) in BY_TERRAFORM.iter().enumerate() {
        let text = for_terraform(case, topology, more);
        let (is_taken, said) = validate(&format!("{number}.tf.json"), &text);
        assert!(
            is_taken && said.ends_with(" resources\n"),
            "{topology}{more}: {said}"
        );
    }
    // What is misspelt is refused: an attribute, a value, a name of another resource, one that is missing, a version.
    let inspect = for_terraform(case, "inspect", "");
    for (right, wrong, fault) in [
        (
            "\"tls_enabled\"",
            "\"tls_enable\"",
            "Did you mean \"tls_enabled\"?",
        ),
        (
            "LEAST_CONNECTIONS",
            "LEAST",
            "expected lb_method to be one of",
        ),
        (
            "lb_pool_v2.https.id",
            "lb_pool_v2.https.ident",
            "Unsupported attribute",
        ),
        ("var.httpd_ca_ref", "var.ca_ref", "Unsupported attribute"),
        (
            "\"vip_subnet_id\"",
            "\"description\"",
            "one of `vip_network_id",
        ),
        ("\"delay\": 5,", "", "\"delay\" is required"),
        ("~> 3.0", "~> 4.0", "3.4.0"),
    ] {
        assert!(inspect.contains(right), "{right} is not in the file");
        let (is_taken, said) = validate("wrong.tf.json", &inspect.replace(right, wrong));
        assert!(!is_taken && said.contains(fault), "{wrong}: {said}");
    }
}

/// Renders the file for Terraform of a fleet.
fn for_terraform(case: &Case, topology: &str, more: &str) -> String {
    let directory = tempfile::tempdir_in(&case.directory).expect("our own directory");
    let file = |name: &str| directory.path().join(name);
    let authority = Authority::new("load balancers");
    fs::write(file("balancers.crt"), authority.certificate).expect("our own directory");
    let needs = match topology {
        "inspect" => "clients: {require: balancers.crt}, certificate: {ca: stored}",
        "passthrough" => "publicCertificate: {secret: web-tls}",
        _ => "",
    };
    let text = format!(
        "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {{name: f}}\nspec:\n  domain: example.org\n  \
         secrets: {{mode: plain}}\n  topology: {topology}\n  \
         loadBalancer: {{kind: terraform, trusted: [10.0.0.0/24], nodes: [10.0.0.11, \"2001:db8::12\"]{more}}}\n  \
         defaults: {{{needs}}}\n  instances: {{a: {{}}}}\n"
    );
    fs::write(file("fleet.yaml"), text).expect("our own directory");
    let [fleet, tree] = ["fleet.yaml", "tree"].map(|name| file(name).display().to_string());
    civi_ingress(&["gitops", "render", "-f", &fleet, "--output-dir", &tree]);
    fs::read_to_string(file("tree/outside/terraform/main.tf.json")).expect("a rendered file")
}

fn balancers(case: &Case) {
    let cluster = case.stack.new_cluster(&newest(), "cluster-openstack");
    let nodes = NODES.map(|(name, address)| {
        let status = json!({"addresses": [{"type": "InternalIP", "address": address}]});
        json!({
            "apiVersion": "v1", "kind": "Node", "metadata": {"name": name},
            "spec": {"providerID": format!("openstack:///{name}")}, "status": status,
        })
    });
    apply(&cluster, &nodes);
    let cloud = OpenStack::start(case.stack.address());
    let mut controller = cloud.controller(case, &cluster);

    let services = WAYS.map(|way| (way.namespace, service(&way)));
    for (namespace, service) in &services {
        let service = create(&cluster, &mut controller, namespace, service.clone());
        let asked = cloud.asked_for(namespace).expect("a load balancer");
        assert_eq!(listeners(&asked), expected(&service), "{namespace}");
        let ingress = &service["status"]["loadBalancer"]["ingress"];
        assert_eq!(ingress[0]["ipMode"], "Proxy", "{namespace}");
        let address = ingress[0]["ip"].as_str().expect("an address");
        assert!(
            cloud.floating_ips().iter().any(|known| known == address),
            "{namespace}"
        );
        let wanted = service["spec"]["loadBalancerIP"].as_str();
        assert_eq!(wanted.unwrap_or(address), address, "{namespace}");
    }

    // Of a Service without the annotations it makes another load balancer, and its address goes with it.
    let mut bare = service(&OPENSTACK);
    bare["metadata"]["annotations"] = Value::Null;
    bare["spec"]["loadBalancerIP"] = Value::Null;
    let kept = cloud.floating_ips();
    let bare = create(&cluster, &mut controller, "bare", bare);
    let asked = cloud.asked_for("bare").expect("a load balancer");
    let pool = &asked["listeners"][1]["default_pool"];
    assert_eq!(pool["protocol"], "TCP");
    assert_eq!(pool["healthmonitor"], Value::Null);
    assert_eq!(
        bare["status"]["loadBalancer"]["ingress"][0]["ipMode"],
        "VIP"
    );

    for (namespace, _) in [("bare", Value::Null)].iter().chain(&services) {
        let delete = [
            "delete",
            "service",
            "traefik",
            "--timeout=600s",
            "-n",
            namespace,
        ];
        cluster.kubectl(&delete, "");
    }
    assert_eq!(cloud.parts(), 0);
    assert_eq!(cloud.floating_ips(), kept);
    assert_eq!(cloud.refused(), Vec::<String>::new());
}

/// Returns the Service that Traefik's chart makes of the values that are printed.
///
/// It copies annotations and spec, and adds the ports that have an entrypoint (traefik-helm-chart 41.3.0,
/// `templates/service.yaml`, `templates/_service.tpl`, and `ports` in `values.yaml`).
fn service(way: &Way) -> Value {
    let common = ["traefik-values", "--topology", "tcp-proxy", "--trusted"];
    let trusted = ["10.0.0.0/24", "--load-balancer"];
    let text = civi_ingress(&[&common[..], &trusted, way.options].concat());
    let values: Value = serde_yaml::from_str(&text).expect("YAML");
    let mut spec = values["service"]["spec"].clone();
    spec["selector"] = json!({"app.kubernetes.io/name": "traefik"});
    spec["ports"] = json!([
        {"name": "web", "port": 80, "targetPort": "web"},
        {"name": "websecure", "port": 443, "targetPort": "websecure"},
    ]);
    let annotations = values["service"]["annotations"].clone();
    json!({"metadata": {"name": "traefik", "annotations": annotations}, "spec": spec})
}

/// Creates a Service, and waits until the controller says where it is reached.
fn create(
    cluster: &Cluster,
    controller: &mut Process,
    namespace: &str,
    mut service: Value,
) -> Value {
    service["apiVersion"] = "v1".into();
    service["kind"] = "Service".into();
    service["metadata"]["namespace"] = namespace.into();
    let home = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
    apply(cluster, &[home, service]);
    wait::until("a load balancer", || {
        controller.assert_running();
        let service = cluster.get(&["service", "traefik", "--namespace", namespace]);
        match &service["status"]["loadBalancer"]["ingress"] {
            Value::Null => Err(format!("{namespace}: {service}")),
            _ => Ok(service),
        }
    })
}

fn apply(cluster: &Cluster, objects: &[Value]) {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
    cluster.apply(&list.to_string());
}

/// Returns what was asked for, without the names that the controller chose.
fn listeners(asked: &Value) -> Value {
    let mut listeners = asked["listeners"].clone();
    for listener in listeners.as_array_mut().expect("listeners") {
        for of_name in ["name", "tags"] {
            remove(listener, of_name);
        }
        let pool = &mut listener["default_pool"];
        remove(pool, "name");
        remove(&mut pool["healthmonitor"], "name");
        let members = pool["members"].as_array_mut().expect("members");
        members.sort_by_key(|member| member["name"].as_str().map(str::to_owned));
    }
    listeners
}

fn remove(object: &mut Value, key: &str) {
    object.as_object_mut().expect("an object").remove(key);
}

/// Returns what Octavia's configurations are rendered from, for each port of a Service, with the nodes as members.
fn expected(service: &Value) -> Value {
    let annotations = &service["metadata"]["annotations"];
    let version = annotations["loadbalancer.openstack.org/proxy-protocol"].as_str();
    let listener = asked_of_octavia(version.expect("the annotation"));
    let ports = service["spec"]["ports"].as_array().expect("ports");
    let numbers = ports.iter().map(|port| &port["port"]).collect::<Vec<_>>();
    assert_eq!(numbers, [80, 443]);
    let listeners = ports.iter().map(|port| {
        let mut listener = listener.clone();
        listener["protocol_port"] = port["port"].clone();
        let members = NODES.map(|(name, address)| {
            json!({
                "name": name, "address": address, "subnet_id": SUBNET,
                "protocol_port": port["nodePort"],
                "monitor_port": service["spec"]["healthCheckNodePort"],
            })
        });
        listener["default_pool"]["members"] = json!(members);
        listener
    });
    listeners.collect()
}
