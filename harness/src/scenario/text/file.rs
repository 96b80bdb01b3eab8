//! A whole scenario as a file.

use crate::names::{PeerName, Stack};
use crate::scenario::model::{
    Count, EarlyCandidates, Line, Offers, OnBye, PeerSpec, Place, Scenario,
};
use crate::yaml::{flow, scalar, write_duration};

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
        if let Some(wire) = &self.wire {
            out.push_str(&format!("wire: {}\n", scalar(wire)));
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
                let goes_without = |peer: &PeerName, stack: Stack| {
                    let mut peers = self.peers.iter();
                    peers.any(|(name, spec)| {
                        name == peer && (spec.stack.is_some() || stack == spec.stacks()[0])
                    })
                };
                let stacks: Vec<(&str, String)> = (mix.cast.iter())
                    .filter(|(peer, stack)| !goes_without(peer, *stack))
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
    if let Some(path) = &spec.app {
        entries.push(("app", scalar(path)));
    }
    if let Some(viewport) = spec.viewport {
        entries.push(("viewport", viewport.to_string()));
    }
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
        None => {}
        Some(Offers::Joiner) => entries.push(("offers", "joiner".into())),
        Some(Offers::Insider) => entries.push(("offers", "insider".into())),
        Some(Offers::Both) => entries.push(("offers", "both".into())),
        Some(Offers::Nobody) => entries.push(("offers", "nobody".into())),
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
    if let Some(node) = spec.node {
        entries.push(("node", node.to_string()));
    }
    if let Some(fault) = spec.fault {
        entries.push(("fault", fault.to_string()));
    }
    flow(&entries)
}
