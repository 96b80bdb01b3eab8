//! What the user of a page does in a step.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::director::{BROWSER_WITHIN, IDLE_AFTER, Stage, Stop, Until, fail, fail_as};
use super::driver::Lost;
use super::page;
use crate::lock::lock;
use crate::names::PeerName;
use crate::peer::page::{GRACE, PageError};
use crate::record::{InconclusiveKind, Seq, What};
use crate::scenario::PageDeed;

/// How long after a command that failed the word may come that its page is gone.
const TOLD_WITHIN: Duration = Duration::from_secs(1);
/// How long a picture of a page may take on which a step failed.
const PICTURE_WITHIN: Duration = Duration::from_secs(5);
/// So much before its end a page's step may say that its time is up: browsers round.
const MOMENT: Duration = Duration::from_millis(200);

/// How much longer than it should whoever keeps to a deadline of his own may take: a page's answer to the step, and one more that says what is there.
const OVERTIME: Duration = GRACE
    .saturating_mul(2)
    .saturating_add(Duration::from_secs(2));

impl Stage {
    /// What the user of a page does.
    pub(super) async fn page(
        &mut self,
        peer: &PeerName,
        deed: &PageDeed,
        begun: Seq,
    ) -> Result<(), Stop> {
        let until = self.until;
        let began = Instant::now();
        match timeout_at(self.end, self.actor(peer)?.live()).await {
            Ok(lives) => lives?,
            Err(_) => return Err(self.late(&format!("{peer}'s coming back"), until)),
        }
        let times = (BROWSER_WITHIN, until.within.min(BROWSER_WITHIN));
        if let Some(opening) = self.actor(peer)?.opening(deed, begun, times) {
            let opens = self.within(BROWSER_WITHIN);
            if let Err(error) = self.watching(opens, opening).await? {
                return Err(self.unable(peer, &error, begun, opens).await);
            }
        }
        // What a browser and a load take that no step asks for is nobody's fault.
        let until = Until {
            at: (until.at + began.elapsed()).min(self.end),
            ..until
        };
        let left = until.at.saturating_duration_since(Instant::now());
        let Some(work) = self.actor(peer)?.deed(deed, begun, left) else {
            return Err(fail(format!("{peer} is no page")));
        };
        match self.watching(until, work).await? {
            Ok(None) => Ok(()),
            Ok(Some(picture)) => {
                let name = match deed {
                    PageDeed::Screenshot { name: Some(name) } => name.clone(),
                    _ => self.number(begun),
                };
                self.actor(peer)?.keep_picture(&name, &picture);
                Ok(())
            }
            Err(error) => Err(self.unable(peer, &error, begun, until).await),
        }
    }

    /// What a user could not do, with a picture of what was there.
    async fn unable(
        &mut self,
        peer: &PeerName,
        error: &PageError,
        begun: Seq,
        until: Until,
    ) -> Stop {
        let mut message = format!("{peer}: {error}");
        // What could not be done before its time was up was not for want of time.
        let now = Instant::now();
        let (late, until) = match error {
            // Scripts that do not rest are told before what a load may take is over.
            PageError::Busy { .. } => (true, until.up_to(now)),
            _ => (now + MOMENT >= until.at, until),
        };
        let kept = self.kept_waiting(until).filter(|_| late);
        let name = self.number(begun);
        if let Some(actor) = self.actors.get(peer)
            // It would have to draw itself, and does not rest.
            && !matches!(error, PageError::Busy { .. })
            && let Some(picture) = actor.picture(PICTURE_WITHIN)
            && let Ok(Some(picture)) = timeout(PICTURE_WITHIN, picture).await
            && let Some(path) = actor.keep_picture(&name, &picture)
        {
            message.push_str(&format!("; a picture of it: {}", path.display()));
        }
        if matches!(error, PageError::Gone(_)) {
            self.heard_of_the_end(peer).await;
        }
        match self.take_in() {
            Ok(()) => match kept {
                Some(why) => Stop::Trouble(
                    InconclusiveKind::Environment,
                    format!("{message}; but {why}"),
                ),
                None => fail_as(page::failure(error), message),
            },
            Err(stop) => stop,
        }
    }

    /// Waits a moment for the word that a page is gone, and whose fault that is: its next command may fail before.
    async fn heard_of_the_end(&self, peer: &PeerName) {
        let told = |list: &Lost| lock(list).iter().any(|(gone, _)| gone == peer);
        let heard = async {
            let mut next = self.recorder.count();
            while !told(&self.lost) && !told(&self.left) {
                next += self.recorder.next_from(next).await.len() as Seq;
            }
        };
        let _ = timeout(TOLD_WITHIN, heard).await;
    }

    /// Keeps a picture of each page, as it is when a step has failed, whoever's that was.
    pub(super) async fn pictures(&self) {
        let name = self.number(self.ended);
        let missing = self
            .actors
            .values()
            .filter(|actor| !actor.has_picture(&name));
        let taken = missing.filter_map(|actor| {
            let picture = actor.picture(PICTURE_WITHIN)?;
            let name = &name;
            Some(async move {
                if let Ok(Some(picture)) = timeout(PICTURE_WITHIN, picture).await {
                    actor.keep_picture(name, &picture);
                }
            })
        });
        join_all(taken).await;
    }

    /// What a picture is called that a step takes.
    fn number(&self, begun: Seq) -> String {
        match self.recorder.event(begun).map(|event| event.what.clone()) {
            Some(What::Step { index, .. }) => format!("step-{index}"),
            _ => "step".to_owned(),
        }
    }

    /// Waits for what somebody does who keeps to a deadline of his own; stops at what must never happen.
    async fn watching<T>(
        &mut self,
        until: Until,
        work: impl Future<Output = T>,
    ) -> Result<T, Stop> {
        let mut work = std::pin::pin!(work);
        let mut idle = Instant::now() + IDLE_AFTER;
        let latest = (until.at + OVERTIME).min(self.end.max(until.at));
        loop {
            self.take_in()?;
            let next = match self.turn.is_held() {
                true => idle.min(latest),
                false => latest,
            };
            let more = self.recorder.next_from(self.taken);
            tokio::select! {
                biased;
                done = &mut work => {
                    self.take_in()?;
                    return Ok(done);
                }
                _ = more => {}
                () = sleep_until(next) => {
                    if next == latest {
                        return Err(self.late("what its user was to do", until));
                    }
                    idle = self.waits_idly();
                }
            }
        }
    }
}
