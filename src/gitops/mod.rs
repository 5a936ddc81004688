//! A fleet as a tree of files that is its own state: what is found decides what stays.
//!
//! | I want to … | open … |
//! |---|---|
//! | see what has files and credentials of its own | [`mod@unit`] |
//! | know where a file lies and whose it is | [`layout`] |
//! | read Secrets back | [`found`]; those of a unit [`secrets`] |
//! | know what holds for a run | [`context`] |
//! | decide that a chain stays, is made or waits | `settle`; what files and phases change of it [`planning`] |
//! | see what can be decided, and why | [`decide`], [`plan`] |
//! | know when a chain will be renewed | [`renewal`] |
//! | know whose certificate a CA is asked for next | [`rollout`] |
//! | follow a decision to files | [`compose`], [`fleet_files`] |
//! | know what a controller must not delete | [`protection`] |
//! | see how a Secret is checked before it leaves | `read_back` |
//! | know what passes from one controller to another | [`moves`] |
//! | see how a run is reported | [`report`], [`annotation`] |
//! | hold a run to what was reviewed | [`review`] |

pub mod annotation;
pub mod compose;
pub mod context;
pub mod decide;
pub mod difference;
pub mod fleet_files;
pub mod found;
pub mod layout;
pub mod moves;
pub mod plan;
pub mod planning;
pub mod protection;
mod read_back;
pub mod renewal;
pub mod report;
pub mod review;
pub mod rollout;
pub mod secrets;
mod settle;
mod shared_files;
pub mod unit;
