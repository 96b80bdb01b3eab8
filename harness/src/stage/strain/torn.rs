//! Lines that end while who speaks on them comes into a room: he is not to be there afterwards, and nobody else is to miss a place for it.

use std::collections::BTreeSet;

use super::{End, Load};
use crate::names::RoomName;
use crate::signaling::{Reason, Terms};
use crate::stage::probe::{Probe, Stuck, Torn};

/// Larger rooms are not filled.
const MOST: usize = 8;

impl Load<'_> {
    /// Somebody asks to come in and is gone in that moment, in each way in turn. Then others come in.
    pub(super) async fn torn(&self) -> Result<String, End> {
        let room = self.room("r");
        let begin = async {
            let mut host = self.comes("host").await?;
            host.makes(&room, self.soon()).await?;
            let mut first = self.comes("first").await?;
            let with = first.join(&room, self.soon()).await?;
            first.hangs_up(self.soon()).await?;
            Ok((host, told(&with)))
        };
        let (mut host, alone) = begin.await.map_err(End::before)?;
        for (done, how) in (0..self.times).zip(Torn::ALL.into_iter().cycle()) {
            let torn = async {
                let mut one = self.comes(format!("torn{done}")).await?;
                one.is_torn(&room, how, self.soon()).await?;
                host.catches_up().await?;
                Ok::<_, End>(())
            };
            let torn = torn.await;
            torn.map_err(|end| end.after(done, "lines that ended within a join"))?;
        }
        // What is not as it was may be about to be: once more when the time is over in which those who stay know that somebody went.
        if let Some(early) = self.as_before(&room, alone, "early").await? {
            let within = self.strangers.dialect().properties();
            let within = within.announces_leaving_within.unwrap_or_default() + Terms::SLACK;
            host.is_let_be(within).await?;
            if let Some(late) = self.as_before(&room, alone, "late").await? {
                let times = self.times;
                let within = within.as_millis();
                return Err(End::Loss(format!(
                    "{times} lines ended within their join, and {within} ms later {late} (at first {early})"
                )));
            }
        }
        host.leave().await;
        Ok(format!("{} lines that ended within their join", self.times))
    }

    /// Whether those who come in are told of nobody but who is there, and get all places that are free; if not, how.
    async fn as_before(
        &self,
        room: &RoomName,
        alone: usize,
        when: &str,
    ) -> Result<Option<String>, End> {
        let promised = self.strangers.dialect().properties();
        let size = promised.room_size.filter(|size| *size <= MOST);
        let mut inside: Vec<Probe> = Vec::new();
        let mut otherwise = None;
        for number in 0..size.map_or(1, |size| size.saturating_sub(1)) {
            let mut next = self.comes(format!("{when}{number}")).await?;
            match next.join(room, self.soon()).await {
                Ok(with) if told(&with) > alone + inside.len() => {
                    otherwise = Some(format!("who comes in is told of {}", with.join(", ")));
                }
                Ok(_) => {}
                // Why else somebody is refused is another matter.
                Err(Stuck::Told(why))
                    if promised.refusals.has(Reason::Full)
                        && promised
                            .refusals
                            .wanted(Reason::Full.as_str())
                            .is_some_and(|full| why.contains(full)) =>
                {
                    let there = inside.len() + 1;
                    otherwise = Some(format!("with {there} inside {why}"));
                }
                Err(stuck) => return Err(stuck.into()),
            }
            inside.push(next);
            if otherwise.is_some() {
                break;
            }
        }
        for mut one in inside {
            one.hangs_up(self.soon()).await?;
        }
        Ok(otherwise)
    }
}

/// How many somebody is told of.
fn told(with: &[String]) -> usize {
    with.iter().collect::<BTreeSet<_>>().len()
}
