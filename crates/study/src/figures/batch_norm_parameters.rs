//! γ, β and the running statistics of batch norm over training: their spread over channels.

use anyhow::Result;
use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::style::Color;

use super::{color, title};
use crate::statistics::Spread;
use crate::tables::{BatchNormRow, Head, Quantity, Study, network_name};
use plots::Drawing;
use plots::axes::{Axes, Axis};
use plots::curve::{Point, band, line};
use plots::frame::{Frame, Sample};
use plots::style::INK;

/// The figure: a row a quantity, a column a head and block.
#[derive(Debug)]
pub struct BatchNormParameters<'a> {
    pub study: &'a Study,
    network: &'a str,
    columns: Vec<(Head, u64)>,
}

const QUANTITIES: [(Quantity, &str); 4] = [
    (Quantity::Gamma, "γ"),
    (Quantity::Beta, "β"),
    (Quantity::RunningMean, "running mean"),
    (Quantity::RunningVar, "running variance"),
];

/// Over the seeds: least minimum, mean of the quartiles, largest maximum.
struct Channels {
    step: f64,
    min: f64,
    quartiles: [f64; 3],
    max: f64,
}

impl<'a> BatchNormParameters<'a> {
    /// The figure of the first network with batch norm; nothing if there is none.
    pub fn of(study: &'a Study) -> Option<Self> {
        let has_rows =
            |network: &&String| study.batch_norm.iter().any(|row| row.network == **network);
        let network = study.config.networks.iter().find(has_rows)?;
        let rows = || study.batch_norm.iter().filter(|row| row.network == *network);
        let mut columns = Vec::new();
        for head in study.heads() {
            let mut blocks: Vec<u64> =
                rows().filter(|row| row.head == head).map(|row| row.block).collect();
            blocks.sort_unstable();
            blocks.dedup();
            columns.extend(blocks.into_iter().map(|block| (head, block)));
        }
        Some(Self { study, network, columns })
    }

    /// What the figure shows of which network.
    pub fn network(&self) -> &str {
        self.network
    }

    fn curve(&self, (head, block): (Head, u64), quantity: Quantity) -> Vec<Channels> {
        let of_panel = |row: &&BatchNormRow| {
            row.network == self.network
                && (row.head, row.block, row.quantity) == (head, block, quantity)
        };
        let mut rows: Vec<_> = self.study.batch_norm.iter().filter(of_panel).collect();
        rows.sort_by_key(|row| (row.step, row.seed));
        rows.chunk_by(|a, b| a.step == b.step)
            .filter_map(|rows| {
                let over = |value: fn(&BatchNormRow) -> f64| {
                    Spread::of(&rows.iter().map(|row| value(row)).collect::<Vec<_>>())
                };
                Some(Channels {
                    step: rows.first()?.step as f64,
                    min: over(|row| row.min)?.min,
                    quartiles: [
                        over(|row| row.p25)?.mean,
                        over(|row| row.p50)?.mean,
                        over(|row| row.p75)?.mean,
                    ],
                    max: over(|row| row.max)?.max,
                })
            })
            .collect()
    }
}

impl Drawing for BatchNormParameters<'_> {
    fn size(&self) -> (u32, u32) {
        let columns = self.columns.len() as u32;
        (if columns > 2 { 960 } else { 680 }, 60 + 4 * 165 + 70)
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, scale: u32) -> Result<()>
    where
        B::ErrorType: 'static,
    {
        let color = color(self.network);
        let what = format!("Batch norm in {}", network_name(self.network));
        let area = Frame {
            title: title(&what, self.study),
            legend: vec![
                (Sample::Line(color.to_rgba(), 2), "median over channels".to_owned()),
                (Sample::Band(color.mix(0.35)), "quartiles".to_owned()),
                (Sample::Band(color.mix(0.13)), "minimum to maximum".to_owned()),
            ],
        }
        .draw(area, scale)?;
        let columns = self.columns.len().max(1);
        // Titles stand above the first row, and the name of the step axis below the last.
        let (top, rest) = area.split_vertically(30 * scale);
        let (middle, bottom) = rest.split_vertically(rest.dim_in_pixel().1 - 26 * scale);
        let panels = middle.split_evenly((QUANTITIES.len(), columns));
        for (row, (quantity, name)) in QUANTITIES.into_iter().enumerate() {
            let curves: Vec<Vec<Channels>> =
                self.columns.iter().map(|&column| self.curve(column, quantity)).collect();
            for (index, curve) in curves.iter().enumerate() {
                // The same block has the same axis in all arms, so that these compare.
                let block = self.columns[index].1;
                let shared = self.columns.iter().zip(&curves).filter(|((_, of), _)| *of == block);
                let values = shared.flat_map(|(_, curve)| curve).flat_map(|at| [at.min, at.max]);
                let y = Axis::around(if index == 0 { name } else { "" }, values, 2);
                let y = if quantity == Quantity::RunningVar { y.at_least_zero() } else { y };
                let axes = Axes {
                    title: String::new(),
                    x: Axis {
                        name: String::new(),
                        ..super::steps_axis(&self.study.config, if columns > 2 { 3 } else { 6 })
                    },
                    y,
                };
                let mut chart = axes.draw(&panels[row * columns + index], scale)?;
                let of = |value: fn(&Channels) -> f64| -> Vec<Point> {
                    curve.iter().map(|at| (at.step + 1.0, value(at))).collect()
                };
                band(&mut chart, &of(|at| at.min), &of(|at| at.max), color.mix(0.13))?;
                let (low, high) = (of(|at| at.quartiles[0]), of(|at| at.quartiles[2]));
                band(&mut chart, &low, &high, color.mix(0.35))?;
                line(&mut chart, &of(|at| at.quartiles[1]), color.to_rgba(), 2 * scale)?;
            }
        }
        super::name_columns(&top, &self.columns, scale)?;
        super::name_below(&bottom, "training steps", INK, scale)
    }
}
