//! The 15th, 50th and 85th percentiles of what goes into the ReLU, and of what goes into batch
//! norm, over training; as figure 1(b, c) of S. Ioffe and C. Szegedy, "Batch Normalization", 2015,
//! <https://arxiv.org/abs/1502.03167>.

use anyhow::Result;
use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::style::Color;

use super::{color, title};
use crate::statistics::Spread;
use crate::tables::{ActivationRow, Head, Place, Study, network_name};
use plots::Drawing;
use plots::axes::{Axes, Axis};
use plots::curve::{Point, band, line};
use plots::frame::{Frame, Sample};
use plots::style::{FAINT, INK};

/// The figure: a row a network and place, a column a head and block.
#[derive(Debug)]
pub struct ActivationPercentiles<'a> {
    pub study: &'a Study,
    rows: Vec<(&'a str, Place)>,
    columns: Vec<(Head, u64)>,
}

const PERCENTILES: [fn(&ActivationRow) -> f64; 3] = [|row| row.p15, |row| row.p50, |row| row.p85];

impl<'a> ActivationPercentiles<'a> {
    /// The figure; nothing if no activations were looked at.
    pub fn of(study: &'a Study) -> Option<Self> {
        let mut rows = Vec::new();
        for network in &study.config.networks {
            for place in [Place::PreActivation, Place::BeforeBatchNorm] {
                let is_there = study
                    .activations
                    .iter()
                    .any(|row| row.network == *network && row.place == place);
                if is_there {
                    rows.push((network.as_str(), place));
                }
            }
        }
        let mut columns = Vec::new();
        for head in study.heads() {
            let of_head = study.activations.iter().filter(|row| row.head == head);
            let mut blocks: Vec<u64> = of_head.map(|row| row.block).collect();
            blocks.sort_unstable();
            blocks.dedup();
            columns.extend(blocks.into_iter().map(|block| (head, block)));
        }
        (!rows.is_empty()).then_some(Self { study, rows, columns })
    }

    fn rows_of(
        &self,
        (network, place): (&'a str, Place),
        (head, block): (Head, u64),
    ) -> impl Iterator<Item = &'a ActivationRow> {
        self.study.activations.iter().filter(move |row| {
            row.network == network && (row.place, row.head, row.block) == (place, head, block)
        })
    }
}

impl Drawing for ActivationPercentiles<'_> {
    fn size(&self) -> (u32, u32) {
        let width = if self.columns.len() > 2 { 960 } else { 680 };
        (width, 130 + 185 * self.rows.len() as u32)
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, scale: u32) -> Result<()>
    where
        B::ErrorType: 'static,
    {
        let config = &self.study.config;
        let mut legend = vec![
            (Sample::Line(INK.to_rgba(), 2), "15th, 50th and 85th percentile".to_owned()),
            (Sample::Band(INK.mix(0.12)), "between the 15th and the 85th".to_owned()),
        ];
        if config.seeds.len() > 1 {
            legend.push((Sample::Line(INK.mix(FAINT), 1), "each seed (bold: mean)".to_owned()));
        }
        let title = title("What goes into the ReLU", self.study);
        let area = Frame { title, legend }.draw(area, scale)?;
        let columns = self.columns.len().max(1);
        let (top, rest) = area.split_vertically(30 * scale);
        let (middle, bottom) = rest.split_vertically(rest.dim_in_pixel().1 - 26 * scale);
        let bands = middle.split_evenly((self.rows.len(), 1));
        for (&row, strip) in self.rows.iter().zip(&bands) {
            let (heading, strip) = strip.split_vertically(24 * scale);
            let (network, place) = row;
            let what = match place {
                Place::PreActivation => "into the ReLU",
                Place::BeforeBatchNorm => "into batch norm",
            };
            super::name_below(
                &heading,
                &format!("{}: {what}", network_name(network)),
                color(network),
                scale,
            )?;
            for (&column, panel) in self.columns.iter().zip(strip.split_evenly((1, columns))) {
                // One axis a block, so that networks and arms compare.
                let of_block = self.study.activations.iter().filter(|row| row.block == column.1);
                let axes = Axes {
                    title: String::new(),
                    x: Axis {
                        name: String::new(),
                        ..super::steps_axis(config, if columns > 2 { 3 } else { 6 })
                    },
                    y: Axis::around("", of_block.flat_map(|row| [row.p15, row.p85]), 3),
                };
                let mut chart = axes.draw(&panel, scale)?;
                let mut looked_at: Vec<_> = self.rows_of(row, column).collect();
                looked_at.sort_by_key(|row| (row.step, row.seed));
                let mean = |value: fn(&ActivationRow) -> f64| -> Vec<Point> {
                    looked_at
                        .chunk_by(|a, b| a.step == b.step)
                        .filter_map(|rows| {
                            let values: Vec<f64> = rows.iter().map(|row| value(row)).collect();
                            Some((rows.first()?.step as f64, Spread::of(&values)?.mean))
                        })
                        .collect()
                };
                let [low, median, high] = PERCENTILES.map(mean);
                band(&mut chart, &low, &high, color(network).mix(0.12))?;
                for &seed in config.seeds.iter().filter(|_| config.seeds.len() > 1) {
                    for value in PERCENTILES {
                        let of_seed = looked_at.iter().filter(|row| row.seed == seed);
                        let points: Vec<Point> =
                            of_seed.map(|row| (row.step as f64, value(row))).collect();
                        line(&mut chart, &points, color(network).mix(FAINT), scale)?;
                    }
                }
                for points in [low, median, high] {
                    line(&mut chart, &points, color(network).to_rgba(), 2 * scale)?;
                }
            }
        }
        super::name_columns(&top, &self.columns, scale)?;
        super::name_below(&bottom, "training steps", INK, scale)
    }
}
