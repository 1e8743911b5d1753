//! Every operation in plain loops: what the fast kernels compute, written to be read.
//!
//! Each file has forward beside backward, with the formulas. Sums run in the order that the fast
//! kernel documents, so the results are equal to the bit, except for two: the norms, whose fast
//! statistics are more accurate, and the sigmoid and tanh of `f32`, which are a polynomial there.
//! `tests/against_reference.rs` and `tests/optimizers.rs` hold every fast kernel against its reference.
//!
//! A reference checks nothing: shapes that do not fit panic. Programs call the fast kernels.

pub mod adam;
pub mod batch_norm;
pub mod conv2d;
pub mod dropout;
pub mod flatten;
pub mod ghost_batch_norm;
pub mod group_norm;
pub mod linear;
pub mod max_pool2d;
pub mod relu;
pub mod sgd;
pub mod sigmoid;
pub mod softmax_cross_entropy;
pub mod spatial_batch_norm;
pub mod tanh;
