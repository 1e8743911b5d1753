//! The axis of what is observed of a training.

use trainer::{Observable, Observe};

use super::definition::{Axis, no_choices};

pub(super) static AXIS: Axis = Axis {
    key: "observe",
    flag: None,
    value_name: "OBSERVED",
    help: "What is observed of a training, joined by +; it changes no number of the training",
    is_of_network: false,
    choices: no_choices,
    set: |arm, text| {
        arm.run.observe = Observe::of_name(text).ok_or_else(|| {
            let names: Vec<&str> = Observable::ALL.iter().map(|it| it.name()).collect();
            let nothing = Observe::nothing().name();
            format!("{nothing}, or one or more of {}, joined by +", names.join(", "))
        })?;
        Ok(())
    },
    text: |arm| arm.run.observe.name(),
    label: |arm| match arm.run.observe.is_nothing() {
        true => "nothing observed".to_owned(),
        false => format!("{} observed", arm.run.observe.name().replace('+', " and ")),
    },
};
