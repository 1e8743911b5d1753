//! Group normalisation of `(N, C)` rows and `(N, C, H, W)` images: each image by itself, each group of
//! neighbouring channels over its channels, height and width.
//!
//! ```text
//! μ = (1/n) Σ x        σ² = (1/n) Σ (x − μ)²        x̂ = (x − μ) / √(σ² + ε)        y = γ·x̂ + β
//! ```
//!
//! with the sums over the n = C/G·H·W values of one image in one of G groups. The variance is biased
//! (ddof 0). γ and β are per channel. No image depends on another, so training and evaluation are the
//! same, and there are no running statistics. One group is layer norm of all values of an image, with
//! γ and β per channel; as many groups as channels are instance norm. In plain loops:
//! [`reference::group_norm`](crate::reference::group_norm).
//!
//! Source: Wu and He, "Group Normalization", 2018, section 3.1 (<https://arxiv.org/abs/1803.08494>);
//! PyTorch's `group_norm`. Ba, Kiros and Hinton, "Layer Normalization", 2016; Ulyanov, Vedaldi and
//! Lempitsky, "Instance Normalization", 2016.
//!
//! # Accuracy
//!
//! As in [`mod@crate::batch_norm`], the variance is never E\[x²\] − E\[x\]²: it is summed around a guess,
//! which here is the mean of the image's first pixels, a 32nd of them or more. The correction by the guess's
//! error then magnifies rounding at most 31 times, whatever the values. Sums and the arithmetic of each element are in `f64` for `f32` input too, and each result
//! is rounded once.
//!
//! # Order of operations
//!
//! Sums run over the pixels of an image for each channel, then over the channels of the group in order.
//! dγ and dβ are summed over the pixels of each image, then over the images in order.

mod backward;
mod checks;
mod config;
mod forward;
mod statistics;

pub use backward::{GroupNormGradients, backward, backward_in_place};
pub use config::GroupNormConfig;
pub use forward::{forward, forward_into};
pub use statistics::GroupStatistics;
