//! What batch norm asks of its arguments.

use ndarray::{ArrayView, ArrayView1};

use super::axes::RowsOrImages;
use super::running_statistics::RunningStatistics;
use crate::engine::real::Real;
use crate::error::{KernelError, expect_not_empty, expect_shape};

/// Refuses an argument that has not one value per channel of `x`.
pub(in crate::ops) fn expect_channels<F: Real, D: RowsOrImages>(
    x: &ArrayView<'_, F, D>,
    argument: &'static str,
    got: usize,
) -> Result<(), KernelError> {
    let channels = x.shape()[1];
    expect_shape(D::OPERATION, argument, &[got], &[channels], "one value per channel of x")
}

/// Refuses running statistics of another number of channels than `x` has.
pub(super) fn expect_running<F: Real, D: RowsOrImages>(
    x: &ArrayView<'_, F, D>,
    running: &RunningStatistics<F>,
) -> Result<(), KernelError> {
    expect_channels(x, "running_mean", running.mean.len())?;
    expect_channels(x, "running_var", running.var.len())
}

/// Checks what the forward passes of both modes are given.
pub(in crate::ops) fn expect_forward<F: Real, D: RowsOrImages>(
    x: &ArrayView<'_, F, D>,
    gamma: ArrayView1<'_, F>,
    beta: ArrayView1<'_, F>,
    running: &RunningStatistics<F>,
) -> Result<(), KernelError> {
    expect_not_empty(D::OPERATION, "x", x.shape())?;
    expect_channels(x, "gamma", gamma.len())?;
    expect_channels(x, "beta", beta.len())?;
    expect_running(x, running)
}

/// As [`expect_forward`], for training, which needs two values per channel.
pub(super) fn expect_training<F: Real, D: RowsOrImages>(
    x: &ArrayView<'_, F, D>,
    gamma: ArrayView1<'_, F>,
    beta: ArrayView1<'_, F>,
    running: &RunningStatistics<F>,
) -> Result<(), KernelError> {
    expect_forward(x, gamma, beta, running)?;
    if x.len() / x.shape()[1] < 2 {
        let (operation, shape) = (D::OPERATION, x.shape().to_vec());
        return Err(KernelError::OneValuePerChannel { operation, shape });
    }
    Ok(())
}

/// Checks what the backward passes of both modes are given.
pub(in crate::ops) fn expect_backward<F: Real, D: RowsOrImages>(
    dout: &[usize],
    x: &ArrayView<'_, F, D>,
    gamma: ArrayView1<'_, F>,
) -> Result<(), KernelError> {
    expect_not_empty(D::OPERATION, "x", x.shape())?;
    expect_shape(D::OPERATION, "dout", dout, x.shape(), "that of x")?;
    expect_channels(x, "gamma", gamma.len())
}
