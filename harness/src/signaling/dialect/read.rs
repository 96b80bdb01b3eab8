//! From a file to a dialect, with all mistakes at once.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::properties::{ABSENT_PEER, AbsentPeer, Properties, SAME_ID, SameId};
use super::words::Hears;
use super::{Dialect, Framing, Hearing, Way, socketio};
use crate::mistake::{Mistakes, quoted};
use crate::names::is_name;
use crate::signaling::Kind;
use crate::signaling::Need;
use crate::source::{Source, Span};
use crate::yaml::{self, Key, Node, Scalar};

const KEYS: &[&str] = &[
    "version",
    "dialect",
    "about",
    "framing",
    "connect",
    "has",
    "announces-leaving-within",
    "announces-joining-within",
    "coalesces",
    "news-before-relays",
    "news-once",
    "same-id",
    "answers-within",
    "room-size",
    "rewrites",
    "echoes",
    "repeats",
    "unordered",
    "broadcasts",
    "absent-peer",
    "offers",
    "every",
    "reply",
    "ignore",
    "learn",
    "say",
    "hear",
];
/// More than this in one room is a mistake of the file.
const MAX_ROOM: usize = 1_000_000;

/// What a need takes: the words that must be said, and those that must be heard.
const TAKES: &[(Need, &[Kind], &[Kind])] = &[
    (Need::Rooms, &[Kind::Create, Kind::Join, Kind::Leave], &[]),
    (Need::Destroy, &[Kind::Destroy], &[]),
    (Need::PeerJoined, &[], &[Kind::PeerJoined]),
    (Need::PeerLeft, &[], &[Kind::PeerLeft]),
    (Need::Trickle, &[Kind::Candidate], &[Kind::Candidate]),
    (Need::Bye, &[Kind::Bye], &[Kind::Bye]),
];

impl Dialect {
    /// Reads a dialect.
    ///
    /// # Errors
    /// All mistakes of the file.
    pub fn read(path: &Path, text: &str) -> Result<Dialect, Mistakes> {
        let source = Source {
            path: path.to_owned(),
            text: Arc::from(text),
        };
        let mut mistakes = Mistakes::new(source);
        let dialect = yaml::parse(text, &mut mistakes).and_then(|root| {
            Reader {
                mistakes: &mut mistakes,
                framing: Framing::Json,
                captured: Vec::new(),
            }
            .file(&root)
        });
        mistakes.or_else(dialect)
    }

    /// Reads a dialect from a file.
    ///
    /// # Errors
    /// All mistakes of the file; also one if it cannot be read.
    pub fn load(path: &Path) -> Result<Dialect, Mistakes> {
        Dialect::read(path, &yaml::read_text(path)?)
    }
}

pub(super) struct Reader<'m> {
    pub(super) mistakes: &'m mut Mistakes,
    pub(super) framing: Framing,
    /// The names of what it captures for later.
    pub(super) captured: Vec<String>,
}

/// The entries of a mapping, by key.
#[derive(Clone, Copy)]
pub(super) struct Fields<'n>(pub &'n [(Key, Node)]);

impl<'n> Fields<'n> {
    pub(super) fn find(self, wanted: &str) -> Option<&'n Node> {
        let mut entries = self.0.iter();
        entries
            .find(|(key, _)| key.text == wanted)
            .map(|(_, node)| node)
    }
}

impl Reader<'_> {
    fn file(mut self, root: &Node) -> Option<Dialect> {
        let entries = root.map("a mapping that begins with `dialect:`", self.mistakes)?;
        self.known("a dialect", entries, KEYS);
        let find = |wanted: &str| {
            entries
                .iter()
                .find(|(key, _)| key.text == wanted)
                .map(|(_, node)| node)
        };
        for needed in ["dialect", "connect", "say", "hear"] {
            if find(needed).is_none() {
                self.mistakes
                    .add(
                        &Span {
                            bytes: 0..0,
                            line: 1,
                        },
                        format!("the key `{needed}:` is missing"),
                    )
                    .expect("expected in this file");
            }
        }
        if let Some(node) = find("version")
            && node
                .scalar()
                .and_then(Scalar::number)
                .and_then(|number| number.as_u64())
                != Some(1)
        {
            self.mistakes
                .add(&node.span, "this version of the format is not known")
                .expect("version 1 is read")
                .advise("a newer version needs a newer glare");
        }
        let name = find("dialect").and_then(|node| self.name(node));
        self.framing = find("framing").map_or(Framing::Json, |node| self.framing(node));
        if matches!(self.framing, Framing::SocketIo(_)) {
            self.captured.push("sid".to_owned());
        }
        self.captured.push("line".to_owned());
        let connect = find("connect")
            .map(|node| self.connect(node))
            .unwrap_or_default();
        let needs = find("has").map(|node| self.needs(node)).unwrap_or_default();
        let properties = self.properties(&find);
        let offers =
            find("offers").and_then(|node| yaml::word(node, &["joiner", "insider"], self.mistakes));
        let ignore = find("ignore").map(|node| self.hearings(node));
        let learn = find("learn").map(|node| self.hearings(node));
        let reply = find("reply").map(|node| self.replies(node));
        let every = find("every").map(|node| self.beats(node));
        let say = find("say").map(|node| self.say(node)).unwrap_or_default();
        let (hear, members) = find("hear").map(|node| self.hear(node)).unwrap_or_default();
        if let (Some(_), Some(_)) = (find("say"), find("hear")) {
            self.complete(entries, &needs, &say, &hear, !members.is_empty());
        }
        let source = self.mistakes.source().clone();
        Some(Dialect {
            source,
            name: name?,
            framing: self.framing,
            connect,
            needs: needs.into_iter().map(|(need, _)| need).collect(),
            properties,
            say,
            hear,
            members,
            ignore: ignore.unwrap_or_default(),
            learn: learn.unwrap_or_default(),
            reply: reply.unwrap_or_default(),
            every: every.unwrap_or_default(),
            captured: self.captured,
            offers: offers.map(str::to_owned),
        })
    }

    fn framing(&mut self, node: &Node) -> Framing {
        let all = ["json", "text", "socket.io-4", "socket.io-2"];
        match yaml::word(node, &all, self.mistakes) {
            Some("text") => Framing::Text,
            Some("socket.io-4") => Framing::SocketIo(socketio::Version::Four),
            Some("socket.io-2") => Framing::SocketIo(socketio::Version::Two),
            _ => Framing::Json,
        }
    }

    pub(super) fn known(&mut self, what: &str, entries: &[(Key, Node)], keys: &[&str]) {
        for (key, _) in entries
            .iter()
            .filter(|(key, _)| !keys.contains(&key.text.as_str()))
        {
            self.mistakes
                .add(
                    &key.span,
                    format!("{what} has no key {}", quoted(&key.text)),
                )
                .expect(format!("its keys: {}", keys.join(", ")))
                .suggest(&key.text, keys.iter().copied());
        }
    }

    fn name(&mut self, node: &Node) -> Option<String> {
        let name = node.text("the dialect's name, as text", self.mistakes)?;
        if !is_name(name) {
            self.mistakes
                .add(
                    &node.span,
                    format!("{} cannot be the name of a dialect", quoted(name)),
                )
                .expect("1 to 32 of: A-Z a-z 0-9 _ -");
            return None;
        }
        Some(name.to_owned())
    }

    fn needs(&mut self, node: &Node) -> Vec<(Need, Span)> {
        let items = node
            .list("a list: `[rooms, peer-left]`", self.mistakes)
            .unwrap_or_default();
        let mut needs = Vec::new();
        for item in items {
            let need = yaml::word(item, &Need::NAMES, self.mistakes).and_then(Need::parse);
            needs.extend(need.map(|need| (need, item.span.clone())));
        }
        needs
    }

    fn properties<'n>(&mut self, find: &impl Fn(&str) -> Option<&'n Node>) -> Properties {
        let mut properties = Properties::default();
        let times: [(&str, &mut Option<Duration>); 3] = [
            (
                "announces-leaving-within",
                &mut properties.announces_leaving_within,
            ),
            (
                "announces-joining-within",
                &mut properties.announces_joining_within,
            ),
            ("answers-within", &mut properties.answers_within),
        ];
        for (key, time) in times {
            if let Some(node) = find(key).filter(|node| !node.is_null()) {
                *time = yaml::duration(node, self.mistakes);
            }
        }
        let flags: [(&str, &mut bool); 8] = [
            ("coalesces", &mut properties.coalesces),
            ("news-before-relays", &mut properties.news_before_relays),
            ("news-once", &mut properties.news_once),
            ("rewrites", &mut properties.rewrites),
            ("echoes", &mut properties.echoes),
            ("repeats", &mut properties.repeats),
            ("unordered", &mut properties.unordered),
            ("broadcasts", &mut properties.broadcasts),
        ];
        for (key, flag) in flags {
            *flag = find(key)
                .and_then(|node| node.flag(self.mistakes))
                .unwrap_or(false);
        }
        if let Some(node) = find("room-size").filter(|node| !node.is_null()) {
            properties.room_size = self.room_size(node);
        }
        if let Some(word) =
            find("same-id").and_then(|node| yaml::word(node, SAME_ID, self.mistakes))
        {
            properties.same_id = SameId::parse(word);
        }
        if let Some(word) =
            find("absent-peer").and_then(|node| yaml::word(node, ABSENT_PEER, self.mistakes))
        {
            properties.absent_peer = AbsentPeer::parse(word);
        }
        properties
    }

    fn room_size(&mut self, node: &Node) -> Option<usize> {
        let expected = "a number of peers, from 1: `2`";
        let number = node.scalar().and_then(|scalar| scalar.text.parse().ok());
        let size = number.filter(|size: &usize| (1..=MAX_ROOM).contains(size));
        if size.is_none() {
            node.wrong(expected, self.mistakes);
        }
        size
    }

    /// Whether what it says it has is there.
    fn complete(
        &mut self,
        entries: &[(Key, Node)],
        needs: &[(Need, Span)],
        say: &[(Kind, Way)],
        hear: &[(Hears, Hearing)],
        lists: bool,
    ) {
        let said = |kind: Kind| say.iter().any(|(there, _)| *there == kind);
        let heard = |wanted: Hears| {
            let listed = matches!(
                wanted,
                Hears::Kind(Kind::PeerJoined | Kind::PeerLeft | Kind::Joined)
            );
            (lists && listed) || hear.iter().any(|(there, _)| *there == wanted)
        };
        let key = |wanted: &str| {
            entries
                .iter()
                .find(|(key, _)| key.text == wanted)
                .map(|(key, _)| key.span.clone())
        };
        let (Some(say_at), Some(hear_at)) = (key("say"), key("hear")) else {
            return;
        };
        for kind in [Kind::Offer, Kind::Answer] {
            if !said(kind) {
                self.mistakes
                    .add(&say_at, format!("no way to say `{kind}`"))
                    .expect("every dialect needs it");
            }
            if !heard(Hears::Kind(kind)) {
                self.mistakes
                    .add(&hear_at, format!("no way to hear `{kind}`"))
                    .expect("every dialect needs it");
            }
        }
        if said(Kind::Fence) != heard(Hears::Fenced) {
            self.mistakes
                .add(&say_at, "`say: fence` and `hear: fenced` belong together")
                .expect("only one of them is here");
        }
        for (need, span) in needs {
            let Some((_, says, hears)) = TAKES.iter().find(|(there, ..)| there == need) else {
                continue;
            };
            let missing = says
                .iter()
                .filter(|kind| !said(**kind))
                .map(|kind| format!("`say: {kind}`"))
                .chain(
                    hears
                        .iter()
                        .filter(|kind| !heard(Hears::Kind(**kind)))
                        .map(|kind| format!("`hear: {kind}`")),
                );
            let missing: Vec<String> = missing.collect();
            if !missing.is_empty() {
                self.mistakes
                    .add(span, format!("`{need}` needs {}", missing.join(", ")))
                    .expect("not in this file");
            }
        }
    }
}
