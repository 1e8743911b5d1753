//! Work on the cores, several items at a time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Does `work` on each item, several items at a time, with `threads` threads for all together. The
/// results are in the order of the items. `work` gets the item's index, the item, and the number of
/// threads that it may use itself: all threads divided by the items left, rounded down.
///
/// # Errors
///
/// After the first error no further item is begun. Of several errors the one of the earliest item is
/// returned.
pub fn side_by_side<I: Sync, R: Send, E: Send>(
    items: &[I],
    threads: usize,
    work: impl Fn(usize, &I, usize) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let queue = Mutex::new(items.iter().enumerate());
    let left = AtomicUsize::new(items.len());
    let next = || queue.lock().map(|mut queue| queue.next());
    let mut results: Vec<(usize, Result<R, E>)> = Vec::new();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.min(items.len()))
            .map(|_| {
                scope.spawn(|| {
                    let mut done = Vec::new();
                    while let Ok(Some((index, item))) = next() {
                        let share = threads / left.load(Ordering::Relaxed).min(threads).max(1);
                        let result = work(index, item, share.max(1));
                        left.fetch_sub(1, Ordering::Relaxed);
                        if result.is_err()
                            && let Ok(mut queue) = queue.lock()
                        {
                            queue.by_ref().for_each(drop);
                        }
                        done.push((index, result));
                    }
                    done
                })
            })
            .collect();
        for worker in workers {
            // A panic in a run is a bug; it goes on here as it would without threads.
            results.extend(worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
    });
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::time::Duration;

    use super::*;

    #[test]
    fn results_are_in_order() {
        let items: Vec<u32> = (0..50).collect();
        for threads in [1, 2, 8, 100] {
            let squares =
                side_by_side(&items, threads, |index, item, _| Ok::<_, ()>(index as u32 * item))
                    .unwrap();
            assert!(squares.iter().zip(&items).all(|(square, item)| *square == item * item));
        }
    }

    #[test]
    fn threads_that_no_item_needs_go_to_those_that_are_left() {
        let shares = |items: usize, threads| {
            let items = vec![(); items];
            let all = Barrier::new(items.len().min(threads));
            side_by_side(&items, threads, |_, (), share| {
                all.wait(); // or one thread does all
                Ok::<_, ()>(share)
            })
            .unwrap()
        };
        assert_eq!(shares(1, 8), [8]);
        assert_eq!(shares(2, 8), [4, 4]);
        assert_eq!(shares(3, 8), [2, 2, 2]);
        assert_eq!(shares(5, 1), [1; 5]);
        assert_eq!(shares(4, 2), [1; 4]);
    }

    #[test]
    fn the_first_error_wins_and_ends_the_work() {
        let items: Vec<u32> = (0..1_000).collect();
        let begun = AtomicUsize::new(0);
        let result = side_by_side(&items, 2, |_, item, _| {
            begun.fetch_add(1, Ordering::Relaxed);
            thread::sleep(Duration::from_millis(1)); // or one thread does all before the other begins
            if *item == 19 { Err(format!("item {item}")) } else { Ok(()) }
        });
        assert_eq!(result.unwrap_err(), "item 19");
        assert!(begun.into_inner() < 1_000);
    }
}
