//! The model: a bus as lists and loops, in one thread.

mod queue;

use std::collections::VecDeque;

use crate::patterns::selects;

/// How many events are kept.
pub(crate) const KEPT: usize = 8;

/// The topic of the type.
const OF_THE_TYPE: &str = "a.b";

/// Values from here on cause nothing, so that everything ends.
pub(crate) const SETTLED: u32 = 1_000;

/// An event as it was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) sequence: u64,
    /// From the root.
    pub(crate) topic: String,
    /// The part of it below the bus that published it, which decides whether a type has it.
    local: String,
    pub(crate) value: u32,
}

impl Event {
    pub(crate) fn brief(&self) -> (u64, u32) {
        (self.sequence, self.value)
    }
}

/// What a subscription is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) bus: usize,
    /// Below its bus; `None` is by type.
    pub(crate) pattern: Option<&'static str>,
    pub(crate) priority: i32,
    /// Only even values.
    pub(crate) even: bool,
    /// How many calls, or events, it lasts.
    pub(crate) take: Option<u64>,
    /// Whether it ends with the token.
    pub(crate) token: bool,
    /// Begins with the oldest that is kept.
    pub(crate) past: bool,
    pub(crate) delivery: Delivery,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// Notes what it gets.
    Notes,
    /// The same, and fails.
    Fails,
    /// The same, and panics.
    Panics,
    /// The same, and publishes what follows from it.
    Causes,
    Queue {
        room: usize,
        full: Full,
    },
}

/// What a full queue does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    Refuse,
    DropOldest,
    DropNewest,
    Conflate,
}

/// What a stream gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    Event(Event),
    /// How many were lost, and from which number to which.
    Lost(u64, u64, u64),
}

#[derive(Debug, Clone)]
pub(crate) struct Subscription {
    pub(crate) wish: Wish,
    pub(crate) active: bool,
    left: Option<u64>,
    waiting: VecDeque<Item>,
    /// Its stream has not read the past to its end: until then nothing is queued for it.
    in_the_past: bool,
    /// It was refused, or let go of, and what waited with it.
    gone: bool,
}

#[derive(Debug, Clone)]
struct OneBus {
    prefix: String,
    parent: Option<usize>,
    open: bool,
    middleware: Vec<(&'static str, Changes)>,
}

/// What middleware does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Changes {
    /// Stops odd values.
    StopsOdd,
    /// Adds so much to the value.
    Adds(u32),
    Fails,
}

/// What a publisher is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Told {
    Receipt {
        sequence: u64,
        delivered: usize,
        deferred: usize,
        dropped: usize,
        failed: usize,
    },
    Stopped,
    QueueFull,
    MiddlewareFailed,
    Closed,
    /// Nothing was published.
    #[default]
    Nothing,
}

/// What a handler was called with, and what it was told if it published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    Call { subscription: usize, sequence: u64, value: u32 },
    Caused(Told),
}

#[derive(Debug, Clone)]
pub(crate) struct Naive {
    buses: Vec<OneBus>,
    pub(crate) subscriptions: Vec<Subscription>,
    /// All that was ever recorded.
    pub(crate) events: Vec<Event>,
    /// Inline deliveries that wait for the current event.
    line: VecDeque<(Event, Vec<usize>)>,
    /// What came of the last step.
    pub(crate) told: Told,
    pub(crate) seen: Vec<Seen>,
    pub(crate) read: Vec<Item>,
    pub(crate) opened: bool,
}

impl Naive {
    pub(crate) fn new() -> Self {
        let root =
            OneBus { prefix: String::new(), parent: None, open: true, middleware: Vec::new() };
        Self {
            buses: vec![root],
            subscriptions: Vec::new(),
            events: Vec::new(),
            line: VecDeque::new(),
            told: Told::Nothing,
            seen: Vec::new(),
            read: Vec::new(),
            opened: false,
        }
    }

    pub(crate) fn buses(&self) -> usize {
        self.buses.len()
    }

    /// Forgets what came of the last step.
    pub(crate) fn begin(&mut self) {
        (self.told, self.opened) = (Told::Nothing, false);
        self.seen.clear();
        self.read.clear();
    }

    pub(crate) fn is_open(&self, bus: usize) -> bool {
        self.buses[bus].open
    }

    fn absolute(&self, bus: usize, local: &str) -> String {
        match self.buses[bus].prefix.as_str() {
            "" => local.to_owned(),
            prefix => format!("{prefix}.{local}"),
        }
    }

    /// The part of a topic below a bus.
    fn below<'t>(&self, bus: usize, topic: &'t str) -> Option<&'t str> {
        match self.buses[bus].prefix.as_str() {
            "" => Some(topic),
            prefix => topic.strip_prefix(prefix)?.strip_prefix('.'),
        }
    }

    pub(crate) fn open(&mut self, parent: usize, local: &str) {
        let prefix = self.absolute(parent, local);
        let taken =
            (0..self.buses.len()).any(|bus| self.buses[bus].prefix == prefix && self.is_open(bus));
        self.opened = self.is_open(parent) && !taken;
        let bus = OneBus { prefix, parent: Some(parent), open: true, middleware: Vec::new() };
        if self.opened {
            self.buses.push(bus);
        }
    }

    /// With all that are open below it. Its streams end. Handlers go on: what is published on a bus above still comes to them.
    pub(crate) fn close(&mut self, bus: usize) {
        if !self.is_open(bus) {
            return;
        }
        self.buses[bus].open = false;
        let closed = format!("{}.", self.buses[bus].prefix);
        for one in &mut self.buses {
            one.open &= !one.prefix.starts_with(&closed);
        }
        for at in 0..self.subscriptions.len() {
            if !self.is_open(self.subscriptions[at].wish.bus) && self.subscriptions[at].is_queue() {
                self.subscriptions[at].active = false;
            }
        }
    }

    pub(crate) fn add_middleware(&mut self, bus: usize, pattern: &'static str, changes: Changes) {
        self.opened = self.is_open(bus);
        if self.opened {
            self.buses[bus].middleware.push((pattern, changes));
        }
    }

    pub(crate) fn kept(&self) -> &[Event] {
        &self.events[self.events.len().saturating_sub(KEPT)..]
    }

    /// Up to which number nothing is kept any more.
    pub(crate) fn gone(&self) -> u64 {
        self.events.len().saturating_sub(KEPT) as u64
    }

    /// What is kept of a bus that a pattern selects.
    pub(crate) fn query(&self, bus: usize, pattern: &str) -> Vec<&Event> {
        let of = |event: &&Event| {
            self.below(bus, &event.topic).is_some_and(|topic| selects(pattern, topic))
        };
        self.kept().iter().filter(of).collect()
    }

    pub(crate) fn wants(&self, wish: &Wish, event: &Event) -> bool {
        let Some(topic) = self.below(wish.bus, &event.topic) else { return false };
        let selected = match wish.pattern {
            Some(pattern) => selects(pattern, topic),
            // Below whichever of the two buses is the lower one.
            None if event.local.len() < topic.len() => event.local == OF_THE_TYPE,
            None => topic == OF_THE_TYPE,
        };
        selected && (!wish.even || event.value.is_multiple_of(2))
    }

    pub(crate) fn subscribe(&mut self, wish: Wish) {
        let is_open = self.is_open(wish.bus);
        // By type it is given all the same, and is over.
        self.opened = is_open || wish.pattern.is_none();
        let (left, at) = (wish.take, self.subscriptions.len());
        let (past, gone) = (wish.past && is_open, !self.opened);
        let active = is_open && left != Some(0);
        let (waiting, in_the_past) = (VecDeque::new(), past);
        self.subscriptions.push(Subscription { wish, active, left, waiting, in_the_past, gone });
        if past {
            for event in self.kept().to_vec() {
                let Subscription { active, wish, .. } = &self.subscriptions[at];
                if *active
                    && self.wants(wish, &event)
                    && !matches!(wish.delivery, Delivery::Queue { .. })
                {
                    self.call(at, &event);
                }
            }
        }
    }

    /// Whether somebody has hold of it.
    pub(crate) fn is_held(&self, at: usize) -> bool {
        self.subscriptions.get(at).is_some_and(|sub| !sub.gone)
    }

    pub(crate) fn end(&mut self, at: usize) {
        let sub = &mut self.subscriptions[at];
        (sub.active, sub.gone) = (false, true);
        sub.waiting.clear();
    }

    pub(crate) fn end_token(&mut self) {
        for sub in self.subscriptions.iter_mut().filter(|sub| sub.wish.token) {
            sub.active = false;
        }
    }

    /// Outside of any handler.
    pub(crate) fn publish(&mut self, bus: usize, local: &str, value: u32) {
        self.told = self.go(bus, local, value, false);
        while let Some((event, to)) = self.line.pop_front() {
            for at in to {
                self.call_if_active(at, &event);
            }
        }
    }

    fn go(&mut self, bus: usize, local: &str, mut value: u32, within: bool) -> Told {
        if !self.is_open(bus) {
            return Told::Closed;
        }
        let topic = self.absolute(bus, local);
        let mut next = Some(bus);
        while let Some(bus) = next {
            for (pattern, changes) in self.buses[bus].middleware.clone() {
                let below = self.below(bus, &topic);
                if !below.is_some_and(|topic| selects(pattern, topic)) {
                    continue;
                }
                match changes {
                    Changes::StopsOdd if !value.is_multiple_of(2) => return Told::Stopped,
                    Changes::StopsOdd => {}
                    Changes::Adds(more) => value += more,
                    Changes::Fails => return Told::MiddlewareFailed,
                }
            }
            next = self.buses[bus].parent;
        }
        let sequence = self.events.len() as u64 + 1;
        let event = Event { sequence, topic, local: local.to_owned(), value };
        let mut wanting: Vec<_> = (0..self.subscriptions.len())
            .filter(|at| {
                let sub = &self.subscriptions[*at];
                sub.active && !(sub.is_queue() && sub.in_the_past) && self.wants(&sub.wish, &event)
            })
            .collect();
        // The highest priority first, then the oldest: the sort keeps their order.
        wanting.sort_by_key(|at| -self.subscriptions[*at].wish.priority);
        if wanting.iter().any(|at| self.subscriptions[*at].refuses()) {
            return Told::QueueFull;
        }
        self.events.push(event.clone());
        let (mut delivered, mut dropped, mut failed) = (0, 0, 0);
        let (queues, inline): (Vec<_>, Vec<_>) =
            wanting.into_iter().partition(|at| self.subscriptions[*at].is_queue());
        for at in queues {
            if self.subscriptions[at].queue(&event) {
                delivered += 1;
            } else {
                dropped += 1;
            }
        }
        let mut deferred = 0;
        if within {
            deferred = inline.len();
            self.line.push_back((event, inline));
        } else {
            for at in inline {
                match self.call_if_active(at, &event) {
                    Some(true) => delivered += 1,
                    Some(false) => failed += 1,
                    None => {}
                }
            }
        }
        Told::Receipt { sequence, delivered, deferred, dropped, failed }
    }

    fn call_if_active(&mut self, at: usize, event: &Event) -> Option<bool> {
        self.subscriptions[at].active.then(|| self.call(at, event))
    }

    /// Whether it went well.
    fn call(&mut self, at: usize, event: &Event) -> bool {
        let Event { sequence, value, .. } = *event;
        self.seen.push(Seen::Call { subscription: at, sequence, value });
        let sub = &mut self.subscriptions[at];
        if let Some(left) = &mut sub.left {
            *left -= 1;
            sub.active = *left > 0;
        }
        let (bus, delivery) = (sub.wish.bus, sub.wish.delivery);
        if delivery == Delivery::Causes && value < SETTLED {
            let told = self.go(bus, "c", value + SETTLED, true);
            self.seen.push(Seen::Caused(told));
        }
        !matches!(delivery, Delivery::Fails | Delivery::Panics)
    }

    /// Takes so many from a stream.
    pub(crate) fn read(&mut self, at: usize, count: usize) {
        let sub = &mut self.subscriptions[at];
        sub.in_the_past = false;
        let count = if sub.conflates() { usize::MAX } else { count };
        for _ in 0..count {
            let Some(item) = sub.waiting.pop_front() else { break };
            let is_event = matches!(item, Item::Event(_));
            self.read.push(item);
            if let Some(left) = sub.left.as_mut().filter(|_| is_event) {
                *left -= 1;
                if *left == 0 {
                    sub.active = false;
                    sub.waiting.clear();
                }
            }
        }
    }
}
