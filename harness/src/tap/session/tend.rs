//! Does what the tap's owner asks of a polled line, and ends one that nobody polls any more.

use futures_util::FutureExt as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

use crate::carrier::engine;
use crate::tap::head;
use crate::tap::link::Command;
use crate::tap::polled::{Item, Kind, Polled};
use crate::tap::shared::{Registered, Shared};
use crate::tap::wire::Wire;
use crate::tap::{Cut, Delivery, frame};
use crate::terms::{Direction, Ending, Side};

/// A line on which no request has stood for so long is over: its peer has gone without a word.
const IDLE: Duration = Duration::from_secs(60);
/// How long the server may take to answer a request that the tap makes in the peer's place.
const ANSWER: Duration = Duration::from_secs(30);

/// Looks after a line until it is down.
pub(super) async fn look_after(
    line: Arc<Polled>,
    shared: Arc<Shared>,
    registered: Registered,
    mut commands: mpsc::UnboundedReceiver<Command>,
) {
    let mut news = line.news();
    // Cuts that wait until the line is polled again, or a WebSocket.
    let mut cuts = Vec::new();
    while !line.is_down() {
        let changing = line.is_changing();
        let now = Instant::now();
        for (_, command) in cuts.extract_if(.., |(until, _)| !changing || *until <= now) {
            line.command(command, &shared);
        }
        if line.is_down() {
            break;
        }
        let patience = cuts.iter().map(|(until, _)| *until).min();
        let out_of_patience = async {
            match patience {
                Some(until) => sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        let idle = line.idle_since();
        let over = async {
            match idle {
                Some(since) => sleep_until(since + IDLE).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            command = commands.recv() => match command {
                Some(command @ Command::Cut(_, until, _)) => cuts.push((until, command)),
                Some(command) => line.command(command, &shared),
                None => break,
            },
            // The line itself lives as long as this.
            _ = news.changed() => {}
            () = out_of_patience => {}
            () = over => line.ended(Side::Peer, Ending::Eof),
        }
    }
    shared.forget(&line);
    drop(registered);
    // Who asked for something in the last moment need not wait for it.
    commands.close();
    while let Some(command) = commands.recv().now_or_never().flatten() {
        drop(command);
    }
}

impl Polled {
    fn command(self: &Arc<Self>, command: Command, shared: &Arc<Shared>) {
        match command {
            Command::Release(hold, reply) => self.release(hold, reply, shared),
            Command::Discard(hold) => {
                let mut state = self.state();
                if state.holds.remove(&hold).is_none() {
                    state.gathered.remove(&hold);
                    pass_on(&state.socket, Command::Discard(hold));
                }
            }
            Command::Silence(how, reply) => {
                let mut state = self.state();
                state.silence(how);
                pass_on(&state.socket, Command::Silence(how, oneshot::channel().0));
                drop(state);
                self.done(reply);
            }
            Command::Stall(reply) => {
                let mut state = self.state();
                state.stalled = true;
                pass_on(&state.socket, Command::Stall(oneshot::channel().0));
                drop(state);
                self.done(reply);
            }
            Command::Mend(reply) => {
                let mut state = self.state();
                state.mend();
                pass_on(&state.socket, Command::Mend(oneshot::channel().0));
                drop(state);
                self.done(reply);
            }
            Command::Cut(how, until, reply) => {
                let mut state = self.state();
                let upgraded = state.upgraded;
                let socket = state.socket.clone();
                if upgraded {
                    pass_on(&socket, Command::Cut(how, until, reply));
                    return;
                }
                let reported = oneshot::channel().0;
                pass_on(&socket, Command::Cut(how.clone(), until, reported));
                state.cut = true;
                drop(state);
                let ending = match how {
                    Cut::Close { .. } => Ending::Eof,
                    Cut::Reset => Ending::Reset,
                };
                self.ended(Side::Tap, ending);
                self.done(reply);
            }
            command @ (Command::Inject(..) | Command::Put(..)) => {
                // What is no WebSocket yet takes no frames; who asked is told by the drop.
                let state = self.state();
                if state.upgraded {
                    pass_on(&state.socket, command);
                }
            }
        }
    }

    fn done(&self, reply: oneshot::Sender<()>) {
        let _ = reply.send(());
        self.tell();
    }

    fn release(
        self: &Arc<Self>,
        hold: u64,
        reply: oneshot::Sender<Delivery>,
        shared: &Arc<Shared>,
    ) {
        let mut state = self.state();
        let Some((direction, item)) = state.holds.remove(&hold) else {
            if let Some(go) = state.gathered.remove(&hold) {
                let _ = go.send(reply);
            } else if let Err(reply) = state.queue.open(hold, reply) {
                pass_on(&state.socket, Command::Release(hold, reply));
            }
            drop(state);
            return self.tell();
        };
        if state.upgraded {
            let first = if item.binary { 0x82 } else { 0x81 };
            let key = (direction == Direction::Up).then(rand::random);
            let frame = BytesMut::from(&frame::write(first, &item.bytes, key)[..]);
            return pass_on(&state.socket, Command::Put(direction, frame, reply));
        }
        match direction {
            Direction::Down => {
                state.queue.release(item, reply);
                drop(state);
                self.tell();
            }
            Direction::Up => {
                drop(state);
                let (line, shared) = (Arc::clone(self), Arc::clone(shared));
                tokio::spawn(async move {
                    let posted = line.post(item, &shared);
                    let posted = shared.stop.run_until_cancelled(posted).await;
                    let _ = reply.send(match posted {
                        Some(true) => Delivery::Delivered,
                        _ => Delivery::Undeliverable,
                    });
                });
            }
        }
    }

    /// Brings a packet up in the peer's place, by a request of the tap's own; whether the server took it.
    async fn post(&self, item: Item, shared: &Shared) -> bool {
        let Kind::Engine(version) = self.kind else {
            return false;
        };
        let _posting = self.posting.lock().await;
        let Some(head) = self.state().post.clone() else {
            return false;
        };
        let body = engine::join(version, [(&item.bytes[..], item.binary)]);
        let Some(mut request) = head::request_of_length(&head, body.len()) else {
            return false;
        };
        request.extend_from_slice(&body);
        let posted = async {
            let server = (shared.upstream(), shared.trust.as_ref());
            let mut wire = Wire::connect(server.0, server.1).await.ok()?;
            wire.send(&request).await.ok()?;
            let mut seen = 0;
            loop {
                match head::response(&mut wire.inbox, &mut seen, false).ok()? {
                    Some(response) if response.status >= 200 => return Some(response.status),
                    Some(_) => {}
                    None if wire.ended => return None,
                    None => drop(wire.fill().await.ok()?),
                }
            }
        };
        let status = timeout(ANSWER, posted).await.ok().flatten();
        status.is_some_and(|status| (200..300).contains(&status))
    }
}

/// For the WebSocket, if there is one; who waits for an answer is told by the drop if not.
fn pass_on(socket: &Option<mpsc::UnboundedSender<Command>>, command: Command) {
    if let Some(socket) = socket {
        let _ = socket.send(command);
    }
}
