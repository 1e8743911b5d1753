//! The axis of the number of training images.

use super::definition::{Axis, no_choices};
use super::number::{LARGEST_COUNT, whole};

pub(super) static AXIS: Axis = Axis {
    key: "training_images",
    flag: None,
    value_name: "N",
    help: "Images to train with: the first so many of the split's",
    is_of_network: false,
    choices: no_choices,
    set: |arm, text| {
        arm.training_images = whole(text, 1..=LARGEST_COUNT)?;
        Ok(())
    },
    text: |arm| arm.training_images.to_string(),
    label: |arm| format!("{} training images", plots::thousands(arm.training_images)),
};
