//! Adam in a plain loop. Source: Kingma and Ba 2015, algorithm 1, in PyTorch's order of operations.

use super::sgd::penalized;
use crate::engine::real::Real;
use crate::ops::adam::AdamFactors;

/// One step for each value of a parameter, with its gradient g and its two moments:
///
/// ```text
/// m ← m + (1 − β₁)·(g − m)              v ← β₂·v + (1 − β₂)·g·g
/// p ← p − (η / (1 − β₁ᵗ))·m / (√v / √(1 − β₂ᵗ) + ε)
/// ```
///
/// With a weight decay λ, g + λ·p stands for g.
///
/// All slices are of one length. The fast kernel: [`crate::adam`].
pub fn step<F: Real>(p: &mut [F], g: &[F], m: &mut [F], v: &mut [F], factors: &AdamFactors) {
    let [one_minus_beta1, beta2, one_minus_beta2, root, eps, minus_step_size, decay] = [
        factors.one_minus_beta1,
        factors.beta2,
        factors.one_minus_beta2,
        factors.root_of_correction2,
        factors.eps,
        factors.minus_step_size,
        factors.weight_decay,
    ]
    .map(F::from_f64);
    for i in 0..p.len() {
        let g = penalized(g[i], decay, p[i]);
        m[i] += one_minus_beta1 * (g - m[i]);
        v[i] = v[i] * beta2 + one_minus_beta2 * g * g;
        p[i] += minus_step_size * m[i] / (v[i].sqrt() / root + eps);
    }
}
