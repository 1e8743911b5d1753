//! Initial weights.

use kernels::Real;
use kernels::conv2d::Conv2dConfig;
use ndarray::{Array, Dimension, ShapeBuilder};

use super::layer::{Conv2d, Linear};
use crate::random_stream::{Purpose, Stream};

/// Draws the initial weights of a network's layers, each from a stream of its own: the layer's
/// ordinal among the convolutions and linear layers. Layers that draw nothing do not count, so a
/// network with batch norm and one without start from the same weights.
///
/// The distribution is PyTorch's default for `Conv2d` and `Linear`: weights and biases uniform in
/// ±1/√fan_in, where fan_in is the number of inputs to one output (`kaiming_uniform_` with a = √5;
/// He et al., "Delving Deep into Rectifiers", 2015, has the original without the √5).
#[derive(Debug, Clone)]
pub struct Initializer {
    /// None for zeros.
    seed: Option<u64>,
    scale: f64,
    layers: u64,
}

impl Initializer {
    /// The initial weights of this seed, from the first layer on.
    pub fn new(seed: u64) -> Self {
        Self { seed: Some(seed), scale: 1.0, layers: 0 }
    }

    /// Zeros in place of what a seed draws.
    pub(crate) fn zeros() -> Self {
        Self { seed: None, scale: 1.0, layers: 0 }
    }

    /// The same draws, times this scale.
    pub fn scaled(self, scale: f64) -> Self {
        Self { scale, ..self }
    }

    /// The next layer, a convolution with 3 × 3 kernels that keeps the size of the image.
    pub fn conv2d_same_3x3<F: Real>(&mut self, channels: usize, filters: usize) -> Conv2d<F> {
        let (mut stream, bound) = self.next(channels * 3 * 3);
        Conv2d {
            weight: draw(&mut stream, bound, (filters, channels, 3, 3)),
            bias: draw(&mut stream, bound, filters),
            config: Conv2dConfig::same_3x3(),
        }
    }

    /// The next layer, fully connected.
    pub fn linear<F: Real>(&mut self, features: usize, outputs: usize) -> Linear<F> {
        let (mut stream, bound) = self.next(features);
        Linear {
            weight: draw(&mut stream, bound, (outputs, features)),
            bias: draw(&mut stream, bound, outputs),
        }
    }

    fn next(&mut self, fan_in: usize) -> (Option<Stream>, f64) {
        let stream = self.seed.map(|seed| Stream::new(seed, Purpose::Initialization, self.layers));
        self.layers += 1;
        (stream, self.scale / (fan_in as f64).sqrt())
    }
}

/// Uniform in [−`bound`, `bound`), drawn in logical order and rounded to `F`; zeros without a stream.
fn draw<F: Real, D: Dimension>(
    stream: &mut Option<Stream>,
    bound: f64,
    shape: impl ShapeBuilder<Dim = D>,
) -> Array<F, D> {
    let Some(stream) = stream else { return Array::zeros(shape) };
    Array::from_shape_simple_fn(shape, || F::from_f64(bound * (2.0 * stream.uniform() - 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_fill_the_interval_of_their_fan_in() {
        let layer: Linear<f64> = Initializer::new(0).linear(400, 50);
        let (mut smallest, mut largest, mut sum, mut squares) = (0.0_f64, 0.0_f64, 0.0, 0.0);
        for &weight in &layer.weight {
            smallest = smallest.min(weight);
            largest = largest.max(weight);
            sum += weight;
            squares += weight * weight;
        }
        assert!((-0.05..-0.0499).contains(&smallest));
        assert!((0.0499..=0.05).contains(&largest));
        assert!((sum / 20_000.0).abs() < 1e-3);
        assert!((squares / 20_000.0 - 0.05 * 0.05 / 3.0).abs() < 1e-5);
        assert!(layer.bias.iter().all(|bias| bias.abs() <= 0.05));
    }

    #[test]
    fn a_scale_multiplies_weights_and_biases() {
        let [usual, half]: [Linear<f32>; 2] =
            [1.0, 0.5].map(|scale| Initializer::new(2).scaled(scale).linear(40, 5));
        assert_eq!(usual.weight * 0.5, half.weight);
        assert_eq!(usual.bias * 0.5, half.bias);
    }

    #[test]
    fn both_types_draw_the_same_weights() {
        let wide: Conv2d<f64> = Initializer::new(3).conv2d_same_3x3(2, 4);
        let narrow: Conv2d<f32> = Initializer::new(3).conv2d_same_3x3(2, 4);
        assert_eq!(wide.weight.mapv(|weight| weight as f32), narrow.weight);
        assert_eq!(wide.bias.mapv(|bias| bias as f32), narrow.bias);
    }
}
