//! Group norm of rows and of images; PyTorch's `GroupNorm`. Formulas: [`kernels::group_norm`].

use kernels::batch_norm::RowsOrImages;
use kernels::group_norm::{self, GroupNormConfig, GroupStatistics};
use kernels::{Real, with_rank};
use ndarray::{Array1, ArrayD, ArrayViewD, ArrayViewMutD, Ix2, Ix4};

use super::kind::{Backward, LayerArrays, LayerKind, NormFacts, Result, view, view_mut};
use crate::network::memory::lend;
use crate::network::quantity::ObservedQuantity;
use crate::numerics::Numerics;
use crate::random_stream::Stream;

/// A group norm with its parameters, each of shape `(C,)`.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupNorm<F> {
    /// The scale; PyTorch calls it `weight`.
    pub gamma: Array1<F>,
    /// The shift; PyTorch calls it `bias`.
    pub beta: Array1<F>,
    /// The number of groups, and ε.
    pub config: GroupNormConfig,
}

impl<F: Real> GroupNorm<F> {
    /// PyTorch's `GroupNorm(groups, channels)`: ε = 1e-5, γ = 1, β = 0.
    ///
    /// # Errors
    ///
    /// [`kernels::KernelError::Config`] for 0 groups.
    pub fn new(groups: usize, channels: usize) -> Result<Self> {
        Ok(Self {
            gamma: Array1::from_elem(channels, F::one()),
            beta: Array1::from_elem(channels, F::zero()),
            config: GroupNormConfig::new(groups, GroupNormConfig::USUAL_EPS)?,
        })
    }

    fn forward<D: RowsOrImages>(
        &self,
        x: ArrayViewD<'_, F>,
        out: &mut ArrayD<F>,
        saved: &mut GroupStatistics,
    ) -> Result<()> {
        let Self { gamma, beta, config } = self;
        let x = with_rank::<_, D>("group_norm", "x", x)?;
        lend(out, |out| group_norm::forward_into(x, gamma.view(), beta.view(), config, out, saved))
    }

    fn gradients<D: RowsOrImages>(
        &self,
        saved: &GroupStatistics,
        pass: Backward<'_, F>,
    ) -> Result<()> {
        let Backward { x, dout, parameters, .. } = pass;
        let x = with_rank::<_, D>("group_norm", "x", x)?;
        with_rank::<_, D>("group_norm", "dout", dout.view())?;
        let gamma = self.gamma.view();
        let backward = |dout: &mut _, dgamma: &mut Array1<F>, dbeta: &mut Array1<F>| {
            let parameters = [dgamma.view_mut(), dbeta.view_mut()];
            group_norm::backward_in_place(dout, x, gamma, saved, parameters)
        };
        lend(dout, |dout| match parameters {
            Some([to_dgamma, to_dbeta]) => {
                lend(to_dgamma, |dgamma| lend(to_dbeta, |dbeta| backward(dout, dgamma, dbeta)))
            }
            None => {
                let [mut dgamma, mut dbeta] = [(); 2].map(|()| Array1::zeros(gamma.len()));
                backward(dout, &mut dgamma, &mut dbeta)
            }
        })
    }
}

impl<F: Real> LayerKind<F> for GroupNorm<F> {
    const NUMERICS: Numerics = Numerics::unseen("group-norm-1");
    const IS_BACKWARD_IN_PLACE: bool = true;

    /// The statistics of the images.
    type Saved = GroupStatistics;

    fn forward_train(
        &mut self,
        x: ArrayViewD<'_, F>,
        _: &mut Stream,
        out: &mut ArrayD<F>,
        saved: &mut GroupStatistics,
    ) -> Result<()> {
        self.forward_eval(x, out, saved)
    }

    fn forward_eval(
        &self,
        x: ArrayViewD<'_, F>,
        out: &mut ArrayD<F>,
        saved: &mut GroupStatistics,
    ) -> Result<()> {
        match x.ndim() {
            2 => self.forward::<Ix2>(x, out, saved),
            _ => self.forward::<Ix4>(x, out, saved),
        }
    }

    fn backward(&self, saved: &GroupStatistics, pass: Backward<'_, F>) -> Result<()> {
        match pass.x.ndim() {
            2 => self.gradients::<Ix2>(saved, pass),
            _ => self.gradients::<Ix4>(saved, pass),
        }
    }

    fn arrays(&self) -> LayerArrays<ArrayViewD<'_, F>> {
        let weight_and_bias = Some([view(&self.gamma), view(&self.beta)]);
        LayerArrays { weight_and_bias, buffers: Vec::new() }
    }

    fn arrays_mut(&mut self) -> LayerArrays<ArrayViewMutD<'_, F>> {
        let weight_and_bias = Some([view_mut(&mut self.gamma), view_mut(&mut self.beta)]);
        LayerArrays { weight_and_bias, buffers: Vec::new() }
    }

    fn norm(&self) -> Option<NormFacts<'_, F>> {
        Some(NormFacts {
            observed: vec![
                (ObservedQuantity::Gamma, self.gamma.view()),
                (ObservedQuantity::Beta, self.beta.view()),
            ],
            counts_batches: false,
            needs_two_rows: false,
        })
    }

    fn pytorch(&self) -> String {
        let (groups, channels, eps) = (self.config.groups(), self.gamma.len(), self.config.eps());
        format!("nn.GroupNorm({groups}, {channels}, eps={eps:?})")
    }
}
