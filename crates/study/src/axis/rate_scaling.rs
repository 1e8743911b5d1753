//! The axis of how the learning rate follows from the batch size.

use super::definition::Axis;
use crate::rate_scaling::RateScaling;

pub(super) static AXIS: Axis = Axis {
    key: "rate_scaling",
    flag: None,
    value_name: "SCALING",
    help: "How the learning rate is scaled by the batch size, from that of batches of 50",
    is_of_network: false,
    choices: || RateScaling::ALL.map(|it| (it.name(), help(it))).to_vec(),
    set: |arm, text| {
        let mut all = RateScaling::ALL.into_iter();
        let names = || RateScaling::ALL.map(RateScaling::name).join(", ");
        let scaling = all.find(|it| it.name() == text).ok_or_else(names)?;
        arm.scale_rate(scaling)
    },
    text: |arm| arm.rate_scaling().name().to_owned(),
    label: |arm| match arm.rate_scaling() {
        RateScaling::None => "one learning rate".to_owned(),
        RateScaling::Linear => "learning rate by batch size".to_owned(),
        RateScaling::SquareRoot => "learning rate by root of batch size".to_owned(),
    },
};

fn help(scaling: RateScaling) -> &'static str {
    match scaling {
        RateScaling::None => "The same for every batch size",
        RateScaling::Linear => "Times the batch size / 50",
        RateScaling::SquareRoot => "Times the root of the batch size / 50",
    }
}
