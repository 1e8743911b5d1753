//! Each combination at its own best value of an axis, as the study's file asks for: a table and how it was
//! made.

use super::document::{Block, Table};
use super::statistics::p_value;
use crate::analysis::{Analysis, Best, BestArm};
use crate::error::Result;
use crate::text::{accuracy, interval, signed};

/// The table and its explanation; nothing for a study that does not ask for it.
pub(super) fn blocks(analysis: &Analysis<'_>) -> Result<Vec<Block>> {
    let Some(best) = Best::of(analysis)? else { return Ok(Vec::new()) };
    let axis = best.axis.key.replace('_', " ");
    let pairs = || best.rows.iter().filter_map(|row| row.paired.as_ref());
    let mut text = format!(
        "Each at the {axis} with the highest mean validation accuracy after the last epoch, runs that \
         diverged counted as guessing."
    );
    if pairs().next().is_some() {
        text.push_str(
            " Differences are of accuracies on the test images, which the choice has not seen, paired by seed.",
        );
    }
    if pairs().any(|(_, paired)| paired.inference.is_some()) {
        text.push_str(
            " Beside them are 95 % t intervals and p of the exact sign-flip test, adjusted by Holm's method \
             over this table.",
        );
    }
    if best.rows.iter().any(|row| row.is_at_edge) {
        text.push_str(&format!(
            " *At the edge*: the best is the least or the largest {axis} that was tried, so that a better \
             one may lie beyond."
        ));
    }
    let mut header = vec![String::new(), axis.clone(), "validation accuracy".to_owned()];
    header.extend(["test accuracy", "difference on the test images"].map(str::to_owned));
    let rows = best.rows.iter().map(|row| cells(&best, row)).collect();
    Ok(vec![
        Block::Heading(2, format!("Each at its best {axis}")),
        Block::Paragraph(text),
        Block::Table(Table { header, rows }),
    ])
}

fn cells(best: &Best<'_>, row: &BestArm<'_>) -> Vec<String> {
    let edge = match row.is_at_edge {
        _ if row.arm.all_diverged() => " (all runs diverged)",
        true => " (at the edge)",
        false => "",
    };
    let difference = row.paired.as_ref().map(|(baseline, paired)| {
        let inferred = paired.inference.as_ref().map(|found| {
            let interval = interval(found.t.low, found.t.high);
            format!(" ({interval}; p {})", p_value(found.p_adjusted))
        });
        let against = &best.rows[*baseline].label;
        format!("{}{}\nagainst {against}", signed(paired.mean()), inferred.unwrap_or_default())
    });
    vec![
        row.label.clone(),
        format!("{}{edge}", row.value),
        row.arm.final_accuracy.map(accuracy).unwrap_or_default(),
        row.arm.test_accuracy.map(accuracy).unwrap_or_default(),
        difference.unwrap_or_default(),
    ]
}
