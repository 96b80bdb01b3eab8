//! Rooms that are entered and left, made and left, and filled.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::signals::description;
use super::{End, Load, Took};
use crate::names::RoomName;
use crate::stage::probe::Probe;

impl Load<'_> {
    /// One comes into a room where somebody is, and leaves it.
    pub(super) async fn visits(&self) -> Result<String, End> {
        let room = self.room("r");
        let begin = async {
            let mut host = self.comes("host").await?;
            host.makes(&room, self.soon()).await?;
            Ok((host, self.comes("guest").await?))
        };
        let (mut host, mut guest) = begin.await.map_err(End::before)?;
        let mut took = Took::default();
        for done in 0..self.times {
            let began = Instant::now();
            let visit = async {
                guest.join(&room, self.soon()).await?;
                guest.leaves(&room, self.soon()).await
            };
            let visit = visit.await.map_err(End::from);
            visit.map_err(|end| end.after(done, "visits"))?;
            took.since(began);
            host.catches_up().await?;
        }
        // Where coming in is not answered only this shows that he still does.
        let heard = async {
            guest.join(&room, self.soon()).await?;
            let hello = description("glare");
            guest.tell(&mut host, hello, self.soon()).await
        };
        let heard = heard.await.map_err(End::from);
        heard.map_err(|end| end.after(self.times, "visits"))?;
        host.leave().await;
        guest.leave().await;
        Ok(format!("{} visits, {took}", self.times))
    }

    /// One makes a room and leaves it, and another, and at last the first one again.
    pub(super) async fn rooms(&self) -> Result<String, End> {
        let mut one = self.comes("one").await.map_err(End::before)?;
        let mut took = Took::default();
        let again = (self.strangers.dialect().properties().frees_empty_rooms).then_some(0);
        for (done, number) in (0..).zip((0..self.times).chain(again)) {
            let room = self.room(format!("r{number}"));
            let began = Instant::now();
            let made = async {
                one.makes(&room, self.soon()).await?;
                one.leaves(&room, self.soon()).await
            };
            let made = made.await.map_err(End::from);
            made.map_err(|end| end.after(done, "rooms"))?;
            took.since(began);
        }
        one.leave().await;
        let met = self.pair("p").await;
        let (one, other) = met.map_err(|end| end.after(self.times, "rooms"))?;
        one.leave().await;
        other.leave().await;
        Ok(format!("{} rooms, {took}", self.times))
    }

    /// Rooms that stand at once have ids that differ. Codes of a few letters that are drawn at random, and not looked up, soon come twice.
    pub(super) async fn standing_rooms(&self) -> Result<String, End> {
        let gate = self.strangers.gate().await?;
        let mut standing: Vec<(RoomName, Probe)> = Vec::new();
        let mut took = Took::default();
        for number in 0..self.times {
            let room = self.room(format!("r{number}"));
            let mut host = self.strangers.through(gate.clone(), self.id(number)).await;
            let began = Instant::now();
            let made = async {
                host.connect(self.soon(), None).await?;
                host.made(&room, self.soon(), None).await
            };
            let made = made.await.map_err(End::from);
            let made = made.map_err(|end| end.after(number, "rooms at once"))?;
            took.since(began);
            let mut before = standing.iter_mut();
            if let Some((_, first)) = before.find(|(name, _)| *name == made) {
                // Whose line has ended meanwhile may have lost his room.
                first.catches_up().await?;
                return Err(End::Loss(format!(
                    "{} was told the id of the room of {}, which stands",
                    host.id(),
                    first.id()
                )));
            }
            standing.push((room, host));
        }
        for (_, one) in &mut standing {
            one.catches_up().await?;
        }
        join_all(standing.into_iter().map(|(_, one)| one.leave())).await;
        let times = self.times;
        Ok(format!(
            "{times} rooms at once, each of its own id; making one took {took}"
        ))
    }

    /// As many as that are in one room, and the last one is told of all.
    pub(super) async fn full_room(&self) -> Result<String, End> {
        let room = self.room("r");
        let mut inside = vec![self.comes(1).await.map_err(End::before)?];
        for host in &mut inside {
            let made = host.makes(&room, self.soon()).await.map_err(End::from);
            made.map_err(End::before)?;
        }
        let mut took = Took::default();
        for number in 2..=self.times {
            let mut next = self.comes(number).await?;
            let began = Instant::now();
            let with = next.join(&room, self.soon()).await.map_err(End::from);
            let with = with.map_err(|end| end.after(number - 1, "inside"))?;
            took.since(began);
            let told = with.iter().collect::<BTreeSet<_>>().len();
            if told < inside.len() {
                let inside = inside.len();
                return Err(End::Limit(format!(
                    "who came in was told of {told} of the {inside} inside"
                )));
            }
            inside.push(next);
        }
        join_all(inside.into_iter().map(|one| one.leave())).await;
        Ok(format!(
            "{} in one room, each told of all; coming in took {took}",
            self.times
        ))
    }
}
