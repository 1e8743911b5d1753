//! Independent chains of fused multiply-adds: what a core can do at best.

use super::arithmetic::Arithmetic;
use super::body::{Body, run};
use super::instruction_set::InstructionSet;
use crate::engine::lanes::LANES;

/// s ← factor·s + summand, from 0 on, so many times in each lane of independent vectors: how many
/// lanes there are, and their sum in the end.
pub(crate) fn chains(set: InstructionSet, rounds: u64, factor: f32, summand: f32) -> (u64, f32) {
    run(set, Chains { rounds, factor, summand })
}

struct Chains {
    rounds: u64,
    factor: f32,
    summand: f32,
}

impl Body for Chains {
    type Output = (u64, f32);

    #[inline(always)]
    fn run<A: Arithmetic>(self) -> (u64, f32) {
        // Twelve registers either way: enough to hide that an addition takes four cycles while two
        // begin in each, and few enough to stay in registers.
        if A::TILE_VECTORS == 1 { self.of::<A, 6>() } else { self.of::<A, 12>() }
    }
}

impl Chains {
    #[inline(always)]
    fn of<A: Arithmetic, const VECTORS: usize>(self) -> (u64, f32) {
        let (factor, summand) = (A::splat(self.factor), A::splat(self.summand));
        let mut sums = [A::splat(0.0); VECTORS];
        for _ in 0..self.rounds {
            for sum in &mut sums {
                *sum = A::mul_add(factor, *sum, summand);
            }
        }
        let mut total = 0.0;
        for sum in sums {
            let mut values = [0.0; LANES];
            A::store(sum, &mut values);
            for value in values {
                total += value;
            }
        }
        ((VECTORS * LANES) as u64, total)
    }
}
