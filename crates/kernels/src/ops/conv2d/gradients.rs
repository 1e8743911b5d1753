//! The gradients that are wanted, from a dout in memory or from one that is made image by image.

use ndarray::{Array4, ArrayView4, ArrayViewMut1, ArrayViewMut4, indices, s};

use super::backward_pass::BackwardPass;
use super::config::OPERATION;
use super::dout::DoutImages;
use super::geometry::Geometry;
use super::input_pass::InputPass;
use super::parameter_pass::ParameterPass;
use super::sparse::Sparse;
use crate::engine::layout::{elements, elements_mut, from_channels_last, reused, to_channels_last};
use crate::engine::real::Real;
use crate::engine::scratch::Scratch;
use crate::error::{KernelError, expect_shape};

/// Where the gradients that are wanted are written.
#[derive(Debug)]
pub struct Wanted<'a, F> {
    /// With respect to `x`, shape `(N, C, H, W)`; the memory is used again where it has room.
    pub dx: Option<&'a mut Array4<F>>,
    /// With respect to `weight`, shape `(F, C, KH, KW)`, and to `bias`, shape `(F,)`.
    pub parameters: Option<(ArrayViewMut4<'a, F>, ArrayViewMut1<'a, F>)>,
}

impl<F: Real> Wanted<'_, F> {
    /// Together with what they are computed from, as [`gradients`] takes them.
    pub(super) fn of<'a>(
        &'a mut self,
        x: ArrayView4<'a, F>,
        weight: ArrayView4<'a, F>,
    ) -> (Option<WantedInput<'a, F>>, Option<WantedParameters<'a, F>>) {
        let input = self.dx.as_deref_mut().map(|dx| WantedInput { weight, dx });
        let parameters = self.parameters.as_mut().map(|(dweight, dbias)| WantedParameters {
            x,
            dweight: dweight.view_mut(),
            dbias: dbias.view_mut(),
        });
        (input, parameters)
    }
}

/// What dx is computed from, and the memory that it is written to.
pub(super) struct WantedInput<'a, F: Real> {
    pub(super) weight: ArrayView4<'a, F>,
    pub(super) dx: &'a mut Array4<F>,
}

/// What dweight and dbias are computed from, and where they are written.
pub(super) struct WantedParameters<'a, F> {
    pub(super) x: ArrayView4<'a, F>,
    pub(super) dweight: ArrayViewMut4<'a, F>,
    pub(super) dbias: ArrayViewMut1<'a, F>,
}

/// Computes what is wanted in one pass over the images of `dout`. Returns whether all of these could be made.
/// `x` has the shape that `geometry` was made for.
///
/// # Errors
///
/// [`KernelError`] for a dweight or dbias of another shape than the parameter, and for a dx that no memory
/// holds; the results are then lost.
pub(super) fn gradients<F: Real, D: DoutImages<F>>(
    geometry: &Geometry,
    dout: &D,
    input: Option<WantedInput<'_, F>>,
    parameters: Option<WantedParameters<'_, F>>,
) -> Result<bool, KernelError> {
    let &Geometry { n, c, f, h, w, kh, kw, .. } = geometry;
    if let Some(WantedParameters { dweight, dbias, .. }) = &parameters {
        let because = "that of weight";
        expect_shape(OPERATION, "dweight", dweight.shape(), &[f, c, kh, kw], because)?;
        expect_shape(OPERATION, "dbias", dbias.shape(), &[f], "one value per filter")?;
    }
    // First of all, because a caller can ask for more memory than there is.
    let (weight, mut pixels) = match input {
        Some(WantedInput { weight, dx }) => {
            (Some(weight), Some((reused(OPERATION, [n, h, w, c], dx)?, dx)))
        }
        None => (None, None),
    };
    let sparse = Sparse::new(geometry, dout);
    let sparse = sparse.as_ref();
    let input_pass = match weight {
        Some(weight) => Some(InputPass::new(geometry, weight, sparse.is_some())?),
        None => None,
    };
    let (x, to) = match parameters {
        Some(WantedParameters { x, dweight, dbias }) => {
            (Some(to_channels_last(x)), Some((dweight, dbias)))
        }
        None => (None, None),
    };
    let parameter_pass = match &x {
        Some(x) => Some(ParameterPass::new(geometry, elements(x), sparse.is_some())?),
        None => None,
    };
    let count = parameter_pass.as_ref().map_or(0, ParameterPass::count);
    let mut sums = Scratch::any(OPERATION, &[count])?;
    let pass =
        BackwardPass { geometry, dout, sparse, input: input_pass, parameters: parameter_pass };
    let to_dx = pixels.as_mut().map(|(pixels, _)| elements_mut(pixels));
    match pass.run(to_dx.unwrap_or_default(), &mut sums) {
        Ok(()) => {}
        Err(Some(error)) => return Err(error),
        Err(None) => return Ok(false),
    }
    if let Some((pixels, dx)) = pixels {
        *dx = from_channels_last(pixels);
    }
    if let Some((dweight, dbias)) = to {
        take_apart(&sums, sparse.is_some(), dweight, dbias)?;
    }
    Ok(true)
}

/// Writes dweight and dbias from the results of a [`ParameterPass`].
fn take_apart<F: Real>(
    sums: &[F],
    is_sparse: bool,
    mut dweight: ArrayViewMut4<'_, F>,
    mut dbias: ArrayViewMut1<'_, F>,
) -> Result<(), KernelError> {
    let (f, c, kh, kw) = dweight.dim();
    let (shape, axes) =
        if is_sparse { ([f, kh, kw, c], [0, 3, 1, 2]) } else { ([kh, kw, c, f], [3, 2, 0, 1]) };
    let (dweight_sum, dbias_sum) = sums.split_at(dweight.len());
    let too_large = |_| KernelError::TooLarge { operation: OPERATION, shape: shape.to_vec() };
    let sum = ArrayView4::from_shape(shape, dweight_sum).map_err(too_large)?;
    let sum = sum.permuted_axes(axes);
    // Tap by tap: the rows of a kernel are too short to be copied one after the other.
    for (kh, kw) in indices([kh, kw]) {
        dweight.slice_mut(s![.., .., kh, kw]).assign(&sum.slice(s![.., .., kh, kw]));
    }
    dbias.iter_mut().zip(dbias_sum).for_each(|(place, &sum)| *place = sum);
    Ok(())
}
