//! Which test images were taken for which class, a matrix a network.

use anyhow::Result;
use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::Rectangle;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontTransform, RGBColor, WHITE};

use super::title;
use crate::statistics::{Confusion, confusion};
use crate::tables::{Head, Study, network_name};
use plots::Drawing;
use plots::frame::Frame;
use plots::style::{INK, SMALL, TEXT, text};
use trainer::dataset::CLASS_NAMES;

/// The figure.
#[derive(Debug)]
pub struct ConfusionMatrix<'a> {
    pub study: &'a Study,
    pub head: Head,
    matrices: Vec<(&'a str, Confusion)>,
}

const CELL: i32 = 37;
const CLASSES: i32 = CLASS_NAMES.len() as i32;
/// Room for the names of classes.
const NAMES: i32 = 96;
const MATRIX: i32 = NAMES + CELL * CLASSES + 14;
const TOP: i32 = 40;

impl<'a> ConfusionMatrix<'a> {
    /// The figure of the arm with trained heads, or if there is none, of the other; nothing if no
    /// test images were looked at.
    pub fn of(study: &'a Study) -> Option<Self> {
        [Head::Trained, Head::Frozen].into_iter().find_map(|head| {
            let matrix =
                |network: &'a String| Some((network.as_str(), confusion(study, network, head)?));
            let matrices: Vec<_> = study.config.networks.iter().filter_map(matrix).collect();
            (!matrices.is_empty()).then_some(Self { study, head, matrices })
        })
    }

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

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, scale: u32) -> Result<()>
    where
        B::ErrorType: 'static,
    {
        let what = format!("Test images of each class, in %, {}", self.head);
        Frame { title: title(&what, self.study), legend: Vec::new() }.draw(area, scale)?;
        for ((network, matrix), index) in self.matrices.iter().zip(0..) {
            let (row, column) = (index / self.columns(), index % self.columns());
            let corner = (column * MATRIX + NAMES, TOP + row * (MATRIX + 40) + 32);
            draw_matrix(area, &network_name(network), matrix, corner, scale as i32)?;
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
) -> Result<()>
where
    B::ErrorType: 'static,
{
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
