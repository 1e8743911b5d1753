//! What an axis says of itself.

use std::fmt::{self, Debug, Formatter};

use crate::arm::Arm;

/// A hyperparameter that a study may vary. Its values are texts; numbers are the shortest decimals that
/// read back as the same number.
pub struct Axis {
    /// Its name: the key in a study's file, the name after `--set`, and the column in tables.
    pub key: &'static str,
    /// Its own option on the command line, without dashes, which is short for `--set`; none for most.
    pub flag: Option<&'static str>,
    /// What a value is called in the help of the command line.
    pub value_name: &'static str,
    /// What it is.
    pub help: &'static str,
    /// Whether it is a part of the network, which names of networks say.
    pub is_of_network: bool,
    /// All values with the help of each, where there are only a few.
    pub choices: fn() -> Vec<(&'static str, &'static str)>,
    /// Gives an arm the value of this text. The error says what is expected instead.
    pub set: fn(&mut Arm, &str) -> Result<(), String>,
    /// The value of an arm, as tables show it and [`Self::set`] takes it.
    pub text: fn(&Arm) -> String,
    /// The value in a sentence, such as `head frozen`.
    pub label: fn(&Arm) -> String,
}

impl Axis {
    /// The text of this value as [`Self::text`] gives it, tried on an arm.
    ///
    /// # Errors
    ///
    /// What is expected instead of a text that is no value.
    pub fn canonical(&self, text: &str, arm: &Arm) -> Result<String, String> {
        let mut arm = arm.clone();
        (self.set)(&mut arm, text)?;
        Ok((self.text)(&arm))
    }
}

impl Debug for Axis {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.key)
    }
}

impl PartialEq for Axis {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

/// For axes whose values are numbers, of which there are many.
pub(super) fn no_choices() -> Vec<(&'static str, &'static str)> {
    Vec::new()
}
