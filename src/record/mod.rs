//! Reads a tree into parts, by tables of keys, and notes all that is wrong on the way.
//!
//! A part is a [`record!`] of keys, or one of the types in [`leaf`]. The JSON Schema is made from the same
//! types in the tests.

pub(crate) mod leaf;
#[cfg(test)]
pub(crate) mod schema;

use crate::fault::{Fault, Place, did_you_mean};
use crate::values::wrong_type;
use crate::yaml::{At, Node, Value};

/// A place in one of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ValueOrigin {
    file: u32,
    line: u32,
    column: u32,
}

impl ValueOrigin {
    /// No place at all.
    pub(crate) const NONE: Self = Self {
        file: 0,
        line: 0,
        column: 0,
    };

    /// Returns the file's number, from 0.
    fn file(self) -> usize {
        usize::try_from(self.file).unwrap_or(usize::MAX)
    }
}

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Given<T> {
    pub(crate) value: T,
    pub(crate) origin: ValueOrigin,
}

/// What can be in a file.
pub(crate) trait Part: Sized {
    /// What is expected where a switch says `true`, and what to write there.
    const IN_PLACE_OF_TRUE: (&'static str, &'static str) = ("a value", "give it a value");

    /// Takes it from a tree, or notes what is wrong.
    fn read(node: Node, reader: &mut PartReader) -> Option<Self>;

    /// Takes over from `base` what this does not say.
    fn fill(&mut self, _base: &Self) {}

    /// Returns what a cell of a table whose column has this path holds.
    ///
    /// # Errors
    /// There is no such path.
    fn cell(path: &[&str]) -> Result<Cell, Fault> {
        match path {
            [] => Ok(Cell::Single),
            [key, ..] => Err(unknown_key(key, &[])),
        }
    }
}

/// What a cell of a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cell {
    /// One value.
    Single,
    /// Values with spaces between them.
    List,
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Syntax {
    #[default]
    Yaml,
    Toml,
    /// With strings alone, as in CSV.
    Strings,
}

/// Knows the files and collects what is wrong with them.
#[derive(Debug, Default)]
pub(crate) struct PartReader {
    /// The files' names; the last one is being read.
    files: Vec<String>,
    faults: Vec<(ValueOrigin, Fault)>,
    /// How the file that is being read is written.
    pub(crate) syntax: Syntax,
}

impl PartReader {
    /// Turns to the next file.
    pub(crate) fn begin(&mut self, file: &str) {
        self.files.push(file.to_owned());
        self.syntax = Syntax::Yaml;
    }

    fn is_untyped(&self) -> bool {
        self.syntax == Syntax::Strings
    }

    /// Returns the place in the file that is being read.
    pub(crate) fn origin(&self, at: At) -> ValueOrigin {
        ValueOrigin {
            file: u32::try_from(self.files.len().saturating_sub(1)).unwrap_or(u32::MAX),
            line: at.line,
            column: at.column,
        }
    }

    pub(crate) fn place(&self, origin: ValueOrigin) -> Place {
        let at = At {
            line: origin.line,
            column: origin.column,
        };
        at.place(self.files.get(origin.file()).map_or("", String::as_str))
    }

    /// Notes what is wrong at a place of any file.
    pub(crate) fn push(&mut self, origin: ValueOrigin, fault: Fault) {
        let fault = fault.at(self.place(origin));
        self.faults.push((origin, fault));
    }

    /// Notes what is wrong at a place of the file that is being read.
    pub(crate) fn refuse<T>(&mut self, at: At, fault: Fault) -> Option<T> {
        self.push(self.origin(at), fault);
        None
    }

    /// Keeps the value of `result`, or notes what is wrong.
    pub(crate) fn keep<T>(&mut self, at: At, result: Result<T, Fault>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(fault) => self.refuse(at, fault),
        }
    }

    /// Notes what is wrong at a place of any file, where `result` says so.
    pub(crate) fn keep_at<T>(&mut self, origin: ValueOrigin, result: Result<T, Fault>) {
        if let Err(fault) = result {
            self.push(origin, fault);
        }
    }

    /// Takes faults of the file that is being read, which know their places in it.
    pub(crate) fn extend(&mut self, faults: Vec<Fault>) {
        for mut fault in faults {
            let at = match fault.place.take() {
                Some(Place::Position { line, column, .. }) => At::new(line, column),
                _ => At::default(),
            };
            self.push(self.origin(at), fault);
        }
    }

    /// Returns the entries of a mapping.
    pub(crate) fn entries(&mut self, node: Node) -> Option<Vec<(crate::yaml::Key, Node)>> {
        match node.value {
            Value::Map(entries) => Some(entries),
            other => {
                let (wanted, help) = match self.syntax {
                    Syntax::Yaml | Syntax::Strings => (
                        "a mapping",
                        "indent its keys below it, or write `{key: value}`",
                    ),
                    Syntax::Toml => ("a table", "write its name as `[name]` above its keys"),
                };
                self.refuse(node.at, wrong_type(&other, wanted, help))
            }
        }
    }

    /// Notes keys that must be given and are not.
    pub(crate) fn missing(&mut self, at: At, keys: &[&str]) {
        for key in keys {
            self.push(
                self.origin(at),
                Fault::new(format!("the key `{key}` is missing")),
            );
        }
    }

    /// Returns how much was wrong so far.
    pub(crate) fn count(&self) -> usize {
        self.faults.len()
    }

    /// Returns all faults in the order of the files and their lines, each with the number of its file.
    pub(crate) fn finish(mut self) -> Vec<(usize, Fault)> {
        self.faults.sort_by_key(|(origin, _)| *origin);
        let faults = self.faults.into_iter();
        faults
            .map(|(origin, fault)| (origin.file(), fault))
            .collect()
    }
}

/// Reports that `key` is not one of `keys`.
pub(crate) fn unknown_key(key: &str, keys: &[&str]) -> Fault {
    let fault = Fault::new(format!("unknown key `{}`", key.escape_debug()));
    match did_you_mean(key, keys.iter().copied()) {
        Some(meant) => fault.help(format!("did you mean `{meant}`?")),
        None if keys.is_empty() => fault,
        None => fault.help(format!("the keys here are {}", keys.join(", "))),
    }
}

/// Makes a part from a table of its keys. A key that is `null` is not given; `required` keys must be.
macro_rules! record {
    ($(#[$meta:meta])* $name:ident {
        $($(#[$doc:meta])* $field:ident: $kind:ty = $key:literal $(, $required:ident)?;)*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        #[cfg_attr(test, schemars(deny_unknown_fields))]
        pub(super) struct $name {
            $(
                $(#[$doc])*
                #[cfg_attr(test, schemars(rename = $key))]
                $(#[cfg_attr(test, schemars($required))])?
                pub(super) $field: Option<$crate::record::Given<$kind>>,
            )*
        }

        impl $name {
            const KEYS: &[&str] = &[$($key),*];
            const REQUIRED: &[&str] = &[$($($crate::record::$required($key),)?)*];
        }

        impl $crate::record::Part for $name {
            const IN_PLACE_OF_TRUE: (&'static str, &'static str) = (
                "a mapping",
                "write `{}` to have it with the defaults, or `{key: value}`",
            );

            fn read(node: $crate::yaml::Node, reader: &mut $crate::record::PartReader) -> Option<Self> {
                let at = node.at;
                let entries = reader.entries(node)?;
                let mut record = Self::default();
                let mut missing = Self::REQUIRED.to_vec();
                for (key, child) in entries {
                    let is_given = child.value != $crate::yaml::Value::Null;
                    missing.retain(|name| !is_given || *name != key.text);
                    match key.text.as_str() {
                        $($key => if is_given {
                            let origin = reader.origin(child.at);
                            record.$field = <$kind>::read(child, reader)
                                .map(|value| $crate::record::Given { value, origin });
                        },)*
                        other => {
                            let fault = $crate::record::unknown_key(other, Self::KEYS);
                            reader.push(reader.origin(key.at), fault);
                        }
                    }
                }
                reader.missing(at, &missing);
                Some(record)
            }

            fn fill(&mut self, base: &Self) {
                $(match (&mut self.$field, &base.$field) {
                    (Some(own), Some(base)) => own.value.fill(&base.value),
                    (None, Some(_)) => self.$field.clone_from(&base.$field),
                    _ => {}
                })*
            }

            fn cell(path: &[&str]) -> Result<$crate::record::Cell, $crate::fault::Fault> {
                match path {
                    $([$key, rest @ ..] => <$kind>::cell(rest),)*
                    [key, ..] => Err($crate::record::unknown_key(key, Self::KEYS)),
                    [] => Err($crate::fault::Fault::new("the column names a mapping")
                        .help("name one of the keys below it, with a dot between them")),
                }
            }
        }
    };
}
pub(crate) use record;

/// Names a key in the table of those that must be given.
pub(crate) const fn required(key: &'static str) -> &'static str {
    key
}
