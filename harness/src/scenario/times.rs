//! How often: `1`, `2..3`, `at least 2`, `at most 3`.

use std::fmt;

/// No more is asked for.
const MOST: u32 = 1_000_000;

/// A number of times, or a range of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    least: u32,
    /// `None`: as many as there are.
    most: Option<u32>,
}

impl Times {
    /// How files write it, for a mistake.
    pub(super) const SHAPE: &'static str = "how often: `1`, `2..3`, `at least 2`, `at most 3`";

    /// Exactly so often.
    pub fn exactly(times: u32) -> Self {
        Self::between(times, times)
    }

    /// From so often to so often, both included.
    pub fn between(least: u32, most: u32) -> Self {
        Self {
            least,
            most: Some(most),
        }
    }

    /// So often, or oftener.
    pub fn at_least(least: u32) -> Self {
        Self { least, most: None }
    }

    /// So often, or less often.
    pub fn at_most(most: u32) -> Self {
        Self::between(0, most)
    }

    /// As files write it. `None`: that is no number of times, or says nothing.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let number = |text: &str| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            let number = text.parse().ok().filter(|number| *number <= MOST);
            number.filter(|_| digits)
        };
        if let Some(least) = text.strip_prefix("at least ") {
            return number(least.trim())
                .filter(|least| *least > 0)
                .map(Self::at_least);
        }
        if let Some(most) = text.strip_prefix("at most ") {
            return number(most.trim()).map(Self::at_most);
        }
        if let Some((least, most)) = text.split_once("..") {
            let (least, most) = (number(least.trim())?, number(most.trim())?);
            return (least < most).then(|| Self::between(least, most));
        }
        number(text).map(Self::exactly)
    }

    /// Whether it is so often.
    pub fn has(self, times: usize) -> bool {
        let times = u32::try_from(times).unwrap_or(u32::MAX);
        self.least <= times && self.most.is_none_or(|most| times <= most)
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.least, self.most) {
            (least, None) => write!(f, "at least {least}"),
            (least, Some(most)) if least == most => write!(f, "{least}"),
            (0, Some(most)) => write!(f, "at most {most}"),
            (least, Some(most)) => write!(f, "{least}..{most}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_it_reads_back() {
        for text in ["0", "1", "2..3", "at least 2", "at most 1"] {
            let times = Times::parse(text).map(|times| times.to_string());
            assert_eq!(times.as_deref(), Some(text));
        }
        for text in [
            "",
            "-1",
            "3..2",
            "2..2",
            "2..",
            "..3",
            "+1",
            "once",
            "at least 0",
            "1.5",
            "9999999999",
        ] {
            assert_eq!(Times::parse(text), None, "{text}");
        }
    }

    #[test]
    fn both_ends_of_a_range_are_in_it() {
        let times = Times::between(2, 3);
        assert_eq!(
            [1, 2, 3, 4].map(|n| times.has(n)),
            [false, true, true, false]
        );
        assert!(Times::at_least(2).has(1000) && !Times::at_least(2).has(1));
        assert!(Times::at_most(1).has(0) && !Times::at_most(1).has(2));
    }
}
