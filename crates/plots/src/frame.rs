//! Title and legend of a figure, above its panels.

use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{Circle, PathElement, Rectangle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, RGBAColor};

use crate::Result;
use crate::curve::dashes;
use crate::style::{INK, TEXT, TITLE, text};

/// What an entry of the legend shows before its text.
#[derive(Debug, Clone, Copy)]
pub enum Sample {
    /// A line of this width in pixels.
    Line(RGBAColor, u32),
    /// A dashed line of this width in pixels.
    Dashed(RGBAColor, u32),
    /// An area.
    Band(RGBAColor),
    /// A point.
    Dot(RGBAColor),
}

/// The title of a figure and its legend.
#[derive(Debug)]
pub struct Frame {
    /// The title.
    pub title: String,
    /// The entries of the legend.
    pub legend: Vec<(Sample, String)>,
}

const MARGIN: i32 = 14;
const SAMPLE_WIDTH: i32 = 26;
const ROW_HEIGHT: i32 = 22;

impl Frame {
    /// Draws title and legend, and gives the area below them for the panels.
    ///
    /// # Errors
    ///
    /// [`DrawError`](crate::DrawError) if the back end fails.
    pub fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
    ) -> Result<DrawingArea<B, Shift>> {
        let px = |length: i32| length * scale as i32;
        let title = self.title_size(area, scale)?;
        let title = text(title, &INK).pos(Pos::new(HPos::Left, VPos::Top));
        area.draw_text(&self.title, &title, (px(MARGIN), px(12)))?;
        let font = text(TEXT * scale, &INK).pos(Pos::new(HPos::Left, VPos::Center));
        let right = area.dim_in_pixel().0 as i32 - px(MARGIN);
        let (mut x, mut y) = (px(MARGIN), px(52));
        for (sample, label) in &self.legend {
            let width = px(SAMPLE_WIDTH + 7) + area.estimate_text_size(label, &font)?.0 as i32;
            if x > px(MARGIN) && x + width > right {
                (x, y) = (px(MARGIN), y + px(ROW_HEIGHT));
            }
            draw_sample(area, *sample, (x, y), scale)?;
            area.draw_text(label, &font, (x + px(SAMPLE_WIDTH + 7), y + px(1)))?;
            x += width + px(22);
        }
        let used = if self.legend.is_empty() { px(38) } else { y + px(14) };
        Ok(area.split_vertically(used).1)
    }

    /// The largest size, up to that of titles, at which the title fits between the margins.
    fn title_size<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
    ) -> Result<u32> {
        let room = area.dim_in_pixel().0.saturating_sub(2 * MARGIN as u32 * scale);
        let mut size = TITLE * scale;
        while size > 1 && area.estimate_text_size(&self.title, &text(size, &INK))?.0 > room {
            size -= 1;
        }
        Ok(size)
    }
}

fn draw_sample<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    sample: Sample,
    (x, y): (i32, i32),
    scale: u32,
) -> Result<()> {
    let px = |length: i32| length * scale as i32;
    let (from, to, middle) = ((x, y), (x + px(SAMPLE_WIDTH), y), (x + px(SAMPLE_WIDTH / 2), y));
    match sample {
        Sample::Line(color, width) => {
            area.draw(&PathElement::new(vec![from, to], color.stroke_width(width * scale)))?;
        }
        Sample::Dashed(color, width) => {
            for dash in dashes(&[from, to], px(3), px(3)) {
                area.draw(&PathElement::new(dash, color.stroke_width(width * scale)))?;
            }
        }
        Sample::Band(color) => {
            let (top, bottom) = ((from.0, y - px(6)), (to.0, y + px(6)));
            area.draw(&Rectangle::new([top, bottom], color.filled()))?;
        }
        Sample::Dot(color) => area.draw(&Circle::new(middle, px(3), color.filled()))?,
    }
    Ok(())
}
