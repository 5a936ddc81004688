//! Pebble, Let's Encrypt's ACME server for tests, with a CA of its own at every start.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde_json::json;

use crate::client::Client;
use crate::dns::accepts;
use crate::pki::Authority;
use crate::process::Process;
use crate::stack::Case;

/// A running Pebble.
#[derive(Debug)]
pub(crate) struct Pebble {
    address: Ipv4Addr,
    _server: Process,
    /// The file with the CA of its own HTTPS, PEM.
    pub(crate) of_directory: PathBuf,
    /// The root of what it issues, PEM.
    pub(crate) root: String,
}

/// Its profiles, and how long what they issue is valid, in seconds. The first two are those of Let's Encrypt from 2027-02-10 on.
const PROFILES: [(&str, u32); 3] = [
    ("default", 64 * 24 * 3600),
    ("shortlived", 6 * 24 * 3600),
    ("minutes", 600),
];

impl Pebble {
    /// Starts one that asks `names` where hosts are, and connects to their ports 80 and 443.
    pub(crate) fn start(case: &Case, name: &str, names: SocketAddr) -> Self {
        let address = case.stack.address();
        let directory = case.directory.join(name);
        fs::create_dir(&directory).expect("one Pebble a name");
        let authority = Authority::new(&format!("directory of {name}"));
        let text = address.to_string();
        let (certificate, key) = (directory.join("tls.crt"), directory.join("tls.key"));
        authority.server(&text, &[&text]).write(&certificate, &key);
        let profiles = PROFILES.map(|(name, seconds)| {
            let profile = json!({"description": name, "validityPeriod": seconds});
            (name.to_owned(), profile)
        });
        let configuration = directory.join("pebble.json");
        let text = json!({"pebble": {
            "listenAddress": format!("{address}:14000"),
            "managementListenAddress": format!("{address}:15000"),
            "certificate": certificate,
            "privateKey": key,
            "httpPort": 80,
            "tlsPort": 443,
            "keyAlgorithm": "ecdsa",
            "profiles": profiles.into_iter().collect::<serde_json::Map<_, _>>(),
            "retryAfter": {"authz": 1, "order": 1},
        }});
        fs::write(&configuration, text.to_string()).expect("our own directory");
        let mut server = Process::start(
            "pebble",
            &directory,
            &case.stack.programs.pebble.join("pebble"),
            &[
                format!("-config={}", configuration.display()),
                format!("-dnsserver={names}"),
            ],
            &[
                ("PEBBLE_VA_NOSLEEP", "1"),
                ("PEBBLE_WFE_NONCEREJECT", "0"),
                // Every certificate is asked for with a challenge of its own.
                ("PEBBLE_AUTHZREUSE", "0"),
            ],
        );
        let management = (address, 15000).into();
        accepts("Pebble", &mut server, management);
        accepts("Pebble", &mut server, (address, 14000).into());
        let of_directory = directory.join("ca.crt");
        fs::write(&of_directory, &authority.certificate).expect("our own directory");
        let client = Client::trusting(&authority.certificate);
        let root = client.get(management, &address.to_string(), "/roots/0");
        let root = root.expect("Pebble's root").body;
        Self {
            address,
            _server: server,
            of_directory,
            root,
        }
    }

    /// The URL of its directory.
    pub(crate) fn directory(&self) -> String {
        format!("https://{}:14000/dir", self.address)
    }
}
