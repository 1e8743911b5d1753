//! The figure: time and memory of a training step as one thing at a time grows, a column per thing.

use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::Circle;
use plotters::style::Color;

use plots::axes::{Axes, Axis};
use plots::curve::{Point, line};
use plots::frame::Frame;
use plots::style::rgb;
use plots::{Drawing, Figure, render};
use trainer::network::preset::okabe_ito::{BLUE, VERMILLION};

use crate::error::Result;
use crate::options::Extent;
use crate::results::Results;

/// The figure.
#[derive(Debug)]
pub(crate) struct GrowthFigure {
    /// The machine, for the title.
    machine: String,
    pub(crate) columns: Vec<GrowthColumn>,
}

/// Time and memory against one thing.
#[derive(Debug)]
pub(crate) struct GrowthColumn {
    /// The thing that grows.
    name: String,
    /// Milliseconds per step against its value.
    pub(crate) time: Vec<Point>,
    /// Megabytes against its value, where the system tells them.
    pub(crate) memory: Vec<Point>,
}

impl GrowthFigure {
    /// The figure of these results.
    pub(crate) fn new(results: &Results) -> Self {
        let mut columns: Vec<GrowthColumn> = Vec::new();
        for point in &results.growth {
            if columns.last().is_none_or(|column| column.name != point.what) {
                let name = point.what.clone();
                columns.push(GrowthColumn { name, time: Vec::new(), memory: Vec::new() });
            }
            if let Some(column) = columns.last_mut() {
                let x = point.value as f64;
                column.time.push((x, 1e3 * point.cost.seconds));
                column.memory.extend(point.bytes().map(|bytes| (x, bytes as f64 / 1e6)));
            }
        }
        let machine = results.machine.processor.as_ref().unwrap_or(&results.machine.system).clone();
        Self { machine, columns }
    }
}

/// The section of the page that has the figure.
pub(crate) fn growth_section(extent: Extent) -> String {
    format!(
        "\n## Growth\n\nThe time of a training step of the network with batch norm, and the memory of \
         its process without the images. One thing at a time is changed from batch 50, 16 and 32 \
         channels, 28 × 28 pixels, one thread and one run. Processes per point: {}, of which the \
         fastest counts.\n\n![Time and memory of a training step against batch size, channels, image \
         size, threads and runs](bench.svg)\n",
        extent.growth_rounds(),
    )
}

impl Results {
    /// The figure as SVG and PNG.
    ///
    /// # Errors
    ///
    /// [`BenchError::Figure`](crate::BenchError::Figure) if it cannot be drawn.
    pub(crate) fn figure(&self) -> Result<Figure> {
        Ok(render(&GrowthFigure::new(self))?)
    }
}

impl Drawing for GrowthFigure {
    fn size(&self) -> (u32, u32) {
        (1200, 560)
    }

    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
        _: &mut plots::Tooltips,
    ) -> plots::Result<()> {
        let title = format!("Time and memory of a training step ({})", self.machine);
        let area = Frame { title, legend: Vec::new() }.draw(area, scale)?;
        let panels = area.split_evenly((2, self.columns.len().max(1)));
        let (above, below) = panels.split_at(self.columns.len());
        for (index, (column, (above, below))) in
            self.columns.iter().zip(above.iter().zip(below)).enumerate()
        {
            let named = |name: &str| if index == 0 { name.to_owned() } else { String::new() };
            for (area, points, name, color, x_name) in [
                (above, &column.time, named("ms per step"), rgb(BLUE), ""),
                (
                    below,
                    &column.memory,
                    named("MB beyond the images"),
                    rgb(VERMILLION),
                    &column.name,
                ),
            ] {
                let mut x = Axis::around(x_name, with_zero(points, |point| point.0), 2);
                // The axis ends shortly after the last point, wherever the ticks are.
                x.range.end = points.iter().map(|point| 1.08 * point.0).fold(1e-9, f64::max);
                let y = Axis::around(&name, with_zero(points, |point| point.1), 3);
                let axes =
                    Axes { title: String::new(), x: x.at_least_zero(), y: y.at_least_zero() };
                let mut chart = axes.draw(area, scale)?;
                line(&mut chart, points, color.to_rgba(), 2 * scale)?;
                let dot = |&point| Circle::new(point, 4 * scale as i32, color.filled());
                chart.draw_series(points.iter().map(dot))?;
            }
        }
        Ok(())
    }
}

fn with_zero(points: &[Point], of: impl Fn(&Point) -> f64) -> impl Iterator<Item = f64> {
    points.iter().map(of).chain([0.0])
}
