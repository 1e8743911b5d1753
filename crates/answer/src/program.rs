//! The program as a whole: its arguments, and its scripts in order.

use std::path::PathBuf;
use std::{env, fs};

use crate::caller::Caller;
use crate::error::Error;
use crate::files::Files;
use crate::functions::{AnyBackward, AnyForward, Backward, Forward};
use crate::program_error::ProgramError;
use crate::script::Script;
use crate::source::Source;

/// The variable of the environment that says why the backward pass is not to be called. Each of its calls
/// is answered with this reason.
pub const WITHOUT_BACKWARD: &str = "ANSWER_WITHOUT_BACKWARD";

/// Answers the scripts in the folder that the first argument of the program names, into the folder that
/// the second one names.
///
/// # Errors
///
/// [`ProgramError`].
pub fn run<C: 'static>(
    forward: Forward<C>,
    backward: Backward<C>,
    source: Source,
) -> Result<(), ProgramError> {
    answer_all(
        &move |x, gamma, beta, bn_param| {
            let (out, cache) = forward(x, gamma, beta, bn_param)?;
            Ok((out, Box::new(cache)))
        },
        &move |dout, cache| match cache.downcast_ref() {
            Some(cache) => backward(dout, cache),
            None => Err(Error::new("the cache is not that of the forward pass")),
        },
        source,
    )
}

fn answer_all(
    forward: &AnyForward,
    backward: &AnyBackward,
    source: Source,
) -> Result<(), ProgramError> {
    let folders: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let [inputs, outputs] = folders.as_slice() else { return Err(ProgramError::Arguments) };
    let without_backward = env::var(WITHOUT_BACKWARD).ok();
    let caller = Caller::new(source);
    let list = inputs.join("scripts.txt");
    let names = fs::read_to_string(&list).map_err(|error| ProgramError::of(&list, error))?;
    // Plain batch norm is not among the two functions.
    for name in names.lines().filter(|name| name.starts_with("spatial")) {
        let files = Files::new(inputs.join(name), outputs.join(name))?;
        Script::new(files, &caller, forward, backward, without_backward.as_deref()).answer()?;
    }
    Ok(())
}
