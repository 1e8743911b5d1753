//! Why a kernel refused its input, and the checks that most kernels share.

use thiserror::Error;

/// Why a kernel refused its input. Each message names the operation, the argument at fault, what
/// was expected, what was found, and where it helps what to do.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum KernelError {
    /// An array has another number of axes than the operation works on.
    #[error("{operation}: {argument} must have {expected} axes, got {got}")]
    Rank {
        /// The operation that refused.
        operation: &'static str,
        /// The argument at fault.
        argument: &'static str,
        /// The number of axes that it needs.
        expected: usize,
        /// The number of axes that it has.
        got: usize,
    },

    /// An array's shape does not fit the other arguments.
    #[error("{operation}: {argument} must have shape {expected:?} ({because}), got {got:?}")]
    Shape {
        /// The operation that refused.
        operation: &'static str,
        /// The argument at fault.
        argument: &'static str,
        /// The shape that fits.
        expected: Vec<usize>,
        /// The shape found.
        got: Vec<usize>,
        /// What the expected shape follows from.
        because: &'static str,
    },

    /// An axis has length 0.
    #[error(
        "{operation}: {argument} of shape {shape:?} is empty along axis {axis}; every axis needs at least one element"
    )]
    EmptyAxis {
        /// The operation that refused.
        operation: &'static str,
        /// The argument at fault.
        argument: &'static str,
        /// The first axis of length 0.
        axis: usize,
        /// The argument's shape.
        shape: Vec<usize>,
    },

    /// Training batch norm met channels of a single value, whose variance says nothing.
    #[error(
        "{operation}: training needs at least 2 values per channel, got 1 (x has shape {shape:?}); use a larger batch or image, or evaluate with running statistics"
    )]
    OneValuePerChannel {
        /// The operation that refused.
        operation: &'static str,
        /// The shape of `x`.
        shape: Vec<usize>,
    },

    /// Group norm met groups of a single value, whose variance says nothing.
    #[error(
        "{operation}: a group needs at least 2 values, got 1 (x has shape {shape:?}, in {groups} groups); use fewer groups or larger images"
    )]
    OneValuePerGroup {
        /// The operation that refused.
        operation: &'static str,
        /// The shape of `x`.
        shape: Vec<usize>,
        /// The number of groups.
        groups: usize,
    },

    /// A parameter of a configuration is out of range or not finite.
    #[error("{operation}: {parameter} must be {expected}, got {got}")]
    Config {
        /// The operation that refused.
        operation: &'static str,
        /// The parameter at fault.
        parameter: &'static str,
        /// The range that it must lie in.
        expected: &'static str,
        /// The value found.
        got: String,
    },

    /// A window is larger than the (padded) image that it slides over.
    #[error(
        "{operation}: a window of {window} does not fit along {axis}, which has {available} pixels with any padding; use a smaller window or a larger image"
    )]
    Window {
        /// The operation that refused.
        operation: &'static str,
        /// `"H"` or `"W"`.
        axis: &'static str,
        /// The window's length along that axis.
        window: usize,
        /// The padded image's length along that axis.
        available: usize,
    },

    /// A result would have more elements than memory has room for.
    #[error(
        "{operation}: there is no memory for a result of shape {shape:?}; use less padding or smaller images"
    )]
    TooLarge {
        /// The operation that refused.
        operation: &'static str,
        /// The shape of the result.
        shape: Vec<usize>,
    },

    /// The system gave fewer threads than were asked for.
    #[error("kernels: {threads} threads could not be started ({reason}); use fewer")]
    Threads {
        /// The threads asked for.
        threads: usize,
        /// What the system said.
        reason: String,
    },

    /// An index (a label, or a position that max pooling remembered) is out of range.
    #[error("{operation}: {argument}[{position}] must be below {bound}, got {got}")]
    Index {
        /// The operation that refused.
        operation: &'static str,
        /// The argument at fault.
        argument: &'static str,
        /// Where in the argument, counted in logical order.
        position: usize,
        /// One more than the largest index allowed.
        bound: usize,
        /// The index found.
        got: usize,
    },
}

/// Refuses an array with an axis of length 0.
pub(crate) fn expect_not_empty(
    operation: &'static str,
    argument: &'static str,
    shape: &[usize],
) -> Result<(), KernelError> {
    match shape.iter().position(|&length| length == 0) {
        Some(axis) => {
            Err(KernelError::EmptyAxis { operation, argument, axis, shape: shape.to_vec() })
        }
        None => Ok(()),
    }
}

/// Refuses an array whose shape is not the expected one.
pub(crate) fn expect_shape(
    operation: &'static str,
    argument: &'static str,
    got: &[usize],
    expected: &[usize],
    because: &'static str,
) -> Result<(), KernelError> {
    if got == expected {
        return Ok(());
    }
    Err(KernelError::Shape {
        operation,
        argument,
        expected: expected.to_vec(),
        got: got.to_vec(),
        because,
    })
}
