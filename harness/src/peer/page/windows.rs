//! The windows of a user page, as the browser tells of them.

use std::sync::Mutex;

use tokio::sync::watch;

use super::event::WindowId;
use crate::lock::lock;

/// Shared between who drives and who watches.
#[derive(Debug)]
pub(super) struct Windows {
    all: Mutex<All>,
    /// Counts all that may end a wait: another document, a window that is gone.
    changed: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct All {
    windows: Vec<Window>,
    /// Which are driven, the last one now.
    driven: Vec<WindowId>,
    /// How many the driver is just opening.
    expected: usize,
    /// Of the input that landed last: what it was aimed at, and how it landed.
    landed: Option<(String, Landing)>,
    /// Why all is gone.
    gone: Option<String>,
}

/// How input landed that was aimed at something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Landing {
    /// Where it was meant to.
    Hit,
    /// Elsewhere: none of it reached the page.
    Missed,
    /// Where it was meant to; but of two clicks the browser counted each by itself.
    Apart,
}

#[derive(Clone, Debug)]
pub(super) struct Window {
    pub(super) id: WindowId,
    /// The browsing context.
    pub(super) context: String,
    pub(super) url: String,
    /// How many documents it has had.
    pub(super) documents: u64,
    pub(super) gone: Option<String>,
    /// The browser has told of it.
    told: bool,
    /// The driver opened it.
    own: bool,
    /// Which of its documents is known to answer, as those of the driver's own all do.
    awake: Option<u64>,
}

impl Windows {
    /// With the first one, which is driven.
    pub(super) fn new(context: &str) -> Self {
        let windows = Self {
            all: Mutex::default(),
            changed: watch::Sender::new(0),
        };
        windows.drive(context);
        windows.told(context);
        windows
    }

    fn changed(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    /// For waits.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// The browser tells of a window. Its number, and whether the driver opens it, or is just opening one; `None` if it is no news. The driver may
    /// have heard of its own before.
    pub(super) fn told(&self, context: &str) -> Option<(WindowId, bool)> {
        let mut all = lock(&self.all);
        let expected = all.expected > 0;
        let window = all.known(context);
        if std::mem::replace(&mut window.told, true) {
            return None;
        }
        let news = (window.id, window.own || expected);
        drop(all);
        self.changed();
        Some(news)
    }

    /// The driver has opened this one, and from here on drives it.
    pub(super) fn drive(&self, context: &str) {
        let mut all = lock(&self.all);
        let window = all.known(context);
        window.own = true;
        let id = window.id;
        all.driven.push(id);
    }

    /// The driver has opened this one.
    pub(super) fn owns(&self, context: &str) {
        lock(&self.all).known(context).own = true;
    }

    /// From here on the one of this number is driven, which the driver need not have opened.
    pub(super) fn turn_to(&self, id: WindowId) {
        let mut all = lock(&self.all);
        all.driven.retain(|driven| *driven != id);
        all.driven.push(id);
    }

    /// The one that was driven before is driven again, or whichever is there still.
    pub(super) fn drive_the_last(&self) {
        let mut all = lock(&self.all);
        let lives = |id: &WindowId| all.living().any(|window| window.id == *id);
        let before = all.driven.iter().rev().copied().find(lives);
        let next = before.or_else(|| all.living().last().map(|window| window.id));
        if let Some(next) = next {
            all.driven.retain(|driven| *driven != next);
            all.driven.push(next);
        }
    }

    /// Whether the document that this window has is known to answer commands.
    pub(super) fn is_awake(&self, window: &Window) -> bool {
        window.own || window.awake == Some(window.documents)
    }

    /// It does.
    pub(super) fn awake(&self, window: &Window) {
        let mut all = lock(&self.all);
        let known = all.windows.iter_mut().find(|known| known.id == window.id);
        if let Some(known) = known {
            known.awake = Some(window.documents);
        }
    }

    /// Those that are there, in the order of their numbers.
    pub(super) fn living(&self) -> Vec<Window> {
        lock(&self.all).living().cloned().collect()
    }

    /// Why the one of this number is gone, if it was there.
    pub(super) fn why_gone(&self, id: WindowId) -> Option<String> {
        let all = lock(&self.all);
        let window = all.windows.iter().find(|window| window.id == id);
        window.and_then(|window| window.gone.clone())
    }

    /// Why no window can be opened any more, if so.
    pub(super) fn all_gone(&self) -> Option<String> {
        lock(&self.all).gone.clone()
    }

    /// The one that is driven now.
    pub(super) fn driven(&self) -> Window {
        let all = lock(&self.all);
        let mut window = (all.driven.last())
            .and_then(|id| all.windows.iter().find(|window| window.id == *id))
            .cloned()
            .unwrap_or_else(|| Window {
                id: 0,
                context: String::new(),
                url: String::new(),
                documents: 0,
                gone: Some("it has no window".to_owned()),
                told: false,
                own: false,
                awake: None,
            });
        if let Some(why) = &all.gone {
            window.gone = Some(why.clone());
        }
        window
    }

    /// The number of a window; of frames, none.
    pub(super) fn id(&self, context: &str) -> Option<WindowId> {
        let all = lock(&self.all);
        let window = all.windows.iter().find(|window| window.context == context);
        window.map(|window| window.id)
    }

    /// The browsing context of a window.
    pub(super) fn context(&self, id: WindowId) -> Option<String> {
        let all = lock(&self.all);
        let window = all.windows.iter().find(|window| window.id == id);
        window.map(|window| window.context.clone())
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        lock(&self.all).living().count()
    }

    /// The driver opens one, which is no news.
    pub(super) fn expect(&self, more: bool) {
        let mut all = lock(&self.all);
        all.expected = match more {
            true => all.expected + 1,
            false => all.expected.saturating_sub(1),
        };
    }

    /// It is elsewhere; with another document, if it is a `new` one.
    pub(super) fn went_to(&self, id: WindowId, url: &str, new: bool) {
        if let Some(window) = (lock(&self.all).windows.iter_mut()).find(|window| window.id == id) {
            url.clone_into(&mut window.url);
            window.documents += u64::from(new);
        }
        self.changed();
    }

    /// Input landed.
    pub(super) fn landed(&self, aim: &str, landing: Landing) {
        lock(&self.all).landed = Some((aim.to_owned(), landing));
        self.changed();
    }

    /// How the input that was aimed so landed, once it has.
    pub(super) fn landing(&self, aim: &str) -> Option<Landing> {
        let all = lock(&self.all);
        let landed = all.landed.as_ref().filter(|(known, _)| known == aim);
        landed.map(|(_, landing)| *landing)
    }

    /// It is gone. Says whether that is news.
    pub(super) fn lost(&self, id: WindowId, why: &str) -> bool {
        let news = (lock(&self.all).windows.iter_mut())
            .find(|window| window.id == id && window.gone.is_none())
            .map(|window| window.gone = Some(why.to_owned()))
            .is_some();
        self.changed();
        news
    }

    /// All are gone. Says whether that is news.
    pub(super) fn all_lost(&self, why: &str) -> bool {
        let mut all = lock(&self.all);
        let news = all.gone.is_none();
        if news {
            all.gone = Some(why.to_owned());
        }
        drop(all);
        self.changed();
        news
    }
}

impl All {
    /// The window of this browsing context, which is there from now on.
    fn known(&mut self, context: &str) -> &mut Window {
        let known = (self.windows.iter()).position(|window| window.context == context);
        let at = known.unwrap_or_else(|| {
            let id = self.windows.last().map_or(1, |last| last.id + 1);
            self.windows.push(Window {
                id,
                context: context.to_owned(),
                url: "about:blank".to_owned(),
                documents: 0,
                gone: None,
                told: false,
                own: false,
                awake: None,
            });
            self.windows.len() - 1
        });
        &mut self.windows[at]
    }

    fn living(&self) -> impl DoubleEndedIterator<Item = &Window> {
        self.windows.iter().filter(|window| window.gone.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tab_of_the_drivers_is_news_when_the_browser_tells_of_it_late_and_is_not_the_pages_doing() {
        let windows = Windows::new("first");
        windows.expect(true);
        windows.drive("second");
        windows.expect(false);
        assert_eq!(windows.told("second"), Some((2, true)));
        assert_eq!(windows.told("second"), None);
        assert_eq!(windows.told("third"), Some((3, false)), "the page's doing");
    }

    #[test]
    fn behind_a_tab_that_closes_is_the_one_that_was_driven_before_and_is_there_still() {
        let windows = Windows::new("first");
        windows.drive("second");
        windows.drive("third");
        windows.turn_to(1);
        for (closed, then) in [(1, 3), (3, 2)] {
            windows.lost(closed, "it was closed");
            windows.drive_the_last();
            assert_eq!(windows.driven().id, then);
        }
        windows.told("fourth");
        windows.lost(2, "it was closed");
        windows.drive_the_last();
        assert_eq!(windows.driven().id, 4, "one that was never driven");
        windows.lost(4, "it was closed");
        windows.drive_the_last();
        assert_eq!(windows.driven().gone.as_deref(), Some("it was closed"));
    }
}
