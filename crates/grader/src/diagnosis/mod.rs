//! What is wrong with a submission, by the values that it gives.
//!
//! A [catalogue](CATALOGUE) of known mistakes, each a change of a plain implementation, is held
//! against the submission's numbers; the changes that reproduce them are the diagnosis.

mod catalogue;
mod leniency;
mod matching;
mod part;
mod search;
mod variant;

pub use catalogue::{CATALOGUE, Group, Mistake};
pub(crate) use leniency::Leniency;
pub use leniency::Profile;
pub use part::Part;
pub(crate) use search::{Answered, diagnose};
pub use search::{Diagnosed, Diagnosis};
pub use variant::Variant;
