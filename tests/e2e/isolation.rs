//! The network and process namespace that the whole stack lives in.
//!
//! The test program starts itself again inside new namespaces, where its servers can have any address and
//! any port without meeting the machine's own. The kernel ends the whole tree with the inner program, and
//! the inner program with the outer one: nothing is left running, even after SIGKILL.

use std::env;
use std::net::Ipv4Addr;
use std::process::{Command, ExitCode, Stdio};

/// Set for the inner program only.
const INSIDE: &str = "CIVI_INGRESS_E2E_INSIDE";

/// Whether this is the inner program.
pub(crate) fn inside() -> bool {
    env::var_os(INSIDE).is_some()
}

/// Runs this program again in namespaces of its own and gives its exit code.
///
/// # Errors
/// The namespaces could not be made.
pub(crate) fn enter() -> Result<ExitCode, String> {
    let this = env::current_exe().map_err(|error| format!("this program's path: {error}"))?;
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "unshare"]);
    if !rustix::process::geteuid().is_root() {
        // A user namespace gives the capabilities; the same user, because httpd refuses to serve as root.
        command.args(["--user", "--map-current-user", "--keep-caps"]);
    }
    command.args(["--net", "--pid", "--fork", "--kill-child=KILL", "--"]);
    command.arg(this).args(env::args_os().skip(1));
    let status = command
        .env(INSIDE, "1")
        .stdin(Stdio::null())
        .status()
        .map_err(|error| format!("setpriv: {error}"))?;
    match status.code() {
        Some(code) => Ok(ExitCode::from(u8::try_from(code).unwrap_or(1))),
        None => Err(format!("the inner program ended by {status}")),
    }
}

/// Sets up the addresses of the namespace: the loopback ones, and [`NETWORK`] for all that the API server must
/// accept as an endpoint, which loopback addresses are not.
///
/// # Errors
/// `ip` refused.
pub(crate) fn raise_network() -> Result<(), String> {
    ip(&["link", "set", "lo", "up"])?;
    // On `lo` every address of the network is local, not only the one named.
    ip(&["addr", "add", NETWORK, "dev", "lo"])
}

/// Names an address of [`NETWORK`] too, for a server that listens on those only that an interface names.
///
/// # Errors
/// `ip` refused.
pub(crate) fn name_address(address: Ipv4Addr) -> Result<(), String> {
    ip(&["addr", "add", &format!("{address}/32"), "dev", "lo"])
}

fn ip(arguments: &[&str]) -> Result<(), String> {
    let output = Command::new("ip").args(arguments).output();
    let output = output.map_err(|error| format!("ip: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "ip {}: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr).trim()
    ))
}

/// The addresses of the servers, handed out by `Stack::address`.
const NETWORK: &str = "10.213.0.1/16";
