//! A course's own files, which every hand-in sees after its own.

use std::path::{Path, PathBuf};

use crate::hand_in::content::Content;
use crate::hand_in::paths::absolute;
use crate::hand_in::problem::Problem;
use crate::messages::path as shown;

/// A folder of a course's own files, which hand-ins may import and not change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    /// Where it lies, from the root.
    pub(crate) folder: PathBuf,
    /// A hash of all files in it.
    pub(crate) sha256: String,
}

impl Course {
    /// The course in `folder`.
    ///
    /// # Errors
    ///
    /// [`Problem`] if it is no folder, holds nothing, or cannot be read by the programs that need it.
    pub fn read(folder: &Path) -> Result<Self, Problem> {
        // No hand-in is the cause of what is wrong with a course.
        Self::find(folder).map_err(Problem::of_reading)
    }

    fn find(folder: &Path) -> Result<Self, Problem> {
        let expected = "a folder with the course's files";
        if !folder.is_dir() {
            return Err(Problem::new(shown(folder), "no folder", expected));
        }
        let content = Content::of(folder)?;
        if content.files == 0 {
            return Err(Problem::new(shown(folder), "an empty folder", expected));
        }
        content.ensure_open()?;
        Ok(Self { folder: absolute(folder)?, sha256: content.sha256 })
    }
}
