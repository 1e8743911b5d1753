//! Choices of the backward pass.

/// What stands for x̂ in the term of dx through the variance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VarianceTerm {
    XHat,
    X,
    One,
}

/// The summands of dγ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DgammaSummand {
    /// dout·x̂: right.
    XHat,
    /// dout·x.
    X,
    /// dout·(x − μ).
    Centred,
    /// dout·out.
    Out,
    /// dout·γ·x̂.
    Scaled,
    /// x̂.
    WithoutDout,
    /// dout.
    WithoutXHat,
    /// dout·x̂/σ.
    OverStd,
    Zero,
}

/// The summands of dβ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DbetaSummand {
    Dout,
    /// γ·dout.
    Scaled,
    Dx,
    /// β·dout.
    TimesBeta,
    /// dout·x̂.
    TimesXHat,
    Zero,
}

/// The axes that dγ or dβ sums over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SummedOver {
    /// N, H, W.
    Right,
    /// N, which leaves (C, H, W).
    Images,
    /// H, W, which leaves (N, C).
    Pixels,
    /// All, which leaves ().
    AllValues,
    /// The mean over N, H, W instead of the sum.
    Mean,
    /// The right sum divided by N.
    OverImages,
}

/// What dx is multiplied by in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DxFactor {
    /// γ/σ.
    Right,
    /// γ.
    NoStd,
    /// γ/σ².
    StdTwice,
    /// 1/σ.
    NoGamma,
    /// γ²/σ.
    GammaTwice,
    /// |γ|/σ.
    AbsoluteGamma,
    OverN,
    TimesN,
    Half,
    Twice,
    Negative,
    Zero,
}
