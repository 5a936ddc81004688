//! The PROXY protocol: how a load balancer says whose connection it passes on
//! (haproxy.org, doc/proxy-protocol.txt, sections 2.1 and 2.2).

use crate::path::hop::ProxyVersion;
use std::net::{IpAddr, SocketAddr};

/// First bytes of a header of version 2.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";

/// Returns the header for a TCP connection from `source` to `destination`.
///
/// Where the two are of different families, the IPv4 one is written as an IPv4-mapped IPv6 address
/// (RFC 4291 section 2.5.5.2).
#[must_use]
pub fn header(version: ProxyVersion, source: SocketAddr, destination: SocketAddr) -> Vec<u8> {
    let ports = [source.port(), destination.port()];
    match (version, source.ip(), destination.ip()) {
        (ProxyVersion::V1, IpAddr::V4(from), IpAddr::V4(to)) => {
            format!("PROXY TCP4 {from} {to} {} {}\r\n", ports[0], ports[1]).into_bytes()
        }
        (ProxyVersion::V1, from, to) => {
            let (from, to) = (mapped(from), mapped(to));
            format!("PROXY TCP6 {from} {to} {} {}\r\n", ports[0], ports[1]).into_bytes()
        }
        (ProxyVersion::V2, IpAddr::V4(from), IpAddr::V4(to)) => {
            binary(0x11, &[from.octets(), to.octets()].concat(), ports)
        }
        (ProxyVersion::V2, from, to) => binary(
            0x21,
            &[mapped(from).octets(), mapped(to).octets()].concat(),
            ports,
        ),
    }
}

/// A header of version 2, command PROXY (0x21), for a family and transport, and the two addresses.
fn binary(family: u8, addresses: &[u8], ports: [u16; 2]) -> Vec<u8> {
    let mut header = SIGNATURE.to_vec();
    header.extend([0x21, family]);
    let length = u16::try_from(addresses.len() + 4).expect("two addresses are short");
    header.extend(length.to_be_bytes());
    header.extend(addresses);
    header.extend(ports.map(u16::to_be_bytes).concat());
    header
}

fn mapped(address: IpAddr) -> std::net::Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(source: &str, destination: &str) -> (SocketAddr, SocketAddr) {
        (source.parse().unwrap(), destination.parse().unwrap())
    }

    #[test]
    fn version_1_is_the_line_of_the_specification() {
        let (source, destination) = pair("192.0.2.7:56324", "192.0.2.8:443");
        assert_eq!(
            header(ProxyVersion::V1, source, destination),
            b"PROXY TCP4 192.0.2.7 192.0.2.8 56324 443\r\n"
        );
        let (source, destination) = pair("[2001:db8::7]:1", "[2001:db8::8]:443");
        assert_eq!(
            header(ProxyVersion::V1, source, destination),
            b"PROXY TCP6 2001:db8::7 2001:db8::8 1 443\r\n"
        );
    }

    #[test]
    fn version_2_is_the_block_of_the_specification() {
        let (source, destination) = pair("192.0.2.7:258", "192.0.2.8:443");
        let mut expected = SIGNATURE.to_vec();
        expected.extend([0x21, 0x11, 0, 12, 192, 0, 2, 7, 192, 0, 2, 8, 1, 2, 1, 187]);
        assert_eq!(header(ProxyVersion::V2, source, destination), expected);
        let (source, destination) = pair("[::1]:258", "192.0.2.8:443");
        let mixed = header(ProxyVersion::V2, source, destination);
        assert_eq!(mixed[12..16], [0x21, 0x21, 0, 36]);
        assert_eq!(mixed.len(), 16 + 36);
    }
}
