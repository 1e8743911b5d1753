//! The names of the files in a run's folder.

pub(super) const HPARAMS: &str = "hparams.yaml";
pub(super) const METRICS: &str = "metrics.csv";
pub(super) const DISTRIBUTIONS: &str = "distributions.csv";
pub(super) const CHECKPOINTS: &str = "checkpoints";
pub(super) const DIVERGED: &str = "diverged.toml";
