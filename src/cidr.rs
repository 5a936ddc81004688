//! Ranges of IP addresses that may be trusted or let in.

use crate::fault::Fault;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A range of IP addresses in CIDR notation (RFC 4632, RFC 4291 section 2.3), smaller than all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cidr {
    network: IpAddr,
    prefix: u8,
}

impl Cidr {
    /// Returns whether it is a range of IPv4.
    #[must_use]
    pub fn is_ipv4(&self) -> bool {
        self.network.is_ipv4()
    }

    /// Parses `10.0.0.0/8`, `2001:db8::/32`, or one address, which is a range of its own (`/32`, `/128`).
    ///
    /// # Errors
    /// No address, a prefix longer than the address, bits set after the prefix (`10.0.0.1/8`: range and
    /// address were mixed up), all addresses (`0.0.0.0/0`, `::/0`: trusting them lets any client forge
    /// its address), and an IPv4 address written as IPv6 (`::ffff:10.0.0.0/104`: some readers never
    /// match it with the IPv4 client it means).
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let refused = || {
            Fault::new(format!("`{}` is not a range of IP addresses", text.escape_debug()))
                .help("write an address and the length of its prefix, for example `10.0.0.0/8` or `2001:db8::/32`")
        };
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| refused())?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix: u8 = match prefix {
            None => bits,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().map_err(|_| refused())?
            }
            Some(_) => return Err(refused()),
        };
        if prefix > bits {
            return Err(refused());
        }
        if prefix == 0 {
            return Err(Fault::new(format!("`{text}` covers every address"))
                .help("name the ranges of the load balancers or nodes, for example `10.0.0.0/8`"));
        }
        if let IpAddr::V6(v6) = address
            && v6.to_ipv4_mapped().is_some()
        {
            return Err(
                Fault::new(format!("`{text}` is an IPv4 range written as IPv6"))
                    .help("write it as IPv4, for example `10.0.0.0/8`"),
            );
        }
        let network = masked(address, prefix);
        if network != address {
            return Err(
                Fault::new(format!("`{text}` has bits set after its prefix")).help(format!(
                    "use `{network}/{prefix}` for the range, or `{address}` for this address alone"
                )),
            );
        }
        Ok(Self { network, prefix })
    }
}

/// Keeps the first `prefix` bits; `prefix` is at least 1 and at most the address's length.
fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => Ipv4Addr::from_bits(v4.to_bits() & (u32::MAX << (32 - prefix))).into(),
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << (128 - prefix))).into(),
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> Fault {
        let fault = Cidr::parse(text).expect_err(text);
        assert!(fault.help.is_some(), "{text:?} must come with a hint");
        fault
    }

    #[test]
    fn ranges_and_single_addresses_come_out_in_one_form() {
        for (text, expected) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("192.0.2.7", "192.0.2.7/32"),
            ("192.0.2.7/32", "192.0.2.7/32"),
            ("128.0.0.0/1", "128.0.0.0/1"),
            ("2001:DB8:0:0::/32", "2001:db8::/32"),
            ("2001:db8::1", "2001:db8::1/128"),
            ("8000::/1", "8000::/1"),
        ] {
            assert_eq!(Cidr::parse(text).unwrap().to_string(), expected);
        }
    }

    #[test]
    fn every_address_is_refused() {
        for text in ["0.0.0.0/0", "::/0", "10.0.0.0/0"] {
            assert_eq!(refusal(text).what, format!("`{text}` covers every address"));
        }
    }

    #[test]
    fn bits_after_the_prefix_are_refused_with_the_range_that_was_meant() {
        let fault = refusal("10.1.2.3/8");
        assert_eq!(fault.what, "`10.1.2.3/8` has bits set after its prefix");
        assert_eq!(
            fault.help.unwrap(),
            "use `10.0.0.0/8` for the range, or `10.1.2.3` for this address alone"
        );
        assert!(
            refusal("2001:db8::1/64")
                .help
                .unwrap()
                .contains("`2001:db8::/64`")
        );
    }

    #[test]
    fn an_ipv4_range_written_as_ipv6_is_refused() {
        for text in [
            "::ffff:10.0.0.0/104",
            "::ffff:10.0.0.1",
            "::ffff:0.0.0.0/96",
        ] {
            assert_eq!(
                refusal(text).what,
                format!("`{text}` is an IPv4 range written as IPv6")
            );
        }
    }

    #[test]
    fn what_is_not_a_range_is_refused() {
        for text in [
            "",
            "/",
            "/8",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "10.0.0.0/-1",
            "10.0.0.0/8/8",
            "10.0.0/8",
            "010.0.0.0/8",
            " 10.0.0.0/8",
            "10.0.0.0/ 8",
            "10.0.0.0/255.0.0.0",
            "10.0.0.0/256",
            "2001:db8::/129",
            "fe80::1%eth0/64",
            "[2001:db8::]/32",
            "example.org",
            "10.0.0.0/8\n",
        ] {
            let fault = refusal(text);
            assert!(
                !fault.what.contains('\n'),
                "{text:?} must not reach the terminal raw"
            );
        }
    }
}
