//! Loops that name no vectors: the compiler turns them into vector code by itself, once it may use
//! an instruction set.

use super::arithmetic::Arithmetic;
use super::body::{Body, run};
use super::instruction_set::in_use;

/// A loop to compile for each instruction set.
pub(crate) trait PlainLoop {
    /// Runs the loop. Implementations must be `#[inline(always)]`, as those of [`Body::run`].
    fn run(self);
}

/// Runs `plain` as compiled for the instruction set in use.
pub(crate) fn compiled(plain: impl PlainLoop) {
    run(in_use(), Compiled(plain));
}

struct Compiled<L>(L);

impl<L: PlainLoop> Body for Compiled<L> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        self.0.run();
    }
}
