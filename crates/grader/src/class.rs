//! Grading a class: a folder of hand-ins, side by side. The result is a table of marks with one line
//! per hand-in, and a report on each beside it.

mod error;
mod grade;
mod hand_in;
mod key;
mod table;

pub use error::ClassError;
pub use grade::{Class, GradedClass, Progress, grade_class, reports_of};
pub use hand_in::{HandIn, Source, find_hand_ins};
pub use table::Line;
