//! The axis of optimisers.

use trainer::optimizer::OptimizerConfig;

use super::definition::Axis;

pub(super) static AXIS: Axis = Axis {
    key: "optimizer",
    flag: None,
    value_name: "NAME",
    help: "The optimiser, with its usual hyperparameters",
    is_of_network: false,
    choices: || OptimizerConfig::NAMES.iter().map(|&name| (name, "")).collect(),
    set: |arm, text| arm.set_optimizer(text, arm.base_rate(), arm.weight_decay()),
    text: |arm| arm.run.optimizer.name().to_owned(),
    label: |arm| arm.run.optimizer.title().to_owned(),
};
