//! Training accuracy by step, and how soon each network trains as well as the one without batch
//! norm does in the end.

use anyhow::Result;
use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{Circle, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, WHITE};

use super::{color, title};
use plots::Drawing;
use plots::axes::{Axes, Axis, Chart};
use plots::curve::{Point, dashed, line};
use plots::frame::Frame;
use plots::style::{FAINT, INK, TEXT, text, thousands};

use super::{legend_of_networks, size_of_panels};
use crate::statistics::{CatchUp, Pair, Window, catch_up, pairs, windows, windows_of_run};
use crate::tables::{Study, network_name};

/// The figure, a panel a head.
#[derive(Debug)]
pub struct AccuracyByStep<'a> {
    pub study: &'a Study,
}

impl Drawing for AccuracyByStep<'_> {
    fn size(&self) -> (u32, u32) {
        size_of_panels(self.study, 460)
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, scale: u32) -> Result<()>
    where
        B::ErrorType: 'static,
    {
        let config = &self.study.config;
        let area = Frame {
            title: title("Training accuracy by step", self.study),
            legend: legend_of_networks(config, "each seed (bold: mean)"),
        }
        .draw(area, scale)?;
        let accuracies = self.study.steps.iter().map(|row| row.accuracy);
        let y = Axis::around("share of images classified rightly", accuracies, 5).up_to_one();
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
            // Of several pairs the first alone, or their labels would lie on one another.
            let pair = pairs(config).next();
            if let Some((pair, found)) =
                pair.and_then(|pair| Some((pair, catch_up(self.study, pair, head)?)))
            {
                mark(&mut chart, pair, found, scale)?;
            }
        }
        Ok(())
    }
}

fn points(windows: &[Window]) -> Vec<Point> {
    windows.iter().map(|window| (window.end as f64, window.accuracy)).collect()
}

/// The final accuracy without batch norm as a level, and where the other network reaches it.
fn mark<B: DrawingBackend>(
    chart: &mut Chart<'_, B>,
    pair: Pair,
    found: CatchUp,
    scale: u32,
) -> Result<()>
where
    B::ErrorType: 'static,
{
    let (x, y) = (chart.x_range(), chart.y_range());
    let level = found.accuracy;
    let dash = (4 * scale, 4 * scale);
    dashed(chart, &[(x.start, level), (x.end, level)], INK.mix(0.8), scale, dash)?;
    let without = network_name(pair.without);
    let mut lines = vec![format!("{without} ends at {level:.3}")];
    if let (Some(steps), Some(times)) = (found.steps_with, found.times_fewer()) {
        for (network, steps) in [(pair.without, found.steps_without), (pair.with, steps)] {
            let reached = steps as f64;
            dashed(chart, &[(reached, level), (reached, y.start)], INK.mix(0.8), scale, dash)?;
            let dot = Circle::new((reached, level), 5 * scale, color(network).filled());
            chart.draw_series([dot])?;
        }
        let (steps, total) = (thousands(steps), thousands(found.steps_without));
        if times > 1.0 {
            lines.push(format!("reached after {steps} steps,"));
            lines.push(format!("{times:.1} times fewer than {total}"));
        } else {
            lines.push(format!("reached after {steps} steps, by it after {total}"));
        }
    } else {
        lines.push(format!("not reached by {}", network_name(pair.with)));
    }
    // The lower right corner is where no learning curve goes.
    let font = text(TEXT * scale, &INK).pos(Pos::new(HPos::Right, VPos::Bottom));
    let height = f64::from(chart.plotting_area().dim_in_pixel().1.max(1));
    let line_height = f64::from(20 * scale) * (y.end - y.start) / height;
    let right = x.end - 0.02 * (x.end - x.start);
    let widest = lines.iter().try_fold(0, |widest, line| {
        let size = chart.plotting_area().estimate_text_size(line, &font)?;
        Ok::<_, anyhow::Error>(size.0.max(widest))
    })?;
    let unit = (x.end - x.start) / f64::from(chart.plotting_area().dim_in_pixel().0.max(1));
    let left = right - f64::from(widest + 8 * scale) * unit;
    let top = y.start + (lines.len() as f64 + 0.8) * line_height;
    let behind = Rectangle::new([(left, top), (x.end, y.start)], WHITE.mix(0.85).filled());
    chart.draw_series([behind])?;
    let placed: Vec<_> = lines
        .into_iter()
        .rev()
        .zip(1_u32..)
        .map(|(line, row)| {
            Text::new(line, (right, y.start + (f64::from(row) - 0.4) * line_height), font.clone())
        })
        .collect();
    chart.draw_series(placed)?;
    Ok(())
}
