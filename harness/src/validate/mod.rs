//! What a signaling server can be trusted with: numbered cases in sections, each a scenario that is made for the server's dialect, and a verdict
//! that rests on what somebody promised.
//!
//! A case is *broken* only where a promise is (of every server, of the dialect, of an RFC), where things go well without the harm that it does (its
//! control), and where two fresh processes show the same. What nobody promised is told as a *fact*.

mod again;
mod belongs;
mod beyond;
mod case;
mod column;
mod controls;
mod deviations;
mod early;
mod end;
mod evidence;
mod export;
mod gone;
mod kept;
mod matrix;
mod once;
mod one_process;
mod page;
mod passed;
mod play;
mod promised;
mod refusal;
mod script;
mod sections;
mod seen;
mod silence;
mod sized;
mod told;
mod unread;
mod unsaid;
mod verdict;

pub use beyond::{Beyond, Unjudged, beyond_all};
pub use case::{Case, Number, PATIENCE, Section, Source};
pub use column::Column;
pub use deviations::Deviations;
pub use export::{Export, export};
pub use matrix::matrix;
pub use page::page;
pub use play::{Answer, ask_all};
pub use script::{Role, Script};
pub use sections::{every_case, sections};
pub use told::{as_json, as_junit};
pub use verdict::Says;
