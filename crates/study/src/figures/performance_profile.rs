//! The share of seeds whose outcome is above a threshold, for every threshold: a curve per arm.
//!
//! Source: Agarwal et al., "Deep Reinforcement Learning at the Edge of the Statistical Precipice", 2021,
//! section 4.2.

use plots::axes::{Axes, Axis};
use plots::curve::{Point, band, line};
use plots::frame::Frame;
use plots::{Drawing, Result, Tooltips};
use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::style::{Color, RGBColor};
use statistics::{ConfidenceLevel, Profile, Sample};

use super::figure::{Figure, StandardFigure};
use super::layout::{alt, color, legend_of_arms, panels, size_of_panels, title};
use crate::analysis::{Analysis, ArmResult};
use crate::divergence::diverged;
use crate::text::seeds_in_words;

/// The figure, a panel per group of arms.
#[derive(Debug)]
pub(super) struct PerformanceProfile<'a> {
    analysis: &'a Analysis<'a>,
    /// Each group's curves.
    curves: Vec<Vec<Curve>>,
}

/// The profile of an arm.
#[derive(Debug)]
struct Curve {
    name: String,
    color: RGBColor,
    profile: Profile,
}

impl<'a> StandardFigure<'a> for PerformanceProfile<'a> {
    const NAME: &'static str = "performance_profile";

    /// Nothing without an arm that has ten seeds, below which there is no interval.
    fn of(analysis: &'a Analysis<'a>) -> Option<Self> {
        let curve = |arm: &ArmResult<'_>| {
            let outcomes = arm.outcomes(&analysis.study.config);
            let sample = Sample::new(&outcomes).ok()?;
            let profile = Profile::of(&sample, ConfidenceLevel::PERCENT_95);
            Some(Curve { name: arm.name.clone(), color: color(arm), profile })
        };
        let groups = analysis.groups.iter();
        let curves: Vec<Vec<Curve>> =
            groups.map(|group| group.arms.iter().filter_map(curve).collect()).collect();
        curves.iter().any(|curves| !curves.is_empty()).then_some(Self { analysis, curves })
    }
}

impl Curve {
    /// The corners of its step function between these thresholds.
    fn corners(
        &self,
        (first, last): (f64, f64),
        value: fn(&statistics::ProfileStep) -> f64,
    ) -> Vec<Point> {
        let mut corners: Vec<Point> = Vec::new();
        for step in self.profile.steps() {
            let from = step.from.clamp(first, last);
            corners.extend(corners.last().map(|&(_, before)| (from, before)));
            corners.push((from, value(step)));
        }
        corners.extend(corners.last().map(|&(_, end)| (last, end)));
        corners
    }
}

impl Figure for PerformanceProfile<'_> {
    fn heading(&self) -> String {
        "How many seeds reach how much".to_owned()
    }

    fn alt(&self) -> String {
        alt("Share of seeds above each accuracy", self.analysis)
    }

    fn caption(&self) -> String {
        let config = &self.analysis.study.config;
        format!(
            "The share of {} whose {} is above the threshold. Bands: 95 % Clopper-Pearson \
             intervals, each for one threshold by itself. A curve further to the right is better. After \
             [Agarwal et al., 2021](https://arxiv.org/abs/2108.13264).{}",
            seeds_in_words(self.analysis.seeds_of_arms()),
            config.file.report.primary.name(),
            diverged(self.analysis)
        )
    }
}

impl Drawing for PerformanceProfile<'_> {
    fn size(&self) -> (u32, u32) {
        size_of_panels(self.analysis, 420)
    }

    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
        tooltips: &mut Tooltips,
    ) -> Result<()> {
        let title = title("Share of seeds above each accuracy", self.analysis);
        let area = Frame { title, legend: legend_of_arms(self.analysis) }.draw(area, scale)?;
        let outcomes = self.curves.iter().flatten().flat_map(|curve| curve.profile.steps());
        let outcomes = outcomes.map(|step| step.from).filter(|from| from.is_finite());
        let x = Axis::around("threshold (share of images)", outcomes, 4).up_to_one();
        let ends = (x.range.start, x.range.end);
        let panels = panels(&area, self.curves.len());
        for ((area, group), curves) in panels.iter().zip(&self.analysis.groups).zip(&self.curves) {
            let y = Axis::around("share of seeds", [0.0, 1.0].into_iter(), 5).up_to_one();
            let axes = Axes { title: group.label.clone(), x: x.clone(), y };
            let mut chart = axes.draw(area, scale)?;
            for curve in curves {
                let low = curve.corners(ends, |step| step.interval.low);
                let high = curve.corners(ends, |step| step.interval.high);
                band(&mut chart, &low, &high, curve.color.mix(0.12))?;
            }
            for curve in curves {
                let shares = curve.corners(ends, |step| step.share_above);
                line(&mut chart, &shares, curve.color.to_rgba(), 2 * scale)?;
                for step in curve.profile.steps().iter().filter(|step| step.from.is_finite()) {
                    let (name, from, share) = (&curve.name, step.from, step.share_above);
                    let text = format!("{name}: {share:.2} of the seeds above {from:.4}");
                    tooltips.at(&chart, (from, share), text);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of 0.25 and 0.75, all are above 0.2, half above 0.25 and none above 0.75.
    #[test]
    fn a_profile_is_a_staircase() {
        let sample = Sample::new(&[[0.75; 5], [0.25; 5]].concat()).unwrap();
        let profile = Profile::of(&sample, ConfidenceLevel::PERCENT_95);
        let curve = Curve { name: String::new(), color: RGBColor(0, 0, 0), profile };
        let corners = curve.corners((0.0, 1.0), |step| step.share_above);
        let expected = [(0.0, 1.0), (0.25, 1.0), (0.25, 0.5), (0.75, 0.5), (0.75, 0.0), (1.0, 0.0)];
        assert_eq!(corners, expected);
    }
}
