//! Training loss by step and validation accuracy by epoch of several networks, side by side.

use anyhow::Result;
use plotters::backend::DrawingBackend;
use plotters::chart::{ChartBuilder, ChartContext, SeriesLabelPosition};
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::RangedCoordf64;
use plotters::drawing::DrawingArea;
use plotters::element::{Circle, PathElement, Text};
use plotters::series::LineSeries;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{BLACK, Color, IntoFont, RGBColor, ShapeStyle, TextStyle, WHITE};

use super::{Drawing, FONT_FAMILY, okabe_ito};

/// The points that a curve of losses is smoothed to, where there are more.
const SMOOTHED_POINTS: usize = 48;

/// One colour a curve.
const COLORS: [RGBColor; 2] = [okabe_ito::VERMILLION, okabe_ito::BLUE];

/// What is shown of one network.
#[derive(Debug)]
pub struct Curve {
    pub name: &'static str,
    /// Training loss of each step's batch.
    pub losses: Vec<f64>,
    /// Validation accuracy after each epoch.
    pub accuracies: Vec<f64>,
    /// The published ones, where they compare.
    pub published: &'static [f64],
}

/// The figure.
#[derive(Debug)]
pub struct Training {
    pub title: String,
    pub curves: Vec<Curve>,
}

impl Drawing for Training {
    const SIZE: (u32, u32) = (800, 400);

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, scale: u32) -> Result<()>
    where
        B::ErrorType: 'static,
    {
        let px = |length: u32| length * scale;
        let area = area.margin(px(10), 0, 0, 0).titled(&self.title, (FONT_FAMILY, px(17)))?;
        let (losses, accuracies) = area.split_horizontally(px(430));
        self.draw_losses(&losses, scale)?;
        self.draw_accuracies(&accuracies, scale)
    }
}

impl Training {
    fn draw_losses<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, scale: u32) -> Result<()>
    where
        B::ErrorType: 'static,
    {
        let px = |length: u32| length * scale;
        let steps = self.curves.iter().map(|curve| curve.losses.len()).max().unwrap_or(0).max(1);
        let window = steps.div_ceil(SMOOTHED_POINTS).max(1);
        let largest = self.curves.iter().flat_map(|curve| &curve.losses).fold(0.1, maximum);
        let mut chart = ChartBuilder::on(area)
            .margin(px(10))
            .x_label_area_size(px(42))
            .y_label_area_size(px(46))
            .build_cartesian_2d(0.0..steps as f64, 0.0..largest * 1.05)?;
        chart
            .configure_mesh()
            .x_desc("training step (batches seen)")
            .y_desc("training loss (nats per image)")
            .x_labels(6)
            .y_labels(6)
            .x_label_formatter(&|step| format!("{step:.0}"))
            .y_label_formatter(&|loss| format!("{loss:.1}"))
            .label_style((FONT_FAMILY, px(12)))
            .axis_desc_style((FONT_FAMILY, px(13)))
            .light_line_style(WHITE)
            .bold_line_style(BLACK.mix(0.10))
            .axis_style(BLACK.mix(0.5))
            .draw()?;
        for (curve, color) in self.curves.iter().zip(COLORS) {
            let each = (0_u32..).zip(&curve.losses).map(|(step, &loss)| (f64::from(step), loss));
            chart.draw_series(LineSeries::new(each, color.mix(0.22).stroke_width(scale)))?;
        }
        for (curve, color) in self.curves.iter().zip(COLORS) {
            let line = color.stroke_width(px(2));
            chart
                .draw_series(LineSeries::new(smoothed(&curve.losses, window), line))?
                .label(curve.name)
                .legend(legend_line(line, scale));
        }
        if window > 1 {
            let faint = BLACK.mix(0.3).stroke_width(scale);
            chart
                .draw_series(LineSeries::new([], faint))?
                .label(format!("each step (bold: mean of {window})"))
                .legend(legend_line(faint, scale));
        }
        draw_legend(&mut chart, SeriesLabelPosition::LowerLeft, scale)?;
        Ok(())
    }

    fn draw_accuracies<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
    ) -> Result<()>
    where
        B::ErrorType: 'static,
    {
        let px = |length: u32| length * scale;
        let epochs = self.curves.iter().map(|curve| curve.accuracies.len()).max().unwrap_or(0);
        let all =
            || self.curves.iter().flat_map(|curve| curve.accuracies.iter().chain(curve.published));
        // Whole twentieths around all points, with room for their labels.
        let bottom = ((all().fold(1.0, minimum) - 0.02) * 20.0).floor() / 20.0;
        let top = ((all().fold(0.0, maximum) + 0.02) * 20.0).ceil() / 20.0;
        let mut chart = ChartBuilder::on(area)
            .margin(px(10))
            .x_label_area_size(px(42))
            .y_label_area_size(px(52))
            .build_cartesian_2d(0.5..epochs as f64 + 0.5, bottom.max(0.0)..top.min(1.0))?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .x_desc("epoch")
            .y_desc("validation accuracy (share of images)")
            .x_labels(2 * epochs + 1)
            .y_labels(8)
            .x_label_formatter(&|epoch| {
                if epoch.fract() == 0.0 { format!("{epoch:.0}") } else { String::new() }
            })
            .y_label_formatter(&|accuracy| format!("{accuracy:.2}"))
            .label_style((FONT_FAMILY, px(12)))
            .axis_desc_style((FONT_FAMILY, px(13)))
            .light_line_style(WHITE)
            .bold_line_style(BLACK.mix(0.10))
            .axis_style(BLACK.mix(0.5))
            .draw()?;
        for (curve, color) in self.curves.iter().zip(COLORS) {
            let ours = points(&curve.accuracies);
            let line = color.stroke_width(px(2));
            chart.draw_series(LineSeries::new(ours.clone(), line))?;
            chart.draw_series(ours.map(|point| Circle::new(point, px(4), color.filled())))?;
            chart.draw_series(
                points(curve.published).map(|point| Circle::new(point, px(6), line)),
            )?;
            if epochs > 1 {
                continue;
            }
            // One point each: the figures beside them, on two sides so that they never collide.
            let beside = |side| {
                let font = (FONT_FAMILY, px(12)).into_font();
                TextStyle::from(font).color(&color).pos(Pos::new(side, VPos::Center))
            };
            if let Some(&accuracy) = curve.accuracies.first() {
                let label = format!("this run {accuracy:.4}   ");
                let style = beside(HPos::Right);
                chart.draw_series([Text::new(label, (1.0, accuracy), style)])?;
            }
            if let Some(&accuracy) = curve.published.first() {
                let label = format!("   {accuracy:.4} published");
                let style = beside(HPos::Left);
                chart.draw_series([Text::new(label, (1.0, accuracy), style)])?;
            }
        }
        if epochs > 1 && self.curves.iter().any(|curve| !curve.published.is_empty()) {
            let markers = [("this run", BLACK.filled()), ("published", BLACK.stroke_width(px(2)))];
            for (label, style) in markers {
                let radius = if style.filled { px(4) } else { px(6) };
                chart
                    .draw_series(points(&[]).map(|point| Circle::new(point, radius, style)))?
                    .label(label)
                    .legend(move |(x, y)| Circle::new((x + 13 * scale as i32, y), radius, style));
            }
            draw_legend(&mut chart, SeriesLabelPosition::LowerRight, scale)?;
        }
        Ok(())
    }
}

fn draw_legend<'a, B: DrawingBackend + 'a>(
    chart: &mut ChartContext<'a, B, Cartesian2d<RangedCoordf64, RangedCoordf64>>,
    position: SeriesLabelPosition,
    scale: u32,
) -> Result<()>
where
    B::ErrorType: 'static,
{
    chart
        .configure_series_labels()
        .position(position)
        .legend_area_size(26 * scale)
        .margin(6 * scale)
        .label_font((FONT_FAMILY, 12 * scale))
        .background_style(WHITE.mix(0.85))
        .draw()?;
    Ok(())
}

type LegendLine = PathElement<(i32, i32)>;

fn legend_line(style: ShapeStyle, scale: u32) -> impl Fn((i32, i32)) -> LegendLine {
    let length = 20 * scale as i32;
    move |(x, y)| PathElement::new(vec![(x, y), (x + length, y)], style)
}

/// (epoch, accuracy), epochs from 1.
fn points(accuracies: &[f64]) -> impl Iterator<Item = (f64, f64)> + Clone {
    (1_u32..).zip(accuracies).map(|(epoch, &accuracy)| (f64::from(epoch), accuracy))
}

/// The mean of each `window` steps, at their middle; the last window may be shorter.
fn smoothed(losses: &[f64], window: usize) -> Vec<(f64, f64)> {
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    losses
        .chunks(window)
        .enumerate()
        .map(|(index, losses)| {
            let middle = (index * window) as f64 + (losses.len() - 1) as f64 / 2.0;
            (middle, mean(losses))
        })
        .collect()
}

fn minimum(so_far: f64, value: &f64) -> f64 {
    so_far.min(*value)
}

fn maximum(so_far: f64, value: &f64) -> f64 {
    so_far.max(*value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plots::render;

    #[test]
    fn smoothing_is_the_mean_of_each_window_at_its_middle() {
        let losses = [1.0, 3.0, 5.0, 7.0, 10.0];
        assert_eq!(smoothed(&losses, 2), [(0.5, 2.0), (2.5, 6.0), (4.0, 10.0)]);
        assert_eq!(smoothed(&losses, 1)[3], (3.0, 7.0));
    }

    #[test]
    fn the_same_figure_gives_the_same_bytes_and_says_what_it_shows() {
        for epochs in [1, 5] {
            let curve = |name, offset: f64| Curve {
                name,
                losses: (0..500 * epochs).map(|step| 2.0 / (1.0 + 0.01 * step as f64)).collect(),
                accuracies: vec![0.7 + offset; epochs],
                published: &[0.66],
            };
            let figure = Training {
                title: "Fashion-MNIST, head frozen, seed 0".to_owned(),
                curves: vec![curve("SimpleNetwork", 0.0), curve("SpatialBatchNormNetwork", 0.1)],
            };
            let (once, twice) = (render(&figure).unwrap(), render(&figure).unwrap());
            assert_eq!(once.svg, twice.svg);
            assert_eq!(once.png, twice.png);
            assert!(once.png.starts_with(b"\x89PNG"));
            for text in ["head frozen, seed 0", "SpatialBatchNormNetwork", "epoch", "nats"] {
                assert!(once.svg.contains(text), "{text}");
            }
        }
    }
}
