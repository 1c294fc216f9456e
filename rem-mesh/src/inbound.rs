//! What comes: each parcel looked at from the outside in, and published as if its event had happened here.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use rem_core::__private::isolate;
use rem_core::cloudevents::CloudEvent;
use rem_core::{Receipt, Topic};

use crate::home::{Home, Stamp};
use crate::imports::Refused;
use crate::outbound::stays;
use crate::outbox::intake::HOME;
use crate::state::Shared;
use crate::stats::Refusal;
use crate::told::MeshEvent;
use crate::transport::{Incoming, Parcel};
use crate::wire;

/// How many parcels that have arrived are taken still when everything ends.
const AT_THE_END: usize = 65_536;

/// After how many parcels others of the same runtime have their turn.
const AT_A_TIME: u64 = 64;

/// Takes what comes, until everything ends; then what has arrived.
pub(crate) async fn run(shared: Arc<Shared>) {
    // Of this transport: whether what it published itself never comes back by it.
    let mut knows_no_echo = shared.phase.look(|phase| phase.knows_no_echo);
    let mut taken = 0_u64;
    loop {
        let mut over = std::pin::pin!(shared.over());
        let next = |cx: &mut Context<'_>| match shared.transport.poll_incoming(cx) {
            Poll::Ready(came) => Poll::Ready(Some(came)),
            Poll::Pending => over.as_mut().poll(cx).map(|()| None),
        };
        let Some(came) = poll_fn(next).await else { break };
        match came {
            Incoming::Parcel(parcel, _) => take(&shared, &parcel, knows_no_echo),
            Incoming::Delivery(_) => {} // nothing is consumed yet
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
        if taken.is_multiple_of(AT_A_TIME) {
            give_way().await;
        }
    }
    rest(&shared, knows_no_echo).await;
    drop(shared.transport.close().await);
}

/// Lets others of the same runtime go on.
async fn give_way() {
    let mut has_given = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut has_given, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// What has arrived when everything ends.
async fn rest(shared: &Shared, knows_no_echo: bool) {
    for _ in 0..AT_THE_END {
        let next = |cx: &mut Context<'_>| match shared.transport.poll_incoming(cx) {
            Poll::Ready(came) => Poll::Ready(Some(came)),
            Poll::Pending => Poll::Ready(None),
        };
        match poll_fn(next).await {
            Some(Incoming::Parcel(parcel, _)) => take(shared, &parcel, knows_no_echo),
            Some(Incoming::Closed) | None => return,
            Some(_) => {}
        }
    }
}

/// One parcel. What it costs to refuse grows with how far it comes: its size is looked at before anything of it is read.
fn take(shared: &Shared, parcel: &Parcel, knows_no_echo: bool) {
    let imports = &shared.imports;
    let size = parcel.size();
    if size > imports.limit {
        let said = format!("it has {size} bytes, and {} may come", imports.limit);
        return shared.refuse(parcel, None, Refusal::Oversized, &said);
    }
    let stamp = match Stamp::read(parcel) {
        Ok(stamp) => stamp,
        Err(said) => return shared.refuse(parcel, None, Refusal::Malformed, said),
    };
    let home = stamp.as_ref().map(|stamp| &stamp.home);
    let refuse = |why, said: &str| shared.refuse(parcel, home, why, said);
    match &stamp {
        None if imports.takes_foreign => {}
        None => return refuse(Refusal::NoHome, "it does not say which node it comes from"),
        Some(stamp) => match strange(shared, stamp, knows_no_echo) {
            Ok(false) => {}
            Ok(true) => return shared.counters.echoes.one(),
            Err((why, said)) => return refuse(why, said),
        },
    }
    let Some(topic) = wire::topic_of(parcel.subject(), &shared.root) else {
        return refuse(Refusal::NotImported, "its subject is none of this mesh's topics");
    };
    if imports.of(&topic).next().is_none() || stays(&topic, "") {
        return refuse(Refusal::NotImported, "no rule lets its topic in");
    }
    let event = match wire::read(parcel, imports.limit) {
        Ok(event) => event,
        Err(said) => return refuse(Refusal::Malformed, &said),
    };
    if *event.topic() != topic {
        let said = format!("its event is of `{}`", event.topic());
        return refuse(Refusal::WrongSubject, &said);
    }
    if stays(&topic, &topic[..event.scope().min(topic.len())]) {
        return refuse(Refusal::NotImported, "its topic stays where it was published");
    }
    if !shared.wants(&topic, event.scope()) {
        return shared.counters.unwanted.one();
    }
    publish(shared, parcel, &event, stamp.as_ref());
}

/// Whether it is this process's own; or why it is not let in.
fn strange(
    shared: &Shared,
    Stamp { home, hops }: &Stamp,
    knows_no_echo: bool,
) -> Result<bool, (Refusal, &'static str)> {
    let imports = &shared.imports;
    let (is_node, is_boot) = (home.node() == shared.home.node(), home.boot() == shared.home.boot());
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

fn publish(shared: &Shared, parcel: &Parcel, event: &CloudEvent, stamp: Option<&Stamp>) {
    let home = stamp.map(|stamp| &stamp.home);
    let key = (event.source(), event.id());
    // Before it is published, so that who exports sees where it came from.
    if !shared.window.note(key, shared.number, stamp, shared.now()) {
        shared.counters.duplicates.one();
        return shared.tell(|| MeshEvent::Duplicate {
            mesh: shared.name.clone(),
            event: event.id(),
            topic: event.topic().clone(),
        });
    }
    let Err((why, said)) = publish_below(shared, parcel, event, home) else {
        return shared.counters.imported.one();
    };
    shared.window.forget(key);
    shared.refuse(parcel, home, why, &said);
}

/// By the first rule that takes it; what the last one says if none does.
fn publish_below(
    shared: &Shared,
    parcel: &Parcel,
    event: &CloudEvent,
    home: Option<&Home>,
) -> Result<Receipt, Refused> {
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
    for import in shared.imports.of(event.topic()) {
        if !import.takes(parcel.size()) {
            refused = (Refusal::Oversized, "it has more bytes than its rule lets in".into());
            continue;
        }
        refused = match isolate(|| import.publish(own, &bus)) {
            Ok(Ok(receipt)) => return Ok(receipt),
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
            || self.interests.wants(topic, scope, self.export)
    }
}
