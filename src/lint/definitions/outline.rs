//! The definitions in short: a tree of fields in the order of its lines.

use std::sync::LazyLock;

/// All kinds.
pub(super) static OUTLINE: LazyLock<Definition> =
    LazyLock::new(|| Definition::parse(include_str!("definitions.txt")));

/// The lines, each with what is on it.
pub(super) struct Definition(Vec<OutlineLine>);

struct OutlineLine {
    /// The number of the line behind the last below this one.
    end: usize,
    name: &'static str,
    shape: Shape,
    is_required: bool,
    values: &'static str,
    releases: &'static str,
}

/// A field, or a kind: its `spec`.
#[derive(Clone, Copy)]
pub(super) struct Field {
    number: usize,
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) is_required: bool,
}

/// What a value must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Any,
    Object,
    String,
    Boolean,
    Integer,
    Number,
    IntOrString,
    List(Inner),
    Map(Inner),
}

/// The type behind `[]` or `{}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Inner(&'static str);

impl Inner {
    pub(super) fn shape(self) -> Shape {
        Shape::of(self.0)
    }
}

impl Shape {
    fn of(text: &'static str) -> Self {
        if let Some(inner) = text.strip_prefix("[]") {
            return Self::List(Inner(inner));
        }
        if let Some(inner) = text.strip_prefix("{}") {
            return Self::Map(Inner(inner));
        }
        match text {
            "object" => Self::Object,
            "string" => Self::String,
            "boolean" => Self::Boolean,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "int-or-string" => Self::IntOrString,
            _ => Self::Any,
        }
    }

    /// Describes what is wanted.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Any => "anything",
            Self::Object | Self::Map(_) => "a mapping",
            Self::String => "a string",
            Self::Boolean => "`true` or `false`",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::IntOrString => "a whole number or a string",
            Self::List(_) => "a list",
        }
    }
}

impl Definition {
    fn parse(text: &'static str) -> Self {
        let mut lines: Vec<OutlineLine> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let content = line.trim_start_matches(' ');
            let depth = line.len() - content.len();
            for above in open.drain(depth.min(open.len())..) {
                lines[above].end = number;
            }
            open.push(number);
            let (content, values) = content.split_once(" =").unwrap_or((content, ""));
            let mut words = content.split(' ');
            let mut line = OutlineLine {
                end: 0,
                name: words.next().unwrap_or_default(),
                shape: words.next().map_or(Shape::Any, Shape::of),
                is_required: false,
                values,
                releases: "",
            };
            for word in words {
                match word.split_at(1) {
                    ("!", _) => line.is_required = true,
                    (_, releases) => line.releases = releases,
                }
            }
            lines.push(line);
        }
        let end = lines.len();
        for above in open {
            lines[above].end = end;
        }
        Self(lines)
    }

    /// Returns the kinds of a group.
    pub(super) fn kinds(&'static self, group: &str) -> impl Iterator<Item = Field> {
        self.level(0, self.0.len()).filter_map(move |mut field| {
            let (of, kind) = field.name.split_once('/')?;
            field.name = kind;
            (of == group).then_some(field)
        })
    }

    fn line(&'static self, field: Field) -> &'static OutlineLine {
        &self.0[field.number]
    }

    /// Returns the fields that begin on a line and are beside each other up to another.
    fn level(&'static self, start: usize, end: usize) -> impl Iterator<Item = Field> {
        let mut number = start;
        std::iter::from_fn(move || {
            let line = self.0.get(number).filter(|_| number < end)?;
            let field = Field {
                number,
                name: line.name,
                shape: line.shape,
                is_required: line.is_required,
            };
            number = line.end;
            Some(field)
        })
    }
}

impl Field {
    /// Returns the fields below.
    pub(super) fn children(self) -> impl Iterator<Item = Self> {
        OUTLINE.level(self.number + 1, OUTLINE.line(self).end)
    }

    /// Returns the values that are counted; none if any text is taken.
    pub(super) fn values(self) -> impl Iterator<Item = &'static str> {
        let values = OUTLINE.line(self).values;
        values.split('|').filter(|value| !value.is_empty())
    }

    /// Returns whether the release with this number has it.
    pub(super) fn is_in(self, number: usize) -> bool {
        let releases = OUTLINE.line(self).releases;
        let digit = |byte: u8| usize::from(byte - b'0') == number;
        releases.is_empty() || releases.bytes().any(digit)
    }

    /// Returns the path of the only field below that has a name.
    pub(super) fn only_place_of(self, name: &str) -> Option<String> {
        let (start, end) = (self.number + 1, OUTLINE.line(self).end);
        let mut found = (start..end).filter(|number| OUTLINE.0[*number].name == name);
        let (first, None) = (found.next()?, found.next()) else {
            return None;
        };
        let above = (start..=first).filter(|number| OUTLINE.0[*number].end > first);
        let path = above.map(|number| {
            let line = &OUTLINE.0[number];
            let list = if number != first && matches!(line.shape, Shape::List(_)) {
                "[]"
            } else {
                ""
            };
            format!(".{}{list}", line.name)
        });
        Some(path.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(name: &str) -> Field {
        OUTLINE
            .kinds("traefik.io")
            .find(|kind| kind.name == name)
            .unwrap()
    }

    #[test]
    fn a_kind_ends_where_the_next_begins_and_has_fields_between() {
        let kinds: Vec<Field> = OUTLINE.kinds("traefik.io").collect();
        assert_eq!(kinds.len(), 10);
        for (kind, next) in kinds.iter().zip(&kinds[1..]) {
            assert_eq!(OUTLINE.line(*kind).end, next.number);
            assert!(kind.children().count() > 0, "{}", kind.name);
        }
        assert!(kinds.iter().any(|kind| kind.name == "TLSStore"));
    }

    #[test]
    fn a_field_has_the_type_the_values_and_the_releases_of_its_line() {
        let routes = kind("IngressRoute")
            .children()
            .find(|field| field.name == "routes");
        let routes = routes.unwrap();
        assert!(routes.is_required);
        assert!(matches!(routes.shape, Shape::List(inner) if inner.shape() == Shape::Object));
        let kind = routes
            .children()
            .find(|field| field.name == "kind")
            .unwrap();
        assert_eq!(kind.values().collect::<Vec<_>>(), ["Rule"]);
        let syntax = routes
            .children()
            .find(|field| field.name == "syntax")
            .unwrap();
        assert!(!syntax.is_in(0) && syntax.is_in(1) && syntax.is_in(3));
    }

    #[test]
    fn a_field_in_the_wrong_place_has_another_only_where_there_is_one() {
        let route = kind("IngressRoute");
        let place = |name: &str| route.only_place_of(name);
        assert_eq!(place("scheme"), None);
        assert_eq!(place("match").as_deref(), Some(".routes[].match"));
        assert_eq!(place("secretName").as_deref(), Some(".tls.secretName"));
        assert_eq!(place("x"), None);
    }
}
