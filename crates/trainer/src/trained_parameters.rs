//! Which values of a network's parameters are trained.

use std::collections::BTreeMap;

/// Which values of a network's parameters are trained, by the names of the parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrainedParameters(BTreeMap<String, TrainedValues>);

/// Which values of a parameter are trained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrainedValues {
    /// All.
    All,
    /// Those at these places of the parameter's values in row-major order. The places ascend.
    At(Vec<usize>),
}

impl TrainedParameters {
    pub(crate) fn new(parameters: impl Iterator<Item = (String, TrainedValues)>) -> Self {
        Self(parameters.collect())
    }

    /// Whether anything of the parameter of this name is trained.
    pub fn contains(&self, parameter: &str) -> bool {
        self.0.contains_key(parameter)
    }

    /// The names of the parameters of which anything is trained, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// What is trained of the parameter of this name, if anything is.
    pub fn values(&self, parameter: &str) -> Option<&TrainedValues> {
        self.0.get(parameter)
    }

    /// How many values are trained of the parameter of this name, which has so many.
    pub fn count(&self, parameter: &str, values: usize) -> usize {
        match self.values(parameter) {
            None => 0,
            Some(TrainedValues::All) => values,
            Some(TrainedValues::At(places)) => places.len(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
