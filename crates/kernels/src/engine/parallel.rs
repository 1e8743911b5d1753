//! Threads within a kernel: they share the images (or rows, or values) of a batch. Each image is
//! computed as by a single thread, so the number of threads changes no result.

use std::convert::Infallible;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::KernelError;

/// A kernel that takes fewer nanoseconds stays on one thread. Small ones are divided as well, and all in
/// the same way: otherwise their results would lie in the wrong core's cache for the next.
const WORTH_DIVIDING: usize = 2_000;

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
            .map(|pool| pool.install(|| while_others_wait(work)))
            .map_err(|error| KernelError::Threads { threads, reason: error.to_string() }),
    }
}

/// How long a thread looks for work before it rests, and how long it then rests. Between two kernels
/// are microseconds; waking a thread that the system has put to sleep takes as long as some kernels.
const STAYS_AWAKE: Duration = Duration::from_millis(2);
const REST: Duration = Duration::from_micros(100);

/// Calls `work` while the other threads of the pool stay awake, as long as each has a processor.
fn while_others_wait<R>(work: impl FnOnce() -> R) -> R {
    let threads = rayon::current_num_threads();
    if thread::available_parallelism().is_ok_and(|processors| threads > processors.get()) {
        return work();
    }
    let (own, is_done) = (rayon::current_thread_index(), AtomicBool::new(false));
    rayon::in_place_scope(|scope| {
        scope.spawn_broadcast(|_, context| {
            let mut last_work = Instant::now();
            while Some(context.index()) != own && !is_done.load(Ordering::Acquire) {
                match rayon::yield_now() {
                    Some(rayon::Yield::Executed) => last_work = Instant::now(),
                    _ if last_work.elapsed() > STAYS_AWAKE => thread::sleep(REST),
                    _ => std::hint::spin_loop(),
                }
            }
        });
        let _done = SetOnDrop(&is_done);
        work()
    })
}

/// Lets the waiting threads go, also where the work panics.
struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
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
    /// Values of an image.
    each: usize,
}

impl<V> Images<V> {
    /// `each` values per image; where that is 0, there are no values.
    pub(crate) fn new(values: V, each: usize) -> Self {
        Self { values, each }
    }

    /// The values of all images.
    pub(crate) fn all(self) -> V {
        self.values
    }
}

impl<'a, T: Sync> Images<&'a [T]> {
    /// One image after the other.
    pub(crate) fn iter(self) -> std::slice::ChunksExact<'a, T> {
        self.values.chunks_exact(self.each.max(1))
    }
}

impl<'a, T: Send> Images<&'a mut [T]> {
    /// One image after the other, to write to.
    pub(crate) fn iter_mut(self) -> std::slice::ChunksExactMut<'a, T> {
        self.values.chunks_exact_mut(self.each.max(1))
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

impl Divide for Range<usize> {
    fn divide_at(self, image: usize) -> [Self; 2] {
        let middle = self.start + image;
        [self.start..middle, middle..self.end]
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
/// there is one thread, or where that takes fewer than [`WORTH_DIVIDING`] `nanoseconds`, of which a
/// rough guess will do.
///
/// What `work` computes of an image must not depend on which others are in its part.
///
/// # Errors
///
/// The first of `work`.
pub(crate) fn try_divide<D: Divide, E: Send>(
    images: usize,
    nanoseconds: usize,
    batch: D,
    work: &(impl Fn(D) -> Result<(), E> + Sync),
) -> Result<(), E> {
    let threads = if nanoseconds < WORTH_DIVIDING { 1 } else { threads() };
    among(threads.min(images), images, batch, work)
}

/// As [`try_divide`], for work that cannot fail.
pub(crate) fn divide<D: Divide>(
    images: usize,
    nanoseconds: usize,
    batch: D,
    work: &(impl Fn(D) + Sync),
) {
    let Ok(()) = try_divide::<_, Infallible>(images, nanoseconds, batch, &|part| {
        work(part);
        Ok(())
    });
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

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    /// Long enough to be divided.
    const LONG: usize = WORTH_DIVIDING;

    /// Each image's number, by so many threads.
    fn numbers(images: usize, threads: usize) -> Vec<usize> {
        let mut numbers = vec![usize::MAX; images];
        let parts = (0..images, Images::new(numbers.as_mut_slice(), 1));
        let number = |(range, numbers): (Range<usize>, Images<&mut [usize]>)| {
            range.zip(numbers.all()).for_each(|(image, number)| *number = image);
        };
        with_threads(threads, || divide(images, LONG, parts, &number)).unwrap();
        numbers
    }

    #[test]
    fn parts_are_the_whole_in_order_on_any_number_of_threads() {
        for images in [0, 1, 2, 3, 7, 50] {
            for threads in [1, 2, 3, 8] {
                let expected: Vec<usize> = (0..images).collect();
                assert_eq!(numbers(images, threads), expected, "{images} on {threads}");
            }
        }
    }

    #[test]
    fn the_first_error_of_any_part_is_returned() {
        let fail = |range: Range<usize>| if range.contains(&49) { Err(range.end) } else { Ok(()) };
        for threads in [1, 2, 3] {
            let result = with_threads(threads, || try_divide(50, LONG, 0..50, &fail)).unwrap();
            assert_eq!(result, Err(50));
        }
    }

    #[test]
    fn no_thread_is_refused_and_one_within_others_is_one() {
        let refused = with_threads(0, || ()).unwrap_err().to_string();
        assert_eq!(refused, "kernels: the number of threads must be at least 1, got 0");
        assert_eq!(threads(), 1);
        assert_eq!(with_threads(2, || [threads(), with_threads(1, threads).unwrap()]), Ok([2, 1]));
    }

    #[test]
    fn a_panic_goes_on_and_lets_the_others_go() {
        for threads in [1, 2, 3] {
            assert!(catch_unwind(|| with_threads(threads, || panic!("so it is"))).is_err());
        }
    }
}
