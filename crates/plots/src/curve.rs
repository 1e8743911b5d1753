//! Lines, bands and labels in a panel.

use plotters::backend::DrawingBackend;
use plotters::element::{PathElement, Polygon, Text};
use plotters::series::LineSeries;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, RGBAColor, RGBColor};

use crate::Result;
use crate::axes::Chart;
use crate::style::{SMALL, text};

/// A point in the units of the axes.
pub type Point = (f64, f64);

/// Draws a line through these points.
///
/// # Errors
///
/// [`DrawError`](crate::DrawError) if the back end fails.
pub fn line<B: DrawingBackend>(
    chart: &mut Chart<'_, B>,
    points: &[Point],
    color: RGBAColor,
    width: u32,
) -> Result<()> {
    chart.draw_series(LineSeries::new(points.iter().copied(), color.stroke_width(width)))?;
    Ok(())
}

/// Draws a dashed line through these points; dash and gap are lengths in pixels.
///
/// # Errors
///
/// [`DrawError`](crate::DrawError) if the back end fails.
pub fn dashed<B: DrawingBackend>(
    chart: &mut Chart<'_, B>,
    points: &[Point],
    color: RGBAColor,
    width: u32,
    (dash, gap): (u32, u32),
) -> Result<()> {
    let pixels: Vec<_> = points.iter().map(|point| chart.backend_coord(point)).collect();
    let screen = chart.plotting_area().use_screen_coord();
    for dash in dashes(&pixels, dash as i32, gap as i32) {
        screen.draw(&PathElement::new(dash, color.stroke_width(width)))?;
    }
    Ok(())
}

/// Cuts a line in pixels into dashes. The dashes of plotters depend on the system's `hypot`, so that
/// they differ between systems.
pub(crate) fn dashes(line: &[(i32, i32)], dash: i32, gap: i32) -> Vec<Vec<(i32, i32)>> {
    let (dash, gap) = (f64::from(dash.max(1)), f64::from(gap.max(1)));
    let rounded = |(x, y): Point| (x.round() as i32, y.round() as i32);
    let mut dashes = Vec::new();
    let mut current = Vec::new();
    // What is left of the dash or the gap at hand.
    let (mut drawing, mut left) = (true, dash);
    for pair in line.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let (mut x, mut y) = (f64::from(from.0), f64::from(from.1));
        loop {
            if drawing && current.is_empty() {
                current.push(rounded((x, y)));
            }
            let (dx, dy) = (f64::from(to.0) - x, f64::from(to.1) - y);
            let length = (dx * dx + dy * dy).sqrt();
            if length <= left {
                left -= length;
                if drawing {
                    current.push(to);
                }
                break;
            }
            (x, y) = (x + dx * left / length, y + dy * left / length);
            if drawing {
                current.push(rounded((x, y)));
                dashes.push(std::mem::take(&mut current));
            }
            drawing = !drawing;
            left = if drawing { dash } else { gap };
        }
    }
    if current.len() > 1 {
        dashes.push(current);
    }
    dashes
}

/// Fills the area between two lines over the same x.
///
/// # Errors
///
/// [`DrawError`](crate::DrawError) if the back end fails.
pub fn band<B: DrawingBackend>(
    chart: &mut Chart<'_, B>,
    lower: &[Point],
    upper: &[Point],
    color: RGBAColor,
) -> Result<()> {
    let around: Vec<Point> = lower.iter().chain(upper.iter().rev()).copied().collect();
    chart.draw_series([Polygon::new(around, color.filled())])?;
    Ok(())
}

/// Writes labels to the right of points of one x, moved apart where they would overlap.
///
/// # Errors
///
/// [`DrawError`](crate::DrawError) if the back end fails.
pub fn labels_at_end<B: DrawingBackend>(
    chart: &mut Chart<'_, B>,
    mut labels: Vec<(Point, String, RGBColor)>,
    scale: u32,
) -> Result<()> {
    labels.sort_by(|(a, ..), (b, ..)| a.1.total_cmp(&b.1));
    let height = f64::from(chart.plotting_area().dim_in_pixel().1.max(1));
    let range = chart.y_range();
    let apart = f64::from(SMALL * scale) * (range.end - range.start) / height;
    let mut places: Vec<f64> = labels.iter().map(|(point, ..)| point.1).collect();
    // A few rounds of pushing overlapping neighbours apart by the same amount.
    for _ in 0..8 {
        for index in 1..places.len() {
            let overlap = apart - (places[index] - places[index - 1]);
            if overlap > 0.0 {
                places[index - 1] -= overlap / 2.0;
                places[index] += overlap / 2.0;
            }
        }
    }
    let screen = chart.plotting_area().use_screen_coord();
    for (((x, _), label, color), y) in labels.into_iter().zip(places) {
        let font = text(SMALL * scale, &color).pos(Pos::new(HPos::Left, VPos::Center));
        // Beside the point by pixels: a browser drops spaces at the beginning of a text.
        let (right, middle) = chart.backend_coord(&(x, y));
        screen.draw(&Text::new(label, (right + 8 * scale as i32, middle), font))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_go_round_corners() {
        let line = [(0, 0), (10, 0), (10, 10)];
        let cut = dashes(&line, 6, 3);
        let expected: [&[(i32, i32)]; 3] =
            [&[(0, 0), (6, 0)], &[(9, 0), (10, 0), (10, 5)], &[(10, 8), (10, 10)]];
        assert_eq!(cut, expected);
        assert!(dashes(&[(3, 3)], 5, 5).is_empty());
        assert!(dashes(&[], 5, 5).is_empty());
    }
}
