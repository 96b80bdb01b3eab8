//! Scenarios made in Rust.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::cast::Mix;
use super::model::{
    Action, Answer, Condition, Count, Cut, DEFAULT_CHANNEL, DEFAULT_WITHIN, Expect, Line, Pattern,
    PeerSpec, Place, Raw, Scenario, Step,
};
use super::model::{Share, Together};
use super::sought::Sought;
use super::strain::Strain;
use super::times::Times;
use crate::mistake::Mistakes;
use crate::names::{PeerName, RoomName, Stack};
use crate::signaling::{Garbage, Kind};
use crate::source::{Source, Span};
use crate::terms::Corruption;
use crate::terms::{Data, Kill};

/// Makes a [`Scenario`] step by step.
///
/// ```
/// use glare::scenario::Scenario;
///
/// let scenario = Scenario::builder("two meet")
///     .peer("alice")
///     .peer("bob")
///     .create("alice", "lobby")
///     .join("bob", "lobby")
///     .connected(["alice", "bob"])
///     .say("alice", "hello")
///     .never("bob: error")
///     .build()?;
/// assert_eq!(scenario.steps.len(), 4);
/// # Ok::<(), glare::mistake::Mistakes>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    path: PathBuf,
    scenario: Scenario,
}

impl Scenario {
    /// Begins a scenario of this name.
    pub fn builder(name: impl Into<String>) -> Builder {
        let name = name.into();
        Builder {
            path: PathBuf::from(format!("{}.yaml", slug(&name))),
            scenario: Scenario {
                source: Source {
                    path: PathBuf::new(),
                    text: Arc::from(""),
                },
                name,
                variant: None,
                tags: Vec::new(),
                about: String::new(),
                issue: None,
                wire: None,
                peers: Vec::new(),
                mixes: Vec::new(),
                catches: BTreeMap::new(),
                breaks: BTreeMap::new(),
                steps: Vec::new(),
                expect: Expect::default(),
            },
        }
    }
}

impl Builder {
    /// The path that mistakes are shown at, and that snapshots lie beside. Without it: the name as a slug.
    pub fn path(mut self, path: impl AsRef<Path>) -> Self {
        self.path = path.as_ref().to_owned();
        self
    }

    /// A word to select it by.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.scenario.tags.push(tag.into());
        self
    }

    /// What happens, in a sentence or two.
    pub fn about(mut self, about: impl Into<String>) -> Self {
        self.scenario.about = about.into();
        self
    }

    /// The report that it reproduces.
    pub fn issue(mut self, url: impl Into<String>) -> Self {
        self.scenario.issue = Some(url.into());
        self
    }

    /// Whose wire its raw messages, requests and paths are.
    pub fn wire(mut self, name: impl Into<String>) -> Self {
        self.scenario.wire = Some(name.into());
        self
    }

    /// A peer that the cast decides on.
    pub fn peer(self, name: impl Into<PeerName>) -> Self {
        self.peer_with(name, PeerSpec::default())
    }

    /// A peer with properties of its own.
    pub fn peer_with(mut self, name: impl Into<PeerName>, spec: PeerSpec) -> Self {
        self.scenario.peers.push((name.into(), spec));
        self
    }

    /// A cast that it is played with, by a name; whom it leaves out is native. With none, every one.
    pub fn mix<P: Into<PeerName>>(
        mut self,
        name: impl Into<String>,
        stacks: impl IntoIterator<Item = (P, Stack)>,
    ) -> Self {
        let stacks = stacks.into_iter().map(|(peer, stack)| (peer.into(), stack));
        self.scenario.mixes.push(Mix {
            name: name.into(),
            cast: stacks.collect(),
        });
        self
    }

    /// A planted fault that must turn it red, and where.
    pub fn catches(mut self, fault: impl Into<String>, place: Place) -> Self {
        self.scenario.catches.insert(fault.into(), place);
        self
    }

    /// A law that it breaks on purpose, and why.
    pub fn breaks(mut self, law: u8, reason: impl Into<String>) -> Self {
        self.scenario.breaks.insert(law, reason.into());
        self
    }

    /// Any step.
    pub fn step(mut self, action: Action) -> Self {
        self.scenario.steps.push(Step {
            span: nowhere(),
            via: None,
            action,
            within: DEFAULT_WITHIN,
        });
        self
    }

    /// Steps that begin together; of those that may be granted or refused, so many or these are.
    pub fn together(
        self,
        actions: impl IntoIterator<Item = Action>,
        let_in: Share,
        turned_away: Share,
    ) -> Self {
        let steps = actions.into_iter().map(|action| Step {
            span: nowhere(),
            via: None,
            action,
            within: DEFAULT_WITHIN,
        });
        self.step(Action::Together(Together {
            steps: steps.collect(),
            let_in,
            turned_away,
        }))
    }

    /// How long the last step may wait.
    pub fn within(mut self, within: Duration) -> Self {
        if let Some(step) = self.scenario.steps.last_mut() {
            step.within = within;
        }
        self
    }

    /// `create`
    pub fn create(self, peer: impl Into<PeerName>, room: impl Into<RoomName>) -> Self {
        self.step(Action::Create {
            peer: peer.into(),
            room: room.into(),
            answer: Answer::Granted,
        })
    }

    /// `join`, and offer
    pub fn join(self, peer: impl Into<PeerName>, room: impl Into<RoomName>) -> Self {
        self.step(Action::Join {
            peer: peer.into(),
            room: room.into(),
            offer: None,
            answer: Answer::Granted,
        })
    }

    /// `leave`
    pub fn leave(self, peer: impl Into<PeerName>) -> Self {
        self.step(Action::Leave {
            peer: peer.into(),
            answer: Answer::Granted,
        })
    }

    /// `destroy`
    pub fn destroy(self, peer: impl Into<PeerName>, room: impl Into<RoomName>) -> Self {
        self.step(Action::Destroy {
            peer: peer.into(),
            room: room.into(),
            answer: Answer::Granted,
        })
    }

    /// `kick`
    pub fn kick(self, peer: impl Into<PeerName>, whom: impl Into<PeerName>) -> Self {
        self.step(Action::Kick {
            peer: peer.into(),
            whom: whom.into(),
            answer: Answer::Granted,
        })
    }

    /// The last step's request must be refused, with a reason that contains the text.
    pub fn refused(mut self, reason: impl Into<String>) -> Self {
        if let Some(step) = self.scenario.steps.last_mut()
            && let Action::Create { answer, .. }
            | Action::Join { answer, .. }
            | Action::Leave { answer, .. }
            | Action::Destroy { answer, .. }
            | Action::Kick { answer, .. }
            | Action::SetState { answer, .. } = &mut step.action
        {
            *answer = Answer::RefusedWith(reason.into());
        }
        self
    }

    /// `negotiate`
    pub fn negotiate(self, from: impl Into<PeerName>) -> Self {
        self.step(Action::Negotiate {
            from: from.into(),
            to: None,
        })
    }

    /// `say`, through the channel that the offerer makes by itself
    pub fn say(self, from: impl Into<PeerName>, text: impl Into<String>) -> Self {
        self.step(Action::Say {
            from: from.into(),
            to: None,
            channel: DEFAULT_CHANNEL.into(),
            data: Data::Text(text.into()),
            heard: true,
        })
    }

    /// Whom the last step is for: the other end of its connection, where there is a choice.
    pub fn to(mut self, other: impl Into<PeerName>) -> Self {
        if let Some(step) = self.scenario.steps.last_mut()
            && let Some(to) = step.action.other_end_mut()
        {
            *to = Some(other.into());
        }
        self
    }

    /// `hold` after the server, before `to`
    pub fn hold_to(self, message: Kind, to: impl Into<PeerName>) -> Self {
        self.step(Action::Hold(pattern_to(message, to)))
    }

    /// `release` of the same
    pub fn release_to(self, message: Kind, to: impl Into<PeerName>) -> Self {
        self.step(Action::Release(pattern_to(message, to)))
    }

    /// `delay` after the server, before `to`
    pub fn delay_to(self, message: Kind, to: impl Into<PeerName>, by: Duration) -> Self {
        let pattern = pattern_to(message, to);
        self.step(Action::Delay { pattern, by })
    }

    /// `duplicate` after the server, before `to`
    pub fn duplicate_to(self, message: Kind, to: impl Into<PeerName>) -> Self {
        self.step(Action::Duplicate(pattern_to(message, to)))
    }

    /// `reorder` after the server, before `to`, with the next word
    pub fn reorder_to(self, message: Kind, to: impl Into<PeerName>) -> Self {
        self.step(Action::Reorder {
            pattern: pattern_to(message, to),
            behind: None,
        })
    }

    /// `corrupt` after the server, before `to`
    pub fn corrupt_to(self, message: Kind, to: impl Into<PeerName>, how: Corruption) -> Self {
        let pattern = pattern_to(message, to);
        self.step(Action::Corrupt { pattern, how })
    }

    /// `cut`
    pub fn cut(self, peer: impl Into<PeerName>, how: Cut) -> Self {
        self.step(Action::Cut {
            peer: peer.into(),
            how,
        })
    }

    /// `stall`
    pub fn stall(self, peer: impl Into<PeerName>) -> Self {
        self.step(Action::Stall { peer: peer.into() })
    }

    /// `strain`
    pub fn strain(self, how: Strain, times: u32) -> Self {
        self.step(Action::Strain { how, times })
    }

    /// `mend`
    pub fn mend(self, peer: impl Into<PeerName>) -> Self {
        self.step(Action::Mend { peer: peer.into() })
    }

    /// `pause`
    pub fn pause(self) -> Self {
        self.step(Action::Pause { node: None })
    }

    /// `resume`
    pub fn resume(self) -> Self {
        self.step(Action::Resume { node: None })
    }

    /// `garbage`
    pub fn garbage(self, peer: impl Into<PeerName>, kind: Garbage, of: Kind) -> Self {
        self.send_raw(
            peer,
            Raw::Garbage {
                kind,
                of: Some(of),
                field: None,
                to: None,
                answered: true,
            },
        )
    }

    /// `forge`
    pub fn forge(
        self,
        from: impl Into<PeerName>,
        to: impl Into<PeerName>,
        kind: Kind,
        claimed: impl Into<PeerName>,
    ) -> Self {
        let (to, claimed) = (to.into(), claimed.into());
        self.send_raw(from, Raw::Forged { kind, to, claimed })
    }

    /// `send-raw`
    pub fn send_raw(self, peer: impl Into<PeerName>, raw: Raw) -> Self {
        self.step(Action::SendRaw {
            peer: peer.into(),
            raw,
        })
    }

    /// `kill`
    pub fn kill(self, peer: impl Into<PeerName>, how: Kill) -> Self {
        self.step(Action::Kill {
            peer: peer.into(),
            how,
        })
    }

    /// `wait`, where time itself is the point
    pub fn wait(self, time: Duration) -> Self {
        self.step(Action::Wait(time))
    }

    /// `await` of a condition
    pub fn wait_for(self, condition: Condition) -> Self {
        self.step(Action::Await(condition))
    }

    /// `never`
    pub fn never_passes(self, sought: Sought) -> Self {
        self.step(Action::Never(sought))
    }

    /// `await` of a word
    pub fn hears(self, peer: impl Into<PeerName>, kind: Kind) -> Self {
        self.wait_for(Condition::Hears {
            peer: peer.into(),
            kind,
            from: None,
        })
    }

    /// `await` of a held message
    pub fn held_to(self, message: Kind, to: impl Into<PeerName>) -> Self {
        self.wait_for(Condition::Held(pattern_to(message, to)))
    }

    /// `await` of connections
    pub fn connected<P: Into<PeerName>>(self, peers: impl IntoIterator<Item = P>) -> Self {
        self.wait_for(Condition::Connected {
            peers: peers.into_iter().map(Into::into).collect(),
        })
    }

    /// A line that must be in the log, after those before it.
    pub fn seen(mut self, line: impl Into<String>) -> Self {
        self.scenario.expect.seen.push(Line {
            span: nowhere(),
            text: line.into(),
        });
        self
    }

    /// A line that must not be anywhere in the trace.
    pub fn never(mut self, line: impl Into<String>) -> Self {
        self.scenario.expect.never.push(Line {
            span: nowhere(),
            text: line.into(),
        });
        self
    }

    /// A line of one link's wire that must pass after those before it.
    pub fn order(mut self, line: impl Into<String>) -> Self {
        self.scenario.expect.order.push(Line {
            span: nowhere(),
            text: line.into(),
        });
        self
    }

    /// How often a line must be in the trace.
    pub fn count(mut self, line: impl Into<String>, times: Times) -> Self {
        let line = Line {
            span: nowhere(),
            text: line.into(),
        };
        self.scenario.expect.count.push(Count { line, times });
        self
    }

    /// The scenario's YAML, checked or not.
    pub fn to_yaml(&self) -> String {
        self.scenario.to_yaml()
    }

    /// The scenario, checked as a file is: its source is its YAML.
    ///
    /// # Errors
    /// All that is wrong with it, shown in its YAML.
    pub fn build(self) -> Result<Scenario, Mistakes> {
        Scenario::read(&self.path, &self.to_yaml())
    }
}

fn pattern_to(message: Kind, to: impl Into<PeerName>) -> Pattern {
    Pattern {
        message,
        from: None,
        to: Some(to.into()),
        nth: None,
    }
}

fn nowhere() -> Span {
    Span {
        bytes: 0..0,
        line: 1,
    }
}

/// A name as a file name: small letters, digits, single dashes.
fn slug(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    let out: String = out.trim_end_matches('-').chars().take(80).collect();
    if out.is_empty() {
        "scenario".into()
    } else {
        out
    }
}
