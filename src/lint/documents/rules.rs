//! What is looked for.

use crate::lint::rule::rules;

rules! {
    CI001 "suppression-without-reason" Warning
        "a suppression has no reason"
        "Later, nobody knows whether it is still right."
        "Write the reason after the codes: `# civi-ingress: allow CI103 the chart uses this name`."
    CI002 "unused-suppression" Warning
        "a suppression suppresses nothing"
        "It would hide the next fault in this place."
        "Remove the comment, or move it to the line of the finding or the line before."
    CI003 "suppression-of-unknown-rule" Warning
        "a suppression names a rule that does not exist"
        "Nothing is suppressed."
        "See `docs/lint.md` for the codes."
    CI005 "duplicate-object" Warning
        "an object appears twice in the input"
        "The one applied last wins, whichever that is."
        "Keep one of the two."
    CI006 "secret-not-base64" Error
        "a value of a Secret's `data` is not base64"
        "The API server refuses the Secret: `illegal base64 data`."
        "Encode it, or move it to `stringData`."
    CI007 "object-without-name" Error
        "an object has no name"
        "The API server refuses it: `resource name may not be empty`."
        "Give it a `metadata.name`."
    CI008 "string-not-quoted" Error
        "a value that must be a string is not one"
        "The API server refuses the object: `cannot unmarshal bool into Go struct field … of type string`."
        "Put it in quotes."
    CI009 "broken-yaml" Error
        "a document is not YAML"
        "kubectl refuses it, and the cluster keeps what it has."
        "Fix the syntax; whatever else is wrong in the document shows up then."
    CI010 "manifest-without-kind" Error
        "a manifest does not say what it is"
        "kubectl refuses it: `apiVersion not set` or `Object 'Kind' is missing`."
        "Write both `apiVersion` and `kind`."
}
