//! The decisions that an implementation takes, each with its right answer and the wrong ones that
//! people give.

use crate::submission::Touched;

/// How images become the rows of a matrix with a column a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IntoRows {
    /// Transposed by these axes, then read in order. Right: `[0, 2, 3, 1]`.
    Transposed([usize; 4]),
    /// Read in order as (C, N·H·W), then transposed.
    ChannelsFirst,
}

/// How rows become images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FromRows {
    /// Read as an array whose axes are these of (N, C, H, W), then transposed by those. Right:
    /// `[0, 2, 3, 1]`, `[0, 3, 1, 2]`.
    Transposed([usize; 4], [usize; 4]),
    /// Transposed, then read in order.
    ChannelsFirst,
    /// Left as rows.
    Rows,
}

/// The axes that values share a mean and a variance over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    /// N, H, W: right.
    Channel,
    /// N.
    Position,
    /// H, W.
    Instance,
    /// C, H, W.
    Image,
    /// All.
    All,
    /// N, H.
    Column,
    /// N, W.
    Row,
    /// N, C.
    Pixel,
}

/// What a sum is divided by for a mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Count {
    /// The number of summands.
    Right,
    /// One fewer.
    LessOne,
    /// N.
    Images,
    /// H·W.
    Positions,
    /// N·C·H·W.
    Everything,
    /// C.
    Channels,
    /// 1.
    One,
}

/// Where ε goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Epsilon {
    Inside,
    Outside,
    Missing,
    Squared,
    /// √σ² + √ε.
    Rooted,
    /// x̂ + ε, after a division by √σ².
    AfterDivision,
    /// σ² − ε.
    Subtracted,
    /// Another ε than the one given.
    HardCoded(f64),
    /// √(σ² + ε) + ε.
    InsideAndOutside,
    /// max(σ², ε).
    Floor,
}

/// What the centred value is divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spread {
    Std,
    Variance,
    /// Multiplied instead of divided.
    TimesStd,
    /// Nothing.
    One,
    /// The fourth root.
    RootOfStd,
}

/// What is subtracted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Centre {
    Mean,
    Nothing,
    /// The mean is added.
    Added,
}

/// How the variance is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variance {
    Centred,
    /// `E[x²]`.
    Uncentred,
    /// `E[x²] − E[x]²`, in the precision of x.
    Cancelling,
    /// E|x − μ|, squared.
    MeanDeviation,
}

/// How γ and β are applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Affine {
    Right,
    NoGamma,
    NoBeta,
    Neither,
    Swapped,
    /// γ·(x̂ + β).
    BetaInside,
    MinusBeta,
    /// x̂/γ + β.
    OverGamma,
    /// Along the last axis instead of the channels.
    LastAxis,
    /// (1 + γ)·x̂ + β.
    OnePlusGamma,
}

/// Whose statistics normalise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Batch,
    Running,
    /// The batch's mean, the running variance.
    RunningVarOnly,
    /// The running mean, the batch's variance.
    RunningMeanOnly,
    /// The starting values, whatever was stored.
    Start,
}

/// How a running statistic r follows the batch's b.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Follow {
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
    Kept,
    /// (1 − m)·b.
    Forgotten,
    /// m·r − (1 − m)·b.
    Subtracted,
    /// With another m than the one given.
    HardCoded(f64),
    /// Twice in one call.
    Twice,
    /// m·b + m·r.
    MomentumTwice,
    /// (r + b)/2.
    Average,
}

/// What the running variance follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunningVar {
    /// The variance that normalises.
    Same,
    Unbiased,
    Std,
    WithEps,
    /// Σ(x − μ)², not divided.
    Sum,
    /// √(σ² + ε).
    StdWithEps,
    /// 1/√(σ² + ε).
    InverseStd,
    /// The batch's mean.
    Mean,
    /// The variance of the output.
    OfOut,
    /// `E[x²]`.
    Uncentred,
    /// Around the updated running mean.
    AroundRunningMean,
}

/// What the running mean follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunningMean {
    Same,
    Sum,
    Variance,
    OfOut,
    OfFirstImage,
}

/// What the term through the variance is a multiple of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VarianceTerm {
    XHat,
    X,
    /// 1.
    One,
}

/// What dγ sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dgamma {
    XHat,
    X,
    Centred,
    Out,
    /// γ·x̂.
    Scaled,
    /// Without dout.
    WithoutDout,
    /// x̂·dout/σ.
    OverStd,
}

/// What dβ sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dbeta {
    Dout,
    /// γ·dout.
    Scaled,
    Dx,
    /// β·dout.
    TimesBeta,
}

/// The axes that a parameter's gradient sums over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SummedOver {
    /// N, H, W.
    Right,
    /// N, leaving (C, H, W).
    Images,
    /// H, W, leaving (N, C).
    Positions,
    /// Everything, leaving ().
    Everything,
    /// The mean over N, H, W.
    Mean,
    /// Divided by N.
    OverImages,
}

/// What dx is multiplied by in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    Right,
    /// 1/σ missing.
    NoStd,
    /// 1/σ².
    StdTwice,
    /// γ missing.
    NoGamma,
    GammaTwice,
    OverN,
    TimesN,
    Half,
    Twice,
    Negative,
}

/// Where the backward pass finds what the forward pass computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cache {
    Own,
    /// In a variable that each forward pass writes over.
    Global,
    /// The caller's x itself, x̂ computed anew from it.
    ViewOfX,
    /// Used up by the first backward pass, which scales x̂ in place.
    UsedUp,
}

/// What is done in a mode that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnknownMode {
    Refused,
    Train,
    Eval,
    /// x comes back as it is.
    Identity,
}

/// The element type of the results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResultType {
    AsGiven,
    Double,
    Single,
}

/// The shape of results that should be (C,).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VectorShape {
    /// (C,).
    Right,
    /// (1, C).
    Row,
    /// (1, C, 1, 1).
    Kept,
}

/// How a batch is normalised; training and evaluation have one each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Normalization {
    pub source: Source,
    pub centre: Centre,
    pub epsilon: Epsilon,
    pub spread: Spread,
    pub affine: Affine,
    /// Whether x comes back as it is.
    pub identity: bool,
}

impl Normalization {
    const fn by(source: Source) -> Self {
        Self {
            source,
            centre: Centre::Mean,
            epsilon: Epsilon::Inside,
            spread: Spread::Std,
            affine: Affine::Right,
            identity: false,
        }
    }
}

/// All decisions. [`Choices::RIGHT`] is right in each.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Choices {
    // Arrangement.
    pub x_into: IntoRows,
    pub out_from: FromRows,
    pub dout_into: IntoRows,
    pub dx_from: FromRows,
    // Forward pass.
    pub group: Group,
    pub mean_count: Count,
    pub var_count: Count,
    pub variance: Variance,
    pub train: Normalization,
    // Running statistics.
    pub mean_follows: Follow,
    pub var_follows: Follow,
    pub running_mean: RunningMean,
    pub running_var: RunningVar,
    pub running_swapped: bool,
    /// What the running variance starts at where none is given.
    pub var_starts_at: f64,
    pub running_shape: VectorShape,
    // Evaluation.
    pub eval: Normalization,
    pub eval_updates: bool,
    // Backward pass: dx is scale·γ/σ·(direct·dout + through_mean·Σdout/n +
    // through_var·x̂·σ^std_power·Σ(dout·x̂)/n).
    pub direct: f64,
    pub through_mean: f64,
    pub through_var: f64,
    pub std_power: i32,
    pub variance_term: VarianceTerm,
    pub mean_sum_count: Count,
    pub var_sum_count: Count,
    pub backward_group: Group,
    pub backward_epsilon: Option<Epsilon>,
    pub scale: Scale,
    pub dgamma: Dgamma,
    pub dbeta: Dbeta,
    pub dgamma_sum: SummedOver,
    pub dbeta_sum: SummedOver,
    pub parameters_swapped: bool,
    pub gradient_shape: VectorShape,
    // Everything else.
    pub forward_touches: &'static [Touched],
    pub backward_touches: &'static [Touched],
    pub cache: Cache,
    pub unknown_mode: UnknownMode,
    pub forward_type: ResultType,
    pub backward_type: ResultType,
}

impl Choices {
    /// The axes of the right way into rows.
    pub(crate) const INTO: IntoRows = IntoRows::Transposed([0, 2, 3, 1]);

    /// And of the right way back.
    pub(crate) const FROM: FromRows = FromRows::Transposed([0, 2, 3, 1], [0, 3, 1, 2]);

    /// Batch norm as it should be.
    pub(crate) const RIGHT: Self = Self {
        x_into: Self::INTO,
        out_from: Self::FROM,
        dout_into: Self::INTO,
        dx_from: Self::FROM,
        group: Group::Channel,
        mean_count: Count::Right,
        var_count: Count::Right,
        variance: Variance::Centred,
        train: Normalization::by(Source::Batch),
        mean_follows: Follow::Right,
        var_follows: Follow::Right,
        running_mean: RunningMean::Same,
        running_var: RunningVar::Same,
        running_swapped: false,
        var_starts_at: 0.0,
        running_shape: VectorShape::Right,
        eval: Normalization::by(Source::Running),
        eval_updates: false,
        direct: 1.0,
        through_mean: -1.0,
        through_var: -1.0,
        std_power: 0,
        variance_term: VarianceTerm::XHat,
        mean_sum_count: Count::Right,
        var_sum_count: Count::Right,
        backward_group: Group::Channel,
        backward_epsilon: None,
        scale: Scale::Right,
        dgamma: Dgamma::XHat,
        dbeta: Dbeta::Dout,
        dgamma_sum: SummedOver::Right,
        dbeta_sum: SummedOver::Right,
        parameters_swapped: false,
        gradient_shape: VectorShape::Right,
        forward_touches: &[],
        backward_touches: &[],
        cache: Cache::Own,
        unknown_mode: UnknownMode::Refused,
        forward_type: ResultType::AsGiven,
        backward_type: ResultType::AsGiven,
    };
}
