//! The limits of the diagnosis: how far it searches, and how close numbers must be.

/// The most candidates that the search keeps from one part of the answers to the next.
pub(crate) const BEAM_WIDTH: usize = 16;

/// The most candidates that pairs of mistakes are added to.
pub(crate) const BEAM_WIDTH_FOR_PAIRS: usize = 2;

/// The most values in the batches of a fixture's script that the search compares.
pub(crate) const VALUES_PER_SCRIPT: usize = 5_000;

/// The largest distance between two answers in double precision that make the same mistake, as a
/// share of the largest value. Answers with different mistakes are further apart somewhere.
pub(crate) const TOLERANCE: f64 = 1e-7;

/// The same distance in single precision.
pub(crate) const TOLERANCE_F32: f64 = 3e-4;

/// Inputs in single precision beyond this value leave the digits of an answer to rounding. The
/// search then compares only whether an answer is far off.
pub(crate) const LARGE_INPUT_F32: f64 = 500.0;

/// An answer to large inputs is far off if its distance from the right answer is larger than this
/// share of the largest value.
pub(crate) const FAR_OFF: f64 = 3e-3;
