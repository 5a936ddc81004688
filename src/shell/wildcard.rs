//! `wildcard-secret` and `tls-store`.

use super::cli::{TlsStore, WildcardSecret};
use super::error::Failure;
use super::{Run, Signing, check_stdin, describe, release, side_file, side_paths, warn, world};
use civi_ingress::fault::Faults;
use civi_ingress::ingress::tls_secret;
use civi_ingress::ingress::traefik;
use civi_ingress::name::{DnsName, Namespace, ObjectName};
use civi_ingress::pki::bundle::{self, Source, long_life};
use civi_ingress::pki::{LeafUse, SubjectAltName};
use std::path::PathBuf;

pub(super) fn secret(run: &Run, arguments: &WildcardSecret) -> Result<(), Failure> {
    let sources = arguments
        .cert
        .iter()
        .chain(&arguments.key)
        .chain(&arguments.chain)
        .map(PathBuf::as_path);
    check_stdin(sources)?;
    let beside = [
        ("--ca-out", arguments.ca_out.as_ref()),
        ("--ca-key-out", arguments.ca_key_out.as_ref()),
    ];
    let mut inputs = side_paths([
        ("--cert", arguments.cert.as_ref()),
        ("--key", arguments.key.as_ref()),
        ("--chain", arguments.chain.as_ref()),
    ]);
    inputs.extend(arguments.existing_ca.paths());
    let writing = arguments.destination.claim(&side_paths(beside), inputs)?;
    let mut faults = Faults::default();
    let plan = arguments.issuing.plan(run.now, &mut faults);
    let release = release(&arguments.traefik, &mut faults);
    let name =
        faults.keep(ObjectName::parse(&arguments.name).map_err(|fault| fault.argument("NAME")));
    let namespace = faults.keep(
        Namespace::parse(&arguments.namespace).map_err(|fault| fault.argument("--namespace")),
    );
    let names = names(arguments, &mut faults);
    let checked = plan.zip(release).zip(name.zip(namespace)).zip(names);
    let (((plan, release), (name, namespace)), names) = faults.finish(checked)?;

    let mut beside = Vec::new();
    let (certificates, key, authority) = if arguments.cert.is_some() {
        let bundle = import(run, arguments, &names)?;
        run.note(&describe(&bundle.names, &bundle.certificates[0]));
        (bundle.certificates, bundle.key, None)
    } else {
        let existing_ca = arguments.existing_ca.read_with_chain(run)?;
        let is_new = existing_ca.is_none();
        let leaf_use = LeafUse::Server;
        let signing = Signing {
            plan: &plan,
            names: &names,
            leaf_use,
            existing_ca,
        };
        let (ca, leaf, key) = signing.issue(run)?;
        run.note(&describe(&names, &leaf));
        beside.extend(side_file(arguments.ca_out.as_ref(), ca.root().pem(), false));
        beside.extend(side_file(arguments.ca_key_out.as_ref(), ca.key.pem(), true));
        if is_new && arguments.ca_out.is_none() {
            run.note("browsers must import the CA certificate: it is in key ca.crt of the Secret; --ca-out writes it to a file");
        }
        if let Some(text) = long_life(leaf.validity()) {
            warn(&text);
        }
        let served = std::iter::once(&leaf).chain(ca.intermediates());
        let served = served.cloned().collect();
        (served, key, Some(ca.root().clone()))
    };
    let mut objects = vec![tls_secret(
        &namespace,
        &name,
        &certificates,
        &key,
        authority.as_ref(),
    )];
    if arguments.tls_store {
        objects.push(traefik::tls_store(release, &namespace, &name));
    }
    arguments.destination.emit(run, writing, &objects, beside)
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
    let sources: Vec<Source<'_>> = texts
        .iter()
        .map(|text| Source {
            file: &text.name,
            text: &text.content,
        })
        .collect();
    let bundle = bundle::import(&sources, names, run.now)?;
    let holding = [&arguments.cert, &arguments.key, &arguments.chain]
        .into_iter()
        .flatten();
    for path in holding.filter(|path| {
        texts
            .iter()
            .any(|text| text.is_of(path) && text.content.contains("PRIVATE KEY-----"))
    }) {
        if let Some(warning) = world::warn_if_readable_by_others(path) {
            warn(&warning);
        }
    }
    for warning in &bundle.warnings {
        warn(warning);
    }
    Ok(bundle)
}

pub(super) fn tls_store(run: &Run, arguments: &TlsStore) -> Result<(), Failure> {
    let writing = arguments.destination.claim(&[], Vec::new())?;
    let mut faults = Faults::default();
    let release = release(&arguments.traefik, &mut faults);
    let secret = faults
        .keep(ObjectName::parse(&arguments.secret).map_err(|fault| fault.argument("--secret")));
    let namespace = faults.keep(
        Namespace::parse(&arguments.namespace).map_err(|fault| fault.argument("--namespace")),
    );
    let ((release, secret), namespace) = faults.finish(release.zip(secret).zip(namespace))?;
    arguments.destination.emit(
        run,
        writing,
        &[traefik::tls_store(release, &namespace, &secret)],
        Vec::new(),
    )
}
