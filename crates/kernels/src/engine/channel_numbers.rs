//! Numbers per channel in vectors, as the passes over pixels read and write them, in memory that the
//! thread keeps.

use super::lanes::{LANES, Lanes};
use super::scratch::Scratch;
use crate::error::KernelError;

/// `COUNT` numbers, at least one, for each channel; the last vectors are filled up with zeros.
#[derive(Debug)]
pub(crate) struct ChannelNumbers<const COUNT: usize>(Scratch<f64>);

impl<const COUNT: usize> ChannelNumbers<COUNT> {
    /// Zeros for so many rows, such as images, of so many channels.
    ///
    /// # Errors
    ///
    /// [`KernelError::TooLarge`] when there is no memory for them.
    pub(crate) fn zeros(
        operation: &'static str,
        rows: usize,
        channels: usize,
    ) -> Result<Self, KernelError> {
        let shape = [rows, channels.div_ceil(LANES), COUNT, LANES];
        Scratch::zeros(operation, &shape).map(Self)
    }

    /// The bytes that [`Self::zeros`] takes.
    pub(crate) fn bytes(rows: usize, channels: usize) -> usize {
        rows * channels.div_ceil(LANES) * size_of::<Lanes<COUNT>>()
    }

    pub(crate) fn lanes(&self) -> &[Lanes<COUNT>] {
        self.0.as_chunks::<LANES>().0.as_chunks().0
    }

    pub(crate) fn lanes_mut(&mut self) -> &mut [Lanes<COUNT>] {
        self.0.as_chunks_mut::<LANES>().0.as_chunks_mut().0
    }
}

/// The numbers of one channel.
pub(crate) fn of_channel<const COUNT: usize>(
    lanes: &[Lanes<COUNT>],
    channel: usize,
) -> [f64; COUNT] {
    lanes[channel / LANES].map(|lanes| lanes[channel % LANES])
}

/// Sets the numbers of one channel.
pub(crate) fn set_channel<const COUNT: usize>(
    lanes: &mut [Lanes<COUNT>],
    channel: usize,
    numbers: [f64; COUNT],
) {
    for (lanes, number) in lanes[channel / LANES].iter_mut().zip(numbers) {
        lanes[channel % LANES] = number;
    }
}
