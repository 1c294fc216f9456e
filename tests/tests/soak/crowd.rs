//! A thousand subscriptions that come and go, of all kinds in turn; each has what is published while it is there, without a gap.

use std::collections::VecDeque;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rem::TryRecvError;
use rem::prelude::*;

use crate::ledger::{Faults, Rows};
use crate::{LONG, NAMES, Tick};

/// How many are there at a time.
const MANY: usize = 1_000;

/// Who is there, the oldest first.
pub(crate) struct Crowd<'a> {
    bus: &'a Bus,
    faults: &'a Faults,
    here: VecDeque<Visit>,
    came: u64,
    /// How many events those had who went.
    had: u64,
}

/// One of them: what it had, and what it holds.
struct Visit {
    rows: Arc<Rows>,
    kind: Kind,
}

enum Kind {
    Handler(Subscription),
    Stream(EventStream<Tick>),
    /// What is still called when it has gone would be counted here.
    Counted(Subscription, Arc<AtomicU64>),
}

impl<'a> Crowd<'a> {
    pub(crate) fn new(bus: &'a Bus, faults: &'a Faults) -> Self {
        let mut crowd = Self { bus, faults, here: VecDeque::new(), came: 0, had: 0 };
        while crowd.here.len() < MANY {
            crowd.come();
        }
        crowd
    }

    /// How many came, and how many events those had who went.
    pub(crate) fn figures(&self) -> (u64, u64) {
        (self.came, self.had)
    }

    /// The oldest goes and another comes.
    pub(crate) fn turn(&mut self) {
        self.go();
        self.come();
    }

    /// All go.
    pub(crate) fn end(mut self) -> (u64, u64) {
        while !self.here.is_empty() {
            self.go();
        }
        self.figures()
    }

    fn come(&mut self) {
        let name = self.came % NAMES;
        let pattern = format!("tick.by.{name}");
        let rows = Arc::new(Rows::new(NAMES, self.faults));
        let keep = Arc::clone(&rows);
        let subscription = self.bus.subscription(&*pattern);
        let kind = match self.came % 5 {
            0 => Kind::Handler(
                subscription.inline(move |event: &Event<Tick>| keep.has(&event.data)).unwrap(),
            ),
            1 => {
                let panics = move |event: &Event<Tick>| {
                    keep.has(&event.data);
                    // Without a word: nobody is to read of thousands.
                    resume_unwind(Box::new("by design"));
                };
                Kind::Handler(subscription.inline(panics).unwrap())
            }
            2 => Kind::Stream(subscription.queue(4, Overflow::DropOldest).stream().unwrap()),
            3 => {
                let task = subscription.queue(64, Overflow::Block(LONG));
                let handler = async |keep: Arc<Rows>, event: Received<Tick>| keep.has(&event.data);
                Kind::Handler(task.task_with(keep, handler).unwrap())
            }
            _ => {
                let calls = Arc::new(AtomicU64::new(0));
                let count = Arc::clone(&calls);
                let counts = move |event: &Event<Tick>| {
                    keep.has(&event.data);
                    count.fetch_add(1, Ordering::SeqCst);
                };
                Kind::Counted(subscription.inline(counts).unwrap(), calls)
            }
        };
        self.here.push_back(Visit { rows, kind });
        self.came += 1;
    }

    fn go(&mut self) {
        let Visit { rows, kind } = self.here.pop_front().unwrap();
        match kind {
            Kind::Handler(subscription) => {
                let _ = subscription.unsubscribe();
            }
            Kind::Stream(mut stream) => loop {
                match stream.try_recv() {
                    Ok(event) => rows.has_later(&event.data),
                    Err(TryRecvError::Lagged(_)) => {}
                    Err(TryRecvError::Empty | TryRecvError::Ended) => break,
                }
            },
            Kind::Counted(subscription, calls) => {
                let _ = subscription.unsubscribe();
                let before = calls.load(Ordering::SeqCst);
                std::thread::yield_now();
                let after = calls.load(Ordering::SeqCst);
                self.faults.unless(before == after, || "called when it had gone".to_owned());
            }
        }
        self.had += rows.count();
    }
}
