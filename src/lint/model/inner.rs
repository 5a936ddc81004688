//! Documents inside the strings of other documents.

use crate::cluster::{self, Resource};
use crate::yaml::budget::Budget;
use crate::yaml::stream::{self, Cut};
use crate::yaml::{At, Key, Node, Value};

/// A document inside a string, or one that is made of settings by path.
#[derive(Clone)]
pub(in crate::lint) struct Inner {
    /// The path of the object in a list, with a dot at the end.
    pub(super) prefix: String,
    /// The field that has it.
    pub(super) field: String,
    /// Its values, with their places in the file as far as they can be told.
    pub(super) node: Node,
}

/// Reads the documents inside the strings of an object.
pub(super) fn read(
    prefix: &str,
    object: &Node,
    typed: Option<&cluster::Object>,
    cut: Cut<'_>,
    budget: &Budget,
) -> Vec<Inner> {
    let inner = |field: String, node: Node| Inner {
        prefix: prefix.to_owned(),
        field,
        node,
    };
    let mut found = Vec::new();
    let mut add = |field: String, text: &str, at: At| {
        let node = document(text, at, cut, budget);
        found.extend(node.map(|node| inner(field, node)));
    };
    let data = match typed.map(|typed| &typed.resource) {
        Some(Resource::Secret(data) | Resource::ConfigMap(data)) => &data.entries[..],
        _ => &[],
    };
    for entry in data {
        let is_named = entry.key.ends_with(".yaml") || entry.key.ends_with(".yml");
        if let Some(text) = entry.text().filter(|_| is_named) {
            add(entry.field(), text, entry.value_at);
        }
    }
    match object.text_of("kind") {
        Some("HelmChart" | "HelmChartConfig") => {
            if let Some((text, at)) = text_at(object.get("spec"), "valuesContent") {
                add("spec.valuesContent".to_owned(), text, at);
            }
        }
        Some("Application" | "ApplicationSet") => {
            for (prefix, source) in argo_sources(object) {
                let helm = source.get("helm");
                if let Some((text, at)) = text_at(helm, "values") {
                    add(format!("{prefix}helm.values"), text, at);
                }
            }
            found.extend(argo_sources(object).filter_map(|(prefix, source)| {
                let parameters = source.get("helm")?.items_of("parameters");
                let set = parameters.iter().filter_map(|parameter| {
                    Some((parameter.text_of("name")?, parameter.get("value")?))
                });
                let node = tree(set)?;
                Some(inner(format!("{prefix}helm.parameters"), node))
            }));
        }
        _ => {}
    }
    if object.text_of("kind") == Some("HelmChart") {
        let set = object.at_path(&["spec", "set"]);
        let entries = set.map(Node::entries).unwrap_or_default();
        let set = entries
            .iter()
            .map(|(key, value)| (key.text.as_str(), value));
        found.extend(tree(set).map(|node| inner("spec.set".to_owned(), node)));
    }
    found
}

fn text_at<'a>(node: Option<&'a Node>, key: &str) -> Option<(&'a str, At)> {
    let node = node?.get(key)?;
    Some((node.text()?, node.at))
}

/// Reads the one document of a text; nothing where it is not a mapping, as what a template is yet to fill in.
fn document(text: &str, at: At, cut: Cut<'_>, budget: &Budget) -> Option<Node> {
    let whole = Cut {
        text,
        lines_before: 0,
    };
    let mut documents = stream::read(whole, budget).ok()?;
    let mut node = documents.pop().filter(|_| documents.is_empty())?;
    if node.entries().is_empty() {
        return None;
    }
    let margin = margin(at, cut);
    place(&mut node, &|inner| match margin {
        Some(margin) => At::new(at.line + inner.line - 1, inner.column + margin),
        None => at,
    });
    Some(node)
}

/// Returns the margin of a literal block whose text begins at a place; nothing of other texts, whose lines are not those of
/// the file.
fn margin(at: At, cut: Cut<'_>) -> Option<u32> {
    let line = usize::try_from(at.line)
        .ok()?
        .checked_sub(cut.lines_before + 2)?;
    let mut lines = cut.text.lines().skip(line);
    let header = lines.next()?.split_whitespace().next_back()?;
    let margin = at.column.checked_sub(1)?;
    let mut before = lines.next()?.chars().take(usize::try_from(margin).ok()?);
    let is_literal = header.starts_with('|') && before.all(|one| one == ' ');
    is_literal.then_some(margin)
}

fn place(node: &mut Node, at: &dyn Fn(At) -> At) {
    node.at = at(node.at);
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| place(item, at)),
        Value::Map(entries) => {
            for (key, value) in entries {
                key.at = at(key.at);
                place(value, at);
            }
        }
        _ => {}
    }
}

/// Makes a tree of settings by path, as `helm --set` does; a path with an index or an escape is left out.
fn tree<'n>(settings: impl Iterator<Item = (&'n str, &'n Node)>) -> Option<Node> {
    let mut root: Option<Node> = None;
    for (path, value) in settings {
        if path.contains(['[', '\\', '{']) {
            continue;
        }
        let empty = Node {
            value: Value::Map(Vec::new()),
            at: value.at,
        };
        set(root.get_or_insert(empty), path, value);
    }
    root
}

fn set(node: &mut Node, path: &str, value: &Node) {
    let at = value.at;
    let (first, rest) = match path.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path, None),
    };
    if !matches!(node.value, Value::Map(_)) {
        node.value = Value::Map(Vec::new());
    }
    let Value::Map(entries) = &mut node.value else {
        return;
    };
    let known = entries.iter().position(|(key, _)| key.text == first);
    let place = known.unwrap_or_else(|| {
        let text = first.into();
        let value = Value::Null;
        entries.push((Key { text, at }, Node { value, at }));
        entries.len() - 1
    });
    match rest {
        Some(rest) => set(&mut entries[place].1, rest, value),
        None => entries[place].1 = typed(value),
    }
}

/// Returns what a text of `helm --set` stands for.
fn typed(value: &Node) -> Node {
    let is = |text: &str| value.text() == Some(text);
    let of_text = match value.text().map(str::parse) {
        _ if is("true") => Value::Bool(true),
        _ if is("false") => Value::Bool(false),
        Some(Ok(number)) => Value::Int(number),
        _ => value.value.clone(),
    };
    Node {
        value: of_text,
        at: value.at,
    }
}

/// Returns the sources of an Application, or of an `ApplicationSet`, each with its path and a dot.
pub(super) fn argo_sources(object: &Node) -> impl Iterator<Item = (String, &Node)> {
    let (path, spec) = match object.text_of("kind") {
        Some("ApplicationSet") => (
            "spec.template.spec.",
            object.at_path(&["spec", "template", "spec"]),
        ),
        _ => ("spec.", object.get("spec")),
    };
    let one = spec.and_then(|spec| spec.get("source"));
    let one = one.map(|source| (format!("{path}source."), source));
    let several = spec
        .map(|spec| spec.items_of("sources"))
        .unwrap_or_default();
    let several = several.iter().enumerate();
    let several = several.map(move |(index, source)| (format!("{path}sources[{index}]."), source));
    one.into_iter().chain(several)
}
