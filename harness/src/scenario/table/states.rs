//! The states of connections.

/// The machines of a connection and their states (W3C WebRTC, sections 4.3.1 to 4.3.3 and 5.6).
pub(crate) const STATES: &[(&str, &[&str])] = &[
    (
        "signaling",
        &[
            "stable",
            "have-local-offer",
            "have-remote-offer",
            "have-local-pranswer",
            "have-remote-pranswer",
            "closed",
        ],
    ),
    ("ice-gathering", &["new", "gathering", "complete"]),
    (
        "ice",
        &[
            "new",
            "checking",
            "connected",
            "completed",
            "disconnected",
            "failed",
            "closed",
        ],
    ),
    (
        "connection",
        &[
            "new",
            "connecting",
            "connected",
            "disconnected",
            "failed",
            "closed",
        ],
    ),
];
