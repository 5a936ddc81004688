//! What a connection and a TLS handshake came to, in words.

use super::proxy::Version;
use super::seen::{Attempt, Broken, Seen, Tls};
use super::transport::HANDSHAKE_TIMEOUT;
use super::{Check, Finding, Leg, Verdict};
use std::time::Duration;

pub(super) fn broken(check: Check, what: impl Into<String>) -> Finding {
    Finding::new(check, Verdict::Broken, what)
}

/// Says how a connection failed, in words.
pub(super) fn in_words(fault: &Broken) -> String {
    match fault {
        Broken::Refused => "nobody listens there (connection refused)".to_owned(),
        Broken::TimedOut(wait) => format!("nothing came within {}", seconds(*wait)),
        Broken::NoRoute => "this machine has no way there".to_owned(),
        Broken::Closed => "the other side closed the connection without a word".to_owned(),
        Broken::Alert(alert) => format!("the other side refused with the TLS alert {alert}"),
        Broken::NotTls => {
            "what came back is not TLS: another protocol is spoken on this port".to_owned()
        }
        Broken::Certificate => "the certificate is refused, so nothing was asked".to_owned(),
        Broken::Incompatible(what) => format!("no version or cipher suite in common: {what}"),
        Broken::Other(what) => what.clone(),
    }
}

pub(super) fn seconds(wait: Duration) -> String {
    format!("{} s", wait.as_secs_f64())
}

pub(super) fn connection(
    seen: &Seen,
    leg: Leg,
    dial_timeout: Option<Duration>,
    findings: &mut Vec<Finding>,
) {
    if let Some(why) = &seen.unresolved {
        let mend = "make the DNS record, or give the address with `--connect ADDR:PORT`";
        findings.push(broken(Check::Dns, format!("the name has no address: {why}")).mend(mend));
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
                format!("{address}: this machine has no way there"),
            ),
            Err(fault) => {
                let mut what = format!("{address}: {}", in_words(fault));
                if let (Broken::TimedOut(_), Some(dial)) = (fault, dial_timeout) {
                    what = format!(
                        "{what}; Traefik waits {} (dialTimeout), then answers 504",
                        seconds(dial)
                    );
                } else if leg == Leg::Backend {
                    what.push_str("; Traefik answers 502");
                }
                let verdict = if reached.is_some() {
                    Verdict::Warning
                } else {
                    Verdict::Broken
                };
                let mend = match (leg, reached.is_some()) {
                    (_, true) => {
                        "clients that try this address first wait for it: mend it, or take it out of DNS"
                    }
                    (Leg::Front, false) => {
                        "look at the load balancer, the firewall and Traefik's ports: host ports, or its Service"
                    }
                    (Leg::Backend, false) => {
                        "look at the httpd's pod, its port, and NetworkPolicies between Traefik and it"
                    }
                };
                Finding::new(Check::Tcp, verdict, what).mend(mend)
            }
        };
        findings.push(finding);
    }
}

pub(super) fn handshake(tls: &Tls, leg: Leg, proxy: Option<Version>, findings: &mut Vec<Finding>) {
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
        Err(fault) => findings.push(handshake_fault(
            fault,
            leg,
            proxy,
            tls.asked_for_certificate,
        )),
    }
}

fn handshake_fault(fault: &Broken, leg: Leg, proxy: Option<Version>, asked: bool) -> Finding {
    let finding = broken(
        Check::Tls,
        format!("the handshake failed: {}", in_words(fault)),
    );
    match (fault, leg) {
        (Broken::Alert(_) | Broken::Closed, _) if asked => {
            let mut finding = client_refused(&in_words(fault), leg);
            finding.check = Check::Client;
            finding
        }
        (Broken::TimedOut(wait), Leg::Backend) => {
            let what = format!(
                "no handshake within {}; Traefik waits {} for one, which no option changes, then answers 504",
                seconds(*wait),
                seconds(HANDSHAKE_TIMEOUT)
            );
            broken(Check::Tls, what).mend("the httpd is busy: render with `--retry`, set ListenBacklog 1, give it more workers")
        }
        (Broken::Closed | Broken::TimedOut(_) | Broken::NotTls | Broken::Alert(_), Leg::Front)
            if proxy.is_some() => {
            finding.mend("the front may not expect the PROXY protocol, or not from here: leave `--proxy-protocol` out, or add this machine to its trusted addresses")
        }
        (Broken::Closed | Broken::TimedOut(_), Leg::Front) => {
            finding.mend("a front that expects the PROXY protocol does so: try `--proxy-protocol v1`")
        }
        (Broken::Alert(alert), Leg::Front) if alert == "UnrecognisedName" => {
            finding.mend("the front has no certificate for this name (sniStrict): list the wildcard under `certificates` of the TLSStore `default`")
        }
        (Broken::NotTls, Leg::Backend) => {
            finding.mend("the httpd speaks plain http here: `SSLEngine on`, or the port of its TLS listener")
        }
        (Broken::Incompatible(_), _) => finding.mend("TLS 1.2 or 1.3 is needed"),
        _ => finding,
    }
}

pub(super) fn client_refused(why: &str, leg: Leg) -> Finding {
    let mend = match leg {
        Leg::Front => "give a certificate that the front takes: `--cert FILE --key FILE`",
        Leg::Backend => {
            "name Traefik's pair in certificatesSecrets of the ServersTransport: `civi-ingress new-instance --client-auth`, with ca.crt of Secret externclientca as SSLCACertificateFile"
        }
    };
    broken(
        Check::Client,
        format!("the server asks for a client certificate: {why}"),
    )
    .mend(mend)
}
