//! Hints that several mistakes share, and those that name a function of the submission's language.

use crate::submission::Language;

/// The hints of which a language has its own words: the hint, and its words in Rust and in Python.
const IN_LANGUAGES: [(&str, &str, &str); 2] = [
    (
        DIVISOR_OF_VARIANCE,
        "By which factor is your variance too large? If `var_axis(axis, ddof)` computes it, which `ddof` does it get?",
        "By which factor is your variance too large? If `np.var` computes it, which `ddof` does it get?",
    ),
    (
        BROADCAST_AXIS,
        "With which axis of an array of shape (N, C, H, W) does ndarray align an array of shape (C,)?",
        "With which axis of an array of shape (N, C, H, W) does NumPy align an array of shape (C,)?",
    ),
];

/// A hint in the words of a language.
pub(super) fn in_language(hint: &'static str, language: Option<Language>) -> &'static str {
    let own = IN_LANGUAGES.iter().find(|(known, ..)| *known == hint);
    match (own, language) {
        (Some((_, rust, _)), Some(Language::Rust)) => rust,
        (Some((.., python)), Some(Language::Python)) => python,
        (Some(_), None) | (None, _) => hint,
    }
}

pub(super) const USES_OF_GAMMA_AND_BETA: &str =
    "Which values of the output are computed with the same gamma and beta?";
pub(super) const VALUES_BEHIND_A_MEAN: &str =
    "How many values of x does each mean and each variance depend on?";
pub(super) const UNDER_THE_ROOT: &str =
    "Write down the denominator of the formula. What is under the root?";
pub(super) const INVERSE_PERMUTATION: &str =
    "Which permutation of the axes undoes yours? Follow one pixel there and back.";
pub(super) const SHAPE_OF_ARGUMENT: &str = "Print the shape before you return the result. What is the shape of the argument that it belongs to?";
pub(super) const VALUES_THAT_SHARE_A_MEAN: &str =
    "Which values share one mean? How many means do you compute, and how many should there be?";
pub(super) const VALUES_PER_MEAN: &str = "How many values does each mean average?";
pub(super) const PATHS_OF_X: &str = "On which paths does x reach the output? Differentiate each path by itself and compare your dx term by term.";
pub(super) const WRITES_IN_PLACE: &str = "Which of your statements writes into an array that you were given? `a -= b` does; `a = a - b` makes a new array.";
pub(super) const EVERY_TERM: &str = "Is every term of the formula in your code?";
pub(super) const FACTORS_OF_DOUT: &str =
    "Follow dout backwards through the forward pass. What multiplies it on the way?";
pub(super) const MOMENTUM_WEIGHTS: &str = "Write down the weight of the old running value and the weight of the batch's value. Which of the two is 0.9?";
pub(super) const FIRST_BATCH_AFTER_SECOND: &str =
    "After the second batch, how much of the first is left in your running statistics?";
pub(super) const LAST_AXIS_OF_X: &str = "Which axis of x must come last before you read x as rows of C values? Does it come last in your code?";
pub(super) const LAST_AXIS_OF_DOUT: &str = "Which axis of dout must come last before you read dout as rows of C values? Does it come last in your code?";
pub(super) const STD_BEFORE_GAMMA: &str =
    "What should the standard deviation of each channel be before gamma is applied? What is yours?";
pub(super) const GAMMA_MULTIPLIES: &str = "What exactly does gamma multiply in the forward pass?";
pub(super) const CHANGES_TYPE: &str = "Which of your operations makes an array of another type?";
pub(super) const MISSPELT_MODE: &str = "What does your code do when mode is misspelt?";
pub(super) const LIMIT_OF_RUNNING_MEAN: &str = "If every batch has mean 1, which value should the running mean approach? Which value does yours approach?";
pub(super) const ORDER_OF_GRADIENTS: &str =
    "In which order should the three gradients be returned?";
pub(super) const ORDER_OF_IMAGES: &str =
    "Which image of x does the first image of your result belong to?";
pub(super) const WITHOUT_ENTRY: &str =
    "What should hold where bn_param has no such entry? The lesson gives a default for each.";
pub(super) const FIRST_STATISTICS: &str =
    "What should the running statistics be before the first batch?";
pub(super) const NOT_WRITTEN: &str =
    "Which line of yours fills this result? Print it before you return it.";
pub(super) const WHERE_STORED: &str =
    "Where does your code store the updated values? Does the next call read them there?";
pub(super) const ROOT_IN_EVALUATION: &str = "Which stored value does evaluation take the root of?";
pub(super) const OTHER_IMAGES: &str =
    "In evaluation, should the output for one image depend on the other images in the batch?";
pub(super) const MEAN_BEFORE_BETA: &str =
    "What should the mean of each channel be before beta is added? What is yours?";
pub(super) const MEAN_OF_OUTPUT: &str =
    "What is the mean of each channel of your output, and what should it be?";
pub(super) const STD_OF_OUTPUT: &str =
    "What is the standard deviation of each channel of your output, and what should it be?";
pub(super) const STATISTICS_OF_TRAINING: &str =
    "Which mean and which variance normalise in training?";
pub(super) const FACTORS_OF_STD: &str =
    "Count the factors of 1/std. Each normalised x brings one; which others are there?";
pub(super) const DERIVATIVE_BY_BETA: &str =
    "What is the derivative of z + beta with respect to beta?";
pub(super) const READ_BY_UPDATES: &str = "Which variable does each of your two updates read?";
pub(super) const VARIANCE_OF_CONSTANT: &str =
    "What is the variance of a constant x? What does your code compute for it?";
pub(super) const GAMMA_OR_BETA: &str = "Which of gamma and beta scales, and which shifts?";
pub(super) const DIVISOR_OF_VARIANCE: &str =
    "By which factor is your variance too large? What of the function that computes it does that?";
pub(super) const BROADCAST_AXIS: &str =
    "With which axis of an array of shape (N, C, H, W) is an array of shape (C,) aligned?";
pub(super) const SOURCE_OF_EPSILON: &str = "Where does your epsilon come from?";
pub(super) const DERIVATIVE_OF_INVERSE_ROOT: &str =
    "What is the derivative of v to the power -1/2? Which factor stands in front?";
pub(super) const PLACE_OF_N: &str =
    "Does your formula have 1/n in front of the brackets, or n inside them?";
pub(super) const STD_OF_BACKWARD: &str =
    "Does your backward pass use the same standard deviation as your forward pass?";
pub(super) const FACTOR_OF_TWO: &str =
    "Which factor stands in front of your whole formula? Where could a 2 come from?";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_speaks_the_language_of_what_is_graded() {
        for (hint, rust, python) in IN_LANGUAGES {
            assert_eq!(in_language(hint, Some(Language::Rust)), rust);
            assert_eq!(in_language(hint, Some(Language::Python)), python);
            assert_eq!(in_language(hint, None), hint);
            assert!(!rust.contains("np.") && !rust.contains("NumPy"), "{rust}");
            assert!(!python.contains("ndarray") && !hint.contains("NumPy"), "{python}");
        }
        assert_eq!(in_language(EVERY_TERM, Some(Language::Rust)), EVERY_TERM);
    }
}
