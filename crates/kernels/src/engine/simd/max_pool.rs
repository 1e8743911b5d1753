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
    argmax: &mut [u32],
) {
    run(set, Pool { windows, x, out, argmax });
}

struct Pool<'a> {
    windows: Windows<'a>,
    x: &'a [f32],
    out: &'a mut [f32],
    argmax: &'a mut [u32],
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
                let (first, width) = (corner as usize * channels + block * LANES, out.len());
                let mut best = lanes::<A>(&self.x[first..][..width]);
                let mut at = A::load_indices(&[corner; LANES]);
                for &tap in taps {
                    let x = lanes::<A>(&self.x[first + tap as usize * channels..][..width]);
                    A::take_larger(x, corner + tap, &mut best, &mut at);
                }
                match (out.first_chunk_mut(), argmax.first_chunk_mut()) {
                    (Some(out), Some(argmax)) => {
                        A::store(best, out);
                        A::store_indices(at, argmax);
                    }
                    _ => {
                        let (mut values, mut indices) = ([0.0; LANES], [0; LANES]);
                        A::store(best, &mut values);
                        A::store_indices(at, &mut indices);
                        out.copy_from_slice(&values[..width]);
                        argmax.copy_from_slice(&indices[..width]);
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
    argmax: &[u32],
    dx: &mut [f32],
) -> bool {
    run(set, Unpool { windows, dout, argmax, dx })
}

struct Unpool<'a> {
    windows: Windows<'a>,
    dout: &'a [f32],
    argmax: &'a [u32],
    dx: &'a mut [f32],
}

impl Body for Unpool<'_> {
    type Output = bool;

    #[inline(always)]
    fn run<A: Arithmetic>(self) -> bool {
        let Windows { corners, taps, channels } = self.windows;
        let pixels = self.dout.chunks_exact(channels).zip(self.argmax.chunks_exact(channels));
        let mut found_everywhere = u32::MAX;
        for (&corner, (dout, argmax)) in corners.iter().zip(pixels) {
            for (block, (dout, argmax)) in dout.chunks(LANES).zip(argmax.chunks(LANES)).enumerate()
            {
                let (first, width) = (corner as usize * channels + block * LANES, dout.len());
                // A sum as in the loops for overlapping windows, which have no −0.
                let dout = A::mul_add(A::splat(1.0), lanes::<A>(dout), A::splat(0.0));
                let wanted = match argmax.first_chunk() {
                    Some(argmax) => A::load_indices(argmax),
                    None => {
                        // Lanes beyond the last channel look for what they find.
                        let mut wanted = [corner; LANES];
                        wanted[..width].copy_from_slice(argmax);
                        A::load_indices(&wanted)
                    }
                };
                let mut found = 0;
                for &tap in taps {
                    let (values, lanes) = A::keep_where(wanted, corner + tap, dout);
                    found |= lanes;
                    let dx = &mut self.dx[first + tap as usize * channels..][..width];
                    match dx.first_chunk_mut() {
                        Some(dx) => A::store(values, dx),
                        None => {
                            let mut lanes = [0.0; LANES];
                            A::store(values, &mut lanes);
                            dx.copy_from_slice(&lanes[..width]);
                        }
                    }
                }
                found_everywhere &= found;
            }
        }
        found_everywhere & 0xffff == 0xffff
    }
}

/// The first lanes of `values`, filled up with zeros.
#[inline(always)]
fn lanes<A: Arithmetic>(values: &[f32]) -> A::Vector {
    match values.first_chunk() {
        Some(values) => A::load(values),
        None => {
            let mut lanes = [0.0; LANES];
            lanes[..values.len()].copy_from_slice(values);
            A::load(&lanes)
        }
    }
}
