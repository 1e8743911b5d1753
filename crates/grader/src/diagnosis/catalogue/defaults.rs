//! What holds where `bn_param` lacks an entry.

use super::hints::*;
use crate::diagnosis::choices::Required;
use crate::diagnosis::mistake::{Group, Mistake};

#[rustfmt::skip] // A table: id, explanation, hint and change.
pub(super) const MISTAKES: &[Mistake] = &[
    Group::Defaults.mistake("epsilon_default_1e-3",
        "you use 1e-3 for epsilon where bn_param has none",
        WITHOUT_ENTRY, |choices| choices.default_eps = 1e-3),
    Group::Defaults.mistake("epsilon_default_1e-4",
        "you use 1e-4 for epsilon where bn_param has none",
        WITHOUT_ENTRY, |choices| choices.default_eps = 1e-4),
    Group::Defaults.mistake("epsilon_default_1e-6",
        "you use 1e-6 for epsilon where bn_param has none",
        WITHOUT_ENTRY, |choices| choices.default_eps = 1e-6),
    Group::Defaults.mistake("epsilon_default_1e-8",
        "you use 1e-8 for epsilon where bn_param has none",
        WITHOUT_ENTRY, |choices| choices.default_eps = 1e-8),
    Group::Defaults.mistake("epsilon_default_0",
        "you use no epsilon where bn_param has none",
        WITHOUT_ENTRY, |choices| choices.default_eps = 0.0),
    Group::Defaults.mistake("epsilon_required",
        "your forward pass has no default for epsilon: it fails where bn_param has none",
        WITHOUT_ENTRY, |choices| choices.required = Required::Eps),
    Group::Defaults.mistake_in("random/momentum_default", "momentum_default_0.1",
        "you use 0.1 for momentum where bn_param has none",
        WITHOUT_ENTRY, |choices| choices.default_momentum = 0.1),
    Group::Defaults.mistake_in("random/momentum_default", "momentum_default_0.5",
        "you use 0.5 for momentum where bn_param has none",
        WITHOUT_ENTRY, |choices| choices.default_momentum = 0.5),
    Group::Defaults.mistake_in("random/momentum_default", "momentum_default_0.95",
        "you use 0.95 for momentum where bn_param has none",
        WITHOUT_ENTRY, |choices| choices.default_momentum = 0.95),
    Group::Defaults.mistake_in("random/momentum_default", "momentum_default_0.99",
        "you use 0.99 for momentum where bn_param has none",
        WITHOUT_ENTRY, |choices| choices.default_momentum = 0.99),
    Group::Defaults.mistake_in("random/momentum_default", "momentum_default_0.999",
        "you use 0.999 for momentum where bn_param has none",
        WITHOUT_ENTRY, |choices| choices.default_momentum = 0.999),
    Group::Defaults.mistake_in("random/momentum_default", "momentum_required",
        "your forward pass has no default for momentum: it fails where bn_param has none",
        WITHOUT_ENTRY, |choices| choices.required = Required::Momentum),
    Group::Defaults.mistake_in("random/running_default", "running_required",
        "your forward pass makes no running statistics: it fails where bn_param has none",
        WITHOUT_ENTRY, |choices| choices.required = Required::Running),
];
