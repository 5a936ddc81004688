//! What is looked for.

use crate::lint::rule::rules;

rules! {
    CI901 "reference-outside-input" Info
        "a reference points outside the input"
        "If the object is missing in the cluster too, the route is dropped or the certificate is not served."
        "Add the file to the input, or leave out `--strict-references`."
    CI902 "misspelt-reference" Error as "no-ca-secret"
        "a reference is misspelt"
        "What it names is not found: the route answers 404 or 500, or the certificate is not served."
        "Use the name that is suggested."
}
