//! A verdict: the answer of one check, with what was measured.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::submission::Failure;

/// The answer of one check.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// What was asked: a test of the notebook, or an output role.
    pub check: String,
    /// The case that it was asked of.
    pub case: String,
    /// The outcome.
    #[serde(flatten)]
    pub outcome: CheckOutcome,
    /// What was given, where the case is drawn and not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// A sentence for a learner, unless the check passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Verdict {
    /// The verdict of a check of the case of this name, with `hint` if it failed.
    pub(crate) fn new(check: &str, case: &str, outcome: CheckOutcome, hint: &str) -> Self {
        let is_explained =
            matches!(outcome, CheckOutcome::Failed { .. } | CheckOutcome::Noted { .. });
        Self {
            check: check.to_owned(),
            case: case.to_owned(),
            outcome,
            input: None,
            hint: is_explained.then(|| hint.to_owned()),
        }
    }

    /// The same, of a case that was drawn by this recipe.
    pub(crate) fn of_input(mut self, recipe: &impl fmt::Display) -> Self {
        self.input = (self.outcome != CheckOutcome::Passed).then(|| recipe.to_string());
        self
    }

    /// Whether nothing is wrong: the check passed, or found a convention.
    pub fn is_well(&self) -> bool {
        matches!(self.outcome, CheckOutcome::Passed | CheckOutcome::Noted { .. })
    }
}

/// The outcome of a check.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum CheckOutcome {
    /// The answer is right.
    Passed,
    /// The answer is wrong.
    Failed {
        /// What was measured.
        findings: Vec<Finding>,
    },
    /// The answer follows another convention than the notebook's, which is no mistake.
    Noted {
        /// The convention.
        convention: String,
        /// What was measured against the notebook's.
        findings: Vec<Finding>,
    },
    /// There was no answer.
    Raised {
        /// The submission's own message.
        message: String,
    },
}

impl CheckOutcome {
    /// The outcome of a check that measured this much wrong, or got no answer.
    pub(crate) fn of(findings: Result<Vec<Finding>, Failure>) -> Self {
        match findings {
            Ok(findings) if findings.is_empty() => Self::Passed,
            Ok(findings) => Self::Failed { findings },
            Err(failure) => Self::Raised { message: failure.to_string() },
        }
    }
}

/// One measurement that came out wrong.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Finding {
    /// An output has another shape than it should.
    Shape {
        /// The output.
        quantity: String,
        /// Its shape.
        found: Vec<usize>,
        /// The right one.
        expected: Vec<usize>,
    },
    /// Some values of an output are too far off.
    Values(Difference),
    /// An output has another element type than it should.
    Dtype {
        /// The output.
        quantity: String,
        /// Its type.
        found: &'static str,
        /// The right one.
        expected: &'static str,
    },
    /// A call changed something of the caller's.
    Touched {
        /// What it changed.
        quantity: String,
        /// The call.
        call: String,
    },
    /// A call that had to be refused was answered.
    Accepted {
        /// What had to be refused.
        what: String,
    },
    /// Something that came out wrong under circumstances worth telling.
    During {
        /// The circumstances.
        circumstances: String,
        /// What came out wrong.
        finding: Box<Finding>,
    },
    /// Running statistics changed where they must not.
    Moved {
        /// Which of them.
        quantity: String,
        /// The first channel that changed.
        channel: usize,
        /// Its value before.
        #[serde(serialize_with = "number")]
        before: f64,
        /// Its value after.
        #[serde(serialize_with = "number")]
        after: f64,
    },
    /// A statistic of a channel of the output is too far from its parameter.
    Statistic {
        /// The statistic: mean or std.
        quantity: String,
        /// The channel.
        channel: usize,
        /// Its value.
        #[serde(serialize_with = "number")]
        found: f64,
        /// The parameter that it should equal.
        parameter: String,
        /// That parameter's value.
        expected: f64,
        /// Relative tolerance.
        rtol: f64,
        /// Absolute tolerance.
        atol: f64,
    },
    /// An analytic gradient is too far from the numeric one.
    Gradient {
        /// Which gradient.
        quantity: String,
        /// The largest relative error.
        #[serde(serialize_with = "number")]
        found: f64,
        /// The largest one allowed.
        limit: f64,
    },
}

/// How an array differs from the expected one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// How many values are too far off.
    pub differing: usize,
    /// How many values there are.
    pub values: usize,
    /// Where the value is that exceeds its tolerance the most.
    pub worst: Vec<usize>,
    /// The value there.
    #[serde(serialize_with = "number")]
    pub found: f64,
    /// The value that should be there.
    pub expected: f64,
    /// Relative tolerance.
    pub rtol: f64,
    /// Absolute tolerance.
    pub atol: f64,
}

impl Finding {
    /// An output of another shape than it should have.
    pub(crate) fn shape(quantity: &str, found: &[usize], expected: &[usize]) -> Self {
        let (found, expected) = (found.to_vec(), expected.to_vec());
        Self::Shape { quantity: quantity.to_owned(), found, expected }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { differing, values, worst, found, expected, rtol, atol } = self;
        let differ = if *differing == 1 { "differs" } else { "differ" };
        write!(
            formatter,
            "{differing} of {values} values {differ}; the worst at {worst:?}: found {found}, \
             expected {expected} (rtol {rtol:e}, atol {atol:e})"
        )
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape { quantity, found, expected } => {
                write!(formatter, "{quantity} has shape {found:?}, expected {expected:?}")
            }
            Self::Values(difference) => difference.fmt(formatter),
            Self::Dtype { quantity, found, expected } => {
                write!(formatter, "{quantity} is {found}, expected {expected}")
            }
            Self::Touched { quantity, call } => {
                write!(formatter, "{quantity} was changed by {call}, expected it to stay as it was")
            }
            Self::Accepted { what } => {
                write!(formatter, "{what} was accepted, expected an error")
            }
            Self::During { circumstances, finding } => {
                write!(formatter, "{circumstances}: {finding}")
            }
            Self::Moved { quantity, channel, before, after } => write!(
                formatter,
                "{quantity} of channel {channel} changed from {before} to {after}, expected it to \
                 stay as it was to the last bit"
            ),
            Self::Statistic { quantity, channel, found, parameter, expected, rtol, atol } => {
                write!(
                    formatter,
                    "channel {channel} of the output has {quantity} {found}, expected \
                     {parameter} = {expected} (rtol {rtol:e}, atol {atol:e})"
                )
            }
            Self::Gradient { quantity, found, limit } => write!(
                formatter,
                "{quantity} differs from the numeric gradient by a relative error of {found:.3e}, \
                 allowed is {limit:e}"
            ),
        }
    }
}

/// JSON knows no NaN and no infinity; they become strings.
fn number<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if value.is_finite() {
        serializer.serialize_f64(*value)
    } else {
        serializer.serialize_str(&value.to_string())
    }
}
