//! The clauses, each by itself: `Ok(false)` for what is not offered.

use super::side::{Held, Side, parcel};
use super::{Venue, consumers, stores};
use crate::transport::{Incoming, TransportErrorKind};

type Clause = fn(&dyn Venue) -> Held<bool>;

/// In the order of the sentences of [`Transport`](crate::Transport) and [`Streams`](crate::Streams).
pub(super) const ALL: &[(&str, Clause)] = &[
    ("stands when flushed", stands),
    ("in order", in_order),
    ("only what is asked", only_asked),
    ("unsubscribed", unsubscribed),
    ("no echo", no_echo),
    ("whole", whole),
    ("limits", limits),
    ("loss is told", loss_told),
    ("comes back", comes_back),
    ("groups", groups),
    ("closed", closed),
    ("opened", stores::opened),
    ("stored", stores::stored),
    ("once by key", stores::once_by_key),
    ("refused stores", stores::refused),
    ("consumed", consumers::consumed),
    ("again until answered", consumers::again),
    ("resumed", consumers::resumed),
    ("started", consumers::started),
    ("shared", consumers::shared),
    ("read", stores::read),
];

fn stands(venue: &dyn Venue) -> Held<bool> {
    let (one, two) = (Side::connected(venue, "stands-1")?, Side::connected(venue, "stands-2")?);
    // Again and again, for what comes too late comes in time now and then.
    for round in 0..50 {
        let subject = format!("contract.stands.{round}");
        two.ask(&subject)?;
        one.publish(&subject, "now")?;
        let came = two.up_to(&subject)?;
        ensure(came.is_empty(), || format!("something else came: {came:?}"))?;
    }
    Ok(true)
}

fn in_order(venue: &dyn Venue) -> Held<bool> {
    let (one, two) = (Side::connected(venue, "order-1")?, Side::connected(venue, "order-2")?);
    two.ask("contract.order.>")?;
    for number in 0..1_000_u32 {
        let topic = if number % 3 == 0 { "a" } else { "b" };
        one.publish(&format!("contract.order.{topic}"), number.to_be_bytes())?;
    }
    one.publish("contract.order.end", "")?;
    let came: Vec<Vec<u8>> = bodies(&two.up_to("contract.order.end")?);
    let sent: Vec<Vec<u8>> = (0..1_000_u32).map(|number| number.to_be_bytes().to_vec()).collect();
    ensure(came == sent, || {
        format!("of {} parcels {} came, or in another order", sent.len(), came.len())
    })?;
    Ok(true)
}

fn only_asked(venue: &dyn Venue) -> Held<bool> {
    let (one, two) = (Side::connected(venue, "asked-1")?, Side::connected(venue, "asked-2")?);
    let cases: &[(&str, &[&str], &[&str])] = &[
        ("x.a", &["x.a"], &["x", "x.b", "x.a.b"]),
        ("x.*.c", &["x.a.c", "x.b.c"], &["x.c", "x.a.b.c", "x.a.c.d", "x.a.d"]),
        ("x.>", &["x.a", "x.a.b"], &["x", "y.a"]),
        ("*.é.>", &["x.é.a"], &["x.é", "x.e.a"]),
    ];
    for (at, (filter, wanted, others)) in cases.iter().enumerate() {
        let below = |subject: &str| format!("contract.asked{at}.{subject}");
        let (id, end) = (two.ask(&below(filter))?, format!("contract.end{at}"));
        let marker = two.ask(&end)?;
        for subject in others.iter().chain(*wanted) {
            one.publish(&below(subject), "")?;
        }
        one.publish(&end, "")?;
        let came = subjects(&two.up_to(&end)?);
        let sent: Vec<String> = wanted.iter().map(|subject| below(subject)).collect();
        ensure(came == sent, || format!("`{filter}` selects {sent:?}, and {came:?} came"))?;
        for id in [id, marker] {
            let gone = two.wait("to unsubscribe", two.transport.unsubscribe(id))?;
            gone.map_err(|error| format!("unsubscribing failed: {error}"))?;
        }
    }
    Ok(true)
}

fn unsubscribed(venue: &dyn Venue) -> Held<bool> {
    let (one, two) = (Side::connected(venue, "gone-1")?, Side::connected(venue, "gone-2")?);
    two.ask("contract.gone.end")?;
    for _ in 0..20 {
        let id = two.ask("contract.gone.a")?;
        one.publish("contract.gone.a", "wanted")?;
        two.up_to("contract.gone.a")?;
        for _ in 0..2 {
            // The second time it is none.
            let gone = two.wait("to unsubscribe", two.transport.unsubscribe(id))?;
            gone.map_err(|error| format!("unsubscribing failed: {error}"))?;
        }
        two.flush()?;
        one.publish("contract.gone.a", "unwanted")?;
        one.publish("contract.gone.end", "")?;
        let came = two.up_to("contract.gone.end")?;
        ensure(came.is_empty(), || format!("behind a flush came {came:?}"))?;
    }
    Ok(true)
}

fn no_echo(venue: &dyn Venue) -> Held<bool> {
    let (one, two) = (Side::connected(venue, "echo-1")?, Side::connected(venue, "echo-2")?);
    if !one.can.no_echo {
        return Ok(false);
    }
    for side in [&one, &two] {
        side.ask("contract.echo.*")?;
    }
    one.publish("contract.echo.own", "")?;
    one.flush()?;
    let came = two.up_to("contract.echo.own")?;
    ensure(came.is_empty(), || format!("something else came: {came:?}"))?;
    two.publish("contract.echo.other", "")?;
    let came = one.up_to("contract.echo.other")?;
    ensure(came.is_empty(), || format!("it was given what it published itself: {came:?}"))?;
    Ok(true)
}

fn whole(venue: &dyn Venue) -> Held<bool> {
    let (one, two) = (Side::connected(venue, "whole-1")?, Side::connected(venue, "whole-2")?);
    two.ask("contract.whole.>")?;
    let bytes: Vec<u8> = (0..=u8::MAX).collect();
    let parcels = [
        parcel("contract.whole.nothing", "")?,
        parcel("contract.whole.body", bytes)?,
        parcel("contract.whole.é%2Ex", "{}")?
            .header("ce-b", "second%20to%20none")
            .header("ce-a", "first: of \"all\"")
            .header("rem-x", "1"),
    ];
    for parcel in &parcels {
        one.give(parcel.clone())?.map_err(|error| format!("publishing failed: {error}"))?;
    }
    for sent in parcels {
        let came = two.next("for a parcel")?;
        let is_same = matches!(&came, Incoming::Parcel(parcel, _) if *parcel == sent);
        ensure(is_same, || format!("{sent:?} was published, and {came:?} came"))?;
    }
    Ok(true)
}

fn limits(venue: &dyn Venue) -> Held<bool> {
    let (one, two) = (Side::connected(venue, "limits-1")?, Side::connected(venue, "limits-2")?);
    two.ask("contract.limits")?;
    let most = one.can.max_payload;
    let refused = one.give(parcel("contract.limits", vec![7; most.saturating_add(1)])?)?;
    let kind = refused.err().map(|error| error.kind());
    ensure(kind == Some(TransportErrorKind::TooLarge), || {
        format!("a body of {most} bytes and one more gave {kind:?}, and not `TooLarge`")
    })?;
    one.publish("contract.limits", vec![7; most])?;
    let came = two.next("for the largest parcel")?;
    let length = match &came {
        Incoming::Parcel(parcel, _) => parcel.body().len(),
        _ => 0,
    };
    ensure(length == most, || {
        format!("of {most} bytes, as many as may be sent, {length} came: {came:?}")
    })?;
    too_large_for_its_reader(venue)?;
    Ok(true)
}

fn too_large_for_its_reader(venue: &dyn Venue) -> Held<()> {
    const MOST: usize = 1_000;
    let one = Side::connected(venue, "taken-1")?;
    let two = Side::that_takes(venue, "taken-2", MOST)?;
    two.ask("contract.taken")?;
    for length in [MOST, MOST + 1, MOST] {
        let sent = parcel("contract.taken", vec![7; length])?;
        one.publish("contract.taken", vec![7; length])?;
        let came = two.next("for a parcel")?;
        let is_right = matches!(&came, Incoming::Parcel(parcel, _)
            if *parcel == sent || (length > MOST && *parcel == sent.clone().without_body()));
        ensure(is_right, || {
            format!("{length} bytes were sent to who takes {MOST}: {came:?} came")
        })?;
    }
    Ok(())
}

fn loss_told(venue: &dyn Venue) -> Held<bool> {
    let Some(many) = venue.too_many() else { return Ok(false) };
    let (one, two) = (Side::connected(venue, "slow-1")?, Side::connected(venue, "slow-2")?);
    two.ask("contract.slow.>")?;
    for _ in 0..many {
        one.publish("contract.slow.a", "")?;
    }
    one.flush()?;
    let (mut came, mut lost, mut uncounted) = (0, 0, false);
    while came + lost < many as u64 && !uncounted {
        match two.next("for parcels, or to be told that they are lost")? {
            Incoming::Parcel(..) => came += 1,
            Incoming::Lagged(Some(missed)) => lost += missed,
            // A reader that was too slow may be cut off too.
            Incoming::Lagged(None) | Incoming::Disconnected(_) => uncounted = true,
            Incoming::Connected(_) | Incoming::Delivery(_) => {}
            Incoming::Closed => return Err("it is closed, and nobody closed it".into()),
        }
    }
    ensure(lost > 0 || uncounted, || {
        format!("{many} parcels waited, which are too many, and none was lost")
    })?;
    Ok(true)
}

fn comes_back(venue: &dyn Venue) -> Held<bool> {
    let (one, two) = (Side::connected(venue, "back-1")?, Side::connected(venue, "back-2")?);
    two.ask("contract.back.>")?;
    if !venue.cut("back-2") {
        return Ok(false);
    }
    while !matches!(two.next("to be told that it is cut")?, Incoming::Disconnected(_)) {}
    ensure(!two.transport.is_connected(), || "it is cut, and says that it is connected".into())?;
    venue.mend("back-2");
    while !matches!(two.next("to be told that it is back")?, Incoming::Connected(_)) {}
    ensure(two.transport.is_connected(), || "it is back, and says that it is not".into())?;
    one.publish("contract.back.again", "")?;
    two.up_to("contract.back.again")?;
    Ok(true)
}

fn groups(venue: &dyn Venue) -> Held<bool> {
    let one = Side::connected(venue, "group-1")?;
    if !one.can.groups {
        return Ok(false);
    }
    let members = [Side::connected(venue, "group-2")?, Side::connected(venue, "group-3")?];
    for member in &members {
        member.ask_in("contract.group.work", Some("workers"))?;
        member.ask("contract.group.end")?;
    }
    let sent: Vec<Vec<u8>> = (0..200_u32).map(|number| number.to_be_bytes().to_vec()).collect();
    for body in &sent {
        one.publish("contract.group.work", body.clone())?;
    }
    one.publish("contract.group.end", "")?;
    let mut came = Vec::new();
    for member in &members {
        came.extend(bodies(&member.up_to("contract.group.end")?));
    }
    came.sort();
    ensure(came == sent, || format!("of {} parcels {} came to the group", sent.len(), came.len()))?;
    Ok(true)
}

fn closed(venue: &dyn Venue) -> Held<bool> {
    let (one, two) = (Side::connected(venue, "closed-1")?, Side::connected(venue, "closed-2")?);
    one.ask("contract.closed")?;
    for _ in 0..2 {
        one.wait("to close", one.transport.close())?
            .map_err(|error| format!("closing failed: {error}"))?;
    }
    two.publish("contract.closed", "")?;
    two.flush()?;
    for _ in 0..2 {
        let came = one.next("to be told that it is closed")?;
        ensure(came == Incoming::Closed, || format!("it is closed, and {came:?} came"))?;
    }
    let filter = crate::SubjectFilter::parse("a").map_err(|error| error.to_string())?;
    let asked = one.wait("to subscribe", one.transport.subscribe(filter, None))?;
    let results = [
        ("publishing", one.give(parcel("a", "")?)?.err()),
        ("subscribing", asked.err()),
        ("flushing", one.wait("to flush", one.transport.flush())?.err()),
    ];
    for (what, error) in results {
        let kind = error.map(|error| error.kind());
        ensure(kind == Some(TransportErrorKind::Closed), || {
            format!("it is closed, and {what} gave {kind:?}, and not `Closed`")
        })?;
    }
    Ok(true)
}

pub(super) fn ensure(holds: bool, said: impl FnOnce() -> String) -> Held<()> {
    if holds { Ok(()) } else { Err(said()) }
}

fn bodies(all: &[Incoming]) -> Vec<Vec<u8>> {
    let body = |came: &Incoming| match came {
        Incoming::Parcel(parcel, _) => Some(parcel.body().to_vec()),
        _ => None,
    };
    all.iter().filter_map(body).collect()
}

fn subjects(all: &[Incoming]) -> Vec<String> {
    let subject = |came: &Incoming| match came {
        Incoming::Parcel(parcel, _) => Some(parcel.subject().to_string()),
        _ => None,
    };
    all.iter().filter_map(subject).collect()
}
