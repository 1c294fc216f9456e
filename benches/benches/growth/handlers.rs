//! Subscribers: handlers within the publish, and queues of their own.

use std::hint::black_box;
use std::sync::Arc;

use rem::prelude::*;
use rem_benches::baseline::{HandWritten, Stamped, floor};
use rem_benches::results::Plot;
use rem_benches::rounds::Contender;
use tokio::sync::broadcast;

use crate::{Point, Tick, listen, listen_by_hand, upto};

const HANDLERS: &[usize] = &[1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_000];
const QUEUES: &[usize] = &[1, 2, 4, 8, 16, 32, 64, 128];
/// How many handlers are called in a turn.
const WORK: usize = 40_000;
const BURST: u32 = 256;

fn calls(handlers: usize) -> u32 {
    u32::try_from(WORK / handlers).unwrap().clamp(100, 10_000)
}

pub(crate) fn inline(_: &Plot<'_>, measuring: bool) -> Vec<Point> {
    let mut points = Vec::new();
    for &count in upto(HANDLERS, measuring) {
        let (bus, written) = (Bus::new(), HandWritten::default());
        for _ in 0..count {
            listen(&bus, "tick");
            listen_by_hand(&written, "tick");
        }
        let publisher = bus.publisher();
        points.push((
            "REM",
            count,
            Contender::new("REM", calls(count), move |value| {
                black_box(publisher.publish(Tick(value)).unwrap());
            }),
        ));
        points.push((
            "by hand: a map of topics",
            count,
            Contender::new("by hand", calls(count), move |value| written.publish("tick", value)),
        ));
        let called: Vec<Handler> = (0..count).map(|_| looks()).collect();
        points.push((
            "the floor: a loop over closures",
            count,
            Contender::new("floor", calls(count), move |value| floor(&called, value)),
        ));
    }
    points
}

type Handler = Box<dyn Fn(&Arc<Stamped>) + Send + Sync>;

/// A closure that looks at its event.
pub(crate) fn looks() -> Handler {
    Box::new(|event| {
        black_box(event.data);
    })
}

/// Each of so many has every event.
pub(crate) fn queued(_: &Plot<'_>, measuring: bool) -> Vec<Point> {
    let mut points = Vec::new();
    let room = BURST as usize;
    for &count in upto(QUEUES, measuring) {
        let calls = (calls(count).max(BURST), BURST);
        let bus = Bus::new();
        let mut streams: Vec<EventStream<Tick>> = (0..count)
            .map(|_| bus.subscription("tick").queue(room, Overflow::DropOldest).stream())
            .collect::<Result<_, _>>()
            .unwrap();
        let publisher = bus.publisher();
        let send = move |value| {
            black_box(publisher.publish(Tick(value)).unwrap());
        };
        let receive = move || {
            for stream in &mut streams {
                while let Ok(event) = stream.try_recv() {
                    black_box(event.data.0);
                }
            }
        };
        points.push(("REM", count, Contender::bursts("REM", calls, send, receive)));
        let (sender, _) = broadcast::channel(room);
        let mut receivers: Vec<_> = (0..count).map(|_| sender.subscribe()).collect();
        let send = move |value| assert_eq!(sender.send(Stamped::new(value)).ok(), Some(count));
        let receive = move || {
            for receiver in &mut receivers {
                while let Ok(event) = receiver.try_recv() {
                    black_box(event.data);
                }
            }
        };
        let name = "tokio broadcast";
        points.push((name, count, Contender::bursts(name, calls, send, receive)));
        let (senders, receivers): (Vec<_>, Vec<_>) =
            (0..count).map(|_| crossbeam_channel::bounded(room)).unzip();
        let send = move |value| {
            let event = Stamped::new(value);
            for sender in &senders {
                sender.send(Arc::clone(&event)).unwrap();
            }
        };
        let receive = move || {
            for receiver in &receivers {
                while let Ok(event) = receiver.try_recv() {
                    black_box(event.data);
                }
            }
        };
        let name = "crossbeam-channel, one each";
        points.push((name, count, Contender::bursts(name, calls, send, receive)));
    }
    points
}
