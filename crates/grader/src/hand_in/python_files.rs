//! Files in Python that are handed in together.

use std::collections::BTreeMap;

use crate::hand_in::main_file;

/// Files in Python, one of which has the functions that are graded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PythonFiles {
    /// The file that has the functions, by its path in the hand-in.
    pub(crate) main: String,
    /// All files, by their paths in the hand-in: Python files as they are, and of a notebook its cells.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

impl PythonFiles {
    /// One file alone.
    pub fn single(name: &str, content: &[u8]) -> Self {
        let main = name.to_owned();
        Self { files: BTreeMap::from([(main.clone(), content.to_vec())]), main }
    }

    /// The name of the main file.
    pub(crate) fn file_name(&self) -> &str {
        self.main.rsplit('/').next().unwrap_or(&self.main)
    }

    /// Whether the main file has the functions that are graded, or the class that has them.
    pub(super) fn answers_spatial(&self) -> bool {
        self.files.get(&self.main).is_some_and(|main| main_file::has_spatial(&self.main, main))
    }

    /// Whether the main file has both functions of plain batch norm, or the class that has them.
    pub(crate) fn answers_plain(&self) -> bool {
        self.files.get(&self.main).is_some_and(|main| main_file::has_plain(&self.main, main))
    }
}
