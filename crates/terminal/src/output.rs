//! The results of a command: lines on standard output, and files that are whole or not there.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use anyhow::{Context, Result};
use grader::messages::{path as shown, printable};

/// Prints a line, without characters that do something to a terminal. It is no failure when the reader
/// stops reading, as `head` does.
pub fn say(line: impl Display) -> Result<()> {
    match writeln!(io::stdout(), "{}", printable(&line.to_string())) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("standard output cannot be written"),
    }
}

/// Writes a file whole or not at all, by [`files::replace`].
pub fn replace_file(path: &Path, bytes: &[u8]) -> Result<()> {
    files::replace(path, bytes).with_context(|| format!("{} cannot be written", shown(path)))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_replaced_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b.csv");
        replace_file(&path, b"one").unwrap();
        replace_file(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        let in_a_file = path.join("c.csv");
        let message = format!("{:#}", replace_file(&in_a_file, b"three").unwrap_err());
        assert!(message.contains("c.csv cannot be written"), "{message}");
        fs::create_dir(folder.path().join("taken")).unwrap();
        assert!(replace_file(&folder.path().join("taken"), b"four").is_err());
        let mut left: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, ["a", "taken"]);
        assert_eq!(fs::read_dir(folder.path().join("a")).unwrap().count(), 1);
    }
}
