//! glare: a headless integration test harness for WebRTC signaling.

pub mod cli;
pub mod laws;
pub mod log;
pub mod mistake;
pub mod names;
pub mod peer;
pub mod report;
pub mod run;
pub mod scenario;
pub mod server;
pub mod signaling;
pub mod stage;
pub mod suite;
pub mod tap;
pub mod yaml;
