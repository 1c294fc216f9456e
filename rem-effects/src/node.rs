//! [`Node`]: what an effect consists of, shared and unchangeable; [`Link`], which holds one.

use std::any::Any;
use std::cell::RefCell;
use std::mem;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use rem_core::Retry;

use crate::error::EffectError;
use crate::intent::Asked;

/// A value on its way from one link to the next. Each link knows its type.
pub(crate) type Value = Box<dyn Any + Send>;

/// What a part of an effect came to.
pub(crate) type Came = Result<Value, EffectError>;

/// Where in the program something was asked for.
pub(crate) type Place = &'static Location<'static>;

/// A function of the user's, behind a node.
pub(crate) type Does<A, R> = Box<dyn Fn(A) -> R + Send + Sync>;

pub(crate) enum Node {
    Value(Does<(), Value>, Place),
    Fail(EffectError),
    Ask(Asked),
    Map { before: Link, map: Does<Value, Value>, at: Place },
    Then { before: Link, then: Does<Value, Link>, at: Place },
    OrElse { before: Link, or: Does<EffectError, Link>, at: Place },
    All { parts: Vec<Link>, how: How, collect: fn(Vec<Value>) -> Value },
    Limit { before: Link, limit: Duration, at: Place },
    Again { before: Link, retry: Retry },
}

/// How several effects are performed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    OneByOne,
    /// Beside one another, until the first fails.
    UntilOneFails,
    /// Beside one another, each to its end.
    ToTheEnd,
}

/// A node, shared. With the last of its links it is dropped, and what it holds after it and not within: a chain of any length
/// takes no stack, whether its links stand in one another or are kept by the functions of the user.
#[derive(Clone)]
pub(crate) struct Link(Option<Arc<Node>>);

impl Link {
    pub(crate) fn new(node: Node) -> Self {
        Self(Some(Arc::new(node)))
    }

    pub(crate) fn node(&self) -> &Node {
        match &self.0 {
            Some(node) => node,
            None => unreachable!("a link lets go of its node when it is dropped, and not before"),
        }
    }
}

thread_local! {
    /// Nodes of which nobody has a link any more, while this thread drops one; `None` while it does not.
    static WAITING: RefCell<Option<Vec<Node>>> = const { RefCell::new(None) };
}

impl Drop for Link {
    fn drop(&mut self) {
        let Some(node) = self.0.take().and_then(Arc::into_inner) else { return };
        let mut node = Some(node);
        // The thread may be at its end, and have no such place any more: then it goes at once.
        let is_first = WAITING.try_with(|waiting| {
            let mut waiting = waiting.borrow_mut();
            if let Some(waiting) = waiting.as_mut() {
                waiting.extend(node.take());
                return false;
            }
            *waiting = Some(Vec::new());
            true
        });
        if is_first == Ok(true) {
            let _over = Over;
            while let Some(gone) = node.take() {
                drop(gone); // user code: the place is not borrowed
                node = WAITING.with(|waiting| waiting.borrow_mut().as_mut().and_then(Vec::pop));
            }
        }
    }
}

/// Ends the dropping of this thread, also if what the user's code holds panics as it goes.
struct Over;

impl Drop for Over {
    fn drop(&mut self) {
        let rest = WAITING.try_with(|waiting| mem::take(&mut *waiting.borrow_mut()));
        drop(rest);
    }
}
