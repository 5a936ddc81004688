//! `probe`: what a browser sees of a host, and what Traefik sees of the httpd behind it.
//!
//! Two legs carry a request, and a third one leads to the database ([`database`], [`greeting`]). The shell opens the connections and notes what it sees ([`seen`]); here stands what
//! to look for ([`target`], [`objects`], [`route`], [`authorities`], [`servers_transport`], [`transport`], [`trust`]), what each observation means
//! ([`chain`], [`http`], [`expect`], [`judge`], [`behind`]), and how it is told ([`report`]).

pub mod authorities;
pub mod behind;
pub mod chain;
mod choose;
pub mod database;
pub mod expect;
mod gateway;
pub mod greeting;
pub mod http;
pub mod judge;
mod link;
pub mod objects;
pub mod proxy;
pub mod redirect;
pub mod report;
pub mod route;
pub mod seen;
pub mod servers_transport;
pub mod target;
pub mod transport;
pub mod trust;

use crate::lint::rules::Rule;
use crate::tone::Tone;
use serde::Serialize;
use std::fmt;

/// How good or bad one thing is that was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "probeVerdict"))]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Good,
    /// Worth knowing; nothing is wrong.
    Note,
    /// It works, and will not for long, or not for all.
    Warning,
    /// It does not work.
    Broken,
}

impl Verdict {
    /// Returns what it means to its reader.
    #[must_use]
    pub fn tone(self) -> Tone {
        match self {
            Self::Good => Tone::Good,
            Self::Note => Tone::Note,
            Self::Warning => Tone::Warning,
            Self::Broken => Tone::Bad,
        }
    }
}

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "probeCheck"))]
#[serde(rename_all = "lowercase")]
pub enum Check {
    /// The objects of the manifests.
    Objects,
    /// The name's addresses.
    Dns,
    /// The connection.
    Tcp,
    /// What a database says before TLS.
    Greeting,
    /// The TLS handshake.
    Tls,
    /// What is shown to a client that sends no name.
    Sni,
    /// The certificates that the server sends.
    Chain,
    /// The path from the leaf to an authority that is trusted.
    Trust,
    /// The names in the leaf.
    Name,
    /// Begin and end of the certificates.
    Dates,
    /// The certificate that the server asks its client for.
    Client,
    /// The answer to the request.
    Http,
    /// `Strict-Transport-Security`.
    Hsts,
    /// Where an answer sends the browser.
    Redirect,
    /// What the other addresses of the name show, compared with the first.
    Addresses,
}

impl Check {
    /// Returns the name by which reports call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Objects => "objects",
            Self::Dns => "dns",
            Self::Tcp => "tcp",
            Self::Greeting => "greeting",
            Self::Tls => "tls",
            Self::Sni => "sni",
            Self::Chain => "chain",
            Self::Trust => "trust",
            Self::Name => "name",
            Self::Dates => "dates",
            Self::Client => "client",
            Self::Http => "http",
            Self::Hsts => "hsts",
            Self::Redirect => "redirect",
            Self::Addresses => "addresses",
        }
    }
}

/// One thing that was looked at, and what came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "probeFinding"))]
pub struct Finding {
    /// What was looked at.
    pub check: Check,
    /// How it stands.
    pub verdict: Verdict,
    /// The address that it is about, where the name has several and this is not the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The code of the rule by which `lint` finds the same in the objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<&'static str>,
    /// What was seen.
    pub what: String,
    /// What to do, and to which object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

impl Finding {
    /// Makes a finding without a remedy.
    pub fn new(check: Check, verdict: Verdict, what: impl Into<String>) -> Self {
        Self {
            check,
            verdict,
            address: None,
            rule: None,
            what: what.into(),
            fix: None,
        }
    }

    /// Makes a finding of what a rule of `lint` finds in the objects: in its words, of `subject`.
    pub(crate) fn of_rule(
        rule: &'static Rule,
        verdict: Verdict,
        subject: impl fmt::Display,
    ) -> Self {
        let what = format!("{}: {subject}. {}", rule.title, rule.consequence);
        Self {
            rule: Some(rule.code),
            ..Self::new(Check::Objects, verdict, what)
        }
        .fix(rule.help)
    }

    /// Sets what to do about it.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }
}

/// Who speaks to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leg {
    /// Browser to Traefik, or to the load balancer before it.
    Front,
    /// Traefik to the httpd.
    Backend,
    /// The httpd to its database.
    Database,
}

impl Leg {
    /// Returns the name by which reports call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Front => "browser -> front",
            Self::Backend => "front -> httpd",
            Self::Database => "httpd -> database",
        }
    }
}
