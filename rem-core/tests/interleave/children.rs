//! Child buses, opened, used and closed beside one another.

use rem_core::testing::interleave::spawn;
use rem_core::{Bus, Event};

use crate::{LONG, Seen, Tick, bus, in_each_publishers_order, run};

/// Two threads share a child by its prefix and a third has another: each sees what lies below its own, the root sees all.
#[test]
fn each_sees_what_lies_below_it() {
    run(|| {
        let bus = bus(Bus::builder());
        let root = Seen::default();
        let _root = bus.on(root.keeper());
        let threads = ["eu", "eu", "us"].into_iter().zip(0..).map(|(prefix, publisher)| {
            let bus = bus.clone();
            spawn(move || {
                let child = bus.child_or_open(prefix).unwrap();
                let seen = Seen::default();
                let sub = child.on(seen.keeper());
                for number in 0..2 {
                    child.publish(Tick::Of { publisher, number }).unwrap();
                }
                (prefix, child, sub, seen)
            })
        });
        let threads: Vec<_> = threads.collect();
        let all: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert_eq!(root.numbers(), [1, 2, 3, 4, 5, 6]);
        for (publisher, (prefix, _, _, seen)) in all.iter().enumerate() {
            seen.numbers();
            for (_, tick) in seen.all() {
                let ((_, whose), _) = tick.place();
                assert_eq!(whose == 2, *prefix == "us", "{seen:?} on {prefix}");
            }
            let own = |(_, tick): &(u64, Tick)| tick.place().0.1 == publisher as u64;
            assert_eq!(seen.all().iter().filter(|seen| own(seen)).count(), 2, "{seen:?}");
        }
    });
}

/// A child is closed while it and its parent publish: of the child each is refused or handled, the parent goes on.
#[test]
fn a_child_closes_alone() {
    run(|| {
        let bus = bus(Bus::builder());
        let child = bus.child("eu").unwrap();
        let seen = Seen::default();
        let _sub = bus.on(seen.keeper());
        let _below = child.on(|_: &Event<Tick>| ());
        let publishers = [(&bus, 0), (&child, 1)].map(|(bus, publisher)| {
            let bus = bus.clone();
            spawn(move || {
                let publish = |number| bus.publish(Tick::Of { publisher, number }).is_ok();
                (0..3).take_while(|number| publish(*number)).count()
            })
        });
        assert!(child.close(LONG).is_complete());
        let of_child = |seen: &Seen| {
            let all = seen.all();
            in_each_publishers_order(&all);
            all.iter().filter(|(_, tick)| tick.place().0.1 == 1).count()
        };
        let after = of_child(&seen);
        let [parent, below] = publishers.map(|publisher| publisher.join().unwrap());
        assert_eq!((parent, below), (3, after));
        assert_eq!(of_child(&seen), after, "nothing came after it");
    });
}
