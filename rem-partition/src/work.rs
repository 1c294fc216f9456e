//! [`Work`]: the user's function, with the types of what it gives and takes erased.

use std::any::{Any, TypeId};
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::attempt::Attempt;

/// Why a unit failed, as its work says it: any error, or text by `"…".into()`.
pub type Failure = Box<dyn Error + Send + Sync>;

/// The output of a unit, by any type.
pub(crate) type Output = Arc<dyn Any + Send + Sync>;

/// What a unit gives: `None` for `()`, of which nothing has to be kept.
pub(crate) type Value = Option<Output>;

pub(crate) fn value_of<T: Send + Sync + 'static>(value: T) -> Value {
    let is_nothing = TypeId::of::<T>() == TypeId::of::<()>();
    (!is_nothing).then(|| Arc::new(value) as Output)
}

pub(crate) type Answered = Result<Value, Failure>;
pub(crate) type Later = Pin<Box<dyn Future<Output = Answered> + Send>>;

/// What does a unit.
#[derive(Clone)]
pub(crate) enum Work {
    Sync(Arc<dyn Fn(&Attempt) -> Answered + Send + Sync>),
    Async(Arc<dyn Fn(Attempt) -> Later + Send + Sync>),
}

impl Work {
    /// What does nothing, in the place of what was dropped.
    pub(crate) fn none() -> Self {
        Self::Sync(Arc::new(|_| Ok(None)))
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sync(_) => "Sync",
            Self::Async(_) => "Async",
        })
    }
}
