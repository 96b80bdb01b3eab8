//! Users' own pages: driven, watched, and as peers. A binary of its own: each of its pages has a user context of its own, with all that a browser
//! starts for one, so only a few are played at once.

#[path = "../support/site.rs"]
mod site_support;
#[path = "../support/stage/mod.rs"]
#[expect(dead_code, reason = "the other binary uses the rest")]
mod stage_support;

mod app;
mod page_aim;
mod page_clicks;
mod page_drive;
mod page_memory;
mod page_tabs;
mod page_text;
mod page_watch;
mod stories;
