//! The clauses of [`Streams`](crate::Streams), each by itself, on a stream of its own.

use std::time::{Duration, Instant};

use super::Venue;
use super::clauses::ensure;
use super::side::{Held, Side, parcel};
use crate::block::block_until;
use crate::transport::{
    Answer, ConsumerSpec, Consuming, Delivery, HistoryAsk, Incoming, Stored, StreamSpec,
    StreamStart, StreamState, Streams, Subject, SubjectFilter, TransportError, TransportErrorKind,
};

/// How long a consumer has to answer where that is tried.
const TIME_TO_ANSWER: Duration = Duration::from_millis(500);

/// Two transports, and a stream that no other clause and no other run of the contract knows.
struct Place {
    one: Side,
    two: Side,
    stream: String,
}

impl Place {
    /// `None` where the broker has no streams.
    fn open(venue: &dyn Venue, clause: &str) -> Held<Option<Self>> {
        let (first, second) = (format!("{clause}-1"), format!("{clause}-2"));
        let (one, two) = (Side::connected(venue, &first)?, Side::connected(venue, &second)?);
        if !one.can.streams {
            return Ok(None);
        }
        let place = Self { one, two, stream: format!("{clause}_{:016x}", fastrand::u64(..)) };
        place.made(&place.spec()?)?;
        Ok(Some(place))
    }

    fn spec(&self) -> Held<StreamSpec> {
        Ok(StreamSpec::new(&self.stream, [self.filter(">")?]).window(Duration::from_secs(120)))
    }

    fn made(&self, spec: &StreamSpec) -> Held<StreamState> {
        let opened = self.one.wait("to open a stream", streams(&self.one)?.open(spec.clone()))?;
        opened.map_err(|error| format!("opening `{}` failed: {error}", spec.name))
    }

    fn subject(&self, below: &str) -> String {
        format!("contract.{}.{below}", self.stream)
    }

    fn filter(&self, below: &str) -> Held<SubjectFilter> {
        SubjectFilter::parse(self.subject(below)).map_err(|error| error.to_string())
    }

    /// Stored and acknowledged, by the first of the two.
    fn store(&self, below: &str, body: &str, key: &str) -> Held<Stored> {
        let stored = self.try_store(&self.stream, &self.subject(below), body.as_bytes(), key)?;
        stored.map_err(|error| format!("storing `{below}` under `{key}` failed: {error}"))
    }

    fn try_store(
        &self,
        stream: &str,
        subject: &str,
        body: &[u8],
        key: &str,
    ) -> Held<Result<Stored, TransportError>> {
        let taken = streams(&self.one)?.store(stream, parcel(subject, body)?, key);
        match self.one.wait("to store", taken)? {
            Ok(storing) => self.one.wait("for an acknowledgement", storing),
            Err(error) => Ok(Err(error)),
        }
    }

    /// So many, with their numbers as bodies.
    fn fill(&self, numbers: std::ops::RangeInclusive<u32>) -> Held<()> {
        numbers.into_iter().try_for_each(|number| {
            let text = number.to_string();
            self.store("a", &text, &format!("key-{text}")).map(drop)
        })
    }

    fn consumer(&self, name: &str) -> ConsumerSpec {
        ConsumerSpec::new(&self.stream, name)
    }

    fn read(&self, ask: HistoryAsk) -> Held<crate::HistoryPage> {
        let read = self.two.wait("to read", streams(&self.two)?.read(ask))?;
        read.map_err(|error| format!("reading failed: {error}"))
    }
}

fn streams(side: &Side) -> Held<&dyn Streams> {
    let said = || "it says that it has streams, and gives none".to_owned();
    side.transport.streams().ok_or_else(said)
}

fn consume(side: &Side, spec: ConsumerSpec) -> Held<Consuming> {
    let begun = side.wait("to consume", streams(side)?.consume(spec))?;
    begun.map_err(|error| format!("consuming failed: {error}"))
}

fn answer(side: &Side, delivery: &Delivery, answer: Answer) -> Held<()> {
    let given = side.wait("to answer", streams(side)?.answer(&delivery.ticket, answer))?;
    given.map_err(|error| format!("answering failed: {error}"))
}

fn next(side: &Side) -> Held<Delivery> {
    match side.next("for a delivery")? {
        Incoming::Delivery(delivery) => Ok(*delivery),
        came => Err(format!("a delivery was to come, and {came:?} did")),
    }
}

/// So many, all answered as handled; their bodies.
fn take(side: &Side, count: usize) -> Held<Vec<String>> {
    let mut bodies = Vec::new();
    for _ in 0..count {
        let delivery = next(side)?;
        answer(side, &delivery, Answer::Handled)?;
        bodies.push(body(&delivery));
    }
    Ok(bodies)
}

fn body(delivery: &Delivery) -> String {
    String::from_utf8_lossy(delivery.parcel.body()).into_owned()
}

fn numbers(range: std::ops::RangeInclusive<u32>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

fn pause(time: Duration) {
    let never = std::future::pending::<()>();
    let _ = block_until(never, Instant::now().checked_add(time));
}

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

pub(super) fn stored(venue: &dyn Venue) -> Held<bool> {
    const MANY: u64 = 500;
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
    Ok(true)
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
