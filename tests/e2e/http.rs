//! Answers what the programs of the stack ask of a test itself, by HTTP/1.1 with one request a connection.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

/// A request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// The path and the query.
    pub(crate) target: String,
    pub(crate) body: Vec<u8>,
}

/// The answer to a request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Further lines of its head, each with its end.
    pub(crate) head: &'static str,
    pub(crate) body: Vec<u8>,
}

/// Serves on `address` until the program ends.
pub(crate) fn serve(
    address: SocketAddr,
    answer: impl Fn(&Request) -> Answer + Send + Sync + 'static,
) {
    let listener = TcpListener::bind(address).expect("an address of our own");
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            // A client that goes away asks again.
            thread::spawn(move || exchange(&stream, answer.as_ref()));
        }
    });
}

fn exchange(stream: &TcpStream, answer: impl Fn(&Request) -> Answer) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split(' ');
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let (method, target) = (method.to_owned(), target.to_owned());
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        match line.trim_end().to_ascii_lowercase().split_once(':') {
            Some(("content-length", value)) => length = value.trim().parse().unwrap_or(0),
            Some(_) => (),
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let Answer { status, head, body } = answer(&Request {
        method,
        target,
        body,
    });
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} \r\nContent-Length: {length}\r\nConnection: close\r\n{head}\r\n"
    );
    let mut stream = stream;
    stream.write_all(head.as_bytes())?;
    stream.write_all(&body)
}
