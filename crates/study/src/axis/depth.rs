//! The axis of depths.

use std::borrow::Cow;

use trainer::network::NetworkKind;

use super::definition::{Axis, no_choices};
use super::number::whole;
use crate::arm::Arm;

/// The most blocks; deeper networks than these do not fit what this workspace is for.
const LARGEST: u64 = 100;

pub(super) static AXIS: Axis = Axis {
    key: "depth",
    flag: None,
    value_name: "N",
    help: "Blocks of the network: its widths cut, or the last one repeated",
    is_of_network: true,
    choices: no_choices,
    set: |arm, text| {
        let depth = whole(text, 1..=LARGEST)? as usize;
        let widths = match &mut arm.run.network.kind {
            NetworkKind::Convolutional { widths } => widths,
            NetworkKind::FullyConnected { hidden } => hidden,
        };
        let last = *widths.last().ok_or("a network with blocks to repeat")?;
        let mut deep = widths.to_vec();
        deep.resize(depth, last);
        *widths = Cow::Owned(deep);
        Ok(())
    },
    text: |arm| blocks(arm).to_string(),
    label: |arm| {
        let depth = blocks(arm);
        format!("{depth} block{}", if depth == 1 { "" } else { "s" })
    },
};

fn blocks(arm: &Arm) -> usize {
    match &arm.run.network.kind {
        NetworkKind::Convolutional { widths } => widths.len(),
        NetworkKind::FullyConnected { hidden } => hidden.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_depth_cuts_the_widths_or_repeats_the_last() {
        let of = |network: &str, depth: &str| {
            let mut arm = Arm::any().unwrap();
            (crate::axis::NETWORK.set)(&mut arm, network).unwrap();
            (AXIS.set)(&mut arm, depth).unwrap();
            arm.network().to_string()
        };
        assert_eq!(of("simple", "1"), "conv-16_relu");
        assert_eq!(of("simple", "4"), "conv-16-32-32-32_relu");
        assert_eq!(of("batch-norm", "3"), "linear-200-200-200_batch-norm_relu");
        let mut none = Arm::any().unwrap();
        (crate::axis::NETWORK.set)(&mut none, "linear_relu").unwrap();
        assert!((AXIS.set)(&mut none, "2").is_err());
    }
}
