//! The laws at the end of a run: what they wait for, and what they say.

use super::outcome::Judged;
use crate::laws::{Law, judge, server_lives};
use crate::record::Recorder;
use crate::scenario::Scenario;
use crate::signaling::Terms;

/// What the trace says of each observed law. Nothing where the recorder has left something out: it could be what excuses.
pub(super) fn judged(recorder: &Recorder, terms: &Terms, scenario: &Scenario) -> Vec<Judged> {
    if recorder.is_full() {
        return Vec::new();
    }
    judge(&recorder.events_from(0), terms)
        .into_iter()
        .map(|finding| Judged {
            excused: excuse(scenario, finding.law),
            finding,
        })
        .collect()
}

/// Judges law 11 by all that happened, also after the others were judged, and where too much was recorded for them: a server's end is always
/// kept. Of a server that has ended laws 5 and 6 say nothing: whoever asked for them asked nobody.
pub(super) fn lives_on(recorder: &Recorder, scenario: &Scenario, laws: &mut Vec<Judged>) {
    let finding = server_lives(&recorder.events_from(0));
    if !finding.breaches.is_empty() {
        let asked = |law: Law| matches!(law, Law::GarbageHarmsNobodyElse | Law::EmptyRoomsAreFree);
        for judged in laws.iter_mut().filter(|judged| asked(judged.finding.law)) {
            judged.finding.premises = 0;
            judged.finding.breaches.clear();
        }
    }
    laws.retain(|judged| judged.finding.law != Law::ServerLives);
    laws.push(Judged {
        excused: excuse(scenario, Law::ServerLives),
        finding,
    });
}

/// Why this scenario may break a law.
pub(super) fn excuse(scenario: &Scenario, law: Law) -> Option<String> {
    scenario.breaks.get(&law.number()).cloned()
}
