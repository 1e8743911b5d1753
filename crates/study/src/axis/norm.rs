//! The axis of norms.

use trainer::network::Norm;

use super::definition::Axis;

pub(super) static AXIS: Axis = Axis {
    key: "norm",
    flag: None,
    value_name: "NORM",
    help: "What stands before the activation of each block",
    is_of_network: true,
    choices: || {
        vec![
            (NONE, ""),
            (BATCH, ""),
            (NOISY, "Batch norm with noise behind it in training: a control"),
            (LAYER, "Group norm with one group"),
            (INSTANCE, "Group norm with as many groups as channels"),
        ]
    },
    set: |arm, text| {
        arm.run.network.norm = norm(text).ok_or_else(|| {
            format!("{NONE}, {BATCH}, {NOISY}, {LAYER}, {INSTANCE}, group(G) or ghost(IMAGES)")
        })?;
        Ok(())
    },
    text: |arm| text(arm.run.network.norm),
    label: |arm| match arm.run.network.norm {
        Norm::None => "no norm".to_owned(),
        Norm::GroupNorm { groups } if groups > 1 => format!("group norm with {groups} groups"),
        Norm::GhostBatchNorm { images } => format!("ghost batch norm of {images} images"),
        Norm::NoisyBatchNorm => "noisy batch norm".to_owned(),
        norm @ (Norm::BatchNorm | Norm::GroupNorm { .. } | Norm::InstanceNorm) => {
            format!("{} norm", text(norm))
        }
    },
};

const NONE: &str = "none";
const BATCH: &str = "batch";
const NOISY: &str = "noisy-batch";
const LAYER: &str = "layer";
const INSTANCE: &str = "instance";

fn norm(text: &str) -> Option<Norm> {
    let number = |name: &str| {
        text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')')?.parse::<usize>().ok()
    };
    match text {
        NONE => Some(Norm::None),
        BATCH => Some(Norm::BatchNorm),
        NOISY => Some(Norm::NoisyBatchNorm),
        LAYER => Some(Norm::GroupNorm { groups: 1 }),
        INSTANCE => Some(Norm::InstanceNorm),
        _ => number("group")
            .filter(|groups| *groups > 0)
            .map(|groups| Norm::GroupNorm { groups })
            .or_else(|| {
                let images = number("ghost").filter(|images| *images > 0)?;
                Some(Norm::GhostBatchNorm { images })
            }),
    }
}

/// The value in one way of writing: a group norm of one group is layer norm.
fn text(norm: Norm) -> String {
    match norm {
        Norm::None => NONE.to_owned(),
        Norm::BatchNorm => BATCH.to_owned(),
        Norm::NoisyBatchNorm => NOISY.to_owned(),
        Norm::GroupNorm { groups: 1 } => LAYER.to_owned(),
        Norm::GroupNorm { groups } => format!("group({groups})"),
        Norm::InstanceNorm => INSTANCE.to_owned(),
        Norm::GhostBatchNorm { images } => format!("ghost({images})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_norm_has_one_text() {
        for (given, canonical) in [
            ("none", "none"),
            ("batch", "batch"),
            ("noisy-batch", "noisy-batch"),
            ("layer", "layer"),
            ("group(1)", "layer"),
            ("group(8)", "group(8)"),
            ("instance", "instance"),
            ("ghost(16)", "ghost(16)"),
        ] {
            assert_eq!(norm(given).map(text).as_deref(), Some(canonical));
        }
        for wrong in ["group", "group()", "group(0)", "group(-1)", "ghost(a)", "batch-norm", ""] {
            assert_eq!(norm(wrong), None, "{wrong}");
        }
    }
}
