//! What the kernel itself counts.

use nix::sys::resource::{Resource, setrlimit};

use crate::order::Limits;

/// The keeper, and one to spare.
const OURS: u64 = 2;

/// Limits this process and those that it starts. Where the kernel would count the user's other
/// processes too, only the caller of [`run`](fn@crate::run) counts them.
///
/// # Errors
///
/// What the system refused.
pub(crate) fn set(limits: &Limits, counts_processes: bool) -> Result<(), String> {
    let processes = counts_processes.then_some((Resource::RLIMIT_NPROC, limits.processes + OURS));
    let others = [
        (Resource::RLIMIT_AS, limits.memory),
        (Resource::RLIMIT_NOFILE, limits.open_files),
        (Resource::RLIMIT_FSIZE, limits.file),
        (Resource::RLIMIT_CPU, limits.processor_seconds),
        (Resource::RLIMIT_CORE, 0),
    ];
    for (resource, limit) in others.into_iter().chain(processes) {
        setrlimit(resource, limit, limit)
            .map_err(|error| format!("{resource:?}: {}", error.desc()))?;
    }
    Ok(())
}
