//! What group norm asks of its arguments.

use crate::error::{KernelError, expect_not_empty, expect_shape};

pub(super) const OPERATION: &str = "group_norm";

/// Refuses an x whose channels cannot be divided among so many groups, or whose groups have a single
/// value.
pub(super) fn expect_groups(x: &[usize], groups: usize) -> Result<(), KernelError> {
    expect_not_empty(OPERATION, "x", x)?;
    let channels = x[1];
    if !channels.is_multiple_of(groups) {
        return Err(KernelError::Config {
            operation: OPERATION,
            parameter: "groups",
            expected: "a divisor of the number of channels",
            got: format!("{groups} groups for {channels} channels"),
        });
    }
    if channels == groups && x[2..].iter().all(|&length| length == 1) {
        let (operation, shape) = (OPERATION, x.to_vec());
        return Err(KernelError::OneValuePerGroup { operation, shape, groups });
    }
    Ok(())
}

/// Refuses an argument that has not one value per channel of `x`.
pub(super) fn expect_channels(
    x: &[usize],
    argument: &'static str,
    got: usize,
) -> Result<(), KernelError> {
    expect_shape(OPERATION, argument, &[got], &[x[1]], "one value per channel of x")
}
