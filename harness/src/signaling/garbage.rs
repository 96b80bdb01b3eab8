//! Garbage: what no client of a server should send, made from what one would.

use std::collections::BTreeMap;
use std::fmt;

use super::Kind;

/// In which way a message is garbage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Garbage {
    /// `cut-short`: the first half of it.
    CutShort,
    /// `wrong-type`: numbers where texts belong.
    WrongType,
    /// `field-missing`: without one of its fields.
    FieldMissing,
    /// `unknown-word`: another word in the place of its own.
    UnknownWord,
    /// `null`.
    Null,
    /// `deep`: a field that is nested deeper than any reader should follow.
    Deep,
    /// `very-deep`: the same, so deep that no stack is left, and no longer than an offer may be.
    VeryDeep,
    /// `huge`: a field of more than a million bytes.
    Huge,
    /// `empty`: a message of no bytes.
    Empty,
    /// `prototype`: a text that is the name of what every JavaScript object has.
    Prototype,
}

impl Garbage {
    /// The text that stands in the place of a word, or of a number.
    pub const NO_WORD: &str = "glare-nonsense";

    /// All of them.
    pub const ALL: [Garbage; 10] = [
        Garbage::CutShort,
        Garbage::WrongType,
        Garbage::FieldMissing,
        Garbage::UnknownWord,
        Garbage::Null,
        Garbage::Deep,
        Garbage::VeryDeep,
        Garbage::Huge,
        Garbage::Empty,
        Garbage::Prototype,
    ];

    /// Their names, as files write them.
    pub const NAMES: [&str; 10] = [
        "cut-short",
        "wrong-type",
        "field-missing",
        "unknown-word",
        "null",
        "deep",
        "very-deep",
        "huge",
        "empty",
        "prototype",
    ];

    /// The name as files write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Garbage::CutShort => "cut-short",
            Garbage::WrongType => "wrong-type",
            Garbage::FieldMissing => "field-missing",
            Garbage::UnknownWord => "unknown-word",
            Garbage::Null => "null",
            Garbage::Deep => "deep",
            Garbage::VeryDeep => "very-deep",
            Garbage::Huge => "huge",
            Garbage::Empty => "empty",
            Garbage::Prototype => "prototype",
        }
    }

    /// The kind of this name.
    pub fn parse(name: &str) -> Option<Garbage> {
        Garbage::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for Garbage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The one field of a message that is spoilt, by what stands in it; whatever else the message says is sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// `word`: what says which word it is.
    Word,
    /// `room`
    Room,
    /// `peer`: whom it is for.
    Peer,
    /// `me`: who says it.
    Me,
    /// `sdp`
    Sdp,
    /// `candidate`
    Candidate,
    /// `payload`: all that stands in one place beside the word, as the second of `[word, { … }]`.
    Payload,
    /// `ack`: the number by which Socket.IO's acknowledgement is asked for. It can be missing alone.
    Ack,
    /// `state`: what somebody is to show of himself.
    State,
    /// `given`: what the server gave to come back with, in the dialect's `rejoin`.
    Given,
}

impl Field {
    /// All of them.
    pub const ALL: [Field; 10] = [
        Field::Word,
        Field::Room,
        Field::Peer,
        Field::Me,
        Field::Sdp,
        Field::Candidate,
        Field::Payload,
        Field::Ack,
        Field::State,
        Field::Given,
    ];

    /// Their names, as files write them.
    pub const NAMES: [&str; 10] = [
        "word",
        "room",
        "peer",
        "me",
        "sdp",
        "candidate",
        "payload",
        "ack",
        "state",
        "given",
    ];

    /// The name as files write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Field::Word => "word",
            Field::Room => "room",
            Field::Peer => "peer",
            Field::Me => "me",
            Field::Sdp => "sdp",
            Field::Candidate => "candidate",
            Field::Payload => "payload",
            Field::Ack => "ack",
            Field::State => "state",
            Field::Given => "given",
        }
    }

    /// The word whose message has it, where nobody says which.
    pub fn usual_word(self) -> Kind {
        match self {
            // One comes back by asking to be let in again.
            Field::Given => Kind::Join,
            Field::State => Kind::SetState,
            _ => Kind::Offer,
        }
    }

    /// The field of this name.
    pub fn parse(name: &str) -> Option<Field> {
        Field::ALL.into_iter().find(|field| field.as_str() == name)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a server does when it gets garbage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnGarbage {
    /// `word`: it says so, by an error or a refusal.
    Word,
    /// `close`: it ends the line.
    Close,
    /// `silence`: nothing.
    Silence,
}

impl OnGarbage {
    /// The names, as files write them.
    pub const NAMES: [&str; 3] = ["word", "close", "silence"];

    /// What this name means.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "word" => Some(Self::Word),
            "close" => Some(Self::Close),
            "silence" => Some(Self::Silence),
            _ => None,
        }
    }
}

/// `garbage:` of a dialect: what its server is declared to do, by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Garbled {
    any: Option<OnGarbage>,
    kinds: BTreeMap<Garbage, OnGarbage>,
}

impl Garbled {
    /// Declares what it does with garbage of this kind, or of any that nothing else is said of.
    pub fn declare(&mut self, kind: Option<Garbage>, what: OnGarbage) {
        match kind {
            Some(kind) => drop(self.kinds.insert(kind, what)),
            None => self.any = Some(what),
        }
    }

    /// What it is declared to do with garbage of this kind; `None`: nothing is.
    pub fn of(&self, kind: Garbage) -> Option<OnGarbage> {
        let deep = match kind {
            Garbage::VeryDeep => self.kinds.get(&Garbage::Deep),
            _ => None,
        };
        self.kinds.get(&kind).or(deep).copied().or(self.any)
    }
}
