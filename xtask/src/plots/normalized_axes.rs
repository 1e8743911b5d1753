//! What four normalisations normalise over: the (N, C, H, W) block, with the values that share one
//! mean and one variance coloured.
//!
//! The idea of the picture is that of figure 2 in Y. Wu and K. He, "Group Normalization", 2018,
//! <https://arxiv.org/abs/1803.08494>; here a block lies on its side so that one image is a slice
//! from left to right.

use anyhow::Result;
use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{PathElement, Polygon};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, RGBColor};

use super::Drawing;
use super::style::{INK, SMALL, TEXT, okabe_ito, text};

/// The figure. It shows no data.
#[derive(Debug)]
pub struct NormalizedAxes;

/// How many images, channels and positions a block has.
const IMAGES: i32 = 6;
const CHANNELS: i32 = 4;
const POSITIONS: i32 = 6;

/// Pixels of a cell's edge, and how far a channel further back lies to the right and up.
const CELL: i32 = 21;
const BACK: (i32, i32) = (11, 9);

const SIZE: (u32, u32) = (960, 304);

/// A normalisation: its name, the values that share a mean with the first one (image at the right
/// end, channel in front, position at the top), how many means there are, and over what.
struct Kind {
    name: &'static str,
    shares: fn(image: i32, channel: i32, position: i32) -> bool,
    means: &'static str,
    over: &'static str,
}

const LAST: i32 = IMAGES - 1;

const KINDS: [Kind; 4] = [
    Kind {
        name: "batch norm of positions",
        shares: |_, channel, position| channel == 0 && position == 0,
        means: "C·H·W means, each over N",
        over: "every position by itself",
    },
    Kind {
        name: "spatial batch norm",
        shares: |_, channel, _| channel == 0,
        means: "C means, each over N·H·W",
        over: "every channel",
    },
    Kind {
        name: "layer norm",
        shares: |image, _, _| image == LAST,
        means: "N means, each over C·H·W",
        over: "every image",
    },
    Kind {
        name: "instance norm",
        shares: |image, channel, _| image == LAST && channel == 0,
        means: "N·C means, each over H·W",
        over: "every channel of every image",
    },
];

/// Light from above: the three visible sides of a block.
#[derive(Debug, Clone, Copy)]
enum Side {
    Front,
    Top,
    Right,
}

impl Drawing for NormalizedAxes {
    fn size(&self) -> (u32, u32) {
        SIZE
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, scale: u32) -> Result<()>
    where
        B::ErrorType: 'static,
    {
        let width = SIZE.0 as i32 / KINDS.len() as i32;
        for (kind, column) in KINDS.iter().zip(0..) {
            // The block, with the letters of its axes left and below, in the middle of its column.
            let block = IMAGES * CELL + CHANNELS * BACK.0;
            let left = column * width + (width - block) / 2 + 6;
            let corner = (left, 62 + CHANNELS * BACK.1);
            draw_block(area, kind, corner, scale as i32)?;
            let line = |text_size, content: &str, y: i32, bold: bool| -> Result<()> {
                let color = if bold { okabe_ito::BLUE } else { INK };
                let font =
                    text(text_size * scale, &color).pos(Pos::new(HPos::Center, VPos::Center));
                let middle = column * width + width / 2;
                area.draw_text(content, &font, (middle * scale as i32, y * scale as i32))?;
                Ok(())
            };
            line(TEXT + 2, kind.name, 26, kind.name.starts_with("spatial"))?;
            line(SMALL, kind.over, 266, false)?;
            line(SMALL, kind.means, 288, false)?;
        }
        Ok(())
    }
}

/// A block whose front has its upper left corner here.
fn draw_block<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    kind: &Kind,
    corner: (i32, i32),
    scale: i32,
) -> Result<()>
where
    B::ErrorType: 'static,
{
    let place = |image: i32, channel: i32, position: i32| {
        let x = corner.0 + image * CELL + channel * BACK.0;
        let y = corner.1 + position * CELL - channel * BACK.1;
        (x * scale, y * scale)
    };
    let face = |corners: [(i32, i32); 4], coloured: bool, side: Side| -> Result<()> {
        area.draw(&Polygon::new(corners.to_vec(), shade(coloured, side).filled()))?;
        let edge = corners.into_iter().chain([corners[0]]).collect::<Vec<_>>();
        area.draw(&PathElement::new(edge, INK.mix(0.55).stroke_width(scale as u32)))?;
        Ok(())
    };
    for channel in (0..CHANNELS).rev() {
        for image in 0..IMAGES {
            let (i, c) = (image, channel);
            let corners =
                [place(i, c, 0), place(i + 1, c, 0), place(i + 1, c + 1, 0), place(i, c + 1, 0)];
            face(corners, (kind.shares)(image, channel, 0), Side::Top)?;
        }
        for position in 0..POSITIONS {
            let (c, p) = (channel, position);
            let corners = [
                place(IMAGES, c, p),
                place(IMAGES, c + 1, p),
                place(IMAGES, c + 1, p + 1),
                place(IMAGES, c, p + 1),
            ];
            face(corners, (kind.shares)(LAST, channel, position), Side::Right)?;
        }
    }
    for image in 0..IMAGES {
        for position in 0..POSITIONS {
            let (i, p) = (image, position);
            let corners =
                [place(i, 0, p), place(i + 1, 0, p), place(i + 1, 0, p + 1), place(i, 0, p + 1)];
            face(corners, (kind.shares)(image, 0, position), Side::Front)?;
        }
    }
    let letter = |content: &str, (x, y): (i32, i32)| -> Result<()> {
        let font = text(SMALL * scale as u32, &INK).pos(Pos::new(HPos::Center, VPos::Center));
        area.draw_text(content, &font, (x * scale, y * scale))?;
        Ok(())
    };
    let (x, y) = corner;
    letter("N", (x + IMAGES * CELL / 2, y + POSITIONS * CELL + 13))?;
    letter("H, W", (x - 21, y + POSITIONS * CELL / 2))?;
    letter("C", (x + CHANNELS * BACK.0 / 2 - 9, y - CHANNELS * BACK.1 / 2 - 7))
}

fn shade(coloured: bool, side: Side) -> RGBColor {
    match (coloured, side) {
        (true, Side::Front) => RGBColor(0, 130, 200),
        (true, Side::Top) => RGBColor(86, 180, 233),
        (true, Side::Right) => RGBColor(0, 95, 150),
        (false, Side::Front) => RGBColor(244, 244, 244),
        (false, Side::Top) => RGBColor(255, 255, 255),
        (false, Side::Right) => RGBColor(222, 222, 222),
    }
}
