//! Training loss by step: means over windows of a twentieth of an epoch, of each seed and of all.

use plots::axes::{Axes, Axis};
use plots::frame::Frame;
use plots::{Drawing, Result, Tooltips};
use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;

use super::figure::{Figure, StandardFigure};
use super::layout::{
    LARGEST_LOSS, alt, draw_windows, legend_of_lines, lines_of_epochs, losses_above, panels,
    size_of_panels, steps_axis_of, title, windows,
};
use crate::analysis::Analysis;
use crate::divergence::diverged;
use crate::text::seeds_in_words;

/// About so many ticks has an axis of steps.
const TICKS: u64 = 6;

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
        alt("Training loss of each arm by step", self.analysis)
    }

    fn caption(&self) -> String {
        let config = &self.analysis.study.config;
        let seeds = match self.analysis.seeds_of_arms() {
            (_, 0 | 1) => String::new(),
            seeds => {
                format!(" Bold lines: mean over {}; faint lines: each seed.", seeds_in_words(seeds))
            }
        };
        let epochs = match lines_of_epochs(self.analysis, TICKS) {
            None => String::new(),
            Some(1) => " Vertical lines: ends of epochs.".to_owned(),
            Some(every) => format!(" Vertical lines: every {every} epochs."),
        };
        // A mean is of the windows that all runs have.
        let diverged = match diverged(self.analysis) {
            none if none.is_empty() => none,
            some => format!("{some} A mean ends where the first run of its arm diverged."),
        };
        let losses = self.analysis.study.steps.iter().map(|row| row.loss);
        format!(
            "Cross-entropy in nats {}.{seeds}{epochs} Guessing all ten \
             classes with equal probability would give ln 10 = 2.303.{}{diverged}",
            windows(config),
            losses_above(losses)
        )
    }
}

impl Drawing for TrainingLoss<'_> {
    fn size(&self) -> (u32, u32) {
        size_of_panels(self.analysis, 440)
    }

    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
        tooltips: &mut Tooltips,
    ) -> Result<()> {
        let Analysis { study, groups, .. } = self.analysis;
        let area = Frame {
            title: title("Training loss by step", self.analysis),
            legend: legend_of_lines(self.analysis),
        }
        .draw(area, scale)?;
        let losses = study.steps.iter().map(|row| row.loss.min(LARGEST_LOSS));
        let y = Axis::around("cross-entropy (nats per image)", losses, 5).at_least_zero();
        for (area, group) in panels(&area, groups.len()).iter().zip(groups) {
            let x = steps_axis_of(group, TICKS);
            let axes = Axes { title: group.label.clone(), x, y: y.clone() };
            let mut chart = axes.draw(area, scale)?;
            draw_windows(&mut chart, group, |window| window.loss, LARGEST_LOSS, scale, tooltips)?;
        }
        Ok(())
    }
}
