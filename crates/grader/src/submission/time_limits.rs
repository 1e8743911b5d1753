//! How long a program that is graded may take.

use std::time::Duration;

/// How long a program may take to end once it has answered everything.
pub(super) const EXIT_GRACE: Duration = Duration::from_secs(1);

/// The limit for each script, unless another is chosen.
const SCRIPT: Duration = Duration::from_secs(10);

/// The limit for all scripts, unless the one for each script is so high that more is needed.
const WHOLE: Duration = Duration::from_secs(120);

/// How many scripts may take all of their time before the limit for all scripts is reached.
const SCRIPTS_AT_LIMIT: u32 = 12;

/// How long a program may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeLimits {
    /// For each script, and for the start of the program.
    pub script: Duration,
    /// For all scripts.
    pub whole: Duration,
}

impl TimeLimits {
    /// The limits for a program that may take `script` for each script. For all scripts it may take
    /// twelve times as long, and never less than by default.
    pub fn for_script(script: Duration) -> Self {
        Self { script, whole: script.saturating_mul(SCRIPTS_AT_LIMIT).max(WHOLE) }
    }
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self { script: SCRIPT, whole: WHOLE }
    }
}
