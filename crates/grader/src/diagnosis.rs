//! What is wrong with a submission, by the values that it gives.
//!
//! A [catalogue](CATALOGUE) of known mistakes, each a change of a plain implementation, is held
//! against the submission's numbers; the changes that reproduce them are the diagnosis.

mod answer_part;
mod catalogue;
mod choices;
mod comparison;
mod conventions;
mod search;
mod variant;

pub use answer_part::Part;
pub use catalogue::{CATALOGUE, Group, Mistake};
pub(crate) use conventions::Leniency;
pub use conventions::Profile;
pub(crate) use search::{Answered, diagnose};
pub use search::{Diagnosed, Diagnosis};
pub use variant::Variant;
