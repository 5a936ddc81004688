//! `traefik-file`, `secret-files`, and the options of an instance whose routes are a file.

use super::Run;
use super::arrival::{ArrivalArguments, BalancerArgument};
use super::error::Failure;
use super::examples::examples;
use super::gitops;
use super::output::print_or_end;
use super::paths::{DirectoryContents, Named, Paths, check_stdin};
use super::templates::own_templates;
use super::world;
use super::writing::{NewFile, Overwrite, Writing};
use civi_ingress::fault::{Fault, Faults};
use civi_ingress::ingress::Ingress;
use civi_ingress::instance::Instance;
use civi_ingress::manifests::{self, FoundSecret};
use civi_ingress::name::{DataKey, Namespace, ObjectName};
use civi_ingress::outside::traefik::{
    FilesHome, HttpdAddress, TraefikFiles, check_balancer, check_topology, secret_file_name,
};
use civi_ingress::path::arrival::Arrival;
use civi_ingress::path::expand::Topology;
use civi_ingress::release::Release;
use clap::{Args, ValueHint};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const DIRECTORY: &str = "--traefik-directory";
const HTTPD: &str = "--httpd";
const ROUTES_OUT: &str = "--routes-out";

/// Where a Traefik that is told everything by files finds them, and the httpd.
#[derive(Debug, Args)]
#[command(next_help_heading = "Way in")]
pub(super) struct FileArguments {
    /// Write the routes of the instance to this file, for traefik-file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) routes_out: Option<PathBuf>,
    /// Host and port at which Traefik reaches httpd, for traefik-file [default: NAMESPACE:443]
    #[arg(long, value_name = "HOST:PORT")]
    httpd: Option<String>,
    /// Directory where Traefik finds its files, for traefik-file [default: /etc/traefik]
    #[arg(long, value_name = "DIR")]
    traefik_directory: Option<String>,
}

impl FileArguments {
    /// Returns where Traefik finds its files; `is_meant` says whether it is told by files.
    pub(super) fn home(&self, is_meant: bool, faults: &mut Faults) -> Option<FilesHome> {
        if !is_meant {
            for (is_given, option) in [
                (self.routes_out.is_some(), ROUTES_OUT),
                (self.httpd.is_some(), HTTPD),
                (self.traefik_directory.is_some(), DIRECTORY),
            ] {
                if is_given {
                    let fault = Fault::new("Traefik in the cluster is told nothing by files");
                    let help = "leave it out, or add `--ingress traefik-file`";
                    faults.push(fault.help(help).argument(option));
                }
            }
            return Some(FilesHome::default());
        }
        if self.routes_out.is_none() {
            let fault = Fault::new("the routes of the instance are a file, and nothing names it");
            let help = "add `--routes-out FILE`; stdout gets the Secrets";
            faults.push(fault.help(help).argument("--ingress"));
        }
        home(self.traefik_directory.as_deref(), faults)
    }

    /// Returns where Traefik reaches the httpd, if not at the usual place.
    pub(super) fn httpd(&self, faults: &mut Faults) -> Option<HttpdAddress> {
        let address = HttpdAddress::parse(self.httpd.as_deref()?);
        faults.keep(address.map_err(|fault| fault.argument(HTTPD)))
    }
}

/// Returns the routes of an instance; nothing where they are objects.
pub(super) fn routes(
    ingress: &Ingress,
    topology: Topology,
    instance: &Instance,
    templates: Option<&Path>,
) -> Result<Option<String>, Failure> {
    let Some(files) = ingress.files() else {
        return Ok(None);
    };
    let (template, fields) = files.routes(topology, instance);
    let text = own_templates(templates)?.render_values(template, &fields)?;
    let checked = files.check_back(&text, topology, instance);
    checked.map_err(|fault| fault.file(template))?;
    Ok(Some(text))
}

fn home(text: Option<&str>, faults: &mut Faults) -> Option<FilesHome> {
    let Some(text) = text else {
        return Some(FilesHome::default());
    };
    faults.keep(FilesHome::parse(text).map_err(|fault| fault.argument(DIRECTORY)))
}

/// Refuses a way in that is not written in files.
pub(super) fn check(topology: Topology, arrival: &Arrival, faults: &mut Faults) {
    let checked = check_topology(topology.name());
    faults.keep(checked.map_err(|fault| fault.argument("--topology")));
    let checked = arrival.balancer().map_or(Ok(()), check_balancer);
    faults.keep(checked.map_err(|fault| fault.argument("--load-balancer")));
}

/// It has the entry points `web` and `websecure`, redirects http to https, and watches the folder `dynamic` of its directory.
#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Make the options of a Traefik outside of a cluster
    civi-ingress traefik-file > traefik.yaml

  Have it show the certificate of the Secret `wildcardsecret`
    civi-ingress traefik-file --store > _store.yaml

  Make them for a Traefik behind HAProxy
    civi-ingress traefik-file --topology tcp-proxy \\
      --load-balancer haproxy --trusted 10.0.0.7 > traefik.yaml"))]
pub(super) struct TraefikFileArguments {
    /// Print the file that names the certificate for all hosts, in place of the options
    #[arg(long)]
    store: bool,
    /// Namespace of the Secret of that certificate
    #[arg(short, long, default_value = "default")]
    namespace: String,
    /// Directory where Traefik finds its files [default: /etc/traefik]
    #[arg(long, value_name = "DIR")]
    traefik_directory: Option<String>,
    #[command(flatten)]
    arrival: ArrivalArguments,
    #[command(flatten)]
    balancer: BalancerArgument,
    /// Use the templates in this directory in place of the built-in ones of the same name
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    templates: Option<PathBuf>,
}

pub(super) fn run(arguments: &TraefikFileArguments) -> Result<(), Failure> {
    let mut faults = Faults::default();
    let namespace = Namespace::parse(&arguments.namespace);
    let namespace = faults.keep(namespace.map_err(|fault| fault.argument("--namespace")));
    let home = home(arguments.traefik_directory.as_deref(), &mut faults);
    let topology = arguments.arrival.topology(&mut faults);
    let kind = arguments.balancer.load_balancer.as_deref();
    let arrival = arguments.arrival.arrival(kind, &mut faults);
    if let (Some(topology), Some(arrival)) = (topology, &arrival) {
        check(topology, arrival, &mut faults);
    }
    let checked = namespace.zip(home).zip(arrival);
    let ((namespace, home), arrival) = faults.finish(checked).map_err(Failure::usage)?;
    let files = TraefikFiles {
        release: Release::default(),
        home,
    };
    let (template, fields) = if arguments.store {
        files.store(&namespace)
    } else {
        files.options(&arrival)
    };
    let templates = own_templates(arguments.templates.as_deref())?;
    print_or_end(templates.render_values(template, &fields)?.as_bytes())
}

/// Each value becomes a file `NAMESPACE_SECRET_KEY` that its owner alone may read, as the files of `--ingress traefik-file`
/// name it.
#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Write the values of the Secrets of an instance into files
    civi-ingress secret-files secrets.yaml --output-dir traefik/secrets"))]
pub(super) struct SecretFilesArguments {
    /// Manifests with Secrets, or - for stdin
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    manifests: Vec<PathBuf>,
    /// Write the files into this directory
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    output_dir: PathBuf,
    /// Write over what is there, keys too: they are still in the Secrets
    #[arg(long)]
    force: bool,
}

pub(super) fn secret_files(run: &Run, arguments: &SecretFilesArguments) -> Result<(), Failure> {
    check_stdin(arguments.manifests.iter().map(PathBuf::as_path))?;
    let inputs = arguments.manifests.iter();
    let inputs: Vec<Named<'_>> = inputs.map(|path| ("FILE", path.as_path())).collect();
    let paths = Paths {
        directory: Some((&arguments.output_dir, DirectoryContents::Manifests)),
        beside: Vec::new(),
        inputs,
    };
    let writing = Writing::begin(&paths, Overwrite::of(false, arguments.force))?;
    let mut faults = Faults::default();
    let mut files = BTreeMap::new();
    for path in &arguments.manifests {
        let text = world::read_manifests(path)?;
        let secrets = faults.keep_all(manifests::secrets(&text.content, &text.name));
        for secret in secrets.into_iter().flatten() {
            add(secret, &text.name, &mut files, &mut faults);
        }
    }
    if files.is_empty() {
        let fault = Fault::new("there is no Secret with a value in these manifests");
        faults.push(fault.help("name the files of Secrets, or pipe them in"));
    }
    let files = faults.finish(Some(files))?;
    let files: Vec<NewFile> = files.into_values().collect();
    let keys = files
        .iter()
        .map(|file| arguments.output_dir.join(&file.path));
    let keys: Vec<PathBuf> = keys.collect();
    let count = files.len();
    writing.write(files, Vec::new(), || Ok(()))?;
    gitops::git::warn_of(&keys);
    let shown = arguments.output_dir.display();
    let files = if count == 1 { "file" } else { "files" };
    run.note(&format!("wrote {count} {files} to {shown}"));
    Ok(())
}

/// Adds the values of a Secret to the files.
fn add(
    secret: FoundSecret,
    source: &str,
    files: &mut BTreeMap<String, NewFile>,
    faults: &mut Faults,
) {
    let shown = secret.to_string();
    let names = secret
        .namespace
        .as_deref()
        .map(Namespace::parse)
        .transpose()
        .and_then(|namespace| Ok((namespace, ObjectName::parse(&secret.name)?)));
    let place = match names {
        Ok((Some(namespace), name)) => Ok((namespace, name)),
        Ok((None, _)) => {
            let fault = Fault::new(format!("the Secret {shown} names no namespace"));
            Err(fault.help("write it into `metadata.namespace`"))
        }
        Err(fault) => Err(fault),
    };
    let Some((namespace, name)) = faults.keep(place.map_err(|fault| fault.file(source))) else {
        return;
    };
    for (key, text) in secret.data {
        let checked = DataKey::parse(&key).map_err(|fault| fault.file(source));
        if faults.keep(checked).is_none() {
            continue;
        }
        let path = secret_file_name(namespace.as_str(), name.as_str(), &key);
        let file = NewFile::new(&path, &text, true);
        if files.insert(path, file).is_some() {
            let fault = Fault::new(format!(
                "the key `{key}` of the Secret {shown} is given twice"
            ));
            faults.push(fault.help("keep one of the two").file(source));
        }
    }
}
