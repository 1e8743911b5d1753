//! Vector code: one plain body per kernel, compiled once for each instruction set and chosen at run
//! time. This is the only place of the workspace's libraries where `unsafe` is allowed.
//!
//! A body works on vectors of [`LANES`](super::lanes::LANES) numbers. Each lane is an output of its
//! own, so the width of the processor's registers changes no sequence of operations. Products are
//! added with a single rounding everywhere: in one instruction where there is one, and by
//! [`fused`](super::fused::fused) elsewhere. Hence every instruction set gives the same bits.

#![allow(unsafe_code, reason = "each block gives its reason; crates/README.md, invariant 4")]

mod arithmetic;
mod body;
mod chains;
mod channels;
mod compiled;
mod doubles;
mod instruction_set;
mod loops;
mod max_pool;
mod nonzeros;
#[cfg(target_arch = "x86_64")]
mod part_vectors;
#[cfg(test)]
mod tests;
mod tile;
mod unpooled_terms;

pub(crate) use chains::chains;
pub(crate) use compiled::{PlainLoop, compiled};
pub use instruction_set::{InstructionSet, instruction_set};
