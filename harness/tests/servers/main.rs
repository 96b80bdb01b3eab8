//! Servers of others, and the example servers: each in its true protocol, by its dialect alone.
//!
//! A binary of its own, so that nothing else is busy meanwhile. `ci/test` installs them first (`ci/servers --install quick`). `GLARE_SERVERS=off` leaves them out, and says so.

use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

mod accounts;
mod alone;
mod changed;
#[path = "../support/cli.rs"]
mod cli_support;
mod examples;
mod meetings;
mod moments;
mod odd;
mod one_process;
mod others;
mod over;
mod table;
mod tickets;

use cli_support::{Ran, Stand};

/// Whoever measures times that are short of what he waits for has the machine for himself.
static MACHINE: RwLock<()> = RwLock::new(());

fn alone() -> RwLockWriteGuard<'static, ()> {
    MACHINE.write().unwrap_or_else(PoisonError::into_inner)
}

fn beside_others() -> RwLockReadGuard<'static, ()> {
    MACHINE.read().unwrap_or_else(PoisonError::into_inner)
}

/// How many servers play scenarios at once, and how many scenarios each at once, those that only wait apart. Of thirty seconds that one takes, most is
/// waiting for a stack to notice that nobody is there.
const SEATS: usize = 3;
const JOBS: &str = "--jobs=2";

static FREE: (Mutex<usize>, Condvar) = (Mutex::new(SEATS), Condvar::new());

/// One of them, for who plays. The next may have it when this is dropped.
struct Seat {
    _beside_others: RwLockReadGuard<'static, ()>,
}

impl Seat {
    fn take() -> Self {
        let (free, freed) = &FREE;
        let free = free.lock().unwrap_or_else(PoisonError::into_inner);
        let free = freed.wait_while(free, |free| *free == 0);
        *free.unwrap_or_else(PoisonError::into_inner) -= 1;
        Self {
            _beside_others: beside_others(),
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let (free, freed) = &FREE;
        *free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        freed.notify_one();
    }
}

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

/// Plays the scenarios that the project names.
fn play(project: &Path) -> Ran {
    let _seat = Seat::take();
    let project = project.to_str().expect("a plain path");
    Stand::new().glare(&["run", "--project", project, JOBS])
}

/// What is done with each of these, at once: for what waits more than it computes.
fn side_by_side<T: Sync, U: Send>(all: &[T], done: impl Fn(&T) -> U + Sync) -> Vec<U> {
    let done = &done;
    std::thread::scope(|scope| {
        let under_way: Vec<_> = (all.iter())
            .map(|one| scope.spawn(move || done(one)))
            .collect();
        let ended = under_way.into_iter().map(|one| one.join());
        ended.map(|one| one.expect("it ends")).collect()
    })
}
