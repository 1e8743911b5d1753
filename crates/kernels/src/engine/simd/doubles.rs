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

macro_rules! lane_by_lane {
    ($($operator:ident $method:ident;)*) => {$(
        impl $operator for DoublesBaseline {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                self.lane_by_lane(other, f64::$method)
            }
        }
    )*};
}

lane_by_lane! {
    Add add;
    Sub sub;
    Mul mul;
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

/// Vectors of `$parts` registers of `$count` numbers, for one instruction set.
#[cfg(target_arch = "x86_64")]
macro_rules! registers {
    (
        $(#[$doc:meta])* $vector:ident [$register:ident; $parts:literal] of $count:literal at $list:tt
        load $load:ident store $store:ident
        widen $load_single:ident $widen:ident narrow $store_single:ident $narrow:ident
        $($operator:ident $method:ident $operation:ident;)*
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub(super) struct $vector([$register; $parts]);

        $(impl $operator for $vector {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                registers!($operation self other $list)
            }
        })*

        registers! {
            $vector of $count at $list load $load store $store
            widen $load_single $widen narrow $store_single $narrow
        }
    };
    (
        $vector:ident of $count:literal at [$($part:literal)*] load $load:ident store $store:ident
        widen $load_single:ident $widen:ident narrow $store_single:ident $narrow:ident
    ) => {
        // SAFETY of the blocks below: only the bodies of one instruction set use its vectors, see
        // `super::body::run`; the pointers are to as many numbers as are read or written.
        impl Doubles for $vector {
            #[inline(always)]
            fn load(values: &[f64; LANES]) -> Self {
                // SAFETY: see above.
                unsafe { Self([$($load(values.as_ptr().add($count * $part))),*]) }
            }

            #[inline(always)]
            fn store(self, values: &mut [f64; LANES]) {
                // SAFETY: see above.
                unsafe { $($store(values.as_mut_ptr().add($count * $part), self.0[$part]);)* }
            }

            #[inline(always)]
            fn widen(values: &[f32; LANES]) -> Self {
                // SAFETY: see above.
                unsafe { Self([$($widen($load_single(values.as_ptr().add($count * $part)))),*]) }
            }

            #[inline(always)]
            fn narrow(self, values: &mut [f32; LANES]) {
                let to = values.as_mut_ptr();
                // SAFETY: see above.
                unsafe { $($store_single(to.add($count * $part), $narrow(self.0[$part]));)* }
            }
        }
    };
    ($operation:ident $a:ident $b:ident [$($part:literal)*]) => {
        // SAFETY: only the bodies of one instruction set use its vectors, see `super::body::run`.
        unsafe { Self([$($operation($a.0[$part], $b.0[$part])),*]) }
    };
}

#[cfg(target_arch = "x86_64")]
registers! {
    /// For [`super::arithmetic::Avx2`].
    Doubles256 [__m256d; 4] of 4 at [0 1 2 3]
    load _mm256_loadu_pd store _mm256_storeu_pd
    widen _mm_loadu_ps _mm256_cvtps_pd narrow _mm_storeu_ps _mm256_cvtpd_ps
    Add add _mm256_add_pd; Sub sub _mm256_sub_pd; Mul mul _mm256_mul_pd;
}

#[cfg(target_arch = "x86_64")]
registers! {
    /// For [`super::arithmetic::Avx512`].
    Doubles512 [__m512d; 2] of 8 at [0 1]
    load _mm512_loadu_pd store _mm512_storeu_pd
    widen _mm256_loadu_ps _mm512_cvtps_pd narrow _mm256_storeu_ps _mm512_cvtpd_ps
    Add add _mm512_add_pd; Sub sub _mm512_sub_pd; Mul mul _mm512_mul_pd;
}
