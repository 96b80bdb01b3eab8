//! Why a case is not played: what it wants of the server, of the stacks or of the project file is not there.

use super::elsewhere::{unkillable, withheld};
use super::lent::wants_its_own;
use super::{Case, Setting};
use crate::record::{Unsupported, UnsupportedKind};
use crate::scenario::{Action, Pretence};
use crate::server::{EVERYBODY, ServerSpec};

/// Why this case cannot be played at all against this server.
pub(super) fn refusal(case: &Case, setting: &Setting) -> Option<Unsupported> {
    let unsupported = |kind, why| Some(Unsupported { kind, why });
    if let Some(why) = (setting.server.elsewhere()).and_then(|server| withheld(case, server)) {
        return unsupported(UnsupportedKind::Withheld, why);
    }
    if let ServerSpec::Lent(_) = &setting.server
        && let Some(why) = wants_its_own(&case.scenario, &setting.dialect)
    {
        return unsupported(UnsupportedKind::Withheld, why);
    }
    if let Some(why) = unkillable(case, &setting.pool) {
        return unsupported(UnsupportedKind::Stack, why);
    }
    let driven = case
        .scenario
        .peers
        .iter()
        .filter(|(_, spec)| !spec.is_app());
    let mut stacks = driven.map(|(peer, _)| case.stack(peer));
    if setting.dialect.sends_headers()
        && let Some(stack) = stacks.find(|stack| stack.is_browser())
    {
        let dialect = setting.dialect.name();
        let why = format!(
            "the dialect `{dialect}` sends headers of its own with a line (`connect: headers`), which a page in {stack} cannot"
        );
        return unsupported(UnsupportedKind::Stack, why);
    }
    if let Some(why) = super::strain::unmeasured(case, &setting.server) {
        return unsupported(UnsupportedKind::Server, why);
    }
    if let Some(why) = not_anothers(case, setting) {
        return unsupported(UnsupportedKind::Server, why);
    }
    let nodes = setting.server.nodes();
    let why =
        (case.scenario.lacking(&setting.dialect)).or_else(|| case.scenario.lacking_nodes(nodes))?;
    unsupported(UnsupportedKind::Server, why)
}

/// Who logs in as another does, and is given the same as that one: it is no less its own.
fn not_anothers(case: &Case, setting: &Setting) -> Option<String> {
    let names = setting.dialect.logins();
    case.scenario.each_step().find_map(|(_, step)| match &step.action {
        Action::Pretend { peer, how: Pretence::LoginOf(of) }
            if !names.is_empty() && setting.logins.are_shared(peer.as_str(), of.as_str(), names) =>
        {
            Some(format!(
                "{peer} and {of} are given one login by the project file: nobody's is another's (a `[logins.{of}]` of its own, or a `command` with `{{me}}`, makes them two)"
            ))
        }
        _ => None,
    })
}

/// Who is given nothing of what the dialect wants to be let in.
pub(super) fn without_login(case: &Case, setting: &Setting) -> Option<String> {
    let names = setting.dialect.logins();
    // A page says what its user has it say.
    let peers = case
        .scenario
        .peers
        .iter()
        .filter(|(_, spec)| !spec.is_app());
    let peers = peers.map(|(name, _)| name.as_str());
    let lacking = |peer| Some((peer, setting.logins.lacking(peer, names)?));
    let (peer, name) = peers.into_iter().find_map(lacking)?;
    let dialect = setting.dialect.name();
    Some(format!(
        "the dialect `{dialect}` lets nobody in without `{name}`, and the project file gives {peer} none: add `{name} = \"…\"` to [logins.{peer}], or to [logins.{EVERYBODY}]"
    ))
}
