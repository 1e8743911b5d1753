//! The loss and its gradient along the gradient, over training; as figure 4 of S. Santurkar, D. Tsipras, A.
//! Ilyas and A. Mądry, "How Does Batch Normalization Help Optimization?", 2018,
//! <https://arxiv.org/abs/1805.11604>.

use std::collections::BTreeMap;

use plots::axes::{Axes, Axis};
use plots::curve::{Point, band, line};
use plots::frame::{Frame, Sample};
use plots::style::INK;
use plots::{Drawing, Result, Tooltips, thousands};
use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::style::Color;
use trainer::landscape::RATES;

use super::figure::{Figure, Reading, StandardFigure};
use super::layout::{
    alt, batches, color, legend_of_arms, title, unnamed_steps_axis_of, until_diverged,
    width_of_columns, write_centred,
};
use crate::analysis::{Analysis, ArmResult};
use crate::arm::Arm;
use crate::figure_name;
use crate::tables::LandscapeRow;
use crate::text::{counted, listed, seeds_in_words};

/// The figure: a row per measure, a column per group of arms.
#[derive(Debug)]
pub(super) struct Landscape<'a> {
    analysis: &'a Analysis<'a>,
}

/// A row of the figure.
struct Measure {
    heading: &'static str,
    /// What its axis measures.
    axis: &'static str,
    /// Whether a run has a band, or one value.
    is_band: bool,
    /// The ends of the band of a run: the smallest and the largest value over the points along the gradient.
    ends: fn(&LandscapeRow) -> Option<(f64, f64)>,
    /// How much it is in numbers: of a band its width, or its upper end.
    amount: fn(f64, f64) -> f64,
}

const MEASURES: [Measure; 3] = [
    Measure {
        heading: "loss along the gradient",
        axis: "nats per image",
        is_band: true,
        ends: |row| row.loss_min.zip(row.loss_max),
        amount: |min, max| max - min,
    },
    Measure {
        heading: "change of the gradient",
        axis: "distance",
        is_band: true,
        ends: |row| row.change_min.zip(row.change_max),
        amount: |_, max| max,
    },
    Measure {
        heading: "effective smoothness",
        axis: "change per distance",
        is_band: false,
        ends: |row| row.smoothness.zip(row.smoothness),
        amount: |_, max| max,
    },
];

/// A measure of an arm at a step, over its seeds.
#[derive(Debug, Clone, Copy, PartialEq)]
struct At {
    step: u64,
    low: f64,
    high: f64,
    /// The mean, where each seed has one value.
    mean: Option<f64>,
}

/// A measure of an arm over training. Where seeds have bands, each end is a mean over seeds; where they have
/// single values, these are between the smallest and the largest.
fn over_seeds<'r>(rows: impl Iterator<Item = &'r LandscapeRow>, measure: &Measure) -> Vec<At> {
    let mut steps: BTreeMap<u64, Vec<(f64, f64)>> = BTreeMap::new();
    for row in rows {
        if let Some(ends) = (measure.ends)(row) {
            steps.entry(row.step).or_default().push(ends);
        }
    }
    let at = |(step, runs): (u64, Vec<(f64, f64)>)| {
        let mean =
            |of: fn(&(f64, f64)) -> f64| runs.iter().map(of).sum::<f64>() / runs.len() as f64;
        let (low, high) = (mean(|run| run.0), mean(|run| run.1));
        if measure.is_band {
            return At { step, low, high, mean: None };
        }
        let values = || runs.iter().map(|(value, _)| *value);
        let (least, most) = (values().fold(low, f64::min), values().fold(low, f64::max));
        At { step, low: least, high: most, mean: Some(low) }
    };
    steps.into_iter().map(at).collect()
}

/// The median; none of no numbers.
fn median(mut numbers: Vec<f64>) -> Option<f64> {
    numbers.sort_by(f64::total_cmp);
    let upper = *numbers.get(numbers.len() / 2)?;
    let lower = *numbers.get((numbers.len() - 1) / 2)?;
    Some(lower + (upper - lower) / 2.0)
}

impl<'a> StandardFigure<'a> for Landscape<'a> {
    const NAME: &'static str = figure_name::LANDSCAPE;

    fn of(analysis: &'a Analysis<'a>) -> Option<Self> {
        (!analysis.study.optional.landscape.is_empty()).then_some(Self { analysis })
    }
}

impl Landscape<'_> {
    fn rows(&self, arm: &Arm) -> impl Iterator<Item = &LandscapeRow> {
        self.analysis.study.optional.landscape.iter().filter(move |row| row.key.arm == *arm)
    }

    /// The median of each measure of an arm, over all steps of all seeds.
    fn medians(&self, arm: &ArmResult<'_>) -> Option<String> {
        let median_of = |measure: &Measure| {
            let ends = self.rows(&arm.arm).filter_map(measure.ends);
            median(ends.map(|(min, max)| (measure.amount)(min, max)).collect())
        };
        let [loss, change, smoothness] = MEASURES.each_ref().map(median_of);
        Some(format!(
            "**{}:** the loss ranges over {:.3} nats, the gradient changes by up to {:.3}, and the effective \
             smoothness (higher is less smooth) is {:.2}.",
            arm.label, loss?, change?, smoothness?
        ))
    }
}

impl Figure for Landscape<'_> {
    fn heading(&self) -> String {
        "The loss along its gradient".to_owned()
    }

    fn alt(&self) -> String {
        let what = "Loss, change of the gradient and effective smoothness along the gradient over training";
        alt(what, self.analysis)
    }

    fn caption(&self) -> String {
        let rates: Vec<String> = RATES.iter().map(f64::to_string).collect();
        let seeds = if self.analysis.has_several_seeds() {
            let seeds = seeds_in_words(self.analysis.seeds_of_arms());
            format!(
                " Of the first two the ends of the bands are means over {seeds}; of the last the line is their \
                 mean and the band goes from the smallest seed to the largest."
            )
        } else {
            String::new()
        };
        let mut text = format!(
            "At each observed step, the loss L of the step's batch ({}) and its gradient are measured again \
             at the points w − η·g for η = {}, where w are all trained parameters before the step and g = \
             ∇L(w). **Loss along the gradient:** from the smallest to the largest L(w − η·g) over η. **Change \
             of the gradient:** from the smallest to the largest ‖∇L(w − η·g) − g‖ over η. **Effective \
             smoothness:** the largest ‖∇L(w − η·g) − g‖ / ‖η·g‖ over η; higher is less smooth.{seeds} L is in training mode: norms \
             of batches normalise with the batch's own statistics at each point, and what is drawn at random \
             is as in the step. After figure 4 of [Santurkar et al., \
             2018](https://arxiv.org/abs/1805.11604).",
            batches(&self.analysis.study.config),
            listed(&rates),
        );
        text.push_str(until_diverged(self.analysis));
        let rows = &self.analysis.study.optional.landscape;
        let is_whole =
            |row: &LandscapeRow| MEASURES.iter().all(|measure| (measure.ends)(row).is_some());
        let cut = rows.iter().filter(|row| !is_whole(row)).count() as u64;
        if cut > 0 {
            let count = counted(cut, "observation");
            let have = if cut == 1 { "has" } else { "have" };
            text.push_str(&format!(
                " {count} {have} values that are not finite; these are left out."
            ));
        }
        text
    }

    fn reading(&self) -> Option<Reading> {
        let medians: Vec<String> =
            self.analysis.arms().filter_map(|arm| self.medians(arm)).collect();
        let text =
            format!("Along the gradient, in the median of all observations: {}", medians.join(" "));
        (!medians.is_empty()).then_some(Reading { text, is_whole_answer: false })
    }
}

impl Drawing for Landscape<'_> {
    fn size(&self) -> (u32, u32) {
        (width_of_columns(self.analysis.groups.len()), 110 + 230 * MEASURES.len() as u32)
    }

    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
        tooltips: &mut Tooltips,
    ) -> Result<()> {
        let title = title("The loss along its gradient", self.analysis);
        let mut legend = legend_of_arms(self.analysis);
        legend.push((Sample::Band(INK.mix(0.2)), "smallest to largest".to_owned()));
        let area = Frame { title, legend }.draw(area, scale)?;
        let groups = &self.analysis.groups;
        let (middle, bottom) = area.split_vertically(area.dim_in_pixel().1 - 26 * scale);
        for (measure, strip) in MEASURES.iter().zip(middle.split_evenly((MEASURES.len(), 1))) {
            let (heading, strip) = strip.split_vertically(24 * scale);
            write_centred(&heading, measure.heading, INK, scale)?;
            let curve = |arm: &ArmResult<'_>| over_seeds(self.rows(&arm.arm), measure);
            let all = self.analysis.arms().flat_map(curve);
            let y = Axis::around(measure.axis, all.flat_map(|at| [at.low, at.high]), 3);
            let y = y.at_least_zero();
            for (panel, group) in strip.split_evenly((1, groups.len().max(1))).iter().zip(groups) {
                let x = unnamed_steps_axis_of(group, groups.len());
                let axes = Axes { title: group.label.clone(), x, y: y.clone() };
                let mut chart = axes.draw(panel, scale)?;
                let curves: Vec<_> = group.arms.iter().map(|arm| (arm, curve(arm))).collect();
                let points = |curve: &[At], of: fn(&At) -> f64| -> Vec<Point> {
                    curve.iter().map(|at| (at.step as f64, of(at))).collect()
                };
                for (arm, curve) in &curves {
                    let (low, high) = (points(curve, |at| at.low), points(curve, |at| at.high));
                    band(&mut chart, &low, &high, color(arm).mix(0.2))?;
                }
                for (arm, curve) in &curves {
                    let lines = if curve.iter().all(|at| at.mean.is_some()) {
                        vec![(points(curve, |at| at.mean.unwrap_or(at.low)), 2)]
                    } else {
                        vec![(points(curve, |at| at.low), 1), (points(curve, |at| at.high), 1)]
                    };
                    for (points, width) in lines {
                        line(&mut chart, &points, color(arm).to_rgba(), width * scale)?;
                    }
                    for at in curve {
                        let (name, step) = (&arm.name, thousands(at.step));
                        let text = match at.mean {
                            Some(mean) => format!("{name}, step {step}: {mean:.3}"),
                            None => format!("{name}, step {step}: {:.3} to {:.3}", at.low, at.high),
                        };
                        tooltips.at(&chart, (at.step as f64, at.mean.unwrap_or(at.high)), text);
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

    fn row(seed: u64, step: u64, [loss_min, loss_max]: [f64; 2], smoothness: f64) -> LandscapeRow {
        let arm = made_up::config().arms()[0].clone();
        LandscapeRow {
            step,
            loss_min: Some(loss_min),
            loss_max: Some(loss_max),
            smoothness: smoothness.is_finite().then_some(smoothness),
            ..LandscapeRow::blank(RunKey { arm, seed })
        }
    }

    #[test]
    fn ends_of_bands_are_means_over_seeds_and_single_values_lie_in_a_band_of_seeds() {
        let rows = [
            row(0, 0, [1.0, 2.0], 4.0),
            row(1, 0, [2.0, 5.0], 8.0),
            row(0, 9, [0.5, 0.5], f64::NAN),
            row(0, 12, [1.0, 1.0], f64::NAN),
            row(1, 12, [3.0, 3.0], f64::NAN),
        ];
        let [loss, change, smoothness] = MEASURES.each_ref().map(|of| over_seeds(rows.iter(), of));
        assert_eq!(
            loss,
            [
                At { step: 0, low: 1.5, high: 3.5, mean: None },
                // Of each seed the loss is the same at all points.
                At { step: 9, low: 0.5, high: 0.5, mean: None },
                At { step: 12, low: 2.0, high: 2.0, mean: None },
            ]
        );
        assert_eq!(change, []);
        assert_eq!(smoothness, [At { step: 0, low: 4.0, high: 8.0, mean: Some(6.0) }]);
    }

    /// The made-up ranges are 1 and 1/4, the changes twice and the smoothness eight times that, with 1/2 more
    /// for the second seed.
    #[test]
    fn the_caption_says_what_the_bands_are_and_the_reading_the_medians() {
        let study = made_up::observed();
        let analysis = Analysis::of(&study).unwrap();
        let figure = Landscape::of(&analysis).unwrap();
        let (caption, reading) = (figure.caption(), figure.reading().unwrap().text);
        let medians = "**no norm:** the loss ranges over 1.000 nats, the gradient changes by up to 2.000, and \
                       the effective smoothness (higher is less smooth) is 8.25. **batch norm:** the loss \
                       ranges over 0.250 nats, the gradient changes by up to 0.500, and the effective \
                       smoothness (higher is less smooth) is 2.25.";
        assert!(reading.ends_with(medians), "{reading}");
        for part in [
            "the step's batch (50 images)",
            "η = 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35 and 0.4,",
            "means over 2 seeds",
        ] {
            assert!(caption.contains(part), "{part}: {caption}");
        }
        assert!(!caption.contains("not finite"), "{caption}");
        let mut study = study;
        study.optional.landscape[3].smoothness = None;
        let analysis = Analysis::of(&study).unwrap();
        let caption = Landscape::of(&analysis).unwrap().caption();
        assert!(
            caption.contains("1 observation has values that are not finite; these are left out."),
            "{caption}"
        );
        study.optional.landscape.clear();
        assert!(Landscape::of(&Analysis::of(&study).unwrap()).is_none());
    }

    #[test]
    fn a_median_of_an_even_number_lies_between_two() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 8.0]), Some(3.0));
        assert_eq!(median(Vec::new()), None);
    }
}
