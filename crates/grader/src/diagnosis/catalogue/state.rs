//! Mistakes in what outlives a call, and in unknown modes.

use super::hints::*;
use crate::diagnosis::choices::{Cache, UnknownMode};
use crate::diagnosis::mistake::{Group, Mistake, convention};

#[rustfmt::skip] // A table: id, explanation, hint and change.
pub(super) const MISTAKES: &[Mistake] = &[
    Group::State.mistake_in("behaviour/interleaved_calls", "cache_in_global",
        "your backward pass uses what the last forward pass computed, not what its own cache holds",
        "Does a second forward pass overwrite what the first backward pass needs?",
        |choices| choices.cache = Cache::Global),
    Group::State.mistake_in("behaviour/interleaved_calls", "cache_shares_x_hat",
        "your backward pass uses the normalised x of the latest forward pass, not that of its own cache",
        "Does a second forward pass overwrite what the first backward pass needs?",
        |choices| choices.cache = Cache::GlobalXHat),
    convention(Group::State.mistake_in("behaviour/x_overwritten", "cache_views_x",
        "your cache holds the caller's x, not a copy, and the backward pass reads it again",
        "Does your cache hold a copy of x, or the caller's array itself?",
        |choices| choices.cache = Cache::ViewOfX)),
    Group::State.mistake_in("behaviour/backward_twice", "cache_used_up",
        "your backward pass changes its cache, so a second backward pass gives another result",
        "Does your backward pass write into an array of its cache?",
        |choices| choices.cache = Cache::UsedUp),
    Group::State.mistake_in("behaviour/same_calls_twice", "equal_calls_differ",
        "two equal calls of yours give different results",
        "What do your functions use beside their arguments: a random number, a counter, a global array?",
        |choices| choices.differs_by_call = true),
    Group::State.mistake("unknown_mode_trains",
        "your forward pass treats an unknown mode as training",
        MISSPELT_MODE, |choices| choices.unknown_mode = UnknownMode::Train),
    Group::State.mistake("unknown_mode_evaluates",
        "your forward pass treats an unknown mode as evaluation",
        MISSPELT_MODE, |choices| choices.unknown_mode = UnknownMode::Eval),
    Group::State.mistake("unknown_mode_returns_x",
        "your forward pass returns x unchanged in an unknown mode",
        MISSPELT_MODE, |choices| choices.unknown_mode = UnknownMode::Identity),
];
