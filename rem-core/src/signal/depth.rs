//! [`Depth`]: how deep sends of this thread stand in one another, and what is muted in it.

use std::cell::{Cell, RefCell};

use super::error::SendErrorKind;
use crate::sync::thread_local;

thread_local! {
    /// How many sends this thread is within. The highest bit says that something is muted here, so that one look tells a
    /// send that it need not look further.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// The signals that are muted in this thread, by their addresses.
    static MUTED: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

#[inline]
fn depth() -> usize {
    DEPTH.with(Cell::get)
}

#[inline]
fn set_depth(depth: usize) {
    DEPTH.with(|held| held.set(depth));
}

const MUTE: usize = 1 << (usize::BITS - 1);

/// A send that this thread is within.
pub(super) struct Depth {
    before: usize,
}

impl Depth {
    /// Within fewer than `limit` others, where nothing is muted. If there is none, [`look`](Self::look) says why.
    #[inline]
    pub(super) fn enter(limit: usize) -> Option<Self> {
        let depth = depth();
        if depth >= limit {
            return None;
        }
        set_depth(depth + 1);
        Some(Self { before: depth })
    }

    /// The same where something is muted, or it is too deep; `None` if the signal is muted in this thread.
    #[cold]
    pub(super) fn look(limit: usize, signal: usize) -> Result<Option<Self>, SendErrorKind> {
        if is_muted(signal) {
            return Ok(None);
        }
        if depth() & !MUTE >= limit {
            return Err(SendErrorKind::TooDeep { limit });
        }
        Ok(Some(Self::again()))
    }

    /// Within a send that has begun before, whatever the limit.
    pub(super) fn again() -> Self {
        let before = depth();
        set_depth(before + 1);
        Self { before }
    }
}

impl Drop for Depth {
    #[inline]
    fn drop(&mut self) {
        // Set back, and not counted down: a send that follows need not wait for what this one has read. Under loom, threads
        // take turns on this one, and count.
        set_depth(if cfg!(rem_loom) { depth() - 1 } else { self.before });
    }
}

/// Whether the signal is muted in this thread.
pub(super) fn is_muted(signal: usize) -> bool {
    // In a thread that ends nothing is muted any more.
    depth() & MUTE != 0 && MUTED.try_with(|muted| muted.borrow().contains(&signal)).unwrap_or(false)
}

/// Mutes the signal in this thread as long as this runs, also if it panics.
pub(super) fn muted<B>(signal: usize, run: impl FnOnce() -> B) -> B {
    struct Unmute;
    impl Drop for Unmute {
        fn drop(&mut self) {
            let left = MUTED.try_with(|muted| {
                let mut muted = muted.borrow_mut();
                muted.pop();
                muted.len()
            });
            if left.unwrap_or(0) == 0 {
                set_depth(depth() & !MUTE);
            }
        }
    }
    let _unmute = MUTED.try_with(|muted| muted.borrow_mut().push(signal)).is_ok().then(|| {
        set_depth(depth() | MUTE);
        Unmute
    });
    run()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_muted_here_is_muted_whatever_ends_first() {
        let enter = Depth::enter;
        let look = |limit, signal| Depth::look(limit, signal).map(|depth| depth.is_some());
        muted(1, || {
            muted(2, || assert!(is_muted(1) && is_muted(2)));
            assert!(is_muted(1) && !is_muted(2));
            assert!(enter(1).is_none(), "it has to look");
            assert_eq!(look(0, 1), Ok(false));
            assert_eq!(
                (look(1, 2), look(0, 2)),
                (Ok(true), Err(SendErrorKind::TooDeep { limit: 0 }))
            );
        });
        assert!(std::panic::catch_unwind(|| muted(1, || panic!("within"))).is_err());
        assert!(!is_muted(1));
        let within = enter(1);
        assert!(within.is_some() && enter(1).is_none());
        assert_eq!(look(1, 1), Err(SendErrorKind::TooDeep { limit: 1 }));
        drop(within);
        assert!(enter(1).is_some());
    }
}
