//! Connections of one leg: opened, shaken hands on, asked over.

use super::super::dial::{self, Bounded};
use super::super::tls::{self, Handshake};
use super::plan::{ONLY_HTTP_1, ProbePlan};
use civi_ingress::path::hop::ProxyVersion;
use civi_ingress::path::request::Request;
use civi_ingress::probe::redirect::Trail;
use civi_ingress::probe::seen::{Broken, Seen, Tls};
use civi_ingress::probe::target::Endpoint;
use civi_ingress::probe::transport::Versions;
use std::net::TcpStream;
use std::time::Duration;

/// How a connection is opened.
#[derive(Clone, Copy)]
pub(super) struct ProbeLine<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) proxy: Option<ProxyVersion>,
    pub(super) timeout: Duration,
    /// How long an answer may take.
    pub(super) answer: Duration,
}

impl ProbeLine<'_> {
    fn open(&self, seen: &mut Seen) -> Option<TcpStream> {
        let addresses = match dial::resolve(self.endpoint, self.timeout) {
            Ok(addresses) => addresses,
            Err(why) => {
                seen.unresolved = Some(why);
                return None;
            }
        };
        let (attempts, stream) = dial::connect(&addresses, self.timeout);
        seen.attempts = attempts;
        match self.introduced(stream?) {
            Ok(stream) => Some(stream),
            Err(fault) => {
                seen.answer = Some(Err(fault));
                None
            }
        }
    }

    fn introduced(&self, mut stream: TcpStream) -> Result<TcpStream, Broken> {
        let sent = dial::introduce(&mut stream, self.proxy);
        sent.map_err(|error| dial::fault(&error, self.timeout))?;
        Ok(stream)
    }

    /// Opens a second connection to where the first one went.
    fn again(&self, seen: &Seen) -> Result<TcpStream, Broken> {
        let address: Vec<_> = seen.address().into_iter().collect();
        let (mut attempts, stream) = dial::connect(&address, self.timeout);
        match (stream, attempts.pop().map(|attempt| attempt.result)) {
            (Some(stream), _) => self.introduced(stream),
            (None, Some(Err(fault))) => Err(fault),
            (None, _) => Err(Broken::Closed),
        }
    }
}

/// Connects, shakes hands where `how` is given, and asks for the page.
pub(super) fn look(
    request: &str,
    line: &ProbeLine<'_>,
    how: Option<&Handshake<'_>>,
    seen: &mut Seen,
) {
    let Some(stream) = line.open(seen) else {
        return;
    };
    let Some(how) = how else {
        let mut stream = Bounded::new(stream, line.answer);
        let head = dial::ask(&mut stream, request);
        seen.answer = Some(head.map_err(|error| dial::fault(&error, line.answer)));
        return;
    };
    let (tls, connection) = tls::handshake(stream, how);
    let is_http_2 = tls.alpn.as_deref() == Some("h2");
    seen.tls = Some(tls);
    let Some(connection) = connection else {
        return;
    };
    let connection = if is_http_2 {
        drop(connection);
        second(line, how, seen)
    } else {
        Ok(connection)
    };
    seen.answer = Some(connection.and_then(|mut connection| {
        connection.sock.extend(line.answer);
        dial::ask(&mut connection, request).map_err(|error| tls::fault(&error, line.answer))
    }));
}

/// Connects once more, without offering HTTP/2.
fn second(
    line: &ProbeLine<'_>,
    how: &Handshake<'_>,
    seen: &Seen,
) -> Result<tls::Connection, Broken> {
    let how = Handshake {
        protocols: ONLY_HTTP_1,
        client: how.client.clone(),
        ..*how
    };
    let (tls, connection): (Tls, _) = tls::handshake(line.again(seen)?, &how);
    match (connection, tls.result) {
        (Some(connection), _) => Ok(connection),
        (None, Err(fault)) => Err(fault),
        (None, Ok(())) => Err(Broken::Closed),
    }
}

/// Tries a handshake in TLS 1.2 alone, for a front that should refuse it.
pub(super) fn older(line: &ProbeLine<'_>, how: &Handshake<'_>, seen: &mut Seen) {
    if seen.tls.is_none() {
        return;
    }
    let how = Handshake {
        versions: Versions::Only12,
        client: how.client.clone(),
        ..*how
    };
    let tried = line
        .again(seen)
        .and_then(|stream| tls::handshake(stream, &how).0.result);
    seen.older = Some(tried);
}

/// Tries a handshake of a client that sends no name, where the one with a name came to a certificate.
pub(super) fn nameless(line: &ProbeLine<'_>, how: &Handshake<'_>, seen: &mut Seen) {
    let is_mute = matches!(seen.answer, Some(Err(Broken::TimedOut(_))));
    if is_mute || seen.tls.as_ref().is_none_or(|tls| tls.chain.is_empty()) {
        return;
    }
    let how = Handshake {
        is_name_sent: false,
        client: how.client.clone(),
        ..*how
    };
    let stream = line.again(seen).ok();
    seen.nameless = stream.map(|stream| tls::handshake(stream, &how).0);
}

/// Returns what came back, or how the connection broke.
pub(super) fn outcome(mut seen: Seen) -> Result<Vec<u8>, Broken> {
    if let Some(answer) = seen.answer {
        return answer;
    }
    let shaken = seen.tls.and_then(|tls| tls.result.err());
    let refused = || seen.attempts.pop().and_then(|attempt| attempt.result.err());
    let unresolved = || Broken::Other(seen.unresolved.unwrap_or_default());
    Err(shaken.or_else(refused).unwrap_or_else(unresolved))
}

/// Follows the redirects of an answer, as far as it is known where their ports are.
pub(super) fn follow(
    plan: &ProbePlan,
    request: &Request,
    line: &ProbeLine<'_>,
    how: &Handshake<'_>,
    mut trail: Trail,
) -> Trail {
    while let Some(url) = trail.next() {
        let Some(endpoint) = plan.endpoint(&url) else {
            trail.leave(url);
            break;
        };
        let line = ProbeLine {
            endpoint: &endpoint,
            ..*line
        };
        let text = request.with_path(url.path().clone()).text(&url.authority());
        let mut seen = Seen::default();
        look(&text, &line, url.is_https().then_some(how), &mut seen);
        trail.push(url, outcome(seen));
    }
    trail
}
