//! `Collector` and `Measure`: what is told to the crate `metrics`, and under which labels.

use std::collections::BTreeMap;
use std::time::Duration;

use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use rem::metrics::Collector;
use rem::middleware::{Measure, Sample, filter};
use rem::prelude::*;
use rem::testing::TestBus;

use crate::Tick;

/// A recorder that is asked what it was told.
struct Told {
    recorder: DebuggingRecorder,
    snapshotter: Snapshotter,
}

impl Told {
    fn new() -> Self {
        let recorder = DebuggingRecorder::new();
        Self { snapshotter: recorder.snapshotter(), recorder }
    }

    fn run<R>(&self, run: impl FnOnce() -> R) -> R {
        metrics::with_local_recorder(&self.recorder, run)
    }

    /// All there is, by `name{label=value,…}` without the lines: counters and histograms since this was asked last.
    fn take(&self) -> BTreeMap<String, Vec<f64>> {
        let mut all = BTreeMap::<String, Vec<f64>>::new();
        for (key, _, _, value) in self.snapshotter.snapshot().into_vec() {
            let key = key.key();
            let labels =
                key.labels().filter(|label| label.key() != "at" || label.value() == "$other");
            let labels: Vec<_> =
                labels.map(|label| format!("{}={}", label.key(), label.value())).collect();
            let values = match value {
                #[expect(clippy::cast_precision_loss, reason = "small numbers")]
                DebugValue::Counter(count) => vec![count as f64],
                DebugValue::Gauge(value) => vec![value.into_inner()],
                DebugValue::Histogram(values) => values.into_iter().map(f64::from).collect(),
            };
            all.insert(format!("{}{{{}}}", key.name(), labels.join(",")), values);
        }
        all
    }

    fn collect(&self, collector: &mut Collector) -> BTreeMap<String, Vec<f64>> {
        assert!(self.run(|| collector.collect()));
        self.take()
    }
}

#[test]
fn counters_grow_by_what_was_counted_since() {
    let (bus, told) = (Bus::new(), Told::new());
    let mut collector = Collector::new(&bus);
    bus.middleware("no", filter("gate", |_: &Draft| false)).unwrap();
    let _sub = bus.subscribe("tick", |event: &Event<Tick>| match event.data.0 {
        0 => Err("zero"),
        _ => Ok(()),
    });
    let _queue: EventStream<Tick> =
        bus.subscription("**").queue(2, Overflow::DropOldest).stream().unwrap();
    for number in 0..5 {
        bus.publish(Tick(number)).unwrap();
    }
    bus.publish_to("no", Tick(0)).unwrap();

    let first = told.collect(&mut collector);
    for (name, value) in [
        ("rem_published_total{topic=tick}", 5.0),
        ("rem_delivered_total{pattern=tick}", 4.0),
        ("rem_failed_total{pattern=tick}", 1.0),
        ("rem_dropped_total{pattern=tick}", 0.0),
        ("rem_dropped_total{pattern=**}", 3.0),
        ("rem_delivered_total{pattern=**}", 0.0),
        ("rem_waiting{pattern=**}", 2.0),
        ("rem_waiting{pattern=tick}", 0.0),
        ("rem_middleware_stopped_total{middleware=gate}", 1.0),
        ("rem_middleware_failed_total{middleware=gate}", 0.0),
        ("rem_subscriptions{}", 2.0),
        ("rem_children{}", 0.0),
    ] {
        assert_eq!(first.get(name), Some(&vec![value]), "{name} in {first:#?}");
    }
    assert_eq!(first["rem_lag{pattern=**}"].len(), 1);

    bus.publish(Tick(9)).unwrap();
    let second = told.collect(&mut collector);
    for (name, value) in [
        ("rem_published_total{topic=tick}", 1.0),
        ("rem_delivered_total{pattern=tick}", 1.0),
        ("rem_failed_total{pattern=tick}", 0.0),
        ("rem_dropped_total{pattern=**}", 1.0),
        ("rem_middleware_stopped_total{middleware=gate}", 0.0),
    ] {
        assert_eq!(second.get(name), Some(&vec![value]), "{name} in {second:#?}");
    }
}

#[test]
fn labels_are_bounded_and_what_is_beyond_is_counted_as_one() {
    let (bus, told) = (Bus::new(), Told::new());
    let mut collector = Collector::new(&bus).labels(3);
    let mut subs = Vec::new();
    let mut published = 0.0;
    for round in 0..4 {
        for number in 0..10 {
            let topic = format!("topic.{round}.{number}");
            subs.push(bus.subscribe(&topic, |_: &Event<Tick>| ()).unwrap());
            bus.publish_to(&topic, Tick(number)).unwrap();
        }
        published += told
            .collect(&mut collector)
            .into_iter()
            .filter(|(name, _)| name.starts_with("rem_published_total"))
            .map(|(_, values)| values[0])
            .sum::<f64>();
    }
    assert_eq!(published.to_string(), "40");
    bus.publish_to("topic.0.0", Tick(0)).unwrap();
    bus.publish_to("topic.0.9", Tick(0)).unwrap();
    bus.publish_to("topic.3.9", Tick(0)).unwrap();
    let last = told.collect(&mut collector);
    let of = |metric: &str| -> Vec<(&str, f64)> {
        let named =
            last.iter().filter_map(|(name, values)| Some((name.strip_prefix(metric)?, values[0])));
        named.collect()
    };
    let topics = of("rem_published_total");
    assert_eq!(
        topics,
        [
            ("{topic=$other}", 2.0),
            ("{topic=topic.0.0}", 1.0),
            ("{topic=topic.0.1}", 0.0),
            ("{topic=topic.0.2}", 0.0)
        ]
    );
    let subscriptions = of("rem_delivered_total");
    assert_eq!(subscriptions.len(), 4, "{subscriptions:?}");
    assert_eq!(subscriptions[0], ("{pattern=$other,at=$other}", 2.0));
}

#[test]
fn a_hundred_topics_have_labels_unless_told() {
    let (bus, told) = (Bus::new(), Told::new());
    let _all = bus.subscribe("**", |_: &Event<Tick>| ()).unwrap();
    for number in 0..150 {
        bus.publish_to(format!("topic.{number}"), Tick(0)).unwrap();
    }
    let all = told.collect(&mut Collector::new(&bus));
    let topics: Vec<_> = all.iter().filter(|(name, _)| name.starts_with("rem_published")).collect();
    assert_eq!(topics.len(), 101);
    assert_eq!(all["rem_published_total{topic=$other}"], [50.0]);
}

#[test]
fn what_has_ended_waits_for_nothing_any_more() {
    let (bus, told) = (Bus::new(), Told::new());
    let mut collector = Collector::new(&bus);
    let queue: EventStream<Tick> =
        bus.subscription("tick").queue(4, Overflow::Reject).stream().unwrap();
    bus.publish(Tick(1)).unwrap();
    bus.publish(Tick(1)).unwrap();
    assert_eq!(told.collect(&mut collector)["rem_waiting{pattern=tick}"], [2.0]);
    drop(queue);
    let after = told.collect(&mut collector);
    assert_eq!(
        (&after["rem_waiting{pattern=tick}"], &after["rem_lag{pattern=tick}"]),
        (&vec![0.0], &vec![0.0])
    );
    assert_eq!(after["rem_subscriptions{}"], [0.0]);
}

#[test]
fn a_child_tells_of_what_is_below_it_and_a_bus_that_is_gone_of_nothing() {
    let (bus, told) = (Bus::new(), Told::new());
    let all = bus.subscribe("**", |_: &Event<Tick>| ()).unwrap();
    let child = bus.child("eu").unwrap();
    let mut collector = Collector::new(&child);
    bus.publish(Tick(1)).unwrap();
    child.publish(Tick(1)).unwrap();
    let said = told.collect(&mut collector);
    let topics: Vec<_> = said.keys().filter(|name| name.starts_with("rem_published")).collect();
    assert_eq!(topics, ["rem_published_total{topic=eu.tick}"]);
    drop(child);
    drop((bus, all));
    assert!(!told.run(|| collector.collect()));
}

#[test]
fn times_of_publishing_by_what_the_program_calls_them() {
    let (test, told) = (TestBus::new(), Told::new());
    test.bus.middleware("tick", Measure::new("ticks")).unwrap();
    let none = Measure::new("none").sample(Sample::ratio(0.0).unwrap());
    test.bus.middleware("**", none).unwrap();
    test.bus.middleware("no", filter("gate", |_: &Draft| false)).unwrap();
    let clock = test.clock.clone();
    let _sub = test.bus.on(move |event: &Event<Tick>| {
        clock.advance(Duration::from_millis(event.data.0));
    });
    told.run(|| {
        test.bus.publish(Tick(250)).unwrap();
        test.bus.publish(Tick(500)).unwrap();
        test.bus.publish_to("no", Tick(1)).unwrap();
        test.bus.publish_to("else", Tick(1)).unwrap();
    });
    let all = told.take();
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all["rem_publish_seconds{events=ticks}"], [0.25, 0.5]);
}
