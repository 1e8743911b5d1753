//! The figures of a study, each drawn by one type from the study's tables.

pub mod accuracy_by_step;
pub mod activation_percentiles;
pub mod batch_norm_parameters;
pub mod confusion_matrix;
pub mod contact_sheet;
pub mod normalized_axes;
pub mod training_loss;
pub mod validation;

use anyhow::Result;
use plots::axes::Axis;
use plots::frame::Sample;
use plots::style::{self, okabe_ito};
use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, RGBColor};

use crate::tables::{Head, Study, StudyConfig, network_name};

/// The size of a figure with a panel a head, side by side.
fn size_of_panels(study: &Study, height: u32) -> (u32, u32) {
    let width = if study.heads().len() > 1 { 960 } else { 680 };
    (width, height)
}

/// Names the columns of a grid of panels, a head and a block each.
fn name_columns<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    columns: &[(Head, u64)],
    scale: u32,
) -> Result<()>
where
    B::ErrorType: 'static,
{
    for (&(head, block), cell) in columns.iter().zip(area.split_evenly((1, columns.len().max(1)))) {
        name_below(&cell, &format!("{head}, block {block}"), style::INK, scale)?;
    }
    Ok(())
}

/// A line of text in the middle of a strip, a little to the right where the panels are.
fn name_below<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    name: &str,
    color: RGBColor,
    scale: u32,
) -> Result<()>
where
    B::ErrorType: 'static,
{
    let font = style::text(style::TEXT * scale, &color).pos(Pos::new(HPos::Center, VPos::Center));
    let (width, height) = area.dim_in_pixel();
    let place = ((width + 40 * scale) as i32 / 2, height as i32 / 2);
    area.draw_text(name, &font, place)?;
    Ok(())
}

/// The networks in a legend; with several seeds also what faint lines are.
fn legend_of_networks(config: &StudyConfig, faint: &str) -> Vec<(Sample, String)> {
    let mut legend: Vec<_> = config
        .networks
        .iter()
        .map(|network| (Sample::Line(color(network).to_rgba(), 3), network_name(network)))
        .collect();
    if config.seeds.len() > 1 {
        legend.push((Sample::Line(style::INK.mix(style::FAINT), 1), faint.to_owned()));
    }
    legend
}

/// The colour of a network, the same in every figure.
pub fn color(network: &str) -> RGBColor {
    match network {
        "simple_network" => okabe_ito::VERMILLION,
        "spatial_batch_norm_network" => okabe_ito::BLUE,
        "fully_connected_network" => okabe_ito::ORANGE,
        "batch_norm_network" => okabe_ito::SKY_BLUE,
        "dropout_network" => okabe_ito::BLUISH_GREEN,
        _ => okabe_ito::REDDISH_PURPLE,
    }
}

/// The title of a figure, which names the data set and says so if it was only a first look.
pub fn title(what: &str, study: &Study) -> String {
    let look = if study.config.quick { ", quick look" } else { "" };
    format!("{what} ({}{look})", study.config.data_set)
}

/// Epochs, from 1, with room on the right for labels of the last one.
pub fn epochs_axis(config: &StudyConfig) -> Axis {
    let epochs = config.epochs as f64;
    let every = config.epochs.div_ceil(10).max(1);
    let ticks = (1..=config.epochs).filter(|epoch| (epoch - 1).is_multiple_of(every));
    Axis {
        name: "epoch".to_owned(),
        range: 1.0 - 0.12 * epochs..epochs + 0.22 * epochs,
        ticks: ticks.map(|epoch| epoch as f64).collect(),
        decimals: 0,
        lines: false,
    }
}

/// Training steps from 0 to the end, with ticks at ends of epochs, about `count` of them; a
/// single epoch is divided by round numbers.
pub fn steps_axis(config: &StudyConfig, count: u64) -> Axis {
    let end = (config.epochs * config.steps_per_epoch) as f64;
    let ticks = if config.epochs == 1 {
        Axis::around("", [0.0, end].into_iter(), count.div_ceil(2) as usize)
            .ticks
            .into_iter()
            .filter(|tick| (0.0..=end).contains(tick))
            .collect()
    } else {
        let every = config.epochs.div_ceil(count).max(1);
        (0..=config.epochs)
            .filter(|epoch| epoch.is_multiple_of(every))
            .map(|epoch| (epoch * config.steps_per_epoch) as f64)
            .collect()
    };
    Axis { name: "training steps".to_owned(), range: 0.0..end, ticks, decimals: 0, lines: true }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made_up;

    #[test]
    fn steps_have_ticks_at_ends_of_epochs() {
        let config = StudyConfig { epochs: 5, steps_per_epoch: 960, ..made_up::config() };
        assert_eq!(steps_axis(&config, 6).ticks, [0.0, 960.0, 1920.0, 2880.0, 3840.0, 4800.0]);
        assert_eq!(steps_axis(&config, 3).ticks, [0.0, 1920.0, 3840.0]);
        let one = StudyConfig { epochs: 1, steps_per_epoch: 100, ..config };
        assert_eq!(steps_axis(&one, 6).ticks, [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
    }
}
