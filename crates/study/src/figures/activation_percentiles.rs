//! The 15th, 50th and 85th percentiles of what goes into the activation functions, and of what goes into
//! batch norm, over training; as figure 1(b, c) of S. Ioffe and C. Szegedy, "Batch Normalization", 2015,
//! <https://arxiv.org/abs/1502.03167>.

use plots::axes::{Axes, Axis};
use plots::curve::{Point, band, line};
use plots::frame::{Frame, Sample};
use plots::style::INK;
use plots::{Drawing, Result, Tooltips};
use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::style::{Color, RGBColor};

use super::figure::{Figure, StandardFigure};
use super::layout::{
    ColumnNames, activation_function, alt, color, title, unnamed_steps_axis_of, width_of_columns,
    write_centred,
};
use crate::analysis::{Activations, Analysis, ArmResult, Group, Percentiles};
use crate::tables::Place;
use crate::text::{aside, listed};

/// The figure: a row per place in a group of arms and place in a block, a column per group of arms and block.
#[derive(Debug)]
pub(super) struct ActivationPercentiles<'a> {
    analysis: &'a Analysis<'a>,
    rows: Vec<Row<'a>>,
    columns: Vec<Column<'a>>,
}

/// A block of the arms of a group.
#[derive(Debug)]
struct Column<'a> {
    /// Both in words.
    label: String,
    block: u64,
    group: &'a Group<'a>,
}

/// The arms at the same place of each group, at a place in their blocks.
#[derive(Debug)]
struct Row<'a> {
    heading: String,
    color: RGBColor,
    /// A panel per column.
    panels: Vec<Option<&'a Activations>>,
}

const PERCENTILES: [fn(&Percentiles) -> f64; 3] = [|at| at.p15, |at| at.p50, |at| at.p85];

impl<'a> StandardFigure<'a> for ActivationPercentiles<'a> {
    const NAME: &'static str = "activation_percentiles";

    fn of(analysis: &'a Analysis<'a>) -> Option<Self> {
        let mut columns = Vec::new();
        for group in &analysis.groups {
            let all = group.arms.iter().flat_map(|arm| &arm.activations);
            let mut blocks: Vec<u64> = all.map(|found| found.block).collect();
            blocks.sort_unstable();
            blocks.dedup();
            columns.extend(blocks.into_iter().map(|block| (group, block)));
        }
        let arms = analysis.groups.first()?.arms.len();
        let mut rows = Vec::new();
        for at in 0..arms {
            for place in [Place::PreActivation, Place::BeforeBatchNorm] {
                let panel = |arm: &'a ArmResult<'a>, block| {
                    arm.activations
                        .iter()
                        .find(|found| (found.place, found.block) == (place, block))
                };
                let panels: Vec<_> = columns
                    .iter()
                    .map(|(group, block)| panel(group.arms.get(at)?, *block))
                    .collect();
                if panels.iter().any(Option::is_some) {
                    let arm = &analysis.groups.first()?.arms[at];
                    let what = match place {
                        Place::PreActivation => activation_function(analysis),
                        Place::BeforeBatchNorm => "batch norm",
                    };
                    let heading = format!("{}: into {what}", arm.name);
                    rows.push(Row { heading, color: color(arm), panels });
                }
            }
        }
        let columns = columns.into_iter().map(|(group, block)| Column {
            label: if group.label.is_empty() {
                format!("block {block}")
            } else {
                format!("{}, block {block}", group.label)
            },
            block,
            group,
        });
        (!rows.is_empty()).then(|| Self { analysis, rows, columns: columns.collect() })
    }
}

impl Figure for ActivationPercentiles<'_> {
    fn heading(&self) -> String {
        format!("What goes into {}", activation_function(self.analysis))
    }

    fn alt(&self) -> String {
        let function = activation_function(self.analysis);
        alt(
            &format!("Percentiles of the values that go into {function} over training"),
            self.analysis,
        )
    }

    fn caption(&self) -> String {
        let seeds = if self.analysis.has_several_seeds() { ", mean over seeds" } else { "" };
        let function = activation_function(self.analysis);
        let mut all = self.analysis.arms().flat_map(|arm| &arm.activations);
        let batch_norm = if all.any(|found| found.place == Place::BeforeBatchNorm) {
            " and, where there is batch norm, of the input of batch norm"
        } else {
            ""
        };
        let mut text = format!(
            "The 15th, 50th and 85th percentile of all values of a block in one training \
             batch{seeds}: of the input of {function}{batch_norm}. After figure 1 of \
             [Ioffe and Szegedy, 2015](https://arxiv.org/abs/1502.03167). The figure shows how far \
             these distributions move during training."
        );
        let (Some(group), Some(column)) = (self.analysis.groups.last(), self.columns.last()) else {
            return text;
        };
        let block = column.block;
        let change = |arm: &ArmResult<'_>| {
            let at = (Place::PreActivation, block);
            let found = arm.activations.iter().find(|found| (found.place, found.block) == at)?;
            let (first, last) = found.widths()?;
            Some(format!("from {first:.2} to {last:.2} with {}", arm.name))
        };
        let changes: Vec<String> = group.arms.iter().filter_map(change).collect();
        if !changes.is_empty() {
            text.push_str(&format!(
                " Between the first observed batch and the last, the distance from the 15th to the \
                 85th percentile of the input of {function} in block {block} changes {}{}.",
                listed(&changes),
                aside(&group.label)
            ));
        }
        text
    }
}

impl ActivationPercentiles<'_> {
    fn names(&self) -> ColumnNames {
        ColumnNames::new(self.columns.iter().map(|column| &column.label))
    }
}

impl Drawing for ActivationPercentiles<'_> {
    fn size(&self) -> (u32, u32) {
        (
            width_of_columns(self.columns.len()),
            100 + self.names().height() + 185 * self.rows.len() as u32,
        )
    }

    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
        tooltips: &mut Tooltips,
    ) -> Result<()> {
        let legend = vec![
            (Sample::Line(INK.to_rgba(), 2), "15th, 50th and 85th percentile".to_owned()),
            (Sample::Band(INK.mix(0.12)), "between the 15th and the 85th".to_owned()),
        ];
        let what = format!("What goes into {}", activation_function(self.analysis));
        let title = title(&what, self.analysis);
        let area = Frame { title, legend }.draw(area, scale)?;
        let (names, columns) = (self.names(), self.columns.len().max(1));
        let (top, rest) = area.split_vertically(names.height() * scale);
        let (middle, bottom) = rest.split_vertically(rest.dim_in_pixel().1 - 26 * scale);
        let strips = middle.split_evenly((self.rows.len(), 1));
        for (row, strip) in self.rows.iter().zip(&strips) {
            let (heading, strip) = strip.split_vertically(24 * scale);
            write_centred(&heading, &row.heading, row.color, scale)?;
            let panels = strip.split_evenly((1, columns));
            for ((panel, column), found) in panels.iter().zip(&self.columns).zip(&row.panels) {
                // One axis per block, so that arms compare.
                let all = self.analysis.arms().flat_map(|arm| &arm.activations);
                let of_block = all.filter(|at| at.block == column.block).flat_map(|at| &at.mean);
                let axes = Axes {
                    title: String::new(),
                    x: unnamed_steps_axis_of(column.group, columns),
                    y: Axis::around("", of_block.flat_map(|at| [at.p15, at.p85]), 3),
                };
                let mut chart = axes.draw(panel, scale)?;
                let Some(found) = found else { continue };
                let points = |of: &[Percentiles], value: fn(&Percentiles) -> f64| -> Vec<Point> {
                    of.iter().map(|at| (at.step as f64, value(at))).collect()
                };
                for at in &found.mean {
                    let Percentiles { step, p15, p50, p85 } = *at;
                    let text = format!("step {step}: {p15:.2}, {p50:.2}, {p85:.2}");
                    tooltips.at(&chart, (step as f64, p50), text);
                }
                let [low, median, high] = PERCENTILES.map(|value| points(&found.mean, value));
                band(&mut chart, &low, &high, row.color.mix(0.12))?;
                for points in [low, median, high] {
                    line(&mut chart, &points, row.color.to_rgba(), 2 * scale)?;
                }
            }
        }
        names.draw(&top, scale)?;
        write_centred(&bottom, "training steps", INK, scale)
    }
}
