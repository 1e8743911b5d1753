//! The catalogue of known mistakes: one file per group, one entry per mistake.

mod aliasing;
mod backward;
mod defaults;
mod evaluation;
mod forward;
mod hints;
mod results;
mod running;
mod state;

use std::sync::LazyLock;

use super::mistake::Mistake;

/// All known mistakes, by group.
pub static CATALOGUE: LazyLock<Vec<Mistake>> = LazyLock::new(|| {
    [
        forward::MISTAKES,
        running::MISTAKES,
        defaults::MISTAKES,
        evaluation::MISTAKES,
        backward::MISTAKES,
        aliasing::MISTAKES,
        results::MISTAKES,
        state::MISTAKES,
    ]
    .concat()
});
