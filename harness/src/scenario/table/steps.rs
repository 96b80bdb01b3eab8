//! Steps that are told otherwise than by a row: `wait`, `await`, `together`, `use`; and words that are none.

/// The verb whose value is a duration.
pub(crate) const WAIT: &str = "wait";
/// What it does.
pub(crate) const WAIT_ABOUT: &str = "Lets so much time pass, at most 5m: for idleness, where time itself is the point (a line on which nothing is said, a heartbeat). What is to happen is awaited by `await`, which goes on at once.";

/// The verb whose value is one of [`CONDITIONS`].
pub(crate) const AWAIT: &str = "await";
/// What it does.
pub(crate) const AWAIT_ABOUT: &str = "Waits until something is so.";

/// The step that holds steps which begin together.
pub(crate) const TOGETHER: &str = "together";
/// What it does.
pub(crate) const TOGETHER_ABOUT: &str = "Steps that begin together: the tap gathers the first message that each of them sends, and lets all go in one turn (in the order of the file, or with `--shake` in one that is drawn anew in each run). It ends when all have ended.";
/// What of the requests with `answer: any` is granted.
pub(crate) const LET_IN: &str = "let-in";
/// What of them is refused.
pub(crate) const TURNED_AWAY: &str = "turned-away";
/// Its keys beside its steps.
pub(crate) const TOGETHER_KEYS: &[(&str, &str)] = &[
    (
        LET_IN,
        "Of the requests with `answer: any` so many are granted; or names, by which those who made them go from here on.",
    ),
    (TURNED_AWAY, "The same for those that are refused."),
];
/// The step that stands for the steps of a sequence.
pub(crate) const USE: &str = "use";
/// What it does.
pub(crate) const USE_ABOUT: &str = "Puts the steps of a sequence in its place: its name, or `{ sequence: …, … }` with a value for each of its parameters.";
/// The key of `use` that is no parameter.
pub(crate) const SEQUENCE: &str = "sequence";

/// Verbs that a reader of other tools may look for, and what to write.
pub(crate) const ELSEWHERE: &[(&str, &str)] = &[
    ("rollback", "write `set-local: { peer: …, kind: rollback }`"),
    (
        "sleep",
        "`await` what is to happen; where time itself is the point: `wait: 500ms`",
    ),
    (
        "answer",
        "peers answer by themselves; by hand: `create-answer`, `set-local`, `send`",
    ),
    (
        "offer",
        "write `negotiate: { from: … }`; by hand: `create-offer`, `set-local`, `send`",
    ),
    (
        "include",
        "write `use: name`, and the steps in `sequences.yaml` beside the scenario",
    ),
    (
        "sequence",
        "write `use: name`, and the steps in `sequences.yaml` beside the scenario",
    ),
    (
        "expect",
        "`expect:` stands at the left margin, beside `steps:`",
    ),
];

/// Keys that files had before, and what is to be done about them.
pub(crate) const GONE: &[(&str, &str)] = &[(
    "needs",
    "leave it out: what a scenario needs is worked out from its steps",
)];
