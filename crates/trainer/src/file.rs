//! Files that are whole or not there.

use std::fs::{self, File};
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
