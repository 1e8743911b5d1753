//! Gradient descent in a plain loop. The fast kernel: [`crate::sgd`]. Source: PyTorch's
//! `torch.optim.SGD`.

use crate::engine::real::Real;
use crate::ops::sgd::SgdFactors;

/// One step for each value w of a parameter, with its gradient g: w ← w − η·(g + λ·w).
///
/// Both slices are of one length.
pub fn step<F: Real>(w: &mut [F], g: &[F], factors: &SgdFactors) {
    let [rate, decay] = [factors.learning_rate, factors.weight_decay].map(F::from_f64);
    for i in 0..w.len() {
        w[i] -= rate * penalized(g[i], decay, w[i]);
    }
}

/// One step with momentum μ, with the velocities v: v ← μ·v + (g + λ·w), then w ← w − η·v.
///
/// All slices are of one length.
pub fn step_with_momentum<F: Real>(
    w: &mut [F],
    g: &[F],
    v: &mut [F],
    momentum: f64,
    factors: &SgdFactors,
) {
    let [rate, decay] = [factors.learning_rate, factors.weight_decay].map(F::from_f64);
    let momentum = F::from_f64(momentum);
    for i in 0..w.len() {
        v[i] = momentum * v[i] + penalized(g[i], decay, w[i]);
        w[i] -= rate * v[i];
    }
}

/// The gradient g of a loss, with that of its penalty λ·w²/2. Without weight decay λ, −0 stays −0.
pub(super) fn penalized<F: Real>(g: F, decay: F, w: F) -> F {
    if decay == F::zero() { g } else { g + decay * w }
}
