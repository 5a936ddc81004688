//! A load balancer: Debian's HAProxy, with the configuration that Octavia gives its own or with the one that is rendered.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};

use serde_json::Value;

use rustix::process::Signal;

use crate::components::Programs;
use crate::http::{self, Answer};
use crate::httpd::libraries;
use crate::process::Process;
use crate::wait;

/// A running load balancer.
#[derive(Debug)]
pub(crate) struct Balancer {
    address: Ipv4Addr,
    configuration: PathBuf,
    server: Process,
}

/// What the cloud controller asks of Octavia for Traefik's Service, in the words of Octavia's API. `balancer.py` makes the
/// configurations from it, and `cases/openstack.rs` holds the real controller to it.
const STATED: &str = include_str!("octavia.json");

fn stated() -> Value {
    serde_json::from_str(STATED).expect("JSON")
}

/// Returns the listener with its pool and monitor that the controller asks for where a Service has this annotation
/// `loadbalancer.openstack.org/proxy-protocol`. Names, tags, ports and members are missing.
pub(crate) fn asked_of_octavia(proxy_protocol: &str) -> Value {
    let mut stated = stated();
    let protocol = stated["protocols"][proxy_protocol].take();
    assert!(
        protocol.is_string(),
        "`{proxy_protocol}` asks for a version of the PROXY protocol"
    );
    let mut listener = stated["listener"].take();
    listener["default_pool"]["protocol"] = protocol;
    listener
}

/// Returns the configuration that Octavia makes of it.
pub(crate) fn octavia(programs: &Programs, proxy_protocol: &str) -> String {
    let listener = asked_of_octavia(proxy_protocol);
    let protocol = listener["default_pool"]["protocol"].as_str();
    made_by_octavia(programs, protocol.expect("a protocol"))
}

/// Where Octavia puts the certificates of its sample on the machine of a load balancer.
pub(crate) const OCTAVIA_FILES: &str = "/var/lib/octavia/certs/sample_loadbalancer_id_1/";

/// Returns the configuration that Octavia makes of what Terraform asks for in a topology, with this version of the PROXY
/// protocol where it sends one, between an address and a node.
pub(crate) fn octavia_by_terraform(
    programs: &Programs,
    topology: &str,
    version: &str,
    [address, node]: [Ipv4Addr; 2],
) -> String {
    let name = match (topology, version) {
        // Traefik alone tells the two apart.
        ("tcp-proxy" | "passthrough", "1") => "tcp-proxy v1",
        ("tcp-proxy" | "passthrough", _) => "tcp-proxy",
        (ended, _) => ended,
    };
    made_by_octavia(programs, name)
        .replace("bind 10.0.0.2:", &format!("bind {address}:"))
        .replace(" 10.0.0.99:", &format!(" {node}:"))
}

fn made_by_octavia(programs: &Programs, name: &str) -> String {
    let read = |name: &str| fs::read_to_string(programs.octavia.join(name)).expect("a file");
    assert_eq!(
        read("octavia.json"),
        STATED,
        "tests/e2e/install makes the configurations again"
    );
    read(&format!("{name}.cfg"))
}

/// Answers Octavia's monitor on a node as kube-proxy does where a pod of Traefik is, and tells of each question.
pub(crate) fn answer_monitor(node: IpAddr) -> Receiver<()> {
    let mut stated = stated();
    let port = stated["monitor_port"].as_u64();
    let port = port.and_then(|port| u16::try_from(port).ok());
    let monitor = stated["listener"]["default_pool"]["healthmonitor"].take();
    let address = (node, port.expect("a port")).into();
    let (sender, receiver) = mpsc::channel();
    http::serve(address, move |request| {
        let is_asked =
            monitor["http_method"] == *request.method && monitor["url_path"] == *request.target;
        if is_asked {
            // Nobody listens any more after the first.
            let _ = sender.send(());
        }
        Answer {
            status: if is_asked { 200 } else { 404 },
            head: "",
            body: Vec::new(),
        }
    });
    receiver
}

impl Balancer {
    /// Starts one on `address` with a fitted configuration, and waits until it accepts.
    pub(crate) fn start(
        programs: &Programs,
        directory: &Path,
        address: Ipv4Addr,
        text: &str,
    ) -> Self {
        let configuration = directory.join("haproxy.cfg");
        fs::write(&configuration, text).expect("the configuration");
        let mut server = Process::start(
            "haproxy",
            directory,
            &programs.haproxy.join("usr/sbin/haproxy"),
            &[
                // As Debian's unit does: a master that stays, and a worker that a reload replaces.
                "-W".to_owned(),
                "-db".to_owned(),
                "-f".to_owned(),
                configuration.display().to_string(),
            ],
            &[(
                "LD_LIBRARY_PATH",
                &libraries(&programs.haproxy, "liblua5.3.so.0"),
            )],
        );
        wait::until("HAProxy", || {
            server.assert_running();
            TcpStream::connect((address, 443))
                .map(drop)
                .map_err(|error| error.to_string())
        });
        Self {
            address,
            configuration,
            server,
        }
    }

    /// Waits for the first check of a node, and returns what HAProxy says of it.
    ///
    /// A node counts as up before its first check, and as down as soon as that fails.
    pub(crate) fn checked(&self) -> String {
        wait::until("a check of a node", || {
            let output = self.server.output();
            let line = output
                .lines()
                .find(|line| line.contains("Health check for server"));
            line.map(str::to_owned).ok_or(output)
        })
    }

    /// Starts to reload another configuration, as `systemctl reload haproxy` does, and waits until a new worker has it.
    ///
    /// The old worker goes on with the connections that are open; [`Self::has_one_worker`] tells when it has ended.
    pub(crate) fn reload(&self, text: &str) {
        let forked = || self.said("New worker");
        let before = forked();
        fs::write(&self.configuration, text).expect("the configuration");
        self.server.signal(Signal::USR2);
        wait::until("a new worker of HAProxy", || {
            let is_new = forked() > before;
            is_new.then_some(()).ok_or_else(|| self.server.output())
        });
    }

    /// Whether all workers but the newest have ended.
    pub(crate) fn has_one_worker(&self) -> bool {
        self.said("Former worker") + 1 == self.said("New worker")
    }

    fn said(&self, start: &str) -> usize {
        self.server.output().matches(start).count()
    }

    /// Where browsers reach it.
    pub(crate) fn endpoint(&self) -> SocketAddr {
        (self.address, 443).into()
    }
}

/// Leaves out what belongs to a machine: the system's log, the user, the files of Octavia's agent, and room for more
/// connections than a test machine may open.
pub(crate) fn anywhere(text: &str) -> String {
    let of_machine = [
        "daemon",
        "user ",
        "group ",
        "log ",
        "log-format ",
        "maxconn ",
        "stats socket",
        "server-state-file",
        "load-server-state-from-file",
    ];
    let is_of_machine = |line: &&str| {
        let words = line.trim_start();
        of_machine.iter().any(|start| words.starts_with(start))
    };
    let lines: Vec<&str> = text.lines().filter(|line| !is_of_machine(line)).collect();
    lines.join("\n") + "\n"
}

/// Puts the addresses of a test in place of those of Octavia's samples: one member, whose connections come from `address`.
pub(crate) fn fitted(text: &str, address: Ipv4Addr, member: SocketAddr) -> String {
    let mut members = 0;
    let mut lines = Vec::new();
    for line in anywhere(text).lines() {
        let words = line.trim_start();
        if words.starts_with("bind ") {
            lines.push(format!("    bind {address}:443"));
        } else if let Some(rest) = words.strip_prefix("server ") {
            members += 1;
            if members > 1 {
                continue;
            }
            let mut words = rest.splitn(3, ' ');
            let (name, _, how) = (words.next(), words.next(), words.next());
            let (name, how) = name.zip(how).expect("a server with its options");
            lines.push(format!("    server {name} {member} {how} source {address}"));
        } else {
            lines.push(line.to_owned());
        }
    }
    assert!(
        members > 0,
        "Octavia's configuration has no member:\n{text}"
    );
    lines.join("\n") + "\n"
}
