// What the profile of a Firefox that plays peers holds, as its `user.js`. One preference a line: it is read by programs, too.

// Fake camera and microphone, without asking; candidates that can be read (no mDNS names).
user_pref("media.navigator.streams.fake", true);
user_pref("media.navigator.permission.disabled", true);
user_pref("media.peerconnection.ice.obfuscate_host_addresses", false);

// Timers run in the background as they do in front.
user_pref("dom.min_background_timeout_value", 4);
user_pref("dom.min_background_timeout_value_without_budget_throttling", 4);
user_pref("dom.timeout.enable_budget_timer_throttling", false);

// A change of the machine's network (another's container starts) makes it ping each WebSocket, and close those on which a silence was cut.
user_pref("network.notify.changed", false);

// Each tap is a site of its own: a process started for each page load (measured, two loads at once: 480 and 200 ms).
user_pref("fission.autostart", false);
user_pref("browser.sessionhistory.max_total_viewers", 0);

// Pages of taps with TLS call the harness at ws://.
user_pref("network.websocket.allowInsecureFromHTTPS", true);

// A user context's proxy gets what goes to this machine, too.
user_pref("network.proxy.allow_hijacking_localhost", true);

// No traffic of its own.
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("app.normandy.enabled", false);
user_pref("app.update.disabledForTesting", true);
user_pref("media.gmp-manager.updateEnabled", false);

// Nothing to look at.
user_pref("browser.newtabpage.enabled", false);
user_pref("browser.startup.page", 0);
