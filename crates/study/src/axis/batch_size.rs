//! The axis of batch sizes.

use super::definition::{Axis, no_choices};
use super::number::{LARGEST_COUNT, whole};

pub(super) static AXIS: Axis = Axis {
    key: "batch_size",
    flag: Some("batch-size"),
    value_name: "N",
    help: "Images of a batch",
    is_of_network: false,
    choices: no_choices,
    set: |arm, text| {
        // A batch that no address space can hold is refused where it is made.
        let images = usize::try_from(whole(text, 1..=LARGEST_COUNT)?).unwrap_or(usize::MAX);
        arm.set_batch_size(images)
    },
    text: |arm| arm.run.batch_size.to_string(),
    label: |arm| format!("batches of {}", arm.run.batch_size),
};
