//! Which test images were taken for which class, a matrix per arm.

use plots::frame::Frame;
use plots::style::{INK, SMALL, TEXT, text};
use plots::{Drawing, Result, Tooltips};
use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::Rectangle;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontTransform, RGBColor, WHITE};
use trainer::dataset::CLASS_NAMES;

use super::figure::{Figure, StandardFigure};
use super::layout::{alt, title};
use crate::analysis::{Analysis, Confusion};

/// The figure, of one group of arms.
#[derive(Debug)]
pub(super) struct ConfusionMatrix<'a> {
    analysis: &'a Analysis<'a>,
    /// What the arms have in common.
    label: &'a str,
    /// The name of each arm with its matrix.
    matrices: Vec<(&'a str, &'a Confusion)>,
}

const CELL: i32 = 37;
const CLASSES: i32 = CLASS_NAMES.len() as i32;
/// Room for the names of classes.
const NAMES: i32 = 96;
const MATRIX: i32 = NAMES + CELL * CLASSES + 14;
const TOP: i32 = 40;

impl<'a> StandardFigure<'a> for ConfusionMatrix<'a> {
    const NAME: &'static str = "confusion_matrix";

    /// Shows the last group of arms that has test images: the one with trained heads, if any.
    fn of(analysis: &'a Analysis<'a>) -> Option<Self> {
        analysis.groups.iter().rev().find_map(|group| {
            let matrices: Vec<_> = group
                .arms
                .iter()
                .filter_map(|arm| Some((arm.name.as_str(), arm.confusion.as_ref()?)))
                .collect();
            (!matrices.is_empty()).then_some(Self { analysis, label: &group.label, matrices })
        })
    }
}

impl Figure for ConfusionMatrix<'_> {
    fn heading(&self) -> String {
        "Which garment was taken for which".to_owned()
    }

    fn alt(&self) -> String {
        alt("Confusion matrix of each arm on the test images", self.analysis)
    }

    fn caption(&self) -> String {
        let over = if self.analysis.has_several_seeds() { ", over all seeds" } else { "" };
        let mut text = format!(
            "Rows: the class of a test image; columns: the class that is predicted; \
             numbers: per cent of the row{over}; a dot stands for less than half a per cent.{}",
            if self.label.is_empty() {
                String::new()
            } else {
                format!(" Of the arms those with {} are shown.", self.label)
            }
        );
        for (name, matrix) in &self.matrices {
            if let Some((from, to, share)) = matrix.worst() {
                let class = |class: usize| CLASS_NAMES.get(class).copied().unwrap_or("?");
                let (from, to) = (class(from), class(to));
                let percent = 100.0 * share;
                text.push_str(&format!(
                    " With {name} the mistake with the largest share of its class is to take {from} for \
                     {to}: {percent:.1} %."
                ));
            }
        }
        text
    }
}

impl ConfusionMatrix<'_> {
    /// How many matrices stand side by side.
    fn columns(&self) -> i32 {
        (self.matrices.len() as i32).min(2)
    }
}

impl Drawing for ConfusionMatrix<'_> {
    fn size(&self) -> (u32, u32) {
        let rows = (self.matrices.len() as i32 + self.columns() - 1) / self.columns().max(1);
        let width = (self.columns() * MATRIX + 6).max(680);
        (width as u32, (TOP + 12 + rows * (MATRIX + 40) - 14) as u32)
    }

    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
        tooltips: &mut Tooltips,
    ) -> Result<()> {
        let group = if self.label.is_empty() { String::new() } else { format!(", {}", self.label) };
        let what = format!("Test images of each class, in %{group}");
        Frame { title: title(&what, self.analysis), legend: Vec::new() }.draw(area, scale)?;
        for ((name, matrix), index) in self.matrices.iter().zip(0..) {
            let (row, column) = (index / self.columns(), index % self.columns());
            let corner = (column * MATRIX + NAMES, TOP + row * (MATRIX + 40) + 32);
            draw_matrix(area, name, matrix, corner, scale as i32, tooltips)?;
        }
        Ok(())
    }
}

/// A matrix whose first cell has its upper left corner here.
fn draw_matrix<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    name: &str,
    matrix: &Confusion,
    (left, top): (i32, i32),
    scale: i32,
    tooltips: &mut Tooltips,
) -> Result<()> {
    let px = |x: i32, y: i32| (x * scale, y * scale);
    let font = |size: u32, color: &RGBColor, horizontal| {
        text(size * scale as u32, color).pos(Pos::new(horizontal, VPos::Center))
    };
    let middle = left + CELL * CLASSES / 2;
    area.draw_text(name, &font(TEXT, &INK, HPos::Center), px(middle, top - 15))?;
    for (class, row) in CLASS_NAMES.iter().zip(0..) {
        let y = top + row * CELL + CELL / 2;
        area.draw_text(class, &font(SMALL, &INK, HPos::Right), px(left - 7, y))?;
        let x = left + row * CELL + CELL / 2;
        let turned = font(SMALL, &INK, HPos::Right).transform(FontTransform::Rotate270);
        area.draw_text(class, &turned, px(x, top + CELL * CLASSES + 7))?;
    }
    let below = top + CELL * CLASSES + NAMES + 2;
    area.draw_text("taken for", &font(TEXT, &INK, HPos::Center), px(middle, below))?;
    for (true_class, row) in (0..CLASSES).enumerate() {
        for (predicted_class, column) in (0..CLASSES).enumerate() {
            let Some(share) = matrix.share(true_class, predicted_class) else { continue };
            let (x, y) = (left + column * CELL, top + row * CELL);
            let cell = [px(x, y), px(x + CELL, y + CELL)];
            area.draw(&Rectangle::new(cell, shade(share).filled()))?;
            area.draw(&Rectangle::new(cell, INK.mix(0.18).stroke_width(scale as u32)))?;
            let label = label(share);
            let color = if share > 0.4 { WHITE } else { INK };
            let place = px(x + CELL / 2, y + CELL / 2);
            area.draw_text(&label, &font(SMALL, &color, HPos::Center), place)?;
            let class = |class: usize| CLASS_NAMES.get(class).copied().unwrap_or("?");
            let (shown, taken) = (class(true_class), class(predicted_class));
            let text = format!("{name}: {shown} taken for {taken}: {:.2} %", 100.0 * share);
            tooltips.around(place, text);
        }
    }
    Ok(())
}

/// A share in per cent, halves up; nothing of nothing, and a trace of what would be rounded to it.
fn label(share: f64) -> String {
    let percent = 100.0 * share;
    if share == 0.0 {
        String::new()
    } else if percent < 0.5 {
        "·".to_owned()
    } else {
        // Formatting alone takes halves to the even neighbour, and a half per cent to 0.
        format!("{}", percent.round())
    }
}

/// From white to dark blue. The root keeps small shares apart, where mistakes are.
fn shade(share: f64) -> RGBColor {
    let depth = share.clamp(0.0, 1.0).sqrt();
    let mix = |white: f64, dark: f64| (white + (dark - white) * depth).round() as u8;
    RGBColor(mix(255.0, 8.0), mix(255.0, 69.0), mix(255.0, 130.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_a_percentage_or_a_trace() {
        let labels = [0.0, 0.001, 0.0049, 0.005, 0.006, 0.025, 0.126, 1.0].map(label);
        assert_eq!(labels, ["", "·", "·", "1", "1", "3", "13", "100"]);
    }
}
