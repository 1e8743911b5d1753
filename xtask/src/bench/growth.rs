//! Time and memory of a training step as one thing at a time grows: a column a thing.

use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::Circle;
use plotters::style::Color;

use plots::axes::{Axes, Axis};
use plots::curve::{Point, line};
use plots::frame::Frame;
use plots::style::okabe_ito::{BLUE, VERMILLION};
use plots::{Drawing, Result};

/// The figure.
#[derive(Debug)]
pub struct Growth {
    /// The machine, for the title.
    pub machine: String,
    pub columns: Vec<Column>,
}

/// What one thing does.
#[derive(Debug)]
pub struct Column {
    /// The thing that grows.
    pub name: String,
    /// Milliseconds of a step against it.
    pub time: Vec<Point>,
    /// Megabytes against it, where the system tells.
    pub memory: Vec<Point>,
}

impl Drawing for Growth {
    fn size(&self) -> (u32, u32) {
        (1200, 560)
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, scale: u32) -> Result<()> {
        let title = format!("Time and memory of a training step ({})", self.machine);
        let area = Frame { title, legend: Vec::new() }.draw(area, scale)?;
        let panels = area.split_evenly((2, self.columns.len().max(1)));
        let (above, below) = panels.split_at(self.columns.len());
        for (index, (column, (above, below))) in
            self.columns.iter().zip(above.iter().zip(below)).enumerate()
        {
            let named = |name: &str| if index == 0 { name.to_owned() } else { String::new() };
            for (area, points, name, color, x_name) in [
                (above, &column.time, named("ms a step"), BLUE, ""),
                (below, &column.memory, named("MB beyond the images"), VERMILLION, &column.name),
            ] {
                let mut x = Axis::around(x_name, with_zero(points, |point| point.0), 2);
                // Little more than the points, whatever the ticks.
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
