//! Mistakes in the output of the evaluation pass.

use super::hints::*;
use crate::diagnosis::choices::{Affine, Centre, Denominator, Epsilon, StatisticsSource};
use crate::diagnosis::mistake::{Group, Mistake, convention};

pub(super) const MISTAKES: &[Mistake] = &[
    convention(Group::Evaluation.mistake_in(
        "random/eps_half_eval",
        "eval_without_epsilon",
        "your evaluation leaves epsilon out, as the hand-out's formula does",
        UNDER_THE_ROOT,
        |choices| choices.eval.epsilon = Epsilon::Missing,
    )),
    Group::Evaluation.mistake_in(
        "random/eps_half_eval",
        "eval_epsilon_outside_root",
        "your evaluation adds epsilon to the standard deviation, outside the root",
        UNDER_THE_ROOT,
        |choices| choices.eval.epsilon = Epsilon::Outside,
    ),
    Group::Evaluation.mistake_in(
        "random/eps_half_eval",
        "eval_epsilon_squared",
        "your evaluation adds the square of epsilon",
        UNDER_THE_ROOT,
        |choices| choices.eval.epsilon = Epsilon::Squared,
    ),
    Group::Evaluation.mistake_in(
        "random/eps_half_eval",
        "eval_epsilon_after_division",
        "your evaluation adds epsilon after dividing by the standard deviation",
        UNDER_THE_ROOT,
        |choices| choices.eval.epsilon = Epsilon::AfterDivision,
    ),
    Group::Evaluation.mistake(
        "eval_uses_batch",
        "your evaluation normalises by the batch's own statistics",
        OTHER_IMAGES,
        |choices| choices.eval.source = StatisticsSource::Batch,
    ),
    Group::Evaluation.mistake(
        "mode_ignored",
        "your evaluation is a training pass: it normalises by the batch's own statistics and updates the running ones",
        "What does your code do with mode?",
        |choices| {
            choices.eval.source = StatisticsSource::Batch;
            choices.eval_updates = true;
        },
    ),
    Group::Evaluation.mistake(
        "eval_updates_running",
        "your evaluation updates the running statistics",
        "When may the running statistics change?",
        |choices| choices.eval_updates = true,
    ),
    Group::Evaluation.mistake(
        "eval_uses_batch_mean",
        "your evaluation subtracts the batch's mean",
        OTHER_IMAGES,
        |choices| choices.eval.source = StatisticsSource::RunningVarOnly,
    ),
    Group::Evaluation.mistake(
        "eval_uses_batch_var",
        "your evaluation divides by the batch's standard deviation",
        OTHER_IMAGES,
        |choices| choices.eval.source = StatisticsSource::RunningMeanOnly,
    ),
    Group::Evaluation.mistake(
        "eval_ignores_running",
        "your evaluation normalises by mean 0 and variance 0, whatever bn_param holds",
        "Where does your evaluation look for the running statistics?",
        |choices| choices.eval.source = StatisticsSource::Zeros,
    ),
    Group::Evaluation.mistake(
        "eval_divides_by_variance",
        "your evaluation divides by the running variance, not by its root",
        "If x is in metres, what is the unit of its variance?",
        |choices| choices.eval.denominator = Denominator::Variance,
    ),
    Group::Evaluation.mistake(
        "eval_multiplies_by_std",
        "your evaluation multiplies by the standard deviation instead of dividing",
        "If x is in metres, what is the unit of the normalised x?",
        |choices| choices.eval.denominator = Denominator::TimesStd,
    ),
    Group::Evaluation.mistake(
        "eval_not_divided",
        "your evaluation subtracts the running mean but does not divide",
        EVERY_TERM,
        |choices| choices.eval.denominator = Denominator::One,
    ),
    Group::Evaluation.mistake(
        "eval_mean_not_subtracted",
        "your evaluation does not subtract the running mean",
        EVERY_TERM,
        |choices| choices.eval.centre = Centre::Nothing,
    ),
    Group::Evaluation.mistake(
        "eval_mean_added",
        "your evaluation adds the running mean instead of subtracting it",
        MEAN_BEFORE_BETA,
        |choices| choices.eval.centre = Centre::MeanAdded,
    ),
    Group::Evaluation.mistake(
        "eval_gamma_left_out",
        "your evaluation leaves gamma out",
        EVERY_TERM,
        |choices| choices.eval.affine = Affine::NoGamma,
    ),
    Group::Evaluation.mistake(
        "eval_beta_left_out",
        "your evaluation leaves beta out",
        EVERY_TERM,
        |choices| choices.eval.affine = Affine::NoBeta,
    ),
    Group::Evaluation.mistake(
        "eval_gamma_and_beta_left_out",
        "your evaluation leaves gamma and beta out",
        EVERY_TERM,
        |choices| choices.eval.affine = Affine::Neither,
    ),
    Group::Evaluation.mistake(
        "eval_gamma_and_beta_swapped",
        "your evaluation scales by beta and shifts by gamma",
        GAMMA_OR_BETA,
        |choices| choices.eval.affine = Affine::Swapped,
    ),
    Group::Evaluation.mistake(
        "eval_beta_scaled_by_gamma",
        "your evaluation adds beta before it multiplies by gamma",
        MEAN_OF_OUTPUT,
        |choices| choices.eval.affine = Affine::BetaInside,
    ),
    Group::Evaluation.mistake_in(
        "random/width_equals_channels",
        "eval_gamma_and_beta_along_width",
        "your evaluation applies gamma and beta along the last axis of x, not along the channels",
        BROADCAST_AXIS,
        |choices| choices.eval.affine = Affine::LastAxis,
    ),
    Group::Evaluation.mistake(
        "eval_returns_x",
        "your evaluation returns x unchanged",
        "What should evaluation compute from x?",
        |choices| choices.eval.identity = true,
    ),
];
