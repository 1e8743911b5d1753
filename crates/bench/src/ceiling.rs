//! What this machine can do at best: its ceilings, measured in the same run as the work that is
//! compared with them.

use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use kernels::{InstructionSet, ceiling, instruction_set};
use serde::{Deserialize, Serialize};

use crate::error::Result;

/// Repetitions of each measurement. The ceiling is the best of them, as it is what is possible and
/// not what is usual.
const REPETITIONS: usize = 7;

/// Rounds of the chains of multiply-adds, which take about 50 ms with vectors.
const ROUNDS: u64 = 20_000_000;

/// Bytes of both arrays of a copy, more than any cache holds.
pub(crate) const BEYOND_CACHES: u64 = 256 << 20;

/// Bytes of both arrays of a copy that stays in a core's own cache.
pub(crate) const WITHIN_CACHE: u64 = 512 << 10;

/// The fastest multiply-adds and copies on this many threads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ceiling {
    pub(crate) threads: usize,
    /// Additions and multiplications per second, of the best instruction set.
    pub(crate) flops: f64,
    pub(crate) copies: Vec<CopySpeed>,
}

/// The speed of copying between two arrays of this size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct CopySpeed {
    /// The bytes of both arrays, over all threads.
    pub(crate) bytes: u64,
    /// Bytes read plus bytes written, per second.
    pub(crate) bytes_per_second: f64,
}

impl Ceiling {
    /// Measures multiply-adds, and copies of each of these numbers of bytes.
    pub(crate) fn measure(threads: usize, sizes: &[u64]) -> Result<Self> {
        let set = instruction_set()?;
        let mut copies: Vec<CopySpeed> = sizes
            .iter()
            .map(|&bytes| CopySpeed { bytes, bytes_per_second: copy_bandwidth(threads, bytes) })
            .collect();
        copies.sort_by_key(|copy| copy.bytes);
        copies.dedup_by_key(|copy| copy.bytes);
        Ok(Self { threads, flops: multiply_adds(threads, set), copies })
    }

    /// The speed of the smallest measured copy that has at least as many bytes as `working_set`, or
    /// of the largest copy if none has.
    pub(crate) fn bytes_per_second(&self, working_set: u64) -> Option<f64> {
        let large_enough = self.copies.iter().find(|copy| copy.bytes >= working_set);
        large_enough.or(self.copies.last()).map(|copy| copy.bytes_per_second)
    }
}

fn multiply_adds(threads: usize, set: InstructionSet) -> f64 {
    // Without an instruction for it, a multiply-add takes some twenty instructions.
    let rounds = if set == InstructionSet::Portable { ROUNDS / 100 } else { ROUNDS };
    on_threads(threads, || {
        move || {
            let [factor, summand] = black_box([0.5, 1.0]);
            let chains = ceiling::fused_multiply_adds(set, rounds, factor, summand);
            black_box(chains.sum);
            chains.operations as f64
        }
    })
}

fn copy_bandwidth(threads: usize, bytes: u64) -> f64 {
    let values = (bytes / 8) as usize / threads.max(1);
    // Enough copies to move more than a gigabyte.
    let times = (1_u64 << 30).div_ceil(bytes).max(2);
    on_threads(threads, || {
        let (mut from, mut to) = (vec![1.0_f32; values], vec![0.0_f32; values]);
        move || {
            for _ in 0..times {
                to.copy_from_slice(black_box(&from));
                black_box(&mut to);
                // The next copy goes the other way, so that both arrays are read and written.
                std::mem::swap(&mut from, &mut to);
            }
            8.0 * values as f64 * times as f64
        }
    })
}

/// The amount of work per second of so many threads together. `prepare` makes the work of one
/// thread, which returns the amount that it did. All threads begin each repetition together, and the
/// best repetition counts.
fn on_threads<W: FnMut() -> f64>(threads: usize, prepare: impl Fn() -> W + Sync) -> f64 {
    let barrier = Barrier::new(threads.max(1));
    let rates: Vec<Vec<f64>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1))
            .map(|_| {
                scope.spawn(|| {
                    let mut work = prepare();
                    black_box(work());
                    let mut rates = Vec::new();
                    for _ in 0..REPETITIONS {
                        barrier.wait();
                        let start = Instant::now();
                        let done = work();
                        rates.push(done / start.elapsed().as_secs_f64());
                    }
                    rates
                })
            })
            .collect();
        let join = |worker: thread::ScopedJoinHandle<'_, _>| {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        workers.into_iter().map(join).collect()
    });
    (0..REPETITIONS)
        .map(|repetition| rates.iter().map(|rates| rates[repetition]).sum())
        .fold(0.0, f64::max)
}
