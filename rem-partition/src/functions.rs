//! [`Functions`]: what units call by its name, when they come as events.

use std::any::type_name;
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use rem_core::__private::isolate;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::attempt::Attempt;
use crate::error::{AttachError, Refusal, RefusalKind};
use crate::work::{Failure, Work, value_of};

/// What a registered function takes: whatever serde reads from JSON, to be shared by the attempts at a unit.
///
/// Implemented for every such type; it cannot be implemented otherwise.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the arguments of a registered function",
    label = "not read from an event",
    note = "write `#[derive(Deserialize)]` on `{Self}`; it must own what it holds, and be `Send`, `Sync` and `'static`",
    note = "for a unit whose work holds what cannot be written into an event, publish a `LocalTask`"
)]
pub trait Arguments: DeserializeOwned + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<A: DeserializeOwned + Send + Sync + 'static> Arguments for A {}

/// Makes the work of a unit of its arguments.
type Maker = dyn Fn(&Json) -> Result<Work, serde_json::Error> + Send + Sync;

/// What units call, by names.
#[derive(Clone, Default)]
pub(crate) struct Functions {
    by_name: HashMap<Arc<str>, Function>,
    twice: Option<Arc<str>>,
}

#[derive(Clone)]
struct Function {
    make: Arc<Maker>,
    takes: &'static str,
}

impl Functions {
    pub(crate) fn add<A, T, F>(&mut self, name: Arc<str>, function: F)
    where
        A: Arguments,
        T: Send + Sync + 'static,
        F: Fn(&A, &Attempt) -> Result<T, Failure> + Send + Sync + 'static,
    {
        let function = Arc::new(function);
        let make = move |json: &Json| {
            let (arguments, function) = (A::deserialize(json)?, Arc::clone(&function));
            let work = move |attempt: &Attempt| function(&arguments, attempt).map(value_of);
            Ok(Work::Sync(Arc::new(work)))
        };
        self.insert(name, Function { make: Arc::new(make), takes: type_name::<A>() });
    }

    pub(crate) fn add_async<A, T, F, R>(&mut self, name: Arc<str>, function: F)
    where
        A: Arguments,
        T: Send + Sync + 'static,
        F: Fn(Arc<A>, Attempt) -> R + Send + Sync + 'static,
        R: Future<Output = Result<T, Failure>> + Send + 'static,
    {
        let function = Arc::new(function);
        let make = move |json: &Json| {
            let (arguments, function) = (Arc::new(A::deserialize(json)?), Arc::clone(&function));
            let work = move |attempt: Attempt| {
                let future = function(Arc::clone(&arguments), attempt);
                Box::pin(async move { future.await.map(value_of) }) as _
            };
            Ok(Work::Async(Arc::new(work)))
        };
        self.insert(name, Function { make: Arc::new(make), takes: type_name::<A>() });
    }

    fn insert(&mut self, name: Arc<str>, function: Function) {
        if self.by_name.insert(Arc::clone(&name), function).is_some() {
            self.twice.get_or_insert(name);
        }
    }

    pub(crate) fn check(&self) -> Result<(), AttachError> {
        self.twice.as_ref().map_or(Ok(()), |name| Err(AttachError::twice(name)))
    }

    /// The work of a unit that calls one.
    pub(crate) fn work(
        &self,
        unit: &Arc<str>,
        function: &str,
        arguments: &Json,
    ) -> Result<Work, Refusal> {
        let Some(Function { make, takes }) = self.by_name.get(function) else {
            let said = format!("`{function}`, which is not registered");
            return Err(Refusal::new(RefusalKind::NoSuchFunction, unit).saying(said));
        };
        let refuse = |said: &dyn fmt::Display| {
            let said = format!("`{function}` takes a `{takes}`: {said}");
            Refusal::new(RefusalKind::Arguments, unit).saying(said)
        };
        match isolate(|| make(arguments)) {
            Ok(Ok(work)) => Ok(work),
            Ok(Err(error)) => Err(refuse(&error)),
            Err(panic) => Err(refuse(&format_args!("reading them panicked: {panic}"))),
        }
    }
}

impl fmt::Debug for Functions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names: Vec<_> = self.by_name.keys().collect();
        names.sort_unstable();
        f.debug_list().entries(names).finish()
    }
}
