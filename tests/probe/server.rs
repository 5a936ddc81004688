//! Servers on loopback that behave well or badly. Each ends with its value, and by itself after ten minutes.

use super::pki::Pair;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{WantsServerCert, WebPkiClientVerifier};
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
    /// What is answered, whatever was asked.
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
            answer: answer.as_bytes().to_vec(),
            is_silent: false,
            lingers: false,
        }
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

fn paired(builder: ConfigBuilder<ServerConfig, WantsServerCert>, pair: &Pair) -> ServerConfig {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(pair.chain.as_bytes())
        .collect::<Result<_, _>>()
        .expect("a PEM chain");
    let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).expect("a key");
    builder.with_single_cert(chain, key).expect("a pair")
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
    let Some(config) = &behaviour.tls else {
        let mut request = [0; 2048];
        let count = stream.read(&mut request).unwrap_or_default();
        note(String::from_utf8_lossy(&request[..count]).into_owned());
        let _ = stream.write_all(&behaviour.answer);
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
    note(String::from_utf8_lossy(&request[..count]).into_owned());
    let _ = tls.write_all(&behaviour.answer);
    if behaviour.lingers {
        return wait();
    }
    tls.conn.send_close_notify();
    let _ = tls.flush();
}
