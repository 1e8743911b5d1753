//! Seeded random arrays, and the memory layouts that every kernel must not care about.

use kernels::Real;
use kernels::adam::AdamFactors;
use ndarray::{Array, Array4, Dimension, ShapeBuilder, s};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Numbers that look normal enough for tests: sums of uniform ones, mean 0 and variance 1.
pub(crate) struct Random(ChaCha8Rng);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    pub(crate) fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(crate) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }

    pub(crate) fn array<F: Real, D: Dimension>(
        &mut self,
        shape: impl ShapeBuilder<Dim = D>,
    ) -> Array<F, D> {
        Array::from_shape_simple_fn(shape, || F::from_f64(self.normal()))
    }
}

/// The same images in every kind of memory: standard, channels-last, Fortran order, reversed along
/// two axes, and as every second element of something larger.
pub(crate) fn in_every_layout<F: Real>(images: &Array4<F>) -> Vec<(&'static str, Array4<F>)> {
    let (n, c, h, w) = images.dim();
    let channels_last = images.view().permuted_axes([0, 2, 3, 1]).as_standard_layout().into_owned();
    let mut fortran = Array::zeros((n, c, h, w).f());
    fortran.assign(images);
    let mut reversed = images.slice(s![..;-1, .., .., ..;-1]).as_standard_layout().into_owned();
    reversed.invert_axis(ndarray::Axis(0));
    reversed.invert_axis(ndarray::Axis(3));
    let mut sparse = Array::zeros((n, c, 2 * h, 2 * w)).slice_move(s![.., .., ..;2, ..;2]);
    sparse.assign(images);
    vec![
        ("standard", images.as_standard_layout().into_owned()),
        ("channels-last", channels_last.permuted_axes([0, 3, 1, 2])),
        ("Fortran", fortran),
        ("reversed", reversed),
        ("sparse", sparse),
    ]
}

/// Elements in logical order as bits, so that −0 differs from 0 and NaN equals itself.
pub(crate) fn bits<F: Real, D: Dimension>(array: &Array<F, D>) -> Vec<u64> {
    array.iter().map(|value| value.to_f64().to_bits()).collect()
}

/// Factors of Adam with this β₁, learning rate and weight decay, and with corrections of no particular step.
pub(crate) fn adam_factors(beta1: f64, learning_rate: f64, weight_decay: f64) -> AdamFactors {
    AdamFactors {
        one_minus_beta1: 1.0 - beta1,
        beta2: 0.999,
        one_minus_beta2: 0.001,
        root_of_correction2: 0.03,
        eps: 1e-8,
        minus_step_size: -learning_rate,
        weight_decay,
    }
}

/// Fails where the arrays differ in their shape or in a bit.
pub(crate) fn assert_same<F: Real, D: Dimension>(
    what: &str,
    got: &Array<F, D>,
    expected: &Array<F, D>,
) {
    assert_eq!(got.shape(), expected.shape(), "{what}");
    assert_eq!(bits(got), bits(expected), "{what}");
}
