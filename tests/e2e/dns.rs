//! The two name servers of a case: one that says what the test tells it, and Debian's BIND, which takes updates.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;

use serde_json::json;

use crate::components::Programs;
use crate::httpd::libraries;
use crate::isolation;
use crate::process::Process;
use crate::wait;

/// Where hosts are: Pebble's own DNS server, which has a record for each host that was told.
#[derive(Debug)]
pub(crate) struct Names {
    address: Ipv4Addr,
    _server: Process,
}

impl Names {
    /// Starts it on `address`.
    pub(crate) fn start(programs: &Programs, directory: &Path, address: Ipv4Addr) -> Self {
        let mut arguments = vec![
            format!("-dnsserver={address}:53"),
            format!("-management={address}:8055"),
        ];
        // What else it can serve, and an answer for hosts that it was not told.
        let off = [
            "http01",
            "https01",
            "tlsalpn01",
            "doh",
            "defaultIPv4",
            "defaultIPv6",
        ];
        arguments.extend(off.map(|name| format!("-{name}=")));
        let program = programs.pebble.join("pebble-challtestsrv");
        let mut server = Process::start("names", directory, &program, &arguments, &[]);
        accepts("the server of names", &mut server, (address, 8055).into());
        Self {
            address,
            _server: server,
        }
    }

    /// Has a host be at an address.
    pub(crate) fn set(&self, host: &str, address: Ipv4Addr) {
        let body = json!({"host": host, "addresses": [address]}).to_string();
        // HTTP/1.0: the end of the answer is the end of the connection.
        let request = format!(
            "POST /add-a HTTP/1.0\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut answer = String::new();
        TcpStream::connect((self.address, 8055))
            .and_then(|mut socket| {
                socket.write_all(request.as_bytes())?;
                socket.read_to_string(&mut answer)
            })
            .expect("the server of names answers");
        assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
    }

    /// Whom to ask.
    pub(crate) fn endpoint(&self) -> SocketAddr {
        (self.address, 53).into()
    }
}

/// BIND with one zone, whose records whoever has the key may change (RFC 2136, RFC 8945).
#[derive(Debug)]
pub(crate) struct Zone {
    _server: Process,
}

/// The name of the key.
pub(crate) const KEY_NAME: &str = "acme";
/// The key of HMAC-SHA256, in base64.
pub(crate) const KEY: &str = "Y2l2aS1pbmdyZXNzLWVuZC10by1lbmQtdGVzdHMtb24=";

impl Zone {
    /// Starts it for `domain` on `address`. The key may write TXT records below `_acme-challenge` of the domain, and nothing
    /// else.
    pub(crate) fn start(
        programs: &Programs,
        directory: &Path,
        domain: &str,
        address: Ipv4Addr,
    ) -> Self {
        isolation::name_address(address).expect("an address of our own");
        let directory = directory.join("bind9");
        fs::create_dir(&directory).expect("one server a case");
        let files = directory.display();
        let zone = format!(
            "$TTL 1\n@ IN SOA ns.{domain}. hostmaster.{domain}. 1 3600 600 86400 1\n@ IN NS ns.{domain}.\nns IN A {address}\n"
        );
        fs::write(directory.join("zone"), zone).expect("the zone");
        let configuration = directory.join("named.conf");
        let text = format!(
            r#"options {{
    directory "{files}";
    listen-on {{ {address}; }};
    listen-on-v6 {{ none; }};
    pid-file none;
    session-keyfile none;
    managed-keys-directory "{files}";
    dnssec-validation no;
    recursion no;
}};
controls {{ }};
key "{KEY_NAME}" {{ algorithm hmac-sha256; secret "{KEY}"; }};
zone "{domain}" {{
    type master;
    file "zone";
    update-policy {{ grant {KEY_NAME} name _acme-challenge.{domain}. TXT; }};
}};
"#
        );
        fs::write(&configuration, text).expect("the configuration");
        let mut server = Process::start(
            "named",
            &directory,
            &programs.bind9.join("usr/sbin/named"),
            &[
                "-g".to_owned(),
                "-n1".to_owned(),
                "-c".to_owned(),
                configuration.display().to_string(),
            ],
            &[(
                "LD_LIBRARY_PATH",
                &libraries(&programs.bind9, "libjemalloc.so.2"),
            )],
        );
        accepts("BIND", &mut server, (address, 53).into());
        Self { _server: server }
    }
}

/// Waits until a server accepts connections.
pub(crate) fn accepts(what: &str, server: &mut Process, address: SocketAddr) {
    wait::until(what, || {
        server.assert_running();
        TcpStream::connect(address)
            .map(drop)
            .map_err(|error| error.to_string())
    });
}
