//! Values that a browser shows where the pointer is: titles of an SVG, which need no script.

use std::fmt::Write as _;

use plotters::backend::DrawingBackend;

use crate::axes::Chart;
use crate::curve::Point;

/// How far from its point a value is shown, in pixels.
const RADIUS: u32 = 6;

/// The values of a figure with their places in pixels.
#[derive(Debug, Default)]
pub struct Tooltips(Vec<((i32, i32), String)>);

impl Tooltips {
    /// Shows this text at a point of a panel.
    pub fn at<B: DrawingBackend>(&mut self, chart: &Chart<'_, B>, point: Point, text: String) {
        self.0.push((chart.backend_coord(&point), text));
    }

    /// Shows this text around a place in pixels.
    pub fn around(&mut self, place: (i32, i32), text: String) {
        self.0.push((place, text));
    }

    /// Puts the values into an SVG, over everything that is drawn.
    pub(crate) fn write_into(&self, svg: &mut String) {
        let Some(end) = svg.rfind("</svg>") else { return };
        let mut titles = String::new();
        for ((x, y), text) in &self.0 {
            let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            // Writing to a string cannot fail.
            let _ = writeln!(
                titles,
                "<circle cx=\"{x}\" cy=\"{y}\" r=\"{RADIUS}\" opacity=\"0\"><title>{text}</title></circle>"
            );
        }
        svg.insert_str(end, &titles);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_a_title_at_its_place_and_escaped() {
        let mut svg = "<svg>\n</svg>\n".to_owned();
        let mut tooltips = Tooltips::default();
        tooltips.around((3, 4), "a < b & c".to_owned());
        tooltips.write_into(&mut svg);
        assert_eq!(
            svg,
            "<svg>\n<circle cx=\"3\" cy=\"4\" r=\"6\" opacity=\"0\"><title>a &lt; b &amp; \
             c</title></circle>\n</svg>\n"
        );
    }
}
