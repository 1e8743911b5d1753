//! Files that are whole or not there.

use std::io::Write;
use std::path::Path;
use std::{fs, io};

/// Writes a file beside its place and renames it into it, so that no reader ever finds a part of it.
/// Makes the folder where it is missing. The name of the file beside its place begins with `part`. A
/// folder, a pipe or a device is not replaced.
pub(crate) fn replace(path: &Path, bytes: &[u8], part: &str) -> io::Result<()> {
    files::expect_free(path)?;
    let folder = folder_of(path);
    fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(part);
    // As readable as any new file, not only to its owner.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// The folder in which a file lies.
pub(crate) fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Removes what a killed process has left of [`replace`] with the same `part`.
pub(crate) fn remove_parts(folder: &Path, part: &str) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(part.as_bytes()) {
            // What cannot be removed does no harm.
            let _ = fs::remove_file(entry.path());
        }
    }
}
