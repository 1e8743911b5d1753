//! The figures of a study. A figure is a file of its own, which holds its drawing, its heading, its
//! description and its caption, and a line in the list below and in [`STANDARD`] or [`NAMED`].

mod accuracy_by_step;
mod activation_percentiles;
mod against;
mod batch_norm_parameters;
mod confusion_matrix;
pub mod contact_sheet;
mod figure;
mod heat_map;
mod landscape;
mod layout;
mod normalized_axes;
mod outcome;
mod performance_profile;
mod split_seeds;
mod steps_to_accuracy;
mod training_loss;
mod unit_percentiles;
mod validation;
mod variance_shift;

use std::path::{Path, PathBuf};

use crate::analysis::Analysis;
use crate::axis::Axis;
use crate::config::StudyConfig;
use crate::error::Result;
use crate::figure_name::{NAMED, STANDARD, file_stem, over_axes};

use against::Against;
pub use figure::{DrawnFigure, FigureText, Reading};
use figure::{StandardFigure, drawn, text};
use heat_map::HeatMap;
use outcome::RunOutcome;

macro_rules! figures {
    ($($figure:ty,)*) => {
        /// The figures of [`STANDARD`], then those of [`NAMED`].
        const NAMES: &[&str] = &[$(<$figure>::NAME),*];

        /// The figure of this name, if the study has data for it.
        fn draw<'a>(name: &str, analysis: &'a Analysis<'a>) -> Result<Option<DrawnFigure>> {
            $(if name == <$figure>::NAME {
                return drawn(<$figure>::of(analysis), name);
            })*
            match over_axes(name) {
                Some((figure, axes)) => over(figure, &axes, analysis, name, drawn, drawn),
                None => Ok(None),
            }
        }

        /// What is said of the figure of this name, if the study has data for it.
        fn described<'a>(name: &str, analysis: &'a Analysis<'a>) -> Option<FigureText> {
            $(if name == <$figure>::NAME {
                return text(<$figure>::of(analysis), name);
            })*
            let (figure, axes) = over_axes(name)?;
            over(figure, &axes, analysis, name, text, text)
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
    steps_to_accuracy::StepsToAccuracy<'_>,
    split_seeds::SplitSeeds<'_>,
    variance_shift::VarianceShift<'_>,
    landscape::Landscape<'_>,
    unit_percentiles::UnitPercentiles<'_>,
}

/// What `against` or `heat_map` makes of the figure over these axes.
fn over<'a, T>(
    figure: &str,
    axes: &[&'static Axis],
    analysis: &'a Analysis<'a>,
    name: &str,
    against: impl Fn(Option<Against<'a>>, &str) -> T,
    heat_map: impl Fn(Option<HeatMap<'a>>, &str) -> T,
) -> T {
    match *axes {
        [x, y] => heat_map(HeatMap::of(analysis, x, y), name),
        [axis] => {
            let outcome = RunOutcome::of_figure(figure);
            against(outcome.and_then(|outcome| Against::of(analysis, outcome, axis)), name)
        }
        _ => heat_map(None, name),
    }
}

// What a study's file may name is what is drawn here.
const _: () = assert!(
    NAMES.len() == STANDARD.len() + NAMED.len(),
    "figure_name::STANDARD and NAMED list other figures"
);

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

/// What is said of the first figure of [`draw_all`].
pub fn first_text<'a>(analysis: &'a Analysis<'a>) -> Option<FigureText> {
    let mut names = analysis.study.config.file.report.figures.iter();
    names.find_map(|name| described(name, analysis))
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
mod tests;
