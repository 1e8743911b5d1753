//! Systems without a sandbox: nothing is run.

use std::time::Duration;

use crate::untrusted::Folder;
use crate::{Ended, Error, Job, Launcher};

/// Runs nothing.
///
/// # Errors
///
/// [`Error::OtherSystem`], always.
pub fn run(
    _job: &Job,
    _launcher: &Launcher,
    _watch: &mut dyn FnMut(Duration, &Folder) -> bool,
) -> Result<Ended, Error> {
    Err(Error::OtherSystem)
}

/// Launches nothing.
pub fn launch(_role: &str, _task: &str) -> i32 {
    1
}
