//! What to do about a machine that cannot grade.

use anyhow::Error;
use grader::self_check::{Lack, SelfCheckError};

/// What to do about a machine that cannot grade, in arguments of the command line.
pub(crate) fn help(error: &Error) -> Option<String> {
    let error: &SelfCheckError = error.chain().find_map(|cause| cause.downcast_ref())?;
    let remedy = match error.lack {
        Lack::Memory => "give it more memory with --memory-limit MIB",
        Lack::Room => "make room where temporary folders are made, or name another place in TMPDIR",
        Lack::Processes => "end other programs, or raise the limit of `ulimit -u`",
        Lack::Time => "give it more time with --time-limit SECONDS, or let less run beside it",
        Lack::Interpreter => {
            "name a Python whose NumPy works with --interpreter PATH; what it reads outside of its \
             own folder needs --allow-read PATH"
        }
        Lack::Other => return None,
    };
    Some(remedy.to_owned())
}
