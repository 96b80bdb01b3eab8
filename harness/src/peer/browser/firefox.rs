//! Firefox, which speaks WebDriver BiDi by itself.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use url::{Host, Url};

use super::EnvironmentError;
use super::bidi::{Bidi, BidiError};
use super::deadlines::SESSION_DEADLINE;
use super::preferences::PREFERENCES;
use super::process::{Process, command};
use super::remote::Socket;
use crate::run::Run;

/// How long it may take to listen (measured: 0.5 to 1 s; much longer on a machine that is busy).
const START_DEADLINE: Duration = Duration::from_secs(60);
/// How long its session may take to end.
const END_DEADLINE: Duration = Duration::from_secs(20);

/// Starts a Firefox with a profile of its own in this folder. With it comes where its WebDriver BiDi is spoken; there is no session yet.
pub(super) async fn start(
    browser: &Path,
    folder: &Path,
    run: &Run,
) -> Result<(Process, Socket), EnvironmentError> {
    started_within(START_DEADLINE, browser, folder, run).await
}

async fn started_within(
    within: Duration,
    browser: &Path,
    folder: &Path,
    run: &Run,
) -> Result<(Process, Socket), EnvironmentError> {
    let profile = folder.join("profile");
    // Else it makes `Downloads` in the home folder, some seconds after its start.
    let downloads = folder.join("downloads");
    let preferences = format!(
        "{PREFERENCES}\nuser_pref(\"browser.download.folderList\", 2);\nuser_pref(\"browser.download.dir\", {});\n",
        json!(downloads)
    );
    let made = async {
        tokio::fs::create_dir(&profile).await?;
        tokio::fs::write(profile.join("user.js"), preferences).await
    };
    made.await.map_err(|error| EnvironmentError::Start {
        program: browser.display().to_string(),
        why: format!("no profile: {error}"),
        output: Vec::new(),
    })?;
    let mut command = command(browser, folder);
    command
        // Port 0: one of its own choice.
        .args(["-headless", "-no-remote", "--remote-debugging-port", "0"])
        .arg("--profile")
        .arg(&profile)
        // Nobody is there to be asked about a crash.
        .env("MOZ_CRASHREPORTER_NO_REPORT", "1");
    Process::start(command, run, within, socket_in).await
}

/// Asks for a session, on a connection that has none yet. `wanted` are its capabilities.
pub(super) async fn open_session(bidi: &Bidi, wanted: Value) -> Result<(), String> {
    let wanted = json!({ "capabilities": { "alwaysMatch": wanted } });
    let made = bidi.send("session.new", wanted, SESSION_DEADLINE).await;
    let error = match made {
        Ok(_) => return Ok(()),
        Err(error) => error,
    };
    if matches!(error, BidiError::Late { .. }) {
        // It may come yet, and would outlive this connection.
        close_session(bidi).await;
    }
    Err(match &error {
        BidiError::Refused { message, .. } if message.contains("active sessions") => {
            format!("{error}; {ONE_AT_A_TIME}")
        }
        _ => error.to_string(),
    })
}

const ONE_AT_A_TIME: &str = "a Firefox has one session at a time: another harness is at work there, or one was killed and left \
    its session, and then this Firefox must be started anew";

/// With what to do, where one elsewhere cannot be spoken to.
pub(super) fn advised(why: String) -> String {
    // Its own server and its handshake both refuse so.
    match why.contains("400 Bad Request") {
        true => format!(
            "{why}; a Firefox answers only to calls for its own port: a tunnel before it must have the same"
        ),
        false => why,
    }
}

/// Ends the session, and leaves the browser as it is.
pub(super) async fn close_session(bidi: &Bidi) {
    let ended = bidi.send("session.end", json!({}), END_DEADLINE).await;
    // It closes the connection as well, which may come first.
    if let Err(error @ (BidiError::Refused { .. } | BidiError::Late { .. })) = ended {
        tracing::warn!(%error, "a session with Firefox may be left");
    }
}

/// Where the line `WebDriver BiDi listening on ws://127.0.0.1:36161` says that it is: on this machine, or it is no such line.
fn socket_in(line: &str) -> Option<Socket> {
    let (_, url) = line.split_once("WebDriver BiDi listening on ")?;
    let url = Url::parse(url).ok()?;
    let is_here = match url.host()? {
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
        Host::Domain(name) => name == "localhost",
    };
    if !is_here || url.scheme() != "ws" {
        return None;
    }
    Socket::here(url.join("/session").ok()?.as_str()).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::super::preferences::{preference, preferences};
    use super::*;

    #[test]
    fn every_preference_is_read_and_none_is_there_twice() {
        let written = PREFERENCES.lines().filter(|line| !line.is_empty());
        let written = written.filter(|line| !line.starts_with("//"));
        assert_eq!(preferences().len(), written.count());
        assert_eq!(preferences()["fission.autostart"], false);
        assert_eq!(preferences()["dom.min_background_timeout_value"], 4);
    }

    #[test]
    fn its_address_is_read_from_what_it_prints_if_that_is_on_this_machine() {
        let told = |url: &str| socket_in(&format!("WebDriver BiDi listening on {url}"));
        let socket = told("ws://127.0.0.1:36161").expect("an address");
        assert_eq!(socket.url, "ws://127.0.0.1:36161/session");
        assert_eq!(socket.dial, "127.0.0.1:36161");
        assert_eq!(told("ws://[::1]:9").expect("an address").dial, "[::1]:9");
        for none in ["ws://10.0.0.1:80", "http://127.0.0.1:80", "127.0.0.1", ""] {
            assert_eq!(told(none), None, "{none}");
        }
        assert_eq!(socket_in("*** You are running in headless mode."), None);
    }

    /// A program that is taken for a Firefox.
    fn program(folder: &Path, script: &str) -> std::path::PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.join("firefox");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a file");
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&path, executable).expect("a program");
        path
    }

    async fn started(script: &str, within: Duration) -> (Result<Socket, String>, Run) {
        let run = Run::start().expect("a run");
        let folder = run.folder().join("firefox-1");
        std::fs::create_dir(&folder).expect("a folder");
        let program = program(run.folder(), script);
        let started = started_within(within, &program, &folder, &run).await;
        let socket = match started {
            Ok((process, socket)) => {
                process.end().await;
                Ok(socket)
            }
            Err(error) => Err(error.to_string()),
        };
        (socket, run)
    }

    #[tokio::test]
    async fn one_that_never_listens_is_killed_when_its_time_is_up() {
        let script = "echo 'starting up' >&2; echo $$ > ../pid; sleep 1000 & sleep 1000";
        let (failed, run) = started(script, Duration::from_secs(3)).await;
        let why = failed.expect_err("it does not listen");
        assert!(why.contains("did not tell where it listens in 3s"), "{why}");
        assert!(why.contains("starting up"), "{why}");
        let pid = std::fs::read_to_string(run.folder().join("pid")).expect("it began");
        assert!(!Path::new("/proc").join(pid.trim()).exists(), "{pid}");
        run.end().expect("nothing is left");
    }

    #[tokio::test]
    async fn one_that_dies_is_not_waited_for_though_its_child_holds_the_output() {
        // The child is in a session of its own, as crash helpers are.
        let script = "setsid sleep 1000 & echo 'out of memory' >&2; exit 11";
        let asked = std::time::Instant::now();
        let (failed, run) = started(script, Duration::from_secs(600)).await;
        let why = failed.expect_err("it is dead");
        assert!(asked.elapsed() < Duration::from_secs(60), "{why}");
        assert!(why.contains("(exit status: 11)"), "{why}");
        assert!(why.contains("out of memory"), "{why}");
        run.end().expect("nothing is left");
    }

    #[tokio::test]
    async fn its_profile_holds_the_preferences_and_keeps_its_downloads_with_the_run() {
        let script = "cp profile/user.js ..; echo 'WebDriver BiDi listening on ws://127.0.0.1:9' >&2; sleep 1000";
        let (socket, run) = started(script, Duration::from_secs(60)).await;
        assert_eq!(socket.expect("it listens").dial, "127.0.0.1:9");
        let written = std::fs::read_to_string(run.folder().join("user.js")).expect("a profile");
        let written: Map<_, _> = written.lines().filter_map(preference).collect();
        for (name, value) in preferences() {
            assert_eq!(written[&name], value, "{name}");
        }
        let downloads = run.folder().join("firefox-1/downloads");
        assert_eq!(written["browser.download.dir"], json!(downloads));
        run.end().expect("nothing is left");
    }
}
