//! Servers on loopback that behave well or badly. Each ends with its value, and by itself after ten minutes.

use super::pki::Pair;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert, WantsServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{ConfigBuilder, RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Longest life of a server, and longest wait of one of its connections: no machine is so busy that a test takes it.
const LIFE: Duration = Duration::from_secs(600);

/// How long a client waits that is to give up, as it is asked and as it is told. The first is enough unless the
/// machine is so busy that something else is not done in this time either; then the next is tried.
pub(crate) const WAITS: [(&str, &str); 4] = [
    ("300ms", "0.3 s"),
    ("2s", "2 s"),
    ("10s", "10 s"),
    ("60s", "60 s"),
];

/// Asks with longer and longer waits until the outcome is the one that is expected of the wait; gives the last.
pub(crate) fn with_patience<T>(
    mut ask: impl FnMut(&str) -> T,
    is_expected: impl Fn(&T, &str) -> bool,
) -> (T, &'static str) {
    let [(first, told), rest @ ..] = WAITS;
    rest.into_iter()
        .fold((ask(first), told), |(run, told), (wait, next)| {
            if is_expected(&run, told) {
                (run, told)
            } else {
                (ask(wait), next)
            }
        })
}

/// What a server does.
#[derive(Clone)]
pub(crate) struct Behaviour {
    pub(crate) tls: Option<Arc<ServerConfig>>,
    /// Bytes of the PROXY protocol header that comes first.
    pub(crate) proxy_header: ProxyHeader,
    /// What is sent before TLS, as a database does; 36 bytes that ask for TLS come back.
    pub(crate) greeting: Vec<u8>,
    /// What is answered for a path.
    pub(crate) pages: Vec<(&'static str, String)>,
    /// What is answered for all others.
    pub(crate) answer: Vec<u8>,
    /// Sends nothing at all.
    pub(crate) is_silent: bool,
    /// Keeps the connection open after its answer.
    pub(crate) lingers: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProxyHeader {
    None,
    Line,
    Block,
}

pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

impl Behaviour {
    /// TLS with a certificate, and an answer.
    pub(crate) fn tls(pair: &Pair, answer: &str) -> Self {
        Self::with_config(config(pair, None), answer)
    }

    /// The same for clients with a certificate of this authority only.
    pub(crate) fn for_clients_of(authority: &str, pair: &Pair, answer: &str) -> Self {
        Self::with_config(config(pair, Some(authority)), answer)
    }

    /// TLS that prefers HTTP/2, and can only answer HTTP/1.1.
    pub(crate) fn offering(protocols: &[&str], pair: &Pair, answer: &str) -> Self {
        let mut config = config(pair, None);
        config.alpn_protocols = protocols
            .iter()
            .map(|name| name.as_bytes().to_vec())
            .collect();
        Self::with_config(config, answer)
    }

    /// TLS 1.3 alone.
    pub(crate) fn only_tls_13(pair: &Pair, answer: &str) -> Self {
        let versions = &[&rustls::version::TLS13];
        let builder = ServerConfig::builder_with_protocol_versions(versions);
        Self::with_config(paired(builder.with_no_client_auth(), pair), answer)
    }

    /// No TLS.
    pub(crate) fn plain(answer: &str) -> Self {
        Self {
            tls: None,
            proxy_header: ProxyHeader::None,
            greeting: Vec::new(),
            pages: Vec::new(),
            answer: answer.as_bytes().to_vec(),
            is_silent: false,
            lingers: false,
        }
    }

    /// TLS after a greeting, as a database speaks it.
    pub(crate) fn greeting(pair: &Pair, greeting: &[u8]) -> Self {
        Self {
            greeting: greeting.to_vec(),
            ..Self::tls(pair, "")
        }
    }

    /// TLS with one certificate for those who send a name, and another one for those who send none.
    pub(crate) fn by_name(named: &Pair, nameless: &Pair, answer: &str) -> Self {
        let key = |pair: &Pair| {
            let (chain, key) = read(pair);
            let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(&key);
            Arc::new(CertifiedKey::new(chain, key.expect("a good key")))
        };
        let resolver = ByName {
            named: key(named),
            nameless: key(nameless),
        };
        let builder = ServerConfig::builder().with_no_client_auth();
        Self::with_config(builder.with_cert_resolver(Arc::new(resolver)), answer)
    }

    /// Returns what is answered to a request.
    fn answer_to(&self, request: &str) -> &[u8] {
        let path = request.split(' ').nth(1).unwrap_or_default();
        let page = self.pages.iter().find(|(of, _)| *of == path);
        page.map_or(&self.answer[..], |(_, answer)| answer.as_bytes())
    }

    fn with_config(config: ServerConfig, answer: &str) -> Self {
        Self {
            tls: Some(Arc::new(config)),
            ..Self::plain(answer)
        }
    }
}

fn config(pair: &Pair, clients: Option<&str>) -> ServerConfig {
    let builder = ServerConfig::builder();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            let der = CertificateDer::from_pem_slice(authority.as_bytes()).expect("a certificate");
            roots.add(der).expect("an authority");
            let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build();
            builder.with_client_cert_verifier(verifier.expect("a verifier"))
        }
    };
    paired(builder, pair)
}

/// Shows a certificate by whether the client sends a name.
#[derive(Debug)]
struct ByName {
    named: Arc<CertifiedKey>,
    nameless: Arc<CertifiedKey>,
}

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let shown = match hello.server_name() {
            Some(_) => &self.named,
            None => &self.nameless,
        };
        Some(Arc::clone(shown))
    }
}

fn paired(builder: ConfigBuilder<ServerConfig, WantsServerCert>, pair: &Pair) -> ServerConfig {
    let (chain, key) = read(pair);
    builder.with_single_cert(chain, key).expect("a pair")
}

fn read(pair: &Pair) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(pair.chain.as_bytes())
        .collect::<Result<_, _>>()
        .expect("a PEM chain");
    let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).expect("a key");
    (chain, key)
}

/// A running server.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// What came before TLS, and the requests, in order.
    received: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        listener.set_nonblocking(true).expect("a socket");
        let address = listener.local_addr().expect("a bound socket");
        let (received, stop) = (Arc::default(), Arc::<AtomicBool>::default());
        let (log, stopped) = (Arc::clone(&received), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            let begin = Instant::now();
            while !stopped.load(Ordering::Relaxed) && begin.elapsed() < LIFE {
                match listener.accept() {
                    Ok((stream, _)) => serve(stream, &behaviour, &log, &stopped),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        std::thread::sleep(Duration::from_millis(2));
                    }
                    Err(_) => return,
                }
            }
        });
        Self {
            address,
            received,
            stop,
            thread: Some(thread),
        }
    }

    /// Ends the server and gives what it received.
    pub(crate) fn end(mut self) -> Vec<String> {
        self.join();
        std::mem::take(&mut self.received.lock().expect("the thread has ended"))
    }

    fn join(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the server does not panic");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.join();
        }
    }
}

/// Returns an address where nobody listens.
pub(crate) fn closed() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("a bound socket")
}

/// Serves one connection; that the client breaks it off is what these tests are about.
fn serve(
    mut stream: TcpStream,
    behaviour: &Behaviour,
    log: &Mutex<Vec<String>>,
    stopped: &AtomicBool,
) {
    let note = |text: String| log.lock().expect("no thread panicked").push(text);
    stream.set_nonblocking(false).expect("a socket");
    stream.set_read_timeout(Some(LIFE)).expect("a socket");
    let wait = || {
        let begin = Instant::now();
        while !stopped.load(Ordering::Relaxed) && begin.elapsed() < LIFE {
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    if behaviour.is_silent {
        return wait();
    }
    match behaviour.proxy_header {
        ProxyHeader::None => {}
        ProxyHeader::Line => {
            let mut line = Vec::new();
            let mut byte = [0];
            while !line.ends_with(b"\r\n")
                && line.len() < 108
                && stream.read_exact(&mut byte).is_ok()
            {
                line.push(byte[0]);
            }
            note(String::from_utf8_lossy(&line).into_owned());
        }
        ProxyHeader::Block => {
            let mut block = [0; 28];
            if stream.read_exact(&mut block).is_ok() {
                note(format!("{block:02x?}"));
            }
        }
    }
    if !behaviour.greeting.is_empty() {
        let _ = stream.write_all(&behaviour.greeting);
        let mut request = [0; 36];
        if behaviour.tls.is_none() || stream.read_exact(&mut request).is_err() {
            // The client has read enough.
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let _ = stream.read(&mut request);
            return;
        }
        note(format!("{request:02x?}"));
    }
    let Some(config) = &behaviour.tls else {
        let mut request = [0; 2048];
        let count = stream.read(&mut request).unwrap_or_default();
        let request = String::from_utf8_lossy(&request[..count]).into_owned();
        let _ = stream.write_all(behaviour.answer_to(&request));
        note(request);
        return;
    };
    let connection = ServerConnection::new(Arc::clone(config)).expect("a good configuration");
    let mut tls = StreamOwned::new(connection, stream);
    let mut request = [0; 2048];
    let Ok(count @ 1..) = tls.read(&mut request) else {
        // What rustls has to say, such as an alert, still goes out.
        let _ = tls.conn.write_tls(&mut tls.sock);
        let _ = tls.sock.shutdown(std::net::Shutdown::Write);
        let _ = tls.sock.read(&mut request);
        return;
    };
    let request = String::from_utf8_lossy(&request[..count]).into_owned();
    let _ = tls.write_all(behaviour.answer_to(&request));
    note(request);
    if behaviour.lingers {
        return wait();
    }
    tls.conn.send_close_notify();
    let _ = tls.flush();
}
