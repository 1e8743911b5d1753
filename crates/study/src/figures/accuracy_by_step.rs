//! Training accuracy by step, and how soon the arms of a group reach the final training accuracy of the
//! first.

use plots::axes::{Axes, Axis, Chart};
use plots::curve::dashed;
use plots::frame::Frame;
use plots::style::INK;
use plots::{Drawing, Result, Tooltips};
use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::Circle;
use plotters::style::Color;

use super::figure::{Figure, StandardFigure};
use super::layout::{
    alt, color, draw_windows, legend_of_lines, panels, size_of_panels, steps_axis_of, title,
    windows,
};
use crate::analysis::{Analysis, ArmResult, CatchUp, Group, Window};
use crate::catch_up::steps_to_reach;
use crate::text::led;

/// The figure, a panel per group of arms.
#[derive(Debug)]
pub(super) struct AccuracyByStep<'a> {
    analysis: &'a Analysis<'a>,
}

/// The first comparison of a group. Of several the labels would lie on one another.
fn first_catch_up<'g, 'a>(
    group: &'g Group<'a>,
) -> Option<(&'g ArmResult<'a>, &'g ArmResult<'a>, CatchUp)> {
    let first = group.comparisons.first()?;
    Some((group.without(first), group.with(first), first.catch_up?))
}

impl<'a> StandardFigure<'a> for AccuracyByStep<'a> {
    const NAME: &'static str = "accuracy_by_step";

    fn of(analysis: &'a Analysis<'a>) -> Option<Self> {
        Some(Self { analysis })
    }
}

impl Figure for AccuracyByStep<'_> {
    fn heading(&self) -> String {
        if self.analysis.groups.iter().any(|group| first_catch_up(group).is_some()) {
            "Steps to the same training accuracy".to_owned()
        } else {
            "Training accuracy".to_owned()
        }
    }

    fn alt(&self) -> String {
        alt("Training accuracy of each arm by step", self.analysis)
    }

    fn caption(&self) -> String {
        let Analysis { study, groups, .. } = self.analysis;
        let mut text = format!("Share of correctly classified images {}.", windows(&study.config));
        if groups.iter().all(|group| first_catch_up(group).is_none()) {
            return text;
        }
        let mean = if self.analysis.has_several_seeds() { ", mean over seeds" } else { "" };
        text.push_str(&format!(
            " Dashed line, where one is drawn: the accuracy of the first arm of a panel in its last \
             window{mean}. Dots: the end of the first window in which the accuracy of the second arm, \
             and that of the first itself, is at least as high."
        ));
        for group in groups {
            let Some((without, with, found)) = first_catch_up(group) else { continue };
            let sentence = steps_to_reach(with, without, &found);
            text.push_str(&format!(" {}", led(&group.label, &sentence)));
        }
        text
    }
}

impl Drawing for AccuracyByStep<'_> {
    fn size(&self) -> (u32, u32) {
        size_of_panels(self.analysis, 460)
    }

    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
        tooltips: &mut Tooltips,
    ) -> Result<()> {
        let Analysis { study, groups, .. } = self.analysis;
        let area = Frame {
            title: title("Training accuracy by step", self.analysis),
            legend: legend_of_lines(self.analysis),
        }
        .draw(area, scale)?;
        let accuracies = study.steps.iter().map(|row| row.accuracy);
        let y = Axis::around("share of images classified correctly", accuracies, 5).up_to_one();
        for (area, group) in panels(&area, groups.len()).iter().zip(groups) {
            let x = steps_axis_of(group, 6);
            let axes = Axes { title: group.label.clone(), x, y: y.clone() };
            let mut chart = axes.draw(area, scale)?;
            draw_windows(&mut chart, group, Window::accuracy, 1.0, scale, tooltips)?;
            if let Some(found) = first_catch_up(group) {
                mark(&mut chart, found, scale)?;
            }
        }
        Ok(())
    }
}

/// The final accuracy of the first arm as a level, and where both reach it.
fn mark<B: DrawingBackend>(
    chart: &mut Chart<'_, B>,
    (without, with, found): (&ArmResult<'_>, &ArmResult<'_>, CatchUp),
    scale: u32,
) -> Result<()> {
    let (x, y) = (chart.x_range(), chart.y_range());
    let level = found.accuracy;
    let dash = (4 * scale, 4 * scale);
    dashed(chart, &[(x.start, level), (x.end, level)], INK.mix(0.8), scale, dash)?;
    let Some(steps) = found.steps_with else { return Ok(()) };
    for (arm, steps) in [(without, found.steps_without), (with, steps)] {
        let reached = steps as f64;
        dashed(chart, &[(reached, level), (reached, y.start)], INK.mix(0.8), scale, dash)?;
        let dot = Circle::new((reached, level), 5 * scale, color(arm).filled());
        chart.draw_series([dot])?;
    }
    Ok(())
}
