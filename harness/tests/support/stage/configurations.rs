//! In which ways the reference server is asked the cases of `glare validate`: one way does not support them all.

use std::sync::Arc;
use std::time::Duration;

use glare::signaling::Dialect;
use glare_signaling_server::{Form, Policy, RoomSize};

/// A policy, what is spoken with it, and the cases that are asked for its sake: their faults are shown there. All others are shown without any.
pub struct Configuration {
    pub policy: Policy,
    pub dialect: Arc<Dialect>,
    pub cases: &'static [&'static str],
}

/// All of them, the usual one first.
pub fn configurations() -> [Configuration; 5] {
    [
        Configuration {
            policy: Policy::default(),
            dialect: Dialect::reference(),
            cases: &[],
        },
        Configuration {
            policy: Policy {
                keeps_places: Some(Duration::from_secs(1)),
                ..Policy::default()
            },
            dialect: Dialect::reference_with_tickets(),
            cases: OF_TICKETS,
        },
        Configuration {
            policy: Policy {
                wire: Form::Enveloped,
                ..Policy::default()
            },
            dialect: Dialect::reference_enveloped(),
            cases: OF_ENVELOPES,
        },
        Configuration {
            policy: Policy {
                room_size: RoomSize::new(3).expect("a size"),
                keeps_places: Some(Duration::from_secs(1)),
                meetings: true,
                ..Policy::default()
            },
            dialect: Dialect::reference_with_meetings(),
            cases: OF_MEETINGS,
        },
        Configuration {
            policy: Policy {
                names_rooms: true,
                ..Policy::default()
            },
            dialect: Dialect::reference_naming_rooms(),
            cases: &["9.16"],
        },
    ]
}

/// They ask for places that are kept, and tickets.
const OF_TICKETS: &[&str] = &[
    "2.25", "3.20", "3.21", "3.25", "3.26", "3.27", "3.28", "3.35", "4.26", "7.106", "7.107",
    "7.108", "7.109", "7.110", "7.111", "7.112",
];

/// They spoil who sends it, whom it is for, or what is in the envelope.
const OF_ENVELOPES: &[&str] = &[
    "7.98", "7.99", "7.100", "7.101", "7.102", "7.103", "7.104", "7.105", "7.113", "7.114",
    "7.115", "7.116", "7.117", "7.118", "7.119", "7.120",
];

/// They ask for who is put out, away, muted or host, and what becomes of all when the host removes the room.
const OF_MEETINGS: &[&str] = &[
    "2.30", "2.34", "2.35", "2.36", "2.37", "3.40", "3.41", "3.42", "3.43", "3.44", "3.45", "3.46",
    "3.47", "3.48", "3.49", "3.50", "3.51", "3.52", "3.53", "3.54", "3.55", "3.56", "3.57", "3.58",
    "3.60", "3.61", "3.62", "3.63", "3.64", "3.65", "3.66", "3.68", "7.125", "7.126", "7.127",
    "7.128", "7.129", "7.130", "7.131", "7.132", "7.133", "7.134", "7.135", "7.136", "7.137",
    "7.138", "7.139", "7.140", "7.141", "7.142", "7.143", "7.144", "7.145", "7.146", "7.147",
    "7.148", "7.149", "7.150", "7.151", "7.152", "7.153",
];
