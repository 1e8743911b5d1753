//! Which figures a report can have, by the names that a study's file gives them.

use trainer::Observable;

use crate::axis::{Axis, axis};

/// The figures of every study, in the order of the report.
pub const STANDARD: &[&str] = &[
    "validation_accuracy",
    "validation_loss",
    "training_loss",
    "accuracy_by_step",
    "performance_profile",
    "normalized_axes",
    BATCH_NORM_PARAMETERS,
    ACTIVATION_PERCENTILES,
    "confusion_matrix",
];

/// The figures that a study has only if its file names them.
pub const NAMED: &[&str] =
    &["steps_to_accuracy", "split_seeds", VARIANCE_SHIFT, LANDSCAPE, UNIT_PERCENTILES];

/// The figure of the parameters and running statistics of batch norms.
pub const BATCH_NORM_PARAMETERS: &str = "batch_norm_parameters";

/// The figure of what goes into activations and norms.
pub const ACTIVATION_PERCENTILES: &str = "activation_percentiles";

/// The figure for which the shift of variance of trained networks is measured.
pub const VARIANCE_SHIFT: &str = "variance_shift";

/// The figure of the loss and its gradient along the gradient.
pub const LANDSCAPE: &str = "landscape";

/// The figure of the percentiles of what goes into one unit.
pub const UNIT_PERCENTILES: &str = "unit_percentiles";

/// What must be observed of trainings for this figure, in the axis `observe`; none for most.
pub fn observed_for(name: &str) -> Option<Observable> {
    match name {
        LANDSCAPE => Some(Observable::Landscape),
        UNIT_PERCENTILES => Some(Observable::Unit),
        _ => None,
    }
}

/// The figures over compared axes, each with what stands between its brackets, as in
/// `accuracy_against(learning_rate)`.
pub const OVER_AXES: &[(&str, &[&str])] = &[
    ("accuracy_against", &["AXIS"]),
    ("test_accuracy_against", &["AXIS"]),
    ("training_loss_against", &["AXIS"]),
    ("diverged_against", &["AXIS"]),
    ("heat_map", &["X", "Y"]),
];

/// A figure over axes: its name before the brackets, and the axes between them. Nothing for the name of
/// another figure, or of none.
pub fn over_axes(name: &str) -> Option<(&'static str, Vec<&'static Axis>)> {
    let (before, between) = name.strip_suffix(')')?.split_once('(')?;
    let (figure, wanted) = OVER_AXES.iter().find(|(figure, _)| *figure == before)?;
    let axes: Vec<_> = between.split(',').map(|key| axis(key.trim())).collect::<Option<_>>()?;
    let are_different = axes.iter().enumerate().all(|(at, axis)| !axes[..at].contains(axis));
    (axes.len() == wanted.len() && are_different).then_some((*figure, axes))
}

/// The name of the files of a figure, without `.svg` and `.png`.
pub fn file_stem(name: &str) -> String {
    let words = name.split(['(', ')', ',', ' ']).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_")
}

/// Refuses a name that no figure of a study with these compared axes has.
///
/// # Errors
///
/// What is expected instead.
pub(crate) fn expect(name: &str, compared: &[&'static Axis]) -> Result<(), String> {
    let without_axes = || STANDARD.iter().chain(NAMED).copied();
    let is_over_compared = |(_, axes): (_, Vec<_>)| axes.iter().all(|axis| compared.contains(axis));
    if without_axes().any(|known| known == name) || over_axes(name).is_some_and(is_over_compared) {
        return Ok(());
    }
    let mut names: Vec<String> = without_axes().map(str::to_owned).collect();
    // A figure over more axes than are compared is none of this study.
    for (figure, wanted) in OVER_AXES.iter().filter(|(_, wanted)| wanted.len() <= compared.len()) {
        names.push(format!("{figure}({})", wanted.join(", ")));
    }
    let axes: Vec<&str> = compared.iter().map(|axis| axis.key).collect();
    let of = if axes.is_empty() {
        String::new()
    } else {
        format!(", where an axis is one of {}", axes.join(", "))
    };
    Err(format!("one of {}{of}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_can_be_drawn_against_if_it_is_compared() {
        let [epochs, norm] = ["epochs", "norm"].map(|key| axis(key).unwrap());
        let found = over_axes("accuracy_against(epochs)");
        assert_eq!(found, Some(("accuracy_against", vec![epochs])));
        assert_eq!(over_axes("heat_map(norm,epochs)"), Some(("heat_map", vec![norm, epochs])));
        assert_eq!(file_stem("accuracy_against(epochs)"), "accuracy_against_epochs");
        assert_eq!(file_stem("heat_map(norm, epochs)"), "heat_map_norm_epochs");
        assert_eq!(file_stem("training_loss"), "training_loss");
        assert_eq!(expect("accuracy_against(epochs)", &[epochs]), Ok(()));
        assert_eq!(expect("heat_map(epochs, norm)", &[norm, epochs]), Ok(()));
        assert_eq!(expect("training_loss", &[]), Ok(()));
        for (name, compared) in [
            ("accuracy_against(epochs)", [].as_slice()),
            ("accuracy_against(nothing)", &[epochs]),
            ("accuracy_against(epochs, norm)", &[epochs, norm]),
            ("heat_map(epochs)", &[epochs, norm]),
            ("heat_map(epochs, epochs)", &[epochs, norm]),
            ("heat_map(epochs, norm)", &[epochs]),
            ("accuracy_against", &[epochs]),
            ("accuracy_against(epochs", &[epochs]),
            ("loss", &[epochs]),
        ] {
            let expected = expect(name, compared).unwrap_err();
            assert!(expected.starts_with("one of validation_accuracy, "), "{expected}");
            assert_eq!(expected.contains("heat_map(X, Y)"), compared.len() > 1, "{expected}");
        }
    }
}
