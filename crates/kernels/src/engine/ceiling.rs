//! What this processor can do at best, to hold kernels against.

use super::simd::{InstructionSet, chains};

/// What [`fused_multiply_adds`] did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chains {
    /// Additions and multiplications of single numbers.
    pub operations: u64,
    /// The sum of all chains, so that none of the work can be left out.
    pub sum: f32,
}

/// s ← factor·s + summand, `rounds` times in each of some dozen vectors that do not wait for each
/// other and never leave the registers: as many fused multiply-adds a second as one core can do with
/// `set`. Of a set that the processor lacks, the baseline's.
///
/// Time it to know the ceiling of convolutions and linear layers. `factor` and `summand` should come
/// through [`std::hint::black_box`]; from 0.5 and 1, all numbers stay near 2.
///
/// # Example
///
/// ```
/// use kernels::{InstructionSet, ceiling};
///
/// let chains = ceiling::fused_multiply_adds(InstructionSet::Portable, 100, 0.5, 1.0);
/// // Each number gets to 2, by a multiplication and an addition a round.
/// assert_eq!(chains.operations as f32, 100.0 * chains.sum);
/// ```
pub fn fused_multiply_adds(set: InstructionSet, rounds: u64, factor: f32, summand: f32) -> Chains {
    let (numbers, sum) = chains(set, rounds, factor, summand);
    Chains { operations: 2 * numbers * rounds, sum }
}
