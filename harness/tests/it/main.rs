//! Everything that plays without a browser: readers, laws, logs, tap, native peers, servers, the stage and the command line.
//!
//! One binary, since each costs a link of the whole harness, and since long waits overlap only within one. A new file is a new `mod` here.
//! What it must not do, because the others live in the same process: change the environment, the current folder or signal handlers, or end
//! the global run. Such a test has a binary of its own, as `watchdog.rs` has. Both cores are busy here: waits are for conditions, with
//! generous deadlines, and the speed of pure code is measured in time of its own thread.

#![expect(
    clippy::disallowed_methods,
    reason = "a test's runtime drives that test alone"
)]

#[path = "../support/cli.rs"]
mod cli_support;
#[path = "../support/cluster.rs"]
mod cluster;
#[path = "../support/mutant.rs"]
mod mutant_support;
#[path = "../support/stage/mod.rs"]
mod stage_support;
#[path = "../support/time.rs"]
mod time_support;
#[path = "../support/traces.rs"]
mod traces_support;

mod at_once;
mod chat_page;
mod check_deadlocks;
mod check_dialect;
mod check_mistakes;
mod check_mutants;
mod check_pages;
mod check_project;
mod check_scenarios;
mod check_schema;
mod check_sequences;
mod check_variants;
mod check_warnings;
mod cli_accept;
mod cli_commands;
mod cli_files;
mod cli_laws;
mod conversation_forms;
mod conversations;
mod dialect_cli;
mod dialect_doubts;
mod dialect_reference;
mod dialect_tried;
mod expect_lines;
mod expect_order;
mod failures;
mod faults;
mod floors;
mod forged;
mod garbage;
mod idleness;
mod laws_alike;
mod laws_asked;
mod laws_by_hand;
mod laws_exempt;
mod laws_hostile;
mod laws_news;
mod laws_nodes;
mod laws_plays;
mod laws_spared;
mod line_headers;
mod log_canonical;
mod log_exempt;
mod log_expect;
mod log_trace;
mod logins;
mod looks;
mod mesh;
mod mqtt;
mod names;
mod native;
mod needs;
mod nodes;
mod pair_values;
mod parting;
mod project_file;
mod readme;
mod record;
mod rejoin;
mod relays_answered;
mod report_parting;
mod rooms_unsaid;
mod second_line;
mod server_child;
mod server_lives;
mod server_port;
mod server_ready;
mod server_url;
mod stage_far;
mod stage_faults;
mod stage_log;
mod stage_steps;
mod stage_tls;
mod starved;
mod strangers;
mod tap;
mod translator;
mod unconfirmed;
mod unnoticed;
mod validate;
mod validate_belongs;
mod validate_beyond;
mod validate_limits;
mod validate_lines;
mod validate_one_process;
mod validate_promises;
mod validate_several;
mod variants;
