//! What is said of how soon an arm reaches the final training accuracy of its baseline.

use plots::thousands;

use crate::analysis::{ArmResult, CatchUp};
use crate::text::counted;

/// From so many times on, one number of steps is called a multiple of another.
pub(crate) const NOTABLY_MORE: f64 = 1.05;

/// A sentence on the steps of an arm and of its baseline, without its capital letter.
pub(crate) fn steps_to_reach(
    with: &ArmResult<'_>,
    without: &ArmResult<'_>,
    found: &CatchUp,
) -> String {
    let (with_name, without_name) = (&with.name, &without.name);
    match (found.steps_with, found.times_fewer()) {
        (Some(steps), Some(times)) => {
            let fewer = if times >= NOTABLY_MORE {
                format!(", {times:.1} times as many")
            } else {
                String::new()
            };
            format!(
                "the final training accuracy with {without_name} is reached with {with_name} after {}; \
                 with {without_name} itself it takes {}{fewer}.",
                counted(steps, "step"),
                thousands(found.steps_without)
            )
        }
        (None, _) | (_, None) => format!(
            "the final training accuracy with {without_name} is not reached with {with_name} within {}.",
            counted(with.arm.steps(), "step")
        ),
    }
}
