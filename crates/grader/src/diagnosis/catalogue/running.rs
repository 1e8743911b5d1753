//! Mistakes in the running statistics.

use super::super::choices::{Follow, RunningMean, RunningVar};
use super::{Group, Mistake, convention, mistake};

pub(super) const MISTAKES: &[Mistake] = &[
    convention(mistake(
        Group::Running,
        "pytorch_momentum",
        "your running statistics use PyTorch's momentum, which is the weight of the batch, not of the old value",
        "Write down the weights that momentum gives to the old value and to the batch's. Which is 0.9?",
        "random/momentum_third",
        |choices| {
            choices.mean_follows = Follow::Swapped;
            choices.var_follows = Follow::Swapped;
        },
    )),
    convention(mistake(
        Group::Running,
        "running_var_unbiased",
        "your running variance follows the unbiased variance, as PyTorch's does",
        "By which number did you divide the variance that you store?",
        "random/train",
        |choices| choices.running_var = RunningVar::Unbiased,
    )),
    mistake(
        Group::Running,
        "running_mean_momentum_swapped",
        "the two weights of your running mean are swapped; those of the running variance are not",
        "Write down the weights that momentum gives to the old value and to the batch's. Which is 0.9?",
        "random/momentum_third",
        |choices| choices.mean_follows = Follow::Swapped,
    ),
    mistake(
        Group::Running,
        "running_var_momentum_swapped",
        "the two weights of your running variance are swapped; those of the running mean are not",
        "Write down the weights that momentum gives to the old value and to the batch's. Which is 0.9?",
        "random/momentum_third",
        |choices| choices.var_follows = Follow::Swapped,
    ),
    mistake(
        Group::Running,
        "running_adds_whole_batch",
        "your running statistics add the batch's in full weight",
        "If every batch has mean 1, what should the running mean approach, and what does yours?",
        "random/train",
        |choices| {
            choices.mean_follows = Follow::WholeBatch;
            choices.var_follows = Follow::WholeBatch;
        },
    ),
    mistake(
        Group::Running,
        "running_without_decay",
        "your running statistics keep the old value in full weight",
        "If every batch has mean 1, what should the running mean approach, and what does yours?",
        "random/train",
        |choices| {
            choices.mean_follows = Follow::WholeRunning;
            choices.var_follows = Follow::WholeRunning;
        },
    ),
    mistake(
        Group::Running,
        "running_replaced",
        "your running statistics are the last batch's",
        "What is left of the first batch after the second?",
        "random/train",
        |choices| {
            choices.mean_follows = Follow::Replaced;
            choices.var_follows = Follow::Replaced;
        },
    ),
    mistake(
        Group::Running,
        "running_not_stored",
        "your running statistics never change",
        "Where do the updated values go, and who will look there in the next call?",
        "random/train",
        |choices| {
            choices.mean_follows = Follow::Kept;
            choices.var_follows = Follow::Kept;
        },
    ),
    mistake(
        Group::Running,
        "running_mean_not_stored",
        "your running mean never changes; the running variance does",
        "Where do the updated values go, and who will look there in the next call?",
        "random/train",
        |choices| choices.mean_follows = Follow::Kept,
    ),
    mistake(
        Group::Running,
        "running_var_not_stored",
        "your running variance never changes; the running mean does",
        "Where do the updated values go, and who will look there in the next call?",
        "random/train",
        |choices| choices.var_follows = Follow::Kept,
    ),
    mistake(
        Group::Running,
        "running_mean_replaced",
        "your running mean is the last batch's",
        "What is left of the first batch after the second?",
        "random/train",
        |choices| choices.mean_follows = Follow::Replaced,
    ),
    mistake(
        Group::Running,
        "running_var_replaced",
        "your running variance is the last batch's",
        "What is left of the first batch after the second?",
        "random/train",
        |choices| choices.var_follows = Follow::Replaced,
    ),
    mistake(
        Group::Running,
        "running_forgets",
        "your running statistics drop the old value and keep a part of the batch's",
        "What is left of the first batch after the second?",
        "random/train",
        |choices| {
            choices.mean_follows = Follow::Forgotten;
            choices.var_follows = Follow::Forgotten;
        },
    ),
    mistake(
        Group::Running,
        "running_subtracts",
        "your running statistics subtract the batch's part",
        "If every batch has mean 1, what should the running mean approach, and what does yours?",
        "random/train",
        |choices| {
            choices.mean_follows = Follow::Subtracted;
            choices.var_follows = Follow::Subtracted;
        },
    ),
    mistake(
        Group::Running,
        "momentum_hard_coded",
        "you use 0.9 for momentum, whatever bn_param says",
        "Where does your momentum come from?",
        "random/momentum_third",
        |choices| {
            choices.mean_follows = Follow::HardCoded(0.9);
            choices.var_follows = Follow::HardCoded(0.9);
        },
    ),
    mistake(
        Group::Running,
        "momentum_on_both",
        "both terms of your running statistics have the weight momentum",
        "Write down the weights that momentum gives to the old value and to the batch's. Which is 0.9?",
        "random/train",
        |choices| {
            choices.mean_follows = Follow::MomentumTwice;
            choices.var_follows = Follow::MomentumTwice;
        },
    ),
    mistake(
        Group::Running,
        "running_updated_twice",
        "your running statistics are updated twice in one call",
        "Who else updates them, if you call batchnorm_forward?",
        "random/train",
        |choices| {
            choices.mean_follows = Follow::Twice;
            choices.var_follows = Follow::Twice;
        },
    ),
    mistake(
        Group::Running,
        "running_averaged",
        "your running statistics are halfway between the old value and the batch's",
        "What has momentum to do with your update?",
        "random/train",
        |choices| {
            choices.mean_follows = Follow::Average;
            choices.var_follows = Follow::Average;
        },
    ),
    mistake(
        Group::Running,
        "running_var_is_std",
        "your running variance follows the standard deviation",
        "What does evaluation take the root of?",
        "random/train",
        |choices| choices.running_var = RunningVar::Std,
    ),
    mistake(
        Group::Running,
        "running_var_is_std_with_epsilon",
        "your running variance follows the standard deviation that normalises, epsilon included",
        "What does evaluation take the root of?",
        "random/train",
        |choices| choices.running_var = RunningVar::StdWithEps,
    ),
    mistake(
        Group::Running,
        "running_var_with_epsilon",
        "your running variance has epsilon in it",
        "How often is epsilon added until evaluation has its denominator?",
        "random/train",
        |choices| choices.running_var = RunningVar::WithEps,
    ),
    mistake(
        Group::Running,
        "running_var_is_sum",
        "your running variance follows a sum of squares that nothing divides",
        "How many values is each mean taken over?",
        "random/train",
        |choices| choices.running_var = RunningVar::Sum,
    ),
    mistake(
        Group::Running,
        "running_mean_is_sum",
        "your running mean follows a sum that nothing divides",
        "How many values is each mean taken over?",
        "random/train",
        |choices| choices.running_mean = RunningMean::Sum,
    ),
    mistake(
        Group::Running,
        "running_var_is_inverse_std",
        "your running variance follows 1 over the standard deviation",
        "What does evaluation take the root of?",
        "random/train",
        |choices| choices.running_var = RunningVar::InverseStd,
    ),
    mistake(
        Group::Running,
        "running_var_is_mean",
        "your running variance follows the batch's mean",
        "Which variable does each of your two updates read?",
        "random/train",
        |choices| choices.running_var = RunningVar::Mean,
    ),
    mistake(
        Group::Running,
        "running_mean_is_var",
        "your running mean follows the batch's variance",
        "Which variable does each of your two updates read?",
        "random/train",
        |choices| choices.running_mean = RunningMean::Variance,
    ),
    mistake(
        Group::Running,
        "running_of_output",
        "your running statistics follow the output's mean and variance, not those of x",
        "What will evaluation subtract from x?",
        "random/train",
        |choices| {
            choices.running_mean = RunningMean::OfOut;
            choices.running_var = RunningVar::OfOut;
        },
    ),
    mistake(
        Group::Running,
        "running_swapped",
        "your running mean is stored as the running variance, and the other way round",
        "Which key does each of your two updates write?",
        "random/train",
        |choices| choices.running_swapped = true,
    ),
    mistake(
        Group::Running,
        "running_var_starts_at_one",
        "your running variance starts at 1 where bn_param has none",
        "What are the running statistics before the first batch?",
        "behaviour/starts_empty",
        |choices| choices.var_starts_at = 1.0,
    ),
    mistake(
        Group::Running,
        "running_var_not_centred",
        "your running variance follows the mean of x squared",
        "What is the variance of a constant? What is yours?",
        "random/train",
        |choices| choices.running_var = RunningVar::Uncentred,
    ),
    mistake(
        Group::Running,
        "running_var_around_running_mean",
        "your running variance follows the squares around the running mean, not around the batch's",
        "Around which mean is the batch's variance taken?",
        "random/train",
        |choices| choices.running_var = RunningVar::AroundRunningMean,
    ),
    mistake(
        Group::Running,
        "running_mean_of_first_image",
        "your running mean follows the first image alone",
        "How many values is each mean taken over?",
        "random/train",
        |choices| choices.running_mean = RunningMean::OfFirstImage,
    ),
];
