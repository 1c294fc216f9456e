//! [`Follower`]: the history read as it is committed, page by page.

use std::collections::VecDeque;
use std::mem;
use std::ops::RangeInclusive;
use std::sync::{Arc, Weak};
use std::task::{Poll, Wake, Waker};
use std::time::Duration;

use super::Progress;
use crate::bus::Core;
use crate::deliver::{self, each_quietly, isolate, quietly, wake};
use crate::event::{Event, Seen};
use crate::history::{Ask, Backwards, PAGE, Read, Reader};
use crate::queue::Lagged;
use crate::route::selects;
use crate::subscription::{Entry, Start, first_since, reads};
use crate::sync::atomic::Ordering;
use crate::sync::{Mutex, lock};
use crate::timers::Sleep;

/// How long it waits until it asks a history again that cannot store anything.
const AGAIN: Duration = Duration::from_millis(500);

/// Reads the history from a number on, as far as it is committed. It keeps neither the bus nor the history open, so that
/// these go with the last handle.
pub(crate) struct Follower {
    core: Weak<Core>,
    entry: Arc<Entry>,
    /// The next number to be read.
    next: u64,
    page: VecDeque<Item>,
    /// All up to this number was given or passed by.
    passed: u64,
    /// Until a history is asked again that fails.
    failing: Option<Sleep>,
    relay: Arc<Relay>,
}

/// The one waker that the history knows of this follower, however many have waited for it in turn: so it keeps one.
#[derive(Default)]
struct Relay(Mutex<Option<Waker>>);

impl Relay {
    /// Has this one woken, and no other.
    fn to(self: &Arc<Self>, waker: &Waker) -> Waker {
        let waker = Some(waker.clone());
        let before = mem::replace(&mut *lock(&self.0), waker);
        quietly(before); // user code: under no lock
        Waker::from(Arc::clone(self))
    }
}

impl Wake for Relay {
    fn wake(self: Arc<Self>) {
        let waker = lock(&self.0).take();
        if let Some(waker) = waker {
            wake(waker);
        }
    }
}

/// What a page has.
enum Item {
    Event(Arc<Event>),
    Lost(RangeInclusive<u64>),
}

/// What comes next.
pub(crate) enum Followed {
    /// An event that the subscription selects.
    Event(Arc<Event>),
    /// Events that the history let go before they were read.
    Lagged(Lagged),
    /// A page had nothing in it. There may be more.
    Passed,
    /// All is read that is committed.
    Nothing,
    /// The bus is gone, or the subscription has ended.
    Ended,
}

impl Follower {
    pub(super) fn new(core: &Arc<Core>, entry: &Arc<Entry>, progress: &Arc<Progress>) -> Self {
        let position = progress.position();
        Self {
            core: Arc::downgrade(core),
            entry: Arc::clone(entry),
            next: position + 1,
            page: VecDeque::new(),
            passed: position,
            failing: None,
            relay: Arc::default(),
        }
    }

    /// All up to this number was given or passed by.
    pub(super) fn passed(&self) -> u64 {
        self.passed
    }

    /// The next step. User code is called: filters.
    pub(super) fn step(&mut self) -> Followed {
        if self.entry.is_over_quietly() {
            return Followed::Ended;
        }
        let Some(core) = self.core.upgrade() else { return Followed::Ended };
        if self.page.is_empty() && !self.fill(&core) {
            return Followed::Nothing;
        }
        while let Some(item) = self.page.pop_front() {
            match item {
                Item::Event(event) => {
                    self.passed = event.sequence().unwrap_or(self.passed);
                    // One that never leaves the process is on no disk, and a crash would take it back.
                    let is_stored = !event.data.schema().local;
                    let is_selected = is_stored && selects(&self.entry, &event);
                    if is_selected && deliver::wants(&core, &self.entry, &event) {
                        return Followed::Event(event);
                    }
                    quietly(event); // the history may have let it go, and its data is the user's
                }
                Item::Lost(numbers) => {
                    self.passed = *numbers.end();
                    return Followed::Lagged(Lagged::of(numbers));
                }
            }
        }
        self.passed = self.next - 1;
        Followed::Passed
    }

    /// Reads the next page, as far as it is committed; `false` if nothing is.
    ///
    /// Its reader lasts as long as this, for it holds the history.
    fn fill(&mut self, core: &Core) -> bool {
        let (Some(history), Some(durable)) = (&core.history, &core.durable) else { return false };
        let committed = durable.committed();
        let by = reads(&self.entry);
        let ask = Some(Ask::of(by.clone()));
        let mut reader = Reader::new(history, by, ask, self.next).of_stored(durable);
        let mut last = committed;
        loop {
            match reader.step(last) {
                Read::Event(found) => {
                    let event = found.event();
                    if self.page.is_empty() {
                        last = committed.min(reader.next() + PAGE - 2);
                    }
                    self.page.push_back(Item::Event(event));
                }
                Read::Lost(numbers) => {
                    self.page.push_back(Item::Lost(numbers));
                    break;
                }
                Read::Nothing => break,
            }
        }
        let before = mem::replace(&mut self.next, reader.next());
        self.next > before
    }

    /// Ready when it is worth to take another step; the waker is woken then.
    pub(super) fn poll(&mut self, waker: &Waker) -> Poll<()> {
        let Some(core) = self.core.upgrade() else { return Poll::Ready(()) };
        let Some(history) = &core.durable else { return Poll::Ready(()) };
        let relay = self.relay.to(waker);
        loop {
            if let Some(failing) = &mut self.failing {
                if failing.poll(waker).is_pending() {
                    return Poll::Pending;
                }
                self.failing = None;
            }
            match history.commits().poll_committed(self.next, &relay) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) => {
                    // A publisher has it on the disk and is about to let it be read.
                    if history.readable().is_none_or(|readable| *readable.end() < self.next) {
                        waker.wake_by_ref();
                        return Poll::Pending;
                    }
                    return Poll::Ready(());
                }
                // It is ready as long as it fails: the clock says when it is asked again.
                Poll::Ready(Err(_)) => self.failing = Some(core.timers.sleep(AGAIN)),
            }
        }
    }
}

/// The history may have let go of what was read.
impl Drop for Follower {
    fn drop(&mut self) {
        each_quietly(mem::take(&mut self.page));
    }
}

/// The position at which a name begins that has none.
pub(super) fn first_position(core: &Core, entry: &Arc<Entry>, start: Start) -> u64 {
    let Some(history) = &core.durable else { return 0 };
    let readable = history.readable();
    let (oldest, end) = match readable {
        Some(readable) => (*readable.start(), *readable.end()),
        None => (history.first(), history.first() - 1),
    };
    match start {
        // Read as it is written: what was published before is past.
        Start::Latest | Start::LastPerTopic => core.sequence.fetch_add(0, Ordering::AcqRel),
        Start::Earliest => oldest - 1,
        Start::Sequence(number) => number.max(1) - 1,
        Start::Time(time) => first_since(&**history, time, oldest..=end) - 1,
        Start::Last(count) => {
            let past = Backwards::new(&**history, oldest..=end);
            let wanted = |event: &Arc<Event>| entry.accepts(event) && entry.fits(&Seen::new(event));
            let selected = past.filter(|event| {
                selects(entry, event) && isolate(|| wanted(event)).unwrap_or_default()
            });
            let first = selected.take(count).last();
            first.and_then(|event| event.sequence()).map_or(end, |number| number - 1)
        }
    }
}
