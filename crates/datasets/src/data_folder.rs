//! A folder of a data set's files, and why it is this folder.

use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;

/// A folder of a data set's files, and why it is this folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFolder {
    /// The folder, which need not exist.
    pub path: PathBuf,
    /// Why it is this folder.
    pub origin: Origin,
}

/// Why a folder is the one to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The user's argument names it.
    Argument,
    /// This environment variable names it.
    Variable(&'static str),
    /// It exists in the workspace, and nothing names another folder.
    Workspace,
    /// It is in the user's cache folder, and there is no other.
    Cache,
}

impl Display for Origin {
    fn fmt(&self, formatter: &mut Formatter) -> fmt::Result {
        match self {
            Self::Argument => formatter.write_str("named by the argument"),
            Self::Variable(name) => write!(formatter, "named by {name}"),
            Self::Workspace => formatter.write_str("in the workspace"),
            Self::Cache => formatter.write_str("in the user's cache folder"),
        }
    }
}
