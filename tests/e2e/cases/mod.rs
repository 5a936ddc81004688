//! What the stack proves, a module for each subject.

mod acme;
mod browser;
mod definitions;
mod dns;
mod first_steps;
mod fleet;
mod flux;
mod gateway_api;
mod handshake;
mod helm;
mod istio;
mod moving;
mod mutual_tls;
mod negatives;
mod new_instance;
mod openstack;
mod own_ca;
mod probe;
mod rotation;
mod topologies;
mod traefik_file;

use std::sync::Arc;

use libtest_mimic::Trial;

use crate::stack::Stack;
use crate::truth;

/// Every case: first the longest, which waits most of its time, and last those that run alone.
pub(crate) fn all(stack: &Arc<Stack>) -> Vec<Trial> {
    [
        handshake::all,
        truth::all,
        fleet::all,
        flux::all,
        gateway_api::all,
        helm::all,
        istio::all,
        new_instance::all,
        browser::all,
        first_steps::all,
        definitions::all,
        mutual_tls::all,
        negatives::all,
        probe::all,
        openstack::all,
        acme::all,
        own_ca::all,
        dns::all,
        topologies::all,
        traefik_file::all,
        rotation::all,
        gateway_api::measuring,
        traefik_file::measuring,
        moving::all,
    ]
    .iter()
    .flat_map(|subject| subject(stack))
    .collect()
}
