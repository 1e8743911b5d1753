//! A network by its name on the command line.

use std::sync::LazyLock;

use clap::ValueEnum;
use clap::builder::PossibleValue;
use trainer::network::Preset;

/// One of the networks that have a name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct NetworkArgument(pub(crate) &'static Preset);

impl ValueEnum for NetworkArgument {
    fn value_variants<'a>() -> &'a [Self] {
        static ALL: LazyLock<Vec<NetworkArgument>> =
            LazyLock::new(|| Preset::all().iter().copied().map(NetworkArgument).collect());
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.argument).help(self.0.help))
    }
}
