//! The axis of activations.

use trainer::network::Activation;

use super::definition::Axis;

pub(super) static AXIS: Axis = Axis {
    key: "activation",
    flag: None,
    value_name: "NAME",
    help: "The activation of each block",
    is_of_network: true,
    choices: || Activation::ALL.iter().map(|one| (one.name(), "")).collect(),
    set: |arm, text| {
        let found = Activation::ALL.iter().find(|one| one.name() == text);
        arm.run.network.activation = *found.ok_or_else(|| {
            let names: Vec<&str> = Activation::ALL.iter().map(|one| one.name()).collect();
            names.join(", ")
        })?;
        Ok(())
    },
    text: |arm| arm.run.network.activation.name().to_owned(),
    label: |arm| match arm.run.network.activation {
        Activation::Relu => "ReLU".to_owned(),
        other @ (Activation::Sigmoid | Activation::Tanh) => other.name().to_owned(),
    },
};
