//! Verbs of steps that begin alone: faults on the wires, the life of the server, garbage whose effect is awaited.

use super::keys::{FROM, MESSAGE, MESSAGES, NODE, NTH, PEER, SPOKEN, TO};
use super::limits::{MAX_TEXT, MAX_TIMES};
use super::spec::{Demands, Shape, Verb, may, must, verb};
use crate::scenario::build;
use crate::scenario::model::Pretence;
use crate::scenario::strain::Strain;
use crate::signaling::{Field, Garbage};

/// In the order of the documentation.
pub(crate) const ALONE: &[Verb] = &[
    verb(
        "hold",
        "From now on, keeps back what matches.",
        &[MESSAGE, FROM, TO, NTH],
        Demands::Nothing,
        build::hold,
    ),
    verb(
        "release",
        "Lets go what the `hold` with the same pattern kept, in order, and stops holding.",
        &[MESSAGE, FROM, TO, NTH],
        Demands::Nothing,
        build::release,
    ),
    verb(
        "drop",
        "Throws away what matches.",
        &[MESSAGE, FROM, TO, NTH],
        Demands::Nothing,
        build::drop,
    ),
    verb(
        "delay",
        "Lets what matches go later; what follows on the same leg waits behind it.",
        &[
            MESSAGE,
            FROM,
            TO,
            NTH,
            must("by", Shape::Duration, "How much later; at most 5m."),
        ],
        Demands::Nothing,
        build::delay,
    ),
    verb(
        "duplicate",
        "Lets what matches go twice.",
        &[MESSAGE, FROM, TO, NTH],
        Demands::Nothing,
        build::duplicate,
    ),
    verb(
        "reorder",
        "Keeps what matches until the next word of the same link and direction has passed; what nothing follows goes at the end.",
        &[
            MESSAGE,
            FROM,
            TO,
            NTH,
            may(
                "behind",
                Shape::Word(MESSAGES),
                "Only the next of these lets it go.",
            ),
        ],
        Demands::Nothing,
        build::reorder,
    ),
    verb(
        "corrupt",
        "Lets what matches go changed, in the same way each time, in a proper frame of the same length.",
        &[
            MESSAGE,
            FROM,
            TO,
            NTH,
            may(
                "as",
                Shape::Word(&["letter", "not-json", "not-utf8"]),
                "`letter`, the default: one letter or digit within a string becomes the next; `not-json`: the first byte becomes `#`; `not-utf8`: it becomes 0xff.",
            ),
        ],
        Demands::Consent,
        build::corrupt,
    ),
    Verb {
        name: "pretend",
        about: "From here on the peer shows what is not its own, so that the server has something to refuse. What stands already stays as it is: a login goes with each line that is dialled later.",
        keys: &[
            PEER,
            may(
                "login",
                Shape::Word(Pretence::WORDS),
                "`wrong`: what the project gives it to log in with, altered at its end, so that it looks as it should; `own`: its own again.",
            ),
            may(
                "login-of",
                Shape::Peer,
                "It logs in with what the project gives this one.",
            ),
            may(
                "given-to",
                Shape::Peer,
                "Its next `join` comes back by what the server gave this one in that room (the dialect's `rejoin`): a ticket, a key.",
            ),
        ],
        one_of: &["login", "login-of", "given-to"],
        demands: Demands::Consent,
        build: build::pretend,
    },
    verb(
        "stall",
        "Stops reading from the server for this peer, so that the server's buffers fill.",
        &[PEER],
        Demands::Consent,
        build::stall,
    ),
    verb(
        "strain",
        "Has strangers do something so often that the server shows what it keeps of each. It fails where one of them is refused, hears nothing or loses its line, and where something that was relayed is lost or out of order; it tells how long things took. What strangers say is not in the log.",
        &[
            must(
                "by",
                Shape::Word(&Strain::WORDS),
                "What is done: `visits`, one comes into a room and leaves it; `rooms`, one makes a room and leaves it; `lines`, one connects and closes; `losses`, the same with a reset; `returns`, one comes back into its room by its id; `crowd`, so many lines at once; `full-room`, so many in one room; `signals`, one tells another so many things; `dialogue`, both at once; `flood`, a pair tells so many things, five a second, beside one who says thousands; `deaf`, a pair goes on while one who does not read is told so many things; `turnover`, lines and rooms come and go, and what the server's processes hold is as before; `respite`, one says so many things, or until it is told that they are too many, pauses for 5 s, and is served again.",
            ),
            must(
                "times",
                Shape::Number(1, MAX_TIMES),
                "How often, or how many.",
            ),
        ],
        Demands::Consent,
        build::strain,
    ),
    verb(
        "mend",
        "Ends the peer's silence or stall. What a silence swallowed stays lost.",
        &[PEER],
        Demands::Nothing,
        build::mend,
    ),
    verb(
        "pause",
        "Stops the server as SIGSTOP does: its port and connections stay, and nothing answers.",
        &[NODE],
        Demands::Control,
        build::pause,
    ),
    verb(
        "resume",
        "Lets a paused server go on.",
        &[NODE],
        Demands::Control,
        build::resume,
    ),
    verb(
        "kill-server",
        "Ends the server as a crash would.",
        &[
            NODE,
            may(
                "asked",
                Shape::True,
                "It is asked to end first (SIGTERM to all its processes), and killed only if it has not after 5 s.",
            ),
        ],
        Demands::Control,
        build::kill_server,
    ),
    verb(
        "restart",
        "Ends the server if it runs, and starts it again on the same address.",
        &[NODE],
        Demands::Control,
        build::restart,
    ),
    Verb {
        name: "never",
        about: "From this step on to the end no message has this in it; the run stops at the first.",
        keys: &[
            PEER,
            may(
                "gets",
                Shape::Wanted(MAX_TEXT),
                "What must not come to the peer. As in `await`.",
            ),
            may(
                "sends",
                Shape::Wanted(MAX_TEXT),
                "What the peer itself must not send.",
            ),
        ],
        one_of: &["gets", "sends"],
        demands: Demands::Nothing,
        build: build::never,
    },
    verb(
        "garbage",
        "Sends garbage, made from what the server's dialect would say, and waits for what the dialect declares that the server does then: a word, an end of the line, nothing. Where it declares nothing, nothing is awaited.",
        &[
            PEER,
            must(
                "kind",
                Shape::Word(&Garbage::NAMES),
                "In which way it is garbage: half of the message, numbers for texts, a field missing, a word that is none, `null`, a field nested 500 deep or of 1.2 MB, no bytes, `__proto__` for a text.",
            ),
            may(
                "of",
                Shape::Word(SPOKEN),
                "The word that it is made from; without it `join`, or what else the dialect says by a message.",
            ),
            may(
                "field",
                Shape::Word(&Field::NAMES),
                "The one field that is spoilt, by what stands in it: the word itself, the room, the addressee, the sender, a description, a candidate, a state, what the server gave to come back with (`rejoin`; each in a message of its own). All else is sound. Without it, whatever field comes first.",
            ),
            may("to", Shape::Peer, "With `field`: whom the message is for."),
            may(
                "answered",
                Shape::Flag,
                "`false` does not wait; default true.",
            ),
        ],
        Demands::Consent,
        build::garbage,
    ),
];
