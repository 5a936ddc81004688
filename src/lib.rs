//! The pure part of `civi-ingress`.
pub mod chart;
pub mod cidr;
pub mod duration;
pub mod fault;
pub mod ingress;
pub mod inspect;
pub mod instance;
pub mod manifest;
pub mod manifests;
pub mod name;
pub mod pki;
pub mod release;
pub mod template;
pub mod values;
pub mod yaml;
