//! The size of what is sent, 8 bytes to 64 KiB, to eight who receive it. Each time it is made anew, which all do alike.

use std::hint::black_box;
use std::sync::Arc;

use rem::prelude::*;
use rem_benches::results::Plot;
use rem_benches::rounds::Contender;
use tokio::sync::broadcast;

use crate::{Point, upto};

const SIZES: &[usize] = &[8, 64, 512, 4_096, 16_384, 65_536];
const BURST: u32 = 32;
const COUNT: usize = 8;

#[derive(EventType, Debug)]
#[event(name = "blob", local)]
struct Blob(Vec<u8>);

pub(crate) fn points(_: &Plot<'_>, measuring: bool) -> Vec<Point> {
    let mut points = Vec::new();
    let room = BURST as usize;
    for &size in upto(SIZES, measuring) {
        let calls = (16 * BURST, BURST);
        let made = move || vec![7_u8; size];
        let bus = Bus::new();
        let mut streams: Vec<EventStream<Blob>> = (0..COUNT)
            .map(|_| bus.subscription("blob").queue(room, Overflow::DropOldest).stream())
            .collect::<Result<_, _>>()
            .unwrap();
        let publisher = bus.publisher();
        let send = move |_| {
            black_box(publisher.publish(Blob(made())).unwrap());
        };
        let receive = move || {
            for stream in &mut streams {
                while let Ok(event) = stream.try_recv() {
                    black_box(&event.data.0);
                }
            }
        };
        points.push(("REM", size, Contender::bursts("REM", calls, send, receive)));
        let line = "tokio broadcast, a copy for each";
        points.push((line, size, broadcast_of(line, calls, made)));
        let line = "tokio broadcast, of an Arc";
        points.push((line, size, broadcast_of(line, calls, move || Arc::new(made()))));
    }
    points
}

fn broadcast_of<T: Clone + Send + 'static>(
    name: &str,
    calls: (u32, u32),
    made: impl Fn() -> T + 'static,
) -> Contender<'static> {
    let (sender, _) = broadcast::channel(BURST as usize);
    let mut receivers: Vec<_> = (0..COUNT).map(|_| sender.subscribe()).collect();
    let send = move |_| assert_eq!(sender.send(made()).ok(), Some(COUNT));
    let receive = move || {
        for receiver in &mut receivers {
            while let Ok(data) = receiver.try_recv() {
                black_box(&data);
            }
        }
    };
    Contender::bursts(name, calls, send, receive)
}
