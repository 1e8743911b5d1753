//! The files of the workspace that git tracks, or would track.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// The root of the workspace that the test is run in, which Cargo names.
pub(crate) fn root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        let package = env::var_os("CARGO_MANIFEST_DIR").expect("run this test through cargo");
        Path::new(&package).parent().unwrap().to_owned()
    });
    &ROOT
}

/// All files that git tracks and all new ones that it does not ignore, from the root; those deleted
/// from the working tree are left out.
///
/// Without git or its folder, as in an unpacked archive, all files outside `target` and hidden
/// folders.
pub(crate) fn tracked() -> Vec<PathBuf> {
    let arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let mut files = match Command::new("git").args(arguments).current_dir(root()).output() {
        Ok(output) if output.status.success() => String::from_utf8(output.stdout)
            .unwrap()
            .split_terminator('\0')
            .map(PathBuf::from)
            .filter(|file| root().join(file).is_file())
            .collect(),
        _ => below(root()),
    };
    files.sort();
    files.dedup();
    assert!(files.len() > 100, "found {} files, expected the whole workspace", files.len());
    files
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_file() {
            files.push(path.strip_prefix(root()).unwrap().to_owned());
        } else if name != "target" && !name.starts_with('.') {
            files.extend(below(&path));
        }
    }
    files
}

/// The tracked files with this extension.
pub(crate) fn with_extension(extension: &str) -> Vec<PathBuf> {
    let mut files = tracked();
    files.retain(|file| file.extension().is_some_and(|found| found == extension));
    files
}

/// The text of a file.
pub(crate) fn read(file: &Path) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file:?}: {error}"))
}
