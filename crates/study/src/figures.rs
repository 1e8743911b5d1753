//! The figures of a study. A figure is a file of its own, which holds its drawing, its heading, its
//! description and its caption, and a line in the list below and in [`STANDARD`].

mod accuracy_against;
mod accuracy_by_step;
mod activation_percentiles;
mod batch_norm_parameters;
mod confusion_matrix;
pub mod contact_sheet;
mod figure;
mod layout;
mod normalized_axes;
mod performance_profile;
mod training_loss;
mod validation;

use std::path::{Path, PathBuf};

use crate::analysis::Analysis;
use crate::config::StudyConfig;
use crate::error::Result;
use crate::figure_name::{STANDARD, axis_against, file_stem};

use accuracy_against::AccuracyAgainst;
pub use figure::{DrawnFigure, FigureText};
use figure::{StandardFigure, drawn, text};

macro_rules! figures {
    ($($figure:ty,)*) => {
        /// The figures of every study, as [`STANDARD`] lists them.
        const NAMES: &[&str] = &[$(<$figure>::NAME),*];

        /// The figure of this name, if the study has data for it.
        fn draw<'a>(name: &str, analysis: &'a Analysis<'a>) -> Result<Option<DrawnFigure>> {
            $(if name == <$figure>::NAME {
                return drawn(<$figure>::of(analysis), name);
            })*
            drawn(axis_against(name).and_then(|axis| AccuracyAgainst::of(analysis, axis)), name)
        }

        /// What is said of the figure of this name, if the study has data for it.
        fn described<'a>(name: &str, analysis: &'a Analysis<'a>) -> Option<FigureText> {
            $(if name == <$figure>::NAME {
                return text(<$figure>::of(analysis), name);
            })*
            text(axis_against(name).and_then(|axis| AccuracyAgainst::of(analysis, axis)), name)
        }
    };
}

// The list, in the order of the report.
figures! {
    validation::ValidationAccuracy<'_>,
    validation::ValidationLoss<'_>,
    training_loss::TrainingLoss<'_>,
    accuracy_by_step::AccuracyByStep<'_>,
    performance_profile::PerformanceProfile<'_>,
    normalized_axes::NormalizedAxes,
    batch_norm_parameters::BatchNormParameters<'_>,
    activation_percentiles::ActivationPercentiles<'_>,
    confusion_matrix::ConfusionMatrix<'_>,
}

// What a study's file may name is what is drawn here.
const _: () = assert!(NAMES.len() == STANDARD.len(), "figure_name::STANDARD lists other figures");

/// All figures that a study's file names and that the study has data for, in the order of the file.
///
/// # Errors
///
/// A figure that cannot be drawn.
pub fn draw_all<'a>(analysis: &'a Analysis<'a>) -> Result<Vec<DrawnFigure>> {
    let names = analysis.study.config.file.report.figures.iter();
    names.filter_map(|name| draw(name, analysis).transpose()).collect()
}

/// What is said of the figures of [`draw_all`].
pub fn texts<'a>(analysis: &'a Analysis<'a>) -> Vec<FigureText> {
    let names = analysis.study.config.file.report.figures.iter();
    names.filter_map(|name| described(name, analysis)).collect()
}

/// The first figure of [`draw_all`].
///
/// # Errors
///
/// A figure that cannot be drawn.
pub fn draw_first<'a>(analysis: &'a Analysis<'a>) -> Result<Option<DrawnFigure>> {
    let names = analysis.study.config.file.report.figures.iter();
    names.filter_map(|name| draw(name, analysis).transpose()).next().transpose()
}

/// The files of all figures that the report of this study can have, from the report's folder.
pub fn files(config: &StudyConfig) -> impl Iterator<Item = PathBuf> {
    let names = config.file.report.figures.iter().map(|name| file_stem(name));
    names.flat_map(|name| {
        ["svg", "png"].map(|format| Path::new("figures").join(&name).with_extension(format))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_that_a_file_may_name_are_those_that_are_drawn() {
        assert_eq!(NAMES, STANDARD);
    }
}
