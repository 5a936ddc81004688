//! TLS handshakes with rustls: its own verifier decides, and what it saw is kept.
#![expect(clippy::disallowed_methods, reason = "waiting is measured")]

use super::dial::{self, Bounded};
use civi_ingress::fault::Fault;
use civi_ingress::name::DnsName;
use civi_ingress::pki::{Certificate, PrivateKey, verify};
use civi_ingress::probe::seen::{Attempt, Broken, Tls, Verification};
use civi_ingress::probe::target::Endpoint;
use civi_ingress::probe::transport::Versions;
use civi_ingress::probe::trust::{ExpectedName, TrustedRoots};
use pki_types::pem::PemObject as _;
use pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct,
    Error, ProtocolVersion, RootCertStore, SignatureScheme, StreamOwned,
};
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use time::OffsetDateTime;
use zeroize::Zeroize as _;

/// How a handshake is to be made.
#[derive(Debug)]
pub(super) struct Handshake<'a> {
    pub(super) name: &'a ExpectedName,
    /// Whether the server is told the name (SNI).
    pub(super) is_name_sent: bool,
    pub(super) trust: &'a TrustedRoots,
    pub(super) now: OffsetDateTime,
    /// The protocols to offer, best first.
    pub(super) protocols: &'a [&'static [u8]],
    pub(super) versions: Versions,
    pub(super) client: Option<Arc<CertifiedKey>>,
    /// Whether the connection stands even when the certificate is refused. The refusal is kept all the same.
    pub(super) insecure: bool,
    pub(super) patience: Duration,
}

/// A connection after its handshake.
pub(super) type Connection = StreamOwned<ClientConnection, Bounded>;

/// As [`handshake_over`], from the beginning of a connection.
pub(super) fn handshake(stream: TcpStream, how: &Handshake<'_>) -> (Tls, Option<Connection>) {
    handshake_over(Bounded::new(stream, how.patience), how)
}

/// Shakes hands. Where the verifier refuses the certificate there is no connection, unless that was asked for.
pub(super) fn handshake_over(
    mut stream: Bounded,
    how: &Handshake<'_>,
) -> (Tls, Option<Connection>) {
    let begin = Instant::now();
    let recorder = Arc::new(Recorder::new(how));
    let client = Arc::new(TlsClient {
        pair: how.client.clone(),
        was_asked: AtomicBool::new(false),
    });
    let mut tls = Tls {
        took: Duration::ZERO,
        result: Ok(()),
        version: None,
        cipher: None,
        alpn: None,
        chain: Vec::new(),
        verification: None,
        asked_for_certificate: false,
    };
    let mut connection = match connection(how, &recorder, &client) {
        Ok(connection) => connection,
        Err(error) => {
            tls.result = Err(Broken::Other(error.to_string()));
            return (tls, None);
        }
    };
    while tls.result.is_ok() && connection.is_handshaking() {
        if let Err(error) = connection.complete_io(&mut stream) {
            tls.result = Err(fault(&error, how.patience));
        }
    }
    tls.took = begin.elapsed();
    tls.version = connection.protocol_version().map(|version| match version {
        ProtocolVersion::TLSv1_2 => "TLS 1.2".to_owned(),
        ProtocolVersion::TLSv1_3 => "TLS 1.3".to_owned(),
        other => format!("{other:?}"),
    });
    let suite = connection.negotiated_cipher_suite();
    tls.cipher = suite.and_then(|suite| Some(suite.suite().as_str()?.to_owned()));
    let alpn = connection.alpn_protocol();
    tls.alpn = alpn.map(|alpn| String::from_utf8_lossy(alpn).into_owned());
    tls.asked_for_certificate = client.was_asked.load(Ordering::Relaxed);
    let kept = std::mem::take(&mut *recorder.kept.lock().unwrap_or_else(PoisonError::into_inner));
    (tls.chain, tls.verification) = (kept.chain, kept.verification);
    let connection = tls
        .result
        .is_ok()
        .then(|| StreamOwned::new(connection, stream));
    (tls, connection)
}

/// The certificates that an address presented, leaf first, or why there are none, in words.
pub(super) type Presented = (SocketAddr, Result<Vec<Certificate>, String>);

/// Returns the certificates that each address of `endpoint` presents for `name`. They are public and nothing is verified,
/// so that those which nobody trusts can be looked at too; no request is sent. Addresses to which this machine has no
/// route do not count beside others.
///
/// # Errors
/// In words: no address, no connection to any of them within `timeout`.
pub(super) fn presented_chains(
    endpoint: &Endpoint,
    name: &DnsName,
    timeout: Duration,
) -> Result<Vec<Presented>, String> {
    let addresses = dial::resolve(endpoint, timeout)?;
    let (attempts, mut first) = dial::connect(&addresses, timeout);
    if first.is_none() {
        return Err(match attempts.last() {
            Some(Attempt {
                address,
                result: Err(fault),
            }) => format!("{address}: {fault}"),
            _ => "there is no address".to_owned(),
        });
    }
    let reachable = attempts
        .into_iter()
        .filter(|attempt| attempt.result != Err(Broken::NoRoute));
    let presented = reachable.map(|Attempt { address, result }| {
        let again = || dial::connect(&[address], timeout).1;
        let chain = match result.map(|_| first.take().or_else(again)) {
            Ok(Some(stream)) => presented_chain(stream, name, timeout),
            Ok(None) => Err(Broken::Closed.to_string()),
            Err(fault) => Err(fault.to_string()),
        };
        (address, chain)
    });
    Ok(presented.collect())
}

fn presented_chain(
    stream: TcpStream,
    name: &DnsName,
    timeout: Duration,
) -> Result<Vec<Certificate>, String> {
    let how = Handshake {
        name: &ExpectedName::Host(name.clone()),
        is_name_sent: true,
        trust: &TrustedRoots::nobody(),
        now: OffsetDateTime::UNIX_EPOCH,
        protocols: &[],
        versions: Versions::Both,
        client: None,
        insecure: false,
        patience: timeout,
    };
    let (tls, _) = handshake(stream, &how);
    if tls.chain.is_empty() {
        let why = tls.result.err();
        let why = why.map_or_else(String::new, |fault| format!(": {fault}"));
        return Err(format!("no certificate was received{why}"));
    }
    let certificates = tls
        .chain
        .into_iter()
        .map(|der| Certificate::from_der(CertificateDer::from(der)).map_err(|fault| fault.what));
    certificates.collect()
}

/// Reads a certificate and its key, PEM, for a server that asks for them.
///
/// # Errors
/// No certificate, no key that can be used, or a key of another certificate.
pub(super) fn client_pair(certificate: &str, key: &str) -> Result<Arc<CertifiedKey>, Fault> {
    let mut chain = Certificate::all_from_pem(certificate)?;
    let key = PrivateKey::from_pem(key)?;
    // PKCS#12 has them in any order; a server is sent the leaf first (RFC 8446 section 4.4.2).
    let is_leaf = |certificate: &Certificate| verify::belongs(certificate, &key).is_ok();
    if let Some(position) = chain.iter().position(is_leaf) {
        chain[..=position].rotate_right(1);
    }
    let leaf = chain.first().ok_or_else(|| {
        Fault::new("there is no certificate").help("a PEM block `CERTIFICATE` is needed")
    })?;
    verify::belongs(leaf, &key)?;
    let unusable = |_| Fault::new("the private key cannot be used here");
    let mut der = PrivateKeyDer::from_pem_slice(key.pem().as_bytes())
        .map_err(|_| Fault::new("the private key cannot be read again"))?;
    let signing = aws_lc_rs::sign::any_supported_type(&der).map_err(unusable);
    der.zeroize();
    let chain = chain.iter().map(|certificate| certificate.der().clone());
    Ok(Arc::new(CertifiedKey::new(chain.collect(), signing?)))
}

/// Describes how a TLS connection failed.
pub(super) fn fault(error: &io::Error, patience: Duration) -> Broken {
    let Some(tls) = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Error>())
    else {
        return dial::fault(error, patience);
    };
    match tls {
        Error::AlertReceived(AlertDescription::CloseNotify) => Broken::Closed,
        Error::AlertReceived(alert) => Broken::Alert(format!("{alert:?}")),
        Error::InvalidCertificate(_) => Broken::Certificate,
        Error::InvalidMessage(_) => Broken::NotTls,
        Error::PeerIncompatible(why) => Broken::Incompatible(format!("{why:?}")),
        other => Broken::Other(other.to_string()),
    }
}

fn connection(
    how: &Handshake<'_>,
    recorder: &Arc<Recorder>,
    client: &Arc<TlsClient>,
) -> Result<ClientConnection, Error> {
    let versions = match how.versions {
        Versions::Both => vec![&TLS13, &TLS12],
        Versions::Only12 => vec![&TLS12],
        Versions::Only13 => vec![&TLS13],
    };
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&recorder.provider))
        .with_protocol_versions(&versions)?
        // Not dangerous: the recorder hands rustls' own verdict on.
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(recorder) as Arc<dyn ServerCertVerifier>)
        .with_client_cert_resolver(Arc::clone(client) as Arc<dyn ResolvesClientCert>);
    config.alpn_protocols = how.protocols.iter().map(|name| name.to_vec()).collect();
    config.resumption = rustls::client::Resumption::disabled();
    config.enable_sni = how.is_name_sent;
    let name =
        ServerName::try_from(how.name.to_string()).map_err(|_| Error::UnsupportedNameType)?;
    ClientConnection::new(Arc::new(config), name)
}

/// rustls' verifier, and what it was shown and answered.
#[derive(Debug)]
struct Recorder {
    /// Nothing if no authority is trusted: rustls makes no verifier then, and every certificate is refused.
    verifier: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
    now: UnixTime,
    insecure: bool,
    kept: Mutex<KeptSession>,
}

#[derive(Debug, Default)]
struct KeptSession {
    chain: Vec<Vec<u8>>,
    verification: Option<Verification>,
}

impl Recorder {
    fn new(how: &Handshake<'_>) -> Self {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut roots = RootCertStore::empty();
        roots
            .add_parsable_certificates(how.trust.anchors.iter().map(|anchor| anchor.der().clone()));
        let builder =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let seconds = u64::try_from(how.now.unix_timestamp()).unwrap_or_default();
        Self {
            verifier: builder.build().ok(),
            provider,
            now: UnixTime::since_unix_epoch(Duration::from_secs(seconds)),
            insecure: how.insecure,
            kept: Mutex::default(),
        }
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verdict = match &self.verifier {
            Some(verifier) => verifier.verify_server_cert(leaf, others, name, ocsp, self.now),
            None => Err(CertificateError::UnknownIssuer.into()),
        };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.chain = std::iter::once(leaf)
            .chain(others)
            .map(|der| der.to_vec())
            .collect();
        kept.verification = Some(match &verdict {
            Ok(_) => Verification::Accepted,
            Err(error) => Verification::Refused(error.to_string()),
        });
        if self.insecure {
            return Ok(ServerCertVerified::assertion());
        }
        verdict
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// Our certificate, and whether the server asked for it.
#[derive(Debug)]
struct TlsClient {
    pair: Option<Arc<CertifiedKey>>,
    was_asked: AtomicBool,
}

impl ResolvesClientCert for TlsClient {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.was_asked.store(true, Ordering::Relaxed);
        self.pair.clone()
    }

    fn has_certs(&self) -> bool {
        // rustls then keeps what a signature of ours would cover; whether there is one, `resolve` says.
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::{ServerConfig, ServerConnection};
    use std::net::TcpListener;

    #[test]
    fn the_chain_of_a_server_that_nobody_trusts_is_given_without_a_request() {
        let certificate = include_str!("../../tests/fixtures/good.crt");
        let key = include_str!("../../tests/fixtures/good.key");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = std::thread::spawn(move || {
            let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
            let config = ServerConfig::builder().with_no_client_auth();
            let config = Arc::new(config.with_single_cert(chain, key).unwrap());
            let (mut stream, _) = listener.accept().unwrap();
            let mut connection = ServerConnection::new(config).unwrap();
            // The client ends the connection when it has the certificate.
            let _ = connection.complete_io(&mut stream);
            assert!(connection.is_handshaking());
        });
        let endpoint = Endpoint::parse(&address, 443).unwrap();
        let name = DnsName::parse("a.example.org").unwrap();
        let presented = presented_chains(&endpoint, &name, Duration::from_secs(60)).unwrap();
        server.join().unwrap();
        let sent = Certificate::all_from_pem(certificate);
        assert_eq!(presented, [(address.parse().unwrap(), Ok(sent.unwrap()))]);
    }
}
