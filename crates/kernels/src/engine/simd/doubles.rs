//! Vectors of `f64`, in which the terms of batch norm are computed. Products and sums are rounded
//! each: there is no fused operation here, so the loops for other types do the same.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{
    __m256d, __m512d, _mm_loadu_ps, _mm_storeu_ps, _mm256_add_pd, _mm256_cvtpd_ps, _mm256_cvtps_pd,
    _mm256_loadu_pd, _mm256_loadu_ps, _mm256_mul_pd, _mm256_storeu_pd, _mm256_storeu_ps,
    _mm256_sub_pd, _mm512_add_pd, _mm512_cvtpd_ps, _mm512_cvtps_pd, _mm512_loadu_pd, _mm512_mul_pd,
    _mm512_storeu_pd, _mm512_sub_pd,
};
use std::ops::{Add, Mul, Sub};

use crate::engine::lanes::{LANES, Number};

/// [`LANES`] numbers of type `f64`.
pub(super) trait Doubles: Number {
    /// The same numbers as a vector.
    fn load(values: &[f64; LANES]) -> Self;

    /// The numbers of a vector.
    fn store(self, values: &mut [f64; LANES]);

    /// The same numbers; exact.
    fn widen(values: &[f32; LANES]) -> Self;

    /// Each number rounded to `f32`.
    fn narrow(self, values: &mut [f32; LANES]);
}

/// Gives a vector of parts the operators of its parts.
#[cfg(target_arch = "x86_64")]
macro_rules! part_by_part {
    ($vector:ident $parts:tt $($operator:ident $method:ident $part:ident)*) => {
        $(impl $operator for $vector {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                part_by_part!($part self other $parts)
            }
        })*
    };
    ($part:ident $a:ident $b:ident [$($index:tt)*]) => {
        // SAFETY: only the bodies of one instruction set use its vectors, see `super::body::run`.
        unsafe { Self([$($part($a.0[$index], $b.0[$index])),*]) }
    };
}

/// What every processor of the target has.
#[derive(Clone, Copy)]
pub(super) struct DoublesBaseline([f64; LANES]);

impl DoublesBaseline {
    #[inline(always)]
    fn lane_by_lane(mut self, other: Self, operation: impl Fn(f64, f64) -> f64) -> Self {
        for (a, b) in self.0.iter_mut().zip(other.0) {
            *a = operation(*a, b);
        }
        self
    }
}

impl Add for DoublesBaseline {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.lane_by_lane(other, f64::add)
    }
}

impl Sub for DoublesBaseline {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.lane_by_lane(other, f64::sub)
    }
}

impl Mul for DoublesBaseline {
    type Output = Self;

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.lane_by_lane(other, f64::mul)
    }
}

impl Doubles for DoublesBaseline {
    #[inline(always)]
    fn load(values: &[f64; LANES]) -> Self {
        Self(*values)
    }

    #[inline(always)]
    fn store(self, values: &mut [f64; LANES]) {
        *values = self.0;
    }

    #[inline(always)]
    fn widen(values: &[f32; LANES]) -> Self {
        Self(values.map(f64::from))
    }

    #[inline(always)]
    fn narrow(self, values: &mut [f32; LANES]) {
        *values = self.0.map(|value| value as f32);
    }
}

/// Registers of 4 numbers, for [`super::arithmetic::Avx2`].
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(super) struct Doubles256([__m256d; 4]);

#[cfg(target_arch = "x86_64")]
part_by_part! {
    Doubles256 [0 1 2 3] Add add _mm256_add_pd Sub sub _mm256_sub_pd Mul mul _mm256_mul_pd
}

// SAFETY of the blocks below: as for `Avx2`, of which this is a part.

#[cfg(target_arch = "x86_64")]
impl Doubles for Doubles256 {
    #[inline(always)]
    fn load(values: &[f64; LANES]) -> Self {
        let at = values.as_ptr();
        // SAFETY: see above.
        unsafe {
            Self([
                _mm256_loadu_pd(at),
                _mm256_loadu_pd(at.add(4)),
                _mm256_loadu_pd(at.add(8)),
                _mm256_loadu_pd(at.add(12)),
            ])
        }
    }

    #[inline(always)]
    fn store(self, values: &mut [f64; LANES]) {
        for (part, values) in self.0.into_iter().zip(values.chunks_exact_mut(4)) {
            // SAFETY: see above.
            unsafe { _mm256_storeu_pd(values.as_mut_ptr(), part) };
        }
    }

    #[inline(always)]
    fn widen(values: &[f32; LANES]) -> Self {
        let at = values.as_ptr();
        // SAFETY: see above.
        unsafe {
            Self([
                _mm256_cvtps_pd(_mm_loadu_ps(at)),
                _mm256_cvtps_pd(_mm_loadu_ps(at.add(4))),
                _mm256_cvtps_pd(_mm_loadu_ps(at.add(8))),
                _mm256_cvtps_pd(_mm_loadu_ps(at.add(12))),
            ])
        }
    }

    #[inline(always)]
    fn narrow(self, values: &mut [f32; LANES]) {
        for (part, values) in self.0.into_iter().zip(values.chunks_exact_mut(4)) {
            // SAFETY: see above.
            unsafe { _mm_storeu_ps(values.as_mut_ptr(), _mm256_cvtpd_ps(part)) };
        }
    }
}

/// Registers of 8 numbers, for [`super::arithmetic::Avx512`].
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(super) struct Doubles512([__m512d; 2]);

#[cfg(target_arch = "x86_64")]
part_by_part! {
    Doubles512 [0 1] Add add _mm512_add_pd Sub sub _mm512_sub_pd Mul mul _mm512_mul_pd
}

// SAFETY of the blocks below: as for `Avx512`, of which this is a part.

#[cfg(target_arch = "x86_64")]
impl Doubles for Doubles512 {
    #[inline(always)]
    fn load(values: &[f64; LANES]) -> Self {
        let at = values.as_ptr();
        // SAFETY: see above.
        unsafe { Self([_mm512_loadu_pd(at), _mm512_loadu_pd(at.add(8))]) }
    }

    #[inline(always)]
    fn store(self, values: &mut [f64; LANES]) {
        for (part, values) in self.0.into_iter().zip(values.chunks_exact_mut(8)) {
            // SAFETY: see above.
            unsafe { _mm512_storeu_pd(values.as_mut_ptr(), part) };
        }
    }

    #[inline(always)]
    fn widen(values: &[f32; LANES]) -> Self {
        let at = values.as_ptr();
        // SAFETY: see above.
        unsafe {
            Self([
                _mm512_cvtps_pd(_mm256_loadu_ps(at)),
                _mm512_cvtps_pd(_mm256_loadu_ps(at.add(8))),
            ])
        }
    }

    #[inline(always)]
    fn narrow(self, values: &mut [f32; LANES]) {
        for (part, values) in self.0.into_iter().zip(values.chunks_exact_mut(8)) {
            // SAFETY: see above.
            unsafe { _mm256_storeu_ps(values.as_mut_ptr(), _mm512_cvtpd_ps(part)) };
        }
    }
}
