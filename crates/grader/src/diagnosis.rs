//! What is wrong with a submission, by the numbers that it gives.
//!
//! The [catalogue](CATALOGUE) lists known mistakes. Each is a change of a plain implementation. The
//! diagnosis is the mistakes with which the plain implementation gives the submission's numbers.

mod answer_part;
mod candidate;
mod catalogue;
mod choices;
mod comparison;
mod conventions;
mod exceptions;
mod form;
pub(crate) mod limits;
mod mistake;
mod result;
mod search;
mod variant;

pub use answer_part::AnswerPart;
pub use catalogue::CATALOGUE;
pub(crate) use conventions::ConventionPolicy;
pub use conventions::Profile;
pub use mistake::{Group, Mistake};
pub use result::{Diagnosed, Diagnosis, RaisedException, WrongForm};
pub(crate) use search::{Answered, diagnose};
pub use variant::Variant;
