//! The clauses of [`Streams`](crate::Streams) about consumers.

use std::time::{Duration, Instant};

use super::Venue;
use super::clauses::ensure;
use super::place::{
    Place, TIME_TO_ANSWER, answer, body, consume, next, numbers, pause, streams, take,
};
use super::side::{Held, Side};
use crate::block::block_until;
use crate::transport::{Answer, HistoryAsk, Incoming, StreamStart};

pub(super) fn consumed(venue: &dyn Venue) -> Held<bool> {
    let Some(place) = Place::open(venue, "consumed")? else { return Ok(false) };
    let spec = place.consumer("some").filter(place.filter("a")?).filter(place.filter("*")?);
    let begun = consume(&place.one, spec.in_flight(10))?;
    ensure(begun.is_new && begun.handled == 0, || format!("it is new, and {begun:?}"))?;
    for number in 1..=40_u32 {
        let below = ["a", "b", "c.d"][number as usize % 3];
        place.store(below, &number.to_string(), &format!("key-{number}"))?;
    }
    let wanted: Vec<u32> = (1..=40).filter(|number| number % 3 != 2).collect();
    let mut open = Vec::new();
    for (at, number) in wanted.iter().enumerate() {
        let given = next(&place.one)?;
        let is_it = given.sequence == u64::from(*number)
            && given.attempt == 1
            && given.consumer == begun.id
            && body(&given) == number.to_string();
        ensure(is_it, || format!("{given:?} came, and number {number} was to"))?;
        open.push(given);
        if open.len() < 10 && at + 1 < wanted.len() {
            continue;
        }
        // So many are in flight, and no other comes before one of them is answered.
        let soon = Instant::now().checked_add(Duration::from_millis(50));
        let incoming = std::future::poll_fn(|cx| place.one.transport.poll_incoming(cx));
        if let Some(came) = block_until(incoming, soon) {
            return Err(format!("ten were given and not answered, and {came:?} came"));
        }
        for given in open.drain(..) {
            answer(&place.one, &given, Answer::Handled)?;
        }
    }
    // One that comes later knows how many there are for it.
    let spec = place.consumer("later").filter(place.filter("a")?).filter(place.filter("*")?);
    consume(&place.two, spec.in_flight(10))?;
    for (at, number) in (1_u64..).zip(&wanted) {
        let given = next(&place.two)?;
        let (least, most) = (wanted.len() as u64 - at, 40 - u64::from(*number));
        ensure(given.behind.is_none_or(|behind| (least..=most).contains(&behind)), || {
            format!("{least} to {most} more are to come, and {given:?} came")
        })?;
        answer(&place.two, &given, Answer::Handled)?;
    }
    Ok(true)
}

pub(super) fn again(venue: &dyn Venue) -> Held<bool> {
    let Some(place) = Place::open(venue, "again")? else { return Ok(false) };
    let spec = place.consumer("again").time_to_answer(TIME_TO_ANSWER);
    consume(&place.one, spec)?;
    place.fill(1..=4)?;
    for wanted in [
        Answer::Handled,
        Answer::Never,
        Answer::Again(Duration::from_millis(50)),
        Answer::Working, // and then nothing
    ] {
        answer(&place.one, &next(&place.one)?, wanted)?;
    }
    place.one.flush()?;
    // The fourth comes again and again, the third once, and the others would by now.
    let mut third = 1;
    loop {
        let given = next(&place.one)?;
        match (&*body(&given), given.attempt) {
            ("3", attempt) => {
                third += 1;
                ensure(attempt == third, || format!("it came {third} times, and says {given:?}"))?;
                answer(&place.one, &given, Answer::Handled)?;
            }
            ("4", 3) => break,
            ("4", 2) => {}
            _ => return Err(format!("{given:?} came, which was answered for good")),
        }
    }
    ensure(third >= 2, || "what was to come again did not".into())?;
    // Should this process stand still meanwhile, it is tried again.
    let mut said = String::new();
    for round in 0..3 {
        said = match works_on(&place, round)? {
            None => return Ok(true),
            Some(said) => said,
        };
    }
    Err(said)
}

/// Of two that are not answered, the one that is worked on comes again behind the other.
fn works_on(place: &Place, round: u32) -> Held<Option<String>> {
    let below = format!("works.{round}");
    let spec = place.consumer(&format!("works-{round}")).filter(place.filter(&below)?);
    let begun = consume(&place.two, spec.time_to_answer(TIME_TO_ANSWER * 4))?;
    for which in ["working", "silent"] {
        place.store(&below, which, &format!("{which}-{round}"))?;
    }
    let (working, silent) = (next(&place.two)?, next(&place.two)?);
    pause(TIME_TO_ANSWER * 2);
    answer(&place.two, &working, Answer::Working)?;
    place.two.flush()?;
    let first = next(&place.two)?;
    let left = place.two.wait("to leave", streams(&place.two)?.leave(begun.id))?;
    left.map_err(|error| format!("leaving failed: {error}"))?;
    let is_it = first.sequence == silent.sequence;
    Ok((!is_it).then(|| format!("one was worked on, one was not, and {first:?} came again")))
}

pub(super) fn resumed(venue: &dyn Venue) -> Held<bool> {
    let Some(place) = Place::open(venue, "resumed")? else { return Ok(false) };
    place.fill(1..=10)?;
    let spec = place.consumer("reader").time_to_answer(TIME_TO_ANSWER).in_flight(5);
    let begun = consume(&place.one, spec.clone())?;
    for _ in 0..3 {
        let given = next(&place.one)?;
        answer(&place.one, &given, Answer::Handled)?;
    }
    place.one.flush()?;
    let left = place.one.wait("to leave", streams(&place.one)?.leave(begun.id))?;
    left.map_err(|error| format!("leaving failed: {error}"))?;
    place.one.flush()?;
    let goes_on = consume(&place.two, spec.clone().from(StreamStart::New))?;
    ensure(!goes_on.is_new && goes_on.handled == 3, || {
        format!("three were answered and it was left, and goes on as {goes_on:?}")
    })?;
    let mut came = take(&place.two, 7)?;
    came.sort_by_key(|text| text.parse::<u32>().unwrap_or_default());
    ensure(came == numbers(4..=10), || {
        format!("three of ten were answered, and behind that came {came:?}")
    })?;
    // What is answered and lost with the cable would come again.
    place.two.flush()?;
    if venue.cut("resumed-2") {
        while !matches!(place.two.next("to be told that it is cut")?, Incoming::Disconnected(_)) {}
        place.fill(11..=13)?;
        venue.mend("resumed-2");
        while !matches!(place.two.next("to be told that it is back")?, Incoming::Connected(_)) {}
        let came = take(&place.two, 3)?;
        ensure(came == numbers(11..=13), || {
            format!("three were stored while it was cut, and {came:?} came")
        })?;
    }
    place.two.flush()?;
    let forget = |side| -> Held<bool> {
        let gone = Side::wait(side, "to forget", streams(side)?.forget(&place.stream, "reader"))?;
        gone.map_err(|error| format!("forgetting failed: {error}"))
    };
    let left = place.two.wait("to leave", streams(&place.two)?.leave(goes_on.id))?;
    left.map_err(|error| format!("leaving failed: {error}"))?;
    ensure(forget(&place.one)? && !forget(&place.one)?, || {
        "it was there and is forgotten, and that was not said".into()
    })?;
    let anew = consume(&place.one, spec)?;
    // What it was given before it left may wait still.
    let first = loop {
        let given = next(&place.one)?;
        if given.consumer == anew.id {
            break given;
        }
    };
    ensure(anew.is_new && body(&first) == "1", || {
        format!("it was forgotten, and began with {first:?}: {anew:?}")
    })?;
    Ok(true)
}

pub(super) fn started(venue: &dyn Venue) -> Held<bool> {
    let Some(place) = Place::open(venue, "started")? else { return Ok(false) };
    place.fill(1..=5)?;
    let page = place.read(HistoryAsk::new(&place.stream, StreamStart::Sequence(4)).most(1))?;
    let fourth = page.parcels.first().ok_or("the fourth cannot be read")?.stored_at;
    let cases = [
        ("first", StreamStart::First, 1),
        ("last", StreamStart::Last, 5),
        ("sequence", StreamStart::Sequence(3), 3),
        ("time", StreamStart::Time(fourth), 4),
        ("new", StreamStart::New, 6),
    ];
    let sides = cases.iter().map(|(name, start, first)| {
        let side = Side::connected(venue, &format!("started-{name}"))?;
        consume(&side, place.consumer(name).from(*start))?;
        Ok((name, side, first))
    });
    let sides = sides.collect::<Held<Vec<_>>>()?;
    place.fill(6..=6)?;
    for (name, side, first) in sides {
        // What was stored in one moment with the fourth may be it.
        let came = next(&side)?.sequence;
        let is_it = came == *first || (*name == "time" && came <= 4);
        ensure(is_it, || {
            format!("from `{name}` on, number {first} is the first, and {came} came")
        })?;
    }
    Ok(true)
}

pub(super) fn shared(venue: &dyn Venue) -> Held<bool> {
    let Some(place) = Place::open(venue, "shared")? else { return Ok(false) };
    for side in [&place.one, &place.two] {
        consume(side, place.consumer("workers").in_flight(16))?;
    }
    place.fill(1..=100)?;
    let mut came = Vec::new();
    loop {
        // Behind the hundredth no other comes.
        let is_all = came.len() == 100;
        let limit = if is_all { Duration::from_millis(100) } else { venue.patience() };
        let until = Instant::now().checked_add(limit);
        let first = |cx: &mut std::task::Context<'_>| {
            for side in [&place.one, &place.two] {
                if let std::task::Poll::Ready(came) = side.transport.poll_incoming(cx) {
                    return std::task::Poll::Ready((side, came));
                }
            }
            std::task::Poll::Pending
        };
        let (side, given) = match block_until(std::future::poll_fn(first), until) {
            Some((side, Incoming::Delivery(given))) if !is_all => (side, given),
            None if is_all => break,
            given => {
                let given = given.map(|(_, given)| given);
                return Err(format!("behind {} of a hundred came {given:?}", came.len()));
            }
        };
        answer(side, &given, Answer::Handled)?;
        came.push(given.sequence);
    }
    came.sort_unstable();
    ensure(came == (1..=100).collect::<Vec<_>>(), || {
        format!("two share a hundred, and were given {came:?}")
    })?;
    Ok(true)
}
