//! Which test images of an arm were taken for which class.

use trainer::dataset::CLASS_NAMES;

use crate::arm::Arm;
use crate::tables::ConfusionRow;

/// How many test images of each class were taken for which, over all seeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    counts: [[u64; CLASSES]; CLASSES],
}

const CLASSES: usize = CLASS_NAMES.len();

impl Confusion {
    /// The share of a class's images that were taken for another.
    /// `None` if the class has no images.
    pub fn share(&self, true_class: usize, predicted_class: usize) -> Option<f64> {
        let row = self.counts.get(true_class)?;
        let all: u64 = row.iter().sum();
        (all > 0).then(|| row.get(predicted_class).map(|&count| count as f64 / all as f64))?
    }

    /// The pair of classes that are most often confused, one way: true, predicted, share.
    pub fn worst(&self) -> Option<(usize, usize, f64)> {
        let mut worst: Option<(usize, usize, f64)> = None;
        for true_class in 0..CLASSES {
            for predicted_class in (0..CLASSES).filter(|&class| class != true_class) {
                let Some(share) = self.share(true_class, predicted_class) else { continue };
                if share > worst.map_or(0.0, |(.., most)| most) {
                    worst = Some((true_class, predicted_class, share));
                }
            }
        }
        worst
    }
}

impl Confusion {
    /// The matrix of an arm; nothing if the arm was not tested.
    pub(super) fn of(arm: &Arm, rows: &[ConfusionRow]) -> Option<Self> {
        let mut counts = [[0_u64; CLASSES]; CLASSES];
        for row in rows.iter().filter(|row| row.key == *arm) {
            let true_class = usize::try_from(row.true_class).ok();
            let predicted_class = usize::try_from(row.predicted_class).ok();
            let cell = true_class
                .and_then(|class| counts.get_mut(class))
                .zip(predicted_class)
                .and_then(|(row, class)| row.get_mut(class));
            if let Some(cell) = cell {
                *cell = cell.saturating_add(row.count);
            }
        }
        counts.iter().flatten().any(|&count| count > 0).then_some(Self { counts })
    }
}
