//! Ghost batch norm of rows and of images: a batch norm whose training statistics are of parts of the
//! batch. Formulas: [`kernels::ghost_batch_norm`].

use kernels::batch_norm::RowsOrImages;
use kernels::ghost_batch_norm::{self, GhostStatistics};
use kernels::{KernelError, Real, with_rank};
use ndarray::{Array1, ArrayD, ArrayViewD, ArrayViewMutD, Ix2, Ix4};

use super::batch_norm::{BatchNorm, BatchNormInput};
use super::kind::{Backward, LayerArrays, LayerKind, NormFacts, Result};
use crate::network::memory::lend;
use crate::numerics::Numerics;
use crate::random_stream::Stream;

/// A batch norm that normalises each ghost batch by its own statistics in training.
#[derive(Debug, Clone, PartialEq)]
pub struct GhostBatchNorm<F> {
    /// Its parameters and running statistics.
    pub norm: BatchNorm<F>,
    /// The images (or rows) of a ghost batch.
    pub images: usize,
}

impl<F: Real> GhostBatchNorm<F> {
    fn train<D: RowsOrImages>(
        &mut self,
        x: ArrayViewD<'_, F>,
        out: &mut ArrayD<F>,
    ) -> Result<GhostStatistics> {
        let Self { norm: BatchNorm { gamma, beta, running, config, .. }, images } = self;
        let x = with_rank::<_, D>(D::OPERATION, "x", x)?;
        let (gamma, beta) = (gamma.view(), beta.view());
        lend(out, |out| {
            ghost_batch_norm::forward_train_into(x, *images, gamma, beta, running, config, out)
        })
    }

    /// dγ and dβ; dx takes the place of `dout`.
    fn gradients<D: RowsOrImages>(
        &self,
        x: ArrayViewD<'_, F>,
        statistics: &GhostStatistics,
        dout: &mut ArrayD<F>,
    ) -> Result<(Array1<F>, Array1<F>)> {
        let x = with_rank::<_, D>(D::OPERATION, "x", x)?;
        with_rank::<_, D>(D::OPERATION, "dout", dout.view())?;
        let gamma = self.norm.gamma.view();
        lend(dout, |dout| ghost_batch_norm::backward_train_in_place(dout, x, gamma, statistics))
    }
}

impl<F: Real> LayerKind<F> for GhostBatchNorm<F> {
    const NUMERICS: Numerics = Numerics::unseen("ghost-batch-norm-1");
    const IS_BACKWARD_IN_PLACE: bool = true;

    /// The statistics of the ghost batches.
    type Saved = Option<GhostStatistics>;

    fn forward_train(
        &mut self,
        x: ArrayViewD<'_, F>,
        _: &mut Stream,
        out: &mut ArrayD<F>,
        saved: &mut Self::Saved,
    ) -> Result<()> {
        let statistics = match self.norm.input {
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
        self.norm.forward_eval(x, out, &mut None)
    }

    fn backward(&self, saved: &Self::Saved, pass: Backward<'_, F>) -> Result<()> {
        let Backward { x, dout, parameters, .. } = pass;
        let statistics = saved.as_ref().ok_or_else(|| KernelError::Config {
            operation: "ghost_batch_norm",
            parameter: "saved",
            expected: "from the forward pass of this layer in training",
            got: "no statistics".to_owned(),
        })?;
        let (dgamma, dbeta) = match self.norm.input {
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
        self.norm.arrays()
    }

    fn arrays_mut(&mut self) -> LayerArrays<ArrayViewMutD<'_, F>> {
        self.norm.arrays_mut()
    }

    fn norm(&self) -> Option<NormFacts<'_, F>> {
        LayerKind::<F>::norm(&self.norm)
    }

    fn pytorch(&self) -> String {
        let Self { norm, images } = self;
        format!("Ghost{}({}, images={images})", norm.pytorch_name(), norm.pytorch_arguments())
    }

    const PYTORCH_CLASS: Option<&'static str> = Some(include_str!("ghost_batch_norm.py"));
}
