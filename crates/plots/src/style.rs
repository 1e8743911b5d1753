//! What all figures share: colours and sizes of text.

use plotters::style::{Color, IntoFont, RGBColor, TextStyle};
use thousands::Separable;

use crate::FONT_FAMILY;

/// The colour of text and of axes.
pub const INK: RGBColor = RGBColor(40, 40, 40);

/// The opacity of what should stay in the background.
pub const FAINT: f64 = 0.25;

/// The size of titles in pixels of the SVG, as plotters counts them.
pub const TITLE: u32 = 21;
/// The size of names of axes and of legends.
pub const TEXT: u32 = 16;
/// The size of the labels of ticks and points.
pub const SMALL: u32 = 15;

/// The colour of this red, green and blue.
pub const fn rgb([red, green, blue]: [u8; 3]) -> RGBColor {
    RGBColor(red, green, blue)
}

/// Text of this size in pixels.
pub fn text(size: u32, color: &impl Color) -> TextStyle<'static> {
    let mut style = TextStyle::from((FONT_FAMILY, size).into_font());
    style.color = color.to_backend_color();
    style
}

/// 48000 as 48,000.
pub fn thousands(number: u64) -> String {
    number.separate_with_commas()
}
