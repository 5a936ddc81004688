//! Address ranges.

use crate::fault::Fault;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// An address range in CIDR notation, without host bits (RFC 4632 section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cidr {
    base: IpAddr,
    prefix: u8,
}

impl Cidr {
    /// Says whether the range holds every address of its family.
    #[must_use]
    pub fn is_everything(self) -> bool {
        self.prefix == 0
    }
}

impl FromStr for Cidr {
    type Err = Fault;

    /// Parses `ADDRESS/PREFIX`; an address alone is the range of that one address.
    fn from_str(text: &str) -> Result<Self, Fault> {
        let refused = || {
            Fault::new(format!("`{}` is no address range", text.escape_debug()))
                .help("write it in CIDR notation, such as `10.0.0.0/8` or `2001:db8::/32`")
        };
        let (address, prefix) = text
            .split_once('/')
            .map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let base: IpAddr = address.parse().map_err(|_| refused())?;
        let width = if base.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().map_err(|_| refused())?
            }
            Some(_) => return Err(refused()),
            None => width,
        };
        if prefix > width {
            return Err(refused());
        }
        let masked = masked(base, prefix);
        if masked != base {
            let fault = Fault::new(format!("`{text}` has bits set outside its prefix"));
            return Err(fault.help(format!("did you mean `{masked}/{prefix}`?")));
        }
        Ok(Self { base, prefix })
    }
}

fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            IpAddr::from((u32::from(address) & mask).to_be_bytes())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            IpAddr::from((u128::from(address) & mask).to_be_bytes())
        }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_and_written_in_cidr_notation() {
        for (text, written) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("192.0.2.7", "192.0.2.7/32"),
            ("2001:DB8::/32", "2001:db8::/32"),
            ("0.0.0.0/0", "0.0.0.0/0"),
        ] {
            assert_eq!(text.parse::<Cidr>().unwrap().to_string(), written);
        }
        assert!("::/0".parse::<Cidr>().unwrap().is_everything());
    }

    #[test]
    fn host_bits_are_refused_with_the_range_that_was_meant() {
        let fault = "10.1.2.3/8".parse::<Cidr>().unwrap_err();
        assert_eq!(fault.help.as_deref(), Some("did you mean `10.0.0.0/8`?"));
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in [
            "",
            "10.0.0.0/33",
            "10.0.0/8",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "::/129",
            "a/8",
            "10.0.0.0/8/8",
        ] {
            assert!(text.parse::<Cidr>().is_err(), "{text}");
        }
    }
}
