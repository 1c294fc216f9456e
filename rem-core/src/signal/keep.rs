//! [`Keep`]: what becomes of results.

use super::error::Panicked;
use super::receiver::ReceiverId;
use super::results::Panics;

/// What becomes of results.
pub(super) trait Keep<R> {
    fn expect(&mut self, receivers: usize);
    /// Runs through them, which calls the receivers, and says how many there were, if it cares. It may be left by a panic,
    /// and has then what came before.
    fn take(&mut self, results: impl Iterator<Item = (ReceiverId, R)>, count: &mut usize);
    fn panicked(&mut self, receiver: ReceiverId, panic: Panicked);
}

/// Everything is kept.
pub(super) struct Collected<R> {
    pub(super) values: Vec<(ReceiverId, R)>,
    pub(super) panics: Panics,
}

impl<R> Keep<R> for Collected<R> {
    #[inline]
    fn expect(&mut self, receivers: usize) {
        self.values = Vec::with_capacity(receivers);
    }
    #[inline]
    fn take(&mut self, results: impl Iterator<Item = (ReceiverId, R)>, _: &mut usize) {
        self.values.extend(results);
    }
    fn panicked(&mut self, receiver: ReceiverId, panic: Panicked) {
        self.panics.push(self.values.len() + self.panics.len(), receiver, panic);
    }
}

/// Nothing but the panics is kept.
impl<R> Keep<R> for Panics {
    #[inline]
    fn expect(&mut self, _: usize) {}
    #[inline]
    fn take(&mut self, results: impl Iterator<Item = (ReceiverId, R)>, count: &mut usize) {
        /// Written back once, after a panic too.
        struct Counted<'a>(&'a mut usize, usize);
        impl Drop for Counted<'_> {
            #[inline]
            fn drop(&mut self) {
                *self.0 = self.1;
            }
        }
        let so_far = *count;
        let mut counted = Counted(count, so_far);
        for (_, value) in results {
            drop(value);
            counted.1 += 1;
        }
    }
    fn panicked(&mut self, receiver: ReceiverId, panic: Panicked) {
        self.push(0, receiver, panic);
    }
}
