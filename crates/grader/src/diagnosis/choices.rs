//! The choices of an implementation of batch norm. [`Choices::RIGHT`] is right in each.

mod arrays;
mod backward;
mod forward;
mod running;

pub(crate) use arrays::*;
pub(crate) use backward::*;
pub(crate) use forward::*;
pub(crate) use running::*;

use crate::submission::Touched;

/// How a batch is normalised. Training and evaluation each have one of these.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Normalization {
    pub source: StatisticsSource,
    pub centre: Centre,
    pub epsilon: Epsilon,
    pub denominator: Denominator,
    pub affine: Affine,
    /// Whether x is returned unchanged.
    pub identity: bool,
    /// Whether the output is cut to whole numbers where γ is of whole numbers.
    pub in_type_of_gamma: bool,
    /// Whether the images of the output are in reverse order.
    pub reversed: bool,
}

impl Normalization {
    const fn by(source: StatisticsSource) -> Self {
        Self {
            source,
            centre: Centre::Mean,
            epsilon: Epsilon::Inside,
            denominator: Denominator::Std,
            affine: Affine::Right,
            identity: false,
            in_type_of_gamma: false,
            reversed: false,
        }
    }
}

/// Every choice that an implementation makes.
///
/// The gradient of x is
/// `dx = factor·(direct·dout + through_mean·Σdout/n + through_var·x̂·σ^std_power·Σ(dout·x̂)/n)`,
/// where the right factor is γ/σ.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Choices {
    // How images become rows, and rows images.
    pub x_into: IntoRows,
    pub out_from: FromRows,
    pub dout_into: IntoRows,
    pub dx_from: FromRows,
    // Forward pass.
    pub statistics_per: StatisticsPer,
    pub mean_divisor: Divisor,
    pub var_divisor: Divisor,
    pub variance: Variance,
    pub train: Normalization,
    // Running statistics.
    pub mean_update: RunningUpdate,
    pub var_update: RunningUpdate,
    pub running_mean: RunningMean,
    pub running_var: RunningVar,
    pub running_swapped: bool,
    /// The first value of the running variance, if the caller gives none.
    pub var_starts_at: f64,
    /// Whether the first batch's statistics are the first running ones, if the caller gives none.
    pub starts_as_batch: bool,
    /// Whether the running statistics are kept where the caller does not find them.
    pub running_outside: bool,
    // What holds where `bn_param` has no such entry.
    pub default_eps: f64,
    pub default_momentum: f64,
    pub required: Required,
    // Evaluation.
    pub eval: Normalization,
    pub train_updates: bool,
    pub eval_updates: bool,
    // Backward pass.
    pub direct: f64,
    pub through_mean: f64,
    pub through_var: f64,
    pub std_power: i32,
    pub variance_term: VarianceTerm,
    pub dx_mean_divisor: Divisor,
    pub dx_var_divisor: Divisor,
    pub dx_sums_per: StatisticsPer,
    /// `None` if the backward pass uses the forward pass's standard deviation.
    pub backward_epsilon: Option<Epsilon>,
    pub dx_factor: DxFactor,
    pub dgamma: DgammaSummand,
    pub dbeta: DbetaSummand,
    pub dgamma_sum: SummedOver,
    pub dbeta_sum: SummedOver,
    /// Which of dx, dgamma and dbeta is returned in which place.
    pub returned: [usize; 3],
    /// Whether the images of dx are in reverse order.
    pub dx_reversed: bool,
    /// Which pass rounds every array to single precision on its way.
    pub rounds: Rounds,
    /// Whether every call gives something else.
    pub differs_by_call: bool,
    // Arrays, cache and modes.
    pub forward_touches: &'static [Touched],
    pub backward_touches: &'static [Touched],
    pub cache: Cache,
    pub unknown_mode: UnknownMode,
    pub forward_type: ResultType,
    /// The type of the running statistics, if it is not that of the output.
    pub running_type: ResultType,
    pub backward_type: ResultType,
}

impl Choices {
    /// The right choices.
    pub(crate) const RIGHT: Self = Self {
        x_into: IntoRows::RIGHT,
        out_from: FromRows::RIGHT,
        dout_into: IntoRows::RIGHT,
        dx_from: FromRows::RIGHT,
        statistics_per: StatisticsPer::Channel,
        mean_divisor: Divisor::Summands,
        var_divisor: Divisor::Summands,
        variance: Variance::Centred,
        train: Normalization::by(StatisticsSource::Batch),
        mean_update: RunningUpdate::Right,
        var_update: RunningUpdate::Right,
        running_mean: RunningMean::Mean,
        running_var: RunningVar::Variance,
        running_swapped: false,
        var_starts_at: 0.0,
        starts_as_batch: false,
        running_outside: false,
        default_eps: 1e-5,
        default_momentum: 0.9,
        required: Required::Nothing,
        eval: Normalization::by(StatisticsSource::Running),
        train_updates: true,
        eval_updates: false,
        direct: 1.0,
        through_mean: -1.0,
        through_var: -1.0,
        std_power: 0,
        variance_term: VarianceTerm::XHat,
        dx_mean_divisor: Divisor::Summands,
        dx_var_divisor: Divisor::Summands,
        dx_sums_per: StatisticsPer::Channel,
        backward_epsilon: None,
        dx_factor: DxFactor::Right,
        dgamma: DgammaSummand::XHat,
        dbeta: DbetaSummand::Dout,
        dgamma_sum: SummedOver::Right,
        dbeta_sum: SummedOver::Right,
        returned: [0, 1, 2],
        dx_reversed: false,
        rounds: Rounds::Nowhere,
        differs_by_call: false,
        forward_touches: &[],
        backward_touches: &[],
        cache: Cache::Own,
        unknown_mode: UnknownMode::Refused,
        forward_type: ResultType::AsGiven,
        running_type: ResultType::AsGiven,
        backward_type: ResultType::AsGiven,
    };

    /// Updates both running statistics in this way.
    pub(crate) fn update_running(&mut self, update: RunningUpdate) {
        self.mean_update = update;
        self.var_update = update;
    }

    /// Takes statistics, and the sums of dx that belong to them, per this.
    pub(crate) fn normalize_per(&mut self, per: StatisticsPer) {
        self.statistics_per = per;
        self.dx_sums_per = per;
    }

    /// Divides both sums of dx by this.
    pub(crate) fn divide_dx_sums(&mut self, divisor: Divisor) {
        self.dx_mean_divisor = divisor;
        self.dx_var_divisor = divisor;
    }

    /// Sums dgamma and dbeta over these axes.
    pub(crate) fn sum_parameters(&mut self, over: SummedOver) {
        self.dgamma_sum = over;
        self.dbeta_sum = over;
    }

    /// Gives all results this type.
    pub(crate) fn return_type(&mut self, of_results: ResultType) {
        self.forward_type = of_results;
        self.backward_type = of_results;
    }

    /// Adds epsilon in this way in training and in evaluation.
    pub(crate) fn add_epsilon(&mut self, epsilon: Epsilon) {
        self.train.epsilon = epsilon;
        self.eval.epsilon = epsilon;
    }
}
