//! One's own server and scenarios: the project file `glare.toml`, and `cargo test` in one's own crate.
//!
//! ```toml
//! scenarios = ["scenarios"]              # files and folders, from here; this is the default
//!
//! [server]
//! command = "npm start -- --port {port}" # for /bin/sh, in this folder; {port} is in PORT too
//! ready = "http:/health"                 # or "port" (the default), or "line:some text"
//! ready-within = 30                      # seconds
//! env = { LOG = "info", KEY = "${MY_KEY}" }
//! dialect = "dialect.yaml"               # how to talk to it; without it, as to the reference server
//! tls = true                             # wss and https: {cert}, {key} and {ca} are PEM files for the command, also in GLARE_CERT, …
//! nodes = 2                              # so many processes make it up; {node} in the command is 1, 2, …, and each has its own {port}
//! one-process = true                     # `glare validate` asks harmless cases first of one process of it, and then alone unless they hold there
//! tls-ca = "ca.pem"                      # whom to trust, if its certificate is one of its own
//! tls-name = "signal.test"               # whom that certificate names, if not 127.0.0.1 or the host of the URL
//! # or, in the place of `command`, a server that runs already, and is neither started nor ended:
//! # url = "https://signal.test/below"    # https needs tls-ca; nasty cases want `glare run --i-own-this-server`
//!
//! [[beside]]                             # what the nodes share: started before them, ended after them, and watched like them
//! name = "redis"                         # {redis} in the server's command is its port
//! command = "exec redis-server --port {port} --save ''"
//! ready = "port"                         # and `ready-within`, `env`: as above
//!
//! [logins.all]                           # what `connect: { login: [token] }` of the dialect names, for each peer; [logins.bob] is bob's own
//! token = { command = "./mint {me}" }    # the first line that it writes, anew for each connection; or a text, the same each time; or
//! # token = { http = "POST http://127.0.0.1:{auth}/token", body = '{"user":"{me}"}', take = "/access_token" }
//! [app]                                  # where the pages of peers with `app:` come from, if not from the server under test
//! command = "npm run dev -- --port {port}" # started for each case; {server} is the address of the server under test
//! env = { SIGNALING = "ws://{server}" }
//! names = ["localhost:8080"]             # by which the pages call the server under test besides: it gets what is for them
//! # or: url = "http://localhost:5173"; https needs `tls-ca = "cert.pem"`, whom to trust (the server's own certificate, if it signs itself)
//!
//! [secrets]                              # what `fill: { secret: password }` puts into a field of a page: in no log, no trace and no picture
//! password = "${MY_PASSWORD}"
//!
//! [headers]                              # sent with every request to the server
//! authorization = "Bearer ${MY_TOKEN}"   # ${NAME} is an environment variable: a secret, in no log and no trace
//! ```
//!
//! What boots a server is code. It is taken from this file and from the command line, never from a scenario.

mod app;
mod beside;
mod file;
mod logins;
mod look;
mod secrets;
mod tables;
mod verify;

pub use file::{PROJECT_FILE, Project};
pub use look::unfilled;
