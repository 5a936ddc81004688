//! What all parts of the page are written with.

use crate::status::report::Report;
use crate::status::row::Urgency;
use crate::status::words::Language;
use crate::visible;
use std::collections::BTreeSet;
use std::fmt;

/// The page as far as it is written, and what it is written in.
pub(super) struct Page {
    pub(super) language: Language,
    pub(super) text: String,
}

impl Page {
    pub(super) fn add(&mut self, arguments: fmt::Arguments<'_>) {
        fmt::Write::write_fmt(&mut self.text, arguments).expect("writing to a String cannot fail");
    }
}

/// A text as HTML, in an element or in a quoted attribute.
pub(super) struct PageText<'a>(pub(super) &'a str);

impl fmt::Display for PageText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in visible::line(self.0).chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => fmt::Write::write_char(f, other)?,
            }
        }
        Ok(())
    }
}

/// A name that may go on in the next line after a dot.
pub(super) struct Breakable<'a>(pub(super) &'a str);

impl fmt::Display for Breakable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.0.split('.').enumerate() {
            let dot = if index == 0 { "" } else { ".<wbr>" };
            write!(f, "{dot}{}", PageText(part))?;
        }
        Ok(())
    }
}

/// The class and the sign of an urgency: colour is never the only mark.
pub(super) fn mark(urgency: Urgency) -> (&'static str, &'static str) {
    match urgency {
        Urgency::Expired => ("x", "✕"),
        Urgency::NotYetValid => ("n", "◷"),
        Urgency::Due => ("d", "!"),
        Urgency::Soon => ("s", "◔"),
        Urgency::Fine => ("f", "✓"),
        Urgency::Replaced => ("r", "↷"),
    }
}

/// Returns the certificates that belong to no instance: shared ones, and those of others.
pub(super) fn others(report: &Report) -> Vec<usize> {
    let mut own = BTreeSet::new();
    for instance in &report.instances {
        own.extend(instance.needs(&report.rows));
        own.extend(&instance.backend.trust);
        own.extend(instance.database.iter().flat_map(|leg| &leg.trust));
    }
    (0..report.rows.len())
        .filter(|row| !own.contains(row))
        .collect()
}
