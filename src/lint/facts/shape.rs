//! Values without their places.

use crate::yaml::Value;

/// Writes a value without its places.
pub(in crate::lint) fn shape(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::List(items) => items.iter().for_each(|item| write(&item.value, out)),
        Value::Map(entries) => {
            for (key, node) in entries {
                out.push_str(&key.text);
                out.push(':');
                write(&node.value, out);
            }
        }
        Value::Text(text) | Value::Ambiguous(text) => out.push_str(text),
        Value::Int(number) => out.push_str(&number.to_string()),
        Value::Bool(true) => out.push('+'),
        Value::Bool(false) | Value::Float(_) | Value::Null => {}
    }
    out.push(',');
}
