//! The pure part of `civi-ingress`: no clock, no files, no environment, no random numbers but what is passed in.
//! It makes no promise of compatibility to other programs.
//!
//! | I want to … | open … |
//! |---|---|
//! | see what an instance is, and when it is valid | [`instance`], [`values`], [`name`] |
//! | issue a certificate, or decide that one stays | [`pki::issue`], [`pki::verify`], [`pki::reuse`] |
//! | take a certificate from files, or show what one says | [`pki::bundle`], [`inspect`] |
//! | read a fleet file | [`fleet`] |
//! | follow a fleet to the files of its tree | [`gitops`] |
//! | see which certificates a fleet has, and when each ends | [`find`], [`status`] |
//! | follow a request by the objects of manifests | [`kinds`], [`cluster`], [`path`] |
//! | see which objects an instance has | [`ingress`] |
//! | make instances of Ingresses of ingress-nginx | [`ingress_nginx`] |
//! | see what cert-manager is told and asked | [`acme`] |
//! | see who makes keys and certificates in the cluster, and what is asked of them | [`makers`] |
//! | know what a release of Traefik or of its chart takes | [`release`], [`chart`] |
//! | know what a load balancer before Traefik can do | [`load_balancer`], [`path::arrival`] |
//! | see what is written for machines before the cluster | [`outside`] |
//! | know which rules of routes Traefik takes | [`rule`] |
//! | follow an object to its text | [`manifest`], [`template`], [`yaml::scalar`], [`yaml::outline`] |
//! | read YAML with the place of every value | [`yaml`], [`manifests`] |
//! | encrypt a Secret for Git, or open one | [`seal`] |
//! | know what a browser and Traefik see of a live host | [`probe`] |
//! | say what would go wrong with manifests | [`lint`] |
//! | know a name of the Civiparoisse chart | [`civiparoisse`] |
//! | explain the path of an instance | [`topology`] |
//! | know what reports for programs have in common | [`report`] |
//! | say what is wrong with an input | [`fault`] |
//! | know what may be shown of a stranger's text | [`visible`] |
//! | sort names as people do | [`natural`] |
//! | add to an instant | [`instant`] |
//! | say what a piece of a report means, for colours | [`tone`] |
//! | share work among processors | [`threads`] |

pub mod acme;
pub mod chart;
pub mod cidr;
pub mod civiparoisse;
pub mod cluster;
pub mod dns;
pub mod duration;
pub mod fault;
pub mod find;
pub mod fleet;
pub mod gitops;
pub mod guard;
pub mod guarded;
pub mod ingress;
pub mod ingress_nginx;
pub mod inspect;
pub mod instance;
pub mod instant;
pub mod kinds;
pub mod lint;
pub mod load_balancer;
pub mod makers;
pub mod manifest;
pub mod manifests;
pub mod name;
pub mod natural;
pub mod outside;
pub mod path;
pub mod pki;
pub mod probe;
mod record;
pub mod release;
pub mod report;
pub mod rule;
mod schema;
pub mod seal;
pub mod status;
pub mod template;
pub mod threads;
mod toml;
pub mod tone;
pub mod topology;
pub mod values;
pub mod visible;
pub mod yaml;
