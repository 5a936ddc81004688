//! Traefik outside of a cluster, with its file provider: what it is told by the files that are rendered, and by nothing else.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;

use libtest_mimic::Trial;

use crate::client::{Client, certificates};
use crate::components::{Release, newest, releases};
use crate::httpd::{Httpd, Manner, Settings, Site};
use crate::instance::Instance;
use crate::pki::{Authority, Pair};
use crate::program::civi_ingress;
use crate::stack::{Case, Stack, trial, trial_alone};
use crate::traefik::Traefik;
use crate::wait;

use super::rotation::{Issued, Leaves, PACE, Rotation, expect};
use super::topologies::{page, tls_secret};

/// The cases of this module.
pub(crate) fn all(stack: &Arc<Stack>) -> Vec<Trial> {
    let named =
        |sentence: &str, release: &Release| sentence.replace("RELEASE", &release.in_a_name());
    let verified = releases().into_iter().map(|release| {
        let name = "by_files_traefik_RELEASE_takes_of_an_httpd_no_other_ca_and_no_other_name";
        trial(stack, &named(name, &release), move |case| {
            verified(case, &release);
        })
    });
    let shown = releases().into_iter().map(|release| {
        let name = "by_files_traefik_RELEASE_shows_httpd_a_certificate_and_asks_browsers_for_one";
        trial(stack, &named(name, &release), move |case| {
            shown(case, &release);
        })
    });
    let told = releases().into_iter().map(|release| {
        let name = "by_files_traefik_RELEASE_believes_the_proxy_protocol_of_its_load_balancer_alone_and_passes_it_on";
        trial(stack, &named(name, &release), move |case| told(case, &release))
    });
    verified.chain(shown).chain(told).collect()
}

/// The cases that measure.
pub(crate) fn measuring(stack: &Arc<Stack>) -> Vec<Trial> {
    vec![trial_alone(
        stack,
        "by_files_no_request_fails_while_the_leaf_is_renewed_and_the_authority_rolled_over",
        roll_over,
    )]
}

/// The machine of a Traefik.
struct Machine<'a> {
    case: &'a Case,
    release: &'a Release,
    /// The directory that Traefik has as its own.
    home: PathBuf,
    /// Manifests, of which files are made.
    secrets: PathBuf,
    address: Ipv4Addr,
}

impl<'a> Machine<'a> {
    /// Writes its options, for a way in, and what it shows to browsers, who trust its CA alone.
    fn new(case: &'a Case, release: &'a Release, way: &[&str]) -> (Self, Client) {
        let machine = Self {
            case,
            release,
            home: case.directory.join("traefik"),
            secrets: case.directory.join("secrets"),
            address: case.stack.address(),
        };
        fs::create_dir_all(machine.home.join("dynamic")).expect("our own directory");
        fs::create_dir(&machine.secrets).expect("our own directory");
        let options = civi_ingress(&[&["traefik-file"], way, &machine.home()[..]].concat());
        // All addresses here are the stack's, and other servers have theirs.
        let mut own = options.clone();
        for port in [80, 443] {
            let there = format!("address: \":{port}\"");
            assert!(own.contains(&there), "{options}");
            own = own.replace(&there, &format!("address: \"{}:{port}\"", machine.address));
        }
        machine.write("traefik.yaml", &own);
        let store = civi_ingress(&[&["traefik-file", "--store"], &machine.home()[..]].concat());
        machine.write("dynamic/_store.yaml", &store);
        let authority = case.directory.join("browsers-ca.crt");
        let out = authority.display().to_string();
        let wildcard = ["wildcard-secret", "--domain", "example.org"];
        let stored = ["--ca-custody", "stored", "--ca-out", &out];
        let wildcard = [&wildcard[..], &stored].concat();
        machine.keep("wildcard", &civi_ingress(&wildcard));
        let browser = Client::trusting(&fs::read_to_string(authority).expect("--ca-out"));
        (machine, browser)
    }

    /// The option that names its directory.
    fn home(&self) -> [&str; 2] {
        [
            "--traefik-directory",
            self.home.to_str().expect("a plain path"),
        ]
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.home.join(file), text).expect("our own directory");
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.home.join(file)).expect("a file that is rendered")
    }

    /// Keeps manifests of which files are to be made.
    fn keep(&self, name: &str, manifests: &str) {
        let file = self.secrets.join(format!("{name}.yaml"));
        fs::write(file, manifests).expect("our own directory");
    }

    /// Renders an instance, and returns where its httpd is to listen.
    fn add(&self, name: &str, further: &[&str]) -> Ipv4Addr {
        let address = self.case.stack.address();
        let (host, httpd) = (format!("{name}.example.org"), format!("{address}:443"));
        let routes = self.home.join(format!("dynamic/{name}.yaml"));
        let routes = routes.display().to_string();
        let profile = self.release.profile();
        let way = [
            "--ingress",
            "traefik-file",
            "--routes-out",
            &routes,
            "--httpd",
            &httpd,
        ];
        let line = ["new-instance", name, "--host", &host, "--traefik", &profile];
        let line = [&line[..], &way, &self.home(), further].concat();
        self.keep(name, &civi_ingress(&line));
        address
    }

    /// Makes files of all Secrets.
    fn unpack(&self) {
        let kept = fs::read_dir(&self.secrets).expect("our own directory");
        let kept = kept.map(|entry| entry.expect("readable").path().display().to_string());
        let kept: Vec<String> = kept.collect();
        let kept = kept.iter().map(String::as_str);
        let out = self.home.join("secrets").display().to_string();
        let line: Vec<&str> = std::iter::once("secret-files").chain(kept).collect();
        civi_ingress(&[&line[..], &["--output-dir", &out, "--force"]].concat());
    }

    /// The value of a Secret that was made a file.
    fn value(&self, name: &str) -> String {
        self.read(&format!("secrets/{name}"))
    }

    /// The httpd of an instance, with what its Secret has for it.
    fn httpd(&self, name: &str, address: Ipv4Addr, manner: Manner, settings: &Settings) -> Httpd {
        let pair = Pair {
            certificate: self.value(&format!("{name}_selfcert_externcert")),
            key: self.value(&format!("{name}_selfcert_externkey")),
        };
        self.httpd_with(name, address, pair, manner, settings)
    }

    fn httpd_with(
        &self,
        name: &str,
        address: Ipv4Addr,
        pair: Pair,
        manner: Manner,
        settings: &Settings,
    ) -> Httpd {
        let page = name.to_owned();
        let site = Site {
            address,
            pair,
            page,
            manner,
        };
        self.case.httpd(&format!("httpd-{name}"), &[site], settings)
    }

    fn traefik(&self) -> Traefik {
        let (stack, options) = (&self.case.stack, self.home.join("traefik.yaml"));
        let directory = &self.case.directory;
        Traefik::of_files(
            &stack.programs,
            self.release,
            &options,
            self.address,
            directory,
        )
    }
}

/// Waits for an answer with this status.
fn answers(get: impl Fn() -> u16, wanted: u16) {
    wait::until(&format!("status {wanted}"), || match get() {
        status if status == wanted => Ok(()),
        status => Err(format!("status {status}")),
    });
}

fn verified(case: &Case, release: &Release) {
    let (machine, browser) = Machine::new(case, release, &[]);
    let [first, second] = ["a", "b"].map(|name| machine.add(name, &["--retry", "--hsts"]));
    machine.unpack();
    let settings = Settings::default();
    let _first = machine.httpd("a", first, Manner::default(), &settings);
    let _second = machine.httpd("b", second, Manner::default(), &settings);
    let traefik = machine.traefik();
    let to = traefik.websecure();
    for name in ["a", "b"] {
        let body = page(|| browser.get(to, &format!("{name}.example.org"), "/"));
        assert_eq!(body, name);
    }
    let status = |host: &str| browser.get(to, host, "/").map_or(0, |answer| answer.status);
    assert_eq!(status("c.example.org"), 404);

    // The CA of another instance, once a file that Traefik watches is touched; and its own again.
    let own = machine.value("a_externca_ca.crt");
    let routes = machine.read("dynamic/a.yaml");
    let trust = |authority: &str| {
        machine.write("secrets/a_externca_ca.crt", authority);
        machine.write("dynamic/a.yaml", &routes);
    };
    trust(&machine.value("b_externca_ca.crt"));
    answers(|| status("a.example.org"), 500);
    assert_eq!(status("b.example.org"), 200);
    trust(&own);
    answers(|| status("a.example.org"), 200);
    // The name of another instance.
    let other = routes.replace("serverName: a.example.org", "serverName: b.example.org");
    assert_ne!(other, routes);
    machine.write("dynamic/a.yaml", &other);
    answers(|| status("a.example.org"), 500);
    machine.write("dynamic/a.yaml", &routes);
    answers(|| status("a.example.org"), 200);
    // From 3.0 to 3.3.4 Traefik logs it for debugging alone.
    let is_said = release.is_since((3, 3, 5)) || !release.is_since((3, 0, 0));
    let complaints = traefik.complaints().concat();
    for why in [
        "certificate signed by unknown authority",
        "certificate is valid for a.example.org, not b.example.org",
    ] {
        assert_eq!(complaints.contains(why), is_said, "{complaints}");
    }
    let plain = plain(machine.address).expect("an answer");
    assert!(plain.starts_with("HTTP/1.0 301 "), "{plain}");
    let place = "\r\nLocation: https://a.example.org/x?y=z\r\n";
    assert!(plain.contains(place), "{plain}");
}

/// Asks port 80 for a page.
fn plain(address: Ipv4Addr) -> std::io::Result<String> {
    let mut socket = TcpStream::connect((address, 80))?;
    // HTTP/1.0: the end of the answer is the end of the connection.
    socket.write_all(b"GET /x?y=z HTTP/1.0\r\nHost: a.example.org\r\n\r\n")?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer)?;
    Ok(answer)
}

fn shown(case: &Case, release: &Release) {
    let (machine, browser) = Machine::new(case, release, &[]);
    let clients = Authority::new("people");
    let file = case.directory.join("people.crt");
    fs::write(&file, &clients.certificate).expect("our own directory");
    let file = file.display().to_string();
    let mutual = machine.add("mutual", &["--client-auth"]);
    let asked = machine.add("asked", &["--clients-ca", &file]);
    machine.unpack();
    let manner = Manner {
        client_authority: Some(machine.value("mutual_externclientca_ca.crt")),
        ..Manner::default()
    };
    let settings = Settings::default();
    let _mutual = machine.httpd("mutual", mutual, manner, &settings);
    let _asked = machine.httpd("asked", asked, Manner::default(), &settings);
    let traefik = machine.traefik();
    let to = traefik.websecure();
    let body = page(|| browser.get(to, "mutual.example.org", "/"));
    assert_eq!(body, "mutual");
    // Nobody else gets there.
    let own = Client::trusting(&machine.value("mutual_externca_ca.crt"));
    let around = own.get((mutual, 443).into(), "mutual.example.org", "/");
    assert!(around.is_err(), "{around:?}");

    let authority = fs::read_to_string(case.directory.join("browsers-ca.crt")).expect("--ca-out");
    let known = clients.client("somebody");
    let known = Client::with_identity(&authority, &known.certificate, &known.key);
    assert_eq!(page(|| known.get(to, "asked.example.org", "/")), "asked");
    let stranger = Authority::new("others").client("somebody");
    let stranger = Client::with_identity(&authority, &stranger.certificate, &stranger.key);
    for other in [browser, stranger] {
        let refused = other.get(to, "asked.example.org", "/");
        assert!(refused.is_err(), "{refused:?}");
    }
    assert_eq!(traefik.complaints(), Vec::<String>::new());
}

fn told(case: &Case, release: &Release) {
    // All clients of this network namespace have its first address.
    let client = "10.213.0.1";
    let behind = |trusted| ["--load-balancer", "haproxy", "--trusted", trusted];
    let of_topology =
        |topology, trusted| [&["--topology", topology], &behind(trusted)[..]].concat();
    let (machine, browser) = Machine::new(case, release, &of_topology("tcp-proxy", client));
    let ended = machine.add("ended", &of_topology("tcp-proxy", client));
    let shown = ["--public-certificate", "web-tls"];
    let passed = [&of_topology("passthrough", client)[..], &shown].concat();
    let passed = machine.add("passed", &passed);
    let authority = Authority::new("a public CA");
    let public = authority.server("passed.example.org", &["passed.example.org"]);
    machine.keep("public", &tls_secret("passed", "web-tls", &public));
    machine.unpack();
    let settings = Settings {
        tells_origin: true,
        ..Settings::default()
    };
    let _ended = machine.httpd("ended", ended, Manner::default(), &settings);
    let manner = Manner {
        wants_proxy: true,
        ..Manner::default()
    };
    let pair = Pair {
        certificate: machine.value("passed_web-tls_tls.crt"),
        key: machine.value("passed_web-tls_tls.key"),
    };
    let _passed = machine.httpd_with("passed", passed, pair, manner, &settings);
    let traefik = machine.traefik();
    let to = traefik.websecure();

    let forged = [("X-Forwarded-For", "198.51.100.7")];
    let origin =
        |client: &Client| page(|| client.get_with(to, "ended.example.org", "/from", &forged));
    assert_eq!(origin(&browser.claiming("203.0.113.9")), "203.0.113.9");
    assert_eq!(origin(&browser), client);
    let people = Client::trusting(&authority.certificate);
    let announced = people.claiming("203.0.113.9");
    let peer = page(|| announced.get(to, "passed.example.org", "/peer"));
    assert_eq!(peer, "203.0.113.9");
    let answer = people
        .get(to, "passed.example.org", "/")
        .expect("an answer");
    assert_eq!(answer.body, "passed");
    assert_eq!(answer.chain[0], certificates(&public.certificate)[0]);
    // Browsers that trust the CA of the wildcard alone do not meet it there.
    assert!(browser.get(to, "passed.example.org", "/").is_err());
    assert_eq!(traefik.complaints(), Vec::<String>::new());
    drop(traefik);

    // Of anyone else it takes no word.
    let options = machine.read("traefik.yaml").replace(client, "192.0.2.1");
    machine.write("traefik.yaml", &options);
    let traefik = machine.traefik();
    assert_eq!(traefik.websecure(), to);
    assert_eq!(origin(&browser), client);
    let claimed = browser.claiming("203.0.113.9");
    let claimed = claimed.get(to, "ended.example.org", "/from");
    assert!(
        claimed
            .as_ref()
            .map_or(true, |answer| answer.body == client),
        "{claimed:?}"
    );
}

/// A route for `name`.example.org to another httpd over the transport of the instance `a`.
fn witness(name: &str, address: Ipv4Addr) -> String {
    format!(
        "http:
  routers:
    {name}: {{entryPoints: [websecure], rule: Host(`{name}.example.org`), service: {name}, tls: {{}}}}
  services:
    {name}: {{loadBalancer: {{servers: [{{url: 'https://{address}:443'}}], serversTransport: a}}}}
"
    )
}

fn roll_over(case: &Case) {
    let release = newest();
    let (machine, browser) = Machine::new(case, &release, &[]);
    let address = machine.add("a", &[]);
    machine.unpack();
    let instance = Instance {
        name: "a".to_owned(),
        host: "a.example.org".to_owned(),
        address,
        manifests: String::new(),
    };
    let old = Issued {
        authority: machine.value("a_externca_ca.crt"),
        pair: Pair {
            certificate: machine.value("a_selfcert_externcert"),
            key: machine.value("a_selfcert_externkey"),
        },
    };
    let issued = Leaves::after(case, &instance, old, machine.value("a_selfcert_cakey"));
    let settings = Settings::default();
    let httpd = machine.httpd("a", address, Manner::default(), &settings);
    // Two more hosts over the same transport tell which CAs Traefik trusts at the moment.
    let _witnesses = [("old", &issued.old), ("new", &issued.new)].map(|(name, issued)| {
        let address = case.stack.address();
        machine.write(&format!("dynamic/{name}.yaml"), &witness(name, address));
        machine.httpd_with(
            name,
            address,
            issued.pair.clone(),
            Manner::default(),
            &settings,
        )
    });
    let rotation = Rotation {
        instance: &instance,
        httpd,
        issued,
    };
    let traefik = machine.traefik();
    let to = traefik.websecure();
    let status = |host: &str| browser.get(to, host, "/").map(|answer| answer.status);
    page(|| browser.get(to, &instance.host, "/"));
    page(|| browser.get(to, "old.example.org", "/"));
    wait::until("a route to the other CA", || {
        expect(status("new.example.org"), 500)
    });
    let routes = machine.read("dynamic/a.yaml");
    // What is trusted first, then what has Traefik read it.
    let trust = |authorities: &str| {
        machine.write("secrets/a_externca_ca.crt", authorities);
        machine.write("dynamic/a.yaml", &routes);
    };
    rotation.run(&browser, to, PACE, 500, trust);
}
