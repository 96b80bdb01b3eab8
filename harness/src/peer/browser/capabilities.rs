//! What a session is asked for.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::preferences::preferences;
use crate::names::Stack;

/// The capabilities of a new session with a Chromium here. Reasons: no traffic of the browser's own, fake camera and microphone,
/// candidates that can be read (no mDNS names), and timers that run in the background as they do in front.
pub(super) fn chromium_here(browser: &Path, folder: &Path) -> Map<String, Value> {
    let mut wanted = anywhere(Stack::Chromium);
    wanted[options(Stack::Chromium)]["binary"] = json!(browser);
    add(&mut wanted, Stack::Chromium, own_chromium(folder));
    wanted
}

/// The same with a Firefox that runs already. All else is its profile's.
pub(super) fn firefox_here() -> Value {
    json!({ "acceptInsecureCerts": true, "unhandledPromptBehavior": prompts() })
}

/// The same with one that runs elsewhere.
pub(super) fn firefox_elsewhere() -> Value {
    json!({ "acceptInsecureCerts": true, "proxy": direct(), "unhandledPromptBehavior": prompts() })
}

/// As a user who means what he does: a page that asks goes on at once.
fn prompts() -> Value {
    json!({ "default": "accept" })
}

/// The same from a driver elsewhere: which program it is, where its profile lies and whether it may have a sandbox are that machine's to
/// say.
pub(super) fn remote<'a>(stack: Stack, arguments: impl Iterator<Item = &'a str>) -> Value {
    let mut wanted = anywhere(stack);
    add(&mut wanted, stack, arguments.map(str::to_owned));
    // A grid chooses by it.
    let name = match stack {
        Stack::Firefox => "firefox",
        _ => "chrome",
    };
    wanted.insert("browserName".into(), name.into());
    wanted.insert("proxy".into(), direct());
    wanted.into()
}

/// Else it may look for a proxy, for each user context anew: 5 s where nobody answers for names (measured with Chromium).
fn direct() -> Value {
    json!({ "proxyType": "direct" })
}

/// Where each driver looks for what its browser is started with.
fn options(stack: Stack) -> &'static str {
    match stack {
        Stack::Firefox => "moz:firefoxOptions",
        _ => "goog:chromeOptions",
    }
}

fn add(wanted: &mut Map<String, Value>, stack: Stack, arguments: impl IntoIterator<Item = String>) {
    if let Some(all) = wanted[options(stack)]["args"].as_array_mut() {
        all.extend(arguments.into_iter().map(Value::from));
    }
}

fn anywhere(stack: Stack) -> Map<String, Value> {
    let mut wanted = Map::new();
    wanted.insert("webSocketUrl".into(), true.into());
    wanted.insert("acceptInsecureCerts".into(), true.into());
    wanted.insert("unhandledPromptBehavior".into(), prompts());
    let given = match stack {
        Stack::Firefox => firefox(),
        _ => chromium(),
    };
    wanted.insert(options(stack).into(), given);
    wanted
}

fn own_chromium(folder: &Path) -> Vec<String> {
    let profile = folder.join("profile");
    let mut args = vec![format!("--user-data-dir={}", profile.display())];
    // Chromium's sandbox refuses to run as root.
    if is_root() {
        args.push("--no-sandbox".into());
    }
    args
}

fn chromium() -> Value {
    let args = [
        "--headless",
        "--no-first-run",
        "--no-default-browser-check",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-default-apps",
        "--disable-extensions",
        "--disable-sync",
        "--disable-quic",
        "--disable-breakpad",
        "--disable-gpu",
        "--mute-audio",
        // Its own are 780 x 580 on a screen that is hardly larger. So pages are shown as large as in a Firefox, 1366 x 682.
        "--screen-info={1920x1080}",
        "--window-size=1366,825",
        // Autofill asks a host of its maker for each page that has a field. The last three are pages of Chromium's own, loaded behind the
        // address bar of each window, which is not to be seen here: of a run with two pages they took 1.2 of 3.0 s of processor time.
        "--disable-features=WebRtcHideLocalIpsWithMdns,BackForwardCache,AutofillServerCommunication,WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        "--disable-background-timer-throttling",
        "--disable-backgrounding-occluded-windows",
        "--disable-renderer-backgrounding",
        // Pages of taps with TLS call the harness at ws://, which is on loopback only where the browser is.
        "--allow-running-insecure-content",
    ];
    json!({ "args": args })
}

fn firefox() -> Value {
    json!({ "args": ["-headless"], "prefs": preferences() })
}

fn is_root() -> bool {
    #[cfg(unix)]
    {
        // SAFETY: always succeeds.
        unsafe { libc::geteuid() == 0 }
    }
    #[cfg(not(unix))]
    {
        false
    }
}
