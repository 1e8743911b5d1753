//! Logs of a run.

mod csv_log;
mod distribution_row;
mod event_file;
mod histogram;
mod hparams_yaml;
mod protobuf;
mod record;

pub use csv_log::{CsvLog, read_csv};
pub use distribution_row::DistributionRow;
pub use event_file::EventFile;
pub use hparams_yaml::{Hparam, hparams_yaml};
