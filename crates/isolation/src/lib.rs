//! A sandbox: runs an untrusted program with nothing but what it is given, within limits and with a
//! timeout.
//!
//! A program gets files and folders to read, a room to write in, a clean environment, and [`Limits`].
//! It gets no network, no other process and no other file, and none of its processes outlives it.
//! [`InForce`] lists these measures, and whether the system grants each of them. The `README.md` of
//! the crate says which file keeps which promise.
//!
//! A process can give up rights for itself only, and std has no safe way to run code between `fork`
//! and `exec`. So [`run()`] starts a *launcher*: the caller's own program, started again with two
//! more arguments, which it hands to [`launch()`]. The launcher starts a *supervisor* in the same way:
//!
//! ```text
//! caller ── run ──> launcher (namespaces) ──> supervisor (own root, limits, filters) ──> program
//! ```
//!
//! The supervisor is the first process of its process namespace, so the kernel ends all the others
//! with it. Only Linux has these measures; on other systems [`run()`] refuses, unless no sandbox is asked
//! for.

mod capture;
mod ended;
mod error;
mod folders;
mod in_force;
mod job;
pub mod untrusted;

#[cfg(target_os = "linux")]
mod channel;
#[cfg(target_os = "linux")]
mod descendants;
#[cfg(target_os = "linux")]
mod landlock_rules;
#[cfg(target_os = "linux")]
mod launcher;
#[cfg(target_os = "linux")]
mod namespaces;
#[cfg(any(not(target_os = "linux"), test))]
mod other_system;
#[cfg(target_os = "linux")]
mod own_root;
#[cfg(target_os = "linux")]
mod resource_limits;
#[cfg(target_os = "linux")]
mod room;
#[cfg(target_os = "linux")]
mod run;
#[cfg(target_os = "linux")]
mod seccomp;
#[cfg(target_os = "linux")]
mod supervisor;
#[cfg(target_os = "linux")]
mod user;

pub use capture::Captured;
pub use ended::{End, Ended, Stop};
pub use error::Error;
pub use folders::{folder_in_memory, remove};
pub use in_force::{InForce, Measure};
pub use job::{Job, Launcher, Limits, PATH, Strength};
#[cfg(not(target_os = "linux"))]
pub use other_system::{launch, run};
#[cfg(target_os = "linux")]
pub use {launcher::launch, run::run};
