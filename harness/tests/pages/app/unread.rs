//! Pages whose messages no word of the dialect matches: nothing is green that nobody could have seen.

use std::path::Path;
use std::sync::Arc;

use glare::record::{InconclusiveKind, Verdict};
use glare::scenario::Place;
use glare::signaling::Dialect;
use glare::stage::{Outcome, Setting, play};

use super::{TWO, case, casts, setting_of};
use crate::site_support::Site;
use crate::stage_support::{fails, passes};

casts! {
    a_line_about_messages_that_nobody_understands_is_not_green_in_chromium: "alice=chromium", nothing_understood;
    a_line_about_messages_that_nobody_understands_is_not_green_in_firefox: "alice=firefox", nothing_understood;
    who_says_nothing_is_not_misunderstood_in_chromium: "alice=chromium", nothing_said;
    who_is_no_peer_of_signaling_is_not_misunderstood_in_chromium: "alice=chromium", said_what_is_no_signaling;
}

/// How other pages talk to other servers.
const FOREIGN: &str = "dialect: foreign
connect: { path: \"/?userId={me|url}\" }
say:
  create: { message: { event: create, room: \"{room}\" } }
  join: { message: { event: enter, room: \"{room}\" } }
  leave: { message: { event: leave } }
  offer: { message: { event: offer, to: \"{peer}\", body: \"{sdp}\" } }
  answer: { message: { event: answer, to: \"{peer}\", body: \"{sdp}\" } }
  candidate: { message: { event: candidate, to: \"{peer}\", body: \"{candidate}\" } }
  end-of-candidates: { message: { event: last, to: \"{peer}\" } }
hear:
  created: { message: { event: created, room: \"{room}\" } }
  joined: { message: { event: entered, room: \"{room}\" } }
  left: { message: { event: left } }
  refused: { message: { event: refused, reason: \"{reason}\" } }
  error: { message: { event: wrong, reason: \"{reason}\" } }
  peer-joined: { message: { event: came, who: \"{peer}\" } }
  peer-left: { message: { event: went, who: \"{peer}\" } }
  offer: { message: { event: offer, from: \"{peer}\", body: \"{sdp}\" } }
  answer: { message: { event: answer, from: \"{peer}\", body: \"{sdp}\" } }
  candidate: { message: { event: candidate, from: \"{peer}\", body: \"{candidate}\" } }
  end-of-candidates: { message: { event: last, from: \"{peer}\" } }
";

/// Alice asks for a room that there is not, and is refused.
const REFUSED: &str = r#"scenario: a page is refused
peers:
  alice: { app: / }
steps:
  - fill: { peer: alice, field: "Room", text: lobby }
  - press: { peer: alice, key: Enter, field: "Room" }
  - await: { peer: alice, gets: "refused" }
expect:
"#;

async fn alice_by(dialect: &str, cast: &str, site: &Site, text: &str) -> Outcome {
    let dialect = Dialect::read(Path::new("foreign.yaml"), dialect)
        .unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false)));
    let setting = Setting {
        dialect: Arc::new(dialect),
        ..Setting::clone(&setting_of(site))
    };
    play(&case(text, cast), Arc::new(setting)).await
}

async fn nothing_understood(cast: &str) {
    let site = Site::page(TWO).await;
    for (expect, place, way) in [
        (
            "  never: |\n    alice -> server: connect to nobody\n    alice -> server: join\n",
            "`never`, line 2",
            "alice -> server",
        ),
        (
            "  never: |\n    server -> alice: refused\n",
            "`never`, line 1",
            "server -> alice",
        ),
        (
            "  never: |\n    * -> server: join\n",
            "`never`, line 1",
            "alice -> server",
        ),
        (
            "  never: |\n    server -> alice: ref*\n",
            "`never`, line 1",
            "server -> alice",
        ),
        (
            "  count: { 'alice -> server: join': 0..1 }\n",
            "`count`, line 1",
            "alice -> server",
        ),
    ] {
        let text = format!("{REFUSED}{expect}");
        let outcome = alice_by(FOREIGN, cast, &site, &text).await;
        let Verdict::Inconclusive(found) = &outcome.verdict else {
            panic!("{expect}: {:#?}", outcome.verdict);
        };
        assert_eq!(found.kind, InconclusiveKind::NotUnderstood);
        for told in [
            place,
            way,
            "x.yaml:",
            "dialect `foreign`",
            "`glare dialect new",
        ] {
            assert!(found.why.contains(told), "no {told:?} in {}", found.why);
        }
    }
    // What has to be there fails, and says as much.
    let counted = format!("{REFUSED}  count: {{ 'alice -> server: join': 1 }}\n");
    let outcome = alice_by(FOREIGN, cast, &site, &counted).await;
    let failure = fails(
        &outcome,
        Place::Count(1),
        "this was there never, expected 1",
    );
    assert!(
        failure
            .message
            .contains("none is understood by the dialect `foreign`"),
        "{failure:#?}"
    );
    // What needs no dialect is looked at as ever; what the dialect passes over needs no word.
    let of_no_word = "  never: |\n    alice: console error\n    alice -> server: close\n    alice -> server: http POST\n";
    passes(&alice_by(FOREIGN, cast, &site, &format!("{REFUSED}{of_no_word}")).await);
    let ignoring = format!("{FOREIGN}ignore: [{{ message: {{ type: \"{{_}}\" }} }}]\n");
    let refused = "  never: |\n    server -> alice: refused\n";
    passes(&alice_by(&ignoring, cast, &site, &format!("{REFUSED}{refused}")).await);
    // By the right dialect it is there.
    let right = format!("{REFUSED}{refused}");
    let outcome = play(&case(&right, cast), setting_of(&site)).await;
    fails(&outcome, Place::Never(1), "must never happen");
}

/// A page that has nothing to say that a dialect has a word for, to a server that is understood.
async fn said_what_is_no_signaling(cast: &str) {
    let page = "<p id=at>Nothing<script>
        const socket = new WebSocket('ws://signal.test/?userId=u-1');
        socket.onopen = () => socket.send('{\"type\":\"hello\"}');
        socket.onmessage = () => { at.textContent = 'It answers'; };
    </script>";
    let site = Site::page(page).await;
    let text = "scenario: x\npeers: { alice: { app: / } }\nsteps:\n  - see: { peer: alice, text: It answers }\nexpect:\n  never: |\n    alice -> server: join\n  count: { 'server -> alice: error': 1 }\n";
    passes(&play(&case(text, cast), setting_of(&site)).await);
}

/// A page that loads its files, and asks the server for nothing.
async fn nothing_said(cast: &str) {
    let site = Site::page("<p>here<script>fetch('/more')</script>").await;
    let text = "scenario: x\npeers: { alice: { app: / } }\nsteps:\n  - see: { peer: alice, text: here }\nexpect:\n  never: |\n    alice -> server: join\n    server -> alice: joined\n  count: { 'alice -> server: create': 0 }\n";
    passes(&alice_by(FOREIGN, cast, &site, text).await);
}
