//! [`Staff`]: what every worker of a task knows, whatever its handler, and what becomes of an event that it could not handle.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::{Duration, Instant};

use rem_patterns::Topic;

use super::call::Polled;
use super::dead_letter::{DeadLetter, chain};
use super::lanes::{Failed, Letter};
use super::{Desk, Job, Retry, TaskKey};
use crate::bus::{Bus, State};
use crate::clock::Clock;
use crate::deliver::{self, isolate, quietly};
use crate::event::Event;
use crate::probe::{Handled, Measure, Probes};
use crate::queue::Lagged;
use crate::subscription::{About, Entry};
use crate::sync;
use crate::sync::atomic::Ordering;
use crate::system::{self, SystemEvent};
use crate::timers::{Sleep, Timers};
use crate::trace::Traced;

/// How long a dead letter waits for room in a full queue.
const LETTER_WAITS: Duration = Duration::from_secs(1);

/// What every worker of a task knows.
pub(super) struct Staff {
    pub(super) desk: Arc<Desk>,
    pub(super) about: Arc<About>,
    pub(super) entry: Weak<Entry>,
    pub(super) bus: Weak<State>,
    pub(super) timers: Arc<Timers>,
    pub(super) clock: Clock,
    pub(super) polled: Polled,
    pub(super) key: Option<TaskKey>,
    pub(super) retry: Option<Retry>,
    pub(super) limit: Option<Duration>,
    pub(super) traced: Traced,
    pub(super) probes: Arc<Probes>,
    /// Where dead letters are published, below the bus's prefix.
    pub(super) topic: Option<Topic>,
    /// Whether dead letters are kept.
    pub(super) keeps_letters: bool,
}

impl Staff {
    pub(super) fn sleep(&self, time: Duration) -> Sleep {
        self.timers.sleep(time)
    }

    /// When a call begins, if it is to be measured.
    #[cold]
    pub(super) fn begin_measure(&self) -> Option<Instant> {
        self.probes.all().filter(Measure::wants).map(|_| sync::now())
    }

    /// Tells how long a call took that was measured.
    #[cold]
    pub(super) fn tell_handled(
        &self,
        event: &Event,
        attempt: u32,
        begun: Instant,
        error: Option<(&str, bool)>,
    ) {
        let took = sync::now().saturating_duration_since(begun);
        if let Some(measure) = self.probes.all() {
            let subscription = self.about.id;
            measure.tell(&Handled { event, subscription, attempt, took, error });
        }
    }

    /// The event's key. User code, isolated.
    fn key_of(&self, job: &Job) -> Result<Option<Box<str>>, Failed> {
        let Some(key) = &self.key else { return Ok(None) };
        isolate(|| key.get(&job.event)).map_err(|panic| Failed {
            error: format!("the key could not be told: {panic}").into(),
            panicked: true,
            attempts: 0,
        })
    }

    /// Whether one worker at a time takes an event and looks where it belongs, so that two of one key keep their order.
    #[inline]
    pub(super) fn takes_in_turn(&self) -> bool {
        self.key.is_some() && self.desk.concurrency > 1
    }

    /// Whether an event that was taken belongs somewhere by its key.
    #[inline]
    pub(super) fn asks_keys(&self, job: &Job) -> bool {
        self.key.is_some() && !job.has_lane() && self.desk.asks_keys()
    }

    /// Looks where an event belongs that was taken: gives it back if it is to be handled now, and if its key cannot be told.
    pub(super) fn arrive(&self, mut job: Job) -> Result<Option<Job>, (Job, Failed)> {
        match self.key_of(&job) {
            Ok(None) => Ok(Some(job)),
            Ok(key) => {
                job.set_key(key);
                let (job, dropped) = self.desk.arrive(job, || self.clock.now());
                self.tell_dropped(dropped);
                Ok(job)
            }
            Err(failed) => Err((job, failed)),
        }
    }

    /// Waits before the next attempt; `false` if there will be none, for the task has ended.
    pub(super) async fn back_off(&self, worker: u32, time: Duration) -> bool {
        let desk = &self.desk;
        let _waits = Waits::begin(desk, worker);
        let mut sleep = self.sleep(time);
        poll_fn(|cx| {
            if desk.sleep(worker, cx.waker()) {
                return Poll::Ready(false);
            }
            sleep.poll(cx.waker()).map(|()| true)
        })
        .await
    }

    /// An event was not handled, for the handler's value is gone: it is lost, and so is what waits behind it.
    #[cold]
    pub(super) fn passed(&self) {
        self.desk.counts.lost.fetch_add(1, Ordering::Relaxed);
        if !self.about.is_active()
            && let Some(entry) = self.entry.upgrade()
        {
            entry.end();
        }
    }

    /// An event has failed for good: it is counted and told.
    pub(super) fn tell_failed(&self, job: &Job, failed: &Failed) {
        self.desk.counts.failed.fetch_add(1, Ordering::Relaxed);
        let bus = self.bus.upgrade();
        match &bus {
            Some(bus) => deliver::task_failed(
                &bus.core,
                &self.about,
                &job.event,
                &failed.error,
                failed.panicked,
            ),
            None => self.about.count_failure(&failed.error),
        }
    }

    /// Publishes it as a dead letter, if there is a topic for such.
    pub(super) async fn publish_letter(&self, job: &Job, failed: &Failed) {
        if let (Some(bus), Some(topic)) = (self.bus.upgrade(), &self.topic) {
            let letter = DeadLetter::new(job, failed, &self.about, self.clock.now());
            self.publish(bus, topic, letter, job).await;
        }
    }

    /// Keeps it as a dead letter, if such are kept; if not, gives the next of its key.
    pub(super) fn bury(&self, mut job: Job, failed: Failed) -> Option<Job> {
        let (ticket, mut next) = (job.ticket(), None);
        if self.keeps_letters {
            quietly(job.take_origin());
            if job.key().is_none() {
                // With one worker it is not asked before.
                job.set_key(self.key_of(&job).unwrap_or_default());
            }
            self.desk.handled(&job.event);
            let dropped = self.desk.keep(job, failed, self.clock.now());
            self.tell_dropped(dropped);
        } else {
            next = job.key().and_then(|key| self.desk.next(key));
            self.desk.handled(&job.event);
            quietly(job);
        }
        self.desk.finish(ticket);
        next
    }

    /// Lets another worker have what is next of a key.
    pub(super) fn hand_on(&self, next: Option<Job>) {
        let Some(mut job) = next else { return };
        job.keep_lane(true);
        let ticket = job.ticket();
        if let Err(job) = self.desk.channel.put_ahead(job) {
            self.desk.counts.lost.fetch_add(1, Ordering::Relaxed);
            quietly(job);
        }
        self.desk.finish(ticket);
    }

    /// Publishes a dead letter. What it cannot be published for is told.
    async fn publish(&self, bus: Arc<State>, topic: &Topic, letter: DeadLetter, job: &Job) {
        let error = if chain(&job.event).len() >= bus.core.limits.causal_depth {
            Some("it has been a dead letter too often".into())
        } else {
            let (bus, event) = (Bus::from_state(Arc::clone(&bus)), &job.event);
            let mut published = pin!(bus.publish_letter(topic, letter, event));
            let mut sleep = None;
            poll_fn(|cx| {
                if let Poll::Ready(published) = published.as_mut().poll(cx) {
                    return Poll::Ready(published.err());
                }
                // Who reads dead letters may wait for this very task.
                let sleep = sleep.get_or_insert_with(|| self.sleep(LETTER_WAITS));
                sleep.poll(cx.waker()).map(|()| Some("a queue that selects it was full".into()))
            })
            .await
        };
        if let Some(error) = error {
            let error: Box<str> = error;
            let text = format!("no dead letter was published under `{topic}`: {error}");
            deliver::task_told(&bus.core, &self.about, &job.event, &text);
        }
    }

    /// Dead letters had to go for newer ones.
    fn tell_dropped(&self, dropped: impl IntoIterator<Item = Letter>) {
        let dropped: Vec<_> = dropped.into_iter().collect();
        if dropped.is_empty() {
            return;
        }
        let reason = "dead letters made room for newer ones";
        self.tell_lost(dropped.len() as u64, reason);
        self.desk.let_go(dropped);
    }

    pub(super) fn tell_lagged(&self, lagged: &Lagged) {
        self.tell_lost(lagged.missed(), "its queue was full");
    }

    /// Tells of events that the handler will not have.
    pub(super) fn tell_lost(&self, events: u64, reason: &str) {
        if let Some(bus) = self.bus.upgrade() {
            system::report(&bus.core, self.about.prefix(), || {
                SystemEvent::task_lost(&self.about, events, reason)
            });
        }
    }
}

/// A worker that waits before it tries again.
struct Waits<'d> {
    desk: &'d Desk,
    worker: u32,
}

impl<'d> Waits<'d> {
    fn begin(desk: &'d Desk, worker: u32) -> Self {
        desk.counts.retrying.fetch_add(1, Ordering::Relaxed);
        Self { desk, worker }
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.desk.counts.retrying.fetch_sub(1, Ordering::Relaxed);
        self.desk.wake_up(self.worker);
    }
}
