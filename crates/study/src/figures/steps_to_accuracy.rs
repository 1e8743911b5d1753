//! How many training steps each arm takes to given training accuracies.
//!
//! Source: Ioffe and Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal
//! Covariate Shift", 2015, figures 2 and 3, which count steps to a validation accuracy. Here the accuracy is
//! that of the training batches: validation comes once per epoch only.

use plots::axes::{Axes, Axis};
use plots::curve::{Point, band, line};
use plots::frame::Frame;
use plots::{Drawing, Result, Tooltips, thousands};
use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::Circle;
use plotters::style::{Color, RGBColor};

use super::figure::{Figure, Reading, StandardFigure};
use super::layout::{
    EQUAL_DISTANCES, alt, color, legend_of_arms, panels, size_of_panels, title, windows,
};
use crate::analysis::{Analysis, ArmResult, Interval, Spread, Window};
use crate::text::{either, listed, seeds_in_words};

/// The training accuracies, of which those are shown that all runs of an arm reach.
const LEVELS: [f64; 9] = [0.3, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95];

/// The figure, a panel per group of arms.
#[derive(Debug)]
pub(super) struct StepsToAccuracy<'a> {
    analysis: &'a Analysis<'a>,
    /// The levels that an arm reaches.
    levels: Vec<f64>,
    /// Each group's curves.
    curves: Vec<Vec<Curve>>,
}

#[derive(Debug)]
struct Curve {
    name: String,
    color: RGBColor,
    /// The mean steps to the levels that all runs reach, from the first level on.
    steps: Vec<Reached>,
}

/// When the runs of an arm reached a level.
#[derive(Debug)]
struct Reached {
    mean: f64,
    interval: Option<Interval>,
}

impl<'a> StandardFigure<'a> for StepsToAccuracy<'a> {
    const NAME: &'static str = "steps_to_accuracy";

    /// Nothing if no arm reaches the first level.
    fn of(analysis: &'a Analysis<'a>) -> Option<Self> {
        let groups = analysis.groups.iter();
        let curves: Vec<Vec<Curve>> =
            groups.map(|group| group.arms.iter().map(Curve::of).collect()).collect();
        let reached = curves.iter().flatten().map(|curve| curve.steps.len()).max()?;
        let levels = LEVELS[..reached].to_vec();
        (reached > 0).then_some(Self { analysis, levels, curves })
    }
}

impl Curve {
    fn of(arm: &ArmResult<'_>) -> Self {
        // A run that diverged may reach a level before; the mean is of all runs or of none.
        let is_whole = arm.windows_of_runs.len() == arm.runs.len() && arm.diverged() == 0;
        let runs = if is_whole { arm.windows_of_runs.as_slice() } else { &[] };
        let reached = |level: &f64| {
            let of_runs = runs.iter().map(|run| steps_to(run, *level));
            let steps: Vec<f64> = of_runs.collect::<Option<_>>()?;
            let mean = Spread::of(&steps)?.mean;
            Some(Reached { mean, interval: Interval::of_mean(&steps) })
        };
        let steps = LEVELS.iter().map_while(reached).collect();
        Self { name: arm.name.clone(), color: color(arm), steps }
    }
}

/// The steps at the end of the first window whose accuracy is at least this.
fn steps_to(windows: &[Window], level: f64) -> Option<f64> {
    windows.iter().find(|window| window.accuracy() >= level).map(|window| window.end as f64)
}

impl Figure for StepsToAccuracy<'_> {
    fn heading(&self) -> String {
        "Steps to an accuracy".to_owned()
    }

    fn alt(&self) -> String {
        alt("Training steps of each arm to given training accuracies", self.analysis)
    }

    fn caption(&self) -> String {
        let config = &self.analysis.study.config;
        let intervals = self.curves.iter().flatten().flat_map(|curve| &curve.steps);
        let mut kinds: Vec<&str> = Vec::new();
        for interval in intervals.filter_map(|reached| reached.interval.as_ref()) {
            if !kinds.contains(&interval.description()) {
                kinds.push(interval.description());
            }
        }
        let bands = match kinds.as_slice() {
            [] => String::new(),
            kinds => format!(" Bands: {}.", either(kinds)),
        };
        format!(
            "Steps at the end of the first window whose training accuracy is at least that of the axis, \
             mean over {}; accuracies are {}. A curve ends before the first accuracy that a run of its arm \
             does not reach; an arm of which a run diverged has none.{bands}{EQUAL_DISTANCES}",
            seeds_in_words(self.analysis.seeds_of_arms()),
            windows(config),
        )
    }

    fn reading(&self) -> Option<Reading> {
        let mut sentences: Vec<String> = Vec::new();
        for (group, curves) in self.analysis.groups.iter().zip(&self.curves) {
            let both = curves.iter().map(|curve| curve.steps.len()).min().unwrap_or_default();
            let Some(last) = both.checked_sub(1).filter(|_| curves.len() > 1) else { continue };
            let each = curves.iter().map(|curve| {
                let steps = thousands(curve.steps[last].mean.round() as u64);
                format!("{} takes {steps} steps", curve.name)
            });
            let label = match group.label.as_str() {
                "" => String::new(),
                label => format!("**{label}:** "),
            };
            let each: Vec<String> = each.collect();
            sentences.push(format!(
                "{label}to a training accuracy of {}, the highest of the axis that all of them reach, {}.",
                self.levels[last],
                listed(&each)
            ));
        }
        Reading::of(&sentences, false)
    }
}

impl Drawing for StepsToAccuracy<'_> {
    fn size(&self) -> (u32, u32) {
        size_of_panels(self.analysis, 440)
    }

    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
        tooltips: &mut Tooltips,
    ) -> Result<()> {
        let title = title("Steps to an accuracy", self.analysis);
        let area = Frame { title, legend: legend_of_arms(self.analysis) }.draw(area, scale)?;
        let shown = self.curves.iter().flatten().flat_map(|curve| &curve.steps);
        let shown = shown.flat_map(|reached| {
            [reached.mean, reached.interval.map_or(reached.mean, |interval| interval.high)]
        });
        let y = Axis::around("training steps", shown.chain([0.0]), 5).at_least_zero();
        let names: Vec<String> = self.levels.iter().map(f64::to_string).collect();
        let panels = panels(&area, self.curves.len());
        for ((area, group), curves) in panels.iter().zip(&self.analysis.groups).zip(&self.curves) {
            let x = Axis::of_names("training accuracy", names.clone());
            let mut chart =
                Axes { title: group.label.clone(), x, y: y.clone() }.draw(area, scale)?;
            for curve in curves {
                let places = || curve.steps.iter().zip(0_u32..).map(|(it, at)| (f64::from(at), it));
                let bound = |of: fn(&Interval) -> f64| -> Vec<Point> {
                    let intervals =
                        places().filter_map(|(at, it)| Some((at, it.interval.as_ref()?)));
                    intervals.map(|(at, interval)| (at, of(interval))).collect()
                };
                let (low, high) = (bound(|interval| interval.low), bound(|interval| interval.high));
                band(&mut chart, &low, &high, curve.color.mix(0.15))?;
                let means: Vec<Point> = places().map(|(at, reached)| (at, reached.mean)).collect();
                for (&point, level) in means.iter().zip(&self.levels) {
                    let steps = thousands(point.1.round() as u64);
                    let text = format!("{}, accuracy {level}: {steps} steps", curve.name);
                    tooltips.at(&chart, point, text);
                }
                line(&mut chart, &means, curve.color.to_rgba(), 2 * scale)?;
                let dot = |point| Circle::new(point, 4 * scale, curve.color.filled());
                chart.draw_series(means.into_iter().map(dot))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_reached_at_the_end_of_the_first_window_that_has_it() {
        let window =
            |start, correct| Window { start, end: start + 10, loss: 1.0, correct, images: 100 };
        let windows = [window(0, 20), window(10, 85), window(20, 70), window(30, 90)];
        assert_eq!(steps_to(&windows, 0.85), Some(20.0));
        assert_eq!(steps_to(&windows, 0.86), Some(40.0));
        assert_eq!(steps_to(&windows, 0.95), None);
    }
}
