use super::{Arithmetic, Body, InstructionSet, run};
use crate::ops::adam::Factors;

/// Moves each parameter and its two moments by one step.
pub(crate) fn adam(
    set: InstructionSet,
    parameter: &mut [f32],
    gradient: &[f32],
    moments: [&mut [f32]; 2],
    factors: &Factors<f32>,
) {
    run(set, Step { parameter, gradient, moments, factors });
}

struct Step<'a> {
    parameter: &'a mut [f32],
    gradient: &'a [f32],
    moments: [&'a mut [f32]; 2],
    factors: &'a Factors<f32>,
}

impl Body for Step<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self { parameter, gradient, moments: [m, v], factors } = self;
        // The compiler makes vectors of this by itself.
        for ((p, &g), (m, v)) in parameter.iter_mut().zip(gradient).zip(m.iter_mut().zip(v)) {
            factors.update(p, g, m, v);
        }
    }
}
