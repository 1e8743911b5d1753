//! The figures of a study. A figure is a file of its own, which holds its drawing, its heading, its
//! description and its caption, and a line in the list below.

mod accuracy_by_step;
mod activation_percentiles;
mod batch_norm_parameters;
mod confusion_matrix;
pub mod contact_sheet;
mod figure;
mod layout;
mod normalized_axes;
mod training_loss;
mod validation;

use std::path::{Path, PathBuf};

use crate::analysis::Analysis;
use crate::error::Result;

pub use figure::DrawnFigure;
use figure::{Figure, drawn};

macro_rules! figures {
    ($($figure:ty,)*) => {
        /// The names of all figures that a report can have.
        const NAMES: &[&str] = &[$(<$figure>::NAME),*];

        /// All figures that the study has data for, in the order of the report.
        ///
        /// # Errors
        ///
        /// A figure that cannot be drawn.
        pub fn draw_all<'a>(analysis: &'a Analysis<'a>) -> Result<Vec<DrawnFigure>> {
            let figures = [$(drawn::<$figure>(analysis)?),*];
            Ok(figures.into_iter().flatten().collect())
        }
    };
}

// The list, in the order of the report.
figures! {
    validation::ValidationAccuracy<'_>,
    validation::ValidationLoss<'_>,
    training_loss::TrainingLoss<'_>,
    accuracy_by_step::AccuracyByStep<'_>,
    normalized_axes::NormalizedAxes,
    batch_norm_parameters::BatchNormParameters<'_>,
    activation_percentiles::ActivationPercentiles<'_>,
    confusion_matrix::ConfusionMatrix<'_>,
}

/// The files of all figures that a report can have, from the report's folder.
pub fn files() -> impl Iterator<Item = PathBuf> {
    let formats =
        |name| ["svg", "png"].map(|format| Path::new("figures").join(name).with_extension(format));
    NAMES.iter().flat_map(formats)
}
