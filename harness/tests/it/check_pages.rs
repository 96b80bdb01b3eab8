//! Peers that are pages of the user's: what their files may say.

use std::path::Path;

use glare::names::PeerName;
use glare::scenario::{Action, Clicking, Filling, PageDeed, Scenario, Sight, Target};

fn read(peers: &str, steps: &str) -> Result<Scenario, String> {
    let text = format!("scenario: x\npeers: {{ {peers} }}\nsteps:\n{steps}");
    Scenario::read(Path::new("x.yaml"), &text).map_err(|mistakes| mistakes.render(false))
}

const PEERS: &str = "alice: { app: \"/chat?x\" }, bob: {}";

#[test]
fn a_step_of_a_user_is_about_something_that_he_would_name() {
    let steps = "  - fill: { peer: alice, field: Room, text: lobby }\n  - click: { peer: alice, role: tab, name: Log }\n  - see: { peer: alice, button: Create, is: disabled }\n";
    let scenario = read(PEERS, steps).expect("no mistakes");
    assert_eq!(scenario.peers[0].1.app.as_deref(), Some("/chat?x"));
    let deed = |deed| {
        let peer = PeerName::new("alice");
        Action::Page { peer, deed }
    };
    let role = |role, name: &str| Target::Role {
        role,
        name: name.to_owned(),
    };
    let actions: Vec<&Action> = scenario.steps.iter().map(|step| &step.action).collect();
    assert_eq!(
        actions,
        [
            &deed(PageDeed::Fill {
                target: role("field", "Room"),
                with: Filling::Text("lobby".to_owned())
            }),
            &deed(PageDeed::Click {
                target: role("tab", "Log"),
                how: Clicking::Once
            }),
            &deed(PageDeed::See {
                target: role("button", "Create"),
                sight: Sight::Disabled
            }),
        ]
    );
    let lines: Vec<String> = (scenario.steps.iter())
        .filter_map(|step| step.log())
        .collect();
    assert_eq!(
        lines,
        [
            "alice: fills field \"Room\" with \"lobby\"",
            "alice: clicks tab \"Log\"",
            "alice: sees button \"Create\" disabled"
        ]
    );
}

#[test]
fn what_a_page_asks_and_offers_by_itself_is_in_no_step() {
    // It may have made the room, and offered.
    for steps in [
        "  - join: { peer: bob, room: lobby }\n  - await: { connected: [alice, bob] }\n",
        "  - await: { connected: [alice, bob] }\n",
        "  - hold: { message: offer, from: alice }\n  - await: { held: offer, from: alice }\n",
        "  - kill: { peer: alice, how: tab }\n  - cut: { peer: alice, how: reset }\n",
        "  - await: { peer: alice, said: hello }\n",
    ] {
        let read = read(PEERS, steps);
        assert!(read.is_ok(), "{steps}{}", read.unwrap_err());
    }
}

#[test]
fn what_is_not_for_a_page_or_not_for_its_user_is_a_mistake() {
    for (peers, step, word) in [
        (
            PEERS,
            "create: { peer: alice, room: lobby }",
            "`alice` is a page of yours, and does what it does by itself: nobody can have it `create`",
        ),
        (
            PEERS,
            "say: { from: alice, text: hello }",
            "nobody can have it `say`",
        ),
        (
            PEERS,
            "send-raw: { peer: alice, text: hello }",
            "nobody can have it `send-raw`",
        ),
        (
            PEERS,
            "together: [{ join: { peer: alice, room: x } }, { join: { peer: bob, room: x } }]",
            "nobody can have it `join`",
        ),
        (
            PEERS,
            "click: { peer: bob, button: Create }",
            "`bob` is no page, so it has no user who could `click`",
        ),
        (
            PEERS,
            "open: { peer: alice, path: \"http://elsewhere.test/\" }",
            "is not a path on the server",
        ),
        (
            PEERS,
            "open: { peer: alice, path: //elsewhere.test }",
            "is not a path on the server",
        ),
        (
            PEERS,
            "press: { peer: alice, key: Retrun }",
            "there is no key `Retrun`",
        ),
        (
            PEERS,
            "click: { peer: alice, button: \" \" }",
            "nothing can be found by an empty text",
        ),
        (
            PEERS,
            "click: { peer: alice, role: tab }",
            "`role` is said, and no `name`",
        ),
        (
            PEERS,
            "click: { peer: alice, button: Create, link: Create }",
            "`click` has `button` and `link` at once",
        ),
        (PEERS, "click: { peer: alice }", "`click` needs one of"),
        (
            PEERS,
            "double-click: { peer: alice }",
            "`double-click` needs one of",
        ),
        (
            PEERS,
            "double-click: { peer: alice, text: x, outside: true }",
            "`double-click` has no key `outside`",
        ),
        (
            PEERS,
            "switch-tab: { peer: alice }",
            "`switch-tab` needs one of",
        ),
        (PEERS, "switch-tab: { peer: alice, tab: 0 }", "1 to 99"),
        (
            PEERS,
            "switch-tab: { peer: alice, path: \"http://elsewhere.test/\" }",
            "is not a path on the server",
        ),
        (
            PEERS,
            "close-tab: { peer: bob }",
            "`bob` is no page, so it has no user who could `close-tab`",
        ),
        (
            PEERS,
            "fill: { peer: alice, field: Name, text: x, secret: y }",
            "`text` and `secret` at once",
        ),
        (
            PEERS,
            "fill: { peer: alice, field: Name }",
            "it is not said what to fill in",
        ),
        (
            PEERS,
            "see: { peer: alice, text: x, gone: true, value: y }",
            "`gone` and `value` at once",
        ),
        (
            "alice: { app: \"https://elsewhere.test/\" }",
            "open: { peer: alice }",
            "is not the path of a page",
        ),
        (
            "alice: { app: /, stack: native }",
            "open: { peer: alice }",
            "alice is a page, and its stack is native",
        ),
        (
            "alice: { app: /, offers: both }",
            "open: { peer: alice }",
            "alice is a page of yours, and has `offers`",
        ),
        (
            "alice: { app: /, fault: never-rejoins }",
            "open: { peer: alice }",
            "and has `fault`",
        ),
        (
            "alice: { viewport: 390x844 }, bob: { app: / }",
            "open: { peer: bob }",
            "alice is no page, and has a `viewport`",
        ),
        (
            "alice: { app: /, viewport: 390 }",
            "open: { peer: alice }",
            "width and height in CSS pixels, `390x844`, each from 100 to 4000",
        ),
        (
            "alice: { app: /, viewport: 0390x99999999 }",
            "open: { peer: alice }",
            "each from 100 to 4000",
        ),
    ] {
        let told = read(peers, &format!("  - {step}\n")).expect_err(step);
        assert!(told.contains(word), "{step}\n{told}");
    }
    for key in ["Enter", "Control+Shift+a", "+", "Control++", "é", "Space"] {
        let step = format!("  - press: {{ peer: alice, key: \"{key}\" }}\n");
        let read = read(PEERS, &step);
        assert!(read.is_ok(), "{key}: {}", read.unwrap_err());
    }
}

/// A message that goes by itself may have gone already, so no step fails of what is not there.
#[test]
fn what_is_to_be_gone_and_is_never_found_is_told() {
    let gone = |target: &str| format!("  - see: {{ peer: alice, {target}, gone: true }}\n");
    let warned = |steps: &str| {
        let scenario = read(PEERS, steps).unwrap_or_else(|told| panic!("{told}"));
        scenario.warnings().render(false)
    };
    let seen = "  - see: { peer: alice, text: Waiting for someone }\n  - click: { peer: alice, button: Create }\n  - see: { peer: alice, selector: .toast }\n";
    for (target, told) in [
        ("text: Waitng", "text \"Waitng\""),
        ("selector: .tost", "selector \".tost\""),
        ("button: Stop", "button \"Stop\""),
    ] {
        for steps in [format!("{seen}{}", gone(target)), gone(target)] {
            let warning = warned(&steps);
            let found = format!("no step of this scenario ever finds {told}");
            assert!(warning.contains(&found), "no {found:?} in {warning}");
            assert!(warning.contains("1 warning"), "{warning}");
        }
    }
    for target in [
        "text: Waiting",
        "text: Waiting for someone",
        "button: Create",
        "text: Create",
        "selector: .toast",
    ] {
        // Before it or after it, of this peer or another: it is spelt as it is there.
        for steps in [
            format!("{seen}{}", gone(target)),
            format!("{}{seen}", gone(target)),
        ] {
            let scenario = read(PEERS, &steps).unwrap_or_else(|told| panic!("{told}"));
            assert!(
                scenario.warnings().is_empty(),
                "{}",
                scenario.warnings().render(false)
            );
        }
    }
}
