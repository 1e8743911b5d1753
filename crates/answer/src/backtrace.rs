//! Where in a package a panic comes from, though it arises in a library that the package calls.

use std::backtrace::Backtrace;
use std::env;
use std::path::{Path, PathBuf};

/// The innermost line of this package in the calls that lead here, as a file and its line.
pub(crate) fn innermost(package: &str) -> Option<(String, u32)> {
    find(&Backtrace::force_capture().to_string(), Path::new(package))
}

/// The text of a backtrace has a line "at FILE:LINE:COLUMN" per call. Names of functions are not reliable:
/// they lack their crate where the compiler was asked for tables of lines alone.
fn find(backtrace: &str, package: &Path) -> Option<(String, u32)> {
    // What a panic itself calls comes first.
    let calls = backtrace.split_once("rust_begin_unwind").map_or(backtrace, |(_, calls)| calls);
    calls.lines().find_map(|line| {
        let mut parts = line.trim_start().strip_prefix("at ")?.rsplitn(3, ':');
        let (_column, line, file) = (parts.next()?, parts.next()?, parts.next()?);
        absolute(file).starts_with(package).then_some((file.to_owned(), line.parse().ok()?))
    })
}

/// Files below the current folder are shown from there.
fn absolute(file: &str) -> PathBuf {
    match (file.strip_prefix("./"), env::current_dir()) {
        (Some(below), Ok(current)) => current.join(below),
        _ => PathBuf::from(file),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_line_of_the_package_is_found() {
        let backtrace = "   0: begin_panic_handler\n             at /rustc/x/panicking.rs:697:5\n   \
                         3: index\n             at /home/u/ndarray/src/lib.rs:1:2\n   \
                         4: forward\n             at /w/exercise/src/spatial_batchnorm.rs:55:9\n   \
                         5: main\n             at /w/exercise/src/main.rs:9:5\n";
        let expected = ("/w/exercise/src/spatial_batchnorm.rs".to_owned(), 55);
        assert_eq!(find(backtrace, Path::new("/w/exercise")), Some(expected));
        assert_eq!(find(backtrace, Path::new("/w/exer")), None);
    }
}
