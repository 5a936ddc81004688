//! How a MySQL or MariaDB server begins: it greets first, in clear text, and speaks TLS when the client asks for it.
//!
//! The form is that of MySQL's source documentation, "Connection Phase Packets" (`Protocol::HandshakeV10`,
//! `Protocol::SSLRequest`, `ERR_Packet`), and of MariaDB's documentation, "Connection". A crate that speaks all of the
//! protocol would be a hundred times what is needed: one packet to read, one of 36 bytes to send.

use super::http::shortened;

/// Longest greeting taken, in bytes, with its header. MySQL's and MariaDB's have less than 200, their refusals less
/// than 600 (`MYSQL_ERRMSG_SIZE` is 512).
pub const GREETING_LIMIT: usize = 2048;
/// Length of the header of a packet: three bytes of length, one of its number.
const HEADER: usize = 4;

/// `CLIENT_LONG_PASSWORD`; MariaDB calls it `CLIENT_MYSQL` and then expects nothing of its own.
const CLIENT_LONG_PASSWORD: u32 = 1;
const CLIENT_PROTOCOL_41: u32 = 1 << 9;
const CLIENT_SSL: u32 = 1 << 11;
const CLIENT_SECURE_CONNECTION: u32 = 1 << 15;
const CLIENT_PLUGIN_AUTH: u32 = 1 << 19;
/// `utf8mb4_general_ci`, which both servers know.
const UTF8MB4: u8 = 45;

/// What a server says first. Every text is printable ASCII: what is not, is escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Greeting {
    /// It waits for a client.
    Welcome {
        /// Its version, such as `MariaDB 10.11.14` or `MySQL 8.4.6`.
        version: String,
        /// Whether TLS can be asked for (`CLIENT_SSL`).
        offers_tls: bool,
    },
    /// It takes no connection (`ERR_Packet`).
    Refusal {
        /// The number of the error.
        code: u16,
        /// Its words.
        words: String,
    },
}

/// Reads the first packet of a server out of what has come so far; nothing if more must come.
///
/// # Errors
/// What neither MySQL nor MariaDB sends, in words.
pub fn read(bytes: &[u8]) -> Result<Option<Greeting>, String> {
    let foreign = || "what came back is not the greeting of MySQL or MariaDB".to_owned();
    let Some((header, rest)) = bytes.split_at_checked(HEADER) else {
        return Ok(None);
    };
    let length =
        usize::from(header[0]) | usize::from(header[1]) << 8 | usize::from(header[2]) << 16;
    if header[3] != 0 || length == 0 || length > GREETING_LIMIT - HEADER {
        return Err(foreign());
    }
    let Some(payload) = rest.get(..length) else {
        return match rest.first() {
            // Another protocol is not waited for.
            None | Some(9 | 10 | 0xff) => Ok(None),
            Some(_) => Err(foreign()),
        };
    };
    match payload {
        [0xff, low, high, words @ ..] => Ok(Some(Greeting::Refusal {
            code: u16::from_le_bytes([*low, *high]),
            words: shortened(without_state(words)),
        })),
        [10, rest @ ..] => welcome(rest).map(Some).ok_or_else(foreign),
        [9, ..] => Err(
            "the server greets in version 9 of the protocol, of MySQL before 3.21: it knows no TLS"
                .to_owned(),
        ),
        _ => Err(foreign()),
    }
}

/// Reads what follows the version of the protocol in `Protocol::HandshakeV10`, as far as it is needed.
fn welcome(rest: &[u8]) -> Option<Greeting> {
    let end = rest.iter().position(|byte| *byte == 0)?;
    let (version, rest) = (&rest[..end], &rest[end + 1..]);
    // The number of the connection has 4 bytes, the first part of the challenge 8, then comes a zero.
    let capabilities = rest.get(13..15)?;
    let capabilities = u32::from(u16::from_le_bytes([capabilities[0], capabilities[1]]));
    let is_text = !version.is_empty() && version.iter().all(|byte| matches!(byte, b' '..=b'~'));
    is_text.then(|| Greeting::Welcome {
        version: product(&shortened(version)),
        offers_tls: capabilities & CLIENT_SSL != 0,
    })
}

/// Names the server by the version that it sends. MariaDB before 11 puts `5.5.5-` before its own, for replicas that know
/// single digits only.
fn product(version: &str) -> String {
    let own = version.strip_prefix("5.5.5-").unwrap_or(version);
    match own.split_once("-MariaDB") {
        Some((number, _)) => format!("MariaDB {number}"),
        None => format!("MySQL {version}"),
    }
}

/// Leaves out the SQL state, `#` and five characters, which a server sends or not before it knows its client.
fn without_state(words: &[u8]) -> &[u8] {
    match words {
        [b'#', _, _, _, _, _, words @ ..] => words,
        _ => words,
    }
}

/// Returns the packet that asks for TLS (`Protocol::SSLRequest`), the second of a connection: no name, no password.
#[must_use]
pub fn tls_request() -> [u8; 36] {
    let capabilities = CLIENT_LONG_PASSWORD
        | CLIENT_PROTOCOL_41
        | CLIENT_SSL
        | CLIENT_SECURE_CONNECTION
        | CLIENT_PLUGIN_AUTH;
    let mut packet = [0; 36];
    packet[..HEADER].copy_from_slice(&[32, 0, 0, 1]);
    packet[4..8].copy_from_slice(&capabilities.to_le_bytes());
    // The longest packet, 16 MiB, as MySQL's own client has it.
    packet[8..12].copy_from_slice(&(1_u32 << 24).to_le_bytes());
    packet[12] = UTF8MB4;
    packet
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A packet with its header.
    fn packet(number: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_le_bytes();
        [&length[..3], &[number], payload].concat()
    }

    fn greeting(version: &str, capabilities: u16) -> Vec<u8> {
        let start = [
            &[10][..],
            version.as_bytes(),
            &[0, 7, 0, 0, 0],
            b"12345678",
            &[0],
        ]
        .concat();
        let end = [45, 2, 0, 0xff, 0xc1, 21, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        packet(0, &[&start[..], &capabilities.to_le_bytes(), &end].concat())
    }

    fn welcome(version: &str, offers_tls: bool) -> Greeting {
        let version = version.to_owned();
        Greeting::Welcome {
            version,
            offers_tls,
        }
    }

    #[test]
    fn a_server_says_its_version_and_whether_it_speaks_tls() {
        for (sent, capabilities, version, offers_tls) in [
            ("8.4.6", 0xffff, "MySQL 8.4.6", true),
            (
                "5.5.5-10.11.14-MariaDB-0+deb12u2",
                0xffff,
                "MariaDB 10.11.14",
                true,
            ),
            ("11.8.3-MariaDB-log", 0xf7fe, "MariaDB 11.8.3", false),
            ("5.5.5", 0, "MySQL 5.5.5", false),
        ] {
            assert_eq!(
                read(&greeting(sent, capabilities)),
                Ok(Some(welcome(version, offers_tls)))
            );
        }
    }

    #[test]
    fn a_refusal_is_read_with_its_sql_state_and_without() {
        let refusal = |words: &str| {
            let payload = [&1129_u16.to_le_bytes()[..], words.as_bytes()].concat();
            read(&packet(0, &[&[0xff][..], &payload].concat()))
        };
        let expected = Greeting::Refusal {
            code: 1129,
            words: "Host '10.0.0.7' is blocked".to_owned(),
        };
        assert_eq!(
            refusal("#HY000Host '10.0.0.7' is blocked"),
            Ok(Some(expected.clone()))
        );
        assert_eq!(refusal("Host '10.0.0.7' is blocked"), Ok(Some(expected)));
    }

    #[test]
    fn other_protocols_are_told_from_a_greeting_that_is_not_whole() {
        for other in [
            &b"SSH-2.0-OpenSSH_9.2\r\n"[..],
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            b"220 mail.example.org ESMTP\r\n",
            b"\x15\x03\x03\x00\x02\x02\x46",
            b"\x05\0\0\0\x0b\x08\x05\x1a\0",
            b"\0\0\0\0",
        ] {
            assert!(read(other).is_err(), "{other:?}");
        }
        let whole = greeting("8.4.6", 0xffff);
        for end in 0..whole.len() {
            assert_eq!(read(&whole[..end]), Ok(None), "{end}");
        }
    }

    #[test]
    fn the_request_for_tls_is_the_packet_of_the_documentation() {
        let request = tls_request();
        assert_eq!(request[..4], [32, 0, 0, 1]);
        assert_eq!(request[4..8], [0x01, 0x8a, 0x08, 0x00]);
        assert_eq!(request[13..], [0; 23]);
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused_and_can_be_shown(
            header in prop::option::of(0..300_u16),
            kind in prop::sample::select(vec![9_u8, 10, 0xff, 0]),
            bytes in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let bytes = match header {
                Some(length) => {
                    let [low, high] = length.to_le_bytes();
                    [&[low, high, 0, 0, kind][..], &bytes].concat()
                }
                None => bytes,
            };
            let text = match read(&bytes) {
                Ok(None) => String::new(),
                Ok(Some(Greeting::Welcome { version, .. })) => version,
                Ok(Some(Greeting::Refusal { words, .. })) => words,
                Err(why) => why,
            };
            prop_assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{text:?}");
        }
    }
}
