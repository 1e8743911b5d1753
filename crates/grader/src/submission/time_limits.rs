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

/// The part of a script's limit that remains once a script has reached it, and the least that it is.
const PART_LEFT: u32 = 10;
const LEAST_LEFT: Duration = Duration::from_secs(1);

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

    /// The limit for each script once a script has reached its own: a tenth, and at least a second. A
    /// program whose every backward pass loops is thus asked all of its forward passes.
    pub(super) fn after_first_timeout(self) -> Duration {
        (self.script / PART_LEFT).max(LEAST_LEFT).min(self.script)
    }

    /// What a call did that went beyond these limits. The words are the same for every call of a
    /// program, so that what happens alike is told once.
    pub(super) fn exceeded(self) -> String {
        let (first, later) = (seconds(self.script), seconds(self.after_first_timeout()));
        if first == later {
            format!("took longer than {first}")
        } else {
            format!("took longer than {first}, or than {later} after the first such case")
        }
    }
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self { script: SCRIPT, whole: WHOLE }
    }
}

/// A duration in words.
pub(super) fn seconds(duration: Duration) -> String {
    match duration.as_secs_f64() {
        1.0 => "a second".to_owned(),
        seconds => format!("{seconds} seconds"),
    }
}
