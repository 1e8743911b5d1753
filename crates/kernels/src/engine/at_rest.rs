//! Moving averages that a gradient of 0 no longer changes.
//!
//! A gradient that stays 0 lets its moving average a ← a − s·a decay into the subnormal numbers. The
//! average stops at a few times the least of them, where s·a is rounded to 0. Most processors are much
//! slower on subnormal numbers. A step would change neither such an average nor its parameter, so the
//! optimisers compute with 0 in its place and keep it.

use super::real::Real;

/// Averages other than 0 are at rest where their magnitude is at most `largest`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AtRest<F> {
    largest: F,
}

impl<F: Real> AtRest<F> {
    /// `share` is the part of an average that is lost per step, at least 0. `step` times an average is
    /// what moves the parameter. At rest, both products are rounded to 0.
    pub(crate) fn of(share: F, step: F) -> Self {
        // A product below half of the least number is rounded to 0. From 2²³ times the least number
        // on, an `f32` is no longer subnormal.
        let most = |factor: F| (0.5 / factor.to_f64().abs()).ceil() - 1.0;
        let largest = most(share).min(most(step)).min(f64::from(1 << 23));
        Self { largest: F::from_f64(largest * F::LEAST.to_f64()) }
    }

    /// Whether a step with this gradient changes neither this average nor its parameter.
    #[inline(always)]
    pub(crate) fn holds(self, parameter: F, gradient: F, average: F) -> bool {
        let zero = F::zero();
        // `&` in place of `&&`: loops without branches become vector code. Zeros are no averages at
        // rest and no such parameters, since a step can change their sign.
        (gradient == zero)
            & (average <= self.largest)
            & (average >= -self.largest)
            & (average != zero)
            & (parameter != zero)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where averages stop, counted out by the step itself.
    fn averages_stop_at_the_largest<F: Real>() {
        for momentum in [0.9, 0.99, 0.999] {
            let share = F::from_f64(1.0 - momentum);
            let step = F::from_f64(1e-5);
            let mut average = F::from_f64(10_000.0) * F::LEAST;
            while average - share * average != average {
                average -= share * average;
            }
            let at_rest = AtRest::of(share, step);
            assert!(at_rest.holds(F::one(), F::zero(), average), "{momentum}: {average}");
            assert!(at_rest.holds(F::one(), F::zero(), -average), "{momentum}: −{average}");
            assert!(
                !at_rest.holds(F::one(), F::zero(), average + F::LEAST),
                "{momentum}: {average}"
            );
        }
    }

    #[test]
    fn an_average_at_rest_is_one_that_its_step_stops_at() {
        averages_stop_at_the_largest::<f32>();
        averages_stop_at_the_largest::<f64>();
    }
}
