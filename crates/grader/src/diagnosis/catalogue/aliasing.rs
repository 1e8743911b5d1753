//! The caller's arrays, changed in place.

use super::hints::*;
use crate::diagnosis::mistake::{Group, Mistake};
use crate::submission::Touched;

#[rustfmt::skip] // A table: id, explanation, hint and change.
pub(super) const MISTAKES: &[Mistake] = &[
    Group::Aliasing.mistake("x_changed_in_place",
        "your forward pass changes the caller's x in place",
        WRITES_IN_PLACE, |choices| choices.forward_touches = &[Touched::X]),
    Group::Aliasing.mistake_in("behaviour/gamma_untouched", "gamma_changed_in_place",
        "your forward pass changes the caller's gamma in place",
        WRITES_IN_PLACE, |choices| choices.forward_touches = &[Touched::Gamma]),
    Group::Aliasing.mistake_in("behaviour/beta_untouched", "beta_changed_in_place",
        "your forward pass changes the caller's beta in place",
        WRITES_IN_PLACE, |choices| choices.forward_touches = &[Touched::Beta]),
    Group::Aliasing.mistake_in("behaviour/running_arrays_untouched", "running_changed_in_place",
        "your forward pass writes into the caller's running arrays instead of putting new ones into bn_param",
        WRITES_IN_PLACE,
        |choices| choices.forward_touches = &[Touched::RunningMean, Touched::RunningVar]),
    Group::Aliasing.mistake("x_changed_by_backward",
        "your backward pass changes the caller's x in place",
        WRITES_IN_PLACE, |choices| choices.backward_touches = &[Touched::X]),
    Group::Aliasing.mistake_in("behaviour/dout_untouched", "dout_changed_in_place",
        "your backward pass changes the caller's dout in place",
        WRITES_IN_PLACE, |choices| choices.backward_touches = &[Touched::Dout]),
    Group::Aliasing.mistake_in("behaviour/earlier_results_untouched", "earlier_result_changed",
        "a later call of yours changes a result that an earlier call returned",
        "Which array do your functions keep between calls and write into again?",
        |choices| {
            choices.forward_touches = &[Touched::EarlierResult];
            choices.backward_touches = &[Touched::EarlierResult];
        }),
    Group::Aliasing.mistake_in("behaviour/bn_param_untouched", "mode_changed",
        "your forward pass changes or removes bn_param's mode",
        "What will the next call find in bn_param?",
        |choices| choices.forward_touches = &[Touched::Mode]),
    Group::Aliasing.mistake_in("behaviour/bn_param_untouched", "epsilon_changed",
        "your forward pass changes or removes bn_param's eps",
        "What will the next call find in bn_param?",
        |choices| choices.forward_touches = &[Touched::Eps]),
    Group::Aliasing.mistake_in("behaviour/bn_param_untouched", "momentum_changed",
        "your forward pass changes or removes bn_param's momentum",
        "What will the next call find in bn_param?",
        |choices| choices.forward_touches = &[Touched::Momentum]),
];
