//! Files that are whole or not there, files that others name, and folders that one process at a time
//! works in.

use std::fs::{self, File, Metadata, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::process;

/// The longest file that [`read`] takes in: more than any that this workspace writes.
const LENGTH_LIMIT: u64 = 1 << 30;

/// The bytes of a file that somebody named: a regular file, or a link to one. Reading a pipe could
/// wait for ever, and reading a device take all memory.
///
/// # Errors
///
/// Those of the file system, and one of the kind [`ErrorKind::InvalidInput`] that says what was found
/// and what was expected.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    let found = file.metadata()?.len();
    let too_long = |length| {
        let found = format!("found {length} bytes, expected at most {LENGTH_LIMIT}");
        io::Error::new(ErrorKind::InvalidInput, found)
    };
    if found > LENGTH_LIMIT {
        return Err(too_long(found));
    }
    let mut bytes = Vec::new();
    file.take(LENGTH_LIMIT + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 {
        length if length <= LENGTH_LIMIT => Ok(bytes),
        length => Err(too_long(length)),
    }
}

/// The text of a file that somebody named.
///
/// # Errors
///
/// As for [`read`], and [`ErrorKind::InvalidData`] for bytes that are not UTF-8.
pub fn read_text(path: &Path) -> io::Result<String> {
    String::from_utf8(read(path)?)
        .map_err(|error| io::Error::new(ErrorKind::InvalidData, error.utf8_error()))
}

/// Opens a file that somebody named, to read it.
pub fn open(path: &Path) -> io::Result<File> {
    // Before it is opened, which waits at a pipe; and after, when it can be no other.
    expect_regular(&fs::metadata(path)?)?;
    let file = File::open(path)?;
    expect_regular(&file.metadata()?)?;
    Ok(file)
}

/// An empty file in the place of whatever regular file was there.
pub fn create(path: &Path) -> io::Result<File> {
    expect_free(path)?;
    File::create(path)
}

/// Refuses a place that has something which is no regular file, and which a file must not replace.
///
/// # Errors
///
/// One of the kind [`ErrorKind::InvalidInput`] that says what was found and what was expected.
pub fn expect_free(path: &Path) -> io::Result<()> {
    fs::metadata(path).map_or(Ok(()), |metadata| expect_regular(&metadata))
}

fn expect_regular(metadata: &Metadata) -> io::Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    let kind = if metadata.is_dir() { "a folder" } else { "a pipe, a socket or a device" };
    let found = format!("found {kind}, expected a regular file; name another");
    Err(io::Error::new(ErrorKind::InvalidInput, found))
}

/// Writes a file beside its place and renames it into it, so that no reader ever finds a part of
/// it, and a failure leaves an older one as it was. Makes the folder where it is missing.
///
/// # Errors
///
/// Those of the file system, and one for a folder, a pipe or a device in the file's place; nothing of
/// the new file is then left.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    expect_free(path)?;
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

/// The deepest that exists of this path and the folders above it.
pub fn deepest_existing(path: &Path) -> &Path {
    match path.ancestors().find(|path| path.exists() || path.as_os_str().is_empty()) {
        Some(found) if !found.as_os_str().is_empty() => found,
        Some(_) | None => Path::new("."),
    }
}

/// Refuses a folder that no file can be written into, by writing one and removing it.
///
/// # Errors
///
/// Those of the file system, and one for what is no folder.
pub fn expect_writable(folder: &Path) -> io::Result<()> {
    if !fs::metadata(folder)?.is_dir() {
        let found = "found a file, expected a folder";
        return Err(io::Error::new(ErrorKind::NotADirectory, found));
    }
    // Of this process: another one may try the same folder at the same time. One of another machine may even
    // have the same number, and have removed the file.
    let probe = part_of(&folder.join(format!(".{}", process::id())));
    File::create(&probe)?.write_all(b"probe").inspect_err(|_| drop(fs::remove_file(&probe)))?;
    match fs::remove_file(&probe) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Keeps other processes out of a folder while it lives.
#[derive(Debug)]
pub struct FolderLock(#[expect(dead_code, reason = "held, never read")] Option<File>);

/// Locks a folder; none if another process has locked it. Where [`locks_work`] says no, the lock keeps
/// nobody out.
pub fn lock(folder: &Path) -> Option<FolderLock> {
    let Ok(file) = File::open(folder) else { return Some(FolderLock(None)) };
    match file.try_lock() {
        Ok(()) => Some(FolderLock(Some(file))),
        Err(TryLockError::WouldBlock) => None,
        Err(TryLockError::Error(_)) => Some(FolderLock(None)),
    }
}

/// Whether [`lock`] keeps other processes out of this folder. It does not where a folder cannot be opened
/// as a file, as on Windows, and on file systems without locks. On those that several machines share, a lock
/// of a folder may hold on one machine alone, as with NFS, and no machine by itself can tell.
pub fn locks_work(folder: &Path) -> bool {
    if is_shared(folder) {
        return false;
    }
    match (File::open(folder), File::open(folder)) {
        (Ok(first), Ok(second)) => excludes(&first, &second),
        (Ok(_) | Err(_), Ok(_) | Err(_)) => false,
    }
}

/// Whether this folder is on a file system that several machines may share.
#[cfg(target_os = "linux")]
fn is_shared(folder: &Path) -> bool {
    rustix::fs::statfs(folder).is_ok_and(|found| SHARED.contains(&(found.f_type as u32)))
}

#[cfg(not(target_os = "linux"))]
fn is_shared(_folder: &Path) -> bool {
    false
}

/// The numbers by which Linux knows file systems that machines share: NFS, SMB (three versions), Ceph,
/// Lustre, GPFS, BeeGFS and AFS. From `linux/magic.h` and the statfs(2) manual, the others from their own
/// sources.
#[cfg(target_os = "linux")]
const SHARED: [u32; 9] = [
    0x6969,
    0x517b,
    0xff53_4d42,
    0xfe53_4d42,
    0x00c3_6400,
    0x0bd0_0bd0,
    0x4750_4653,
    0x1983_0326,
    0x5346_414f,
];

/// Whether one of two handles cannot lock what the other one has locked.
fn excludes(first: &File, second: &File) -> bool {
    let is_held = |locked: Result<(), TryLockError>| match locked {
        Ok(()) | Err(TryLockError::Error(_)) => false,
        Err(TryLockError::WouldBlock) => true,
    };
    // What another process has locked is refused to the first handle already.
    match first.try_lock() {
        Err(TryLockError::Error(_)) => false,
        locked => is_held(locked) || is_held(second.try_lock()),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    use std::process::Command;

    use super::*;

    #[test]
    fn only_regular_files_and_links_to_them_are_read_and_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("file"), "text").unwrap();
        symlink(path("file"), path("link")).unwrap();
        assert_eq!(read(&path("file")).unwrap(), b"text");
        assert_eq!(read_text(&path("link")).unwrap(), "text");

        assert!(Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());
        symlink(path("pipe"), path("link to pipe")).unwrap();
        symlink("/dev/zero", path("zero")).unwrap();
        let _listener = UnixListener::bind(path("socket")).unwrap();
        fs::create_dir(path("folder")).unwrap();
        for name in ["pipe", "link to pipe", "zero", "socket", "folder", "/dev/zero"] {
            let error = read(&path(name)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{name}: {error}");
            assert!(error.to_string().contains("expected a regular file"), "{name}: {error}");
            assert!(replace(&path(name), b"new").is_err(), "{name}");
            assert!(!part_of(&path(name)).exists(), "{name}");
        }
        let file = File::create(path("long")).unwrap();
        file.set_len(LENGTH_LIMIT + 1).unwrap();
        assert!(read(&path("long")).unwrap_err().to_string().contains("expected at most"));
        replace(&path("file"), b"new").unwrap();
        assert_eq!(read(&path("file")).unwrap(), b"new");
    }

    /// Two handles of one opening share a lock, as all handles do on a file system without locks.
    #[test]
    fn locks_that_keep_nobody_out_are_noticed() {
        let folder = tempfile::tempdir().unwrap();
        assert!(locks_work(folder.path()));
        let held = lock(folder.path());
        assert!(locks_work(folder.path()));
        assert!(lock(folder.path()).is_none());
        drop(held);
        let first = File::open(folder.path()).unwrap();
        assert!(!excludes(&first, &first.try_clone().unwrap()));
        assert!(!locks_work(&folder.path().join("none")));
    }

    #[test]
    fn a_folder_is_tried_and_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        assert_eq!(deepest_existing(&folder.path().join("a/b")), folder.path());
        assert_eq!(deepest_existing(&file.join("below")), file);
        assert_eq!(deepest_existing(Path::new("no such/folder")), Path::new("."));
        expect_writable(folder.path()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let error = expect_writable(&file).unwrap_err();
        assert!(error.to_string().contains("expected a folder"), "{error}");
    }
}
