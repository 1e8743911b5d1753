//! The mean and variance of each group of each image.

use ndarray::Array2;

use super::checks::OPERATION;
use crate::engine::channel_numbers::{ChannelNumbers, of_channel, set_channel};
use crate::engine::lanes::{LANES, Lanes};
use crate::engine::real::Real;
use crate::error::KernelError;
use crate::ops::normalization::{Deviation, Moments, Value};

/// Variances are summed around a guess, the mean of the first pixels: of one in so many, at least one.
/// The mean of m of n values errs by δ with δ²/σ² ≤ (n − m)/m, whatever the values, and that is the
/// factor by which subtracting δ² from the mean square magnifies rounding.
const PIXELS_PER_PIXEL_OF_A_GUESS: usize = 32;

/// The statistics of one batch that the backward pass needs again, one value per image and group.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GroupStatistics {
    pub(super) groups: usize,
    channels: usize,
    /// Image by image.
    pub(super) moments: Vec<Moments>,
}

impl GroupStatistics {
    /// Mean of each group, shape `(N, G)`.
    pub fn mean(&self) -> Array2<f64> {
        self.table(|moments| moments.mean)
    }

    /// Biased variance (ddof 0) of each group, shape `(N, G)`.
    pub fn var(&self) -> Array2<f64> {
        self.table(|moments| moments.var)
    }

    /// The bytes that it holds.
    pub fn bytes(&self) -> usize {
        self.moments.len() * size_of::<Moments>()
    }

    /// The bytes that the backward pass works with: two sums for each channel of each image.
    pub fn bytes_of_backward(&self) -> usize {
        ChannelNumbers::<2>::bytes(self.moments.len() / self.groups.max(1), self.channels)
    }

    fn table(&self, of: impl Fn(&Moments) -> f64) -> Array2<f64> {
        let shape = [self.moments.len() / self.groups.max(1), self.groups];
        Array2::from_shape_fn(
            shape,
            |(image, group)| of(&self.moments[image * self.groups + group]),
        )
    }

    /// Makes room for so many images of so many groups of channels, in the memory that there is.
    pub(super) fn resize(&mut self, images: usize, groups: usize, channels: usize) {
        (self.groups, self.channels) = (groups, channels);
        self.moments.clear();
        self.moments.resize(images * groups, Moments::known(0.0, 0.0, 1.0));
    }
}

/// Memory for the sums over one image.
pub(super) struct Sums {
    first: ChannelNumbers<1>,
    guesses: ChannelNumbers<1>,
    deviations: ChannelNumbers<2>,
    /// One for each vector of channels; no term of [`Value`] needs a number.
    none: Vec<Lanes<0>>,
}

impl Sums {
    pub(super) fn new(channels: usize) -> Result<Self, KernelError> {
        let first = ChannelNumbers::zeros(OPERATION, 1, channels)?;
        Ok(Self {
            // Takes no memory.
            none: vec![[]; first.lanes().len()],
            first,
            guesses: ChannelNumbers::zeros(OPERATION, 1, channels)?,
            deviations: ChannelNumbers::zeros(OPERATION, 1, channels)?,
        })
    }

    /// Writes the moments of each group of one image of so many channels.
    pub(super) fn moments<F: Real>(
        &mut self,
        image: &[F],
        channels: usize,
        eps: f64,
        groups: &mut [Moments],
    ) {
        let (pixels, width) = (image.len() / channels, channels / groups.len());
        let pixels_of_a_guess = pixels.div_ceil(PIXELS_PER_PIXEL_OF_A_GUESS);
        let first = &image[..pixels_of_a_guess * channels];
        let sums = self.first.lanes_mut();
        sums.fill([[0.0; LANES]; 1]);
        F::add_terms::<Value, 0, 1>([first, first], channels, &self.none, sums);
        let guesses = self.guesses.lanes_mut();
        for group in 0..groups.len() {
            let channels = group * width..(group + 1) * width;
            let [sum] = total(self.first.lanes(), channels.clone());
            let guess = sum / (pixels_of_a_guess * width) as f64;
            channels.for_each(|channel| set_channel(guesses, channel, [guess]));
        }
        let sums = self.deviations.lanes_mut();
        sums.fill([[0.0; LANES]; 2]);
        F::add_terms::<Deviation, 1, 2>([image, image], channels, self.guesses.lanes(), sums);
        let count = (pixels * width) as f64;
        for (group, moments) in groups.iter_mut().enumerate() {
            let first = group * width;
            let [guess] = of_channel(self.guesses.lanes(), first);
            let sums = total(self.deviations.lanes(), first..first + width);
            *moments = Moments::around(guess, sums, count, eps);
        }
    }
}

/// The sums over these channels, in order.
fn total<const COUNT: usize>(
    lanes: &[Lanes<COUNT>],
    channels: impl Iterator<Item = usize>,
) -> [f64; COUNT] {
    let mut total = [0.0; COUNT];
    for channel in channels {
        let numbers = of_channel(lanes, channel);
        total.iter_mut().zip(numbers).for_each(|(total, number)| *total += number);
    }
    total
}
