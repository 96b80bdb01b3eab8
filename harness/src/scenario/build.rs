//! From the values of a verb's keys to the action, one small function a verb.

mod standing;

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::model::{
    Action, Answer, Condition, Cut, DEFAULT_CHANNEL, Pattern, Pretence, Raw, Second,
};
use super::page::{Clicking, Filling, PageDeed, ROLE_KEYS, Sight, Tab, Target};
use super::sought::{Sought, Wanted};
use super::strain::Strain;
use crate::names::{PeerName, RoomName};
use crate::signaling::{DescriptionKind, Field, Garbage, Kind};
use crate::source::Span;
use crate::terms::{ChannelOptions, Corruption, Data, Direction, Kill, Machine, RawFrame, Silence};
pub(crate) use standing::{kick, set_state};

/// Makes an action of values that have been found to fit their shapes. `None`: something needed is missing, and the
/// mistake is noted already.
pub(crate) type Build = fn(&Values) -> Option<Action>;

/// A value that fits its key's shape.
#[derive(Clone, Debug)]
pub(crate) enum Parsed {
    Peer(PeerName),
    Peers(Vec<(PeerName, Span)>),
    Room(RoomName),
    Text(String),
    Number(u64),
    Flag(bool),
    Reason(Answer),
    Duration(Duration),
    Word(&'static str),
    State(Machine, &'static str),
    Wanted(Wanted),
}

/// The values of one step, with their places.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values(pub Vec<(&'static str, Parsed, Span)>);

impl Values {
    fn find(&self, key: &str) -> Option<&Parsed> {
        self.0
            .iter()
            .find(|(name, ..)| *name == key)
            .map(|(_, value, _)| value)
    }

    /// Where the value of a key stands.
    pub(crate) fn span(&self, key: &str) -> Option<&Span> {
        self.0
            .iter()
            .find(|(name, ..)| *name == key)
            .map(|(.., span)| span)
    }

    /// Where an item of a list stands.
    pub(crate) fn item(&self, key: &str, index: usize) -> Option<&Span> {
        match self.find(key)? {
            Parsed::Peers(peers) => peers.get(index).map(|(_, span)| span),
            _ => None,
        }
    }

    fn peer(&self, key: &str) -> Option<PeerName> {
        match self.find(key)? {
            Parsed::Peer(peer) => Some(peer.clone()),
            _ => None,
        }
    }

    fn room(&self) -> Option<RoomName> {
        match self.find("room")? {
            Parsed::Room(room) => Some(room.clone()),
            _ => None,
        }
    }

    fn text(&self, key: &str) -> Option<String> {
        match self.find(key)? {
            Parsed::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    fn number(&self, key: &str) -> Option<u64> {
        match self.find(key)? {
            Parsed::Number(number) => Some(*number),
            _ => None,
        }
    }

    fn flag_given(&self, key: &str) -> Option<bool> {
        match self.find(key) {
            Some(Parsed::Flag(flag)) => Some(*flag),
            _ => None,
        }
    }

    fn flag(&self, key: &str, default: bool) -> bool {
        match self.find(key) {
            Some(Parsed::Flag(flag)) => *flag,
            _ => default,
        }
    }

    fn word(&self, key: &str) -> Option<&'static str> {
        match self.find(key)? {
            Parsed::Word(word) => Some(word),
            _ => None,
        }
    }

    fn kind(&self, key: &str) -> Option<Kind> {
        self.word(key)?.parse().ok()
    }

    fn answer(&self) -> Answer {
        match (self.find("refused"), self.find("answer")) {
            (Some(Parsed::Reason(answer)), _) => answer.clone(),
            (_, Some(_)) => Answer::Any,
            _ => Answer::Granted,
        }
    }

    /// `fails: true` is the empty text, which every error contains.
    fn fails(&self) -> Option<String> {
        match self.find("fails")? {
            Parsed::Reason(Answer::RefusedWith(text)) => Some(text.clone()),
            Parsed::Reason(Answer::Refused) => Some(String::new()),
            _ => None,
        }
    }

    fn channel(&self) -> String {
        self.text("channel")
            .unwrap_or_else(|| DEFAULT_CHANNEL.into())
    }

    fn description(&self) -> Option<DescriptionKind> {
        use DescriptionKind::{Answer, Offer, Pranswer, Rollback};
        let word = self.word("kind")?;
        [Offer, Pranswer, Answer, Rollback]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }

    fn pattern(&self, key: &str) -> Option<Pattern> {
        Some(Pattern {
            message: self.kind(key)?,
            from: self.peer("from"),
            to: self.peer("to"),
            nth: self.number("nth").and_then(|nth| u32::try_from(nth).ok()),
        })
    }

    fn node(&self) -> Option<u32> {
        u32::try_from(self.number("node")?).ok()
    }

    fn status(&self) -> Option<u16> {
        u16::try_from(self.number("status")?).ok()
    }

    fn duration(&self, key: &str) -> Option<Duration> {
        match self.find(key)? {
            Parsed::Duration(duration) => Some(*duration),
            _ => None,
        }
    }

    /// `within:`
    pub(crate) fn within(&self) -> Option<Duration> {
        self.duration("within")
    }
}

/// So many bytes, always the same, that no compression or off-by-one leaves unnoticed.
pub(crate) fn made_up(size: usize) -> Vec<u8> {
    (0..size)
        .map(|at| (at.wrapping_mul(31) ^ (at >> 8)) as u8)
        .collect()
}

impl Values {
    /// What in the page is meant; `shown` says whether `text` is a part of that.
    fn target(&self, shown: bool) -> Option<Target> {
        let name = |key: &str| self.text(key);
        if let Some(role) = ROLE_KEYS.iter().find(|role| self.find(role).is_some()) {
            let name = name(role)?;
            return Some(Target::Role { role, name });
        }
        if let Some(role) = self.word("role") {
            let name = name("name").unwrap_or_default();
            return Some(Target::Role { role, name });
        }
        let label = name("label").map(Target::Label);
        let by = label.or_else(|| name("selector").map(Target::Selector));
        by.or_else(|| name("text").filter(|_| shown).map(Target::Text))
    }

    fn sight(&self) -> Sight {
        match (self.find("gone"), self.word("is"), self.text("value")) {
            (Some(_), ..) => Sight::Gone,
            (_, Some("enabled"), _) => Sight::Enabled,
            (_, Some("disabled"), _) => Sight::Disabled,
            (_, Some("checked"), _) => Sight::Checked,
            (_, Some(_), _) => Sight::Unchecked,
            (.., Some(value)) => Sight::Value(value),
            _ => Sight::Present,
        }
    }

    fn page(&self, deed: PageDeed) -> Option<Action> {
        let peer = self.peer("peer")?;
        Some(Action::Page { peer, deed })
    }
}

pub(crate) fn open(v: &Values) -> Option<Action> {
    let path = v.text("path");
    v.page(PageDeed::Open { path })
}

pub(crate) fn fill(v: &Values) -> Option<Action> {
    let target = v.target(false)?;
    // That it is one of them is checked later.
    let with = match v.text("secret") {
        Some(secret) => Filling::Secret(secret),
        None => Filling::Text(v.text("text").unwrap_or_default()),
    };
    v.page(PageDeed::Fill { target, with })
}

pub(crate) fn click(v: &Values) -> Option<Action> {
    let target = v.target(true)?;
    let how = match v.find("outside") {
        Some(_) => Clicking::Outside,
        None => Clicking::Once,
    };
    v.page(PageDeed::Click { target, how })
}

pub(crate) fn double_click(v: &Values) -> Option<Action> {
    let (target, how) = (v.target(true)?, Clicking::Twice);
    v.page(PageDeed::Click { target, how })
}

pub(crate) fn press(v: &Values) -> Option<Action> {
    let (key, target) = (v.text("key")?, v.target(false));
    v.page(PageDeed::Press { key, target })
}

pub(crate) fn see(v: &Values) -> Option<Action> {
    let (target, sight) = (v.target(true)?, v.sight());
    v.page(PageDeed::See { target, sight })
}

pub(crate) fn reload(v: &Values) -> Option<Action> {
    v.page(PageDeed::Reload)
}

pub(crate) fn navigate(v: &Values) -> Option<Action> {
    let path = v.text("path");
    v.page(PageDeed::Navigate { path })
}

pub(crate) fn back(v: &Values) -> Option<Action> {
    v.page(PageDeed::Back)
}

pub(crate) fn forward(v: &Values) -> Option<Action> {
    v.page(PageDeed::Forward)
}

pub(crate) fn new_tab(v: &Values) -> Option<Action> {
    let path = v.text("path");
    v.page(PageDeed::NewTab { path })
}

pub(crate) fn close_tab(v: &Values) -> Option<Action> {
    v.page(PageDeed::CloseTab)
}

pub(crate) fn switch_tab(v: &Values) -> Option<Action> {
    let number = v.number("tab").and_then(|tab| u32::try_from(tab).ok());
    let to = match number {
        Some(number) => Tab::Number(number),
        None => Tab::At(v.text("path")?),
    };
    v.page(PageDeed::SwitchTab { to })
}

pub(crate) fn offline(v: &Values) -> Option<Action> {
    v.page(PageDeed::Offline)
}

pub(crate) fn online(v: &Values) -> Option<Action> {
    v.page(PageDeed::Online)
}

pub(crate) fn screenshot(v: &Values) -> Option<Action> {
    let name = match v.find("file") {
        Some(Parsed::Room(name)) => Some(name.as_str().to_owned()),
        _ => None,
    };
    v.page(PageDeed::Screenshot { name })
}

pub(crate) fn connect(v: &Values) -> Option<Action> {
    if let Some(Parsed::Word(word)) = v.find("second") {
        return Some(Action::Second {
            peer: v.peer("peer")?,
            how: match *word {
                "resumes" => Second::Resumes,
                _ => Second::TakesOver,
            },
        });
    }
    Some(Action::Connect {
        peer: v.peer("peer")?,
        answer: v.answer(),
    })
}

pub(crate) fn pretend(v: &Values) -> Option<Action> {
    let how = match (v.peer("login-of"), v.peer("given-to")) {
        (Some(peer), _) => Pretence::LoginOf(peer),
        (None, Some(peer)) => Pretence::GivenTo(peer),
        (None, None) => match v.word("login")? {
            "own" => Pretence::OwnLogin,
            _ => Pretence::WrongLogin,
        },
    };
    Some(Action::Pretend {
        peer: v.peer("peer")?,
        how,
    })
}

pub(crate) fn create(v: &Values) -> Option<Action> {
    Some(Action::Create {
        peer: v.peer("peer")?,
        room: v.room()?,
        answer: v.answer(),
    })
}

pub(crate) fn join(v: &Values) -> Option<Action> {
    Some(Action::Join {
        peer: v.peer("peer")?,
        room: v.room()?,
        offer: v.flag_given("offer"),
        answer: v.answer(),
    })
}

pub(crate) fn leave(v: &Values) -> Option<Action> {
    Some(Action::Leave {
        peer: v.peer("peer")?,
        answer: v.answer(),
    })
}

pub(crate) fn destroy(v: &Values) -> Option<Action> {
    Some(Action::Destroy {
        peer: v.peer("peer")?,
        room: v.room()?,
        answer: v.answer(),
    })
}

pub(crate) fn disconnect(v: &Values) -> Option<Action> {
    if v.find("older").is_some() {
        return Some(Action::Retire {
            peer: v.peer("peer")?,
        });
    }
    Some(Action::Disconnect {
        peer: v.peer("peer")?,
    })
}

pub(crate) fn negotiate(v: &Values) -> Option<Action> {
    Some(Action::Negotiate {
        from: v.peer("from")?,
        to: v.peer("to"),
    })
}

pub(crate) fn create_offer(v: &Values) -> Option<Action> {
    Some(Action::CreateOffer {
        peer: v.peer("peer")?,
        to: v.peer("to"),
    })
}

pub(crate) fn create_answer(v: &Values) -> Option<Action> {
    Some(Action::CreateAnswer {
        peer: v.peer("peer")?,
        to: v.peer("to"),
    })
}

pub(crate) fn set_local(v: &Values) -> Option<Action> {
    Some(Action::SetLocal {
        peer: v.peer("peer")?,
        to: v.peer("to"),
        kind: v.description()?,
        fails: v.fails(),
    })
}

pub(crate) fn set_remote(v: &Values) -> Option<Action> {
    Some(Action::SetRemote {
        peer: v.peer("peer")?,
        to: v.peer("to"),
        kind: v.description()?,
        fails: v.fails(),
    })
}

pub(crate) fn add_candidate(v: &Values) -> Option<Action> {
    Some(Action::AddCandidate {
        peer: v.peer("peer")?,
        to: v.peer("to"),
        fails: v.fails(),
    })
}

pub(crate) fn send(v: &Values) -> Option<Action> {
    Some(Action::Send {
        from: v.peer("from")?,
        to: v.peer("to"),
        message: v.kind("message")?,
        gathered: v.flag("gathered", false),
        size: match v.number("size") {
            Some(size) => Some(u32::try_from(size).ok()?),
            None => None,
        },
    })
}

pub(crate) fn restart_ice(v: &Values) -> Option<Action> {
    Some(Action::RestartIce {
        peer: v.peer("peer")?,
        to: v.peer("to"),
    })
}

pub(crate) fn open_channel(v: &Values) -> Option<Action> {
    let short = |key| v.number(key).and_then(|number| u16::try_from(number).ok());
    Some(Action::OpenChannel {
        peer: v.peer("peer")?,
        to: v.peer("to"),
        label: v.text("label")?,
        options: ChannelOptions {
            ordered: v.flag("ordered", true),
            max_retransmits: short("max-retransmits"),
            negotiated: short("negotiated"),
        },
    })
}

pub(crate) fn say(v: &Values) -> Option<Action> {
    let data = match (v.text("text"), v.text("bytes"), v.number("size")) {
        (Some(text), None, None) => Data::Text(text),
        (None, Some(bytes), None) => Data::Bytes(bytes),
        (None, None, Some(size)) => {
            Data::Bytes(STANDARD.encode(made_up(usize::try_from(size).ok()?)))
        }
        _ => return None,
    };
    Some(Action::Say {
        from: v.peer("from")?,
        to: v.peer("to"),
        channel: v.channel(),
        data,
        heard: v.flag("heard", true),
    })
}

pub(crate) fn close_channel(v: &Values) -> Option<Action> {
    Some(Action::CloseChannel {
        peer: v.peer("peer")?,
        to: v.peer("to"),
        channel: v.channel(),
    })
}

pub(crate) fn close(v: &Values) -> Option<Action> {
    Some(Action::Close {
        peer: v.peer("peer")?,
        to: v.peer("to"),
    })
}

pub(crate) fn kill(v: &Values) -> Option<Action> {
    let how = match v.word("how")? {
        "socket" => Kill::Socket,
        "tab" => Kill::Tab,
        _ => Kill::Browser,
    };
    Some(Action::Kill {
        peer: v.peer("peer")?,
        how,
    })
}

pub(crate) fn hold(v: &Values) -> Option<Action> {
    Some(Action::Hold(v.pattern("message")?))
}

pub(crate) fn release(v: &Values) -> Option<Action> {
    Some(Action::Release(v.pattern("message")?))
}

pub(crate) fn drop(v: &Values) -> Option<Action> {
    Some(Action::Drop(v.pattern("message")?))
}

pub(crate) fn delay(v: &Values) -> Option<Action> {
    Some(Action::Delay {
        pattern: v.pattern("message")?,
        by: v.duration("by")?,
    })
}

pub(crate) fn duplicate(v: &Values) -> Option<Action> {
    Some(Action::Duplicate(v.pattern("message")?))
}

pub(crate) fn reorder(v: &Values) -> Option<Action> {
    Some(Action::Reorder {
        pattern: v.pattern("message")?,
        behind: v.kind("behind"),
    })
}

pub(crate) fn corrupt(v: &Values) -> Option<Action> {
    Some(Action::Corrupt {
        pattern: v.pattern("message")?,
        how: match v.word("as") {
            Some("not-json") => Corruption::NotJson,
            Some("not-utf8") => Corruption::NotUtf8,
            _ => Corruption::Letter,
        },
    })
}

pub(crate) fn stall(v: &Values) -> Option<Action> {
    Some(Action::Stall {
        peer: v.peer("peer")?,
    })
}

pub(crate) fn strain(v: &Values) -> Option<Action> {
    Some(Action::Strain {
        how: Strain::parse(v.word("by")?)?,
        times: u32::try_from(v.number("times")?).ok()?,
    })
}

pub(crate) fn mend(v: &Values) -> Option<Action> {
    Some(Action::Mend {
        peer: v.peer("peer")?,
    })
}

pub(crate) fn pause(v: &Values) -> Option<Action> {
    Some(Action::Pause { node: v.node() })
}

pub(crate) fn resume(v: &Values) -> Option<Action> {
    Some(Action::Resume { node: v.node() })
}

pub(crate) fn cut(v: &Values) -> Option<Action> {
    let direction = v.word("direction");
    let how = match v.word("how")? {
        "close" => Cut::Close,
        "reset" => Cut::Reset,
        _ => Cut::Silence(Silence {
            up: direction != Some("down"),
            down: direction != Some("up"),
        }),
    };
    Some(Action::Cut {
        peer: v.peer("peer")?,
        how,
    })
}

pub(crate) fn kill_server(v: &Values) -> Option<Action> {
    Some(Action::KillServer {
        node: v.node(),
        asked: v.flag("asked", false),
    })
}

pub(crate) fn restart(v: &Values) -> Option<Action> {
    Some(Action::Restart { node: v.node() })
}

pub(crate) fn garbage(v: &Values) -> Option<Action> {
    Some(Action::SendRaw {
        peer: v.peer("peer")?,
        raw: Raw::Garbage {
            kind: Garbage::parse(v.word("kind")?)?,
            of: v.word("of").and_then(|of| of.parse().ok()),
            field: v.word("field").and_then(Field::parse),
            to: v.peer("to"),
            answered: v.flag("answered", true),
        },
    })
}

pub(crate) fn forge(v: &Values) -> Option<Action> {
    Some(Action::SendRaw {
        peer: v.peer("from")?,
        raw: Raw::Forged {
            kind: v.word("message")?.parse().ok()?,
            to: v.peer("to")?,
            claimed: v.peer("as")?,
        },
    })
}

pub(crate) fn send_raw(v: &Values) -> Option<Action> {
    let raw = match (v.text("text"), v.word("frame"), v.text("path")) {
        (Some(text), None, None) => Raw::Text(text),
        (None, Some(frame), None) => Raw::Frame(
            RawFrame::ALL
                .into_iter()
                .find(|one| one.as_str() == frame)?,
        ),
        (None, None, Some(path)) => Raw::Upgrade {
            path,
            status: v.status(),
            answered: v.flag("answered", true),
        },
        _ => return None,
    };
    Some(Action::SendRaw {
        peer: v.peer("peer")?,
        raw,
    })
}

pub(crate) fn http(v: &Values) -> Option<Action> {
    Some(Action::Http {
        peer: v.peer("peer")?,
        method: v.word("method")?.into(),
        path: v.text("path")?,
        body: v.text("body"),
        status: v.status(),
        answered: v.flag("answered", true),
    })
}

pub(crate) fn hears(v: &Values) -> Option<Action> {
    Some(Action::Await(Condition::Hears {
        peer: v.peer("peer")?,
        kind: v.kind("hears")?,
        from: v.peer("from"),
    }))
}

pub(crate) fn held(v: &Values) -> Option<Action> {
    Some(Action::Await(Condition::Held(v.pattern("held")?)))
}

pub(crate) fn connected(v: &Values) -> Option<Action> {
    match v.find("connected")? {
        Parsed::Peers(peers) => Some(Action::Await(Condition::Connected {
            peers: peers.iter().map(|(peer, _)| peer.clone()).collect(),
        })),
        _ => None,
    }
}

pub(crate) fn state(v: &Values) -> Option<Action> {
    match v.find("state")? {
        Parsed::State(machine, state) => Some(Action::Await(Condition::State {
            peer: v.peer("peer")?,
            with: v.peer("with"),
            machine: *machine,
            state: (*state).into(),
        })),
        _ => None,
    }
}

pub(crate) fn channel(v: &Values) -> Option<Action> {
    Some(Action::Await(Condition::Channel {
        peer: v.peer("peer")?,
        with: v.peer("with"),
        label: v.text("channel")?,
        state: v.word("is")?.into(),
    }))
}

pub(crate) fn said(v: &Values) -> Option<Action> {
    Some(Action::Await(Condition::Said {
        peer: v.peer("peer")?,
        from: v.peer("from"),
        text: v.text("said")?,
    }))
}

pub(crate) fn applied(v: &Values) -> Option<Action> {
    Some(Action::Await(Condition::Applied {
        peer: v.peer("peer")?,
        what: v.kind("applied")?,
    }))
}

pub(crate) fn error(v: &Values) -> Option<Action> {
    Some(Action::Await(Condition::Error {
        peer: v.peer("peer")?,
        during: v.word("error")?.into(),
    }))
}

pub(crate) fn room_ended(v: &Values) -> Option<Action> {
    Some(Action::Await(Condition::RoomEnded {
        peer: v.peer("peer")?,
    }))
}

pub(crate) fn disconnected(v: &Values) -> Option<Action> {
    Some(Action::Await(Condition::Disconnected {
        peer: v.peer("peer")?,
    }))
}

pub(crate) fn gets(v: &Values) -> Option<Action> {
    sought(v, Direction::Down).map(|sought| Action::Await(Condition::Passes(sought)))
}

pub(crate) fn sends(v: &Values) -> Option<Action> {
    sought(v, Direction::Up).map(|sought| Action::Await(Condition::Passes(sought)))
}

pub(crate) fn never(v: &Values) -> Option<Action> {
    let sought = sought(v, Direction::Down).or_else(|| sought(v, Direction::Up));
    sought.map(Action::Never)
}

fn sought(v: &Values, direction: Direction) -> Option<Sought> {
    let Parsed::Wanted(what) = v.find(Sought::key_of(direction))? else {
        return None;
    };
    Some(Sought {
        peer: v.peer("peer")?,
        direction,
        what: what.clone(),
    })
}
