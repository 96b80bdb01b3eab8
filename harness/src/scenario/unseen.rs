//! What a page is to show no more, and never showed as far as a scenario tells.
//!
//! What is gone already is gone, as with a message that goes by itself, and so is what never was there. Who spells something otherwise than the page
//! does would wait for nothing, and be green.

use super::model::{Action, Scenario, Step};
use super::page::{PageDeed, Sight, Target};

/// Steps that wait for something to be gone that no step ever finds in a page.
pub(super) fn steps(scenario: &Scenario) -> impl Iterator<Item = (&Step, &Target)> {
    let all = || scenario.steps.iter().flat_map(Step::with_inner);
    let found: Vec<&Target> = all().filter_map(found).collect();
    all().filter_map(move |step| {
        let target = gone(step)?;
        let is_known = found.iter().any(|found| is_like(found, target));
        (!is_known).then_some((step, target))
    })
}

/// What a step waits for to be gone.
fn gone(step: &Step) -> Option<&Target> {
    match &step.action {
        Action::Page {
            deed:
                PageDeed::See {
                    target,
                    sight: Sight::Gone,
                },
            ..
        } => Some(target),
        _ => None,
    }
}

/// What has to be there for a step to be done.
fn found(step: &Step) -> Option<&Target> {
    let Action::Page { deed, .. } = &step.action else {
        return None;
    };
    match deed {
        PageDeed::See { target, sight } => (*sight != Sight::Gone).then_some(target),
        PageDeed::Fill { target, .. } | PageDeed::Click { target, .. } => Some(target),
        PageDeed::Press { target, .. } => target.as_ref(),
        _ => None,
    }
}

/// Whether who finds one has spelt the other as well: a part of a longer text, or a button by what it shows.
fn is_like(found: &Target, gone: &Target) -> bool {
    match (found, gone) {
        (Target::Selector(found), Target::Selector(gone)) => found == gone,
        (Target::Selector(_), _) | (_, Target::Selector(_)) => false,
        (found, gone) => text(found).contains(text(gone)),
    }
}

fn text(target: &Target) -> &str {
    match target {
        Target::Role { name, .. } => name,
        Target::Label(text) | Target::Text(text) | Target::Selector(text) => text,
    }
}
