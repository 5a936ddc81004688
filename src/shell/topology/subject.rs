//! Whose path it is: an instance that options describe, or those of a fleet.

use super::super::error::Failure;
use super::super::new_instance::{Asked, read_settings};
use super::super::paths::check_stdin;
use civi_ingress::fault::{Fault, Faults, did_you_mean};
use civi_ingress::fleet::{Fleet, Member};
use civi_ingress::instance::{Extras, Instance};
use civi_ingress::name::ObjectName;
use civi_ingress::values::Settings;
use civi_ingress::visible;
use clap::{Args, ValueHint};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct SubjectArguments {
    /// Name of the instance, and its namespace unless --namespace is given
    #[arg(required_unless_present = "fleet", conflicts_with = "fleet")]
    name: Option<String>,
    /// Host that browsers ask for [default: `externalhost` of the values]
    #[arg(long, conflicts_with = "fleet")]
    host: Option<String>,
    /// Additional host of the instance [repeatable]
    #[arg(long, value_name = "HOST", conflicts_with = "fleet")]
    alias: Vec<String>,
    /// Namespace of the objects
    #[arg(short, long, conflicts_with = "fleet")]
    namespace: Option<String>,
    /// Values file of the Civiparoisse chart, or - for stdin; a later one wins [repeatable]
    #[arg(long, value_name = "FILE", conflicts_with = "fleet", value_hint = ValueHint::FilePath)]
    values: Vec<PathBuf>,
    /// Set a value, as Helm's --set does [repeatable]
    #[arg(long, value_name = "KEY=VALUE", conflicts_with = "fleet")]
    set: Vec<String>,
    /// Traefik shows a certificate of its own to an httpd that asks for one
    #[arg(long, conflicts_with = "fleet")]
    client_auth: bool,
    /// Fleet file, or - for stdin, whose instances are meant
    #[arg(short = 'f', long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) fleet: Option<PathBuf>,
    /// Take this instance of the fleet only [repeatable]
    #[arg(long, value_name = "INSTANCE", requires = "fleet")]
    instance: Vec<String>,
}

impl SubjectArguments {
    /// Returns the name of the instance, empty if it is a fleet's.
    pub(super) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    /// Returns whether only some instances of a fleet are meant.
    pub(super) fn names_members(&self) -> bool {
        !self.instance.is_empty()
    }

    /// Reads the settings of the instance that options describe.
    pub(super) fn settings(&self, faults: &mut Faults) -> Result<Option<Settings>, Failure> {
        check_stdin(self.values.iter().map(PathBuf::as_path))?;
        read_settings(&self.values, [&self.set, &Vec::new()], faults)
    }

    /// Puts together the instance that options describe.
    pub(super) fn instance(
        &self,
        settings: Option<Settings>,
        public_certificate: Result<Option<ObjectName>, Fault>,
        faults: &mut Faults,
    ) -> Option<Instance> {
        let asked = Asked {
            name: self.name(),
            namespace: self.namespace.as_deref(),
            host: self.host.as_deref(),
            aliases: &self.alias,
        };
        let extras = |faults: &mut Faults| {
            let public_certificate = faults.keep(public_certificate)?;
            Some(Extras {
                client_auth: self.client_auth,
                public_certificate,
                ..Extras::default()
            })
        };
        asked.instance(settings, extras, faults)
    }

    /// Returns how a run ends where the instance is refused.
    pub(super) fn refused(&self, faults: Vec<Fault>) -> Failure {
        match self.values.as_slice() {
            [] => Failure::usage(faults),
            _ => Failure::from(faults),
        }
    }

    /// Returns the members of a fleet that are meant.
    pub(super) fn members<'f>(&self, fleet: &'f Fleet) -> Result<Vec<&'f Member>, Failure> {
        let mut faults = Faults::default();
        for name in &self.instance {
            let ids = || fleet.members.iter().map(|member| member.id.as_str());
            if !ids().any(|id| id == name) {
                let fault = Fault::new(format!(
                    "the fleet has no instance `{}`",
                    name.escape_debug()
                ));
                let help = did_you_mean(name, ids()).map(|id| format!("did you mean `{id}`?"));
                let fault = match help {
                    Some(help) => fault.help(help),
                    None => fault,
                };
                faults.push(fault.argument("--instance"));
            }
        }
        faults.finish(Some(())).map_err(Failure::usage)?;
        let is_wanted =
            |id: &str| self.instance.is_empty() || self.instance.iter().any(|name| name == id);
        let members = fleet.members.iter();
        Ok(members
            .filter(|member| is_wanted(member.id.as_str()))
            .collect())
    }

    /// Writes the options by which `new-instance` makes the same instance. What is set may be secret, and is not repeated.
    pub(super) fn options(&self) -> Vec<String> {
        let mut options = Vec::new();
        if let Some(namespace) = &self.namespace {
            options.push(format!("--namespace {namespace}"));
        }
        for values in &self.values {
            options.push(format!("--values {}", quoted(values)));
        }
        options.extend(self.set.iter().map(|_| "--set …".to_owned()));
        if self.client_auth {
            options.push("--client-auth".to_owned());
        }
        options
    }
}

/// Writes a path for a shell.
pub(super) fn quoted(path: &Path) -> String {
    let text = visible::line(&path.display().to_string()).replace('\'', r"'\''");
    format!("'{text}'")
}
