//! What people who read a report have to say of it: a file that they write into its folder, whose first line
//! names the results that they read. Of other results it says nothing.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::{Result, StudyError};
use crate::sha256::sha256;

/// The file, in the folder of a report: paragraphs with the marks of Markdown that a report knows.
pub const DISCUSSION_FILE: &str = "discussion.md";

/// So many digits of the hash of the results are named.
const DIGITS: usize = 16;

/// What readers say of a report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Discussion {
    /// Nothing.
    #[default]
    None,
    /// These paragraphs.
    Of(Vec<String>),
    /// Something of other results, which is not shown.
    OfOthers {
        /// What the first line of a discussion of these results is.
        first_line: String,
    },
}

impl Discussion {
    /// The discussion in this folder, beside the tables of a study with these names and bytes.
    ///
    /// # Errors
    ///
    /// A file that cannot be read.
    pub(crate) fn read(folder: &Path, tables: &[(PathBuf, Vec<u8>)]) -> Result<Self> {
        let path = folder.join(DISCUSSION_FILE);
        let text = match files::read_text(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::None),
            Err(error) => return Err(StudyError::file(&path, "cannot be read")(error)),
        };
        let first_line = first_line(tables);
        // Some editors write a byte order mark.
        let text = text.trim_start_matches('\u{feff}');
        let mut lines = text.lines().map(str::trim).skip_while(|line| line.is_empty());
        match lines.next() {
            None => return Ok(Self::None),
            Some(line) if line == first_line => {}
            Some(_) => return Ok(Self::OfOthers { first_line }),
        }
        let mut paragraphs = vec![String::new()];
        for line in lines {
            match paragraphs.last_mut() {
                Some(last) if !line.is_empty() => {
                    if !last.is_empty() {
                        last.push(' ');
                    }
                    last.push_str(line);
                }
                Some(_) | None => paragraphs.push(String::new()),
            }
        }
        paragraphs.retain(|paragraph| !paragraph.is_empty());
        Ok(Self::Of(paragraphs))
    }

    /// What is shown of it.
    pub(crate) fn paragraphs(&self) -> &[String] {
        match self {
            Self::Of(paragraphs) => paragraphs,
            Self::None | Self::OfOthers { .. } => &[],
        }
    }
}

/// The first line of a discussion of these results: of the tables of numbers.
fn first_line(tables: &[(PathBuf, Vec<u8>)]) -> String {
    let is_of_numbers = |path: &Path| path.extension().is_some_and(|ending| ending == "csv");
    let numbers = tables.iter().filter(|(path, _)| is_of_numbers(path));
    let hashes: String = numbers.map(|(_, bytes)| sha256(bytes)).collect();
    let hash = sha256(hashes.as_bytes());
    format!("<!-- of the results {} -->", hash.get(..DIGITS).unwrap_or(&hash))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::made_up;
    use crate::report;
    use crate::tables::Study;

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
        let page = |study: &Study| {
            let files = report::render(study).unwrap();
            let (_, page) = files.iter().find(|(path, _)| path.ends_with("README.md")).unwrap();
            String::from_utf8(page.clone()).unwrap()
        };
        fs::write(folder.join(DISCUSSION_FILE), "Of what?\n").unwrap();
        let Discussion::OfOthers { first_line } = Study::read(folder).unwrap().discussion else {
            panic!("found a discussion of no results");
        };
        for end in ["\n", "\r\n"] {
            let lines = [&first_line, "", "It is", "so.", "", "", "And **so**.", ""];
            fs::write(folder.join(DISCUSSION_FILE), lines.join(end)).unwrap();
            let read = Study::read(folder).unwrap();
            assert_eq!(read.discussion.paragraphs(), ["It is so.", "And **so**."]);
            let page = page(&read);
            assert!(page.contains("\n**Discussion.** It is so.\n\nAnd **so**.\n"), "{page}");
        }
        for (before, is_shown) in [("\u{feff}", true), ("\n \n", true), ("Of what? ", false)] {
            fs::write(folder.join(DISCUSSION_FILE), format!("{before}{first_line}\nSo.\n"))
                .unwrap();
            let shown = Study::read(folder).unwrap().discussion;
            assert_eq!(shown.paragraphs() == ["So."], is_shown, "{before:?}");
        }
        fs::write(folder.join(DISCUSSION_FILE), "\n").unwrap();
        assert_eq!(Study::read(folder).unwrap().discussion, Discussion::None);
        fs::write(folder.join(DISCUSSION_FILE), format!("{first_line}\nSo.\n")).unwrap();
        // Any table of numbers makes it one of others.
        study.steps[0].loss += 0.5;
        write(&study);
        let read = Study::read(folder).unwrap();
        assert!(matches!(read.discussion, Discussion::OfOthers { .. }));
        assert!(!page(&read).contains("Discussion"));
    }
}
