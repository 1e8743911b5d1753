//! Stride and padding, checked once.

use crate::error::KernelError;

/// The name of the operation in errors.
pub(super) const OPERATION: &str = "conv2d";

/// Stride and zero padding along height and width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conv2dConfig {
    pub(super) stride: [usize; 2],
    pub(super) padding: [usize; 2],
}

impl Conv2dConfig {
    /// A convolution that moves its kernel by `stride` pixels over an image with `padding` rows and
    /// columns of zeros on each side; both are `[height, width]`.
    ///
    /// # Errors
    ///
    /// [`KernelError::Config`] when a stride is 0, or a padding is above 65,535.
    pub fn new(stride: [usize; 2], padding: [usize; 2]) -> Result<Self, KernelError> {
        let refuse = |parameter, expected, got: [usize; 2]| {
            Err(KernelError::Config {
                operation: OPERATION,
                parameter,
                expected,
                got: format!("{got:?}"),
            })
        };
        if stride.contains(&0) {
            return refuse("stride", "at least 1 along both axes", stride);
        }
        if padding.iter().any(|&padding| padding > 65_535) {
            return refuse("padding", "at most 65535 along both axes", padding);
        }
        Ok(Self { stride, padding })
    }

    /// Stride 1 with the padding that keeps the size of the image for a 3 × 3 kernel.
    pub const fn same_3x3() -> Self {
        Self { stride: [1, 1], padding: [1, 1] }
    }

    /// By how many pixels the kernel moves, `[height, width]`.
    pub fn stride(&self) -> [usize; 2] {
        self.stride
    }

    /// The rows and columns of zeros on each side, `[height, width]`.
    pub fn padding(&self) -> [usize; 2] {
        self.padding
    }
}
