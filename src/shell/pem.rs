//! `ca` and `cert`: PEM files without Kubernetes.

use super::cli::{Ca, Cert};
use super::error::Failure;
use super::paths::{Contents, Paths};
use super::writing::{NewFile, Overwrite, Writing};
use super::{
    Run, Signing, describe, gitops, secret_files, side_file, side_paths, validity, warn, world,
};
use civi_ingress::fault::{Fault, Faults};
use civi_ingress::name::DnsName;
use civi_ingress::pki::bundle::long_life;
use civi_ingress::pki::issue::{self, CaRequest, Organization};
use civi_ingress::pki::{CertificateText, KeyType, LeafUse, SubjectAltName};
use std::net::IpAddr;

pub(super) fn ca(run: &Run, arguments: &Ca) -> Result<(), Failure> {
    let paths = Paths {
        directory: Some((
            &arguments.output_dir,
            Contents::Files(&["ca.crt", "ca.key"]),
        )),
        ..Paths::default()
    };
    let overwrite = Overwrite::of(arguments.force, arguments.replace_keys);
    let writing = Writing::begin(&paths, overwrite)?;
    let mut faults = Faults::default();
    let key_type = faults.keep(
        arguments
            .key_type
            .parse::<KeyType>()
            .map_err(|fault| fault.argument("--key-type")),
    );
    let organization = faults.keep(
        Organization::parse(&arguments.organization)
            .map_err(|fault| fault.argument("--organization")),
    );
    let validity = validity(
        run.now,
        arguments.not_before.as_deref(),
        &arguments.days,
        "--days",
        &mut faults,
    );
    let domains = arguments.permit_dns.iter().map(|text| {
        DnsName::parse(text)
            .map(SubjectAltName::Dns)
            .map_err(|fault| fault.argument("--permit-dns"))
    });
    let addresses = arguments
        .permit_ip
        .iter()
        .map(|text| address(text, "--permit-ip"));
    let permitted: Vec<SubjectAltName> = domains
        .chain(addresses)
        .filter_map(|result| faults.keep(result))
        .collect();
    let ((key_type, organization), validity) =
        faults.finish(key_type.zip(organization).zip(validity))?;
    let request = CaRequest {
        organization: &organization,
        validity,
        permitted: &permitted,
    };
    let ca = issue::ca(&request, world::private_key(key_type)?, world::serial()?)?;
    let files = vec![
        NewFile::new("ca.crt", ca.certificate.pem(), false),
        NewFile::new("ca.key", ca.key.pem(), true),
    ];
    let keys = secret_files(&arguments.output_dir, &files, &[]);
    writing.write(files, Vec::new(), || Ok(()))?;
    gitops::git::warn_of(&keys);
    let end = ca.certificate.validity().not_after.date();
    run.note(&format!(
        "wrote ca.crt and ca.key to {}, valid until {end}",
        arguments.output_dir.display()
    ));
    Ok(())
}

pub(super) fn cert(run: &Run, arguments: &Cert) -> Result<(), Failure> {
    let beside = side_paths([("--ca-key-out", arguments.ca_key_out.as_ref())]);
    let contents = Contents::Files(&["ca.crt", "tls.crt", "tls.key"]);
    let paths = Paths {
        directory: Some((&arguments.output_dir, contents)),
        beside,
        inputs: arguments.existing_ca.paths(),
    };
    let overwrite = Overwrite::of(arguments.force, arguments.replace_keys);
    let writing = Writing::begin(&paths, overwrite)?;
    let mut faults = Faults::default();
    let plan = arguments.issuing.plan(run.now, &mut faults);
    let dns = arguments.dns.iter().map(|text| dns(text));
    let addresses = arguments.ip.iter().map(|text| address(text, "--ip"));
    let mut names: Vec<SubjectAltName> = Vec::new();
    for name in dns.chain(addresses) {
        let Some(name) = faults.keep(name) else {
            continue;
        };
        if names.contains(&name) {
            faults.push(
                Fault::new(format!("the name `{name}` is given twice")).help("leave it out once"),
            );
        }
        names.push(name);
    }
    let plan = faults.finish(plan)?;
    let existing_ca = arguments.existing_ca.read(run)?;
    let signing = Signing {
        plan: &plan,
        names: &names,
        leaf_use: if arguments.client_auth {
            LeafUse::ServerAndClient
        } else {
            LeafUse::Server
        },
        existing_ca,
    };
    let (ca, leaf, key) = signing.issue(run)?;
    let served: CertificateText = std::iter::once(&leaf).chain(ca.intermediates()).collect();
    let files = vec![
        NewFile::new("ca.crt", ca.root().pem(), false),
        NewFile::new("tls.crt", served.as_str(), false),
        NewFile::new("tls.key", key.pem(), true),
    ];
    let beside = side_file(arguments.ca_key_out.as_ref(), ca.key.pem(), true);
    let beside: Vec<_> = beside.into_iter().collect();
    let keys = secret_files(&arguments.output_dir, &files, &beside);
    writing.write(files, beside, || Ok(()))?;
    gitops::git::warn_of(&keys);
    run.note(&describe(&names, &leaf));
    if let Some(text) = long_life(leaf.validity()) {
        warn(&text);
    }
    Ok(())
}

fn dns(text: &str) -> Result<SubjectAltName, Fault> {
    match SubjectAltName::parse(text).map_err(|fault| fault.argument("--dns"))? {
        SubjectAltName::Ip(address) => Err(Fault::new(format!("`{address}` is an IP address"))
            .help("give it with `--ip`")
            .argument("--dns")),
        name => Ok(name),
    }
}

fn address(text: &str, option: &str) -> Result<SubjectAltName, Fault> {
    let parsed = text.parse::<IpAddr>();
    let refused = |_| {
        Fault::new(format!("`{}` is no IP address", text.escape_debug()))
            .help("write it like `192.0.2.7` or `2001:db8::7`")
    };
    parsed
        .map(SubjectAltName::Ip)
        .map_err(|error| refused(error).argument(option))
}
