//! The exercise: fill in the two functions of `spatial_batchnorm.rs`, while
//! `cargo xtask grade --target exercise --watch` runs. The lesson is in this crate's `README.md`.
//!
//! The grader starts this program, which calls your functions and writes down what they return.

#![allow(dead_code, reason = "plain batch norm is supplied, and need not be used")]

mod batchnorm;
mod spatial_batchnorm;

use spatial_batchnorm::{spatial_batchnorm_backward, spatial_batchnorm_forward};

fn main() -> std::result::Result<(), answer::ProgramError> {
    let source = answer::source!("spatial_batchnorm.rs");
    answer::run(spatial_batchnorm_forward, spatial_batchnorm_backward, source)
}
