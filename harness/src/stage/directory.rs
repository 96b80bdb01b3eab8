//! Who is in the case, as the server knows them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::names::PeerName;
use crate::signaling::{Alias, Book, Conversation, Dialect};

/// Who is in the case, as the server knows them.
#[derive(Clone, Default)]
pub struct Directory {
    names: BTreeMap<String, PeerName>,
    /// Those who are pages of the user's.
    pages: BTreeSet<PeerName>,
    alias: Alias,
    book: Book,
}

impl Directory {
    /// A peer's id is its name.
    pub fn new<'a>(peers: impl Iterator<Item = &'a PeerName>) -> Self {
        Self {
            names: peers
                .map(|name| (name.as_str().to_owned(), name.clone()))
                .collect(),
            pages: BTreeSet::new(),
            alias: Alias::default(),
            book: Book::default(),
        }
    }

    /// The same, where these are pages of the user's, which call themselves as they like.
    #[must_use]
    pub fn with_pages<'a>(mut self, pages: impl Iterator<Item = &'a PeerName>) -> Self {
        self.pages = pages.cloned().collect();
        self
    }

    /// Whether it is a page of the user's.
    pub fn is_page(&self, peer: &PeerName) -> bool {
        self.pages.contains(peer)
    }

    /// The same, where ids and rooms have other names on the wire.
    #[must_use]
    pub fn aliased(mut self, alias: Alias) -> Self {
        self.alias = alias;
        self
    }

    /// What this peer, or the tap in its stead, says and hears on a new connection.
    pub fn conversation(&self, dialect: Arc<Dialect>, peer: &PeerName) -> Conversation {
        let conversation = Conversation::new(dialect, peer.as_str());
        let conversation = match self.is_page(peer) {
            true => conversation.of_a_page(),
            false => conversation,
        };
        conversation
            .aliased(self.alias.clone())
            .with(self.book.clone())
    }

    /// The names that everything has on the wire.
    pub fn alias(&self) -> &Alias {
        &self.alias
    }

    /// Who is called what on the server.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// What words call this peer.
    pub fn id(&self, peer: &PeerName) -> String {
        peer.as_str().to_owned()
    }

    /// The peer behind an id.
    pub fn peer(&self, id: &str) -> Option<PeerName> {
        self.names.get(id).cloned()
    }

    /// Everybody but this one.
    pub fn others(&self, me: &PeerName) -> Vec<PeerName> {
        self.names
            .values()
            .filter(|name| *name != me)
            .cloned()
            .collect()
    }

    /// Everybody but this one, if that is exactly one.
    pub fn other(&self, me: &PeerName) -> Option<PeerName> {
        let mut others = self.names.values().filter(|name| *name != me);
        match (others.next(), others.next()) {
            (Some(one), None) => Some(one.clone()),
            _ => None,
        }
    }

    /// Of whom a signal is that names nobody: of everybody but this one, if that is exactly one, else of the only other one in its room.
    pub fn unnamed(&self, me: &PeerName) -> Option<PeerName> {
        self.other(me).or_else(|| {
            let inside = self.book.with(me.as_str());
            match inside.as_slice() {
                [one] => self.peer(one),
                _ => None,
            }
        })
    }
}
