//! Garbage: made from what the peer's line would say, sent as it is, and what the server is declared to do then. And what is said in another's
//! name.

use tokio::sync::oneshot;

use super::director::{Stage, Stop};
use super::driver::Driver;
use super::frames;
use super::line::{Whose, fetch_command, tell};
use super::order::{Done, Order};
use crate::names::PeerName;
use crate::record::Seq;
use crate::scenario::Condition;
use crate::signaling::{Field, Garbage, Kind, Meant, OnGarbage, Out, Say};

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
            Some((field, ref to)) => {
                let of = of.unwrap_or(field.usual_word());
                conversation.garbage_in(kind, of, field, to.as_ref().map(PeerName::as_str))
            }
        };
        let outs = match outs {
            Ok(outs) => outs,
            Err(error) => return tell(done, Done::No(error.to_string())),
        };
        let last = outs.len();
        let outs = outs.into_iter().enumerate();
        let outs = outs.map(|(at, Say { out, means })| {
            let known = at + 1 < last || means == Meant::Nothing;
            (out, known.then_some(means))
        });
        self.send_odd(number, outs.collect(), cause, done).await;
    }

    /// Says a word in the name of somebody else.
    pub(super) async fn forge(
        &mut self,
        (kind, to, claimed): (Kind, &PeerName, &PeerName),
        cause: Vec<Seq>,
        done: oneshot::Sender<Done>,
    ) {
        let Some(link) = self.line.open.as_ref().filter(|link| link.open) else {
            return tell(done, Done::No("it has no signaling connection".into()));
        };
        let number = link.number;
        let forged = (link.conversation).forged(kind, to.as_str(), claimed.as_str());
        let outs = match forged {
            Ok(outs) => outs,
            Err(error) => return tell(done, Done::No(error.to_string())),
        };
        let outs = outs
            .into_iter()
            .map(|Say { out, means }| (out, Some(means)));
        self.send_odd(number, outs.collect(), cause, done).await;
    }

    /// Sends what was made to be odd, each with what is meant by it, if that is known.
    async fn send_odd(
        &mut self,
        number: u32,
        outs: Vec<(Out, Option<Meant>)>,
        cause: Vec<Seq>,
        done: oneshot::Sender<Done>,
    ) {
        let mut odd = false;
        for (out, meant) in outs {
            let is_odd = matches!(meant, None | Some(Meant::Nothing));
            match out {
                Out::Text(text) => {
                    let frame = frames::garbage(&self.dialect, number, text);
                    let sent = self.send_frame(number, meant, frame, cause.clone());
                    match sent.await {
                        Done::Yes => odd |= is_odd,
                        // Who was put out for the first says no more.
                        Done::No(_) if odd => break,
                        other => return tell(done, other),
                    }
                }
                // A word that is said by closing the line can be nothing odd.
                Out::Close => {}
                // An answer is the end of it, whatever it is.
                fetch @ Out::Fetch { .. } => {
                    let Some(fetch) = fetch_command(fetch) else {
                        continue;
                    };
                    let whose = Whose::Order(done);
                    return self.begin_fetch(None, meant, fetch, cause, whose);
                }
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
            Done::No(why) | Done::NotLetIn(why) => {
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
                self.survived().await?;
                Ok(Vec::new())
            }
            Some(OnGarbage::Silence) | None => Ok(Vec::new()),
        }
    }
}
