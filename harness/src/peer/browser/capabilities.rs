//! What a session is asked for.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::names::Stack;

/// The capabilities of a new session. Reasons: no traffic of the browser's own, fake camera and microphone, candidates
/// that can be read (no mDNS names), and timers that run in the background as they do in front.
pub(super) fn capabilities(stack: Stack, browser: &Path, profiles: &Path) -> Map<String, Value> {
    let mut wanted = anywhere(stack);
    let own = match stack {
        Stack::Firefox => Vec::new(),
        _ => own_chromium(profiles),
    };
    wanted[options(stack)]["binary"] = json!(browser);
    add(&mut wanted, stack, own);
    wanted
}

/// The same for a browser elsewhere: which program it is, where its profile lies and whether it may have a sandbox are that machine's to
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
    // Else it may look for a proxy, for each user context anew: 5 s where nobody answers for names (measured with Chromium).
    wanted.insert("proxy".into(), json!({ "proxyType": "direct" }));
    wanted.into()
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
    let given = match stack {
        Stack::Firefox => firefox(),
        _ => chromium(),
    };
    wanted.insert(options(stack).into(), given);
    wanted
}

fn own_chromium(profiles: &Path) -> Vec<String> {
    let profile = profiles.join("profile");
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
        "--disable-features=WebRtcHideLocalIpsWithMdns,BackForwardCache",
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
    json!({
        "args": ["-headless"],
        "prefs": {
            "media.peerconnection.ice.obfuscate_host_addresses": false,
            "media.navigator.streams.fake": true,
            "media.navigator.permission.disabled": true,
            "dom.min_background_timeout_value": 4,
            "dom.min_background_timeout_value_without_budget_throttling": 4,
            "dom.timeout.enable_budget_timer_throttling": false,
            // A change of the machine's network (another's container starts) makes it ping each WebSocket, and close those on which a silence was cut.
            "network.notify.changed": false,
            "network.captive-portal-service.enabled": false,
            "network.connectivity-service.enabled": false,
            "app.normandy.enabled": false,
            "app.update.disabledForTesting": true,
            "browser.newtabpage.enabled": false,
            "browser.startup.page": 0,
            "media.gmp-manager.updateEnabled": false,
            // Each tap is a site of its own: a process started for each page load (measured, two loads at once: 480 and 200 ms).
            "fission.autostart": false,
            "browser.sessionhistory.max_total_viewers": 0,
            // Pages of taps with TLS call the harness at ws://.
            "network.websocket.allowInsecureFromHTTPS": true,
        },
    })
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
