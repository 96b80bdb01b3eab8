//! How long a browser may take.

use std::time::Duration;

/// How long a browser may take to give a session (measured: 0.6 to 3.5 s; over 60 s on a machine with thirty things to do for two cores).
pub(super) const SESSION_DEADLINE: Duration = Duration::from_secs(180);
/// How long a page may take to open, load or close (measured: 0.1 to 0.4 s; over 20 s where a dozen browsers start at once on two cores).
pub(super) const PAGE_DEADLINE: Duration = Duration::from_secs(60);
