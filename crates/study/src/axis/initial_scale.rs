//! The axis of scales of the initial weights.

use super::definition::{Axis, no_choices};
use super::number::{real, shortest};

pub(super) static AXIS: Axis = Axis {
    key: "initial_scale",
    flag: None,
    value_name: "SCALE",
    help: "What the bound of initial weights and biases is multiplied by",
    is_of_network: true,
    choices: no_choices,
    set: |arm, text| {
        arm.run.network.initial_scale = real(text, |scale| scale > 0.0, "a finite number above 0")?;
        Ok(())
    },
    text: |arm| shortest(arm.run.network.initial_scale),
    label: |arm| format!("initial scale {}", shortest(arm.run.network.initial_scale)),
};
