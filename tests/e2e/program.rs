//! Runs the program under test.

use std::process::Command;

use crate::cluster::output_of;

/// Runs `civi-ingress --quiet` and gives its standard output; fails the test when it fails or warns.
#[track_caller]
pub(crate) fn civi_ingress(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_civi-ingress"));
    command.args(arguments).arg("--quiet");
    let output = output_of(&mut command, "");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && errors.is_empty(),
        "civi-ingress {} ended with {}: {errors}",
        arguments.join(" "),
        output.status
    );
    String::from_utf8(output.stdout).expect("the program prints UTF-8")
}
