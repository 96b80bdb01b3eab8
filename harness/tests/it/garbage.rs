//! The `garbage` verb on the reference server: each kind is garbage, the step waits for what is declared, and nobody else notices.

use crate::stage_support::{case, fails, passes, setting};
use glare::record::Verdict;
use glare::scenario::Place;
use glare::signaling::{Dialect, Garbage};
use glare::stage::play;
use glare_signaling_server::{Fault, Faults};
use std::path::Path;
use std::sync::Arc;
