//! [`MeshEvent`]: what a mesh has to tell, under `$rem.mesh.…`.

use std::fmt;

use rem_core::{EventId, EventSchema, EventType, FieldSchema, Schema, Topic, TopicWriter};

use crate::stats::Refusal;

/// What a mesh tells of itself on its bus. As all of REM's own events these pass no middleware, enter no history and never leave.
///
/// ```
/// use rem_core::{Bus, Event};
/// use rem_mesh::MeshEvent;
///
/// let bus = Bus::new();
/// let _told = bus.subscribe("$rem.mesh.**", |event: &Event<MeshEvent>| eprintln!("{}", event.data))?;
/// # Ok::<(), rem_core::SubscribeError>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum MeshEvent {
    /// `$rem.mesh.connected`: the transport is connected, for the first time or again.
    Connected {
        /// The mesh's name.
        mesh: Box<str>,
        /// To what.
        server: Box<str>,
    },
    /// `$rem.mesh.disconnected`: the connection is lost. Events that left shortly before may be lost, and those that others
    /// publish until it is back are; what is to leave meanwhile waits in the queue, as far as there is room.
    Disconnected {
        /// The mesh's name.
        mesh: Box<str>,
        /// Why.
        reason: Box<str>,
    },
    /// `$rem.mesh.refused`: a parcel was not let in.
    Refused {
        /// The mesh's name.
        mesh: Box<str>,
        /// Its subject.
        subject: Box<str>,
        /// The node that it says it comes from.
        home: Option<Box<str>>,
        /// Why, to be matched.
        why: Refusal,
        /// The same for people, with what is wrong.
        said: Box<str>,
    },
    /// `$rem.mesh.duplicate`: an event had come before.
    Duplicate {
        /// The mesh's name.
        mesh: Box<str>,
        /// The event.
        event: EventId,
        /// Its topic.
        topic: Topic,
    },
    /// `$rem.mesh.lagged`: events were let go, for somebody was too slow.
    Lagged {
        /// The mesh's name.
        mesh: Box<str>,
        /// They were to leave; otherwise they had come.
        outbound: bool,
        /// How many, if somebody counted them.
        events: Option<u64>,
    },
    /// `$rem.mesh.unsent`: an event cannot leave.
    Unsent {
        /// The mesh's name.
        mesh: Box<str>,
        /// The event.
        event: EventId,
        /// Its topic.
        topic: Topic,
        /// Why.
        reason: Box<str>,
    },
    /// `$rem.mesh.unasked`: a subject cannot be asked for, so that its events do not come.
    Unasked {
        /// The mesh's name.
        mesh: Box<str>,
        /// Which.
        subject: Box<str>,
        /// Why.
        reason: Box<str>,
    },
    /// `$rem.mesh.stalled`: what is to leave by the outbox cannot be sent now, and waits. Told once, until something is acknowledged.
    Stalled {
        /// The mesh's name.
        mesh: Box<str>,
        /// How many wait.
        waiting: u64,
        /// Why.
        reason: Box<str>,
    },
    /// `$rem.mesh.overflow`: the outbox was full, and its oldest events will not be sent.
    Overflow {
        /// The mesh's name.
        mesh: Box<str>,
        /// How many.
        events: u64,
    },
    /// `$rem.mesh.truncated`: a history let events go before they were read: the journal, of what was to be sent; a stream, of what a
    /// consumer was to be given.
    Truncated {
        /// The mesh's name.
        mesh: Box<str>,
        /// Whose, of a stream.
        consumer: Option<Box<str>>,
        /// How many numbers are gone, and so how many events at most.
        events: u64,
    },
    /// `$rem.mesh.redelivered`: a consumer is given an event again, for it was not answered in time, or failed.
    Redelivered {
        /// The mesh's name.
        mesh: Box<str>,
        /// Whose.
        consumer: Box<str>,
        /// Its number in the stream.
        sequence: u64,
        /// How often it was given by now.
        attempt: u64,
    },
    /// `$rem.mesh.dead_letter`: what a consumer was given is not to come again, for it failed too often or is no event.
    DeadLetter {
        /// The mesh's name.
        mesh: Box<str>,
        /// Whose.
        consumer: Box<str>,
        /// Its number in the stream, under which that may have it still.
        sequence: u64,
        /// Its subject.
        subject: Box<str>,
        /// Why.
        reason: Box<str>,
    },
    /// `$rem.mesh.left`: the mesh was left, or ended by itself.
    Left {
        /// The mesh's name.
        mesh: Box<str>,
        /// Why, if nobody asked for it.
        reason: Option<Box<str>>,
    },
}

const MESH: FieldSchema = FieldSchema::new("mesh", "Box<str>", "the mesh's name");
const REASON: FieldSchema = FieldSchema::new("reason", "Box<str>", "why");
const EVENT: FieldSchema = FieldSchema::new("event", "EventId", "the event");
const TOPIC: FieldSchema = FieldSchema::new("topic", "Topic", "its topic");
const SUBJECT: FieldSchema = FieldSchema::new("subject", "Box<str>", "which subject");

const REFUSED: &[FieldSchema] = &[
    MESH,
    SUBJECT,
    FieldSchema::new("home", "Option<Box<str>>", "the node that it says it comes from"),
    FieldSchema::new("why", "Refusal", "why"),
    FieldSchema::new("said", "Box<str>", "the same for people"),
];

const LAGGED: &[FieldSchema] = &[
    MESH,
    FieldSchema::new("outbound", "bool", "they were to leave; otherwise they had come"),
    FieldSchema::new("events", "Option<u64>", "how many, if somebody counted them"),
];

const CONSUMER: FieldSchema = FieldSchema::new("consumer", "Box<str>", "whose");
const SEQUENCE: FieldSchema = FieldSchema::new("sequence", "u64", "its number in the stream");

const STALLED: &[FieldSchema] =
    &[MESH, FieldSchema::new("waiting", "u64", "how many wait"), REASON];

const OVERFLOW: &[FieldSchema] = &[MESH, FieldSchema::new("events", "u64", "how many")];

const TRUNCATED: &[FieldSchema] = &[
    MESH,
    FieldSchema::new("consumer", "Option<Box<str>>", "whose, of a stream"),
    FieldSchema::new("events", "u64", "how many at most"),
];

const REDELIVERED: &[FieldSchema] = &[
    MESH,
    CONSUMER,
    SEQUENCE,
    FieldSchema::new("attempt", "u64", "how often it was given by now"),
];

const SCHEMA: Schema = Schema::new(
    "MeshEvent",
    "$rem.mesh",
    &[
        EventSchema::new(
            "Connected",
            "connected",
            &[MESH, FieldSchema::new("server", "Box<str>", "to what")],
        ),
        EventSchema::new("Disconnected", "disconnected", &[MESH, REASON]),
        EventSchema::new("Refused", "refused", REFUSED),
        EventSchema::new("Duplicate", "duplicate", &[MESH, EVENT, TOPIC]),
        EventSchema::new("Lagged", "lagged", LAGGED),
        EventSchema::new("Unsent", "unsent", &[MESH, EVENT, TOPIC, REASON]),
        EventSchema::new("Unasked", "unasked", &[MESH, SUBJECT, REASON]),
        EventSchema::new("Stalled", "stalled", STALLED),
        EventSchema::new("Overflow", "overflow", OVERFLOW),
        EventSchema::new("Truncated", "truncated", TRUNCATED),
        EventSchema::new("Redelivered", "redelivered", REDELIVERED),
        EventSchema::new("DeadLetter", "dead_letter", &[MESH, CONSUMER, SEQUENCE, SUBJECT, REASON]),
        EventSchema::new(
            "Left",
            "left",
            &[MESH, FieldSchema::new("reason", "Option<Box<str>>", "why, if nobody asked for it")],
        ),
    ],
)
.local();

/// Written out, for what derives it names the facade.
#[diagnostic::do_not_recommend]
impl EventType for MeshEvent {
    const SCHEMA: Schema = SCHEMA;

    fn leaf(&self) -> usize {
        match self {
            Self::Connected { .. } => 0,
            Self::Disconnected { .. } => 1,
            Self::Refused { .. } => 2,
            Self::Duplicate { .. } => 3,
            Self::Lagged { .. } => 4,
            Self::Unsent { .. } => 5,
            Self::Unasked { .. } => 6,
            Self::Stalled { .. } => 7,
            Self::Overflow { .. } => 8,
            Self::Truncated { .. } => 9,
            Self::Redelivered { .. } => 10,
            Self::DeadLetter { .. } => 11,
            Self::Left { .. } => 12,
        }
    }

    fn write_topic(&self, out: &mut TopicWriter) -> fmt::Result {
        out.literal(Self::SCHEMA.events[self.leaf()].topic)
    }
}

/// One line for people.
impl fmt::Display for MeshEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected { mesh, server } => write!(f, "mesh `{mesh}` is connected to {server}"),
            Self::Disconnected { mesh, reason } => {
                write!(f, "mesh `{mesh}` has lost its connection, and events perhaps: {reason}")
            }
            Self::Refused { mesh, subject, home, why, said } => {
                write!(f, "mesh `{mesh}` did not let in a parcel to `{subject}`")?;
                if let Some(home) = home {
                    write!(f, " from `{home}`")?;
                }
                write!(f, ", {why}: {said}")
            }
            Self::Duplicate { mesh, event, topic } => {
                write!(f, "mesh `{mesh}` was given `{topic}` ({event}) again")
            }
            Self::Lagged { mesh, outbound, events } => {
                let way = if *outbound { "were to leave" } else { "had come" };
                match events {
                    Some(events) => write!(f, "mesh `{mesh}` lost {events} events that {way}"),
                    None => {
                        write!(f, "mesh `{mesh}` lost events that {way}, nobody knows how many")
                    }
                }
            }
            Self::Unsent { mesh, event, topic, reason } => {
                write!(f, "mesh `{mesh}` cannot send `{topic}` ({event}): {reason}")
            }
            Self::Unasked { mesh, subject, reason } => {
                write!(f, "mesh `{mesh}` cannot ask for `{subject}`: {reason}")
            }
            Self::Stalled { mesh, waiting, reason } => {
                write!(f, "mesh `{mesh}` cannot send now, and {waiting} events wait: {reason}")
            }
            Self::Overflow { mesh, events } => write!(
                f,
                "mesh `{mesh}` had too many events waiting, and will not send the {events} oldest"
            ),
            Self::Truncated { mesh, consumer: None, events } => write!(
                f,
                "mesh `{mesh}` lost up to {events} events that the journal let go before they were sent"
            ),
            Self::Truncated { mesh, consumer: Some(consumer), events } => write!(
                f,
                "mesh `{mesh}` lost up to {events} events that the stream let go before `{consumer}` was given them"
            ),
            Self::Redelivered { mesh, consumer, sequence, attempt } => write!(
                f,
                "mesh `{mesh}` was given number {sequence} again for `{consumer}`, at attempt {attempt}"
            ),
            Self::DeadLetter { mesh, consumer, sequence, subject, reason } => write!(
                f,
                "mesh `{mesh}` gives up number {sequence} of `{consumer}`, to `{subject}`: {reason}"
            ),
            Self::Left { mesh, reason: None } => write!(f, "mesh `{mesh}` was left"),
            Self::Left { mesh, reason: Some(reason) } => {
                write!(f, "mesh `{mesh}` has ended: {reason}")
            }
        }
    }
}
