//! [`Pump`]: reads what is to leave from the journal, sends it, and moves the position when the broker has acknowledged it.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use rem_core::__private::{Alarm, Alarms, isolate};
use rem_core::{DurableStream, Event, Lagged, Received};

use super::Outbox;
use super::door::Door;
use super::hand::{Entry, First, Hand, Letter};
use super::intake::Entrance;
use crate::outbound::write;
use crate::state::{self, Shared};
use crate::told::MeshEvent;
use crate::transport::{
    Doing, Parcel, Storing, StreamSpec, Streams, TransportError, TransportErrorKind,
};
use crate::wire::{Unwritten, Writer};

/// How often it looks whether something takes too long.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// How long it waits before it sends again what failed, at first and at most.
const AGAIN: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

pub(crate) struct Pump {
    pub(crate) shared: Arc<Shared>,
    pub(crate) stream: DurableStream,
    pub(crate) door: Arc<Door>,
    /// Kept as long as events are counted in.
    pub(crate) _entrance: Arc<Entrance>,
    pub(crate) outbox: Outbox,
    pub(crate) spec: StreamSpec,
    pub(crate) writer: Writer,
    /// By the system's clock, for it is that of the network.
    pub(crate) alarms: Alarms,
    /// Up to there events were published before it began.
    pub(crate) head: u64,
    /// Until all is sent.
    pub(crate) sending: Option<state::Sending>,
}

/// What comes next.
enum Happened {
    Over,
    Finished,
    /// The mesh is connected, or is no longer.
    Connected(bool),
    Read(Option<Result<Received, Lagged>>),
    Taken(Result<Storing, TransportError>),
    First(First),
    Looks,
}

/// What the transport is about to take: the first in hand that is not sent.
struct Taking<'t> {
    doing: Doing<'t, Storing>,
    since: Instant,
}

/// What there is in hand, and how the sending goes.
#[expect(clippy::struct_excessive_bools, reason = "each is true or not, whatever the others are")]
struct Sending {
    hand: Hand,
    is_connected: bool,
    /// The stream is known to be there.
    is_open: bool,
    /// The journal gives no more: the bus was closed.
    is_read: bool,
    /// Nothing is sent before that.
    hold: Option<Instant>,
    pause: Duration,
    is_stalled: bool,
}

impl Pump {
    /// Until everything ends, or all is sent and the mesh is left.
    pub(crate) async fn run(mut self) {
        self.send_all().await;
        let sending = self.sending.take();
        drop(self); // so that what waits is told
        if let Some(sending) = sending {
            sending.done().await;
        }
    }

    async fn send_all(&mut self) {
        let transport = Arc::clone(&self.shared.transport);
        let Some(streams) = transport.streams() else { return };
        let mut sending = Sending {
            hand: Hand::default(),
            is_connected: false,
            is_open: true, // it was opened when the mesh joined
            is_read: false,
            hold: None,
            pause: AGAIN.0,
            is_stalled: false,
        };
        let mut taking: Option<Taking<'_>> = None;
        loop {
            self.note(&sending);
            // What is about to be taken may be the oldest, and nobody knows whether it is sent.
            if taking.is_none() {
                self.drop_oldest(&mut sending);
            }
            if !sending.is_open && sending.may_send() && !self.open(streams, &mut sending).await {
                continue;
            }
            if taking.is_none()
                && sending.may_send()
                && sending.is_open
                && let Some(Letter { parcel, key }) = sending.hand.next()
            {
                let doing = streams.store(&self.spec.name, parcel, &key);
                taking = Some(Taking { doing, since: Instant::now() });
            }
            match self.next(&mut sending, &mut taking).await {
                Happened::Over | Happened::Finished => break,
                Happened::Connected(is_connected) => {
                    sending.is_connected = is_connected;
                    self.door.connected(is_connected);
                    if !is_connected {
                        taking = None;
                        self.rewind(&mut sending);
                    }
                }
                Happened::Read(None) => sending.is_read = true,
                Happened::Read(Some(Ok(event))) => self.read(&mut sending, &event),
                Happened::Read(Some(Err(lagged))) => self.lost(&sending, &lagged),
                Happened::Taken(Ok(storing)) => {
                    taking = None;
                    sending.hand.taken(storing);
                }
                Happened::Taken(Err(error)) => {
                    taking = None;
                    if self.is_of_the_event(streams, &error).await {
                        sending.hand.unsent(error.to_string().into());
                    } else {
                        self.failed(&mut sending, &error);
                    }
                }
                Happened::First(First::Failed(error)) => {
                    taking = None;
                    let is_its_own = self.is_of_the_event(streams, &error).await;
                    self.rewind(&mut sending);
                    if is_its_own {
                        sending.hand.unsent(error.to_string().into());
                    } else {
                        self.failed(&mut sending, &error);
                    }
                }
                Happened::First(first) => self.settled(&mut sending, first),
                Happened::Looks => {
                    let since = taking.as_ref().map(|taking| taking.since);
                    let since = sending.hand.waits_since().or(since);
                    if since.is_some_and(|since| since.elapsed() >= self.outbox.patience) {
                        taking = None;
                        self.rewind(&mut sending);
                        let said = "no acknowledgement came in time";
                        let error = TransportError::new(TransportErrorKind::Disconnected, said);
                        self.failed(&mut sending, &error);
                    }
                }
            }
        }
    }

    /// What comes first: what ends it, then what settles something, then what there is more to do.
    async fn next(&mut self, sending: &mut Sending, taking: &mut Option<Taking<'_>>) -> Happened {
        let was_connected = sending.is_connected;
        let Self { shared, stream, door, outbox, alarms, .. } = self;
        let mut changed = pin!(shared.phase.until(|phase| {
            match (phase.is_over, phase.is_connected == was_connected) {
                (true, _) => Some(Happened::Over),
                (false, false) => Some(Happened::Connected(phase.is_connected)),
                (false, true) => None,
            }
        }));
        let mut alarm: Option<Alarm> = None;
        poll_fn(|cx: &mut Context<'_>| {
            if let Poll::Ready(changed) = changed.as_mut().poll(cx) {
                return Poll::Ready(changed);
            }
            if let Poll::Ready(first) = sending.hand.poll_first(cx) {
                return Poll::Ready(Happened::First(first));
            }
            if let Some(taking) = taking
                && let Poll::Ready(taken) = taking.doing.as_mut().poll(cx)
            {
                return Poll::Ready(Happened::Taken(taken));
            }
            if !sending.is_read
                && sending.hand.len() < outbox.in_flight
                && let Poll::Ready(read) = pin!(stream.recv()).poll(cx)
            {
                return Poll::Ready(Happened::Read(read));
            }
            let is_all = sending.is_read || stream.position() >= door.highest();
            let is_leaving = sending.is_read || shared.phase.look(|phase| phase.is_leaving);
            if is_leaving && is_all && sending.hand.len() == 0 {
                return Poll::Ready(Happened::Finished);
            }
            let alarm = alarm.get_or_insert_with(|| alarms.after(LOOK_AGAIN));
            Pin::new(alarm).poll(cx).map(|()| Happened::Looks)
        })
        .await
    }

    /// Makes sure that the stream is there, also when somebody has deleted it meanwhile.
    async fn open(&self, streams: &dyn Streams, sending: &mut Sending) -> bool {
        let opened = self.shared.unless_over(streams.open(self.spec.clone())).await;
        match opened {
            Some(Ok(_)) => sending.is_open = true,
            Some(Err(error)) => self.failed(sending, &error),
            None => {}
        }
        sending.is_open
    }

    /// Where the position is, for who waits for it.
    fn note(&self, sending: &Sending) {
        let position = self.stream.position();
        if position > self.door.settled() {
            self.door.settle(position, Vec::new());
        }
        self.door.before(self.head.saturating_sub(position));
        let oldest = sending.hand.first().map(|first| first.time);
        if self.shared.phase.look(|phase| phase.oldest_waiting) != oldest {
            self.shared.phase.change_quietly(|phase| phase.oldest_waiting = oldest);
        }
    }

    fn read(&self, sending: &mut Sending, event: &Event) {
        let Some(number) = event.sequence() else { return };
        let letter = match isolate(|| self.letter(event)) {
            Ok(Ok(letter)) => Ok(letter),
            Ok(Err(Unwritten(reason))) => Err(reason),
            Err(panic) => Err(format!("what writes its data panicked: {panic}").into()),
        };
        match &letter {
            Ok(letter) => self.door.read(letter.parcel.size()),
            Err(reason) => self.shared.unsent(event, reason),
        }
        sending.hand.push(Entry::new(number, event.timestamp(), letter));
    }

    fn letter(&self, event: &Event) -> Result<Letter, Unwritten> {
        let parcel: Parcel = write(&self.shared, &self.writer, event)?;
        Ok(Letter { parcel, key: key(event) })
    }

    /// The journal let go of events before they were sent. They are passed with what is in hand, which is before them.
    fn lost(&self, sending: &Sending, lagged: &Lagged) {
        let events = lagged.missed();
        self.shared.counters.outbox_lost.add(events);
        let mesh = self.shared.name.clone();
        self.shared.tell(|| MeshEvent::Truncated { mesh, consumer: None, events });
        self.door.lost(lagged.from()..=lagged.to());
        if sending.hand.len() == 0 {
            self.stream.ack();
        }
    }

    fn settled(&self, sending: &mut Sending, first: First) {
        let counters = &self.shared.counters;
        sending.pause = AGAIN.0;
        sending.is_stalled = false;
        let mut failed = Vec::new();
        let number = match first {
            First::Stored(entry, stored) => {
                counters.exported.one();
                counters.acknowledged.one();
                if stored.duplicate {
                    counters.known.one();
                }
                self.shared.phase.change_quietly(|phase| {
                    phase.last_acknowledged = Some(stored.sequence);
                });
                entry.number
            }
            First::Unsent(entry, reason) => {
                failed.push((entry.number, reason));
                entry.number
            }
            First::Failed(_) => return,
        };
        self.let_go(sending, number, failed);
    }

    /// That number and all below it need not be sent any more; nor what was lost behind it, if nothing stands between.
    fn let_go(&self, sending: &Sending, number: u64, failed: Vec<(u64, Box<str>)>) {
        if sending.hand.len() == 0 {
            self.stream.ack();
        } else {
            self.stream.ack_up_to(number);
        }
        self.door.settle(self.stream.position(), failed);
    }

    /// What is too much goes, the oldest first.
    fn drop_oldest(&self, sending: &mut Sending) {
        let mut events = 0;
        while self.door.overflow() > 0 {
            let Some(entry) = sending.hand.drop_oldest() else { break };
            events += 1;
            let said = "the outbox was full, and it was the oldest";
            self.let_go(sending, entry.number, vec![(entry.number, said.into())]);
        }
        if events > 0 {
            self.shared.counters.overflowed.add(events);
            let mesh = self.shared.name.clone();
            self.shared.tell(|| MeshEvent::Overflow { mesh, events });
        }
    }

    fn rewind(&self, sending: &mut Sending) {
        self.shared.counters.resent.add(sending.hand.rewind());
    }

    /// Whether the broker refuses this event, and no other: then the stream is there.
    async fn is_of_the_event(&self, streams: &dyn Streams, error: &TransportError) -> bool {
        match error.kind() {
            TransportErrorKind::TooLarge => true,
            TransportErrorKind::Refused
            | TransportErrorKind::Unsupported
            | TransportErrorKind::Other => {
                let state = self.shared.unless_over(streams.state(&self.spec.name)).await;
                matches!(state, Some(Ok(_)))
            }
            _ => false,
        }
    }

    /// It is tried again, a little later each time.
    fn failed(&self, sending: &mut Sending, error: &TransportError) {
        match error.kind() {
            TransportErrorKind::Closed => return self.shared.end(Some("the transport was closed")),
            TransportErrorKind::Disconnected if !self.shared.transport.is_connected() => {
                self.shared.phase.change(|phase| phase.is_connected = false);
            }
            TransportErrorKind::Refused
            | TransportErrorKind::Unsupported
            | TransportErrorKind::Other => sending.is_open = false,
            _ => {}
        }
        sending.hold = Instant::now().checked_add(sending.pause);
        sending.pause = (sending.pause * 2).min(AGAIN.1);
        if !std::mem::replace(&mut sending.is_stalled, true) {
            let (mesh, reason) = (self.shared.name.clone(), error.to_string().into());
            let (waiting, _) = self.door.depth();
            self.shared.tell(|| MeshEvent::Stalled { mesh, waiting, reason });
        }
    }
}

impl Sending {
    fn may_send(&mut self) -> bool {
        if self.hold.is_some_and(|until| Instant::now() >= until) {
            self.hold = None;
        }
        self.is_connected && self.hold.is_none()
    }
}

/// By what the broker, and whoever imports it, know an event that comes again: its id, and its source.
fn key(event: &Event) -> Box<str> {
    let id = event.id().to_string();
    let Some(source) = event.source() else { return id.into() };
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'%' && byte != b'#';
    if source.len() <= LONGEST_SOURCE && source.bytes().all(plain) {
        return format!("{id}/{source}").into();
    }
    // A number stands for a source that is long, or has what a key may not have: FNV-1a, of which no two are alike that have an id in
    // common.
    let number = source.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |number, byte| {
        (number ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{id}/#{number:016x}").into()
}

/// The most characters of a source that stands in a key as it is.
const LONGEST_SOURCE: usize = 256;

/// At its end, or dropped before it by who runs it.
impl Drop for Pump {
    fn drop(&mut self) {
        // What was passed by at last does not wait.
        self.door.before(self.head.saturating_sub(self.stream.position()));
        self.door.end();
        self.shared.interests.forget(self.stream.subscription().id());
        let (waiting, _) = self.door.depth();
        self.shared.phase.change(|phase| {
            phase.spooled = waiting;
        });
    }
}
