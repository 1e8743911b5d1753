//! Several tests at once.

use crate::error::{Result, StatisticsError};

/// Holm's adjusted p-values of a family of tests, in the order of the tests.
///
/// With p₁ ≤ … ≤ pₘ by size, the adjusted pᵢ is the largest of min(1, (m − j + 1)·pⱼ) over j ≤ i. Whoever
/// rejects where it is at most α rejects a true hypothesis of the family in at most α of all studies,
/// however the tests depend on each other. The family is declared before the tests are made.
///
/// Source: Holm, "A Simple Sequentially Rejective Multiple Test Procedure", 1979.
///
/// # Errors
///
/// [`StatisticsError::Empty`] for no test, [`StatisticsError::PValue`] for a number outside 0 to 1.
pub fn holm(p_values: &[f64]) -> Result<Vec<f64>> {
    if p_values.is_empty() {
        return Err(StatisticsError::Empty { what: "p-values" });
    }
    if let Some(at) = p_values.iter().position(|p| !(0.0..=1.0).contains(p)) {
        return Err(StatisticsError::PValue { at, found: p_values[at] });
    }
    let mut by_size: Vec<usize> = (0..p_values.len()).collect();
    by_size.sort_by(|&one, &other| p_values[one].total_cmp(&p_values[other]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut largest: f64 = 0.0;
    for (rank, test) in by_size.into_iter().enumerate() {
        let factor = (p_values.len() - rank) as f64;
        largest = largest.max((factor * p_values[test]).min(1.0));
        adjusted[test] = largest;
    }
    Ok(adjusted)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// By hand: 4·⅛⁄16 = ¹⁄₃₂; 3·¹⁄₆₄ = ³⁄₆₄; 2·¹⁄₃₂ = ¹⁄₁₆; 1·¹⁄₂₄, raised to ¹⁄₁₆.
    #[test]
    fn a_family_of_four_comes_out_as_by_hand() {
        let p_values = [1.0 / 24.0, 1.0 / 128.0, 1.0 / 32.0, 1.0 / 64.0];
        assert_eq!(holm(&p_values).unwrap(), [1.0 / 16.0, 1.0 / 32.0, 1.0 / 16.0, 3.0 / 64.0]);
    }

    #[test]
    fn one_test_keeps_its_p_and_none_exceeds_one() {
        assert_eq!(holm(&[0.04]).unwrap(), [0.04]);
        assert_eq!(holm(&[0.75, 0.5, 1.0]).unwrap(), [1.0, 1.0, 1.0]);
        assert_eq!(holm(&[0.0, 0.25]).unwrap(), [0.0, 0.25]);
    }

    #[test]
    fn what_is_no_p_value_is_refused_by_its_place() {
        assert_eq!(holm(&[]), Err(StatisticsError::Empty { what: "p-values" }));
        assert_eq!(holm(&[0.5, -0.1]), Err(StatisticsError::PValue { at: 1, found: -0.1 }));
        assert!(holm(&[f64::NAN]).is_err() && holm(&[0.1, 1.1]).is_err());
    }

    proptest! {
        #[test]
        fn adjusting_keeps_the_order_and_lies_between_p_and_bonferroni(
            p_values in prop::collection::vec(0.0..=1.0, 1..20),
        ) {
            let adjusted = holm(&p_values).unwrap();
            for (p, after) in p_values.iter().zip(&adjusted) {
                prop_assert!(p <= after && *after <= (p * p_values.len() as f64).min(1.0));
                for (other, other_after) in p_values.iter().zip(&adjusted) {
                    prop_assert!(p > other || after <= other_after);
                }
            }
            let reversed: Vec<f64> = p_values.iter().rev().copied().collect();
            let mut of_reversed = holm(&reversed).unwrap();
            of_reversed.reverse();
            prop_assert_eq!(of_reversed, adjusted);
        }
    }
}
