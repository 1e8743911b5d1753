//! Moving averages that a gradient of 0 no longer changes.
//!
//! A gradient that stays 0 lets its moving average a ← a − s·a decay into the subnormal numbers. The
//! average stops at no more than 0.5/s times the least of them, where s·a is rounded to 0. Most
//! processors are much slower on subnormal numbers. A step would change neither such an average nor its
//! parameter, so the optimisers compute with 0 in its place and keep it.

use super::real::Real;

/// Averages other than 0 are at rest where their magnitude is at most `largest`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AtRest<F> {
    largest: F,
}

impl<F: Real> AtRest<F> {
    /// `share` is the part of an average that is lost per step, at least 0. `step_size` times an average
    /// is what moves the parameter. At rest, both products are rounded to 0.
    pub(crate) fn of(share: F, step_size: F) -> Self {
        // A product below half of the least number is rounded to 0. Half of it is a tie, which momentum
        // and Adam round differently, so there nothing is at rest. From 2²³ times the least number on,
        // an `f32` is no longer subnormal, and an `f64` is hardly ever moved so slowly.
        let most = |factor: F| (0.5 / factor.to_f64().abs()).ceil() - 1.0;
        let largest = most(share).min(most(step_size)).min(f64::from(1 << 23));
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

    fn largest<F: Real>(share: f64, step_size: f64) -> f64 {
        let AtRest { largest } = AtRest::of(F::from_f64(share), F::from_f64(step_size));
        largest.to_f64() / F::LEAST.to_f64()
    }

    /// Where averages stop, counted out by the step itself.
    fn averages_stop_at_the_largest<F: Real>() {
        for momentum in [0.9, 0.99, 0.999] {
            let share = F::from_f64(1.0 - momentum);
            let mut average = F::from_f64(10_000.0) * F::LEAST;
            while average - share * average != average {
                average -= share * average;
            }
            let at_rest = AtRest::of(share, F::from_f64(1e-5));
            assert!(at_rest.holds(F::one(), F::zero(), average), "{momentum}: {average}");
            assert!(at_rest.holds(F::one(), F::zero(), -average), "{momentum}: −{average}");
            assert!(
                !at_rest.holds(F::one(), F::zero(), average + F::LEAST),
                "{momentum}: {average}"
            );
        }
    }

    #[test]
    fn an_average_stops_at_the_largest_one_at_rest() {
        averages_stop_at_the_largest::<f32>();
        averages_stop_at_the_largest::<f64>();
    }

    #[test]
    fn a_large_step_size_lets_fewer_averages_rest() {
        for (step_size, expected) in [(0.3, 1.0), (-0.2, 2.0), (0.6, 0.0), (f64::INFINITY, -1.0)] {
            assert_eq!(largest::<f32>(0.1, step_size), expected, "{step_size}");
            assert_eq!(largest::<f64>(0.1, step_size), expected, "{step_size}");
        }
    }

    #[test]
    fn no_normal_number_rests() {
        assert_eq!(largest::<f32>(0.0, 0.0), f64::from(1 << 23));
        assert_eq!(largest::<f32>(0.0, 0.0) * f32::LEAST.to_f64(), f64::from(f32::MIN_POSITIVE));
    }
}
