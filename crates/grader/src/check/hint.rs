//! Hints for learners. Each points at a place; none gives the answer away.

use crate::fixture::Mode;

/// The hint for running statistics that an evaluation has changed.
pub(crate) const RUNNING_IN_EVALUATION: &str = "When is a running statistic allowed to change?";

/// The hint for a wrong output role, where the case has none of its own.
pub(crate) fn for_role(role: &str, mode: Mode) -> &'static str {
    match (role, mode) {
        ("out", Mode::Train) => {
            "Over which axes is each mean and variance taken, and which gamma and beta does each \
             value meet?"
        }
        ("out", Mode::Eval) => {
            "Which statistics normalise in evaluation, and is every term of the formula still there?"
        }
        ("running_mean" | "running_var", Mode::Eval) => RUNNING_IN_EVALUATION,
        ("running_mean", Mode::Train) => {
            "Which weight does momentum give to the old running mean, and which to the batch's?"
        }
        ("running_var", Mode::Train) => {
            "Which variance does the running one follow, with which weight, and is epsilon part of \
             it?"
        }
        ("dx", Mode::Train) => "In how many ways does x reach the output? Each is a term of dx.",
        ("dx", Mode::Eval) => "In evaluation, what of the formula still depends on x?",
        ("dgamma", _) => "What does gamma multiply in the forward pass, and over which axes?",
        ("dbeta", _) => "To which values is each beta added?",
        _ => "Compare the shapes and axes of your result with the lesson's.",
    }
}

/// The hint for a failed test of the notebook.
pub(crate) fn for_notebook(backward: bool, mode: Mode) -> &'static str {
    match (backward, mode) {
        (true, _) => {
            "Your backward pass is not the derivative of your forward pass: which of the two is not \
             what you think? Check each result's name and place first."
        }
        (false, Mode::Train) => {
            "After normalising, each channel should have mean beta and standard deviation gamma: \
             over which axes did you take the statistics?"
        }
        (false, Mode::Eval) => {
            "After 50 batches the running statistics should be close to the data's: how are they \
             updated, and does evaluation use them?"
        }
    }
}
