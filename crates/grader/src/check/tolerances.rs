//! How far answers may be from what the checks expect.

/// Notebook suite, a channel's mean and standard deviation against beta and gamma: the relative part
/// of the tolerance. It is the notebook's own.
pub(super) const NOTEBOOK_RTOL: f64 = 1e-5;

/// The absolute part of the same in training. It is the notebook's own.
pub(super) const NOTEBOOK_ATOL_TRAIN: f64 = 1e-5;

/// The absolute part of the same in evaluation. It is the notebook's own, and wide, since running
/// statistics only come near those of a batch.
pub(super) const NOTEBOOK_ATOL_EVAL: f64 = 0.15;

/// Notebook suite, gradients against numeric ones: the largest relative error. It is the notebook's
/// own.
pub(super) const NOTEBOOK_GRADIENT: f64 = 1e-6;

/// Reference suite, an answer against the same in another convention, in parts of the largest value,
/// in double precision. Rounding stays far below, and another formula far above.
pub(super) const CONVENTION: f64 = 1e-9;

/// The same in single precision, which rounds at 6e-8 of each value.
pub(super) const CONVENTION_F32: f64 = 1e-5;

/// Behaviour suite, an answer against the submission's own under simpler circumstances, relative and
/// absolute. The same formula computes both, so that they differ by rounding at most.
pub(super) const OWN_ANSWER: f64 = 1e-12;

/// Random suite, an answer in double precision against the kernels', in parts of the largest value.
/// Rounding stays far below, and another formula far above.
pub(super) const DRAWN: f64 = 1e-9;

/// The same where a mean of a million takes six digits of sixteen, and squares of it twelve. A variance
/// as `E[x²] − E[x]²` is off by some 1e-4.
pub(super) const DRAWN_MEAN_1E6: f64 = 1e-7;

/// The same in single precision, which rounds at 6e-8 of each value.
pub(super) const DRAWN_F32: f64 = 1e-4;

/// The same where a mean of 1000 takes four digits of seven. A variance as `E[x²] − E[x]²` is off by
/// some 0.06.
pub(super) const DRAWN_F32_MEAN_1E3: f64 = 3e-3;
