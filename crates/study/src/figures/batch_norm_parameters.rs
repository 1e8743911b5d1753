//! γ, β and the running statistics of batch norm over training: their spread over channels.

use plots::axes::{Axes, Axis};
use plots::curve::{Point, band, line};
use plots::frame::{Frame, Sample};
use plots::style::INK;
use plots::{Drawing, Result, Tooltips};
use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::style::Color;

use super::figure::{Figure, StandardFigure};
use super::layout::{
    ColumnNames, alt, color, title, unnamed_steps_axis, width_of_columns, write_centred,
};
use crate::analysis::{Analysis, ArmResult, BatchNormStatistic, Channels};
use crate::tables::Statistic;
use crate::text::listed;

/// The figure: a row per statistic, a column per arm and block of one network.
#[derive(Debug)]
pub(super) struct BatchNormParameters<'a> {
    analysis: &'a Analysis<'a>,
    columns: Vec<Column<'a>>,
}

/// A block of an arm.
#[derive(Debug)]
struct Column<'a> {
    /// Both in words.
    label: String,
    block: u64,
    arm: &'a ArmResult<'a>,
    statistics: Vec<&'a BatchNormStatistic>,
}

impl Column<'_> {
    fn points(&self, statistic: Statistic) -> &[Channels] {
        let found = self.statistics.iter().find(|found| found.statistic == statistic);
        found.map_or(&[], |found| &found.points)
    }
}

const STATISTICS: [(Statistic, &str); 4] = [
    (Statistic::Gamma, "γ"),
    (Statistic::Beta, "β"),
    (Statistic::RunningMean, "running mean"),
    (Statistic::RunningVar, "running variance"),
];

impl<'a> StandardFigure<'a> for BatchNormParameters<'a> {
    const NAME: &'static str = "batch_norm_parameters";

    /// Shows the arms that have the same network as the first with batch norm.
    fn of(analysis: &'a Analysis<'a>) -> Option<Self> {
        let first = analysis.arms().find(|arm| !arm.batch_norm.is_empty())?.arm.network();
        let arms = analysis.arms().filter(|arm| arm.arm.network() == first);
        let columns = arms.flat_map(|arm| {
            let mut blocks: Vec<u64> = arm.batch_norm.iter().map(|found| found.block).collect();
            blocks.sort_unstable();
            blocks.dedup();
            blocks.into_iter().map(move |block| Column {
                label: format!("{}, block {block}", arm.label),
                block,
                arm,
                statistics: arm.batch_norm.iter().filter(|found| found.block == block).collect(),
            })
        });
        Some(Self { analysis, columns: columns.collect() })
    }
}

impl BatchNormParameters<'_> {
    fn has_running_statistics(&self) -> bool {
        self.columns.iter().any(|column| !column.points(Statistic::RunningMean).is_empty())
    }
}

impl Figure for BatchNormParameters<'_> {
    fn heading(&self) -> String {
        match self.has_running_statistics() {
            true => "Batch norm's parameters and statistics".to_owned(),
            false => "The norm's parameters".to_owned(),
        }
    }

    fn alt(&self) -> String {
        alt("Gamma, beta, running mean and running variance over training", self.analysis)
    }

    fn caption(&self) -> String {
        let seeds = if self.analysis.has_several_seeds() {
            " Median and quartiles are means over seeds; minimum and maximum are those of all seeds."
        } else {
            ""
        };
        let running = match self.has_running_statistics() {
            true => "; evaluation normalises by the running mean and variance",
            false => "",
        };
        let mut text = format!(
            "γ and β are learnt and start at 1 and 0{running}. Each panel shows their spread over the \
             channels of a block.{seeds}"
        );
        let range = |column: &Column<'_>| {
            let last = column.points(Statistic::Gamma).last()?;
            Some(format!("from {:.2} to {:.2} ({})", last.min, last.max, column.label))
        };
        let ranges: Vec<String> = self.columns.iter().filter_map(range).collect();
        if !ranges.is_empty() {
            let ranges = listed(&ranges).replace('-', "−");
            text.push_str(&format!(" After the last step γ ranges {ranges}."));
        }
        text
    }
}

impl BatchNormParameters<'_> {
    fn names(&self) -> ColumnNames {
        ColumnNames::new(self.columns.iter().map(|column| &column.label))
    }
}

impl Drawing for BatchNormParameters<'_> {
    fn size(&self) -> (u32, u32) {
        (width_of_columns(self.columns.len()), 30 + self.names().height() + 4 * 165 + 70)
    }

    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
        tooltips: &mut Tooltips,
    ) -> Result<()> {
        let area = Frame {
            title: title("Batch norm over training", self.analysis),
            legend: vec![
                (Sample::Line(INK.to_rgba(), 2), "median over channels".to_owned()),
                (Sample::Band(INK.mix(0.35)), "quartiles".to_owned()),
                (Sample::Band(INK.mix(0.13)), "minimum to maximum".to_owned()),
            ],
        }
        .draw(area, scale)?;
        let (names, columns) = (self.names(), self.columns.len().max(1));
        // Titles stand above the first row, and the name of the step axis below the last.
        let (top, rest) = area.split_vertically(names.height() * scale);
        let (middle, bottom) = rest.split_vertically(rest.dim_in_pixel().1 - 26 * scale);
        let panels = middle.split_evenly((STATISTICS.len(), columns));
        for (row, (statistic, name)) in STATISTICS.into_iter().enumerate() {
            for (index, column) in self.columns.iter().enumerate() {
                // The same block has the same axis in all arms, so that these compare.
                let shared = self.columns.iter().filter(|other| other.block == column.block);
                let values = shared
                    .flat_map(|other| other.points(statistic))
                    .flat_map(|at| [at.min, at.max]);
                let y = Axis::around(if index == 0 { name } else { "" }, values, 2);
                let y = if statistic == Statistic::RunningVar { y.at_least_zero() } else { y };
                let x = unnamed_steps_axis(&column.arm.arm, columns);
                let color = color(column.arm);
                let axes = Axes { title: String::new(), x, y };
                let mut chart = axes.draw(&panels[row * columns + index], scale)?;
                let of = |value: fn(&Channels) -> f64| -> Vec<Point> {
                    let points = column.points(statistic).iter();
                    points.map(|at| (at.step as f64 + 1.0, value(at))).collect()
                };
                for at in column.points(statistic) {
                    let [low, median, high] = at.quartiles;
                    let text = format!(
                        "step {}: {name} from {:.2} to {:.2}, quartiles {low:.2}, {median:.2}, {high:.2}",
                        at.step, at.min, at.max
                    );
                    tooltips.at(&chart, (at.step as f64 + 1.0, median), text);
                }
                band(&mut chart, &of(|at| at.min), &of(|at| at.max), color.mix(0.13))?;
                let (low, high) = (of(|at| at.quartiles[0]), of(|at| at.quartiles[2]));
                band(&mut chart, &low, &high, color.mix(0.35))?;
                line(&mut chart, &of(|at| at.quartiles[1]), color.to_rgba(), 2 * scale)?;
            }
        }
        names.draw(&top, scale)?;
        write_centred(&bottom, "training steps", INK, scale)
    }
}
