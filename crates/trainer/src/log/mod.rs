//! Logs of a run.

mod event_file;
mod histogram;
mod metrics_csv;
mod protobuf;
mod record;

pub use event_file::EventFile;
pub use metrics_csv::MetricsCsv;
