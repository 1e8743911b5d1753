//! Memory that kernels work in: each thread keeps what it has used for the next call.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut, Range};
use std::thread::LocalKey;

use ndarray::{ArrayView, Axis, Dimension};

use super::aligned;
use crate::error::KernelError;

/// The pieces of memory for one type of element that a thread keeps.
pub(crate) type Kept<T> = LocalKey<RefCell<Vec<Vec<T>>>>;

/// A type of element that scratch memory can hold.
pub(crate) trait Item: Copy + 'static {
    /// The value that new memory is filled with.
    const ZERO: Self;

    /// The pieces that this thread keeps.
    fn kept() -> &'static Kept<Self>;
}

macro_rules! items {
    ($($item:ty, $zero:expr;)*) => {$(
        impl Item for $item {
            const ZERO: Self = $zero;

            fn kept() -> &'static Kept<Self> {
                thread_local! {
                    static KEPT: RefCell<Vec<Vec<$item>>> = const { RefCell::new(Vec::new()) };
                }
                &KEPT
            }
        }
    )*};
}

items! {
    f32, 0.0;
    f64, 0.0;
    u32, 0;
    usize, 0;
}

/// Elements to work on. When this is dropped, the thread keeps their memory for the next call.
#[derive(Debug)]
pub(crate) struct Scratch<T: Item> {
    memory: Vec<T>,
    /// Where in it the elements lie.
    place: Range<usize>,
}

impl<T: Item> Scratch<T> {
    /// Elements for this shape, with arbitrary values.
    ///
    /// # Errors
    ///
    /// [`KernelError::TooLarge`] when there is no memory for them.
    pub(crate) fn any(operation: &'static str, shape: &[usize]) -> Result<Self, KernelError> {
        let too_large = || KernelError::TooLarge { operation, shape: shape.to_vec() };
        let count = shape.iter().try_fold(1_usize, |count, &length| count.checked_mul(length));
        let count = count.ok_or_else(too_large)?;
        let room = aligned::room::<T>(count).ok_or_else(too_large)?;
        let mut memory = T::kept().with_borrow_mut(|kept| {
            // The smallest piece with enough room; if none has enough, the largest.
            let fitting = kept.iter().enumerate().filter(|(_, piece)| piece.capacity() >= room);
            let best = fitting.min_by_key(|(_, piece)| piece.capacity());
            let best = best.or(kept.iter().enumerate().max_by_key(|(_, piece)| piece.capacity()));
            best.map(|(at, _)| at).map(|at| kept.swap_remove(at)).unwrap_or_default()
        });
        if memory.capacity() < room {
            memory = Vec::new();
            memory.try_reserve_exact(room).map_err(|_| too_large())?;
        }
        // It never shrinks: what is cut off would be filled again for the next call that needs it.
        if memory.len() < room {
            memory.resize(room, T::ZERO);
        }
        let first = aligned::first(&memory, count);
        Ok(Self { memory, place: first..first + count })
    }

    /// Zeros for this shape.
    ///
    /// # Errors
    ///
    /// As for [`Self::any`].
    pub(crate) fn zeros(operation: &'static str, shape: &[usize]) -> Result<Self, KernelError> {
        let mut elements = Self::any(operation, shape)?;
        elements.fill(T::ZERO);
        Ok(elements)
    }
}

impl<T: Item> Scratch<T> {
    /// The elements of an array in logical order.
    ///
    /// # Errors
    ///
    /// As for [`Self::any`].
    pub(crate) fn of<D: Dimension>(
        operation: &'static str,
        array: ArrayView<'_, T, D>,
    ) -> Result<Self, KernelError> {
        let mut elements = Self::any(operation, array.shape())?;
        let Some(last) = array.ndim().checked_sub(1) else {
            elements.iter_mut().zip(array).for_each(|(place, &element)| *place = element);
            return Ok(elements);
        };
        // Row by row: one iterator over all axes takes several times as long per element.
        let width = array.len_of(Axis(last)).max(1);
        for (places, row) in elements.chunks_exact_mut(width).zip(array.lanes(Axis(last))) {
            places.iter_mut().zip(row).for_each(|(place, &element)| *place = element);
        }
        Ok(elements)
    }
}

impl<T: Item> Deref for Scratch<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.memory[self.place.clone()]
    }
}

impl<T: Item> DerefMut for Scratch<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.memory[self.place.clone()]
    }
}

impl<T: Item> Drop for Scratch<T> {
    fn drop(&mut self) {
        let memory = std::mem::take(&mut self.memory);
        // A thread that is ending keeps nothing.
        let _ = T::kept().try_with(|kept| kept.borrow_mut().push(memory));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_a_small_piece_has_used_is_not_filled_again_for_a_large_one() {
        Scratch::<u32>::any("test", &[1000]).unwrap().fill(7);
        Scratch::<u32>::any("test", &[10]).unwrap().fill(8);
        let large = Scratch::<u32>::any("test", &[1000]).unwrap();
        assert!(large[64..].iter().all(|&value| value == 7), "{:?}", &large[..]);
        assert_eq!(Scratch::<u32>::zeros("test", &[1000]).unwrap()[..], [0; 1000]);
    }
}
