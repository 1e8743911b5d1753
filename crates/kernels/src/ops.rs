//! The operations, a file for each: what it checks, its formulas, forward beside backward.

pub mod adam;
pub mod batch_norm;
pub mod conv2d;
pub mod dropout;
pub mod flatten;
pub mod linear;
pub mod max_pool2d;
pub mod relu;
pub mod sgd;
pub mod sigmoid;
pub mod softmax_cross_entropy;
pub mod spatial_batch_norm;
pub mod tanh;
