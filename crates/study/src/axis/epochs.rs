//! The axis of epochs.

use super::definition::{Axis, no_choices};
use super::number::{LARGEST_COUNT, whole};

pub(super) static AXIS: Axis = Axis {
    key: "epochs",
    flag: Some("epochs"),
    value_name: "N",
    help: "Passes over the training images",
    is_of_network: false,
    choices: no_choices,
    set: |arm, text| {
        arm.run.epochs = whole(text, 1..=LARGEST_COUNT)?;
        Ok(())
    },
    text: |arm| arm.run.epochs.to_string(),
    label: |arm| {
        let plural = if arm.run.epochs == 1 { "" } else { "s" };
        format!("{} epoch{plural}", arm.run.epochs)
    },
};
