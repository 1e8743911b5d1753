//! The limits that the kernel itself enforces, by `setrlimit`.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::job::Limits;

/// The supervisor, and one process to spare.
const OURS: u64 = 2;

/// Limits this process and all that it starts. `counts_processes` limits their number as well. Without
/// it, the kernel would count other processes of the same user too, and only
/// [`run`](fn@crate::run) counts them.
///
/// A stricter limit of the system stays.
///
/// # Errors
///
/// The errors of the system, as a text. The other limits hold.
pub(crate) fn set(limits: &Limits, counts_processes: bool) -> Result<(), String> {
    let processes = counts_processes.then_some((Resource::RLIMIT_NPROC, limits.processes + OURS));
    let others = [
        (Resource::RLIMIT_AS, limits.memory),
        (Resource::RLIMIT_NOFILE, limits.open_files),
        (Resource::RLIMIT_FSIZE, limits.file),
        (Resource::RLIMIT_CPU, limits.processor_seconds),
        (Resource::RLIMIT_CORE, 0),
        (Resource::RLIMIT_MSGQUEUE, 0),
    ];
    let refusals: Vec<String> = others
        .into_iter()
        .chain(processes)
        .filter_map(|(resource, limit)| {
            let strictest = getrlimit(resource).map_or(limit, |(_, hard)| limit.min(hard));
            let refused = setrlimit(resource, strictest, strictest).err()?;
            Some(format!("{resource:?}: {}", refused.desc()))
        })
        .collect();
    if refusals.is_empty() { Ok(()) } else { Err(refusals.join(", ")) }
}
