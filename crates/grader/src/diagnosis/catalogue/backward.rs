//! Mistakes in the gradients.

use super::hints::*;
use crate::diagnosis::choices::{
    DbetaSummand, DgammaSummand, Divisor, DxFactor, Epsilon, FromRows, IntoRows, StatisticsPer,
    SummedOver, VarianceTerm,
};
use crate::diagnosis::mistake::{Group, Mistake};

pub(super) const MISTAKES: &[Mistake] = &[
    Group::Backward.mistake(
        "dx_without_variance_term",
        "your dx leaves out the term through the variance",
        PATHS_OF_X,
        |choices| choices.through_var = 0.0,
    ),
    Group::Backward.mistake(
        "dx_without_mean_term",
        "your dx leaves out the term through the mean",
        PATHS_OF_X,
        |choices| choices.through_mean = 0.0,
    ),
    Group::Backward.mistake(
        "dx_as_in_evaluation",
        "your dx treats mean and variance as constants, as in evaluation",
        PATHS_OF_X,
        |choices| {
            choices.through_mean = 0.0;
            choices.through_var = 0.0;
        },
    ),
    Group::Backward.mistake(
        "dx_without_direct_term",
        "your dx leaves out the direct term, which passes through neither mean nor variance",
        PATHS_OF_X,
        |choices| choices.direct = 0.0,
    ),
    Group::Backward.mistake(
        "dx_variance_term_sign",
        "the term through the variance has the wrong sign in your dx",
        "What is the derivative of 1/sqrt(v)? Mind its sign.",
        |choices| choices.through_var = 1.0,
    ),
    Group::Backward.mistake(
        "dx_mean_term_sign",
        "the term through the mean has the wrong sign in your dx",
        "What is the derivative of x - m with respect to m?",
        |choices| choices.through_mean = 1.0,
    ),
    Group::Backward.mistake(
        "dx_both_terms_sign",
        "the terms through mean and variance both have the wrong sign in your dx",
        "What is the derivative of x - m with respect to m, and of 1/sqrt(v) with respect to v?",
        |choices| {
            choices.through_mean = 1.0;
            choices.through_var = 1.0;
        },
    ),
    Group::Backward.mistake(
        "dx_variance_term_doubled",
        "the term through the variance is twice as large as it should be in your dx",
        DERIVATIVE_OF_INVERSE_ROOT,
        |choices| choices.through_var = -2.0,
    ),
    Group::Backward.mistake(
        "dx_variance_term_halved",
        "the term through the variance is half of what it should be in your dx",
        "What is the derivative of (x - m) squared?",
        |choices| choices.through_var = -0.5,
    ),
    Group::Backward.mistake(
        "dx_variance_factor_missing",
        "the factor of the derivative of 1/sqrt(v) is missing in your dx",
        DERIVATIVE_OF_INVERSE_ROOT,
        |choices| choices.through_var = 2.0,
    ),
    Group::Backward.mistake(
        "dx_variance_power_minus_half",
        "your dx has the variance to the power -1/2 where its derivative has another power",
        "What is the derivative of v to the power -1/2? Which power is left?",
        |choices| choices.std_power = 2,
    ),
    Group::Backward.mistake(
        "dx_variance_power_minus_one",
        "your dx has one factor of 1/std too few in the term through the variance",
        FACTORS_OF_STD,
        |choices| choices.std_power = 1,
    ),
    Group::Backward.mistake(
        "dx_variance_power_minus_two",
        "your dx has one factor of 1/std too many in the term through the variance",
        FACTORS_OF_STD,
        |choices| choices.std_power = -1,
    ),
    Group::Backward.mistake(
        "dx_variance_power_minus_five_halves",
        "your dx has two factors of 1/std too many in the term through the variance",
        FACTORS_OF_STD,
        |choices| choices.std_power = -2,
    ),
    Group::Backward.mistake(
        "dx_variance_term_of_x",
        "your dx has x in the term through the variance where the normalised x should be",
        PATHS_OF_X,
        |choices| choices.variance_term = VarianceTerm::X,
    ),
    Group::Backward.mistake(
        "dx_variance_term_without_x",
        "your dx has the same number for all x in the term through the variance",
        PATHS_OF_X,
        |choices| choices.variance_term = VarianceTerm::One,
    ),
    Group::Backward.mistake(
        "dx_variance_term_not_divided",
        "the term through the variance is not divided by n in your dx",
        VALUES_BEHIND_A_MEAN,
        |choices| choices.dx_var_divisor = Divisor::One,
    ),
    Group::Backward.mistake(
        "dx_mean_term_not_divided",
        "the term through the mean is not divided by n in your dx",
        VALUES_BEHIND_A_MEAN,
        |choices| choices.dx_mean_divisor = Divisor::One,
    ),
    Group::Backward.mistake(
        "dx_sums_not_divided",
        "neither sum is divided by n in your dx",
        VALUES_BEHIND_A_MEAN,
        |choices| choices.divide_dx_sums(Divisor::One),
    ),
    Group::Backward.mistake(
        "dx_n_is_batch_size",
        "your dx divides its sums by N alone",
        VALUES_BEHIND_A_MEAN,
        |choices| choices.divide_dx_sums(Divisor::Images),
    ),
    Group::Backward.mistake(
        "dx_n_is_positions",
        "your dx divides its sums by H*W alone",
        VALUES_BEHIND_A_MEAN,
        |choices| choices.divide_dx_sums(Divisor::Pixels),
    ),
    Group::Backward.mistake(
        "dx_n_counts_channels",
        "your dx divides its sums by N*C*H*W",
        VALUES_BEHIND_A_MEAN,
        |choices| choices.divide_dx_sums(Divisor::AllValues),
    ),
    Group::Backward.mistake(
        "dx_n_is_channels",
        "your dx divides its sums by C",
        VALUES_BEHIND_A_MEAN,
        |choices| choices.divide_dx_sums(Divisor::Channels),
    ),
    Group::Backward.mistake(
        "dx_n_less_one",
        "your dx divides its sums by n - 1",
        VALUES_BEHIND_A_MEAN,
        |choices| choices.divide_dx_sums(Divisor::LessOne),
    ),
    Group::Backward.mistake(
        "dx_without_gamma",
        "your dx leaves gamma out",
        FACTORS_OF_DOUT,
        |choices| choices.dx_factor = DxFactor::NoGamma,
    ),
    Group::Backward.mistake(
        "dx_gamma_twice",
        "your dx has gamma twice",
        FACTORS_OF_DOUT,
        |choices| choices.dx_factor = DxFactor::GammaTwice,
    ),
    Group::Backward.mistake(
        "dx_without_std",
        "your dx is not divided by the standard deviation",
        FACTORS_OF_DOUT,
        |choices| choices.dx_factor = DxFactor::NoStd,
    ),
    Group::Backward.mistake(
        "dx_std_twice",
        "your dx is divided by the standard deviation twice",
        FACTORS_OF_DOUT,
        |choices| choices.dx_factor = DxFactor::StdTwice,
    ),
    Group::Backward.mistake(
        "dx_times_n",
        "your dx is n times too large",
        PLACE_OF_N,
        |choices| choices.dx_factor = DxFactor::TimesN,
    ),
    Group::Backward.mistake(
        "dx_over_n",
        "your dx is n times too small",
        PLACE_OF_N,
        |choices| choices.dx_factor = DxFactor::OverN,
    ),
    Group::Backward.mistake(
        "dx_halved",
        "your dx is half of what it should be",
        FACTOR_OF_TWO,
        |choices| choices.dx_factor = DxFactor::Half,
    ),
    Group::Backward.mistake(
        "dx_doubled",
        "your dx is twice as large as it should be",
        FACTOR_OF_TWO,
        |choices| choices.dx_factor = DxFactor::Twice,
    ),
    Group::Backward.mistake(
        "dx_negative",
        "your dx has the wrong sign throughout",
        FACTORS_OF_DOUT,
        |choices| choices.dx_factor = DxFactor::Negative,
    ),
    Group::Backward.mistake(
        "dx_sums_over_batch_only",
        "the sums in your dx are taken over the batch alone",
        VALUES_BEHIND_A_MEAN,
        |choices| choices.dx_sums_per = StatisticsPer::ChannelAndPixel,
    ),
    Group::Backward.mistake(
        "dx_sums_over_positions_only",
        "the sums in your dx are taken over each image by itself",
        VALUES_BEHIND_A_MEAN,
        |choices| choices.dx_sums_per = StatisticsPer::ChannelAndImage,
    ),
    Group::Backward.mistake(
        "dx_sums_over_everything",
        "the sums in your dx are taken over all channels together",
        VALUES_BEHIND_A_MEAN,
        |choices| choices.dx_sums_per = StatisticsPer::Batch,
    ),
    Group::Backward.mistake_in(
        "random/eps_half",
        "dx_epsilon_missing",
        "your backward pass computes the standard deviation again, without epsilon",
        STD_OF_BACKWARD,
        |choices| choices.backward_epsilon = Some(Epsilon::Missing),
    ),
    Group::Backward.mistake_in(
        "random/eps_half",
        "dx_epsilon_outside_root",
        "your backward pass computes the standard deviation again, with epsilon outside the root",
        STD_OF_BACKWARD,
        |choices| choices.backward_epsilon = Some(Epsilon::Outside),
    ),
    Group::Backward.mistake(
        "dout_reshape_without_transpose",
        "your backward pass reads dout as rows of C values without moving the channel axis to the end",
        LAST_AXIS_OF_DOUT,
        |choices| choices.dout_into = IntoRows::Transposed([0, 1, 2, 3]),
    ),
    Group::Backward.mistake(
        "dout_rows_with_width_first",
        "your backward pass reads dout with width before height, and reshapes dx with height before width",
        INVERSE_PERMUTATION,
        |choices| choices.dout_into = IntoRows::Transposed([0, 3, 2, 1]),
    ),
    Group::Backward.mistake(
        "backward_reshapes_without_transpose",
        "your backward pass permutes no axes, neither those of dout nor those of dx",
        LAST_AXIS_OF_DOUT,
        |choices| {
            choices.dout_into = IntoRows::Transposed([0, 1, 2, 3]);
            choices.dx_from = FromRows::Transposed([0, 1, 2, 3], [0, 1, 2, 3]);
        },
    ),
    Group::Backward.mistake(
        "dx_reshape_back_without_transpose",
        "your backward pass reshapes dx to images without moving the channel axis back",
        INVERSE_PERMUTATION,
        |choices| choices.dx_from = FromRows::Transposed([0, 1, 2, 3], [0, 1, 2, 3]),
    ),
    Group::Backward.mistake(
        "dx_transpose_back_by_same_axes",
        "your backward pass permutes the axes of dx in the same way as the axes of dout",
        INVERSE_PERMUTATION,
        |choices| choices.dx_from = FromRows::Transposed([0, 2, 3, 1], [0, 2, 3, 1]),
    ),
    Group::Backward.mistake(
        "dx_transpose_back_swaps_height_and_width",
        "your dx has height and width swapped",
        INVERSE_PERMUTATION,
        |choices| choices.dx_from = FromRows::Transposed([0, 2, 3, 1], [0, 3, 2, 1]),
    ),
    Group::Backward.mistake(
        "dgamma_of_x",
        "your dgamma sums dout*x, not the normalised x",
        GAMMA_MULTIPLIES,
        |choices| choices.dgamma = DgammaSummand::X,
    ),
    Group::Backward.mistake(
        "dgamma_of_centred_x",
        "your dgamma sums dout*(x - mean), which is not yet normalised",
        GAMMA_MULTIPLIES,
        |choices| choices.dgamma = DgammaSummand::Centred,
    ),
    Group::Backward.mistake(
        "dgamma_of_out",
        "your dgamma sums dout*out",
        GAMMA_MULTIPLIES,
        |choices| choices.dgamma = DgammaSummand::Out,
    ),
    Group::Backward.mistake(
        "dgamma_scaled",
        "your dgamma has gamma as a factor",
        "What is the derivative of gamma*z with respect to gamma?",
        |choices| choices.dgamma = DgammaSummand::Scaled,
    ),
    Group::Backward.mistake(
        "dgamma_without_dout",
        "your dgamma leaves dout out",
        "What is the first factor of the chain rule?",
        |choices| choices.dgamma = DgammaSummand::WithoutDout,
    ),
    Group::Backward.mistake(
        "dgamma_over_std",
        "your dgamma is divided by the standard deviation once too often",
        GAMMA_MULTIPLIES,
        |choices| choices.dgamma = DgammaSummand::OverStd,
    ),
    Group::Backward.mistake(
        "dgamma_is_mean",
        "your dgamma is a mean where it should be a sum",
        USES_OF_GAMMA_AND_BETA,
        |choices| choices.dgamma_sum = SummedOver::Mean,
    ),
    Group::Backward.mistake(
        "dgamma_over_n",
        "your dgamma is divided by N",
        USES_OF_GAMMA_AND_BETA,
        |choices| choices.dgamma_sum = SummedOver::OverImages,
    ),
    Group::Backward.mistake(
        "dgamma_over_batch_only",
        "your dgamma sums over the batch alone and keeps height and width",
        USES_OF_GAMMA_AND_BETA,
        |choices| choices.dgamma_sum = SummedOver::Images,
    ),
    Group::Backward.mistake(
        "dgamma_over_positions_only",
        "your dgamma sums over height and width alone and keeps the batch",
        USES_OF_GAMMA_AND_BETA,
        |choices| choices.dgamma_sum = SummedOver::Pixels,
    ),
    Group::Backward.mistake(
        "dgamma_over_everything",
        "your dgamma sums over the channels too",
        USES_OF_GAMMA_AND_BETA,
        |choices| choices.dgamma_sum = SummedOver::AllValues,
    ),
    Group::Backward.mistake(
        "dbeta_is_mean",
        "your dbeta is a mean where it should be a sum",
        USES_OF_GAMMA_AND_BETA,
        |choices| choices.dbeta_sum = SummedOver::Mean,
    ),
    Group::Backward.mistake(
        "dbeta_over_n",
        "your dbeta is divided by N",
        USES_OF_GAMMA_AND_BETA,
        |choices| choices.dbeta_sum = SummedOver::OverImages,
    ),
    Group::Backward.mistake(
        "dbeta_scaled",
        "your dbeta has gamma as a factor",
        DERIVATIVE_BY_BETA,
        |choices| choices.dbeta = DbetaSummand::Scaled,
    ),
    Group::Backward.mistake(
        "dbeta_times_beta",
        "your dbeta has beta as a factor",
        DERIVATIVE_BY_BETA,
        |choices| choices.dbeta = DbetaSummand::TimesBeta,
    ),
    Group::Backward.mistake(
        "dbeta_of_dx",
        "your dbeta sums dx, not dout",
        DERIVATIVE_BY_BETA,
        |choices| choices.dbeta = DbetaSummand::Dx,
    ),
    Group::Backward.mistake(
        "dbeta_over_batch_only",
        "your dbeta sums over the batch alone and keeps height and width",
        USES_OF_GAMMA_AND_BETA,
        |choices| choices.dbeta_sum = SummedOver::Images,
    ),
    Group::Backward.mistake(
        "dbeta_over_positions_only",
        "your dbeta sums over height and width alone and keeps the batch",
        USES_OF_GAMMA_AND_BETA,
        |choices| choices.dbeta_sum = SummedOver::Pixels,
    ),
    Group::Backward.mistake(
        "dbeta_over_everything",
        "your dbeta sums over the channels too",
        USES_OF_GAMMA_AND_BETA,
        |choices| choices.dbeta_sum = SummedOver::AllValues,
    ),
    Group::Backward.mistake(
        "dgamma_and_dbeta_swapped",
        "your backward pass returns dgamma and dbeta swapped",
        "In which order should the three gradients be returned?",
        |choices| choices.parameters_swapped = true,
    ),
    Group::Backward.mistake(
        "dgamma_and_dbeta_over_batch_only",
        "your dgamma and dbeta sum over the batch alone and keep height and width",
        USES_OF_GAMMA_AND_BETA,
        |choices| choices.sum_parameters(SummedOver::Images),
    ),
    Group::Backward.mistake(
        "dgamma_and_dbeta_are_means",
        "your dgamma and dbeta are means where they should be sums",
        USES_OF_GAMMA_AND_BETA,
        |choices| choices.sum_parameters(SummedOver::Mean),
    ),
];
