//! A body compiled for each instruction set, and the choice among them at run time.

use super::arithmetic::{self, Arithmetic};
use super::instruction_set::InstructionSet;

/// A body that is compiled once for each instruction set.
pub(super) trait Body {
    /// What it computes.
    type Output;

    /// Computes it. Implementations and all that they call must be `#[inline(always)]`. Otherwise the
    /// code is compiled for the baseline: slow, though with the same results. Bodies have no closures,
    /// because a closure cannot have the attribute.
    fn run<A: Arithmetic>(self) -> Self::Output;
}

/// Runs `body` as compiled for `set`, or for the baseline where the processor lacks it.
pub(super) fn run<B: Body>(set: InstructionSet, body: B) -> B::Output {
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
            InstructionSet::Avx512 | InstructionSet::Avx2 | InstructionSet::Portable => {}
        }
    }
    let _ = set;
    body.run::<arithmetic::Baseline>()
}
