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
    /// Of the input that landed last: what it was aimed at, and whether it hit.
    landed: Option<(String, bool)>,
    /// Why all is gone.
    gone: Option<String>,
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
}

impl Windows {
    /// With the first one, which is driven.
    pub(super) fn new(context: &str) -> Self {
        let windows = Self {
            all: Mutex::default(),
            changed: watch::Sender::new(0),
        };
        windows.opened(context);
        windows.drive(context);
        windows
    }

    fn changed(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    /// For waits.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// A window is there; its number, and whether it is new.
    pub(super) fn opened(&self, context: &str) -> (WindowId, bool) {
        let mut all = lock(&self.all);
        if let Some(known) = all.windows.iter().find(|window| window.context == context) {
            return (known.id, false);
        }
        let id = all.windows.last().map_or(1, |last| last.id + 1);
        all.windows.push(Window {
            id,
            context: context.to_owned(),
            url: "about:blank".to_owned(),
            documents: 0,
            gone: None,
        });
        (id, true)
    }

    /// From here on this one is driven.
    pub(super) fn drive(&self, context: &str) {
        let (id, _) = self.opened(context);
        lock(&self.all).driven.push(id);
    }

    /// The one that was driven before is driven again.
    pub(super) fn drive_the_last(&self) {
        let mut all = lock(&self.all);
        if all.driven.len() > 1 {
            all.driven.pop();
        }
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
        let all = lock(&self.all);
        (all.windows.iter())
            .filter(|window| window.gone.is_none())
            .count()
    }

    /// The driver opens one, which is no news.
    pub(super) fn expect(&self, more: bool) {
        let mut all = lock(&self.all);
        all.expected = match more {
            true => all.expected + 1,
            false => all.expected.saturating_sub(1),
        };
    }

    /// Whether the driver is opening one.
    pub(super) fn is_expected(&self) -> bool {
        lock(&self.all).expected > 0
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
    pub(super) fn landed(&self, aim: &str, hit: bool) {
        lock(&self.all).landed = Some((aim.to_owned(), hit));
        self.changed();
    }

    /// Whether the input that was aimed so hit, once it has landed.
    pub(super) fn has_hit(&self, aim: &str) -> Option<bool> {
        let all = lock(&self.all);
        let landed = all.landed.as_ref().filter(|(known, _)| known == aim);
        landed.map(|(_, hit)| *hit)
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
