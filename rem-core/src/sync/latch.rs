//! [`Latch`]: waiting until something is gone, which need not count who holds it.

use std::fmt;
use std::mem;
use std::sync::Arc;
use std::task::{Poll, Waker};

use super::{Mutex, lock};
use crate::deliver::wake;

/// Put into something that is shared, as its last field: when the last who holds that lets it go, who watches is woken.
///
/// So what everybody holds on the way of an event (a route, a subscription) tells by itself when nobody does any more, and
/// costs nothing but where it is dropped while somebody watches.
pub(crate) struct Latch(Arc<Mutex<Told>>);

/// The other end of a [`Latch`], or of several that are clones.
pub(crate) struct Watch(Arc<Mutex<Told>>);

#[derive(Default)]
struct Told {
    gone: bool,
    waker: Option<Waker>,
}

/// A latch and who watches it.
pub(crate) fn latch() -> (Latch, Watch) {
    let told = Arc::new(Mutex::new(Told::default()));
    (Latch(Arc::clone(&told)), Watch(told))
}

impl Latch {
    /// Whether anybody still watches.
    pub(crate) fn is_watched(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }
}

impl Drop for Latch {
    fn drop(&mut self) {
        let waker = {
            let mut told = lock(&self.0);
            told.gone = true;
            told.waker.take()
        };
        if let Some(waker) = waker {
            wake(waker); // user code perhaps: under no lock
        }
    }
}

impl Watch {
    pub(crate) fn is_gone(&self) -> bool {
        lock(&self.0).gone
    }

    /// Ready when it is gone; until then `waker` is woken when it is.
    pub(crate) fn poll(&self, waker: &Waker) -> Poll<()> {
        // Cloned and dropped under no lock, for both are user code.
        let mut waker = Some(waker.clone());
        let mut told = lock(&self.0);
        if told.gone {
            return Poll::Ready(());
        }
        mem::swap(&mut told.waker, &mut waker);
        drop(told);
        Poll::Pending
    }
}

/// Whoever waits no longer leaves no waker behind.
impl Drop for Watch {
    fn drop(&mut self) {
        let waker = lock(&self.0).waker.take();
        drop(waker); // user code: under no lock
    }
}

impl fmt::Debug for Latch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Latch")
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("gone", &self.is_gone()).finish()
    }
}

#[cfg(all(test, rem_loom))]
mod tests {
    use loom::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::loom::{model, spawn};

    #[test]
    fn loom_who_watches_sees_what_was_done_before_the_last_let_go() {
        model(|| {
            let (latch, watch) = latch();
            let done = Arc::new(AtomicBool::new(false));
            let other = Arc::clone(&done);
            let holder = spawn(move || {
                other.store(true, Ordering::Relaxed);
                drop(latch);
            });
            assert!(crate::bus::wait(None, |waker| watch.poll(waker)));
            assert!(done.load(Ordering::Relaxed));
            holder.join().unwrap();
        });
    }
}
