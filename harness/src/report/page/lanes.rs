//! The columns of the diagram: the first peer, the server, the other peers.

use super::html::Html;
use crate::names::PeerName;
use crate::record::Story;

/// Who has which column.
pub(super) struct Lanes {
    /// `None`: the server.
    columns: Vec<Option<PeerName>>,
}

impl Lanes {
    pub fn of(story: &Story) -> Self {
        let mut columns: Vec<Option<PeerName>> = (story.cast.iter())
            .map(|(peer, _)| Some(peer.clone()))
            .collect();
        columns.insert(columns.len().min(1), None);
        Self { columns }
    }

    pub fn columns(&self) -> &[Option<PeerName>] {
        &self.columns
    }

    pub fn server(&self) -> usize {
        self.columns.iter().position(Option::is_none).unwrap_or(0)
    }

    pub fn peer(&self, name: &PeerName) -> Option<usize> {
        (self.columns.iter()).position(|column| column.as_ref() == Some(name))
    }

    /// The only other peer that has a connection, if there is but one.
    pub fn other(&self, name: &PeerName, story: &Story) -> Option<usize> {
        let mut others = story
            .cast
            .iter()
            .filter(|(peer, stack)| *peer != name && *stack != crate::names::Stack::Wire);
        match (others.next(), others.next()) {
            (Some((peer, _)), None) => self.peer(peer),
            _ => None,
        }
    }

    /// Columns and arrows between their middles, as classes: an attribute would need a wider policy.
    pub fn style(&self) -> String {
        let mut html = Html::default();
        self.write_style(&mut html);
        html.finish()
    }

    pub fn write_style(&self, html: &mut Html) {
        let number = self.columns.len() as u64;
        html.raw(".lanes,.heads{display:grid;grid-template-columns:repeat(")
            .number(number)
            .raw(",minmax(0,1fr))}\n.lanes{background-image:linear-gradient(90deg,transparent calc(50% - .5px),var(--line) calc(50% - .5px) calc(50% + .5px),transparent calc(50% + .5px));background-size:calc(100% / ")
            .number(number)
            .raw(") 100%}\n");
        for from in 0..number {
            html.raw(".k")
                .number(from)
                .raw("{grid-column:")
                .number(from + 1)
                .raw("}\n");
            for to in from + 1..number {
                // A half of the first and of the last column, of all that it spans.
                html.raw(".k")
                    .number(from)
                    .raw("-")
                    .number(to)
                    .raw("{grid-column:")
                    .number(from + 1)
                    .raw("/")
                    .number(to + 2)
                    .raw(";margin-inline:calc(50% / ")
                    .number(to - from + 1)
                    .raw(" + 4px)}\n");
            }
        }
    }
}
