//! dx: every input pixel collects from the outputs that it took part in.

use ndarray::{Array4, ArrayView4, Axis, Slice};

use super::config::{Conv2dConfig, OPERATION};
use super::geometry::{Geometry, ImagePhase};
use super::sparse::Sparse;
use crate::engine::correlation::Correlation;
use crate::engine::lanes::LANES;
use crate::engine::layout::{
    elements, elements_mut, from_channels_last, nothing, reused, to_channels_last,
};
use crate::engine::panels::Panels;
use crate::engine::parallel::{Images, try_divide};
use crate::engine::real::Real;
use crate::engine::scratch::Scratch;
use crate::error::KernelError;

/// dx: every input pixel collects dout · weight from the outputs that it took part in.
///
/// # Shapes
///
/// `dout` `(N, F, OH, OW)`, `size` = `[H, W]`, `weight` `(F, C, KH, KW)`; the result
/// `(N, C, H, W)`.
///
/// # Errors
///
/// As for [`backward`](super::backward).
pub fn backward_input<F: Real>(
    dout: ArrayView4<'_, F>,
    size: [usize; 2],
    weight: ArrayView4<'_, F>,
    config: &Conv2dConfig,
) -> Result<Array4<F>, KernelError> {
    let mut dx = nothing();
    backward_input_into(dout, size, weight, config, &mut dx)?;
    Ok(dx)
}

/// As [`backward_input`], into `dx`, whose memory is used again where it has room.
///
/// # Errors
///
/// As for [`backward`](super::backward); what `dx` held is then lost.
pub fn backward_input_into<F: Real>(
    dout: ArrayView4<'_, F>,
    size: [usize; 2],
    weight: ArrayView4<'_, F>,
    config: &Conv2dConfig,
    dx: &mut Array4<F>,
) -> Result<(), KernelError> {
    let n = dout.shape()[0];
    let [h, w] = size;
    let geometry = Geometry::new(&[n, weight.shape()[1], h, w], weight.shape(), config)?;
    geometry.expect_dout(dout.shape())?;
    let Geometry { c, f, .. } = geometry;
    let mut pixels = reused(OPERATION, [n, h, w, c], dx)?;
    if geometry.leaves_pixels_out() {
        pixels.fill(F::zero());
    }
    let dout = to_channels_last(dout);
    let images = (
        Images::new(elements(&dout), geometry.oh * geometry.ow * f),
        Images::new(elements_mut(&mut pixels), h * w * c),
    );
    match Sparse::new(&geometry, elements(&dout)) {
        Some(sparse) => from_nonzeros(&geometry, &sparse, weight, images)?,
        None => from_all(&geometry, weight, images)?,
    }
    *dx = from_channels_last(pixels);
    Ok(())
}

/// The dout and the dx of each image.
type DoutAndDx<'a, F> = (Images<&'a [F]>, Images<&'a mut [F]>);

/// dx from a dout of which most is zero: each nonzero is scattered to the pixels of its window.
fn from_nonzeros<F: Real>(
    geometry: &Geometry,
    sparse: &Sparse<F>,
    weight: ArrayView4<'_, F>,
    images: DoutAndDx<'_, F>,
) -> Result<(), KernelError> {
    // (F, KH, KW, C)
    let weight = Scratch::of(OPERATION, weight.permuted_axes([0, 2, 3, 1]))?;
    let spread = geometry.spread_x();
    try_divide(geometry.n, geometry.products() / 64, images, &|(dout, dx): DoutAndDx<'_, F>| {
        let (mut frame, mut nonzeros) = (spread.buffer(OPERATION)?, sparse.memory()?);
        for (dout, dx) in dout.iter().zip(dx.iter_mut()) {
            frame.fill(F::zero());
            sparse.add_input(dout, &weight, &mut frame, &mut nonzeros);
            spread.take_back(&frame, dx);
        }
        Ok(())
    })
}

/// dx from all of dout: each pixel is a sum over the outputs that the taps of its phase lead to.
fn from_all<F: Real>(
    geometry: &Geometry,
    weight: ArrayView4<'_, F>,
    images: DoutAndDx<'_, F>,
) -> Result<(), KernelError> {
    let &Geometry { c, f, .. } = geometry;
    let start = Scratch::zeros(OPERATION, &[c.next_multiple_of(LANES)])?;
    let spread = geometry.spread_dout();
    let with_panels = |phase: ImagePhase| {
        let mut taps = weight;
        for (axis, taps_here) in phase.taps.iter().enumerate() {
            let every = Slice::new(taps_here.first as isize, None, taps_here.step as isize);
            taps.slice_axis_inplace(Axis(2 + axis), every);
            taps.invert_axis(Axis(2 + axis));
        }
        let depth = taps.len() / c;
        // (KH, KW, F, C)
        let panels = Panels::pack(OPERATION, depth, c, taps.permuted_axes([2, 3, 0, 1]))?;
        Ok((phase, panels))
    };
    let phases: Vec<_> = geometry.phases().map(with_panels).collect::<Result<_, KernelError>>()?;
    try_divide(geometry.n, geometry.products() / 64, images, &|(dout, dx): DoutAndDx<'_, F>| {
        let mut buffer = spread.buffer(OPERATION)?;
        for (dout, dx) in dout.iter().zip(dx.iter_mut()) {
            let source = spread.apply(dout, &mut buffer);
            for (phase, panels) in &phases {
                let correlation = Correlation {
                    source,
                    matrix: panels.matrix(),
                    width: c,
                    start: &start,
                    runs: phase.taps[0].count,
                    run_length: phase.taps[1].count * f,
                    run_stride: spread.row(),
                    step: 1,
                };
                F::correlate(&correlation, &phase.places, dx);
            }
        }
        Ok(())
    })
}
