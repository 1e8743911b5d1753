//! A program's room: the folder in which it may do anything, and how full it is.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{StatVfs, fstatvfs};

use crate::descendants::Descendants;
use crate::job::{Job, Limits};
use crate::untrusted::Folder;
use crate::user::{self, give};

/// How deep folders in a room may lie, and how long their paths may be, in bytes. Deeper ones could not
/// be counted.
const DEPTH: usize = 64;
const PATH: usize = 3000;

/// A change of the free space from which a room is counted again at once.
const CHANGE: u64 = 8 << 20;

/// The room of a running program.
#[derive(Debug)]
pub(crate) enum Room {
    /// A file system of its own, which cannot hold much more than the limits allow.
    Own(Folder),
    /// A folder among others.
    Shared {
        folder: Folder,
        /// The free space of its file system when it was last counted.
        free: u64,
    },
}

impl Room {
    /// Prepares the folder of a job, in which a program without a file system of its own lives. Returns
    /// the user as whom it is to run, if that is another.
    pub(crate) fn prepare(job: &Job) -> io::Result<(Self, Option<u32>)> {
        let user = user::own(&job.room)?;
        make_folders(&job.room, &job.room_folders, user)?;
        let folder = Folder::open(&job.room).map_err(io::Error::other)?;
        Ok((Self::Shared { folder, free: 0 }, user))
    }

    /// What is in it.
    pub(crate) fn folder(&self) -> &Folder {
        match self {
            Self::Own(folder) | Self::Shared { folder, .. } => folder,
        }
    }

    pub(crate) fn into_folder(self) -> Folder {
        match self {
            Self::Own(folder) | Self::Shared { folder, .. } => folder,
        }
    }

    /// Whether it must be counted now, which takes long, and not only in a while.
    pub(crate) fn has_changed(&mut self) -> bool {
        match self {
            Self::Own(_) => true,
            Self::Shared { folder, free } => {
                let now = fstatvfs(&*folder).map_or(0, |system| free_bytes(&system));
                let has_changed = *free > now.saturating_add(CHANGE);
                if has_changed || now > *free {
                    *free = now;
                }
                has_changed
            }
        }
    }

    /// Whether it has more bytes or more files than the limits allow, or folders that cannot be counted.
    pub(crate) fn is_too_full(&self, limits: &Limits, program: &Descendants) -> bool {
        match self {
            Self::Own(folder) => fstatvfs(folder).is_ok_and(|system| {
                let bytes = (system.f_blocks - system.f_bfree).saturating_mul(system.f_frsize);
                bytes > limits.disk || system.f_files - system.f_ffree > limits.files
            }),
            Self::Shared { folder, .. } => {
                let mut count = Count::default();
                let is_uncounted = count.add(folder.path(), DEPTH).is_err();
                count.add_nameless(program);
                is_uncounted || count.bytes > limits.disk || count.files > limits.files
            }
        }
    }
}

fn free_bytes(system: &StatVfs) -> u64 {
    system.f_bfree.saturating_mul(system.f_frsize)
}

/// Makes the folders of a room, and gives room and folders to the user, if one is named.
pub(crate) fn make_folders(room: &Path, names: &[String], user: Option<u32>) -> io::Result<()> {
    let folders: Vec<_> = names.iter().map(|name| room.join(name)).collect();
    for folder in &folders {
        fs::create_dir_all(folder)?;
    }
    let Some(user) = user else { return Ok(()) };
    folders.iter().map(PathBuf::as_path).chain([room]).try_for_each(|folder| give(folder, user))
}

/// Bytes and files.
#[derive(Debug, Default)]
struct Count {
    bytes: u64,
    files: u64,
}

impl Count {
    /// Adds what is below a folder. Bytes are those of the blocks that a file takes, not its length.
    fn add(&mut self, folder: &Path, depth: usize) -> io::Result<()> {
        let cannot = |why: &str| Err(io::Error::other(why));
        if depth == 0 || folder.as_os_str().len() > PATH {
            return cannot("too deep");
        }
        let entries = match fs::read_dir(folder) {
            // It was there a moment ago.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            // The metadata of a link itself, not of its target.
            let Ok(metadata) = entry.metadata() else { continue };
            self.files += 1;
            self.bytes = self.bytes.saturating_add(512 * metadata.blocks());
            if metadata.is_dir() {
                self.add(&entry.path(), depth - 1)?;
            }
        }
        Ok(())
    }

    /// Adds deleted files that processes keep open. No folder lists them.
    fn add_nameless(&mut self, program: &Descendants) {
        let mut files = BTreeMap::new();
        for process in &program.below {
            let open = fs::read_dir(format!("/proc/{}/fd", process.id));
            for file in open.into_iter().flatten().flatten() {
                if let Ok(metadata) = fs::metadata(file.path())
                    && metadata.is_file()
                    && metadata.nlink() == 0
                {
                    files.insert((metadata.dev(), metadata.ino()), 512 * metadata.blocks());
                }
            }
        }
        self.bytes = files.values().fold(self.bytes, |sum, bytes| sum.saturating_add(*bytes));
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn blocks_are_counted_whatever_the_length_is_and_depth_has_an_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::File::create(path.join("sparse")).unwrap().set_len(1 << 40).unwrap();
        fs::create_dir(path.join("a")).unwrap();
        fs::write(path.join("a/full"), vec![1; 1 << 20]).unwrap();
        symlink("/usr", path.join("elsewhere")).unwrap();
        let mut count = Count::default();
        count.add(path, DEPTH).unwrap();
        assert_eq!(count.files, 4);
        assert!((1 << 20..2 << 20).contains(&count.bytes), "{}", count.bytes);

        let mut deep = path.to_owned();
        for _ in 0..DEPTH {
            deep.push("d");
        }
        fs::create_dir_all(deep).unwrap();
        assert!(Count::default().add(path, DEPTH).is_err());
    }
}
