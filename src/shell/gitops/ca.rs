//! `gitops ca`: the CAs that the tree has certificates of, as PEM.

use super::super::Run;
use super::super::error::Failure;
use super::super::examples::examples;
use super::super::output::print_or_end;
use super::super::tree::{Access, EntryKind, Tree};
use super::fleet::{PlaceArguments, read_fleet};
use super::place::NamedFleet;
use super::units::{WILDCARD, unknown};
use civi_ingress::civiparoisse::{TRUST_SECRET, WILDCARD_SECRET};
use civi_ingress::fault::Fault;
use civi_ingress::find::{self, Origin};
use civi_ingress::fleet::{CertificateSource, Fleet, FrontCertificate};
use civi_ingress::gitops::layout::{Home, INSTANCES, Owner, SHARDS, owner};
use civi_ingress::gitops::unit::Unit;
use civi_ingress::instance::Credential;
use civi_ingress::makers::Makers;
use civi_ingress::name::ObjectName;
use civi_ingress::pki::Certificate;
use clap::Args;

/// Print the CA of the tree that browsers import, or the CAs of instances, as PEM
///
/// Without a name or with `wildcard` the CA that browsers must import; with those of instances the CAs by which Traefik, or a
/// load balancer, trusts their httpds. Certificates only.
#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Write the CA that browsers import to a file
    civi-ingress gitops ca -f fleet.yaml --output-dir clusters/prod \\
      > ca.crt"))]
pub(super) struct PrintCa {
    /// Instances, or wildcard
    #[arg(value_name = "INSTANCE", default_value = WILDCARD, hide_default_value = true)]
    pub(super) names: Vec<String>,
    #[command(flatten)]
    pub(super) place: PlaceArguments,
}

pub(super) fn run(run: &Run, arguments: &PrintCa) -> Result<(), Failure> {
    let named = arguments.place.named()?;
    let fleet = read_fleet(&named.file)?;
    let units: Vec<_> = arguments
        .names
        .iter()
        .map(|name| unit(&fleet, name, &named))
        .collect::<Result<_, _>>()?;
    let tree = Tree::open(&named.tree(run, Some(&fleet))?, Access::Read)?;
    let mut found: Vec<Certificate> = Vec::new();
    for (name, (unit, credential)) in arguments.names.iter().zip(&units) {
        let those = certificates(&fleet, unit, *credential, &tree)?;
        if those.is_empty() {
            let what = format!("the tree holds no readable CA of `{name}`");
            let help = "run `civi-ingress gitops render`; what `sops` has encrypted as a whole, `sops -d FILE | civi-ingress inspect --pem -` shows";
            return Err(Fault::new(what).help(help).into());
        }
        for certificate in those {
            if !found.iter().any(|other| other.der() == certificate.der()) {
                found.push(certificate);
            }
        }
    }
    for certificate in &found {
        let details = certificate.details()?;
        run.note(&format!(
            "{}, valid until {}, SHA-256 {}",
            details.name(),
            details.validity.not_after.date(),
            details.sha256
        ));
    }
    let pem: String = found.iter().map(Certificate::pem).collect();
    print_or_end(pem.as_bytes())
}

/// Finds whose CA is meant, and where it stands.
fn unit<'f>(
    fleet: &'f Fleet,
    name: &str,
    named: &NamedFleet,
) -> Result<(Unit<'f>, Credential), Failure> {
    let mut members = fleet.members.iter();
    if let Some(member) = members.find(|member| member.id.as_str() == name) {
        if let Some(secret) = &member.terms.extras.public_certificate {
            let what = format!(
                "the httpd of `{name}` has no CA here: it shows the certificate of Secret {}/{secret}",
                member.namespace
            );
            let fault = Fault::new(what).help("ask whoever makes that certificate");
            return Err(fault.file(&named.file.display().to_string()).into());
        }
        let unit = Unit::member(fleet, member)?;
        made_elsewhere(
            &member.terms.extras.makers,
            name,
            unit.namespace(),
            TRUST_SECRET,
        )?;
        return Ok((unit, Credential::TrustBundle));
    }
    if name == WILDCARD {
        if let Some(FrontCertificate {
            source: CertificateSource::Own { makers, .. },
            namespace,
            ..
        }) = &fleet.front
        {
            made_elsewhere(makers, name, namespace.as_str(), WILDCARD_SECRET)?;
        }
        return match Unit::cluster(fleet) {
            Some(unit) => Ok((unit, Credential::PublicCa)),
            None => Err(Fault::new("the fleet has no wildcard certificate")
                .help("name an instance")
                .file(&named.file.display().to_string())
                .into()),
        };
    }
    let fault = unknown(fleet, name);
    Err(fault.file(&named.file.display().to_string()).into())
}

/// Refuses to look in the tree for a CA that is in the cluster alone, in a Secret that `usual` calls where it is fetched.
fn made_elsewhere(
    makers: &Makers,
    name: &str,
    namespace: &str,
    usual: &str,
) -> Result<(), Failure> {
    let secret = match makers {
        Makers::Here | Makers::Both { .. } => return Ok(()),
        Makers::CertManager(cas) => cas.names.first().map_or(usual, ObjectName::as_str),
        Makers::ExternalSecrets(_) => usual,
    };
    let what = format!("the CA of `{name}` is in the cluster, and not in the tree");
    let help = format!(
        "`kubectl -n {namespace} get secret {secret} -o jsonpath='{{.data.ca\\.crt}}' | base64 -d` prints it"
    );
    Err(Fault::new(what).help(help).into())
}

/// Reads the certificates of a credential, wherever the unit lives in the tree.
fn certificates(
    fleet: &Fleet,
    unit: &Unit<'_>,
    credential: Credential,
    tree: &Tree,
) -> Result<Vec<Certificate>, Failure> {
    let mut homes = vec![unit.home()];
    if unit.as_member().is_some() {
        let shards = tree.list(SHARDS)?.into_iter();
        let shards = shards.filter(|entry| entry.kind == EntryKind::Folder);
        let shards = shards.map(|entry| format!("{SHARDS}/{}", entry.name));
        let shared = std::iter::once(INSTANCES.to_owned()).chain(shards);
        homes.push(Home::own(unit.id()));
        homes.extend(shared.map(|folder| Home::shared(&folder, unit.id())));
    }
    let is_placed = |origin: &Origin| match origin {
        Origin::Object(object) => unit.placements().iter().any(|(placed, place)| {
            *placed == credential
                && place.secret.as_str() == object.name
                && place.key.as_str() == object.key
        }),
        Origin::File { .. } | Origin::Endpoint { .. } => false,
    };
    for home in homes {
        let mut certificates = Vec::new();
        for (path, text) in tree.read_unit(&home)?.files.current {
            if owner(fleet, &text) != Owner::Ours {
                continue;
            }
            let found = find::read(&text, &path)?.found.into_iter();
            let placed = found.filter(|found| is_placed(&found.origin));
            certificates.extend(placed.map(|found| found.certificate));
        }
        if !certificates.is_empty() {
            return Ok(certificates);
        }
    }
    Ok(Vec::new())
}
