//! The command line of `civi-ingress`. All it knows is in the library; this is the way in and out.

mod shell;

use std::process::ExitCode;

fn main() -> ExitCode {
    shell::run()
}
