//! The 15th, 50th and 85th percentiles of what goes into the activation of one unit, over training; as figure
//! 1(b, c) of S. Ioffe and C. Szegedy, "Batch Normalization", 2015, <https://arxiv.org/abs/1502.03167>.

use plots::axes::{Axes, Axis};
use plots::curve::{Point, band, line};
use plots::frame::{Frame, Sample};
use plots::style::{FAINT, INK};
use plots::{Drawing, Result, Tooltips, thousands};
use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::style::Color;

use super::figure::{Figure, Reading, StandardFigure};
use super::layout::{
    activation_function, alt, batches, color, title, unnamed_steps_axis, until_diverged,
    width_of_columns, write_centred,
};
use crate::analysis::{Analysis, ArmResult, Spread};
use crate::figure_name;
use crate::tables::UnitRow;

/// The figure: a row per group of arms, a column per arm of a group.
#[derive(Debug)]
pub(super) struct UnitPercentiles<'a> {
    analysis: &'a Analysis<'a>,
}

/// A number with three digits that are not zeros in front.
fn digits(number: f64) -> String {
    let (mut decimals, mut magnitude) = (2, number.abs());
    while magnitude > 0.0 && magnitude < 1.0 && decimals < 12 {
        magnitude *= 10.0;
        decimals += 1;
    }
    format!("{number:.decimals$}")
}

/// How the distribution of an arm's unit moves, as means over seeds.
struct Movement {
    /// The largest median over steps less the smallest.
    of_median: f64,
    /// From the 15th to the 85th percentile, in the first observed step and in the last.
    widths: [f64; 2],
}

impl Movement {
    /// That of these runs; none without a run that was observed.
    fn of(runs: &[Vec<&UnitRow>]) -> Option<Self> {
        let mean = |of: &dyn Fn(&[&UnitRow]) -> Option<f64>| {
            let of_runs: Vec<f64> = runs.iter().filter_map(|rows| of(rows)).collect();
            Spread::of(&of_runs).map(|spread| spread.mean)
        };
        let width = |row: &&UnitRow| row.p85 - row.p15;
        let range = |rows: &[&UnitRow]| {
            let medians = || rows.iter().map(|row| row.p50);
            let first = rows.first()?.p50;
            Some(medians().fold(first, f64::max) - medians().fold(first, f64::min))
        };
        Some(Self {
            of_median: mean(&range)?,
            widths: [mean(&|rows| rows.first().map(width))?, mean(&|rows| rows.last().map(width))?],
        })
    }
}

impl<'a> StandardFigure<'a> for UnitPercentiles<'a> {
    const NAME: &'static str = figure_name::UNIT_PERCENTILES;

    fn of(analysis: &'a Analysis<'a>) -> Option<Self> {
        (!analysis.study.optional.unit_percentiles.is_empty()).then_some(Self { analysis })
    }
}

impl UnitPercentiles<'_> {
    /// The rows of each run of an arm, in the order of its seeds.
    fn runs(&self, arm: &ArmResult<'_>) -> Vec<Vec<&UnitRow>> {
        let rows = &self.analysis.study.optional.unit_percentiles;
        let of = |run: &&crate::tables::RunRow| -> Vec<&UnitRow> {
            rows.iter().filter(|row| row.key == run.key).collect()
        };
        arm.runs.iter().map(of).filter(|rows| !rows.is_empty()).collect()
    }

    /// The seed whose percentiles are drawn, the first of those that were observed.
    fn shown(&self) -> Option<u64> {
        let observed = |seed: &&u64| {
            let rows = &self.analysis.study.optional.unit_percentiles;
            rows.iter().any(|row| row.key.seed == **seed)
        };
        self.analysis.study.config.seeds().iter().find(observed).copied()
    }

    fn is_shown(&self, rows: &[&UnitRow]) -> bool {
        rows.first().map(|row| row.key.seed) == self.shown()
    }

    fn columns(&self) -> usize {
        self.analysis.groups.iter().map(|group| group.arms.len()).max().unwrap_or(1)
    }

    /// The height of what groups of arms have in common, if there are several.
    fn heading_height(&self) -> u32 {
        if self.analysis.groups.len() > 1 { 24 } else { 0 }
    }

    fn what(&self) -> String {
        format!("What goes into {} of one unit", activation_function(self.analysis))
    }
}

impl Figure for UnitPercentiles<'_> {
    fn heading(&self) -> String {
        self.what()
    }

    fn alt(&self) -> String {
        let function = activation_function(self.analysis);
        let what = format!("Percentiles of what goes into {function} of one unit over training");
        alt(&what, self.analysis)
    }

    fn caption(&self) -> String {
        let config = &self.analysis.study.config;
        let is_of_images = |arm: &ArmResult<'_>| arm.arm.network().has_linear_head();
        let unit = match self.analysis.arms().map(is_of_images).collect::<Vec<_>>() {
            of if of.iter().all(|is| *is) => "channel, at all places of the images,",
            of if of.iter().any(|is| *is) => "unit (of images, channel)",
            _ => "unit",
        };
        let first = self.shown().unwrap_or_default();
        let lines = if self.analysis.has_several_seeds() {
            format!(" Bold lines: seed {first}; faint lines: the medians of the other seeds.")
        } else {
            String::new()
        };
        let mut text = format!(
            "The 15th, 50th and 85th percentile of what goes into {} of the first {unit} of the last block, \
             over the training batch ({}) of each observed step.{lines} After figure 1(b, c) of [Ioffe and \
             Szegedy, 2015](https://arxiv.org/abs/1502.03167).",
            activation_function(self.analysis),
            batches(config),
        );
        text.push_str(until_diverged(self.analysis));
        text
    }

    fn reading(&self) -> Option<Reading> {
        let moves = |arm: &ArmResult<'_>| {
            let Movement { of_median, widths: [begin, end] } = Movement::of(&self.runs(arm))?;
            Some(format!(
                "**{}:** the median ranges over {} during training, and the distance from the 15th to the 85th \
                 percentile goes from {} to {}.",
                arm.label,
                digits(of_median),
                digits(begin),
                digits(end)
            ))
        };
        let all: Vec<String> = self.analysis.arms().filter_map(moves).collect();
        let means = if self.analysis.has_several_seeds() { ", as means over seeds" } else { "" };
        let text = format!(
            "What goes into {} of the first unit of the last block, from the first observed step to the last{means}: {}",
            activation_function(self.analysis),
            all.join(" ")
        );
        (!all.is_empty()).then_some(Reading { text, is_whole_answer: false })
    }
}

impl Drawing for UnitPercentiles<'_> {
    fn size(&self) -> (u32, u32) {
        let rows = self.analysis.groups.len() as u32;
        (width_of_columns(self.columns()), 110 + (240 + self.heading_height()) * rows)
    }

    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
        tooltips: &mut Tooltips,
    ) -> Result<()> {
        let mut legend = vec![
            (Sample::Line(INK.to_rgba(), 2), "15th, 50th and 85th percentile".to_owned()),
            (Sample::Band(INK.mix(0.12)), "between the 15th and the 85th".to_owned()),
        ];
        if self.analysis.has_several_seeds() {
            let faint = Sample::Line(INK.mix(FAINT), 1);
            legend.push((faint, "medians of other seeds".to_owned()));
        }
        let title = title(&self.what(), self.analysis);
        let area = Frame { title, legend }.draw(area, scale)?;
        let groups = &self.analysis.groups;
        let (middle, bottom) = area.split_vertically(area.dim_in_pixel().1 - 26 * scale);
        // One axis for all, so that arms compare.
        let all = &self.analysis.study.optional.unit_percentiles;
        let shown = all.iter().filter(|row| Some(row.key.seed) == self.shown());
        let ends = shown.flat_map(|row| [row.p15, row.p85]);
        let medians = all.iter().map(|row| row.p50);
        let y = Axis::around("", ends.chain(medians), 4);
        for (group, strip) in groups.iter().zip(middle.split_evenly((groups.len().max(1), 1))) {
            let (heading, strip) = strip.split_vertically(self.heading_height() * scale);
            write_centred(&heading, &group.label, INK, scale)?;
            let panels = strip.split_evenly((1, self.columns()));
            for (panel, arm) in panels.iter().zip(&group.arms) {
                let x = unnamed_steps_axis(&arm.arm, self.columns());
                let axes = Axes { title: arm.name.clone(), x, y: y.clone() };
                let mut chart = axes.draw(panel, scale)?;
                let points = |rows: &[&UnitRow], of: fn(&UnitRow) -> f64| -> Vec<Point> {
                    rows.iter().map(|row| (row.step as f64, of(row))).collect()
                };
                let (shown, others): (Vec<_>, Vec<_>) =
                    self.runs(arm).into_iter().partition(|rows| self.is_shown(rows));
                for rows in &others {
                    let medians = points(rows, |row| row.p50);
                    line(&mut chart, &medians, color(arm).mix(FAINT), scale)?;
                }
                for rows in &shown {
                    let (low, high) = (points(rows, |row| row.p15), points(rows, |row| row.p85));
                    band(&mut chart, &low, &high, color(arm).mix(0.12))?;
                    for points in [low, points(rows, |row| row.p50), high] {
                        line(&mut chart, &points, color(arm).to_rgba(), 2 * scale)?;
                    }
                    for UnitRow { step, p15, p50, p85, .. } in rows {
                        let text =
                            format!("step {}: {p15:.2}, {p50:.2}, {p85:.2}", thousands(*step));
                        tooltips.at(&chart, (*step as f64, *p50), text);
                    }
                }
            }
        }
        write_centred(&bottom, "training steps", INK, scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made_up;
    use crate::tables::RunKey;

    /// Of two seeds the medians range over 3 and 1, and the widths go from 2 and 4 to 3 and 1.
    #[test]
    fn movement_is_a_mean_over_seeds() {
        let key = RunKey { arm: made_up::config().arms()[0].clone(), seed: 0 };
        let row =
            |step, [p15, p50, p85]: [f64; 3]| UnitRow { key: key.clone(), step, p15, p50, p85 };
        let one = [row(0, [-1.0, 0.0, 1.0]), row(1, [1.0, 2.0, 3.0]), row(2, [-2.0, -1.0, 1.0])];
        let other = [row(0, [-2.0, 1.0, 2.0]), row(1, [-0.5, 0.0, 0.5])];
        let runs = [one.iter().collect(), other.iter().collect()];
        let found = Movement::of(&runs).unwrap();
        assert_eq!((found.of_median, found.widths), (2.0, [3.0, 2.0]));
        assert!(Movement::of(&[]).is_none());
    }

    /// In 40 steps the made-up medians rise by 8 · 39/40 and a quarter of that, and widths from 2 to 2 + 2 · 39/40.
    #[test]
    fn the_caption_says_which_unit_and_the_reading_how_it_moves() {
        let study = made_up::observed();
        let analysis = Analysis::of(&study).unwrap();
        let figure = UnitPercentiles::of(&analysis).unwrap();
        let (caption, reading) = (figure.caption(), figure.reading().unwrap().text);
        let moves = "to the last, as means over seeds: **no norm:** the median ranges over 7.80 during training, and the \
                     distance from the 15th to the 85th percentile goes from 2.00 to 3.95. **batch norm:** the median \
                     ranges over 1.95 during";
        assert!(reading.contains(moves), "{reading}");
        assert_eq!(
            [0.0716, 0.003_44, 12.345, 0.0].map(digits),
            ["0.0716", "0.00344", "12.35", "0.00"]
        );
        for part in [
            "into the ReLU of the first channel, at all places of the images, of the last block",
            "the training batch (50 images) of each observed step.",
            "Bold lines: seed 0; faint lines: the medians of the other seeds.",
        ] {
            assert!(caption.contains(part), "{part}: {caption}");
        }
    }
}
