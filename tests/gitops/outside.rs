//! What is before the cluster and not in it.

use crate::support::{assert_snapshot_in, run_in, write};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::read_to_string;
use std::path::Path;
use tempfile::TempDir;

const FILES: [(&str, &str); 2] = [
    ("haproxy", "tree/outside/haproxy/haproxy.cfg"),
    ("terraform", "tree/outside/terraform/main.tf.json"),
];
/// The topologies of which such a file is part.
const TOPOLOGIES: [&str; 4] = ["tcp-proxy", "offload", "inspect", "inspect-twice"];
/// What the resources of terraform-provider-openstack 3.4.0 take: a line for each attribute with its resource, its name,
/// whether it is required, its type and its values (`openstack/resource_openstack_*.go`, `Schema`).
const PROVIDER: &str = include_str!("../fixtures/openstack-provider.txt");

fn fleet(way_in: &str) -> String {
    format!(
        "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {{name: f}}\nspec:\n  domain: example.org\n  \
         secrets: {{mode: plain}}\n{way_in}  instances: {{a: {{}}}}\n"
    )
}

fn behind(kind: &str, more: &str) -> String {
    by_way("tcp-proxy", kind, more)
}

fn by_way(topology: &str, kind: &str, more: &str) -> String {
    let needs = match topology {
        "inspect" => "  defaults: {clients: {require: balancer.crt}, certificate: {ca: stored}}\n",
        _ => "",
    };
    fleet(&format!(
        "  topology: {topology}\n  loadBalancer: {{kind: {kind}, trusted: [10.0.0.0/24]{more}}}\n{needs}"
    ))
}

/// Writes the CA of the certificate that a load balancer shows.
fn write_authority(directory: &Path) {
    run_in(directory, &["ca", "--output-dir", "ca"]).good();
    std::fs::rename(directory.join("ca/ca.crt"), directory.join("balancer.crt")).unwrap();
}

fn gitops(directory: &Path, more: &[&str]) -> (i32, String) {
    let line = [more, &["-f", "fleet.yaml", "--output-dir", "tree"]].concat();
    let run = run_in(directory, &[&["gitops"][..], &line].concat());
    (run.status, run.stderr + &run.stdout)
}

#[test]
fn a_file_for_a_machine_before_the_cluster_is_written_checked_compared_and_pruned_and_in_no_kustomization()
 {
    for (kind, file) in FILES {
        let directory = TempDir::new().unwrap();
        let path = directory.path();
        let nodes = ", nodes: [10.0.0.11, \"2001:db8::12\"], address: 192.0.2.10";
        write(&path.join("fleet.yaml"), &behind(kind, nodes));
        let (status, said) = gitops(path, &["render"]);
        assert_eq!(status, 0, "{said}");
        let written = read_to_string(path.join(file)).unwrap();
        assert_snapshot_in!("outside", kind, written);
        let root = read_to_string(path.join("tree/kustomization.yaml")).unwrap();
        assert!(!root.contains("outside"), "{root}");
        assert_eq!(gitops(path, &["check"]).0, 0);

        write(&path.join(file), &written.replace("10.0.0.11", "10.0.0.13"));
        let (status, said) = gitops(path, &["diff"]);
        assert!(status != 0 && said.contains("10.0.0.11"), "{said}");
        assert_ne!(gitops(path, &["check"]).0, 0);
        assert_eq!(gitops(path, &["render"]).0, 0);
        assert_eq!(read_to_string(path.join(file)).unwrap(), written);

        write(&path.join("fleet.yaml"), &fleet(""));
        let (status, said) = gitops(path, &["render"]);
        assert!(status == 0 && path.join(file).exists(), "{said}");
        let (status, said) = gitops(path, &["render", "--prune"]);
        let is_gone = !path.join("tree/outside").exists();
        assert!(status == 0 && is_gone, "{said}");
    }
}

#[test]
fn a_file_of_another_fleet_for_a_machine_before_the_cluster_is_in_the_way() {
    for (kind, file) in FILES {
        let directory = TempDir::new().unwrap();
        let path = directory.path();
        write(
            &path.join("fleet.yaml"),
            &behind(kind, ", nodes: [10.0.0.11]"),
        );
        assert_eq!(gitops(path, &["render"]).0, 0);
        let others = read_to_string(path.join(file)).unwrap();
        let others = others.replace("fleet=f", "fleet=g");
        write(&path.join(file), &others);
        let (status, said) = gitops(path, &["render"]);
        assert!(status == 5 && said.contains("outside/"), "{status}: {said}");
        assert_eq!(read_to_string(path.join(file)).unwrap(), others);
    }
}

/// What a resource takes: each attribute by its name, with whether it is required, and its values if they are listed.
fn attributes(resource: &str) -> BTreeMap<&'static str, (bool, Vec<&'static str>)> {
    let lines = PROVIDER.lines().filter_map(|line| {
        let words: Vec<&str> = line.split(' ').collect();
        let [of, name, need, _, values] = words[..] else {
            panic!("{line}");
        };
        let values = values.split(',').filter(|value| *value != "-").collect();
        (of == resource && need != "computed").then_some((name, (need == "required", values)))
    });
    lines.collect()
}

fn assert_taken(resource: &str, prefix: &str, given: &Map<String, Value>) {
    let known = attributes(resource);
    let below = |name: &str| {
        name.strip_prefix(prefix)
            .is_some_and(|rest| !rest.contains('.'))
    };
    for (name, (is_required, values)) in known.iter().filter(|(name, _)| below(name)) {
        let value = given.get(&name[prefix.len()..]);
        assert!(value.is_some() || !is_required, "{resource} lacks {name}");
        let listed = value.and_then(Value::as_str).filter(|_| !values.is_empty());
        assert!(
            listed.is_none_or(|value| values.contains(&value)),
            "{resource}: {value:?}"
        );
    }
    for (name, value) in given {
        let name = format!("{prefix}{name}");
        assert!(
            known.contains_key(name.as_str()),
            "{resource} does not take {name}"
        );
        for item in value.as_array().into_iter().flatten() {
            if let Some(item) = item.as_object() {
                assert_taken(resource, &format!("{name}."), item);
            }
        }
    }
}

#[test]
fn terraforms_provider_takes_every_attribute_and_every_reference_names_a_resource_or_a_variable() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let nodes = ", nodes: [10.0.0.11], address: 192.0.2.10";
    let first = behind("terraform", &format!("{nodes}, proxyProtocol: v1"));
    write_authority(path);
    let others = TOPOLOGIES.map(|topology| by_way(topology, "terraform", nodes));
    for text in [first].into_iter().chain(others) {
        write(&path.join("fleet.yaml"), &text);
        assert_eq!(gitops(path, &["render"]).0, 0);
        let text = read_to_string(path.join(FILES[1].1)).unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        let resources = document["resource"].as_object().unwrap();
        assert_eq!(resources.len(), 7);
        for (kind, each) in resources {
            for (_, given) in each.as_object().unwrap() {
                assert_taken(kind, "", given.as_object().unwrap());
            }
        }
        let references: Vec<&str> = text
            .split("${")
            .skip(1)
            .map(|rest| rest.split('}').next().unwrap())
            .collect();
        assert!(references.len() > 5);
        for reference in references {
            let names: Vec<&str> = reference.split('.').collect();
            let found = match names[..] {
                ["var", name] => &document["variable"][name],
                [kind, name, _] => &document["resource"][kind][name],
                _ => panic!("{reference}"),
            };
            assert!(found.is_object(), "{reference}");
        }
    }
}

/// What Terraform asks of Octavia: the end-to-end tests run what Octavia makes of it.
const OF_OCTAVIA: &str = include_str!("../e2e/octavia.json");

#[test]
fn terraform_asks_for_what_is_tried_with_octavia() {
    let stated: Value = serde_json::from_str(OF_OCTAVIA).unwrap();
    let stated = &stated["terraform"];
    for (name, own) in stated["topologies"].as_object().unwrap() {
        let (topology, version) = name.split_once(' ').unwrap_or((name, ""));
        let protocol = match version {
            "" => String::new(),
            version => format!(", proxyProtocol: {version}"),
        };
        let directory = TempDir::new().unwrap();
        let path = directory.path();
        write_authority(path);
        let nodes = format!(", nodes: [10.0.0.11]{protocol}");
        let text = by_way(topology, "terraform", &nodes);
        write(&path.join("fleet.yaml"), &text);
        assert_eq!(gitops(path, &["render"]).0, 0);
        let rendered = read_to_string(path.join(FILES[1].1)).unwrap();
        if topology == "tcp-proxy" {
            // A load balancer that passes TLS on does not know who ends it.
            let passed = text.replace("tcp-proxy", "passthrough");
            let defaults = "  defaults: {publicCertificate: {secret: web-tls}}\n";
            write(&path.join("fleet.yaml"), &(passed + defaults));
            assert_eq!(gitops(path, &["render"]).0, 0);
            assert_eq!(read_to_string(path.join(FILES[1].1)).unwrap(), rendered);
        }
        let document: Value = serde_json::from_str(&rendered).unwrap();
        // Without names, and without what ties one resource to another.
        let asked = |kind: &str| {
            let each = document["resource"][kind].as_object().unwrap();
            assert_eq!(each.len(), if topology == "tcp-proxy" { 2 } else { 1 });
            let mut asked = each["https"].clone();
            let attributes = asked.as_object_mut().unwrap();
            attributes.retain(|name, value| {
                let is_tied = value
                    .as_str()
                    .is_some_and(|text| text.contains("${openstack_"));
                name != "name" && !is_tied
            });
            asked
        };
        let listener = &stated[own["listener"].as_str().unwrap()];
        assert_eq!(asked("openstack_lb_listener_v2"), *listener);
        assert_eq!(asked("openstack_lb_monitor_v2"), stated["monitor"]);
        assert_eq!(asked("openstack_lb_pool_v2"), own["pool"], "{topology}");
        let mut member = asked("openstack_lb_members_v2")["member"][0].take();
        for of_place in ["name", "address", "subnet_id"] {
            member.as_object_mut().unwrap().remove(of_place).unwrap();
        }
        assert_eq!(member, own["member"], "{topology}");
    }
}

#[test]
fn where_a_load_balancer_ends_tls_its_file_the_route_traefik_and_drupal_say_so_and_lint_finds_nothing()
 {
    for topology in ["offload", "inspect", "inspect-twice"] {
        let directory = TempDir::new().unwrap();
        let path = directory.path();
        write_authority(path);
        let mut written = String::new();
        let mut add = |file: &str| {
            let text = read_to_string(path.join(file)).unwrap();
            write!(written, "=== {file}\n{text}").unwrap();
        };
        for (kind, file) in FILES {
            let nodes = ", nodes: [10.0.0.11, \"2001:db8::12\"]";
            let text = by_way(topology, kind, nodes);
            write(&path.join("fleet.yaml"), &text);
            let (status, said) = gitops(path, &["render", "--prune"]);
            assert_eq!(status, 0, "{said}");
            add(file);
        }
        let route = match topology {
            "inspect" => "tree/instances/a/ingressroutetcp-ingressproxy.yaml",
            _ => "tree/instances/a/ingressroute-ingressproxy.yaml",
        };
        add(route);
        add("tree/instances/a/configmap-httpd-ingress.yaml");
        add("tree/cluster/traefik-values.yaml");
        assert_snapshot_in!("outside", topology, without_certificate(&written));
        let linted = run_in(path, &["lint", "tree"]);
        let (status, found) = (linted.status, linted.stdout.as_str());
        assert_eq!((status, found), (0, ""), "{}", linted.stderr);
    }
}

#[test]
fn status_draws_the_load_balancer_of_a_fleet_and_where_its_tls_begins_and_ends() {
    let passes = "Load balancer<br/>192.0.2.10<br/>haproxy<br/>PROXY protocol v2\"]";
    let ends = "Load balancer<br/>192.0.2.10<br/>haproxy<br/>ends TLS itself, with a certificate that no manifest holds\"]";
    for (topology, balancer, further, legs) in [
        ("tcp-proxy", passes, "", ["browser", "traefik"]),
        (
            "offload",
            ends,
            "i0balancer -->|\"NOT ENCRYPTED\"| i0traefik",
            ["balancer", "traefik"],
        ),
        (
            "inspect",
            ends,
            "httpd<br/>the load balancer#39;s TLS ends here<br/>a.example.org",
            ["balancer", "httpd"],
        ),
        ("inspect-twice", ends, "", ["balancer", "traefik"]),
    ] {
        let directory = TempDir::new().unwrap();
        let path = directory.path();
        write_authority(path);
        let nodes = ", nodes: [10.0.0.11], address: 192.0.2.10";
        write(
            &path.join("fleet.yaml"),
            &by_way(topology, "haproxy", nodes),
        );
        assert_eq!(gitops(path, &["render"]).0, 0);
        let status = |form: &str| {
            let line = ["status", "tree", "-f", "fleet.yaml", "-o", form];
            run_in(path, &line).good()
        };
        let drawn = status("mermaid");
        assert!(
            drawn.contains(balancer) && drawn.contains(further),
            "{drawn}"
        );
        let report: Value = serde_json::from_str(&status("json")).unwrap();
        let instance = &report["instances"][0];
        let first = &instance["legs"][0];
        assert_eq!([&first["from"], &first["to"]], legs, "{topology}");
        assert_eq!(instance["loadBalancer"]["name"], "haproxy");
        assert_eq!(instance["loadBalancer"]["endsTls"], topology != "tcp-proxy");
    }
}

/// The files below a folder, by their paths from there, but for the names of Kubernetes' tools.
fn files_below(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            let below = files_below(&path).into_iter();
            found.extend(below.map(|below| format!("{name}/{below}")));
        } else {
            found.push(name);
        }
    }
    found.sort();
    found
}

#[test]
fn the_files_of_a_traefik_outside_are_written_checked_compared_and_pruned_and_hold_no_key() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let way = "  ingress: {kind: traefik-file, release: \"3.7\"}\n";
    let text = fleet(way).replace("{a: {}}", "{a: {}, b: {httpdAddress: \"{id}-httpd:8443\"}}");
    write(&path.join("fleet.yaml"), &text);
    let (status, said) = gitops(path, &["render"]);
    assert_eq!(status, 0, "{said}");
    let outside = path.join("tree/outside/traefik");
    let files = [
        "dynamic/_store.yaml",
        "dynamic/a.yaml",
        "dynamic/b.yaml",
        "traefik.yaml",
    ];
    assert_eq!(files_below(&outside), files);
    for file in files {
        let text = read_to_string(outside.join(file)).unwrap();
        assert!(
            !text.contains("PRIVATE KEY") && text.contains("fleet=f"),
            "{text}"
        );
    }
    let routes = read_to_string(outside.join("dynamic/b.yaml")).unwrap();
    assert!(routes.contains("- url: https://b-httpd:8443\n"), "{routes}");
    // Nothing of it is for a cluster, and the cluster has no route of Traefik.
    let root = read_to_string(path.join("tree/kustomization.yaml")).unwrap();
    assert!(!root.contains("outside"), "{root}");
    let in_cluster = [
        "instances/a/kustomization.yaml",
        "instances/a/namespace.yaml",
        "instances/a/secret-externca.yaml",
        "instances/a/secret-selfcert.yaml",
    ];
    let of_instance = files_below(&path.join("tree"));
    let of_instance = of_instance
        .iter()
        .filter(|file| file.starts_with("instances/a/"));
    assert_eq!(of_instance.collect::<Vec<_>>(), in_cluster);
    assert!(!path.join("tree/cluster/traefik-values.yaml").exists());
    assert_eq!(gitops(path, &["check"]).0, 0);

    write(
        &outside.join("dynamic/b.yaml"),
        &routes.replace("8443", "9443"),
    );
    let (status, said) = gitops(path, &["diff"]);
    assert!(status != 0 && said.contains("9443"), "{said}");
    assert_ne!(gitops(path, &["check"]).0, 0);
    assert_eq!(gitops(path, &["render"]).0, 0);
    assert_eq!(
        read_to_string(outside.join("dynamic/b.yaml")).unwrap(),
        routes
    );
    write(&path.join("fleet.yaml"), &fleet(way));
    let (status, said) = gitops(path, &["render", "--prune"]);
    assert_eq!(status, 0, "{said}");
    assert!(!outside.join("dynamic/b.yaml").exists() && outside.join("dynamic/a.yaml").exists());
    write(&path.join("fleet.yaml"), &fleet(""));
    assert_eq!(gitops(path, &["render", "--prune"]).0, 0);
    assert!(!path.join("tree/outside").exists());
}

#[test]
fn a_template_of_ones_own_that_leads_requests_in_another_way_is_refused() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    run_in(path, &["templates", "export", "--output-dir", "own"]).good();
    write(
        &path.join("fleet.yaml"),
        &fleet("  ingress: {kind: traefik-file}\n"),
    );
    let file = path.join("own/traefik-file/http.yaml");
    let template = read_to_string(&file).unwrap();
    let line = [
        "new-instance",
        "a",
        "--host",
        "a.example.org",
        "--ingress",
        "traefik-file",
    ];
    let line = [
        &line[..],
        &["--routes-out", "r.yaml", "--force", "--templates", "own"],
    ]
    .concat();
    for (from, to, is_good) in [
        (
            "serversTransport: {{ name }}",
            "passHostHeader: true\n        serversTransport: {{ name }}",
            true,
        ),
        ("      serverName: {{ server_name }}\n", "", false),
        (
            "      rootCAs:\n",
            "      insecureSkipVerify: true\n      rootCAs:\n",
            false,
        ),
        ("rule: {{ rule }}", "rule: Host(`b.example.org`)", false),
        (
            "          - url: {{ url }}",
            "          - url: https://other:443",
            false,
        ),
    ] {
        assert!(template.contains(from), "{from}");
        write(&file, &template.replace(from, to));
        let one = run_in(path, &line);
        let (status, said) = gitops(path, &["render", "--templates", "own"]);
        if is_good {
            assert_eq!((one.status, status), (0, 0), "{}{said}", one.stderr);
            continue;
        }
        assert_eq!((one.status, status), (3, 3), "{from}: {}{said}", one.stderr);
        for said in [one.stderr, said] {
            assert!(
                said.contains("does not lead the requests for a.example.org"),
                "{said}"
            );
        }
    }
}

#[test]
fn each_file_that_routes_name_is_made_of_the_secrets_and_its_owner_alone_may_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let way = "  ingress: {kind: traefik-file, directory: /srv/t}\n  defaults: {objects: {clientAuth: true}}\n";
    write(&path.join("fleet.yaml"), &fleet(way));
    assert_eq!(gitops(path, &["render"]).0, 0);
    let secrets = [
        "tree/cluster/secret-wildcardsecret.yaml",
        "tree/instances/a/secret-externca.yaml",
        "tree/instances/a/secret-externclient.yaml",
    ];
    let line = [
        &["secret-files"][..],
        &secrets,
        &["--output-dir", "secrets"],
    ]
    .concat();
    run_in(path, &line).good();
    let named = ["_store", "a"].map(|name| {
        let file = format!("tree/outside/traefik/dynamic/{name}.yaml");
        read_to_string(path.join(file)).unwrap()
    });
    let named = named.concat();
    let paths = named
        .split_whitespace()
        .filter_map(|word| word.strip_prefix("/srv/t/secrets/"));
    let paths: std::collections::BTreeSet<&str> = paths.collect();
    assert_eq!(paths.len(), 5, "{paths:?}");
    for file in paths {
        let file = path.join("secrets").join(file);
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(read_to_string(&file).unwrap().starts_with("-----BEGIN "));
    }
    // Once more, they are only written over where that is asked for.
    let again = run_in(path, &line);
    assert_eq!(again.status, 5, "{}", again.stderr);
    run_in(path, &[&line[..], &["--force"]].concat()).good();
    // A Secret that is encrypted, and one of no namespace, become no file.
    for (text, what) in [
        (
            "data: {k: 'ENC[AES256_GCM,data:x,iv:x,tag:x,type:str]'}",
            "is not base64",
        ),
        ("data: {k: eA==}", "names no namespace"),
        ("data: {}", "no Secret with a value"),
    ] {
        let manifest = format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\n{text}\n");
        write(&path.join("s.yaml"), &manifest);
        let refused = run_in(path, &["secret-files", "s.yaml", "--output-dir", "none"]);
        assert!(refused.stderr.contains(what), "{}", refused.stderr);
        assert_eq!((refused.status, path.join("none").exists()), (3, false));
    }
}

#[test]
fn a_fleet_at_a_gateway_has_its_objects_and_lint_finds_nothing_in_the_tree() {
    let passed = "{topology: passthrough, proxyProtocol: false, publicCertificate: {secret: w}}";
    for (instances, files) in [
        (
            "{a: {objects: {hsts: 60}}}",
            &[
                "cluster/gateway-web.yaml",
                "cluster/traefik-values.yaml",
                "instances/a/backendtlspolicy-transport-selfsigned.yaml",
                "instances/a/configmap-externca.yaml",
                "instances/a/httproute-ingressproxy.yaml",
            ][..],
        ),
        (
            &format!("{{a: , p: {passed}}}"),
            &[
                "cluster/gateway-web.yaml",
                "instances/a/httproute-ingressproxy.yaml",
                "instances/p/tlsroute-ingressproxy.yaml",
            ],
        ),
    ] {
        let directory = TempDir::new().unwrap();
        let path = directory.path();
        let way = "  ingress: {kind: gateway-api}\n";
        let text = fleet(way).replace("{a: {}}", instances);
        write(&path.join("fleet.yaml"), &text);
        let (status, said) = gitops(path, &["render"]);
        assert_eq!(status, 0, "{said}");
        for file in files {
            assert!(path.join("tree").join(file).is_file(), "{file}");
        }
        assert!(!path.join("tree/cluster/tlsstore-default.yaml").exists());
        let linted = run_in(path, &["lint", "tree"]);
        let (status, found) = (linted.status, linted.stdout.as_str());
        assert_eq!((status, found), (0, ""), "{}", linted.stderr);
        // A renewal of the CA reaches the ConfigMap as it does the Secret.
        let trusted = || {
            let file = "tree/instances/a/configmap-externca.yaml";
            let text = read_to_string(path.join(file)).unwrap();
            text.matches("BEGIN CERTIFICATE").count()
        };
        assert_eq!(trusted(), 1);
        let later = ["render", "--now", "2027-11-01T00:00:00Z"];
        let (status, said) = gitops(path, &later);
        assert_eq!(status, 0, "{said}");
        assert_eq!(trusted(), 2);
        let (status, said) = gitops(path, &["check", "--now", "2027-11-01T00:00:00Z"]);
        assert_eq!(status, 0, "{said}");
    }
}

#[test]
fn a_fleet_behind_istio_has_its_objects_and_lint_finds_nothing_in_the_tree() {
    let passed = "{topology: passthrough, publicCertificate: {secret: w}}";
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let text = fleet("  ingress: {kind: istio}\n").replace(
        "{a: {}}",
        &format!("{{a: {{objects: {{hsts: 60, retry: 3, networkPolicy: {{}}}}}}, p: {passed}}}"),
    );
    write(&path.join("fleet.yaml"), &text);
    let (status, said) = gitops(path, &["render"]);
    assert_eq!(status, 0, "{said}");
    for file in [
        "cluster/gateway-web.yaml",
        "cluster/gateway-web-plain.yaml",
        "cluster/istio-values.yaml",
        "instances/a/destinationrule-transport-selfsigned.yaml",
        "instances/a/secret-a.externca.yaml",
        "instances/a/virtualservice-ingressproxy.yaml",
        "instances/a/virtualservice-ingressproxy-redirect.yaml",
        "instances/p/virtualservice-ingressproxy.yaml",
    ] {
        assert!(path.join("tree").join(file).is_file(), "{file}");
    }
    for file in ["tlsstore-default", "traefik-values"] {
        let file = format!("tree/cluster/{file}.yaml");
        assert!(!path.join(&file).exists(), "{file}");
    }
    let policy = "tree/instances/a/networkpolicy-httpd-from-traefik.yaml";
    let policy = read_to_string(path.join(policy)).unwrap();
    assert!(policy.contains("istio: ingressgateway"), "{policy}");
    let linted = run_in(path, &["lint", "tree"]);
    let (status, found) = (linted.status, linted.stdout.as_str());
    assert_eq!((status, found), (0, ""), "{}", linted.stderr);
    // A renewal of the CA reaches the Secret that the gateway reads as it does that of the instance.
    let trusted = |name: &str| {
        let file = path.join(format!("tree/instances/a/secret-{name}.yaml"));
        let text = read_to_string(file).unwrap();
        let line = text.lines().find(|line| line.contains("ca.crt"));
        line.unwrap().to_owned()
    };
    let first = trusted("a.externca");
    let now = ["--now", "2027-11-01T00:00:00Z"];
    for command in ["render", "check"] {
        let (status, said) = gitops(path, &[&[command][..], &now].concat());
        assert_eq!(status, 0, "{said}");
        assert_eq!(trusted("a.externca"), trusted("externca"));
    }
    assert_ne!(trusted("a.externca"), first);
}

/// Leaves out the text of a certificate, which is another one in each run.
fn without_certificate(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| match line.split_once("BEGIN CERT") {
            Some((before, _)) => format!("{before}…\n"),
            None => format!("{line}\n"),
        });
    lines.collect()
}

#[test]
fn a_load_balancer_that_speaks_tls_to_httpd_needs_a_certificate_and_cas_that_stay() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let text = by_way("inspect", "haproxy", ", nodes: [10.0.0.11]");
    let text = text.replace(
        "{clients: {require: balancer.crt}, certificate: {ca: stored}}",
        "{}",
    );
    write(&path.join("fleet.yaml"), &text);
    let (status, said) = gitops(path, &["render"]);
    let errors: Vec<&str> = said
        .lines()
        .filter(|line| line.starts_with("error: ") || line.starts_with("help: "))
        .collect();
    assert_eq!(
        (status, &errors[..]),
        (
            3,
            &[
                "error: fleet.yaml:7:13: nothing says which CA signs the certificate that the load balancer shows to httpd: without one, whoever reaches httpd passes for the load balancer",
                "help: write `clients: {require: FILE}`",
                "error: fleet.yaml:7:13: a CA that is discarded after signing is another one at each renewal, and the load balancer would have to learn of it first",
                "help: write `certificate: {ca: stored}`: such a CA signs for years",
            ][..]
        )
    );
}

#[test]
fn nodes_are_named_exactly_where_nothing_else_tells_the_load_balancer() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let octavia = "  topology: tcp-proxy\n  loadBalancer: {kind: openstack, trusted: [10.0.0.7], nodes: [10.0.0.11]}\n";
    for (text, expected) in [
        (
            behind("haproxy", ""),
            "error: fleet.yaml:8:17: nothing says to which nodes HAProxy is to pass connections on\n",
        ),
        (
            behind("haproxy", ", nodes: []"),
            "error: fleet.yaml:8:64: nothing says to which nodes HAProxy is to pass connections on\n",
        ),
        (
            fleet(octavia),
            "error: fleet.yaml:8:63: OpenStack Octavia finds the nodes itself\n",
        ),
    ] {
        write(&path.join("fleet.yaml"), &text);
        let (status, said) = gitops(path, &["render"]);
        assert!(status == 3 && said.starts_with(expected), "{said}");
        assert!(!path.join("tree").exists());
    }
}
