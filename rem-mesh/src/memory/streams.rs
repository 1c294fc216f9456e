//! The half of a [`MemoryTransport`] that has to do with streams.

use std::future::{poll_fn, ready};
use std::sync::Arc;

use super::broker::{Broker, Done};
use super::consumer::{self, Consumer};
use super::stream::Stream;
use super::transport::MemoryTransport;
use crate::home::is_name;
use crate::transport::{
    Answer, ConsumerId, ConsumerSpec, Consuming, Doing, HistoryAsk, HistoryPage, Parcel, Storing,
    StreamSpec, StreamState, Streams, Ticket, TransportError, TransportErrorKind,
};

/// The most characters of a key.
const LONGEST_KEY: usize = 512;

impl Streams for MemoryTransport {
    fn open(&self, spec: StreamSpec) -> Doing<'_, StreamState> {
        Box::pin(ready(self.broker.open(self.id, spec)))
    }

    fn state(&self, stream: &str) -> Doing<'_, StreamState> {
        Box::pin(ready(self.broker.stream(self.id, stream, |stream| stream.state())))
    }

    fn store(&self, stream: &str, parcel: Parcel, key: &str) -> Doing<'_, Storing> {
        let (broker, id) = (Arc::clone(&self.broker), self.id);
        let (stream, key) = (stream.to_owned(), key.to_owned());
        let called = broker.cuts(id);
        Box::pin(async move {
            let cuts = called?;
            let stored = broker.store((id, cuts), &stream, &parcel, &key)?;
            let storing: Storing =
                Box::pin(poll_fn(move |cx| broker.poll_stored(id, cuts, &stored, cx)));
            Ok(storing)
        })
    }

    fn consume(&self, spec: ConsumerSpec) -> Doing<'_, Consuming> {
        Box::pin(ready(self.broker.consume(self.id, &spec)))
    }

    fn leave(&self, consumer: ConsumerId) -> Doing<'_, ()> {
        Box::pin(ready(self.broker.leave(self.id, consumer)))
    }

    fn forget(&self, stream: &str, consumer: &str) -> Doing<'_, bool> {
        let forgotten = |stream: &mut Stream| stream.consumers.remove(consumer).is_some();
        Box::pin(ready(self.broker.stream(self.id, stream, forgotten)))
    }

    fn answer(&self, ticket: &Ticket, answer: Answer) -> Doing<'_, ()> {
        Box::pin(ready(self.broker.answer(self.id, ticket, answer)))
    }

    fn read(&self, ask: HistoryAsk) -> Doing<'_, HistoryPage> {
        Box::pin(ready(self.broker.stream(self.id, &ask.stream, |stream| stream.read(&ask))))
    }
}

fn refused<T>(said: String) -> Done<T> {
    Err(TransportError::new(TransportErrorKind::Refused, said))
}

impl Broker {
    fn open(&self, id: u64, spec: StreamSpec) -> Done<StreamState> {
        self.change(|inside| {
            inside.there(id)?;
            if !is_stream(&spec.name) {
                return refused(format!("`{}` is no name of a stream", spec.name));
            }
            if let Some(stream) = inside.streams.get(&spec.name) {
                return match stream.lacks(&spec) {
                    None => Ok(stream.state()),
                    Some(lack) => {
                        refused(format!("the stream `{}` is there, and {lack}", spec.name))
                    }
                };
            }
            let meets = inside.streams.iter().find(|(_, stream)| stream.meets(&spec.subjects));
            if let Some((name, _)) = meets {
                return refused(format!(
                    "the stream `{name}` keeps some of these subjects already"
                ));
            }
            let stream = Stream::new(spec.clone());
            let state = stream.state();
            inside.streams.insert(spec.name, stream);
            Ok(state)
        })
    }

    fn stream<T>(&self, id: u64, name: &str, doing: impl FnOnce(&mut Stream) -> T) -> Done<T> {
        self.change(|inside| {
            inside.there(id)?;
            let now = inside.clock.now();
            match inside.streams.get_mut(name) {
                Some(stream) => {
                    stream.let_go(now);
                    Ok(doing(stream))
                }
                None => refused(format!("there is no stream `{name}`: open it first")),
            }
        })
    }

    fn consume(&self, id: u64, spec: &ConsumerSpec) -> Done<Consuming> {
        if !is_stream(&spec.name) {
            return refused(format!("`{}` is no name of a consumer", spec.name));
        }
        let mut last = 0;
        self.change(|inside| {
            inside.last += 1;
            last = inside.last;
        });
        let (stream, name) = (spec.stream.clone(), spec.name.clone());
        let begun = self.stream(id, &stream, |stream| {
            let is_new = !stream.consumers.contains_key(&name);
            let next = stream.begin(spec.start, &spec.filters);
            let consumer = stream
                .consumers
                .entry(name.clone())
                .or_insert_with(|| Consumer::new(spec.clone(), next));
            if consumer.readers.iter().any(|(link, _)| *link == id) {
                return refused(format!("this transport consumes by `{name}` already"));
            }
            if consumer.filters != spec.filters {
                return refused(format!("the consumer `{name}` is there with other filters"));
            }
            consumer.limits(spec);
            let consuming = Consuming::new(ConsumerId(last), consumer.handled(), is_new);
            consumer.readers.push((id, consuming.id));
            Ok(consuming)
        });
        begun.flatten()
    }

    fn leave(&self, id: u64, consumer: ConsumerId) -> Done<()> {
        self.change(|inside| {
            for stream in inside.streams.values_mut() {
                stream.consumers.values_mut().for_each(|by| by.forget(id, Some(consumer)));
            }
            inside.there(id).map(drop)
        })
    }

    fn answer(&self, id: u64, ticket: &Ticket, answer: Answer) -> Done<()> {
        self.change(|inside| {
            inside.there(id)?;
            if inside.faults.loses_answer() {
                return Ok(());
            }
            let now = inside.clock.now();
            let Some((stream, name, sequence, attempt)) = consumer::read(ticket) else {
                return refused(format!("{ticket:?} is none of this transport's"));
            };
            let stream = inside.streams.get_mut(stream);
            if let Some(by) = stream.and_then(|stream| stream.consumers.get_mut(name)) {
                by.answer(sequence, attempt, answer, now);
            }
            Ok(())
        })
    }
}

/// Whether a stream or a consumer may have that name.
fn is_stream(name: &str) -> bool {
    let (front, back) = name.split_at_checked(64).unwrap_or((name, ""));
    is_name(front) && (back.is_empty() || is_name(back))
}

/// Whether it may be a key.
pub(super) fn is_key(key: &str) -> bool {
    (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
}
