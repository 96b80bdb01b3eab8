//! The sequence of what happened, a row an event.

use std::collections::BTreeMap;

use super::html::Html;
use super::lanes::Lanes;
use crate::log::Watch;
use crate::names::PeerName;
use crate::record::{Event, Failure, Seq, Story, Verdict, What, let_in};
use crate::report::text::in_a_row;
use crate::scenario::Place;
use crate::signaling::{Kind, Notice, Request, Terms, Word};
use crate::terms::{Direction, Ending, Fate, Machine, Payload, ServerLife, Side};

/// So many rows are on a page; a browser has to bear them.
const MOST: usize = 20_000;

/// How an event is drawn.
enum Drawn {
    /// From one column to another.
    Arrow {
        from: usize,
        to: usize,
        class: &'static str,
        tap: Option<&'static str>,
    },
    /// In a column.
    Chip { at: usize, class: &'static str },
    /// Over all columns.
    Step { index: usize },
}

/// What the laws say of an event.
#[derive(Clone, Copy)]
struct Mark {
    law: u8,
    is_main: bool,
}

pub(super) fn write(html: &mut Html, story: &Story, lanes: &Lanes) {
    let failure = match &story.verdict {
        Verdict::Fail(failure) => Some(&**failure),
        _ => None,
    };
    html.raw("<input type=\"checkbox\" id=\"all\"><label class=\"toggle\" for=\"all\">show every event</label>\n<div class=\"sequence\">\n");
    heads(html, story, lanes);
    let marks = marks(story);
    // Names are learnt from what came before.
    let mut watch = Watch::new::<&str>(&[], &Terms::default());
    let mut rows = 0;
    let mut told = failure.is_none();
    let counted = let_in(&story.events);
    for (event, raw) in counted
        .iter()
        .map(|event| &**event)
        .zip(story.events.iter())
    {
        let forms = watch.lines(raw);
        if event.what == What::Clearing {
            if !told {
                told = true;
                failed(html, failure);
            }
            html.raw("<div class=\"note minor\">The harness ends what it has started</div>\n");
            continue;
        }
        if let Some(failure) = failure.filter(|failure| !told && event.seq >= failure.at) {
            told = true;
            failed(html, Some(failure));
        }
        let Some((drawn, label)) = drawn(event, forms, story, lanes) else {
            continue;
        };
        rows += 1;
        if rows > MOST {
            continue;
        }
        row(html, event, &drawn, &label, marks.get(&event.seq), failure);
    }
    if !told {
        failed(html, failure);
    }
    if rows > MOST {
        html.raw("<div class=\"note\">… and ")
            .number((rows - MOST) as u64)
            .raw(" events more, which are in the record</div>\n");
    }
    html.raw("</div>\n");
}

fn heads(html: &mut Html, story: &Story, lanes: &Lanes) {
    html.raw("<div class=\"heads\">");
    for column in lanes.columns() {
        match column {
            Some(peer) => {
                html.raw("<div>").text(peer.as_str()).raw("<small>");
                if let Some(stack) = story.cast.get(peer) {
                    html.raw(stack.as_str());
                }
                html.raw("</small></div>");
            }
            None => {
                html.raw("<div>server<small>")
                    .text(&story.facts.dialect)
                    .raw("</small></div>");
            }
        }
    }
    html.raw("</div>\n");
}

/// Where the run failed.
fn failed(html: &mut Html, failure: Option<&Failure>) {
    let Some(failure) = failure else { return };
    html.raw("<div class=\"note failed\" id=\"failed\">✕ ");
    if let Some(place) = &failure.place {
        html.text(&place.to_string()).raw(": ");
    }
    html.text(&failure.message).raw("</div>\n");
}

fn marks(story: &Story) -> BTreeMap<Seq, Mark> {
    let mut marks = BTreeMap::new();
    for broken in story.laws.iter().flat_map(|found| &found.breaches) {
        let law = broken.law;
        for because in &broken.because {
            marks.entry(*because).or_insert(Mark {
                law,
                is_main: false,
            });
        }
        marks.insert(broken.event, Mark { law, is_main: true });
    }
    marks
}

fn row(
    html: &mut Html,
    event: &Event,
    drawn: &Drawn,
    label: &str,
    mark: Option<&Mark>,
    failure: Option<&Failure>,
) {
    html.raw("<details class=\"row");
    if let Drawn::Step { index } = drawn {
        html.raw(" step");
        let place = failure.and_then(|failure| failure.place.as_ref());
        if place == Some(&Place::Step(*index)) {
            html.raw(" failed");
        }
    } else if mark.is_none() && is_minor(&event.what) {
        html.raw(" minor");
    }
    match mark {
        Some(Mark { is_main: true, .. }) => html.raw(" lawful"),
        Some(_) => html.raw(" because"),
        None => html,
    };
    html.raw("\" id=\"e").number(event.seq).raw("\"><summary>");
    match drawn {
        Drawn::Step { index } => {
            html.raw("step ")
                .number(*index as u64)
                .raw(" · ")
                .text(label);
        }
        Drawn::Chip { at, class } => {
            html.raw("<div class=\"lanes\"><div class=\"chip k")
                .number(*at as u64)
                .raw(class)
                .raw("\">")
                .text(label)
                .raw("</div></div>");
        }
        Drawn::Arrow {
            from,
            to,
            class,
            tap,
        } => {
            let (first, last) = (*from.min(to) as u64, *from.max(to) as u64);
            html.raw("<div class=\"lanes\"><div class=\"arrow k")
                .number(first)
                .raw("-")
                .number(last)
                .raw(if from < to { " right" } else { " left" })
                .raw(class)
                .raw("\"><span class=\"label\">")
                .text(label);
            if let Some(tap) = tap {
                html.raw(" <b class=\"tap\">").raw(tap).raw("</b>");
            }
            html.raw("</span></div></div>");
        }
    }
    if !matches!(drawn, Drawn::Step { .. }) {
        html.raw("<span class=\"when\">")
            .text(&milliseconds(event.at))
            .raw("</span>");
    }
    if let Some(mark) = mark {
        html.raw("<span class=\"lawmark\">law ")
            .number(mark.law.into())
            .raw("</span>");
    }
    html.raw("</summary><div class=\"more\">");
    more(html, event, label);
    html.raw("</div></details>\n");
}

/// What a click shows.
fn more(html: &mut Html, event: &Event, label: &str) {
    html.raw("event ")
        .number(event.seq)
        .raw(", ")
        .text(&milliseconds(event.at));
    if !event.cause.is_empty() {
        html.raw(", caused by");
        for cause in &event.cause {
            html.raw(" <a href=\"#e")
                .number(*cause)
                .raw("\">")
                .number(*cause)
                .raw("</a>");
        }
    }
    match &event.what {
        What::Message {
            carrier,
            size,
            text,
            fate,
            word,
            ..
        } => {
            html.raw(", ")
                .number(*size as u64)
                .raw(" bytes of ")
                .text(&format!("{carrier:?}").to_lowercase())
                .raw(", ")
                .text(&format!("{fate:?}").to_lowercase())
                .element("<pre>", text, "</pre>");
            if let Some(crate::signaling::Word::Signal {
                signal:
                    crate::signaling::Signal::Offer { sdp } | crate::signaling::Signal::Answer { sdp },
                ..
            }) = word
            {
                html.element("<pre>", sdp, "</pre>");
            }
        }
        What::Step { line, .. } => {
            html.raw(", line ").number((*line).into());
        }
        _ => {
            html.element("<pre>", label, "</pre>");
        }
    }
}

/// Whether it only interests who looks closely.
fn is_minor(what: &What) -> bool {
    match what {
        What::Hears { .. }
        | What::Passes { .. }
        | What::Gathered { .. }
        | What::Applied { .. }
        | What::Console { .. }
        | What::Fenced { .. }
        | What::ConnectionMade { .. }
        | What::App { .. }
        | What::Certificate { .. }
        | What::LinkEnded { .. }
        | What::LinkClosed { .. }
        | What::End
        | What::Clearing => true,
        // The harness asks for a refusal, to see that all before it is here.
        What::Message {
            word: Some(Word::Request { request }),
            ..
        } => *request == Request::Fence,
        What::Message {
            word:
                Some(Word::Notice {
                    notice: Notice::Refused { request, .. },
                }),
            ..
        } => *request == Some(Kind::Fence),
        What::State { machine, .. } => {
            matches!(
                machine,
                Machine::IceGathering | Machine::Ice | Machine::Signaling
            )
        }
        What::Channel { state, .. } => !matches!(state.as_str(), "open" | "closed" | "error"),
        What::Server { life } => matches!(life, ServerLife::Line { .. } | ServerLife::Ready),
        _ => false,
    }
}

fn milliseconds(micros: u64) -> String {
    format!("{}.{} ms", micros / 1000, micros / 100 % 10)
}

fn drawn(
    event: &Event,
    forms: Vec<String>,
    story: &Story,
    lanes: &Lanes,
) -> Option<(Drawn, String)> {
    let server = lanes.server();
    let chip = |peer: &PeerName, class, label: String| {
        Some((
            Drawn::Chip {
                at: lanes.peer(peer)?,
                class,
            },
            label,
        ))
    };
    let at_server = |class, label: String| Some((Drawn::Chip { at: server, class }, label));
    // `bob -> server: offer for alice (held)`, without whom the columns tell.
    let first = forms.into_iter().next();
    let said = first.as_deref().map(|line| match line.split_once(": ") {
        Some((_, said)) => said.to_owned(),
        None => line.to_owned(),
    });
    match &event.what {
        // The step that holds it shows it.
        What::Step { inner: Some(_), .. } => None,
        What::Step { index, text, .. } => Some((Drawn::Step { index: *index }, text.clone())),
        What::Outcome { names, text } => {
            let names = names.iter().map(|(name, peer)| format!("{name} is {peer}"));
            let told: Vec<String> = text.iter().cloned().chain(names).collect();
            at_server("", told.join(", "))
        }
        What::Message {
            link,
            direction,
            fate,
            text,
            ..
        } => {
            let peer = lanes.peer(&link.peer)?;
            let (from, to) = match direction {
                Direction::Up => (peer, server),
                Direction::Down => (server, peer),
            };
            let (class, tap) = fate_of(*fate, *direction);
            let mut label = said.unwrap_or_else(|| text.clone());
            // The tap's mark says it.
            if let Some(tap) = tap
                && let Some(rest) = label.strip_suffix(&format!(" ({tap})"))
            {
                label.truncate(rest.len());
            }
            Some((
                Drawn::Arrow {
                    from,
                    to,
                    class,
                    tap,
                },
                label,
            ))
        }
        What::Aside {
            link,
            direction,
            fate,
            text,
            ..
        } => {
            let peer = lanes.peer(&link.peer)?;
            let (from, to) = match direction {
                Direction::Up => (peer, server),
                Direction::Down => (server, peer),
            };
            let (_, tap) = fate_of(*fate, *direction);
            Some((
                Drawn::Arrow {
                    from,
                    to,
                    class: " side",
                    tap,
                },
                text.clone(),
            ))
        }
        What::Released { message, delivered } => {
            let What::Message {
                link, direction, ..
            } = &(story.events.get(*message as usize)?).what
            else {
                return None;
            };
            let peer = lanes.peer(&link.peer)?;
            let (from, to) = match direction {
                Direction::Up => (peer, server),
                Direction::Down => (server, peer),
            };
            let (class, tap) = match (delivered, direction) {
                (true, Direction::Up) => ("", "released"),
                (true, Direction::Down) => (" down", "released"),
                (false, _) => (" stopped lost", "found nobody"),
            };
            let label = said.filter(|said| !said.is_empty());
            Some((
                Drawn::Arrow {
                    from,
                    to,
                    class,
                    tap: Some(tap),
                },
                label.unwrap_or_else(|| format!("event {message}")),
            ))
        }
        What::Heard {
            peer,
            label,
            payload,
            ..
        } => {
            let told = format!("{label}: {}", told(payload));
            match (lanes.other(peer, story), lanes.peer(peer)) {
                (Some(from), Some(to)) => Some((
                    Drawn::Arrow {
                        from,
                        to,
                        class: " side",
                        tap: None,
                    },
                    told,
                )),
                _ => chip(peer, "", format!("hears on {told}")),
            }
        }
        What::Said {
            peer,
            label,
            payload,
            ..
        } => chip(peer, "", format!("says on {label}: {}", told(payload))),
        What::LinkAsked { link, text } => {
            chip(&link.peer, "", format!("{link}: {}", in_a_row(text)))
        }
        What::LinkUp { link } => chip(&link.peer, " up", format!("{link}: signaling up")),
        What::LinkDown { link, by, ending } => {
            let by = match by {
                Side::Peer => "the peer",
                Side::Server => "the server",
                Side::Tap => "the tap",
            };
            let how = match ending {
                Ending::Close { code: None, .. } => "closed".to_owned(),
                Ending::Close {
                    code: Some(code),
                    reason,
                } if reason.is_empty() => format!("closed ({code})"),
                Ending::Close {
                    code: Some(code),
                    reason,
                } => format!("closed ({code}: {reason})"),
                Ending::Eof => "ended".to_owned(),
                Ending::Reset => "reset".to_owned(),
            };
            chip(
                &link.peer,
                " end",
                format!("{link}: signaling {how} by {by}"),
            )
        }
        What::LinkClosed { link, code, .. } => {
            chip(&link.peer, "", format!("{link}: sees its end ({code})"))
        }
        What::LinkEnded { link } => chip(&link.peer, " end", format!("{link}: a step ends it")),
        What::Stalled { link, stalled } => {
            let what = if *stalled {
                "the tap stops reading"
            } else {
                "the tap reads again"
            };
            chip(&link.peer, "", what.to_owned())
        }
        What::ConnectionMade { peer, with, .. } => {
            chip(peer, "", format!("{peer}: a connection for {with}"))
        }
        What::App { peer, path } => chip(peer, "", format!("is the page {path}")),
        What::Certificate {
            peer,
            local,
            fingerprint,
            ..
        } => {
            let whose = if *local { "its own" } else { "the other's" };
            chip(peer, "", format!("{whose} certificate: {fingerprint}"))
        }
        What::Fenced { link } => chip(&link.peer, "", format!("{link}: all is here")),
        What::State {
            peer,
            machine,
            state,
            ..
        } => {
            let class = match (machine, state.as_str()) {
                (Machine::Connection, "connected") => " up",
                (Machine::Connection, "failed" | "closed") => " end",
                _ => "",
            };
            chip(peer, class, format!("{} {state}", machine.as_str()))
        }
        What::Channel {
            peer, label, state, ..
        } => {
            let class = if state == "open" { " up" } else { "" };
            chip(peer, class, format!("channel {label} {state}"))
        }
        What::Passes { link, what } => chip(&link.peer, "", what.clone()),
        What::Hears { peer, kind, .. } => chip(peer, "", format!("hears {kind}")),
        What::Gathered { peer, sort, .. } => {
            let sort = sort.as_deref().unwrap_or("no more");
            chip(peer, "", format!("candidate {sort}"))
        }
        What::Applied { peer, applied, .. } => {
            use crate::record::Applied;
            let what = match applied {
                Applied::Local(kind) => format!("local {}", kind.as_str()),
                Applied::Remote(kind) => format!("remote {}", kind.as_str()),
                Applied::Candidate => "remote candidate".to_owned(),
                Applied::EndOfCandidates => "end of candidates".to_owned(),
            };
            chip(peer, "", format!("takes {what}"))
        }
        What::LinkRefused { link, text, .. } => chip(&link.peer, " end", text.clone()),
        What::Violation {
            direction: Direction::Up,
            link,
            detail,
            ..
        } => chip(&link.peer, "", format!("wrote {detail}")),
        What::Violation { detail, .. } => at_server(" end", format!("wrote {detail}")),
        What::PeerError {
            peer,
            during,
            name,
            message,
            ..
        } => chip(peer, " end", format!("{during} refused: {name}: {message}")),
        What::Console { peer, level, text } => chip(peer, "", format!("console {level}: {text}")),
        What::Note { peer, text } => match peer {
            Some(peer) => chip(peer, "", text.clone()),
            None => at_server("", text.clone()),
        },
        What::Server { life } => match life {
            ServerLife::Ready => at_server(" up", "ready".to_owned()),
            ServerLife::Exited { status } => {
                at_server(" end", format!("ended by itself: {status}"))
            }
            ServerLife::Killed => at_server(" end", "killed".to_owned()),
            ServerLife::Alive => at_server("", "goes on".to_owned()),
            ServerLife::Paused => at_server(" end", "paused".to_owned()),
            ServerLife::Resumed => at_server(" up", "resumed".to_owned()),
            ServerLife::Line { text } => at_server("", format!("says: {text}")),
        },
        What::Node { node, life } => match life {
            ServerLife::Ready => at_server(" up", format!("node {node} ready")),
            ServerLife::Killed => at_server(" end", format!("node {node} killed")),
            ServerLife::Paused => at_server(" end", format!("node {node} paused")),
            ServerLife::Resumed => at_server(" up", format!("node {node} resumed")),
            ServerLife::Alive | ServerLife::Exited { .. } | ServerLife::Line { .. } => None,
        },
        What::Run { .. }
        | What::Case(_)
        | What::Source { .. }
        | What::End
        | What::Clearing
        | What::Starved { .. }
        | What::Law(_)
        | What::Verdict { .. } => None,
    }
}

fn told(payload: &Payload) -> String {
    match payload {
        Payload::Text(text) => format!("{text:?}"),
        Payload::Bytes(bytes) => format!("{} bytes, base64", bytes.len()),
    }
}

/// How an arrow looks, and what the tap did with its message.
fn fate_of(fate: Fate, direction: Direction) -> (&'static str, Option<&'static str>) {
    let is_up = direction == Direction::Up;
    match fate {
        Fate::Passed if is_up => ("", None),
        Fate::Passed => (" down", None),
        Fate::Held => (" stopped", Some("held")),
        Fate::Delayed if is_up => ("", Some("delayed")),
        Fate::Delayed => (" down", Some("delayed")),
        Fate::Dropped => (" stopped lost", Some("dropped")),
        Fate::Swallowed => (" stopped lost", Some("swallowed")),
        Fate::Undeliverable => (" stopped lost", Some("undeliverable")),
        Fate::Corrupted => (" stopped lost", Some("corrupted")),
        Fate::Copy if is_up => (" made", Some("duplicate")),
        Fate::Copy => (" down made", Some("duplicate")),
        Fate::Forged if is_up => (" made", Some("forged")),
        Fate::Forged => (" down made", Some("forged")),
    }
}
