//! [`Holder`]: the value that the handlers of one registration are methods of.

use std::sync::{Arc, Weak};

use super::guard::LeftBehind;

pub(super) enum Holder<S> {
    Strong(Arc<S>),
    Weak { value: Weak<S>, left: Arc<LeftBehind> },
}

impl<S> Holder<S> {
    /// Calls `run` with the value; `None` if it is gone, and then its subscriptions end.
    pub(super) fn with<R>(&self, run: impl FnOnce(&S) -> R) -> Option<R> {
        match self {
            Self::Strong(value) => Some(run(value)),
            Self::Weak { value, left } => {
                let value = value.upgrade();
                if value.is_none() {
                    left.end();
                }
                value.map(|value| run(&value))
            }
        }
    }
}

impl<S> Clone for Holder<S> {
    fn clone(&self) -> Self {
        match self {
            Self::Strong(value) => Self::Strong(Arc::clone(value)),
            Self::Weak { value, left } => {
                Self::Weak { value: Weak::clone(value), left: Arc::clone(left) }
            }
        }
    }
}
