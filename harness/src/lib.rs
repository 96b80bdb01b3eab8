//! glare: a headless integration test harness for WebRTC signaling.

pub mod log;
pub mod mistake;
pub mod names;
pub mod peer;
pub mod run;
pub mod scenario;
pub mod signaling;
pub mod tap;
pub mod yaml;
