//! Files that are whole or not there.

use std::io::Write;
use std::path::Path;
use std::{fs, io};

/// Writes a file beside its place and renames it into it, so that no reader ever finds a part of it.
/// Makes the folder where it is missing.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Renaming would remove a pipe or a device.
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        let found = "found a folder, a pipe or a device, expected a regular file; name another";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, found));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    // As readable as any new file, not only to its owner.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
