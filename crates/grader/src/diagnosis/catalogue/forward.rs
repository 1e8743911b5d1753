//! Mistakes in the output of the training pass.

use super::hints::*;
use crate::diagnosis::choices::{
    Affine, Centre, Denominator, Divisor, Epsilon, FromRows, IntoRows, StatisticsPer,
    StatisticsSource, Variance,
};
use crate::diagnosis::mistake::{Group, Mistake};

pub(super) const MISTAKES: &[Mistake] = &[
    Group::Forward.mistake(
        "reshape_without_transpose",
        "your forward pass reads x as rows of C values without moving the channel axis to the end, which mixes the channels",
        LAST_AXIS_OF_X,
        |choices| {
            choices.x_into = IntoRows::Transposed([0, 1, 2, 3]);
            choices.out_from = FromRows::Transposed([0, 1, 2, 3], [0, 1, 2, 3]);
        },
    ),
    Group::Forward.mistake(
        "reshape_back_without_transpose",
        "your forward pass reshapes the output to images without moving the channel axis back",
        INVERSE_PERMUTATION,
        |choices| choices.out_from = FromRows::Transposed([0, 1, 2, 3], [0, 1, 2, 3]),
    ),
    Group::Forward.mistake(
        "transpose_back_by_same_axes",
        "your forward pass permutes the axes of the output in the same way as the axes of x",
        INVERSE_PERMUTATION,
        |choices| choices.out_from = FromRows::Transposed([0, 2, 3, 1], [0, 2, 3, 1]),
    ),
    Group::Forward.mistake(
        "transpose_back_swaps_height_and_width",
        "your output has height and width swapped",
        INVERSE_PERMUTATION,
        |choices| choices.out_from = FromRows::Transposed([0, 2, 3, 1], [0, 3, 2, 1]),
    ),
    Group::Forward.mistake(
        "reshape_back_swaps_height_and_width",
        "your forward pass reads the rows back as if width came before height, which scatters the pixels",
        INVERSE_PERMUTATION,
        |choices| choices.out_from = FromRows::Transposed([0, 3, 2, 1], [0, 3, 2, 1]),
    ),
    Group::Forward.mistake(
        "reshape_channels_first",
        "your forward pass reads x as C rows without moving the batch axis out of the way, which mixes images and channels",
        LAST_AXIS_OF_X,
        |choices| {
            choices.x_into = IntoRows::ChannelsFirst;
            choices.out_from = FromRows::ChannelsFirst;
        },
    ),
    Group::Forward.mistake(
        "transpose_in_wrong_direction",
        "your forward pass permutes x as if its channels came last, which moves the width instead of the channels",
        LAST_AXIS_OF_X,
        |choices| {
            choices.x_into = IntoRows::Transposed([0, 3, 1, 2]);
            choices.out_from = FromRows::Transposed([0, 3, 1, 2], [0, 2, 3, 1]);
        },
    ),
    Group::Forward.mistake(
        "rows_with_width_first",
        "your forward pass reads x with width before height, and reshapes the output with height before width",
        INVERSE_PERMUTATION,
        |choices| choices.x_into = IntoRows::Transposed([0, 3, 2, 1]),
    ),
    Group::Forward.mistake(
        "channels_moved_to_front",
        "your forward pass moves the channel axis to the front, not to the end, before it reads rows of C values",
        LAST_AXIS_OF_X,
        |choices| {
            choices.x_into = IntoRows::Transposed([1, 0, 2, 3]);
            choices.out_from = FromRows::Transposed([1, 0, 2, 3], [1, 0, 2, 3]);
        },
    ),
    Group::Forward.mistake(
        "statistics_over_batch_only",
        "your mean and variance are taken over the batch alone, one for each pixel of each channel",
        VALUES_THAT_SHARE_A_MEAN,
        |choices| choices.statistics_per = StatisticsPer::ChannelAndPixel,
    ),
    Group::Forward.mistake(
        "statistics_over_positions_only",
        "your mean and variance are taken for each image by itself: that is instance normalisation",
        VALUES_THAT_SHARE_A_MEAN,
        |choices| choices.statistics_per = StatisticsPer::ChannelAndImage,
    ),
    Group::Forward.mistake(
        "statistics_over_each_image",
        "your mean and variance are taken over all channels of each image: that is layer normalisation",
        VALUES_THAT_SHARE_A_MEAN,
        |choices| choices.statistics_per = StatisticsPer::Image,
    ),
    Group::Forward.mistake(
        "statistics_over_everything",
        "your mean and variance are taken over all channels together",
        VALUES_THAT_SHARE_A_MEAN,
        |choices| choices.statistics_per = StatisticsPer::Batch,
    ),
    Group::Forward.mistake(
        "statistics_over_batch_and_height",
        "your mean and variance are taken over batch and height, but not over the width",
        VALUES_THAT_SHARE_A_MEAN,
        |choices| choices.statistics_per = StatisticsPer::ChannelAndColumn,
    ),
    Group::Forward.mistake(
        "statistics_over_batch_and_width",
        "your mean and variance are taken over batch and width, but not over the height",
        VALUES_THAT_SHARE_A_MEAN,
        |choices| choices.statistics_per = StatisticsPer::ChannelAndRow,
    ),
    Group::Forward.mistake(
        "statistics_over_batch_and_channels",
        "your mean and variance are taken over batch and channels, one for each pixel",
        VALUES_THAT_SHARE_A_MEAN,
        |choices| choices.statistics_per = StatisticsPer::Pixel,
    ),
    Group::Forward.mistake_in(
        "random/eps_half",
        "epsilon_outside_root",
        "your training pass adds epsilon to the standard deviation, outside the root",
        UNDER_THE_ROOT,
        |choices| choices.train.epsilon = Epsilon::Outside,
    ),
    Group::Forward.mistake_in(
        "random/eps_half",
        "epsilon_missing",
        "your training pass leaves epsilon out",
        UNDER_THE_ROOT,
        |choices| choices.train.epsilon = Epsilon::Missing,
    ),
    Group::Forward.mistake_in(
        "random/eps_half",
        "epsilon_squared",
        "your training pass adds the square of epsilon",
        UNDER_THE_ROOT,
        |choices| choices.train.epsilon = Epsilon::Squared,
    ),
    Group::Forward.mistake_in(
        "random/eps_half",
        "epsilon_in_own_root",
        "your training pass adds the root of epsilon to the root of the variance",
        "Is the root of a sum the sum of the roots?",
        |choices| choices.train.epsilon = Epsilon::Rooted,
    ),
    Group::Forward.mistake_in(
        "random/eps_half",
        "epsilon_after_division",
        "your training pass adds epsilon after dividing by the standard deviation",
        "Which does Python do first, divide or add? Where are your brackets?",
        |choices| choices.train.epsilon = Epsilon::AfterDivision,
    ),
    Group::Forward.mistake_in(
        "random/eps_half",
        "epsilon_subtracted",
        "your training pass subtracts epsilon from the variance",
        UNDER_THE_ROOT,
        |choices| choices.train.epsilon = Epsilon::Subtracted,
    ),
    Group::Forward.mistake_in(
        "random/eps_half",
        "epsilon_inside_and_outside",
        "your training pass adds epsilon twice, inside and outside the root",
        UNDER_THE_ROOT,
        |choices| choices.train.epsilon = Epsilon::InsideAndOutside,
    ),
    Group::Forward.mistake_in(
        "random/eps_half",
        "epsilon_as_floor",
        "your training pass takes the larger of variance and epsilon",
        UNDER_THE_ROOT,
        |choices| choices.train.epsilon = Epsilon::Floor,
    ),
    Group::Forward.mistake_in(
        "random/eps_half",
        "epsilon_hard_coded",
        "you use 1e-5 for epsilon, whatever bn_param says",
        SOURCE_OF_EPSILON,
        |choices| choices.add_epsilon(Epsilon::HardCoded(1e-5)),
    ),
    Group::Forward.mistake_in(
        "random/eps_half",
        "epsilon_hard_coded_1e-8",
        "you use 1e-8 for epsilon, whatever bn_param says",
        SOURCE_OF_EPSILON,
        |choices| choices.add_epsilon(Epsilon::HardCoded(1e-8)),
    ),
    Group::Forward.mistake(
        "divided_by_variance",
        "your training pass divides by the variance, not by its root",
        STD_BEFORE_GAMMA,
        |choices| choices.train.denominator = Denominator::Variance,
    ),
    Group::Forward.mistake(
        "divided_by_root_of_std",
        "your training pass takes the root twice",
        STD_BEFORE_GAMMA,
        |choices| choices.train.denominator = Denominator::RootOfStd,
    ),
    Group::Forward.mistake(
        "multiplied_by_std",
        "your training pass multiplies by the standard deviation instead of dividing",
        STD_BEFORE_GAMMA,
        |choices| choices.train.denominator = Denominator::TimesStd,
    ),
    Group::Forward.mistake(
        "not_divided",
        "your training pass subtracts the mean but does not divide",
        STD_BEFORE_GAMMA,
        |choices| choices.train.denominator = Denominator::One,
    ),
    Group::Forward.mistake(
        "mean_not_subtracted",
        "your training pass does not subtract the mean",
        MEAN_BEFORE_BETA,
        |choices| choices.train.centre = Centre::Nothing,
    ),
    Group::Forward.mistake(
        "mean_added",
        "your training pass adds the mean instead of subtracting it",
        MEAN_BEFORE_BETA,
        |choices| choices.train.centre = Centre::MeanAdded,
    ),
    Group::Forward.mistake(
        "variance_unbiased",
        "your training pass normalises by a variance that is divided by n - 1",
        "By which factor is your variance too large? Which option of NumPy's var does that?",
        |choices| choices.var_divisor = Divisor::LessOne,
    ),
    Group::Forward.mistake(
        "variance_not_centred",
        "your variance is the mean of x squared, without the mean subtracted",
        VARIANCE_OF_CONSTANT,
        |choices| choices.variance = Variance::Uncentred,
    ),
    Group::Forward.mistake(
        "variance_as_mean_deviation",
        "your variance is the square of the mean absolute deviation",
        "Is the mean of squares the same as the square of the mean?",
        |choices| choices.variance = Variance::MeanDeviation,
    ),
    Group::Forward.mistake_in(
        "random/train_float32_mean_1e3",
        "variance_cancelling",
        "your variance is E[x^2] - E[x]^2, which loses digits where the mean is large",
        "How many digits does float32 have? How many are left after the subtraction if the mean is 1000?",
        |choices| choices.variance = Variance::Cancelling,
    ),
    Group::Forward.mistake(
        "variance_divided_by_batch_size",
        "your variance is divided by N alone",
        VALUES_PER_MEAN,
        |choices| choices.var_divisor = Divisor::Images,
    ),
    Group::Forward.mistake(
        "mean_divided_by_batch_size",
        "your mean is divided by N alone",
        VALUES_PER_MEAN,
        |choices| choices.mean_divisor = Divisor::Images,
    ),
    Group::Forward.mistake(
        "variance_not_divided",
        "your variance is a sum of squares, not divided by the number of values",
        VALUES_PER_MEAN,
        |choices| choices.var_divisor = Divisor::One,
    ),
    Group::Forward.mistake(
        "gamma_left_out",
        "your training pass leaves gamma out",
        STD_OF_OUTPUT,
        |choices| choices.train.affine = Affine::NoGamma,
    ),
    Group::Forward.mistake(
        "beta_left_out",
        "your training pass leaves beta out",
        MEAN_OF_OUTPUT,
        |choices| choices.train.affine = Affine::NoBeta,
    ),
    Group::Forward.mistake(
        "gamma_and_beta_left_out",
        "your training pass leaves gamma and beta out",
        "What are the mean and the standard deviation of each channel of your output, and what should they be?",
        |choices| choices.train.affine = Affine::Neither,
    ),
    Group::Forward.mistake(
        "gamma_and_beta_swapped",
        "your training pass scales by beta and shifts by gamma",
        GAMMA_OR_BETA,
        |choices| choices.train.affine = Affine::Swapped,
    ),
    Group::Forward.mistake(
        "beta_scaled_by_gamma",
        "your training pass adds beta before it multiplies by gamma",
        MEAN_OF_OUTPUT,
        |choices| choices.train.affine = Affine::BetaInside,
    ),
    Group::Forward.mistake(
        "beta_subtracted",
        "your training pass subtracts beta",
        MEAN_OF_OUTPUT,
        |choices| choices.train.affine = Affine::MinusBeta,
    ),
    Group::Forward.mistake(
        "divided_by_gamma",
        "your training pass divides by gamma",
        STD_OF_OUTPUT,
        |choices| choices.train.affine = Affine::OverGamma,
    ),
    Group::Forward.mistake(
        "gamma_plus_one",
        "your training pass scales by 1 + gamma",
        STD_OF_OUTPUT,
        |choices| choices.train.affine = Affine::OnePlusGamma,
    ),
    Group::Forward.mistake_in(
        "random/width_equals_channels",
        "gamma_and_beta_along_width",
        "your training pass applies gamma and beta along the last axis of x, not along the channels",
        BROADCAST_AXIS,
        |choices| choices.train.affine = Affine::LastAxis,
    ),
    Group::Forward.mistake(
        "train_uses_running_var",
        "your training pass divides by the running standard deviation, after its update",
        STATISTICS_OF_TRAINING,
        |choices| choices.train.source = StatisticsSource::RunningVarOnly,
    ),
    Group::Forward.mistake(
        "train_uses_running_mean",
        "your training pass subtracts the running mean, after its update",
        STATISTICS_OF_TRAINING,
        |choices| choices.train.source = StatisticsSource::RunningMeanOnly,
    ),
    Group::Forward.mistake(
        "train_uses_running",
        "your training pass normalises by the running statistics",
        STATISTICS_OF_TRAINING,
        |choices| choices.train.source = StatisticsSource::Running,
    ),
];
