//! The pure part of `civi-ingress`.
pub mod fault;
pub mod manifest;
pub mod name;
pub mod pki;
pub mod template;
pub mod yaml;
