//! The usual kinds of middleware: [`filter`], [`transform`], [`tap`].

use std::fmt;
use std::sync::Arc;

use super::{Middleware, Next, Step, Stop};
use crate::draft::Draft;
use crate::event::Event;
use crate::publish::Receipt;
use crate::subscription::Outcome;

/// Lets pass what `keep` says yes to. What it stops is named in the publisher's receipt.
///
/// ```
/// # use rem_core::{Bus, Draft, middleware};
/// # let bus = Bus::new();
/// bus.middleware("sensor.**", middleware::filter("known", |draft: &Draft| draft.source().is_some()))?;
/// # Ok::<(), rem_core::SubscribeError>(())
/// ```
pub fn filter<F>(name: impl Into<Arc<str>>, keep: F) -> Filter<F>
where
    F: Fn(&Draft) -> bool + Send + Sync + 'static,
{
    Filter { name: name.into(), keep }
}

/// Lets `change` change what passes. An error of it stops the event, and is given to the publisher.
///
/// ```
/// # use rem_core::{Bus, Draft, middleware};
/// # let bus = Bus::new();
/// bus.middleware("**", middleware::transform("region", |draft: &mut Draft| {
///     draft.set_metadata("region", "eu").map(drop)
/// }))?;
/// # Ok::<(), rem_core::SubscribeError>(())
/// ```
pub fn transform<F, R>(name: impl Into<Arc<str>>, change: F) -> Transform<F>
where
    F: Fn(&mut Draft) -> R + Send + Sync + 'static,
    R: Outcome,
{
    Transform { name: name.into(), change }
}

/// Shows `look` every event that went through, as it was recorded, and what became of it.
///
/// ```
/// # use rem_core::{Bus, Event, Receipt, middleware};
/// # let bus = Bus::new();
/// bus.middleware("**", middleware::tap("print", |event: &Event, receipt: &Receipt| {
///     println!("{event}: {receipt}");
/// }))?;
/// # Ok::<(), rem_core::SubscribeError>(())
/// ```
pub fn tap<F>(name: impl Into<Arc<str>>, look: F) -> Tap<F>
where
    F: Fn(&Event, &Receipt) + Send + Sync + 'static,
{
    Tap { name: name.into(), look }
}

/// See [`filter`].
pub struct Filter<F> {
    name: Arc<str>,
    keep: F,
}

impl<F> Middleware for Filter<F>
where
    F: Fn(&Draft) -> bool + Send + Sync + 'static,
{
    fn before(&self, draft: &mut Draft) -> Result<Step, Stop> {
        if (self.keep)(draft) { Ok(Step::Done) } else { Err(Stop::quietly()) }
    }

    fn name(&self) -> &str {
        &self.name
    }
}

/// See [`transform`].
pub struct Transform<F> {
    name: Arc<str>,
    change: F,
}

impl<F, R> Middleware for Transform<F>
where
    F: Fn(&mut Draft) -> R + Send + Sync + 'static,
    R: Outcome,
{
    fn before(&self, draft: &mut Draft) -> Result<Step, Stop> {
        (self.change)(draft).outcome().map(|()| Step::Done).map_err(Stop::failed)
    }

    fn name(&self) -> &str {
        &self.name
    }
}

/// See [`tap`].
pub struct Tap<F> {
    name: Arc<str>,
    look: F,
}

impl<F> Middleware for Tap<F>
where
    F: Fn(&Event, &Receipt) + Send + Sync + 'static,
{
    fn handle(&self, draft: &mut Draft, next: Next<'_>) -> Result<Receipt, Stop> {
        let receipt = next.run(draft)?;
        (self.look)(draft, &receipt);
        Ok(receipt)
    }

    fn name(&self) -> &str {
        &self.name
    }
}

impl<F> fmt::Debug for Filter<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Filter").field(&self.name).finish()
    }
}

impl<F> fmt::Debug for Transform<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Transform").field(&self.name).finish()
    }
}

impl<F> fmt::Debug for Tap<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tap").field(&self.name).finish()
    }
}
