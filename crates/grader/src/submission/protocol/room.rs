//! How much of an answer is read: what was asked, and somewhat more. A shape that is wrong tells what the
//! mistake is, so that wrong results are read too, unless they are far larger than any that was asked.

use std::cell::Cell;

use crate::submission::outputs::{OF_GRADIENTS, OF_STEPS};
use crate::submission::protocol::encoding::runs;
use crate::submission::script::Script;

/// What all results of a script may have beyond what was asked, in bytes.
const LEAST_EXTRA: u64 = 64 << 10;

/// The same as a multiple of what was asked, if that is more.
const EXTRA_PER_ASKED: u64 = 3;

/// The bytes of a number, of whichever type it may be.
const NUMBER: u64 = 8;

/// The room for the results of one script.
pub(super) struct Room {
    extra: Cell<u64>,
}

impl Room {
    /// The room that follows from what this script asks.
    pub(super) fn of(script: &Script) -> Self {
        let of_steps = runs(script).into_iter().flat_map(|run| {
            OF_STEPS.map(|role| bytes(&shape_of_step(script, role, run.start, run.len())))
        });
        let of_gradients = (0..script.backwards.len()).flat_map(|number| {
            OF_GRADIENTS.map(|role| bytes(&shape_of_gradient(script, role, number)))
        });
        let asked: u64 = of_steps.chain(of_gradients).sum();
        Self { extra: Cell::new(LEAST_EXTRA.max(EXTRA_PER_ASKED * asked)) }
    }

    /// Takes room for an array of so many bytes of which this shape was asked; false if there is not
    /// so much left. An array that is no larger than was asked always has its room.
    pub(super) fn take(&self, length: u64, asked: &[usize]) -> bool {
        let beyond = length.saturating_sub(bytes(asked));
        let left = self.extra.get().checked_sub(beyond);
        left.inspect(|&left| self.extra.set(left)).is_some()
    }
}

/// The shape of a result of the forward passes in a line, of which there are so many from this step on.
pub(super) fn shape_of_step(
    script: &Script,
    role: &str,
    first: usize,
    passes: usize,
) -> Vec<usize> {
    let Some(step) = script.steps.get(first) else { return Vec::new() };
    let of_one = if role == "out" { step.x.shape() } else { step.gamma.shape() };
    [&[passes], of_one].concat()
}

/// The shape of a result of the backward pass of this number.
pub(super) fn shape_of_gradient(script: &Script, role: &str, number: usize) -> Vec<usize> {
    let Some(backward) = script.backwards.get(number) else { return Vec::new() };
    let gamma = script.steps.get(backward.step).map_or(&[][..], |step| step.gamma.shape());
    if role == "dx" { backward.dout.shape().to_vec() } else { gamma.to_vec() }
}

fn bytes(shape: &[usize]) -> u64 {
    shape.iter().fold(NUMBER, |bytes, &length| bytes.saturating_mul(length as u64))
}
