//! How long a browser may take.

use std::time::Duration;

/// How long a browser may take to give a session (measured: 0.6 to 3.5 s; ten times that on a machine that is busy).
pub(super) const SESSION_DEADLINE: Duration = Duration::from_secs(60);
