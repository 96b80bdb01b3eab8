//! Garbage: made from what the peer's line would say, sent as it is, and what the server is declared to do then.

use tokio::sync::oneshot;

use super::director::{Stage, Stop};
use super::driver::Driver;
use super::frames;
use super::line::tell;
use super::order::{Done, Order};
use crate::names::PeerName;
use crate::record::Seq;
use crate::scenario::Condition;
use crate::signaling::{Field, Garbage, Kind, OnGarbage, Out, Say};

/// In which way, where which word was meant; only this field of it, and whom it is for.
type Spoilt = (Garbage, Option<Kind>, Option<(Field, Option<PeerName>)>);

impl Driver {
    /// Sends it. What prepares it, and is sound, goes before.
    pub(super) async fn garbage(
        &mut self,
        (kind, of, field): Spoilt,
        cause: Vec<Seq>,
        done: oneshot::Sender<Done>,
    ) {
        let Some(link) = self.line.open.as_ref().filter(|link| link.open) else {
            return tell(done, Done::No("it has no signaling connection".into()));
        };
        let number = link.number;
        let conversation = &link.conversation;
        let outs = match field {
            None => conversation.garbage(kind, of),
            Some((field, to)) => {
                let of = of.unwrap_or(Kind::Offer);
                conversation.garbage_in(kind, of, field, to.as_ref().map(PeerName::as_str))
            }
        };
        let outs = match outs {
            Ok(outs) => outs,
            Err(error) => return tell(done, Done::No(error.to_string())),
        };
        let last = outs.len();
        for (at, Say { out, means }) in outs.into_iter().enumerate() {
            let meant = (at + 1 < last).then_some(means);
            match out {
                Out::Text(text) => {
                    let frame = frames::garbage(&self.dialect, number, text);
                    let sent = self.send_frame(number, meant, frame, cause.clone());
                    match sent.await {
                        Done::Yes => {}
                        other => return tell(done, other),
                    }
                }
                // A word that is said by closing the line can be no garbage.
                Out::Close => {}
                // An answer is the end of it, whatever it is.
                Out::Fetch {
                    method, path, body, ..
                } => return self.http(method, path, body, cause, done),
            }
        }
        tell(done, Done::Yes);
    }
}

impl Stage {
    /// Lets a peer send garbage, and waits for what the server is declared to do with it.
    pub(super) async fn garbage(
        &mut self,
        peer: &PeerName,
        (kind, of, field): Spoilt,
        answered: bool,
        begun: Seq,
    ) -> Result<Vec<Seq>, Stop> {
        let link = self.world.link(peer);
        let sent = self.order(peer, Order::Garbage { kind, of, field }, vec![begun]);
        match sent.await? {
            // That it was answered by HTTP is an answer.
            Done::Status(_, seq) => return Ok(seq.into_iter().collect()),
            Done::Yes => {}
            Done::No(why) => {
                self.take_in()?;
                return Err(super::director::fail(format!("{peer} could not: {why}")));
            }
            other => {
                let why = format!("{peer} answered {other:?}");
                return Err(super::director::fail(why));
            }
        }
        match self.world.garbled.of(kind).filter(|_| answered) {
            Some(OnGarbage::Word) => {
                let waiting = self.waiting(begun);
                let hears = |kind| Condition::Hears {
                    peer: peer.clone(),
                    kind,
                    from: None,
                };
                let words = [hears(Kind::Error), hears(Kind::Refused)];
                self.wait(
                    self.until,
                    || format!("what the server says to {peer}'s garbage"),
                    |world| {
                        if let Some(seqs) = words.iter().find_map(|word| world.satisfied(word)) {
                            return Some(Ok(seqs));
                        }
                        let why = world.hope.deaf(peer, &waiting)?;
                        let why = format!(
                            "{peer} waited for what the server says to its garbage, and {why}"
                        );
                        Some(Err(why.into()))
                    },
                )
                .await
            }
            Some(OnGarbage::Close) => {
                self.closed(peer, link).await?;
                Ok(Vec::new())
            }
            Some(OnGarbage::Silence) | None => Ok(Vec::new()),
        }
    }
}
