//! What the tap hears of a page of the user's, in the place of a driver.

use super::overheard::Overheard;
use super::wire::Wire;
use crate::lock::lock;
use crate::names::PeerName;
use crate::record::{Seq, What};
use crate::signaling::Word;
use crate::terms::{Direction, Ending};

impl Wire {
    /// The same, of a page of the user's: nothing but its tap hears what it hears.
    #[must_use]
    pub fn of_a_page(mut self) -> Self {
        self.page = Some(Overheard::default());
        self
    }

    /// The page hears these words, by their events, now that they have gone on.
    pub(super) fn page_hears(&self, page: &Overheard, link: u32, words: &[Seq]) {
        for seq in words {
            let Some(mut event) = self.recorder.event(*seq) else {
                continue;
            };
            if let What::Released { message, .. } = event.what {
                match self.recorder.event(message) {
                    Some(message) => event = message,
                    None => continue,
                }
            }
            let What::Message {
                word: Some(word),
                about,
                ..
            } = &event.what
            else {
                continue;
            };
            let heard = What::Hears {
                peer: self.peer.clone(),
                link: self.link_name(link),
                kind: word.kind(),
                about: about.clone(),
            };
            let heard = self.recorder.record(heard, &[*seq]);
            page.hears(word, about.as_ref(), heard, |id| self.directory.peer(id));
        }
    }

    /// A line of the page is up: its id may stand in the path.
    pub(super) fn page_dialled(&self, link: u32, path: &str) {
        self.ear(&mut lock(&self.inner), link).overhear_path(path);
    }

    /// A line of the page has ended, as the page sees it.
    pub(super) fn page_closed(&self, link: u32, ending: &Ending) {
        let (code, reason) = match ending {
            // No status is 1005, no close frame 1006 (RFC 6455, section 7.4.1).
            Ending::Close { code, reason } => (code.unwrap_or(1005), reason.clone()),
            Ending::Eof | Ending::Reset => (1006, String::new()),
        };
        let link = self.link_name(link);
        self.recorder
            .record(What::LinkClosed { link, code, reason }, &[]);
    }

    /// What a page says has its causes here.
    pub(super) fn page_intends(
        &self,
        direction: Direction,
        word: Option<&Word>,
        about: Option<&PeerName>,
    ) -> Option<Vec<Seq>> {
        let page = self.page.as_ref()?;
        (direction == Direction::Up).then(|| page.why(word, about))
    }
}
