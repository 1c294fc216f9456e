//! [`Fixture`]: events in a file of JSON lines, written from what was recorded, read and published again.

use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::Recorder;
use crate::bus::Bus;
use crate::cloudevents::lines::{Lines, end_line};
use crate::cloudevents::{CloudEvent, Decoder, Encoder};
use crate::event::{Event, EventType, Shape};
use crate::publish::Receipt;
use crate::wire::DecodeErrorKind;

/// Events in a text of JSON lines: each line a cloud event in structured mode, empty lines passed over. What
/// [`Recorder::to_jsonl`] writes, and any program that knows CloudEvents 1.0.
///
/// Published, an event keeps its id, time, source, metadata, cause and story; its number is the bus's own.
///
/// ```
/// use rem_core::testing::{Fixture, Recorder, TestBus};
///
/// let text = r#"
/// {"specversion":"1.0","id":"1","source":"/shop","type":"order.placed","data":{"order":42}}
/// {"specversion":"1.0","id":"2","source":"/shop","type":"order.paid","data":{"order":42}}
/// "#;
/// let test = TestBus::new();
/// let recorder = Recorder::new(&test.bus);
/// Fixture::parse(text)?.publish(&test.bus)?;
/// recorder.expect().topic("order.placed").topic("order.paid").exactly();
///
/// let error = Fixture::parse(r#"{"specversion":"1.0","id":1}"#).unwrap_err();
/// assert_eq!((error.line(), error.column()), (Some(1), Some(27)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Fixture {
    name: Arc<str>,
    lines: Vec<Line>,
}

/// One event of a [`Fixture`].
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    number: usize,
    /// Where its data begins.
    column: usize,
    event: CloudEvent,
}

impl Line {
    /// Its line in the text, from 1.
    pub fn number(&self) -> usize {
        self.number
    }

    /// The event.
    pub fn event(&self) -> &CloudEvent {
        &self.event
    }
}

impl Fixture {
    /// The most bytes that are read: 64 MiB. A line has at most 1 MiB.
    pub const LIMIT: usize = 64 << 20;

    /// Reads a text.
    ///
    /// # Errors
    /// At the first line that is no cloud event, with its number, the column and what to write instead.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Self, FixtureError> {
        Self::named("the text".into(), text.as_ref())
    }

    /// Reads a file.
    ///
    /// # Errors
    /// As for [`parse`](Self::parse), and when it cannot be read.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, FixtureError> {
        let path = path.as_ref();
        let name: Arc<str> = path.display().to_string().into();
        let mut text = Vec::new();
        let most = Self::LIMIT as u64 + 1;
        match File::open(path).and_then(|file| file.take(most).read_to_end(&mut text)) {
            Ok(_) => Self::named(name, &text),
            Err(error) => {
                let said = format!("it cannot be read: {error}");
                Err(FixtureError::new(FixtureErrorKind::File, &name, None, said))
            }
        }
    }

    fn named(name: Arc<str>, text: &[u8]) -> Result<Self, FixtureError> {
        if text.len() > Self::LIMIT {
            let said = format!("it has more than {} bytes: make several of it", Self::LIMIT);
            return Err(FixtureError::new(FixtureErrorKind::TooLarge, &name, None, said));
        }
        let mut lines = Vec::new();
        // A line that is too long is told by the decoder.
        let mut all = Lines::new(text, Self::LIMIT);
        while let Ok(Some(line)) = all.read() {
            let number = usize::try_from(line.number).unwrap_or(usize::MAX);
            let event = line.event(Decoder::new()).map_err(|fault| {
                let place = Some((number, fault.column));
                FixtureError::new(FixtureErrorKind::Line, &name, place, fault.said)
            })?;
            lines.push(Line { number, column: line.column_of("data"), event });
        }
        Ok(Self { name, lines })
    }

    /// Its events, in the order of the lines.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Publishes all, below the bus's prefix, with data as it came: for each type that listens it is decoded when the first
    /// subscriber of it asks.
    ///
    /// # Errors
    /// At the first that is not published, with its line. Those before it are.
    pub fn publish(&self, bus: &Bus) -> Result<Vec<Receipt>, FixtureError> {
        self.each(|line| line.event.publish(bus).map_err(|error| error.to_string()))
    }

    /// Publishes all as values of their types: each of the first type that has its topic. All are decoded before the first is
    /// published.
    ///
    /// ```
    /// use rem_core::testing::{Fixture, TestBus, Types};
    ///
    /// let text = br#"{"specversion":"1.0","id":"1","source":"/shop","type":"order.placed","data":{}}"#;
    /// let error = Fixture::parse(text)?.publish_as(&TestBus::new().bus, &Types::new()).unwrap_err();
    /// assert!(error.to_string().contains("no type has the topic `order.placed`"));
    /// # Ok::<(), rem_core::testing::FixtureError>(())
    /// ```
    ///
    /// # Errors
    /// For an event of which no type has the topic, or whose data is none of its type's values: then nothing was published. And
    /// as for [`publish`](Self::publish).
    pub fn publish_as(&self, bus: &Bus, types: &Types) -> Result<Vec<Receipt>, FixtureError> {
        let publishers = self.each(|line| types.find(&line.event))?;
        let mut publishers = publishers.into_iter();
        self.each(|line| match publishers.next() {
            Some(publish) => publish(&line.event, bus),
            None => unreachable!("each line has a type"),
        })
    }

    fn each<R>(
        &self,
        mut with: impl FnMut(&Line) -> Result<R, String>,
    ) -> Result<Vec<R>, FixtureError> {
        let with = |line: &Line| {
            with(line).map_err(|said| {
                let place = Some((line.number, line.column));
                FixtureError::new(FixtureErrorKind::Event, &self.name, place, said)
            })
        };
        self.lines.iter().map(with).collect()
    }
}

/// The event types that a fixture's events are read as.
///
/// ```
/// use rem_core::testing::Types;
/// # use rem_core::EventType;
/// # fn types<OrderEvent: EventType, StockEvent: EventType>() -> Types {
/// Types::new().of::<OrderEvent>().of::<StockEvent>()
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Types(Vec<Known>);

#[derive(Clone, Copy)]
struct Known {
    name: &'static str,
    /// `None` if the type has no such topic.
    check: fn(&CloudEvent) -> Option<Result<(), String>>,
    publish: PublishAs,
}

type PublishAs = fn(&CloudEvent, &Bus) -> Result<Receipt, String>;

impl Types {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// And this one.
    #[must_use]
    pub fn of<E: EventType>(mut self) -> Self {
        self.0.push(Known {
            name: E::SCHEMA.name,
            check: |event| match event.decode::<E>() {
                Ok(_) => Some(Ok(())),
                Err(error) if error.kind() == DecodeErrorKind::NoSuchTopic => None,
                Err(error) => Some(Err(error.to_string())),
            },
            publish: |event, bus| {
                let event = event.event_on::<E>(bus).map_err(|error| error.to_string())?;
                event.publish().map_err(|error| error.to_string())
            },
        });
        self
    }

    fn find(&self, event: &CloudEvent) -> Result<PublishAs, String> {
        for known in &self.0 {
            if let Some(checked) = (known.check)(event) {
                return checked.map(|()| known.publish);
            }
        }
        let topic = event.topic();
        Err(format!(
            "no type has the topic `{topic}`: add the one that has it by `Types::of`, or mend the attribute `type`"
        ))
    }
}

impl fmt::Debug for Types {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.iter().map(|known| known.name)).finish()
    }
}

impl<T: Shape + ?Sized> Recorder<T> {
    /// What was recorded, as JSON lines: a line for each event, a cloud event in structured mode. On a
    /// [`TestBus`](super::TestBus) the same in each run. Fields that are marked `#[event(redact)]` are in it.
    ///
    /// # Errors
    /// For an event that cannot leave the process, being `#[event(local)]`, with its place among the recorded; and when some were
    /// not kept.
    pub fn to_jsonl(&self) -> Result<String, FixtureError> {
        let lost = self.lost();
        if lost > 0 {
            let said = format!(
                "{lost} events were not kept: record with more room, by `Recorder::at_most`"
            );
            return Err(FixtureError::new(FixtureErrorKind::Lost, "the recorder", None, said));
        }
        write(&self.events())
    }
}

fn write<T: Shape + ?Sized>(events: &[Arc<Event<T>>]) -> Result<String, FixtureError> {
    let encoder = Encoder::new();
    let mut text = Vec::new();
    for (at, event) in events.iter().enumerate() {
        let fault = |said: String| {
            let place = Some((at + 1, 1));
            let said = format!("`{}`: {said}", event.topic());
            FixtureError::new(FixtureErrorKind::Event, "the recorder", place, said)
        };
        let erased = T::erase(Arc::clone(event));
        let begun = text.len();
        encoder.structured_into(&erased, &mut text).map_err(|error| fault(error.to_string()))?;
        end_line(&mut text, begun);
    }
    // JSON is UTF-8.
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// What is wrong in a fixture: where, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixtureError(Box<Told>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    kind: FixtureErrorKind,
    name: Box<str>,
    place: Option<(usize, usize)>,
    said: Box<str>,
}

/// Why a fixture is not read, published or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FixtureErrorKind {
    /// The file cannot be read.
    File,
    /// More bytes than the limit.
    TooLarge,
    /// A line is no cloud event.
    Line,
    /// An event is none of its type, is not published, or cannot be written.
    Event,
    /// The recorder had no room for all.
    Lost,
}

impl FixtureError {
    fn new(
        kind: FixtureErrorKind,
        name: &str,
        place: Option<(usize, usize)>,
        said: String,
    ) -> Self {
        Self(Box::new(Told { kind, name: name.into(), place, said: said.into() }))
    }

    /// Why, to be matched.
    pub fn kind(&self) -> FixtureErrorKind {
        self.0.kind
    }

    /// The line, from 1; of what is written, the place of the event.
    pub fn line(&self) -> Option<usize> {
        self.0.place.map(|(line, _)| line)
    }

    /// The column, from 1, counted in letters.
    pub fn column(&self) -> Option<usize> {
        self.0.place.map(|(_, column)| column)
    }
}

impl fmt::Display for FixtureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Told { name, place, said, .. } = &*self.0;
        match place {
            Some((line, column)) => write!(f, "{name}, line {line}, column {column}: {said}"),
            None => write!(f, "{name}: {said}"),
        }
    }
}

impl Error for FixtureError {}
