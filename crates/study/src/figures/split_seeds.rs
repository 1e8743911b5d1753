//! The seeds of one arm against each other: ten, split five and five in all 252 ways, as if each half were
//! an arm of its own.
//!
//! Source: Henderson et al., "Deep Reinforcement Learning that Matters", 2018, section "Random seeds and
//! trials", which shows one such split.

use plots::axes::{Axes, Axis};
use plots::curve::line;
use plots::frame::{Frame, Sample};
use plots::style::INK;
use plots::{Drawing, Result, Tooltips};
use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::style::Color;
use statistics::{ConfidenceLevel, FEWEST_SEEDS, Half, halves};

use super::figure::{Figure, Reading, StandardFigure};
use super::layout::{alt, color, title};
use crate::analysis::{Analysis, ArmResult};
use crate::divergence::diverged;

/// The figure, a panel per arm with ten seeds.
#[derive(Debug)]
pub(super) struct SplitSeeds<'a> {
    analysis: &'a Analysis<'a>,
    panels: Vec<Panel<'a>>,
}

#[derive(Debug)]
struct Panel<'a> {
    arm: &'a ArmResult<'a>,
    /// In order of their differences.
    splits: Vec<Half>,
}

impl<'a> StandardFigure<'a> for SplitSeeds<'a> {
    const NAME: &'static str = "split_seeds";

    /// Nothing if no arm has ten seeds.
    fn of(analysis: &'a Analysis<'a>) -> Option<Self> {
        let panel = |arm: &'a ArmResult<'a>| {
            let outcomes = arm.outcomes(&analysis.study.config);
            let first = outcomes.first_chunk::<FEWEST_SEEDS>()?;
            let mut splits = halves(first, ConfidenceLevel::PERCENT_95).ok()?;
            splits.sort_by(|one, other| one.difference.total_cmp(&other.difference));
            Some(Panel { arm, splits })
        };
        let panels: Vec<Panel<'a>> = analysis.arms().filter_map(panel).collect();
        (!panels.is_empty()).then_some(Self { analysis, panels })
    }
}

impl Panel<'_> {
    /// In how many splits the interval leaves 0 out.
    fn told_apart(&self) -> usize {
        self.splits.iter().filter(|split| split.is_told_apart()).count()
    }

    /// In how many splits a difference is beyond 1.96 standard errors.
    fn beyond_normal(&self) -> usize {
        self.splits.iter().filter(|split| split.is_beyond_normal()).count()
    }
}

impl Figure for SplitSeeds<'_> {
    fn heading(&self) -> String {
        "One network against itself".to_owned()
    }

    fn alt(&self) -> String {
        alt("Differences between two halves of the seeds of one arm, for all splits", self.analysis)
    }

    fn caption(&self) -> String {
        let config = &self.analysis.study.config;
        let text = format!(
            "The first ten seeds of an arm, split five and five in all 252 ways; of each split, in order, the \
             difference of the mean {} of the halves with its 95 % t interval (Student's, pooled variance, 8 \
             degrees of freedom). Both halves are the same network, so that a split whose interval leaves 0 \
             out (in colour) finds a difference where there is none. A split and its mirror image both count.",
            config.file.report.primary.name()
        );
        text + &diverged(self.analysis)
    }

    fn reading(&self) -> Option<Reading> {
        let mut sentences: Vec<String> = Vec::new();
        for panel in &self.panels {
            let largest = panel.splits.last().map_or(0.0, |split| split.difference);
            sentences.push(format!(
                "**{}:** in {} of {} splits the 95 % interval of the difference leaves 0 out, in {} the \
                 difference is beyond 1.96 standard errors, as if five seeds were many; the largest is \
                 {largest:.4}.",
                panel.arm.label,
                panel.told_apart(),
                panel.splits.len(),
                panel.beyond_normal(),
            ));
        }
        Reading::of(&sentences, true)
    }
}

impl Drawing for SplitSeeds<'_> {
    fn size(&self) -> (u32, u32) {
        let columns = self.panels.len().min(2) as u32;
        let rows = self.panels.len().div_ceil(2) as u32;
        (if columns == 1 { 680 } else { 1040 }, 60 + 360 * rows)
    }

    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
        tooltips: &mut Tooltips,
    ) -> Result<()> {
        let mut legend = vec![
            (Sample::Line(INK.to_rgba(), 2), "difference".to_owned()),
            (Sample::Line(INK.mix(0.3), 3), "interval with 0".to_owned()),
        ];
        legend.extend(self.panels.first().map(|panel| {
            let color = color(panel.arm).to_rgba();
            (Sample::Line(color, 3), "interval without 0 (in the arm's colour)".to_owned())
        }));
        let title = title("One network against itself", self.analysis);
        let area = Frame { title, legend }.draw(area, scale)?;
        let ends = self.panels.iter().flat_map(|panel| &panel.splits);
        let ends = ends.flat_map(|split| [split.interval.low, split.interval.high]);
        let y = Axis::around("difference of the halves", ends, 5);
        let rows = self.panels.len().div_ceil(2);
        let columns = self.panels.len().min(2);
        for (area, panel) in area.split_evenly((rows, columns)).iter().zip(&self.panels) {
            let last = panel.splits.len() as f64;
            let mut x =
                Axis::around("splits, in order", [0.0, last].into_iter(), 5).at_least_zero();
            x.range.end = last + 1.0;
            x.lines = false;
            let axes = Axes { title: panel.arm.label.clone(), x, y: y.clone() };
            let mut chart = axes.draw(area, scale)?;
            line(&mut chart, &[(0.0, 0.0), (last + 1.0, 0.0)], INK.mix(0.6), scale)?;
            for (at, split) in (1..).map(f64::from).zip(&panel.splits) {
                let (low, high) = (split.interval.low, split.interval.high);
                let color = match split.is_told_apart() {
                    true => color(panel.arm).to_rgba(),
                    false => INK.mix(0.3),
                };
                line(&mut chart, &[(at, low), (at, high)], color, scale)?;
            }
            let middle: Vec<_> = (1..)
                .map(f64::from)
                .zip(panel.splits.iter().map(|split| split.difference))
                .collect();
            line(&mut chart, &middle, INK.to_rgba(), 2 * scale)?;
            if let Some(&(at, largest)) = middle.last() {
                let text = format!("{}: the largest difference, {largest:.4}", panel.arm.label);
                tooltips.at(&chart, (at, largest), text);
            }
        }
        Ok(())
    }
}
