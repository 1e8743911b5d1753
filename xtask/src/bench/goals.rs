//! What was to be reached, and whether it is.

use super::results::{Results, Row};
use super::work::{BATCH_SIZE, EPOCH_IMAGES, Work};

/// One goal, held against what was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Goal {
    pub work: String,
    /// Ours and PyTorch's, where it is compared with that; in the unit of the text.
    pub ours: Quantity,
    pub torch: Option<Quantity>,
    /// What is held against the limit: a ratio, or a share.
    pub value: f64,
    pub limit: Limit,
}

/// A measurement with its unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Quantity {
    Seconds(f64),
    Flops(f64),
    BytesASecond(f64),
    Bytes(f64),
    /// A number of times.
    Times(f64),
}

/// Which way a goal goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// Of PyTorch's time.
    AtMost(f64),
    /// Of the time that copying as many bytes takes.
    AtMostOfCopying(f64),
    /// Of what the machine can do.
    AtLeastOfCeiling(f64),
    /// Bytes.
    Below(f64),
    /// Times as fast.
    AtLeastTimes(f64),
}

impl Goal {
    pub fn is_met(&self) -> bool {
        match self.limit {
            Limit::AtMost(limit) | Limit::AtMostOfCopying(limit) => self.value <= limit,
            Limit::AtLeastOfCeiling(limit) | Limit::AtLeastTimes(limit) => self.value >= limit,
            Limit::Below(limit) => self.value < limit,
        }
    }
}

/// The batch norm that no cache holds.
const LARGE: [usize; 4] = [64, 64, 56, 56];

/// All goals that these results can answer, in the order of the rows.
pub fn goals(results: &Results) -> Vec<Goal> {
    let mut goals = Vec::new();
    for row in &results.rows {
        goals.extend(against_torch(row));
    }
    if let Some(study) = &results.study
        && let Some(lightning) = &study.lightning
    {
        let whole = lightning.seconds_per_epoch * f64::from(study.epochs);
        goals.push(Goal {
            work: format!("the study as its user runs it, against Lightning {}", lightning.version),
            ours: Quantity::Seconds(study.seconds),
            torch: Some(Quantity::Seconds(whole)),
            value: study.seconds / whole,
            limit: Limit::AtMost(1.0 / 6.0),
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
            ours: Quantity::Bytes(ours),
            torch: memory
                .torch
                .as_ref()
                .map(|torch| Quantity::Bytes(beyond(torch.peak_bytes, torch.data_bytes))),
            value: ours,
            limit: Limit::Below(120e6),
        });
    }
    for row in &results.rows {
        goals.extend(row.speedup().filter(|_| results.threads > 1).map(|speedup| Goal {
            work: format!("{} threads against 1, {}", results.threads, row.work.name()),
            ours: Quantity::Times(speedup),
            torch: None,
            value: speedup,
            limit: Limit::AtLeastTimes(0.9 * results.threads as f64),
        }));
    }
    goals
}

fn against_torch(row: &Row) -> Option<Goal> {
    let limit = match &row.work {
        Work::Epoch { .. } => 1.0 / 3.0,
        Work::BatchNorm { .. } => 1.0 / 2.0,
        Work::Convolution { input_gradient: true, .. } => 1.0,
        Work::Convolution { .. } => 2.0 / 3.0,
    };
    Some(Goal {
        work: format!("{} {}", row.work.name(), row.work.shape()),
        ours: Quantity::Seconds(row.ours()),
        torch: Some(Quantity::Seconds(row.torch()?)),
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
                ours: Quantity::BytesASecond(row.bytes_per_second()?),
                torch: None,
                value: 1.0 / share,
                limit: Limit::AtMostOfCopying(1.3),
            });
        }
        Work::Convolution { input_gradient: true, .. } => 0.75,
        Work::Epoch { steps, .. } if steps * BATCH_SIZE <= EPOCH_IMAGES => 0.5,
        _ => return None,
    };
    // A kernel is held against the threads that it takes, a training against all that it may take.
    let threads = match row.work {
        Work::Epoch { .. } => results.threads,
        _ => row.threads,
    };
    Some(Goal {
        work: format!("{work}, dense operations"),
        ours: Quantity::Flops(row.flops()?),
        torch: None,
        value: row.share(results.ceiling(threads)?)?,
        limit: Limit::AtLeastOfCeiling(least),
    })
}
