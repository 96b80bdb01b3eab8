//! What goes in and what comes out, as text.

use crate::hand::{Command, HandError, Happening, Reply};
use crate::mind::{Call, Cause, End, Input, Mind, Output};
use crate::record::{Applied, What};
use crate::signaling::{Candidate, Description, DescriptionKind, Signal};

/// Feeds a mind and writes down what it wants done, a line each.
pub(super) struct Table {
    mind: Mind,
    /// Commands that have no reply yet, with what they were.
    open: Vec<(Call, String)>,
}

impl Table {
    pub fn new(mind: Mind) -> Self {
        let open = Vec::new();
        Self { mind, open }
    }

    /// What comes of this.
    pub fn put(&mut self, input: Input) -> Vec<String> {
        let outputs = self.mind.handle(input);
        outputs
            .into_iter()
            .map(|output| self.line(output))
            .collect()
    }

    /// The causes of the one event that comes of this.
    pub fn causes(&mut self, input: Input) -> Vec<Cause> {
        let mut outputs = self.mind.handle(input);
        match (outputs.pop(), outputs.as_slice()) {
            (Some(Output::Record { cause, .. }), []) => cause,
            other => panic!("{other:?}"),
        }
    }

    /// The oldest open command of this name is answered.
    pub fn reply(&mut self, to: &str, result: Result<Reply, HandError>) -> Vec<String> {
        let place = self.open.iter().position(|(_, text)| text.starts_with(to));
        let place = place.unwrap_or_else(|| panic!("no {to} is open: {:?}", self.open));
        let (call, _) = self.open.remove(place);
        self.put(Input::Reply { call, result })
    }

    /// It is done.
    pub fn done(&mut self, to: &str) -> Vec<String> {
        self.reply(to, Ok(Reply::Done))
    }

    /// A description was set.
    pub fn described(&mut self, kind: DescriptionKind) -> Vec<String> {
        let description = Description {
            kind,
            sdp: sdp("alice", 1),
        };
        self.reply("set-local", Ok(Reply::Description(description)))
    }

    fn line(&mut self, output: Output) -> String {
        match output {
            Output::Do { call, command } => {
                let text = command_text(&command);
                self.open.push((call, text.clone()));
                format!("do {text}")
            }
            Output::Signal { to, signal, .. } => {
                let kind = match signal {
                    Signal::Offer { .. } => "offer",
                    Signal::Answer { .. } => "answer",
                    Signal::Candidate { .. } => "candidate",
                    Signal::EndOfCandidates => "end-of-candidates",
                    Signal::Bye => "bye",
                };
                format!("say {kind} to {to}")
            }
            Output::Record { what, .. } => match what {
                What::Applied { applied, .. } => match applied {
                    Applied::Local(kind) => format!("took local {}", kind.as_str()),
                    Applied::Remote(kind) => format!("took remote {}", kind.as_str()),
                    Applied::Candidate => "took candidate".into(),
                    Applied::EndOfCandidates => "took end-of-candidates".into(),
                },
                What::PeerError { during, name, .. } => format!("refused {during}: {name}"),
                What::Note { text, .. } => format!("note {text}"),
                What::Gathered { sort, .. } => {
                    format!("gathered {}", sort.unwrap_or("the end".into()))
                }
                other => format!("{other:?}"),
            },
            Output::Over { order, end } => match end {
                End::Yes => format!("over {}", order.0),
                End::No(why) => format!("over {}: {why}", order.0),
                End::Refused { name, .. } => format!("over {}: refused {name}", order.0),
            },
            Output::After { number, time, .. } => format!("after {time:?} for {number}"),
        }
    }
}

fn command_text(command: &Command) -> String {
    match command {
        Command::NewConnection { conn } => format!("new {conn}"),
        Command::CreateChannel { conn, label, .. } => format!("channel {conn} {label}"),
        Command::SetLocal {
            conn,
            description: None,
        } => format!("set-local {conn}"),
        Command::SetLocal {
            conn,
            description: Some(given),
        } => {
            format!("set-local {conn} {}", given.kind.as_str())
        }
        Command::SetRemote { conn, description } => {
            format!("set-remote {conn} {}", description.kind.as_str())
        }
        Command::AddCandidate {
            conn,
            candidate: Some(_),
        } => format!("add {conn} candidate"),
        Command::AddCandidate {
            conn,
            candidate: None,
        } => format!("add {conn} end"),
        Command::RestartIce { conn } => format!("restart {conn}"),
        Command::CloseConnection { conn } => format!("close {conn}"),
        other => format!("{other:?}"),
    }
}

/// A description of this peer's nth connection.
pub(super) fn sdp(peer: &str, number: u32) -> String {
    format!("m=application\na=fingerprint:{peer}-{number}\na=ice-ufrag:{peer}-{number}\n")
}

/// A candidate of this peer's nth connection.
pub(super) fn candidate(peer: &str, number: u32) -> Candidate {
    Candidate {
        candidate: "candidate:1 1 udp 1 127.0.0.1 9 typ host".into(),
        sdp_mid: Some("0".into()),
        sdp_mline_index: Some(0),
        username_fragment: Some(format!("{peer}-{number}")),
    }
}

pub(super) fn refused(name: &str) -> Result<Reply, HandError> {
    Err(HandError::Refused {
        name: name.into(),
        message: "no".into(),
    })
}

/// The stack's own candidate, and the end.
pub(super) fn gathered(conn: u32, candidate: Option<Candidate>) -> Input {
    Input::Happening(Happening::Candidate { conn, candidate })
}
