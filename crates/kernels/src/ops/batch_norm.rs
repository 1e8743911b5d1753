//! Batch normalisation of `(N, D)` rows, each feature over the batch, and of `(N, C, H, W)` images,
//! each channel over the batch, height and width.
//!
//! ```text
//! μ = (1/n) Σ x        σ² = (1/n) Σ (x − μ)²        x̂ = (x − μ) / √(σ² + ε)        y = γ·x̂ + β
//! ```
//!
//! The variance that normalises is biased (ddof 0). In evaluation, running statistics stand in for
//! μ and σ², and ε stays inside the root. One set of functions serves rows and images. What they
//! compute, in plain loops: [`reference::batch_norm`](crate::reference::batch_norm).
//!
//! Source: Ioffe and Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing
//! Internal Covariate Shift", 2015, algorithm 1 and section 3.1 (<https://arxiv.org/abs/1502.03167>).
//!
//! # Accuracy
//!
//! Statistics are never taken as E\[x²\] − E\[x\]², which loses every digit once |μ| is some
//! thousand σ in `f32`. The mean of the first images is a guess. A pass over all values sums
//! d = x − guess and d², and Σd corrects both statistics (Chan, Golub and LeVeque, "Algorithms for
//! Computing the Sample Variance", 1983, equation 1.7). Let m of N images make the guess. Then σ² is
//! at least m/(N − m) times the square of the guess's error, whatever the values. So the correction
//! magnifies rounding at most (N − m)/m times, and only where the first images are unlike all others:
//! by two of `f64`'s sixteen digits for 50 images. The mean is kept in two parts, so that x − μ loses
//! nothing either. Sums and the arithmetic of each element are in `f64` for `f32` input too, and each
//! result is rounded once.
//!
//! Largest absolute error on `f32` input of shape (8, 4, 16, 16) and standard deviation 1, against
//! an extended-precision evaluation of the same input; ours / PyTorch 2.15 on CPU (AVX2, one
//! thread). The inputs and both answers are the fixtures `spatial_batch_norm/accuracy_ratio_*`. A test
//! holds every figure of ours at or below PyTorch's, including the gradients of the parameters and the
//! running statistics.
//!
//! | \|mean\|/std | memory | `out` | `dx` | `dgamma` |
//! |---|---|---|---|---|
//! | 1 | contiguous | 2.4e-7 / 4.3e-7 | 2.1e-7 / 4.4e-7 | 7.6e-7 / 4.3e-6 |
//! | 1 | channels-last | 2.4e-7 / 2.2e-6 | 2.1e-7 / 1.4e-6 | 7.6e-7 / 7.9e-5 |
//! | 1e2 | contiguous | 2.3e-7 / 4.7e-6 | 2.4e-7 / 7.4e-7 | 4.5e-7 / 2.7e-4 |
//! | 1e2 | channels-last | 2.3e-7 / 1.0e-4 | 2.4e-7 / 1.5e-5 | 4.5e-7 / 5.5e-3 |
//! | 1e4 | contiguous | 2.4e-7 / 3.9e-4 | 1.9e-7 / 3.3e-5 | 1.7e-6 / 1.3e-2 |
//! | 1e4 | channels-last | 2.4e-7 / 8.8e-3 | 1.9e-7 / 1.2e-3 | 1.7e-6 / 6.2e-1 |
//! | 1e6 | contiguous | 1.2e-7 / 4.0e-2 | 2.1e-7 / 1.8e-3 | 1.6e-6 / 1.3 |
//! | 1e6 | channels-last | 1.2e-7 / 3.2 | 2.1e-7 / 2.7 | 1.6e-6 / 2.0e2 |

mod axes;
mod backward;
mod batch_statistics;
mod checks;
mod config;
mod forward;
pub(super) mod max_pooled;
mod running_statistics;

pub use axes::RowsOrImages;
pub use backward::{BatchNormGradients, backward_eval, backward_train, backward_train_in_place};
pub use batch_statistics::BatchStatistics;
pub use config::{BatchNormConfig, Convention};
pub use forward::{forward_eval, forward_eval_into, forward_train, forward_train_into};
pub use running_statistics::RunningStatistics;

pub(super) use backward::{rounded, train_gradients};
pub(super) use batch_statistics::{guesses, images_of_a_guess};
pub(super) use checks::{expect_backward, expect_channels, expect_forward};
pub(super) use forward::train;
