//! What a session is asked for.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::names::Stack;

/// The capabilities of a new session. Reasons: no traffic of the browser's own, fake camera and microphone, candidates
/// that can be read (no mDNS names), and timers that run in the background as they do in front.
pub(super) fn capabilities(stack: Stack, browser: &Path, profiles: &Path) -> Map<String, Value> {
    let mut wanted = Map::new();
    wanted.insert("webSocketUrl".into(), true.into());
    wanted.insert("acceptInsecureCerts".into(), true.into());
    match stack {
        Stack::Firefox => wanted.insert("moz:firefoxOptions".into(), firefox(browser)),
        _ => wanted.insert("goog:chromeOptions".into(), chromium(browser, profiles)),
    };
    wanted
}

fn chromium(browser: &Path, profiles: &Path) -> Value {
    let mut args: Vec<String> = [
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
    ]
    .map(String::from)
    .into();
    args.push(format!(
        "--user-data-dir={}",
        profiles.join("profile").display()
    ));
    // Chromium's sandbox refuses to run as root.
    if is_root() {
        args.push("--no-sandbox".into());
    }
    json!({ "binary": browser, "args": args })
}

fn firefox(browser: &Path) -> Value {
    json!({
        "binary": browser,
        "args": ["-headless"],
        "prefs": {
            "media.peerconnection.ice.obfuscate_host_addresses": false,
            "media.navigator.streams.fake": true,
            "media.navigator.permission.disabled": true,
            "dom.min_background_timeout_value": 4,
            "dom.min_background_timeout_value_without_budget_throttling": 4,
            "dom.timeout.enable_budget_timer_throttling": false,
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
            // Pages of taps with TLS call the harness at ws:// on loopback.
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
