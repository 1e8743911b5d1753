//! Pixels in the axis order `(N, H, W, C)` as a slice, whatever memory they lie in.

use std::ops::Deref;

use ndarray::{ArrayView4, ArrayViewMut4};

use super::layout::{elements, elements_mut};
use super::real::Real;
use super::scratch::Scratch;
use crate::error::KernelError;

/// The values of pixels in order: where they lie if that is channels-last memory, else a copy in memory
/// that the thread keeps.
#[derive(Debug)]
pub(crate) enum Pixels<'a, F: Real> {
    /// Where they lie.
    Lent(&'a [F]),
    /// A copy.
    Copied(Scratch<F>),
}

impl<'a, F: Real> Pixels<'a, F> {
    /// The values of an array in the axis order `(N, H, W, C)`.
    ///
    /// # Errors
    ///
    /// [`KernelError::TooLarge`] when there is no memory for a copy.
    pub(crate) fn of(
        operation: &'static str,
        pixels: &'a ArrayView4<'a, F>,
    ) -> Result<Self, KernelError> {
        if pixels.is_standard_layout() {
            return Ok(Self::Lent(elements(pixels)));
        }
        copied(operation, pixels.view()).map(Self::Copied)
    }
}

impl<F: Real> Deref for Pixels<'_, F> {
    type Target = [F];

    fn deref(&self) -> &[F] {
        match self {
            Self::Lent(values) => values,
            Self::Copied(values) => values,
        }
    }
}

/// Lets `change` work on the values in order, in their own memory or by way of a copy.
///
/// # Errors
///
/// [`KernelError::TooLarge`] when there is no memory for a copy, and those of `change`.
pub(crate) fn change_in_order<F: Real>(
    operation: &'static str,
    mut pixels: ArrayViewMut4<'_, F>,
    change: impl FnOnce(&mut [F]) -> Result<(), KernelError>,
) -> Result<(), KernelError> {
    if pixels.is_standard_layout() {
        return change(elements_mut(&mut pixels));
    }
    let mut copy = copied(operation, pixels.view())?;
    change(&mut copy)?;
    pixels.iter_mut().zip(&*copy).for_each(|(place, &value)| *place = value);
    Ok(())
}

fn copied<F: Real>(
    operation: &'static str,
    pixels: ArrayView4<'_, F>,
) -> Result<Scratch<F>, KernelError> {
    let mut copy = Scratch::any(operation, pixels.shape())?;
    if let Ok(mut copy) = ArrayViewMut4::from_shape(pixels.raw_dim(), &mut copy) {
        copy.assign(&pixels);
    }
    Ok(copy)
}
