//! What was observed of a run, as the tables have it that only some studies have.

use trainer::log::DistributionRow;
use trainer::network::ObservedQuantity;

use crate::figure_name::{LANDSCAPE, UNIT_PERCENTILES};
use crate::tables::{LandscapeRow, RunKey, Study, UnitRow};

/// Adds what was observed of a run to the tables that the study has. Steps come in their order.
pub(super) fn add(study: &mut Study, key: &RunKey, rows: &[DistributionRow]) {
    let [has_landscape, has_unit] =
        [LANDSCAPE, UNIT_PERCENTILES].map(|figure| study.config.shows(figure));
    let tables = &mut study.optional;
    for of_step in rows.chunk_by(|one, next| one.step == next.step) {
        let Some(DistributionRow { step, .. }) = of_step.first() else { continue };
        let (step, key) = (*step, key.clone());
        let find = |quantity| of_step.iter().find(|row| row.quantity == quantity);
        if has_landscape && let Some(losses) = find(ObservedQuantity::LossAlongGradient) {
            let range = |row: &DistributionRow| {
                (row.min.is_finite() && row.max.is_finite()).then_some((row.min, row.max))
            };
            let loss = range(losses);
            let change = find(ObservedQuantity::GradientChange).and_then(range);
            let smoothness = find(ObservedQuantity::Smoothness).and_then(range);
            tables.landscape.push(LandscapeRow {
                key: key.clone(),
                step,
                loss_min: loss.map(|(min, _)| min),
                loss_max: loss.map(|(_, max)| max),
                change_min: change.map(|(min, _)| min),
                change_max: change.map(|(_, max)| max),
                smoothness: smoothness.map(|(_, max)| max),
            });
        }
        if has_unit
            && let Some(&DistributionRow { p15, p50, p85, .. }) =
            find(ObservedQuantity::UnitPreActivation)
            // A run that diverges may have others just before.
            && [p15, p50, p85].iter().all(|value| value.is_finite())
        {
            tables.unit_percentiles.push(UnitRow { key, step, p15, p50, p85 });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made_up;
    use crate::tables::OptionalRows;

    fn row(step: u64, quantity: ObservedQuantity, [min, p50, max]: [f64; 3]) -> DistributionRow {
        let (p15, p25, p75, p85) = (min + 0.1, min + 0.2, max - 0.2, max - 0.1);
        let layer = "landscape".to_owned();
        DistributionRow { step, epoch: 0, layer, quantity, min, p15, p25, p50, p75, p85, max }
    }

    #[test]
    fn each_step_has_the_ends_of_what_was_observed_and_none_where_one_is_not_finite() {
        let mut study = Study::empty(made_up::observed().config, String::new());
        let key = RunKey { arm: study.config.arms()[0].clone(), seed: 1 };
        let rows = [
            row(0, ObservedQuantity::PreActivation, [-9.0, 0.0, 9.0]),
            row(0, ObservedQuantity::UnitPreActivation, [-1.0, 0.5, 2.0]),
            row(0, ObservedQuantity::LossAlongGradient, [1.0, 2.0, 3.0]),
            row(0, ObservedQuantity::GradientChange, [0.5, 1.0, 1.5]),
            row(0, ObservedQuantity::Smoothness, [4.0, 5.0, 6.0]),
            row(7, ObservedQuantity::LossAlongGradient, [1.0, 2.0, f64::INFINITY]),
            row(7, ObservedQuantity::GradientChange, [0.5, 1.0, 2.0]),
            row(7, ObservedQuantity::Smoothness, [4.0, 5.0, f64::NAN]),
            row(8, ObservedQuantity::UnitPreActivation, [-1.0, f64::NAN, 2.0]),
        ];
        add(&mut study, &key, &rows);
        let tables = study.optional;
        let landscape = |step, loss: Option<[f64; 2]>, change: [f64; 2], smoothness| LandscapeRow {
            key: key.clone(),
            step,
            loss_min: loss.map(|[min, _]| min),
            loss_max: loss.map(|[_, max]| max),
            change_min: Some(change[0]),
            change_max: Some(change[1]),
            smoothness,
        };
        let expected = [
            landscape(0, Some([1.0, 3.0]), [0.5, 1.5], Some(6.0)),
            landscape(7, None, [0.5, 2.0], None),
        ];
        assert_eq!(tables.landscape, expected);
        let unit = UnitRow { key: key.clone(), step: 0, p15: -0.9, p50: 0.5, p85: 1.9 };
        assert_eq!(tables.unit_percentiles, [unit]);
        let mut other = Study::empty(made_up::config(), String::new());
        add(&mut other, &key, &rows);
        assert_eq!(other.optional, OptionalRows::default());
    }
}
