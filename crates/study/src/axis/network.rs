//! The axis of networks.

use trainer::network::{NetworkConfig, Preset};

use super::definition::Axis;

pub(super) static AXIS: Axis = Axis {
    key: "network",
    flag: Some("networks"),
    value_name: "NETWORKS",
    help: "The network, with its own norm, activation and dropout",
    is_of_network: true,
    choices: || Preset::all().iter().map(|preset| (preset.argument, preset.help)).collect(),
    set: |arm, text| {
        let preset = Preset::all().iter().find(|preset| preset.argument == text);
        arm.run.network = match preset {
            Some(preset) => preset.config.clone(),
            None => text.parse().map_err(|_| expected())?,
        };
        Ok(())
    },
    text: |arm| arm.run.network.to_string(),
    label: |arm| arm.run.network.name().into_owned(),
};

fn expected() -> String {
    let names: Vec<&str> = Preset::all().iter().map(|preset| preset.argument).collect();
    format!("{}, or its parts as in {}", names.join(", "), NetworkConfig::EXAMPLE)
}
