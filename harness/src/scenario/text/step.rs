//! A step on one line, as the file has it and as the log has it.

use std::time::Duration;

use super::keys::entries;
use super::words::{
    corruption_text, cut_text, direction_text, kill_text, page_text, pattern_text, pretence_text,
    with,
};
use crate::scenario::model::{Action, Answer, Cut, DEFAULT_WITHIN, Raw, Share, Step, Together};
use crate::scenario::table::{Demands, LET_IN, TOGETHER, TURNED_AWAY, verb};
use crate::signaling::Kind;
use crate::terms::{ONE_MORE, ONE_MORE_LET_IN};
use crate::yaml::{flow, scalar, write_duration};

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
            } => format!("{peer}: {ONE_MORE}"),
            Action::Second { peer, .. } => format!("{peer}: {ONE_MORE_LET_IN}"),
            Action::Pretend { peer, how } => format!("{peer}: {}", pretence_text(how)),
            Action::Retire { peer } => format!("{peer}: closes its older connections"),
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
            Action::Strain { how, times } => {
                format!("strangers: {}, {times}", how.as_str())
            }
            Action::Wait(time) => format!("stage: waits {}", write_duration(*time)),
            Action::Pause { node } => server(*node, "paused"),
            Action::Resume { node } => server(*node, "resumed"),
            Action::SendRaw {
                peer,
                raw: Raw::Frame(frame),
            } => format!("{peer}: sends a frame ({})", frame.as_str()),
            Action::SendRaw {
                peer,
                raw: Raw::Upgrade { path, status, .. },
            } => {
                let status = status.map(|status| format!(": {status}"));
                let status = status.unwrap_or_default();
                format!("{peer}: asks for a WebSocket on {}{status}", scalar(path))
            }
            Action::KillServer { node, asked: true } => server(*node, "asked to end"),
            Action::KillServer { node, .. } => server(*node, "killed"),
            Action::Restart { node } => server(*node, "restarted"),
            Action::Page { peer, deed } => format!("{peer}: {}", page_text(deed)?),
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

/// `server: killed`, or one node of it: `server: node 2 killed`.
fn server(node: Option<u32>, what: &str) -> String {
    match node {
        None => format!("server: {what}"),
        Some(node) => format!("server: node {node} {what}"),
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
