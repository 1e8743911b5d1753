//! Logs of a run.

mod metrics_csv;

pub use metrics_csv::MetricsCsv;
