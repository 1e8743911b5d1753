//! Choices of the running statistics.

/// How a running statistic r is updated from the batch's statistic b with momentum m.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum RunningUpdate {
    /// m·r + (1 − m)·b.
    Right,
    /// (1 − m)·r + m·b.
    Swapped,
    /// m·r + b.
    WholeBatch,
    /// r + (1 − m)·b.
    WholeRunning,
    /// b.
    Replaced,
    /// r.
    Unchanged,
    /// (1 − m)·b.
    Forgotten,
    /// m·r − (1 − m)·b.
    Subtracted,
    /// The right formula with this m, whatever the caller's is.
    HardCoded(f64),
    /// The right formula, twice in one call.
    Twice,
    /// m·r + m·b.
    MomentumTwice,
    /// (r + b)/2.
    Average,
    /// r + (b − r)/t, where t counts the updates.
    Cumulative,
    /// s/max(1 − mᵗ, this), where t counts the updates, s starts at 0 and becomes m·s + (1 − m)·b.
    BiasCorrected(f64),
    /// (m·r + (1 − m)·b)/(1 − mᵗ).
    Corrected,
    /// b if r is zero in every channel, else the right formula.
    FirstBatch,
}

/// The statistic that the running variance is updated from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunningVar {
    /// The variance that normalises: right.
    Variance,
    Unbiased,
    Std,
    /// σ² + ε.
    WithEps,
    /// Σ(x − μ)².
    Sum,
    /// √(σ² + ε).
    StdWithEps,
    /// 1/√(σ² + ε).
    InverseStd,
    Mean,
    /// The variance of the output.
    OfOut,
    /// `E[x²]`.
    Uncentred,
    /// `E[(x − r)²]`, where r is the updated running mean.
    AroundRunningMean,
}

/// The statistic that the running mean is updated from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunningMean {
    /// The mean of the batch: right.
    Mean,
    Sum,
    Variance,
    /// The mean of the output.
    OfOut,
    OfFirstImage,
}
