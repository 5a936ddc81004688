//! A browser reduced to what the tests ask of one: it trusts exactly the authorities it is given and reports
//! the answer's status and body and the chain it was served.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::wait::LIMIT;

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    /// The server's certificates in DER, leaf first.
    pub(crate) chain: Vec<CertificateDer<'static>>,
    /// Whether the server ends the connection behind it.
    pub(crate) is_last: bool,
}

/// A TLS client.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    config: Arc<ClientConfig>,
    /// How long it waits for a connection, and for each part of an answer.
    limit: Duration,
    /// What it sends before TLS.
    announced: String,
}

impl Client {
    /// Trusts the certificates of a PEM bundle and nothing else.
    pub(crate) fn trusting(authorities: &str) -> Self {
        let config = ClientConfig::builder()
            .with_root_certificates(roots(authorities))
            .with_no_client_auth();
        Self {
            config: Arc::new(config),
            limit: LIMIT,
            announced: String::new(),
        }
    }

    /// The same, with a certificate of its own to show.
    pub(crate) fn with_identity(authorities: &str, chain: &str, key: &str) -> Self {
        let chain = certificates(chain);
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a private key");
        let config = ClientConfig::builder()
            .with_root_certificates(roots(authorities))
            .with_client_auth_cert(chain, key)
            .expect("a key pair");
        Self {
            config: Arc::new(config),
            limit: LIMIT,
            announced: String::new(),
        }
    }

    /// The same, claiming by version 1 of the PROXY protocol to pass on for this address.
    pub(crate) fn claiming(&self, address: &str) -> Self {
        Self {
            announced: format!("PROXY TCP4 {address} 192.0.2.1 40000 443\r\n"),
            ..self.clone()
        }
    }

    /// The same, offering a protocol by ALPN as browsers do.
    pub(crate) fn offering(self, protocol: &str) -> Self {
        let mut config = (*self.config).clone();
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        Self {
            config: Arc::new(config),
            ..self
        }
    }

    /// The same with less patience.
    pub(crate) fn waiting(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// One GET on a connection of its own; `host` is the name of SNI, of verification and of the header.
    ///
    /// # Errors
    /// Returns what failed; of a certificate that is refused, in rustls' words (`UnknownIssuer`, `not valid for name`).
    pub(crate) fn get(&self, to: SocketAddr, host: &str, path: &str) -> Result<Answer, String> {
        self.connect(to, host)?.get(path, &[])
    }

    /// The same with further header fields.
    ///
    /// # Errors
    /// As for [`Client::get`].
    pub(crate) fn get_with(
        &self,
        to: SocketAddr,
        host: &str,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Result<Answer, String> {
        self.connect(to, host)?.get(path, fields)
    }

    /// Opens a connection for several requests.
    ///
    /// # Errors
    /// As for [`Client::get`].
    pub(crate) fn connect(&self, to: SocketAddr, host: &str) -> Result<Connection, String> {
        let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
        let tls = ClientConnection::new(Arc::clone(&self.config), name)
            .map_err(|error| error.to_string())?;
        let socket = TcpStream::connect_timeout(&to, self.limit)
            .and_then(|mut socket| {
                socket.write_all(self.announced.as_bytes())?;
                socket.set_read_timeout(Some(self.limit))?;
                socket.set_nodelay(true)?;
                Ok(socket)
            })
            .map_err(|error| format!("{to}: {error}"))?;
        Ok(Connection {
            stream: BufReader::new(StreamOwned::new(tls, socket)),
            host: host.to_owned(),
        })
    }
}

/// A connection that answers one request after another.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: BufReader<StreamOwned<ClientConnection, TcpStream>>,
    host: String,
}

impl Connection {
    /// One GET.
    ///
    /// # Errors
    /// The connection broke, or the answer is not HTTP/1.1.
    pub(crate) fn get(&mut self, path: &str, fields: &[(&str, &str)]) -> Result<Answer, String> {
        self.send("GET", path, fields, "")
    }

    /// One request with a body.
    ///
    /// # Errors
    /// As for [`Connection::get`].
    pub(crate) fn send(
        &mut self,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        body: &str,
    ) -> Result<Answer, String> {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.host);
        for (name, value) in fields {
            write!(request, "{name}: {value}\r\n").expect("a String takes all");
        }
        if !body.is_empty() {
            write!(request, "Content-Length: {}\r\n", body.len()).expect("a String takes all");
        }
        request.push_str("\r\n");
        request.push_str(body);
        self.exchange(&request).map_err(|error| error.to_string())
    }

    fn exchange(&mut self, request: &str) -> std::io::Result<Answer> {
        let tls = self.stream.get_mut();
        tls.write_all(request.as_bytes())?;
        tls.flush()?;
        let line = self.line()?;
        let status = line
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .ok_or_else(|| std::io::Error::other(format!("not an HTTP answer: {line:?}")))?;
        let (mut length, mut chunked, mut is_last) = (None, false, false);
        loop {
            let line = self.line()?.to_ascii_lowercase();
            match line.split_once(':') {
                Some(("content-length", value)) => length = value.trim().parse().ok(),
                Some(("transfer-encoding", value)) => chunked = value.trim() == "chunked",
                Some(("connection", value)) => is_last = value.trim() == "close",
                Some(_) => (),
                None => break,
            }
        }
        let body = match length {
            Some(length) => self.bytes(length)?,
            None if chunked => self.chunks()?,
            None => return Err(std::io::Error::other("an answer of unknown length")),
        };
        let chain = self.stream.get_ref().conn.peer_certificates();
        Ok(Answer {
            status,
            is_last,
            body: String::from_utf8_lossy(&body).into_owned(),
            chain: chain
                .unwrap_or_default()
                .iter()
                .map(|certificate| certificate.clone().into_owned())
                .collect(),
        })
    }

    fn bytes(&mut self, length: usize) -> std::io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// A chunked body (RFC 9112 section 7.1), without trailers.
    fn chunks(&mut self) -> std::io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let size = usize::from_str_radix(&self.line()?, 16).map_err(std::io::Error::other)?;
            body.extend(self.bytes(size)?);
            self.line()?;
            if size == 0 {
                return Ok(body);
            }
        }
    }

    fn line(&mut self) -> std::io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }
}

/// The certificates of a PEM bundle, in its order.
pub(crate) fn certificates(pem: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .expect("a PEM bundle")
}

fn roots(authorities: &str) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(authorities) {
        roots
            .add(certificate)
            .expect("an authority that rustls can use");
    }
    roots
}
