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
use crate::submission::Language;

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

/// The same mistake, whose hint names the functions of a language.
pub(super) fn in_language(mistake: Mistake, language: Option<Language>) -> Mistake {
    Mistake { hint: hints::in_language(mistake.hint, language), ..mistake }
}
