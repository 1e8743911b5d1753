//! What people who read a report have to say of it: a file that they write into its folder, whose first line
//! names the results that they read. Of other results it says nothing.

use std::io::ErrorKind;
use std::path::Path;

use crate::error::{Result, StudyError};
use crate::sha256::sha256;

/// The file, in the folder of a report: paragraphs with the marks of Markdown that a report knows.
pub const DISCUSSION_FILE: &str = "discussion.md";

/// So many digits of the hash of the results are named.
const DIGITS: usize = 16;

/// The paragraphs of the discussion in this folder, whose results are in this file with these bytes; none
/// without the file of the discussion.
///
/// # Errors
///
/// A file that cannot be read, and one that is of other results.
pub(crate) fn read(folder: &Path, file: &str, results: &[u8]) -> Result<Vec<String>> {
    let path = folder.join(DISCUSSION_FILE);
    let text = match files::read_text(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StudyError::file(&path, "cannot be read")(error)),
    };
    let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let expected = first_line(file, results);
    if first.trim_end() != expected {
        let fault = format!(
            "line 1: found {:?}, expected {expected:?}; if it says of these results what is so, name them there",
            first.trim_end()
        );
        return Err(StudyError::Damaged { path, fault });
    }
    let paragraphs = rest.split("\n\n").map(|paragraph| paragraph.split_whitespace());
    let paragraphs = paragraphs.map(|words| words.collect::<Vec<_>>().join(" "));
    Ok(paragraphs.filter(|paragraph| !paragraph.is_empty()).collect())
}

/// The first line of a discussion of the results in this file with these bytes.
fn first_line(file: &str, results: &[u8]) -> String {
    let hash = sha256(results);
    format!("<!-- of {file} {} -->", hash.get(..DIGITS).unwrap_or(&hash))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::made_up;
    use crate::report;
    use crate::tables::{Row, RunRow, Study};

    #[test]
    fn a_discussion_is_shown_with_the_results_that_it_names_and_with_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let mut study = made_up::study(made_up::config());
        let write = |study: &Study| {
            for (file, bytes) in study.files().unwrap() {
                fs::write(folder.join(file), bytes).unwrap();
            }
        };
        write(&study);
        assert_eq!(Study::read(folder).unwrap(), study);
        let runs = fs::read(folder.join(RunRow::FILE)).unwrap();
        let text = format!("{}\n\nIt is\nso.\n\n\nAnd **so**.\n", first_line(RunRow::FILE, &runs));
        fs::write(folder.join(DISCUSSION_FILE), text).unwrap();
        let read = Study::read(folder).unwrap();
        assert_eq!(read.discussion, ["It is so.", "And **so**."]);
        let files = report::render(&read).unwrap();
        let (_, page) = files.iter().find(|(path, _)| path.ends_with("README.md")).unwrap();
        let page = String::from_utf8_lossy(page);
        assert!(page.contains("\n**Discussion.** It is so.\n\nAnd **so**.\n"), "{page}");

        study.runs[0].val_accuracy = Some(0.5);
        write(&study);
        let error = Study::read(folder).unwrap_err().to_string();
        assert!(error.contains("discussion.md") && error.contains("line 1: found"), "{error}");
        fs::write(folder.join(DISCUSSION_FILE), "").unwrap();
        assert!(Study::read(folder).is_err());
    }
}
