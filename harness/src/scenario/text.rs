//! A scenario as text: the line of a step, its line in the log, and the whole file.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::build::made_up;
use super::model::{
    Action, Answer, Condition, Count, Cut, DEFAULT_CHANNEL, DEFAULT_WITHIN, EarlyCandidates, Line,
    Offers, OnBye, Pattern, PeerSpec, Place, Raw, Scenario, Step,
};
use super::model::{Share, Together};
use super::table::{Demands, LET_IN, TOGETHER, TURNED_AWAY, WAIT, verb};
use crate::names::{PeerName, Stack};
use crate::signaling::Kind;
use crate::terms::{Corruption, Silence};
use crate::terms::{Data, Kill};
use crate::yaml::write_duration;
use crate::yaml::{flow, scalar};
use std::time::Duration;

/// From this length on, made-up bytes are written as `size:`.
const SIZE_FROM: usize = 1;

impl Action {
    /// Its verb, as files write it.
    pub(crate) fn verb(&self) -> &'static str {
        entries(self).0
    }

    /// What it asks of whoever runs it.
    pub(crate) fn demands(&self) -> Demands {
        match self {
            // They watch; the steps that begin together are asked one by one.
            Action::Wait(_) | Action::Await(_) | Action::Together(_) => Demands::Nothing,
            // What is not in the table has not said that it is harmless.
            _ => verb(self.verb()).map_or(Demands::Control, |verb| verb.demands),
        }
    }
}

impl Step {
    /// The step on one line, as YAML.
    pub fn text(&self) -> String {
        if let Action::Together(together) = &self.action {
            return together_text(together, self.within);
        }
        let (verb, mut entries) = entries(&self.action);
        if self.within != DEFAULT_WITHIN {
            entries.push(("within", write_duration(self.within)));
        }
        if let Action::Wait(time) = &self.action {
            return format!("{verb}: {}", write_duration(*time));
        }
        if entries.is_empty() {
            return verb.into();
        }
        format!("{verb}: {}", flow(&entries))
    }

    /// Its line in the log, for steps that no message shows.
    pub fn log(&self) -> Option<String> {
        Some(match &self.action {
            Action::Connect {
                peer,
                answer: Answer::Refused | Answer::RefusedWith(_),
            } => format!("{peer}: one more connection, refused"),
            Action::Close { peer, to } => format!("{peer}: close(){}", with(to)),
            Action::Kill { peer, how } => format!("{peer}: killed ({})", kill_text(*how)),
            Action::Hold(pattern) => format!("tap: hold {}", pattern_text(pattern)),
            Action::Release(pattern) => format!("tap: release {}", pattern_text(pattern)),
            Action::Drop(pattern) => format!("tap: drop {}", pattern_text(pattern)),
            Action::Delay { pattern, by } => {
                let by = write_duration(*by);
                format!("tap: delay {} by {by}", pattern_text(pattern))
            }
            Action::Duplicate(pattern) => format!("tap: duplicate {}", pattern_text(pattern)),
            Action::Reorder { pattern, behind } => {
                let behind = behind.map_or("the next", Kind::as_str);
                format!("tap: reorder {} behind {behind}", pattern_text(pattern))
            }
            Action::Corrupt { pattern, how } => {
                let how = corruption_text(*how);
                format!("tap: corrupt {} ({how})", pattern_text(pattern))
            }
            Action::Cut {
                peer,
                how: Cut::Silence(silence),
            } => format!("tap: cut {peer} (silence, {})", direction_text(*silence)),
            Action::Cut { peer, how } => format!("tap: cut {peer} ({})", cut_text(*how)),
            Action::Stall { peer } => format!("tap: stall {peer}"),
            Action::Mend { peer } => format!("tap: mend {peer}"),
            Action::Wait(time) => format!("stage: waits {}", write_duration(*time)),
            Action::Pause => "server: paused".into(),
            Action::Resume => "server: resumed".into(),
            Action::SendRaw {
                peer,
                raw: Raw::Frame(frame),
            } => format!("{peer}: sends a frame ({})", frame.as_str()),
            Action::SendRaw {
                peer,
                raw: Raw::Upgrade { path, status },
            } => {
                let status = status.map(|status| format!(": {status}"));
                let status = status.unwrap_or_default();
                format!("{peer}: asks for a WebSocket on {}{status}", scalar(path))
            }
            Action::KillServer => "server: killed".into(),
            Action::Restart => "server: restarted".into(),
            Action::Disconnect { peer } => format!("{peer}: disconnects"),
            Action::OpenChannel {
                peer, to, label, ..
            } => format!("{peer}: open channel {}{}", scalar(label), with(to)),
            Action::CloseChannel { peer, to, channel } => {
                format!("{peer}: close channel {}{}", scalar(channel), with(to))
            }
            _ => return None,
        })
    }
}

impl Scenario {
    /// The scenario as a file that reads back equal.
    pub fn to_yaml(&self) -> String {
        let mut out = format!("scenario: {}\n", scalar(&self.name));
        if !self.tags.is_empty() {
            let tags: Vec<String> = self.tags.iter().map(|tag| scalar(tag)).collect();
            out.push_str(&format!("tags: [{}]\n", tags.join(", ")));
        }
        if !self.about.is_empty() {
            out.push_str(&format!("about: {}\n", scalar(&self.about)));
        }
        if let Some(issue) = &self.issue {
            out.push_str(&format!("issue: {}\n", scalar(issue)));
        }
        if !self.needs.is_empty() {
            let needs: Vec<&str> = self.needs.iter().map(|need| need.as_str()).collect();
            out.push_str(&format!("needs: [{}]\n", needs.join(", ")));
        }
        out.push_str("peers:\n");
        for (name, spec) in &self.peers {
            out.push_str(&format!(
                "  {}: {}\n",
                scalar(name.as_str()),
                peer_text(spec)
            ));
        }
        if !self.mixes.is_empty() {
            out.push_str("casts:\n");
            for mix in &self.mixes {
                let pinned = |peer: &PeerName| {
                    let mut peers = self.peers.iter();
                    peers.any(|(name, spec)| name == peer && spec.stack.is_some())
                };
                let stacks: Vec<(&str, String)> = (mix.cast.iter())
                    .filter(|(peer, stack)| *stack != Stack::Native && !pinned(peer))
                    .map(|(peer, stack)| (peer.as_str(), stack.to_string()))
                    .collect();
                out.push_str(&format!("  {}: {}\n", scalar(&mix.name), flow(&stacks)));
            }
        }
        if !self.catches.is_empty() {
            out.push_str("catches:\n");
            for (fault, place) in &self.catches {
                out.push_str(&format!("  {}: {place}\n", scalar(fault)));
            }
        }
        if !self.breaks.is_empty() {
            out.push_str("breaks:\n");
            for (law, reason) in &self.breaks {
                out.push_str(&format!("  {law}: {}\n", scalar(reason)));
            }
        }
        out.push_str("steps:\n");
        for step in &self.steps {
            out.push_str(&format!("  - {}\n", step.text()));
        }
        let expect = &self.expect;
        if expect.lines().next().is_some() {
            out.push_str("expect:\n");
            let blocks = [
                ("seen", &expect.seen),
                ("never", &expect.never),
                ("order", &expect.order),
            ];
            for (key, lines) in blocks {
                out.push_str(&block(key, lines));
            }
            if !expect.count.is_empty() {
                out.push_str("  count:\n");
            }
            for Count { line, times } in &expect.count {
                out.push_str(&format!("    {}: {times}\n", scalar(&line.text)));
            }
        }
        out
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Step(number) => write!(f, "step {number}"),
            Place::Never(number) => write!(f, "never {number}"),
            Place::Seen(number) => write!(f, "seen {number}"),
            Place::Order(number) => write!(f, "order {number}"),
            Place::Count(number) => write!(f, "count {number}"),
            Place::Law(number) => write!(f, "law {number}"),
        }
    }
}

/// `{ together: [{ join: { … } }, …], let-in: winner }`; without braces where nothing stands beside it.
fn together_text(together: &Together, within: Duration) -> String {
    let steps = together.steps.iter().map(|step| {
        let text = step.text();
        let alone = entries(&step.action).1.is_empty();
        if alone { text } else { format!("{{ {text} }}") }
    });
    let steps = format!("[{}]", steps.collect::<Vec<_>>().join(", "));
    let mut keys = vec![(TOGETHER, steps)];
    for (key, share) in [
        (LET_IN, &together.let_in),
        (TURNED_AWAY, &together.turned_away),
    ] {
        keys.extend(share_text(share).map(|text| (key, text)));
    }
    if within != DEFAULT_WITHIN {
        keys.push(("within", write_duration(within)));
    }
    match keys.as_slice() {
        [(verb, steps)] => format!("{verb}: {steps}"),
        _ => flow(&keys),
    }
}

fn share_text(share: &Share) -> Option<String> {
    match share {
        Share::Any => None,
        Share::Number(number) => Some(number.to_string()),
        Share::Names(names) => {
            let names: Vec<String> = names.iter().map(|name| scalar(name.as_str())).collect();
            Some(match names.as_slice() {
                [one] => one.clone(),
                _ => format!("[{}]", names.join(", ")),
            })
        }
    }
}

/// `answer from alice to bob, 2nd`: a pattern as the log writes it.
pub(crate) fn pattern_text(pattern: &Pattern) -> String {
    let mut out = pattern.message.to_string();
    if let Some(from) = &pattern.from {
        out.push_str(&format!(" from {from}"));
    }
    if let Some(to) = &pattern.to {
        out.push_str(&format!(" to {to}"));
    }
    if let Some(nth) = pattern.nth {
        out.push_str(&format!(" #{nth}"));
    }
    out
}

fn block(key: &str, lines: &[Line]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let mut out = format!("  {key}: |\n");
    for line in lines {
        out.push_str(&format!("    {}\n", line.text));
    }
    out
}

fn peer_text(spec: &PeerSpec) -> String {
    let mut entries = Vec::new();
    if let Some(stack) = spec.stack {
        entries.push(("stack", stack.to_string()));
    }
    match spec.early_candidates {
        EarlyCandidates::Buffer => {}
        EarlyCandidates::Apply => entries.push(("early-candidates", "apply".into())),
        EarlyCandidates::Drop => entries.push(("early-candidates", "drop".into())),
    }
    if spec.manual {
        entries.push(("negotiation", "manual".into()));
    }
    match spec.offers {
        Offers::Joiner => {}
        Offers::Insider => entries.push(("offers", "insider".into())),
        Offers::Both => entries.push(("offers", "both".into())),
        Offers::Nobody => entries.push(("offers", "nobody".into())),
    }
    if let Some(polite) = spec.polite {
        entries.push(("polite", polite.to_string()));
    }
    if spec.on_bye == OnBye::Ignore {
        entries.push(("on-bye", "ignore".into()));
    }
    if let Some(time) = spec.cleans_up_in {
        entries.push(("cleans-up-in", write_duration(time)));
    }
    if let Some(reconnects) = spec.reconnects {
        let value = flow(&[
            ("within", write_duration(reconnects.within)),
            ("rejoins", reconnects.rejoins.to_string()),
        ]);
        entries.push(("reconnects", value));
    }
    if let Some(fault) = spec.fault {
        entries.push(("fault", fault.to_string()));
    }
    flow(&entries)
}

fn kill_text(how: Kill) -> &'static str {
    match how {
        Kill::Socket => "socket",
        Kill::Tab => "tab",
        Kill::Browser => "browser",
    }
}

fn cut_text(how: Cut) -> &'static str {
    match how {
        Cut::Close => "close",
        Cut::Reset => "reset",
        Cut::Silence(_) => "silence",
    }
}

fn direction_text(silence: Silence) -> &'static str {
    match (silence.up, silence.down) {
        (true, false) => "up",
        (false, true) => "down",
        _ => "both",
    }
}

fn corruption_text(how: Corruption) -> &'static str {
    match how {
        Corruption::Letter => "letter",
        Corruption::NotJson => "not-json",
        Corruption::NotUtf8 => "not-utf8",
    }
}

type Entries = Vec<(&'static str, String)>;

/// The other end of a connection, as the log has it.
fn with(to: &Option<PeerName>) -> String {
    let with = to.as_ref().map(|to| format!(" (with {to})"));
    with.unwrap_or_default()
}

/// Somebody, and somebody else if one is named.
fn both(
    one: (&'static str, &PeerName),
    (key, other): (&'static str, &Option<PeerName>),
) -> Entries {
    let mut entries = vec![who(one.0, one.1)];
    entries.extend(other.as_ref().map(|other| who(key, other)));
    entries
}

fn who(key: &'static str, peer: &PeerName) -> (&'static str, String) {
    (key, scalar(peer.as_str()))
}

fn with_answer(mut entries: Entries, answer: &Answer) -> Entries {
    match answer {
        Answer::Granted => {}
        Answer::Refused => entries.push(("refused", "true".into())),
        Answer::Any => entries.push(("answer", "any".into())),
        Answer::RefusedWith(text) => entries.push(("refused", scalar(text))),
    }
    entries
}

fn with_fails(mut entries: Entries, fails: Option<&String>) -> Entries {
    match fails.map(String::as_str) {
        None => {}
        Some("") => entries.push(("fails", "true".into())),
        Some(text) => entries.push(("fails", scalar(text))),
    }
    entries
}

fn pattern(key: &'static str, pattern: &Pattern) -> Entries {
    let mut entries = vec![(key, pattern.message.to_string())];
    entries.extend(pattern.from.as_ref().map(|from| who("from", from)));
    entries.extend(pattern.to.as_ref().map(|to| who("to", to)));
    entries.extend(pattern.nth.map(|nth| ("nth", nth.to_string())));
    entries
}

/// The verb and its keys, as files write them.
fn entries(action: &Action) -> (&'static str, Entries) {
    match action {
        Action::Together(_) => (TOGETHER, Vec::new()),
        Action::Connect { peer, answer } => {
            ("connect", with_answer(vec![who("peer", peer)], answer))
        }
        Action::Create { peer, room, answer } => (
            "create",
            with_answer(
                vec![who("peer", peer), ("room", scalar(room.as_str()))],
                answer,
            ),
        ),
        Action::Join {
            peer,
            room,
            offer,
            answer,
        } => {
            let mut entries = vec![who("peer", peer), ("room", scalar(room.as_str()))];
            if let Some(offer) = offer {
                entries.push(("offer", offer.to_string()));
            }
            ("join", with_answer(entries, answer))
        }
        Action::Leave { peer, answer } => ("leave", with_answer(vec![who("peer", peer)], answer)),
        Action::Destroy { peer, room, answer } => (
            "destroy",
            with_answer(
                vec![who("peer", peer), ("room", scalar(room.as_str()))],
                answer,
            ),
        ),
        Action::Disconnect { peer } => ("disconnect", vec![who("peer", peer)]),
        Action::Negotiate { from, to } => ("negotiate", both(("from", from), ("to", to))),
        Action::CreateOffer { peer, to } => ("create-offer", both(("peer", peer), ("to", to))),
        Action::CreateAnswer { peer, to } => ("create-answer", both(("peer", peer), ("to", to))),
        Action::SetLocal {
            peer,
            to,
            kind,
            fails,
        } => {
            let mut entries = both(("peer", peer), ("to", to));
            entries.push(("kind", kind.as_str().into()));
            ("set-local", with_fails(entries, fails.as_ref()))
        }
        Action::SetRemote {
            peer,
            to,
            kind,
            fails,
        } => {
            let mut entries = both(("peer", peer), ("to", to));
            entries.push(("kind", kind.as_str().into()));
            ("set-remote", with_fails(entries, fails.as_ref()))
        }
        Action::AddCandidate { peer, to, fails } => (
            "add-candidate",
            with_fails(both(("peer", peer), ("to", to)), fails.as_ref()),
        ),
        Action::Send {
            from,
            to,
            message,
            gathered,
        } => {
            let mut keys = both(("from", from), ("to", to));
            keys.push(("message", message.to_string()));
            if *gathered {
                keys.push(("gathered", "true".to_owned()));
            }
            ("send", keys)
        }
        Action::RestartIce { peer, to } => ("restart-ice", both(("peer", peer), ("to", to))),
        Action::OpenChannel {
            peer,
            to,
            label,
            options,
        } => {
            let mut entries = both(("peer", peer), ("to", to));
            entries.push(("label", scalar(label)));
            if !options.ordered {
                entries.push(("ordered", "false".into()));
            }
            entries.extend(
                options
                    .max_retransmits
                    .map(|count| ("max-retransmits", count.to_string())),
            );
            entries.extend(options.negotiated.map(|id| ("negotiated", id.to_string())));
            ("open-channel", entries)
        }
        Action::Say {
            from,
            to,
            channel,
            data,
            heard,
        } => {
            let mut entries = both(("from", from), ("to", to));
            if channel != DEFAULT_CHANNEL {
                entries.push(("channel", scalar(channel)));
            }
            entries.push(match data {
                Data::Text(text) => ("text", scalar(text)),
                Data::Bytes(bytes) => match STANDARD.decode(bytes) {
                    Ok(raw) if raw.len() >= SIZE_FROM && raw == made_up(raw.len()) => {
                        ("size", raw.len().to_string())
                    }
                    _ => ("bytes", scalar(bytes)),
                },
            });
            if !heard {
                entries.push(("heard", "false".into()));
            }
            ("say", entries)
        }
        Action::CloseChannel { peer, to, channel } => {
            let mut entries = both(("peer", peer), ("to", to));
            if channel != DEFAULT_CHANNEL {
                entries.push(("channel", scalar(channel)));
            }
            ("close-channel", entries)
        }
        Action::Close { peer, to } => ("close", both(("peer", peer), ("to", to))),
        Action::Kill { peer, how } => (
            "kill",
            vec![who("peer", peer), ("how", kill_text(*how).into())],
        ),
        Action::Hold(held) => ("hold", pattern("message", held)),
        Action::Release(held) => ("release", pattern("message", held)),
        Action::Drop(dropped) => ("drop", pattern("message", dropped)),
        Action::Delay {
            pattern: delayed,
            by,
        } => {
            let mut entries = pattern("message", delayed);
            entries.push(("by", write_duration(*by)));
            ("delay", entries)
        }
        Action::Duplicate(doubled) => ("duplicate", pattern("message", doubled)),
        Action::Reorder {
            pattern: moved,
            behind,
        } => {
            let mut entries = pattern("message", moved);
            entries.extend(behind.map(|behind| ("behind", behind.to_string())));
            ("reorder", entries)
        }
        Action::Corrupt {
            pattern: changed,
            how,
        } => {
            let mut entries = pattern("message", changed);
            if *how != Corruption::default() {
                entries.push(("as", corruption_text(*how).into()));
            }
            ("corrupt", entries)
        }
        Action::Cut { peer, how } => {
            let mut entries = vec![who("peer", peer), ("how", cut_text(*how).into())];
            if let Cut::Silence(silence) = how
                && silence.up != silence.down
            {
                entries.push(("direction", direction_text(*silence).into()));
            }
            ("cut", entries)
        }
        Action::Stall { peer } => ("stall", vec![who("peer", peer)]),
        Action::Mend { peer } => ("mend", vec![who("peer", peer)]),
        Action::Wait(_) => (WAIT, Vec::new()),
        Action::Pause => ("pause", Vec::new()),
        Action::Resume => ("resume", Vec::new()),
        Action::KillServer => ("kill-server", Vec::new()),
        Action::Restart => ("restart", Vec::new()),
        Action::SendRaw { peer, raw } => {
            let mut entries = vec![who("peer", peer)];
            match raw {
                Raw::Text(text) => entries.push(("text", scalar(text))),
                Raw::Frame(frame) => entries.push(("frame", frame.as_str().into())),
                Raw::Upgrade { path, status } => {
                    entries.push(("path", scalar(path)));
                    entries.extend(status.map(|status| ("status", status.to_string())));
                }
            }
            ("send-raw", entries)
        }
        Action::Http {
            peer,
            method,
            path,
            body,
            status,
        } => {
            let mut entries = vec![
                who("peer", peer),
                ("method", method.clone()),
                ("path", scalar(path)),
            ];
            entries.extend(body.as_ref().map(|body| ("body", scalar(body))));
            entries.extend(status.map(|status| ("status", status.to_string())));
            ("http", entries)
        }
        Action::Await(condition) => ("await", condition_entries(condition)),
    }
}

fn condition_entries(condition: &Condition) -> Entries {
    match condition {
        Condition::Hears { peer, kind, from } => {
            let mut entries = vec![who("peer", peer), ("hears", kind.to_string())];
            entries.extend(from.as_ref().map(|from| who("from", from)));
            entries
        }
        Condition::Held(held) => pattern("held", held),
        Condition::Connected { peers } => {
            let names: Vec<String> = peers.iter().map(|peer| scalar(peer.as_str())).collect();
            vec![("connected", format!("[{}]", names.join(", ")))]
        }
        Condition::State {
            peer,
            with,
            machine,
            state,
        } => {
            let mut entries = both(("peer", peer), ("with", with));
            let state = format!("{{ {}: {} }}", machine.as_str(), scalar(state));
            entries.push(("state", state));
            entries
        }
        Condition::Channel {
            peer,
            with,
            label,
            state,
        } => {
            let mut entries = both(("peer", peer), ("with", with));
            entries.extend([("channel", scalar(label)), ("is", scalar(state))]);
            entries
        }
        Condition::Said { peer, from, text } => {
            let mut entries = both(("peer", peer), ("from", from));
            entries.push(("said", scalar(text)));
            entries
        }
        Condition::Applied { peer, what } => vec![who("peer", peer), ("applied", what.to_string())],
        Condition::Error { peer, during } => vec![who("peer", peer), ("error", scalar(during))],
        Condition::Disconnected { peer } => {
            vec![who("peer", peer), ("disconnected", "true".into())]
        }
    }
}

impl Condition {
    /// The condition as words: what did not happen.
    pub fn describe(&self) -> String {
        let from = |from: &Option<PeerName>| {
            from.as_ref()
                .map(|from| format!(" from {from}"))
                .unwrap_or_default()
        };
        match self {
            Condition::Hears {
                peer,
                kind,
                from: who,
            } => format!("{peer} hears {kind}{}", from(who)),
            Condition::Held(Pattern {
                message,
                from: who,
                to,
                ..
            }) => {
                let to = to
                    .as_ref()
                    .map(|to| format!(" to {to}"))
                    .unwrap_or_default();
                format!("the tap holds {message}{}{to}", from(who))
            }
            Condition::Connected { peers } => {
                let peers: Vec<&str> = peers.iter().map(PeerName::as_str).collect();
                format!("{} connected", peers.join(" and "))
            }
            Condition::State {
                peer,
                with: who,
                machine,
                state,
            } => format!("{peer}'s {} state {state}{}", machine.as_str(), with(who)),
            Condition::Channel {
                peer,
                with: who,
                label,
                state,
            } => format!("{peer}'s channel {label} {state}{}", with(who)),
            Condition::Said {
                peer,
                from: who,
                text,
            } => format!("{peer} hears {text:?}{} through a channel", from(who)),
            Condition::Applied { peer, what } => format!("{peer}'s stack takes in a remote {what}"),
            Condition::Error { peer, during } => format!("{peer}'s stack refuses {during}"),
            Condition::Disconnected { peer } => format!("{peer}'s signaling connection ends"),
        }
    }

    /// What was waited for, for a person; what came instead follows: `alice waited for peer-left from bob`.
    pub fn waited(&self) -> String {
        match self {
            Condition::Hears { peer, kind, from } => {
                let from = from.as_ref().map(|from| format!(" from {from}"));
                format!("{peer} waited for {kind}{}", from.unwrap_or_default())
            }
            Condition::Said { peer, from, text } => {
                let from = from.as_ref().map(|from| format!(" from {from}"));
                let from = from.unwrap_or_default();
                format!("{peer} waited for {text:?}{from} through a channel")
            }
            other => format!("this step waited until {}", other.until()),
        }
    }

    /// What holds then.
    fn until(&self) -> String {
        match self {
            Condition::Connected { peers } => {
                let peers: Vec<&str> = peers.iter().map(PeerName::as_str).collect();
                let verb = if peers.len() == 1 { "is" } else { "are" };
                format!("{} {verb} connected", peers.join(" and "))
            }
            Condition::State {
                peer,
                with: who,
                machine,
                state,
            } => format!(
                "{peer}'s {} state is {state}{}",
                machine.as_str(),
                with(who)
            ),
            Condition::Channel {
                peer,
                with: who,
                label,
                state,
            } => format!("{peer}'s channel {label} is {state}{}", with(who)),
            other => other.describe(),
        }
    }
}
