//! What a user does with a page, and what is looked for in it.

/// What a step does with the page of a peer that is one (`app:`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageDeed {
    /// Loads the peer's page, or another path of the same origin.
    Open { path: Option<String> },
    /// Puts text into a field, in the place of what is in it.
    Fill { target: Target, text: String },
    /// Clicks in the middle of something.
    Click { target: Target },
    /// Presses a key, as `Enter` or `Control+a`, in a field if one is named.
    Press { key: String, target: Option<Target> },
    /// Waits until something can be seen; with `gone`, until it can not.
    See { target: Target, gone: bool },
    /// Loads it anew.
    Reload,
    /// As the browser's button does.
    Back,
    /// As the browser's button does.
    Forward,
    /// Goes to another path of the same origin; without one, to an empty page.
    Navigate { path: Option<String> },
    /// Opens one more tab with the same cookies and storage, which the steps from here on are about.
    NewTab { path: Option<String> },
    /// The page has no network.
    Offline,
    /// It has one again.
    Online,
    /// A picture, beside the record.
    Screenshot { name: Option<String> },
}

/// Something in a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// How it is told from the rest.
    pub by: By,
    /// The nth of those that match, from 1; `None`: there must be one.
    pub nth: Option<u32>,
}

/// How something in a page is told from the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// By its role and name in the accessibility tree.
    Role { role: String, name: Option<String> },
    /// A field of a form, by its name or label.
    Field(String),
    /// By the text that it shows.
    Text(String),
    /// By a CSS selector.
    Selector(String),
}

/// Roles that have a key of their own.
pub(super) const ROLE_KEYS: &[&str] = &["button", "link", "checkbox", "heading"];

impl PageDeed {
    /// Whether the page may do something by itself because of it. What only looks at it does not.
    pub fn acts(&self) -> bool {
        !matches!(self, PageDeed::See { .. } | PageDeed::Screenshot { .. })
    }

    /// Whether the page need not be there before.
    pub fn loads(&self) -> bool {
        matches!(self, PageDeed::Open { .. })
    }
}
