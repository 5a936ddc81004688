//! A load balancer: Debian's HAProxy, with the configuration that Octavia gives its own or with the one that is rendered.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;

use crate::components::Programs;
use crate::httpd::libraries;
use crate::process::Process;
use crate::wait;

/// A running load balancer.
#[derive(Debug)]
pub(crate) struct Balancer {
    address: Ipv4Addr,
    _server: Process,
}

/// Returns Octavia's configuration.
///
/// `proxy_protocol` is what the annotation of a Service says. The cloud controller makes a pool of version 2 of `v2`
/// and of version 1 of `true` (cloud-provider-openstack, `pkg/openstack/loadbalancer.go`, `getProxyProtocolFromServiceAnnotation`, v1.31).
pub(crate) fn octavia(programs: &Programs, proxy_protocol: &str) -> String {
    let file = match proxy_protocol {
        "v2" => "proxy-v2.cfg",
        "true" | "v1" => "proxy-v1.cfg",
        other => panic!("`{other}` asks for no version of the PROXY protocol"),
    };
    fs::read_to_string(programs.octavia.join(file)).expect("a configuration")
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
            _server: server,
        }
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
