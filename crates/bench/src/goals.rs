//! The goals, and whether the measurements reach them.

use trainer::network::Norm;

use crate::results::{Results, Row};
use crate::study_work::MeasuredStudies;
use crate::work::Work;

/// One goal, and the measurement that is compared with it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Goal {
    pub(crate) work: String,
    pub(crate) ours: Measured,
    /// PyTorch's measurement, if the goal depends on it.
    pub(crate) torch: Option<Measured>,
    /// The setting in which PyTorch was measured, if it has several.
    pub(crate) setting: Option<String>,
    /// The spread of the measurements as a share of their median, if they are noisy.
    pub(crate) noise: Option<f64>,
    /// What is compared with the limit: a ratio, a share, or a number of bytes.
    pub(crate) value: f64,
    pub(crate) limit: Limit,
}

/// A measurement with its unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Measured {
    Seconds(f64),
    Flops(f64),
    BytesPerSecond(f64),
    Bytes(f64),
    /// A ratio of two times.
    Times(f64),
}

/// The limit of a goal, and on which side of it a value is to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Limit {
    /// Our time divided by PyTorch's is at most this.
    AtMost(f64),
    /// The processor time divided by that of the operations at the ceiling of one core is at most this.
    AtMostOfCeiling(f64),
    /// Our time divided by the time of copying as many bytes is at most this.
    AtMostOfCopying(f64),
    /// The share of the ceiling is at least this.
    AtLeastOfCeiling(f64),
    /// The bytes are at most this.
    MostBytes(f64),
    /// The time on one thread divided by the time on all is at least this.
    AtLeastTimes(f64),
}

impl Goal {
    /// Whether the measurement reaches the goal.
    pub(crate) fn is_met(&self) -> bool {
        match self.limit {
            Limit::AtMost(limit)
            | Limit::AtMostOfCeiling(limit)
            | Limit::AtMostOfCopying(limit)
            | Limit::MostBytes(limit) => self.value <= limit,
            Limit::AtLeastOfCeiling(limit) | Limit::AtLeastTimes(limit) => self.value >= limit,
        }
    }
}

/// The shape of the batch norm whose arrays are larger than any cache.
const LARGE: [usize; 4] = [64, 64, 56, 56];

/// All goals for which these results have measurements.
pub(crate) fn goals(results: &Results) -> Vec<Goal> {
    let mut goals = Vec::new();
    for row in &results.rows {
        goals.extend(against_torch(row));
    }
    if let Some(study) = &results.study_work
        && let Some(one_core) = results.ceiling(1)
        && let Some(seconds) = study.cpu_seconds()
    {
        goals.push(Goal {
            work: match study.measured {
                MeasuredStudies::Whole(_) => "the 30-seed study of four arms, processor time",
                MeasuredStudies::Small { .. } => {
                    "the 30-seed study of four arms, processor time, estimated"
                }
            }
            .to_owned(),
            ours: Measured::Seconds(seconds),
            torch: None,
            setting: None,
            noise: None,
            value: seconds / study.ceiling_seconds(one_core),
            limit: Limit::AtMostOfCeiling(1.5),
        });
    }
    if let Some(study) = &results.study
        && let Some(lightning) = &study.lightning
    {
        let whole = lightning.seconds_per_epoch * f64::from(study.epochs);
        goals.push(Goal {
            work: format!("the study as its user runs it, against Lightning {}", lightning.version),
            ours: Measured::Seconds(study.seconds),
            torch: Some(Measured::Seconds(whole)),
            setting: None,
            noise: None,
            value: study.seconds / whole,
            limit: Limit::AtMost(0.1),
        });
    }
    for row in &results.rows {
        goals.extend(against_ceiling(row, results));
    }
    if let Some(memory) = &results.memory {
        let beyond = |peak: u64, data: u64| peak.saturating_sub(data) as f64;
        let ours = beyond(memory.peak_bytes, memory.data_bytes);
        goals.push(Goal {
            work: "memory of one run beyond the data set".to_owned(),
            ours: Measured::Bytes(ours),
            torch: memory
                .torch
                .as_ref()
                .map(|torch| Measured::Bytes(beyond(torch.peak_bytes, torch.data_bytes))),
            setting: None,
            noise: None,
            value: ours,
            limit: Limit::MostBytes(41e6),
        });
    }
    for row in &results.rows {
        goals.extend(row.speedup().filter(|_| results.threads > 1).map(|speedup| Goal {
            work: format!("{} threads against 1, {}", results.threads, row.work.name()),
            ours: Measured::Times(speedup),
            torch: None,
            setting: None,
            noise: row.noise(),
            value: speedup,
            // 1.85 for two threads.
            limit: Limit::AtLeastTimes(0.925 * results.threads as f64),
        }));
    }
    goals
}

fn against_torch(row: &Row) -> Option<Goal> {
    let limit = match &row.work {
        Work::Epoch { .. } | Work::BatchNorm { .. } => 0.25,
        Work::Convolution { input_gradient: true, .. } => 0.8,
        Work::Convolution { .. } => 2.0 / 3.0,
    };
    let torch = row.torch()?;
    Some(Goal {
        work: format!("{} {}", row.work.name(), row.work.shape()),
        ours: Measured::Seconds(row.ours()),
        torch: Some(Measured::Seconds(torch.median())),
        setting: Some(torch.setting.clone()),
        noise: row.noise(),
        value: row.ratio()?,
        limit: Limit::AtMost(limit),
    })
}

fn against_ceiling(row: &Row, results: &Results) -> Option<Goal> {
    let work = format!("{} {}", row.work.name(), row.work.shape());
    let least = match &row.work {
        Work::BatchNorm { shape } if *shape == LARGE => {
            let share = row.share(results.ceiling(row.threads)?)?;
            return Some(Goal {
                work: format!("{work}, against copying"),
                ours: Measured::BytesPerSecond(row.bytes_per_second()?),
                torch: None,
                setting: None,
                noise: row.noise(),
                value: 1.0 / share,
                limit: Limit::AtMostOfCopying(1.3),
            });
        }
        Work::Convolution { input_gradient: true, .. } => 0.8,
        Work::Epoch { network, .. } if network.norm == Norm::None => 0.6,
        Work::Epoch { .. } => 0.52,
        Work::BatchNorm { .. } | Work::Convolution { .. } => return None,
    };
    // The ceiling of a kernel is that of the threads that it takes, the ceiling of a training that of
    // all the threads that it may take.
    let threads = match row.work {
        Work::Epoch { .. } => results.threads,
        Work::BatchNorm { .. } | Work::Convolution { .. } => row.threads,
    };
    Some(Goal {
        work: format!("{work}, dense operations"),
        ours: Measured::Flops(row.flops()?),
        torch: None,
        setting: None,
        noise: row.noise(),
        value: row.share(results.ceiling(threads)?)?,
        limit: Limit::AtLeastOfCeiling(least),
    })
}
