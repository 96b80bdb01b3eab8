//! What a case does, a line each, and the scenario that it becomes.
//!
//! A line is a role and a step. The step is one of a scenario (`join: { peer: bob, room: lobby }`), or one of these that stand for several:
//!
//! | step | |
//! |---|---|
//! | `meet` | Alice makes the lobby, and Bob joins it |
//! | `apart` | Carol makes the attic, and Dave joins it: a pair that has nothing to do with the case |
//! | `enter bob lobby` | he joins it |
//! | `fill lobby` | others join it until all who fit in are inside, with Alice and Bob |
//! | `open bob lobby` | he makes it |
//! | `tell bob alice offer` | he sends it to her, and she hears it |
//! | `hosted bob alice` | he hears that she is host, where who comes in is told that: to `await` the next host after it is to await another |
//! | `paired bob alice` | the same where nothing else can be said before, since an offer opens a session; nothing elsewhere |
//! | `send bob alice offer` | he sends it |
//! | `send bob alice candidate 30` | so often, in a row |
//! | `run bob alice` | so many candidates in a row that what becomes of him meanwhile comes among them; nothing where there are none |
//! | `send bob alice offer 6000 bytes` | one that is so long at least |
//! | `sized bob alice offer` | one that is hardly shorter than what the server promises to take, and she hears it; where it promises nothing, one of 8 KB, and longer ones |
//!
//! | role | |
//! |---|---|
//! | `given` | what the case begins with; where that does not come about, nothing is known |
//! | `do` | what is asked |
//! | `harm` | the same, and left out of the control |
//! | `once` | what must have come about in between, for what follows to say anything; other cases ask for it |
//! | `then` | the probes; in the control, too |
//! | `never`, `order` | a line of `expect: never`, of `expect: order` |
//! | `count 1`, `count some` | how often a line is in the trace; `some`: at least once |
//! | `names peers` | it asks what becomes of their ids: a dialect that tells the server none cannot be asked |
//! | `keeps places` | it asks for a place that is kept for some time at least, and is come back to |
//! | `keeps room` | it asks for the room of a place that is kept and come back to |
//! | `keeps long` | where a place is kept at all, it asks for what becomes of it meanwhile |
//! | `keeps time` | it asks for a place that is kept for some time at most |
//! | `keeps briefly` | where a place is kept at all, it waits until none is any more |
//! | `needs named destroy` | who removes a room says which |
//! | `needs named rooms` | who makes a room says its name |
//! | `needs freed rooms` | a room that all have left can be made anew |
//! | `needs occupied` | a room with others inside is not removed: that is refused |
//! | `needs how left`, `needs how lost` | it is promised what the news says of how somebody went |
//! | `needs end` | it is promised how soon a server that is asked to end has ended, and that is waited for |
//! | `needs a goodbye` | a client of the carrier has a way to end what it has begun, with its line open |
//! | `needs free destroy` | whoever is inside when a room is removed is no reason to refuse it |
//! | `needs destroy by who is left` | when the maker of a room has gone who is left may remove it |
//! | `needs patience` | that a silent line is noticed is promised for a time for which it is waited, if it is promised at all |
//! | `needs a heartbeat` | it is promised that a silent line is noticed |
//! | `needs word for cut-short` | half of a message is answered by a word; `wrong-type`: what has a number in the place of a text |
//! | `needs places` | nobody keeps a place for who is lost, and who comes in is told who is there, or how many fit |
//! | `needs text` | what peers send are text frames |
//! | `needs size` | it is promised how much is taken |
//! | `needs words on the line` | what a client says goes by its line, so that the server can miss it there |
//! | `needs idle lines` | it is promised for how long a line stands on which nobody says anything, and that is waited for |
//! | `needs told rooms` | who comes in is told which room he is in, by its name |
//! | `needs listed names` | who comes in is told who is inside |
//! | `needs ends with` | it is promised with which code lines are closed when the server ends |
//! | `needs noticed loss` | it is promised how soon a loss is told, and nothing but time shows it |
//! | `needs expired` | who comes back by what is good no more is refused |
//! | `needs login` | the project gives each peer something to log in with |
//! | `needs dialled login` | a line is dialled with it |
//! | `needs wrong login` | who logs in wrongly is refused |
//! | `needs kick` | somebody who may do so can put others out of a room |
//! | `needs kick by host` | nobody else may |
//! | `needs told kick` | who is put out is told, by a word that the dialect has |
//! | `needs told end` | who is in a room that is removed is told: as who is put out, or it is promised |
//! | `needs absence` | it is promised that those inside hear who is lost while his place is kept, and that he is back |
//! | `needs states` | it is promised that all others hear what somebody sets |
//! | `needs answered states` | who sets something is answered |
//! | `needs listed states` | who comes in is told what those inside have set |
//! | `needs kept states` | who comes back into his place shows what he had set |
//! | `needs news once` | each piece of news comes once |
//! | `needs host` | it is promised that all who stay hear who is host when the one before has gone |
//! | `needs longest host` | he is who has been inside longest |
//! | `needs line outside` | who has left a room has a line |
//! | `needs answers` | each request is answered, be it ever so odd |
//! | `needs answered offers` | so is each offer that is relayed |
//! | `needs numbers` | who asks to come in says a number that the answer repeats |
//! | `needs numbered refusals` | so does each refusal |
//! | `needs one line` | who asks again does so on the line that he has |
//! | `needs announced leaving` | it is promised how soon those who stay hear who went |
//! | `tells capitals` | it asks whether names that differ in capitals alone are two: a server that did not promise it may take them for one |
//! | `may move` | that it is granted is no breach: a server may let one out of a room into another |
//! | `may close` | that it ends the line of who does this is no breach, nor, unless each request is answered, that it passes it over: nobody promises more |
//! | `calm` | what stands in the control in the place of the harm before it: the same without what does harm |
//! | `asks granted`, `asks refused` | of requests that begin together: that too many, or too few, of them are granted is asked here, and the other elsewhere |

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::case::{
    ALL_OF_IT, Case, DESTROY_BY, ENDS_WITH, FIRST_STATE, GOODBYE, GUEST_DESTROYS, HOST, HOST_TOLD,
    HOW_LEFT, HOW_LOST, IDLE_FOR, MOST_OF_IT, NO_STATE, NOTICED, OTHER_STATE, PATIENTLY, SHORTLY,
    STANDSTILL, STATES, STATES_TOLD, UNTIL_GONE,
};
use super::early::TOO_SOON;
use super::{kept, silence, sized};
use crate::mistake::Mistakes;
use crate::names::PeerName;
use crate::record::{Failure, FailureKind};
use crate::scenario::{Action, DEFAULT_WITHIN, MAX_PEERS, Place, Scenario, peers_named};
use crate::signaling::{Dialect, Garbage, Kind, Need, OnGarbage, Reason, WhoMay};
use crate::terms::Direction;

/// A case that may wait for longer than this does hardly anything else.
pub(super) const LONG: Duration = DEFAULT_WITHIN;

/// For what a step stands in its case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// What it begins with.
    Given,
    /// What must have come about in between.
    Between,
    /// What is asked.
    Deed,
    /// What is asked, and does harm.
    Harm,
    /// A probe.
    Probe,
}

/// A case as a scenario for one dialect.
#[derive(Clone, Debug)]
pub struct Script {
    /// The scenario's text, as a person would write it.
    pub text: String,
    /// The role of each of its steps.
    pub roles: Vec<Role>,
    /// Each step's number in the whole case, from 1.
    numbers: Vec<usize>,
    expect: Vec<(String, String)>,
    steps: Vec<(Role, String)>,
    /// What stands in the control before which of them, from 0.
    calm: Vec<(usize, String)>,
    /// How it goes wrong what it asks, where it may go wrong otherwise, too.
    asks: Option<FailureKind>,
    /// A server that grants what is to be refused, and moves who asks, is told of as a fact.
    pub(super) may_move: bool,
    /// Nobody promises that who does what is asked keeps his line, or that he is answered unless each request is.
    pub(super) is_odd: bool,
    /// What the dialect does not have of what it asks, beside what its steps need.
    lacking: Option<String>,
    head: String,
}

impl Script {
    /// The scenario of a case, as it is played where this is spoken.
    pub fn of(case: &Case, dialect: &Dialect) -> Self {
        let (mut steps, mut expect, mut calm) = (Vec::new(), Vec::new(), Vec::new());
        let (mut asks, mut lacking) = (None, None);
        let (mut may_move, mut is_odd) = (false, false);
        let written_out = |time: Option<Duration>| {
            let time = time.unwrap_or(Duration::from_secs(1));
            format!("{}ms", time.as_millis())
        };
        let most_of_it = written_out(Some(kept::most_of_it(dialect)));
        let all_of_it = written_out(dialect.properties().keeps_places);
        let noticed = silence::noticed(dialect);
        let patience = match silence::is_promised(case, dialect) {
            true => noticed,
            false => case.patience,
        };
        let standstill = silence::standstill(dialect, case.patience);
        let steps_of_it = (case.steps)
            .replace(PATIENTLY, &in_seconds(patience))
            .replace(NOTICED, &in_seconds(noticed))
            .replace(STANDSTILL, &in_seconds(standstill))
            .replace(MOST_OF_IT, &most_of_it)
            .replace(ALL_OF_IT, &all_of_it)
            .replace(IDLE_FOR, &written_out(silence::idle(dialect)))
            .replace(
                ENDS_WITH,
                &dialect
                    .properties()
                    .ends_with
                    .unwrap_or_default()
                    .to_string(),
            )
            .replace("WRONG-LOGIN", &refused_as(Reason::WrongLogin, dialect))
            .replace("OTHERS-LOGIN", &refused_as(Reason::OthersLogin, dialect))
            .replace(GOODBYE, dialect.goodbye().unwrap_or_default())
            .replace(
                HOW_LEFT,
                &told_how(dialect.properties().how.left.as_deref()),
            )
            .replace(
                HOW_LOST,
                &told_how(dialect.properties().how.lost.as_deref()),
            )
            .replace(GUEST_DESTROYS, guest_destroys(dialect))
            .replace(HOST_TOLD, &written_out(Some(kept::host_told(dialect))))
            .replace(STATES_TOLD, &written_out(Some(kept::states_told(dialect))))
            .replace(FIRST_STATE, &state(dialect, 0))
            .replace(OTHER_STATE, &state(dialect, 1))
            .replace(NO_STATE, no_state(dialect))
            .replace(SHORTLY, &written_out(Some(kept::shortly(dialect))))
            .replace(UNTIL_GONE, &written_out(Some(kept::until_gone(dialect))));
        for line in steps_of_it.lines().map(str::trim) {
            let Some((role, step)) = line.split_once(char::is_whitespace) else {
                continue;
            };
            let role = match role {
                "given" => Role::Given,
                "once" => Role::Between,
                "harm" => Role::Harm,
                "then" => Role::Probe,
                "calm" => {
                    calm.push((steps.len(), step.trim().to_owned()));
                    continue;
                }
                "asks" => {
                    asks = Some(match step.trim() {
                        "granted" => FailureKind::NotRefused,
                        _ => FailureKind::Refused,
                    });
                    continue;
                }
                "names" => {
                    lacking = lacking.or_else(|| unnamed(dialect));
                    continue;
                }
                "may" => {
                    may_move |= step.trim() == "move";
                    is_odd |= step.trim() == "close";
                    continue;
                }
                "needs" if step.trim() == "patience" => {
                    lacking = lacking.or_else(|| silence::lacking(case, dialect));
                    continue;
                }
                "needs" => {
                    lacking = lacking.or_else(|| needed(step.trim(), dialect, case.patience));
                    continue;
                }
                "moves" => {
                    lacking = lacking.or_else(|| unmoved(dialect));
                    continue;
                }
                "keeps" => {
                    lacking = lacking.or_else(|| match step.trim() {
                        "places" => kept::lacking(dialect, case.patience),
                        "room" => kept::left(dialect),
                        "long" => kept::passing(dialect),
                        "briefly" => kept::for_ever(dialect, case.patience),
                        _ => kept::endless(dialect, case.patience),
                    });
                    continue;
                }
                "tells" => {
                    lacking = lacking.or_else(|| untold(dialect));
                    continue;
                }
                "never" | "order" | "count" => {
                    expect.push((role.to_owned(), step.trim().to_owned()));
                    continue;
                }
                _ => Role::Deed,
            };
            if step.trim_start().starts_with("fill ") {
                lacking = lacking.or_else(|| unfilled(dialect));
            }
            lacking = lacking.or_else(|| sized::lacking(step.trim(), dialect));
            let written = written(step.trim(), dialect);
            steps.extend(written.into_iter().map(|step| (role, step)));
        }
        let mut head = format!(
            "scenario: {}\nabout: {}\npeers:\n",
            crate::yaml::scalar(&format!("{} {}", case.number, case.title)),
            crate::yaml::scalar(&case.why),
        );
        let wanted = peers(&steps).len();
        if wanted > MAX_PEERS {
            let why = "its two rooms are full with";
            lacking = lacking.or(Some(format!(
                "{why} {wanted}, and {MAX_PEERS} may take part"
            )));
        }
        let stack = if case.native { "native" } else { "wire" };
        for peer in peers(&steps) {
            let peer = crate::yaml::scalar(peer.as_str());
            let _ = writeln!(head, "  {peer}: {{ stack: {stack} }}");
        }
        let mut script = Self {
            text: String::new(),
            roles: Vec::new(),
            numbers: (1..=steps.len()).collect(),
            expect,
            steps,
            calm,
            asks,
            may_move,
            is_odd,
            lacking,
            head,
        };
        script.write();
        script
    }

    /// The same without what does harm; `None` if nothing does.
    pub fn control(&self) -> Option<Self> {
        if self.steps.iter().all(|(role, _)| *role != Role::Harm) {
            return None;
        }
        let mut control = self.clone();
        control.numbers.clear();
        control.steps.clear();
        for at in 0..=self.steps.len() {
            let calm = self.calm.iter().filter(|(before, _)| *before == at);
            for (_, step) in calm {
                // It has the number of the harm before it.
                control.numbers.push(at);
                control.steps.push((Role::Deed, step.clone()));
            }
            if let Some((role, step)) = self.steps.get(at).filter(|step| step.0 != Role::Harm) {
                control.numbers.push(at + 1);
                control.steps.push((*role, step.clone()));
            }
        }
        if control.steps.is_empty() {
            return None;
        }
        control.write();
        Some(control)
    }

    /// The same where nothing is done for as long as a server may need after somebody went, or was put out.
    pub(super) fn unhurried(&self) -> Self {
        let mut slow = self.clone();
        slow.calm.clear();
        slow.numbers.clear();
        slow.steps.clear();
        for (at, (role, step)) in self.steps.iter().enumerate() {
            slow.numbers.push(at + 1);
            slow.steps.push((*role, step.clone()));
            if ["disconnect:", "leave:", "kick:", "destroy:"]
                .iter()
                .any(|went| step.starts_with(went))
            {
                slow.numbers.push(at + 1);
                slow.steps
                    .push((*role, format!("wait: {}ms", TOO_SOON.as_millis())));
            }
        }
        slow.write();
        slow
    }

    /// The scenario, read.
    ///
    /// # Errors
    /// The case is written wrongly, which a test holds that none is.
    pub fn scenario(&self, name: &str) -> Result<Arc<Scenario>, Mistakes> {
        Scenario::read(Path::new(name), &self.text).map(Arc::new)
    }

    /// How long it may take of itself: what it lets pass, holds up, or gives a time of its own to. Nothing else of it takes time.
    pub fn patience(&self) -> Duration {
        let Ok(scenario) = self.scenario("case.yaml") else {
            return Duration::ZERO;
        };
        let times = scenario.each_step().map(|(_, step)| match &step.action {
            Action::Wait(time) | Action::Delay { by: time, .. } => *time,
            Action::Await(_) if step.within != DEFAULT_WITHIN => step.within,
            _ => Duration::ZERO,
        });
        times.sum()
    }

    /// The role of the nth step, from 1.
    pub fn role(&self, step: usize) -> Option<Role> {
        self.roles.get(step.checked_sub(1)?).copied()
    }

    /// The nth step, from 1, as it is written.
    pub(super) fn step(&self, step: usize) -> Option<&str> {
        let (_, step) = self.steps.get(step.checked_sub(1)?)?;
        Some(step)
    }

    /// For how long the server is made to stand still, as it is written.
    pub(super) fn stood_still(&self) -> Option<&str> {
        let mut steps = self.steps.iter().map(|(_, step)| step.as_str());
        steps.find(|step| *step == "pause")?;
        steps.next()?.strip_prefix("wait: ")
    }

    /// The line that was never to be seen, and was; or that was to pass, and did not.
    pub(super) fn expected(&self, failure: &Failure) -> Option<&str> {
        let (part, line) = match failure.place {
            Some(Place::Never(line)) => ("never", line),
            Some(Place::Order(line)) => ("order", line),
            Some(Place::Count(line)) => ("count", line),
            _ => return None,
        };
        let mut lines = self.expect.iter().filter(|(role, _)| role == part);
        let (_, text) = lines.nth(line.checked_sub(1)?)?;
        Some(text)
    }

    /// The step that failed, as it is written.
    pub(super) fn failed(&self, failure: &Failure) -> Option<&str> {
        match &failure.place {
            Some(Place::Step(step)) => self.step(*step),
            _ => None,
        }
    }

    /// Whether it is another case that asks what went wrong.
    pub(super) fn asks_other(&self, kind: FailureKind) -> bool {
        let either = matches!(kind, FailureKind::NotRefused | FailureKind::Refused);
        either && self.asks.is_some_and(|asks| asks != kind)
    }

    /// The size of what the nth step, from 1, sends, where it says one.
    pub(super) fn size(&self, step: usize) -> Option<u32> {
        let (_, size) = self.step(step)?.split_once(", size: ")?;
        size.trim_end_matches(" }").parse().ok()
    }

    /// Why it shows nothing where this is spoken, whatever its steps need.
    pub(super) fn lacking(&self) -> Option<&str> {
        self.lacking.as_deref()
    }

    /// Whether the nth step, from 1, strains the server.
    pub(super) fn strains(&self, step: usize) -> bool {
        let step = step.checked_sub(1).and_then(|step| self.steps.get(step));
        step.is_some_and(|(_, step)| step.starts_with("strain:"))
    }

    /// Whether any step does, which takes long.
    pub(super) fn is_strain(&self) -> bool {
        (1..=self.steps.len()).any(|step| self.strains(step))
    }

    /// Whether somebody shows what is not his own. Who is let in by that may be taken for its owner: what is seen then is nobody's fault by itself.
    pub(super) fn pretends(&self) -> bool {
        let mut steps = self.steps.iter();
        steps.any(|(_, step)| step.starts_with("pretend:"))
    }

    /// The number in the whole case of the nth step, from 1.
    pub(super) fn number(&self, step: usize) -> Option<usize> {
        self.numbers.get(step.checked_sub(1)?).copied()
    }

    fn write(&mut self) {
        let mut text = self.head.clone();
        text.push_str("steps:\n");
        for (_, step) in &self.steps {
            let _ = writeln!(text, "  - {step}");
        }
        if !self.expect.is_empty() {
            text.push_str("expect:\n");
        }
        for part in ["never", "order", "count"] {
            let lines = self.expect.iter().filter(|(of, _)| of == part);
            for (at, (_, line)) in lines.enumerate() {
                let head = match part {
                    "count" => "  count:\n".to_owned(),
                    _ => format!("  {part}: |\n"),
                };
                text.push_str(if at == 0 { &head } else { "" });
                let _ = match (part, line.split_once(' ')) {
                    ("count", Some(("some", line))) => {
                        writeln!(text, "    {}: at least 1", crate::yaml::scalar(line))
                    }
                    ("count", Some((times, line))) => {
                        writeln!(text, "    {}: {times}", crate::yaml::scalar(line))
                    }
                    _ => writeln!(text, "    {line}"),
                };
            }
        }
        self.text = text;
        self.roles = self.steps.iter().map(|(role, _)| *role).collect();
    }
}

/// A time that a step waits at most: the next whole second.
fn in_seconds(time: Duration) -> String {
    format!("{}s", time.as_millis().div_ceil(1000))
}

/// So many candidates are under way at once.
const RUN: usize = 30;

/// A room of more is not filled: a scenario has eight peers at most, and one who finds no place is outside.
const MOST: usize = 7;

/// What somebody may show of himself, the nth of it.
fn state(dialect: &Dialect, nth: usize) -> String {
    let state = dialect.properties().states.get(nth);
    state.map_or_else(|| "none".to_owned(), crate::signaling::plain)
}

/// What stands in the place of a state that is spoilt by another type.
fn no_state(dialect: &Dialect) -> &'static str {
    match dialect.properties().states.first() {
        Some(number) if number.is_number() => Garbage::NO_WORD,
        _ => "5",
    }
}

/// Why no peer can be called as a case wants it.
fn unnamed(dialect: &Dialect) -> Option<String> {
    let why = "the server gives ids: a client tells it none, nor a name, in the dialect";
    (!dialect.tells_names()).then(|| format!("{why} `{}`", dialect.name()))
}

/// Why a case shows nothing where this is not so.
fn needed(what: &str, dialect: &Dialect, patience: Duration) -> Option<String> {
    let name = dialect.name();
    let properties = dialect.properties();
    let declared = |is: bool, key: &str| undeclared(dialect, key).filter(|_| !is);
    match what {
        "named destroy" => (!dialect.names_room_of(Kind::Destroy))
            .then(|| format!("with the dialect `{name}` who removes a room does not say which")),
        "end" => match properties.ends_within {
            None => undeclared(dialect, "ends-within"),
            Some(within) if within > patience => Some(format!(
                "the server may take {within:?} to end, and {patience:?} are waited (`--patience`)"
            )),
            Some(_) => None,
        },
        "a goodbye" => dialect.goodbye().is_none().then(|| {
            format!("the framing of the dialect `{name}` has no goodbye of its own that others are told of: a line ends when it is closed")
        }),
        "free destroy" => properties.refusals.has(Reason::Occupied).then(|| {
            format!("with the dialect `{name}` a room is not removed while somebody has a place in it (`refusals: occupied`)")
        }),
        "destroy by who is left" => Need::Says(Kind::Destroy).lacking(dialect).or_else(|| match properties.destroy_by {
            None => undeclared(dialect, DESTROY_BY),
            Some(WhoMay::Anybody) => None,
            Some(WhoMay::Host) => declared(properties.host_passes_to_longest, "host-passes-to: longest"),
        }),
        "a heartbeat" => declared(properties.notices_silence_within.is_some(), "notices-silence-within"),
        "word for cut-short" => unworded(Garbage::CutShort, dialect),
        "word for wrong-type" => unworded(Garbage::WrongType, dialect),
        "places" => kept::not_free(dialect).or_else(|| {
            let answered = dialect.answers(Kind::Join);
            let counts = properties.room_size.is_some()
                && Need::Refuses(Reason::Full).lacking(dialect).is_none();
            (!answered || !(dialect.tells_inside() || counts)).then(|| {
                format!("with the dialect `{name}` who comes in is not told who is there (`{{with}}` in `hear: joined`), nor that there is no place (`room-size`, `refusals: full`)")
            })
        }),
        "idle lines" => silence::no_idle_lines(dialect, patience),
        "words on the line" => silence::says_nothing(dialect),
        "told rooms" => (!dialect.tells_room()).then(|| {
            format!("with the dialect `{name}` who comes in is not told by its name which room he is in (`{{room}}` in `hear: joined`)")
        }),
        "listed names" => (!dialect.lists_inside()).then(|| {
            format!("with the dialect `{name}` who comes in is not told who is inside (`{{with}}` in `hear: joined`, or `members` in its place)")
        }),
        "ends with" => Need::WebSocket.lacking(dialect).or_else(|| {
            declared(properties.ends_with.is_some(), "ends-with")
        }),
        "text" => dialect.is_binary(Direction::Up).then(|| {
            format!("with the dialect `{name}` messages are binary frames")
        }),
        "size" => declared(properties.takes_up_to.is_some(), "takes-up-to"),
        "named rooms" => dialect.gives_room_ids().then(|| {
            format!("with the dialect `{name}` the server names the rooms: that of another one, or of one that was never there, nobody can say")
        }),
        "freed rooms" => declared(properties.frees_empty_rooms, "frees-empty-rooms"),
        "occupied" => Need::Refuses(Reason::Occupied).lacking(dialect),
        "how left" => declared(properties.how.left.is_some(), "how: left"),
        "how lost" => declared(properties.how.lost.is_some(), "how: lost"),
        "expired" => Need::Refuses(Reason::Expired).lacking(dialect).or_else(|| {
            (dialect.values_of_return() != 1).then(|| {
                format!("with the dialect `{name}` who comes back shows more than one value, and which of them the server looks at nobody knows")
            })
        }),
        "login" => Need::LogsIn.lacking(dialect),
        "dialled login" => Need::LogsIn.lacking(dialect).or_else(|| Need::LineOutside.lacking(dialect)).or_else(|| {
            (!dialect.logs_in_at_connecting()).then(|| {
                format!("with the dialect `{name}` nobody logs in when a line is dialled")
            })
        }),
        "wrong login" => Need::Refuses(Reason::WrongLogin).lacking(dialect),
        "kick" => Need::Says(Kind::Kick).lacking(dialect).or_else(|| {
            let unsaid = dialect.properties().kick_by.is_none();
            unsaid.then(|| format!("the dialect `{name}` does not declare who may put others out (`kick-by`)"))
        }),
        "kick by host" => needed("kick", dialect, patience).or_else(|| {
            let anybody = dialect.properties().kick_by != Some(WhoMay::Host);
            let unanswered = !dialect.answers(Kind::Kick);
            (anybody.then(|| format!("the dialect `{name}` declares `kick-by: anybody`")))
                .or(unanswered.then(|| format!("with the dialect `{name}` no answer comes to a `kick`")))
        }),
        "told kick" => Need::Hears(Kind::Kicked).lacking(dialect),
        "told end" => Need::Hears(Kind::Kicked).lacking(dialect).filter(|_| !properties.tells_room_end).map(|why| {
            format!("{why}, and does not declare that those inside are told of the end of their room (`tells-room-end`)")
        }),
        "absence" => (Need::Hears(Kind::PeerAway).lacking(dialect))
            .or_else(|| Need::Hears(Kind::PeerBack).lacking(dialect))
            .or_else(|| kept::untold(dialect)),
        "states" => Need::Says(Kind::SetState)
            .lacking(dialect)
            .or_else(|| Need::Hears(Kind::PeerState).lacking(dialect))
            .or_else(|| declared(!properties.states.is_empty(), "states"))
            .or_else(|| declared(properties.announces_states_within.is_some(), STATES)),
        "answered states" => Need::Says(Kind::SetState)
            .lacking(dialect)
            .or_else(|| declared(!properties.states.is_empty(), "states"))
            .or_else(|| (!dialect.grants(Kind::SetState)).then(|| {
                format!("with the dialect `{name}` nothing answers who sets what he shows")
            }))
            // Who answers what changes something, and nothing else, promises no more.
            .or_else(|| needed("answers", dialect, patience)),
        "listed states" => (!dialect.lists_states()).then(|| {
            format!("the dialect `{name}` does not say what those inside have set (`{{state}}` in `hear: joined`)")
        }),
        "kept states" => declared(properties.keeps_states, "keeps-states")
            .or_else(|| kept::least(dialect)),
        "news once" => declared(properties.news_once, "news-once"),
        "host" => (Need::Hears(Kind::Host).lacking(dialect))
            .or_else(|| declared(properties.announces_host_within.is_some(), HOST)),
        "longest host" => declared(properties.host_passes_to_longest, "host-passes-to: longest"),
        "line outside" => Need::StaysConnected.lacking(dialect),
        "answers" => declared(properties.answers_within.is_some(), "answers-within"),
        "answered offers" => (!dialect.answered_relays().contains(&Kind::Offer)).then(|| {
            format!("the dialect `{name}` does not say that an offer is answered (`granted` with `of: offer`)")
        }).or_else(|| needed("answers", dialect, patience)),
        "numbers" => (!dialect.numbers(Kind::Join)).then(|| {
            format!("with the dialect `{name}` who asks to come in says no `{{number}}` that the answer repeats")
        }),
        "numbered refusals" => (!dialect.numbers_refusals()).then(|| {
            format!("with the dialect `{name}` not every refusal repeats the `{{number}}` of its request")
        }),
        "one line" => unmoved(dialect),
        "announced leaving" => declared(properties.announces_leaving_within.is_some(), "announces-leaving-within"),
        "noticed loss" => needed("announced leaving", dialect, patience)
            .or_else(|| Need::NoticesLoss.lacking(dialect)),
        _ => Some(format!("it needs what this does not know: {what}")),
    }
}

/// Somebody removes the room that he is in, and has not made.
fn guest_destroys(dialect: &Dialect) -> &'static str {
    match dialect.properties().destroy_by {
        Some(WhoMay::Anybody) => "destroy: { peer: bob, room: lobby }",
        Some(WhoMay::Host) | None => "destroy: { peer: bob, room: lobby, refused: not-yours }",
    }
}

/// A refusal for this reason, where that is promised; else any.
fn refused_as(reason: Reason, dialect: &Dialect) -> String {
    match dialect.properties().refusals.has(reason) {
        // Of several values it may be another that the server takes for the wrong one, and it may say so in other words.
        true if dialect.logins().len() < 2 => reason.to_string(),
        _ => "true".to_owned(),
    }
}

/// What is said where a promise is not made.
fn undeclared(dialect: &Dialect, key: &str) -> Option<String> {
    let name = dialect.name();
    Some(format!("the dialect `{name}` declares no `{key}`"))
}

/// Why somebody who has said garbage may be anywhere.
fn unworded(kind: Garbage, dialect: &Dialect) -> Option<String> {
    let name = dialect.name();
    let word = dialect.properties().garbage.of(kind) == Some(OnGarbage::Word);
    (!word).then(|| {
        format!("the dialect `{name}` does not declare that garbage is answered by a word (`garbage: {{ {kind}: word }}`)")
    })
}

/// The server's word for how somebody went, as a line of the log shows it.
fn told_how(word: Option<&str>) -> String {
    crate::log::word(word.unwrap_or_default())
}

/// Why nobody can ask for a room from inside another one.
fn unmoved(dialect: &Dialect) -> Option<String> {
    let name = dialect.name();
    dialect.dials_by_room().then(|| {
        format!("with the dialect `{name}` a line is dialled for each room: who asks for another is on another line")
    })
}

/// Why nobody can be asked whether capitals make another name.
fn untold(dialect: &Dialect) -> Option<String> {
    let name = dialect.name();
    (!dialect.properties().takes_any_name)
        .then(|| format!("the dialect `{name}` declares no `takes-any-name`, and capitals may be small letters to its server"))
}

/// Why a room cannot be filled where this is spoken.
fn unfilled(dialect: &Dialect) -> Option<String> {
    let name = dialect.name();
    match dialect.properties().room_size {
        None => Some(format!(
            "it begins with a full room: the dialect `{name}` declares no `room-size`"
        )),
        Some(size) if size > MOST => Some(format!(
            "it begins with a full room, of {MOST} at most: a room of `{name}` holds {size}"
        )),
        Some(_) => None,
    }
}

/// The steps that one line stands for.
fn written(step: &str, dialect: &Dialect) -> Vec<String> {
    let open = |peer: &str, room: &str| format!("create: {{ peer: {peer}, room: {room} }}");
    let enter = |peer: &str, room: &str| format!("join: {{ peer: {peer}, room: {room} }}");
    let send = |from: &str, to: &str, message: &str| {
        format!("send: {{ from: {from}, to: {to}, message: {message} }}")
    };
    let words: Vec<&str> = step.split_whitespace().collect();
    match words.as_slice() {
        ["meet"] => vec![open("alice", "lobby"), enter("bob", "lobby")],
        // Where there are no rooms to be apart in, they are two more.
        ["apart"] => {
            let room = match dialect.has_rooms() && dialect.names_rooms() {
                true => "attic",
                false => "lobby",
            };
            vec![open("carol", room), enter("dave", room)]
        }
        // One more, inside with the two, or beside them where there is no place.
        ["third", peer] => match dialect.properties().room_size {
            Some(size) if size < 3 => vec![open(peer, "attic")],
            _ => vec![enter(peer, "lobby")],
        },
        ["fill", room] => {
            let size = dialect.properties().room_size.unwrap_or_default();
            let size = if size > MOST { 0 } else { size };
            (3..=size)
                .map(|place| enter(&format!("guest{place}"), room))
                .collect()
        }
        ["open", peer, room] => vec![open(peer, room)],
        ["enter", peer, room] => vec![enter(peer, room)],
        ["send", from, to, message] => vec![send(from, to, message)],
        ["send", from, to, message, size, "bytes"] => {
            let long = send(from, to, message).replace(" }", &format!(", size: {size} }}"));
            vec![long]
        }
        ["send", from, to, message, times] => {
            let times = times.parse().unwrap_or(1);
            vec![send(from, to, message); times]
        }
        ["run", from, to] => match dialect.passes(Kind::Candidate) {
            true => vec![send(from, to, "candidate"); RUN],
            false => Vec::new(),
        },
        ["sized", from, to, message] => {
            let tell = |size: u32| {
                let long = format!("send {from} {to} {message} {size} bytes");
                let mut steps = written(&long, dialect);
                steps.push(format!(
                    "await: {{ peer: {to}, hears: {message}, from: {from} }}"
                ));
                steps
            };
            let sizes = sized::sizes(message, dialect).into_iter();
            sizes.flat_map(tell).collect()
        }
        ["tell", from, to, message] => vec![
            send(from, to, message),
            format!("await: {{ peer: {to}, hears: {message}, from: {from} }}"),
        ],
        ["hosted", peer, host] => match dialect.tells_host() {
            true => vec![format!(
                "await: {{ peer: {peer}, hears: host, from: {host} }}"
            )],
            false => Vec::new(),
        },
        // Where a session must stand before anything else can be said.
        ["paired", from, to] => match dialect.offers_open_sessions() {
            true => written(&format!("tell {from} {to} offer"), dialect),
            false => Vec::new(),
        },
        _ => vec![step.to_owned()],
    }
}

/// Who takes part, in the order of the steps, as their own reader finds them.
fn peers(steps: &[(Role, String)]) -> Vec<PeerName> {
    let mut text = String::new();
    for (_, step) in steps {
        let _ = writeln!(text, "- {step}");
    }
    peers_named(&text)
}
