//! One step of Adam, elementwise.
//!
//! ```text
//! m ← m + (1 − β₁)·(g − m)              v ← β₂·v + (1 − β₂)·g·g
//! denominator = √v / √(1 − β₂ᵗ) + ε     p ← p − (η / (1 − β₁ᵗ))·m / denominator
//! ```
//!
//! each operation rounded by itself and in this order, as in `_single_tensor_adam` of PyTorch's
//! `torch/optim/adam.py`. With a weight decay λ the gradient is g + λ·p throughout, as in PyTorch's
//! `Adam(weight_decay=λ)`: the penalty λ·p²/2 on the loss, not the decoupled decay of `AdamW`.
//!
//! In plain loops: [`reference::adam`](crate::reference::adam).
//!
//! Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015, algorithm 1.

use ndarray::{ArrayView, ArrayViewMut, Dimension, Zip};

use crate::engine::at_rest::AtRest;
use crate::engine::parallel::{Images, divide};
use crate::engine::real::Real;
use crate::engine::simd::{PlainLoop, compiled};
use crate::error::{KernelError, expect_shape};

const OPERATION: &str = "adam";

/// The numbers that one step multiplies and adds with, each rounded once to the parameter's type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamFactors {
    /// 1 − β₁.
    pub one_minus_beta1: f64,
    /// β₂.
    pub beta2: f64,
    /// 1 − β₂.
    pub one_minus_beta2: f64,
    /// √(1 − β₂ᵗ) at step t, counted from 1.
    pub root_of_correction2: f64,
    /// ε.
    pub eps: f64,
    /// −η / (1 − β₁ᵗ).
    pub minus_step_size: f64,
    /// λ; at 0, λ·p is left out.
    pub weight_decay: f64,
}

/// Moves a parameter and its two moments by one step.
///
/// # Shapes
///
/// All of one shape.
///
/// # Errors
///
/// [`KernelError::Shape`] for another shape than the parameter's; nothing has then changed.
pub fn step<F: Real, D: Dimension>(
    mut parameter: ArrayViewMut<'_, F, D>,
    gradient: ArrayView<'_, F, D>,
    mut m: ArrayViewMut<'_, F, D>,
    mut v: ArrayViewMut<'_, F, D>,
    factors: &AdamFactors,
) -> Result<(), KernelError> {
    for (argument, shape) in [("gradient", gradient.shape()), ("m", m.shape()), ("v", v.shape())] {
        expect_shape(OPERATION, argument, shape, parameter.shape(), "that of the parameter")?;
    }
    let factors = Factors::<F>::rounded(factors);
    if let (Some(p), Some(g)) = (parameter.as_slice_mut(), gradient.as_slice())
        && let (Some(m), Some(v)) = (m.as_slice_mut(), v.as_slice_mut())
    {
        let count = p.len();
        let moments = (Images::new(m, 1), Images::new(v, 1));
        let parts = (Images::new(p, 1), Images::new(g, 1), moments);
        divide(count, count / 4, parts, &|(p, g, (m, v))| {
            compiled(Step { p: p.all(), g: g.all(), m: m.all(), v: v.all(), factors });
        });
    } else {
        Zip::from(parameter).and(gradient).and(m).and(v).for_each(|p, &g, m, v| {
            factors.update(p, g, m, v);
        });
    }
    Ok(())
}

/// [`AdamFactors`] in the type of the parameter.
#[derive(Debug, Clone, Copy)]
struct Factors<F> {
    one_minus_beta1: F,
    beta2: F,
    one_minus_beta2: F,
    root_of_correction2: F,
    eps: F,
    minus_step_size: F,
    weight_decay: F,
    at_rest: AtRest<F>,
}

impl<F: Real> Factors<F> {
    fn rounded(factors: &AdamFactors) -> Self {
        let [one_minus_beta1, minus_step_size] =
            [factors.one_minus_beta1, factors.minus_step_size].map(F::from_f64);
        Self {
            one_minus_beta1,
            beta2: F::from_f64(factors.beta2),
            one_minus_beta2: F::from_f64(factors.one_minus_beta2),
            root_of_correction2: F::from_f64(factors.root_of_correction2),
            eps: F::from_f64(factors.eps),
            minus_step_size,
            weight_decay: F::from_f64(factors.weight_decay),
            at_rest: AtRest::of(one_minus_beta1, minus_step_size),
        }
    }

    /// Moves one value.
    #[inline(always)]
    fn update(&self, p: &mut F, g: F, m: &mut F, v: &mut F) {
        let g = if self.weight_decay == F::zero() { g } else { g + self.weight_decay * *p };
        // No subnormal number enters the arithmetic where the average is at rest.
        let rests = self.at_rest.holds(*p, g, *m);
        let old = if rests { F::zero() } else { *m };
        let new = old + self.one_minus_beta1 * (g - old);
        *v = *v * self.beta2 + self.one_minus_beta2 * g * g;
        let denominator = v.sqrt() / self.root_of_correction2 + self.eps;
        *p += self.minus_step_size * new / denominator;
        *m = if rests { *m } else { new };
    }
}

/// The step of some values.
struct Step<'a, F> {
    p: &'a mut [F],
    g: &'a [F],
    m: &'a mut [F],
    v: &'a mut [F],
    factors: Factors<F>,
}

impl<F: Real> PlainLoop for Step<'_, F> {
    #[inline(always)]
    fn run(self) {
        for ((p, &g), (m, v)) in self.p.iter_mut().zip(self.g).zip(self.m.iter_mut().zip(self.v)) {
            self.factors.update(p, g, m, v);
        }
    }
}
