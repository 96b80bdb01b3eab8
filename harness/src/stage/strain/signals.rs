//! Signals in great number: of one pair, and of one pair beside somebody who does not read.

use std::time::Duration;

use tokio::time::Instant;

use super::{EACH_WITHIN, End, Load, Took};
use crate::mind::{candidate, description as sdp};
use crate::signaling::{Kind, Signal};
use crate::stage::probe::{Probe, Stuck};

/// So many are said before they are heard.
pub(super) const WINDOW: u32 = 64;

/// A pair beside somebody who does harm says two at a time: one alone would not show that one before it was lost.
pub(super) const BESIDE: u32 = 2;

/// How long a signal may take beside one who does not read: a server that waits till it has let him go takes longer.
const BESIDE_THE_DEAF: Duration = Duration::from_secs(5);

/// How large each thing is that one is told who does not read, bytes.
pub(super) const LARGE: usize = 8 * 1024;

/// How often a pair goes on beside one who does not read; for so long where nothing shows that the server has taken in what it was told for him.
const GOES_ON: u32 = 100;
const GOES_ON_FOR: Duration = Duration::from_secs(4);

/// How long the server may take for what one says at once, until it counts as taking no more.
const TAKEN_WITHIN: Duration = Duration::from_secs(2);

/// How long a server may take at least to tell a sender that something of his is not passed on: what came after it may be heard before that.
pub(super) const TOLD_WITHIN: Duration = Duration::from_secs(5);

/// So often it is looked whether a sender was told, where nothing comes of what he said.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// An offer that nobody applies.
pub(super) fn description(session: &str) -> Signal {
    Signal::Offer {
        sdp: sdp(session).into(),
    }
}

/// The session's name in an offer.
pub(super) fn session_of(signal: &Signal) -> &str {
    let Signal::Offer { sdp } = signal else {
        return "";
    };
    let mut lines = sdp.lines();
    lines.find_map(|line| line.strip_prefix("s=")).unwrap_or("")
}

/// What is wrong with what came.
#[derive(Debug, PartialEq, Eq)]
enum Wrong {
    /// Something before it did not come. Its sender may have been told so.
    Gap(String),
    Other(String),
}

/// What is told apart by a number, in one direction of a pair.
pub(super) struct Course {
    kind: Kind,
    pub(super) said: u32,
    heard: u32,
    /// What is relayed may come out changed: then it is only counted.
    counts: bool,
    unordered: bool,
    repeats: bool,
    /// Those of the window that have come, where they may come in any order.
    came: Vec<u32>,
}

impl Course {
    pub(super) fn new(load: &Load<'_>) -> Self {
        let dialect = load.strangers.dialect();
        let properties = dialect.properties();
        let trickles = dialect.says(Kind::Candidate) && dialect.hears(Kind::Candidate);
        Self {
            kind: if trickles {
                Kind::Candidate
            } else {
                Kind::Offer
            },
            said: 0,
            heard: 0,
            counts: properties.rewrites,
            unordered: properties.unordered,
            repeats: properties.repeats,
            came: Vec::new(),
        }
    }

    pub(super) fn next(&mut self) -> Signal {
        self.said += 1;
        match self.kind {
            Kind::Candidate => Signal::Candidate {
                candidate: candidate(self.said),
            },
            _ => description(&self.said.to_string()),
        }
    }

    /// Takes in what was heard; what is wrong with it.
    fn take(&mut self, signal: &Signal) -> Result<(), Wrong> {
        let next = self.heard + 1;
        if self.counts {
            self.heard = next;
            return Ok(());
        }
        let digits = match signal {
            Signal::Candidate { candidate } => candidate.candidate.trim_start_matches("candidate:"),
            signal => session_of(signal),
        };
        let digits = digits.split(' ').next().unwrap_or_default().trim_end();
        let wrong = match digits.parse::<u32>() {
            Ok(number) if number == next && !self.unordered => {
                self.heard = next;
                return Ok(());
            }
            Ok(number) if number <= self.heard || self.came.contains(&number) => {
                match self.repeats {
                    true => return Ok(()),
                    false => Wrong::Other(self.wrong(&format!("number {number} came twice"))),
                }
            }
            Ok(number) if self.unordered && number <= self.said => {
                self.came.push(number);
                if self.heard as usize + self.came.len() == self.said as usize {
                    self.heard = self.said;
                    self.came.clear();
                }
                return Ok(());
            }
            Ok(number) => {
                Wrong::Gap(self.wrong(&format!("number {number} came, and number {next} did not")))
            }
            Err(_) => {
                let what = format!("what came in the place of number {next} is another");
                Wrong::Other(self.wrong(&what))
            }
        };
        Err(wrong)
    }

    fn wrong(&self, what: &str) -> String {
        format!("of {} signals of one to another {what}", self.said)
    }

    fn is_behind(&self) -> bool {
        self.heard < self.said
    }
}

/// Says so many, and hears them.
pub(super) async fn passes(
    load: &Load<'_>,
    (from, to): (&mut Probe, &mut Probe),
    course: &mut Course,
    many: u32,
    within: Duration,
) -> Result<(), End> {
    for _ in 0..many {
        let signal = course.next();
        let said = from.signals(to.id(), signal).await;
        said.map_err(|stuck| whose(stuck, from))?;
    }
    let mut until = load.until.min(Instant::now() + within);
    while course.is_behind() {
        let next = until.min(Instant::now() + LOOK_EVERY);
        match to.hears(course.kind, next).await {
            Ok(signal) => {
                match course.take(&signal) {
                    Ok(()) => {}
                    Err(Wrong::Gap(why)) => return Err(lost(load, from, why).await),
                    Err(Wrong::Other(why)) => return Err(End::Loss(why)),
                }
                until = load.until.min(Instant::now() + within);
            }
            Err(Stuck::Server(why)) if !to.is_outside() => {
                let heard = course.heard;
                // Who was told that it was not passed on, or is let go, has lost nothing without a word.
                let told = from.catches_up().await;
                told.map_err(|stuck| whose(stuck, from).after(heard, "signals"))?;
                if Instant::now() < until {
                    continue;
                }
                let within = within.as_secs();
                let why = format!("after {heard} signals {why} (within {within} s)");
                return Err(match until < load.until {
                    true => End::Absence(why),
                    false => End::Loss(why),
                });
            }
            Err(stuck) => {
                from.catches_up().await?;
                return Err(whose(stuck, to).after(course.heard, "signals"));
            }
        }
    }
    Ok(())
}

/// That something was lost on the way from him; unless he is told so within the time that the server has for that.
async fn lost(load: &Load<'_>, from: &mut Probe, why: String) -> End {
    let answers = load.strangers.dialect().properties().answers_within;
    let within = answers.unwrap_or_default().max(TOLD_WITHIN);
    match from.is_let_be(within).await {
        Ok(()) => End::Loss(why),
        Err(stuck) => match whose(stuck, from) {
            End::Told(told) => End::Told(format!("{told}, and {why}")),
            end => end,
        },
    }
}

/// Why somebody got no further: he is outside, or something was lost.
pub(super) fn whose(stuck: Stuck, probe: &Probe) -> End {
    match stuck {
        Stuck::Server(why) if probe.is_outside() => End::Limit(why),
        Stuck::Server(why) => End::Loss(why),
        Stuck::Told(why) => End::Told(why),
        Stuck::Harness(why) => End::Harness(why),
    }
}

impl Load<'_> {
    pub(super) async fn signals(&self) -> Result<String, End> {
        let (mut one, mut other) = self.pair("p").await.map_err(End::before)?;
        let mut course = Course::new(self);
        let began = Instant::now();
        while course.said < self.times {
            let many = WINDOW.min(self.times - course.said);
            passes(self, (&mut one, &mut other), &mut course, many, EACH_WITHIN).await?;
        }
        let took = began.elapsed();
        one.leave().await;
        other.leave().await;
        Ok(format!("{} signals{}", self.times, rate(self.times, took)))
    }

    pub(super) async fn dialogue(&self) -> Result<String, End> {
        let (mut one, mut other) = self.pair("p").await.map_err(End::before)?;
        let (mut there, mut back) = (Course::new(self), Course::new(self));
        let began = Instant::now();
        while there.said < self.times {
            let many = WINDOW.min(self.times - there.said);
            // Under way at once: what goes back is said before what came is heard.
            for _ in 0..many {
                let signal = back.next();
                let said = other.signals(one.id(), signal).await;
                said.map_err(|stuck| whose(stuck, &other))?;
            }
            passes(self, (&mut one, &mut other), &mut there, many, EACH_WITHIN).await?;
            passes(self, (&mut other, &mut one), &mut back, 0, EACH_WITHIN).await?;
        }
        let took = began.elapsed();
        one.leave().await;
        other.leave().await;
        let both = self.times.saturating_mul(2);
        Ok(format!(
            "{both} signals, half of them each way{}",
            rate(both, took)
        ))
    }

    /// Tells one who does not read what he does not read; how many things that were.
    pub(super) async fn tells_the_deaf(&self, loud: &mut Probe, deaf: &Probe) -> u32 {
        let large = description(&"x".repeat(LARGE));
        let fenced = self.strangers.dialect().says(Kind::Fence);
        let mut told = 0;
        while told < self.times {
            for _ in 0..WINDOW.min(self.times - told) {
                // Who is put out for it has no more to say.
                if loud.signals(deaf.id(), large.clone()).await.is_err() {
                    break;
                }
                told += 1;
            }
            // That the server takes no more from him, or lets him go, is its right.
            if loud.is_outside() || (fenced && !loud.is_done_with(TAKEN_WITHIN).await) {
                break;
            }
        }
        told
    }

    pub(super) async fn deaf(&self) -> Result<String, End> {
        let (mut one, mut other) = self.pair("p").await.map_err(End::before)?;
        let (mut loud, mut deaf) = self.pair("q").await.map_err(End::before)?;
        deaf.stops_reading().await;
        let fenced = self.strangers.dialect().says(Kind::Fence);
        let told = self.tells_the_deaf(&mut loud, &deaf).await;
        let mut course = Course::new(self);
        let mut took = Took::default();
        let since = Instant::now();
        while course.said < GOES_ON || (!fenced && since.elapsed() < GOES_ON_FOR) {
            let began = Instant::now();
            passes(
                self,
                (&mut one, &mut other),
                &mut course,
                BESIDE,
                BESIDE_THE_DEAF,
            )
            .await?;
            took.since(began);
        }
        // Who does not read would not hear that his line is closed.
        let cut = deaf.is_cut_off(self.soon()).await;
        cut.map_err(|stuck| whose(stuck, &deaf))?;
        let kb = u64::from(told) * (LARGE as u64 / 1024);
        for one in [one, other, loud, deaf] {
            one.leave().await;
        }
        Ok(format!(
            "{} signals of a pair beside {kb} kB to one who does not read; by twos, {took}",
            course.said
        ))
    }
}

fn rate(many: u32, took: Duration) -> String {
    let second = took.as_secs_f64();
    format!(
        " in {second:.2} s, {:.0} a second",
        f64::from(many) / second.max(f64::EPSILON)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course(said: u32) -> Course {
        Course {
            kind: Kind::Candidate,
            said,
            heard: 0,
            counts: false,
            unordered: false,
            repeats: false,
            came: Vec::new(),
        }
    }

    fn taken(mut course: Course, numbers: &[u32]) -> Result<bool, Wrong> {
        for number in numbers {
            let candidate = candidate(*number);
            course.take(&Signal::Candidate { candidate })?;
        }
        Ok(course.is_behind())
    }

    #[test]
    fn what_is_lost_doubled_or_out_of_order_is_told_by_its_number() {
        assert_eq!(taken(course(3), &[1, 2, 3]), Ok(false));
        assert_eq!(taken(course(3), &[1, 2]), Ok(true));
        let wrong = |numbers: &[u32]| taken(course(3), numbers).expect_err("it is wrong");
        let of_three = |what: &str| format!("of 3 signals of one to another {what}");
        let gap = of_three("number 3 came, and number 2 did not");
        assert_eq!(wrong(&[1, 3]), Wrong::Gap(gap));
        let twice = of_three("number 1 came twice");
        assert_eq!(wrong(&[1, 1]), Wrong::Other(twice));
    }

    #[test]
    fn what_a_dialect_lifts_is_no_loss() {
        let unordered = || Course {
            unordered: true,
            ..course(3)
        };
        assert_eq!(taken(unordered(), &[2, 3, 1]), Ok(false));
        assert_eq!(taken(unordered(), &[2, 3]), Ok(true));
        let repeats = Course {
            repeats: true,
            ..course(2)
        };
        assert_eq!(taken(repeats, &[1, 1, 2]), Ok(false));
        let counts = Course {
            counts: true,
            ..course(2)
        };
        assert_eq!(taken(counts, &[7, 7]), Ok(false));
    }
}
