//! The axis of dropout.

use super::definition::{Axis, no_choices};
use super::number::{real, shortest};

/// The value without dropout.
const NONE: &str = "none";

pub(super) static AXIS: Axis = Axis {
    key: "dropout",
    flag: None,
    value_name: "P",
    help: "Probability of dropout in each block, or none",
    is_of_network: true,
    choices: no_choices,
    set: |arm, text| {
        arm.run.network.dropout = match text {
            NONE => None,
            text => {
                let expected = "none, or a probability of at least 0 and below 1";
                Some(real(text, |p| (0.0..1.0).contains(&p), expected)?)
            }
        };
        Ok(())
    },
    text: |arm| arm.run.network.dropout.map_or_else(|| NONE.to_owned(), shortest),
    label: |arm| match arm.run.network.dropout {
        None => "no dropout".to_owned(),
        Some(p) => format!("dropout {}", shortest(p)),
    },
};
