//! Validation accuracy over two axes at once, a cell per arm.

use plots::frame::Frame;
use plots::style::{INK, SMALL, TEXT, text};
use plots::{Drawing, Result, Tooltips};
use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::Rectangle;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontTransform, RGBColor, WHITE};

use super::figure::{Figure, Reading};
use super::layout::{alt, title};
use crate::analysis::{Analysis, ArmResult};
use crate::axis::Axis;
use crate::divergence::diverged;
use crate::text::{either, listed, seeds_in_words};

/// The figure of two axes: columns and rows. What else is compared makes panels.
#[derive(Debug)]
pub(super) struct HeatMap<'a> {
    analysis: &'a Analysis<'a>,
    x: Values<'a>,
    y: Values<'a>,
    panels: Vec<Panel<'a>>,
    /// The mean accuracies that the shades begin and end at.
    shades: (f64, f64),
}

/// The values of an axis, in the order of the study's file.
#[derive(Debug)]
struct Values<'a> {
    axis: &'static Axis,
    values: &'a [String],
}

#[derive(Debug)]
struct Panel<'a> {
    title: String,
    /// The arms by the places of their values of x and y.
    cells: Vec<([usize; 2], &'a ArmResult<'a>)>,
}

const CELL: (i32, i32) = (74, 34);
/// Room for the name of the rows and their values.
const LEFT: i32 = 96;
/// Room for the name of the columns and their values.
const BELOW: i32 = 52;
const TOP: i32 = 44;
const PANEL_TITLE: i32 = 30;
const RIGHT: i32 = 16;

/// The widest span of shades: what lies further below the best is as light as possible, so that one arm
/// that learnt nothing does not make all others look alike.
const SPAN: f64 = 0.2;

/// Means of the same accuracies in another order differ by less.
const ROUNDING: f64 = 1e-12;

impl<'a> HeatMap<'a> {
    /// The figure over these axes; nothing if no arm has a run.
    pub(super) fn of(
        analysis: &'a Analysis<'a>,
        x: &'static Axis,
        y: &'static Axis,
    ) -> Option<Self> {
        let config = &analysis.study.config;
        let values = |axis: &'static Axis| {
            let setting = config.file.settings.iter().find(|setting| setting.axis == axis)?;
            Some(Values { axis, values: &setting.values })
        };
        let (x, y) = (values(x)?, values(y)?);
        let mut panels: Vec<Panel<'a>> = Vec::new();
        for arm in analysis.arms().filter(|arm| arm.final_accuracy.is_some()) {
            let given = config.values(&arm.arm);
            let place = |of: &Values<'_>| {
                let (_, own) = given.iter().find(|(axis, _)| *axis == of.axis)?;
                of.values.iter().position(|value| value == own)
            };
            let place = [place(&x)?, place(&y)?];
            let others = given.iter().filter(|(axis, _)| *axis != x.axis && *axis != y.axis);
            let names: Vec<String> = others.map(|(axis, _)| (axis.label)(&arm.arm)).collect();
            let title = names.join(", ");
            match panels.iter_mut().find(|panel| panel.title == title) {
                Some(panel) => panel.cells.push((place, arm)),
                None => panels.push(Panel { title, cells: vec![(place, arm)] }),
            }
        }
        let means = || panels.iter().flat_map(Panel::means);
        let highest = means().reduce(f64::max)?;
        let lowest = means().reduce(f64::min)?;
        let shades = (lowest.max(highest - SPAN), highest);
        Some(Self { analysis, x, y, panels, shades })
    }

    /// From white at the lower end of the shades to dark blue at the upper.
    fn shade(&self, mean: f64) -> (RGBColor, f64) {
        let (low, high) = self.shades;
        let depth =
            if high - low > ROUNDING { ((mean - low) / (high - low)).clamp(0.0, 1.0) } else { 1.0 };
        let mix = |white: f64, dark: f64| (white + (dark - white) * depth).round() as u8;
        (RGBColor(mix(255.0, 8.0), mix(255.0, 69.0), mix(255.0, 130.0)), depth)
    }

    fn panel_size(&self) -> (i32, i32) {
        let [columns, rows] = [&self.x, &self.y].map(|axis| axis.values.len() as i32);
        (LEFT + columns * CELL.0 + RIGHT, PANEL_TITLE + rows * CELL.1 + BELOW)
    }

    /// How many panels stand side by side.
    fn columns(&self) -> i32 {
        (self.panels.len() as i32).clamp(1, 2)
    }
}

impl<'a> Panel<'a> {
    fn means(&self) -> impl Iterator<Item = f64> {
        self.cells.iter().filter_map(|(_, arm)| Some(arm.final_accuracy?.mean))
    }

    /// The places on y of the highest mean of a column, several if they are equal; none if all runs of the
    /// column diverged.
    fn best_of(&self, column: usize) -> Vec<usize> {
        let cells = self.cells.iter().filter(|([x, _], arm)| *x == column && !arm.all_diverged());
        let means =
            || cells.clone().filter_map(|([_, y], arm)| Some((*y, arm.final_accuracy?.mean)));
        let Some(highest) = means().map(|(_, mean)| mean).reduce(f64::max) else {
            return Vec::new();
        };
        means().filter(|(_, mean)| *mean >= highest - ROUNDING).map(|(y, _)| y).collect()
    }
}

fn name_of(axis: &Axis) -> String {
    axis.key.replace('_', " ")
}

impl Figure for HeatMap<'_> {
    fn heading(&self) -> String {
        let [x, y] = [&self.x, &self.y].map(|values| name_of(values.axis));
        format!("Validation accuracy by {x} and {y}")
    }

    fn alt(&self) -> String {
        alt(&self.heading(), self.analysis)
    }

    fn caption(&self) -> String {
        let (low, high) = self.shades;
        let x = name_of(self.x.axis);
        let mut text = format!(
            "Mean validation accuracy after the last epoch over {}, in per cent.",
            seeds_in_words(self.analysis.seeds_of_arms()),
        );
        if high - low > ROUNDING {
            text.push_str(&format!(
                " Shades go from {:.1} and less (white) to {:.1} (dark).",
                100.0 * low,
                100.0 * high,
            ));
        }
        let columns = 0..self.x.values.len();
        if self.panels.iter().any(|panel| columns.clone().any(|x| !panel.best_of(x).is_empty())) {
            text.push_str(&format!(" Framed: the highest mean of each {x}."));
        }
        text + &diverged(self.analysis)
    }

    fn reading(&self) -> Option<Reading> {
        let [x, y] = [&self.x, &self.y].map(|values| name_of(values.axis));
        let mut sentences: Vec<String> = Vec::new();
        for panel in &self.panels {
            let best = self.x.values.iter().enumerate().filter_map(|(column, value)| {
                let rows = panel.best_of(column);
                let rows: Vec<&str> = rows.iter().map(|row| self.y.values[*row].as_str()).collect();
                (!rows.is_empty()).then(|| format!("{} at {x} {value}", either(&rows)))
            });
            let best: Vec<String> = best.collect();
            if best.is_empty() {
                continue;
            }
            let name = match panel.title.as_str() {
                "" => String::new(),
                title => format!("**{title}:** "),
            };
            sentences.push(format!(
                "{name}by mean validation accuracy, the best {y} is {}.",
                listed(&best)
            ));
        }
        Reading::of(&sentences, false)
    }
}

impl Drawing for HeatMap<'_> {
    fn size(&self) -> (u32, u32) {
        let (width, height) = self.panel_size();
        let rows = (self.panels.len() as i32 + self.columns() - 1) / self.columns();
        ((self.columns() * width).max(560) as u32, (TOP + rows.max(1) * height + 8) as u32)
    }

    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
        tooltips: &mut Tooltips,
    ) -> Result<()> {
        let title = title(&self.heading(), self.analysis);
        Frame { title, legend: Vec::new() }.draw(area, scale)?;
        let (width, height) = self.panel_size();
        for (panel, index) in self.panels.iter().zip(0..) {
            let (row, column) = (index / self.columns(), index % self.columns());
            let corner = (column * width + LEFT, TOP + row * height + PANEL_TITLE);
            self.draw_panel(area, panel, corner, scale as i32, tooltips)?;
        }
        Ok(())
    }
}

impl HeatMap<'_> {
    /// A panel whose first cell has its upper left corner here. The first value of y is lowest, as on an
    /// axis.
    fn draw_panel<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        panel: &Panel<'_>,
        (left, top): (i32, i32),
        scale: i32,
        tooltips: &mut Tooltips,
    ) -> Result<()> {
        let px = |x: i32, y: i32| (x * scale, y * scale);
        let font = |size: u32, color: &RGBColor, horizontal| {
            text(size * scale as u32, color).pos(Pos::new(horizontal, VPos::Center))
        };
        let (width, height) = CELL;
        let [columns, rows] = [&self.x, &self.y].map(|axis| axis.values.len() as i32);
        let y_of = |row: usize| top + (rows - 1 - row as i32) * height;
        let middle = left + columns * width / 2;
        let below = top + rows * height;
        area.draw_text(&panel.title, &font(TEXT, &INK, HPos::Center), px(middle, top - 14))?;
        for (value, column) in self.x.values.iter().zip(0..) {
            let x = left + column * width + width / 2;
            area.draw_text(value, &font(SMALL, &INK, HPos::Center), px(x, below + 14))?;
        }
        for (row, value) in self.y.values.iter().enumerate() {
            let place = px(left - 7, y_of(row) + height / 2);
            area.draw_text(value, &font(SMALL, &INK, HPos::Right), place)?;
        }
        let name = name_of(self.x.axis);
        area.draw_text(&name, &font(TEXT, &INK, HPos::Center), px(middle, below + 36))?;
        let turned = font(TEXT, &INK, HPos::Center).transform(FontTransform::Rotate270);
        let place = px(left - LEFT + 14, top + rows * height / 2);
        area.draw_text(&name_of(self.y.axis), &turned, place)?;
        for ([column, row], arm) in &panel.cells {
            let Some(accuracy) = arm.final_accuracy else { continue };
            let (x, y) = (left + *column as i32 * width, y_of(*row));
            let corners = [px(x, y), px(x + width, y + height)];
            let (shade, depth) = self.shade(accuracy.mean);
            area.draw(&Rectangle::new(corners, shade.filled()))?;
            area.draw(&Rectangle::new(corners, INK.mix(0.18).stroke_width(scale as u32)))?;
            let label = if arm.all_diverged() {
                "diverged".to_owned()
            } else {
                format!("{:.1}", 100.0 * accuracy.mean)
            };
            let color = if depth > 0.5 { WHITE } else { INK };
            let place = px(x + width / 2, y + height / 2);
            area.draw_text(&label, &font(SMALL, &color, HPos::Center), place)?;
            let text = format!("{}: {:.4}", arm.label, accuracy.mean);
            tooltips.around(place, text);
        }
        // On top of the cells, whose edges would cover a part of a frame.
        for column in 0..self.x.values.len() {
            for row in panel.best_of(column) {
                let (x, y) = (left + column as i32 * width, y_of(row));
                let corners = [px(x + 1, y + 1), px(x + width - 1, y + height - 1)];
                area.draw(&Rectangle::new(corners, INK.stroke_width(2 * scale as u32)))?;
            }
        }
        Ok(())
    }
}
