//! [`MeshPast`]: what a mesh's stream keeps, read in pages.

use rem_core::cloudevents::CloudEvent;
use rem_core::{Pattern, Timestamp};

use crate::interest::Allowed;
use crate::state::Shared;
use crate::transport::{HistoryAsk, StreamStart, StreamState, TransportError, TransportErrorKind};
use crate::wire;

/// An event that the mesh's stream keeps.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PastEvent {
    /// Its number in the stream.
    pub sequence: u64,
    /// When the broker stored it, by its clock; when it happened is the event's own.
    pub stored_at: Timestamp,
    /// The event, or why the parcel cannot be read as one.
    pub event: Result<CloudEvent, Box<str>>,
}

/// A page of what the mesh's stream keeps: see [`Mesh::past`](crate::Mesh::past).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct MeshPast {
    /// In the order of their numbers.
    pub events: Vec<PastEvent>,
    /// Where to go on, by [`StreamStart::Sequence`]; `None` if nothing more was stored when this was read.
    pub next: Option<u64>,
    /// How many numbers from the one that was asked for on the stream has let go.
    pub truncated: u64,
    /// What the stream kept then.
    pub state: StreamState,
}

pub(crate) async fn read(
    shared: &Shared,
    stream: &str,
    pattern: &Pattern,
    from: StreamStart,
    most: usize,
) -> Result<MeshPast, TransportError> {
    let Some(streams) = shared.transport.streams() else {
        let said =
            "the transport keeps nothing for those who come later: its history cannot be read";
        return Err(TransportError::new(TransportErrorKind::Unsupported, said));
    };
    let mut ask = HistoryAsk::new(stream, from).most(most);
    ask.filters = Allowed::new(pattern.clone(), &shared.root).filters;
    let page = streams.read(ask).await?;
    let mut events = Vec::new();
    for kept in page.parcels {
        // Filters may be wider than the pattern.
        let topic = wire::topic_of(kept.parcel.subject(), &shared.root);
        if topic.is_none_or(|topic| !pattern.matches(&topic)) {
            continue;
        }
        let event = wire::read(&kept.parcel, usize::MAX);
        events.push(PastEvent { sequence: kept.sequence, stored_at: kept.stored_at, event });
    }
    let truncated = match from {
        StreamStart::Sequence(sequence) => page.state.first.saturating_sub(sequence.max(1)),
        _ => 0,
    };
    Ok(MeshPast { events, next: page.next, truncated, state: page.state })
}
