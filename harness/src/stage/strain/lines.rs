//! Lines that come and go, one after the other and all at once.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, sleep};

use super::{End, Load, Took};
use crate::names::RoomName;
use crate::scenario::Strain;
use crate::stage::probe::{Probe, Stuck};

/// How a line ends.
#[derive(Clone, Copy)]
pub(super) enum Ends {
    Closed,
    Reset,
}

/// So many dial at once.
const DIALLING: usize = 32;

/// So many descriptors a line takes of glare: the stranger's, two of its tap, and the server's end where that is in the same process.
const DESCRIPTORS: usize = 4;

/// How long the server may take to notice that a line is lost whose end it has been told (a reset).
const BACK_WITHIN: Duration = Duration::from_secs(10);

/// Before somebody who was refused asks once more.
const AGAIN_AFTER: Duration = Duration::from_millis(20);

impl Load<'_> {
    /// One line after the other, each by another id.
    pub(super) async fn lines(&self, ends: Ends) -> Result<String, End> {
        let gate = self.strangers.gate().await?;
        let mut took = Took::default();
        for done in 0..self.times {
            let began = Instant::now();
            let id = self.id(done);
            let mut one = self.strangers.through(gate.clone(), id).await;
            let line = async {
                one.connect(self.soon(), None).await?;
                match ends {
                    Ends::Closed => one.hangs_up(self.soon()).await,
                    Ends::Reset => one.is_cut_off(self.soon()).await,
                }
            };
            let line = line.await.map_err(End::from);
            line.map_err(|end| end.after(done, "lines"))?;
            took.since(began);
        }
        let how = match ends {
            Ends::Closed => "closed",
            Ends::Reset => "reset",
        };
        Ok(format!("{} lines opened and {how}, {took}", self.times))
    }

    /// One who is lost and comes back by its id, into the same room, and is heard there.
    pub(super) async fn returns(&self) -> Result<String, End> {
        let (mut host, mut guest) = self.pair("p").await.map_err(End::before)?;
        let room = self.room("p");
        let has_rooms = self.strangers.dialect().has_rooms();
        let mut took = Took::default();
        for done in 0..self.times {
            let began = Instant::now();
            let back = async {
                guest.is_cut_off(self.soon()).await?;
                let soon = self.until.min(Instant::now() + BACK_WITHIN);
                guest.connect(soon, Some(soon)).await?;
                if has_rooms {
                    self.comes_in(&mut guest, &room, soon).await?;
                }
                let hello = super::signals::description("glare");
                guest.tell(&mut host, hello, self.soon()).await
            };
            let back = back.await.map_err(End::from);
            back.map_err(|end| end.after(done, "returns"))?;
            took.since(began);
        }
        host.leave().await;
        guest.leave().await;
        Ok(format!("back {} times, {took}", self.times))
    }

    /// Into a room where his place may not be free yet.
    async fn comes_in(
        &self,
        guest: &mut Probe,
        room: &RoomName,
        until: Instant,
    ) -> Result<(), Stuck> {
        loop {
            match guest.join(room, until).await {
                Ok(_) => return Ok(()),
                Err(_) if !guest.is_outside() && Instant::now() + AGAIN_AFTER < until => {
                    sleep(AGAIN_AFTER).await;
                }
                Err(stuck) => return Err(stuck),
            }
        }
    }

    /// So many lines at once, or as many as glare itself may have; beside them two strangers meet.
    pub(super) async fn crowd(&self) -> Result<String, End> {
        let fit = u32::try_from(room_for_lines()).unwrap_or(u32::MAX);
        let times = self.times.min(fit);
        if times == 0 {
            let why = "glare has no descriptors left for a single line".to_owned();
            return Err(End::Harness(why));
        }
        let gate = self.strangers.gate().await?;
        let dialling = Semaphore::new(DIALLING);
        let (all, here) = watch::channel(false);
        let missing = AtomicU32::new(times);
        let came = (0..times).map(|number| {
            let (gate, here) = (gate.clone(), here.clone());
            let (dialling, all, missing) = (&dialling, &all, &missing);
            async move {
                let turn = dialling.acquire().await;
                let began = Instant::now();
                let id = self.id(number);
                let mut one = self.strangers.through(gate, id).await;
                let connected = one.connect(self.soon(), None).await;
                let took = began.elapsed();
                drop(turn);
                if missing.fetch_sub(1, Ordering::Relaxed) == 1 {
                    let _nobody = all.send(true);
                }
                // Who is there has a heart that beats while the others come.
                if connected.is_ok() {
                    one.rests(here).await;
                }
                (one, connected, took)
            }
        });
        let came = join_all(came).await;
        let (mut crowd, mut took, mut refused) = (Vec::new(), Took::default(), None);
        for (one, connected, time) in came {
            match connected {
                Ok(()) => {
                    took.0.push(time);
                    crowd.push(one);
                }
                Err(stuck) => refused = refused.or(Some(End::from(stuck))),
            }
        }
        let stand = u32::try_from(crowd.len()).unwrap_or(u32::MAX);
        let went = match refused {
            Some(end) => Err(end.after(stand, "lines at once")),
            None => self.beside(&mut crowd).await,
        };
        join_all(crowd.into_iter().map(|one| one.leave())).await;
        let met = went?;
        let less = match self.times - times {
            0 => String::new(),
            _ => format!(
                " (of {}: no more fit into the descriptors that glare may have)",
                self.times
            ),
        };
        let word = Strain::Crowd.as_str();
        Ok(format!(
            "{times} lines at once in the {word}{less}; connecting took {took}; two who came last met within {:.1} ms",
            met.as_secs_f64() * 1000.0
        ))
    }

    /// Two meet while the crowd is there, and nobody of it is put out.
    async fn beside(&self, crowd: &mut [Probe]) -> Result<Duration, End> {
        let began = Instant::now();
        let (one, other) = self.pair("p").await?;
        let met = began.elapsed();
        one.leave().await;
        other.leave().await;
        for one in crowd {
            one.catches_up().await?;
        }
        Ok(met)
    }
}

/// How many lines glare may open: half of what its limit of descriptors leaves, since others may want theirs.
fn room_for_lines() -> usize {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: plain system call into a place of our own.
    let asked = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    if asked != 0 {
        return 0;
    }
    let limit = usize::try_from(limit.rlim_cur).unwrap_or(usize::MAX);
    let used = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    limit.saturating_sub(used) / 2 / DESCRIPTORS
}
