//! What a dialect says that can never happen: patterns that never match, words that wait for what never comes.
//!
//! Such a file can be played, and so it is no mistake to the reader; but nobody means it.

use super::patterns::{find, place};
use super::template::Hole;
use super::words::Hears;
use super::{Dialect, Ends, Saying};
use crate::mistake::Mistakes;
use crate::signaling::{Kind, Reason};
use crate::terms::Direction;
use crate::yaml::{self, Node};

/// What a request is granted by.
const GRANTED: [(Kind, Kind); 5] = [
    (Kind::Create, Kind::Created),
    (Kind::Join, Kind::Joined),
    (Kind::Destroy, Kind::Destroyed),
    (Kind::Kick, Kind::Granted),
    (Kind::SetState, Kind::Granted),
];

/// The news that a promise is about.
const PROMISED: [(&str, Kind); 6] = [
    ("announces-leaving-within", Kind::PeerLeft),
    ("announces-joining-within", Kind::PeerJoined),
    ("announces-absence-within", Kind::PeerAway),
    ("announces-absence-within", Kind::PeerBack),
    ("announces-states-within", Kind::PeerState),
    ("announces-host-within", Kind::Host),
];

/// For a server that refuses and complains in one shape.
const ONE_WORD_FOR_ERRORS: &str = "one of them is enough. Where a server has one word for all errors, `refused` with `{reason}` takes them, and `refusals: { full: \"…\" }` tells its reasons apart";

impl Dialect {
    /// What can never match and what can never come, each at its place. Empty for a file that means what it says.
    pub fn doubts(&self) -> Mistakes {
        let mut doubts = Mistakes::new(self.source.clone());
        let Some(root) = yaml::parse(&self.source.text, &mut Mistakes::new(self.source.clone()))
        else {
            return doubts;
        };
        for direction in [Direction::Down, Direction::Up] {
            self.never_matched(direction, &root, &mut doubts);
        }
        self.never_granted(&root, &mut doubts);
        self.answers_nothing(&root, &mut doubts);
        self.granted_before(&root, &mut doubts);
        self.one_sided(&root, &mut doubts);
        self.promised(&root, &mut doubts);
        self.never_asked(&root, &mut doubts);
        self.never_ended(&root, &mut doubts);
        self.nobodys_line(&root, &mut doubts);
        self.captured_in_vain(&root, &mut doubts);
        doubts.sort();
        doubts
    }

    /// What is promised of a second line with a name, where no line has one.
    fn nobodys_line(&self, root: &Node, doubts: &mut Mistakes) {
        if self.properties.same_id.is_none() || self.knows_second_lines() {
            return;
        }
        if let Some(node) = find(root, "same-id") {
            doubts
                .add(&node.span, "`same-id` has no meaning here: no line is dialled with a name")
                .expect("it says what becomes of a second line that comes with a name that is in use")
                .advise("leave it out; how the server refuses a name on the way into a room is `refusals: { taken: … }`");
        }
    }

    fn never_matched(&self, direction: Direction, root: &Node, doubts: &mut Mistakes) {
        let candidates = match direction {
            Direction::Up => self.said_words(),
            Direction::Down => self.heard_words(),
        };
        for (index, candidate) in candidates.iter().enumerate() {
            let Some(span) = place(root, &candidate.name) else {
                continue;
            };
            let before = candidates[..index]
                .iter()
                .find(|before| before.word() != candidate.word() && before.covers(candidate));
            let twice = candidates[..index]
                .iter()
                .find(|before| before.word() == candidate.word() && before.covers(candidate));
            if direction == Direction::Down && candidate.takes_everything() {
                doubts
                    .add(&span, format!("`{}` matches every message", candidate.name))
                    .expect(
                        "nothing else is heard behind it, and what nobody foresaw is taken for it",
                    )
                    .advise("name a key or a word that only this message has");
            } else if let Some(before) = before {
                // Then neither is narrower.
                let alike = candidate.covers(before);
                let (found, expected) = match direction {
                    Direction::Down => (
                        format!("`{}` is never heard", candidate.name),
                        match alike {
                            true => format!("`{}` above takes the same messages", before.name),
                            false => format!("`{}` above takes all of its messages", before.name),
                        },
                    ),
                    Direction::Up => (
                        format!("`{}` is never understood at the tap", candidate.name),
                        format!("it reads as `{}` above", before.name),
                    ),
                };
                let more = doubts.add(&span, found).expect(expected);
                let tells_failure = |word: &str| matches!(word, "hear.refused" | "hear.error");
                match direction {
                    Direction::Down if alike && tells_failure(candidate.word()) && tells_failure(before.word()) => {
                        more.advise(ONE_WORD_FOR_ERRORS)
                    }
                    Direction::Down if alike => more.advise(
                        "one of them is enough; if both are meant, name a key or a value in which they differ",
                    ),
                    Direction::Down => more.advise("put what is narrower before what is wider"),
                    Direction::Up => more.advise("one word for both is written `create: join`"),
                };
            } else if let (Some(twice), Direction::Down) = (twice, direction) {
                doubts
                    .add(&span, format!("`{}` adds nothing", candidate.name))
                    .expect(format!("`{}` takes all of its messages", twice.name));
            }
        }
    }

    fn never_granted(&self, root: &Node, doubts: &mut Mistakes) {
        for (request, answer) in GRANTED {
            // A word that is like another is answered as that one.
            let like = self.way(request).is_some_and(|way| way.like.is_some());
            let granted = match answer {
                Kind::Granted => self.grants(request) || !self.answers(request),
                answer => self.hears(answer),
            };
            if !self.says(request) || granted || like {
                continue;
            }
            let Some(span) = place(root, &format!("say.{request}")) else {
                continue;
            };
            doubts
                .add(&span, format!("nothing says that a {request} was granted"))
                .expect(format!("each step `{request}` waits for `hear: {answer}`"));
        }
    }

    /// Answers to what nobody says.
    fn answers_nothing(&self, root: &Node, doubts: &mut Mistakes) {
        for pattern in self.heard_words() {
            let Some(of) = pattern.of.filter(|of| !self.says(*of)) else {
                continue;
            };
            if let Some(span) = place(root, &pattern.name) {
                doubts
                    .add(
                        &span,
                        format!("`{}` answers what is never said", pattern.name),
                    )
                    .expect(format!("`say` has no `{of}`"));
            }
        }
    }

    /// Answers to requests that are done without one: they would be heard as a second grant, of what was taken for granted too early.
    fn granted_before(&self, root: &Node, doubts: &mut Mistakes) {
        // One word grants several.
        let granted = GRANTED
            .into_iter()
            .filter(|(_, answer)| *answer != Kind::Granted);
        for (request, answer) in granted.chain([(Kind::Leave, Kind::Left)]) {
            let Some(way) = self.way(request).filter(|way| way.like.is_none()) else {
                continue;
            };
            let (done, advice) = match way.done {
                Ends::Answered => continue,
                Ends::Connected => (
                    "connected",
                    "what a server says first is waited for by `connect: { then: [{ hear: … }] }`, which can capture `{self}` and `{with}` too",
                ),
                Ends::Sent => (
                    "sent",
                    "leave out `done: sent`, and the answer is waited for",
                ),
                Ends::Closed => (
                    "closed",
                    "leave out `done: closed`, and the answer is waited for",
                ),
            };
            if let Some(span) = place(root, &format!("hear.{answer}")) {
                doubts
                    .add(&span, format!("`{answer}` answers what was done before"))
                    .expect(format!(
                        "`say: {{ {request}: {{ done: {done} }} }}` says that nothing answers it"
                    ))
                    .advise(advice);
            }
        }
    }

    fn one_sided(&self, root: &Node, doubts: &mut Mistakes) {
        for kind in [Kind::Candidate, Kind::Bye] {
            let (said, heard) = (self.says(kind), self.hears(kind));
            let (name, found, expected) = match (said, heard) {
                // They are for the server.
                (true, false) if kind == Kind::Candidate && self.properties.relays_media => {
                    continue;
                }
                (true, false) => ("say", "is said and never heard", "`hear` has no such word"),
                (false, true) => ("hear", "is heard and never said", "`say` has no such word"),
                _ => continue,
            };
            if let Some(span) = place(root, &format!("{name}.{kind}")) {
                doubts
                    .add(&span, format!("`{kind}` {found}"))
                    .expect(expected);
            }
        }
    }

    /// Who may do what nobody has a word for.
    fn never_asked(&self, root: &Node, doubts: &mut Mistakes) {
        for (key, request) in [("kick-by", Kind::Kick), ("destroy-by", Kind::Destroy)] {
            let declared = find(root, key).filter(|node| !node.is_null());
            if let Some(node) = declared.filter(|_| !self.says(request)) {
                doubts
                    .add(
                        &node.span,
                        format!("`{key}` says who may ask for what nobody can"),
                    )
                    .expect(format!("there is no `say: {request}`"));
            }
        }
    }

    /// That those inside are told of an end of their room that none of them is told of, or that never comes.
    fn never_ended(&self, root: &Node, doubts: &mut Mistakes) {
        let Some(node) = find(root, "tells-room-end").filter(|_| self.properties.tells_room_end)
        else {
            return;
        };
        let found = "`tells-room-end` promises news that never comes";
        if !self.hears_room_end() {
            doubts
                .add(&node.span, found)
                .expect("there is neither `hear: kicked`, nor a `hear: destroyed` that comes as a message and not as an answer");
        } else if self.properties.refusals.has(Reason::Occupied) {
            doubts.add(&node.span, found).expect(
                "no room is removed while others are inside, who could be told: `refusals: occupied`",
            );
        }
    }

    fn promised(&self, root: &Node, doubts: &mut Mistakes) {
        for (key, news) in PROMISED {
            let promised = find(root, key).filter(|node| !node.is_null());
            if let Some(node) = promised.filter(|_| !self.hears(news)) {
                doubts
                    .add(
                        &node.span,
                        format!("`{key}` promises news that never comes"),
                    )
                    .expect(format!("there is no `hear: {news}`"));
            }
        }
    }
}

impl Dialect {
    /// What is captured for later, and what is wanted that nothing captures.
    fn captured_in_vain(&self, root: &Node, doubts: &mut Mistakes) {
        let heard = self.patterns(Direction::Down);
        let used: Vec<&Hole> = self.filled();
        let is_used = |name: &str| used.iter().any(|hole| hole.name == name);
        for pattern in &heard {
            let Some(span) = place(root, &pattern.name) else {
                continue;
            };
            let mut told: Vec<&str> = Vec::new();
            for hole in pattern.body.holes() {
                let name = hole.name.as_str();
                // What stands in two patterns is compared.
                let elsewhere = heard
                    .iter()
                    .filter(|other| other.body.holes().iter().any(|hole| hole.name == name))
                    .count();
                // What an answer by itself captures is for it alone.
                let own = self.is_own(name) && !pattern.name.starts_with("reply");
                if own && !is_used(name) && elsewhere < 2 && !told.contains(&name) {
                    told.push(name);
                    doubts
                        .add(
                            &span,
                            format!("`{{{name}}}` is captured here and used nowhere"),
                        )
                        .expect("no message, path or header has it")
                        .advise("`{_}` stands for what does not matter");
                }
            }
        }
        let captures = |name: &str| {
            let mut all = heard.iter().flat_map(|pattern| pattern.body.holes());
            let answers = self.connect.before.iter();
            all.any(|hole| hole.name == name)
                || answers
                    .flat_map(|before| before.hear.body.holes())
                    .any(|hole| hole.name == name)
        };
        let chosen = |name: &str| match name {
            "self" => self.connect.own.is_some(),
            _ => self.connect.room_id.is_some(),
        };
        for (name, why) in [
            ("self", "the id that the server knows the peer by"),
            ("room-id", "the id that the server knows the room by"),
        ] {
            if is_used(name) && !captures(name) && !chosen(name) {
                let at = find(root, "connect").unwrap_or(root);
                doubts
                    .add(
                        &at.span,
                        format!("`{{{name}}}` is said, and nothing captures it"),
                    )
                    .expect(why)
                    .advise(format!(
                        "`then: [{{ hear: {{ …: \"{{{name}}}\" }} }}]` waits for it"
                    ));
            }
        }
        let again = self.rejoin.iter().flat_map(|(again, _)| again.holes());
        if again.into_iter().any(|hole| hole.name == "self") && self.names_in_answers() {
            let at = find(root, "rejoin").unwrap_or(root);
            doubts
                .add(&at.span, "`{self}` is said here, and on a new line nobody knows it yet")
                .expect("the answer to who comes in is what tells it")
                .advise("capture it under a second name, which outlives the line, and say that: `id: { $all: [\"{self}\", \"{seat}\"] }`");
        }
        let learns = ["with", "peer", "members"]
            .iter()
            .any(|name| captures(name));
        if is_used("peer") && captures("self") && !learns {
            let at = find(root, "say").unwrap_or(root);
            doubts
                .add(
                    &at.span,
                    "`{peer}` is said, and nothing tells a peer the others' ids",
                )
                .expect("neither `{with}`, `{members}` nor `{peer}` is heard");
        }
    }

    /// Every hole that is filled when something is said.
    fn filled(&self) -> Vec<&Hole> {
        let steps = self.say.iter().flat_map(|(_, way)| &way.steps);
        let reply = self.reply.iter().map(|reflex| &reflex.say);
        let every = self.every.iter().map(|beat| &beat.say);
        let again = self.rejoin.iter().map(|(again, _)| again);
        let later = steps.chain(&self.connect.last).chain(reply).chain(every);
        let later = later.chain(again);
        let mut found = self.dialled_with();
        found.extend(later.flat_map(Saying::holes));
        found
    }

    /// Where a pattern stands in the file, `hear.joined` or `hear.refused[2]`, and how it is written.
    pub fn written(&self, name: &str) -> Option<(u32, &str)> {
        let root = yaml::parse(&self.source.text, &mut Mistakes::new(self.source.clone()))?;
        let span = place(&root, name)?;
        let text = self.source.text.get(span.bytes)?;
        Some((span.line, text.lines().next().unwrap_or_default()))
    }
}

impl Hears {
    /// As a file writes it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Hears::Kind(kind) => kind.as_str(),
            Hears::Fenced => "fenced",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const SAY: &str = "say:\n  create: { message: { do: create, room: \"{room}\" } }\n  join: { message: { do: join, room: \"{room}\" } }\n  offer: { message: { do: offer, sdp: \"{sdp}\" } }\n  answer: { message: { do: answer, sdp: \"{sdp}\" } }\n";
    const HEAR: &str = "hear:\n  created: { message: { is: created } }\n  joined: { message: { is: joined, peers: \"{with}\" } }\n  offer: { message: { is: offer, sdp: \"{sdp}\" } }\n  answer: { message: { is: answer, sdp: \"{sdp}\" } }\n";

    fn doubts(head: &str, say: &str, hear: &str) -> Vec<String> {
        let text = format!("dialect: x\nconnect: {{ path: / }}\n{head}{SAY}{say}{HEAR}{hear}");
        let read = Dialect::read(Path::new("x.yaml"), &text);
        lines(&read.unwrap_or_else(|mistakes| panic!("{mistakes}")))
    }

    fn lines(dialect: &Dialect) -> Vec<String> {
        let all = dialect.doubts();
        let lines = all.iter().map(|doubt| {
            let expected = doubt.expected().unwrap_or_default();
            format!("{}: {} ({expected})", doubt.span().line, doubt.found())
        });
        lines.collect()
    }

    /// That offers are answered says nothing of who sets what he shows.
    #[test]
    fn a_yes_is_to_what_it_says_and_to_nothing_that_nobody_says() {
        let say = "  set-state: { message: { do: set, state: \"{state}\" } }\n";
        let granted = |of: &str| format!("  granted: {{ message: {{ ok: {of} }}, of: {of} }}\n");
        let told = doubts("", say, &granted("offer"));
        let expected = "nothing says that a set-state was granted";
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains(expected), "{told:?}");
        assert_eq!(doubts("", say, &granted("set-state")), [""; 0]);
        assert_eq!(doubts("", "", &granted("offer")), [""; 0]);
        let told = doubts("", "", &granted("bye"));
        let expected = "`hear.granted` answers what is never said (`say` has no `bye`)";
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].ends_with(expected), "{told:?}");
    }

    #[test]
    fn a_file_that_means_what_it_says_raises_no_doubt() {
        let head = "announces-leaving-within: 1s\n";
        let say = "  candidate: { message: { do: ice, candidate: \"{candidate}\" } }\n  end-of-candidates: { message: { do: ice, candidate: null } }\n";
        let hear = "  candidate: { message: { is: ice, candidate: \"{candidate}\" } }\n  end-of-candidates: { message: { is: ice, candidate: null } }\n  peer-left:\n    - { message: { is: left, peer: \"{peer}\" } }\n    - { message: { is: gone, peer: \"{peer}\" } }\n  refused: { message: { is: error, reason: { $all: [\"no{_}\", \"{reason}\"] } } }\n  error: { message: { is: error, reason: \"{reason}\" } }\n";
        assert_eq!(doubts(head, say, hear), Vec::<String>::new());
        assert!(Dialect::reference().doubts().is_empty());
        assert!(Dialect::reference_of(3).doubts().is_empty());
    }

    #[test]
    fn a_second_line_with_a_name_is_promised_in_vain_where_no_line_has_one() {
        let expected = "3: `same-id` has no meaning here: no line is dialled with a name (it says what becomes of a second line that comes with a name that is in use)";
        for (connect, named) in [
            ("{ path: / }", false),
            ("{ path: \"/{room|url}\" }", false),
            ("{ path: /, then: [{ hear: { id: \"{self}\" } }] }", false),
            ("{ path: \"/{me|url}\" }", true),
            ("{ path: \"/{self|url}\", self: \"{me|digest}\" }", true),
            ("{ path: /, headers: { x-name: \"{me}\" } }", true),
            ("{ path: \"/{token|url}\", login: [token] }", true),
            (
                "{ path: /, then: [{ message: { hello: \"{me}\" } }] }",
                true,
            ),
            (
                "{ path: \"/{it|url}\", before: [{ http: \"POST /login/{me|url}\", hear: { body: { it: \"{it}\" } } }] }",
                true,
            ),
        ] {
            let text = format!("dialect: x\nconnect: {connect}\nsame-id: reject\n{SAY}{HEAR}");
            let read = Dialect::read(Path::new("x.yaml"), &text);
            let told = lines(&read.unwrap_or_else(|mistakes| panic!("{mistakes}")));
            assert_eq!(
                told,
                if named { vec![] } else { vec![expected] },
                "{connect}"
            );
        }
    }

    #[test]
    fn what_can_never_be_heard_is_told() {
        for (hear, expected) in [
            (
                "  error: { message: { is: error, reason: \"{reason}\" } }\n  refused: { message: { is: error, reason: \"{reason}\", request: \"{request}\" } }\n",
                "14: `hear.refused` is never heard (`hear.error` above takes all of its messages)",
            ),
            (
                "  error: { message: \"{_}\" }\n",
                "13: `hear.error` matches every message (nothing else is heard behind it, and what nobody foresaw is taken for it)",
            ),
            (
                "  error: { message: { reason?: \"{reason}\" } }\n",
                "13: `hear.error` matches every message (nothing else is heard behind it, and what nobody foresaw is taken for it)",
            ),
            (
                "  peer-left:\n    - { message: { is: left, peer: \"{peer}\" } }\n    - { message: { is: left, peer: \"{peer}\", how: \"{how}\" } }\n",
                "15: `hear.peer-left[2]` adds nothing (`hear.peer-left[1]` takes all of its messages)",
            ),
        ] {
            let told = doubts("", "", hear);
            assert_eq!(told, [expected], "{hear}");
        }
    }

    /// Neither is narrower: to put one before the other would only change which of them is never heard.
    #[test]
    fn of_two_patterns_for_the_same_messages_one_is_enough() {
        let refused = "  refused: { message: { is: no, why: \"{reason}\" } }\n";
        let error = "  error: { message: { is: no, why: \"{reason}\" } }\n";
        let news = "  peer-joined: { message: { is: news, of: \"{peer}\" } }\n  peer-left: { message: { is: news, of: \"{peer}\" } }\n";
        let wide =
            "  error: { message: { is: no } }\n  refused: { message: { is: no, why: full } }\n";
        for (hear, expected, advice) in [
            (
                format!("{refused}{error}"),
                "`hear.refused` above takes the same messages",
                "one of them is enough. Where a server has one word for all errors, `refused` with `{reason}` takes them, and `refusals: { full: \"…\" }` tells its reasons apart",
            ),
            (
                format!("{error}{refused}"),
                "`hear.error` above takes the same messages",
                "one of them is enough. Where a server has one word for all errors, `refused` with `{reason}` takes them, and `refusals: { full: \"…\" }` tells its reasons apart",
            ),
            (
                news.to_owned(),
                "`hear.peer-joined` above takes the same messages",
                "one of them is enough; if both are meant, name a key or a value in which they differ",
            ),
            (
                wide.to_owned(),
                "`hear.error` above takes all of its messages",
                "put what is narrower before what is wider",
            ),
        ] {
            let text = format!("dialect: x\nconnect: {{ path: / }}\n{SAY}{HEAR}{hear}");
            let read = Dialect::read(Path::new("x.yaml"), &text);
            let dialect = read.unwrap_or_else(|mistakes| panic!("{mistakes}"));
            let all = dialect.doubts();
            let told: Vec<_> = all.iter().map(|it| (it.expected(), it.advice())).collect();
            assert_eq!(told, [(Some(expected), Some(advice))], "{hear}");
        }
    }

    #[test]
    fn a_pattern_that_takes_another_type_covers_nothing() {
        for hear in [
            "  candidate: { message: { is: ice, candidate: \"{candidate}\" } }\n  end-of-candidates: { message: { is: ice, candidate: null } }\n",
            "  peer-joined: { message: { is: peer, peer: \"{peer}\", gone: false } }\n  peer-left: { message: { is: peer, peer: \"{peer}\", gone: true } }\n",
            "  peer-joined: { message: { is: peer, peer: \"{peer}\", in?: true } }\n  peer-left: { message: { is: peer, peer: \"{peer}\" } }\n",
            "  peer-joined: { message: { is: news, of: \"{me}\", peer: \"{peer}\" } }\n  peer-left: { message: { is: news, of: \"{_}\", peer: \"{peer}\" } }\n",
        ] {
            let say = "  candidate: { message: { do: ice, candidate: \"{candidate}\" } }\n";
            let told = doubts("", say, hear);
            let heard = told.iter().filter(|line| line.contains("never heard,"));
            assert_eq!(heard.count(), 0, "{told:?}");
            assert!(
                !told.iter().any(|line| line.contains("takes all")),
                "{told:?}"
            );
        }
    }

    #[test]
    fn an_answer_to_what_is_done_without_one_is_told() {
        for (done, is) in [("", false), (", done: sent", true)] {
            let say = format!("  leave: {{ message: {{ do: leave }}{done} }}\n");
            let told = doubts("", &say, "  left: { message: { is: left } }\n");
            let expected = "14: `left` answers what was done before (`say: { leave: { done: sent } }` says that nothing answers it)";
            assert_eq!(told, if is { vec![expected] } else { vec![] });
        }
        let text = format!("dialect: x\nconnect: {{ path: / }}\n{SAY}{HEAR}");
        let text = text.replace(
            "  create: { message: { do: create, room: \"{room}\" } }\n  join: { message: { do: join, room: \"{room}\" } }\n",
            "  create: join\n  join: { done: connected }\n",
        );
        let text = text.replace("  created: { message: { is: created } }\n", "");
        let dialect = Dialect::read(Path::new("x.yaml"), &text).expect("a dialect");
        let told: Vec<String> = (dialect.doubts().iter())
            .map(|doubt| format!("{}: {}", doubt.span().line, doubt.found()))
            .collect();
        assert_eq!(told, ["9: `joined` answers what was done before"]);
    }

    #[test]
    fn what_never_comes_is_told() {
        assert_eq!(
            doubts(
                "announces-leaving-within: 1s\n",
                "  destroy: { message: { do: destroy, room: \"{room}\" } }\n  bye: { message: { do: bye } }\n  leave: { message: { do: join, room: \"{room}\" } }\n",
                "",
            ),
            [
                "3: `announces-leaving-within` promises news that never comes (there is no `hear: peer-left`)",
                "9: nothing says that a destroy was granted (each step `destroy` waits for `hear: destroyed`)",
                "10: `bye` is said and never heard (`hear` has no such word)",
                "11: `say.leave` is never understood at the tap (it reads as `say.join` above)",
            ]
        );
    }

    #[test]
    fn what_is_promised_of_the_end_of_a_room_that_nobody_hears_of_is_told() {
        let destroy = "  destroy: { message: { do: destroy } }\n";
        let by_http = "  destroy: { http: POST /destroy }\n";
        let destroyed = "  destroyed: { message: { is: gone } }\n";
        let (own, told) = (
            "  destroyed: { http: POST /destroy, status: 200 }\n",
            "  kicked: { message: { is: out } }\n",
        );
        let never = "3: `tells-room-end` promises news that never comes";
        let unheard = format!(
            "{never} (there is neither `hear: kicked`, nor a `hear: destroyed` that comes as a message and not as an answer)"
        );
        let empty = format!(
            "{never} (no room is removed while others are inside, who could be told: `refusals: occupied`)"
        );
        let tells = "tells-room-end: true\n";
        let occupied = "tells-room-end: true\nrefusals: { occupied: others }\n";
        for (head, say, hear, expected) in [
            (tells, destroy, destroyed.to_owned(), vec![]),
            (tells, by_http, format!("{own}{told}"), vec![]),
            (tells, by_http, own.to_owned(), vec![unheard]),
            ("tells-room-end: false\n", by_http, own.to_owned(), vec![]),
            (occupied, destroy, destroyed.to_owned(), vec![empty]),
            ("destroy-by: host\n", destroy, destroyed.to_owned(), vec![]),
            (
                "destroy-by: host\n",
                "",
                String::new(),
                vec!["3: `destroy-by` says who may ask for what nobody can (there is no `say: destroy`)".to_owned()],
            ),
            (
                "kick-by: anybody\n",
                "",
                String::new(),
                vec!["3: `kick-by` says who may ask for what nobody can (there is no `say: kick`)".to_owned()],
            ),
        ] {
            assert_eq!(doubts(head, say, &hear), expected, "{head}{say}{hear}");
        }
    }

    /// What is told by the answer to who comes in is not known to who asks to come in again.
    #[test]
    fn an_id_of_the_old_line_in_what_brings_one_back_is_told() {
        let text = |rejoin: &str, joined: &str| {
            let hear = HEAR.replace("joined: { message: { is: joined,", joined);
            format!(
                "dialect: x\nconnect: {{ path: / }}\nrejoin: {{ message: {{ do: back, {rejoin} }} }}\n{SAY}{hear}"
            )
        };
        let told = |rejoin: &str, joined: &str| {
            let read = Dialect::read(Path::new("x.yaml"), &text(rejoin, joined));
            lines(&read.unwrap_or_else(|mistakes| panic!("{mistakes}")))
        };
        let by_self = told(
            "id: \"{self}\", key: \"{key}\"",
            "joined: { message: { is: joined, id: \"{self}\", key: \"{key}\",",
        );
        let found = "`{self}` is said here, and on a new line nobody knows it yet";
        assert!(
            by_self.iter().any(|line| line.contains(found)),
            "{by_self:?}"
        );
        let by_another = told(
            "id: \"{seat}\", key: \"{key}\"",
            "joined: { message: { is: joined, id: { $all: [\"{self}\", \"{seat}\"] }, key: \"{key}\",",
        );
        assert!(
            !by_another.iter().any(|line| line.contains(found)),
            "{by_another:?}"
        );
    }
}
