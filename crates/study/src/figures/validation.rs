//! Validation accuracy or loss after each epoch: mean, spread and each seed, and the published
//! accuracies where they compare.

use anyhow::Result;
use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::Circle;
use plotters::style::Color;

use super::{color, title};
use crate::published;
use crate::statistics::{Spread, epoch_row};
use crate::tables::{EpochRow, Head, Study, network_name};
use plots::Drawing;
use plots::axes::{Axes, Axis};
use plots::curve::{Point, band, dashed, labels_at_end, line};
use plots::frame::{Frame, Sample};
use plots::style::INK;

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    Accuracy,
    Loss,
}

/// The figure, a panel a head.
#[derive(Debug)]
pub struct Validation<'a> {
    pub study: &'a Study,
    pub quantity: Quantity,
}

/// A network in a panel.
struct Curve<'a> {
    network: &'a str,
    /// Of each seed.
    points: Vec<Point>,
    /// Of each epoch.
    spreads: Vec<(f64, Spread)>,
    published: Vec<Point>,
}

impl Drawing for Validation<'_> {
    fn size(&self) -> (u32, u32) {
        super::size_of_panels(self.study, 440)
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, scale: u32) -> Result<()>
    where
        B::ErrorType: 'static,
    {
        let heads = self.study.heads();
        let panels: Vec<Vec<Curve<'_>>> = heads.iter().map(|&head| self.curves(head)).collect();
        let all = || panels.iter().flatten();
        let values = all().flat_map(|curve| curve.points.iter().chain(&curve.published));
        let (what, name) = match self.quantity {
            Quantity::Accuracy => ("Validation accuracy", "share of images classified rightly"),
            Quantity::Loss => ("Validation loss", "cross-entropy (nats an image)"),
        };
        let y = Axis::around(name, values.map(|point| point.1), 5);
        let y = if self.quantity == Quantity::Accuracy { y.up_to_one() } else { y };
        let area = Frame {
            title: title(&format!("{what} after each epoch"), self.study),
            legend: self.legend(all().any(|curve| !curve.published.is_empty())),
        }
        .draw(area, scale)?;
        let areas = area.split_evenly((1, heads.len()));
        for ((area, head), curves) in areas.iter().zip(heads).zip(&panels) {
            let axes = Axes {
                title: head.to_string(),
                x: super::epochs_axis(&self.study.config),
                y: y.clone(),
            };
            self.draw_panel(area, &axes, curves, scale)?;
        }
        Ok(())
    }
}

impl Validation<'_> {
    fn value(&self, row: &EpochRow) -> f64 {
        match self.quantity {
            Quantity::Accuracy => row.val_accuracy,
            Quantity::Loss => row.val_loss,
        }
    }

    fn curves(&self, head: Head) -> Vec<Curve<'_>> {
        let config = &self.study.config;
        let curve = |network: &'_ String| {
            let mut points = Vec::new();
            let mut spreads = Vec::new();
            for epoch in 1..=config.epochs {
                let of_seed = |&seed: &u64| {
                    let row = epoch_row(self.study, network, head, seed, epoch)?;
                    Some(self.value(row))
                };
                let values: Vec<f64> = config.seeds.iter().filter_map(of_seed).collect();
                points.extend(values.iter().map(|&value| (epoch as f64, value)));
                spreads.extend(Spread::of(&values).map(|spread| (epoch as f64, spread)));
            }
            let published = match self.quantity {
                Quantity::Accuracy => published::beside(config, head, network),
                Quantity::Loss => &[],
            };
            let published = (1_u32..).map(f64::from).zip(published.iter().copied()).collect();
            (points, spreads, published)
        };
        let with_name = |network| {
            let (points, spreads, published) = curve(network);
            Curve { network, points, spreads, published }
        };
        config.networks.iter().map(with_name).collect()
    }

    fn legend(&self, published: bool) -> Vec<(Sample, String)> {
        let networks = &self.study.config.networks;
        let mut legend: Vec<_> = networks
            .iter()
            .map(|network| (Sample::Line(color(network).to_rgba(), 3), network_name(network)))
            .collect();
        let seeds = self.study.config.seeds.len();
        if seeds > 1 {
            legend.push((Sample::Dot(INK.mix(0.4)), format!("each of {seeds} seeds (line: mean)")));
        }
        if published {
            legend.push((Sample::Dashed(INK.to_rgba(), 2), "published".to_owned()));
        }
        legend
    }

    fn draw_panel<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        axes: &Axes,
        curves: &[Curve<'_>],
        scale: u32,
    ) -> Result<()>
    where
        B::ErrorType: 'static,
    {
        let mut chart = axes.draw(area, scale)?;
        for curve in curves {
            let color = color(curve.network);
            let of = |value: fn(&Spread) -> f64| -> Vec<Point> {
                curve.spreads.iter().map(|(epoch, spread)| (*epoch, value(spread))).collect()
            };
            band(&mut chart, &of(|spread| spread.min), &of(|spread| spread.max), color.mix(0.15))?;
            if self.study.config.seeds.len() > 1 {
                chart.draw_series(
                    curve
                        .points
                        .iter()
                        .map(|&point| Circle::new(point, 3 * scale, color.mix(0.4).filled())),
                )?;
            }
            dashed(
                &mut chart,
                &curve.published,
                color.to_rgba(),
                2 * scale,
                (3 * scale, 3 * scale),
            )?;
            chart.draw_series(
                curve
                    .published
                    .iter()
                    .map(|&point| Circle::new(point, 5 * scale, color.stroke_width(2 * scale))),
            )?;
            let mean = of(|spread| spread.mean);
            line(&mut chart, &mean, color.to_rgba(), 3 * scale)?;
            if self.study.config.epochs == 1 {
                chart.draw_series(
                    mean.iter().map(|&point| Circle::new(point, 4 * scale, color.filled())),
                )?;
            }
        }
        let ends = curves.iter().filter_map(|curve| {
            let (epoch, spread) = curve.spreads.last()?;
            let digits = match self.quantity {
                Quantity::Accuracy => 4,
                Quantity::Loss => 3,
            };
            let label = format!("{:.digits$}", spread.mean);
            Some(((*epoch, spread.mean), label, color(curve.network)))
        });
        labels_at_end(&mut chart, ends.collect(), scale)
    }
}
