//! Debian's Apache httpd (prefork and `mod_ssl`), unpacked and not installed, as the instances' web server.

use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::process::Signal;

use crate::components::Programs;
use crate::pki::Pair;
use crate::process::Process;
use crate::wait;

/// One instance's site: an address with a key pair and a page.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) address: Ipv4Addr,
    pub(crate) pair: Pair,
    pub(crate) page: String,
    pub(crate) manner: Manner,
}

/// How one site differs from the others of its server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Manner {
    /// Speaks plain http on its port.
    pub(crate) is_plain: bool,
    /// Waits for the PROXY protocol before each connection.
    pub(crate) wants_proxy: bool,
    /// Asks every client for a certificate of this authority (PEM).
    pub(crate) client_authority: Option<String>,
    /// Further lines of its virtual host.
    pub(crate) directives: String,
}

/// What the tests vary of a server.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// `MaxRequestWorkers`: how many requests prefork serves at a time.
    pub(crate) workers: u32,
    /// `ListenBacklog`; 511 is httpd's own default.
    pub(crate) backlog: u32,
    /// Serves `/slow`, which answers after this many seconds.
    pub(crate) slow: Option<u32>,
    /// Serves `/from`, whose page is `X-Forwarded-For` as it came, and `/peer`, whose page is whom httpd takes for the
    /// client, with `X-Forwarded-For` behind it; and keeps a log with that address.
    pub(crate) tells_origin: bool,
    /// What the ConfigMap `httpd-ingress` adds to its configuration.
    pub(crate) ingress: String,
    /// Asks every client for a certificate of this authority (PEM).
    pub(crate) client_authority: Option<String>,
    /// Whether a connection stays open for further requests, and keeps one of prefork's workers.
    pub(crate) keeps_alive: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            workers: 16,
            backlog: 511,
            slow: None,
            tells_origin: false,
            ingress: String::new(),
            client_authority: None,
            keeps_alive: true,
        }
    }
}

/// A running httpd.
#[derive(Debug)]
pub(crate) struct Httpd {
    directory: PathBuf,
    server: Process,
}

impl Httpd {
    /// Starts a server for `sites` with its files in `parent`/`name` and waits until each accepts.
    pub(crate) fn start(
        programs: &Programs,
        parent: &Path,
        name: &str,
        sites: &[Site],
        settings: &Settings,
    ) -> Self {
        let directory = parent.join(name);
        fs::create_dir(&directory).expect("one server a name");
        for site in sites {
            store(&directory, site.address, &site.pair);
            let root = directory.join(format!("{}", site.address));
            fs::create_dir(&root).expect("one site an address");
            fs::write(root.join("index.html"), &site.page).expect("the page");
            if let Some(authority) = &site.manner.client_authority {
                let file = directory.join(format!("{}.clients", site.address));
                fs::write(file, authority).expect("the client authority");
            }
        }
        if let Some(authority) = &settings.client_authority {
            fs::write(directory.join("clients.pem"), authority).expect("the client authority");
        }
        let script = |name: &str, text: String| {
            let script = directory.join(name);
            fs::write(&script, text).expect("the script");
            fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("our own file");
        };
        let head = "printf 'Content-Type: text/plain\\n\\n";
        if let Some(seconds) = settings.slow {
            script(
                "slow",
                format!("#!/bin/sh\nsleep {seconds}\n{head}slow\\n'\n"),
            );
        }
        if settings.tells_origin {
            script(
                "from",
                format!("#!/bin/sh\n{head}%s' \"$HTTP_X_FORWARDED_FOR\"\n"),
            );
            script(
                "peer",
                format!("#!/bin/sh\n{head}%s%s' \"$REMOTE_ADDR\" \"$HTTP_X_FORWARDED_FOR\"\n"),
            );
        }
        let configuration = directory.join("httpd.conf");
        fs::write(
            &configuration,
            configuration_text(&programs.httpd, &directory, sites, settings),
        )
        .expect("the configuration");
        let mut httpd = Self {
            server: Process::start(
                "httpd",
                &directory,
                &programs.httpd.join("usr/sbin/apache2"),
                &[
                    "-DFOREGROUND".to_owned(),
                    "-f".to_owned(),
                    configuration.display().to_string(),
                ],
                &[(
                    "LD_LIBRARY_PATH",
                    &libraries(&programs.httpd, "libapr-1.so.0"),
                )],
            ),
            directory,
        };
        // httpd listens on all addresses before it writes this file.
        let running = httpd.directory.join("httpd.pid");
        wait::until("httpd", || {
            httpd.server.assert_running();
            running
                .is_file()
                .then_some(())
                .ok_or_else(|| "no pid file".to_owned())
        });
        httpd
    }

    /// The addresses in its log of clients that asked for this path.
    pub(crate) fn clients_of(&self, path: &str) -> Vec<String> {
        let log = fs::read_to_string(self.directory.join("access.log")).expect("a log");
        let lines = log.lines().filter_map(|line| line.split_once(' '));
        lines
            .filter(|(_, asked)| *asked == path)
            .map(|(client, _)| client.to_owned())
            .collect()
    }

    /// How many requests are in its log.
    pub(crate) fn requests(&self) -> usize {
        let log = fs::read_to_string(self.directory.join("access.log")).expect("a log");
        log.lines().count()
    }

    /// Serves another key pair from now on, as a mounted Secret that changed and a graceful reload do.
    pub(crate) fn replace(&self, address: Ipv4Addr, pair: &Pair) {
        store(&self.directory, address, pair);
        self.server.signal(Signal::USR1);
    }
}

/// Where an instance's httpd listens.
pub(crate) fn endpoint(address: Ipv4Addr) -> SocketAddr {
    (address, 443).into()
}

fn store(directory: &Path, address: Ipv4Addr, pair: &Pair) {
    let file = |kind: &str| directory.join(format!("{address}.{kind}"));
    pair.write(&file("crt"), &file("key"));
}

/// Debian's multiarch folder under the unpacked packages: the one with this library.
pub(crate) fn libraries(root: &Path, library: &str) -> String {
    fs::read_dir(root.join("usr/lib"))
        .expect("the unpacked packages")
        .map(|entry| entry.expect("a readable folder").path())
        .find(|path| path.join(library).exists())
        .expect("its libraries are unpacked beside a program")
        .display()
        .to_string()
}

/// The pages that tell where a request comes from, and the form of the log.
fn origin_pages(directory: &Path) -> String {
    let files = directory.display();
    format!(
        "ScriptAlias /from \"{files}/from\"\nScriptAlias /peer \"{files}/peer\"\nLogFormat \"%a %U\" address\n"
    )
}

fn configuration_text(
    root: &Path,
    directory: &Path,
    sites: &[Site],
    settings: &Settings,
) -> String {
    let Settings {
        workers, backlog, ..
    } = settings;
    // Debian's own default. After a reload as many start at once, and one a second from then on.
    let spare = 5.min(*workers);
    let files = directory.display();
    let modules = [
        "mpm_prefork",
        "authz_core",
        "dir",
        "mime",
        "alias",
        "cgi",
        "remoteip",
        "ssl",
    ]
    .map(|name| {
        format!(
            "LoadModule {name}_module {}/usr/lib/apache2/modules/mod_{name}.so\n",
            root.display()
        )
    })
    .concat();
    let mut text = format!(
        r#"ServerRoot "{files}"
{modules}
ServerName httpd.invalid
PidFile httpd.pid
DefaultRuntimeDir "{files}"
ErrorLog error.log
TypesConfig /dev/null
DirectoryIndex index.html
User #65534
Group #65534
ServerLimit {workers}
MaxSpareServers {workers}
MaxRequestWorkers {workers}
StartServers {spare}
MinSpareServers {spare}
ListenBacklog {backlog}
SSLSessionCache none
SSLProtocol -all +TLSv1.2 +TLSv1.3
<Directory "{files}">
    Require all granted
</Directory>
"#
    );
    if settings.slow.is_some() {
        writeln!(text, "ScriptAlias /slow \"{files}/slow\"").expect("a String takes all");
    }
    if settings.tells_origin {
        text.push_str(&origin_pages(directory));
    }
    // The image has its modules elsewhere.
    let ours = format!("{}/usr/lib/apache2/", root.display());
    text.push_str(&settings.ingress.replace("/usr/lib/apache2/", &ours));
    if !settings.keeps_alive {
        text.push_str("KeepAlive Off\n");
    }
    for Site {
        address, manner, ..
    } in sites
    {
        write!(
            text,
            r#"Listen {address}:443
<VirtualHost {address}:443>
    ServerName {address}
    DocumentRoot "{files}/{address}"
"#
        )
        .expect("a String takes all");
        if settings.tells_origin {
            text.push_str("    CustomLog access.log address\n");
        }
        if manner.is_plain {
            // On port 443 it is on by default.
            text.push_str("    SSLEngine off\n");
        } else {
            write!(
                text,
                "    SSLEngine on\n    SSLCertificateFile {address}.crt\n    SSLCertificateKeyFile {address}.key\n"
            )
            .expect("a String takes all");
        }
        if manner.wants_proxy {
            text.push_str("    RemoteIPProxyProtocol On\n");
        }
        if manner.client_authority.is_some() {
            write!(
                text,
                "    SSLVerifyClient require\n    SSLCACertificateFile {address}.clients\n"
            )
            .expect("a String takes all");
        }
        if settings.client_authority.is_some() {
            text.push_str("    SSLVerifyClient require\n    SSLCACertificateFile clients.pem\n");
        }
        text.push_str(&manner.directives);
        text.push_str("</VirtualHost>\n");
    }
    text
}
