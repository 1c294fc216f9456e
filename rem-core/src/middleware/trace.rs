//! [`Trace`]: which trace an event belongs to.

use std::hash::BuildHasher;

use foldhash::quality::FixedState;
use serde_json::Value;

use super::{Middleware, Sample, Step, Stop};
use crate::draft::Draft;
use crate::event::EventId;
use crate::publish;
use crate::trace::{SpanId, TRACEPARENT, TRACESTATE, TraceId, TraceParent};

/// Gives each event the trace context of W3C, as `traceparent` in its metadata.
///
/// What a handler publishes belongs to the trace of the event that is handled, as a new span of it; it is sampled if that is,
/// and has its `tracestate`. That holds for an inline handler, for a task in each attempt, for a future that is
/// [carried](crate::carry), and for a dead letter. Everything else begins a trace. What has a `traceparent` already, for its publisher
/// gave it one or it came from another process, keeps it.
///
/// ```
/// use rem_core::Bus;
/// use rem_core::middleware::{Sample, Trace};
///
/// let bus = Bus::new();
/// bus.middleware("**", Trace::new().sample(Sample::ratio(0.1)?))?; // of ten traces one is to be kept
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A trace that begins with an event has the bytes of its [id](crate::Event::id), and the id of a span is a hash of that of its event:
/// so an event that is published again under its id is the same span, and a test with fixed ids has fixed traces. An event whose
/// cause is named by [`EventBuilder::causation`](crate::EventBuilder::causation) and is not the one that is being handled begins
/// a trace, for its cause is not at hand; so does one whose cause has a `traceparent` that is [none](crate::trace::TraceError).
///
/// # Cost
/// A few allocations for each event, for text and metadata; a look at the metadata for one that has a `traceparent`.
#[derive(Debug, Default)]
pub struct Trace {
    sample: Option<Sample>,
}

/// Of no other hash: what a sample keeps has any span.
const SEED: u64 = 0x7472_6163_6570_6172;

impl Trace {
    /// Every trace is sampled.
    pub fn new() -> Self {
        Self::default()
    }

    /// Which of the traces that begin here are sampled, told by the event that begins them. All events pass.
    #[must_use]
    pub fn sample(mut self, sample: Sample) -> Self {
        self.sample = Some(sample);
        self
    }

    fn begin(&self, draft: &Draft, span: SpanId) -> TraceParent {
        let sampled = self.sample.as_ref().is_none_or(|sample| sample.keeps(draft));
        // The nil id, which only a publisher can give, is none of a trace.
        let trace = TraceId::new(draft.id().as_uuid().as_u128())
            .or(TraceId::new(span.get().into()))
            .unwrap_or_else(|| unreachable!("a span's id is not 0"));
        TraceParent::new(trace, span, sampled)
    }
}

fn span_of(id: EventId) -> SpanId {
    let hash = FixedState::with_seed(SEED).hash_one(id);
    SpanId::new(hash.max(1)).unwrap_or_else(|| unreachable!("it is 1 at the least"))
}

/// The trace that the cause belongs to, and what others wrote to it, if the cause is being handled in this thread.
fn cause_of(draft: &Draft) -> Option<(TraceParent, Option<Value>)> {
    let cause = draft.causation()?;
    let handled = publish::handled().filter(|event| event.id() == cause)?;
    let parent = TraceParent::of(&*handled).ok()??;
    Some((parent, handled.metadata().get(TRACESTATE).cloned()))
}

impl Middleware for Trace {
    fn before(&self, draft: &mut Draft) -> Result<Step, Stop> {
        if draft.has_metadata(TRACEPARENT) {
            return Ok(Step::Done);
        }
        let span = span_of(draft.id());
        let (parent, state) = match cause_of(draft) {
            Some((parent, state)) => (parent.child(span), state),
            None => (self.begin(draft, span), None),
        };
        let metadata = draft.metadata_mut()?;
        // One that came alone is of no trace.
        metadata.remove(TRACESTATE);
        metadata.insert(TRACEPARENT, parent.to_string());
        if let Some(state) = state {
            metadata.insert(TRACESTATE, state);
        }
        Ok(Step::Done)
    }
}
