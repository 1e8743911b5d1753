//! The axes of a panel.

use std::ops::Range;

use plotters::backend::DrawingBackend;
use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use plotters::drawing::DrawingArea;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, WHITE};

use crate::Result;
use crate::style::{INK, SMALL, TEXT, text, thousands};

/// A range with the ticks that its axis names.
#[derive(Debug, Clone)]
pub struct Ticked {
    range: Range<f64>,
    ticks: Vec<f64>,
}

impl Ranged for Ticked {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (first, last): (i32, i32)) -> i32 {
        let share = (value - self.range.start) / (self.range.end - self.range.start);
        // What lies outside is drawn at the edge: far coordinates cost a back end hours.
        let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
        first + (share * f64::from(last - first)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        // Light points are those between labels.
        if hint.weight().allow_light_points() { Vec::new() } else { self.ticks.clone() }
    }

    fn range(&self) -> Range<f64> {
        self.range.clone()
    }
}

/// Values beyond this have no place on an axis.
const LARGEST: f64 = 1e100;

/// From here on a label is a power of ten.
const LONG: f64 = 1e9;

/// A panel with its axes drawn, to draw curves into.
pub type Chart<'a, B> = ChartContext<'a, B, Cartesian2d<Ticked, Ticked>>;

/// One axis.
#[derive(Debug, Clone)]
pub struct Axis {
    /// What it measures, with its unit; nothing if a neighbour says it.
    pub name: String,
    /// From its first value to its last.
    pub range: Range<f64>,
    /// Where there is a label.
    pub ticks: Vec<f64>,
    /// Decimals of the labels.
    pub decimals: usize,
    /// Whether a faint line goes through the panel at each tick.
    pub lines: bool,
    /// What stands at the ticks in the place of numbers; nothing for numbers.
    pub names: Vec<String>,
}

/// The axes of a panel, and its title.
#[derive(Debug, Clone)]
pub struct Axes {
    /// What stands above the panel; nothing if empty.
    pub title: String,
    /// The axis below the panel.
    pub x: Axis,
    /// The axis left of the panel.
    pub y: Axis,
}

impl Axis {
    /// An axis around all these values that are finite, and not so large that their distance is not, with
    /// at least `count` ticks and at most about twice as many.
    pub fn around(name: &str, values: impl Iterator<Item = f64>, count: usize) -> Self {
        let values = values.filter(|value| value.abs() <= LARGEST);
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        let (low, high) = if low > high { (0.0, 1.0) } else { (low, high) };
        let pad = if high > low { 0.05 * (high - low) } else { 0.05 * high.abs().max(1.0) };
        let (low, high) = (low - pad, high + pad);
        // The largest of 1, 2 and 5 · 10ⁿ that goes `count` times into the range.
        let count = count.max(1) as f64;
        let (mut unit, mut decimals) = (1.0, 0);
        while unit * count > high - low && decimals < 12 {
            decimals += 1;
            unit = 1.0 / (0..decimals).fold(1.0, |power, _| power * 10.0);
        }
        while 10.0 * unit * count <= high - low && decimals == 0 {
            unit *= 10.0;
        }
        let step = [5.0 * unit, 2.0 * unit]
            .into_iter()
            .find(|step| step * count <= high - low)
            .unwrap_or(unit);
        let (first, last) = ((low / step).floor(), (high / step).ceil());
        Self {
            name: name.to_owned(),
            range: first * step..last * step,
            ticks: (0..=(last - first) as u32)
                .map(|tick| (first + f64::from(tick)) * step)
                .collect(),
            decimals,
            lines: true,
            names: Vec::new(),
        }
    }

    /// An axis of these names, at 0, 1 and so on, with room for half a step beside each.
    pub fn of_names(name: &str, names: Vec<String>) -> Self {
        let count = names.len() as u32;
        Self {
            name: name.to_owned(),
            range: -0.5..f64::from(count) - 0.5,
            ticks: (0..count).map(f64::from).collect(),
            decimals: 0,
            lines: false,
            names,
        }
    }

    /// The axis without what lies below 0, for values that cannot be negative.
    pub fn at_least_zero(mut self) -> Self {
        self.range.start = self.range.start.max(0.0);
        self
    }

    /// The axis from 0 to 1 at most, for shares.
    pub fn up_to_one(mut self) -> Self {
        self = self.at_least_zero();
        self.range.end = self.range.end.min(1.0);
        self
    }

    fn label(&self, value: f64) -> String {
        if !self.names.is_empty() {
            let at = self.ticks.iter().position(|tick| *tick == value);
            return at.and_then(|at| self.names.get(at)).cloned().unwrap_or_default();
        }
        let number = value.abs();
        let digits = if number >= LONG {
            format!("{number:.1e}")
        } else if self.decimals == 0 {
            thousands(number.round() as u64)
        } else {
            format!("{number:.*}", self.decimals)
        };
        let is_zero = digits.bytes().all(|digit| !(b'1'..=b'9').contains(&digit));
        if value < 0.0 && !is_zero { format!("−{digits}") } else { digits }
    }

    /// The ticks within the range, which may have been narrowed; a little beyond for rounding.
    fn coordinate(&self) -> Ticked {
        let slack = 1e-9 * (self.range.end - self.range.start);
        let within =
            |tick: &&f64| **tick >= self.range.start - slack && **tick <= self.range.end + slack;
        let ticks = self.ticks.iter().filter(within).copied().collect();
        Ticked { range: self.range.clone(), ticks }
    }
}

impl Axes {
    /// Draws the axes into an area.
    ///
    /// # Errors
    ///
    /// [`DrawError`](crate::DrawError) if the back end fails.
    pub fn draw<'a, B: DrawingBackend + 'a>(
        &self,
        area: &'a DrawingArea<B, Shift>,
        scale: u32,
    ) -> Result<Chart<'a, B>> {
        let px = |length: u32| length * scale;
        let room = |axis: &Axis, named, plain| px(if axis.name.is_empty() { plain } else { named });
        if !self.title.is_empty() {
            let font = text(px(TEXT), &INK).pos(Pos::new(HPos::Center, VPos::Top));
            let middle = (room(&self.y, 72, 56) + area.dim_in_pixel().0 - px(26)) / 2;
            area.draw_text(&self.title, &font, (middle as i32, px(5) as i32))?;
        }
        let mut chart = ChartBuilder::on(area)
            .margin_top(px(if self.title.is_empty() { 8 } else { 28 }))
            .margin_right(px(26))
            .margin_bottom(px(4))
            .margin_left(px(10))
            .x_label_area_size(room(&self.x, 48, 26))
            .y_label_area_size(room(&self.y, 62, 46))
            .build_cartesian_2d(self.x.coordinate(), self.y.coordinate())?;
        let mut mesh = chart.configure_mesh();
        if !self.x.lines {
            mesh.disable_x_mesh();
        }
        mesh.x_desc(self.x.name.clone())
            .y_desc(self.y.name.clone())
            .x_label_formatter(&|&value| self.x.label(value))
            .y_label_formatter(&|&value| self.y.label(value))
            .label_style(text(px(SMALL), &INK))
            .axis_desc_style(text(px(TEXT), &INK))
            .light_line_style(WHITE.mix(0.0))
            .bold_line_style(INK.mix(0.13).stroke_width(scale))
            .axis_style(INK.mix(0.6).stroke_width(scale))
            .set_all_tick_mark_size(px(4))
            .draw()?;
        Ok(chart)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of a run that diverges: an axis of infinite length would never be drawn.
    #[test]
    fn what_is_not_finite_or_too_large_moves_no_axis() {
        let axis = Axis::around("", [0.5, f64::INFINITY, f64::NAN, -1e308, 1.5].into_iter(), 4);
        assert!(axis.range.start >= 0.0 && axis.range.end <= 2.0, "{:?}", axis.range);
        let large = Axis::around("", [0.0, 3e37].into_iter(), 4);
        assert!(large.ticks.len() < 20);
        assert_eq!(large.label(3e37), "3.0e37");
        let coordinate = axis.coordinate();
        let places = [f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e300];
        assert_eq!(places.map(|value| coordinate.map(&value, (10, 110))), [110, 10, 10, 110]);
    }

    #[test]
    fn an_axis_ends_on_whole_steps_around_its_values() {
        let labels = |axis: &Axis| -> Vec<String> {
            axis.ticks.iter().map(|&tick| axis.label(tick)).collect()
        };
        let axis = Axis::around("", [0.671, 0.856].into_iter(), 4);
        assert_eq!(labels(&axis), ["0.65", "0.70", "0.75", "0.80", "0.85", "0.90"]);
        let wide = Axis::around("", [-3.0, 12.0].into_iter(), 3);
        assert_eq!(labels(&wide), ["−5", "0", "5", "10", "15"]);
        let large = Axis::around("", [0.0, 4_700.0].into_iter(), 4);
        assert_eq!(labels(&large.clone().at_least_zero())[1..4], ["0", "1,000", "2,000"]);
        assert_eq!(large.at_least_zero().range.start, 0.0);
        let named = Axis::of_names("", ["0.001", "0.01"].map(str::to_owned).to_vec());
        assert_eq!((labels(&named), named.range), (vec!["0.001".into(), "0.01".into()], -0.5..1.5));
        let constant = Axis::around("", [2.0].into_iter(), 3);
        assert!(constant.range.start < 2.0 && constant.range.end > 2.0);
        let nothing = Axis::around("", std::iter::empty(), 3);
        assert!(nothing.range.start < nothing.range.end);
    }
}
