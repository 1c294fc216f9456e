//! What streams give: each delivery published as what comes otherwise, and answered when that is done.
//!
//! On a bus with a journal it is done when the journal has it on the disk; on another, when the inline handlers have returned.
//! `answers.rs` waits for the disk beside who publishes, and answers in the order of the publishes.

mod answers;
mod dead;
mod gaps;
mod rule;

use std::sync::Arc;

use rem_core::{Durable, Pattern};

use crate::error::JoinError;
use crate::inbound::{By, Looked, Published, look, publish};
use crate::interest::Allowed;
use crate::state::Shared;
use crate::stats::Refusal;
use crate::told::MeshEvent;
use crate::transport::{Answer, ConsumerId, ConsumerSpec, Delivery, Streams};
use gaps::Gaps;

pub use dead::MeshDeadLetter;
pub use rule::Consumer;

pub(crate) use answers::{Answers, Pending, rest as answer_rest, run as answer};
pub(crate) use dead::DeadLetters;

/// What this mesh consumes, for the one who reads what comes.
#[derive(Default)]
pub(crate) struct Consumers {
    all: Vec<Running>,
    has_left: bool,
}

struct Running {
    id: ConsumerId,
    /// Which of the imports it is.
    rule: usize,
    consumer: Consumer,
    gaps: Gaps,
    /// How many more there are for it, as far as the broker said.
    behind: u64,
}

/// What becomes of a delivery.
enum Verdict {
    /// It is done; when this is ready, if there is a disk to wait for.
    Done(Option<Durable>),
    /// It is tried again.
    Again(Box<str>),
    /// Another mesh of the bus is at it: it comes again, however often that is.
    Later,
    /// It cannot be what it should be.
    Never(Box<str>),
    /// It is not for this node, and no loss.
    Left,
}

impl Consumers {
    /// Begins, or goes on, with all that is imported durably.
    pub(crate) async fn begin(shared: &Shared) -> Result<Self, JoinError> {
        let mut consumers = Self::default();
        let Some(streams) = shared.transport.streams() else { return Ok(consumers) };
        for (rule, pattern, consumer) in shared.imports.durable() {
            let spec = spec(&shared.stream, pattern, consumer, &shared.root);
            // Before anything is given: what the stream lets go from then on is a gap in what is.
            let state = streams.state(&shared.stream).await?;
            let begun = streams.consume(spec).await?;
            let lost = state.first.saturating_sub(begun.handled + 1);
            if !begun.is_new && lost > 0 {
                shared.truncated(&consumer.name, lost);
            }
            let gaps = Gaps::new(begun.handled.max(state.first.saturating_sub(1)));
            let consumer = consumer.clone();
            consumers.all.push(Running { id: begun.id, rule, consumer, gaps, behind: 0 });
        }
        Ok(consumers)
    }

    /// One delivery, published and answered, or answered by who waits for the disk.
    pub(crate) async fn take(&mut self, shared: &Shared, delivery: Delivery) {
        let Some(streams) = shared.transport.streams() else { return };
        let others = self.all.iter().filter(|one| one.id != delivery.consumer);
        let behind: u64 = others.map(|one| one.behind).sum();
        let Some(running) = self.all.iter_mut().find(|one| one.id == delivery.consumer) else {
            return; // of a life before: it comes again
        };
        shared.counters.delivered.one();
        running.behind = delivery.behind.unwrap_or(0);
        shared.counters.lag.is_now(behind + running.behind);
        if delivery.attempt > 1 {
            shared.counters.redelivered.one();
            shared.tell(|| MeshEvent::Redelivered {
                mesh: shared.name.clone(),
                consumer: running.consumer.name.clone(),
                sequence: delivery.sequence,
                attempt: delivery.attempt,
            });
        }
        if running.gaps.jumps(&delivery) {
            running.explain(shared, streams).await;
        }
        let attempts = running.consumer.attempts;
        // Given back by a process that ended, it was not tried.
        let is_too_often = delivery.attempt > attempts.saturating_mul(2);
        let verdict = judge(shared, running.rule, &delivery, is_too_often);
        let is_last = delivery.attempt >= attempts;
        let answer = match verdict {
            Verdict::Done(durable) => {
                let again = running.consumer.pause(delivery.attempt);
                return shared.answers.push(Pending::new(&delivery, durable, again));
            }
            Verdict::Later => Answer::Again(running.consumer.pause(delivery.attempt)),
            Verdict::Left => Answer::Handled,
            Verdict::Again(_) if !is_last => {
                shared.counters.failed.one();
                Answer::Again(running.consumer.pause(delivery.attempt))
            }
            Verdict::Again(reason) | Verdict::Never(reason) => {
                shared.dead_letter(&running.consumer.name, &delivery, reason);
                Answer::Never
            }
        };
        // Should the connection be lost, it comes again.
        drop(shared.unless_over(streams.answer(&delivery.ticket, answer)).await);
    }

    /// All that was given was taken: what was not given, and not looked for yet, is looked for now, for nobody would later.
    pub(crate) async fn explain(&mut self, shared: &Shared) {
        let Some(streams) = shared.transport.streams() else { return };
        for running in self.all.iter_mut().filter(|running| running.gaps.are_open()) {
            running.explain(shared, streams).await;
        }
    }

    /// Whether it has something to leave.
    pub(crate) fn goes_on(&self) -> bool {
        !self.has_left && !self.all.is_empty()
    }

    /// Consumes no more, so that nothing more comes.
    pub(crate) async fn leave(&mut self, shared: &Shared) {
        let Some(streams) = shared.transport.streams() else { return };
        if !std::mem::replace(&mut self.has_left, true) {
            for running in &self.all {
                drop(shared.unless_over(streams.leave(running.id)).await);
            }
        }
    }

    /// Everything has ended: it is for others of the name, at once, or comes when this one is back.
    pub(crate) async fn give_back(&mut self, shared: &Shared, delivery: &Delivery) {
        self.leave(shared).await;
        let Some(streams) = shared.transport.streams() else { return };
        let again = Answer::Again(std::time::Duration::ZERO);
        drop(shared.unless_over(streams.answer(&delivery.ticket, again)).await);
    }
}

impl Running {
    /// Tells how many of those that it was not given are gone.
    async fn explain(&mut self, shared: &Shared, streams: &dyn Streams) {
        let lost = match shared.unless_over(streams.state(&shared.stream)).await {
            Some(Ok(state)) => self.gaps.explained(state.first),
            _ => 0,
        };
        if lost > 0 {
            shared.truncated(&self.consumer.name, lost);
        }
    }
}

fn spec(stream: &str, pattern: &Pattern, consumer: &Consumer, root: &str) -> ConsumerSpec {
    let mut spec = ConsumerSpec::new(stream, &consumer.name)
        .from(consumer.start)
        .time_to_answer(consumer.time_to_answer)
        .in_flight(consumer.in_flight);
    spec.filters = Allowed::new(pattern.clone(), root).filters;
    spec
}

fn judge(shared: &Shared, rule: usize, delivery: &Delivery, is_too_often: bool) -> Verdict {
    let parcel = &delivery.parcel;
    let (event, stamp) = match look(shared, parcel, By::Consumer(rule)) {
        Looked::Event(event, stamp) => (event, stamp),
        Looked::Echo => {
            shared.counters.echoes.one();
            return Verdict::Left;
        }
        Looked::Refused(Refusal::NotImported, _) => return Verdict::Left, // filters may be wider
        Looked::Refused(why, said) => {
            let home = crate::home::Stamp::read(parcel).ok().flatten().map(|stamp| stamp.home);
            shared.refuse(parcel, home.as_ref(), why, &said);
            return match why {
                Refusal::Stranger | Refusal::NoHome | Refusal::TooManyHops => Verdict::Left,
                _ => Verdict::Never(said),
            };
        }
    };
    // One that waits for the disk comes as often as the disk lets it.
    if is_too_often && !shared.window.has((event.source(), event.id())) {
        let given = delivery.attempt - 1;
        return Verdict::Never(format!("it was given {given} times, and never answered").into());
    }
    match publish(shared, parcel, &event, stamp.as_ref(), Some(rule)) {
        Published::Now(receipt) if shared.marks => Verdict::Done(Some(receipt.durable())),
        Published::Now(receipt) if receipt.failed() > 0 => {
            shared.window.forget((event.source(), event.id()));
            Verdict::Again(format!("{} handlers failed", receipt.failed()).into())
        }
        Published::Now(_) => Verdict::Done(None),
        // What it is a duplicate of is on its way to the disk, perhaps, or the disk refuses it.
        Published::Before => Verdict::Done(shared.window.stored()),
        Published::Underway => Verdict::Later,
        Published::Refused(Refusal::ByBus, said) => Verdict::Again(said),
        Published::Refused(_, said) => Verdict::Never(said),
    }
}

impl Shared {
    fn truncated(&self, consumer: &str, events: u64) {
        self.counters.truncated.add(events);
        self.tell(|| MeshEvent::Truncated {
            mesh: self.name.clone(),
            consumer: Some(consumer.into()),
            events,
        });
    }

    fn dead_letter(&self, consumer: &str, delivery: &Delivery, reason: Box<str>) {
        // Who is told of it finds it.
        self.dead.keep(consumer, delivery, reason.clone());
        self.counters.dead_letters.one();
        self.tell(|| MeshEvent::DeadLetter {
            mesh: self.name.clone(),
            consumer: consumer.into(),
            sequence: delivery.sequence,
            subject: delivery.parcel.subject().as_str().into(),
            reason,
        });
    }

    /// Knows what the journal has of what is imported durably, so that it does not come twice though the process is another.
    pub(crate) fn recall(self: &Arc<Self>, most: usize) {
        let Some(bus) = self.bus.upgrade().filter(|_| self.marks) else { return };
        for pattern in self.imports.durable_below() {
            let Ok(query) = bus.query(pattern.clone()) else { continue };
            let now = self.now();
            for event in query.last(most).iter::<dyn rem_core::Payload>() {
                if event.metadata().get(crate::outbox::intake::HOME).is_some() {
                    self.window.note((event.source(), event.id()), self.number, None, now);
                }
            }
        }
    }
}
