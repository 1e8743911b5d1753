//! Training loss by step: means over windows of a twentieth of an epoch, of each seed and of all.

use anyhow::Result;
use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::style::Color;

use super::{color, title};
use plots::Drawing;
use plots::axes::{Axes, Axis};
use plots::curve::{Point, line};
use plots::frame::Frame;
use plots::style::FAINT;

use super::{legend_of_networks, size_of_panels};
use crate::statistics::{Window, windows, windows_of_run};
use crate::tables::Study;

/// The figure, a panel a head.
#[derive(Debug)]
pub struct TrainingLoss<'a> {
    pub study: &'a Study,
}

impl Drawing for TrainingLoss<'_> {
    fn size(&self) -> (u32, u32) {
        size_of_panels(self.study, 440)
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, scale: u32) -> Result<()>
    where
        B::ErrorType: 'static,
    {
        let config = &self.study.config;
        let area = Frame {
            title: title("Training loss by step", self.study),
            legend: legend_of_networks(config, "each seed (bold: mean)"),
        }
        .draw(area, scale)?;
        let losses = self.study.steps.iter().map(|row| row.loss);
        let y = Axis::around("cross-entropy (nats an image)", losses, 5).at_least_zero();
        let heads = self.study.heads();
        for (area, head) in area.split_evenly((1, heads.len())).iter().zip(heads) {
            let axes =
                Axes { title: head.to_string(), x: super::steps_axis(config, 6), y: y.clone() };
            let mut chart = axes.draw(area, scale)?;
            for network in &config.networks {
                for &seed in &config.seeds {
                    let points = points(&windows_of_run(self.study, network, head, seed));
                    line(&mut chart, &points, color(network).mix(FAINT), scale)?;
                }
            }
            for network in &config.networks {
                let points = points(&windows(self.study, network, head));
                line(&mut chart, &points, color(network).to_rgba(), 2 * scale)?;
            }
        }
        Ok(())
    }
}

fn points(windows: &[Window]) -> Vec<Point> {
    windows.iter().map(|window| (window.end as f64, window.loss)).collect()
}
