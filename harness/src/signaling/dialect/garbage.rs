//! Garbage made from a dialect's own templates, so that it is garbage wherever the dialect is spoken.
//!
//! A word is said of what nobody is called; then what came of it is spoilt. Where a message holds JSON, behind whatever its framing puts before
//! it, a field is spoilt within it; elsewhere the text is.

use std::sync::Arc;

use serde_json::Value as Json;

use self::words::Words;
use super::template::{Missing, id_text};
use super::{Alias, Book, Conversation, Dialect, Framing, Meant, Out, Say, Saying, Unspeakable};
use crate::names::RoomName;
use crate::signaling::{Candidate, Field, Garbage, Kind, Notice, Request, Signal, Word};

/// What every variable of the word is filled with: where it stands, a field is.
const MARK: &str = "glare-garbage";
/// What every object of JavaScript has.
const PROTOTYPE: &str = "__proto__";
/// A word that no server knows.
const NONSENSE: &str = Garbage::NO_WORD;
/// The same, where words are numbers.
const NO_NUMBER: u32 = 987_654_321;
/// More than most servers take, and than any needs to.
const HUGE: usize = 1_200_000;
/// Deeper than a reader that recurses should follow.
const DEPTH: usize = 500;
/// Deeper than any that recurses can follow.
const GREAT_DEPTH: usize = 20_000;

impl Conversation {
    /// What to send so that it is garbage of this kind, where this word was meant.
    ///
    /// # Errors
    /// The server has no such word, or the word lacks something that the server wants.
    pub fn garbage(&self, kind: Garbage, of: Option<Kind>) -> Result<Vec<Say>, Unspeakable> {
        let usual = [Kind::Join, Kind::Create];
        let usual = usual.into_iter().find(|kind| self.dialect.passes(*kind));
        let of = of.or(usual).unwrap_or(Kind::Offer);
        let mut sound = self.numbered_once(of);
        // Nobody has an id by that name, and a field stands where one would.
        sound.book = Book::default();
        sound.choose_no_room_ids();
        // What is cut in half has the same half everywhere.
        sound.alias = Alias::default();
        let here = sound.room.clone();
        for room in here.iter().chain([&RoomName::new(MARK)]) {
            sound.book.learn_room(room.as_str(), &Json::from(MARK));
        }
        let mut outs = sound.say(&marked(of))?;
        let words = sound.words();
        // What prepares the word is as it should be.
        if let Some(last) = outs.last_mut() {
            match &mut last.out {
                Out::Text(text) => *text = spoilt(kind, text, &words),
                Out::Close => {}
                Out::Fetch { body, .. } => {
                    let sound = body.take().unwrap_or_default();
                    *body = Some(spoilt(kind, &sound, &words));
                }
            }
        }
        Ok(outs)
    }

    /// The same, where all but one field is as it should be, and what is said is for somebody who is there.
    ///
    /// # Errors
    /// The server has no such word, or the word lacks something that the server wants.
    pub fn garbage_in(
        &self,
        kind: Garbage,
        of: Kind,
        field: Field,
        to: Option<&str>,
    ) -> Result<Vec<Say>, Unspeakable> {
        if field == Field::Given {
            return self.garbage_given(kind);
        }
        self.numbered_once(of).spoilt_word(kind, of, field, to)
    }

    /// The same, where the message is another one each time only by what is spoilt.
    fn numbered_once(&self, of: Kind) -> Self {
        let mut own = self.clone();
        let way = self.dialect.way(of);
        let mut steps = way.into_iter().flat_map(|way| &way.steps);
        own.number =
            (steps.any(Saying::is_numbered)).then(|| self.book.new_number(&self.me, Some(of)));
        own
    }

    fn spoilt_word(
        &self,
        kind: Garbage,
        of: Kind,
        field: Field,
        to: Option<&str>,
    ) -> Result<Vec<Say>, Unspeakable> {
        // What is not marked is the word itself, where that is wanted. What holds others is known by what it holds.
        let holds = |one: Field| field == Field::Payload && !matches!(one, Field::Peer | Field::Me);
        let is = |one: Field| field == one || field == Field::Word || holds(one);
        let marked = |one: Field| is(one) || field == Field::Ack && one == Field::Room;
        let mut outs = self.marked(of, &marked, to)?;
        let words = self.words();
        let Some(last) = outs.last_mut() else {
            return Ok(outs);
        };
        if let (Field::Ack, Out::Text(text)) = (field, &mut last.out) {
            // All else of it is as good as any: it is of a room that nobody is in.
            *text = unacknowledged(text);
            last.means = Meant::Nothing;
            return Ok(outs);
        }
        let sound = self.marked(of, &|_| false, to).ok();
        let sound = sound.as_ref().and_then(|sound| sound.last());
        match (&mut last.out, sound.map(|say| &say.out)) {
            (Out::Text(marked), Some(Out::Text(sound))) => {
                *marked = spoilt_in(kind, field, (marked, sound), &words);
            }
            (Out::Text(marked), _) => *marked = spoilt_in(kind, field, (marked, marked), &words),
            (Out::Fetch { body, .. }, sound) => {
                let marked = body.take().unwrap_or_default();
                let sound = match sound {
                    Some(Out::Fetch { body, .. }) => body.as_deref().unwrap_or_default(),
                    _ => &marked,
                };
                *body = Some(spoilt_in(kind, field, (&marked, sound), &words));
            }
            (Out::Close, _) => {}
        }
        Ok(outs)
    }

    /// A word as it would be said, with the mark in place of these of its values.
    fn marked(
        &self,
        of: Kind,
        is: &dyn Fn(Field) -> bool,
        to: Option<&str>,
    ) -> Result<Vec<Say>, Unspeakable> {
        let mut sound = self.clone();
        if is(Field::Peer) {
            // Nobody has an id by that name, and a field stands where one would.
            sound.book = Book::default();
        }
        if is(Field::Word) {
            // What was captured is no word of the dialect either.
            let of_pair = to.and_then(|to| sound.pairs.get(to)).into_iter().flatten();
            let of_pair = of_pair.map(|(name, _)| (name.clone(), Json::from(MARK)));
            let of_pair = of_pair.collect();
            sound.pairs.insert(MARK.to_owned(), of_pair);
            for (name, value) in &mut sound.link {
                if sound.dialect.is_own(name) {
                    *value = Json::from(MARK);
                }
            }
        }
        if is(Field::Room) {
            sound.room = Some(RoomName::new(MARK));
            sound.choose_no_room_ids();
        }
        if is(Field::Me) {
            sound.me = MARK.into();
            // Taken away it would leave the word unsayable.
            if let Some(id) = sound.link.get_mut("self") {
                *id = Json::from(MARK);
            }
            sound = sound.aliased(Alias::default());
        }
        let marked = |is: bool, sound: &str| match is {
            true => MARK.to_owned(),
            false => sound.to_owned(),
        };
        let room = self.room.as_ref().map_or("glare-room", RoomName::as_str);
        let room = RoomName::new(marked(is(Field::Room), room));
        let peer = match to {
            Some(to) if !is(Field::Peer) => to,
            _ => MARK,
        };
        let sdp = marked(is(Field::Sdp), SOUND_SDP).into();
        let candidate = sound_candidate(marked(is(Field::Candidate), SOUND_CANDIDATE));
        // A book that is new knows no room's id either.
        let here = sound.room.clone();
        for room in here.iter().chain([&room]) {
            let id = match is(Field::Room) {
                true => Some(Json::from(MARK)),
                false => self.book.room_id(room.as_str()),
            };
            if let Some(id) = id {
                sound.book.learn_room(room.as_str(), &id);
            }
        }
        let mut word = marked_word(of, room, sdp, candidate);
        match &mut word {
            Word::Signal { peer: whom, .. } => *whom = Some(peer.to_owned()),
            Word::Request {
                request: Request::Kick { peer: whom, .. },
            } => *whom = peer.to_owned(),
            Word::Request {
                request: Request::SetState { state, .. },
            } if !is(Field::State) => {
                let sound = self.dialect.properties.states.first();
                *state = sound.map_or_else(|| MARK.to_owned(), super::template::plain);
            }
            _ => {}
        }
        sound.say(&word)
    }

    /// The message by which one comes back, once for each value that the server gave for it: that one is spoilt, and all else is as it was given.
    fn garbage_given(&self, kind: Garbage) -> Result<Vec<Say>, Unspeakable> {
        let dialect = &self.dialect;
        let Some((saying, given)) = &dialect.rejoin else {
            return Err(Unspeakable::NoSuchWord {
                dialect: dialect.name.clone(),
                kind: Kind::Join,
            });
        };
        let mut sound = self.clone();
        let mark = |name: &String| (name.clone(), Json::from(MARK));
        // Who was never given anything has no sound value.
        sound.link.extend(given.iter().map(mark));
        let mut room = RoomName::new("glare-room");
        for (of, values) in self.book.all_given(&self.me) {
            room = of;
            sound.link.extend(values);
        }
        let word = Word::Request {
            request: Request::Join { room },
        };
        let each = given.iter().map(|name| {
            let mut marked = sound.clone();
            marked.link.extend([mark(name)]);
            let mut variables = marked.said_variables(&word);
            marked.numbered(saying, Some(Kind::Join), &mut variables);
            let out = marked.out(saying, &variables, None);
            let out = out.map_err(|Missing(variable)| Unspeakable::Missing {
                dialect: dialect.name.clone(),
                kind: Kind::Join,
                variable,
            })?;
            let out = match out {
                Out::Text(text) => Out::Text(spoilt_in(
                    kind,
                    Field::Given,
                    (&text, &text),
                    &marked.words(),
                )),
                other => other,
            };
            // Without what is spoilt in it, it may be as good a request as any.
            let means = Meant::Nothing;
            Ok(Say { out, means })
        });
        each.collect()
    }

    fn words(&self) -> Words {
        let id = self.link.get("self").and_then(id_text);
        Words {
            are_keys: self.dialect.words_are_keys(),
            behind: self.dialect.word_key().map(str::to_owned),
            own: id.into_iter().chain([self.me.to_string()]).collect(),
            number: self.number.map(|number| number.to_string()),
        }
    }

    /// Rooms are known by what is marked, and not by an id that is made of it.
    fn choose_no_room_ids(&mut self) {
        if self.dialect.connect.room_id.is_some() {
            let mut dialect = Dialect::clone(&self.dialect);
            dialect.connect.room_id = None;
            self.dialect = Arc::new(dialect);
        }
    }
}

impl Dialect {
    /// What garbage of this kind says all the same: on a wire of text without JSON every text may be as good as any other, and half a name is a
    /// name. `None`: it is garbage.
    pub fn still_says(
        &self,
        garbage: Garbage,
        of: Option<Kind>,
        field: Option<Field>,
    ) -> Option<Kind> {
        if self.framing != Framing::Text {
            return None;
        }
        let mut conversation = Conversation::new(Arc::new(self.clone()), MARK);
        let outs = match field {
            None => conversation.garbage(garbage, of),
            Some(field) => conversation.garbage_in(garbage, of?, field, Some(MARK)),
        };
        let outs = outs.ok()?;
        let Out::Text(text) = &outs.last()?.out else {
            return None;
        };
        if json_of(text).is_some() {
            return None;
        }
        Some(conversation.overhear_text(text, None).word?.kind())
    }
}

/// A description as good as any: nothing in the server's way.
const SOUND_SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";
const SOUND_CANDIDATE: &str = "candidate:1 1 udp 2130706431 127.0.0.1 9 typ host";

fn sound_candidate(candidate: String) -> Candidate {
    Candidate {
        candidate,
        sdp_mid: Some("0".into()),
        sdp_mline_index: Some(0),
        ..Candidate::default()
    }
}

/// A word that is as good as any.
pub(super) fn sound_word(of: Kind, room: RoomName) -> Word {
    marked_word(
        of,
        room,
        SOUND_SDP.into(),
        sound_candidate(SOUND_CANDIDATE.into()),
    )
}

/// A word whose every variable is the mark.
fn marked(of: Kind) -> Word {
    let candidate = Candidate {
        candidate: MARK.into(),
        ..Candidate::default()
    };
    marked_word(of, RoomName::new(MARK), MARK.into(), candidate)
}

/// A word that says this, for nobody.
fn marked_word(of: Kind, room: RoomName, sdp: Arc<str>, candidate: Candidate) -> Word {
    let request = |request| Word::Request { request };
    let signal = |signal| Word::Signal {
        peer: Some(MARK.to_owned()),
        signal,
    };
    match of {
        Kind::Create => request(Request::Create { room }),
        Kind::Join => request(Request::Join { room }),
        Kind::Leave => request(Request::Leave { room }),
        Kind::Destroy => request(Request::Destroy { room }),
        Kind::Kick => request(Request::Kick {
            room,
            peer: MARK.to_owned(),
        }),
        Kind::SetState => request(Request::SetState {
            room,
            state: MARK.to_owned(),
        }),
        Kind::Fence => request(Request::Fence),
        Kind::Offer => signal(Signal::Offer { sdp }),
        Kind::Answer => signal(Signal::Answer { sdp }),
        Kind::Candidate => signal(Signal::Candidate { candidate }),
        Kind::EndOfCandidates => signal(Signal::EndOfCandidates),
        Kind::Bye => signal(Signal::Bye),
        // No peer says these: the dialect has no way to.
        _ => Word::Notice {
            notice: Notice::Error {
                reason: String::new(),
            },
        },
    }
}

/// JSON, and what its framing puts before it.
fn json_of(text: &str) -> Option<(&str, Json)> {
    let at = text.find(['{', '['])?;
    let value: Json = serde_json::from_str(text.get(at..)?).ok()?;
    Some((text.get(..at)?, value))
}

/// Which leaf is the word of a message: a text that bears no mark; a number where the message is a list that begins with one, or where there is no
/// such text.
fn is_word_of<'w>(value: &Json, words: &'w Words) -> impl Fn(&Json) -> bool + use<'w> {
    let is_text = |leaf: &Json| {
        let is_word = |text: &str| !text.contains(MARK) && !words.is_own(text);
        leaf.as_str().is_some_and(is_word)
    };
    let is_number = |leaf: &Json| leaf.is_number() && !words.is_own(&leaf.to_string());
    let begins_with_number = value.get(0).is_some_and(is_number);
    let numbered = begins_with_number || !any_leaf(value, &is_text);
    move |leaf| match numbered {
        true => is_number(leaf),
        false => is_text(leaf),
    }
}

fn any_leaf(value: &Json, meant: &dyn Fn(&Json) -> bool) -> bool {
    match value {
        Json::Array(items) => items.iter().any(|item| any_leaf(item, meant)),
        Json::Object(fields) => fields.values().any(|field| any_leaf(field, meant)),
        leaf => meant(leaf),
    }
}

/// A message as it would be said, with one field spoilt: the one that bears the mark in its twin, or that of the word. Where there is none, the
/// twin is spoilt as a whole.
fn spoilt_in(kind: Garbage, field: Field, (marked, sound): (&str, &str), words: &Words) -> String {
    let Some((_, twin)) = json_of(marked) else {
        return match field {
            Field::Word => spoilt(Garbage::UnknownWord, marked, words),
            _ => spoilt_text(kind, marked),
        };
    };
    let Some(place) = place_of(field, &twin, words) else {
        return spoilt(kind, marked, words);
    };
    // What is left out where it is not known stands in one of them alone.
    let said = [sound, marked].into_iter().filter_map(json_of);
    let mut made = said.filter_map(|(before, value)| {
        let spoilt = match &place {
            Place::Key => spoilt_key(kind, words.behind_the_key(&value)?),
            Place::At(path) => spoilt_at(kind, value, path)?,
        };
        Some(format!("{before}{spoilt}"))
    });
    made.next().unwrap_or_else(|| spoilt(kind, marked, words))
}

/// Where a field of a message is.
enum Place {
    /// It is the key of its object.
    Key,
    At(Vec<Step>),
}

#[derive(Clone)]
enum Step {
    Item(usize),
    Field(String),
}

fn place_of(field: Field, twin: &Json, words: &Words) -> Option<Place> {
    let is_marked = |leaf: &Json| leaf.as_str().is_some_and(|text| text.contains(MARK));
    let is_leaf = |value: &Json| !value.is_array() && !value.is_object();
    let path = match field {
        Field::Word if words.behind_the_key(twin).is_some() => return Some(Place::Key),
        Field::Word if words.place_in(twin).is_some() => words
            .place_in(twin)
            .map(|key| vec![Step::Field(key.to_owned())]),
        // The word of all of it stands at the top, if there is one.
        Field::Word => {
            let is_word = is_word_of(twin, words);
            path_to(twin, &|value| is_leaf(value) && is_word(value))
        }
        // The first below all of it.
        Field::Payload => {
            let holds = |inner: &Json| !is_leaf(inner) && any_leaf(inner, &is_marked);
            steps_of(twin).find_map(|(step, inner)| holds(inner).then(|| vec![step]))
        }
        _ => path_to(twin, &|value| is_leaf(value) && is_marked(value)),
    };
    path.map(Place::At)
}

/// The way to the first that is meant; one that is nearer to the top comes before what lies deeper beside it.
fn path_to(value: &Json, meant: &dyn Fn(&Json) -> bool) -> Option<Vec<Step>> {
    if let Some((step, _)) = steps_of(value).find(|(_, inner)| meant(inner)) {
        return Some(vec![step]);
    }
    steps_of(value).find_map(|(step, inner)| {
        let mut path = path_to(inner, meant)?;
        path.insert(0, step);
        Some(path)
    })
}

/// What a list or an object holds, and each one's place in it.
fn steps_of(value: &Json) -> Box<dyn Iterator<Item = (Step, &Json)> + '_> {
    match value {
        Json::Array(items) => {
            let items = items.iter().enumerate();
            Box::new(items.map(|(at, item)| (Step::Item(at), item)))
        }
        Json::Object(fields) => Box::new(
            fields
                .iter()
                .map(|(key, field)| (Step::Field(key.clone()), field)),
        ),
        _ => Box::new(std::iter::empty()),
    }
}

/// An event of Socket.IO without the number that asks for an acknowledgement.
fn unacknowledged(text: &str) -> String {
    let at = text.find('[').unwrap_or(text.len());
    let (before, event) = text.split_at(at);
    let (packet, rest) = before.split_at(before.len().min(2));
    let space = rest.trim_end_matches(|digit: char| digit.is_ascii_digit());
    format!("{packet}{space}{event}")
}

/// The same where the word is a key: it can be nothing but text.
fn spoilt_key(kind: Garbage, inner: &Json) -> String {
    let key = match kind {
        Garbage::FieldMissing => return inner.to_string(),
        Garbage::Prototype => PROTOTYPE.to_owned(),
        Garbage::Huge => "x".repeat(HUGE),
        Garbage::Empty => String::new(),
        _ => NONSENSE.to_owned(),
    };
    format!("{{{}:{inner}}}", Json::from(key))
}

/// The text of this, where what stands there is spoilt. `None`: nothing does.
fn spoilt_at(kind: Garbage, mut value: Json, path: &[Step]) -> Option<String> {
    let (last, above) = path.split_last()?;
    let holder = above
        .iter()
        .try_fold(&mut value, |value, step| match step {
            Step::Item(at) => value.get_mut(at),
            Step::Field(key) => value.get_mut(key),
        })?;
    let was = match last {
        Step::Item(at) => holder.get(at)?.clone(),
        Step::Field(key) => holder.get(key)?.clone(),
    };
    if kind == Garbage::FieldMissing {
        match (last, holder) {
            (Step::Item(at), Json::Array(items)) => drop(items.remove(*at)),
            (Step::Field(key), Json::Object(fields)) => drop(fields.remove(key)),
            _ => return None,
        }
        return Some(value.to_string());
    }
    match last {
        Step::Item(at) => holder[*at] = Json::from(HERE),
        Step::Field(key) => holder[key] = Json::from(HERE),
    }
    let is_number = was.is_number();
    let what = match kind {
        Garbage::Null | Garbage::FieldMissing => "null".to_owned(),
        Garbage::WrongType if !is_number => "5".to_owned(),
        Garbage::WrongType => format!("\"{NONSENSE}\""),
        Garbage::UnknownWord if is_number => NO_NUMBER.to_string(),
        Garbage::Deep | Garbage::VeryDeep => deep(kind),
        Garbage::Huge => format!("\"{}\"", "x".repeat(HUGE)),
        Garbage::Empty => "\"\"".to_owned(),
        Garbage::UnknownWord | Garbage::CutShort => format!("\"{NONSENSE}\""),
        Garbage::Prototype => format!("\"{PROTOTYPE}\""),
    };
    Some(value.to_string().replacen(&format!("\"{HERE}\""), &what, 1))
}

/// Stands where something is to be put that no writer of JSON would write.
const HERE: &str = "glare-here";

fn deep(kind: Garbage) -> String {
    let depth = match kind {
        Garbage::VeryDeep => GREAT_DEPTH,
        _ => DEPTH,
    };
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

fn spoilt(kind: Garbage, text: &str, words: &Words) -> String {
    let json = json_of(text);
    match (kind, json) {
        (Garbage::Empty, _) => String::new(),
        (Garbage::CutShort, _) => text.chars().take(text.chars().count() / 2).collect(),
        (_, Some((before, value))) => format!("{before}{}", spoilt_json(kind, value, words)),
        (_, None) => spoilt_text(kind, text),
    }
}

fn spoilt_json(kind: Garbage, mut value: Json, words: &Words) -> String {
    let is_field = |leaf: &Json| leaf.as_str().is_some_and(|text| text.contains(MARK));
    let is_word = is_word_of(&value, words);
    match kind {
        Garbage::Null => return Json::Null.to_string(),
        Garbage::WrongType => {
            let texts = alter(&mut value, &is_field, &|leaf| *leaf = Json::from(5))
                || alter(&mut value, &is_word, &|leaf| {
                    *leaf = match leaf.is_number() {
                        true => Json::from(NONSENSE),
                        false => Json::from(5),
                    }
                });
            // Where there is no text at all, a text is of the wrong type.
            if !texts {
                alter(&mut value, &|_| true, &|leaf| *leaf = Json::from(NONSENSE));
            }
        }
        Garbage::FieldMissing => {
            if !remove(&mut value, &is_field) {
                remove(&mut value, &|_| true);
            }
        }
        Garbage::UnknownWord => {
            if let Some(inner) = words.behind_the_key(&value) {
                return spoilt_key(kind, inner);
            }
            let unknown = |leaf: &mut Json| {
                *leaf = match leaf.is_number() {
                    true => Json::from(NO_NUMBER),
                    false => Json::from(NONSENSE),
                }
            };
            if let Some(leaf) = words
                .place_in(&value)
                .map(str::to_owned)
                .and_then(|key| value.get_mut(key))
            {
                unknown(leaf);
                return value.to_string();
            }
            // The word of all of it stands at the top, if there is one.
            let fields = value.as_object_mut().into_iter().flatten();
            let mut top = fields.map(|(_, leaf)| leaf).filter(|leaf| is_word(leaf));
            let at_the_top = top.next().map(unknown).is_some();
            if !at_the_top && !alter_one(&mut value, &is_word, &unknown) {
                value = serde_json::json!({ NONSENSE: value });
            }
        }
        Garbage::Prototype => {
            let put = |leaf: &mut Json| *leaf = Json::from(PROTOTYPE);
            if !alter_one(&mut value, &is_field, &put) {
                alter_one(&mut value, &|_| true, &put);
            }
        }
        Garbage::Deep | Garbage::VeryDeep | Garbage::Huge | Garbage::CutShort | Garbage::Empty => {
            let much = match kind {
                Garbage::Deep | Garbage::VeryDeep => deep(kind),
                _ => format!("\"{}\"", "x".repeat(HUGE)),
            };
            let mark = |leaf: &mut Json| *leaf = Json::from(NONSENSE);
            if !alter_one(&mut value, &is_field, &mark) {
                alter_one(&mut value, &|_| true, &mark);
            }
            return value
                .to_string()
                .replacen(&format!("\"{NONSENSE}\""), &much, 1);
        }
    }
    value.to_string()
}

fn spoilt_text(kind: Garbage, text: &str) -> String {
    let put = |what: &str| match text.contains(MARK) {
        true => text.replace(MARK, what),
        false => format!("{text} {what}"),
    };
    match kind {
        Garbage::Null => "null".into(),
        Garbage::WrongType => put("5"),
        Garbage::FieldMissing => text.split_whitespace().next().unwrap_or_default().into(),
        Garbage::UnknownWord => match text.split_once(char::is_whitespace) {
            Some((_, rest)) => format!("{NONSENSE} {rest}"),
            None => NONSENSE.into(),
        },
        Garbage::Deep | Garbage::VeryDeep => put(&deep(kind)),
        Garbage::Prototype => put(PROTOTYPE),
        Garbage::Huge => put(&"x".repeat(HUGE)),
        Garbage::CutShort | Garbage::Empty => String::new(),
    }
}

/// Changes all leaves that are meant. Whether there was one.
fn alter(value: &mut Json, meant: &dyn Fn(&Json) -> bool, change: &dyn Fn(&mut Json)) -> bool {
    let mut found = false;
    match value {
        Json::Array(items) => {
            for item in items {
                found |= alter(item, meant, change);
            }
            found
        }
        Json::Object(fields) => {
            for field in fields.values_mut() {
                found |= alter(field, meant, change);
            }
            found
        }
        leaf if meant(leaf) => {
            change(leaf);
            true
        }
        _ => false,
    }
}

/// Changes the first leaf that is meant. Whether there was one.
fn alter_one(value: &mut Json, meant: &dyn Fn(&Json) -> bool, change: &dyn Fn(&mut Json)) -> bool {
    match value {
        Json::Array(items) => items.iter_mut().any(|item| alter_one(item, meant, change)),
        Json::Object(fields) => fields
            .values_mut()
            .any(|field| alter_one(field, meant, change)),
        leaf if meant(leaf) => {
            change(leaf);
            true
        }
        _ => false,
    }
}

/// Takes the first leaf that is meant out of what holds it. Whether there was one.
fn remove(value: &mut Json, meant: &dyn Fn(&Json) -> bool) -> bool {
    let is_leaf = |value: &Json| !value.is_array() && !value.is_object() && meant(value);
    match value {
        Json::Array(items) => match items.iter().position(is_leaf) {
            Some(at) => {
                items.remove(at);
                true
            }
            None => items.iter_mut().any(|item| remove(item, meant)),
        },
        Json::Object(fields) => {
            let key = fields.iter().find(|(_, field)| is_leaf(field));
            match key.map(|(key, _)| key.clone()) {
                Some(key) => fields.remove(&key).is_some(),
                None => fields.values_mut().any(|field| remove(field, meant)),
            }
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
mod words;
