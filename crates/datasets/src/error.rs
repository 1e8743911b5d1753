//! Why the files of a data set could not be found, fetched or read.

use std::io;
use std::path::PathBuf;

use thiserror::Error;
use trainer::TrainError;

use crate::data_folder::DataFolder;
use crate::download::Failure;

/// Why a data set is not at hand. Each message names what is at fault and what was found.
#[derive(Debug, Error)]
pub enum DataSetError {
    /// No folder was named, and the system knows no cache folder of this user.
    #[error(
        "no folder was named, neither by an argument nor by {variable}, and this user has no cache folder"
    )]
    NoFolder {
        /// The environment variable that may name a folder.
        variable: &'static str,
    },

    /// Files are missing, and fetching them was forbidden.
    #[error("{} lacks files of {name}, and fetching them is forbidden", .folder.display())]
    Offline {
        /// The data set.
        name: &'static str,
        /// The folder that lacks files.
        folder: PathBuf,
    },

    /// The folder to fetch to cannot be written to.
    #[error("{} cannot be written to", .folder.display())]
    ReadOnly {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },

    /// No address gave the file.
    #[error("{file} cannot be fetched: {}", list(.failures))]
    NotFetched {
        /// The name of the file.
        file: &'static str,
        /// What happened at each address.
        failures: Vec<Failure>,
    },

    /// A fetched file cannot be written.
    #[error("{} cannot be written", .path.display())]
    NotWritten {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },

    /// The data set that was asked for is neither here nor can it be fetched.
    #[error("{name} is not here")]
    NotHere {
        /// The data set.
        name: &'static str,
        /// Why it is not.
        source: Box<DataSetError>,
    },

    /// There is no data set that needs no files, and none that has files.
    #[error("there is no data set at all")]
    NoDataSet,

    /// A file is missing or damaged.
    #[error("{name} cannot be read from {} ({})", .folder.path.display(), .folder.origin)]
    NotRead {
        /// The data set.
        name: &'static str,
        /// The folder of its files.
        folder: DataFolder,
        /// Why.
        source: Box<TrainError>,
    },

    /// The built-in images cannot be drawn as asked.
    #[error(transparent)]
    NotDrawn(Box<TrainError>),
}

fn list(failures: &[Failure]) -> String {
    let failures: Vec<String> = failures.iter().map(Failure::to_string).collect();
    failures.join("; ")
}
