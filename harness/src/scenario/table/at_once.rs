//! Verbs of steps that can begin together with others: what a peer does or sends.

use super::keys::{ANSWER, CHANNEL, FAILS, OTHER_END, PEER, REFUSED, ROOM, SIGNALS};
use super::limits::{MAX_LABEL, MAX_SIZE, MAX_TEXT};
use super::spec::{Demands, Shape, Verb, may, must, verb};
use crate::scenario::build;
use crate::scenario::model::Second;

/// In the order of the documentation.
pub(crate) const AT_ONCE: &[Verb] = &[
    verb(
        "connect",
        "Opens the signaling connection, if none stands; in the place of one that is half-open (`cut: { how: silence }`) a new one.",
        &[
            PEER,
            may(
                "refused",
                Shape::Reason,
                "The server must refuse it: one more connection, with an id that is in use, or after `pretend`. `true`, or text that its reason contains.",
            ),
            may(
                "second",
                Shape::Word(Second::WORDS),
                "One more connection beside the one that stands, which the server must let in; the peer speaks on it from then on. \
                 `takes-over`: the first one's place is given up, with news; `resumes`: it goes over, and nobody is told.",
            ),
            ANSWER,
        ],
        Demands::Nothing,
        build::connect,
    ),
    verb(
        "create",
        "Makes a room and is in it.",
        &[PEER, ROOM, REFUSED, ANSWER],
        Demands::Nothing,
        build::create,
    ),
    verb(
        "join",
        "Enters a room; unless its `offers:` says otherwise, the one who joins then offers to each peer inside.",
        &[
            PEER,
            ROOM,
            may(
                "offer",
                Shape::Flag,
                "Whether it then offers, whatever its `offers:` says; `false` leaves that to another step.",
            ),
            REFUSED,
            ANSWER,
        ],
        Demands::Nothing,
        build::join,
    ),
    verb(
        "leave",
        "Leaves one's room.",
        &[PEER, REFUSED, ANSWER],
        Demands::Nothing,
        build::leave,
    ),
    verb(
        "destroy",
        "Removes a room.",
        &[PEER, ROOM, REFUSED, ANSWER],
        Demands::Nothing,
        build::destroy,
    ),
    verb(
        "kick",
        "Puts somebody out of one's room.",
        &[
            PEER,
            must("whom", Shape::Peer, "Who is put out."),
            REFUSED,
            ANSWER,
        ],
        Demands::Nothing,
        build::kick,
    ),
    verb(
        "set-state",
        "Shows something else of oneself to those in one's room: that one is muted, or busy.",
        &[
            PEER,
            must(
                "state",
                Shape::Text(MAX_LABEL),
                "What is shown; one of the dialect's `states`, as a text.",
            ),
            REFUSED,
            ANSWER,
        ],
        Demands::Nothing,
        build::set_state,
    ),
    verb(
        "disconnect",
        "Closes the signaling connection with a close frame.",
        &[
            PEER,
            may(
                "older",
                Shape::True,
                "Not the one that the peer speaks on, but those before it (`connect: { second: … }`) that still stand; \
                 done when all of them have ended, whoever ended them.",
            ),
        ],
        Demands::Nothing,
        build::disconnect,
    ),
    verb(
        "negotiate",
        "Offers, answers and trickles, as a well-behaved client does.",
        &[
            must("from", Shape::Peer, "Who offers."),
            may(
                "to",
                Shape::Peer,
                "Whom it is for, where there is a choice.",
            ),
        ],
        Demands::Nothing,
        build::negotiate,
    ),
    verb(
        "create-offer",
        "By hand: makes an offer.",
        &[PEER, OTHER_END],
        Demands::Nothing,
        build::create_offer,
    ),
    verb(
        "create-answer",
        "By hand: makes an answer.",
        &[PEER, OTHER_END],
        Demands::Nothing,
        build::create_answer,
    ),
    verb(
        "set-local",
        "By hand: sets what was last created, or rolls back.",
        &[
            PEER,
            OTHER_END,
            must(
                "kind",
                Shape::Word(&["offer", "pranswer", "answer", "rollback"]),
                "The description's type.",
            ),
            FAILS,
        ],
        Demands::Nothing,
        build::set_local,
    ),
    verb(
        "set-remote",
        "By hand: sets what was last heard of this type.",
        &[
            PEER,
            OTHER_END,
            must(
                "kind",
                Shape::Word(&["offer", "pranswer", "answer", "rollback"]),
                "The description's type.",
            ),
            FAILS,
        ],
        Demands::Nothing,
        build::set_remote,
    ),
    verb(
        "add-candidate",
        "By hand: adds the oldest candidate heard and not yet added.",
        &[PEER, OTHER_END, FAILS],
        Demands::Nothing,
        build::add_candidate,
    ),
    verb(
        "send",
        "By hand: sends what was last created, the candidates gathered since, or a goodbye. A wire peer makes it up.",
        &[
            must("from", Shape::Peer, "Who sends it."),
            may(
                "to",
                Shape::Peer,
                "Whom it is for, where there is a choice.",
            ),
            must("message", Shape::Word(SIGNALS), "What is sent."),
            may(
                "gathered",
                Shape::Flag,
                "Sends the description with the candidates that were gathered by now (no trickle); default false.",
            ),
            may(
                "size",
                Shape::Number(0, MAX_SIZE),
                "Of a wire peer alone: the description, or the candidate, that it makes up has so many bytes at least.",
            ),
        ],
        Demands::Nothing,
        build::send,
    ),
    verb(
        "restart-ice",
        "`restartIce()`, then a new offer.",
        &[PEER, OTHER_END],
        Demands::Nothing,
        build::restart_ice,
    ),
    verb(
        "open-channel",
        "Makes a data channel on the connection.",
        &[
            PEER,
            OTHER_END,
            must("label", Shape::Text(MAX_LABEL), "The channel's label."),
            may("ordered", Shape::Flag, "Default true."),
            may(
                "max-retransmits",
                Shape::Number(0, 65535),
                "How often a lost message is sent again; without it until it arrives.",
            ),
            may(
                "negotiated",
                Shape::Number(0, 65534),
                "The id that both sides agreed on beforehand.",
            ),
        ],
        Demands::Nothing,
        build::open_channel,
    ),
    Verb {
        name: "say",
        about: "Sends through a channel and waits until the other side has it.",
        keys: &[
            must("from", Shape::Peer, "Who says it."),
            may(
                "to",
                Shape::Peer,
                "Who is to hear it. Without it, where there is a choice: each whom the steps have awaited `connected` with the speaker.",
            ),
            CHANNEL,
            may("text", Shape::Text(MAX_TEXT), "A string."),
            may("bytes", Shape::Base64(MAX_TEXT), "Bytes, in base64."),
            may(
                "size",
                Shape::Number(0, MAX_SIZE),
                "So many made-up bytes, always the same.",
            ),
            may("heard", Shape::Flag, "`false` does not wait; default true."),
        ],
        one_of: &["text", "bytes", "size"],
        demands: Demands::Nothing,
        build: build::say,
    },
    verb(
        "close-channel",
        "`close()` on a channel.",
        &[PEER, OTHER_END, CHANNEL],
        Demands::Nothing,
        build::close_channel,
    ),
    verb(
        "close",
        "`close()` on the connection, without telling anybody.",
        &[PEER, OTHER_END],
        Demands::Nothing,
        build::close,
    ),
    verb(
        "kill",
        "Ends a peer from outside.",
        &[
            PEER,
            must(
                "how",
                Shape::Word(&["socket", "tab", "browser"]),
                "Its socket is reset, its page closed (of a page of yours with several tabs the one in front), or its browser killed.",
            ),
        ],
        Demands::Nothing,
        build::kill,
    ),
    verb(
        "cut",
        "Ends the peer's socket on the wire, or makes it half-open.",
        &[
            PEER,
            must(
                "how",
                Shape::Word(&["close", "reset", "silence"]),
                "A close frame, or a TCP reset, to both ends; or silence: what is sent is swallowed, pings too, and nothing closes.",
            ),
            may(
                "direction",
                Shape::Word(&["up", "down", "both"]),
                "With `silence`: what the peer sends, what the server sends, or both, which is the default.",
            ),
        ],
        Demands::Consent,
        build::cut,
    ),
    Verb {
        name: "send-raw",
        about: "Sends what no client should.",
        keys: &[
            PEER,
            may(
                "text",
                Shape::Text(MAX_TEXT),
                "This text through the peer's WebSocket, as it is.",
            ),
            may(
                "frame",
                Shape::Word(&[
                    "unmasked",
                    "reserved-bit",
                    "not-utf8",
                    "odd-close",
                    "false-length",
                    "binary",
                ]),
                "A frame that breaks RFC 6455, or a `binary` one, written by the tap in the peer's place; after `false-length` what follows is taken for its payload.",
            ),
            may(
                "path",
                Shape::Path,
                "A request for a WebSocket on this path, over a connection of its own that ends with the answer.",
            ),
            may(
                "status",
                Shape::Number(100, 599),
                "With `path`: the status that the answer must have.",
            ),
            may(
                "answered",
                Shape::Flag,
                "With `path`: `false` where no answer need come; it is waited for a second. Default true.",
            ),
        ],
        one_of: &["text", "frame", "path"],
        demands: Demands::Consent,
        build: build::send_raw,
    },
    verb(
        "forge",
        "Sends a message in the name of somebody else: the sender is written where those who hear such a message look for it, and where no client of this server writes it.",
        &[
            must("from", Shape::Peer, "Who sends it."),
            must("to", Shape::Peer, "Whom it is for."),
            must(
                "message",
                Shape::Word(SIGNALS),
                "What is sent; it is made up.",
            ),
            must("as", Shape::Peer, "Whom it is said to be from."),
        ],
        Demands::Consent,
        build::forge,
    ),
    verb(
        "http",
        "An HTTP request to the server, as it is.",
        &[
            PEER,
            must(
                "method",
                Shape::Word(&["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]),
                "The method.",
            ),
            must(
                "path",
                Shape::Path,
                "Path and query; always on the server under test.",
            ),
            may("body", Shape::Text(MAX_TEXT), "The body."),
            may(
                "status",
                Shape::Number(100, 599),
                "The status that the answer must have.",
            ),
            may(
                "answered",
                Shape::Flag,
                "`false` where no answer need come; it is waited for a second. Default true.",
            ),
        ],
        Demands::Consent,
        build::http,
    ),
];
