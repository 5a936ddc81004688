//! Values that help and completion list, and that the library judges.

use civi_ingress::chart::{AccessLog, LogFormat, LogLevel, TrafficPolicy, UpdateStrategy};
use civi_ingress::lint::rules;
use civi_ingress::load_balancer::BalancerKind;
use civi_ingress::pki::KeyType;
use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command, Error};
use std::ffi::OsStr;

/// Takes any text: what is wrong with one that is not listed the library says, beside all other faults.
#[derive(Clone)]
pub(super) struct Listed(fn() -> Vec<PossibleValue>);

/// Values of `--key-type`.
pub(super) const KEY_TYPES: Listed = Listed(|| values(KeyType::ALL.map(KeyType::name)));
/// Values of `--load-balancer` of `traefik-values`: kinds of load balancers, or how one without a name leads to nodes.
pub(super) const EXPOSURES: Listed = Listed(|| {
    let policies = TrafficPolicy::ALL.iter().map(|policy| policy.name());
    values(BalancerKind::NAMES.iter().copied().chain(policies))
});
/// Values of `--load-balancer` elsewhere.
pub(super) const BALANCERS: Listed = Listed(|| values(BalancerKind::NAMES.iter().copied()));
/// Values of `--update-strategy`.
pub(super) const UPDATE_STRATEGIES: Listed =
    Listed(|| values(UpdateStrategy::ALL.iter().map(|strategy| strategy.name())));
/// Values of `--log-level`.
pub(super) const LOG_LEVELS: Listed =
    Listed(|| values(LogLevel::ALL.iter().map(|level| level.name())));
/// Values of `--log-format`.
pub(super) const LOG_FORMATS: Listed =
    Listed(|| values(LogFormat::ALL.iter().map(|format| format.name())));
/// Values of `--access-log`.
pub(super) const ACCESS_LOGS: Listed =
    Listed(|| values(AccessLog::ALL.iter().map(|form| form.name())));
/// Values of `lint --explain`, codes before names, with what each rule finds.
pub(super) const RULES: Listed = Listed(|| {
    let codes = rules::ALL.iter().map(|rule| (rule.code, rule.title));
    let names = rules::ALL.iter().map(|rule| (rule.name, rule.title));
    let values = codes.chain(names);
    values
        .map(|(value, title)| PossibleValue::new(value).help(title))
        .collect()
});

fn values(names: impl IntoIterator<Item = &'static str>) -> Vec<PossibleValue> {
    names.into_iter().map(PossibleValue::new).collect()
}

impl TypedValueParser for Listed {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, Error> {
        StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new((self.0)().into_iter()))
    }
}
