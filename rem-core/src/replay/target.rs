//! [`Target`]: to whom events are replayed.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::bus::Bus;
use crate::deliver::isolate;
use crate::error::PublishErrorKind;
use crate::event::{Event, Shape, Wanted};
use crate::publish::{EventBuilder, Extra, handling};
use crate::subscription::Outcome;
use crate::wire::{Codec, EncodeError, RawEvent};

/// To whom events are replayed: a handler or a bus. It cannot be implemented otherwise.
pub trait Target: Sealed {}

impl<D: Sealed> Target for D {}

/// What became of one event.
#[expect(unnameable_types, reason = "only this crate gives events to targets")]
#[derive(Debug)]
pub enum Given {
    Had,
    Skipped,
    Failed(Box<str>),
    Closed,
}

mod sealed {
    use std::sync::Arc;

    use super::{Bus, Event, Given, Wanted};

    #[expect(unnameable_types, reason = "that it cannot be named is what seals the trait")]
    pub trait Sealed {
        fn give(&mut self, event: &Arc<Event>) -> Given;
        fn bus(&self) -> Option<&Bus>;
        /// The type as which alone events are looked at.
        fn wanted(&self) -> Option<Wanted>;
    }
}
use sealed::Sealed;

/// A handler of events as `T`.
pub struct ToHandler<T: ?Sized, F> {
    handle: F,
    takes: PhantomData<fn(&T)>,
}

impl<T: ?Sized, F> ToHandler<T, F> {
    pub(super) fn new(handle: F) -> Self {
        Self { handle, takes: PhantomData }
    }
}

impl<T, F, R> Sealed for ToHandler<T, F>
where
    T: Shape + ?Sized,
    F: FnMut(&Event<T>) -> R,
    R: Outcome,
{
    fn give(&mut self, event: &Arc<Event>) -> Given {
        let handle = &mut self.handle;
        let called =
            handling(event, None, || isolate(|| Some(handle(&*T::share(event)?).outcome())));
        match called {
            Ok(Some(Ok(()))) => Given::Had,
            Ok(None) => Given::Skipped,
            Ok(Some(Err(error))) => Given::Failed(error),
            Err(panic) => Given::Failed(format!("panicked: {panic}").into()),
        }
    }

    fn bus(&self) -> Option<&Bus> {
        None
    }

    fn wanted(&self) -> Option<Wanted> {
        T::wanted()
    }
}

/// Another bus.
pub struct ToBus(Bus);

impl ToBus {
    pub(super) fn new(bus: &Bus) -> Self {
        Self(bus.clone())
    }
}

impl Sealed for ToBus {
    fn give(&mut self, event: &Arc<Event>) -> Given {
        isolate(|| again(&self.0, event))
            .unwrap_or_else(|panic| Given::Failed(format!("panicked: {panic}").into()))
    }

    fn bus(&self) -> Option<&Bus> {
        Some(&self.0)
    }

    fn wanted(&self) -> Option<Wanted> {
        None
    }
}

/// Publishes an event that was published elsewhere.
fn again(bus: &Bus, event: &Event) -> Given {
    let data = match written(event) {
        Ok(data) => data,
        Err(error) => return Given::Failed(error.to_string().into()),
    };
    let extra = Extra {
        id: Some(event.head.id),
        timestamp: Some(event.head.timestamp),
        source: event.head.source.clone(),
        metadata: event.head.metadata.clone(),
        causation: event.head.causation,
        correlation: event.head.correlation,
        alone: true,
        ..Extra::default()
    };
    let topic = event.head.topic.as_str();
    match EventBuilder::again(bus.state(), topic, event.head.scope, extra, data).publish() {
        Ok(receipt) if receipt.stopped().is_some() => Given::Skipped,
        Ok(receipt) if receipt.failed() > 0 => {
            Given::Failed(format!("{} of its handlers failed", receipt.failed()).into())
        }
        Ok(_) => Given::Had,
        Err(error) if matches!(error.kind(), PublishErrorKind::Closed) => Given::Closed,
        Err(error) => Given::Failed(error.to_string().into()),
    }
}

/// The data as it leaves the process, with the version it has; what came so goes so.
fn written(event: &Event) -> Result<RawEvent, EncodeError> {
    if let Some(raw) = event.data.downcast_ref::<RawEvent>() {
        return Ok(raw.clone());
    }
    let (codec, version) = event.data_form(Codec::Json);
    let mut bytes = Vec::with_capacity(256);
    event.write_data(Codec::Json, &mut bytes)?;
    Ok(RawEvent::new(codec, bytes).version(version))
}

impl<T: ?Sized, F> fmt::Debug for ToHandler<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToHandler").finish_non_exhaustive()
    }
}

impl fmt::Debug for ToBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ToBus").field(&self.0).finish()
    }
}
