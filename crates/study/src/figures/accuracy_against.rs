//! Accuracy at the end of training over the values of an axis, a curve per arm of the study otherwise.

use plots::axes::{Axes, Axis};
use plots::curve::{Point, band, line};
use plots::frame::{Frame, Sample};
use plots::style::INK;
use plots::{Drawing, Result, Tooltips};
use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::Circle;
use plotters::style::{Color, RGBColor};

use super::figure::Figure;
use super::layout::{alt, color_of_place, title};
use crate::analysis::{Analysis, ArmResult, Interval};
use crate::axis;
use crate::divergence::diverged;
use crate::text::{either, seeds_in_words};

/// The figure of an axis. Of what else is compared, the first axis makes curves and the others panels.
#[derive(Debug)]
pub(super) struct AccuracyAgainst<'a> {
    analysis: &'a Analysis<'a>,
    axis: &'static axis::Axis,
    /// The values, in the order of the study's file.
    values: Vec<String>,
    panels: Vec<Panel>,
}

#[derive(Debug)]
struct Panel {
    title: String,
    curves: Vec<Curve>,
}

/// The arms that differ in the axis only.
#[derive(Debug)]
struct Curve {
    name: String,
    color: RGBColor,
    /// The place of the value, and the mean over seeds.
    means: Vec<Point>,
    /// The interval around each mean; none if there is a single seed.
    intervals: Vec<(f64, Interval)>,
    seeds: Vec<Point>,
}

impl<'a> AccuracyAgainst<'a> {
    /// The figure of this axis; nothing if no arm has a run.
    pub(super) fn of(analysis: &'a Analysis<'a>, axis: &'static axis::Axis) -> Option<Self> {
        let config = &analysis.study.config;
        let setting = config.file.settings.iter().find(|setting| setting.axis == axis)?;
        let values = setting.values.clone();
        let mut panels: Vec<Panel> = Vec::new();
        for arm in analysis.arms() {
            let given = config.values(&arm.arm);
            let mut others = given.iter().filter(|(other, _)| *other != axis);
            let curve_of = others.next();
            let name = curve_of.map(|(other, _)| (other.label)(&arm.arm)).unwrap_or_default();
            let title = others.map(|(other, _)| (other.label)(&arm.arm));
            let title = title.collect::<Vec<_>>().join(", ");
            let panel = match panels.iter().position(|panel| panel.title == title) {
                Some(at) => &mut panels[at],
                None => {
                    panels.push(Panel { title, curves: Vec::new() });
                    panels.last_mut()?
                }
            };
            let curve = match panel.curves.iter().position(|curve| curve.name == name) {
                Some(at) => &mut panel.curves[at],
                None => {
                    let color = color_of_place(panel.curves.len());
                    panel.curves.push(Curve::new(name, color));
                    panel.curves.last_mut()?
                }
            };
            let value = given.iter().find(|(known, _)| *known == axis).map(|(_, value)| *value)?;
            let place = values.iter().position(|known| known == value)?;
            curve.add(place as f64, arm, config.chance());
        }
        let has_runs = panels.iter().flat_map(|panel| &panel.curves).any(|it| !it.means.is_empty());
        has_runs.then_some(Self { analysis, axis, values, panels })
    }

    fn curves(&self) -> impl Iterator<Item = &Curve> {
        self.panels.iter().flat_map(|panel| &panel.curves)
    }
}

impl Curve {
    fn new(name: String, color: RGBColor) -> Self {
        let (means, intervals, seeds) = (Vec::new(), Vec::new(), Vec::new());
        Self { name, color, means, intervals, seeds }
    }

    fn add(&mut self, place: f64, arm: &ArmResult<'_>, chance: f64) {
        let Some(accuracy) = arm.final_accuracy else { return };
        self.means.push((place, accuracy.mean));
        let of_seeds: Vec<f64> =
            arm.runs.iter().filter_map(|run| run.final_accuracy(chance)).collect();
        self.intervals.extend(Interval::of_mean(&of_seeds).map(|interval| (place, interval)));
        self.seeds.extend(of_seeds.into_iter().map(|accuracy| (place, accuracy)));
    }
}

impl Figure for AccuracyAgainst<'_> {
    fn heading(&self) -> String {
        format!("Validation accuracy against {}", self.axis.key.replace('_', " "))
    }

    fn alt(&self) -> String {
        let axis = self.axis.key.replace('_', " ");
        alt(&format!("Validation accuracy after the last epoch against {axis}"), self.analysis)
    }

    fn caption(&self) -> String {
        let seeds = seeds_in_words(self.analysis.seeds_of_arms());
        let mut kinds: Vec<&str> = Vec::new();
        for (_, interval) in self.curves().flat_map(|curve| &curve.intervals) {
            if !kinds.contains(&interval.description()) {
                kinds.push(interval.description());
            }
        }
        let band = match kinds.as_slice() {
            [] => String::new(),
            kinds => format!(" Lines: means. Bands: {}.", either(kinds)),
        };
        let mut text = format!(
            "Validation accuracy after the last epoch, {seeds} per value; points: each seed.{band}"
        );
        text.push_str(&diverged(self.analysis));
        for panel in &self.panels {
            for curve in &panel.curves {
                let best = curve
                    .means
                    .iter()
                    .copied()
                    .reduce(|best, next| if next.1 > best.1 { next } else { best });
                let Some((place, mean)) = best else { continue };
                let value = self.values.get(place as usize).map_or("", String::as_str);
                let names: Vec<&str> = [curve.name.as_str(), panel.title.as_str()]
                    .into_iter()
                    .filter(|name| !name.is_empty())
                    .collect();
                let names = match names.as_slice() {
                    [] => String::new(),
                    names => format!("**{}:** ", names.join(", ")),
                };
                text.push_str(&format!(" {names}the highest mean is {mean:.4}, at {value}."));
            }
        }
        text
    }
}

impl Drawing for AccuracyAgainst<'_> {
    fn size(&self) -> (u32, u32) {
        let width = 110 + 70 * self.values.len() as u32;
        (width.clamp(480, 960) * self.panels.len().clamp(1, 4) as u32, 460)
    }

    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
        tooltips: &mut Tooltips,
    ) -> Result<()> {
        let mut legend: Vec<(Sample, String)> = Vec::new();
        for curve in self.curves().filter(|curve| !curve.name.is_empty()) {
            if legend.iter().all(|(_, name)| *name != curve.name) {
                legend.push((Sample::Line(curve.color.to_rgba(), 3), curve.name.clone()));
            }
        }
        if self.analysis.has_several_seeds() {
            legend.push((Sample::Dot(INK.mix(0.4)), "each seed".to_owned()));
        }
        let axis = self.axis.key.replace('_', " ");
        let what = format!("Validation accuracy against {axis}");
        let area = Frame { title: title(&what, self.analysis), legend }.draw(area, scale)?;
        let accuracies = self.curves().flat_map(|curve| &curve.seeds).map(|point| point.1);
        let y = Axis::around("share of images classified correctly", accuracies, 5).up_to_one();
        let columns = area.split_evenly((1, self.panels.len().max(1)));
        for (area, panel) in columns.iter().zip(&self.panels) {
            let x = Axis::of_names(&axis, self.values.clone());
            let axes = Axes { title: panel.title.clone(), x, y: y.clone() };
            let mut chart = axes.draw(area, scale)?;
            for curve in &panel.curves {
                let bound = |of: fn(&Interval) -> f64| -> Vec<Point> {
                    curve.intervals.iter().map(|(at, interval)| (*at, of(interval))).collect()
                };
                let (low, high) = (bound(|interval| interval.low), bound(|interval| interval.high));
                band(&mut chart, &low, &high, curve.color.mix(0.15))?;
                if self.analysis.has_several_seeds() {
                    let dot = |&point| Circle::new(point, 2 * scale, curve.color.mix(0.4).filled());
                    chart.draw_series(curve.seeds.iter().map(dot))?;
                }
                for &(place, mean) in &curve.means {
                    let value = self.values.get(place as usize).map_or("", String::as_str);
                    let name = if curve.name.is_empty() { &axis } else { &curve.name };
                    let text = format!("{name}, {value}, mean: {mean:.4}");
                    tooltips.at(&chart, (place, mean), text);
                }
                line(&mut chart, &curve.means, curve.color.to_rgba(), 2 * scale)?;
                let dot = |&point| Circle::new(point, 4 * scale, curve.color.filled());
                chart.draw_series(curve.means.iter().map(dot))?;
            }
        }
        Ok(())
    }
}
