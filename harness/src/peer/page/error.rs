//! Why a page did not do what a user would have it do.

use std::fmt;
use std::time::Duration;

/// A step on a page that failed. What the page itself said is cut to a length and escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PageError {
    /// Nothing like it is there.
    NotFound {
        /// `button "Create"`
        wanted: String,
        /// What there is instead, nearest first: `button "Creates"`.
        near: Vec<String>,
        /// How long it was waited for.
        within: Duration,
        /// Where the page was.
        at: String,
    },
    /// Several are there, and it is not said which.
    Many {
        /// `button "Create"`
        wanted: String,
        /// The first of them.
        found: Vec<String>,
        /// How many there are.
        count: u64,
        /// Where the page was.
        at: String,
    },
    /// It is there, and a user could not use it.
    Unusable {
        /// `button "Create"`
        wanted: String,
        /// Why not.
        why: Hindrance,
        /// How long it was waited for.
        within: Duration,
        /// Where the page was.
        at: String,
    },
    /// It is there, and is not to be, or is otherwise than it should.
    Otherwise {
        /// `text "Waiting"`
        wanted: String,
        /// `to be gone`
        expected: String,
        /// What was seen.
        found: Vec<String>,
        /// How long it was waited for.
        within: Duration,
        /// Where the page was.
        at: String,
    },
    /// There is no such tab.
    NoTab {
        /// `tab 3`
        wanted: String,
        /// Those that there are: `tab 1 at http://…`.
        there: Vec<String>,
        /// How long it was waited for; `None`: it cannot come any more.
        within: Option<Duration>,
    },
    /// The page could not be loaded, or was not in time.
    NotLoaded {
        /// The URL.
        url: String,
        /// In the browser's words.
        why: String,
    },
    /// It failed on a page in the place of which the server sent an error.
    Answered {
        /// What was asked for.
        url: String,
        /// The status: 404, 500.
        status: u16,
        /// How it failed.
        then: Box<PageError>,
    },
    /// The page does not answer: its scripts run without a pause.
    Busy {
        /// What it was asked.
        what: String,
        /// How long it was waited for.
        within: Duration,
        /// Where the page was last.
        at: String,
    },
    /// A step that cannot be: no such key, a selector that is none.
    Mistake(String),
    /// The browser refused, in its words.
    Refused(String),
    /// The page is gone: closed, crashed, its browser dead.
    Gone(String),
}

/// Why a user could not use what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hindrance {
    /// It is not shown.
    Hidden,
    /// It is shown, and disabled.
    Disabled,
    /// It can be read only, or is nothing that can be filled.
    NotEditable,
    /// It cannot have the focus.
    NotFocusable,
    /// It moves, or changes its size.
    Moving,
    /// It cannot be brought into view.
    OffScreen,
    /// Something else lies over it, and would get the click.
    Covered {
        /// `div "Loading…"`
        by: String,
    },
    /// It is gone again each time that it is found.
    Fleeting,
    /// There is no place beside it where a click would be for nothing else.
    NoOutside {
        /// What is there in its place, if it does not fill the window.
        by: Option<String>,
    },
    /// It got two clicks, of which the browser counted each by itself.
    Apart,
}

impl fmt::Display for Hindrance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hidden => f.write_str("is not shown"),
            Self::Disabled => f.write_str("is disabled"),
            Self::NotEditable => f.write_str("cannot be filled"),
            Self::NotFocusable => f.write_str("cannot have the focus"),
            Self::Moving => f.write_str("does not stand still"),
            Self::OffScreen => f.write_str("cannot be brought into view"),
            Self::Covered { by } => write!(f, "is covered by {by}, which would get the click"),
            Self::Fleeting => f.write_str("is taken away each time that it is found"),
            Self::NoOutside { by: None } => f.write_str("fills the window: nothing is outside of it"),
            Self::NoOutside { by: Some(by) } => write!(
                f,
                "has no place beside it where a click would be for nothing else: there is {by}"
            ),
            Self::Apart => f.write_str(
                "got two clicks, so far apart that the browser took them for two and not for a double click",
            ),
        }
    }
}

impl std::error::Error for PageError {}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |items: &[String]| items.join(", ");
        match self {
            Self::NotFound {
                wanted,
                near,
                within,
                at,
            } => {
                write!(f, "no {wanted} in {} s at {at}", seconds(*within))?;
                match near.is_empty() {
                    true => f.write_str("; nothing like it is there"),
                    false => write!(f, "; there is {}", list(near)),
                }
            }
            Self::Many {
                wanted,
                found,
                count,
                at,
            } => write!(f, "{count} times {wanted} at {at}: {}", list(found)),
            Self::Unusable {
                wanted,
                why,
                within,
                at,
            } => write!(f, "{wanted} {why} ({} s, at {at})", seconds(*within)),
            Self::Otherwise {
                wanted,
                expected,
                found,
                within,
                at,
            } => write!(
                f,
                "{wanted} was expected {expected} in {} s at {at}, and is there: {}",
                seconds(*within),
                list(found)
            ),
            Self::NoTab {
                wanted,
                there,
                within,
            } => {
                write!(f, "no {wanted}")?;
                if let Some(within) = within {
                    write!(f, " in {} s", seconds(*within))?;
                }
                match there.is_empty() {
                    true => f.write_str("; there is no tab at all"),
                    false => write!(f, "; there is {}", list(there)),
                }
            }
            Self::NotLoaded { url, why } => write!(f, "{url} could not be loaded: {why}"),
            Self::Answered { url, status, then } => {
                write!(f, "{url} was answered with {status}: {then}")
            }
            Self::Busy { what, within, at } => write!(
                f,
                "the page at {at} did not answer in {} s ({what}): its scripts run without a pause, or a dialog is open",
                seconds(*within)
            ),
            Self::Mistake(why) => f.write_str(why),
            Self::Refused(why) => write!(f, "the browser refused: {why}"),
            Self::Gone(why) => write!(f, "the page is gone: {why}"),
        }
    }
}

/// As a reader counts them: to a tenth.
pub(super) fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10.0).round() / 10.0
}
