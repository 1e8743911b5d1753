//! Batch norm of rows, per feature, and of images, per channel; PyTorch's `BatchNorm1d` and
//! `BatchNorm2d`. Formulas: [`kernels::batch_norm`] and [`kernels::spatial_batch_norm`].

use kernels::batch_norm::{BatchStatistics, RowsOrImages};
use kernels::{
    BatchNormConfig, Convention, KernelError, Real, RunningStatistics, batch_norm, with_rank,
};
use ndarray::{Array1, ArrayD, ArrayViewD, ArrayViewMutD, Ix2, Ix4};

use super::kind::{Backward, LayerArrays, LayerKind, NormFacts, Result, view, view_mut};
use crate::network::memory::lend;
use crate::network::quantity::ObservedQuantity;
use crate::numerics::{self, Numerics};
use crate::random_stream::Stream;

/// A batch norm with its parameters and running statistics, each of shape `(C,)`: one value per
/// feature of rows, or per channel of images.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchNorm<F> {
    /// What it normalises.
    pub input: BatchNormInput,
    /// The scale; PyTorch calls it `weight`.
    pub gamma: Array1<F>,
    /// The shift; PyTorch calls it `bias`.
    pub beta: Array1<F>,
    /// What evaluation normalises with.
    pub running: RunningStatistics<F>,
    /// ε, momentum and convention.
    pub config: BatchNormConfig,
}

/// What a batch norm normalises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchNormInput {
    /// Rows `(N, D)`, per feature.
    Rows,
    /// Images `(N, C, H, W)`, per channel.
    Images,
}

impl<F: Real> BatchNorm<F> {
    /// PyTorch's `BatchNorm1d(channels)` or `BatchNorm2d(channels)`: γ = 1, β = 0, running mean 0
    /// and variance 1.
    pub fn new(input: BatchNormInput, channels: usize) -> Self {
        let config = BatchNormConfig::pytorch();
        Self {
            input,
            gamma: Array1::from_elem(channels, F::one()),
            beta: Array1::from_elem(channels, F::zero()),
            running: RunningStatistics::new(channels, config.convention()),
            config,
        }
    }

    /// The name of PyTorch's class.
    pub(super) fn pytorch_name(&self) -> &'static str {
        match self.input {
            BatchNormInput::Rows => "BatchNorm1d",
            BatchNormInput::Images => "BatchNorm2d",
        }
    }

    /// The arguments that PyTorch's class takes. PyTorch knows its own convention alone: what was trained
    /// in the notebook's evaluates as here, and trains on with the unbiased variance.
    pub(super) fn pytorch_arguments(&self) -> String {
        let momentum = match self.config.convention() {
            Convention::Notebook => 1.0 - self.config.momentum(),
            Convention::PyTorch => self.config.momentum(),
        };
        format!("{}, eps={:?}, momentum={momentum:?}", self.gamma.len(), self.config.eps())
    }

    fn train<D: RowsOrImages>(
        &mut self,
        x: ArrayViewD<'_, F>,
        out: &mut ArrayD<F>,
    ) -> Result<BatchStatistics> {
        let Self { gamma, beta, running, config, .. } = self;
        let x = with_rank::<_, D>(D::OPERATION, "x", x)?;
        lend(out, |out| {
            batch_norm::forward_train_into(x, gamma.view(), beta.view(), running, config, out)
        })
    }

    fn evaluate<D: RowsOrImages>(&self, x: ArrayViewD<'_, F>, out: &mut ArrayD<F>) -> Result<()> {
        let Self { gamma, beta, running, config, .. } = self;
        let x = with_rank::<_, D>(D::OPERATION, "x", x)?;
        lend(out, |out| {
            batch_norm::forward_eval_into(x, gamma.view(), beta.view(), running, config, out)
        })
    }

    /// dγ and dβ; dx takes the place of `dout`.
    fn gradients<D: RowsOrImages>(
        &self,
        x: ArrayViewD<'_, F>,
        statistics: &BatchStatistics,
        dout: &mut ArrayD<F>,
    ) -> Result<(Array1<F>, Array1<F>)> {
        let x = with_rank::<_, D>(D::OPERATION, "x", x)?;
        with_rank::<_, D>(D::OPERATION, "dout", dout.view())?;
        lend(dout, |dout| {
            batch_norm::backward_train_in_place(dout, x, self.gamma.view(), statistics)
        })
    }
}

impl<F: Real> LayerKind<F> for BatchNorm<F> {
    const NUMERICS: Numerics = numerics::NOTEBOOK;
    const IS_BACKWARD_IN_PLACE: bool = true;

    /// The statistics of the batch.
    type Saved = Option<BatchStatistics>;

    fn forward_train(
        &mut self,
        x: ArrayViewD<'_, F>,
        _: &mut Stream,
        out: &mut ArrayD<F>,
        saved: &mut Self::Saved,
    ) -> Result<()> {
        let statistics = match self.input {
            BatchNormInput::Rows => self.train::<Ix2>(x, out),
            BatchNormInput::Images => self.train::<Ix4>(x, out),
        };
        *saved = Some(statistics?);
        Ok(())
    }

    fn forward_eval(
        &self,
        x: ArrayViewD<'_, F>,
        out: &mut ArrayD<F>,
        _: &mut Self::Saved,
    ) -> Result<()> {
        match self.input {
            BatchNormInput::Rows => self.evaluate::<Ix2>(x, out),
            BatchNormInput::Images => self.evaluate::<Ix4>(x, out),
        }
    }

    fn backward(&self, saved: &Self::Saved, pass: Backward<'_, F>) -> Result<()> {
        let Backward { x, dout, parameters, .. } = pass;
        let statistics = saved.as_ref().ok_or_else(|| KernelError::Config {
            operation: "batch_norm",
            parameter: "saved",
            expected: "from the forward pass of this layer in training",
            got: "no statistics".to_owned(),
        })?;
        let (dgamma, dbeta) = match self.input {
            BatchNormInput::Rows => self.gradients::<Ix2>(x, statistics, dout),
            BatchNormInput::Images => self.gradients::<Ix4>(x, statistics, dout),
        }?;
        if let Some([to_dgamma, to_dbeta]) = parameters {
            to_dgamma.assign(&dgamma);
            to_dbeta.assign(&dbeta);
        }
        Ok(())
    }

    fn arrays(&self) -> LayerArrays<ArrayViewD<'_, F>> {
        let RunningStatistics { mean, var, .. } = &self.running;
        LayerArrays {
            weight_and_bias: Some([view(&self.gamma), view(&self.beta)]),
            buffers: vec![("running_mean", view(mean)), ("running_var", view(var))],
        }
    }

    fn arrays_mut(&mut self) -> LayerArrays<ArrayViewMutD<'_, F>> {
        let RunningStatistics { mean, var, .. } = &mut self.running;
        LayerArrays {
            weight_and_bias: Some([view_mut(&mut self.gamma), view_mut(&mut self.beta)]),
            buffers: vec![("running_mean", view_mut(mean)), ("running_var", view_mut(var))],
        }
    }

    fn norm(&self) -> Option<NormFacts<'_, F>> {
        Some(NormFacts {
            observed: vec![
                (ObservedQuantity::Gamma, self.gamma.view()),
                (ObservedQuantity::Beta, self.beta.view()),
                (ObservedQuantity::RunningMean, self.running.mean.view()),
                (ObservedQuantity::RunningVar, self.running.var.view()),
            ],
            counts_batches: true,
            needs_two_rows: self.input == BatchNormInput::Rows,
        })
    }

    fn pytorch(&self) -> String {
        format!("nn.{}({})", self.pytorch_name(), self.pytorch_arguments())
    }
}
