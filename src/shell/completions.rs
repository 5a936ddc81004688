//! `completions`: the script for a shell, which asks [`super::complete`] at each key press.

use super::error::Failure;
use super::examples::examples;
use super::output::print_or_end;
use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
#[command(after_long_help = examples!("
  Complete in bash
    civi-ingress completions bash > civi-ingress.bash
    source civi-ingress.bash

  Complete `kubectl civi-ingress`, by a file on the PATH
    civi-ingress completions kubectl > kubectl_complete-civi_ingress
    chmod +x kubectl_complete-civi_ingress"))]
pub(super) struct Completions {
    /// Shell to complete for
    pub(super) shell: Shell,
}

/// What has a script: a shell, or a program that completes for its plugins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Shell {
    /// bash 3.2 or later
    Bash,
    /// Z shell
    Zsh,
    /// fish 3 or later
    Fish,
    /// Elvish
    Elvish,
    /// nushell 0.108 or later
    Nushell,
    /// kubectl, for `kubectl civi-ingress`
    Kubectl,
    /// PowerShell 7
    Powershell,
}

impl Shell {
    /// Returns the script that lets the shell ask `__complete`.
    fn script(self) -> &'static str {
        match self {
            Self::Bash => include_str!("../../completions/civi-ingress.bash"),
            Self::Zsh => include_str!("../../completions/_civi-ingress"),
            Self::Fish => include_str!("../../completions/civi-ingress.fish"),
            Self::Elvish => include_str!("../../completions/civi-ingress.elv"),
            Self::Nushell => include_str!("../../completions/civi-ingress.nu"),
            Self::Kubectl => include_str!("../../completions/kubectl_complete-civi_ingress"),
            Self::Powershell => include_str!("../../completions/_civi-ingress.ps1"),
        }
    }
}

pub(super) fn run(arguments: &Completions) -> Result<(), Failure> {
    print_or_end(arguments.shell.script().as_bytes())
}
