//! From a file to a dialect, with all mistakes at once.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::number::NUMBER;
use super::promises;
use super::properties::{
    ABSENT_PEER, AUDIENCE, AbsentPeer, Audience, HOST_PASSES_TO, Properties, SAME_ID, SameId,
    WHO_MAY, WhoMay,
};
use super::words::Hears;
use super::{Binary, Dialect, Framing, Hearing, Saying, Then, Way, socketio};
use crate::carrier::Packets;
use crate::mistake::{Mistakes, quoted};
use crate::names::is_name;
use crate::signaling::Kind;
use crate::source::{Source, Span};
use crate::terms::Via;
use crate::yaml::{self, Key, Node, Scalar};

const KEYS: &[&str] = &[
    "version",
    "dialect",
    "about",
    "wire",
    "framing",
    "frames",
    "connect",
    "announces-leaving-within",
    "announces-leaving-to",
    "announces-absence-within",
    "states",
    "announces-states-within",
    "keeps-states",
    "keeps-places",
    "how",
    "announces-joining-within",
    "notices-silence-within",
    "bears-standstill",
    "keeps-idle-lines-for",
    "coalesces",
    "news-before-relays",
    "news-once",
    "same-id",
    "answers-within",
    "ends-within",
    "ends-with",
    "room-size",
    "rooms-apart",
    "takes-any-name",
    "takes-up-to",
    "frees-empty-rooms",
    "endures",
    "refusals",
    "garbage",
    "rewrites",
    "relays-media",
    "one-call",
    "echoes",
    "repeats",
    "unordered",
    "broadcasts",
    "absent-peer",
    "announces-host-within",
    "host-passes-to",
    "kick-by",
    "destroy-by",
    "tells-room-end",
    "offers",
    "candidates",
    "bundle",
    "rejoin",
    "every",
    "reply",
    "ignore",
    "learn",
    "pair",
    "say",
    "hear",
];
/// How candidates travel, as files write it.
pub(super) const CANDIDATES: &[&str] = &["trickle", WITHIN];
const WITHIN: &str = "in-description";
/// More than this in one room is a mistake of the file.
/// The words for `framing`.
pub(super) const FRAMINGS: &[&str] = &[
    "json",
    "text",
    "socket.io-4",
    "socket.io-2",
    "program",
    "mqtt",
    "xmpp",
    "sip",
];
const MAX_ROOM: usize = 1_000_000;
/// No message is larger.
const MAX_BYTES: usize = 1 << 30;

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
                via: Via::default(),
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
    pub(super) via: Via,
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
        let wire = find("wire").and_then(|node| self.name(node));
        self.framing = find("framing").map_or(Framing::Json, |node| self.framing(node));
        if matches!(self.framing, Framing::SocketIo(_)) {
            self.captured.push("sid".to_owned());
        }
        self.captured.push("line".to_owned());
        let connect = find("connect")
            .map(|node| self.connect(node))
            .unwrap_or_default();
        let pair = find("pair").map(|node| self.own_names(node));
        let properties = self.properties(&find);
        if let (Some(node), Framing::Packets(packets)) = (find("frames"), self.framing) {
            let expected = format!("no `frames`: `framing: {}` says it", packets.name());
            node.wrong(&expected, self.mistakes);
        }
        let binary = find("frames").map(|node| self.frames(node));
        let binary = match self.framing {
            Framing::Packets(packets) => Binary {
                up: packets.is_binary(),
                down: packets.is_binary(),
            },
            _ => binary.unwrap_or_default(),
        };
        let offers =
            find("offers").and_then(|node| yaml::word(node, &["joiner", "insider"], self.mistakes));
        let candidates =
            find("candidates").and_then(|node| yaml::word(node, CANDIDATES, self.mistakes));
        let ignore = find("ignore").map(|node| self.hearings(node));
        let learn = find("learn").map(|node| self.hearings(node));
        let bundle = find("bundle").and_then(|node| self.bundle(node));
        let reply = find("reply").map(|node| self.replies(node));
        let every = find("every").map(|node| self.beats(node));
        let rejoin = find("rejoin").and_then(|node| self.rejoin(node, &connect.login));
        let say = find("say").map(|node| self.say(node)).unwrap_or_default();
        let (hear, members) = find("hear").map(|node| self.hear(node)).unwrap_or_default();
        if let (Some(_), Some(_)) = (find("say"), find("hear")) {
            self.complete(entries, &say, &hear, candidates == Some(WITHIN));
        }
        let opening = connect.then.iter().filter_map(|then| match then {
            Then::Say(saying) => Some(saying),
            Then::Hear { .. } => None,
        });
        let words = say.iter().flat_map(|(_, way)| &way.steps);
        let beats = every.iter().flatten().map(|beat| &beat.say);
        let again = rejoin.iter().map(|(again, _)| again);
        let mut said = opening.chain(words).chain(beats).chain(again);
        if let Some(node) = find("hear")
            && hear.iter().any(|(_, hearing)| hearing.captures(NUMBER))
            && !said.any(Saying::is_numbered)
        {
            self.mistakes
                .add(&node.span, "`{number}` is heard, and nothing says it")
                .expect("each request has another one, and its answer repeats it")
                .advise("put it into the requests of `say`, or hear `{_}` here");
        }
        if let Some(node) = find("how").filter(|_| properties.how.is_declared()) {
            self.tells_how(node, &hear);
        }
        if let (Some((_, given)), Some(node)) = (&rejoin, find("rejoin")) {
            let heard = hear.iter().map(|(_, hearing)| hearing);
            let opening = connect.then.iter().filter_map(|then| match then {
                Then::Hear { hear, .. } => Some(hear),
                Then::Say(_) => None,
            });
            let heard = heard.chain(opening).chain(learn.iter().flatten());
            let all: Vec<&Hearing> = heard.collect();
            self.is_given(given, node, &all);
        }
        let source = self.mistakes.source().clone();
        Some(Dialect {
            source,
            wire: wire.or_else(|| name.clone()).unwrap_or_default(),
            name: name?,
            framing: self.framing,
            connect,
            properties,
            say,
            hear,
            members,
            ignore: ignore.unwrap_or_default(),
            learn: learn.unwrap_or_default(),
            bundle,
            reply: reply.unwrap_or_default(),
            every: every.unwrap_or_default(),
            rejoin,
            captured: self.captured,
            pair: pair.unwrap_or_default(),
            offers: offers.map(str::to_owned),
            candidates_within: candidates == Some(WITHIN),
            via: self.via,
            binary,
            translator: None,
        })
    }

    /// `frames: { up: text, down: binary }`
    fn frames(&mut self, node: &Node) -> Binary {
        let shape = "`{ up: text, down: binary }`";
        let entries = node.map(shape, self.mistakes).unwrap_or_default();
        self.known("`frames`", entries, &["up", "down"]);
        let fields = Fields(entries);
        let mut is_binary = |key| {
            let node = fields.find(key);
            let word = node.and_then(|node| yaml::word(node, &["text", "binary"], self.mistakes));
            word == Some("binary")
        };
        Binary {
            up: is_binary("up"),
            down: is_binary("down"),
        }
    }

    fn framing(&mut self, node: &Node) -> Framing {
        match yaml::word(node, FRAMINGS, self.mistakes) {
            Some("text") => Framing::Text,
            Some("program") => Framing::Program,
            Some("mqtt") => Framing::Packets(Packets::Mqtt),
            Some("xmpp") => Framing::Packets(Packets::Xmpp),
            Some("sip") => Framing::Packets(Packets::Sip),
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
            let found = format!("{what} has no key {}", quoted(&key.text));
            let mistake = self.mistakes.add(&key.span, found);
            mistake
                .expect(format!("its keys: {}", keys.join(", ")))
                .suggest(&key.text, keys.iter().copied());
            if key.text == "has" {
                mistake.advise(
                    "leave it out: what a server has is what `say`, `hear` and its promises tell",
                );
            }
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

    fn properties<'n>(&mut self, find: &impl Fn(&str) -> Option<&'n Node>) -> Properties {
        let mut properties = Properties::default();
        let times: [(&str, &mut Option<Duration>); 9] = [
            (
                "notices-silence-within",
                &mut properties.notices_silence_within,
            ),
            (
                "announces-leaving-within",
                &mut properties.announces_leaving_within,
            ),
            (
                "announces-joining-within",
                &mut properties.announces_joining_within,
            ),
            (
                "announces-absence-within",
                &mut properties.announces_absence_within,
            ),
            (
                "announces-states-within",
                &mut properties.announces_states_within,
            ),
            (
                "announces-host-within",
                &mut properties.announces_host_within,
            ),
            ("keeps-idle-lines-for", &mut properties.keeps_idle_lines_for),
            ("answers-within", &mut properties.answers_within),
            ("ends-within", &mut properties.ends_within),
        ];
        for (key, time) in times {
            if let Some(node) = find(key).filter(|node| !node.is_null()) {
                *time = yaml::duration(node, self.mistakes);
            }
        }
        let flags: [(&str, &mut bool); 15] = [
            ("coalesces", &mut properties.coalesces),
            ("news-before-relays", &mut properties.news_before_relays),
            ("news-once", &mut properties.news_once),
            ("keeps-states", &mut properties.keeps_states),
            ("rewrites", &mut properties.rewrites),
            ("rooms-apart", &mut properties.rooms_apart),
            ("takes-any-name", &mut properties.takes_any_name),
            ("relays-media", &mut properties.relays_media),
            ("one-call", &mut properties.one_call),
            ("frees-empty-rooms", &mut properties.frees_empty_rooms),
            ("endures", &mut properties.endures),
            ("bears-standstill", &mut properties.bears_standstill),
            ("repeats", &mut properties.repeats),
            ("unordered", &mut properties.unordered),
            ("tells-room-end", &mut properties.tells_room_end),
        ];
        for (key, flag) in flags {
            *flag = find(key)
                .and_then(|node| node.flag(self.mistakes))
                .unwrap_or(false);
        }
        properties.rewrites |= properties.relays_media;
        for (key, promise) in [
            ("echoes", &mut properties.echoes),
            ("broadcasts", &mut properties.broadcasts),
        ] {
            *promise = find(key)
                .filter(|node| !node.is_null())
                .and_then(|node| node.flag(self.mistakes));
        }
        if let Some(node) = find("keeps-places").filter(|node| !node.is_null()) {
            let (least, most) = promises::keeps_places(node, self.mistakes);
            properties.keeps_places_at_least = least;
            properties.keeps_places = most;
        }
        if let Some(node) = find("how").filter(|node| !node.is_null()) {
            properties.how = promises::how(node, self.mistakes);
        }
        if let Some(node) = find("states").filter(|node| !node.is_null()) {
            properties.states = promises::states(node, self.mistakes);
        }
        if let Some(node) = find("garbage").filter(|node| !node.is_null()) {
            properties.garbage = promises::garbage(node, self.mistakes);
        }
        if let Some(node) = find("refusals").filter(|node| !node.is_null()) {
            properties.refusals = promises::refusals(node, self.mistakes);
        }
        if let Some(node) = find("room-size").filter(|node| !node.is_null()) {
            properties.room_size = self.room_size(node);
        }
        if let Some(node) = find("ends-with").filter(|node| !node.is_null()) {
            properties.ends_with = self.close_code(node);
        }
        if let Some(node) = find("takes-up-to").filter(|node| !node.is_null()) {
            properties.takes_up_to = self.bytes(node);
        }
        if let Some(word) =
            find("same-id").and_then(|node| yaml::word(node, SAME_ID, self.mistakes))
        {
            properties.same_id = Some(SameId::parse(word));
        }
        if let Some(word) =
            find("announces-leaving-to").and_then(|node| yaml::word(node, AUDIENCE, self.mistakes))
        {
            properties.announces_leaving_to = Audience::parse(word);
        }
        if let Some(word) =
            find("absent-peer").and_then(|node| yaml::word(node, ABSENT_PEER, self.mistakes))
        {
            properties.absent_peer = Some(AbsentPeer::parse(word));
        }
        if let Some(word) =
            find("host-passes-to").and_then(|node| yaml::word(node, HOST_PASSES_TO, self.mistakes))
        {
            properties.host_passes_to_longest = word == "longest";
        }
        for (key, who) in [
            ("kick-by", &mut properties.kick_by),
            ("destroy-by", &mut properties.destroy_by),
        ] {
            let word = find(key).and_then(|node| yaml::word(node, WHO_MAY, self.mistakes));
            *who = word.map(WhoMay::parse);
        }
        properties
    }

    fn bytes(&mut self, node: &Node) -> Option<usize> {
        let number = node.scalar().and_then(|scalar| scalar.text.parse().ok());
        let bytes = number.filter(|bytes: &usize| (1..=MAX_BYTES).contains(bytes));
        if bytes.is_none() {
            node.wrong("a number of bytes, from 1: `65536`", self.mistakes);
        }
        bytes
    }

    fn close_code(&mut self, node: &Node) -> Option<u16> {
        let number = node.scalar().and_then(|scalar| scalar.text.parse().ok());
        // The rest stand for an end without a close frame, or for none yet (RFC 6455, section 7.4).
        let code = number.filter(|code| matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999));
        if code.is_none() {
            let expected =
                "a close code: `1001`; 1000 to 1003, 1007 to 1014 and 3000 to 4999 may be written";
            node.wrong(expected, self.mistakes);
        }
        code
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

    /// How somebody went stands in the news of it.
    fn tells_how(&mut self, node: &Node, hear: &[(Hears, Hearing)]) {
        let mut news = hear
            .iter()
            .filter(|(hears, _)| *hears == Hears::Kind(Kind::PeerLeft));
        if !news.any(|(_, hearing)| hearing.captures("how")) {
            self.mistakes
                .add(&node.span, "no `peer-left` captures `{how}`")
                .expect("the server's word for it, in `hear`")
                .advise("`peer-left: { message: { …, why: \"{how}\" } }`");
        }
    }

    /// Whether what every dialect needs is there.
    fn complete(
        &mut self,
        entries: &[(Key, Node)],
        say: &[(Kind, Way)],
        hear: &[(Hears, Hearing)],
        within: bool,
    ) {
        let said = |kind: Kind| say.iter().any(|(there, _)| *there == kind);
        let heard = |wanted: Hears| hear.iter().any(|(there, _)| *there == wanted);
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
        if let Some(at) = key("candidates").filter(|_| within)
            && let Some(kind) = [Kind::Candidate, Kind::EndOfCandidates]
                .into_iter()
                .find(|kind| said(*kind))
        {
            self.mistakes
                .add(
                    &at,
                    format!("`{kind}` is in `say`, and would never be said"),
                )
                .expect("descriptions that carry their candidates, or a way to say them, not both");
        }
        if said(Kind::Fence) != heard(Hears::Fenced) {
            self.mistakes
                .add(&say_at, "`say: fence` and `hear: fenced` belong together")
                .expect("only one of them is here");
        }
    }
}
