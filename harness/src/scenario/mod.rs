//! What should happen: the model of a scenario, and the reader that makes one from YAML.

mod acquainted;
mod address;
mod build;
mod builder;
mod called;
mod calls;
mod cast;
mod casting;
mod check;
mod crowd;
mod deadlock;
mod expected;
mod model;
mod needs;
mod nodes;
mod old_news;
mod ordered;
mod outcomes;
mod page;
mod placed;
mod pretending;
mod read;
mod schema;
mod sought;
mod spelling;
mod strain;
mod table;
mod text;
mod times;
mod together;
mod unseen;
mod value;
mod warnings;
mod worded;

pub(crate) use crowd::Acquainted;
pub(crate) use read::peers_named;
pub(crate) use read::variants::{gather as gather_variants, slug as variant_slug};
pub(crate) use table::{Demands, MAX_PEERS};

pub use builder::Builder;
pub use cast::{Cast, CastError, Mix};
pub use model::{
    Action, Answer, Condition, Count, Cut, DEFAULT_CHANNEL, DEFAULT_WITHIN, EarlyCandidates,
    Expect, Line, Offers, OnBye, Pattern, PeerSpec, Place, Pretence, Raw, Reconnects, Scenario,
    Second, Share, Step, Together, Use, Via,
};
pub use needs::Needed;
pub use ordered::OneLink;
pub use page::{Clicking, Filling, PageDeed, Sight, Tab, Target};
pub use pretending::Pretending;
pub use read::sequences::Sequences;
pub use schema::schema;
pub use sought::{Sought, Wanted};
pub use strain::Strain;
pub use times::Times;
pub use worded::Worded;
