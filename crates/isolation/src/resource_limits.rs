//! The limits that the kernel itself enforces, by `setrlimit`.

use nix::sys::resource::{Resource, setrlimit};

use crate::job::Limits;

/// The supervisor, and one process to spare.
const OURS: u64 = 2;

/// Limits this process and all that it starts. `counts_processes` limits their number as well. Without
/// it, the kernel would count other processes of the same user too, and only
/// [`run`](fn@crate::run) counts them.
///
/// # Errors
///
/// The error of the system, as a text.
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
