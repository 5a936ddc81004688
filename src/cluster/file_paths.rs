//! The paths of the input's files, with `/`, in the one form in which they are compared.

/// Takes `.` and `..` out of a path.
#[must_use]
pub fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." if !parts.is_empty() || part == "." => {}
            ".." if parts.last().is_some_and(|last| !matches!(*last, "" | "..")) => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Returns the directory of a path; nothing above the first.
#[must_use]
pub fn directory(path: &str) -> Option<&str> {
    match path.rsplit_once('/') {
        Some((directory, _)) => Some(directory),
        None if path.is_empty() => None,
        None => Some(""),
    }
}

/// Returns whether a path is that of a directory, or lies in it.
#[must_use]
pub fn is_in(path: &str, folder: &str) -> bool {
    path == folder || is_below(path, folder)
}

/// Returns whether a path lies in a directory.
#[must_use]
pub fn is_below(path: &str, folder: &str) -> bool {
    match path.strip_prefix(folder) {
        Some(rest) => folder.is_empty() || rest.starts_with('/'),
        None => false,
    }
}

/// Returns a path that is relative to the directory of a file.
#[must_use]
pub fn beside(file: &str, path: &str) -> String {
    below(directory(file).unwrap_or_default(), path)
}

/// Returns a path that is relative to a directory.
#[must_use]
pub fn below(folder: &str, path: &str) -> String {
    if folder.is_empty() && !path.starts_with('/') {
        return normal(path);
    }
    normal(&format!("{folder}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directories_of_a_path_end_above_the_first() {
        assert_eq!(directory("a/b/c.yaml"), Some("a/b"));
        assert_eq!(directory("c.yaml"), Some(""));
        assert_eq!(directory("/c.yaml"), Some(""));
        assert_eq!(directory(""), None);
    }

    #[test]
    fn paths_are_compared_in_one_form() {
        for (path, expected) in [
            ("a/./b/../c.yaml", "a/c.yaml"),
            ("./a.yaml", "a.yaml"),
            ("../../a.yaml", "../../a.yaml"),
            ("/x//y/../a.yaml", "/x/a.yaml"),
        ] {
            assert_eq!(normal(path), expected);
        }
    }
}
