//! What is looked for.

use crate::lint::rule::rules;

rules! {
    CI311 "misspelt-field" Error
        "a field is misspelt"
        "kubectl refuses the object: `strict decoding error: unknown field`; tools that do not check drop the field."
        "Use the name that is suggested."
    CI314 "unknown-field" Error
        "a field is unknown to Traefik"
        "kubectl refuses the object: `strict decoding error: unknown field`; tools that do not check drop the field."
        "Remove it, or move it to where it belongs."
    CI315 "wrong-type" Error
        "a value does not have the type that its definition requires"
        "The API server refuses the object: `Invalid value: … must be of type …`."
        "Write a value of the type; a string that looks like something else goes in quotes."
    CI316 "value-not-listed" Error
        "a value is not one of those that its definition lists"
        "The API server refuses the object: `Unsupported value: … supported values: …`."
        "Write one of the values that the message names."
    CI317 "missing-field" Error
        "a field that its definition requires is missing"
        "The API server refuses the object: `Required value`."
        "Add the field."
    CI318 "unknown-kind" Error
        "an API group does not have the kind, or not in this version"
        "kubectl refuses the manifest: `no matches for kind … in version …`."
        "Write the kind as the group has it."
    CI319 "out-of-bounds" Error
        "a value is outside the bounds of its definition"
        "The API server refuses the object: `Invalid value: …`."
        "Write a value within the bounds that the message names."
    CI320 "secret-of-type-without-key" Error
        "a Secret lacks a key that its type requires"
        "The API server refuses the Secret: `data[…]: Required value`."
        "Add the key, or leave out `type`: a Secret whose type is not set may hold anything."
    CI321 "refused-metadata" Error
        "a name, a namespace or a label is not valid"
        "The API server refuses the object: `metadata…: Invalid value`."
        "Names are small letters, digits, hyphens and dots; labels begin and end with a letter or digit, and have 63 characters at most."
    CI330 "dead-api-version" Error
        "Kubernetes no longer serves the version of an object"
        "kubectl refuses the manifest: `no matches for kind … in version …`."
        "Write the version that is served, with the fields that it has."
    CI331 "retired-controller" Warning
        "an ingress controller is retired"
        "It works, and gets no fix any more: what is found in it stays open to everyone."
        "Move to a controller that is maintained; Traefik reads the annotations of ingress-nginx with `providers.kubernetesIngressNGINX`."
}
