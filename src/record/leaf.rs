//! What a key of a file may hold.

use super::{Cell, Given, Part, PartReader, Syntax, unknown_key};
use crate::chart::ChartMajor;
use crate::cidr::Cidr;
use crate::duration::TraefikDuration;
use crate::fault::{Fault, did_you_mean};
use crate::load_balancer::BalancerKind;
use crate::name::{DnsName, Namespace, ObjectName};
use crate::path::expand::TopologyName;
use crate::pki::issue::Organization;
use crate::pki::validity::LifeEnd;
use crate::release::Release;
use crate::values::wrong_type;
use crate::yaml::{Key, Node, Value};

/// What is written as one string.
pub(crate) trait ListedWord: Sized {
    /// Takes it from its text.
    fn parse(text: &str) -> Result<Self, Fault>;
}

impl<T: ListedWord> Part for T {
    fn read(node: Node, reader: &mut PartReader) -> Option<Self> {
        match node.value {
            Value::Text(text) => reader.keep(node.at, T::parse(&text)),
            other => {
                let help = "put the value in quotes if it is meant as text";
                reader.refuse(node.at, wrong_type(&other, "a string", help))
            }
        }
    }
}

macro_rules! words {
    ($($kind:ty: $parse:expr;)*) => {
        $(impl ListedWord for $kind {
            fn parse(text: &str) -> Result<Self, Fault> {
                ($parse)(text)
            }
        })*
    };
}

words! {
    DnsName: DnsName::parse_public;
    ObjectName: ObjectName::parse;
    Namespace: Namespace::parse;
    Organization: Organization::parse;
    Cidr: Cidr::parse;
    BalancerKind: BalancerKind::parse;
}

/// Makes words out of a few of enums.
macro_rules! choices {
    ($($kind:ident { $($variant:ident = $name:literal),* })*) => {
        $(impl $crate::record::leaf::ListedWord for $kind {
            fn parse(text: &str) -> Result<Self, $crate::fault::Fault> {
                use $crate::record::leaf::Choice as _;
                match text {
                    $($name => Ok(Self::$variant),)*
                    _ => Err($crate::record::leaf::unknown_choice(text, Self::NAMES)),
                }
            }
        }
        impl $crate::record::leaf::Choice for $kind {
            const NAMES: &[&str] = &[$($name),*];
        })*
    };
}
pub(crate) use choices;

/// A word out of a few.
pub(crate) trait Choice {
    /// All of them.
    const NAMES: &[&str];
}

/// Reports that a text is not one of `names`.
pub(crate) fn unknown_choice(text: &str, names: &[&str]) -> Fault {
    let fault = Fault::new(format!("`{}` is not allowed here", text.escape_debug()));
    fault.help(match (did_you_mean(text, names.iter().copied()), names) {
        (Some(meant), _) => format!("did you mean `{meant}`?"),
        (None, [only]) => format!("write `{only}`"),
        (None, _) => format!("use one of {}", names.join(", ")),
    })
}

impl ListedWord for TopologyName {
    fn parse(text: &str) -> Result<Self, Fault> {
        Self::of(text).ok_or_else(|| unknown_choice(text, Self::NAMES))
    }
}

impl Choice for TopologyName {
    const NAMES: &[&str] = Self::NAMES;
}

impl Choice for BalancerKind {
    const NAMES: &[&str] = Self::NAMES;
}

/// Text of at least one character and without control characters.
#[derive(Debug, Clone)]
pub(crate) struct TextLine(pub(crate) String);

impl ListedWord for TextLine {
    fn parse(text: &str) -> Result<Self, Fault> {
        if text.trim().is_empty() {
            return Err(Fault::new("a string is empty").help("fill it in, or leave it out"));
        }
        if text.chars().any(char::is_control) {
            let what = format!("`{}` has a control character", text.escape_debug());
            return Err(Fault::new(what).help("type it by hand instead of pasting it"));
        }
        Ok(Self(text.to_owned()))
    }
}

/// Takes a cell for a boolean, as an English or a French spreadsheet writes one.
fn cell_flag(value: &Value, reader: &PartReader) -> Option<bool> {
    match value {
        Value::Text(text) if reader.is_untyped() => match text.to_lowercase().as_str() {
            "true" | "vrai" => Some(true),
            "false" | "faux" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

impl Part for bool {
    fn read(node: Node, reader: &mut PartReader) -> Option<Self> {
        match node.value {
            Value::Bool(flag) => Some(flag),
            other => {
                let help = "write `true` or `false`, without quotes";
                cell_flag(&other, reader)
                    .or_else(|| reader.refuse(node.at, wrong_type(&other, "a boolean", help)))
            }
        }
    }
}

/// A whole number from `LEAST` to `MOST`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Count<const LEAST: i64, const MOST: i64>(pub(crate) i64);

impl<const LEAST: i64, const MOST: i64> Count<LEAST, MOST> {
    /// Returns the number in a smaller type, which `MOST` fits.
    pub(crate) fn get<T: TryFrom<i64>>(self) -> Option<T> {
        T::try_from(self.0).ok()
    }
}

impl<const LEAST: i64, const MOST: i64> Part for Count<LEAST, MOST> {
    const IN_PLACE_OF_TRUE: (&'static str, &'static str) = (
        "a whole number",
        "write the number in digits, without quotes",
    );

    fn read(node: Node, reader: &mut PartReader) -> Option<Self> {
        let number = match &node.value {
            Value::Int(number) => Some(*number),
            Value::Text(text) if reader.is_untyped() => text.parse().ok(),
            _ => None,
        };
        let result = match number {
            Some(number) if (LEAST..=MOST).contains(&number) => Ok(Self(number)),
            Some(number) => Err(Fault::new(format!("{number} is out of range"))
                .help(format!("use {LEAST} to {MOST}"))),
            None => Err(wrong_type(
                &node.value,
                "a whole number",
                "write it in digits, without quotes",
            )),
        };
        reader.keep(node.at, result)
    }
}

/// Whole days: `365` or `365d`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Days(pub(crate) u32);

impl Part for Days {
    fn read(node: Node, reader: &mut PartReader) -> Option<Self> {
        let help = "use whole days, such as `90d` or `90`";
        let text = match &node.value {
            Value::Int(number) => number.to_string(),
            Value::Text(text) if reader.is_untyped() || text.ends_with('d') => text.clone(),
            Value::Text(text) => {
                let what = format!("`{}` is not a number of days", text.escape_debug());
                return reader.refuse(node.at, Fault::new(what).help(help));
            }
            other => {
                let fault = wrong_type(other, "a number of days", help);
                return reader.refuse(node.at, fault);
            }
        };
        let digits = text.strip_suffix('d').unwrap_or(&text);
        let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit())
            && !(digits.len() > 1 && digits.starts_with('0'));
        let result = match LifeEnd::parse(&text) {
            Ok(LifeEnd::Days(days)) if is_plain => Ok(Self(days)),
            Err(fault) if is_plain && !digits.is_empty() && digits.len() < 10 => Err(Fault {
                what: format!("{digits} days are out of range"),
                ..fault
            }),
            _ => {
                let what = format!("`{}` is not a number of days", text.escape_debug());
                Err(Fault::new(what).help(help))
            }
        };
        reader.keep(node.at, result)
    }
}

impl Part for TraefikDuration {
    fn read(node: Node, reader: &mut PartReader) -> Option<Self> {
        let result = crate::values::duration(&node.value);
        reader.keep(node.at, result)
    }
}

impl Part for Release {
    fn read(node: Node, reader: &mut PartReader) -> Option<Self> {
        match &node.value {
            Value::Text(text) => reader.keep(node.at, text.parse()),
            other => {
                // A bare 3.10 would be 3.1.
                let help = "put the release in quotes: `\"3.7\"`";
                reader.refuse(node.at, wrong_type(other, "a string", help))
            }
        }
    }
}

impl Part for ChartMajor {
    fn read(node: Node, reader: &mut PartReader) -> Option<Self> {
        match &node.value {
            Value::Int(number) => reader.keep(node.at, Self::parse(&number.to_string())),
            other => {
                let help = "write the chart's major version in digits, such as `41`";
                reader.refuse(node.at, wrong_type(other, "a whole number", help))
            }
        }
    }
}

/// A sequence.
#[derive(Debug, Clone)]
pub(crate) struct LeafList<T>(pub(crate) Vec<Given<T>>);

impl<T: Part> Part for LeafList<T> {
    fn read(node: Node, reader: &mut PartReader) -> Option<Self> {
        let Value::List(items) = node.value else {
            let help = match reader.syntax {
                Syntax::Yaml | Syntax::Strings => {
                    "write `[a, b]`, or one item a line with `- ` before it"
                }
                Syntax::Toml => "write `[\"a\", \"b\"]`; of tables, `[[name]]` above each",
            };
            return reader.refuse(node.at, wrong_type(&node.value, "a list", help));
        };
        let items = items.into_iter().filter_map(|item| {
            let origin = reader.origin(item.at);
            T::read(item, reader).map(|value| Given { value, origin })
        });
        Some(Self(items.collect()))
    }

    fn cell(path: &[&str]) -> Result<Cell, Fault> {
        match path {
            [] => Ok(Cell::List),
            [key, ..] => Err(unknown_key(key, &[])),
        }
    }
}

/// A mapping whose keys are names.
#[derive(Debug, Clone)]
pub(crate) struct Map<T>(pub(crate) Vec<(Key, Given<T>)>);

impl<T: Part + Clone> Part for Map<T> {
    fn read(node: Node, reader: &mut PartReader) -> Option<Self> {
        let entries = reader.entries(node)?;
        let entries = entries.into_iter().filter_map(|(key, child)| {
            let origin = reader.origin(child.at);
            let value = T::read(child, reader)?;
            Some((key, Given { value, origin }))
        });
        Some(Self(entries.collect()))
    }

    fn fill(&mut self, base: &Self) {
        for (key, given) in &base.0 {
            match self.0.iter_mut().find(|(own, _)| own.text == key.text) {
                Some((_, own)) => own.value.fill(&given.value),
                None => self.0.push((key.clone(), given.clone())),
            }
        }
    }

    fn cell(path: &[&str]) -> Result<Cell, Fault> {
        match path {
            [_, rest @ ..] => T::cell(rest),
            [] => Err(Fault::new("the column names a mapping")),
        }
    }
}

/// A value, or `false` for none.
#[derive(Debug, Clone)]
pub(crate) enum Switch<T> {
    On(T),
    Off,
}

impl<T> Switch<T> {
    pub(crate) fn on(&self) -> Option<&T> {
        match self {
            Self::On(value) => Some(value),
            Self::Off => None,
        }
    }
}

impl<T: Part> Part for Switch<T> {
    fn read(node: Node, reader: &mut PartReader) -> Option<Self> {
        match &node.value {
            Value::Bool(false) => Some(Self::Off),
            value if cell_flag(value, reader) == Some(false) => Some(Self::Off),
            Value::Bool(true) => {
                let (expected, help) = T::IN_PLACE_OF_TRUE;
                reader.refuse(node.at, wrong_type(&node.value, expected, help))
            }
            _ => T::read(node, reader).map(Self::On),
        }
    }

    fn fill(&mut self, base: &Self) {
        if let (Self::On(own), Self::On(base)) = (self, base) {
            own.fill(base);
        }
    }

    fn cell(path: &[&str]) -> Result<Cell, Fault> {
        T::cell(path)
    }
}
