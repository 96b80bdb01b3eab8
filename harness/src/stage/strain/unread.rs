//! What a server holds for one who does not read, beside what the same takes when it is read.

use std::fmt;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::signals::{LARGE, WINDOW, description, whose};
use super::{End, Load};
use crate::signaling::Kind;
use crate::stage::probe::Probe;

/// So often it is looked what is held.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// It grows no more when it has not for so many looks, by so much (kB).
const LOOKS: u32 = 5;
const STILL: u64 = 256;

/// How long it may grow, at most.
const GROWS_FOR: Duration = Duration::from_secs(10);

/// Servers hold several times what waits: as text, as bytes, in lists that double, until what collects it comes by. None that is right holds so
/// many times as much, both of what was said and of what it takes to pass the same on.
const BEYOND: u64 = 10;

/// What was found, kB.
#[derive(Clone, Copy, Debug)]
struct Held {
    /// So much was said to one who does not read it.
    said: u64,
    /// So much more is held for it.
    unread: u64,
    /// So much more was held when the same was read.
    read: u64,
}

impl Held {
    fn is_beyond(self) -> bool {
        let much = self.said.max(self.read) * BEYOND;
        self.unread >= much && self.said > 0
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mb = |kb: u64| kb as f64 / 1024.0;
        if self.is_beyond() {
            f.write_str("out of all proportion: ")?;
        }
        write!(
            f,
            "for {:.1} MB that one does not read the server's processes hold {:.1} MB more; for the same, read, {:.1} MB more",
            mb(self.said),
            mb(self.unread),
            mb(self.read)
        )?;
        if self.is_beyond() {
            let times = self.unread / self.said;
            write!(
                f,
                ". That is {times} times what was said: a few who do not read take all the memory that there is; bound what waits for each"
            )?;
        }
        Ok(())
    }
}

impl Load<'_> {
    /// First he reads it, which shows what it takes to pass it on at all.
    pub(super) async fn unread(&self) -> Result<String, End> {
        let (mut loud, mut ear) = self.pair("q").await.map_err(End::before)?;
        let before = self.most_held().await?;
        // That something is lost here is the matter of others.
        let read = self.tells_who_reads(&mut loud, &mut ear).await;
        let while_read = match read {
            Err(End::Loss(why) | End::Absence(why)) => return Err(End::Limit(why)),
            read => read?,
        };
        let while_read = while_read.max(self.most_held().await?);
        let between = self.usage()?.resident;
        ear.stops_reading().await;
        let told = self.tells_the_deaf(&mut loud, &ear).await;
        let unread = self.most_held().await?;
        // Who does not read would not hear that his line is closed.
        let cut = ear.is_cut_off(self.soon()).await;
        cut.map_err(|stuck| whose(stuck, &ear))?;
        for one in [loud, ear] {
            one.leave().await;
        }
        let held = Held {
            said: u64::from(told) * (LARGE as u64 / 1024),
            unread: unread.saturating_sub(between),
            read: while_read.saturating_sub(before),
        };
        Ok(held.to_string())
    }

    /// The most that is held meanwhile.
    async fn tells_who_reads(&self, loud: &mut Probe, ear: &mut Probe) -> Result<u64, End> {
        let large = description(&"x".repeat(LARGE));
        let (mut told, mut most) = (0, 0);
        while told < self.times {
            let many = WINDOW.min(self.times - told);
            for _ in 0..many {
                let said = loud.signals(ear.id(), large.clone()).await;
                said.map_err(|stuck| whose(stuck, loud))?;
            }
            let until = self.soon();
            for _ in 0..many {
                if let Err(stuck) = ear.hears(Kind::Offer, until).await {
                    // Who was told that it is not passed on knows why.
                    loud.catches_up().await?;
                    return Err(whose(stuck, ear).after(told, "signals that were read"));
                }
            }
            told += many;
            most = most.max(self.usage()?.resident);
        }
        Ok(most)
    }

    /// The most that is held until that grows no more.
    async fn most_held(&self) -> Result<u64, End> {
        let until = Instant::now() + GROWS_FOR;
        let (mut most, mut since) = (self.usage()?.resident, 0);
        while since < LOOKS && Instant::now() < until {
            sleep(LOOK_EVERY).await;
            let now = self.usage()?.resident;
            since = match now > most + STILL {
                true => 0,
                false => since + 1,
            };
            most = most.max(now);
        }
        Ok(most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_stands_out_where_it_is_many_times_both_what_was_said_and_what_it_takes_to_pass_it_on()
     {
        let mb = |mb: u64| mb * 1024;
        let beyond = |said, unread, read| {
            let held = Held {
                said: mb(said),
                unread: mb(unread),
                read: mb(read),
            };
            let told = held.to_string();
            assert_eq!(told.contains("out of all proportion"), held.is_beyond());
            held.is_beyond()
        };
        // What servers were measured to hold.
        for (unread, read) in [(19, 28), (43, 44), (0, 1), (0, 0)] {
            assert!(!beyond(9, unread, read));
        }
        assert!(!beyond(9, 89, 0), "not ten times what was said");
        assert!(!beyond(9, 200, 28), "not ten times what it takes");
        assert!(beyond(9, 192, 2));
        assert!(!beyond(0, 500, 0), "he took nothing");
    }
}
