//! [`Enrich`]: who publishes, and metadata.

use std::fmt;

use serde_json::Value;

use super::{Middleware, Step, Stop};
use crate::draft::Draft;
use crate::event::{Event, Source};

/// Says who publishes, and adds metadata, where the publisher has not.
///
/// ```
/// use rem_core::{Bus, Event};
/// use rem_core::middleware::Enrich;
///
/// let bus = Bus::new();
/// let host = Enrich::new()
///     .source("billing")
///     .metadata("host", "eu-7")
///     .metadata_with("depth", |event: &Event| Some(event.topic().segments().count()));
/// bus.middleware("**", host)?;
/// # Ok::<(), rem_core::SubscribeError>(())
/// ```
///
/// What the publisher said stays, and so does what middleware before this one said, unless
/// [`replacing`](Self::replacing). Values are added in the order in which they are written here, so that a function sees
/// those before it. A function that panics stops the event with an error, and its publisher is given it back.
///
/// # Cost
/// A look at each name, and an allocation or two for each value that is added; nothing for an event that has them all.
#[derive(Default)]
pub struct Enrich {
    source: Option<Said<Source>>,
    metadata: Vec<(Box<str>, Said<Value>)>,
    replace: bool,
}

enum Said<T> {
    Fixed(T),
    Made(Make<T>),
}

type Make<T> = Box<dyn Fn(&Event) -> Option<T> + Send + Sync>;

impl Enrich {
    /// Adds nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Who publishes.
    #[must_use]
    pub fn source(mut self, source: impl Into<Source>) -> Self {
        self.source = Some(Said::Fixed(source.into()));
        self
    }

    /// Who publishes, as `make` says of each event; `None` leaves it as it is.
    #[must_use]
    pub fn source_with<S: Into<Source>>(
        mut self,
        make: impl Fn(&Event) -> Option<S> + Send + Sync + 'static,
    ) -> Self {
        self.source = Some(Said::Made(Box::new(move |event| make(event).map(Into::into))));
        self
    }

    /// One value of the metadata.
    #[must_use]
    pub fn metadata(mut self, name: impl Into<Box<str>>, value: impl Into<Value>) -> Self {
        self.metadata.push((name.into(), Said::Fixed(value.into())));
        self
    }

    /// One value of the metadata, as `make` says of each event; `None` adds nothing.
    #[must_use]
    pub fn metadata_with<V: Into<Value>>(
        mut self,
        name: impl Into<Box<str>>,
        make: impl Fn(&Event) -> Option<V> + Send + Sync + 'static,
    ) -> Self {
        let make = Said::Made(Box::new(move |event: &Event| make(event).map(Into::into)));
        self.metadata.push((name.into(), make));
        self
    }

    /// Replaces what is there. What a function has nothing to say of stays.
    #[must_use]
    pub fn replacing(mut self) -> Self {
        self.replace = true;
        self
    }
}

impl<T: Clone> Said<T> {
    fn of(&self, event: &Event) -> Option<T> {
        match self {
            Self::Fixed(value) => Some(value.clone()),
            Self::Made(make) => make(event),
        }
    }
}

impl Middleware for Enrich {
    fn before(&self, draft: &mut Draft) -> Result<Step, Stop> {
        if let Some(said) = &self.source
            && (self.replace || draft.source().is_none())
            && let Some(source) = said.of(draft)
        {
            draft.set_source(source)?;
        }
        for (name, said) in &self.metadata {
            if (self.replace || !draft.has_metadata(name))
                && let Some(value) = said.of(draft)
            {
                draft.set_metadata(&**name, value)?;
            }
        }
        Ok(Step::Done)
    }
}

impl fmt::Debug for Enrich {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.metadata.iter().map(|(name, _)| &**name).collect();
        f.debug_struct("Enrich")
            .field("source", &self.source.is_some())
            .field("metadata", &names)
            .field("replace", &self.replace)
            .finish()
    }
}
