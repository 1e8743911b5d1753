//! Threads within a kernel: images are divided among them, and each image is computed as by a single
//! thread, so that their number changes no result.

use crate::KernelError;

/// Below so many values a kernel stays on one thread: handing a part to another takes microseconds.
const WORTH_DIVIDING: usize = 1 << 14;

/// Calls `work`, whose kernels then use up to so many threads; 1 elsewhere, and for one thread no
/// other is started.
///
/// # Errors
///
/// [`KernelError::Threads`] when the system starts no thread, and [`KernelError::Config`] for 0.
pub fn with_threads<R: Send>(
    threads: usize,
    work: impl FnOnce() -> R + Send,
) -> Result<R, KernelError> {
    match threads {
        0 => Err(KernelError::Config {
            operation: "kernels",
            parameter: "the number of threads",
            expected: "at least 1",
            got: "0".to_owned(),
        }),
        1 if rayon::current_thread_index().is_none() => Ok(work()),
        _ => rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .map(|pool| pool.install(work))
            .map_err(|error| KernelError::Threads { threads, reason: error.to_string() }),
    }
}

/// The threads that kernels called here use.
pub(crate) fn threads() -> usize {
    // Outside a pool rayon would start one for all processors, unasked.
    if rayon::current_thread_index().is_some() { rayon::current_num_threads() } else { 1 }
}

/// Something of each image of a batch, which can be divided between images.
pub(crate) trait Divide: Sized + Send {
    /// What the images before this one have, and the rest.
    fn divide_at(self, image: usize) -> [Self; 2];
}

/// The values of the images of a batch, as many each.
#[derive(Debug)]
pub(crate) struct Images<V> {
    values: V,
    /// Values of an image, at least 1.
    each: usize,
}

impl<V> Images<V> {
    pub(crate) fn new(values: V, each: usize) -> Self {
        Self { values, each: each.max(1) }
    }

    /// The values of all images.
    pub(crate) fn all(self) -> V {
        self.values
    }
}

impl<'a, T: Sync> Images<&'a [T]> {
    /// One image after the other.
    pub(crate) fn iter(self) -> std::slice::ChunksExact<'a, T> {
        self.values.chunks_exact(self.each)
    }
}

impl<'a, T: Send> Images<&'a mut [T]> {
    /// One image after the other, to write to.
    pub(crate) fn iter_mut(self) -> std::slice::ChunksExactMut<'a, T> {
        self.values.chunks_exact_mut(self.each)
    }
}

impl<T: Sync> Divide for Images<&[T]> {
    fn divide_at(self, image: usize) -> [Self; 2] {
        let (before, rest) = self.values.split_at(image * self.each);
        [before, rest].map(|values| Self { values, each: self.each })
    }
}

impl<T: Send> Divide for Images<&mut [T]> {
    fn divide_at(self, image: usize) -> [Self; 2] {
        let (before, rest) = self.values.split_at_mut(image * self.each);
        [before, rest].map(|values| Self { values, each: self.each })
    }
}

impl<A: Divide, B: Divide> Divide for (A, B) {
    fn divide_at(self, image: usize) -> [Self; 2] {
        let ([a, c], [b, d]) = (self.0.divide_at(image), self.1.divide_at(image));
        [(a, b), (c, d)]
    }
}

impl<A: Divide, B: Divide, C: Divide> Divide for (A, B, C) {
    fn divide_at(self, image: usize) -> [Self; 2] {
        let [(ab, c), (de, f)] = ((self.0, self.1), self.2).divide_at(image);
        [(ab.0, ab.1, c), (de.0, de.1, f)]
    }
}

/// Calls `work` with parts of a batch that together are the whole, one a thread; with the whole where
/// there is one thread, or fewer than [`WORTH_DIVIDING`] `values`.
///
/// What `work` computes of an image must not depend on which others are in its part.
///
/// # Errors
///
/// The first of `work`.
pub(crate) fn divide<D: Divide, E: Send>(
    images: usize,
    values: usize,
    batch: D,
    work: &(impl Fn(D) -> Result<(), E> + Sync),
) -> Result<(), E> {
    let threads = if values < WORTH_DIVIDING { 1 } else { threads() };
    among(threads.min(images), images, batch, work)
}

fn among<D: Divide, E: Send>(
    threads: usize,
    images: usize,
    batch: D,
    work: &(impl Fn(D) -> Result<(), E> + Sync),
) -> Result<(), E> {
    if threads <= 1 {
        return work(batch);
    }
    let first = threads / 2;
    let middle = images * first / threads;
    let [a, b] = batch.divide_at(middle);
    let (a, b) = rayon::join(
        || among(first, middle, a, work),
        || among(threads - first, images - middle, b, work),
    );
    a.and(b)
}
