//! The tests of `civi-ingress`, in one program. A file a topic; what several need is in `support`.
#![expect(
    clippy::disallowed_methods,
    reason = "tests touch files and the environment"
)]
#![expect(clippy::format_collect, reason = "a test's text is short")]

mod acme;
mod bundle;
mod canary;
mod certificates;
mod cluster;
mod command_line;
mod completions;
mod controllers;
mod corpus;
mod dns;
mod documents;
mod files;
mod fleet;
mod forms;
mod git;
mod gitops;
mod gitops_ci;
mod gitops_edit;
mod gitops_guard;
mod gitops_place;
mod gitops_plan;
mod given_ca;
mod given_front;
mod help;
mod hostile_input;
mod ingress_nginx;
mod limits;
mod lint;
mod makers;
mod manual;
mod paths;
mod pkcs12;
mod probe;
mod public_fields;
mod render;
mod reuse;
mod status;
mod style;
mod support;
mod terminal;
mod topology;
mod wildcard;
