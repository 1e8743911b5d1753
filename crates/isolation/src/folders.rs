//! Folders that a program is given: one in memory, and one that belongs to the program's user.

use std::io;
use std::path::{Path, PathBuf};

/// The number of the user that a program of root's runs as: `nobody`, who owns no files.
#[cfg(target_os = "linux")]
pub(crate) const NOBODY: u32 = 65_534;

/// Prepares a folder of the caller's to be [writable](crate::Job::writable) by a program. If the caller is
/// root, the program runs as another user, to whom the folder is given.
///
/// # Errors
///
/// The error of the system.
pub fn hand_over(folder: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    if nix::unistd::geteuid().is_root() {
        std::os::unix::fs::chown(folder, Some(NOBODY), Some(NOBODY))?;
    }
    let _ = folder;
    Ok(())
}

/// A folder in memory with at least `free` free bytes, if the system has one. Hundreds of small files
/// cost next to nothing there.
pub fn folder_in_memory(free: u64) -> Option<PathBuf> {
    #[cfg(target_os = "linux")]
    {
        use nix::sys::statfs::{TMPFS_MAGIC, statfs};
        let folder = Path::new("/dev/shm");
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
