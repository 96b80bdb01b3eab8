//! The laws: what must hold in every run, whatever the scenario.
//!
//! [`judge`] reads a trace and answers one [`Finding`] for each law that a trace can show. It judges the server, so it looks at
//! each message on the server's side of the tap: what the tap held or dropped on its way up never reached the server, what it
//! held or dropped on its way down was delivered. Nothing is accused that some order of events could excuse.
//!
//! What it judges by are [`facts`](crate::facts): who was where, what was answered, which delivery comes from which message, what was told.
//!
//! - `announced` (law 1), `addressed` (2), `relayed` (3), `answered` (4; `owed_answers`: of what is relayed), `late` (7), `news` (9 and 12; `at_once`, `hosts`: 9 of them), `limit` (10), `lives` (11): one law a file.
//! - Laws 5, 6 and 8 are asked by doing: named here, judged by the stage. [`emptied`] says where law 6 can be asked.
//! - [`awaited`] says how long laws 1, 4 and 9 cannot be judged yet.

mod addressed;
mod announced;
mod answered;
mod arrivals;
mod at_once;
mod hosts;
mod judge;
mod late;
mod law;
mod limit;
mod lives;
mod news;
mod owed_answers;
mod relayed;

pub use judge::{awaited, awaits_answers, emptied, judge, server_lives};
pub use law::{Breach, Finding, Law};
