//! Arrays to compute with, and lines of medians.

use std::hint::black_box;
use std::time::Instant;

use ndarray::{Array1, Array2, Array4};

/// Each median is of this many calls.
const CALLS: usize = 31;

/// A number that looks random, in [−1, 1).
fn noise(index: usize) -> f32 {
    let mixed = (index as u32 ^ 0x9e37_79b9).wrapping_mul(0x85eb_ca6b);
    (mixed ^ (mixed >> 13)).wrapping_mul(0xc2b2_ae35) as i32 as f32 / 2_147_483_648.0
}

/// `(N, C, H, W)` in channels-last memory.
pub(crate) fn images([n, c, h, w]: [usize; 4]) -> Array4<f32> {
    let pixels = Array1::from_iter((0..n * c * h * w).map(noise));
    pixels.into_shape_with_order((n, h, w, c)).unwrap().permuted_axes([0, 3, 1, 2])
}

pub(crate) fn rows(n: usize, d: usize) -> Array2<f32> {
    Array1::from_iter((0..n * d).map(noise)).into_shape_with_order((n, d)).unwrap()
}

/// Prints the median time of `f`, and how much `work` (in units of 1e9 `unit`) it does in a second.
pub(crate) fn measure<T>(name: &str, work: f64, unit: &str, mut f: impl FnMut() -> T) {
    let mut micros: Vec<f64> = (0..CALLS)
        .map(|_| {
            let start = Instant::now();
            black_box(f());
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    micros.sort_by(f64::total_cmp);
    let median = micros[CALLS / 2];
    println!("{name:<42} {median:>9.0} µs {:>7.1} {unit}", work / median / 1e3);
}

/// Prints the median times of two kernels that are called in turn, and picoseconds per value.
pub(crate) fn in_turn(name: &str, values: usize, mut one: impl FnMut(), mut other: impl FnMut()) {
    let seconds = |work: &mut dyn FnMut()| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    };
    let mut times: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
    for _ in 0..3 * CALLS {
        times[0].push(seconds(&mut one));
        times[1].push(seconds(&mut other));
    }
    let [one, other] = times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    });
    let per_value = |time: f64| time * 1e12 / values as f64;
    println!(
        "{name:<66} {:>8.1} µs {:>8.1} µs {:>6.0} ps {:>6.0} ps per value",
        one * 1e6,
        other * 1e6,
        per_value(one),
        per_value(other)
    );
}
