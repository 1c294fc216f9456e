//! User code, run so that its panics end here.

use std::any::Any;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;

/// Runs user code; a panic becomes its message.
///
/// Under `panic = "abort"` there is nothing to catch: the process ends.
pub(crate) fn isolate<R>(run: impl FnOnce() -> R) -> Result<R, Box<str>> {
    // What the closure may leave half done is the user's own; our state is not touched within it.
    catch_unwind(AssertUnwindSafe(run)).map_err(message)
}

/// Drops what may hold the user's data: its `Drop` may panic, and no publisher should feel it.
pub(crate) fn quietly<T>(value: T) {
    if mem::needs_drop::<T>() {
        let _ = isolate(move || drop(value));
    }
}

/// Drops each by itself: a second `Drop` that panicked while the first one's panic is under way would end the process.
pub(crate) fn each_quietly<T>(values: impl IntoIterator<Item = T>) {
    values.into_iter().for_each(quietly);
}

/// Wakes whoever waits: what a runtime does then is its own, and who else waits is still to be woken.
pub(crate) fn wake(waker: Waker) {
    let _ = isolate(move || waker.wake());
}

/// The text of a panic, whose payload is any value.
fn message(payload: Box<dyn Any + Send>) -> Box<str> {
    let text = match payload.downcast_ref::<&str>() {
        Some(text) => Box::from(*text),
        None => match payload.downcast_ref::<String>() {
            Some(text) => Box::from(text.as_str()),
            None => Box::from("a panic whose payload is not text"),
        },
    };
    // A payload may panic as it is dropped, and so may the payload of that; the second one is let go.
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        mem::forget(second);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::panic::panic_any;

    use super::*;

    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic_any(Bomb);
        }
    }

    #[test]
    fn panics_become_their_text() {
        assert_eq!(isolate(|| 1), Ok(1));
        assert_eq!(isolate(|| panic!("no {}", 1)), Err::<(), _>("no 1".into()));
        assert_eq!(isolate(|| panic!("plain")), Err::<(), _>("plain".into()));
        assert_eq!(
            isolate(|| panic_any(7)),
            Err::<(), _>("a panic whose payload is not text".into())
        );
    }

    #[test]
    fn a_payload_that_panics_when_dropped_ends_here_too() {
        assert!(isolate(|| panic_any(Bomb)).is_err());
    }
}
