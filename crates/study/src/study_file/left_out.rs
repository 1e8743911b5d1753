//! Combinations of values that make no arm: the tables `[[leave_out]]` of a study's file.

use toml::Spanned;
use toml::de::DeValue;

use super::axis_values::AxisValues;
use super::section::{Section, axis_names, quoted};
use crate::arm::Arm;
use crate::axis::Axis;

/// The key of these tables.
pub(super) const KEY: &str = "leave_out";

/// Combinations that make no arm: those that have, of each of these axes, one of its values here.
#[derive(Debug, Clone, PartialEq)]
pub struct LeftOut {
    /// The axes, in the order of the file, each with at least one value.
    pub conditions: Vec<(&'static Axis, Vec<String>)>,
}

impl LeftOut {
    /// Whether it holds of a combination, which has these values of the axes.
    pub(super) fn holds<'a>(&self, value: impl Fn(&Axis) -> Option<&'a str>) -> bool {
        self.conditions.iter().all(|(axis, values)| {
            value(axis).is_some_and(|found| values.iter().any(|value| value == found))
        })
    }

    /// Follows a change of each of these values of an axis. Several may become one, which is left out if
    /// all of them were.
    pub(super) fn change(
        &mut self,
        axis: &Axis,
        before: &[String],
        changed: impl Fn(&String) -> String,
    ) {
        for (_, values) in self.conditions.iter_mut().filter(|(known, _)| *known == axis) {
            let was_left_out = |value: &String| {
                let mut same = before.iter().filter(|before| changed(before) == *value);
                same.all(|before| values.contains(before))
            };
            *values = once_each(before.iter().map(&changed).filter(was_left_out));
        }
    }

    /// What is left of it beside these axes: an axis that has one value is no condition any more, and
    /// values that no arm has are none. Nothing if it holds of no combination.
    pub(super) fn among(mut self, settings: &[AxisValues]) -> Option<Self> {
        for (axis, values) in &mut self.conditions {
            let setting = settings.iter().find(|setting| setting.axis == *axis)?;
            values.retain(|value| setting.values.contains(value));
            if values.is_empty() {
                return None;
            }
        }
        let is_compared = |axis| settings.iter().any(|it| it.axis == axis && it.is_compared);
        self.conditions.retain(|(axis, _)| is_compared(*axis));
        Some(self)
    }
}

/// These values without those that came before.
pub(super) fn once_each(values: impl Iterator<Item = String>) -> Vec<String> {
    let mut found = Vec::new();
    for value in values {
        if !found.contains(&value) {
            found.push(value);
        }
    }
    found
}

/// Reads the tables, whose axes are compared in these settings.
///
/// # Errors
///
/// The line and the key at fault, what was found and what is allowed.
pub(super) fn read(
    top: Section<'_>,
    settings: &[AxisValues],
    notebook: &Arm,
) -> Result<Vec<LeftOut>, String> {
    let Some(value) = top.get(KEY) else { return Ok(Vec::new()) };
    let expected = "tables [[leave_out]], each with a combination of values";
    let refuse = |value: &Spanned<DeValue<'_>>| {
        Err(top.fault(KEY, value.span(), value.get_ref().type_str(), expected))
    };
    let Some(tables) = value.get_ref().as_array() else { return refuse(value) };
    let mut left_out = Vec::new();
    for value in tables {
        let Some(table) = value.get_ref().as_table() else { return refuse(value) };
        let section = Section { text: top.text, name: KEY, table };
        section.expect_keys(&axis_names())?;
        if table.is_empty() {
            return Err(top.fault(KEY, value.span(), "no axis", expected));
        }
        let mut conditions = Vec::new();
        for (key, value) in section.entries() {
            let AxisValues { axis, values, .. } = section.setting(key, true, notebook)?;
            let compared = settings.iter().find(|known| known.axis == axis && known.is_compared);
            let Some(compared) = compared else {
                let expected = "an axis of [compare]";
                return Err(section.fault(key, value.span(), "it", expected));
            };
            if let Some(other) = values.iter().find(|value| !compared.values.contains(value)) {
                let expected =
                    format!("values that it has in [compare]: {}", compared.values.join(", "));
                return Err(section.fault(key, value.span(), &quoted(other), &expected));
            }
            conditions.push((axis, values));
        }
        left_out.push(LeftOut { conditions });
    }
    Ok(left_out)
}

#[cfg(test)]
mod tests {
    use trainer::dataset::DataSet;

    use crate::arm::Arm;
    use crate::axis::axis;
    use crate::config::StudyConfig;
    use crate::study_file;

    const COMPARE: &str = "[compare]\nnorm = [\"none\", \"batch\", \"layer\"]\ntrains = [\"all\", \"norm-only\"]\n\
                           [fixed]\ndata_set = \"fashion-mnist\"\n";

    fn arms(rest: &str) -> Result<Vec<String>, String> {
        let config = StudyConfig::read(&format!("{COMPARE}{rest}"))?;
        // A file that was written says the same.
        assert_eq!(StudyConfig::read(&config.to_toml()).as_ref(), Ok(&config));
        Ok(config.arms().iter().map(|arm| config.label(arm)).collect())
    }

    #[test]
    fn a_combination_that_is_left_out_makes_no_arm() {
        // Nothing of a network without norm would train.
        assert!(arms("").unwrap_err().contains("norm-only trains nothing"));
        let found = arms("[[leave_out]]\nnorm = \"none\"\ntrains = \"norm-only\"").unwrap();
        let expected = [
            "no norm, all trained",
            "batch norm, all trained",
            "batch norm, only γ and β trained",
            "layer norm, all trained",
            "layer norm, only γ and β trained",
        ];
        assert_eq!(found, expected);
        let rest = "[[leave_out]]\nnorm = [\"none\", \"layer\"]\ntrains = \"norm-only\"\n\
                    [[leave_out]]\nnorm = \"layer\"";
        assert_eq!(arms(rest).unwrap(), expected[..3]);
    }

    #[test]
    fn a_change_of_values_changes_what_is_left_out() {
        let text = format!("{COMPARE}[[leave_out]]\nnorm = \"none\"\ntrains = \"norm-only\"");
        let changed = |key: &str, values: &[&str]| {
            let mut file = study_file::read(&text, &Arm::any().unwrap()).unwrap();
            file.set(axis(key).unwrap(), values.iter().map(|value| (*value).to_owned()).collect());
            let config = StudyConfig::new(file, DataSet::FashionMnist);
            let config = config.map_err(|error| error.to_string())?;
            assert_eq!(StudyConfig::read(&config.to_toml()).as_ref(), Ok(&config));
            Ok::<_, String>((config.file.left_out.len(), config.arms().len()))
        };
        // The first arm of a norm that is not left out, and the second of both.
        assert_eq!(changed("norm", &["none", "instance"]), Ok((1, 3)));
        assert_eq!(changed("norm", &["none"]), Ok((1, 1)));
        assert_eq!(changed("norm", &["batch"]), Ok((0, 2)));
        assert_eq!(changed("trains", &["all"]), Ok((0, 3)));
        assert_eq!(changed("trains", &["norm-only"]), Ok((1, 2)));
    }

    #[test]
    fn a_quick_look_leaves_out_what_the_study_does() {
        let arms = |training_images: &str, left_out: &str| {
            let text = format!(
                "[compare]\nnorm = [\"none\", \"batch\"]\ntraining_images = {training_images}\n\
                 [[leave_out]]\nnorm = \"none\"\ntraining_images = {left_out}"
            );
            let mut file = study_file::read(&text, &Arm::any().unwrap()).unwrap();
            file.look_quickly();
            let config = StudyConfig::new(file, DataSet::FashionMnist).unwrap();
            assert_eq!(StudyConfig::read(&config.to_toml()).as_ref(), Ok(&config));
            config.arms().iter().map(|arm| arm.training_images).collect::<Vec<_>>()
        };
        // No more than 60 batches of 50.
        assert_eq!(arms("[1000, 48000]", "48000"), [1000, 1000, 3000]);
        assert_eq!(arms("[1000, 48000]", "1000"), [3000, 1000, 3000]);
        // Two become one: it is left out only if both are.
        assert_eq!(arms("[6000, 1000, 48000]", "48000"), [3000, 1000, 3000, 1000]);
        assert_eq!(arms("[6000, 1000, 48000]", "[6000, 48000]"), [1000, 3000, 1000]);
    }

    #[test]
    fn what_cannot_be_left_out_is_told_with_its_line() {
        let all = "norm = [\"none\", \"batch\", \"layer\"]";
        for (rest, expected) in [
            (
                "[[leave_out]]\nepochs = 3",
                "line 7: leave_out.epochs: found it, expected an axis of [compare]",
            ),
            (
                "[[leave_out]]\nnorm = \"instance\"",
                "line 7: leave_out.norm: found \"instance\", expected values that it has in [compare]: none, \
                 batch, layer",
            ),
            (
                "[[leave_out]]\nnorms = \"none\"",
                "line 7: [leave_out]: found the key norms, expected one of ",
            ),
            ("[[leave_out]]\n", "leave_out: found no axis, expected tables [[leave_out]]"),
            (
                "[leave_out]\nnorm = \"none\"",
                "leave_out: found table, expected tables [[leave_out]]",
            ),
            (
                &format!("[[leave_out]]\n{all}"),
                "leave_out: found every combination, expected at least one that is left",
            ),
        ] {
            let found = arms(rest).unwrap_err();
            assert!(found.contains(expected), "{found}");
        }
    }
}
