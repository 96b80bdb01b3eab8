//! glare: a headless integration test harness for WebRTC signaling.
//!
//! It boots a signaling server, puts real browsers and native peers on one stage, replays a scenario step by step, and compares the
//! log of what happened with a snapshot.
//!
//! # A map
//!
//! ```text
//! scenario.yaml ─read→ Scenario ─× cast→ Case ─play→ stage
//!    peers ⇄ tap ⇄ server             every actor records Events
//! Event… ─append→ trace.jsonl ─normalise→ Log ─compare→ snapshot
//!                              └─expectations, laws→ Verdict ─→ report
//! ```
//!
//! | module | what it is for |
//! |---|---|
//! | [`names`], [`terms`], [`source`] | the ground: peers, rooms, links, stacks; directions, fates, states; places in a file |
//! | [`scenario`] | what should happen: the model, the reader that finds all mistakes of a file, the builder, casts, the schema |
//! | [`signaling`] | what can be said: words, and the dialects (data, not code) that map them to a server's wire |
//! | [`record`] | what happened, as it is told: events, the clocked recorder, the typed verdict, the record on disk and its run folders |
//! | [`log`] | what a person reads of it: the canonical log |
//! | [`facts`] | what certainly happened: stays, replies, deliveries, news; under log, waits and laws |
//! | [`laws`] | what must hold in every run: a judge of traces, and what it waits for |
//! | [`server`] | the server under test: embedded, a child process, or one that runs already; readiness, kill, restart |
//! | [`tls`] | a certificate authority for each run, and streams that are plain or not |
//! | [`tap`] | on the wire between every peer and the server: forwards bytes, asks a policy for each message |
//! | [`hand`] | the vocabulary between minds and hands: commands, what comes of them, deeds, what a client can get wrong |
//! | [`mind`] | what a peer decides: a machine without I/O for each pair of peers |
//! | [`peer`] | who acts: native, browser and wire peers, each a [`hand::Hand`]; users' own pages, driven and watched |
//! | [`run`] | the run's folder, mark and watchdog: nothing is left behind; ports that are nobody else's |
//! | [`stage`] | plays one case: the drivers of the peers, the faults on the wires, the steps and their waits; then asks the laws |
//! | [`suite`] | many cases at once: selection, repeats, snapshots; planted faults against the scenarios that catch them |
//! | [`project`] | one's own server: `glare.toml`, and scenarios as tests of another crate |
//! | [`report`] | what a person reads of it, made of the record alone: the terminal, and a page of a case |
//! | [`cli`] | the command line, one file a command |
//! | `coding`, `lock` | what bodies say beneath their `Content-Encoding`; one way to take a lock |
//! | `carrier` | messages where no WebSocket carries them: where each ends, how they are written |
//! | [`mistake`], [`yaml`], `input` | files that a person names: only regular ones are read, and mistakes are told as a compiler would |
//!
//! A folder knows only those below it, and no two files of one folder know each other in a circle: `tests/it/floors.rs` has the floors and
//! reads every import.
//!
//! `names`, `scenario`, `signaling`, `hand`, `mind`, `log` and `laws` are pure: no sockets, no clock. `server`, `tls`, `tap`, `peer` and `run` do the I/O, `stage` joins
//! them, `report` only reads.
//!
//! # Decisions that carry weight
//!
//! - Every signaling socket goes through a tap of its own, so who speaks is known without reading a byte, and any program can be the
//!   server under test. The tap forwards the bytes as they came, whatever carries the messages; it only leaves out `Sec-WebSocket-Extensions`, puts in the headers that a
//!   project asks for (in the place of the peer's of that name), names a server at a URL in its own place, and speaks TLS where it is told to.
//! - The mind is in one place. Dialect and step logic run here for every kind of peer; a hand (native or a page) does as it is told, with
//!   its own real WebSocket and `RTCPeerConnection`, and tells what happens.
//! - The log is a partial order, not an interleaving: see [`log`].
//! - Every wait is for a condition and has a deadline.
//! - Secrets are taken out once, where an event is recorded; text that a server or page chose is escaped wherever it is shown.

mod carrier;
pub mod cli;
mod coding;
pub mod facts;
#[doc = include_str!("../GUIDE.md")]
pub mod guide {}
pub mod hand;
mod input;
pub mod laws;
mod lock;
pub mod log;
pub mod mind;
pub mod mistake;
pub mod names;
pub mod peer;
pub mod project;
pub mod record;
pub mod report;
pub mod run;
pub mod scenario;
pub mod server;
pub mod signaling;
pub mod source;
pub mod stage;
pub mod suite;
pub mod tap;
pub mod terms;
pub mod tls;
pub mod validate;
pub mod yaml;
