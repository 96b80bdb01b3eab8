//! What a user does with a page, and what is looked for in it.

/// What a step does with the page of a peer that is one (`app:`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageDeed {
    /// Loads the peer's page, or another path of the same origin.
    Open { path: Option<String> },
    /// Puts text into a field, in the place of what is in it.
    Fill { target: Target, with: Filling },
    /// Clicks in the middle of something, or beside it.
    Click { target: Target, how: Clicking },
    /// Presses a key, as `Enter` or `Control+a`, in a field if one is named.
    Press { key: String, target: Option<Target> },
    /// Waits until something is to be seen so.
    See { target: Target, sight: Sight },
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
    /// Closes the tab that the steps are about; from here on they are about the one before it.
    CloseTab,
    /// Goes to another tab, also to one that the page opened. The steps from here on are about that one.
    SwitchTab { to: Tab },
    /// The page has no network.
    Offline,
    /// It has one again.
    Online,
    /// A picture, beside the record.
    Screenshot { name: Option<String> },
}

/// How something is clicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clicking {
    /// Once, in the middle of it.
    Once,
    /// Twice at once, in the middle of it.
    Twice,
    /// Once, beside it: where a click is for nothing else.
    Outside,
}

/// One of a page's tabs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tab {
    /// By its number, from 1, in the order in which they were opened.
    Number(u32),
    /// The one at this path.
    At(String),
}

/// What is put into a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filling {
    /// This text.
    Text(String),
    /// What the project file calls so: in no record, no log and no picture.
    Secret(String),
}

/// Something in a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// By its role and its accessible name.
    Role { role: &'static str, name: String },
    /// A control of a form, by the text of its label.
    Label(String),
    /// By the text that it shows.
    Text(String),
    /// By a CSS selector.
    Selector(String),
}

/// What is to be seen of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// It is shown.
    Present,
    /// It is not shown (any more).
    Gone,
    /// It is shown and can be used.
    Enabled,
    /// It is shown and cannot be used.
    Disabled,
    /// It is checked or selected.
    Checked,
    /// It is not.
    Unchecked,
    /// It holds this value.
    Value(String),
}

impl Sight {
    /// The word after `is`.
    pub(super) fn word(&self) -> Option<&'static str> {
        match self {
            Sight::Enabled => Some("enabled"),
            Sight::Disabled => Some("disabled"),
            Sight::Checked => Some("checked"),
            Sight::Unchecked => Some("unchecked"),
            Sight::Present | Sight::Gone | Sight::Value(_) => None,
        }
    }
}

/// Roles that have a key of their own.
pub(super) const ROLE_KEYS: &[&str] = &["button", "link", "field", "checkbox", "heading"];

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
