//! A fleet that is moved from one topology to another by the steps that the program prints, while browsers go on asking.
//!
//! What a step runs of kubectl and of the program, and on the load balancer's machine, is run as it is printed, and so is what
//! it says to look at. The rest is done as the step says: the DNS record, Traefik on one node after another, the httpd of
//! an instance and its copy.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use civi_ingress::yaml;
use libtest_mimic::Trial;
use serde_json::Value;

use super::topologies::{from_address, sent_from, tls_secret};
use crate::balancer::Balancer;
use crate::client::{Client, certificates};
use crate::cluster::{Cluster, output_of};
use crate::components::{Release, newest, releases};
use crate::handwritten::service;
use crate::httpd::{Httpd, Manner, Settings, Site, libraries};
use crate::instance::{browser, secret};
use crate::load::{Load, Record};
use crate::pki::{Authority, Pair};
use crate::program::civi_ingress;
use crate::stack::{Case, Stack, trial_alone};
use crate::traefik::Traefik;
use crate::wait;

/// The cases of this module.
pub(crate) fn all(stack: &Arc<Stack>) -> Vec<Trial> {
    let oldest = releases().into_iter().last().unwrap_or_else(newest);
    let moved = [newest(), oldest].map(|release| {
        let name = format!(
            "no_request_fails_while_a_fleet_is_moved_to_passthrough_behind_a_load_balancer_and_back_with_traefik_{}",
            release.in_a_name()
        );
        trial_alone(stack, &name, move |case| there_and_back(case, &release))
    });
    let turned = trial_alone(
        stack,
        "no_request_fails_while_an_haproxy_that_stays_ends_tls_sends_plain_http_and_passes_tls_on_again",
        turned,
    );
    let inspected = trial_alone(
        stack,
        "no_request_fails_while_an_haproxy_comes_to_speak_tls_to_httpd_and_goes_back",
        inspected,
    );
    moved.into_iter().chain([turned, inspected]).collect()
}

/// Requests a second, as far as the machine keeps up.
const RATE: u32 = 200;
/// How many are answered after each step, before the next.
const ANSWERS: u32 = 200;
const DOMAIN: &str = "example.org";

fn there_and_back(case: &Case, release: &Release) {
    let mut fleet = Moving::start(case, release);
    fleet.go_behind("tcp-proxy", &[]);
    assert!(!fleet.is_public());
    fleet.go("passthrough", &["--public-certificate", "web-tls"]);
    assert!(fleet.is_public());
    fleet.go("tcp-proxy", &[]);
    assert!(!fleet.is_public());
    fleet.go("direct", &[]);
    assert!(!fleet.is_public());
    fleet.end();
}

/// The load balancer is reloaded for each word.
fn turned(case: &Case) {
    let mut fleet = Moving::start(case, &newest());
    fleet.go_behind("tcp-proxy", &[]);
    for word in ["inspect-twice", "offload", "tcp-proxy"] {
        fleet.go(word, &[]);
        assert!(!fleet.is_public());
    }
    fleet.end();
}

/// To and from a load balancer that meets httpd, by way of plain http and by way of Traefik's certificate, at which a move to and
/// from `direct` stops.
fn inspected(case: &Case) {
    let mut fleet = Moving::start(case, &newest());
    let authority = fleet.directory.join(CLIENTS_CA).display().to_string();
    let asked = ["--clients-ca", &authority];
    fleet.go_behind("inspect", &asked);
    assert!(fleet.is_asking());
    fleet.go("offload", &[]);
    assert!(!fleet.is_asking());
    fleet.go("inspect", &asked);
    assert!(fleet.is_asking());
    fleet.go("direct", &[]);
    assert!(!fleet.is_public());
    fleet.end();
}

/// The file with the CA of what the load balancer shows, beside the fleet file.
const CLIENTS_CA: &str = "balancers.crt";
/// What the instances have in common from the start.
const DEFAULTS: &str = "  defaults: {certificate: {ca: stored}}";

/// A fleet in motion.
struct Moving<'a> {
    case: &'a Case,
    cluster: &'a Cluster,
    release: Release,
    /// Of the fleet file and its tree.
    directory: PathBuf,
    nodes: Vec<Node>,
    /// Of the load balancer.
    address: Ipv4Addr,
    balancer: Option<Balancer>,
    /// What the load balancer was told.
    configuration: String,
    /// Where the files of its machine are.
    machine: PathBuf,
    record: Record,
    served: Vec<Served>,
    browser: Client,
    /// Who shows what the load balancer shows, and trusts the CA of the wildcard and those of the instances.
    insider: Client,
    load: Option<Load>,
    /// What a browser sees where httpd shows its own certificate.
    public: Vec<Pair>,
    /// The keys of the fleet file that a move sets, each with its line.
    words: BTreeMap<String, String>,
    steps: u32,
}

/// A node, and Traefik on it.
struct Node {
    address: Ipv4Addr,
    traefik: Option<Traefik>,
}

/// An instance, its httpd, and the copy of that while there is one.
struct Served {
    id: String,
    host: String,
    address: Ipv4Addr,
    httpd: Option<Httpd>,
    of_copy: Ipv4Addr,
    copy: Option<Httpd>,
    /// Where the httpd has its certificate, and its part of Apache's configuration.
    mounted: (Pair, String),
    starts: u32,
}

impl<'a> Moving<'a> {
    /// Starts a fleet of two instances in `direct`, with two nodes, and browsers that ask for both.
    fn start(case: &'a Case, release: &Release) -> Self {
        let cluster = case.stack.cluster(release);
        let directory = case.directory.join("fleet");
        fs::create_dir(&directory).expect("our own directory");
        let address = || case.stack.address();
        let ids = ["moving-a", "moving-b"];
        let mut fleet = Self {
            case,
            cluster,
            release: release.clone(),
            directory,
            nodes: (0..2).map(|_| Node::new(address())).collect(),
            address: address(),
            balancer: None,
            configuration: String::new(),
            machine: case.directory.join("machine"),
            record: Record::new(Vec::new()),
            served: Vec::new(),
            browser: Client::trusting(""),
            insider: Client::trusting(""),
            load: None,
            public: Vec::new(),
            words: BTreeMap::from([("defaults".to_owned(), DEFAULTS.to_owned())]),
            steps: 0,
        };
        fleet.write();
        fleet.shell("civi-ingress gitops render -f fleet.yaml --output-dir .");
        let authority = Authority::new("a public CA");
        for id in ids {
            let host = format!("{id}.{DOMAIN}");
            let at = address();
            cluster.apply(&(service(id, at) + &of_the_chart(id)));
            fleet.shell(&format!("kubectl apply -k instances/{id}"));
            let public = authority.server(&host, &[&host]);
            cluster.apply(&tls_secret(id, "web-tls", &public));
            fleet.public.push(public);
            let mounted = (
                pair(cluster, id, "selfcert", "externcert", "externkey"),
                String::new(),
            );
            let mut served = Served {
                id: id.to_owned(),
                host,
                address: at,
                httpd: None,
                of_copy: address(),
                copy: None,
                mounted,
                starts: 0,
            };
            served.httpd = Some(served.started(case, at));
            fleet.served.push(served);
        }
        let [first, _] = ids;
        browser(case, cluster, first, DOMAIN);
        let wildcard = case.directory.join(format!("{first}-{DOMAIN}-ca.crt"));
        let wildcard = fs::read_to_string(wildcard).expect("the CA of the wildcard");
        fleet.browser = Client::trusting(&(wildcard.clone() + &authority.certificate));
        fleet.furnish(&wildcard);
        for node in 0..2 {
            fleet.restart(node, &[]);
        }
        fleet.record.set(fleet.doors());
        let pages: Vec<(&str, &str)> = fleet
            .served
            .iter()
            .map(|served| (served.host.as_str(), served.id.as_str()))
            .collect();
        fleet.load = Some(Load::of_many(&fleet.browser, &fleet.record, &pages, RATE));
        fleet.answered();
        fleet
    }

    /// Puts on the load balancer's machine what it has beforehand: the pair of the wildcard, the CA of that, and a pair to show
    /// to an httpd. Programs that reach the machine find it here.
    fn furnish(&mut self, wildcard: &str) {
        let etc = self.machine.join("etc/haproxy");
        fs::create_dir_all(etc.join("certs")).expect("our own directory");
        let write = |name: &str, text: &str| {
            fs::write(etc.join(name), text).expect("our own directory");
        };
        let shown = secret(self.cluster, &self.served[0].id, "wildcardsecret");
        write(
            "certs/wildcard.pem",
            &format!("{}{}", shown["tls.crt"], shown["tls.key"]),
        );
        write("traefik-ca.crt", wildcard);
        let balancers = Authority::new("load balancers");
        fs::write(self.directory.join(CLIENTS_CA), &balancers.certificate).expect("our own file");
        let pair = balancers.client("load balancer");
        write("client.pem", &format!("{}{}", pair.certificate, pair.key));
        let authorities = self.served.iter().map(|served| {
            let mut data = secret(self.cluster, &served.id, "externca");
            data.remove("ca.crt").expect("the one key of externca")
        });
        let authorities = authorities.collect::<String>() + wildcard;
        self.insider = Client::with_identity(&authorities, &pair.certificate, &pair.key);

        let haproxy = &self.case.stack.programs.haproxy;
        let bin = self.machine.join("bin");
        fs::create_dir(&bin).expect("our own directory");
        let machine = self.machine.display();
        for (name, text) in [
            (
                "scp",
                format!("cp \"$1\" \"{machine}${{2#root@BALANCER:}}\""),
            ),
            (
                "ssh",
                format!("shift\nsh -c \"$(printf %s \"$*\" | sed 's,/etc/haproxy,{machine}&,g')\""),
            ),
            (
                "haproxy",
                format!(
                    "sed -e 's,/etc/haproxy/,{machine}&,g' -e '/^  \\(user\\|group\\) /d' \"$3\" > {machine}/checked.cfg\nLD_LIBRARY_PATH={} {} \"$1\" \"$2\" {machine}/checked.cfg",
                    libraries(haproxy, "liblua5.3.so.0"),
                    haproxy.join("usr/sbin/haproxy").display()
                ),
            ),
            ("systemctl", format!("echo \"$*\" >> {machine}/asked")),
        ] {
            let file = bin.join(name);
            fs::write(&file, format!("#!/bin/sh -e\n{text}\n")).expect("our own file");
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("our own file");
        }
    }

    /// The same as [`Self::go`], behind the load balancer.
    fn go_behind(&mut self, to: &str, further: &[&str]) {
        let address = self.address.to_string();
        let behind = ["--load-balancer", "haproxy", "--trusted", &address];
        let behind = [&behind[..], &["--load-balancer-address", &address]].concat();
        self.go(to, &[&behind[..], further].concat());
    }

    /// Moves the fleet by the steps that are printed.
    fn go(&mut self, to: &str, further: &[&str]) {
        let file = self.directory.join("fleet.yaml").display().to_string();
        let command = ["topology", "move", "-f", &file, "--to", to, "-o", "json"];
        let report = civi_ingress(&[&command[..], further].concat());
        let report: Value = serde_json::from_str(&report).expect("a report");
        for step in report["steps"].as_array().expect("steps") {
            let change = step["change"].as_str().expect("a word");
            self.take(change, &lines(&step["run"]));
            self.look(&lines(&step["see"]));
            self.answered();
            self.steps += 1;
        }
    }

    fn take(&mut self, change: &str, run: &[String]) {
        match change {
            "prepare" => self.prepare(run),
            "believe" => {
                self.restart_all(&["traefik-values-now.yaml", "cluster/traefik-values.yaml"]);
            }
            "settle" => {
                self.run(run);
                self.serve();
                if run.iter().any(|line| line.starts_with("helm upgrade ")) {
                    self.restart_all(&["cluster/traefik-values.yaml"]);
                }
            }
            "set-up" | "trust" | "turn" => {
                self.run(run);
                self.serve();
            }
            "lead" => self.lead(),
            "double" => self.double(run),
            "divert" => {
                self.run(run);
                for served in &self.served {
                    self.until_quiet(served.httpd.as_ref(), served.address);
                }
            }
            "rework" => self.rework(run),
            "return" => {
                self.run(run);
                for served in &self.served {
                    self.until_quiet(served.copy.as_ref(), served.of_copy);
                }
            }
            "keep" => self.run(run),
            "open" => {
                self.run(run);
                self.until_known(run);
            }
            "yield" => {
                self.run(run);
                self.until_own();
            }
            "close" => {
                for served in self.served.iter().filter(|served| served.copy.is_some()) {
                    self.until_quiet(served.copy.as_ref(), served.of_copy);
                }
                self.run(run);
            }
            "dismiss" => {
                self.run(run);
                for served in &mut self.served {
                    served.copy = None;
                }
            }
            "finish" => {
                self.run(run);
                for served in &self.served {
                    self.shell(&format!("kubectl apply -k instances/{}", served.id));
                }
            }
            other => panic!("no test takes the step `{other}`"),
        }
    }

    /// Asks that each host, at each door, shows a certificate of its own or not; all alike.
    fn is_public(&self) -> bool {
        let mut found = Vec::new();
        for (served, public) in self.served.iter().zip(&self.public) {
            for door in self.record.addresses() {
                let page = self.browser.get(door, &served.host, "/").expect("a page");
                found.push(page.chain == certificates(&public.certificate));
            }
        }
        found.dedup();
        assert_eq!(found.len(), 1, "some are, some are not");
        found[0]
    }

    /// Asks that each httpd, at each node, answers who shows the certificate of the load balancer, and nobody else; all alike.
    fn is_asking(&self) -> bool {
        let mut found = Vec::new();
        for served in &self.served {
            let own = certificates(&served.mounted.0.certificate);
            for door in self.doors() {
                let get = |client: &Client| client.get(door, &served.host, "/");
                let page = get(&self.insider);
                let is_own = page.is_ok_and(|page| page.status == 200 && page.chain == own);
                found.push(is_own && get(&self.browser).is_err());
            }
        }
        found.dedup();
        assert_eq!(found.len(), 1, "some do, some do not");
        found[0]
    }

    fn end(mut self) {
        let result = self.load.take().expect("a load").stop();
        assert_eq!(result.failures, Vec::<String>::new());
        let mut out = std::io::stdout();
        writeln!(
            out,
            "\n{} steps, {} requests answered, in each second: {:?}",
            self.steps, result.answered, result.each_second
        )
        .expect("standard output");
    }

    /// Waits until many more requests are answered; a failed one ends the case.
    fn answered(&self) {
        self.load.as_ref().expect("a load").answered(ANSWERS);
    }

    /// Runs a line in the directory of the fleet, as a person does.
    fn shell(&self, line: &str) {
        let kubectl = self.case.stack.programs.kubectl.parent().expect("a folder");
        let program = Path::new(env!("CARGO_BIN_EXE_civi-ingress"));
        let program = program.parent().expect("a folder");
        let mut command = Command::new("bash");
        command
            .args(["-euo", "pipefail", "-c", line])
            .current_dir(&self.directory)
            .env("KUBECONFIG", self.cluster.kubeconfig())
            .env("HOME", &self.directory)
            .env(
                "PATH",
                format!(
                    "{}:{}:{}:/usr/bin:/bin",
                    self.machine.join("bin").display(),
                    kubectl.display(),
                    program.display()
                ),
            );
        let output = output_of(&mut command, "");
        assert!(
            output.status.success(),
            "{line}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// Runs what of a step is for kubectl and an instance, for the program, or for the load balancer's machine.
    fn run(&self, lines: &[String]) {
        let can_be = |line: &&String| {
            let program = line.split(' ').next().unwrap_or_default();
            ["kubectl", "civi-ingress", "scp", "ssh"].contains(&program)
                && !line.contains(" -n traefik ")
        };
        for line in lines.iter().filter(can_be) {
            self.shell(line);
        }
    }

    /// Runs what of a step shows that it is done, but for what asks a program of another machine or for a CA that this one
    /// knows.
    fn look(&self, lines: &[String]) {
        let commands = lines
            .iter()
            .flat_map(|line| line.split('`').skip(1).step_by(2));
        let can_be = |command: &&str| {
            command.starts_with("kubectl ") && !command.contains(" -n traefik ")
                || command.starts_with("civi-ingress gitops check ")
        };
        for command in commands.filter(can_be) {
            self.shell(command);
        }
    }

    /// Writes the fleet file with its words of now.
    fn write(&self) {
        let words: Vec<&str> = self.words.values().map(String::as_str).collect();
        let words = words.join("\n");
        let text = format!(
            "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {{name: moving}}\nspec:\n  domain: {DOMAIN}\n  \
             secrets: {{mode: plain}}\n  wildcard: false\n  traefik: {{version: '{}'}}\n  instances: {{moving-a: {{}}, moving-b: {{}}}}\n{words}\n",
            self.release.profile()
        );
        fs::write(self.directory.join("fleet.yaml"), text).expect("our own directory");
    }

    /// The words of the fleet file that change are printed behind `#`.
    fn prepare(&mut self, run: &[String]) {
        let values = self.directory.join("cluster/traefik-values.yaml");
        let now = self.directory.join("traefik-values-now.yaml");
        fs::copy(values, now).expect("the values of now");
        let nodes: Vec<String> = self
            .nodes
            .iter()
            .map(|node| node.address.to_string())
            .collect();
        for line in run.iter().filter_map(|line| line.strip_prefix("#     ")) {
            let line = format!(
                "  {}",
                line.replace("those that run Traefik", &nodes.join(", "))
            );
            let line = line.replace("defaults: {", "defaults: {certificate: {ca: stored}, ");
            if line == "  # no `loadBalancer`" {
                self.words.remove("loadBalancer");
            } else if let Some((key, _)) = line.trim_start().split_once(':') {
                self.words.insert(key.to_owned(), line.clone());
            }
        }
        if run.iter().any(|line| line.contains("# and no `clients`")) {
            self.words
                .insert("defaults".to_owned(), DEFAULTS.to_owned());
        }
        self.write();
        self.run(run);
    }

    /// Where browsers find the nodes.
    fn doors(&self) -> Vec<SocketAddr> {
        let nodes = self.nodes.iter();
        nodes.map(|node| (node.address, 443).into()).collect()
    }

    /// Starts a new Traefik with these values on each node, when nothing comes to the node any more.
    fn restart_all(&mut self, values: &[&str]) {
        let values: Vec<yaml::Node> = values.iter().map(|file| self.values(file)).collect();
        let mut flags = Vec::new();
        for (key, flag) in [
            ("proxyProtocol", "proxyprotocol"),
            ("forwardedHeaders", "forwardedheaders"),
        ] {
            for port in ["web", "websecure"] {
                let mut lists = values.iter().filter_map(|values| {
                    let trusted = values.at_path(&["ports", port, key])?;
                    let items = trusted.items_of("trustedIPs").iter();
                    let items: Vec<String> = items.filter_map(yaml::Node::scalar).collect();
                    Some(items.join(","))
                });
                // Of two lists Helm takes the last.
                flags.extend(
                    lists
                        .next_back()
                        .map(|list| format!("--entrypoints.{port}.{flag}.trustedips={list}")),
                );
            }
        }
        let doors = self.doors();
        let is_behind = self.record.addresses() != doors;
        for node in 0..self.nodes.len() {
            let address = self.nodes[node].address;
            if is_behind {
                let configuration = self.configuration.replace(
                    &format!(" {address}:"),
                    // Nothing comes to a server that is being maintained.
                    &format!(" disabled {address}:"),
                );
                let lines = configuration
                    .lines()
                    .filter(|line| !line.contains(" disabled "));
                let lines: Vec<&str> = lines.collect();
                self.reload(&(lines.join("\n") + "\n"));
            } else {
                let others = doors.iter().enumerate().filter(|(other, _)| *other != node);
                self.record.set(others.map(|(_, door)| *door).collect());
            }
            wait::until("a node without connections", || none_to(address, None));
            self.restart(node, &flags);
            if is_behind {
                self.reload(&self.configuration);
            } else {
                self.record.set(doors.clone());
            }
            self.answered();
        }
    }

    fn values(&self, file: &str) -> yaml::Node {
        let text = fs::read_to_string(self.directory.join(file)).expect("values");
        yaml::read(&text, file).expect("YAML")
    }

    fn restart(&mut self, node: usize, flags: &[String]) {
        let case = self.case;
        let namespaces: Vec<&str> = self
            .served
            .iter()
            .map(|served| served.id.as_str())
            .collect();
        let at = &mut self.nodes[node];
        at.traefik = None;
        let web = format!("--entrypoints.web.address={}:80", at.address);
        let traefik = case.traefik_at(
            at.address,
            &self.release,
            self.cluster,
            &namespaces,
            &[flags, &[web]].concat(),
        );
        // It is ready when it answers.
        for served in &self.served {
            wait::until("a new Traefik", || {
                let get = |client: &Client| client.get(traefik.websecure(), &served.host, "/");
                let pages = [get(&self.browser), get(&self.insider)];
                let is_there = pages.iter().flatten().any(|page| page.status == 200);
                is_there.then_some(()).ok_or_else(|| format!("{pages:?}"))
            });
        }
        at.traefik = Some(traefik);
    }

    /// Does with the load balancer what its machine was asked for.
    fn serve(&mut self) {
        let asked = self.machine.join("asked");
        let Ok(text) = fs::read_to_string(&asked) else {
            return;
        };
        fs::remove_file(asked).expect("our own file");
        if text == "disable --now haproxy\n" {
            self.balancer = None;
            return;
        }
        assert_eq!(text, "reload-or-restart haproxy\n");
        let file = self.machine.join("etc/haproxy/haproxy.cfg");
        let text = fs::read_to_string(file).expect("a file that was brought");
        let own = format!("{}/etc/haproxy/", self.machine.display());
        self.configuration = text.replace("/etc/haproxy/", &own);
        if self.balancer.is_some() {
            self.reload(&self.configuration);
        } else {
            self.balancer = Some(from_address(self.case, &self.configuration, self.address));
        }
    }

    fn reload(&self, text: &str) {
        let balancer = self.balancer.as_ref().expect("it was set up");
        balancer.reload(&sent_from(text, self.address));
        wait::until("the end of the old worker", || {
            let is_over = balancer.has_one_worker();
            is_over
                .then_some(())
                .ok_or_else(|| "it has connections".to_owned())
        });
    }

    /// Leads browsers to the load balancer if there is one in the fleet file, else to the nodes.
    fn lead(&mut self) {
        let fleet = fs::read_to_string(self.directory.join("fleet.yaml")).expect("our own file");
        let is_behind = fleet.contains("loadBalancer: {");
        let balancer = self.balancer.as_ref().expect("it was set up").endpoint();
        self.record.set(if is_behind {
            vec![balancer]
        } else {
            self.doors()
        });
        wait::until("browsers to be led over", || {
            if !is_behind {
                return none_to(self.address, None);
            }
            let mut nodes = self.nodes.iter();
            nodes.try_for_each(|node| none_to(node.address, Some(self.address)))
        });
    }

    fn double(&mut self, run: &[String]) {
        self.run(run);
        let case = self.case;
        for served in &mut self.served {
            let Served { id, of_copy, .. } = served;
            let set = ["statefulset", "paroisse-set-httpd-before", "-n", id];
            let set = self.cluster.get(&set);
            let spec = &set["spec"]["template"]["spec"];
            assert_eq!(spec["nodeName"], format!("node-of-{id}"));
            let labels = &set["spec"]["template"]["metadata"]["labels"];
            let selector = self
                .cluster
                .get(&["service", "civicrmhttpd-before", "-n", id]);
            assert_eq!(*labels, selector["spec"]["selector"]);
            // As the controllers do, of which none runs here.
            let all = service(id, *of_copy).replace("civicrmhttpd", "civicrmhttpd-before");
            let endpoints: Vec<&str> = all.split("---\n").skip(2).collect();
            self.cluster.apply(&endpoints.join("---\n"));
            served.copy = Some(served.started(case, served.of_copy));
        }
    }

    /// Restarts each httpd as its StatefulSet and its ConfigMap have it.
    fn rework(&mut self, run: &[String]) {
        self.run(run);
        let is_public = run
            .iter()
            .any(|line| line.contains("httpd.serverCertSecret=web-tls"));
        for served in &mut self.served {
            let id = &served.id;
            let pair = if is_public {
                pair(self.cluster, id, "web-tls", "tls.crt", "tls.key")
            } else {
                let set = self
                    .cluster
                    .get(&["statefulset", "paroisse-set-httpd", "-n", id]);
                let container = &set["spec"]["template"]["spec"]["containers"][0];
                let mounts = container["volumeMounts"].to_string();
                assert!(mounts.contains("externcert") && !mounts.contains("tls.crt"));
                pair(self.cluster, id, "selfcert", "externcert", "externkey")
            };
            let start = format!("# {id}: ");
            let mounted = run.iter().find(|line| line.starts_with(&start));
            let ingress = match mounted {
                Some(line) if line.contains("ingress.conf in /etc/apache2/conf-enabled") => {
                    let config = self.cluster.get(&["configmap", "httpd-ingress", "-n", id]);
                    let file = self.directory.join(CLIENTS_CA).display().to_string();
                    let text = config["data"]["ingress.conf"].as_str().expect("a text");
                    text.replace("/etc/apache2/httpd-ingress/clients-ca.crt", &file)
                }
                Some(_) => String::new(),
                None => served.mounted.1.clone(),
            };
            none_to(served.address, None).expect("nothing comes to it");
            served.httpd = None;
            served.mounted = (pair, ingress);
            served.httpd = Some(served.started(self.case, served.address));
        }
    }

    /// Waits until nothing comes to an httpd: no line in its log while browsers go on, and no connection.
    fn until_quiet(&self, httpd: Option<&Httpd>, address: Ipv4Addr) {
        let httpd = httpd.expect("an httpd");
        wait::until("an httpd to which nothing comes", || {
            let before = httpd.requests();
            self.answered();
            self.answered();
            let now = httpd.requests();
            if now == before {
                return none_to(address, None);
            }
            Err(format!("{} requests", now - before))
        });
    }

    /// Waits until each Traefik knows the routes that were added.
    fn until_known(&self, run: &[String]) {
        let is_passed = run.iter().any(|line| line.contains("ingressroutetcp-"));
        let (routers, matcher) = if is_passed {
            ("tcpRouters", "HostSNI")
        } else {
            ("routers", "Host")
        };
        for served in &self.served {
            let rule = format!("{matcher}(`{}`)", served.host);
            let file = format!("instances/{}/ingressroute-ingressproxy.yaml", served.id);
            let text = fs::read_to_string(self.directory.join(file)).unwrap_or_default();
            let point = if text.contains("- web\n") {
                "web"
            } else {
                "websecure"
            };
            for node in &self.nodes {
                let traefik = node.traefik.as_ref().expect("a Traefik");
                wait::until("a new route", || {
                    let state = traefik.state()?;
                    let all = state[routers].as_object().into_iter().flatten();
                    let mut here = all.filter(|(_, router)| router["rule"] == rule.as_str());
                    let known = here.any(|(_, router)| {
                        let points = router["entryPoints"].to_string();
                        points.contains(&format!("\"{point}\""))
                    });
                    known.then_some(()).ok_or_else(|| "not yet".to_owned())
                });
            }
        }
    }

    /// Waits until a new connection meets httpd's own certificate.
    fn until_own(&self) {
        for served in &self.served {
            let own = certificates(&served.mounted.0.certificate);
            for node in &self.nodes {
                let door = (node.address, 443).into();
                wait::until("httpd's own certificate", || {
                    let pages = [&self.browser, &self.insider]
                        .map(|client| client.get(door, &served.host, "/"));
                    let is_own = pages.iter().flatten().any(|page| page.chain == own);
                    is_own.then_some(()).ok_or_else(|| format!("{pages:?}"))
                });
            }
        }
    }
}

impl Node {
    fn new(address: Ipv4Addr) -> Self {
        Self {
            address,
            traefik: None,
        }
    }
}

impl Served {
    fn started(&mut self, case: &Case, address: Ipv4Addr) -> Httpd {
        self.starts += 1;
        let (pair, ingress) = &self.mounted;
        let site = Site {
            address,
            pair: pair.clone(),
            page: self.id.clone(),
            manner: Manner::default(),
        };
        let settings = Settings {
            // A browser's connection keeps one of them.
            workers: 48,
            tells_origin: true,
            ingress: ingress.clone(),
            ..Settings::default()
        };
        let name = format!("httpd-{}-{}", self.id, self.starts);
        case.httpd(&name, &[site], &settings)
    }
}

fn lines(value: &Value) -> Vec<String> {
    let lines = value.as_array().expect("lines").iter();
    lines
        .map(|line| line.as_str().expect("a line").to_owned())
        .collect()
}

fn pair(cluster: &Cluster, namespace: &str, name: &str, certificate: &str, key: &str) -> Pair {
    let mut data = secret(cluster, namespace, name);
    let mut take = |key: &str| data.remove(key).expect("a key of the Secret");
    Pair {
        certificate: take(certificate),
        key: take(key),
    }
}

/// Refuses where the kernel knows connections that are open to port 443 of an address, from elsewhere than `but`.
fn none_to(address: Ipv4Addr, but: Option<Ipv4Addr>) -> Result<(), String> {
    let hex = |address: Ipv4Addr| format!("{:08X}", u32::from_le_bytes(address.octets()));
    let table = fs::read_to_string("/proc/self/net/tcp").expect("the kernel's table");
    let local = format!("{}:01BB", hex(address));
    let open = table.lines().filter(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, to, from, state, ..] = fields.as_slice() else {
            return false;
        };
        let is_but = but.is_some_and(|but| from.starts_with(&hex(but)));
        *to == local && *state == "01" && !is_but
    });
    match open.count() {
        0 => Ok(()),
        count => Err(format!("{count} connections")),
    }
}

/// What the Civiparoisse chart has of an httpd and nothing here runs, and its Pod, which says on which node it is.
fn of_the_chart(namespace: &str) -> String {
    let mounts = "[{name: servercertvol, mountPath: /var/run/secrets/KEYS/extern.x509, subPath: externcert}, {name: serverkeyvol, mountPath: /var/run/secrets/KEYS/extern.pem, subPath: externkey}]";
    format!(
        "apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: paroisse-set-httpd, namespace: {namespace}}}
spec:
  serviceName: civicrmhttpd
  selector: {{matchLabels: {{app: paroisse-httpd-impl}}}}
  template:
    metadata: {{labels: {{app: paroisse-httpd-impl}}}}
    spec:
      containers: [{{name: https, image: httpd, volumeMounts: {mounts}}}]
      volumes:
        - {{name: servercertvol, secret: {{secretName: selfcert}}}}
        - {{name: serverkeyvol, secret: {{secretName: selfcert}}}}
---
apiVersion: v1
kind: Pod
metadata: {{name: paroisse-set-httpd-0, namespace: {namespace}, labels: {{app: paroisse-httpd-impl}}}}
spec:
  nodeName: node-of-{namespace}
  containers: [{{name: https, image: httpd}}]
"
    )
}
