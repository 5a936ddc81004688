//! Settles the certificate that browsers see: which names it has, who issues it.

use super::arrival::SharedWay;
use super::document::{AcmePart, CertificatePart, FrontPart, Spec};
use super::leaf::{ChallengeWord, FrontMode, NamesWord};
use super::terms::{self, certificate_faults, is_sealed, sealed_and_stored};
use super::{CaCustody, CertificateSource, FrontCertificate, FrontNames, GivenFiles, Keys};
use crate::acme::{Challenge, Directory, DnsSolver, Email, Issuer, Profile, Solver};
use crate::civiparoisse::WILDCARD_CA;
use crate::fault::Fault;
use crate::name::{Namespace, ObjectName};
use crate::path::arrival::Arrival;
use crate::path::shared_istio::AnyGateway;
use crate::pki::SubjectAltName;
use crate::record::leaf::{Switch, TextLine};
use crate::record::{Given, PartReader, ValueOrigin};

/// Settles it, if there is to be one.
pub(super) fn front(
    spec: &Spec,
    spec_at: ValueOrigin,
    keys: Option<&Keys>,
    (way, gateway): (&SharedWay, Option<&AnyGateway>),
    reader: &mut PartReader,
) -> Option<FrontCertificate> {
    let front = settled(spec, spec_at, keys, way, reader)?;
    let Some(gateway) = gateway else {
        return Some(front);
    };
    let of_part = spec.public_certificate.as_ref();
    let of_part = of_part.and_then(|given| given.value.namespace.as_ref());
    let of_wildcard = spec.wildcard.as_ref().and_then(|given| given.value.on());
    let of_wildcard = of_wildcard.and_then(|part| part.namespace.as_ref());
    if let Some(given) = of_part.or(of_wildcard)
        && given.value != *gateway.namespace()
    {
        let what = format!(
            "the Gateway reads the certificate that browsers see in its own namespace, `{}`",
            gateway.namespace()
        );
        reader.push(given.origin, Fault::new(what).help("leave `namespace` out"));
    }
    Some(FrontCertificate {
        namespace: gateway.namespace().clone(),
        ..front
    })
}

fn settled(
    spec: &Spec,
    spec_at: ValueOrigin,
    keys: Option<&Keys>,
    way: &SharedWay,
    reader: &mut PartReader,
) -> Option<FrontCertificate> {
    let empty = FrontPart::default();
    let (part, origin) = match (&spec.public_certificate, &spec.wildcard) {
        (Some(given), other) => {
            if let Some(other) = other {
                let fault = Fault::new("`wildcard` is a short form of `publicCertificate`");
                reader.push(other.origin, fault.help("keep one of the two"));
            }
            (&given.value, given.origin)
        }
        (None, Some(given)) => match &given.value {
            Switch::Off => return None,
            Switch::On(part) => {
                let part = FrontPart {
                    namespace: part.namespace.clone(),
                    certificate: part.certificate.clone(),
                    apex: part.apex.clone(),
                    ..empty
                };
                return own(spec, &part, given.origin, "wildcard", keys, reader);
            }
        },
        (None, None) => {
            let secrets = spec.secrets.as_ref();
            let mode = secrets.and_then(|given| given.value.mode.as_ref());
            let origin = mode.map_or(spec_at, |given| given.origin);
            return own(spec, &empty, origin, "wildcard", keys, reader);
        }
    };
    let mode = part.mode.as_ref()?.value;
    check_keys(part, mode, reader);
    match mode {
        FrontMode::Nobody => None,
        FrontMode::Own => own(spec, part, origin, "publicCertificate", keys, reader),
        FrontMode::Acme => acme(spec, part, origin, way, reader),
        FrontMode::Files => given(part, origin, reader),
    }
}

/// Refuses keys that mean nothing in a mode.
fn check_keys(part: &FrontPart, mode: FrontMode, reader: &mut PartReader) {
    let names = part.names.as_ref();
    let is_wildcard = names.is_none_or(|given| given.value == NamesWord::Wildcard);
    let acme = part.acme.as_ref().map(|given| given.origin);
    let certificate = part.certificate.as_ref().map(|given| given.origin);
    let apex = part.apex.as_ref().map(|given| given.origin);
    let namespace = part.namespace.as_ref().map(|given| given.origin);
    let files = part.files.as_ref().map(|given| given.origin);
    let all = names.map(|given| given.origin);
    let strangers = match mode {
        FrontMode::Nobody => vec![acme, files, certificate, apex, namespace, all],
        FrontMode::Own => vec![acme, files, all.filter(|_| !is_wildcard)],
        FrontMode::Acme if is_wildcard => vec![certificate, files],
        FrontMode::Acme => vec![certificate, files, apex, namespace],
        FrontMode::Files => vec![acme, certificate, apex, all.filter(|_| !is_wildcard)],
    };
    let (what, help) = match mode {
        FrontMode::Nobody => ("with `mode: none` nothing is made", "leave it out"),
        FrontMode::Files => (
            "the certificate is taken as it is, one for all hosts",
            "leave it out, or use another `mode`",
        ),
        FrontMode::Own => (
            "this program issues one certificate for all hosts",
            "leave it out, or use `mode: acme`",
        ),
        FrontMode::Acme if is_wildcard => (
            "the CA settles how the certificate is made",
            "leave it out, or use `mode: own`",
        ),
        FrontMode::Acme => (
            "with `names: instance` each instance has its own certificate, in its namespace",
            "leave it out, or use `names: wildcard`",
        ),
    };
    for origin in strangers.into_iter().flatten() {
        reader.push(origin, Fault::new(what).help(help));
    }
}

/// Settles a wildcard certificate that this program issues; `key` is where the fleet file speaks of it.
fn own(
    spec: &Spec,
    part: &FrontPart,
    origin: ValueOrigin,
    key: &str,
    keys: Option<&Keys>,
    reader: &mut PartReader,
) -> Option<FrontCertificate> {
    check_domain(spec, reader);
    let certificate: Option<&CertificatePart> = part.certificate.as_ref().map(|given| &given.value);
    if let (Some(part), Some(keys)) = (certificate, keys) {
        for (origin, fault) in certificate_faults(part, CaCustody::Stored, keys) {
            reader.push(origin, fault);
        }
    }
    let is_default = certificate.is_none_or(|part| part.ca.is_none());
    if keys.is_some_and(is_sealed) && is_default {
        let fault = sealed_and_stored();
        let none = if key == "wildcard" {
            "wildcard: false"
        } else {
            "mode: none"
        };
        let help = format!(
            "set `{none}`, or `ca: ephemeral` or `ca: external` under `{key}.certificate`: the default is `stored`"
        );
        reader.push(origin, fault.help(help));
    }
    let makers = keys.map(|keys| keys.makers(|| terms::cas(certificate, WILDCARD_CA)));
    let source = CertificateSource::Own {
        terms: terms::certificate(certificate, CaCustody::Stored),
        makers: makers.unwrap_or_default(),
    };
    Some(FrontCertificate {
        namespace: namespace(part)?,
        source,
        names: wildcard(part),
        is_moving: false,
    })
}

fn wildcard(part: &FrontPart) -> FrontNames {
    FrontNames::Wildcard {
        apex: part.apex.as_ref().is_some_and(|given| given.value),
    }
}

fn namespace(part: &FrontPart) -> Option<Namespace> {
    match &part.namespace {
        Some(given) => Some(given.value.clone()),
        None => Namespace::parse("default").ok(),
    }
}

/// Settles a certificate that is taken from files.
fn given(
    part: &FrontPart,
    origin: ValueOrigin,
    reader: &mut PartReader,
) -> Option<FrontCertificate> {
    let Some(files) = &part.files else {
        let fault = Fault::new("`mode: files` needs `files`");
        let help = "name them, by paths from this file: `files: {certificate: fullchain.pem, key: privkey.pem}`";
        reader.push(origin, fault.help(help));
        return None;
    };
    let path = |given: &Given<TextLine>| given.value.0.clone();
    Some(FrontCertificate {
        namespace: namespace(part)?,
        source: CertificateSource::Given(GivenFiles {
            certificate: files.value.certificate.as_ref().map(path)?,
            key: files.value.key.as_ref().map(path),
        }),
        names: FrontNames::Given,
        is_moving: false,
    })
}

/// Refuses a domain that cannot have a wildcard.
fn check_domain(spec: &Spec, reader: &mut PartReader) {
    if let Some(domain) = &spec.domain {
        reader.keep_at(domain.origin, SubjectAltName::wildcard(&domain.value));
    }
}

/// Settles a certificate that cert-manager asks for.
fn acme(
    spec: &Spec,
    part: &FrontPart,
    origin: ValueOrigin,
    way: &SharedWay,
    reader: &mut PartReader,
) -> Option<FrontCertificate> {
    let arrival = way.arrival.as_ref();
    if let Some(Err(fault)) = arrival.map(Arrival::check_asked) {
        reader.push(origin, fault);
    }
    let Some(acme) = &part.acme else {
        let fault = Fault::new("`mode: acme` needs `acme`");
        let help = "say who is asked, and how: `acme: {server: staging, email: admin@parish.fr, challenge: http-01}`";
        reader.push(origin, fault.help(help));
        return None;
    };
    let is_wildcard = part
        .names
        .as_ref()
        .is_none_or(|given| given.value == NamesWord::Wildcard);
    let names = if is_wildcard {
        check_domain(spec, reader);
        wildcard(part)
    } else {
        FrontNames::Instances
    };
    let asked = asked(&acme.value, is_wildcard, reader);
    let namespace = namespace(part)?;
    let (issuers, asked, is_by_http) = asked?;
    Some(FrontCertificate {
        namespace,
        source: CertificateSource::Acme {
            issuers,
            asked,
            is_by_http,
        },
        names,
        is_moving: false,
    })
}

/// Settles who is asked: the issuers that cert-manager is told of, the name of one of them, and whether it asks at port 80.
fn asked(
    part: &AcmePart,
    is_wildcard: bool,
    reader: &mut PartReader,
) -> Option<(Vec<Issuer>, ObjectName, bool)> {
    let word = part.challenge.as_ref()?;
    let is_by_http = word.value == ChallengeWord::Http;
    if is_by_http && is_wildcard {
        let help = "use `challenge: dns-01`, or `names: instance`";
        reader.push(word.origin, Challenge::no_wildcard().help(help));
    }
    let challenge = challenge(part, word, reader);
    if let Some(issuer) = &part.issuer {
        for origin in others(part) {
            let fault = Fault::new("the ClusterIssuer is there already, and says this itself");
            reader.push(origin, fault.help("leave it out, or leave out `issuer`"));
        }
        return Some((Vec::new(), issuer.value.clone(), is_by_http));
    }
    let directory = parsed(part.server.as_ref(), Directory::parse, reader);
    let directory = directory.unwrap_or(Directory::Staging);
    let email = parsed(part.email.as_ref(), Email::parse, reader);
    let profile = parsed(part.profile.as_ref(), Profile::parse, reader);
    let waits = part.wait_instead_of_self_check.as_ref();
    let solver = Solver {
        challenge: challenge?,
        waits: waits.map(|given| given.value.clone()),
    };
    let asked = directory.issuer_name();
    // Those for trials and in earnest are there side by side, so that a word moves a fleet from one to the other.
    let directories = match directory {
        Directory::Staging | Directory::Production => {
            vec![Directory::Staging, Directory::Production]
        }
        other @ Directory::Other(_) => vec![other],
    };
    let issuers = directories.into_iter().map(|directory| Issuer {
        name: directory.issuer_name(),
        directory,
        email: email.clone(),
        profile: profile.clone(),
        ca_bundle: None,
        solver: solver.clone(),
    });
    Some((issuers.collect(), asked, is_by_http))
}

/// Parses a text, if there is one, or notes what is wrong with it: then there is no fleet.
fn parsed<T>(
    given: Option<&Given<TextLine>>,
    parse: impl Fn(&str) -> Result<T, Fault>,
    reader: &mut PartReader,
) -> Option<T> {
    let given = given?;
    let parsed = parse(&given.value.0);
    parsed
        .map_err(|fault| reader.push(given.origin, fault))
        .ok()
}

/// Returns where the keys are that say what an existing ClusterIssuer says itself.
fn others(part: &AcmePart) -> Vec<ValueOrigin> {
    let texts = [&part.server, &part.email, &part.profile].into_iter();
    let texts = texts.map(|given| given.as_ref().map(|given| given.origin));
    let others = [
        part.solver.as_ref().map(|given| given.origin),
        part.ingress_class.as_ref().map(|given| given.origin),
        part.gateway.as_ref().map(|given| given.origin),
        part.wait_instead_of_self_check
            .as_ref()
            .map(|given| given.origin),
    ];
    texts.chain(others).flatten().collect()
}

/// Settles who answers the CA.
fn challenge(
    part: &AcmePart,
    word: &Given<ChallengeWord>,
    reader: &mut PartReader,
) -> Option<Challenge> {
    let solver = part.solver.as_ref();
    let class = part.ingress_class.as_ref();
    let gateway = part.gateway.as_ref();
    match word.value {
        ChallengeWord::Http => {
            if let Some(given) = solver {
                let fault = Fault::new("no record is put into a zone with `challenge: http-01`");
                reader.push(
                    given.origin,
                    fault.help("leave out `solver`, or use `dns-01`"),
                );
            }
            if let (Some(_), Some(given)) = (class, gateway) {
                let fault =
                    Fault::new("a CA is answered by Ingresses or by a Gateway, not by both");
                reader.push(given.origin, fault.help("keep `ingressClass` or `gateway`"));
            }
            if let Some(given) = gateway {
                let namespace = given.value.namespace.as_ref()?.value.clone();
                let name = given.value.name.as_ref()?.value.clone();
                return Some(Challenge::Gateway { namespace, name });
            }
            let class = class.map(|given| given.value.clone());
            let class = class.or_else(|| ObjectName::parse("traefik").ok())?;
            Some(Challenge::Ingress(class))
        }
        ChallengeWord::Dns => {
            let strangers = [
                class.map(|given| given.origin),
                gateway.map(|given| given.origin),
            ];
            for origin in strangers.into_iter().flatten() {
                let fault = Fault::new("nothing is asked at port 80 with `challenge: dns-01`");
                reader.push(origin, fault.help("leave it out, or use `http-01`"));
            }
            let Some(given) = solver else {
                if part.issuer.is_none() {
                    let fault = Fault::new("nothing says who puts the record into the zone");
                    reader.push(word.origin, fault.help(DnsSolver::EXAMPLE));
                }
                return None;
            };
            match DnsSolver::of(given.value.0.clone()) {
                Ok(solver) => Some(Challenge::Dns(solver)),
                Err(faults) => {
                    for (at, fault) in faults {
                        reader.refuse::<()>(at, fault);
                    }
                    None
                }
            }
        }
    }
}
