//! Runs a stranger's program with nothing but what it is given.
//!
//! A program gets files and folders to read, folders to write, a clean environment, and [`Limits`].
//! It gets no network, no other process, no other file, and nothing outlives it. What of that the
//! system grants is said in [`InForce`], measure by measure.
//!
//! A process can give up rights for itself alone, and std offers no place between `fork` and `exec`
//! but an unsafe one. So [`run()`] starts a *launcher*, which is the caller's own program started
//! anew with two words of the caller's choice, and which hands them to [`launch()`]:
//!
//! ```text
//! caller ── run ──> launcher (new namespaces) ──> keeper (own root, limits, Landlock) ──> program
//! ```
//!
//! The keeper is the first process of its process namespace, so its end is everyone's end.
//! Only Linux has these measures; elsewhere [`run()`] refuses.

mod capture;
mod in_force;
mod order;
pub mod untrusted;

#[cfg(target_os = "linux")]
mod descendants;
#[cfg(target_os = "linux")]
mod file_rules;
#[cfg(target_os = "linux")]
mod keeper;
#[cfg(target_os = "linux")]
mod launcher;
#[cfg(target_os = "linux")]
mod namespaces;
#[cfg(target_os = "linux")]
mod own_root;
#[cfg(target_os = "linux")]
mod resource_limits;
#[cfg(target_os = "linux")]
mod run;

use std::path::PathBuf;

use thiserror::Error;

pub use crate::capture::Captured;
pub use crate::in_force::{InForce, Measure};
pub use crate::order::{Launcher, Limits, Order, Strength};
#[cfg(target_os = "linux")]
pub use crate::{launcher::launch, run::run};

/// Makes a folder of the caller's one that a program may be given as
/// [writable](Order::writable): of root's folders, the user that the program will be gets this one.
///
/// # Errors
///
/// What the system refused.
pub fn hand_over(folder: &std::path::Path) -> std::io::Result<()> {
    #[cfg(target_os = "linux")]
    if nix::unistd::geteuid().is_root() {
        std::os::unix::fs::chown(folder, Some(keeper::NOBODY), Some(keeper::NOBODY))?;
    }
    let _ = folder;
    Ok(())
}

/// A folder that is kept in memory, if the system has one with so many bytes free: there, hundreds of
/// small files cost next to nothing.
pub fn folder_in_memory(free: u64) -> Option<PathBuf> {
    #[cfg(target_os = "linux")]
    {
        use nix::sys::statfs::{TMPFS_MAGIC, statfs};
        let folder = std::path::Path::new("/dev/shm");
        let found = statfs(folder).ok()?;
        let block = u64::try_from(found.block_size()).ok()?;
        let is_free = found.blocks_available().saturating_mul(block) >= free;
        (found.filesystem_type() == TMPFS_MAGIC && is_free).then(|| folder.to_owned())
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = free;
        None
    }
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// By itself, or by what.
    pub how: End,
    /// What it printed on standard output, the first part of it.
    pub stdout: Captured,
    /// What it printed on standard error, the first part of it.
    pub stderr: Captured,
    /// What held it in.
    pub in_force: InForce,
}

/// Why a program is no longer running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It ended itself, with this code.
    Exited(i32),
    /// A signal ended it.
    Killed(i32),
    /// It was ended because it went beyond a limit.
    Stopped(Stop),
}

/// A limit that a program went beyond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Its caller's patience, as [`run()`]'s `watch` has it.
    Time,
    /// [`Limits::memory`], all its processes taken together.
    Memory,
    /// [`Limits::processes`].
    Processes,
    /// [`Limits::output`].
    Output,
    /// [`Limits::disk`] or [`Limits::files`].
    Disk,
}

/// Why a program was not run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The launcher could not be started.
    #[error("{} could not be started: {source}", program.display())]
    Launcher {
        /// The launcher.
        program: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },

    /// The launcher could not start the program.
    #[error("{0}")]
    NotStarted(String),

    /// Less is in force than was asked for.
    #[error("not all isolation is in force here: {0}")]
    NotIsolated(Box<InForce>),

    /// The launcher said something else than it should.
    #[error("the launcher failed: {0}")]
    Broken(String),

    /// Not Linux.
    #[error("programs are isolated on Linux only")]
    OtherSystem,
}

/// Runs nothing: this is not Linux.
///
/// # Errors
///
/// [`Error::OtherSystem`], always.
#[cfg(not(target_os = "linux"))]
pub fn run(
    _order: &Order,
    _launcher: &Launcher,
    _watch: &mut dyn FnMut(std::time::Duration) -> bool,
) -> Result<Ended, Error> {
    Err(Error::OtherSystem)
}

/// Launches nothing: this is not Linux.
#[cfg(not(target_os = "linux"))]
pub fn launch(_role: &str, _order: &str) -> i32 {
    1
}
