//! [`Draft`]: an event before it is recorded.

use std::fmt;
use std::mem;
use std::ops::Deref;
use std::sync::Arc;

use rem_patterns::Topic;
use serde_json::Value;

use crate::clock::Timestamp;
use crate::error::{DraftError, PublishErrorKind, Refusal};
use crate::event::{Event, EventId, EventType, Head, Metadata, Payload, Source, TopicWriter};

/// An event on its way to its subscribers, in the hands of middleware, which may read and change it.
///
/// It reads as an [`Event`]. Once it is recorded, which `next.run(draft)` does at the end of the chain, it still reads,
/// now with its sequence number, and what would change it says [`DraftError`].
pub struct Draft {
    event: Arc<Event>,
    /// What few drafts have.
    given: Option<Given>,
    topic_by: TopicBy,
    /// What the chain has not looked at yet.
    touched: Touched,
    /// The topic has changed.
    moved: bool,
    /// It is an event now, whoever holds it.
    recorded: bool,
}

/// What decides the topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TopicBy {
    /// The data: if it changes, the topic follows.
    Data,
    /// The publisher or middleware set it by name.
    Name,
}

/// What is not as the bus makes it.
#[derive(Debug, Clone, Copy)]
struct Given {
    /// When its publish began, whatever time it has.
    began: Timestamp,
    /// The publisher gave it the id that it has.
    known: bool,
}

/// What may have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Touched {
    #[default]
    Nothing,
    /// The data, and its topic with it.
    Data,
    /// The topic, set by name.
    Topic,
}

impl Draft {
    #[inline]
    pub(crate) fn new(event: Arc<Event>, topic_by: TopicBy) -> Self {
        let (given, touched, moved, recorded) = (None, Touched::Nothing, false, false);
        Self { event, given, topic_by, touched, moved, recorded }
    }

    /// Notes what its publisher gave it: its id, and another time than that when its publish began.
    pub(crate) fn note(&mut self, known: bool, began: Option<Timestamp>) {
        let began = began.unwrap_or_else(|| self.timestamp());
        self.given = Some(Given { began, known });
    }

    fn unique(&mut self) -> Result<&mut Event, DraftError> {
        let event = Arc::get_mut(&mut self.event).filter(|_| !self.recorded);
        event.ok_or(DraftError::recorded())
    }

    /// When its publish began, by the bus's clock: whatever [`timestamp`](Event::timestamp) the publisher gave it. It costs
    /// nothing, for the bus has read its clock already.
    pub fn began(&self) -> Timestamp {
        self.given.map_or_else(|| self.timestamp(), |given| given.began)
    }

    /// `true` if the publisher gave it the id that it has: it may have been published before, here or elsewhere.
    /// `false` if the bus has just made one.
    pub fn has_known_id(&self) -> bool {
        self.given.is_some_and(|given| given.known)
    }

    /// Publishes it under another topic than its data has, counted from the root bus.
    ///
    /// # Errors
    /// A topic of REM's own (`$…`), and a draft that is recorded already. That the topic lies below the prefix of the
    /// bus whose middleware changes it is looked at when the middleware is done.
    pub fn set_topic(&mut self, topic: Topic) -> Result<(), DraftError> {
        if topic.is_system() {
            return Err(DraftError::system(&topic));
        }
        self.unique()?.head.topic = topic;
        self.topic_by = TopicBy::Name;
        (self.touched, self.moved) = (Touched::Topic, true);
        Ok(())
    }

    /// Sets who publishes it.
    ///
    /// # Errors
    /// A draft that is recorded already.
    pub fn set_source(&mut self, source: impl Into<Source>) -> Result<(), DraftError> {
        self.unique()?.head.source = Some(source.into());
        Ok(())
    }

    /// Sets when it happened.
    ///
    /// # Errors
    /// A draft that is recorded already.
    pub fn set_timestamp(&mut self, timestamp: Timestamp) -> Result<(), DraftError> {
        let began = mem::replace(&mut self.unique()?.head.timestamp, timestamp);
        self.given.get_or_insert(Given { began, known: false });
        Ok(())
    }

    /// Sets the story it belongs to.
    ///
    /// # Errors
    /// A draft that is recorded already.
    pub fn set_correlation(&mut self, correlation: EventId) -> Result<(), DraftError> {
        self.unique()?.head.correlation = Some(correlation);
        Ok(())
    }

    /// Sets one value of the metadata and gives back the one that was there.
    ///
    /// # Errors
    /// A draft that is recorded already.
    pub fn set_metadata(
        &mut self,
        name: impl Into<String>,
        value: impl Into<Value>,
    ) -> Result<Option<Value>, DraftError> {
        Ok(self.metadata_mut()?.insert(name, value))
    }

    /// Whether the metadata has a value of that name; nearly no draft has any.
    #[inline]
    pub(crate) fn has_metadata(&self, name: &str) -> bool {
        self.event.head.metadata.as_ref().is_some_and(|metadata| metadata.get(name).is_some())
    }

    /// The metadata, to change it.
    ///
    /// # Errors
    /// A draft that is recorded already.
    pub fn metadata_mut(&mut self) -> Result<&mut Metadata, DraftError> {
        Ok(self.unique()?.head.metadata.get_or_insert_default())
    }

    /// The data, to change it. The topic follows, if the data decides it and nobody has set another.
    ///
    /// # Errors
    /// Data of another type than `E`, and a draft that is recorded already.
    pub fn data_mut<E: EventType>(&mut self) -> Result<&mut E, DraftError> {
        let found = self.event.data.schema().name;
        let event = self.touch_data()?;
        event.data.downcast_mut().ok_or(DraftError::other_type(found, E::SCHEMA.name))
    }

    /// The event, of which the data is about to change.
    fn touch_data(&mut self) -> Result<&mut Event, DraftError> {
        if self.touched == Touched::Nothing && !self.recorded {
            self.touched = Touched::Data;
        }
        let event = self.unique()?;
        event.head.views.clear();
        Ok(event)
    }

    /// Blanks the fields that its type marks `#[event(redact)]`: a text becomes `[redacted]`, another value the `Default` of
    /// its type. The topic follows, as for [`data_mut`](Self::data_mut). It costs one call if the type marks none.
    ///
    /// # Errors
    /// A marked field whose type has no `Default`, and a draft that is recorded already.
    pub fn redact(&mut self) -> Result<(), DraftError> {
        if !self.event.data.redacts() {
            return Ok(());
        }
        let of = self.event.data.schema().name;
        let event = self.touch_data()?;
        event.data.blank().map_err(|field| DraftError::no_default(of, field))
    }

    /// Whether there is something for [`follow_topic`](Self::follow_topic) to look at.
    #[inline]
    pub(crate) fn is_touched(&self) -> bool {
        self.touched != Touched::Nothing
    }

    /// Follows data that has changed to its topic. Whether the topic is another than when this was asked last; `Err` if
    /// it has none now.
    pub(crate) fn follow_topic(&mut self) -> Result<bool, Refusal> {
        match mem::take(&mut self.touched) {
            Touched::Topic => return Ok(true),
            Touched::Data if self.topic_by == TopicBy::Data => {}
            Touched::Data | Touched::Nothing => return Ok(false),
        }
        let mut writer = TopicWriter::new();
        let prefix = &self.topic()[..self.scope()];
        let text = writer.full(prefix, &self.event.data).ok_or(PublishErrorKind::NoTopic)?;
        if text == self.topic().as_str() {
            return Ok(false);
        }
        let topic = Topic::parse(text).map_err(PublishErrorKind::Topic)?;
        if let Ok(event) = self.unique() {
            event.head.topic = topic;
            self.moved = true;
        }
        Ok(true)
    }

    /// `true` if the topic is no longer the one that it was published under.
    pub(crate) fn has_moved(&self) -> bool {
        self.moved
    }

    /// The topic no longer lies below the publishing bus's prefix: it is one of the root's.
    pub(crate) fn leave_scope(&mut self) {
        if let Ok(event) = self.unique() {
            event.head.scope = 0;
        }
    }

    /// The data, if the topic is its own.
    pub(crate) fn own_topic_of(&self) -> Option<&dyn Payload> {
        (self.topic_by == TopicBy::Data).then_some(&self.event.data)
    }

    pub(crate) fn head(&self) -> &Head {
        &self.event.head
    }

    /// The recorded event; the draft goes on reading it.
    pub(crate) fn record(&mut self, sequence: Option<u64>) -> &Arc<Event> {
        if let Some(sequence) = sequence {
            self.event.head.set_sequence(sequence);
        }
        self.recorded = true;
        &self.event
    }

    /// It is a draft again: nobody has the event, and its number is nobody's.
    pub(crate) fn take_back(&mut self) {
        self.event.head.set_sequence(0);
        self.recorded = false;
    }

    /// The event, once it is recorded.
    pub(crate) fn event(&self) -> &Arc<Event> {
        &self.event
    }

    /// The data of a draft that was not recorded.
    pub(crate) fn into_data<E: EventType>(self) -> Option<E> {
        let event = self.event.downcast_arc::<E>().ok()?;
        Arc::into_inner(event).map(|event| event.data)
    }
}

impl Deref for Draft {
    type Target = Event;

    fn deref(&self) -> &Event {
        &self.event
    }
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Draft").field(&&*self.event).finish()
    }
}

impl fmt::Display for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.event, f)
    }
}
