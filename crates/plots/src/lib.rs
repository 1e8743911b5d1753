//! Figures as SVG and PNG: one function draws both, without a font or library of the system.

pub mod axes;
pub mod curve;
mod error;
pub mod frame;
pub mod style;
pub mod tooltips;

use std::sync::OnceLock;

use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::style::{FontStyle, WHITE, register_font};

pub use error::{DrawError, Result};
pub use style::thousands;
pub use tooltips::Tooltips;

/// DejaVu Sans; its licence lies beside it.
static FONT: &[u8] = include_bytes!("../assets/DejaVuSans.ttf");

/// The name that the font is registered under, and that a browser shows an SVG with.
pub const FONT_FAMILY: &str = "sans-serif";

/// How much larger a PNG is than its SVG, so that it stays sharp.
const PNG_SCALE: u32 = 2;

/// Something that can be drawn on any back end.
pub trait Drawing {
    /// Width and height in pixels of the SVG.
    fn size(&self) -> (u32, u32);

    /// Draws on a white area of that size times `scale`, with all lengths times `scale`, and adds the
    /// values that a pointer may ask for.
    ///
    /// # Errors
    ///
    /// [`DrawError`] of the back end, or of what is drawn.
    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
        tooltips: &mut Tooltips,
    ) -> Result<()>;
}

/// One figure in both formats.
#[derive(Debug)]
pub struct Figure {
    /// The text of the SVG.
    pub svg: String,
    /// The bytes of the PNG.
    pub png: Vec<u8>,
}

/// Draws a figure in both formats.
///
/// # Errors
///
/// Those of [`Drawing::draw`], and those of writing a PNG.
pub fn render<D: Drawing>(drawing: &D) -> Result<Figure> {
    use_embedded_font()?;
    let (width, height) = drawing.size();
    let (mut svg, mut tooltips) = (String::new(), Tooltips::default());
    {
        let area = SVGBackend::with_string(&mut svg, (width, height)).into_drawing_area();
        area.fill(&WHITE)?;
        drawing.draw(&area, 1, &mut tooltips)?;
        area.present()?;
    }
    tooltips.write_into(&mut svg);
    Ok(Figure { svg, png: render_png(drawing)? })
}

/// Draws a figure as PNG alone, for what is made of pixels.
///
/// # Errors
///
/// As for [`render`].
pub fn render_png<D: Drawing>(drawing: &D) -> Result<Vec<u8>> {
    use_embedded_font()?;
    let (width, height) = drawing.size();
    let size = (width * PNG_SCALE, height * PNG_SCALE);
    let mut pixels = vec![0; size.0 as usize * size.1 as usize * 3];
    {
        let area = BitMapBackend::with_buffer(&mut pixels, size).into_drawing_area();
        area.fill(&WHITE)?;
        drawing.draw(&area, PNG_SCALE, &mut Tooltips::default())?;
        area.present()?;
    }
    encode_png(&pixels, size)
}

fn use_embedded_font() -> Result<()> {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    let registered =
        REGISTERED.get_or_init(|| register_font(FONT_FAMILY, FontStyle::Normal, FONT).is_ok());
    registered.then_some(()).ok_or(DrawError::Font)
}

/// 8-bit RGB rows as a PNG.
fn encode_png(pixels: &[u8], (width, height): (u32, u32)) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}
