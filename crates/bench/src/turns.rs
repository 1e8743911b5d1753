//! One piece of work on both sides, in turn: our side, then PyTorch in each of its settings.

use kernels::with_threads;
use trainer::dataset::LabelledImages;

use crate::error::Result;
use crate::options::{Extent, Options};
use crate::ours;
use crate::peer::{Answer, Peer};
use crate::results::{Row, SettingTimes};
use crate::stopwatch::seconds_per_call;
use crate::work::Work;

/// How often the turns of a noisy row are made again.
const REPEATS: usize = 2;

/// What all rows are measured with.
pub(crate) struct Turns<'a> {
    pub(crate) options: &'a Options<'a>,
    /// The images of an epoch.
    pub(crate) images: &'a LabelledImages,
    pub(crate) peer: Option<Peer>,
    /// The settings in which PyTorch cannot work here, and why.
    pub(crate) left_out: Vec<String>,
}

impl Turns<'_> {
    /// Measures one piece of work. While the row is noisy, its turns are made again. All turns count,
    /// so that none is chosen by its result.
    pub(crate) fn row(&mut self, work: Work) -> Result<Row> {
        let &Options { threads, extent, progress, .. } = self.options;
        let name = format!("{} {}", work.name(), work.shape());
        progress(&name);
        let is_epoch = matches!(work, Work::Epoch { .. });
        // Kernels have many short turns, so that what else a shared machine does for some tenths of a
        // second meets both sides.
        let turns = match (is_epoch, extent) {
            (true, Extent::Quick) => 3,
            (true, Extent::Normal | Extent::Full) => 5,
            (false, Extent::Quick) => 7,
            (false, Extent::Normal | Extent::Full) => 31,
        };
        // One epoch takes long enough; one call of a kernel does not.
        let at_least = if is_epoch { 0.0 } else { 0.02 };
        let mut call = ours::prepare(&work, self.images)?;
        let mut ours = |threads| -> Result<f64> {
            with_threads(threads, || {
                // The first call starts threads and allocates memory, which is not to be measured.
                if !is_epoch {
                    call()?;
                }
                seconds_per_call(at_least, &mut call)
            })?
        };
        let mut row = Row {
            torch: self.settings(is_epoch),
            work,
            threads,
            seconds: Vec::new(),
            seconds_on_one_thread: Vec::new(),
        };
        for round in 0..=REPEATS {
            if round > 0 {
                if row.noise().is_none() {
                    break;
                }
                progress(&format!("{name} again, because it was noisy"));
            }
            for _ in 0..turns {
                row.seconds.push(ours(threads)?);
                self.torch(&mut row, at_least)?;
                if is_epoch && threads > 1 {
                    row.seconds_on_one_thread.push(ours(1)?);
                }
            }
        }
        Ok(row)
    }

    /// The settings of PyTorch that differ in this work, without a time yet.
    fn settings(&self, is_epoch: bool) -> Vec<SettingTimes> {
        let settings = self.peer.iter().flat_map(|peer| &peer.settings);
        settings
            .filter(|setting| is_epoch || setting.times_kernels)
            .map(|setting| SettingTimes { setting: setting.name.clone(), seconds: Vec::new() })
            .collect()
    }

    /// PyTorch's part of a turn. A setting in which it cannot work leaves the row.
    fn torch(&mut self, row: &mut Row, at_least: f64) -> Result<()> {
        let Some(peer) = &mut self.peer else {
            return Ok(());
        };
        let mut refused = Vec::new();
        for times in &mut row.torch {
            match peer.seconds(&row.work, &times.setting, at_least)? {
                Answer::Seconds(seconds) => times.seconds.push(seconds),
                Answer::Refused(why) => {
                    refused.push(times.setting.clone());
                    let what = format!("PyTorch, {}: {why}", times.setting);
                    (self.options.progress)(&format!("without {what}"));
                    if !self.left_out.contains(&what) {
                        self.left_out.push(what);
                    }
                }
            }
        }
        row.torch.retain(|times| !refused.contains(&times.setting));
        Ok(())
    }
}
