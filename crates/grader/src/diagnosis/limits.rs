//! The limits of the diagnosis: how far it searches, and how close numbers must be.

/// The most candidates that the search keeps from one part of the answers to the next.
pub(crate) const BEAM_WIDTH: usize = 16;

/// The most candidates that pairs of mistakes are added to.
pub(crate) const BEAM_WIDTH_FOR_PAIRS: usize = 2;

/// The most values in the batches of a fixture's script that the search compares.
pub(crate) const VALUES_PER_SCRIPT: usize = 5_000;

/// The largest distance between two answers in double precision that make the same mistake, as a
/// share of the largest value. Answers with different mistakes are further apart somewhere.
pub(crate) const TOLERANCE: f64 = 1e-9;

/// The same distance in single precision.
pub(crate) const TOLERANCE_F32: f64 = 3e-4;

/// The same distance for a submission that computes in single precision what is given in double.
pub(crate) const TOLERANCE_ROUNDED: f64 = 1e-5;

/// The same distance where x has a spread of a hundredth of the usual one.
pub(crate) const TOLERANCE_ROUNDED_SMALL: f64 = 1e-4;

/// Such a submission is further than this from the answer in double precision.
pub(crate) const TOLERANCE_EXACT: f64 = 1e-10;

/// Inputs in double precision beyond this value leave the digits of an answer to rounding. The search
/// then compares only whether an answer is far off.
pub(crate) const LARGE_INPUT: f64 = 1e5;

/// The same value in single precision.
pub(crate) const LARGE_INPUT_F32: f64 = 500.0;

/// An answer to large inputs in double precision is far off if its distance from the right answer is
/// larger than this share of the largest value.
pub(crate) const FAR_OFF: f64 = 1e-7;

/// The same share in single precision.
pub(crate) const FAR_OFF_F32: f64 = 3e-3;
