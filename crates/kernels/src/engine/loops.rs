//! The innermost loop of each kernel, for each type of number: vector code for `f32`
//! ([`super::simd`]), plain loops for `f64` ([`super::plain`]).

use super::correlation::{Correlation, Places};
use super::lanes::{Lanes, Term};
use super::nonzeros::{Blocks, Nonzeros};
use super::scratch::Item;
use super::windows::{Unpooled, Windows};

/// The loops of one type of number. All slices hold images in channels-last memory.
pub(crate) trait Loops: Item {
    /// The loops by which the gradients of a convolution leave out products with zeros, for a type
    /// that has them.
    const NONZERO_LOOPS: Option<NonzeroLoops<Self>>;

    /// Writes the sums of all `places` to `out`, as [`Correlation`] says.
    fn correlate(correlation: &Correlation<'_, Self>, places: &Places, out: &mut [Self]);

    /// Adds the terms of the pixels `[a, b]`, each of `width` channels, to the sums of the channels.
    fn add_terms<S: Term<P, T>, const P: usize, const T: usize>(
        pixels: [&[Self]; 2],
        width: usize,
        channels: &[Lanes<P>],
        sums: &mut [Lanes<T>],
    );

    /// Replaces each value of `a` by its term, rounded once; pixels have `width` channels.
    fn replace_by_terms<S: Term<P, 1>, const P: usize>(
        a: &mut [Self],
        b: &[Self],
        width: usize,
        channels: &[Lanes<P>],
    );

    /// Writes the largest value of each window to `out` and its pixel to `argmax`: the first of
    /// equal values, or the last NaN. With a ReLU, 0 and [`NOWHERE`](super::windows::NOWHERE) where all are 0 or
    /// less.
    fn pool(windows: Windows<'_>, x: &[Self], out: &mut [Self], argmax: &mut [u32]);

    /// Writes the gradient of each window to the pixel that `argmax` names, and zeros to the other
    /// pixels of the window, where windows do not overlap. Returns false where an index is neither a pixel of
    /// its window nor [`NOWHERE`](super::windows::NOWHERE), and for a type without vector code.
    fn unpool(windows: Windows<'_>, dout: &[Self], argmax: &[u32], dx: &mut [Self]) -> bool;

    /// As [`Self::add_terms`] of what [`Self::unpool`] would write, and of x, where the terms of a zero are
    /// zeros. Returns whether it did: not for a type without vector code. Gradients whose pixel lies outside
    /// their window are left out.
    fn add_unpooled_terms<S: Term<P, T>, const P: usize, const T: usize>(
        unpooled: Unpooled<'_, Self>,
        channels: &[Lanes<P>],
        sums: &mut [Lanes<T>],
    ) -> bool;

    /// As [`Self::replace_by_terms`] of what [`Self::unpool`] would write to `dx`, and of x, for the pixels of
    /// the windows. Returns whether it did, as [`Self::unpool`].
    fn write_unpooled_terms<S: Term<P, 1>, const P: usize>(
        unpooled: Unpooled<'_, Self>,
        channels: &[Lanes<P>],
        dx: &mut [Self],
    ) -> bool;
}

/// The loops over the values of an image that are not zero.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NonzeroLoops<F: Item> {
    /// Fills the nonzeros with those of one image, whose channels have these tags (filled up to
    /// whole vectors).
    pub collect: fn(&[F], &[u32], &mut Nonzeros<F>),
    /// For each pixel p and each of its nonzeros with tag t: out\[p\] += nonzero · values\[t\].
    pub scatter: fn(&Nonzeros<F>, Blocks<'_>, &[F], &mut [F]),
    /// For each pixel p and each of its nonzeros with tag t: sums\[t\] += image\[p\] · nonzero.
    pub gather: fn(&Nonzeros<F>, Blocks<'_>, &[F], &mut [F]),
}
