//! Choices of the forward pass: statistics, epsilon, scale and shift.

/// What has a mean and a variance of its own. The comment of each variant names the axes that they
/// are taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StatisticsPer {
    /// N, H, W: right.
    Channel,
    /// N.
    ChannelAndPixel,
    /// H, W.
    ChannelAndImage,
    /// C, H, W.
    Image,
    /// N, C, H, W.
    Batch,
    /// N, H.
    ChannelAndColumn,
    /// N, W.
    ChannelAndRow,
    /// N, C.
    Pixel,
}

/// What a sum is divided by to make a mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Divisor {
    /// The number n of summands: right.
    Summands,
    /// n − 1.
    LessOne,
    /// N.
    Images,
    /// H·W.
    Pixels,
    /// N·C·H·W.
    AllValues,
    /// C.
    Channels,
    /// 1.
    One,
}

/// Where ε is added.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Epsilon {
    /// √(σ² + ε): right.
    Inside,
    /// √σ² + ε.
    Outside,
    Missing,
    /// √(σ² + ε²).
    Squared,
    /// √σ² + √ε.
    Rooted,
    /// x̂ + ε, after a division by √σ².
    AfterDivision,
    /// √(σ² − ε).
    Subtracted,
    /// √(σ² + this), whatever ε is.
    HardCoded(f64),
    /// √(σ² + ε) + ε.
    InsideAndOutside,
    /// √(σ² + 2ε).
    TwiceInside,
    /// √max(σ², ε).
    Floor,
}

/// What the centred value is divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denominator {
    Std,
    Variance,
    /// The value is multiplied by σ instead.
    TimesStd,
    One,
    RootOfStd,
}

/// What is subtracted from x.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Centre {
    Mean,
    Nothing,
    /// The absolute value of the mean.
    AbsoluteMean,
    /// The mean is added instead.
    MeanAdded,
}

/// How the variance is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variance {
    /// `E[(x − μ)²]`: right.
    Centred,
    /// `E[x²]`.
    Uncentred,
    /// `E[x²] − E[x]²`, in the precision of x.
    Cancelling,
    /// `(E|x − μ|)²`.
    MeanDeviation,
}

/// How γ and β are applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Affine {
    /// γ·x̂ + β.
    Right,
    /// x̂ + β.
    NoGamma,
    /// γ·x̂.
    NoBeta,
    /// x̂.
    Neither,
    /// β·x̂ + γ.
    Swapped,
    /// γ·(x̂ + β).
    BetaInside,
    /// γ·x̂ − β.
    MinusBeta,
    /// x̂/γ + β.
    OverGamma,
    /// γ·x̂ + β along this axis of (N, C, H, W) instead of the channels.
    Along(usize),
    /// (1 + γ)·x̂ + β.
    OnePlusGamma,
    /// γ²·x̂ + β.
    GammaSquared,
    /// |γ|·x̂ + β.
    AbsoluteGamma,
    Zero,
}

/// The weight of the running statistics in a blend with those of the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blend {
    Momentum,
    Half,
}

/// Which statistics normalise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StatisticsSource {
    Batch,
    Running,
    /// The batch's mean and the running variance.
    RunningVarOnly,
    /// The running mean and the batch's variance.
    RunningMeanOnly,
    /// Zeros, whatever the caller has stored.
    Zeros,
    /// The running mean, and the running variance times n/(n − 1).
    RunningUnbiased,
    /// The averages of the running statistics over all channels.
    RunningOfAllChannels,
    /// The running mean, and the average of the running variance over all channels.
    RunningVarOfAllChannels,
    /// The batch's mean, and the average of its variances over all channels.
    BatchVarOfAllChannels,
    /// The running statistics divided by 1 − mᵗ, where t counts the updates.
    RunningCorrected,
    /// m·running + (1 − m)·batch, which is not stored.
    Blended(Blend),
}
