//! What the figures of a study share: titles, legends, colours, axes of steps and epochs.

use std::f64::consts::LN_10;

use plots::axes::{Axis, Chart};
use plots::curve::{Point, line};
use plots::frame::Sample;
use plots::style;
use plots::{Result, Tooltips, thousands};
use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, RGBColor};
use trainer::network::Activation;
use trainer::network::preset::okabe_ito;

use crate::analysis::{Analysis, ArmResult, Group, Window};
use crate::arm::Arm;
use crate::arm::steps_per_window;
use crate::config::StudyConfig;
use crate::text::{counted, counted_either, either, loss};

/// Of the notebook's two networks side by side.
const WIDE: u32 = 960;
const NARROW: u32 = 680;

/// The letters that fit above a panel of a quarter of [`WIDE`].
const LETTERS_OF_A_COLUMN: usize = 26;

/// The height of the title and the legend above the panels.
pub(super) const HEAD: u32 = 80;

/// The rows and columns of so many panels: up to three stand side by side, so that a page shows them at a
/// size at which they can be read.
pub(super) fn grid(panels: usize) -> (usize, usize) {
    let columns = match panels {
        0 | 1 => 1,
        2 | 4 => 2,
        _ => 3,
    };
    (panels.div_ceil(columns).max(1), columns)
}

/// The size of a figure with a panel per group of arms, which has this height where there is one row.
pub(super) fn size_of_panels(analysis: &Analysis<'_>, height: u32) -> (u32, u32) {
    let (rows, columns) = grid(analysis.groups.len());
    let more = (rows as u32 - 1) * height.saturating_sub(HEAD);
    (if columns > 1 { WIDE / 2 * columns as u32 } else { NARROW }, height + more)
}

/// The area of each of so many panels, row by row.
pub(super) fn panels<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    count: usize,
) -> Vec<DrawingArea<B, Shift>> {
    area.split_evenly(grid(count))
}

/// The width of a figure with so many columns of small panels.
pub(super) fn width_of_columns(columns: usize) -> u32 {
    match columns as u32 {
        0..=2 => NARROW,
        3 | 4 => WIDE,
        more => WIDE / 4 * more,
    }
}

/// The names of the columns of a grid of panels, each in as many lines as it needs.
pub(super) struct ColumnNames(Vec<Vec<String>>);

impl ColumnNames {
    /// Breaks names at their commas where a line would be wider than a column.
    pub(super) fn new<'a>(names: impl Iterator<Item = &'a String>) -> Self {
        let lines = |name: &String| {
            let mut lines: Vec<String> = Vec::new();
            for part in name.split_inclusive(", ") {
                match lines.last_mut() {
                    Some(line) if line.len() + part.trim_end().len() <= LETTERS_OF_A_COLUMN => {
                        line.push_str(part);
                    }
                    Some(_) | None => lines.push(part.to_owned()),
                }
            }
            lines
        };
        Self(names.map(lines).collect())
    }

    /// The height of the strip above the panels that they stand in.
    pub(super) fn height(&self) -> u32 {
        10 + 20 * self.0.iter().map(Vec::len).max().unwrap_or_default() as u32
    }

    /// Writes them into their strip.
    pub(super) fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        scale: u32,
    ) -> Result<()> {
        for (lines, cell) in self.0.iter().zip(area.split_evenly((1, self.0.len().max(1)))) {
            for (line, strip) in lines.iter().zip(cell.split_evenly((lines.len(), 1))) {
                write_centred(&strip, line.trim_end(), style::INK, scale)?;
            }
        }
        Ok(())
    }
}

/// A line of text in the middle of a strip, a little to the right where the panels are.
pub(super) fn write_centred<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    name: &str,
    color: RGBColor,
    scale: u32,
) -> Result<()> {
    let font = style::text(style::TEXT * scale, &color).pos(Pos::new(HPos::Center, VPos::Center));
    let (width, height) = area.dim_in_pixel();
    let place = ((width + 40 * scale) as i32 / 2, height as i32 / 2);
    Ok(area.draw_text(name, &font, place)?)
}

/// The arms of a group in a legend; with several seeds also what faint lines are.
pub(super) fn legend_of_lines(analysis: &Analysis<'_>) -> Vec<(Sample, String)> {
    let mut legend = legend_of_arms(analysis);
    if analysis.has_several_seeds() {
        let faint = Sample::Line(style::INK.mix(style::FAINT), 1);
        legend.push((faint, "each seed (bold: mean)".to_owned()));
    }
    legend
}

/// The arms of a group in a legend. What one group leaves out another may have.
pub(super) fn legend_of_arms(analysis: &Analysis<'_>) -> Vec<(Sample, String)> {
    let mut arms: Vec<&ArmResult<'_>> = Vec::new();
    for arm in analysis.arms() {
        if arms.iter().all(|known| known.place != arm.place) {
            arms.push(arm);
        }
    }
    arms.sort_by_key(|arm| arm.place);
    let sample = |arm: &ArmResult<'_>| Sample::Line(color(arm).to_rgba(), 3);
    arms.into_iter().map(|arm| (sample(arm), arm.name.clone())).collect()
}

/// The colours of the arms of a group, in their order.
const COLORS: [[u8; 3]; 7] = [
    okabe_ito::VERMILLION,
    okabe_ito::BLUE,
    okabe_ito::BLUISH_GREEN,
    okabe_ito::ORANGE,
    okabe_ito::SKY_BLUE,
    okabe_ito::REDDISH_PURPLE,
    okabe_ito::BLACK,
];

/// The colour of an arm, the same in every figure.
pub(super) fn color(arm: &ArmResult<'_>) -> RGBColor {
    color_of_place(arm.place)
}

/// The colour of what comes at this place in its legend.
pub(super) fn color_of_place(place: usize) -> RGBColor {
    style::rgb(COLORS[place % COLORS.len()])
}

/// For the caption of a horizontal axis that has a place per value.
pub(super) const EQUAL_DISTANCES: &str =
    " The values of the horizontal axis stand at equal distances.";

/// The title of a figure, which names the data set and says so if it was only a quick look.
pub(super) fn title(what: &str, analysis: &Analysis<'_>) -> String {
    let config = &analysis.study.config;
    let look = if config.is_quick() { ", quick look" } else { "" };
    format!("{what} ({}{look})", config.data_sets_in_words())
}

/// The description of a figure for those who do not see it, with its data set.
pub(super) fn alt(what: &str, analysis: &Analysis<'_>) -> String {
    format!("{what} ({})", analysis.study.config.data_sets_in_words())
}

/// Epochs, from 1, with room on the right for labels of the last one.
pub(super) fn epochs_axis(config: &StudyConfig) -> Axis {
    let last = config.last_epoch();
    let epochs = last as f64;
    let every = last.div_ceil(10).max(1);
    let ticks = (1..=last).filter(|epoch| (epoch - 1).is_multiple_of(every));
    Axis {
        name: "epoch".to_owned(),
        range: 1.0 - 0.12 * epochs..epochs + 0.22 * epochs,
        ticks: ticks.map(|epoch| epoch as f64).collect(),
        decimals: 0,
        lines: false,
        names: Vec::new(),
    }
}

/// Whether the epochs of all these arms have the same steps, so that they end at the same places.
fn share_epochs(group: &Group<'_>) -> bool {
    let mut steps = group.arms.iter().map(|arm| arm.arm.steps_per_epoch());
    let first = steps.next();
    steps.all(|steps| Some(steps) == first)
}

/// The number of epochs between two vertical lines, if it is the same in every panel and lines are at ends of
/// epochs.
pub(super) fn lines_of_epochs(analysis: &Analysis<'_>, count: u64) -> Option<u64> {
    let of_group = |group: &Group<'_>| {
        let epochs = group.arms.iter().map(|arm| arm.arm.run.epochs).max()?;
        (share_epochs(group) && epochs > 1).then(|| epochs_per_tick(epochs, count))
    };
    let mut lines = analysis.groups.iter().map(of_group);
    let first = lines.next()??;
    lines.all(|every| every == Some(first)).then_some(first)
}

/// How many epochs lie between two of about `count` ticks.
fn epochs_per_tick(epochs: u64, count: u64) -> u64 {
    epochs.div_ceil(count).max(1)
}

/// Training steps of the arms of a group from 0 to the end of the longest, as [`steps_axis`]; with ticks
/// at round numbers if their epochs end at different steps.
pub(super) fn steps_axis_of(group: &Group<'_>, count: u64) -> Axis {
    let longest = group.arms.iter().max_by_key(|arm| arm.arm.steps());
    let Some(longest) = longest.map(|arm| &arm.arm) else {
        return Axis::around("training steps", [0.0].into_iter(), count as usize);
    };
    if share_epochs(group) {
        return steps_axis(longest, count);
    }
    let end = longest.steps() as f64;
    let around = Axis::around("training steps", [0.0, end].into_iter(), count as usize);
    let within = |tick: &f64| (0.0..=end).contains(tick);
    Axis { range: 0.0..end, ticks: around.ticks.iter().copied().filter(within).collect(), ..around }
}

/// Training steps of an arm from 0 to its end, with ticks at ends of its epochs, about `count` of
/// them; a single epoch is divided by round numbers.
pub(super) fn steps_axis(arm: &Arm, count: u64) -> Axis {
    let (epochs, steps_per_epoch) = (arm.run.epochs, arm.steps_per_epoch());
    let end = arm.steps() as f64;
    let ticks = if epochs == 1 {
        Axis::around("", [0.0, end].into_iter(), count.div_ceil(2) as usize)
            .ticks
            .into_iter()
            .filter(|tick| (0.0..=end).contains(tick))
            .collect()
    } else {
        let every = epochs_per_tick(epochs, count);
        (0..=epochs)
            .filter(|epoch| epoch.is_multiple_of(every))
            .map(|epoch| (epoch * steps_per_epoch) as f64)
            .collect()
    };
    Axis {
        name: "training steps".to_owned(),
        range: 0.0..end,
        ticks,
        decimals: 0,
        lines: true,
        names: Vec::new(),
    }
}

/// The axis of steps for one of many small panels, whose name stands below all of them.
pub(super) fn unnamed_steps_axis(arm: &Arm, columns: usize) -> Axis {
    Axis { name: String::new(), ..steps_axis(arm, ticks_of(columns)) }
}

/// As [`unnamed_steps_axis`], of all arms of a group.
pub(super) fn unnamed_steps_axis_of(group: &Group<'_>, columns: usize) -> Axis {
    Axis { name: String::new(), ..steps_axis_of(group, ticks_of(columns)) }
}

fn ticks_of(columns: usize) -> u64 {
    if columns > 2 { 3 } else { 6 }
}

/// Draws a group's curves by windows of steps, those above `largest` at it: faint lines for runs, below
/// bold ones for means.
pub(super) fn draw_windows<B: DrawingBackend>(
    chart: &mut Chart<'_, B>,
    group: &Group<'_>,
    value: impl Fn(&Window) -> f64,
    largest: f64,
    scale: u32,
    tooltips: &mut Tooltips,
) -> Result<()> {
    let points = |windows: &[Window]| -> Vec<Point> {
        let at = |window: &Window| (window.end as f64, value(window).min(largest));
        windows.iter().map(at).collect()
    };
    for arm in &group.arms {
        for windows in &arm.windows_of_runs {
            line(chart, &points(windows), color(arm).mix(style::FAINT), scale)?;
        }
    }
    for arm in &group.arms {
        let mean = points(&arm.windows);
        line(chart, &mean, color(arm).to_rgba(), 2 * scale)?;
        for (point, window) in mean.into_iter().zip(&arm.windows) {
            let (step, value) = (thousands(window.end), loss(value(window)));
            tooltips.at(chart, point, format!("{}, up to step {step}: {value}", arm.name));
        }
    }
    Ok(())
}

/// The largest loss that is drawn as it is, twice that of guessing. Larger ones, as those of a run that
/// is about to diverge, would flatten all others.
pub(super) const LARGEST_LOSS: f64 = 2.0 * LN_10;

/// How a caption says that some of these losses are not drawn as they are; nothing if all are.
pub(super) fn losses_above(mut losses: impl Iterator<Item = f64>) -> String {
    if losses.any(|loss| loss > LARGEST_LOSS) {
        format!(" Losses above {LARGEST_LOSS:.1} are drawn at {LARGEST_LOSS:.1}.")
    } else {
        String::new()
    }
}

/// How a caption says what a window of `steps.csv` is.
pub(super) fn windows(config: &StudyConfig) -> String {
    let windows: Vec<(u64, u64)> =
        config.each(|arm| (steps_per_window(arm.steps_per_epoch()), arm.batch_size()));
    let first = windows.first().map_or(0, |(steps, _)| *steps);
    if windows.iter().any(|(steps, _)| *steps != first) {
        let windows: Vec<String> = windows
            .iter()
            .map(|(steps, size)| format!("{} (batches of {size})", counted(*steps, "step")))
            .collect();
        let windows = either(&windows);
        return format!("of each batch before its step, averaged over windows of {windows}");
    }
    match first {
        0 | 1 => "of each batch before its step".to_owned(),
        steps => format!("of each batch before its step, averaged over windows of {steps} steps"),
    }
}

/// What the blocks of all arms have behind their norm, in words.
pub(super) fn activation_function(analysis: &Analysis<'_>) -> &'static str {
    match analysis.study.config.each(|arm| arm.network().activation).as_slice() {
        [Activation::Relu] => "the ReLU",
        [Activation::Sigmoid] => "the sigmoid",
        [Activation::Tanh] => "tanh",
        _ => "the activation function",
    }
}

/// How a caption says how many images the batches of the arms have.
pub(super) fn batches(config: &StudyConfig) -> String {
    let sizes = counted_either(&config.each(Arm::batch_size), "image");
    let is_even = |arm: &Arm| arm.training_images.is_multiple_of(arm.batch_size().max(1));
    let last = match config.arms().iter().all(is_even) {
        true => "",
        false => "; the last of an epoch may have fewer",
    };
    format!("{sizes}{last}")
}

/// How a caption says what counts of runs that diverged; nothing if none did.
pub(super) fn until_diverged(analysis: &Analysis<'_>) -> &'static str {
    match analysis.arms().any(|arm| arm.diverged() > 0) {
        true => " A run that diverged counts at the steps before it did.",
        false => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made_up::{self, config_from};

    #[test]
    fn a_legend_has_the_arms_that_the_first_group_leaves_out_and_no_colour_twice() {
        let study = made_up::study(config_from(
            "norm = [\"none\", \"batch\", \"layer\"]\ntrains = [\"all\", \"head-frozen\"]",
            "epochs = 1",
            "seeds = 1\n[[leave_out]]\nnorm = \"batch\"\ntrains = \"all\"",
        ));
        let analysis = Analysis::of(&study).unwrap();
        assert_eq!(analysis.groups[0].arms.len(), 2);
        let legend = legend_of_arms(&analysis);
        let names: Vec<&str> = legend.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(names, ["no norm", "batch norm", "layer norm"]);
        let mut colors = COLORS.to_vec();
        colors.sort_unstable();
        colors.dedup();
        assert_eq!(colors.len(), COLORS.len());
    }

    #[test]
    fn panels_stand_three_in_a_row_at_most() {
        let grids = [0, 1, 2, 3, 4, 5, 9, 10].map(grid);
        assert_eq!(grids, [(1, 1), (1, 1), (1, 2), (1, 3), (2, 2), (2, 3), (3, 3), (4, 3)]);
    }

    #[test]
    fn steps_have_ticks_at_ends_of_epochs() {
        let axis = |epochs: u64, images: u64, count| {
            let fixed = format!("epochs = {epochs}\ntraining_images = {images}");
            steps_axis(&config_from("", &fixed, "").arms()[0], count)
        };
        assert_eq!(axis(5, 48_000, 6).ticks, [0.0, 960.0, 1920.0, 2880.0, 3840.0, 4800.0]);
        assert_eq!(axis(5, 48_000, 3).ticks, [0.0, 1920.0, 3840.0]);
        assert_eq!(axis(1, 5_000, 6).ticks, [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
    }

    #[test]
    fn each_arm_has_the_ticks_and_windows_of_its_own_epochs() {
        let config = config_from("epochs = [2, 3]\nbatch_size = [50, 100]", "trains = \"all\"", "");
        let ticks = |at: usize| steps_axis(&config.arms()[at], 6).ticks;
        assert_eq!(ticks(0), [0.0, 960.0, 1920.0]);
        assert_eq!(ticks(3), [0.0, 480.0, 960.0, 1440.0]);
        assert_eq!(
            windows(&config),
            "of each batch before its step, averaged over windows of 48 steps (batches of 50) or \
             24 steps (batches of 100)"
        );
    }
}
