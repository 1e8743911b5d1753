//! Vector code: one plain body a kernel, compiled once for each instruction set and chosen at run
//! time. This is the only place of the workspace's libraries where `unsafe` is allowed.
//!
//! A body works on vectors of [`LANES`] numbers, each lane an output of its own, so the width of the
//! processor's registers changes no sequence of operations. Products are added by
//! [`Arithmetic::mul_add`] with a single rounding everywhere: in one instruction where there is one,
//! and by [`fused`] elsewhere. Hence the same bits from every instruction set.

#![allow(unsafe_code, reason = "each block gives its reason; crates/README.md, invariant 4")]

mod adam;
mod arithmetic;
mod chains;
mod channels;
mod doubles;
mod instruction_set;
mod max_pool;
mod nonzeros;
#[cfg(test)]
mod tests;
mod tile;

pub(crate) use adam::adam;
use arithmetic::Arithmetic;
pub(crate) use arithmetic::fused;
pub(crate) use chains::chains;
pub(crate) use channels::{add_pixels, update_pixels};
pub(crate) use doubles::Number;
pub use instruction_set::{InstructionSet, instruction_set};
pub(crate) use max_pool::{Windows, pool, unpool};
pub(crate) use nonzeros::{collect, gather, scatter};
pub(crate) use tile::correlate;

/// The values of one vector of a body: two vectors of AVX2, one of AVX-512, four of the baseline.
pub(crate) const LANES: usize = 16;

/// A body that is compiled once for each instruction set.
trait Body {
    /// What it computes.
    type Output;

    /// Computes it. Implementations must be `#[inline(always)]`, and all that they call too, or
    /// the code is compiled for the baseline: slow, though with the same results. No closures
    /// hence, for which the attribute is not to be had.
    fn run<A: Arithmetic>(self) -> Self::Output;
}

/// Runs `body` as compiled for `set`, or for the baseline where the processor lacks it.
fn run<B: Body>(set: InstructionSet, body: B) -> B::Output {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2,fma")]
        fn avx2<B: Body>(body: B) -> B::Output {
            body.run::<arithmetic::Avx2>()
        }

        #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
        fn avx512<B: Body>(body: B) -> B::Output {
            body.run::<arithmetic::Avx512>()
        }

        match set {
            // SAFETY: the processor has all the features that the function is compiled for.
            InstructionSet::Avx512 if set.is_available() => return unsafe { avx512(body) },
            // SAFETY: as above.
            InstructionSet::Avx2 if set.is_available() => return unsafe { avx2(body) },
            _ => {}
        }
    }
    let _ = set;
    body.run::<arithmetic::Baseline>()
}
