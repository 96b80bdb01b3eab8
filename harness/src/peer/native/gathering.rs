//! Candidates and gathering states as browsers tell them.
//!
//! The crate tells neither `gathering` nor the end of candidates, leaves `sdpMid` empty, gathers again for every local
//! description, and after an ICE restart tells no candidate, since it keeps them. Here a generation of candidates begins with a
//! local description that has a new user fragment, tells every candidate once, and ends once.

use crate::signaling::Candidate;

use super::sdp::sections;

/// What is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The gathering state.
    State(&'static str),
    /// A candidate, or the end of them.
    Candidate(Option<Candidate>),
}

/// The gathering of one connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Gathering {
    /// Every candidate that the crate has gathered; it keeps them through restarts.
    known: Vec<String>,
    generation: Option<Generation>,
}

#[derive(Clone, Debug)]
struct Generation {
    mid: String,
    ufrag: String,
    begun: bool,
    told: usize,
    over: bool,
}

impl Gathering {
    /// A local description is about to be set.
    pub(super) fn begin(&mut self, sdp: &str) {
        let read = sections(sdp);
        let (Some(mid), Some(ufrag)) = (read.mids.first(), read.ufrags.first()) else {
            return;
        };
        if self.generation.as_ref().is_some_and(|g| g.ufrag == *ufrag) {
            return;
        }
        self.generation = Some(Generation {
            mid: mid.clone(),
            ufrag: ufrag.clone(),
            begun: false,
            told: 0,
            over: false,
        });
    }

    /// The local description was rolled back to `sdp`, if there is one.
    pub(super) fn roll_back(&mut self, sdp: Option<&str>) {
        let kept = sdp.map(|sdp| sections(sdp).ufrags).unwrap_or_default();
        if self
            .generation
            .as_ref()
            .is_some_and(|g| !kept.contains(&g.ufrag))
        {
            self.generation = None;
        }
    }

    /// The crate gathered a candidate.
    pub(super) fn found(&mut self, candidate: String) -> Vec<Step> {
        if !self.known.contains(&candidate) {
            self.known.push(candidate);
        }
        self.tell()
    }

    /// The crate has gathered them all.
    pub(super) fn complete(&mut self) -> Vec<Step> {
        let mut steps = self.tell();
        if let Some(generation) = &mut self.generation
            && !generation.over
        {
            generation.over = true;
            steps.push(Step::State("complete"));
            steps.push(Step::Candidate(None));
        }
        steps
    }

    fn tell(&mut self) -> Vec<Step> {
        let mut steps = Vec::new();
        let Some(generation) = &mut self.generation else {
            return steps;
        };
        if generation.over {
            return steps;
        }
        if !generation.begun {
            generation.begun = true;
            steps.push(Step::State("gathering"));
        }
        for candidate in &self.known[generation.told..] {
            steps.push(Step::Candidate(Some(Candidate {
                candidate: candidate.clone(),
                sdp_mid: Some(generation.mid.clone()),
                sdp_mline_index: Some(0),
                username_fragment: Some(generation.ufrag.clone()),
            })));
        }
        generation.told = self.known.len();
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "m=application 9 X 0\r\na=ice-ufrag:one\r\na=mid:data\r\n";
    const RESTARTED: &str = "m=application 9 X 0\r\na=ice-ufrag:two\r\na=mid:data\r\n";

    fn candidate(ufrag: &str) -> Step {
        Step::Candidate(Some(Candidate {
            candidate: "candidate:1".into(),
            sdp_mid: Some("data".into()),
            sdp_mline_index: Some(0),
            username_fragment: Some(ufrag.into()),
        }))
    }

    fn gathered() -> Gathering {
        let mut gathering = Gathering::default();
        gathering.begin(FIRST);
        assert_eq!(
            gathering.found("candidate:1".into()),
            [Step::State("gathering"), candidate("one")]
        );
        assert_eq!(
            gathering.complete(),
            [Step::State("complete"), Step::Candidate(None)]
        );
        gathering
    }

    #[test]
    fn a_generation_ends_once() {
        let mut gathering = gathered();
        gathering.begin(FIRST);
        assert_eq!(gathering.complete(), []);
    }

    #[test]
    fn a_restart_tells_its_candidates_again() {
        let mut gathering = gathered();
        gathering.begin(RESTARTED);
        assert_eq!(
            gathering.complete(),
            [
                Step::State("gathering"),
                candidate("two"),
                Step::State("complete"),
                Step::Candidate(None)
            ]
        );
    }

    #[test]
    fn what_was_rolled_back_is_told_again() {
        let mut gathering = gathered();
        gathering.roll_back(None);
        gathering.begin(FIRST);
        assert_eq!(gathering.complete().len(), 4);
    }

    #[test]
    fn rolling_back_a_renegotiation_changes_nothing() {
        let mut gathering = gathered();
        gathering.roll_back(Some(FIRST));
        gathering.begin(FIRST);
        assert_eq!(gathering.complete(), []);
    }

    #[test]
    fn without_a_local_description_nothing_is_told() {
        let mut gathering = Gathering::default();
        assert_eq!(gathering.found("candidate:1".into()), []);
        assert_eq!(gathering.complete(), []);
    }
}
