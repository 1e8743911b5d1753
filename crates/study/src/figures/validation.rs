//! Validation accuracy and loss after each epoch: mean, spread and each seed, and the published
//! accuracies where they compare.

use plots::axes::{Axes, Axis};
use plots::curve::{Point, band, dashed, labels_at_end, line};
use plots::frame::{Frame, Sample};
use plots::style::INK;
use plots::{Drawing, Result, Tooltips};
use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::Circle;
use plotters::style::{Color, RGBColor};

use super::figure::{Figure, StandardFigure};
use super::layout::{
    LARGEST_LOSS, alt, color, epochs_axis, legend_of_arms, losses_above, panels, size_of_panels,
    title,
};
use crate::analysis::{Analysis, ArmResult, EpochResult, Reached, Spread};
use crate::divergence::diverged;
use crate::tables::EpochRow;
use crate::text::{counted, how_often, led, listed, loss, seeds_in_words};

/// The figure of accuracies.
#[derive(Debug)]
pub(super) struct ValidationAccuracy<'a>(Panels<'a>);

/// The figure of losses.
#[derive(Debug)]
pub(super) struct ValidationLoss<'a>(Panels<'a>);

/// A panel per group of arms.
#[derive(Debug)]
struct Panels<'a> {
    analysis: &'a Analysis<'a>,
    /// Each group's curves.
    curves: Vec<Vec<Curve>>,
    title: &'static str,
    y: Axis,
    /// The digits of the labels behind the last epoch.
    digits: usize,
}

/// An arm in a panel.
#[derive(Debug)]
struct Curve {
    name: String,
    color: RGBColor,
    /// A point per epoch and seed, with the seed.
    points: Vec<(Point, u64)>,
    /// The spread over seeds after each epoch.
    spreads: Vec<(f64, Spread)>,
    published: Vec<Point>,
    /// Whether there is one epoch only, so that a line would be no more than a point.
    has_one_epoch: bool,
}

impl<'a> StandardFigure<'a> for ValidationAccuracy<'a> {
    const NAME: &'static str = "validation_accuracy";

    fn of(analysis: &'a Analysis<'a>) -> Option<Self> {
        let curves = curves(analysis, |row| row.val_accuracy, |epoch| Some(epoch.accuracy), true);
        let y =
            Axis::around("share of images classified correctly", values(&curves), 5).up_to_one();
        let title = "Validation accuracy after each epoch";
        Some(Self(Panels { analysis, curves, title, y, digits: 4 }))
    }
}

impl Figure for ValidationAccuracy<'_> {
    fn heading(&self) -> String {
        "Validation accuracy".to_owned()
    }

    fn alt(&self) -> String {
        alt("Validation accuracy of each arm after each epoch", self.0.analysis)
    }

    fn caption(&self) -> String {
        let analysis = self.0.analysis;
        let mut text = mean_and_spread(analysis);
        if self.0.has_published() {
            text.push_str(
                " Rings on dotted lines: the accuracies that the notebook prints, one run of each \
                 network.",
            );
        }
        for group in &analysis.groups {
            for comparison in &group.comparisons {
                let (with, without) = (group.with(comparison), group.without(comparison));
                if comparison.ahead.of == 0 || with.all_diverged() || without.all_diverged() {
                    continue;
                }
                let epochs = without.arm.run.epochs;
                let (with, without) = (&with.name, &without.name);
                let often = how_often(with, comparison.ahead, analysis.has_several_seeds());
                text.push_str(&format!(" {}", led(&group.label, &often)));
                text.push_str(&match comparison.epochs_to_reach {
                    None | Some(Reached::After(1)) => String::new(),
                    Some(Reached::Never) if epochs == 1 => String::new(),
                    Some(Reached::After(epoch)) => format!(
                        " With {without} it takes {epoch} epochs to reach the accuracy that {with} \
                         gives after one epoch."
                    ),
                    Some(Reached::Never) => format!(
                        " With {without}, {} do not reach the accuracy that {with} gives after one \
                         epoch.",
                        counted(epochs, "epoch")
                    ),
                });
            }
        }
        text
    }
}

impl<'a> StandardFigure<'a> for ValidationLoss<'a> {
    const NAME: &'static str = "validation_loss";

    fn of(analysis: &'a Analysis<'a>) -> Option<Self> {
        let value = |row: &EpochRow| row.val_loss.min(LARGEST_LOSS);
        let curves = curves(analysis, value, |epoch| epoch.loss.map(at_most), false);
        let y = Axis::around("cross-entropy (nats per image)", values(&curves), 5);
        let title = "Validation loss after each epoch";
        Some(Self(Panels { analysis, curves, title, y, digits: 3 }))
    }
}

impl Figure for ValidationLoss<'_> {
    fn heading(&self) -> String {
        "Validation loss".to_owned()
    }

    fn alt(&self) -> String {
        alt("Validation loss of each arm after each epoch", self.0.analysis)
    }

    fn caption(&self) -> String {
        let analysis = self.0.analysis;
        let end = |arm: &ArmResult<'_>| {
            let last = arm.epochs.last().filter(|last| last.epoch == arm.arm.run.epochs)?;
            Some(format!("{} ({})", loss(last.loss?.mean), arm.label))
        };
        let arms = analysis.study.config.arms();
        let ends: Vec<String> = arms
            .iter()
            .filter_map(|arm| analysis.arms().find(|found| found.arm == *arm).and_then(end))
            .collect();
        let ends = match ends.as_slice() {
            [] => String::new(),
            ends => format!(" After the last epoch: {}.", listed(ends)),
        };
        format!(
            "Cross-entropy in nats, mean over the validation images; guessing all ten classes with \
             equal probability would give ln 10 = 2.303. {}{}{ends}",
            mean_and_spread(analysis),
            losses_above(analysis.study.epochs.iter().map(|row| row.val_loss)),
        )
    }
}

impl Drawing for ValidationAccuracy<'_> {
    fn size(&self) -> (u32, u32) {
        size_of_panels(self.0.analysis, 440)
    }

    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
        tooltips: &mut Tooltips,
    ) -> Result<()> {
        self.0.draw(area, scale, tooltips)
    }
}

impl Drawing for ValidationLoss<'_> {
    fn size(&self) -> (u32, u32) {
        size_of_panels(self.0.analysis, 440)
    }

    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
        tooltips: &mut Tooltips,
    ) -> Result<()> {
        self.0.draw(area, scale, tooltips)
    }
}

/// The spread with nothing above the largest loss that is drawn.
fn at_most(spread: Spread) -> Spread {
    let [mean, min, max] = [spread.mean, spread.min, spread.max].map(|loss| loss.min(LARGEST_LOSS));
    Spread { mean, min, max, ..spread }
}

/// What lines, bands and points are; with a single seed there is only a line.
fn mean_and_spread(analysis: &Analysis<'_>) -> String {
    let seeds = match analysis.seeds_of_arms() {
        (_, 0 | 1) => "One seed.".to_owned(),
        seeds => format!(
            "Lines: mean over {}; bands: from the lowest to the highest; points: each seed.",
            seeds_in_words(seeds)
        ),
    };
    seeds + &diverged(analysis)
}

fn curves(
    analysis: &Analysis<'_>,
    value: fn(&EpochRow) -> f64,
    spread: fn(&EpochResult<'_>) -> Option<Spread>,
    published: bool,
) -> Vec<Vec<Curve>> {
    let curve = |arm: &ArmResult<'_>| {
        let at = |epoch: &EpochResult<'_>| epoch.epoch as f64;
        let points = |epoch: &EpochResult<'_>| {
            let at = at(epoch);
            epoch.rows.iter().map(|row| ((at, value(row)), row.key.seed)).collect::<Vec<_>>()
        };
        let accuracies = if published { arm.published.accuracies } else { &[] };
        Curve {
            name: arm.name.clone(),
            color: color(arm),
            points: arm.epochs.iter().flat_map(points).collect(),
            spreads: arm
                .epochs
                .iter()
                .filter_map(|epoch| Some((at(epoch), spread(epoch)?)))
                .collect(),
            published: (1_u32..).map(f64::from).zip(accuracies.iter().copied()).collect(),
            has_one_epoch: arm.arm.run.epochs == 1,
        }
    };
    analysis.groups.iter().map(|group| group.arms.iter().map(curve).collect()).collect()
}

fn values(curves: &[Vec<Curve>]) -> impl Iterator<Item = f64> {
    let points = |curve: &'_ Curve| {
        let of_seeds = curve.points.iter().map(|(point, _)| *point);
        of_seeds.chain(curve.published.iter().copied()).collect::<Vec<_>>()
    };
    curves.iter().flatten().flat_map(points).map(|point| point.1)
}

impl Panels<'_> {
    fn has_published(&self) -> bool {
        self.curves.iter().flatten().any(|curve| !curve.published.is_empty())
    }

    fn legend(&self) -> Vec<(Sample, String)> {
        let mut legend = legend_of_arms(self.analysis);
        if self.analysis.has_several_seeds() {
            let seeds = seeds_in_words(self.analysis.seeds_of_arms());
            legend.push((Sample::Dot(INK.mix(0.4)), format!("each of {seeds} (line: mean)")));
        }
        if self.has_published() {
            legend.push((Sample::Dashed(INK.to_rgba(), 2), "published".to_owned()));
        }
        legend
    }

    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
        tooltips: &mut Tooltips,
    ) -> Result<()> {
        let Analysis { study, groups, .. } = self.analysis;
        let title = title(self.title, self.analysis);
        let area = Frame { title, legend: self.legend() }.draw(area, scale)?;
        let areas = panels(&area, groups.len());
        for ((area, group), curves) in areas.iter().zip(groups).zip(&self.curves) {
            let x = epochs_axis(&study.config);
            let axes = Axes { title: group.label.clone(), x, y: self.y.clone() };
            self.draw_panel(area, &axes, curves, scale, tooltips)?;
        }
        Ok(())
    }

    fn draw_panel<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        axes: &Axes,
        curves: &[Curve],
        scale: u32,
        tooltips: &mut Tooltips,
    ) -> Result<()> {
        let mut chart = axes.draw(area, scale)?;
        let digits = self.digits;
        for Curve { name, color, points, spreads, published, has_one_epoch } in curves {
            let of = |value: fn(&Spread) -> f64| -> Vec<Point> {
                spreads.iter().map(|(epoch, spread)| (*epoch, value(spread))).collect()
            };
            band(&mut chart, &of(|spread| spread.min), &of(|spread| spread.max), color.mix(0.15))?;
            if self.analysis.has_several_seeds() {
                let dot = |&(point, _): &_| Circle::new(point, 3 * scale, color.mix(0.4).filled());
                chart.draw_series(points.iter().map(dot))?;
                for &((epoch, value), seed) in points {
                    let text = format!("{name}, seed {seed}, epoch {epoch}: {value:.digits$}");
                    tooltips.at(&chart, (epoch, value), text);
                }
            }
            let dash = (3 * scale, 3 * scale);
            dashed(&mut chart, published, color.to_rgba(), 2 * scale, dash)?;
            let ring = |&point| Circle::new(point, 5 * scale, color.stroke_width(2 * scale));
            chart.draw_series(published.iter().map(ring))?;
            let mean = of(|spread| spread.mean);
            for &(epoch, mean) in &mean {
                let text = format!("{name}, epoch {epoch}, mean: {mean:.digits$}");
                tooltips.at(&chart, (epoch, mean), text);
            }
            for &(epoch, accuracy) in published {
                let text = format!("published, epoch {epoch}: {accuracy:.digits$}");
                tooltips.at(&chart, (epoch, accuracy), text);
            }
            line(&mut chart, &mean, color.to_rgba(), 3 * scale)?;
            if *has_one_epoch {
                let dot = |&point| Circle::new(point, 4 * scale, color.filled());
                chart.draw_series(mean.iter().map(dot))?;
            }
        }
        let ends = curves.iter().filter_map(|curve| {
            let (epoch, spread) = curve.spreads.last()?;
            let label = format!("{:.*}", self.digits, spread.mean);
            Some(((*epoch, spread.mean), label, curve.color))
        });
        labels_at_end(&mut chart, ends.collect(), scale)
    }
}
