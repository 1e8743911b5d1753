//! The temporary folder of one grading. A folder that a killed grading has left is removed by the next.
//!
//! The folders of one user lie in one parent. Whoever makes one holds a lock on the parent until the
//! new folder is locked too. So a folder that is not locked belongs to nobody any more.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::path::{Path, PathBuf};

/// The temporary folder of one grading.
#[derive(Debug)]
pub(super) struct Stage {
    folder: PathBuf,
    /// Locked until the folder is removed.
    _lock: File,
}

impl Stage {
    /// A new folder in the first of these places where one can be made.
    pub(super) fn new(places: &[PathBuf]) -> Result<Self, String> {
        let mut refusals = Vec::new();
        for place in places {
            match Self::make(place) {
                Ok(stage) => return Ok(stage),
                Err(error) => refusals.push(format!("{}: {error}", place.display())),
            }
        }
        Err(format!("no temporary folder can be made: {}", refusals.join("; ")))
    }

    fn make(place: &Path) -> io::Result<Self> {
        let place = place.canonicalize()?;
        if place.to_str().is_none() {
            // A job is handed on as text.
            return Err(io::Error::other("its path is not UTF-8"));
        }
        let (parent, _parents_lock) = locked_parent(&place)?;
        remove_abandoned(&parent);
        let folder = tempfile::Builder::new().prefix("grading-").tempdir_in(&parent)?.keep();
        let lock = File::open(&folder)?;
        lock.try_lock()?;
        let stage = Self { folder, _lock: lock };
        // Without a root of its own, a program that is somebody else must get in.
        set_mode(&stage.folder, 0o711)?;
        Ok(stage)
    }

    /// Its path.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Opens what is in it to every reader, whatever the umask is.
    pub(super) fn show(&self, name: &str) -> io::Result<()> {
        let folder = self.path(name);
        if is_shown(&folder)? { Ok(()) } else { show_all(&folder) }
    }

    /// Removes what a program has filled, even what it has closed to others.
    pub(super) fn remove(&self, folder: &Path) {
        // What remains now goes with the whole stage, or with the next.
        let _ = isolation::remove(folder);
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = isolation::remove(&self.folder);
        if let Some(parent) = self.folder.parent()
            && let Ok(lock) = File::open(parent)
            && lock.lock().is_ok()
        {
            // It stays as long as others are in it.
            let _ = fs::remove_dir(parent);
        }
    }
}

/// This user's parent of all such folders in one place, with its lock.
fn locked_parent(place: &Path) -> io::Result<(PathBuf, File)> {
    /// Somebody else may remove the parent, which is empty, before it is locked.
    const ATTEMPTS: usize = 100;
    for _ in 0..ATTEMPTS {
        let parent = parent(place)?;
        let Ok(lock) = File::open(&parent) else { continue };
        lock.lock()?;
        if is_at(&lock, &parent) {
            return Ok((parent, lock));
        }
    }
    Err(io::Error::other("others make and remove folders there all the time"))
}

/// Whether an open folder is still the one at this path.
fn is_at(open: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let same = |a: fs::Metadata, b: fs::Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
        open.metadata().is_ok_and(|a| path.symlink_metadata().is_ok_and(|b| same(a, b)))
    }
    #[cfg(not(unix))]
    {
        open.metadata().is_ok() && path.is_dir()
    }
}

/// Makes that parent if it is not there.
fn parent(place: &Path) -> io::Result<PathBuf> {
    #[cfg(unix)]
    let parent = {
        use std::os::unix::fs::{DirBuilderExt, MetadataExt};
        // Whoever owns a new file is this user.
        let user = tempfile::tempfile_in(place)?.metadata()?.uid();
        let parent = place.join(format!("spatial-batchnorm-grader-{user}"));
        match DirBuilder::new().mode(0o711).create(&parent) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let metadata = parent.symlink_metadata()?;
        if !metadata.is_dir() || metadata.uid() != user {
            return Err(io::Error::other(format!(
                "{} is not this user's folder",
                parent.display()
            )));
        }
        set_mode(&parent, 0o711)?;
        parent
    };
    #[cfg(not(unix))]
    let parent = {
        let parent = place.join("spatial-batchnorm-grader");
        DirBuilder::new().recursive(true).create(&parent)?;
        parent
    };
    Ok(parent)
}

/// Removes the folders of gradings that were killed.
fn remove_abandoned(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let path = entry.path();
        if File::open(&path).is_ok_and(|folder| folder.try_lock().is_ok()) {
            // A later grading tries again.
            let _ = isolation::remove(&path);
        }
    }
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

/// Whether everybody may enter a folder that was just made, and so read what was made with it.
fn is_shown(folder: &Path) -> io::Result<bool> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        Ok(fs::metadata(folder)?.permissions().mode() & 0o055 == 0o055)
    }
    #[cfg(not(unix))]
    {
        fs::metadata(folder).map(|_| true)
    }
}

fn show_all(folder: &Path) -> io::Result<()> {
    set_mode(folder, 0o755)?;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { show_all(&path)? } else { set_mode(&path, 0o644)? }
    }
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_was_left_is_removed_by_the_next_and_one_in_use_is_not() {
        let place = tempfile::tempdir().unwrap();
        let places = [place.path().join("not there"), place.path().to_owned()];
        let in_use = Stage::new(&places).unwrap();
        let left = Stage::new(&places).unwrap();
        let left_folder = left.folder().to_owned();
        fs::create_dir_all(left_folder.join("a/b")).unwrap();
        // As if the grading had been killed: its lock goes, its folder stays.
        left._lock.unlock().unwrap();
        std::mem::forget(left);
        let next = Stage::new(&places).unwrap();
        assert!(!left_folder.exists() && in_use.folder().exists());
        let parent = next.folder().parent().unwrap().to_owned();
        drop(in_use);
        assert!(next.folder().exists());
        drop(next);
        assert!(!parent.exists());
    }

    #[test]
    fn what_a_strict_umask_has_closed_is_shown() {
        use std::os::unix::fs::PermissionsExt;
        let place = tempfile::tempdir().unwrap();
        let stage = Stage::new(&[place.path().to_owned()]).unwrap();
        fs::create_dir_all(stage.path("inputs/a")).unwrap();
        fs::write(stage.path("inputs/a/file"), "").unwrap();
        for (name, mode) in [("inputs/a/file", 0o600), ("inputs/a", 0o700), ("inputs", 0o700)] {
            set_mode(&stage.path(name), mode).unwrap();
        }
        stage.show("inputs").unwrap();
        for (name, mode) in [("inputs/a/file", 0o644), ("inputs/a", 0o755), ("inputs", 0o755)] {
            let found = fs::metadata(stage.path(name)).unwrap().permissions().mode();
            assert_eq!(found & 0o777, mode, "{name}");
        }
    }
}
