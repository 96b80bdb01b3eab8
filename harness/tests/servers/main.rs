//! Servers of others, and the example servers: each in its true protocol, by its dialect alone.
//!
//! A binary of its own, so that nothing else is busy meanwhile. `ci/test` installs them first (`ci/servers --install quick`). `GLARE_SERVERS=off` leaves them out, and says so.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

#[path = "../support/cli.rs"]
mod cli_support;
mod examples;
mod meetings;
mod odd;
mod others;
mod tickets;

use cli_support::{Ran, Stand};

/// One server at a time: each run boots a process for each of its cases, and fills the machine by itself.
static ONE: Mutex<()> = Mutex::new(());

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures/servers")
        .canonicalize()
        .expect("the servers")
}

/// Servers that are Debian packages, each by its program.
const PACKAGED: [&str; 3] = ["mosquitto", "prosody", "kamailio"];

/// Whether there is such a program. Debian has servers in a folder that is on root's path alone.
fn is_program(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
    folders
        .map(|folder| folder.join(name))
        .any(|program| program.is_file())
}

/// Whether they are to be played at all. One that is, and is not installed, is a failure that says what to do.
fn wanted(name: &str) -> bool {
    if std::env::var("GLARE_SERVERS").is_ok_and(|value| value == "off") {
        eprintln!("GLARE_SERVERS=off: {name} is left out");
        return false;
    }
    if PACKAGED.contains(&name) {
        assert!(
            is_program(name),
            "no program {name}: `ci/servers --install {name}` installs Debian's package, and GLARE_SERVERS=off leaves it out"
        );
        return true;
    }
    let installed = folder().join(name).join("node_modules");
    assert!(
        installed.exists(),
        "{} is not there: `ci/servers --install {name}` puts it there, and GLARE_SERVERS=off leaves it out",
        installed.display()
    );
    true
}

fn play(project: &Path) -> Ran {
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let project = project.to_str().expect("a plain path");
    Stand::new().glare(&["run", "--project", project])
}

/// The command of an example's server that a test has changed, as `server.js` in its own folder.
fn changed_server() -> String {
    let modules = folder().join("examples/node_modules");
    format!(
        "NODE_PATH='{}' exec node server.js {{port}}",
        modules.display()
    )
}

/// Of these cases the server in `server.js` breaks these, and holds all others.
fn breaks_alone(stand: &Stand, cases: &[&str], broken: &[&str]) {
    let server = changed_server();
    let mut flags = vec!["validate", "--server", &server, "--dialect", "d.yaml"];
    for number in cases {
        flags.extend(["--case", number]);
    }
    let ran = stand.glare(&flags);
    let accused: Vec<&str> = (ran.out.lines())
        .filter_map(|line| line.strip_prefix("  broken ")?.split_whitespace().next())
        .collect();
    assert_eq!(accused, broken, "{}", ran.out);
    let others = cases.len() - broken.len();
    let holds = format!("{others} holds");
    assert!(others == 0 || ran.out.contains(&holds), "{}", ran.out);
}
