//! Pages that the tap serves itself, under a path of its own, so that a browser peer has the tap's origin.

use std::collections::BTreeMap;

use bytes::Bytes;

/// The reserved path. Nothing under it is ever forwarded or judged.
pub const PREFIX: &str = "/.glare/";

/// One page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The `Content-Type` header, `text/html; charset=utf-8`.
    pub content_type: String,
    /// The body.
    pub body: Bytes,
}

/// What the tap serves under [`PREFIX`].
#[derive(Clone, Debug, Default)]
pub struct Pages(BTreeMap<String, Page>);

impl Pages {
    /// No pages: every request under the reserved path is answered with 404.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a page; `path` is the whole path, `/.glare/peer.html`.
    #[must_use]
    pub fn with(
        mut self,
        path: impl Into<String>,
        content_type: impl Into<String>,
        body: impl Into<Bytes>,
    ) -> Self {
        let page = Page {
            content_type: content_type.into(),
            body: body.into(),
        };
        self.0.insert(path.into(), page);
        self
    }

    /// The page at this path (without a query).
    pub fn get(&self, path: &str) -> Option<&Page> {
        self.0.get(path)
    }
}
