//! The axis of what is trained.

use trainer::Trains;

use super::definition::Axis;

// What `--heads` took when a study could vary nothing else.
const FROZEN: &str = "frozen";
const TRAINED: &str = "trained";

pub(super) static AXIS: Axis = Axis {
    key: "trains",
    flag: Some("heads"),
    value_name: "HEADS",
    help: "Which parameters are trained",
    is_of_network: false,
    choices: || {
        let all = Trains::all_values().iter().map(|trains| (trains.name(), ""));
        all.chain([(FROZEN, "The same as head-frozen"), (TRAINED, "The same as all")]).collect()
    },
    set: |arm, text| {
        let name = match text {
            FROZEN => Trains::HeadFrozen.name(),
            TRAINED => Trains::All.name(),
            name => name,
        };
        let found = Trains::all_values().iter().find(|trains| trains.name() == name);
        arm.run.trains = *found.ok_or_else(|| {
            let names: Vec<&str> =
                Trains::all_values().iter().map(|trains| trains.name()).collect();
            names.join(", ")
        })?;
        Ok(())
    },
    text: |arm| arm.run.trains.name().to_owned(),
    label: |arm| arm.run.trains.to_string(),
};
