//! What the columns of tables hold, and what each kind refuses.

use std::fmt::Debug;

use serde::{Deserialize, Serialize};

/// What a column holds.
pub trait Column {
    /// A value in memory.
    type Value: Clone + Debug + Default + PartialEq + Serialize;

    /// The value of a cell.
    ///
    /// # Errors
    ///
    /// What is wrong with the text, to be said after `found "…"`.
    fn read(cell: &str) -> Result<Self::Value, String>;

    /// The value where a table of an older program lacks the column; none where it must be there.
    fn absent() -> Option<Self::Value> {
        None
    }
}

fn number(cell: &str) -> Result<f64, String> {
    let number: f64 = cell.parse().map_err(|error| format!(": {error}"))?;
    if number.is_finite() { Ok(number) } else { Err(", expected a finite number".to_owned()) }
}

fn whole(cell: &str) -> Result<u64, String> {
    cell.parse().map_err(|error| format!(": {error}"))
}

/// A column of numbers, a kind per line: its name, what a value is in memory, how a cell is read,
/// which values are allowed, and what the error says was expected.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident: $value:ty, $read:ident, $allowed:expr, $expected:literal;)*) => {
        $($(#[$doc])*
        #[derive(Debug)]
        pub enum $kind {}

        impl Column for $kind {
            type Value = $value;

            fn read(cell: &str) -> Result<$value, String> {
                let value = $read(cell)?;
                let allowed: fn($value) -> bool = $allowed;
                if allowed(value) { Ok(value) } else { Err(concat!(", expected ", $expected).to_owned()) }
            }
        })*
    };
}

kinds! {
    /// A share of images, from 0 to 1; higher is better.
    Accuracy: f64, number, |share| (0.0..=1.0).contains(&share), "a share from 0 to 1";
    /// A mean cross-entropy in nats; lower is better.
    Loss: f64, number, |loss| loss >= 0.0, "a cross-entropy, which is not negative";
    /// Any finite number.
    Real: f64, number, |_| true, "a number";
    /// A number of steps, epochs or images. Sums of larger ones would overflow.
    Count: u64, whole, |count| count <= u64::from(u32::MAX), "at most 4294967295";
    /// The number of a block or a class.
    Index: u64, whole, |_| true, "a whole number";
}

/// A column of names: any text.
#[derive(Debug)]
pub enum Name {}

impl Column for Name {
    type Value = String;

    fn read(cell: &str) -> Result<String, String> {
        if cell.is_empty() { Err(", expected a name".to_owned()) } else { Ok(cell.to_owned()) }
    }
}

/// A column with empty cells, or that older tables lack.
#[derive(Debug)]
pub struct Optional<C>(std::marker::PhantomData<C>);

impl<C: Column> Column for Optional<C> {
    type Value = Option<C::Value>;

    fn read(cell: &str) -> Result<Self::Value, String> {
        if cell.is_empty() { Ok(None) } else { C::read(cell).map(Some) }
    }

    fn absent() -> Option<Self::Value> {
        Some(None)
    }
}

/// A column of words, each a variant of an enum.
macro_rules! words {
    ($($(#[$doc:meta])* $kind:ident: $($(#[$of:meta])* $variant:ident = $word:literal),* ;)*) => {
        $($(#[$doc])*
        #[derive(
            Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize,
        )]
        pub enum $kind {
            #[default]
            $($(#[$of])* #[serde(rename = $word)] $variant,)*
        }

        impl Column for $kind {
            type Value = Self;

            fn read(cell: &str) -> Result<Self, String> {
                match cell {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(format!(", expected one of {:?}", [$($word),*])),
                }
            }
        })*
    };
}

words! {
    /// How the training of a run ended.
    RunState:
        /// All its epochs are trained.
        Trained = "trained",
        /// Its loss was not finite any more.
        Diverged = "diverged";
    /// Where in a convolution block values were observed.
    Place:
        /// What goes into batch norm.
        BeforeBatchNorm = "before_batch_norm",
        /// What goes into the ReLU.
        PreActivation = "pre_activation";
    /// A parameter or running statistic of batch norm.
    Statistic:
        /// γ.
        Gamma = "gamma",
        /// β.
        Beta = "beta",
        /// The running mean.
        RunningMean = "running_mean",
        /// The running variance.
        RunningVar = "running_var";
}
