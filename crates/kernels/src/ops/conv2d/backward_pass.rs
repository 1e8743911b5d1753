//! The backward pass over a batch: image by image, in chunks of images, which threads share. Each image of
//! dout is read once, for all gradients that are wanted of it.

use std::ops::Range;

use super::config::OPERATION;
use super::dout::DoutImages;
use super::geometry::Geometry;
use super::input_pass::InputPass;
use super::parameter_pass::ParameterPass;
use super::sparse::Sparse;
use crate::engine::nonzeros::Nonzeros;
use crate::engine::parallel::{Divide, Images, divide, threads, try_divide};
use crate::engine::real::Real;
use crate::engine::scratch::Scratch;
use crate::error::KernelError;

/// Sums over the batch are made in this many chunks of images.
const CHUNKS: usize = 12;

/// What is computed of each image.
pub(super) struct BackwardPass<'a, F: Real, D> {
    pub(super) geometry: &'a Geometry,
    pub(super) dout: &'a D,
    /// Where there are few nonzeros.
    pub(super) sparse: Option<&'a Sparse<F>>,
    pub(super) input: Option<InputPass<'a, F>>,
    pub(super) parameters: Option<ParameterPass<'a, F>>,
}

/// Memory for one image.
struct Memory<F: Real> {
    dout: Scratch<F>,
    nonzeros: Option<Nonzeros<F>>,
    /// dweight and dbias of one image, and of a chunk; empty where they are not wanted.
    of_image: Scratch<F>,
    of_chunk: Scratch<F>,
}

impl<F: Real, D: DoutImages<F>> BackwardPass<'_, F, D> {
    /// Writes dx, if it is wanted, and dweight with dbias behind it, in the order of
    /// [`ParameterPass`], if they are.
    ///
    /// # Errors
    ///
    /// [`KernelError::TooLarge`] when there is no memory to work in, and none where an image of dout cannot be
    /// made.
    pub(super) fn run(&self, dx: &mut [F], sums: &mut [F]) -> Result<(), Option<KernelError>> {
        let n = self.geometry.n;
        // Without sums every image is a chunk, for more threads to share.
        let chunks = if self.parameters.is_some() { n.min(CHUNKS) } else { n };
        let image = dx.len() / n;
        let dx = ChunksOfImages { values: dx, image, n, chunks, these: 0..chunks };
        sums.fill(F::zero());
        if threads() == 1 {
            return self.chunks(dx, &mut |of_chunk| add(sums, of_chunk));
        }
        let count = sums.len();
        let mut of_chunks = Scratch::any(OPERATION, &[chunks, count])?;
        let parts = (dx, Images::new(&mut *of_chunks, count));
        try_divide(chunks, self.geometry.products() / 64, parts, &|(dx, of_chunks)| {
            let mut places = of_chunks.iter_mut();
            self.chunks(dx, &mut |of_chunk| {
                if let Some(place) = places.next() {
                    place.copy_from_slice(of_chunk);
                }
            })
        })?;
        let parts = (0..count, Images::new(sums, 1));
        divide(count, count * chunks / 8, parts, &|(these, sums)| {
            let sums = sums.all();
            for of_chunk in of_chunks.chunks_exact(count.max(1)) {
                add(sums, &of_chunk[these.clone()]);
            }
        });
        Ok(())
    }

    /// Computes some chunks, and calls `take` with the sums of each.
    fn chunks(
        &self,
        dx: ChunksOfImages<'_, F>,
        take: &mut dyn FnMut(&[F]),
    ) -> Result<(), Option<KernelError>> {
        let mut memory = self.memory()?;
        let mut input = self.input.as_ref().map(InputPass::start).transpose()?;
        let mut parameters = self.parameters.as_ref().map(ParameterPass::start).transpose()?;
        let mut images_of_dx = dx.values.chunks_exact_mut(dx.image.max(1));
        for chunk in dx.these {
            memory.of_chunk.fill(F::zero());
            for image in first_of(chunk, dx.n, dx.chunks)..first_of(chunk + 1, dx.n, dx.chunks) {
                let dout = self.dout.image(image, &mut memory.dout).ok_or(None)?;
                let nonzeros = match (self.sparse, &mut memory.nonzeros) {
                    (Some(sparse), Some(nonzeros)) => {
                        sparse.collect(dout, nonzeros);
                        Some((sparse, &*nonzeros))
                    }
                    _ => None,
                };
                if let Some(parameters) = &mut parameters {
                    parameters.image(image, dout, nonzeros, &mut memory.of_image);
                    add(&mut memory.of_chunk, &memory.of_image);
                }
                if let (Some(input), Some(dx)) = (&mut input, images_of_dx.next()) {
                    input.image(dout, nonzeros, dx);
                }
            }
            take(&memory.of_chunk);
        }
        Ok(())
    }

    fn memory(&self) -> Result<Memory<F>, KernelError> {
        let count = self.parameters.as_ref().map_or(0, ParameterPass::count);
        Ok(Memory {
            dout: Scratch::any(OPERATION, &[self.dout.memory()])?,
            nonzeros: self.sparse.map(Sparse::memory).transpose()?,
            of_image: Scratch::any(OPERATION, &[count])?,
            of_chunk: Scratch::any(OPERATION, &[count])?,
        })
    }
}

/// The first image of a chunk, of which a batch of `n` has `chunks`.
fn first_of(chunk: usize, n: usize, chunks: usize) -> usize {
    chunk * n / chunks
}

/// The values of the images of some chunks.
struct ChunksOfImages<'a, F> {
    values: &'a mut [F],
    /// Values of an image; 0 where there are none.
    image: usize,
    n: usize,
    /// The chunks of the whole batch, and those that are here.
    chunks: usize,
    these: Range<usize>,
}

impl<F: Send> Divide for ChunksOfImages<'_, F> {
    fn divide_at(self, chunk: usize) -> [Self; 2] {
        let Self { values, image, n, chunks, these } = self;
        let middle = these.start + chunk;
        let images = first_of(middle, n, chunks) - first_of(these.start, n, chunks);
        let (before, rest) = values.split_at_mut(images * image);
        let parts = [(before, these.start..middle), (rest, middle..these.end)];
        parts.map(|(values, these)| Self { values, image, n, chunks, these })
    }
}

fn add<F: Real>(sums: &mut [F], addends: &[F]) {
    sums.iter_mut().zip(addends).for_each(|(sum, &addend)| *sum += addend);
}
