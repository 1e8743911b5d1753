//! Reading what an untrusted program wrote: regular files only, by their own names, and no more of
//! them than is wanted. Links, pipes and devices in their place are refused without being opened or
//! followed.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// The bytes at the beginning of a file by which its length is judged.
pub const BEGINNING: usize = 16 << 10;

/// Why a file is not read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Nothing of this name is there.
    #[error("is not there")]
    NotThere,
    /// It is not a regular file with a single name.
    #[error("is not a regular file")]
    NotAFile,
    /// The [`Judge`] refuses it.
    #[error("{0}")]
    Refused(String),
    /// The system refuses to read it.
    #[error(transparent)]
    System(#[from] io::Error),
}

/// A folder whose contents an untrusted program wrote.
#[derive(Debug)]
pub struct Folder {
    #[cfg(target_os = "linux")]
    descriptor: std::os::fd::OwnedFd,
    path: PathBuf,
}

#[cfg(target_os = "linux")]
impl std::os::fd::AsFd for Folder {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

/// How folders are opened.
#[cfg(target_os = "linux")]
const FOLDER: nix::fcntl::OFlag = nix::fcntl::OFlag::O_DIRECTORY
    .union(nix::fcntl::OFlag::O_NOFOLLOW)
    .union(nix::fcntl::OFlag::O_CLOEXEC);

/// Judges a file by its first bytes, up to [`BEGINNING`] of them, and by its length, before the rest of
/// it is read. A sparse file counts by its length too.
pub type Judge<'a> = &'a dyn Fn(&[u8], u64) -> Result<(), String>;

impl Folder {
    /// The folder at a path of the caller's own. A link in its place is refused.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if there is none.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        #[cfg(target_os = "linux")]
        {
            use nix::fcntl::open;
            use nix::sys::stat::Mode;
            let descriptor =
                open(path, FOLDER, Mode::empty()).map_err(|error| refused(error.into()))?;
            Ok(Self { descriptor, path: path.to_owned() })
        }
        #[cfg(not(target_os = "linux"))]
        {
            if !path.symlink_metadata().map_err(refused)?.is_dir() {
                return Err(ReadError::NotAFile);
            }
            Ok(Self { path: path.to_owned() })
        }
    }

    /// The folder of this name in this one. A link in its place is refused.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if there is none.
    pub fn folder(&self, name: &str) -> Result<Self, ReadError> {
        let path = self.path.join(name);
        #[cfg(target_os = "linux")]
        {
            use nix::fcntl::openat;
            use nix::sys::stat::Mode;
            let descriptor = openat(&self.descriptor, name, FOLDER, Mode::empty())
                .map_err(|error| refused(error.into()))?;
            Ok(Self { descriptor, path })
        }
        #[cfg(not(target_os = "linux"))]
        {
            Self::open(&path)
        }
    }

    /// Whether the folder has something of this name.
    pub fn has(&self, name: &str) -> bool {
        #[cfg(target_os = "linux")]
        {
            use nix::fcntl::AtFlags;
            use nix::sys::stat::fstatat;
            fstatat(&self.descriptor, name, AtFlags::AT_SYMLINK_NOFOLLOW).is_ok()
        }
        #[cfg(not(target_os = "linux"))]
        {
            self.path.join(name).symlink_metadata().is_ok()
        }
    }

    /// An open folder, which is shown by this path.
    #[cfg(target_os = "linux")]
    pub(crate) fn of(descriptor: std::os::fd::OwnedFd, path: &Path) -> Self {
        Self { descriptor, path: path.to_owned() }
    }

    /// Its path, by which it may no longer be found.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The bytes of a file in the folder, if `judge` accepts it.
    ///
    /// # Errors
    ///
    /// [`ReadError`] for anything else.
    pub fn read(&self, name: &str, judge: Judge<'_>) -> Result<Vec<u8>, ReadError> {
        let (mut file, length) = self.open_regular(name)?;
        let mut bytes = Vec::new();
        file.by_ref().take(BEGINNING as u64).read_to_end(&mut bytes)?;
        judge(&bytes, length).map_err(ReadError::Refused)?;
        // The file may have become longer since it was judged; the rest of it is not read.
        file.take(length.saturating_sub(bytes.len() as u64)).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The first bytes of a file in the folder, at most `limit` of them.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if there is no such file.
    pub fn beginning(&self, name: &str, limit: u64) -> Result<Vec<u8>, ReadError> {
        let (file, _) = self.open_regular(name)?;
        let mut bytes = Vec::new();
        file.take(limit).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// A regular file with a single name, and its length.
    fn open_regular(&self, name: &str) -> Result<(File, u64), ReadError> {
        let file = self.open_file(name).map_err(refused)?;
        let metadata = file.metadata()?;
        #[cfg(unix)]
        let has_one_name = std::os::unix::fs::MetadataExt::nlink(&metadata) == 1;
        #[cfg(not(unix))]
        let has_one_name = true;
        if !(metadata.is_file() && has_one_name) {
            return Err(ReadError::NotAFile);
        }
        Ok((file, metadata.len()))
    }

    #[cfg(target_os = "linux")]
    fn open_file(&self, name: &str) -> io::Result<File> {
        use nix::fcntl::{OFlag, openat};
        use nix::sys::stat::Mode;
        // Opening a pipe without a writer would block.
        let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
        let file = openat(&self.descriptor, name, flags, Mode::empty())?;
        Ok(File::from(file))
    }

    #[cfg(not(target_os = "linux"))]
    fn open_file(&self, name: &str) -> io::Result<File> {
        let path = self.path.join(name);
        if !path.symlink_metadata()?.is_file() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        File::open(path)
    }
}

fn refused(error: io::Error) -> ReadError {
    match error.kind() {
        io::ErrorKind::NotFound => ReadError::NotThere,
        // A link, a folder or a socket.
        io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory => ReadError::NotAFile,
        #[cfg(target_os = "linux")]
        _ if error.raw_os_error() == Some(nix::Error::ELOOP as i32) => ReadError::NotAFile,
        _ => ReadError::System(error),
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;

    use super::*;

    #[test]
    fn regular_files_are_read_and_nothing_else_is() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "secret").unwrap();
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("folder");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("file"), "12345").unwrap();
        fs::write(folder.join("twice"), "").unwrap();
        fs::hard_link(folder.join("twice"), folder.join("other")).unwrap();
        symlink(outside.path().join("secret"), folder.join("link")).unwrap();
        symlink("/dev/zero", folder.join("device")).unwrap();
        symlink(outside.path(), parent.path().join("elsewhere")).unwrap();
        mkfifo(&folder.join("pipe"), Mode::all()).unwrap();
        let _listener = UnixListener::bind(folder.join("socket")).unwrap();
        fs::create_dir(folder.join("folder")).unwrap();

        let within = Folder::open(parent.path()).unwrap();
        let opened = within.folder("folder").unwrap();
        assert!(opened.has("file") && opened.has("link") && !opened.has("nothing"));
        let read = |name| opened.read(name, &|_, _| Ok(()));
        assert_eq!(read("file").unwrap(), b"12345");
        assert!(matches!(read("nothing"), Err(ReadError::NotThere)));
        for name in ["link", "device", "pipe", "folder", "twice"] {
            assert!(matches!(read(name), Err(ReadError::NotAFile)), "{name}");
            assert!(matches!(opened.beginning(name, 9), Err(ReadError::NotAFile)), "{name}");
        }
        assert!(read("socket").is_err());
        assert_eq!(opened.beginning("file", 4).unwrap(), b"1234");
        assert!(matches!(within.folder("elsewhere"), Err(ReadError::NotAFile)));
        assert!(matches!(within.folder("nothing"), Err(ReadError::NotThere)));
        let refusal = opened.read("file", &|bytes, length| {
            assert_eq!((bytes, length), (&b"12345"[..], 5));
            Err("no".to_owned())
        });
        assert!(matches!(refusal, Err(ReadError::Refused(why)) if why == "no"));
    }
}
