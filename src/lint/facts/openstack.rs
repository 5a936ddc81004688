//! The cloud controller of OpenStack.

/// How its annotations begin.
pub(in crate::lint) const OPENSTACK: &str = "loadbalancer.openstack.org/";
