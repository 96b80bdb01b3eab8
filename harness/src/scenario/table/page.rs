//! Verbs of steps that a user does with a page: for peers that are one (`app:`).

use super::keys::PEER;
use super::limits::{MAX_LABEL, MAX_TAB, MAX_TEXT};
use super::spec::{Demands, KeySpec, Shape, Verb, may, must, verb};
use crate::scenario::build;

/// Roles by which something in a page can be named (WAI-ARIA).
const ROLES: &[&str] = &[
    "button", "link", "field", "checkbox", "radio", "option", "tab", "menuitem", "heading",
    "dialog", "image", "list", "listitem", "alert", "status", "log",
];

/// Keys of a keyboard that have a name.
pub(crate) const KEYS: &[&str] = &[
    "Enter",
    "Escape",
    "Tab",
    "Space",
    "Backspace",
    "Delete",
    "ArrowLeft",
    "ArrowRight",
    "ArrowUp",
    "ArrowDown",
    "Home",
    "End",
    "PageUp",
    "PageDown",
];

/// Keys that are held while another is pressed: `Control+a`.
pub(crate) const MODIFIERS: &[&str] = &["Control", "Shift", "Alt", "Meta"];

const BUTTON: KeySpec = may(
    "button",
    Shape::Text(MAX_LABEL),
    "A button, by its accessible name.",
);
const LINK: KeySpec = may(
    "link",
    Shape::Text(MAX_LABEL),
    "A link, by its accessible name.",
);
const FIELD: KeySpec = may(
    "field",
    Shape::Text(MAX_LABEL),
    "A field of a form, by its accessible name or label.",
);
const LABEL: KeySpec = may(
    "label",
    Shape::Text(MAX_LABEL),
    "A control of a form, by the text of its label.",
);
const CHECKBOX: KeySpec = may(
    "checkbox",
    Shape::Text(MAX_LABEL),
    "A checkbox, by its accessible name.",
);
const HEADING: KeySpec = may(
    "heading",
    Shape::Text(MAX_LABEL),
    "A heading, by its accessible name.",
);
const SHOWN: KeySpec = may(
    "text",
    Shape::Text(MAX_LABEL),
    "What shows this text, or text with this in it.",
);
const ROLE: KeySpec = may(
    "role",
    Shape::Word(ROLES),
    "Anything of this role; `name:` says which.",
);
const NAME: KeySpec = may(
    "name",
    Shape::Text(MAX_LABEL),
    "With `role`: the accessible name.",
);
const SELECTOR: KeySpec = may(
    "selector",
    Shape::Text(MAX_LABEL),
    "A CSS selector, for what has neither role nor name.",
);
const PATH: KeySpec = may(
    "path",
    Shape::Path,
    "Path and query, always of the page's own origin.",
);

/// Ways to say what is clicked.
const CLICKED: &[&str] = &[
    "button", "link", "checkbox", "field", "label", "heading", "text", "role", "selector",
];

/// In the order of the documentation.
pub(crate) const PAGE: &[Verb] = &[
    verb(
        "open",
        "Loads the peer's page. It opens by itself at the peer's first step.",
        &[PEER, PATH],
        Demands::Nothing,
        build::open,
    ),
    Verb {
        name: "fill",
        about: "Puts text into a field, in the place of what is in it, as by hand.",
        keys: &[
            PEER,
            FIELD,
            LABEL,
            ROLE,
            NAME,
            SELECTOR,
            may("text", Shape::Text(MAX_TEXT), "The text."),
            may(
                "secret",
                Shape::Text(MAX_TEXT),
                "In the place of `text`: what `[secrets]` of the project file calls so. It is in no record, no log and no picture.",
            ),
        ],
        one_of: &["field", "label", "role", "selector"],
        demands: Demands::Nothing,
        build: build::fill,
    },
    Verb {
        name: "click",
        about: "Clicks, as by hand: what is covered, disabled or not to be seen cannot be clicked.",
        keys: &[
            PEER,
            BUTTON,
            LINK,
            CHECKBOX,
            FIELD,
            LABEL,
            HEADING,
            SHOWN,
            ROLE,
            NAME,
            SELECTOR,
            may(
                "outside",
                Shape::True,
                "Clicks beside it, where a click is for nothing else: as to be rid of a dialog or a menu.",
            ),
        ],
        one_of: CLICKED,
        demands: Demands::Nothing,
        build: build::click,
    },
    Verb {
        name: "double-click",
        about: "Clicks twice at once, as by hand.",
        keys: &[
            PEER, BUTTON, LINK, CHECKBOX, FIELD, LABEL, HEADING, SHOWN, ROLE, NAME, SELECTOR,
        ],
        one_of: CLICKED,
        demands: Demands::Nothing,
        build: build::double_click,
    },
    verb(
        "press",
        "Presses a key, where the page's focus is, or in a field.",
        &[
            PEER,
            must(
                "key",
                Shape::Text(MAX_LABEL),
                "`Enter`, `Escape`, `Tab`, `ArrowDown`, …, or one character; with `Control+`, `Shift+`, `Alt+` or `Meta+` before it.",
            ),
            FIELD,
        ],
        Demands::Nothing,
        build::press,
    ),
    Verb {
        name: "see",
        about: "Waits until something can be seen in the page.",
        keys: &[
            PEER,
            SHOWN,
            BUTTON,
            LINK,
            CHECKBOX,
            FIELD,
            LABEL,
            HEADING,
            ROLE,
            NAME,
            SELECTOR,
            may(
                "gone",
                Shape::True,
                "Waits until it can not be seen (any more).",
            ),
            may(
                "is",
                Shape::Word(&["enabled", "disabled", "checked", "unchecked"]),
                "How it must be.",
            ),
            may("value", Shape::Text(MAX_TEXT), "What it must hold."),
        ],
        one_of: &[
            "text", "button", "link", "checkbox", "field", "label", "heading", "role", "selector",
        ],
        demands: Demands::Nothing,
        build: build::see,
    },
    verb(
        "reload",
        "Loads the page anew.",
        &[PEER],
        Demands::Nothing,
        build::reload,
    ),
    verb(
        "navigate",
        "Goes to another path; without one, away to an empty page.",
        &[PEER, PATH],
        Demands::Nothing,
        build::navigate,
    ),
    verb(
        "back",
        "Goes back, as the browser's button does.",
        &[PEER],
        Demands::Nothing,
        build::back,
    ),
    verb(
        "forward",
        "Goes forward, as the browser's button does.",
        &[PEER],
        Demands::Nothing,
        build::forward,
    ),
    verb(
        "new-tab",
        "Opens one more tab with the same cookies and storage. The steps from here on are about that one.",
        &[PEER, PATH],
        Demands::Nothing,
        build::new_tab,
    ),
    verb(
        "close-tab",
        "Closes the tab that the steps are about. From here on they are about the one that they were about before.",
        &[PEER],
        Demands::Nothing,
        build::close_tab,
    ),
    Verb {
        name: "switch-tab",
        about: "Goes to another tab, once it is there: also to one that the page opened. The steps from here on are about that one.",
        keys: &[
            PEER,
            may(
                "tab",
                Shape::Number(1, MAX_TAB),
                "Its number: the page's first tab is 1, and the others count in the order in which they were opened.",
            ),
            may(
                "path",
                Shape::Path,
                "Where it is: its path, with its query if one is said.",
            ),
        ],
        one_of: &["tab", "path"],
        demands: Demands::Nothing,
        build: build::switch_tab,
    },
    verb(
        "offline",
        "Takes the network from the page.",
        &[PEER],
        Demands::Nothing,
        build::offline,
    ),
    verb(
        "online",
        "Gives it back.",
        &[PEER],
        Demands::Nothing,
        build::online,
    ),
    verb(
        "screenshot",
        "Takes a picture of the page, which is put beside the record.",
        &[
            PEER,
            may(
                "file",
                Shape::Room,
                "What the picture is called; without it the step's number.",
            ),
        ],
        Demands::Nothing,
        build::screenshot,
    ),
];
