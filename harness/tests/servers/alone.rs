//! What shows only while nothing else plays: how long something takes is near to how long it is waited for. Named so that it begins first.

use crate::changed::{COMES_BACK, Changed, example};
use crate::table::asking;
use crate::{alone, side_by_side, wanted};

/// What is told later than a trial waits for is no silence; and without the key nothing is claimed.
#[test]
fn a_trial_tells_of_a_place_that_is_kept_for_longer_than_it_waits() {
    if !wanted("examples") {
        return;
    }
    let _alone = alone();
    let late = (example("tickets").unsaid("keeps-places")).does("KEPT = 1000", "KEPT = 6000");
    let [with, without] = &side_by_side(&[late.clone(), late.unsaid("rejoin")], Changed::tried)[..]
    else {
        panic!("a trial of each");
    };
    for told in [
        COMES_BACK,
        "he was let in, and what alice and he then said to each other arrived",
        "ms after the line had ended: later than the 5 s for which this waits",
        "keeps-places: 7s",
    ] {
        assert!(with.out.contains(told), "no {told:?} in {with}");
    }
    assert!(!with.out.contains("did not happen"), "{with}");
    for told in ["comes back", "rejoin"] {
        assert!(!without.out.contains(told), "{told:?} in {without}");
    }
}

/// A server that copies what waits for one who does not read, again and again, is told apart from one that lets it wait.
#[test]
fn what_is_held_for_one_who_does_not_read_stands_out_where_it_has_no_proportion() {
    let right = example("given-id");
    let hoards = right.does(
        "  const say = (to, message) => to.send(JSON.stringify(message))\n",
        r"  const say = (to, message) => {
    const text = JSON.stringify(message)
    to.send(text)
    if (to.bufferedAmount > 65536) for (let copy = 0; copy < 20; copy++) (to.kept ??= []).push(Buffer.from(text))
  }
",
    );
    asking(&["9.17"])
        .is(
            &["fact"],
            "for 9.4 MB that one does not read the server's processes hold",
            &right,
        )
        .and_never("out of all proportion")
        .is(
            &["fact"],
            "out of all proportion: for 9.4 MB that one does not read the server's processes hold",
            &hoards,
        )
        .ask_alone();
}
