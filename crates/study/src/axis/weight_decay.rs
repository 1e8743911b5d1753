//! The axis of weight decay.

use super::definition::{Axis, no_choices};
use super::number::{real, shortest};

pub(super) static AXIS: Axis = Axis {
    key: "weight_decay",
    flag: None,
    value_name: "DECAY",
    help: "How much of each trained value is added to its gradient",
    is_of_network: false,
    choices: no_choices,
    set: |arm, text| {
        let decay = real(text, |decay| decay >= 0.0, "a finite number of at least 0")?;
        let name = arm.run.optimizer.name();
        arm.set_optimizer(name, arm.base_rate(), decay)
    },
    text: |arm| shortest(arm.weight_decay()),
    label: |arm| format!("weight decay {}", shortest(arm.weight_decay())),
};
