//! The shift of variance of each batch norm between training and evaluation, a curve per arm.

use plots::axes::{Axes, Axis};
use plots::curve::{Point, line};
use plots::frame::{Frame, Sample};
use plots::style::INK;
use plots::{Drawing, Result, Tooltips};
use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::Circle;
use plotters::style::Color;
use trainer::evaluation::EvaluationStatistics;

use super::figure::{Figure, Reading, StandardFigure};
use super::layout::{alt, color, legend_of_arms, panels, size_of_panels, title};
use crate::analysis::{Analysis, ArmResult};
use crate::figure_name;
use crate::tables::VarianceShiftRow;
use crate::text::{listed, seeds_in_words};

/// The figure: a panel per group of arms.
#[derive(Debug)]
pub(super) struct VarianceShift<'a> {
    analysis: &'a Analysis<'a>,
}

impl<'a> StandardFigure<'a> for VarianceShift<'a> {
    const NAME: &'static str = figure_name::VARIANCE_SHIFT;

    fn of(analysis: &'a Analysis<'a>) -> Option<Self> {
        (!analysis.study.optional.variance_shift.is_empty()).then_some(Self { analysis })
    }
}

impl VarianceShift<'_> {
    fn rows(&self, arm: &ArmResult<'_>) -> impl Iterator<Item = &VarianceShiftRow> {
        self.analysis.study.optional.variance_shift.iter().filter(|row| row.key.arm == arm.arm)
    }

    /// The fewest and the most runs of an arm that were measured, of the arms that have a batch norm.
    fn seeds(&self) -> (u64, u64) {
        let of_first_norm = |arm| self.rows(arm).filter(|row| row.position == 1).count() as u64;
        let counts: Vec<u64> =
            self.analysis.arms().map(of_first_norm).filter(|it| *it > 0).collect();
        let fewest = counts.iter().copied().min().unwrap_or_default();
        (fewest, counts.into_iter().max().unwrap_or_default())
    }

    /// The number of each norm of an arm, and the mean of its shift over seeds.
    fn means(&self, arm: &ArmResult<'_>) -> Vec<(u64, f64)> {
        let last = self.rows(arm).map(|row| row.position).max().unwrap_or_default();
        let mean = |norm: u64| {
            let of_norm = self.rows(arm).filter(|row| row.position == norm);
            let shifts: Vec<f64> = of_norm.map(|row| row.shift).collect();
            (norm, shifts.iter().sum::<f64>() / shifts.len() as f64)
        };
        (1..=last).map(mean).filter(|(_, shift)| shift.is_finite()).collect()
    }
}

impl Figure for VarianceShift<'_> {
    fn heading(&self) -> String {
        "Shift of variance".to_owned()
    }

    fn alt(&self) -> String {
        alt("Shift of variance of each batch norm", self.analysis)
    }

    fn caption(&self) -> String {
        let seeds = seeds_in_words(self.seeds());
        let points = if self.analysis.has_several_seeds() {
            " Points: each seed; lines: means."
        } else {
            ""
        };
        let mut text = format!(
            "How far the variance of what a batch norm gets in evaluation, over the validation images, is from \
             its running variance: max(a/b, b/a) with a and b the two and ε added to each, as a mean over \
             channels; 1 is no shift. After the last epoch, {seeds} per arm.{points}"
        );
        let statistics = self.analysis.study.config.each(|arm| arm.run.statistics);
        if statistics != [EvaluationStatistics::Running] {
            text.push_str(
                " In that evaluation batch norms use running averages, whatever an arm is evaluated with.",
            );
        }
        if self.analysis.arms().any(|arm| arm.diverged() > 0) {
            text.push_str(" Runs that diverged are not measured.");
        }
        text
    }

    fn reading(&self) -> Option<Reading> {
        let mut sentences = Vec::new();
        for arm in self.analysis.arms() {
            let means = self.means(arm);
            let means: Vec<String> =
                means.iter().map(|(norm, mean)| format!("{mean:.3} (norm {norm})")).collect();
            if !means.is_empty() {
                sentences.push(format!("**{}:** {}.", arm.label, listed(&means)));
            }
        }
        let text = format!("Shift of variance, where 1 is none: {}", sentences.join(" "));
        Some(Reading { text, is_whole_answer: false })
    }
}

impl Drawing for VarianceShift<'_> {
    fn size(&self) -> (u32, u32) {
        size_of_panels(self.analysis, 440)
    }

    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
        tooltips: &mut Tooltips,
    ) -> Result<()> {
        let has_norm = |name: &String| {
            self.analysis.arms().any(|arm| arm.name == *name && self.rows(arm).next().is_some())
        };
        let mut legend = legend_of_arms(self.analysis);
        legend.retain(|(_, name)| has_norm(name));
        if self.analysis.has_several_seeds() {
            legend.push((Sample::Dot(INK.mix(0.4)), "each seed".to_owned()));
        }
        let title = title("Shift of variance from training to evaluation", self.analysis);
        let area = Frame { title, legend }.draw(area, scale)?;
        let rows = &self.analysis.study.optional.variance_shift;
        let shifts = rows.iter().map(|row| row.shift).chain([1.0]);
        let y = Axis::around("shift of variance (1: none)", shifts, 5);
        let norms = rows.iter().map(|row| row.position).max().unwrap_or_default();
        let names: Vec<String> = (1..=norms).map(|norm| norm.to_string()).collect();
        let panels = panels(&area, self.analysis.groups.len());
        for (area, group) in panels.iter().zip(&self.analysis.groups) {
            let x = Axis::of_names("batch norm, from the input on", names.clone());
            let axes = Axes { title: group.label.clone(), x, y: y.clone() };
            let mut chart = axes.draw(area, scale)?;
            for arm in &group.arms {
                let place = |norm: u64| norm as f64 - 1.0;
                if self.analysis.has_several_seeds() {
                    let dot = |row: &VarianceShiftRow| {
                        let point = (place(row.position), row.shift);
                        Circle::new(point, 2 * scale, color(arm).mix(0.4).filled())
                    };
                    chart.draw_series(self.rows(arm).map(dot))?;
                }
                let means = self.means(arm);
                let points: Vec<Point> =
                    means.iter().map(|&(norm, mean)| (place(norm), mean)).collect();
                line(&mut chart, &points, color(arm).to_rgba(), 2 * scale)?;
                for (&(norm, mean), &point) in means.iter().zip(&points) {
                    let text = format!("{}, norm {norm}, mean: {mean:.3}", arm.name);
                    tooltips.at(&chart, point, text);
                }
                let dot = |&point| Circle::new(point, 4 * scale, color(arm).filled());
                chart.draw_series(points.iter().map(dot))?;
            }
        }
        Ok(())
    }
}
