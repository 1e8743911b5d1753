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
    /// The same of the least time of each side; none for what is measured once.
    pub(crate) of_least: Option<f64>,
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
    /// A goal that is not compared with PyTorch.
    fn of_ours(work: String, ours: Measured, value: f64, limit: Limit) -> Self {
        Self { work, ours, torch: None, setting: None, noise: None, value, of_least: None, limit }
    }

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
        goals.extend(with_least(row, against_torch));
    }
    if let Some(study) = &results.study_work
        && let Some(one_core) = results.ceiling(1)
        && let Some(seconds) = study.cpu_seconds()
    {
        let work = match study.measured {
            MeasuredStudies::Whole(_) => "the 30-seed study of four arms, processor time",
            MeasuredStudies::Small { .. } => {
                "the 30-seed study of four arms, processor time, estimated"
            }
        };
        goals.push(Goal::of_ours(
            work.to_owned(),
            Measured::Seconds(seconds),
            seconds / study.ceiling_seconds(one_core),
            Limit::AtMostOfCeiling(1.5),
        ));
    }
    if let Some(study) = &results.study
        && let Some(lightning) = &study.lightning
    {
        let whole = lightning.seconds_per_epoch * f64::from(study.epochs);
        let work =
            format!("the study as its user runs it, against Lightning {}", lightning.version);
        let ours = Measured::Seconds(study.seconds);
        goals.push(Goal {
            torch: Some(Measured::Seconds(whole)),
            ..Goal::of_ours(work, ours, study.seconds / whole, Limit::AtMost(0.1))
        });
    }
    for row in &results.rows {
        goals.extend(with_least(row, |row| against_ceiling(row, results)));
    }
    if let Some(memory) = &results.memory {
        let beyond = |peak: u64, data: u64| peak.saturating_sub(data) as f64;
        let ours = beyond(memory.peak_bytes, memory.data_bytes);
        let work = "memory of one run beyond the data set".to_owned();
        let torch = memory.torch.as_ref();
        goals.push(Goal {
            torch: torch.map(|torch| Measured::Bytes(beyond(torch.peak_bytes, torch.data_bytes))),
            ..Goal::of_ours(work, Measured::Bytes(ours), ours, Limit::MostBytes(41e6))
        });
    }
    for row in &results.rows {
        goals.extend(with_least(row, |row| against_one_thread(row, results.threads)));
    }
    goals
}

/// The goal of a row, beside what the least times have.
fn with_least(row: &Row, goal: impl Fn(&Row) -> Option<Goal>) -> Option<Goal> {
    let of_least = goal(&row.least()).map(|goal| goal.value);
    Some(Goal { of_least, ..goal(row)? })
}

fn against_one_thread(row: &Row, threads: usize) -> Option<Goal> {
    let speedup = row.speedup().filter(|_| threads > 1)?;
    let work = format!("{threads} threads against 1, {}", row.work.name());
    // 1.85 for two threads.
    let limit = Limit::AtLeastTimes(0.925 * threads as f64);
    Some(Goal {
        noise: row.noise(),
        ..Goal::of_ours(work, Measured::Times(speedup), speedup, limit)
    })
}

fn against_torch(row: &Row) -> Option<Goal> {
    let limit = match &row.work {
        Work::Epoch { .. } | Work::BatchNorm { .. } => 0.25,
        Work::Convolution { input_gradient: true, .. } => 0.8,
        Work::Convolution { .. } => 2.0 / 3.0,
    };
    let torch = row.torch()?;
    let work = format!("{} {}", row.work.name(), row.work.shape());
    let ours = Measured::Seconds(row.ours());
    Some(Goal {
        torch: Some(Measured::Seconds(torch.median())),
        setting: Some(torch.setting.clone()),
        noise: row.noise(),
        ..Goal::of_ours(work, ours, row.ratio()?, Limit::AtMost(limit))
    })
}

fn against_ceiling(row: &Row, results: &Results) -> Option<Goal> {
    let work = format!("{} {}", row.work.name(), row.work.shape());
    let least = match &row.work {
        Work::BatchNorm { shape } if *shape == LARGE => {
            let share = row.share(results.ceiling(row.threads)?)?;
            let speed = Measured::BytesPerSecond(row.bytes_per_second()?);
            let (work, limit) = (format!("{work}, against copying"), Limit::AtMostOfCopying(1.3));
            return Some(Goal {
                noise: row.noise(),
                ..Goal::of_ours(work, speed, 1.0 / share, limit)
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
    let share = row.share(results.ceiling(threads)?)?;
    let (speed, limit) = (Measured::Flops(row.flops()?), Limit::AtLeastOfCeiling(least));
    Some(Goal {
        noise: row.noise(),
        ..Goal::of_ours(format!("{work}, dense operations"), speed, share, limit)
    })
}
