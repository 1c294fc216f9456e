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
            Self::Weak { .. } => self.get().map(|value| run(&value)),
        }
    }

    /// The value, to be kept for the length of a call; `None` if it is gone, and then its subscriptions end.
    pub(super) fn get(&self) -> Option<Arc<S>> {
        match self {
            Self::Strong(value) => Some(Arc::clone(value)),
            Self::Weak { value, left } => {
                let value = value.upgrade();
                if value.is_none() {
                    left.end();
                }
                value
            }
        }
    }

    /// Tells when the value is gone, and its subscriptions end then; unless it is kept here.
    pub(super) fn is_gone(&self) -> Option<impl Fn() -> bool + Send + Sync + use<S>>
    where
        S: Send + Sync + 'static,
    {
        match self {
            Self::Strong(_) => None,
            Self::Weak { value, left } => {
                let (value, left) = (Weak::clone(value), Arc::clone(left));
                Some(move || {
                    let is_gone = value.strong_count() == 0;
                    if is_gone {
                        left.end();
                    }
                    is_gone
                })
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
