//! The axis of the place of dropout in a block.

use trainer::network::DropoutPlace;

use super::definition::Axis;

pub(super) static AXIS: Axis = Axis {
    key: "dropout_place",
    flag: None,
    value_name: "PLACE",
    help: "Where in each block the dropout is",
    is_of_network: true,
    choices: || DropoutPlace::ALL.iter().map(|place| (place.name(), "")).collect(),
    set: |arm, text| {
        let found = DropoutPlace::ALL.iter().find(|place| place.name() == text);
        arm.run.network.dropout_place = *found.ok_or_else(|| {
            let names: Vec<&str> = DropoutPlace::ALL.iter().map(|place| place.name()).collect();
            names.join(", ")
        })?;
        Ok(())
    },
    text: |arm| arm.run.network.dropout_place.name().to_owned(),
    label: |arm| match arm.run.network.dropout_place {
        DropoutPlace::AfterActivation => "dropout after the activation".to_owned(),
        DropoutPlace::BeforeNorm => "dropout before the norm".to_owned(),
    },
};
