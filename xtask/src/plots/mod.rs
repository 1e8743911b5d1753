//! Figures, each drawn by one function to SVG and to PNG, without a system font or library.

pub mod accuracy_by_step;
pub mod activation_percentiles;
mod axes;
pub mod batch_norm_parameters;
pub mod confusion_matrix;
pub mod contact_sheet;
mod curve;
mod frame;
pub mod growth;
pub mod normalized_axes;
mod style;
pub mod training_loss;
pub mod validation;

use std::sync::OnceLock;

use anyhow::{Context, Result, anyhow};
use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, RGBColor, WHITE, register_font};

use self::frame::Sample;
pub use self::style::thousands;
use crate::study::tables::{Head, Study, StudyConfig, network_name};

/// DejaVu Sans; its licence lies beside it.
static FONT: &[u8] = include_bytes!("../../assets/DejaVuSans.ttf");

/// The name that the font is registered under, and that a browser shows an SVG with.
pub const FONT_FAMILY: &str = "sans-serif";

/// How much larger a PNG is than its SVG, so that it stays sharp.
const PNG_SCALE: u32 = 2;

/// Something that can be drawn on any back end.
pub trait Drawing {
    /// Width and height in pixels of the SVG.
    fn size(&self) -> (u32, u32);

    /// Draws on a white area of that size times `scale`; so are all lengths within.
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, scale: u32) -> Result<()>
    where
        B::ErrorType: 'static;
}

/// One figure in both formats.
#[derive(Debug)]
pub struct Figure {
    pub svg: String,
    pub png: Vec<u8>,
}

/// The size of a figure with a panel a head, side by side.
fn size_of_panels(study: &Study, height: u32) -> (u32, u32) {
    let width = if study.heads().len() > 1 { 960 } else { 680 };
    (width, height)
}

/// Names the columns of a grid of panels, a head and a block each.
fn name_columns<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    columns: &[(Head, u64)],
    scale: u32,
) -> Result<()>
where
    B::ErrorType: 'static,
{
    for (&(head, block), cell) in columns.iter().zip(area.split_evenly((1, columns.len().max(1)))) {
        name_below(&cell, &format!("{head}, block {block}"), style::INK, scale)?;
    }
    Ok(())
}

/// A line of text in the middle of a strip, a little to the right where the panels are.
fn name_below<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    name: &str,
    color: RGBColor,
    scale: u32,
) -> Result<()>
where
    B::ErrorType: 'static,
{
    let font = style::text(style::TEXT * scale, &color).pos(Pos::new(HPos::Center, VPos::Center));
    let (width, height) = area.dim_in_pixel();
    let place = ((width + 40 * scale) as i32 / 2, height as i32 / 2);
    area.draw_text(name, &font, place)?;
    Ok(())
}

/// The networks in a legend; with several seeds also what faint lines are.
fn legend_of_networks(config: &StudyConfig, faint: &str) -> Vec<(Sample, String)> {
    let mut legend: Vec<_> = config
        .networks
        .iter()
        .map(|network| (Sample::Line(style::color(network).to_rgba(), 3), network_name(network)))
        .collect();
    if config.seeds.len() > 1 {
        legend.push((Sample::Line(style::INK.mix(style::FAINT), 1), faint.to_owned()));
    }
    legend
}

/// Draws a figure in both formats.
pub fn render<D: Drawing>(drawing: &D) -> Result<Figure> {
    use_embedded_font()?;
    let (width, height) = drawing.size();
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (width, height)).into_drawing_area();
        area.fill(&WHITE)?;
        drawing.draw(&area, 1)?;
        area.present()?;
    }
    Ok(Figure { svg, png: render_png(drawing)? })
}

/// Draws a figure as PNG alone, for what is made of pixels.
pub fn render_png<D: Drawing>(drawing: &D) -> Result<Vec<u8>> {
    use_embedded_font()?;
    let (width, height) = drawing.size();
    let size = (width * PNG_SCALE, height * PNG_SCALE);
    let mut pixels = vec![0; size.0 as usize * size.1 as usize * 3];
    {
        let area = BitMapBackend::with_buffer(&mut pixels, size).into_drawing_area();
        area.fill(&WHITE)?;
        drawing.draw(&area, PNG_SCALE)?;
        area.present()?;
    }
    encode_png(&pixels, size)
}

fn use_embedded_font() -> Result<()> {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    let registered =
        REGISTERED.get_or_init(|| register_font(FONT_FAMILY, FontStyle::Normal, FONT).is_ok());
    registered.then_some(()).ok_or_else(|| anyhow!("the embedded font cannot be read"))
}

/// 8-bit RGB rows as a PNG.
fn encode_png(pixels: &[u8], (width, height): (u32, u32)) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().context("a PNG cannot be begun")?;
    writer.write_image_data(pixels).context("a PNG cannot be encoded")?;
    writer.finish().context("a PNG cannot be ended")?;
    Ok(bytes)
}
