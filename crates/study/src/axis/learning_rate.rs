//! The axis of learning rates.

use super::definition::{Axis, no_choices};
use super::number::{real, shortest};

pub(super) static AXIS: Axis = Axis {
    key: "learning_rate",
    flag: Some("learning-rate"),
    value_name: "RATE",
    help: "Learning rate of the optimiser; where the batch size scales it, that for batches of 50",
    is_of_network: false,
    choices: no_choices,
    set: |arm, text| {
        let rate = real(text, |rate| rate > 0.0, "a finite number above 0")?;
        let name = arm.run.optimizer.name();
        arm.set_optimizer(name, rate, arm.weight_decay())
    },
    text: |arm| shortest(arm.base_rate()),
    label: |arm| format!("learning rate {}", shortest(arm.base_rate())),
};
