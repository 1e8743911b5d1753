//! The program's side of the grader's protocol: reads scripts, calls two Rust functions of spatial batch
//! norm, and writes down what they return. `crates/grader/README.md` describes the protocol.
//!
//! A program upon this crate is its two functions and
//!
//! ```text
//! fn main() -> Result<(), answer::ProgramError> {
//!     answer::run(forward, backward, answer::source!("main.rs"))
//! }
//! ```

mod backtrace;
mod caller;
mod error;
mod files;
mod functions;
mod program;
mod program_error;
mod script;
mod shape_error;
mod source;

pub use error::Error;
pub use functions::{Backward, BnParam, Forward, Gradients, Mode, Result};
pub use program::{WITHOUT_BACKWARD, run};
pub use program_error::ProgramError;
pub use source::Source;
