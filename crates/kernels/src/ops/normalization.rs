//! What the norms share: the moments of values, summed around a guess, and the terms of their passes.

use crate::engine::lanes::{Number, Term};

/// The mean and variance of the values that are normalised together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Moments {
    pub(super) mean: f64,
    /// What `mean`, as the nearest `f64`, lacks of the mean.
    pub(super) mean_rest: f64,
    /// Biased (ddof 0).
    pub(super) var: f64,
    /// 1/√(σ² + ε).
    pub(super) inv_std: f64,
}

impl Moments {
    /// A mean without a rest, and a variance, that are given.
    pub(super) fn known(mean: f64, var: f64, eps: f64) -> Self {
        Self::new(mean, 0.0, var, eps)
    }

    /// Of `count` values, from the sums of d = x − guess and of d².
    pub(super) fn around(guess: f64, [d, d2]: [f64; 2], count: f64, eps: f64) -> Self {
        let correction = d / count;
        let mean = guess + correction;
        let mean_rest = correction - (mean - guess);
        let squares = d2 - d * correction;
        // Rounding can take the variance of constant values just below zero; NaN stays.
        let var = if squares < 0.0 { 0.0 } else { squares / count };
        Self::new(mean, mean_rest, var, eps)
    }

    fn new(mean: f64, mean_rest: f64, var: f64, eps: f64) -> Self {
        Self { mean, mean_rest, var, inv_std: 1.0 / (var + eps).sqrt() }
    }

    /// The numbers of [`ScaleAndShift`] for a channel that these normalise.
    pub(super) fn scale_and_shift(&self, gamma: f64, beta: f64) -> [f64; 3] {
        let scale = gamma * self.inv_std;
        [self.mean, scale, beta - scale * self.mean_rest]
    }

    /// dγ and dβ of a channel that these normalise, from the sums of [`ParameterGradients`].
    pub(super) fn parameter_gradients(&self, [sum, dbeta]: [f64; 2]) -> [f64; 2] {
        [self.inv_std * (sum - self.mean_rest * dbeta), dbeta]
    }
}

/// x.
pub(super) struct Value;

impl Term<0, 1> for Value {
    #[inline(always)]
    fn of<V: Number>([]: [V; 0], x: V, _: V) -> [V; 1] {
        [x]
    }
}

/// d = x − guess, and d².
pub(super) struct Deviation;

impl Term<1, 2> for Deviation {
    #[inline(always)]
    fn of<V: Number>([guess]: [V; 1], x: V, _: V) -> [V; 2] {
        let d = x - guess;
        [d, d * d]
    }
}

/// scale·(x − mean) + shift, which is γ·x̂ + β.
pub(super) struct ScaleAndShift;

impl Term<3, 1> for ScaleAndShift {
    #[inline(always)]
    fn of<V: Number>([mean, scale, shift]: [V; 3], _: V, x: V) -> [V; 1] {
        [scale * (x - mean) + shift]
    }
}

/// dy·(x − mean) and dy, from whose sums dγ and dβ follow.
pub(super) struct ParameterGradients;

impl Term<1, 2> for ParameterGradients {
    #[inline(always)]
    fn of<V: Number>([mean]: [V; 1], dy: V, x: V) -> [V; 2] {
        [dy * (x - mean), dy]
    }
}
