//! The values that a study's file gives an axis.

use crate::axis::Axis;

/// The values of one axis.
#[derive(Debug, Clone, PartialEq)]
pub struct AxisValues {
    /// The axis.
    pub axis: &'static Axis,
    /// Its values, as texts.
    pub values: Vec<String>,
    /// Whether it makes arms: it stands in `[compare]`, even with a single value.
    pub is_compared: bool,
}
