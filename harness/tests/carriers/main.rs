//! Lines that are no WebSockets: peers talk over each, through taps that judge each message.
//!
//! A binary of its own, because real clients and servers of npm play in some of it. Where there is no Node they are skipped, and say so; what
//! plays against the small server here always runs.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "../support/carriers.rs"]
mod carriers_support;

mod browsers;
mod engine;
mod events;
mod node;
mod polls;
