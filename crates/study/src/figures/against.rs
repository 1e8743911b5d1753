//! What came out of training over the values of an axis, a curve per arm of the study otherwise.

use plots::axes::{Axes, Axis, Chart};
use plots::curve::{Point, band, line};
use plots::frame::{Frame, Sample};
use plots::style::INK;
use plots::{Drawing, Result, Tooltips};
use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::Circle;
use plotters::style::{Color, RGBColor};

use super::figure::{Figure, Reading};
use super::layout::{
    EQUAL_DISTANCES, HEAD, alt, color_of_place, grid, losses_above, panels, title,
};
use super::outcome::{Band, RunOutcome};
use crate::analysis::{Analysis, ArmResult, Spread};
use crate::axis;
use crate::divergence::diverged;
use crate::tables::RunRow;
use crate::text::{aside, either, listed, seeds_in_words};

/// The height of a figure with one row of panels.
const HEIGHT: u32 = 460;

/// How far apart the points of two curves stand over a name.
const APART: f64 = 0.14;

/// The figure of an axis. Of what else is compared, the first axis makes curves and the others panels.
#[derive(Debug)]
pub(super) struct Against<'a> {
    analysis: &'a Analysis<'a>,
    outcome: &'static RunOutcome,
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
    intervals: Vec<(f64, Band)>,
    seeds: Vec<Point>,
    /// The places of the values whose means compare with each other.
    compared: Vec<usize>,
}

/// The place of a value among those of its axis in the study's file.
fn place_of(analysis: &Analysis<'_>, axis: &axis::Axis, value: &str) -> usize {
    let mut settings = analysis.study.config.file.settings.iter();
    let setting = settings.find(|setting| setting.axis == axis);
    let place = setting.and_then(|setting| setting.values.iter().position(|it| it == value));
    place.unwrap_or_default()
}

impl<'a> Against<'a> {
    /// The figure of this outcome over an axis; nothing if no run has it.
    pub(super) fn of(
        analysis: &'a Analysis<'a>,
        outcome: &'static RunOutcome,
        axis: &'static axis::Axis,
    ) -> Option<Self> {
        let config = &analysis.study.config;
        let setting = config.file.settings.iter().find(|setting| setting.axis == axis)?;
        let values = setting.values.clone();
        let mut panels: Vec<Panel> = Vec::new();
        for arm in analysis.arms() {
            let given = config.values(&arm.arm);
            let mut others = given.iter().filter(|(other, _)| *other != axis);
            let curve_of = others.next();
            let name = curve_of.map(|(other, _)| (other.label)(&arm.arm)).unwrap_or_default();
            let color = curve_of.map_or(0, |(other, value)| place_of(analysis, other, value));
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
                    panel.curves.push(Curve::new(name, color_of_place(color)));
                    panel.curves.last_mut()?
                }
            };
            let value = given.iter().find(|(known, _)| *known == axis).map(|(_, value)| *value)?;
            let place = values.iter().position(|known| known == value)?;
            curve.add(place, arm, outcome, &|run| (outcome.of)(run, config));
        }
        let has_runs = panels.iter().flat_map(|panel| &panel.curves).any(|it| !it.means.is_empty());
        has_runs.then_some(Self { analysis, outcome, axis, values, panels })
    }

    fn curves(&self) -> impl Iterator<Item = &Curve> {
        self.panels.iter().flat_map(|panel| &panel.curves)
    }
}

impl Curve {
    fn new(name: String, color: RGBColor) -> Self {
        let (means, intervals, seeds) = (Vec::new(), Vec::new(), Vec::new());
        Self { name, color, means, intervals, seeds, compared: Vec::new() }
    }

    fn add(
        &mut self,
        at: usize,
        arm: &ArmResult<'_>,
        outcome: &RunOutcome,
        value: &dyn Fn(&RunRow) -> Option<f64>,
    ) {
        let place = at as f64;
        let of_seeds: Vec<f64> = arm.runs.iter().filter_map(|run| value(run)).collect();
        let Some(spread) = Spread::of(&of_seeds) else { return };
        // A mean over the runs that are left, and one of guesses alone, compare with no other.
        let leaves_out = if outcome.leaves_out_diverged { 1 } else { arm.runs.len() };
        if arm.diverged() < leaves_out {
            self.compared.push(at);
        }
        self.means.push((place, spread.mean));
        self.intervals.extend((outcome.interval)(&of_seeds).map(|interval| (place, interval)));
        self.seeds.extend(of_seeds.into_iter().map(|value| (place, value)));
    }
}

impl Against<'_> {
    /// Whether the values of the axis are numbers, between which a line may run.
    fn has_numbers(&self) -> bool {
        self.values.iter().all(|value| value.parse::<f64>().is_ok())
    }

    fn what(&self) -> String {
        format!("{} against {}", self.outcome.title, self.axis.key.replace('_', " "))
    }

    /// The best mean of a curve and where it is, in words, with the first and the last mean of those that
    /// compare; or all means where the values are names. Nothing where nothing is best.
    fn told(&self, curve: &Curve) -> Option<String> {
        let better = self.outcome.better?;
        let name = self.outcome.name;
        let means = curve.means.iter().map(|&(place, mean)| (place as usize, mean));
        let means: Vec<(&str, f64)> = means
            .filter(|(place, _)| curve.compared.contains(place))
            .filter_map(|(place, mean)| Some((self.values.get(place)?.as_str(), mean)))
            .collect();
        if !self.has_numbers() {
            let each = means.iter().map(|(value, mean)| format!("{mean:.4} ({value})"));
            let each: Vec<String> = each.collect();
            return (!each.is_empty()).then(|| format!("mean {name} {}.", listed(&each)));
        }
        let all = means.iter().map(|(_, mean)| *mean);
        let best =
            all.reduce(|best, next| if better.is_first(next, best) { next } else { best })?;
        let at: Vec<&str> =
            means.iter().filter(|(_, mean)| *mean == best).map(|(value, _)| *value).collect();
        let (word, axis) = (better.word(), self.axis.key.replace('_', " "));
        let ends = means.first().into_iter().chain(means.last());
        let ends = ends.filter(|(value, _)| !at.contains(value));
        let ends: Vec<String> = ends.map(|(value, mean)| format!("{mean:.4} at {value}")).collect();
        Some(format!(
            "the {word} mean {name} is {best:.4}, at {axis} {}{}.",
            listed(&at),
            aside(&ends.join(", "))
        ))
    }
}

impl Figure for Against<'_> {
    fn heading(&self) -> String {
        self.what()
    }

    fn alt(&self) -> String {
        let axis = self.axis.key.replace('_', " ");
        alt(&format!("{} against {axis}", self.outcome.description), self.analysis)
    }

    fn caption(&self) -> String {
        let seeds = seeds_in_words(self.analysis.seeds_of_arms());
        let mut kinds: Vec<&str> = Vec::new();
        for (_, interval) in self.curves().flat_map(|curve| &curve.intervals) {
            if !kinds.contains(&interval.description) {
                kinds.push(interval.description);
            }
        }
        let (means, intervals) =
            if self.has_numbers() { ("Lines", "Bands") } else { ("Large points", "Bars") };
        let means =
            if self.outcome.has_values { format!(" {means}: means.") } else { String::new() };
        let intervals = match kinds.as_slice() {
            [] => String::new(),
            kinds => format!("{means} {intervals}: {}.", either(kinds)),
        };
        let seeds_drawn = if self.shows_seeds() { "; points: each seed" } else { "" };
        let mut text =
            format!("{}, {seeds} per value{seeds_drawn}.{intervals}", self.outcome.description);
        if !self.outcome.is_share {
            let losses = self.curves().flat_map(|curve| &curve.seeds).map(|point| point.1);
            text.push_str(&losses_above(losses));
        }
        text.push_str(&diverged(self.analysis));
        if self.has_numbers() {
            let mut points = self.curves().flat_map(|curve| &curve.seeds);
            if self.outcome.is_share && points.all(|&(_, share)| share == 0.0) {
                text.push_str(" All lines lie at 0.");
            }
            text.push_str(EQUAL_DISTANCES);
        }
        text
    }

    fn reading(&self) -> Option<Reading> {
        let mut sentences: Vec<String> = Vec::new();
        for panel in &self.panels {
            for curve in &panel.curves {
                let Some(told) = self.told(curve) else { continue };
                let names: Vec<&str> = [curve.name.as_str(), panel.title.as_str()]
                    .into_iter()
                    .filter(|name| !name.is_empty())
                    .collect();
                let names = match names.as_slice() {
                    [] => String::new(),
                    names => format!("**{}:** ", names.join(", ")),
                };
                sentences.push(format!("{names}{told}"));
            }
        }
        Reading::of(&sentences, false)
    }
}

impl Drawing for Against<'_> {
    fn size(&self) -> (u32, u32) {
        let (rows, columns) = grid(self.panels.len());
        let more = (rows as u32 - 1) * (HEIGHT - HEAD);
        (width_of(&self.values) * columns as u32, HEIGHT + more)
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
        if self.shows_seeds() {
            legend.push((Sample::Dot(INK.mix(0.4)), "each seed".to_owned()));
        }
        let axis = self.axis.key.replace('_', " ");
        let area = Frame { title: title(&self.what(), self.analysis), legend }.draw(area, scale)?;
        let ends = |interval: &Band| [interval.low, interval.high];
        let shown = self.curves().flat_map(|curve| {
            let intervals = curve.intervals.iter().flat_map(|(_, interval)| ends(interval));
            curve.seeds.iter().map(|point| point.1).chain(intervals)
        });
        let shown = shown.map(|value| value.min(self.outcome.most));
        let y = Axis::around(self.outcome.unit, shown, 5);
        let y = if self.outcome.is_share { y.up_to_one() } else { y.at_least_zero() };
        let areas = panels(&area, self.panels.len());
        for (area, panel) in areas.iter().zip(&self.panels) {
            let x = Axis::of_names(&axis, self.values.clone());
            let axes = Axes { title: panel.title.clone(), x, y: y.clone() };
            let mut chart = axes.draw(area, scale)?;
            for (at, curve) in panel.curves.iter().enumerate() {
                self.draw_curve(&mut chart, curve, self.beside(at, panel), scale, tooltips)?;
            }
        }
        Ok(())
    }
}

/// The width of a panel in which the names of these values do not touch, as far as it can be had.
fn width_of(values: &[String]) -> u32 {
    let letters = values.iter().map(|value| value.chars().count()).max().unwrap_or_default();
    let of_value = (12 + 8 * letters as u32).max(70);
    (110 + of_value * values.len() as u32).clamp(480, 960)
}

impl Against<'_> {
    fn shows_seeds(&self) -> bool {
        self.outcome.has_values && self.analysis.has_several_seeds()
    }

    /// How far beside its value the points of this curve stand, so that bars do not hide each other.
    fn beside(&self, curve: usize, panel: &Panel) -> f64 {
        let middle = (panel.curves.len().saturating_sub(1)) as f64 / 2.0;
        if self.has_numbers() { 0.0 } else { (curve as f64 - middle) * APART }
    }

    fn draw_curve<B: DrawingBackend>(
        &self,
        chart: &mut Chart<'_, B>,
        curve: &Curve,
        beside: f64,
        scale: u32,
        tooltips: &mut Tooltips,
    ) -> Result<()> {
        let most = self.outcome.most;
        let moved = |points: &[Point]| -> Vec<Point> {
            let drawn = points.iter().map(|&(place, value)| (place + beside, value.min(most)));
            drawn.collect()
        };
        let bound = |of: fn(&Band) -> f64| -> Vec<Point> {
            let drawn = curve.intervals.iter();
            drawn.map(|(at, interval)| (at + beside, of(interval).min(most))).collect()
        };
        let (low, high) = (bound(|interval| interval.low), bound(|interval| interval.high));
        if self.has_numbers() {
            band(chart, &low, &high, curve.color.mix(0.15))?;
        } else {
            for (&low, &high) in low.iter().zip(&high) {
                line(chart, &[low, high], curve.color.to_rgba(), 2 * scale)?;
            }
        }
        if self.shows_seeds() {
            let dot = |point| Circle::new(point, 2 * scale, curve.color.mix(0.4).filled());
            chart.draw_series(moved(&curve.seeds).into_iter().map(dot))?;
        }
        let means = moved(&curve.means);
        for (&(place, mean), &at) in curve.means.iter().zip(&means) {
            let value = self.values.get(place as usize).map_or("", String::as_str);
            let axis = self.axis.key.replace('_', " ");
            let name = if curve.name.is_empty() { &axis } else { &curve.name };
            tooltips.at(chart, at, format!("{name}, {value}, mean: {mean:.4}"));
        }
        if self.has_numbers() {
            line(chart, &means, curve.color.to_rgba(), 2 * scale)?;
        }
        let dot = |point| Circle::new(point, 4 * scale, curve.color.filled());
        chart.draw_series(means.into_iter().map(dot))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_have_room() {
        let width = |name: &str, count| width_of(&vec![name.to_owned(); count]);
        assert_eq!(width("0.01", 3), 480);
        assert_eq!(width("0.0005", 7), 110 + 7 * 70);
        assert_eq!(width("norm-and-head", 7), 110 + 7 * (12 + 8 * 13));
        assert_eq!(width("norm-and-head", 20), 960);
    }
}
