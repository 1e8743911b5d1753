//! One step of gradient descent, elementwise: plain, and with momentum.
//!
//! ```text
//! plain            w ← w − η·(g + λ·w)
//! with momentum    v ← μ·v + (g + λ·w)      w ← w − η·v
//! ```
//!
//! with the gradient g, the learning rate η, the weight decay λ and the momentum μ; v starts at 0.
//! Each operation is rounded by itself. Without weight decay, λ·w is left out.
//!
//! In plain loops: [`reference::sgd`](crate::reference::sgd).
//!
//! Source: PyTorch's `torch.optim.SGD` with dampening 0 and without Nesterov's variant. There the
//! learning rate multiplies the velocity; Sutskever et al., "On the importance of initialization and
//! momentum in deep learning", 2013, multiply the gradient by it before.

use ndarray::{ArrayView, ArrayViewMut, Dimension, Zip};

use crate::engine::at_rest::AtRest;
use crate::engine::parallel::{Images, divide};
use crate::engine::real::Real;
use crate::engine::simd::{PlainLoop, compiled};
use crate::error::{KernelError, expect_shape};

const OPERATION: &str = "sgd";

/// The numbers that one step multiplies with, each rounded once to the parameter's type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SgdFactors {
    /// η.
    pub learning_rate: f64,
    /// λ.
    pub weight_decay: f64,
}

/// Moves a parameter by one step.
///
/// # Shapes
///
/// Both of one shape.
///
/// # Errors
///
/// [`KernelError::Shape`] for another shape than the parameter's; nothing has then changed.
pub fn step<F: Real, D: Dimension>(
    mut parameter: ArrayViewMut<'_, F, D>,
    gradient: ArrayView<'_, F, D>,
    factors: &SgdFactors,
) -> Result<(), KernelError> {
    let shape = parameter.shape();
    expect_shape(OPERATION, "gradient", gradient.shape(), shape, "that of the parameter")?;
    let factors = Factors::<F>::rounded(factors, 0.0);
    if let (Some(w), Some(g)) = (parameter.as_slice_mut(), gradient.as_slice()) {
        let (count, parts) = (w.len(), (Images::new(w, 1), Images::new(g, 1)));
        divide(count, count / 8, parts, &|(w, g)| {
            compiled(Plain { w: w.all(), g: g.all(), factors });
        });
    } else {
        Zip::from(parameter).and(gradient).for_each(|w, &g| factors.update(w, g));
    }
    Ok(())
}

/// Moves a parameter and its velocity by one step with this momentum.
///
/// # Shapes
///
/// All of one shape.
///
/// # Errors
///
/// [`KernelError::Shape`] for another shape than the parameter's; nothing has then changed.
pub fn step_with_momentum<F: Real, D: Dimension>(
    mut parameter: ArrayViewMut<'_, F, D>,
    gradient: ArrayView<'_, F, D>,
    mut velocity: ArrayViewMut<'_, F, D>,
    momentum: f64,
    factors: &SgdFactors,
) -> Result<(), KernelError> {
    for (argument, shape) in [("gradient", gradient.shape()), ("velocity", velocity.shape())] {
        expect_shape(OPERATION, argument, shape, parameter.shape(), "that of the parameter")?;
    }
    let factors = Factors::<F>::rounded(factors, momentum);
    if let (Some(w), Some(g), Some(v)) =
        (parameter.as_slice_mut(), gradient.as_slice(), velocity.as_slice_mut())
    {
        let count = w.len();
        let parts = (Images::new(w, 1), Images::new(g, 1), Images::new(v, 1));
        divide(count, count / 6, parts, &|(w, g, v)| {
            compiled(WithMomentum { w: w.all(), g: g.all(), v: v.all(), factors });
        });
    } else {
        Zip::from(parameter).and(gradient).and(velocity).for_each(|w, &g, v| {
            factors.update_with_momentum(w, g, v);
        });
    }
    Ok(())
}

/// [`SgdFactors`] and the momentum in the type of the parameter.
#[derive(Debug, Clone, Copy)]
struct Factors<F> {
    learning_rate: F,
    weight_decay: F,
    momentum: F,
    at_rest: AtRest<F>,
}

impl<F: Real> Factors<F> {
    fn rounded(factors: &SgdFactors, momentum: f64) -> Self {
        let [learning_rate, weight_decay, momentum] =
            [factors.learning_rate, factors.weight_decay, momentum].map(F::from_f64);
        Self {
            learning_rate,
            weight_decay,
            momentum,
            at_rest: AtRest::of(F::one() - momentum, learning_rate),
        }
    }

    /// The gradient of the loss with its penalty λ·w²/2.
    #[inline(always)]
    fn penalized(&self, g: F, w: F) -> F {
        if self.weight_decay == F::zero() { g } else { g + self.weight_decay * w }
    }

    /// Moves one value.
    #[inline(always)]
    fn update(&self, w: &mut F, g: F) {
        *w -= self.learning_rate * self.penalized(g, *w);
    }

    /// Moves one value and its velocity.
    #[inline(always)]
    fn update_with_momentum(&self, w: &mut F, g: F, v: &mut F) {
        let g = self.penalized(g, *w);
        // No subnormal number enters the arithmetic where the average is at rest.
        let rests = self.at_rest.holds(*w, g, *v);
        let old = if rests { F::zero() } else { *v };
        let new = self.momentum * old + g;
        *w -= self.learning_rate * new;
        *v = if rests { *v } else { new };
    }
}

/// The plain step of some values.
struct Plain<'a, F> {
    w: &'a mut [F],
    g: &'a [F],
    factors: Factors<F>,
}

impl<F: Real> PlainLoop for Plain<'_, F> {
    #[inline(always)]
    fn run(self) {
        for (w, &g) in self.w.iter_mut().zip(self.g) {
            self.factors.update(w, g);
        }
    }
}

/// The step with momentum of some values.
struct WithMomentum<'a, F> {
    w: &'a mut [F],
    g: &'a [F],
    v: &'a mut [F],
    factors: Factors<F>,
}

impl<F: Real> PlainLoop for WithMomentum<'_, F> {
    #[inline(always)]
    fn run(self) {
        for ((w, &g), v) in self.w.iter_mut().zip(self.g).zip(self.v) {
            self.factors.update_with_momentum(w, g, v);
        }
    }
}
