//! How a program in the sandbox ended.

use std::time::Duration;

use crate::capture::Captured;
use crate::in_force::InForce;
use crate::untrusted::Folder;

/// How a program ended.
#[derive(Debug)]
pub struct Ended {
    /// Why it is no longer running.
    pub how: End,
    /// The beginning of its standard output.
    pub stdout: Captured,
    /// The beginning of its standard error.
    pub stderr: Captured,
    /// How much processor time it had, if the caller's time limit ended it.
    pub processor: Option<Duration>,
    /// The measures of the sandbox that it ran in.
    pub in_force: InForce,
    /// What the program has left in its [room](crate::Job::room).
    pub room: Folder,
}

/// Why a program is no longer running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It ended itself, with this code.
    Exited(i32),
    /// A signal ended it.
    Killed(i32),
    /// The caller ended it because it went beyond a limit.
    Stopped(Stop),
}

/// A limit that a program went beyond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The time limit of the caller: a timeout. See `watch` of [`run()`](fn@crate::run).
    Time,
    /// [`Limits::memory`](crate::Limits::memory), by all its processes together.
    Memory,
    /// [`Limits::processes`](crate::Limits::processes).
    Processes,
    /// [`Limits::output`](crate::Limits::output).
    Output,
    /// [`Limits::disk`](crate::Limits::disk) or [`Limits::files`](crate::Limits::files).
    Disk,
}
