//! What a driver does with its line to the server: opens it, speaks on it in the server's dialect, and loses it.

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::driver::Driver;
use super::line::{Again, Answered, Begun, OpenLink, Whose, begin, fetch_command, plain, tell};
use super::order::{Done, Order, Task};
use crate::hand::{Command, HandError, PeerFault, Reply};
use crate::names::Link;
use crate::record::{Seq, What};
use crate::signaling::{Conversation, Out, Request, Word};

/// How long it waits before it dials once more.
const BETWEEN: Duration = Duration::from_millis(100);

impl Driver {
    /// Gives the task back if a link stands; else it is done once one does.
    pub(super) async fn connected(&mut self, task: Task) -> Option<Task> {
        if self.line.open_number().is_some() {
            return Some(task);
        }
        self.line.ended = false;
        if self.line.open.is_none() {
            match self.begin_link().await {
                Ok((number, conversation)) => {
                    self.line.open = Some(OpenLink {
                        number,
                        open: false,
                        conversation,
                        then: Vec::new(),
                    });
                }
                Err(error) => {
                    tell(task.done, Done::No(format!("cannot connect: {error}")));
                    return None;
                }
            }
        }
        if let Some(link) = &mut self.line.open {
            link.then.push(task);
        }
        None
    }

    /// Opens one more link beside the one that it speaks on.
    pub(super) async fn connect_more(&mut self, done: oneshot::Sender<Done>) {
        match self.begin_link().await {
            Ok((number, _)) => self.line.more = Some((number, done)),
            Err(error) => tell(done, Done::No(format!("cannot connect: {error}"))),
        }
    }

    async fn begin_link(&mut self) -> Result<(u32, Conversation), HandError> {
        self.line.last += 1;
        let number = self.line.last;
        let conversation = (self.directory).conversation(self.dialect.clone(), &self.name);
        let connect = conversation.connect();
        self.hand
            .perform(Command::OpenLink {
                link: number,
                path: connect.path,
                protocols: connect.protocols,
                via: Default::default(),
            })
            .await?;
        Ok((number, conversation))
    }

    pub(super) async fn disconnect(&mut self) -> Done {
        self.line.ended = true;
        self.line.again = None;
        let Some(link) = &self.line.open else {
            return Done::No("it has no signaling connection".into());
        };
        let command = Command::CloseLink {
            link: link.number,
            code: Some(1000),
            reason: String::new(),
        };
        plain(self.hand.perform(command).await)
    }

    pub(super) async fn opened(&mut self, link: u32) {
        if let Some((_, done)) = self.line.more.take_if(|(more, _)| *more == link) {
            tell(done, Done::Yes);
        }
        let Some(own) = self.line.open.as_mut().filter(|own| own.number == link) else {
            return;
        };
        own.open = true;
        let then = std::mem::take(&mut own.then);
        if let Some(again) = self.line.again.take() {
            self.rejoin(again.lost).await;
        }
        for task in then {
            self.fulfil(task).await;
        }
    }

    pub(super) fn closed(&mut self, link: u32, code: u16, reason: &str) {
        if let Some((_, done)) = self.line.more.take_if(|(more, _)| *more == link) {
            let why = (self.wire.refusal(link)).unwrap_or_else(|| format!("close code {code}"));
            tell(done, Done::No(why));
        }
        if let Some(at) = self.line.abandoned.iter().position(|old| *old == link) {
            self.line.abandoned.swap_remove(at);
            self.has_seen_closed(link, code, reason);
            return;
        }
        let Some(own) = self.line.open.take_if(|own| own.number == link) else {
            return;
        };
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
            tell(task.done, Done::No(why.clone()));
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
        match self.begin_link().await {
            Ok((number, conversation)) => {
                self.line.again = Some(Again { at: None, ..again });
                self.line.open = Some(OpenLink {
                    number,
                    open: false,
                    conversation,
                    then: Vec::new(),
                });
            }
            Err(error) => {
                self.line.again = None;
                self.note(format!("cannot dial again: {error}"), &[again.lost]);
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
    pub(super) fn frames(&mut self, word: &Word, cause: &[Seq]) -> Result<(u32, Vec<Out>), Done> {
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

    pub(super) async fn send_text(&mut self, link: u32, text: String, cause: Vec<Seq>) -> Done {
        self.wire.intend(link, cause);
        plain(self.hand.perform(Command::SendText { link, text }).await)
    }

    /// Asks the server something for the stage. Where that goes by HTTP the answer is not waited for here.
    pub(super) async fn ask(
        &mut self,
        request: Request,
        cause: Vec<Seq>,
        done: oneshot::Sender<Done>,
    ) {
        let (number, frames) = match self.frames(&Word::Request { request }, &cause) {
            Ok(frames) => frames,
            Err(no) => return tell(done, no),
        };
        let mut frames = frames.into_iter().peekable();
        while let Some(frame) = frames.next() {
            let sent = match frame {
                Out::Text(text) => self.send_text(number, text, cause.clone()).await,
                fetch @ Out::Fetch { .. } => {
                    let Some((method, path, command)) = fetch_command(fetch) else {
                        continue;
                    };
                    if frames.peek().is_none() {
                        let fetch = (method, path, command);
                        return self.begin_fetch(Some(number), fetch, cause, Whose::Order(done));
                    }
                    self.wire.intend(0, cause.clone());
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
            self.begin_fetch(None, fetch, cause, Whose::Order(done));
        }
    }

    /// Begins an HTTP request, whose answer comes in later.
    pub(super) fn begin_fetch(
        &mut self,
        link: Option<u32>,
        (method, path, command): (String, String, Command),
        cause: Vec<Seq>,
        whose: Whose,
    ) {
        self.wire.intend(0, cause);
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
        let seq = self.wire.heard(0, &body);
        let Some(number) = link else {
            return Done::Status(status, seq);
        };
        let words = match self.line.open.as_mut().filter(|link| link.number == number) {
            Some(link) => link.conversation.hear_response(method, path, status, &body),
            None => Vec::new(),
        };
        for word in words {
            self.hear(number, word, seq);
        }
        Done::Yes
    }
}
