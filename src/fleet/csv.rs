//! Instances from a table, as spreadsheets write it.
//!
//! The first row names the settings by their paths (`id`, `externalHost`, `helmValues.init.paroisseName`). Cells
//! are separated by `;`, `,` or tabs, whichever the first row has most of; a French Excel writes `;`. A line `sep=;`
//! before the first row, by which Excel is told the separator, tells it here too. All cells are strings, spaces around
//! them do not count, and an empty one is a setting that is not given.

use super::document::SettingsPart;
use crate::fault::Fault;
use crate::record::{Cell, Part as _, PartReader, unknown_key};
use crate::yaml::tree::LIMIT;
use crate::yaml::{At, Key, Node, Value};
use csv_core::ReadFieldResult;

const FIRST_ROW: &str = "the first row names the columns, such as `id;externalHost`";

/// An instance of a table.
#[derive(Debug)]
pub(super) struct CsvRow {
    pub(super) id: String,
    pub(super) at: At,
    pub(super) settings: Node,
}

/// Reads a table row by row.
pub(super) struct Rows<'a> {
    cells: Cells<'a>,
    /// What each column sets; nothing if its name is unknown.
    columns: Vec<Option<Column>>,
}

#[derive(Debug)]
enum Column {
    Id,
    Setting { path: Vec<String>, kind: Cell },
}

impl<'a> Rows<'a> {
    /// Reads the row of names, or notes what is wrong with it.
    pub(super) fn new(text: &'a str, reader: &mut PartReader) -> Option<Self> {
        if text.len() > LIMIT {
            let what = format!("{} bytes are more than the limit of {LIMIT}", text.len());
            return reader.refuse(At::default(), Fault::new(what));
        }
        let mut cells = Cells::new(text);
        if text.trim().is_empty() {
            return reader.refuse(
                At::default(),
                Fault::new("the file is empty").help(FIRST_ROW),
            );
        }
        let header = cells.next_row(reader)?;
        let mut names: Vec<&str> = Vec::new();
        let mut columns = Vec::new();
        for cell in &header {
            let name = cell.text.as_str();
            if let Some(fault) = clash(name, &names) {
                reader.refuse::<()>(cell.at, fault);
                columns.push(None);
                continue;
            }
            names.push(name);
            columns.push(reader.keep(cell.at, column(name)).flatten());
        }
        if !names.contains(&"id") {
            let fault = Fault::new("the column `id` is missing");
            let at = header
                .first()
                .map_or(At { line: 1, column: 1 }, |cell| cell.at);
            return reader.refuse(at, fault.help(FIRST_ROW));
        }
        Some(Self { cells, columns })
    }

    /// Reads the next instance; rows without any cell filled are left out.
    pub(super) fn next(&mut self, reader: &mut PartReader) -> Option<CsvRow> {
        loop {
            let cells = self.cells.next_row(reader)?;
            let Some(at) = cells.first().map(|cell| cell.at) else {
                continue;
            };
            let filled = cells.iter().filter(|cell| !cell.text.is_empty());
            if filled.clone().next().is_none() {
                continue;
            }
            let mut extra = cells.iter().skip(self.columns.len());
            if let Some(extra) = extra.find(|cell| !cell.text.is_empty()) {
                let help = "put a cell that contains a separator in double quotes";
                let fault = Fault::new("this cell has no column").help(help);
                reader.refuse::<()>(extra.at, fault);
            }
            if let Some(row) = self.row(cells, at, reader) {
                return Some(row);
            }
        }
    }

    fn row(&self, cells: Vec<CsvText>, at: At, reader: &mut PartReader) -> Option<CsvRow> {
        let mut id = None;
        let mut settings = Node {
            value: Value::Map(Vec::new()),
            at,
        };
        for (cell, column) in cells.into_iter().zip(&self.columns) {
            let Some(column) = column.as_ref().filter(|_| !cell.text.is_empty()) else {
                continue;
            };
            match column {
                Column::Id => id = Some(cell),
                Column::Setting { path, kind } => insert(&mut settings, path, cell.node(*kind)),
            }
        }
        let Some(id) = id else {
            return reader.refuse(at, Fault::new("the cell of `id` is empty"));
        };
        Some(CsvRow {
            id: id.text,
            at: id.at,
            settings,
        })
    }
}

fn column(name: &str) -> Result<Option<Column>, Fault> {
    let path: Vec<&str> = name.split('.').collect();
    match path.as_slice() {
        ["id"] => Ok(Some(Column::Id)),
        // Spreadsheets keep separators of columns that were emptied.
        [""] => Ok(None),
        [key] if key.eq_ignore_ascii_case("id") => Err(unknown_key(key, &["id"])),
        path => {
            let kind = SettingsPart::cell(path)?;
            let path = path.iter().map(|&key| key.to_owned()).collect();
            Ok(Some(Column::Setting { path, kind }))
        }
    }
}

/// Finds a column before that sets the same, or a part of it.
fn clash(name: &str, names: &[&str]) -> Option<Fault> {
    let is_below = |path: &str, other: &str| {
        path.strip_prefix(other)
            .is_some_and(|rest| rest.starts_with('.'))
    };
    let other = names.iter().find(|other| {
        !name.is_empty() && (**other == name || is_below(name, other) || is_below(other, name))
    })?;
    let name = name.escape_debug();
    let what = format!(
        "the column `{name}` and the column `{}` before it set the same value",
        other.escape_debug()
    );
    Some(Fault::new(what).help("keep one of the two"))
}

fn insert(node: &mut Node, path: &[String], leaf: Node) {
    let ([key, rest @ ..], Value::Map(entries)) = (path, &mut node.value) else {
        return;
    };
    let at = leaf.at;
    let index = entries
        .iter()
        .position(|(known, _)| known.text == key.as_str());
    let index = index.unwrap_or_else(|| {
        let key = Key {
            text: key.as_str().into(),
            at,
        };
        let value = Value::Map(Vec::new());
        // One setting is the rule, and a vector's first step is four.
        entries.reserve_exact(1);
        entries.push((key, Node { value, at }));
        entries.len() - 1
    });
    if rest.is_empty() {
        entries[index].1 = leaf;
    } else {
        insert(&mut entries[index].1, rest, leaf);
    }
}

/// The text of a cell.
#[derive(Debug)]
struct CsvText {
    text: String,
    at: At,
}

impl CsvText {
    fn node(self, kind: Cell) -> Node {
        let at = self.at;
        let value = match kind {
            Cell::Single => Value::Text(self.text),
            Cell::List => {
                let items = self.text.split_whitespace().map(|item| Node {
                    value: Value::Text(item.to_owned()),
                    at,
                });
                Value::List(items.collect())
            }
        };
        Node { value, at }
    }
}

/// Cuts a text into cells that know their places.
struct Cells<'a> {
    text: &'a str,
    parser: csv_core::Reader,
    separator: char,
    /// How many bytes the parser has taken.
    taken: usize,
    /// How many bytes are counted in `at`.
    counted: usize,
    at: At,
    is_at_end: bool,
}

impl<'a> Cells<'a> {
    fn new(text: &'a str) -> Self {
        let (separator, start) = match told_separator(text) {
            Some(told) => told,
            None => (separator(text), 0),
        };
        let byte = u8::try_from(separator).unwrap_or(b';');
        Self {
            text,
            parser: csv_core::ReaderBuilder::new().delimiter(byte).build(),
            separator,
            taken: start,
            counted: 0,
            at: At { line: 1, column: 1 },
            is_at_end: false,
        }
    }

    /// Returns the cells of the next row that is not empty; nothing at the end, or where a quote is not closed.
    fn next_row(&mut self, reader: &mut PartReader) -> Option<Vec<CsvText>> {
        let mut row = Vec::new();
        while !self.is_at_end {
            let (cell, ends_row) = self.next_cell(row.is_empty(), reader)?;
            row.extend(cell);
            if ends_row {
                return Some(row);
            }
        }
        None
    }

    fn next_cell(
        &mut self,
        is_first: bool,
        reader: &mut PartReader,
    ) -> Option<(Option<CsvText>, bool)> {
        let mut content = Vec::new();
        let mut buffer = [0; 256];
        let start = self.taken;
        let ends_row = loop {
            let rest = self.text.as_bytes().get(self.taken..).unwrap_or_default();
            let (result, read, written) = self.parser.read_field(rest, &mut buffer);
            self.taken += read;
            content.extend_from_slice(&buffer[..written]);
            match result {
                ReadFieldResult::InputEmpty | ReadFieldResult::OutputFull => {}
                ReadFieldResult::Field { record_end } => break record_end,
                ReadFieldResult::End => {
                    self.is_at_end = true;
                    return None;
                }
            }
        };
        let written = &self.text[start..self.taken];
        // The end of the row before belongs to the first cell that the parser gives.
        let written = if is_first {
            written.trim_start_matches(['\r', '\n'])
        } else {
            written
        };
        self.count_to(self.taken - written.len());
        let at = self.at;
        let written = written.trim_end_matches(['\r', '\n', self.separator]);
        if written.starts_with('"') && (written.len() == 1 || !written.ends_with('"')) {
            self.is_at_end = true;
            let fault =
                Fault::new("the quotation that begins here does not end before the next cell");
            return reader.refuse(
                at,
                fault.help("write a double quote inside a cell twice: `\"\"`"),
            );
        }
        let text = String::from_utf8_lossy(&content).trim().to_owned();
        Some((Some(CsvText { text, at }), ends_row))
    }

    /// Moves the place on to this byte.
    fn count_to(&mut self, byte: usize) {
        for character in self.text[self.counted..byte].chars() {
            if character == '\n' {
                self.at.line += 1;
                self.at.column = 1;
            } else {
                self.at.column += 1;
            }
        }
        self.counted = byte;
    }
}

/// The separators that a table may have; the first is that of a row of one cell.
const SEPARATORS: [char; 3] = [';', ',', '\t'];

/// Returns the separator that a line `sep=;` before the first row tells, and the byte at which that row begins.
fn told_separator(text: &str) -> Option<(char, usize)> {
    let line = text.split_inclusive('\n').next()?;
    let told = line.trim_end_matches(['\r', '\n']).strip_prefix("sep=")?;
    let separator = SEPARATORS.into_iter().find(|one| told == one.to_string())?;
    Some((separator, line.len()))
}

/// Returns the separator that the first row has more of, outside of quotes.
fn separator(text: &str) -> char {
    let mut is_quoted = false;
    let mut counts = [0_usize; SEPARATORS.len()];
    for character in text.trim_start().lines().next().unwrap_or_default().chars() {
        is_quoted ^= character == '"';
        let place = SEPARATORS.iter().position(|one| *one == character);
        if let (Some(place), false) = (place, is_quoted) {
            counts[place] += 1;
        }
    }
    let mut best = 0;
    for place in 1..counts.len() {
        if counts[place] > counts[best] {
            best = place;
        }
    }
    SEPARATORS[best]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows(text: &str) -> (Vec<String>, Vec<String>) {
        let mut reader = PartReader::default();
        reader.begin("f.csv");
        let mut out = Vec::new();
        if let Some(mut rows) = Rows::new(text, &mut reader) {
            while let Some(row) = rows.next(&mut reader) {
                out.push(format!(
                    "{}:{} {} {}",
                    row.at.line,
                    row.at.column,
                    row.id,
                    shown(&row.settings)
                ));
            }
        }
        let faults = reader.finish();
        (
            out,
            faults.iter().map(|(_, fault)| fault.to_string()).collect(),
        )
    }

    fn shown(node: &Node) -> String {
        match &node.value {
            Value::Map(entries) => {
                let entries = entries
                    .iter()
                    .map(|(key, child)| format!("{}={}", key.text, shown(child)));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(" "))
            }
            Value::List(items) => items.iter().map(shown).collect::<Vec<_>>().join("|"),
            _ => node.text().unwrap_or("?").to_owned(),
        }
    }

    #[test]
    fn a_table_of_a_french_or_an_english_spreadsheet_gives_instances() {
        let expected = [
            "2:1 a {helmValues={init={paroisseName=L'Église; \"A\"}} aliases=x.org|y.org}",
            "3:1 b {externalHost=b.org}",
        ];
        for text in [
            "id;helmValues.init.paroisseName;aliases;externalHost\r\na;\"L'Église; \"\"A\"\"\";x.org  y.org;\r\nb;;;b.org\r\n",
            "id\thelmValues.init.paroisseName\taliases\texternalHost\na\t\"L'Église; \"\"A\"\"\"\tx.org  y.org\t\nb\t\t\tb.org\n",
            "id,helmValues.init.paroisseName,aliases,externalHost\na,\"L'Église; \"\"A\"\"\", x.org y.org ,\nb,,,b.org",
        ] {
            assert_eq!(
                rows(text),
                (expected.map(str::to_owned).to_vec(), vec![]),
                "{text}"
            );
        }
    }

    #[test]
    fn a_cell_knows_its_line_and_column() {
        let text = "profile;id\n\né;a\r\n\"x\ny\";b\n;;\n z;c;more\n";
        let (found, faults) = rows(text);
        assert_eq!(
            found,
            [
                "3:3 a {profile=é}",
                "5:4 b {profile=x\ny}",
                "7:4 c {profile=z}"
            ]
        );
        assert_eq!(faults, ["f.csv:7:6: this cell has no column"]);
    }

    #[test]
    fn a_line_that_tells_excel_the_separator_tells_it_here() {
        let (found, faults) = rows("sep=,\r\nid,profile\r\na,x;y\r\n");
        assert_eq!(
            (found, faults),
            (vec!["3:1 a {profile=x;y}".to_owned()], vec![])
        );
        let (_, faults) = rows("sep=|\nid|profile\n");
        assert_eq!(faults[0], "f.csv:1:1: unknown key `sep=|`");
    }

    #[test]
    fn a_wrong_first_row_is_refused_once_for_the_column() {
        for (text, expected) in [
            ("Id;profile\n", "f.csv:1:1: unknown key `Id`"),
            ("profile\nx\n", "f.csv:1:1: the column `id` is missing"),
            ("id;aliase\na;b\nc;d\n", "f.csv:1:4: unknown key `aliase`"),
            ("id;objects\n", "f.csv:1:4: the column names a mapping"),
            (
                "id;id\n",
                "f.csv:1:4: the column `id` and the column `id` before it set the same value",
            ),
            (
                "id;helmValues.a;helmValues.a.b\n",
                "f.csv:1:17: the column `helmValues.a.b` and the column `helmValues.a` before it set the same value",
            ),
        ] {
            assert_eq!(rows(text).1.first().map(String::as_str), Some(expected));
        }
    }

    #[test]
    fn a_quote_that_does_not_end_is_refused_where_it_begins() {
        for (text, at) in [
            ("id\n\"a\n", "2:1"),
            ("id;profile\na;\"b\"c\nd;e\n", "2:3"),
            ("id\n\"", "2:1"),
        ] {
            let faults = rows(text).1;
            assert_eq!(faults.len(), 1, "{text:?}");
            assert!(
                faults[0].starts_with(&format!("f.csv:{at}: the quotation")),
                "{faults:?}"
            );
        }
    }

    #[test]
    fn a_row_without_an_id_is_refused() {
        assert_eq!(
            rows("id;profile\n;b\n").1,
            ["f.csv:2:1: the cell of `id` is empty"]
        );
    }

    proptest! {
        #[test]
        fn any_cell_comes_back(cells in prop::collection::vec("[a-z\";,\r\n\u{e9} ]{1,6}", 1..4), comma: bool) {
            let separator = if comma { "," } else { ";" };
            let quoted: Vec<String> = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
            let names: Vec<String> = (0..cells.len()).map(|n| format!("helmValues.n{n}")).collect();
            let text = format!("id{separator}{}\na{separator}{}\n", names.join(separator), quoted.join(separator));
            let mut reader = PartReader::default();
            reader.begin("f.csv");
            let row = Rows::new(&text, &mut reader).and_then(|mut rows| rows.next(&mut reader)).unwrap();
            let values = row.settings.get("helmValues");
            for (cell, name) in cells.iter().zip(&names) {
                let found = values.and_then(|values| values.get(name.trim_start_matches("helmValues.")));
                prop_assert_eq!(found.and_then(Node::text).unwrap_or_default(), cell.trim());
            }
            prop_assert!(reader.count() == 0);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "(id|;|,|\"|\n|\r\n|a| |\u{e9}|profile|\\.){0,40}") {
            rows(&text);
        }
    }
}
