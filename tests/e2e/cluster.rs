//! A real Kubernetes API over etcd, with one Traefik release's CRDs and RBAC, and the real kubectl.
//!
//! There is no kubelet and no controller: objects are checked, stored and watched, and nothing runs them.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::KeyPair;
use serde_json::{Value, json};

use crate::api::Api;
use crate::client::Client;
use crate::components::{Programs, Release};
use crate::process::Process;
use crate::wait;

/// The token of the tests' own requests.
const ADMINISTRATOR: &str = "administrator-of-this-test-run";
/// The token of Traefik, which has the rights of its reference RBAC only.
const TRAEFIK: &str = "traefik-of-this-test-run";

/// etcd, shared by all API servers under a prefix each.
#[derive(Debug)]
pub(crate) struct Etcd {
    address: SocketAddr,
    _server: Process,
}

impl Etcd {
    /// Starts etcd on `address`. It does not wait: the API server does.
    pub(crate) fn start(programs: &Programs, directory: &Path, address: Ipv4Addr) -> Self {
        let address = SocketAddr::from((address, 2379));
        let url = format!("http://{address}");
        let peers = format!("http://{}:2380", address.ip());
        let arguments = [
            format!("--data-dir={}", directory.join("etcd").display()),
            format!("--listen-client-urls={url}"),
            format!("--advertise-client-urls={url}"),
            format!("--listen-peer-urls={peers}"),
            format!("--initial-advertise-peer-urls={peers}"),
            format!("--initial-cluster=default={peers}"),
            // What a power cut would lose is of no worth after the run.
            "--unsafe-no-fsync".to_owned(),
            // 8 GiB, the most that etcd advises; tens of thousands of objects come and go.
            "--quota-backend-bytes=8589934592".to_owned(),
            "--log-level=warn".to_owned(),
        ];
        let server = Process::start("etcd", directory, &programs.etcd, &arguments, &[]);
        Self {
            address,
            _server: server,
        }
    }
}

/// Deletes all keys of the etcd at an address that begin with a text.
///
/// The request goes to etcd's gateway for JSON, as HTTP/1.0: the end of the answer is the end of the connection.
fn delete_keys(etcd: SocketAddr, start: &str) {
    let mut end = start.as_bytes().to_vec();
    // The first key behind all that begin so.
    *end.last_mut().expect("a beginning") += 1;
    let body = json!({"key": STANDARD.encode(start), "range_end": STANDARD.encode(end)});
    let body = body.to_string();
    let request = format!(
        "POST /v3/kv/deleterange HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut answer = String::new();
    TcpStream::connect_timeout(&etcd, wait::LIMIT)
        .and_then(|mut socket| {
            socket.set_read_timeout(Some(wait::LIMIT))?;
            socket.write_all(request.as_bytes())?;
            socket.read_to_string(&mut answer)
        })
        .expect("etcd answers");
    assert!(answer.starts_with("HTTP/1.0 200"), "etcd: {answer}");
}

/// One API server.
#[derive(Debug)]
pub(crate) struct Cluster {
    kubectl: PathBuf,
    directory: PathBuf,
    address: Ipv4Addr,
    /// Of etcd, which has its keys below `prefix`.
    etcd: SocketAddr,
    prefix: String,
    /// The namespaces that cases took for their own.
    claimed: Mutex<BTreeSet<String>>,
    _server: Process,
}

impl Cluster {
    /// Starts an API server on `address`, waits until it is ready and applies what `release` needs.
    pub(crate) fn start(
        programs: &Programs,
        etcd: &Etcd,
        release: &Release,
        name: &str,
        parent: &Path,
        address: Ipv4Addr,
    ) -> Self {
        let directory = parent.join(name);
        fs::create_dir(&directory).expect("one cluster a name");
        let mut server = Self::server(programs, etcd, name, &directory, address);
        let certificate = directory.join("apiserver.crt");
        wait::until("the API server", || {
            server.assert_running();
            let pem = fs::read_to_string(&certificate).map_err(|error| error.to_string())?;
            let answer = Client::trusting(&pem).get_with(
                (address, 6443).into(),
                &address.to_string(),
                "/readyz",
                &[("Authorization", &format!("Bearer {ADMINISTRATOR}"))],
            )?;
            match answer.status {
                200 => Ok(()),
                status => Err(format!("/readyz says {status}: {}", answer.body)),
            }
        });
        let cluster = Self {
            kubectl: programs.kubectl.clone(),
            directory,
            address,
            etcd: etcd.address,
            prefix: name.to_owned(),
            claimed: Mutex::default(),
            _server: server,
        };
        fs::write(cluster.kubeconfig(), cluster.kubeconfig_text()).expect("the kubeconfig");
        cluster.install(&release.directory(programs));
        cluster
    }

    fn server(
        programs: &Programs,
        etcd: &Etcd,
        name: &str,
        directory: &Path,
        address: Ipv4Addr,
    ) -> Process {
        let (private, public) = (directory.join("tokens.key"), directory.join("tokens.pub"));
        let pair = KeyPair::generate().expect("a key");
        fs::write(&private, pair.serialize_pem()).expect("the key of service accounts");
        fs::write(&public, pair.public_key_pem()).expect("its public half");
        let tokens = directory.join("tokens.csv");
        fs::write(
            &tokens,
            format!("{ADMINISTRATOR},administrator,1,system:masters\n{TRAEFIK},traefik,2,\n"),
        )
        .expect("the tokens");
        let arguments = [
            format!("--etcd-servers=http://{}", etcd.address),
            format!("--etcd-prefix=/{name}"),
            format!("--bind-address={address}"),
            format!("--advertise-address={address}"),
            "--secure-port=6443".to_owned(),
            format!("--cert-dir={}", directory.display()),
            format!("--service-account-key-file={}", public.display()),
            format!("--service-account-signing-key-file={}", private.display()),
            "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
            format!("--token-auth-file={}", tokens.display()),
            "--authorization-mode=RBAC".to_owned(),
            "--service-cluster-ip-range=10.96.0.0/16".to_owned(),
            // No controller makes the service accounts that it would wait for.
            "--disable-admission-plugins=ServiceAccount".to_owned(),
            // A loopback address would be refused as the endpoint of the Service `kubernetes`.
            "--endpoint-reconciler-type=none".to_owned(),
        ];
        Process::start(
            "kube-apiserver",
            directory,
            &programs.kube_apiserver,
            &arguments,
            &[],
        )
    }

    /// Traefik's CRDs and role, the role bound to Traefik's token, and waits until the CRDs are served.
    fn install(&self, release: &Path) {
        self.define(&release.join("crds.yaml"));
        let role = release.join("rbac.yaml").display().to_string();
        self.kubectl(&["apply", "--server-side", "-f", &role], "");
        self.kubectl(
            &[
                "create",
                "clusterrolebinding",
                "traefik-of-the-tests",
                "--clusterrole=traefik-ingress-controller",
                "--user=traefik",
            ],
            "",
        );
    }

    /// Applies the CRDs of a file or folder, and waits until they are served.
    pub(crate) fn define(&self, definitions: &Path) {
        let file = definitions.display().to_string();
        // Server-side: some are larger than the annotation that kubectl would keep a copy in.
        self.kubectl(&["apply", "--server-side", "-f", &file], "");
        let wait = ["wait", "--for=condition=Established", "--timeout=600s"];
        self.kubectl(&[&wait[..], &["-f", &file]].concat(), "");
    }

    /// Runs kubectl with `input` and gives its standard output.
    ///
    /// Fails the test when kubectl does.
    #[track_caller]
    pub(crate) fn kubectl(&self, arguments: &[&str], input: &str) -> String {
        let output = self.try_kubectl(arguments, input);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "kubectl {} ended with {}: {errors}",
            arguments.join(" "),
            output.status
        );
        String::from_utf8(output.stdout).expect("kubectl prints UTF-8")
    }

    /// Runs kubectl with `input`, whatever comes of it.
    pub(crate) fn try_kubectl(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = Command::new(&self.kubectl);
        command.args(arguments).env("KUBECONFIG", self.kubeconfig());
        command.env("HOME", &self.directory); // kubectl's cache of what the API serves
        command.env("KUBECTL_APPLYSET", "true"); // allows `--applyset`, and changes nothing without it
        output_of(&mut command, input)
    }

    /// Takes a namespace for the caller alone, which names it here before it writes there.
    #[track_caller]
    pub(crate) fn claim(&self, namespace: &str) {
        let mut claimed = self.claimed.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = claimed.insert(namespace.to_owned());
        assert!(is_new, "another case has the namespace `{namespace}`");
    }

    /// Applies manifests as a user does and gives kubectl's lines, one an object.
    #[track_caller]
    pub(crate) fn apply(&self, manifests: &str) -> String {
        self.kubectl(&["apply", "-f", "-"], manifests)
    }

    /// One object or list as JSON.
    #[track_caller]
    pub(crate) fn get(&self, arguments: &[&str]) -> Value {
        let text = self.kubectl(&[&["get", "-o", "json"], arguments].concat(), "");
        serde_json::from_str(&text).expect("kubectl prints JSON")
    }

    /// The API server's own interface.
    pub(crate) fn api(&self) -> Api {
        let pem = fs::read_to_string(self.directory.join("apiserver.crt"));
        Api {
            client: Client::trusting(&pem.expect("it was read before")),
            address: (self.address, 6443).into(),
            token: ADMINISTRATOR.to_owned(),
        }
    }

    /// Removes from etcd all objects whose namespace begins so. It is as if they had been deleted, in one step for each kind.
    pub(crate) fn forget(&self, resources: &[&str], namespaces: &str) {
        for resource in resources {
            let start = format!("/{}/{resource}/{namespaces}", self.prefix);
            delete_keys(self.etcd, &start);
        }
    }

    fn url(&self) -> String {
        format!("https://{}:6443", self.address)
    }

    /// The file with the administrator's access.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.directory.join("kubeconfig")
    }

    fn kubeconfig_text(&self) -> String {
        format!(
            "apiVersion: v1
kind: Config
current-context: tests
contexts: [{{name: tests, context: {{cluster: tests, user: tests}}}}]
clusters: [{{name: tests, cluster: {{server: '{}', certificate-authority: '{}'}}}}]
users: [{{name: tests, user: {{token: {ADMINISTRATOR}}}}}]
",
            self.url(),
            self.directory.join("apiserver.crt").display()
        )
    }

    /// The flags that make a provider of Traefik use this API server: `kubernetescrd` or `kubernetesingress`.
    pub(crate) fn traefik_flags(&self, provider: &str) -> Vec<String> {
        vec![
            format!("--providers.{provider}=true"),
            format!("--providers.{provider}.endpoint={}", self.url()),
            format!("--providers.{provider}.token={TRAEFIK}"),
            format!(
                "--providers.{provider}.certauthfilepath={}",
                self.directory.join("apiserver.crt").display()
            ),
        ]
    }
}

/// Runs a command to its end with `input` on its standard input.
pub(crate) fn output_of(command: &mut Command, input: &str) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut pipe = child.stdin.take().expect("a pipe");
    std::thread::scope(|scope| {
        // From a thread of its own: neither side waits for the other with full pipes. A command that ends
        // without reading its input is judged by its exit status.
        scope.spawn(move || pipe.write_all(input.as_bytes()));
        child.wait_with_output().expect("our own child")
    })
}
