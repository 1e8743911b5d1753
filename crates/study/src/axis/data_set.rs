//! The axis of data sets.

use trainer::dataset::DataSet;

use super::definition::Axis;

pub(super) static AXIS: Axis = Axis {
    key: "data_set",
    flag: None,
    value_name: "NAME",
    help: "The images",
    is_of_network: false,
    choices: || DataSet::ALL.iter().map(|set| (set.entry().argument, set.entry().help)).collect(),
    set: |arm, text| {
        let found = DataSet::ALL.iter().find(|set| set.entry().argument == text);
        arm.set_data_set(*found.ok_or_else(|| {
            let names: Vec<&str> = DataSet::ALL.iter().map(|set| set.entry().argument).collect();
            names.join(", ")
        })?);
        Ok(())
    },
    text: |arm| arm.data_set().entry().argument.to_owned(),
    label: |arm| arm.data_set().to_string(),
};
