//! The name of the numbers that a run computes: a program does not continue from a checkpoint whose numbers
//! it would compute differently.

/// The name of the numbers that a part of the program computes, such as a layer or an optimiser.
///
/// A part that computes other bits than before gets another name. A new part gets a name of its own
/// and leaves the names of the others alone, so the checkpoints of runs without it stay good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Numerics {
    /// The first 16 digits of the SHA-256 of the lines that `cargo xtask hash` prints for
    /// `networks`. A test there holds them against each other. Any other word where there are none.
    pub name: &'static str,
    /// The folders of the presets whose training shows every change of these numbers, in the order
    /// of the presets; none for numbers that `cargo xtask hash` does not show.
    pub networks: &'static [&'static str],
}

impl Numerics {
    /// Numbers that `cargo xtask hash` does not show. The name ends in a number, which grows with
    /// each change of bits.
    pub(crate) const fn unseen(name: &'static str) -> Self {
        Self { name, networks: &[] }
    }
}

/// The numbers of the notebook's networks and of those of the lesson before: the training loop, Adam,
/// and the layers of these networks.
pub const NOTEBOOK: Numerics = Numerics {
    name: "2a48b343716e896f",
    networks: &[
        "simple_network",
        "spatial_batch_norm_network",
        "fully_connected_network",
        "batch_norm_network",
        "dropout_network",
    ],
};

/// The name of the numbers that these parts and the training loop compute together.
pub(crate) fn together(parts: impl Iterator<Item = Numerics>) -> String {
    let mut names: Vec<&str> = parts.chain([NOTEBOOK]).map(|numerics| numerics.name).collect();
    names.sort_unstable();
    names.dedup();
    names.join("+")
}
