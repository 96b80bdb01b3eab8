//! What must be so in every order, and what a fault makes of it in some.

use super::explore::{Seen, Wish, World};
use crate::hand::{Deed, PeerFault};
use crate::mind::Policy;

const OFFER: Wish = Wish::Deed(Deed::Negotiate);
const RESTART: Wish = Wish::Deed(Deed::RestartIce);

fn explore(alice: &[Wish], bob: &[Wish]) -> Seen {
    World::new(alice, bob, &Policy::default()).explore()
}

#[track_caller]
fn always_right(alice: &[Wish], bob: &[Wish]) {
    let seen = explore(alice, bob);
    assert_eq!(seen.wrong, None, "{} moments", seen.states);
    assert!(seen.ends > 0 && seen.states > 10, "{seen:?}");
}

#[track_caller]
fn goes_wrong(fault: PeerFault, alice: &[Wish], bob: &[Wish], how: &str) {
    let policy = Policy {
        fault: Some(fault),
        ..Policy::default()
    };
    let seen = World::new(alice, bob, &policy).explore();
    let wrong = seen
        .wrong
        .unwrap_or_else(|| panic!("no order shows {fault}"));
    assert!(wrong.contains(how), "{wrong}");
}

#[test]
fn one_offers() {
    always_right(&[OFFER], &[]);
    always_right(&[], &[OFFER]);
}

#[test]
fn one_joins_and_the_news_comes_whenever_it_comes() {
    always_right(&[], &[Wish::Joins]);
    always_right(&[Wish::Joins], &[]);
}

#[test]
fn both_offer() {
    always_right(&[OFFER], &[OFFER]);
}

#[test]
fn one_offers_again_and_again() {
    always_right(&[OFFER, OFFER], &[]);
    always_right(&[], &[OFFER, OFFER]);
}

#[test]
fn one_offers_twice_and_the_other_once() {
    always_right(&[OFFER, OFFER], &[OFFER]);
    always_right(&[OFFER], &[OFFER, OFFER]);
}

#[test]
fn ice_restarts_whenever_it_is_asked_to() {
    always_right(&[OFFER, RESTART], &[]);
    always_right(&[], &[OFFER, RESTART]);
}

#[test]
fn one_comes_back_at_any_time() {
    always_right(&[], &[Wish::Joins, Wish::ComesBack]);
    always_right(&[Wish::Joins, Wish::ComesBack], &[]);
}

#[test]
fn what_faults_do_is_found() {
    goes_wrong(PeerFault::DropsCandidates, &[OFFER], &[], "no candidate");
    goes_wrong(PeerFault::AnswersTwice, &[OFFER], &[], "answer in Stable");
    goes_wrong(PeerFault::AlwaysYields, &[OFFER], &[OFFER], "");
    goes_wrong(
        PeerFault::OffersOnGlareAndNeverRollsBack,
        &[OFFER],
        &[OFFER],
        "",
    );
    goes_wrong(
        PeerFault::AddsCandidatesOfIgnoredOffers,
        &[OFFER],
        &[OFFER],
        "add-candidate",
    );
    goes_wrong(
        PeerFault::OffersBeforeTheAnswer,
        &[OFFER, OFFER],
        &[],
        "answer in Stable",
    );
    goes_wrong(PeerFault::OffersOnANewConnection, &[OFFER, OFFER], &[], "");
    goes_wrong(
        PeerFault::AnswersOnANewConnection,
        &[OFFER, OFFER],
        &[],
        "another certificate",
    );
    goes_wrong(
        PeerFault::KeepsOldConnection,
        &[],
        &[Wish::Joins, Wish::ComesBack],
        "another certificate",
    );
    goes_wrong(
        PeerFault::NeverMeetsAgain,
        &[],
        &[Wish::Joins, Wish::ComesBack],
        "",
    );
    goes_wrong(
        PeerFault::TakesLateNewsForAnother,
        &[],
        &[Wish::Joins],
        "no candidate",
    );
}
