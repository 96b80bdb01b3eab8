//! The scenes of a trial, made from what a dialect can say and hear.

use std::path::Path;
use std::sync::Arc;

use crate::mistake::Mistakes;
use crate::report::{PEERS, ROOM};
use crate::scenario::Scenario;
use crate::signaling::{Dialect, Kind};

/// What a scene is there to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shows {
    /// Two meet, signal and talk: the one that has to go well.
    Meeting,
    /// One leaves.
    Leaving,
    /// One's line is lost.
    Dropping,
    /// One's line is lost, and it comes back by what it was given.
    Returning,
    /// A second line with a name that is in use.
    SameId,
    /// Something is sent to somebody who is not there, and then he comes.
    Absent,
    /// More and more come into one room.
    RoomSize,
    /// What is for one, in a room of three.
    Addressed,
    /// Names with letters of other scripts, and in capitals, for rooms and for who is in them.
    Names,
    /// Something that no server understands.
    Garbage,
}

impl Shows {
    /// Whether it is shown to whoever tries a dialect. The others are looked at for what could be promised.
    pub fn is_shown(self) -> bool {
        matches!(
            self,
            Shows::Meeting | Shows::Leaving | Shows::Dropping | Shows::Returning
        )
    }
}

impl Scene {
    /// See [`Shows::is_shown`].
    pub fn is_shown(&self) -> bool {
        self.shows.is_shown()
    }
}

/// A small scenario with a heading for each part of it.
#[derive(Clone, Debug)]
pub struct Scene {
    /// What for.
    pub shows: Shows,
    /// What is played.
    pub scenario: Arc<Scenario>,
    /// Headings, by the number of the step that each is before.
    pub headings: Vec<(usize, String)>,
    /// From this step on it is worth showing.
    pub from: usize,
}

/// The rooms of the scene of names: one whose name has more than plain letters, and one whose name differs from another's in capitals alone.
pub(super) const ODD_ROOM: &str = "party🎉👩\u{200d}🚀";
pub(super) const CAPITAL_ROOM: &str = "Lobby";
/// Who is in that scene: the third makes the first of these rooms, the fourth the second, and the last is the first in small letters.
pub(super) const NAMED: [&str; 5] = ["zoË", "foX🦊", "דנה", "erin", "zoë"];

/// So long a step may take in which a server that does it at all is quick.
const WITHIN: &str = "within: 5s";
/// The same, for people.
pub const WAITS: &str = "5 s";

struct Script {
    peers: Vec<String>,
    steps: Vec<String>,
    headings: Vec<(usize, String)>,
    from: usize,
}

impl Script {
    fn new(peers: &[&str], stack: &str) -> Self {
        Self {
            peers: peers
                .iter()
                .map(|name| format!("  {name}: {stack}"))
                .collect(),
            steps: Vec::new(),
            headings: Vec::new(),
            from: 0,
        }
    }

    fn heading(&mut self, heading: &str) -> &mut Self {
        self.headings
            .push((self.steps.len() + 1, heading.to_owned()));
        self
    }

    fn show_here(&mut self) -> &mut Self {
        self.from = self.steps.len() + 1;
        self
    }

    fn step(&mut self, step: impl Into<String>) -> &mut Self {
        self.steps.push(step.into());
        self
    }

    /// The first one comes into the room.
    fn first(&mut self, dialect: &Dialect, peer: &str) -> &mut Self {
        self.first_in(dialect, peer, ROOM)
    }

    fn first_in(&mut self, dialect: &Dialect, peer: &str, room: &str) -> &mut Self {
        match dialect.says(Kind::Create) {
            true => self.step(format!(
                "create: {{ peer: {peer}, room: {room}, {WITHIN} }}"
            )),
            false => self.join_in(peer, room),
        }
    }

    fn join(&mut self, peer: &str) -> &mut Self {
        self.join_in(peer, ROOM)
    }

    fn join_in(&mut self, peer: &str, room: &str) -> &mut Self {
        self.step(format!("join: {{ peer: {peer}, room: {room}, {WITHIN} }}"))
    }

    fn scene(self, shows: Shows) -> Result<Scene, Mistakes> {
        let name = format!("{shows:?}").to_lowercase();
        let text = format!(
            "scenario: {name}\npeers:\n{}\nsteps:\n{}\n",
            self.peers.join("\n"),
            self.steps
                .iter()
                .map(|step| format!("  - {step}"))
                .collect::<Vec<_>>()
                .join("\n")
        );
        Ok(Scene {
            shows,
            scenario: Arc::new(Scenario::read(Path::new("trial.yaml"), &text)?),
            headings: self.headings,
            from: self.from,
        })
    }
}

/// Who offers when Bob has come to Alice, as the rest of a sentence about him.
fn offering(dialect: &Dialect) -> &'static str {
    match dialect.offers() {
        Some("insider") => "Alice offers",
        _ => "offers",
    }
}

/// Two meet, signal, and talk by WebRTC.
///
/// # Errors
/// Never, unless scenarios are read otherwise than this knows.
pub fn meeting(dialect: &Dialect) -> Result<Scene, Mistakes> {
    let mut script = Script::new(&["alice", "bob"], "{}");
    if !dialect.has_rooms() {
        script
            .heading("1. Alice connects, and is there by that")
            .first(dialect, "alice")
            .heading(&format!("2. Bob connects, and {}", offering(dialect)))
            .join("bob")
            .step(format!("await: {{ connected: [alice, bob], {WITHIN} }}"))
            .heading("3. They talk, past the server")
            .step(format!("say: {{ from: alice, text: hello, {WITHIN} }}"))
            .step(format!("say: {{ from: bob, text: hi, {WITHIN} }}"));
        return script.scene(Shows::Meeting);
    }
    script
        .heading("1. Both connect")
        .step("connect: { peer: alice }")
        .step("connect: { peer: bob }")
        .heading("2. Alice makes a room")
        .first(dialect, "alice")
        .heading(&format!("3. Bob joins it, and {}", offering(dialect)))
        .join("bob")
        .step(format!("await: {{ connected: [alice, bob], {WITHIN} }}"))
        .heading("4. They talk, past the server")
        .step(format!("say: {{ from: alice, text: hello, {WITHIN} }}"))
        .step(format!("say: {{ from: bob, text: hi, {WITHIN} }}"));
    script.scene(Shows::Meeting)
}

/// All the others: what two or more do that only signal. `told`: the meeting has shown that those inside are told who comes; then they hear it
/// before anything else is done, so that it does not stand among what comes of that.
///
/// # Errors
/// As [`meeting`].
pub fn others(dialect: &Dialect, told: bool) -> Result<Vec<Scene>, Mistakes> {
    let two = || {
        let mut script = Script::new(&["alice", "bob"], "{ stack: wire }");
        script.first(dialect, "alice").join("bob");
        if told {
            script.step(format!(
                "await: {{ peer: alice, hears: peer-joined, from: bob, {WITHIN} }}"
            ));
        }
        script
    };
    let rooms = dialect.has_rooms();
    let news = dialect.hears(Kind::PeerLeft);
    let gone = format!("await: {{ peer: alice, hears: peer-left, {WITHIN} }}");
    let mut scenes = Vec::new();
    if dialect.says(Kind::Leave) {
        let mut script = two();
        script
            .show_here()
            .heading(match rooms {
                true => "5. Bob leaves",
                false => "4. Bob leaves",
            })
            .step("leave: { peer: bob }");
        if news {
            script.step(&*gone);
        }
        scenes.push(script.scene(Shows::Leaving)?);
    }
    let mut script = two();
    script
        .show_here()
        .heading(match rooms {
            true => "6. Bob's line is lost",
            false => "5. Bob's line is lost",
        })
        .step("kill: { peer: bob, how: socket }");
    if news {
        script.step(&*gone);
    }
    scenes.push(script.scene(Shows::Dropping)?);

    if dialect.says_rejoin() {
        let mut script = two();
        script
            .show_here()
            .heading(match rooms {
                true => "7. Bob's line is lost, and he comes back by what he was given",
                false => "6. Bob's line is lost, and he comes back by what he was given",
            })
            .step("kill: { peer: bob, how: socket }");
        if rooms {
            script.step("connect: { peer: bob }");
        }
        script
            .join("bob")
            .step("send: { from: alice, to: bob, message: offer }")
            .step(format!("await: {{ peer: bob, hears: offer, {WITHIN} }}"))
            .step("send: { from: bob, to: alice, message: answer }")
            .step(format!("await: {{ peer: alice, hears: answer, {WITHIN} }}"));
        scenes.push(script.scene(Shows::Returning)?);
    }

    let mut script = two();
    script
        .show_here()
        .heading("A second line with a name that is in use")
        .step("connect: { peer: bob, refused: true }");
    scenes.push(script.scene(Shows::SameId)?);

    let mut script = Script::new(&["alice", "bob"], "{ stack: wire }");
    script
        .first(dialect, "alice")
        .show_here()
        .heading("An offer for who is not there, and then he comes")
        .step("send: { from: alice, to: bob, message: offer }")
        .step("wait: 1s")
        .join("bob")
        .step("await: { peer: bob, hears: offer, within: 2s }");
    scenes.push(script.scene(Shows::Absent)?);

    if rooms {
        let mut script = Script::new(&PEERS, "{ stack: wire }");
        script
            .heading("More and more come into one room")
            .first(dialect, PEERS[0]);
        for peer in &PEERS[1..] {
            script.join(peer);
        }
        scenes.push(script.scene(Shows::RoomSize)?);
    }

    let mut script = Script::new(&PEERS[..3], "{ stack: wire }");
    script
        .first(dialect, "alice")
        .join("bob")
        .join("carol")
        .show_here()
        .heading("An offer for one of three")
        .step("send: { from: alice, to: bob, message: offer }")
        .step(format!("await: {{ peer: bob, hears: offer, {WITHIN} }}"))
        // What comes to Carol too is behind no fence: her own next word is.
        .step("send: { from: alice, to: carol, message: offer }")
        .step(format!("await: {{ peer: carol, hears: offer, {WITHIN} }}"));
    scenes.push(script.scene(Shows::Addressed)?);

    let mut script = Script::new(&NAMED, "{ stack: wire }");
    let [zoe, fox, dana, erin, small] = NAMED;
    script
        .heading("Names with letters of other scripts, and in capitals")
        .first(dialect, zoe)
        .join(fox)
        .step(format!(
            "send: {{ from: {fox}, to: {zoe}, message: offer }}"
        ))
        .step(format!(
            "await: {{ peer: {zoe}, hears: offer, from: {fox}, {WITHIN} }}"
        ));
    if rooms && dialect.names_rooms() {
        script
            .first_in(dialect, dana, ODD_ROOM)
            .first_in(dialect, erin, CAPITAL_ROOM)
            .join_in(small, CAPITAL_ROOM);
    }
    scenes.push(script.scene(Shows::Names)?);

    let mut script = two();
    script
        .show_here()
        .heading("Something that no server understands")
        .step("send-raw: { peer: bob, text: \"glare: this is no message of yours\" }")
        .step("wait: 1s");
    scenes.push(script.scene(Shows::Garbage)?);
    Ok(scenes)
}
