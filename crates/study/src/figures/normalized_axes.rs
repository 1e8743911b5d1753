//! What six normalisations normalise over: the (N, C, H, W) block, with the values that share one
//! mean and one variance coloured.
//!
//! The idea of the picture is that of figure 2 in Y. Wu and K. He, "Group Normalization", 2018,
//! <https://arxiv.org/abs/1803.08494>; here a block lies on its side so that one image is a slice
//! from left to right.

use plots::style::{INK, SMALL, TEXT, rgb, text};
use plots::{Drawing, Result, Tooltips};
use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{PathElement, Polygon};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, RGBColor};
use trainer::network::preset::okabe_ito;

use super::figure::{Figure, StandardFigure};
use crate::analysis::Analysis;
use crate::text::listed;

/// The figure. It shows no data.
#[derive(Debug)]
pub(super) struct NormalizedAxes;

impl<'a> StandardFigure<'a> for NormalizedAxes {
    const NAME: &'static str = "normalized_axes";

    fn of(_: &'a Analysis<'a>) -> Option<Self> {
        Some(Self)
    }
}

impl Figure for NormalizedAxes {
    fn heading(&self) -> String {
        "What is normalised".to_owned()
    }

    fn alt(&self) -> String {
        let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        format!(
            "The (N, C, H, W) block for each norm, with the values that share one mean coloured: {}",
            listed(&names)
        )
    }

    fn caption(&self) -> String {
        "A batch of N images with C channels of H rows and W columns; H and W are drawn as one \
         axis. The coloured values share one mean and one variance. Batch norm for fully connected \
         layers would treat every position of every channel by itself. Spatial batch norm takes all \
         positions of a channel together, as a convolution does. Ghost batch norm does so within \
         parts of the batch. Layer norm, instance norm and group norm never mix images. After the \
         picture in \
         [Wu and He, 2018](https://arxiv.org/abs/1803.08494)."
            .to_owned()
    }
}

/// How many images, channels and positions a block has.
const IMAGES: i32 = 6;
const CHANNELS: i32 = 4;
const POSITIONS: i32 = 6;

/// Pixels of a cell's edge, and how far a channel further back lies to the right and up.
const CELL: i32 = 21;
const BACK: (i32, i32) = (11, 9);

/// The norms stand in rows of so many.
const COLUMNS: usize = 3;
const ROW: i32 = 304;

const SIZE: (u32, u32) = (960, ROW as u32 * (KINDS.len() / COLUMNS) as u32);

/// A normalisation: its name, the values that share a mean with the first one (image at the right
/// end, channel in front, position at the top), how many means there are, and over what.
struct Kind {
    name: &'static str,
    shares: fn(image: i32, channel: i32, position: i32) -> bool,
    means: &'static str,
    over: &'static str,
}

const LAST: i32 = IMAGES - 1;

const KINDS: [Kind; 6] = [
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
        name: "ghost batch norm",
        shares: |image, channel, _| channel == 0 && image >= IMAGES / 2,
        means: "2·C means, each over N/2·H·W",
        over: "every channel of each half of the batch",
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
    Kind {
        name: "group norm",
        shares: |image, channel, _| image == LAST && channel < CHANNELS / 2,
        means: "2·N means, each over C/2·H·W",
        over: "every half of the channels of every image",
    },
];

const LINE: RGBColor = RGBColor(70, 70, 70);

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

    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
        _: &mut Tooltips,
    ) -> Result<()> {
        let width = SIZE.0 as i32 / COLUMNS as i32;
        for (kind, at) in KINDS.iter().zip(0..) {
            let (row, column) = (at / COLUMNS as i32, at % COLUMNS as i32);
            // The block, with the letters of its axes left and below, in the middle of its column.
            let block = IMAGES * CELL + CHANNELS * BACK.0;
            let left = column * width + (width - block) / 2 + 6;
            let corner = (left, row * ROW + 62 + CHANNELS * BACK.1);
            draw_block(area, kind, corner, scale as i32)?;
            let line = |text_size, content: &str, y: i32, bold: bool| -> Result<()> {
                let color = if bold { rgb(okabe_ito::BLUE) } else { INK };
                let font =
                    text(text_size * scale, &color).pos(Pos::new(HPos::Center, VPos::Center));
                let middle = column * width + width / 2;
                let place = (middle * scale as i32, (row * ROW + y) * scale as i32);
                area.draw_text(content, &font, place)?;
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
) -> Result<()> {
    let place = |image: i32, channel: i32, position: i32| {
        let x = corner.0 + image * CELL + channel * BACK.0;
        let y = corner.1 + position * CELL - channel * BACK.1;
        (x * scale, y * scale)
    };
    let face = |corners: [(i32, i32); 4], coloured: bool, side: Side| -> Result<()> {
        area.draw(&Polygon::new(corners.to_vec(), shade(coloured, side).filled()))?;
        Ok(())
    };
    let front = |image, position, width, height| {
        let (right, bottom) = (image + width, position + height);
        [(image, position), (right, position), (right, bottom), (image, bottom)]
            .map(|(image, position)| place(image, 0, position))
    };
    let top = |image, channel, width, depth| {
        let (right, back) = (image + width, channel + depth);
        [(image, channel), (right, channel), (right, back), (image, back)]
            .map(|(image, channel)| place(image, channel, 0))
    };
    let right = |channel, position, depth, height| {
        let (back, bottom) = (channel + depth, position + height);
        [(channel, position), (back, position), (back, bottom), (channel, bottom)]
            .map(|(channel, position)| place(IMAGES, channel, position))
    };
    face(front(0, 0, IMAGES, POSITIONS), false, Side::Front)?;
    face(top(0, 0, IMAGES, CHANNELS), false, Side::Top)?;
    face(right(0, 0, CHANNELS, POSITIONS), false, Side::Right)?;
    for image in 0..IMAGES {
        for position in (0..POSITIONS).filter(|&position| (kind.shares)(image, 0, position)) {
            face(front(image, position, 1, 1), true, Side::Front)?;
        }
        for channel in (0..CHANNELS).filter(|&channel| (kind.shares)(image, channel, 0)) {
            face(top(image, channel, 1, 1), true, Side::Top)?;
        }
    }
    for channel in 0..CHANNELS {
        for position in 0..POSITIONS {
            if (kind.shares)(LAST, channel, position) {
                face(right(channel, position, 1, 1), true, Side::Right)?;
            }
        }
    }
    // Each line goes round an edge of the block, over two of its sides.
    let images = (0..=IMAGES)
        .map(|image| [place(image, 0, POSITIONS), place(image, 0, 0), place(image, CHANNELS, 0)]);
    let positions = (0..=POSITIONS).map(|position| {
        [place(0, 0, position), place(IMAGES, 0, position), place(IMAGES, CHANNELS, position)]
    });
    let channels = (1..=CHANNELS).map(|channel| {
        [place(0, channel, 0), place(IMAGES, channel, 0), place(IMAGES, channel, POSITIONS)]
    });
    for line in images.chain(positions).chain(channels) {
        area.draw(&PathElement::new(line.to_vec(), LINE.stroke_width(scale as u32)))?;
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
        (true, Side::Top) => rgb(okabe_ito::SKY_BLUE),
        (true, Side::Right) => RGBColor(0, 95, 150),
        (false, Side::Front) => RGBColor(244, 244, 244),
        (false, Side::Top) => RGBColor(255, 255, 255),
        (false, Side::Right) => RGBColor(222, 222, 222),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use plots::render;

    /// The lesson shows the figure too, and is read where nothing has been run.
    #[test]
    fn the_lesson_has_this_figure() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../exercise/normalized_axes.svg");
        let drawn = render(&NormalizedAxes).unwrap().svg;
        assert!(
            fs::read_to_string(&path).is_ok_and(|committed| committed == drawn),
            "{} is not what the code draws; copy it from figures/ of a report that \
             `cargo xtask report` has made",
            path.display()
        );
    }

    #[test]
    fn as_many_cells_are_coloured_as_share_a_mean_on_the_visible_sides() {
        // Front, top and right faces of the coloured cells, counted by hand.
        let expected = [6 + 6 + 1, 36 + 6 + 6, 18 + 3 + 6, 6 + 4 + 24, 6 + 1 + 6, 6 + 2 + 12];
        let svg = render(&NormalizedAxes).unwrap().svg;
        let coloured = [Side::Front, Side::Top, Side::Right].map(|side| shade(true, side));
        let count: usize = coloured
            .iter()
            .map(|RGBColor(red, green, blue)| {
                svg.matches(&format!("fill=\"#{red:02X}{green:02X}{blue:02X}\"")).count()
            })
            .sum();
        assert_eq!(count, expected.iter().sum::<usize>());
    }
}
