//! What is graded: anything that answers a [`Script`] with [`Outputs`].

mod driver;
mod exercise;
mod failure;
mod interface;
mod kernels;
mod language;
mod learner;
mod outputs;
mod outputs_folder;
mod printed;
mod process;
pub mod protocol;
mod python;
mod script;
mod time_limits;

pub use self::failure::Failure;
pub use self::interface::Submission;
pub use self::kernels::Kernels;
pub use self::language::Language;
pub use self::learner::{Learner, Place};
pub use self::outputs::{Answer, Gradients, Outputs, StepOutput, Touched};
pub(crate) use self::outputs::{OF_GRADIENTS, OF_STEPS};
pub use self::outputs_folder::OutputsFolder;
pub use self::printed::Printed;
pub use self::process::{Process, RunContext};
pub use self::python::Interpreter;
pub use self::script::{AskedMode, Backward, Entries, Kind, Script, Step};
pub use self::time_limits::TimeLimits;
