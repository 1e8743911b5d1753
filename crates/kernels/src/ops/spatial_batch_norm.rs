//! Batch normalisation of `(N, C, H, W)` images: the functions of [`crate::batch_norm`], which take
//! images as well as rows.
//!
//! A convolution treats every position of a channel alike, so the channel, and not the single
//! position, is what normalisation must keep comparable. This is batch norm of the `(N·H·W, C)` matrix
//! whose rows are pixels. In channels-last memory that matrix is a view; in any other memory the
//! same passes walk the image as it lies. Neither way transposes data. In plain loops:
//! [`reference::spatial_batch_norm`](crate::reference::spatial_batch_norm).
//!
//! Source: Ioffe and Szegedy 2015, section 3.2; the notebook's `spatial_batchnorm_forward` and
//! `spatial_batchnorm_backward`.
//!
//! # Example
//!
//! ```
//! use kernels::{BatchNormConfig, Convention, RunningStatistics, spatial_batch_norm};
//! use ndarray::{Array, Axis, array};
//!
//! let x = Array::linspace(-3.0_f64, 9.0, 24).into_shape_with_order((2, 3, 2, 2))?;
//! let (gamma, beta) = (array![1.0, 2.0, 3.0], array![0.0, 0.5, 1.0]);
//! let mut running = RunningStatistics::new(3, Convention::PyTorch);
//! let (out, _) = spatial_batch_norm::forward_train(
//!     x.view(), gamma.view(), beta.view(), &mut running, &BatchNormConfig::pytorch(),
//! )?;
//! for channel in 0..3 {
//!     let values = out.index_axis(Axis(1), channel);
//!     assert!((values.mean().unwrap() - beta[channel]).abs() < 1e-12);
//!     assert!((values.std(0.0) - gamma[channel]).abs() < 1e-5); // ε makes it a little smaller
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use super::batch_norm::{
    backward_eval, backward_train, backward_train_in_place, forward_eval, forward_eval_into,
    forward_train, forward_train_into,
};
