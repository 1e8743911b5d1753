//! Which figures a report can have, by the names that a study's file gives them.

use crate::axis::{Axis, axis};

/// The figures of every study, in the order of the report.
pub const STANDARD: &[&str] = &[
    "validation_accuracy",
    "validation_loss",
    "training_loss",
    "accuracy_by_step",
    "performance_profile",
    "normalized_axes",
    "batch_norm_parameters",
    "activation_percentiles",
    "confusion_matrix",
];

/// The figure that shows accuracy over the values of an axis, as in `accuracy_against(learning_rate)`.
const AGAINST: &str = "accuracy_against";

/// The axis of a figure with this name, if it is one that shows accuracy over an axis.
pub fn axis_against(name: &str) -> Option<&'static Axis> {
    axis(name.strip_prefix(AGAINST)?.strip_prefix('(')?.strip_suffix(')')?)
}

/// The name of the files of a figure, without `.svg` and `.png`.
pub fn file_stem(name: &str) -> String {
    name.replace('(', "_").replace(')', "")
}

/// Refuses a name that no figure of a study with these compared axes has.
///
/// # Errors
///
/// What is expected instead.
pub(crate) fn expect(name: &str, compared: &[&'static Axis]) -> Result<(), String> {
    if STANDARD.contains(&name) || axis_against(name).is_some_and(|axis| compared.contains(&axis)) {
        return Ok(());
    }
    let mut names: Vec<String> = STANDARD.iter().map(|name| (*name).to_owned()).collect();
    names.extend(compared.iter().map(|axis| format!("{AGAINST}({})", axis.key)));
    Err(format!("one of {}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_can_be_drawn_against_if_it_is_compared() {
        let epochs = axis("epochs").unwrap();
        assert_eq!(axis_against("accuracy_against(epochs)"), Some(epochs));
        assert_eq!(file_stem("accuracy_against(epochs)"), "accuracy_against_epochs");
        assert_eq!(expect("accuracy_against(epochs)", &[epochs]), Ok(()));
        assert_eq!(expect("training_loss", &[]), Ok(()));
        for (name, compared) in [
            ("accuracy_against(epochs)", [].as_slice()),
            ("accuracy_against(nothing)", &[epochs]),
            ("accuracy_against", &[epochs]),
            ("loss", &[epochs]),
        ] {
            let expected = expect(name, compared).unwrap_err();
            assert!(expected.starts_with("one of validation_accuracy, "), "{expected}");
        }
    }
}
