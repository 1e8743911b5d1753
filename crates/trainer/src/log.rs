//! Logs of a run, in the layout of Lightning's:
//!
//! | in the run's folder | what it holds | what reads it | written by |
//! |---|---|---|---|
//! | `hparams.yaml` | what the run is, a parameter per line | people, PyYAML, Lightning | [`hparams_yaml()`] |
//! | `metrics.csv` | every measurement, to the last bit | spreadsheets, pandas, our report | [`CsvLog`] of [`crate::Measurement`] |
//! | `distributions.csv` | percentiles of activations and of batch norm's parameters | the same | [`CsvLog`] of [`DistributionRow`] |
//! | `events.out.tfevents.run` | the parameters, measurements as `f32`, each epoch's training accuracy, and histograms | `tensorboard --logdir` on any folder above | [`EventFile`] |
//!
//! The CSVs are the record; the event file is for looking while and after a run trains. Neither
//! holds the time, so the same configuration gives the same bytes.
//!
//! `tests/tensorboard/` reads them back with TensorBoard and PyYAML themselves.

mod csv_log;
mod distribution_row;
mod event_file;
mod histogram;
mod hparams_yaml;
mod margin_chart;
mod protobuf;
mod record;

pub(crate) use csv_log::rows_of_csv;
pub use csv_log::{CsvLog, read_csv};
pub use distribution_row::DistributionRow;
pub use event_file::EventFile;
pub use hparams_yaml::{Hparam, hparams_yaml};
pub use margin_chart::MarginChart;
