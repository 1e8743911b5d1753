//! Numbers in vectors of [`LANES`], and what a pass over a batch computes of them lane by lane.

use std::ops::{Add, Mul, Sub};

/// The values of one vector: two vectors of AVX2, one of AVX-512, four of the baseline.
pub(crate) const LANES: usize = 16;

/// `COUNT` numbers for each of [`LANES`] channels, number by number.
pub(crate) type Lanes<const COUNT: usize> = [[f64; LANES]; COUNT];

/// A number, or a vector of numbers that computes lane by lane.
pub(crate) trait Number:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self>
{
}

impl<V: Copy + Add<Output = V> + Sub<Output = V> + Mul<Output = V>> Number for V {}

/// What a pass computes of each element: `T` numbers from the `P` numbers of its channel and from
/// the elements `a` and `b` of two batches.
pub(crate) trait Term<const P: usize, const T: usize> {
    /// The `T` numbers. Implementations must be `#[inline(always)]`, see [`super::simd`].
    fn of<V: Number>(channel: [V; P], a: V, b: V) -> [V; T];
}

/// At most [`LANES`] values, filled up with zeros.
#[inline(always)]
pub(crate) fn filled_up(values: &[f32]) -> [f32; LANES] {
    let mut lanes = [0.0; LANES];
    lanes[..values.len()].copy_from_slice(values);
    lanes
}
