//! Forward and backward of the operations of a small convolutional network, as pure functions on
//! arrays, with spatial batch normalisation at the centre.
//!
//! Every function takes `ndarray` views of any stride, in `f32` or `f64`, and returns new arrays.
//! The crate reads no files, draws no random numbers and prints nothing. Its only global state is the
//! choice of [`instruction_set`], and memory to work in, which each thread keeps for its next call.
//! Only threads that wait read a clock. Bad input is a [`KernelError`]; nothing panics, except the
//! [`mod@reference`] on shapes that do not fit.
//!
//! Three folders: `ops/` has a file for each operation, with its formulas; `engine/` has the machinery
//! that makes them fast; `reference/` has each operation in plain loops, to read.
//!
//! # Letters
//!
//! | letter | meaning |
//! |---|---|
//! | `N` | images (or rows) in the batch |
//! | `C` | channels of the input |
//! | `H`, `W` | height and width of the input |
//! | `F` | filters of a convolution, the channels of its output |
//! | `KH`, `KW` | height and width of a kernel or window |
//! | `OH`, `OW` | height and width of the output |
//! | `D` | features of a row |
//! | `M` | outputs of a linear layer |
//! | `K` | classes |
//!
//! `dx` is the gradient of the loss with respect to `x`, and `dout` the one with respect to the
//! operation's output.
//!
//! # Order of operations
//!
//! The sequence of floating-point operations behind each output value depends on shapes only. So any
//! memory layout of the same values, any processor and any number of threads ([`with_threads`]) give
//! the same bits; only which NaN a processor returns may differ.
//!
//! Sums over a batch run image by image: the sum over each image first, then the sum of these in the
//! order of the images. A convolution's gradients of its parameters are summed in chunks of images,
//! which the size of the batch alone decides.

mod engine;
mod error;
pub mod gradient_check;
mod ops;
pub mod reference;

pub use engine::ceiling;
pub use engine::layout::{copy_into, with_rank};
pub use engine::parallel::with_threads;
pub use engine::real::Real;
pub use engine::simd::{InstructionSet, instruction_set};
pub use error::KernelError;
pub use ops::batch_norm::{BatchNormConfig, Convention, RunningStatistics};
pub use ops::{
    adam, batch_norm, conv2d, dropout, flatten, linear, max_pool2d, relu, sgd, sigmoid,
    softmax_cross_entropy, spatial_batch_norm, tanh,
};
