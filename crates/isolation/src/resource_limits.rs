//! What the kernel itself counts.

use nix::sys::resource::{Resource, setrlimit};

use crate::order::Limits;

/// The keeper, and one to spare.
const OURS: u64 = 2;

/// Limits this process and those that it starts.
///
/// # Errors
///
/// What the system refused.
pub(crate) fn set(limits: &Limits) -> Result<(), String> {
    for (resource, limit) in [
        (Resource::RLIMIT_AS, limits.memory),
        (Resource::RLIMIT_NPROC, limits.processes + OURS),
        (Resource::RLIMIT_NOFILE, limits.open_files),
        (Resource::RLIMIT_FSIZE, limits.file),
        (Resource::RLIMIT_CPU, limits.processor_seconds),
        (Resource::RLIMIT_CORE, 0),
    ] {
        setrlimit(resource, limit, limit)
            .map_err(|error| format!("{resource:?}: {}", error.desc()))?;
    }
    Ok(())
}
