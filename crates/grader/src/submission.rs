//! What is graded: anything that answers a [`Script`] with [`Outputs`].

mod driver;
mod failure;
mod interface;
mod kernels;
mod outputs;
mod outputs_folder;
mod panics;
mod process;
pub mod protocol;
mod python;
mod rust_functions;
mod script;
mod time_limits;

pub use self::failure::Failure;
pub use self::interface::Submission;
pub use self::kernels::Kernels;
pub use self::outputs::{Answer, Gradients, Outputs, StepOutput, Touched};
pub(crate) use self::outputs::{OF_GRADIENTS, OF_STEPS};
pub use self::outputs_folder::OutputsFolder;
pub use self::process::{Process, RunContext};
pub use self::python::Interpreter;
pub use self::rust_functions::{BnParam, Gradients64, RustFunctions};
pub use self::script::{AskedMode, Backward, Entries, Kind, Script, Step};
pub use self::time_limits::TimeLimits;
