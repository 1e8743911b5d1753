//! a·b + c with a single rounding, on any processor.

/// a·b + c, rounded once, on any processor.
///
/// The product of two `f32` is exact in `f64`. Their sum with `c` is not, and rounding it twice can
/// go wrong; so it is rounded *to odd* first, after which rounding to `f32` is as good as rounding
/// once (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms using
/// rounding to odd", 2008). The system's own `fmaf` is not used: its bits are the system's.
#[inline(always)]
pub(crate) fn fused(a: f32, b: f32, c: f32) -> f32 {
    if cfg!(any(target_feature = "fma", target_arch = "aarch64")) {
        return a.mul_add(b, c);
    }
    let (product, c) = (f64::from(a) * f64::from(b), f64::from(c));
    let sum = product + c;
    // What `sum` lacks, exactly: Knuth's two-sum.
    let c_part = sum - product;
    let lack = (product - (sum - c_part)) + (c - c_part);
    let bits = sum.to_bits();
    // Not where the sum is infinite or NaN, and this NaN.
    let inexact = lack.abs() > 0.0;
    // Towards the true value, by one unit in the last place: away from zero where signs agree.
    let away = (lack < 0.0) == (sum < 0.0);
    let moved = if away { bits.wrapping_add(1) } else { bits.wrapping_sub(1) };
    let odd = if inexact && bits & 1 == 0 { moved } else { bits };
    f64::from_bits(odd) as f32
}
