//! What the parts of a file are in a JSON Schema.

use super::Given;
use super::leaf::{Choice, Count, Days, LeafList, Map, Switch, TextLine};
use crate::chart::ChartMajor;
use crate::cidr::Cidr;
use crate::duration::TraefikDuration;
use crate::load_balancer::BalancerKind;
use crate::name::{DnsName, Namespace, ObjectName};
use crate::path::expand::TopologyName;
use crate::pki::issue::Organization;
use crate::release::Release;
use schemars::{JsonSchema, Schema, json_schema};

pub(crate) const DURATION: &str = r"(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+";
pub(crate) const LABEL: &str = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?";
/// No ASCII characters but letters, digits and hyphens; of all others UTS 46 decides.
pub(crate) const HOST_LABEL: &str = r"[^\s\x00-,./:-@\[-`{-\x7f]+";
const OBJECT: &str = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
const DAYS: &str =
    "^([1-9][0-9]{0,3}|[12][0-9]{4}|3[0-5][0-9]{3}|36[0-4][0-9]{2}|365[01][0-9]|3652[0-5])d$";

/// Implements the schema of each type by an expression.
macro_rules! schemas {
    ($($kind:ty: $schema:expr;)*) => {
        $(impl schemars::JsonSchema for $kind {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($kind).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $schema
            }
        })*
    };
}
pub(crate) use schemas;

schemas! {
    TextLine: json_schema!({"type": "string", "pattern": r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"});
    DnsName: json_schema!({"type": "string", "pattern": format!(r"^(?!.*\.[0-9]+\.?$){HOST_LABEL}(\.{HOST_LABEL})+\.?$")});
    Namespace: json_schema!({"type": "string", "pattern": format!("^(?!kube-){LABEL}$")});
    ObjectName: json_schema!({"type": "string", "maxLength": 253, "pattern": OBJECT});
    Organization: json_schema!({"type": "string", "maxLength": 64, "pattern": r"^\S(.*\S)?$"});
    Cidr: json_schema!({
        "type": "string",
        "pattern": r"^(([0-9]{1,3}\.){3}[0-9]{1,3}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)(/[0-9]{1,3})?$",
    });
    TopologyName: choice::<Self>();
    BalancerKind: choice::<Self>();
    Release: json_schema!({"type": "string", "pattern": r"^v?(2\.(9|10|11)|3\.[0-9]{1,4})(\.[0-9]{1,4})?$"});
    ChartMajor: {
        let mut charts = ChartMajor::all().map(ChartMajor::number);
        json_schema!({"type": "integer", "minimum": charts.next(), "maximum": charts.next_back()})
    };
    Days: days();
    TraefikDuration: json_schema!({"anyOf": [
        {"type": "integer", "minimum": 0, "maximum": u32::MAX},
        {"type": "string", "pattern": format!("^([0-9]+|{DURATION})$")},
    ]});
}

/// Returns the schema of a number of days.
pub(crate) fn days() -> Schema {
    json_schema!({"anyOf": [
        {"type": "integer", "minimum": 1, "maximum": 36_525},
        {"type": "string", "pattern": DAYS},
    ]})
}

/// Returns the schema of a word out of a few.
pub(crate) fn choice<T: Choice>() -> Schema {
    match T::NAMES {
        [only] => json_schema!({"const": only}),
        names => json_schema!({"type": "string", "enum": names}),
    }
}

/// Implements the schema of each generic type by an expression.
macro_rules! generic_schemas {
    ($([$($bound:tt)*] $kind:ty, $name:expr, $generator:ident => $schema:expr;)*) => {
        $(impl<$($bound)*> schemars::JsonSchema for $kind {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }
            fn json_schema($generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $schema
            }
        })*
    };
}
pub(crate) use generic_schemas;

generic_schemas! {
    [T: JsonSchema] Given<T>, "Given", generator => generator.subschema_for::<T>();
    [T: JsonSchema] LeafList<T>, "List", generator => json_schema!({
        "type": "array",
        "items": generator.subschema_for::<T>(),
    });
    [T: JsonSchema] Map<T>, "Map", generator => json_schema!({
        "type": "object",
        "additionalProperties": generator.subschema_for::<T>(),
    });
    [T: JsonSchema] Switch<T>, "Switch", generator => json_schema!({
        "anyOf": [generator.subschema_for::<T>(), {"const": false}],
    });
    [const LEAST: i64, const MOST: i64] Count<LEAST, MOST>, "Count", _generator => json_schema!({
        "type": "integer",
        "minimum": LEAST,
        "maximum": MOST,
    });
}
