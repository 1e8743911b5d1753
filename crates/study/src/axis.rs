//! The axes: what a study may vary. An axis is a file of its own and a line in the list below.

mod activation;
mod batch_size;
mod data_set;
mod definition;
mod depth;
mod dropout;
mod dropout_place;
mod epochs;
mod initial_scale;
mod learning_rate;
mod network;
mod norm;
mod number;
mod observe;
mod optimizer;
mod rate_scaling;
mod statistics;
mod training_images;
mod trains;
mod vary;
mod weight_decay;

pub use definition::Axis;

/// All axes, in the order in which they are applied and in which tables have them. The network comes
/// before its parts, since it brings its own norm, activation and dropout.
pub static AXES: &[&Axis] = &[
    &data_set::AXIS,
    &network::AXIS,
    &depth::AXIS,
    &norm::AXIS,
    &activation::AXIS,
    &dropout::AXIS,
    &dropout_place::AXIS,
    &initial_scale::AXIS,
    &trains::AXIS,
    &optimizer::AXIS,
    &learning_rate::AXIS,
    &weight_decay::AXIS,
    &batch_size::AXIS,
    &rate_scaling::AXIS,
    &epochs::AXIS,
    &training_images::AXIS,
    &statistics::AXIS,
    &observe::AXIS,
    &vary::AXIS,
];

/// The axes that are younger than committed reports. What a study that does not name one of them writes
/// has no word of it, so that those reports keep their bytes.
pub static YOUNGER: &[&Axis] = &[&rate_scaling::AXIS, &statistics::AXIS, &observe::AXIS];

/// The axis of data sets.
pub static DATA_SET: &Axis = &data_set::AXIS;

/// The axis of the network.
pub static NETWORK: &Axis = &network::AXIS;

/// The axis of epochs.
pub static EPOCHS: &Axis = &epochs::AXIS;

/// The axis of the training images.
pub static TRAINING_IMAGES: &Axis = &training_images::AXIS;

/// The axis of what batch norm normalises with in evaluation.
pub static STATISTICS: &Axis = &statistics::AXIS;

/// The axis of what is observed.
pub static OBSERVE: &Axis = &observe::AXIS;

/// The axis of what a seed changes.
pub static VARY: &Axis = &vary::AXIS;

/// The axis of this name.
pub fn axis(key: &str) -> Option<&'static Axis> {
    AXES.iter().copied().find(|axis| axis.key == key)
}

/// The place of an axis among all.
pub fn place(axis: &Axis) -> Option<usize> {
    AXES.iter().position(|known| *known == axis)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use trainer::dataset::DataSet;

    use super::*;
    use crate::arm::Arm;

    fn notebook() -> Arm {
        Arm::notebook(DataSet::FashionMnist, 48_000).unwrap()
    }

    #[test]
    fn names_are_unique_and_every_value_reads_back() {
        let keys: BTreeSet<_> = AXES.iter().map(|axis| axis.key).collect();
        assert_eq!(keys.len(), AXES.len());
        let arm = notebook();
        for axis in AXES {
            let text = (axis.text)(&arm);
            let mut again = arm.clone();
            (axis.set)(&mut again, &text).unwrap();
            assert_eq!(again, arm, "{}", axis.key);
            for (value, _) in (axis.choices)() {
                let canonical = axis.canonical(value, &arm).unwrap();
                assert_eq!(axis.canonical(&canonical, &arm).as_ref(), Ok(&canonical), "{value}");
                let (mut one, mut other) = (arm.clone(), arm.clone());
                (axis.set)(&mut one, value).unwrap();
                (axis.set)(&mut other, &canonical).unwrap();
                assert_eq!(one, other, "{} = {value}", axis.key);
            }
        }
    }

    #[test]
    fn what_is_no_value_is_told_what_is() {
        for axis in AXES {
            for text in ["", "nonsense", "-1", "NaN", "inf", "1e999", "[1]"] {
                let refused = (axis.set)(&mut notebook(), text);
                assert!(
                    refused.is_err_and(|expected| !expected.is_empty()),
                    "{}: {text}",
                    axis.key
                );
            }
        }
    }
}
