//! Files that are whole or not there, and folders that one process at a time works in.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes a file beside its place and renames it into it, so that no reader ever finds a part of
/// it, and a failure leaves an older one as it was. Makes the folder where it is missing.
///
/// # Errors
///
/// Those of the file system; nothing of the new file is then left.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = part_of(path);
    let write = || -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = File::create(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&part, path)
    };
    write().inspect_err(|_| drop(fs::remove_file(&part)))
}

/// Where [`replace`] writes first. A process that is killed can leave this behind.
pub fn part_of(path: &Path) -> PathBuf {
    let mut part = path.to_path_buf();
    part.as_mut_os_string().push(".part");
    part
}

/// Keeps other processes out of a folder while it lives.
#[derive(Debug)]
pub struct FolderLock(#[expect(dead_code, reason = "held, never read")] Option<File>);

/// Locks a folder; none if another process has locked it. Where a folder cannot be opened as a file,
/// as on Windows, the lock keeps nobody out.
pub fn lock(folder: &Path) -> Option<FolderLock> {
    let Ok(file) = File::open(folder) else { return Some(FolderLock(None)) };
    match file.try_lock() {
        Ok(()) => Some(FolderLock(Some(file))),
        Err(TryLockError::WouldBlock) => None,
        Err(TryLockError::Error(_)) => Some(FolderLock(None)),
    }
}
