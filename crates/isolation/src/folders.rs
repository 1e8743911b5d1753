//! Folders in memory, and how what a program has left in one is removed.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// Removes a folder that a program has filled: one that it has closed to others, too, and one nested
/// deeper than there are open files or letters in a path.
///
/// # Errors
///
/// The error of the system for what cannot be removed.
pub fn remove(folder: &Path) -> io::Result<()> {
    // Folders within folders are moved up, so that all paths stay short.
    let mut moved = 0_usize;
    loop {
        open_up(folder);
        let entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
        if entries.is_empty() {
            return fs::remove_dir(folder);
        }
        for entry in entries {
            let path = entry.path();
            if !entry.file_type()?.is_dir() {
                fs::remove_file(path)?;
                continue;
            }
            open_up(&path);
            for inner in fs::read_dir(&path)?.collect::<io::Result<Vec<_>>>()? {
                if !inner.file_type()?.is_dir() {
                    fs::remove_file(inner.path())?;
                    continue;
                }
                open_up(&inner.path());
                let free = loop {
                    let up = folder.join(format!("moved-{moved}"));
                    moved += 1;
                    if up.symlink_metadata().is_err() {
                        break up;
                    }
                };
                fs::rename(inner.path(), free)?;
            }
            fs::remove_dir(path)?;
        }
    }
}

/// Opens a folder to its owner. What cannot be opened is met again when it is read.
fn open_up(folder: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o700));
    }
    let _ = folder;
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_folder_is_removed_however_deep_and_closed_it_is() {
        let outside = tempfile::tempdir().unwrap();
        let folder = outside.path().join("filled");
        fs::create_dir(&folder).unwrap();
        fs::create_dir(folder.join("moved-0")).unwrap();
        fs::write(outside.path().join("kept"), "").unwrap();
        // Deeper than a path may be long: the innermost part is made elsewhere and moved in.
        for _ in 0..12 {
            let mut chain = outside.path().join("chain");
            for _ in 0..250 {
                chain.push("d");
            }
            fs::create_dir_all(&chain).unwrap();
            fs::write(chain.join("file"), "x").unwrap();
            std::os::unix::fs::symlink(outside.path().join("kept"), chain.join("link")).unwrap();
            if folder.join("chain").exists() {
                fs::rename(folder.join("chain"), chain.join("d")).unwrap();
            }
            fs::rename(outside.path().join("chain"), folder.join("chain")).unwrap();
        }
        fs::create_dir_all(folder.join("closed/within")).unwrap();
        fs::set_permissions(folder.join("closed"), fs::Permissions::from_mode(0o000)).unwrap();
        remove(&folder).unwrap();
        assert!(!folder.exists() && outside.path().join("kept").exists());
    }
}
