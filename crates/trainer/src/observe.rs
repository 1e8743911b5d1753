//! What of a training is observed, by names that study files and records have.

use std::collections::BTreeSet;

macro_rules! observables {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// Something that can be observed of a training, at the steps that are observed. It changes no
        /// number of the training.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Observable {
            $($(#[$doc])* $variant,)*
        }

        impl Observable {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name in files.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

observables! {
    /// The inputs of all activations and of the norms before them, and γ, β and the running statistics
    /// of batch norms.
    Distributions = "distributions",
    /// The loss and its gradient along the gradient: [`crate::landscape`].
    Landscape = "landscape",
    /// The inputs of one activation: those of the first unit (of images, channel) of the last block.
    Unit = "unit",
}

/// All that is observed of a training: usually distributions, and nothing else.
///
/// As text it is the names joined by `+`, in the order of [`Observable::ALL`], or `none`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observe(BTreeSet<Observable>);

/// The name of nothing.
const NONE: &str = "none";

/// What stands between two names.
const JOINED: char = '+';

impl Observe {
    /// Nothing.
    pub fn nothing() -> Self {
        Self(BTreeSet::new())
    }

    /// Whether this is observed.
    pub fn has(&self, observable: Observable) -> bool {
        self.0.contains(&observable)
    }

    /// Whether nothing is.
    pub fn is_nothing(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the forward pass of a step has to keep the inputs of activations for it.
    pub(crate) fn keeps_activations(&self) -> bool {
        self.has(Observable::Distributions) || self.has(Observable::Unit)
    }

    /// The name in files.
    pub fn name(&self) -> String {
        if self.is_nothing() {
            return NONE.to_owned();
        }
        let names: Vec<&str> = self.0.iter().map(|observable| observable.name()).collect();
        names.join(&JOINED.to_string())
    }

    /// What this name stands for: names of [`Observable`]s in any order, or `none`.
    pub fn of_name(name: &str) -> Option<Self> {
        if name == NONE {
            return Some(Self::nothing());
        }
        let of = |name: &str| Observable::ALL.iter().copied().find(|known| known.name() == name);
        name.split(JOINED).map(of).collect::<Option<_>>().map(Self)
    }
}

impl Default for Observe {
    fn default() -> Self {
        Self::from_iter([Observable::Distributions])
    }
}

impl FromIterator<Observable> for Observe {
    fn from_iter<I: IntoIterator<Item = Observable>>(observables: I) -> Self {
        Self(observables.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_has_one_name() {
        for (given, expected) in [
            ("none", "none"),
            ("distributions", "distributions"),
            ("unit+distributions", "distributions+unit"),
            ("unit+landscape+unit", "landscape+unit"),
        ] {
            assert_eq!(Observe::of_name(given).unwrap().name(), expected);
        }
        assert_eq!(Observe::default().name(), "distributions");
        for wrong in ["", "none+unit", "unit+", "Unit", "unit landscape"] {
            assert_eq!(Observe::of_name(wrong), None, "{wrong}");
        }
    }
}
