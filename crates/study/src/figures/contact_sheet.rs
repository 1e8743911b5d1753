//! Some images of each class of a data set, a row per class.

use plots::{DrawError, Drawing, FONT_FAMILY, Result};
use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{BitMapElement, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{BLACK, IntoFont, RGBColor, TextStyle};
use trainer::dataset::{CLASS_NAMES, FASHION_MNIST_IMAGE, LabelledImages};

/// The images of a row.
const COLUMNS: usize = 16;

/// The width of the names at the left.
const NAMES: u32 = 74;

/// The height of title and subtitle.
const TITLES: u32 = 40;

/// What is left free around everything.
const MARGIN: u32 = 10;

/// The colour of the subtitle.
const GREY: RGBColor = RGBColor(90, 90, 90);

/// From the beginning of one image to that of the next.
const STRIDE: u32 = SIDE + 2;

/// The width and height of an image.
const SIDE: u32 = FASHION_MNIST_IMAGE.width as u32;

/// The sheet; its images are grey and as large as Fashion-MNIST's.
#[derive(Debug)]
pub struct ContactSheet {
    title: String,
    /// Of each class, the bytes of its first images.
    rows: Vec<Vec<Vec<u8>>>,
}

impl ContactSheet {
    /// The first images of each class.
    ///
    /// # Errors
    ///
    /// [`DrawError::Data`] for images of another size than a sheet shows.
    pub fn new(title: String, images: &LabelledImages) -> Result<Self> {
        if images.size() != FASHION_MNIST_IMAGE {
            return Err(DrawError::Data {
                what: "the images of a contact sheet",
                found: format!("{:?}", images.size()),
                expected: format!("{FASHION_MNIST_IMAGE:?}"),
            });
        }
        let mut rows = vec![Vec::new(); CLASS_NAMES.len()];
        for (position, &label) in images.labels().iter().enumerate() {
            let row = rows.get_mut(usize::from(label)).filter(|row| row.len() < COLUMNS);
            if let (Some(row), Some(image)) = (row, images.image(position)) {
                row.push(image.to_vec());
            }
        }
        Ok(Self { title, rows })
    }
}

impl Drawing for ContactSheet {
    fn size(&self) -> (u32, u32) {
        let width = 2 * MARGIN + NAMES + COLUMNS as u32 * STRIDE;
        (width, 2 * MARGIN + TITLES + CLASS_NAMES.len() as u32 * STRIDE)
    }

    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
        _: &mut plots::Tooltips,
    ) -> Result<()> {
        let at = |x: u32, y: u32| ((x * scale) as i32, (y * scale) as i32);
        let text = |size: u32, color: &'static RGBColor, horizontal, vertical| {
            let font = (FONT_FAMILY, size * scale).into_font();
            TextStyle::from(font).color(color).pos(Pos::new(horizontal, vertical))
        };
        let title = text(15, &BLACK, HPos::Left, VPos::Top);
        area.draw(&Text::new(self.title.as_str(), at(MARGIN, MARGIN), title))?;
        let subtitle = text(10, &GREY, HPos::Left, VPos::Top);
        let what = format!("the first {COLUMNS} training images of each class");
        area.draw(&Text::new(what, at(MARGIN, MARGIN + 21), subtitle))?;
        let mut y = MARGIN + TITLES;
        for (name, row) in CLASS_NAMES.iter().zip(&self.rows) {
            let beside = text(10, &BLACK, HPos::Right, VPos::Center);
            area.draw(&Text::new(*name, at(MARGIN + NAMES - 6, y + SIDE / 2), beside))?;
            let mut x = MARGIN + NAMES;
            for image in row {
                let side = SIDE * scale;
                let pixels = enlarged(image, scale as usize);
                let element = BitMapElement::with_owned_buffer(at(x, y), (side, side), pixels);
                let misfit = || DrawError::Data {
                    what: "an image of a contact sheet",
                    found: format!("{} pixels", image.len()),
                    expected: format!("{SIDE} × {SIDE}"),
                };
                area.draw(&element.ok_or_else(misfit)?)?;
                x += STRIDE;
            }
            y += STRIDE;
        }
        Ok(())
    }
}

/// Grey bytes as RGB, each pixel as a square of `scale` × `scale`.
fn enlarged(image: &[u8], scale: usize) -> Vec<u8> {
    let mut pixels = Vec::with_capacity(image.len() * scale * scale * 3);
    for row in image.chunks(SIDE as usize) {
        let row: Vec<u8> =
            row.iter().flat_map(|&grey| std::iter::repeat_n(grey, 3 * scale)).collect();
        for _ in 0..scale {
            pixels.extend_from_slice(&row);
        }
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;
    use plots::render_png;

    #[test]
    fn enlarging_repeats_pixels_and_rows() {
        let mut image = vec![0; 28 * 28];
        (image[0], image[28]) = (7, 9);
        let pixels = enlarged(&image, 2);
        assert_eq!(pixels.len(), 56 * 56 * 3);
        assert_eq!(pixels[..8], [7, 7, 7, 7, 7, 7, 0, 0]);
        assert_eq!(pixels[56 * 3..][..7], [7, 7, 7, 7, 7, 7, 0]);
        assert_eq!(pixels[2 * 56 * 3..][..7], [9, 9, 9, 9, 9, 9, 0]);
    }

    /// Each image at its place, told by its grey level.
    #[test]
    fn each_class_has_its_row_and_each_image_its_column() {
        let labels: Vec<u8> = (0..200).map(|position| (position % 10) as u8).collect();
        let pixels = (0..200).flat_map(|position| vec![position; 28 * 28]).collect();
        let images = LabelledImages::new(FASHION_MNIST_IMAGE, 10, pixels, labels).unwrap();
        let sheet = ContactSheet::new("A set".to_owned(), &images).unwrap();
        let bytes = render_png(&sheet).unwrap();
        assert_eq!(bytes, render_png(&sheet).unwrap());
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut rgb).unwrap();
        let width = reader.info().width as usize;
        assert_eq!(width, 2 * (20 + 74 + 16 * 30));
        for (row, column) in [(0, 0), (3, 5), (9, 15)] {
            for inside in [0, 55] {
                let x = 2 * (10 + 74 + 30 * column) + inside;
                let y = 2 * (10 + 40 + 30 * row) + inside;
                assert_eq!(rgb[(y * width + x) * 3..][..3], [(10 * column + row) as u8; 3]);
            }
        }
    }
}
