//! `wildcard-secret` and `tls-store`.

use super::cli::{TlsStore, WildcardSecret};
use super::error::Failure;
use super::{Run, Signing, check_stdin, describe, output, warn, world, write_beside};
use civi_ingress::fault::Faults;
use civi_ingress::ingress::traefik;
use civi_ingress::ingress::wildcard_secret;
use civi_ingress::name::{DnsName, Namespace, ObjectName};
use civi_ingress::pki::SubjectAltName;
use civi_ingress::pki::bundle::{self, Source};
use civi_ingress::release::Release;
use std::path::PathBuf;

pub(super) fn secret(run: &Run, arguments: &WildcardSecret) -> Result<(), Failure> {
    let sources = arguments
        .cert
        .iter()
        .chain(&arguments.key)
        .chain(&arguments.chain)
        .map(PathBuf::as_path);
    check_stdin(sources)?;
    arguments.destination.check()?;
    for path in arguments.ca_out.iter().chain(&arguments.ca_key_out) {
        output::refuse_odd_target(path, arguments.destination.force)?;
    }
    let mut faults = Faults::default();
    let plan = arguments.issuing.plan(run.now, &mut faults);
    let release = faults.keep(
        arguments
            .traefik
            .parse::<Release>()
            .map_err(|fault| fault.argument("--traefik")),
    );
    let name =
        faults.keep(ObjectName::parse(&arguments.name).map_err(|fault| fault.argument("NAME")));
    let namespace = faults.keep(
        Namespace::parse(&arguments.namespace).map_err(|fault| fault.argument("--namespace")),
    );
    let names = names(arguments, &mut faults);
    let checked = plan.zip(release).zip(name.zip(namespace)).zip(names);
    let (((plan, release), (name, namespace)), names) = faults.finish(checked)?;

    let (certificates, key, written) = if arguments.cert.is_some() {
        let bundle = import(run, arguments, &names)?;
        (bundle.certificates, bundle.key, Vec::new())
    } else {
        let existing_ca = arguments.existing_ca.read(run)?;
        let signing = Signing {
            plan: &plan,
            names: &names,
            client_auth: false,
            existing_ca,
        };
        let (ca, leaf, key) = signing.issue(run)?;
        run.note(&describe(&names, &leaf));
        let force = arguments.destination.force;
        let written = vec![
            write_beside(
                arguments.ca_out.as_deref(),
                ca.certificate.pem(),
                false,
                force,
            )?,
            write_beside(arguments.ca_key_out.as_deref(), ca.key.pem(), true, force)?,
        ];
        if arguments.ca_out.is_none() && arguments.existing_ca.ca_cert.is_none() {
            run.note("browsers must import the CA certificate: write it with --ca-out FILE");
        }
        (vec![leaf], key, written)
    };
    let mut objects = vec![wildcard_secret(&namespace, &name, &certificates, &key)];
    if arguments.tls_store {
        objects.push(traefik::tls_store(release, &namespace, &name));
    }
    arguments.destination.emit(run, &objects)?;
    written.into_iter().for_each(output::Written::keep);
    Ok(())
}

/// Gives the names that the certificate must have.
fn names(arguments: &WildcardSecret, faults: &mut Faults) -> Option<Vec<SubjectAltName>> {
    let Some(text) = &arguments.domain else {
        return Some(Vec::new());
    };
    let text = text.strip_prefix("*.").unwrap_or(text);
    let domain = faults.keep(DnsName::parse(text).map_err(|fault| fault.argument("--domain")))?;
    let wildcard = faults
        .keep(SubjectAltName::wildcard(&domain).map_err(|fault| fault.argument("--domain")))?;
    let apex = arguments.apex.then_some(SubjectAltName::Dns(domain));
    Some([wildcard].into_iter().chain(apex).collect())
}

fn import(
    run: &Run,
    arguments: &WildcardSecret,
    names: &[SubjectAltName],
) -> Result<bundle::Bundle, Failure> {
    // In this order: the leaf's file first, then what stands above it.
    let paths = arguments
        .cert
        .iter()
        .chain(&arguments.chain)
        .chain(&arguments.key);
    let texts = paths
        .map(|path| world::read(path))
        .collect::<Result<Vec<_>, _>>()?;
    let key_path = arguments.key.as_ref().or(arguments.cert.as_ref());
    if let Some(warning) = key_path.and_then(|path| world::warn_if_readable_by_others(path)) {
        warn(&warning);
    }
    let sources: Vec<Source<'_>> = texts
        .iter()
        .map(|text| Source {
            file: &text.name,
            text: &text.content,
        })
        .collect();
    let bundle = bundle::import(&sources, names, run.now)?;
    for warning in &bundle.warnings {
        warn(warning);
    }
    Ok(bundle)
}

pub(super) fn tls_store(run: &Run, arguments: &TlsStore) -> Result<(), Failure> {
    arguments.destination.check()?;
    let mut faults = Faults::default();
    let release = faults.keep(
        arguments
            .traefik
            .parse::<Release>()
            .map_err(|fault| fault.argument("--traefik")),
    );
    let secret = faults
        .keep(ObjectName::parse(&arguments.secret).map_err(|fault| fault.argument("--secret")));
    let namespace = faults.keep(
        Namespace::parse(&arguments.namespace).map_err(|fault| fault.argument("--namespace")),
    );
    let ((release, secret), namespace) = faults.finish(release.zip(secret).zip(namespace))?;
    arguments
        .destination
        .emit(run, &[traefik::tls_store(release, &namespace, &secret)])
}
