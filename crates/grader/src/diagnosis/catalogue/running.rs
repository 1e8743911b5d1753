//! Mistakes in the running statistics.

use super::hints::*;
use crate::diagnosis::choices::{RunningMean, RunningUpdate, RunningVar};
use crate::diagnosis::mistake::{Group, Mistake, convention};

pub(super) const MISTAKES: &[Mistake] = &[
    convention(Group::Running.mistake_in(
        "random/momentum_third",
        "pytorch_momentum",
        "your running statistics use PyTorch's momentum, which is the weight of the batch and not of the old value",
        MOMENTUM_WEIGHTS,
        |choices| choices.update_running(RunningUpdate::Swapped),
    )),
    convention(Group::Running.mistake(
        "running_var_unbiased",
        "your running variance follows the unbiased variance, as PyTorch's does",
        "By which number do you divide the sum of squares for the variance that you store?",
        |choices| choices.running_var = RunningVar::Unbiased,
    )),
    Group::Running.mistake_in(
        "random/momentum_third",
        "running_mean_momentum_swapped",
        "the two weights of your running mean are swapped, but those of the running variance are not",
        MOMENTUM_WEIGHTS,
        |choices| choices.mean_update = RunningUpdate::Swapped,
    ),
    Group::Running.mistake_in(
        "random/momentum_third",
        "running_var_momentum_swapped",
        "the two weights of your running variance are swapped, but those of the running mean are not",
        MOMENTUM_WEIGHTS,
        |choices| choices.var_update = RunningUpdate::Swapped,
    ),
    Group::Running.mistake(
        "running_adds_whole_batch",
        "your running statistics add the batch's statistics with weight 1",
        LIMIT_OF_RUNNING_MEAN,
        |choices| choices.update_running(RunningUpdate::WholeBatch),
    ),
    Group::Running.mistake(
        "running_without_decay",
        "your running statistics keep the old value with weight 1",
        LIMIT_OF_RUNNING_MEAN,
        |choices| choices.update_running(RunningUpdate::WholeRunning),
    ),
    Group::Running.mistake(
        "running_replaced",
        "your running statistics are those of the last batch",
        FIRST_BATCH_AFTER_SECOND,
        |choices| choices.update_running(RunningUpdate::Replaced),
    ),
    Group::Running.mistake(
        "running_not_stored",
        "your running statistics never change",
        WHERE_STORED,
        |choices| choices.update_running(RunningUpdate::Unchanged),
    ),
    Group::Running.mistake(
        "running_mean_not_stored",
        "your running mean never changes, but the running variance does",
        WHERE_STORED,
        |choices| choices.mean_update = RunningUpdate::Unchanged,
    ),
    Group::Running.mistake(
        "running_var_not_stored",
        "your running variance never changes, but the running mean does",
        WHERE_STORED,
        |choices| choices.var_update = RunningUpdate::Unchanged,
    ),
    Group::Running.mistake(
        "running_mean_replaced",
        "your running mean is the mean of the last batch",
        FIRST_BATCH_AFTER_SECOND,
        |choices| choices.mean_update = RunningUpdate::Replaced,
    ),
    Group::Running.mistake(
        "running_var_replaced",
        "your running variance is the variance of the last batch",
        FIRST_BATCH_AFTER_SECOND,
        |choices| choices.var_update = RunningUpdate::Replaced,
    ),
    Group::Running.mistake(
        "running_forgets",
        "your running statistics drop the old value and keep only the batch's share",
        FIRST_BATCH_AFTER_SECOND,
        |choices| choices.update_running(RunningUpdate::Forgotten),
    ),
    Group::Running.mistake(
        "running_subtracts",
        "your running statistics subtract the batch's share",
        LIMIT_OF_RUNNING_MEAN,
        |choices| choices.update_running(RunningUpdate::Subtracted),
    ),
    Group::Running.mistake_in(
        "random/momentum_third",
        "momentum_hard_coded",
        "you use 0.9 for momentum, whatever bn_param says",
        "Where does your momentum come from?",
        |choices| choices.update_running(RunningUpdate::HardCoded(0.9)),
    ),
    Group::Running.mistake(
        "momentum_on_both",
        "both terms of your running statistics have the weight momentum",
        MOMENTUM_WEIGHTS,
        |choices| choices.update_running(RunningUpdate::MomentumTwice),
    ),
    Group::Running.mistake(
        "running_updated_twice",
        "your running statistics are updated twice in one call",
        "If you call batchnorm_forward, does it update them too?",
        |choices| choices.update_running(RunningUpdate::Twice),
    ),
    Group::Running.mistake(
        "running_averaged",
        "your running statistics are the average of the old value and the batch's",
        "Where does momentum occur in your update?",
        |choices| choices.update_running(RunningUpdate::Average),
    ),
    Group::Running.mistake(
        "running_var_is_std",
        "your running variance follows the standard deviation",
        ROOT_IN_EVALUATION,
        |choices| choices.running_var = RunningVar::Std,
    ),
    Group::Running.mistake(
        "running_var_is_std_with_epsilon",
        "your running variance follows the standard deviation that normalises, epsilon included",
        ROOT_IN_EVALUATION,
        |choices| choices.running_var = RunningVar::StdWithEps,
    ),
    Group::Running.mistake(
        "running_var_with_epsilon",
        "your running variance includes epsilon",
        "How often has epsilon been added by the time evaluation divides?",
        |choices| choices.running_var = RunningVar::WithEps,
    ),
    Group::Running.mistake(
        "running_var_is_sum",
        "your running variance follows a sum of squares, not divided by the number of values",
        VALUES_PER_MEAN,
        |choices| choices.running_var = RunningVar::Sum,
    ),
    Group::Running.mistake(
        "running_mean_is_sum",
        "your running mean follows a sum, not divided by the number of values",
        VALUES_PER_MEAN,
        |choices| choices.running_mean = RunningMean::Sum,
    ),
    Group::Running.mistake(
        "running_var_is_inverse_std",
        "your running variance follows 1 over the standard deviation",
        ROOT_IN_EVALUATION,
        |choices| choices.running_var = RunningVar::InverseStd,
    ),
    Group::Running.mistake(
        "running_var_is_mean",
        "your running variance follows the batch's mean",
        READ_BY_UPDATES,
        |choices| choices.running_var = RunningVar::Mean,
    ),
    Group::Running.mistake(
        "running_mean_is_var",
        "your running mean follows the batch's variance",
        READ_BY_UPDATES,
        |choices| choices.running_mean = RunningMean::Variance,
    ),
    Group::Running.mistake(
        "running_of_output",
        "your running statistics follow the output's mean and variance, not those of x",
        "Evaluation subtracts the running mean from x. Which mean should that be?",
        |choices| {
            choices.running_mean = RunningMean::OfOut;
            choices.running_var = RunningVar::OfOut;
        },
    ),
    Group::Running.mistake(
        "running_swapped",
        "your running mean is stored as the running variance, and the running variance as the running mean",
        "Which key of bn_param does each of your two updates write?",
        |choices| choices.running_swapped = true,
    ),
    Group::Running.mistake_in(
        "behaviour/starts_empty",
        "running_var_starts_at_one",
        "your running variance starts at 1 if bn_param has none",
        "What should the running statistics be before the first batch?",
        |choices| choices.var_starts_at = 1.0,
    ),
    Group::Running.mistake(
        "running_var_not_centred",
        "your running variance follows the mean of x squared",
        VARIANCE_OF_CONSTANT,
        |choices| choices.running_var = RunningVar::Uncentred,
    ),
    Group::Running.mistake(
        "running_var_around_running_mean",
        "your running variance follows squares around the running mean, not around the batch's mean",
        "Around which mean should the batch's variance be taken?",
        |choices| choices.running_var = RunningVar::AroundRunningMean,
    ),
    Group::Running.mistake(
        "running_mean_of_first_image",
        "your running mean follows the first image alone",
        VALUES_PER_MEAN,
        |choices| choices.running_mean = RunningMean::OfFirstImage,
    ),
];
