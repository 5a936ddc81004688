//! What the shell saw of a leg, without judgement.

use super::redirect::Trail;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

/// All that was seen of one leg.
#[derive(Debug, Default)]
pub struct Seen {
    /// Why the name has no address, if it has none.
    pub unresolved: Option<String>,
    /// Each address that was tried, in order.
    pub attempts: Vec<Attempt>,
    /// What a database said before TLS, or how the request for TLS broke.
    pub greeting: Option<Result<Vec<u8>, Broken>>,
    /// The TLS handshake, where a connection came about.
    pub tls: Option<Tls>,
    /// How a handshake in TLS 1.2 went, if that was tried too.
    pub older: Option<Result<(), Broken>>,
    /// The handshake of a client that sends no name, if that was tried too.
    pub nameless: Option<Tls>,
    /// Where redirects led: of the answer, and of port 80's.
    pub trails: Vec<Trail>,
    /// What came back to the request, if one was sent.
    pub answer: Option<Result<Vec<u8>, Broken>>,
    /// What came back on port 80, if that was asked for.
    pub plain: Option<Result<Vec<u8>, Broken>>,
}

impl Seen {
    /// Returns whether the other side closed the connection without an alert, at TLS or at the request.
    #[must_use]
    pub fn was_closed(&self) -> bool {
        let tls = self
            .tls
            .as_ref()
            .is_some_and(|tls| tls.result == Err(Broken::Closed));
        tls || match &self.answer {
            Some(Ok(bytes)) => bytes.is_empty(),
            Some(Err(fault)) => *fault == Broken::Closed,
            None => false,
        }
    }

    /// Returns the address that took the connection.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        let connected = self.attempts.iter().find(|attempt| attempt.result.is_ok());
        connected.map(|attempt| attempt.address)
    }

    /// Returns the addresses that took a connection, too, after the first.
    pub fn other_addresses(&self) -> impl Iterator<Item = SocketAddr> {
        let connected = self
            .attempts
            .iter()
            .filter(|attempt| attempt.result.is_ok());
        connected.skip(1).map(|attempt| attempt.address)
    }
}

/// One try to connect.
#[derive(Debug)]
pub struct Attempt {
    /// Where to.
    pub address: SocketAddr,
    /// How long it took, or why it failed.
    pub result: Result<Duration, Broken>,
}

/// How a connection failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broken {
    /// Nobody listens there.
    Refused,
    /// Nothing came in this time.
    TimedOut(Duration),
    /// This machine has no way to addresses of that family.
    NoRoute,
    /// The other side closed it without an alert.
    Closed,
    /// The other side closed it with this TLS alert, by its name in RFC 8446 section 6.
    Alert(String),
    /// What came back is not TLS.
    NotTls,
    /// We closed it, because the certificate is refused.
    Certificate,
    /// Other side and we have no version or cipher suite in common.
    Incompatible(String),
    /// Anything else, in the words of the system or the TLS library.
    Other(String),
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("nothing listens there (connection refused)"),
            Self::TimedOut(wait) => write!(f, "nothing arrived within {}", seconds(*wait)),
            Self::NoRoute => f.write_str("this machine has no route there"),
            Self::Closed => f.write_str("the other side closed the connection without an alert"),
            Self::Alert(alert) => write!(f, "the other side refused with the TLS alert {alert}"),
            Self::NotTls => {
                f.write_str("what came back is not TLS: another protocol is spoken on this port")
            }
            Self::Certificate => {
                f.write_str("the certificate is refused, so nothing was requested")
            }
            Self::Incompatible(what) => {
                write!(f, "no version or cipher suite in common: {what}")
            }
            Self::Other(what) => f.write_str(what),
        }
    }
}

pub(super) fn seconds(wait: Duration) -> String {
    format!("{} s", wait.as_secs_f64())
}

/// What the verifier said of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verification {
    /// It is good for the name and now.
    Accepted,
    /// It is not, in the verifier's words.
    Refused(String),
}

/// A TLS handshake, as far as it went.
#[derive(Debug)]
pub struct Tls {
    /// How long it took.
    pub took: Duration,
    /// How it ended.
    pub result: Result<(), Broken>,
    /// The version, for example `TLS 1.3`.
    pub version: Option<String>,
    /// The cipher suite by its name at IANA.
    pub cipher: Option<String>,
    /// The application protocol that the server chose.
    pub alpn: Option<String>,
    /// The certificates that the server sent, DER, in its order.
    pub chain: Vec<Vec<u8>>,
    /// What the verifier said, if it was asked.
    pub verification: Option<Verification>,
    /// Whether the server asked for a client certificate.
    pub asked_for_certificate: bool,
}
