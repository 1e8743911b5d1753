use super::{Arithmetic, Body, InstructionSet, LANES, run};

/// Windows on one image in channels-last memory, whose pixels are counted by rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Windows<'a> {
    /// The first pixel of each window.
    pub corners: &'a [u32],
    /// What to add to it for each pixel of a window, in order.
    pub taps: &'a [u32],
    /// Values of a pixel.
    pub channels: usize,
}

/// The largest value of each window and its pixel, by channel: the first of equal ones, or the
/// last NaN.
pub(crate) fn pool(
    set: InstructionSet,
    windows: Windows<'_>,
    x: &[f32],
    out: &mut [f32],
    argmax: &mut [usize],
) {
    run(set, Pool { windows, x, out, argmax });
}

struct Pool<'a> {
    windows: Windows<'a>,
    x: &'a [f32],
    out: &'a mut [f32],
    argmax: &'a mut [usize],
}

impl Body for Pool<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Windows { corners, taps, channels } = self.windows;
        let pixels =
            self.out.chunks_exact_mut(channels).zip(self.argmax.chunks_exact_mut(channels));
        for (&corner, (out, argmax)) in corners.iter().zip(pixels) {
            let blocks = out.chunks_mut(LANES).zip(argmax.chunks_mut(LANES)).enumerate();
            for (block, (out, argmax)) in blocks {
                let first = block * LANES;
                let mut best = lanes(&self.x[corner as usize * channels + first..][..out.len()]);
                let mut at = [corner; LANES];
                for &tap in taps {
                    let pixel = corner + tap;
                    let x = lanes(&self.x[pixel as usize * channels + first..][..out.len()]);
                    for l in 0..LANES {
                        let is_better = (x[l] > best[l]) | x[l].is_nan();
                        best[l] = if is_better { x[l] } else { best[l] };
                        at[l] = if is_better { pixel } else { at[l] };
                    }
                }
                match (out.first_chunk_mut(), argmax.first_chunk_mut::<LANES>()) {
                    (Some(out), Some(argmax)) => {
                        *out = best;
                        for l in 0..LANES {
                            argmax[l] = at[l] as usize;
                        }
                    }
                    _ => {
                        for (l, (out, argmax)) in out.iter_mut().zip(argmax).enumerate() {
                            (*out, *argmax) = (best[l], at[l] as usize);
                        }
                    }
                }
            }
        }
    }
}

/// Writes the gradient of each window to the pixel that `argmax` names and zeros to its others,
/// where windows do not overlap. Whether each was a pixel of its window; if not, `dx` holds
/// nothing of use.
pub(crate) fn unpool(
    set: InstructionSet,
    windows: Windows<'_>,
    dout: &[f32],
    argmax: &[usize],
    dx: &mut [f32],
) -> bool {
    run(set, Unpool { windows, dout, argmax, dx })
}

struct Unpool<'a> {
    windows: Windows<'a>,
    dout: &'a [f32],
    argmax: &'a [usize],
    dx: &'a mut [f32],
}

impl Body for Unpool<'_> {
    type Output = bool;

    #[inline(always)]
    fn run<A: Arithmetic>(self) -> bool {
        let Windows { corners, taps, channels } = self.windows;
        let pixels = self.dout.chunks_exact(channels).zip(self.argmax.chunks_exact(channels));
        let mut is_lost = [0_u32; LANES];
        for (&corner, (dout, argmax)) in corners.iter().zip(pixels) {
            for (block, (dout, argmax)) in dout.chunks(LANES).zip(argmax.chunks(LANES)).enumerate()
            {
                let first = block * LANES;
                let width = dout.len();
                let dout = lanes(dout);
                // Lanes beyond the last channel look for what they find.
                let mut wanted = [corner; LANES];
                match argmax.first_chunk::<LANES>() {
                    Some(argmax) => {
                        for l in 0..LANES {
                            wanted[l] = argmax[l].min(u32::MAX as usize) as u32;
                        }
                    }
                    None => {
                        for (wanted, &argmax) in wanted.iter_mut().zip(argmax) {
                            *wanted = argmax.min(u32::MAX as usize) as u32;
                        }
                    }
                }
                let mut is_missing = [u32::MAX; LANES];
                for &tap in taps {
                    let pixel = corner + tap;
                    let dx = &mut self.dx[pixel as usize * channels + first..][..width];
                    let mut values = [0.0; LANES];
                    for l in 0..LANES {
                        let is_here = wanted[l] == pixel;
                        // A sum as in the loops for overlapping windows, which have no −0.
                        values[l] = if is_here { 0.0 + dout[l] } else { 0.0 };
                        is_missing[l] &= if is_here { 0 } else { u32::MAX };
                    }
                    match dx.first_chunk_mut() {
                        Some(dx) => *dx = values,
                        None => dx.copy_from_slice(&values[..width]),
                    }
                }
                for l in 0..LANES {
                    is_lost[l] |= is_missing[l];
                }
            }
        }
        is_lost == [0; LANES]
    }
}

/// The first lanes of `values`, filled up with zeros.
#[inline(always)]
fn lanes(values: &[f32]) -> [f32; LANES] {
    match values.first_chunk() {
        Some(values) => *values,
        None => {
            let mut lanes = [0.0; LANES];
            lanes[..values.len()].copy_from_slice(values);
            lanes
        }
    }
}
