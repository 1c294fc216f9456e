//! What a publish allocates. A binary of its own, for it counts by a global allocator.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use allocation_counter::{AllocationInfo, measure};
use rem::prelude::*;
use rem_patterns::PatternTree;

#[derive(EventType, Debug)]
#[event(namespace = "meter", local)]
enum Meter {
    Read(#[expect(dead_code, reason = "it is data")] u64),
    #[event(topic = "{name}.reset")]
    Reset {
        name: &'static str,
    },
}

/// Of one publish, after the first, which finds the topic.
fn of(publish: impl Fn()) -> AllocationInfo {
    publish();
    measure(publish)
}

#[test]
fn a_publish_to_nobody_allocates_nothing() {
    let bus = Bus::new();
    let child = bus.child("eu").unwrap();
    let publisher = bus.publisher();
    let _other = bus.subscribe("another.topic", |_: &Event| ()).unwrap();
    let counts = [
        of(|| drop(bus.publish(Meter::Read(1)).unwrap())),
        of(|| drop(child.publish(Meter::Read(1)).unwrap())),
        of(|| drop(publisher.publish(Meter::Read(1)).unwrap())),
        of(|| drop(bus.publish(Meter::Reset { name: "a" }).unwrap())),
        of(|| drop(bus.publish_to("by.name", Meter::Read(1)).unwrap())),
        of(|| drop(bus.event(Meter::Read(1)).source("static").publish().unwrap())),
    ];
    assert_eq!(counts.map(|count| count.count_total), [0; 6]);
}

#[test]
fn a_publish_to_inline_handlers_allocates_the_event_alone() {
    let bus = Bus::builder().history(Ring::events(10)).build();
    let subs: Vec<_> = (0..8)
        .map(|_| bus.on(|event: &Event<Meter>| assert_ne!(event.topic().depth(), 0)))
        .collect();
    let _any = bus.subscribe("meter.*", |_: &Event| ()).unwrap();
    let counts = [
        of(|| drop(bus.publish(Meter::Read(1)).unwrap())),
        of(|| drop(bus.publish(Meter::Reset { name: "a" }).unwrap())),
        of(|| drop(bus.publish_to("meter.read", Meter::Read(1)).unwrap())),
        of(|| drop(bus.event(Meter::Read(1)).source("static").publish().unwrap())),
    ];
    assert_eq!(counts.map(|count| count.count_total), [1; 4]);
    assert_eq!(subs.len(), 8);
}

#[test]
fn subscriptions_and_topics_that_come_and_go_leave_nothing() {
    let bus = Bus::builder().topics(64).build();
    let _all = bus.subscribe("**", |_: &Event| ()).unwrap();
    let some = |from: u32| {
        for at in from..from + 2_000 {
            let sub = bus.subscribe(format!("a.{at}.*"), |_: &Event| ()).unwrap();
            bus.publish_to(format!("a.{at}.b"), Meter::Read(1)).unwrap();
            drop(sub);
        }
    };
    some(0);
    some(2_000);
    let grown = measure(|| some(4_000));
    let again = measure(|| (0..10).for_each(|round| some(6_000 + 2_000 * round)));
    // Ten times as many leave no more behind than what may wait to be forgotten: a few hundred small blocks.
    assert!(
        again.count_current.abs() < 500,
        "{} blocks after {}",
        again.count_current,
        grown.count_current
    );
    assert!(again.bytes_current.abs() < 64 * 1024, "{} bytes", again.bytes_current);
}

/// What the index itself says it holds is held against what the allocator gave.
#[test]
fn an_index_that_a_million_patterns_pass_through_is_as_large_as_before() {
    let mut tree = PatternTree::new();
    let mut stay = |n: usize| {
        let pattern = Pattern::parse(format!("device.{n}.{{up,down}}")).unwrap();
        tree.insert(&pattern, n);
    };
    let start = measure(|| (0..10_000).for_each(&mut stay));
    let said = tree.memory();
    let passed = measure(|| {
        let mut keys = Vec::with_capacity(1_000_000);
        for n in 0..1_000_000_usize {
            let text = match n % 4 {
                0 => format!("device.{n}.*"),
                1 => format!("device.x{n}*.up"),
                2 => format!("order.{}.**.{n}", n % 1_000),
                _ => format!("order.{}.{n}.[ab]?", n % 1_000),
            };
            keys.push(tree.insert(&Pattern::parse(text).unwrap(), n));
        }
        assert_eq!(tree.len(), 1_010_000);
        for key in keys {
            assert!(tree.remove(key).is_some());
        }
    });
    assert_eq!(tree.len(), 10_000);
    // In a quarter of the removals there may be room left for as many more.
    let room = i64::try_from(said / 4).unwrap();
    assert!(
        passed.bytes_current <= room,
        "{} bytes more than {}",
        passed.bytes_current,
        start.bytes_current
    );
    assert!(tree.memory() <= said + said / 4, "{} bytes, {said} before", tree.memory());
    assert!(passed.count_current <= 8, "{} blocks more", passed.count_current);
}

#[test]
fn typed_subscriptions_on_children_that_come_and_go_leave_nothing() {
    let bus = Bus::new();
    let some = |from: u32| {
        for at in from..from + 1_000 {
            let child = bus.child(format!("child_{at}")).unwrap();
            drop(child.on(|_: &Event<Meter>| ()));
        }
    };
    some(0);
    some(1_000);
    let again = measure(|| some(2_000));
    assert!(again.count_current.abs() < 100, "{} blocks", again.count_current);
}

/// Of patterns that are no sets, whose values own nothing; with each kind of glob, short texts and long ones.
#[test]
fn what_an_index_says_it_holds_is_what_it_has_of_the_allocator() {
    let mut tree = PatternTree::new();
    let mut held = 0;
    for n in 0..400_usize {
        let texts = [
            format!("device.{n}.*"),
            format!("device.a_name_that_is_long_{n}.**"),
            format!("device.x{n}*"),
            format!("device.*x{n}"),
            format!("order.[ab]{n}?"),
            format!("order.{{a,b}}{n}.{{b,a}}{n}"),
            format!("order.{{b,a}}{n}.{{a,b}}{n}"),
            format!("order.{{a,b,c,d}}{{a,b,c,d}}{{a,b}}{n}"),
        ];
        let patterns = texts.map(|text| Pattern::parse(text).unwrap());
        for pattern in &patterns {
            held += measure(|| _ = tree.insert(pattern, n)).bytes_current;
            assert_eq!(i64::try_from(tree.memory()), Ok(held), "after `{pattern}`");
        }
    }
}

struct Reader(AtomicU64);

#[rem::handlers]
impl Reader {
    #[on("meter.read")]
    fn read(&self, _event: &Event<Meter>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    #[on("meter.*", filter = Self::is_wanted, priority = 1)]
    fn lent(
        &self,
        topic: &Topic,
        metadata: &Metadata,
        _event: Received<Meter>,
    ) -> Result<(), String> {
        if self.0.load(Ordering::Relaxed) > 100 || !metadata.is_empty() {
            return Err(topic.to_string());
        }
        Ok(())
    }

    fn is_wanted(&self, event: &Event) -> bool {
        self.0.load(Ordering::Relaxed) < 100 && event.source().is_none()
    }
}

#[test]
fn declared_handlers_allocate_nothing_of_their_own() {
    let bus = Bus::new();
    let reader = Arc::new(Reader(AtomicU64::new(0)));
    let _strong = bus.register(Arc::clone(&reader)).unwrap();
    let _weak = bus.register_weak(&reader).unwrap();
    let count = of(|| drop(bus.publish(Meter::Read(1)).unwrap()));
    assert_eq!(count.count_total, 1, "the event alone");
    assert_eq!(reader.0.load(Ordering::Relaxed), 4);
}

#[test]
fn a_match_allocates_nothing() {
    let mut tree = PatternTree::new();
    for n in 0..1_000_usize {
        let text = match n % 5 {
            0 => format!("order.{n}.*"),
            1 => format!("order.*.{n}"),
            2 => format!("order.{n}*.paid,!order.*.x"),
            3 => "order.**.paid".to_owned(),
            _ => format!("*.[1-9]{n}.{{paid,sent}}"),
        };
        tree.insert(&Pattern::parse(text).unwrap(), n);
    }
    let mut keys = Vec::with_capacity(tree.len());
    let mut found = 0;
    let counted = measure(|| {
        for topic in ["order.5.paid", "order.2.6", "order.19.paid", "nothing.at.all"] {
            tree.matching(topic, &mut keys);
            found += keys.len();
            tree.for_each_match(topic, |_, _| found += 1);
        }
    });
    assert!(found > 400, "{found}");
    assert_eq!(counted.count_total, 0);
}

#[test]
fn a_signal_allocates_the_results_that_were_asked_for_alone() {
    let counts = [0, 1, 8].map(|receivers| {
        let signal: Signal<u64, u64, u32> = Signal::new();
        let _kept: Vec<_> =
            (0..receivers).map(|number| signal.connect(move |value| value + number)).collect();
        let few = signal.connect_to(7, |value| *value);
        few.disconnect_from(7);
        [
            of(|| assert_eq!(signal.emit(&1).unwrap().delivered() as u64, receivers)),
            of(|| assert_eq!(signal.send(&1).unwrap().len() as u64, receivers)),
            of(|| assert_eq!(signal.by(&7).emit(&1).unwrap().delivered() as u64, receivers)),
        ]
        .map(|count| count.count_total)
    });
    assert_eq!(counts, [[0, 0, 0], [0, 0, 0], [0, 1, 0]]);
}
