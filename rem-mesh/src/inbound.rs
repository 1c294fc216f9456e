//! What comes: each parcel looked at from the outside in, and published as if its event had happened here.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rem_core::__private::isolate;
use rem_core::cloudevents::CloudEvent;
use rem_core::{Receipt, Topic};

use crate::consume::{self, Consumers};
use crate::home::{Home, Stamp};
use crate::imports::Refused;
use crate::outbound::stays;
use crate::outbox::intake::HOME;
use crate::state::Shared;
use crate::stats::Refusal;
use crate::told::MeshEvent;
use crate::transport::{Incoming, Parcel};
use crate::window::Noted;
use crate::{wire, work};

/// What is said of one that some rules let in, and none so large.
const TOO_LARGE: &str = "it has more bytes than its rule lets in";

/// How many parcels that have arrived are taken still when everything ends.
const AT_THE_END: usize = 65_536;

/// Takes what comes, until everything ends; then what has arrived.
pub(crate) async fn run(shared: Arc<Shared>, mut consumers: Consumers) {
    // Of this transport: whether what it published itself never comes back by it.
    let mut knows_no_echo = shared.phase.look(|phase| phase.knows_no_echo);
    let mut taken = 0_u64;
    loop {
        let goes_on = consumers.goes_on();
        let has_taken = shared.phase.look(|phase| phase.has_taken);
        let mut changed = pin!(shared.phase.until(|phase| match phase.is_leaving {
            _ if phase.is_over => Some(Next::Over),
            true if goes_on => Some(Next::Leave),
            // What has arrived is taken, for nothing more has.
            true if !has_taken => Some(Next::Taken),
            _ => None,
        }));
        let next = |cx: &mut Context<'_>| {
            if goes_on && shared.phase.look(|phase| phase.is_leaving) {
                return Poll::Ready(Next::Leave);
            }
            match shared.transport.poll_incoming(cx) {
                Poll::Ready(came) => Poll::Ready(Next::Came(came)),
                Poll::Pending => changed.as_mut().poll(cx),
            }
        };
        let came = match poll_fn(next).await {
            Next::Came(came) => came,
            Next::Over => break,
            Next::Leave => {
                consumers.leave(&shared).await;
                continue;
            }
            Next::Taken => {
                consumers.explain(&shared).await;
                shared.phase.change(|phase| phase.has_taken = true);
                continue;
            }
        };
        match came {
            Incoming::Parcel(parcel, _) => take(&shared, &parcel, knows_no_echo),
            Incoming::Delivery(delivery) => consumers.take(&shared, *delivery).await,
            Incoming::Connected(can) => {
                knows_no_echo = can.no_echo;
                shared.connected(&can);
                // Whatever could not be asked for is asked for now.
                shared.settling.ring();
            }
            Incoming::Disconnected(reason) => {
                shared.counters.disconnected.one();
                shared.phase.change(|phase| phase.is_connected = false);
                shared.tell(|| MeshEvent::Disconnected { mesh: shared.name.clone(), reason });
            }
            Incoming::Lagged(events) => {
                shared.counters.lagged.one();
                shared.counters.missed.add(events.unwrap_or(0));
                let mesh = shared.name.clone();
                shared.tell(|| MeshEvent::Lagged { mesh, outbound: false, events });
            }
            Incoming::Closed => shared.end(Some("the transport was closed")),
        }
        if shared.is_over() {
            break;
        }
        taken += 1;
        if taken.is_multiple_of(work::AT_A_TIME) {
            work::give_way().await;
        }
    }
    consumers.leave(&shared).await;
    rest(&shared, knows_no_echo, &mut consumers).await;
    consume::answer_rest(&shared).await;
    // What was not sent is counted by who sends, who may run by the connection.
    shared.phase.until(|phase| (phase.sending == 0).then_some(())).await;
    drop(shared.transport.close().await);
}

/// What is to be done next.
enum Next {
    Came(Incoming),
    /// Everything ends.
    Over,
    /// Nothing more is consumed.
    Leave,
    /// All that was consumed is taken.
    Taken,
}

/// What has arrived when everything ends.
async fn rest(shared: &Shared, knows_no_echo: bool, consumers: &mut Consumers) {
    for _ in 0..AT_THE_END {
        let next = |cx: &mut Context<'_>| match shared.transport.poll_incoming(cx) {
            Poll::Ready(came) => Poll::Ready(Some(came)),
            Poll::Pending => Poll::Ready(None),
        };
        match poll_fn(next).await {
            Some(Incoming::Parcel(parcel, _)) => take(shared, &parcel, knows_no_echo),
            Some(Incoming::Delivery(delivery)) => consumers.give_back(shared, &delivery).await,
            Some(Incoming::Closed) | None => return,
            Some(_) => {}
        }
    }
}

/// One parcel.
fn take(shared: &Shared, parcel: &Parcel, knows_no_echo: bool) {
    let (event, stamp) = match look(shared, parcel, By::Subscription { knows_no_echo }) {
        Looked::Event(event, stamp) => (event, stamp),
        Looked::Echo => return shared.counters.echoes.one(),
        Looked::Refused(why, said) => {
            let home = Stamp::read(parcel).ok().flatten().map(|stamp| stamp.home);
            return shared.refuse(parcel, home.as_ref(), why, &said);
        }
    };
    if !shared.wants(event.topic(), event.scope()) {
        return shared.counters.unwanted.one();
    }
    match publish(shared, parcel, &event, stamp.as_ref(), None) {
        Published::Now(_) | Published::Before | Published::Underway => {}
        Published::Refused(why, said) => {
            let home = stamp.as_ref().map(|stamp| &stamp.home);
            shared.refuse(parcel, home, why, &said);
        }
    }
}

/// By what a parcel came.
#[derive(Clone, Copy)]
pub(crate) enum By {
    Subscription {
        knows_no_echo: bool,
    },
    /// The import at that place, from a stream.
    Consumer(usize),
}

/// What a parcel is.
pub(crate) enum Looked {
    Event(Box<CloudEvent>, Option<Stamp>),
    /// This node's own.
    Echo,
    Refused(Refusal, Box<str>),
}

/// Looks at a parcel. What it costs to refuse it grows with how far it comes: its size is looked at before anything of it is read.
pub(crate) fn look(shared: &Shared, parcel: &Parcel, by: By) -> Looked {
    let imports = &shared.imports;
    let size = parcel.size();
    if size > imports.limit {
        let said = format!("it has {size} bytes, and {} may come", imports.limit);
        return Looked::Refused(Refusal::Oversized, said.into());
    }
    let refused = |why, said: &str| Looked::Refused(why, said.into());
    let head = match shared.last.head.read(parcel) {
        Ok(head) => head,
        Err(said) => return refused(Refusal::Malformed, said),
    };
    match &head.stamp {
        None if imports.takes_foreign => {}
        None => return refused(Refusal::NoHome, "it does not say which node it comes from"),
        Some(stamp) => match strange(shared, stamp, by) {
            Ok(false) => {}
            Ok(true) => return Looked::Echo,
            Err((why, said)) => return refused(why, said),
        },
    }
    let Some(topic) = wire::topic_of(parcel.subject(), &shared.root) else {
        return refused(Refusal::NotImported, "its subject is none of this mesh's topics");
    };
    let mut rules = imports.of(&topic, by.rule()).peekable();
    if rules.peek().is_none() || stays(&topic, "") {
        return refused(Refusal::NotImported, "no rule lets its topic in");
    }
    if !rules.any(|rule| rule.takes(size)) {
        return refused(Refusal::Oversized, TOO_LARGE);
    }
    let event = match head.event(parcel, imports.limit) {
        Ok(event) => event,
        Err(said) => return refused(Refusal::Malformed, &said),
    };
    if *event.topic() != topic {
        let said = format!("its event is of `{}`", event.topic());
        return refused(Refusal::WrongSubject, &said);
    }
    if stays(&topic, &topic[..event.scope().min(topic.len())]) {
        return refused(Refusal::NotImported, "its topic stays where it was published");
    }
    Looked::Event(Box::new(event), head.stamp)
}

impl By {
    fn rule(self) -> Option<usize> {
        match self {
            Self::Subscription { .. } => None,
            Self::Consumer(rule) => Some(rule),
        }
    }
}

/// Whether it is this node's own; or why it is not let in.
fn strange(
    shared: &Shared,
    Stamp { home, hops }: &Stamp,
    by: By,
) -> Result<bool, (Refusal, &'static str)> {
    let imports = &shared.imports;
    let (is_node, is_boot) = (home.node() == shared.home.node(), home.boot() == shared.home.boot());
    let knows_no_echo = match by {
        By::Subscription { knows_no_echo } => knows_no_echo,
        // A stream gives a node its own too, and those of its earlier lives.
        By::Consumer(_) if is_node => return Ok(true),
        By::Consumer(_) => false,
    };
    if is_boot && (*hops > 0 || !knows_no_echo) {
        return Ok(true);
    }
    if is_boot {
        let said = "it says that this node published it, and the transport gives no node what it published itself";
        return Err((Refusal::Forged, said));
    }
    if is_node {
        let said = "it comes from another process, or another life of this one, with this node's name: give each its own";
        return Err((Refusal::Twin, said));
    }
    if !imports.peers.is_empty() && !imports.peers.contains(home.node()) {
        return Err((Refusal::Stranger, "its node is none of the peers"));
    }
    if *hops > imports.most_hops {
        return Err((Refusal::TooManyHops, "too many nodes have passed it on"));
    }
    Ok(false)
}

/// What became of an event that is one.
pub(crate) enum Published {
    Now(Receipt),
    /// It had come before.
    Before,
    /// It has come to another mesh of the bus too, which has not published it yet.
    Underway,
    Refused(Refusal, Box<str>),
}

/// Publishes an event, unless it came before.
pub(crate) fn publish(
    shared: &Shared,
    parcel: &Parcel,
    event: &CloudEvent,
    stamp: Option<&Stamp>,
    rule: Option<usize>,
) -> Published {
    let home = stamp.map(|stamp| &stamp.home);
    let key = (event.source(), event.id());
    // Before it is published, so that who exports sees where it came from.
    let (via, now) = (shared.number, shared.now());
    let noted = if shared.marks {
        shared.window.begin(key, via, stamp, now)
    } else if shared.window.note(key, via, stamp, now) {
        Noted::New
    } else {
        Noted::Before
    };
    if noted != Noted::New {
        shared.counters.duplicates.one();
        shared.tell(|| MeshEvent::Duplicate {
            mesh: shared.name.clone(),
            event: event.id(),
            topic: event.topic().clone(),
        });
        return if noted == Noted::Before { Published::Before } else { Published::Underway };
    }
    match publish_below(shared, parcel, event, home, rule) {
        Ok((receipt, is_stored)) => {
            if shared.marks {
                let number = receipt.sequence().filter(|_| is_stored);
                shared.window.done(via, number.map(|number| (number, receipt.durable())));
            }
            shared.counters.imported.one();
            Published::Now(receipt)
        }
        Err((why, said)) => {
            shared.window.forget(key);
            if shared.marks {
                shared.window.done(via, None);
            }
            Published::Refused(why, said)
        }
    }
}

/// By the first rule that takes it, and whether a journal has it, if there is one; what the last one says if none does.
fn publish_below(
    shared: &Shared,
    parcel: &Parcel,
    event: &CloudEvent,
    home: Option<&Home>,
    rule: Option<usize>,
) -> Result<(Receipt, bool), Refused> {
    let gone = || (Refusal::ByBus, Box::<str>::from("the bus is gone"));
    let bus = shared.bus.upgrade().ok_or_else(gone)?;
    let marked;
    let event = if shared.marks {
        marked = event.clone().with_metadata(HOME, home.map_or("", Home::node));
        &marked
    } else {
        event
    };
    let below;
    let own = match &shared.prefix {
        None => event,
        Some(prefix) => {
            below = event.clone().below(prefix);
            let said = || (Refusal::NotImported, "it does not lie below the bus".into());
            below.as_ref().ok_or_else(said)?
        }
    };
    let mut refused = (Refusal::NotImported, "no rule lets it in".into());
    for import in shared.imports.of(event.topic(), rule) {
        if !import.takes(parcel.size()) {
            refused = (Refusal::Oversized, TOO_LARGE.into());
            continue;
        }
        refused = match isolate(|| import.publish(own, &bus)) {
            Ok(Ok(receipt)) => return Ok((receipt, import.is_stored())),
            Ok(Err(refused @ (Refusal::ByBus, _))) => return Err(refused),
            Ok(Err(refused)) => refused,
            // What decodes it is the user's.
            Err(panic) => (Refusal::WrongSchema, format!("what reads it panicked: {panic}").into()),
        };
    }
    Err(refused)
}

impl Shared {
    /// Whether somebody on the bus has subscribed to it, or it is wanted whoever does.
    fn wants(&self, topic: &Topic, scope: usize) -> bool {
        self.always.iter().any(|pattern| pattern.matches(topic))
            || self.interests.wants(topic, scope, self.export, &self.last.wanted)
    }
}
