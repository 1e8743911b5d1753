//! Grading a class: a folder of hand-ins, side by side. The result is a table of marks with one line
//! per hand-in, a report on each beside it, a table of mistakes, and a page on the class.

mod cells;
mod entries;
mod error;
mod files;
mod filled;
mod finding;
mod folder;
mod gone;
mod grade;
mod judge;
mod key;
mod marks_table;
mod moves;
mod reason;
mod record;
mod roster;
mod summary;
mod table;
mod wire;
mod worker;

pub use entries::{Entries, Entry, Joined, find_any_entries, find_entries};
pub use error::ClassError;
pub use grade::{
    Class, GradedClass, Progress, SummaryFiles, grade_class, reports_of, written_files,
};
pub use judge::Judge;
pub use marks_table::{MarksTable, TableRequest};
pub use roster::{Roster, TABLE_FORMATS, TableFormat};
pub use table::Line;
pub use worker::serve;
