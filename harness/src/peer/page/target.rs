//! What a step is about: something on a page, as a person would name it.

use std::fmt;

use serde::Serialize;
use url::Url;

use super::event::WindowId;
use super::windows::Window;

/// Something on a page. Names are whole, as the page shows them: `Create` is not `Create another`; white space counts as one space.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// `button: "Create"`: by its role and its accessible name (W3C Accessible Name and Description Computation).
    Role(Role, String),
    /// `label: "Room name"`: a form control by the text of its label alone.
    Label(String),
    /// `text: "Waiting"`: the innermost element that shows this text, or text with this in it.
    Text(String),
    /// `selector: "#log li"`: a CSS selector, where there is no name.
    Selector(String),
}

/// What kind of thing it is, for one who uses it (WAI-ARIA 1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// `button`
    Button,
    /// `link`
    Link,
    /// What can be filled: `textbox`, `searchbox`, `combobox`, `spinbutton`.
    Field,
    /// `checkbox` or `switch`
    Checkbox,
    /// `radio`
    Radio,
    /// `option` of a list
    Option,
    /// `tab`
    Tab,
    /// `menuitem`
    MenuItem,
    /// `heading`
    Heading,
    /// `dialog` or `alertdialog`
    Dialog,
    /// `img`
    Image,
    /// `list`
    List,
    /// `listitem`
    ListItem,
    /// `alert`
    Alert,
    /// `status`
    Status,
    /// `log`
    Log,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 16] = [
        Self::Button,
        Self::Link,
        Self::Field,
        Self::Checkbox,
        Self::Radio,
        Self::Option,
        Self::Tab,
        Self::MenuItem,
        Self::Heading,
        Self::Dialog,
        Self::Image,
        Self::List,
        Self::ListItem,
        Self::Alert,
        Self::Status,
        Self::Log,
    ];

    /// The word in a scenario.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Button => "button",
            Self::Link => "link",
            Self::Field => "field",
            Self::Checkbox => "checkbox",
            Self::Radio => "radio",
            Self::Option => "option",
            Self::Tab => "tab",
            Self::MenuItem => "menuitem",
            Self::Heading => "heading",
            Self::Dialog => "dialog",
            Self::Image => "image",
            Self::List => "list",
            Self::ListItem => "listitem",
            Self::Alert => "alert",
            Self::Status => "status",
            Self::Log => "log",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Target {
    /// `button "Create"`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(role, name) => write!(f, "{role} {name:?}"),
            Self::Label(name) => write!(f, "control labelled {name:?}"),
            Self::Text(text) => write!(f, "text {text:?}"),
            Self::Selector(selector) => write!(f, "selector {selector:?}"),
        }
    }
}

/// One of a page's windows or tabs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Tab {
    /// By its number, from 1 in the order in which they opened.
    Number(WindowId),
    /// The one at this path; with its query, if one is said.
    At(String),
}

impl Tab {
    /// Whether it is this one.
    pub(super) fn is(&self, window: &Window) -> bool {
        match self {
            Self::Number(id) => window.id == *id,
            Self::At(path) => Url::parse(&window.url).is_ok_and(|url| {
                let query = url.query().filter(|_| path.contains('?'));
                let query = query.map(|query| format!("?{query}")).unwrap_or_default();
                url.has_host() && format!("{}{query}", url.path()) == *path
            }),
        }
    }
}

impl fmt::Display for Tab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(id) => write!(f, "tab {id}"),
            Self::At(path) => write!(f, "tab at {path:?}"),
        }
    }
}

/// What is to be seen of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sight {
    /// At least one such is shown.
    Present,
    /// None is shown. That holds for a page that has loaded alone.
    Absent,
    /// It is shown and can be used.
    Enabled,
    /// It is shown and cannot be used.
    Disabled,
    /// It is a control with this value.
    Value(String),
    /// It is a checkbox, radio button, switch or option, and checked or selected.
    Checked,
    /// It is one, and is not.
    Unchecked,
}

impl fmt::Display for Sight {
    /// As in: it was expected …
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Present => f.write_str("to be there"),
            Self::Absent => f.write_str("to be gone"),
            Self::Enabled => f.write_str("to be enabled"),
            Self::Disabled => f.write_str("to be disabled"),
            Self::Value(value) => write!(f, "to hold {value:?}"),
            Self::Checked => f.write_str("to be checked"),
            Self::Unchecked => f.write_str("not to be checked"),
        }
    }
}
