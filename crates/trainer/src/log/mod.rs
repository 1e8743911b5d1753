//! Logs of a run.

mod event_file;
mod histogram;
mod hparams_yaml;
mod metrics_csv;
mod protobuf;
mod record;

pub use event_file::EventFile;
pub use hparams_yaml::{Hparam, hparams_yaml};
pub use metrics_csv::MetricsCsv;
