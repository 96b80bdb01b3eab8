//! What a driver does with its line to the server: opens it, speaks on it in the server's dialect, and loses it.

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use super::beats::Beats;
use super::driver::Driver;
use super::line::{
    Again, Answered, Begun, More, OpenLink, Whose, begin, fetch_command, plain, tell,
};
use super::order::{Done, Order, Task};
use crate::hand::{Command, HandError, PeerFault, Reply};
use crate::names::{Link, RoomName};
use crate::record::{Seq, What};
use crate::signaling::{Conversation, Heard, Meant, Out, Request, Say, Word};

/// How long a request that is said last may take to be answered before the line is closed.
const PARTS_WITHIN: Duration = Duration::from_secs(2);

/// How long it waits before it dials once more.
const BETWEEN: Duration = Duration::from_millis(100);

impl Driver {
    /// Gives the task back if a link stands; else it is done once one does.
    pub(super) async fn connected(&mut self, task: Task) -> Option<Task> {
        if self.line.open_number().is_some() {
            return Some(task);
        }
        if self.line.open.as_ref().is_some_and(|own| own.refused) {
            self.line.later.push_back(task);
            return None;
        }
        self.line.ended = false;
        if self.line.open.is_none() {
            let request = match &task.order {
                Order::Ask { request, .. } => Some(request.clone()),
                _ => None,
            };
            let dialled = self.begin_link(request.as_ref(), &task.cause).await;
            if let Err(why) = dialled {
                tell(task.done, Done::NotLetIn(format!("cannot connect: {why}")));
                return None;
            }
        }
        if let Some(link) = &mut self.line.open {
            link.then.push(task);
        }
        None
    }

    /// Opens one more link beside the one that it speaks on.
    pub(super) async fn connect_more(&mut self, done: oneshot::Sender<Done>) {
        match self.one_more().await {
            Ok((number, conversation)) => {
                self.line.more = Some(More {
                    number,
                    conversation,
                    done,
                });
            }
            Err(why) => tell(done, Done::NotLetIn(format!("cannot connect: {why}"))),
        }
    }

    async fn one_more(&mut self) -> Result<(u32, Conversation), String> {
        let mut conversation = self.conversation(&[]).await?;
        self.line.last += 1;
        let number = self.line.last;
        let room = self.line.room.clone();
        self.open_link(number, &mut conversation, room.as_ref())
            .await?;
        Ok((number, conversation))
    }

    /// Dials the line that it speaks on from then on, to ask for this.
    async fn begin_link(&mut self, request: Option<&Request>, cause: &[Seq]) -> Result<(), String> {
        let mut conversation = self.conversation(cause).await?;
        self.line.last += 1;
        let number = self.line.last;
        let room = request.and_then(Request::room);
        let mut asked = None;
        if let Some(request) = request.filter(|_| self.dialect.dials_by_room()) {
            // From here on the server may tell others.
            let request = request.clone();
            let word = Word::Request { request };
            if conversation.is_done_unsaid(word.kind()) {
                conversation.told(&word);
                asked = Some(self.wire.asks_unsaid(number, &word, cause));
            }
        }
        self.open_link(number, &mut conversation, room).await?;
        self.line.open = Some(OpenLink {
            number,
            open: false,
            refused: false,
            conversation,
            asked,
            beats: Beats::default(),
            then: Vec::new(),
        });
        Ok(())
    }

    /// A new conversation, after what comes before its line.
    async fn conversation(&mut self, cause: &[Seq]) -> Result<Conversation, String> {
        let new = (self.directory).conversation(self.dialect.clone(), &self.name);
        let new = new.behind_the_tap();
        let mut conversation = self.desk.given(self.name.as_str(), new).await?;
        let mut number = 0;
        while let Some(out) = conversation.before(number)? {
            let Some((_, _, command)) = fetch_command(out) else {
                break;
            };
            self.wire.intend(0, Some(Meant::Aside), cause.to_vec());
            let answer = self.hand.perform(command).await;
            let answer = answer.map_err(|error: HandError| error.to_string())?;
            if let Reply::Response { status, body } = answer {
                drop(self.wire.heard(0, body.as_bytes()));
                conversation.hear_before(number, status, &body)?;
            }
            number += 1;
        }
        Ok(conversation)
    }

    async fn open_link(
        &mut self,
        number: u32,
        conversation: &mut Conversation,
        room: Option<&RoomName>,
    ) -> Result<(), String> {
        let connect = conversation.dial(room);
        let opened = self.hand.perform(Command::OpenLink {
            link: number,
            path: connect.path,
            protocols: connect.protocols,
            headers: connect.headers,
            via: self.dialect.via(),
        });
        opened.await.map_err(|error| error.to_string())?;
        Ok(())
    }

    pub(super) async fn disconnect(&mut self) -> Done {
        self.line.ended = true;
        self.line.again = None;
        let Some(link) = &self.line.open else {
            return Done::No("it has no signaling connection".into());
        };
        let number = link.number;
        if let Some(last) = link.conversation.last().filter(|_| link.open) {
            self.say_last(number, last).await;
        }
        let command = Command::CloseLink {
            link: number,
            code: Some(1000),
            reason: String::new(),
        };
        plain(self.hand.perform(command).await)
    }

    /// Closes the lines that it had before this one.
    pub(super) async fn retire(&mut self) -> Done {
        for link in self.line.abandoned.clone() {
            let command = Command::CloseLink {
                link,
                code: Some(1000),
                reason: String::new(),
            };
            // The server may have ended it by now.
            let closed = self.hand.perform(command).await;
            tracing::debug!(?closed, link, "an older line");
        }
        Done::Yes
    }

    /// What becomes of it changes nothing: the line is closed all the same.
    async fn say_last(&mut self, link: u32, Say { out, means }: Say) {
        let out = match out {
            Out::Text(text) => {
                let said = self.send_text(link, Some(means), text, Vec::new()).await;
                tracing::debug!(?said, "last");
                return;
            }
            out => out,
        };
        let Some((_, _, command)) = fetch_command(out) else {
            return;
        };
        self.wire.intend(0, Some(means), Vec::new());
        match begin(&self.hand, command) {
            Begun::Ended(answer) => self.parted(answer),
            // It goes on if the wait is over: the server may yet read it.
            Begun::Goes(work) => {
                if let Ok(Ok(answer)) = timeout(PARTS_WITHIN, tokio::spawn(work)).await {
                    self.parted(answer);
                }
            }
        }
    }

    /// The answer to what was said last, which means nothing.
    fn parted(&self, answer: Result<Reply, HandError>) {
        match answer {
            Ok(Reply::Response { body, .. }) => drop(self.wire.heard(0, body.as_bytes())),
            other => tracing::debug!(?other, "last"),
        }
    }

    /// A line stands, as the hand or the tap tells, whoever is first: what is said on it first.
    pub(super) async fn opened(&mut self, link: u32) {
        let own = self.line.open.as_mut().filter(|own| own.number == link);
        let more = self.line.more.as_mut().filter(|more| more.number == link);
        let own = own.map(|own| &mut own.conversation);
        let Some(conversation) = own.or(more.map(|more| &mut more.conversation)) else {
            return;
        };
        if !self.line.stood.insert(link) {
            return;
        }
        let says = conversation.opened();
        self.send_says(link, says, &[], None);
        self.ready(link).await;
    }

    /// Words can be said on a line, if its opening is over.
    async fn ready(&mut self, link: u32) {
        let ready = |more: &mut More| more.number == link && more.conversation.is_ready();
        if let Some(more) = self.line.more.take_if(ready) {
            tell(more.done, Done::Yes);
        }
        let own = self.line.open.as_mut();
        let Some(own) = own.filter(|own| own.number == link && !own.open) else {
            return;
        };
        if !own.conversation.is_ready() {
            return;
        }
        own.open = true;
        own.beats = Beats::of(&own.conversation);
        let then = std::mem::take(&mut own.then);
        if let Some(again) = self.line.again.take() {
            self.rejoin(again.lost).await;
        }
        for task in then {
            self.fulfil(task).await;
        }
    }

    /// What a message turned out to be: its words are heard, and what is to be sent is. `seqs` are the events of its words.
    pub(super) async fn heard(&mut self, link: u32, heard: Heard, seqs: &[Seq]) {
        self.send_says(link, heard.says, seqs.get(..1).unwrap_or_default(), None);
        let refused = self.answers_the_dialling(&heard.words);
        for (at, word) in heard.words.into_iter().enumerate() {
            let seq = seqs.get(at).or(seqs.last()).copied();
            self.hear(link, word, seq);
        }
        if let Some(why) = heard.refused {
            self.not_let_in(link, &why, refused).await;
        }
        self.ready(link).await;
    }

    /// Whether these refuse what a line was dialled to ask.
    fn answers_the_dialling(&self, words: &[Word]) -> bool {
        self.dialect.dials_by_room() && words.iter().any(Word::refuses)
    }

    /// The server has said on this line that it lets the peer not in.
    async fn not_let_in(&mut self, link: u32, why: &str, refused: bool) {
        let why = format!("the server refused the connection: {why:?}");
        if let Some(more) = self.line.more.take_if(|more| more.number == link) {
            tell(more.done, Done::NotLetIn(why.clone()));
        }
        let own = self.line.open.as_mut();
        if let Some(own) = own.filter(|own| own.number == link && !own.open) {
            own.refused = true;
            for task in std::mem::take(&mut own.then) {
                over(task, refused, &why);
            }
        }
        let command = Command::CloseLink {
            link,
            code: Some(1000),
            reason: String::new(),
        };
        // Its end is told by the hand, if the server has not ended it already.
        drop(self.hand.perform(command).await);
    }

    /// Says what is said every so often.
    pub(super) fn beat(&mut self) {
        if let Some((link, says)) = self.line.due() {
            self.send_says(link, says, &[], None);
        }
    }

    /// The server is taken to have said this, though nothing came.
    pub(super) fn told(&mut self, link: u32, word: Word, seq: Seq) {
        let own = self.line.open.as_mut();
        if let Some(own) = own.filter(|own| own.number == link) {
            own.conversation.told(&word);
        }
        self.hear(link, word, Some(seq));
    }

    pub(super) fn closed(&mut self, link: u32, code: u16, reason: &str) {
        if let Some(more) = self.line.more.take_if(|more| more.number == link) {
            let why = match (self.wire.refusal(link), reason) {
                (Some(why), _) => why,
                (None, "") => format!("close code {code}"),
                (None, reason) => format!("close code {code}, {reason:?}"),
            };
            tell(more.done, Done::NotLetIn(why));
        }
        if let Some((_, done)) = self.line.leaving.take_if(|(left, _)| *left == link) {
            tell(done, Done::Yes);
        }
        if let Some(at) = self.line.abandoned.iter().position(|old| *old == link) {
            self.line.abandoned.swap_remove(at);
            self.has_seen_closed(link, code, reason);
            return;
        }
        let Some(mut own) = self.line.open.take_if(|own| own.number == link) else {
            return;
        };
        let seqs = self.wire.heard_end(link);
        let words = own.conversation.hear_close(code, reason);
        let refused = self.answers_the_dialling(&words);
        for (word, seq) in words.into_iter().zip(seqs) {
            self.hear(link, word, Some(seq));
        }
        let lost = self.has_seen_closed(link, code, reason);
        let why = match (self.wire.refusal(link), reason) {
            (Some(why), _) => why,
            (None, "") => {
                format!("the signaling connection was not opened (close code {code})")
            }
            (None, reason) => {
                format!("the signaling connection was not opened (close code {code}, {reason:?})")
            }
        };
        for task in own.then {
            over(task, refused, &why);
        }
        self.line_lost();
        self.dial_again(lost);
    }

    fn has_seen_closed(&self, link: u32, code: u16, reason: &str) -> Seq {
        let link = Link {
            peer: self.name.clone(),
            instance: link,
        };
        let reason = reason.to_owned();
        (self.recorder).record(What::LinkClosed { link, code, reason }, &[])
    }

    /// A line that no step has ended is dialled again, by a peer that does so.
    fn dial_again(&mut self, lost: Seq) {
        let Some(reconnects) = self
            .reconnects
            .filter(|_| !self.line.ended && !self.line.rests)
        else {
            return;
        };
        let now = Instant::now();
        let again = match self.line.again {
            Some(again) => Again {
                at: Some(now + BETWEEN),
                ..again
            },
            None => Again {
                at: Some(now),
                until: now + reconnects.within,
                lost,
            },
        };
        self.line.again = Some(again).filter(|again| now < again.until);
        if self.line.again.is_none() {
            self.note("it has given up dialling again".into(), &[again.lost]);
        }
    }

    /// Dials again; what comes of it is told by the hand.
    pub(super) async fn redial(&mut self) {
        let Some(again) = self.line.again else { return };
        if self.line.open.is_some() {
            // A step was quicker.
            self.line.again = None;
            return;
        }
        let request = self.line.room.clone().map(|room| Request::Join { room });
        let request = request.filter(|_| self.dialect.dials_by_room());
        match self.begin_link(request.as_ref(), &[again.lost]).await {
            Ok(()) => self.line.again = Some(Again { at: None, ..again }),
            Err(why) => {
                self.line.again = None;
                self.note(format!("cannot dial again: {why}"), &[again.lost]);
            }
        }
    }

    /// It goes back into the room that it was in.
    async fn rejoin(&mut self, lost: Seq) {
        let rejoins = self.reconnects.is_some_and(|reconnects| reconnects.rejoins);
        if !rejoins || self.fault == Some(PeerFault::NeverRejoins) {
            return;
        }
        let Some(room) = self.line.room.take() else {
            return;
        };
        let (done, _nobody_waits) = oneshot::channel();
        let order = Order::Ask {
            request: Request::Join { room },
            offer: None,
        };
        let cause = vec![lost];
        self.fulfil(Task { order, cause, done }).await;
    }

    /// A word as its link's conversation puts it, with the link's number.
    pub(super) fn frames(&mut self, word: &Word, cause: &[Seq]) -> Result<(u32, Vec<Say>), Done> {
        let kind = word.kind();
        let Some(link) = self.line.open.as_mut().filter(|link| link.open) else {
            self.note(format!("{kind} not sent: no signaling connection"), cause);
            return Err(Done::No(format!(
                "cannot send {kind}: it has no signaling connection"
            )));
        };
        match link.conversation.say(word) {
            Ok(frames) => Ok((link.number, frames)),
            Err(error) => Err(Done::No(error.to_string())),
        }
    }

    pub(super) async fn send_text(
        &mut self,
        link: u32,
        meant: Option<Meant>,
        text: String,
        cause: Vec<Seq>,
    ) -> Done {
        // What a step sends as it is goes as text.
        let command = match meant {
            Some(_) => match self.frame(link, text) {
                Ok(command) => command,
                Err(why) => return Done::No(why),
            },
            None => Command::SendText { link, text },
        };
        self.send_frame(link, meant, command, cause).await
    }

    pub(super) async fn send_frame(
        &mut self,
        link: u32,
        meant: Option<Meant>,
        frame: Command,
        cause: Vec<Seq>,
    ) -> Done {
        self.wire.intend(link, meant, cause);
        plain(self.hand.perform(frame).await)
    }

    /// Asks the server something for the stage. Where that goes by HTTP the answer is not waited for here.
    pub(super) async fn ask(
        &mut self,
        request: Request,
        cause: Vec<Seq>,
        done: oneshot::Sender<Done>,
    ) {
        let word = Word::Request { request };
        let (number, frames) = match self.frames(&word, &cause) {
            Ok(frames) => frames,
            Err(no) => return tell(done, no),
        };
        if self.says_unsaid(&word) {
            let asked = (self.line.open.as_mut()).and_then(|link| link.asked.take());
            match asked {
                Some(asked) => self.wire.follows_unsaid(number, &word, asked),
                None => self.wire.unsaid(number, &word, &cause),
            }
            return tell(done, Done::Yes);
        }
        let mut frames = frames.into_iter().peekable();
        while let Some(Say { out, means }) = frames.next() {
            let meant = Some(means);
            let sent = match out {
                Out::Text(text) => self.send_text(number, meant, text, cause.clone()).await,
                Out::Close => return self.leave_by_closing(number, &word, cause, done).await,
                fetch @ Out::Fetch { .. } => {
                    let Some((method, path, command)) = fetch_command(fetch) else {
                        continue;
                    };
                    if frames.peek().is_none() {
                        let fetch = (method, path, command);
                        let whose = Whose::Order(done);
                        return self.begin_fetch(Some(number), meant, fetch, cause, whose);
                    }
                    self.wire.intend(0, meant, cause.clone());
                    let result = self.hand.perform(command).await;
                    self.response(Some(number), &method, &path, result)
                }
            };
            match sent {
                Done::Yes => {}
                other => return tell(done, other),
            }
        }
        tell(done, Done::Yes);
    }

    /// Says a word by closing the line: it is said once the server has let go, too. What comes next dials anew.
    async fn leave_by_closing(
        &mut self,
        number: u32,
        word: &Word,
        cause: Vec<Seq>,
        done: oneshot::Sender<Done>,
    ) {
        let link = Link {
            peer: self.name.clone(),
            instance: number,
        };
        self.recorder.record(What::LinkEnded { link }, &cause);
        self.wire.unsaid(number, word, &cause);
        match self.disconnect().await {
            Done::Yes => {
                self.line.abandon();
                self.line.leaving = Some((number, done));
            }
            other => tell(done, other),
        }
    }

    /// Whether this server has no word for it, since to be connected is enough.
    fn says_unsaid(&self, word: &Word) -> bool {
        let open = self.line.open.as_ref();
        open.is_some_and(|link| link.conversation.is_done_unsaid(word.kind()))
    }

    /// An HTTP request as a step writes it.
    pub(super) fn http(
        &mut self,
        method: String,
        path: String,
        body: Option<String>,
        cause: Vec<Seq>,
        done: oneshot::Sender<Done>,
    ) {
        let json = ("content-type".to_owned(), "application/json".to_owned());
        let fetch = Out::Fetch {
            method,
            path,
            headers: body.iter().map(|_| json.clone()).collect(),
            body,
        };
        if let Some(fetch) = fetch_command(fetch) {
            self.begin_fetch(None, None, fetch, cause, Whose::Order(done));
        }
    }

    /// Begins an HTTP request, whose answer comes in later.
    pub(super) fn begin_fetch(
        &mut self,
        link: Option<u32>,
        meant: Option<Meant>,
        (method, path, command): (String, String, Command),
        cause: Vec<Seq>,
        whose: Whose,
    ) {
        self.wire.intend(0, meant, cause);
        let begun = begin(&self.hand, command);
        let answers = self.line.answers.clone();
        tokio::spawn(async move {
            let result = match begun {
                Begun::Ended(result) => result,
                Begun::Goes(work) => work.await,
            };
            // A peer that has ended asks for no answer.
            drop(answers.send(Answered {
                link,
                method,
                path,
                result,
                whose,
            }));
        });
    }

    /// What came of an HTTP request: the words in the answer are heard.
    pub(super) fn response(
        &mut self,
        link: Option<u32>,
        method: &str,
        path: &str,
        result: Result<Reply, HandError>,
    ) -> Done {
        let (status, body) = match result {
            Ok(Reply::Response { status, body }) => (status, body),
            Ok(_) => return Done::No("the peer answered a fetch with something else".into()),
            Err(error) => return Done::No(error.to_string()),
        };
        let seqs = self.wire.heard(0, body.as_bytes());
        let Some(number) = link else {
            return Done::Status(status, seqs.first().copied());
        };
        let heard = match self.line.open.as_mut().filter(|link| link.number == number) {
            Some(link) => link.conversation.hear_response(method, path, status, &body),
            None => Heard::default(),
        };
        for (at, word) in heard.words.into_iter().enumerate() {
            let seq = seqs.get(at).or(seqs.last()).copied();
            self.hear(number, word, seq);
        }
        Done::Yes
    }
}

/// A line on which something was to be done is over before that. Where it was dialled to ask, and that was refused, the answer is there.
fn over(task: Task, refused: bool, why: &str) {
    let answered = refused && matches!(task.order, Order::Ask { .. });
    let end = match answered {
        true => Done::Yes,
        false => Done::NotLetIn(why.to_owned()),
    };
    tell(task.done, end);
}
