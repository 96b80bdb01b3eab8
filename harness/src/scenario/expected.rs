//! Whether the log can ever write what a line of `expect` asks for.
//!
//! What certainly cannot be is a mistake of the file; what hardly can be is a doubt, told beside.

use std::collections::BTreeMap;

use super::casting::wire_peers;
use super::model::{Action, Expect, Line, PeerSpec, Scenario, Step};
use super::outcomes;
use crate::mistake::{Mistakes, quoted};
use crate::names::PeerName;
use crate::signaling::Kind;
use crate::source::Span;

/// What begins a peer's own lines, beside what steps write.
const OF_PEERS: &[&str] = &[
    "signaling",
    "ice-gathering",
    "ice",
    "connection",
    "channel",
    "gathered",
    "applied",
    "disconnected",
    "error",
    "console",
    "note",
];

/// What begins the server's own lines, beside what steps write.
const OF_SERVER: &[&str] = &["ready", "exited", "killed", "says"];

/// What may go over a wire and is no word of a dialect; `connection` is lost.
const ON_WIRES: &[&str] = &["http", "opaque", "close", "connection"];

/// Who is in the scenario.
pub(super) struct Cast<'p> {
    peers: Vec<&'p str>,
    /// Those without a connection; whose name an outcome binds may be one.
    wire: Vec<&'p str>,
}

impl<'p> Cast<'p> {
    pub(super) fn of(peers: &'p [(PeerName, PeerSpec)], wire: &BTreeMap<PeerName, bool>) -> Self {
        let names = || peers.iter().map(|(name, _)| name);
        Self {
            peers: names().map(PeerName::as_str).collect(),
            wire: (names().filter(|name| wire.contains_key(*name)))
                .map(PeerName::as_str)
                .collect(),
        }
    }

    /// And those whose names outcomes bind.
    pub(super) fn with_bound(mut self, steps: impl Iterator<Item = &'p Step>) -> Self {
        for step in steps {
            if let Action::Together(together) = &step.action {
                let names: Vec<&str> = together.names().map(PeerName::as_str).collect();
                self.peers.extend(&names);
                self.wire.extend(names);
            }
        }
        self
    }
}

/// What is wrong with a line.
enum Wrong {
    Mistake {
        found: String,
        expected: String,
        help: Option<String>,
    },
    Doubt(String),
}

/// Notes the lines that nothing can match.
pub(super) fn lines<'l>(
    lines: impl Iterator<Item = &'l Line>,
    cast: &Cast<'_>,
    steps: &[String],
    mistakes: &mut Mistakes,
) {
    for line in lines {
        if let Some(Wrong::Mistake {
            found,
            expected,
            help,
        }) = wrong(&line.text, cast, steps)
        {
            let mistake = mistakes.add(&line.span, found).expect(expected);
            if let Some(help) = help {
                mistake.advise(help);
            }
        }
    }
}

/// Notes lines that are looked for event by event, and that stand in logs alone.
pub(super) fn of_logs(expect: &Expect, mistakes: &mut Mistakes) {
    for (line, text) in expect.of_events().filter_map(joined) {
        if !text.contains('*') {
            mistakes
                .add(&line.span, format!("{} stands in logs alone", quoted(text)))
                .expect(EVENT_BY_EVENT)
                .advise(leg(text));
        }
    }
}

/// Why no event is written as the log writes two.
const EVENT_BY_EVENT: &str = "`never` and `count` look at each event by itself: at what one peer says, or at what another hears";

/// A line of what is said and heard at once, up to what it says.
fn joined(line: &Line) -> Option<(&Line, &str)> {
    let (head, _) = line.text.split_once(':')?;
    let (from, to) = head.split_once(" ~> ")?;
    let names = !from.trim().is_empty() && !to.trim().is_empty() && !head.contains('"');
    names.then_some((line, line.text.as_str()))
}

/// What to write in the place of such a line.
fn leg(text: &str) -> String {
    let (from, heard) = text.split_once(" ~> ").unwrap_or_default();
    let said = heard.split_once(':').map_or("", |(_, said)| said);
    format!("write `~> {heard}` for what comes, or `{from} ~>:{said}` for what is said")
}

/// What these steps write into the log themselves.
pub(super) fn written<'s>(steps: impl Iterator<Item = &'s Step>) -> Vec<String> {
    steps
        .flat_map(Step::with_inner)
        .filter_map(Step::log)
        .collect()
}

impl Scenario {
    /// Lines of `expect` that hardly anything can match, or that no step leads to: where, and why.
    pub(super) fn doubts(&self) -> Vec<(Span, String)> {
        let cast = Cast::of(&self.peers, &wire_peers(&self.peers, &self.mixes));
        let cast = cast.with_bound(self.steps.iter());
        let steps = written(self.steps.iter());
        let lines = self.expect.lines();
        lines
            .filter_map(|line| match wrong(&line.text, &cast, &steps)? {
                Wrong::Doubt(why) => Some((line.span.clone(), why)),
                Wrong::Mistake { .. } => None,
            })
            .chain(self.expect.of_events().filter_map(|line| {
                let (line, text) = joined(line)?;
                let why = format!(
                    "{} can hardly be there: {EVENT_BY_EVENT}; {}",
                    quoted(text),
                    leg(text)
                );
                Some((line.span.clone(), why))
            }))
            .chain(outcomes::impossible(self))
            .collect()
    }
}

/// The part of a line that is looked at.
struct Said<'l> {
    /// Up to the first `*`.
    text: &'l str,
    /// There is none.
    whole: bool,
}

impl<'l> Said<'l> {
    /// The first word, if it certainly ends where it does.
    fn word(&self) -> Option<(&'l str, Said<'l>)> {
        let (word, rest) = match self.text.split_once(' ') {
            Some((word, rest)) => (word, rest),
            None if self.whole => (self.text, ""),
            None => return None,
        };
        let rest = Said {
            text: rest,
            whole: self.whole,
        };
        (!word.is_empty()).then_some((word, rest))
    }
}

fn wrong(line: &str, cast: &Cast<'_>, steps: &[String]) -> Option<Wrong> {
    let text = line.split('*').next().unwrap_or_default();
    let whole = text.len() == line.len();
    if steps.iter().any(|step| step.starts_with(text)) {
        return None;
    }
    let (head, body) = match text.split_once(": ") {
        Some((head, body)) => (head, Some(body)),
        None => match text.strip_suffix(':') {
            Some(head) => (head, None),
            None => (text, None),
        },
    };
    let head_is_whole = whole || head.len() < text.len();
    if head.contains('"') || head.starts_with("note") || head.contains("~>") {
        return None;
    }
    let said = body.map(|text| Said { text, whole });
    if let Some((from, to)) = head.split_once(" -> ") {
        let side = |name: &str| Side::of(name, cast);
        let sender = bare(from.trim());
        let from = match side(from.trim()) {
            Ok(from) => from,
            Err(wrong) => return Some(wrong),
        };
        if !head_is_whole {
            return None;
        }
        return match side(to.trim()) {
            Ok(to) => on_a_wire((from, sender), to, said?, cast),
            Err(wrong) => Some(wrong),
        };
    }
    if !head_is_whole || head.trim().is_empty() {
        return None;
    }
    let mut words = head.split_whitespace();
    let name = words.next()?;
    let side = match Side::of(name, cast) {
        Ok(side) => side,
        Err(wrong) => return Some(wrong),
    };
    if words.next().is_some() {
        return None;
    }
    by_itself(side, name, said?)
}

/// Who says or hears something.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    Server,
    Tap,
    Peer,
}

impl Side {
    fn of(name: &str, cast: &Cast<'_>) -> Result<Self, Wrong> {
        match name {
            "server" => return Ok(Side::Server),
            "tap" => return Ok(Side::Tap),
            _ => {}
        }
        let bare = bare(name);
        if cast.peers.contains(&bare) {
            return Ok(Side::Peer);
        }
        let known = || cast.peers.iter().copied().chain(["server", "tap"]);
        let near = crate::mistake::nearest(bare, known());
        Err(Wrong::Mistake {
            found: format!("{} is nobody in this scenario", quoted(name)),
            expected: format!(
                "expected one of: {}",
                known().collect::<Vec<_>>().join(", ")
            ),
            help: near.map(|near| format!("did you mean `{near}`?")),
        })
    }
}

/// A link's peer.
pub(super) fn bare(name: &str) -> &str {
    match name.rsplit_once('#') {
        Some((bare, number)) if number.parse::<u32>().is_ok() => bare,
        _ => name,
    }
}

fn strange(word: &str, where_: &str, known: &[&str]) -> Wrong {
    let near = crate::mistake::nearest(word, known.iter().copied());
    Wrong::Mistake {
        found: format!("no line {where_} begins with {}", quoted(word)),
        expected: format!("expected one of: {}", known.join(", ")),
        help: near.map(|near| format!("did you mean `{near}`?")),
    }
}

fn on_a_wire(
    (from, sender): (Side, &str),
    to: Side,
    said: Said<'_>,
    cast: &Cast<'_>,
) -> Option<Wrong> {
    let (word, rest) = said.word()?;
    let kinds = |wanted: fn(Kind) -> bool| {
        let all = Kind::ALL.iter().copied().filter(move |kind| wanted(*kind));
        all.map(Kind::as_str)
    };
    let wires = || ON_WIRES.iter().copied();
    let (known, where_): (Vec<&str>, &str) = match (from, to) {
        (Side::Peer, Side::Server) => (
            kinds(|kind| kind.is_signal() || kind.is_request())
                .chain(["connect"])
                .chain(wires())
                .collect(),
            "from a peer to the server",
        ),
        (Side::Server, Side::Peer) => (
            kinds(|kind| !kind.is_request()).chain(wires()).collect(),
            "from the server to a peer",
        ),
        (Side::Peer, Side::Peer) => (kinds(Kind::is_signal).collect(), "from peer to peer"),
        (Side::Tap, Side::Peer) => (vec!["close", "connection"], "from the tap to a peer"),
        _ => {
            return Some(Wrong::Mistake {
                found: "nothing goes this way".into(),
                expected: "a peer and the server, or two peers".into(),
                help: None,
            });
        }
    };
    if !known.contains(&word) {
        return Some(strange(word, where_, &known));
    }
    let kind: Kind = word.parse().ok()?;
    if kind.is_of_a_peer() {
        let (name, _) = rest.word()?;
        let known = cast.peers.contains(&name) || name.starts_with('<');
        return Side::of(name, cast).err().filter(|_| !known);
    }
    // What a wire peer describes has no parts that would be told.
    let bare = match from {
        Side::Peer => cast.wire.contains(&sender),
        _ => !cast.wire.is_empty(),
    } && kind != Kind::Candidate;
    let carries = matches!(kind, Kind::Offer | Kind::Answer | Kind::Candidate);
    if carries && !bare && rest.text.starts_with('(') && !rest.text.starts_with("(forged") {
        let mark = rest.text;
        return Some(Wrong::Doubt(format!(
            "what is in the {word} stands before the mark: write `{word}*{mark}`"
        )));
    }
    if carries && (from, to) == (Side::Server, Side::Peer) {
        let (next, _) = rest.word()?;
        let after = rest.text;
        return (next != "from" && !next.starts_with('(')).then(|| {
            Wrong::Doubt(format!(
                "the sender stands behind the word: write `{word} from <peer> {after}`, or `<peer> -> …: {word} {after}`"
            ))
        });
    }
    None
}

/// What is no message.
fn by_itself(side: Side, name: &str, said: Said<'_>) -> Option<Wrong> {
    let (word, _) = said.word()?;
    match side {
        Side::Peer if !OF_PEERS.contains(&word) => {
            Some(strange(word, "of a peer by itself", OF_PEERS))
        }
        Side::Peer if name.contains('#') && word != "disconnected" => Some(Wrong::Mistake {
            found: format!(
                "{} names a link, and `{word}` is the peer's own",
                quoted(name)
            ),
            expected: "the peer's name without a number".into(),
            help: None,
        }),
        Side::Server if !OF_SERVER.contains(&word) => {
            Some(strange(word, "of the server by itself", OF_SERVER))
        }
        Side::Tap => {
            let known: Vec<&str> = (Kind::ALL.iter().map(|kind| kind.as_str()))
                .chain(["opaque"])
                .collect();
            let ok = known.contains(&word);
            (!ok).then(|| strange(word, "of the tap that no step writes", &known))
        }
        _ => None,
    }
}
