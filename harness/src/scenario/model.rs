//! What should happen: one scenario, read and checked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::cast::Mix;
use super::page::PageDeed;
use super::sought::Sought;
use super::strain::Strain;
use super::times::Times;
use crate::hand::PeerFault;
use crate::names::{PeerName, RoomName, Stack, Viewport};
use crate::signaling::{DescriptionKind, Field, Garbage, Kind};
use crate::source::{Source, Span};
use crate::terms::Machine;
use crate::terms::{ChannelOptions, Data, Kill};
use crate::terms::{Corruption, RawFrame, Silence};

/// How long a wait lasts when the file does not say.
pub const DEFAULT_WITHIN: Duration = Duration::from_secs(10);

/// The label of the channel that the offerer makes by itself.
pub const DEFAULT_CHANNEL: &str = "chat";

/// One scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Where it was read.
    pub source: Source,
    /// `scenario:`, its name; a variant's ends with the variant's, `happy path [offer]`.
    pub name: String,
    /// The name of the parameter set (`with:`) that it was made with.
    pub variant: Option<String>,
    /// `tags:`, words to select it by.
    pub tags: Vec<String>,
    /// `about:`
    pub about: String,
    /// `issue:`, an https URL.
    pub issue: Option<String>,
    /// `wire:`, the wire in which its own raw messages, requests and paths are; no other server is played.
    pub wire: Option<String>,
    /// `peers:`, in the order of the file.
    pub peers: Vec<(PeerName, PeerSpec)>,
    /// `casts:`, the mixes of stacks that it is played with; every one, if there are none.
    pub mixes: Vec<Mix>,
    /// `catches:`, planted fault → where it must turn the scenario red.
    pub catches: BTreeMap<String, Place>,
    /// `breaks:`, laws that it breaks on purpose, by number → the reason.
    pub breaks: BTreeMap<u8, String>,
    /// `steps:`
    pub steps: Vec<Step>,
    /// `expect:`
    pub expect: Expect,
}

impl Scenario {
    /// The file and the variant, for a person: `rooms/x.yaml`, `rooms/x.yaml [offer]`.
    pub fn file(&self) -> String {
        let path = self.source.path.display();
        match &self.variant {
            Some(variant) => format!("{path} [{variant}]"),
            None => path.to_string(),
        }
    }

    /// The sequences that its steps come from, those that sequences use included.
    pub fn sequences(&self) -> BTreeSet<&str> {
        let vias = self.steps.iter().filter_map(|step| step.via.as_deref());
        vias.flat_map(|via| &via.uses)
            .map(|one| one.sequence.as_str())
            .collect()
    }

    /// How the step at a place came out of a sequences file, if it did; its span is in that file.
    pub fn via(&self, place: &Place) -> Option<&Via> {
        match place {
            Place::Step(step) => self.steps.get(step.checked_sub(1)?)?.via.as_deref(),
            _ => None,
        }
    }

    /// Where a place stands in the file, or in that which [`Scenario::via`] tells.
    pub fn span_of(&self, place: &Place) -> Option<Span> {
        match place {
            Place::Step(step) => {
                (self.steps.get(step.checked_sub(1)?)).map(|step| step.span.clone())
            }
            place => self.expect.line(place).map(|line| line.span.clone()),
        }
    }
}

/// One peer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PeerSpec {
    /// `stack:`, pinned; else the cast decides.
    pub stack: Option<Stack>,
    /// `app:`, the path of the page that it is; the user's own, which the harness drives only as a user does.
    pub app: Option<String>,
    /// `viewport:`, how large that page is shown; `None`: as the browser's windows are.
    pub viewport: Option<Viewport>,
    /// `early-candidates:`
    pub early_candidates: EarlyCandidates,
    /// `negotiation: manual` turns off all that a peer does by itself.
    pub manual: bool,
    /// `offers:`; `None`: as the server's dialect says, else [`Offers::Joiner`].
    pub offers: Option<Offers>,
    /// `polite:`, whether it gives way when two offers collide; `None`: the one whose name comes later does.
    pub polite: Option<bool>,
    /// `on-bye:`
    pub on_bye: OnBye,
    /// `cleans-up-in:`, how long after the news that somebody went it closes its connection to that one; `None`: it leaves it.
    pub cleans_up_in: Option<Duration>,
    /// `reconnects:`, what it does when its line to the server is lost; `None`: nothing, until a step says so.
    pub reconnects: Option<Reconnects>,
    /// `fault:`, what it does wrong.
    pub fault: Option<PeerFault>,
    /// `node:`, the node of the server that it talks to, from 1; `None`: as it comes.
    pub node: Option<u32>,
}

impl PeerSpec {
    /// Whether it is the user's own page.
    pub fn is_app(&self) -> bool {
        self.app.is_some()
    }

    /// The stacks that can play it.
    pub fn stacks(&self) -> &'static [Stack] {
        match self.app {
            Some(_) => &[Stack::Chromium, Stack::Firefox],
            None => &Stack::CONNECTING,
        }
    }

    /// When it offers by itself, as far as the scenario says it.
    pub fn offers(&self) -> Offers {
        self.offers.unwrap_or_default()
    }
}

/// When a peer makes an offer by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Offers {
    /// When it comes in, to each who is inside.
    #[default]
    Joiner,
    /// When somebody comes in.
    Insider,
    /// Both: offers collide, and perfect negotiation sorts them out.
    Both,
    /// Never.
    Nobody,
}

/// What a peer does when another says goodbye.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnBye {
    /// Close the connection to that one (right).
    #[default]
    Close,
    /// Nothing.
    Ignore,
}

impl Default for Reconnects {
    fn default() -> Self {
        Self {
            within: Duration::from_secs(5),
            rejoins: true,
        }
    }
}

/// What a peer does by itself when its line to the server is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reconnects {
    /// It dials until it is connected, or this time is over.
    pub within: Duration,
    /// Once connected it joins the room again that it was in.
    pub rejoins: bool,
}

/// What a peer does with candidates that come before the remote description.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EarlyCandidates {
    /// Keep them until the description is set (right).
    #[default]
    Buffer,
    /// Hand them to the stack at once (the bug: it refuses them).
    Apply,
    /// Throw them away.
    Drop,
}

/// Where a planted fault must be caught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// `step N`, from 1.
    Step(usize),
    /// `never N`: the Nth line of `expect: never`, from 1.
    Never(usize),
    /// `seen N`: the Nth line of `expect: seen`, from 1.
    Seen(usize),
    /// `order N`: the Nth line of `expect: order`, from 1.
    Order(usize),
    /// `count N`: the Nth entry of `expect: count`, from 1.
    Count(usize),
    /// `law N`.
    Law(usize),
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The whole `- verb: {…}` in the file: the scenario's, or that of the sequence it comes from.
    pub span: Span,
    /// The sequence that it comes from, if it does.
    pub via: Option<Arc<Via>>,
    /// What it does.
    pub action: Action,
    /// `within:`; what the step waits for must come by then.
    pub within: Duration,
}

/// How a step of a sequences file came into a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via {
    /// The sequences file.
    pub source: Source,
    /// The `use` in the scenario; then those within sequences, down to the one that holds the step. Never empty.
    pub uses: Vec<Use>,
}

impl Via {
    /// The line of the `use` in the scenario, from 1.
    pub fn line(&self) -> u32 {
        self.uses.first().map_or(1, |first| first.span.line)
    }

    /// Where the scenario of this file uses it: `x.yaml:12`.
    pub fn used_in(&self, source: &Source) -> String {
        format!("{}:{}", source.path.display(), self.line())
    }
}

/// One `use`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The sequence's name.
    pub sequence: String,
    /// Where `use` stands: the first in the scenario's file, further ones in the sequences file.
    pub span: Span,
}

/// Whether the server is to refuse a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Answer {
    /// It must be granted.
    #[default]
    Granted,
    /// `refused: true`
    Refused,
    /// `refused: "text"`: the reason must contain the text.
    RefusedWith(String),
    /// `answer: any`: it may be granted or refused.
    Any,
}

/// What becomes of the place that a peer's first line has when a second one is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Second {
    /// It is given up, with news; the second line asks for one of its own.
    TakesOver,
    /// It goes over to the second line, and nobody is told.
    Resumes,
}

impl Second {
    /// The words, as files write them.
    pub(crate) const WORDS: &'static [&'static str] = &["takes-over", "resumes"];

    /// The word, as files write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Second::TakesOver => "takes-over",
            Second::Resumes => "resumes",
        }
    }
}

/// What a peer shows of itself, or comes back by, that is not its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Pretence {
    /// On each line that it dials from here on its login is a wrong one, which looks like its own.
    WrongLogin,
    /// The same, and its login is this one's.
    LoginOf(PeerName),
    /// Its login is its own again.
    OwnLogin,
    /// When it asks next to come in it comes back by what this one was given there.
    GivenTo(PeerName),
}

impl Pretence {
    /// The words, as files write them.
    pub(crate) const WORDS: &'static [&'static str] = &["wrong", "own"];

    /// Whose it is, if it is another peer's.
    pub fn owner(&self) -> Option<&PeerName> {
        match self {
            Pretence::LoginOf(peer) | Pretence::GivenTo(peer) => Some(peer),
            Pretence::WrongLogin | Pretence::OwnLogin => None,
        }
    }
}

/// What a step does. A step that asks the server waits for the answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Open the signaling connection and wait until it stands. The other verbs do it by themselves where it is missing.
    /// To be refused: open one more, which the server must refuse, whatever it says.
    Connect { peer: PeerName, answer: Answer },
    /// Open one more line beside the one that stands, with the same id. The server must let it in, and the peer speaks on it from then on.
    Second { peer: PeerName, how: Second },
    /// Close the lines that the peer had before the one that it speaks on, and wait until all of them have ended, whoever ended them.
    Retire { peer: PeerName },
    /// Show from here on what is not its own.
    Pretend { peer: PeerName, how: Pretence },
    /// Make a room.
    Create {
        peer: PeerName,
        room: RoomName,
        answer: Answer,
    },
    /// Enter a room. With `offer: true` the joiner then makes an offer to each peer inside, with `false` none; where it is left out, the
    /// peer's `offers:` decides.
    Join {
        peer: PeerName,
        room: RoomName,
        offer: Option<bool>,
        answer: Answer,
    },
    /// Leave one's room.
    Leave { peer: PeerName, answer: Answer },
    /// Remove a room.
    Destroy {
        peer: PeerName,
        room: RoomName,
        answer: Answer,
    },
    /// Put somebody out of one's room.
    Kick {
        peer: PeerName,
        whom: PeerName,
        answer: Answer,
    },
    /// Show something else of oneself to those in one's room.
    SetState {
        peer: PeerName,
        state: String,
        answer: Answer,
    },
    /// Close the signaling connection with a close frame and wait until it is closed.
    Disconnect { peer: PeerName },
    /// Offer, answer, trickle, as a well-behaved client does; waits until the offer is sent. `to` where there is a choice.
    Negotiate {
        from: PeerName,
        to: Option<PeerName>,
    },
    /// By hand. Here and in what follows: `to` is at the other end of the connection, where there is a choice.
    CreateOffer {
        peer: PeerName,
        to: Option<PeerName>,
    },
    /// By hand.
    CreateAnswer {
        peer: PeerName,
        to: Option<PeerName>,
    },
    /// By hand: sets what was last created (or `rollback`).
    SetLocal {
        peer: PeerName,
        to: Option<PeerName>,
        kind: DescriptionKind,
        fails: Option<String>,
    },
    /// By hand: sets what was last heard of this kind.
    SetRemote {
        peer: PeerName,
        to: Option<PeerName>,
        kind: DescriptionKind,
        fails: Option<String>,
    },
    /// By hand: adds the oldest candidate heard and not yet added.
    AddCandidate {
        peer: PeerName,
        to: Option<PeerName>,
        fails: Option<String>,
    },
    /// By hand: sends what was last created (offer, answer), the candidates gathered since, or a bye. A wire peer makes it up.
    Send {
        from: PeerName,
        to: Option<PeerName>,
        message: Kind,
        /// A description with the candidates that were gathered by now.
        gathered: bool,
        /// So many bytes at least, of what a wire peer makes up.
        size: Option<u32>,
    },
    /// `restartIce()`, then a new offer.
    RestartIce {
        peer: PeerName,
        to: Option<PeerName>,
    },
    /// Make a data channel on the connection.
    OpenChannel {
        peer: PeerName,
        to: Option<PeerName>,
        label: String,
        options: ChannelOptions,
    },
    /// Send through a channel and wait until the other side has it. `heard: false` does not wait. Without `to`, where there is a choice, to
    /// each whom the steps have awaited connected with the speaker.
    Say {
        from: PeerName,
        to: Option<PeerName>,
        channel: String,
        data: Data,
        heard: bool,
    },
    /// `close()` on a channel.
    CloseChannel {
        peer: PeerName,
        to: Option<PeerName>,
        channel: String,
    },
    /// `pc.close()`, without telling anybody.
    Close {
        peer: PeerName,
        to: Option<PeerName>,
    },
    /// End a peer from outside; waits until it is done.
    Kill { peer: PeerName, how: Kill },
    /// From now on, keep back what matches at the tap.
    Hold(Pattern),
    /// Let go what was held by the `hold` with the same pattern, in order, and stop holding.
    Release(Pattern),
    /// Throw away what matches (the nth, or every one).
    Drop(Pattern),
    /// Let what matches go later; what follows on its leg waits behind it.
    Delay { pattern: Pattern, by: Duration },
    /// Let what matches go twice.
    Duplicate(Pattern),
    /// Keep what matches until the next word of its link and direction has passed; with `behind` the next of that kind. What nothing
    /// follows goes at the end.
    Reorder {
        pattern: Pattern,
        behind: Option<Kind>,
    },
    /// Let what matches go changed.
    Corrupt { pattern: Pattern, how: Corruption },
    /// End the peer's socket on the wire, or make it half-open.
    Cut { peer: PeerName, how: Cut },
    /// Stop reading from the server for this peer.
    Stall { peer: PeerName },
    /// End the peer's silence or stall.
    Mend { peer: PeerName },
    /// End the server as a crash would; `asked`: it is asked to end first (SIGTERM), and killed only if it does not. Here and in what follows: one
    /// node of it, from 1, or all.
    KillServer { node: Option<u32>, asked: bool },
    /// End the server if it runs, and start it again on the same address.
    Restart { node: Option<u32> },
    /// Stop the server's processes; its port and its connections stay.
    Pause { node: Option<u32> },
    /// Let them go on.
    Resume { node: Option<u32> },
    /// Send what no client should.
    SendRaw { peer: PeerName, raw: Raw },
    /// An HTTP request as it is; `status` if given must be the answer's.
    Http {
        peer: PeerName,
        method: String,
        path: String,
        body: Option<String>,
        status: Option<u16>,
        /// Else none need come.
        answered: bool,
    },
    /// Strangers do something so often.
    Strain { how: Strain, times: u32 },
    /// Let time pass, where time itself is the point.
    Wait(Duration),
    /// What a user does with the page of a peer that is one.
    Page { peer: PeerName, deed: PageDeed },
    /// Wait.
    Await(Condition),
    /// From this step on to the end no message of the peer's own, or for it, has this in it.
    Never(Sought),
    /// Steps that begin together.
    Together(Together),
}

/// Steps whose first messages the tap gathers and lets go in one turn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Together {
    /// In the order of the file; none of them waits for anything but its own end.
    pub steps: Vec<Step>,
    /// `let-in:`, of the requests with `answer: any` those that are granted.
    pub let_in: Share,
    /// `turned-away:`, those that are refused.
    pub turned_away: Share,
}

/// How many requests end one way, and what those who made them are called from then on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Share {
    /// Nothing is said.
    #[default]
    Any,
    /// So many, and nobody gets a name.
    Number(usize),
    /// As many as there are names; the first one in the file gets the first name.
    Names(Vec<PeerName>),
}

/// How a socket is cut at the tap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// A close frame to both ends.
    Close,
    /// A TCP reset to both ends.
    Reset,
    /// Half-open: what is sent is swallowed, and nothing closes.
    Silence(Silence),
}

/// What a peer sends that no client should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Raw {
    /// This text, as it is, in a proper message.
    Text(String),
    /// A frame that breaks the protocol, written by the tap in the peer's place.
    Frame(RawFrame),
    /// A request for a WebSocket on this path, over a connection of its own; `status` if given must be the answer's. Not `answered`: none
    /// need come.
    Upgrade {
        path: String,
        status: Option<u16>,
        answered: bool,
    },
    /// Garbage of this kind, where this word was meant, or whichever the dialect says by a message; `answered`: waits for what the server is declared to do then.
    Garbage {
        kind: Garbage,
        of: Option<Kind>,
        /// Only this field is spoilt, in a message that is for `to` and sound otherwise.
        field: Option<Field>,
        to: Option<PeerName>,
        answered: bool,
    },
    /// This word to that one, written so that it seems another's.
    Forged {
        kind: Kind,
        to: PeerName,
        claimed: PeerName,
    },
}

/// Which messages a tap fault means. `from` alone: the sender's leg, before the server. `to` alone, or both: the receiver's
/// leg, after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// The word.
    pub message: Kind,
    /// The peer that says it.
    pub from: Option<PeerName>,
    /// The peer that is to hear it.
    pub to: Option<PeerName>,
    /// Only the nth that matches from now on, from 1; `None`: every one.
    pub nth: Option<u32>,
}

/// What a step waits for.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// The peer hears a word. Each word heard satisfies one wait only.
    Hears {
        peer: PeerName,
        kind: Kind,
        from: Option<PeerName>,
    },
    /// The tap holds a message that matches; each satisfies one wait only.
    Held(Pattern),
    /// Each of them is connected with each other one; one that is named alone, with anybody.
    Connected { peers: Vec<PeerName> },
    /// A state machine of the peer's newest connection, or of the newest `with` somebody, is, or gets, there.
    State {
        peer: PeerName,
        with: Option<PeerName>,
        machine: Machine,
        state: String,
    },
    /// A channel of the same is, or gets, there.
    Channel {
        peer: PeerName,
        with: Option<PeerName>,
        label: String,
        state: String,
    },
    /// The peer gets this text through a channel.
    Said {
        peer: PeerName,
        from: Option<PeerName>,
        text: String,
    },
    /// The peer's stack takes this in.
    Applied { peer: PeerName, what: Kind },
    /// The peer's stack refuses something (`add-candidate`, `set-remote`).
    Error { peer: PeerName, during: String },
    /// The peer, who has not asked for that, is told that its room is gone. Each such word satisfies one wait only.
    RoomEnded { peer: PeerName },
    /// The peer's signaling connection has ended.
    Disconnected { peer: PeerName },
    /// A message of the peer's own, or one for it, has this in it, whatever the dialect makes of it. Each satisfies one wait only.
    Passes(Sought),
}

/// What must and must not be in the log, in arrow notation. A line matches a log line that begins with it, word by word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expect {
    /// `seen:`, each somewhere in the log, in this order.
    pub seen: Vec<Line>,
    /// `never:`, none anywhere in the whole trace; the run stops at the first.
    pub never: Vec<Line>,
    /// `order:`, lines of one link's wire, which passed in this order as the tap saw it.
    pub order: Vec<Line>,
    /// `count:`, how often a line is in the whole trace.
    pub count: Vec<Count>,
}

impl Expect {
    /// All lines, in whatever part.
    pub(super) fn lines(&self) -> impl Iterator<Item = &Line> {
        let counted = self.count.iter().map(|count| &count.line);
        let lists = [&self.seen, &self.never, &self.order];
        lists.into_iter().flatten().chain(counted)
    }

    /// Those that are looked for in each event by itself, and not in the log.
    pub(super) fn of_events(&self) -> impl Iterator<Item = &Line> {
        (self.never.iter()).chain(self.count.iter().map(|count| &count.line))
    }

    /// The line at a place.
    pub fn line(&self, place: &Place) -> Option<&Line> {
        let nth = |number: &usize| number.checked_sub(1);
        match place {
            Place::Never(line) => self.never.get(nth(line)?),
            Place::Seen(line) => self.seen.get(nth(line)?),
            Place::Order(line) => self.order.get(nth(line)?),
            Place::Count(line) => Some(&self.count.get(nth(line)?)?.line),
            Place::Step(_) | Place::Law(_) => None,
        }
    }
}

/// How often a line has to be in the trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// The line.
    pub line: Line,
    /// So often.
    pub times: Times,
}

/// One line of an expectation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Where it stands.
    pub span: Span,
    /// The line, trimmed.
    pub text: String,
}
