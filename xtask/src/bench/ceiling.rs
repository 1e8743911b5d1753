//! What this machine can do at best, measured in the same run as what is held against it.

use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use anyhow::Result;
use kernels::{InstructionSet, ceiling, instruction_set};
use serde::{Deserialize, Serialize};

/// Repetitions that each ceiling is the best of: it is what is possible, not what is usual.
const REPETITIONS: usize = 7;

/// Rounds of the chains of multiply-adds: about 50 ms with vectors.
const ROUNDS: u64 = 20_000_000;

/// Bytes of both arrays of a copy that no cache holds.
pub const BEYOND_CACHES: u64 = 256 << 20;

/// Bytes of both arrays of a copy that stays in a core's own cache.
pub const WITHIN_CACHE: u64 = 512 << 10;

/// Multiply-adds and copies on some threads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ceiling {
    pub threads: usize,
    /// Additions and multiplications a second, of the best instruction set.
    pub flops: f64,
    pub copies: Vec<Copy>,
}

/// How fast memory is copied, by how much of it there is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Copy {
    /// Of both arrays, over all threads.
    pub bytes: u64,
    /// Bytes read and bytes written, in a second.
    pub bytes_per_second: f64,
}

impl Ceiling {
    /// Measures multiply-adds, and copies of so many bytes.
    pub fn measure(threads: usize, sizes: &[u64]) -> Result<Self> {
        let set = instruction_set()?;
        let mut copies: Vec<Copy> = sizes
            .iter()
            .map(|&bytes| Copy { bytes, bytes_per_second: copy_bandwidth(threads, bytes) })
            .collect();
        copies.sort_by_key(|copy| copy.bytes);
        copies.dedup_by_key(|copy| copy.bytes);
        Ok(Self { threads, flops: multiply_adds(threads, set), copies })
    }

    /// The speed of copies in as much memory as this, or the least more that was measured.
    pub fn bytes_per_second(&self, working_set: u64) -> Option<f64> {
        let large_enough = self.copies.iter().find(|copy| copy.bytes >= working_set);
        large_enough.or(self.copies.last()).map(|copy| copy.bytes_per_second)
    }
}

fn multiply_adds(threads: usize, set: InstructionSet) -> f64 {
    let rounds = match set {
        // A multiply-add is some twenty instructions there.
        InstructionSet::Portable => ROUNDS / 100,
        _ => ROUNDS,
    };
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
    // As many copies as move a good gigabyte.
    let times = (1_u64 << 30).div_ceil(bytes).max(2);
    on_threads(threads, || {
        let (mut from, mut to) = (vec![1.0_f32; values], vec![0.0_f32; values]);
        move || {
            for _ in 0..times {
                to.copy_from_slice(black_box(&from));
                black_box(&mut to);
                // The other way the next time: neither array is only read.
                std::mem::swap(&mut from, &mut to);
            }
            8.0 * values as f64 * times as f64
        }
    })
}

/// How much is done in a second by so many threads at once, each with work of its own, which
/// returns how much it did: the best of some repetitions that begin together.
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
