//! What is wrong with a submission, by the values that it gives.

mod leniency;

pub(crate) use leniency::Leniency;
pub use leniency::Profile;
