//! The crate's statistics as an `RTCStatsReport`: id → object.

use serde::Serialize;
use serde_json::{Map, Value};
use webrtc::peer_connection::{RTCStatsReport, RTCStatsReportEntry as Entry};

/// Every entry under its id. An entry that cannot be written is `null`.
pub(super) fn json(report: &RTCStatsReport) -> Value {
    let entries = report
        .iter()
        .map(|entry| (entry.id().to_owned(), object(entry)));
    Value::Object(entries.collect::<Map<_, _>>())
}

fn object(entry: &Entry) -> Value {
    match entry {
        Entry::PeerConnection(stats) => value(stats),
        Entry::Transport(stats) => value(stats),
        Entry::IceCandidatePair(stats) => value(stats),
        Entry::LocalCandidate(stats) | Entry::RemoteCandidate(stats) => value(stats),
        Entry::Certificate(stats) => value(stats),
        Entry::Codec(stats) => value(stats),
        Entry::DataChannel(stats) => value(stats),
        Entry::InboundRtp(stats) => value(stats),
        Entry::OutboundRtp(stats) => value(stats),
        Entry::RemoteInboundRtp(stats) => value(stats),
        Entry::RemoteOutboundRtp(stats) => value(stats),
        Entry::AudioSource(stats) => value(stats),
        Entry::VideoSource(stats) => value(stats),
        Entry::AudioPlayout(stats) => value(stats),
        _ => Value::Null,
    }
}

fn value(stats: &impl Serialize) -> Value {
    serde_json::to_value(stats).unwrap_or_default()
}
