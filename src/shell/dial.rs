//! Names looked up, connections opened, bytes moved: each bounded in time, one after another, by blocking calls.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the door to the network, and waiting is measured"
)]

use super::error::words;
use civi_ingress::path::hop::ProxyVersion;
use civi_ingress::probe::http::{self, HEAD_LIMIT};
use civi_ingress::probe::proxy;
use civi_ingress::probe::seen::{Attempt, Broken};
use civi_ingress::probe::target::{Endpoint, Peer};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Most addresses of a name that are tried.
const ADDRESSES_LIMIT: usize = 8;

/// Looks up the addresses of an endpoint.
///
/// # Errors
/// In words: no such name, no answer in time.
pub(super) fn resolve(endpoint: &Endpoint, timeout: Duration) -> Result<Vec<SocketAddr>, String> {
    let port = endpoint.port;
    let name = match &endpoint.peer {
        Peer::Address(address) => return Ok(vec![SocketAddr::new(*address, port)]),
        Peer::Name(name) => name.to_string(),
    };
    // The system's resolver takes no time limit; a thread that waits for it is left behind.
    let look_up = move |name: &str| (name, port).to_socket_addrs().map(Vec::from_iter);
    let (sender, receiver) = mpsc::channel();
    let asked = name.clone();
    let here = sender.clone();
    let thread = std::thread::Builder::new().spawn(move || {
        // Nobody listens any more when the time is over.
        let _ = sender.send(look_up(&asked));
    });
    if thread.is_err() {
        // Where the system gives no thread, the present one waits as long as the resolver does.
        let _ = here.send(look_up(&name));
    }
    drop(here);
    match receiver.recv_timeout(timeout) {
        Ok(Ok(addresses)) if addresses.is_empty() => Err("DNS knows none".to_owned()),
        Ok(Ok(mut addresses)) => {
            addresses.truncate(ADDRESSES_LIMIT);
            Ok(addresses)
        }
        Ok(Err(error)) => Err(words(error)),
        Err(_) => Err(format!("DNS did not answer within {timeout:?}")),
    }
}

/// Tries all addresses at once; gives the connection to the first in their order that took one.
pub(super) fn connect(
    addresses: &[SocketAddr],
    timeout: Duration,
) -> (Vec<Attempt>, Option<TcpStream>) {
    let try_one = |address: &SocketAddr| {
        let begin = Instant::now();
        TcpStream::connect_timeout(address, timeout).map(|stream| (stream, begin.elapsed()))
    };
    let results: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = addresses
            .iter()
            .map(|address| {
                let thread = std::thread::Builder::new();
                thread.spawn_scoped(scope, move || try_one(address))
            })
            .collect();
        let tried = threads.into_iter().zip(addresses).map(|pair| match pair {
            (Ok(thread), _) => thread.join(),
            // Without a thread of its own it is tried after the others.
            (Err(_), address) => Ok(try_one(address)),
        });
        tried.collect()
    });
    let (mut attempts, mut first) = (Vec::new(), None);
    for (address, result) in addresses.iter().zip(results) {
        let result = match result.unwrap_or_else(|_| Err(ErrorKind::Other.into())) {
            Ok((stream, took)) => {
                first.get_or_insert(stream);
                Ok(took)
            }
            Err(error) => Err(fault(&error, timeout)),
        };
        attempts.push(Attempt {
            address: *address,
            result,
        });
    }
    (attempts, first)
}

/// Sends the PROXY protocol header of a connection, if one is asked for.
pub(super) fn introduce(stream: &mut TcpStream, version: Option<ProxyVersion>) -> io::Result<()> {
    let Some(version) = version else {
        return Ok(());
    };
    let header = proxy::header(version, stream.local_addr()?, stream.peer_addr()?);
    stream.write_all(&header)
}

/// A connection that ends at an instant, however slowly the other side feeds it.
#[derive(Debug)]
pub(super) struct Bounded {
    stream: TcpStream,
    deadline: Instant,
}

impl Bounded {
    pub(super) fn new(stream: TcpStream, patience: Duration) -> Self {
        // Without it a small request waits for the acknowledgement of the one before; it is a matter of speed only.
        let _ = stream.set_nodelay(true);
        Self {
            stream,
            deadline: Instant::now() + patience,
        }
    }

    /// Restarts the time limit.
    pub(super) fn extend(&mut self, patience: Duration) {
        self.deadline = Instant::now() + patience;
    }

    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        Ok(Some(left))
    }
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(buffer)
    }
}

impl Write for Bounded {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl Drop for Bounded {
    fn drop(&mut self) {
        // The other side may have closed it already.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

/// Sends a request and reads the head of the answer, nothing of its body.
///
/// # Errors
/// As the connection broke; with what had come by then lost.
pub(super) fn ask(stream: &mut (impl Read + Write), request: &str) -> io::Result<Vec<u8>> {
    stream.write_all(request.as_bytes())?;
    stream.flush()?;
    let mut head = Vec::new();
    let mut buffer = [0; 4096];
    while head.len() < HEAD_LIMIT {
        let count = match stream.read(&mut buffer) {
            Ok(count) => count,
            // Many servers close without TLS's own farewell: what came is judged.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof && !head.is_empty() => 0,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        head.extend(&buffer[..count]);
        if count == 0 || !matches!(http::read(&head), Ok(None)) {
            break;
        }
    }
    head.truncate(HEAD_LIMIT);
    Ok(head)
}

/// Describes how the system failed.
pub(super) fn fault(error: &io::Error, patience: Duration) -> Broken {
    match error.kind() {
        ErrorKind::ConnectionRefused => Broken::Refused,
        ErrorKind::TimedOut | ErrorKind::WouldBlock => Broken::TimedOut(patience),
        ErrorKind::NetworkUnreachable
        | ErrorKind::HostUnreachable
        | ErrorKind::AddrNotAvailable => Broken::NoRoute,
        ErrorKind::UnexpectedEof
        | ErrorKind::ConnectionReset
        | ErrorKind::BrokenPipe
        | ErrorKind::ConnectionAborted => Broken::Closed,
        _ => Broken::Other(words(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn every_address_is_tried_and_the_first_good_one_taken() {
        let listeners = ["127.0.0.1:0"; 3].map(|address| TcpListener::bind(address).unwrap());
        let addresses = listeners
            .each_ref()
            .map(|listener| listener.local_addr().unwrap());
        let [closed, ..] = listeners;
        drop(closed);
        let (attempts, stream) = connect(&addresses, Duration::from_secs(60));
        let found: Vec<bool> = attempts
            .iter()
            .map(|attempt| attempt.result.is_ok())
            .collect();
        assert_eq!(found, [false, true, true]);
        assert_eq!(attempts[0].result, Err(Broken::Refused));
        assert_eq!(stream.unwrap().peer_addr().unwrap(), addresses[1]);
    }
}
