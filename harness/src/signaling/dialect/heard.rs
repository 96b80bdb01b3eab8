//! What a peer hears: from a message to its words, and what is answered by itself.

use std::sync::Arc;

use serde_json::Value as Json;

use super::answers::{Answer, answered, answered_under};
use super::conversation::{Conversation, Waiting};
use super::meant::{Meant, Say};
use super::number::{NUMBER, number_in};
use super::socketio::Packet;
use super::template::{Variables, id_text, matches_text};
use super::words::{self, Hears};
use super::{Body, Dialect, Framing, Hearing, Then};
use crate::signaling::{Kind, Notice, Word};

/// What a message turns out to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// What it says, in order. Several words may stand in one message.
    pub words: Vec<Word>,
    /// For each word the number that its message repeats of a request, where it does.
    pub numbers: Vec<Option<String>>,
    /// What is to be sent now.
    pub says: Vec<Say>,
    /// It is known to the dialect, whether it says anything or not.
    pub understood: bool,
    /// The server lets nobody in: why.
    pub refused: Option<String>,
}

impl Heard {
    /// The server lets nobody in, and says so by a word: no to what the line was dialled for, if that was something.
    fn refuse(&mut self, reason: String, dialled_for: Option<Kind>) {
        let notice = match dialled_for {
            Some(kind) => Notice::Refused {
                request: Some(kind),
                reason: reason.clone(),
            },
            None => Notice::Error {
                reason: reason.clone(),
            },
        };
        self.words.push(Word::Notice { notice });
        self.numbers.push(None);
        self.understood = true;
        self.refused = Some(reason);
    }

    /// These words were in one message that repeats this number.
    fn say(&mut self, words: impl IntoIterator<Item = Word>, number: Option<&String>) {
        self.words.extend(words);
        self.numbers.resize(self.words.len(), number.cloned());
    }
}

/// One message, unwrapped.
pub(super) struct Message<'a> {
    pub(super) value: &'a Json,
    /// socket.io: the request that it is the answer to, if that is known.
    pub(super) ack: Option<Option<Kind>>,
}

impl Hearing {
    fn hears<'a>(&'a self, message: &Message<'a>, variables: &mut Variables<'a>) -> bool {
        self.http.is_none()
            && self.close.is_none()
            && self.ack == message.ack.is_some()
            && match (self.of, message.ack) {
                (Some(of), Some(Some(asked))) => of == asked,
                _ => true,
            }
            && self.matches(message.value, variables)
    }
}

impl Conversation {
    /// Understands a message from the server.
    pub fn hear_text(&mut self, text: &str) -> Heard {
        let Framing::SocketIo(version) = self.dialect.framing else {
            return match self.value(text) {
                Some(value) => self.hear_all(&value),
                None => Heard::default(),
            };
        };
        let Some(packet) = self.packet(text) else {
            return Heard::default();
        };
        match self.shake(version, &packet) {
            Err(why) => {
                let mut heard = Heard::default();
                heard.refuse(why, self.dialled_for());
                heard
            }
            Ok(Some(says)) => Heard {
                understood: true,
                says,
                ..Heard::default()
            },
            Ok(None) => match packet {
                Packet::Event(value, _) => self.hear_message(&value, None),
                Packet::Ack(value, number) => {
                    let of = self.acks.remove(&number);
                    self.hear_message(&value, Some(of.flatten()))
                }
                _ => Heard::default(),
            },
        }
    }

    /// A message, or each of those that are bundled in it.
    fn hear_all(&mut self, value: &Json) -> Heard {
        let dialect = Arc::clone(&self.dialect);
        let mut variables = Variables::default();
        let bundled =
            (dialect.bundle.as_ref()).filter(|bundle| bundle.matches(value, &mut variables));
        let messages = bundled.and_then(|_| variables.get("messages")?.as_array());
        let Some(messages) = messages else {
            return self.hear_message(value, None);
        };
        let mut all = Heard {
            understood: true,
            ..Heard::default()
        };
        for message in messages {
            let heard = self.hear_message(message, None);
            all.words.extend(heard.words);
            all.numbers.extend(heard.numbers);
            all.says.extend(heard.says);
            all.understood &= heard.understood;
            all.refused = all.refused.or(heard.refused);
        }
        all
    }

    fn hear_message(&mut self, value: &Json, ack: Option<Option<Kind>>) -> Heard {
        let dialect = Arc::clone(&self.dialect);
        let message = Message { value, ack };
        let mut heard = Heard::default();
        self.hear_opening(&dialect, &message, &mut heard);
        self.hear_awaited(&dialect, &message, &mut heard);
        for reflex in &dialect.reply {
            let mut variables = self.variables();
            if reflex.hear.hears(&message, &mut variables) {
                let out = self.out(&reflex.say, &variables, None).ok();
                let means = Meant::Aside;
                heard.says.extend(out.map(|out| Say { out, means }));
                heard.understood = true;
            }
        }
        if let Some(captured) = self.any(&dialect.learn, &message) {
            let with = self.whom(&captured);
            self.remember(captured, with.as_deref());
            heard.understood = true;
        }
        let known = heard.understood;
        let passes_over = |own: &Self| known || own.any(&dialect.ignore, &message).is_some();
        let answer = self.hear_words(
            &dialect,
            ack.is_some(),
            passes_over,
            |hearing, variables| hearing.hears(&message, variables),
        );
        let words = self.told_coming_in(answer.words, &mut heard);
        let words = words.into_iter().map(|word| answered(word, ack.flatten()));
        heard.say(words, answer.number.as_ref());
        let changed = self.hear_members(&dialect, &message, &mut heard);
        heard.say(changed, None);
        heard.understood |= !heard.words.is_empty();
        // Last, so that all that is not for us can be ignored in one pattern.
        heard.understood |= !heard.understood && self.any(&dialect.ignore, &message).is_some();
        heard
    }

    /// What the end of the line says, where the dialect reads one from its code.
    pub fn hear_close(&mut self, code: u16, reason: &str) -> Vec<Word> {
        let dialect = Arc::clone(&self.dialect);
        let reason = self.alias.take_off(reason).into_owned();
        let value = Json::from(reason.as_str());
        self.hear_words(
            &dialect,
            true,
            |_| false,
            |hearing, variables| {
                let fits = hearing.close == Some(code) && hearing.matches(&value, variables);
                if fits && variables.get("reason").is_none() {
                    variables.put("reason", value.clone());
                }
                fits
            },
        )
        .words
    }

    /// Understands the response to one of the peer's own requests.
    pub fn hear_response(&mut self, method: &str, path: &str, status: u16, body: &str) -> Heard {
        let value = self.value(body).unwrap_or(Json::Null);
        let dialect = Arc::clone(&self.dialect);
        let path = self.alias.take_off(path).into_owned();
        let parting = |(of, at): &mut (String, String)| of == method && *at == path;
        if self.parting.take_if(parting).is_some() {
            return Heard {
                understood: true,
                ..Heard::default()
            };
        }
        let fits = |hearing: &Hearing| {
            hearing
                .http
                .as_ref()
                .is_some_and(|route| route.method == method)
                && hearing.status.is_none_or(|range| range.contains(status))
        };
        let answer = self.hear_words(
            &dialect,
            true,
            |_| false,
            |hearing, variables| {
                fits(hearing)
                    && (hearing.http.as_ref())
                        .is_some_and(|route| matches_text(&route.path, &path, variables))
                    && hearing.matches(&value, variables)
            },
        );
        // Where no answer to such a request says anything, yes says nothing.
        let speaks = dialect.hear.iter().any(|(_, hearing)| {
            let mut variables = self.variables();
            (hearing.http.as_ref()).is_some_and(|route| {
                route.method == method && matches_text(&route.path, &path, &mut variables)
            })
        });
        let mut understood = !answer.words.is_empty() || (!speaks && (200..300).contains(&status));
        for before in &dialect.connect.before {
            let asked = before.ask.http.as_ref();
            let mut variables = self.variables();
            // Of a line before this one it may have been another.
            if let Body::Template(body) = &before.hear.body {
                for hole in body.holes() {
                    variables.replace(&hole.name, None);
                }
            }
            let known = variables.count();
            if asked.is_some_and(|route| {
                route.method == method && matches_text(&route.path, &path, &mut variables)
            }) && fits_status(&before.hear, status)
                && before.hear.matches(&value, &mut variables)
            {
                let captured = Self::captures(&variables, known);
                self.remember(captured, None);
                understood = true;
            }
        }
        let mut heard = Heard {
            understood,
            ..Heard::default()
        };
        heard.say(answer.words, answer.number.as_ref());
        heard
    }

    /// What this message captures by the first of these patterns that it fits.
    pub(super) fn any(
        &self,
        patterns: &[Hearing],
        message: &Message<'_>,
    ) -> Option<Vec<(String, Json)>> {
        self.first_that_fits(patterns, message)
            .map(|(_, captured)| captured)
    }

    /// The first of these patterns that this message fits, and what it captures.
    pub(super) fn first_that_fits<'p>(
        &self,
        patterns: &'p [Hearing],
        message: &Message<'_>,
    ) -> Option<(&'p Hearing, Vec<(String, Json)>)> {
        patterns.iter().find_map(|hearing| {
            let mut variables = self.variables();
            let known = variables.count();
            let fits = hearing.hears(message, &mut variables);
            fits.then(|| (hearing, Self::captures(&variables, known)))
        })
    }

    pub(super) fn captures(variables: &Variables<'_>, known: usize) -> Vec<(String, Json)> {
        let captured = variables.captured(known);
        captured
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect()
    }

    /// What its line was dialled for, where only who asks for something dials.
    fn dialled_for(&self) -> Option<Kind> {
        let asked = self.asked.as_ref().filter(|_| self.awaits);
        asked.map(|(kind, _)| *kind)
    }

    /// The peer that captures speak of.
    fn whom(&self, captured: &[(String, Json)]) -> Option<String> {
        let (_, id) = captured.iter().find(|(name, _)| name == "peer")?;
        let id = id_text(id)?;
        Some(self.book.peer_told(&id, self.place()).unwrap_or(id))
    }

    /// Goes on with the opening, if this is what it waits for.
    fn hear_opening(&mut self, dialect: &Dialect, message: &Message<'_>, heard: &mut Heard) {
        // The tap has not said what comes before: it was said by the peer.
        while matches!(self.next_step(dialect), Some(Then::Say(_))) {
            self.opening += 1;
        }
        let Some(Then::Hear { hear, refused }) = self.next_step(dialect) else {
            return;
        };
        // Who it is on this link is told here: what it was before says nothing.
        let told = hear.captures("self");
        let before = told.then(|| self.link.remove("self")).flatten();
        if let Some(captured) = self.any(std::slice::from_ref(hear), message) {
            self.remember(captured, None);
            self.opening += 1;
            heard.understood = true;
            heard.says.extend(self.go_on());
            return;
        }
        if let Some(before) = before {
            self.link.insert("self".into(), before);
        }
        if let Some(captured) = self.any(refused, message) {
            let reason = captured.iter().find(|(name, _)| name == "reason");
            let reason = reason.map(|(_, value)| super::template::plain(value));
            heard.refuse(reason.unwrap_or_default(), self.dialled_for());
        }
    }

    /// What stands between the steps of a word: goes on with the one that waits for it.
    fn hear_awaited(&mut self, dialect: &Dialect, message: &Message<'_>, heard: &mut Heard) {
        let between = dialect.say.iter().flat_map(|(kind, way)| {
            let steps = way.steps.iter().enumerate();
            steps.filter_map(|(at, step)| Some((*kind, at, step.hear.as_ref()?)))
        });
        let front = self.waiting.front();
        let waits = front.map(|waiting| (waiting.word.kind(), waiting.step));
        for (kind, at, hear) in between {
            let Some(captured) = self.any(std::slice::from_ref(hear), message) else {
                continue;
            };
            heard.understood = true;
            let told = self.whom(&captured);
            let waiting = match waits == Some((kind, at)) {
                true => self.waiting.pop_front(),
                false => None,
            };
            let to = match &waiting {
                Some(Waiting {
                    word: Word::Signal { peer, .. },
                    ..
                }) => peer.clone(),
                _ => None,
            };
            self.remember(captured, to.or(told).as_deref());
            if let Some(Waiting { word, step }) = waiting {
                self.say_on(&word, step + 1, heard);
                return;
            }
        }
        for (kind, way) in &dialect.say {
            for (at, step) in way.steps.iter().enumerate() {
                if self.any(&step.refused, message).is_none() {
                    continue;
                }
                heard.understood = true;
                if waits == Some((*kind, at)) {
                    self.waiting.pop_front();
                    self.say_waiting(heard);
                    return;
                }
            }
        }
    }

    /// Says the rest of a word, and what has waited behind it.
    fn say_on(&mut self, word: &Word, step: usize, heard: &mut Heard) {
        // Whatever cannot be said now could not have been said before either.
        let says = self.say_from(word, step).unwrap_or_default();
        heard.says.extend(says);
        self.say_waiting(heard);
    }

    /// Says what has waited behind a word, until something must be heard.
    fn say_waiting(&mut self, heard: &mut Heard) {
        while let Some(Waiting { word, .. }) = self.waiting.pop_front_if(|next| next.step == 0) {
            let says = self.say_from(&word, 0).unwrap_or_default();
            heard.says.extend(says);
        }
    }

    /// What it means. `tied`: the wire ties it to what it answers, as it does a response or an acknowledgement. What repeats a number that is none of
    /// this peer's answers nothing of it, and may be anything else: where it is nothing else, and nothing that `passes_over`, it is a wrong answer.
    fn hear_words<'a>(
        &mut self,
        dialect: &'a Dialect,
        tied: bool,
        passes_over: impl Fn(&Self) -> bool,
        fits: impl Fn(&'a Hearing, &mut Variables<'a>) -> bool,
    ) -> Answer {
        let mut known_by_now = self.variables();
        // Who asks to come in may be told a new id by the answer, as on the first time.
        let named_again = self.awaits && dialect.names_in_answers();
        // So it is with what one may come back with.
        let given_again = self.awaits && dialect.rejoin.is_some();
        let mut anew = match named_again || given_again {
            true => self.variables(),
            false => Variables::default(),
        };
        if named_again {
            anew.replace("self", None);
        }
        for name in dialect.rejoin.iter().flat_map(|(_, given)| given) {
            anew.replace(name, None);
        }
        let counts = (known_by_now.count(), anew.count());
        let tells_anew = |hears: &Hears| {
            (named_again || given_again)
                && matches!(hears, Hears::Kind(Kind::Created | Kind::Joined))
        };
        // What answers a fence may look like the answer to something else: where no fence is under way it is that, unless a number tells.
        let unasked = |(hears, hearing): &&(Hears, Hearing)| {
            *hears == Hears::Fenced && self.fences == 0 && !hearing.captures(NUMBER)
        };
        let first = dialect.hear.iter().filter(|form| !unasked(form));
        let last = dialect.hear.iter().filter(unasked);
        let all = self.by_order_of_relays(first.chain(last));
        let foreign = std::cell::Cell::new(false);
        let mut find = |(hears, hearing): &'a (Hears, Hearing), any_number: bool| {
            let (variables, known) = match tells_anew(hears) {
                true => (&mut anew, counts.1),
                false => (&mut known_by_now, counts.0),
            };
            variables.forget(known);
            if !fits(hearing, variables) {
                return None;
            }
            let number = number_in(variables, &hearing.body, dialect.framing);
            let said = (number.as_ref()).and_then(|number| self.book.said_under(&self.me, number));
            let said = match (&number, said) {
                (Some(number), None) if any_number => self.book.anybody_said_under(number),
                (Some(_), None) => {
                    foreign.set(true);
                    return None;
                }
                (_, said) => said,
            };
            let may_answer = match said {
                Some(said) => self.may_answer_that(*hears, hearing, said),
                None => self.may_answer(*hears, hearing),
            };
            if !may_answer
                || self.is_for_another(variables)
                || self.is_of_another_room(*hears, variables)
            {
                return None;
            }
            let asked = match (hears, &self.asked) {
                (Hears::Kind(Kind::Created | Kind::Joined), Some((_, room)))
                | (Hears::Kind(Kind::Destroyed), Some((Kind::Destroy, room))) => Some(room),
                _ => None,
            };
            let said_of =
                (number.as_ref()).and_then(|number| self.book.room_under(&self.me, number));
            let here = said_of.as_ref().or(asked).or(self.place());
            self.meet_by_pair(variables, known);
            let told = variables.captured(known).find(|(name, _)| *name == "self");
            let own = told.and_then(|(_, id)| id_text(id));
            // The same message may give the peer the id that is on its list.
            let whose = |id: &str| match own.as_deref() == Some(id) {
                true => Some(self.me.to_string()),
                false => self.book.peer_told(id, here),
            };
            let mut words = self.called(here, &whose, |called| {
                words::heard_of_each(*hears, variables, hearing.of, called)
            })?;
            let states = match hears {
                Hears::Kind(Kind::Joined) => self.called(here, &whose, |called| {
                    let states = words::states(variables, called);
                    states
                        .into_iter()
                        .chain(words::host(variables, called))
                        .collect()
                }),
                _ => Vec::new(),
            };
            // Where the joiner is not told who is inside, the stage knows.
            if let Word::Notice {
                notice: Notice::Joined { room, with },
            } = &mut words[0]
                && variables.get("with").is_none()
                && dialect.members.is_empty()
            {
                *with = self.book.others(room.as_str(), &self.me);
            }
            let captured = Self::captures(variables, known);
            Some((words, states, captured, number, said))
        };
        let mut found = all.iter().find_map(|form| find(form, false));
        if found.is_none() && foreign.get() && !passes_over(self) {
            found = all.iter().find_map(|form| find(form, true));
        }
        let Some((mut words, states, captured, number, said)) = found else {
            return Answer::default();
        };
        let tied = tied || said.is_some();
        if let Some(said) = said {
            words = (words.into_iter().map(|word| answered_under(word, said))).collect();
        }
        // What answers no word answers nothing that is judged.
        let number = number.filter(|_| said != Some(None));
        let number = number.map(|number| self.book.recorded_number(&self.me, &number));
        if words.len() == 1
            && let Some(word) = words.pop()
        {
            words = self.as_asked(word);
        }
        // Lists often have whoever reads them on them.
        let others = |word: &Word| match word {
            Word::Notice {
                notice: Notice::Host { .. },
            } => true,
            Word::Notice { notice } => notice.about() != Some(&*self.me),
            _ => false,
        };
        words.extend(states.into_iter().filter(others));
        for word in &words {
            if let Word::Notice {
                notice: Notice::Created { room } | Notice::Joined { room, .. },
            } = word
                && let Some((_, id)) = captured.iter().find(|(name, _)| name == "room-id")
            {
                self.book.learn_room(room.as_str(), id);
            }
            self.is_answered(word);
            match tied {
                true => self.note(word),
                false => self.hears(word),
            }
            // What the next full list is held against.
            match word {
                Word::Notice {
                    notice: Notice::Joined { with, .. },
                } => self.inside = with.iter().cloned().collect(),
                Word::Notice {
                    notice:
                        Notice::Created { .. }
                        | Notice::Left { .. }
                        | Notice::Destroyed { .. }
                        | Notice::Kicked { .. },
                } => self.inside.clear(),
                _ => {}
            }
        }
        let with = self.whom(&captured);
        self.remember(captured, with.as_deref());
        for word in &words {
            self.part(word);
        }
        Answer { words, number }
    }

    /// Where the yes does not say who is inside, and they are told one by one before it: that is no news, but whom one is with then.
    fn told_coming_in(&mut self, mut words: Vec<Word>, heard: &mut Heard) -> Vec<Word> {
        let asked = self.asked.as_ref().map(|(kind, _)| *kind);
        let comes_in = matches!(asked, Some(Kind::Create | Kind::Join));
        if !self.dialect.tells_who_comes_in("with")
            && comes_in
            && self.awaits
            && self.room.is_none()
        {
            words.retain(|word| match word {
                Word::Notice {
                    notice: Notice::PeerJoined { peer },
                } => {
                    self.told.insert(peer.clone());
                    heard.understood = true;
                    false
                }
                _ => true,
            });
        }
        for word in &mut words {
            match word {
                Word::Notice {
                    notice: Notice::Joined { with, .. },
                } if !self.told.is_empty() => {
                    *with = std::mem::take(&mut self.told).into_iter().collect()
                }
                // A refusal of something else leaves him waiting for his yes.
                Word::Notice {
                    notice: Notice::Created { .. } | Notice::Refused { .. },
                } if !self.awaits => self.told.clear(),
                _ => {}
            }
        }
        words
    }

    /// Whether it is news of a room that the peer is not in, and has not asked to come into: who is told of everybody hears of its own.
    fn is_of_another_room(&self, hears: Hears, heard: &Variables<'_>) -> bool {
        let news = matches!(hears, Hears::Kind(kind) if kind.is_of_a_peer());
        let Some(room) = heard.get("room").filter(|_| news) else {
            return false;
        };
        let asked = self.asked.as_ref().filter(|_| self.awaits);
        let own = asked.map(|(_, room)| room).or(self.room.as_ref());
        own.is_none_or(|own| room.as_str() != Some(own.as_str()))
    }

    /// Where to create and to join are one word, the answer is to what was asked.
    fn as_asked(&self, word: Word) -> Vec<Word> {
        let like = |kind| {
            let way = self.dialect.way(kind);
            way.and_then(|way| way.like)
        };
        let asked = self.asked.as_ref().map(|(kind, _)| *kind);
        match (word, asked) {
            (
                Word::Notice {
                    notice: Notice::Joined { room, with },
                },
                Some(Kind::Create),
            ) if like(Kind::Create) == Some(Kind::Join) => self.created(room, with),
            (
                Word::Notice {
                    notice:
                        Notice::Refused {
                            request: Some(request),
                            reason,
                        },
                },
                Some(asked),
            ) if like(asked) == Some(request) => {
                let request = Some(asked);
                vec![Word::Notice {
                    notice: Notice::Refused { request, reason },
                }]
            }
            (
                Word::Notice {
                    notice: Notice::Joined { room, mut with },
                },
                _,
            ) => {
                // Lists often have whoever reads them on them.
                if self.is_named() {
                    with.retain(|peer| *peer != *self.me);
                }
                vec![Word::Notice {
                    notice: Notice::Joined { room, with },
                }]
            }
            (word, _) => vec![word],
        }
    }
}

fn fits_status(hearing: &Hearing, status: u16) -> bool {
    hearing.status.is_none_or(|range| range.contains(status))
}
