//! All tests of the kernels from outside: one program, so that what is generic is compiled once.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod against_reference;
mod bad_input;
mod banned_methods;
mod batch_norm_laws;
mod common;
mod flattened;
mod gradients;
mod group_norm_laws;
mod instruction_sets;
mod max_pooled;
mod memory_layouts;
mod optimizers;
mod reused_memory;
