//! [`Twin`]: a value that is read while it is written.

use std::fmt;
use std::sync::TryLockError;

use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::{Mutex, RwLock, RwLockReadGuard, lock, spin, write};

/// Two copies of a value. One is read while the other is written; then they change places, and the same is written to
/// the one that was read until then, once its last reader has left.
///
/// So a reader never waits for a writer, however long that takes, and a writer waits for the readers of one copy only.
/// The price is the memory of a second copy, and that everything is written twice.
pub(super) struct Twin<T> {
    copies: [RwLock<T>; 2],
    /// The place of the copy that is read.
    current: AtomicUsize,
    writing: Mutex<()>,
}

impl<T> Twin<T> {
    /// Of two values that are alike.
    pub(super) fn new(copies: [T; 2]) -> Self {
        Self {
            copies: copies.map(RwLock::new),
            current: AtomicUsize::new(0),
            writing: Mutex::new(()),
        }
    }

    /// The value as it is; never waits.
    pub(super) fn read(&self) -> RwLockReadGuard<'_, T> {
        loop {
            let current = self.current.load(Ordering::Acquire);
            let copy = match self.copies[current].try_read() {
                Ok(copy) => Some(copy),
                // As everywhere: see `sync::lock`.
                Err(TryLockError::Poisoned(copy)) => Some(copy.into_inner()),
                Err(TryLockError::WouldBlock) => None,
            };
            // The copies may have changed places between the two looks. Then this one is being written, or has been ahead
            // of its time, and the other is the one to be read.
            match copy {
                Some(copy) if self.current.load(Ordering::Acquire) == current => return copy,
                _ => spin(),
            }
        }
    }

    /// Changes both copies, and gives back what each change returned. What begins to read after this sees it.
    ///
    /// `change` must do the same to both.
    pub(super) fn write<R>(&self, change: impl Fn(&mut T) -> R) -> [R; 2] {
        let _writing = lock(&self.writing);
        let old = self.current.load(Ordering::Relaxed);
        let new = 1 - old;
        let first = change(&mut write(&self.copies[new]));
        self.current.store(new, Ordering::Release);
        [first, change(&mut write(&self.copies[old]))]
    }
}

impl<T: fmt::Debug> fmt::Debug for Twin<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Twin").field(&*self.read()).finish()
    }
}

#[cfg(all(test, rem_loom))]
mod tests {
    use std::sync::Arc;

    use loom::thread;

    use super::*;

    #[test]
    fn loom_a_reader_sees_one_state_or_the_next_and_never_goes_back() {
        loom::model(|| {
            let twin = Arc::new(Twin::new([(0, 0), (0, 0)]));
            let other = Arc::clone(&twin);
            let writer = thread::spawn(move || {
                for _ in 0..2 {
                    other.write(|pair| {
                        pair.0 += 1;
                        pair.1 += 1;
                    });
                }
            });
            let first = *twin.read();
            let second = *twin.read();
            assert!(first.0 == first.1 && second.0 == second.1 && first.0 <= second.0);
            writer.join().unwrap();
            assert_eq!(*twin.read(), (2, 2));
            twin.write(|pair| assert_eq!(*pair, (2, 2)));
            twin.write(|pair| assert_eq!(*pair, (2, 2)));
        });
    }
}
