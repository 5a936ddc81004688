//! A schema in short: a tree of fields in the order of its lines, for several releases at once.
//!
//! `.ci/schemas/definitions` and `.ci/schemas/values` write such texts, and say how a line is to be read.

/// The lines, each with what is on it.
pub(crate) struct ShortSchema(Vec<SchemaLine>);

struct SchemaLine {
    /// The number of the line behind the last below this one.
    end: usize,
    name: &'static str,
    shape: Shape,
    is_required: bool,
    values: &'static str,
    releases: &'static str,
    closed: &'static str,
}

/// A field, or a kind: its `spec`.
#[derive(Clone, Copy)]
pub(crate) struct Field {
    schema: &'static ShortSchema,
    number: usize,
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    pub(crate) is_required: bool,
}

/// What a value must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
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
pub(crate) struct Inner(&'static str);

impl Inner {
    pub(crate) fn shape(self) -> Shape {
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
    pub(crate) fn name(self) -> &'static str {
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

impl ShortSchema {
    pub(crate) fn parse(text: &'static str) -> Self {
        let mut lines: Vec<SchemaLine> = Vec::new();
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
            let mut line = SchemaLine {
                end: 0,
                name: words.next().unwrap_or_default(),
                shape: words.next().map_or(Shape::Any, Shape::of),
                is_required: false,
                values,
                releases: "",
                closed: "",
            };
            for word in words {
                match word.split_at(1) {
                    ("!", _) => line.is_required = true,
                    ("#", releases) => line.closed = releases,
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
    pub(crate) fn kinds(&'static self, group: &str) -> impl Iterator<Item = Field> {
        self.level(0, self.0.len()).filter_map(move |mut field| {
            let (of, kind) = field.name.split_once('/')?;
            field.name = kind;
            (of == group).then_some(field)
        })
    }

    /// Returns the field of the first line, which all others are below.
    pub(crate) fn top(&'static self) -> Option<Field> {
        self.level(0, self.0.len()).next()
    }

    /// Returns the fields that begin on a line and are beside each other up to another.
    fn level(&'static self, start: usize, end: usize) -> impl Iterator<Item = Field> {
        let mut number = start;
        std::iter::from_fn(move || {
            let line = self.0.get(number).filter(|_| number < end)?;
            let field = Field {
                schema: self,
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
    fn line(self) -> &'static SchemaLine {
        &self.schema.0[self.number]
    }

    /// Returns the fields below.
    pub(crate) fn children(self) -> impl Iterator<Item = Self> {
        self.schema.level(self.number + 1, self.line().end)
    }

    /// Returns the values that are counted; none if any text is taken.
    pub(crate) fn values(self) -> impl Iterator<Item = &'static str> {
        let values = self.line().values;
        values.split('|').filter(|value| !value.is_empty())
    }

    /// Returns whether the release with this number has it, of those that have what it is below.
    pub(crate) fn is_in(self, number: usize) -> bool {
        let releases = self.line().releases;
        releases.is_empty() || has(releases, number)
    }

    /// Returns whether the release with this number refuses what is not named below.
    pub(crate) fn is_closed_in(self, number: usize) -> bool {
        has(self.line().closed, number)
    }

    /// Returns the path of the only field below that has a name.
    pub(crate) fn only_place_of(self, name: &str) -> Option<String> {
        let (start, end) = (self.number + 1, self.line().end);
        let mut found = (start..end).filter(|number| self.schema.0[*number].name == name);
        let (first, None) = (found.next()?, found.next()) else {
            return None;
        };
        let above = (start..=first).filter(|number| self.schema.0[*number].end > first);
        let path = above.map(|number| {
            let line = &self.schema.0[number];
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

/// Returns whether numbers in base 36 have one among them.
fn has(releases: &str, number: usize) -> bool {
    let mut digits = releases.chars().filter_map(|digit| digit.to_digit(36));
    digits.any(|digit| usize::try_from(digit) == Ok(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::LazyLock;

    static KINDS: LazyLock<ShortSchema> =
        LazyLock::new(|| ShortSchema::parse(include_str!("lint/definitions/definitions.txt")));

    fn kind(name: &str) -> Field {
        KINDS
            .kinds("traefik.io")
            .find(|kind| kind.name == name)
            .unwrap()
    }

    #[test]
    fn a_level_is_closed_in_the_releases_that_its_line_names() {
        static SHORT: LazyLock<ShortSchema> =
            LazyLock::new(|| ShortSchema::parse(". object #jl\n a string @2k\n"));
        let top = SHORT.top().unwrap();
        let closed: Vec<usize> = (0..22).filter(|number| top.is_closed_in(*number)).collect();
        assert_eq!(closed, [19, 21]);
        let below = top.children().next().unwrap();
        assert!(below.is_in(2) && below.is_in(20) && !below.is_in(21));
    }

    #[test]
    fn a_kind_ends_where_the_next_begins_and_has_fields_between() {
        let kinds: Vec<Field> = KINDS.kinds("traefik.io").collect();
        assert_eq!(kinds.len(), 10);
        for (kind, next) in kinds.iter().zip(&kinds[1..]) {
            assert_eq!(kind.line().end, next.number);
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
