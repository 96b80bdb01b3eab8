//! The exchanges of a line that requests carry together: polls, packets that a POST brings up, the handshake of engine.io and its upgrade.

use std::sync::Arc;

use bytes::BytesMut;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::super::MESSAGE_CAP;
use super::super::answer::Refusal;
use super::super::body::{Body, Framing};
use super::super::head::{self, Request, Response};
use super::super::policy::{LinkChange, Refused};
use super::super::polled::{Given, Item, Judged, Kind, Polled, Turn};
use super::super::violation::{self, Violation};
use super::super::wire::Sent;
use super::respond::{To, phrase};
use super::tend::look_after;
use super::{AHEAD, End, Session, Upgraded};
use crate::carrier::engine;
use crate::carrier::poll::{self, Answer};
use crate::terms::{Direction, Ending, Engine, Rule, Side};

/// What a request of engine.io says in its query.
struct Query {
    engine: Engine,
    sid: Option<String>,
}

/// Reads the query of a request, if it is engine.io's.
fn query(target: &str) -> Option<Query> {
    let (_, query) = target.split_once('?')?;
    let value = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(of, _)| *of == name).map(|(_, value)| value)
    };
    let engine = match value("EIO")? {
        "3" => Engine::V3,
        "4" => Engine::V4,
        _ => return None,
    };
    value("transport")?;
    Some(Query {
        engine,
        sid: value("sid").map(str::to_owned),
    })
}

fn line_of(sid: &str) -> String {
    format!("session {sid}")
}

/// What is made of an answer to a poll.
enum Came {
    /// It has gone on.
    Gone,
    /// What goes on is in the line's queue.
    Queued,
    /// It goes nowhere.
    Swallowed,
}

impl Session {
    /// Does with a request what the line asks for that it belongs to; the request, if it belongs to none.
    pub(super) async fn on_a_line(
        &mut self,
        request: Request,
    ) -> Result<Result<Option<Upgraded>, Request>, End> {
        if let Some(query) = query(&request.target) {
            let (key, begins) = (query.sid.as_deref().map(line_of), query.sid.is_none());
            if key.as_ref().is_some_and(|key| self.shared.is_dead(key)) {
                return Err(self.cut_off());
            }
            let line = key.and_then(|key| self.shared.line(&key));
            match (request.method.as_str(), line) {
                ("GET", Some(line)) if request.upgrade => {
                    return Ok(Ok(self.join(request, line).await?));
                }
                ("GET", None)
                    if begins && !request.upgrade && request.framing == Framing::Empty =>
                {
                    self.shake(request, query.engine).await?;
                    return Ok(Ok(None));
                }
                ("GET", Some(line)) if request.framing == Framing::Empty => {
                    self.poll(request, line).await?;
                    return Ok(Ok(None));
                }
                ("POST", Some(line)) if !request.expects => {
                    self.bring(request, line).await?;
                    return Ok(Ok(None));
                }
                _ => return Ok(Err(request)),
            }
        }
        let path = request.target.split('?').next().unwrap_or_default();
        let named = request.line.is_some() || self.shared.is_poll(&request.method, path);
        if named && !request.upgrade && request.framing == Framing::Empty {
            self.long_poll(request).await?;
            return Ok(Ok(None));
        }
        Ok(Err(request))
    }

    async fn long_poll(&mut self, request: Request) -> Result<(), End> {
        let path = request.target.split('?').next().unwrap_or_default();
        let route = format!("{} {path}", request.method);
        let key = match &request.line {
            Some(number) => format!("line {number}"),
            None => route.clone(),
        };
        if self.shared.is_dead(&key) {
            return Err(self.cut_off());
        }
        if let Some(line) = self.shared.line(&key) {
            self.polled = request.line.is_some().then(|| Arc::clone(&line));
            return self.poll(request, line).await;
        }
        let number = self.shared.next_link();
        let mut sent = request.clone();
        self.readdress(&mut sent);
        let reply = self.turn(number, &sent).await;
        if let Err(refusal) = self.server().await {
            let why = refusal.why.clone();
            let refused = Refused::ByTap { why };
            (self.shared.policy).link(number, LinkChange::Refused(refused));
            return Err(refusal.into());
        }
        if let Some(reply) = reply {
            let _ = reply.send(super::Delivery::Delivered);
        }
        let line = self.raise(number, Kind::Poll, (key, route), &request.target);
        self.polled = request.line.is_some().then(|| Arc::clone(&line));
        self.poll(request, line).await
    }

    /// A line comes up, and is looked after.
    fn raise(&self, number: u32, kind: Kind, names: (String, String), path: &str) -> Arc<Polled> {
        let shared = &self.shared;
        let line = Polled::new(number, kind, names, Arc::clone(&shared.policy));
        // A peer that asks for the same anew has left the old one.
        for old in shared.keep(&line) {
            old.ended(Side::Peer, Ending::Eof);
        }
        let (registered, commands) = shared.register(number);
        let path = path.to_owned();
        shared.policy.link(number, LinkChange::Up { path });
        let after = look_after(Arc::clone(&line), Arc::clone(shared), registered, commands);
        let stop = shared.stop.clone();
        tokio::spawn(async move { stop.run_until_cancelled(after).await });
        line
    }

    /// The first request of engine.io: with its answer a line comes up.
    async fn shake(&mut self, mut request: Request, version: Engine) -> Result<(), End> {
        self.readdress(&mut request);
        let number = self.shared.next_link();
        let response = self.ask_for(number, &request).await?;
        if response.status != 200 {
            return self.pass_on(response, To::Upgrade(number)).await;
        }
        let (status, called) = (response.status, response.phrase.clone());
        let codings = response.codings.clone();
        let mut body = Body::new(response.framing);
        let (mut raw, mut data) = (response.raw, Vec::new());
        let head_length = raw.len();
        self.gather_answer(&mut body, &mut raw, &mut data, MESSAGE_CAP)
            .await?;
        let whole = self.is_whole(&body);
        let said = self
            .decoded(number, "the handshake", &codings, &data, whole)
            .into_owned();
        let items = match whole {
            true => items(Kind::Engine(version), &said),
            false => Err("it is cut short".into()),
        };
        let sid = (items.as_ref().ok())
            .and_then(|(items, _)| engine::opened(&items.first()?.bytes))
            .map(|(sid, _)| sid);
        let (Ok((items, list)), Some(sid)) = (items, sid) else {
            let refused = Refused::Answered {
                status,
                phrase: phrase(status, called),
                body: said,
            };
            (self.shared.policy).link(number, LinkChange::Refused(refused));
            self.peer.send(&raw).await.map_err(|_| End::PeerReset)?;
            return self.pass_rest(&mut body).await;
        };
        let key = line_of(&sid);
        let line = self.raise(
            number,
            Kind::Engine(version),
            (key.clone(), key),
            &request.target,
        );
        let _standing = line.stand();
        match self.judged(&line, raw, head_length, items, list).await {
            Ok(Came::Gone) => Ok(()),
            Ok(Came::Queued | Came::Swallowed) => self.settle(&line, &mut line.news()).await,
            Err(end) => Err(self.line_ended(&line, end)),
        }
    }

    /// One poll and its answer.
    async fn poll(&mut self, mut request: Request, line: Arc<Polled>) -> Result<(), End> {
        let _standing = line.stand();
        self.readdress(&mut request);
        let mut news = line.news();
        let polled = self.poll_on(&request, &line, &mut news).await;
        polled.map_err(|end| self.line_ended(&line, end))
    }

    async fn poll_on(
        &mut self,
        request: &Request,
        line: &Arc<Polled>,
        news: &mut watch::Receiver<()>,
    ) -> Result<(), End> {
        let mut asked = false;
        loop {
            news.borrow_and_update();
            let mut until = None;
            match line.turn() {
                Turn::Cut => return Err(self.cut_off()),
                Turn::Give(given) => {
                    if asked {
                        // The server's answer is for the next poll.
                        line.state().orphan = self.server.take();
                    }
                    return self.give(line, given).await;
                }
                Turn::Wait(due) if !asked => {
                    self.wait(news, due).await?;
                    continue;
                }
                Turn::Silent if !asked => {
                    self.wait(news, None).await?;
                    continue;
                }
                Turn::Wait(due) => until = due,
                Turn::Silent | Turn::Nothing => {}
            }
            if !asked {
                let orphan = line.state().orphan.take();
                match orphan {
                    Some(orphan) => self.server = Some(orphan),
                    None => {
                        let sent = self.server().await?.send_until_answered(&request.raw);
                        if sent.await == Sent::Failed {
                            return Err(End::ServerReset);
                        }
                    }
                }
                asked = true;
            }
            if let Some(response) = self.await_answer(line, news, until).await? {
                match self.answered(line, response).await? {
                    Came::Gone => return Ok(()),
                    Came::Queued => return self.settle(line, news).await,
                    // Asked again once it is mended: there is nothing to give.
                    Came::Swallowed => asked = false,
                }
            }
        }
    }

    /// Gives the peer what the queue has for it, or an answer that says nothing.
    async fn settle(
        &mut self,
        line: &Arc<Polled>,
        news: &mut watch::Receiver<()>,
    ) -> Result<(), End> {
        loop {
            news.borrow_and_update();
            match line.turn() {
                Turn::Cut => return Err(self.cut_off()),
                Turn::Give(given) => return self.give(line, given).await,
                Turn::Nothing => return self.give(line, Vec::new()).await,
                Turn::Wait(due) => self.wait(news, due).await?,
                Turn::Silent => self.wait(news, None).await?,
            }
        }
    }

    /// Both connections end by a reset.
    fn cut_off(&mut self) -> End {
        if let Some((_, server)) = self.server.take() {
            server.reset();
        }
        End::ServerReset
    }

    /// Waits for news, or for a time.
    async fn wait(
        &mut self,
        news: &mut watch::Receiver<()>,
        due: Option<Instant>,
    ) -> Result<(), End> {
        let over = async {
            match due {
                Some(due) => sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        let mut over = std::pin::pin!(over);
        loop {
            let watched = !self.peer.ended && self.peer.inbox.len() < AHEAD;
            tokio::select! {
                _ = news.changed() => return Ok(()),
                () = &mut over => return Ok(()),
                read = self.peer.fill(), if watched => {
                    if read.map_err(|_| End::PeerReset)? == 0 {
                        return Err(End::Quiet);
                    }
                }
            }
        }
    }

    /// Waits for the head of an answer; `None` if there are news, or it is time.
    async fn await_answer(
        &mut self,
        line: &Polled,
        news: &mut watch::Receiver<()>,
        until: Option<Instant>,
    ) -> Result<Option<Response>, End> {
        let mut seen = 0;
        loop {
            let stalled = line.state().stalled;
            if !stalled {
                match self.response_head(&mut seen, false)? {
                    Some(response) if response.status == 101 => {
                        let why = "the server switches protocols unasked";
                        return Err(Refusal::new(502, why).into());
                    }
                    Some(response) if response.status < 200 => {
                        let sent = self.peer.send(&response.raw).await;
                        sent.map_err(|_| End::PeerReset)?;
                        continue;
                    }
                    Some(response) => return Ok(Some(response)),
                    None => {}
                }
            }
            let Some((_, server)) = &mut self.server else {
                return Err(End::Quiet);
            };
            let over = async {
                match until {
                    Some(until) => sleep_until(until).await,
                    None => std::future::pending().await,
                }
            };
            let watched = !self.peer.ended && self.peer.inbox.len() < AHEAD;
            tokio::select! {
                _ = news.changed() => return Ok(None),
                () = over => return Ok(None),
                read = server.fill(), if !stalled => {
                    if read.map_err(|_| End::ServerReset)? == 0 {
                        return Err(End::Quiet);
                    }
                }
                read = self.peer.fill(), if watched => {
                    if read.map_err(|_| End::PeerReset)? == 0 {
                        return Err(End::Quiet);
                    }
                }
            }
        }
    }

    /// The answer to a poll: its messages are judged.
    async fn answered(&mut self, line: &Arc<Polled>, response: Response) -> Result<Came, End> {
        if !(200..300).contains(&response.status) {
            self.refused_on(line, &response);
            self.pass_on(response, To::Line).await?;
            return Ok(Came::Gone);
        }
        let codings = response.codings;
        let mut body = Body::new(response.framing);
        let (mut raw, mut data) = (response.raw, Vec::new());
        let head_length = raw.len();
        self.gather_answer(&mut body, &mut raw, &mut data, MESSAGE_CAP)
            .await?;
        let whole = self.is_whole(&body);
        let what = "the answer to a poll";
        let said = self.decoded(line.number, what, &codings, &data, whole);
        if !whole && raw.len() <= MESSAGE_CAP {
            let detail = "the answer to a poll ends before its length says so";
            line.blame(Direction::Down, &Violation::new(Rule::Body, detail));
            self.peer.send(&raw).await.map_err(|_| End::PeerReset)?;
            return Err(End::Quiet);
        }
        if !whole {
            line.blame(Direction::Down, &violation::overlong());
            let item = Item {
                bytes: said.into_owned(),
                binary: false,
                mute: false,
            };
            if !matches!(line.judge_down(vec![item], true), Judged::Untouched(_)) {
                return Err(End::Silent);
            }
            self.peer.send(&raw).await.map_err(|_| End::PeerReset)?;
            self.pass_rest(&mut body).await?;
            return Ok(Came::Gone);
        }
        match items(line.kind, &said) {
            Ok((items, list)) => self.judged(line, raw, head_length, items, list).await,
            Err(detail) => {
                line.blame(Direction::Down, &Violation::new(Rule::Body, detail));
                self.peer.send(&raw).await.map_err(|_| End::PeerReset)?;
                Ok(Came::Gone)
            }
        }
    }

    /// Judges what an answer brings; passed on as it came, unless something happens to it.
    async fn judged(
        &mut self,
        line: &Arc<Polled>,
        raw: BytesMut,
        head_length: usize,
        items: Vec<Item>,
        list: bool,
    ) -> Result<Came, End> {
        if !items.is_empty() {
            let mut state = line.state();
            state.shape = Some(BytesMut::from(&raw[..head_length]));
            state.list = list;
        }
        let closes = items.iter().any(Item::closes);
        match line.judge_down(items, false) {
            Judged::Untouched(count) => {
                if self.peer.send(&raw).await.is_err() {
                    line.lost(count, Direction::Down);
                    return Err(End::PeerReset);
                }
                if closes {
                    line.ended(Side::Server, Ending::Eof);
                }
                Ok(Came::Gone)
            }
            Judged::Queued => Ok(Came::Queued),
            Judged::Swallowed => Ok(Came::Swallowed),
            Judged::Dropped => Err(End::Silent),
        }
    }

    /// Answers the peer in the shape in which the server does.
    async fn give(&mut self, line: &Arc<Polled>, given: Vec<Given>) -> Result<(), End> {
        let (shape, list) = {
            let state = line.state();
            (state.shape.clone(), state.list)
        };
        let body = body(line.kind, list, &given);
        let head = shape.and_then(|shape| head::plain(&shape, body.len()));
        let mut answer = head.unwrap_or_else(|| {
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            BytesMut::from(head.as_bytes())
        });
        answer.extend_from_slice(&body);
        let gone = self.peer.is_gone().await;
        let delivered = !gone && self.peer.send(&answer).await.is_ok();
        let judged = |one: &&Given| one.counts() && !one.what.mute;
        let lost = given.iter().filter(judged).count();
        let closes = given.iter().any(|one| one.what.closes());
        for one in given {
            one.tell(delivered);
        }
        if delivered {
            if closes {
                line.ended(Side::Server, Ending::Eof);
            }
            return Ok(());
        }
        line.lost(lost, Direction::Down);
        Err(End::PeerReset)
    }

    /// A request that brings packets up.
    async fn bring(&mut self, mut request: Request, line: Arc<Polled>) -> Result<(), End> {
        let _standing = line.stand();
        let brought = self.bring_on(&mut request, &line).await;
        brought.map_err(|end| self.line_ended(&line, end))
    }

    async fn bring_on(&mut self, request: &mut Request, line: &Arc<Polled>) -> Result<(), End> {
        self.readdress(request);
        let head = request.raw.clone();
        let mut raw = std::mem::take(&mut request.raw);
        let mut body = Body::new(request.framing);
        let mut data = Vec::new();
        self.gather(&mut body, &mut raw, &mut data).await?;
        let truncated = !body.is_done();
        let _posting = line.posting.lock().await;
        if line.is_down() {
            return Err(self.cut_off());
        }
        let brought = match truncated {
            true => Ok((
                vec![Item {
                    bytes: data,
                    binary: false,
                    mute: false,
                }],
                false,
            )),
            false => items(line.kind, &data),
        };
        let (mut count, mut replies, mut closes) = (0, Vec::new(), false);
        match brought {
            Err(detail) => line.blame(Direction::Up, &Violation::new(Rule::Body, detail)),
            Ok((items, _)) => {
                closes = items.iter().any(Item::closes);
                let raised = line.judge_up(items, truncated);
                if raised.silent || raised.dropped {
                    return Err(End::Silent);
                }
                for gone in raised.gathered {
                    replies.push(gone.await.map_err(|_| End::Silent)?);
                }
                sleep(raised.wait).await;
                count = raised.count;
                if !raised.untouched
                    && let Kind::Engine(version) = line.kind
                {
                    let mut items = raised.items;
                    if items.is_empty() {
                        items.push(noop());
                    }
                    let packets = items.iter().map(|item| (&item.bytes[..], item.binary));
                    let body = engine::join(version, packets);
                    if let Some(mut anew) = head::request_of_length(&head, body.len()) {
                        anew.extend_from_slice(&body);
                        raw = anew;
                    }
                }
                line.state().post = Some(head);
            }
        }
        let mut sent = match self.server().await {
            Ok(server) => server.send_until_answered(&raw).await,
            Err(refusal) => {
                line.lost(count, Direction::Up);
                return Err(refusal.into());
            }
        };
        let delivered = sent != Sent::Failed;
        for reply in replies {
            let _ = reply.send(match delivered {
                true => super::Delivery::Delivered,
                false => super::Delivery::Undeliverable,
            });
        }
        if !delivered {
            line.lost(count, Direction::Up);
        }
        while !body.is_done() && sent == Sent::All {
            sent = self.more(&mut body).await?;
        }
        let response = self.final_head(false).await?;
        if !(200..300).contains(&response.status) {
            self.refused_on(line, &response);
        } else if closes {
            line.ended(Side::Peer, Ending::Eof);
        }
        self.pass_on(response, To::Line).await?;
        match sent {
            Sent::All => Ok(()),
            // Where the next request would begin is not certain.
            _ => Err(End::Silent),
        }
    }

    /// The session's WebSocket.
    async fn join(&mut self, request: Request, line: Arc<Polled>) -> Result<Option<Upgraded>, End> {
        line.changes(true);
        let joined = self.join_on(request, &line).await;
        if !matches!(joined, Ok(Some(_))) {
            line.changes(false);
        }
        joined
    }

    async fn join_on(
        &mut self,
        mut request: Request,
        line: &Arc<Polled>,
    ) -> Result<Option<Upgraded>, End> {
        request.strip_extensions();
        self.readdress(&mut request);
        let alone = self.alone().await?;
        self.shared.policy.asked(line.number, &request.told());
        let sent = self.server().await?.send_until_answered(&request.raw);
        if sent.await == Sent::Failed {
            return Err(End::ServerReset);
        }
        let response = self.final_head(false).await?;
        drop(alone);
        if response.status != 101 {
            self.pass_on(response, To::Line).await?;
            return Ok(None);
        }
        for violation in violation::handshake(&request.raw, &response.raw) {
            line.blame(Direction::Down, &violation);
        }
        Ok(Some(Upgraded {
            number: line.number,
            path: request.target,
            answer: response.raw,
            stream: None,
            line: Some(Arc::clone(line)),
        }))
    }

    /// The server does not go on with the line.
    fn refused_on(&self, line: &Polled, response: &Response) {
        let ending = Ending::Close {
            code: Some(response.status),
            reason: phrase(response.status, response.phrase.clone()),
        };
        line.ended(Side::Server, ending);
    }

    /// The line ends with this exchange; what the exchange ends with.
    fn line_ended(&mut self, line: &Polled, end: End) -> End {
        let (by, ending) = match &end {
            End::PeerReset => (Side::Peer, Ending::Reset),
            End::Quiet if self.peer.ended => (Side::Peer, Ending::Eof),
            End::ServerReset => (Side::Server, Ending::Reset),
            End::Quiet | End::Refused(_) => (Side::Server, Ending::Eof),
            // Dropped on a step's order: the line stands.
            End::Silent | End::Tunnel(_) => return end,
        };
        line.ended(by, ending);
        end
    }
}

fn noop() -> Item {
    Item {
        bytes: engine::NOOP.to_vec(),
        binary: false,
        mute: true,
    }
}

/// What a body brings, and whether as a list.
fn items(kind: Kind, body: &[u8]) -> Result<(Vec<Item>, bool), String> {
    let item = |bytes: &[u8], binary| Item {
        bytes: bytes.to_vec(),
        binary,
        mute: matches!(kind, Kind::Engine(_)) && engine::is_of_transport(bytes),
    };
    Ok(match kind {
        Kind::Engine(version) => {
            let places = engine::split(version, body)?;
            let items = places
                .into_iter()
                .map(|place| item(&body[place.at], place.binary));
            (items.collect(), false)
        }
        Kind::Poll => match poll::answer(body) {
            Answer::Nothing => (Vec::new(), false),
            Answer::One => (vec![item(body, false)], false),
            Answer::List(places) => {
                let items = places.into_iter().map(|at| item(&body[at], false));
                (items.collect(), true)
            }
        },
    })
}

/// A body that brings these to the peer.
fn body(kind: Kind, list: bool, given: &[Given]) -> Vec<u8> {
    match kind {
        Kind::Engine(version) if given.is_empty() => engine::join(version, [(engine::NOOP, false)]),
        Kind::Engine(version) => {
            let packets = given
                .iter()
                .map(|one| (&one.what.bytes[..], one.what.binary));
            engine::join(version, packets)
        }
        Kind::Poll => {
            let items: Vec<Vec<u8>> = given.iter().map(|one| one.what.bytes.clone()).collect();
            match items.as_slice() {
                [] if !list => Vec::new(),
                [one] if !list || !Polled::is_json(one) => one.clone(),
                items => poll::list(items),
            }
        }
    }
}
