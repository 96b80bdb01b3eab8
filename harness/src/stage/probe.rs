//! A stranger who asks the server something after the steps: a wire peer whose tap keeps nothing, so that the server sees it as it sees
//! the others (headers, TLS), and the trace does not see it.

mod gate;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};

use gate::KeepsRefusal;
pub(super) use gate::{Gate, Torn};

use super::beats::Beats;
use super::desk::Desk;
use super::frames::{self, Frame};
use super::line::fetch_command;
use crate::hand::Hand as _;
use crate::hand::{Command, Happening, Happenings, Reply};
use crate::lock::lock;
use crate::names::RoomName;
use crate::peer::WirePeer;
use crate::signaling::{
    Alias, Book, Conversation, Dialect, Kind, Notice, Out, Request, Say, Signal, Word,
};
use crate::tap::{Cut, Tap};

/// Between two attempts at what a server may refuse until it has noticed that somebody went.
const AGAIN_AFTER: Duration = Duration::from_millis(50);

/// How long a stranger waits before it says once more what may have come before the other one was inside.
const TOLD_AGAIN_AFTER: Duration = Duration::from_millis(500);

/// Who is told that something is wrong is given so long for an answer all the same: what he is told need not be of what he asks.
const STILL_ANSWERED_WITHIN: Duration = Duration::from_secs(2);

/// So long somebody rests at most while others do something.
const RESTS_WITHIN: Duration = Duration::from_secs(600);

/// How long something that is only said may take to be passed on.
const PASSES_WITHIN: Duration = Duration::from_secs(10);

fn may_again(again: Option<Instant>) -> bool {
    again.is_some_and(|again| Instant::now() + AGAIN_AFTER < again)
}

/// The answer to a fence, which is a refusal.
fn is_fence(word: &Word) -> bool {
    matches!(
        word,
        Word::Notice {
            notice: Notice::Refused {
                request: Some(Kind::Fence),
                ..
            }
        }
    )
}

/// What a word says of something that is wrong, for a person.
fn told(word: &Word) -> Option<String> {
    match word {
        _ if is_fence(word) => None,
        Word::Notice {
            notice: Notice::Error { reason } | Notice::Refused { reason, .. },
        } => Some(format!("was told {reason:?}")),
        _ => None,
    }
}

/// Why a probe got no further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stuck {
    /// The server did not do what it must: what, for a person.
    Server(String),
    /// The server told somebody no, or that something is wrong: what, for a person. It had the time to.
    Told(String),
    /// The dialect has no word for it, or the machine no socket: nobody is accused.
    Harness(String),
}

/// A stranger.
pub(super) struct Probe {
    id: String,
    alias: Alias,
    book: Book,
    desk: Desk,
    dialect: Arc<Dialect>,
    hand: WirePeer,
    refusal: Arc<KeepsRefusal>,
    /// On its way to the server; ends with the last that goes through it.
    tap: Arc<Tap>,
    happenings: Happenings,
    conversation: Conversation,
    link: u32,
    heard: VecDeque<Word>,
    /// The end of its line, seen while it rested, and not told yet.
    lost: Option<Happening>,
    /// What the server told it last of something that is wrong, since it was asked for or looked at.
    told: Option<String>,
    /// The server did not let it in, or has ended its line.
    outside: bool,
    /// What it says every so often on its line.
    beats: Beats,
}

impl Probe {
    /// Nobody yet: the server will know it as `id`.
    pub async fn new(
        id: String,
        Gate { tap, refusal }: Gate,
        desk: Desk,
        dialect: Arc<Dialect>,
        alias: Alias,
        book: Book,
    ) -> Self {
        let (hand, happenings) = WirePeer::start(tap.address()).await;
        Self {
            tap,
            outside: false,
            beats: Beats::default(),
            desk,
            refusal,
            conversation: Conversation::new(dialect.clone(), &id),
            alias,
            book,
            id,
            dialect,
            hand,
            happenings,
            link: 0,
            heard: VecDeque::new(),
            lost: None,
            told: None,
        }
    }

    /// Connects. It tries again until `again`, because the server may not have noticed yet that an earlier owner of the id is gone.
    pub async fn connect(&mut self, until: Instant, again: Option<Instant>) -> Result<(), Stuck> {
        if self.dialect.dials_by_room() {
            let why = "strangers do not dial a line for each room";
            return Err(Stuck::Harness(why.into()));
        }
        if self.dialect.has_rooms() && !self.dialect.names_rooms() {
            let why = "the server might put strangers together with somebody of the case";
            return Err(Stuck::Harness(why.into()));
        }
        loop {
            self.link += 1;
            self.beats = Beats::default();
            self.heard.clear();
            self.told = None;
            lock(&self.refusal.refused).take();
            let new = Conversation::new(self.dialect.clone(), &self.id)
                .aliased(self.alias.clone())
                .with(self.book.clone());
            // Nobody is accused of whom the project gives no login.
            let given = self.desk.given(&self.id, new).await;
            self.conversation = given.map_err(Stuck::Harness)?;
            self.ask_before(until).await?;
            let connect = self.conversation.connect(None);
            let command = Command::OpenLink {
                link: self.link,
                path: connect.path,
                protocols: connect.protocols,
                headers: connect.headers,
                via: self.dialect.via(),
            };
            self.do_it(command).await?;
            self.outside = true;
            let why = loop {
                match self.next(until).await {
                    Some(Happening::LinkOpened { link }) if link == self.link => {
                        let says = self.conversation.opened();
                        match self.open(says, until).await? {
                            None => {
                                self.outside = false;
                                self.beats = Beats::of(&self.conversation);
                                return Ok(());
                            }
                            Some(why) => break why,
                        }
                    }
                    Some(Happening::LinkClosed { link, code, .. }) if link == self.link => {
                        let status = lock(&self.refusal.refused).take();
                        let why = status.unwrap_or_else(|| format!("close code {code}"));
                        break format!("was refused a connection ({why})");
                    }
                    Some(_) => {}
                    None => break "got no connection".into(),
                }
            };
            if !may_again(again) {
                return Err(self.stuck(&why));
            }
            sleep(AGAIN_AFTER).await;
        }
    }

    /// What comes before the line.
    async fn ask_before(&mut self, until: Instant) -> Result<(), Stuck> {
        let mut number = 0;
        while let Some(out) = (self.conversation.before(number)).map_err(Stuck::Harness)? {
            if let Some((status, body)) = self.fetch(out, until).await? {
                let heard = self.conversation.hear_before(number, status, &body);
                heard.map_err(|why| self.stuck(&format!("was not let in: {why}")))?;
            }
            number += 1;
        }
        Ok(())
    }

    /// Opens the conversation; why not, if the server will not have it.
    async fn open(&mut self, says: Vec<Say>, until: Instant) -> Result<Option<String>, Stuck> {
        self.send(says, until).await?;
        while !self.conversation.is_ready() {
            match self.next(until).await {
                Some(Happening::LinkMessage { link, data }) if link == self.link => {
                    let Some(text) = Frame::new(data).and_then(|frame| frame.text(&self.dialect))
                    else {
                        continue;
                    };
                    let heard = self.conversation.hear_text(&text);
                    self.takes_in(heard.words);
                    if let Some(why) = heard.refused {
                        return Ok(Some(format!("was refused a connection ({why})")));
                    }
                    self.send(heard.says, until).await?;
                }
                Some(Happening::LinkClosed { link, code, .. }) if link == self.link => {
                    return Ok(Some(format!(
                        "was refused a connection (close code {code})"
                    )));
                }
                Some(_) => {}
                None => {
                    let told = self.told.take().map(|told| format!(": {told}"));
                    let told = told.unwrap_or_default();
                    return Ok(Some(format!("got no further than to be connected{told}")));
                }
            }
        }
        Ok(None)
    }

    /// When the server ends its line by itself, though it does nothing but be silent for as long as this.
    pub async fn ended_for_silence(&mut self, silent: Duration) -> Option<Duration> {
        let since = Instant::now();
        self.beats = Beats::default();
        loop {
            match self.next(since + silent).await? {
                Happening::LinkClosed { link, .. } if link == self.link => {
                    return Some(since.elapsed());
                }
                _ => {}
            }
        }
    }

    /// Makes a room. It tries again until `again`, because the server may not have noticed yet that the last one has gone.
    pub async fn create(
        &mut self,
        room: &RoomName,
        until: Instant,
        again: Option<Instant>,
    ) -> Result<(), Stuck> {
        self.made(room, until, again).await.map(drop)
    }

    /// The same; which room the server has made by what it says: another one, where it gives this one the id of that.
    pub async fn made(
        &mut self,
        room: &RoomName,
        until: Instant,
        again: Option<Instant>,
    ) -> Result<RoomName, Stuck> {
        loop {
            let request = Request::Create { room: room.clone() };
            self.asks(request, until).await?;
            let reply = self
                .hear("an answer to its create", until, |word| {
                    matches!(
                        word,
                        Word::Notice {
                            notice: Notice::Created { .. } | Notice::Refused { .. }
                        }
                    )
                })
                .await?;
            match reply {
                Word::Notice {
                    notice: Notice::Refused { .. },
                } if may_again(again) => sleep(AGAIN_AFTER).await,
                Word::Notice {
                    notice: Notice::Created { room },
                } => return Ok(room),
                _ => return Err(self.refused(&format!("to create {room}"))),
            }
        }
    }

    /// Makes a room, where there is a word for it, or else enters it.
    pub async fn makes(&mut self, room: &RoomName, until: Instant) -> Result<(), Stuck> {
        match self.dialect.says(Kind::Create) {
            true => self.create(room, until, None).await,
            false => self.join(room, until).await.map(drop),
        }
    }

    /// Leaves a room.
    pub async fn leaves(&mut self, room: &RoomName, until: Instant) -> Result<(), Stuck> {
        let request = Request::Leave { room: room.clone() };
        self.asks(request, until).await?;
        let left = |word: &Word| matches!(word.kind(), Kind::Left) || word.refuses();
        match self.hear("an answer to its leave", until, left).await? {
            word if word.refuses() => Err(self.refused(&format!("to leave {room}"))),
            _ => Ok(()),
        }
    }

    /// Sends a signal, and waits for nothing.
    pub async fn signals(&mut self, to: &str, signal: Signal) -> Result<(), Stuck> {
        let word = Word::Signal {
            peer: Some(to.to_owned()),
            signal,
        };
        self.say(&word, Instant::now() + PASSES_WITHIN).await
    }

    /// Says its fence, and is answered.
    pub async fn is_answered(&mut self, until: Instant) -> Result<(), Stuck> {
        self.asks(Request::Fence, until).await?;
        self.hear("an answer to its fence", until, is_fence)
            .await
            .map(drop)
    }

    /// Whether the server is done in that time with all that it said: it refuses what is asked behind that.
    pub async fn is_done_with(&mut self, within: Duration) -> bool {
        let until = Instant::now() + within;
        let request = Request::Fence;
        let asked = self.say(&Word::Request { request }, until).await;
        let heard = match asked {
            Ok(()) => self.hear_until("its fence", until, &is_fence).await,
            Err(stuck) => Err(stuck),
        };
        matches!(heard, Ok(Some(_)))
    }

    /// The next signal of this kind that it hears.
    pub async fn hears(&mut self, kind: Kind, until: Instant) -> Result<Signal, Stuck> {
        let wanted = |word: &Word| word.kind() == kind;
        let what = format!("the next {kind}");
        match self.hear_until(&what, until, &wanted).await? {
            // What it is told of what it says itself is another matter.
            None => Err(self.stuck(&format!("never got {what}"))),
            Some(Word::Signal { signal, .. }) => Ok(signal),
            Some(word) => Err(Stuck::Harness(format!("a {} is no signal", word.kind()))),
        }
    }

    /// Closes its line, and waits until it is closed.
    pub async fn hangs_up(&mut self, until: Instant) -> Result<(), Stuck> {
        let command = Command::CloseLink {
            link: self.link,
            code: Some(1000),
            reason: String::new(),
        };
        self.do_it(command).await?;
        self.line_ends(until).await
    }

    /// Has its line reset: all that go through its gate.
    pub async fn is_cut_off(&mut self, until: Instant) -> Result<(), Stuck> {
        self.tap.cut(None, Cut::Reset).await;
        self.line_ends(until).await
    }

    async fn line_ends(&mut self, until: Instant) -> Result<(), Stuck> {
        loop {
            match self.next(until).await {
                Some(Happening::LinkClosed { link, .. }) if link == self.link => return Ok(()),
                Some(_) => {}
                None => return Err(self.stuck("has a line that does not end")),
            }
        }
    }

    /// Reads nothing more of what the server writes: all that go through its gate.
    pub async fn stops_reading(&self) {
        self.tap.stall(None).await;
    }

    /// Takes in what has come, and waits for nothing; that the server has ended its line, or has told it that something is wrong.
    pub async fn catches_up(&mut self) -> Result<(), Stuck> {
        self.is_let_be(Duration::ZERO).await
    }

    /// The same for so long.
    pub async fn is_let_be(&mut self, within: Duration) -> Result<(), Stuck> {
        let until = Instant::now() + within;
        loop {
            self.heard.clear();
            if let Some(told) = self.told.take() {
                return Err(self.was(&told));
            }
            match self.next(until).await {
                Some(happening) => self.take(happening, "anything", until).await?,
                None => return Ok(()),
            }
        }
    }

    /// Answers what its line is asked, as heartbeats are, until this is so. How its line has ended meanwhile is told by what is asked of it next.
    pub async fn rests(&mut self, mut until: watch::Receiver<bool>) {
        let far = Instant::now() + RESTS_WITHIN;
        loop {
            let happening = tokio::select! {
                happening = self.next(far) => happening,
                _ = until.wait_for(|so| *so) => return,
            };
            let Some(happening) = happening else { return };
            if let Happening::LinkMessage { .. } = &happening {
                let _told = self.take(happening, "anything", far).await;
            } else if self.ends(&happening) {
                self.lost = Some(happening);
                return;
            }
        }
    }

    /// The same until then. What it hears meanwhile is there for what it waits for next.
    pub async fn waits(&mut self, until: Instant) {
        while let Some(happening) = self.next(until).await {
            if self.ends(&happening) {
                self.lost = Some(happening);
                return;
            }
            let _told = self.take(happening, "anything", until).await;
        }
    }

    /// Whether its line has ended by that.
    fn ends(&self, happening: &Happening) -> bool {
        matches!(happening, Happening::LinkClosed { link, .. } if *link == self.link)
    }

    /// Whether the server has not let it in, or has ended its line.
    pub fn is_outside(&self) -> bool {
        self.outside
    }

    /// How it is called by itself.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Enters a room; who is inside already, as far as it is told.
    pub async fn join(&mut self, room: &RoomName, until: Instant) -> Result<Vec<String>, Stuck> {
        let request = Request::Join { room: room.clone() };
        self.asks(request, until).await?;
        let reply = self
            .hear("an answer to its join", until, |word| {
                matches!(
                    word,
                    Word::Notice {
                        notice: Notice::Joined { .. } | Notice::Refused { .. }
                    }
                )
            })
            .await?;
        match reply {
            word if word.refuses() => Err(self.refused(&format!("to join {room}"))),
            Word::Notice {
                notice: Notice::Joined { with, .. },
            } => Ok(with),
            _ => Ok(Vec::new()),
        }
    }

    /// Sends a signal and waits until the other probe has it.
    pub async fn tell(
        &mut self,
        other: &mut Probe,
        signal: Signal,
        until: Instant,
    ) -> Result<(), Stuck> {
        let word = Word::Signal {
            peer: Some(other.id.clone()),
            signal: signal.clone(),
        };
        let kind = word.kind();
        let what = format!("the {kind} of {}", self.id);
        self.told = None;
        loop {
            self.say(&word, until).await?;
            // Where coming in is not answered nobody knows when the other one is inside: what was said before that is said again.
            let again = match self.dialect.answers(Kind::Join) {
                true => until,
                false => until.min(Instant::now() + TOLD_AGAIN_AFTER),
            };
            let wanted = |word: &Word| word.kind() == kind;
            match other.hear_until(&what, again, &wanted).await? {
                Some(_) => return Ok(()),
                None if again < until => {}
                None => {
                    // Who was told that it was not passed on has lost nothing without a word.
                    self.catches_up().await?;
                    return Err(other.stuck(&format!("never got {what}")));
                }
            }
        }
    }

    /// Off again; what it had is free when the server has noticed.
    pub async fn leave(self) {
        self.hand.finish().await;
    }

    fn was(&self, told: &str) -> Stuck {
        Stuck::Told(format!("{} {told}", self.id))
    }

    /// That it was told no, and why.
    fn refused(&mut self, what: &str) -> Stuck {
        let told = self.told.take().unwrap_or_default();
        self.was(&format!("was refused {what}: it {told}"))
    }

    fn stuck(&self, what: &str) -> Stuck {
        Stuck::Server(format!("{} {what}", self.id))
    }

    async fn do_it(&self, command: Command) -> Result<Reply, Stuck> {
        let done = self.hand.perform(command).await;
        done.map_err(|error| self.stuck(&format!("could not speak to the server: {error}")))
    }

    /// Asks for something. What it was told of what came before is no answer to that.
    async fn asks(&mut self, request: Request, until: Instant) -> Result<(), Stuck> {
        self.told = None;
        self.say(&Word::Request { request }, until).await
    }

    /// Takes in what it hears.
    fn takes_in(&mut self, words: impl IntoIterator<Item = Word>) {
        for word in words {
            if let Some(told) = told(&word) {
                self.told = Some(told);
            }
            self.heard.push_back(word);
        }
    }

    async fn say(&mut self, word: &Word, until: Instant) -> Result<(), Stuck> {
        // Whoever says much may listen seldom.
        self.beat(until).await;
        let says = self
            .conversation
            .say(word)
            .map_err(|error| Stuck::Harness(error.to_string()))?;
        self.send(says, until).await?;
        // What must be heard before the rest of it is said.
        let what = format!("what it says before its {}", word.kind());
        while self.conversation.is_between_steps() {
            match self.next(until).await {
                Some(happening) => self.take(happening, &what, until).await?,
                None => return Err(self.stuck(&format!("got no answer to {what}"))),
            }
        }
        // What the server does not answer.
        let implied = self.conversation.unsaid(word);
        self.heard.extend(implied);
        Ok(())
    }

    async fn send(&mut self, says: Vec<Say>, until: Instant) -> Result<(), Stuck> {
        for Say { out, .. } in says {
            match out {
                Out::Text(text) => {
                    // What cannot be written now is never answered, and that is told.
                    if let Some(command) = frames::frame(&self.dialect, self.link, text) {
                        self.do_it(command).await?;
                    }
                }
                Out::Close => {
                    let command = Command::CloseLink {
                        link: self.link,
                        code: Some(1000),
                        reason: String::new(),
                    };
                    self.do_it(command).await?;
                }
                fetch @ Out::Fetch { .. } => {
                    let Out::Fetch { method, path, .. } = &fetch else {
                        continue;
                    };
                    let (method, path) = (method.clone(), path.clone());
                    if let Some((status, body)) = self.fetch(fetch, until).await? {
                        let heard = self
                            .conversation
                            .hear_response(&method, &path, status, &body);
                        self.takes_in(heard.words);
                    }
                }
            }
        }
        Ok(())
    }

    /// Makes a request, and answers status and body.
    async fn fetch(&self, out: Out, until: Instant) -> Result<Option<(u16, String)>, Stuck> {
        let Some((method, path, command)) = fetch_command(out) else {
            return Ok(None);
        };
        let Ok(done) = timeout_at(until, self.do_it(command)).await else {
            return Err(self.stuck(&format!("got no answer to {method} {path}")));
        };
        Ok(match done? {
            Reply::Response { status, body } => Some((status, body)),
            _ => None,
        })
    }

    /// The oldest word that is wanted; others are thrown away.
    async fn hear(
        &mut self,
        what: &str,
        until: Instant,
        wanted: impl Fn(&Word) -> bool,
    ) -> Result<Word, Stuck> {
        let mut by = until;
        loop {
            while let Some(word) = self.heard.pop_front() {
                if wanted(&word) {
                    return Ok(word);
                }
            }
            if self.told.is_some() && by == until {
                by = until.min(Instant::now() + STILL_ANSWERED_WITHIN);
            }
            match self.next(by).await {
                Some(happening) => self.take(happening, what, until).await?,
                None => {
                    return Err(match self.told.take() {
                        Some(told) => self.was(&format!("{told}, and not given {what}")),
                        None => self.stuck(&format!("never got {what}")),
                    });
                }
            }
        }
    }

    /// The same; `None` if it has not come by then.
    async fn hear_until(
        &mut self,
        what: &str,
        until: Instant,
        wanted: &impl Fn(&Word) -> bool,
    ) -> Result<Option<Word>, Stuck> {
        loop {
            while let Some(word) = self.heard.pop_front() {
                if wanted(&word) {
                    return Ok(Some(word));
                }
            }
            match self.next(until).await {
                Some(happening) => self.take(happening, what, until).await?,
                None => return Ok(None),
            }
        }
    }

    /// Takes in what has happened while it waits for something.
    async fn take(
        &mut self,
        happening: Happening,
        what: &str,
        until: Instant,
    ) -> Result<(), Stuck> {
        match happening {
            Happening::LinkMessage { link, data } if link == self.link => {
                let Some(text) = Frame::new(data).and_then(|frame| frame.text(&self.dialect))
                else {
                    return Ok(());
                };
                let heard = self.conversation.hear_text(&text);
                self.takes_in(heard.words);
                self.send(heard.says, until).await
            }
            Happening::LinkClosed { link, code, .. } if link == self.link => {
                self.outside = true;
                self.beats = Beats::default();
                let lost = format!("lost its connection (close code {code}) before {what}");
                Err(match self.told.take() {
                    Some(told) => self.was(&format!("{told}, and {lost}")),
                    None => self.stuck(&lost),
                })
            }
            _ => Ok(()),
        }
    }

    async fn next(&mut self, until: Instant) -> Option<Happening> {
        if let Some(lost) = self.lost.take() {
            return Some(lost);
        }
        loop {
            let by = self.beats.next().map_or(until, |beat| beat.min(until));
            if let Ok(happening) = timeout_at(by, self.happenings.recv()).await {
                return happening;
            }
            if by == until {
                return None;
            }
            self.beat(until).await;
        }
    }

    /// Says what is due of what it says every so often. That it cannot is seen by what comes next.
    async fn beat(&mut self, until: Instant) {
        let says = self.beats.due(&mut self.conversation);
        drop(self.send(says, until).await);
    }
}
