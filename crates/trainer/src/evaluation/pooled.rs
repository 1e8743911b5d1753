//! Means and variances of many values, from those of their parts.

/// The moments of the parts so far, of each channel.
#[derive(Debug, Default)]
pub(super) struct Pooled {
    /// The weights of the parts.
    weight: f64,
    /// Of each channel the mean, and the sum over parts of the weighted mean squared deviation from it.
    channels: Vec<[f64; 2]>,
}

impl Pooled {
    /// Adds a part that counts as so many images, by the mean and the variance (ddof 0) of each channel.
    ///
    /// The variance of all values is the mean of the parts' variances and squared distances from the
    /// mean of all, which cancels nothing (Chan, Golub and LeVeque, 1979).
    pub(super) fn add(&mut self, images: usize, channels: impl Iterator<Item = (f64, f64)>) {
        let (before, added) = (self.weight, images as f64);
        self.weight = before + added;
        for (channel, (mean, var)) in channels.enumerate() {
            if channel == self.channels.len() {
                self.channels.push([0.0; 2]);
            }
            let [pooled, deviations] = &mut self.channels[channel];
            let difference = mean - *pooled;
            *pooled += difference * (added / self.weight);
            *deviations += added * var + difference * difference * (before * added / self.weight);
        }
    }

    /// Mean and variance (ddof 0) of each channel.
    pub(super) fn moments(&self) -> impl Iterator<Item = (f64, f64)> {
        self.channels.iter().map(|&[mean, deviations]| (mean, deviations / self.weight))
    }
}
