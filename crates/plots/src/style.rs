//! What all figures share: colours, sizes of text, names.

use plotters::style::{Color, IntoFont, RGBColor, TextStyle};

use crate::FONT_FAMILY;

/// Colours that those with any colour blindness can tell apart.
///
/// Source: Okabe and Ito, "Color Universal Design", 2002, <https://jfly.uni-koeln.de/color/>.
pub mod okabe_ito {
    use plotters::style::RGBColor;

    pub const BLUE: RGBColor = RGBColor(0, 114, 178);
    pub const VERMILLION: RGBColor = RGBColor(213, 94, 0);
    pub const ORANGE: RGBColor = RGBColor(230, 159, 0);
    pub const SKY_BLUE: RGBColor = RGBColor(86, 180, 233);
    pub const BLUISH_GREEN: RGBColor = RGBColor(0, 158, 115);
    pub const REDDISH_PURPLE: RGBColor = RGBColor(204, 121, 167);
}

/// Text, lines of axes.
pub const INK: RGBColor = RGBColor(40, 40, 40);

/// What should be seen only when looked for.
pub const FAINT: f64 = 0.25;

/// Sizes of text in pixels of the SVG, as plotters counts them.
pub const TITLE: u32 = 21;
pub const TEXT: u32 = 16;
pub const SMALL: u32 = 15;

/// Text of this size in pixels.
pub fn text(size: u32, color: &impl Color) -> TextStyle<'static> {
    let mut style = TextStyle::from((FONT_FAMILY, size).into_font());
    style.color = color.to_backend_color();
    style
}

/// 48000 as 48,000.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        let grouped = [0, 999, 1_000, 48_000, 1_234_567].map(thousands);
        assert_eq!(grouped, ["0", "999", "1,000", "48,000", "1,234,567"]);
    }
}
