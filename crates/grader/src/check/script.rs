//! The script of a case: the calls that it asks of a submission.

use crate::fixture::{Case, Config, Operation};
use crate::submission::{AskedMode, Backward, Entries, Kind, Script, Step};

/// What a case of batch norm asks: the warm-up batches in training, then x in the case's own mode,
/// then the backward pass if there is a dout. `None` for cases of other operations.
pub(crate) fn script_of(case: &Case) -> Option<Script> {
    let Config::BatchNorm(mode, config) = &case.config else { return None };
    let kind = match case.operation {
        Operation::BatchNorm => Kind::Plain,
        Operation::Notebook | Operation::SpatialBatchNorm => Kind::Spatial,
        Operation::Conv2d
        | Operation::MaxPool2d
        | Operation::Relu
        | Operation::Sigmoid
        | Operation::Tanh
        | Operation::Linear
        | Operation::SoftmaxCrossEntropy
        | Operation::Dropout
        | Operation::Training => return None,
    };
    let input = |role| case.input(role).cloned();
    let (gamma, beta) = (input("gamma")?, input("beta")?);
    let step = |mode: AskedMode, x| Step { mode, x, gamma: gamma.clone(), beta: beta.clone() };
    let mut steps = match case.input("warm_up") {
        None => Vec::new(),
        Some(batches) => {
            batches.rows(usize::MAX)?.into_iter().map(|x| step(AskedMode::Train, x)).collect()
        }
    };
    steps.push(step((*mode).into(), input("x")?));
    let last = steps.len() - 1;
    let backward = |dout| Backward { step: last, dout, x_overwritten: false };
    Some(Script {
        kind,
        config: *config,
        running_mean: input("running_mean")?,
        running_var: input("running_var")?,
        entries: if case.operation == Operation::Notebook { Entries::NONE } else { Entries::ALL },
        steps,
        moved_steps: 0,
        backwards: input("dout").map(backward).into_iter().collect(),
    })
}
