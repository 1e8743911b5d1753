//! Data sets on this machine: where their files lie, how missing files are fetched, and whether files
//! are the published ones.
//!
//! `trainer` says what a data set is and reads its files; this crate brings the files here. It prints
//! nothing: [`fetch()`] reports each [`Event`] to its caller.

mod data_folder;
mod download;
mod error;
mod fetch;
mod folder;
mod local;
mod published;
mod search;

pub use data_folder::{DataFolder, Origin};
pub use download::Failure;
pub use error::DataSetError;
pub use fetch::{Event, fetch};
pub use folder::Places;
pub use local::LocalDataSet;
pub use published::Published;
pub use search::{Choice, Found, Search};
