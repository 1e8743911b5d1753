//! Stub.

use crate::submission::{Interpreter, RunContext};

pub(super) fn self_check(_: &Interpreter, _: &RunContext) -> Result<(), String> {
    Ok(())
}
