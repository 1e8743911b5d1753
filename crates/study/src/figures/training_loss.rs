//! Training loss by step: means over windows of a twentieth of an epoch, of each seed and of all.

use plots::axes::{Axes, Axis};
use plots::frame::Frame;
use plots::{Drawing, Result};
use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;

use super::figure::{Figure, StandardFigure};
use super::layout::{
    alt, draw_windows, legend_of_networks, size_of_panels, steps_axis, title, windows,
};
use crate::analysis::Analysis;

/// The figure, a panel per group of arms.
#[derive(Debug)]
pub(super) struct TrainingLoss<'a> {
    analysis: &'a Analysis<'a>,
}

impl<'a> StandardFigure<'a> for TrainingLoss<'a> {
    const NAME: &'static str = "training_loss";

    fn of(analysis: &'a Analysis<'a>) -> Option<Self> {
        Some(Self { analysis })
    }
}

impl Figure for TrainingLoss<'_> {
    fn heading(&self) -> String {
        "Training loss".to_owned()
    }

    fn alt(&self) -> String {
        alt("Training loss of each network by step", self.analysis)
    }

    fn caption(&self) -> String {
        let config = &self.analysis.study.config;
        let seeds = match config.seeds().len() {
            1 => String::new(),
            seeds => format!(" Bold lines: mean over {seeds} seeds; faint lines: each seed."),
        };
        format!(
            "Cross-entropy in nats {}.{seeds} Vertical lines: ends of epochs. Guessing all ten \
             classes with equal probability would give ln 10 = 2.303.",
            windows(config)
        )
    }
}

impl Drawing for TrainingLoss<'_> {
    fn size(&self) -> (u32, u32) {
        size_of_panels(self.analysis, 440)
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, scale: u32) -> Result<()> {
        let Analysis { study, groups, .. } = self.analysis;
        let area = Frame {
            title: title("Training loss by step", self.analysis),
            legend: legend_of_networks(self.analysis),
        }
        .draw(area, scale)?;
        let losses = study.steps.iter().map(|row| row.loss);
        let y = Axis::around("cross-entropy (nats per image)", losses, 5).at_least_zero();
        for (area, group) in area.split_evenly((1, groups.len())).iter().zip(groups) {
            let x = steps_axis(&group.arms[0].arm, 6);
            let axes = Axes { title: group.label.clone(), x, y: y.clone() };
            let mut chart = axes.draw(area, scale)?;
            draw_windows(&mut chart, group, |window| window.loss, scale)?;
        }
        Ok(())
    }
}
