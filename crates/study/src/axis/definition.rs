//! What an axis says of itself, and the values that a study gives to one.

use std::fmt::{self, Debug, Formatter};
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use trainer::TrainError;
use trainer::run::RunConfig;

/// What the list of axes says of one.
pub trait Listed {
    /// The name of its column in tables.
    const NAME: &'static str;

    /// The key in `study.toml`.
    const KEY: &'static str;

    /// Whether tables and sentences show the axis even where a study compares a single value of it.
    const ALWAYS_SHOWN: bool;
}

/// A hyperparameter that a study may vary. The type that implements it is that of its values.
pub trait Axis:
    Listed + Clone + Debug + PartialEq + Serialize + DeserializeOwned + 'static
{
    /// The option on the command line, without dashes.
    const FLAG: &'static str;

    /// What a value is called in the help of the command line.
    const VALUE_NAME: &'static str;

    /// The help of the option.
    const HELP: &'static str;

    /// Whether `study.toml` holds the axis even with its default value. An axis that came later is
    /// left out then, so that older files keep their bytes.
    const ALWAYS_WRITTEN: bool = Self::ALWAYS_SHOWN;

    /// The values of the notebook's own study, and of a quick look at it.
    fn default_values(quick: bool) -> Vec<Self>;

    /// All values as the command line takes them, with the help of each, where there are only a few.
    fn choices() -> Vec<(&'static str, &'static str)> {
        Vec::new()
    }

    /// The value of this text in tables and on the command line.
    ///
    /// # Errors
    ///
    /// What is expected of a text instead.
    fn parse(text: &str) -> Result<Self, String>;

    /// Whether a study can have this value.
    ///
    /// # Errors
    ///
    /// What is expected of a value instead.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    /// Whether a run with this value trains as those behind the published figures did.
    fn is_as_published(&self) -> bool {
        Self::default_values(false).contains(self)
    }

    /// The value as tables show it.
    fn text(&self) -> String;

    /// The value as the command line takes it.
    fn argument(&self) -> String {
        self.text()
    }

    /// The value in a sentence, such as `head frozen`.
    fn label(&self) -> String;

    /// Sets the value in the configuration of a run, after the axes before it in the list.
    ///
    /// # Errors
    ///
    /// A value that no run can have.
    fn apply(&self, run: &mut RunConfig) -> Result<(), TrainError>;
}

/// Whether a study can have this number of steps, epochs or images; the error says what is expected.
pub(crate) fn expect_count(count: u64) -> Result<(), String> {
    // Larger numbers would overflow sums of steps.
    let range = 1..=u64::from(u32::MAX);
    if range.contains(&count) { Ok(()) } else { Err(expected_count()) }
}

/// What is expected in the place of a text or number that is no such count.
pub(crate) fn expected_count() -> String {
    format!("a whole number from 1 to {}", u32::MAX)
}

/// The values that a study gives to an axis, in the order of its report. In `study.toml` a single
/// value of an axis that is not [`Listed::ALWAYS_SHOWN`] stands without brackets.
#[derive(Debug, Clone, PartialEq)]
pub struct Values<A>(Vec<A>);

impl<A> Deref for Values<A> {
    type Target = [A];

    fn deref(&self) -> &[A] {
        &self.0
    }
}

impl<A> From<Vec<A>> for Values<A> {
    fn from(values: Vec<A>) -> Self {
        Self(values)
    }
}

impl<A: Axis> Values<A> {
    /// Whether tables and sentences show the axis in a study with these values.
    pub fn are_shown(&self) -> bool {
        A::ALWAYS_SHOWN || self.len() > 1
    }

    /// Whether `study.toml` can leave the axis out.
    pub(super) fn are_implied(&self) -> bool {
        !A::ALWAYS_WRITTEN && *self == Self::default()
    }

    /// The values as arguments of the command line.
    pub fn arguments(&self) -> String {
        self.iter().map(A::argument).collect::<Vec<_>>().join(",")
    }
}

impl<A: Axis> Default for Values<A> {
    fn default() -> Self {
        Self(A::default_values(false))
    }
}

impl<A: Axis> Serialize for Values<A> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] if !A::ALWAYS_SHOWN => one.serialize(serializer),
            values => values.serialize(serializer),
        }
    }
}

impl<'de, A: Axis> Deserialize<'de> for Values<A> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrMore(PhantomData)).map(Self)
    }
}

/// Reads one value or a list of values.
struct OneOrMore<A>(PhantomData<A>);

/// A method of the visitor, for one value of this type.
macro_rules! one {
    ($method:ident, $kind:ty) => {
        fn $method<E: de::Error>(self, value: $kind) -> Result<Vec<A>, E> {
            Ok(vec![A::deserialize(value.into_deserializer())?])
        }
    };
}

impl<'de, A: Axis> Visitor<'de> for OneOrMore<A> {
    type Value = Vec<A>;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "a value of {} or a list of values", A::KEY)
    }

    one!(visit_bool, bool);
    one!(visit_i64, i64);
    one!(visit_u64, u64);
    one!(visit_f64, f64);
    one!(visit_str, &str);

    fn visit_seq<S: SeqAccess<'de>>(self, values: S) -> Result<Vec<A>, S::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(values))
    }

    fn visit_map<M: MapAccess<'de>>(self, value: M) -> Result<Vec<A>, M::Error> {
        Ok(vec![A::deserialize(MapAccessDeserializer::new(value))?])
    }
}
