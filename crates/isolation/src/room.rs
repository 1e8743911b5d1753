//! A program's room: the folder in which it may do anything, and how full it is.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{StatVfs, fstatvfs};

use crate::descendants::Descendants;
use crate::job::{Job, Limits};
use crate::untrusted::{Folder, ReadError};
use crate::user::User;

/// How deep folders in a room may lie. Each level that is counted takes an open file.
const DEPTH: usize = 64;

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
    pub(crate) fn prepare(job: &Job) -> io::Result<(Self, Option<User>)> {
        let user = User::next(&job.room)?;
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
    pub(crate) fn is_too_full(&self, limits: &Limits, program: impl Fn() -> Descendants) -> bool {
        match self {
            Self::Own(folder) => fstatvfs(folder).is_ok_and(|system| {
                let bytes = (system.f_blocks - system.f_bfree).saturating_mul(system.f_frsize);
                bytes > limits.disk || system.f_files - system.f_ffree > limits.files
            }),
            Self::Shared { folder, .. } => {
                let mut count = Count { limits: *limits, bytes: 0, files: 0 };
                count.add(folder, DEPTH).and_then(|()| count.add_nameless(&program())).is_err()
            }
        }
    }
}

fn free_bytes(system: &StatVfs) -> u64 {
    system.f_bfree.saturating_mul(system.f_frsize)
}

/// Makes the folders of a room, and gives room and folders to the user, if one is named.
pub(crate) fn make_folders(room: &Path, names: &[String], user: Option<User>) -> io::Result<()> {
    let folders: Vec<_> = names.iter().map(|name| room.join(name)).collect();
    for folder in &folders {
        fs::create_dir_all(folder)?;
    }
    let Some(user) = user else { return Ok(()) };
    folders.iter().map(PathBuf::as_path).chain([room]).try_for_each(|folder| user.give(folder))
}

/// Bytes and files. Counting ends with an error as soon as they go beyond the limits, or cannot be counted.
#[derive(Debug)]
struct Count {
    limits: Limits,
    bytes: u64,
    files: u64,
}

impl Count {
    fn take(&mut self, bytes: u64, files: u64) -> io::Result<()> {
        self.bytes = self.bytes.saturating_add(bytes);
        self.files += files;
        let is_within = self.bytes <= self.limits.disk && self.files <= self.limits.files;
        is_within.then_some(()).ok_or_else(|| io::Error::other("beyond the limits"))
    }

    /// Adds what is below a folder. Bytes are those of the blocks that a file takes, not its length.
    /// Folders are opened by their names in an open folder, so that no link can lead elsewhere.
    fn add(&mut self, folder: &Folder, depth: usize) -> io::Result<()> {
        let Some(depth) = depth.checked_sub(1) else { return Err(io::Error::other("too deep")) };
        let path = format!("/proc/self/fd/{}", folder.as_fd().as_raw_fd());
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            // The metadata of a link itself, not of its target. It may be gone by now.
            let Ok(metadata) = entry.metadata() else { continue };
            self.take(512 * metadata.blocks(), 1)?;
            if metadata.is_dir() {
                let name = entry.file_name();
                let name = name.to_str().ok_or_else(|| io::Error::other("no text"))?;
                match folder.folder(name) {
                    Ok(folder) => self.add(&folder, depth)?,
                    // It was there a moment ago.
                    Err(ReadError::NotThere | ReadError::NotAFile) => {}
                    Err(error) => return Err(io::Error::other(error)),
                }
            }
        }
        Ok(())
    }

    /// Adds deleted files that processes keep open. No folder lists them.
    fn add_nameless(&mut self, program: &Descendants) -> io::Result<()> {
        let mut seen = BTreeSet::new();
        for process in &program.below {
            let open = match fs::read_dir(format!("/proc/{}/fd", process.id)) {
                Err(error) if error.kind() == ErrorKind::PermissionDenied => return Err(error),
                open => open,
            };
            for file in open.into_iter().flatten().flatten() {
                if let Ok(metadata) = fs::metadata(file.path())
                    && metadata.is_file()
                    && metadata.nlink() == 0
                    && seen.insert((metadata.dev(), metadata.ino()))
                {
                    self.take(512 * metadata.blocks(), 0)?;
                }
            }
        }
        Ok(())
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
        let room = Folder::open(path).unwrap();
        let limits = Limits { disk: 2 << 20, files: 4, ..Limits::default() };
        let counted = |limits| {
            let mut count = Count { limits, bytes: 0, files: 0 };
            count.add(&room, DEPTH).map(|()| count)
        };
        let count = counted(limits).unwrap();
        assert_eq!(count.files, 4);
        assert!((1 << 20..2 << 20).contains(&count.bytes), "{}", count.bytes);

        assert!(counted(Limits { disk: 1 << 20, ..limits }).is_err());
        assert!(counted(Limits { files: 3, ..limits }).is_err());

        let mut deep = path.to_owned();
        for _ in 0..DEPTH {
            deep.push("d");
        }
        fs::create_dir_all(deep).unwrap();
        assert!(counted(Limits::default()).is_err());
    }
}
