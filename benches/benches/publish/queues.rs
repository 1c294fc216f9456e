//! Queues: sent and received in one thread, beside tokio's broadcast and a crossbeam channel for each receiver.

use std::hint::black_box;
use std::sync::Arc;

use rem::prelude::*;
use rem_benches::bars::Bars;
use rem_benches::baseline::Stamped;
use rem_benches::rounds::{Contender, medians};
use tokio::sync::broadcast;

use crate::events::ProviderEvent;

/// How many are sent before they are received.
const BURST: u32 = 512;
const CALLS: u32 = 40 * BURST;

pub(crate) fn contenders() -> Vec<Contender<'static>> {
    let mut all = Vec::new();
    for count in [1_usize, 8] {
        let capacity = BURST as usize;
        let (sender, _) = broadcast::channel(capacity);
        let mut receivers: Vec<_> = (0..count).map(|_| sender.subscribe()).collect();
        all.push(Contender::bursts(
            format!("{count} queues: tokio broadcast"),
            (CALLS, BURST),
            move |value| assert_eq!(sender.send(Stamped::new(value)).ok(), Some(count)),
            move || {
                for receiver in &mut receivers {
                    while let Ok(event) = receiver.try_recv() {
                        black_box(event.data);
                    }
                }
            },
        ));
        let (senders, receivers): (Vec<_>, Vec<_>) =
            (0..count).map(|_| crossbeam_channel::bounded(capacity)).unzip();
        all.push(Contender::bursts(
            format!("{count} queues: crossbeam, one each"),
            (CALLS, BURST),
            move |value| {
                let event = Stamped::new(value);
                for sender in &senders {
                    sender.send(Arc::clone(&event)).unwrap();
                }
            },
            move || {
                for receiver in &receivers {
                    while let Ok(event) = receiver.try_recv() {
                        black_box(event.data);
                    }
                }
            },
        ));
        let bus = Bus::new();
        let mut streams: Vec<EventStream<ProviderEvent>> = (0..count)
            .map(|_| bus.subscription("system").queue(capacity, Overflow::DropOldest).stream())
            .collect::<Result<_, _>>()
            .unwrap();
        let publisher = bus.publisher();
        all.push(Contender::bursts(
            format!("{count} queues: publisher"),
            (CALLS, BURST),
            move |value| {
                black_box(publisher.publish(ProviderEvent::Connected(value)).unwrap());
            },
            move || {
                for stream in &mut streams {
                    while let Ok(event) = stream.try_recv() {
                        black_box(&event.data);
                    }
                }
            },
        ));
    }
    all
}

pub(crate) fn bars(bars: &mut Bars, rounds: usize) {
    let mut all = contenders();
    let medians = medians(&mut all, rounds);
    for (contender, median) in all.iter().zip(&medians) {
        println!("{:48} {median:9.1}", contender.name());
    }
    for (count, of) in [1, 8].into_iter().zip(medians.chunks_exact(3)) {
        let work = format!("queue, {count} subscribers, send and receive");
        bars.at_most(work.clone(), of[2] / of[0], 1.0, "× tokio broadcast");
        bars.at_most(work, of[2] / of[1], 1.3, "× crossbeam");
    }
}
