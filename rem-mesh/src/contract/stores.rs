//! The clauses of [`Streams`](crate::Streams) about what is stored, and read without a consumer.

use std::time::Duration;

use super::Venue;
use super::clauses::ensure;
use super::place::{Place, consume, streams, take};
use super::side::{Held, parcel};
use crate::transport::{
    HistoryAsk, Incoming, Stored, StreamSpec, StreamStart, Subject, SubjectFilter,
    TransportErrorKind,
};

pub(super) fn opened(venue: &dyn Venue) -> Held<bool> {
    let Some(place) = Place::open(venue, "opened")? else { return Ok(false) };
    place.fill(1..=3)?;
    let spec = place.spec()?;
    let narrower = StreamSpec::new(&place.stream, [place.filter("a.*")?])
        .window(Duration::from_secs(60))
        .parcels(2);
    for spec in [&spec, &narrower] {
        let state = place.made(spec)?;
        ensure((state.first, state.last, state.count) == (1, 3, 3), || {
            format!("a stream that is there was opened, and is {state:?}")
        })?;
        ensure(state.window == Duration::from_secs(120), || {
            format!("it was made with a window of two minutes, and says {state:?}")
        })?;
    }
    let elsewhere = SubjectFilter::parse("contract.elsewhere.>").map_err(|e| e.to_string())?;
    let more = StreamSpec::new(&place.stream, [elsewhere]);
    let longer = spec.window(Duration::from_secs(3_600));
    for (what, spec) in [("another subject", more), ("a longer window", longer)] {
        let opened = place.one.wait("to open", streams(&place.one)?.open(spec))?;
        let kind = opened.err().map(|error| error.kind());
        ensure(kind == Some(TransportErrorKind::Refused), || {
            format!(
                "a stream that is there was asked for {what}, which gave {kind:?}, and not `Refused`"
            )
        })?;
    }
    Ok(true)
}

/// How many are stored one behind the other.
const MANY: u64 = 500;

pub(super) fn stored(venue: &dyn Venue) -> Held<bool> {
    let Some(place) = Place::open(venue, "stored")? else { return Ok(false) };
    place.two.ask(&place.subject(">"))?;
    let mut waiting = Vec::new();
    for number in 0..MANY {
        let parcel = parcel(&place.subject("a.é"), number.to_be_bytes())?.header("x-é", "1  2, é");
        let key = format!("key-{number}");
        let taken = streams(&place.one)?.store(&place.stream, parcel, &key);
        let storing = place.one.wait("to store", taken)?;
        waiting.push(storing.map_err(|error| format!("storing failed: {error}"))?);
    }
    // The last first, for each is by itself.
    let mut sequences = Vec::new();
    for storing in waiting.into_iter().rev() {
        let stored = place.one.wait("for an acknowledgement", storing)?;
        let stored = stored.map_err(|error| format!("it was not acknowledged: {error}"))?;
        ensure(!stored.duplicate, || format!("a new parcel is none: {stored:?}"))?;
        sequences.push(stored.sequence);
    }
    sequences.reverse();
    ensure(sequences == (1..=MANY).collect::<Vec<_>>(), || {
        format!("{MANY} parcels were stored one behind the other, under the numbers {sequences:?}")
    })?;
    let page = place.read(HistoryAsk::new(&place.stream, StreamStart::First).most(1_000))?;
    let whole = |at: usize, parcel: &crate::Parcel| {
        parcel.subject().as_str() == place.subject("a.é")
            && parcel.get("x-é") == Some("1  2, é")
            && parcel.body()[..] == (at as u64).to_be_bytes()
    };
    let kept = page.parcels.iter().enumerate();
    ensure(page.parcels.len() as u64 == MANY, || {
        format!("{MANY} were stored, and {} are kept", page.parcels.len())
    })?;
    for (at, kept) in kept {
        ensure(kept.sequence == at as u64 + 1 && whole(at, &kept.parcel), || {
            format!("number {at} is kept as {kept:?}")
        })?;
    }
    for at in 0..usize::try_from(MANY).unwrap_or_default() {
        let came = place.two.next("for what is stored")?;
        let is_it = matches!(&came, Incoming::Parcel(parcel, _) if whole(at, parcel));
        ensure(is_it, || format!("who has subscribed was given {came:?} as number {at}"))?;
    }
    stores_on_its_own_connection(venue, &place)?;
    Ok(true)
}

/// What is called and not taken when the connection is lost would stand, on the next one, before what is to be sent again.
fn stores_on_its_own_connection(venue: &dyn Venue, place: &Place) -> Held<()> {
    let late =
        streams(&place.one)?.store(&place.stream, parcel(&place.subject("a.é"), "late")?, "late");
    if !venue.cut("stored-1") {
        return Ok(());
    }
    while !matches!(place.one.next("to be told that it is cut")?, Incoming::Disconnected(_)) {}
    venue.mend("stored-1");
    while !matches!(place.one.next("to be told that it is back")?, Incoming::Connected(_)) {}
    let taken = place.one.wait("to store", late)?.map(drop).map_err(|error| error.kind());
    ensure(taken == Err(TransportErrorKind::Disconnected), || {
        format!("it was called before the connection was lost, and on the next one it is {taken:?}")
    })?;
    let kept = place.made(&place.spec()?)?.last;
    ensure(kept == MANY, || format!("{MANY} were stored, and the last that is kept is {kept}"))
}

pub(super) fn once_by_key(venue: &dyn Venue) -> Held<bool> {
    let Some(place) = Place::open(venue, "once")? else { return Ok(false) };
    for (key, sequence, duplicate) in
        [("k1", 1, false), ("k2", 2, false), ("k1", 1, true), ("k3", 3, false), ("k3", 3, true)]
    {
        let stored = place.store("a", key, key)?;
        ensure(stored == Stored { sequence, duplicate }, || {
            format!("storing under `{key}` gave {stored:?}, and number {sequence} was to be it")
        })?;
    }
    let by_other =
        streams(&place.two)?.store(&place.stream, parcel(&place.subject("b"), "other")?, "k2");
    let storing = place.two.wait("to store", by_other)?.map_err(|error| error.to_string())?;
    let stored = place.two.wait("for an acknowledgement", storing)?;
    ensure(stored.as_ref().ok() == Some(&Stored { sequence: 2, duplicate: true }), || {
        format!("another transport stored something else under the same key, which gave {stored:?}")
    })?;
    consume(&place.two, place.consumer("all"))?;
    let came = take(&place.two, 3)?;
    ensure(came == ["k1", "k2", "k3"], || format!("a consumer was given {came:?}"))?;
    Ok(true)
}

pub(super) fn refused(venue: &dyn Venue) -> Held<bool> {
    let Some(place) = Place::open(venue, "refused")? else { return Ok(false) };
    let most = place.one.can.max_payload;
    let (own, stream) = (place.subject("a"), place.stream.as_str());
    let cases = [
        ("too much", stream, own.as_str(), most + 1, TransportErrorKind::TooLarge),
        ("another subject", stream, "contract.nowhere", 1, TransportErrorKind::Refused),
        ("no stream", "contract_none", own.as_str(), 1, TransportErrorKind::Refused),
    ];
    for (what, stream, subject, bytes, wanted) in cases {
        place.store("a", what, &format!("before-{bytes}-{subject}-{stream}"))?;
        let stored = place.try_store(stream, subject, &vec![7; bytes], "refused")?;
        let kind = stored.err().map(|error| error.kind());
        ensure(kind == Some(wanted), || {
            format!("storing to {what} gave {kind:?}, and not {wanted:?}")
        })?;
    }
    let state = place.made(&place.spec()?)?;
    ensure(state.count == 3, || format!("three were stored, and the stream has {state:?}"))?;
    Ok(true)
}

pub(super) fn read(venue: &dyn Venue) -> Held<bool> {
    let Some(place) = Place::open(venue, "read")? else { return Ok(false) };
    for number in 1..=30_u32 {
        let below = if number % 2 == 0 { "even" } else { "odd" };
        place.store(below, &number.to_string(), &format!("key-{number}"))?;
    }
    let (mut from, mut pages, mut found) = (StreamStart::First, 0, Vec::new());
    loop {
        let ask = HistoryAsk::new(&place.stream, from).filter(place.filter("even")?).most(4);
        let page = place.read(ask)?;
        ensure(page.parcels.len() <= 4, || format!("a page of four has {}", page.parcels.len()))?;
        found.extend(page.parcels.iter().map(|kept| kept.sequence));
        pages += 1;
        match page.next {
            Some(next) if pages < 20 => from = StreamStart::Sequence(next),
            Some(_) => return Err("reading page by page comes to no end".into()),
            None => break,
        }
    }
    let even: Vec<u64> = (1..=15).map(|half| half * 2).collect();
    ensure(found == even, || format!("read page by page, the even ones are {found:?}"))?;
    let page = place.read(HistoryAsk::new(&place.stream, StreamStart::Sequence(29)))?;
    let found: Vec<_> = page.parcels.iter().map(|kept| kept.sequence).collect();
    ensure(found == [29, 30] && page.next.is_none(), || format!("from 29 on there is {page:?}"))?;
    read_of_bounded(&place)
}

/// What is gone is told by the first number that is there.
fn read_of_bounded(place: &Place) -> Held<bool> {
    let name = format!("{}_ten", place.stream);
    let subject = format!("contract_ten.{}", place.stream);
    let filter = SubjectFilter::parse(&subject).map_err(|error| error.to_string())?;
    place.made(&StreamSpec::new(&name, [filter]).parcels(10))?;
    for number in 1..=25_u32 {
        let stored = place.try_store(&name, &subject, b"", &format!("ten-{number}"))?;
        stored.map_err(|error| format!("storing failed: {error}"))?;
    }
    let page = place.read(HistoryAsk::new(&name, StreamStart::Sequence(3)))?;
    let found: Vec<_> = page.parcels.iter().map(|kept| kept.sequence).collect();
    let state = (page.state.first, page.state.last, page.state.count);
    ensure(found == (16..=25).collect::<Vec<_>>() && state == (16, 25, 10), || {
        format!("of 25 it keeps ten, and says {state:?} and gives {found:?}")
    })?;
    let last = Subject::parse(&subject).map_err(|error| error.to_string())?;
    ensure(page.parcels.iter().all(|kept| *kept.parcel.subject() == last), || {
        format!("of `{last}`, there is {page:?}")
    })?;
    Ok(true)
}
