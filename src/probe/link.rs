//! What a connection and a TLS handshake came to, in words.

use super::seen::{Attempt, Broken, Seen, Tls, seconds};
use super::transport::{HANDSHAKE_TIMEOUT, Speech, Transport};
use super::{Check, Finding, Leg, Verdict};
use crate::path::hop::ProxyVersion;

/// How a leg is gone.
#[derive(Debug, Clone, Copy)]
pub(super) struct ObjectLink<'a> {
    leg: Leg,
    /// How Traefik speaks to the httpd; nothing on the leg from a browser.
    pub(super) transport: Option<&'a Transport>,
    /// The PROXY protocol header that was sent before all else.
    proxy: Option<ProxyVersion>,
}

impl<'a> ObjectLink<'a> {
    /// The leg from a browser.
    pub(super) fn front(proxy: Option<ProxyVersion>) -> Self {
        Self {
            leg: Leg::Front,
            transport: None,
            proxy,
        }
    }

    /// The leg to the database.
    pub(super) fn database() -> Self {
        Self {
            leg: Leg::Database,
            transport: None,
            proxy: None,
        }
    }

    /// The leg to the httpd.
    pub(super) fn behind(transport: &'a Transport) -> Self {
        Self {
            leg: Leg::Backend,
            transport: Some(transport),
            proxy: transport.proxy.as_ref().map(|(version, _)| *version),
        }
    }

    pub(super) fn leg(self) -> Leg {
        self.leg
    }
}

/// Describes what a browser gets from Traefik where the leg behind it breaks: a status, or nothing from a TCP route.
pub(super) fn follows(transport: &Transport, status: &'static str) -> &'static str {
    if transport.speech.is_tcp() {
        "closes the browser's connection"
    } else {
        status
    }
}

pub(super) fn broken(check: Check, what: impl Into<String>) -> Finding {
    Finding::new(check, Verdict::Broken, what)
}

pub(super) fn connection(seen: &Seen, link: ObjectLink<'_>, findings: &mut Vec<Finding>) {
    let leg = link.leg();
    if let Some(why) = &seen.unresolved {
        let fix = match leg {
            Leg::Front => "create the DNS record, or pass the address with `--connect ADDR:PORT`",
            Leg::Backend => "pass the pod's address with `--backend ADDR:PORT`",
            Leg::Database => "pass the address of its pod or Service with `--database ADDR:PORT`",
        };
        findings.push(broken(Check::Dns, format!("the name has no address: {why}")).fix(fix));
        return;
    }
    let reached = seen.address();
    for Attempt { address, result } in &seen.attempts {
        let finding = match result {
            Ok(took) => Finding::new(
                Check::Tcp,
                Verdict::Good,
                format!("{address} connected in {} ms", took.as_millis()),
            ),
            Err(Broken::NoRoute) if reached.is_some() => Finding::new(
                Check::Tcp,
                Verdict::Note,
                format!("{address}: this machine has no route there"),
            ),
            Err(fault) => {
                let mut what = format!("{address}: {fault}");
                if let Some(transport) = link.transport {
                    let then = match fault {
                        Broken::TimedOut(_) => format!(
                            "waits {} (dialTimeout), then {}",
                            seconds(transport.dial_timeout),
                            follows(transport, "answers 504")
                        ),
                        _ => follows(transport, "answers 502").to_owned(),
                    };
                    what = format!("{what}; Traefik {then}");
                }
                let verdict = if reached.is_some() {
                    Verdict::Warning
                } else {
                    Verdict::Broken
                };
                let fix = match (leg, reached.is_some()) {
                    (_, true) => {
                        "clients that try this address first wait for it: fix it, or remove it from DNS"
                    }
                    (Leg::Front, false) => {
                        "check the load balancer, the firewall and Traefik's ports: host ports, or its Service"
                    }
                    (Leg::Backend, false) => {
                        "check the httpd's pod, its port, and NetworkPolicies between Traefik and it"
                    }
                    (Leg::Database, false) => {
                        "check the database's pod, its port, and NetworkPolicies between the httpd and it"
                    }
                };
                Finding::new(Check::Tcp, verdict, what).fix(fix)
            }
        };
        findings.push(finding);
    }
}

pub(super) fn handshake(tls: &Tls, link: ObjectLink<'_>, findings: &mut Vec<Finding>) {
    let known: Vec<&str> = [&tls.version, &tls.cipher]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    let alpn = tls
        .alpn
        .as_ref()
        .map_or_else(|| "no ALPN".to_owned(), |alpn| format!("ALPN {alpn}"));
    match &tls.result {
        Ok(()) | Err(Broken::Certificate) => {
            let what = format!(
                "{}, {alpn}, in {} ms",
                known.join(", "),
                tls.took.as_millis()
            );
            findings.push(Finding::new(Check::Tls, Verdict::Good, what));
        }
        Err(fault) => findings.push(handshake_fault(fault, link, tls.asked_for_certificate)),
    }
}

fn handshake_fault(fault: &Broken, link: ObjectLink<'_>, asked: bool) -> Finding {
    let finding = broken(Check::Tls, format!("the handshake failed: {fault}"));
    if link.leg == Leg::Database {
        return finding.fix(if is_about_versions(fault) {
            "TLS 1.2 or 1.3 is needed: see tls_version of the server"
        } else {
            "read the database's log"
        });
    }
    let is_mute = matches!(fault, Broken::Closed | Broken::TimedOut(_));
    let may_be_proxy = is_mute || matches!(fault, Broken::NotTls | Broken::Alert(_));
    match (fault, link.transport) {
        (Broken::Alert(_) | Broken::Closed, _) if asked => {
            client_refused(&fault.to_string(), link.leg())
        }
        (_, Some(Transport { proxy: Some((_, object)), .. })) if may_be_proxy => finding.fix(format!(
            "the httpd may not expect the PROXY protocol: set `RemoteIPProxyProtocol On` there, or remove proxyProtocol from {object}"
        )),
        (Broken::TimedOut(wait), Some(transport)) => {
            let waits = match transport.speech {
                Speech::Passthrough => "the browser waits indefinitely".to_owned(),
                Speech::Tls => "Traefik waits forever".to_owned(),
                _ => format!(
                    "Traefik waits {} for one, which no option changes, then answers 504",
                    seconds(HANDSHAKE_TIMEOUT)
                ),
            };
            let what = format!("no handshake within {}; {waits}", seconds(*wait));
            broken(Check::Tls, what).fix("the httpd is busy: render with `--retry`, set ListenBacklog 1, give it more workers")
        }
        (Broken::NotTls, Some(_)) => {
            finding.fix("the httpd speaks plain http here: `SSLEngine on`, or the port of its TLS listener")
        }
        (_, None) if may_be_proxy && link.proxy.is_some() => {
            finding.fix("the front may not expect the PROXY protocol, or not from here: leave `--proxy-protocol` out, or add this machine to its trusted addresses")
        }
        (_, None) if is_mute => {
            finding.fix("a front that expects the PROXY protocol behaves like this: try `--proxy-protocol v1`")
        }
        (Broken::NotTls, None) => {
            finding.fix("use the TLS port, or turn TLS on there: `http.tls` of the entry point, or `tls` in the IngressRoute")
        }
        (Broken::Alert(alert), None) if alert == "UnrecognisedName" => {
            finding.fix("the front has no certificate for this name (sniStrict): list the wildcard under `certificates` of the TLSStore `default`")
        }
        _ if is_about_versions(fault) => finding.fix("TLS 1.2 or 1.3 is needed"),
        _ => finding,
    }
}

fn is_about_versions(fault: &Broken) -> bool {
    match fault {
        Broken::Incompatible(_) => true,
        Broken::Alert(alert) => matches!(
            alert.as_str(),
            "ProtocolVersion" | "HandshakeFailure" | "InsufficientSecurity"
        ),
        _ => false,
    }
}

pub(super) fn client_refused(why: &str, leg: Leg) -> Finding {
    let fix = match leg {
        Leg::Front => "pass a certificate that the front accepts: `--cert FILE --key FILE`",
        Leg::Database => "let the server take clients without a certificate",
        Leg::Backend => {
            "name Traefik's pair in certificatesSecrets of the ServersTransport: `civi-ingress new-instance --client-auth`, with ca.crt of Secret externclientca as SSLCACertificateFile"
        }
    };
    broken(
        Check::Client,
        format!("the server asks for a client certificate: {why}"),
    )
    .fix(fix)
}
