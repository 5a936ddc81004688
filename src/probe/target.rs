//! What to connect to, and what to ask for.

use crate::duration::TraefikDuration;
use crate::fault::Fault;
use crate::name::DnsName;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

/// The port of HTTPS.
pub const HTTPS: u16 = 443;
/// The port of HTTP.
pub const HTTP: u16 = 80;

/// The port of MySQL and MariaDB.
pub const MYSQL: u16 = 3306;

/// The host that browsers ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its name: of SNI, of verification, of the `Host` field.
    pub host: DnsName,
    /// Its port.
    pub port: u16,
}

impl Target {
    /// Parses `HOST` or `HOST:PORT`.
    ///
    /// # Errors
    /// What [`DnsName::parse`] refuses, and a port outside 1 to 65535.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let (host, port) = match text.rsplit_once(':') {
            Some((host, digits)) if !host.contains(':') && !digits.starts_with('/') => {
                (host, Some(port(digits)?))
            }
            _ => (text, None),
        };
        Ok(Self {
            host: DnsName::parse(host)?,
            port: port.unwrap_or(HTTPS),
        })
    }

    /// Returns the value of the `Host` field: with the port where it is not the scheme's own (RFC 9110 section 7.2).
    #[must_use]
    pub fn authority(&self) -> String {
        if self.port == HTTPS {
            self.host.to_string()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// Where to connect to, whatever the name in the certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// A name for DNS, or an address.
    pub peer: Peer,
    /// The port.
    pub port: u16,
}

/// A name or an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Peer {
    /// To be looked up.
    Name(DnsName),
    /// As it is.
    Address(IpAddr),
}

impl Endpoint {
    /// Parses `ADDR` or `ADDR:PORT`, where `ADDR` is a name, an IPv4 address, or an IPv6 address (in brackets before
    /// a port).
    ///
    /// # Errors
    /// What [`DnsName::parse`] refuses, and a port outside 1 to 65535.
    pub fn parse(text: &str, default_port: u16) -> Result<Self, Fault> {
        if let Ok(address) = text.trim_matches(['[', ']']).parse() {
            return Ok(Self {
                peer: Peer::Address(address),
                port: default_port,
            });
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, digits)) => (host, port(digits)?),
            None => (text, default_port),
        };
        let bare = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        let peer = match bare.parse() {
            Ok(address) => Peer::Address(address),
            Err(_) => Peer::Name(DnsName::parse(bare)?),
        };
        Ok(Self { peer, port })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.peer {
            Peer::Address(IpAddr::V6(address)) => write!(f, "[{address}]:{}", self.port),
            Peer::Address(address) => write!(f, "{address}:{}", self.port),
            Peer::Name(name) => write!(f, "{name}:{}", self.port),
        }
    }
}

fn port(digits: &str) -> Result<u16, Fault> {
    let refused = || {
        Fault::new(format!("`{}` is not a port", digits.escape_debug()))
            .help("a port is a number from 1 to 65535")
    };
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits
        .parse()
        .ok()
        .filter(|port| is_number && *port != 0)
        .ok_or_else(refused)
}

/// Parses a time to wait, such as `10s` or `500ms`.
///
/// # Errors
/// Text that is not a Go duration, and zero.
pub fn patience(text: &str) -> Result<Duration, Fault> {
    let length = TraefikDuration::parse(text)?.length();
    if length.is_zero() {
        return Err(Fault::new("a wait of zero sees nothing").help("use a time such as `10s`"));
    }
    Ok(length)
}

/// Parses the time before its end from which a certificate is reported: days (`30d`), or a duration (`720h`).
///
/// # Errors
/// Text that is neither, and more than a hundred years.
pub fn horizon(text: &str) -> Result<time::Duration, Fault> {
    let refused = || {
        Fault::new(format!("`{}` is not a duration", text.escape_debug()))
            .help("use days such as `30d`, or hours such as `72h`")
    };
    let limit = time::Duration::days(36_525);
    let length = if let Some(days) = text.strip_suffix('d') {
        time::Duration::days(days.parse::<u32>().map_err(|_| refused())?.into())
    } else {
        let length = TraefikDuration::parse(text).map_err(|_| refused())?;
        time::Duration::try_from(length.length()).map_err(|_| refused())?
    };
    if length > limit {
        return Err(refused());
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_host_and_a_port() {
        let target = |text: &str| Target::parse(text).unwrap();
        assert_eq!(target("A.example.org").port, 443);
        assert_eq!(target("a.example.org").authority(), "a.example.org");
        assert_eq!(
            target("a.example.org:8443").authority(),
            "a.example.org:8443"
        );
        for refused in [
            "a.example.org:0",
            "a.example.org:x",
            "a.example.org:",
            "192.0.2.7",
            "",
        ] {
            assert!(Target::parse(refused).is_err(), "{refused}");
        }
        let fault = Target::parse("https://a.example.org").unwrap_err();
        assert!(fault.what.contains("is a URL"), "{fault}");
    }

    #[test]
    fn an_endpoint_is_an_address_or_a_name() {
        for (text, shown) in [
            ("192.0.2.7", "192.0.2.7:443"),
            ("192.0.2.7:8443", "192.0.2.7:8443"),
            ("::1", "[::1]:443"),
            ("[::1]", "[::1]:443"),
            ("[2001:db8::7]:8443", "[2001:db8::7]:8443"),
            ("httpd.paroisse-a.svc:443", "httpd.paroisse-a.svc:443"),
        ] {
            assert_eq!(Endpoint::parse(text, 443).unwrap().to_string(), shown);
        }
        assert!(Endpoint::parse("a:b:c", 443).is_err());
        assert!(Endpoint::parse("", 443).is_err());
    }

    #[test]
    fn a_horizon_is_in_days_or_hours() {
        assert_eq!(horizon("30d").unwrap(), time::Duration::days(30));
        assert_eq!(horizon("72h").unwrap(), time::Duration::days(3));
        assert_eq!(horizon("0d").unwrap(), time::Duration::ZERO);
        for refused in ["", "d", "-1d", "month", "99999999d"] {
            assert!(horizon(refused).is_err(), "{refused}");
        }
    }
}
